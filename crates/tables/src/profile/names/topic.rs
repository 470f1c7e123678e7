//! What the rows of a table are, as far as its name says.

use super::words::words_of;

/// What the rows of a table are, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    Patients,
    Encounters,
    Results,
    Vitals,
    Diagnoses,
    Drugs,
    Procedures,
    Vaccines,
    Allergies,
    Notes,
    Staff,
    Hospitals,
    Departments,
    /// What codes mean.
    Dictionary,
}

const TOPICS: [(Topic, &[&str]); 14] = [
    (
        Topic::Dictionary,
        &["d", "dict", "dictionary", "lookup", "ref", "codes", "concept", "master", "catalog", "字典", "码表"],
    ),
    (Topic::Diagnoses, &["diagnos", "condition", "problem", "dx", "诊断", "診断", "病名", "傷病", "zdxx", "zdjl"]),
    (
        Topic::Drugs,
        &[
            "medication",
            "prescription",
            "drug",
            "rx",
            "pharmacy",
            "medicine",
            "meds",
            "medikament",
            "verordnung",
            "arznei",
            "medicament",
            "médicament",
            "receita",
            "receta",
            "ricett",
            "farmaco",
            "prescri",
            "処方",
            "薬",
            "yzxx",
            "yzjl",
            "医嘱",
            "药",
            "处方",
        ],
    ),
    (Topic::Vaccines, &["immuni", "imuniz", "inmuniz", "vaccin", "vacin", "vacun", "impf", "疫苗", "接种", "ワクチン"]),
    (Topic::Allergies, &["allerg", "alerg", "过敏", "過敏", "アレルギー"]),
    (
        Topic::Procedures,
        &[
            "procedure",
            "treatment",
            "surger",
            "operation",
            "prozedur",
            "eingriff",
            "procedim",
            "cirurgi",
            "cirugi",
            "手术",
            "手術",
            "処置",
            "操作",
            "ssjl",
            "ssxx",
        ],
    ),
    (
        Topic::Vitals,
        &[
            "vital",
            "vitais",
            "sinais",
            "signos",
            "signesvitaux",
            "constantes",
            "parametrivitali",
            "chartevent",
            "messwert",
            "messung",
            "体征",
            "护理记录",
            "バイタル",
        ],
    ),
    (
        Topic::Results,
        &[
            "lab",
            "labs",
            "result",
            "observation",
            "measurement",
            "test",
            "tests",
            "labor",
            "laborwert",
            "befunde",
            "检验",
            "化验",
            "结果",
            "physicalexam",
            "résultat",
            "resultat",
            "exame",
            "検査",
            "検体",
            "jyjg",
            "jyxx",
            "jcjg",
        ],
    ),
    (Topic::Notes, &["note", "report", "document", "文书", "病程", "报告"]),
    (
        Topic::Encounters,
        &[
            "encounter",
            "visit",
            "admission",
            "stay",
            "icustay",
            "episode",
            "appointment",
            "case",
            "fall",
            "fälle",
            "besuch",
            "aufenthalt",
            "aufnahmen",
            "sitzung",
            "behandlung",
            "termin",
            "就诊",
            "住院",
            "入院",
            "挂号",
            "门诊",
            "séjour",
            "sejour",
            "atendimento",
            "internac",
            "internaç",
            "ingreso",
            "episodio",
            "受診",
            "来院",
            "zyjl",
            "zyxx",
            "jzxx",
            "jzjl",
            "mzjl",
        ],
    ),
    (
        Topic::Staff,
        &[
            "provider",
            "practitioner",
            "doctor",
            "physician",
            "caregiver",
            "staff",
            "clinician",
            "personal",
            "ärzte",
            "医生",
            "医师",
            "人员",
        ],
    ),
    (
        Topic::Hospitals,
        &["hospital", "organization", "organisation", "facility", "krankenhaus", "klinik", "医院", "机构"],
    ),
    (Topic::Departments, &["department", "ward", "location", "careunit", "abteilung", "stationen", "科室", "病区"]),
    (
        Topic::Patients,
        &[
            "patient",
            "person",
            "people",
            "demographic",
            "subject",
            "paciente",
            "paziente",
            "病人",
            "患者",
            "brjbxx",
            "brxx",
            "hzxx",
        ],
    ),
];

/// The topics that a table's name speaks of, the first first.
pub fn topics_of(name: &str) -> Vec<Topic> {
    let words = words_of(name);
    let joined = words.concat();
    let speaks = |phrase: &&str| {
        if !phrase.is_ascii() {
            return joined.contains(*phrase);
        }
        match phrase.len() {
            // `d_items`, `rx`, `lab`: whole words, or their plural
            0..=4 => words.iter().any(|word| word == phrase || word.strip_suffix('s') == Some(phrase)),
            _ => words.iter().any(|word| word.starts_with(*phrase)) || joined.contains(*phrase),
        }
    };
    let found: Vec<Topic> =
        TOPICS.iter().filter(|(_, phrases)| phrases.iter().any(speaks)).map(|(topic, _)| *topic).collect();
    // `d_labitems` is a dictionary; `drugs_d` is not.
    found
        .into_iter()
        .filter(|topic| *topic != Topic::Dictionary || words.first().is_some_and(|word| word != "ref"))
        .collect()
}
