//! ORC and OBR to ServiceRequest and DiagnosticReport.

use super::context::{About, Context, Fill, resource};
use super::identifier::Identified;
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, order_control_status, order_status, priority, report_status};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// An order as its ORC and OBR tell it.
#[derive(Clone, Debug)]
pub(super) struct Order<'m> {
    pub(super) orc: Option<Segment<'m>>,
    pub(super) obr: Segment<'m>,
    placer: Option<Identified>,
    filler: Option<Identified>,
    /// What its parts are known by: the filler's number, else the placer's.
    pub(super) about: About,
    /// The order that it is a part of (OBR-29, ORC-8): the filler's number, else the placer's.
    parent: Option<Identified>,
}

/// Who and where.
pub(super) struct Patient<'s> {
    pub(super) subject: &'s Subject,
    pub(super) encounter: Option<Tree>,
}

impl<'m> Context<'m> {
    /// Reads the numbers of an order. Those in OBR win over those in ORC. Without any, `fallback` is its identity.
    pub(super) fn order(&self, orc: Option<Segment<'m>>, obr: Segment<'m>, fallback: &str) -> Order<'m> {
        self.pass(obr, [1]);
        let number = |field: u16, kind: &str, code: &str| {
            let own = self.ei(self.take(obr, field).into(), kind, Some(code));
            let common = orc.and_then(|orc| self.ei(self.take(orc, field).into(), kind, Some(code)));
            own.or(common)
        };
        let placer = number(2, "placer-order", "PLAC");
        let filler = number(3, "filler-order", "FILL");
        let about = match filler.as_ref().or(placer.as_ref()) {
            Some(known) => About::numbered(known),
            None => {
                self.warn(*obr.field(3), "no order number: a correction of this order cannot be told from a new one");
                About::of_source(fallback.to_owned())
            }
        };
        let parent = self.parent_order(orc, obr);
        Order { orc, obr, placer, filler, about, parent }
    }

    /// EIP: the placer's number and the filler's in subcomponents.
    fn parent_order(&self, orc: Option<Segment<'m>>, obr: Segment<'m>) -> Option<Identified> {
        let read = |parts: Parts<'m>| {
            let filler = self.ei(parts.nested(2), "filler-order", Some("FILL"));
            filler.or_else(|| self.ei(parts.nested(1), "placer-order", Some("PLAC")))
        };
        let own = read(self.take(obr, 29).into());
        let common = orc.and_then(|orc| read(self.take(orc, 8).into()));
        own.or(common)
    }

    /// The request that an order is a part of: of this message, else by its number.
    fn based_on(&self, order: &Order<'m>) -> Option<Tree> {
        let parent = order.parent.as_ref()?;
        let number = (parent.system.clone()?, parent.value.clone());
        if let Some((request, _)) = self.requests.borrow().get(&number) {
            return Some(request.clone());
        }
        Some(Tree::from([("type", "ServiceRequest".into()), ("identifier", parent.tree.clone())]))
    }

    /// OBR-26, the observation that what is under this order was found on (an isolate, whose susceptibility is tested).
    pub(super) fn parent_result(&self, order: &Order<'m>) -> Option<Tree> {
        let parts = Parts::from(self.take(order.obr, 26));
        let code = self.code(parts.first(1)).or_else(|| self.concept_text(parts.nested(1)))?;
        let sub = self.text(parts.part(2)).unwrap_or_default();
        // Without the order it was found under, the one of this code and sub-id is meant.
        let Some(parent) = order.parent.as_ref() else {
            return self.observed.borrow().get(&(code, sub)).cloned();
        };
        // The order may be named by its placer's number, and its results be known by the filler's.
        let number = parent.system.clone().map(|system| (system, parent.value.clone()));
        let about = number.and_then(|number| Some(self.requests.borrow().get(&number)?.1.clone()));
        let about = about.unwrap_or_else(|| About::numbered(parent));
        let key = self.key_of("Observation", "observation", &about, &[&code, &sub]);
        if self.has(&key) {
            return Some(self.reference(&key));
        }
        let Key { system, value, .. } = key;
        let identifier = Tree::from([("system", system.into()), ("value", value.into())]);
        Some(Tree::from([("type", "Observation".into()), ("identifier", identifier)]))
    }

    fn order_code(&self, order: &Order<'m>) -> String {
        let parts = Parts::from(order.obr.field(4));
        let code = self.code(parts.first(1)).or_else(|| self.code(parts.first(4)));
        code.or_else(|| self.concept_text(parts)).unwrap_or_default()
    }

    fn order_identifiers(order: &Order<'m>) -> Vec<Tree> {
        [&order.placer, &order.filler].into_iter().flatten().map(|identified| identified.tree.clone()).collect()
    }

    /// ServiceRequest of an ORC and OBR.
    pub(super) fn service_request(&self, order: &Order<'m>, patient: &Patient<'_>) -> (Key, Tree) {
        let obr = order.obr;
        let mut request = resource("ServiceRequest");
        request.fill_all("identifier", Self::order_identifiers(order));
        for parts in repeats(self.take(obr, 53)) {
            request.fill_all("identifier", self.cx(parts, "placer-order").into_iter().map(|id| id.tree).collect());
        }
        if let Some(orc) = order.orc {
            let group = self.ei(self.take(orc, 4).into(), "placer-group", Some("PGN"));
            request.fill("requisition", group.map(|group| group.tree));
        }
        request.fill_all("basedOn", self.based_on(order).into_iter().collect());
        request.set("status", self.request_status(order));
        let intent = match self.field_text(obr, 11).as_deref() {
            Some("G") => "reflex-order",
            _ => "order",
        };
        request.set("intent", intent);
        request.fill("priority", self.field_text(obr, 5).as_deref().and_then(priority));
        request.fill("code", self.concept(self.take(obr, 4).into(), None));
        for number in [46, 47] {
            request.fill_all("orderDetail", self.concepts(self.take(obr, number), None));
        }
        request.set("subject", patient.subject.reference.clone());
        request.fill("encounter", patient.encounter.clone());
        request.fill("occurrenceDateTime", self.date_time(self.take(obr, 6).into()));
        if let Some(orc) = order.orc {
            let at = self.date_time(self.take(orc, 9).into());
            request.fill("authoredOn", at);
        }
        request.fill("requester", self.requester(order));
        request.fill_all("reasonCode", self.concepts(self.take(obr, 31), None));
        let text: Vec<Tree> =
            repeats(self.take(obr, 13)).filter_map(|parts| self.concept_text(parts)).map(Tree::from).collect();
        request.fill_all("note", text.into_iter().map(|text| Tree::from([("text", text)])).collect());
        let key = self.derived_key_of("ServiceRequest", "order", &order.about, &[&self.order_code(order)]);
        let reference = self.put(key.clone(), Write::Update, request, Vec::new());
        let mut requests = self.requests.borrow_mut();
        for number in [&order.placer, &order.filler].into_iter().flatten() {
            if let Some(system) = &number.system {
                requests
                    .entry((system.clone(), number.value.clone()))
                    .or_insert_with(|| (reference.clone(), order.about.clone()));
            }
        }
        (key, reference)
    }

    /// ORC-5, else ORC-1; what is reported on was done.
    fn request_status(&self, order: &Order<'m>) -> &'static str {
        let Some(orc) = order.orc else { return reported_status(self.field_text(order.obr, 25).as_deref()) };
        let control = self.field_text(orc, 1).unwrap_or_default();
        let status = self.field_text(orc, 5).and_then(|code| order_status(&code));
        status
            .or_else(|| order_control_status(&control))
            .unwrap_or_else(|| reported_status(self.field_text(order.obr, 25).as_deref()))
    }

    fn requester(&self, order: &Order<'m>) -> Option<Tree> {
        let common = order.orc.map(|orc| self.practitioners(self.take(orc, 12))).unwrap_or_default();
        let own = self.practitioners(self.take(order.obr, 16));
        if let Some(practitioner) = common.into_iter().next().or_else(|| own.into_iter().next()) {
            return Some(practitioner);
        }
        let orc = order.orc?;
        let address = self.xads(self.take(orc, 22));
        let telecom = self.xtns(self.take(orc, 23), Some("work"));
        repeats(self.take(orc, 21)).next().and_then(|parts| self.organization(parts, address, telecom))
    }

    /// DiagnosticReport of an OBR.
    pub(super) fn report(&self, order: &Order<'m>, patient: &Patient<'_>, request: &Tree) -> (Key, Tree) {
        let obr = order.obr;
        let mut report = resource("DiagnosticReport");
        report.fill_all("identifier", Self::order_identifiers(order));
        report.push("basedOn", request.clone());
        let status = self.field_text(obr, 25);
        report.set(
            "status",
            match status.as_deref().map(|code| (code, report_status(code))) {
                Some((_, Some(status))) => status,
                Some((code, None)) => {
                    self.warn(*obr.field(25), format!("{code:?} has no report status; it is unknown"));
                    "unknown"
                }
                None => {
                    self.warn(*obr.field(25), "no result status; the report's status is unknown");
                    "unknown"
                }
            },
        );
        if let Some(section) = self.code(Parts::from(self.take(obr, 24)).first(1)) {
            let coding = Tree::from([("system", format!("{TERMINOLOGY}v2-0074").into()), ("code", section.into())]);
            report.push("category", Tree::from([("coding", vec![coding].into())]));
        }
        report.set(
            "code",
            self.concept(self.take(obr, 4).into(), None).unwrap_or_else(|| {
                self.warn(*obr.field(4), "an order without a code");
                Tree::from([("text", "not given".into())])
            }),
        );
        report.set("subject", patient.subject.reference.clone());
        report.fill("encounter", patient.encounter.clone());
        if let Some((name, value)) = self.effective(obr) {
            report.set(name, value);
        }
        report.fill("issued", self.instant(self.take(obr, 22).into()));
        for (number, member) in
            [(34, "performer"), (35, "performer"), (32, "resultsInterpreter"), (33, "resultsInterpreter")]
        {
            // NDL: the person is the first component.
            let persons: Vec<Tree> =
                repeats(self.take(obr, number)).filter_map(|parts| self.practitioner(parts.nested(1))).collect();
            report.fill_all(member, persons);
        }
        let key = self.derived_key_of("DiagnosticReport", "report", &order.about, &[&self.order_code(order)]);
        let reference = self.put(key.clone(), Write::Update, report, Vec::new());
        (key, reference)
    }

    /// OBR-7 and OBR-8 as the time of what was found.
    pub(super) fn effective(&self, obr: Segment<'m>) -> Option<(&'static str, Tree)> {
        let (start, end) = (Parts::from(self.take(obr, 7)), Parts::from(self.take(obr, 8)));
        if end.has_value() {
            return self.period(start, end).map(|period| ("effectivePeriod", period));
        }
        self.date_time(start).map(|at| ("effectiveDateTime", at.into()))
    }
}

/// The status of a request that only its report tells of.
fn reported_status(result_status: Option<&str>) -> &'static str {
    match result_status {
        Some("F" | "C") => "completed",
        Some("X") => "revoked",
        Some("Y" | "Z") | None => "unknown",
        Some(_) => "active",
    }
}
