//! Which resources a run has made: for keys that must be unique, and for references that must lead somewhere.

use crate::error::Error;
use crate::run::made_before;
use crate::run::met::{self, Met};
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

type ByHash = BuildHasherDefault<IsHash>;

/// Made resources that are remembered with their content. Beyond it rows must come in the order of their keys.
pub(super) const REMEMBERED: u64 = 4 << 20;

/// What a resource's id says about the row it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
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
    /// Rows come in any order.
    All(Contents),
    /// Rows come by their keys: the last one.
    Sorted(Option<(Id, u64)>),
}

/// Contents by id: a table in one piece, of which a place is found by the id's first bytes and those behind it.
#[derive(Debug)]
pub(super) struct Contents {
    /// Two halves of an id, and the content; no id is zero.
    places: Vec<[u64; 3]>,
    used: usize,
}

fn halves(id: Id) -> [u64; 2] {
    let number = u128::from_be_bytes(id);
    [(number >> 64) as u64, number as u64]
}

impl Contents {
    /// For so many, and more.
    fn of(count: usize) -> Contents {
        Contents { places: vec![[0; 3]; count + count / 3 + 64], used: 0 }
    }

    /// Where an id is looked for first: ids are hashes, so that their first bits are spread evenly.
    fn first_place(&self, first: u64) -> usize {
        ((u128::from(first) * self.places.len() as u128) >> 64) as usize
    }

    /// Where an id is, or would be.
    fn find(&self, [first, second]: [u64; 2]) -> usize {
        let mut at = self.first_place(first);
        loop {
            let place = &self.places[at];
            if (place[0] == first && place[1] == second) || *place == [0; 3] {
                return at;
            }
            at = if at + 1 == self.places.len() { 0 } else { at + 1 };
        }
    }

    /// The content of an id that is there; where it is not, it is put there.
    fn put(&mut self, id: Id, content: u64) -> Option<u64> {
        let [first, second] = halves(id);
        let at = self.find([first, second]);
        let place = &mut self.places[at];
        if place[0] == first && place[1] == second {
            return Some(place[2]);
        }
        *place = [first, second, content];
        self.used += 1;
        if self.used * 5 > self.places.len() * 4 {
            let larger = Contents::of(self.used * 2);
            let before = std::mem::replace(self, larger);
            for place in before.places.iter().filter(|place| **place != [0; 3]) {
                let at = self.find([place[0], place[1]]);
                self.places[at] = *place;
            }
            self.used = before.used;
        }
        None
    }

    /// Reads where ids are, so that what is not in the processor's cache comes for all at once and not for one after the other.
    fn fetch(&self, ids: impl Iterator<Item = Id>) {
        let all = ids.fold(0, |all, id| all ^ self.places[self.first_place(halves(id)[0])][0]);
        std::hint::black_box(all);
    }
}

impl Uniqueness {
    /// Of a target with so many rows.
    pub(super) fn of(rows: u64) -> Uniqueness {
        if rows > REMEMBERED {
            return Uniqueness::Sorted(None);
        }
        Uniqueness::All(Contents::of(usize::try_from(rows).unwrap_or(0)))
    }

    /// Whether a resource was noted.
    pub(super) fn has(&self, id: Id) -> bool {
        match self {
            Uniqueness::All(all) => all.places[all.find(halves(id))] != [0; 3],
            Uniqueness::Sorted(last) => last.is_some_and(|(last, _)| last == id),
        }
    }

    /// Resources that are about to be noted.
    pub(super) fn expect(&self, ids: impl Iterator<Item = Id>) {
        if let Uniqueness::All(all) = self {
            all.fetch(ids);
        }
    }

    /// Notes a resource, whose text has the hash `content`.
    pub(super) fn see(&mut self, id: Id, content: u64) -> Seen {
        let before = match self {
            Uniqueness::All(all) => all.put(id, content),
            Uniqueness::Sorted(last) => {
                let before = last.filter(|(before, _)| *before == id).map(|(_, content)| content);
                if before.is_none() {
                    *last = Some((id, content));
                }
                before
            }
        };
        match before {
            None => Seen::First,
            Some(before) if before == content => Seen::Equal,
            Some(_) => Seen::Other,
        }
    }
}

/// Hash of a resource's text.
pub(super) fn content(json: &[u8]) -> u64 {
    twox_hash::xxhash3_64::Hasher::oneshot(json)
}

/// Resources that references may lead to, by target. An id is its first eight bytes: 61 of them are a hash's.
#[derive(Debug, Default)]
pub(super) struct MadeTargets {
    by_target: HashMap<String, HashSet<u64, ByHash>>,
    /// Targets that did not run, whose ids are as their file says.
    as_before: HashSet<String>,
    met: HashMap<String, Met>,
}

impl MadeTargets {
    /// Begins a target that others refer to.
    pub(super) fn begin(&mut self, target: &str) {
        self.by_target.entry(target.to_owned()).or_default();
    }

    /// A target did not run: it has what it had.
    pub(super) fn is_as_before(&mut self, target: &str) {
        if self.by_target.contains_key(target) {
            self.as_before.insert(target.to_owned());
        }
    }

    /// Reads what targets have that did not run and that are now referred to.
    pub(super) fn read(&mut self, folder: &Path, targets: &[String]) -> Result<(), Error> {
        for target in targets {
            if self.as_before.remove(target) {
                for id in made_before::all(folder, target)? {
                    self.insert(target, id?);
                }
                self.meet(target, met::recall(folder, target)?);
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

    #[test]
    fn a_second_row_of_a_key_is_equal_or_another() {
        for mut seen in [Uniqueness::of(1), Uniqueness::of(REMEMBERED + 1)] {
            assert_eq!(seen.see([1; 16], 7), Seen::First);
            assert_eq!(seen.see([1; 16], 7), Seen::Equal);
            assert_eq!(seen.see([1; 16], 8), Seen::Other);
            assert_eq!(seen.see([2; 16], 7), Seen::First);
        }
    }

    #[test]
    fn all_ids_are_found_again_in_a_table_that_grew() {
        let mut contents = Contents::of(0);
        let id = |at: u64| {
            let mut id = [0x80; 16];
            // Many of them begin alike.
            id[..8].copy_from_slice(&(at / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            id[8..].copy_from_slice(&(at + 1).to_be_bytes());
            id
        };
        for at in 0..5_000 {
            assert_eq!(contents.put(id(at), at), None);
        }
        contents.fetch((0..10_000).map(id));
        for at in 0..5_000 {
            assert_eq!(contents.put(id(at), 0), Some(at));
        }
        assert_eq!(contents.used, 5_000);
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
