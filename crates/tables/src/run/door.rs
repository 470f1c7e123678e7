//! What a run hands on: resources with the rows they were made of.

use crate::mapping::Gone;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Media type of the arrivals of a run: a line of JSON for each resource and each refused row, that names the rows it was made of.
pub const ROW_LINKS: &str = "application/vnd.medweave.rows+ndjson";

/// What a target has to do with records that others give to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// Nothing: what it makes is put as it is.
    #[default]
    Ignored,
    /// It meets them by an identifier.
    Met,
    /// It met them, and does not any more: what it gave is withdrawn.
    Left,
}

/// Resources of one target that go to the store together.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The target's name.
    pub target: String,
    /// The table whose rows are accounted for.
    pub table: String,
    /// What the target has to do with records that others give to.
    pub others: Others,
    /// Lines of JSON: `{"target":…,"rows":{table:[row,…]}}`.
    pub links: Vec<u8>,
    /// The resources' JSON, and maybe that of others between.
    pub json: String,
    /// Which resources, in order.
    pub resources: Vec<ChunkResource>,
    /// Rows of which nothing was made.
    pub refused: Vec<ChunkRefused>,
    /// Resources of earlier runs whose rows are gone.
    pub gone: Vec<ChunkGone>,
}

impl Chunk {
    /// Empties it for the next resources of its target; the memory stays.
    pub(super) fn clear(&mut self) {
        self.links.clear();
        self.json.clear();
        self.resources.clear();
        self.refused.clear();
        self.gone.clear();
    }

    /// True if there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.refused.is_empty() && self.gone.is_empty()
    }
}

/// A resource whose rows are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkGone {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// The record that it was one with: then only what was given of that goes.
    pub met: Option<String>,
    /// What becomes of it.
    pub how: Gone,
    /// Its line in the chunk's links, without the line end.
    pub link: Range<usize>,
}

/// A resource of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkResource {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id, as its key gives it: a UUID.
    pub id: [u8; 16],
    /// The record of another door that it is one with.
    pub met: Option<String>,
    /// The one that it was one with when the last run had ended.
    pub met_before: Option<String>,
    /// Its text in the chunk's JSON.
    pub json: Range<usize>,
    /// Its line in the chunk's links, without the line end; empty where the door needs none.
    pub link: Range<usize>,
}

/// A row of a chunk of which nothing was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRefused {
    /// Its line in the chunk's links, without the line end.
    pub link: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// Where: table and row, element.
    pub place: String,
}

/// What a door did with resources of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Resources that were not there.
    pub new: u64,
    /// Resources that were there otherwise.
    pub changed: u64,
    /// Resources that were there like this: nothing was written.
    pub equal: u64,
    /// Resources that the store refused, each a dead letter.
    pub refused: u64,
    /// Resources whose rows are gone, and that stand no longer as they were.
    pub gone: u64,
}

/// An element that stayed as another source has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The target.
    pub target: String,
    /// The element.
    pub element: String,
    /// Of how many records.
    pub count: u64,
}

/// A record that bears an identifier of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Its id.
    pub id: String,
    /// What is so different in the two that they cannot be one: nothing, mostly.
    pub contradicts: Vec<&'static str>,
}

/// The address below which identifiers of a source stand that it does not give itself.
pub fn urn_of(source: &str) -> String {
    format!("urn:medweave:source:{}", crate::codes::urn_part(source))
}

/// What a row is at the end of a run that did not refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowNow {
    /// It is in a resource.
    Taken,
    /// The mapping passes it over.
    LeftOut,
    /// It is not delivered any more.
    Gone,
    /// The run did not look at it: it is what it was.
    NotSeen,
}

/// The run that ends, for whoever asks later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnds {
    /// The mapping's name.
    pub mapping: String,
    /// The version it gives itself.
    pub version: String,
    /// Hash of its files, in hex.
    pub hash: String,
    /// The types of what its targets make, each once.
    pub types: Vec<&'static str>,
}

/// Where resources of a run go. Chunks are taken in their order; what was counted is on disk when [`Door::end`] returns.
pub trait Door {
    /// Takes of a chunk what it needs; what it leaves is used for the next.
    ///
    /// # Errors
    /// When going on makes no sense: the store fails, the grant does not reach.
    fn take(&mut self, chunk: &mut Chunk) -> Result<(), DoorError>;

    /// Whether anything is stored, so that each resource needs the line that names its rows.
    fn writes(&self) -> bool {
        true
    }

    /// Which records bear an identifier of each resource of a chunk.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn bearing(&mut self, chunk: &Chunk) -> Result<Vec<Vec<Bearer>>, DoorError> {
        Ok(vec![Vec::new(); chunk.resources.len()])
    }

    /// Whether a resource of this source is stored, and not deleted: one whose row is gone and that is kept.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn has(&self, _resource_type: &'static str, _id: &str) -> Result<bool, DoorError> {
        Ok(false)
    }

    /// Whether rows of a target gave to records before, as far as is remembered.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn gives(&mut self, _target: &str) -> Result<bool, DoorError> {
        Ok(false)
    }

    /// All that rows of a target gave to records is withdrawn, and on disk: it is not remembered any more.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn gives_no_more(&mut self, _target: &str) -> Result<(), DoorError> {
        Ok(())
    }

    /// Elements that stayed as others have them, of records that were met, since the last call.
    fn kept(&mut self) -> Vec<Kept> {
        Vec::new()
    }

    /// How far the store's feed is: the same as before, if nothing was written since.
    fn position(&self) -> u64 {
        0
    }

    /// Notes, when all is on disk, which run it was that wrote; nothing if nothing was written. How many changes that is.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn note_run(&mut self, _run: &RunEnds) -> Result<u64, DoorError> {
        Ok(0)
    }

    /// Closes the dead letters of rows of a target that this run did not refuse; `now` says what becomes of a row of a table.
    /// Whether the next run must look at all of it: the store refused something, or a row withdrew what another may have.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn conclude(&mut self, _target: &str, _now: &dyn Fn(&str, u64) -> RowNow) -> Result<bool, DoorError> {
        Ok(false)
    }

    /// Closes the dead letters of rows that were to be something else than these targets: the mapping makes it no longer.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn conclude_besides(&mut self, _targets: &[&str]) -> Result<(), DoorError> {
        Ok(())
    }

    /// Waits for what is on its way, and says what became of everything since the last call, all targets together.
    ///
    /// # Errors
    /// As [`Door::take`].
    fn settle(&mut self) -> Result<Stored, DoorError>;
}

/// Why a door takes nothing any more.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DoorError(#[from] pub Box<dyn std::error::Error + Send + Sync>);
