//! The operations on terminology: `ValueSet/$expand`, `CodeSystem/$lookup` and the others, of a type or of one resource.

use super::kinds;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::refusal::Refusal;
use crate::{Need, Route};
use access::{Grant, Permission};
use axum::http::{Method, StatusCode};
use fhir::terminology::Operation;
use records::TermsAsked;

/// Where each operation is asked.
const PATHS: [(&str, Operation); 11] = [
    ("/fhir/ValueSet/$expand", Operation::Expand),
    ("/fhir/ValueSet/{id}/$expand", Operation::Expand),
    ("/fhir/ValueSet/$validate-code", Operation::ValidateInValueSet),
    ("/fhir/ValueSet/{id}/$validate-code", Operation::ValidateInValueSet),
    ("/fhir/CodeSystem/$validate-code", Operation::ValidateInCodeSystem),
    ("/fhir/CodeSystem/{id}/$validate-code", Operation::ValidateInCodeSystem),
    ("/fhir/CodeSystem/$lookup", Operation::Lookup),
    ("/fhir/CodeSystem/$subsumes", Operation::Subsumes),
    ("/fhir/CodeSystem/{id}/$subsumes", Operation::Subsumes),
    ("/fhir/ConceptMap/$translate", Operation::Translate),
    ("/fhir/ConceptMap/{id}/$translate", Operation::Translate),
];

/// The rows of these operations.
pub(super) fn routes() -> Vec<Route> {
    let mut rows = Vec::with_capacity(2 * PATHS.len());
    for (path, operation) in PATHS {
        for method in [Method::GET, Method::POST] {
            let need = Need::On(Permission::Read, operation.resource_type());
            rows.push(Route::new(method, path, need, move |call| run(call, operation)));
        }
    }
    rows
}

/// By GET with the parameters in the URL, by POST with them in a `Parameters` resource, in the URL, or in both.
async fn run(mut call: Call, operation: Operation) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    let query: Vec<(String, String)> = pairs(call.query()).collect();
    let mut body = None;
    if call.method == Method::POST {
        let content = call.content().await?;
        if !content.bytes.is_empty() {
            kinds::sends_json(&call)?;
            body = Some(content.bytes);
        }
    }
    let (grant, id, asked) = (call.grant()?, call.part("id"), call.asked());
    let json = call
        .app
        .reading(move |app| {
            let request = Asked { operation, id: &id, query: &query, body: body.as_deref() };
            answer(app, &grant, &request, &asked)
        })
        .await?;
    Ok(Answer::fhir(StatusCode::OK, json))
}

/// What an operation is asked.
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    /// Empty where the type is asked.
    pub(super) id: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) body: Option<&'a [u8]>,
}

/// The resource that answers, and a line in the trail of what it was told by.
pub(super) fn answer(app: &App, grant: &Grant, asked: &Asked<'_>, url: &str) -> Result<String, Refusal> {
    let Asked { operation, query, body, .. } = *asked;
    let id = (!asked.id.is_empty()).then_some(asked.id);
    let (json, told) = app.records.terminology(grant, &TermsAsked { operation, query, body, id })?;
    app.audit(grant, operation.name().trim_start_matches('$'), url, &told)?;
    Ok(json)
}

/// The operation that a path below the base asks for, and the id of the resource that is asked, if one is.
pub(super) fn named<'s>(segments: &[&'s str]) -> Option<(Operation, &'s str)> {
    match *segments {
        [of, name] => Operation::of(of, name).map(|operation| (operation, "")),
        [of, id, name] => {
            let operation = Operation::of(of, name).filter(|operation| operation.has_instances());
            operation.map(|operation| (operation, id))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_the_operations_that_r4_has_there() {
        for (path, expected) in [
            ("ValueSet/$expand", Some((Operation::Expand, ""))),
            ("ValueSet/x/$expand", Some((Operation::Expand, "x"))),
            ("ValueSet/$validate-code", Some((Operation::ValidateInValueSet, ""))),
            ("CodeSystem/x/$validate-code", Some((Operation::ValidateInCodeSystem, "x"))),
            ("CodeSystem/$lookup", Some((Operation::Lookup, ""))),
            ("CodeSystem/x/$lookup", None),
            ("CodeSystem/$expand", None),
            ("ConceptMap/x/$translate", Some((Operation::Translate, "x"))),
            ("ValueSet/x", None),
        ] {
            assert_eq!(named(&path.split('/').collect::<Vec<_>>()), expected, "{path}");
        }
    }
}
