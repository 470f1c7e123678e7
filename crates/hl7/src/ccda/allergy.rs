//! Allergy and Intolerance Observation to AllergyIntolerance.

use super::codes::{concept_of, concept_text};
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::null::absent;
use super::problem::{RECORDERS, SNOMED, verification};
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const ABATED: &str = "http://hl7.org/fhir/StructureDefinition/allergyintolerance-abatement";

/// What the kind of an allergy says of type and category.
fn kind_of(code: &str) -> (Option<&'static str>, Option<&'static str>) {
    match code {
        "419199007" | "418634005" | "106190000" => (Some("allergy"), None),
        "416098002" => (Some("allergy"), Some("medication")),
        "414285001" => (Some("allergy"), Some("food")),
        "426232007" => (Some("allergy"), Some("environment")),
        "59037007" => (Some("intolerance"), Some("medication")),
        "235719002" => (Some("intolerance"), Some("food")),
        "782197009" => (Some("intolerance"), None),
        "419511003" => (None, Some("medication")),
        "418471000" => (None, Some("food")),
        _ => (None, None),
    }
}

/// That nothing of a kind is known.
fn none_known(code: &str) -> (&'static str, &'static str) {
    match code {
        "416098002" | "59037007" | "419511003" => ("409137002", "No known drug allergies"),
        "414285001" | "235719002" | "418471000" => ("429625007", "No known food allergy"),
        "426232007" => ("428607008", "No known environmental allergy"),
        _ => ("716186003", "No known allergy"),
    }
}

/// What a severity says.
fn severity(code: &str) -> Option<&'static str> {
    match code {
        "255604002" | "L" => Some("mild"),
        "371923003" | "6736007" | "M" => Some("moderate"),
        "371924009" | "24484000" | "399166001" | "H" => Some("severe"),
        _ => None,
    }
}

