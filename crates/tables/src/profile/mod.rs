//! What tables hold, found in one pass: rows, values and no values, shapes, ranges, keys, and which table refers to which.
//!
//! [`Profile::of_path`] reads a folder, file or archive; [`Profile::of_sheets`] rows that were pulled. Cells go once through
//! [`column`](self) after column; what is remembered of a column is bounded whatever its table is: the smallest hashes of its values
//! (`sample.rs`), its most frequent values and shapes (`top.rs`), ranges. From them follow keys (`table.rs`), joins (`joins.rs`) and, with what
//! names (`names/`) and values (`meaning.rs`) say, what rows are likely to be in FHIR (`likely.rs`, vital values by their columns in `vitals.rs`). A few rows that were mistyped take none of that away. [`skeleton`] writes the mapping that follows from it.
//!
//! Values that are shown are patient data: a profile goes only to who may see raw rows.

mod column;
mod joins;
mod likely;
mod meaning;
mod moments;
mod names;
mod report;
mod sample;
mod shape;
mod skeleton;
mod table;
#[cfg(test)]
mod tests;
mod top;
mod vitals;

pub use column::{ColumnProfile, DateRange, Lacks, NumberRange};
pub use joins::Join;
pub use likely::Likely;
pub use names::Role;
pub use skeleton::{NOT_WRITTEN, skeleton};
pub use table::{Key, TableProfile};

use crate::error::Error;
use crate::pull::PulledSheet;
use crate::read::{
    Charset, Delivery, Kind, Listed, PassedOver, Proposal, ReadOptions, RowBatch, TableOptions, propose_encoding,
};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use std::cell::OnceCell;
use std::path::Path;
use table::TableProfiler;

/// Bytes of a file by which an encoding is proposed.
const SAMPLE_BYTES: usize = 4 << 20;
/// Rows after which it is asked whether to go on.
const ASK_ROWS: u64 = 65_536;

/// What the tables of a delivery hold.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its tables.
    pub tables: Vec<TableProfile>,
    /// Columns whose values are those of a key of another table.
    pub joins: Vec<Join>,
    /// What rows are likely to be in FHIR.
    pub likely: Vec<Likely>,
    /// Files whose encoding had to be proposed, with the encoding and why.
    pub encodings: Vec<Proposed>,
    /// What is no table, and why.
    pub passed_over: Vec<PassedOver>,
    /// Tables that could not be read, and why.
    pub failed: Vec<(String, String)>,
    /// What somebody should know.
    pub notes: Vec<String>,
    /// The encoding that most of its files are in, once it was looked for.
    common: OnceCell<Option<Charset>>,
}

/// An encoding that nobody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The table.
    pub table: String,
    /// Its file.
    pub file: String,
    /// The encoding.
    pub encoding: &'static str,
    /// Why.
    pub why: String,
}

/// How a delivery is read to be profiled.
#[derive(Default)]
pub struct ProfileOptions {
    /// The encoding of text files, if it is known.
    pub encoding: Option<Charset>,
    /// Where files are unpacked to that can only be read from a disk.
    pub scratch: Option<std::path::PathBuf>,
}

