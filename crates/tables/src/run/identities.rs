//! Which resources a run has made: for keys that must be unique, and for references that must lead somewhere.

use crate::error::Error;
use crate::run::made_before::{self, Before};
use crate::run::met::{self, Met};
use crate::run::repeated::Repeated;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::path::Path;

/// A resource's id, unpacked.
pub(super) type Id = [u8; 16];

/// Ids are hashes already: their last eight bytes tell them apart, but for the two bits that all UUIDs have there, which a product
/// spreads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IsHash(u64);

impl Hasher for IsHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.write_u64(u64::from_be_bytes(*last));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, _length: usize) {}
}

pub(super) type ByHash = BuildHasherDefault<IsHash>;

/// Resources of a target that are told apart in memory, 11 bytes each and for the first million 24 more; of a table with more rows the keys that come more than once
/// are found first, where keys can be read alone.
pub const TOLD_APART: u64 = 4 << 20;
/// Places that are there from the beginning, at most: a table of more that grows is laid out anew.
const AT_FIRST: u64 = 16 << 20;

/// What a resource's id says about the row it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is the only one with this key.
    Only,
    /// It is the first with this key.
    First,
    /// The same resource was made of an earlier row.
    Equal,
    /// Another one was made of an earlier row: the key is not unique.
    Other,
}

/// Ids of one target, as its rows come.
#[derive(Debug)]
pub(super) enum Uniqueness {
    /// All are told apart.
    All(Places),
    /// Those alone whose keys come more than once.
    Some(Repeated, Places),
}

/// Where each id is in the order in which they came: a table in one piece, with 32 bits of an id and its number in that order in
/// each place. An id's first bytes say where it is looked for; what was kept under its number says whether it is it.
#[derive(Debug)]
pub(super) struct Places {
    /// The bits of the id above, its number and one below; nothing is zero.
    places: Vec<u64>,
    used: usize,
}

/// What is kept of resources, by their number.
pub(super) trait Kept {
    /// How many are kept: the number of the next one.
    fn count(&self) -> u32;

    /// The id and the content of one.
    fn get(&mut self, number: u32) -> Result<(Id, u64), Error>;
}

fn halves(id: Id) -> (u64, u64) {
    let number = u128::from_be_bytes(id);
    ((number >> 64) as u64, number as u64)
}

impl Places {
    /// For so many, and more.
    fn of(count: usize) -> Places {
        Places { places: vec![0; count + count / 3 + 64], used: 0 }
    }

    /// Where an id is looked for first: ids are hashes, so that their first bits are spread evenly.
    fn first(&self, id: Id) -> usize {
        ((u128::from(halves(id).0) * self.places.len() as u128) >> 64) as usize
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.places.len() { 0 } else { at + 1 }
    }

    /// The content of an id that is there, or the free place where it would be.
    fn find(&self, id: Id, kept: &mut dyn Kept) -> Result<Result<u64, usize>, Error> {
        let bits = halves(id).1 << 32;
        let mut at = self.first(id);
        loop {
            let place = self.places[at];
            if place == 0 {
                return Ok(Err(at));
            }
            if place >> 32 == bits >> 32 {
                let (there, content) = kept.get(place as u32 - 1)?;
                if there == id {
                    return Ok(Ok(content));
                }
            }
            at = self.next(at);
        }
    }

    /// Puts the next id, which is not there, into a free place.
    fn put(&mut self, id: Id, at: usize, kept: &mut dyn Kept) -> Result<(), Error> {
        let last = kept.count() + 1;
        self.places[at] = halves(id).1 << 32 | u64::from(last);
        self.used += 1;
        if self.used * 5 > self.places.len() * 4 {
            let larger = Places { used: self.used, ..Places::of(self.used * 2) };
            let before = std::mem::replace(self, larger);
            for place in before.places.into_iter().filter(|place| *place != 0) {
                // The one that is being put is kept by its number only after this.
                let number = place as u32;
                let of = if number == last { id } else { kept.get(number - 1)?.0 };
                let mut at = self.first(of);
                while self.places[at] != 0 {
                    at = self.next(at);
                }
                self.places[at] = place;
            }
        }
        Ok(())
    }

    /// Reads where ids are, so that what is not in the processor's cache comes for all at once and not for one after the other.
    fn fetch(&self, ids: impl Iterator<Item = Id>) {
        std::hint::black_box(ids.fold(0, |all, id| all ^ self.places[self.first(id)]));
    }
}

