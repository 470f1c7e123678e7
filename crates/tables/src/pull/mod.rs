//! Pulls: tables of a source become arrivals, and rows that SQL can ask.
//!
//! [`Sources`] is the store, one folder. [`Sources::pull`] reads the tables of a delivery to their end, compares them with
//! what is current, and asks before it takes away much; then it keeps the bytes of new rows as arrivals, their text as
//! segments, and makes them current in one commit. What did not change adds nothing. [`Sources::sheets`] gives current rows to the SQL
//! engine; [`Sources::row`] leads from a row's number to its bytes.

mod attempt;
mod catalogue;
mod compare;
mod corrected;
mod hash;
mod in_file;
mod moved;
mod order;
mod owned;
mod points;
mod raw;
mod row_said;
mod run_log;
mod segment;
mod sheet;
mod spelling;
mod take;
mod unreadable;

pub use attempt::{Attempt, OwedRun, Times, attempts_in, failed_runs_in};
pub use catalogue::{CurrentTable, Delivered, DeliveryInfo, Pulled, SourceInfo};
pub use corrected::{BadLetter, Cells, Correction};
pub use hash::RowHash;
pub use in_file::{InFile, InFiles};
pub use moved::MovedRows;
pub use owned::Given;
pub use raw::RawTables;
pub use row_said::RowSaid;
pub use run_log::{RunBegins, RunInfo, RunState};
pub use sheet::{PulledSheet, ROW};
pub(crate) use sheet::{has_points, with_points};
pub(crate) use take::is_name;

use crate::error::Error;
use crate::read::{Content, ReadError, Table};
use access::{Grant, Permission};
use catalogue::Catalogue;
use corrected::{CorrectedBad, CorrectedRows, Mended};
use records::Records;
use roaring::RoaringTreemap;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use take::{Before, Keeping};

/// The door that arrivals of pulls name.
pub const DOOR: &str = records::PULL_DOOR;
/// The longest name of a source.
const NAME_BYTES: usize = 64;

/// What paths have where a source's name could stand, and something else is meant.
const RESERVED: &str = "own";

/// Where a table of a delivery is read from.
pub trait Origin {
    /// The file, or the table in a database, as reports name it.
    fn file(&self) -> &str;

    /// How it is read (encoding, separator …): the same bytes read otherwise are other rows.
    fn reading(&self) -> String;

    /// True if its numbers are spelled by the reader, with a point, and not by whoever wrote the file.
    fn spells_numbers(&self) -> bool {
        false
    }

    /// What its file holds, unpacked; `None` of a table that is no file, which must be read to know.
    ///
    /// # Errors
    /// When it cannot be read.
    fn content(&self) -> Result<Option<Content>, ReadError>;

    /// Reads it from its beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self) -> Result<Box<dyn Table>, ReadError>;

    /// The unpacked bytes of a text file, in which rows have their offsets; `None` where rows are no ranges of bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    fn raw(&self) -> Result<Option<Box<dyn Read + Send>>, ReadError>;

    /// Says that all tables of the delivery were read to their end: what was open for that need not be any more.
    fn all_are_read(&self) {}
}

/// A table that is to be pulled.
pub struct PullTable {
    /// Its name in the mapping.
    pub name: String,
    /// Columns that tell its rows apart; empty if none are known.
    pub key: Vec<String>,
    /// Columns without which it is not taken.
    pub uses: Vec<String>,
    /// Whether it is passed over where it lacks columns and was never there before: then nobody loses anything by it.
    pub optional: bool,
    /// Where it is.
    pub origin: Box<dyn Origin>,
}

/// What to do with a delivery that looks like a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IfDoubtful {
    /// Take nothing of it and say why.
    #[default]
    Stop,
    /// A person has looked: take it.
    Accept,
}

/// What a pull found of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePulled {
    /// The table.
    pub name: String,
    /// The file it came in.
    pub file: String,
    /// Rows that it has.
    pub rows: u64,
    /// Rows with a key that it did not have.
    pub new: u64,
    /// Rows with a key that it had, and other values.
    pub changed: u64,
    /// Rows that it had.
    pub gone: u64,
    /// Rows that are as they were.
    pub equal: u64,
    /// Rows that could not be read, each a dead letter.
    pub bad: u64,
    /// Rows that it had and that are among these, by their keys: they stay as they were.
    pub kept: u64,
    /// Whether the file is the same, byte for byte: then it was not read as rows.
    pub unchanged_file: bool,
    /// What is to be said about how it was read: of its encoding, say.
    pub notes: Vec<String>,
}

