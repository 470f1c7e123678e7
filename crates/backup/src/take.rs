//! Taking a copy.
//!
//! Order is what makes it one that can be begun from: first what says how far other files reached (seals), then the databases, the one that
//! others lean on last, then files, each as long as it is then. What a database names was on disk before the database was, so
//! a file that was there before the databases were looked at must be in the copy; went one away meanwhile, it is looked at anew.

use crate::block::{BLOCK_BYTES, BlockName};
use crate::error::Error;
use crate::known::{Added, AddedPack, Known, Place};
use crate::moment::Moment;
use crate::pack::PackWriter;
use crate::repository::{Repository, lock, make_folder};
use crate::snapshot::{About, Content, Entry, FORMAT, Run, Snapshot, name_of};
use crate::tree::{self, Listed};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How often the folder is looked at before it is given up that files are replaced.
const TRIES: u32 = 5;
/// A pack of which less than one block in this many is used by the newest copy is not built upon any more.
const USED_ONE_IN: u64 = 3;

/// What an owner tells of its databases: by the path below the folder and a connection that sees the moment which is copied.
pub type Notes<'n> = &'n dyn Fn(&str, &rusqlite::Connection) -> Option<serde_json::Value>;

/// A folder to be copied. Paths are those below it, with `/`.
#[derive(Clone, Copy)]
pub struct Folder<'f> {
    /// Where it is.
    pub path: &'f Path,
    /// Where to remember what a repository has: below `path` and left out, or elsewhere.
    pub memory: &'f Path,
    /// Files that only grow and say how far databases and other files reached.
    pub first: &'f [&'f str],
    /// The database that others lean on.
    pub last: &'f str,
    /// Paths that are no part of a copy.
    pub left_out: &'f [&'f str],
    /// Names of folders whose files come and go and are not needed.
    pub passing: &'f [&'f str],
    /// What is noted of databases.
    pub notes: Notes<'f>,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The copy.
    pub about: About,
    /// Blocks that were new.
    pub new_blocks: u64,
    /// Blocks in all.
    pub blocks: u64,
}

/// Takes a copy of a folder into a repository. `progress` is told how many bytes of how many were read.
///
/// # Errors
/// [`Error::Busy`], [`Error::Changing`], [`Error::Database`], [`Error::File`]; nothing of the copy is in the repository then.
pub fn take(
    folder: Folder<'_>,
    repository: &Repository,
    now_us: i64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Taken, Error> {
    make_folder(folder.memory)?;
    let _mine = lock(&folder.memory.join("LOCK"))?;
    let _held = repository.lock()?;
    repository.sweep()?;
    let mut known = Known::open(folder.memory, repository.id())?;
    known.keep_only(&repository.packs()?)?;
    let mut taking = Taking {
        folder,
        repository,
        packs: known.packs()?,
        known: &known,
        now_us,
        writer: None,
        added: Added::default(),
        added_bytes: 0,
        buffer: vec![0; BLOCK_BYTES],
    };
    let mut tries = 0;
    let (entries, notes) = loop {
        tries += 1;
        match taking.look(progress)? {
            Some(found) => break found,
            None if tries == TRIES => return Err(Error::Changing { path: folder.path.to_owned(), tries }),
            None => {}
        }
    };
    taking.close_pack()?;
    let Taking { added, added_bytes, mut packs, .. } = taking;
    packs.extend(added.packs.iter().map(|pack| (pack.no, (pack.name.clone(), pack.blocks))));
    let new_blocks = added.blocks.len() as u64;
    let (snapshot, used) = listed(entries, notes, &packs, now_us);
    let name = name_of(now_us);
    let no = repository.copies()?.iter().map(|about| about.no).max().unwrap_or(0) + 1;
    let list_bytes = snapshot.write(&repository.list_path(&name), repository.recipients())?;
    let files = snapshot.entries.iter().filter_map(|entry| entry.file.as_ref());
    let about = About {
        no,
        name,
        taken_us: now_us,
        files: files.clone().count() as u64,
        bytes: files.map(|file| file.bytes).sum(),
        added_bytes: added_bytes + list_bytes,
        packs: snapshot.packs,
    };
    repository.write_about(&about)?;
    let hardly_used =
        packs.iter().filter(|(no, (_, blocks))| used.get(no).copied().unwrap_or(0) * USED_ONE_IN < u64::from(*blocks));
    let forget: Vec<i64> = hardly_used.map(|(no, _)| *no).collect();
    known.note(&added, &forget)?;
    Ok(Taken { about, new_blocks, blocks: used.values().sum() })
}

/// An entry with the places of its blocks.
struct Copied {
    path: String,
    mode: u32,
    file: Option<(u64, String, Vec<Place>)>,
}

type Looked = (Vec<Copied>, BTreeMap<String, serde_json::Value>);

struct Taking<'t> {
    folder: Folder<'t>,
    repository: &'t Repository,
    known: &'t Known,
    packs: HashMap<i64, (String, u32)>,
    now_us: i64,
    writer: Option<(i64, String, PackWriter)>,
    added: Added,
    added_bytes: u64,
    buffer: Vec<u8>,
}

