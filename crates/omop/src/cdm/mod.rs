//! Tables and fields of the Common Data Model v5.4, as its documentation defines them.
//!
//! The facts stand in `fields.tsv`, a line a field, in the order in which the model's documentation lists the fields.

use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use std::sync::{Arc, LazyLock};

/// The lines of fields; `fields.tsv` says where they are from.
const FIELDS: &str = include_str!("fields.tsv");

/// A table of the model.
#[derive(Debug)]
pub struct Table {
    /// Its name, in small letters.
    pub name: &'static str,
    /// Its fields, in the order of the documentation.
    pub fields: Vec<Field>,
}

/// A field of a table.
#[derive(Debug)]
pub struct Field {
    /// Its name, in small letters.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether every row must have a value.
    pub is_required: bool,
    /// Whether its values tell the rows of the table apart.
    pub is_key: bool,
    /// The table and field whose values it may have, of a reference.
    pub refers_to: Option<(&'static str, &'static str)>,
    /// The domain of the concepts that it may name.
    pub domain: Option<&'static str>,
}

/// The type of a field. `integer` of the model is 64 bits wide here: rows are numbered by hashes, and other holders of OMOP
/// data do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction.
    Float,
    /// A day.
    Date,
    /// A day and a time of day, without a zone.
    DateTime,
    /// Text of at most this many characters; none: of any length.
    Text(Option<u32>),
}

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let mut tables: Vec<Table> = Vec::new();
    for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
        let (table, field) = field(line);
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.fields.push(field),
            None => tables.push(Table { name: table, fields: vec![field] }),
        }
    }
    tables
});

/// The 39 tables.
pub fn tables() -> &'static [Table] {
    &TABLES
}

/// A table by its name, in whatever case.
pub fn table(name: &str) -> Option<&'static Table> {
    tables().iter().find(|table| table.name.eq_ignore_ascii_case(name))
}

impl Kind {
    /// The type of its values in Arrow. Times have microseconds and no zone.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Date => DataType::Date32,
            Kind::DateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Kind::Text(_) => DataType::Utf8,
        }
    }
}

impl Table {
    /// Its fields as Arrow has them, all of which may be null: what is required is checked, not promised.
    pub fn schema(&self) -> SchemaRef {
        let field = |field: &Field| ArrowField::new(field.name, field.kind.data_type(), true);
        Arc::new(Schema::new(self.fields.iter().map(field).collect::<Vec<_>>()))
    }

    /// A field by its name, in whatever case.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The field whose values tell its rows apart, where it has one.
    pub fn key(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_key)
    }
}

fn field(line: &'static str) -> (&'static str, Field) {
    let mut cells = line.split('\t');
    let mut next = || cells.next().unwrap_or_default();
    let (table, name, kind, marks, refers_to, domain) = (next(), next(), next(), next(), next(), next());
    let field = Field {
        name,
        kind: kind_of(kind),
        is_required: marks.contains('R'),
        is_key: marks.contains('P'),
        refers_to: refers_to.split_once('.'),
        domain: Some(domain).filter(|domain| !domain.is_empty()),
    };
    (table, field)
}

fn kind_of(text: &str) -> Kind {
    match text {
        "integer" | "bigint" => Kind::Integer,
        "float" => Kind::Float,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        text => Kind::Text(text.trim_start_matches("varchar(").trim_end_matches(')').parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_model_have_its_fields() {
        assert_eq!(tables().len(), 39);
        assert_eq!(tables().iter().map(|table| table.fields.len()).sum::<usize>(), 432);
        let person = table("PERSON").expect("person");
        assert_eq!(person.key().map(|field| field.name), Some("person_id"));
        assert_eq!(
            person.field("gender_concept_id").map(|field| (field.refers_to, field.domain)),
            Some((Some(("concept", "concept_id")), Some("Gender")))
        );
        assert_eq!(person.field("person_source_value").map(|field| field.kind), Some(Kind::Text(Some(50))));
        assert_eq!(
            table("note").and_then(|note| note.field("note_text")).map(|field| field.kind),
            Some(Kind::Text(None))
        );
    }

    #[test]
    fn references_lead_to_fields_that_are() {
        for table in tables() {
            for field in &table.fields {
                let Some((to, name)) = field.refers_to else { continue };
                assert!(super::table(to).is_some_and(|to| to.field(name).is_some()), "{}.{}", table.name, field.name);
            }
        }
    }
}
