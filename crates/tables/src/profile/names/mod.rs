//! What names of tables and columns say, in English, Chinese (also by the first letters of its sounds: `CSRQ` is 出生日期), German, French,
//! Spanish, Portuguese, Italian, Dutch, Polish, Swedish, Norwegian, Danish, Turkish and Japanese.
//!
//! A name is cut into its words (`words.rs`); a column's role (`role.rs`) is the first of a list of words and phrases that it is made of, of
//! persons (`person.rs`), visits (`visit.rs`), results (`result.rs`), care (`care.rs`) and codes (`code.rs`). What a table is about is its
//! topic (`topic.rs`). Names only propose: values are looked at too (`likely.rs`, `meaning.rs`).

mod care;
mod code;
mod person;
mod result;
mod role;
mod topic;
mod visit;
mod words;

pub use role::Role;
pub(super) use topic::{Topic, topics_of};
use words::is_ending;
pub(super) use words::{parts_of, words_of};

/// Words and phrases by role; a phrase matches the words of a name in this order, one word of ASCII letters also the whole name without
/// its separators. More special roles come before more general ones.
const ROLES: [(Role, &[&str]); 48] = [
    (Role::National, person::NATIONAL),
    (Role::Birth, person::BIRTH),
    (Role::Death, person::DEATH),
    (Role::Sex, person::SEX),
    (Role::Marital, person::MARITAL),
    (Role::FamilyName, person::FAMILY_NAME),
    (Role::GivenName, person::GIVEN_NAME),
    (Role::FullName, person::FULL_NAME),
    (Role::Phone, person::PHONE),
    (Role::Email, person::EMAIL),
    (Role::Postal, person::POSTAL),
    (Role::City, person::CITY),
    (Role::State, person::STATE),
    (Role::Country, person::COUNTRY),
    (Role::Address, person::ADDRESS),
    (Role::Offset, visit::OFFSET),
    (Role::RangeLow, result::RANGE_LOW),
    (Role::RangeHigh, result::RANGE_HIGH),
    (Role::RangeText, result::RANGE_TEXT),
    (Role::Flag, result::FLAG),
    (Role::DoseUnit, care::DOSE_UNIT),
    (Role::Unit, result::UNIT),
    (Role::ValueNumber, result::VALUE_NUMBER),
    (Role::Dose, care::DOSE),
    (Role::Route, care::ROUTE),
    (Role::Frequency, care::FREQUENCY),
    (Role::Class, visit::CLASS),
    (Role::End, visit::END),
    (Role::Start, visit::START),
    (Role::Allergen, care::ALLERGEN),
    (Role::Vaccine, care::VACCINE),
    (Role::Drug, care::DRUG),
    (Role::Procedure, care::PROCEDURE),
    (Role::Certainty, care::CERTAINTY),
    (Role::Diagnosis, care::DIAGNOSIS),
    (Role::Time, visit::TIME),
    (Role::Status, code::STATUS),
    (Role::Practitioner, visit::PRACTITIONER),
    (Role::Department, visit::DEPARTMENT),
    (Role::Organization, visit::ORGANIZATION),
    (Role::Encounter, visit::ENCOUNTER),
    (Role::Patient, person::PATIENT),
    (Role::Sequence, code::SEQUENCE),
    (Role::Note, code::NOTE),
    (Role::Value, result::VALUE),
    (Role::Code, code::CODE),
    (Role::Label, code::LABEL),
    (Role::Practitioner, visit::STAFF),
];

