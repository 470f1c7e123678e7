//! What names of tables and columns say, in English, Chinese and German.
//!
//! A name is cut into its words (`admitTime`, `ADMIT_TIME`, `admit time`); a column's role is the first of a list of words and phrases
//! that it is made of. Names only propose: values are looked at too (`likely.rs`).

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Which patient.
    Patient,
    /// Which visit or stay.
    Encounter,
    /// A name as a whole.
    FullName,
    /// A family name.
    FamilyName,
    /// A given name.
    GivenName,
    /// Administrative sex.
    Sex,
    /// Date or year of birth.
    Birth,
    /// Date of death.
    Death,
    /// A telephone number.
    Phone,
    /// An electronic mail address.
    Email,
    /// A line of an address.
    Address,
    /// A city.
    City,
    /// A state or province.
    State,
    /// A postal code.
    Postal,
    /// A country.
    Country,
    /// A national number of a person.
    National,
    /// Marital state.
    Marital,
    /// When something began.
    Start,
    /// When something ended.
    End,
    /// When something was.
    Time,
    /// Minutes from something else.
    Offset,
    /// The kind of a visit.
    Class,
    /// A state of something.
    Status,
    /// A code.
    Code,
    /// What a code means.
    Label,
    /// A result.
    Value,
    /// The number in a result.
    ValueNumber,
    /// Its unit.
    Unit,
    /// Bounds of what is normal.
    RangeText,
    /// The lower bound.
    RangeLow,
    /// The upper bound.
    RangeHigh,
    /// Whether a result is abnormal.
    Flag,
    /// A diagnosis.
    Diagnosis,
    /// A drug.
    Drug,
    /// A dose.
    Dose,
    /// The unit of a dose.
    DoseUnit,
    /// How a drug is given.
    Route,
    /// How often.
    Frequency,
    /// A procedure.
    Procedure,
    /// What somebody is allergic to.
    Allergen,
    /// A vaccine.
    Vaccine,
    /// Words of a report.
    Note,
    /// A person of the staff.
    Practitioner,
    /// A department or ward.
    Department,
    /// A hospital.
    Organization,
    /// The number of a row among its like.
    Sequence,
}