/// What a pull did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullReport {
    /// The delivery's number; none if nothing was different.
    pub delivery: Option<i64>,
    /// Its tables.
    pub tables: Vec<TablePulled>,
    /// Optional tables that were passed over, and why.
    pub passed_over: Vec<(String, String)>,
}

/// A row where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct RowOrigin {
    /// The table.
    pub table: String,
    /// The file it was in.
    pub file: String,
    /// The delivery that brought it.
    pub delivery: i64,
    /// Its number in the table as that had it, from 1.
    pub number: u64,
    /// The arrival that keeps its bytes, and byte offset and length in it.
    pub arrival: Option<(i64, u64, u32)>,
    /// Its cells, by column.
    pub cells: Vec<(String, Option<String>)>,
    /// Whether it is current.
    pub is_current: bool,
}

/// Sources of tables, and the rows that were pulled from them.
pub struct Sources {
    catalogue: Mutex<Catalogue>,
    /// Sources that are being pulled: one pull of a source at a time.
    pulling: Mutex<BTreeSet<i64>>,
    /// How runs ended for which there was no room to note it.
    unnoted: Mutex<BTreeMap<i64, (RunState, String)>>,
    records: Arc<Records>,
}

/// What a pull writes before it is taken; what of it is left goes with this, so that it takes no room.
struct Spooled {
    folder: PathBuf,
    source: i64,
}

impl Spooled {
    fn head(&self) -> String {
        format!("{}-", self.source)
    }

    /// Where the rows of a table lie; what else is written of it is called alike.
    fn path(&self, table: usize) -> PathBuf {
        self.folder.join(format!("{}{table}.parquet", self.head()))
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        let head = self.head();
        let is_of_it = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(&head));
        // What cannot be removed now is when the catalogue is opened.
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if is_of_it(&entry.file_name()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// The place of the one who pulls a source.
struct Pulling<'a> {
    all: &'a Mutex<BTreeSet<i64>>,
    source: i64,
}

impl Drop for Pulling<'_> {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.source);
    }
}

impl Sources {
    /// Opens the store in `folder`, making it if it is new. One process at a time may have it open.
    ///
    /// # Errors
    /// [`Error::Catalogue`], [`Error::File`].
    pub fn open(folder: &Path, records: Arc<Records>) -> Result<Sources, Error> {
        let catalogue = Catalogue::open(folder)?;
        // A run that wrote nothing has its number to itself all the same: it may go on, or be taken back.
        if let Some(newest) = catalogue.newest_written_as()? {
            records.keep_delivery(newest);
        }
        Ok(Sources { catalogue: Mutex::new(catalogue), pulling: Mutex::default(), unnoted: Mutex::default(), records })
    }

