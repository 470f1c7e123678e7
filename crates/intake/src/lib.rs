//! The doors' protocol work: what comes in is recognised, unpacked, planned and stored; what cannot be taken becomes a dead
//! letter.
//!
//! [`fhir_door`] turns FHIR interactions and bundles into plans, for HTTP and for files alike. [`import`] takes files: it
//! knows them by content, unpacks them within bounds, and stores what is in them. [`Importer`] also replays dead letters and
//! takes arrivals back.
//!
//! The way of the data: bytes → recognise → (unpack) → arrival + plan → [`records::Records`] → report.
//!
//! It knows no HTTP framework and no pages; everything that touches the store takes an [`access::Grant`].

mod contradiction;
pub mod document_door;
mod document_origins;
mod document_parts;
mod document_versions;
mod error;
pub mod fhir_door;
pub mod hl7_door;
pub mod identity;
pub mod import;
pub mod mllp;
mod replay;
mod row_letters;
mod run_provenance;
pub mod tables_door;
mod tables_gathering;
mod tables_meeting;
mod undo;

pub use document_origins::Origins;
pub use error::Error;
pub use import::{FileReport, ImportOptions, Importer, Input, Issue};
pub use replay::{Corrected, RowOfLetter, row_of_letter, rows_of_letter};
pub use row_letters::RowsOfPlace;
pub use run_provenance::provenance_id;
pub use undo::{Left, UndoWhat, Undone};
