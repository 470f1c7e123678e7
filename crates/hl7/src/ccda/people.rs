//! Who acts: authors, performers and informants as Practitioner, PractitionerRole, Organization, Device, RelatedPerson, Location.
//!
//! Whoever has an identifier is one resource, in the document and in the store. Who has none belongs to the document; the same words twice are one.

use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::identity::IDS_MAX;
use super::made::{Identity, Write};
use crate::map::context::Fill;
use fhir::json::Tree;
use std::collections::HashSet;

/// Who takes part, and when.
pub(super) struct Party<'d> {
    pub(super) reference: Ref,
    /// The `time` of the participation.
    pub(super) time: Option<El<'d>>,
    /// The participation itself.
    pub(super) el: El<'d>,
}

impl<'d> Context<'d> {
    /// Adds what an element with identifiers tells, under its best identifier; without one, under its words within the document.
    fn party(&self, mut draft: Draft<'d>) -> Option<Ref> {
        let identifiers = self.identifiers(draft.el);
        draft.push_all("identifier", identifiers.iter().map(|(identified, el)| (identified.tree.clone(), *el)));
        draft.write = Write::CreateIfAbsent;
        // A national number, then one with a number of its own, then any.
        let rank = |system: &str| match system {
            "http://hl7.org/fhir/sid/us-npi" => 0,
            super::identity::SSN => 3,
            "urn:ietf:rfc:3986" => 2,
            _ => 1,
        };
        let numbers = identifiers.iter().filter(|(identified, _)| !identified.is_placeholder());
        if let Some((best, _)) = numbers.min_by_key(|(identified, _)| rank(&identified.system)) {
            let key = best.key(draft.kind);
            return Some(self.add(key, Identity::Identifier, draft));
        }
        if draft.tree.members().len() < 2 {
            return None;
        }
        let words = blake3::hash(draft.tree.to_string().as_bytes()).to_hex();
        let key = Self::alike_key(draft.kind, &format!("{}/{}", self.document, &words[..32]));
        draft.write = Write::Replace;
        Some(self.add(key, Identity::Own, draft))
    }

    /// An Organization.
    pub(super) fn organization(&self, el: El<'d>) -> Option<Ref> {
        let mut draft = Draft::new("Organization", el);
        let name = el.all("name").find_map(El::plain);
        draft.fill("name", name.clone(), el.get("name").unwrap_or(el));
        draft.push_all("telecom", self.telecoms(el));
        draft.push_all("address", self.addresses(el));
        if let Some(code) = el.get("standardIndustryClassCode") {
            draft.push_some("type", self.concept(code), code);
        }
        if let Some(whole) = el.at(&["asOrganizationPartOf", "wholeOrganization"])
            && let Some(parent) = self.organization(whole)
        {
            draft.set("partOf", parent.tree(), whole);
        }
        let mut made = self.party(draft)?;
        made.display = name;
        Some(made)
    }

    /// A Practitioner of a role element (`assignedEntity`, `assignedAuthor`), whose `person` is given.
    fn practitioner(&self, role: El<'d>, person: Option<El<'d>>) -> Option<Ref> {
        let mut draft = Draft::new("Practitioner", role);
        let mut line = None;
        for name in person.into_iter().flat_map(|person| person.all("name")) {
            for tree in self.names(name) {
                line = line.or_else(|| Self::name_line(&tree));
                draft.push("name", tree, name);
            }
        }
        draft.push_all("telecom", self.telecoms(role));
        draft.push_all("address", self.addresses(role));
        if draft.tree.members().len() < 2 && self.identifiers(role).is_empty() {
            return None;
        }
        let mut made = self.party(draft)?;
        made.display = line;
        Some(made)
    }

    /// A role element as whoever acts in it: a person, in the role that the organization or code gives; a device; an organization.
    pub(super) fn actor(&self, role: El<'d>) -> Option<Ref> {
        if self.is_patient(role) {
            return self.subject.get().cloned();
        }
        let organization = [
            "representedOrganization",
            "scopingOrganization",
            "representedCustodianOrganization",
            "receivedOrganization",
        ]
        .into_iter()
        .find_map(|name| role.get(name))
        .and_then(|el| Some((self.organization(el)?, el)));
        if let Some(device) = role.get("assignedAuthoringDevice") {
            return self.authoring_device(role, device);
        }
        let person = ["assignedPerson", "associatedPerson", "informationRecipient", "playingEntity", "relatedPerson"]
            .into_iter()
            .find_map(|name| role.get(name));
        let Some(practitioner) = self.practitioner(role, person) else {
            return organization.map(|(organization, _)| organization);
        };
        // Numbers without a person are the organization's where it has no other.
        let code = role.get("code").and_then(|code| Some((self.concept(code)?, code)));
        if organization.is_none() && code.is_none() {
            return Some(practitioner);
        }
        let mut draft = Draft::new("PractitionerRole", role);
        draft.set("practitioner", practitioner.tree(), person.unwrap_or(role));
        let mut name = practitioner.url.clone();
        if let Some((organization, el)) = &organization {
            draft.set("organization", organization.tree(), *el);
            name.push_str(&organization.url);
        }
        if let Some((concept, el)) = code {
            name.push_str(&concept.to_string());
            let is_specialty = el.attr("codeSystem") == Some("2.16.840.1.113883.6.101");
            draft.push(if is_specialty { "specialty" } else { "code" }, concept, el);
        }
        draft.write = Write::CreateIfAbsent;
        let key = Self::alike_key("PractitionerRole", &blake3::hash(name.as_bytes()).to_hex());
        let mut made = self.add(key, Identity::Own, draft);
        made.display = practitioner.display;
        Some(made)
    }

