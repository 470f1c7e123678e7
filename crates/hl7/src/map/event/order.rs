//! ORM, OML, OMG, OMI, OMP, OMD, OMS, RDE, RDS, RAS, RGV and the answers to them: orders of services, drugs, diets and supplies.

use super::super::MapError;
use super::super::context::{About, Context};
use super::super::drug::Drug;
use super::super::encounter::StayEvent;
use super::super::medication::Prescription;
use super::super::observation::{Surroundings, continuation};
use super::super::order::{Numbers, Patient};
use super::super::participation::Behind;
use super::super::tables::is_replaced;
use super::super::transaction::{Key, Write};
use super::chart::{Chart, Noted, Taken};
use super::end_at;
use crate::message::Segment;
use fhir::json::Tree;

/// Segments that say what is ordered.
const DETAILS: [&str; 10] = ["OBR", "RXO", "RXE", "RXD", "RXG", "RXA", "ODS", "ODT", "RQD", "RQ1"];
/// Those of drugs.
const DRUGS: [&str; 5] = ["RXO", "RXE", "RXD", "RXG", "RXA"];

/// An order that was put.
pub(super) struct Ordered {
    pub(super) key: Key,
    pub(super) reference: Tree,
    /// What is observed or charged under it is known by this.
    about: About,
}

/// What holds for all orders of a patient.
pub(super) struct Orders<'m, 's> {
    /// All segments of the patient.
    pub(super) group: &'s [Segment<'m>],
    pub(super) event: &'s StayEvent<'s>,
    pub(super) specimen_first: bool,
}

