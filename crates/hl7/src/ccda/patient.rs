//! `recordTarget` to Patient.

use super::codes::{coding, concept_of};
use super::contact::words_extension;
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::error::CdaError;
use super::identity::{Identified, SSN};
use super::made::{Identity, Write};
use super::time::When;
use crate::map::context::{Fill, extension};
use fhir::json::Tree;

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/";
const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";
const RACE_AND_ETHNICITY: &str = "urn:oid:2.16.840.1.113883.6.238";

/// The five races and two ethnic groups that others belong to, by the federal standard of 1997.
const CATEGORIES: [&str; 7] = ["1002-5", "2028-9", "2054-5", "2076-8", "2106-3", "2135-2", "2186-5"];

impl<'d> Context<'d> {
    /// The patient.
    pub(super) fn patient(&self) -> Result<Ref, CdaError> {
        let role = self.root.at(&["recordTarget", "patientRole"]).ok_or(CdaError::NoPatient)?;
        let mut draft = Draft::new("Patient", role);
        draft.write = Write::Complete;
        let identifiers = self.identifiers(role);
        draft.push_all("identifier", identifiers.iter().map(|(identified, el)| (identified.tree.clone(), *el)));
        let mut line = None;
        if let Some(person) = role.get("patient") {
            line = self.person(&mut draft, person);
        }
        draft.push_all("telecom", self.telecoms(role));
        draft.push_all("address", self.addresses(role));
        if let Some(provider) = role.get("providerOrganization")
            && let Some(organization) = self.organization(provider)
        {
            draft.set("managingOrganization", organization.tree(), provider);
        }
        let mut keys = self.numbers_of(&identifiers).into_iter().map(|identified| identified.key("Patient"));
        let mut made = match keys.next() {
            Some(key) => {
                draft.also = keys.collect();
                self.add(key, Identity::Identifier, draft)
            }
            None => {
                let what =
                    if identifiers.is_empty() { "no identifier" } else { "no identifier that is a number of its own" };
                self.warn(
                    role,
                    format!("the patient has {what}: nothing of this document can be found beside that of others"),
                );
                let key = Self::alike_key("Patient", &self.set);
                draft.write = Write::Replace;
                self.add(key, Identity::Own, draft)
            }
        };
        made.display = line;
        for other in self.root.all("recordTarget").skip(1) {
            self.warn(
                other,
                "a document is about one patient: all of it is told of the first recordTarget; this one is in the document alone",
            );
        }
        Ok(made)
    }

