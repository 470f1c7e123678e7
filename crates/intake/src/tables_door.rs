//! Resources that a mapping made of rows of tables.
//!
//! A chunk is one request: its arrival is the lines that say of which rows each resource was made. What is there already, equal, is left out
//! before, so that a run over unchanged rows writes nothing, not even an arrival. The store refuses what is no FHIR: then the line is a dead
//! letter, and the others are stored. A row that the mapping refused is an arrival of its own with its reason: the same row refused again for
//! the same reason is the same letter.

use crate::fhir_door::put::{Put, bare};
use crate::fhir_door::refusal::{is_fatal, refusal};
use crate::import::Pace;
use crate::row_letters::{self, Refused, RowLetters};
use crate::run_provenance::RunPlan;
use crate::tables_gathering::{Gathering, Of, Wrote, type_of};
use crate::tables_meeting::MeetPlan;
use access::Grant;
use fhir::json::Document;
use fhir::schema::TypeId;
use records::{
    ArrivalNo, Arrived, Besides, Change, DeliveryNo, Error, IfEqual, Lookup, NewDeadLetter, Operation, Pending,
    Planner, Records, ReuseArrival, RowClosed, Trail, Write,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use tables::mapping::Gone;
use tables::pull::{Given, MovedRows, Sources};
use tables::run::{
    Bearer, Chunk, ChunkGone, Door, DoorError, Giver, Kept, Others, ROW_LINKS, RowNow, RunEnds, RunInfo, Stored,
    entered_in_error,
};

/// The door that arrivals of runs name.
pub const DOOR: &str = records::MAPPING_DOOR;
/// Chunks whose commit is waited for while the next is made.
const IN_FLIGHT: usize = 4;
/// The same with refused rows among them, which are small.
const ROWS_IN_FLIGHT: usize = 1_000;
/// Resources of which it is remembered whether they are stored.
const KNOWN_STORED: usize = 100_000;

/// What becomes of what a run makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is compared with what is stored, and nothing is written.
    Dry,
    /// It is stored, as what one delivery brought: by that number it can be taken back.
    Write(DeliveryNo),
}

/// Stores what a run makes, or says what storing it would do.
pub struct TablesDoor<'a> {
    records: &'a Records,
    grant: &'a Grant,
    source: String,
    /// What the audit says: the mapping.
    detail: String,
    mode: Mode,
    pace: Option<Pace>,
    waiting: VecDeque<InFlight>,
    stored: Stored,
    first: Option<ArrivalNo>,
    meets: Meets<'a>,
    /// By target, what is to be noted of who gives what when all is on disk that was submitted before.
    given: Vec<(String, Vec<Given>)>,
    /// How often an element of a target stayed as another source has it.
    kept: BTreeMap<(String, String), u64>,
    /// Letters of rows, by target.
    letters: BTreeMap<String, Arc<Mutex<RowLetters>>>,
    /// Rows that have other numbers than when their letters were left, once that was looked up.
    moved: Option<Arc<MovedRows>>,
    /// Targets of which the store refused something.
    refused: BTreeSet<String>,
    /// Targets of which a row withdrew something that another row may have.
    unsettled: BTreeSet<String>,
    /// Types of records, and whether rows of other sources give to some of them.
    given_to: BTreeMap<&'static str, bool>,
    /// The run, of one that writes.
    run: Option<RunInfo>,
    /// The arrival that tells of it.
    told: Option<ArrivalNo>,
    /// Whether resources that this run did not make are stored.
    has: RefCell<HashMap<(&'static str, String), bool>>,
    /// What arrivals of runs hold, as far as it was looked at.
    wrote: Rc<RefCell<HashMap<i64, Wrote>>>,
}

/// What a run needs that meets records of other doors.
#[derive(Clone, Copy)]
pub struct Meets<'a> {
    /// Where it stands who gave what.
    pub sources: &'a Sources,
    /// The source that runs.
    pub giver: Giver,
}

/// A request whose commit is waited for.
struct InFlight {
    target: String,
    pending: Pending,
    /// What the store refused of it; nothing where its outcomes are not what the run made.
    refused: Option<Arc<Refused>>,
}

