//! PID and PD1 to Patient and Account; NK1 to Patient.contact.

use super::MapError;
use super::coded::is_oid;
use super::context::{Context, Fill, extension, filled, resource};
use super::identifier::Identified;
use super::parts::{Parts, repeats};
use super::tables::{gender, marital_status, relationship, yes_no};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Who a message is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) key: Key,
    pub(super) reference: Tree,
    /// False if all that is said of its number stands in the place of one.
    pub(super) is_numbered: bool,
    /// System and value of each of its identifiers that has both.
    pub(super) numbers: Vec<(String, String)>,
    /// Stands for the patient in derived identities, without showing the identifier.
    pub(super) token: String,
    /// The account number (PID-18).
    pub(super) account: Option<Tree>,
    pub(super) account_number: Option<Identified>,
}

impl Subject {
    /// The identity of the account.
    pub(super) fn account_key(&self) -> Option<Key> {
        let number = self.account_number.as_ref()?;
        Some(Key { resource_type: "Account", system: number.system.clone()?, value: number.value.clone() })
    }
}

/// PID fields by the Patient element whose removal their null asks for.
const NULLS: &[(&str, &[u16])] = &[
    ("name", &[5, 9]),
    ("birthDate", &[7]),
    ("gender", &[8]),
    ("address", &[11]),
    ("telecom", &[13, 14, 40]),
    ("communication", &[15]),
    ("maritalStatus", &[16]),
    ("multipleBirthBoolean", &[24]),
    ("multipleBirthInteger", &[25]),
    ("deceasedDateTime", &[29]),
    ("deceasedBoolean", &[30]),
];

impl<'m> Context<'m> {
    /// PID, with the PD1 that follows it and the PV1 of its group: puts Patient and Account.
    pub(super) fn patient(
        &self,
        pid: Segment<'m>,
        pd1: Option<Segment<'m>>,
        pv1: Option<Segment<'m>>,
        write: Write,
    ) -> Result<Subject, MapError> {
        self.pass(pid, [1]);
        let mut identifiers = self.patient_identifiers(pid);
        let placeholder = identifiers.iter().find(|identified| identified.is_placeholder());
        let key = match (self.patient_key(&identifiers), placeholder) {
            (Some(key), _) => key,
            (None, Some(Identified { value, .. })) => {
                let text = format!(
                    "{value:?} stands in the place of a number and identifies nobody: the patient is known by this stay, or by this \
                     message alone"
                );
                self.warn(*pid.field(3), text);
                self.unnumbered_patient(pv1)
            }
            (None, None) => {
                return Err(MapError::NoIdentity { place: pid.field(3).place(), what: "patient" });
            }
        };
        let is_numbered = self.patient_key(&identifiers).is_some();
        let mut patient = resource("Patient");
        if let Some(number) = self.field_text(pid, 19) {
            let tree = self.national_number(&number);
            identifiers.push(Identified { system: None, value: number, kind: None, tree });
        }
        if let Some(license) = self.driving_license(pid) {
            identifiers.push(license);
        }
        let numbers = identifiers.iter().filter_map(|i| {
            let system = i.tree.get("system").and_then(Tree::as_str)?;
            Some((system.to_owned(), i.value.clone()))
        });
        let numbers = numbers.collect();
        patient.fill_all("identifier", identifiers.into_iter().map(|identified| identified.tree).collect());
        self.demographics(pid, &mut patient);
        if let Some(pd1) = pd1 {
            self.additional_demographics(pd1, &mut patient);
        }
        let cleared = NULLS
            .iter()
            .filter(|(name, numbers)| patient.get(name).is_none() && numbers.iter().any(|n| pid.field(*n).is_null()))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let reference = self.put(key.clone(), write, patient, cleared);
        let token = blake3::hash(format!("{}|{}", key.system, key.value).as_bytes()).to_hex()[..16].to_owned();
        let account_number = self.number_of(self.take(pid, 18).into(), "account");
        let account = account_number.clone().and_then(|number| self.account(number, &reference, write));
        let subject = Subject { key, reference, is_numbered, numbers, token, account, account_number };
        self.mother(pid, &subject);
        Ok(subject)
    }

    /// PID-3, PID-2, PID-4, without repeating one.
    fn patient_identifiers(&self, pid: Segment<'m>) -> Vec<Identified> {
        let mut all: Vec<Identified> = Vec::new();
        for number in [3, 2, 4] {
            for parts in repeats(self.take(pid, number)) {
                let Some(identified) = self.cx(parts, "patient") else { continue };
                // PID-2 usually repeats one of PID-3 with less said about it.
                let repeated = number != 3
                    && all.iter().any(|other| other.value == identified.value && other.system == identified.system);
                if !repeated {
                    all.push(identified);
                }
            }
        }
        all
    }