    fn authoring_device(&self, role: El<'d>, device: El<'d>) -> Option<Ref> {
        let mut draft = Draft::new("Device", role);
        let model = device.get("manufacturerModelName").and_then(|name| Some((name.plain()?, name)));
        let software = device.get("softwareName").and_then(|name| Some((name.plain()?, name)));
        for (kind, name) in [("manufacturer-name", &model), ("model-name", &software)] {
            if let Some((text, el)) = name {
                draft.push("deviceName", Tree::from([("name", text.as_str().into()), ("type", kind.into())]), *el);
            }
        }
        if let Some(code) = device.get("code") {
            draft.fill("type", self.concept(code), code);
        }
        if let Some(owner) = role.get("representedOrganization")
            && let Some(organization) = self.organization(owner)
        {
            draft.set("owner", organization.tree(), owner);
        }
        let mut made = self.party(draft)?;
        made.display = software.or(model).map(|(text, _)| text);
        Some(made)
    }

    /// True if a role has an identifier of the patient.
    fn is_patient(&self, role: El<'d>) -> bool {
        let Some(patient) = self.root.at(&["recordTarget", "patientRole"]) else { return false };
        if role.get("representedOrganization").is_some() && role.get("assignedPerson").is_none() {
            return false;
        }
        role.all("id").take(IDS_MAX).any(|id| {
            id.attr("extension").is_some()
                && patient
                    .all("id")
                    .take(IDS_MAX)
                    .any(|own| own.attr("root") == id.attr("root") && own.attr("extension") == id.attr("extension"))
        })
    }

    /// A `relatedEntity` or `associatedEntity` as a RelatedPerson.
    pub(super) fn related_person(&self, role: El<'d>) -> Option<Ref> {
        let person =
            role.get("relatedPerson").or_else(|| role.get("associatedPerson")).or_else(|| role.get("guardianPerson"));
        let mut draft = Draft::new("RelatedPerson", role);
        let mut line = None;
        for name in person.into_iter().flat_map(|person| person.all("name")) {
            for tree in self.names(name) {
                line = line.or_else(|| Self::name_line(&tree));
                draft.push("name", tree, name);
            }
        }
        draft.push_all("telecom", self.telecoms(role));
        draft.push_all("address", self.addresses(role));
        if let Some(code) = role.get("code") {
            draft.push_some("relationship", self.concept(code), code);
        }
        let class = match role.attr("classCode") {
            Some("NOK") => Some(("NOK", "next of kin")),
            Some("ECON") => Some(("ECON", "emergency contact")),
            Some("GUARD") => Some(("GUARD", "guardian")),
            Some("CAREGIVER") => Some(("CAREGIVER", "caregiver")),
            Some("AGNT") => Some(("AGNT", "agent")),
            _ => None,
        };
        if let Some((code, text)) = class {
            draft.push(
                "relationship",
                super::codes::concept_of("http://terminology.hl7.org/CodeSystem/v3-RoleClass", code, text),
                role,
            );
        }
        if draft.tree.members().len() < 2 {
            return None;
        }
        draft.put("patient", self.subject());
        let identifiers = self.identifiers(role);
        draft.push_all("identifier", identifiers.iter().map(|(identified, el)| (identified.tree.clone(), *el)));
        // Whoever is related is so to this patient: an identifier alone may be another's relation.
        let words = blake3::hash(draft.tree.to_string().as_bytes()).to_hex();
        let key = Self::alike_key("RelatedPerson", &words[..32]);
        let mut made = self.add(key, Identity::Own, draft);
        made.display = line;
        Some(made)
    }

    /// Whoever a participation names.
    pub(super) fn participant_of(&self, el: El<'d>) -> Option<Ref> {
        self.once(el, || self.actor_of(el))
    }

    fn actor_of(&self, el: El<'d>) -> Option<Ref> {
        for child in el.elements() {
            match child.name() {
                "assignedAuthor" | "assignedEntity" | "intendedRecipient" | "responsibleParty" => {
                    return self.actor(child);
                }
                "relatedEntity" => return self.related_person(child),
                "associatedEntity" => {
                    let is_provider = matches!(child.attr("classCode"), Some("PROV" | "ASSIGNED" | "LIC" | "SDLOC"));
                    return if is_provider { self.actor(child) } else { self.related_person(child) };
                }
                "assignedCustodian" => {
                    return child.get("representedCustodianOrganization").and_then(|el| self.organization(el));
                }
                "participantRole" => return self.role(child),
                _ => {}
            }
        }
        None
    }

