//! RXO, RXE and RXG with RXR and TQ1 to MedicationRequest: what was ordered, how the pharmacy encoded it, and
//! what is to be given of it.

use super::coded::concept_of;
use super::context::{Context, Fill, filled, resource};
use super::drug::{Drug, Product};
use super::identifier::Identified;
use super::order::{Numbers, Patient};
use super::parts::{Parts, repeats};
use super::tables::{TERMINOLOGY, order_control_status};
use super::timing::Schedule;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// An order of drugs: its ORC, and what holds for all that stands under it.
pub(super) struct Prescription<'m, 's> {
    pub(super) orc: Option<Segment<'m>>,
    pub(super) numbers: Numbers,
    pub(super) patient: &'s Patient<'s>,
    /// TQ1 between ORC and RXO.
    pub(super) times: Vec<Segment<'m>>,
    /// The order that this one takes the place of.
    pub(super) replaces: Option<Tree>,
    /// True where the message is about what was dispensed or given: the order is only mentioned.
    pub(super) is_mentioned: bool,
}

/// Where the same things stand in RXO, RXE and RXG; 0 where one has no such field.
struct Fields {
    /// Whose order it is, where another tells the same one.
    intent: &'static str,
    code: u16,
    least: u16,
    most: u16,
    unit: u16,
    form: u16,
    instructions: u16,
    daily: u16,
    rate: u16,
    rate_unit: u16,
    strength: u16,
    strength_unit: u16,
    volume: u16,
    volume_unit: u16,
    indication: u16,
    timing: u16,
}

const RXO: Fields = Fields {
    intent: "original-order",
    code: 1,
    least: 2,
    most: 3,
    unit: 4,
    form: 5,
    instructions: 7,
    daily: 23,
    rate: 21,
    rate_unit: 22,
    strength: 18,
    strength_unit: 19,
    volume: 25,
    volume_unit: 26,
    indication: 20,
    timing: 0,
};

const RXE: Fields = Fields {
    intent: "filler-order",
    code: 2,
    least: 3,
    most: 4,
    unit: 5,
    form: 6,
    instructions: 7,
    daily: 19,
    rate: 23,
    rate_unit: 24,
    strength: 25,
    strength_unit: 26,
    volume: 33,
    volume_unit: 34,
    indication: 27,
    timing: 1,
};

const RXG: Fields = Fields {
    intent: "instance-order",
    code: 4,
    least: 5,
    most: 6,
    unit: 7,
    form: 8,
    instructions: 13,
    daily: 0,
    rate: 15,
    rate_unit: 16,
    strength: 17,
    strength_unit: 18,
    volume: 23,
    volume_unit: 24,
    indication: 22,
    timing: 3,
};

