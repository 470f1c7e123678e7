//! An import on its way: pieces are planned, committed in their order, and reported.

use super::Progress;
use super::piece::{Piece, Plan, Told, ends_everything, letter_of, waits_for_others};
use super::planners::{self, Job, Slot};
use super::report::{FileReport, Issue, NOT_MAPPED, REMARK};
use super::resources::Letter;
use super::unpack::Bounds;
use super::{ImportOptions, Importer};
use crate::document_door::WITHOUT_RULE;
use crate::error::Error;
use crate::hl7_door::MessageSeen;
use access::Grant;
use records::{DeadLetterState, DeliveryNo, Packed, Pending, Planner, Receipt, Rehearsal, ReuseArrival, Trail};
use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::Seek;
use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;

/// Pieces that may wait to be planned, or for their commit, before the next is read.
const IN_FLIGHT: usize = 16;
/// … and the bytes of content they may hold.
const IN_FLIGHT_BYTES: usize = 32 << 20;

/// Which pieces wait for others: name of the file or member, and offset in it.
pub(crate) type Waiting = HashSet<(String, u64)>;

/// A piece whose plan, or whose commit, is waited for.
struct InFlight<W> {
    file: usize,
    piece: Piece,
    message: Option<Told>,
    waits: W,
}

/// Who is told how far it is, and says whether it goes on.
pub(crate) type Watch<'w> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'w;

/// How far the whole is: what was dealt with before the file that is read now, and which that is.
#[derive(Default)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) files: usize,
    pub(crate) all_files: usize,
    pub(crate) bytes: u64,
    pub(crate) all_bytes: u64,
    /// The file that is read now; it shares its position with whoever reads it.
    reading: Option<File>,
}

/// An import of one or more files.
pub(crate) struct Session<'a> {
    pub(crate) importer: &'a Importer,
    pub(crate) grant: &'a Grant,
    pub(crate) options: &'a ImportOptions,
    pub(crate) reports: Vec<FileReport>,
    /// Pieces refused because a conditional reference matches nothing yet; only where somebody tries again.
    pub(crate) waiting: Option<Waiting>,
    /// If set, other pieces were dealt with before.
    pub(crate) only: Option<Waiting>,
    /// The same for what cannot be read at all: it is kept unless this says no.
    pub(crate) keeps: bool,
    pub(crate) place: Place,
    watch: Option<&'a mut Watch<'a>>,
    planners: Option<SyncSender<Job>>,
    deliveries: Vec<Option<DeliveryNo>>,
    rehearsal: Option<Rehearsal<'a>>,
    /// What was written, where somebody asks.
    pub(crate) receipts: Option<Vec<Receipt>>,
    planning: VecDeque<InFlight<Slot>>,
    committing: VecDeque<InFlight<Pending>>,
    in_flight_bytes: usize,
}

impl<'a> Session<'a> {
    pub(crate) fn new(importer: &'a Importer, grant: &'a Grant, options: &'a ImportOptions, names: &[&str]) -> Self {
        Session {
            importer,
            grant,
            options,
            reports: names.iter().map(|name| FileReport::new(*name)).collect(),
            waiting: None,
            only: None,
            keeps: true,
            place: Place::default(),
            watch: None,
            planners: None,
            deliveries: vec![None; names.len()],
            rehearsal: options.dry_run.then(|| importer.records.rehearsal()),
            receipts: None,
            planning: VecDeque::new(),
            committing: VecDeque::new(),
            in_flight_bytes: 0,
        }
    }

    /// The same with threads that plan, and somebody who watches.
    pub(crate) fn with(mut self, planners: Option<SyncSender<Job>>, watch: Option<&'a mut Watch<'a>>) -> Self {
        (self.planners, self.watch) = (planners.filter(|_| !self.options.dry_run), watch);
        self
    }

    /// How many pieces wait for others.
    pub(crate) fn waiting_count(&self) -> usize {
        self.waiting.as_ref().map_or(0, HashSet::len)
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.options.bounds
    }

    pub(crate) fn source(&self) -> &str {
        self.options.source.as_deref().unwrap_or(super::DEFAULT_SOURCE)
    }

