//! The first rows of a target, and what they become: what an editor shows beside the SQL.

use crate::error::Error;
use crate::run::links::{Links, RowColumn};
use crate::run::report::{Effect, Example, TargetReport};
use crate::run::runner::{PlannedTarget, Runner};
use crate::run::tally::{Share, Tally};
use crate::run::{counts, unread};
use crate::said::Said;
use crate::value::Counted;
use crate::write::{Everything, Made, WriteError, Writer, Written};
use arrow_array::RecordBatch;
use lake::workbench::{Limits, Rows, Stop};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Rows of one sample that are named.
const NAMED: usize = 10;

/// The first rows of a target.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Its name.
    pub target: String,
    /// The type of its resources.
    pub resource_type: &'static str,
    /// Its elements, with the columns that they are made of.
    pub elements: Vec<PreviewElement>,
    /// Resources and refused rows.
    pub samples: Vec<Sample>,
    /// Whether these are all.
    pub is_complete: bool,
    /// Codes and units of these rows that no map knew.
    pub unmapped: Vec<Counted>,
}

/// An element of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewElement {
    /// Its path as in JSON, `[]` where it repeats by rows.
    pub path: String,
    /// The outermost mapping function.
    pub function: Option<&'static str>,
    /// The SQL that computes it.
    pub sql: String,
    /// The mapping's file, and line and column in it.
    pub place: (String, u32, u32),
    /// Tables and columns.
    pub origins: Vec<(String, String)>,
}

/// A resource or a refused row.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The rows that it was made of: table and number.
    pub rows: Vec<(String, u64)>,
    /// How many more there are.
    pub more_rows: u64,
    /// The resource as JSON, with the digits that will be stored; none if the row is refused.
    pub resource: Option<Box<RawValue>>,
    /// Why it is refused, or which elements were left out.
    pub reasons: Vec<SampleReason>,
    /// What deserves a look: what, and at which element.
    pub remarks: Vec<(&'static str, String)>,
}

/// Why something of a sample is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleReason {
    /// Its code.
    pub code: &'static str,
    /// The element; none if the row as a whole is meant.
    pub element: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What stood there.
    pub text: Option<String>,
}

impl Runner {
    /// The first `samples` resources and refused rows of a target. References are not followed: what they lead to is not made here.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is no such target, [`Error::Query`] if its query fails or takes more than `limits`.
    pub fn preview(&self, target: &str, samples: usize, limits: &Limits, stop: &Stop) -> Result<Preview, Error> {
        let unknown = || Error::Unknown { what: "target", name: target.to_owned(), hint: None };
        let planned = self.target(target).ok_or_else(unknown)?;
        let mut kept = Vec::new();
        let (is_complete, mut writer) = planned.steps(limits, stop, &mut |written| {
            for made in written.iter() {
                if kept.len() == samples {
                    return ControlFlow::Break(());
                }
                kept.push(planned.sample(written, &made));
            }
            ControlFlow::Continue(())
        })?;
        Ok(Preview {
            target: target.to_owned(),
            resource_type: planned.target.resource_type,
            elements: planned.preview_elements(),
            samples: kept,
            is_complete,
            unmapped: writer.take_notes().unmapped.by_frequency(),
        })
    }

