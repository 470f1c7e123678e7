//! PV1 and PV2 to Encounter.

use super::coded::{coding, concept_of};
use super::context::{Context, Fill, extension, resource};
use super::identifier::identifier_type;
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, class_status, patient_class, patient_class_text};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// A stay that was put.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) key: Key,
    pub(super) reference: Tree,
}

/// What an event says about a stay besides its segments.
pub(super) struct StayEvent<'e> {
    /// The trigger, as in `A02`.
    pub(super) trigger: &'e str,
    /// When it happened (EVN-6, else EVN-2), as dateTime.
    pub(super) at: Option<String>,
    /// When it happened as far as that is said (EVN-6).
    pub(super) occurred: Option<String>,
}

/// The status of a stay: what the event says, else whether it ended, else what its class implies. The flag says that it is no
/// more than that: an update of a stay that ended does not begin it anew.
fn status(trigger: &str, class: &str, has_ended: bool) -> (&'static str, bool) {
    match trigger {
        "A01" | "A02" | "A12" | "A13" | "A17" | "A22" | "A52" => ("in-progress", false),
        "A21" | "A53" => ("onleave", false),
        "A03" => ("finished", false),
        "A05" | "A14" => ("planned", false),
        "A11" | "A27" | "A38" => ("cancelled", false),
        "A23" => ("entered-in-error", false),
        // Somebody who is there is moved about, or is expected to go: whether he is on leave is not said.
        "A09" | "A10" | "A15" | "A16" | "A25" | "A26" | "A32" | "A33" => ("in-progress", true),
        _ if has_ended => ("finished", false),
        "A04" | "A06" | "A07" => (class_status(class), false),
        _ => (class_status(class), true),
    }
}

const PLANNED_END: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";

const PARTICIPANTS: [(u16, &str, &str); 5] = [
    (7, "ATND", "attender"),
    (8, "REF", "referrer"),
    (9, "CON", "consultant"),
    (17, "ADM", "admitter"),
    (52, "PART", "Participation"),
];

impl<'m> Context<'m> {
    /// PV1 with the PV2 that follows it. `None` if it says nothing (`PV1||N`).
    pub(super) fn encounter(
        &self,
        pv1: Segment<'m>,
        pv2: Option<Segment<'m>>,
        subject: &Subject,
        event: &StayEvent<'_>,
        write: Write,
    ) -> Option<Stay> {
        self.pass(pv1, [1]);
        let class_parts = Parts::from(self.take(pv1, 2));
        let class = self.code(class_parts.first(1)).unwrap_or_default();
        let visit = self.number_of(self.take(pv1, 19).into(), "visit");
        let alternates: Vec<_> =
            repeats(self.take(pv1, 50)).filter_map(|parts| self.number_of(parts, "visit")).collect();
        let says_nothing = matches!(class.as_str(), "N" | "U" | "")
            && visit.is_none()
            && alternates.is_empty()
            && ![3, 7, 44].iter().any(|number| pv1.field(*number).has_value());
        if says_nothing {
            return None;
        }
        let admitted = self.date_time(self.take(pv1, 44).into());
        let key = self.stay_key(pv1, visit.as_ref(), &alternates, subject, &class, admitted.as_deref());

        let mut encounter = resource("Encounter");
        // The same stay may be known by its account only, from messages that do not number it.
        let by_account = subject.account_number.as_ref().filter(|_| visit.is_some());
        let also = by_account.and_then(|account| {
            Some(Key { resource_type: "Encounter", system: account.system.clone()?, value: account.value.clone() })
        });
        let also = also.filter(|also| *also != key);
        if let Some(visit) = visit {
            let mut tree = visit.tree;
            let mut kind = concept_of(&format!("{TERMINOLOGY}v2-0203"), ("VN", "Visit number"));
            kind.set("text", "visit number");
            tree.set("type", kind);
            encounter.push("identifier", tree);
        }
        encounter.fill_all("identifier", alternates.into_iter().map(|identified| identified.tree).collect());
        if let Some(account) = by_account.filter(|_| also.is_some()) {
            let mut tree = account.tree.clone();
            if tree.get("type").is_none() {
                tree.set("type", identifier_type("AN"));
            }
            encounter.push("identifier", tree);
        }
        let cancels_end = event.trigger == "A13";
        let end = self.date_time(repeats(self.take(pv1, 45)).next().unwrap_or_else(|| pv1.field(45).into()));
        // A discharge that is pending has not ended anything.
        let is_pending = matches!(event.trigger, "A16" | "A25");
        let expected_end = end.clone().filter(|_| event.trigger == "A16");
        let end = end.filter(|_| !cancels_end && !is_pending);
        // Where PV1 leaves it open, an admission began and a discharge ended the stay when the event occurred.
        let occurred = |triggers: &[&str]| event.occurred.clone().filter(|_| triggers.contains(&event.trigger));
        let start = admitted.or_else(|| occurred(&["A01", "A04"]));
        let end = end.or_else(|| occurred(&["A03"]));
        let (status, is_assumed) = status(event.trigger, &class, end.is_some());
        encounter.set("status", status);
        encounter.set("class", self.class(class_parts, &class));
        encounter.fill_all("type", self.concepts(self.take(pv1, 4), Some("0007")));
        encounter.fill("serviceType", self.concept(self.take(pv1, 10).into(), Some("0069")));
        encounter.set("subject", subject.reference.clone());
        for (number, code, display) in PARTICIPANTS {
            for practitioner in self.practitioners(self.take(pv1, number)) {
                encounter.push("participant", participant(code, display, practitioner));
            }
        }
        let mut period = Tree::object();
        period.fill("start", start);
        period.fill("end", end);
        encounter.fill("period", super::context::filled(period));
        encounter.fill("hospitalization", self.hospitalization(pv1));
        self.locations(pv1, pv2, &class, event, &mut encounter);
        encounter.fill_all("account", subject.account.clone().into_iter().collect());
        self.episode(pv1, subject, &mut encounter);
        if let Some(pv2) = pv2 {
            self.stay_details(pv2, &mut encounter);
        }
        if let Some(end) = expected_end.filter(|_| pv2.is_none_or(|pv2| !pv2.field(9).has_value())) {
            encounter.push("extension", extension(PLANNED_END, "valueDateTime", end));
        }
        let mut cleared: Vec<String> = [("serviceType", 10), ("type", 4)]
            .iter()
            .filter(|(_, number)| pv1.field(*number).is_null())
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if cancels_end {
            // What the discharge told is taken back with it.
            cleared.push("period.end".to_owned());
            for (part, number) in [("dischargeDisposition", 36), ("destination", 37)] {
                if !pv1.field(number).has_value() {
                    cleared.push(format!("hospitalization.{part}"));
                }
            }
        }
        if event.trigger == "A25" && pv2.is_none_or(|pv2| !pv2.field(9).has_value()) {
            // The discharge that was expected is not.
            cleared.push(format!("extension={PLANNED_END}"));
        }
        let reference = self.put(key.clone(), write, encounter, cleared);
        if let Some(also) = also {
            self.known_too(&key, also);
        }
        if is_assumed {
            self.assume(&key, "status");
        }
        Some(Stay { key, reference })
    }