    /// The identifiers that the patient is looked for by, the best first: a number of the provider's; where there is none one of the
    /// nation's, which people mistype and share; an OID or UUID alone, last. What stands in the place of a number is none.
    fn numbers_of<'i>(&self, identifiers: &'i [(Identified, El<'d>)]) -> Vec<&'i Identified> {
        let rank = |identified: &Identified| match identified.system.as_str() {
            SSN => 1,
            "urn:ietf:rfc:3986" => 2,
            _ => 0,
        };
        let mut numbers: Vec<&Identified> = Vec::new();
        for (identified, el) in identifiers {
            if identified.is_placeholder() {
                self.note(*el, format!("{:?} stands in the place of a number and identifies nobody", identified.value));
            } else {
                numbers.push(identified);
            }
        }
        numbers.sort_by_key(|identified| rank(identified));
        if numbers.first().is_some_and(|best| rank(best) == 0) {
            numbers.retain(|identified| identified.system != SSN);
        }
        numbers
    }

    fn person(&self, draft: &mut Draft<'d>, person: El<'d>) -> Option<String> {
        let mut line = None;
        for name in person.all("name") {
            for tree in self.names(name) {
                line = line.or_else(|| Self::name_line(&tree));
                draft.push("name", tree, name);
            }
        }
        if let Some(code) = person.get("administrativeGenderCode") {
            let gender = match code.attr("code") {
                Some("F") => Some("female"),
                Some("M") => Some("male"),
                Some("UN") => Some("other"),
                Some(other) => {
                    self.note(code, format!("{other:?} is no administrative gender (F, M, UN)"));
                    Some("unknown")
                }
                None => code.null().map(|flavor| if flavor == "OTH" { "other" } else { "unknown" }),
            };
            draft.fill("gender", gender, code);
        }
        if let Some(birth) = person.get("birthTime") {
            self.fill_date(draft, "birthDate", birth);
            if let Some(When::At(moment)) = self.when(birth)
                && moment.has_time()
            {
                let at = extension(&format!("{CORE}patient-birthTime"), "valueDateTime", self.date_time_of(&moment));
                draft.set("_birthDate", Tree::from([("extension", vec![at].into())]), birth);
            }
        }
        if let Some(time) = person.extension("deceasedTime").filter(|time| time.attr("value").is_some()) {
            self.fill_time(draft, "deceasedDateTime", time);
        } else if let Some(is) = person.extension("deceasedInd")
            && let Some(value) = is.truth()
        {
            draft.set("deceasedBoolean", value, is);
        }
        if let Some(birth) = person.extension("multipleBirthOrderNumber")
            && let Some(number) = self.integer(birth)
        {
            draft.set("multipleBirthInteger", Tree::from(i64::from(number)), birth);
        } else if let Some(is) = person.extension("multipleBirthInd")
            && let Some(value) = is.truth()
        {
            draft.set("multipleBirthBoolean", value, is);
        }
        if let Some(code) = person.get("maritalStatusCode") {
            draft.fill("maritalStatus", self.concept(code), code);
        }
        self.race_and_ethnicity(draft, person);
        if let Some(code) = person.get("religiousAffiliationCode")
            && let Some(concept) = self.concept(code)
        {
            draft.push(
                "extension",
                extension(&format!("{CORE}patient-religion"), "valueCodeableConcept", concept),
                code,
            );
        }
        if let Some(addr) = person.at(&["birthplace", "place", "addr"])
            && let Some(address) = self.address(addr)
        {
            draft.push("extension", extension(&format!("{CORE}patient-birthPlace"), "valueAddress", address), addr);
        }
        for guardian in person.all("guardian") {
            if let Some(contact) =
                self.contact(guardian, "guardianPerson", "guardianOrganization", ("GUARD", "guardian"))
            {
                draft.push("contact", contact, guardian);
            }
        }
        for language in person.all("languageCommunication") {
            self.language(draft, language);
        }
        line
    }

    fn race_and_ethnicity(&self, draft: &mut Draft<'d>, person: El<'d>) {
        for (what, name) in [("race", "raceCode"), ("ethnicity", "ethnicGroupCode")] {
            let all: Vec<El<'d>> = person.all(name).chain(person.extensions(name)).collect();
            let mut parts: Vec<Tree> = Vec::new();
            let mut words: Vec<String> = Vec::new();
            let mut from: Vec<El<'d>> = Vec::new();
            for code in &all {
                if let Some(found) = self.coding(*code) {
                    let is_category = found.get("system").and_then(Tree::as_str) == Some(RACE_AND_ETHNICITY)
                        && CATEGORIES.contains(&code.attr("code").unwrap_or_default());
                    let is_first =
                        !parts.iter().any(|part| part.get("url").and_then(Tree::as_str) == Some("ombCategory"));
                    let url = if is_category && (what == "race" || is_first) { "ombCategory" } else { "detailed" };
                    words.extend(code.attr("displayName").or_else(|| code.attr("code")).map(str::to_owned));
                    parts.push(extension(url, "valueCoding", found));
                    from.push(*code);
                } else if let Some(flavor @ ("UNK" | "ASKU")) = code.null() {
                    let text = if flavor == "UNK" { "Unknown" } else { "Asked but no answer" };
                    words.push(text.to_owned());
                    let null = coding("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", flavor, text);
                    parts.push(extension("ombCategory", "valueCoding", null));
                    from.push(*code);
                }
            }
            if let (Some(first), false) = (all.first(), parts.is_empty()) {
                parts.push(words_extension("text", &words.join(", ")));
                let url = format!("{US_CORE}us-core-{what}");
                let at = draft.tree.get("extension").map_or(0, |all| all.items().len());
                draft.push("extension", Tree::from([("url", url.into()), ("extension", parts.into())]), *first);
                for (part, code) in from.into_iter().enumerate() {
                    draft.places.push((format!("extension[{at}].extension[{part}]"), code));
                }
            }
        }
    }

    /// A `Patient.contact`.
    pub(super) fn contact(
        &self,
        role: El<'d>,
        person: &'static str,
        organization: &'static str,
        relation: (&str, &str),
    ) -> Option<Tree> {
        let mut contact = Tree::object();
        let name =
            role.get(person).and_then(|person| person.get("name")).and_then(|name| self.names(name).into_iter().next());
        contact.fill("name", name);
        contact.fill_all("telecom", self.telecoms(role).into_iter().map(|(tree, _)| tree).collect());
        contact.fill("address", self.addresses(role).into_iter().next().map(|(tree, _)| tree));
        if let Some(organization) = role.get(organization)
            && let Some(made) = self.organization(organization)
        {
            contact.set("organization", made.tree());
        }
        if contact.members().is_empty() {
            return None;
        }
        contact.push(
            "relationship",
            concept_of("http://terminology.hl7.org/CodeSystem/v3-RoleClass", relation.0, relation.1),
        );
        if let Some(code) = role.get("code").and_then(|code| self.concept(code)) {
            contact.push("relationship", code);
        }
        Some(contact)
    }

    fn language(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let Some(code) = el.get("languageCode").and_then(|code| super::codes::clean_code(code.attr("code")?)) else {
            return;
        };
        let mut communication =
            Tree::from([("language", Tree::from([("coding", vec![coding("urn:ietf:bcp:47", &code, "")].into())]))]);
        if let Some(preferred) = el.get("preferenceInd").and_then(El::truth) {
            communication.set("preferred", preferred);
        }
        let mut parts = Vec::new();
        for (name, url) in [("modeCode", "type"), ("proficiencyLevelCode", "level")] {
            if let Some(code) = el.get(name).and_then(|code| self.coding(code)) {
                parts.push(extension(url, "valueCoding", code));
            }
        }
        if !parts.is_empty() {
            let url = format!("{CORE}patient-proficiency");
            communication.push("extension", Tree::from([("url", url.into()), ("extension", parts.into())]));
        }
        draft.push("communication", communication, el);
    }
}
