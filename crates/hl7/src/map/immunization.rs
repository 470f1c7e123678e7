//! ORC, RXA, RXR to Immunization.

use super::coded::concept_of;
use super::context::{About, Context, Fill, Scope, resource};
use super::parts::{Parts, repeats};
use super::patient::Subject;
use super::tables::{TERMINOLOGY, completion_status};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// RXA-6 where the amount is not known.
const AMOUNT_UNKNOWN: &str = "999";
/// LOINC: vaccine funding program eligibility category; vaccine funding source.
const ELIGIBILITY: &str = "64994-7";
const FUNDING_SOURCE: &str = "30963-3";
/// ORC-3 where there was no order: the guide of the immunization registries has the same number stand for all of them.
const NO_ORDER: &str = "9999";

/// True for a code of the registries' list of where a record comes from: NIP001, in older messages NIP0001 or not named.
fn is_information_source(system: &str, code: &str) -> bool {
    let is_code = code.len() == 2 && code.starts_with('0') && code.bytes().all(|b| b.is_ascii_digit());
    matches!(system, "NIP001" | "NIP0001") || (system.is_empty() && is_code)
}

impl<'m> Context<'m> {
    /// RXA with the ORC before it and the RXR behind it.
    pub(super) fn immunization(
        &self,
        orc: Option<Segment<'m>>,
        rxa: Segment<'m>,
        rxr: Option<Segment<'m>>,
        subject: &Subject,
        encounter: Option<&Tree>,
    ) -> (Key, Tree, Scope) {
        self.pass(rxa, [1, 2]);
        let mut immunization = resource("Immunization");
        let number = |field: u16, kind: &str, code: &str| {
            let number = orc.and_then(|orc| self.ei(self.take(orc, field).into(), kind, Some(code)));
            number.filter(|number| number.value != NO_ORDER)
        };
        let placer = number(2, "placer-order", "PLAC");
        let filler = number(3, "filler-order", "FILL");
        immunization
            .fill_all("identifier", [&placer, &filler].into_iter().flatten().map(|known| known.tree.clone()).collect());
        let is_deleted = self.field_text(rxa, 21).as_deref() == Some("D");
        immunization.set("status", self.completion(rxa, is_deleted));
        immunization
            .fill("statusReason", repeats(self.take(rxa, 18)).next().and_then(|parts| self.concept(parts, None)));
        let vaccine = Parts::from(self.take(rxa, 5));
        immunization.set(
            "vaccineCode",
            self.concept(vaccine, Some("0292")).unwrap_or_else(|| {
                self.warn(*rxa.field(5), "a vaccine without a code");
                Tree::from([("text", "not given".into())])
            }),
        );
        immunization.set("patient", subject.reference.clone());
        immunization.fill("encounter", encounter.cloned());
        let given = self.date_time(self.take(rxa, 3).into());
        match &given {
            Some(given) => {
                immunization.set("occurrenceDateTime", given.as_str());
            }
            None => {
                immunization.set("occurrenceString", "unknown");
            }
        }
        let ordered = orc.and_then(|orc| self.date_time(self.take(orc, 9).into()));
        immunization.fill("recorded", self.date_time(self.take(rxa, 22).into()).or(ordered));
        self.origin(rxa, &mut immunization);
        self.administration_place(rxa, &mut immunization);
        let maker = repeats(self.take(rxa, 17)).find_map(|parts| self.coded_organization(parts));
        immunization.fill("manufacturer", maker);
        immunization.fill("lotNumber", self.field_text(rxa, 15));
        immunization.fill("expirationDate", self.date(self.take(rxa, 16).into()));
        if let Some(rxr) = rxr {
            immunization.fill("site", self.concept(self.take(rxr, 2).into(), Some("0163")));
            immunization.fill("route", self.concept(self.take(rxr, 1).into(), Some("0162")));
        }
        self.dose(rxa, &mut immunization);
        if let Some(orc) = orc {
            self.pass(orc, [1]);
            self.add_performers(orc, 12, ("OP", "Ordering Provider"), &mut immunization);
        }
        self.add_performers(rxa, 10, ("AP", "Administering Provider"), &mut immunization);
        immunization.fill_all("reasonCode", self.concepts(self.take(rxa, 19), None));
        let known_by = filler.or(placer).map(|known| About::numbered(&known));
        let vaccine_code = self.code(vaccine.first(1)).or_else(|| self.concept_text(vaccine)).unwrap_or_default();
        let scope = known_by.as_ref().map_or(Scope::Source, |order| order.scope);
        let key = match known_by {
            Some(order) => self.derived_key_of("Immunization", "immunization", &order, &[&vaccine_code]),
            None => {
                let given = given.unwrap_or_default();
                self.derived_key("Immunization", "immunization", &[&subject.token, &vaccine_code, &given])
            }
        };
        let reference = self.put(key.clone(), Write::Update, immunization, Vec::new());
        (key, reference, scope)
    }