impl Uniqueness {
    /// Of a target with so many rows.
    pub(super) fn of(rows: u64) -> Uniqueness {
        // Of more rows there are several to a resource, or they are read alone.
        Uniqueness::All(Places::of(rows.min(AT_FIRST) as usize))
    }

    /// Of a target of whose keys these come more than once.
    pub(super) fn of_repeated(repeated: Repeated) -> Uniqueness {
        let places = Places::of(repeated.len());
        Uniqueness::Some(repeated, places)
    }

    /// Whether a resource was noted; known where all are told apart.
    pub(super) fn has(&self, id: Id, kept: &mut dyn Kept) -> Result<bool, Error> {
        let (Uniqueness::All(places) | Uniqueness::Some(_, places)) = self;
        Ok(places.find(id, kept)?.is_ok())
    }

    /// Resources that are about to be noted.
    pub(super) fn expect(&self, ids: impl Iterator<Item = Id>) {
        if let Uniqueness::All(all) = self {
            all.fetch(ids);
        }
    }

    /// Notes a resource, whose text has the hash `content`. The first of an id is to be kept after this.
    pub(super) fn see(&mut self, id: Id, content: u64, kept: &mut dyn Kept) -> Result<Seen, Error> {
        let places = match self {
            Uniqueness::All(places) => places,
            Uniqueness::Some(repeated, _) if !repeated.contains(id) => return Ok(Seen::Only),
            Uniqueness::Some(_, places) => places,
        };
        Ok(match places.find(id, kept)? {
            Ok(before) if before == content => Seen::Equal,
            Ok(_) => Seen::Other,
            Err(at) => {
                places.put(id, at, kept)?;
                Seen::First
            }
        })
    }
}

/// Hash of a resource's text.
pub(super) fn content(json: &[u8]) -> u64 {
    twox_hash::xxhash3_64::Hasher::oneshot(json)
}

/// Resources that references may lead to, by target. An id is its last eight bytes: 62 bits of a hash.
#[derive(Debug, Default)]
pub(super) struct MadeTargets {
    by_target: HashMap<String, HashSet<u64, ByHash>>,
    /// Targets whose ids are as their file says, but for those that came and those that went.
    as_before: HashMap<String, (HashSet<Id>, HashSet<Id>)>,
    /// Their files, where they are only looked into.
    files: HashMap<String, Before>,
    met: HashMap<String, Met>,
    /// The types of targets of which a resource is kept when its rows are gone.
    kept: HashMap<String, &'static str>,
}

impl MadeTargets {
    /// Resources of this target, of this type, are kept when their rows are gone: references may still lead there.
    pub(super) fn keeps(&mut self, target: &str, resource_type: &'static str) {
        self.kept.insert(target.to_owned(), resource_type);
    }

    /// The type of a target's resources, if they are kept.
    pub(super) fn kept_as(&self, target: &str) -> Option<&'static str> {
        self.kept.get(target).copied()
    }

    /// Begins a target that others refer to.
    pub(super) fn begin(&mut self, target: &str) {
        self.by_target.entry(target.to_owned()).or_default();
    }

    /// What targets had that others refer to, before this run: their files are looked into.
    pub(super) fn then<'t>(folder: &Path, targets: impl Iterator<Item = &'t String>) -> Result<MadeTargets, Error> {
        let mut made = MadeTargets::default();
        for target in targets {
            made.begin(target);
            made.is_as_before(target, HashSet::new(), HashSet::new());
            made.open(folder, std::slice::from_ref(target))?;
        }
        Ok(made)
    }

    /// A target did not run, or only a part of it: it has what it had, but for what came and what went.
    pub(super) fn is_as_before(&mut self, target: &str, came: HashSet<Id>, went: HashSet<Id>) {
        if self.by_target.contains_key(target) {
            self.as_before.insert(target.to_owned(), (came, went));
        }
    }

    /// Opens what targets have that did not run as a whole, to be looked into for few.
    pub(super) fn open(&mut self, folder: &Path, targets: &[String]) -> Result<(), Error> {
        for target in targets {
            if self.as_before.contains_key(target) && !self.files.contains_key(target) {
                self.files.insert(target.clone(), Before::open(folder, target)?);
                if !self.met.contains_key(target) {
                    self.meet(target, met::recall(folder, target)?);
                }
            }
        }
        Ok(())
    }

    /// Reads what targets have that did not run as a whole and that are now referred to.
    pub(super) fn read(&mut self, folder: &Path, targets: &[String]) -> Result<(), Error> {
        for target in targets {
            if let Some((came, went)) = self.as_before.remove(target) {
                self.files.remove(target);
                for id in made_before::all(folder, target)? {
                    let id = id?;
                    if !went.contains(&id) {
                        self.insert(target, id);
                    }
                }
                for id in came {
                    self.insert(target, id);
                }
                if !self.met.contains_key(target) {
                    self.meet(target, met::recall(folder, target)?);
                }
            }
        }
        Ok(())
    }

    /// Whether anything refers to a target.
    pub(super) fn is_referred_to(&self, target: &str) -> bool {
        self.by_target.contains_key(target)
    }

    /// Notes a resource, if others may refer to it.
    pub(super) fn insert(&mut self, target: &str, id: Id) {
        if let Some(made) = self.by_target.get_mut(target) {
            made.insert(short(id));
        }
    }

    /// Notes which records of others a target's resources are one with.
    pub(super) fn meet(&mut self, target: &str, met: Met) {
        if self.by_target.contains_key(target) {
            self.met.insert(target.to_owned(), met);
        }
    }

    /// The record that a resource is one with.
    pub(super) fn met(&self, target: &str, id: Id) -> Option<&String> {
        self.met.get(target)?.get(&id)
    }

    /// Whether a resource was made; of a target that has not run nothing is known.
    pub(super) fn is_made(&self, target: &str, id: Id) -> Option<bool> {
        if let (Some((came, went)), Some(file)) = (self.as_before.get(target), self.files.get(target)) {
            // What cannot be read is not said to be missing; the run ends when it reads it again.
            return Some(came.contains(&id) || (!went.contains(&id) && !matches!(file.content(id), Ok(None))));
        }
        self.by_target.get(target).map(|made| made.contains(&short(id)))
    }
}

