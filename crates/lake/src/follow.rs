//! Following the feed: changes become rows of the tail.

use crate::error::Error;
use crate::map::{Map, Position};
use crate::table::{ArrivalRows, Kind, Patients, ResourceRows, RowKey, Table, ViewRows, arrival_row, key_of_arrival};
use crate::tail::{Tail, dead_key};
use access::Grant;
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use records::{ArrivalInfo, ArrivalNo, Change, REDO_DOOR, Records, Row, Seq, Stored, UNDO_DOOR};
use std::collections::HashMap;
use std::sync::Arc;

/// Changes that become rows at once, at most.
const STEP_CHANGES: usize = 2_000;
/// Of these, versions that are read at once.
const READ_VERSIONS: usize = 32;
/// A step ends when it has read so many bytes of resources.
const STEP_BYTES: usize = 16 << 20;
/// Arrivals read at once, at most.
const STEP_ARRIVALS: usize = 2_000;

/// Makes rows of changes. Holds what is needed for it, and no state between steps.
pub(crate) struct Follower {
    pub(crate) records: Arc<Records>,
    pub(crate) grant: Grant,
    pub(crate) tables: Vec<Arc<Table>>,
    by_type: HashMap<TypeId, Vec<usize>>,
    resource: usize,
    arrival: usize,
    patients: Patients,
}

/// What one step found.
#[derive(Default)]
pub(crate) struct Step {
    pub(crate) to: Position,
    pub(crate) batches: Vec<(usize, datafusion::arrow::array::RecordBatch)>,
    /// Current versions of the changed resources; `None` for deleted ones.
    pub(crate) current: HashMap<i64, Option<i64>>,
    /// Positions that were current between the two ends of the step.
    pub(crate) superseded: Vec<u64>,
    /// Arrivals that were taken back by what came in.
    pub(crate) undone: Vec<ArrivalInfo>,
    /// Resources that a view fails for: how many, and the first reason.
    pub(crate) failed: usize,
    pub(crate) failure: Option<String>,
}

impl Follower {
    pub(crate) fn new(records: Arc<Records>, grant: Grant, tables: &[Arc<Table>]) -> Result<Follower, Error> {
        let mut by_type: HashMap<TypeId, Vec<usize>> = HashMap::new();
        let (mut resource, mut arrival) = (0, 0);
        for (number, table) in tables.iter().enumerate() {
            match &table.kind {
                Kind::View { view, .. } => by_type.entry(view.resource()).or_default().push(number),
                Kind::Resource => resource = number,
                Kind::Arrival => arrival = number,
            }
        }
        Ok(Follower { records, grant, tables: tables.to_vec(), by_type, resource, arrival, patients: Patients::new()? })
    }

    /// Reads what is after `from` and makes rows of it. The step ends at a position of the feed; a resource that changes
    /// again after it is as it was then. Changes are read a few at a time, so that what is in memory is bounded however large
    /// resources are; a resource that changes more than once within a step has rows of its last version only, unless the two
    /// are read apart.
    pub(crate) fn step(&self, from: Position) -> Result<Step, Error> {
        let entries = self.records.feed(&self.grant, Seq(from.seq), STEP_CHANGES)?;
        let mut step = Step { to: from, ..Step::default() };
        let mut rows =
            Rows { resources: ResourceRows::new(&self.tables[self.resource]), views: HashMap::new(), bytes: 0 };
        for entries in entries.chunks(READ_VERSIONS) {
            let newest: HashMap<Row, i64> = entries.iter().map(|entry| (entry.row, entry.version)).collect();
            let mut wanted = Vec::with_capacity(newest.len());
            let mut current = HashMap::with_capacity(newest.len());
            for entry in entries.iter().filter(|entry| newest.get(&entry.row) == Some(&entry.version)) {
                // What was erased since is no longer there.
                current.insert(entry.row.0, None);
                if entry.change != Change::Deleted {
                    wanted.push((entry.row, entry.version));
                }
            }
            for stored in self.records.versions(&self.grant, &wanted)? {
                current.insert(stored.row.0, Some(stored.seq.0));
                self.rows(&stored, &mut rows, &mut step);
            }
            for (row, seq) in current {
                let before = step.current.insert(row, seq);
                step.superseded.extend(before.flatten().map(dead_key));
            }
            step.to.seq = entries.last().map_or(step.to.seq, |last| last.seq.0);
            if rows.bytes >= STEP_BYTES {
                break;
            }
        }
        rows.finish(self.resource, &mut step)?;
        let arrivals = self.records.arrivals_after(&self.grant, ArrivalNo(from.arrival), STEP_ARRIVALS)?;
        if let Some(last) = arrivals.last() {
            step.to.arrival = last.no.0;
            for arrival in &arrivals {
                step.current.insert(arrival_row(arrival.no.0), Some(key_of_arrival(arrival)));
                if arrival.door == UNDO_DOOR || arrival.door == REDO_DOOR {
                    step.undone.extend(self.records.arrivals_undone(&self.grant, arrival.at_us)?);
                }
            }
            step.batches.push((self.arrival, ArrivalRows::batch(&self.tables[self.arrival], &arrivals)?));
        }
        Ok(step)
    }

