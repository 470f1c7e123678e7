//! Whether two records of people that share a number can be of one person.
//!
//! A number may be a placeholder that a sender writes where it has none, or be typed wrong. One fact that differs is a correction
//! mostly; where two of birth date, sex and name differ, the two are not put together: who comes second has the number under a system
//! by which nobody is found, so that it goes on to find the one who had it first.

use fhir::json::Tree;
use fhir::placeholder::is_placeholder;

/// What is appended to the system of a number that another person has here: nobody is found by it.
pub(crate) const CONTESTED: &str = "#contested";

/// Dates that stand in the place of a date of birth: the first or last of a calendar or a database.
const NO_BIRTHS: [&str; 6] = ["0001-01-01", "1753-01-01", "1800-01-01", "1900-01-01", "1901-01-01", "9999-12-31"];

/// What is told of someone whose number another person has here.
pub(crate) fn kept_apart(number: &str, differ: &[&str]) -> String {
    format!(
        "the number {number} is that of another person here ({} differ): both are kept apart, and the number goes on to find the one \
         who had it first",
        differ.join(" and ")
    )
}

/// What stands for a person who is kept apart, known by `full_url`: the same person is known by the same later.
pub(crate) fn apart(full_url: &str, person: &Tree) -> String {
    let told = |name: &str| text(person, name).unwrap_or_default();
    format!("{full_url} born {}, {}", told("birthDate"), told("gender"))
}

/// A number (system and value) that another person has here stays with `patient`, but finds nobody.
pub(crate) fn mark_contested(patient: &mut Tree, is_contested: impl Fn(&str, &str) -> bool) {
    let Some(Tree::Array(identifiers)) = patient.get_mut("identifier") else { return };
    for identifier in identifiers {
        let (Some(system), Some(value)) = (text(identifier, "system"), text(identifier, "value")) else { continue };
        if is_contested(system, value) {
            let system = format!("{system}{CONTESTED}");
            identifier.set("system", system);
        }
    }
}

/// What differs in two records of people, if it is too much for one person: two or three of `birth date`, `sex`, `name`.
/// What one of them does not say differs from nothing.
pub(crate) fn contradictions(one: &Tree, other: &Tree) -> Vec<&'static str> {
    let mut differ = Vec::new();
    let born = |of| text(of, "birthDate").filter(|date| !NO_BIRTHS.contains(date));
    if let (Some(one), Some(other)) = (born(one), born(other))
        && !one.starts_with(other)
        && !other.starts_with(one)
    {
        differ.push("birth date");
    }
    let sex = |of| text(of, "gender").filter(|sex| matches!(*sex, "male" | "female"));
    if let (Some(one), Some(other)) = (sex(one), sex(other))
        && one != other
    {
        differ.push("sex");
    }
    if names_differ(one, other) {
        differ.push("name");
    }
    if differ.len() < 2 {
        differ.clear();
    }
    differ
}

fn text<'t>(of: &'t Tree, name: &str) -> Option<&'t str> {
    of.get(name).and_then(Tree::as_str)
}

/// Whether both have names in one script, and no part of one is a part of the other.
fn names_differ(one: &Tree, other: &Tree) -> bool {
    let (one, other) = (parts(one), parts(other));
    let comparable = one.iter().any(|part| other.iter().any(|other| script(part) == script(other)));
    comparable && !one.iter().any(|part| other.contains(part))
}

/// Which script a part is written in, by its first character: Latin, Kana, Han, or a block of others.
fn script(part: &str) -> u32 {
    match part.chars().next().map_or(0, u32::from) {
        0..0x250 => 0,
        0x3040..0x3100 => 1,
        0x3400..0xa000 | 0x2_0000.. => 2,
        other => 3 + (other >> 8),
    }
}

/// Family and given names and the words of whole names, in small letters. A whole name that is not written in words is one part.
fn parts(of: &Tree) -> Vec<String> {
    let mut parts = Vec::new();
    for name in of.get("name").map_or(&[][..], Tree::items) {
        let given = name.get("given").map_or(&[][..], Tree::items).iter().filter_map(Tree::as_str);
        // What is written without spaces stands whole in one record, and in its parts in another.
        let whole = [text(name, "family").map(str::to_owned), Some(given.clone().collect::<String>())];
        let whole = whole.into_iter().flatten().collect::<String>();
        if script(&whole) > 0 && !is_placeholder(None, &whole) {
            parts.push(whole);
        }
        for text in given.chain(text(name, "family")).chain(text(name, "text")) {
            parts.extend(
                text.split([' ', ',', '-', '\u{3000}', '·'])
                    .filter(|part| !is_placeholder(None, part))
                    .map(str::to_lowercase),
            );
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::contradictions;
    use fhir::json::{Document, Tree};

    fn differ(one: &str, other: &str) -> Vec<&'static str> {
        let tree = |text: &str| Tree::from(Document::parse(text.as_bytes()).expect("is JSON").root());
        contradictions(&tree(one), &tree(other))
    }

    #[test]
    fn one_fact_may_be_corrected_and_two_make_another_person() {
        let ada = r#"{"birthDate":"1980-01-02","gender":"female","name":[{"text":"Ada Lovelace"}]}"#;
        assert!(differ(ada, ada).is_empty());
        assert!(
            differ(ada, r#"{"birthDate":"1980-02-01","gender":"female","name":[{"family":"Lovelace"}]}"#).is_empty()
        );
        assert!(
            differ(ada, r#"{"birthDate":"1980","gender":"male","name":[{"family":"Byron","given":["Ada"]}]}"#)
                .is_empty()
        );
        assert_eq!(differ(ada, r#"{"birthDate":"1950-06-11","gender":"male"}"#), ["birth date", "sex"]);
        assert_eq!(
            differ(ada, r#"{"birthDate":"1950-06-11","gender":"female","name":[{"text":"Eve Smith"}]}"#),
            ["birth date", "name"]
        );
    }

    #[test]
    fn what_is_not_said_or_written_in_another_script_differs_from_nothing() {
        let zhang = r#"{"birthDate":"1950-06-11","gender":"male","name":[{"text":"张三"}]}"#;
        assert!(differ(zhang, r#"{"birthDate":"1951-06-11","name":[{"text":"Zhang San"}]}"#).is_empty());
        assert!(differ(zhang, r#"{"birthDate":"1951-06-11","gender":"unknown"}"#).is_empty());
        // Nor what stands in the place of a name or a date.
        assert!(differ(zhang, r#"{"birthDate":"1900-01-01","gender":"female","name":[{"text":"无"}]}"#).is_empty());
        let ada = r#"{"birthDate":"1980-01-02","gender":"female","name":[{"text":"Ada Lovelace"}]}"#;
        assert!(differ(ada, r#"{"birthDate":"1980-02-01","name":[{"family":"UNKNOWN","given":["Test"]}]}"#).is_empty());
        assert!(differ(zhang, r#"{"birthDate":"1951-06-11","name":[{"family":"张","given":["三"]}]}"#).is_empty());
        assert_eq!(differ(zhang, r#"{"birthDate":"1951-06-11","name":[{"text":"李四"}]}"#), ["birth date", "name"]);
    }
}
