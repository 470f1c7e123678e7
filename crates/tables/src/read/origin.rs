//! Where the bytes of a file are: on the disk, or within other files, packed.

use super::bounds::{Bounded, Bounds, Counting};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// Largest window of zstd, as a power of two: what a reader must hold in memory.
const ZSTD_WINDOW_LOG: u32 = 27;
/// Bytes read at a time from the disk.
const BUFFER_BYTES: usize = 128 << 10;

/// Where a file is, and what is around its bytes, the outermost first.
#[derive(Clone)]
pub(super) struct Origin {
    store: Store,
    layers: Vec<Layer>,
    bounds: Bounds,
}

#[derive(Clone)]
enum Store {
    Path(PathBuf),
    /// Unpacked for us; gone with the last who refers to it.
    Scratch(Arc<NamedTempFile>),
}

/// What is around bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Other bytes before and after.
    Range {
        from: u64,
        length: u64,
    },
    Gzip,
    Bzip2,
    Zstd,
    Xz,
    /// Without a header, as in zip archives.
    Deflate,
    /// Nothing, but its length and check sum are known.
    Check {
        crc: u32,
        length: u64,
    },
}

impl Origin {
    pub(super) fn path(path: &Path, bounds: &Bounds) -> Self {
        Origin { store: Store::Path(path.to_owned()), layers: Vec::new(), bounds: *bounds }
    }

    /// What is within a layer of it.
    pub(super) fn within(&self, layer: Layer) -> Self {
        let mut layers = self.layers.clone();
        layers.push(layer);
        Origin { store: self.store.clone(), layers, bounds: self.bounds }
    }

    fn stored(&self) -> &Path {
        match &self.store {
            Store::Path(path) => path,
            Store::Scratch(file) => file.path(),
        }
    }

    /// Begins to read its unpacked bytes.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(self.stored())?;
        let mut layers = self.layers.as_slice();
        let mut reader: Box<dyn Read + Send> = match layers {
            [Layer::Range { from, length }, inner @ ..] => {
                layers = inner;
                file.seek(SeekFrom::Start(*from))?;
                Box::new(Whole { inner: file, left: *length, crc: None })
            }
            _ => Box::new(file),
        };
        for layer in layers {
            reader = layer.take_off(reader, &self.bounds)?;
        }
        Ok(reader)
    }

    /// Its bytes to be read anywhere, if they lie on the disk as they are.
    pub(super) fn section(&self) -> io::Result<Option<Section>> {
        let (mut from, mut length) = (0, None);
        for layer in &self.layers {
            match layer {
                Layer::Range { from: more, length: inner } => (from, length) = (from + more, Some(*inner)),
                Layer::Check { .. } => {}
                _ => return Ok(None),
            }
        }
        let file = File::open(self.stored())?;
        let there = file.metadata()?.len();
        let length = length.unwrap_or(there);
        if from.checked_add(length).is_none_or(|end| end > there) {
            return Err(cut_off());
        }
        Ok(Some(Section { file: Arc::new(file), from, length, at: 0 }))
    }

    /// The same bytes where they can be read anywhere: unpacked to a file of our own if they are not.
    pub(super) fn seekable(&self, scratch: Option<&Path>) -> io::Result<Origin> {
        let is_there = self.layers.iter().all(|layer| matches!(layer, Layer::Range { .. } | Layer::Check { .. }));
        if is_there { Ok(self.clone()) } else { self.unpack(scratch) }
    }

    /// The same bytes as a file of its own.
    pub(super) fn whole_file(&self, scratch: Option<&Path>) -> io::Result<(Origin, PathBuf)> {
        let origin = if self.layers.is_empty() { self.clone() } else { self.unpack(scratch)? };
        let path = origin.stored().to_owned();
        Ok((origin, path))
    }

    fn unpack(&self, scratch: Option<&Path>) -> io::Result<Origin> {
        let builder = &mut tempfile::Builder::new();
        let builder = builder.prefix("medweave-");
        let mut file = match scratch {
            Some(folder) => builder.tempfile_in(folder)?,
            None => builder.tempfile()?,
        };
        io::copy(&mut self.open()?, file.as_file_mut())?;
        file.as_file_mut().flush()?;
        Ok(Origin { store: Store::Scratch(Arc::new(file)), layers: Vec::new(), bounds: self.bounds })
    }

    /// Its path, if it is a file of the delivery as it is.
    pub(super) fn own_path(&self) -> Option<&Path> {
        match &self.store {
            Store::Path(path) if self.layers.is_empty() => Some(path),
            _ => None,
        }
    }

    /// How many bytes there are unpacked, where that is known without unpacking.
    pub(super) fn length(&self) -> Option<u64> {
        match self.layers.last() {
            None => std::fs::metadata(self.stored()).ok().map(|metadata| metadata.len()),
            Some(Layer::Range { length, .. } | Layer::Check { length, .. }) => Some(*length),
            Some(_) => None,
        }
    }
}

impl Layer {
    fn take_off(self, inner: Box<dyn Read + Send>, bounds: &Bounds) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Layer::Range { from, length } => {
                let mut inner = inner;
                if io::copy(&mut inner.by_ref().take(from), &mut io::sink())? < from {
                    return Err(cut_off());
                }
                return Ok(Box::new(Whole { inner, left: length, crc: None }));
            }
            Layer::Check { crc, length } => {
                let crc = Some((crc32fast::Hasher::new(), crc));
                return Ok(Box::new(Whole { inner, left: length, crc }));
            }
            _ => {}
        }
        let (counting, packed) = Counting::new(inner);
        let buffered = BufReader::with_capacity(BUFFER_BYTES, counting);
        Ok(match self {
            Layer::Gzip => Box::new(Bounded::new(flate2::bufread::MultiGzDecoder::new(buffered), packed, bounds)),
            Layer::Bzip2 => Box::new(Bounded::new(bzip2::bufread::MultiBzDecoder::new(buffered), packed, bounds)),
            Layer::Deflate => Box::new(Bounded::new(flate2::bufread::DeflateDecoder::new(buffered), packed, bounds)),
            Layer::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(bounds.memory_bytes, liblzma::stream::CONCATENATED);
                let stream = stream.map_err(io::Error::other)?;
                Box::new(Bounded::new(liblzma::bufread::XzDecoder::new_stream(buffered, stream), packed, bounds))
            }
            Layer::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(Bounded::new(decoder, packed, bounds))
            }
            Layer::Range { .. } | Layer::Check { .. } => unreachable!("taken off above"),
        })
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file is cut off: it holds less than it says")
}

/// Reads exactly so much, and checks it.
struct Whole<R> {
    inner: R,
    left: u64,
    crc: Option<(crc32fast::Hasher, u32)>,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            if let Some((hasher, crc)) = self.crc.take()
                && hasher.finalize() != crc
            {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its check sum is wrong: the archive is damaged",
                ));
            }
            return Ok(0);
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(cut_off());
        }
        self.left -= read as u64;
        if let Some((hasher, _)) = &mut self.crc {
            hasher.update(&buffer[..read]);
        }
        Ok(read)
    }
}

/// Bytes on the disk that can be read anywhere, by several at once.
#[derive(Clone)]
pub(super) struct Section {
    file: Arc<File>,
    from: u64,
    length: u64,
    at: u64,
}

impl Section {
    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..most], self.from + self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning"))?;
        Ok(self.at)
    }
}
