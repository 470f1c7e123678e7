//! Rows of earlier deliveries that came again so that they cannot be read: they are not gone.
//!
//! A row that is none has no cells, but its text is there. One of its cells is broken: it holds a separator, or lost one, or ends the row. Cells before
//! it are at their place from the beginning, those behind it from the end. Where each cell of a row's key stands so in the text, the text is what came
//! of that row.

use crate::pull::hash::{RowHash, RowHasher};
use crate::read::{BadRow, Place, RowBatch};
use std::collections::HashSet;

/// What separates cells in the text of a row that is none: readers of typed files put tabs.
const SEPARATORS: [char; 4] = ['\t', ',', ';', '|'];

/// Hashes of the keys that rows which are none may have; `key` is where its columns are among so many `columns`.
pub(super) fn keys_in(bad: &[BadRow], key: &[usize], columns: usize) -> HashSet<RowHash> {
    let mut found = HashSet::new();
    if key.is_empty() {
        return found;
    }
    let (mut hasher, mut one) = (RowHasher::new(&[]), RowBatch::new(key.len()));
    let order: Vec<usize> = (0..key.len()).collect();
    for bad in bad {
        let is_there = |separator: &char| bad.text.contains(*separator);
        let mut separators: Vec<char> = SEPARATORS.into_iter().filter(is_there).collect();
        if separators.is_empty() {
            separators.push(SEPARATORS[0]);
        }
        for separator in separators {
            let cells: Vec<&str> = bad.text.split(separator).map(bare).collect();
            for places in places(key, columns, cells.len()) {
                let of_key: Option<Vec<&str>> = places.iter().map(|place| cells.get(*place).copied()).collect();
                let Some(of_key) = of_key.filter(|cells| cells.iter().any(|cell| !cell.is_empty())) else { continue };
                one.clear();
                for cell in of_key {
                    one.push_cell(Some(cell));
                }
                one.end_row(Place::default());
                found.insert(hasher.hash_of(&one, 0, &order));
            }
        }
    }
    found
}

/// Where the cells of a key may be in a row of so many `cells`, by which of its cells is broken.
fn places(key: &[usize], columns: usize, cells: usize) -> Vec<Vec<usize>> {
    if cells == columns {
        return vec![key.to_vec()];
    }
    // Of neighbours that are no key it does not matter which it is.
    let is_first = |broken: &usize| *broken == 0 || key.contains(&(broken - 1));
    let broken = (0..columns).filter(|broken| is_first(broken) && !key.contains(broken));
    let mut all: Vec<Vec<usize>> = broken
        .filter_map(|broken| {
            let place = |at: &usize| if *at < broken { Some(*at) } else { (at + cells).checked_sub(columns) };
            key.iter().map(place).collect()
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A cell without what stands around it: quotes, and the brackets of a row in a dump.
fn bare(cell: &str) -> &str {
    cell.trim().trim_start_matches('(').trim_end_matches(')').trim_matches(['"', '\'', '`']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the row `text` of a table with so many columns may be the one with this key.
    fn is_of(text: &str, columns: usize, key: &[(usize, &str)]) -> bool {
        let bad = BadRow::new(Place::default(), "ragged-row", "", text);
        let positions: Vec<usize> = key.iter().map(|(at, _)| *at).collect();
        let mut one = RowBatch::new(key.len());
        for (_, cell) in key {
            one.push_cell(Some(cell));
        }
        one.end_row(Place::default());
        let all: Vec<usize> = (0..key.len()).collect();
        keys_in(&[bad], &positions, columns).contains(&RowHasher::new(&[]).hash_of(&one, 0, &all))
    }

    #[test]
    fn a_key_is_found_at_its_place_from_either_end() {
        assert!(is_of("17,Okafor,Ada,F,x", 4, &[(0, "17")]));
        assert!(is_of("17;\"Oka;for", 4, &[(0, "17")]));
        assert!(is_of("\"17\"\tOkafor", 4, &[(0, "17")]));
        assert!(is_of("('17', 'Okafor', now())", 3, &[(0, "17")]));
        assert!(is_of("Okafor,Ada,of the hill,F,17", 4, &[(3, "17")]));
        assert!(is_of("1,2,note, more,2024-01-02", 4, &[(0, "1"), (3, "2024-01-02")]));
        assert!(is_of("\u{fffd}x|17|rest", 3, &[(1, "17")]));
        assert!(is_of("17\0", 1, &[(0, "17\0")]));
        assert!(is_of("17", 4, &[(0, "17")]));
    }

    #[test]
    fn a_number_that_stands_elsewhere_in_the_row_is_not_its_key() {
        assert!(!is_of("18,17,Ada,F,x", 4, &[(0, "17")]));
        assert!(!is_of("170,Okafor,Ada,F,x", 4, &[(0, "17")]));
        assert!(!is_of("1,3,note,more,x", 4, &[(0, "1"), (1, "2")]));
        // Nothing is no key, and a table without one has none.
        assert!(!is_of(",Okafor,Ada,F,x", 4, &[(0, "")]));
        assert!(keys_in(&[BadRow::new(Place::default(), "ragged-row", "", "17,x")], &[], 2).is_empty());
    }
}
