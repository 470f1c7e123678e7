//! The numbers of rows as people read them: of the file that brought them.
//!
//! The store counts the rows of a table by itself, from 0 and over all deliveries: a number that stays a row's own for ever, and that no file shows. What
//! people and scripts are told is [`InFile`]: the delivery, and the row's number in the table as that delivery had it, from 1; a header is no row.

use crate::error::Error;
use crate::pull::catalogue::Pulled;
use crate::pull::compare::Segment;
use crate::pull::segment::{NUMBER, SegmentReader};
use crate::pull::spelling::table_as_known;
use crate::pull::{Sources, may_see};
use access::Grant;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::{DataType, Field, Schema};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Which row of a table somebody means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InFile {
    /// The delivery that brought it.
    pub delivery: i64,
    /// Its number in the table as that had it, from 1.
    pub row: u64,
}

/// Rows of tables of a source, by the store's own numbers; tables by the names that they were asked for.
#[derive(Clone, Debug, Default)]
pub struct InFiles(HashMap<String, HashMap<u64, InFile>>);

impl InFiles {
    /// A row's number in its file; nothing if the row is not known.
    pub fn of(&self, table: &str, row: u64) -> Option<InFile> {
        let in_another_case = || self.0.iter().find(|(name, _)| name.to_lowercase() == table.to_lowercase());
        let rows = self.0.get(table).or_else(|| Some(in_another_case()?.1));
        rows?.get(&row).copied()
    }
}

/// A table by the name that it was asked for, with the deliveries that its segments came with.
type Asked<'n> = (&'n str, Pulled, Vec<i64>);

/// The numbers of all rows of a segment in their file, in their order.
fn numbers(segment: &Segment, of: Option<&[u64]>, tell: &mut dyn FnMut(usize, u64)) -> Result<(), Error> {
    let schema = Arc::new(Schema::new(vec![Field::new(NUMBER, DataType::UInt64, false)]));
    let reader = match of {
        None => SegmentReader::open(&segment.path, schema)?,
        Some(rows) => {
            let runs = rows.chunk_by(|a, b| a + 1 == *b).map(|run| {
                let begin = (run[0] - segment.base) as usize;
                begin..begin + run.len()
            });
            SegmentReader::some(&segment.path, schema, segment.rows, runs)?
        }
    };
    let mut at = 0;
    for batch in reader {
        for number in batch?.column(0).as_primitive::<UInt64Type>().values() {
            tell(at, *number);
            at += 1;
        }
    }
    Ok(())
}

impl Sources {
    /// The numbers that rows have in their files, by the store's own numbers. Rows and tables that are not known are left out.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`], [`Error::Segment`].
    pub fn in_files(
        &self,
        grant: &Grant,
        source: &str,
        wanted: &BTreeMap<String, BTreeSet<u64>>,
    ) -> Result<InFiles, Error> {
        may_see(grant)?;
        let mut found = InFiles::default();
        let names = wanted.keys().map(String::as_str);
        for (name, table, brought) in self.with_deliveries(source, names)? {
            let Some(asked) = wanted.get(name) else { continue };
            let rows = found.0.entry(name.to_owned()).or_default();
            for (segment, delivery) in table.segments.iter().zip(brought) {
                let of_segment: Vec<u64> = asked.range(segment.base..segment.base + segment.rows).copied().collect();
                if !of_segment.is_empty() {
                    numbers(segment, Some(&of_segment), &mut |at, row| {
                        rows.insert(of_segment[at], InFile { delivery, row });
                    })?;
                }
            }
        }
        Ok(found)
    }

    /// The store's own number of a row, by its number in the file of a delivery. Where no delivery is named, the newest that brought a row of this number,
    /// first of those that are current.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`], [`Error::Segment`].
    pub fn row_in_file(
        &self,
        grant: &Grant,
        source: &str,
        table: &str,
        (row, delivery): (u64, Option<i64>),
    ) -> Result<u64, Error> {
        may_see(grant)?;
        let tables = self.with_deliveries(source, std::iter::once(table))?;
        let unknown = |what, name: String| Error::Unknown { what, name, hint: None };
        let (_, table, brought) = tables.into_iter().next().ok_or_else(|| unknown("table", table.to_owned()))?;
        let mut old = None;
        for (segment, brought) in table.segments.iter().zip(brought).rev() {
            if delivery.is_some_and(|delivery| delivery != brought) {
                continue;
            }
            let mut here = None;
            numbers(segment, None, &mut |at, number| {
                if number == row {
                    here = Some(segment.base + at as u64);
                }
            })?;
            match here {
                Some(own) if table.alive.contains(own) => return Ok(own),
                Some(own) => old = old.or(Some(own)),
                None => {}
            }
        }
        old.ok_or_else(|| match delivery {
            None => unknown("row", row.to_string()),
            Some(delivery) => unknown("row", format!("{row} of delivery {delivery}")),
        })
    }

    /// Tables of a source by these names, as far as it has them, each with the deliveries that its segments came with.
    fn with_deliveries<'n>(&self, source: &str, names: impl Iterator<Item = &'n str>) -> Result<Vec<Asked<'n>>, Error> {
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let tables = catalogue.tables(source.no)?;
        let known = names.filter_map(|name| Some((name, table_as_known(&tables, name)?.clone())));
        let tables = known.map(|(name, table)| {
            let (brought, _) = catalogue.history_of(table.no)?;
            Ok((name, table, brought.into_iter().map(|(_, delivery)| delivery).collect()))
        });
        tables.collect()
    }
}
