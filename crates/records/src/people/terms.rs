//! What a patient is found by: the words that a `Patient` resource gives to the index.

use fhir::json::Node;
use fhir::search::fold;
use identity::{Date, is_han, letters, readings};

/// What a term is made of; it decides how it is compared and how much a match says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// One word of a name.
    Name,
    /// A whole name run together, in both orders.
    Whole,
    /// A name in Chinese characters.
    Han,
    /// Its pinyin run together, whole and from each later syllable on.
    Pinyin,
    /// First letters, in both orders.
    Initials,
    /// An identifier's letters and digits.
    Identifier,
    /// A telephone number's digits.
    Phone,
    /// The logical id.
    Id,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) kind: Kind,
    /// Folded.
    pub(crate) text: Box<str>,
    /// Its letters as a set.
    pub(crate) letters: u32,
}

/// What the index holds of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) terms: Box<[Term]>,
    pub(crate) born: Option<Date>,
    /// The record was merged into another.
    pub(crate) replaced: bool,
}

/// Words of a text: folded, without signs; digits that a generator hung on a name dropped.
pub(crate) fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| c.is_whitespace() || ",;/-‐–()（），、·•".contains(c))
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
        .map(|word| {
            let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
            if bare.chars().any(char::is_alphabetic) && bare.len() >= 2 { bare.to_owned() } else { word }
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Letters and digits alone, folded: how identifiers are compared.
pub(crate) fn alphanumeric(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The terms of a `Patient`.
pub(crate) fn terms(patient: Node<'_>) -> Entry {
    let mut out = Collector::default();
    let each = |name: &str| patient.get(name).into_iter().flat_map(Node::each);
    if let Some(id) = text(patient, "id") {
        out.add(Kind::Id, &id.to_lowercase());
    }
    for name in each("name") {
        out.name(name);
    }
    for identifier in each("identifier") {
        if let Some(value) = text(identifier, "value") {
            out.add(Kind::Identifier, &alphanumeric(&value));
        }
    }
    for telecom in each("telecom") {
        let is_number = telecom.get("system").is_none_or(|system| system.is_str("phone") || system.is_str("sms"));
        if let Some(value) = text(telecom, "value").filter(|_| is_number) {
            out.add(Kind::Phone, &value.chars().filter(char::is_ascii_digit).collect::<String>());
        }
    }
    let replaced = each("link").any(|link| link.get("type").is_some_and(|kind| kind.is_str("replaced-by")));
    let born = text(patient, "birthDate").and_then(|date| Date::parse(&date));
    Entry { terms: out.terms.into_boxed_slice(), born, replaced }
}

fn text(node: Node<'_>, name: &str) -> Option<String> {
    node.get(name)?.as_str().map(std::borrow::Cow::into_owned)
}

#[derive(Default)]
struct Collector {
    terms: Vec<Term>,
}

impl Collector {
    fn add(&mut self, kind: Kind, text: &str) {
        if !text.is_empty() && !self.terms.iter().any(|term| term.kind == kind && &*term.text == text) {
            self.terms.push(Term { kind, text: text.into(), letters: letters(text) });
        }
    }

    fn name(&mut self, name: Node<'_>) {
        let family = text(name, "family").unwrap_or_default();
        let given: Vec<String> = name
            .get("given")
            .into_iter()
            .flat_map(Node::each)
            .filter_map(|g| g.as_str().map(std::borrow::Cow::into_owned))
            .collect();
        let given = given.join(" ");
        let written = text(name, "text").unwrap_or_default();
        if family.is_empty() && given.is_empty() {
            self.latin("", &written);
            self.han(&written.chars().filter(|c| is_han(*c)).collect::<String>());
        } else {
            self.latin(&family, &given);
            self.han(&family.chars().chain(given.chars()).filter(|c| is_han(*c)).collect::<String>());
            // The text may say more than its parts: another script, a middle name.
            for word in words(&written).iter().filter(|word| !word.chars().any(is_han)) {
                self.add(Kind::Name, word);
            }
            self.han(&written.chars().filter(|c| is_han(*c)).collect::<String>());
        }
    }

    fn latin(&mut self, family: &str, given: &str) {
        let of = |text: &str| words(text).into_iter().filter(|word| !word.chars().any(is_han)).collect::<Vec<_>>();
        let (family, given) = (of(family), of(given));
        for word in family.iter().chain(&given) {
            self.add(Kind::Name, word);
        }
        if family.len() + given.len() < 2 {
            return;
        }
        let initials = |words: &[String]| words.iter().filter_map(|word| word.chars().next()).collect::<String>();
        let first_given = &given[..given.len().min(1)];
        for (one, other) in [(&family, &given), (&given, &family)] {
            self.add(Kind::Whole, &(one.concat() + &other.concat()));
            self.add(Kind::Initials, &(initials(one) + &initials(other)));
        }
        self.add(Kind::Whole, &(family.concat() + &first_given.concat()));
        self.add(Kind::Whole, &(first_given.concat() + &family.concat()));
        self.add(Kind::Initials, &(initials(&family) + &initials(first_given)));
        self.add(Kind::Initials, &(initials(first_given) + &initials(&family)));
    }

    fn han(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        self.add(Kind::Han, name);
        for syllables in readings(name) {
            for start in 0..syllables.len() {
                self.add(Kind::Pinyin, &syllables[start..].concat());
            }
            // Given name first, as it is written abroad; a family name has one character, seldom two.
            for family in 1..syllables.len().min(3) {
                self.add(Kind::Pinyin, &(syllables[family..].concat() + &syllables[..family].concat()));
            }
            let initials: String = syllables.iter().filter_map(|syllable| syllable.chars().next()).collect();
            self.add(Kind::Initials, &initials);
            if syllables.len() > 1 {
                self.add(Kind::Initials, &(initials[1..].to_owned() + &initials[..1]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    fn of(json: &str) -> Entry {
        terms(Document::parse(json.as_bytes()).unwrap().root())
    }

    fn texts(terms: &Entry, kind: Kind) -> Vec<&str> {
        terms.terms.iter().filter(|term| term.kind == kind).map(|term| &*term.text).collect()
    }

    #[test]
    fn a_western_name_is_found_by_its_words_whole_and_initials() {
        let patient =
            of(r#"{"resourceType":"Patient","id":"P1","name":[{"family":"O'Brien-Smith","given":["Zoë","Ann"]}]}"#);
        assert_eq!(texts(&patient, Kind::Name), ["obrien", "smith", "zoe", "ann"]);
        assert!(texts(&patient, Kind::Whole).contains(&"zoeobriensmith"));
        assert!(texts(&patient, Kind::Initials).contains(&"osza"));
        assert_eq!(texts(&patient, Kind::Id), ["p1"]);
    }

    #[test]
    fn a_chinese_name_is_found_by_pinyin_full_and_initials_in_both_orders() {
        let patient = of(r#"{"resourceType":"Patient","name":[{"text":"陈伟","family":"陈","given":["伟"]}]}"#);
        assert_eq!(texts(&patient, Kind::Han), ["陈伟"]);
        for wanted in ["chenwei", "wei", "weichen"] {
            assert!(texts(&patient, Kind::Pinyin).contains(&wanted), "{wanted}");
        }
        assert!(texts(&patient, Kind::Initials).contains(&"cw"));
    }

    #[test]
    fn names_with_several_readings_are_found_by_each() {
        let patient = of(r#"{"resourceType":"Patient","name":[{"text":"单吕"}]}"#);
        let pinyin = texts(&patient, Kind::Pinyin);
        for wanted in ["shanlv", "danlu", "shanlyu"] {
            assert!(pinyin.contains(&wanted), "{wanted} of {pinyin:?}");
        }
    }

    #[test]
    fn numbers_lose_their_signs_and_generated_names_their_digits() {
        let patient = of(r#"{"resourceType":"Patient","name":[{"family":"Abernathy524","given":["Bob1"]}],
                "identifier":[{"value":"129 728-7652"}],"telecom":[{"system":"phone","value":"+86 (10) 5555"},{"system":"email","value":"a@b"}],
                "link":[{"type":"replaced-by","other":{"reference":"Patient/2"}}],"birthDate":"1958-07"}"#);
        assert_eq!(texts(&patient, Kind::Name), ["abernathy", "bob"]);
        assert_eq!(texts(&patient, Kind::Identifier), ["1297287652"]);
        assert_eq!(texts(&patient, Kind::Phone), ["86105555"]);
        assert!(patient.replaced);
        assert_eq!(patient.born.unwrap().to_string(), "1958-07");
    }

    #[test]
    fn a_patient_without_anything_has_no_terms() {
        assert!(of(r#"{"resourceType":"Patient"}"#).terms.is_empty());
    }
}
