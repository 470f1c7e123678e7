//! Which rows of an answer hang on which rows of the sheets: how far a change spreads.
//!
//! Each place where a plan reads a sheet is a [`Reading`]. Some of them tell the rows of the answer apart ([`Dependence::cover`]). An
//! [`Edge`] says that rows of one reading whose columns have the values of changed rows of another are changed too: those that a join
//! brings together, those of a group, those of a window's partition. Followed until nothing is added, from what is different in the sheets
//! to the cover, they find every row of the answer that may be different; followed backwards, from some rows of the cover, they find all
//! that these are computed of. An edge without columns says that it cannot be told: any change may change everything.
//!
//! Only columns that hold the cells of one sheet as they are count as keys, what is computed does not. Conditions are not looked at, so that more
//! may be found than is needed, never less.

use super::rows::{as_sheet, sheet_of};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::{Distinct, Expr, Join, LogicalPlan, Window};
use std::collections::{BTreeSet, HashSet};

/// How the rows of an answer hang on those of its sheets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependence {
    /// Where sheets are read.
    pub readings: Vec<Reading>,
    /// Readings of which each row of the answer has a row.
    pub cover: Vec<usize>,
    /// How changes spread to the cover.
    pub edges: Vec<Edge>,
    /// How they spread to the readings whose cells the columns in [`Dependence::told`] give.
    pub to_told: Vec<Edge>,
    /// Columns that were asked for whose cells tell where they stand: rows of the answer that have a value there have a row of such a reading.
    pub told: Vec<usize>,
    /// For each column that the query asks for: the readings, each with the number of a column of its sheet, whose cells it gives.
    pub columns: Vec<Vec<(usize, usize)>>,
}

/// A place where a plan reads a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The sheet's name.
    pub sheet: String,
    /// Its number among the occurrences whose rows are followed, if it is one.
    pub occurrence: Option<usize>,
}

/// Rows of `to` that have, in these columns, what changed rows of `from` have there are changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// A reading.
    pub from: usize,
    /// A reading; it may be the same.
    pub to: usize,
    /// Pairs of columns, of `from` and of `to`. None: it cannot be told which rows are changed.
    pub columns: Vec<(usize, usize)>,
    /// Whether rows without a value belong together.
    pub nulls: bool,
}

/// The cells that a column gives: of one reading, or in each branch of a UNION of another.
type Places = Vec<(usize, usize)>;

/// A node of a plan, as far as rows hang on each other in it.
struct Shape {
    step: Step,
    columns: Vec<Places>,
}

enum Step {
    Reading(usize),
    /// Rows that no sheet has.
    Rows,
    Pass(Box<Shape>),
    Join {
        left: Box<Shape>,
        right: Box<Shape>,
        keys: Vec<(Places, Places)>,
        kind: JoinType,
    },
    /// Rows that are equal in these columns hang on each other.
    Groups {
        input: Box<Shape>,
        by: Vec<Places>,
    },
    Branches(Vec<Shape>),
}

/// How the rows of a plan hang on its sheets; what of it cannot be followed, if so. `by` is the occurrence by whose rows those of the plan are best
/// told apart, `asked` how many columns the query asks for.
pub(super) fn dependence(plan: &LogicalPlan, asked: usize, by: usize, tell: &[usize]) -> Result<Dependence, String> {
    let mut readings = Vec::new();
    let shape = shape(plan, &mut readings)?;
    let followed = |reading: &usize| readings[*reading].occurrence.is_some();
    let wanted = readings.iter().position(|reading| reading.occurrence == Some(by));
    let cover = shape.cover(wanted).filter(|cover| cover.iter().all(followed));
    let cover = cover.ok_or("its rows cannot be told apart by those of one table")?;
    let (mut edges, mut to_told, mut told) = (Vec::new(), Vec::new(), Vec::new());
    shape.toward(&cover, &mut edges);
    for column in tell {
        let places = shape.columns.get(*column).map(of).unwrap_or_default();
        if !places.is_empty() && shape.is_covered(&places, false) {
            told.push(*column);
            if places != cover {
                shape.toward(&places, &mut to_told);
            }
        }
    }
    let mut seen = HashSet::new();
    edges.retain(|edge| seen.insert(edge.clone()));
    to_told.retain(|edge| seen.insert(edge.clone()));
    let mut columns = shape.columns;
    columns.truncate(asked);
    Ok(Dependence { readings, cover: cover.into_iter().collect(), edges, to_told, told, columns })
}

