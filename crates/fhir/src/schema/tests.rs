use super::*;

fn id(name: &str) -> TypeId {
    r4().type_id(name).unwrap_or_else(|| panic!("no type {name}"))
}

fn names(ids: &[TypeId]) -> Vec<&'static str> {
    ids.iter().map(|id| r4().name(*id)).collect()
}

/// `Observation.status` → element
fn element(path: &str) -> &'static Element {
    let (type_name, name) = path.rsplit_once('.').unwrap();
    r4().element_by_name(id(type_name), name).unwrap_or_else(|| panic!("no element {path}"))
}

#[test]
fn r4_has_146_concrete_resource_types_and_two_abstract_ones() {
    let all: Vec<_> = r4().resource_types().map(|id| r4().name(id)).collect();
    assert_eq!(all.len(), 146);
    assert!(all.is_sorted());
    assert!(r4().is_resource("Parameters") && r4().is_resource("Binary"));
    for name in ["Resource", "DomainResource", "MetadataResource", "SubscriptionStatus", "HumanName", "patient", ""] {
        assert!(!r4().is_resource(name), "{name}");
    }
}

#[test]
fn kinds_and_bases() {
    for (name, kind, base) in [
        ("Patient", TypeKind::Resource, Some("DomainResource")),
        ("Bundle", TypeKind::Resource, Some("Resource")),
        ("Resource", TypeKind::Resource, None),
        ("Element", TypeKind::Complex, None),
        ("Age", TypeKind::Complex, Some("Quantity")),
        ("Dosage", TypeKind::Complex, Some("BackboneElement")),
        ("Patient.contact", TypeKind::Backbone, Some("BackboneElement")),
        ("Timing.repeat", TypeKind::Backbone, Some("Element")),
        ("positiveInt", TypeKind::Primitive, Some("integer")),
        ("xhtml", TypeKind::Primitive, Some("Element")),
    ] {
        let info = r4().info(id(name));
        assert_eq!((info.kind, info.base.map(|b| r4().name(b))), (kind, base), "{name}");
    }
    assert!(r4().is_a(id("canonical"), id("uri")) && r4().is_a(id("Age"), id("Element")));
    assert!(r4().is_a(id("Patient"), id("Patient")) && !r4().is_a(id("Bundle"), id("DomainResource")));
}

#[test]
fn elements_come_in_definition_order_with_inherited_ones_first() {
    let names: Vec<_> = r4().info(id("Patient.contact")).elements.iter().map(|e| e.name).collect();
    assert_eq!(
        names,
        "id extension modifierExtension relationship name telecom address gender organization period"
            .split(' ')
            .collect::<Vec<_>>()
    );
    let patient: Vec<_> = r4().info(id("Patient")).elements.iter().map(|e| e.name).collect();
    assert_eq!(
        patient[..9].join(" "),
        "id meta implicitRules language text contained extension modifierExtension identifier"
    );
}

#[test]
fn choices_resolve_by_their_json_names() {
    let value = element("Observation.value");
    assert!(value.choice && value.max == Some(1));
    assert_eq!(
        names(value.types).join(" "),
        "Quantity CodeableConcept string boolean integer Range Ratio SampledData time dateTime Period"
    );
    let observation = id("Observation");
    assert_eq!(r4().name(r4().element(observation, "valueDateTime").unwrap().type_id), "dateTime");
    for name in ["value", "valueDatetime", "valueReference", "valuequantity", "value[x]", "_status"] {
        assert!(r4().element(observation, name).is_none(), "{name}");
    }
    assert_eq!(r4().json_name(observation, value, id("dateTime")), Some("valueDateTime"));
    assert_eq!(r4().json_name(observation, value, id("Reference")), None);
    assert_eq!(r4().json_name(observation, element("Observation.code"), id("CodeableConcept")), Some("code"));
    assert_eq!(element("Extension.value").types.len(), 50);
    assert_eq!(element("Task.input.value").types, element("Extension.value").types);
}

#[test]
fn content_references_have_the_type_that_they_refer_to() {
    assert_eq!(names(element("Observation.component.referenceRange").types), ["Observation.referenceRange"]);
    assert_eq!(names(element("Questionnaire.item.item").types), ["Questionnaire.item"]);
    assert_eq!(names(element("TestScript.teardown.action.operation").types), ["TestScript.setup.action.operation"]);
}

