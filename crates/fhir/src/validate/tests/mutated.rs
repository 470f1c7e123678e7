//! Valid resources with one thing changed, and JSON of any kind.

use super::generated::minimal;
use super::*;
use crate::generate::tests::any_resource;
use crate::json::Tree;
use crate::schema::{Element, Schema, TypeId, TypeKind, r4};
use proptest::prelude::*;

const VALID: [&str; 3] = [
    r##"{"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Organization", "id": "o", "contact": [{"name": {"family": "x"}}]}],
        "name": [{"family": "A", "given": ["b", "c"]}, {"text": "d"}], "birthDate": "1970-01-01", "active": true,
        "extension": [{"url": "u", "extension": [{"url": "v", "valueCodeableConcept": {"coding": [{"code": "c"}]}}]}],
        "contact": [{"name": {"given": ["e"]}, "period": {"start": "2020"}}], "managingOrganization": {"reference": "#o"}}"##,
    r#"{"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2024-01-01T00:00:00Z", "valueQuantity": {"value": 61.50, "unit": "/min"},
        "component": [{"code": {"text": "x"}, "valueRange": {"low": {"value": 1}}, "referenceRange": [{"text": "y"}]}]}"#,
    r#"{"resourceType": "Bundle", "type": "transaction", "entry": [{"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "resource": {"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}, "location": [{"location": {"display": "x"}}]},
        "request": {"method": "POST", "url": "Encounter"}}]}"#,
];

/// A value of a resource: the way to it in JSON, its FHIRPath and its type.
#[derive(Clone, Debug)]
struct Place {
    way: Vec<Move>,
    fhirpath: String,
    type_id: TypeId,
    /// The element that it is a value of, and the type that has the element; none for the resource itself.
    element: Option<(TypeId, &'static Element)>,
}

#[derive(Clone, Debug)]
enum Move {
    Member(String),
    Item(usize),
}

/// Every object and primitive of a value, itself included.
fn places(schema: &'static Schema, value: &Tree, place: &Place, found: &mut Vec<Place>) {
    // `ExampleScenario.instance` has an element of that name, and is no resource.
    let is_resource = schema.info(place.type_id).kind == TypeKind::Resource;
    let named = value.get("resourceType").filter(|_| is_resource).and_then(Tree::as_str);
    let named = named.and_then(|name| schema.resource_type(name));
    let place = Place { type_id: named.unwrap_or(place.type_id), ..place.clone() };
    found.push(place.clone());
    for (name, value) in value.members() {
        let Some(used) = schema.element(place.type_id, name) else { continue };
        let step = |way: &[Move], index: &str| Place {
            way: [&place.way, way].concat(),
            fhirpath: format!("{}.{}{index}", place.fhirpath, used.element.name),
            type_id: used.type_id,
            element: Some((place.type_id, used.element)),
        };
        let member = Move::Member(name.clone());
        if let Tree::Array(items) = value {
            for (at, item) in items.iter().enumerate() {
                places(schema, item, &step(&[member.clone(), Move::Item(at)], &format!("[{at}]")), found);
            }
        } else {
            places(schema, value, &step(&[member], ""), found);
        }
    }
}

fn at<'t>(value: &'t mut Tree, way: &[Move]) -> &'t mut Tree {
    way.iter().fold(value, |value, step| match (step, value) {
        (Move::Member(name), value) => value.get_mut(name).unwrap(),
        (Move::Item(index), Tree::Array(items)) => &mut items[*index],
        _ => unreachable!(),
    })
}

/// Every valid resource with each of its places.
fn all() -> Vec<(Tree, Place)> {
    let resources = VALID.iter().map(|json| Tree::from(Document::parse(json.as_bytes()).unwrap().root()));
    resources
        .flat_map(|tree| {
            let type_id = r4().resource_type(tree.get("resourceType").unwrap().as_str().unwrap()).unwrap();
            let root = Place { way: Vec::new(), fhirpath: r4().name(type_id).to_owned(), type_id, element: None };
            let mut found = Vec::new();
            places(r4(), &tree, &root, &mut found);
            found.into_iter().map(move |place| (tree.clone(), place))
        })
        .collect()
}

/// A valid resource and one of its places.
fn valid(is_wanted: fn(&Place) -> bool) -> impl Strategy<Value = (Tree, Place)> {
    let wanted: Vec<_> = all().into_iter().filter(|(_, place)| is_wanted(place)).collect();
    assert!(wanted.len() > 5);
    proptest::sample::select(wanted)
}

fn is_object(place: &Place) -> bool {
    r4().info(place.type_id).kind != TypeKind::Primitive
}