impl Profile {
    /// Profiles the tables of a folder, file or archive. `go_on` is told the table and its rows so far, and may end it by an error.
    ///
    /// # Errors
    /// [`Error::Read`] if the path cannot be read; a table that cannot is told in the profile.
    pub fn of_path(
        path: &Path,
        options: &ProfileOptions,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<Profile, Error> {
        let read =
            ReadOptions { scratch: options.scratch.clone(), encoding: options.encoding, ..ReadOptions::default() };
        let delivery = Delivery::open(path, &read)?;
        let mut profile = Profile::empty();
        profile.passed_over = delivery.passed_over().to_vec();
        profile.notes = delivery.notes().iter().map(ToString::to_string).collect();
        let mut names = std::collections::HashSet::new();
        for listed in delivery.tables() {
            // Two files of one name are two tables: the second is called by its file.
            let lower = listed.name.to_lowercase();
            let name = if names.insert(lower) { listed.name.clone() } else { name_of_file(&listed.shown(), &names) };
            names.insert(name.to_lowercase());
            match profile.read(&delivery, listed, &name, options.encoding, go_on) {
                Ok(mut table) => {
                    let same = |other: &&Listed| other.name.to_lowercase() == listed.name.to_lowercase();
                    table.is_text = listed.kind == Kind::Delimited;
                    table.needs_file = delivery.tables().iter().filter(same).count() > 1;
                    profile.tables.push(table);
                }
                Err(Error::Read(error)) => profile.failed.push((listed.shown(), error.to_string())),
                Err(error) => return Err(error),
            }
        }
        Ok(profile.finish())
    }

    /// Profiles rows that were pulled.
    ///
    /// # Errors
    /// [`Error::Segment`]; what `go_on` says.
    pub fn of_sheets(
        sheets: &[PulledSheet],
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<Profile, Error> {
        let mut profile = Profile::empty();
        for sheet in sheets {
            let names = sheet.columns();
            let positions: Vec<usize> = (0..names.len()).collect();
            let mut profiler = TableProfiler::new(&names);
            let mut rows = 0;
            for part in 0..sheet.parts() {
                for batch in sheet.scan(part, &positions)? {
                    let batch = batch?;
                    let columns: Vec<_> = batch.columns().iter().map(AsArray::as_string_view).collect();
                    for row in 0..batch.num_rows() {
                        profiler.add(columns.iter().map(|cells| cells.is_valid(row).then(|| cells.value(row))));
                    }
                    rows += batch.num_rows() as u64;
                    go_on(sheet.name(), rows)?;
                }
            }
            profile.tables.push(profiler.end(sheet.name(), sheet.name(), 0, None));
        }
        Ok(profile.finish())
    }

    fn empty() -> Profile {
        Profile {
            tables: Vec::new(),
            joins: Vec::new(),
            likely: Vec::new(),
            encodings: Vec::new(),
            passed_over: Vec::new(),
            failed: Vec::new(),
            notes: Vec::new(),
            common: OnceCell::new(),
        }
    }

    fn finish(mut self) -> Profile {
        self.joins = joins::find(&self.tables);
        self.likely = likely::find(&self.tables, &self.joins);
        self
    }

    fn read(
        &mut self,
        delivery: &Delivery,
        listed: &Listed,
        name: &str,
        encoding: Option<Charset>,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<TableProfile, Error> {
        let error = match read_table(delivery, listed, name, encoding, go_on) {
            Ok((table, notes)) => {
                self.notes.extend(notes.into_iter().map(|note| format!("{}: {note}", listed.shown())));
                return Ok(table);
            }
            Err(Error::Read(error)) if encoding.is_none() && listed.kind == Kind::Delimited => error,
            Err(error) => return Err(error),
        };
        // A file that is not UTF-8: it is read as what it looks like, and that is told. Nothing is stored by it.
        let bytes = delivery.sample(listed, SAMPLE_BYTES)?;
        let is_text = std::str::from_utf8(&bytes).is_ok();
        let mut proposal = propose_encoding(&bytes);
        if is_text || proposal.encoding == Charset::UTF_8 {
            return Err(error.into());
        }
        if proposal.is_of_few_letters(&bytes)
            && let Some(common) = self.common_encoding(delivery)?
            && common != proposal.encoding
            && common.decode(&bytes).is_some()
        {
            let why =
                "other files here are in it, and the few letters of this one that tell are text in it too".to_owned();
            proposal = Proposal { encoding: common, why };
        }
        let (table, notes) = read_table(delivery, listed, name, Some(proposal.encoding), go_on)?;
        self.notes.extend(notes.into_iter().map(|note| format!("{}: {note}", listed.shown())));
        self.encodings.push(Proposed {
            table: name.to_owned(),
            file: listed.shown(),
            encoding: proposal.encoding.name(),
            why: proposal.why,
        });
        Ok(table)
    }

    /// The encoding that most of a delivery's files are in, looked for once.
    fn common_encoding(&self, delivery: &Delivery) -> Result<Option<Charset>, Error> {
        if let Some(common) = self.common.get() {
            return Ok(*common);
        }
        let common = encoding_of_most(delivery)?;
        Ok(*self.common.get_or_init(|| common))
    }

    /// A table by its name.
    pub fn table(&self, name: &str) -> Option<&TableProfile> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// The encoding that most text files of a delivery are in whose letters tell, where they are not in UTF-8.
fn encoding_of_most(delivery: &Delivery) -> Result<Option<Charset>, Error> {
    let mut counts: Vec<(Charset, usize)> = Vec::new();
    for listed in delivery.tables().iter().filter(|listed| listed.kind == Kind::Delimited) {
        let bytes = delivery.sample(listed, SAMPLE_BYTES)?;
        let proposal = propose_encoding(&bytes);
        if proposal.encoding == Charset::UTF_8 || proposal.is_of_few_letters(&bytes) {
            continue;
        }
        match counts.iter_mut().find(|(charset, _)| *charset == proposal.encoding) {
            Some((_, count)) => *count += 1,
            None => counts.push((proposal.encoding, 1)),
        }
    }
    Ok(counts.into_iter().max_by_key(|(_, count)| *count).map(|(charset, _)| charset))
}

fn read_table(
    delivery: &Delivery,
    listed: &Listed,
    name: &str,
    encoding: Option<Charset>,
    go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
) -> Result<(TableProfile, Vec<String>), Error> {
    // What is said of text files is not said of those that say it themselves.
    let encoding = encoding.filter(|_| !matches!(listed.kind, Kind::Dump | Kind::Dbf));
    let mut table = delivery.open_table(listed, TableOptions { encoding, ..TableOptions::default() })?;
    let mut profiler = TableProfiler::new(table.columns());
    let columns = table.columns().len();
    let mut batch = RowBatch::new(columns);
    let (mut rows, mut asked, mut bad, mut bad_example) = (0, 0, 0, None);
    while table.next(&mut batch)? {
        for row in 0..batch.len() {
            profiler.add((0..columns).map(|column| batch.cell(row, column)));
        }
        bad += batch.bad.len() as u64;
        if let (None, Some(first)) = (&bad_example, batch.bad.first()) {
            bad_example = Some(format!("row {}: {}: {}", first.place.number, first.reason, first.message));
        }
        rows += batch.len() as u64;
        if rows - asked >= ASK_ROWS {
            asked = rows;
            go_on(name, rows)?;
        }
    }
    let mut notes = table.notes().to_vec();
    if looks_like_data(table.columns()) {
        notes.push(
            "the first line looks like data, not like names of columns: name them in mapping.toml (`columns`)"
                .to_owned(),
        );
    }
    Ok((profiler.end(name, &listed.shown(), bad, bad_example), notes))
}

/// Whether a header line is a row: numbers and dates are no names.
fn looks_like_data(columns: &[String]) -> bool {
    let is_value = |name: &&String| name.parse::<f64>().is_ok() || moments::look(name) != moments::Looked::No;
    columns.iter().filter(is_value).count() * 3 > columns.len()
}

/// A table's name made of its file, which no other has.
fn name_of_file(file: &str, taken: &std::collections::HashSet<String>) -> String {
    let plain: String = file.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let mut name = plain.clone();
    let mut nth = 2;
    while taken.contains(&name.to_lowercase()) {
        name = format!("{plain}_{nth}");
        nth += 1;
    }
    name
}
