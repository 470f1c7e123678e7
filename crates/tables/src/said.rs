//! What pages say in the reader's language: codes of reasons and remarks, and doubts with what they name.
//!
//! Every code has a sentence in each of the pages' catalogues (`web/src/i18n/`), which a test holds them to. What has no sentence
//! there is shown as it is written here, in English.

pub mod hint;
mod note;
pub mod problem;
pub mod sign;
pub mod warning;

pub use note::{Said, delivery};

use serde_json::{Map, Value, json};
use std::fmt::{self, Display, Formatter};

/// Codes of all reasons and remarks: why a row was refused or an element left out, why a row could not be read, and what deserves
/// a look.
pub const REASONS: [&str; 53] = [
    "ambiguous-date",
    "ambiguous-match",
    "ambiguous-number",
    "bad-cell",
    "bad-encoding",
    "bad-identifier",
    "bad-reference",
    "bad-text",
    "cell-too-large",
    "contradicted-match",
    "control-characters",
    "decimal-sign",
    "duplicate-key",
    "end-before-start",
    "from-midnight",
    "future-date",
    "header-again",
    "hour-only",
    "identity-check",
    "impossible-date",
    "kept-as-text",
    "long-ago",
    "no-key",
    "no-parent",
    "no-such-target",
    "not-a-boolean",
    "not-a-code",
    "not-a-date",
    "not-a-literal",
    "not-a-number",
    "not-a-range",
    "not-a-time",
    "not-an-integer",
    "nul-byte",
    "other-value",
    "ragged-row",
    "required-missing",
    "row-too-large",
    "second-value",
    "seconds-filled",
    "shared-match",
    "stands-for-nothing",
    "stray-quote",
    "time-in-gap",
    "time-in-overlap",
    "too-long",
    "too-many-rows",
    "totals-row",
    "unclosed-quote",
    "unit-in-value",
    "unknown-unit",
    "unmapped-code",
    "wrong-type",
];

/// Something about a delivery or a column that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The fields are what the sentence names.
pub enum Doubt {
    /// A delivery takes many rows of a table away.
    RowsLost { table: String, lost: u64, of: u64, percent: u64, file: String },
    /// A delivery changes most rows of a table.
    RowsChanged { table: String, changed: u64, of: u64 },
    /// A table has fewer columns than before.
    ColumnsLost { table: String, columns: Vec<String> },
    /// A text file ends within a line, which it did not before.
    CutOff { table: String, file: String },
    /// Values hold the sign for what could not be decoded.
    Broken { count: u64, of: u64 },
    /// Values look like text decoded twice.
    DecodedTwice { count: u64, of: u64 },
    /// Some values have full-width characters.
    FullWidth { count: u64, of: u64 },
    /// Values have blanks around them.
    Blanks { count: u64, of: u64 },
    /// Numbers begin with 0.
    LeadingZeros { count: u64, of: u64 },
    /// A few values among numbers are none.
    NoNumbers { count: u64, of: u64 },
    /// A few values among dates are none.
    NoDates { count: u64, of: u64 },
    /// Dates whose day and month cannot be told apart.
    DayOrMonth,
    /// Dates are written in several ways.
    DateForms { formats: Vec<String> },
    /// A spelling that may mean no value.
    PerhapsNothing { spelling: String, count: u64 },
}

impl Doubt {
    /// The codes of all of them.
    pub const CODES: [&str; 14] = [
        "rows-lost",
        "rows-changed",
        "columns-lost",
        "broken",
        "decoded-twice",
        "full-width",
        "blanks",
        "leading-zeros",
        "no-numbers",
        "no-dates",
        "day-or-month",
        "date-forms",
        "perhaps-nothing",
        "cut-off",
    ];

