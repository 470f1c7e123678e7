use super::*;
use expect_test::expect;

const HEAD: &str = "MSH|^~\\&|LAB|HOSP|WEAVE||20240305143000||ORU^R01^ORU_R01|L1|P|2.5\nPID|1||7^^^HOSP^MR||Doe^Ann\n";

fn value(obx: &str) -> String {
    let mapped =
        mapped(&format!("{HEAD}OBR|1|P1|F1|GLU^Glucose^L|||20240305|||||||||||||||20240305143000|||F\nOBX|1|{obx}"));
    let observation = mapped.resources.iter().find(|r| r.key.resource_type == "Observation").unwrap();
    let mut shown: Vec<String> = observation
        .resource
        .members()
        .iter()
        .filter(|(name, _)| {
            name.starts_with("value") || matches!(name.as_str(), "component" | "extension" | "dataAbsentReason")
        })
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    shown.extend(mapped.issues.iter().map(|issue| issue.text.clone()));
    shown.extend(mapped.unmapped.iter().map(|place| format!("not mapped {place}")));
    shown.join("\n").replace("\"system\":\"http://unitsofmeasure.org\",", "")
}

#[test]
fn values_follow_their_type_and_keep_their_digits() {
    let mut out = String::new();
    for obx in [
        "NM|A^B^L||4.060|mmol/L^^UCUM|||||F",
        "NM|A^B^L||+05||||||F",
        "NM|A^B^L||>100|U/L|||||F",
        "NM|A^B^L||hemolysed|U/L|||||F",
        "NM|A^B^L||60~120|/min^^UCUM|||||F",
        "ST|A^B^L||5.2|mmol/L|||||F",
        "ST|A^B^L||a^b & c||||||F",
        "SN|A^B^L||<^5.0|mg/L^^UCUM|||||F",
        "SN|A^B^L||^182|mg/dl|||||F",
        "SN|A^B^L||^1^:^128||||||F",
        "SN|A^B^L||^2^-^4|mg|||||F",
        "SN|A^B^L||^2^+||||||F",
        "SN|A^B^L||<>^7||||||F",
        "SN|A^B^L||127.50|umol/L|||||F",
        "SN|A^B^L||>5|umol/L|||||F",
        "CWE|A^B^L||260385009^Negative^SCT^N^Neg^L^^^none||||||F",
        "CE|A^B^L||^Staph. aureus||||||F",
        "TX|A^B^L||one~two~~four||||||F",
        "FT|A^B^L||one\\.br\\two||||||F",
        "DT|A^B^L||20240305||||||F",
        "TS|A^B^L||202403051200||||||F",
        "TM|A^B^L||0930||||||F",
        "DR|A^B^L||20240301^20240305||||||F",
        "NR|A^B^L||1^5|mg^^UCUM|||||F",
        "ED|A^B^L||LAB^AP^PDF^Base64^JVBERi0x||||||F",
        "ED|A^B^L||^TEXT^^A^plain words||||||F",
        "ED|A^B^L||^AP^PDF^Base64^not base64!||||||F",
        "RP|A^B^L||https://pacs/1^^IM^JPEG||||||F",
        "XPN|A^B^L||Doe^Ann||||||F",
        "QQ|A^B^L||x^y||||||F",
        "|A^B^L||5||||||F",
        "|A^B^L||5|mg|||||F",
        "NM|A^B^L||||||||X",
        "NM|A^B^L||||||||N",
    ] {
        let _ = writeln!(out, "{obx}\n{}\n", value(obx));
    }
    expect![[r#"
        NM|A^B^L||4.060|mmol/L^^UCUM|||||F
        valueQuantity {"value":4.060,"unit":"mmol/L","code":"mmol/L"}

        NM|A^B^L||+05||||||F
        valueQuantity {"value":5}

        NM|A^B^L||>100|U/L|||||F
        valueQuantity {"value":100,"comparator":">","unit":"U/L"}

        NM|A^B^L||hemolysed|U/L|||||F
        valueString "hemolysed"
        a numeric value (NM) is no number; it was kept as text

        NM|A^B^L||60~120|/min^^UCUM|||||F
        component [{"code":{"coding":[{"system":"urn:medweave:source:his:codes:L","code":"A","display":"B"}]},"valueQuantity":{"value":60,"unit":"/min","code":"/min"}},{"code":{"coding":[{"system":"urn:medweave:source:his:codes:L","code":"A","display":"B"}]},"valueQuantity":{"value":120,"unit":"/min","code":"/min"}}]

        ST|A^B^L||5.2|mmol/L|||||F
        valueQuantity {"value":5.2,"unit":"mmol/L"}
        a number with a unit was sent as text (ST); it was read as a quantity

        ST|A^B^L||a^b & c||||||F
        valueString "a^b & c"

        SN|A^B^L||<^5.0|mg/L^^UCUM|||||F
        valueQuantity {"value":5.0,"comparator":"<","unit":"mg/L","code":"mg/L"}

        SN|A^B^L||^182|mg/dl|||||F
        valueQuantity {"value":182,"unit":"mg/dl"}

        SN|A^B^L||^1^:^128||||||F
        valueRatio {"numerator":{"value":1},"denominator":{"value":128}}

        SN|A^B^L||^2^-^4|mg|||||F
        valueRange {"low":{"value":2,"unit":"mg"},"high":{"value":4,"unit":"mg"}}

        SN|A^B^L||^2^+||||||F
        valueString "2 +"

        SN|A^B^L||<>^7||||||F
        valueString "<>^7"

        SN|A^B^L||127.50|umol/L|||||F
        valueQuantity {"value":127.50,"unit":"umol/L"}

        SN|A^B^L||>5|umol/L|||||F
        valueQuantity {"value":5,"comparator":">","unit":"umol/L"}

        CWE|A^B^L||260385009^Negative^SCT^N^Neg^L^^^none||||||F
        valueCodeableConcept {"coding":[{"system":"http://snomed.info/sct","code":"260385009","display":"Negative"},{"system":"urn:medweave:source:his:codes:L","code":"N","display":"Neg"}],"text":"none"}

        CE|A^B^L||^Staph. aureus||||||F
        valueCodeableConcept {"text":"Staph. aureus"}

        TX|A^B^L||one~two~~four||||||F
        valueString "one\ntwo\n\nfour"

        FT|A^B^L||one\.br\two||||||F
        valueString "one\ntwo"

        DT|A^B^L||20240305||||||F
        valueDateTime "2024-03-05"

        TS|A^B^L||202403051200||||||F
        valueDateTime "2024-03-05T12:00:00+08:00"

        TM|A^B^L||0930||||||F
        valueTime "09:30:00"

        DR|A^B^L||20240301^20240305||||||F
        valuePeriod {"start":"2024-03-01","end":"2024-03-05"}

        NR|A^B^L||1^5|mg^^UCUM|||||F
        valueRange {"low":{"value":1,"unit":"mg","code":"mg"},"high":{"value":5,"unit":"mg","code":"mg"}}

        ED|A^B^L||LAB^AP^PDF^Base64^JVBERi0x||||||F
        extension [{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value","valueAttachment":{"contentType":"application/pdf","data":"JVBERi0x"}}]

        ED|A^B^L||^TEXT^^A^plain words||||||F
        extension [{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value","valueAttachment":{"contentType":"text/plain","data":"cGxhaW4gd29yZHM="}}]

        ED|A^B^L||^AP^PDF^Base64^not base64!||||||F
        the data is not Base64 as OBX-5.4 says; it was left out

        RP|A^B^L||https://pacs/1^^IM^JPEG||||||F
        extension [{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value","valueAttachment":{"contentType":"image/jpeg","url":"https://pacs/1"}}]

        XPN|A^B^L||Doe^Ann||||||F
        valueString "Ann Doe"

        QQ|A^B^L||x^y||||||F
        valueString "x^y"
        values of type QQ were read as text

        |A^B^L||5||||||F
        valueString "5"
        no value type is given; the value was read as text

        |A^B^L||5|mg|||||F
        valueQuantity {"value":5,"unit":"mg"}
        a number with a unit was sent without a type; it was read as a quantity

        NM|A^B^L||||||||X
        dataAbsentReason {"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown","display":"Unknown"}],"text":"results cannot be obtained"}

        NM|A^B^L||||||||N
        dataAbsentReason {"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-asked","display":"Not Asked"}]}

    "#]].assert_eq(&out);
}

#[test]
fn a_panel_is_a_report_of_an_order_with_observations_specimen_and_notes() {
    check(
        &format!(
            "{HEAD}
            PV1|1|I|4E^401^A||||||||||||||||V1
            ORC|RE|P1^HIS|F1^LAB|G1|CM||||20240305120000|||12^House^Greg
            OBR|1|P1^HIS|F1^LAB|58410-2^CBC panel^LN|||20240305121500|||||||||12^House^Greg||||||20240305143000||HM|F|||||||21&Path&Pat
            NTE|1||Fasting
            OBX|1|NM|718-7^Hemoglobin^LN||135|g/L^^UCUM|120 to 160|N|||F|||20240305121500||33^Tech^Tom|M1^Photometry^L|AN-1^LAB
            NTE|1||Checked~twice
            OBX|2|NM|6690-2^Leukocytes^LN||12.10|10*9/L^^UCUM|4.0-10.0|H^High^HL70078|||P
            SPM|1|S1&HIS^S2&LAB||BLD^Blood^HL70487|||VENIP||||||||||20240305121500|20240305123000
            OBR|2|P1^HIS|F1^LAB|X1^Manual count^L|||||||||||||||||||||C
            OBX|1|TX|IMP^Impression^L||First line||||||F
            OBX|2|TX|IMP^Impression^L||second line||||||F
            OBX|3|TX|CMT^Comment^L||alone||||||F"
        ),
        &["Observation", "DiagnosticReport", "ServiceRequest", "Specimen", "Encounter"],
        expect![[r#"
            CreateIfAbsent Encounter urn:medweave:source:his:visit V1
              identifier.system = urn:medweave:source:his:visit
              identifier.value = V1
              identifier.type.coding = v2-0203#VN Visit number
              identifier.type.text = visit number
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 7
              location.location.reference = -> Location wa:4E/ro:401/bd:A
              location.location.display = 4E 401 A
              location.status = active
            Update ServiceRequest urn:medweave:authority-numbered:order F1@urn:medweave:authority:LAB/58410-2
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:order
              identifier[2].value = F1@urn:medweave:authority:LAB/58410-2
              requisition.type.coding = v2-0203#PGN 
              requisition.system = urn:medweave:source:his:placer-group
              requisition.value = G1
              status = completed
              intent = order
              code.coding = http://loinc.org#58410-2 CBC panel
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              authoredOn = 2024-03-05T12:00:00+08:00
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              note.text = Fasting
            Update DiagnosticReport urn:medweave:authority-numbered:report F1@urn:medweave:authority:LAB/58410-2
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:report
              identifier[2].value = F1@urn:medweave:authority:LAB/58410-2
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/58410-2
              status = final
              category.coding = v2-0074#HM 
              code.coding = http://loinc.org#58410-2 CBC panel
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectiveDateTime = 2024-03-05T12:15:00+08:00
              issued = 2024-03-05T14:30:00+08:00
              resultsInterpreter.reference = -> Practitioner 21
              resultsInterpreter.display = Pat Path
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/S2
              result[0].reference = -> Observation F1@urn:medweave:authority:LAB/718-7/
              result[1].reference = -> Observation F1@urn:medweave:authority:LAB/6690-2/
            Update Specimen urn:medweave:authority-numbered:specimen-of-order F1@urn:medweave:authority:LAB/S2
              identifier[0].type.coding = v2-0203#FILL 
              identifier[0].system = urn:medweave:authority:LAB
              identifier[0].value = S2
              identifier[1].type.coding = v2-0203#PLAC 
              identifier[1].system = urn:medweave:authority:HIS
              identifier[1].value = S1
              identifier[2].system = urn:medweave:authority-numbered:specimen-of-order
              identifier[2].value = F1@urn:medweave:authority:LAB/S2
              type.coding = v2-0487#BLD Blood
              subject.reference = -> Patient 7
              receivedTime = 2024-03-05T12:30:00+08:00
              collection.collectedDateTime = 2024-03-05T12:15:00+08:00
              collection.method.coding = v2-0488#VENIP 
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/718-7/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/58410-2
              status = final
              code.coding = http://loinc.org#718-7 Hemoglobin
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectiveDateTime = 2024-03-05T12:15:00+08:00
              performer.reference = -> Practitioner 33
              performer.display = Tom Tech
              valueQuantity = http://unitsofmeasure.org#g/L 
              valueQuantity.value = 135
              valueQuantity.unit = g/L
              interpretation.coding = v3-ObservationInterpretation#N Normal
              method.coding = urn:medweave:source:his:codes:L#M1 Photometry
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/S2
              device.reference = -> Device AN-1
              referenceRange.low = http://unitsofmeasure.org#g/L 
              referenceRange.low.value = 120
              referenceRange.low.unit = g/L
              referenceRange.high = http://unitsofmeasure.org#g/L 
              referenceRange.high.value = 160
              referenceRange.high.unit = g/L
              referenceRange.text = 120 to 160
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/718-7/
              note.text = Checked
            twice
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/6690-2/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/58410-2
              status = preliminary
              code.coding = http://loinc.org#6690-2 Leukocytes
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectiveDateTime = 2024-03-05T12:15:00+08:00
              valueQuantity = http://unitsofmeasure.org#10*9/L 
              valueQuantity.value = 12.10
              valueQuantity.unit = 10*9/L
              interpretation.coding = v3-ObservationInterpretation#H High
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/S2
              referenceRange.low = http://unitsofmeasure.org#10*9/L 
              referenceRange.low.value = 4.0
              referenceRange.low.unit = 10*9/L
              referenceRange.high = http://unitsofmeasure.org#10*9/L 
              referenceRange.high.value = 10.0
              referenceRange.high.unit = 10*9/L
              referenceRange.text = 4.0-10.0
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/6690-2/
            Update ServiceRequest urn:medweave:authority-numbered:order F1@urn:medweave:authority:LAB/X1
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:order
              identifier[2].value = F1@urn:medweave:authority:LAB/X1
              status = completed
              intent = order
              code.coding = urn:medweave:source:his:codes:L#X1 Manual count
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
            Update DiagnosticReport urn:medweave:authority-numbered:report F1@urn:medweave:authority:LAB/X1
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:report
              identifier[2].value = F1@urn:medweave:authority:LAB/X1
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/X1
              status = corrected
              code.coding = urn:medweave:source:his:codes:L#X1 Manual count
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              result[0].reference = -> Observation F1@urn:medweave:authority:LAB/IMP/
              result[1].reference = -> Observation F1@urn:medweave:authority:LAB/CMT/
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/IMP/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/X1
              status = final
              code.coding = urn:medweave:source:his:codes:L#IMP Impression
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              valueString = First line
            second line
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/IMP/
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/CMT/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/X1
              status = final
              code.coding = urn:medweave:source:his:codes:L#CMT Comment
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              valueString = alone
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/CMT/
        "#]],
    );
}

#[test]
fn a_correction_is_the_same_observation_and_a_withdrawal_too() {
    let result = |status: &str, value: &str| {
        mapped(&format!(
            "{HEAD}OBR|1|P1|F1|GLU^Glucose^L|||20240305||||||||||||||||||{status}\nOBX|1|NM|GLU^Glucose^L|1|{value}|||||| {status}"
        ))
    };
    let key =
        |mapped: &Mapped| mapped.resources.iter().find(|r| r.key.resource_type == "Observation").unwrap().key.clone();
    let first = key(&result("F", "5.1"));
    assert_eq!(first.value, "F1/GLU/1");
    for (status, observation, report) in [
        ("C", "corrected", "corrected"),
        ("X", "cancelled", "cancelled"),
        ("F", "final", "final"),
        ("P", "preliminary", "preliminary"),
    ] {
        let again = result(status, "5.2");
        assert_eq!(key(&again), first);
        assert_eq!(
            resource(&again, "Observation", "F1/GLU/1").resource.get("status").unwrap().as_str(),
            Some(observation)
        );
        assert_eq!(
            resource(&again, "DiagnosticReport", "F1/GLU").resource.get("status").unwrap().as_str(),
            Some(report)
        );
    }
    for withdrawn in ["D", "W"] {
        let again = mapped(&format!(
            "{HEAD}OBR|1|P1|F1|GLU^Glucose^L|||20240305||||||||||||||||||C\nOBX|1|NM|GLU^Glucose^L|1|5.1||||||{withdrawn}"
        ));
        assert_eq!(
            resource(&again, "Observation", "F1/GLU/1").resource.get("status").unwrap().as_str(),
            Some("entered-in-error")
        );
    }
}

#[test]
fn the_patient_of_a_result_is_mentioned_and_not_overwritten() {
    let mapped = mapped(&format!(
        "{HEAD}PV1|1|I|||||||||||||||||V1\nOBR|1||F1|GLU|||||||||||||||||||||F\nOBX|1|NM|GLU||5||||||F"
    ));
    for kind in ["Patient", "Encounter"] {
        let mentioned = mapped.resources.iter().find(|r| r.key.resource_type == kind).unwrap();
        assert_eq!(mentioned.write, super::super::Write::CreateIfAbsent);
    }
    let patient = &mapped.bundle.get("entry").unwrap().items()[0];
    assert_eq!(
        patient.get("request").unwrap().to_string(),
        r#"{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:medweave:authority:HOSP|7"}"#
    );
}

#[test]
fn devices_may_report_one_code_often_under_one_order() {
    let mapped = mapped(&format!(
        "{HEAD}OBR|1||F1|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||20240305120000
        OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X
        OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|80|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||20240305120000
        OBX|3|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|82|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||20240305120100"
    ));
    let keys: Vec<&str> = mapped
        .resources
        .iter()
        .filter(|r| r.key.resource_type == "Observation")
        .map(|r| r.key.value.as_str())
        .collect();
    assert_eq!(keys, ["F1/147842/1.1.1.1/2024-03-05T12:00:00+08:00", "F1/147842/1.1.1.1/2024-03-05T12:01:00+08:00"]);
    assert_eq!(mapped.unmapped.iter().map(ToString::to_string).collect::<Vec<_>>(), ["OBX"]);
}

#[test]
fn results_of_several_patients_stay_with_theirs() {
    let mapped = mapped(&format!(
        "{HEAD}OBR|1||F1|GLU|||||||||||||||||||||F\nOBX|1|NM|GLU||5||||||F
        PID|2||8^^^HOSP^MR\nOBR|1||F2|GLU|||||||||||||||||||||F\nOBX|1|NM|GLU||6||||||F"
    ));
    for (value, patient) in [("F1/GLU/", "7"), ("F2/GLU/", "8")] {
        let subject =
            resource(&mapped, "Observation", value).resource.get("subject").unwrap().get("reference").cloned();
        assert_eq!(subject.unwrap().as_str(), Some(resource(&mapped, "Patient", patient).key.full_url("his").as_str()));
    }
}

#[test]
fn a_corrected_result_loses_its_old_flag_and_a_change_of_status_keeps_the_value() {
    let result = |obx: &str| {
        let mapped = mapped(&format!("{HEAD}OBR|1||F1|GLU|||||||||||||||||||||F\nOBX|1|NM|GLU|1|{obx}"));
        resource(&mapped, "Observation", "F1/GLU/1").clone()
    };
    let mut stored = result("9.9|mmol/L||HH|||F").resource;
    stored.set("id", "o1");
    let corrected = result("5.1|mmol/L|||||C").update(&stored);
    assert_eq!(corrected.get("interpretation"), None);
    assert_eq!(corrected.get("id").and_then(Tree::as_str), Some("o1"));
    assert!(corrected.to_string().contains(r#""value":5.1"#));
    let confirmed = result("||||||U").update(&stored);
    assert_eq!(confirmed.get("status").and_then(Tree::as_str), Some("final"));
    assert!(confirmed.to_string().contains(r#""value":9.9"#) && confirmed.get("interpretation").is_some());
}

#[test]
fn a_report_in_parts_keeps_the_results_of_the_parts_before() {
    let report = |code: &str| {
        let mapped = mapped(&format!("{HEAD}OBR|1||F1|GLU|||||||||||||||||||||P\nOBX|1|NM|{code}|1|5||||||F"));
        resource(&mapped, "DiagnosticReport", "F1/GLU").clone()
    };
    let first = report("A").resource;
    let both = report("B").update(&first);
    assert_eq!(both.get("result").unwrap().items().len(), 2);
    assert_eq!(report("B").update(&both).get("result").unwrap().items().len(), 2);
}

#[test]
fn participants_belong_to_what_stands_before_them() {
    check(
        &format!(
            "{HEAD}OBR|1||F1|GLU|||||||||||||||||||||F
            PRT||AD||OP|12^House^Greg
            PRT||AD||PI|21^Path^Pat
            TQ1|1||||||20240301|20240302|S
            OBX|1|NM|GLU|1|5||||||F
            PRT||AD||RO|33^Tech^Tom|||Lab^^L1||AN-1^LAB"
        ),
        &["ServiceRequest", "DiagnosticReport", "Observation"],
        expect![[r#"
            Update ServiceRequest urn:medweave:source:his:order F1/GLU
              identifier[0].type.coding = v2-0203#FILL 
              identifier[0].system = urn:medweave:source:his:filler-order
              identifier[0].value = F1
              identifier[1].system = urn:medweave:source:his:order
              identifier[1].value = F1/GLU
              status = completed
              intent = order
              code.coding.code = GLU
              subject.reference = -> Patient 7
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              occurrencePeriod.start = 2024-03-01
              occurrencePeriod.end = 2024-03-02
              priority = stat
            Update DiagnosticReport urn:medweave:source:his:report F1/GLU
              identifier[0].type.coding = v2-0203#FILL 
              identifier[0].system = urn:medweave:source:his:filler-order
              identifier[0].value = F1
              identifier[1].system = urn:medweave:source:his:report
              identifier[1].value = F1/GLU
              basedOn.reference = -> ServiceRequest F1/GLU
              status = final
              code.coding.code = GLU
              subject.reference = -> Patient 7
              resultsInterpreter.reference = -> Practitioner 21
              resultsInterpreter.display = Pat Path
              result.reference = -> Observation F1/GLU/1
            Update Observation urn:medweave:source:his:observation F1/GLU/1
              basedOn.reference = -> ServiceRequest F1/GLU
              status = final
              code.coding.code = GLU
              subject.reference = -> Patient 7
              valueQuantity.value = 5
              identifier.system = urn:medweave:source:his:observation
              identifier.value = F1/GLU/1
              performer[0].reference = -> Practitioner 33
              performer[0].display = Tom Tech
              performer[1].reference = -> Organization L1
              performer[1].display = Lab
              device.reference = -> Device AN-1
        "#]],
    );
}

#[test]
fn sources_of_one_house_can_share_their_numbers() {
    let text = lines(&format!("{HEAD}OBR|1||F1|GLU|||||||||||||||||||||F").replace("7^^^HOSP^MR", "7"));
    let mut shared = settings();
    shared.systems.insert("patient".to_owned(), "urn:oid:1.2.3".to_owned());
    let message = parse(text.as_bytes());
    let Ok(Outcome::Mapped(mapped)) = map(&message, &shared) else { panic!() };
    assert_eq!(mapped.resources[0].key.system, "urn:oid:1.2.3");
}

#[test]
fn hostile_messages_are_bounded() {
    // Many results are work in proportion to their number.
    let mut text = lines(&format!("{HEAD}OBR|1||F1|GLU|||||||||||||||||||||F"));
    for at in 0..10_000 {
        let _ = write!(text, "\rOBX|{at}|NM|C{at}||{at}||||||Q");
    }
    let Ok(Outcome::Mapped(many)) = map(&parse(text.as_bytes()), &settings()) else { panic!() };
    assert_eq!(many.resources.iter().filter(|r| r.key.resource_type == "Observation").count(), 10_000);
    // Repetitions that would become elements are bounded, lines of a text are not.
    let repeated = |kind: &str| lines(&format!("{HEAD}OBR|1||F1|GLU\nOBX|1|{kind}|A||{}", "1~".repeat(60_000)));
    assert!(matches!(
        map(&parse(repeated("NM").as_bytes()), &settings()),
        Err(MapError::TooManyRepetitions { limit: 50_000, .. })
    ));
    assert!(map(&parse(repeated("TX").as_bytes()), &settings()).is_ok());
}