    /// The identity of a patient without a number: the stay's, if that has one; else nothing is known that another message would tell
    /// of the same person, and not of another.
    fn unnumbered_patient(&self, pv1: Option<Segment<'m>>) -> Key {
        let visit = pv1.and_then(|pv1| self.cx(pv1.field(19).into(), "visit"));
        match visit.filter(|visit| !visit.is_placeholder()) {
            Some(visit) => {
                let system = visit.system.unwrap_or_default();
                self.derived_key("Patient", "patient-of-stay", &[&system, &visit.value])
            }
            None => self.derived_key("Patient", "patient-of-message", &[self.content_token()]),
        }
    }

    /// The identifier by which the patient is known: the best type, else the first that is no number of another kind. What stands in the
    /// place of a number is none.
    pub(super) fn patient_key(&self, identifiers: &[Identified]) -> Option<Key> {
        const OF_OTHER_THINGS: [&str; 9] = ["SS", "SB", "DL", "PPN", "AN", "VN", "MC", "MA", "NI"];
        let usable =
            || identifiers.iter().filter(|identified| identified.system.is_some() && !identified.is_placeholder());
        let by_type = self
            .settings
            .patient_identifier_types
            .iter()
            .find_map(|kind| usable().find(|identified| identified.kind.as_deref() == Some(kind)));
        let chosen = by_type
            .or_else(|| usable().find(|i| !i.kind.as_deref().is_some_and(|kind| OF_OTHER_THINGS.contains(&kind))))
            .or_else(|| usable().next())?;
        Some(Key { resource_type: "Patient", system: chosen.system.clone()?, value: chosen.value.clone() })
    }

    fn driving_license(&self, pid: Segment<'m>) -> Option<Identified> {
        let parts = Parts::from(self.take(pid, 20));
        let value = self.text(parts.first(1))?;
        let state = self.text(parts.first(2));
        let system = match &state {
            Some(state) => format!("urn:medweave:authority:{}", super::context::urn_part(state)),
            None => self.source_system("driving-license"),
        };
        let mut tree = Self::plain_identifier(&system, "DL", &value);
        tree.fill(
            "period",
            self.period(parts.nested(4), parts.nested(3)).map(|period| {
                let mut period = period;
                if let Some(end) = self.date(parts.nested(3)) {
                    period.set("end", end);
                }
                period
            }),
        );
        Some(Identified { system: Some(system), value, kind: Some("DL".to_owned()), tree })
    }

    fn demographics(&self, pid: Segment<'m>, patient: &mut Tree) {
        let mut names = self.xpns(self.take(pid, 5));
        names.extend(self.xpns(self.take(pid, 9)));
        patient.fill_all("name", names);
        let mut telecom = self.xtns(self.take(pid, 13), Some("home"));
        telecom.extend(self.xtns(self.take(pid, 14), Some("work")));
        telecom.extend(self.xtns(self.take(pid, 40), None));
        patient.fill_all("telecom", telecom);
        let sex = self.take(pid, 8);
        if let Some(code) = self.code(Parts::from(sex).first(1)) {
            match gender(&code) {
                Some(gender) => {
                    patient.set("gender", gender);
                }
                None => self.warn(*sex, format!("{code:?} is not of table 0001; the gender was left out")),
            }
        }
        let birth = Parts::from(self.take(pid, 7));
        if let Some(moment) = self.moment(birth.first(1)) {
            patient.set("birthDate", moment.date());
            if moment.has_time() {
                let time = extension(&format!("{EXTENSION}patient-birthTime"), "valueDateTime", moment.date_time(self));
                patient.set("_birthDate", Tree::from([("extension", vec![time].into())]));
            }
        }
        match self.date_time(self.take(pid, 29).into()) {
            Some(death) => {
                patient.set("deceasedDateTime", death);
                self.pass(pid, [30]);
            }
            None => {
                let indicator = self.field_text(pid, 30);
                patient.fill("deceasedBoolean", indicator.and_then(|code| yes_no(&code)));
            }
        }
        self.addresses(pid, patient);
        patient.fill("maritalStatus", self.mapped_concept(self.take(pid, 16).into(), "0002", marital_status));
        let birth_order = self.take(pid, 25);
        let order = self.text(Parts::from(birth_order).first(1)).and_then(|order| order.parse::<u32>().ok());
        match order {
            Some(order) => {
                patient.set("multipleBirthInteger", i64::from(order));
                self.pass(pid, [24]);
            }
            None => {
                let multiple = self.field_text(pid, 24);
                patient.fill("multipleBirthBoolean", multiple.and_then(|code| yes_no(&code)));
            }
        }
        if let Some(language) = self.language(self.take(pid, 15).into()) {
            patient.push("communication", Tree::from([("language", language)]));
        }
        self.patient_extensions(pid, patient);
    }

