//! Pieces of files on their way to the store: planned here, committed by the writer meanwhile.

use super::report::{FileReport, Issue};
use super::resources::{Letter, Refused, Resources};
use super::unpack::Bounds;
use super::{ImportOptions, Importer};
use crate::error::Error;
use crate::fhir_door::bundle::{Imported, imported};
use crate::fhir_door::refusal::{is_fatal, refusal};
use crate::hl7_door::{MessagePlan, MessageSeen};
use access::Grant;
use records::{Arrived, Lookup, NewDeadLetter, Operation, Pending, Planner, Receipt, ReuseArrival, Trail};
use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// Requests that may wait for their commit before the next is planned.
const IN_FLIGHT: usize = 16;
/// … and the bytes of content they may hold.
const IN_FLIGHT_BYTES: usize = 48 << 20;

/// A piece of a file that becomes one arrival.
#[derive(Clone)]
pub(crate) struct Piece {
    pub(crate) about: Arrived,
    pub(crate) content: Arc<Vec<u8>>,
    pub(crate) what: What,
}

/// What a piece holds.
#[derive(Clone)]
pub(crate) enum What {
    /// Resources: byte range of each, and its line in the file.
    Resources(Vec<(Range<usize>, Option<u64>)>),
    /// A bundle; the line it stands on if it is one of several.
    Bundle { line: Option<u64> },
    /// One HL7 v2 message.
    Message,
    /// Text among messages that belongs to none.
    Stray,
}

/// Which pieces wait for others: name of the file or member, and offset in it.
pub(crate) type Waiting = HashSet<(String, u64)>;

struct InFlight {
    file: usize,
    piece: Piece,
    pending: Pending,
    message: Option<MessagePlan>,
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
    in_flight: VecDeque<InFlight>,
    in_flight_bytes: usize,
}

enum Plan {
    Resources(Resources),
    Bundle(crate::fhir_door::bundle::BundlePlanner),
    Letter(Letter),
    Message(MessagePlan),
}

impl Plan {
    /// The plan of a message, to be asked later what it saw.
    fn message(&self) -> Option<MessagePlan> {
        match self {
            Plan::Message(plan) => Some(plan.clone()),
            _ => None,
        }
    }
}