/// Words and phrases by role; a phrase matches the words of a name in this order, one word of ASCII letters also the whole name without
/// its separators. More special roles come before more general ones.
const ROLES: [(Role, &[&str]); 47] = [
    (
        Role::National,
        &[
            "ssn",
            "social security",
            "national id",
            "nhs number",
            "id card",
            "idcard",
            "idno",
            "passport",
            "身份证",
            "证件号",
        ],
    ),
    (
        Role::Birth,
        &[
            "birth",
            "born",
            "dob",
            "birthday",
            "birthdate",
            "year of birth",
            "birthtime",
            "geburtsdatum",
            "geburt",
            "gebdat",
            "geburtstag",
            "出生",
        ],
    ),
    (
        Role::Death,
        &[
            "death",
            "deathdate",
            "died",
            "dod",
            "deceased",
            "death date",
            "verstorben",
            "gestorben",
            "todesdatum",
            "死亡",
        ],
    ),
    (Role::Sex, &["sex", "gender", "geschlecht", "geschl", "sexe", "性别"]),
    (Role::Marital, &["marital", "familienstand", "婚姻"]),
    (
        Role::FamilyName,
        &["surname", "lastname", "last name", "family name", "familyname", "family", "nachname", "lname", "last"],
    ),
    (
        Role::GivenName,
        &["firstname", "first name", "given name", "givenname", "forename", "given", "vorname", "fname", "first"],
    ),
    (
        Role::FullName,
        &["patient name", "patientname", "full name", "fullname", "person name", "患者姓名", "病人姓名", "姓名"],
    ),
    (
        Role::Phone,
        &[
            "phone",
            "telephone",
            "tel",
            "mobile",
            "cell",
            "phone number",
            "telefon",
            "telefonnummer",
            "handy",
            "电话",
            "手机",
            "联系方式",
        ],
    ),
    (Role::Email, &["email", "mail", "邮箱"]),
    (Role::Postal, &["zip", "postal", "postcode", "zipcode", "plz", "postleitzahl", "邮编", "邮政编码"]),
    (Role::City, &["city", "town", "ort", "wohnort", "stadt", "城市", "市"]),
    (Role::State, &["state", "province", "bundesland", "省"]),
    (Role::Country, &["country", "nation", "国家", "国籍"]),
    (Role::Address, &["address", "street", "addr", "strasse", "straße", "anschrift", "adresse", "地址", "住址"]),
    (Role::Offset, &["offset"]),
    (
        Role::RangeLow,
        &["ref range lower", "range low", "normal low", "low", "lower", "range lower", "lln", "参考下限", "下限"],
    ),
    (
        Role::RangeHigh,
        &["ref range upper", "range high", "normal high", "high", "upper", "range upper", "uln", "参考上限", "上限"],
    ),
    (
        Role::RangeText,
        &[
            "reference range",
            "ref range",
            "refrange",
            "normal range",
            "reference",
            "range",
            "referenz",
            "referenzbereich",
            "normbereich",
            "normwert",
            "参考范围",
            "参考值",
            "正常值",
        ],
    ),
    (Role::Flag, &["abnormal", "flag", "interpretation", "abnormal flag", "异常", "标志", "提示"]),
    (Role::DoseUnit, &["dose unit", "dose unit rx", "dosage unit", "amountuom", "剂量单位"]),
    (Role::Unit, &["unit", "units", "uom", "valueuom", "measurename", "einheit", "masseinheit", "unite", "单位"]),
    (
        Role::ValueNumber,
        &["valuenum", "value num", "value number", "numeric value", "value as number", "result numeric", "数值"],
    ),
    (
        Role::Dose,
        &[
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
        ],
    ),
    (Role::Route, &["route", "routeadmin", "途径", "用法"]),
    (Role::Frequency, &["frequency", "freq", "频次", "频率"]),
    (
        Role::Class,
        &[
            "encounter class",
            "encounterclass",
            "class",
            "visit type",
            "visittype",
            "visit class",
            "fallart",
            "aufnahmeart",
            "admission type",
            "patient class",
            "encounter type",
            "类型",
            "kind",
            "就诊类别",
            "就诊类型",
            "类别",
        ],
    ),
    (
        Role::End,
        &[
            "discharge",
            "dischtime",
            "outtime",
            "end",
            "stop",
            "left",
            "departed",
            "enddate",
            "endtime",
            "stoptime",
            "closed",
            "finish",
            "until",
            "ende",
            "entlassung",
            "entlassen",
            "entlassungsdatum",
            "abgang",
            "出院",
            "结束",
            "停止",
            "停嘱",
            "离院",
            "出科",
        ],
    ),
    (
        Role::Start,
        &[
            "admit",
            "admission",
            "admittime",
            "intime",
            "start",
            "begin",
            "arrived",
            "arrival",
            "startdate",
            "starttime",
            "opened",
            "onset",
            "beginn",
            "aufnahme",
            "aufnahmedatum",
            "ankunft",
            "zugang",
            "入院",
            "入科",
            "就诊时间",
            "就诊日期",
            "挂号时间",
            "开始",
            "开嘱",
            "开立",
            "起始",
            "发病",
        ],
    ),
    (Role::Allergen, &["allergen", "allergy", "过敏原", "过敏"]),
    (Role::Vaccine, &["vaccine", "vaccination", "immunization", "cvx", "疫苗"]),
    (
        Role::Drug,
        &[
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
        ],
    ),
    (
        Role::Procedure,
        &[
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
        ],
    ),
    (
        Role::Diagnosis,
        &[
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
        ],
    ),
    (
        Role::Time,
        &[
            "date time",
            "charttime",
            "chart time",
            "performed",
            "recorded",
            "collected",
            "observed",
            "resulted",
            "taken",
            "event time",
            "datetime",
            "timestamp",
            "measured",
            "date",
            "time",
            "at",
            "when",
            "datum",
            "zeit",
            "zeitpunkt",
            "uhrzeit",
            "messzeit",
            "abnahme",
            "entnahme",
            "采样",
            "检验时间",
            "报告时间",
            "检查时间",
            "测量时间",
            "时间",
            "日期",
        ],
    ),
    (Role::Status, &["status", "state of", "状态"]),
    (
        Role::Practitioner,
        &[
            "practitioner",
            "provider",
            "doctor",
            "physician",
            "clinician",
            "caregiver",
            "cgid",
            "arzt",
            "behandler",
            "医生",
            "医师",
        ],
    ),
    (
        Role::Department,
        &[
            "department",
            "dept",
            "ward",
            "careunit",
            "care unit",
            "wardid",
            "unit type",
            "location",
            "station",
            "abteilung",
            "科室",
            "病区",
            "科",
        ],
    ),
    (
        Role::Organization,
        &[
            "hospital",
            "organization",
            "organisation",
            "facility",
            "site",
            "clinic",
            "klinik",
            "krankenhaus",
            "医院",
            "机构",
        ],
    ),
    (
        Role::Encounter,
        &[
            "encounter",
            "visit",
            "visit occurrence",
            "admission id",
            "hadm",
            "hadmid",
            "stay",
            "stayid",
            "icustay",
            "episode",
            "case",
            "unitstay",
            "patientunitstayid",
            "fall",
            "fallnummer",
            "fallid",
            "besuch",
            "aufenthalt",
            "sitzung",
            "termin",
            "encntr",
            "csn",
            "就诊号",
            "就诊id",
            "就诊流水",
            "住院流水",
            "住院号",
            "门诊号",
            "就诊",
            "住院",
        ],
    ),
    (
        Role::Patient,
        &[
            "patient",
            "patientid",
            "subject",
            "subjectid",
            "person",
            "personid",
            "pid",
            "mrn",
            "pat",
            "uniquepid",
            "medical record",
            "patient no",
            "patienten",
            "patientennummer",
            "病人",
            "患者",
            "病历号",
            "病案号",
        ],
    ),
    (Role::Sequence, &["seq", "seq num", "sequence", "rank", "priority", "ordinal", "line", "序号", "顺序"]),
    (
        Role::Note,
        &[
            "note",
            "note text",
            "text",
            "report",
            "narrative",
            "comment",
            "comments",
            "bemerkung",
            "kommentar",
            "befund",
            "notiz",
            "病程",
            "文书",
            "备注",
            "报告",
        ],
    ),
    (
        Role::Value,
        &[
            "value",
            "result",
            "resultvalue",
            "result value",
            "labresult",
            "observation value",
            "measurement",
            "reading",
            "wert",
            "ergebnis",
            "messwert",
            "resultat",
            "结果",
            "检验结果",
            "测量值",
            "值",
        ],
    ),
    (
        Role::Code,
        &[
            "code",
            "itemid",
            "item id",
            "item",
            "test",
            "testcode",
            "test code",
            "labname",
            "test name",
            "testname",
            "loinc",
            "concept",
            "analyte",
            "parameter",
            "analyse",
            "untersuchung",
            "laborwert",
            "项目编码",
            "项目代码",
            "编码",
            "代码",
            "项目",
        ],
    ),
    (
        Role::Label,
        &[
            "label",
            "description",
            "display",
            "long title",
            "short title",
            "name",
            "title",
            "desc",
            "bezeichnung",
            "名称",
            "描述",
            "中文名",
        ],
    ),
    (Role::Practitioner, &["staff"]),
];

