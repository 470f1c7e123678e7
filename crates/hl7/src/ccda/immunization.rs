//! Immunization Activity to Immunization; what is planned to ImmunizationRecommendation.

use super::codes::concept_of;
use super::context::Context;
use super::element::El;
use super::entry::{Outcome, Surroundings};
use super::null::absent;
use super::template::Kind;
use crate::map::context::Fill;
use fhir::json::Tree;

impl<'d> Context<'d> {
    pub(super) fn immunization(&self, el: El<'d>, around: &Surroundings<'d>) -> Outcome {
        if !matches!(el.attr("moodCode"), None | Some("EVN")) {
            return self.planned_immunization(el);
        }
        let mut draft = self.begin("Immunization", el);
        let status = match el.status() {
            _ if el.is_negated() => "not-done",
            Some("nullified") => "entered-in-error",
            Some("cancelled" | "aborted") => "not-done",
            _ => "completed",
        };
        if let Some(other @ ("new" | "held" | "suspended")) = el.status() {
            self.warn(el, format!("FHIR has no vaccination that is {other:?}; it is told as {status}"));
        }
        draft.set("status", status, if el.is_negated() { el } else { el.get("statusCode").unwrap_or(el) });
        for refusal in Self::parts(el, Kind::Refusal) {
            if let Some(code) = refusal.get("code")
                && !draft.has("statusReason")
            {
                self.claim(refusal);
                draft.fill("statusReason", self.concept(code), refusal);
            }
        }
        let product = el.at(&["consumable", "manufacturedProduct"]);
        let material = product.and_then(|product| product.get("manufacturedMaterial"));
        let code = material.and_then(|material| material.get("code"));
        let name = material.and_then(|material| material.get("name")).and_then(El::plain);
        draft.set(
            "vaccineCode",
            self.required_concept(code, name.or_else(|| self.words_of(el, code))),
            code.or(material).unwrap_or(el),
        );
        draft.put("patient", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put("encounter", encounter);
        }
        let time = el.all("effectiveTime").find(|time| !matches!(time.kind(), Some("PIVL_TS" | "EIVL_TS")));
        if let Some(time) = time {
            self.fill_time(&mut draft, "occurrenceDateTime", time);
        }
        if !draft.has("occurrenceDateTime") && !draft.has("_occurrenceDateTime") {
            draft.put("_occurrenceDateTime", absent(super::null::reason(time.and_then(El::null).unwrap_or("UNK"))));
        }
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "recorded", time);
        }
        if let Some(lot) = material.and_then(|material| material.get("lotNumberText")) {
            draft.fill("lotNumber", lot.plain(), lot);
        }
        if let Some(expires) = material.and_then(|material| material.extension("expirationTime")) {
            self.fill_date(&mut draft, "expirationDate", expires);
        }
        if let Some(maker) = product.and_then(|product| product.get("manufacturerOrganization"))
            && let Some(made) = self.organization(maker)
        {
            draft.set("manufacturer", made.tree(), maker);
        }
        for (element, name) in [("site", "approachSiteCode"), ("route", "routeCode")] {
            if let Some(code) = self.only(el, name) {
                draft.fill(element, self.concept(code), code);
            }
        }
        if let Some(dose) = el.get("doseQuantity") {
            let quantity = self.quantity(dose);
            if quantity.is_none() && dose.elements().next().is_some() {
                self.warn(dose, "a dose of this form has no element; it is in the document alone");
            }
            draft.fill("doseQuantity", quantity, dose);
        }
        for performer in self.parties(el, "performer") {
            if performer.reference.is(&["Practitioner", "PractitionerRole", "Organization"]) {
                let function =
                    concept_of("http://terminology.hl7.org/CodeSystem/v2-0443", "AP", "Administering Provider");
                draft.push(
                    "performer",
                    Tree::from([("function", function), ("actor", performer.reference.tree())]),
                    performer.el,
                );
            }
        }
        self.reasons(&mut draft, el, around);
        self.vaccine_reactions(&mut draft, el, around);
        self.series(&mut draft, el);
        self.comments(&mut draft, el);
        self.own(draft).into()
    }

    fn vaccine_reactions(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        for reaction in Self::parts(el, Kind::Reaction).into_iter().filter(|reaction| !reaction.is_negated()) {
            for made in self.inner(reaction, el, around) {
                if made.is(&["Observation"]) {
                    let mut tree = Tree::from([("detail", made.tree())]);
                    if let Some(time) = reaction.get("effectiveTime").map(|time| time.get("low").unwrap_or(time)) {
                        self.put_time(&mut tree, "date", time);
                    }
                    draft.push("reaction", tree, reaction);
                }
            }
        }
    }

    /// Which dose of a series it was.
    fn series(&self, draft: &mut super::draft::Draft<'d>, el: El<'d>) {
        let own = el.get("repeatNumber").and_then(|number| Some((self.integer(number)?, number)));
        let nested = Self::parts(el, Kind::DoseOfSeries).into_iter().find_map(|dose| {
            let sequence = el
                .related()
                .find(|(_, inner)| *inner == dose)
                .and_then(|(relation, _)| relation.get("sequenceNumber"))?;
            let number = self.integer(sequence)?;
            self.claim(dose);
            Some((number, dose))
        });
        if let Some((number, from)) = own.or(nested).filter(|(number, _)| *number > 0) {
            draft.push("protocolApplied", Tree::from([("doseNumberPositiveInt", Tree::from(i64::from(number)))]), from);
        }
    }

    /// A planned immunization. A recommendation has no status, and none is made of what is not to be.
    pub(super) fn planned_immunization(&self, el: El<'d>) -> Outcome {
        if el.is_negated() {
            return Outcome::Listed("that a vaccination is not to be given has no element in a recommendation".into());
        }
        if let Some(status @ ("aborted" | "cancelled" | "nullified")) = el.status() {
            return Outcome::Listed(format!(
                "a planned vaccination that is {status} has no element in a recommendation"
            ));
        }
        let forecast = match el.status() {
            Some("completed") => ("complete", "Complete"),
            _ => ("due", "Due"),
        };
        let mut draft = self.begin("ImmunizationRecommendation", el);
        draft.put("patient", self.subject());
        let written = self.authored(&[el]).or_else(|| self.root.get("effectiveTime"));
        if !written.is_some_and(|time| self.fill_time(&mut draft, "date", time)) {
            draft.put("_date", absent("unknown"));
        }
        let code = el.at(&["consumable", "manufacturedProduct", "manufacturedMaterial", "code"]);
        let mut planned = Tree::object();
        planned.push("vaccineCode", self.required_concept(code, self.words_of(el, code)));
        planned.set(
            "forecastStatus",
            concept_of(
                "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status",
                forecast.0,
                forecast.1,
            ),
        );
        if let Some(time) = el.get("effectiveTime") {
            let mut due = Tree::from([("code", concept_of("http://loinc.org", "30980-7", "Date vaccine due"))]);
            if self.put_time(&mut due, "value", time.get("low").or_else(|| time.get("center")).unwrap_or(time)) {
                planned.push("dateCriterion", due);
            }
        }
        planned.fill("description", self.statement_text(el));
        draft.push("recommendation", planned, el);
        self.own(draft).into()
    }
}
