//! Substance administrations to MedicationStatement and MedicationRequest; supplies to MedicationRequest and MedicationDispense.

use super::codes::concept_of;
use super::context::Context;
use super::draft::{Draft, Ref};
use super::element::El;
use super::entry::Surroundings;
use super::observation::is_state_unknown;
use super::problem::SNOMED;
use super::template::Kind;
use crate::map::context::{Fill, filled};
use fhir::json::Tree;

const REQUESTERS: &[&str] = &["Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson", "Device"];
const INFORMANTS: &[&str] = &["Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Organization"];

/// Material codes that say no more than that it is a drug: negated, they mean that there is none.
const ANY_DRUG: [&str; 4] = ["410942007", "373873005", "763158003", "787481004"];

/// What a mood asks for, as `intent` of requests.
pub(super) fn intent(el: El<'_>) -> &'static str {
    match el.attr("moodCode") {
        Some("RQO" | "ARQ") => "order",
        Some("PRP") => "proposal",
        _ => "plan",
    }
}

/// `status` of requests.
pub(super) fn request_status(el: El<'_>) -> &'static str {
    match el.status() {
        Some("completed") => "completed",
        Some("aborted") => "revoked",
        Some("cancelled") => "revoked",
        Some("suspended" | "held") => "on-hold",
        Some("nullified") => "entered-in-error",
        Some("new") => "draft",
        Some("active") => "active",
        None if !is_state_unknown(el) => "active",
        _ => "unknown",
    }
}

impl<'d> Context<'d> {
    pub(super) fn medication(&self, el: El<'d>, around: &Surroundings<'d>) -> Ref {
        let is_taken = matches!(el.attr("moodCode"), None | Some("EVN"));
        let kind = if is_taken { "MedicationStatement" } else { "MedicationRequest" };
        let mut draft = self.begin(kind, el);
        let code = el.get("statusCode").unwrap_or(el);
        if is_taken {
            // CCD 1.0 tells of the medication's own status beside that of the act.
            let told = self.take(el, Kind::ProblemStatus).into_iter().find_map(|status| {
                status.get("value")?.codes().find_map(|code| match code {
                    "55561003" => Some("active"),
                    "421139008" => Some("on-hold"),
                    "392521001" | "73425007" => Some("completed"),
                    _ => None,
                })
            });
            // That there is no drug is told by the code; the record of it stands, or no longer does.
            let is_negated = el.is_negated() && !Self::is_any_drug(el);
            let status = match el.status() {
                _ if is_negated => "not-taken",
                _ if told.is_some() => told.unwrap_or_default(),
                Some("completed") => "completed",
                Some("active") => "active",
                Some("aborted") => "stopped",
                Some("suspended" | "held") => "on-hold",
                Some("new") => "intended",
                Some("cancelled") => "not-taken",
                Some("nullified") => "entered-in-error",
                _ => "unknown",
            };
            draft.set("status", status, if is_negated { el } else { code });
        } else {
            let status = match el.status() {
                Some("completed") => "completed",
                Some("aborted") => "stopped",
                Some("cancelled") => "cancelled",
                Some("suspended" | "held") => "on-hold",
                Some("nullified") => "entered-in-error",
                Some("new") => "draft",
                Some("active") => "active",
                None if !is_state_unknown(el) => "active",
                _ => "unknown",
            };
            draft.set("status", status, code);
            draft.put("intent", intent(el));
            if el.is_negated() && !Self::is_any_drug(el) {
                draft.put("doNotPerform", true);
            }
        }
        self.drug(&mut draft, el);
        draft.put("subject", self.subject());
        if let Some(encounter) = self.encounter_of(el) {
            draft.put(if is_taken { "context" } else { "encounter" }, encounter);
        }
        let authored = self.authored(&[el]);
        if is_taken {
            self.taken_from(&mut draft, el);
            if let Some(time) = authored {
                self.fill_time(&mut draft, "dateAsserted", time);
            }
            let informant = self
                .first_party(&[el], "informant", INFORMANTS)
                .or_else(|| self.first_party(&[el], "author", INFORMANTS));
            if let Some(informant) = informant {
                draft.set("informationSource", informant.reference.tree(), informant.el);
            }
        } else {
            if let Some(time) = authored {
                self.fill_time(&mut draft, "authoredOn", time);
            }
            if let Some(author) = self.first_party(&[el], "author", REQUESTERS) {
                draft.set("requester", author.reference.tree(), author.el);
            }
            if let Some(performer) = self.first_party(&[el], "performer", REQUESTERS) {
                draft.set("performer", performer.reference.tree(), performer.el);
            }
            self.refills(&mut draft, el);
        }
        self.reasons(&mut draft, el, around);
        if let Some(dosage) = self.dosage(el, !is_taken) {
            draft.push(if is_taken { "dosage" } else { "dosageInstruction" }, dosage, el);
        }
        self.comments(&mut draft, el);
        let made = self.own(draft);
        self.supplies(el, around, &made, is_taken);
        made
    }

    /// When it was taken.
    fn taken_from(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let mut all = Self::times(el).into_iter().filter(|time| {
            matches!(time.kind(), None | Some("IVL_TS" | "TS"))
                && time.attr("operator") != Some("E")
                && (time.attr("value").is_some() || time.elements().next().is_some())
        });
        let Some(time) = all.next() else { return };
        for other in all.filter(|other| other.attr("value").is_none()) {
            self.warn(other, "a second interval of taking has no element; it is in the document alone");
        }
        if time.attr("value").is_some() {
            self.fill_time(draft, "effectiveDateTime", time);
        } else if let Some(period) = self.period(time) {
            draft.set("effectivePeriod", period, time);
        }
    }

    /// The product of a statement, and its material.
    fn product(el: El<'d>) -> (Option<El<'d>>, Option<El<'d>>) {
        let product =
            el.at(&["consumable", "manufacturedProduct"]).or_else(|| el.at(&["product", "manufacturedProduct"]));
        let material = product
            .and_then(|product| product.get("manufacturedMaterial").or_else(|| product.get("manufacturedLabeledDrug")));
        (product, material)
    }

    /// True if a statement says no more of the drug than that it is one.
    fn is_any_drug(el: El<'d>) -> bool {
        let code = Self::product(el).1.and_then(|material| material.get("code"));
        let name = Self::product(el).1.and_then(|material| material.get("name")).and_then(El::plain);
        let has_code = code.is_some_and(|code| code.attr("code").is_some() || code.get("translation").is_some());
        let is_none = |name: &str| ["no ", "none", "nil"].iter().any(|word| name.to_lowercase().starts_with(word));
        // A name tells of one drug, where no code does.
        (has_code || name.as_deref().is_none_or(is_none)) && code.is_none_or(|code| Self::is_general(code, &ANY_DRUG))
    }

    /// What was taken, as code, or as Medication where more is known of it.
    fn drug(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let (product, material) = Self::product(el);
        let code = material.and_then(|material| material.get("code"));
        let from = code.or(material).unwrap_or(el);
        if el.is_negated() && Self::is_any_drug(el) {
            let mut concept = concept_of(SNOMED, "787481004", "No known medications");
            concept.fill("text", self.words_of(el, code));
            draft.set("medicationCodeableConcept", concept, from);
            return;
        }
        let name = material.and_then(|material| material.get("name")).and_then(El::plain);
        let mut concept = self.required_concept(code, name.clone().or_else(|| self.words_of(el, code)));
        if concept.get("text").is_none() && concept.get("coding").is_some() {
            concept.fill("text", name);
        }
        let maker = product.and_then(|product| product.get("manufacturerOrganization"));
        let lot = material.and_then(|material| material.get("lotNumberText")).and_then(|lot| Some((lot.plain()?, lot)));
        let maker = maker.and_then(|maker| Some((self.organization(maker)?, maker)));
        let Some(product) = product.filter(|_| maker.is_some() || lot.is_some()) else {
            draft.set("medicationCodeableConcept", concept, from);
            return;
        };
        let mut medication = self.begin("Medication", product);
        let display = words(&concept);
        medication.set("code", concept, from);
        if let Some((maker, el)) = maker {
            medication.set("manufacturer", maker.tree(), el);
        }
        if let Some((lot, el)) = lot {
            medication.set("batch", Tree::from([("lotNumber", lot.into())]), el);
        }
        // What is taken, ordered and handed over is the same product.
        let words = blake3::hash(medication.tree.to_string().as_bytes()).to_hex();
        let key = Self::alike_key("Medication", &format!("{}/{}", self.set, &words[..32]));
        let mut made = self.add_part(key, medication);
        made.display = display;
        draft.set("medicationReference", made.tree(), product);
    }

    /// Why: indications as codes, problems as conditions.
    pub(super) fn reasons(&self, draft: &mut Draft<'d>, el: El<'d>, around: &Surroundings<'d>) {
        let (code, reference) = match draft.kind {
            "Immunization"
            | "Procedure"
            | "Encounter"
            | "ServiceRequest"
            | "MedicationStatement"
            | "MedicationRequest"
            | "DeviceUseStatement" => ("reasonCode", "reasonReference"),
            _ => return,
        };
        for indication in Self::parts(el, Kind::Indication) {
            if indication.is_negated() {
                continue;
            }
            let value = indication.get("value");
            let concept = value.and_then(|value| self.concept(value));
            let concept =
                concept.or_else(|| self.words_of(indication, value).map(|text| super::codes::concept_text(&text)));
            if let Some(concept) = concept {
                self.claim(indication);
                draft.push(code, concept, indication);
            }
        }
        if draft.kind == "DeviceUseStatement" {
            return;
        }
        for (relation, inner) in el.related() {
            let is_reason = relation.attr("typeCode") == Some("RSON") || draft.kind == "Encounter";
            if is_reason && super::template::kind(inner) == Some(Kind::Problem) {
                for made in self.inner(inner, el, around) {
                    if made.is(&["Condition"]) && !inner.is_negated() {
                        draft.push(reference, made.tree(), inner);
                    }
                }
            }
        }
    }

    /// A supply in a request tells of its refills.
    fn refills(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let Some(supply) = Self::parts(el, Kind::SupplyOrder).into_iter().find(|supply| !supply.is_negated()) else {
            if let Some(repeats) = el.get("repeatNumber")
                && let Some(number) = self.repeats(repeats)
            {
                let refills = Tree::from([("numberOfRepeatsAllowed", Tree::from(i64::from(number)))]);
                draft.set("dispenseRequest", refills, repeats);
            }
            return;
        };
        if let Some(repeats) = el.get("repeatNumber").filter(|repeats| repeats.null().is_none()) {
            self.note(repeats, "the order within tells its refills; this number of repeats is in the document alone");
        }
        self.claim(supply);
        self.dispense_request(draft, supply);
    }

    /// How often something may be repeated: an INT, or the upper end of an IVL_INT.
    fn repeats(&self, el: El<'d>) -> Option<i32> {
        let end = if el.attr("value").is_some() { el } else { el.get("high").unwrap_or(el) };
        if let Some(low) = el.get("low").filter(|low| !matches!(low.attr("value"), None | Some("0"))) {
            self.note(low, "that it is to be repeated at least so often has no element; it is in the document alone");
        }
        let number = self.integer(end)?;
        if number < 0 {
            self.warn(end, format!("{number} is no number of repeats and was left out"));
        }
        Some(number).filter(|number| *number >= 0)
    }

    fn dispense_request(&self, draft: &mut Draft<'d>, supply: El<'d>) {
        let mut request = Tree::object();
        request.fill("validityPeriod", supply.get("effectiveTime").and_then(|time| self.period(time)));
        if let Some(number) = supply.get("repeatNumber").and_then(|repeats| self.repeats(repeats)) {
            request.set("numberOfRepeatsAllowed", Tree::from(i64::from(number)));
        }
        request.fill("quantity", supply.get("quantity").and_then(|quantity| self.quantity(quantity)));
        for performer in self.parties(supply, "performer") {
            if performer.reference.is(&["Organization"]) {
                request.set("performer", performer.reference.tree());
            }
        }
        draft.fill("dispenseRequest", filled(request), supply);
    }

    /// Orders and dispenses of what is taken refer to it.
    fn supplies(&self, el: El<'d>, around: &Surroundings<'d>, made: &Ref, is_taken: bool) {
        for (_, inner) in el.related() {
            let kind = super::template::kind(inner);
            if !matches!(kind, Some(Kind::SupplyOrder | Kind::Dispense)) || self.is_claimed(inner) {
                continue;
            }
            for supply in self.inner(inner, el, around) {
                if supply.is(&["MedicationDispense"]) && !is_taken {
                    self.change(&supply, |tree| {
                        tree.push("authorizingPrescription", made.tree());
                    });
                } else if supply.is(&["MedicationRequest"]) && is_taken {
                    self.change(made, |tree| {
                        tree.push("basedOn", supply.tree());
                    });
                } else if supply.is(&["MedicationDispense"]) {
                    self.change(made, |tree| {
                        tree.push("derivedFrom", supply.tree());
                    });
                }
            }
        }
    }

    /// A Medication Supply Order of its own.
    pub(super) fn supply_order(&self, el: El<'d>) -> Ref {
        if matches!(el.attr("moodCode"), Some("EVN")) {
            return self.dispense(el);
        }
        let mut draft = self.begin("MedicationRequest", el);
        let status = match request_status(el) {
            "revoked" => "cancelled",
            other => other,
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        draft.put("intent", "order");
        if el.is_negated() {
            draft.set("doNotPerform", true, el);
        }
        self.supplied(&mut draft, el);
        draft.put("subject", self.subject());
        if let Some(time) = self.authored(&[el]) {
            self.fill_time(&mut draft, "authoredOn", time);
        }
        if let Some(author) = self.first_party(&[el], "author", REQUESTERS) {
            draft.set("requester", author.reference.tree(), author.el);
        }
        self.dispense_request(&mut draft, el);
        let text =
            self.take(el, Kind::Instruction).into_iter().find_map(|instruction| self.statement_text(instruction));
        if let Some(text) = text {
            draft.push("dosageInstruction", Tree::from([("patientInstruction", text.into())]), el);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }

    /// The drug of a supply: its own product, else that of the medication it is in.
    fn supplied(&self, draft: &mut Draft<'d>, el: El<'d>) {
        let has_own = el.at(&["product", "manufacturedProduct"]).is_some();
        let medication = Self::parent_statement(el).filter(|parent| parent.name() == "substanceAdministration");
        self.drug(draft, if has_own { el } else { medication.unwrap_or(el) });
    }

    /// A Medication Dispense.
    pub(super) fn dispense(&self, el: El<'d>) -> Ref {
        let mut draft = self.begin("MedicationDispense", el);
        let status = match el.status() {
            Some("nullified") => "entered-in-error",
            _ if el.is_negated() => "declined",
            Some("completed") => "completed",
            Some("active") => "in-progress",
            Some("aborted") => "stopped",
            Some("cancelled") => "cancelled",
            _ => "unknown",
        };
        draft.set("status", status, el.get("statusCode").unwrap_or(el));
        self.supplied(&mut draft, el);
        draft.put("subject", self.subject());
        for performer in self.parties(el, "performer") {
            if performer.reference.is(REQUESTERS) {
                draft.push("performer", Tree::from([("actor", performer.reference.tree())]), performer.el);
            }
        }
        draft.fill("quantity", el.get("quantity").and_then(|quantity| self.quantity(quantity)), el);
        if let Some(time) = el.get("effectiveTime") {
            self.fill_time(&mut draft, "whenHandedOver", time);
        }
        self.comments(&mut draft, el);
        self.own(draft)
    }
}

/// The words of a concept.
pub(super) fn words(concept: &Tree) -> Option<String> {
    let of_coding =
        || concept.get("coding").map_or(&[][..], Tree::items).iter().find_map(|coding| coding.get("display"));
    concept.get("text").or_else(of_coding).and_then(Tree::as_str).map(str::to_owned)
}
