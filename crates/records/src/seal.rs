//! Seals: what makes a change to the trails visible afterwards.
//!
//! Each minute in which something was recorded, one line is appended to `audit/seals`: how far each of the three trails
//! reached (audit of writes, audit of reads, audit of accounts), a hash over everything up to there, and a hash over the line
//! and the seal before it. A row that was changed, taken out or cut off no longer gives the hash that was sealed; a seal that
//! was changed no longer gives the one after it. Whoever keeps a seal elsewhere - a log, a print - can prove the whole past.
//!
//! What was recorded since the last seal, a minute at most, is not covered yet.

use crate::error::Error;
use crate::read_audit::{Frames, segment_path};
use crate::store::Records;
use access::TrailHead;
use rusqlite::Connection;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often what was recorded is sealed.
pub const SEAL_EVERY: Duration = Duration::from_mins(1);
/// The file, in the folder of the read audit.
const FILE: &str = "seals";
/// How files are called that stood there and were none of ours.
pub(crate) const ASIDE: &str = "seals.damaged-";
/// The name under which the database keeps the newest seal, so that cutting off the file is seen.
pub(crate) const SETTING: &str = "seal";

/// A BLAKE3 hash.
pub(crate) type Hash = [u8; 32];

/// How far the trails reached at some moment, and what they held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its number, from 1 without gaps; 0 stands before the first.
    pub no: u64,
    /// When, µs since 1970 UTC.
    pub at_us: i64,
    /// Rows of the audit of writes.
    pub writes: i64,
    pub(crate) writes_hash: Hash,
    /// Segment of the audit of reads, and bytes in it.
    pub reads: (u64, u64),
    pub(crate) reads_hash: Hash,
    /// The end of the audit of accounts.
    pub accounts: TrailHead,
    /// Hash over all this and the seal before.
    pub hash: [u8; 32],
}

impl Seal {
    /// What stands before the first seal.
    pub(crate) const NONE: Seal = Seal {
        no: 0,
        at_us: 0,
        writes: 0,
        writes_hash: [0; 32],
        reads: (1, 0),
        reads_hash: [0; 32],
        accounts: TrailHead { seq: 0, hash: [0; 32] },
        hash: [0; 32],
    };

    fn sealed(&self) -> String {
        let (segment, end) = self.reads;
        format!(
            "{} {} {} {} {segment} {end} {} {} {}",
            self.no,
            self.at_us,
            self.writes,
            hex(&self.writes_hash),
            hex(&self.reads_hash),
            self.accounts.seq,
            hex(&self.accounts.hash)
        )
    }

    /// The hash that this seal must have after one with hash `before`.
    pub(crate) fn hash_after(&self, before: &Hash) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(before);
        hasher.update(self.sealed().as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// The line in the file, without its end.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.sealed(), hex(&self.hash))
    }

    pub(crate) fn parse(line: &str) -> Option<Seal> {
        let mut words = line.split(' ');
        let mut next = || words.next();
        let seal = Seal {
            no: next()?.parse().ok()?,
            at_us: next()?.parse().ok()?,
            writes: next()?.parse().ok()?,
            writes_hash: unhex(next()?)?,
            reads: (next()?.parse().ok()?, next()?.parse().ok()?),
            reads_hash: unhex(next()?)?,
            accounts: TrailHead { seq: next()?.parse().ok()?, hash: unhex(next()?)? },
            hash: unhex(next()?)?,
        };
        words.next().is_none().then_some(seal)
    }

    /// Whether the trails stood at the same places.
    fn covers_the_same(&self, other: &Seal) -> bool {
        (self.writes, self.reads, self.accounts) == (other.writes, other.reads, other.accounts)
    }
}

impl std::fmt::Display for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.no, hex(&self.hash))
    }
}

fn hex(bytes: &Hash) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

fn unhex(text: &str) -> Option<Hash> {
    blake3::Hash::from_hex(text).ok().map(|hash| *hash.as_bytes())
}

/// The file of seals.
pub(crate) fn path(audit: &Path) -> PathBuf {
    audit.join(FILE)
}

/// The lines of the file that are whole, and where they end.
pub(crate) fn lines(audit: &Path) -> Result<(Vec<String>, u64), Error> {
    let path = path(audit);
    let mut bytes = Vec::new();
    match File::open(&path) {
        Ok(mut file) => {
            file.read_to_end(&mut bytes).map_err(|e| Error::file(format!("read {}", path.display()), e))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::file(format!("open {}", path.display()), error)),
    }
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(end);
    let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
    Ok((lines, end as u64))
}

/// The writing end.
pub(crate) struct Seals {
    audit: PathBuf,
    file: File,
    end: u64,
    last: Seal,
}

impl Seals {
    /// Opens the seals in the folder of the read audit. A last line that was not finished was never told, and is cut off. A file
    /// that is none of ours is put aside, for `check` to tell of, and sealing begins anew: records are needed all the same.
    pub(crate) fn open(audit: &Path) -> Result<Mutex<Seals>, Error> {
        let path = path(audit);
        let (lines, mut end) = lines(audit)?;
        let last = match lines.last().map(|line| Seal::parse(line)) {
            None => Seal::NONE,
            Some(Some(seal)) => seal,
            Some(None) => {
                let aside = (1..u32::MAX).map(|no| audit.join(format!("{ASIDE}{no}"))).find(|aside| !aside.exists());
                let aside = aside.unwrap_or_else(|| audit.join(ASIDE));
                std::fs::rename(&path, &aside).map_err(|e| Error::file(format!("put {} aside", path.display()), e))?;
                end = 0;
                Seal::NONE
            }
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| Error::file(format!("open {}", path.display()), e))?;
        file.set_len(end).map_err(|e| Error::file(format!("trim {}", path.display()), e))?;
        crate::arrival::sync_folder(audit)?;
        Ok(Mutex::new(Seals { audit: audit.to_owned(), file, end, last }))
    }