impl<'a> TablesDoor<'a> {
    /// A door for one run of the mapping of `source`.
    pub fn new(
        records: &'a Records,
        grant: &'a Grant,
        source: &str,
        mapping: &str,
        mode: Mode,
        pace: Option<Pace>,
        meets: Meets<'a>,
    ) -> Self {
        TablesDoor {
            records,
            grant,
            source: source.to_owned(),
            detail: format!("{source} by {mapping}"),
            mode,
            pace,
            waiting: VecDeque::new(),
            stored: Stored::default(),
            first: None,
            meets,
            has: RefCell::default(),
            wrote: Rc::default(),
            given: Vec::new(),
            kept: BTreeMap::new(),
            letters: BTreeMap::new(),
            moved: None,
            refused: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            given_to: BTreeMap::new(),
            run: None,
            told: None,
        }
    }

    /// Of this run, of which a [`Provenance`](https://hl7.org/fhir/R4/provenance.html) is made.
    #[must_use]
    pub fn of_run(self, run: RunInfo) -> Self {
        TablesDoor { run: Some(run), ..self }
    }

    /// The letters of a target, which are looked up when they are first needed.
    fn letters_of(&mut self, target: &str) -> Result<Arc<Mutex<RowLetters>>, Error> {
        if let Some(letters) = self.letters.get(target) {
            return Ok(Arc::clone(letters));
        }
        let moved = self.moved()?;
        let letters = RowLetters::of(self.records, self.grant, (&self.source, target), moved)?;
        let letters = Arc::new(Mutex::new(letters));
        self.letters.insert(target.to_owned(), Arc::clone(&letters));
        Ok(letters)
    }

    /// Rows that have other numbers than when their letters were left.
    fn moved(&mut self) -> Result<Arc<MovedRows>, Error> {
        if let Some(moved) = &self.moved {
            return Ok(Arc::clone(moved));
        }
        let moved = self.meets.sources.moved(self.grant, &self.source);
        let moved = Arc::new(moved.map_err(|error| Error::Damaged(error.to_string()))?);
        self.moved = Some(Arc::clone(&moved));
        Ok(moved)
    }

    /// The first arrival of what was written; with it the whole run is taken back, since all its requests are one delivery.
    pub fn first_arrival(&self) -> Option<ArrivalNo> {
        self.first
    }

    fn wait_for(&mut self, most: usize) -> Result<(), Error> {
        while self.waiting.len() > most {
            let Some(InFlight { target, pending, refused }) = self.waiting.pop_front() else { return Ok(()) };
            let (receipt, is_made) = (pending.wait().map_err(changed_meanwhile)?, refused.is_some());
            if is_made && receipt.new_arrival {
                self.first.get_or_insert(receipt.arrival);
            }
            for outcome in receipt.outcomes.iter().filter(|_| is_made) {
                match outcome.change {
                    Change::Created => self.stored.new += 1,
                    Change::Updated | Change::Deleted => self.stored.changed += 1,
                    Change::Unchanged => self.stored.equal += 1,
                }
            }
            let refused = refused.map_or(0, |refused| refused.count());
            self.stored.refused += refused;
            if refused > 0 {
                self.refused.insert(target);
            }
        }
        Ok(())
    }

    /// Waits for what is on its way, and notes what is withdrawn with it.
    fn wait_for_all(&mut self) -> Result<(), Error> {
        self.wait_for(0)?;
        for (target, given) in std::mem::take(&mut self.given) {
            self.note_given(&target, &given)?;
        }
        Ok(())
    }

    fn run_no(&self) -> Option<i64> {
        self.run.as_ref().map(|run| run.no)
    }

    fn note_given(&self, target: &str, given: &[Given]) -> Result<(), Error> {
        if given.is_empty() {
            return Ok(());
        }
        let Meets { sources, giver } = self.meets;
        sources.give(giver.source, target, self.run_no(), given).map_err(|error| Error::Damaged(error.to_string()))
    }

