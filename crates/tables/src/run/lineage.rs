//! From a resource back to the cells it was made of.
//!
//! A resource's version names its line in the arrival of its run ([`Link`]): target, version of the mapping, rows. The mapping as it was
//! then says for each element which columns its value was computed of; together they are cells, each with its file, row and bytes.

use crate::error::Error;
use crate::pull::{Correction, RowOrigin, Sources};
use crate::run::runner::{Runner, is_same};
use access::Grant;
use fhir::schema::r4;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// What a line of a run's arrival says.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Link {
    /// The target.
    pub target: String,
    /// The beginning of the hash of the mapping's files.
    pub mapping: String,
    /// Numbers of rows by the store's own counting, by table.
    pub rows: BTreeMap<String, Vec<u64>>,
    /// How many more rows took part than are named, by table.
    #[serde(default)]
    pub more: BTreeMap<String, u64>,
    /// By part of the target, which of the places where its query reads tables gave rows, where a UNION reads a table in several branches; none where
    /// that is not so.
    #[serde(default, rename = "in")]
    pub branches: Vec<Vec<usize>>,
    /// Elements that came from this source, where the record is another's too.
    #[serde(default)]
    pub elements: Option<Vec<String>>,
    /// Elements that stayed as another source had them.
    #[serde(default)]
    pub kept: Vec<String>,
    /// Why nothing was made, if so.
    #[serde(default)]
    pub why: Option<String>,
}

impl Link {
    /// Reads a line; nothing if it is none.
    pub fn read(line: &[u8]) -> Option<Link> {
        serde_json::from_slice(line).ok()
    }
}

/// Where one element's value came from.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementLineage {
    /// Its path as in JSON, `[]` where it repeats by rows.
    pub path: String,
    /// The outermost mapping function.
    pub function: Option<String>,
    /// The SQL that computes it.
    pub sql: String,
    /// The mapping's file, and line and column in it.
    pub place: (String, u32, u32),
    /// The cells.
    pub cells: Vec<CellOrigin>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellOrigin {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The row's number in the table by the store's own counting.
    pub source_row: u64,
    /// What stands in it, as it was read.
    pub cell: Option<String>,
    /// The file it was in.
    pub file: String,
    /// The row's number in the table as its delivery had it, from 1.
    pub row: u64,
    /// The delivery that brought it.
    pub delivery: i64,
    /// The arrival that keeps its bytes, and byte offset and length of the row in it.
    pub arrival: Option<(i64, u64, u32)>,
    /// What a person said that it should be, where the value was made of that.
    pub corrected: Option<CellCorrected>,
}

/// A cell that a person corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellCorrected {
    /// What stands in its place; none: no value.
    pub cell: Option<String>,
    /// Who says so.
    pub who: String,
    /// When, µs UTC.
    pub at_us: i64,
    /// Why.
    pub reason: String,
}

/// The correction of a cell that was there at `as_of_us`.
fn corrected(corrections: &[Correction], column: &str, as_of_us: i64) -> Option<CellCorrected> {
    let newest = corrections.iter().rfind(|correction| correction.at_us <= as_of_us)?;
    let (_, cell) = newest.cells.iter().find(|(name, _)| is_same(name, column))?;
    Some(CellCorrected {
        cell: cell.clone(),
        who: newest.who.clone(),
        at_us: newest.at_us,
        reason: newest.reason.clone(),
    })
}

/// Whether an element is asked for: it, what holds it, or what is in it. Indices do not count, and `value` is any `value[x]`.
fn is_asked(path: &str, asked: &str) -> bool {
    let steps = |path: &str| {
        let (mut out, mut depth) = (vec![String::new()], 0);
        for c in path.chars() {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                '.' if depth == 0 => out.push(String::new()),
                c if depth == 0 => out.last_mut().into_iter().for_each(|step| step.push(c)),
                _ => {}
            }
        }
        out
    };
    let is_type = |name: &str| {
        let (first, rest) = name.split_at(1);
        r4().type_id(name).is_some() || r4().type_id(&(first.to_ascii_lowercase() + rest)).is_some()
    };
    let typed = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || (rest.is_char_boundary(1) && is_type(rest)))
    };
    steps(path).iter().zip(&steps(asked)).all(|(a, b)| typed(a, b) || typed(b, a))
}

