use super::*;
use expect_test::expect;

#[test]
fn an_accident_and_a_death_are_observations_with_what_is_said_of_them() {
    check(
        "MSH|^~\\&|HIS|HOSP|||20240305||ADT^A03|1|P|2.5
         PID|1||7^^^HOSP^MR
         PV1|1|E|ED||||||||||||||||V1^^^HOSP
         ACC|20240304|MVA|Route 50|VA^Virginia^HL70347|Y|N|9^Reed^Ann|Car against tree|Sister|Y|12 Main St^^Town|30|AC1
         PDA|I21^Infarction^I10|W^1^2|Y|20240305120000|5^Cert^Rob|Y|202403051300^202403051400|6^Path^Jo|maybe",
        &["Observation", "Condition"],
        expect![[r#"
            Update Observation urn:medweave:source:his:accident AC1
              identifier.system = urn:medweave:source:his:accident
              identifier.value = AC1
              status = final
              code.coding[0] = http://loinc.org#11374-6 Injury incident description Narrative
              code.coding[1] = urn:medweave:coding-system:observation#injury-incident Injury incident description
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectiveDateTime = 2024-03-04
              performer.reference = -> Practitioner 9
              performer.display = Ann Reed
              valueString = Car against tree
              component[0].code.coding = urn:medweave:coding-system:observation#accident-kind Kind of accident
              component[0].valueCodeableConcept.coding = v2-0050#MVA 
              component[1].code.coding = urn:medweave:coding-system:observation#accident-location Location of the accident
              component[1].valueString = Route 50
              component[2].code.coding = urn:medweave:coding-system:observation#accident-state State of the accident
              component[2].valueCodeableConcept.coding = v2-0347#VA Virginia
              component[3].code.coding = urn:medweave:coding-system:observation#accident-job-related Accident is job related
              component[3].valueCodeableConcept.coding = v2-0136#Y Yes
              component[4].code.coding = urn:medweave:coding-system:observation#accident-death Accident led to death
              component[4].valueCodeableConcept.coding = v2-0136#N No
              component[5].code.coding = urn:medweave:coding-system:observation#accident-brought-in-by Brought in by
              component[5].valueString = Sister
              component[6].code.coding = urn:medweave:coding-system:observation#accident-police-notified Police was notified
              component[6].valueCodeableConcept.coding = v2-0136#Y Yes
              component[7].code.coding = urn:medweave:coding-system:observation#accident-address Address of the accident
              component[7].valueString = 12 Main St, Town
              component[8].code.coding = urn:medweave:coding-system:observation#accident-liability Degree of patient liability
              component[8].valueQuantity.value = 30
            Update Condition urn:medweave:source:his:cause-of-death e420187353df6493/I21
              category.text = cause of death
              code.coding = http://hl7.org/fhir/sid/icd-10#I21 Infarction
              subject.reference = -> Patient 7
              recordedDate = 2024-03-05T12:00:00+08:00
              asserter.reference = -> Practitioner 5
              asserter.display = Rob Cert
              identifier.system = urn:medweave:source:his:cause-of-death
              identifier.value = e420187353df6493/I21
            Update Observation urn:medweave:source:his:death-certificate e420187353df6493
              status = final
              code.coding = urn:medweave:coding-system:observation#death-certificate Death was certified
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectiveDateTime = 2024-03-05T12:00:00+08:00
              performer.reference = -> Practitioner 5
              performer.display = Rob Cert
              valueCodeableConcept.coding = v2-0136#Y Yes
              component.code.coding[0] = http://loinc.org#58332-8 Location of death
              component.code.coding[1] = urn:medweave:coding-system:observation#death-location Place of death
              component.valueString = W 1 2
              identifier.system = urn:medweave:source:his:death-certificate
              identifier.value = e420187353df6493
            Update Observation urn:medweave:source:his:autopsy e420187353df6493
              status = final
              code.coding[0] = http://loinc.org#85699-7 Autopsy was performed
              code.coding[1] = urn:medweave:coding-system:observation#autopsy Autopsy
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              effectivePeriod.start = 2024-03-05T13:00:00+08:00
              effectivePeriod.end = 2024-03-05T14:00:00+08:00
              performer.reference = -> Practitioner 6
              performer.display = Jo Path
              valueCodeableConcept.coding = v2-0136#Y Yes
              identifier.system = urn:medweave:source:his:autopsy
              identifier.value = e420187353df6493
            Update Observation urn:medweave:source:his:coroner e420187353df6493
              status = final
              code.coding[0] = http://loinc.org#74497-9 Medical examiner or coroner was contacted
              code.coding[1] = urn:medweave:coding-system:observation#coroner Coroner
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              valueCodeableConcept.text = maybe
              identifier.system = urn:medweave:source:his:coroner
              identifier.value = e420187353df6493
            Warning PDA-9: "maybe" is not of table 0136; it was kept as text
        "#]],
    );
}

#[test]
fn an_accident_or_death_segment_that_says_nothing_makes_nothing() {
    let mapped = mapped(
        "MSH|^~\\&|HIS|HOSP|||20240305||ADT^A03|1|P|2.5\nPID|1||7^^^HOSP^MR\nACC|20240304\nPDA||||20240305|5^Cert",
    );
    assert!(mapped.resources.iter().all(|resource| resource.key.resource_type != "Observation"));
}
