//! From the engine's errors to what a person can act on: message, place, hint.

use super::describe::Listing;
use super::growth::TOO_MUCH;
use super::rounds::Endless;
use crate::error::{Error, Place, SqlError};
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

/// The place at a byte offset.
pub(crate) fn place_at(sql: &str, offset: usize) -> Place {
    let before = &sql[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: before.matches('\n').count() as u64 + 1,
        column: before[line_start..].chars().count() as u64 + 1,
        offset,
    }
}

/// The place at a line and a character in it.
fn place(sql: &str, line: u64, column: u64) -> Option<Place> {
    let start: usize = sql.split_inclusive('\n').take(line.checked_sub(1)? as usize).map(str::len).sum();
    let text = sql.get(start..)?;
    let characters = column.checked_sub(1)? as usize;
    let offset = start + text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    Some(Place { line, column, offset })
}

/// The first place where a word stands by itself.
pub(super) fn place_of_word(sql: &str, word: &str) -> Option<Place> {
    let (text, word) = (sql.to_ascii_lowercase(), word.to_ascii_lowercase());
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let alone = |at: usize| {
        !text[..at].chars().next_back().is_some_and(part) && !text[at + word.len()..].chars().next().is_some_and(part)
    };
    let found = (!word.is_empty()).then(|| text.match_indices(&word).map(|(at, _)| at).find(|at| alone(*at))).flatten();
    found.map(|at| place_at(sql, at))
}

/// The name that is most like the one given, if any is like it.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let given = name.to_lowercase();
    let worst = (given.chars().count() / 3).max(1);
    let near = names.map(|other| (distance(&given, &other.to_lowercase()), other)).min()?;
    (near.0 <= worst || (near.1.contains(&given) && given.len() > 2)).then_some(near.1)
}

/// Edits (insert, delete, replace) that make one word of another.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

pub(crate) fn parse_error(sql: &str, error: &DataFusionError) -> SqlError {
    let text = match error.find_root() {
        DataFusionError::SQL(parser, _) => match &**parser {
            ParserError::RecursionLimitExceeded => {
                return SqlError {
                    message: "the query is nested too deeply".into(),
                    place: None,
                    hint: Some("Take it apart with WITH".into()),
                };
            }
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        },
        other => other.strip_backtrace(),
    };
    // The parser ends its message with the place: "… at Line: 1, Column: 8".
    let (message, at) = match text.rfind(" at Line: ") {
        Some(at) => (text[..at].to_owned(), Some(&text[at + " at Line: ".len()..])),
        None => (text, None),
    };
    let numbers = at.and_then(|at| {
        let (line, column) = at.split_once(", Column: ")?;
        Some((line.parse().ok()?, column.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?))
    });
    let place = numbers.and_then(|(line, column)| place(sql, line, column));
    SqlError { message: without_kind(&message), place, hint: None }
}

/// An error of planning or running a query.
pub(crate) fn query_error(sql: &str, error: &DataFusionError, listing: &Listing) -> Error {
    let diagnostic = error.diagnostic();
    let spanned = diagnostic
        .and_then(|diagnostic| diagnostic.span)
        .and_then(|span| place(sql, span.start.line, span.start.column));
    match error.find_root() {
        DataFusionError::SchemaError(schema, _) => match &**schema {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let name = field.name().to_owned();
                let near = nearest(&name, valid_fields.iter().map(datafusion::prelude::Column::name));
                let hint = near.map(|near| format!("Did you mean {near}?"));
                let place = spanned.or_else(|| place_of_word(sql, &name));
                Error::Sql(SqlError { message: format!("there is no column {}", field.flat_name()), place, hint })
            }
            SchemaError::AmbiguousReference { field } => Error::Sql(SqlError {
                message: format!("{} is in more than one table", field.name()),
                place: spanned.or_else(|| place_of_word(sql, field.name())),
                hint: Some("Put the table before it: table.column".into()),
            }),
            other => Error::Sql(SqlError { message: other.to_string(), place: spanned, hint: None }),
        },
        DataFusionError::ResourcesExhausted(text) if text.contains(TOO_MUCH) => Error::Limit(text.clone()),
        DataFusionError::ResourcesExhausted(_) => Error::Limit(
            "the query needs more memory than it may have: select fewer columns or rows, or group before joining"
                .into(),
        ),
        DataFusionError::External(inner) if inner.is::<Endless>() => Error::Limit(inner.to_string()),
        DataFusionError::ArrowError(arrow, _) => {
            Error::Sql(SqlError { message: arrow.to_string(), place: None, hint: None })
        }
        other => {
            let message = other.strip_backtrace();
            if let Some(name) = missing_table(&message) {
                return Error::Sql(listing.no_such_table(sql, &name));
            }
            Error::Sql(SqlError { message: without_kind(&message), place: spanned, hint: None })
        }
    }
}

/// The table of "table 'lake.public.x' not found".
fn missing_table(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("table '")?;
    let (name, _) = rest.split_once("' not found")?;
    Some(name.strip_prefix("lake.public.").or_else(|| name.strip_prefix("lake.")).unwrap_or(name).to_owned())
}

/// A message without the engine's name for its kind, and its first line only.
pub(crate) fn without_kind(message: &str) -> String {
    let mut text = message.trim();
    for kind in [
        "SQL error: ",
        "Error during planning: ",
        "Execution error: ",
        "Optimizer rule ",
        "sql parser error: ",
        "This feature is not implemented: ",
        "External error: ",
    ] {
        text = text.strip_prefix(kind).unwrap_or(text);
    }
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_bytes() {
        let sql = "SELECT '肺炎',\n  x FROM y";
        assert_eq!(place_of_word(sql, "x"), Some(Place { line: 2, column: 3, offset: 19 }));
        assert_eq!(place(sql, 2, 3), place_of_word(sql, "x"));
        assert_eq!(place_of_word(sql, "SELEC"), None);
    }

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let names = ["patient", "encounter", "condition"];
        assert_eq!(nearest("pateint", names.into_iter()), Some("patient"));
        assert_eq!(nearest("Patients", names.into_iter()), Some("patient"));
        assert_eq!(nearest("zebra", names.into_iter()), None);
    }
}
