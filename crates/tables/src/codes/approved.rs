//! What people approved, laid over a map: `codes/MAP.approved.csv` and `units/MAP.approved.csv`.
//!
//! Such a file has the lines of a map. Values that it names are what it says, whatever the map says of them; all others are as they were. What
//! is approved through the program comes as `codes/MAP.approved-here.csv`, made anew each time, and lies over both.

use super::map::{Builder, Line};
use super::{CodeMap, LoadError, UnitMap};

/// What the stem of such a file of a mapping ends in.
const ENDING: &str = ".approved";
/// The same of what is approved through the program: it sorts, and lies, behind the other.
const HERE: &str = ".approved-here";

/// The map that a file of approved lines is laid over, by the stem of its name.
pub fn approved_for(stem: &str) -> Option<&str> {
    stem.strip_suffix(ENDING).or_else(|| stem.strip_suffix(HERE)).filter(|map| !map.is_empty())
}

/// The file of what was approved for a map through the program.
pub fn approved_file(folder: &str, map: &str) -> String {
    format!("{folder}/{map}{HERE}.csv")
}

/// Whether a file is one that the program makes of approvals.
pub fn is_approved_here(path: &str) -> bool {
    path.strip_suffix(".csv").is_some_and(|stem| stem.ends_with(HERE))
}

impl CodeMap {
    /// The map with what was approved over it.
    pub(super) fn with_approved(&self, approved: &CodeMap) -> Result<CodeMap, Vec<LoadError>> {
        let mut builder = Builder::new(self.name(), self.file());
        builder.otherwise = self.otherwise_kept();
        let mut add = |map: &CodeMap, is_replaced: &dyn Fn(&str) -> bool| {
            for source in map.sources().iter().filter(|source| !is_replaced(&source.text)) {
                let line = |target| Line {
                    place: (source.line, 1),
                    source: source.text.clone(),
                    source_system: source.system.clone().or_else(|| self.source_system().map(str::to_owned)),
                    source_display: source.display.clone(),
                    target,
                };
                let targets = map.targets(source);
                if targets.is_empty() {
                    builder.lines.push(line(None));
                }
                builder.lines.extend(targets.iter().map(|target| line(Some(target.clone()))));
            }
        };
        add(self, &|text| approved.sources().iter().any(|source| source.text == text));
        add(approved, &|_| false);
        builder.finish()
    }
}

impl UnitMap {
    /// The map with what was approved over it.
    pub(super) fn with_approved(&self, approved: &UnitMap) -> UnitMap {
        let mut map = self.clone();
        for source in approved.sources() {
            if let Some(target) = approved.lookup(source) {
                map.put(source, target.clone());
            }
        }
        map
    }
}
