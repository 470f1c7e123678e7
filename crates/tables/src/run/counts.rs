//! What is counted of some rows, taken out of what was counted of all, and put in again.

use crate::run::report::{EXAMPLES, ReasonCount, TargetReport, ValueCount};
use crate::value::{Counted, Unmapped};
use std::cmp::Reverse;

/// The report of all rows without those of a part, in which `is_in` says which rows are. Why it cannot be told, if so.
pub(super) fn without(
    all: &TargetReport,
    part: &TargetReport,
    is_in: &dyn Fn(&str, u64) -> bool,
) -> Result<TargetReport, String> {
    let less = |all: u64, part: u64| all.checked_sub(part).ok_or("more of it was made before than is remembered");
    Ok(TargetReport {
        rows: less(all.rows, part.rows)?,
        resources: less(all.resources, part.resources)?,
        merged: less(all.merged, part.merged)?,
        filtered: less(all.filtered, part.filtered)?,
        rejected: less(all.rejected, part.rejected)?,
        table_rows: less(all.table_rows, part.table_rows)?,
        child_rows: less(all.child_rows, part.child_rows)?,
        child_rejected: less(all.child_rejected, part.child_rejected)?,
        reasons: reasons_without(&all.reasons, &part.reasons, is_in)?,
        remarks: reasons_without(&all.remarks, &part.remarks, is_in)?,
        values: values_without(&all.values, &part.values)?,
        ..all.clone()
    })
}

/// The report of all rows: of a part, and of the others.
pub(super) fn with(others: &TargetReport, part: &TargetReport) -> TargetReport {
    TargetReport {
        rows: others.rows + part.rows,
        resources: others.resources + part.resources,
        merged: others.merged + part.merged,
        filtered: others.filtered + part.filtered,
        rejected: others.rejected + part.rejected,
        table_rows: others.table_rows + part.table_rows,
        child_rows: others.child_rows + part.child_rows,
        child_rejected: others.child_rejected + part.child_rejected,
        reasons: reasons_with(&others.reasons, &part.reasons),
        remarks: reasons_with(&others.remarks, &part.remarks),
        values: values_with(&others.values, &part.values),
        ..part.clone()
    }
}

fn is_same(a: &ReasonCount, b: &ReasonCount) -> bool {
    (&a.code, &a.element, a.effect) == (&b.code, &b.element, b.effect)
}

fn reasons_without(
    all: &[ReasonCount],
    part: &[ReasonCount],
    is_in: &dyn Fn(&str, u64) -> bool,
) -> Result<Vec<ReasonCount>, String> {
    let mut left = all.to_vec();
    for less in part {
        let is_in = |a: &ReasonCount, b: &ReasonCount| a.count >= b.count && a.rows >= b.rows && a.further >= b.further;
        let reason = left.iter_mut().find(|reason| is_same(reason, less)).filter(|reason| is_in(reason, less));
        let reason = reason.ok_or_else(|| format!("\"{}\" is not remembered of it", less.code))?;
        reason.count -= less.count;
        reason.rows -= less.rows;
        reason.further -= less.further;
    }
    left.retain(|reason| reason.count > 0);
    for reason in &mut left {
        reason.examples.retain(|example| !is_in(&example.table, example.row));
        if reason.examples.is_empty() {
            return Err(format!("no example of \"{}\" is known besides", reason.code));
        }
    }
    Ok(left)
}

fn reasons_with(others: &[ReasonCount], part: &[ReasonCount]) -> Vec<ReasonCount> {
    let mut all = others.to_vec();
    for more in part {
        match all.iter_mut().find(|reason| is_same(reason, more)) {
            Some(reason) => {
                reason.count += more.count;
                reason.rows += more.rows;
                reason.further += more.further;
                reason.examples.extend(more.examples.iter().cloned());
                // The first of all, as far as they are known.
                reason.examples.sort_by_key(|example| example.row);
                reason.examples.truncate(EXAMPLES);
            }
            None => all.push(more.clone()),
        }
    }
    in_order(&mut all);
    all
}

fn values_without(all: &[ValueCount], part: &[ValueCount]) -> Result<Vec<ValueCount>, String> {
    let mut left = all.to_vec();
    for less in part {
        let values = left.iter_mut().find(|values| values.element == less.element);
        let values = values.filter(|values| values.count >= less.count);
        values.ok_or_else(|| format!("the values of {} are not remembered", less.element))?.count -= less.count;
    }
    left.retain(|values| values.count > 0);
    Ok(left)
}

/// Counts of values by their paths.
pub(super) fn values_of(counted: Vec<(u32, u64)>, path: impl Fn(u32) -> String) -> Vec<ValueCount> {
    let counted = counted.into_iter().map(|(element, count)| ValueCount { element: path(element), count });
    counted.fold(Vec::new(), |all, one| values_with(&all, &[one]))
}

fn values_with(others: &[ValueCount], part: &[ValueCount]) -> Vec<ValueCount> {
    let mut all = others.to_vec();
    for more in part {
        match all.iter_mut().find(|values| values.element == more.element) {
            Some(values) => values.count += more.count,
            None => all.push(more.clone()),
        }
    }
    all.sort_by(|a, b| a.element.cmp(&b.element));
    all
}

/// The most frequent first.
pub(super) fn in_order(reasons: &mut [ReasonCount]) {
    reasons.sort_by(|a, b| {
        let key = |reason: &ReasonCount| (reason.effect, Reverse(reason.count));
        key(a).cmp(&key(b)).then_with(|| (&a.code, &a.element).cmp(&(&b.code, &b.element)))
    });
}

/// The spellings of all rows without those of a part.
pub(super) fn unmapped_without(all: &[Counted], part: &Unmapped) -> Result<Unmapped, String> {
    let mut left = all.to_vec();
    if left.iter().any(|counted| counted.text.is_empty()) {
        return Err("more spellings are unmapped than are counted one by one".to_owned());
    }
    for less in part.by_frequency() {
        let same = |one: &&mut Counted| (one.kind, &one.map, &one.text) == (less.kind, &less.map, &less.text);
        let counted = left.iter_mut().find(same).filter(|counted| counted.times >= less.times);
        counted.ok_or_else(|| format!("\"{}\" is not remembered as unmapped", less.text))?.times -= less.times;
    }
    left.retain(|counted| counted.times > 0);
    Ok(Unmapped::of(&left))
}
