//! Plans of care and care teams.

use super::codes::concept_of;
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const MEMBERS: &[&str] = &["Practitioner", "PractitionerRole", "RelatedPerson", "Patient", "Organization", "CareTeam"];
const ACTIVITIES: &[&str] = &["ServiceRequest", "MedicationRequest", "DeviceRequest"];

impl<'d> Context<'d> {
    /// The plan that a section is: of treatment, of interventions, of assessment and plan.
    pub(super) fn care_plan(&self, section: El<'d>, made: &[Ref]) -> Option<Ref> {
        if !matches!(Self::code_of(section.get("code")), "18776-5" | "51847-2" | "62387-6") || made.is_empty() {
            return None;
        }
        let mut draft = Draft::new("CarePlan", section);
        if let Some(div) = section.get("text").and_then(|text| self.narrative_div(text)) {
            draft.set(
                "text",
                Tree::from([("status", "additional".into()), ("div", div.into())]),
                section.get("text").unwrap_or(section),
            );
        }
        draft.put("status", "active");
        draft.put("intent", "plan");
        draft.push(
            "category",
            concept_of(
                "http://hl7.org/fhir/us/core/CodeSystem/careplan-category",
                "assess-plan",
                "Assessment and Plan of Treatment",
            ),
            section.get("code").unwrap_or(section),
        );
        draft.fill("title", section.get("title").and_then(El::plain), section.get("title").unwrap_or(section));
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter.get() {
            draft.put("encounter", encounter.tree());
        }
        if let Some(time) = self.root.get("effectiveTime") {
            self.fill_time(&mut draft, "created", time);
        }
        for reference in made {
            if reference.is(ACTIVITIES) {
                draft.push("activity", Tree::from([("reference", reference.tree())]), section);
            } else if reference.is(&["Goal"]) {
                draft.push("goal", reference.tree(), section);
            } else if reference.is(&["Condition"]) {
                draft.push("addresses", reference.tree(), section);
            } else {
                draft.push("supportingInfo", reference.tree(), section);
            }
        }
        Some(self.own(draft))
    }

    /// Those who the header says took part in the care that is documented.
    pub(super) fn care_team(&self) -> Option<(Ref, El<'d>)> {
        let event = self.root.all("documentationOf").find_map(|of| of.get("serviceEvent"))?;
        let mut draft = Draft::new("CareTeam", event);
        for performer in self.parties(event, "performer") {
            if performer.reference.is(MEMBERS) {
                let mut member = Tree::object();
                let role = performer.el.get("functionCode").and_then(|code| self.concept(code));
                member.fill_all("role", role.into_iter().collect());
                member.set("member", performer.reference.tree());
                member.fill("period", performer.time.and_then(|time| self.period(time)));
                draft.push("participant", member, performer.el);
            }
        }
        if !draft.has("participant") {
            return None;
        }
        draft.put("status", "active");
        draft.put("subject", self.subject());
        draft.fill("period", event.get("effectiveTime").and_then(|time| self.period(time)), event);
        let key = self.counted_key("CareTeam", &self.set, "header");
        Some((self.add_part(key, draft), event))
    }

    /// A Care Team Organizer.
    pub(super) fn care_team_entry(&self, el: El<'d>) -> Ref {
        let mut draft = self.begin("CareTeam", el);
        let status = match el.status() {
            Some("completed" | "aborted") => "inactive",
            Some("suspended" | "held") => "suspended",
            Some("new") => "proposed",
            Some("nullified") => "entered-in-error",
            _ => "active",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        if let Some(code) = el.get("code") {
            draft.push_some("category", self.concept(code), code);
        }
        draft.put("subject", self.subject());
        if let Some(time) = el.get("effectiveTime") {
            draft.fill("period", self.period(time), time);
        }
        for member in self.take(el, Kind::TeamMember) {
            for performer in self.parties(member, "performer") {
                if performer.reference.is(MEMBERS) {
                    let mut tree = Tree::object();
                    let role = performer.el.extension("functionCode").or_else(|| performer.el.get("functionCode"));
                    tree.fill_all("role", role.and_then(|code| self.concept(code)).into_iter().collect());
                    tree.set("member", performer.reference.tree());
                    tree.fill("period", member.get("effectiveTime").and_then(|time| self.period(time)));
                    draft.push("participant", tree, member);
                }
            }
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }
}
