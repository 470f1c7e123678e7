//! Which of several rows of one key comes first when one of them changes.
//!
//! Of rows of one key the first is the resource, and the others are told as `duplicate-key`. A row that changes is a new row, and new rows lie behind those
//! that were there: left so, it would hand its place to a row that was behind it, and the resource would become another. So it takes the place of
//! the row that it replaces: what was behind that comes anew, behind it.

use crate::error::Error;
use crate::pull::catalogue::Pulled;
use crate::pull::compare::Segment;
use crate::pull::hash::{RowHash, RowHasher};
use crate::pull::take::{each, keys};
use crate::read::RowBatch;
use roaring::RoaringTreemap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use twox_hash::XxHash3_64;

/// Rows of one key of which one changed, of either side, that are put in order; of a key with more of them, which is none, changed rows come last.
const MOST_OF_A_KEY: u32 = 1_000;
/// Rows of all such keys; if there are more, changed rows come last.
const MOST_ROWS: u64 = 128 << 10;
/// Changed rows of one key, of either side, that are told by their cells which replaces which; of more of them the first replaces the first.
const MOST_ALIKE: usize = 64;

/// What comes anew, and in which order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reordered {
    /// Rows that did not change and come anew: their numbers in the table, and in the delivery.
    pub(super) moved: Vec<(u64, u64)>,
    /// Rows of the delivery that are to lie behind its others, in this order, since they came in another one.
    pub(super) last: Vec<u64>,
}

/// The two sides that are compared: what there was, and what was delivered.
pub(super) struct Sides<'s> {
    pub(super) before: &'s Pulled,
    pub(super) delivered: &'s [Segment],
    /// The columns of what was delivered.
    pub(super) columns: &'s [String],
    pub(super) key: &'s [String],
    pub(super) new: &'s RoaringTreemap,
    pub(super) gone: &'s RoaringTreemap,
}

/// A row of a group.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    row: u64,
    /// Whether it is new, or gone.
    differs: bool,
    hash: RowHash,
    cells: Vec<u64>,
}

/// Rows of one key, in their order.
#[derive(Debug, Default)]
struct Group {
    before: Vec<Member>,
    delivered: Vec<Member>,
}

/// Puts changed rows in the places of those that they replace; `changed` are the keys that both new rows and such that are gone have.
pub(super) fn reordered(sides: &Sides<'_>, changed: &HashSet<RowHash>) -> Result<Reordered, Error> {
    let mut out = Reordered::default();
    let several = sides.several(changed)?;
    let several = if several.is_empty() { several } else { sides.few(&several)? };
    if several.is_empty() {
        return Ok(out);
    }
    let mut groups: BTreeMap<RowHash, Group> = BTreeMap::new();
    let (alive, all) = (&sides.before.alive, sides.all_delivered());
    let gone = |row| sides.gone.contains(row);
    sides.members(&sides.before.segments, alive, &several, &gone, &mut |key, member| {
        groups.entry(key).or_default().before.push(member);
    })?;
    let new = |row| sides.new.contains(row);
    sides.members(sides.delivered, &all, &several, &new, &mut |key, member| {
        groups.entry(key).or_default().delivered.push(member);
    })?;
    for group in groups.values() {
        let Some(sequence) = group.sequence() else { continue };
        let rows: Vec<u64> = sequence.iter().map(|(_, row)| *row).collect();
        if !rows.is_sorted() {
            out.last.extend(&rows);
        }
        out.moved.extend(sequence.iter().filter_map(|(was, row)| Some(((*was)?, *row))));
    }
    Ok(out)
}