    /// A `participantRole` of a person or organization.
    fn role(&self, role: El<'d>) -> Option<Ref> {
        match role.attr("classCode") {
            Some("PRS" | "NOK" | "ECON" | "GUARD" | "CAREGIVER" | "AGNT" | "CON") => {
                let mut draft = Draft::new("RelatedPerson", role);
                let mut line = None;
                for name in role.get("playingEntity").into_iter().flat_map(|entity| entity.all("name")) {
                    for tree in self.names(name) {
                        line = line.or_else(|| Self::name_line(&tree));
                        draft.push("name", tree, name);
                    }
                }
                draft.push_all("telecom", self.telecoms(role));
                draft.push_all("address", self.addresses(role));
                if let Some(code) = role.get("code") {
                    draft.push_some("relationship", self.concept(code), code);
                }
                if draft.tree.members().len() < 2 {
                    return None;
                }
                draft.put("patient", self.subject());
                let words = blake3::hash(draft.tree.to_string().as_bytes()).to_hex();
                let mut made = self.add(Self::alike_key("RelatedPerson", &words[..32]), Identity::Own, draft);
                made.display = line;
                Some(made)
            }
            _ => self.actor(role),
        }
    }

    /// The parties of a statement by participation: `author`, `performer`, `informant`.
    pub(super) fn parties(&self, el: El<'d>, participation: &'static str) -> Vec<Party<'d>> {
        el.all(participation)
            .filter_map(|el| Some(Party { reference: self.participant_of(el)?, time: el.get("time"), el }))
            .collect()
    }

    /// The first party of one of these types, of the statement or the one around it.
    pub(super) fn first_party(
        &self,
        places: &[El<'d>],
        participation: &'static str,
        kinds: &[&str],
    ) -> Option<Party<'d>> {
        places
            .iter()
            .find_map(|el| self.parties(*el, participation).into_iter().find(|party| party.reference.is(kinds)))
    }

    /// A place where care was given, of a participation `LOC` or a `location`.
    pub(super) fn location(&self, participation: El<'d>) -> Option<Ref> {
        let role = participation
            .get("participantRole")
            .or_else(|| participation.get("healthCareFacility"))
            .or_else(|| participation.get("serviceDeliveryLocation"))?;
        let place = role.get("playingEntity").or_else(|| role.get("location"));
        let mut draft = Draft::new("Location", role);
        let name = place.and_then(|place| place.all("name").find_map(El::plain));
        draft.fill("name", name.clone(), place.unwrap_or(role));
        if let Some(code) = role.get("code") {
            draft.push_some("type", self.concept(code), code);
        }
        draft.push_all("telecom", self.telecoms(role));
        let addr = self.addresses(role).into_iter().next().or_else(|| self.addresses(place?).into_iter().next());
        if let Some((address, el)) = addr {
            draft.set("address", address, el);
        }
        if let Some(owner) = role.get("serviceProviderOrganization").or_else(|| role.get("scopingEntity"))
            && let Some(organization) = self.organization(owner)
        {
            draft.set("managingOrganization", organization.tree(), owner);
        }
        let mut made = self.party(draft)?;
        made.display = name;
        Some(made)
    }

    /// The time of the first author of these elements.
    pub(super) fn authored(&self, places: &[El<'d>]) -> Option<El<'d>> {
        places.iter().find_map(|el| {
            el.all("author").filter_map(|author| author.get("time")).find(|time| self.moment(*time).is_some())
        })
    }

    /// References, each once.
    pub(super) fn references(parties: Vec<Party<'d>>, kinds: &[&str]) -> Vec<(Tree, El<'d>)> {
        let mut known = HashSet::new();
        let mut all: Vec<(Tree, El<'d>)> = Vec::new();
        for party in parties.into_iter().filter(|party| party.reference.is(kinds)) {
            if known.insert(party.reference.url.clone()) {
                all.push((party.reference.tree(), party.el));
            }
        }
        all
    }

    /// `author` and `time` of comments, as far as an Annotation takes them.
    pub(super) fn annotation(&self, el: El<'d>, text: String) -> Tree {
        let mut note = Tree::object();
        let author = self.parties(el, "author").into_iter().next();
        if let Some(author) = author {
            if author.reference.is(&["Practitioner", "Patient", "RelatedPerson", "Organization", "PractitionerRole"]) {
                if author.reference.is(&["PractitionerRole"]) {
                    note.fill("authorString", author.reference.display.clone());
                } else {
                    note.set("authorReference", author.reference.tree());
                }
            }
            if let Some(time) = author.time {
                self.put_time(&mut note, "time", time);
            }
        }
        note.set("text", text);
        note
    }
}