    fn put(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.meet(chunk)?;
        let mut types = types_of(chunk)?;
        self.gone(chunk)?;
        let texts = types
            .iter()
            .zip(&chunk.resources)
            .map(|(type_id, made)| (*type_id, || records::uuid_text(&made.id), &chunk.json[made.json.clone()]));
        let mut changes = self.records.would_change(self.grant, texts)?;
        let mut places = self.meet_what_others_changed(chunk, &changes)?;
        if places.contains(&Place::Met) {
            let alone: Vec<bool> = places.iter().map(|place| *place != Place::Met).collect();
            retain(&mut chunk.resources, &alone);
            retain(&mut types, &alone);
            retain(&mut changes, &alone);
            retain(&mut places, &alone);
        }
        let (mut new, mut changed) = (0, 0);
        for change in &changes {
            match change {
                Change::Created => new += 1,
                Change::Updated | Change::Deleted => changed += 1,
                Change::Unchanged => self.stored.equal += 1,
            }
        }
        let Mode::Write(delivery) = self.mode else {
            self.stored.new += new;
            self.stored.changed += changed;
            return Ok(());
        };
        let letters = self.letters_of(&chunk.target)?;
        for refused in &chunk.refused {
            let is_news =
                letters.lock().unwrap_or_else(PoisonError::into_inner).refuse_once(&refused.place, &refused.what);
            if !is_news {
                continue;
            }
            let line = chunk.links[refused.link.clone()].trim_ascii_end();
            let letter = NewDeadLetter {
                at: 0,
                length: line.len() as u64,
                what: refused.what.clone(),
                place: refused.place.clone(),
                hint: "mend the row at its source, the mapping, or its cells here; the next run takes it".into(),
            };
            let plan = RowRefused { letter, delivery };
            self.submit(&chunk.target, line, plan, None)?;
        }
        let plan = MadePlan::of(chunk, &types, (&changes, &places), delivery, Refused::new(letters));
        if plan.resources.is_empty() {
            return Ok(());
        }
        if let Some(pace) = &self.pace {
            pace.wait();
        }
        let (target, links, refused) = (plan.target.clone(), Arc::clone(&plan.links), Arc::clone(&plan.refused));
        self.submit(&target, &links, plan, Some(refused))?;
        self.wait_for(IN_FLIGHT)
    }

    /// Takes the resources out that are put into records that others give to as well.
    fn meet(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let types = chunk.resources.iter().map(|made| made.resource_type);
        let Some(name) = types.chain(chunk.gone.iter().map(|gone| gone.resource_type)).next() else { return Ok(()) };
        if chunk.others == Others::Ignored && !self.do_others_give(name)? {
            return Ok(());
        }
        // What earlier rows gave is looked at.
        self.wait_for_all()?;
        let (target, table, source) = (chunk.target.clone(), chunk.table.clone(), self.source.clone());
        let (records, grant, meets, others) = (self.records, self.grant, self.meets, chunk.others);
        let (target, table, source) = (target.as_str(), table.as_str(), source.as_str());
        let resource_type = type_of(name)?;
        let wrote = Rc::clone(&self.wrote);
        let of = Of { records, grant, meets, source, target, table, others, name, resource_type, wrote: &wrote };
        let mut gathering = Gathering::of(of);
        let was_gone = std::mem::take(&mut chunk.gone);
        let ended = |(id, how): (String, Gone), link: std::ops::Range<usize>| ChunkGone {
            resource_type: name,
            id,
            met: None,
            how,
            link,
        };
        for made in std::mem::take(&mut chunk.resources) {
            if gathering.made(&made, &chunk.json[made.json.clone()], &chunk.links[made.link.clone()])? {
                chunk.resources.push(made.clone());
            }
            chunk.gone.extend(gathering.ended.drain(..).map(|one| ended(one, made.link.clone())));
        }
        let of_rows = gathering.changed.len() as u64;
        for gone in was_gone {
            if gathering.gone(&gone, &chunk.links[gone.link.clone()])? {
                chunk.gone.push(gone.clone());
            }
            chunk.gone.extend(gathering.ended.drain(..).map(|one| ended(one, gone.link.clone())));
        }
        let of_gone = gathering.changed.len() as u64 - of_rows;
        if gathering.is_unsettled {
            self.unsettled.insert(target.to_owned());
        }
        self.count(target, &gathering, of_rows);
        self.stored.gone += of_gone;
        if self.mode != Mode::Dry {
            let (given, after) = gathering.given();
            self.note_given(target, &given)?;
            self.given.push((target.to_owned(), after));
        }
        let is_all_made = of_gone == 0;
        if self.submit_meetings(target, gathering, is_all_made)? && !chunk.gone.is_empty() {
            // What is gone is looked at as it is then.
            self.wait_for(0)?;
        }
        Ok(())
    }

