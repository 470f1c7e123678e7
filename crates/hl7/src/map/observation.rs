//! OBX and its NTE to Observation.

use super::coded::concept_of;
use super::context::{About, Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::quantity::digits;
use super::tables::{TERMINOLOGY, interpretation, observation_status, observation_status_of_report};
use super::transaction::{Key, Write};
use super::value::is_text;
use crate::message::Segment;
use fhir::json::Tree;

/// What an OBX stands under.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) subject: Tree,
    pub(super) encounter: Option<Tree>,
    /// The first part of the identity: the order, else what else stays the same when the message comes again.
    pub(super) about: About,
    /// The report's status (OBR-25), for an OBX without one.
    pub(super) report_status: Option<String>,
    /// OBR-7 and OBR-8, for an OBX without a time.
    pub(super) effective: Option<(&'static str, Tree)>,
    pub(super) based_on: Option<Tree>,
    pub(super) part_of: Option<Tree>,
    /// What it was found on.
    pub(super) derived_from: Option<Tree>,
    pub(super) specimen: Option<Tree>,
}

/// Of devices (IHE PCD): the row that names a part of the device and holds no value.
fn is_containment(obx: Segment<'_>) -> bool {
    is_of_device(obx) && !obx.field(2).has_value() && !obx.field(5).has_value() && !obx.field(8).has_value()
}

/// A code of ISO/IEEE 11073.
fn is_of_device(obx: Segment<'_>) -> bool {
    obx.field(3).component(3).text().trim().eq_ignore_ascii_case("MDC")
}

/// How many OBX behind the first of `segments` continue its text: many senders write each line of a report as an OBX with the
/// same code and sub-id.
pub(super) fn continuation(segments: &[Segment<'_>]) -> usize {
    let Some((first, rest)) = segments.split_first() else { return 0 };
    if !first.is("OBX") || !matches!(first.field(2).raw(), b"TX" | b"FT") || !first.field(3).has_value() {
        return 0;
    }
    let same = |other: &Segment<'_>| {
        other.is("OBX")
            && [2, 3, 4, 11, 14].iter().all(|number| other.field(*number).raw() == first.field(*number).raw())
    };
    rest.iter().take_while(|other| same(other)).count()
}

/// An Observation that was put.
#[derive(Clone, Debug)]
pub(super) struct Result {
    pub(super) key: Key,
    pub(super) reference: Tree,
}

impl<'m> Context<'m> {
    /// OBX, with those behind it that continue its text. `None` if it says nothing.
    pub(super) fn observation(
        &self,
        obx: Segment<'m>,
        continued: &[Segment<'m>],
        around: &Surroundings,
    ) -> Option<Result> {
        if is_containment(obx) {
            return None;
        }
        for part in continued {
            self.pass(*part, [1, 2, 3, 4, 5, 11]);
        }
        self.pass(obx, [1, 2, 4]);
        let code_parts = Parts::from(self.take(obx, 3));
        let code = self.concept(code_parts, None);
        if code.is_none() && !obx.field(5).has_value() {
            return None;
        }
        let mut observation = resource("Observation");
        let own = self.ei(self.take(obx, 21).into(), "observation-instance", Some("FILL"));
        observation.fill_all("identifier", own.into_iter().map(|identified| identified.tree).collect());
        observation.fill_all("basedOn", around.based_on.clone().into_iter().collect());
        observation.fill_all("partOf", around.part_of.clone().into_iter().collect());
        observation.fill_all("derivedFrom", around.derived_from.clone().into_iter().collect());
        let result_status = self.field_text(obx, 11).unwrap_or_default().to_ascii_uppercase();
        observation.set("status", self.result_status(obx, &result_status, around));
        observation.set(
            "code",
            code.clone().unwrap_or_else(|| {
                self.warn(*obx.field(3), "an observation without a code");
                Tree::from([("text", "not given".into())])
            }),
        );
        observation.set("subject", around.subject.clone());
        observation.fill("encounter", around.encounter.clone());
        match self.date_time(self.take(obx, 14).into()) {
            Some(at) => {
                observation.set("effectiveDateTime", at);
            }
            None => {
                if let Some((name, value)) = &around.effective {
                    observation.set(name, value.clone());
                }
            }
        }
        self.performers(obx, &mut observation);
        self.values(obx, continued, code.as_ref(), &mut observation);
        self.absence(obx, &result_status, &mut observation);
        for parts in repeats(self.take(obx, 8)) {
            let system = "v3-ObservationInterpretation";
            observation.fill_all(
                "interpretation",
                self.mapped_concept(parts, "0078", |code| interpretation(code).map(|code| (code, system)))
                    .into_iter()
                    .collect(),
            );
        }
        observation
            .fill("bodySite", repeats(self.take(obx, 20)).next().and_then(|parts| self.concept(parts, Some("0163"))));
        observation.fill("method", repeats(self.take(obx, 17)).next().and_then(|parts| self.concept(parts, None)));
        observation.fill("specimen", around.specimen.clone());
        observation.fill("device", repeats(self.take(obx, 18)).find_map(|parts| self.device(parts)));
        if observation.get("component").is_none() {
            observation.fill_all("referenceRange", self.reference_range(obx).into_iter().collect());
        }
        let code = self.code(code_parts.first(1)).or_else(|| self.code(code_parts.first(4)));
        let code = code.or_else(|| self.concept_text(code_parts)).unwrap_or_default();
        let sub = self.text(*obx.field(4)).unwrap_or_default();
        let key = self.observation_key(obx, (&code, &sub), around);
        let reference = self.put(key.clone(), Write::Update, observation, Vec::new());
        self.observed.borrow_mut().insert((code, sub), reference.clone());
        Some(Result { key, reference })
    }

    /// Order, code and sub-id: what stays the same when a result is corrected.
    fn observation_key(&self, obx: Segment<'m>, (code, sub): (&str, &str), around: &Surroundings) -> Key {
        // Devices report the same code again and again under one order: for them the time is part of what it is.
        let at = if is_of_device(obx) { self.date_time(obx.field(14).into()) } else { None };
        let mut parts = vec![code, sub];
        parts.extend(at.as_deref());
        self.derived_key_of("Observation", "observation", &around.about, &parts)
    }

    fn result_status(&self, obx: Segment<'m>, code: &str, around: &Surroundings) -> &'static str {
        let status = observation_status(code);
        if status.is_none() && !code.is_empty() {
            self.warn(*obx.field(11), format!("{code:?} is not of table 0085; the status is unknown"));
            return "unknown";
        }
        status.or_else(|| around.report_status.as_deref().and_then(observation_status_of_report)).unwrap_or("unknown")
    }

    fn performers(&self, obx: Segment<'m>, observation: &mut Tree) {
        let mut performers = self.practitioners(self.take(obx, 16));
        let address = self.xads(self.take(obx, 24));
        let organization =
            repeats(self.take(obx, 23)).next().and_then(|parts| self.organization(parts, address, Vec::new()));
        let producer = self.coded_organization(self.take(obx, 15).into());
        performers.extend(organization.or(producer));
        performers.extend(self.practitioners(self.take(obx, 25)));
        observation.fill_all("performer", performers);
    }

    /// One repetition is the value; lines of text are one text; other repetitions are components.
    fn values(&self, obx: Segment<'m>, continued: &[Segment<'m>], code: Option<&Tree>, observation: &mut Tree) {
        let field = self.take(obx, 5);
        let value_type = self.code(*obx.field(2)).unwrap_or_default().to_ascii_uppercase();
        let filled: Vec<Parts<'m>> = repeats(field).collect();
        match filled.as_slice() {
            _ if !continued.is_empty() || (filled.len() > 1 && is_text(&value_type)) => {
                let lines: Vec<String> =
                    std::iter::once(&obx).chain(continued).map(|obx| self.lines(*obx).unwrap_or_default()).collect();
                let text = lines.join("\n");
                observation.fill("valueString", (!text.trim().is_empty()).then(|| text.trim_end().to_owned()));
            }
            [] => {}
            [value] => self.set_value(observation, obx, &value_type, *value),
            several => {
                for value in several {
                    let mut component = Tree::object();
                    component.set("code", code.cloned().unwrap_or_else(|| Tree::from([("text", "not given".into())])));
                    self.set_value(&mut component, obx, &value_type, *value);
                    component.fill_all("referenceRange", self.reference_range(obx).into_iter().collect());
                    observation.push("component", component);
                }
            }
        }
        if field.is_null() {
            self.note(*field, "the value was deleted by the sender");
        }
    }

    /// The repetitions of OBX-5 as lines.
    pub(super) fn lines(&self, obx: Segment<'m>) -> Option<String> {
        let lines: Vec<String> = obx.field(5).repeats().map(|repeat| self.text(*repeat).unwrap_or_default()).collect();
        let text = lines.join("\n");
        let text = text.trim_end();
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    fn absence(&self, obx: Segment<'m>, result_status: &str, observation: &mut Tree) {
        let has_value = observation.members().iter().any(|(name, _)| name.starts_with("value") || name == "component");
        if has_value {
            return;
        }
        let system = format!("{TERMINOLOGY}data-absent-reason");
        let reason = match result_status {
            "X" => {
                let mut reason = concept_of(&system, ("unknown", "Unknown"));
                reason.set("text", "results cannot be obtained");
                Some(reason)
            }
            "N" => Some(concept_of(&system, ("not-asked", "Not Asked"))),
            _ => repeats(self.take(obx, 32)).next().and_then(|parts| self.concept(parts, None)),
        };
        observation.fill("dataAbsentReason", reason);
    }

    /// OBX-7: the text, and its ends where it is `low-high`, `low to high`, `<high`, `>low`.
    fn reference_range(&self, obx: Segment<'m>) -> Option<Tree> {
        let text = self.text(*self.take(obx, 7))?;
        let mut range = Tree::object();
        let quantity = |number: String| {
            let mut quantity = Tree::from([("value", Tree::Number(number))]);
            self.set_unit(&mut quantity, obx.field(6).into());
            quantity
        };
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(high) = compact.strip_prefix("<=").or_else(|| compact.strip_prefix('<')).and_then(digits) {
            range.set("high", quantity(high));
        } else if let Some(low) = compact.strip_prefix(">=").or_else(|| compact.strip_prefix('>')).and_then(digits) {
            range.set("low", quantity(low));
        } else {
            // What separates is behind a digit: the low end may be negative.
            let separators = ["to", "-", "~", "–", "—", "_", "至"];
            let ends = compact.char_indices().skip(1).find_map(|(at, _)| {
                let separator = separators.iter().find(|separator| compact[at..].starts_with(**separator))?;
                Some((digits(&compact[..at])?, digits(&compact[at + separator.len()..])?))
            });
            if let Some((low, high)) = ends {
                range.set("low", quantity(low));
                range.set("high", quantity(high));
            }
        }
        range.set("text", text);
        Some(range)
    }

    /// NTE as Annotation.
    pub(super) fn annotation(&self, nte: Segment<'m>) -> Option<Tree> {
        self.pass(nte, [1, 2]);
        let lines: Vec<String> =
            self.take(nte, 3).repeats().map(|repeat| self.text(*repeat).unwrap_or_default()).collect();
        let text = lines.join("\n");
        if text.trim().is_empty() {
            return None;
        }
        let mut note = Tree::object();
        if let Some(author) = repeats(self.take(nte, 5)).find_map(|parts| self.practitioner(parts)) {
            note.set("authorReference", author);
        }
        note.fill("time", self.date_time(self.take(nte, 6).into()));
        note.set("text", text.trim_end());
        Some(note)
    }

    /// Adds an NTE to a resource. To what has no place for one it is not added, and is told as not mapped.
    pub(super) fn add_note(&self, nte: Segment<'m>, key: &Key) {
        if matches!(key.resource_type, "SupplyRequest" | "Coverage" | "RelatedPerson" | "DiagnosticReport") {
            return;
        }
        if let Some(note) = self.annotation(nte) {
            self.change(key, |resource| {
                resource.push("note", note);
            });
            self.told_by(key, nte);
        }
    }
}