fn short(id: Id) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&id[8..]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Kept for Vec<(Id, u64)> {
        fn count(&self) -> u32 {
            self.len() as u32
        }

        fn get(&mut self, number: u32) -> Result<(Id, u64), Error> {
            Ok(self[number as usize])
        }
    }

    fn see(seen: &mut Uniqueness, kept: &mut Vec<(Id, u64)>, id: Id, content: u64) -> Seen {
        let is_first = seen.see(id, content, kept).unwrap();
        if is_first == Seen::First {
            kept.push((id, content));
        }
        is_first
    }

    #[test]
    fn a_second_row_of_a_key_is_equal_or_another() {
        let repeated = Repeated::of([[1; 16], [2; 16]]);
        for mut seen in [Uniqueness::of(1), Uniqueness::of_repeated(repeated)] {
            // What is kept of others comes between.
            let mut kept = vec![([9; 16], 7)];
            assert_eq!(see(&mut seen, &mut kept, [1; 16], 7), Seen::First);
            assert_eq!(see(&mut seen, &mut kept, [1; 16], 7), Seen::Equal);
            assert_eq!(see(&mut seen, &mut kept, [1; 16], 8), Seen::Other);
            assert_eq!(see(&mut seen, &mut kept, [2; 16], 7), Seen::First);
            assert!(seen.has([2; 16], &mut kept).unwrap() && !seen.has([3; 16], &mut kept).unwrap());
            let other = see(&mut seen, &mut kept, [3; 16], 7);
            assert_eq!(other, if matches!(seen, Uniqueness::All(_)) { Seen::First } else { Seen::Only });
        }
    }

    #[test]
    fn ids_that_share_bits_are_told_apart_in_a_table_that_grows() {
        let (mut seen, mut kept) = (Uniqueness::of(0), Vec::new());
        // Four in a row begin alike, and all have the same bits in their places.
        let id = |at: u64| {
            let mut id = [0x80; 16];
            id[..8].copy_from_slice(&(at / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            id[8..12].copy_from_slice(&(at as u32).to_be_bytes());
            id
        };
        for at in 0..5_000 {
            assert_eq!(see(&mut seen, &mut kept, id(at), at), Seen::First, "{at}");
        }
        seen.expect((0..10_000).map(id));
        for at in 0..5_000 {
            assert_eq!(see(&mut seen, &mut kept, id(at), at), Seen::Equal, "{at}");
        }
        assert_eq!(see(&mut seen, &mut kept, id(5_000), 0), Seen::First);
    }

    #[test]
    fn what_was_made_is_known_of_targets_that_ran() {
        let mut made = MadeTargets::default();
        made.begin("Patient");
        made.insert("Patient", [1; 16]);
        made.insert("Other", [1; 16]);
        assert_eq!(made.is_made("Patient", [1; 16]), Some(true));
        assert_eq!(made.is_made("Patient", [2; 16]), Some(false));
        assert_eq!(made.is_made("Other", [1; 16]), None);
    }
}
