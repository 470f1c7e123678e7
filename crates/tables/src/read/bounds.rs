//! What unpacking may not exceed, and the readers that hold to it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a delivery may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes that one file may unpack to, on each of its levels.
    pub unpacked_bytes: u64,
    /// Bytes out per byte in, once [`Bounds::free_bytes`] are out.
    pub ratio: u64,
    /// Bytes that may come out of a level before its ratio counts.
    pub free_bytes: u64,
    /// Files of a delivery, those in archives included.
    pub files: u32,
    /// Wrappers around wrappers.
    pub nesting: u32,
    /// Folders in folders.
    pub folders: u32,
    /// Memory that unpacking a file may take.
    pub memory_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            unpacked_bytes: 256 << 30,
            ratio: 250,
            free_bytes: 16 << 20,
            files: 100_000,
            nesting: 3,
            folders: 8,
            memory_bytes: 192 << 20,
        }
    }
}

/// Why something is not unpacked further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Exceeded {
    #[error("it unpacks to more than {0} bytes")]
    Bytes(u64),
    #[error("it unpacks to more than {0} times its size: it looks like an archive made to exhaust the reader")]
    Ratio(u64),
}

/// Counts what is read.
pub(super) struct Counting<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Counting<R> {
    pub(super) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Counting { inner, count: Arc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The unpacked end of a level; an error once a bound is passed.
pub(super) struct Bounded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    bounds: Bounds,
}

impl<R: Read> Bounded<R> {
    /// A level into which as much went as `packed` counts.
    pub(super) fn new(inner: R, packed: Arc<AtomicU64>, bounds: &Bounds) -> Self {
        Bounded { inner, packed, unpacked: 0, bounds: *bounds }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        if self.unpacked > self.bounds.unpacked_bytes {
            return Err(io::Error::other(Exceeded::Bytes(self.bounds.unpacked_bytes)));
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > self.bounds.free_bytes && self.unpacked / self.bounds.ratio > packed {
            return Err(io::Error::other(Exceeded::Ratio(self.bounds.ratio)));
        }
        Ok(read)
    }
}
