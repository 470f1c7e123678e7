//! Why a pull or a run ended without doing what was asked.

use super::note::Said;
use crate::error::Error;
use serde_json::json;

/// Their codes.
pub const CODES: [&str; 15] = [
    "busy",
    "catalogue",
    "changed",
    "mapping-wrong",
    "no-room",
    "not-looked-at",
    "own-file",
    "passed-over",
    "paused",
    "query",
    "read",
    "run-paused",
    "segment",
    "stopped",
    "store",
];

/// What an error says by a code; nothing where its text alone tells, or what it names is told elsewhere.
pub fn of(error: &Error) -> Option<Said> {
    let (code, values) = match error {
        Error::Catalogue(error) => ("catalogue", json!({"message": error.to_string()})),
        Error::Changed(file) => ("changed", json!({"file": file})),
        Error::NoRoom => ("no-room", json!({})),
        Error::File { path, error, .. } => {
            ("own-file", json!({"path": path.display().to_string(), "message": error.to_string()}))
        }
        Error::Paused => ("paused", json!({})),
        Error::Query { target, message } => ("query", json!({"target": target, "message": message})),
        Error::Read(error) => ("read", json!({"message": error.to_string()})),
        Error::Segment { path, message } => {
            ("segment", json!({"path": path.display().to_string(), "message": message}))
        }
        Error::Stopped => ("stopped", json!({})),
        Error::Records(_) | Error::Door(_) => ("store", json!({"message": error.to_string()})),
        Error::Denied(_)
        | Error::Unknown { .. }
        | Error::Name(_)
        | Error::Conflict(_)
        | Error::Suspicious(_)
        | Error::Busy(_) => return None,
    };
    Some(Said::new(code, values, error.to_string()))
}

/// A pull or a run of a source that goes on already.
pub fn busy(text: &str) -> Said {
    Said::new("busy", json!({}), text.to_owned())
}

/// A mapping that does not compile.
pub fn mapping_wrong(mapping: &str, count: usize) -> Said {
    let text = format!("mapping {mapping}: {count} problems; `medweave mapping check` lists them");
    Said::new("mapping-wrong", json!({"mapping": mapping, "count": count}), text)
}

/// A run that is to write other things than those that somebody looked at.
pub fn not_looked_at() -> Said {
    let text = "the mapping or the newest delivery is another than in the run that was looked at; nothing was written";
    Said::new("not-looked-at", json!({}), text.to_owned())
}

/// A row of which the mapping makes nothing.
pub fn passed_over() -> Said {
    Said::new("passed-over", json!({}), "the mapping passes the row over".to_owned())
}

/// A run that somebody halted.
pub fn run_paused(run: i64, source: &str) -> Said {
    Said::new("run-paused", json!({"run": run}), format!("run {run} of {source} is paused"))
}