    /// Puts resources into records that somebody else changed since a run wrote them: those are the row's alone no longer. Where each of a chunk's
    /// resources goes. Who gave what is told by the versions; nothing is noted but what rows say where somebody else put something.
    fn meet_what_others_changed(&mut self, chunk: &Chunk, changes: &[Change]) -> Result<Vec<Place>, Error> {
        let mut places = vec![Place::Any; chunk.resources.len()];
        let Some(name) = chunk.resources.first().map(|made| made.resource_type) else { return Ok(places) };
        let writes = self.mode != Mode::Dry;
        let matters = |change: &Change| *change == Change::Updated || (writes && *change == Change::Unchanged);
        if chunk.others == Others::Met || !changes.iter().any(matters) {
            return Ok(places);
        }
        let (records, grant, meets, source) = (self.records, self.grant, self.meets, self.source.clone());
        let (target, table, others) = (chunk.target.as_str(), chunk.table.as_str(), chunk.others);
        let (resource_type, source, wrote) = (type_of(name)?, source.as_str(), Rc::clone(&self.wrote));
        let of = Of { records, grant, meets, source, target, table, others, name, resource_type, wrote: &wrote };
        let mut gathering = Gathering::of(of);
        for ((made, change), place) in chunk.resources.iter().zip(changes).zip(&mut places) {
            let json = &chunk.json[made.json.clone()];
            if *change == Change::Updated {
                let alone = gathering.changed(made, json, &chunk.links[made.link.clone()])?;
                *place = alone.map_or(Place::Met, Place::Of);
            } else if writes && *change == Change::Unchanged {
                gathering.agrees(made, json)?;
            }
        }
        self.count(target, &gathering, gathering.changed.len() as u64);
        if let Some(run) = self.run_no() {
            let Meets { sources, giver } = self.meets;
            let noted = sources.note_said(giver.source, run, &gathering.said);
            noted.map_err(|error| Error::Damaged(error.to_string()))?;
        }
        self.submit_meetings(target, gathering, true)?;
        Ok(places)
    }

    /// Counts what was gathered of a target's rows, `changed` of which are to be written.
    fn count(&mut self, target: &str, gathering: &Gathering<'_>, changed: u64) {
        for element in &gathering.kept {
            *self.kept.entry((target.to_owned(), element.clone())).or_default() += 1;
        }
        self.stored.equal += gathering.equal;
        if self.mode == Mode::Dry {
            self.stored.changed += changed;
        }
    }

    /// Stores what was gathered; `is_made` where it is counted then. Whether there is any.
    fn submit_meetings(&mut self, target: &str, gathering: Gathering<'_>, is_made: bool) -> Result<bool, Error> {
        let Mode::Write(delivery) = self.mode else { return Ok(false) };
        let Gathering { meetings, links, .. } = gathering;
        if meetings.is_empty() {
            return Ok(false);
        }
        let refused = Refused::new(self.letters_of(target)?);
        let plan = MeetPlan { meetings, giver: self.meets.giver, delivery, refused: Arc::clone(&refused) };
        self.submit(target, &links, plan, is_made.then_some(refused))?;
        Ok(true)
    }

    /// Whether rows of other sources give to records of a type.
    fn do_others_give(&mut self, name: &'static str) -> Result<bool, Error> {
        if let Some(give) = self.given_to.get(name) {
            return Ok(*give);
        }
        let Meets { sources, giver } = self.meets;
        let give = sources.others_give(giver.source, name).map_err(|error| Error::Damaged(error.to_string()))?;
        self.given_to.insert(name, give);
        Ok(give)
    }

    /// Resources whose rows are gone: those that still stand as they were say that they should not have been, or are deleted.
    fn gone(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let mut operations = Vec::new();
        for gone in &chunk.gone {
            let stored = match self.records.read(self.grant, gone.resource_type, &gone.id) {
                Ok(stored) => stored,
                Err(Error::NotFound { .. } | Error::Gone { .. }) => continue,
                Err(error) => return Err(error),
            };
            let json = match gone.how {
                Gone::Keep => continue,
                Gone::Delete => None,
                Gone::EnteredInError => {
                    let document = Document::parse(stored.json.as_bytes())
                        .map_err(|error| Error::Damaged(format!("{}/{}: {error}", gone.resource_type, gone.id)))?;
                    let Some(json) = entered_in_error(&document) else { continue };
                    let one = std::iter::once((stored.resource_type, || gone.id.clone(), json.as_str()));
                    if self.records.would_change(self.grant, one)? == [Change::Unchanged] {
                        continue;
                    }
                    Some(json)
                }
            };
            self.stored.gone += 1;
            operations.push((stored.resource_type, gone.id.clone(), json, gone.link.clone()));
        }
        let Mode::Write(delivery) = self.mode else { return Ok(()) };
        if operations.is_empty() {
            return Ok(());
        }
        let plan = GonePlan { operations, delivery };
        self.submit(&chunk.target, &chunk.links, plan, None)
    }

