//! PR1 to Procedure.

use super::context::{Context, Fill, resource};
use super::encounter::Stay;
use super::parts::Parts;
use super::patient::Subject;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// PR1: a procedure that was done.
    pub(super) fn procedure(&self, pr1: Segment<'m>, subject: &Subject, stay: Option<&Stay>) -> Option<Key> {
        self.pass(pr1, [1, 2]);
        let parts = Parts::from(self.take(pr1, 3));
        let mut code = self.concept(parts, None).unwrap_or_else(Tree::object);
        if let Some(text) = self.text(Parts::from(self.take(pr1, 4)).whole()) {
            code.set("text", text);
        }
        if code.members().is_empty() {
            self.warn(*pr1.field(3), "a procedure without code and text was left out");
            return None;
        }
        let mut procedure = resource("Procedure");
        let deleted = self.field_text(pr1, 20).as_deref() == Some("D");
        procedure.set("status", if deleted { "entered-in-error" } else { "completed" });
        procedure.fill("category", self.concept(self.take(pr1, 6).into(), Some("0230")));
        procedure.set("code", code);
        procedure.set("subject", subject.reference.clone());
        procedure.fill("encounter", stay.map(|stay| stay.reference.clone()));
        let performed = self.date_time(self.take(pr1, 5).into());
        procedure.fill("performedDateTime", performed.clone());
        for (number, role) in [(8, Some(("AN", "Anesthesiologist"))), (11, Some(("PS", "Primary Surgeon"))), (12, None)]
        {
            for actor in self.practitioners(self.take(pr1, number)) {
                let mut performer = Tree::object();
                if let Some((code, display)) = role {
                    let system = if number == 8 { "v2-0443" } else { "v2-0912" };
                    let system = format!("{}{system}", super::tables::TERMINOLOGY);
                    performer.set("function", super::coded::concept_of(&system, (code, display)));
                }
                performer.set("actor", actor);
                procedure.push("performer", performer);
            }
        }
        procedure.fill_all("reasonCode", self.concepts(self.take(pr1, 15), None));
        let own = self.ei(self.take(pr1, 19).into(), "procedure", None);
        let key = match own {
            Some(identified) => {
                procedure.push("identifier", identified.tree);
                let system = identified.system.unwrap_or_else(|| self.source_system("procedure"));
                Key { resource_type: "Procedure", system, value: identified.value }
            }
            None => {
                let code = self.code(parts.first(1)).or_else(|| self.text(*pr1.field(4))).unwrap_or_default();
                let at = performed.unwrap_or_default();
                self.derived_key("Procedure", "procedure", &[&subject.token, &code, &at])
            }
        };
        self.put(key.clone(), Write::Update, procedure, Vec::new());
        Some(key)
    }
}