    fn class(&self, parts: Parts<'m>, code: &str) -> Tree {
        if let Some(class) = patient_class(code) {
            return coding(&format!("{TERMINOLOGY}v3-ActCode"), class);
        }
        if code.is_empty() {
            self.warn(parts.whole(), "no patient class is given; the stay's class is unknown");
            return coding(&format!("{TERMINOLOGY}v3-NullFlavor"), ("UNK", "unknown"));
        }
        let mut class = self.coding(parts, Some("0004")).unwrap_or_else(Tree::object);
        if class.get("display").is_none() {
            class.fill("display", patient_class_text(code));
        }
        class
    }

    /// The visit number; else the account number, which many senders use for it; else what else tells stays apart.
    fn stay_key(
        &self,
        pv1: Segment<'m>,
        visit: Option<&super::identifier::Identified>,
        alternates: &[super::identifier::Identified],
        subject: &Subject,
        class: &str,
        start: Option<&str>,
    ) -> Key {
        let own = visit.or(subject.account_number.as_ref()).or(alternates.first());
        if let Some(identified) = own
            && let Some(system) = &identified.system
        {
            if visit.is_none() {
                self.note(*pv1.field(19), "no visit number: the stay is known by its account or alternate number");
            }
            return Key { resource_type: "Encounter", system: system.clone(), value: identified.value.clone() };
        }
        self.warn(*pv1.field(19), "no visit number: the stay is known by patient, class and admission time");
        self.shared_key("Encounter", "visit", &[&subject.token, class, start.unwrap_or("")])
    }

    fn hospitalization(&self, pv1: Segment<'m>) -> Option<Tree> {
        let mut stay = Tree::object();
        stay.fill("preAdmissionIdentifier", self.cx(self.take(pv1, 5).into(), "preadmission").map(|cx| cx.tree));
        stay.fill("admitSource", self.concept(self.take(pv1, 14).into(), Some("0023")));
        stay.fill("reAdmission", self.concept(self.take(pv1, 13).into(), Some("0092")));
        stay.fill_all("dietPreference", self.concepts(self.take(pv1, 38), Some("0114")));
        stay.fill_all("specialCourtesy", self.concepts(self.take(pv1, 16), Some("0099")));
        let destination = Parts::from(self.take(pv1, 37));
        if let Some(name) = self.concept_text(destination.nested(1)).or_else(|| self.text(destination.first(1))) {
            stay.set("destination", self.named_location(&name));
        }
        stay.fill("dischargeDisposition", self.concept(self.take(pv1, 36).into(), Some("0112")));
        super::context::filled(stay)
    }

