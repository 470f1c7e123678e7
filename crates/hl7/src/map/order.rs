//! ORC and OBR to ServiceRequest and DiagnosticReport.

use super::context::{About, Context, Fill, extension, resource};
use super::identifier::Identified;
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, is_change, order_control_status, order_status, priority, report_status};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

const STATUS_REASON: &str = "http://hl7.org/fhir/StructureDefinition/request-statusReason";

/// The numbers of an order.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) placer: Option<Identified>,
    pub(super) filler: Option<Identified>,
    /// What its parts are known by: the filler's number, else the placer's.
    pub(super) about: About,
    /// What they were known by before the filler gave its number.
    before: Option<About>,
}

impl Numbers {
    /// Both as identifiers.
    pub(super) fn identifiers(&self) -> Vec<Tree> {
        [&self.placer, &self.filler].into_iter().flatten().map(|identified| identified.tree.clone()).collect()
    }
}

/// An order as its ORC and OBR tell it.
#[derive(Clone, Debug)]
pub(super) struct Order<'m> {
    pub(super) orc: Option<Segment<'m>>,
    pub(super) obr: Segment<'m>,
    pub(super) numbers: Numbers,
    /// The order that it is a part of (OBR-29, ORC-8): the filler's number, else the placer's.
    parent: Option<Identified>,
}

impl Order<'_> {
    pub(super) fn about(&self) -> &About {
        &self.numbers.about
    }
}

/// Who and where.
pub(super) struct Patient<'s> {
    pub(super) subject: &'s Subject,
    pub(super) encounter: Option<Tree>,
}

