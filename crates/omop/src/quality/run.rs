//! Running checks.

use super::check::{Against, Check};
use super::definitions::is_of_the_model;
use super::groups::Groups;
use super::kind::{CheckType, Level};
use super::shape::{self, Shape, field, table};
use super::tally::{Pass, Tally, Wanted};
use super::why_not::WhyNot;
use crate::asking::Cdm;
use crate::error::Error;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// Rows that are wrong.
    pub violated: u64,
    /// Rows that were looked at.
    pub rows: u64,
    /// What that means.
    pub status: Status,
}

/// Whether a check is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not more is wrong than may be.
    Passed,
    /// Too much is wrong.
    Failed,
    /// There is nothing to look at; why.
    NotApplicable(WhyNot),
}

impl Status {
    /// `passed`, `failed` or `not-applicable`.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::NotApplicable(_) => "not-applicable",
        }
    }
}

impl Outcome {
    /// Percent of rows that are wrong.
    pub fn percent(&self) -> f64 {
        percent(self.violated, self.rows)
    }
}

fn percent(violated: u64, rows: u64) -> f64 {
    if rows == 0 { 0.0 } else { violated as f64 * 100.0 / rows as f64 }
}

/// How the counts of a check are found.
enum Counts {
    Known(u64, u64),
    Tallied(Wanted, Wanted),
    Grouped,
}

/// Runs checks over an instance: as few passes as there are sets of rows to go through. `today` is the day on which dates are
/// no longer in the future. `told` hears how many checks are counted, first of none, last of all.
///
/// # Errors
/// What the engine says; a definition that names what is not in the model.
pub fn run(cdm: &dyn Cdm, checks: &[Check], today: Date, told: &mut dyn FnMut(usize)) -> Result<Vec<Outcome>, Error> {
    told(0);
    let sizes = Sizes::take(cdm, checks)?;
    let mut tally = Tally::default();
    let mut counts = Vec::with_capacity(checks.len());
    for check in checks {
        counts.push(counts_of(cdm, check, today, &sizes, &mut tally)?);
    }
    let known = counts.iter().filter(|counts| matches!(counts, Counts::Known(..))).count();
    // The last pass that each check needs.
    let mut last: Vec<Pass> = counts
        .iter()
        .filter_map(|counts| match counts {
            Counts::Tallied(violated, rows) => Some(violated.pass().max(rows.pass())),
            _ => None,
        })
        .collect();
    last.sort_unstable();
    tally.take(cdm, &mut |pass| told(known + last.partition_point(|last| *last <= pass)))?;
    let done = known + last.len();
    let grouped = checks.iter().zip(&counts).filter(|(_, counts)| matches!(counts, Counts::Grouped));
    let groups = Groups::take(cdm, grouped.map(|(check, _)| check), &mut |checks| told(done + checks))?;
    told(checks.len());
    let outcome = |(check, counts): (&Check, Counts)| {
        let (violated, rows) = match counts {
            Counts::Known(violated, rows) => (violated, rows),
            Counts::Tallied(violated, rows) => (tally.count(violated), tally.count(rows)),
            Counts::Grouped => groups.counts(check),
        };
        let status = status(cdm, check, violated, rows, &sizes);
        Outcome { check: check.clone(), violated, rows, status }
    };
    Ok(checks.iter().zip(counts).map(outcome).collect())
}

fn counts_of(cdm: &dyn Cdm, check: &Check, today: Date, sizes: &Sizes, tally: &mut Tally) -> Result<Counts, Error> {
    if let Against::Sql(own) = &check.against {
        let wrong = format!("count(*) FILTER (WHERE {})", own.wrong_on(today));
        let of = format!("count(*) FILTER (WHERE {})", own.of);
        return Ok(Counts::Tallied(tally.want(own.from, wrong), tally.want(own.from, of)));
    }
    if !is_of_the_model(check) {
        return Ok(Counts::Known(0, 0));
    }
    let shape = shape::of(check, today)?;
    let is_there = cdm.has_table(&check.table) && (check.field.is_empty() || cdm.has_field(&check.table, &check.field));
    let all = sizes.rows(&check.table);
    Ok(match shape {
        Shape::Presence => Counts::Known(u64::from(!is_there), 1),
        Shape::Misread => Counts::Known(cdm.misread(&check.table, &check.field), all),
        // Nothing is wrong with no rows; persons are counted whatever the table holds.
        _ if all == 0 && check.kind.level() != Level::Table => Counts::Known(0, 0),
        Shape::Rows { from, wrong, of: (of, condition) } => {
            let rows = condition.map_or("count(*)".into(), |condition| format!("count(*) FILTER (WHERE {condition})"));
            let wrong = match wrong.as_str() {
                "true" => "count(*)".to_owned(),
                wrong => format!("count(*) FILTER (WHERE {wrong})"),
            };
            Counts::Tallied(tally.want(&from, wrong), tally.want(&of, rows))
        }
        Shape::Values { join, wrong, only_filled } => {
            let name = field(&check.field);
            let values = format!("(SELECT {name} v, count(*) n FROM {} t GROUP BY 1) g", table(&check.table));
            let from = format!("{values} LEFT JOIN {}", join.replace("{v}", "g.v"));
            let wrong = format!("sum(g.n) FILTER (WHERE {})", wrong.replace("{v}", "g.v"));
            let rows = if only_filled { all - sizes.empty(&check.table, &check.field) } else { all };
            Counts::Tallied(tally.want(&from, wrong), tally.want(&from, format!("CAST({rows} AS BIGINT)")))
        }
        Shape::Repeated => {
            let name = field(&check.field);
            let values = format!("(SELECT {name} v, count(*) n FROM {} t GROUP BY 1) g", table(&check.table));
            let wrong = "sum(g.n) FILTER (WHERE g.n > 1 AND g.v IS NOT NULL)".to_owned();
            Counts::Tallied(tally.want(&values, wrong), tally.want(&values, "sum(g.n)".into()))
        }
        Shape::Unmapped { concept } => {
            let (name, concept) = (field(&check.field), field(&concept));
            let values = format!(
                "(SELECT {name} v, count(*) FILTER (WHERE {concept} = 0) n FROM {} t GROUP BY 1) g",
                table(&check.table)
            );
            let wrong = "count(*) FILTER (WHERE g.n > 0)".to_owned();
            Counts::Tallied(tally.want(&values, wrong), tally.want(&values, "count(*)".into()))
        }
        Shape::Gender | Shape::Units => Counts::Grouped,
    })
}

