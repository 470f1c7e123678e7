//! Names of columns, made fit for SQL: none is empty, none is there twice.

use std::collections::HashSet;

/// The names as they stand there, trimmed; what has none is named by its place, and of equal ones the later get a number.
pub(crate) fn columns(cells: impl Iterator<Item = impl AsRef<str>>, notes: &mut Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = cells.map(|cell| cell.as_ref().trim_matches(is_blank).to_owned()).collect();
    let given: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mut seen = HashSet::new();
    let mut made = Vec::new();
    for (at, name) in names.iter_mut().enumerate() {
        if !name.is_empty() && seen.insert(name.to_lowercase()) {
            continue;
        }
        let base = if name.is_empty() { format!("column_{}", at + 1) } else { name.clone() };
        let mut new = if name.is_empty() { base.clone() } else { format!("{base}_2") };
        let mut no = 2;
        while given.contains(&new.to_lowercase()) || !seen.insert(new.to_lowercase()) {
            no += 1;
            new = format!("{base}_{no}");
        }
        made.push(new.clone());
        *name = new;
    }
    if !made.is_empty() {
        made.truncate(8);
        notes.push(format!(
            "columns without a name, or with one that is there before, are called {} here",
            made.join(", ")
        ));
    }
    names
}

/// The header line, to be known where it stands among the rows again: files put together, pages that were printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Header(Vec<String>);

impl Header {
    /// What is said of a row that is one.
    pub(super) const AGAIN: (&str, &str) = ("header-again", "the header line once more, among the rows");

    pub(super) fn of(cells: impl Iterator<Item = impl AsRef<str>>) -> Header {
        let mut cells: Vec<String> = cells.map(|cell| cell.as_ref().trim_matches(is_blank).to_owned()).collect();
        cells.truncate(cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1));
        // Numbers are no names: such a line is a row of a file without a header, which may well come twice.
        if cells.iter().any(|cell| crate::value::is_number(cell)) {
            cells.clear();
        }
        Header(cells)
    }

    /// True if cells are the header's: all of them, and at least two, as one word alone may be a value.
    pub(super) fn is(&self, mut cells: impl Iterator<Item = impl AsRef<str>>) -> bool {
        self.0.len() > 1
            && self.0.iter().all(|name| cells.next().is_some_and(|cell| cell.as_ref().trim_matches(is_blank) == name))
            && cells.all(|cell| cell.as_ref().trim_matches(is_blank).is_empty())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}