    /// Closes the letters of a target that this run did not refuse.
    fn close_letters(&mut self, target: &str, now: &dyn Fn(&str, u64) -> RowNow) -> Result<(), Error> {
        if self.mode == Mode::Dry {
            return Ok(());
        }
        let of_target = match self.letters.remove(target) {
            Some(of_target) => of_target,
            None => Arc::new(Mutex::new(RowLetters::none(self.moved()?))),
        };
        let of_target = of_target.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = RowClosed::Taken(self.told.or(self.first));
        let closed = of_target.closed(self.records, self.grant, (&self.source, target), now, taken)?;
        self.records.close_rows(self.grant, closed, &self.called())
    }

    /// Closes the open letters of what the mapping makes no longer.
    fn close_letters_besides(&self, targets: &[&str]) -> Result<(), Error> {
        if self.mode == Mode::Dry {
            return Ok(());
        }
        let besides = self.records.row_letters_besides(self.grant, DOOR, &self.source, targets)?;
        let closed = besides.into_iter().map(|no| (no, RowClosed::NoTarget)).collect();
        self.records.close_rows(self.grant, closed, &self.called())
    }

    /// The run, for the trail.
    fn called(&self) -> String {
        match &self.run {
            Some(run) => format!("run {} of {}", run.no, self.source),
            None => format!("a run of {}", self.source),
        }
    }

    /// Stores what tells of the run, once it has written. How many changes that is.
    fn tell_of_run(&mut self, ends: &RunEnds) -> Result<u64, Error> {
        let Mode::Write(delivery) = self.mode else { return Ok(0) };
        let Some(run) = self.run.clone() else { return Ok(0) };
        if !self.records.has_written(self.grant, delivery)? {
            return Ok(0);
        }
        let plan = RunPlan::of(&self.source, &run, ends, self.grant, self.records.now_us());
        let about = Arrived {
            door: DOOR.into(),
            source: self.source.clone(),
            name: format!("run {}", run.no),
            media: "application/fhir+json".into(),
            ..Arrived::default()
        };
        let trail = Trail { action: "mapping".into(), detail: self.detail.clone() };
        let content = Arc::clone(&plan.content);
        let receipt = self.records.write(self.grant, trail, about, &content, ReuseArrival::IfSame, plan)?;
        self.told = Some(receipt.arrival);
        Ok(receipt.outcomes.iter().filter(|outcome| outcome.change != Change::Unchanged).count() as u64)
    }

    fn submit(
        &mut self,
        target: &str,
        content: &[u8],
        plan: impl Planner + 'static,
        refused: Option<Arc<Refused>>,
    ) -> Result<(), Error> {
        let about = Arrived {
            door: DOOR.into(),
            source: self.source.clone(),
            name: target.to_owned(),
            media: ROW_LINKS.into(),
            ..Arrived::default()
        };
        let trail = Trail { action: "mapping".into(), detail: self.detail.clone() };
        // What another run did, or refused, by the same lines is another arrival, and its letters are others: each is taken back by itself.
        let run = self.run.as_ref().map(|run| format!("\n{{\"run\":{}}}\n", run.no)).unwrap_or_default();
        let content = [content.trim_ascii_end(), run.as_bytes()].concat();
        let pending = self.records.submit(self.grant, trail, about, &content, ReuseArrival::IfSame, plan)?;
        self.waiting.push_back(InFlight { target: target.to_owned(), pending, refused });
        self.wait_for(ROWS_IN_FLIGHT)
    }
}

