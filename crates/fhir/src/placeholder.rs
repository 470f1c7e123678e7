//! Numbers that stand in the place of a number: what people type where they must and do not know.

/// The system of social security numbers.
const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";
/// The same as an OID.
const SSN_OID: &str = "urn:oid:2.16.840.1.113883.4.1";

/// Words for "there is none", as capitals and digits alone.
const WORDS: [&str; 43] = [
    "ANONYMOUS",
    "ASKU",
    "DECEASED",
    "DEFAULT",
    "DUMMY",
    "EMPTY",
    "INVALID",
    "MISSING",
    "MSK",
    "NA",
    "NASK",
    "NAV",
    "NI",
    "NIL",
    "NONE",
    "NOTAPPLICABLE",
    "NOTASSIGNED",
    "NOTAVAILABLE",
    "NOTKNOWN",
    "NOTPROVIDED",
    "NULL",
    "OTH",
    "PENDING",
    "REFUSED",
    "SAMPLE",
    "TBD",
    "TEMP",
    "TEST",
    "UNASSIGNED",
    "UNK",
    "UNKNOWN",
    "UNBEKANNT",
    "KEINE",
    "INCONNU",
    "无",
    "暂无",
    "没有",
    "不详",
    "未知",
    "未提供",
    "不明",
    "なし",
    "空",
];

/// Social security numbers that were printed for everyone to see.
const PUBLIC: [&str; 4] = ["078051120", "123456789", "219099999", "457555462"];

/// True if an identifier's value cannot tell one thing from another: nothing but noughts, `9999`, `111111`, `XXX`, a word such as
/// `UNKNOWN`, `N/A` or `无`; a number whose digits are hidden (`***`); and as a social security number, what was never given out (000, 666 and 900-999 first, 00 in the middle, 0000
/// last) or stands in every leaflet (123-45-6789).
///
/// ```
/// use fhir::placeholder::is_placeholder;
/// assert!(is_placeholder(None, "UNKNOWN") && is_placeholder(None, "n/a") && is_placeholder(None, "0000"));
/// let ssn = Some("http://hl7.org/fhir/sid/us-ssn");
/// assert!(is_placeholder(ssn, "999-99-9999") && !is_placeholder(ssn, "123-45-6780"));
/// assert!(!is_placeholder(None, "77"));
/// ```
pub fn is_placeholder(system: Option<&str>, value: &str) -> bool {
    if value.contains(['*', '＊']) {
        return true;
    }
    let bare: String = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let Some(first) = bare.chars().next() else { return true };
    if bare.chars().all(|c| c == first) {
        // A small house has a patient 7 and a patient 77.
        let least = match first {
            '0' => 1,
            'X' => 2,
            '9' => 4,
            _ if first.is_ascii_digit() => 6,
            _ => usize::MAX,
        };
        if bare.len() >= least {
            return true;
        }
    }
    if WORDS.contains(&bare.as_str()) {
        return true;
    }
    matches!(system, Some(SSN | SSN_OID)) && is_no_social_security_number(&bare)
}

/// True of nine digits that were given to nobody; other lengths (the last four alone, a local number) are not judged.
fn is_no_social_security_number(bare: &str) -> bool {
    if bare.len() != 9 || !bare.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let (area, group, serial) = (&bare[..3], &bare[3..5], &bare[5..]);
    matches!(area, "000" | "666")
        || area.starts_with('9')
        || group == "00"
        || serial == "0000"
        || PUBLIC.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::{SSN, SSN_OID, is_placeholder};

    #[test]
    fn what_nobody_was_given_identifies_nobody() {
        for value in [
            "0",
            "000",
            "9999",
            "111111",
            "unknown",
            "Unk",
            "N/A",
            "none",
            "TEST",
            "xxx",
            "  ",
            "-",
            "UN-KNOWN",
            "无",
            "未知",
            "**************002X",
            "not known",
        ] {
            assert!(is_placeholder(None, value), "{value}");
        }
        for value in [
            "999-99-9999",
            "000-00-0000",
            "000-12-3456",
            "666123456",
            "987-65-4321",
            "123-45-6789",
            "123-00-4567",
            "123-45-0000",
        ] {
            assert!(is_placeholder(Some(SSN), value) && is_placeholder(Some(SSN_OID), value), "{value}");
        }
    }

    #[test]
    fn what_a_house_gives_is_a_number() {
        for value in
            ["1", "77", "999", "11111", "PTA1", "A0", "TESTER", "123456789", "987-65-4321", "0001", "AAAAAA", "患者一"]
        {
            assert!(!is_placeholder(None, value), "{value}");
        }
        for value in ["123-45-6780", "6789", "457-55-5463"] {
            assert!(!is_placeholder(Some(SSN), value), "{value}");
        }
    }
}
