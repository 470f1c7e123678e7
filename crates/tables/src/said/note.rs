//! What is told beside what was found: a sentence with its code, and notes on deliveries.
//!
//! Each has a code and names what its sentence names, so that pages can say it in the reader's language; in English it is as it is displayed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

/// A sentence: its code, what it names, and the sentence in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    code: Cow<'static, str>,
    values: Map<String, Value>,
    text: String,
}

impl Said {
    pub(super) fn new(code: &'static str, values: Value, text: String) -> Said {
        let values = match values {
            Value::Object(values) => values,
            _ => Map::new(),
        };
        Said { code: code.into(), values, text }
    }

    /// Stable, for the catalogues of the pages.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the sentence names.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// As programs and pages get it.
    pub fn json(&self) -> Value {
        json!({"code": self.code, "values": self.values, "text": self.text})
    }

    /// As it is kept where a sentence in English may stand too.
    pub fn kept(&self) -> String {
        self.json().to_string()
    }

    /// What was kept: the sentence in English, and the same with its code if it has one.
    pub fn of_kept(kept: String) -> (String, Option<Said>) {
        match serde_json::from_str::<Said>(&kept) {
            Ok(said) => (said.text.clone(), Some(said)),
            Err(_) => (kept, None),
        }
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Notes on a delivery.
pub mod delivery {
    use super::{Said, json};

    /// Their codes.
    pub const CODES: [&str; 7] = [
        "archive-names",
        "no-snapshots",
        "no-snapshot-of-table",
        "odbc-moment",
        "other-columns",
        "uncomputed",
        "reading",
    ];

    /// Names of files in an archive whose encoding is not said.
    pub fn archive_names(file: &str) -> Said {
        let text = format!("{file}: names in it that do not say their encoding are read by what their bytes look like");
        Said::new(CODES[0], json!({"file": file}), text)
    }

    /// A database of SQL Server that allows no snapshots.
    pub fn no_snapshots() -> Said {
        let text = "the database allows no snapshots: tables were read with READ COMMITTED, each as it was when its turn came (ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON lets all be of one moment)";
        Said::new(CODES[1], json!({}), text.to_owned())
    }

    /// A table of an engine that has none.
    pub fn no_snapshot_of_table(table: &str) -> Said {
        let text = format!("table {table} is of an engine without snapshots: it is read as it is when its turn comes");
        Said::new(CODES[2], json!({"table": table}), text)
    }

    /// A database that is read by ODBC.
    pub fn odbc_moment() -> Said {
        let text = "read by ODBC: whether all tables are of one moment depends on the driver";
        Said::new(CODES[3], json!({}), text.to_owned())
    }

    /// An optional table that lacks columns; `why` names them.
    pub fn other_columns(table: &str, why: &str) -> Said {
        let text = format!("{why}: it is taken as not delivered, as it may be missing");
        Said::new(CODES[4], json!({"table": table}), text)
    }

    /// How a file was read: what its reader says.
    pub fn reading(file: &str, note: &str) -> Said {
        Said::new(CODES[6], json!({"file": file, "note": note}), format!("{file}: {note}"))
    }

    /// A workbook whose formulas were not computed by the program that wrote it.
    pub fn uncomputed(file: &str, count: u64) -> Said {
        let text = format!(
            "{file}: formulas without a stored value, {count} in all: their cells are empty. Open it in a program that computes them, and save it"
        );
        Said::new(CODES[5], json!({"file": file, "count": count}), text)
    }
}
