//! One table, row by row: its columns, and which of them together tell its rows apart.

use super::column::{ColumnProfile, ColumnProfiler, Lacks};
use super::names::{Role, Topic, is_id, role_of, topics_of};
use super::sample::Once;

/// Hashes that are remembered to know whether a value comes twice, of all columns of a table together.
const REMEMBERED: usize = 4 << 20;
/// Rows by which columns are chosen that may be a key together.
const LOOKED_AT: usize = 4_096;
/// Columns that keys are looked for among, keys of several columns that are followed, and columns of a key.
const KEY_COLUMNS: usize = 24;
const FOLLOWED: usize = 12;

/// A table that is being read.
pub(super) struct TableProfiler {
    names: Vec<String>,
    columns: Vec<ColumnProfiler>,
    room: usize,
    rows: u64,
    /// Hashes of the first rows, until it is known what to follow.
    first: Vec<Vec<Option<u64>>>,
    followed: Vec<(Vec<usize>, Once)>,
    row: Vec<Option<u64>>,
}

/// A table that was read.
#[derive(Clone, Debug)]
pub struct TableProfile {
    /// Its name.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// Whether it is text in some encoding.
    pub(super) is_text: bool,
    /// Whether another table has its name, so that a mapping must name its file.
    pub needs_file: bool,
    /// Its rows.
    pub rows: u64,
    /// Rows that are none, and the first reason.
    pub bad: u64,
    /// What is wrong with the first of these.
    pub bad_example: Option<String>,
    /// Its columns.
    pub columns: Vec<ColumnProfile>,
    /// Columns that tell its rows apart, the likeliest first.
    pub keys: Vec<Key>,
}

/// Columns that tell the rows of a table apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Their names.
    pub columns: Vec<String>,
    /// Whether all rows were compared; otherwise some.
    pub exact: bool,
    /// What it lacks, if it is only nearly one: rows that were mistyped.
    pub lacks: Option<Lacks>,
}

/// How well a column serves as a key, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Its name says so.
    Named,
    /// Its name says so, and nearly all rows.
    NearlyNamed,
    /// Its values are such.
    ByValues,
    /// A national number: somebody has none, or two.
    National,
}

impl TableProfiler {
    pub(super) fn new(names: &[String]) -> TableProfiler {
        TableProfiler {
            columns: names.iter().map(|_| ColumnProfiler::new(names.len())).collect(),
            names: names.to_vec(),
            room: REMEMBERED,
            rows: 0,
            first: Vec::new(),
            followed: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Takes a row.
    pub(super) fn add<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>) {
        self.row.clear();
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.row.push(column.add(cell, &mut self.room));
        }
        self.rows += 1;
        if self.rows <= LOOKED_AT as u64 {
            self.first.push(self.row.iter().take(KEY_COLUMNS).copied().collect());
            if self.rows == LOOKED_AT as u64 {
                self.choose();
            }
            return;
        }
        for (columns, once) in &mut self.followed {
            if let Some(hash) = together(&self.row, columns) {
                once.add(hash, &mut self.room);
            }
        }
    }

    /// Chooses which columns may be a key together, by the first rows.
    fn choose(&mut self) {
        let first = std::mem::take(&mut self.first);
        let width = self.names.len().min(KEY_COLUMNS);
        let distinct = |columns: &[usize]| {
            let mut seen = std::collections::HashSet::new();
            let mut complete = true;
            for row in &first {
                match together(row, columns) {
                    Some(hash) => {
                        seen.insert(hash);
                    }
                    None => complete = false,
                }
            }
            (seen.len(), complete)
        };
        let alone: Vec<(usize, usize)> = (0..width)
            .filter_map(|column| Some((column, distinct(&[column]))).filter(|(_, (_, complete))| *complete))
            .map(|(column, (count, _))| (column, count))
            .collect();
        // One column that is a key by itself makes others needless; it may still turn out to be none.
        if alone.iter().any(|(_, count)| *count == first.len() && first.len() == 1) {
            return;
        }
        let is_key = |columns: &[usize]| distinct(columns) == (first.len(), true);
        let several: Vec<usize> =
            alone.iter().filter(|(_, count)| *count > 1 && *count < first.len()).map(|(column, _)| *column).collect();
        let mut chosen: Vec<Vec<usize>> = Vec::new();
        for (at, a) in several.iter().enumerate() {
            for b in &several[at + 1..] {
                if chosen.len() < FOLLOWED && is_key(&[*a, *b]) {
                    chosen.push(vec![*a, *b]);
                }
            }
        }
        if chosen.is_empty() {
            'three: for (at, a) in several.iter().enumerate().take(10) {
                for (next, b) in several.iter().enumerate().take(10).skip(at + 1) {
                    for c in several.iter().take(10).skip(next + 1) {
                        if chosen.len() == FOLLOWED {
                            break 'three;
                        }
                        if is_key(&[*a, *b, *c]) {
                            chosen.push(vec![*a, *b, *c]);
                        }
                    }
                }
            }
        }
        for columns in chosen {
            let mut once = Once::new();
            for row in &first {
                if let Some(hash) = together(row, &columns) {
                    once.add(hash, &mut self.room);
                }
            }
            self.followed.push((columns, once));
        }
    }

    pub(super) fn end(mut self, name: &str, file: &str, bad: u64, bad_example: Option<String>) -> TableProfile {
        if !self.first.is_empty() {
            self.choose();
        }
        let columns: Vec<ColumnProfile> =
            self.columns.into_iter().zip(&self.names).map(|(column, name)| column.end(name)).collect();
        let mut keys = keys_of_one(name, &columns);
        if keys.is_empty() {
            let is_person = is_about_persons(&columns);
            let whole = |columns_of: &[usize]| {
                let mut of = columns_of.iter().map(|at| &columns[*at]);
                of.all(|column| column.values() == column.rows && !is_own(column, is_person))
            };
            for (of, once) in &self.followed {
                if whole(of) && once.is_once() == Some(true) {
                    let columns = of.iter().map(|at| self.names[*at].clone()).collect();
                    keys.push(Key { columns, exact: true, lacks: None });
                }
            }
            let ids = |key: &Key| key.columns.iter().filter(|name| !is_id(&name.to_lowercase())).count();
            keys.sort_by_key(ids);
        }
        TableProfile {
            name: name.to_owned(),
            file: file.to_owned(),
            is_text: false,
            needs_file: false,
            rows: self.rows,
            bad,
            bad_example,
            columns,
            keys,
        }
    }
}

