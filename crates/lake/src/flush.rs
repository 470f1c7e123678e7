//! The flush: the tail becomes files.
//!
//! A changed row stays in the file where the resource was, unless that file is small; files are rewritten that hold a version
//! that is no longer current. New rows become a file of their own, together with small files that are no larger than what is
//! written anyway: so a row is rewritten as often as its file doubles, and not with each flush. What a flush costs depends on
//! what changed and not on how large the table is. Files are sorted, and are merged as they are read: a few rows of each are in memory.

use crate::data_file::{self, Written};
use crate::delta;
use crate::error::Error;
use crate::map::{DataFile, Map, Position, TableChange};
use crate::merge::Merge;
use crate::table::Table;
use crate::tail::{Tail, dead_key};
use datafusion::arrow::array::RecordBatch;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files that a flush took out stay this long for readers that look at an older version,
pub(crate) const KEEP_REMOVED_US: i64 = 24 * 3_600_000_000;
/// unless there are more of them than this or the tables' own bytes: then the oldest go earlier,
const KEEP_REMOVED_BYTES: u64 = 1 << 30;
/// but none before this time, which is longer than a query may take.
const KEEP_REMOVED_AT_LEAST_US: i64 = 3_600_000_000;
/// A small file is put together with what is written anyway if it has no more than so many times its rows.
const MERGE: u64 = 2;

/// The files of the lake, and the map that says what they are.
pub(crate) struct Files {
    folder: PathBuf,
    tables: Vec<Arc<Table>>,
    fingerprint: String,
    map: Map,
    /// Tells the files of this run of the program from those of others.
    seed: String,
}

impl Files {
    /// Opens the files in `folder`, finishing what a crash left half done; makes the lake anew if there is none or it was made
    /// by other definitions.
    pub(crate) fn open(folder: &Path, tables: &[Arc<Table>], fingerprint: &str, now_us: i64) -> Result<Files, Error> {
        make_folder(folder)?;
        let map = match Map::open(folder, fingerprint)? {
            Some(map) if is_whole(folder, tables, &map)? => map,
            other => {
                drop(other);
                remove_all(folder)?;
                Map::create(folder, fingerprint)?
            }
        };
        let mut files = Files {
            folder: folder.to_owned(),
            tables: tables.to_vec(),
            fingerprint: fingerprint.to_owned(),
            map,
            seed: format!("{now_us:x}"),
        };
        files.begin_logs(now_us)?;
        files.write_logs()?;
        files.sweep()?;
        Ok(files)
    }

    /// Removes everything and begins again with empty tables.
    pub(crate) fn reset(&mut self, now_us: i64) -> Result<(), Error> {
        // SQLite removes its own files by name when it closes: it must have closed before there are new ones.
        self.map = Map::nowhere()?;
        remove_all(&self.folder)?;
        self.map = Map::create(&self.folder, &self.fingerprint)?;
        self.seed = format!("{now_us:x}");
        self.begin_logs(now_us)?;
        self.write_logs()
    }

    pub(crate) fn position(&self) -> Result<Position, Error> {
        self.map.position()
    }

    pub(crate) fn shrink(&self) -> Result<(), Error> {
        self.map.shrink()
    }

    pub(crate) fn of_table(&self, table: usize) -> Result<Vec<DataFile>, Error> {
        self.map.files(table)
    }

    /// Makes the log of each table that has none.
    fn begin_logs(&mut self, now_us: i64) -> Result<(), Error> {
        for table in &self.tables {
            let folder = self.folder.join(&table.name);
            make_folder(&delta::log_folder(&folder))?;
            delta::sync_folder(&folder)?;
        }
        delta::sync_folder(&self.folder)?;
        let position = self.map.position()?;
        let mut missing = Vec::new();
        for number in 0..self.tables.len() {
            if self.map.log(number)?.is_none() {
                missing.push(number);
            }
        }
        let last_slot = self.map.next_slot()? - 1;
        let flush = self.map.begin()?;
        for number in missing {
            let actions = delta::first_entry(&self.tables[number], now_us);
            flush.table(number, &TableChange::default(), (0, 0, now_us), &actions)?;
        }
        flush.commit(position, last_slot)
    }

