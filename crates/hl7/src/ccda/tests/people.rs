use super::*;

const AUTHOR: &str = r#"<author><time value="20240101"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="123"/>
    <code code="207Q00000X" codeSystem="2.16.840.1.113883.6.101"/><telecom value="tel:+1 555" use="WP"/>
    <assignedPerson><name><given>Bo</given><family>Low</family><suffix>MD</suffix></name></assignedPerson>
    <representedOrganization><id root="1.2.5" extension="o"/><name>House</name></representedOrganization></assignedAuthor></author>"#;

#[test]
fn whoever_has_a_number_is_one_person_in_the_document() {
    let again = AUTHOR.replace(
        "<assignedPerson><name><given>Bo</given><family>Low</family><suffix>MD</suffix></name></assignedPerson>",
        "",
    );
    let mapped = map(&document(&format!("{AUTHOR}{again}"), ""));
    let person = one(&mapped, "Practitioner");
    assert_eq!(at(person, "identifier.0.system"), "http://hl7.org/fhir/sid/us-npi");
    assert_eq!(at(person, "name.0.suffix.0"), "MD");
    let role = one(&mapped, "PractitionerRole");
    assert_eq!(at(role, "specialty.0.coding.0.code"), "207Q00000X");
    let composition = one(&mapped, "Composition");
    assert_eq!(at(composition, "author.0.display"), "Bo Low MD");
    assert_eq!(at(one(&mapped, "Organization"), "name"), "House");
}