    /// PID-11 and the county in PID-12.
    fn addresses(&self, pid: Segment<'m>, patient: &mut Tree) {
        let mut addresses = self.xads(self.take(pid, 11));
        if let Some(county) = self.field_text(pid, 12) {
            match addresses.as_mut_slice() {
                [only] if only.get("district").is_none() => {
                    only.set("district", county);
                }
                [only] if only.get("district").and_then(Tree::as_str) == Some(&county) => {}
                _ => addresses.push(Tree::from([("district", county.into())])),
            }
        }
        patient.fill_all("address", addresses);
    }

    fn patient_extensions(&self, pid: Segment<'m>, patient: &mut Tree) {
        let add = |patient: &mut Tree, tree: Tree| {
            patient.push("extension", tree);
        };
        if let Some(name) =
            repeats(self.take(pid, 6)).next().and_then(|parts| self.xpn(parts)).as_ref().and_then(Self::name_text)
        {
            add(patient, extension(&format!("{EXTENSION}patient-mothersMaidenName"), "valueString", name));
        }
        for (number, name, omb) in [
            (10, "race", &["1002-5", "2028-9", "2054-5", "2076-8", "2106-3", "2131-1"][..]),
            (22, "ethnicity", &["2135-2", "2186-5"][..]),
        ] {
            for tree in self.us_core(pid, number, name, omb) {
                add(patient, tree);
            }
        }
        if let Some(religion) = self.concept(self.take(pid, 17).into(), Some("0006")) {
            add(patient, extension(&format!("{EXTENSION}patient-religion"), "valueCodeableConcept", religion));
        }
        if let Some(place) = self.field_text(pid, 23) {
            let address = Tree::from([("text", place.into())]);
            add(patient, extension(&format!("{EXTENSION}patient-birthPlace"), "valueAddress", address));
        }
        for (number, name, table) in [
            (26, "patient-citizenship", "0171"),
            (28, "patient-nationality", "0212"),
            (39, "patient-citizenship", "0171"),
        ] {
            for concept in self.concepts(self.take(pid, number), Some(table)) {
                let code = extension("code", "valueCodeableConcept", concept);
                add(
                    patient,
                    Tree::from([("url", format!("{EXTENSION}{name}").into()), ("extension", vec![code].into())]),
                );
            }
        }
        let species = self.concept(self.take(pid, 35).into(), Some("0446"));
        let breed = self.concept(self.take(pid, 36).into(), Some("0447"));
        let animal: Vec<Tree> = [("species", species), ("breed", breed)]
            .into_iter()
            .filter_map(|(name, concept)| Some(extension(name, "valueCodeableConcept", concept?)))
            .collect();
        if !animal.is_empty() {
            add(
                patient,
                Tree::from([("url", format!("{EXTENSION}patient-animal").into()), ("extension", animal.into())]),
            );
        }
    }

    /// PID-10 and PID-22: US Core where the codes are of the CDC's list, an extension of our own elsewhere.
    fn us_core(&self, pid: Segment<'m>, number: u16, name: &str, omb: &[&str]) -> Vec<Tree> {
        let is_cdc = |code: &str| {
            let (digits, check) = code.split_once('-').unwrap_or(("", ""));
            digits.len() == 4 && check.len() == 1 && (digits.to_owned() + check).bytes().all(|b| b.is_ascii_digit())
        };
        let mut parts_of_core: Vec<Tree> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        let mut others = Vec::new();
        for parts in repeats(self.take(pid, number)) {
            let code = self.code(parts.first(1)).unwrap_or_default();
            if is_cdc(&code) {
                let url = if omb.contains(&code.as_str()) { "ombCategory" } else { "detailed" };
                let mut coding =
                    Tree::from([("system", "urn:oid:2.16.840.1.113883.6.238".into()), ("code", code.as_str().into())]);
                let display = self.text(parts.part(2));
                coding.fill("display", display.clone());
                parts_of_core.push(extension(url, "valueCoding", coding));
                texts.push(display.unwrap_or(code));
            } else if let Some(concept) = self.concept(parts, Some(if number == 10 { "0005" } else { "0189" })) {
                others.push(extension(
                    &format!("urn:medweave:extension:patient-{name}"),
                    "valueCodeableConcept",
                    concept,
                ));
            }
        }
        if !parts_of_core.is_empty() {
            parts_of_core.push(extension("text", "valueString", texts.join(", ")));
            let url = format!("http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}");
            others.insert(0, Tree::from([("url", url.into()), ("extension", parts_of_core.into())]));
        }
        others
    }

