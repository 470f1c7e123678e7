//! The tables of a mapping in a delivery.

use crate::error::Error;
use crate::mapping::{Settings, TableSettings};
use crate::pull::{Origin, PullTable};
use crate::read::{
    Charset, Content, Delivery, Kind, Listed, ReadError, ReadOptions, Table, TableOptions, UnknownCharset,
};
use crate::said::Said;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A table of a delivery, read as the mapping says.
struct InDelivery {
    delivery: Arc<Delivery>,
    listed: Listed,
    file: String,
    encoding: Option<Charset>,
    separator: Option<char>,
    columns: Option<Vec<String>>,
    /// The write-ahead log beside a SQLite database.
    log: PathBuf,
}

impl Origin for InDelivery {
    fn file(&self) -> &str {
        &self.file
    }

    fn reading(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.listed.part, self.encoding.map(Charset::name), self.separator, self.columns)
    }

    fn spells_numbers(&self) -> bool {
        self.listed.kind != Kind::Delimited
    }

    fn content(&self) -> Result<Option<Content>, ReadError> {
        let mut content = self.delivery.content(&self.listed)?;
        // What a database has not yet written into its file lies beside it.
        if self.listed.kind == Kind::Sqlite
            && let Ok(log) = std::fs::read(&self.log)
            && !log.is_empty()
        {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&content.hash).update(&log);
            content.hash = *hasher.finalize().as_bytes();
        }
        Ok(Some(content))
    }

    fn open(&self) -> Result<Box<dyn Table>, ReadError> {
        let options = TableOptions {
            encoding: self.encoding,
            separator: self.separator.map(String::from),
            columns: self.columns.clone(),
            ..TableOptions::default()
        };
        self.delivery.open_table(&self.listed, options)
    }

    fn raw(&self) -> Result<Option<Box<dyn Read + Send>>, ReadError> {
        self.delivery.raw(&self.listed)
    }
}

/// What of a mapping's tables a delivery has.
pub struct Found {
    /// The tables that are there.
    pub tables: Vec<PullTable>,
    /// Optional tables that are not.
    pub absent: Vec<String>,
    /// What somebody should know about the delivery.
    pub notes: Vec<Said>,
}

/// Finds the tables that a mapping reads in the delivery at `path`.
///
/// # Errors
/// [`Error::Read`]: the path cannot be read, a table that is needed is not there, an encoding is not known.
pub fn find_tables(settings: &Settings, path: &Path, scratch: &Path) -> Result<Found, Error> {
    let charset = |name: Option<&String>, place: &str| {
        let unknown = |error: UnknownCharset| ReadError { place: place.to_owned(), message: error.to_string() };
        name.map(|name| Charset::for_name(name)).transpose().map_err(unknown)
    };
    let of_all = charset(settings.encoding.as_ref(), "mapping.toml")?;
    let options = ReadOptions { scratch: Some(scratch.to_owned()), encoding: of_all, ..ReadOptions::default() };
    let delivery = Arc::new(Delivery::open(path, &options)?);
    let mut found = Found { tables: Vec::new(), absent: Vec::new(), notes: delivery.notes().to_vec() };
    for (name, table) in &settings.tables {
        // Of several that may be meant none is taken: that is no table that is absent.
        if table.optional && !delivery.has(name, table.file.as_deref(), &table.names) {
            found.absent.push(name.clone());
            continue;
        }
        let listed = delivery.find_called(name, table.file.as_deref(), &table.names)?.clone();
        let own = charset(table.encoding.as_ref(), &format!("mapping.toml, table {name}"))?;
        // These say it themselves, mostly.
        let says = matches!(listed.kind, Kind::Dump | Kind::Dbf);
        let encoding = if says { own } else { own.or(of_all) };
        let mut log = if path.is_dir() { path.join(&listed.file) } else { path.to_owned() }.into_os_string();
        log.push("-wal");
        found.tables.push(PullTable {
            name: name.clone(),
            key: table.key.clone(),
            uses: needs(table),
            optional: table.optional,
            origin: Box::new(InDelivery {
                delivery: Arc::clone(&delivery),
                file: listed.shown(),
                listed,
                encoding,
                separator: table.separator.or(settings.separator),
                columns: table.columns.clone(),
                log: log.into(),
            }),
        });
    }
    Ok(found)
}

/// Columns without which a table is not taken.
pub(crate) fn needs(table: &TableSettings) -> Vec<String> {
    let mut needs = table.uses.clone().unwrap_or_default();
    needs.extend(table.key.iter().filter(|column| !needs.contains(column)).cloned().collect::<Vec<_>>());
    needs
}
