//! What a statement says and the resource made of it has no element for: told as issues.

use super::context::Context;
use super::element::El;

/// Elements of statements that are told where no element takes them.
const NAMES: [&str; 19] = [
    "administrationUnitCode",
    "approachSiteCode",
    "derivationExpr",
    "doseQuantity",
    "expectedUseTime",
    "interpretationCode",
    "maxDoseQuantity",
    "methodCode",
    "participant",
    "precondition",
    "priorityCode",
    "quantity",
    "rateQuantity",
    "reference",
    "repeatNumber",
    "routeCode",
    "specimen",
    "targetSiteCode",
    "uncertaintyCode",
];

/// Those that a resource takes: made of an element, or of any.
const TAKEN: &[(&str, &str, &[&str])] = &[
    ("AllergyIntolerance", "", &["participant"]),
    ("Communication", "", &["participant"]),
    ("Condition", "", &["targetSiteCode"]),
    ("Coverage", "", &["participant"]),
    ("DeviceRequest", "", &["participant"]),
    ("DeviceUseStatement", "", &["participant"]),
    ("DiagnosticReport", "", &["specimen"]),
    ("Encounter", "", &["participant", "priorityCode"]),
    ("Immunization", "", &["approachSiteCode", "doseQuantity", "repeatNumber", "routeCode"]),
    ("MedicationDispense", "", &["quantity"]),
    ("MedicationRequest", "substanceAdministration", DOSAGE),
    ("MedicationRequest", "supply", &["quantity", "repeatNumber"]),
    ("MedicationStatement", "", DOSAGE),
    ("Observation", "observation", &["interpretationCode", "methodCode", "participant", "specimen", "targetSiteCode"]),
    ("Procedure", "", &["approachSiteCode", "methodCode", "participant", "targetSiteCode"]),
    ("ServiceRequest", "", &["participant", "priorityCode", "quantity", "targetSiteCode"]),
];

const DOSAGE: &[&str] = &[
    "administrationUnitCode",
    "approachSiteCode",
    "doseQuantity",
    "maxDoseQuantity",
    "precondition",
    "rateQuantity",
    "repeatNumber",
    "routeCode",
];

impl<'d> Context<'d> {
    /// Tells what a statement says that the resource made of it has no element for.
    pub(super) fn unsaid(&self, el: El<'d>, resource_type: &str) {
        let takes = |name: &str| {
            let mut all =
                TAKEN.iter().filter(|(of, from, _)| *of == resource_type && (from.is_empty() || *from == el.name()));
            all.any(|(_, _, names)| names.contains(&name))
        };
        for child in el.elements().filter(|child| !child.is_extension()) {
            let name = child.name();
            // Of who takes part in an observation, devices have an element.
            let is_other =
                resource_type == "Observation" && name == "participant" && child.attr("typeCode") != Some("DEV");
            // A reference may hold a statement, which is mapped or listed itself.
            if !NAMES.contains(&name)
                || (takes(name) && !is_other)
                || child.statements().next().is_some()
                || !child.says_something()
            {
                continue;
            }
            let article = if resource_type.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
            self.note(
                child,
                format!("{article} {resource_type} has no element for {name}; it is in the document alone"),
            );
        }
    }
}
