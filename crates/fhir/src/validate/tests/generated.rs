//! Resources made from the schema: every element of every type, once.

use super::*;
use crate::json::Tree;
use crate::schema::{Element, Schema, TypeId, TypeKind, r4};

/// A value of a type with what it must have and no more.
pub(super) fn minimal(schema: &Schema, type_id: TypeId, element: Option<&Element>) -> Tree {
    let info = schema.info(type_id);
    let code = element.and_then(|element| element.binding).and_then(|list| list.codings().next());
    if info.kind == TypeKind::Primitive {
        let string = |text: &str| Tree::String(text.to_owned());
        return match info.name {
            "boolean" => Tree::Bool(true),
            "integer" | "unsignedInt" | "positiveInt" => Tree::Number("1".to_owned()),
            "decimal" => Tree::Number("1.10".to_owned()),
            "date" => string("2024-02-29"),
            "dateTime" => string("2024"),
            "instant" => string("2024-02-29T12:30:00Z"),
            "time" => string("12:30:00"),
            "base64Binary" => string("aGk="),
            "oid" => string("urn:oid:1.2.3"),
            "uuid" => string("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
            "xhtml" => string("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"),
            "code" => string(code.map_or("x", |(_, code)| code)),
            "string" if element.is_some_and(|element| element.name == "reference") => string("Patient/1"),
            _ => string("x"),
        };
    }
    let mut object = Tree::object();
    match info.name {
        "Resource" => {
            object.set("resourceType", "Basic").set("code", text("x"));
            return object;
        }
        "Extension" => _ = object.set("valueString", "x"),
        "Reference" => _ = object.set("display", "x"),
        "CodeableConcept" => {
            if let Some((system, code)) = code {
                let mut coding = Tree::object();
                coding.set("system", system).set("code", code);
                object.push("coding", coding);
            }
        }
        _ if info.kind == TypeKind::Resource => _ = object.set("resourceType", info.name),
        _ => {}
    }
    for element in info.elements.iter().filter(|element| element.min > 0) {
        add(schema, &mut object, type_id, element, element.types[0]);
    }
    if object.members().is_empty() {
        // Nothing is required, but something must be there.
        let is_it =
            |element: &&Element| schema.info(element.types[0]).kind == TypeKind::Primitive && element.name != "id";
        let element = info.elements.iter().find(is_it).or(info.elements.get(3)).unwrap();
        add(schema, &mut object, type_id, element, element.types[0]);
    }
    object
}

fn text(text: &str) -> Tree {
    let mut concept = Tree::object();
    concept.set("text", text);
    concept
}

fn add(schema: &Schema, object: &mut Tree, owner: TypeId, element: &Element, type_id: TypeId) {
    let value = minimal(schema, type_id, Some(element));
    let name = schema.json_name(owner, element, type_id).unwrap();
    object.set(name, if element.repeats() { Tree::Array(vec![value]) } else { value });
}

/// The issues of a type's value, put where such a value may stand.
fn issues(schema: &Schema, type_id: TypeId, value: &Tree) -> Vec<Issue> {
    let is_resource = schema.info(type_id).kind == TypeKind::Resource;
    if is_resource {
        return issues_of(&value.to_string(), &Options::default());
    }
    // An extension holds any data type.
    let name = schema.name(type_id);
    let json = format!(
        r#"{{"resourceType": "Basic", "code": {{"text": "x"}}, "extension": [{{"url": "u", "value{name}": {value}}}]}}"#
    );
    issues_of(&json, &Options::default())
}

/// Resources, and data types that an extension may have.
fn types(schema: &Schema) -> Vec<TypeId> {
    let extension = schema.type_id("Extension").unwrap();
    let open = schema.element_by_name(extension, "value").unwrap().types;
    let data_types = open.iter().copied().filter(|id| schema.info(*id).kind == TypeKind::Complex);
    schema.resource_types().chain(data_types).collect()
}

#[test]
fn every_element_of_every_type_is_accepted() {
    let schema = r4();
    let mut checked = 0;
    for type_id in types(schema) {
        for element in schema.info(type_id).elements {
            for value_type in element.types {
                let mut value = minimal(schema, type_id, None);
                for other in element.types {
                    value.remove(schema.json_name(type_id, element, *other).unwrap());
                }
                if schema.name(type_id) == "Extension" {
                    value.remove("valueString");
                }
                add(schema, &mut value, type_id, element, *value_type);
                let issues = issues(schema, type_id, &value);
                assert!(!has_errors(&issues), "{value}: {issues:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 3500, "{checked}");
}

#[test]
fn every_required_element_is_missed() {
    let schema = r4();
    for type_id in types(schema) {
        let path = |name: &str| match schema.info(type_id).kind {
            TypeKind::Resource => format!("{}.{name}", schema.name(type_id)),
            _ => format!("Basic.extension[0].value.{name}"),
        };
        for element in schema.info(type_id).elements.iter().filter(|element| element.min > 0) {
            let mut value = minimal(schema, type_id, None);
            value.remove(schema.json_name(type_id, element, element.types[0]).unwrap());
            let issues = issues(schema, type_id, &value);
            let expected = (IssueCode::Required, path(element.name));
            assert!(issues.iter().any(|i| (i.code, &i.fhirpath) == (expected.0, &expected.1)), "{value}: {issues:?}");
        }
    }
}

#[test]
fn every_element_with_the_wrong_json_type_is_refused() {
    let schema = r4();
    for type_id in types(schema) {
        for element in schema.info(type_id).elements {
            let mut value = minimal(schema, type_id, None);
            for other in element.types {
                value.remove(schema.json_name(type_id, element, *other).unwrap());
            }
            // No type of R4 is an array of arrays.
            let name = schema.json_name(type_id, element, element.types[0]).unwrap();
            value.set(name, Tree::Array(vec![Tree::Array(vec![])]));
            let issues = issues(schema, type_id, &value);
            let ending = format!(".{}{}", element.name, if element.repeats() { "[0]" } else { "" });
            let is_it = |issue: &&Issue| {
                issue.code == IssueCode::Structure && issue.fhirpath.replace('`', "").ends_with(&ending)
            };
            assert!(issues.iter().any(|issue| is_it(&issue)), "{value}: {issues:?}");
        }
    }
}
