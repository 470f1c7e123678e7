//! FHIR transactions: staff, problems, allergies, medicines, vital signs.
//!
//! A resource is known by an identifier: each entry is a conditional update, each reference a search by identifier, so that
//! these resources meet those that messages make.

use crate::calendar::Clock;
use crate::code::{Code, Condition, System, concept};
use crate::medicine::Medicine;
use crate::person::Person;
use crate::staff::{CLINICIANS, Clinician, HOSPITAL, HOSPITAL_ID, SERVICES, system};
use crate::story::Allergy;
use crate::test::Test;
use fhir::json::Tree;

const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem/";
const UCUM: &str = "http://unitsofmeasure.org";

/// A reference to what an identifier names.
fn reference(resource_type: &str, identifier_system: &str, value: &str) -> Tree {
    Tree::from([("reference", format!("{resource_type}?identifier={identifier_system}|{value}").into())])
}

fn patient(person: &Person) -> Tree {
    reference("Patient", system::PATIENT, &person.mrn)
}

fn clinician(clinician: &Clinician) -> Tree {
    let mut to = reference("Practitioner", system::STAFF, clinician.id);
    to.set("display", [clinician.prefix, clinician.given, clinician.family].join(" ").trim());
    to
}

fn status(list: &str, code: &str, display: &str) -> Tree {
    concept(&format!("{TERMINOLOGY}{list}"), code, display)
}

fn quantity(value: &str, unit: &str) -> Tree {
    Tree::from([
        ("value", Tree::Number(value.to_owned())),
        ("unit", unit.into()),
        ("system", UCUM.into()),
        ("code", unit.into()),
    ])
}

/// A transaction of conditional updates.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    entries: Vec<Tree>,
}

impl Transaction {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The Bundle.
    pub(crate) fn body(self) -> String {
        Tree::from([("resourceType", "Bundle".into()), ("type", "transaction".into()), ("entry", self.entries.into())])
            .to_string()
    }

    /// Adds a resource known by an identifier, which becomes its first member but for the type.
    fn put(&mut self, resource_type: &str, identifier_system: &str, value: &str, members: Tree) {
        let identifier = Tree::from([("system", identifier_system.into()), ("value", value.into())]);
        let mut resource =
            Tree::from([("resourceType", resource_type.into()), ("identifier", vec![identifier].into())]);
        for (name, member) in members.members() {
            resource.set(name, member.clone());
        }
        let url = format!("{resource_type}?identifier={identifier_system}|{value}");
        let request = Tree::from([("method", "PUT".into()), ("url", url.into())]);
        self.entries.push(Tree::from([("resource", resource), ("request", request)]));
    }

    /// The hospital, its services, its clinicians.
    pub(crate) fn staff(&mut self) {
        let hospital_type = status("organization-type", "prov", "Healthcare Provider");
        self.put(
            "Organization",
            system::ORGANIZATION,
            HOSPITAL_ID,
            Tree::from([("active", true.into()), ("type", vec![hospital_type].into()), ("name", HOSPITAL.into())]),
        );
        for (id, name) in SERVICES {
            let members = Tree::from([
                ("status", "active".into()),
                ("name", name.into()),
                ("mode", "instance".into()),
                ("managingOrganization", reference("Organization", system::ORGANIZATION, HOSPITAL_ID)),
            ]);
            self.put("Location", system::LOCATION, id, members);
        }
        for member in &CLINICIANS {
            let mut name = Tree::from([("family", member.family.into()), ("given", vec![member.given.into()].into())]);
            if !member.prefix.is_empty() {
                name.push("prefix", member.prefix);
            }
            let members = Tree::from([("active", true.into()), ("name", vec![name].into())]);
            self.put("Practitioner", system::STAFF, member.id, members);
        }
    }

