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

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}
