//! Runs: a mapping over the current rows of a source, counted row by row.
//!
//! [`find_tables`] finds the tables of a mapping in a delivery, for a pull. [`Runner::prepare`] compiles a mapping and plans its queries;
//! [`Runner::run`] takes every row of every target through it: a resource, a part of one, filtered, or refused with a reason.
//! Resources go to a [`Door`] in chunks, each with a line that names its rows. The same run with a door that compares is the dry one.

mod counts;
mod deliver;
mod door;
mod dropped;
mod files;
mod gone;
mod identities;
mod keyless;
mod lineage;
mod links;
mod lost;
mod made_before;
pub(crate) mod memory;
mod merge;
mod met;
mod part;
mod planning;
mod preview;
mod repeated;
mod report;
mod runner;
mod spread;
mod tally;
mod target;
mod test_files;
mod unread;

pub use crate::pull::{RunBegins, RunInfo, RunState};
pub(crate) use deliver::needs;
pub use deliver::{Found, find_tables};
pub use door::{
    Bearer, Chunk, ChunkGone, ChunkRefused, ChunkResource, Door, DoorError, Kept, Others, ROW_LINKS, RowNow, RunEnds,
    Stored, urn_of,
};
pub use files::{MappingFiles, files_of, shipped};
pub use gone::{can_be_in_error, entered_in_error, is_entered_in_error};
pub use identities::TOLD_APART;
pub use lineage::{CellCorrected, CellOrigin, ElementLineage, Link};
pub(crate) use merge::still_given;
pub use merge::{
    Giver, Merged, Owned, content_of, forwarded, goes_on, identifiers, is_forwarded, is_nobodys, is_of_one, label,
    link, merge, owned_whole, saying_of, says_the_same, unlink, without,
};
pub use preview::{Preview, PreviewElement, Sample, SampleReason};
pub use report::{Effect, Example, Mapped, ReasonCount, RunReport, TargetReport, csv_of, unmapped_json};
pub use runner::{PrepareError, RunOptions, Runner};
pub use test_files::{test_files_of, toml_as_json};
