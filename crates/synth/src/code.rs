//! Codes with their meaning, in HL7 v2 and in FHIR.

use fhir::json::Tree;

/// A list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Loinc,
    Snomed,
    Icd10,
    Atc,
    Cvx,
    Mvx,
}

impl System {
    /// Its name in table 0396.
    pub(crate) fn hl7(self) -> &'static str {
        match self {
            System::Loinc => "LN",
            System::Snomed => "SCT",
            System::Icd10 => "I10",
            System::Atc => "ATC",
            System::Cvx => "CVX",
            System::Mvx => "MVX",
        }
    }

    /// Its URI in FHIR.
    pub(crate) fn uri(self) -> &'static str {
        match self {
            System::Loinc => "http://loinc.org",
            System::Snomed => "http://snomed.info/sct",
            System::Icd10 => "http://hl7.org/fhir/sid/icd-10",
            System::Atc => "http://www.whocc.no/atc",
            System::Cvx => "http://hl7.org/fhir/sid/cvx",
            System::Mvx => "http://hl7.org/fhir/sid/mvx",
        }
    }
}

/// A code and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a code has a code, as in FHIR")]
pub(crate) struct Code {
    pub(crate) system: System,
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
}

impl Code {
    pub(crate) const fn new(system: System, code: &'static str, text: &'static str) -> Self {
        Code { system, code, text }
    }

    /// CWE.1 to CWE.3.
    pub(crate) fn components(self) -> [&'static str; 3] {
        [self.code, self.text, self.system.hl7()]
    }

    /// A Coding.
    pub(crate) fn coding(self) -> Tree {
        coding(self.system.uri(), self.code, self.text)
    }

    /// A CodeableConcept.
    pub(crate) fn concept(self) -> Tree {
        Tree::from([("coding", vec![self.coding()].into()), ("text", self.text.into())])
    }
}

/// A Coding of any system.
pub(crate) fn coding(system: &str, code: &str, display: &str) -> Tree {
    Tree::from([("system", system.into()), ("code", code.into()), ("display", display.into())])
}

/// A CodeableConcept of one Coding of any system.
pub(crate) fn concept(system: &str, code: &str, display: &str) -> Tree {
    Tree::from([("coding", vec![coding(system, code, display)].into())])
}

/// A condition: its code for billing and its code for clinicians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    pub(crate) icd10: Code,
    pub(crate) snomed: Code,
}

const fn condition(icd10: &'static str, snomed: &'static str, text: &'static str) -> Condition {
    Condition { icd10: Code::new(System::Icd10, icd10, text), snomed: Code::new(System::Snomed, snomed, text) }
}

pub(crate) const SEPSIS: Condition = condition("A41.9", "91302008", "Sepsis");
pub(crate) const PNEUMONIA: Condition = condition("J18.9", "233604007", "Pneumonia");
pub(crate) const KIDNEY_INJURY: Condition = condition("N17.9", "14669001", "Acute kidney injury");
pub(crate) const HEART_FAILURE: Condition = condition("I50.9", "84114007", "Heart failure");
pub(crate) const FIBRILLATION: Condition = condition("I48.9", "49436004", "Atrial fibrillation");
pub(crate) const HYPERTENSION: Condition = condition("I10", "38341003", "Hypertension");
pub(crate) const DIABETES_2: Condition = condition("E11.9", "44054006", "Type 2 diabetes mellitus");
pub(crate) const DIABETES_1: Condition = condition("E10.9", "46635009", "Type 1 diabetes mellitus");
pub(crate) const KETOACIDOSIS: Condition = condition("E10.1", "420422005", "Diabetic ketoacidosis");
pub(crate) const IRON_DEFICIENCY: Condition = condition("D50.9", "87522002", "Iron deficiency anaemia");
pub(crate) const HIP_FRACTURE: Condition = condition("S72.0", "5913000", "Fracture of neck of femur");
pub(crate) const BLEEDING_ANAEMIA: Condition = condition("D62", "413532003", "Acute posthaemorrhagic anaemia");
pub(crate) const INFARCTION: Condition =
    condition("I21.4", "401314000", "Non-ST segment elevation myocardial infarction");
pub(crate) const LIPIDS: Condition = condition("E78.5", "55822004", "Hyperlipidaemia");
pub(crate) const COPD: Condition = condition("J44.9", "13645005", "Chronic obstructive pulmonary disease");
pub(crate) const COPD_WORSE: Condition =
    condition("J44.1", "195951007", "Acute exacerbation of chronic obstructive pulmonary disease");
pub(crate) const URINARY: Condition = condition("N39.0", "68566005", "Urinary tract infection");
pub(crate) const APPENDICITIS: Condition = condition("K35.8", "85189001", "Acute appendicitis");
pub(crate) const BLEEDING: Condition = condition("K92.2", "74474003", "Gastrointestinal haemorrhage");
pub(crate) const ASTHMA: Condition = condition("J45.9", "195967001", "Asthma");
pub(crate) const KIDNEY_DISEASE: Condition = condition("N18.3", "433144002", "Chronic kidney disease stage 3");
