//! Lists of the house: staff and places.

use super::*;
use expect_test::expect;

#[test]
fn staff_are_who_messages_mean_by_their_number() {
    check(
        "MSH|^~\\&|HR||||20240305143000||MFN^M02|1|P|2.5
         MFI|PRA|HR|UPD|20240305||AL
         MFE|MAD|1|20240305|12
         STF|12|12^^^HOSP~99^^^LIC|House^Greg||M|19700102|A|||^WPN^PH^^^^555|1 St^^Town||||greg@example.org
         PRA|12||||NEP^Board
         MFE|MDC|2|20240305|13
         STF|13||Wilson^Jim",
        &["Practitioner"],
        expect![[r#"
            Update Practitioner urn:medweave:authority:HOSP 12
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = 12
              identifier[0].assigner.display = HOSP
              identifier[1].system = urn:medweave:authority:LIC
              identifier[1].value = 99
              identifier[1].assigner.display = LIC
              active = true
              name.family = House
              name.given = Greg
              telecom[0].extension.url = http://hl7.org/fhir/StructureDefinition/contactpoint-local
              telecom[0].extension.valueString = 555
              telecom[0].system = phone
              telecom[0].value = 555
              telecom[0].use = work
              telecom[1].system = email
              telecom[1].value = greg@example.org
              address.line = 1 St
              address.city = Town
              gender = male
              birthDate = 1970-01-02
              qualification.code.text = NEP
              qualification.issuer.display = Board
            Update Practitioner urn:medweave:source:his:practitioner 13
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 13
              active = false
              name.family = Wilson
              name.given = Jim
        "#]],
    );
    let mentioned = mapped(
        "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5\nPID|1||7^^^HOSP^MR\nPV1|1|I|||||12^House^Greg^^^^^^HOSP||||||||||||V1",
    );
    assert!(mentioned.resources.iter().any(|r| r.key.value == "12" && r.key.system == "urn:medweave:authority:HOSP"));
    assert!(matches!(
        error("MSH|^~\\&|HR||||20240305||MFN^M02|1|P|2.5\nMFI|PRA"),
        MapError::MissingSegment { segment: "STF", .. }
    ));
}

#[test]
fn places_are_those_of_stays() {
    check(
        "MSH|^~\\&|HR||||20240305143000||MFN^M05|1|P|2.5
         MFI|LOC|HR|UPD|20240305||AL
         MFE|MUP|1|20240305|W
         LOC|W^1^2|window bed|B^Bed^L|Hospital^^H1|1 St^^Town|^WPN^PH^^^^555",
        &["Location"],
        expect![[r#"
            CreateIfAbsent Location urn:medweave:source:his:location wa:W
              name = W
              mode = instance
              physicalType.coding = location-physical-type#wa Ward
              identifier.system = urn:medweave:source:his:location
              identifier.value = wa:W
            CreateIfAbsent Location urn:medweave:source:his:location wa:W/ro:1
              name = 1
              mode = instance
              physicalType.coding = location-physical-type#ro Room
              partOf.reference = -> Location wa:W
              partOf.display = W
              identifier.system = urn:medweave:source:his:location
              identifier.value = wa:W/ro:1
            Update Location urn:medweave:source:his:location wa:W/ro:1/bd:2
              name = 2
              mode = instance
              physicalType.coding = location-physical-type#bd Bed
              partOf.reference = -> Location wa:W/ro:1
              partOf.display = 1
              identifier.system = urn:medweave:source:his:location
              identifier.value = wa:W/ro:1/bd:2
              status = active
              description = window bed
              type.coding = urn:medweave:source:his:codes:L#B Bed
              telecom.extension.url = http://hl7.org/fhir/StructureDefinition/contactpoint-local
              telecom.extension.valueString = 555
              telecom.system = phone
              telecom.value = 555
              telecom.use = work
              address.line = 1 St
              address.city = Town
              managingOrganization.reference = -> Organization H1
              managingOrganization.display = Hospital
        "#]],
    );
}