/// How large tables are, and how often their fields are empty: what says whether a check is about anything.
struct Sizes {
    rows: BTreeMap<String, u64>,
    empty: BTreeMap<(String, String), u64>,
}

impl Sizes {
    fn take(cdm: &dyn Cdm, checks: &[Check]) -> Result<Sizes, Error> {
        let ours = || checks.iter().filter(|check| check.kind != CheckType::Fhir && is_of_the_model(check));
        let mut tables: BTreeSet<&str> = ours().map(|check| check.table.as_str()).collect();
        if ours().any(|check| check.kind == CheckType::MeasureConditionEraCompleteness) {
            tables.insert("condition_occurrence");
        }
        let fields: BTreeSet<(&str, &str)> = ours()
            .filter(|check| !check.field.is_empty())
            .map(|check| (check.table.as_str(), check.field.as_str()))
            .collect();
        let mut tally = Tally::default();
        let from = |name: &str| format!("{} t", table(name));
        let rows: Vec<(&str, Wanted)> =
            tables.iter().map(|name| (*name, tally.want(&from(name), "count(*)".into()))).collect();
        let empty: Vec<((&str, &str), Wanted)> = fields
            .iter()
            .map(|of| {
                let expression = format!("count(*) FILTER (WHERE {} IS NULL)", field(of.1));
                (*of, tally.want(&from(of.0), expression))
            })
            .collect();
        tally.take(cdm, &mut |_| {})?;
        let rows = rows.into_iter().map(|(name, wanted)| (name.to_owned(), tally.count(wanted))).collect();
        let empty = empty
            .into_iter()
            .map(|((table, field), wanted)| ((table.to_owned(), field.to_owned()), tally.count(wanted)));
        Ok(Sizes { rows, empty: empty.collect() })
    }

    fn rows(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }

    fn empty(&self, table: &str, field: &str) -> u64 {
        self.empty.get(&(table.to_owned(), field.to_owned())).copied().unwrap_or(0)
    }
}

fn status(cdm: &dyn Cdm, check: &Check, violated: u64, rows: u64, sizes: &Sizes) -> Status {
    if let Some(reason) = not_applicable(cdm, check, rows, sizes) {
        return Status::NotApplicable(reason);
    }
    let is_failed = match check.threshold {
        None | Some(0.0) => violated > 0,
        Some(threshold) => percent(violated, rows) > threshold,
    };
    if is_failed { Status::Failed } else { Status::Passed }
}

/// Why a check is about nothing, by the rules of OHDSI's Data Quality Dashboard.
fn not_applicable(cdm: &dyn Cdm, check: &Check, rows: u64, sizes: &Sizes) -> Option<WhyNot> {
    use CheckType as T;
    let (table, field) = (check.table.as_str(), check.field.as_str());
    if check.kind == T::Fhir {
        return (rows == 0).then_some(WhyNot::NoRows);
    }
    if !is_of_the_model(check) {
        return Some(WhyNot::NotInModel(if field.is_empty() { table } else { field }.to_owned()));
    }
    let no_table = || (!cdm.has_table(table)).then(|| WhyNot::NoTable(table.to_owned()));
    match check.kind {
        T::CdmTable => return None,
        T::CdmField | T::MeasurePersonCompleteness => return no_table(),
        T::MeasureConditionEraCompleteness => {
            let conditions = "condition_occurrence";
            let none = !cdm.has_table(conditions) || sizes.rows(conditions) == 0;
            return none.then(|| WhyNot::EmptyTable(conditions.to_owned()));
        }
        _ => {}
    }
    if let Some(reason) = no_table() {
        return Some(reason);
    }
    if !field.is_empty() && !cdm.has_field(table, field) {
        return Some(WhyNot::NoField(format!("{table}.{field}")));
    }
    if sizes.rows(table) == 0 {
        return Some(WhyNot::EmptyTable(table.to_owned()));
    }
    if check.kind == T::MeasureValueCompleteness {
        return None;
    }
    if !field.is_empty() && sizes.empty(table, field) == sizes.rows(table) {
        return Some(WhyNot::EmptyField(format!("{table}.{field}")));
    }
    if check.kind.level() == Level::Concept && rows == 0 {
        return Some(WhyNot::NoConcept(table.to_owned(), check.concept().unwrap_or_default()));
    }
    None
}