    /// True if what cannot be read is kept: not when nothing is written, and not again when a file is only tried again.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps && !self.options.dry_run && self.only.is_none()
    }

    /// Reports something, unless the file is only tried again: then it was reported.
    pub(crate) fn issue(&mut self, file: usize, issue: Issue) {
        if self.only.is_none() {
            self.reports[file].issue(issue);
        }
    }

    /// Follows the position of the file that is read now.
    pub(crate) fn follow(&mut self, file: usize, reading: Option<File>) {
        self.place.name.clone_from(&self.reports[file].name);
        self.place.reading = reading;
    }

    /// Says how far it is.
    ///
    /// # Errors
    /// [`Error::Stopped`] if whoever watches says so.
    pub(crate) fn go_on(&mut self) -> Result<(), Error> {
        let Some(watch) = &mut self.watch else { return Ok(()) };
        let Place { name, files, all_files, bytes, all_bytes, reading } = &mut self.place;
        let read = reading.as_mut().and_then(|file| file.stream_position().ok()).unwrap_or(0);
        let resources = self.reports.iter().map(|report| report.stored + report.unchanged).sum();
        let bytes = (*bytes + read).min(*all_bytes);
        let now = Progress { name, files: *files, all_files: *all_files, bytes, all_bytes: *all_bytes, resources };
        match watch(now) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped(Vec::new())),
        }
    }

    fn delivery(&mut self, file: usize) -> DeliveryNo {
        let records = &self.importer.records;
        *self.deliveries[file].get_or_insert_with(|| records.new_delivery())
    }

    fn plan(&mut self, file: usize, piece: &Piece) -> Plan {
        let delivery = self.delivery(file);
        let reading = |source: &str| match &self.options.messages {
            Some(reading) => reading.clone(),
            None => self.importer.reading(source),
        };
        Plan::of(piece, self.grant, &reading, Some(delivery))
    }

    /// Takes a piece: plans it and hands it to the store, or rehearses it.
    pub(crate) fn piece(&mut self, file: usize, piece: Piece) -> Result<(), Error> {
        if let Some(only) = &self.only
            && !only.contains(&key(&piece))
        {
            return Ok(());
        }
        self.go_on()?;
        self.reports[file].bytes += piece.content.len() as u64;
        let plan = self.plan(file, &piece);
        if self.options.dry_run {
            return self.rehearse(file, &piece, &plan);
        }
        if let Some(pace) = &self.options.pace {
            pace.wait();
        }
        let message = plan.told();
        self.in_flight_bytes += piece.content.len();
        let job = match &self.planners {
            None => Err(plan),
            Some(planners) => {
                let (job, slot) = Job::new(piece.clone(), plan);
                planners.send(job).map(|()| slot).map_err(|unsent| unsent.0.plan)
            }
        };
        match job {
            Ok(waits) => self.planning.push_back(InFlight { file, piece, message, waits }),
            Err(plan) => {
                let prepared = planners::prepare(&self.importer.records, self.grant, &piece, plan);
                self.planned(InFlight { file, piece, message, waits: () }, prepared)?;
            }
        }
        self.settle(IN_FLIGHT)
    }

    /// Waits until at most `most` pieces are on their way.
    pub(crate) fn settle(&mut self, most: usize) -> Result<(), Error> {
        loop {
            // What is planned goes to the writer in its order.
            while let Some(first) = self.planning.front() {
                let Ok(prepared) = first.waits.try_recv() else { break };
                let Some(first) = self.planning.pop_front() else { break };
                self.planned(first.without(), prepared)?;
            }
            let in_flight = self.planning.len() + self.committing.len();
            if in_flight <= most && (self.in_flight_bytes <= IN_FLIGHT_BYTES || in_flight <= 1) {
                return Ok(());
            }
            if let Some(InFlight { file, piece, message, waits }) = self.committing.pop_front() {
                self.in_flight_bytes -= piece.content.len();
                match waits.wait() {
                    Ok(receipt) => self.stored(file, &piece, receipt, message)?,
                    Err(error) => self.refused(file, &piece, error)?,
                }
            } else if let Some(first) = self.planning.pop_front() {
                let gone = || records::Error::Damaged("a planning thread ended: see its message above".into());
                let prepared = first.waits.recv().unwrap_or_else(|_| Err(gone()));
                self.planned(first.without(), prepared)?;
            }
        }
    }

    /// Hands a planned piece to the writer.
    fn planned(
        &mut self,
        flight: InFlight<()>,
        prepared: Result<records::Prepared, records::Error>,
    ) -> Result<(), Error> {
        let InFlight { file, piece, message, .. } = flight;
        let mut sent = prepared.and_then(|prepared| self.importer.records.enqueue(prepared));
        let mut message = message;
        if sent.as_ref().is_err_and(waits_for_others) && !self.committing.is_empty() {
            // What it waits for may be on its way.
            self.commit_all()?;
            let plan = self.plan(file, &piece);
            message = plan.told();
            let prepared = planners::prepare(&self.importer.records, self.grant, &piece, plan);
            sent = prepared.and_then(|prepared| self.importer.records.enqueue(prepared));
        }
        match sent {
            Ok(waits) => self.committing.push_back(InFlight { file, piece, message, waits }),
            Err(error) => {
                self.in_flight_bytes -= piece.content.len();
                self.refused(file, &piece, error)?;
            }
        }
        Ok(())
    }

    /// Waits for every commit that is under way.
    fn commit_all(&mut self) -> Result<(), Error> {
        while let Some(InFlight { file, piece, message, waits }) = self.committing.pop_front() {
            self.in_flight_bytes -= piece.content.len();
            match waits.wait() {
                Ok(receipt) => self.stored(file, &piece, receipt, message)?,
                Err(error) => self.refused(file, &piece, error)?,
            }
        }
        Ok(())
    }

    fn stored(&mut self, file: usize, piece: &Piece, receipt: Receipt, message: Option<Told>) -> Result<(), Error> {
        let is_new = receipt.new_arrival;
        self.received(file, piece, receipt)?;
        if let Some(message) = message {
            self.seen(file, piece, message.seen(), is_new);
        }
        Ok(())
    }

    fn received(&mut self, file: usize, piece: &Piece, receipt: Receipt) -> Result<(), Error> {
        let report = &mut self.reports[file];
        for outcome in &receipt.outcomes {
            report.count(outcome.resource_type, outcome.change);
        }
        report.arrivals.push(receipt.arrival);
        report.new_arrivals += u64::from(receipt.new_arrival);
        for &no in &receipt.dead_letters {
            let letter = self.importer.records.dead_letter(self.grant, no)?;
            if letter.state != DeadLetterState::Open {
                report.dealt_with += 1;
                continue;
            }
            report.dead_letters.push(no);
            report.issue(Issue {
                file: piece.about.name.clone(),
                place: letter.place,
                offset: Some(piece.about.base + letter.at),
                message: letter.what,
                hint: letter.hint,
                dead_letter: Some(no),
            });
        }
        if let Some(receipts) = &mut self.receipts {
            receipts.push(receipt);
        }
        Ok(())
    }

    /// Stores what could not be read, packed already, with a letter; `issues` are reported as that letter.
    pub(crate) fn letter(
        &mut self,
        file: usize,
        packed: Packed,
        letter: Letter,
        reuse: ReuseArrival,
        issues: Vec<Issue>,
    ) -> Result<(), Error> {
        // What came before it is before it in the store, too.
        self.settle(0)?;
        let trail = Trail { action: "import".into(), detail: self.reports[file].name.clone() };
        let plan = Plan::keeping(letter, Some(self.delivery(file)));
        let receipt = self.importer.records.submit_packed(self.grant, trail, packed, reuse, plan)?.wait()?;
        let report = &mut self.reports[file];
        report.arrivals.push(receipt.arrival);
        report.new_arrivals += u64::from(receipt.new_arrival);
        let mut is_open = true;
        for &no in &receipt.dead_letters {
            is_open = self.importer.records.dead_letter(self.grant, no)?.state == DeadLetterState::Open;
            if is_open {
                report.dead_letters.push(no);
            } else {
                report.dealt_with += 1;
            }
        }
        for issue in issues.into_iter().filter(|_| is_open) {
            report.issue(Issue { dead_letter: receipt.dead_letters.first().copied(), ..issue });
        }
        if let Some(receipts) = &mut self.receipts {
            receipts.push(receipt);
        }
        Ok(())
    }

    /// A piece of which nothing was stored: it waits, or becomes a dead letter.
    fn refused(&mut self, file: usize, piece: &Piece, error: records::Error) -> Result<(), Error> {
        if ends_everything(&error) {
            return Err(error.into());
        }
        if waits_for_others(&error)
            && let Some(waiting) = &mut self.waiting
        {
            waiting.insert(key(piece));
            // Counted when it is taken.
            self.reports[file].bytes -= piece.content.len() as u64;
            return Ok(());
        }
        let plan = Plan::keeping(Letter(letter_of(piece, &error)), Some(self.delivery(file)));
        let prepared = planners::prepare(&self.importer.records, self.grant, piece, plan)?;
        let receipt = self.importer.records.enqueue(prepared)?.wait()?;
        self.received(file, piece, receipt)
    }

    fn rehearse(&mut self, file: usize, piece: &Piece, plan: &Plan) -> Result<(), Error> {
        let records = &self.importer.records;
        if plan.told().is_some() && records.is_repeat(self.grant, &piece.about.source, &piece.content)? {
            return Ok(());
        }
        let Some(rehearsal) = &mut self.rehearsal else { return Ok(()) };
        let letters = match rehearsal.run(self.grant, plan) {
            Ok(changes) => {
                for (resource_type, change) in changes {
                    self.reports[file].count(resource_type, change);
                }
                if let Some(message) = plan.told() {
                    self.seen(file, piece, message.seen(), true);
                }
                plan.besides().dead_letters
            }
            Err(error) if ends_everything(&error) => return Err(error.into()),
            Err(error) if waits_for_others(&error) && self.waiting.is_some() => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.insert(key(piece));
                }
                self.reports[file].bytes -= piece.content.len() as u64;
                return Ok(());
            }
            Err(error) => vec![letter_of(piece, &error)],
        };
        let content = (!letters.is_empty()).then(|| *blake3::hash(&piece.content).as_bytes());
        for letter in letters {
            if let Some(hash) = &content
                && self.is_dealt_with((hash, piece.content.len() as u64), (letter.at, letter.length))?
            {
                self.reports[file].dealt_with += 1;
                continue;
            }
            self.reports[file].issue(Issue {
                file: piece.about.name.clone(),
                place: letter.place,
                offset: Some(piece.about.base + letter.at),
                message: letter.what,
                hint: letter.hint,
                dead_letter: None,
            });
        }
        Ok(())
    }

    /// Whether what could not be taken was dealt with when this content came before.
    pub(crate) fn is_dealt_with(&self, content: (&[u8; 32], u64), place: (u64, u64)) -> Result<bool, Error> {
        Ok(self.importer.records.is_dealt_with(self.grant, self.source(), content, place)?)
    }

    /// Conditions that a dry run could not answer.
    pub(crate) fn unanswered(&mut self) -> Vec<String> {
        self.rehearsal.as_mut().map(Rehearsal::unanswered).unwrap_or_default()
    }

    /// Says what a message was: its event if that has no map, and what was odd, unless it came before and that was said.
    fn seen(&mut self, file: usize, piece: &Piece, seen: MessageSeen, is_new: bool) {
        let report = &mut self.reports[file];
        if !seen.is_mapped && !seen.event.is_empty() {
            *report.unmapped.entry(seen.event).or_default() += 1;
        }
        for (place, offset, message) in seen.issues.into_iter().filter(|_| is_new) {
            let offset = Some(piece.about.base + offset);
            let hint = if message.starts_with(WITHOUT_RULE) { NOT_MAPPED } else { REMARK };
            report.issue(Issue {
                file: piece.about.name.clone(),
                place,
                offset,
                message,
                hint: hint.into(),
                dead_letter: None,
            });
        }
    }
}

impl<W> InFlight<W> {
    fn without(self) -> InFlight<()> {
        InFlight { file: self.file, piece: self.piece, message: self.message, waits: () }
    }
}

fn key(piece: &Piece) -> (String, u64) {
    (piece.about.name.clone(), piece.about.base)
}
