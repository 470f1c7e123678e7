//! Encounters: that of the document, and those it tells of.

use super::codes::{coding, concept_text};
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::entry::Surroundings;
use super::made::{Identity, Write};
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

const PEOPLE: &[&str] = &["Practitioner", "PractitionerRole", "RelatedPerson"];
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// Classes of encounters that ActCode has.
const CLASSES: [(&str, &str); 10] = [
    ("AMB", "ambulatory"),
    ("EMER", "emergency"),
    ("FLD", "field"),
    ("HH", "home health"),
    ("IMP", "inpatient encounter"),
    ("ACUTE", "inpatient acute"),
    ("NONAC", "inpatient non-acute"),
    ("OBSENC", "observation encounter"),
    ("SS", "short stay"),
    ("VR", "virtual"),
];

impl<'d> Context<'d> {
    /// The class: required, and rarely told. One of ActCode among the codes, else that it is not known.
    fn class(code: Option<El<'d>>) -> Tree {
        let all = code.into_iter().flat_map(|code| std::iter::once(code).chain(code.all("translation")));
        for code in all {
            let value = code.attr("code").unwrap_or_default();
            if code.attr("codeSystem") == Some("2.16.840.1.113883.5.4")
                && let Some((class, text)) = CLASSES.iter().find(|(class, _)| *class == value)
            {
                return coding(ACT_CODE, class, text);
            }
        }
        coding("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "unknown")
    }

    /// `componentOf/encompassingEncounter`.
    pub(super) fn encompassing_encounter(&self) -> Option<Ref> {
        let el = self.root.at(&["componentOf", "encompassingEncounter"])?;
        let mut draft = self.begin("Encounter", el);
        let time = el.get("effectiveTime");
        let has_ended = time.is_some_and(|time| {
            time.attr("value").is_some() || time.get("high").is_some_and(|high| high.attr("value").is_some())
        });
        draft.set("status", if has_ended { "finished" } else { "unknown" }, time.unwrap_or(el));
        let code = el.get("code");
        draft.set("class", Self::class(code), code.unwrap_or(el));
        if let Some(code) = code {
            draft.push_some("type", self.concept(code), code);
        }
        draft.put("subject", self.subject());
        if let Some(responsible) =
            el.get("responsibleParty").and_then(|party| Some((self.participant_of(party)?, party)))
        {
            Self::encounter_participant(&mut draft, &responsible.0, ("ATND", "attender"), responsible.1);
        }
        for participant in el.all("encounterParticipant") {
            let kind = match participant.attr("typeCode") {
                Some("ADM") => ("ADM", "admitter"),
                Some("ATND") => ("ATND", "attender"),
                Some("CON") => ("CON", "consultant"),
                Some("DIS") => ("DIS", "discharger"),
                Some("REF") => ("REF", "referrer"),
                _ => ("PART", "Participation"),
            };
            if let Some(party) = self.participant_of(participant) {
                Self::encounter_participant(&mut draft, &party, kind, participant);
            }
        }
        if let Some(time) = time {
            draft.fill("period", self.period(time), time);
        }
        if let Some(code) = el.get("dischargeDispositionCode")
            && let Some(concept) = self.concept(code)
        {
            draft.set("hospitalization", Tree::from([("dischargeDisposition", concept)]), code);
        }
        if let Some(location) = el.get("location") {
            if let Some(place) = self.location(location) {
                draft.push("location", Tree::from([("location", place.tree())]), location);
            }
            let provider = location.at(&["healthCareFacility", "serviceProviderOrganization"]);
            if let Some(provider) = provider
                && let Some(organization) = self.organization(provider)
            {
                draft.set("serviceProvider", organization.tree(), provider);
            }
        }
        // An encounter's number is the house's: messages bring it too.
        let key = self
            .identifiers(el)
            .into_iter()
            .find(|(identified, _)| identified.system != "urn:ietf:rfc:3986" && !identified.is_placeholder());
        draft.write = Write::Complete;
        Some(match key {
            Some((identified, _)) => self.add(identified.key("Encounter"), Identity::Identifier, draft),
            None => {
                draft.write = Write::Replace;
                self.own(draft)
            }
        })
    }

    fn encounter_participant(draft: &mut Draft<'d>, party: &Ref, kind: (&str, &str), from: El<'d>) {
        if !party.is(PEOPLE) {
            return;
        }
        let kind =
            super::codes::concept_of("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", kind.0, kind.1);
        draft.push("participant", Tree::from([("type", vec![kind].into()), ("individual", party.tree())]), from);
    }

    /// An Encounter Activity.
    pub(super) fn encounter_entry(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        if !matches!(el.attr("moodCode"), None | Some("EVN")) {
            return self.request(el, around);
        }
        let mut draft = self.begin("Encounter", el);
        let status = match el.status() {
            Some("active") => "in-progress",
            // One that was broken off may have happened, and one that is new may have begun.
            Some("aborted" | "new") => "unknown",
            Some("cancelled") => "cancelled",
            Some("held") => "planned",
            Some("nullified") => "entered-in-error",
            Some("suspended") => "onleave",
            _ => "finished",
        };
        draft.set("status", if el.is_negated() { "cancelled" } else { status }, el.get("statusCode").unwrap_or(el));
        let code = el.get("code");
        draft.set("class", Self::class(code), code.unwrap_or(el));
        if let Some(code) = code {
            let words = || self.words_of(el, Some(code)).map(|text| concept_text(&text));
            draft.push_some("type", self.concept(code).or_else(words), code);
        }
        if let Some(priority) = el.get("priorityCode") {
            draft.fill("priority", self.concept(priority), priority);
        }
        draft.put("subject", self.subject());
        for performer in self.parties(el, "performer") {
            let kind = match performer.el.attr("typeCode") {
                Some("PPRF") => ("PPRF", "primary performer"),
                _ => ("PART", "Participation"),
            };
            Self::encounter_participant(&mut draft, &performer.reference, kind, performer.el);
        }
        if let Some(time) = el.get("effectiveTime") {
            draft.fill("period", self.period(time), time);
        }
        for participant in el.all("participant") {
            if participant.attr("typeCode") == Some("LOC") {
                if let Some(place) = self.location(participant) {
                    let mut tree = Tree::from([("location", place.tree())]);
                    tree.fill("period", participant.get("time").and_then(|time| self.period(time)));
                    draft.push("location", tree, participant);
                }
            } else if let Some(party) = self.participant_of(participant) {
                Self::encounter_participant(&mut draft, &party, ("PART", "Participation"), participant);
            }
        }
        if let Some(code) = el.extension("dischargeDispositionCode")
            && let Some(concept) = self.concept(code)
        {
            draft.set("hospitalization", Tree::from([("dischargeDisposition", concept)]), code);
        }
        // Whatever is in it belongs to it: it must be there before.
        let key = self.own_key("Encounter", el);
        let made = self.add_part(key, draft);
        self.stands_within(el, &made);
        let mut more = Draft::new("Encounter", el);
        self.reasons(&mut more, el, around);
        self.diagnoses(&mut more, el, around);
        let (tree, places) = (more.tree, more.places);
        self.extend(&made, &tree, places);
        made
    }

    /// Diagnoses in an encounter.
    fn diagnoses(&self, draft: &mut Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        for (_, inner) in el.related() {
            if super::template::kind(inner) != Some(Kind::Wrapper) {
                continue;
            }
            for made in self.inner(inner, el, around) {
                if made.is(&["Condition"]) {
                    draft.push("diagnosis", Tree::from([("condition", made.tree())]), inner);
                }
            }
        }
    }
}
