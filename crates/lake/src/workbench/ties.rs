//! Rows that a window's ORDER BY leaves equal come in the order of their sheets, so that the same rows are numbered alike whatever else is read.
//!
//! An engine that sorts leaves equal rows as it likes: of other rows beside them, the second may be the first. Where a function tells such rows apart,
//! their numbers are appended to what the window is ordered by; where it does not (`rank`, sums over RANGE), equal rows stay equal.

use super::rows::RowColumn;
use datafusion::common::{Column, Result};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, LogicalPlan, Projection, Window, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use std::sync::Arc;

/// Functions that give something else to each of some equal rows, whatever the frame.
const TELL_APART: [&str; 4] = ["row_number", "lag", "lead", "ntile"];
/// Functions that look at one row of a frame.
const TAKE_ONE: [&str; 3] = ["first_value", "last_value", "nth_value"];

/// A window over a plan that has these columns of rows: with their numbers behind what it is ordered by, and under the names that its columns had.
pub(super) fn broken(windows: &[Expr], input: LogicalPlan, rows: &[RowColumn]) -> Result<LogicalPlan> {
    let numbers: Vec<Expr> = rows.iter().filter(|row| !row.many).map(|row| Expr::Column(row.column.clone())).collect();
    let ordered: Vec<Expr> = windows.iter().map(|window| of_one(window, &numbers)).collect();
    let mut columns: Vec<Expr> = input.schema().iter().map(|field| Expr::Column(Column::from(field))).collect();
    // What is computed is called after its text, which the order is a part of.
    columns.extend(windows.iter().zip(&ordered).map(|(was, is)| {
        let column = |expr: &Expr| Column::new_unqualified(expr.schema_name().to_string());
        if was == is { Expr::Column(column(is)) } else { Expr::Column(column(is)).alias(column(was).name) }
    }));
    let is_as_before = ordered == windows;
    let window = LogicalPlan::Window(Window::try_new(ordered, Arc::new(input))?);
    if is_as_before {
        return Ok(window);
    }
    Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(window))?))
}

fn of_one(window: &Expr, numbers: &[Expr]) -> Expr {
    let mut window = window.clone();
    if let Expr::WindowFunction(function) = &mut window
        && tells_apart(function)
    {
        function.params.order_by.extend(numbers.iter().map(|number| number.clone().sort(true, false)));
    }
    window
}

fn tells_apart(function: &WindowFunction) -> bool {
    let WindowFunctionDefinition::WindowUDF(window) = &function.fun else {
        // A sum over so many ROWS hangs on which these are.
        let frame = &function.params.window_frame;
        return frame.units == WindowFrameUnits::Rows
            && !(frame.start_bound.is_unbounded() && frame.end_bound.is_unbounded());
    };
    let is = |names: &[&str]| names.contains(&window.name());
    let frame = &function.params.window_frame;
    let begins_first = frame.start_bound.is_unbounded();
    // A distance would be counted in rows' numbers too.
    let ends_plainly = frame.end_bound.is_unbounded() || frame.end_bound == WindowFrameBound::CurrentRow;
    is(&TELL_APART)
        || (is(&TAKE_ONE) && frame.units == WindowFrameUnits::Rows)
        // Its frame may end earlier then, and its first row is the same.
        || (window.name() == "first_value" && begins_first && ends_plainly && frame.units == WindowFrameUnits::Range)
}
