//! One resource to rows.

use super::{Cell, Iteration, Select, View, ViewError};
use crate::json::Node;
use crate::path::{Environment, EvaluationError, Item, Program};

/// Levels that a `repeat` may go down. Documents are not deeper, so only an expression that stays in place gets there.
const REPEAT_DEPTH: usize = 64;
/// Rows that one resource may have: products of collections grow fast.
const ROW_LIMIT: usize = 1_000_000;

pub(super) fn rows<'d>(
    view: &'d View,
    resource: Node<'d>,
    env: &Environment<'d>,
    sink: &mut dyn FnMut(&[Cell<'d>]),
) -> Result<(), ViewError> {
    let Some(item) =
        Item::resource(resource).filter(|item| item.node().is_some_and(|node| node.type_id == view.resource))
    else {
        return Ok(());
    };
    let mut env = env.clone();
    env.resource.get_or_insert_with(|| item.clone());
    env.row_index = Some(0);
    for condition in &view.conditions {
        let found = condition.program.evaluate(item.clone(), &env).map_err(|error| failed(&condition.place, error))?;
        match found.as_slice() {
            [] => return Ok(()),
            [one] => match one.as_boolean() {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => return Err(ViewError::value(&condition.place, format!("{one} is no boolean"))),
            },
            many => return Err(ViewError::value(&condition.place, format!("{} values are no boolean", many.len()))),
        }
    }
    let width = view.columns.len();
    let mut producer = Producer { view, env, row: vec![Cell::Null; width], done: Vec::new(), count: 0 };
    producer.run(Some(&Pending {
        selects: &view.selects,
        union: &[],
        focus: Some(&item),
        row_index: 0,
        next: None,
    }))?;
    if width > 0 {
        producer.done.chunks_exact(width).for_each(sink);
    }
    Ok(())
}

fn failed(place: &str, error: EvaluationError) -> ViewError {
    ViewError::Evaluation { place: place.to_owned(), error }
}

struct Producer<'d> {
    view: &'d View,
    env: Environment<'d>,
    /// The row in the making: each select fills its columns before the next one starts.
    row: Vec<Cell<'d>>,
    /// Finished rows, one after the other.
    done: Vec<Cell<'d>>,
    count: usize,
}

/// What is still to be done for the row in the making: selects, then a union, for one focus; then what follows outside.
struct Pending<'p, 'd> {
    selects: &'d [Select],
    union: &'d [Select],
    focus: Option<&'p Item<'d>>,
    row_index: i64,
    next: Option<&'p Pending<'p, 'd>>,
}

impl<'d> Producer<'d> {
    fn run(&mut self, pending: Option<&Pending<'_, 'd>>) -> Result<(), ViewError> {
        let Some(pending) = pending else {
            return self.finish();
        };
        if let Some((select, rest)) = pending.selects.split_first() {
            let after = Pending { selects: rest, ..*pending };
            return self.select(select, pending.focus, pending.row_index, Some(&after));
        }
        if pending.union.is_empty() {
            return self.run(pending.next);
        }
        for branch in pending.union {
            self.select(branch, pending.focus, pending.row_index, pending.next)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ViewError> {
        self.count += 1;
        if self.count > ROW_LIMIT {
            return Err(ViewError::value("select", format!("one resource has more than {ROW_LIMIT} rows")));
        }
        self.done.extend_from_slice(&self.row);
        Ok(())
    }

    fn select(
        &mut self,
        select: &'d Select,
        focus: Option<&Item<'d>>,
        row_index: i64,
        after: Option<&Pending<'_, 'd>>,
    ) -> Result<(), ViewError> {
        let items = match &select.iteration {
            Iteration::Once => return self.one(select, focus, row_index, after),
            Iteration::ForEach(program) | Iteration::ForEachOrNull(program) => {
                self.env.row_index = Some(row_index);
                self.evaluate(program, &select.place, focus)?
            }
            Iteration::Repeat(programs) => {
                self.env.row_index = Some(row_index);
                let mut found = Vec::new();
                self.repeat(programs, &select.place, focus, 0, &mut found)?;
                found
            }
        };
        if items.is_empty() && matches!(select.iteration, Iteration::ForEachOrNull(_)) {
            return self.one(select, None, 0, after);
        }
        for (index, item) in items.iter().enumerate() {
            self.one(select, Some(item), index as i64, after)?;
        }
        Ok(())
    }

    /// Fills the columns of one item, then goes on with what is inside, and after that with what follows.
    fn one(
        &mut self,
        select: &'d Select,
        focus: Option<&Item<'d>>,
        row_index: i64,
        after: Option<&Pending<'_, 'd>>,
    ) -> Result<(), ViewError> {
        self.env.row_index = Some(row_index);
        for (at, program) in &select.columns {
            self.row[*at] = self.cell(*at, program, focus)?;
        }
        self.run(Some(&Pending { selects: &select.selects, union: &select.union, focus, row_index, next: after }))
    }

    fn evaluate(
        &self,
        program: &'d Program,
        place: &str,
        focus: Option<&Item<'d>>,
    ) -> Result<Vec<Item<'d>>, ViewError> {
        match focus {
            Some(focus) => program.evaluate(focus.clone(), &self.env),
            None => program.evaluate_empty(&self.env),
        }
        .map_err(|error| failed(place, error))
    }

    /// Depth first, each item before what is below it.
    fn repeat(
        &self,
        programs: &'d [Program],
        place: &str,
        focus: Option<&Item<'d>>,
        depth: usize,
        found: &mut Vec<Item<'d>>,
    ) -> Result<(), ViewError> {
        for program in programs {
            for item in self.evaluate(program, place, focus)? {
                if depth >= REPEAT_DEPTH || found.len() >= ROW_LIMIT {
                    return Err(ViewError::value(place, "the repetition does not end"));
                }
                found.push(item.clone());
                self.repeat(programs, place, Some(&item), depth + 1, found)?;
            }
        }
        Ok(())
    }

    fn cell(&self, at: usize, program: &'d Program, focus: Option<&Item<'d>>) -> Result<Cell<'d>, ViewError> {
        let column = &self.view.columns[at];
        let items = self.evaluate(program, &column.name, focus)?;
        let cell = |item: &Item<'d>| {
            // An element that has extensions and no value.
            if item.node().is_some_and(|node| node.is_primitive() && !node.has_value()) {
                return Ok(Cell::Null);
            }
            Cell::new(item, column.kind).ok_or_else(|| {
                ViewError::value(&column.name, format!("{item} is not of the type {}", column.fhir_type))
            })
        };
        if column.collection {
            return Ok(Cell::List(items.iter().map(cell).collect::<Result<_, _>>()?));
        }
        match items.as_slice() {
            [] => Ok(Cell::Null),
            [item] => cell(item),
            many => {
                Err(ViewError::value(&column.name, format!("{} values for a column that is no collection", many.len())))
            }
        }
    }
}