impl<'d> Context<'d> {
    pub(super) fn allergy(&self, el: El<'d>) -> Ref {
        let concern = Self::parent_statement(el).filter(|parent| parent.name() == "act");
        let places: Vec<El<'d>> = std::iter::once(el).chain(concern).collect();
        let mut draft = self.begin("AllergyIntolerance", el);
        let value = el.get("value");
        let kind = Self::code_of(value);
        let mut substances = el
            .all("participant")
            .filter(|participant| matches!(participant.attr("typeCode"), Some("CSM") | None))
            .filter_map(|participant| participant.at(&["participantRole", "playingEntity"]));
        let substance = substances.next();
        for other in substances {
            self.warn(other, "an allergy is to one substance, the first; this one is in the document alone");
        }
        let substance_code = substance.and_then(|entity| entity.get("code"));
        let named = substance_code.and_then(|code| self.concept(code)).or_else(|| {
            substance.and_then(|entity| entity.get("name")).and_then(El::plain).map(|name| concept_text(&name))
        });
        let is_negated = el.is_negated() || concern.is_some_and(El::is_negated);
        let is_none = is_negated && named.is_none();
        let is_refuted = is_negated && !is_none;
        if is_none {
            let (code, text) = none_known(kind);
            let mut concept = concept_of(SNOMED, code, text);
            concept.fill("text", self.words_of(el, substance_code));
            draft.set("code", concept, value.unwrap_or(el));
        } else {
            // Without a substance the value says all there is: a kind of allergy, or that nothing is known.
            let words = || self.words_of(el, substance_code).or_else(|| value.and_then(|v| self.words_of(el, Some(v))));
            let code = named.unwrap_or_else(|| {
                let mut concept = self.required_concept(value, words());
                if concept.get("coding").is_some() && concept.get("text").is_none() {
                    concept.fill("text", words());
                }
                concept
            });
            draft.set("code", code, substance_code.or(substance).unwrap_or(el));
        }
        let (of_type, category) = kind_of(kind);
        if let Some(value) = value {
            draft.fill("type", of_type, value);
            draft.push_some("category", category, value);
        }
        let told = self.take(el, Kind::ProblemStatus);
        let told = told.iter().find_map(|status| status.get("value"));
        let has_ended = self.allergy_time(&mut draft, el);
        let of_concern = concern.and_then(|concern| concern.get("statusCode"));
        let (status, from) = match (told, of_concern) {
            _ if has_ended => ("resolved", el),
            (Some(value), _) if value.attr("code").is_some() => (allergy_status(Self::code_of(Some(value))), value),
            (_, Some(code)) => (allergy_status(Self::code_of(Some(code))), code),
            _ => ("active", el),
        };
        let is_error = places.iter().any(|place| place.status() == Some("nullified"));
        if !is_refuted && !is_error {
            draft.set("clinicalStatus", concept_of(CLINICAL, status, ""), from);
        }
        draft.set("verificationStatus", concept_of(VERIFICATION, verification(is_refuted, is_error), ""), el);
        for criticality in self.take(el, Kind::Criticality) {
            let code = match Self::code_of(criticality.get("value")) {
                "CRITL" => Some("low"),
                "CRITH" => Some("high"),
                "CRITU" => Some("unable-to-assess"),
                _ => None,
            };
            draft.fill("criticality", code, criticality);
        }
        draft.put("patient", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        self.reactions(&mut draft, el);
        if let Some(time) = self.authored(&places) {
            self.fill_time(&mut draft, "recordedDate", time);
        }
        if let Some(author) = self.first_party(&places, "author", RECORDERS) {
            draft.set("recorder", author.reference.tree(), author.el);
        }
        if let Some(informant) = self.first_party(&places, "informant", RECORDERS) {
            draft.set("asserter", informant.reference.tree(), informant.el);
        }
        self.comments(&mut draft, el);
        if let Some(concern) = concern {
            self.comments(&mut draft, concern);
        }
        self.own(draft)
    }

    /// Onset and end; true if it has ended.
    fn allergy_time(&self, draft: &mut Draft<'d>, el: El<'d>) -> bool {
        let Some(time) = el.get("effectiveTime") else { return false };
        if let Some(low) = time.get("low").or(Some(time).filter(|time| time.attr("value").is_some())) {
            self.fill_time(draft, "onsetDateTime", low);
        }
        let Some(high) = time.get("high") else { return false };
        let mut end = Tree::from([("url", ABATED.into())]);
        if self.put_time(&mut end, "valueDateTime", high) {
            draft.push("extension", end, high);
            return true;
        }
        if matches!(high.null(), Some("UNK" | "ASKU")) {
            draft.push("extension", Tree::from([("url", ABATED.into()), ("_valueDateTime", absent("unknown"))]), high);
            return true;
        }
        false
    }

    fn reactions(&self, draft: &mut Draft<'d>, el: El<'d>) {
        // A severity of the allergy itself is that of its reactions, where they have none.
        let own = Self::parts(el, Kind::Severity).into_iter().next();
        let own_severity = own.and_then(|severity_el| severity(Self::code_of(severity_el.get("value"))));
        let mut used = false;
        for reaction in self.take(el, Kind::Reaction) {
            let value = reaction.get("value");
            let mut tree = Tree::object();
            let manifestation = self.required_concept(value, self.words_of(reaction, value));
            tree.push("manifestation", manifestation);
            if let Some(low) = reaction.get("effectiveTime").and_then(|time| time.get("low").or(Some(time))) {
                self.put_time(&mut tree, "onset", low);
            }
            let severities = self.take(reaction, Kind::Severity);
            let told = severities.iter().find_map(|el| severity(Self::code_of(el.get("value"))));
            used |= own_severity.is_some() && (told.is_none() || told == own_severity);
            tree.fill("severity", told.or(own_severity));
            for comment in self.take(reaction, Kind::Comment) {
                if let Some(text) = self.statement_text(comment) {
                    tree.push("note", self.annotation(comment, text));
                }
            }
            draft.push("reaction", tree, reaction);
        }
        let Some(own) = own else { return };
        if used {
            self.claim(own);
        } else if own_severity.is_some() && !draft.has("reaction") {
            // Without a reaction there is no place for it but one of no known form.
            self.claim(own);
            let mut tree = Tree::object();
            tree.push("manifestation", absent("unknown"));
            tree.fill("severity", own_severity);
            draft.push("reaction", tree, own);
        }
    }
}

fn allergy_status(code: &str) -> &'static str {
    match code {
        "73425007" | "suspended" | "aborted" | "completed" => "inactive",
        "413322009" => "resolved",
        _ => "active",
    }
}
