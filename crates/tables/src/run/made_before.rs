//! Which resources the rows of a source made, on disk: what was made before and is not made now is gone.
//!
//! One file a target: ids of 16 bytes and a hash of the resource's text of 8, sorted. While a run writes, ids are appended to a file beside it before their
//! resources go to the store, so that a run that is cut off leaves nothing that the next does not know.

use crate::error::Error;
use crate::run::identities::{Id, Kept};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Records that are sorted in memory at once: 24 bytes each.
const AT_ONCE: usize = 1 << 19;

/// What is kept of a resource: its id, and a hash of its text.
const RECORD: usize = 24;
type Record = [u8; RECORD];

/// Records that are looked for in memory; in longer files they are looked for on disk.
const IN_MEMORY: u64 = 2 << 20;
/// Records that are read at once where they are looked for on disk.
const BLOCK: u64 = 170;

fn record(id: Id, content: u64) -> Record {
    let mut record = [0; RECORD];
    record[..16].copy_from_slice(&id);
    record[16..].copy_from_slice(&content.to_be_bytes());
    record
}

fn id_of(record: &Record) -> Id {
    let mut id = [0; 16];
    id.copy_from_slice(&record[..16]);
    id
}

fn content_of(record: &Record) -> u64 {
    let mut content = [0; 8];
    content.copy_from_slice(&record[16..]);
    u64::from_be_bytes(content)
}

/// Records of a run that are found by their number in memory; later ones are read from the file.
const FIRST: usize = 1 << 20;

/// The resources of one target, as a run makes them.
pub(super) struct MadeIds {
    /// Those of the last run that came to its end.
    settled: PathBuf,
    /// Those of this run, in the order in which they come.
    coming: PathBuf,
    /// Those of runs that were cut off since.
    cut_off: PathBuf,
    /// The first of this run.
    first: Vec<Record>,
    /// How many there are of this run.
    count: u32,
    /// Whether those that come no more in this run are to be kept too.
    keeps_all: bool,
    /// None until somebody asks for them: in a dry run of what was never made there are but the first, while they are few.
    out: Option<BufWriter<File>>,
    /// In their order, those of the last run in whose place the noted ones come; none: all.
    instead_of: Option<Vec<Id>>,
    /// Where those of a dry run go; gone with it.
    _scratch: Option<tempfile::TempDir>,
}

/// A target's file: its name may hold anything.
pub(super) fn file_of(folder: &Path, target: &str) -> PathBuf {
    let plain: String = target.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    folder.join(format!("{plain}-{}", &blake3::hash(target.as_bytes()).to_hex()[..8]))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::file("use", path, error)
}

impl MadeIds {
    /// Begins a run of a target whose files are in `folder`. A dry run leaves no file.
    pub(super) fn begin(folder: &Path, target: &str, writes: bool) -> Result<MadeIds, Error> {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let settled = file_of(folder, target);
        let scratch = if writes { None } else { Some(tempfile::tempdir_in(folder).map_err(failed(folder))?) };
        let coming = match &scratch {
            None => settled.with_extension("coming"),
            Some(scratch) => scratch.path().join("coming"),
        };
        let cut_off = settled.with_extension("cut-off");
        if writes && coming.exists() {
            let mut from = File::open(&coming).map_err(failed(&coming))?;
            append(&cut_off, &mut from)?;
        }
        let is_asked_for = writes || settled.exists() || cut_off.exists();
        let mut made = MadeIds {
            settled,
            coming,
            cut_off,
            first: Vec::new(),
            count: 0,
            keeps_all: is_asked_for,
            out: None,
            instead_of: None,
            _scratch: scratch,
        };
        if is_asked_for {
            made.open_file()?;
        }
        Ok(made)
    }

