//! Problem Observation to Condition: each of them, in a concern, as a diagnosis of an encounter, as the reason of something.

use super::codes::concept_of;
use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Surroundings;
use super::null::absent;
use super::template::Kind;
use crate::map::context::extension;
use fhir::json::Tree;

pub(super) const SNOMED: &str = "http://snomed.info/sct";
const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const ASSERTED: &str = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate";

/// Kinds of whoever may record or assert.
pub(super) const RECORDERS: &[&str] = &["Practitioner", "PractitionerRole", "Patient", "RelatedPerson"];

/// Values that say no more than that it is a problem: negated, they mean that there is none.
const ANY_PROBLEM: [&str; 7] =
    ["55607006", "64572001", "404684003", "418799008", "409586006", "282291009", "160245001"];

/// How sure it is.
pub(super) fn verification(is_refuted: bool, is_error: bool) -> &'static str {
    match (is_error, is_refuted) {
        (true, _) => "entered-in-error",
        (_, true) => "refuted",
        _ => "confirmed",
    }
}

/// What a status observation or concern says of a condition.
pub(super) fn clinical_status(code: &str) -> Option<&'static str> {
    match code {
        "55561003" | "active" | "new" => Some("active"),
        "73425007" | "7087005" | "255227004" | "suspended" | "aborted" | "completed" => Some("inactive"),
        "413322009" => Some("resolved"),
        "246455001" => Some("recurrence"),
        "263855007" => Some("relapse"),
        "277022003" | "765205004" => Some("remission"),
        _ => None,
    }
}

impl<'d> Context<'d> {
    pub(super) fn problem(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let concern = around.parent.filter(|parent| parent.is_concern());
        let places: Vec<El<'d>> = std::iter::once(el).chain(concern).collect();
        let mut draft = self.begin("Condition", el);
        let time = el.get("effectiveTime");
        if let Some(low) = time.and_then(|time| time.get("low").or(Some(time))) {
            self.fill_time(&mut draft, "onsetDateTime", low);
        }
        let mut has_ended = false;
        if let Some(high) = time.and_then(|time| time.get("high")) {
            has_ended = self.fill_time(&mut draft, "abatementDateTime", high);
            // C-CDA: an end that is not known is an end.
            if !has_ended && matches!(high.null(), Some("UNK" | "ASKU")) {
                has_ended = true;
                draft.set("_abatementDateTime", absent("unknown"), high);
            }
        }
        // A concern that is negated negates what it holds.
        let is_negated = el.is_negated() || concern.is_some_and(El::is_negated);
        self.problem_value(&mut draft, el, is_negated);
        let is_refuted = is_negated && !Self::is_any_problem(el);
        let told = self.take(el, Kind::ProblemStatus);
        let told = told.iter().find_map(|status| {
            let value = status.get("value")?;
            Some((value.codes().find_map(clinical_status)?, value))
        });
        let of_concern =
            concern.and_then(|concern| Some((clinical_status(concern.status()?)?, concern.get("statusCode")?)));
        let mut status = told.or(of_concern);
        // What has ended is not active, whatever was said of it before.
        if has_ended && !matches!(status, Some(("resolved" | "remission", _))) {
            status = Some(("resolved", time.unwrap_or(el)));
        }
        let is_error = places.iter().any(|place| place.status() == Some("nullified"));
        if !is_refuted && !is_error {
            let (code, from) = status.unwrap_or(("active", el));
            draft.set("clinicalStatus", concept_of(CLINICAL, code, ""), from);
        }
        draft.set("verificationStatus", concept_of(VERIFICATION, verification(is_refuted, is_error), ""), el);
        self.problem_category(&mut draft, el, around);
        if let Some(severity) = self.take(el, Kind::Severity).first().and_then(|severity| severity.get("value")) {
            draft.fill("severity", self.concept(severity), severity);
        }
        for site in el.all("targetSiteCode") {
            draft.push_some("bodySite", self.concept(site), site);
        }
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        self.age_at_onset(&mut draft, el);
        if let Some(time) = self.authored(&places) {
            self.fill_time(&mut draft, "recordedDate", time);
        }
        if let Some(author) = self.first_party(&places, "author", RECORDERS) {
            draft.set("recorder", author.reference.tree(), author.el);
        }
        if let Some(informant) = self.first_party(&places, "informant", RECORDERS) {
            draft.set("asserter", informant.reference.tree(), informant.el);
        }
        for date in self.take(el, Kind::DateOfDiagnosis) {
            if let Some(moment) = date.get("effectiveTime").and_then(|time| self.moment(time)) {
                draft.push("extension", extension(ASSERTED, "valueDateTime", self.date_time_of(&moment)), date);
            }
        }
        self.comments(&mut draft, el);
        if let Some(concern) = concern {
            self.comments(&mut draft, concern);
        }
        self.own(draft)
    }

    fn is_any_problem(el: El<'d>) -> bool {
        el.get("value").is_none_or(|value| Self::is_general(value, &ANY_PROBLEM))
    }

