//! A mapping as it is written: a folder of SQL whose column names are FHIR element paths.
//!
//! [`Mapping::parse`] reads the texts of the folder's files: `mapping.toml` ([`Settings`]), one SQL file for each target or
//! child element (a [`Header`] of directives and one `SELECT`), helper views, code and unit maps. Nothing is looked up in the
//! schema yet: that is [`compile`](crate::compile)'s. Every [`Problem`] has file, line and column.

mod header;
pub(crate) mod nearest;
mod problem;
mod settings;
mod sql;
#[cfg(test)]
mod tests;

pub use header::{EachName, Header, Otherwise, PathText, TargetName};
pub use nearest::{did_you_mean, nearest};
pub use problem::{Place, Problem, Problems, in_order};
pub(crate) use settings::FILE as SETTINGS_FILE;
pub use settings::{Gone, Ranks, Settings, TableSettings};

use sqlparser::ast::Query;
use std::collections::BTreeMap;

/// Files that a mapping may have, at most.
const FILES_MAX: usize = 1_000;

/// The parsed files of a mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// `mapping.toml`
    pub settings: Settings,
    /// Target and child files, by path.
    pub files: Vec<SqlFile>,
    /// Helper views, by path.
    pub views: Vec<ViewFile>,
    /// `codes/*`, by path.
    pub codes: Vec<MapFile>,
    /// `units/*`, by path.
    pub units: Vec<MapFile>,
    /// A hash of all files that are read: equal for two mappings that say the same in the same words.
    pub version: [u8; 32],
}

/// A target or child file.
#[derive(Clone, Debug)]
pub struct SqlFile {
    /// Its path in the folder.
    pub file: String,
    /// Its directives.
    pub header: Header,
    /// Its statement; none if that could not be read.
    pub query: Option<Query>,
    /// Its text, by whose lines expressions are shown.
    pub text: String,
}

/// A helper view.
#[derive(Clone, Debug)]
pub struct ViewFile {
    /// Its path in the folder.
    pub file: String,
    /// Its name: the file's stem.
    pub name: String,
    /// Its statement; none if that could not be read.
    pub query: Option<Query>,
}

/// A code map or unit map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapFile {
    /// Its path in the folder.
    pub file: String,
    /// Its name: the file's stem.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Mapping {
    /// Reads the files of a mapping: paths relative to its folder with `/`, and texts.
    ///
    /// # Errors
    /// Everything that is wrong with the form of the files, in their order.
    pub fn parse(files: &[(&str, &str)]) -> Result<Mapping, Vec<Problem>> {
        let (mapping, problems) = Mapping::read(files);
        if problems.is_empty() { Ok(mapping) } else { Err(in_order(problems)) }
    }

    /// As [`Mapping::parse`], but gives what could be read beside what is wrong.
    pub(crate) fn read(files: &[(&str, &str)]) -> (Mapping, Vec<Problem>) {
        let mut found = Vec::new();
        let mut files: Vec<(&str, String)> =
            files.iter().take(FILES_MAX).map(|(path, text)| (*path, normal(text))).collect();
        files.sort_unstable();
        let mut mapping = Mapping {
            settings: Settings::default(),
            files: Vec::new(),
            views: Vec::new(),
            codes: Vec::new(),
            units: Vec::new(),
            version: version(files.iter().filter(|(path, _)| is_read(path))),
        };
        if !files.iter().any(|(path, _)| *path == settings::FILE) {
            let hint = "add one with a line `name = \"my-hospital\"`".to_owned();
            Problems::new(settings::FILE, &mut found).hint(Place::START, "the mapping has no `mapping.toml`", hint);
        }
        for (path, text) in files {
            mapping.take(path, text, &mut found);
        }
        mapping.names_differ(&mut found);
        (mapping, found)
    }

    fn take(&mut self, path: &str, text: String, found: &mut Vec<Problem>) {
        let mut problems = Problems::new(path, found);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let map_file = |text| MapFile { file: path.to_owned(), name: stem.to_owned(), text };
        match (folder, extension.to_ascii_lowercase().as_str()) {
            ("", _) if name == settings::FILE => self.settings = settings::parse(&text, &mut problems),
            ("", "sql") => {
                let header = header::parse(&text, &mut problems);
                let query = sql::query(&text, Place::START, &mut problems);
                self.files.push(SqlFile { file: path.to_owned(), header, query, text });
            }
            ("views", "sql") => {
                let query = sql::query(&text, Place::START, &mut problems);
                self.views.push(ViewFile { file: path.to_owned(), name: stem.to_owned(), query });
            }
            ("codes", "csv" | "json") => self.codes.push(map_file(text)),
            ("units", "csv") => self.units.push(map_file(text)),
            (_, "sql") => {
                let hint = "targets stand in the mapping's folder, helper views in views/".to_owned();
                problems.hint(Place::START, "an SQL file in this folder is not read", hint);
            }
            ("codes" | "units", _) => {
                let hint = "codes/ holds .csv and .json files, units/ holds .csv files".to_owned();
                problems.hint(Place::START, "a file of this kind is not read here", hint);
            }
            // Read-me files, test data and the like.
            _ => {}
        }
    }

    /// Maps of one kind, views and tables have names of their own.
    fn names_differ(&self, found: &mut Vec<Problem>) {
        for maps in [&self.codes, &self.units] {
            let mut first: BTreeMap<&str, &str> = BTreeMap::new();
            for map in maps {
                if let Some(other) = first.insert(&map.name, &map.file) {
                    let message = format!("there are two maps `{}`: the other is {other}", map.name);
                    Problems::new(&map.file, found).add(Place::START, message);
                }
            }
        }
        for view in &self.views {
            if let Some(table) = self.settings.tables.keys().find(|table| table.eq_ignore_ascii_case(&view.name)) {
                let hint = "rename the view's file".to_owned();
                let message = format!("`{table}` is both a table and a view");
                Problems::new(&view.file, found).hint(Place::START, message, hint);
            }
        }
    }
}

/// Without byte-order mark, with line feeds alone.
fn normal(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// True for a file that says something about what is mapped: not read-me files and the like.
fn is_read(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    match folder {
        "" => name == settings::FILE || extension == "sql",
        "views" => extension == "sql",
        "codes" => matches!(extension.as_str(), "csv" | "json"),
        "units" => extension == "csv",
        _ => false,
    }
}

fn version<'f>(files: impl Iterator<Item = &'f (&'f str, String)>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in files {
        for part in [path.as_bytes(), text.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    *hasher.finalize().as_bytes()
}
