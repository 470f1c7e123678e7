//! From the engine's errors to what a person can act on: message, place in the text, hint.

use super::names::Names;
use super::reading::NotReadable;
use super::written::Written;
use crate::sql::explain_error::{nearest, without_kind};
use crate::sql::growth::TOO_MUCH;
use crate::sql::rounds::Endless;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, SchemaError, TableReference};
use std::fmt;
use std::io::ErrorKind;

/// Why a query could not be planned or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of thing went wrong.
    pub kind: Kind,
    /// What is wrong.
    pub message: String,
    /// The view in whose text it is; none: the query's own.
    pub view: Option<String>,
    /// Line in that text, from 1, where it is known.
    pub line: Option<u64>,
    /// Character in the line, from 1.
    pub column: Option<u64>,
    /// What might have been meant, or what to do.
    pub hint: Option<String>,
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The SQL is wrong or not allowed.
    Sql,
    /// A value cannot be computed.
    Value,
    /// A limit was reached.
    Limit,
    /// Whoever asked ended it.
    Cancelled,
    /// A sheet could not be read, or is not as it says.
    Sheet,
    /// The engine failed.
    Engine,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.view, self.line, self.column) {
            (None, Some(line), Some(column)) => write!(f, " (line {line}, column {column})")?,
            (Some(view), Some(line), Some(column)) => write!(f, " (view {view}, line {line}, column {column})")?,
            (Some(view), ..) => write!(f, " (view {view})")?,
            (None, ..) => {}
        }
        if let Some(hint) = &self.hint {
            write!(f, ". {hint}")?;
        }
        Ok(())
    }
}

/// Line and character in it, from 1.
pub(super) type Place = (u64, u64);

