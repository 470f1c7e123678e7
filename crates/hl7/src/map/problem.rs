//! PRB, GOL and PTH to Condition, Goal and CarePlan: what is wrong, what is aimed at, which pathway leads there.

use super::coded::concept_of;
use super::context::{Context, Fill, resource};
use super::identifier::Identified;
use super::order::Patient;
use super::parts::{Parts, repeats};
use super::tables::{Code, TERMINOLOGY};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// The action by which something is told to have been an error (table 0287).
const DELETED: &str = "DE";

/// The words of senders for condition-clinical; table 0444 and its like are the site's own.
fn clinical(word: &str) -> Option<Code> {
    match word.to_ascii_lowercase().as_str() {
        "active" | "a" => Some(("active", "Active")),
        "recurrence" => Some(("recurrence", "Recurrence")),
        "relapse" => Some(("relapse", "Relapse")),
        "inactive" | "i" => Some(("inactive", "Inactive")),
        "remission" => Some(("remission", "Remission")),
        "resolved" | "r" => Some(("resolved", "Resolved")),
        _ => None,
    }
}

/// The same for condition-ver-status.
fn verification(word: &str) -> Option<Code> {
    match word.to_ascii_lowercase().as_str() {
        "confirmed" | "c" => Some(("confirmed", "Confirmed")),
        "unconfirmed" | "u" => Some(("unconfirmed", "Unconfirmed")),
        "provisional" | "p" => Some(("provisional", "Provisional")),
        "differential" | "d" => Some(("differential", "Differential")),
        "refuted" | "ruled out" | "ro" => Some(("refuted", "Refuted")),
        _ => None,
    }
}

/// The words for goal-status.
fn goal_status(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "proposed" => "proposed",
        "planned" => "planned",
        "accepted" => "accepted",
        "on-hold" | "on hold" | "suspended" => "on-hold",
        "completed" | "achieved" | "resolved" | "met" => "completed",
        "cancelled" | "canceled" | "discontinued" | "inactive" => "cancelled",
        "rejected" => "rejected",
        _ => "active",
    }
}

/// The words for request-status, of a pathway.
fn plan_status(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "on-hold" | "on hold" | "suspended" => "on-hold",
        "completed" | "achieved" => "completed",
        "cancelled" | "canceled" | "discontinued" | "inactive" => "revoked",
        _ => "active",
    }
}

impl<'m> Context<'m> {
    /// PRB: a problem of the patient's list.
    pub(super) fn problem(&self, prb: Segment<'m>, patient: &Patient<'_>) -> Option<Key> {
        let parts = Parts::from(self.take(prb, 3));
        let Some(code) = self.concept(parts, None) else {
            self.warn(*prb.field(3), "a problem without code and text was left out");
            return None;
        };
        let mut condition = resource("Condition");
        let own = self.ei(self.take(prb, 4).into(), "problem", None);
        condition.fill_all("identifier", own.iter().map(|id| id.tree.clone()).collect());
        let resolved = self.date_time(self.take(prb, 9).into());
        let is_deleted = self.field_text(prb, 1).as_deref() == Some(DELETED);
        let (confirmed, cycle) = (self.field_text(prb, 13), self.field_text(prb, 14));
        let told = cycle.as_deref().and_then(clinical).or_else(|| confirmed.as_deref().and_then(clinical));
        if is_deleted {
            // What was an error has no clinical status.
            let status = ("entered-in-error", "Entered in Error");
            condition.set("verificationStatus", concept_of(&format!("{TERMINOLOGY}condition-ver-status"), status));
        } else {
            let otherwise = if resolved.is_some() { ("resolved", "Resolved") } else { ("active", "Active") };
            let system = format!("{TERMINOLOGY}condition-clinical");
            condition.set("clinicalStatus", concept_of(&system, told.unwrap_or(otherwise)));
            if let Some(status) = confirmed.as_deref().and_then(verification) {
                let system = format!("{TERMINOLOGY}condition-ver-status");
                condition.set("verificationStatus", concept_of(&system, status));
            }
        }
        let category = ("problem-list-item", "Problem List Item");
        condition.push("category", concept_of(&format!("{TERMINOLOGY}condition-category"), category));
        condition.fill("severity", self.concept(self.take(prb, 26).into(), None));
        condition.set("code", code);
        condition.set("subject", patient.subject.reference.clone());
        condition.fill("encounter", patient.encounter.clone());
        match self.date_time(self.take(prb, 16).into()) {
            Some(onset) => {
                condition.set("onsetDateTime", onset);
            }
            None => {
                condition.fill("onsetString", self.text(Parts::from(self.take(prb, 17)).whole()));
            }
        }
        condition.fill("abatementDateTime", resolved);
        condition.fill("recordedDate", self.date_time(self.take(prb, 7).into()));
        let key = self.listed_key("Condition", "problem", own, parts, patient);
        self.put(key.clone(), Write::Update, condition, Vec::new());
        if told.is_none() && !is_deleted {
            self.assume(&key, "clinicalStatus");
        }
        Some(key)
    }