    /// From here on they go to the file, those before first.
    fn open_file(&mut self) -> Result<(), Error> {
        let failed = failed(&self.coming);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&self.coming);
        let mut out = BufWriter::new(file.map_err(&failed)?);
        out.write_all(self.first.as_flattened()).map_err(failed)?;
        self.out = Some(out);
        Ok(())
    }

    /// Notes a resource that is about to be made, with the hash of its text.
    pub(super) fn note(&mut self, id: Id, content: u64) -> Result<(), Error> {
        let record = record(id, content);
        self.count += 1;
        if self.first.len() < FIRST {
            self.first.push(record);
        } else if self.out.is_none() {
            self.open_file()?;
        }
        self.out.as_mut().map_or(Ok(()), |out| out.write_all(&record)).map_err(failed(&self.coming))
    }

    /// Notes a resource that no other row can be one with.
    pub(super) fn note_only(&mut self, id: Id, content: u64) -> Result<(), Error> {
        if self.keeps_all { self.note(id, content) } else { Ok(()) }
    }

    /// Says that what is noted comes only in the place of these, and all others stay.
    pub(super) fn instead_of(&mut self, mut ids: Vec<Id>) {
        ids.sort_unstable();
        self.instead_of = Some(ids);
    }

    /// All that was noted is in the file when this returns, whether anybody asked for it before or not.
    fn write_all(&mut self) -> Result<(), Error> {
        if self.out.is_none() {
            self.open_file()?;
        }
        self.flush()
    }

    /// What was noted, in the order of ids.
    pub(super) fn noted(&mut self) -> Result<Vec<(Id, u64)>, Error> {
        self.write_all()?;
        let noted = records(&self.coming)?.map(|record| record.map(|record| (id_of(&record), content_of(&record))));
        let mut noted = noted.collect::<std::io::Result<Vec<_>>>().map_err(failed(&self.coming))?;
        noted.sort_unstable();
        Ok(noted)
    }

    /// Ids that were not made by the last run and are noted now, or the other way round, with the sum of all that the last run made; nothing if
    /// there are more than `most`.
    pub(super) fn came_and_went(&mut self, most: usize) -> Result<Option<(u128, Vec<Id>)>, Error> {
        if !self.keeps_all {
            return Ok(None);
        }
        self.write_all()?;
        let (mut sum, mut ids) = (0_u128, Vec::new());
        let mut now = Sorted::of(&self.coming)?;
        let mut before = records(&self.settled)?;
        let next = |now: &mut Sorted| Ok::<_, Error>(now.next()?.map(|record| id_of(&record)));
        let mut was = || before.next().transpose().map_err(failed(&self.settled)).map(|it| it.map(|it| id_of(&it)));
        let (mut a, mut b) = (was()?, next(&mut now)?);
        while ids.len() <= most {
            match (a, b) {
                (None, None) => return Ok(Some((sum, ids))),
                (Some(id), other) if other.is_none_or(|other| id < other) => {
                    ids.push(id);
                    sum = sum.wrapping_add(u128::from_be_bytes(id));
                    a = was()?;
                }
                (other, Some(id)) if other.is_none_or(|other| id < other) => {
                    ids.push(id);
                    b = next(&mut now)?;
                }
                (id, _) => {
                    sum = sum.wrapping_add(u128::from_be_bytes(id.unwrap_or_default()));
                    (a, b) = (was()?, next(&mut now)?);
                }
            }
        }
        Ok(None)
    }

    /// What was noted is in the file when this returns.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.out.as_mut().map_or(Ok(()), Write::flush).map_err(failed(&self.coming))
    }

    /// Tells the ids that were made before and were not noted now.
    pub(super) fn gone(&mut self, tell: &mut dyn FnMut(Id) -> Result<(), Error>) -> Result<(), Error> {
        if !self.settled.exists() && !self.cut_off.exists() {
            return Ok(());
        }
        self.flush()?;
        let mut now = Sorted::of(&self.coming)?;
        let settled = match &self.instead_of {
            None => records(&self.settled)?,
            Some(ids) => Box::new(ids.clone().into_iter().map(|id| Ok(record(id, 0)))),
        };
        let mut all_before = Sorted::with(&self.cut_off, vec![settled])?;
        let (mut next, mut last) = (now.next()?, None);
        while let Some(before) = all_before.next()? {
            let before = id_of(&before);
            while next.is_some_and(|next| id_of(&next) < before) {
                next = now.next()?;
            }
            if next.map(|next| id_of(&next)) != Some(before) && last != Some(before) {
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
        let staying = self.instead_of.take().map(|gone| self.staying(gone)).transpose()?;
        write_sorted(&mut Sorted::with(&self.coming, staying.into_iter().collect())?, &sorted)?;
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

impl Kept for MadeIds {
    fn count(&self) -> u32 {
        self.count
    }

    fn get(&mut self, number: u32) -> Result<(Id, u64), Error> {
        let mut record = [0; RECORD];
        match (self.first.get(number as usize), &mut self.out) {
            (Some(first), _) => record = *first,
            (None, Some(out)) => {
                let read = out
                    .flush()
                    .and_then(|()| out.get_ref().read_exact_at(&mut record, u64::from(number) * RECORD as u64));
                read.map_err(failed(&self.coming))?;
            }
            (None, None) => {
                let missing = std::io::Error::from(ErrorKind::NotFound);
                return Err(failed(&self.coming)(missing));
            }
        }
        Ok((id_of(&record), content_of(&record)))
    }
}

impl MadeIds {
    /// What the last run made, without these.
    fn staying(&self, without: Vec<Id>) -> Result<Records, Error> {
        let mut without = without.into_iter().peekable();
        Ok(Box::new(records(&self.settled)?.filter(move |record| {
            let Ok(record) = record else { return true };
            let id = id_of(record);
            while without.next_if(|gone| *gone < id).is_some() {}
            without.peek() != Some(&id)
        })))
    }
}

/// Adds records to those of runs that were cut off: ids that a second crash leaves twice are one. What a crash or a full disk left of a
/// record goes, at the end of either: all behind it would be read amiss.
fn append(cut_off: &Path, from: &mut dyn Read) -> Result<(), Error> {
    let mut add = || {
        let mut to = File::options().create(true).append(true).open(cut_off)?;
        let length = to.metadata()?.len();
        to.set_len(length - length % RECORD as u64)?;
        let mut bytes = Vec::with_capacity(RECORD * 4_096);
        loop {
            bytes.clear();
            from.take((RECORD * 4_096) as u64).read_to_end(&mut bytes)?;
            let whole = bytes.len() - bytes.len() % RECORD;
            if whole == 0 {
                return to.sync_all();
            }
            to.write_all(&bytes[..whole])?;
        }
    };
    add().map_err(failed(cut_off))
}

/// Whether a run of a target was cut off, or what it told to be gone was taken back, and none came to its end since.
pub(super) fn was_cut_off(folder: &Path, target: &str) -> bool {
    let settled = file_of(folder, target);
    ["coming", "cut-off"].iter().any(|left| settled.with_extension(left).exists())
}

/// Runs whose ids that are gone are kept run by run; those of earlier runs are in one file a target, each id once.
const GONE_APART: usize = 50;
/// The folder of these.
const EARLIER: &str = "earlier";

/// Where ids are kept that a run told to be gone.
fn gone_in(folder: &Path, run: i64, target: &str) -> PathBuf {
    file_of(&folder.join("gone").join(run.to_string()), target)
}

/// The runs whose ids that are gone are kept run by run, the oldest first.
fn gone_apart(folder: &Path) -> Vec<i64> {
    let entries = std::fs::read_dir(folder.join("gone")).into_iter().flatten().flatten();
    let mut runs: Vec<i64> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    runs.sort_unstable();
    runs
}

/// Puts the ids that runs of long ago told to be gone together, so that they take no more room than there are resources.
pub(super) fn gather_gone(folder: &Path) -> Result<(), Error> {
    let (gone, runs) = (folder.join("gone"), gone_apart(folder));
    let earlier = gone.join(EARLIER);
    for run in &runs[..runs.len().saturating_sub(GONE_APART)] {
        std::fs::create_dir_all(&earlier).map_err(failed(&earlier))?;
        let of_run = gone.join(run.to_string());
        for entry in std::fs::read_dir(&of_run).map_err(failed(&of_run))? {
            let path = entry.map_err(failed(&of_run))?.path();
            let Some(name) = path.file_name() else { continue };
            let together = earlier.join(name);
            let sorted = together.with_extension("sorted");
            write_sorted(&mut Sorted::with(&path, vec![records(&together)?])?, &sorted)?;
            std::fs::rename(&sorted, &together).map_err(failed(&together))?;
        }
        // Cut off before this, it is put together once more.
        std::fs::remove_dir_all(&of_run).map_err(failed(&of_run))?;
    }
    Ok(())
}

/// Writes records in their order, of each id the first.
fn write_sorted(from: &mut Sorted, path: &Path) -> Result<(), Error> {
    let mut out = BufWriter::new(File::create(path).map_err(failed(path))?);
    let mut last = None;
    while let Some(record) = from.next()? {
        if last != Some(id_of(&record)) {
            out.write_all(&record).map_err(failed(path))?;
        }
        last = Some(id_of(&record));
    }
    let file = out.into_inner().map_err(|error| failed(path)(error.into_error()))?;
    file.sync_all().map_err(failed(path))
}

/// Keeps ids that a run is about to tell to be gone, so that they are looked at again when it is taken back.
pub(super) fn keep_gone(folder: &Path, run: i64, target: &str, ids: &[Id]) -> Result<(), Error> {
    let path = gone_in(folder, run, target);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(failed(parent))?;
    let bytes: Vec<u8> = ids.iter().flat_map(|id| record(*id, 0)).collect();
    append(&path, &mut bytes.as_slice())
}

/// What a run told to be gone was taken back: the next run looks whether it is.
pub(crate) fn not_gone(folder: &Path, run: i64) -> Result<(), Error> {
    let gone = folder.join("gone").join(run.to_string());
    let is_earlier = gone_apart(folder).first().is_none_or(|oldest| run < *oldest);
    if is_earlier {
        // Those of all earlier runs: the next one looks at each, and what is gone stays so.
        return again(folder, &folder.join("gone").join(EARLIER));
    }
    again(folder, &gone)?;
    match std::fs::remove_dir_all(&gone) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&gone)(error)),
        _ => Ok(()),
    }
}

