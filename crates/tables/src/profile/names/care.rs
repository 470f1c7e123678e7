//! Words of names: what somebody has and gets: diagnoses, drugs, procedures, allergies, vaccines.

/// The unit of a dose.
pub const DOSE_UNIT: &[&str] = &["dose unit", "dose unit rx", "dosage unit", "amountuom", "剂量单位"];
/// A dose.
pub const DOSE: &[&str] = &[
    "dose",
    "dosage",
    "dose val",
    "dose val rx",
    "quantity",
    "amount",
    "strength",
    "dosis",
    "dosierung",
    "剂量",
    "用量",
];
/// How a drug is given.
pub const ROUTE: &[&str] = &["route", "routeadmin", "途径", "用法"];
/// How often.
pub const FREQUENCY: &[&str] = &["frequency", "freq", "频次", "频率"];
/// What somebody is allergic to.
pub const ALLERGEN: &[&str] = &["allergen", "allergy", "过敏原", "过敏"];
/// A vaccine.
pub const VACCINE: &[&str] = &["vaccine", "vaccination", "immunization", "cvx", "疫苗"];
/// A drug.
pub const DRUG: &[&str] = &[
    "drug",
    "drugname",
    "medication",
    "medicine",
    "medname",
    "ndc",
    "rxnorm",
    "atc",
    "gsn",
    "wirkstoff",
    "medikament",
    "arzneimittel",
    "präparat",
    "药品",
    "药物",
    "药名",
];
/// A procedure.
pub const PROCEDURE: &[&str] = &[
    "procedure",
    "proc",
    "cpt",
    "treatment",
    "treatmentstring",
    "surgery",
    "operation",
    "prozedur",
    "eingriff",
    "手术",
    "操作",
];
/// How sure a diagnosis is.
pub const CERTAINTY: &[&str] = &[
    "certainty",
    "diagnosis certainty",
    "verification",
    "verification status",
    "verificationstatus",
    "sicherheit",
    "diagnosesicherheit",
    "diagnosensicherheit",
    "sicherheitsgrad",
    "gewissheit",
    "确诊标志",
    "诊断性质",
    "诊断确定性",
];
/// A diagnosis.
pub const DIAGNOSIS: &[&str] = &[
    "diagnosis",
    "diagnose",
    "icd",
    "icd9",
    "icd10",
    "icd9code",
    "icd10code",
    "icd code",
    "dx",
    "problem",
    "condition",
    "diagnosisstring",
    "诊断",
    "疾病",
];
