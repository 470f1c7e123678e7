//! What becomes of a resource whose rows are gone.

use crate::mapping::Gone;
use fhir::json::{Document, Rewriter};
use fhir::schema::{Element, r4};

/// The status that says that something should not have been recorded.
const ENTERED_IN_ERROR: &str = "entered-in-error";
/// Where types without such a status say it.
const VERIFICATION: &str = "verificationStatus";

/// Where a type says that a resource was entered in error.
enum Says {
    /// `status`
    Status,
    /// `verificationStatus`, in this code system; then `clinicalStatus` may not stand.
    Verification(&'static str),
}

fn says(resource_type: &str) -> Option<Says> {
    let type_id = r4().resource_type(resource_type)?;
    let has = |element: &Element| element.binding.is_some_and(|list| list.contains(ENTERED_IN_ERROR));
    if r4().element_by_name(type_id, "status").is_some_and(has) {
        return Some(Says::Status);
    }
    let list = r4().element_by_name(type_id, VERIFICATION).and_then(|element| element.binding)?;
    let system = list.codings().find(|(_, code)| *code == ENTERED_IN_ERROR)?.0;
    Some(Says::Verification(system))
}

/// What is done for a target unless its mapping says: a type that can say so says that it was entered in error.
pub(super) fn usual(resource_type: &str) -> Gone {
    if says(resource_type).is_some() { Gone::EnteredInError } else { Gone::Keep }
}

/// A resource with the status that says that it was entered in error; `None` if its type has none.
pub fn entered_in_error(resource: &Document) -> Option<String> {
    let root = resource.root();
    let name = root.get("resourceType")?.as_str()?.into_owned();
    let mut out = String::from("{");
    let writer = Rewriter::new();
    let added = match says(&name)? {
        Says::Status => {
            writer.write_members(root, &["status"], &mut out);
            format!("\"status\":\"{ENTERED_IN_ERROR}\"")
        }
        Says::Verification(system) => {
            writer.write_members(root, &[VERIFICATION, "clinicalStatus"], &mut out);
            format!("\"{VERIFICATION}\":{{\"coding\":[{{\"system\":\"{system}\",\"code\":\"{ENTERED_IN_ERROR}\"}}]}}")
        }
    };
    Some(format!("{out},{added}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::validate::{Options, has_errors, validate};

    #[test]
    fn types_say_so_where_they_can() {
        for (resource_type, gone) in [
            ("Observation", Gone::EnteredInError),
            ("Encounter", Gone::EnteredInError),
            ("Condition", Gone::EnteredInError),
            ("AllergyIntolerance", Gone::EnteredInError),
            ("Patient", Gone::Keep),
            ("Organization", Gone::Keep),
        ] {
            assert_eq!(usual(resource_type), gone, "{resource_type}");
        }
    }

    #[test]
    fn what_was_entered_in_error_is_valid_and_keeps_the_rest() {
        for (text, wanted) in [
            (
                r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}"#,
                r#"{"resourceType":"Observation","code":{"text":"x"},"valueQuantity":{"value":1.10},"status":"entered-in-error"}"#,
            ),
            (
                r#"{"resourceType":"Condition","clinicalStatus":{"text":"a"},"subject":{"reference":"Patient/1"}}"#,
                r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}}"#,
            ),
        ] {
            let made = entered_in_error(&Document::parse(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(made, wanted);
            let again = Document::parse(made.as_bytes()).unwrap();
            assert!(!has_errors(&validate(again.root(), &Options::default())));
        }
        assert_eq!(entered_in_error(&Document::parse(br#"{"resourceType":"Patient"}"#).unwrap()), None);
    }
}