    /// What the mapping may have forgotten to say, as far as the first resources of each target show, `samples` of them or some more: that a comma stands before
    /// fractions, for one.
    ///
    /// # Errors
    /// [`Error::Query`] if a query fails or takes more than `limits`.
    pub fn warnings(&self, samples: usize, limits: &Limits, stop: &Stop) -> Result<Vec<Said>, Error> {
        let mut warnings = Vec::new();
        for planned in self.targets.iter().filter(|planned| planned.writer.counts_values()) {
            let path = |element: u32| planned.target.path_of(element);
            let mut tally = Tally::default();
            let mut seen = 0;
            // Values are counted by whole steps, and so are remarks.
            let (_, mut writer) = planned.steps(limits, stop, &mut |written| {
                for failure in written.iter().filter(|made| made.json().is_some()).flat_map(|made| made.failures()) {
                    let (message, text) = (failure.message.clone(), failure.text.clone());
                    let example = || Example { table: String::new(), row: 0, in_file: None, message, text };
                    tally.add(Effect::LeftOut, failure.code, failure.element, Share::Value, example);
                }
                for flag in written.iter().flat_map(|made| made.flags()) {
                    let (message, text) = (flag.message.clone(), flag.text.clone());
                    let example = || Example { table: String::new(), row: 0, in_file: None, message, text };
                    tally.add(Effect::Remark, flag.flag, Some(flag.element), Share::Value, example);
                }
                seen += written.len();
                if seen < samples { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            let (reasons, remarks) = tally.end(path);
            let values = counts::values_of(writer.take_values(), path);
            let name = planned.target.name.clone();
            let report = TargetReport { name, reasons, remarks, values, ..TargetReport::default() };
            warnings.extend(unread::warnings(&[report], self.context.numbers));
        }
        Ok(warnings)
    }
}

impl PlannedTarget {
    /// Makes resources and refused rows step by step until `with` has enough of them; whether it had all, and the writer with what it counted.
    fn steps(
        &self,
        limits: &Limits,
        stop: &Stop,
        with: &mut dyn FnMut(&Written) -> ControlFlow<()>,
    ) -> Result<(bool, Writer), Error> {
        let target = &self.target.name;
        let failed = |error: &lake::workbench::Error| Error::query(target, error);
        let mut writer = self.writer.clone();
        let mut batches = Vec::new();
        for part in &self.parts {
            batches.push(Batches(part.planned.run(limits, stop).map_err(|error| failed(&error))?));
        }
        let mut parts: Vec<&mut dyn Iterator<Item = _>> = Vec::new();
        for part in &mut batches {
            parts.push(part);
        }
        let mut written = Written::default();
        loop {
            match writer.next(&mut parts, &Everything, &mut written) {
                Ok(true) => {}
                Ok(false) => return Ok((true, writer)),
                Err(WriteError::Rows(error)) => return Err(failed(&error)),
                Err(error @ WriteError::Order(_)) => return Err(Error::query(target, error)),
            }
            if with(&written).is_break() {
                return Ok((false, writer));
            }
        }
    }

    fn preview_elements(&self) -> Vec<PreviewElement> {
        let of = |info: &crate::compile::ElementInfo| {
            let columns = self.parts.get(info.part).map_or(&[][..], |part| part.planned.columns());
            let origins: BTreeSet<(String, String)> = info
                .leaves
                .iter()
                .filter_map(|leaf| columns.get(*leaf))
                .flat_map(|column| &column.origins)
                .map(|origin| (origin.sheet.clone(), origin.column.clone()))
                .collect();
            PreviewElement {
                path: info.path.clone(),
                function: info.function,
                sql: info.sql.clone(),
                place: (self.file_of(info.part).to_owned(), info.place.line, info.place.column),
                origins: origins.into_iter().collect(),
            }
        };
        self.target.elements.iter().filter(|info| !info.sql.is_empty()).map(of).collect()
    }

    fn sample(&self, written: &Written, made: &Made<'_>) -> Sample {
        let path = |element: u32| self.target.elements.get(element as usize).map(|info| info.path.clone());
        let parts: Vec<&[RowColumn]> = self.parts.iter().map(|part| part.rows.as_slice()).collect();
        let mut links = Links::new("", "", &parts);
        for row in made.rows() {
            let (part, batch) = &written.batches[row.batch as usize];
            links.add(*part, &self.parts[*part].rows, batch, row.row as usize);
        }
        let mut rows = Vec::new();
        let of_tables: BTreeMap<String, (Vec<u64>, u64)> = links.take();
        // Of each table a row, before the second of any.
        for nth in 0..NAMED {
            for (table, (named, _)) in &of_tables {
                rows.extend(named.get(nth).filter(|_| rows.len() < NAMED).map(|row| (table.clone(), *row)));
            }
        }
        let more_rows = of_tables.values().map(|(_, all)| *all).sum::<u64>().saturating_sub(rows.len() as u64);
        Sample {
            rows,
            more_rows,
            resource: made.json().and_then(|json| serde_json::from_slice(json).ok()),
            reasons: made
                .failures()
                .iter()
                .map(|failure| SampleReason {
                    code: failure.code,
                    element: failure.element.and_then(path),
                    message: failure.message.clone(),
                    text: failure.text.clone(),
                })
                .collect(),
            remarks: made.flags().iter().map(|flag| (flag.flag, path(flag.element).unwrap_or_default())).collect(),
        }
    }
}

/// The rows of a query, one batch after the other.
struct Batches(Rows);

impl Iterator for Batches {
    type Item = Result<RecordBatch, lake::workbench::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_batch().transpose()
    }
}
