//! How things stand, by a column that says it: never the same for all rows where the source tells them apart.

use super::files::Files;
use super::statement::Statement;
use crate::profile::Likely;
use crate::profile::column::ColumnProfile;
use crate::profile::meaning::{State, state_of};
use crate::profile::names::Role;
use crate::profile::table::TableProfile;

/// Different values of a column of states, at most.
const STATES: usize = 40;

/// The column of a table that says how its rows stand.
pub(super) fn column<'p>(likely: &'p Likely, table: &'p TableProfile) -> Option<&'p ColumnProfile> {
    if let Some(named) = likely.columns.get(&Role::Status).and_then(|name| table.column(name)) {
        return Some(named).filter(|column| column.values() > 0 && column.listed.is_some());
    }
    // `state` may be where somebody lives, and `etapa` any name: values say it, in more than one way.
    let is_free = |column: &&ColumnProfile| {
        let role = likely.columns.iter().find(|(_, name)| **name == column.name).map(|(role, _)| *role);
        role.is_none_or(|role| matches!(role, Role::State | Role::Flag | Role::Note))
    };
    table.columns.iter().filter(is_free).find(|column| {
        let listed = column.listed.as_ref().filter(|listed| listed.len() <= STATES && listed.len() > 1);
        let of = |listed: &Vec<(String, u64)>| {
            let states = listed.iter().filter_map(|(value, count)| Some((state_of(value)?, *count)));
            let known: u64 = states.clone().map(|(_, count)| count).sum();
            // One word alone may mean something else: `alta` is discharged, and a high priority.
            let several =
                states.clone().any(|(state, _)| states.clone().next().is_some_and(|(first, _)| first != state));
            several && known * 100 >= column.values() * 60
        };
        !column.is_numeric() && !column.is_dates() && listed.is_some_and(of)
    })
}

/// Writes the status of a target by the column that says it; false if there is none.
pub(super) fn write(
    files: &mut Files<'_>,
    sql: &mut Statement<'_>,
    (likely, table): (&Likely, &TableProfile),
    name: &str,
) -> bool {
    let Some(column) = column(likely, table) else { return false };
    let map = format!("{}-status", name.to_lowercase());
    let missing = files.states(&map, likely.target, column);
    let cell = sql.cell(&column.name);
    let code = format!("code('{map}', {cell})");
    // A row that says nothing is not known to be anything; Immunization has no word for that.
    let says_all = column.values() == column.rows || likely.target == "Immunization";
    let item = if says_all { code } else { format!("CASE WHEN {cell} IS NULL THEN 'unknown' ELSE {code} END") };
    sql.item(&item, "status", &[&column.name]);
    let told = if missing > 0 { format!(" ({missing} values have none yet)") } else { String::new() };
    sql.todo(&format!(
        "what each value of {} means stands in codes/{map}.csv{told}; rows whose value it lacks are refused",
        column.name
    ));
    true
}

/// The system of a target's states, and the code of one.
pub(super) fn code_of(target: &str, state: State) -> Option<(&'static str, &'static str)> {
    use State::{
        Amended, Arrived, Cancelled, Corrected, Done, Held, InProgress, Mistaken, Planned, Preliminary, Refused,
        Registered, Stopped,
    };
    Some(match target {
        "Encounter" => (
            "http://hl7.org/fhir/encounter-status",
            match state {
                Planned | Registered => "planned",
                Arrived => "arrived",
                InProgress => "in-progress",
                Done => "finished",
                Cancelled => "cancelled",
                Mistaken => "entered-in-error",
                _ => return None,
            },
        ),
        "Observation" => (
            "http://hl7.org/fhir/observation-status",
            match state {
                Registered => "registered",
                Preliminary => "preliminary",
                Done => "final",
                Amended => "amended",
                Corrected => "corrected",
                Cancelled => "cancelled",
                Mistaken => "entered-in-error",
                _ => return None,
            },
        ),
        "MedicationRequest" => (
            "http://hl7.org/fhir/CodeSystem/medicationrequest-status",
            match state {
                InProgress => "active",
                Held => "on-hold",
                Cancelled => "cancelled",
                Done => "completed",
                Mistaken => "entered-in-error",
                Stopped => "stopped",
                _ => return None,
            },
        ),
        "Procedure" => (
            "http://hl7.org/fhir/event-status",
            match state {
                Planned | Registered => "preparation",
                InProgress => "in-progress",
                Cancelled | Refused => "not-done",
                Held => "on-hold",
                Stopped => "stopped",
                Done => "completed",
                Mistaken => "entered-in-error",
                _ => return None,
            },
        ),
        "Immunization" => (
            "http://hl7.org/fhir/event-status",
            match state {
                Cancelled | Refused | Held => "not-done",
                Done => "completed",
                Mistaken => "entered-in-error",
                _ => return None,
            },
        ),
        _ => return None,
    })
}
