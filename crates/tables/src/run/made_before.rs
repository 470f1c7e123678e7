//! Which resources the rows of a source made, on disk: what was made before and is not made now is gone.
//!
//! One file a target: ids of 16 bytes each, sorted. While a run writes, ids are appended to a file beside it before their
//! resources go to the store, so that a run that is cut off leaves nothing that the next does not know.

use crate::error::Error;
use crate::run::identities::Id;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Ids that are sorted in memory at once: 16 bytes each.
const AT_ONCE: usize = 1 << 20;

/// The ids of one target, as a run makes them.
pub(super) struct MadeIds {
    /// The ids of the last run that came to its end.
    settled: PathBuf,
    /// Those of this run, in the order in which they come.
    coming: PathBuf,
    /// Those of runs that were cut off since.
    cut_off: PathBuf,
    out: BufWriter<File>,
    /// Where ids of a dry run go; gone with it.
    _scratch: Option<tempfile::TempDir>,
}

/// A target's file: its name may hold anything.
fn file_name(target: &str) -> String {
    let plain: String = target.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{plain}-{}", &blake3::hash(target.as_bytes()).to_hex()[..8])
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::file("use", path, error)
}

impl MadeIds {
    /// Begins a run of a target whose files are in `folder`. A dry run leaves no file.
    pub(super) fn begin(folder: &Path, target: &str, writes: bool) -> Result<MadeIds, Error> {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let settled = folder.join(file_name(target));
        let scratch = if writes { None } else { Some(tempfile::tempdir_in(folder).map_err(failed(folder))?) };
        let coming = match &scratch {
            None => settled.with_extension("coming"),
            Some(scratch) => scratch.path().join("coming"),
        };
        let cut_off = settled.with_extension("cut-off");
        if writes && coming.exists() {
            let mut from = File::open(&coming).map_err(failed(&coming))?;
            let mut to = File::options().create(true).append(true).open(&cut_off).map_err(failed(&cut_off))?;
            // Ids that a second crash here leaves twice are one.
            std::io::copy(&mut from, &mut to).and_then(|_| to.sync_all()).map_err(failed(&cut_off))?;
        }
        let file = File::create(&coming).map_err(failed(&coming))?;
        Ok(MadeIds { settled, coming, cut_off, out: BufWriter::new(file), _scratch: scratch })
    }

    /// Notes a resource that is about to be made.
    pub(super) fn note(&mut self, id: Id) -> Result<(), Error> {
        self.out.write_all(&id).map_err(failed(&self.coming))
    }

    /// What was noted is in the file when this returns.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(failed(&self.coming))
    }

    /// Tells the ids that were made before and are not among those that `is_made` knows or that were noted now.
    pub(super) fn gone(&mut self, tell: &mut dyn FnMut(Id) -> Result<(), Error>) -> Result<(), Error> {
        self.flush()?;
        let mut now = Sorted::of(&self.coming)?;
        let mut all_before = Sorted::with(&self.cut_off, vec![ids(&self.settled)?])?;
        let (mut next, mut last) = (now.next()?, None);
        while let Some(before) = all_before.next()? {
            while next.is_some_and(|next| next < before) {
                next = now.next()?;
            }
            if next != Some(before) && last != Some(before) {
                tell(before)?;
            }
            last = Some(before);
        }
        Ok(())
    }

    /// The run came to its end and is on disk: what it made is what there is.
    pub(super) fn settle(mut self) -> Result<(), Error> {
        self.flush()?;
        let sorted = self.coming.with_extension("sorted");
        {
            let mut out = BufWriter::new(File::create(&sorted).map_err(failed(&sorted))?);
            let mut now = Sorted::of(&self.coming)?;
            let mut last = None;
            while let Some(id) = now.next()? {
                if last != Some(id) {
                    out.write_all(&id).map_err(failed(&sorted))?;
                }
                last = Some(id);
            }
            let file = out.into_inner().map_err(|error| failed(&sorted)(error.into_error()))?;
            file.sync_all().map_err(failed(&sorted))?;
        }
        std::fs::rename(&sorted, &self.settled).map_err(failed(&self.settled))?;
        for done in [&self.coming, &self.cut_off] {
            match std::fs::remove_file(done) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(done)(error)),
                _ => {}
            }
        }
        Ok(())
    }
}