    /// Writes the log entries that the map has committed.
    fn write_logs(&self) -> Result<(), Error> {
        let pending = self.map.pending()?;
        for (number, version, actions) in &pending {
            let table = &self.tables[*number];
            let folder = self.folder.join(&table.name);
            delta::write_entry(&folder, *version, actions)?;
            if *version > 0 && version % delta::CHECKPOINT_EVERY == 0 {
                let Some((_, position, at_us)) = self.map.log(*number)? else { continue };
                let state = delta::State {
                    version: *version,
                    position,
                    at_us,
                    files: &self.map.files(*number)?,
                    removed: &self.map.removed(*number, at_us - KEEP_REMOVED_US)?,
                };
                delta::write_checkpoint(&folder, table, &state)?;
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        self.map.forget_pending()
    }

    /// Removes files that no table knows: what a crash left.
    fn sweep(&self) -> Result<(), Error> {
        for (number, table) in self.tables.iter().enumerate() {
            let folder = self.folder.join(&table.name);
            let known = self.map.known_files(number)?;
            for entry in fs::read_dir(&folder).map_err(|error| Error::file("list", &folder, error))? {
                let path = entry.map_err(|error| Error::file("list", &folder, error))?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_file() && !known.contains(&name) {
                    fs::remove_file(&path).map_err(|error| Error::file("remove", &path, error))?;
                }
            }
        }
        Ok(())
    }

    /// Removes files that were taken out long ago, and log entries that checkpoints made needless.
    pub(crate) fn vacuum(&self, now_us: i64) -> Result<(), Error> {
        let before_us = now_us - KEEP_REMOVED_US;
        let (mut removed, mut live_bytes) = (Vec::new(), 0);
        for number in 0..self.tables.len() {
            removed.extend(self.map.removed(number, i64::MIN)?.into_iter().map(|file| (number, file)));
            live_bytes += self.map.files(number)?.iter().map(|file| file.bytes).sum::<u64>();
        }
        removed.sort_by_key(|(_, file)| file.at_us);
        let mut kept_bytes: u64 = removed.iter().map(|(_, file)| file.bytes).sum();
        for (number, file) in removed {
            let many = kept_bytes > live_bytes.max(KEEP_REMOVED_BYTES);
            if file.at_us >= before_us && !(many && file.at_us < now_us - KEEP_REMOVED_AT_LEAST_US) {
                break;
            }
            let path = self.folder.join(&self.tables[number].name).join(&file.path);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file("remove", &path, error));
                }
                _ => {}
            }
            self.map.forget_removed(number, &file.path)?;
            kept_bytes -= file.bytes;
        }
        for (number, table) in self.tables.iter().enumerate() {
            if let Some((version, _, _)) = self.map.log(number)? {
                delta::clean_log(&self.folder.join(&table.name), version, before_us)?;
            }
        }
        Ok(())
    }

    /// Makes files of a tail. When this returns, they are the lake; if it fails, either the lake is what it was, or all of it is
    /// committed and the same call again writes what is missing of the logs.
    pub(crate) fn flush(&mut self, tail: &Tail, now_us: i64) -> Result<Cost, Error> {
        self.write_logs()?;
        if self.map.position()? == tail.to {
            return Ok(Cost::default());
        }
        let moves = self.moves(tail)?;
        let mut next_slot = self.map.next_slot()?;
        let mut changes = Vec::new();
        let mut cost = Cost::default();
        for number in 0..self.tables.len() {
            let change = self.change(number, tail, &moves, &mut next_slot, now_us)?;
            if !change.removed.is_empty() || !change.added.is_empty() {
                cost.add(&change);
                changes.push((number, change));
            }
        }
        let mut versions = Vec::new();
        for (number, _) in &changes {
            versions.push(self.map.log(*number)?.map_or(0, |(version, _, _)| version + 1));
        }
        let flush = self.map.begin()?;
        for ((number, change), version) in changes.iter().zip(versions) {
            let actions = delta::next_entry(change, tail.to.seq, now_us);
            flush.table(*number, change, (version, tail.to.seq, now_us), &actions)?;
        }
        flush.current(tail.current.iter().map(|(row, seq)| (*row, *seq)))?;
        flush.commit(tail.to, next_slot - 1)?;
        self.write_logs()?;
        Ok(cost)
    }

    /// For each changed resource that is in files: the version that is there, and the one that takes its place.
    fn moves(&self, tail: &Tail) -> Result<Vec<(i64, Option<i64>)>, Error> {
        let mut moves = Vec::new();
        for (row, new) in &tail.current {
            if let Some(old) = self.map.current(*row)? {
                moves.push((old, *new));
            }
        }
        Ok(moves)
    }

    fn change(
        &self,
        number: usize,
        tail: &Tail,
        moves: &[(i64, Option<i64>)],
        next_slot: &mut i64,
        now_us: i64,
    ) -> Result<TableChange, Error> {
        let table = &self.tables[number];
        let folder = self.folder.join(&table.name);
        let fresh = kept(&tail.batches[number], |seq| !tail.dead.contains(dead_key(seq)))?;
        let olds: Vec<i64> = moves.iter().map(|(old, _)| *old).collect();
        let slots = self.map.slots(number, &olds)?;
        let mut change = TableChange { gone: slots.keys().copied().collect(), ..TableChange::default() };
        if fresh.is_empty() && slots.is_empty() {
            return Ok(change);
        }
        let gone: HashSet<i64> = change.gone.iter().copied().collect();
        // Where a new version goes: where the old one was.
        let place: HashMap<i64, i64> =
            moves.iter().filter_map(|(old, new)| Some(((*new)?, *slots.get(old)?))).collect();
        let (small, large): (Vec<DataFile>, Vec<DataFile>) =
            self.map.files(number)?.into_iter().partition(DataFile::is_small);
        let large: BTreeMap<i64, DataFile> = large.into_iter().map(|file| (file.slot, file)).collect();
        let touched: HashSet<i64> = slots.values().copied().collect();
        let write = |new: Vec<RecordBatch>, files: &[&DataFile]| {
            let mut runs = vec![(None, data_file::sorted(table, new)?)];
            for file in files {
                runs.push((Some(file.slot), data_file::read(table, &folder, file, &gone)?));
            }
            data_file::write(table, &folder, Merge::new(&table.order, runs)?, &self.seed, now_us)
        };

        for (slot, file) in large.iter().filter(|(slot, _)| touched.contains(slot)) {
            let new = kept(&fresh, |seq| place.get(&seq) == Some(slot))?;
            put(&mut change, write(new, &[file])?, Some(*slot), next_slot);
            change.removed.push(file.clone());
        }

        // The rest goes together with small files.
        let rest = kept(&fresh, |seq| place.get(&seq).is_none_or(|slot| !large.contains_key(slot)))?;
        let new_rows: usize = rest.iter().map(RecordBatch::num_rows).sum();
        let together = together(small, &touched, new_rows as u64);
        // The largest keeps its slot: fewest rows are placed anew.
        let largest = together.iter().max_by_key(|file| file.rows).map(|file| file.slot);
        put(&mut change, write(rest, &together.iter().collect::<Vec<_>>())?, largest, next_slot);
        change.removed.extend(together);
        Ok(change)
    }
}