    /// GOL: what is aimed at.
    pub(super) fn goal(&self, gol: Segment<'m>, patient: &Patient<'_>) -> Option<Key> {
        let parts = Parts::from(self.take(gol, 3));
        let Some(description) = self.concept(parts, None) else {
            self.warn(*gol.field(3), "a goal without code and text was left out");
            return None;
        };
        let mut goal = resource("Goal");
        let own = self.ei(self.take(gol, 4).into(), "goal", None);
        goal.fill_all("identifier", own.iter().map(|id| id.tree.clone()).collect());
        let is_deleted = self.field_text(gol, 1).as_deref() == Some(DELETED);
        let cycle = self.field_text(gol, 18);
        let status = if is_deleted { "entered-in-error" } else { goal_status(cycle.as_deref().unwrap_or_default()) };
        goal.set("lifecycleStatus", status);
        goal.fill("achievementStatus", self.concept(self.take(gol, 16).into(), None));
        goal.fill_all("category", self.concept(self.take(gol, 9).into(), None).into_iter().collect());
        goal.set("description", description);
        goal.set("subject", patient.subject.reference.clone());
        goal.fill("startDate", self.date(self.take(gol, 7).into()));
        if let Some(due) = self.date(self.take(gol, 8).into()) {
            goal.push("target", Tree::from([("dueDate", due.into())]));
        }
        goal.fill("statusDate", self.date(self.take(gol, 19).into()));
        for parts in repeats(self.take(gol, 17)) {
            if let Some(text) = self.text(parts.whole()) {
                goal.push("note", Tree::from([("text", text.into())]));
            }
        }
        let key = self.listed_key("Goal", "goal", own, parts, patient);
        self.put(key.clone(), Write::Update, goal, Vec::new());
        if cycle.is_none() && !is_deleted {
            self.assume(&key, "lifecycleStatus");
        }
        Some(key)
    }

    /// PTH: a clinical pathway that the patient is on.
    pub(super) fn pathway(&self, pth: Segment<'m>, patient: &Patient<'_>) -> Option<Key> {
        let parts = Parts::from(self.take(pth, 2));
        let Some(kind) = self.concept(parts, None) else {
            self.warn(*pth.field(2), "a pathway without code and text was left out");
            return None;
        };
        let mut plan = resource("CarePlan");
        let own = self.ei(self.take(pth, 3).into(), "pathway", None);
        plan.fill_all("identifier", own.iter().map(|id| id.tree.clone()).collect());
        let is_deleted = self.field_text(pth, 1).as_deref() == Some(DELETED);
        let cycle = self.field_text(pth, 5);
        let status = if is_deleted { "entered-in-error" } else { plan_status(cycle.as_deref().unwrap_or_default()) };
        plan.set("status", status);
        plan.set("intent", "plan");
        plan.push("category", kind);
        plan.fill("title", self.concept_text(parts));
        plan.set("subject", patient.subject.reference.clone());
        plan.fill("encounter", patient.encounter.clone());
        plan.fill("created", self.date_time(self.take(pth, 4).into()));
        let key = self.listed_key("CarePlan", "pathway", own, parts, patient);
        self.put(key.clone(), Write::Update, plan, Vec::new());
        if cycle.is_none() && !is_deleted {
            self.assume(&key, "status");
        }
        Some(key)
    }

    /// Its own number, else patient and code.
    fn listed_key(
        &self,
        resource_type: &'static str,
        kind: &str,
        own: Option<Identified>,
        code: Parts<'m>,
        patient: &Patient<'_>,
    ) -> Key {
        if let Some(Identified { system: Some(system), value, .. }) = own {
            return Key { resource_type, system, value };
        }
        let code = self.code(code.first(1)).or_else(|| self.concept_text(code)).unwrap_or_default();
        self.derived_key(resource_type, &format!("{kind}-of-patient"), &[&patient.subject.token, &code])
    }
}
