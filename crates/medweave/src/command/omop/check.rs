//! `medweave omop check`

use super::super::{say, table};
use super::{failed, folder};
use crate::cli::OmopCheck;
use crate::failure::Failure;
use jiff::Timestamp;
use omop::quality::{Definitions, Outcome, Status, day_of, find, rows_sql, run as run_checks};
use omop::{Cdm, ListedRows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Wrong rows of a check that are listed.
const LISTED: usize = 100;

pub(super) fn run(check: &OmopCheck) -> Result<(), Failure> {
    let definitions = match &check.definitions {
        Some(folder) => Definitions::read(folder).map_err(failed)?,
        None => Definitions::carried().map_err(failed)?,
    };
    let today = day_of(Timestamp::now().as_microsecond(), "UTC");
    if let Some(id) = &check.rows {
        let one = find(&definitions.checks, id).map_err(failed)?;
        let Some(sql) = rows_sql(one, today, LISTED).map_err(failed)? else {
            return Err(Failure::usage(format!("{id} is about no rows: whether something is there, or of its type")));
        };
        let cdm = folder(&check.cdm)?;
        let batches = cdm.ask(&sql).map_err(failed)?;
        let listed = ListedRows::of(&batches);
        if check.json {
            return say(&json!({"sql": sql, "columns": listed.columns, "rows": listed.rows}).to_string());
        }
        let columns: Vec<&str> = listed.columns.iter().map(String::as_str).collect();
        let rows: Vec<Vec<String>> = listed.rows.iter().map(|row| row.iter().map(table::cell).collect()).collect();
        say(&table::lines(&columns, &rows))?;
        records::tell_operator!("{} rows, at most {LISTED}, by {sql}", rows.len());
        return Ok(());
    }
    let checks: Vec<_> = definitions.checks.iter().filter(|one| one.is_meant(&check.only)).cloned().collect();
    if checks.is_empty() {
        return Err(Failure::usage(format!("no check is meant by {}", check.only.join(", "))));
    }
    let cdm = folder(&check.cdm)?;
    let outcomes = run_checks(&cdm, &checks, today).map_err(failed)?;
    let count = |name: &str| outcomes.iter().filter(|outcome| outcome.status.name() == name).count();
    let (passed, bad, not) = (count("passed"), count("failed"), count("not-applicable"));
    if check.json {
        let all: Vec<Value> = outcomes.iter().map(Outcome::json).collect();
        return say(&json!({
            "definitions": definitions.source, "checks": outcomes.len(), "passed": passed, "failed": bad, "not_applicable": not,
            "outcomes": all,
        })
        .to_string());
    }
    let shown = outcomes.iter().filter(|outcome| check.all || outcome.status == Status::Failed);
    let rows: Vec<Vec<String>> = shown.map(row).collect();
    if !rows.is_empty() {
        say(&table::lines(&["check", "wrong", "of", "percent", "may be", "severity", ""], &rows))?;
        say("")?;
    }
    say(&summary(&outcomes))?;
    say("")?;
    say(&format!("{} checks: {passed} passed, {bad} failed, {not} not applicable", outcomes.len()))
}

fn row(outcome: &Outcome) -> Vec<String> {
    let note = match &outcome.status {
        Status::NotApplicable(reason) => format!("not applicable: {reason}"),
        Status::Passed => "passed".to_owned(),
        Status::Failed => "failed".to_owned(),
    };
    vec![
        outcome.check.id(),
        outcome.violated.to_string(),
        outcome.rows.to_string(),
        format!("{:.2}", outcome.percent()),
        outcome.check.threshold.unwrap_or(0.0).to_string(),
        outcome.check.kind.severity().name().to_owned(),
        note,
    ]
}

/// By category: how many are passed, failed, not applicable.
fn summary(outcomes: &[Outcome]) -> String {
    let mut by: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for outcome in outcomes {
        let at = match outcome.status {
            Status::Passed => 0,
            Status::Failed => 1,
            Status::NotApplicable(_) => 2,
        };
        by.entry(outcome.check.kind.category()).or_default()[at] += 1;
    }
    let row = |(category, counts): (&str, [usize; 3])| {
        std::iter::once(category.to_owned()).chain(counts.iter().map(usize::to_string)).collect::<Vec<_>>()
    };
    table::lines(&["category", "passed", "failed", "not applicable"], &by.into_iter().map(row).collect::<Vec<_>>())
}
