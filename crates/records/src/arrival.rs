//! Arrivals: bytes exactly as received, in packs of zstd frames.
//!
//! A pack is an append-only file. An arrival is a run of frames of at most [`FRAME_BYTES`] of content each, so that a range
//! of it is read by unpacking the frames it touches, never the whole. Equal content is stored once. Frames are synced before
//! the commit that names them; bytes that no commit names are swept when the pack is opened again.

use crate::body::Dictionaries;
use crate::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Content of one frame, at most.
pub const FRAME_BYTES: usize = 512 << 10;
/// Content of one frame in packs that earlier programs wrote.
const EARLIER_FRAME_BYTES: usize = 256 << 10;
/// A pack is closed, and the next begun, past this size.
const PACK_BYTES: u64 = 1 << 30;
/// zstd level of frames: arrivals are written once and read seldom, and 5 is where more effort stops paying.
const LEVEL: i32 = 5;
/// Content shorter than this is packed with the dictionary of record bodies, if there is one.
const SMALL_BYTES: usize = 16 << 10;

/// What came in, before it is stored.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    /// The port or command it came through: `import`, `http`, `mllp`.
    pub door: String,
    /// Who sent it, as ids are derived from it: a name given by the operator, a token, an address.
    pub source: String,
    /// What it was called there: a file name, a path of a request.
    pub name: String,
    /// Media type: `application/fhir+json`, `application/fhir+ndjson`, `application/hl7-v2`, `application/cda+xml`.
    pub media: String,
    /// Around the content when it came, outermost first: `zip`, `gzip 1234 bytes blake3 …`. Empty if nothing was.
    pub wrapper: String,
    /// Byte offset of this content in the file it is a part of; 0 unless a large file came in parts.
    pub base: u64,
}

/// Frames are held in memory up to this many bytes, beyond it in a file without a name beside the packs.
const HELD_BYTES: usize = 16 << 20;

/// Content packed into frames, ready to be appended; made outside the writer.
pub struct Packed {
    pub(crate) about: Arrived,
    pub(crate) hash: [u8; 32],
    pub(crate) length: u64,
    /// Length of each frame.
    frames: Vec<u32>,
    /// The frames, one after the other; those before them are in `spilled`.
    held: Vec<u8>,
    spilled: Option<File>,
    pub(crate) dictionary: i64,
}

impl Packed {
    pub(crate) fn new(about: Arrived, content: &[u8], dictionaries: &Dictionaries) -> Result<Self, Error> {
        let dictionary = if content.len() < SMALL_BYTES { dictionaries.current_no() } else { 0 };
        let mut packed = Packed::empty(about, dictionary);
        for chunk in content.chunks(FRAME_BYTES) {
            packed.frame(chunk, dictionaries)?;
        }
        packed.hash = *blake3::hash(content).as_bytes();
        Ok(packed)
    }

    /// Packs what is read, holding little of it; `folder` is where packs are. The inner error is the reader's.
    pub(crate) fn stream(
        about: Arrived,
        content: &mut dyn Read,
        folder: &Path,
        dictionaries: &Dictionaries,
    ) -> Result<io::Result<Self>, Error> {
        let mut packed = Packed::empty(about, 0);
        let mut hasher = blake3::Hasher::new();
        let mut chunk = Vec::with_capacity(FRAME_BYTES);
        loop {
            chunk.clear();
            if let Err(error) = content.take(FRAME_BYTES as u64).read_to_end(&mut chunk) {
                return Ok(Err(error));
            }
            hasher.update(&chunk);
            if !chunk.is_empty() {
                packed.frame(&chunk, dictionaries)?;
            }
            if chunk.len() < FRAME_BYTES {
                packed.hash = *hasher.finalize().as_bytes();
                return Ok(Ok(packed));
            }
            if packed.held.len() > HELD_BYTES {
                packed.spill(folder).map_err(|e| Error::file(format!("write to {}", folder.display()), e))?;
            }
        }
    }

    fn empty(about: Arrived, dictionary: i64) -> Self {
        Packed { about, hash: [0; 32], length: 0, frames: Vec::new(), held: Vec::new(), spilled: None, dictionary }
    }