impl Taking<'_> {
    /// Copies everything once; `None` if a file went away that a database may name.
    fn look(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Option<Looked>, Error> {
        let Folder { path, first, last, left_out, passing, notes, .. } = self.folder;
        let before = tree::list(path, left_out, passing)?;
        let mut moments: BTreeMap<String, Option<Moment>> = BTreeMap::new();
        let databases = before.iter().filter(|(_, listed)| matches!(listed, Listed::Database { .. }));
        let mut databases: Vec<&String> = databases.map(|(own, _)| own).collect();
        databases.sort_by_key(|own| own.as_str() == last);
        let mut noted = BTreeMap::new();
        for own in databases {
            let moment = Moment::of(&path.join(own))?;
            noted.extend(notes(own, moment.connection()).map(|note| (own.clone(), note)));
            // Who writes to one without a log waits for no more than its own turn.
            moments.insert(own.clone(), moment.is_logged().then_some(moment));
        }
        let all = tree::list(path, left_out, passing)?;
        // What says how far others reached must be what it was when they were looked at.
        if first.iter().any(|own| before.get(*own) != all.get(*own)) {
            return Ok(None);
        }
        let total: u64 = all
            .iter()
            .map(|(own, listed)| match listed {
                Listed::File { bytes, .. } => *bytes,
                _ => moments.get(own).and_then(Option::as_ref).map_or(0, Moment::len),
            })
            .sum();
        let mut read = 0;
        let mut entries = Vec::with_capacity(all.len());
        for (own, listed) in all {
            let was_there = before.contains_key(&own);
            let (mode, file) = match listed {
                Listed::Folder { mode } => (mode, None),
                Listed::Database { mode } => {
                    // One that was made since is named by nothing that is copied.
                    let Some(moment) = moments.remove(&own) else { continue };
                    let mut moment = moment.map_or_else(|| Moment::of(&path.join(&own)), Ok)?;
                    (mode, Some(self.database(&mut moment, &mut read, total, progress)?))
                }
                Listed::File { mode, bytes } => match self.file(&path.join(&own), bytes, &mut read, total, progress)? {
                    Some(file) => (mode, Some(file)),
                    None if was_there => return Ok(None),
                    None => continue,
                },
            };
            entries.push(Copied { path: own, mode, file });
        }
        let is_whole = before.iter().all(|(own, listed)| {
            matches!(listed, Listed::Folder { .. }) || entries.iter().any(|entry| entry.path == *own)
        });
        Ok(is_whole.then_some((entries, noted)))
    }

    fn database(
        &mut self,
        moment: &mut Moment,
        read: &mut u64,
        total: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(u64, String, Vec<Place>), Error> {
        let (length, mut at) = (moment.len(), 0);
        let mut hash = blake3::Hasher::new();
        let mut places = Vec::new();
        let mut block = std::mem::take(&mut self.buffer);
        while at < length {
            let bytes = (length - at).min(BLOCK_BYTES as u64) as usize;
            moment.read_at(at, &mut block[..bytes])?;
            places.push(self.place(&block[..bytes], &mut hash)?);
            at += bytes as u64;
            *read += bytes as u64;
            progress(*read, total);
        }
        self.buffer = block;
        Ok((length, hash.finalize().to_hex().to_string(), places))
    }

    /// `None` if the file is not there any more, or shorter than it was.
    fn file(
        &mut self,
        path: &Path,
        length: u64,
        read: &mut u64,
        total: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Option<(u64, String, Vec<Place>)>, Error> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file("open", path)(error)),
        };
        let mut left = length;
        let mut hash = blake3::Hasher::new();
        let mut places = Vec::new();
        let mut block = std::mem::take(&mut self.buffer);
        while left > 0 {
            let bytes = left.min(BLOCK_BYTES as u64) as usize;
            match file.read_exact(&mut block[..bytes]) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.buffer = block;
                    return Ok(None);
                }
                Err(error) => return Err(Error::file("read", path)(error)),
            }
            places.push(self.place(&block[..bytes], &mut hash)?);
            left -= bytes as u64;
            *read += bytes as u64;
            progress(*read, total);
        }
        self.buffer = block;
        Ok(Some((length, hash.finalize().to_hex().to_string(), places)))
    }

    /// Where a block lies; it is added where the repository lacks it.
    fn place(&mut self, block: &[u8], hash: &mut blake3::Hasher) -> Result<Place, Error> {
        hash.update(block);
        let name: BlockName = self.known.key.name(block);
        if let Some(place) = self.added.blocks.get(&name) {
            return Ok(*place);
        }
        if let Some(place) = self.known.place(name)? {
            return Ok(place);
        }
        if self.writer.as_ref().is_some_and(|(_, _, writer)| writer.is_full()) {
            self.close_pack()?;
        }
        if self.writer.is_none() {
            let no =
                self.packs.keys().copied().chain(self.added.packs.iter().map(|pack| pack.no)).max().unwrap_or(0) + 1;
            let name = format!("{}-{no}", name_of(self.now_us));
            let writer = PackWriter::new(&self.repository.packs_folder(), &name, self.repository.recipients())?;
            self.writer = Some((no, name, writer));
        }
        let Some((pack, _, writer)) = &mut self.writer else { return Err(Error::Busy(PathBuf::new())) };
        let place = Place { pack: *pack, no: writer.add(block)? };
        self.added.blocks.insert(name, place);
        Ok(place)
    }

    fn close_pack(&mut self) -> Result<(), Error> {
        let Some((no, name, writer)) = self.writer.take() else { return Ok(()) };
        let blocks = self.added.blocks.values().filter(|place| place.pack == no).count() as u32;
        let bytes = writer.close()?;
        self.added_bytes += bytes;
        self.added.packs.push(AddedPack { no, name, blocks, bytes });
        Ok(())
    }
}

