//! Copies of a folder of SQLite databases and files, taken while others write to them, encrypted with age, and only of what is new.
//!
//! [`Repository`] is where copies lie: a folder, of which nothing can be read without the [`Key`] that whoever keeps it holds. [`take`] adds a
//! copy: each database as it was at one moment ([`Moment`]), each file as long as it was, cut into blocks; blocks that the repository has
//! are named, the others go into a pack. [`restore`] makes a folder of a copy and compares it with what was read. [`thin`] says which
//! copies are kept.
//!
//! The way of the data: folder → [`Moment`]s and lengths → blocks → pack (zstd, age) → list of the copy; and back.
//!
//! It knows nothing of what is in the folder. Time is passed in. A copy is what a power cut at that moment would have left, and whoever
//! owns the folder must be able to begin from there.

mod block;
mod error;
mod key;
mod known;
mod moment;
mod pack;
mod repository;
mod restore;
mod snapshot;
mod take;
mod thin;
mod tree;

pub use error::Error;
pub use key::{Key, Recipient};
pub use moment::Moment;
pub use repository::Repository;
pub use restore::{Restored, restore};
pub use snapshot::About;
pub use take::{Folder, Notes, Taken, take};
pub use thin::{Thinned, thin};