    fn frame(&mut self, chunk: &[u8], dictionaries: &Dictionaries) -> Result<(), Error> {
        let frame = dictionaries.compress(self.dictionary, chunk, LEVEL)?;
        self.frames.push(frame.len() as u32);
        self.held.extend_from_slice(&frame);
        self.length += chunk.len() as u64;
        Ok(())
    }

    fn spill(&mut self, folder: &Path) -> io::Result<()> {
        let file = match &mut self.spilled {
            Some(file) => file,
            None => self.spilled.insert(nameless(folder)?),
        };
        file.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    /// Says what is around the content, where that is known only once it is packed.
    pub fn describe(&mut self, wrapper: String) {
        self.about.wrapper = wrapper;
    }

    /// Length of the content in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of frames that are in memory.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Writes the frames to `file` from `at` on; how many bytes they are.
    fn write_to(&self, file: &File, mut at: u64) -> io::Result<u64> {
        let start = at;
        if let Some(spilled) = &self.spilled {
            let mut spilled: &File = spilled;
            spilled.seek(SeekFrom::Start(0))?;
            let mut chunk = vec![0; FRAME_BYTES];
            loop {
                let read = spilled.read(&mut chunk)?;
                if read == 0 {
                    break;
                }
                file.write_all_at(&chunk[..read], at)?;
                at += read as u64;
            }
        }
        file.write_all_at(&self.held, at)?;
        Ok(at + self.held.len() as u64 - start)
    }
}

/// A file that goes with its handle, whatever happens to the program.
fn nameless(folder: &Path) -> io::Result<File> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let path = folder.join(format!("spill-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)));
    let file = OpenOptions::new().create_new(true).read(true).write(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Where an arrival's frames are.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) pack: i64,
    pub(crate) at: u64,
    pub(crate) frames: Vec<u32>,
    pub(crate) length: u64,
    pub(crate) dictionary: i64,
}

impl Place {
    /// Content of each frame but the last. Length and number of frames tell: with two frames or more, no length fits both sizes.
    fn frame_bytes(&self) -> u64 {
        let before_last = self.frames.len().saturating_sub(1) as u64;
        if self.length > before_last * FRAME_BYTES as u64 { FRAME_BYTES as u64 } else { EARLIER_FRAME_BYTES as u64 }
    }

    pub(crate) fn encode_frames(frames: &[u32]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frames.len() * 3);
        for &length in frames {
            crate::posting::put_varint(&mut out, u64::from(length));
        }
        out
    }

    pub(crate) fn decode_frames(mut bytes: &[u8]) -> Option<Vec<u32>> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            out.push(u32::try_from(crate::posting::take_varint(&mut bytes)?).ok()?);
        }
        Some(out)
    }
}

/// Path of pack `no`.
fn pack_path(folder: &Path, no: i64) -> PathBuf {
    folder.join(format!("{no:08}.pack"))
}

/// Number and length of the newest pack that is there.
pub(crate) fn newest_pack(folder: &Path) -> Option<(i64, u64)> {
    let packs = std::fs::read_dir(folder).ok()?.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_pack = path.extension().is_some_and(|extension| extension == "pack");
        path.file_stem().filter(|_| is_pack)?.to_str()?.parse::<i64>().ok()
    });
    let no = packs.max()?;
    Some((no, std::fs::metadata(pack_path(folder, no)).ok()?.len()))
}

/// The writer's end: appends to the newest pack.
pub(crate) struct PackWriter {
    folder: PathBuf,
    no: i64,
    file: File,
    end: u64,
    unsynced: bool,
}

