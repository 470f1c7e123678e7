//! A DuckDB database of an export: its format is DuckDB's own, so DuckDB makes it.

use crate::cdm;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// What loads the files of an export.
pub(super) const SCRIPT: &str = "load.sql";
/// The database.
pub(super) const DATABASE: &str = "omop.duckdb";

/// What became of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// It is there.
    Done,
    /// There is no DuckDB here; the command that makes it where there is one.
    Command(String),
    /// DuckDB said no.
    Failed(String),
}

/// The statements that make tables of the files beside them.
pub(super) fn script() -> String {
    let mut text = String::from("-- duckdb omop.duckdb < load.sql, in this folder\n");
    for table in cdm::tables() {
        let name = table.name;
        let _ = writeln!(text, "CREATE OR REPLACE TABLE {name} AS SELECT * FROM read_parquet('{name}.parquet');");
    }
    text
}

/// Makes the database of an export, with the `duckdb` of the system or Python's.
pub fn load_into_duckdb(folder: &Path) -> Loaded {
    let script = folder.join(SCRIPT);
    let by_hand = Loaded::Command(format!("cd {} && duckdb {DATABASE} < {SCRIPT}", folder.display()));
    let Ok(input) = std::fs::File::open(&script) else { return by_hand };
    let command_line = Command::new("duckdb").arg(DATABASE).current_dir(folder).stdin(input).output();
    let python = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(open(sys.argv[2]).read())";
    let output = match command_line {
        Ok(output) => output,
        Err(_) => {
            let ran = Command::new("python3").args(["-c", python, DATABASE, SCRIPT]).current_dir(folder).output();
            match ran {
                Ok(output) if String::from_utf8_lossy(&output.stderr).contains("No module named 'duckdb'") => {
                    return by_hand;
                }
                Ok(output) => output,
                Err(_) => return by_hand,
            }
        }
    };
    if output.status.success() {
        Loaded::Done
    } else {
        Loaded::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
