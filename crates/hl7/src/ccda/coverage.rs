//! Coverage Activity and its policies to Coverage.

use super::codes::concept_of;
use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Outcome;
use super::null::absent;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const PAYERS: &[&str] = &["Organization", "Patient", "RelatedPerson"];

/// The relation to the subscriber, as FHIR has it.
fn relationship(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "SELF" | "ONESELF" => ("self", "Self"),
        "SPS" | "HUSB" | "WIFE" | "SPO" => ("spouse", "Spouse"),
        "CHILD" | "FAMDEP" | "SON" | "DAU" | "NCHILD" | "CHD" => ("child", "Child"),
        "PRN" | "FTH" | "MTH" | "PAR" => ("parent", "Parent"),
        "SUBSCR" => ("self", "Self"),
        _ => return None,
    })
}

impl<'d> Context<'d> {
    /// A Coverage Activity: a resource for each of its policies, the first stands for it.
    pub(super) fn coverage(&self, el: El<'d>) -> Outcome {
        let mut first = None;
        for (relation, policy) in el.related() {
            let is_policy = super::template::kind(policy) == Some(Kind::Policy) && !policy.is_negated();
            if !is_policy || !self.claim(policy) {
                continue;
            }
            let order =
                relation.get("sequenceNumber").and_then(|number| self.integer(number)).filter(|number| *number > 0);
            let made = self.policy(policy, order);
            self.stands_for("policy", policy, &made);
            first.get_or_insert(made);
        }
        match first {
            Some(made) => Outcome::Made(made),
            None => Outcome::Listed("it holds no policy".into()),
        }
    }

    /// A Policy Activity.
    pub(super) fn policy(&self, el: El<'d>, order: Option<i32>) -> Ref {
        let mut draft = self.begin("Coverage", el);
        let status = match el.status() {
            Some("aborted" | "cancelled") => "cancelled",
            Some("nullified") => "entered-in-error",
            _ => "active",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        if let Some(code) = el.get("code") {
            draft.fill("type", self.concept(code), code);
        }
        draft.put("beneficiary", self.subject());
        if let Some(order) = order {
            draft.put("order", Tree::from(i64::from(order)));
        }
        for participant in el.all("participant") {
            let role = participant.get("participantRole");
            match participant.attr("typeCode") {
                Some("COV") => {
                    if let Some(role) = role {
                        let number = role.all("id").find_map(|id| Some((self.identifier(id)?, id)));
                        if let Some((identified, id)) = number {
                            draft.set("subscriberId", identified.value, id);
                        }
                        if let Some(code) = role.get("code") {
                            let known = code.attr("code").and_then(relationship).map(|(code, text)| {
                                concept_of("http://terminology.hl7.org/CodeSystem/subscriber-relationship", code, text)
                            });
                            draft.fill("relationship", known.or_else(|| self.concept(code)), code);
                        }
                    }
                    draft.fill("period", participant.get("time").and_then(|time| self.period(time)), participant);
                }
                Some("HLD") => {
                    if let Some(holder) = self.holder(participant) {
                        draft.set("policyHolder", holder.clone(), participant);
                        draft.set("subscriber", holder, participant);
                    }
                }
                _ => {}
            }
        }
        for performer in self.parties(el, "performer") {
            let is_guarantor = performer.el.templates().any(|template| template.ends_with("22.4.88"));
            let organization = match performer.reference.kind {
                // The role of an insurer, without a person: who pays is the organization.
                "PractitionerRole" | "Practitioner" => {
                    performer.el.at(&["assignedEntity", "representedOrganization"]).and_then(|el| self.organization(el))
                }
                _ => Some(performer.reference.clone()),
            };
            if let Some(payer) = organization.filter(|payer| payer.is(PAYERS) && !is_guarantor) {
                draft.push("payor", payer.tree(), performer.el);
            }
        }
        if !draft.has("payor") {
            draft.put("payor", vec![absent("unknown")]);
        }
        if let Some((identified, id)) = el.all("id").find_map(|id| Some((self.identifier(id)?, id))) {
            let group = Tree::from([
                ("type", concept_of("http://terminology.hl7.org/CodeSystem/coverage-class", "group", "Group")),
                ("value", identified.value.into()),
            ]);
            draft.push("class", group, id);
        }
        self.own(draft)
    }

    /// Whose policy it is.
    fn holder(&self, participant: El<'d>) -> Option<Tree> {
        let role = participant.get("participantRole")?;
        let mut tree = Tree::object();
        if let Some(made) = self.participant_of(participant).filter(|made| made.is(PAYERS)) {
            return Some(made.tree());
        }
        let identified = role.all("id").find_map(|id| self.identifier(id))?;
        tree.set("identifier", identified.tree);
        tree.fill("display", role.at(&["playingEntity", "name"]).and_then(El::plain));
        Some(tree)
    }
}
