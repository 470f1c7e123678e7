use super::*;
use expect_test::expect;

const HEAD: &str =
    "MSH|^~\\&|HIS||||20240305143000||ORM^O01|1|P|2.5\nPID|1||7^^^HOSP^MR||Doe^Ann\nPV1|1|I|||||||||||||||||V1\n";

#[test]
fn an_order_has_its_reason_questions_specimen_and_charge() {
    check(
        &format!(
            "{HEAD}
            AL1|1|DA|P^Pen^L
            ORC|NW|P1^HIS||G1^HIS|||1^BID^D7^20240306^20240307^S||20240305140000|5^Typist||12^House^Greg
            OBR|1|P1^HIS||GLU^Glucose^L|||||||||||||||||||||||1^^^^^A
            NTE|1||fasting
            DG1|1||E11^Diabetes^I10
            OBX|1|ST|FAST^Fasting?^L||yes||||||F
            SPM|1|S1&HIS||BLD
            FT1|1|T1||20240305||CG|GLU^Glucose^L|||1|5&EUR
            CTI|X1"
        ),
        &[],
        expect![[r#"
            CreateIfAbsent Patient urn:medweave:authority:HOSP 7
              identifier.type.coding = v2-0203#MR 
              identifier.system = urn:medweave:authority:HOSP
              identifier.value = 7
              identifier.assigner.display = HOSP
              name.family = Doe
              name.given = Ann
            CreateIfAbsent Encounter urn:medweave:source:his:visit V1
              identifier.system = urn:medweave:source:his:visit
              identifier.value = V1
              identifier.type.coding = v2-0203#VN Visit number
              identifier.type.text = visit number
              status = in-progress
              class = v3-ActCode#IMP inpatient encounter
              subject.reference = -> Patient 7
            Update AllergyIntolerance urn:medweave:source:his:allergy e420187353df6493/P
              type = allergy
              category = medication
              code.coding = urn:medweave:source:his:codes:L#P Pen
              patient.reference = -> Patient 7
              clinicalStatus.coding = allergyintolerance-clinical#active Active
              identifier.system = urn:medweave:source:his:allergy
              identifier.value = e420187353df6493/P
            CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 12
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 12
              name.family = House
              name.given = Greg
            Update ServiceRequest urn:medweave:authority-numbered:order P1@urn:medweave:authority:HIS/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P1@urn:medweave:authority:HIS/GLU
              requisition.type.coding = v2-0203#PGN 
              requisition.system = urn:medweave:authority:HIS
              requisition.value = G1
              status = active
              intent = order
              code.coding = urn:medweave:source:his:codes:L#GLU Glucose
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              authoredOn = 2024-03-05T14:00:00+08:00
              priority = asap
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              note.text = fasting
              reasonReference.reference = -> Condition e420187353df6493|V1/E11/
              supportingInfo.reference = -> Observation asked|P1@urn:medweave:authority:HIS/FAST/
              specimen.reference = -> Specimen P1@urn:medweave:authority:HIS/S1
            Update Condition urn:medweave:source:his:diagnosis e420187353df6493|V1/E11/
              category.coding = condition-category#encounter-diagnosis Encounter Diagnosis
              code.coding = http://hl7.org/fhir/sid/icd-10#E11 Diabetes
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              identifier.system = urn:medweave:source:his:diagnosis
              identifier.value = e420187353df6493|V1/E11/
            Update Observation urn:medweave:authority-numbered:observation asked|P1@urn:medweave:authority:HIS/FAST/
              status = final
              code.coding = urn:medweave:source:his:codes:L#FAST Fasting?
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              valueString = yes
              identifier.system = urn:medweave:authority-numbered:observation
              identifier.value = asked|P1@urn:medweave:authority:HIS/FAST/
            Update Specimen urn:medweave:authority-numbered:specimen-of-order P1@urn:medweave:authority:HIS/S1
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = S1
              identifier[1].system = urn:medweave:authority-numbered:specimen-of-order
              identifier[1].value = P1@urn:medweave:authority:HIS/S1
              type.coding = v2-0487#BLD 
              subject.reference = -> Patient 7
            Update ChargeItem urn:medweave:source:his:charge T1
              identifier.system = urn:medweave:source:his:charge
              identifier.value = T1
              status = billable
              code.coding = urn:medweave:source:his:codes:L#GLU Glucose
              subject.reference = -> Patient 7
              context.reference = -> Encounter V1
              occurrenceDateTime = 2024-03-05
              quantity.value = 1
              priceOverride.value = 5
              priceOverride.currency = EUR
              supportingInformation.reference = -> ServiceRequest P1@urn:medweave:authority:HIS/GLU
            not mapped [ORC-7, ORC-10, CTI]
        "#]],
    );
}

#[test]
fn an_order_control_code_says_what_becomes_of_the_order() {
    for (control, status, is_assumed) in [
        ("NW", "active", false),
        ("CA", "revoked", false),
        ("DC", "revoked", false),
        ("OC", "revoked", false),
        ("UA", "revoked", false),
        ("UC", "active", false),
        ("HD", "on-hold", false),
        ("RL", "active", false),
        ("UR", "on-hold", false),
        ("RP", "revoked", false),
        ("RU", "revoked", false),
        ("RO", "active", false),
        ("XO", "active", true),
        ("SC", "active", true),
        ("NA", "active", true),
    ] {
        let mapped = mapped(&format!("{HEAD}ORC|{control}|P1^HIS\nOBR|1|P1^HIS||GLU"));
        let request = mapped.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
        assert_eq!(request.resource.get("status").and_then(Tree::as_str), Some(status), "{control}");
        assert_eq!(request.assumed.contains(&"status"), is_assumed, "{control}");
    }
    // ORC-5 tells it better.
    let mapped = mapped(&format!("{HEAD}ORC|SC|P1^HIS|||CM\nOBR|1|P1^HIS||GLU"));
    let request = mapped.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
    assert_eq!(request.resource.get("status").and_then(Tree::as_str), Some("completed"));
}

#[test]
fn an_order_that_is_changed_keeps_what_became_of_it() {
    let of = |control: &str| {
        let mapped = mapped(&format!("{HEAD}ORC|{control}|P1^HIS\nOBR|1|P1^HIS||GLU"));
        mapped.resources.into_iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap()
    };
    let held = of("HD").resource;
    assert_eq!(of("XO").update(&held).get("status").and_then(Tree::as_str), Some("on-hold"));
    assert_eq!(of("RL").update(&held).get("status").and_then(Tree::as_str), Some("active"));
}

#[test]
fn when_an_order_is_cancelled_is_not_when_it_was_written_and_why_is_told() {
    let mapped = mapped(&format!("{HEAD}ORC|CA|P1^HIS|||||||20240306|||||||^wrong patient\nOBR|1|P1^HIS||GLU"));
    let request = &mapped.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap().resource;
    assert_eq!(request.get("authoredOn"), None);
    let reason = request.get("extension").unwrap().items()[0].get("valueCodeableConcept").unwrap();
    assert_eq!(reason.get("text").and_then(Tree::as_str), Some("wrong patient"));
}

#[test]
fn the_order_of_a_result_is_the_one_that_was_placed() {
    let placed = mapped(&format!("{HEAD}ORC|NW|P1^HIS\nOBR|1|P1^HIS||GLU^Glucose^L"));
    let placed = placed.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
    let reported = mapped(
        "MSH|^~\\&|LAB||||20240305||ORU^R01|1|P|2.5\nPID|1||7^^^HOSP^MR\nORC|RE|P1^HIS|F1^LAB\nOBR|1|P1^HIS|F1^LAB|GLU^Glucose^L|||20240305||||||||||||||||||F",
    );
    let reported = reported.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
    assert_ne!(reported.key, placed.key);
    assert_eq!(reported.also, std::slice::from_ref(&placed.key));
    // Under one number a placer may order the same again and again: each of the filler's numbers is an order.
    assert!(reported.may_be(&placed.resource));
    let first = reported.update(&placed.resource);
    assert!(reported.may_be(&first));
    let second = mapped(
        "MSH|^~\\&|LAB||||20240306||ORU^R01|2|P|2.5\nPID|1||7^^^HOSP^MR\nORC|RE|P1^HIS|F2^LAB\nOBR|1|P1^HIS|F2^LAB|GLU^Glucose^L|||20240306||||||||||||||||||F",
    );
    let second = second.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
    assert_eq!(second.also, std::slice::from_ref(&placed.key));
    assert!(!second.may_be(&first));
}

#[test]
fn what_takes_the_place_of_an_order_names_it() {
    check(
        &format!(
            "{HEAD}ORC|RP|P1^HIS\nOBR|1|P1^HIS||GLU\nORC|RO|P2^HIS\nOBR|2|P2^HIS||GLU\nORC|RO|P3^HIS\nOBR|3|P3^HIS||HBA\nORC|NW|P4^HIS\nOBR|4|P4^HIS||NA"
        ),
        &["ServiceRequest"],
        expect![[r#"
            Update ServiceRequest urn:medweave:authority-numbered:order P1@urn:medweave:authority:HIS/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P1@urn:medweave:authority:HIS/GLU
              status = revoked
              intent = order
              code.coding.code = GLU
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
            Update ServiceRequest urn:medweave:authority-numbered:order P2@urn:medweave:authority:HIS/GLU
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P2
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P2@urn:medweave:authority:HIS/GLU
              status = active
              intent = order
              code.coding.code = GLU
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              replaces.reference = -> ServiceRequest P1@urn:medweave:authority:HIS/GLU
            Update ServiceRequest urn:medweave:authority-numbered:order P3@urn:medweave:authority:HIS/HBA
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P3
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P3@urn:medweave:authority:HIS/HBA
              status = active
              intent = order
              code.coding.code = HBA
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              replaces.reference = -> ServiceRequest P1@urn:medweave:authority:HIS/GLU
            Update ServiceRequest urn:medweave:authority-numbered:order P4@urn:medweave:authority:HIS/NA
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P4
              identifier[1].system = urn:medweave:authority-numbered:order
              identifier[1].value = P4@urn:medweave:authority:HIS/NA
              status = active
              intent = order
              code.coding.code = NA
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
        "#]],
    );
}

#[test]
fn a_cancellation_may_name_the_order_by_its_number_alone() {
    check(
        &format!("{HEAD}ORC|CA|P1^HIS|F1^LAB"),
        &["ServiceRequest"],
        expect![[r#"
        Update ServiceRequest urn:medweave:authority:LAB F1
          identifier[0].type.coding = v2-0203#PLAC 
          identifier[0].system = urn:medweave:authority:HIS
          identifier[0].value = P1
          identifier[1].type.coding = v2-0203#FILL 
          identifier[1].system = urn:medweave:authority:LAB
          identifier[1].value = F1
          status = revoked
          intent = order
          subject.reference = -> Patient 7
          encounter.reference = -> Encounter V1
    "#]],
    );
    // A bill that names an order makes none.
    let named = mapped(
        "MSH|^~\\&|FIN||||20240305||DFT^P03|1|P|2.5\nPID|1||7^^^HOSP^MR\nORC|RE|P1^HIS\nFT1|1|T1||20240305||CG|XR\nORC|RE|P2^HIS",
    );
    assert!(named.resources.iter().all(|r| r.key.resource_type != "ServiceRequest"));
    let charge = &resource(&named, "ChargeItem", "T1").resource;
    let order = charge.get("supportingInformation").unwrap().items()[0].get("identifier").unwrap();
    assert_eq!(order.get("value").and_then(Tree::as_str), Some("P2"));
    let nothing = mapped(&format!("{HEAD}ORC|CA"));
    assert!(nothing.resources.iter().all(|r| r.key.resource_type != "ServiceRequest"));
    assert!(nothing.issues.iter().any(|issue| issue.text.contains("without a number")));
}

#[test]
fn an_answer_changes_the_order_that_it_answers() {
    let answer = mapped(
        "MSH|^~\\&|LAB||||20240305||ORR^O02|1|P|2.5\nMSA|AA|1\nPID|1||7^^^HOSP^MR\nORC|UA|P1^HIS\nOBR|1|P1^HIS||GLU",
    );
    let request = answer.resources.iter().find(|r| r.key.resource_type == "ServiceRequest").unwrap();
    assert_eq!(request.resource.get("status").and_then(Tree::as_str), Some("revoked"));
    let nobody = mapped("MSH|^~\\&|LAB||||20240305||ORL^O22|1|P|2.5\nMSA|AA|1\nORC|OK|P1^HIS");
    assert!(nobody.resources.is_empty());
    assert!(nobody.issues[0].text.contains("without its patient"));
}

#[test]
fn results_of_an_earlier_visit_are_results() {
    let mapped = mapped(&format!(
        "{HEAD}ORC|NW|P1^HIS\nOBR|1|P1^HIS||GLU\nPV1|1|O|||||||||||||||||V0\nORC|PR|P0^HIS|F0^LAB\nOBR|1|P0^HIS|F0^LAB|GLU|||20240101||||||||||||||||||F\nOBX|1|NM|GLU||5|mmol/L|||||F"
    ));
    let result = mapped.resources.iter().find(|r| r.key.resource_type == "Observation").unwrap();
    assert_eq!(result.key.value, "F0@urn:medweave:authority:LAB/GLU/");
    let stay = resource(&mapped, "Encounter", "V0").key.full_url("his");
    let told = result.resource.get("encounter").unwrap().get("reference").unwrap();
    assert_eq!(told.as_str(), Some(stay.as_str()));
    let order = resource(&mapped, "ServiceRequest", "F0@urn:medweave:authority:LAB/GLU");
    assert_eq!(order.resource.get("status").and_then(Tree::as_str), Some("completed"));
}

#[test]
fn diets_and_supplies_are_orders_of_their_own() {
    check(
        "MSH|^~\\&|HIS||||20240305143000||OMD^O03|1|P|2.5
         PID|1||7^^^HOSP^MR
         ORC|NW|D1^HIS|||||||20240305||||
         ODS|D||DM^Diabetic^L|no sugar
         ODS|S||SHK^Shake^L|at noon
         NTE|1||likes fish",
        &["NutritionOrder"],
        expect![[r#"
            Update NutritionOrder urn:medweave:authority-numbered:diet D1@urn:medweave:authority:HIS
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = D1
              identifier[1].system = urn:medweave:authority-numbered:diet
              identifier[1].value = D1@urn:medweave:authority:HIS
              status = active
              intent = order
              patient.reference = -> Patient 7
              dateTime = 2024-03-05
              supplement.type.coding = urn:medweave:source:his:codes:L#SHK Shake
              supplement.instruction = at noon
              oralDiet.type.coding = urn:medweave:source:his:codes:L#DM Diabetic
              oralDiet.instruction = no sugar
              note.text = likes fish
        "#]],
    );
    check(
        "MSH|^~\\&|HIS||||20240305143000||OMS^O05|1|P|2.5
         PID|1||7^^^HOSP^MR
         ORC|HD|R1^HIS|||||||20240305
         RQD|1|HIP^Hip implant^L|||2|EA^each^UCUM|||OR^Theatre^L|20240310
         RQ1|||| V1^Vendor^L",
        &["SupplyRequest"],
        expect![[r#"
            Update SupplyRequest urn:medweave:authority-numbered:supply R1@urn:medweave:authority:HIS/e420187353df6493/HIP
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = R1
              identifier[1].system = urn:medweave:authority-numbered:supply
              identifier[1].value = R1@urn:medweave:authority:HIS/e420187353df6493/HIP
              status = suspended
              itemCodeableConcept.coding = urn:medweave:source:his:codes:L#HIP Hip implant
              quantity = http://unitsofmeasure.org#EA 
              quantity.value = 2
              quantity.unit = each
              occurrenceDateTime = 2024-03-10
              authoredOn = 2024-03-05
              supplier.reference = -> Organization V1
              supplier.display = Vendor
              deliverTo.reference = -> Organization OR
              deliverTo.display = Theatre
        "#]],
    );
}