    pub(crate) fn problem(&mut self, person: &Person, index: usize, condition: Condition, since: &str, recorded: &str) {
        let code = Tree::from([
            ("coding", vec![condition.snomed.coding(), condition.icd10.coding()].into()),
            ("text", condition.snomed.text.into()),
        ]);
        let members = Tree::from([
            ("clinicalStatus", status("condition-clinical", "active", "Active")),
            ("verificationStatus", status("condition-ver-status", "confirmed", "Confirmed")),
            ("category", vec![status("condition-category", "problem-list-item", "Problem List Item")].into()),
            ("code", code),
            ("subject", patient(person)),
            ("onsetDateTime", since.into()),
            ("recordedDate", recorded.into()),
        ]);
        self.put("Condition", system::PROBLEM, &format!("{}-{}", person.mrn, index + 1), members);
    }

    pub(crate) fn allergy(&mut self, person: &Person, index: usize, allergy: &Allergy, recorded: &str) {
        let mut members = Tree::from([
            ("clinicalStatus", status("allergyintolerance-clinical", "active", "Active")),
            ("verificationStatus", status("allergyintolerance-verification", "confirmed", "Confirmed")),
        ]);
        if let Some(category) = allergy.category {
            members.set("type", "allergy").push("category", category);
        }
        if let Some((_, severity)) = allergy.reaction {
            members.set("criticality", if severity == "severe" { "high" } else { "low" });
        }
        members.set("code", allergy.substance.concept());
        members.set("patient", patient(person)).set("recordedDate", recorded);
        if let Some((manifestation, severity)) = allergy.reaction {
            let reaction =
                Tree::from([("manifestation", vec![manifestation.concept()].into()), ("severity", severity.into())]);
            members.push("reaction", reaction);
        }
        self.put("AllergyIntolerance", system::ALLERGY, &format!("{}-{}", person.mrn, index + 1), members);
    }

    pub(crate) fn prescription(&mut self, person: &Person, number: &str, order: &Prescribed<'_>) {
        let medicine = order.medicine;
        let mut members = Tree::from([("status", if order.stopped.is_some() { "stopped" } else { "active" }.into())]);
        if let Some(why) = order.stopped.filter(|why| !why.is_empty()) {
            members.set("statusReason", Tree::from([("text", why.into())]));
        }
        let (category, category_name) =
            if order.visit.is_some() { ("inpatient", "Inpatient") } else { ("community", "Community") };
        members.set("intent", "order");
        members.push("category", status("medicationrequest-category", category, category_name));
        members.set("medicationCodeableConcept", medicine.code.concept()).set("subject", patient(person));
        if let Some(visit) = order.visit {
            members.set("encounter", reference("Encounter", system::VISIT, visit));
        }
        members.set("authoredOn", order.authored).set("requester", clinician(order.by));
        let (amount, unit) = medicine.dose;
        let often = Tree::from([
            ("frequency", i64::from(medicine.times_a_day).into()),
            ("period", 1.into()),
            ("periodUnit", "d".into()),
        ]);
        let dose = Tree::from([("doseQuantity", quantity(amount, unit))]);
        let dosage = Tree::from([
            ("text", medicine.instruction().into()),
            ("timing", Tree::from([("repeat", often)])),
            ("route", medicine.route.code().concept()),
            ("doseAndRate", vec![dose].into()),
        ]);
        members.push("dosageInstruction", dosage);
        self.put("MedicationRequest", system::PRESCRIPTION, number, members);
    }

    /// One dose that was given.
    pub(crate) fn administration(&mut self, person: &Person, prescription: &str, number: &str, dose: &Dose<'_>) {
        let (amount, unit) = dose.medicine.dose;
        let members = Tree::from([
            ("status", "completed".into()),
            ("medicationCodeableConcept", dose.medicine.code.concept()),
            ("subject", patient(person)),
            ("context", reference("Encounter", system::VISIT, dose.visit)),
            ("effectiveDateTime", dose.at.into()),
            ("performer", vec![Tree::from([("actor", clinician(dose.by))])].into()),
            ("request", reference("MedicationRequest", system::PRESCRIPTION, prescription)),
            ("dosage", Tree::from([("route", dose.medicine.route.code().concept()), ("dose", quantity(amount, unit))])),
        ]);
        self.put("MedicationAdministration", system::ADMINISTRATION, number, members);
    }

