use super::*;
use expect_test::expect;

#[test]
fn an_account_is_told_by_its_bill_and_ends_with_it() {
    let text = |trigger: &str| {
        format!(
            "MSH|^~\\&|FIN||||20240305143000||BAR^{trigger}|1|P|2.5
             EVN|{trigger}|20240305
             PID|1||7^^^HOSP^MR||Doe^Ann|||||||||||||A1^^^HOSP
             PV1|1|I|||||||||||||||BILL^Billed^L||V1|||||||||||||||||||||||||20240301
             DG1|1||E11^Diabetes^I10
             GT1|1||Doe^Dan
             IN1|1|PLAN^Plan^L|C1^^^INS|Insurer
             IN1|2|SUP^Second^L|C2^^^INS|Other"
        )
    };
    check(
        &text("P01"),
        &["Account"],
        expect![[r#"
        Update Account urn:medweave:authority:HOSP A1
          identifier.system = urn:medweave:authority:HOSP
          identifier.value = A1
          identifier.assigner.display = HOSP
          status = active
          servicePeriod.start = 2024-03-01
          subject.reference = -> Patient 7
          guarantor.party.reference = -> RelatedPerson e420187353df6493/guarantor/Dan Doe
          coverage[0].coverage.reference = -> Coverage e420187353df6493/PLAN/C1/
          coverage[0].priority = 1
          coverage[1].coverage.reference = -> Coverage e420187353df6493/SUP/C2/
          coverage[1].priority = 2
    "#]],
    );
    for (trigger, status) in [("P02", "inactive"), ("P05", "active"), ("P06", "inactive"), ("P12", "active")] {
        let mapped = mapped(&text(trigger));
        let told = resource(&mapped, "Account", "A1");
        assert_eq!(told.resource.get("status").and_then(Tree::as_str), Some(status), "{trigger}");
        assert_eq!(resource(&mapped, "Patient", "7").write, super::super::Write::CreateIfAbsent);
    }
    let nobodys = mapped("MSH|^~\\&|FIN||||20240305||BAR^P01|1|P|2.5\nPID|1||7^^^HOSP^MR");
    assert!(nobodys.issues[0].text.contains("no account number"));
}

#[test]
fn a_charge_has_its_price_and_what_it_is_for() {
    check(
        "MSH|^~\\&|FIN||||20240305143000||DFT^P03|1|P|2.5
         EVN|P03|20240305
         PID|1||7^^^HOSP^MR||Doe^Ann|||||||||||||A1^^^HOSP
         FT1|1|T1^FIN||20240304^20240305|20240306|CG|XR^X-ray^L|chest||2|100.50&EUR|50&EUR|RAD^Radiology^L||||||R07^Pain^I10|12^House^Greg|13^Wilson^Jim||F1^LAB|14^Typist|XR^X-ray^L
         NTE|1||urgent
         PR1|1||XR^X-ray^L||20240304
         DG1|1||R07^Chest pain^I10
         FT1|2|T2^FIN||20240305||PY|CASH
         FT1|3|T3^FIN||20240305||CD|XR",
        &["ChargeItem"],
        expect![[r#"
            Update ChargeItem urn:medweave:authority:FIN T1
              identifier.system = urn:medweave:authority:FIN
              identifier.value = T1
              status = billable
              code.coding = urn:medweave:source:his:codes:L#XR X-ray
              code.text = chest
              subject.reference = -> Patient 7
              occurrencePeriod.start = 2024-03-04
              occurrencePeriod.end = 2024-03-05
              enteredDate = 2024-03-06
              performer[0].actor.reference = -> Practitioner 12
              performer[0].actor.display = Greg House
              performer[1].function.coding = v2-0912#OP Ordering Provider
              performer[1].actor.reference = -> Practitioner 13
              performer[1].actor.display = Jim Wilson
              performingOrganization.reference = -> Organization RAD
              performingOrganization.display = Radiology
              enterer.reference = -> Practitioner 14
              enterer.display = Typist
              quantity.value = 2
              priceOverride.value = 100.50
              priceOverride.currency = EUR
              reason.coding = http://hl7.org/fhir/sid/icd-10#R07 Pain
              account.reference = -> Account A1
              supportingInformation[0].type = ServiceRequest
              supportingInformation[0].identifier.type.coding = v2-0203#FILL 
              supportingInformation[0].identifier.system = urn:medweave:authority:LAB
              supportingInformation[0].identifier.value = F1
              supportingInformation[1].reference = -> Condition e420187353df6493/R07/
              note.text = urgent
              service.reference = -> Procedure e420187353df6493/XR/2024-03-04
            Update ChargeItem urn:medweave:authority:FIN T3
              identifier.system = urn:medweave:authority:FIN
              identifier.value = T3
              status = aborted
              code.coding = v2-0132#XR 
              subject.reference = -> Patient 7
              occurrenceDateTime = 2024-03-05
              account.reference = -> Account A1
            Note FT1[2]-6: a payment or an adjustment is no charge; nothing was made of it
            not mapped [FT1-12, FT1[2]-2, FT1[2]-4, FT1[2]-7]
        "#]],
    );
}

#[test]
fn a_charge_without_a_number_is_the_patients_of_that_day() {
    let charge = |day: &str| {
        let mapped = mapped(&format!(
            "MSH|^~\\&|FIN||||20240305||DFT^P03|1|P|2.5\nPID|1||7^^^HOSP^MR\nFT1|1|||{day}||CG|XR\nFT1|2|||{day}||CG|XR"
        ));
        let keys: Vec<_> = mapped
            .resources
            .iter()
            .filter(|r| r.key.resource_type == "ChargeItem")
            .map(|r| r.key.value.clone())
            .collect();
        assert_eq!(keys.len(), 2);
        keys
    };
    assert_ne!(charge("20240304"), charge("20240305"));
    assert_eq!(charge("20240304"), charge("20240304"));
}