/// A valid resource, one of its objects, and an element that it may have besides.
fn addable() -> impl Strategy<Value = (Tree, Place, &'static Element)> {
    let mut found = Vec::new();
    for (mut tree, place) in all().into_iter().filter(|(_, place)| is_object(place)) {
        let info = r4().info(place.type_id);
        // An extension has one of two; a contained resource holds none.
        for element in info.elements.iter().filter(|e| info.name != "Extension" && e.name != "contained") {
            let value = at(&mut tree, &place.way);
            let mut names =
                element.types.iter().map(|type_id| r4().json_name(place.type_id, element, *type_id).unwrap());
            if names.all(|name| value.get(name).is_none()) {
                found.push((tree.clone(), place.clone(), element));
            }
        }
    }
    proptest::sample::select(found)
}

fn has_issue(value: &Tree, fhirpath: &str) -> Result<(), TestCaseError> {
    let issues = issues_of(&value.to_string(), &Options::default());
    prop_assert!(
        issues.iter().any(|issue| issue.severity == Severity::Error && issue.fhirpath == fhirpath),
        "{fhirpath} in {value}: {issues:?}"
    );
    Ok(())
}

/// JSON made of names and values that FHIR uses, so that it goes deep.
fn any_json() -> impl Strategy<Value = Tree> {
    let words = "Patient Bundle Observation Parameters #a #x final male 1970-01-01 http://a urn:uuid:1 Patient/1"
        .split(' ')
        .collect::<Vec<_>>();
    let names = "resourceType id meta name _name given _given contained entry resource parameter extension url valueString valueReference \
                 _valueString subject reference type status code coding system text div component birthDate _birthDate"
        .split(' ')
        .map(str::trim)
        .collect::<Vec<_>>();
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(|n| Tree::Number(n.to_string())),
        ".*".prop_map(Tree::String),
        proptest::sample::select(words).prop_map(|word| Tree::String(word.to_owned())),
    ];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        let member = (proptest::sample::select(names.clone()), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Tree::Array),
            (proptest::collection::vec(member, 0..6), any::<bool>()).prop_map(|(members, is_resource)| {
                let mut members: Vec<_> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                if is_resource {
                    members.push(("resourceType".to_owned(), Tree::String("Patient".to_owned())));
                }
                Tree::Object(members)
            }),
        ]
    })
}

/// Any valid resource, and one of its places that is wanted if it has one.
fn made(is_wanted: fn(&Place) -> bool) -> impl Strategy<Value = (Tree, Place)> {
    (any_resource(), any::<proptest::sample::Index>()).prop_filter_map("no such place", move |(tree, which)| {
        let type_id = r4().resource_type(tree.get("resourceType")?.as_str()?)?;
        let root = Place { way: Vec::new(), fhirpath: r4().name(type_id).to_owned(), type_id, element: None };
        let mut found = Vec::new();
        places(r4(), &tree, &root, &mut found);
        found.retain(is_wanted);
        (!found.is_empty()).then(|| (tree, which.get(&found).clone()))
    })
}

fn primitive(place: &Place) -> Option<&'static str> {
    let info = r4().info(place.type_id);
    (info.kind == TypeKind::Primitive).then_some(info.name)
}

/// A text that a primitive type does not allow, in JSON of the right kind.
fn wrong_texts(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "integer" => &["1.5", "2147483648", "1e3"],
        "unsignedInt" => &["-1", "1.0"],
        "positiveInt" => &["0", "-1"],
        "date" => &["2023-02-30", "2023-13", "23", "2020-01-01T00:00:00Z", ""],
        "dateTime" => &["2023-02-30", "2020-01-01T10:00:00", "2020-01-01T10:00Z", "2020-01-01 10:00:00Z", "today"],
        "instant" => &["2020", "2020-01-01", "2020-01-01T25:00:00Z"],
        "time" => &["24:00:00", "10:00", "10:00:00Z"],
        "id" => &["a b", "a_b", "ä", "1234567890123456789012345678901234567890123456789012345678901234x"],
        "code" => &[" a", "a ", "a  b", ""],
        "uri" | "url" | "canonical" => &["a b", "http://a\tb", ""],
        "oid" => &["1.2.3", "urn:oid:3.1"],
        "uuid" => &["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:x"],
        "base64Binary" => &["a", "aGk", "*aGk"],
        "xhtml" => &["plain words", ""],
        "string" | "markdown" => &["", "\u{1}"],
        _ => &[],
    }
}

