//! What is around a content, taken off within bounds.
//!
//! Streams are unpacked as they are read, so memory does not grow with them. Every level counts what goes in and out: a small
//! file that would become a huge one is an error as soon as it shows.

use super::recognise::Wrapper;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// What unpacking may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes that all levels of one file may unpack to.
    pub unpacked_bytes: u64,
    /// Bytes out per byte in, once [`Bounds::free_bytes`] are out.
    pub ratio: u64,
    /// Bytes that may come out of a level before its ratio counts.
    pub free_bytes: u64,
    /// Members of all archives of one file.
    pub members: u32,
    /// Wrappers around wrappers.
    pub nesting: u32,
    /// Length of one JSON document or one line: it is parsed as a whole.
    pub document_bytes: usize,
    /// Bytes that are kept of what could not be taken.
    pub kept_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            unpacked_bytes: 256 << 30,
            ratio: 250,
            free_bytes: 16 << 20,
            members: 100_000,
            nesting: 3,
            document_bytes: 64 << 20,
            kept_bytes: 256 << 20,
        }
    }
}

/// Largest window of zstd, as a power of two: what a reader must hold in memory.
const ZSTD_WINDOW_LOG: u32 = 26;

/// Why something is not unpacked further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("it unpacks to more than {0} bytes")]
    Bytes(u64),
    #[error("it unpacks to more than {0} times its size: it looks like an archive made to exhaust the reader")]
    Ratio(u64),
    #[error("more than {0} files in archives")]
    Members(u32),
    #[error("archives are nested deeper than {0}")]
    Nesting(u32),
}

/// What one file has used of its bounds.
#[derive(Clone, Default)]
pub(crate) struct Used {
    bytes: Rc<Cell<u64>>,
    members: Rc<Cell<u32>>,
}

impl Used {
    /// Counts one member of an archive.
    pub(crate) fn member(&self, bounds: &Bounds) -> Result<(), Exceeded> {
        self.members.set(self.members.get() + 1);
        if self.members.get() > bounds.members { Err(Exceeded::Members(bounds.members)) } else { Ok(()) }
    }
}

/// Counts what is read.
struct Counting<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// The unpacked end of a level; an error once a bound is passed.
pub(crate) struct Bounded<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
    used: Used,
    bounds: Bounds,
}

impl<R: Read> Bounded<R> {
    /// A level of which `packed` bytes are known to go in.
    pub(crate) fn known(inner: R, packed: u64, used: &Used, bounds: &Bounds) -> Self {
        Bounded { inner, packed: Rc::new(Cell::new(packed)), unpacked: 0, used: used.clone(), bounds: *bounds }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        self.used.bytes.set(self.used.bytes.get() + read as u64);
        if self.used.bytes.get() > self.bounds.unpacked_bytes {
            return Err(io::Error::other(Exceeded::Bytes(self.bounds.unpacked_bytes)));
        }
        if self.unpacked > self.bounds.free_bytes && self.unpacked / self.bounds.ratio > self.packed.get() {
            return Err(io::Error::other(Exceeded::Ratio(self.bounds.ratio)));
        }
        Ok(read)
    }
}

/// Takes a stream wrapper off. Zip archives are not streams: see [`super::file`].
pub(crate) fn stream<'r>(
    wrapper: Wrapper,
    inner: impl Read + 'r,
    used: &Used,
    bounds: &Bounds,
) -> io::Result<Box<dyn Read + 'r>> {
    let packed = Rc::new(Cell::new(0));
    let counting = BufReader::with_capacity(64 << 10, Counting { inner, count: Rc::clone(&packed) });
    let (used, bounds) = (used.clone(), *bounds);
    Ok(match wrapper {
        Wrapper::Gzip => Box::new(Bounded {
            inner: flate2::bufread::MultiGzDecoder::new(counting),
            packed,
            unpacked: 0,
            used,
            bounds,
        }),
        Wrapper::Bzip2 => Box::new(Bounded {
            inner: bzip2::bufread::MultiBzDecoder::new(counting),
            packed,
            unpacked: 0,
            used,
            bounds,
        }),
        Wrapper::Zstd => {
            let mut inner = zstd::stream::read::Decoder::with_buffer(counting)?;
            inner.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(Bounded { inner, packed, unpacked: 0, used, bounds })
        }
        Wrapper::Zip => return Err(io::Error::other("a zip archive is not a stream")),
    })
}
