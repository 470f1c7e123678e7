//! An instance of the Common Data Model in a folder (or an archive): its tables as files of any kind that [`tables::read`] reads.
//!
//! [`Folder::open`] finds the 39 tables by their names, whatever the case, reads them as text, gives each field the type that the
//! model says, and keeps the tables as Parquet files in a scratch folder until the [`Folder`] is dropped. A value that is not of
//! its type is null, and counted ([`TableSeen`]); fields that a file lacks are null; a table without a file is empty. Vocabulary
//! files as Athena gives them (tab-separated, a quote is a character like any other) are told by the tabs in their first line.

mod column;
mod typed;
mod value;

pub use column::Misread;
pub use typed::Seen;
pub(crate) use typed::{Out, write_typed};

use crate::asking::Cdm;
use crate::cdm;
use crate::error::Error;
use arrow_array::RecordBatch;
use lake::shelf::{Part, Shelf, ShelfTable};
use lake::workbench::Limits;
use lake::{Capacity, Stop};
use std::collections::BTreeMap;
use std::path::Path;
use tables::read::{Delivery, Kind, Listed, PassedOver, ReadOptions, TableOptions};

/// An instance in a folder.
#[derive(Debug)]
pub struct Folder {
    shelf: Shelf,
    limits: Limits,
    stop: Stop,
    seen: BTreeMap<&'static str, TableSeen>,
    passed_over: Vec<PassedOver>,
    unknown: Vec<String>,
    /// Removed when this is dropped, after the shelf.
    _scratch: tempfile::TempDir,
}

/// What a table's files hold.
#[derive(Debug, Default)]
pub struct TableSeen {
    /// The files.
    pub files: Vec<String>,
    /// What was seen of all of them together.
    pub seen: Seen,
}

impl Folder {
    /// Reads the tables of a folder, file or archive; typed copies are kept in `scratch` for as long as this lives.
    ///
    /// # Errors
    /// The path cannot be read, or a file cannot be read to its end; two files that are both the same table; no table at all.
    pub fn open(path: &Path, scratch: &Path, limits: Limits, capacity: Capacity, stop: &Stop) -> Result<Folder, Error> {
        std::fs::create_dir_all(scratch).map_err(|error| Error::file("make the folder", scratch, error))?;
        let folder = tempfile::Builder::new().prefix("cdm-").tempdir_in(scratch);
        let folder = folder.map_err(|error| Error::file("make a folder in", scratch, error))?;
        let options = ReadOptions { scratch: Some(folder.path().to_owned()), ..ReadOptions::default() };
        let delivery = Delivery::open(path, &options)?;
        let mut found: BTreeMap<&'static str, Vec<&Listed>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for listed in delivery.tables() {
            match table_of(listed) {
                Some(table) => found.entry(table.name).or_default().push(listed),
                None => unknown.push(listed.file.clone()),
            }
        }
        if found.is_empty() {
            let what = "there is no table of the OMOP Common Data Model here: its files are named like the tables, person.csv or PERSON.parquet";
            return Err(Error::definition(path.display().to_string(), what));
        }
        let mut seen = BTreeMap::new();
        let mut tables = Vec::new();
        for table in cdm::tables() {
            let schema = table.schema();
            let mut parts = Vec::new();
            if let Some(files) = found.get(table.name) {
                let (part, told) = read(table, &delivery, files, folder.path(), stop)?;
                parts.push(part);
                seen.insert(table.name, told);
            }
            tables.push(ShelfTable::new(table.name, schema, parts));
        }
        let shelf = Shelf::new(folder.path(), &folder.path().join("spill"), crate::asking::SCHEMA, tables, capacity)?;
        let passed_over = delivery.passed_over().to_vec();
        Ok(Folder { shelf, limits, stop: stop.clone(), seen, passed_over, unknown, _scratch: folder })
    }

    /// What the files of each table hold; tables without a file are not among them.
    pub fn seen(&self) -> &BTreeMap<&'static str, TableSeen> {
        &self.seen
    }

    /// Files that are no table, and why.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// Tables that are none of the model.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

