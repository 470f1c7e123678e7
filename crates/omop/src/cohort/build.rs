//! From a definition to who is in the cohort, and when.

use super::concepts::Sets;
use super::definition::{Definition, End, Limit};
use super::domain::DRUG_END;
use super::events::{Event, Index, Over, day_number, day_of};
use super::group;
use crate::asking::{Cdm, rows};
use crate::error::Error;
use jiff::civil::Date;
use std::collections::HashMap;

/// Persons that are looked at together: what of their events must be in memory at a time.
const PERSONS: u64 = 50_000;

/// Somebody's time in a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The person.
    pub person: i64,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

/// Who is in a cohort, and how it came to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Its members, by person and day.
    pub members: Vec<Member>,
    /// Events and persons that were left after each step.
    pub steps: Vec<Step>,
    /// Concept sets of the definition and how many concepts each has.
    pub concept_sets: Vec<(i64, u64)>,
}

/// What a step left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the step is: `primary events`, the name of an inclusion rule …
    pub name: String,
    /// Events that are left, of these persons.
    pub events: u64,
    /// Persons.
    pub persons: u64,
}

/// Runs a definition over an instance.
///
/// # Errors
/// What the engine says.
pub fn run(cdm: &dyn Cdm, definition: &Definition) -> Result<Cohort, Error> {
    let sets = Sets::find(cdm, &definition.concept_sets)?;
    let mut cohort = Cohort { concept_sets: sets.sizes().collect(), ..Cohort::default() };
    cohort.concept_sets.sort_unstable();
    for persons in ranges(cdm)? {
        let over = Over::new(cdm, &sets, persons)?;
        let mut steps = Steps(Vec::new());
        let mut members = of_persons(definition, &over, &mut steps)?;
        cohort.members.append(&mut members);
        steps.add_to(&mut cohort.steps);
    }
    cohort.members.sort_unstable();
    Ok(cohort)
}

/// All numbers that persons can have.
const EVERYBODY: (i64, i64) = (-i64::MAX, i64::MAX);

/// Ranges of persons that have about as many persons each; one where there are few, since where observation periods are made of
/// events, asking who has one goes through all of them.
fn ranges(cdm: &dyn Cdm) -> Result<Vec<(i64, i64)>, Error> {
    let few = cdm.ask("SELECT count(*) FROM omop.person")?;
    if rows(&few).next().is_some_and(|row| (1..=PERSONS).contains(&row.count(0))) {
        return Ok(vec![EVERYBODY]);
    }
    let sql = format!(
        "SELECT min(person_id), max(person_id) FROM (SELECT person_id, (row_number() OVER (ORDER BY person_id) - 1) / {PERSONS} AS part \
         FROM (SELECT DISTINCT person_id FROM omop.observation_period) p) q GROUP BY part ORDER BY 1"
    );
    let answer = cdm.ask(&sql)?;
    Ok(rows(&answer).filter_map(|row| row.int(0).zip(row.int(1))).collect())
}

struct Steps(Vec<Step>);

impl Steps {
    fn note(&mut self, name: &str, events: &[Index]) {
        let mut persons: Vec<i64> = events.iter().map(|event| event.person).collect();
        persons.sort_unstable();
        persons.dedup();
        self.0.push(Step { name: name.to_owned(), events: events.len() as u64, persons: persons.len() as u64 });
    }

    fn add_to(self, all: &mut Vec<Step>) {
        if all.is_empty() {
            *all = self.0;
            return;
        }
        for (all, step) in all.iter_mut().zip(self.0) {
            all.events += step.events;
            all.persons += step.persons;
        }
    }
}

fn of_persons(definition: &Definition, over: &Over<'_>, steps: &mut Steps) -> Result<Vec<Member>, Error> {
    let mut events = primary(definition, over)?;
    steps.note("primary events", &events);
    if let Some(additional) = &definition.additional {
        let held = group::holds(over, additional, &events)?;
        keep(&mut events, &held);
        // Without additional criteria the limit says nothing, as in Circe.
        limit(&mut events, definition.qualified_limit);
        steps.note("additional criteria", &events);
    }
    let mut held = vec![true; events.len()];
    for rule in &definition.rules {
        let holds = group::holds(over, &rule.group, &events)?;
        for (held, holds) in held.iter_mut().zip(holds) {
            *held &= holds;
        }
        let left: Vec<Index> = events.iter().zip(&held).filter(|(_, held)| **held).map(|(event, _)| *event).collect();
        steps.note(&rule.name, &left);
    }
    keep(&mut events, &held);
    limit(&mut events, definition.expression_limit);
    steps.note("included events", &events);
    let ends = ends(definition, over, &events)?;
    let mut times: Vec<(i64, i32, i32)> =
        events.iter().zip(ends).filter_map(|(event, end)| Some((event.person, event.start, end?))).collect();
    times.sort_unstable();
    let (from, to) = (definition.censor_start.map(day_number), definition.censor_end.map(day_number));
    let mut members = Vec::new();
    for (person, start, end) in collapse(&times, definition.era_pad) {
        let (start, end) = (from.map_or(start, |from| start.max(from)), to.map_or(end, |to| end.min(to)));
        if (from.is_none() && to.is_none()) || start <= end {
            members.extend(day_of(start).zip(day_of(end)).map(|(start, end)| Member { person, start, end }));
        }
    }
    Ok(members)
}

fn keep(events: &mut Vec<Index>, kept: &[bool]) {
    let mut kept = kept.iter();
    events.retain(|_| kept.next().copied().unwrap_or(false));
}

