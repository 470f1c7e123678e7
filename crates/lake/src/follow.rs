//! Following the feed: changes become rows of the tail.

use crate::error::Error;
use crate::map::{Map, Position};
use crate::table::{ArrivalRows, Kind, Patients, ResourceRows, RowKey, Table, ViewRows};
use crate::tail::{Tail, dead_key};
use access::Grant;
use fhir::json::Document;
use fhir::schema::{TypeId, r4};
use records::{ArrivalNo, Change, Records, Row, Seq, Stored};
use std::collections::HashMap;
use std::sync::Arc;

/// Changes that become rows at once, at most.
const STEP_CHANGES: usize = 2_000;
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
    /// again after it is as it was then.
    pub(crate) fn step(&self, from: Position) -> Result<Step, Error> {
        let entries = self.records.feed(&self.grant, Seq(from.seq), STEP_CHANGES)?;
        let mut step = Step { to: from, ..Step::default() };
        if let Some(last) = entries.last() {
            step.to.seq = last.seq.0;
            let newest: HashMap<Row, i64> = entries.iter().map(|entry| (entry.row, entry.version)).collect();
            let mut wanted = Vec::with_capacity(newest.len());
            for entry in entries.iter().filter(|entry| newest.get(&entry.row) == Some(&entry.version)) {
                if entry.change == Change::Deleted {
                    step.current.insert(entry.row.0, None);
                } else {
                    wanted.push((entry.row, entry.version));
                }
            }
            let versions = self.records.versions(&self.grant, &wanted)?;
            self.rows(&versions, &mut step)?;
            // What was erased between the two readings is no longer there.
            for (row, _) in wanted {
                step.current.entry(row.0).or_insert(None);
            }
        }
        let arrivals = self.records.arrivals_after(&self.grant, ArrivalNo(from.arrival), STEP_ARRIVALS)?;
        if let Some(last) = arrivals.last() {
            step.to.arrival = last.no.0;
            step.batches.push((self.arrival, ArrivalRows::batch(&self.tables[self.arrival], &arrivals)?));
        }
        Ok(step)
    }

    fn rows(&self, versions: &[Stored], step: &mut Step) -> Result<(), Error> {
        let mut resources = ResourceRows::new(&self.tables[self.resource]);
        let mut views: HashMap<usize, ViewRows> = HashMap::new();
        for stored in versions {
            step.current.insert(stored.row.0, Some(stored.seq.0));
            let name = r4().name(stored.resource_type);
            let document = match Document::parse(stored.json.as_bytes()) {
                Ok(document) => document,
                Err(error) => {
                    resources.add(name, stored, None);
                    step.fail(format!("{name}/{}: {error}", stored.id));
                    continue;
                }
            };
            let patient = self.patients.of(stored.resource_type, &stored.id, document.root());
            resources.add(name, stored, patient.as_deref());
            let key =
                RowKey { id: &stored.id, version: stored.version, seq: stored.seq.0, patient: patient.as_deref() };
            for number in self.by_type.get(&stored.resource_type).into_iter().flatten() {
                if !views.contains_key(number)
                    && let Some(rows) = ViewRows::new(&self.tables[*number])
                {
                    views.insert(*number, rows);
                }
                if let Some(Err(reason)) = views.get_mut(number).map(|rows| rows.add(&key, document.root())) {
                    step.fail(reason);
                }
            }
        }
        if let Some(batch) = resources.finish()? {
            step.batches.push((self.resource, batch));
        }
        for (number, mut rows) in views {
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