#[test]
fn an_authority_without_a_number_identifies_nobody() {
    let header = AUTHOR.replace(r#" extension="123""#, "");
    let mapped = map(&document(&header, ""));
    let made = mapped.resources.iter().find(|made| made.key.resource_type == "Practitioner").unwrap();
    assert_eq!(made.identity, Identity::Own);
    assert_eq!(made.resource.get("identifier"), None);
}

#[test]
fn devices_and_organizations_can_be_authors() {
    let device = r#"<author><time value="20240101"/><assignedAuthor><id nullFlavor="NI"/><assignedAuthoringDevice>
        <manufacturerModelName>Model</manufacturerModelName><softwareName>Soft</softwareName></assignedAuthoringDevice></assignedAuthor></author>
        <author><assignedAuthor><id nullFlavor="NA"/><representedOrganization><name>House</name></representedOrganization></assignedAuthor></author>"#;
    let mapped = map(&document(device, ""));
    let composition = one(&mapped, "Composition");
    assert_eq!(at(composition, "author.0.display"), "Soft");
    assert_eq!(at(composition, "author.1.display"), "House");
}

#[test]
fn a_patient_has_names_race_contacts_and_languages() {
    let patient = r#"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc"><recordTarget><patientRole>
        <id root="2.16.840.1.113883.4.1" extension="111-22-3333"/><id root="1.2.4" extension="77" assigningAuthorityName="House"/><id root="1.2.9" nullFlavor="UNK"/>
        <addr use="HP PST"><streetAddressLine>1 St</streetAddressLine><city>C</city><county>D</county><postalCode>5</postalCode></addr><telecom value="a@b.c"/><telecom nullFlavor="NI"/>
        <patient><name use="L"><given>Ann</given><given qualifier="CL">Annie</given><family>Doe</family><family qualifier="BR">Roe</family></name>
        <administrativeGenderCode code="F"/><birthTime value="197001021530+0100"/><sdtc:deceasedInd value="false"/>
        <raceCode code="2106-3" displayName="White" codeSystem="2.16.840.1.113883.6.238"/><sdtc:raceCode code="2114-7" displayName="Italian" codeSystem="2.16.840.1.113883.6.238"/>
        <ethnicGroupCode nullFlavor="UNK"/><guardian><code code="PRN" codeSystem="2.16.840.1.113883.5.111"/><guardianPerson><name>Gus</name></guardianPerson></guardian>
        <languageCommunication><languageCode code="en"/><preferenceInd value="true"/></languageCommunication></patient></patientRole></recordTarget></ClinicalDocument>"#;
    let mapped = map(patient);
    let patient = &mapped.resources[0];
    // The number of the house is the better one, and the nation's is none to go by beside it.
    assert_eq!((patient.key.system.as_str(), patient.also.len()), ("urn:oid:1.2.4", 0));
    // Each race leads to its own element.
    let race = |part: usize| patient.origin(&format!("extension[0].extension[{part}].valueCoding")).unwrap();
    assert!(race(0).xpath.ends_with("/patient[1]/raceCode[1]"), "{}", race(0).xpath);
    assert!(race(1).xpath.ends_with("/patient[1]/sdtc:raceCode[1]"), "{}", race(1).xpath);
    let patient = &patient.resource;
    for (path, expected) in [
        ("identifier.0.system", "http://hl7.org/fhir/sid/us-ssn"),
        ("identifier.1.assigner.display", "House"),
        ("name.0.family", "Doe"),
        ("name.1.use", "nickname"),
        ("name.2.family", "Roe"),
        ("gender", "female"),
        ("birthDate", "1970-01-02"),
        ("_birthDate.extension.0.valueDateTime", "1970-01-02T15:30:00+01:00"),
        ("deceasedBoolean", "false"),
        ("extension.0.extension.1.url", "detailed"),
        ("extension.0.extension.2.valueString", "White, Italian"),
        ("extension.1.extension.0.valueCoding.code", "UNK"),
        ("contact.0.name.text", "Gus"),
        ("telecom.0.system", "email"),
        ("address.0.use", "home"),
        ("address.0.type", "postal"),
        ("address.0.district", "D"),
        ("communication.0.preferred", "true"),
    ] {
        assert_eq!(at(patient, path), expected, "{path}");
    }
    assert_eq!(at(patient, "telecom.1"), "");
}

#[test]
fn a_document_says_what_it_replaces_and_keeps_its_bytes() {
    let header = r#"<setId root="1.2.6" extension="s"/><versionNumber value="2"/><relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="d0"/></parentDocument></relatedDocument>"#;
    let text = document(header, "");
    let mapped = map(&text);
    let reference = one(&mapped, "DocumentReference");
    assert_eq!(at(reference, "relatesTo.0.code"), "replaces");
    assert_eq!(at(reference, "relatesTo.0.target.identifier.value"), "d0");
    assert_eq!(at(reference, "masterIdentifier.value"), "d1");
    assert_eq!(at(one(&mapped, "Binary"), "data"), crate::map::value::base64(text.as_bytes()));
    // Versions of a set tell of the same entries; documents of their own do not.
    let entry = section(
        "11450-4",
        "x",
        r#"<entry><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.9" extension="p"/><value xsi:type="CD" code="1"/></observation></entry>"#,
    );
    let id = |header: &str, document_id: &str| {
        let text = document(header, &entry).replace(r#"extension="d1""#, &format!(r#"extension="{document_id}""#));
        at(one(&map(&text), "Condition"), "id")
    };
    assert_eq!(id(header, "d1"), id(header, "d2"));
    assert_ne!(id("", "d1"), id("", "d2"));
}

#[test]
fn what_is_stored_is_completed_not_overwritten() {
    let mapped = map(&document("", ""));
    let patient = &mapped.resources[0];
    let stored = Tree::from([
        ("resourceType", "Patient".into()),
        ("id", "1".into()),
        ("identifier", vec![Tree::from([("system", "a".into()), ("value", "b".into())])].into()),
        ("name", vec![Tree::from([("family", "Other".into())])].into()),
    ]);
    let merged = patient.update(&stored, patient.resource.clone());
    assert_eq!(at(&merged, "name.0.family"), "Other");
    assert_eq!(at(&merged, "identifier.1.value"), "77");
    assert_eq!(at(&merged, "id"), "1");
    assert_eq!(patient.update(&merged, patient.resource.clone()), merged);
}

#[test]
fn a_body_that_is_not_xml_is_a_binary_or_a_place() {
    let text = |body: &str| {
        document("", "").replace("<structuredBody></structuredBody>", &format!("<nonXMLBody>{body}</nonXMLBody>"))
    };
    let mapped = map(&text(
        r#"<text mediaType="application/pdf" representation="B64">JVBE
        Rg==</text>"#,
    ));
    let reference = one(&mapped, "DocumentReference");
    assert_eq!(at(reference, "content.1.attachment.contentType"), "application/pdf");
    assert_eq!(all(&mapped, "Binary").len(), 2);
    assert_eq!(at(all(&mapped, "Binary")[1], "data"), "JVBERg==");
    let mapped = map(&text(r#"<text mediaType="application/pdf"><reference value="UD_sample.pdf"/></text>"#));
    assert_eq!(at(one(&mapped, "DocumentReference"), "content.1.attachment.url"), "UD_sample.pdf");
    let mapped = map(&text(r#"<text mediaType="application/pdf" representation="B64">not base 64!</text>"#));
    assert_eq!(at(one(&mapped, "DocumentReference"), "content.1"), "");
    assert!(mapped.issues.iter().any(|issue| issue.text.contains("Base64")));
}
