//! Taking back what an arrival wrote.
//!
//! Nothing is erased: a resource that the arrival created is deleted, one that it changed or deleted gets its content from
//! before as a new version; what another arrival brought that was taken back does not come again by it. What others changed
//! since, or brought as well, is left as it is, and listed.

use crate::error::Error;
use crate::fhir_door::put::{Put, bare};
use crate::import::Importer;
use crate::run_provenance::{PROVENANCE, provenance_id};
use access::Grant;
use fhir::schema::{TypeId, r4};
use records::{
    ArrivalInfo, ArrivalNo, Arrived, Becomes, Besides, Change, Delivered, DeliveryNo, IfEqual, Lookup, Operation,
    Planner, Prospect, REDO_DOOR, Receipt, ReuseArrival, Trail, UNDO_DOOR, Write, Written,
};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// How much is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndoWhat {
    /// The whole file that the arrival is a part of.
    #[default]
    File,
    /// The arrival alone: one message of many, one member of an archive.
    Arrival,
}

/// What is to be taken back.
struct Taken {
    /// The door of the undoing.
    door: &'static str,
    source: String,
    /// As the trail names it.
    name: String,
    /// The id of the `Provenance` that tells of it, if it is a run.
    provenance: Option<String>,
    arrivals: Vec<ArrivalNo>,
    written: Vec<Written>,
}

/// What taking back an arrival did, or would do.
#[derive(Debug, Default)]
pub struct Undone {
    /// The arrivals that are taken back.
    pub arrivals: Vec<ArrivalNo>,
    /// Resources that were deleted.
    pub deleted: u64,
    /// Resources that have their earlier content again.
    pub restored: u64,
    /// The `Provenance` that told of the run, which is deleted too and is none of [`Undone::deleted`].
    pub provenance: u64,
    /// Resources that were left as they are.
    pub left: Vec<Left>,
    /// How many resources stay that refer to one that is deleted, by type.
    pub referring: Vec<(String, u64)>,
    /// The arrival that the undoing itself is; `None` if it was only asked what it would do.
    pub receipt: Option<Receipt>,
}

/// A resource that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// The version that is current.
    pub version: i64,
    /// The newest version that the arrival wrote.
    pub written: i64,
    /// The arrival that brought the same and stays; `None` if the resource was changed since.
    pub again: Option<ArrivalNo>,
}

/// One resource to be taken back.
struct Step {
    resource_type: TypeId,
    id: String,
    /// The version that must be current still.
    version: i64,
    /// Where its line stands in the arrival of the undoing.
    line: Range<usize>,
    /// Where its earlier content stands there; nothing if it is to be deleted.
    content: Option<Range<usize>>,
}

struct Plan {
    arrivals: Vec<ArrivalNo>,
    content: Arc<Vec<u8>>,
    steps: Arc<Vec<Step>>,
    left: Arc<Mutex<Vec<Left>>>,
}

impl Planner for Plan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        let mut left = Vec::new();
        let mut operations = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter() {
            let Step { resource_type, id, version, line, content } = step;
            let name = r4().name(*resource_type);
            let now = lookup.current(name, id)?.map_or(0, |current| current.version);
            if now != *version {
                left.push(Left {
                    resource_type: name.into(),
                    id: id.clone(),
                    version: now,
                    written: *version,
                    again: None,
                });
                continue;
            }
            let Some(content) = content else {
                operations.push(bare(
                    *resource_type,
                    id.clone(),
                    Write::Delete,
                    None,
                    line.start as u64,
                    line.len() as u64,
                ));
                continue;
            };
            let text = std::str::from_utf8(&self.content[content.clone()])
                .map_err(|_| records::Error::Damaged(format!("{name}/{id} is not UTF-8")))?;
            let put = Put {
                resource_type: *resource_type,
                id: id.clone(),
                text,
                if_match: None,
                if_equal: IfEqual::NewVersion,
                must_be_new: false,
                at: content.start as u64,
                length: content.len() as u64,
            };
            operations.push(put.operation(lookup)?);
        }
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        Besides { undoes: self.arrivals.clone(), ..Besides::default() }
    }
}

/// One at a time: what an undoing restores must not be what another is taking back.
static UNDOING: Mutex<()> = Mutex::new(());

impl Importer {
    /// Takes back, in one commit, what `arrival` or the file that it is a part of wrote.
    ///
    /// # Errors
    /// [`Error::Closed`] if it was taken back before; what the store refuses.
    pub fn undo(&self, grant: &Grant, arrival: ArrivalNo, what: UndoWhat) -> Result<Undone, Error> {
        self.undo_or_tell(grant, arrival, what, true)
    }

    /// What [`Importer::undo`] would do now.
    ///
    /// # Errors
    /// As [`Importer::undo`].
    pub fn would_undo(&self, grant: &Grant, arrival: ArrivalNo, what: UndoWhat) -> Result<Undone, Error> {
        self.undo_or_tell(grant, arrival, what, false)
    }

