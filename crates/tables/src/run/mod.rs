//! Runs: a mapping over the current rows of a source, counted row by row.

mod door;

pub use door::{Chunk, ChunkRefused, ChunkResource, Door, DoorError, ROW_LINKS, Stored};
