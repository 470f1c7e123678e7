//! One code map.

#[cfg(test)]
mod tests;

use super::csv::{self, Cell};
use super::{Equivalence, LoadError, fold_code, misspelled_system, nearest, urn_part};
use fhir::primitive::{is_code, is_uri};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

/// What lines are made of, then what people write down beside them.
pub(super) const COLUMNS: [&str; 10] = [
    "source",
    "system",
    "code",
    "display",
    "equivalence",
    "source_system",
    "source_display",
    "note",
    "approved_by",
    "approved_at",
];

/// From the codes of a source to those of other systems.
#[derive(Clone, Debug)]
pub struct CodeMap {
    name: String,
    file: String,
    exact: HashMap<Box<str>, u32>,
    /// Spellings that are told apart by nothing that counts, and belong to one source.
    folded: HashMap<Box<str>, u32>,
    sources: Vec<MapSource>,
    targets: Vec<MapTarget>,
    /// The system of all sources, if they have one.
    source_system: Option<String>,
    /// What becomes of a value that is not in the map.
    otherwise: Otherwise,
}

/// What becomes of a value that is not in the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Otherwise {
    /// It is unmapped.
    #[default]
    Nothing,
    /// It has this target.
    Fixed(MapTarget),
    /// It is a code of this system as it is.
    Same(String),
}

/// A value of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSource {
    /// As it is written in the map.
    pub text: String,
    /// Its own system.
    pub system: Option<String>,
    /// What the source shows for it.
    pub display: Option<String>,
    /// Where it first stands in the file.
    pub line: u32,
    targets: Range<u32>,
}

/// A target of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct MapTarget {
    /// System URI.
    pub system: String,
    /// Code.
    pub code: String,
    /// Display.
    pub display: Option<String>,
    /// How near it is.
    pub equivalence: Equivalence,
    /// Where it stands in the file.
    pub line: u32,
}

/// A line of a map before lines of one source are put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub place: (u32, u32),
    pub source: String,
    pub source_system: Option<String>,
    pub source_display: Option<String>,
    pub target: Option<MapTarget>,
}

impl CodeMap {
    pub(super) fn from_csv(name: &str, file: &str, text: &str) -> Result<CodeMap, Vec<LoadError>> {
        let sheet = csv::read(file, text, &COLUMNS);
        let mut builder = Builder::new(name, file);
        builder.errors = sheet.errors;
        for row in &sheet.rows {
            let line = builder.line_of(row);
            builder.lines.extend(line);
        }
        builder.finish()
    }

    /// The map with the source's name in the place of `{source}` in addresses of systems.
    pub(crate) fn of_source(self: &Arc<Self>, source: &str) -> Arc<CodeMap> {
        const PLACE: &str = "{source}";
        let mut map = self.clone();
        let named = |system: &Option<String>| system.as_deref().is_some_and(|system| system.contains(PLACE));
        if named(&map.source_system)
            || map.sources.iter().any(|source| named(&source.system))
            || map.targets.iter().any(|target| target.system.contains(PLACE))
        {
            let part = urn_part(source);
            let map = Arc::make_mut(&mut map);
            let sources = map.sources.iter_mut().filter_map(|source| source.system.as_mut());
            let targets = map.targets.iter_mut().map(|target| &mut target.system);
            for system in sources.chain(targets).chain(map.source_system.as_mut()) {
                *system = system.replace(PLACE, &part);
            }
        }
        map
    }

    /// Its name in mappings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The entry of a value: as it is written, else as [`fold_code`] makes it.
    pub fn lookup(&self, text: &str) -> Option<&MapSource> {
        if let Some(at) = self.exact.get(text) {
            return Some(&self.sources[*at as usize]);
        }
        if self.folded.is_empty() {
            return None;
        }
        self.folded.get(fold_code(text).as_str()).map(|at| &self.sources[*at as usize])
    }

    /// The targets of an entry, in the order of the file.
    pub fn targets(&self, source: &MapSource) -> &[MapTarget] {
        &self.targets[source.targets.start as usize..source.targets.end as usize]
    }