/// Files that flushes took out and put in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Files written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files read and taken out for them.
    pub replaced_files: u64,
    /// Their bytes.
    pub replaced_bytes: u64,
}

impl Cost {
    fn add(&mut self, change: &TableChange) {
        self.files += change.added.len() as u64;
        self.bytes += change.added.iter().map(|file| file.bytes).sum::<u64>();
        self.replaced_files += change.removed.len() as u64;
        self.replaced_bytes += change.removed.iter().map(|file| file.bytes).sum::<u64>();
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.replaced_files += other.replaced_files;
        self.replaced_bytes += other.replaced_bytes;
    }
}

/// The small files that become one with new rows: those that hold a version that is gone, which are rewritten anyway, and those
/// that are no larger than what is written. Sizes so fall apart by factors, and their number stays small.
fn together(small: Vec<DataFile>, touched: &HashSet<i64>, new_rows: u64) -> Vec<DataFile> {
    let (mut chosen, mut others): (Vec<DataFile>, Vec<DataFile>) =
        small.into_iter().partition(|file| touched.contains(&file.slot));
    let mut rows = new_rows + chosen.iter().map(|file| file.rows).sum::<u64>();
    others.sort_by_key(|file| file.rows);
    for file in others {
        if file.rows > rows * MERGE {
            break;
        }
        rows += file.rows;
        chosen.push(file);
    }
    chosen
}

/// Whether the files are there that a map knows, each as long as it says, and the newest entry of each log.
fn is_whole(folder: &Path, tables: &[Arc<Table>], map: &Map) -> Result<bool, Error> {
    let pending = map.pending()?;
    for (number, table) in tables.iter().enumerate() {
        let folder = folder.join(&table.name);
        for file in map.files(number)? {
            if fs::metadata(folder.join(&file.path)).map_or(true, |data| data.len() != file.bytes) {
                return Ok(false);
            }
        }
        if let Some((version, _, _)) = map.log(number)?
            && !pending.iter().any(|(of, ..)| *of == number)
            && !delta::has_entry(&folder, version)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn take(next: &mut i64) -> i64 {
    *next += 1;
    *next - 1
}

/// Rows of batches whose version is to be kept.
fn kept(batches: &[RecordBatch], keep: impl Fn(i64) -> bool) -> Result<Vec<RecordBatch>, Error> {
    let mut kept = Vec::new();
    for batch in batches {
        let rows = data_file::keep(batch, &keep)?;
        if rows.num_rows() > 0 {
            kept.push(rows);
        }
    }
    Ok(kept)
}

/// Puts files that were written into a change: the first takes the slot that is given, others get their own. A version is placed
/// anew unless it was in the slot already.
fn put(change: &mut TableChange, written: Vec<Written>, mut reuse: Option<i64>, next_slot: &mut i64) {
    for Written { file, seqs } in written {
        let slot = reuse.take().unwrap_or_else(|| take(next_slot));
        let moved = seqs.iter().filter(|(_, from)| *from != Some(slot));
        change.placed.extend(moved.map(|(seq, _)| (*seq, slot)));
        change.added.push(DataFile { slot, ..file });
    }
}

/// Makes a folder that only its owner can look into: its files are outside what grants allow.
fn make_folder(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Error::file("make", folder, error))
}

/// Empties a folder, the map first: without it nothing that is left counts.
fn remove_all(folder: &Path) -> Result<(), Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::file("list", folder, error))? {
        paths.push(entry.map_err(|error| Error::file("list", folder, error))?.path());
    }
    paths.sort_by_key(|path| path.is_dir());
    for path in paths {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| Error::file("remove", &path, error))?;
    }
    delta::sync_folder(folder)
}