#[test]
fn elements_say_how_often_where_to_and_whether_they_matter() {
    assert_eq!(names(element("Bundle.entry.resource").types), ["Resource"]);
    assert_eq!(names(element("Bundle.entry.response.outcome").types), ["Resource"]);
    let subject = element("Observation.subject");
    assert_eq!(names(subject.targets), ["Patient", "Group", "Device", "Location"]);
    assert!(subject.summary && !subject.is_modifier && subject.min == 0);
    assert!(element("Observation.focus").targets.is_empty());
    assert!(element("Observation.status").is_modifier && element("Observation.status").min == 1);
    assert!(element("Patient.contact").repeats() && !element("Patient.birthDate").repeats());
    assert_eq!((element("Provenance.target").min, element("Provenance.target").max), (1, None));
    assert_eq!(names(element("Resource.id").types), ["id"]);
    assert_eq!(names(element("Element.id").types), ["string"]);
    assert_eq!(names(element("Extension.url").types), ["uri"]);
    assert_eq!(names(element("Questionnaire.derivedFrom").targets), ["Questionnaire"]);
}

#[test]
fn elements_that_are_not_of_r4_are_not_in_the_table() {
    for path in [
        "Meta.author",
        "Binary.url",
        "DeviceDefinition.classification",
        "EvidenceVariable.characteristic.definitionByCombination",
        "ResearchStudy.progressStatus",
    ] {
        let (type_name, name) = path.rsplit_once('.').unwrap();
        assert!(r4().element_by_name(id(type_name), name).is_none(), "{path}");
    }
    assert_eq!(element("EvidenceVariable.characteristic").min, 1);
    assert_eq!(element("EvidenceVariable.characteristic.definition").types.len(), 6);
    assert_eq!(names(element("ResearchStudy.site").targets), ["Location"]);
}

#[test]
fn required_bindings_list_their_codes() {
    let gender = element("Patient.gender").binding.unwrap();
    assert_eq!(gender.url(), "http://hl7.org/fhir/ValueSet/administrative-gender");
    let codes: Vec<_> = gender.codings().map(|(_, code)| code).collect();
    assert_eq!(codes, ["female", "male", "other", "unknown"]);
    assert!(gender.contains("male") && !gender.contains("Male"));
    let clinical = element("Condition.clinicalStatus").binding.unwrap();
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    assert!(clinical.has_system(system) && clinical.contains_coding(system, "inactive"));
    assert!(clinical.contains_coding(system, "resolved"), "nested concepts are in the list");
    assert!(element("Attachment.contentType").binding.is_none(), "media types cannot be enumerated");
    assert!(element("Bundle.entry.request.method").binding.unwrap().contains("PATCH"));
    assert!(element("Quantity.comparator").binding.unwrap().contains("<="));
    assert!(element("DetectedIssue.status").binding.unwrap().contains("preliminary"));
}

#[test]
fn every_type_is_consistent() {
    let schema = r4();
    for id in schema.ids() {
        let info = schema.info(id);
        assert_eq!(schema.type_id(info.name), Some(id));
        assert!(info.elements.len() <= u64::BITS as usize, "{}: the validator keeps a bit for each element", info.name);
        assert!(info.base.is_none_or(|base| base < id), "{} follows its base", info.name);
        assert!(info.members.is_sorted_by(|a, b| Member::key(a.name) < Member::key(b.name)), "{}", info.name);
        for (at, element) in info.elements.iter().enumerate() {
            assert!(!element.types.is_empty(), "{}.{}", info.name, element.name);
            assert!(element.choice || element.types.len() == 1, "{}.{}", info.name, element.name);
            assert!(info.elements[..at].iter().all(|e| e.name != element.name), "{}.{}", info.name, element.name);
            for type_id in element.types {
                let name = schema.json_name(id, element, *type_id).unwrap();
                let found = schema.element(id, name).unwrap();
                assert!(std::ptr::eq(found.element, element) && found.type_id == *type_id, "{}.{name}", info.name);
            }
        }
    }
}
