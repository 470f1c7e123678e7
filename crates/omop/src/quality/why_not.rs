//! Why a check is about nothing, by the rules of OHDSI's Data Quality Dashboard: in words, and as a code with values, which other languages
//! have words for.

use serde_json::{Value, json};
use std::fmt;

/// Why a check does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// No row is of the kind that it looks at.
    NoRows,
    /// The table or field is not in version 5.4 of the model.
    NotInModel(String),
    /// The table is not there.
    NoTable(String),
    /// The table has no row.
    EmptyTable(String),
    /// The field is not there.
    NoField(String),
    /// The field has a value in no row.
    EmptyField(String),
    /// No row has the concept: the table, the concept.
    NoConcept(String, String),
    /// What an earlier version of the program said.
    Other(String),
}

impl WhyNot {
    /// Stable, for the catalogues of the pages.
    pub fn code(&self) -> &'static str {
        match self {
            WhyNot::NoRows => "no-rows",
            WhyNot::NotInModel(_) => "not-in-model",
            WhyNot::NoTable(_) => "no-table",
            WhyNot::EmptyTable(_) => "empty-table",
            WhyNot::NoField(_) => "no-field",
            WhyNot::EmptyField(_) => "empty-field",
            WhyNot::NoConcept(..) => "no-concept",
            WhyNot::Other(_) => "other",
        }
    }

    /// What the words of the code are filled with.
    pub fn values(&self) -> Value {
        match self {
            WhyNot::NoRows | WhyNot::Other(_) => json!({}),
            WhyNot::NotInModel(name)
            | WhyNot::NoTable(name)
            | WhyNot::EmptyTable(name)
            | WhyNot::NoField(name)
            | WhyNot::EmptyField(name) => json!({"name": name}),
            WhyNot::NoConcept(table, concept) => json!({"name": table, "concept": concept}),
        }
    }

    /// Reads what is displayed: so it is kept in the history.
    pub(super) fn read(text: &str) -> WhyNot {
        let between = |before: &str, after: &str| {
            let found = text.strip_prefix(before)?.strip_suffix(after)?;
            (!found.is_empty() && !found.contains(' ')).then(|| found.to_owned())
        };
        let no_concept = || {
            let (table, concept) = text.strip_prefix("no row of ")?.split_once(" has ")?;
            Some(WhyNot::NoConcept(table.to_owned(), concept.to_owned()))
        };
        if text == WhyNot::NoRows.to_string() {
            return WhyNot::NoRows;
        }
        between("", " is not in version 5.4 of the model")
            .map(WhyNot::NotInModel)
            .or_else(|| between("the table ", " is not there").map(WhyNot::NoTable))
            .or_else(|| between("the table ", " is empty").map(WhyNot::EmptyTable))
            .or_else(|| between("the field ", " is not there").map(WhyNot::NoField))
            .or_else(|| between("", " is empty in all rows").map(WhyNot::EmptyField))
            .or_else(no_concept)
            .unwrap_or_else(|| WhyNot::Other(text.to_owned()))
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::NoRows => f.write_str("there are no such rows"),
            WhyNot::NotInModel(name) => write!(f, "{name} is not in version 5.4 of the model"),
            WhyNot::NoTable(table) => write!(f, "the table {table} is not there"),
            WhyNot::EmptyTable(table) => write!(f, "the table {table} is empty"),
            WhyNot::NoField(field) => write!(f, "the field {field} is not there"),
            WhyNot::EmptyField(field) => write!(f, "{field} is empty in all rows"),
            WhyNot::NoConcept(table, concept) => write!(f, "no row of {table} has {concept}"),
            WhyNot::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_as_words_is_read_as_what_it_was() {
        let name = || "measurement.unit_concept_id".to_owned();
        for why in [
            WhyNot::NoRows,
            WhyNot::NotInModel("visit_detail".into()),
            WhyNot::NoTable("note".into()),
            WhyNot::EmptyTable("note".into()),
            WhyNot::NoField(name()),
            WhyNot::EmptyField(name()),
            WhyNot::NoConcept("measurement".into(), "26662-81893".into()),
            WhyNot::Other("it was cold".into()),
        ] {
            assert_eq!(WhyNot::read(&why.to_string()), why);
        }
    }
}