/// The role that a column's name says.
pub(super) fn role_of(name: &str) -> Option<Role> {
    let words = words_of(name);
    let joined: String = words.concat();
    if joined.ends_with("offset") {
        return Some(Role::Offset);
    }
    // A name that is a phrase says more than one that has it among others.
    for whole in [true, false] {
        for (role, phrases) in &ROLES {
            if phrases.iter().any(|phrase| fits(phrase, &words, &joined, whole)) {
                return Some(*role);
            }
        }
    }
    // `labmeasurenamesystem`: words that are written together; the longest that is in it.
    let inside =
        |phrase: &&&str| phrase.is_ascii() && phrase.len() >= 5 && joined.contains(phrase.replace(' ', "").as_str());
    let held =
        ROLES.iter().flat_map(|(role, phrases)| phrases.iter().filter(inside).map(move |phrase| (phrase.len(), *role)));
    held.max_by_key(|(length, _)| *length).map(|(_, role)| role)
}

fn fits(phrase: &str, words: &[String], joined: &str, whole: bool) -> bool {
    if !phrase.is_ascii() {
        return if whole {
            joined == phrase
        } else {
            joined.contains(phrase) && (phrase.chars().count() > 1 || joined == phrase)
        };
    }
    let parts: Vec<&str> = phrase.split(' ').collect();
    if whole {
        return joined == parts.concat()
            || (words.len() == parts.len() + 1 && has(words, &parts) && is_ending(&words[words.len() - 1]));
    }
    // Short words mean too much inside of others.
    has(words, &parts) && (parts.len() > 1 || phrase.len() > 2 || words.len() <= 2)
}

fn has(words: &[String], parts: &[&str]) -> bool {
    words.windows(parts.len()).any(|window| window.iter().zip(parts).all(|(word, part)| word == part))
}

/// Words that say that a name is that of a number, and not of what.
fn is_ending(word: &str) -> bool {
    matches!(
        word,
        "id" | "no"
            | "nr"
            | "num"
            | "number"
            | "nummer"
            | "key"
            | "code"
            | "date"
            | "time"
            | "name"
            | "value"
            | "datetime"
            | "dt"
    )
}

/// The words of a name, in small letters: cut at separators, between letters and digits kept together, and where capitals begin.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || (before.is_some_and(char::is_uppercase) && after.is_some_and(|c| c.is_lowercase())));
        let script = before.is_some_and(|before| before.is_alphanumeric() && before.is_ascii() != c.is_ascii());
        if begins || script {
            end(&mut word);
        }
        word.extend(c.to_lowercase());
    }
    end(&mut word);
    words
}

