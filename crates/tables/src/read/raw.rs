//! The unpacked bytes of a file, hashed and handed on as they are read.

use super::{Content, ReadError};
use std::io::{Read, Write};

/// A file that is read from its beginning to its end.
pub(super) struct Raw {
    reader: Box<dyn Read + Send>,
    tee: Option<Box<dyn Write + Send>>,
    hasher: blake3::Hasher,
    bytes: u64,
    ended: bool,
    file: String,
}

impl Raw {
    pub(super) fn new(file: &str, reader: Box<dyn Read + Send>, tee: Option<Box<dyn Write + Send>>) -> Self {
        Raw { reader, tee, hasher: blake3::Hasher::new(), bytes: 0, ended: false, file: file.to_owned() }
    }

    /// The file, for messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Adds at most `length` bytes to `buffer`, fewer only at the end of the file.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, length: usize) -> Result<usize, ReadError> {
        if self.ended {
            return Ok(0);
        }
        let before = buffer.len();
        let read = self.reader.by_ref().take(length as u64).read_to_end(buffer);
        let read = read.map_err(|error| {
            let place = format!("{}, byte {}", self.file, self.bytes + (buffer.len() - before) as u64);
            ReadError::at(place, format!("cannot be read on: {error}"))
        })?;
        let new = &buffer[before..];
        self.hasher.update(new);
        if let Some(tee) = &mut self.tee {
            tee.write_all(new).map_err(|error| {
                ReadError::at(
                    format!("{}, byte {}", self.file, self.bytes),
                    format!("what was read cannot be kept: {error}"),
                )
            })?;
        }
        self.bytes += read as u64;
        if read < length {
            self.ended = true;
            if let Some(tee) = &mut self.tee {
                tee.flush()
                    .map_err(|error| ReadError::at(&self.file, format!("what was read cannot be kept: {error}")))?;
            }
        }
        Ok(read)
    }

    /// True when all of it was read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// What it holds, once all of it was read.
    pub(super) fn content(&self) -> Option<Content> {
        self.ended.then(|| Content { hash: *self.hasher.finalize().as_bytes(), bytes: self.bytes })
    }
}
