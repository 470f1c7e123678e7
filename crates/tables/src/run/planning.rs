//! The queries of a mapping, planned over the tables of a source as they are now.

use crate::compile::{Part, Program, Target};
use crate::error::Error;
use crate::mapping::{Problem, Settings};
use crate::pull::{PulledSheet, Sources};
use crate::run::links::RowColumn;
use crate::run::repeated::{KeysQuery, keys_alone};
use crate::run::runner::{PlannedPart, is_same};
use access::Grant;
use lake::workbench::{Planned, Question, Sheet, SortBy, Workbench};
use sqlparser::ast::Query;
use std::sync::Arc;

/// The tables that a mapping names, as they are now: those that may be absent have no rows, and columns that may be absent are
/// NULL.
pub(super) fn sheets(
    sources: &Sources,
    grant: &Grant,
    source: &str,
    settings: &Settings,
) -> Result<Vec<Arc<PulledSheet>>, Error> {
    let nulls = |name: &str| {
        let table = settings.tables.iter().find(|(known, _)| is_same(known, name)).map(|(_, table)| table);
        table.and_then(|table| table.nulls.clone()).unwrap_or_else(|| settings.nulls.clone())
    };
    let mut pulled = sources.sheets(grant, source, &nulls)?;
    let mut out = Vec::new();
    for (name, table) in &settings.tables {
        let mut columns = table.optional_columns.clone();
        let exact = pulled.iter().position(|sheet| sheet.name() == name);
        let sheet = match exact.or_else(|| pulled.iter().position(|sheet| is_same(sheet.name(), name))) {
            Some(at) => pulled.swap_remove(at),
            None => {
                columns.extend(table.uses.iter().flatten().chain(&table.key).cloned());
                PulledSheet::absent(name)
            }
        };
        let sheet = if settings.numbers.decimal == ',' { sheet.with_commas() } else { sheet };
        out.push(Arc::new(sheet.without_lost(&table.optional_columns).with_columns(&columns)));
    }
    Ok(out)
}

pub(super) fn plan(
    workbench: &Workbench,
    program: &Program,
    target: &Target,
    sheets: &[Arc<PulledSheet>],
) -> Result<Vec<PlannedPart>, Vec<Problem>> {
    let (mut parts, mut problems) = (Vec::new(), Vec::new());
    for part in std::iter::once(&target.main).chain(&target.children) {
        match plan_part(workbench, program, part, sheets) {
            Ok(planned) => parts.push(planned),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(parts) } else { Err(problems) }
}

/// A query over what a part reads.
fn question_of(program: &Program, part: &Part, query: Query, sheets: &[Arc<PulledSheet>]) -> Question {
    let reads = |table: &str| part.tables.iter().any(|name| is_same(name, table));
    let views = program.views.iter().filter(|view| view.tables.iter().all(|table| reads(table)));
    let views = views.map(|view| (view.name.clone(), view.query.clone())).collect();
    let sheets = sheets.iter().filter(|sheet| reads(sheet.name()));
    let sheets = sheets.map(|sheet| Arc::clone(sheet) as Arc<dyn Sheet>).collect();
    Question { views, ..Question::new(query, sheets) }
}

/// How the keys of a part are read alone.
pub(super) fn keys_query(
    workbench: &Workbench,
    program: &Program,
    part: &Part,
    sheets: &[Arc<PulledSheet>],
) -> Option<KeysQuery> {
    // In the same order, so that a query that keeps the first of some rows keeps the same ones.
    let question = question_of(program, part, keys_alone(part)?, sheets);
    Some(KeysQuery { workbench: workbench.clone(), question })
}

/// Plans a query over tables.
pub(super) fn plan_part(
    workbench: &Workbench,
    program: &Program,
    part: &Part,
    sheets: &[Arc<PulledSheet>],
) -> Result<PlannedPart, Problem> {
    let sort_by = part.sort_by.iter().map(|by| SortBy { column: by.column, descending: by.descending }).collect();
    let question = Question { sort_by, ..question_of(program, part, part.query.clone(), sheets) };
    let problem = |error: lake::workbench::Error| {
        let view = error.view.as_ref().and_then(|name| program.views.iter().find(|view| is_same(&view.name, name)));
        Problem {
            file: view.map_or(&part.file, |view| &view.file).clone(),
            line: error.line.map_or(1, |line| line as u32),
            column: error.column.map_or(1, |column| column as u32),
            message: error.message.clone(),
            hint: error.hint.clone(),
        }
    };
    // Planning takes as long as there are tables and views; what is wrong is told with all of them in sight.
    let in_full = || Question {
        views: program.views.iter().map(|view| (view.name.clone(), view.query.clone())).collect(),
        sheets: sheets.iter().map(|sheet| Arc::clone(sheet) as Arc<dyn Sheet>).collect(),
        ..question.clone()
    };
    let planned = workbench.plan(question.clone()).or_else(|_| workbench.plan(in_full()));
    let mut planned = planned.map_err(&problem)?;
    let mut each = each_of(&planned, part);
    if !each.is_empty() && each.first().copied() != planned.driving() {
        // Rows come in the order of another table: that of this one, where the query says which it is.
        let driven = Question { driving: part.each.alias.clone(), ..question };
        if let Some(again) = part.each.alias.as_ref().and_then(|_| workbench.plan(driven).ok()) {
            planned = again;
            each = each_of(&planned, part);
        }
    }
    let all = planned.occurrences();
    let rows: Vec<RowColumn> = all
        .iter()
        .map(|occurrence| RowColumn {
            table: occurrence.sheet.clone(),
            column: occurrence.rows,
            count: occurrence.count,
            is_branch: all.iter().any(|other| other.sheet == occurrence.sheet && other.excludes(occurrence)),
        })
        .collect();
    if each.is_empty() {
        return Err(Problem {
            file: part.file.clone(),
            line: 1,
            column: 1,
            message: format!("the rows of {} cannot be followed through this query", part.each.table),
            hint: Some("name the table that it goes through row by row: `@each TABLE ALIAS`".into()),
        });
    }
    Ok(PlannedPart { planned, each, rows, only: None })
}

/// Which occurrences are the table whose rows are accounted for: one under its alias if it has one, else the first; and of each other branch of a UNION
/// that it stands in one too.
fn each_of(planned: &Planned, part: &Part) -> Vec<usize> {
    let all = planned.occurrences();
    let of_table = |at: &usize| is_same(&all[*at].sheet, &part.each.table);
    let is_called = |at: &usize| {
        part.each.alias.as_ref().is_some_and(|alias| all[*at].names.iter().any(|name| is_same(name, alias)))
    };
    let called = (0..all.len()).filter(|at| of_table(at) && is_called(at));
    let mut each: Vec<usize> = Vec::new();
    for at in called.chain((0..all.len()).filter(of_table)) {
        if each.iter().all(|other| all[*other].excludes(&all[at])) {
            each.push(at);
        }
    }
    each
}