    fn completion(&self, rxa: Segment<'m>, is_deleted: bool) -> &'static str {
        let field = self.take(rxa, 20);
        let code = self.code(Parts::from(field).first(1));
        if is_deleted {
            return "entered-in-error";
        }
        match code.as_deref() {
            None if self.is_no_vaccine(rxa) => "not-done",
            None => "completed",
            Some(code) => completion_status(code).unwrap_or_else(|| {
                self.warn(*field, format!("{code:?} is not of table 0322; the vaccination was read as completed"));
                "completed"
            }),
        }
    }

    /// An OBX behind an RXA that says who pays for the vaccine is told by the vaccination too.
    pub(super) fn funding(&self, obx: Segment<'m>, immunization: &Key) {
        let code = Parts::from(obx.field(3));
        if self.text(code.first(3)).as_deref() != Some("LN") {
            return;
        }
        let code = self.code(code.first(1));
        let value = || self.concept(obx.field(5).into(), None);
        match code.as_deref() {
            Some(ELIGIBILITY) => self.change(immunization, |immunization| {
                immunization.fill_all("programEligibility", value().into_iter().collect());
            }),
            Some(FUNDING_SOURCE) => self.change(immunization, |immunization| {
                immunization.fill("fundingSource", value());
            }),
            _ => {}
        }
    }

    /// True for CVX 998: "no vaccine administered", with which a forecast or an immunity is told.
    fn is_no_vaccine(&self, rxa: Segment<'m>) -> bool {
        let vaccine = Parts::from(rxa.field(5));
        let is_cvx = self.text(vaccine.first(3)).is_none_or(|system| system == "CVX");
        is_cvx && self.code(vaccine.first(1)).as_deref() == Some("998")
    }

    /// RXA-9: a list in which `00` says that this sender gave the vaccine, other codes where the record comes from; a text
    /// without a code is a note.
    fn origin(&self, rxa: Segment<'m>, immunization: &mut Tree) {
        for parts in repeats(self.take(rxa, 9)) {
            let system = self.text(parts.first(3)).unwrap_or_default();
            let code = self.code(parts.first(1));
            match code {
                Some(code) if is_information_source(&system, &code) => {
                    immunization.set("primarySource", code == "00");
                    if code != "00" {
                        immunization.fill("reportOrigin", self.concept(parts, None));
                    }
                }
                _ => {
                    if let Some(text) = self.concept_text(parts) {
                        immunization.push("note", Tree::from([("text", text.into())]));
                    }
                }
            }
        }
    }

    fn administration_place(&self, rxa: Segment<'m>, immunization: &mut Tree) {
        // RXA-27 took the place of RXA-11, whose first parts are those of a PL.
        let place = self.location(self.take(rxa, 27).into());
        let old = self.location(self.take(rxa, 11).into());
        immunization.fill("location", place.or(old));
    }

    fn dose(&self, rxa: Segment<'m>, immunization: &mut Tree) {
        let amount = self.take(rxa, 6);
        let unit = Parts::from(self.take(rxa, 7));
        if self.text(*amount).as_deref() == Some(AMOUNT_UNKNOWN) {
            return;
        }
        if let Some(number) = self.number(*amount) {
            let mut quantity = Tree::from([("value", number)]);
            self.set_unit(&mut quantity, unit);
            immunization.set("doseQuantity", quantity);
        }
    }

    fn add_performers(
        &self,
        segment: Segment<'m>,
        number: u16,
        role: (&'static str, &'static str),
        immunization: &mut Tree,
    ) {
        for actor in self.practitioners(self.take(segment, number)) {
            let function = concept_of(&format!("{TERMINOLOGY}v2-0443"), role);
            immunization.push("performer", Tree::from([("function", function), ("actor", actor)]));
        }
    }
}