    fn problem_value(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>, is_negated: bool) {
        let value = el.get("value");
        if is_negated && Self::is_any_problem(el) {
            let mut concept = concept_of(SNOMED, "160245001", "No current problems or disability");
            if let Some(text) = self.words_of(el, value) {
                concept.set("text", text);
            }
            draft.set("code", concept, value.unwrap_or(el));
            return;
        }
        draft.set("code", self.required_concept(value, self.words_of(el, value)), value.unwrap_or(el));
    }

    /// What kind of condition it is: by where it stands, and by its own code.
    fn problem_category(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        const DIAGNOSES: [&str; 6] = ["33", "34", "35", "36", "51", "65"];
        let of_parent = |names: &[&str]| {
            around.parent.is_some_and(|parent| {
                parent.templates().any(|template| {
                    template.strip_prefix("2.16.840.1.113883.10.20.22.4.").is_some_and(|name| names.contains(&name))
                })
            })
        };
        let is_diagnosis = of_parent(&DIAGNOSES)
            || of_parent(&["80"])
            || matches!(around.code, "46240-8" | "11535-2" | "46241-6" | "10219-4" | "10218-6" | "59769-0");
        let is_concern = of_parent(&["132", "136"]) || around.code == "75310-3";
        let category = if is_concern {
            concept_of("http://hl7.org/fhir/us/core/CodeSystem/condition-category", "health-concern", "Health Concern")
        } else if is_diagnosis {
            concept_of(CATEGORY, "encounter-diagnosis", "Encounter Diagnosis")
        } else {
            concept_of(CATEGORY, "problem-list-item", "Problem List Item")
        };
        draft.push("category", category, around.parent.unwrap_or(el));
        if let Some(code) = el.get("code")
            && code.attr("code") != Some("ASSERTION")
        {
            draft.push_some("category", self.concept(code), code);
        }
    }

    /// Age at onset, where no date is told.
    fn age_at_onset(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>) {
        for age in Self::parts(el, Kind::AgeAtOnset) {
            let Some(value) = age.get("value") else { continue };
            if draft.has("onsetDateTime") {
                continue;
            }
            if let Some(quantity) = self.age(value) {
                self.claim(age);
                draft.tree.remove("_onsetDateTime");
                draft.places.retain(|(name, _)| name != "_onsetDateTime");
                draft.set("onsetAge", quantity, value);
            }
        }
    }

    /// True if a statement is no more than a number.
    pub(super) fn is_bare(el: El<'d>) -> bool {
        super::template::kind(el).is_none() && el.elements().all(|child| matches!(child.name(), "id" | "templateId"))
    }

    /// The encounters that have the number of one that is named.
    pub(super) fn encounters_numbered(&self, named: El<'d>) -> Vec<Ref> {
        let mut all: Vec<Ref> = self.targets(named).into_iter().filter_map(|el| self.made_of(el)).collect();
        let is_of_document = || {
            let whole = self.root.at(&["componentOf", "encompassingEncounter"])?;
            let number = |id: El<'d>| (id.attr("root"), id.attr("extension"));
            whole.all("id").any(|id| named.all("id").any(|other| number(other) == number(id))).then_some(())
        };
        if all.is_empty() && is_of_document().is_some() {
            all.extend(self.encounter.get().cloned());
        }
        all.retain(|made| made.is(&["Encounter"]));
        all
    }

    /// A PQ or INT as an Age.
    pub(super) fn age(&self, value: El<'d>) -> Option<Tree> {
        let number = self.number(value)?;
        let code = value.attr("unit").unwrap_or("a");
        let text = match code {
            "a" => "year",
            "mo" => "month",
            "wk" => "week",
            "d" => "day",
            "h" => "hour",
            "min" => "minute",
            _ => return None,
        };
        Some(Tree::from([
            ("value", Tree::Number(number)),
            ("unit", text.into()),
            ("system", super::quantity::UCUM.into()),
            ("code", code.into()),
        ]))
    }

    /// The encounter that a statement stands in, else that of the document.
    pub(super) fn encounter_of(&self, el: El<'d>) -> Option<Tree> {
        for (_, named) in el.related().filter(|(_, inner)| inner.name() == "encounter" && Self::is_bare(*inner)) {
            if let Some(made) = self.encounters_numbered(named).into_iter().next() {
                self.claim(named);
                return Some(made.tree());
            }
            if let Some((identified, _)) = self.identifiers(named).into_iter().next() {
                self.claim(named);
                return Some(Tree::from([("type", "Encounter".into()), ("identifier", identified.tree)]));
            }
        }
        let mut at = Self::parent_statement(el);
        while let Some(parent) = at {
            if parent.name() == "encounter"
                && let Some(made) = self.made_of(parent).filter(|made| made.is(&["Encounter"]))
            {
                return Some(made.tree());
            }
            at = Self::parent_statement(parent);
        }
        self.encounter.get().map(Ref::tree)
    }
}
