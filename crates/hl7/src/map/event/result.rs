//! ORU and OUL: reports with their observations and specimens.

use super::super::MapError;
use super::super::context::Context;
use super::super::encounter::StayEvent;
use super::super::observation::{Surroundings, continuation};
use super::super::order::{Order, Patient};
use super::super::participation::Behind;
use super::super::transaction::{Key, Write};
use super::end_at;
use crate::message::Segment;
use fhir::json::Tree;

/// What stands first where a specimen, its order and the order's detail are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// ORC, OBR, observations, specimen.
    Order,
    /// OBR, ORC, observations, specimens with theirs.
    Detail,
    /// A specimen with its observations; OBR, ORC, observations of each order on it.
    Specimen,
}

/// A specimen, where it stands in its order's segments.
type Placed = (usize, Key, Tree);

impl<'m> Context<'m> {
    /// ORU, OUL.
    pub(super) fn results(
        &self,
        group: &[Segment<'m>],
        event: &StayEvent<'_>,
        first_told: First,
    ) -> Result<(), MapError> {
        let chart = self.chart(group, event, Write::CreateIfAbsent, Write::CreateIfAbsent)?;
        let patient = Patient { subject: &chart.subject, encounter: chart.encounter() };
        let is_start =
            |segment: &Segment<'_>| segment.is("OBR") || (first_told == First::Specimen && segment.is("SPM"));
        let first = group.iter().position(is_start).unwrap_or(group.len());
        // Before the first order there may be persons around the patient, and observations about him.
        for segment in group[..first].iter().copied() {
            self.within(segment, segment);
            match segment.id().as_str() {
                "OBX" => {
                    let around = Surroundings::of(&chart.subject, self.observed_about(&chart.subject, segment));
                    self.observation(segment, &[], &around);
                }
                "NK1" => {
                    let _ = self.about_patient(segment, &chart, Write::CreateIfAbsent);
                }
                _ => {}
            }
        }
        match first_told {
            First::Order => self.orders_first(group, &patient),
            First::Detail => self.details_first(group, first, &[], &patient),
            First::Specimen => {
                let mut at = first;
                while at < group.len() {
                    let end = end_at(group, at, &["SPM"]);
                    let detail = end_at(group, at, &["OBR", "SPM"]);
                    // Orders before any specimen are orders without one.
                    if group[at].is("OBR") {
                        self.details_first(&group[..end], at, &[], &patient);
                    } else {
                        self.details_first(&group[..end], detail, &group[at..detail], &patient);
                    }
                    at = end;
                }
            }
        }
        Ok(())
    }

    fn orders_first(&self, group: &[Segment<'m>], patient: &Patient<'_>) {
        let mut orc: Option<Segment<'m>> = None;
        let mut at = 0;
        while at < group.len() {
            let segment = group[at];
            if segment.is("ORC") {
                orc = Some(segment);
            }
            if segment.is("OBR") {
                let end = end_at(group, at, &["OBR", "ORC"]);
                self.order_results(orc.take(), segment, &group[at + 1..end], &[], None, patient);
                at = end;
                continue;
            }
            at += 1;
        }
    }

    /// Orders from `start` on, each OBR with the ORC behind it; `specimen` are the segments of the specimen that they are on.
    fn details_first(&self, group: &[Segment<'m>], start: usize, specimen: &[Segment<'m>], patient: &Patient<'_>) {
        let mut at = start;
        let mut given: Option<(Key, Tree)> = None;
        while at < group.len() {
            let end = end_at(group, at, &["OBR"]);
            let rest = &group[at + 1..end];
            let orc = rest.iter().copied().take_while(|next| next.is("ORC") || next.is("PRT")).find(|n| n.is("ORC"));
            // The first order tells of the specimen; the others are on the same.
            let before = if given.is_none() { specimen } else { &[] };
            let on = self.order_results(orc, group[at], rest, before, given.clone(), patient);
            given = given.or(on);
            at = end;
        }
        if start >= group.len()
            && let Some(spm) = specimen.first()
        {
            self.warn(*spm.field(2), "a specimen without an order was left out");
        }
    }

    /// An order with what follows it up to the next. `before` are the segments of a specimen that stands before it; `given` is
    /// the specimen that another order told. Gives the specimen that it is on.
    pub(super) fn order_results(
        &self,
        orc: Option<Segment<'m>>,
        obr: Segment<'m>,
        rest: &[Segment<'m>],
        before: &[Segment<'m>],
        given: Option<(Key, Tree)>,
        patient: &Patient<'_>,
    ) -> Option<(Key, Tree)> {
        let subject = patient.subject;
        let fallback = self.order_fallback(obr, subject);
        // What stands between the two, if anything, is about the order as well.
        let (first, last) = match orc {
            Some(orc) if orc.index() < obr.index() => (orc, obr),
            Some(orc) => (obr, orc),
            None => (obr, obr),
        };
        self.within(first, last);
        let order = self.order(orc, obr, &fallback);
        let (request_key, request) = self.service_request(&order, patient, "unknown");
        let (report_key, _) = self.report(&order, patient, &request);
        let all: Vec<Segment<'m>> = before.iter().chain(rest).copied().collect();
        let (specimens, older) = self.order_specimens(&order, &all, given.as_ref(), patient);
        let specimen = match specimens.as_slice() {
            [] => given.as_ref().map(|(_, reference)| reference.clone()).or_else(|| older.clone()),
            [(_, _, only)] => Some(only.clone()),
            // With several it is not said which an observation is of.
            _ => None,
        };
        let mut around = Surroundings {
            encounter: patient.encounter.clone(),
            report_status: self.text(*obr.field(25)),
            effective: self.effective(obr),
            based_on: Some(request),
            derived_from: self.parent_result(&order),
            specimen,
            ..Surroundings::of(subject, order.about().clone())
        };
        let mut results = Vec::new();
        let mut noted = request_key.clone();
        let mut behind_order = true;
        let mut joined = 0;
        for (at, segment) in all.iter().copied().enumerate() {
            self.within(segment, segment);
            if at == before.len() {
                // Behind the specimen's own segments what comes is the order's again.
                noted = request_key.clone();
                behind_order = true;
            }
            match segment.id().as_str() {
                "OBX" if joined > 0 => joined -= 1,
                "OBX" => {
                    joined = continuation(&all[at..]);
                    self.within(segment, all[at + joined]);
                    if let Some(result) = self.observation(segment, &all[at + 1..=at + joined], &around) {
                        results.push(result.reference);
                        noted = result.key;
                        behind_order = false;
                    }
                }
                "SPM" => {
                    if let Some((_, key, reference)) = specimens.iter().find(|(place, _, _)| *place == at) {
                        noted = key.clone();
                        // What is observed behind a specimen is observed on it.
                        around.specimen = Some(reference.clone());
                    }
                }
                "SAC" => {
                    if let Some((_, key, _)) = specimens.iter().rfind(|(place, _, _)| *place < at) {
                        self.container(segment, key);
                    }
                }
                "NTE" => self.add_note(segment, &noted),
                "TQ1" => self.timing(segment, &request_key),
                "PRT" if behind_order => {
                    self.participation(segment, Behind::Order(&request_key, Some(&report_key)));
                }
                "PRT" if noted.resource_type == "Observation" => {
                    self.participation(segment, Behind::Observation(&noted));
                }
                _ => {}
            }
        }
        let on: Vec<Tree> = match &given {
            Some((_, reference)) => vec![reference.clone()],
            None => specimens.iter().map(|(_, _, reference)| reference.clone()).chain(older).collect(),
        };
        self.change(&report_key, |report| {
            for reference in on {
                report.push("specimen", reference);
            }
            for result in results {
                report.push("result", result);
            }
        });
        given.or_else(|| specimens.into_iter().next().map(|(_, key, reference)| (key, reference)))
    }

    /// The specimens of an order: of its SPM, else of OBR-15.
    fn order_specimens(
        &self,
        order: &Order<'m>,
        segments: &[Segment<'m>],
        given: Option<&(Key, Tree)>,
        patient: &Patient<'_>,
    ) -> (Vec<Placed>, Option<Tree>) {
        let put = |(at, spm): (usize, &Segment<'m>)| {
            self.within(*spm, *spm);
            let (key, reference) = self.specimen(*spm, patient.subject, order.about());
            (at, key, reference)
        };
        let placed: Vec<Placed> =
            segments.iter().enumerate().filter(|(_, segment)| segment.is("SPM")).map(put).collect();
        self.within(order.obr, order.obr);
        let is_told = !placed.is_empty() || given.is_some();
        let older = if is_told { None } else { self.specimen_of_order(order.obr, patient.subject, order.about()) };
        (placed, older)
    }
}
