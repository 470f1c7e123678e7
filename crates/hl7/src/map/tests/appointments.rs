use super::*;
use expect_test::expect;

fn siu(trigger: &str, rest: &str) -> String {
    format!("MSH|^~\\&|SCH||||20240305143000||SIU^{trigger}|1|P|2.5\n{rest}")
}

const SCH: &str = "SCH|P1^HIS|F1^SCH||||NEW^Need^L|CHECKUP|Normal|30|MIN|^^^20240310090000+0800|||||12^House^Greg";

fn appointment(mapped: &Mapped) -> &super::super::MappedResource {
    mapped.resources.iter().find(|r| r.key.resource_type == "Appointment").unwrap()
}

#[test]
fn an_appointment_has_patient_service_person_place_and_thing() {
    check(
        &siu(
            "S12",
            &format!(
                "{SCH}|||||||||Booked\nNTE|1||bring your card\nPID|1||7^^^HOSP^MR||Doe^Ann\nDG1|1||E11^Diabetes^I10\nRGS|1|A\nAIS|1|A|GLU^Glucose^L||15|min|20|min\nNTE|1||no breakfast\nAIG|1|A|XR1^X-ray^L|EQ^Equipment^L\nNTE|1||left room\nAIL|1|A|OPD^5^^HOSP|C^Clinic^L\nAIP|1|A|31^Nurse^Nan|N^Nurse^L||20240310091500+0800|||10|min||Pending\nAIP|2|D|32^Gone^Guy"
            ),
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
            Update Condition urn:medweave:source:his:diagnosis e420187353df6493/E11/
              code.coding = http://hl7.org/fhir/sid/icd-10#E11 Diabetes
              subject.reference = -> Patient 7
              identifier.system = urn:medweave:source:his:diagnosis
              identifier.value = e420187353df6493/E11/
            CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 12
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 12
              name.family = House
              name.given = Greg
            CreateIfAbsent Device urn:medweave:source:his:codes:L XR1
              identifier.system = urn:medweave:source:his:codes:L
              identifier.value = XR1
              deviceName.name = X-ray
              deviceName.type = user-friendly-name
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP
              name = HOSP
              mode = instance
              physicalType.coding = location-physical-type#si Site
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/wa:OPD
              name = OPD
              mode = instance
              physicalType.coding = location-physical-type#wa Ward
              partOf.reference = -> Location si:HOSP
              partOf.display = HOSP
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/wa:OPD
            CreateIfAbsent Location urn:medweave:source:his:location si:HOSP/wa:OPD/ro:5
              name = 5
              mode = instance
              physicalType.coding = location-physical-type#ro Room
              partOf.reference = -> Location si:HOSP/wa:OPD
              partOf.display = OPD
              identifier.system = urn:medweave:source:his:location
              identifier.value = si:HOSP/wa:OPD/ro:5
            CreateIfAbsent Practitioner urn:medweave:source:his:practitioner 31
              identifier.system = urn:medweave:source:his:practitioner
              identifier.value = 31
              name.family = Nurse
              name.given = Nan
            Update Appointment urn:medweave:authority:SCH F1
              identifier[0].type.coding = v2-0203#PLAC 
              identifier[0].system = urn:medweave:authority:HIS
              identifier[0].value = P1
              identifier[1].type.coding = v2-0203#FILL 
              identifier[1].system = urn:medweave:authority:SCH
              identifier[1].value = F1
              status = booked
              reasonCode.coding = v2-0276#CHECKUP 
              appointmentType.coding = v2-0277#Normal 
              participant[0].type.coding = v3-ParticipationType#CALLBCK callback contact
              participant[0].actor.reference = -> Practitioner 12
              participant[0].actor.display = Greg House
              participant[0].required = information-only
              participant[0].status = accepted
              participant[1].actor.reference = -> Patient 7
              participant[1].status = accepted
              participant[2].type.coding = urn:medweave:source:his:codes:L#EQ Equipment
              participant[2].actor.reference = -> Device XR1
              participant[2].actor.display = X-ray
              participant[2].status = accepted
              participant[3].type.coding = urn:medweave:source:his:codes:L#C Clinic
              participant[3].actor.reference = -> Location si:HOSP/wa:OPD/ro:5
              participant[3].actor.display = OPD 5
              participant[3].status = accepted
              participant[4].type.coding = urn:medweave:source:his:codes:L#N Nurse
              participant[4].actor.reference = -> Practitioner 31
              participant[4].actor.display = Nan Nurse
              participant[4].status = tentative
              participant[4].period.start = 2024-03-10T09:15:00+08:00
              participant[4].period.end = 2024-03-10T09:25:00+08:00
              reasonReference.reference = -> Condition e420187353df6493/E11/
              serviceType.coding = urn:medweave:source:his:codes:L#GLU Glucose
              start = 2024-03-10T09:00:00+08:00
              end = 2024-03-10T09:30:00+08:00
              minutesDuration = 30
              comment = bring your card
            no breakfast
            not mapped [SCH-6, NTE[3], AIP[2]-3]
        "#]],
    );
}

#[test]
fn each_event_says_what_became_of_the_appointment() {
    for (trigger, code, status, is_assumed) in [
        ("S12", "", "booked", false),
        ("S12", "Waitlist", "waitlist", false),
        ("S13", "", "booked", true),
        ("S14", "Started", "checked-in", false),
        ("S14", "Complete", "fulfilled", false),
        ("S15", "Booked", "cancelled", false),
        ("S16", "", "cancelled", false),
        ("S17", "", "entered-in-error", false),
        ("S26", "Booked", "noshow", false),
    ] {
        let mapped = mapped(&siu(trigger, &format!("{SCH}|||||||||{code}\nPID|1||7^^^HOSP^MR")));
        let appointment = appointment(&mapped);
        assert_eq!(appointment.resource.get("status").and_then(Tree::as_str), Some(status), "{trigger} {code}");
        assert_eq!(appointment.assumed.contains(&"status"), is_assumed, "{trigger} {code}");
        assert_eq!(appointment.key.value, "F1");
        assert_eq!(appointment.also[0].value, "P1");
    }
}

#[test]
fn an_appointment_may_be_of_several_patients_or_none_and_of_a_series() {
    let several = mapped(&siu("S12", &format!("{SCH}\nPID|1||7^^^HOSP^MR\nPID|2||8^^^HOSP^MR\nRGS|1\nAIL|1||OPD")));
    let actors = appointment(&several).resource.get("participant").unwrap().items().len();
    assert_eq!(actors, 4);
    let none = mapped(&siu("S12", "SCH|P1^HIS"));
    assert_eq!(appointment(&none).resource.get("participant").unwrap().items().len(), 1);
    let series = |occurrence: &str| {
        let mapped = mapped(&siu("S12", &format!("SCH|P1^HIS|F1^SCH|{occurrence}\nPID|1||7^^^HOSP^MR")));
        appointment(&mapped).key.clone()
    };
    assert_ne!(series("1"), series("2"));
    assert!(matches!(error(&siu("S12", "PID|1||7^^^HOSP^MR")), MapError::MissingSegment { segment: "SCH", .. }));
    let unnumbered = mapped(&siu("S12", "SCH|||||||||||^^^20240310\nPID|1||7^^^HOSP^MR"));
    assert!(unnumbered.issues.iter().any(|issue| issue.text.contains("no appointment number")));
}

#[test]
fn a_message_that_does_not_say_who_is_booked_leaves_who_was() {
    let booked = mapped(&siu("S12", &format!("{SCH}\nPID|1||7^^^HOSP^MR\nRGS|1\nAIP|1|A|31^Nurse^Nan\nAIL|1|A|OPD")));
    let stored = &appointment(&booked).resource;
    let cancelled = mapped(&siu("S15", "SCH|P1^HIS|F1^SCH\nPID|1||7^^^HOSP^MR"));
    let cancelled = appointment(&cancelled).update(stored);
    assert_eq!(cancelled.get("status").and_then(Tree::as_str), Some("cancelled"));
    assert_eq!(cancelled.get("participant"), stored.get("participant"));
    assert_eq!(cancelled.get("start"), stored.get("start"));
    let moved = mapped(&siu("S13", &format!("{SCH}\nPID|1||7^^^HOSP^MR\nRGS|1\nAIP|1|U|32^Other^Ora")));
    let moved = appointment(&moved).update(stored);
    assert_eq!(moved.get("participant").unwrap().items().len(), 3);
}
