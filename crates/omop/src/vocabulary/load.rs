//! Taking a download of Athena in.

use super::licence::{Licence, licence_of};
use super::store::{Held, Loaded, MAPS_TO, Vocabulary, tables};
use super::{maps_to, search};
use crate::asking::{SCHEMA, rows};
use crate::cdm;
use crate::error::Error;
use crate::folder::{Out, write_typed};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use lake::shelf::{Part, Shelf, ShelfTable};
use lake::workbench::Limits;
use lake::{Capacity, Stop};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tables::read::{Delivery, Listed, ReadOptions, TableOptions};

/// Memory for sorting and joining, unless somebody says otherwise.
const MEMORY_BYTES: usize = 384 << 20;

/// How a download is loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The time, µs UTC.
    pub at_us: i64,
    /// Bytes of memory for sorting and joining; what needs more goes to disk.
    pub memory_bytes: usize,
    /// Threads.
    pub threads: usize,
    /// Whether an index of names is made.
    pub search: bool,
    /// Ends it; nothing is changed then.
    pub stop: Stop,
}

impl LoadOptions {
    /// What is usual, at a time.
    pub fn at(at_us: i64) -> LoadOptions {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        LoadOptions { at_us, memory_bytes: MEMORY_BYTES, threads, search: true, stop: Stop::default() }
    }
}

/// What was loaded.
#[derive(Debug)]
pub struct Report {
    /// The version.
    pub loaded: Arc<Loaded>,
    /// Vocabularies in it that need something of whoever uses them.
    pub licences: Vec<Licence>,
    /// Time that it took.
    pub elapsed: Duration,
}

/// Loads a download (the archive, or a folder with its files) and makes it the vocabulary in use. `told` hears what is being done.
///
/// # Errors
/// No `CONCEPT.csv` or `VOCABULARY.csv`; a file that cannot be read to its end; the disk is full. The vocabulary in use stays then.
pub fn load(
    into: &Vocabulary,
    from: &Path,
    options: &LoadOptions,
    mut told: impl FnMut(&str),
) -> Result<Report, Error> {
    let begun = Instant::now();
    let root = into.folder().to_owned();
    std::fs::create_dir_all(&root).map_err(|error| Error::file("make the folder", &root, error))?;
    let current = into.current();
    // What an earlier load left that was broken off.
    into.sweep(current.as_ref().map(|loaded| loaded.id.as_str()))?;
    let id = format!("v{}", options.at_us);
    let folder = root.join(&id);
    let raw = folder.join("raw");
    std::fs::create_dir_all(&raw).map_err(|error| Error::file("make the folder", &raw, error))?;
    let made = Making { folder: &folder, raw: &raw, options }.make(from, &id, &mut told);
    // The vocabulary in use stays if this failed; what was written goes.
    let loaded = made.inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))?;
    into.put(&id)?;
    let licences = loaded.vocabularies.iter().filter_map(|held| licence_of(&held.id)).collect();
    let loaded = into.current().unwrap_or_else(|| Arc::new(loaded));
    Ok(Report { loaded, licences, elapsed: begun.elapsed() })
}

/// A version that is being made.
struct Making<'l> {
    folder: &'l Path,
    raw: &'l Path,
    options: &'l LoadOptions,
}

