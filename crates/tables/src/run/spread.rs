//! Which rows a change reaches: edges between tables are followed until nothing is added.
//!
//! Values are compared by hashes without the blanks around them, so that more may be reached than must be, never less.

use crate::error::Error;
use crate::pull::PulledSheet;
use crate::run::identities::Id;
use crate::run::target::packed;
use crate::value::id::derived;
use crate::value::trim;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch, StringViewArray};
use roaring::RoaringTreemap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Keys of references that are remembered while a table is looked through; beyond these each is asked about anew.
const KEYS_KNOWN: usize = 1 << 18;
/// Values that are looked for at once along an edge: where more rows than that are reached in one step, one look at all is as fast.
const VALUES: usize = 4 << 20;

/// A table as it was for the last run and as it is now.
pub(super) struct TwoStates {
    pub(super) before: PulledSheet,
    pub(super) now: Arc<PulledSheet>,
    /// Rows that are not the same in both.
    pub(super) changed: RoaringTreemap,
    /// All rows of both, and again those that were corrected otherwise.
    both: Vec<PulledSheet>,
}

impl TwoStates {
    pub(super) fn new(before: PulledSheet, now: Arc<PulledSheet>) -> TwoStates {
        let corrected = now.corrected_otherwise(&before);
        let changed = &*before.alive() ^ &*now.alive();
        let all = &*before.alive() | &*now.alive();
        let mut both = vec![PulledSheet::clone(&now).with_rows(all)];
        let corrected_before = &corrected & &*before.alive();
        if !corrected_before.is_empty() {
            both.push(before.clone().with_rows(corrected_before));
        }
        let changed = changed | (corrected & &*now.alive());
        TwoStates { before, now, changed, both }
    }

    /// Tells rows of both with some of their cells; of all rows, or of these.
    fn each(
        &self,
        columns: &[usize],
        of: Option<&RoaringTreemap>,
        with: &mut dyn FnMut(&[&StringViewArray], &[u64]),
    ) -> Result<(), Error> {
        let row = self.now.schema().fields().len() - 1;
        let asked: Vec<usize> = columns.iter().copied().chain([row]).collect();
        for sheet in &self.both {
            let sheet = match of {
                Some(rows) => sheet.clone().with_rows(rows & &*sheet.alive()),
                None => sheet.clone(),
            };
            for part in 0..sheet.parts() {
                for batch in sheet.scan(part, &asked)? {
                    let batch: RecordBatch = batch?;
                    let cells: Vec<&StringViewArray> =
                        (0..columns.len()).map(|at| batch.column(at).as_string_view()).collect();
                    with(&cells, batch.column(columns.len()).as_primitive::<UInt64Type>().values());
                }
            }
        }
        Ok(())
    }
}

/// A place where a table is read, by the number of the table.
pub(super) type Node = usize;

/// Rows of `to` that have in these columns what rows of `from` have there are reached. Without columns: what is reached cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: Node,
    pub(super) to: Node,
    pub(super) columns: Vec<(usize, usize)>,
    pub(super) nulls: bool,
}

impl Edge {
    pub(super) fn turned(&self) -> Edge {
        let columns = self.columns.iter().map(|(from, to)| (*to, *from)).collect();
        Edge { from: self.to, to: self.from, columns, nulls: self.nulls }
    }
}

/// Rows that refer to resources which are there now and were not, or the other way round.
pub(super) struct Referring<'r> {
    pub(super) to: Node,
    pub(super) source: &'r str,
    pub(super) target: &'r str,
    /// What the key is made of.
    pub(super) keys: Vec<KeyPart>,
    pub(super) ids: &'r HashSet<Id>,
}

/// A value of a key.
pub(super) enum KeyPart {
    Constant(String),
    Column(usize),
}

/// What is reached.
pub(super) enum Reached {
    /// Rows, by place.
    Rows(Vec<RoaringTreemap>),
    /// An edge without columns leads from rows of this place.
    Untold(Node),
    /// More than is worth following.
    TooMuch,
}

/// Tables, and the places where they are read.
pub(super) struct Places<'w> {
    pub(super) tables: &'w [TwoStates],
    /// The table of each place.
    pub(super) nodes: &'w [usize],
}

