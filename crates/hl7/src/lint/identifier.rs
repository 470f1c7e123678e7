//! Numbers and who gave them: check digits, assigning authorities, names of people.

use super::datatype::TYPES;
use super::finding::{Finding, Rule, Severity};
use crate::message::{Message, Repeat, Segment, Value};

/// Compares a check digit with what its scheme (table 0061) makes of the number. `at` are the components of number, digit and scheme.
pub(super) fn check_digit(repeat: Repeat<'_>, at: [u16; 3], found: &mut Vec<Finding>) {
    let [number, digit, scheme] = at.map(|at| repeat.component(at));
    if !number.has_value() || !digit.has_value() {
        return;
    }
    let (number, given, scheme) = (number.text(), digit.text(), scheme.text().trim().to_ascii_uppercase());
    let Some(right) = expected_digit(number.trim(), &scheme) else { return };
    if right != given.trim() {
        let text = format!("the check digit is {:?}, and {scheme} makes {right} of the number", given.trim());
        let advice = "look whether the number was typed wrong, or the scheme is another one";
        let value = *digit;
        found.push(Finding { source: TYPES, ..Finding::at(Severity::Warning, Rule::Identifier, value, text, advice) });
    }
}

/// The check digit of a number: Mod 10, Mod 11 (HL7 v2, chapter 2A, CX.3) and that of US provider numbers (Mod 10 behind 80840).
/// `None` for other schemes, for a number that is not of digits alone, and where Mod 11 gives none.
fn expected_digit(number: &str, scheme: &str) -> Option<String> {
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = |text: &str| text.bytes().rev().map(|b| u32::from(b - b'0')).collect::<Vec<u32>>();
    let mod_10 = |text: &str| {
        let sum: u32 = digits(text)
            .into_iter()
            .enumerate()
            .map(|(at, digit)| {
                let doubled = if at % 2 == 0 { digit * 2 } else { digit };
                doubled / 10 + doubled % 10
            })
            .sum();
        ((10 - sum % 10) % 10).to_string()
    };
    match scheme {
        "M10" | "BCV" => Some(mod_10(number)),
        "NPI" => Some(mod_10(&format!("80840{number}"))),
        "M11" => {
            let sum: u32 = digits(number).into_iter().zip((2..=7).cycle()).map(|(digit, weight)| digit * weight).sum();
            match 11 - sum % 11 {
                // Such numbers are not given out.
                10 => None,
                11 => Some("0".to_owned()),
                digit => Some(digit.to_string()),
            }
        }
        _ => None,
    }
}

/// Checks an assigning authority: name, universal id, its type.
pub(super) fn check_authority(parts: [Value<'_>; 3], found: &mut Vec<Finding>) {
    let [_, id, kind] = parts;
    let kind_text = kind.text().trim().to_ascii_uppercase();
    let id_text = id.text().trim().to_owned();
    let mut tell = |severity, value: Value<'_>, text: String, advice: &str| {
        found.push(Finding { source: TYPES, ..Finding::at(severity, Rule::Identifier, value, text, advice) });
    };
    if id.has_value() && !kind.has_value() {
        let advice = "have the sender say of which type it is: ISO for an OID, UUID, URI, DNS";
        tell(Severity::Note, id, format!("{id_text:?} is a universal id without its type"), advice);
    } else if kind.has_value() && !id.has_value() {
        tell(
            Severity::Warning,
            kind,
            format!("{kind_text} is the type of a universal id that is not given"),
            "have the sender give the id",
        );
    } else if kind_text == "ISO" && id.has_value() && !is_oid(&id_text) {
        let advice = "an OID is of numbers with points between, as in 2.16.840.1.113883";
        tell(Severity::Warning, id, format!("{id_text:?} is said to be an OID (ISO) and is none"), advice);
    }
    if kind.has_value() && super::codes::stranger(301, &kind_text).is_some() {
        let advice = format!("have the sender use one of {}", super::codes::some(301));
        let text = format!("{kind_text:?} is not of HL7's table 0301");
        let finding = Finding::at(Severity::Warning, Rule::Code, kind, text, advice);
        found.push(Finding { source: super::datatype::TABLES, ..finding });
    }
}

fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    matches!(arcs.next(), Some("0" | "1" | "2"))
        && text.contains('.')
        && arcs.all(|arc| {
            !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
        })
}

/// Fields by which someone or something is found: with their numbers, whether an authority is needed that much.
const FINDING: [(&str, u16, Severity); 7] = [
    ("PID", 3, Severity::Warning),
    ("MRG", 1, Severity::Warning),
    ("PID", 18, Severity::Note),
    ("PV1", 19, Severity::Note),
    ("MRG", 3, Severity::Note),
    ("MRG", 5, Severity::Note),
    ("PV1", 50, Severity::Note),
];

/// Numbers without whoever gave them, and names in one piece.
pub(super) fn check(message: &Message<'_>, found: &mut Vec<Finding>) {
    for segment in message.all() {
        for (_, number, severity) in FINDING.iter().filter(|(id, ..)| segment.is(id)) {
            for repeat in segment.field(*number).repeats().filter(|repeat| repeat.has_value()) {
                check_number(repeat, *severity, found);
            }
        }
        if segment.is("PID") || segment.is("NK1") {
            check_names(segment, if segment.is("PID") { 5 } else { 2 }, found);
        }
    }
}

fn check_number(repeat: Repeat<'_>, severity: Severity, found: &mut Vec<Finding>) {
    let number = repeat.component(1);
    if !number.has_value() {
        let advice = "have the sender give the number, or leave the whole out";
        let finding =
            Finding::at(Severity::Warning, Rule::Identifier, *repeat, "there is no number in it".into(), advice);
        found.push(Finding { source: TYPES, ..finding });
        return;
    }
    // Numbers of these types say by themselves who gives them.
    let kind = repeat.component(5).text().trim().to_ascii_uppercase();
    if repeat.component(4).has_value() || matches!(kind.as_str(), "SS" | "NPI" | "MC") {
        return;
    }
    let text = "nobody is named who gave this number (CX.4): it is the sender's own".to_owned();
    let advice = "have the sender name the assigning authority, so that others' equal numbers are told from it";
    found.push(Finding { source: TYPES, ..Finding::at(severity, Rule::Identifier, *repeat, text, advice) });
}

fn check_names(segment: Segment<'_>, number: u16, found: &mut Vec<Finding>) {
    for repeat in segment.field(number).repeats().filter(|repeat| repeat.has_value()) {
        let (family, given) = (repeat.component(1), repeat.component(2));
        let text = family.text();
        if !given.has_value() && text.contains(',') {
            let advice = "have the sender put the given name into the second component";
            let text = "the whole name stands in the family name".to_owned();
            let finding = Finding::at(Severity::Warning, Rule::DataType, *family, text, advice);
            found.push(Finding { source: TYPES, ..finding });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standard_s_examples() {
        let digit = |number, scheme| expected_digit(number, scheme);
        assert_eq!(digit("12345", "M10").as_deref(), Some("5"));
        assert_eq!(digit("1234567", "M11").as_deref(), Some("4"));
        assert_eq!(digit("123456789", "NPI").as_deref(), Some("3"));
        assert_eq!((digit("PATID1234", "M11"), digit("12", "ISO"), digit("", "M10")), (None, None, None));
    }

    #[test]
    fn an_oid_is_of_numbers_with_points_between() {
        assert!(is_oid("2.16.840.1.113883") && is_oid("1.2.0.3"));
        assert!(!is_oid("1.Edu") && !is_oid("2") && !is_oid("9.8") && !is_oid("2.16.") && !is_oid("1.2.03"));
    }
}