/// There is an error at `fhirpath`, and no error is anywhere but there or at one of `also`.
fn only_there(value: &Tree, fhirpath: &str, also: &[&str]) -> Result<(), TestCaseError> {
    let issues = issues_of(&value.to_string(), &Options::default());
    let errors: Vec<_> = issues.iter().filter(|issue| issue.severity == Severity::Error).collect();
    let path = |issue: &Issue| issue.fhirpath.replace('`', "");
    prop_assert!(errors.iter().any(|issue| path(issue) == fhirpath), "{fhirpath} in {value}: {issues:?}");
    let elsewhere = |issue: &&&Issue| path(issue) != fhirpath && !also.contains(&path(issue).as_str());
    prop_assert!(!errors.iter().any(|issue| elsewhere(&issue)), "{fhirpath} in {value}: {issues:?}");
    Ok(())
}

/// Places whose removal takes nothing from references elsewhere.
fn is_free(place: &Place) -> bool {
    !place.way.is_empty() && !place.fhirpath.contains("contained[")
}

#[test]
fn the_resources_to_change_are_valid() {
    for json in VALID {
        assert_eq!(issues_of(json, &Options::default()), []);
    }
}

proptest! {
    #[test]
    fn an_unknown_name_is_found_where_it_stands((mut tree, place) in valid(is_object), name in "[a-z]{1,3}Zz[a-z]{0,9}") {
        at(&mut tree, &place.way).set(&name, "x");
        has_issue(&tree, &format!("{}.{name}", place.fhirpath))?;
    }

    #[test]
    fn another_json_type_is_found_where_it_stands(
        (mut tree, place) in valid(|place| !place.way.is_empty()),
        which in any::<proptest::sample::Index>(),
    ) {
        let value = at(&mut tree, &place.way);
        let mut others = vec![
            Tree::Null,
            Tree::Bool(false),
            Tree::Number("1".to_owned()),
            Tree::String("x".to_owned()),
            Tree::object(),
        ];
        others.retain(|other| std::mem::discriminant(value) != std::mem::discriminant(other));
        *value = which.get(&others).clone();
        has_issue(&tree, &place.fhirpath)?;
    }

    #[test]
    fn a_missing_element_is_found_where_it_should_stand(
        (mut tree, place) in valid(|place| r4().info(place.type_id).required != 0),
        which in any::<proptest::sample::Index>(),
    ) {
        let required: Vec<_> = r4().info(place.type_id).elements.iter().filter(|element| element.min > 0).collect();
        let element = *which.get(&required);
        let value = at(&mut tree, &place.way);
        for type_id in element.types {
            value.remove(r4().json_name(place.type_id, element, *type_id).unwrap());
        }
        has_issue(&tree, &format!("{}.{}", place.fhirpath, element.name))?;
    }

    #[test]
    fn any_optional_element_may_be_added((mut tree, place, element) in addable()) {
        let added = minimal(r4(), element.types[0], Some(element));
        let name = r4().json_name(place.type_id, element, element.types[0]).unwrap();
        at(&mut tree, &place.way).set(name, if element.repeats() { Tree::Array(vec![added]) } else { added });
        let issues = issues_of(&tree.to_string(), &Options::default());
        prop_assert!(!has_errors(&issues), "{tree}: {issues:?}");
    }

    #[test]
    fn any_json_gives_bounded_issues_with_places(tree in any_json()) {
        let json = tree.to_string();
        let issues = issues_of(&json, &Options::default());
        prop_assert!(issues.len() <= 2 * Options::default().issues_max);
        for issue in issues {
            prop_assert!(issue.offset < json.len() && !issue.message.is_empty(), "{issue:?}");
        }
    }

    #[test]
    fn any_resource_with_an_unknown_name_is_refused_there_alone((mut tree, place) in made(is_object), name in "[a-z]{1,3}Zz[a-z]{0,9}") {
        at(&mut tree, &place.way).set(&name, "x");
        only_there(&tree, &format!("{}.{name}", place.fhirpath), &[])?;
    }

    #[test]
    fn any_resource_with_another_json_type_is_refused_there_alone(
        (mut tree, place) in made(is_free),
        which in any::<proptest::sample::Index>(),
    ) {
        let value = at(&mut tree, &place.way);
        // Where an extension alone stands, many a value may.
        prop_assume!(*value != Tree::Null);
        let mut others = vec![
            Tree::Bool(false),
            Tree::Number("1".to_owned()),
            Tree::String("x".to_owned()),
            Tree::object(),
        ];
        others.retain(|other| std::mem::discriminant(value) != std::mem::discriminant(other));
        *value = which.get(&others).clone();
        only_there(&tree, &place.fhirpath, &[])?;
    }

    #[test]
    fn any_resource_with_a_wrong_text_is_refused_there_alone(
        (mut tree, place) in made(|place| is_free(place) && primitive(place).is_some_and(|name| !wrong_texts(name).is_empty())),
        which in any::<proptest::sample::Index>(),
    ) {
        let text = *which.get(wrong_texts(primitive(&place).unwrap()));
        let value = at(&mut tree, &place.way);
        *value = if matches!(value, Tree::Number(_)) { Tree::Number(text.to_owned()) } else { Tree::from(text) };
        only_there(&tree, &place.fhirpath, &[])?;
    }

    #[test]
    fn any_resource_with_a_code_outside_of_a_required_list_is_refused_there_alone(
        (mut tree, place) in made(|place| {
            primitive(place) == Some("code") && place.element.is_some_and(|(_, element)| element.binding.is_some())
        }),
    ) {
        *at(&mut tree, &place.way) = Tree::from("no-such-code");
        only_there(&tree, &place.fhirpath, &[])?;
    }

    #[test]
    fn any_resource_with_a_wrong_reference_is_refused_there_alone(
        (mut tree, place) in made(|place| {
            place.element.is_some_and(|(owner, element)| element.name == "reference" && r4().name(owner) == "Reference")
        }),
        text in prop::sample::select(vec!["Patient", "Patient/", "Foo/1", "patient/1", "Patient/a_b", "the patient", "#none", "Patient/1/_history/"]),
    ) {
        *at(&mut tree, &place.way) = Tree::from(text);
        only_there(&tree, &place.fhirpath, &[])?;
    }

    #[test]
    fn any_resource_without_a_required_element_is_refused_there_alone(
        (mut tree, place) in made(|place| r4().info(place.type_id).required != 0),
        which in any::<proptest::sample::Index>(),
    ) {
        let required: Vec<_> = r4().info(place.type_id).elements.iter().filter(|element| element.min > 0).collect();
        let element = *which.get(&required);
        let value = at(&mut tree, &place.way);
        for type_id in element.types {
            let name = r4().json_name(place.type_id, element, *type_id).unwrap();
            value.remove(name);
            value.remove(&format!("_{name}"));
        }
        // An object that nothing is left of is also empty.
        only_there(&tree, &format!("{}.{}", place.fhirpath, element.name), &[&place.fhirpath])?;
    }

    #[test]
    fn any_resource_with_two_types_of_a_choice_is_refused_there_alone(
        (mut tree, place) in made(|place| r4().info(place.type_id).elements.iter().any(|element| element.choice)),
        which in any::<proptest::sample::Index>(),
    ) {
        let choices: Vec<_> = r4().info(place.type_id).elements.iter().filter(|element| element.choice).collect();
        let element = *which.get(&choices);
        let value = at(&mut tree, &place.way);
        for type_id in element.types {
            let name = r4().json_name(place.type_id, element, *type_id).unwrap();
            let names = [name.to_owned(), format!("_{name}")];
            if names.iter().all(|name| value.get(name).is_none()) {
                value.set(name, minimal(r4(), *type_id, Some(element)));
            }
            let there = |type_id: &&TypeId| {
                let name = r4().json_name(place.type_id, element, **type_id).unwrap();
                value.get(name).is_some() || value.get(&format!("_{name}")).is_some()
            };
            if element.types.iter().filter(there).count() == 2 {
                break;
            }
        }
        only_there(&tree, &format!("{}.{}", place.fhirpath, element.name), &[&place.fhirpath])?;
    }

    #[test]
    fn any_resource_with_an_array_too_many_or_too_few_is_refused_there_alone((mut tree, place) in made(is_free), empty in any::<bool>()) {
        let (_, element) = place.element.unwrap();
        let mut way = place.way.clone();
        if element.repeats() {
            // The one value for its array, or an array without a value.
            let Some(Move::Item(_)) = way.pop() else { unreachable!() };
            let Some(Move::Member(name)) = way.last().cloned() else { unreachable!() };
            let values = at(&mut tree, &way);
            let one = values.items().iter().find(|item| **item != Tree::Null).cloned();
            // Its values may have extensions alone.
            prop_assume!(empty || one.is_some());
            *values = one.filter(|_| !empty).unwrap_or(Tree::Array(vec![]));
            way.pop();
            at(&mut tree, &way).remove(&format!("_{name}"));
            let path = place.fhirpath.rsplit_once('[').unwrap().0;
            only_there(&tree, path, &[])?;
        } else {
            let value = at(&mut tree, &way);
            *value = Tree::Array(if empty { vec![] } else { vec![value.clone(), value.clone()] });
            only_there(&tree, &place.fhirpath, &[])?;
        }
    }
}
