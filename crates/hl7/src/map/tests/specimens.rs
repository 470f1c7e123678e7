//! OML and OUL that begin with the specimen.

use super::*;
use expect_test::expect;

#[test]
fn orders_behind_a_specimen_are_on_it() {
    check(
        "MSH|^~\\&|HIS||||20240305143000||OML^O33|1|P|2.5
         PID|1||7^^^HOSP^MR
         SPM|1|S1&HIS^T1&LAB||BLD
         SAC||A1^LAB|C1^LAB
         ORC|NW|P1^HIS
         OBR|1|P1^HIS||GLU
         ORC|NW|P2^HIS
         OBR|2|P2^HIS||NA",
        &["ServiceRequest", "Specimen"],
        expect![[r#"
            Update ServiceRequest urn:medweave:authority-numbered:order P1@urn:medweave:authority:HIS/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P1@urn:medweave:authority:HIS/GLU
              status = active
              intent = order
              code.coding.code = GLU
              subject.reference = -> Patient 7
              specimen.reference = -> Specimen P1@urn:medweave:authority:HIS/T1
            Update Specimen urn:medweave:authority-numbered:specimen-of-order P1@urn:medweave:authority:HIS/T1
              identifier[0].type.coding = v2-0203#FILL 
              identifier[0].system = urn:medweave:authority:LAB
              identifier[0].value = T1
              identifier[1].type.coding = v2-0203#PLAC 
              identifier[1].system = urn:medweave:authority:HIS
              identifier[1].value = S1
              identifier[2].system = urn:medweave:authority-numbered:specimen-of-order
              identifier[2].value = P1@urn:medweave:authority:HIS/T1
              type.coding = v2-0487#BLD 
              subject.reference = -> Patient 7
              accessionIdentifier.system = urn:medweave:authority:LAB
              accessionIdentifier.value = A1
              container.identifier.system = urn:medweave:authority:LAB
              container.identifier.value = C1
            Update ServiceRequest urn:medweave:authority-numbered:order P2@urn:medweave:authority:HIS/NA
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P2
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P2@urn:medweave:authority:HIS/NA
              status = active
              intent = order
              code.coding.code = NA
              subject.reference = -> Patient 7
              specimen.reference = -> Specimen P1@urn:medweave:authority:HIS/T1
        "#]],
    );
}

#[test]
fn results_behind_a_specimen_are_found_on_it() {
    check(
        "MSH|^~\\&|LAB||||20240305143000||OUL^R22|1|P|2.5.1
         PID|1||7^^^HOSP^MR
         SPM|1|S1&HIS^T1&LAB||BLD
         OBX|1|NM|VOL^Volume^L||5|mL|||||F
         OBR|1|P1^HIS|F1^LAB|GLU|||20240305||||||||||||||||||F
         ORC|SC|P1^HIS|F1^LAB||CM
         NTE|1||of the order
         OBX|1|NM|GLU||5|mmol/L|||||F
         OBR|2|P2^HIS|F2^LAB|NA|||20240305||||||||||||||||||F
         ORC|SC|P2^HIS|F2^LAB||CM
         OBX|1|NM|NA||140|mmol/L|||||F",
        &["ServiceRequest", "Specimen", "DiagnosticReport", "Observation"],
        expect![[r#"
            Update ServiceRequest urn:medweave:authority-numbered:order F1@urn:medweave:authority:LAB/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:order
              identifier[2].value = F1@urn:medweave:authority:LAB/GLU
              status = completed
              intent = order
              code.coding.code = GLU
              subject.reference = -> Patient 7
              note.text = of the order
            Update DiagnosticReport urn:medweave:authority-numbered:report F1@urn:medweave:authority:LAB/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:report
              identifier[2].value = F1@urn:medweave:authority:LAB/GLU
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/GLU
              status = final
              code.coding.code = GLU
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/T1
              result[0].reference = -> Observation F1@urn:medweave:authority:LAB/VOL/
              result[1].reference = -> Observation F1@urn:medweave:authority:LAB/GLU/
            Update Specimen urn:medweave:authority-numbered:specimen-of-order F1@urn:medweave:authority:LAB/T1
              identifier[0].type.coding = v2-0203#FILL 
              identifier[0].system = urn:medweave:authority:LAB
              identifier[0].value = T1
              identifier[1].type.coding = v2-0203#PLAC 
              identifier[1].system = urn:medweave:authority:HIS
              identifier[1].value = S1
              identifier[2].system = urn:medweave:authority-numbered:specimen-of-order
              identifier[2].value = F1@urn:medweave:authority:LAB/T1
              type.coding = v2-0487#BLD 
              subject.reference = -> Patient 7
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/VOL/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/GLU
              status = final
              code.coding = urn:medweave:source:his:codes:L#VOL Volume
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              valueQuantity.value = 5
              valueQuantity.unit = mL
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/T1
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/VOL/
            Update Observation urn:medweave:authority-numbered:observation F1@urn:medweave:authority:LAB/GLU/
              basedOn.reference = -> ServiceRequest F1@urn:medweave:authority:LAB/GLU
              status = final
              code.coding.code = GLU
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              valueQuantity.value = 5
              valueQuantity.unit = mmol/L
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/T1
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F1@urn:medweave:authority:LAB/GLU/
            Update ServiceRequest urn:medweave:authority-numbered:order F2@urn:medweave:authority:LAB/NA
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P2
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F2
              identifier[2].system = urn:medweave:authority-numbered:order
              identifier[2].value = F2@urn:medweave:authority:LAB/NA
              status = completed
              intent = order
              code.coding.code = NA
              subject.reference = -> Patient 7
            Update DiagnosticReport urn:medweave:authority-numbered:report F2@urn:medweave:authority:LAB/NA
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P2
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:LAB
              identifier[1].value = F2
              identifier[2].system = urn:medweave:authority-numbered:report
              identifier[2].value = F2@urn:medweave:authority:LAB/NA
              basedOn.reference = -> ServiceRequest F2@urn:medweave:authority:LAB/NA
              status = final
              code.coding.code = NA
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/T1
              result.reference = -> Observation F2@urn:medweave:authority:LAB/NA/
            Update Observation urn:medweave:authority-numbered:observation F2@urn:medweave:authority:LAB/NA/
              basedOn.reference = -> ServiceRequest F2@urn:medweave:authority:LAB/NA
              status = final
              code.coding.code = NA
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              valueQuantity.value = 140
              valueQuantity.unit = mmol/L
              specimen.reference = -> Specimen F1@urn:medweave:authority:LAB/T1
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = F2@urn:medweave:authority:LAB/NA/
        "#]],
    );
}

#[test]
fn an_orc_behind_its_obr_is_of_that_order() {
    let mapped = mapped(
        "MSH|^~\\&|LAB||||20240305143000||OUL^R24|1|P|2.5.1
         PID|1||7^^^HOSP^MR
         OBR|1|P1^HIS|F1^LAB|GLU|||20240305||||||||||||||||||F
         ORC|SC|P1^HIS|F1^LAB||CA
         SPM|1|S1&HIS^T1&LAB||BLD
         OBX|1|NM|GLU||5|mmol/L|||||F
         OBR|2|P2^HIS|F2^LAB|NA|||20240305||||||||||||||||||F
         ORC|SC|P2^HIS|F2^LAB||IP",
    );
    let status = |value: &str| {
        let request = resource(&mapped, "ServiceRequest", value);
        request.resource.get("status").and_then(Tree::as_str).map(str::to_owned)
    };
    assert_eq!(status("F1@urn:medweave:authority:LAB/GLU").as_deref(), Some("revoked"));
    assert_eq!(status("F2@urn:medweave:authority:LAB/NA").as_deref(), Some("active"));
}

#[test]
fn results_at_the_bedside_need_no_order_number() {
    for trigger in ["R30", "R31", "R32"] {
        let mapped = mapped(&format!(
            "MSH|^~\\&|POC||||20240305143000||ORU^{trigger}|1|P|2.5\nPID|1||7^^^HOSP^MR\nORC|NW\nOBR|1|||GLU|||20240305143000||||||||||||||||||F\nOBX|1|NM|GLU||5|mmol/L|||||F"
        ));
        assert!(mapped.resources.iter().any(|r| r.key.resource_type == "Observation"), "{trigger}");
    }
}
