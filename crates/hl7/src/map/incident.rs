//! ACC and PDA to Observations: an accident, the certificate of a death, an autopsy. The guide gives these segments no target;
//! what they hold is asked for like other observations, so it becomes such.

use super::coded::coding;
use super::context::{Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{Code, TERMINOLOGY, yes_no};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

const LOINC: &str = "http://loinc.org";
/// Codes of our own, for what LOINC names for one country's forms only, or not at all.
const OWN: &str = "urn:medweave:coding-system:observation";

/// A code of our own, with the LOINC code of the same meaning before it where there is one.
fn named(loinc: Option<Code>, own: Code) -> Tree {
    let codings: Vec<Tree> = loinc.map(|code| coding(LOINC, code)).into_iter().chain([coding(OWN, own)]).collect();
    Tree::from([("coding", codings.into())])
}

impl<'m> Context<'m> {
    /// ACC: what happened as the value, where and how as components.
    pub(super) fn accident(&self, acc: Segment<'m>, subject: &Subject, encounter: Option<&Tree>) {
        let mut accident = resource("Observation");
        let own = self.ei(self.take(acc, 13).into(), "accident", None);
        accident.fill_all("identifier", own.iter().map(|identified| identified.tree.clone()).collect());
        accident.set("status", "final");
        let what = ("injury-incident", "Injury incident description");
        accident.set("code", named(Some(("11374-6", "Injury incident description Narrative")), what));
        accident.set("subject", subject.reference.clone());
        accident.fill("encounter", encounter.cloned());
        let at = self.date_time(self.take(acc, 1).into());
        accident.fill("effectiveDateTime", at.clone());
        accident.fill_all("performer", self.practitioners(self.take(acc, 7)));
        accident.fill("valueString", self.text(Parts::from(self.take(acc, 8)).whole()));
        let mut add = |own: Code, kind: &str, value: Option<Tree>| {
            if let Some(value) = value {
                accident.push("component", Tree::from([("code", named(None, own)), (kind, value)]));
            }
        };
        let concept = |number: u16, table: &str| self.concept(self.take(acc, number).into(), Some(table));
        add(("accident-kind", "Kind of accident"), "valueCodeableConcept", concept(2, "0050"));
        let text = |number: u16| self.text(Parts::from(self.take(acc, number)).whole()).map(Tree::from);
        add(("accident-location", "Location of the accident"), "valueString", text(3));
        add(("accident-state", "State of the accident"), "valueCodeableConcept", concept(4, "0347"));
        add(("accident-job-related", "Accident is job related"), "valueCodeableConcept", self.indicator(acc, 5));
        add(("accident-death", "Accident led to death"), "valueCodeableConcept", self.indicator(acc, 6));
        add(("accident-brought-in-by", "Brought in by"), "valueString", text(9));
        add(("accident-police-notified", "Police was notified"), "valueCodeableConcept", self.indicator(acc, 10));
        let address = self.xad(self.take(acc, 11).into()).map(|address| {
            let parts = ["line", "city", "district", "state", "postalCode", "country"].iter();
            let texts = parts.filter_map(|name| address.get(name)).flat_map(|part| match part {
                Tree::Array(lines) => lines.iter().filter_map(Tree::as_str).map(str::to_owned).collect(),
                other => other.as_str().map(str::to_owned).into_iter().collect::<Vec<String>>(),
            });
            Tree::from(texts.collect::<Vec<_>>().join(", "))
        });
        add(("accident-address", "Address of the accident"), "valueString", address);
        let liability = self.number(*self.take(acc, 12).component(1)).map(|number| Tree::from([("value", number)]));
        add(("accident-liability", "Degree of patient liability"), "valueQuantity", liability);
        if accident.get("valueString").is_none() && accident.get("component").is_none() {
            return;
        }
        let key = match own {
            Some(identified) => Key {
                resource_type: "Observation",
                system: identified.system.unwrap_or_else(|| self.source_system("accident")),
                value: identified.value,
            },
            None => self.derived_key("Observation", "accident", &[&subject.token, at.as_deref().unwrap_or_default()]),
        };
        self.put(key, Write::Update, accident, Vec::new());
    }

    /// PDA: what the patient died of, whether the death was certified, whether there was an autopsy, whether it is the
    /// coroner's.
    pub(super) fn death(&self, pda: Segment<'m>, subject: &Subject, encounter: Option<&Tree>) {
        self.cause_of_death(pda, subject);
        let start = |code: Tree| {
            let mut observation = resource("Observation");
            observation.set("status", "final");
            observation.set("code", code);
            observation.set("subject", subject.reference.clone());
            observation.fill("encounter", encounter.cloned());
            observation
        };
        let put = |kind: &str, observation: Tree| {
            if observation.get("valueCodeableConcept").is_some() || observation.get("component").is_some() {
                let key = self.derived_key("Observation", kind, &[&subject.token]);
                self.put(key, Write::Update, observation, Vec::new());
            }
        };
        let mut certificate = start(named(None, ("death-certificate", "Death was certified")));
        certificate.fill("effectiveDateTime", self.date_time(self.take(pda, 4).into()));
        certificate.fill_all("performer", self.practitioners(self.take(pda, 5)));
        certificate.fill("valueCodeableConcept", self.indicator(pda, 3));
        let place = repeats(self.take(pda, 2)).find_map(|parts| self.location(parts));
        if let Some(Tree::String(place)) = place.as_ref().and_then(|place| place.get("display")) {
            let code = named(Some(("58332-8", "Location of death")), ("death-location", "Place of death"));
            certificate.push("component", Tree::from([("code", code), ("valueString", place.as_str().into())]));
        }
        put("death-certificate", certificate);
        let mut autopsy = start(named(Some(("85699-7", "Autopsy was performed")), ("autopsy", "Autopsy")));
        autopsy.fill("effectivePeriod", self.range_period(self.take(pda, 7).into()));
        autopsy.fill_all("performer", self.practitioners(self.take(pda, 8)));
        autopsy.fill("valueCodeableConcept", self.indicator(pda, 6));
        put("autopsy", autopsy);
        let mut coroner =
            start(named(Some(("74497-9", "Medical examiner or coroner was contacted")), ("coroner", "Coroner")));
        coroner.fill("valueCodeableConcept", self.indicator(pda, 9));
        put("coroner", coroner);
    }

    /// A yes or no of table 0136.
    fn indicator(&self, segment: Segment<'m>, number: u16) -> Option<Tree> {
        let value = self.take(segment, number);
        let code = self.code(Parts::from(value).first(1))?;
        let code = match yes_no(&code) {
            Some(true) => ("Y", "Yes"),
            Some(false) => ("N", "No"),
            None => {
                self.warn(*value, format!("{code:?} is not of table 0136; it was kept as text"));
                return Some(Tree::from([("text", code.into())]));
            }
        };
        Some(super::coded::concept_of(&format!("{TERMINOLOGY}v2-0136"), code))
    }
}
