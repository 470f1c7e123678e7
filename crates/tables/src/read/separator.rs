//! What stands between cells, if nobody said: proposed by the file's name and its first line.

/// What is looked for, the more usual first.
const CANDIDATES: &[&str] = &[",", "\t", ";", "|", "^", "\u{1}", "\u{1f}", "~", "\u{a6}"];

/// What the end of a name says.
fn of_extension(extension: &str) -> Option<&'static str> {
    match extension {
        "csv" => Some(","),
        "tsv" | "tab" => Some("\t"),
        "psv" => Some("|"),
        "ssv" => Some(";"),
        _ => None,
    }
}

/// The separator that a first line `sep=;` declares, as Excel writes it.
pub(super) fn declared(first_line: &str) -> Option<&str> {
    let (name, separator) = first_line.trim_end_matches('\r').split_once('=')?;
    let is_one = name.trim_matches('"').eq_ignore_ascii_case("sep") && separator.chars().count() == 1;
    is_one.then_some(separator)
}

/// The separator of a file, and a sentence if its name alone does not say so.
pub(super) fn propose(extension: &str, first_line: &str, quote: Option<u8>) -> (&'static str, Option<String>) {
    let named = of_extension(extension);
    let count = |candidate: &str| outside_quotes(first_line, candidate, quote);
    if let Some(named) = named.filter(|named| count(named) > 0) {
        return (named, None);
    }
    // The one that is there most often; of two as often, the more usual.
    let best = CANDIDATES.iter().map(|candidate| (count(candidate), *candidate)).rev().max_by_key(|(count, _)| *count);
    match best {
        Some((count, separator)) if count > 0 => {
            let shown = separator.escape_debug();
            (
                separator,
                Some(format!(
                    "cells are cut at \"{shown}\", which its first line has {count} times; declare `separator` if that is wrong"
                )),
            )
        }
        _ => {
            let separator = named.unwrap_or(",");
            (separator, Some("its first line has one cell; declare `separator` if that is wrong".to_owned()))
        }
    }
}

/// How often something is in a line, what is between quotes left out.
fn outside_quotes(line: &str, what: &str, quote: Option<u8>) -> usize {
    match quote {
        Some(quote) => line.split(char::from(quote)).step_by(2).map(|part| part.matches(what).count()).sum(),
        None => line.matches(what).count(),
    }
}