impl Runner {
    /// The cells that the elements of a resource were made of, which was stored at `as_of_us`; of one element if it is named.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Unknown`] if the mapping has no such target, or rows are not there any more.
    pub fn lineage(
        &self,
        sources: &Sources,
        grant: &Grant,
        source: &str,
        (link, as_of_us): (&Link, i64),
        element: Option<&str>,
    ) -> Result<Vec<ElementLineage>, Error> {
        let planned = self.target(&link.target).ok_or_else(|| Error::Unknown {
            what: "target",
            name: link.target.clone(),
            hint: None,
        })?;
        let mut rows: HashMap<(String, u64), (RowOrigin, Vec<Correction>)> = HashMap::new();
        let mut out = Vec::new();
        for info in &planned.target.elements {
            if info.sql.is_empty() || element.is_some_and(|asked| !is_asked(&info.path, asked)) {
                continue;
            }
            if link.elements.as_ref().is_some_and(|given| !given.iter().any(|given| is_asked(&info.path, given))) {
                continue;
            }
            let Some(part) = planned.parts.get(info.part) else { continue };
            let mut cells = Vec::new();
            let mut named: Vec<(&str, &str)> = Vec::new();
            let gave = link.branches.get(info.part).filter(|gave| !gave.is_empty());
            let is_other_branch = |occurrence: usize| {
                let is_branch = part.rows.get(occurrence).is_some_and(|rows| rows.is_branch);
                is_branch && gave.is_some_and(|gave| !gave.contains(&occurrence))
            };
            for leaf in &info.leaves {
                for origin in part.planned.columns().get(*leaf).map_or(&[][..], |column| &column.origins) {
                    if origin.occurrence.is_some_and(is_other_branch) {
                        continue;
                    }
                    if !named.contains(&(origin.sheet.as_str(), origin.column.as_str())) {
                        named.push((&origin.sheet, &origin.column));
                    }
                }
            }
            for (table, column) in named {
                let of_table = link.rows.iter().find(|(name, _)| is_same(name, table));
                for row in of_table.map_or(&[][..], |(_, rows)| rows) {
                    let key = (table.to_owned(), *row);
                    if !rows.contains_key(&key) {
                        let corrections = sources.corrections(grant, source, table, *row)?;
                        rows.insert(key.clone(), (sources.row(grant, source, table, *row)?, corrections));
                    }
                    let (found, corrections) = &rows[&key];
                    let cell = found.cells.iter().find(|(name, _)| is_same(name, column));
                    cells.push(CellOrigin {
                        table: table.to_owned(),
                        column: column.to_owned(),
                        source_row: *row,
                        cell: cell.and_then(|(_, cell)| cell.clone()),
                        file: found.file.clone(),
                        row: found.number,
                        delivery: found.delivery,
                        arrival: found.arrival,
                        corrected: corrected(corrections, column, as_of_us),
                    });
                }
            }
            out.push(ElementLineage {
                path: info.path.clone(),
                function: info.function.map(str::to_owned),
                sql: info.sql.clone(),
                place: (planned.file_of(info.part).to_owned(), info.place.line, info.place.column),
                cells,
            });
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_asked_for_by_itself_and_by_what_is_in_it_or_around_it() {
        assert!(is_asked("valueQuantity", "valueQuantity.value"));
        assert!(is_asked("component[].valueQuantity", "component[1].valueQuantity.value"));
        assert!(is_asked("code.coding[0].code", "code"));
        assert!(is_asked("extension[https://x.org/a.b].valueString", "extension"));
        assert!(is_asked("value", "valueQuantity.value"));
        assert!(is_asked("valueQuantity", "value"));
        assert!(!is_asked("valueQuantity", "valueString"));
        assert!(!is_asked("status", "statusReason"));
    }
}
