//! A pack: blocks one after the other, packed with zstd and encrypted with age as one stream.
//!
//! ```text
//! pack   = age( record* )
//! record = length (4 bytes, little-endian; the highest bit: not packed), bytes
//! ```
//! A block is named by its number in its pack.

use crate::block::BLOCK_BYTES;
use crate::error::Error;
use crate::key::{Key, Recipient};
use age::stream::StreamWriter;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A pack that has grown to this is closed and another begun.
pub(crate) const PACK_BYTES: u64 = 512 * 1024 * 1024;
const LEVEL: i32 = 3;
const NOT_PACKED: u32 = 1 << 31;
const BUFFER_BYTES: usize = 1024 * 1024;

/// Opens a stream that is encrypted for these recipients, in a file that is not there yet.
pub(crate) fn encrypt(path: &Path, recipients: &[Recipient]) -> Result<StreamWriter<BufWriter<File>>, Error> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path).map_err(Error::file("make", path))?;
    let all = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).map_err(|error| Error::Key(error.to_string()))?;
    let out = BufWriter::with_capacity(BUFFER_BYTES, file);
    encryptor.wrap_output(out).map_err(Error::file("write", path))
}

/// Ends an encrypted stream: its bytes are on disk then.
pub(crate) fn finish(path: &Path, stream: StreamWriter<BufWriter<File>>) -> Result<u64, Error> {
    let file = stream.finish().and_then(|out| out.into_inner().map_err(std::io::IntoInnerError::into_error));
    let file = file.map_err(Error::file("write", path))?;
    file.sync_all().map_err(Error::file("write", path))?;
    Ok(file.metadata().map_err(Error::file("read", path))?.len())
}

/// Reads a stream with a key.
pub(crate) fn decrypt(path: &Path, key: &Key) -> Result<impl Read + use<>, Error> {
    let file = File::open(path).map_err(Error::file("open", path))?;
    let decryptor = age::Decryptor::new_buffered(BufReader::with_capacity(BUFFER_BYTES, file));
    let stream = decryptor.and_then(|decryptor| decryptor.decrypt(std::iter::once(&key.0 as &dyn age::Identity)));
    stream.map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => Error::WrongKey { path: path.to_owned(), recipients: String::new() },
        other => Error::damaged(path, other.to_string()),
    })
}

/// A pack that is being written. One that is dropped half-written leaves a file whose name begins with a dot.
pub(crate) struct PackWriter {
    beside: PathBuf,
    path: PathBuf,
    stream: StreamWriter<BufWriter<File>>,
    blocks: u32,
    bytes: u64,
}

impl PackWriter {
    pub(crate) fn new(folder: &Path, name: &str, recipients: &[Recipient]) -> Result<PackWriter, Error> {
        let beside = folder.join(format!(".{name}"));
        let stream = encrypt(&beside, recipients)?;
        Ok(PackWriter { beside, path: folder.join(name), stream, blocks: 0, bytes: 0 })
    }

    /// Adds a block; gives its number.
    pub(crate) fn add(&mut self, block: &[u8]) -> Result<u32, Error> {
        let packed = zstd::bulk::compress(block, LEVEL).map_err(Error::file("pack", &self.beside))?;
        let (length, bytes) = if packed.len() < block.len() {
            (packed.len() as u32, packed.as_slice())
        } else {
            (block.len() as u32 | NOT_PACKED, block)
        };
        let write = self.stream.write_all(&length.to_le_bytes()).and_then(|()| self.stream.write_all(bytes));
        write.map_err(Error::file("write", &self.beside))?;
        self.bytes += 4 + bytes.len() as u64;
        self.blocks += 1;
        Ok(self.blocks - 1)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= PACK_BYTES
    }

    /// Puts the whole pack in its place; gives its length.
    pub(crate) fn close(self) -> Result<u64, Error> {
        let length = finish(&self.beside, self.stream)?;
        std::fs::rename(&self.beside, &self.path).map_err(Error::file("name", &self.path))?;
        sync_folder(&self.path)?;
        Ok(length)
    }
}

/// Puts the name of a file on disk.
pub(crate) fn sync_folder(of: &Path) -> Result<(), Error> {
    let folder = of.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file("write", folder))
}

/// Gives the blocks of a pack in their order, each with its number, until `visit` says that it has enough.
pub(crate) fn read_pack(
    path: &Path,
    key: &Key,
    mut visit: impl FnMut(u32, &[u8]) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut stream = decrypt(path, key)?;
    let damaged = |error: std::io::Error| Error::damaged(path, error.to_string());
    let mut packed = Vec::new();
    for no in 0.. {
        let mut head = [0; 4];
        match stream.read(&mut head[..1]).map_err(damaged)? {
            0 => break,
            _ => stream.read_exact(&mut head[1..]).map_err(damaged)?,
        }
        let head = u32::from_le_bytes(head);
        let length = (head & !NOT_PACKED) as usize;
        if length > BLOCK_BYTES {
            return Err(Error::damaged(path, format!("block {no} says that it has {length} bytes")));
        }
        packed.resize(length, 0);
        stream.read_exact(&mut packed).map_err(damaged)?;
        let goes_on = if head & NOT_PACKED == 0 {
            visit(no, &zstd::bulk::decompress(&packed, BLOCK_BYTES).map_err(damaged)?)?
        } else {
            visit(no, &packed)?
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}
