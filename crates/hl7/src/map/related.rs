//! Persons around the patient: NK1 and GT1 to RelatedPerson, ROL to general practitioner and participant.

use super::context::{Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{gender, relationship};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// Relationships that are organizations: employers and insurers.
const ORGANIZATIONS: [&str; 5] = ["EMR", "E", "F", "I", "S"];

impl<'m> Context<'m> {
    /// NK1: a contact of the patient, and a RelatedPerson unless it is an organization.
    pub(super) fn next_of_kin(&self, nk1: Segment<'m>, subject: &Subject, write: Write) {
        self.pass(nk1, [1]);
        if let Some(contact) = self.contact(nk1)
            && self.tells(&subject.key)
        {
            self.change(&subject.key, |patient| {
                patient.push("contact", contact);
            });
        }
        let role = Parts::from(self.take(nk1, 3));
        let role_code = self.code(role.first(1)).unwrap_or_default();
        if ORGANIZATIONS.contains(&role_code.as_str()) {
            return;
        }
        let mut names = self.xpns(self.take(nk1, 2));
        names.extend(self.xpns(self.take(nk1, 30)));
        let mut identifiers: Vec<_> =
            repeats(self.take(nk1, 33)).filter_map(|parts| self.cx(parts, "related-person")).collect();
        identifiers.extend(repeats(self.take(nk1, 12)).filter_map(|parts| self.cx(parts, "related-person")));
        if names.is_empty() && identifiers.is_empty() {
            return;
        }
        let key = self.person_key(&identifiers, &names, &role_code, subject);
        let mut person = resource("RelatedPerson");
        person.fill_all("identifier", identifiers.into_iter().map(|identified| identified.tree).collect());
        if let Some(number) = self.field_text(nk1, 37) {
            person.push("identifier", self.national_number(&number));
        }
        person.set("patient", subject.reference.clone());
        let mut roles: Vec<Tree> = self.mapped_concept(role, "0063", relationship).into_iter().collect();
        roles.extend(self.mapped_concept(self.take(nk1, 7).into(), "0131", relationship));
        person.fill_all("relationship", roles);
        person.fill_all("name", names);
        let mut telecom = self.kin_telecom(nk1);
        telecom.extend(self.xtns(self.take(nk1, 31), None));
        telecom.extend(self.xtns(self.take(nk1, 41), None));
        person.fill_all("telecom", telecom);
        person.fill("gender", self.field_text(nk1, 15).as_deref().and_then(gender));
        person.fill("birthDate", self.date(self.take(nk1, 16).into()));
        let mut addresses = self.xads(self.take(nk1, 4));
        addresses.extend(self.xads(self.take(nk1, 32)));
        person.fill_all("address", addresses);
        person.fill("period", self.period(self.take(nk1, 8).into(), self.take(nk1, 9).into()));
        if let Some(language) = self.language(self.take(nk1, 20).into()) {
            person.push("communication", Tree::from([("language", language)]));
        }
        self.put(key, write, person, Vec::new());
    }

    /// GT1: a RelatedPerson who answers for the account.
    pub(super) fn guarantor(&self, gt1: Segment<'m>, subject: &Subject, write: Write) {
        self.pass(gt1, [1]);
        let names = self.xpns(self.take(gt1, 3));
        let identifiers: Vec<_> = repeats(self.take(gt1, 2)).filter_map(|parts| self.cx(parts, "guarantor")).collect();
        if names.is_empty() && identifiers.is_empty() {
            return;
        }
        let key = self.person_key(&identifiers, &names, "guarantor", subject);
        let mut person = resource("RelatedPerson");
        person.fill_all("identifier", identifiers.into_iter().map(|identified| identified.tree).collect());
        if let Some(number) = self.field_text(gt1, 12) {
            person.push("identifier", self.national_number(&number));
        }
        person.set("patient", subject.reference.clone());
        let guarantor =
            super::coded::concept_of("http://terminology.hl7.org/CodeSystem/v3-RoleCode", ("GUAR", "guarantor"));
        let mut roles = vec![guarantor];
        roles.extend(self.mapped_concept(self.take(gt1, 11).into(), "0063", relationship));
        person.fill_all("relationship", roles);
        person.fill_all("name", names);
        let mut telecom = self.xtns(self.take(gt1, 6), Some("home"));
        telecom.extend(self.xtns(self.take(gt1, 7), Some("work")));
        person.fill_all("telecom", telecom);
        person.fill("gender", self.field_text(gt1, 9).as_deref().and_then(gender));
        person.fill("birthDate", self.date(self.take(gt1, 8).into()));
        person.fill_all("address", self.xads(self.take(gt1, 5)));
        person.fill("period", self.period(self.take(gt1, 13).into(), self.take(gt1, 14).into()));
        let reference = self.put(key, write, person, Vec::new());
        let account = subject.account_key();
        if let Some(account) = account.filter(|account| self.tells(account)) {
            self.change(&account, |account| {
                account.push("guarantor", Tree::from([("party", reference)]));
            });
        }
    }

    /// IN2-6, 8, 10 and 61, DB1-3: numbers that are the patient's own.
    pub(super) fn patient_numbers(&self, segment: Segment<'m>, subject: &Subject) {
        let mut numbers: Vec<Tree> = Vec::new();
        if segment.is("DB1") {
            // DB1-2: PT the patient, IP and GT the insured and the guarantor.
            if self.code(Parts::from(segment.field(2)).first(1)).as_deref() != Some("PT") {
                return;
            }
            self.pass(segment, [1, 2]);
            numbers.extend(
                repeats(self.take(segment, 3)).filter_map(|parts| self.cx(parts, "disabled-person")).map(|id| id.tree),
            );
        } else {
            let medicaid = self.source_system("medicaid");
            let military = self.source_system("military");
            for (number, system, kind) in
                [(6, "http://hl7.org/fhir/sid/us-medicare", "MC"), (8, &medicaid, "MA"), (10, &military, "MI")]
            {
                numbers
                    .extend(self.field_text(segment, number).map(|value| Self::plain_identifier(system, kind, &value)));
            }
            numbers
                .extend(repeats(self.take(segment, 61)).filter_map(|parts| self.cx(parts, "member")).map(|id| id.tree));
        }
        self.change(&subject.key, |patient| {
            for number in numbers {
                let same = |other: &Tree| {
                    other.get("system") == number.get("system") && other.get("value") == number.get("value")
                };
                if !patient.get("identifier").is_some_and(|all| all.items().iter().any(same)) {
                    patient.push("identifier", number);
                }
            }
        });
    }

    fn person_key(
        &self,
        identifiers: &[super::identifier::Identified],
        names: &[Tree],
        role: &str,
        subject: &Subject,
    ) -> Key {
        let own = identifiers.iter().find_map(|identified| {
            Some(Key {
                resource_type: "RelatedPerson",
                system: identified.system.clone()?,
                value: identified.value.clone(),
            })
        });
        own.unwrap_or_else(|| {
            let name = names.first().and_then(Self::name_text).unwrap_or_default();
            self.derived_key("RelatedPerson", "related-person", &[&subject.token, role, &name])
        })
    }

    /// ROL after PID: the general practitioner (role PP).
    pub(super) fn patient_role(&self, rol: Segment<'m>, subject: &Subject) {
        let role = Parts::from(rol.field(3));
        if self.code(role.first(1)).as_deref() != Some("PP") || !self.tells(&subject.key) {
            return;
        }
        self.pass(rol, [1, 2, 3]);
        let practitioners = self.practitioners(self.take(rol, 4));
        self.change(&subject.key, |patient| {
            patient.fill_all("generalPractitioner", practitioners);
        });
    }

    /// ROL after PV1: a participant of the stay.
    pub(super) fn encounter_role(&self, rol: Segment<'m>, encounter: &Key) {
        if !self.tells(encounter) {
            return;
        }
        self.pass(rol, [1, 2]);
        let role = self.concept(self.take(rol, 3).into(), Some("0443"));
        let period = self.period(self.take(rol, 5).into(), self.take(rol, 6).into());
        for practitioner in self.practitioners(self.take(rol, 4)) {
            let mut participant = Tree::object();
            participant.fill_all("type", role.clone().into_iter().collect());
            participant.fill("period", period.clone());
            participant.set("individual", practitioner);
            self.change(encounter, |encounter| {
                encounter.push("participant", participant);
            });
        }
    }
}
