//! Orders that a message means by another number, or as another kind, than it names them by.
//!
//! An order that has both numbers is known by the filler's; whoever placed it may give the placer's alone. And an ORC without a detail
//! segment says nothing of what was ordered: a laboratory test, a drug, a diet or supplies.

use super::Merge;
use crate::fhir_door::put::Put;
use crate::fhir_door::refusal::at;
use fhir::json::Tree;
use fhir::schema::{TypeId, r4};
use hl7::map::{MappedResource, token_condition};
use records::{Error, IfEqual, Operation};
use std::collections::HashMap;

/// What an ORC may be about.
const KINDS: [&str; 4] = ["ServiceRequest", "MedicationRequest", "NutritionOrder", "SupplyRequest"];
/// Orders of one number that are looked at.
const SAME_NUMBER_MAX: usize = 64;

/// Whether an identifier has a type of this code.
fn is_of(identifier: &Tree, code: &str) -> bool {
    let codings = identifier.get("type").and_then(|kind| kind.get("coding")).map_or(&[][..], Tree::items);
    codings.iter().filter_map(|coding| coding.get("code")?.as_str()).any(|one| one == code)
}

fn has_filler(resource: &Tree) -> bool {
    resource.get("identifier").map_or(&[][..], Tree::items).iter().any(|identifier| is_of(identifier, "FILL"))
}

/// The numbers that placer and filler gave an order, as conditions.
fn numbers(resource: &Tree) -> Vec<String> {
    let identifiers = resource.get("identifier").map_or(&[][..], Tree::items);
    let is_of_order = |identifier: &&Tree| is_of(identifier, "PLAC") || is_of(identifier, "FILL");
    let condition = |identifier: &Tree| {
        let system = identifier.get("system").and_then(Tree::as_str).unwrap_or_default();
        Some(token_condition("identifier", system, identifier.get("value")?.as_str()?))
    };
    identifiers.iter().filter(is_of_order).filter_map(condition).collect()
}

/// True of what an ORC alone tells: no detail segment says what was ordered.
fn is_bare(mapped: &MappedResource) -> bool {
    mapped.key.resource_type == "ServiceRequest" && mapped.resource.get("code").is_none()
}

/// The status of a request as orders of a kind call it.
fn status_of<'s>(kind: &str, status: &'s str) -> &'s str {
    match (kind, status) {
        ("MedicationRequest", "revoked") => "stopped",
        ("SupplyRequest", "revoked") => "cancelled",
        ("SupplyRequest", "on-hold") => "suspended",
        (_, status) => status,
    }
}

impl Merge<'_> {
    /// Orders of a kind that are stored under a number which `mapped` has too, and may be it.
    fn of_these_numbers(
        &self,
        kind: &str,
        mapped: &MappedResource,
        patient: Option<&str>,
    ) -> Result<Vec<String>, Error> {
        let mut found: Vec<String> = Vec::new();
        for condition in numbers(&mapped.resource) {
            for id in self.lookup.find_all(kind, &condition, SAME_NUMBER_MAX)? {
                let is_others = patient.map_or(Ok(false), |patient| self.is_of_another(kind, &id, patient))?;
                let Some(stored) = self.stored(kind, &id)? else { continue };
                let intent = |resource: &Tree| resource.get("intent").and_then(Tree::as_str).map(str::to_owned);
                // What was ordered and how it was encoded are two requests of one number.
                let is_same = kind != mapped.key.resource_type || intent(&stored) == intent(&mapped.resource);
                // Whoever names no filler's number means the order whatever number the filler gave it.
                let may_be = !has_filler(&mapped.resource) || mapped.may_be(&stored);
                if !is_others && is_same && may_be && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        Ok(found)
    }

    /// The order that a message means whose own number leads to none.
    ///
    /// # Errors
    /// [`Error::MultipleMatches`] if its state changes and it may be several.
    pub(super) fn ordered_before(
        &self,
        mapped: &MappedResource,
        patient: Option<&str>,
        taken: &HashMap<(TypeId, String), usize>,
    ) -> Result<Option<String>, Error> {
        let kind = mapped.key.resource_type;
        if !KINDS.contains(&kind) {
            return Ok(None);
        }
        let mut found = self.of_these_numbers(kind, mapped, patient)?;
        found.retain(|id| !taken.keys().any(|(of, other)| r4().name(*of) == kind && other == id));
        let goes_on = matches!(mapped.resource.get("status").and_then(Tree::as_str), Some("active" | "draft") | None);
        match found.len() {
            0 => Ok(None),
            1 => Ok(found.pop()),
            _ if goes_on => Ok(None),
            _ => Err(Error::MultipleMatches { resource_type: kind.into(), query: mapped.key.condition() }),
        }
    }

    /// The drugs, diets and supplies that an ORC without a detail segment is about, where no other order has its number.
    pub(super) fn of_another_kind(
        &self,
        mapped: &MappedResource,
        patient: Option<&str>,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let mut out = Vec::new();
        if !is_bare(mapped) {
            return Ok(out);
        }
        for kind in KINDS.into_iter().filter(|kind| *kind != mapped.key.resource_type) {
            out.extend(self.of_these_numbers(kind, mapped, patient)?.into_iter().map(|id| (kind, id)));
        }
        let status = mapped.resource.get("status").and_then(Tree::as_str).unwrap_or_default();
        if out.is_empty() && matches!(status, "revoked" | "on-hold" | "entered-in-error" | "completed") {
            let text = format!(
                "no order of this number ({}) is here, so that nothing is {status} by it; it is kept as an order of its own",
                mapped.key.value
            );
            self.apart.borrow_mut().push((mapped.span.start, text));
        }
        Ok(out)
    }

    /// The state of an order of another kind, as a ServiceRequest tells it; `None` if it has it already.
    pub(super) fn change_state(
        &self,
        mapped: &MappedResource,
        (kind, id): (&'static str, String),
    ) -> Result<Option<Operation>, Error> {
        let Some(resource_type) = r4().resource_type(kind) else { return Ok(None) };
        let (Some(mut stored), Some(status)) =
            (self.stored(kind, &id)?, mapped.resource.get("status").and_then(Tree::as_str))
        else {
            return Ok(None);
        };
        let status = status_of(kind, status);
        if stored.get("status").and_then(Tree::as_str) == Some(status) {
            return Ok(None);
        }
        stored.set("status", status);
        let put = Put {
            resource_type,
            id,
            text: &stored.to_string(),
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: mapped.span.start as u64,
            length: mapped.span.len() as u64,
        };
        put.operation(self.lookup).map(Some).map_err(|error| at("message", error))
    }
}
