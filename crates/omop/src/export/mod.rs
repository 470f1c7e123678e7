//! The tables of the model in a folder, with a record of the run: what OHDSI's tools open.
//!
//! [`export`] reads all tables at one position of the feed, streams each into a file, and puts the files in place together when
//! all are written; `run.json` ([`RECORD`]) is the last. A folder that holds something else is refused, one that holds an earlier
//! export is renewed.

mod folder;
mod load;

pub use load::{Loaded, load_into_duckdb};

use crate::asking::SCHEMA;
use crate::cdm;
use crate::error::Error;
use crate::once::{self, At};
use crate::views::{CDM_VERSION, MAPPING_VERSION, OmopGuest};
use access::Grant;
use folder::Target;
use lake::output::{self, Format as Written};
use lake::{Lake, Limits, Pinned, Stop};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Duration;

/// The record of a run.
pub const RECORD: &str = "run.json";
/// What a record says it is.
const KIND: &str = "medweave omop export";
/// Time that a table may take.
const TABLE_TIME: Duration = Duration::from_hours(2);
/// Memory that a table may take.
const TABLE_BYTES: usize = 1 << 30;

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A Parquet file a table.
    Parquet,
    /// A CSV file a table, with a header.
    Csv,
    /// Parquet files, and what loads them into a DuckDB database.
    DuckDb,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Parquet, Format::Csv, Format::DuckDb];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Csv => "csv",
            Format::DuckDb => "duckdb",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    fn file(self, table: &str) -> String {
        match self {
            Format::Csv => format!("{table}.csv"),
            Format::Parquet | Format::DuckDb => format!("{table}.parquet"),
        }
    }
}

/// What is exported, and for whom.
pub struct Export<'e> {
    /// The lake that hosts the guest.
    pub lake: &'e Lake,
    /// The guest.
    pub guest: &'e OmopGuest,
    /// Who asks.
    pub grant: &'e Grant,
    /// When, as text.
    pub at: String,
    /// The program's version.
    pub program: String,
    /// Ends it.
    pub stop: Stop,
}

impl Export<'_> {
    /// Writes the tables into a folder; `told` hears of each table with its rows when it is done. Gives the record of the run.
    ///
    /// # Errors
    /// A folder that holds something else; what queries and files fail with. Then the folder is as it was.
    pub fn write(&self, to: &Path, format: Format, told: &mut dyn FnMut(&str, u64)) -> Result<Value, Error> {
        let target = Target::open(to)?;
        let limits = Limits { time: TABLE_TIME, memory_bytes: TABLE_BYTES, rows: usize::MAX, ..Limits::default() };
        let pinned = self.lake.pin(self.grant, &limits, &self.stop)?;
        let written = match format {
            Format::Csv => Written::Csv,
            Format::Parquet | Format::DuckDb => Written::Parquet,
        };
        let mut rows = Map::new();
        let scratch = target.scratch()?;
        let at = At { lake: self.lake, pinned: &pinned, grant: self.grant, limits, stop: &self.stop };
        let tables: Vec<&cdm::Table> = cdm::tables().iter().collect();
        // What others read is made once, before them.
        for table in once::needs_of(&tables) {
            at.make(table, cdm::table(table).map(cdm::Table::schema), scratch.path())?;
        }
        for table in tables {
            let path = target.part(&format.file(table.name));
            let failed = |error| Error::file("write", &path, error);
            let mut answer = self.ask(&pinned, &format!("SELECT * FROM omop.{}", table.name), &limits)?;
            let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
            let done = output::write(&mut answer, written, &mut file)?;
            file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
            if written == Written::Parquet {
                pinned.lay(
                    (SCHEMA, table.name),
                    &table.schema(),
                    &target.part(""),
                    &format.file(table.name),
                    done.rows,
                );
            }
            told(table.name, done.rows);
            rows.insert(table.name.to_owned(), json!(done.rows));
        }
        let mut record = self.record(&pinned, &limits, rows)?;
        record["format"] = json!(format.name());
        scratch.close().map_err(|error| Error::file("clear", to, error))?;
        if format == Format::DuckDb {
            let path = target.part(load::SCRIPT);
            std::fs::write(&path, load::script()).map_err(|error| Error::file("write", &path, error))?;
        }
        target.finish(&record)?;
        Ok(record)
    }

    fn ask(&self, pinned: &Pinned, sql: &str, limits: &Limits) -> Result<lake::Answer, Error> {
        Ok(self.lake.query_at(pinned, self.grant, sql, limits, &self.stop)?)
    }

    /// What is known of the run: versions, position, counts, what was left out and why.
    fn record(&self, pinned: &Pinned, limits: &Limits, rows: Map<String, Value>) -> Result<Value, Error> {
        let counts = |sql: &str| self.counts(pinned, sql, limits);
        let excluded =
            counts("SELECT resource_type, reason, count(*) FROM omop_report.excluded GROUP BY 1, 2 ORDER BY 1, 2")?;
        let imputed = counts("SELECT field, rule, count(*) FROM omop_report.imputed_date GROUP BY 1, 2 ORDER BY 1, 2")?;
        let unmapped = counts(
            "SELECT table_name, field, CAST(sum(events) AS BIGINT) FROM omop_report.unmapped GROUP BY 1, 2 ORDER BY 1, 2",
        )?;
        Ok(json!({
            "kind": KIND,
            "program": self.program,
            "at": self.at,
            "cdm_version": CDM_VERSION,
            "vocabulary_version": self.guest.vocabulary_version(),
            "mapping_version": MAPPING_VERSION,
            "position": pinned.position().0,
            "zone": self.guest.zone_name(),
            "tables": rows,
            "excluded": excluded,
            "imputed_dates": imputed,
            "unmapped": unmapped,
        }))
    }

    /// Counts by two names, as an object of objects.
    fn counts(&self, pinned: &Pinned, sql: &str, limits: &Limits) -> Result<Value, Error> {
        let mut answer = self.ask(pinned, sql, limits)?;
        let mut out = Vec::new();
        output::write(&mut answer, Written::Json, &mut out)?;
        let told: Value = serde_json::from_slice(&out)
            .map_err(|error| Error::definition("the answer to a count", error.to_string()))?;
        let mut counts: Map<String, Value> = Map::new();
        for row in told["rows"].as_array().into_iter().flatten() {
            let (first, second) = (row[0].as_str().unwrap_or_default(), row[1].as_str().unwrap_or_default());
            let of = counts.entry(first.to_owned()).or_insert_with(|| json!({}));
            of[second] = row[2].clone();
        }
        Ok(Value::Object(counts))
    }
}