/// Whether a name is that of a key: `id`, `labid`, `row_id`, `病人ID`, `就诊号`.
pub(super) fn is_id(name: &str) -> bool {
    let words = words_of(name);
    let last = words.last().map_or("", String::as_str);
    matches!(last, "id" | "no" | "nr" | "number" | "nummer" | "key" | "uuid" | "guid")
        || (last.len() > 3 && last.ends_with("id") && last.is_ascii())
        || last.ends_with('号')
        || name.ends_with("编号")
}

/// Whether a name says nothing but its role: `uniquepid`, not `patienthealthsystemstayid`.
pub(super) fn is_plain(role: Role, name: &str) -> bool {
    let words = words_of(name);
    let joined = words.concat();
    let phrases = ROLES.iter().filter(|(of, _)| *of == role).flat_map(|(_, phrases)| *phrases);
    phrases.into_iter().any(|phrase| fits(phrase, &words, &joined, true))
}

/// What the rows of a table are, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Topic {
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
    (Topic::Diagnoses, &["diagnos", "condition", "problem", "dx", "诊断"]),
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
            "医嘱",
            "药",
            "处方",
        ],
    ),
    (Topic::Vaccines, &["immuni", "vaccin", "impf", "疫苗", "接种"]),
    (Topic::Allergies, &["allerg", "过敏"]),
    (Topic::Procedures, &["procedure", "treatment", "surger", "operation", "prozedur", "eingriff", "手术", "操作"]),
    (Topic::Vitals, &["vital", "chartevent", "messwerte", "体征", "护理记录"]),
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
    (Topic::Patients, &["patient", "person", "people", "demographic", "subject", "病人", "患者"]),
];

/// The topics that a table's name speaks of, the first first.
pub(super) fn topics_of(name: &str) -> Vec<Topic> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names() {
        for (name, role) in [
            ("pid", Some(Role::Patient)),
            ("subject_id", Some(Role::Patient)),
            ("PATIENT", Some(Role::Patient)),
            ("病人ID", Some(Role::Patient)),
            ("uniquepid", Some(Role::Patient)),
            ("hadm_id", Some(Role::Encounter)),
            ("patientunitstayid", Some(Role::Encounter)),
            ("visit", Some(Role::Encounter)),
            ("就诊号", Some(Role::Encounter)),
            ("BIRTHDATE", Some(Role::Birth)),
            ("出生日期", Some(Role::Birth)),
            ("born", Some(Role::Birth)),
            ("surname", Some(Role::FamilyName)),
            ("FirstName", Some(Role::GivenName)),
            ("姓名", Some(Role::FullName)),
            ("性别", Some(Role::Sex)),
            ("valuenum", Some(Role::ValueNumber)),
            ("labresult", Some(Role::Value)),
            ("VALUE", Some(Role::Value)),
            ("结果", Some(Role::Value)),
            ("UNITS", Some(Role::Unit)),
            ("单位", Some(Role::Unit)),
            ("admittime", Some(Role::Start)),
            ("入院时间", Some(Role::Start)),
            ("dischtime", Some(Role::End)),
            ("出院时间", Some(Role::End)),
            ("labresultoffset", Some(Role::Offset)),
            ("labmeasurenamesystem", Some(Role::Unit)),
            ("icd9_code", Some(Role::Diagnosis)),
            ("诊断编码", Some(Role::Diagnosis)),
            ("drug_name", Some(Role::Drug)),
            ("seq_num", Some(Role::Sequence)),
            ("charttime", Some(Role::Time)),
            ("PatNr", Some(Role::Patient)),
            ("SitzungsNr", Some(Role::Encounter)),
            ("GebDat", Some(Role::Birth)),
            ("Straße", Some(Role::Address)),
            ("Geschl", Some(Role::Sex)),
            ("Ergebnis", Some(Role::Value)),
            ("Einheit", Some(Role::Unit)),
            ("Aufnahmedatum", Some(Role::Start)),
            ("Entlassung", Some(Role::End)),
            ("xq17", None),
        ] {
            assert_eq!(role_of(name), role, "{name}");
        }
        assert!(is_id("labid") && is_id("就诊号") && is_id("ROW_ID") && !is_id("value") && !is_id("aid"));
    }

    #[test]
    fn tables_are_known_by_their_names() {
        for (name, topic) in [
            ("patients", Topic::Patients),
            ("病人信息", Topic::Patients),
            ("admissions", Topic::Encounters),
            ("DIAGNOSES_ICD", Topic::Diagnoses),
            ("lab", Topic::Results),
            ("检验结果", Topic::Results),
            ("D_LABITEMS", Topic::Dictionary),
            ("就诊", Topic::Encounters),
            ("PRESCRIPTIONS", Topic::Drugs),
            ("Patienten", Topic::Patients),
            ("Labor", Topic::Results),
            ("Sitzungen", Topic::Encounters),
        ] {
            assert_eq!(topics_of(name).first(), Some(&topic), "{name}");
        }
        assert!(topics_of("t1").is_empty());
    }
}
