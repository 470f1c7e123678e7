//! Links, changes of numbers, and moves of patients, accounts and stays.

use super::*;
use expect_test::expect;

fn identity(trigger: &str, rest: &str) -> Mapped {
    mapped(&format!("MSH|^~\\&|HIS||||20240102||ADT^{trigger}|1|P|2.5\nEVN|{trigger}|20240102\n{rest}"))
}

const PAIR: &str = "PID|1||12^^^HOSP^MR||Doe^Ann\nPID|2||34^^^HOSP^MR||Do^An";

#[test]
fn a_link_is_undone_by_its_reverse_and_others_stay() {
    let linked = identity("A24", PAIR);
    let patient = resource(&linked, "Patient", "12");
    let other = resource(&linked, "Patient", "34").key.full_url("his");
    let link = &patient.resource.get("link").unwrap().items()[0];
    assert_eq!(link.get("type").and_then(Tree::as_str), Some("seealso"));
    assert_eq!(link.get("other").unwrap().get("reference").and_then(Tree::as_str), Some(other.as_str()));

    let mut stored = patient.resource.clone();
    let third = Tree::from([("other", Tree::from([("reference", "Patient/x".into())])), ("type", "refer".into())]);
    stored.push("link", third.clone());
    let undone = identity("A37", PAIR);
    let undone = resource(&undone, "Patient", "12");
    assert_eq!(undone.update(&stored).get("link").unwrap().items(), [third]);
}

#[test]
fn who_had_given_way_goes_on_when_the_merge_is_undone() {
    let merged = identity("A40", "PID|1||12^^^HOSP^MR\nMRG|34^^^HOSP^MR");
    let stored = &resource(&merged, "Patient", "34").resource;
    assert_eq!(stored.get("active"), Some(&Tree::Bool(false)));
    let undone = identity("A37", PAIR);
    let updated = resource(&undone, "Patient", "34").update(stored);
    assert_eq!(updated.get("link"), None);
    assert_eq!(updated.get("active"), Some(&Tree::Bool(true)));
    // Who went on is left as he is.
    let survivor = &resource(&merged, "Patient", "12").resource;
    let updated = resource(&undone, "Patient", "12").update(survivor);
    assert_eq!((updated.get("link"), updated.get("active")), (None, Some(&Tree::Bool(true))));
    assert!(undone.says_who_is_who && merged.says_who_is_who);
}

#[test]
fn a_link_does_not_weaken_a_merge() {
    let merged = identity("A40", "PID|1||12^^^HOSP^MR\nMRG|34^^^HOSP^MR");
    let stored = &resource(&merged, "Patient", "34").resource;
    let linked = identity("A24", PAIR);
    let updated = resource(&linked, "Patient", "34").update(stored);
    assert_eq!(updated.get("link"), stored.get("link"));
}

#[test]
fn a_link_needs_two_patients() {
    assert!(matches!(
        error("MSH|^~\\&|HIS||||20240102||ADT^A24|1|P|2.5\nPID|1||12^^^HOSP^MR"),
        MapError::MissingSegment { segment: "PID", .. }
    ));
    let mapped = identity("A24", "PID|1||12^^^HOSP^MR\nPID|2||12^^^HOSP^MR");
    assert!(mapped.issues[0].text.contains("linked with itself"));
    let nobody = error("MSH|^~\\&|HIS||||20240102||ADT^A37|1|P|2.5\nPID|1||12^^^HOSP^MR\nPID|2||0000^^^HOSP^MR");
    assert_eq!(nobody.place().unwrap().to_string(), "PID[2]-3");
}

