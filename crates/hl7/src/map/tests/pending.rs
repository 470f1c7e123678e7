//! Events of ADT about what is expected, on the way, on leave, taken back, or an error.

use super::*;
use expect_test::expect;

fn encounter(trigger: &str, pv1: &str) -> super::super::MappedResource {
    let mapped = mapped(&format!(
        "MSH|^~\\&|HIS||||20240102||ADT^{trigger}|1|P|2.5\nEVN|{trigger}|20240102080000\nPID|1||7^^^HOSP^MR\n{pv1}"
    ));
    resource(&mapped, "Encounter", "V1").clone()
}

const STAY: &str = "PV1|1|I|W^1^2|||X^9^9|||||T^5^5||||||||V1|||||||||||||||||||||||P^3^3||20240101100000";

#[test]
fn each_event_says_what_became_of_the_stay() {
    for (trigger, status, is_assumed) in [
        ("A09", "in-progress", true),
        ("A10", "in-progress", true),
        ("A14", "planned", false),
        ("A15", "in-progress", true),
        ("A16", "in-progress", true),
        ("A17", "in-progress", false),
        ("A21", "onleave", false),
        ("A22", "in-progress", false),
        ("A23", "entered-in-error", false),
        ("A25", "in-progress", true),
        ("A26", "in-progress", true),
        ("A27", "cancelled", false),
        ("A32", "in-progress", true),
        ("A33", "in-progress", true),
        ("A38", "cancelled", false),
        ("A52", "in-progress", false),
        ("A53", "onleave", false),
        ("A54", "in-progress", true),
        ("A60", "in-progress", true),
        ("A62", "in-progress", true),
    ] {
        let stay = encounter(trigger, STAY);
        assert_eq!(stay.resource.get("status").and_then(Tree::as_str), Some(status), "{trigger}");
        assert_eq!(stay.assumed.contains(&"status"), is_assumed, "{trigger}");
    }
}

#[test]
fn a_leave_that_is_stored_goes_on_through_events_that_do_not_speak_of_it() {
    let on_leave = encounter("A21", STAY);
    let moved = encounter("A15", STAY).update(&on_leave.resource);
    assert_eq!(moved.get("status").and_then(Tree::as_str), Some("onleave"));
    let back = encounter("A22", STAY).update(&moved);
    assert_eq!(back.get("status").and_then(Tree::as_str), Some("in-progress"));
}

fn places(trigger: &str) -> Vec<String> {
    let places = encounter(trigger, STAY).resource.get("location").unwrap().items().to_vec();
    let text = |place: &Tree, name: &str| place.get(name).and_then(Tree::as_str).unwrap_or_default().to_owned();
    places
        .iter()
        .map(|place| {
            let period = place.get("period").map(ToString::to_string).unwrap_or_default();
            let display = text(place.get("location").unwrap(), "display");
            format!("{display} {} {period}", text(place, "status")).trim().to_owned()
        })
        .collect()
}

#[test]
fn who_leaves_was_at_one_place_and_who_arrives_is_at_another() {
    let at = "2024-01-02T08:00:00+08:00";
    assert_eq!(
        places("A09"),
        [
            "W 1 2 active".to_owned(),
            format!("X 9 9 completed {{\"end\":\"{at}\"}}"),
            "T 5 5 active".to_owned(),
            "P 3 3 reserved".to_owned()
        ]
    );
    assert_eq!(places("A10")[0], format!("W 1 2 active {{\"start\":\"{at}\"}}"));
    assert_eq!(places("A15")[3], "P 3 3 reserved");
    assert_eq!(places("A26")[3], "P 3 3 completed");
    assert_eq!(places("A38")[0], "W 1 2 completed");
    assert_eq!(places("A14")[0], "W 1 2 planned");
}

#[test]
fn a_discharge_that_is_pending_ends_nothing() {
    let stay = encounter("A16", &format!("{STAY}|20240105"));
    assert_eq!(stay.resource.get("period").unwrap().get("end"), None);
    let expected = stay.resource.get("extension").unwrap().items()[0].get("valueDateTime").unwrap();
    assert_eq!(expected.as_str(), Some("2024-01-05"));
    let taken_back = encounter("A25", &format!("{STAY}|20240105"));
    assert_eq!(taken_back.resource.get("period").unwrap().get("end"), None);
    assert_eq!(taken_back.resource.get("extension"), None);
    // What was expected is not any more.
    assert_eq!(taken_back.update(&stay.resource).get("extension"), None);
}