    fn catalogue(&self) -> MutexGuard<'_, Catalogue> {
        self.catalogue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a source.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Name`] if the name is taken or is none.
    pub fn add(&self, grant: &Grant, name: &str, path: &str, mapping: &str) -> Result<SourceInfo, Error> {
        grant.may_administer()?;
        let first = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !first || name.len() > NAME_BYTES || !name.chars().all(fits) {
            return Err(Error::Name(format!(
                "\"{name}\" is no name of a source: a small letter, then small letters, digits, - and _, {NAME_BYTES} at most"
            )));
        }
        if name == RESERVED {
            return Err(Error::Name(format!("no source can be called \"{name}\"")));
        }
        self.catalogue().add_source(name, path, mapping, self.records.now_us())
    }

    /// Whether somebody may let a source deliver from somewhere else, which is for whoever administers, and give it another mapping, which is for
    /// whoever may run it.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn may_change(&self, grant: &Grant, path: Option<&str>, mapping: Option<&str>) -> Result<(), Error> {
        if path.is_some() {
            grant.may_administer()?;
        }
        if mapping.is_some() {
            may_see(grant)?;
            may_pull(grant)?;
        }
        Ok(())
    }

    /// Lets a source deliver from somewhere else, gives it another mapping, or both at once: from the next pull and run on. What was delivered
    /// stays, and the next pull is compared with it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`]; [`Error::Busy`] while it is pulled, if it is to deliver from somewhere else.
    pub fn change(
        &self,
        grant: &Grant,
        name: &str,
        path: Option<&str>,
        mapping: Option<&str>,
    ) -> Result<SourceInfo, Error> {
        self.may_change(grant, path, mapping)?;
        let source = self.catalogue().source(name)?;
        let _pulling = path.map(|_| self.begin(&source)).transpose()?;
        let catalogue = self.catalogue();
        catalogue.change_source(source.no, path, mapping)?;
        catalogue.source(name)
    }

    /// The sources, by name.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn list(&self, grant: &Grant) -> Result<Vec<SourceInfo>, Error> {
        // Which there are, and where, whoever administers knows too.
        if may_see(grant).is_err() {
            grant.may_administer()?;
        }
        self.catalogue().sources()
    }

    /// One source.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn source(&self, grant: &Grant, name: &str) -> Result<SourceInfo, Error> {
        may_see(grant)?;
        self.catalogue().source(name)
    }

    /// Forgets a source and its rows, and says what it was. Arrivals stay, and so do resources that were made of it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn remove(&self, grant: &Grant, name: &str) -> Result<SourceInfo, Error> {
        grant.may_administer()?;
        let source = self.catalogue().source(name)?;
        let _pulling = self.begin(&source)?;
        self.catalogue().remove_source(source.no)?;
        Ok(source)
    }

    /// The deliveries of a source, newest first.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn deliveries(&self, grant: &Grant, name: &str, limit: usize) -> Result<Vec<DeliveryInfo>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(name)?;
        catalogue.deliveries(source.no, limit)
    }

    /// The newest delivery of each source, by the source's name: its number, and when it was pulled, µs UTC.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn newest_deliveries(&self, grant: &Grant) -> Result<BTreeMap<String, (i64, i64)>, Error> {
        if may_see(grant).is_err() {
            grant.may_administer()?;
        }
        self.catalogue().newest_deliveries()
    }

    /// The tables of a source as they are now, by name.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn tables(&self, grant: &Grant, name: &str) -> Result<Vec<CurrentTable>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(name)?;
        catalogue.current_tables(source.no)
    }

    /// Pulls tables. `go_on` is told the table and its rows so far, and may end it by an error: then nothing was taken.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`], [`Error::Read`]; [`Error::Suspicious`] if the delivery takes away much and nobody
    /// has accepted that; [`Error::Changed`].
    pub fn pull(
        &self,
        grant: &Grant,
        name: &str,
        tables: &[PullTable],
        if_doubtful: IfDoubtful,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<PullReport, Error> {
        self.pull_from(grant, name, None, tables, if_doubtful, go_on)
    }

    /// The same of a delivery that lay elsewhere than the source's path says: `from` is what lists of deliveries call it.
    ///
    /// # Errors
    /// As [`Sources::pull`].
    pub fn pull_from(
        &self,
        grant: &Grant,
        name: &str,
        from: Option<&str>,
        tables: &[PullTable],
        if_doubtful: IfDoubtful,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<PullReport, Error> {
        may_pull(grant)?;
        let source = self.catalogue().source(name)?;
        let _pulling = self.begin(&source)?;
        let (before, coming) = {
            let catalogue = self.catalogue();
            let before = catalogue.tables(source.no)?;
            (before, catalogue.coming())
        };
        let spooled = Spooled { folder: coming, source: source.no };
        let of = |name: &str| spelling::table_as_known(&before, name);
        let (mut read, mut doubts, mut passed_over) = (Vec::new(), Vec::new(), Vec::new());
        for (no, wanted) in tables.iter().enumerate() {
            let was = of(&wanted.name);
            let content = match was {
                Some(was) => self.catalogue().content_before(was.no)?,
                None => None,
            };
            let corrected = match was {
                Some(was) => self.catalogue().corrected_bad(was.no)?,
                None => CorrectedBad::new(),
            };
            let corrected_rows = match was {
                Some(was) => self.catalogue().corrected(was)?,
                None => CorrectedRows::new(),
            };
            let before = Before { table: was, content, corrected: &corrected, corrected_rows: &corrected_rows };
            let table = match take::read(wanted, before, spooled.path(no), &mut |rows| go_on(&wanted.name, rows))? {
                Ok(table) => table,
                Err(lacking) if wanted.optional && was.is_none() => {
                    passed_over.push((wanted.name.clone(), lacking.message));
                    continue;
                }
                Err(lacking) => return Err(lacking.into()),
            };
            doubts.extend(was.map(|was| table.doubts(was)).unwrap_or_default());
            read.push((table, wanted));
        }
        for table in tables {
            table.origin.all_are_read();
        }
        if !doubts.is_empty() && if_doubtful == IfDoubtful::Stop {
            return Err(Error::Suspicious(doubts));
        }
        let told: Vec<TablePulled> = read.iter().map(|(table, _)| table.told()).collect();
        let mended: Mended = read.iter().map(|(table, _)| table.mended()).collect();
        let keeping = Keeping { records: &self.records, grant, source: &source.name, now_us: self.records.now_us() };
        let mut taken = Vec::new();
        for (table, wanted) in read {
            let bad_before = match of(&wanted.name) {
                Some(was) => self.catalogue().bad_before(was.no)?,
                None => HashSet::new(),
            };
            taken.extend(table.keep(wanted, &bad_before, &keeping)?);
        }
        let delivery = if taken.is_empty() {
            None
        } else {
            Some(self.catalogue().deliver(source.no, from.unwrap_or(&source.path), keeping.now_us, taken)?)
        };
        self.close_letters(grant, &source, &mended)?;
        Ok(PullReport { delivery, tables: told, passed_over })
    }

    /// Closes the letters of rows that were taken as a person corrected them, or do not come any more.
    fn close_letters(&self, grant: &Grant, source: &SourceInfo, mended: &Mended) -> Result<(), Error> {
        let closed = self.catalogue().no_longer_bad(source.no, mended)?;
        self.records.close_rows(grant, closed.clone(), &format!("a pull of {}", source.name))?;
        self.catalogue().forget_letters(&closed)
    }

    /// Takes the place of the one who pulls a source, or removes it.
    fn begin(&self, source: &SourceInfo) -> Result<Pulling<'_>, Error> {
        let mut pulling = self.pulling.lock().unwrap_or_else(PoisonError::into_inner);
        if !pulling.insert(source.no) {
            return Err(Error::Busy(format!("a pull of {}", source.name)));
        }
        Ok(Pulling { all: &self.pulling, source: source.no })
    }

    /// The current rows of all tables of a source as runs read them: with the cells that a person corrected, without blanks around cells. `nulls` says which
    /// spellings of a cell are no value.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn sheets(
        &self,
        grant: &Grant,
        name: &str,
        nulls: &dyn Fn(&str) -> Vec<String>,
    ) -> Result<Vec<PulledSheet>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(name)?;
        let mut sheets = Vec::new();
        for table in catalogue.tables(source.no)? {
            let corrected = catalogue.corrected(&table)?;
            sheets.push(PulledSheet::new(table, |name| nulls(name)).bare().with_corrected(corrected));
        }
        Ok(sheets)
    }

    /// The current rows of all tables of a source, and all rows with their deliveries, as they came.
    fn raw(&self, grant: &Grant, name: &str) -> Result<Vec<(PulledSheet, raw::HistorySheet)>, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(name)?;
        let mut found = Vec::new();
        for table in catalogue.tables(source.no)? {
            let (brought, took) = catalogue.history_of(table.no)?;
            let nulls = |_: &str| vec![String::new()];
            let mut all = table.clone();
            all.alive = RoaringTreemap::new();
            all.alive.insert_range(0..table.rows);
            let history = raw::HistorySheet::new(PulledSheet::new(all, nulls), brought, took);
            found.push((PulledSheet::new(table, nulls), history));
        }
        Ok(found)
    }

    /// The folder that remembers what runs made.
    pub fn made_folder(&self) -> std::path::PathBuf {
        self.catalogue().made_folder()
    }

    /// Keeps a version of a mapping, so that what it made can be explained.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Catalogue`].
    pub fn keep_mapping(&self, grant: &Grant, hash: &str, name: &str, files: &[(String, String)]) -> Result<(), Error> {
        may_pull(grant)?;
        self.catalogue().keep_mapping(hash, name, files, self.records.now_us())
    }

    /// The files of a version of a mapping, by the beginning of its hash in hex.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn mapping(&self, grant: &Grant, hash: &str) -> Result<Vec<(String, String)>, Error> {
        may_see(grant)?;
        self.catalogue().mapping(hash)
    }

    /// A row of a table by the store's own number, with where it came from.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn row(&self, grant: &Grant, source: &str, table: &str, row: u64) -> Result<RowOrigin, Error> {
        may_see(grant)?;
        let catalogue = self.catalogue();
        let source = catalogue.source(source)?;
        let tables = catalogue.tables(source.no)?;
        let unknown = |what, name: String| Error::Unknown { what, name, hint: None };
        let found = spelling::table_as_known(&tables, table).cloned();
        let found = found.ok_or_else(|| unknown("table", table.to_owned()))?;
        let origin = catalogue.origin_of(found.no, row)?.ok_or_else(|| unknown("row", row.to_string()))?;
        drop(catalogue);
        sheet::row_of(found, row, origin)
    }
}

/// Rows of sources hold all that a hospital's tables hold: whoever sees them sees everything.
pub(crate) fn may_see(grant: &Grant) -> Result<(), access::Denied> {
    grant.may_use_sql()
}

/// A pull stores what it reads.
fn may_pull(grant: &Grant) -> Result<(), access::Denied> {
    grant.may_all(Permission::Create)?;
    grant.may_all(Permission::Update)
}
