//! Which rows of a delivery are new, and which of those before are gone.
//!
//! Rows are compared as multisets of their hashes. Hashes lie in the segments; what does not fit into memory at once is
//! compared in parts, each of the hashes that begin alike, so that memory is bounded whatever the table.

use crate::error::Error;
use crate::pull::hash::RowHash;
use crate::pull::segment::{HASH, SegmentReader};
use arrow_array::FixedSizeBinaryArray;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, Schema};
use roaring::RoaringTreemap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of either side that are compared at once: 24 bytes each.
const ROWS_AT_ONCE: u64 = 4 << 20;

/// A segment of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its file.
    pub path: PathBuf,
    /// Number of its first row in the table.
    pub base: u64,
    /// How many rows it has.
    pub rows: u64,
}

/// How a delivery differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Rows of the delivery, counted from 0, that the table did not have.
    pub new: RoaringTreemap,
    /// Rows of the table that the delivery does not have.
    pub gone: RoaringTreemap,
}

/// Compares the rows of `delivered`, a segment whose base is 0, with the `alive` rows of a table.
pub fn compare(delivered: &Segment, before: &[Segment], alive: &RoaringTreemap) -> Result<Difference, Error> {
    if alive.is_empty() {
        let mut new = RoaringTreemap::new();
        new.insert_range(0..delivered.rows);
        return Ok(Difference { new, gone: RoaringTreemap::new() });
    }
    let parts = delivered.rows.max(alive.len()).div_ceil(ROWS_AT_ONCE).max(1);
    compare_in_parts(delivered, before, alive, parts)
}

fn compare_in_parts(
    delivered: &Segment,
    before: &[Segment],
    alive: &RoaringTreemap,
    parts: u64,
) -> Result<Difference, Error> {
    let mut difference = Difference::default();
    for part in 0..parts {
        let in_part =
            |hash: &RowHash| u64::from_be_bytes([0, 0, 0, 0, hash[0], hash[1], hash[2], hash[3]]) % parts == part;
        let mut theirs = hashes(&delivered.path, 0, &|hash, _| in_part(hash))?;
        let mut ours = Vec::new();
        for segment in before {
            ours.append(&mut hashes(&segment.path, segment.base, &|hash, row| in_part(hash) && alive.contains(row))?);
        }
        theirs.sort_unstable();
        ours.sort_unstable();
        merge(&ours, &theirs, &mut difference);
    }
    Ok(difference)
}

/// Rows that stand on one side only; of equal rows, as many as the other side has are the same.
fn merge(ours: &[(RowHash, u64)], theirs: &[(RowHash, u64)], difference: &mut Difference) {
    let (mut at, mut their) = (0, 0);
    while at < ours.len() || their < theirs.len() {
        match (ours.get(at), theirs.get(their)) {
            (Some(a), Some(b)) if a.0 == b.0 => (at, their) = (at + 1, their + 1),
            (Some(a), Some(b)) if a.0 < b.0 => {
                difference.gone.insert(a.1);
                at += 1;
            }
            (Some(a), None) => {
                difference.gone.insert(a.1);
                at += 1;
            }
            (_, Some(b)) => {
                difference.new.insert(b.1);
                their += 1;
            }
            (None, None) => return,
        }
    }
}

/// Hashes of the rows of a segment that are wanted, each with its row.
fn hashes(path: &Path, base: u64, wanted: &dyn Fn(&RowHash, u64) -> bool) -> Result<Vec<(RowHash, u64)>, Error> {
    let schema = Arc::new(Schema::new(vec![Field::new(HASH, DataType::FixedSizeBinary(16), false)]));
    let (mut found, mut row) = (Vec::new(), base);
    for batch in SegmentReader::open(path, schema)? {
        let batch = batch?;
        let column: &FixedSizeBinaryArray = batch.column(0).as_fixed_size_binary();
        for bytes in column.iter().flatten() {
            let mut hash = [0; 16];
            hash.copy_from_slice(bytes);
            if wanted(&hash, row) {
                found.push((hash, row));
            }
            row += 1;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::segment::SegmentWriter;
    use crate::read::{Place, RowBatch};
    use proptest::prelude::*;

    fn segment(folder: &Path, name: &str, base: u64, cells: &[u8]) -> Segment {
        let path = folder.join(name);
        let mut writer = SegmentWriter::create(&path, &["cell".to_owned()]).unwrap();
        let mut rows = RowBatch::new(1);
        for cell in cells {
            rows.push_cell(Some(&cell.to_string()));
            rows.end_row(Place::default());
        }
        writer.append(&rows).unwrap();
        writer.finish().unwrap();
        Segment { path, base, rows: cells.len() as u64 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_left_and_what_is_new_is_what_was_delivered(
            first in prop::collection::vec(0u8..12, 0..40),
            second in prop::collection::vec(0u8..12, 0..40),
            delivered in prop::collection::vec(0u8..12, 0..60),
            dead in prop::collection::vec(any::<bool>(), 80),
            parts in 1u64..5,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let before = [
                segment(folder.path(), "a", 0, &first),
                segment(folder.path(), "b", first.len() as u64, &second),
            ];
            let all: Vec<u8> = first.iter().chain(&second).copied().collect();
            let alive: RoaringTreemap = (0..all.len() as u64).filter(|row| !dead[*row as usize]).collect();
            let new = segment(folder.path(), "new", 0, &delivered);
            let difference = compare_in_parts(&new, &before, &alive, parts).unwrap();
            prop_assert!(difference.gone.is_subset(&alive));
            let mut now: Vec<u8> = (&alive - &difference.gone).iter().map(|row| all[row as usize]).collect();
            now.extend(difference.new.iter().map(|row| delivered[row as usize]));
            now.sort_unstable();
            let mut wanted = delivered.clone();
            wanted.sort_unstable();
            prop_assert_eq!(now, wanted);
            // No row is both taken away and brought again.
            let gone: std::collections::HashSet<u8> = difference.gone.iter().map(|row| all[row as usize]).collect();
            prop_assert!(difference.new.iter().all(|row| !gone.contains(&delivered[row as usize])));
        }
    }
}
