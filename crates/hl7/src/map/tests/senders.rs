//! What senders do that the standard does not foresee, or that few others do.

use super::*;
use expect_test::expect;

const PID: &str = "PID|1||7^^^HOSP^MR||Doe^Ann";

fn shown_of(segments: &str, event: &str, kind: &str) -> String {
    let text = format!("MSH|^~\\&|HIS|HOSP|||20240305||{event}|1|P|2.5\n{segments}");
    shown(&mapped(&text), &[kind])
}

#[test]
fn a_telephone_field_with_a_mail_address_beside_the_number_is_both() {
    let shown = shown_of(
        "PID|1||7^^^HOSP^MR||Doe^Ann||||||||0551 2345^PRN^PH^ann@example.org~(030)9391289^^^theo@example.de~^NET^Internet^a@b.c",
        "ADT^A31",
        "Patient",
    );
    let lines: Vec<&str> =
        shown.lines().filter(|line| line.contains("telecom") && line.contains("value")).map(str::trim).collect();
    expect![[r#"
        telecom[0].value = 0551 2345
        telecom[1].value = ann@example.org
        telecom[2].value = (030)9391289
        telecom[3].value = theo@example.de
        telecom[4].value = a@b.c
    "#]]
    .assert_eq(&format!("{}\n", lines.join("\n")));
}

#[test]
fn the_parts_of_a_family_name_stay_with_it() {
    let shown = shown_of("PID|1||7^^^HOSP^MR||van Beek-de Wit&van&Beek&de&Wit^Ann~&von&Berg^Eva", "ADT^A31", "Patient");
    expect![[r#"
        Update Patient urn:medweave:authority:HOSP 7
          identifier.type.coding = v2-0203#MR 
          identifier.system = urn:medweave:authority:HOSP
          identifier.value = 7
          identifier.assigner.display = HOSP
          name[0].family = van Beek-de Wit
          name[0]._family.extension[0].url = http://hl7.org/fhir/StructureDefinition/humanname-own-prefix
          name[0]._family.extension[0].valueString = van
          name[0]._family.extension[1].url = http://hl7.org/fhir/StructureDefinition/humanname-own-name
          name[0]._family.extension[1].valueString = Beek
          name[0]._family.extension[2].url = http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix
          name[0]._family.extension[2].valueString = de
          name[0]._family.extension[3].url = http://hl7.org/fhir/StructureDefinition/humanname-partner-name
          name[0]._family.extension[3].valueString = Wit
          name[0].given = Ann
          name[1].family = von Berg
          name[1]._family.extension[0].url = http://hl7.org/fhir/StructureDefinition/humanname-own-prefix
          name[1]._family.extension[0].valueString = von
          name[1]._family.extension[1].url = http://hl7.org/fhir/StructureDefinition/humanname-own-name
          name[1]._family.extension[1].valueString = Berg
          name[1].given = Eva
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_visit_of_which_only_an_unknown_class_is_given_is_no_stay() {
    for class in ["N", "U", ""] {
        let mapped = mapped(&format!("MSH|^~\\&|HIS|HOSP|||20240305||ADT^A31|1|P|2.5\n{PID}\nPV1|1|{class}"));
        assert!(mapped.resources.iter().all(|r| r.key.resource_type != "Encounter"), "{class}");
    }
}

#[test]
fn an_event_tells_when_a_stay_began_and_ended_where_the_visit_does_not() {
    let of = |event: &str, evn: &str, visit: &str| {
        let text = format!(
            "MSH|^~\\&|HIS|HOSP|||20240305||{event}|1|P|2.5\nEVN||202403051200{evn}\n{PID}\nPV1|1|I|W1||||||||||||||||V1{visit}"
        );
        let mapped = mapped(&text);
        let stay = &resource(&mapped, "Encounter", "V1").resource;
        let at = |name: &str| {
            stay.get("period").and_then(|period| period.get(name)).and_then(Tree::as_str).map(str::to_owned)
        };
        (at("start"), at("end"))
    };
    let occurred = "||||20240305101500";
    let when = |text: &str| Some(format!("2024-03-05T{text}+08:00"));
    assert_eq!(of("ADT^A01", occurred, ""), (when("10:15:00"), None));
    assert_eq!(of("ADT^A03", occurred, ""), (None, when("10:15:00")));
    // When it was recorded is not when it happened; what PV1 says counts more; other events say neither.
    assert_eq!(of("ADT^A03", "", ""), (None, None));
    assert_eq!(of("ADT^A08", occurred, ""), (None, None));
    let visit = format!("{}202403051000|202403051100", "|".repeat(25));
    assert_eq!(of("ADT^A03", occurred, &visit), (when("10:00:00"), when("11:00:00")));
}

#[test]
fn who_is_discharged_is_at_no_place_and_a_cancelled_discharge_takes_back_what_it_told() {
    let of = |event: &str, visit: &str| {
        mapped(&format!(
            "MSH|^~\\&|HIS|HOSP|||20240305||{event}|1|P|2.5\n{PID}\nPV1|1|I|W1^2^3|||{visit}|||||||||||||V1"
        ))
    };
    let stored = resource(&of("ADT^A02", "W0"), "Encounter", "V1").resource.clone();
    let gone = of("ADT^A03", "");
    let gone = resource(&gone, "Encounter", "V1").update(&stored);
    let statuses = |stay: &Tree| -> Vec<String> {
        let places = stay.get("location").map_or(&[][..], Tree::items).iter();
        places.filter_map(|place| place.get("status")?.as_str().map(str::to_owned)).collect()
    };
    assert_eq!(statuses(&gone), ["completed", "completed"]);
    // With a disposition and a destination.
    let told = mapped(&format!(
        "MSH|^~\\&|HIS|HOSP|||20240305||ADT^A03|1|P|2.5\n{PID}\nPV1|1|I|W1^2^3||||||||||||||||V1{}01|HOME||||||||20240305",
        "|".repeat(17)
    ));
    let told = &resource(&told, "Encounter", "V1").resource;
    assert!(told.get("hospitalization").is_some_and(|stay| stay.get("dischargeDisposition").is_some()));
    let back = of("ADT^A13", "");
    let back = resource(&back, "Encounter", "V1").update(told);
    assert_eq!((back.get("hospitalization"), back.get("period")), (None, None));
    assert_eq!(statuses(&back), ["active"]);
}

#[test]
fn vaccinations_without_an_order_are_not_one_and_none_given_is_none() {
    let of = |patient: &str, rxa: &str| {
        mapped(&format!(
            "MSH|^~\\&|EHR||||20240305||VXU^V04|1|P|2.5.1\nPID|1||{patient}^^^HOSP^MR||Doe^Ann\nORC|RE||9999^CDC\nRXA|0|1|20240305||{rxa}"
        ))
    };
    let key =
        |mapped: &Mapped| mapped.resources.iter().find(|r| r.key.resource_type == "Immunization").unwrap().key.clone();
    let refused = "03^MMR^CVX|999|||||||||||||00^Parental decision^NIP002||RE";
    assert_ne!(key(&of("7", refused)), key(&of("8", refused)));
    let status = |rxa: &str| {
        let mapped = of("7", rxa);
        let vaccination = &mapped.resources.iter().find(|r| r.key.resource_type == "Immunization").unwrap().resource;
        let member = |name: &str| vaccination.get(name).map(ToString::to_string).unwrap_or_default();
        (member("status"), member("primarySource"))
    };
    assert_eq!(status("998^no vaccine administered^CVX|999").0, "\"not-done\"");
    assert_eq!(status("03^MMR^CVX|0.5|mL^^UCUM").0, "\"completed\"");
    let funded = of(
        "7",
        "03^MMR^CVX|0.5\nOBX|1|CE|64994-7^Eligibility^LN|1|V02^VFC^HL70064||||||F\nOBX|2|CE|30963-3^Source^LN|1|VXC50^Public^CDCPHINVS||||||F",
    );
    let funded = &funded.resources.iter().find(|r| r.key.resource_type == "Immunization").unwrap().resource;
    assert!(funded.get("programEligibility").unwrap().to_string().contains("V02"));
    assert!(funded.get("fundingSource").unwrap().to_string().contains("VXC50"));
    for (origin, primary) in
        [("00^^NIP0001", "true"), ("00", "true"), ("01^Historical^NIP001", "false"), ("01", "false")]
    {
        assert_eq!(status(&format!("03^MMR^CVX|999|||{origin}")), ("\"completed\"".into(), primary.into()), "{origin}");
    }
}

#[test]
fn the_patient_replaced_may_be_stored_by_any_of_the_numbers_given() {
    let mapped = mapped(&format!(
        "MSH|^~\\&|HIS|HOSP|||20240305||ADT^A40|1|P|2.5\n{PID}\nMRG|99^^^OTHER~5567823^^^&1.2.3&ISO^PI~7^^^HOSP^MR"
    ));
    let replaced = resource(&mapped, "Patient", "5567823");
    let others: Vec<&str> = replaced.also.iter().map(|other| other.value.as_str()).collect();
    // Never by the survivor's own.
    assert_eq!(others, ["99"]);
}

#[test]
fn a_susceptibility_leads_to_its_isolate_and_its_order_to_the_order_before() {
    let culture = "OBR|1|P1^HIS|F1^LAB|600-7^Blood culture^LN|||20240305|||||||||||||||||||F\n\
        OBX|1|CE|600-7^Bacteria identified^LN|1|112283007^E. coli^SCT||||||F\n\
        OBX|2|CE|600-7^Bacteria identified^LN|2|3092008^S. aureus^SCT||||||F";
    let child = "OBR|2|P2^HIS|F2^LAB|29576-6^Susceptibility^LN|||20240305||||G||||||||||||||F|600-7&Bacteria identified&LN^2|||P1&HIS^F1&LAB\n\
        OBX|1|SN|18862-3^Amoxicillin^LN||>^16|ug/mL||R|||F";
    let shown = shown_of(&format!("{PID}\n{culture}\n{child}"), "ORU^R01", "Observation");
    let derived: Vec<&str> = shown.lines().filter(|line| line.contains("derivedFrom")).map(str::trim).collect();
    assert_eq!(
        derived,
        ["derivedFrom.reference = -> Observation F1@urn:medweave:authority:LAB%2F600-7%2F2"
            .replace("%2F", "/")
            .as_str()]
    );
    let requests = shown_of(&format!("{PID}\n{culture}\n{child}"), "ORU^R01", "ServiceRequest");
    assert!(
        requests.contains("basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/600-7"),
        "{requests}"
    );
    // The parent of another message is named by its numbers.
    let alone = shown_of(&format!("{PID}\n{child}"), "ORU^R01", "Observation");
    assert!(alone.contains("derivedFrom.type = Observation"), "{alone}");
    assert!(alone.contains("derivedFrom.identifier.value = F1@urn:medweave:authority:LAB/600-7/2"), "{alone}");
    let alone = shown_of(&format!("{PID}\n{child}"), "ORU^R01", "ServiceRequest");
    assert!(alone.contains("basedOn.identifier.value = F1"), "{alone}");
}

#[test]
fn a_parent_result_is_that_of_the_order_that_is_named_and_of_the_same_patient() {
    let culture = |placer: &str, filler: &str| {
        format!(
            "OBR|1|{placer}|{filler}|600-7^Blood culture^LN|||20240305|||||||||||||||||||F\n\
             OBX|1|CE|600-7^Bacteria identified^LN|1|112283007^E. coli^SCT||||||F"
        )
    };
    let child = |parent: &str| {
        format!(
            "OBR|2|P9|F9|29576-6^Susceptibility^LN|||20240305||||G||||||||||||||F|600-7&Bacteria&LN^1|||{parent}\n\
             OBX|1|SN|18862-3^Amoxicillin^LN||>^16|ug/mL||R|||F"
        )
    };
    let derived = |text: &str| {
        let shown = shown_of(text, "ORU^R01", "Observation");
        let lines = shown.lines().filter(|line| line.contains("derivedFrom.reference")).map(|l| l.trim().to_owned());
        lines.collect::<Vec<_>>()
    };
    let own = "derivedFrom.reference = -> Observation F1/600-7/1";
    // Another order is named than the one that this message holds.
    assert_eq!(derived(&format!("{PID}\n{}\n{}", culture("P1", "F1"), child("^F0"))), [""; 0]);
    // The order of the message, by either number; and without one the result of that code.
    for parent in ["^F1", "P1", ""] {
        assert_eq!(derived(&format!("{PID}\n{}\n{}", culture("P1", "F1"), child(parent))), [own], "{parent}");
    }
    // Another patient of the message has no part in it.
    let other = "PID|2||8^^^HOSP^MR||Roe^Rick";
    assert_eq!(derived(&format!("{PID}\n{}\n{other}\n{}", culture("P1", "F1"), child(""))), [""; 0]);
    let requests =
        shown_of(&format!("{PID}\n{}\n{other}\n{}", culture("P1", "F1"), child("P1")), "ORU^R01", "ServiceRequest");
    assert!(!requests.contains("basedOn.reference"), "{requests}");
}

#[test]
fn a_house_number_is_left_out_only_where_the_line_has_it() {
    for (street, lines) in [
        ("Straße des 17. Juni&Straße des 17. Juni&7", &["Straße des 17. Juni", "7"][..]),
        ("Straße des 17. Juni 7&Straße des 17. Juni&7", &["Straße des 17. Juni 7"]),
        ("Straße des 17. Juni&Straße des 17. Juni&17", &["Straße des 17. Juni", "17"]),
        ("5th Avenue&5th Avenue&5", &["5th Avenue", "5"]),
        ("5th Avenue&&5", &["5th Avenue", "5"]),
        ("5 5th Avenue&5th Avenue&5", &["5 5th Avenue"]),
        ("12a Main St&Main St&12", &["12a Main St", "12"]),
        ("Main St 12, B&Main St&12", &["Main St 12, B"]),
        ("&Main St&12", &["Main St", "12"]),
    ] {
        let text = format!("MSH|^~\\&|HIS||||20240102||ADT^A28|1|P|2.5\nPID|1||7^^^HOSP^MR||||||||{street}^^Berlin");
        let mapped = mapped(&text);
        let address = &resource(&mapped, "Patient", "7").resource.get("address").unwrap().items()[0];
        let line: Vec<&str> = address.get("line").unwrap().items().iter().filter_map(Tree::as_str).collect();
        assert_eq!(line, lines, "{street}");
    }
}

#[test]
fn orders_without_number_and_time_are_told_apart_by_what_they_say() {
    let of = |control: &str, value: &str| {
        let mapped = mapped(&format!(
            "MSH|^~\\&|CT||||20240305||ORU^R01|{control}|P|2.3\n{PID}\nOBR|1|||CT\nOBX|1|NM|DLP||{value}|mGy*cm"
        ));
        mapped.resources.iter().find(|r| r.key.resource_type == "Observation").unwrap().key.clone()
    };
    assert_eq!(of("1", "5"), of("2", "5"));
    assert_ne!(of("1", "5"), of("1", "6"));
}

#[test]
fn each_resource_knows_the_segments_that_tell_of_it() {
    let text = lines(&format!(
        "MSH|^~\\&|LAB||||20240305||ORU^R01|1|P|2.5\n{PID}\nPD1||||5^Gp^Ann\nPV1|1|O|W1||||||||||||||||V1\nORC|RE|P1|F1\n\
         OBR|1|P1|F1|CBC^Count^L|||20240305\nNTE|1||ordered\nOBX|1|TX|A^Text^L||one\nOBX|2|TX|A^Text^L||two\nNTE|1||said\nOBX|3|NM|B^Hb^L||13\nSPM|1|S1||BLD"
    ));
    let mapped = mapped(&text);
    let told = |kind: &str| -> Vec<&str> {
        let of_kind = mapped.resources.iter().filter(|r| r.key.resource_type == kind);
        of_kind.map(|resource| &text[resource.span.clone()]).collect()
    };
    assert_eq!(told("Patient"), ["PID|1||7^^^HOSP^MR||Doe^Ann\rPD1||||5^Gp^Ann"]);
    assert_eq!(told("Encounter"), ["PV1|1|O|W1||||||||||||||||V1"]);
    assert_eq!(told("ServiceRequest"), ["ORC|RE|P1|F1\rOBR|1|P1|F1|CBC^Count^L|||20240305\rNTE|1||ordered"]);
    assert_eq!(told("DiagnosticReport"), ["ORC|RE|P1|F1\rOBR|1|P1|F1|CBC^Count^L|||20240305"]);
    assert_eq!(
        told("Observation"),
        ["OBX|1|TX|A^Text^L||one\rOBX|2|TX|A^Text^L||two\rNTE|1||said", "OBX|3|NM|B^Hb^L||13"]
    );
    assert_eq!(told("Specimen"), ["SPM|1|S1||BLD"]);
}

#[test]
fn persons_and_specimens_of_a_result_are_told() {
    let text = format!(
        "{PID}\nNK1|1|Doe^Bob|SPO\nOBR|1|P1|F1|^^^CBC\nOBX|1|NM|A^B^L||1\nSPM|1|S1||BLD\nOBX|1|ST|H^Hemolysed^L||no\nSPM|2|S2||SER\nOBX|1|ST|H^Hemolysed^L||yes"
    );
    let kin = shown_of(&text, "ORU^R01", "RelatedPerson");
    assert!(kin.starts_with("CreateIfAbsent RelatedPerson"), "{kin}");
    let observed = shown_of(&text, "ORU^R01", "Observation");
    let specimens: Vec<&str> = observed.lines().filter(|line| line.contains("specimen")).map(str::trim).collect();
    assert_eq!(specimens, ["specimen.reference = -> Specimen F1/S1", "specimen.reference = -> Specimen F1/S2"]);
    assert!(shown_of(&text, "ORU^R01", "ServiceRequest").contains("F1/CBC"));
}