fn shape(plan: &LogicalPlan, readings: &mut Vec<Reading>) -> Result<Shape, String> {
    let mut asks = false;
    let _ = plan.apply_expressions(|expr| {
        asks |= expr.exists(|expr| {
            Ok(matches!(
                expr,
                Expr::ScalarSubquery(_)
                    | Expr::Exists(_)
                    | Expr::InSubquery(_)
                    | Expr::SetComparison(_)
                    | Expr::OuterReferenceColumn(..)
            ))
        })?;
        Ok(TreeNodeRecursion::Continue)
    });
    if asks {
        return Err("it has a subquery that is asked for each row".to_owned());
    }
    match plan {
        LogicalPlan::TableScan(scan) => {
            let provider = sheet_of(scan).ok_or("it reads what is no table of the source")?;
            let table = as_sheet(&provider).ok_or("it reads what is no table of the source")?;
            let fields = table.schema.fields();
            let row = table.occurrence();
            let reading = readings.len();
            readings.push(Reading { sheet: table.sheet.name().to_owned(), occurrence: row });
            let read: Vec<usize> = scan.projection.clone().unwrap_or_else(|| (0..fields.len()).collect());
            let cell = |column: &usize| {
                let is_row = row.is_some() && *column + 1 == fields.len();
                if is_row { Vec::new() } else { vec![(reading, *column)] }
            };
            let columns = read.iter().map(cell).collect();
            let shape = Shape { step: Step::Reading(reading), columns };
            Ok(if scan.fetch.is_some() { shape.groups(Vec::new()) } else { shape })
        }
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => {
            Ok(Shape { step: Step::Rows, columns: vec![Vec::new(); plan.schema().fields().len()] })
        }
        LogicalPlan::Projection(node) => {
            let input = shape(&node.input, readings)?;
            let columns = node.expr.iter().map(|expr| places(expr, node.input.schema(), &input.columns)).collect();
            Ok(input.pass(columns))
        }
        LogicalPlan::Filter(node) => shape(&node.input, readings),
        LogicalPlan::Repartition(node) => shape(&node.input, readings),
        LogicalPlan::SubqueryAlias(node) => shape(&node.input, readings),
        LogicalPlan::Subquery(node) => shape(&node.subquery, readings),
        LogicalPlan::Sort(node) => {
            let input = shape(&node.input, readings)?;
            Ok(if node.fetch.is_some() { input.groups(Vec::new()) } else { input })
        }
        LogicalPlan::Limit(node) => Ok(shape(&node.input, readings)?.groups(Vec::new())),
        LogicalPlan::Unnest(node) => {
            let input = shape(&node.input, readings)?;
            let columns = node.dependency_indices.iter().map(|at| input.columns.get(*at).cloned().unwrap_or_default());
            let columns = columns.collect();
            Ok(input.pass(columns))
        }
        LogicalPlan::Aggregate(node) => {
            let input = shape(&node.input, readings)?;
            let by: Vec<Places> =
                node.group_expr.iter().map(|expr| places(expr, node.input.schema(), &input.columns)).collect();
            let is_set = node.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
            let mut columns = if is_set { Vec::new() } else { by.clone() };
            columns.resize(node.schema.fields().len(), Vec::new());
            let mut grouped = input.groups(if is_set { Vec::new() } else { by });
            grouped.columns = columns;
            Ok(grouped)
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let input = shape(input, readings)?;
            let by = input.columns.clone();
            Ok(input.groups(by))
        }
        LogicalPlan::Distinct(Distinct::On(node)) => {
            let input = shape(&node.input, readings)?;
            let of = |expr: &Expr| places(expr, node.input.schema(), &input.columns);
            let by = node.on_expr.iter().map(of).collect();
            let columns = node.select_expr.iter().map(of).collect();
            let mut grouped = input.groups(by);
            grouped.columns = columns;
            Ok(grouped)
        }
        LogicalPlan::Window(node) => Ok(windows(node, shape(&node.input, readings)?)),
        LogicalPlan::Join(node) => join(node, readings),
        LogicalPlan::Union(node) => {
            let branches = node.inputs.iter().map(|input| shape(input, readings)).collect::<Result<Vec<_>, _>>()?;
            let columns = (0..node.schema.fields().len()).map(|at| {
                let each: Vec<&Places> = branches.iter().filter_map(|branch| branch.columns.get(at)).collect();
                // A branch that computes it has no cells of it.
                let all = each.len() == branches.len() && each.iter().all(|places| !places.is_empty());
                if all { each.into_iter().flatten().copied().collect() } else { Vec::new() }
            });
            let columns = columns.collect();
            Ok(Shape { step: Step::Branches(branches), columns })
        }
        LogicalPlan::RecursiveQuery(_) => Err("it has a query that uses itself".to_owned()),
        other => Err(format!("its rows cannot be followed through {}", other.display())),
    }
}

