//! What can be done about rows that were not taken, and why a letter of one was closed. Letters keep both as they were written, in English: their
//! codes are found by their words.

use super::note::Said;
use serde_json::json;

/// Codes, and the words of each.
pub const HINTS: [(&str, &str); 4] = [
    (
        "mend-together",
        "put together with the record that has its identifier it is no FHIR: mend the mapping, or the record",
    ),
    ("mend-mapping", "what the mapping makes of these rows is no FHIR: mend it, and run it again"),
    ("next-pull", "correct it where it comes from, or say here what its cells are: the next pull takes it"),
    ("next-run", "mend the row at its source, the mapping, or its cells here; the next run takes it"),
];

/// Codes of why letters are closed without a person's word, and the words of each.
pub const CLOSED: [(&str, &str); 4] = [
    ("gone", "the row is not delivered any more as it was"),
    ("left-out", "the mapping passes the row over now"),
    ("no-target", "the mapping has no such target now"),
    ("otherwise", "the row is refused for another reason now"),
];

fn find(known: &[(&'static str, &'static str)], text: &str) -> Option<Said> {
    let (code, text) = known.iter().find(|(_, words)| *words == text)?;
    Some(Said::new(code, json!({}), (*text).to_owned()))
}

/// The hint of a letter, if it is one of these.
pub fn of(text: &str) -> Option<Said> {
    find(&HINTS, text)
}

/// Why a letter was closed, if it was no person who said so.
pub fn closed(reason: &str) -> Option<Said> {
    find(&CLOSED, reason)
}