    /// PV1-3, 6, 11, 42, 43 and PV2-1. A transfer says since when the new place holds and until when the old one did.
    fn locations(
        &self,
        pv1: Segment<'m>,
        pv2: Option<Segment<'m>>,
        class: &str,
        event: &StayEvent<'_>,
        encounter: &mut Tree,
    ) {
        let assigned = match event.trigger {
            // Nobody is there any more, or ever was.
            "A03" | "A11" | "A23" | "A27" | "A38" => "completed",
            "A05" | "A14" => "planned",
            _ if class == "P" => "planned",
            _ => "active",
        };
        let mut add = |segment: Segment<'m>, number: u16, status: &str| {
            let field = self.take(segment, number);
            for parts in repeats(field) {
                let Some(location) = self.location(parts) else { continue };
                let mut entry = Tree::from([("location", location), ("status", status.into())]);
                if let Some(at) = event.at.as_ref().filter(|_| segment.is("PV1")) {
                    // A09 says that someone left, A10 that he arrived, A02 and A17 both.
                    match (event.trigger, number) {
                        ("A02" | "A10" | "A17", 3) => {
                            entry.set("period", Tree::from([("start", at.as_str().into())]));
                        }
                        ("A02" | "A09" | "A17", 6) => {
                            entry.set("period", Tree::from([("end", at.as_str().into())]));
                        }
                        _ => {}
                    }
                }
                encounter.push("location", entry);
            }
        };
        add(pv1, 3, assigned);
        add(pv1, 6, "completed");
        add(pv1, 11, if assigned == "completed" { "completed" } else { "active" });
        // A transfer that is not to be takes the place back that was kept for it.
        add(pv1, 42, if event.trigger == "A26" { "completed" } else { "reserved" });
        add(pv1, 43, "completed");
        if let Some(pv2) = pv2 {
            add(pv2, 1, "planned");
        }
    }

    fn episode(&self, pv1: Segment<'m>, subject: &Subject, encounter: &mut Tree) {
        let description = self.field_text(pv1, 53);
        let Some(identified) = self.cx(self.take(pv1, 54).into(), "episode") else { return };
        let Some(system) = identified.system else { return };
        let key = Key { resource_type: "EpisodeOfCare", system, value: identified.value };
        let mut episode = resource("EpisodeOfCare");
        episode.push("identifier", identified.tree);
        episode.set("status", "active");
        episode.set("patient", subject.reference.clone());
        if let Some(text) = description {
            let url = "http://hl7.org/fhir/StructureDefinition/resource-instance-description";
            episode.push("extension", extension(url, "valueString", text));
        }
        let reference = self.put(key, Write::CreateIfAbsent, episode, Vec::new());
        encounter.push("episodeOfCare", reference);
    }

    fn stay_details(&self, pv2: Segment<'m>, encounter: &mut Tree) {
        self.pass(pv2, [1]);
        encounter.fill("priority", self.concept(self.take(pv2, 25).into(), Some("0217")));
        encounter.fill_all("reasonCode", self.concepts(self.take(pv2, 3), None));
        for practitioner in self.practitioners(self.take(pv2, 13)) {
            encounter.push("participant", participant("REF", "referrer", practitioner));
        }
        if let Some(days) = self.number(*self.take(pv2, 11).component(1)) {
            let length = Tree::from([
                ("value", days),
                ("unit", "d".into()),
                ("system", "http://unitsofmeasure.org".into()),
                ("code", "d".into()),
            ]);
            encounter.set("length", length);
        }
        for (number, name) in [(8, "plannedStartDate"), (9, "plannedEndDate")] {
            if let Some(at) = self.date_time(self.take(pv2, number).into()) {
                let url = format!("http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.{name}");
                encounter.push("extension", extension(&url, "valueDateTime", at));
            }
        }
        if let Some(mode) = self.coding(self.take(pv2, 38).into(), Some("0430")) {
            let url = "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival";
            encounter.push("extension", extension(url, "valueCoding", mode));
        }
        if let Some(description) = self.field_text(pv2, 12) {
            let mut div = String::from("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
            for c in description.chars() {
                match c {
                    '&' => div.push_str("&amp;"),
                    '<' => div.push_str("&lt;"),
                    '>' => div.push_str("&gt;"),
                    c => div.push(c),
                }
            }
            div.push_str("</div>");
            encounter.set("text", Tree::from([("status", "additional".into()), ("div", div.into())]));
        }
    }
}

fn participant(code: &'static str, display: &'static str, practitioner: Tree) -> Tree {
    let kind = concept_of(&format!("{TERMINOLOGY}v3-ParticipationType"), (code, display));
    Tree::from([("type", vec![kind].into()), ("individual", practitioner)])
}
