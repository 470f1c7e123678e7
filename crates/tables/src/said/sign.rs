//! Signs that the rows of a table are of a kind.

use super::note::Said;
use serde_json::json;

/// Their codes.
pub const CODES: [&str; 6] = ["column", "each", "name", "nearly-unique", "referred", "unique"];

/// A column that is what such tables have.
pub(crate) fn column(column: &str, role: &str) -> Said {
    Said::new(CODES[0], json!({"column": column, "role": role}), format!("{column} ({role})"))
}

/// A column for each of some things.
pub(crate) fn each(columns: &[&str]) -> Said {
    let columns = columns.join(", ");
    Said::new(CODES[1], json!({"columns": columns}), format!("a column for each of {columns}"))
}

/// The table's name.
pub(crate) fn name() -> Said {
    Said::new(CODES[2], json!({}), "its name".to_owned())
}

/// A column that tells rows apart but for a few; `lacks` says which.
pub(crate) fn nearly_unique(column: &str, (repeats, empty): (u64, u64), lacks: &str) -> Said {
    let values = json!({"column": column, "repeats": repeats, "empty": empty});
    Said::new(CODES[3], values, format!("{column} is nearly unique: {lacks}"))
}

/// A column that others refer to.
pub(crate) fn referred(column: &str) -> Said {
    Said::new(CODES[4], json!({"column": column}), format!("other tables refer to {column}"))
}

/// A column that tells rows apart.
pub(crate) fn unique(column: &str) -> Said {
    Said::new(CODES[5], json!({"column": column}), format!("{column} is unique"))
}