fn join(node: &Join, readings: &mut Vec<Reading>) -> Result<Shape, String> {
    let (left, right) = (shape(&node.left, readings)?, shape(&node.right, readings)?);
    let has_keys = node.null_equality == NullEquality::NullEqualsNothing && !node.null_aware;
    let pairs = node.on.iter().filter(|_| has_keys).map(|(of_left, of_right)| {
        (places(of_left, node.left.schema(), &left.columns), places(of_right, node.right.schema(), &right.columns))
    });
    let keys = pairs.filter(|(left, right)| !left.is_empty() && !right.is_empty()).collect();
    let mark = || [Vec::new()];
    let columns = match node.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left.columns.clone(),
        JoinType::RightSemi | JoinType::RightAnti => right.columns.clone(),
        JoinType::LeftMark => left.columns.iter().cloned().chain(mark()).collect(),
        JoinType::RightMark => right.columns.iter().cloned().chain(mark()).collect(),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
            left.columns.iter().chain(&right.columns).cloned().collect()
        }
    };
    let step = Step::Join { left: Box::new(left), right: Box::new(right), keys, kind: node.join_type };
    Ok(Shape { step, columns })
}

/// Each window's partitions are groups; one window may hang on what another's groups hold.
fn windows(node: &Window, input: Shape) -> Shape {
    let mut columns = input.columns.clone();
    columns.resize(node.schema.fields().len(), Vec::new());
    let mut shape = input;
    for expr in &node.window_expr {
        let by = match bare(expr) {
            Expr::WindowFunction(function) => function.params.partition_by.iter(),
            _ => [].iter(),
        };
        let by = by.map(|expr| places(expr, node.input.schema(), &shape.columns)).collect();
        shape = shape.groups(by);
    }
    shape.columns = columns;
    shape
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => bare(&alias.expr),
        expr => expr,
    }
}

/// The cells that an expression gives as they are.
fn places(expr: &Expr, schema: &DFSchema, columns: &[Places]) -> Places {
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match expr {
        Expr::Column(column) => {
            schema.maybe_index_of_column(column).and_then(|at| columns.get(at)).cloned().unwrap_or_default()
        }
        Expr::Alias(alias) => places(&alias.expr, schema, columns),
        // Cells are text: as text they are what they are.
        Expr::Cast(cast) if is_text(cast.field.data_type()) => places(&cast.expr, schema, columns),
        _ => Vec::new(),
    }
}

fn of(places: &Places) -> BTreeSet<usize> {
    places.iter().map(|(reading, _)| *reading).collect()
}

impl Shape {
    fn pass(self, columns: Vec<Places>) -> Shape {
        Shape { step: Step::Pass(Box::new(self)), columns }
    }

    fn groups(self, by: Vec<Places>) -> Shape {
        let columns = self.columns.clone();
        Shape { step: Step::Groups { input: Box::new(self), by }, columns }
    }

    fn readings(&self, into: &mut Vec<usize>) {
        match &self.step {
            Step::Reading(reading) => into.push(*reading),
            Step::Rows => {}
            Step::Pass(input) | Step::Groups { input, .. } => input.readings(into),
            Step::Join { left, right, .. } => [left, right].into_iter().for_each(|side| side.readings(into)),
            Step::Branches(branches) => branches.iter().for_each(|branch| branch.readings(into)),
        }
    }

