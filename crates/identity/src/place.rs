//! Where people live, as far as it tells them apart.

use crate::distance::distance;
use fhir::json::Tree;
use fhir::search::fold;

/// An address: its lines, and the code or city of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    line: String,
    place: String,
}

/// Letters of a line that may be wrong.
const SLIPS: usize = 2;

impl Place {
    /// Of a FHIR `Address`; `None` without a line.
    pub(crate) fn of(address: &Tree) -> Option<Place> {
        let said = |name: &str| address.get(name).and_then(Tree::as_str).unwrap_or_default();
        let lines = address.get("line").map_or(&[][..], Tree::items).iter().filter_map(Tree::as_str);
        let line = bare(&lines.collect::<Vec<_>>().join(" "));
        let line = if line.is_empty() { bare(said("text")) } else { line };
        let code = bare(said("postalCode"));
        let place = if code.is_empty() { bare(said("city")) } else { code };
        (line.chars().count() >= 4).then_some(Place { line, place })
    }

    /// `Some(true)` if both are one, `Some(false)` if nearly so.
    pub(crate) fn agrees(&self, other: &Place) -> Option<bool> {
        let is_there = self.place.is_empty() || other.place.is_empty() || self.place == other.place;
        if self.line == other.line {
            return Some(is_there);
        }
        (is_there && distance(&self.line, &other.line, SLIPS).is_some()).then_some(false)
    }
}

fn bare(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}
