//! SQL over typed tables that lie in Parquet files of a folder, or in memory.
//!
//! A [`ShelfTable`] has a name, a schema and parts: files, of which a query reads what it needs (columns, and groups of rows whose
//! statistics do not rule them out), and batches. A [`Shelf`] is a folder with tables under the name of a schema: a data set
//! that is no part of the store, such as an OMOP instance in a folder. [`Shelf::query`] asks it; memory and time are bounded,
//! and what does not fit goes to disk.

mod query;
mod table;

pub use query::Shelf;
pub use table::{Part, STORE, ShelfTable};
