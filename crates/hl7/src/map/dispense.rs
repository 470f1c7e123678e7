//! RXD and RXA to MedicationDispense and MedicationAdministration: what the pharmacy gave out, and what the patient was given.

use super::context::{Context, Fill, filled, resource};
use super::drug::{Drug, Product};
use super::medication::Prescription;
use super::parts::{Parts, repeats};
use super::transaction::{Key, Write};
use fhir::json::Tree;

/// RXA-6 where the amount is not known.
const AMOUNT_UNKNOWN: &str = "999";

impl<'m> Context<'m> {
    /// RXD. `request` is the order that it fills.
    pub(super) fn dispensed(
        &self,
        drug: &Drug<'m>,
        order: &Prescription<'m, '_>,
        request: Option<Tree>,
    ) -> (Key, Tree) {
        let rxd = drug.segment;
        let counter = self.field_text(rxd, 1).unwrap_or_default();
        let when = self.date_time(self.take(rxd, 3).into());
        let code = self.code(Parts::from(rxd.field(2)).first(1)).unwrap_or_default();
        let parts = [code.as_str(), counter.as_str(), when.as_deref().unwrap_or_default()];
        let mut dispense = resource("MedicationDispense");
        dispense.fill_all("identifier", order.numbers.identifiers());
        if let Some(number) = self.field_text(rxd, 7) {
            let system = self.source_system("prescription");
            dispense.push("identifier", Tree::from([("system", system.into()), ("value", number.into())]));
        }
        let status = match self.prescription_status(order.orc) {
            Some("cancelled") => "cancelled",
            Some("stopped") => "stopped",
            Some("entered-in-error") => "entered-in-error",
            _ => "completed",
        };
        dispense.set("status", status);
        let product =
            Product { form: 6, strength: 16, strength_unit: 17, volume: 28, volume_unit: 29, lot: 18, expires: 19 };
        let owner = ["RXD", parts[0], parts[1], parts[2]];
        let (name, value) = self.drug_of(drug, 2, &product, order, &owner);
        dispense.set(name, value);
        dispense.set("subject", order.patient.subject.reference.clone());
        dispense.fill("context", order.patient.encounter.clone());
        for actor in self.practitioners(self.take(rxd, 10)) {
            dispense.push("performer", Tree::from([("actor", actor)]));
        }
        let pharmacy = Parts::from(self.take(rxd, 30));
        let address = self.xads(self.take(rxd, 31));
        let telecom = self.xtns(self.take(rxd, 34), Some("work"));
        if let Some(actor) = self.coded_organization_at(pharmacy, address, telecom) {
            dispense.push("performer", Tree::from([("actor", actor)]));
        }
        dispense.fill_all("authorizingPrescription", request.into_iter().collect());
        dispense.fill("type", self.concept(self.take(rxd, 33).into(), Some("0484")));
        if let Some(amount) = self.amount(rxd, 4) {
            let mut quantity = Tree::from([("value", amount)]);
            self.set_unit(&mut quantity, self.take(rxd, 5).into());
            dispense.set("quantity", quantity);
        }
        dispense.fill("whenHandedOver", when.clone());
        for parts in repeats(self.take(rxd, 9)) {
            if let Some(text) = self.text(parts.whole()) {
                dispense.push("note", Tree::from([("text", text.into())]));
            }
        }
        let mut dosage = Tree::object();
        dosage.fill_all("additionalInstruction", self.concepts(self.take(rxd, 15), None));
        self.route_into(drug, &mut dosage);
        dispense.fill_all("dosageInstruction", filled(dosage).into_iter().collect());
        if let Some(code) = self.field_text(rxd, 11) {
            // Table 0167: generic or therapeutic substitution was dispensed, or none.
            let was_substituted = matches!(code.as_str(), "G" | "T");
            dispense.set("substitution", Tree::from([("wasSubstituted", was_substituted.into())]));
        }
        let key = self.derived_key_of("MedicationDispense", "dispense", &order.numbers.about, &parts);
        let reference = self.put(key.clone(), Write::Update, dispense, Vec::new());
        self.known_before(&key, "dispense", &order.numbers, &parts);
        (key, reference)
    }

    /// RXA under an order of drugs. `request` is that order.
    pub(super) fn administered(
        &self,
        drug: &Drug<'m>,
        order: &Prescription<'m, '_>,
        request: Option<Tree>,
    ) -> (Key, Tree) {
        let rxa = drug.segment;
        self.pass(rxa, [1]);
        let counter = self.field_text(rxa, 2).unwrap_or_default();
        let start = self.date_time(self.take(rxa, 3).into());
        let end = self.date_time(self.take(rxa, 4).into()).filter(|end| Some(end) != start.as_ref());
        let code = self.code(Parts::from(rxa.field(5)).first(1)).unwrap_or_default();
        let parts = [code.as_str(), counter.as_str(), start.as_deref().unwrap_or_default()];
        let mut given = resource("MedicationAdministration");
        given.fill_all("identifier", order.numbers.identifiers());
        let is_deleted = self.field_text(rxa, 21).as_deref() == Some("D");
        let completion = self.field_text(rxa, 20);
        let status = match completion.as_deref() {
            _ if is_deleted => "entered-in-error",
            Some("RE" | "NA") => "not-done",
            Some("PA") => "stopped",
            _ => "completed",
        };
        given.set("status", status);
        given.fill_all("statusReason", self.concepts(self.take(rxa, 18), None));
        let product =
            Product { form: 8, strength: 13, strength_unit: 14, volume: 23, volume_unit: 24, lot: 15, expires: 16 };
        let owner = ["RXA", parts[0], parts[1], parts[2]];
        let (name, value) = self.drug_of(drug, 5, &product, order, &owner);
        given.set(name, value);
        given.set("subject", order.patient.subject.reference.clone());
        given.fill("context", order.patient.encounter.clone());
        match (&start, end) {
            (Some(start), Some(end)) => {
                let period = Tree::from([("start", start.as_str().into()), ("end", end.into())]);
                given.set("effectivePeriod", period);
            }
            (Some(start), None) => {
                given.set("effectiveDateTime", start.as_str());
            }
            // When it was given is part of what FHIR asks for.
            (None, _) => {
                given.set("effectivePeriod", absent());
            }
        }
        for actor in self.practitioners(self.take(rxa, 10)) {
            given.push("performer", Tree::from([("actor", actor)]));
        }
        given.fill_all("reasonCode", self.concepts(self.take(rxa, 19), None));
        given.fill("request", request);
        for parts in repeats(self.take(rxa, 9)) {
            if let Some(text) = self.concept_text(parts) {
                given.push("note", Tree::from([("text", text.into())]));
            }
        }
        let mut dosage = Tree::object();
        self.route_into(drug, &mut dosage);
        let amount = self.amount(rxa, 6).filter(|amount| *amount != Tree::Number(AMOUNT_UNKNOWN.to_owned()));
        if let Some(amount) = amount {
            let mut quantity = Tree::from([("value", amount)]);
            self.set_unit(&mut quantity, self.take(rxa, 7).into());
            dosage.set("dose", quantity);
        }
        given.fill("dosage", filled(dosage));
        let key = self.derived_key_of("MedicationAdministration", "administration", &order.numbers.about, &parts);
        let reference = self.put(key.clone(), Write::Update, given, Vec::new());
        self.known_before(&key, "administration", &order.numbers, &parts);
        (key, reference)
    }
}

/// A period of which nothing is known.
fn absent() -> Tree {
    let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    let reason = super::context::extension(url, "valueCode", "unknown");
    Tree::from([("extension", vec![reason].into())])
}
