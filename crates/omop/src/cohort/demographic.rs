//! What a person must be at an event: age, sex, race, ethnicity, and the event's dates.

use super::concepts::Sets;
use super::criterion::{Where, wheres};
use super::definition::{Reading, date};
use super::domain::DEMOGRAPHIC;
use super::events::{Index, day_number, year_of};
use super::json::{Node, Object, refused};
use crate::asking::{Cdm, rows};
use crate::error::Error;
use std::collections::HashMap;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Demographic {
    person: Vec<Where>,
    age: Option<Range>,
    start: Option<Range>,
    end: Option<Range>,
}

/// Persons that are what is asked, with their years of birth.
pub(super) struct Persons(HashMap<i64, Option<i64>>);

/// A range of numbers.
#[derive(Clone, Copy, Debug)]
struct Range {
    compare: Compare,
    value: i64,
    to: i64,
}

#[derive(Clone, Copy, Debug)]
enum Compare {
    Below,
    AtMost,
    Equal,
    Different,
    Above,
    AtLeast,
    Between,
    Outside,
}

impl Range {
    fn read(
        object: &Object<'_>,
        member: &str,
        value: impl Fn(&Node<'_>) -> Result<i64, Error>,
    ) -> Result<Option<Range>, Error> {
        let Some(node) = object.get(member) else { return Ok(None) };
        let range = node.object()?;
        let compare = match range.must("Op")?.text()? {
            "lt" => Compare::Below,
            "lte" => Compare::AtMost,
            "eq" => Compare::Equal,
            "!eq" => Compare::Different,
            "gt" => Compare::Above,
            "gte" => Compare::AtLeast,
            "bt" => Compare::Between,
            "!bt" => Compare::Outside,
            _ => return Err(refused(&range.member("Op"))),
        };
        let at = value(&range.must("Value")?)?;
        let to = match compare {
            Compare::Between | Compare::Outside => value(&range.must("Extent")?)?,
            _ => at,
        };
        range.ignore(&["Extent"]);
        range.end()?;
        Ok(Some(Range { compare, value: at, to }))
    }

    fn holds(self, of: i64) -> bool {
        match self.compare {
            Compare::Below => of < self.value,
            Compare::AtMost => of <= self.value,
            Compare::Equal => of == self.value,
            Compare::Different => of != self.value,
            Compare::Above => of > self.value,
            Compare::AtLeast => of >= self.value,
            Compare::Between => of >= self.value && of <= self.to,
            Compare::Outside => of < self.value || of > self.to,
        }
    }
}

fn years(node: &Node<'_>) -> Result<i64, Error> {
    node.whole()
}

impl Demographic {
    pub(super) fn read(reading: &Reading<'_>, node: &Node<'_>) -> Result<Demographic, Error> {
        let object = node.object()?;
        let mut person = Vec::new();
        for (member, ask) in DEMOGRAPHIC {
            person.extend(wheres(reading, &object, member, *ask)?);
        }
        let day = |node: &Node<'_>| Ok(i64::from(day_number(date(node)?)));
        let read = Demographic {
            person,
            age: Range::read(&object, "Age", years)?,
            start: Range::read(&object, "OccurrenceStartDate", day)?,
            end: Range::read(&object, "OccurrenceEndDate", day)?,
        };
        object.end()?;
        Ok(read)
    }

    /// The persons of a range that are what is asked.
    pub(super) fn persons(&self, cdm: &dyn Cdm, sets: &Sets, range: (i64, i64)) -> Result<Persons, Error> {
        let mut sql = format!(
            "SELECT P.person_id, P.year_of_birth FROM omop.person P WHERE P.person_id BETWEEN {} AND {}",
            range.0, range.1
        );
        for condition in &self.person {
            sql.push_str(" AND ");
            sql.push_str(&condition.sql(sets));
        }
        let answer = cdm.ask(&sql)?;
        Ok(Persons(rows(&answer).filter_map(|row| Some((row.int(0)?, row.int(1)))).collect()))
    }

    /// Whether an event's person is what is asked, at the event.
    pub(super) fn holds(&self, persons: &Persons, event: &Index) -> bool {
        let Some(born) = persons.0.get(&event.person) else { return false };
        let is_of_age = match self.age {
            None => true,
            Some(range) => born.is_some_and(|born| range.holds(year_of(event.start) - born)),
        };
        is_of_age
            && self.start.is_none_or(|range| range.holds(i64::from(event.start)))
            && self.end.is_none_or(|range| event.end.is_some_and(|end| range.holds(i64::from(end))))
    }
}
