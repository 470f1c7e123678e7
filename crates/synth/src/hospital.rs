//! The hospital at work: what is due, in the order of time, each made into an event when its time has come.

mod act;
mod measure;
mod schedule;

use crate::calendar::{Clock, DAY_US, HOUR_US, MINUTE_US};
use crate::event::{Event, Method, Via};
use crate::message::{Application, Head, Letter, Report, Visit};
use crate::people::PEOPLE;
use crate::person::Person;
use crate::resource::Transaction;
use crate::staff::Ward;
use std::collections::{BTreeMap, VecDeque};

/// The synthetic hospital: an endless iterator of events in the order of time.
#[derive(Clone, Debug)]
pub struct Hospital {
    seed: u64,
    now_us: i64,
    clock: Clock,
    people: Vec<Person>,
    /// Each patient's present visit.
    visits: Vec<Option<Present>>,
    /// By time, then by when it was planned.
    due: BTreeMap<(i64, u64), Due>,
    planned: u64,
    ready: VecDeque<Event>,
    messages: u64,
    orders: u64,
    /// How many visits there were.
    visited: u64,
    documents: u64,
}

/// A visit that is going on.
#[derive(Clone, Debug)]
struct Present {
    /// Of all visits of all patients.
    serial: u64,
    visit: Visit,
    ends_us: i64,
}

/// What is to be done. `stay` is the serial number of the visit it belongs to: with its end, it lapses.
#[derive(Clone, Debug)]
enum Due {
    /// The hospital and its staff become known.
    Open,
    /// A patient becomes known, with what they bring.
    Register {
        patient: usize,
    },
    /// A medicine taken at home begins or ends.
    Home {
        patient: usize,
        index: usize,
        stops: bool,
    },
    Vaccinate {
        patient: usize,
        index: usize,
    },
    Clinic {
        patient: usize,
        index: usize,
    },
    LeaveClinic {
        patient: usize,
    },
    ClinicResult {
        patient: usize,
        index: usize,
        stay: u64,
        collected_us: i64,
    },
    Move {
        patient: usize,
        index: usize,
        stay: u64,
        arrival_us: i64,
    },
    Diagnose {
        patient: usize,
        index: usize,
        stay: u64,
        arrival_us: i64,
    },
    Result {
        patient: usize,
        index: usize,
        stay: u64,
        arrival_us: i64,
        recurs: bool,
    },
    Correct {
        patient: usize,
        slip: usize,
        stay: u64,
        report: Report,
    },
    MixUp,
    Withdraw {
        report: Report,
    },
    Vitals {
        patient: usize,
        stay: u64,
        arrival_us: i64,
    },
    Weigh {
        patient: usize,
        stay: u64,
        arrival_us: i64,
    },
    Treat {
        patient: usize,
        index: usize,
        stay: u64,
        arrival_us: i64,
        stops: bool,
    },
    Give {
        patient: usize,
        index: usize,
        stay: u64,
        arrival_us: i64,
    },
    Write {
        patient: usize,
        index: usize,
        stay: u64,
    },
}

/// From the taking of a sample to its result.
const TURNAROUND_US: i64 = 45 * MINUTE_US;

impl Hospital {
    /// The hospital of a seed, at `now_us` (µs UTC), its clocks `ahead_min` minutes ahead of UTC.
    ///
    /// # Panics
    /// If the clock is more than 14 hours off, which no clock is.
    pub fn new(seed: u64, now_us: i64, ahead_min: i32) -> Hospital {
        assert!(ahead_min.abs() <= 14 * 60, "a clock is {ahead_min} minutes off");
        let clock = Clock { ahead_min };
        // Whole minutes: hospital systems do not know more of most things.
        let now_us = now_us - now_us.rem_euclid(MINUTE_US);
        let people: Vec<Person> = (0..PEOPLE.len()).map(|number| Person::new(seed, number, now_us, clock)).collect();
        let mut hospital = Hospital {
            seed,
            now_us,
            clock,
            visits: vec![None; people.len()],
            people,
            due: BTreeMap::new(),
            planned: 0,
            ready: VecDeque::new(),
            messages: 0,
            orders: 0,
            visited: 0,
            documents: 0,
        };
        hospital.plan_everything();
        hospital
    }

    /// Where history ends: the minute in which `now_us` lay.
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// All that was sent up to now. What the iterator gives next lies after now.
    pub fn history(&mut self) -> Vec<Event> {
        self.until(self.now_us)
    }

    /// All that is sent up to and including `until_us`, and was not given yet.
    pub fn until(&mut self, until_us: i64) -> Vec<Event> {
        let mut events = Vec::new();
        while self.fill() && self.ready.front().is_some_and(|event| event.at_us <= until_us) {
            events.extend(self.ready.pop_front());
        }
        events
    }

    fn plan(&mut self, at_us: i64, due: Due) {
        self.planned += 1;
        self.due.insert((at_us, self.planned), due);
    }

    /// Does what is due until there is an event.
    fn fill(&mut self) -> bool {
        while self.ready.is_empty() {
            let Some(((at_us, _), due)) = self.due.pop_first() else { return false };
            self.act(at_us, due);
        }
        true
    }

    /// Starts a message.
    fn letter(&mut self, application: Application, event: [&str; 3], at_us: i64) -> Letter {
        self.messages += 1;
        let control_id = format!("MW{:08}", self.messages);
        Letter::new(self.clock, &Head { application, event, control_id, at_us })
    }

    fn send(&mut self, at_us: i64, letter: Letter) {
        self.ready.push_back(Event { at_us, via: Via::Mllp(letter.finish()) });
    }

    fn transact(&mut self, at_us: i64, transaction: Transaction) {
        if !transaction.is_empty() {
            let via = Via::Fhir { method: Method::Post, path: String::new(), body: transaction.body() };
            self.ready.push_back(Event { at_us, via });
        }
    }

    /// Days from now as a time.
    fn days(&self, days: f64) -> i64 {
        self.now_us + minutes(days * DAY_US as f64)
    }

    fn order_number(&mut self) -> String {
        self.orders += 1;
        format!("L{:07}", self.orders)
    }

    /// The number of a medicine in a stay, or at home.
    fn prescription_number(&self, patient: usize, stay: Option<u64>, index: usize) -> String {
        let mrn = &self.people[patient].mrn;
        match stay {
            Some(stay) => format!("{mrn}-{stay}-{}", index + 1),
            None => format!("{mrn}-home-{}", index + 1),
        }
    }

    /// The visit `stay` of a patient, if it is still going on.
    fn present(&self, patient: usize, stay: u64) -> Option<&Present> {
        self.visits[patient].as_ref().filter(|present| present.serial == stay)
    }

    fn lead(&self, patient: usize) -> &'static crate::staff::Clinician {
        self.visits[patient].as_ref().map_or(Ward::Medicine, |present| present.visit.place.0).lead()
    }
}

impl Iterator for Hospital {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.fill();
        self.ready.pop_front()
    }
}

/// Microseconds, cut to whole minutes.
fn minutes(us: f64) -> i64 {
    (us / MINUTE_US as f64).round() as i64 * MINUTE_US
}

/// Hours from `from_us` as a time.
fn hours_from(from_us: i64, hours: f64) -> i64 {
    from_us + minutes(hours * HOUR_US as f64)
}
