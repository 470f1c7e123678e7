//! The tables of a mapping in a delivery.

use crate::error::Error;
use crate::mapping::{Settings, TableSettings};
use crate::pull::{Origin, PullTable};
use crate::read::{Charset, Content, Delivery, Listed, ReadError, ReadOptions, Table, TableOptions};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A table of a delivery, read as the mapping says.
struct InDelivery {
    delivery: Arc<Delivery>,
    listed: Listed,
    file: String,
    encoding: Option<Charset>,
    separator: Option<char>,
    columns: Option<Vec<String>>,
}

impl Origin for InDelivery {
    fn file(&self) -> &str {
        &self.file
    }

    fn reading(&self) -> String {
        format!("{:?} {:?} {:?} {:?}", self.listed.part, self.encoding.map(Charset::name), self.separator, self.columns)
    }

    fn content(&self) -> Result<Content, ReadError> {
        self.delivery.content(&self.listed)
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
    pub notes: Vec<String>,
}

/// Finds the tables that a mapping reads in the delivery at `path`.
///
/// # Errors
/// [`Error::Read`]: the path cannot be read, a table that is needed is not there, an encoding is not known.
pub fn find_tables(settings: &Settings, path: &Path, scratch: &Path) -> Result<Found, Error> {
    let options = ReadOptions { scratch: Some(scratch.to_owned()), ..ReadOptions::default() };
    let delivery = Arc::new(Delivery::open(path, &options)?);
    let mut found = Found { tables: Vec::new(), absent: Vec::new(), notes: delivery.notes().to_vec() };
    for (name, table) in &settings.tables {
        let listed = match delivery.find(name, table.file.as_deref()) {
            Ok(listed) => listed.clone(),
            Err(_) if table.optional => {
                found.absent.push(name.clone());
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let encoding = table.encoding.as_ref().or(settings.encoding.as_ref());
        let encoding = encoding.map(|name| Charset::for_name(name)).transpose();
        let encoding = encoding
            .map_err(|error| ReadError { place: format!("mapping.toml, table {name}"), message: error.to_string() })?;
        found.tables.push(PullTable {
            name: name.clone(),
            key: table.key.clone(),
            uses: needs(table),
            origin: Box::new(InDelivery {
                delivery: Arc::clone(&delivery),
                file: listed.shown(),
                listed,
                encoding,
                separator: table.separator.or(settings.separator),
                columns: table.columns.clone(),
            }),
        });
    }
    Ok(found)
}

/// Columns without which a table is not taken.
fn needs(table: &TableSettings) -> Vec<String> {
    let mut needs = table.uses.clone().unwrap_or_default();
    needs.extend(table.key.iter().filter(|column| !needs.contains(column)).cloned().collect::<Vec<_>>());
    needs
}
