//! Code maps and unit maps: what a source's codes and units are in the terms of the world.
//!
//! Pure: maps are loaded from the text of their files ([`CodeMaps::add_csv`], [`CodeMaps::add_concept_map`],
//! [`UnitMaps::add_csv`]); what is wrong in them is told with file, line and column. A map is looked up as it is written first;
//! only then are differences looked over that never tell two codes apart ([`fold_code`], [`fold_unit`]).

mod approved;
mod concept_map;
mod csv;
mod equivalence;
mod map;
mod nearest;
mod spelling;
mod suggest;
mod systems;
#[cfg(test)]
mod tests;
mod units;
mod used;

pub use approved::{approved_file, approved_for, is_approved_here};
pub use equivalence::Equivalence;
pub use map::{CodeMap, MapSource, MapTarget};
pub use nearest::nearest;
pub use spelling::{fold_code, fold_unit};
pub use suggest::{ASKED, Asked, Concept, Found, Suggester, Suggestion, Vocabulary, Why, code_forms};
pub use units::{UnitMap, UnitTarget};
pub use used::{MapLine, MapUsed, maps_used};

pub(crate) use systems::{misspelled_system, urn_part};

use std::collections::BTreeMap;
use std::sync::Arc;

/// What is wrong in a map's file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// The code maps of a mapping.
#[derive(Clone, Debug, Default)]
pub struct CodeMaps {
    maps: BTreeMap<String, Arc<CodeMap>>,
}

impl CodeMaps {
    /// Adds a map from a CSV file: columns `source,system,code,display,equivalence,source_system,source_display` by their names,
    /// `source` and what is needed of the others, and `note,approved_by,approved_at` for people. Several lines may have one
    /// source.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn add_csv(&mut self, name: &str, file: &str, text: &str) -> Result<(), Vec<LoadError>> {
        self.add(CodeMap::from_csv(name, file, text)?)
    }

    /// Adds a map from a FHIR R4 ConceptMap in JSON.
    ///
    /// # Errors
    /// Everything that is wrong in the file, and what of ConceptMaps is not understood.
    pub fn add_concept_map(&mut self, name: &str, file: &str, json: &str) -> Result<(), Vec<LoadError>> {
        self.add(CodeMap::from_concept_map(name, file, json)?)
    }

    /// Lays what was approved over the map `name`, from the CSV of a file `codes/NAME.approved.csv`.
    ///
    /// # Errors
    /// Everything that is wrong in the file, or that there is no such map.
    pub fn add_approved(&mut self, name: &str, file: &str, text: &str) -> Result<(), Vec<LoadError>> {
        let approved = CodeMap::from_csv(name, file, text)?;
        let Some(map) = self.maps.get(name) else { return Err(vec![no_map(name, file)]) };
        let laid = map.with_approved(&approved)?;
        self.maps.insert(name.to_owned(), Arc::new(laid));
        Ok(())
    }

    fn add(&mut self, map: CodeMap) -> Result<(), Vec<LoadError>> {
        if let Some(before) = self.maps.get(map.name()) {
            let message = format!("code map `{}` is already in {}", map.name(), before.file());
            return Err(vec![LoadError { file: map.file().to_owned(), line: 1, column: 1, message }]);
        }
        self.maps.insert(map.name().to_owned(), Arc::new(map));
        Ok(())
    }

    /// The map of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<CodeMap>> {
        self.maps.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.maps.keys().map(String::as_str)
    }
}

fn no_map(name: &str, file: &str) -> LoadError {
    let message = format!("there is no map `{name}` that this could be laid over");
    LoadError { file: file.to_owned(), line: 1, column: 1, message }
}

/// The unit maps of a mapping.
#[derive(Clone, Debug, Default)]
pub struct UnitMaps {
    maps: BTreeMap<String, Arc<UnitMap>>,
}

impl UnitMaps {
    /// Adds a map from a CSV file: columns `source,ucum,display` by their names. An empty `ucum` says that the unit has no code.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn add_csv(&mut self, name: &str, file: &str, text: &str) -> Result<(), Vec<LoadError>> {
        let map = UnitMap::from_csv(name, file, text)?;
        self.maps.insert(name.to_owned(), Arc::new(map));
        Ok(())
    }

    /// Lays what was approved over the map `name`, from the CSV of a file `units/NAME.approved.csv`.
    ///
    /// # Errors
    /// Everything that is wrong in the file, or that there is no such map.
    pub fn add_approved(&mut self, name: &str, file: &str, text: &str) -> Result<(), Vec<LoadError>> {
        let approved = UnitMap::from_csv(name, file, text)?;
        let Some(map) = self.maps.get(name) else { return Err(vec![no_map(name, file)]) };
        let laid = map.with_approved(&approved);
        self.maps.insert(name.to_owned(), Arc::new(laid));
        Ok(())
    }

    /// The map of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<UnitMap>> {
        self.maps.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.maps.keys().map(String::as_str)
    }
}
