//! One unit map.

use super::csv::{self, Cell};
use super::{LoadError, fold_unit};
use std::collections::HashMap;

/// From the units of a source, as they are spelled there, to UCUM.
#[derive(Clone, Debug)]
pub struct UnitMap {
    name: String,
    file: String,
    exact: HashMap<Box<str>, u32>,
    folded: HashMap<Box<str>, u32>,
    targets: Vec<UnitTarget>,
    sources: Vec<String>,
}

/// What a unit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitTarget {
    /// Its UCUM code; none if it is known to have none.
    pub ucum: Option<String>,
    /// How it is shown; else as the source spells it.
    pub display: Option<String>,
    /// Where it stands in the file.
    pub line: u32,
}

/// Columns of a unit map's file, by their names.
pub(super) const COLUMNS: [&str; 6] = ["source", "ucum", "display", "note", "approved_by", "approved_at"];

impl UnitMap {
    pub(super) fn from_csv(name: &str, file: &str, text: &str) -> Result<UnitMap, Vec<LoadError>> {
        let sheet = csv::read(file, text, &COLUMNS);
        let mut errors = sheet.errors;
        let mut error = |cell: &Cell, message: String| {
            errors.push(LoadError { file: file.to_owned(), line: cell.line, column: cell.column, message });
        };
        let mut map = UnitMap {
            name: name.to_owned(),
            file: file.to_owned(),
            exact: HashMap::new(),
            folded: HashMap::new(),
            targets: Vec::new(),
            sources: Vec::new(),
        };
        for row in &sheet.rows {
            let [source, ucum, display, ..] = &row[..] else { continue };
            if source.text.is_empty() {
                error(source, "the line has no source".to_owned());
                continue;
            }
            if !ucum.text.is_empty() && fhir::ucum::Unit::parse(&ucum.text).is_none() {
                let message = format!(
                    "`{}` is not a UCUM code that is known; leave it empty to keep the unit as text only",
                    ucum.text
                );
                error(ucum, message);
                continue;
            }
            let given = |cell: &Cell| Some(cell.text.clone()).filter(|text| !text.is_empty());
            let target = UnitTarget { ucum: given(ucum), display: given(display), line: source.line };
            let at = map.targets.len() as u32;
            if let Some(before) = map.exact.get(source.text.as_str()) {
                let before = &map.targets[*before as usize];
                error(source, format!("`{}` stands already in line {}", source.text, before.line));
                continue;
            }
            let folded = fold_unit(&source.text);
            match map.folded.get(folded.as_ref()).map(|before| &map.targets[*before as usize]) {
                Some(before) if before.ucum != target.ucum => {
                    let message = format!(
                        "`{}` is a spelling of the unit in line {}, which has another code",
                        source.text, before.line
                    );
                    error(source, message);
                    continue;
                }
                Some(_) => {}
                None => {
                    map.folded.insert(folded.into(), at);
                }
            }
            map.exact.insert(source.text.as_str().into(), at);
            map.targets.push(target);
            map.sources.push(source.text.clone());
        }
        if errors.is_empty() { Ok(map) } else { Err(errors) }
    }

    /// Its name in mappings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What a unit is: as it is written, else as [`fold_unit`] makes it.
    pub fn lookup(&self, text: &str) -> Option<&UnitTarget> {
        let at = self.exact.get(text).or_else(|| self.folded.get(fold_unit(text).as_ref()))?;
        Some(&self.targets[*at as usize])
    }

    /// Says what a spelling is, whatever was said of it.
    pub(super) fn put(&mut self, source: &str, target: UnitTarget) {
        let at = self.targets.len() as u32;
        self.targets.push(target);
        if self.exact.insert(source.into(), at).is_none() {
            self.sources.push(source.to_owned());
        }
        self.folded.insert(fold_unit(source).into(), at);
    }

    /// Its spellings, in the order of the file.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let text =
            "source,ucum\nmg/dl,mg/dL\nmg/dl,mg/dL\nmmHg,mmHgg\n×10^9/L,10*9/L\n10⁹/L,10*6/L\n,g\n10^9/L,10*9/L\n";
        let errors = UnitMap::from_csv("u", "units/u.csv", text).unwrap_err();
        expect_test::expect![[r#"
            units/u.csv:3:1: `mg/dl` stands already in line 2
            units/u.csv:4:6: `mmHgg` is not a UCUM code that is known; leave it empty to keep the unit as text only
            units/u.csv:6:1: `10⁹/L` is a spelling of the unit in line 5, which has another code
            units/u.csv:7:1: the line has no source"#]]
        .assert_eq(&errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}
