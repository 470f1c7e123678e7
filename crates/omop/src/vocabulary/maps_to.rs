//! Codes, and the standard concepts that they map to.
//!
//! The tables are sorted by the concept, so they are gone through side by side; no join holds one of them. What is kept in memory is
//! ten bytes for each standard concept.

use super::file::{Batches, Columns, Rows};
use crate::error::Error;
use crate::folder::Out;
use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use lake::Stop;
use std::path::Path;
use std::sync::Arc;

/// By what the table is sorted: by what a code is looked up.
pub(super) const ORDER: &str = "vocabulary_id, concept_code, concept_id";
/// Rows of a batch.
const BATCH_ROWS: usize = 64 << 10;
/// The relationships that count.
const MAPS_TO: &str = "Maps to";
const MAPS_TO_VALUE: &str = "Maps to value";

/// Columns of the table.
pub(super) fn schema() -> SchemaRef {
    let field = |name: &str, kind: DataType| Field::new(name, kind, true);
    Arc::new(Schema::new(vec![
        field("vocabulary_id", DataType::Utf8),
        field("concept_code", DataType::Utf8),
        field("source_concept_id", DataType::Int64),
        field("concept_id", DataType::Int64),
        field("domain_id", DataType::Utf8),
        field("value_as_concept_id", DataType::Int64),
    ]))
}

/// Concepts that others may map to: standard and valid ones, in order of their ids, each with the number of its domain.
struct Targets {
    ids: Vec<i64>,
    domains: Vec<u16>,
    names: Vec<String>,
}

impl Targets {
    fn read(folder: &Path) -> Result<Targets, Error> {
        let mut targets = Targets { ids: Vec::new(), domains: Vec::new(), names: Vec::new() };
        let columns = ["concept_id", "standard_concept", "invalid_reason", "domain_id"];
        for batch in Batches::open(folder, "concept", &columns)? {
            let batch = batch?;
            let row = Columns(&batch);
            for at in 0..batch.num_rows() {
                if let Some(id) = row.int(0, at)
                    && row.text(1, at) == "S"
                    && row.text(2, at).is_empty()
                {
                    let domain = targets.number_of(row.text(3, at))?;
                    targets.ids.push(id);
                    targets.domains.push(domain);
                }
            }
        }
        Ok(targets)
    }

    fn number_of(&mut self, domain: &str) -> Result<u16, Error> {
        let at = self.names.iter().position(|name| name == domain).unwrap_or_else(|| {
            self.names.push(domain.to_owned());
            self.names.len() - 1
        });
        let many = || Error::definition("CONCEPT.csv", format!("has more than {} domains", u16::MAX));
        u16::try_from(at).map_err(|_| many())
    }

    fn domain_of(&self, id: i64) -> Option<&str> {
        let at = self.ids.binary_search(&id).ok()?;
        self.names.get(usize::from(self.domains[at])).map(String::as_str)
    }
}

/// Writes the table, sorted by the source's concept. `folder` holds concepts and relationships, sorted by their first ids.
pub(super) fn write(folder: &Path, out: &mut Out, stop: &Stop) -> Result<(), Error> {
    let targets = Targets::read(folder)?;
    let mut concepts = Rows::open(folder, "concept", &["concept_id", "vocabulary_id", "concept_code"])?;
    let columns = ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"];
    let mut relationships = Rows::open(folder, "concept_relationship", &columns)?;
    let mut made = Made::default();
    concepts.next()?;
    relationships.next()?;
    // Rows without an id come last.
    while let Some(source) = relationships.int(0) {
        let (mut to, mut value): (Vec<i64>, Option<i64>) = (Vec::new(), None);
        while relationships.int(0) == Some(source) {
            if let Some(other) = relationships.int(1).filter(|_| relationships.text(3).is_empty()) {
                match relationships.text(2) {
                    MAPS_TO => to.push(other),
                    MAPS_TO_VALUE => value = Some(value.map_or(other, |value| value.min(other))),
                    _ => {}
                }
            }
            relationships.next()?;
        }
        if to.is_empty() {
            continue;
        }
        while concepts.int(0).is_some_and(|id| id < source) {
            concepts.next()?;
        }
        if concepts.int(0) != Some(source) {
            continue;
        }
        for target in to {
            if let Some(domain) = targets.domain_of(target) {
                made.push((concepts.text(1), concepts.text(2)), (source, target), (domain, value));
            }
        }
        if made.rows >= BATCH_ROWS {
            if stop.is_stopped() {
                return Err(lake::Error::Cancelled.into());
            }
            out.write(&made.take()?)?;
        }
    }
    out.write(&made.take()?)
}

/// Rows that are not written yet.
#[derive(Default)]
struct Made {
    vocabularies: StringBuilder,
    codes: StringBuilder,
    sources: Int64Builder,
    targets: Int64Builder,
    domains: StringBuilder,
    values: Int64Builder,
    rows: usize,
}

impl Made {
    fn push(&mut self, (vocabulary, code): (&str, &str), (source, target): (i64, i64), of: (&str, Option<i64>)) {
        self.vocabularies.append_value(vocabulary);
        self.codes.append_value(code);
        self.sources.append_value(source);
        self.targets.append_value(target);
        self.domains.append_value(of.0);
        self.values.append_option(of.1);
        self.rows += 1;
    }

    fn take(&mut self) -> Result<RecordBatch, Error> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.vocabularies.finish()),
            Arc::new(self.codes.finish()),
            Arc::new(self.sources.finish()),
            Arc::new(self.targets.finish()),
            Arc::new(self.domains.finish()),
            Arc::new(self.values.finish()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
