//! `GET metadata`: what this server can do, made from the same tables that do it.

use super::{kinds, read};
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use fhir::schema::r4;
use fhir::search::support;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// `GET metadata`
pub(crate) async fn statement(call: Call) -> Result<Answer, Refusal> {
    kinds::wants_json(&call)?;
    if let Some(mode) = call.query_value("mode").filter(|mode| !matches!(mode.as_str(), "" | "full" | "normative")) {
        let text = format!("mode={mode} is not supported: there is the full statement alone");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "not-supported", text));
    }
    let statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(call.app.started_us),
        "kind": "instance",
        "software": {"name": "medweave", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "medweave", "url": call.fhir_base()},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [rest()],
    });
    let narrow = read::narrow(&call, "CapabilityStatement")?;
    let statement = match r4().type_id("CapabilityStatement") {
        Some(type_id) => narrow.cut(type_id, statement.to_string()),
        None => statement.to_string(),
    };
    Ok(Answer::fhir(StatusCode::OK, statement))
}

fn codes(codes: &[&str]) -> Value {
    codes.iter().map(|code| json!({"code": code})).collect()
}

fn rest() -> &'static Value {
    static REST: OnceLock<Value> = OnceLock::new();
    REST.get_or_init(|| {
        let table = support::table();
        let resources: Vec<Value> = table.chunk_by(|a, b| a.resource_type == b.resource_type).map(resource).collect();
        json!({
            "mode": "server",
            "security": {
                "cors": false,
                // No code of the value set: the tokens are bearer tokens with SMART scopes, and there is no OAuth server here.
                "service": [{"text": "Bearer tokens with SMART v2 scopes (system/ and user/), made by an operator of this server"}],
                "description": "Everything but this statement needs a token or a session.",
            },
            "documentation": support::about(),
            "resource": resources,
            "searchParam": everywhere(),
            "interaction": codes(&["transaction", "batch", "history-system"]),
        })
    })
}

/// What can be asked of every type beside its own parameters.
fn everywhere() -> Value {
    let all = support::EVERYWHERE.iter();
    all.map(|one| json!({"name": one.code, "type": one.kind, "documentation": one.about})).collect()
}

fn resource(rows: &[support::Support]) -> Value {
    let name = rows[0].resource_type;
    let parameters: Vec<Value> = rows
        .iter()
        .filter(|row| row.refused.is_none())
        .map(|row| {
            let parameter = row.parameter;
            let mut out = json!({"name": parameter.code, "type": support::kind_name(parameter.kind)});
            if !parameter.url.is_empty() {
                out["definition"] = json!(parameter.url);
            }
            out
        })
        .collect();
    let references: Vec<&str> = rows
        .iter()
        .filter(|row| row.refused.is_none() && support::kind_name(row.parameter.kind) == "reference")
        .map(|row| row.parameter.code)
        .collect();
    let mut out = json!({
        "type": name,
        "profile": format!("http://hl7.org/fhir/StructureDefinition/{name}"),
        "interaction": codes(&[
            "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type",
        ]),
        "versioning": "versioned-update",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
    });
    let all = (!references.is_empty()).then(|| "*".to_owned());
    let includes: Vec<String> = all.into_iter().chain(references.iter().map(|code| format!("{name}:{code}"))).collect();
    let reverse = r4().type_id(name).map(referring).unwrap_or_default();
    let lists = [
        ("searchInclude", json!(includes)),
        ("searchRevInclude", json!(reverse)),
        ("searchParam", Value::Array(parameters)),
    ];
    for (element, list) in lists {
        // FHIR has no empty lists.
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            out[element] = list;
        }
    }
    let own: Vec<Value> = OPERATIONS
        .iter()
        .filter(|(of, _)| *of == name)
        .map(|(of, operation)| {
            let definition = format!("http://hl7.org/fhir/OperationDefinition/{of}-{operation}");
            json!({"name": operation, "definition": definition})
        })
        .collect();
    if !own.is_empty() {
        out["operation"] = Value::Array(own);
    }
    out
}

/// The operations of FHIR that are there, with the types that they are of.
const OPERATIONS: [(&str, &str); 10] = [
    ("Patient", "everything"),
    ("Patient", "match"),
    ("Patient", "merge"),
    ("Observation", "lastn"),
    ("ValueSet", "expand"),
    ("ValueSet", "validate-code"),
    ("CodeSystem", "lookup"),
    ("CodeSystem", "subsumes"),
    ("CodeSystem", "validate-code"),
    ("ConceptMap", "translate"),
];

/// `Type:parameter` of every supported reference to a type that names it as a target.
fn referring(target: fhir::schema::TypeId) -> Vec<String> {
    support::table()
        .iter()
        .filter(|row| row.refused.is_none() && row.parameter.targets.contains(&target))
        .map(|row| format!("{}:{}", row.resource_type, row.parameter.code))
        .collect()
}