impl Planner for Plan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        match self {
            Plan::Resources(plan) => plan.plan(lookup),
            Plan::Bundle(plan) => plan.plan(lookup),
            Plan::Letter(plan) => plan.plan(lookup),
            Plan::Message(plan) => plan.plan(lookup),
        }
    }

    fn besides(&self) -> records::Besides {
        match self {
            Plan::Resources(plan) => plan.besides(),
            Plan::Bundle(plan) => plan.besides(),
            Plan::Letter(plan) => plan.besides(),
            Plan::Message(plan) => plan.besides(),
        }
    }

    fn locate(&self, at: u64, error: records::Error) -> records::Error {
        match self {
            Plan::Bundle(plan) => plan.locate(at, error),
            _ => error,
        }
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(importer: &'a Importer, grant: &'a Grant, options: &'a ImportOptions) -> Self {
        Session {
            importer,
            grant,
            options,
            reports: Vec::new(),
            waiting: None,
            only: None,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
        }
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

    /// Plans a piece and hands it to the store, or rehearses it.
    pub(crate) fn piece(&mut self, file: usize, piece: Piece) -> Result<(), Error> {
        if let Some(only) = &self.only
            && !only.contains(&key(&piece))
        {
            return Ok(());
        }
        self.reports[file].bytes += piece.content.len() as u64;
        let plan = self.plan(&piece);
        if self.options.dry_run {
            return self.rehearse(file, &piece, &plan);
        }
        let message = plan.message();
        match self.submit(&piece, plan) {
            Ok(pending) => self.sent(file, piece, pending, message),
            Err(error) if waits_for_others(&error) && !self.in_flight.is_empty() => {
                // What it waits for may be on its way.
                self.settle(0)?;
                let plan = self.plan(&piece);
                let message = plan.message();
                match self.submit(&piece, plan) {
                    Ok(pending) => self.sent(file, piece, pending, message),
                    Err(error) => self.refused(file, &piece, error),
                }
            }
            Err(error) => self.refused(file, &piece, error),
        }
    }

    fn plan(&self, piece: &Piece) -> Plan {
        let source = piece.about.source.clone();
        match &piece.what {
            What::Resources(ranges) => Plan::Resources(Resources {
                content: Arc::clone(&piece.content),
                ranges: ranges.clone(),
                source,
                refused: Refused::DeadLetter,
                closes: None,
                dead_letters: std::sync::Mutex::default(),
            }),
            What::Bundle { .. } => Plan::Bundle(imported(Imported {
                content: Arc::clone(&piece.content),
                range: 0..piece.content.len(),
                grant: self.grant.clone(),
                source,
                only: None,
                closes: None,
            })),
            What::Message => {
                let settings = match &self.options.messages {
                    Some(settings) => Arc::clone(settings),
                    None => Arc::new(hl7::map::Settings::new(self.source())),
                };
                Plan::Message(MessagePlan::new(Arc::clone(&piece.content), settings, hl7::ParseOptions::default()))
            }
            What::Stray => Plan::Letter(Letter(NewDeadLetter {
                at: 0,
                length: piece.content.len() as u64,
                what: "text that belongs to no message: messages begin with MSH".into(),
                place: String::new(),
                hint: "correct it to a message and replay it, or discard it".into(),
            })),
        }
    }

    fn submit(&self, piece: &Piece, plan: Plan) -> Result<Pending, records::Error> {
        let trail = Trail { action: "import".into(), detail: piece.about.name.clone() };
        let reuse = if plan.message().is_some() { ReuseArrival::Repeat } else { ReuseArrival::IfSame };
        self.importer.records.submit(self.grant, trail, piece.about.clone(), &piece.content, reuse, plan)
    }

    fn sent(&mut self, file: usize, piece: Piece, pending: Pending, message: Option<MessagePlan>) -> Result<(), Error> {
        self.in_flight_bytes += piece.content.len();
        self.in_flight.push_back(InFlight { file, piece, pending, message });
        self.settle(IN_FLIGHT)
    }

    /// Waits until at most `most` requests are on their way.
    pub(crate) fn settle(&mut self, most: usize) -> Result<(), Error> {
        while self.in_flight.len() > most || (self.in_flight_bytes > IN_FLIGHT_BYTES && self.in_flight.len() > 1) {
            let Some(InFlight { file, piece, pending, message }) = self.in_flight.pop_front() else { break };
            self.in_flight_bytes -= piece.content.len();
            match pending.wait() {
                Ok(receipt) => {
                    self.received(file, &piece, receipt)?;
                    if let Some(message) = message {
                        self.seen(file, &piece, message.seen());
                    }
                }
                Err(error) => self.refused(file, &piece, error)?,
            }
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
        for no in receipt.dead_letters {
            let letter = self.importer.records.dead_letter(self.grant, no)?;
            report.dead_letters.push(no);
            report.issue(Issue {
                file: piece.about.name.clone(),
                place: letter.place,
                offset: Some(piece.about.base + letter.at),
                message: letter.what,
                dead_letter: Some(no),
            });
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
        let letter = letter_of(piece, &error);
        match self.submit(piece, Plan::Letter(Letter(letter))).and_then(Pending::wait) {
            Ok(receipt) => self.received(file, piece, receipt),
            Err(error) => Err(error.into()),
        }
    }

    fn rehearse(&mut self, file: usize, piece: &Piece, plan: &Plan) -> Result<(), Error> {
        let letters = match self.importer.records.rehearse(self.grant, plan) {
            Ok(changes) => {
                for (resource_type, change) in changes {
                    self.reports[file].count(resource_type, change);
                }
                if let Some(message) = plan.message() {
                    self.seen(file, piece, message.seen());
                }
                plan.besides().dead_letters
            }
            Err(error) if ends_everything(&error) => return Err(error.into()),
            Err(error) => vec![letter_of(piece, &error)],
        };
        for letter in letters {
            self.reports[file].issue(Issue {
                file: piece.about.name.clone(),
                place: letter.place,
                offset: Some(piece.about.base + letter.at),
                message: letter.what,
                dead_letter: None,
            });
        }
        Ok(())
    }

    /// Says what a message was: its event if that has no map, and what was odd.
    fn seen(&mut self, file: usize, piece: &Piece, seen: MessageSeen) {
        let report = &mut self.reports[file];
        if !seen.is_mapped && !seen.event.is_empty() {
            *report.unmapped.entry(seen.event).or_default() += 1;
        }
        for (place, offset, message) in seen.issues {
            let offset = Some(piece.about.base + offset);
            report.issue(Issue { file: piece.about.name.clone(), place, offset, message, dead_letter: None });
        }
    }
}

fn key(piece: &Piece) -> (String, u64) {
    (piece.about.name.clone(), piece.about.base)
}

/// The dead letter of a piece that was refused as a whole.
fn letter_of(piece: &Piece, error: &records::Error) -> NewDeadLetter {
    let refused = refusal(error);
    let mut place: Vec<String> = match piece.what {
        What::Bundle { line: Some(line) } => vec![format!("line {line}")],
        _ => Vec::new(),
    };
    place.extend(refused.issues.first().map(|issue| issue.place.clone()).filter(|place| !place.is_empty()));
    let hint = match piece.what {
        What::Bundle { .. } if waits_for_others(error) => {
            "store what it refers to and replay it; nothing of the bundle was taken"
        }
        What::Bundle { .. } => "correct the bundle and replay it; nothing of it was taken",
        _ => "correct it and replay it",
    };
    NewDeadLetter {
        at: 0,
        length: piece.content.len() as u64,
        what: refused.text(),
        place: place.join(", "),
        hint: hint.into(),
    }
}

/// True if a condition matches nothing yet: a file that comes later may bring it.
fn waits_for_others(error: &records::Error) -> bool {
    match error {
        records::Error::At { error, .. } => waits_for_others(error),
        records::Error::NoMatch { .. } => true,
        _ => false,
    }
}

/// True if going on makes no sense: the store fails, or the grant does not reach.
fn ends_everything(error: &records::Error) -> bool {
    match error {
        records::Error::At { error, .. } => ends_everything(error),
        records::Error::Denied(_) => true,
        error => is_fatal(error),
    }
}