    /// The target of values that are not in the map, if it says one; second, the system whose codes they are.
    pub(crate) fn otherwise(&self) -> (Option<&MapTarget>, Option<&str>) {
        match &self.otherwise {
            Otherwise::Nothing => (None, None),
            Otherwise::Fixed(target) => (Some(target), None),
            Otherwise::Same(system) => (None, Some(system)),
        }
    }

    /// What becomes of other values, for a map that is laid over this one.
    pub(super) fn otherwise_kept(&self) -> Otherwise {
        self.otherwise.clone()
    }

    /// The system of all values of the map, if it says one.
    pub fn source_system(&self) -> Option<&str> {
        self.source_system.as_deref()
    }

    /// All values, in the order of the file.
    pub fn sources(&self) -> &[MapSource] {
        &self.sources
    }
}

/// Puts the lines of a file together.
pub(super) struct Builder {
    name: String,
    file: String,
    pub lines: Vec<Line>,
    pub errors: Vec<LoadError>,
    pub otherwise: Otherwise,
}

impl Builder {
    pub fn new(name: &str, file: &str) -> Self {
        Builder {
            name: name.to_owned(),
            file: file.to_owned(),
            lines: Vec::new(),
            errors: Vec::new(),
            otherwise: Otherwise::Nothing,
        }
    }

    pub fn error(&mut self, (line, column): (u32, u32), message: String) {
        self.errors.push(LoadError { file: self.file.clone(), line, column, message });
    }

    fn line_of(&mut self, row: &[Cell]) -> Option<Line> {
        let [source, system, code, display, equivalence, source_system, source_display, ..] = row else { return None };
        let given = |cell: &Cell| Some(cell.text.clone()).filter(|text| !text.is_empty());
        let place = |cell: &Cell| (cell.line, cell.column);
        let before = self.errors.len();
        if source.text.is_empty() {
            self.error(place(source), "the line has no source".to_owned());
        }
        let kind = if equivalence.text.is_empty() {
            Equivalence::default()
        } else {
            self.equivalence(place(equivalence), &equivalence.text).unwrap_or_default()
        };
        let target = match (system.text.as_str(), code.text.as_str()) {
            ("", "") => None,
            (_, "") => {
                if kind.is_translation() {
                    self.error(place(code), "a system without a code".to_owned());
                }
                None
            }
            ("", code) => {
                self.error(place(system), format!("code `{code}` without a system"));
                None
            }
            (address, text) => {
                self.check_system(place(system), address);
                self.check_code(place(code), text);
                Some(MapTarget {
                    system: address.to_owned(),
                    code: text.to_owned(),
                    display: given(display),
                    equivalence: kind,
                    line: code.line,
                })
            }
        };
        if !source_system.text.is_empty() {
            self.check_system(place(source_system), &source_system.text);
        }
        (self.errors.len() == before).then(|| Line {
            place: place(source),
            source: source.text.clone(),
            source_system: given(source_system),
            source_display: given(source_display),
            target,
        })
    }

    pub fn equivalence(&mut self, place: (u32, u32), code: &str) -> Option<Equivalence> {
        let equivalence = Equivalence::named(code);
        if equivalence.is_none() {
            let hint = match nearest(code, Equivalence::codes()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", Equivalence::codes().collect::<Vec<_>>().join(", ")),
            };
            self.error(place, format!("unknown equivalence `{code}`; {hint}"));
        }
        equivalence
    }

    pub fn check_system(&mut self, place: (u32, u32), address: &str) {
        if !is_uri(address) || !address.contains(':') {
            self.error(
                place,
                format!("`{address}` is not a system's address, as `http://loinc.org` or `urn:oid:1.2.3`"),
            );
        } else if let Some(right) = misspelled_system(address) {
            self.error(place, format!("`{address}` is another system than `{right}`, which was meant"));
        }
    }

    pub fn check_code(&mut self, place: (u32, u32), code: &str) {
        if !is_code(code) {
            self.error(place, format!("`{code}` is not a code: it has white space at its ends or in a run"));
        }
    }