    /// Takes back, in one commit, all that the run `run` of a mapping of `source` wrote in `delivery`. With `is_done` false it is only told what
    /// would be.
    ///
    /// # Errors
    /// As [`Importer::undo`].
    pub fn undo_run(
        &self,
        grant: &Grant,
        delivery: DeliveryNo,
        source: &str,
        run: i64,
        is_done: bool,
    ) -> Result<Undone, Error> {
        let _one_at_a_time = is_done.then(|| UNDOING.lock().unwrap_or_else(PoisonError::into_inner));
        let Delivered { mut arrivals, mut written, undone } = self.records.delivered_in(grant, delivery)?;
        if undone {
            return Ok(Undone::default());
        }
        // A run that wrote nothing leaves its number to whoever comes next.
        let infos = arrivals.iter().map(|arrival| self.records.arrival(grant, *arrival));
        let infos: Vec<ArrivalInfo> = infos.collect::<Result<_, _>>()?;
        if infos.iter().any(|info| info.door != crate::tables_door::DOOR || info.source != source) {
            (arrivals, written) = (Vec::new(), Vec::new());
        }
        let taken = Taken {
            door: UNDO_DOOR,
            source: source.to_owned(),
            name: format!("run {run} of {source}"),
            provenance: Some(provenance_id(source, run)),
            arrivals,
            written,
        };
        if taken.arrivals.is_empty() && taken.written.is_empty() {
            return Ok(Undone::default());
        }
        self.take_back(grant, taken, is_done)
    }

    fn undo_or_tell(&self, grant: &Grant, arrival: ArrivalNo, what: UndoWhat, is_done: bool) -> Result<Undone, Error> {
        let _one_at_a_time = is_done.then(|| UNDOING.lock().unwrap_or_else(PoisonError::into_inner));
        let info = self.records.arrival(grant, arrival)?;
        let again = || Error::Closed(format!("arrival {arrival} was taken back already"));
        if info.undone_us.is_some() {
            return Err(again());
        }
        let (arrivals, written) = match what {
            UndoWhat::Arrival => (vec![arrival], self.records.written_by(grant, arrival)?),
            UndoWhat::File => {
                let delivered = self.records.delivered_with(grant, arrival)?;
                if delivered.undone {
                    return Err(again());
                }
                (delivered.arrivals, delivered.written)
            }
        };
        let door = if info.door == UNDO_DOOR { REDO_DOOR } else { UNDO_DOOR };
        let name = format!("arrival {arrival}: {}", info.name);
        self.take_back(grant, Taken { door, source: info.source, name, provenance: None, arrivals, written }, is_done)
    }

    fn take_back(&self, grant: &Grant, taken: Taken, is_done: bool) -> Result<Undone, Error> {
        let Taken { door, source, name, provenance, arrivals, written } = taken;
        let is_provenance = |resource_type: TypeId, id: &str| {
            provenance.as_deref() == Some(id) && r4().name(resource_type) == PROVENANCE
        };
        let short = name.split(':').next().unwrap_or_default();
        let outlook = self.records.outlook(grant, &arrivals, &written)?;
        let (mut content, mut steps, mut left) = (format!("{{\"undo\":\"{short}\"}}\n"), Vec::new(), Vec::new());
        for Prospect { resource_type, id, current, written, becomes } in outlook.prospects {
            let name = r4().name(resource_type);
            let before = match becomes {
                Becomes::Gone => continue,
                Becomes::Left | Becomes::Again(_) => {
                    let again = if let Becomes::Again(arrival) = becomes { Some(arrival) } else { None };
                    left.push(Left { resource_type: name.into(), id, version: current, written, again });
                    continue;
                }
                Becomes::Restored(version) => Some(self.records.read_version(grant, name, &id, version)?.json),
                Becomes::Deleted => None,
            };
            let start = content.len();
            let is_restored = before.is_some();
            content.push_str(&before.unwrap_or_else(|| format!("{{\"delete\":\"{name}/{id}\"}}")));
            let line = start..content.len();
            content.push('\n');
            steps.push(Step { resource_type, id, version: current, content: is_restored.then(|| line.clone()), line });
        }
        let referring = outlook.referring.iter().map(|&(of, count)| (r4().name(of).to_owned(), count)).collect();
        if !is_done {
            let restored = steps.iter().filter(|step| step.content.is_some()).count() as u64;
            let tells = |step: &&Step| step.content.is_none() && is_provenance(step.resource_type, &step.id);
            let provenance = steps.iter().filter(tells).count() as u64;
            let deleted = steps.len() as u64 - restored - provenance;
            return Ok(Undone { deleted, restored, provenance, left, referring, arrivals, receipt: None });
        }
        let since = Arc::new(Mutex::new(Vec::new()));
        let content = Arc::new(content.into_bytes());
        let plan = Plan {
            arrivals: arrivals.clone(),
            content: Arc::clone(&content),
            steps: Arc::new(steps),
            left: Arc::clone(&since),
        };
        let about = Arrived {
            door: door.into(),
            source,
            name: format!("undo of {short}"),
            media: "application/x-ndjson".into(),
            ..Arrived::default()
        };
        let trail = Trail { action: "undo".into(), detail: name };
        let receipt = self.records.write(grant, trail, about, &content, ReuseArrival::Never, plan)?;
        left.append(&mut since.lock().unwrap_or_else(PoisonError::into_inner));
        let changed =
            |changes: &[Change]| receipt.outcomes.iter().filter(|o| changes.contains(&o.change)).count() as u64;
        let tells = |outcome: &&records::Outcome| {
            outcome.change == Change::Deleted && is_provenance(outcome.resource_type, &outcome.id)
        };
        let provenance = receipt.outcomes.iter().filter(tells).count() as u64;
        Ok(Undone {
            deleted: changed(&[Change::Deleted]) - provenance,
            restored: changed(&[Change::Created, Change::Updated]),
            provenance,
            left,
            referring,
            arrivals,
            receipt: Some(receipt),
        })
    }
}