impl Sides<'_> {
    /// Those of the changed keys that stand in several rows of a side.
    fn several(&self, changed: &HashSet<RowHash>) -> Result<BTreeSet<RowHash>, Error> {
        let mut several = BTreeSet::new();
        if changed.is_empty() {
            return Ok(several);
        }
        for (segments, rows) in [(self.delivered, self.new), (&self.before.segments[..], self.gone)] {
            let mut once = HashSet::new();
            keys(segments, rows, self.key, &mut |_, key| {
                if changed.contains(&key) && !once.insert(key) {
                    several.insert(key);
                }
            })?;
        }
        let stay = &self.before.alive - self.gone;
        keys(&self.before.segments, &stay, self.key, &mut |_, key| {
            if changed.contains(&key) {
                several.insert(key);
            }
        })?;
        Ok(several)
    }

    fn all_delivered(&self) -> RoaringTreemap {
        let mut all = RoaringTreemap::new();
        for segment in self.delivered {
            all.insert_range(segment.base..segment.base + segment.rows);
        }
        all
    }

    /// Those of the keys that have few enough rows; none if they are too many together.
    fn few(&self, several: &BTreeSet<RowHash>) -> Result<BTreeSet<RowHash>, Error> {
        let mut rows: HashMap<RowHash, u32> = several.iter().map(|key| (*key, 0)).collect();
        let mut count = |_, key: RowHash| {
            if let Some(rows) = rows.get_mut(&key) {
                *rows += 1;
            }
        };
        keys(&self.before.segments, &self.before.alive, self.key, &mut count)?;
        keys(self.delivered, &self.all_delivered(), self.key, &mut count)?;
        rows.retain(|_, rows| *rows <= MOST_OF_A_KEY);
        let all: u64 = rows.values().map(|rows| u64::from(*rows)).sum();
        Ok(if all > MOST_ROWS { BTreeSet::new() } else { rows.into_keys().collect() })
    }

    /// Hands on those of the rows whose keys are wanted.
    fn members(
        &self,
        segments: &[Segment],
        rows: &RoaringTreemap,
        wanted: &BTreeSet<RowHash>,
        differs: &dyn Fn(u64) -> bool,
        take: &mut dyn FnMut(RowHash, Member),
    ) -> Result<(), Error> {
        let mut of_key = HashMap::new();
        keys(segments, rows, self.key, &mut |row, key| {
            if wanted.contains(&key) {
                of_key.insert(row, key);
            }
        })?;
        let some: RoaringTreemap = of_key.keys().copied().collect();
        let mut hasher = RowHasher::new(self.columns);
        each(segments, &some, self.columns, &mut |row, one: &RowBatch| {
            let cell = |column| one.cell(0, column).unwrap_or_default().as_bytes();
            let cells = (0..self.columns.len()).map(|column| XxHash3_64::oneshot(cell(column))).collect();
            let member = Member { row, differs: differs(row), hash: hasher.hash(one, 0), cells };
            take(of_key[&row], member);
        })
    }
}

impl Group {
    /// The rows from the first that changed on, in the order in which they are to lie: where each was that did not change, and where it was delivered.
    /// Nothing if one of them was not delivered, such as a row that came unreadable.
    fn sequence(&self) -> Option<Vec<(Option<u64>, u64)>> {
        let replaced = self.replaced();
        let mut same: HashMap<RowHash, Vec<u64>> = HashMap::new();
        for member in self.delivered.iter().rev().filter(|member| !member.differs) {
            same.entry(member.hash).or_default().push(member.row);
        }
        let mut sequence = Vec::new();
        for was in &self.before {
            if was.differs {
                sequence.extend(replaced.get(&was.row).map(|row| (None, *row)));
                continue;
            }
            let row = same.get_mut(&was.hash)?.pop()?;
            if !sequence.is_empty() {
                sequence.push((Some(was.row), row));
            }
        }
        let placed: HashSet<u64> = replaced.values().copied().collect();
        let rest = self.delivered.iter().filter(|member| member.differs && !placed.contains(&member.row));
        sequence.extend(rest.map(|member| (None, member.row)));
        Some(sequence)
    }

