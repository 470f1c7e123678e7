//! What is planned, asked for or proposed (acts, observations, procedures, encounters, supplies, instructions) to ServiceRequest.

use super::codes::concept_text;
use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Surroundings;
use super::medication::{intent, request_status};
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const REQUESTERS: &[&str] = &["Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson", "Device"];
const PERFORMERS: &[&str] =
    &["Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson", "Device"];

impl<'d> Context<'d> {
    pub(super) fn request(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        if el.name() == "substanceAdministration" {
            return self.medication(el, around);
        }
        if el.attr("moodCode") == Some("GOL") {
            return self.goal(el, around);
        }
        let mut draft = self.begin("ServiceRequest", el);
        draft.set("status", request_status(el), el.get("statusCode").unwrap_or(el));
        draft.put("intent", intent(el));
        if el.is_negated() {
            draft.set("doNotPerform", true, el);
        }
        let code =
            el.get("code").or_else(|| el.at(&["product", "manufacturedProduct", "manufacturedMaterial", "code"]));
        let text = self.words_of(el, code);
        draft.set("code", self.required_concept(code, text.clone()), code.unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        self.occurrence(&mut draft, el);
        if let Some(priority) = el.get("priorityCode") {
            let code = match priority.attr("code") {
                Some("A" | "R") => Some("routine"),
                Some("UR") => Some("urgent"),
                Some("EM" | "S") => Some("stat"),
                _ => None,
            };
            if code.is_none() && priority.says_something() {
                self.note(priority, "this priority has no code of FHIR; it is in the document alone");
            }
            draft.fill("priority", code, priority);
        }
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "authoredOn", time);
        }
        if let Some(author) = self.first_party(&[el], "author", REQUESTERS) {
            draft.set("requester", author.reference.tree(), author.el);
        }
        let mut performers = self.parties(el, "performer");
        performers.extend(
            self.parties(el, "participant")
                .into_iter()
                .filter(|party| !matches!(party.el.attr("typeCode"), Some("LOC" | "DEV" | "PRD"))),
        );
        draft.push_all("performer", Self::references(performers, PERFORMERS));
        for participant in el.all("participant").filter(|participant| participant.attr("typeCode") == Some("LOC")) {
            if let Some(place) = self.location(participant) {
                draft.push("locationReference", place.tree(), participant);
            }
        }
        for site in el.all("targetSiteCode") {
            draft.push_some("bodySite", self.concept(site), site);
        }
        self.reasons(&mut draft, el, around);
        let mut instructions: Vec<String> = Vec::new();
        if super::template::kind(el) == Some(Kind::Instruction) {
            instructions.extend(text);
        }
        for instruction in Self::parts(el, Kind::Instruction) {
            if let Some(text) = self.statement_text(instruction) {
                self.claim(instruction);
                instructions.push(text);
            }
        }
        draft.fill("patientInstruction", (!instructions.is_empty()).then(|| instructions.join("\n")), el);
        let value = el.get("value").and_then(|value| Some((self.value(value, el)?, value)));
        if let Some(((name, tree), from)) = value {
            match name {
                "CodeableConcept" => {
                    draft.push("orderDetail", tree, from);
                }
                "String" => {
                    if let Some(text) = tree.as_str() {
                        draft.push("orderDetail", concept_text(text), from);
                    }
                }
                _ => self.note(from, "a value that is asked for has no element in a request; it is in the text"),
            }
        }
        if let Some(quantity) = el.get("quantity").and_then(|quantity| Some((self.quantity(quantity)?, quantity))) {
            draft.set("quantityQuantity", quantity.0, quantity.1);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// When something is to happen: at a time, within an interval, or again and again.
    pub(super) fn occurrence(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>) {
        let times = Self::times(el);
        let is_repeated =
            |time: &&El<'d>| matches!(time.kind(), Some("PIVL_TS" | "PIVL_PPD_TS" | "EIVL_TS" | "EIVL_PPD_TS"));
        if let Some(time) = times.iter().find(is_repeated) {
            draft.fill("occurrenceTiming", self.timing(el, true), *time);
        } else if let Some(time) = el.get("effectiveTime") {
            self.fill_point_or_period(draft, "occurrence", time);
        }
    }

    /// A handoff or other communication.
    pub(super) fn communication(&self, el: El<'d>) -> Ref {
        let mut draft = self.begin("Communication", el);
        let status = match el.status() {
            Some("active") => "in-progress",
            Some("aborted") => "stopped",
            Some("cancelled") => "not-done",
            Some("nullified") => "entered-in-error",
            _ => "completed",
        };
        draft.set("status", if el.is_negated() { "not-done" } else { status }, el.get("statusCode").unwrap_or(el));
        if let Some(code) = el.get("code") {
            draft.fill("topic", self.concept(code), code);
        }
        draft.put("subject", self.subject());
        if let Some(time) = el.get("effectiveTime") {
            self.fill_time(&mut draft, "sent", time);
        }
        if let Some(author) = self.first_party(&[el], "author", REQUESTERS) {
            draft.set("sender", author.reference.tree(), author.el);
        }
        let recipients = self.parties(el, "participant").into_iter().chain(self.parties(el, "informationRecipient"));
        draft.push_all("recipient", Self::references(recipients.collect(), PERFORMERS));
        if let Some(text) = self.statement_text(el) {
            draft.push("payload", Tree::from([("contentString", text.into())]), el);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// A Note Activity to DocumentReference.
    pub(super) fn note_activity(&self, el: El<'d>) -> Option<Ref> {
        let text = el.get("text")?;
        let attachment = match text.attr("representation") {
            Some("B64") => self.attachment(text),
            _ => None,
        };
        let attachment = attachment.or_else(|| {
            let words = self.text(text)?;
            let data = crate::map::value::base64(words.as_bytes());
            Some(Tree::from([("contentType", "text/plain; charset=utf-8".into()), ("data", data.into())]))
        })?;
        let mut draft = self.begin("DocumentReference", el);
        draft.put("status", "current");
        if let Some(code) = el.get("code") {
            draft.fill("type", self.concept(code), code);
        }
        draft.put("subject", self.subject());
        if let Some(time) = self.authored(&[el]) {
            self.fill_instant(&mut draft, "date", time);
        }
        let authors = Self::references(self.parties(el, "author"), super::section::AUTHORS);
        draft.push_all("author", authors);
        draft.push("content", Tree::from([("attachment", attachment)]), text);
        let mut context = Tree::object();
        context.fill_all("encounter", self.encounter_of(el).into_iter().collect());
        context.fill("period", el.get("effectiveTime").and_then(|time| self.period(time)));
        draft.fill("context", crate::map::context::filled(context), el);
        Some(self.own(draft))
    }

    /// An image or other medium of an entry.
    pub(super) fn media(&self, el: El<'d>) -> Option<Ref> {
        let value = el.get("value")?;
        let attachment = self.attachment(value)?;
        let mut draft = self.begin("Media", el);
        draft.put("status", "completed");
        draft.put("subject", self.subject());
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "createdDateTime", time);
        }
        draft.set("content", attachment, value);
        Some(self.own(draft))
    }
}
