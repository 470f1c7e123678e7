//! The list of one copy: which files, and where the blocks of each are.

use crate::error::Error;
use crate::key::{Key, Recipient};
use crate::pack;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

/// The format of lists and packs that this program writes.
pub(crate) const FORMAT: u32 = 1;
/// A list is no larger than this once unpacked: some billion blocks.
const LIST_BYTES: u64 = 4 << 30;

/// What can be told of a copy without its key: it names no file and nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Which one it is of its folder, from 1: later ones have larger numbers, whatever the clock said.
    pub no: u64,
    /// What it is called: when it was taken, in UTC.
    pub name: String,
    /// When it was begun, µs since 1970 UTC.
    pub taken_us: i64,
    /// Files in it.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that were added to the repository for it.
    pub added_bytes: u64,
    /// The packs that it needs.
    pub packs: Vec<String>,
}

/// A run of blocks that lie one after the other in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Which of the copy's packs.
    pub(crate) pack: u32,
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// One file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Below the folder, with `/`.
    pub(crate) path: String,
    pub(crate) mode: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<Content>,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) bytes: u64,
    /// BLAKE3 of all of it, hexadecimal.
    pub(crate) hash: String,
    pub(crate) runs: Vec<Run>,
}

/// The list itself; only the key opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) format: u32,
    pub(crate) taken_us: i64,
    pub(crate) packs: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    /// What the owner of the folder noted of its databases.
    pub(crate) notes: BTreeMap<String, serde_json::Value>,
}

impl Snapshot {
    /// Writes the list beside its place and moves it there.
    pub(crate) fn write(&self, path: &Path, recipients: &[Recipient]) -> Result<u64, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}"));
        let _ = std::fs::remove_file(&beside);
        let mut stream = pack::encrypt(&beside, recipients)?;
        let text = serde_json::to_vec(self).map_err(|error| Error::damaged(path, error.to_string()))?;
        let packed = zstd::bulk::compress(&text, 3).map_err(Error::file("pack", path))?;
        stream.write_all(&packed).map_err(Error::file("write", &beside))?;
        let length = pack::finish(&beside, stream)?;
        std::fs::rename(&beside, path).map_err(Error::file("name", path))?;
        pack::sync_folder(path)?;
        Ok(length)
    }

    pub(crate) fn read(path: &Path, key: &Key) -> Result<Snapshot, Error> {
        let stream = pack::decrypt(path, key)?;
        let damaged = |error: std::io::Error| Error::damaged(path, error.to_string());
        let mut text = Vec::new();
        let unpacked = zstd::stream::read::Decoder::new(stream).map_err(damaged)?;
        unpacked.take(LIST_BYTES).read_to_end(&mut text).map_err(damaged)?;
        let snapshot: Snapshot =
            serde_json::from_slice(&text).map_err(|error| Error::damaged(path, error.to_string()))?;
        if snapshot.format > FORMAT {
            return Err(Error::Newer { path: path.to_owned(), found: snapshot.format, known: FORMAT });
        }
        Ok(snapshot)
    }
}

/// The name of a copy that was begun then, in UTC: `2026-11-27T16-20-00.123456Z`. Names sort by time.
pub(crate) fn name_of(taken_us: i64) -> String {
    let (days, of_day) = (taken_us.div_euclid(86_400_000_000), taken_us.rem_euclid(86_400_000_000));
    // Days to a date of the Gregorian calendar: eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_called_by_their_time() {
        assert_eq!(name_of(0), "1970-01-01T00-00-00.000000Z");
        assert_eq!(name_of(1_767_225_600_000_001), "2026-01-01T00-00-00.000001Z");
        assert_eq!(name_of(1_709_208_000_000_000), "2024-02-29T12-00-00.000000Z");
        assert_eq!(name_of(951_782_399_999_999), "2000-02-28T23-59-59.999999Z");
    }
}