    /// A language: a code that looks like one of BCP 47, in any or no system of HL7, is of BCP 47.
    pub(super) fn language(&self, parts: Parts<'m>) -> Option<Tree> {
        let mut concept = self.concept(parts, None)?;
        let system = self.text(parts.first(3)).unwrap_or_default();
        let code = self.code(parts.first(1)).unwrap_or_default();
        let (main, region) = code.split_once(['-', '_']).map_or((code.as_str(), None), |(m, r)| (m, Some(r)));
        let is_tag = matches!(main.len(), 2 | 3)
            && main.bytes().all(|b| b.is_ascii_alphabetic())
            && region.is_none_or(|region| {
                region.len() <= 8 && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
        if is_tag && (system.is_empty() || system.starts_with("HL7") || system.starts_with("ISO") || is_oid(&system)) {
            let tag =
                region.map_or(main.to_ascii_lowercase(), |region| format!("{}-{region}", main.to_ascii_lowercase()));
            if let Some(Tree::Array(codings)) = concept.get_mut("coding")
                && let Some(first) = codings.first_mut()
            {
                first.set("system", "urn:ietf:bcp:47");
                first.set("code", tag);
            }
        }
        Some(concept)
    }

    fn additional_demographics(&self, pd1: Segment<'m>, patient: &mut Tree) {
        let mut practitioners: Vec<Tree> =
            repeats(self.take(pd1, 3)).filter_map(|parts| self.organization(parts, Vec::new(), Vec::new())).collect();
        practitioners.extend(self.practitioners(self.take(pd1, 4)));
        patient.fill_all("generalPractitioner", practitioners);
        if let Some(handicap) = self.concept(self.take(pd1, 6).into(), Some("0295")) {
            patient.push(
                "extension",
                extension(&format!("{EXTENSION}patient-disability"), "valueCodeableConcept", handicap),
            );
        }
        if let Some(place) = self.field_text(pd1, 14) {
            patient.push("extension", extension(&format!("{EXTENSION}patient-congregation"), "valueString", place));
        }
    }

    fn account(&self, number: Identified, patient: &Tree, write: Write) -> Option<Tree> {
        let key = Key { resource_type: "Account", system: number.system?, value: number.value };
        let mut account = resource("Account");
        account.push("identifier", number.tree);
        account.set("status", "active");
        account.push("subject", patient.clone());
        Some(self.put(key, write, account, Vec::new()))
    }

    /// PID-21: the mother, known by her identifier alone.
    fn mother(&self, pid: Segment<'m>, subject: &Subject) {
        for parts in repeats(self.take(pid, 21)) {
            let Some(identified) = self.number_of(parts, "patient") else { continue };
            let Some(system) = identified.system else { continue };
            let key = Key { resource_type: "RelatedPerson", system, value: identified.value };
            let mut person = resource("RelatedPerson");
            person.push("identifier", identified.tree);
            person.set("patient", subject.reference.clone());
            let role = super::coded::concept_of("http://terminology.hl7.org/CodeSystem/v3-RoleCode", ("MTH", "mother"));
            person.push("relationship", role);
            self.put(key, Write::CreateIfAbsent, person, Vec::new());
        }
    }

    /// NK1 as a contact of the patient.
    pub(super) fn contact(&self, nk1: Segment<'m>) -> Option<Tree> {
        let mut contact = Tree::object();
        let mut roles: Vec<Tree> = Vec::new();
        for number in [3, 7] {
            let table = if number == 3 { "0063" } else { "0131" };
            roles.extend(self.mapped_concept(self.take(nk1, number).into(), table, relationship));
        }
        contact.fill_all("relationship", roles);
        contact.fill("name", repeats(self.take(nk1, 2)).next().and_then(|parts| self.xpn(parts)));
        contact.fill_all("telecom", self.kin_telecom(nk1));
        contact.fill("address", repeats(self.take(nk1, 4)).next().and_then(|parts| self.xad(parts)));
        contact.fill("gender", self.field_text(nk1, 15).as_deref().and_then(gender));
        contact.fill(
            "organization",
            repeats(self.take(nk1, 13)).next().and_then(|parts| self.organization(parts, Vec::new(), Vec::new())),
        );
        contact.fill("period", self.period(self.take(nk1, 8).into(), self.take(nk1, 9).into()));
        filled(contact)
    }

    /// The telephones of an NK1.
    pub(super) fn kin_telecom(&self, nk1: Segment<'m>) -> Vec<Tree> {
        let mut telecom = self.xtns(self.take(nk1, 5), Some("home"));
        telecom.extend(self.xtns(self.take(nk1, 6), Some("work")));
        telecom.extend(self.xtns(self.take(nk1, 40), None));
        telecom
    }
}