impl Cdm for Folder {
    fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        let mut batches = Vec::new();
        self.shelf.query(sql, &self.limits, &self.stop, |batch| {
            batches.push(batch);
            Ok::<(), Error>(())
        })?;
        Ok(batches)
    }

    fn has_table(&self, table: &str) -> bool {
        self.seen.contains_key(table)
    }

    fn has_field(&self, table: &str, field: &str) -> bool {
        self.seen.get(table).is_some_and(|seen| seen.seen.fields.contains(&field))
    }

    fn misread(&self, table: &str, field: &str) -> u64 {
        let misread = self.seen.get(table).and_then(|seen| seen.seen.misread.iter().find(|(name, _)| *name == field));
        misread.map_or(0, |(_, misread)| misread.wrong + misread.spelled)
    }
}

/// The table of the model that a file is: by its own name, or that of the folder that holds its parts.
fn table_of(listed: &Listed) -> Option<&'static cdm::Table> {
    if let Some(table) = cdm::table(listed.name.trim()) {
        return Some(table);
    }
    let folder = listed.file.rsplit('/').nth(1)?;
    cdm::table(folder)
}

fn read(
    table: &cdm::Table,
    delivery: &Delivery,
    files: &[&Listed],
    folder: &Path,
    stop: &Stop,
) -> Result<(Part, TableSeen), Error> {
    let mut parts: Vec<&&Listed> = files.iter().collect();
    parts.sort_by(|a, b| a.file.cmp(&b.file));
    // Several files are one table where a folder of its name holds them.
    let is_part = |listed: &&&Listed| cdm::table(listed.name.trim()).is_none();
    if parts.len() > 1 && !parts.iter().all(is_part) {
        let names: Vec<&str> = parts.iter().map(|listed| listed.file.as_str()).collect();
        let what = format!("{} are all the table {}: leave one of them", names.join(", "), table.name);
        return Err(Error::definition(names.first().copied().unwrap_or_default(), what));
    }
    let name = format!("{}.parquet", table.name);
    let schema = table.schema();
    let mut out = Out::create(&folder.join(&name), &schema)?;
    let mut told = TableSeen::default();
    for listed in parts {
        if stop.is_stopped() {
            return Err(lake::Error::Cancelled.into());
        }
        let mut opened = delivery.open_table(listed, options(delivery, listed)?)?;
        let seen = write_typed(table, opened.as_mut(), &schema, &mut out, stop)?;
        told.files.push(listed.file.clone());
        told.seen.add(seen);
    }
    let (bytes, rows) = out.end()?;
    Ok((Part::File { path: name, bytes, rows }, told))
}

/// How a text file is to be read: with tabs it is one of Athena's, where a quote is a character like any other.
fn options(delivery: &Delivery, listed: &Listed) -> Result<TableOptions, Error> {
    if listed.kind != Kind::Delimited {
        return Ok(TableOptions::default());
    }
    let sample = delivery.sample(listed, FIRST_LINE_BYTES)?;
    let line = sample.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.contains(&b'\t') {
        return Ok(TableOptions { separator: Some("\t".into()), quote: None, ..TableOptions::default() });
    }
    Ok(TableOptions::default())
}

/// Bytes in which the first line of a file is looked for.
const FIRST_LINE_BYTES: usize = 16 << 10;

impl Seen {
    /// Adds what was seen of a further file of the same table. A field is there if all of them have it.
    fn add(&mut self, other: Seen) {
        if self.rows + self.bad_rows == 0 && self.fields.is_empty() {
            *self = other;
            return;
        }
        self.rows += other.rows;
        self.bad_rows += other.bad_rows;
        self.bad_examples.extend(other.bad_examples);
        self.fields.retain(|field| other.fields.contains(field));
        for name in other.others {
            if !self.others.contains(&name) {
                self.others.push(name);
            }
        }
        for (field, misread) in other.misread {
            match self.misread.iter_mut().find(|(name, _)| *name == field) {
                Some((_, mine)) => {
                    mine.wrong += misread.wrong;
                    mine.spelled += misread.spelled;
                }
                None => self.misread.push((field, misread)),
            }
        }
    }
}
