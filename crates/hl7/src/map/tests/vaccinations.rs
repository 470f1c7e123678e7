use super::*;
use expect_test::expect;

const HEAD: &str = "MSH|^~\\&|EHR||||20240305143000||VXU^V04^VXU_V04|V1|P|2.5.1\nPID|1||7^^^HOSP^MR||Doe^Ann\n";

#[test]
fn a_vaccination_carries_dose_lot_place_and_who_gave_it() {
    check(
        &format!(
            "{HEAD}
            ORC|RE|P1^EHR|F1^EHR||||||20240305|||7824^Jackson^Lily
            RXA|0|1|202403051015||49281-0215-88^TENIVAC^NDC|0.50|mL^mL^UCUM||00^New Record^NIP001|7825^Nurse^Nan|^^^Clinic 1||||315841|20251216|PMC^Sanofi Pasteur^MVX|||CP|A|20240305
            RXR|IM^Intramuscular^HL70162|LD^Left Deltoid^HL70163
            OBX|1|CE|64994-7^Eligibility^LN|1|V01^Not eligible^HL70064||||||F|||20240305
            NTE|1||Well tolerated"
        ),
        &["Immunization", "Observation"],
        expect![[r#"
            Update Immunization urn:medweave:authority-numbered:immunization F1@urn:medweave:authority:EHR/49281-0215-88
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:EHR
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:EHR
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:immunization
              identifier[2].value = F1@urn:medweave:authority:EHR/49281-0215-88
              status = completed
              vaccineCode.coding = http://hl7.org/fhir/sid/ndc#49281-0215-88 TENIVAC
              patient.reference = -> Patient 7
              occurrenceDateTime = 2024-03-05T10:15:00+08:00
              recorded = 2024-03-05
              primarySource = true
              location.reference = -> Location si:Clinic 1
              location.display = Clinic 1
              manufacturer.reference = -> Organization PMC
              manufacturer.display = Sanofi Pasteur
              lotNumber = 315841
              expirationDate = 2025-12-16
              site.coding = v2-0163#LD Left Deltoid
              route.coding = v2-0162#IM Intramuscular
              doseQuantity = http://unitsofmeasure.org#mL 
              doseQuantity.value = 0.50
              doseQuantity.unit = mL
              performer[0].function.coding = v2-0443#OP Ordering Provider
              performer[0].actor.reference = -> Practitioner 7824
              performer[0].actor.display = Lily Jackson
              performer[1].function.coding = v2-0443#AP Administering Provider
              performer[1].actor.reference = -> Practitioner 7825
              performer[1].actor.display = Nan Nurse
              programEligibility.coding = v2-0064#V01 Not eligible
            Update Observation urn:medweave:authority-numbered:observation immunization|F1@urn:medweave:authority:EHR%2F49281-0215-88/64994-7/1
              partOf.reference = -> Immunization F1@urn:medweave:authority:EHR/49281-0215-88
              status = final
              code.coding = http://loinc.org#64994-7 Eligibility
              subject.reference = -> Patient 7
              effectiveDateTime = 2024-03-05
              valueCodeableConcept.coding = v2-0064#V01 Not eligible
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = immunization|F1@urn:medweave:authority:EHR%2F49281-0215-88/64994-7/1
              note.text = Well tolerated
        "#]],
    );
}

#[test]
fn what_was_not_given_or_was_recorded_wrongly_says_so() {
    let status = |rxa: &str| {
        let mapped = mapped(&format!("{HEAD}ORC|RE||F1^EHR\nRXA|0|1|20240305||88^influenza^CVX|999{rxa}"));
        let immunization = mapped.resources.iter().find(|r| r.key.resource_type == "Immunization").unwrap().clone();
        assert_eq!(immunization.key.value, "F1@urn:medweave:authority:EHR/88");
        assert!(immunization.resource.get("doseQuantity").is_none());
        immunization.resource
    };
    let of = |tree: &Tree| tree.get("status").and_then(Tree::as_str).unwrap().to_owned();
    assert_eq!(of(&status("")), "completed");
    let refused = status("||||||||||||00^Parental decision^NIP002||RE");
    assert_eq!(of(&refused), "not-done");
    assert!(refused.get("statusReason").is_some());
    assert_eq!(of(&status("||||||||||||||NA")), "not-done");
    assert_eq!(of(&status("||||||||||||||PA")), "completed");
    assert_eq!(of(&status("||||||||||||||CP|D")), "entered-in-error");
    let history = status("|||01^Historical^NIP001");
    assert_eq!(history.get("primarySource"), Some(&Tree::Bool(false)));
}
