use super::*;
use expect_test::expect;

const PATIENT: &str = "PID|1||7^^^HOSP^MR||Doe^Ann\nPV1|1|I|||||||||||||||||V1\n";

fn message(event: &str, rest: &str) -> String {
    format!("MSH|^~\\&|PHA||||20240305143000||{event}|1|P|2.5\n{PATIENT}{rest}")
}

const ORDER: &str = "ORC|NW|P1^HIS|||||||20240305140000|||12^House^Greg\n";

#[test]
fn a_drug_that_is_ordered_has_dose_time_and_way() {
    check(
        &message(
            "OMP^O09",
            &format!(
                "{ORDER}TQ1|1||Q6H^^^^^^^AC||||20240305150000|20240312150000|S|if feverish|with water||||\nRXO|AMOX^Amoxicillin^L|250|500|mg^mg^UCUM|||TAKE^Take slowly^L||G||20|CAP^capsule^L|2|||||||FEV^Fever^L\nNTE|1||first dose now\nRXR|PO^Oral^HL70162|||\n"
            ),
        ),
        &["MedicationRequest", "Medication"],
        expect![[r#"
            Update MedicationRequest urn:medweave:authority-numbered:medication-request P1@urn:medweave:authority:HIS/order
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:authority-numbered:medication-request
              identifier[1].value = P1@urn:medweave:authority:HIS/order
              status = active
              intent = order
              priority = stat
              medicationCodeableConcept.coding = urn:medweave:source:his:codes:L#AMOX Amoxicillin
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              authoredOn = 2024-03-05T14:00:00+08:00
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              reasonCode.coding = urn:medweave:source:his:codes:L#FEV Fever
              dosageInstruction.text = if feverish
            with water
              dosageInstruction.additionalInstruction.coding = urn:medweave:source:his:codes:L#TAKE Take slowly
              dosageInstruction.timing.repeat.boundsPeriod.start = 2024-03-05T15:00:00+08:00
              dosageInstruction.timing.repeat.boundsPeriod.end = 2024-03-12T15:00:00+08:00
              dosageInstruction.timing.repeat.frequency = 1
              dosageInstruction.timing.repeat.period = 6
              dosageInstruction.timing.repeat.periodUnit = h
              dosageInstruction.timing.repeat.when = AC
              dosageInstruction.timing.code.coding = v3-GTSAbbreviation#Q6H 
              dosageInstruction.timing.code.text = Q6H
              dosageInstruction.route.coding = v2-0162#PO Oral
              dosageInstruction.doseAndRate.doseRange.low = http://unitsofmeasure.org#mg 
              dosageInstruction.doseAndRate.doseRange.low.value = 250
              dosageInstruction.doseAndRate.doseRange.low.unit = mg
              dosageInstruction.doseAndRate.doseRange.high = http://unitsofmeasure.org#mg 
              dosageInstruction.doseAndRate.doseRange.high.value = 500
              dosageInstruction.doseAndRate.doseRange.high.unit = mg
              dosageInstruction.doseAndRate.type.coding = dose-rate-type#ordered Ordered
              substitution.allowedCodeableConcept.coding = v2-0161#G 
              dispenseRequest.quantity = urn:medweave:source:his:codes:L#CAP 
              dispenseRequest.quantity.value = 20
              dispenseRequest.quantity.unit = capsule
              dispenseRequest.numberOfRepeatsAllowed = 2
              note.text = first dose now
        "#]],
    );
}

#[test]
fn what_the_pharmacy_encodes_is_based_on_what_was_ordered_and_is_filled_and_given() {
    check(
        &message(
            "RDS^O13",
            &format!(
                "{ORDER}RXO|AMOX^Amoxicillin^L|500||mg\nRXE|1^BID^D7|A500^Amoxicillin 500^L|1||CAP^capsule^L||||G|14|CAP|1|22^Pill^Pat||RX9||||||||||500|mg\nRXR|PO\nRXC|A|AMOX^Amoxicillin^L|500|mg\nRXD|1|A500^Amoxicillin 500^L|20240305160000|14|CAP||RX9||take all|22^Pill^Pat|G|||||||LOT1|20250101\nRXR|PO"
            ),
        ),
        &["MedicationRequest", "Medication", "MedicationDispense"],
        expect![[r#"
            CreateIfAbsent MedicationRequest urn:medweave:authority-numbered:medication-request P1@urn:medweave:authority:HIS/original
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:authority-numbered:medication-request
              identifier[1].value = P1@urn:medweave:authority:HIS/original
              status = active
              intent = original-order
              medicationCodeableConcept.coding = urn:medweave:source:his:codes:L#AMOX Amoxicillin
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              authoredOn = 2024-03-05T14:00:00+08:00
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              dosageInstruction.doseAndRate.doseQuantity.value = 500
              dosageInstruction.doseAndRate.doseQuantity.unit = mg
              dosageInstruction.doseAndRate.type.coding = dose-rate-type#ordered Ordered
            Update Medication urn:medweave:authority-numbered:medication P1@urn:medweave:authority:HIS/e420187353df6493/order
              code.coding = urn:medweave:source:his:codes:L#A500 Amoxicillin 500
              ingredient[0].itemCodeableConcept.coding = urn:medweave:source:his:codes:L#A500 Amoxicillin 500
              ingredient[0].strength.numerator.value = 500
              ingredient[0].strength.numerator.unit = mg
              ingredient[0].strength.denominator.value = 1
              ingredient[1].itemCodeableConcept.coding = urn:medweave:source:his:codes:L#AMOX Amoxicillin
              ingredient[1].isActive = true
              ingredient[1].strength.numerator.value = 500
              ingredient[1].strength.numerator.unit = mg
              ingredient[1].strength.denominator.value = 1
              identifier.system = urn:medweave:authority-numbered:medication
              identifier.value = P1@urn:medweave:authority:HIS/e420187353df6493/order
            CreateIfAbsent MedicationRequest urn:medweave:authority-numbered:medication-request P1@urn:medweave:authority:HIS/order
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:source:his:prescription
              identifier[1].value = RX9
              identifier[2].system = urn:medweave:authority-numbered:medication-request
              identifier[2].value = P1@urn:medweave:authority:HIS/order
              status = active
              intent = filler-order
              medicationReference.reference = -> Medication P1@urn:medweave:authority:HIS/e420187353df6493/order
              medicationReference.display = Amoxicillin 500
              subject.reference = -> Patient 7
              encounter.reference = -> Encounter V1
              authoredOn = 2024-03-05T14:00:00+08:00
              requester.reference = -> Practitioner 12
              requester.display = Greg House
              dosageInstruction.timing.repeat.boundsDuration = http://unitsofmeasure.org#d 
              dosageInstruction.timing.repeat.boundsDuration.value = 7
              dosageInstruction.timing.repeat.boundsDuration.unit = d
              dosageInstruction.timing.repeat.frequency = 2
              dosageInstruction.timing.repeat.period = 1
              dosageInstruction.timing.repeat.periodUnit = d
              dosageInstruction.timing.code.coding = v3-GTSAbbreviation#BID 
              dosageInstruction.timing.code.text = BID
              dosageInstruction.route.coding = v2-0162#PO 
              dosageInstruction.doseAndRate.doseQuantity = urn:medweave:source:his:codes:L#CAP 
              dosageInstruction.doseAndRate.doseQuantity.value = 1
              dosageInstruction.doseAndRate.doseQuantity.unit = capsule
              dosageInstruction.doseAndRate.type.coding = dose-rate-type#ordered Ordered
              basedOn.reference = -> MedicationRequest P1@urn:medweave:authority:HIS/original
              dispenseRequest.quantity.value = 14
              dispenseRequest.quantity.unit = CAP
              dispenseRequest.numberOfRepeatsAllowed = 1
            Update Medication urn:medweave:authority-numbered:medication P1@urn:medweave:authority:HIS/e420187353df6493/RXD/A500/1/2024-03-05T16:00:00+08:00
              code.coding = urn:medweave:source:his:codes:L#A500 Amoxicillin 500
              batch.lotNumber = LOT1
              batch.expirationDate = 2025-01-01
              identifier.system = urn:medweave:authority-numbered:medication
              identifier.value = P1@urn:medweave:authority:HIS/e420187353df6493/RXD/A500/1/2024-03-05T16:00:00+08:00
            Update MedicationDispense urn:medweave:authority-numbered:dispense P1@urn:medweave:authority:HIS/A500/1/2024-03-05T16:00:00+08:00
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].system = urn:medweave:source:his:prescription
              identifier[1].value = RX9
              identifier[2].system = urn:medweave:authority-numbered:dispense
              identifier[2].value = P1@urn:medweave:authority:HIS/A500/1/2024-03-05T16:00:00+08:00
              status = completed
              medicationReference.reference = -> Medication P1@urn:medweave:authority:HIS/e420187353df6493/RXD/A500/1/2024-03-05T16:00:00+08:00
              medicationReference.display = Amoxicillin 500
              subject.reference = -> Patient 7
              context.reference = -> Encounter V1
              performer.actor.reference = -> Practitioner 22
              performer.actor.display = Pat Pill
              authorizingPrescription.reference = -> MedicationRequest P1@urn:medweave:authority:HIS/order
              quantity.value = 14
              quantity.unit = CAP
              whenHandedOver = 2024-03-05T16:00:00+08:00
              note.text = take all
              dosageInstruction.route.coding = v2-0162#PO 
              substitution.wasSubstituted = true
            not mapped [RXE-9]
        "#]],
    );
}

#[test]
fn what_is_given_names_its_order_by_number() {
    check(
        &message(
            "RAS^O17",
            "ORC|RE|P1^HIS|F1^PHA\nRXA|0|1|20240305160000|20240305163000|A500^Amoxicillin^L|500|mg||^slowly|31^Nurse^Nan||||||||||CP\nRXR|IV",
        ),
        &["MedicationAdministration"],
        expect![[r#"
            Update MedicationAdministration urn:medweave:authority-numbered:administration F1@urn:medweave:authority:PHA/A500/1/2024-03-05T16:00:00+08:00
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:PHA
              identifier[1].value = F1
              identifier[2].system = urn:medweave:authority-numbered:administration
              identifier[2].value = F1@urn:medweave:authority:PHA/A500/1/2024-03-05T16:00:00+08:00
              status = completed
              medicationCodeableConcept.coding = urn:medweave:source:his:codes:L#A500 Amoxicillin
              subject.reference = -> Patient 7
              context.reference = -> Encounter V1
              effectivePeriod.start = 2024-03-05T16:00:00+08:00
              effectivePeriod.end = 2024-03-05T16:30:00+08:00
              performer.actor.reference = -> Practitioner 31
              performer.actor.display = Nan Nurse
              request.type = MedicationRequest
              request.identifier.system = urn:medweave:authority:PHA
              request.identifier.value = F1
              note.text = slowly
              dosage.route.coding = v2-0162#IV 
              dosage.dose.value = 500
              dosage.dose.unit = mg
        "#]],
    );
    let status = |completion: &str, action: &str| {
        let rxa = format!("ORC|RE|P1^HIS\nRXA|0|1|||A500^Amox^L|999||||||||||||||{completion}|{action}");
        let mapped = mapped(&message("RAS^O17", &rxa));
        let given = mapped.resources.iter().find(|r| r.key.resource_type == "MedicationAdministration").unwrap();
        assert!(given.resource.get("dosage").is_none());
        given.resource.get("status").and_then(Tree::as_str).map(str::to_owned).unwrap()
    };
    assert_eq!(status("CP", ""), "completed");
    assert_eq!(status("RE", ""), "not-done");
    assert_eq!(status("PA", ""), "stopped");
    assert_eq!(status("CP", "D"), "entered-in-error");
}

#[test]
fn a_prescription_is_one_order_whoever_tells_of_it() {
    let order = |event: &str, rest: &str| {
        let mapped = mapped(&message(event, &format!("ORC|NW|P1^HIS\n{rest}")));
        let orders = mapped.resources.into_iter().filter(|r| r.key.resource_type == "MedicationRequest");
        let order = orders.into_iter().find(|r| r.key.value.ends_with("/order")).unwrap();
        (order.key, order.write)
    };
    let (written, write) = order("OMP^O09", "RXO|AMOX|1||mg");
    assert_eq!(write, super::super::Write::Update);
    assert_eq!(order("RDE^O01", "RXE||AMOX|1||mg"), (written.clone(), super::super::Write::Update));
    assert_eq!(order("RDE^O11", "RXO|AMOX|1||mg\nRXE||AMOX|1||mg").0, written);
    // Whoever gives it tells nothing new of the order.
    let given = order("RAS^O17", "RXO|AMOX|1||mg\nRXA|0|1|20240305||AMOX|1|mg");
    assert_eq!(given, (written, super::super::Write::CreateIfAbsent));
}

#[test]
fn the_times_of_older_versions_are_read() {
    let mapped =
        mapped(&message("RDE^O01", "ORC|NW|P1^HIS\nRXE|2&tab^Q8H&0600,1400,2200^D10^^^A^^slowly^^^^5|AMOX|1||TAB"));
    let request = mapped.resources.iter().find(|r| r.key.resource_type == "MedicationRequest").unwrap();
    let dosage = &request.resource.get("dosageInstruction").unwrap().items()[0];
    let repeat = dosage.get("timing").unwrap().get("repeat").unwrap();
    assert_eq!(repeat.get("timeOfDay").unwrap().items().len(), 3);
    assert_eq!(repeat.get("boundsDuration").unwrap().get("value"), Some(&Tree::Number("10".to_owned())));
    assert_eq!(repeat.get("count"), Some(&Tree::from(5i64)));
    assert_eq!(dosage.get("text").and_then(Tree::as_str), Some("slowly"));
    assert_eq!(request.resource.get("priority").and_then(Tree::as_str), Some("asap"));
}

#[test]
fn what_is_to_be_given_is_an_instance_of_the_order() {
    let mapped = mapped(&message(
        "RGV^O15",
        &format!(
            "{ORDER}RXE|1^BID|A500^Amox^L|1||CAP\nRXG|1||1^ONCE|A500^Amox^L|1||CAP\nRXG|2||1^PRN|A500^Amox^L|1||CAP"
        ),
    ));
    let requests: Vec<_> = mapped.resources.iter().filter(|r| r.key.resource_type == "MedicationRequest").collect();
    let of = |at: usize, name: &str| requests[at].resource.get(name).cloned();
    assert_eq!(requests.len(), 3);
    assert_eq!(of(0, "intent"), Some("order".into()));
    assert_eq!(of(1, "intent"), Some("instance-order".into()));
    assert!(of(1, "basedOn").is_some());
    let dosage = |at: usize| of(at, "dosageInstruction").unwrap().items()[0].clone();
    assert_eq!(dosage(1).get("timing").unwrap().get("repeat").unwrap().get("count"), Some(&Tree::from(1i64)));
    assert_eq!(dosage(2).get("asNeededBoolean"), Some(&Tree::Bool(true)));
}

#[test]
fn a_drug_that_is_stopped_or_cancelled_is_said_to_be() {
    let status = |orc: &str| {
        let mapped = mapped(&message("RDE^O11", &format!("ORC|{orc}\nRXE||A500^Amox^L|1||CAP")));
        let request = mapped.resources.iter().find(|r| r.key.resource_type == "MedicationRequest").unwrap();
        let told = request.resource.get("status").and_then(Tree::as_str).map(str::to_owned).unwrap();
        (told, request.assumed.contains(&"status"))
    };
    assert_eq!(status("NW|P1"), ("active".to_owned(), false));
    assert_eq!(status("CA|P1"), ("cancelled".to_owned(), false));
    assert_eq!(status("DC|P1"), ("stopped".to_owned(), false));
    assert_eq!(status("SC|P1|||DC"), ("stopped".to_owned(), false));
    assert_eq!(status("SC|P1|||CA"), ("cancelled".to_owned(), false));
    assert_eq!(status("HD|P1"), ("on-hold".to_owned(), false));
    assert_eq!(status("XO|P1"), ("active".to_owned(), true));
}

#[test]
fn a_drug_that_is_dispensed_under_its_filler_number_was_known_by_its_placers() {
    let first = mapped(&message("OMP^O09", "ORC|NW|P1^HIS\nRXO|AMOX|1||mg"));
    let first = first.resources.iter().find(|r| r.key.resource_type == "MedicationRequest").unwrap();
    let then = mapped(&message("RDE^O11", "ORC|OK|P1^HIS|F1^PHA\nRXO|AMOX|1||mg\nRXE||AMOX|1||mg"));
    let requests: Vec<_> = then.resources.iter().filter(|r| r.key.resource_type == "MedicationRequest").collect();
    assert_eq!(requests[0].resource.get("intent"), Some(&"original-order".into()));
    assert_eq!(requests[1].also, std::slice::from_ref(&first.key));
    assert_eq!(requests[1].resource.get("intent"), Some(&"filler-order".into()));
}
