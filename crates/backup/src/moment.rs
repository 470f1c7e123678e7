//! An SQLite database as it is at one moment, read from its files while others write to it.
//!
//! In WAL mode the moment is the database file under the frames of the log that were committed by then. Whoever holds a read transaction keeps
//! checkpoints from writing anything newer into the file. The log is not begun anew meanwhile either, unless everything in it
//! was in the file already; that is seen by its salts, and then the file alone is the moment.
//!
//! Source: SQLite, "Database File Format" § 4 (The Write-Ahead Log), and "WAL-mode File Format" § 2 (The WAL-Index File Format).

use crate::error::Error;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for a writer that has the database for itself.
const PATIENCE: Duration = Duration::from_secs(30);
const WAL_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The header of a log's index, the first of two copies.
const INDEX_HEADER_BYTES: usize = 48;
/// The format of that index.
const INDEX_VERSION: u32 = 3_007_000;
/// Bytes of the database file's header.
const FILE_HEADER_BYTES: u64 = 100;

/// A database at one moment. Writers go on; space that the log takes is not used again before this is dropped.
///
/// Never in a process that has the database open otherwise: closing a file gives back all locks that its process holds on it.
pub struct Moment {
    /// Goes before the file does, with its locks.
    reader: Connection,
    path: PathBuf,
    file: File,
    page_bytes: usize,
    pages: u64,
    log: Option<Log>,
    /// See [`Ends`].
    index: Option<File>,
    is_logged: bool,
}

/// What of the log belongs to the moment.
struct Log {
    file: File,
    salts: [u8; 8],
    /// Where the newest content of a page lies, by its number from 1.
    pages: HashMap<u32, u64>,
}

impl Moment {
    /// The database in this file, as it is now.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::File`].
    pub fn of(path: &Path) -> Result<Moment, Error> {
        let of_database = || Error::database(path);
        let connect = || -> Result<Connection, Error> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).map_err(of_database())?;
            connection.busy_timeout(PATIENCE).map_err(of_database())?;
            Ok(connection)
        };
        let reader = connect()?;
        let mode: String = reader.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(of_database())?;
        let begin = |reader: &Connection| reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema");
        let log = if mode == "wal" {
            // Nobody commits while it is looked how far the log reaches.
            let holder = connect()?;
            holder.execute_batch("BEGIN IMMEDIATE").map_err(of_database())?;
            begin(&reader).map_err(of_database())?;
            let log = Ends::look(path)?;
            holder.execute_batch("ROLLBACK").map_err(of_database())?;
            log
        } else {
            begin(&reader).map_err(of_database())?;
            None
        };
        let file = File::open(path).map_err(Error::file("open", path))?;
        let (page_bytes, pages) = header(&file, path)?;
        // The first pages of a new database are in the log alone.
        let page_bytes = log.as_ref().map_or(page_bytes, |ends| ends.page_bytes);
        let mut moment = Moment {
            reader,
            path: path.to_owned(),
            file,
            page_bytes,
            pages,
            log: None,
            index: None,
            is_logged: mode == "wal",
        };
        if let Some(ends) = log {
            moment.pages = ends.pages;
            let (log, index) = ends.read()?;
            (moment.log, moment.index) = (Some(log), Some(index));
            moment.drop_log_if_begun_anew()?;
        }
        Ok(moment)
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.pages * self.page_bytes as u64
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Whether writers go on meanwhile. Of a database without a log they wait until this is dropped.
    pub fn is_logged(&self) -> bool {
        self.is_logged
    }

    /// A connection that sees the database as it is at this moment.
    pub fn connection(&self) -> &Connection {
        &self.reader
    }

    /// Fills `bytes` with what the database holds from `offset` on: whole pages, but for the end.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        loop {
            let had_log = self.log.is_some();
            let filled = self.fill(offset, bytes);
            self.drop_log_if_begun_anew()?;
            if had_log == self.log.is_some() {
                return filled;
            }
        }
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        // What only the log holds may lie beyond the end of the file.
        let mut at = 0;
        while at < bytes.len() {
            match self.file.read_at(&mut bytes[at..], offset + at as u64).map_err(Error::file("read", &self.path))? {
                0 => break,
                count => at += count,
            }
        }
        bytes[at..].fill(0);
        let Some(log) = &self.log else { return Ok(()) };
        for (no, page) in (offset / self.page_bytes as u64 + 1..).zip(bytes.chunks_mut(self.page_bytes)) {
            if let Some(&place) = u32::try_from(no).ok().and_then(|no| log.pages.get(&no)) {
                let of_log = with_ending(&self.path, "-wal");
                log.file.read_exact_at(page, place).map_err(Error::file("read", &of_log))?;
            }
        }
        Ok(())
    }

    /// A log that was begun anew had nothing that the file lacked, and holds now what came later.
    fn drop_log_if_begun_anew(&mut self) -> Result<(), Error> {
        let Some(log) = &self.log else { return Ok(()) };
        let mut header = [0; WAL_HEADER_BYTES as usize];
        let is_same = log.file.read_exact_at(&mut header, 0).is_ok() && header[16..24] == log.salts;
        if !is_same {
            self.log = None;
            self.pages = header_pages(&self.file, &self.path)?;
        }
        Ok(())
    }
}