/// The list of a copy, and how many blocks of each pack it uses.
fn listed(
    entries: Vec<Copied>,
    notes: BTreeMap<String, serde_json::Value>,
    packs: &HashMap<i64, (String, u32)>,
    taken_us: i64,
) -> (Snapshot, HashMap<i64, u64>) {
    let places = entries.iter().filter_map(|entry| entry.file.as_ref()).flat_map(|(_, _, places)| places);
    let distinct: std::collections::HashSet<(i64, u32)> = places.map(|place| (place.pack, place.no)).collect();
    let mut used: HashMap<i64, u64> = HashMap::new();
    for (pack, _) in &distinct {
        *used.entry(*pack).or_default() += 1;
    }
    let order: BTreeSet<i64> = used.keys().copied().collect();
    let number = |pack: i64| order.iter().position(|no| *no == pack).unwrap_or_default() as u32;
    let numbers: HashMap<i64, u32> = order.iter().map(|&pack| (pack, number(pack))).collect();
    let runs_of = |places: &[Place]| {
        let mut runs: Vec<Run> = Vec::new();
        for place in places {
            let pack = numbers[&place.pack];
            match runs.last_mut() {
                Some(run) if run.pack == pack && run.first + run.count == place.no => run.count += 1,
                _ => runs.push(Run { pack, first: place.no, count: 1 }),
            }
        }
        runs
    };
    let entries = entries
        .into_iter()
        .map(|Copied { path, mode, file }| {
            let file = file.map(|(bytes, hash, places)| Content { bytes, hash, runs: runs_of(&places) });
            Entry { path, mode, file }
        })
        .collect();
    let names = order.iter().filter_map(|pack| packs.get(pack)).map(|(name, _)| name.clone()).collect();
    (Snapshot { format: FORMAT, taken_us, packs: names, entries, notes }, used)
}