impl Error {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), view: None, line: None, column: None, hint: None }
    }

    pub(super) fn sql(message: impl Into<String>) -> Error {
        Error::new(Kind::Sql, message)
    }

    pub(super) fn limit(message: impl Into<String>) -> Error {
        Error::new(Kind::Limit, message)
    }

    pub(super) fn at(mut self, place: Option<Place>) -> Error {
        if let Some((line, column)) = place {
            (self.line, self.column) = (Some(line), Some(column));
        }
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn in_view(mut self, view: Option<&str>) -> Error {
        self.view = view.map(str::to_owned);
        self
    }

    /// As the engine passes it on.
    pub(super) fn pass(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Error {
        match error {
            crate::Error::Sql(sql) => {
                let place = sql.place.map(|place| (place.line, place.column));
                Error { hint: sql.hint, ..Error::sql(sql.message) }.at(place)
            }
            crate::Error::Limit(text) => Error::limit(text),
            crate::Error::Cancelled => Error::new(Kind::Cancelled, "the query was cancelled"),
            other => Error::new(Kind::Engine, other.to_string()),
        }
    }
}

/// What an error of the engine means for the text it came from.
pub(super) fn explain(error: &DataFusionError, names: &Names, written: &Written) -> Error {
    let place = error
        .diagnostic()
        .and_then(|diagnostic| diagnostic.span)
        .map(|span| (span.start.line, span.start.column))
        .filter(|place| *place != (0, 0));
    let root = error.find_root();
    if let Some(own) = own(root) {
        return own;
    }
    let explained = match root {
        DataFusionError::SchemaError(schema, _) => match &**schema {
            SchemaError::FieldNotFound { field, valid_fields } => no_column(field, valid_fields, names, written, place),
            SchemaError::AmbiguousReference { field } => {
                Error::sql(format!("{} is in more than one table", names.spelled(field.name())))
                    .at(written.place_of(field.name()))
                    .hint("Put the table before it: table.column")
            }
            SchemaError::DuplicateUnqualifiedField { name } | SchemaError::DuplicateQualifiedField { name, .. } => {
                Error::sql(format!("there are two columns of the name {}", names.spelled(name)))
                    .at(written.last_place_of(name))
                    .hint("Give one of them another name with AS")
            }
        },
        DataFusionError::ResourcesExhausted(text) => exhausted(text),
        DataFusionError::ArrowError(arrow, _) if is_disk(arrow) => exhausted(&arrow.to_string()),
        DataFusionError::ArrowError(arrow, _) => not_computed(arrow),
        other => other_error(&other.strip_backtrace(), names, written, place),
    };
    let known = explained.line.is_some();
    let explained = if known { explained } else { explained.at(place) };
    if explained.view.is_none() { explained.in_view(written.view()) } else { explained }
}

/// An error that was ours from the beginning.
fn own(root: &DataFusionError) -> Option<Error> {
    let DataFusionError::External(inner) = root else { return None };
    if let Some(error) = inner.downcast_ref::<Error>() {
        return Some(error.clone());
    }
    if let Some(endless) = inner.downcast_ref::<Endless>() {
        return Some(Error::limit(endless.to_string()));
    }
    inner.downcast_ref::<NotReadable>().map(NotReadable::to_error)
}

fn no_column(field: &Column, valid: &[Column], names: &Names, written: &Written, place: Option<Place>) -> Error {
    let asked = match &field.relation {
        Some(relation) => format!("{}.{}", written.spelled(relation.table()), written.spelled(field.name())),
        None => written.spelled(field.name()).to_owned(),
    };
    if let Some(relation) = &field.relation {
        let relation = relation.table();
        let known = |column: &&Column| column.relation.as_ref().is_some_and(|other| other.table() == relation);
        if !valid.iter().any(|column| known(&column)) && !valid.is_empty() {
            let near = valid.iter().filter_map(|column| column.relation.as_ref()).map(TableReference::table);
            let error = Error::sql(format!("{} is not among the tables of FROM here", names.spelled(relation)))
                .at(place.or_else(|| written.place_of(relation)));
            return match nearest(relation, near) {
                Some(near) => error.hint(format!("Did you mean {}?", names.spelled(near))),
                None => error,
            };
        }
    }
    // Columns of the table that was named are nearer than those of others.
    let of_relation = |column: &&Column| field.relation.is_none() || column.relation == field.relation;
    let near = nearest(field.name(), valid.iter().filter(of_relation).map(Column::name))
        .or_else(|| nearest(field.name(), valid.iter().map(Column::name)));
    let error = Error::sql(format!("there is no column {asked}")).at(place.or_else(|| written.place_of(field.name())));
    match near {
        Some(near) => error.hint(format!("Did you mean {}?", names.spelled(near))),
        None => error,
    }
}

fn exhausted(text: &str) -> Error {
    if text.contains(TOO_MUCH) {
        return Error::limit(text);
    }
    if text.contains("disk space") || text.contains("No space left") {
        return Error::limit("the query needs more disk for what does not fit into memory than it may have")
            .hint("Select fewer columns or rows, or allow it more");
    }
    Error::limit("the query needs more memory than it may have")
        .hint("Select fewer columns or rows, or group before joining")
}

fn is_disk(error: &ArrowError) -> bool {
    matches!(error, ArrowError::IoError(text, io) if text.contains("disk space") || io.kind() == ErrorKind::StorageFull)
}

fn not_computed(error: &ArrowError) -> Error {
    match error {
        ArrowError::CastError(text) | ArrowError::ParseError(text) => {
            Error::new(Kind::Value, text).hint("try_cast(… AS …) gives NULL where a value is not as it should be")
        }
        ArrowError::DivideByZero => {
            Error::new(Kind::Value, "something was divided by zero").hint("nullif(x, 0) gives NULL for 0")
        }
        ArrowError::ArithmeticOverflow(text) => Error::new(Kind::Value, text),
        other => Error::new(Kind::Engine, other.to_string()),
    }
}

fn other_error(message: &str, names: &Names, written: &Written, place: Option<Place>) -> Error {
    if let Some(name) = between(message, "table '", "' not found") {
        let name = name.rsplit_once("public.").map_or(name, |(_, name)| name);
        let error = Error::sql(format!("there is no table {}", written.spelled(name))).at(written.place_of(name));
        return match nearest(name, names.relations().chain(written.ctes())) {
            Some(near) => error.hint(format!("Did you mean {}?", names.spelled(near))),
            None => error.hint(names.list_of_relations()),
        };
    }
    if let Some(name) = between(message, "Invalid function '", "'") {
        let error = Error::sql(format!("there is no function {name}")).at(written.place_of(name));
        return match between(message, "Did you mean '", "'") {
            Some(near) => error.hint(format!("Did you mean {near}?")),
            None => error,
        };
    }
    if message.contains("require unique expression names")
        && let Some(name) = between(message, "expression \"", "\" at")
    {
        let name = name.rsplit_once(" AS ").map_or(name, |(_, alias)| alias);
        let error = Error::sql(format!("two columns are called {}", names.spelled(name)));
        return error.hint("Give one of them another name with AS");
    }
    if message.contains("does not support logical expression") {
        let error = Error::sql("a subquery of this kind cannot stand here");
        return error.hint("IN (SELECT …) and EXISTS stand in WHERE; elsewhere a LEFT JOIN tells the same");
    }
    if message.starts_with("Cannot coerce arithmetic") || message.contains(": Cannot coerce arithmetic") {
        return computes_with_text(message, place, written);
    }
    if let Some(error) = not_what_it_takes(message, place, written) {
        return error;
    }
    let text = without_kind(message);
    let error = Error::sql(&text);
    if text.contains("Utf8") || text.starts_with("Unary operator '-'") {
        return error.hint("Columns are text until they are cast: try_cast(x AS DOUBLE)");
    }
    error
}

/// Errors about types and groups, which the engine tells in its own words.
fn not_what_it_takes(message: &str, place: Option<Place>, written: &Written) -> Option<Error> {
    if let Some(predicate) = between(message, "non-boolean predicate '", "' returning") {
        let error = Error::sql(format!("{predicate} is not a condition"));
        return Some(error.hint("A condition is true or false: compare it with something"));
    }
    if message.contains("must appear in the GROUP BY clause") {
        let column = between(message, "column \"", "\"")?;
        let text = place.and_then(|place| written.text_at(place)).unwrap_or_else(|| column.to_owned());
        return Some(Error::sql(format!("{text} must be in GROUP BY or in an aggregate function such as max({text})")));
    }
    let refused = message.contains("failed to match any signature")
        || message.contains("but received String")
        || message.contains("No function matches");
    let function = between(message, "Function '", "'").or_else(|| between(message, "function '", "'"))?;
    if !refused {
        return None;
    }
    if OF_TEXT.contains(&function.to_ascii_lowercase().as_str()) {
        let error = Error::sql(format!("{function} takes text, and not what it is given"));
        return Some(error.hint("What is no text is made text: CAST(… AS TEXT)"));
    }
    if message.contains("String") || message.contains("Utf8") {
        let error = Error::sql(format!("{function} does not take text"));
        return Some(error.hint("Columns are text until they are cast: try_cast(… AS DOUBLE)"));
    }
    Some(Error::sql(format!("{function} does not take these arguments")))
}

/// Functions that take text.
const OF_TEXT: [&str; 18] = [
    "btrim",
    "initcap",
    "left",
    "lower",
    "lpad",
    "ltrim",
    "regexp_replace",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "trim",
    "upper",
];

/// The error for `text * 2`.
fn computes_with_text(message: &str, place: Option<Place>, written: &Written) -> Error {
    let types = between(message, "arithmetic expression ", " to valid types").unwrap_or_default();
    let text = place.and_then(|place| written.text_at(place));
    let operator = types.split_whitespace().find(|part| matches!(*part, "+" | "-" | "*" | "/" | "%"));
    let (Some(operator), true) = (operator, types.contains("Utf8")) else { return Error::sql(without_kind(message)) };
    cannot_compute(text.as_deref(), operator).at(place)
}

/// Text is no number, even where it looks like one.
pub(super) fn cannot_compute(text: Option<&str>, operator: &str) -> Error {
    let what = text.map_or_else(|| "one side".to_owned(), str::to_owned);
    let hint =
        format!("try_cast({} AS DOUBLE) reads it as a number, and gives NULL where it is none", text.unwrap_or("…"));
    Error::sql(format!("{what} is text: {operator} cannot compute with it")).hint(hint)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
