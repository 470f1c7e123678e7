//! Delta tables fed from records, and SQL over them. The only crate that knows DataFusion and Delta.
//!
//! [`Lake`] follows the feed of [`records::Records`]: changes become rows of tables ([`Table`], each a ViewDefinition) in memory,
//! the tail. SQL sees files − superseded versions + tail, all tables at one position of the feed. From time to time the tail is
//! flushed: Parquet files and a Delta log that other engines read.
//!
//! The way of the data: feed → `follow` (views) → `tail` → `flush` (`data_file`, `map`, `delta`) → files;
//! and back: `snapshot` → `sql` → [`Answer`] → [`output`].
//!
//! [`workbench`] is SQL over tables of text that a caller passes, for mappings of hospital databases; [`shelf`] is SQL over typed
//! tables of a folder, for data sets beside the store. [`guest`]s bring schemas of their own into the lake's SQL.
//!
//! Everything here is derived: [`Lake::rebuild`] makes it again from the records. It knows no HTTP. Queries take an
//! [`access::Grant`] that may use SQL.

mod check;
mod data_file;
mod delta;
mod disk;
mod error;
mod flush;
mod follow;
pub mod guest;
mod lag;
mod lake;
mod map;
mod merge;
pub mod output;
mod parquet_files;
pub mod shelf;
mod snapshot;
mod sql;
mod table;
mod tail;
pub mod workbench;

pub use check::{Against, check};
pub use error::{Error, Place, SqlError};
pub use flush::Cost;
pub use lake::{Capacity, FlushBy, Hold, Lake, Options, Status, TableStatus};
pub use sql::{Answer, Batch, Limits, Pinned, Stop, StopOnDrop};
pub use table::{ARRIVAL, Column, RESOURCE, Table};