    /// Readings of which each row has a row: with the wanted one among them if there are such, else the first.
    fn cover(&self, wanted: Option<usize>) -> Option<BTreeSet<usize>> {
        match &self.step {
            Step::Reading(reading) => Some(BTreeSet::from([*reading])),
            Step::Rows => None,
            Step::Pass(input) | Step::Groups { input, .. } => input.cover(wanted),
            Step::Join { left, right, kind, .. } => match kind {
                JoinType::Inner => {
                    let (left, right) = (left.cover(wanted), right.cover(wanted));
                    let has = |side: &Option<BTreeSet<usize>>| {
                        wanted.zip(side.as_ref()).is_some_and(|(wanted, side)| side.contains(&wanted))
                    };
                    if has(&right) { right } else { left.or(right) }
                }
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left.cover(wanted),
                JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    right.cover(wanted)
                }
                JoinType::Full => None,
            },
            Step::Branches(branches) => {
                let each: Option<Vec<_>> = branches.iter().map(|branch| branch.cover(wanted)).collect();
                Some(each?.into_iter().flatten().collect())
            }
        }
    }

    /// Whether each row has a row of one of these readings; without `all`, each row that has none is of no interest.
    fn is_covered(&self, by: &BTreeSet<usize>, all: bool) -> bool {
        match &self.step {
            Step::Reading(reading) => by.contains(reading),
            Step::Rows => true,
            Step::Pass(input) | Step::Groups { input, .. } => input.is_covered(by, all),
            Step::Join { left, right, kind, .. } => {
                let (left, right) = (left.is_covered(by, all), right.is_covered(by, all));
                match kind {
                    JoinType::Inner => left || right,
                    JoinType::Left => left || (!all && right),
                    JoinType::Right => right || (!all && left),
                    JoinType::Full => !all && (left || right),
                    JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
                    JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right,
                }
            }
            Step::Branches(branches) => branches.iter().all(|branch| branch.is_covered(by, all)),
        }
    }

    /// Adds the edges by which whatever changes in the rows that these readings cover reaches rows of these.
    fn toward(&self, target: &BTreeSet<usize>, edges: &mut Vec<Edge>) {
        match &self.step {
            Step::Reading(_) | Step::Rows => {}
            Step::Pass(input) => input.toward(target, edges),
            Step::Branches(branches) => {
                for branch in branches {
                    if branch.is_covered(target, false) {
                        branch.toward(target, edges);
                    } else {
                        branch.blind(edges);
                    }
                }
            }
            Step::Join { left, right, keys, kind } => {
                let is_left = match kind {
                    JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => false,
                    JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => true,
                    _ => left.is_covered(target, false),
                };
                let (side, other) = if is_left { (left, right) } else { (right, left) };
                let turned = keys.iter().map(
                    |(of_left, of_right)| {
                        if is_left { (of_left, of_right) } else { (of_right, of_left) }
                    },
                );
                side.toward(target, edges);
                linked(side, other, &turned.collect::<Vec<_>>(), edges);
            }
            Step::Groups { input, by } => {
                input.toward(target, edges);
                let Some(key) = by.iter().find(|key| !key.is_empty() && input.is_covered(&of(key), true)) else {
                    return input.blind(edges);
                };
                input.toward(&of(key), edges);
                for from in key {
                    for to in key {
                        let others = by.iter().filter(|other| *other != key);
                        let columns = pairs(from, to, others.map(|other| (other, other)));
                        edges.push(Edge { from: from.0, to: to.0, columns, nulls: true });
                    }
                }
            }
        }
    }

    /// Says of all its readings that it cannot be told what changes with them.
    fn blind(&self, edges: &mut Vec<Edge>) {
        let mut readings = Vec::new();
        self.readings(&mut readings);
        edges.extend(readings.into_iter().map(|from| Edge { from, to: from, columns: Vec::new(), nulls: false }));
    }
}

/// Adds the edges of a join, from one side to the other.
fn linked(side: &Shape, other: &Shape, keys: &[(&Places, &Places)], edges: &mut Vec<Edge>) {
    let key = keys.iter().find(|(to, from)| side.is_covered(&of(to), false) && other.is_covered(&of(from), false));
    let Some((to, from)) = key else { return other.blind(edges) };
    other.toward(&of(from), edges);
    for of_other in *from {
        for of_side in *to {
            let others = keys.iter().filter(|other| *other != &(*to, *from)).map(|(to, from)| (*from, *to));
            let columns = pairs(of_other, of_side, others);
            edges.push(Edge { from: of_other.0, to: of_side.0, columns, nulls: false });
        }
    }
}

/// A pair of columns, and those of other keys that are of the same two readings.
fn pairs<'p>(
    from: &(usize, usize),
    to: &(usize, usize),
    others: impl Iterator<Item = (&'p Places, &'p Places)>,
) -> Vec<(usize, usize)> {
    let mut columns = vec![(from.1, to.1)];
    for (of_from, of_to) in others {
        let column = |places: &Places, reading| places.iter().find(|(of, _)| *of == reading).map(|(_, column)| *column);
        columns.extend(column(of_from, from.0).zip(column(of_to, to.0)));
    }
    columns
}