#[test]
fn a_new_number_is_of_the_same_patient_account_and_stay() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A47|1|P|2.5
         EVN|A47|20240102
         PID|1||13^^^HOSP^MR~9^^^NHS^NH||Doe^Ann|||||||||||||A2
         MRG|12^^^HOSP^MR~9^^^NHS^NH||A1",
        &["Patient", "Account"],
        expect![[r#"
            Update Patient urn:medweave:authority:HOSP 13
              identifier[0].type.coding = v2-0203#MR 
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = 13
              identifier[0].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#NH 
              identifier[1].system = urn:medweave:authority:NHS
              identifier[1].value = 9
              identifier[1].assigner.display = NHS
              identifier[2].type.coding = v2-0203#MR 
              identifier[2].system = urn:medweave:authority:HOSP
              identifier[2].value = 12
              identifier[2].assigner.display = HOSP
              identifier[2].use = old
              name.family = Doe
              name.given = Ann
              formerly urn:medweave:authority:HOSP 12
            Update Account urn:medweave:source:his:account A2
              identifier[0].system = urn:medweave:source:his:account
              identifier[0].value = A2
              identifier[1].system = urn:medweave:source:his:account
              identifier[1].value = A1
              identifier[1].use = old
              status = active
              subject.reference = -> Patient 13
              formerly urn:medweave:source:his:account A1
        "#]],
    );
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A50|1|P|2.5
         EVN|A50|20240102
         PID|1||12^^^HOSP^MR
         MRG|12^^^HOSP^MR||||V1^^^HOSP
         PV1|1|I|||||||||||||||||V2^^^HOSP",
        &["Encounter"],
        expect![[r#"
            Update Encounter urn:medweave:authority:HOSP V2
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = V2
              identifier[0].assigner.display = HOSP
              identifier[0].type.coding = v2-0203#VN Visit number
              identifier[0].type.text = visit number
              identifier[1].system = urn:medweave:authority:HOSP
              identifier[1].value = V1
              identifier[1].assigner.display = HOSP
              identifier[1].use = old
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 12
              formerly urn:medweave:authority:HOSP V1
        "#]],
    );
    let account = identity("A49", "PID|1||12^^^HOSP^MR|||||||||||||||A2^^^HOSP\nMRG|12^^^HOSP^MR||A1^^^HOSP");
    assert_eq!(resource(&account, "Account", "A2").formerly[0].value, "A1");
}

#[test]
fn two_accounts_or_stays_are_one_and_the_other_leads_to_it() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A41|1|P|2.5
         EVN|A41|20240102
         PID|1||12^^^HOSP^MR|||||||||||||||A2^^^HOSP
         MRG|12^^^HOSP^MR||A1^^^HOSP",
        &["Account"],
        expect![[r#"
            Update Account urn:medweave:authority:HOSP A2
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = A2
              identifier.assigner.display = HOSP
              status = active
              subject.reference = -> Patient 12
            Update Account urn:medweave:authority:HOSP A1
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = A1
              identifier.assigner.display = HOSP
              status = inactive
              subject.reference = -> Patient 12
              partOf.reference = -> Account A2
        "#]],
    );
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A42|1|P|2.5
         EVN|A42|20240102
         PID|1||12^^^HOSP^MR
         MRG|12^^^HOSP^MR||||V1^^^HOSP
         PV1|1|I|||||||||||||||||V2^^^HOSP",
        &["Encounter"],
        expect![[r#"
            Update Encounter urn:medweave:authority:HOSP V2
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = V2
              identifier.assigner.display = HOSP
              identifier.type.coding = v2-0203#VN Visit number
              identifier.type.text = visit number
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 12
            Update Encounter urn:medweave:authority:HOSP V1
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = V1
              identifier.assigner.display = HOSP
              status = entered-in-error
              class = v3-NullFlavor#UNK unknown
              subject.reference = -> Patient 12
              partOf.reference = -> Encounter V2
        "#]],
    );
    let both = identity("A36", "PID|1||12^^^HOSP^MR|||||||||||||||A2\nMRG|34^^^HOSP^MR||A1");
    assert_eq!(resource(&both, "Patient", "34").resource.get("active"), Some(&Tree::Bool(false)));
    assert_eq!(resource(&both, "Account", "A1").resource.get("status").and_then(Tree::as_str), Some("inactive"));
    for (trigger, pid, mrg, place) in [
        ("A41", "12^^^HOSP^MR", "12^^^HOSP^MR", "MRG-3"),
        ("A42", "12^^^HOSP^MR", "12^^^HOSP^MR", "PV1"),
        ("A47", "12^^^HOSP^MR", "", "MRG-1"),
        ("A41", "12^^^HOSP^MR", "12^^^HOSP^MR||A1", "PID-18"),
    ] {
        let text = format!("MSH|^~\\&|HIS||||20240102||ADT^{trigger}|1|P|2.5\nPID|1||{pid}\nMRG|{mrg}");
        assert_eq!(error(&text).place().unwrap().to_string(), place, "{trigger}");
    }
}

#[test]
fn a_stay_or_an_account_goes_to_another_patient() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A45|1|P|2.5
         EVN|A45|20240102
         PID|1||12^^^HOSP^MR|||||||||||||||A2^^^HOSP
         MRG|34^^^HOSP^MR||A1^^^HOSP||V1^^^HOSP
         PV1|1|I|||||||||||||||||V1^^^HOSP
         MRG|34^^^HOSP^MR||A1^^^HOSP||V2^^^HOSP
         PV1|1|I|||||||||||||||||V2^^^HOSP",
        &["Encounter"],
        expect![[r#"
            Update Encounter urn:medweave:authority:HOSP V1
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = V1
              identifier[0].assigner.display = HOSP
              identifier[0].type.coding = v2-0203#VN Visit number
              identifier[0].type.text = visit number
              identifier[1].system = urn:medweave:authority:HOSP
              identifier[1].value = A2
              identifier[1].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#AN 
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 12
              account.reference = -> Account A2
            Update Encounter urn:medweave:authority:HOSP V2
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = V2
              identifier[0].assigner.display = HOSP
              identifier[0].type.coding = v2-0203#VN Visit number
              identifier[0].type.text = visit number
              identifier[1].system = urn:medweave:authority:HOSP
              identifier[1].value = A2
              identifier[1].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#AN 
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 12
              account.reference = -> Account A2
            Encounter V1 goes from 34 to 12
            Encounter V2 goes from 34 to 12
        "#]],
    );
    let account =
        identity("A44", "PID|1||12^^^HOSP^MR|||||||||||||||A1^^^HOSP\nMRG|34^^^HOSP^MR~S9^^^SSA^SS||A1^^^HOSP");
    let moved = &account.moves[0];
    assert_eq!((moved.what.resource_type, moved.what.value.as_str(), moved.from.len()), ("Account", "A1", 2));
    // Who has it already gets nothing.
    let same = identity("A45", "PID|1||12^^^HOSP^MR\nMRG|12^^^HOSP^MR||A1||V1\nPV1|1|I|||||||||||||||||V1");
    assert!(same.moves.is_empty());
}

#[test]
fn records_of_a_number_that_both_have_go_with_it_and_others_are_merged() {
    let shared = identity("A43", "PID|1||12^^^HOSP^MR~E2^^^MPI^PI\nMRG|12^^^HOSP^MR~E1^^^MPI^PI");
    let patient = resource(&shared, "Patient", "12");
    assert_eq!(patient.formerly.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["E1"]);
    let apart = identity("A43", "PID|1||12^^^HOSP^MR\nMRG|34^^^HOSP^MR");
    assert_eq!(resource(&apart, "Patient", "34").resource.get("active"), Some(&Tree::Bool(false)));
}
