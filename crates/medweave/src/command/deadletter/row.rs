//! A row as a person corrects it: its cells and a reason, as JSON.

use crate::failure::Failure;
use serde_json::{Map, Value, json};
use tables::read::Charset;

/// What stands before a line that is for whoever edits, and is not kept.
const NOTE: char = '#';
/// Bytes of a row that are shown above its cells.
const SHOWN_BYTES: usize = 4 << 10;

/// A row for the editor: all cells, as they were corrected last or as they came. Of one that could not be read, `bytes` are what came: they are
/// shown, and stand in the cells as far as they can be cut.
pub(super) fn to_edit(row: &Value, bytes: &[u8]) -> String {
    let mut cells = row["cells"].clone();
    let mut notes = String::new();
    if row["row"].is_null() {
        let bytes = &bytes[..bytes.len().min(SHOWN_BYTES)];
        let charset = row["encoding"].as_str().and_then(|name| Charset::for_name(name).ok());
        let told = charset.and_then(|charset| charset.decode(bytes));
        let text = told.unwrap_or_else(|| String::from_utf8_lossy(bytes)).into_owned();
        let text = text.trim_end_matches(['\r', '\n']);
        notes += "# This row could not be read. It came as:\n";
        for line in text.lines() {
            notes.extend(["# ", line, "\n"]);
        }
        notes += "# See that each cell is what it should be, say why in the reason, and save. Lines with a # are not kept.\n";
        if let Some(columns) = cells.as_object_mut() {
            let found = cut(text, columns.len());
            // What could not be decoded would be kept as it is shown.
            let is_told = |found: &str| !found.is_empty() && !found.contains(char::REPLACEMENT_CHARACTER);
            for (cell, found) in columns.values_mut().zip(found).filter(|(_, found)| is_told(found)) {
                *cell = json!(found);
            }
        }
    }
    for (column, cell) in row["corrected"]["cells"].as_object().into_iter().flatten() {
        cells[column] = cell.clone();
    }
    let reason = row["corrected"]["reason"].as_str().unwrap_or_default();
    format!("{notes}{:#}\n", json!({"reason": reason, "cells": cells}))
}

/// What came out of the editor, without the notes.
pub(super) fn edited(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with(NOTE)).collect();
    (lines.join("\n") + "\n").into_bytes()
}

/// Refuses what is no correction of a row, with one that is.
pub(super) fn check(row: &Value, bytes: &[u8], from: &str) -> Result<(), Failure> {
    let wrong =
        |what: String| Err(Failure::usage(format!("{from}: {what}; a row is corrected by JSON: {}", example(row))));
    let told: Value = match serde_json::from_slice(bytes) {
        Ok(told) => told,
        Err(error) => return wrong(format!("this is no JSON ({error})")),
    };
    let Some(members) = told.as_object() else { return wrong("this is no JSON object".to_owned()) };
    if let Some(other) = members.keys().find(|name| !matches!(name.as_str(), "reason" | "cells")) {
        return wrong(format!("it has {other}, which a correction has not"));
    }
    if told["reason"].as_str().is_none_or(|reason| reason.trim().is_empty()) {
        return wrong("it does not say why, in \"reason\"".to_owned());
    }
    let Some(cells) = told["cells"].as_object() else { return wrong("it has no \"cells\"".to_owned()) };
    if let Some((column, _)) = cells.iter().find(|(_, cell)| !cell.is_string() && !cell.is_null()) {
        return wrong(format!("the cell {column} is neither a text in quotes nor null"));
    }
    let columns = row["cells"].as_object();
    let is_there = |column: &str| {
        columns.is_none_or(|columns| columns.keys().any(|name| name.to_lowercase() == column.to_lowercase()))
    };
    if let Some(column) = cells.keys().find(|column| !is_there(column)) {
        let all: Vec<&str> = columns.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        return wrong(format!("the row has no column \"{column}\", it has {}", all.join(", ")));
    }
    Ok(())
}

/// A correction of a row's last column.
fn example(row: &Value) -> String {
    let column = row["cells"].as_object().and_then(|cells| cells.keys().next_back()).map_or("COLUMN", String::as_str);
    json!({"reason": "typed wrong", "cells": {column: "what it should be, or null"}}).to_string()
}

/// The cells of a line that should have so many, by the separator that gives most nearly as many.
fn cut(text: &str, columns: usize) -> Vec<String> {
    let of = |separator: char| -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        // A quote that is not closed may be what is wrong with it: then quotes are letters.
        let has_pairs = text.matches('"').count().is_multiple_of(2);
        for c in text.chars() {
            match c {
                '"' if has_pairs => quoted = !quoted,
                c if c == separator && !quoted => cells.push(String::new()),
                c => cells.last_mut().into_iter().for_each(|cell| cell.push(c)),
            }
        }
        cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
    };
    let all = [';', '\t', ',', '|'].map(of);
    all.into_iter().min_by_key(|cells| cells.len().abs_diff(columns)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread() -> Value {
        json!({"row": null, "cells": {"PatNr": null, "Name": null, "Ort": null}, "corrected": null})
    }

    #[test]
    fn a_row_that_could_not_be_read_is_edited_as_it_came() {
        let text = to_edit(&unread(), b"P1;\"M\xfcller;Bonn;x\r\n");
        assert!(text.contains("# P1;\"M\u{fffd}ller;Bonn;x\n"), "{text}");
        let kept: Value = serde_json::from_slice(&edited(text.as_bytes())).unwrap();
        assert_eq!(kept, json!({"reason": "", "cells": {"PatNr": "P1", "Name": null, "Ort": "Bonn"}}));
        let declared = json!({"row": null, "encoding": "windows-1252", "cells": unread()["cells"], "corrected": null});
        let text = to_edit(&declared, b"P1;\"M\xfcller;Bonn;x\r\n");
        let kept: Value = serde_json::from_slice(&edited(text.as_bytes())).unwrap();
        assert_eq!(kept["cells"], json!({"PatNr": "P1", "Name": "\"Müller", "Ort": "Bonn"}));
        let row =
            json!({"row": 4, "cells": {"a": "1", "b": null}, "corrected": {"cells": {"b": "2"}, "reason": "seen"}});
        let text = to_edit(&row, b"");
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({"reason": "seen", "cells": {"a": "1", "b": "2"}})
        );
    }

    #[test]
    fn what_is_no_correction_is_told_with_one_that_is() {
        for (given, told) in [
            ("P1;Müller;Bonn", "no JSON"),
            ("[1]", "no JSON object"),
            ("{\"cells\": {}}", "does not say why"),
            ("{\"reason\": \"x\"}", "no \"cells\""),
            ("{\"reason\": \"x\", \"cells\": {\"Ort\": 3}}", "Ort is neither a text"),
            ("{\"reason\": \"x\", \"cells\": {\"Stadt\": \"Bonn\"}}", "no column \"Stadt\", it has PatNr, Name, Ort"),
            ("{\"reason\": \"x\", \"cells\": {}, \"row\": 3}", "it has row"),
        ] {
            let failure = check(&unread(), given.as_bytes(), "fix.json").unwrap_err();
            assert!(failure.text.starts_with("fix.json: ") && failure.text.contains(told), "{}", failure.text);
            let example = failure.text.split("by JSON: ").nth(1).unwrap();
            assert!(check(&unread(), example.as_bytes(), "it").is_ok(), "{example}");
        }
    }
}