    /// Gives arrivals that were taken back a new row that says so.
    pub(crate) fn tell_undone(&self, step: &mut Step, undone: &[ArrivalInfo]) -> Result<(), Error> {
        let mut told = Vec::new();
        for arrival in undone {
            let (row, key) = (arrival_row(arrival.no.0), key_of_arrival(arrival));
            let before = step.current.insert(row, Some(key));
            if before == Some(Some(key)) {
                continue;
            }
            step.superseded.extend(before.flatten().map(dead_key));
            told.push(arrival.clone());
        }
        if !told.is_empty() {
            step.batches.push((self.arrival, ArrivalRows::batch(&self.tables[self.arrival], &told)?));
        }
        Ok(())
    }

    fn rows(&self, stored: &Stored, rows: &mut Rows, step: &mut Step) {
        let name = r4().name(stored.resource_type);
        rows.bytes += stored.json.len();
        let document = match Document::parse(stored.json.as_bytes()) {
            Ok(document) => document,
            Err(error) => {
                rows.resources.add(name, stored, None);
                step.fail(format!("{name}/{}: {error}", stored.id));
                return;
            }
        };
        let patient = self.patients.of(stored.resource_type, &stored.id, document.root());
        rows.resources.add(name, stored, patient.as_deref());
        let (seq, row) = (stored.seq.0, stored.row.0);
        let key = RowKey { id: &stored.id, version: stored.version, seq, row, patient: patient.as_deref() };
        for number in self.by_type.get(&stored.resource_type).into_iter().flatten() {
            if !rows.views.contains_key(number)
                && let Some(made) = ViewRows::new(&self.tables[*number])
            {
                rows.views.insert(*number, made);
            }
            if let Some(Err(reason)) = rows.views.get_mut(number).map(|rows| rows.add(&key, document.root())) {
                step.fail(reason);
            }
        }
    }
}

/// Rows of a step in the making.
struct Rows {
    resources: ResourceRows,
    views: HashMap<usize, ViewRows>,
    /// Bytes of the resources that they were made of.
    bytes: usize,
}

impl Rows {
    fn finish(mut self, resource: usize, step: &mut Step) -> Result<(), Error> {
        if let Some(batch) = self.resources.finish()? {
            step.batches.push((resource, batch));
        }
        for (number, mut rows) in self.views {
            if let Some(batch) = rows.finish()? {
                step.batches.push((number, batch));
            }
        }
        Ok(())
    }
}

impl Step {
    fn fail(&mut self, reason: String) {
        self.failed += 1;
        self.failure.get_or_insert(reason);
    }

    /// What was current before this step of each changed resource, as far as the tail or the one that is being flushed know;
    /// else what has to be looked up in the map.
    pub(crate) fn replaced_in_memory(&self, active: &Tail, frozen: Option<&Tail>) -> Before {
        let mut before = Before::default();
        for row in self.current.keys() {
            match active.current.get(row).or_else(|| frozen.and_then(|tail| tail.current.get(row))) {
                Some(known) => before.dead.extend(known.map(dead_key)),
                None => before.unknown.push(*row),
            }
        }
        before
    }

    /// Positions that were current before this step and are not after it.
    pub(crate) fn replaced(before: Before, map: &Map) -> Result<Vec<u64>, Error> {
        let mut dead = before.dead;
        for row in before.unknown {
            dead.extend(map.current(row)?.map(dead_key));
        }
        Ok(dead)
    }
}

/// What was current before a step.
#[derive(Default)]
pub(crate) struct Before {
    dead: Vec<u64>,
    unknown: Vec<i64>,
}