/// The ids in a folder are looked at again by the next run.
fn again(folder: &Path, gone: &Path) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(gone) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(failed(gone))?.path();
        let Some(name) = path.file_name() else { continue };
        let mut from = File::open(&path).map_err(failed(&path))?;
        append(&folder.join(name).with_extension("cut-off"), &mut from)?;
    }
    Ok(())
}

/// All ids that the last run of a target made.
pub(super) fn all(folder: &Path, target: &str) -> Result<impl Iterator<Item = Result<Id, Error>> + use<>, Error> {
    let path = file_of(folder, target);
    Ok(records(&path)?.map(move |record| record.map(|record| id_of(&record)).map_err(failed(&path))))
}

/// What the last run of a target made, to be looked for by id.
#[derive(Debug)]
pub(super) enum Before {
    /// Few: in their order.
    Memory(Vec<Record>),
    /// Many: in their order in a file of so many.
    Disk { file: File, path: PathBuf, records: u64 },
}

impl Before {
    /// Opens it.
    pub(super) fn open(folder: &Path, target: &str) -> Result<Before, Error> {
        let path = file_of(folder, target);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Before::Memory(Vec::new())),
            Err(error) => return Err(failed(&path)(error)),
        };
        let records = file.metadata().map_err(failed(&path))?.len() / RECORD as u64;
        if records > IN_MEMORY {
            return Ok(Before::Disk { file, path, records });
        }
        let all = self::records(&path)?.collect::<std::io::Result<_>>().map_err(failed(&path))?;
        Ok(Before::Memory(all))
    }

    /// The hash of the text of what was made under an id.
    pub(super) fn content(&self, id: Id) -> Result<Option<u64>, Error> {
        let (file, path, records) = match self {
            Before::Memory(all) => {
                let found = all.binary_search_by(|record| record[..16].cmp(&id[..]));
                return Ok(found.ok().map(|at| content_of(&all[at])));
            }
            Before::Disk { file, path, records } => (file, path, *records),
        };
        // Ids are hashes: where one lies is known to within a few blocks, and from there better.
        let part = |distance: u64| ((u128::from(distance) * u128::from(records)) >> 64) as u64;
        let (mut low, mut high) = (0, records);
        let mut guess = part(number(&id));
        let mut block = vec![0; (BLOCK as usize) * RECORD];
        while low < high {
            let begin = guess.saturating_sub(BLOCK / 2).clamp(low, high - 1);
            let length = BLOCK.min(high - begin);
            let bytes = &mut block[..length as usize * RECORD];
            file.read_exact_at(bytes, begin * RECORD as u64).map_err(failed(path))?;
            let (found, _) = bytes.as_chunks::<RECORD>();
            let (first, last) = (number(&id_of(&found[0])), number(&id_of(&found[found.len() - 1])));
            match found.binary_search_by(|record| record[..16].cmp(&id[..])) {
                Ok(at) => return Ok(Some(content_of(&found[at]))),
                Err(0) => {
                    high = begin;
                    guess = high.saturating_sub(part(first.saturating_sub(number(&id))));
                }
                Err(at) if at == found.len() => {
                    low = begin + length;
                    guess = low + part(number(&id).saturating_sub(last));
                }
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The first eight bytes of an id.
fn number(id: &Id) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&id[..8]);
    u64::from_be_bytes(bytes)
}

type Records = Box<dyn Iterator<Item = std::io::Result<Record>>>;

/// The records of a file; none if there is no file. What a crash left of the last one is passed over.
fn records(path: &Path) -> Result<Records, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Box::new(std::iter::empty())),
        Err(error) => return Err(failed(path)(error)),
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    Ok(Box::new(std::iter::from_fn(move || {
        let mut record = [0; RECORD];
        match reader.read_exact(&mut record) {
            Ok(()) => Some(Ok(record)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error)),
        }
    })))
}

