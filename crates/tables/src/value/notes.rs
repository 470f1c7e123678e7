//! What is worth telling about values that were made: flags, and spellings that no map knows.

use super::Reason;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Different spellings that are counted for one map. A map that lacks more is the wrong map, or none.
const SPELLINGS_MAX: usize = 50_000;
/// UCUM codes that are remembered.
const UCUM_TEXTS_MAX: usize = 1024;

/// Where [`Prepared::make`](super::Prepared::make) says what is not a failure. One for each worker of a run.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Flags of the values made since it was cleared, in kebab case: `time-in-gap`, `identity-check`, `unknown-unit` …
    pub flags: Vec<&'static str>,
    /// What could not be read where another value was taken in its place, or part of a value was kept: a flag's code, and why.
    pub passed_over: Option<Reason>,
    /// What no map knew, counted over the whole run.
    pub unmapped: Unmapped,
    /// Texts that `unit('ucum', …)` was given, taken apart once.
    ucum: HashMap<Box<str>, UcumSpelling>,
}

/// How a text is a UCUM code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UcumSpelling {
    AsItIs,
    /// Once its spelling is made that of UCUM.
    As(Box<str>),
    Unknown,
}

impl Notes {
    pub(super) fn ucum(&mut self, text: &str) -> UcumSpelling {
        if let Some(spelling) = self.ucum.get(text) {
            return spelling.clone();
        }
        let spelling = super::unit::spelling(text);
        if self.ucum.len() < UCUM_TEXTS_MAX {
            self.ucum.insert(text.into(), spelling.clone());
        }
        spelling
    }

    /// Adds a flag, once.
    pub fn flag(&mut self, flag: &'static str) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

/// The two kinds of map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnmappedKind {
    /// `codes/`
    Code,
    /// `units/`
    Unit,
}

/// How often each spelling was met that its map lacks.
#[derive(Clone, Debug, Default)]
pub struct Unmapped {
    maps: Vec<Lacking>,
}

/// What one map lacks.
#[derive(Clone, Debug)]
struct Lacking {
    kind: UnmappedKind,
    map: String,
    spellings: HashMap<Box<str>, Spelling>,
    /// Times that a spelling was met for which there was no room.
    more: u64,
}

#[derive(Clone, Debug)]
struct Spelling {
    display: Option<Box<str>>,
    times: u64,
}

impl Lacking {
    fn add(&mut self, text: &str, display: Option<&str>, times: u64) {
        if let Some(spelling) = self.spellings.get_mut(text) {
            spelling.times += times;
        } else if self.spellings.len() < SPELLINGS_MAX {
            self.spellings.insert(text.into(), Spelling { display: display.map(Box::from), times });
        } else {
            self.more += times;
        }
    }
}

/// A spelling and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Of a code or of a unit.
    pub kind: UnmappedKind,
    /// The map that lacks it.
    pub map: String,
    /// The text, as the source has it; empty for those beyond the number of spellings that are counted apart.
    pub text: String,
    /// What the source showed for it the first time.
    pub display: Option<String>,
    /// How often.
    pub times: u64,
}

impl Unmapped {
    /// A unit that no map knows.
    pub(crate) fn unit(&self) -> Option<&str> {
        let lacking = self.maps.iter().find(|lacking| lacking.kind == UnmappedKind::Unit)?;
        lacking.spellings.keys().next().map(|text| &**text)
    }

    /// Counts a spelling once more.
    pub fn count(&mut self, kind: UnmappedKind, map: &str, text: &str, display: Option<&str>) {
        self.lacking(kind, map).add(text, display, 1);
    }

    fn lacking(&mut self, kind: UnmappedKind, map: &str) -> &mut Lacking {
        // A mapping has few maps: a search in a row is faster than hashing their names.
        let at = self.maps.iter().position(|lacking| lacking.kind == kind && lacking.map == map).unwrap_or_else(|| {
            self.maps.push(Lacking { kind, map: map.to_owned(), spellings: HashMap::new(), more: 0 });
            self.maps.len() - 1
        });
        &mut self.maps[at]
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Unmapped) {
        for lacking in other.maps {
            let mine = self.lacking(lacking.kind, &lacking.map);
            mine.more += lacking.more;
            let room_for_all = mine.spellings.len() + lacking.spellings.len() <= SPELLINGS_MAX;
            let mut spellings: Vec<_> = lacking.spellings.into_iter().collect();
            if !room_for_all {
                // So that what has room does not hang on how a table is hashed.
                spellings.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            }
            for (text, spelling) in spellings {
                mine.add(&text, spelling.display.as_deref(), spelling.times);
            }
        }
    }

    /// What was counted before.
    pub fn of(counted: &[Counted]) -> Unmapped {
        let mut all = Unmapped::default();
        for one in counted {
            let lacking = all.lacking(one.kind, &one.map);
            if one.text.is_empty() {
                lacking.more += one.times;
            } else {
                lacking.add(&one.text, one.display.as_deref(), one.times);
            }
        }
        all
    }

    /// True if every map knew every spelling.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// All spellings, the most frequent first, then by map and text.
    pub fn by_frequency(&self) -> Vec<Counted> {
        let mut all = Vec::new();
        for lacking in &self.maps {
            let counted = |text: &str, display: Option<&str>, times| Counted {
                kind: lacking.kind,
                map: lacking.map.clone(),
                text: text.to_owned(),
                display: display.map(str::to_owned),
                times,
            };
            all.extend(lacking.spellings.iter().map(|(text, s)| counted(text, s.display.as_deref(), s.times)));
            if lacking.more > 0 {
                all.push(counted("", None, lacking.more));
            }
        }
        all.sort_by(|a, b| {
            b.times.cmp(&a.times).then_with(|| (a.kind, &a.map, &a.text).cmp(&(b.kind, &b.map, &b.text)))
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_workers_add_up_and_the_most_frequent_comes_first() {
        let (mut one, mut two) = (Unmapped::default(), Unmapped::default());
        one.count(UnmappedKind::Code, "sex", "未说明", Some("not said"));
        two.count(UnmappedKind::Code, "sex", "X", None);
        two.count(UnmappedKind::Code, "sex", "X", None);
        two.count(UnmappedKind::Unit, "lab", "U", None);
        two.count(UnmappedKind::Code, "sex", "未说明", None);
        one.merge(two);
        let all: Vec<_> = one.by_frequency().into_iter().map(|c| (c.map, c.text, c.display, c.times)).collect();
        let row = |map: &str, text: &str, display: Option<&str>, times| {
            (map.to_owned(), text.to_owned(), display.map(str::to_owned), times)
        };
        assert_eq!(
            all,
            [row("sex", "X", None, 2), row("sex", "未说明", Some("not said"), 2), row("lab", "U", None, 1)]
        );
    }

    #[test]
    fn spellings_without_room_are_counted_together() {
        let mut unmapped = Unmapped::default();
        for at in 0..SPELLINGS_MAX + 5 {
            unmapped.count(UnmappedKind::Code, "m", &at.to_string(), None);
        }
        let all = unmapped.by_frequency();
        assert_eq!((all.len(), all[0].text.as_str(), all[0].times), (SPELLINGS_MAX + 1, "", 5));
        assert_eq!(all.iter().map(|c| c.times).sum::<u64>(), SPELLINGS_MAX as u64 + 5);
    }
}
