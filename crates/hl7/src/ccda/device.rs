//! Devices: product instances, and supplies that are no medication.

use super::context::Context;
use super::draft::Ref;
use super::element::El;
use super::entry::Surroundings;
use super::null::absent;
use fhir::json::Tree;

impl<'d> Context<'d> {
    /// A Product Instance of a participation.
    pub(super) fn product_instance(&self, participant: El<'d>) -> Option<Ref> {
        let role = participant.get("participantRole")?;
        let device = role.get("playingDevice");
        let mut draft = self.begin("Device", role);
        let code = device.and_then(|device| device.get("code"));
        // A number of the agency that registers devices is their carrier's.
        for (identified, el) in self.identifiers(role) {
            if el.attr("root") == Some("2.16.840.1.113883.3.3719") {
                draft.push("udiCarrier", Tree::from([("carrierHRF", identified.value.into())]), el);
            }
        }
        if let Some(code) = code {
            draft.fill("type", self.concept(code), code);
        }
        if let Some(model) = device.and_then(|device| device.get("manufacturerModelName")) {
            draft.fill("modelNumber", model.plain(), model);
        }
        if let Some(maker) = role.get("scopingEntity") {
            let name = maker.get("desc").and_then(El::plain);
            draft.fill("manufacturer", name, maker);
        }
        if draft.tree.members().len() < 2 {
            return None;
        }
        let display = draft.tree.get("type").and_then(super::medication::words);
        draft.put("patient", self.subject());
        let mut made = self.own(draft);
        made.display = display;
        Some(made)
    }

    /// A Non-Medicinal Supply Activity: a device in use, or one asked for.
    pub(super) fn device_supply(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        if !matches!(el.attr("moodCode"), None | Some("EVN")) {
            return self.device_request(el);
        }
        let participant =
            el.all("participant").find(|participant| matches!(participant.attr("typeCode"), Some("PRD" | "DEV")));
        let device = participant.and_then(|participant| self.product_instance(participant));
        let device = device.or_else(|| self.supplied_device(el));
        let mut draft = self.begin("DeviceUseStatement", el);
        let status = match el.status() {
            Some("completed") => "completed",
            Some("nullified") => "entered-in-error",
            Some("new") => "intended",
            Some("aborted" | "cancelled") => "stopped",
            Some("suspended" | "held") => "on-hold",
            _ => "active",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        draft.put("subject", self.subject());
        if let Some(time) = el.get("effectiveTime") {
            if time.attr("value").is_some() {
                self.fill_time(&mut draft, "timingDateTime", time);
            } else {
                draft.fill("timingPeriod", self.period(time), time);
            }
        }
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "recordedOn", time);
        }
        let words = self.statement_text(el);
        let mut reference = device.map_or_else(Tree::object, |device| device.tree());
        if reference.get("reference").is_none() {
            match words {
                Some(words) => {
                    reference.set("display", words);
                }
                None => reference = absent("unknown"),
            }
        }
        draft.set("device", reference, participant.unwrap_or(el));
        self.reasons(&mut draft, el, around);
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// A device told as a product.
    fn supplied_device(&self, el: El<'d>) -> Option<Ref> {
        let product = el.at(&["product", "manufacturedProduct"])?;
        let code = product.at(&["manufacturedMaterial", "code"])?;
        let mut draft = self.begin("Device", product);
        draft.fill("type", self.concept(code), code);
        if draft.tree.members().len() < 2 {
            return None;
        }
        draft.put("patient", self.subject());
        let key = self.counted_key("Device", &self.set, &self.xpath(product));
        Some(self.add_part(key, draft))
    }

    fn device_request(&self, el: El<'d>) -> Ref {
        let mut draft = self.begin("DeviceRequest", el);
        draft.set("status", super::medication::request_status(el), el.get("statusCode").unwrap_or(el));
        draft.put("intent", super::medication::intent(el));
        let device =
            el.all("participant").find_map(|participant| Some((self.product_instance(participant)?, participant)));
        match device {
            Some((device, from)) => {
                draft.set("codeReference", device.tree(), from);
            }
            None => {
                let code = el
                    .at(&["product", "manufacturedProduct", "manufacturedMaterial", "code"])
                    .or_else(|| el.get("code"));
                draft.set(
                    "codeCodeableConcept",
                    self.required_concept(code, self.words_of(el, code)),
                    code.unwrap_or(el),
                );
            }
        }
        draft.put("subject", self.subject());
        self.occurrence(&mut draft, el);
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "authoredOn", time);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }
}
