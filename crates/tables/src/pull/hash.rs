//! Rows by their content: 128 bits that are equal when two rows say the same, whatever the order of their columns.

use crate::read::RowBatch;
use twox_hash::xxhash3_128;

/// A row's hash.
pub type RowHash = [u8; 16];

/// Hashes rows of one table.
///
/// Cells that are empty or null are left out, and columns go by name: a column that is added empty, or moved, changes no row.
#[derive(Debug)]
pub struct RowHasher {
    /// Columns in the order of their names, each with a tag made of it.
    columns: Vec<(usize, [u8; 8])>,
    buffer: Vec<u8>,
}

impl RowHasher {
    /// For rows with these columns.
    pub fn new(columns: &[String]) -> Self {
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|at| columns[*at].as_str());
        let tag = |at: usize| xxhash3_128::Hasher::oneshot(columns[at].as_bytes()).to_le_bytes();
        let columns = order.into_iter().map(|at| {
            let mut short = [0; 8];
            short.copy_from_slice(&tag(at)[..8]);
            (at, short)
        });
        RowHasher { columns: columns.collect(), buffer: Vec::new() }
    }

    /// The hash of a row.
    pub fn hash(&mut self, rows: &RowBatch, row: usize) -> RowHash {
        self.buffer.clear();
        for (column, tag) in &self.columns {
            if let Some(cell) = rows.cell(row, *column).filter(|cell| !cell.is_empty()) {
                self.buffer.extend_from_slice(tag);
                self.buffer.extend_from_slice(&(cell.len() as u32).to_le_bytes());
                self.buffer.extend_from_slice(cell.as_bytes());
            }
        }
        xxhash3_128::Hasher::oneshot(&self.buffer).to_be_bytes()
    }

    /// The hash of some columns of a row, as of a key; the columns are named by their position.
    pub fn hash_of(&mut self, rows: &RowBatch, row: usize, columns: &[usize]) -> RowHash {
        self.buffer.clear();
        for column in columns {
            let cell = rows.cell(row, *column).unwrap_or_default().trim();
            self.buffer.extend_from_slice(&(cell.len() as u32).to_le_bytes());
            self.buffer.extend_from_slice(cell.as_bytes());
        }
        xxhash3_128::Hasher::oneshot(&self.buffer).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Place;

    fn hash(columns: &[&str], cells: &[Option<&str>]) -> RowHash {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut rows = RowBatch::new(columns.len());
        for cell in cells {
            rows.push_cell(*cell);
        }
        rows.end_row(Place::default());
        RowHasher::new(&columns).hash(&rows, 0)
    }

    #[test]
    fn a_row_is_the_same_with_moved_and_added_empty_columns() {
        let row = hash(&["a", "b"], &[Some("1"), Some("2")]);
        assert_eq!(row, hash(&["b", "a"], &[Some("2"), Some("1")]));
        assert_eq!(row, hash(&["b", "new", "a"], &[Some("2"), None, Some("1")]));
        assert_eq!(row, hash(&["b", "new", "a"], &[Some("2"), Some(""), Some("1")]));
    }

    #[test]
    fn a_row_differs_when_a_value_moves_between_columns_or_cells_are_cut_elsewhere() {
        let row = hash(&["a", "b"], &[Some("1"), Some("2")]);
        assert_ne!(row, hash(&["a", "b"], &[Some("2"), Some("1")]));
        assert_ne!(row, hash(&["a", "b"], &[Some("12"), None]));
        assert_ne!(row, hash(&["a", "c"], &[Some("1"), Some("2")]));
        assert_ne!(row, hash(&["a", "b"], &[Some("1"), Some("2 ")]));
    }
}