impl Key {
    /// In words what it lacks, if it is only nearly one: "1 value repeats, 2 are empty".
    pub fn lacks_in_words(&self) -> Option<String> {
        let Lacks { repeats, empty } = self.lacks?;
        let mut parts = Vec::new();
        match repeats {
            0 => {}
            1 => parts.push("1 value repeats".to_owned()),
            many => parts.push(format!("{many} values repeat")),
        }
        match empty {
            0 => {}
            1 => parts.push("1 is empty".to_owned()),
            many => parts.push(format!("{many} are empty")),
        }
        Some(parts.join(", "))
    }
}

impl TableProfile {
    /// Whether a column tells its rows apart, or nearly.
    pub(super) fn is_told_apart_by(&self, column: &str) -> bool {
        let alone = |key: &Key| matches!(key.columns.as_slice(), [only] if only == column);
        self.keys.iter().any(alone) || self.column(column).is_some_and(ColumnProfile::is_key)
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Columns that tell rows apart each by itself, the likeliest first; the best of those that nearly do, where its name says more than the
/// others' do.
fn keys_of_one(table: &str, columns: &[ColumnProfile]) -> Vec<Key> {
    let is_person = is_about_persons(columns);
    let rank = |column: &ColumnProfile| {
        let role = role_of(&column.name);
        if role == Some(Role::National) {
            return Rank::National;
        }
        let is_named = is_id(&column.name.to_lowercase()) || matches!(role, Some(Role::Patient | Role::Encounter));
        match (is_named, column.is_key()) {
            (true, true) => Rank::Named,
            (true, false) => Rank::NearlyNamed,
            (false, _) => Rank::ByValues,
        }
    };
    let mut keys: Vec<(Rank, Key)> = columns
        .iter()
        .filter(|column| column.is_key() && !is_measure(column) && !is_own(column, is_person))
        .map(|column| {
            let key = Key { columns: vec![column.name.clone()], exact: column.once == Some(true), lacks: None };
            (rank(column), key)
        })
        .collect();
    // A number of visits is finer than one of patients, but in a table of patients.
    let topics = topics_of(table);
    let is_of_patients = topics.contains(&Topic::Patients) || (is_person && !topics.contains(&Topic::Encounters));
    let preferred = if is_of_patients { Role::Patient } else { Role::Encounter };
    let nearly = columns.iter().filter_map(|column| Some((column, column.nearly()?)));
    let nearly = nearly
        .filter(|(column, _)| rank(column) == Rank::NearlyNamed && !is_measure(column) && !is_own(column, is_person))
        .min_by_key(|(column, lacks)| (role_of(&column.name) != Some(preferred), lacks.repeats + lacks.empty));
    if keys.iter().all(|(rank, _)| *rank > Rank::NearlyNamed) {
        keys.extend(nearly.map(|(column, lacks)| {
            let exact = column.once.is_some();
            (Rank::NearlyNamed, Key { columns: vec![column.name.clone()], exact, lacks: Some(lacks) })
        }));
    }
    keys.sort_by_key(|(rank, _)| *rank);
    keys.into_iter().map(|(_, key)| key).collect()
}

/// Whether rows are persons, as their columns say.
fn is_about_persons(columns: &[ColumnProfile]) -> bool {
    columns.iter().any(|column| role_of(&column.name) == Some(Role::Birth))
}

/// Whether a column is of amounts, moments or words, which may differ by accident.
fn is_measure(column: &ColumnProfile) -> bool {
    column.is_dates() || column.numbers.as_ref().is_some_and(|numbers| numbers.decimals > 0) || column.lengths.1 > 64
}

/// Whether a column is a person's own: a name, a telephone, an address. Such things are no key, even where no two are the same yet.
fn is_own(column: &ColumnProfile, is_person: bool) -> bool {
    let role = role_of(&column.name);
    let is_named = is_id(&column.name.to_lowercase());
    role.is_some_and(Role::is_personal)
        || (role.is_some_and(Role::is_of_address) && (is_person || !is_named))
        || (is_person && role == Some(Role::Label))
        || (column.looks_like_telephones() && !is_named)
}

/// The hash of several cells; none if one has no value.
fn together(row: &[Option<u64>], columns: &[usize]) -> Option<u64> {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for column in columns {
        hash = (hash ^ (*row.get(*column)?)?).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31);
    }
    Some(hash)
}