/// How far a log reached when nobody wrote.
struct Ends {
    file: File,
    path: PathBuf,
    /// The log's index. It stays open as long as the moment is: to close it would give back the locks of whoever reads.
    index: File,
    page_bytes: usize,
    frames: u64,
    pages: u64,
    salts: [u8; 8],
}

impl Ends {
    /// `None` where nothing is in the log that the file lacks.
    fn look(database: &Path) -> Result<Option<Ends>, Error> {
        let (path, index_path) = (with_ending(database, "-wal"), with_ending(database, "-shm"));
        let open = |path: &Path| match File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("open", path)(error)),
        };
        let (Some(file), Some(index)) = (open(&path)?, open(&index_path)?) else { return Ok(None) };
        let mut header = [0; INDEX_HEADER_BYTES];
        index.read_exact_at(&mut header, 0).map_err(Error::file("read", &index_path))?;
        let word = |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let frames = u64::from(word(16));
        if word(0) != INDEX_VERSION {
            return Err(Error::damaged(&index_path, format!("its format {} is not known", word(0))));
        }
        if frames == 0 {
            return Ok(None);
        }
        let page_bytes = page_bytes(u16::from_ne_bytes([header[14], header[15]]));
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[32..40]);
        Ok(Some(Ends { file, path, index, page_bytes, frames, pages: u64::from(word(20)), salts }))
    }

    /// Where the newest content of each page lies. A log that was begun anew since had nothing that the file lacks: it is seen by
    /// its salts later.
    fn read(self) -> Result<(Log, File), Error> {
        let frame_bytes = (FRAME_HEADER_BYTES + self.page_bytes) as u64;
        let mut pages = HashMap::new();
        let mut frame = [0; FRAME_HEADER_BYTES];
        for no in 0..self.frames {
            let at = WAL_HEADER_BYTES + no * frame_bytes;
            match self.file.read_exact_at(&mut frame, at) {
                Ok(()) if frame[8..16] == self.salts => {
                    let page = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
                    pages.insert(page, at + FRAME_HEADER_BYTES as u64);
                }
                Ok(()) => break,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(Error::file("read", &self.path)(error)),
            }
        }
        Ok((Log { file: self.file, salts: self.salts, pages }, self.index))
    }
}

/// Bytes of a page as SQLite writes them in two bytes.
fn page_bytes(written: u16) -> usize {
    match written {
        1 => 65_536,
        bytes => usize::from(bytes),
    }
}

/// Bytes of a page and the number of pages, as the database file says.
fn header(file: &File, path: &Path) -> Result<(usize, u64), Error> {
    let length = file.metadata().map_err(Error::file("read", path))?.len();
    if length < FILE_HEADER_BYTES {
        // A database that nothing was ever written to; its first pages may be in the log.
        return Ok((DEFAULT_PAGE_BYTES, 0));
    }
    let mut bytes = [0; 2];
    file.read_exact_at(&mut bytes, 16).map_err(Error::file("read", path))?;
    let page_bytes = page_bytes(u16::from_be_bytes(bytes));
    if !is_page(page_bytes) {
        return Err(Error::damaged(path, "it is no SQLite database"));
    }
    Ok((page_bytes, length / page_bytes as u64))
}

fn is_page(bytes: usize) -> bool {
    bytes.is_power_of_two() && (512..=65_536).contains(&bytes)
}

/// What SQLite takes where nothing else is asked for.
const DEFAULT_PAGE_BYTES: usize = 4096;

fn header_pages(file: &File, path: &Path) -> Result<u64, Error> {
    header(file, path).map(|(_, pages)| pages)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