/// The records of a file in their order, of which only some are in memory.
struct Sorted {
    runs: Vec<Records>,
    heads: BinaryHeap<Reverse<(Record, usize)>>,
    path: PathBuf,
}

impl Sorted {
    fn of(path: &Path) -> Result<Sorted, Error> {
        Sorted::with(path, Vec::new())
    }

    /// With others among them, each of `runs` in order.
    fn with(path: &Path, mut runs: Vec<Records>) -> Result<Sorted, Error> {
        let mut held = Vec::new();
        for record in records(path)? {
            held.push(record.map_err(failed(path))?);
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
        if let Some(record) = self.runs[run].next() {
            self.heads.push(Reverse((record.map_err(failed(&self.path))?, run)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Record>, Error> {
        let Some(Reverse((record, run))) = self.heads.pop() else { return Ok(None) };
        self.advance(run)?;
        Ok(Some(record))
    }
}

/// Sorts records into a file without a name.
fn spilled(mut held: Vec<Record>, beside: &Path) -> Result<Records, Error> {
    held.sort_unstable();
    let folder = beside.parent().unwrap_or(Path::new("."));
    let file = tempfile::tempfile_in(folder).map_err(failed(folder))?;
    let mut out = BufWriter::new(file);
    for record in &held {
        out.write_all(record).map_err(failed(folder))?;
    }
    let mut file = out.into_inner().map_err(|error| failed(folder)(error.into_error()))?;
    std::io::Seek::rewind(&mut file).map_err(failed(folder))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut left = held.len();
    Ok(Box::new(std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let mut record = [0; RECORD];
        Some(reader.read_exact(&mut record).map(|()| record))
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
            made.note(id(number), u64::from(number)).unwrap();
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
    fn what_comes_in_the_place_of_some_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        run(path, 0..100, true, true);
        let mut made = MadeIds::begin(path, "Observation:lab", true).unwrap();
        // 10 to 20 are made anew: three go, two come, one is another.
        made.instead_of((10..20).map(id).collect());
        for number in (13..20).chain(100..102) {
            made.note(id(number), u64::from(number) + u64::from(number == 15)).unwrap();
        }
        let mut gone = Vec::new();
        made.gone(&mut |id| {
            gone.push(id);
            Ok(())
        })
        .unwrap();
        gone.sort_unstable();
        let mut wanted: Vec<Id> = (10..13).map(id).collect();
        wanted.sort_unstable();
        assert_eq!(gone, wanted);
        made.settle().unwrap();
        let before = Before::open(path, "Observation:lab").unwrap();
        for number in 0..103 {
            let content =
                (!(10..13).contains(&number) && number < 102).then(|| u64::from(number) + u64::from(number == 15));
            assert_eq!(before.content(id(number)).unwrap(), content, "{number}");
        }
    }

    #[test]
    fn what_came_and_went_is_told_unless_it_is_much() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 0..100, true, true);
        let mut made = MadeIds::begin(folder.path(), "Observation:lab", false).unwrap();
        (5..103).for_each(|number| made.note(id(number), 0).unwrap());
        let (sum, mut ids) = made.came_and_went(8).unwrap().unwrap();
        assert_eq!(sum, (0..100).fold(0_u128, |sum, number| sum.wrapping_add(u128::from_be_bytes(id(number)))));
        let mut wanted: Vec<Id> = (0..5).chain(100..103).map(id).collect();
        ids.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(ids, wanted);
        assert_eq!(made.came_and_went(7).unwrap(), None);
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
    fn what_a_full_disk_leaves_of_a_record_is_passed_over_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 0..50, true, true);
        run(folder.path(), 50..60, true, false);
        let torn = |extension: &str| {
            let path = file_of(folder.path(), "Observation:lab").with_extension(extension);
            File::options().create(true).append(true).open(path).unwrap().write_all(&[7; 7]).unwrap();
        };
        torn("coming");
        run(folder.path(), 60..70, true, false);
        torn("cut-off");
        torn("coming");
        run(folder.path(), 70..80, true, false);
        assert_eq!(run(folder.path(), 0..1, true, true), 79);
        assert_eq!(run(folder.path(), 0..1, true, true), 0);
    }

    #[test]
    fn more_ids_than_fit_at_once_are_sorted_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let many = AT_ONCE as u32 * 2 + 3;
        assert_eq!(run(folder.path(), 0..many, true, true), 0);
        assert_eq!(run(folder.path(), 5..many, true, true), 5);
    }

    #[test]
    fn what_is_made_is_found_by_its_number_in_memory_and_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for writes in [false, true] {
            let mut made = MadeIds::begin(folder.path(), "Observation", writes).unwrap();
            for number in 0..FIRST as u32 + 1_000 {
                made.note(id(number), u64::from(number)).unwrap();
            }
            for number in [0, 5, FIRST as u32 - 1, FIRST as u32, FIRST as u32 + 999] {
                assert_eq!(made.get(number).unwrap(), (id(number), u64::from(number)));
            }
            assert!(made.get(FIRST as u32 + 1_000).is_err());
        }
    }

    #[test]
    fn what_was_made_is_found_by_its_id_in_memory_and_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 0..5_000, true, true);
        let few = Before::open(folder.path(), "Observation:lab").unwrap();
        let Before::Memory(all) = &few else { panic!("five thousand are few") };
        let path = file_of(folder.path(), "Observation:lab");
        let many = Before::Disk { file: File::open(&path).unwrap(), path, records: all.len() as u64 };
        for number in 0..6_000 {
            let wanted = (number < 5_000).then_some(u64::from(number));
            assert_eq!(few.content(id(number)).unwrap(), wanted);
            assert_eq!(many.content(id(number)).unwrap(), wanted, "{number}");
        }
    }

    #[test]
    fn what_a_run_told_to_be_gone_is_looked_at_again_when_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 0..3, true, true);
        keep_gone(folder.path(), 7, "Observation:lab", &[id(2)]).unwrap();
        assert_eq!(run(folder.path(), 0..2, true, true), 1);
        assert_eq!(run(folder.path(), 0..2, true, true), 0);
        not_gone(folder.path(), 7).unwrap();
        assert_eq!(run(folder.path(), 0..2, true, true), 1);
    }

    #[test]
    fn what_runs_of_long_ago_told_to_be_gone_is_kept_once_and_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        run(path, 0..5, true, true);
        let last = GONE_APART as i64 + 3;
        for no in 1..=last {
            keep_gone(path, no, "Observation:lab", &[id(3), id(no as u32 + 10)]).unwrap();
            gather_gone(path).unwrap();
        }
        assert_eq!(gone_apart(path).first(), Some(&4));
        let earlier = records(&file_of(&path.join("gone").join(EARLIER), "Observation:lab")).unwrap();
        let earlier: Vec<Id> = earlier.map(|record| id_of(&record.unwrap())).collect();
        assert_eq!((earlier.len(), earlier.is_sorted()), (4, true));
        // Of a run of long ago all of these are looked at, of a later one its own.
        assert!(!was_cut_off(path, "Observation:lab"));
        not_gone(path, 2).unwrap();
        assert!(was_cut_off(path, "Observation:lab"));
        assert_eq!(run(path, 0..5, true, true), 3);
        assert!(!was_cut_off(path, "Observation:lab"));
        not_gone(path, last).unwrap();
        assert_eq!(run(path, 0..5, true, true), 1);
        assert_eq!(gone_apart(path).last(), Some(&(last - 1)));
    }
}
