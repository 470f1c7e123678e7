//! What was kept without being understood, tried again: as it is, or as corrected.

use super::kept::{RAW_MEDIA, is_beginning};
use super::{ImportOptions, Importer, Input};
use crate::error::Error;
use access::Grant;
use records::{DeadLetter, Issue, Receipt};
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

/// Bytes read from the store at a time.
const CHUNK_BYTES: u64 = 16 << 20;

/// True if the letter holds something that was kept without being understood.
pub(crate) fn is_raw(letter: &DeadLetter) -> bool {
    letter.arrival.media == RAW_MEDIA
}

impl Importer {
    /// Imports what the letter holds, or `corrected`, as the file that it is, and closes the letter. Lines and entries of it
    /// that cannot be taken become letters of their own.
    pub(crate) fn replay_file(
        &self,
        grant: &Grant,
        letter: &DeadLetter,
        corrected: Option<Vec<u8>>,
    ) -> Result<Vec<Receipt>, Error> {
        let arrival = &letter.arrival;
        let input = match corrected {
            Some(bytes) => Input::Bytes(Arc::new(bytes)),
            None if is_beginning(&arrival.wrapper) => {
                return Err(refused("only its beginning was kept: replay it with the whole, corrected".into()));
            }
            None => Input::File(self.kept(grant, letter)?),
        };
        let options = ImportOptions {
            source: Some(arrival.source.clone()),
            door: arrival.door.clone(),
            ..ImportOptions::default()
        };
        let (report, receipts) = self.import_again(grant, &arrival.name, input, &options)?;
        // What is wrong with a part is kept as a letter of its own; what is wrong with the whole is why this one stays open.
        if let Some(issue) = report.issues.iter().find(|issue| issue.dead_letter.is_none() && !issue.is_remark()) {
            return Err(refused(format!("{}: {}", issue.message, issue.hint)));
        }
        let Some(last) = receipts.last() else { return Err(refused("there is nothing in it".into())) };
        self.records.close_replayed(grant, letter.no, last.arrival)?;
        Ok(receipts)
    }

    /// The bytes of a letter in a file that goes with its handle.
    fn kept(&self, grant: &Grant, letter: &DeadLetter) -> Result<File, Error> {
        let failed = |error| Error::Read { name: format!("dead letter {}", letter.no), error };
        let mut file = tempfile::tempfile().map_err(failed)?;
        let end = letter.at + letter.length;
        let mut at = letter.at;
        while at < end {
            let bytes = self.records.arrival_bytes(grant, letter.arrival.no, at, CHUNK_BYTES.min(end - at))?;
            file.write_all(&bytes).map_err(failed)?;
            at += bytes.len() as u64;
            if bytes.is_empty() {
                break;
            }
        }
        file.rewind().map_err(failed)?;
        Ok(file)
    }
}

fn refused(message: String) -> Error {
    Error::Store(records::Error::Invalid(vec![Issue {
        code: "structure".into(),
        place: String::new(),
        message,
        offset: 0,
    }]))
}