impl PackWriter {
    /// Opens the newest pack of `folder`; `end` is where the last committed arrival of that pack ends.
    pub(crate) fn open(folder: &Path, no: i64, end: u64) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::file(format!("make {}", folder.display()), e))?;
        let path = pack_path(folder, no);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(&path)
            .map_err(|e| Error::file(format!("open {}", path.display()), e))?;
        let length = file.metadata().map_err(|e| Error::file(format!("read {}", path.display()), e))?.len();
        if length < end {
            return Err(Error::Damaged(format!("{} holds {length} bytes, the database names {end}", path.display())));
        }
        // What no commit names was never acknowledged.
        file.set_len(end).map_err(|e| Error::file(format!("trim {}", path.display()), e))?;
        sync_folder(folder)?;
        Ok(PackWriter { folder: folder.to_owned(), no, file, end, unsynced: false })
    }

    pub(crate) fn append(&mut self, packed: &Packed) -> Result<Place, Error> {
        if self.end > PACK_BYTES {
            self.sync()?;
            *self = PackWriter::open(&self.folder, self.no + 1, 0)?;
        }
        let at = self.end;
        let path = pack_path(&self.folder, self.no);
        self.end += packed.write_to(&self.file, at).map_err(|e| Error::file(format!("write {}", path.display()), e))?;
        self.unsynced = true;
        Ok(Place {
            pack: self.no,
            at,
            frames: packed.frames.clone(),
            length: packed.length,
            dictionary: packed.dictionary,
        })
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced {
            self.file.flush().map_err(|e| Error::file("flush a pack", e))?;
            self.file.sync_data().map_err(|e| Error::file("sync a pack", e))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Where the pack ends, to come back to with [`PackWriter::rewind`].
    pub(crate) fn mark(&self) -> (i64, u64) {
        (self.no, self.end)
    }

    /// Forgets what was appended since `mark`, if it went to the same pack, and gives its space back to the disk.
    pub(crate) fn rewind(&mut self, mark: (i64, u64)) {
        if self.no == mark.0 {
            self.end = mark.1;
            // What cannot be cut off is written over by the next arrival.
            let _ = self.file.set_len(self.end);
        }
    }
}

/// Makes names of files in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| Error::file(format!("sync {}", folder.display()), e))
}

/// Reads `length` bytes of content from `from`; less if the arrival ends before.
pub(crate) fn read_range(
    folder: &Path,
    place: &Place,
    from: u64,
    length: u64,
    dictionaries: &Dictionaries,
) -> Result<Vec<u8>, Error> {
    let end = (from + length).min(place.length);
    if from >= end {
        return Ok(Vec::new());
    }
    let path = pack_path(folder, place.pack);
    let file = File::open(&path).map_err(|e| Error::file(format!("open {}", path.display()), e))?;
    let frame = place.frame_bytes();
    let (first, last) = ((from / frame) as usize, ((end - 1) / frame) as usize);
    let mut at = place.at + place.frames.iter().take(first).map(|&l| u64::from(l)).sum::<u64>();
    let mut out = Vec::with_capacity((end - from) as usize);
    for no in first..=last {
        let packed =
            *place.frames.get(no).ok_or_else(|| Error::Damaged(format!("{}: a frame is missing", path.display())))?;
        let mut bytes = vec![0; packed as usize];
        file.read_exact_at(&mut bytes, at).map_err(|e| Error::file(format!("read {}", path.display()), e))?;
        at += u64::from(packed);
        let content = dictionaries.decompress(place.dictionary, &bytes, FRAME_BYTES)?;
        let start = no as u64 * frame;
        let low = from.saturating_sub(start) as usize;
        let high = ((end - start) as usize).min(content.len());
        let part =
            content.get(low..high).ok_or_else(|| Error::Damaged(format!("{}: a frame is short", path.display())))?;
        out.extend_from_slice(part);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_of_either_frame_size_are_read() {
        let folder = std::env::temp_dir().join(format!("medweave-frames-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let content: Vec<u8> =
            (0..3 * FRAME_BYTES as u32 + 777).map(|no| (no.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let dictionaries = Dictionaries::default();
        for (size, lengths) in [
            (EARLIER_FRAME_BYTES, [1, EARLIER_FRAME_BYTES, 2 * EARLIER_FRAME_BYTES, 3 * EARLIER_FRAME_BYTES + 5]),
            (FRAME_BYTES, [1, FRAME_BYTES + 1, 2 * FRAME_BYTES, content.len()]),
        ] {
            for length in lengths {
                let mut packed = Packed::empty(Arrived::default(), 0);
                content[..length].chunks(size).for_each(|chunk| packed.frame(chunk, &dictionaries).unwrap());
                let mut writer = PackWriter::open(&folder, 1, 0).unwrap();
                let place = writer.append(&packed).unwrap();
                for (from, count) in [(0, 9), (length as u64 / 2, 70_000), (length as u64 - 1, 5)] {
                    let end = (from as usize + count as usize).min(length);
                    let read = read_range(&folder, &place, from, count, &dictionaries).unwrap();
                    assert_eq!(read, content[from as usize..end], "{size} {length} {from}");
                }
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
