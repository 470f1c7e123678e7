use super::*;
use expect_test::expect;

#[test]
fn both_patients_stay_linked_and_one_goes_on() {
    check(
        "MSH|^~\\&|HIS||||20240102||ADT^A40^ADT_A39|1|P|2.5
         EVN|A40|20240102
         PID|1||12^^^HOSP^MR||Doe^Ann||19800101|F
         MRG|34^^^HOSP^MR~S5^^^SSA^SS|||||| Do^An
         PID|2||56^^^HOSP^MR||Roe^Rick
         MRG|78^^^HOSP^MR||A9^^^HOSP",
        &[],
        expect![[r#"
            Update Patient urn:medweave:authority:HOSP 12
              identifier.type.coding = v2-0203#MR 
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = 12
              identifier.assigner.display = HOSP
              name.family = Doe
              name.given = Ann
              gender = female
              birthDate = 1980-01-01
              active = true
              link.other.reference = -> Patient 34
              link.type = replaces
            Update Patient urn:medweave:authority:HOSP 34
              identifier[0].type.coding = v2-0203#MR 
              identifier[0].system = urn:medweave:authority:HOSP
              identifier[0].value = 34
              identifier[0].assigner.display = HOSP
              identifier[1].type.coding = v2-0203#SS 
              identifier[1].system = urn:medweave:authority:SSA
              identifier[1].value = S5
              identifier[1].assigner.display = SSA
              active = false
              name.family = Do
              name.given = An
              link.other.reference = -> Patient 12
              link.type = replaced-by
            Update Patient urn:medweave:authority:HOSP 56
              identifier.type.coding = v2-0203#MR 
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = 56
              identifier.assigner.display = HOSP
              name.family = Roe
              name.given = Rick
              active = true
              link.other.reference = -> Patient 78
              link.type = replaces
            Update Patient urn:medweave:authority:HOSP 78
              identifier.type.coding = v2-0203#MR 
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = 78
              identifier.assigner.display = HOSP
              active = false
              link.other.reference = -> Patient 56
              link.type = replaced-by
            Update Account urn:medweave:authority:HOSP A9
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = A9
              identifier.assigner.display = HOSP
              status = active
              subject.reference = -> Patient 56
        "#]],
    );
}

#[test]
fn nobody_is_merged_with_himself() {
    let mapped = mapped("MSH|^~\\&|HIS||||20240102||ADT^A40|1|P|2.5\nPID|1||12^^^HOSP^MR\nMRG|12^^^HOSP^MR");
    assert_eq!(mapped.resources.len(), 1);
    assert!(resource(&mapped, "Patient", "12").resource.get("link").is_none());
    assert!(mapped.issues[0].text.contains("merged with itself"));
}

#[test]
fn a_number_that_both_patients_have_does_not_find_the_one_that_is_replaced() {
    let merged = |mrg: &str| {
        mapped(&format!(
            "MSH|^~\\&|HIS||||20240102||ADT^A40|1|P|2.5\nPID|1||100^^^HOSP^MR~900^^^NHS^NH||Doe^Ann||||||||||||||123-45-6789\nMRG|{mrg}"
        ))
    };
    for mrg in ["200^^^HOSP^MR~900^^^NHS^NH", "900^^^NHS^NH~200^^^HOSP^MR", "200^^^HOSP^MR~123-45-6789^^^^SS"] {
        let merged = merged(mrg);
        let replaced = resource(&merged, "Patient", "200");
        assert!(replaced.also.is_empty(), "{mrg}: {:?}", replaced.also);
        assert_eq!(replaced.resource.get("identifier").unwrap().items().len(), 1, "{mrg}");
    }
    // The survivor may list the number that goes; but not all of them.
    let own = merged("900^^^NHS^NH");
    assert_eq!(resource(&own, "Patient", "900").resource.get("active"), Some(&Tree::Bool(false)));
    let itself = merged("100^^^HOSP^MR~900^^^NHS^NH");
    assert_eq!(itself.resources.len(), 1);
    assert!(itself.issues.iter().any(|issue| issue.text.contains("merged with itself")));
}