type Ids = Box<dyn Iterator<Item = std::io::Result<Id>>>;

/// The ids of a file; none if there is no file. What a crash left of the last one is passed over.
fn ids(path: &Path) -> Result<Ids, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Box::new(std::iter::empty())),
        Err(error) => return Err(failed(path)(error)),
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    Ok(Box::new(std::iter::from_fn(move || {
        let mut id = [0; 16];
        match reader.read_exact(&mut id) {
            Ok(()) => Some(Ok(id)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error)),
        }
    })))
}

/// The ids of a file in their order, of which only some are in memory.
struct Sorted {
    runs: Vec<Ids>,
    heads: BinaryHeap<Reverse<(Id, usize)>>,
    path: PathBuf,
}

impl Sorted {
    fn of(path: &Path) -> Result<Sorted, Error> {
        Sorted::with(path, Vec::new())
    }

    /// With other ids among them, each of `runs` in order.
    fn with(path: &Path, mut runs: Vec<Ids>) -> Result<Sorted, Error> {
        let mut held = Vec::new();
        for id in ids(path)? {
            held.push(id.map_err(failed(path))?);
            if held.len() == AT_ONCE {
                runs.push(spilled(std::mem::take(&mut held), path)?);
            }
        }
        held.sort_unstable();
        runs.push(Box::new(held.into_iter().map(Ok)));
        let mut sorted = Sorted { runs, heads: BinaryHeap::new(), path: path.to_owned() };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }

    fn advance(&mut self, run: usize) -> Result<(), Error> {
        if let Some(id) = self.runs[run].next() {
            self.heads.push(Reverse((id.map_err(failed(&self.path))?, run)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Id>, Error> {
        let Some(Reverse((id, run))) = self.heads.pop() else { return Ok(None) };
        self.advance(run)?;
        Ok(Some(id))
    }
}

/// Sorts ids into a file without a name.
fn spilled(mut held: Vec<Id>, beside: &Path) -> Result<Ids, Error> {
    held.sort_unstable();
    let folder = beside.parent().unwrap_or(Path::new("."));
    let file = tempfile::tempfile_in(folder).map_err(failed(folder))?;
    let mut out = BufWriter::new(file);
    for id in &held {
        out.write_all(id).map_err(failed(folder))?;
    }
    let mut file = out.into_inner().map_err(|error| failed(folder)(error.into_error()))?;
    std::io::Seek::rewind(&mut file).map_err(failed(folder))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut left = held.len();
    Ok(Box::new(std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let mut id = [0; 16];
        Some(reader.read_exact(&mut id).map(|()| id))
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Id {
        let mut id = [0; 16];
        // The order of ids is not that in which they come.
        id[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
        id[12..].copy_from_slice(&number.to_be_bytes());
        id
    }

    fn run(folder: &Path, numbers: std::ops::Range<u32>, writes: bool, ends: bool) -> usize {
        let mut made = MadeIds::begin(folder, "Observation:lab", writes).unwrap();
        for number in numbers {
            made.note(id(number)).unwrap();
        }
        let mut gone = 0;
        made.gone(&mut |_| {
            gone += 1;
            Ok(())
        })
        .unwrap();
        if ends && writes {
            made.settle().unwrap();
        }
        gone
    }

    #[test]
    fn what_is_not_made_again_is_gone_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), 0..100, true, true), 0);
        assert_eq!(run(folder.path(), 10..110, false, true), 10);
        assert_eq!(run(folder.path(), 10..110, true, true), 10);
        assert_eq!(run(folder.path(), 10..110, true, true), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_run_made_that_was_cut_off_is_known_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 0..50, true, true);
        run(folder.path(), 0..80, true, false);
        run(folder.path(), 75..90, true, false);
        assert_eq!(run(folder.path(), 0..10, true, true), 80);
        assert_eq!(run(folder.path(), 0..10, true, true), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn more_ids_than_fit_at_once_are_sorted_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let many = AT_ONCE as u32 * 2 + 3;
        assert_eq!(run(folder.path(), 0..many, true, true), 0);
        assert_eq!(run(folder.path(), 5..many, true, true), 5);
    }
}
