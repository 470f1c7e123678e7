//! Observations, and the organizers that hold them: results to DiagnosticReport, vital signs and the like to panels.

use super::codes::{coding, concept_of};
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::entry::Surroundings;
use super::null::absent_concept;
use super::template::{Category, Kind};
use crate::map::context::{Fill, filled};
use fhir::json::Tree;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const PERFORMERS: &[&str] =
    &["Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson"];
const REPORTERS: &[&str] = &["Practitioner", "PractitionerRole", "Organization", "CareTeam"];

/// The panel that vital signs of one time are.
const VITALS_PANEL: &str = "85353-1";

/// Values of a component, at most.
const VALUES_MAX: usize = 100;

/// The category of a kind.
fn category(kind: Kind) -> Option<Tree> {
    let known = |code: &str, text: &str| Some(concept_of(CATEGORY, code, text));
    match kind {
        Kind::Vital | Kind::VitalOrganizer => known("vital-signs", "Vital Signs"),
        Kind::Result | Kind::ResultOrganizer => known("laboratory", "Laboratory"),
        Kind::Smoking | Kind::Observed(Category::Social) | Kind::Panel(Category::Social) => {
            known("social-history", "Social History")
        }
        Kind::Observed(Category::Survey) => known("survey", "Survey"),
        Kind::Observed(Category::Exam) => known("exam", "Exam"),
        Kind::Observed(Category::Imaging) => known("imaging", "Imaging"),
        Kind::Observed(Category::Functional) | Kind::Panel(Category::Functional) => Some(concept_of(
            "http://hl7.org/fhir/us/core/CodeSystem/us-core-category",
            "functional-status",
            "Functional Status",
        )),
        Kind::Observed(Category::Cognitive) | Kind::Panel(Category::Cognitive) => Some(concept_of(
            "http://hl7.org/fhir/us/core/CodeSystem/us-core-category",
            "cognitive-status",
            "Cognitive Status",
        )),
        _ => None,
    }
}

