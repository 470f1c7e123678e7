//! Numbers that go with a person wherever they go: of a nation, of a passport, of a health service.

use crate::distance::distance;
use fhir::json::Tree;
use fhir::placeholder::is_placeholder;
use fhir::search::fold;

/// What gave a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// A citizen's identity number of China (GB 11643), told by its shape and check character.
    China,
    /// The social security administration of the United States.
    SocialSecurity,
    /// Another that gives one number to a person for life, by its system.
    National(String),
    /// One whose numbers are renewed: a passport, a licence.
    Renewed(String),
}

/// A number of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) issuer: Issuer,
    /// Letters and digits, folded.
    pub(crate) value: String,
}

/// Systems of social security numbers.
const SOCIAL_SECURITY: [&str; 2] = ["http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1"];
/// Systems of numbers for life that often come without a type: the NHS number, the Australian IHI, the Dutch BSN, the personal
/// numbers of Sweden, Norway, Denmark and Finland, the German insured's number, the French INS.
const FOR_LIFE: [&str; 10] = [
    "https://fhir.nhs.uk/Id/nhs-number",
    "urn:oid:2.16.840.1.113883.2.1.4.1",
    "http://ns.electronichealth.net.au/id/hi/ihi/1.0",
    "http://fhir.nl/fhir/NamingSystem/bsn",
    "urn:oid:1.2.752.129.2.1.3.1",
    "urn:oid:2.16.578.1.12.4.1.4.1",
    "urn:oid:1.2.208.176.1.2",
    "urn:oid:1.2.246.21",
    "http://fhir.de/sid/gkv/kvid-10",
    "urn:oid:1.2.250.1.213.1.4.8",
];

impl Number {
    /// Of a FHIR `Identifier`; `None` if it is no number of this kind, or stands in the place of one.
    pub(crate) fn of(identifier: &Tree) -> Option<Number> {
        let said = |name: &str| identifier.get(name).and_then(Tree::as_str);
        let (system, raw) = (said("system").unwrap_or_default(), said("value")?);
        if said("use") == Some("old") || is_placeholder(Some(system), raw) {
            return None;
        }
        let value: String = fold(raw).chars().filter(|c| c.is_alphanumeric()).collect();
        let codings = identifier.get("type").and_then(|kind| kind.get("coding")).map_or(&[][..], Tree::items);
        let codes: Vec<&str> = codings.iter().filter_map(|coding| coding.get("code")?.as_str()).collect();
        let has = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(code));
        let is_national = has(&["NI"]) || codes.iter().any(|code| code.len() == 5 && code.starts_with("NN"));
        // A house's own numbers may look like one; of the old form, which has no check, its type must say so.
        let is_typed_otherwise = !codes.is_empty() && !is_national;
        if let Some(value) = citizen(&value, is_national).filter(|_| !is_typed_otherwise) {
            return Some(Number { issuer: Issuer::China, value });
        }
        if SOCIAL_SECURITY.contains(&system) {
            return (value.len() == 9).then_some(Number { issuer: Issuer::SocialSecurity, value });
        }
        // HL7 table 0203.
        let issuer = if has(&["SS"]) && value.len() == 9 {
            Issuer::SocialSecurity
        } else if FOR_LIFE.contains(&system) || is_national || has(&["SS", "NH", "CZ", "TAX"]) {
            Issuer::National(system.to_owned())
        } else if has(&["PPN", "DL", "HC", "JHN", "MI", "MC", "MA"]) {
            Issuer::Renewed(system.to_owned())
        } else {
            return None;
        };
        (value.len() >= 5).then_some(Number { issuer, value })
    }

    /// True if it is for life, so that two different ones are of two people.
    pub(crate) fn is_for_life(&self) -> bool {
        !matches!(self.issuer, Issuer::Renewed(_))
    }

    /// True if `other` is this with one digit wrong, or two swapped.
    pub(crate) fn is_slip_of(&self, other: &Number) -> bool {
        self.value.len() >= 6 && self.value != other.value && distance(&self.value, &other.value, 1).is_some()
    }
}

/// Eighteen characters of a citizen's number whose check is right, or the same made of fifteen of the old form; `None` of all else.
fn citizen(value: &str, may_be_old: bool) -> Option<String> {
    if !value.is_ascii() {
        return None;
    }
    let value = value.to_ascii_uppercase();
    let whole = match value.len() {
        15 if may_be_old && value.bytes().all(|b| b.is_ascii_digit()) => {
            let longer = format!("{}19{}", &value[..6], &value[6..]);
            format!("{longer}{}", check_of(&longer)?)
        }
        18 => value,
        _ => return None,
    };
    let (month, day) = (whole.get(10..12)?.parse::<u8>().ok()?, whole.get(12..14)?.parse::<u8>().ok()?);
    let century = whole.get(6..8)?;
    let is_date = matches!(century, "18" | "19" | "20") && (1..=12).contains(&month) && (1..=31).contains(&day);
    (is_date && check_of(&whole[..17])? == whole.chars().last()?).then_some(whole)
}

/// The check character of seventeen digits (ISO 7064 MOD 11-2, as GB 11643 takes it).
fn check_of(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (digit, weight) in digits.chars().zip(WEIGHTS) {
        sum += digit.to_digit(10)? * weight;
    }
    "10X98765432".chars().nth((sum % 11) as usize)
}

#[cfg(test)]
mod tests {
    use super::{Issuer, Number};
    use fhir::json::{Document, Tree};

    fn number(json: &str) -> Option<Number> {
        Number::of(&Tree::from(Document::parse(json.as_bytes()).unwrap().root()))
    }

    #[test]
    fn a_citizens_number_is_known_by_its_shape_and_its_old_form_is_the_same() {
        let long = number(r#"{"value":"11010519491231002X"}"#).unwrap();
        assert_eq!(long.issuer, Issuer::China);
        assert_eq!(number(r#"{"type":{"coding":[{"code":"NI"}]},"value":"110105491231002"}"#).unwrap(), long);
        // A house's own number, one without a check, one whose bytes only are as many.
        assert_eq!(number(r#"{"value":"110105491231002"}"#), None);
        assert_eq!(number(r#"{"type":{"coding":[{"code":"MR"}]},"value":"11010519491231002X"}"#), None);
        assert_eq!(number(r#"{"value":"110105198001010号"}"#), None);
        // The check is wrong, or the date.
        assert_eq!(number(r#"{"value":"110105194912310021"}"#), None);
        assert_eq!(number(r#"{"value":"123456789012345"}"#), None);
    }

    #[test]
    fn what_a_number_is_says_its_type_or_its_system() {
        let ssn = number(r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123-45-6780"}"#).unwrap();
        assert_eq!((ssn.issuer.clone(), ssn.value.as_str()), (Issuer::SocialSecurity, "123456780"));
        assert_eq!(number(r#"{"type":{"coding":[{"code":"SS"}]},"system":"urn:x","value":"123456780"}"#), Some(ssn));
        let passport = number(r#"{"type":{"coding":[{"code":"PPN"}]},"system":"urn:p","value":"X123456"}"#).unwrap();
        assert!(!passport.is_for_life());
        for other in [
            r#"{"type":{"coding":[{"code":"MR"}]},"system":"urn:x","value":"123456789"}"#,
            r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-99-9999"}"#,
            r#"{"type":{"coding":[{"code":"NI"}]},"use":"old","value":"123456789"}"#,
        ] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