impl Making<'_> {
    fn make(&self, from: &Path, id: &str, told: &mut dyn FnMut(&str)) -> Result<Loaded, Error> {
        let scratch = ReadOptions { scratch: Some(self.raw.to_owned()), ..ReadOptions::default() };
        let delivery = Delivery::open(from, &scratch)?;
        let mut notes = Vec::new();
        let found = find(&delivery, from, &mut notes)?;
        let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
        for (name, listed) in &found {
            told(&format!("reading {}", listed.file));
            parts.insert(name, self.read(&delivery, listed, name, &mut notes)?);
        }
        let shelf = self.shelf(|name| parts.get(name).cloned().into_iter().collect(), "raw")?;
        let mut written: BTreeMap<String, u64> = BTreeMap::new();
        for table in tables().filter(|table| parts.contains_key(table.name)) {
            let by = ORDER.iter().find(|(name, _)| *name == table.name).map(|(_, by)| *by);
            told(&format!("sorting {}", table.name));
            let order = by.map_or(String::new(), |by| format!(" ORDER BY {by}"));
            let rows = self.store(
                &shelf,
                table.name,
                &table.schema(),
                &format!("SELECT * FROM {SCHEMA}.{}{order}", table.name),
            )?;
            written.insert(table.name.to_owned(), rows);
        }
        drop(shelf);
        if written.contains_key("concept_relationship") {
            told("finding what codes map to");
            written.insert(MAPS_TO.to_owned(), self.map()?);
        }
        std::fs::remove_dir_all(self.raw).map_err(|error| Error::file("remove", self.raw, error))?;
        let shelf = self.shelf(|name| self.sorted(name, &written), "")?;
        let version = self.version(&shelf)?;
        let vocabularies = self.held(&shelf, &mut notes)?;
        drop(shelf);
        if self.options.search {
            told("indexing names");
            search::build(self.folder, &written, &self.options.stop)?;
        }
        let spill = self.folder.join("spill");
        if spill.exists() {
            std::fs::remove_dir_all(&spill).map_err(|error| Error::file("remove", &spill, error))?;
        }
        let loaded = Loaded {
            version,
            id: id.to_owned(),
            at_us: self.options.at_us,
            from: from.display().to_string(),
            tables: written,
            vocabularies,
            has_search: self.options.search,
            notes,
            folder: self.folder.to_owned(),
        };
        loaded.write()?;
        Ok(loaded)
    }

    /// Reads a file as it comes and writes it with types.
    fn read(&self, delivery: &Delivery, listed: &Listed, name: &str, notes: &mut Vec<String>) -> Result<Part, Error> {
        let table = cdm::table(name).ok_or_else(|| Error::definition(name, "is no table of the model"))?;
        let columns = table.schema();
        let mut out = Out::create(&self.raw.join(format!("{name}.parquet")), &columns)?;
        let options = TableOptions { separator: Some("\t".into()), quote: None, ..TableOptions::default() };
        let mut text = delivery.open_table(listed, options)?;
        let key = table.fields.first().map(|field| field.name);
        if key.is_some_and(|key| !text.columns().iter().any(|column| column.eq_ignore_ascii_case(key))) {
            let what = "is not a tab-separated file with the columns of Athena's download";
            return Err(Error::definition(&listed.file, what));
        }
        let seen = write_typed(table, text.as_mut(), &columns, &mut out, &self.options.stop)?;
        for (row, what) in seen.bad_examples.iter().take(1) {
            notes.push(format!(
                "{}: {} rows could not be read, the first is row {row}: {what}",
                listed.file, seen.bad_rows
            ));
        }
        for (field, misread) in &seen.misread {
            if let Some((row, text)) = misread.examples.first() {
                let many = misread.wrong + misread.spelled;
                notes.push(format!(
                    "{}: {many} values of {field} are not of its type, the first in row {row}: {text:?}",
                    listed.file
                ));
            }
        }
        let (bytes, rows) = out.end()?;
        Ok(Part::File { path: format!("{name}.parquet"), bytes, rows })
    }

    /// Writes what codes map to, of the sorted tables.
    fn map(&self) -> Result<u64, Error> {
        let columns = maps_to::schema();
        let path = format!("{MAPS_TO}.parquet");
        let mut out = Out::create(&self.raw.join(&path), &columns)?;
        maps_to::write(self.folder, &mut out, &self.options.stop)?;
        let (bytes, rows) = out.end()?;
        let part = Part::File { path, bytes, rows };
        let shelf = self.shelf_of(vec![ShelfTable::new(MAPS_TO, SchemaRef::clone(&columns), vec![part])], "raw")?;
        self.store(&shelf, MAPS_TO, &columns, &format!("SELECT * FROM {SCHEMA}.{MAPS_TO} ORDER BY {}", maps_to::ORDER))
    }

    fn shelf(&self, parts: impl Fn(&str) -> Vec<Part>, below: &str) -> Result<Shelf, Error> {
        let tables = tables().map(|table| ShelfTable::new(table.name, table.schema(), parts(table.name))).collect();
        self.shelf_of(tables, below)
    }

    fn shelf_of(&self, tables: Vec<ShelfTable>, below: &str) -> Result<Shelf, Error> {
        let capacity = Capacity { threads: self.options.threads, queries: 1 };
        Ok(Shelf::new(&self.folder.join(below), &self.folder.join("spill"), SCHEMA, tables, capacity)?)
    }

    fn sorted(&self, name: &str, written: &BTreeMap<String, u64>) -> Vec<Part> {
        let path = format!("{name}.parquet");
        let bytes = std::fs::metadata(self.folder.join(&path)).map(|metadata| metadata.len());
        match (bytes, written.get(name)) {
            (Ok(bytes), Some(rows)) => vec![Part::File { path, bytes, rows: *rows }],
            _ => Vec::new(),
        }
    }

    fn limits(&self) -> Limits {
        Limits { time: Duration::from_hours(6), memory_bytes: self.options.memory_bytes, ..Limits::default() }
    }

    /// Writes the answer of a query as a table's file.
    fn store(&self, shelf: &Shelf, name: &str, columns: &SchemaRef, sql: &str) -> Result<u64, Error> {
        let mut out = Out::create(&self.folder.join(format!("{name}.parquet")), columns)?;
        shelf.query(sql, &self.limits(), &self.options.stop, |batch| {
            out.write(&RecordBatch::try_new(SchemaRef::clone(columns), batch.columns().to_vec())?)
        })?;
        Ok(out.end()?.1)
    }

    fn ask(&self, shelf: &Shelf, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        let mut batches = Vec::new();
        shelf.query(sql, &self.limits(), &self.options.stop, |batch| {
            batches.push(batch);
            Ok::<(), Error>(())
        })?;
        Ok(batches)
    }

    /// Athena's version: that of the vocabulary `None`.
    fn version(&self, shelf: &Shelf) -> Result<String, Error> {
        let answer = self.ask(shelf, "SELECT vocabulary_version FROM omop.vocabulary WHERE vocabulary_id = 'None'")?;
        let version = rows(&answer).find_map(|row| row.text(0)).map(str::to_owned);
        version.ok_or_else(|| {
            let what = "has no row of the vocabulary None, which tells the version of the whole: take Athena's file as it came";
            Error::definition("VOCABULARY.csv", what)
        })
    }

    fn held(&self, shelf: &Shelf, notes: &mut Vec<String>) -> Result<Vec<Held>, Error> {
        let sql = "SELECT g.vocabulary_id, v.vocabulary_name, v.vocabulary_version, g.n, g.nameless FROM \
                   (SELECT vocabulary_id, count(*) n, count(*) FILTER (WHERE concept_name IS NULL) nameless \
                   FROM omop.concept GROUP BY 1) g LEFT JOIN omop.vocabulary v ON v.vocabulary_id = g.vocabulary_id ORDER BY 1";
        let mut all = Vec::new();
        for row in rows(&self.ask(shelf, sql)?) {
            let text = |column| row.text(column).unwrap_or_default().to_owned();
            let (id, nameless) = (text(0), row.count(4));
            if nameless > 0 {
                let step = if id == "CPT4" {
                    ": run the step of the download that fetches them (cpt4.jar), then load it again"
                } else {
                    ""
                };
                notes.push(format!("{nameless} concepts of {id} have no name{step}"));
            }
            all.push(Held { id, name: text(1), version: text(2), concepts: row.count(3) });
        }
        Ok(all)
    }
}