    /// Stable, for the catalogues of the pages.
    pub fn code(&self) -> &'static str {
        let at = match self {
            Doubt::RowsLost { .. } => 0,
            Doubt::RowsChanged { .. } => 1,
            Doubt::ColumnsLost { .. } => 2,
            Doubt::Broken { .. } => 3,
            Doubt::DecodedTwice { .. } => 4,
            Doubt::FullWidth { .. } => 5,
            Doubt::Blanks { .. } => 6,
            Doubt::LeadingZeros { .. } => 7,
            Doubt::NoNumbers { .. } => 8,
            Doubt::NoDates { .. } => 9,
            Doubt::DayOrMonth => 10,
            Doubt::DateForms { .. } => 11,
            Doubt::PerhapsNothing { .. } => 12,
            Doubt::CutOff { .. } => 13,
        };
        Doubt::CODES[at]
    }

    /// What the sentence names, by the names of the places in the catalogues' sentences.
    pub fn values(&self) -> Map<String, Value> {
        let values = match self {
            Doubt::RowsLost { table, lost, of, percent, file } => {
                json!({"table": table, "lost": lost, "of": of, "percent": percent, "file": file})
            }
            Doubt::RowsChanged { table, changed, of } => json!({"table": table, "changed": changed, "of": of}),
            Doubt::ColumnsLost { table, columns } => json!({"table": table, "columns": columns.join(", ")}),
            Doubt::CutOff { table, file } => json!({"table": table, "file": file}),
            Doubt::Broken { count, of }
            | Doubt::DecodedTwice { count, of }
            | Doubt::FullWidth { count, of }
            | Doubt::Blanks { count, of }
            | Doubt::LeadingZeros { count, of }
            | Doubt::NoNumbers { count, of }
            | Doubt::NoDates { count, of } => json!({"count": count, "of": of}),
            Doubt::DayOrMonth => json!({}),
            Doubt::DateForms { formats } => json!({"count": formats.len(), "formats": formats.join(", ")}),
            Doubt::PerhapsNothing { spelling, count } => json!({"spelling": spelling, "count": count}),
        };
        match values {
            Value::Object(values) => values,
            _ => Map::new(),
        }
    }

    /// As programs and pages get it: the code, what is named, and the sentence in English.
    pub fn json(&self) -> Value {
        json!({"code": self.code(), "values": self.values(), "text": self.to_string()})
    }
}

impl Display for Doubt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut many = |count: u64, of: u64, what: &str| write!(f, "{count} of {of} values {what}");
        match self {
            Doubt::RowsLost { table, lost, of, percent, file } => {
                write!(
                    f,
                    "table {table} has lost {lost} of {of} rows, more than {percent} in a hundred: is {file} complete?"
                )
            }
            Doubt::RowsChanged { table, changed, of } => {
                write!(f, "in table {table} {changed} of {of} rows changed, more than half: is it the same table?")
            }
            Doubt::ColumnsLost { table, columns } => {
                write!(f, "table {table} has no column {} any more", columns.join(", "))
            }
            Doubt::CutOff { table, file } => {
                write!(f, "the end of table {table} is not there, as it was the last time: was {file} cut off?")
            }
            Doubt::Broken { count, of } => {
                many(*count, *of, "hold \u{fffd}: the file was decoded wrongly before it came here")
            }
            Doubt::DecodedTwice { count, of } => many(
                *count,
                *of,
                "look like text decoded twice (Ã©, Â°): what wrote the file took it for another encoding",
            ),
            Doubt::FullWidth { count, of } => {
                many(*count, *of, "have full-width characters (１, Ａ) that others have not")
            }
            Doubt::Blanks { count, of } => many(*count, *of, "have blanks around them"),
            Doubt::LeadingZeros { count, of } => {
                many(*count, *of, "begin with 0: they are numbers of something, not amounts")
            }
            Doubt::NoNumbers { count, of } => many(*count, *of, "are no numbers among numbers"),
            Doubt::NoDates { count, of } => many(*count, *of, "are no dates among dates"),
            Doubt::DayOrMonth => {
                f.write_str("which number is the day and which the month is open: `order` in mapping.toml says it")
            }
            Doubt::DateForms { formats } => {
                write!(f, "dates are written in {} ways: {}", formats.len(), formats.join(", "))
            }
            Doubt::PerhapsNothing { spelling, count } => {
                write!(f, "{count} cells are {spelling}, which may mean no value: name it in `nulls` if it does")
            }
        }
    }
}
