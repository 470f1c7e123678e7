//! What values say by themselves, in English, German, French and Chinese: a sex, a kind of visit, a flag, how sure a diagnosis is.
//!
//! Only what can mean one thing is known: the rest is for a person.

/// The sex that a spelling is.
pub(super) fn sex_of(value: &str) -> Option<&'static str> {
    match value.trim().to_lowercase().as_str() {
        "m" | "male" | "man" | "男" | "男性" | "masculin" | "männlich" | "homme" => Some("male"),
        "f" | "female" | "woman" | "w" | "女" | "女性" | "féminin" | "weiblich" | "femme" => Some("female"),
        _ => None,
    }
}

/// The class of a visit that a word is.
pub(super) fn class_of(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    Some(match lower.as_str() {
        "i" | "imp" | "ip" | "inp" | "stat." => "IMP",
        "o" | "op" | "amb" | "amb." | "outp" => "AMB",
        "e" | "er" | "ed" | "emer" => "EMER",
        "acute" => "ACUTE",
        "nonac" => "NONAC",
        "prenc" => "PRENC",
        "obsenc" => "OBSENC",
        "ss" => "SS",
        "hh" => "HH",
        "vr" => "VR",
        "fld" => "FLD",
        // Before and after a stay: no class says that.
        _ if has(&["vorstat", "nachstat"]) => return None,
        _ if has(&["teilstat", "tagesklinik"]) => "SS",
        _ if has(&["emergency", "急诊", "urgences", "notfall", "notaufnahme"]) || lower == "ew emer." => "EMER",
        _ if has(&["inpatient", "hospitali", "住院", "stationär", "stationaer"]) => "IMP",
        _ if has(&[
            "outpatient",
            "ambulatory",
            "门诊",
            "wellness",
            "walk-in",
            "urgentcare",
            "urgent care",
            "office",
            "ambulant",
        ]) =>
        {
            "AMB"
        }
        _ if has(&["home", "居家"]) => "HH",
        _ if has(&["virtual", "telehealth", "互联网"]) => "VR",
        _ if has(&["observation", "留观"]) => "OBSENC",
        _ if has(&["day surgery", "short stay", "日间"]) => "SS",
        _ => return None,
    })
}

/// The interpretation that a flag is.
pub(super) fn flag_of(value: &str) -> Option<&'static str> {
    Some(match value.trim().to_lowercase().as_str() {
        "h" | "↑" | "high" | "高" | "偏高" | "升高" => "H",
        "l" | "↓" | "low" | "低" | "偏低" | "降低" => "L",
        "hh" | "↑↑" | "critical high" => "HH",
        "ll" | "↓↓" | "critical low" => "LL",
        "n" | "normal" | "正常" => "N",
        "a" | "abnormal" | "异常" | "*" => "A",
        "aa" | "critical" | "危急" => "AA",
        "pos" | "positive" | "阳性" => "POS",
        "neg" | "negative" | "阴性" => "NEG",
        _ => return None,
    })
}

/// The verification status that a word for how sure a diagnosis is means. A state after a disease is none: it says that it is over.
pub(super) fn certainty_of(value: &str) -> Option<&'static str> {
    let lower = value.trim().to_lowercase();
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "confirmed" | "gesichert" | "g" | "ges" | "definite" | "certain" | "确诊" | "确定" | "已确诊" => {
            "confirmed"
        }
        "provisional" | "suspected" | "suspicion" | "working" | "presumed" | "probable" | "va" | "v" | "verdacht"
        | "verdachtauf" | "verdachtsdiagnose" | "vd" | "疑似" | "疑诊" | "拟诊" | "待查" | "可疑" => {
            "provisional"
        }
        "differential" | "differentialdiagnose" | "dd" | "鉴别" | "鉴别诊断" => "differential",
        "refuted" | "ruledout" | "excluded" | "ausgeschlossen" | "ausschluss" | "a" | "排除" | "已排除" => {
            "refuted"
        }
        "unconfirmed" | "unbestätigt" | "ungesichert" | "未确诊" | "未确认" => "unconfirmed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_hospitals_are_understood_and_others_left() {
        for (value, class) in [
            ("ambulant", Some("AMB")),
            ("Stationär", Some("IMP")),
            ("Notfall", Some("EMER")),
            ("teilstationär", Some("SS")),
            ("vorstationär", None),
            ("inpatient", Some("IMP")),
            ("Outpatient", Some("AMB")),
            ("门诊", Some("AMB")),
            ("住院", Some("IMP")),
            ("急诊", Some("EMER")),
            ("AMB", Some("AMB")),
            ("EMER", Some("EMER")),
            ("privat", None),
        ] {
            assert_eq!(class_of(value), class, "{value}");
        }
        for (value, certainty) in [
            ("gesichert", Some("confirmed")),
            ("V.a.", Some("provisional")),
            ("Z.n.", None),
            ("ausgeschlossen", Some("refuted")),
            ("疑似", Some("provisional")),
            ("确诊", Some("confirmed")),
            ("links", None),
        ] {
            assert_eq!(certainty_of(value), certainty, "{value}");
        }
    }
}