    /// A vital sign, or the two numbers of a blood pressure.
    pub(crate) fn vital(&mut self, around: &Charting<'_>, what: &Vital) {
        let code = what.code();
        let mut members = Tree::from([
            ("status", "final".into()),
            (
                "category",
                vec![concept(&format!("{TERMINOLOGY}observation-category"), "vital-signs", "Vital Signs")].into(),
            ),
            ("code", code.concept()),
            ("subject", patient(around.person)),
            ("encounter", reference("Encounter", system::VISIT, around.visit)),
            ("effectiveDateTime", around.at.as_str().into()),
            ("performer", vec![clinician(around.by)].into()),
        ]);
        match what {
            Vital::Number(test, text) => {
                members.set("valueQuantity", quantity(text, test.info().unit));
            }
            Vital::Pressure(systolic, diastolic) => {
                for (test, text) in [(Test::Systolic, systolic), (Test::Diastolic, diastolic)] {
                    let info = test.info();
                    let component = Tree::from([
                        ("code", Code::new(System::Loinc, info.loinc, info.name).concept()),
                        ("valueQuantity", quantity(text, info.unit)),
                    ]);
                    members.push("component", component);
                }
            }
            Vital::Consciousness(state) => {
                members.set("valueCodeableConcept", state.concept());
            }
        }
        let number = format!("{}-{}-{}", around.person.mrn, around.at_s, code.code);
        self.put("Observation", system::VITALS, &number, members);
    }
}

/// What is prescribed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prescribed<'p> {
    pub(crate) medicine: &'p Medicine,
    pub(crate) authored: &'p str,
    /// Why it was stopped, if it was.
    pub(crate) stopped: Option<&'p str>,
    /// The stay's number; none for what is taken at home.
    pub(crate) visit: Option<&'p str>,
    pub(crate) by: &'p Clinician,
}

/// A dose given in a stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dose<'p> {
    pub(crate) medicine: &'p Medicine,
    pub(crate) at: &'p str,
    pub(crate) visit: &'p str,
    pub(crate) by: &'p Clinician,
}

/// A round of vital signs.
#[derive(Clone, Debug)]
pub(crate) struct Charting<'p> {
    pub(crate) person: &'p Person,
    pub(crate) visit: &'p str,
    pub(crate) at: String,
    /// The same in seconds since 1970.
    pub(crate) at_s: i64,
    pub(crate) by: &'p Clinician,
}

impl<'p> Charting<'p> {
    pub(crate) fn new(clock: Clock, person: &'p Person, visit: &'p str, at_us: i64, by: &'p Clinician) -> Self {
        Charting { person, visit, at: clock.fhir(at_us), at_s: at_us / crate::calendar::SECOND_US, by }
    }
}

/// One thing that is charted.
#[derive(Clone, Debug)]
pub(crate) enum Vital {
    Number(Test, String),
    Pressure(String, String),
    Consciousness(Code),
}

impl Vital {
    fn code(&self) -> Code {
        let (code, text) = match self {
            Vital::Number(test, _) => (test.info().loinc, test.info().name),
            Vital::Pressure(..) => ("85354-9", "Blood pressure"),
            Vital::Consciousness(_) => ("67775-7", "Level of responsiveness"),
        };
        Code::new(System::Loinc, code, text)
    }
}

/// Awake as one should be.
pub(crate) const ALERT: Code = Code::new(System::Snomed, "248234008", "Mentally alert");
/// Newly confused.
pub(crate) const CONFUSED: Code = Code::new(System::Snomed, "130987000", "Acute confusion");