impl Places<'_> {
    /// Follows edges from rows, until nothing is added or `is_too_much` says so of what is reached.
    pub(super) fn follow(
        &self,
        mut fresh: Vec<RoaringTreemap>,
        edges: &[Edge],
        referring: &[Referring<'_>],
        is_too_much: &dyn Fn(&[RoaringTreemap]) -> bool,
    ) -> Result<Reached, Error> {
        let mut reached = fresh.clone();
        let mut searched: Vec<HashSet<u64>> = vec![HashSet::new(); edges.len()];
        let mut refers: Vec<&Referring<'_>> = referring.iter().collect();
        loop {
            let mut wanted: Vec<(usize, HashSet<u64>)> = Vec::new();
            for (at, edge) in edges.iter().enumerate().filter(|(_, edge)| !fresh[edge.from].is_empty()) {
                if edge.columns.is_empty() {
                    return Ok(Reached::Untold(edge.from));
                }
                let Some(mut values) = self.values(edge, &fresh[edge.from])? else { return Ok(Reached::TooMuch) };
                values.retain(|value| searched[at].insert(*value));
                if searched[at].len() > VALUES {
                    return Ok(Reached::TooMuch);
                }
                if !values.is_empty() {
                    wanted.push((at, values));
                }
            }
            fresh.iter_mut().for_each(RoaringTreemap::clear);
            for table in 0..self.tables.len() {
                let is_here = |node: Node| self.nodes[node] == table;
                let mut looks: Vec<Look<'_>> = Vec::new();
                for (at, values) in &wanted {
                    let edge = &edges[*at];
                    if is_here(edge.to) {
                        let columns = edge.columns.iter().map(|(_, to)| *to).collect();
                        looks.push(Look::new(edge.to, columns, Wanted::Values(values, edge.nulls)));
                    }
                }
                for refers in refers.iter().filter(|refers| is_here(refers.to)) {
                    let columns = refers.keys.iter().filter_map(|key| match key {
                        KeyPart::Column(column) => Some(*column),
                        KeyPart::Constant(_) => None,
                    });
                    looks.push(Look::new(refers.to, columns.collect(), Wanted::Ids(refers, HashMap::new())));
                }
                if !looks.is_empty() {
                    self.look(table, &mut looks)?;
                }
                for look in looks {
                    let new = look.found - &reached[look.node];
                    reached[look.node] |= &new;
                    fresh[look.node] |= new;
                }
            }
            refers.clear();
            if is_too_much(&reached) {
                return Ok(Reached::TooMuch);
            }
            if fresh.iter().all(RoaringTreemap::is_empty) {
                return Ok(Reached::Rows(reached));
            }
        }
    }

    /// The values of rows where an edge begins; nothing if they are too many.
    fn values(&self, edge: &Edge, rows: &RoaringTreemap) -> Result<Option<HashSet<u64>>, Error> {
        let columns: Vec<usize> = edge.columns.iter().map(|(from, _)| *from).collect();
        let (mut values, mut text) = (HashSet::new(), Vec::new());
        self.tables[self.nodes[edge.from]].each(&columns, Some(rows), &mut |cells, numbers| {
            // What is beyond the bound is not used.
            if values.len() <= VALUES {
                (0..numbers.len()).for_each(|row| values.extend(value(cells, row, edge.nulls, &mut text)));
            }
        })?;
        Ok((values.len() <= VALUES).then_some(values))
    }

    /// Reads a table once for all that is looked for in it.
    fn look(&self, table: usize, looks: &mut [Look<'_>]) -> Result<(), Error> {
        let mut columns: Vec<usize> = looks.iter().flat_map(|look| look.columns.iter().copied()).collect();
        columns.sort_unstable();
        columns.dedup();
        let at = |column: &usize| columns.binary_search(column).unwrap_or_default();
        let places: Vec<Vec<usize>> = looks.iter().map(|look| look.columns.iter().map(at).collect()).collect();
        let mut text = Vec::new();
        self.tables[table].each(&columns, None, &mut |cells, numbers| {
            for (look, places) in looks.iter_mut().zip(&places) {
                let own: Vec<&StringViewArray> = places.iter().map(|at| cells[*at]).collect();
                for (row, number) in numbers.iter().enumerate() {
                    if look.wanted.has(&own, row, &mut text) {
                        look.found.insert(*number);
                    }
                }
            }
        })
    }
}

/// What is looked for in a table.
struct Look<'l> {
    node: Node,
    columns: Vec<usize>,
    wanted: Wanted<'l>,
    found: RoaringTreemap,
}

enum Wanted<'l> {
    Values(&'l HashSet<u64>, bool),
    /// With what is known of some keys by their hashes.
    Ids(&'l Referring<'l>, HashMap<u64, bool>),
}

impl<'l> Look<'l> {
    fn new(node: Node, columns: Vec<usize>, wanted: Wanted<'l>) -> Look<'l> {
        Look { node, columns, wanted, found: RoaringTreemap::new() }
    }
}

impl Wanted<'_> {
    fn has(&mut self, cells: &[&StringViewArray], row: usize, text: &mut Vec<u8>) -> bool {
        match self {
            Wanted::Values(values, nulls) => {
                value(cells, row, *nulls, text).is_some_and(|value| values.contains(&value))
            }
            Wanted::Ids(refers, known) => {
                let Some(value) = value(cells, row, false, text) else { return false };
                if let Some(is) = known.get(&value) {
                    return *is;
                }
                let mut next = cells.iter();
                let keys = refers.keys.iter().map(|key| match key {
                    KeyPart::Constant(text) => text.as_str(),
                    KeyPart::Column(_) => next.next().map_or("", |cells| cells.value(row)),
                });
                let keys: Vec<&str> = keys.collect();
                let is =
                    packed(&derived(refers.source, refers.target, &keys)).is_none_or(|id| refers.ids.contains(&id));
                if known.len() < KEYS_KNOWN {
                    known.insert(value, is);
                }
                is
            }
        }
    }
}

/// The cells of a row as one number; none if one of them has no value, unless those without belong together.
fn value(cells: &[&StringViewArray], row: usize, nulls: bool, text: &mut Vec<u8>) -> Option<u64> {
    text.clear();
    for cells in cells {
        if cells.is_valid(row) {
            let cell = trim(cells.value(row));
            text.extend_from_slice(&(cell.len() as u32).to_le_bytes());
            text.extend_from_slice(cell.as_bytes());
        } else if nulls {
            text.extend_from_slice(&u32::MAX.to_le_bytes());
        } else {
            return None;
        }
    }
    Some(twox_hash::xxhash3_64::Hasher::oneshot(text))
}