impl Door for TablesDoor<'_> {
    fn take(&mut self, chunk: &mut Chunk) -> Result<(), DoorError> {
        self.put(chunk).map_err(|error| DoorError(Box::new(error)))
    }

    fn writes(&self) -> bool {
        self.mode != Mode::Dry
    }

    fn bearing(&mut self, chunk: &Chunk) -> Result<Vec<Vec<Bearer>>, DoorError> {
        let Meets { sources, giver } = self.meets;
        let all = chunk.resources.iter().map(|made| {
            let (name, own) = (made.resource_type, records::uuid_text(&made.id));
            let resource = (name, own.as_str(), &chunk.json[made.json.clone()]);
            crate::tables_meeting::bearing((self.records, self.grant), resource, giver.source, &|record| {
                sources.owned(&format!("{name}/{record}")).map_err(|error| Error::Damaged(error.to_string()))
            })
        });
        all.collect::<Result<_, _>>().map_err(|error| DoorError(Box::new(error)))
    }

    fn gives(&mut self, target: &str) -> Result<bool, DoorError> {
        let Meets { sources, giver } = self.meets;
        sources.gives(giver.source, target).map_err(|error| DoorError(Box::new(error)))
    }

    fn gives_no_more(&mut self, target: &str) -> Result<(), DoorError> {
        if self.mode == Mode::Dry {
            return Ok(());
        }
        let Meets { sources, giver } = self.meets;
        sources.forget_given(giver.source, target, self.run_no()).map_err(|error| DoorError(Box::new(error)))
    }

    fn has(&self, resource_type: &'static str, id: &str) -> Result<bool, DoorError> {
        let mut known = self.has.borrow_mut();
        if let Some(has) = known.get(&(resource_type, id.to_owned())) {
            return Ok(*has);
        }
        let has = match self.records.read(self.grant, resource_type, id) {
            Ok(_) => true,
            Err(Error::NotFound { .. } | Error::Gone { .. }) => false,
            Err(error) => return Err(DoorError(Box::new(error))),
        };
        if known.len() >= KNOWN_STORED {
            known.clear();
        }
        known.insert((resource_type, id.to_owned()), has);
        Ok(has)
    }

    fn kept(&mut self) -> Vec<Kept> {
        let kept = std::mem::take(&mut self.kept);
        kept.into_iter().map(|((target, element), count)| Kept { target, element, count }).collect()
    }

    fn position(&self) -> u64 {
        self.records.head().0 as u64
    }

    fn note_run(&mut self, ends: &RunEnds) -> Result<u64, DoorError> {
        self.tell_of_run(ends).map_err(|error| DoorError(Box::new(error)))
    }

    fn conclude(&mut self, target: &str, now: &dyn Fn(&str, u64) -> RowNow) -> Result<bool, DoorError> {
        self.close_letters(target, now).map_err(|error| DoorError(Box::new(error)))?;
        Ok(self.refused.contains(target) || self.unsettled.contains(target))
    }

    fn conclude_besides(&mut self, targets: &[&str]) -> Result<(), DoorError> {
        self.close_letters_besides(targets).map_err(|error| DoorError(Box::new(error)))
    }

    fn settle(&mut self) -> Result<Stored, DoorError> {
        self.wait_for_all().map_err(|error| DoorError(Box::new(error)))?;
        Ok(std::mem::take(&mut self.stored))
    }
}

/// What a run ends with where somebody changed a resource between its look at it and its commit: nothing of that commit is stored.
fn changed_meanwhile(error: Error) -> Error {
    match error {
        Error::At { error, .. } => changed_meanwhile(*error),
        Error::VersionConflict { resource_type, id, .. } => Error::NotSupported(format!(
            "{resource_type}/{id} was changed by somebody while the run wrote: run it again, it goes on where it was"
        )),
        other => other,
    }
}

/// Leaves of a list what is marked.
fn retain<T>(list: &mut Vec<T>, marked: &[bool]) {
    let mut marked = marked.iter();
    list.retain(|_| marked.next() == Some(&true));
}

/// The types of a chunk's resources: one, mostly.
fn types_of(chunk: &Chunk) -> Result<Vec<TypeId>, Error> {
    let mut last: Option<(&str, TypeId)> = None;
    let types = chunk.resources.iter().map(|made| match last {
        Some((name, resource_type)) if std::ptr::eq(name, made.resource_type) => Ok(resource_type),
        _ => {
            let resource_type = type_of(made.resource_type)?;
            last = Some((made.resource_type, resource_type));
            Ok(resource_type)
        }
    });
    types.collect()
}

