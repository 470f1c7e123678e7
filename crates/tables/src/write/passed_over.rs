//! What is told of a value that could not be read where `coalesce` took another in its place.
//!
//! `coalesce(quantity(r.value, …), text(r.value))` is how a column of numbers and words is mapped, so a word among numbers is no failure. It is
//! counted all the same: a mapping that does not say how its source writes numbers would make text of all of them.

use super::column::Column;
use super::machine::MGive;
use crate::value::{Form, Function, Reason, has_another_sign, has_unit_behind};

/// Reasons of what could not be read; others say that something is not there or not known, for which `coalesce` is made.
const UNREAD: [&str; 8] = [
    "ambiguous-date",
    "ambiguous-number",
    "future-date",
    "impossible-date",
    "not-a-date",
    "not-a-number",
    "not-a-time",
    "not-an-integer",
];

/// What stands where something else could not be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// Text of the source.
    Text,
    /// The same for all rows.
    Constant,
    /// It was read in another way.
    Read,
}

/// True for the flags of values that were taken in the place of others.
pub fn is_passed_over(flag: &str) -> bool {
    matches!(flag, "decimal-sign" | "kept-as-text" | "other-value" | "unit-in-value")
}

/// The flag of a value that was taken after another could not be read, and why it could not; none if it says the same in another way.
pub fn told((failed, reason): (&MGive, Reason), taken: &MGive, columns: &[Column], row: usize) -> Option<Reason> {
    if !UNREAD.contains(&reason.code) {
        return None;
    }
    let code = match of(taken, columns, row) {
        Taken::Read => return None,
        Taken::Constant => "other-value",
        Taken::Text => kept(failed, &reason, columns, row),
    };
    Some(Reason { code, message: reason.message })
}

/// Why text was kept: what it looks like.
fn kept(failed: &MGive, reason: &Reason, columns: &[Column], row: usize) -> &'static str {
    let is_of_numbers = matches!(reason.code, "not-a-number" | "ambiguous-number");
    match cell(failed, columns, row).filter(|_| is_of_numbers) {
        Some((text, keeps_comparators)) if has_another_sign(text, keeps_comparators) => "decimal-sign",
        Some((text, _)) if has_unit_behind(text) => "unit-in-value",
        _ => "kept-as-text",
    }
}

/// The text that could not be read, and whether comparators before it are understood.
fn cell<'c>(give: &MGive, columns: &'c [Column], row: usize) -> Option<(&'c str, bool)> {
    match give {
        MGive::Argument(column) | MGive::Column(column, _) => Some((columns[*column].text(row)?, true)),
        MGive::Call(call) => {
            let (text, keeps) = cell(call.arguments.first()?, columns, row)?;
            Some((text, keeps && call.function != Function::Number))
        }
        MGive::Case(selector, arms) => cell(arms.get(columns[*selector].arm(row)?)?, columns, row),
        MGive::Coalesce(all) => all.iter().find_map(|give| cell(give, columns, row)),
        _ => None,
    }
}

fn of(give: &MGive, columns: &[Column], row: usize) -> Taken {
    let by_form = |form: Form| if form == Form::Text { Taken::Text } else { Taken::Read };
    match give {
        MGive::Text(_) | MGive::Constant(..) => Taken::Constant,
        MGive::Argument(_) => Taken::Text,
        MGive::Column(_, out) => by_form(out.slot.form()),
        MGive::Joined(joined) => by_form(joined.out.slot.form()),
        MGive::Call(call) if call.function == Function::Text => Taken::Text,
        MGive::Case(selector, arms) => {
            let arm = columns[*selector].arm(row).and_then(|arm| arms.get(arm));
            arm.map_or(Taken::Read, |arm| of(arm, columns, row))
        }
        MGive::Coalesce(all) if all.iter().any(|give| of(give, columns, row) == Taken::Text) => Taken::Text,
        MGive::Absent | MGive::Shaped(..) | MGive::Call(_) | MGive::Coalesce(_) => Taken::Read,
    }
}
