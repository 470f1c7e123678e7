//! FHIR interactions as plans, for HTTP and for import alike.
//!
//! [`Single`] is one interaction: create, update, patch, delete and their conditional forms. [`bundle`] is many: `batch` and
//! `transaction`, and the other bundles as import takes them. Both make [`records::Operation`]s and nothing else, so that
//! they may be planned twice. [`refusal`] says with which status and outcome an error is answered.

mod act;
mod attached;
pub mod bundle;
mod entry;
pub mod patch;
pub(crate) mod put;
pub(crate) mod references;
pub(crate) mod refusal;
mod response;
mod single;
mod target;

pub use attached::TakenApart;
pub use refusal::{Refusal, refusal};
pub use response::{EntryAnswer, Reads};
pub use single::{Interaction, Single};
pub use target::Target;