    fn append(&mut self, seal: Seal) -> Result<(), Error> {
        let line = format!("{}\n", seal.line());
        self.file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(line.as_bytes()))
            .and_then(|()| self.file.sync_data())
            .map_err(|e| Error::file(format!("write {}", path(&self.audit).display()), e))?;
        self.end += line.len() as u64;
        self.last = seal;
        Ok(())
    }
}

/// Carries a hash over the rows of the audit of writes after `from`; gives the last row and the hash at it. `each` sees every
/// row's number with the hash up to it, and stops the walk by answering false.
pub(crate) fn hash_writes(
    connection: &Connection,
    (from, mut hash): (i64, Hash),
    mut each: impl FnMut(i64, &Hash) -> bool,
) -> Result<(i64, Hash), Error> {
    let mut statement = connection.prepare(
        "SELECT no, at_us, principal, origin, action, arrival, first_seq, last_seq, detail FROM audit WHERE no > ?1 ORDER BY no",
    )?;
    let mut rows = statement.query([from])?;
    let mut last = from;
    while let Some(row) = rows.next()? {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&hash);
        for column in [0, 1, 5, 6, 7] {
            let number: Option<i64> = row.get(column)?;
            hasher.update(&[u8::from(number.is_some())]);
            hasher.update(&number.unwrap_or_default().to_le_bytes());
        }
        // Lengths go in before texts, so that no two rows hash the same bytes.
        for column in [2, 3, 4, 8] {
            let text: String = row.get(column)?;
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hash = *hasher.finalize().as_bytes();
        last = row.get(0)?;
        if !each(last, &hash) {
            break;
        }
    }
    Ok((last, hash))
}

/// Carries a hash over the frames of the audit of reads from one place to another, which must be the end of a frame.
pub(crate) fn hash_reads(audit: &Path, from: (u64, u64), to: (u64, u64), mut hash: Hash) -> Result<Hash, Error> {
    for segment in from.0..=to.0 {
        let begin = if segment == from.0 { from.1 } else { 0 };
        if (segment, begin) >= to {
            break;
        }
        let path = segment_path(audit, segment);
        let mut reached = begin;
        for frame in Frames::open_at(&path, begin)? {
            let (end, content) = frame?;
            reached = end;
            let mut hasher = blake3::Hasher::new();
            hasher.update(&hash);
            hasher.update(&content);
            hash = *hasher.finalize().as_bytes();
            if (segment, end) >= to {
                break;
            }
        }
        if segment == to.0 && reached != to.1 {
            return Err(Error::Damaged(format!(
                "{} has no frame that ends at byte {}, where a seal ends",
                path.display(),
                to.1
            )));
        }
    }
    Ok(hash)
}

impl Records {
    /// Seals what was recorded, if the last seal is [`SEAL_EVERY`] old by the store's clock; `accounts` is where the audit of
    /// accounts ends. Gives the new seal; none if it is not due or nothing was recorded since. Call it each minute.
    ///
    /// # Errors
    /// [`Error::Damaged`] if what was sealed before is no longer there, [`Error::File`], [`Error::DiskFull`].
    pub fn seal_when_due(&self, accounts: TrailHead) -> Result<Option<Seal>, Error> {
        let every = i64::try_from(SEAL_EVERY.as_micros()).unwrap_or(i64::MAX);
        let last = self.seals.lock().unwrap_or_else(PoisonError::into_inner).last;
        // A clock that went back must not stop sealing.
        if last.no > 0 && (last.at_us..last.at_us.saturating_add(every)).contains(&self.now_us()) {
            return Ok(None);
        }
        self.seal(accounts)
    }

    /// As [`Records::seal_when_due`], now.
    ///
    /// # Errors
    /// As there.
    pub fn seal(&self, accounts: TrailHead) -> Result<Option<Seal>, Error> {
        let mut seals = self.seals.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seals.last;
        // On disk first: a seal never names what a power cut could still take.
        let reads = self.read_audit.synced()?.unwrap_or(last.reads);
        let reads_hash = hash_reads(&seals.audit, last.reads, reads, last.reads_hash)?;
        let reader = self.shared.reader()?;
        let (writes, writes_hash) = hash_writes(&reader, (last.writes, last.writes_hash), |_, _| true)?;
        drop(reader);
        let mut seal =
            Seal { no: last.no + 1, at_us: self.now_us(), writes, writes_hash, reads, reads_hash, accounts, ..last };
        if seal.covers_the_same(&last) {
            return Ok(None);
        }
        seal.hash = seal.hash_after(&last.hash);
        seals.append(seal)?;
        drop(seals);
        let line = seal.line();
        self.on_writer(move |writer| {
            writer
                .connection
                .execute("INSERT OR REPLACE INTO setting(name, value) VALUES(?1, ?2)", [SETTING, line.as_str()])?;
            Ok(())
        })?;
        Ok(Some(seal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_read_back_from_its_line() {
        let mut seal = Seal { no: 7, at_us: 1_767_225_600_000_000, writes: 12, reads: (2, 4096), ..Seal::NONE };
        seal.accounts = TrailHead { seq: 3, hash: [9; 32] };
        seal.hash = seal.hash_after(&[1; 32]);
        assert_eq!(Seal::parse(&seal.line()), Some(seal));
        assert_eq!(Seal::parse(&format!("{} x", seal.line())), None);
        assert_eq!(Seal::parse("7 8"), None);
        assert_ne!(seal.hash_after(&[1; 32]), Seal { writes: 13, ..seal }.hash_after(&[1; 32]));
    }
}
