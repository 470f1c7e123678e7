//! Procedures (as procedure, act or observation) to Procedure.

use super::codes::concept_text;
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::entry::Surroundings;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const ACTORS: &[&str] = &["Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson", "Device"];
const RECORDERS: &[&str] = &["Practitioner", "PractitionerRole", "Patient", "RelatedPerson"];

impl<'d> Context<'d> {
    /// A procedure that was done, else what was asked for.
    pub(super) fn procedure_or_request(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        match el.attr("moodCode") {
            None | Some("EVN") => self.procedure(el, around),
            Some(_) => self.request(el, around),
        }
    }

    fn procedure(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let mut draft = self.begin("Procedure", el);
        let status = match el.status() {
            _ if el.is_negated() => "not-done",
            Some("completed") => "completed",
            Some("active") => "in-progress",
            Some("aborted") => "stopped",
            Some("cancelled") => "not-done",
            Some("suspended" | "held") => "on-hold",
            Some("new") => "preparation",
            Some("nullified") => "entered-in-error",
            _ => "unknown",
        };
        draft.set("status", status, if el.is_negated() { el } else { el.get("statusCode").unwrap_or(el) });
        for refusal in Self::parts(el, Kind::Refusal) {
            if let Some(code) = refusal.get("code") {
                self.claim(refusal);
                draft.fill("statusReason", self.concept(code), refusal);
            }
        }
        let code = el.get("code");
        draft.set("code", self.required_concept(code, self.words_of(el, code)), code.unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        if let Some(time) = el.get("effectiveTime") {
            self.fill_point_or_period(&mut draft, "performed", time);
        }
        if let Some(author) = self.first_party(&[el], "author", RECORDERS) {
            draft.set("recorder", author.reference.tree(), author.el);
        }
        if let Some(informant) = self.first_party(&[el], "informant", RECORDERS) {
            draft.set("asserter", informant.reference.tree(), informant.el);
        }
        for performer in self.parties(el, "performer") {
            if performer.reference.is(ACTORS) {
                let mut tree = Tree::object();
                tree.fill("function", performer.el.get("functionCode").and_then(|code| self.concept(code)));
                tree.set("actor", performer.reference.tree());
                draft.push("performer", tree, performer.el);
            }
        }
        for site in el.all("targetSiteCode").chain(el.all("approachSiteCode")) {
            draft.push_some("bodySite", self.concept(site), site);
        }
        if let Some(method) = el.get("methodCode").and_then(|code| Some((self.concept(code)?, code))) {
            let url = "http://hl7.org/fhir/StructureDefinition/procedure-method";
            draft.push("extension", crate::map::context::extension(url, "valueCodeableConcept", method.0), method.1);
        }
        self.procedure_value(&mut draft, el);
        self.places_and_devices(&mut draft, el);
        self.reasons(&mut draft, el, around);
        self.parts_of_procedure(&mut draft, el, around);
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// What an observing procedure found.
    fn procedure_value(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let Some(value) = el.get("value") else { return };
        if let Some((name, tree)) = self.value(value, el) {
            let concept = match name {
                "CodeableConcept" => tree,
                "String" => match tree.as_str() {
                    Some(text) => concept_text(text),
                    None => return,
                },
                "Quantity" => {
                    let part = |name: &str| match tree.get(name) {
                        Some(Tree::Number(text) | Tree::String(text)) => Some(text.as_str()),
                        _ => None,
                    };
                    let words = [part("comparator"), part("value"), part("unit")];
                    concept_text(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
                }
                _ => {
                    self.note(value, "a value of this kind has no element in a procedure; it is in the text");
                    return;
                }
            };
            draft.set("outcome", concept, value);
        }
    }

    /// Where it was done, and with what.
    fn places_and_devices(&self, draft: &mut Draft<'d>, el: El<'d>) {
        for participant in el.all("participant") {
            match participant.attr("typeCode") {
                Some("LOC") if !draft.has("location") => {
                    if let Some(place) = self.location(participant) {
                        draft.set("location", place.tree(), participant);
                    } else if participant.says_something() {
                        self.note(participant, "it names no place; it is in the document alone");
                    }
                }
                Some("DEV" | "PRD") => {
                    if let Some(device) = self.product_instance(participant) {
                        draft.push("focalDevice", Tree::from([("manipulated", device.tree())]), participant);
                    }
                }
                _ => {
                    if let Some(party) = self.participant_of(participant).filter(|party| party.is(ACTORS)) {
                        draft.push("performer", Tree::from([("actor", party.tree())]), participant);
                    }
                }
            }
        }
        if Self::parts(el, Kind::Instruction).is_empty() {
            return;
        }
        for instruction in self.take(el, Kind::Instruction) {
            let code = instruction.get("code").and_then(|code| self.concept(code));
            let words = self.statement_text(instruction).map(|text| concept_text(&text));
            draft.push_some("followUp", words.or(code), instruction);
        }
    }

    /// Complications, medications given, findings.
    fn parts_of_procedure(&self, draft: &mut Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        for (relation, inner) in el.related() {
            if self.is_claimed(inner) {
                continue;
            }
            match super::template::kind(inner) {
                Some(Kind::Problem) if relation.attr("typeCode") != Some("RSON") => {
                    for made in self.inner(inner, el, around).into_iter().filter(|_| !inner.is_negated()) {
                        draft.push("complicationDetail", made.tree(), inner);
                    }
                }
                Some(Kind::Medication) => {
                    self.inner(inner, el, around);
                    // The procedure is not made yet; the medication is found by its statement once it is.
                }
                Some(Kind::Result | Kind::ResultOrganizer) => {
                    for made in self.inner(inner, el, around) {
                        if made.is(&["DiagnosticReport"]) {
                            draft.push("report", made.tree(), inner);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
