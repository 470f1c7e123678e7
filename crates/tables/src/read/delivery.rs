//! A delivery: the tables of a path.

use super::charset::Charset;
use super::dbf::Dbf;
use super::delimited::Delimited;
use super::dump::{Dump, Tables};
use super::list::Lister;
use super::options::{ReadOptions, TableOptions};
use super::origin::Origin;
use super::parquet;
use super::pattern::{file_name, matches, stem};
use super::recognise::Kind;
use super::sqlite;
use super::workbook;
use super::xls;
use super::{Content, ReadError, Table};
use crate::said::Said;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How many names an error tells.
const SHOWN_NAMES: usize = 12;
/// Of how many files that are no tables it says why.
const SHOWN_PASSED: usize = 3;

/// The tables of a folder, a file or an archive.
pub struct Delivery {
    path: String,
    tables: Vec<Listed>,
    /// Text that is a table only if somebody says so.
    texts: Vec<Listed>,
    passed_over: Vec<PassedOver>,
    notes: Vec<Said>,
    encoding: Option<Charset>,
    /// What files hold of which that was asked.
    contents: Mutex<HashMap<String, Content>>,
}

/// A table of a delivery.
#[derive(Clone)]
pub struct Listed {
    /// Its name: the stem of its file, a sheet, or its name in a database.
    pub name: String,
    /// Its file, relative to the delivery's path, with `/` between; what is in an archive after the archive's name.
    pub file: String,
    /// Sheet or table within the file, where there may be several.
    pub part: Option<String>,
    /// What kind of file it is in.
    pub kind: Kind,
    /// Unpacked size of the file, where that is known without unpacking it.
    pub bytes: Option<u64>,
    pub(super) extension: String,
    pub(super) origin: Origin,
    /// What is known of the dump that it is in.
    pub(super) dump: Option<Arc<Tables>>,
}

/// A file that is no table, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The file, as in [`Listed`].
    pub file: String,
    /// Why, and what to do if it should be one.
    pub why: String,
}

