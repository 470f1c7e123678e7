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
    "posologie",
    "dosagem",
    "投与量",
    "数量",
    "yl",
    "jl",
];
/// How a drug is given.
pub const ROUTE: &[&str] = &["route", "routeadmin", "途径", "用法", "voie", "via", "投与経路", "yf", "yyfs"];
/// How often.
pub const FREQUENCY: &[&str] = &[
    "frequency",
    "freq",
    "频次",
    "频率",
    "fréquence",
    "frequence",
    "frecuencia",
    "frequencia",
    "用法回数",
    "pc",
    "yypc",
];
/// What somebody is allergic to.
pub const ALLERGEN: &[&str] =
    &["allergen", "allergy", "过敏原", "过敏", "allergie", "alergia", "アレルギー", "アレルゲン"];
/// A vaccine.
pub const VACCINE: &[&str] =
    &["vaccine", "vaccination", "immunization", "cvx", "疫苗", "vaccin", "vacuna", "vacina", "ワクチン"];
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
    "médicament",
    "medicament",
    "medicamento",
    "fármaco",
    "farmaco",
    "薬剤",
    "薬剤名",
    "薬品",
    "薬品名",
    "医薬品",
    "ypmc",
    "ypdm",
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
    "acte",
    "acte medical",
    "procedimiento",
    "procedimento",
    "手術",
    "手術名",
    "処置",
    "ssmc",
    "ssbm",
    "ssdm",
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
    "diagnostic",
    "diagnóstico",
    "diagnostico",
    "cim10",
    "cie10",
    "cid",
    "cid10",
    "診断",
    "診断名",
    "病名",
    "傷病名",
    "zdmc",
    "zdbm",
    "zddm",
    "jbmc",
    "jbbm",
];
