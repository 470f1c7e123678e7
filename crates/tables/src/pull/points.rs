//! Columns whose numbers have a decimal point whatever is declared of the source: those of databases and of files with types, whose
//! numbers are spelled here and not there (`read`'s canonical text).
//!
//! `decimal = ","` is said of text. A column of text in a database may hold such numbers too, and so may the text cells of a
//! workbook: they are known by their commas.

use crate::read::RowBatch;

/// Which columns of a table were seen to hold numbers with a comma.
#[derive(Debug)]
pub(super) struct Points {
    commas: Vec<bool>,
}

/// The longest text that is looked at: numbers are shorter.
const BYTES_MAX: usize = 40;

impl Points {
    pub(super) fn new(columns: usize) -> Points {
        Points { commas: vec![false; columns] }
    }

    /// Looks through the cells of some rows.
    pub(super) fn look(&mut self, rows: &RowBatch) {
        for row in 0..rows.len() {
            for (column, comma) in self.commas.iter_mut().enumerate().filter(|(_, comma)| !**comma) {
                *comma = rows.cell(row, column).is_some_and(has_comma);
            }
        }
    }

    /// The columns without such a number.
    pub(super) fn names(&self, columns: &[String]) -> Vec<String> {
        columns.iter().zip(&self.commas).filter(|(_, comma)| !**comma).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether a cell is a number that has a comma.
fn has_comma(cell: &str) -> bool {
    let cell = cell.trim();
    let (mut digit, mut comma) = (false, false);
    for byte in cell.bytes().take(BYTES_MAX + 1) {
        match byte {
            b'0'..=b'9' => digit = true,
            b',' => comma = true,
            b'.' | b'+' | b'-' | b'e' | b'E' | b'<' | b'>' | b'=' | b' ' => {}
            _ => return false,
        }
    }
    digit && comma && cell.len() <= BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Place;

    #[test]
    fn a_column_of_points_has_no_commas() {
        let names: Vec<String> = ["typed", "text", "whole", "words", "both"].map(str::to_owned).to_vec();
        let mut rows = RowBatch::new(names.len());
        for row in
            [["3.500", "3,5", "12", "3.5 mg", "1.234"], ["-1e-7", "1.234", "7", "a.b", "3,5"], ["1e21", "", "", "", ""]]
        {
            for cell in row {
                rows.push_cell(Some(cell));
            }
            rows.end_row(Place::default());
        }
        let mut points = Points::new(names.len());
        points.look(&rows);
        assert_eq!(points.names(&names), ["typed", "whole", "words"]);
    }
}