impl<'m> Context<'m> {
    /// Reads an order. Without a number, `fallback` is its identity.
    pub(super) fn order(&self, orc: Option<Segment<'m>>, obr: Segment<'m>, fallback: &str) -> Order<'m> {
        self.pass(obr, [1]);
        let numbers = self.numbers(orc, Some(obr), fallback);
        let parent = self.parent_order(orc, Some(obr));
        Order { orc, obr, numbers, parent }
    }

    /// The numbers of an order. Those in OBR win over those in ORC. Without any, `fallback` is its identity.
    pub(super) fn numbers(&self, orc: Option<Segment<'m>>, obr: Option<Segment<'m>>, fallback: &str) -> Numbers {
        let number = |field: u16, kind: &str, code: &str| {
            let own = obr.and_then(|obr| self.ei(self.take(obr, field).into(), kind, Some(code)));
            let common = orc.and_then(|orc| self.ei(self.take(orc, field).into(), kind, Some(code)));
            own.or(common)
        };
        let placer = number(2, "placer-order", "PLAC");
        let filler = number(3, "filler-order", "FILL");
        let about = match filler.as_ref().or(placer.as_ref()) {
            Some(known) => About::numbered(known),
            None => {
                if let Some(segment) = obr.or(orc) {
                    let text = "no order number: a correction of this order cannot be told from a new one";
                    self.warn(*segment.field(3), text);
                }
                About::of_source(fallback.to_owned())
            }
        };
        let before = placer.as_ref().filter(|_| filler.is_some()).map(About::numbered);
        Numbers { placer, filler, about, before }
    }

    /// What is known by an order's filler number now was by its placer's number before: an order is placed first.
    pub(super) fn known_before(&self, key: &Key, kind: &str, numbers: &Numbers, parts: &[&str]) {
        let Some(before) = &numbers.before else { return };
        if *key == self.key_of(key.resource_type, kind, &numbers.about, parts) {
            self.known_too(key, self.key_of(key.resource_type, kind, before, parts));
        }
    }

    /// The identity of an order without a number: patient, service and time; of a day there may be several.
    pub(super) fn order_fallback(&self, obr: Segment<'m>, subject: &Subject) -> String {
        match self.date_time(obr.field(7).into()).filter(|when| when.contains('T')) {
            Some(when) => format!("{}|{when}", subject.token),
            None => format!("{}|{}", subject.token, self.content_token()),
        }
    }

    /// EIP: the placer's number and the filler's in subcomponents.
    pub(super) fn parent_order(&self, orc: Option<Segment<'m>>, obr: Option<Segment<'m>>) -> Option<Identified> {
        let read = |parts: Parts<'m>| {
            let filler = self.ei(parts.nested(2), "filler-order", Some("FILL"));
            filler.or_else(|| self.ei(parts.nested(1), "placer-order", Some("PLAC")))
        };
        let own = obr.and_then(|obr| read(self.take(obr, 29).into()));
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

    /// ServiceRequest of an ORC and OBR; `otherwise` is its status where neither tells one.
    pub(super) fn service_request(
        &self,
        order: &Order<'m>,
        patient: &Patient<'_>,
        otherwise: &'static str,
    ) -> (Key, Tree) {
        let obr = order.obr;
        let mut request = resource("ServiceRequest");
        request.fill_all("identifier", order.numbers.identifiers());
        for parts in repeats(self.take(obr, 53)) {
            request.fill_all("identifier", self.cx(parts, "placer-order").into_iter().map(|id| id.tree).collect());
        }
        if let Some(orc) = order.orc {
            request.fill("requisition", self.order_group_number(orc));
        }
        request.fill_all("basedOn", self.based_on(order).into_iter().collect());
        let (status, is_assumed) = self.request_status(order, otherwise);
        request.set("status", status);
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
            request.fill("authoredOn", self.authored(orc));
            request
                .fill_all("locationCode", self.concept(self.take(orc, 29).into(), Some("0482")).into_iter().collect());
            if let Some(reason) = self.concept(self.take(orc, 16).into(), None) {
                request.push("extension", extension(STATUS_REASON, "valueCodeableConcept", reason));
            }
        }
        self.old_timing(order, &mut request);
        request.fill("requester", self.requester(order));
        request.fill_all("reasonCode", self.concepts(self.take(obr, 31), None));
        let text: Vec<Tree> =
            repeats(self.take(obr, 13)).filter_map(|parts| self.concept_text(parts)).map(Tree::from).collect();
        request.fill_all("note", text.into_iter().map(|text| Tree::from([("text", text)])).collect());
        let code = self.order_code(order);
        let key = self.derived_key_of("ServiceRequest", "order", order.about(), &[&code]);
        let reference = self.put(key.clone(), Write::Update, request, Vec::new());
        self.known_before(&key, "order", &order.numbers, &[&code]);
        if is_assumed {
            self.assume(&key, "status");
        }
        self.remember(&order.numbers, &reference);
        (key, reference)
    }

    /// OBR-27, else ORC-7, of older versions: priority, and when.
    fn old_timing(&self, order: &Order<'m>, request: &mut Tree) {
        let own = Parts::from(order.obr.field(27));
        let tq = match order.orc {
            _ if own.has_value() => Parts::from(self.take(order.obr, 27)),
            Some(orc) if orc.field(7).has_value() => Parts::from(self.take(orc, 7)),
            _ => return,
        };
        let schedule = self.schedule_of_tq(tq);
        if request.get("priority").is_none() {
            request.fill("priority", schedule.priority);
        }
        if request.get("occurrenceDateTime").is_some() {
            return;
        }
        // A pattern is a timing; a beginning and an end alone are a period.
        let repeat = schedule.timing.as_ref().and_then(|timing| timing.get("repeat"));
        let period = repeat.and_then(|repeat| repeat.get("boundsPeriod")).cloned();
        let is_period = schedule.timing.as_ref().is_some_and(|timing| timing.members().len() == 1)
            && repeat.is_some_and(|repeat| repeat.members().len() == 1);
        match period.filter(|_| is_period) {
            Some(period) => request.fill("occurrencePeriod", Some(period)),
            None => request.fill("occurrenceTiming", schedule.timing),
        };
    }

    /// ORC-4, which version 2.8.2 has as a pair of the placer's number and the filler's.
    pub(super) fn order_group_number(&self, orc: Segment<'m>) -> Option<Tree> {
        let parts = Parts::from(self.take(orc, 4));
        let is_pair = parts.nested(1).part(2).has_value();
        let number = self.ei(if is_pair { parts.nested(1) } else { parts }, "placer-group", Some("PGN"))?;
        Some(number.tree)
    }

    /// ORC-9: when the order was written, unless ORC-1 says that it is when something became of it.
    pub(super) fn authored(&self, orc: Segment<'m>) -> Option<String> {
        let control = self.field_text(orc, 1).unwrap_or_default();
        if is_change(&control) {
            return None;
        }
        self.date_time(self.take(orc, 9).into())
    }

    /// What is told by these numbers further on is this request.
    pub(super) fn remember(&self, numbers: &Numbers, request: &Tree) {
        let mut requests = self.requests.borrow_mut();
        for number in [&numbers.placer, &numbers.filler].into_iter().flatten() {
            if let Some(system) = &number.system {
                requests
                    .entry((system.clone(), number.value.clone()))
                    .or_insert_with(|| (request.clone(), numbers.about.clone()));
            }
        }
    }

    /// ORC-5, else ORC-1; what is reported on was done. The flag says that nothing tells a status: a stored one stays.
    fn request_status(&self, order: &Order<'m>, otherwise: &'static str) -> (&'static str, bool) {
        let reported = reported_status(self.field_text(order.obr, 25).as_deref());
        match order.orc.and_then(|orc| self.control_status(orc)).or(reported) {
            Some(status) => (status, false),
            None => (otherwise, true),
        }
    }

    /// ORC-5, else ORC-1, as request-status.
    pub(super) fn control_status(&self, orc: Segment<'m>) -> Option<&'static str> {
        let control = self.field_text(orc, 1).unwrap_or_default();
        let status = self.field_text(orc, 5).and_then(|code| order_status(&code));
        status.or_else(|| order_control_status(&control))
    }

    /// An ORC alone: a change of whatever order has its numbers. One that changes nothing names that order.
    pub(super) fn order_control(&self, orc: Segment<'m>, patient: &Patient<'_>) -> Option<(Key, Tree)> {
        let numbers = self.numbers(Some(orc), None, "");
        let Some(known) = numbers.filler.as_ref().or(numbers.placer.as_ref()) else {
            self.warn(*orc.field(2), "an ORC without a number and without what is ordered was left out");
            return None;
        };
        let key = Key { resource_type: "ServiceRequest", system: known.system.clone()?, value: known.value.clone() };
        let Some(status) = self.control_status(orc) else {
            let order = Tree::from([("type", "ServiceRequest".into()), ("identifier", known.tree.clone())]);
            return Some((key, order));
        };
        let mut request = resource("ServiceRequest");
        request.fill_all("identifier", numbers.identifiers());
        request.set("status", status);
        request.set("intent", "order");
        request.set("subject", patient.subject.reference.clone());
        request.fill("encounter", patient.encounter.clone());
        let reference = self.put(key.clone(), Write::Update, request, Vec::new());
        if let (true, Some(placer)) = (numbers.filler.is_some(), &numbers.placer) {
            let placer =
                Key { resource_type: "ServiceRequest", system: placer.system.clone()?, value: placer.value.clone() };
            self.known_too(&key, placer);
        }
        self.assume(&key, "intent");
        self.remember(&numbers, &reference);
        Some((key, reference))
    }

    fn requester(&self, order: &Order<'m>) -> Option<Tree> {
        let common = order.orc.map(|orc| self.practitioners(self.take(orc, 12))).unwrap_or_default();
        let own = self.practitioners(self.take(order.obr, 16));
        if let Some(practitioner) = common.into_iter().next().or_else(|| own.into_iter().next()) {
            return Some(practitioner);
        }
        self.ordering_facility(order.orc?)
    }

    /// ORC-21 to 23: where the order comes from.
    pub(super) fn ordering_facility(&self, orc: Segment<'m>) -> Option<Tree> {
        let address = self.xads(self.take(orc, 22));
        let telecom = self.xtns(self.take(orc, 23), Some("work"));
        repeats(self.take(orc, 21)).next().and_then(|parts| self.organization(parts, address, telecom))
    }

    /// DiagnosticReport of an OBR.
    pub(super) fn report(&self, order: &Order<'m>, patient: &Patient<'_>, request: &Tree) -> (Key, Tree) {
        let obr = order.obr;
        let mut report = resource("DiagnosticReport");
        report.fill_all("identifier", order.numbers.identifiers());
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
        let code = self.order_code(order);
        let key = self.derived_key_of("DiagnosticReport", "report", order.about(), &[&code]);
        let reference = self.put(key.clone(), Write::Update, report, Vec::new());
        self.known_before(&key, "report", &order.numbers, &[&code]);
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
fn reported_status(result_status: Option<&str>) -> Option<&'static str> {
    match result_status? {
        "F" | "C" => Some("completed"),
        "X" => Some("revoked"),
        "Y" | "Z" => Some("unknown"),
        _ => Some("active"),
    }
}