#[test]
fn two_patients_who_change_beds_are_both_moved() {
    let mapped = mapped(
        "MSH|^~\\&|HIS||||20240102||ADT^A17|1|P|2.5
         EVN|A17|20240102080000
         PID|1||7^^^HOSP^MR
         PV1|1|I|W^1^2|||W^1^1|||||||||||||V7
         PID|2||8^^^HOSP^MR
         PV1|1|I|W^1^1|||W^1^2|||||||||||||V8",
    );
    for (stay, to) in [("V7", "W 1 2"), ("V8", "W 1 1")] {
        let places = resource(&mapped, "Encounter", stay).resource.get("location").unwrap().items();
        let display = places[0].get("location").unwrap().get("display").unwrap();
        assert_eq!(display.as_str(), Some(to));
        assert!(places[0].get("period").unwrap().get("start").is_some());
        assert!(places[1].get("period").unwrap().get("end").is_some());
    }
}

#[test]
fn a_person_who_is_deleted_is_no_longer_active_and_nothing_goes() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A29|1|P|2.5
         EVN|A29|20240102
         PID|1||7^^^HOSP^MR||Doe^Ann
         PV1|1|I|||||||||||||||||V1",
        &["Patient", "Encounter"],
        expect![[r#"
            Update Patient urn:medweave:authority:HOSP 7
              identifier.type.coding = v2-0203#MR 
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = 7
              identifier.assigner.display = HOSP
              name.family = Doe
              name.given = Ann
              active = false
            CreateIfAbsent Encounter urn:medweave:source:his:visit V1
              identifier.system = urn:medweave:source:his:visit
              identifier.value = V1
              identifier.type.coding = v2-0203#VN Visit number
              identifier.type.text = visit number
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 7
        "#]],
    );
}

#[test]
fn a_reaction_is_told_with_its_allergy() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A60|1|P|2.8
         EVN|A60|20240102
         PID|1||7^^^HOSP^MR
         IAM|1|FA|N1^Nuts^L|||A|A-1^HIS||||||||||I^Inactive
         NTE|1||told by the mother
         IAR|H1^Hives^L|MO|AL|cold towels
         IAM|2|DA|P1^Penicillin^L|||A|A-2^HIS||||||||||E",
        &["AllergyIntolerance"],
        expect![[r#"
            Update AllergyIntolerance urn:medweave:authority:HIS A-1
              type = allergy
              category = food
              code.coding = urn:medweave:source:his:codes:L#N1 Nuts
              patient.reference = -> Patient 7
              clinicalStatus.coding = allergyintolerance-clinical#inactive Inactive
              verificationStatus.coding = allergyintolerance-verification#confirmed Confirmed
              identifier.system = urn:medweave:authority:HIS
              identifier.value = A-1
              note.text = told by the mother
              reaction.manifestation.coding = urn:medweave:source:his:codes:L#H1 Hives
              reaction.severity = moderate
              reaction.note.text = cold towels
            Update AllergyIntolerance urn:medweave:authority:HIS A-2
              type = allergy
              category = medication
              code.coding = urn:medweave:source:his:codes:L#P1 Penicillin
              patient.reference = -> Patient 7
              verificationStatus.coding = allergyintolerance-verification#entered-in-error Entered in Error
              identifier.system = urn:medweave:authority:HIS
              identifier.value = A-2
            not mapped [IAR-3]
        "#]],
    );
}

#[test]
fn a_bed_has_a_state() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A20|1|P|2.5\nEVN|A20|20240102\nNPU|W^1^2|H^Housekeeping",
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
              operationalStatus = v2-0116#H Housekeeping
        "#]],
    );
    assert!(matches!(
        error("MSH|^~\\&|HIS||||20240102||ADT^A20|1|P|2.5\nEVN|A20|20240102"),
        MapError::MissingSegment { segment: "NPU", .. }
    ));
}
