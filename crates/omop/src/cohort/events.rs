//! Events: rows that criteria found, by person and day.

use super::concepts::Sets;
use super::criterion::Criterion;
use super::group;
use crate::asking::{Cdm, rows};
use crate::error::Error;
use jiff::civil::Date;
use std::collections::HashMap;
use std::ops::Range;

/// Days since 1970.
pub(super) fn day_number(day: Date) -> i32 {
    let days = day.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24);
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// The day of a number of days since 1970; none where the calendar ends.
pub(super) fn day_of(number: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(jiff::SignedDuration::from_hours(24 * i64::from(number))).ok()
}

/// The year of a number of days since 1970.
pub(super) fn year_of(number: i32) -> i64 {
    day_of(number).map_or(0, |day| i64::from(day.year()))
}

/// A row that a criterion found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) person: i64,
    pub(super) id: i64,
    pub(super) start: i32,
    pub(super) end: Option<i32>,
    pub(super) visit: Option<i64>,
    /// The day it is sorted by.
    pub(super) sort: i32,
    /// What is counted where different values are counted.
    pub(super) counted: Option<u64>,
}

/// An event around which others are looked for, within its observation period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Index {
    pub(super) person: i64,
    pub(super) id: i64,
    pub(super) start: i32,
    pub(super) end: Option<i32>,
    pub(super) visit: Option<i64>,
    pub(super) op_start: i32,
    pub(super) op_end: i32,
}

/// Events, those of a person together, in the order of days.
#[derive(Debug, Default)]
pub(super) struct Events {
    all: Vec<Event>,
    of: HashMap<i64, Range<usize>>,
}

impl Events {
    fn new(mut all: Vec<Event>) -> Events {
        all.sort_by_key(|event| (event.person, event.start, event.id));
        let mut of: HashMap<i64, Range<usize>> = HashMap::new();
        for (at, event) in all.iter().enumerate() {
            of.entry(event.person).or_insert(at..at).end = at + 1;
        }
        Events { all, of }
    }

    pub(super) fn all(&self) -> &[Event] {
        &self.all
    }

    /// Those of a person.
    pub(super) fn of(&self, person: i64) -> &[Event] {
        self.of.get(&person).map_or(&[], |range| &self.all[range.clone()])
    }
}

/// Observation periods, those of a person together.
#[derive(Debug, Default)]
pub(super) struct Periods(HashMap<i64, Vec<(i32, i32)>>);

impl Periods {
    pub(super) fn of(&self, person: i64) -> &[(i32, i32)] {
        self.0.get(&person).map_or(&[], Vec::as_slice)
    }
}

/// What a definition is run over: an instance, its concept sets, and a range of persons.
pub(super) struct Over<'c> {
    pub(super) cdm: &'c dyn Cdm,
    pub(super) sets: &'c Sets,
    pub(super) persons: (i64, i64),
    pub(super) periods: Periods,
}

impl<'c> Over<'c> {
    /// Begins with a range of persons.
    pub(super) fn new(cdm: &'c dyn Cdm, sets: &'c Sets, persons: (i64, i64)) -> Result<Over<'c>, Error> {
        let sql = format!(
            "SELECT person_id, observation_period_start_date, observation_period_end_date FROM omop.observation_period \
             WHERE person_id BETWEEN {} AND {}",
            persons.0, persons.1
        );
        let mut periods: HashMap<i64, Vec<(i32, i32)>> = HashMap::new();
        for row in rows(&cdm.ask(&sql)?) {
            if let (Some(person), Some(start), Some(end)) = (row.int(0), row.day(1), row.day(2)) {
                periods.entry(person).or_default().push((start, end));
            }
        }
        for of in periods.values_mut() {
            of.sort_unstable();
        }
        Ok(Over { cdm, sets, persons, periods: Periods(periods) })
    }

    /// The events of a criterion, with what must be around each of them.
    pub(super) fn events(&self, criterion: &Criterion) -> Result<Events, Error> {
        let answer = self.cdm.ask(&criterion.sql(self.sets, self.persons))?;
        let event = |row: crate::asking::Row<'_>| {
            Some(Event {
                person: row.int(0)?,
                id: row.int(1)?,
                start: row.day(2)?,
                end: row.day(3),
                visit: row.int(4),
                sort: row.day(5)?,
                // Nought is one value, whatever its sign.
                counted: row
                    .float(6)
                    .map(|value| (value + 0.0).to_bits())
                    .or_else(|| row.int(6).map(i64::cast_unsigned)),
            })
        };
        let found: Vec<Event> = rows(&answer).filter_map(event).collect();
        let Some(around) = &criterion.around else { return Ok(Events::new(found)) };
        // Each event within an observation period is looked at as an index of its own.
        let mut at = Vec::new();
        let mut indexes = Vec::new();
        for (number, event) in found.iter().enumerate() {
            for period in self.periods.of(event.person) {
                if period.0 <= event.start && event.start <= period.1 {
                    at.push(number);
                    indexes.push(event.within(*period));
                }
            }
        }
        let holds = group::holds(self, around, &indexes)?;
        let mut kept = vec![false; found.len()];
        for (number, holds) in at.into_iter().zip(holds) {
            kept[number] |= holds;
        }
        Ok(Events::new(found.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(event, _)| event).collect()))
    }
}

impl Event {
    pub(super) fn within(&self, period: (i32, i32)) -> Index {
        let Event { person, id, start, end, visit, .. } = *self;
        Index { person, id, start, end, visit, op_start: period.0, op_end: period.1 }
    }
}