/// `Observation.status`
fn status(el: El<'_>) -> &'static str {
    match el.status() {
        Some("completed") => "final",
        Some("active" | "new" | "held" | "suspended") => "registered",
        Some("aborted" | "cancelled") => "cancelled",
        Some("nullified") => "entered-in-error",
        Some(_) => "unknown",
        None if is_state_unknown(el) => "unknown",
        None => "final",
    }
}

/// True if a statement says that its state is not known.
pub(super) fn is_state_unknown(el: El<'_>) -> bool {
    el.get("statusCode").is_some_and(|status| status.null().is_some())
}

impl<'d> Context<'d> {
    pub(super) fn observation(&self, kind: Kind, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let mut draft = self.begin("Observation", el);
        draft.set("status", status(el), el.get("statusCode").unwrap_or(el));
        draft.push_some("category", category(kind), el);
        let code = el.get("code");
        let mut concept = self.required_concept(code, self.words_of(el, code));
        if kind == Kind::Smoking && !has_code(&concept, "http://loinc.org", "72166-2") {
            // Earlier versions of the template say only that something is asserted.
            let loinc = coding("http://loinc.org", "72166-2", "Tobacco smoking status NHIS");
            let others = concept.get("coding").map_or(&[][..], Tree::items).to_vec();
            let text = concept.get("text").cloned();
            concept = Tree::from([("coding", std::iter::once(loinc).chain(others).collect::<Vec<_>>().into())]);
            concept.fill("text", text);
        }
        draft.set("code", concept, code.unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(about) = Self::parent_statement(el).and_then(|parent| self.made_of(parent))
            && !about.is(&["Observation", "DiagnosticReport"])
        {
            draft.put("focus", vec![about.tree()]);
        }
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        let organizer = Self::parent_statement(el).filter(|parent| parent.name() == "organizer");
        let own = el
            .get("effectiveTime")
            .filter(|time| time.attr("value").is_some() || time.elements().next().is_some() || time.null().is_some());
        let time = own.or_else(|| organizer.and_then(|organizer| organizer.get("effectiveTime")));
        if let Some(time) = time {
            self.fill_point_or_period(&mut draft, "effective", time);
        }
        if let Some(time) = self.authored(&[el]) {
            self.fill_instant(&mut draft, "issued", time);
        }
        let mut performers = Self::references(self.parties(el, "performer"), PERFORMERS);
        if performers.is_empty() {
            performers = Self::references(self.parties(el, "author"), PERFORMERS);
        }
        if performers.is_empty()
            && let Some(organizer) = organizer
        {
            performers = Self::references(self.parties(organizer, "performer"), PERFORMERS);
        }
        draft.push_all("performer", performers);
        self.values(&mut draft, el);
        for code in el.all("interpretationCode") {
            draft.push_some("interpretation", self.concept(code), code);
        }
        for (element, name) in [("method", "methodCode"), ("bodySite", "targetSiteCode")] {
            if let Some(code) = self.only(el, name) {
                draft.fill(element, self.concept(code), code);
            }
        }
        self.reference_ranges(&mut draft, el);
        if let Some(specimen) = self.specimen(el) {
            draft.set("specimen", specimen.tree(), el.get("specimen").unwrap_or(el));
        }
        if let Some(participant) = el.all("participant").find(|participant| participant.attr("typeCode") == Some("DEV"))
            && let Some(device) = self.product_instance(participant)
        {
            draft.set("device", device.tree(), participant);
        }
        self.members(&mut draft, el, around);
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// Observations that are parts of one: scores of a scale, causes and effects.
    fn members(&self, draft: &mut Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        for (relation, inner) in el.related() {
            let is_part = matches!(super::template::kind(inner), Some(Kind::Observed(_) | Kind::Result | Kind::Vital));
            if !is_part || self.is_claimed(inner) {
                continue;
            }
            let is_support = relation.attr("typeCode") == Some("SPRT");
            for made in self.inner(inner, el, around) {
                if made.is(&["Observation"]) {
                    draft.push(if is_support { "derivedFrom" } else { "hasMember" }, made.tree(), inner);
                }
            }
        }
    }

    /// True if what holds it is negated: a concern, or an organizer.
    fn is_in_negated(el: El<'d>) -> bool {
        let holder = Self::parent_statement(el).filter(|holder| holder.is_concern() || holder.name() == "organizer");
        holder.is_some_and(El::is_negated)
    }

    /// The value, or why there is none. FHIR has one; more are components of the same code.
    fn values(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let is_negated = el.is_negated() || Self::is_in_negated(el);
        if is_negated {
            // What was not found, or not done: whatever stands here is told as that.
            draft.push("interpretation", negated(), el);
        }
        let mut all = el.all("value");
        let Some(first) = all.next() else {
            let is_group = el
                .related()
                .any(|(_, inner)| matches!(super::template::kind(inner), Some(Kind::Observed(_) | Kind::Result)));
            if !is_group && draft.kind == "Observation" && !is_negated {
                let words = self.statement_text(el);
                match words {
                    // What is told only in words.
                    Some(words) if el.get("code").is_some_and(|code| code.attr("code") != Some("ASSERTION")) => {
                        draft.set("valueString", words, el);
                    }
                    _ => {
                        draft.put("dataAbsentReason", absent_concept("UNK"));
                    }
                }
            }
            return;
        };
        match self.value(first, el) {
            Some((name, value)) => {
                draft.set(&format!("value{name}"), value, first);
            }
            None => {
                // A value is there that FHIR has no form for.
                let is_unit = first.attr("unit").is_some() && first.elements().next().is_none();
                let is_there = first.null().is_none() && first.says_something() && !is_unit;
                if is_there {
                    self.warn(first, "a value of this form has no element; it is in the document alone");
                }
                let flavor = first.null().unwrap_or(if is_there { "OTH" } else { "UNK" });
                draft.set("dataAbsentReason", absent_concept(flavor), first);
            }
        }
        for value in el.all("value").skip(1 + VALUES_MAX) {
            self.warn(value, format!("of more than {VALUES_MAX} values this one is in the document alone"));
        }
        for value in all.take(VALUES_MAX) {
            let told = self.value(value, el);
            if told.is_none() && value.null().is_none() && value.says_something() {
                self.warn(value, "a value of this form has no element; it is in the document alone");
            }
            if let (Some((name, tree)), Some(code)) = (told, draft.tree.get("code").cloned()) {
                let mut component = Tree::from([("code", code), (format!("value{name}").as_str(), tree)]);
                if is_negated {
                    component.push("interpretation", negated());
                }
                let at = draft.tree.get("component").map_or(0, |all| all.items().len());
                draft.push("component", component, value);
                if let Some(code) = el.get("code") {
                    draft.places.push((format!("component[{at}].code"), code));
                }
            }
        }
    }

    /// A value by its type: what follows `value` in the name of the element, and the value itself.
    pub(super) fn value(&self, el: El<'d>, statement: El<'d>) -> Option<(&'static str, Tree)> {
        let some = |name, tree: Option<Tree>| tree.map(|tree| (name, tree));
        match el.kind().unwrap_or_default() {
            "PQ" | "REAL" | "MO" | "PQR" => self.measured(el, statement),
            "IVL_PQ" | "IVL_REAL" | "IVL_INT" => {
                if el.attr("value").is_some() {
                    return self.measured(el, statement);
                }
                match self.compared(el) {
                    Some(quantity) => some("Quantity", Some(quantity)),
                    None => some("Range", self.range(el)),
                }
            }
            "INT" => match el.attr("value").map(|text| text.trim_start_matches('+').parse::<i32>()) {
                Some(Ok(number)) => some("Integer", Some(Tree::from(i64::from(number)))),
                // One that is none, or too large for FHIR, is told as it stands.
                _ => self.measured(el, statement),
            },
            "BL" => some("Boolean", el.truth().map(Tree::Bool)),
            "RTO" | "RTO_PQ_PQ" => some("Ratio", self.ratio(el)),
            "TS" => {
                let mut at = Tree::object();
                if self.put_time(&mut at, "at", el) {
                    return some("DateTime", at.remove("at"));
                }
                some("String", el.attr("value").and_then(super::text::clean).map(Tree::from))
            }
            "IVL_TS" => some("Period", self.period(el)),
            "CD" | "CE" | "CV" | "CO" | "CS" | "SC" => {
                let concept = self.concept(el).or_else(|| {
                    let words = el.get("originalText").is_none().then(|| self.statement_text(statement)).flatten();
                    words.filter(|_| el.null() == Some("OTH")).map(|words| super::codes::concept_text(&words))
                });
                some("CodeableConcept", concept)
            }
            "II" => some("String", self.identifier(el).map(|identified| identified.value.into())),
            "ED" if el.attr("representation") == Some("B64") => {
                self.warn(el, "data as a value of an observation has no element; it is in the document alone");
                None
            }
            "SLIST_PQ" | "GLIST_PQ" | "GLIST_TS" => some("SampledData", self.sampled(el)),
            "" if el.attr("value").is_some() && el.attr("unit").is_some() => {
                self.note(el, "the value names no type; with a number and a unit it was read as a PQ");
                self.measured(el, statement)
            }
            // Other forms of a PQ (PPD_PQ, SXCM_PQ, ...): a number with a unit.
            _ if el.attr("value").is_some() && el.attr("unit").is_some() => self.measured(el, statement),
            _ => {
                let text = self.text(el).or_else(|| el.attr("value").and_then(super::text::clean));
                some("String", text.map(Tree::from))
                    .or_else(|| some("CodeableConcept", el.attr("code").and_then(|_| self.concept(el))))
            }
        }
    }

    /// An SLIST_PQ: an origin, a scale and digits.
    fn sampled(&self, el: El<'d>) -> Option<Tree> {
        let origin = self.quantity(el.get("origin")?)?;
        let digits = el.get("digits").and_then(El::plain)?;
        let mut data =
            Tree::from([("origin", origin), ("period", Tree::Number("0".into())), ("dimensions", Tree::from(1))]);
        if let Some(factor) = el.get("scale").and_then(|scale| self.number(scale)) {
            data.set("factor", Tree::Number(factor));
        }
        data.set("data", digits);
        Some(data)
    }

    fn reference_ranges(&self, draft: &mut Draft<'d>, el: El<'d>) {
        for range in el.all("referenceRange").filter_map(|range| range.get("observationRange")) {
            let mut tree = Tree::object();
            let value = range.get("value");
            let numbers =
                value.filter(|value| matches!(value.kind(), None | Some("IVL_PQ" | "IVL_REAL" | "IVL_INT" | "PQ")));
            if let Some(found) = numbers.and_then(|value| self.range(value)) {
                for (name, value) in found.members() {
                    tree.set(name, value.clone());
                }
            }
            tree.fill("type", range.get("code").and_then(|code| self.concept(code)));
            let text = self.statement_text(range).or_else(|| {
                let value = value.filter(|_| tree.get("low").is_none() && tree.get("high").is_none())?;
                let concept = || self.concept(value).as_ref().and_then(super::medication::words);
                self.text(value).or_else(concept)
            });
            tree.fill("text", text);
            for code in range.all("interpretationCode") {
                tree.fill_all("appliesTo", self.concept(code).into_iter().collect());
            }
            draft.push_some("referenceRange", filled(tree), range);
        }
    }

    /// A specimen that a statement names.
    pub(super) fn specimen(&self, el: El<'d>) -> Option<Ref> {
        let role = el.at(&["specimen", "specimenRole"])?;
        let mut draft = self.begin("Specimen", role);
        if let Some(code) = role.at(&["specimenPlayingEntity", "code"]) {
            draft.fill("type", self.concept(code), code);
        }
        if draft.tree.members().len() < 2 {
            return None;
        }
        draft.put("subject", self.subject());
        Some(self.own(draft))
    }

    /// A panel: an organizer whose members are observations of their own.
    pub(super) fn panel(&self, kind: Kind, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let mut draft = self.begin("Observation", el);
        draft.set("status", status(el), el.get("statusCode").unwrap_or(el));
        draft.push_some("category", category(kind), el);
        let code = el.get("code");
        let mut concept = self.required_concept(code, None);
        if kind == Kind::VitalOrganizer && !has_code(&concept, "http://loinc.org", VITALS_PANEL) {
            // The code that FHIR's profile asks for; what the document calls it stands beside it.
            let panel = coding(
                "http://loinc.org",
                VITALS_PANEL,
                "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel",
            );
            let others = concept.get("coding").map_or(&[][..], Tree::items).to_vec();
            let text = concept.get("text").cloned();
            concept = Tree::from([("coding", std::iter::once(panel).chain(others).collect::<Vec<_>>().into())]);
            concept.fill("text", text);
        }
        draft.set("code", concept, code.unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        self.organizer_time(&mut draft, el);
        let mut performers = Self::references(self.parties(el, "performer"), PERFORMERS);
        if performers.is_empty() {
            performers = Self::references(self.parties(el, "author"), PERFORMERS);
        }
        draft.push_all("performer", performers);
        for (_, inner) in el.related() {
            for made in self.inner(inner, el, around) {
                if made.is(&["Observation", "QuestionnaireResponse", "MolecularSequence"]) {
                    draft.push("hasMember", made.tree(), inner);
                }
            }
        }
        if !draft.has("hasMember") {
            draft.put("dataAbsentReason", absent_concept("UNK"));
        }
        self.own(draft)
    }

    /// The time of an organizer: its own, else from the first to the last of what it holds.
    fn organizer_time(&self, draft: &mut Draft<'d>, el: El<'d>) {
        if let Some(time) = el.get("effectiveTime")
            && self.fill_point_or_period(draft, "effective", time)
        {
            return;
        }
        let mut times: Vec<(String, El<'d>)> = el
            .related()
            .filter_map(|(_, inner)| inner.get("effectiveTime"))
            .filter_map(|time| Some((self.date_time_of(&self.moment(time)?), time)))
            .collect();
        times.sort_by(|a, b| a.0.cmp(&b.0));
        if let (Some((first, from)), Some((last, _))) = (times.first(), times.last()) {
            if first == last {
                draft.set("effectiveDateTime", first.as_str(), *from);
            } else {
                draft.set(
                    "effectivePeriod",
                    Tree::from([("start", first.as_str().into()), ("end", last.as_str().into())]),
                    *from,
                );
            }
        }
    }

    /// A Result Organizer.
    pub(super) fn report(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let mut draft = self.begin("DiagnosticReport", el);
        let status = match el.status() {
            Some("aborted" | "cancelled") => "cancelled",
            Some("active" | "held" | "suspended" | "new") => "registered",
            Some("nullified") => "entered-in-error",
            Some("completed") => "final",
            None if !is_state_unknown(el) => "final",
            _ => "unknown",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        draft.push("category", concept_of("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory"), el);
        let code = el.get("code");
        draft.set("code", self.required_concept(code, None), code.unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        self.organizer_time(&mut draft, el);
        if let Some(time) = self.authored(&[el]) {
            self.fill_instant(&mut draft, "issued", time);
        }
        let mut performers = Self::references(self.parties(el, "performer"), REPORTERS);
        if performers.is_empty() {
            performers = Self::references(self.parties(el, "author"), REPORTERS);
        }
        draft.push_all("performer", performers);
        if let Some(specimen) = self.specimen(el) {
            draft.push("specimen", specimen.tree(), el.get("specimen").unwrap_or(el));
        }
        let mut comments = Vec::new();
        for (_, inner) in el.related() {
            if super::template::kind(inner) == Some(Kind::Comment) {
                if let Some(text) = self.statement_text(inner) {
                    self.claim(inner);
                    comments.push(text);
                }
                continue;
            }
            for made in self.inner(inner, el, around) {
                if made.is(&["Observation"]) {
                    draft.push("result", made.tree(), inner);
                } else if made.is(&["Specimen"]) {
                    draft.push("specimen", made.tree(), inner);
                }
            }
        }
        draft.fill("conclusion", (!comments.is_empty()).then(|| comments.join("\n")), el);
        self.own(draft)
    }
}

/// How an observation is interpreted that `negationInd` negates. The code of its own comes first: a result that is negative happened.
fn negated() -> Tree {
    let codings = vec![
        coding("urn:medweave:code:negation", "negated", "Negated"),
        coding("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "NEG", "Negative"),
    ];
    Tree::from([("coding", codings.into())])
}

fn has_code(concept: &Tree, system: &str, code: &str) -> bool {
    concept.get("coding").map_or(&[][..], Tree::items).iter().any(|coding| {
        coding.get("system").and_then(Tree::as_str) == Some(system)
            && coding.get("code").and_then(Tree::as_str) == Some(code)
    })
}