/// Where a resource of a chunk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// To its id, whatever is there.
    Any,
    /// In the place of this version, and of no other.
    Of(i64),
    /// Into the record, which somebody else changed.
    Met,
}

/// A resource that is new or changed.
struct Made {
    resource_type: TypeId,
    id: String,
    /// The version in whose place it comes, where that matters.
    replaces: Option<i64>,
    json: std::ops::Range<usize>,
    link: std::ops::Range<usize>,
}

/// The plan of a chunk, without what is stored already.
struct MadePlan {
    target: String,
    links: Arc<Vec<u8>>,
    json: String,
    resources: Vec<Made>,
    /// The table whose rows are accounted for.
    table: String,
    refused: Arc<Refused>,
    delivery: DeliveryNo,
}

/// The plan for resources whose rows are gone: type, id, the text that takes its place (none: it is deleted), and its line.
struct GonePlan {
    operations: Vec<(TypeId, String, Option<String>, std::ops::Range<usize>)>,
    delivery: DeliveryNo,
}

impl Planner for GonePlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let operation = |(resource_type, id, json, link): &(TypeId, String, Option<String>, std::ops::Range<usize>)| {
            let (at, length) = (link.start as u64, link.len() as u64);
            match json {
                None => Ok(bare(*resource_type, id.clone(), Write::Delete, None, at, length)),
                Some(text) => Put {
                    resource_type: *resource_type,
                    id: id.clone(),
                    text,
                    if_match: None,
                    if_equal: IfEqual::Keep,
                    must_be_new: false,
                    at,
                    length,
                }
                .operation(lookup),
            }
        };
        self.operations.iter().map(operation).collect()
    }

    fn besides(&self) -> Besides {
        Besides { delivery: Some(self.delivery), ..Besides::default() }
    }
}

/// A row of which the mapping makes nothing.
struct RowRefused {
    letter: NewDeadLetter,
    delivery: DeliveryNo,
}

impl Planner for RowRefused {
    fn plan(&self, _lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        Ok(Vec::new())
    }

    fn besides(&self) -> Besides {
        Besides { dead_letters: vec![self.letter.clone()], delivery: Some(self.delivery), ..Besides::default() }
    }
}

impl MadePlan {
    fn of(
        chunk: &mut Chunk,
        types: &[TypeId],
        (changes, places): (&[Change], &[Place]),
        delivery: DeliveryNo,
        refused: Arc<Refused>,
    ) -> MadePlan {
        let mut links = Vec::new();
        let mut line = |range: &std::ops::Range<usize>| {
            let begin = links.len();
            links.extend_from_slice(&chunk.links[range.clone()]);
            links.push(b'\n');
            begin..begin + range.len()
        };
        let mut resources = Vec::new();
        for (((made, resource_type), change), place) in chunk.resources.iter().zip(types).zip(changes).zip(places) {
            if *change != Change::Unchanged {
                let (link, json) = (line(&made.link), made.json.clone());
                let id = records::uuid_text(&made.id);
                let replaces = if let Place::Of(version) = place { Some(*version) } else { None };
                resources.push(Made { resource_type: *resource_type, id, replaces, json, link });
            }
        }
        MadePlan {
            target: chunk.target.clone(),
            links: Arc::new(links),
            json: std::mem::take(&mut chunk.json),
            resources,
            table: chunk.table.clone(),
            refused,
            delivery,
        }
    }

    fn operation(&self, made: &Made, lookup: &dyn Lookup) -> Result<Operation, Error> {
        Put {
            resource_type: made.resource_type,
            id: made.id.clone(),
            text: &self.json[made.json.clone()],
            if_match: made.replaces,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: made.link.start as u64,
            length: made.link.len() as u64,
        }
        .operation(lookup)
    }
}

impl Planner for MadePlan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let mut operations = Vec::with_capacity(self.resources.len());
        let mut refused = self.refused.begin();
        for made in &self.resources {
            match self.operation(made, lookup) {
                Ok(operation) => operations.push(operation),
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    let rows = row_letters::rows_of(&self.links[made.link.clone()], &self.table);
                    let hint = "what the mapping makes of these rows is no FHIR: mend it, and run it again";
                    refused.add(&made.link, &rows, &refusal(&error), hint);
                }
            }
        }
        refused.end();
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        Besides { dead_letters: self.refused.letters(), delivery: Some(self.delivery), ..Besides::default() }
    }
}
