//! AL1 and IAM to AllergyIntolerance.

use super::coded::concept_of;
use super::context::{Context, Fill, extension, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, allergy_category, allergy_criticality, allergy_type, reaction_severity};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

const ALTERNATE: &str = "http://hl7.org/fhir/StructureDefinition/alternate-codes";

impl<'m> Context<'m> {
    /// AL1: what the patient is allergic to, active as far as it says.
    pub(super) fn allergy(&self, al1: Segment<'m>, subject: &Subject) -> Option<Key> {
        self.pass(al1, [1]);
        let mut allergy = self.allergy_start(al1, subject)?;
        allergy.set("clinicalStatus", clinical_status("active"));
        let severity = Parts::from(self.take(al1, 4));
        let code = self.code(severity.first(1)).unwrap_or_default();
        self.criticality(severity, &code, &mut allergy);
        let manifestations: Vec<Tree> = repeats(self.take(al1, 5))
            .filter_map(|parts| self.text(parts.whole()))
            .map(|text| Tree::from([("text", text.into())]))
            .collect();
        if !manifestations.is_empty() {
            allergy.push("reaction", Tree::from([("manifestation", manifestations.into())]));
        }
        allergy.fill("onsetDateTime", self.date_time(self.take(al1, 6).into()));
        let key = self.derived_key("AllergyIntolerance", "allergy", &[&subject.token, &self.substance(al1)]);
        self.put(key.clone(), Write::Update, allergy, Vec::new());
        Some(key)
    }

    /// IAM: the same with an identity of its own, actions and a clinical status.
    pub(super) fn adverse_reaction(&self, iam: Segment<'m>, subject: &Subject) -> Option<Key> {
        self.pass(iam, [1]);
        let mut allergy = self.allergy_start(iam, subject)?;
        // IAM-6: A add, D delete, U update, X none.
        let deleted = self.field_text(iam, 6).as_deref() == Some("D");
        if deleted {
            let system = format!("{TERMINOLOGY}allergyintolerance-verification");
            allergy.set("verificationStatus", concept_of(&system, ("entered-in-error", "Entered in Error")));
            self.pass(iam, [17]);
        } else {
            let status = self.status_code(iam);
            // What was an error has no clinical status.
            if status != "e" {
                allergy.set("clinicalStatus", self.clinical_status(iam));
            }
            if let Some(status) = verification(&status) {
                let system = format!("{TERMINOLOGY}allergyintolerance-verification");
                allergy.set("verificationStatus", concept_of(&system, status));
            }
        }
        let severity = Parts::from(self.take(iam, 4));
        let code = self.code(severity.first(1)).unwrap_or_default();
        self.criticality(severity, &code, &mut allergy);
        let manifestations: Vec<Tree> = repeats(self.take(iam, 5))
            .filter_map(|parts| self.text(parts.whole()))
            .map(|text| Tree::from([("text", text.into())]))
            .collect();
        if !manifestations.is_empty() {
            let mut reaction = Tree::from([("manifestation", manifestations.into())]);
            reaction.fill("severity", reaction_severity(&code));
            allergy.push("reaction", reaction);
        }
        match self.date_time(self.take(iam, 11).into()) {
            Some(onset) => {
                allergy.set("onsetDateTime", onset);
            }
            None => {
                allergy.fill("onsetString", self.field_text(iam, 12));
            }
        }
        allergy.fill("recordedDate", self.date_time(self.take(iam, 13).into()));
        let own = self.ei(self.take(iam, 7).into(), "allergy", None);
        let key = match own {
            Some(identified) => {
                allergy.push("identifier", identified.tree);
                let system = identified.system.unwrap_or_else(|| self.source_system("allergy"));
                Key { resource_type: "AllergyIntolerance", system, value: identified.value }
            }
            None => self.derived_key("AllergyIntolerance", "allergy", &[&subject.token, &self.substance(iam)]),
        };
        self.put(key.clone(), Write::Update, allergy, Vec::new());
        Some(key)
    }

    /// IAR: one reaction of an IAM: what it was (IAR-1), how severe (IAR-2), what was done (IAR-4).
    pub(super) fn reaction(&self, iar: Segment<'m>, key: &Key) {
        let Some(manifestation) = self.concept(self.take(iar, 1).into(), None) else { return };
        let mut reaction = Tree::object();
        reaction.push("manifestation", manifestation);
        let severity = self.code(Parts::from(self.take(iar, 2)).first(1)).unwrap_or_default();
        reaction.fill("severity", reaction_severity(&severity));
        if let Some(text) = self.text(Parts::from(self.take(iar, 4)).whole()) {
            reaction.push("note", Tree::from([("text", text.into())]));
        }
        self.change(key, |allergy| {
            allergy.push("reaction", reaction);
        });
    }

    /// Fields 2 and 3 are the same in both segments.
    fn allergy_start(&self, segment: Segment<'m>, subject: &Subject) -> Option<Tree> {
        let code = self.concept(self.take(segment, 3).into(), None);
        let kind_parts = Parts::from(self.take(segment, 2));
        if code.is_none() {
            self.warn(*segment.field(3), "an allergy to nothing named was left out");
            return None;
        }
        let kind = self.code(kind_parts.first(1)).unwrap_or_default();
        let mut allergy = resource("AllergyIntolerance");
        allergy.fill("type", allergy_type(&kind));
        if let Some(category) = allergy_category(&kind) {
            allergy.push("category", category);
        } else if let Some(concept) = self.concept(kind_parts, Some("0127")) {
            allergy.push("extension", extension(ALTERNATE, "valueCodeableConcept", concept));
        }
        allergy.fill("code", code);
        allergy.set("patient", subject.reference.clone());
        Some(allergy)
    }

    fn criticality(&self, parts: Parts<'m>, code: &str, allergy: &mut Tree) {
        match allergy_criticality(code) {
            Some(criticality) => {
                allergy.set("criticality", criticality);
            }
            None => {
                // Moderate and unknown have no criticality: the code stays beside it.
                if let Some(concept) = self.concept(parts, Some("0128")) {
                    let original = extension(ALTERNATE, "valueCodeableConcept", concept);
                    allergy.set("_criticality", Tree::from([("extension", vec![original].into())]));
                }
            }
        }
    }

    fn clinical_status(&self, iam: Segment<'m>) -> Tree {
        match self.status_code(iam).as_str() {
            "inactive" | "i" => clinical_status("inactive"),
            "resolved" | "r" => clinical_status("resolved"),
            _ => clinical_status("active"),
        }
    }

    /// IAM-17, in lower case.
    fn status_code(&self, iam: Segment<'m>) -> String {
        self.code(Parts::from(self.take(iam, 17)).first(1)).unwrap_or_default().to_ascii_lowercase()
    }

    fn substance(&self, segment: Segment<'m>) -> String {
        let parts = Parts::from(segment.field(3));
        self.code(parts.first(1)).or_else(|| self.concept_text(parts)).unwrap_or_default()
    }
}

/// Table 0438 to allergyintolerance-verification.
fn verification(code: &str) -> Option<super::tables::Code> {
    match code {
        "c" | "i" => Some(("confirmed", "Confirmed")),
        "u" | "p" | "s" | "d" => Some(("unconfirmed", "Unconfirmed")),
        "e" => Some(("entered-in-error", "Entered in Error")),
        _ => None,
    }
}

fn clinical_status(code: &'static str) -> Tree {
    let display = match code {
        "inactive" => "Inactive",
        "resolved" => "Resolved",
        _ => "Active",
    };
    concept_of(&format!("{TERMINOLOGY}allergyintolerance-clinical"), (code, display))
}