/// By what the tables are sorted: by what others look them up.
const ORDER: [(&str, &str); 5] = [
    ("concept", "concept_id"),
    ("concept_relationship", "concept_id_1, relationship_id, concept_id_2"),
    ("concept_ancestor", "ancestor_concept_id, descendant_concept_id"),
    ("concept_synonym", "concept_id"),
    ("drug_strength", "drug_concept_id"),
];

/// The files of a download, by table. What it should have and has not is noted.
fn find<'d>(
    delivery: &'d Delivery,
    from: &Path,
    notes: &mut Vec<String>,
) -> Result<Vec<(&'static str, &'d Listed)>, Error> {
    let mut found = Vec::new();
    for table in tables() {
        let mut files = delivery.tables().iter().filter(|listed| listed.name.trim().eq_ignore_ascii_case(table.name));
        match (files.next(), files.next()) {
            (Some(listed), None) => found.push((table.name, listed)),
            (Some(one), Some(other)) => {
                return Err(Error::definition(&one.file, format!("and {} are both {}", other.file, table.name)));
            }
            (None, _) if ["concept", "vocabulary"].contains(&table.name) => {
                let what =
                    format!("there is no {}.csv here: it is in each download of Athena", table.name.to_uppercase());
                return Err(Error::definition(from.display().to_string(), what));
            }
            (None, _) => notes.push(format!("{}.csv is not in it", table.name.to_uppercase())),
        }
    }
    let nameless = delivery.tables().iter().find(|listed| listed.name.eq_ignore_ascii_case("concept_cpt4"));
    if let Some(listed) = nameless {
        notes.push(format!(
            "{} holds concepts of CPT-4 without names: they are in CONCEPT.csv only after the step of the download that fetches \
             them (cpt4.jar)",
            listed.file
        ));
    }
    Ok(found)
}
