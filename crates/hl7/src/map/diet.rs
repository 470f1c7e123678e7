//! ODS, ODT and RQD, RQ1 to NutritionOrder and SupplyRequest: what the patient is to eat, and what a ward is to get.

use super::context::{Context, Fill, resource};
use super::order::{Numbers, Patient};
use super::parts::{Parts, repeats};
use super::quantity::digits;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// All ODS and ODT of an order: D and the like the diet, S a supplement, P a preference.
    pub(super) fn diet(
        &self,
        orc: Option<Segment<'m>>,
        segments: &[Segment<'m>],
        numbers: &Numbers,
        patient: &Patient<'_>,
    ) -> Option<Key> {
        let mut order = resource("NutritionOrder");
        order.fill_all("identifier", numbers.identifiers());
        let status = orc.and_then(|orc| self.control_status(orc));
        order.set("status", status.unwrap_or("active"));
        order.set("intent", "order");
        order.set("patient", patient.subject.reference.clone());
        order.fill("encounter", patient.encounter.clone());
        let ordered = orc.and_then(|orc| self.date_time(self.take(orc, 9).into()));
        let Some(ordered) = ordered.or_else(|| self.date_time(self.message.header().field(7).into())) else {
            self.warn(*segments[0].field(9), "a diet without a time of its order was left out");
            return None;
        };
        order.set("dateTime", ordered);
        if let Some(orc) = orc {
            order.fill("orderer", self.practitioners(self.take(orc, 12)).into_iter().next());
        }
        let mut diet = Tree::object();
        for ods in segments.iter().copied().filter(|segment| segment.is("ODS")) {
            let codes: Vec<Tree> = repeats(self.take(ods, 3)).filter_map(|parts| self.concept(parts, None)).collect();
            let texts: Vec<String> = repeats(self.take(ods, 4)).filter_map(|parts| self.text(parts.whole())).collect();
            let text = (!texts.is_empty()).then(|| texts.join("\n"));
            match self.field_text(ods, 1).as_deref() {
                Some("S") => {
                    for code in codes {
                        let mut supplement = Tree::from([("type", code)]);
                        supplement.fill("instruction", text.clone());
                        order.push("supplement", supplement);
                    }
                }
                Some("P") => {
                    order.fill_all("foodPreferenceModifier", codes);
                    if let Some(text) = text {
                        order.push("note", Tree::from([("text", text.into())]));
                    }
                }
                _ => {
                    diet.fill_all("type", codes);
                    diet.fill("instruction", text);
                }
            }
        }
        // ODT-3: what the tray is to be like.
        for odt in segments.iter().copied().filter(|segment| segment.is("ODT")) {
            if let Some(text) = self.text(Parts::from(self.take(odt, 3)).whole()) {
                order.push("note", Tree::from([("text", text.into())]));
            }
        }
        order.fill("oralDiet", super::context::filled(diet));
        let key = self.derived_key_of("NutritionOrder", "diet", &numbers.about, &[]);
        self.put(key.clone(), Write::Update, order, Vec::new());
        self.known_before(&key, "diet", numbers, &[]);
        if status.is_none() {
            self.assume(&key, "status");
        }
        Some(key)
    }

    /// RQD, with the RQ1 behind it. R4 does not say for which patient something is to be supplied.
    pub(super) fn supply_request(
        &self,
        orc: Option<Segment<'m>>,
        segments: &[Segment<'m>],
        numbers: &Numbers,
        patient: &Patient<'_>,
    ) -> Option<Key> {
        let Some(rqd) = segments.iter().copied().find(|segment| segment.is("RQD")) else {
            self.warn(*segments[0].field(2), "a requisition of nothing named was left out");
            return None;
        };
        self.pass(rqd, [1]);
        let item = [2, 3, 4].iter().find_map(|number| self.concept(self.take(rqd, *number).into(), None));
        let Some(item) = item else {
            self.warn(*rqd.field(2), "a requisition of nothing named was left out");
            return None;
        };
        let mut request = resource("SupplyRequest");
        request.fill_all("identifier", numbers.identifiers());
        let status = orc.and_then(|orc| self.control_status(orc));
        request.set(
            "status",
            match status {
                Some("revoked") => "cancelled",
                Some("on-hold") => "suspended",
                Some(status) => status,
                None => "active",
            },
        );
        request.set("itemCodeableConcept", item);
        let amount = self.field_text(rqd, 5).as_deref().and_then(digits).unwrap_or_else(|| "1".to_owned());
        let mut quantity = Tree::from([("value", Tree::Number(amount))]);
        self.set_unit(&mut quantity, self.take(rqd, 6).into());
        request.set("quantity", quantity);
        request.fill("occurrenceDateTime", self.date_time(self.take(rqd, 10).into()));
        if let Some(orc) = orc {
            request.fill("authoredOn", self.date_time(self.take(orc, 9).into()));
            let requester = self.practitioners(self.take(orc, 12)).into_iter().next();
            request.fill("requester", requester.or_else(|| self.ordering_facility(orc)));
        }
        if let Some(rq1) = segments.iter().copied().find(|segment| segment.is("RQ1")) {
            request.fill_all("supplier", self.coded_organization(self.take(rq1, 4).into()).into_iter().collect());
        }
        request.fill("deliverTo", self.coded_organization(self.take(rqd, 9).into()));
        let item_code = [2, 3, 4].iter().find_map(|number| self.code(Parts::from(rqd.field(*number)).first(1)));
        let item_code = item_code.unwrap_or_default();
        // Which patient it is for is part of what it is, where the number is used again for another.
        let parts = [patient.subject.token.as_str(), item_code.as_str()];
        let key = self.derived_key_of("SupplyRequest", "supply", &numbers.about, &parts);
        self.put(key.clone(), Write::Update, request, Vec::new());
        self.known_before(&key, "supply", numbers, &parts);
        if status.is_none() {
            self.assume(&key, "status");
        }
        Some(key)
    }
}
