//! Goal Observation to Goal.

use super::codes::concept_of;
use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Surroundings;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

/// Progress Toward Goal Observation.
const PROGRESS: &str = "2.16.840.1.113883.10.20.22.4.110";

const SPEAKERS: &[&str] = &["Patient", "Practitioner", "PractitionerRole", "RelatedPerson"];

impl<'d> Context<'d> {
    pub(super) fn goal(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let mut draft = self.begin("Goal", el);
        let status = match el.status() {
            _ if el.is_negated() => "rejected",
            Some("completed") => "completed",
            Some("cancelled" | "aborted") => "cancelled",
            Some("suspended" | "held") => "on-hold",
            Some("new") => "proposed",
            Some("nullified") => "entered-in-error",
            _ => "active",
        };
        draft.set("lifecycleStatus", status, el.get("statusCode").unwrap_or(el));
        let code = el.get("code");
        let value = el.get("value");
        // Words tell a goal best; a code alone tells what is measured.
        let words = self.statement_text(el).or_else(|| {
            let value = value.filter(|value| matches!(value.kind(), Some("ST" | "ED")))?;
            self.text(value)
        });
        let mut description = self.required_concept(code, words.clone());
        if description.get("coding").is_some() {
            description.fill("text", words);
        }
        draft.set("description", description, code.unwrap_or(el));
        draft.put("subject", self.subject());
        let time = el.get("effectiveTime");
        if let Some(low) = time.map(|time| time.get("low").unwrap_or(time)) {
            self.fill_date(&mut draft, "startDate", low);
        }
        let mut target = Tree::object();
        if let Some((name, tree)) =
            value.filter(|value| !matches!(value.kind(), Some("ST" | "ED"))).and_then(|value| self.value(value, el))
            && matches!(name, "Quantity" | "Range" | "CodeableConcept" | "String" | "Boolean" | "Integer" | "Ratio")
        {
            target.fill("measure", code.and_then(|code| self.concept(code)));
            if target.get("measure").is_some() {
                target.set(&format!("detail{name}"), tree);
            }
        }
        let high = time.and_then(|time| time.get("high"));
        if let Some(high) = high {
            self.put_date(&mut target, "dueDate", high);
        }
        let parts = [("measure", code), ("dueDate", high)];
        let parts: Vec<_> = parts.into_iter().filter(|(name, _)| target.get(name).is_some()).collect();
        draft.push_some("target", crate::map::context::filled(target), value.or(time).unwrap_or(el));
        draft.places.extend(parts.into_iter().filter_map(|(name, el)| Some((format!("target[0].{name}"), el?))));
        if let Some(author) = self.first_party(&[el], "author", SPEAKERS) {
            draft.set("expressedBy", author.reference.tree(), author.el);
        }
        if let Some(priority) = self.take(el, Kind::Priority).into_iter().find_map(|priority| priority.get("value")) {
            draft.fill("priority", self.concept(priority), priority);
        }
        for reference in Self::parts(el, Kind::Reference) {
            let targets = self.targets(reference);
            let mut used = false;
            for made in targets.iter().flat_map(|target| self.made_within(*target)) {
                if made.is(&["Condition", "Observation", "MedicationStatement", "ServiceRequest"]) {
                    draft.push("addresses", made.tree(), reference);
                    used = true;
                }
            }
            if used {
                self.claim(reference);
            }
        }
        for (_, inner) in el.related() {
            if inner.templates().any(|template| template == PROGRESS) {
                for made in self.inner(inner, el, around) {
                    draft.push("outcomeReference", made.tree(), inner);
                }
                let status = inner.get("value").and_then(|value| value.codes().find_map(achievement));
                draft.fill("achievementStatus", status, inner);
            }
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }
}

/// How far a goal is reached.
fn achievement(code: &str) -> Option<Tree> {
    let known = match code {
        "385641008" | "390801005" => ("improving", "Improving"),
        "390802003" => ("no-change", "No Change"),
        "390800006" => ("achieved", "Achieved"),
        _ => return None,
    };
    Some(concept_of("http://terminology.hl7.org/CodeSystem/goal-achievement", known.0, known.1))
}