/// The events that let persons in, numbered by person in their order.
fn primary(definition: &Definition, over: &Over<'_>) -> Result<Vec<Index>, Error> {
    let mut found: Vec<(Event, usize, (i32, i32))> = Vec::new();
    for (number, criterion) in definition.primary.iter().enumerate() {
        for event in over.events(criterion)?.all() {
            for period in over.periods.of(event.person) {
                let is_observed = period.0 <= event.start
                    && event.start <= period.1
                    && period.0.saturating_add(definition.prior_days) <= event.start
                    && event.start.saturating_add(definition.post_days) <= period.1;
                if is_observed {
                    found.push((*event, number, *period));
                }
            }
        }
    }
    let is_last = definition.primary_limit == Limit::Last;
    found.sort_by_key(|(event, number, _)| {
        let sort = i64::from(event.sort);
        (event.person, if is_last { -sort } else { sort }, event.id, *number)
    });
    let mut events: Vec<Index> = Vec::with_capacity(found.len());
    for (event, _, period) in found {
        let before = events.last().filter(|last: &&Index| last.person == event.person).map_or(0, |last| last.id);
        if before > 0 && definition.primary_limit != Limit::All {
            continue;
        }
        events.push(Index { id: before + 1, ..event.within(period) });
    }
    Ok(events)
}

/// Keeps the first or last event of each person.
fn limit(events: &mut Vec<Index>, limit: Limit) {
    if limit == Limit::All {
        return;
    }
    let sort = |event: &Index| {
        let start = i64::from(event.start);
        (event.person, if limit == Limit::Last { -start } else { start }, event.id)
    };
    events.sort_by_key(sort);
    events.dedup_by_key(|event| event.person);
}

/// When each event's time in the cohort ends; none if it ends before it begins.
fn ends(definition: &Definition, over: &Over<'_>, events: &[Index]) -> Result<Vec<Option<i32>>, Error> {
    let mut ends: Vec<Vec<i32>> = events.iter().map(|_| Vec::new()).collect();
    match definition.end {
        End::Observation => {}
        End::Offset { of_end, days } => {
            for (event, ends) in events.iter().zip(&mut ends) {
                let of = if of_end { event.end } else { Some(event.start) };
                ends.extend(of.map(|of| of.saturating_add(days).min(event.op_end)));
            }
        }
        End::Exposure { .. } => {
            let eras = exposures(definition, over)?;
            for (event, ends) in events.iter().zip(&mut ends) {
                let of = eras.get(&event.person).map_or(&[][..], Vec::as_slice);
                let around = of.iter().filter(|(start, end)| *start <= event.start && event.start <= *end);
                ends.extend(around.map(|(_, end)| *end));
            }
        }
    }
    if !matches!(definition.end, End::Offset { .. }) {
        for (event, ends) in events.iter().zip(&mut ends) {
            ends.push(event.op_end);
        }
    }
    for criterion in &definition.censoring {
        let found = over.events(criterion)?;
        for (event, ends) in events.iter().zip(&mut ends) {
            let within = found.of(event.person).iter().map(|found| found.start);
            ends.extend(within.filter(|start| event.start <= *start && *start <= event.op_end).min());
        }
    }
    let first = |(event, ends): (&Index, Vec<i32>)| ends.into_iter().filter(|end| *end >= event.start).min();
    Ok(events.iter().zip(ends).map(first).collect())
}

/// Continuous exposures of each person to the drugs of a definition's end.
fn exposures(definition: &Definition, over: &Over<'_>) -> Result<HashMap<i64, Vec<(i32, i32)>>, Error> {
    let End::Exposure { drugs, gap_days, offset_days, supply_days } = definition.end else {
        return Ok(HashMap::new());
    };
    let end = match supply_days {
        Some(days) => format!("x.drug_exposure_start_date + INTERVAL '{days} days'"),
        None => DRUG_END.to_owned(),
    };
    let sql = format!(
        "SELECT x.person_id, x.drug_exposure_start_date, CAST({end} AS DATE) FROM omop.drug_exposure x \
         WHERE x.person_id BETWEEN {} AND {} AND ({} OR {})",
        over.persons.0,
        over.persons.1,
        over.sets.contain(drugs, "x.drug_concept_id", false),
        over.sets.contain(drugs, "x.drug_source_concept_id", false),
    );
    let mut times: Vec<(i64, i32, i32)> = Vec::new();
    for row in rows(&over.cdm.ask(&sql)?) {
        if let (Some(person), Some(start), Some(end)) = (row.int(0), row.day(1), row.day(2)) {
            times.push((person, start, end.saturating_add(offset_days)));
        }
    }
    times.sort_unstable();
    let mut eras: HashMap<i64, Vec<(i32, i32)>> = HashMap::new();
    for (person, start, end) in collapse(&times, gap_days) {
        eras.entry(person).or_default().push((start, end));
    }
    Ok(eras)
}

/// Joins times of a person between which there are at most `pad` days. They are in order.
fn collapse(times: &[(i64, i32, i32)], pad: i32) -> Vec<(i64, i32, i32)> {
    let mut joined: Vec<(i64, i32, i32)> = Vec::new();
    for &(person, start, end) in times {
        match joined.last_mut() {
            Some(last) if last.0 == person && start <= last.2.saturating_add(pad) => last.2 = last.2.max(end),
            _ => joined.push((person, start, end)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::collapse;

    #[test]
    fn times_are_joined_over_gaps_up_to_the_pad() {
        let times = [(1, 0, 10), (1, 10, 12), (1, 15, 20), (2, 0, 1), (2, 3, 4)];
        assert_eq!(collapse(&times, 0), [(1, 0, 12), (1, 15, 20), (2, 0, 1), (2, 3, 4)]);
        assert_eq!(collapse(&times, 2), [(1, 0, 12), (1, 15, 20), (2, 0, 4)]);
        assert_eq!(collapse(&times, 3), [(1, 0, 20), (2, 0, 4)]);
    }
}