impl Delivery {
    /// Looks through a folder, a file or an archive. Nothing but the beginnings of files is read, and what of archives is
    /// needed to know what is in them.
    ///
    /// # Errors
    /// When the path cannot be read, or holds too many files. A file in it that cannot be read is passed over, and told.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Delivery, ReadError> {
        let shown = path.display().to_string();
        let metadata =
            std::fs::metadata(path).map_err(|error| ReadError::at(&shown, format!("cannot be read: {error}")))?;
        let mut lister = Lister::new(options);
        if metadata.is_dir() {
            lister.folder(path, "", 0)?;
        } else {
            let name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
            lister.file(&Origin::path(path, &options.bounds), &name, &name, 0)?;
            // Whoever names a single text means it.
            if lister.tables.is_empty() && lister.texts.len() == 1 && lister.passed_over.len() == 1 {
                lister.tables.append(&mut lister.texts);
                lister.passed_over.clear();
            }
        }
        let Lister { tables, texts, passed_over, notes, .. } = lister;
        Ok(Delivery {
            path: shown,
            tables,
            texts,
            passed_over,
            notes,
            encoding: options.encoding,
            contents: Mutex::default(),
        })
    }

    /// Its tables, in the order of their files.
    pub fn tables(&self) -> &[Listed] {
        &self.tables
    }

    /// What is no table.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// What somebody should know about the whole of it.
    pub fn notes(&self) -> &[Said] {
        &self.notes
    }

    /// Finds a table: by its name, or by a pattern for its file. `lab_*.csv` names a file anywhere, `2024/lab.csv` one with its
    /// folder, `data.xlsx#Labs` a part of one. Upper and lower case are the same, endings of packed files may be left out.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str, file: Option<&str>) -> Result<&Listed, ReadError> {
        self.find_called(name, file, &[])
    }

    /// The same of a table that has other names too: the first that leads to one table is taken, `name` and `file` before all.
    ///
    /// # Errors
    /// As [`Delivery::find`].
    pub fn find_called(&self, name: &str, file: Option<&str>, names: &[String]) -> Result<&Listed, ReadError> {
        let (wanted, found) = self.called(name, file, names);
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let near = self.passed_over.iter().find(|passed| {
                    matches(wanted, &passed.file)
                        || file_name(&passed.file).to_lowercase().starts_with(&name.to_lowercase())
                });
                let what = match near {
                    Some(passed) => format!("`{wanted}` is no table here: {}: {}", passed.file, passed.why),
                    None => format!("there is no table `{wanted}` here, but {}{}", self.shown(), self.not_read()),
                };
                Err(ReadError::at(&self.path, what))
            }
            several => {
                let files: Vec<String> = several.iter().take(SHOWN_NAMES).map(|listed| listed.shown()).collect();
                let what =
                    format!("`{wanted}` is {} tables: {}. Name one by `file = \"…\"`", several.len(), files.join(", "));
                Err(ReadError::at(&self.path, what))
            }
        }
    }

    /// Its tables by name.
    fn shown(&self) -> String {
        if self.tables.is_empty() { "no table at all".to_owned() } else { shown(&self.tables) }
    }

    /// Files that could not be read, in which a table may be that is missed; where there is no table, all that are none.
    fn not_read(&self) -> String {
        let matters = |passed: &&PassedOver| self.tables.is_empty() || passed.why.starts_with("cannot be");
        let why = self.passed_over.iter().filter(matters).take(SHOWN_PASSED);
        why.flat_map(|passed| ["; ", &passed.file, ": ", &passed.why]).collect()
    }

    /// True if [`Delivery::find_called`] would find a table, or several.
    pub fn has(&self, name: &str, file: Option<&str>, names: &[String]) -> bool {
        !self.called(name, file, names).1.is_empty()
    }

    /// What a table is called here, and the tables that are called so: by the first name that one alone has, else by the first that any has.
    fn called<'n>(&self, name: &'n str, file: Option<&'n str>, names: &'n [String]) -> (&'n str, Vec<&Listed>) {
        let first = (file.unwrap_or(name), self.found(name, file));
        let others = names.iter().map(|other| (other.as_str(), self.found(other, None)));
        let mut several: Option<(&'n str, Vec<&Listed>)> = None;
        for (wanted, found) in std::iter::once(first).chain(others) {
            if found.len() == 1 {
                return (wanted, found);
            }
            if several.as_ref().is_none_or(|(_, before)| before.is_empty()) && (several.is_none() || !found.is_empty())
            {
                several = Some((wanted, found));
            }
        }
        several.unwrap_or_default()
    }

    /// The tables of a name, or of a pattern for their file.
    fn found(&self, name: &str, file: Option<&str>) -> Vec<&Listed> {
        let is_named = |listed: &&Listed| listed.name.to_lowercase() == name.to_lowercase();
        match file {
            None => {
                let found: Vec<&Listed> = self.tables.iter().filter(is_named).collect();
                let in_file = |listed: &&Listed| stem(&listed.file).to_lowercase() == name.to_lowercase();
                if found.is_empty() { self.tables.iter().filter(in_file).collect() } else { found }
            }
            Some(pattern) => {
                let (pattern, part) = match pattern.rsplit_once('#') {
                    Some((pattern, part)) if !part.contains(['.', '/']) => (pattern, Some(part)),
                    _ => (pattern, None),
                };
                let in_file = |listed: &&Listed| matches(pattern, &listed.file);
                let mut found: Vec<&Listed> = self.tables.iter().filter(in_file).collect();
                if found.is_empty() {
                    found = self.texts.iter().filter(in_file).collect();
                }
                match part {
                    Some(part) => {
                        found.retain(|l| l.part.as_ref().unwrap_or(&l.name).to_lowercase() == part.to_lowercase());
                    }
                    None if found.len() > 1 && found.iter().any(is_named) => found.retain(is_named),
                    None => {}
                }
                found
            }
        }
    }

    /// Opens a table: see [`Delivery::find`].
    ///
    /// # Errors
    /// When there is no such table, or it cannot be begun to be read.
    pub fn table(&self, name: &str, file: Option<&str>, options: TableOptions) -> Result<Box<dyn Table>, ReadError> {
        self.open_table(self.find(name, file)?, options)
    }

    /// Opens a table that was listed.
    ///
    /// # Errors
    /// When it cannot be begun to be read.
    pub fn open_table(&self, listed: &Listed, options: TableOptions) -> Result<Box<dyn Table>, ReadError> {
        let reader = || listed.origin.open().map_err(|error| cannot(listed, &error));
        Ok(match listed.kind {
            Kind::Delimited => {
                Box::new(Delimited::open(&listed.name, &listed.file, &listed.extension, reader()?, options)?)
            }
            Kind::Dump => {
                let part = listed.part.as_deref().unwrap_or(&listed.name);
                let known = listed.dump.as_ref().ok_or_else(|| ReadError::at(&listed.file, "is no dump"))?;
                Box::new(Dump::open(known, part, &listed.file, reader()?, options, self.encoding)?)
            }
            Kind::Dbf => {
                let memo = match memo_of(listed) {
                    Some(path) => {
                        Some((File::open(&path).map_err(|error| cannot(listed, &error))?, self.content(listed)?))
                    }
                    None => None,
                };
                let encoding = (options.encoding, self.encoding);
                Box::new(Dbf::open(&listed.name, &listed.file, reader()?, memo, encoding, options.tee)?)
            }
            Kind::Workbook | Kind::OldWorkbook => {
                let section = listed.origin.section().map_err(|error| cannot(listed, &error))?;
                let section = section.ok_or_else(|| ReadError::at(&listed.file, "is packed"))?;
                let (content, place) = (self.content(listed)?, listed.shown());
                let (origin, columns) = (listed.origin.clone(), options.columns);
                Box::new(match listed.kind {
                    Kind::Workbook => workbook::sheet(section, &listed.name, &place, content, columns, origin)?,
                    _ => xls::sheet(section, &listed.name, &place, content, columns, options.encoding, origin)?,
                })
            }
            Kind::Parquet | Kind::Sqlite => {
                let content = self.content(listed)?;
                let (origin, path) = listed.origin.whole_file(None).map_err(|error| cannot(listed, &error))?;
                let place = listed.shown();
                match listed.kind {
                    Kind::Sqlite => Box::new(sqlite::table(&path, &listed.name, &place, content, origin)?),
                    _ => Box::new(parquet::table(&path, &listed.name, &place, content, origin)?),
                }
            }
        })
    }

    /// What a table's file holds, unpacked; read once a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn content(&self, listed: &Listed) -> Result<Content, ReadError> {
        if let Some(dump) = &listed.dump {
            return Ok(dump.content());
        }
        let known = self.contents.lock().map(|contents| contents.get(&listed.file).copied());
        if let Ok(Some(content)) = known {
            return Ok(content);
        }
        let mut content = self.copy(listed, &mut io::sink())?;
        if let Some(path) = memo_of(listed) {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&content.hash);
            let file = File::open(path).map_err(|error| cannot(listed, &error))?;
            content.bytes +=
                io::copy(&mut io::BufReader::new(file), &mut hasher).map_err(|error| cannot(listed, &error))?;
            content.hash = *hasher.finalize().as_bytes();
        }
        if let Ok(mut contents) = self.contents.lock() {
            contents.insert(listed.file.clone(), content);
        }
        Ok(content)
    }

    /// The unpacked bytes of a table's file, in which its rows have their places; none of kinds whose rows are no ranges of
    /// bytes.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn raw(&self, listed: &Listed) -> Result<Option<Box<dyn io::Read + Send>>, ReadError> {
        match listed.kind {
            Kind::Delimited | Kind::Dump => listed.origin.open().map(Some).map_err(|error| cannot(listed, &error)),
            _ => Ok(None),
        }
    }

    /// Copies the unpacked bytes of a table's file, and says what they are.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn copy(&self, listed: &Listed, to: &mut dyn Write) -> Result<Content, ReadError> {
        let mut reader = listed.origin.open().map_err(|error| cannot(listed, &error))?;
        let mut hashing = Hashing { to, hasher: blake3::Hasher::new(), bytes: 0 };
        io::copy(&mut reader, &mut hashing).map_err(|error| cannot(listed, &error))?;
        Ok(Content { hash: *hashing.hasher.finalize().as_bytes(), bytes: hashing.bytes })
    }

    /// The beginning of a table's file, to propose an encoding by ([`super::propose_encoding`]).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sample(&self, listed: &Listed, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut sample = Vec::new();
        let reader = listed.origin.open().map_err(|error| cannot(listed, &error))?;
        io::Read::read_to_end(&mut io::Read::take(reader, length as u64), &mut sample)
            .map_err(|error| cannot(listed, &error))?;
        Ok(sample)
    }
}

/// The file with the texts of the memo fields of a DBF file.
fn memo_of(listed: &Listed) -> Option<PathBuf> {
    let path = listed.origin.own_path().filter(|_| listed.kind == Kind::Dbf)?;
    ["dbt", "DBT", "fpt", "FPT"].iter().map(|extension| path.with_extension(extension)).find(|path| path.is_file())
}

fn cannot(listed: &Listed, error: &io::Error) -> ReadError {
    ReadError::at(&listed.file, format!("cannot be read: {error}"))
}

impl Listed {
    /// Its file and part, as [`Delivery::find`] takes them.
    pub fn shown(&self) -> String {
        match &self.part {
            Some(part) => format!("{}#{part}", self.file),
            None => self.file.clone(),
        }
    }
}

fn shown(tables: &[Listed]) -> String {
    let names: Vec<&str> = tables.iter().take(SHOWN_NAMES).map(|listed| listed.name.as_str()).collect();
    match tables.len().saturating_sub(SHOWN_NAMES) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

struct Hashing<'w> {
    to: &'w mut dyn Write,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.to.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