/// The role that a column's name says.
pub(super) fn role_of(name: &str) -> Option<Role> {
    let words = parts_of(name);
    let joined: String = words.concat();
    if joined.ends_with("offset") {
        return Some(Role::Offset);
    }
    // A name that is a phrase says more than one that has it among others: `admission id` is not the moment of an admission.
    for how in [Fit::Exact, Fit::Whole, Fit::Within] {
        for (role, phrases) in &ROLES {
            if phrases.iter().any(|phrase| fits(phrase, &words, &joined, how)) {
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

/// First letters of two sounds: they are a name as a whole or none (`dw_date` is a date of a warehouse).
const INITIALS: [&str; 9] = ["dw", "jg", "jl", "pc", "xb", "xm", "yf", "yl", "zt"];

/// How a phrase is to be found in a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It is the name.
    Exact,
    /// It is, but for an ending such as `id`.
    Whole,
    /// It is in it.
    Within,
}

fn fits(phrase: &str, words: &[String], joined: &str, how: Fit) -> bool {
    let parts: Vec<&str> = phrase.split(' ').collect();
    let is_name = joined == parts.concat();
    if how == Fit::Exact || INITIALS.contains(&phrase) {
        return how != Fit::Within && is_name;
    }
    if !phrase.is_ascii() {
        return is_name || (how == Fit::Within && phrase.chars().count() > 1 && joined.contains(&parts.concat()));
    }
    if how == Fit::Whole {
        return is_name || (words.len() == parts.len() + 1 && has(words, &parts) && is_ending(&words[words.len() - 1]));
    }
    // Short words mean too much inside of others.
    has(words, &parts) && (parts.len() > 1 || phrase.len() > 2 || words.len() <= 2)
}

fn has(words: &[String], parts: &[&str]) -> bool {
    words.windows(parts.len()).any(|window| window.iter().zip(parts).all(|(word, part)| word == part))
}

/// Whether a name is that of a substance, which in a table of allergies somebody is allergic to.
pub(super) fn is_substance(name: &str) -> bool {
    let words = parts_of(name);
    let joined = words.concat();
    care::SUBSTANCE.iter().any(|phrase| fits(phrase, &words, &joined, Fit::Within))
}

/// Whether a name is that of a key: `id`, `labid`, `row_id`, `id_esame`, `patnr`, `病人ID`, `就诊号`.
pub(super) fn is_id(name: &str) -> bool {
    let words = parts_of(name);
    let last = words.last().map_or("", String::as_str);
    let says_more =
        || matches!(role_of(name), Some(Role::Class | Role::Label | Role::Status | Role::Time | Role::Birth));
    let is_led_by_id = words.len() > 1 && words[0] == "id" && !says_more();
    is_led_by_id
        || matches!(last, "id" | "no" | "nr" | "key" | "uuid" | "guid")
        || (last.len() > 3 && last.ends_with("nr"))
        || last.ends_with("nummer")
        || last.ends_with("number")
        || (last.len() > 3 && last.ends_with("id") && last.is_ascii())
        || last.ends_with('号')
        || name.ends_with("编号")
}

/// Whether a name says nothing but its role: `uniquepid`, not `patienthealthsystemstayid`.
pub(super) fn is_plain(role: Role, name: &str) -> bool {
    let words = parts_of(name);
    let joined = words.concat();
    let phrases = ROLES.iter().filter(|(of, _)| *of == role).flat_map(|(_, phrases)| *phrases);
    phrases.into_iter().any(|phrase| fits(phrase, &words, &joined, Fit::Whole))
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
            ("patnr", Some(Role::Patient)),
            ("besuchnr", Some(Role::Encounter)),
            ("fallnummer", Some(Role::Encounter)),
            ("messdatum", Some(Role::Time)),
            ("Diagnose_Sicherheit", Some(Role::Certainty)),
            ("telefonnr", Some(Role::Phone)),
            ("candidate", Some(Role::Time)),
            ("station", Some(Role::Department)),
            ("患者番号", Some(Role::Patient)),
            ("氏名", Some(Role::FullName)),
            ("生年月日", Some(Role::Birth)),
            ("性別", Some(Role::Sex)),
            ("入院日", Some(Role::Start)),
            ("退院日", Some(Role::End)),
            ("来院日時", Some(Role::Start)),
            ("受診番号", Some(Role::Encounter)),
            ("検査名", Some(Role::Label)),
            ("検査日", Some(Role::Time)),
            ("結果", Some(Role::Value)),
            ("単位", Some(Role::Unit)),
            ("基準値", Some(Role::RangeText)),
            ("N° patient", Some(Role::Patient)),
            ("Nom de naissance", Some(Role::FamilyName)),
            ("Prénom", Some(Role::GivenName)),
            ("Date de naissance", Some(Role::Birth)),
            ("Date d'entrée", Some(Role::Start)),
            ("Date de sortie", Some(Role::End)),
            ("Résultat", Some(Role::Value)),
            ("Unité", Some(Role::Unit)),
            ("Libellé", Some(Role::Label)),
            ("fecha_nacimiento", Some(Role::Birth)),
            ("apellido", Some(Role::FamilyName)),
            ("sexo", Some(Role::Sex)),
            ("fecha_ingreso", Some(Role::Start)),
            ("fecha_alta", Some(Role::End)),
            ("resultado", Some(Role::Value)),
            ("ID_ATENDIMENTO", Some(Role::Encounter)),
            ("ID_PACIENTE", Some(Role::Patient)),
            ("DT_NASC", Some(Role::Birth)),
            ("DATA_NASCIMENTO", Some(Role::Birth)),
            ("DT_ENTRADA", Some(Role::Start)),
            ("DT_SAIDA", Some(Role::End)),
            ("UNIDADE", Some(Role::Unit)),
            ("NM_PACIENTE", Some(Role::FullName)),
            ("CD_EXAME", Some(Role::Code)),
            ("TP_ATENDIMENTO", Some(Role::Class)),
            ("BRID", Some(Role::Patient)),
            ("XM", Some(Role::FullName)),
            ("XB", Some(Role::Sex)),
            ("CSRQ", Some(Role::Birth)),
            ("ZYH", Some(Role::Encounter)),
            ("RYRQ", Some(Role::Start)),
            ("CYRQ", Some(Role::End)),
            ("XMMC", Some(Role::Label)),
            ("JG", Some(Role::Value)),
            ("DW", Some(Role::Unit)),
            ("CKZ", Some(Role::RangeText)),
            ("dw_date", Some(Role::Time)),
            ("admission_id", Some(Role::Encounter)),
            ("unité de dose", Some(Role::DoseUnit)),
            ("geboortedatum", Some(Role::Birth)),
            ("opnamedatum", Some(Role::Start)),
            ("uitslag", Some(Role::Value)),
            ("data_urodzenia", Some(Role::Birth)),
            ("nr_pacjenta", Some(Role::Patient)),
            ("födelsedatum", Some(Role::Birth)),
            ("DOĞUM TARİHİ", Some(Role::Birth)),
            ("xq17", None),
        ] {
            assert_eq!(role_of(name), role, "{name}");
        }
        assert!(
            is_id("labid")
                && is_id("就诊号")
                && is_id("ROW_ID")
                && is_id("id_esame")
                && !is_id("value")
                && !is_id("aid")
        );
    }

    #[test]
    fn a_name_says_the_same_however_it_is_written() {
        for (names, role) in [
            (["GebDatum", "GEB_DATUM", "gebdatum", "geb-datum", "Geb Datum"], Role::Birth),
            (["PatNr", "PAT_NR", "patnr", "pat.nr", "Pat-Nr."], Role::Patient),
            (["BesuchNr", "BESUCH_NR", "besuchnr", "besuch-nr", "Besuch Nr"], Role::Encounter),
            (["AdmitDate", "ADMIT_DATE", "admitdate", "admit-date", "admit date"], Role::Start),
            (["LastName", "LAST_NAME", "lastname", "last-name", "last name"], Role::FamilyName),
            (["EndeDatum", "ENDE_DATUM", "endedatum", "ende-datum", "Ende Datum"], Role::End),
            (["PhoneNumber", "PHONE_NUMBER", "phonenumber", "phone-number", "phone number"], Role::Phone),
        ] {
            for name in names {
                assert_eq!(role_of(name), Some(role), "{name}");
            }
        }
        assert!(
            ["PatNr", "patnr", "BESUCHNR", "patientennummer", "fall_nr"].iter().all(|name| is_id(&name.to_lowercase()))
        );
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