    pub fn finish(mut self) -> Result<CodeMap, Vec<LoadError>> {
        let lines = std::mem::take(&mut self.lines);
        let mut exact: HashMap<Box<str>, u32> = HashMap::new();
        let mut sources: Vec<MapSource> = Vec::new();
        let mut targets_of: Vec<Vec<MapTarget>> = Vec::new();
        for line in lines {
            let (number, _) = line.place;
            let at = match exact.entry(line.source.as_str().into()) {
                Entry::Occupied(entry) => *entry.get() as usize,
                Entry::Vacant(entry) => {
                    entry.insert(sources.len() as u32);
                    sources.push(MapSource {
                        text: line.source.clone(),
                        system: line.source_system.clone(),
                        display: line.source_display.clone(),
                        line: number,
                        targets: 0..0,
                    });
                    targets_of.push(Vec::new());
                    sources.len() - 1
                }
            };
            let source = &mut sources[at];
            for (what, kept, new) in [
                ("system", &mut source.system, line.source_system),
                ("display", &mut source.display, line.source_display),
            ] {
                match (&kept, new) {
                    (Some(kept), Some(new)) if *kept != new => {
                        let message = format!(
                            "`{}` has the source {what} `{new}` here and `{kept}` in line {}",
                            line.source, source.line
                        );
                        self.errors.push(LoadError {
                            file: self.file.clone(),
                            line: number,
                            column: line.place.1,
                            message,
                        });
                    }
                    (None, Some(new)) => *kept = Some(new),
                    _ => {}
                }
            }
            let Some(target) = line.target else { continue };
            let same = |before: &&MapTarget| before.system == target.system && before.code == target.code;
            if let Some(before) = targets_of[at].iter().find(same) {
                let message = if before.display == target.display && before.equivalence == target.equivalence {
                    format!("`{}` with code `{}` stands already in line {}", line.source, target.code, before.line)
                } else {
                    format!(
                        "`{}` with code `{}` stands in line {} with another display or equivalence",
                        line.source, target.code, before.line
                    )
                };
                self.error(line.place, message);
                continue;
            }
            targets_of[at].push(target);
        }
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| (error.line, error.column));
            return Err(self.errors);
        }
        let mut targets = Vec::new();
        for (source, of_source) in sources.iter_mut().zip(targets_of) {
            let start = targets.len() as u32;
            targets.extend(of_source);
            source.targets = start..targets.len() as u32;
        }
        let folded = folded(&sources, &targets);
        Ok(CodeMap {
            source_system: one_system(&sources),
            name: self.name,
            file: self.file,
            exact,
            folded,
            sources,
            targets,
            otherwise: self.otherwise,
        })
    }
}

/// The system of all that name one, if that is the same.
fn one_system(sources: &[MapSource]) -> Option<String> {
    let mut systems = sources.iter().filter_map(|source| source.system.as_deref());
    let first = systems.next()?;
    systems.all(|system| system == first).then(|| first.to_owned())
}

/// Folded spellings, but for those under which sources with different targets would meet.
fn folded(sources: &[MapSource], targets: &[MapTarget]) -> HashMap<Box<str>, u32> {
    let same = |a: &MapSource, b: &MapSource| {
        let of = |source: &MapSource| &targets[source.targets.start as usize..source.targets.end as usize];
        let pair = |target: &MapTarget| (target.system.clone(), target.code.clone());
        a.system == b.system && of(a).iter().map(pair).eq(of(b).iter().map(pair))
    };
    let mut folded: HashMap<Box<str>, Option<u32>> = HashMap::new();
    for (at, source) in sources.iter().enumerate() {
        match folded.entry(fold_code(&source.text).into()) {
            Entry::Vacant(entry) => {
                entry.insert(Some(at as u32));
            }
            Entry::Occupied(mut entry) => {
                let differs = entry.get().is_some_and(|first| !same(&sources[first as usize], source));
                if differs {
                    entry.insert(None);
                }
            }
        }
    }
    folded.into_iter().filter_map(|(text, at)| Some((text, at?))).collect()
}
