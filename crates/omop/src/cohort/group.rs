//! Whether what must be around events is there.

use super::definition::{Compare, Correlated, Group, Needed, Point, Window};
use super::events::{Event, Index, Over};
use crate::error::Error;
use std::collections::BTreeSet;

/// For each event, whether a group of criteria holds.
pub(super) fn holds(over: &Over<'_>, group: &Group, events: &[Index]) -> Result<Vec<bool>, Error> {
    let parts = group.len() as u64;
    if parts == 0 || events.is_empty() {
        return Ok(vec![true; events.len()]);
    }
    let mut held = vec![0_u64; events.len()];
    let mut add = |holds: Vec<bool>| {
        for (held, holds) in held.iter_mut().zip(holds) {
            *held += u64::from(holds);
        }
    };
    for correlated in &group.criteria {
        add(occur(over, correlated, events)?);
    }
    for demographic in &group.demographics {
        let persons = demographic.persons(over.cdm, over.sets, over.persons)?;
        add(events.iter().map(|event| demographic.holds(&persons, event)).collect());
    }
    for inner in &group.groups {
        add(self::holds(over, inner, events)?);
    }
    let is_enough = |held: u64| match group.needed {
        Needed::All => held == parts,
        Needed::Any => held > 0,
        Needed::AtLeast(count) => held >= count,
        Needed::AtMost(count) => held <= count,
    };
    Ok(held.into_iter().map(is_enough).collect())
}

/// For each event, whether others occur around it as often as they must.
fn occur(over: &Over<'_>, correlated: &Correlated, events: &[Index]) -> Result<Vec<bool>, Error> {
    let found = over.events(&correlated.criterion)?;
    let count = correlated.count;
    let occurs = |index: &Index| {
        let around = found.of(index.person).iter().filter(|event| is_around(correlated, index, event));
        let times = if count.is_distinct {
            around.filter_map(|event| event.counted).collect::<BTreeSet<u64>>().len() as u64
        } else {
            around.count() as u64
        };
        match count.compare {
            Compare::Exactly => times == count.times,
            Compare::AtMost => times <= count.times,
            Compare::AtLeast => times >= count.times,
        }
    };
    Ok(events.iter().map(occurs).collect())
}

fn is_around(correlated: &Correlated, index: &Index, event: &Event) -> bool {
    let observed = !correlated.outside_observation;
    (!observed || (index.op_start <= event.start && event.start <= index.op_end))
        && is_within(&correlated.start, index, event, observed)
        && correlated.end.as_ref().is_none_or(|window| is_within(window, index, event, observed))
        && (!correlated.same_visit || (event.visit.is_some() && event.visit == index.visit))
}

/// Whether an event's day is in a window. A day that is not known is in no window that has a bound.
fn is_within(window: &Window, index: &Index, event: &Event, observed: bool) -> bool {
    let at = if window.of_event_end { event.end } else { Some(event.start) };
    let of = if window.of_index_end { index.end } else { Some(index.start) };
    // None: no bound; Some(None): a bound that is not known.
    let bound = |point: Point| match point {
        Point::Days(days) => Some(of.map(|of| of.saturating_add(days))),
        Point::ObservationStart => observed.then_some(Some(index.op_start)),
        Point::ObservationEnd => observed.then_some(Some(index.op_end)),
    };
    let holds = |bound: Option<Option<i32>>, compare: fn(i32, i32) -> bool| match bound {
        None => true,
        Some(bound) => at.zip(bound).is_some_and(|(at, bound)| compare(at, bound)),
    };
    holds(bound(window.from), |at, from| at >= from) && holds(bound(window.to), |at, to| at <= to)
}
