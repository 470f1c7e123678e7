//! Problems, goals and pathways; referrals.

use super::*;
use expect_test::expect;

#[test]
fn a_problem_is_listed_with_its_goal_and_pathway() {
    check(
        "MSH|^~\\&|EHR||||20240305143000||PPR^PC1|1|P|2.5
         PID|1||7^^^HOSP^MR
         PRB|AD|20240305|E11^Diabetes^I10|PR1^EHR|||20240301||||||C^Confirmed|active||20200101
         NTE|1||told by himself
         PTH|AD|DMP^Programme^L|PW1^EHR|20240302
         GOL|AD|20240305|HBA^HbA1c below 7^L|G1^EHR|||20240301|20240901||||||||ON^On track^L|slowly|active
         PRB|DE|20240305|F99^Mistake^I10|PR2^EHR",
        &["Condition", "Goal", "CarePlan"],
        expect![[r#"
            Update Condition urn:medweave:authority:EHR PR1
              identifier.system = urn:medweave:authority:EHR
              identifier.value = PR1
              clinicalStatus.coding = condition-clinical#active Active
              verificationStatus.coding = condition-ver-status#confirmed Confirmed
              category.coding = condition-category#problem-list-item Problem List Item
              code.coding = http://hl7.org/fhir/sid/icd-10#E11 Diabetes
              subject.reference = -> Patient 7
              onsetDateTime = 2020-01-01
              recordedDate = 2024-03-01
              note.text = told by himself
            Update CarePlan urn:medweave:authority:EHR PW1
              identifier.system = urn:medweave:authority:EHR
              identifier.value = PW1
              status = active
              intent = plan
              category.coding = urn:medweave:source:his:codes:L#DMP Programme
              title = Programme
              subject.reference = -> Patient 7
              created = 2024-03-02
              addresses.reference = -> Condition PR1
              goal.reference = -> Goal G1
            Update Goal urn:medweave:authority:EHR G1
              identifier.system = urn:medweave:authority:EHR
              identifier.value = G1
              lifecycleStatus = active
              achievementStatus.coding = urn:medweave:source:his:codes:L#ON On track
              description.coding = urn:medweave:source:his:codes:L#HBA HbA1c below 7
              subject.reference = -> Patient 7
              startDate = 2024-03-01
              target.dueDate = 2024-09-01
              note.text = slowly
              addresses.reference = -> Condition PR1
            Update Condition urn:medweave:authority:EHR PR2
              identifier.system = urn:medweave:authority:EHR
              identifier.value = PR2
              verificationStatus.coding = condition-ver-status#entered-in-error Entered in Error
              category.coding = condition-category#problem-list-item Problem List Item
              code.coding = http://hl7.org/fhir/sid/icd-10#F99 Mistake
              subject.reference = -> Patient 7
            not mapped [PRB-2, GOL-2, PRB[2]-2]
        "#]],
    );
}

#[test]
fn a_goal_is_listed_with_its_problems() {
    let mapped = mapped(
        "MSH|^~\\&|EHR||||20240305143000||PGL^PC6|1|P|2.5\nPID|1||7^^^HOSP^MR\nGOL|AD|20240305|HBA|G1^EHR\nPRB|AD|20240305|E11|PR1^EHR\nPRB|AD|20240305|E66|PR2^EHR\nGOL|DE|20240305|BMI|G2^EHR",
    );
    let goal = &resource(&mapped, "Goal", "G1").resource;
    assert_eq!(goal.get("addresses").unwrap().items().len(), 2);
    let other = &resource(&mapped, "Goal", "G2").resource;
    assert_eq!(other.get("addresses"), None);
    assert_eq!(other.get("lifecycleStatus").and_then(Tree::as_str), Some("entered-in-error"));
}

#[test]
fn what_is_resolved_has_an_end_and_what_is_not_said_stays() {
    let problem = |rest: &str| {
        let mapped = mapped(&format!(
            "MSH|^~\\&|EHR||||20240305||PPR^PC2|1|P|2.5\nPID|1||7^^^HOSP^MR\nPRB|UP|20240305|E11^Diabetes^I10|PR1^EHR|||20240301||{rest}"
        ));
        resource(&mapped, "Condition", "PR1").clone()
    };
    let status = |tree: &Tree| {
        let codings = tree.get("clinicalStatus").unwrap().get("coding").unwrap();
        codings.items()[0].get("code").and_then(Tree::as_str).map(str::to_owned)
    };
    let resolved = problem("20240304");
    assert_eq!(status(&resolved.resource).as_deref(), Some("resolved"));
    assert_eq!(resolved.resource.get("abatementDateTime").and_then(Tree::as_str), Some("2024-03-04"));
    let inactive = problem("||||| inactive");
    assert_eq!(status(&inactive.resource).as_deref(), Some("inactive"));
    assert_eq!(status(&problem("").update(&inactive.resource)).as_deref(), Some("inactive"));
}

#[test]
fn a_referral_has_who_refers_to_whom_and_what_was_found() {
    let text = |trigger: &str| {
        format!(
            "MSH|^~\\&|EHR||||20240305143000||REF^{trigger}|1|P|2.5
             RF1|A|S|MED^Medical^L||O|R1^EHR|20240305|20240605|20240304|2ND^Second opinion^L|X1^PAY|||knee pain||||||||||call first
             PRD|RP|House^Greg|1 St^^Town||^WPN^PH^^^^5||4711^NPI
             PRD|RT|Wilson^Jim
             PRD|RT|||||||||Clinic^^C9
             PID|1||7^^^HOSP^MR||Doe^Ann
             DG1|1||M17^Knee^I10
             OBR|1|||KNEE^Knee X-ray^L|||20240301120000
             OBX|1|ST|F^Finding^L||worn||||||F
             PV1|1|O|||||||||||||||||V1
             NTE|1||lives alone"
        )
    };
    check(
        &text("I12"),
        &["ServiceRequest", "Practitioner", "Observation"],
        expect![[r#"
        CreateIfAbsent Practitioner http://hl7.org/fhir/sid/us-npi 4711
          identifier.type.coding = v2-0203#NPI 
          identifier.system = http://hl7.org/fhir/sid/us-npi
          identifier.value = 4711
          name.family = House
          name.given = Greg
          telecom.extension.url = http://hl7.org/fhir/StructureDefinition/contactpoint-local
          telecom.extension.valueString = 5
          telecom.system = phone
          telecom.value = 5
          telecom.use = work
          address.line = 1 St
          address.city = Town
        Update ServiceRequest urn:medweave:authority:EHR R1
          identifier[0].system = urn:medweave:authority:EHR
          identifier[0].value = R1
          identifier[1].system = urn:medweave:authority:PAY
          identifier[1].value = X1
          status = active
          intent = order
          category[0].coding = http://snomed.info/sct#3457005 Patient referral
          category[1].coding = urn:medweave:source:his:codes:L#MED Medical
          category[2].coding = v2-0284#O 
          priority = stat
          subject.reference = -> Patient 7
          encounter.reference = -> Encounter V1
          occurrencePeriod.start = 2024-03-05
          occurrencePeriod.end = 2024-06-05
          authoredOn = 2024-03-04
          reasonCode[0].coding = urn:medweave:source:his:codes:L#2ND Second opinion
          reasonCode[1].text = knee pain
          note[0].text = call first
          note[1].text = lives alone
          requester.reference = -> Practitioner 4711
          requester.display = Greg House
          performer[0].display = Jim Wilson
          performer[1].reference = -> Organization C9
          performer[1].display = Clinic
          reasonReference.reference = -> Condition e420187353df6493|V1/M17/
        Update ServiceRequest urn:medweave:source:his:order e420187353df6493|2024-03-01T12:00:00+08:00/KNEE
          status = unknown
          intent = order
          code.coding = urn:medweave:source:his:codes:L#KNEE Knee X-ray
          subject.reference = -> Patient 7
          encounter.reference = -> Encounter V1
          identifier.system = urn:medweave:source:his:order
          identifier.value = e420187353df6493|2024-03-01T12:00:00+08:00/KNEE
        Update Observation urn:medweave:source:his:observation e420187353df6493|2024-03-01T12:00:00+08:00/F/
          basedOn.reference = -> ServiceRequest e420187353df6493|2024-03-01T12:00:00+08:00/KNEE
          status = final
          code.coding = urn:medweave:source:his:codes:L#F Finding
          subject.reference = -> Patient 7
          encounter.reference = -> Encounter V1
          effectiveDateTime = 2024-03-01T12:00:00+08:00
          valueString = worn
          identifier.system = urn:medweave:source:his:observation
          identifier.value = e420187353df6493|2024-03-01T12:00:00+08:00/F/
        Warning OBR-3: no order number: a correction of this order cannot be told from a new one
        Warning OBR-25: no result status; the report's status is unknown
    "#]],
    );
    let cancelled = mapped(&text("I14"));
    let referral = &resource(&cancelled, "ServiceRequest", "R1").resource;
    assert_eq!(referral.get("status").and_then(Tree::as_str), Some("revoked"));
    assert!(matches!(
        error("MSH|^~\\&|EHR||||20240305||REF^I12|1|P|2.5\nPID|1||7^^^HOSP^MR"),
        MapError::MissingSegment { segment: "RF1", .. }
    ));
}
