//! DG1 to Condition and Encounter.diagnosis.

use super::coded::concept_of;
use super::context::{Context, Fill, extension, resource};
use super::encounter::Stay;
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, diagnosis_role};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// DG1: a diagnosis of the patient, and of the stay if there is one.
    pub(super) fn diagnosis(&self, dg1: Segment<'m>, subject: &Subject, stay: Option<&Stay>) -> Option<Key> {
        self.pass(dg1, [1]);
        let parts = Parts::from(self.take(dg1, 3));
        // Before version 2.7 the coding method stood in DG1-2.
        let method = self.take(dg1, 2);
        let mut code = self.concept(parts, None).unwrap_or_else(Tree::object);
        if let Some(system) = self.text(*method).filter(|_| !parts.part(3).has_value())
            && let Some(Tree::Array(codings)) = code.get_mut("coding")
            && let Some(first) = codings.first_mut()
        {
            first.fill("system", super::tables::coding_system(&system));
        }
        if let Some(text) = self.text(Parts::from(self.take(dg1, 4)).whole()) {
            code.set("text", text);
        }
        if code.members().is_empty() {
            self.warn(*dg1.field(3), "a diagnosis without code and text was left out");
            return None;
        }
        let mut condition = resource("Condition");
        let deleted = self.field_text(dg1, 21).as_deref() == Some("D");
        if deleted {
            let system = format!("{TERMINOLOGY}condition-ver-status");
            condition.set("verificationStatus", concept_of(&system, ("entered-in-error", "Entered in Error")));
        }
        if stay.is_some() {
            let system = format!("{TERMINOLOGY}condition-category");
            condition.push("category", concept_of(&system, ("encounter-diagnosis", "Encounter Diagnosis")));
        }
        condition.set("code", code);
        condition.set("subject", subject.reference.clone());
        condition.fill("encounter", stay.map(|stay| stay.reference.clone()));
        condition.fill("onsetDateTime", self.date_time(self.take(dg1, 5).into()));
        if let Some(attested) = self.date_time(self.take(dg1, 19).into()) {
            let url = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate";
            condition.push("extension", extension(url, "valueDateTime", attested.as_str()));
            condition.set("recordedDate", attested);
        }
        condition.fill("asserter", self.practitioners(self.take(dg1, 16)).into_iter().next());
        let own = self.ei(self.take(dg1, 20).into(), "diagnosis", None);
        if let Some(parent) = self.ei(self.take(dg1, 22).into(), "diagnosis", None) {
            let target = Tree::from([("type", "Condition".into()), ("identifier", parent.tree)]);
            let url = "http://hl7.org/fhir/StructureDefinition/condition-dueTo";
            condition.push("extension", extension(url, "valueReference", target));
        }
        let key = match own {
            Some(identified) => {
                condition.push("identifier", identified.tree);
                let system = identified.system.unwrap_or_else(|| self.source_system("diagnosis"));
                Key { resource_type: "Condition", system, value: identified.value }
            }
            None => {
                let about = stay.map_or(subject.token.clone(), |stay| format!("{}|{}", subject.token, stay.key.value));
                let code = self.code(parts.first(1)).or_else(|| self.concept_text(parts));
                let code = code.or_else(|| self.text(*dg1.field(4))).unwrap_or_default();
                let kind = self.code(Parts::from(dg1.field(6)).first(1)).unwrap_or_default();
                self.derived_key("Condition", "diagnosis", &[&about, &code, &kind])
            }
        };
        let reference = self.put(key.clone(), Write::Update, condition, Vec::new());
        if let Some(stay) = stay.filter(|stay| self.tells(&stay.key) && !deleted) {
            self.stay_diagnosis(dg1, stay, reference);
        }
        Some(key)
    }

    /// PDA-1: what the patient died of.
    pub(super) fn cause_of_death(&self, pda: Segment<'m>, subject: &Subject) {
        for parts in repeats(self.take(pda, 1)) {
            let Some(code) = self.concept(parts, None) else { continue };
            let mut condition = resource("Condition");
            condition.push("category", Tree::from([("text", "cause of death".into())]));
            condition.set("code", code);
            condition.set("subject", subject.reference.clone());
            condition.fill("recordedDate", self.date_time(self.take(pda, 4).into()));
            condition.fill("asserter", self.practitioners(self.take(pda, 5)).into_iter().next());
            let code = self.code(parts.first(1)).or_else(|| self.concept_text(parts)).unwrap_or_default();
            let key = self.derived_key("Condition", "cause-of-death", &[&subject.token, &code]);
            self.put(key, Write::Update, condition, Vec::new());
        }
    }

    fn stay_diagnosis(&self, dg1: Segment<'m>, stay: &Stay, condition: Tree) {
        let mut diagnosis = Tree::from([("condition", condition)]);
        let role = repeats(self.take(dg1, 6)).next().and_then(|parts| {
            self.mapped_concept(parts, "0052", |code| diagnosis_role(code).map(|role| (role, "diagnosis-role")))
        });
        diagnosis.fill("use", role);
        let rank = self.field_text(dg1, 15).and_then(|rank| rank.parse::<u32>().ok()).filter(|rank| *rank > 0);
        diagnosis.fill("rank", rank.map(i64::from));
        self.change(&stay.key, |encounter| {
            encounter.push("diagnosis", diagnosis);
        });
    }
}
