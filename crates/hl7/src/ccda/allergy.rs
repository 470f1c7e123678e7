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

/// Substances that are no more than "a substance", "a drug", "a food".
const ANY_SUBSTANCE: [&str; 7] =
    ["105590001", "410942007", "373873005", "763158003", "255620007", "762766007", "419199007"];
/// Values that say themselves that there is none: negated, they do not mean that there is one.
const NONE_KNOWN: [&str; 5] = ["716186003", "160244002", "409137002", "429625007", "428607008"];
/// Substances that are no more than "a drug".
const ANY_DRUG: [&str; 3] = ["410942007", "373873005", "763158003"];

/// That nothing of a kind is known.
fn none_known(code: &str) -> (&'static str, &'static str) {
    match code {
        "416098002" | "59037007" | "419511003" | "409137002" => ("409137002", "No known drug allergies"),
        "414285001" | "235719002" | "418471000" | "429625007" => ("429625007", "No known food allergy"),
        "426232007" | "428607008" => ("428607008", "No known environmental allergy"),
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
        let concern = Self::parent_statement(el).filter(|parent| parent.is_concern());
        let places: Vec<El<'d>> = std::iter::once(el).chain(concern).collect();
        let mut draft = self.begin("AllergyIntolerance", el);
        let value = el.get("value");
        let known = |value: El<'d>| value.codes().find(|code| is_any_allergy(code));
        let kind = value.and_then(known).unwrap_or_default();
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
        // A value that names what the allergy is to (allergy to penicillin) denies that one alone.
        let is_kind = value.is_none_or(|value| {
            let null = || value.null().is_some_and(|flavor| flavor != "OTH");
            value.codes().next().map_or_else(null, |_| value.codes().all(is_any_allergy))
        });
        // A name beside a general code tells of one substance.
        let name = substance.and_then(|entity| entity.get("name")).and_then(El::plain);
        let of_any = substance_code.filter(|code| {
            code.codes().next().is_some() && name.as_deref().is_none_or(|name| code.attr("displayName") == Some(name))
        });
        let is_any =
            named.is_none() || of_any.is_some_and(|code| code.codes().all(|code| ANY_SUBSTANCE.contains(&code)));
        let is_none = is_negated && is_any && is_kind;
        let is_refuted = is_negated && !is_none;
        if is_none {
            let drugs = of_any.is_some_and(|code| code.codes().any(|code| ANY_DRUG.contains(&code)));
            let (code, text) = none_known(if drugs { "416098002" } else { kind });
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
        let told = told.iter().find_map(|status| {
            let value = status.get("value")?;
            Some((value.codes().find_map(allergy_status)?, value))
        });
        let has_ended = self.allergy_time(&mut draft, el);
        let of_concern = concern.and_then(|concern| concern.get("statusCode"));
        let (status, from) = match (told, of_concern) {
            _ if has_ended => ("resolved", el),
            (Some(told), _) => told,
            (_, Some(code)) => (allergy_status(Self::code_of(Some(code))).unwrap_or("active"), code),
            _ => ("active", el),
        };
        let is_error = places.iter().any(|place| place.status() == Some("nullified"));
        if !is_refuted && !is_error {
            draft.set("clinicalStatus", concept_of(CLINICAL, status, ""), from);
        }
        draft.set("verificationStatus", concept_of(VERIFICATION, verification(is_refuted, is_error), ""), el);
        for criticality in self.take(el, Kind::Criticality) {
            let code = criticality.get("value").and_then(|value| value.codes().find_map(how_critical));
            if code.is_none() && criticality.get("value").is_some_and(El::says_something) {
                self.note(criticality, "this criticality has no code of FHIR; it is in the document alone");
            }
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
        let severity_of = |el: El<'d>| el.get("value").and_then(|value| value.codes().find_map(severity));
        let own_severity = own.and_then(severity_of);
        let mut used = false;
        for reaction in self.take(el, Kind::Reaction) {
            if reaction.is_negated() {
                self.list(reaction, "it denies a reaction, which FHIR has no element for");
                continue;
            }
            let value = reaction.get("value");
            let mut tree = Tree::object();
            let manifestation = self.required_concept(value, self.words_of(reaction, value));
            tree.push("manifestation", manifestation);
            if let Some(low) = reaction.get("effectiveTime").and_then(|time| time.get("low").or(Some(time))) {
                self.put_time(&mut tree, "onset", low);
            }
            let severities = self.take(reaction, Kind::Severity);
            let told = severities.iter().copied().find_map(severity_of);
            let has_value = |el: &&El<'d>| el.get("value").is_some_and(El::says_something);
            for other in severities.iter().filter(has_value).filter(|_| told.is_none()) {
                self.note(*other, "this severity has no code of FHIR; it is in the document alone");
            }
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

fn allergy_status(code: &str) -> Option<&'static str> {
    match code {
        "73425007" | "suspended" | "aborted" | "completed" => Some("inactive"),
        "413322009" => Some("resolved"),
        "55561003" | "active" | "new" => Some("active"),
        _ => None,
    }
}

fn how_critical(code: &str) -> Option<&'static str> {
    match code {
        "CRITL" => Some("low"),
        "CRITH" => Some("high"),
        "CRITU" => Some("unable-to-assess"),
        _ => None,
    }
}

/// True of a value that says no more than that it is an allergy, of some category.
fn is_any_allergy(code: &str) -> bool {
    kind_of(code) != (None, None) || NONE_KNOWN.contains(&code)
}