/// Request-status, and what the order was ended by, to medicationrequest-status.
fn request_status(status: &'static str, ended_by: &str) -> &'static str {
    match status {
        "revoked" if matches!(ended_by, "DC" | "DR" | "OD" | "RP" | "RQ" | "RU") => "stopped",
        "revoked" => "cancelled",
        other => other,
    }
}

impl<'m> Context<'m> {
    /// What stands in ORC-5 or ORC-1 of an order that is over, and its status; none if nothing is said.
    pub(super) fn prescription_status(&self, orc: Option<Segment<'m>>) -> Option<&'static str> {
        let orc = orc?;
        let status = self.control_status(orc)?;
        let control = self.field_text(orc, 1).unwrap_or_default();
        let code = self.field_text(orc, 5).filter(|_| order_control_status(&control) != Some("revoked"));
        Some(request_status(status, code.as_deref().unwrap_or(&control)))
    }

    /// RXO: what was ordered. `is_encoded` says that an RXE tells how the pharmacy understood it: that is the order then, and this
    /// what it was made of.
    pub(super) fn requested_drug(
        &self,
        drug: &Drug<'m>,
        order: &Prescription<'m, '_>,
        is_encoded: bool,
    ) -> (Key, Tree) {
        let rxo = drug.segment;
        let name = [if is_encoded { "original" } else { "order" }];
        let mut request = self.drug_request(drug, order, &RXO, &name);
        if !is_encoded {
            request.set("intent", "order");
        }
        let provider = self.practitioners(self.take(rxo, 14)).into_iter().next();
        if request.get("requester").is_none() {
            request.fill("requester", provider);
        }
        for parts in repeats(self.take(rxo, 6)) {
            if let Some(text) = self.concept_text(parts) {
                request.push("note", Tree::from([("text", text.into())]));
            }
        }
        if let Some(allowed) = self.concept(self.take(rxo, 9).into(), Some("0161")) {
            request.set("substitution", Tree::from([("allowedCodeableConcept", allowed)]));
        }
        let mut supply = self.supply(rxo, [11, 12, 13, 32, 33, 36]);
        if let Some(days) = self.number(*self.take(rxo, 28)) {
            supply.set("dispenseInterval", days_of(days));
        }
        request.fill("dispenseRequest", filled(supply));
        self.put_request(order, request, &name)
    }

    /// RXE: how the pharmacy encoded the order that `original` is, if that is told.
    pub(super) fn encoded_drug(
        &self,
        drug: &Drug<'m>,
        order: &Prescription<'m, '_>,
        original: Option<Tree>,
    ) -> (Key, Tree) {
        let rxe = drug.segment;
        let mut request = self.drug_request(drug, order, &RXE, &["order"]);
        match original {
            Some(original) => {
                request.push("basedOn", original);
            }
            None => {
                request.set("intent", "order");
            }
        }
        if let Some(number) = self.field_text(rxe, 15) {
            request.push("identifier", self.prescription_number(&number));
        }
        let provider = self.practitioners(self.take(rxe, 13)).into_iter().next();
        if request.get("requester").is_none() {
            request.fill("requester", provider);
        }
        if let Some(text) = self.text(Parts::from(self.take(rxe, 21)).whole()) {
            request.push("note", Tree::from([("text", text.into())]));
        }
        let mut supply = self.supply(rxe, [10, 11, 12, 40, 41, 45]);
        if let Some(first) = self.number(*self.take(rxe, 39)) {
            let mut quantity = Tree::from([("value", first)]);
            self.set_unit(&mut quantity, rxe.field(11).into());
            supply.set("initialFill", Tree::from([("quantity", quantity)]));
        }
        request.fill("dispenseRequest", filled(supply));
        self.put_request(order, request, &["order"])
    }

    /// RXG: what is to be given at a time.
    pub(super) fn drug_to_give(
        &self,
        drug: &Drug<'m>,
        order: &Prescription<'m, '_>,
        original: Option<Tree>,
    ) -> (Key, Tree) {
        let counter = self.field_text(drug.segment, 1).unwrap_or_default();
        self.pass(drug.segment, [2]);
        let parts = ["give", counter.as_str()];
        let mut request = self.drug_request(drug, order, &RXG, &parts);
        request.fill_all("basedOn", original.into_iter().collect());
        self.put_request(order, request, &parts)
    }

    fn prescription_number(&self, number: &str) -> Tree {
        Tree::from([("system", self.source_system("prescription").into()), ("value", number.into())])
    }

    fn put_request(&self, order: &Prescription<'m, '_>, request: Tree, parts: &[&str]) -> (Key, Tree) {
        let key = self.derived_key_of("MedicationRequest", "medication-request", &order.numbers.about, parts);
        let is_given = parts[0] == "give";
        let write = if order.is_mentioned && !is_given { Write::CreateIfAbsent } else { Write::Update };
        let reference = self.put(key.clone(), write, request, Vec::new());
        self.known_before(&key, "medication-request", &order.numbers, parts);
        if self.prescription_status(order.orc).is_none() {
            self.assume(&key, "status");
        }
        self.remember(&order.numbers, &reference);
        (key, reference)
    }

    /// What RXO, RXE and RXG have in common.
    fn drug_request(&self, drug: &Drug<'m>, order: &Prescription<'m, '_>, fields: &Fields, parts: &[&str]) -> Tree {
        let segment = drug.segment;
        let mut request = resource("MedicationRequest");
        request.fill_all("identifier", order.numbers.identifiers());
        request.set("status", self.prescription_status(order.orc).unwrap_or("active"));
        request.set("intent", fields.intent);
        let mut schedules = self.schedules(drug, order, fields.timing);
        request.fill("priority", schedules.iter().find_map(|schedule| schedule.priority));
        let product = Product {
            form: fields.form,
            strength: fields.strength,
            strength_unit: fields.strength_unit,
            volume: fields.volume,
            volume_unit: fields.volume_unit,
            lot: 0,
            expires: 0,
        };
        let (name, value) = self.drug_of(drug, fields.code, &product, order, parts);
        request.set(name, value);
        request.set("subject", order.patient.subject.reference.clone());
        request.fill("encounter", order.patient.encounter.clone());
        self.ordered_by(order.orc, &mut request);
        request.fill_all("reasonCode", self.concepts(self.optional(segment, fields.indication), None));
        request.fill("priorPrescription", order.replaces.clone());
        self.dosages(drug, fields, &mut schedules, &mut request);
        request
    }

    /// ORC-4, 9, 10, 12 and 21 to 23: the group, when and by whom.
    fn ordered_by(&self, orc: Option<Segment<'m>>, request: &mut Tree) {
        let Some(orc) = orc else { return };
        request.fill("groupIdentifier", self.order_group_number(orc));
        request.fill("authoredOn", self.authored(orc));
        request.fill("statusReason", self.concept(self.take(orc, 16).into(), None));
        request.fill("recorder", self.practitioners(self.take(orc, 10)).into_iter().next());
        let practitioner = self.practitioners(self.take(orc, 12)).into_iter().next();
        request.fill("requester", practitioner.or_else(|| self.ordering_facility(orc)));
        if let Some(parent) = self.parent_order(Some(orc), None) {
            request.push("basedOn", self.order_of(&parent));
        }
    }

    /// The order with a number: of this message, else by its number.
    fn order_of(&self, number: &Identified) -> Tree {
        let known = number
            .system
            .clone()
            .and_then(|system| Some(self.requests.borrow().get(&(system, number.value.clone()))?.0.clone()));
        known.unwrap_or_else(|| Tree::from([("type", "MedicationRequest".into()), ("identifier", number.tree.clone())]))
    }

    fn schedules(&self, drug: &Drug<'m>, order: &Prescription<'m, '_>, own: u16) -> Vec<Schedule> {
        let of_drug = if drug.times.is_empty() { &order.times } else { &drug.times };
        if !of_drug.is_empty() {
            return of_drug.iter().map(|tq1| self.schedule_of(*tq1)).collect();
        }
        let mut old: Vec<Schedule> =
            repeats(self.optional(drug.segment, own)).map(|tq| self.schedule_of_tq(tq)).collect();
        if let Some(orc) = order.orc.filter(|_| old.is_empty()) {
            old = repeats(self.take(orc, 7)).map(|tq| self.schedule_of_tq(tq)).collect();
        }
        old
    }

    /// One dosage for each time that is told, else one.
    fn dosages(&self, drug: &Drug<'m>, fields: &Fields, schedules: &mut Vec<Schedule>, request: &mut Tree) {
        let segment = drug.segment;
        if schedules.is_empty() {
            schedules.push(Schedule::default());
        }
        let several = schedules.len() > 1;
        let instructions: Vec<Tree> =
            repeats(self.take(segment, fields.instructions)).filter_map(|parts| self.instruction(parts)).collect();
        let dose = self.dose_of(segment, fields);
        let daily = self.cq(self.optional(segment, fields.daily).into());
        for (at, schedule) in std::mem::take(schedules).into_iter().enumerate() {
            let mut dosage = Tree::object();
            if several {
                dosage.set("sequence", at as i64 + 1);
            }
            if !schedule.texts.is_empty() {
                dosage.set("text", schedule.texts.join("\n"));
            }
            dosage.fill_all("additionalInstruction", instructions.clone());
            dosage.fill("timing", schedule.timing);
            if schedule.as_needed {
                dosage.set("asNeededBoolean", true);
            }
            self.route_into(drug, &mut dosage);
            let mut dose = dose.clone();
            if dose.get("doseQuantity").is_none() && dose.get("doseRange").is_none() {
                dose.fill("doseQuantity", schedule.quantity);
            }
            dosage.fill_all("doseAndRate", filled(dose).into_iter().collect());
            if let Some(daily) = &daily {
                let day = Tree::from([
                    ("value", Tree::Number("1".to_owned())),
                    ("system", "http://unitsofmeasure.org".into()),
                    ("code", "d".into()),
                ]);
                dosage.set("maxDosePerPeriod", Tree::from([("numerator", daily.clone()), ("denominator", day)]));
            }
            request.fill_all("dosageInstruction", filled(dosage).into_iter().collect());
        }
    }

    /// An instruction: coded as it is; a text in the place of a code is text.
    fn instruction(&self, parts: Parts<'m>) -> Option<Tree> {
        if parts.first(3).has_value() {
            return self.concept(parts, None);
        }
        self.concept_text(parts).map(|text| Tree::from([("text", text.into())]))
    }

    /// RXR-1, 2 and 4 of the first; others beside it are alternatives that a dosage has no place for.
    pub(super) fn route_into(&self, drug: &Drug<'m>, dosage: &mut Tree) {
        let Some(rxr) = drug.routes.first().copied() else { return };
        dosage.fill("site", self.concept(self.take(rxr, 2).into(), Some("0163")));
        dosage.fill("route", self.concept(self.take(rxr, 1).into(), Some("0162")));
        dosage.fill("method", self.concept(self.take(rxr, 4).into(), Some("0165")));
    }

    fn dose_of(&self, segment: Segment<'m>, fields: &Fields) -> Tree {
        let mut dose = Tree::object();
        let unit = || Parts::from(self.take(segment, fields.unit));
        let amount = |number: u16| {
            let value = self.amount(segment, number)?;
            let mut quantity = Tree::from([("value", value)]);
            self.set_unit(&mut quantity, unit());
            Some(quantity)
        };
        match (amount(fields.least), amount(fields.most)) {
            (Some(low), Some(high)) => {
                dose.set("doseRange", Tree::from([("low", low), ("high", high)]));
            }
            (Some(dose_quantity), None) | (None, Some(dose_quantity)) => {
                dose.set("doseQuantity", dose_quantity);
            }
            (None, None) => {}
        }
        if let Some(rate) = self.amount(segment, fields.rate) {
            let mut quantity = Tree::from([("value", rate)]);
            self.set_unit(&mut quantity, self.take(segment, fields.rate_unit).into());
            dose.set("rateQuantity", quantity);
        }
        if !dose.members().is_empty() {
            let system = format!("{TERMINOLOGY}dose-rate-type");
            dose.set("type", concept_of(&system, ("ordered", "Ordered")));
        }
        dose
    }

    /// Amount, unit, refills, pharmacy, its address and telephone.
    fn supply(&self, segment: Segment<'m>, [amount, unit, refills, pharmacy, address, phone]: [u16; 6]) -> Tree {
        let mut supply = Tree::object();
        if let Some(value) = self.amount(segment, amount) {
            let mut quantity = Tree::from([("value", value)]);
            self.set_unit(&mut quantity, self.take(segment, unit).into());
            supply.set("quantity", quantity);
        }
        let count = self.field_text(segment, refills).and_then(|count| count.parse::<u32>().ok());
        supply.fill("numberOfRepeatsAllowed", count.map(i64::from));
        let address = self.xads(self.take(segment, address));
        let telecom = self.xtns(self.take(segment, phone), Some("work"));
        supply.fill("performer", self.coded_organization_at(self.take(segment, pharmacy).into(), address, telecom));
        supply
    }
}

fn days_of(days: Tree) -> Tree {
    Tree::from([
        ("value", days),
        ("unit", "d".into()),
        ("system", "http://unitsofmeasure.org".into()),
        ("code", "d".into()),
    ])
}
