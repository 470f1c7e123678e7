//! Vocabularies: what OHDSI's Athena gives as a download, in Parquet files and an index of names.
//!
//! Nothing is shipped: somebody downloads the vocabularies that he may use, and [`load`] takes them in. Files are tab-separated
//! without quotes; they are read in a stream, typed, sorted, and written to a new folder below `DATA/omop/vocabulary`, which takes
//! the place of the one before when all of it is on disk. What codes map to is found by going through the sorted tables side by side. The version is that of Athena ([`Loaded::version`]); each load has a name
//! of its own ([`Loaded::id`]). [`Loaded::search`] finds concepts by their names and synonyms, however they are spelled.

mod file;
mod licence;
mod load;
mod maps_to;
mod search;
mod store;

pub use licence::{Licence, licence_of};
pub use load::{LoadOptions, Report, load};
pub use search::{Hit, Search};
pub use store::{Held, Loaded, Vocabulary};