    /// Which new row replaces which that is gone: those that are most alike.
    fn replaced(&self) -> HashMap<u64, u64> {
        let gone: Vec<&Member> = self.before.iter().filter(|member| member.differs).collect();
        let new: Vec<&Member> = self.delivered.iter().filter(|member| member.differs).collect();
        if gone.len() > MOST_ALIKE || new.len() > MOST_ALIKE {
            return gone.iter().zip(&new).map(|(gone, new)| (gone.row, new.row)).collect();
        }
        // A column counts for as many rows as kept its value, as a name does and a status does not.
        let columns = new.first().map_or(0, |member| member.cells.len());
        let weights: Vec<usize> = (0..columns)
            .map(|column| {
                let now: HashSet<u64> = new.iter().map(|member| member.cells[column]).collect();
                gone.iter().filter(|member| now.contains(&member.cells[column])).count()
            })
            .collect();
        let alike = |a: &Member, b: &Member| -> usize {
            (0..columns).filter(|column| a.cells[*column] == b.cells[*column]).map(|column| weights[column]).sum()
        };
        let mut pairs: Vec<(Reverse<usize>, u64, u64)> = Vec::new();
        for gone in &gone {
            pairs.extend(new.iter().map(|new| (Reverse(alike(gone, new)), gone.row, new.row)));
        }
        pairs.sort_unstable();
        let (mut replaced, mut placed) = (HashMap::new(), HashSet::new());
        for (_, gone, new) in pairs {
            if !replaced.contains_key(&gone) && placed.insert(new) {
                replaced.insert(gone, new);
            }
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(row: u64, differs: bool, cells: &[u64]) -> Member {
        let mut hash = [0; 16];
        cells.iter().zip(&mut hash).for_each(|(cell, byte)| *byte = *cell as u8);
        Member { row, differs, hash, cells: cells.to_vec() }
    }

    #[test]
    fn a_changed_row_stands_before_what_was_behind_it_wherever_it_was_delivered() {
        let before = || vec![member(0, true, &[1, 2, 3]), member(1, false, &[1, 7, 8])];
        // As in a file whose lines keep their places.
        let group =
            Group { before: before(), delivered: vec![member(0, true, &[1, 2, 4]), member(1, false, &[1, 7, 8])] };
        assert_eq!(group.sequence().unwrap(), [(None, 0), (Some(1), 1)]);
        // As from a database that puts changed rows last.
        let group =
            Group { before: before(), delivered: vec![member(0, false, &[1, 7, 8]), member(5, true, &[1, 2, 4])] };
        assert_eq!(group.sequence().unwrap(), [(None, 5), (Some(1), 0)]);
    }

    #[test]
    fn what_stood_before_a_changed_row_stays_and_a_further_row_is_last() {
        let before = vec![member(3, false, &[1, 7, 8]), member(9, true, &[1, 2, 3])];
        let delivered = vec![member(0, true, &[5, 5, 5]), member(1, false, &[1, 7, 8]), member(2, true, &[1, 2, 4])];
        let group = Group { before, delivered };
        assert_eq!(group.sequence().unwrap(), [(None, 2), (None, 0)]);
    }

    #[test]
    fn two_that_change_at_once_are_told_by_what_they_kept() {
        // In the second case one has now what the other had.
        for (first, second) in [(8, 9), (2, 3)] {
            let before = vec![member(3, true, &[1, 2, 3]), member(9, true, &[1, 7, first])];
            let delivered = vec![member(0, true, &[1, 7, second]), member(1, true, &[1, 2, 4])];
            let group = Group { before, delivered };
            assert_eq!(group.sequence().unwrap(), [(None, 1), (None, 0)]);
        }
    }

    #[test]
    fn rows_that_were_not_delivered_stay_where_they_are() {
        let before = vec![member(3, true, &[1, 2, 3]), member(9, false, &[1, 7, 8])];
        let group = Group { before, delivered: vec![member(1, true, &[1, 2, 4])] };
        assert_eq!(group.sequence(), None);
    }
}