impl<'m> Context<'m> {
    /// A patient with orders.
    pub(super) fn order_group(
        &self,
        group: &[Segment<'m>],
        event: &StayEvent<'_>,
        specimen_first: bool,
    ) -> Result<(), MapError> {
        let mut chart = self.chart(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let is_start = |segment: &Segment<'_>| {
            segment.is("ORC") || DETAILS.iter().any(|id| segment.is(id)) || (specimen_first && segment.is("SPM"))
        };
        let first = group.iter().position(is_start).unwrap_or(group.len());
        let mut noted = Noted::default();
        for at in 0..first {
            self.beside(group, at, &chart, Write::CreateIfAbsent, &mut noted);
        }
        self.orders(&group[first..], &mut chart, &Orders { group, event, specimen_first });
        Ok(())
    }

    /// Orders one behind the other, with what else stands among them. Another visit (of earlier results) holds for what
    /// follows it.
    pub(super) fn orders(&self, segments: &[Segment<'m>], chart: &mut Chart, orders: &Orders<'m, '_>) -> Vec<Ordered> {
        let mut all = Vec::new();
        let mut replaced: Option<Tree> = None;
        let mut specimen: &[Segment<'m>] = &[];
        let mut on: Option<Tree> = None;
        let mut noted = Noted::default();
        let mut earlier = false;
        let mut at = 0;
        while at < segments.len() {
            let segment = segments[at];
            self.within(segment, segment);
            match segment.id().as_str() {
                "PV1" => {
                    earlier = true;
                    chart.stay =
                        self.stay_of(orders.group, segment, &chart.subject, orders.event, Write::CreateIfAbsent);
                }
                "SPM" if orders.specimen_first => {
                    let end = end_at(segments, at, &["ORC", "OBR", "SPM"]);
                    specimen = &segments[at..end];
                    on = None;
                    at = end;
                    continue;
                }
                id if id == "ORC" || DETAILS.contains(&id) => {
                    let end = order_end(segments, at, orders.specimen_first);
                    let control = self.control_of(segment);
                    // PR: sent with a new order for what was found before.
                    let is_earlier = earlier || control.as_deref() == Some("PR");
                    if is_earlier && self.earlier_result(&segments[at..end], chart) {
                        at = end;
                        continue;
                    }
                    let replaces = replaced.take().filter(|_| control.as_deref() == Some("RO"));
                    let ordered = self.one_order(&segments[at..end], specimen, &mut on, chart, replaces.clone());
                    if let Some(ordered) = ordered {
                        // Several may take the place of one.
                        replaced = replaces;
                        if control.as_deref().is_some_and(is_replaced) {
                            replaced = Some(ordered.reference.clone());
                        }
                        noted.is_about(Some(ordered.key.clone()));
                        all.push(ordered);
                    }
                    at = end;
                    continue;
                }
                _ => self.beside(segments, at, chart, Write::CreateIfAbsent, &mut noted),
            }
            at += 1;
        }
        all
    }

    /// An order of an earlier visit, told for its results. False if it is of nothing that has results.
    fn earlier_result(&self, segments: &[Segment<'m>], chart: &Chart) -> bool {
        let Some(at) = segments.iter().position(|segment| segment.is("OBR")) else { return false };
        let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
        let orc = segments.first().copied().filter(|segment| segment.is("ORC"));
        self.order_results(orc, segments[at], &segments[at + 1..], &[], None, &patient);
        true
    }

    fn control_of(&self, orc: Segment<'m>) -> Option<String> {
        if orc.is("ORC") { self.field_text(orc, 1) } else { None }
    }

    /// The segments of one order: ORC if there is one, the detail, and what stands under it. `specimen` are the segments of one
    /// that stands before it, `on` that specimen once an order has told it.
    fn one_order(
        &self,
        segments: &[Segment<'m>],
        specimen: &[Segment<'m>],
        on: &mut Option<Tree>,
        chart: &Chart,
        replaces: Option<Tree>,
    ) -> Option<Ordered> {
        let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
        let orc = segments.first().copied().filter(|segment| segment.is("ORC"));
        let detail = segments.iter().copied().find(|segment| DETAILS.iter().any(|id| segment.is(id)));
        self.within(segments[0], detail.unwrap_or(segments[0]));
        let ordered = match (detail, orc) {
            (Some(detail), _) if DRUGS.iter().any(|id| detail.is(id)) => {
                self.drug_order(orc, segments, &patient, replaces)?
            }
            (Some(obr), _) if obr.is("OBR") => {
                let fallback = self.order_fallback(obr, patient.subject);
                let order = self.order(orc, obr, &fallback);
                let (key, reference) = self.service_request(&order, &patient, "active");
                if let Some(replaced) = replaces {
                    self.change(&key, |request| {
                        request.push("replaces", replaced);
                    });
                }
                self.pass(obr, [22, 25]);
                Ordered { key, reference, about: order.numbers.about }
            }
            (Some(detail), _) => {
                let fallback = format!("{}|{}", patient.subject.token, self.content_token());
                let numbers = self.numbers(orc, None, &fallback);
                let key = if detail.is("ODS") || detail.is("ODT") {
                    self.diet(orc, segments, &numbers, &patient)?
                } else {
                    self.supply_request(orc, segments, &numbers, &patient)?
                };
                let reference = self.reference(&key);
                Ordered { key, reference, about: numbers.about }
            }
            (None, Some(orc)) => {
                let (key, reference) = self.order_control(orc, &patient)?;
                let about = About::of_source(key.value.clone());
                Ordered { key, reference, about }
            }
            (None, None) => return None,
        };
        // The first order tells of the specimen before it; the others are on the same.
        let before = if on.is_none() { specimen } else { &[] };
        self.under_order(segments, before, on, &ordered, chart);
        Some(ordered)
    }

    /// Drugs: what was ordered, what the pharmacy made of it, gave out, and what was given.
    fn drug_order(
        &self,
        orc: Option<Segment<'m>>,
        segments: &[Segment<'m>],
        patient: &Patient<'_>,
        replaces: Option<Tree>,
    ) -> Option<Ordered> {
        let fallback = format!("{}|{}", patient.subject.token, self.content_token());
        let numbers = self.numbers(orc, None, &fallback);
        let first = segments.iter().position(|segment| DRUGS.iter().any(|id| segment.is(id)))?;
        let times = segments[..first].iter().copied().filter(|segment| segment.is("TQ1")).collect();
        let is_mentioned = segments.iter().any(|segment| ["RXD", "RXA", "RXG"].iter().any(|id| segment.is(id)));
        let order = Prescription { orc, numbers, patient, times, replaces, is_mentioned };
        if let Some(orc) = orc {
            self.pass(orc, [1, 5]);
        }
        let is_encoded = segments.iter().any(|segment| segment.is("RXE"));
        let mut request: Option<(Key, Tree)> = None;
        let mut put: Option<(Key, Tree)> = None;
        let mut at = first;
        while at < segments.len() {
            let end = end_at(segments, at, &["RXO", "RXE", "RXD", "RXG", "RXA", "OBX", "FT1", "SPM"]);
            let drug = Drug::of(&segments[at..end]);
            self.within(if at == first { segments[0] } else { segments[at] }, segments[end - 1]);
            let of = request.as_ref().map(|(_, reference)| reference.clone());
            let told = match segments[at].id().as_str() {
                "RXO" => self.requested_drug(&drug, &order, is_encoded),
                "RXE" => self.encoded_drug(&drug, &order, of),
                "RXG" => self.drug_to_give(&drug, &order, of),
                "RXD" => self.dispensed(&drug, &order, of.or_else(|| order_by_number(&order.numbers))),
                "RXA" => self.administered(&drug, &order, of.or_else(|| order_by_number(&order.numbers))),
                _ => {
                    at = end;
                    continue;
                }
            };
            for segment in segments[at..end].iter().copied() {
                match segment.id().as_str() {
                    "NTE" => self.add_note(segment, &told.0),
                    "PRT" => self.participation(segment, Behind::Medication(&told.0)),
                    _ => {}
                }
            }
            if matches!(segments[at].id().as_str(), "RXO" | "RXE") {
                request = Some(told.clone());
            }
            put = put.or_else(|| Some(told.clone())).map(|first| if is_request(&told.0) { told } else { first });
            at = end;
        }
        let about = order.numbers.about;
        put.map(|(key, reference)| Ordered { key, reference, about })
    }

    /// Notes, times, persons, reasons, specimens, what was asked with the order, and charges.
    fn under_order(
        &self,
        segments: &[Segment<'m>],
        before: &[Segment<'m>],
        on: &mut Option<Tree>,
        ordered: &Ordered,
        chart: &Chart,
    ) {
        let is_service = ordered.key.resource_type == "ServiceRequest";
        let is_drug = ordered.key.resource_type.starts_with("Medication");
        let asked = About { text: format!("asked|{}", ordered.about.text), scope: ordered.about.scope };
        let mut around = Surroundings { encounter: chart.encounter(), ..Surroundings::of(&chart.subject, asked) };
        let mut noted = ordered.key.clone();
        if let Some(reference) = on.clone().filter(|_| is_service) {
            around.specimen = Some(reference.clone());
            self.change(&ordered.key, |request| {
                request.push("specimen", reference);
            });
        }
        let mut specimen: Option<Key> = None;
        let mut joined = 0;
        let mut in_drugs = false;
        let all: Vec<Segment<'m>> = before.iter().chain(segments).copied().collect();
        for (at, segment) in all.iter().copied().enumerate() {
            self.within(segment, segment);
            if at == before.len() {
                noted = ordered.key.clone();
            }
            match segment.id().as_str() {
                "RXO" | "RXE" | "RXD" | "RXG" | "RXA" => in_drugs = true,
                "OBX" if joined > 0 => joined -= 1,
                "OBX" => {
                    in_drugs = false;
                    joined = continuation(&all[at..]);
                    self.within(segment, all[at + joined]);
                    let result = self.observation(segment, &all[at + 1..=at + joined], &around);
                    if let Some(result) = result {
                        self.support(&ordered.key, result.reference);
                        noted = result.key;
                    }
                }
                "SPM" => {
                    let (key, reference) = self.specimen(segment, &chart.subject, &ordered.about);
                    if is_service {
                        let reference = reference.clone();
                        self.change(&ordered.key, |request| {
                            request.push("specimen", reference);
                        });
                    }
                    if at < before.len() {
                        *on = Some(reference.clone());
                    }
                    around.specimen = Some(reference);
                    noted = key.clone();
                    specimen = Some(key);
                }
                "SAC" => {
                    if let Some(specimen) = &specimen {
                        self.container(segment, specimen);
                    }
                }
                "NTE" if !in_drugs => self.add_note(segment, &noted),
                "TQ1" if is_service => self.timing(segment, &ordered.key),
                "PRT" if in_drugs => {}
                "PRT" if noted.resource_type == "Observation" => {
                    self.participation(segment, Behind::Observation(&noted));
                }
                "PRT" if is_service => self.participation(segment, Behind::Order(&ordered.key, None)),
                "PRT" if is_drug => self.participation(segment, Behind::Medication(&ordered.key)),
                "DG1" => {
                    if let Some(key) = self.diagnosis(segment, &chart.subject, chart.stay.as_ref()) {
                        if is_service || ordered.key.resource_type == "MedicationRequest" {
                            let reference = self.reference(&key);
                            self.change(&ordered.key, |request| {
                                request.push("reasonReference", reference);
                            });
                        }
                        noted = key;
                    }
                }
                "FT1" => {
                    in_drugs = false;
                    if let Some(key) = self.charge(segment, chart.encounter(), &chart.subject) {
                        self.support(&key, ordered.reference.clone());
                        noted = key;
                    }
                }
                _ => {
                    if let Taken::Yes(Some(key)) = self.about_patient(segment, chart, Write::CreateIfAbsent) {
                        noted = key;
                    }
                }
            }
        }
    }

    /// What belongs to an order or a charge without being its reason.
    pub(super) fn support(&self, key: &Key, reference: Tree) {
        let name = match key.resource_type {
            "ServiceRequest" => "supportingInfo",
            "MedicationRequest" | "ChargeItem" | "MedicationDispense" | "MedicationAdministration" => {
                "supportingInformation"
            }
            _ => return,
        };
        self.change(key, |resource| {
            resource.push(name, reference);
        });
    }
}

fn is_request(key: &Key) -> bool {
    key.resource_type == "MedicationRequest"
}

/// Where the segments of the order at `start` end: at the next order, visit, or specimen if those come first.
pub(super) fn order_end(segments: &[Segment<'_>], start: usize, specimen_first: bool) -> usize {
    let is_detail = |segment: &Segment<'_>| DETAILS.iter().any(|id| segment.is(id));
    let mut has_detail = is_detail(&segments[start]);
    for (at, segment) in segments.iter().enumerate().skip(start + 1) {
        // Drugs and parts of a diet go on with more of the same; a service begins a new order.
        let begins = segment.is("ORC")
            || segment.is("PV1")
            || (specimen_first && segment.is("SPM"))
            || (segment.is("OBR") && has_detail);
        if begins {
            return at;
        }
        has_detail |= is_detail(segment);
    }
    segments.len()
}

/// The order of drugs that a message names by its number alone.
fn order_by_number(numbers: &Numbers) -> Option<Tree> {
    let number = numbers.filler.as_ref().or(numbers.placer.as_ref())?;
    let mut identifier = number.tree.clone();
    identifier.remove("type");
    Some(Tree::from([("type", "MedicationRequest".into()), ("identifier", identifier)]))
}
