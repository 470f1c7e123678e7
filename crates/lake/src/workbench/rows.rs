//! Row lineage: a plan is rewritten, node by node and before it is optimised, so that it also gives the number of each row that
//! took part. Every scan of a sheet is an *occurrence* with a column of its own, which all nodes above hand on; aggregates
//! and DISTINCT gather it ([`super::row_set`]).
//!
//! Not tracked: what stands in scalar, IN and EXISTS subqueries, on the side of a semi or anti join (INTERSECT, EXCEPT) that
//! gives no rows, and in recursive queries.

use super::row_set::{rows_of, set_type};
use super::sheet::{ROW, Sheet, SheetTable};
use super::ties;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, DataFusionError, JoinType, Result, ScalarValue, internal_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, Filter, Join, LogicalPlan, Projection, Sort, Subquery, SubqueryAlias,
    TableScan, Union, Unnest,
};
use datafusion::logical_expr::{Limit, Repartition, TableScanBuilder};
use std::any::Any;
use std::sync::Arc;

/// A plan that also gives row numbers.
pub(super) struct Tracked {
    /// The columns of the query, then those of `rows`.
    pub(super) plan: LogicalPlan,
    pub(super) rows: Vec<RowColumn>,
    pub(super) scans: Vec<Scan>,
    /// The first of FROM.
    pub(super) first: Option<usize>,
}

/// A column that holds the rows of an occurrence.
#[derive(Clone, Debug)]
pub(super) struct RowColumn {
    pub(super) occurrence: usize,
    pub(super) column: Column,
    /// Sets of rows instead of single ones.
    pub(super) many: bool,
}

/// A scan of a sheet.
pub(super) struct Scan {
    pub(super) sheet: Arc<dyn Sheet>,
    /// What the query calls it, from the inside out: table, alias, view, its alias …
    pub(super) names: Vec<String>,
    /// Of each UNION around it the number, and that of the branch that it stands in.
    pub(super) branches: Vec<(usize, usize)>,
}

/// The sheet behind a scan, if it is one.
pub(super) fn sheet_of(scan: &TableScan) -> Option<Arc<dyn TableProvider>> {
    let provider = source_as_provider(&scan.source).ok()?;
    as_sheet(&provider).is_some().then_some(provider)
}

pub(super) fn as_sheet(provider: &Arc<dyn TableProvider>) -> Option<&SheetTable> {
    let any: &dyn Any = provider.as_ref();
    any.downcast_ref::<SheetTable>()
}

/// Adds the rows to a plan.
pub(super) fn track(plan: &LogicalPlan) -> Result<Tracked> {
    let mut tracker = Tracker { scans: Vec::new(), unions: 0 };
    let node = tracker.node(plan)?;
    let mut columns = columns_of(plan);
    columns.extend(node.rows.iter().map(|row| Expr::Column(row.column.clone())));
    let plan = LogicalPlan::Projection(Projection::try_new(columns, Arc::new(node.plan))?);
    Ok(Tracked { plan, rows: node.rows, scans: tracker.scans, first: node.first })
}

struct Node {
    plan: LogicalPlan,
    rows: Vec<RowColumn>,
    first: Option<usize>,
}

struct Tracker {
    scans: Vec<Scan>,
    /// UNIONs that were met.
    unions: usize,
}

/// The columns that a plan gives, without those that are added.
fn columns_of(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().iter().map(|field| Expr::Column(Column::from(field))).collect()
}

impl Tracker {
    fn node(&mut self, plan: &LogicalPlan) -> Result<Node> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(node) => self.projection(node),
            LogicalPlan::Filter(node) => self
                .above(&node.input, |input| Ok(LogicalPlan::Filter(Filter::try_new(node.predicate.clone(), input)?))),
            LogicalPlan::Sort(node) => self.above(&node.input, |input| {
                Ok(LogicalPlan::Sort(Sort { expr: node.expr.clone(), input, fetch: node.fetch }))
            }),
            LogicalPlan::Limit(node) => self.above(&node.input, |input| {
                Ok(LogicalPlan::Limit(Limit { skip: node.skip.clone(), fetch: node.fetch.clone(), input }))
            }),
            LogicalPlan::Repartition(node) => self.above(&node.input, |input| {
                let partitioning_scheme = node.partitioning_scheme.clone();
                Ok(LogicalPlan::Repartition(Repartition { input, partitioning_scheme }))
            }),
            LogicalPlan::Window(node) => {
                let input = self.node(&node.input)?;
                Ok(Node { plan: ties::broken(&node.window_expr, input.plan, &input.rows)?, ..input })
            }
            LogicalPlan::Unnest(node) => self.above(&node.input, |input| {
                let columns = node.exec_columns.clone();
                Ok(LogicalPlan::Unnest(Unnest::try_new(input, columns, node.options.clone())?))
            }),
            LogicalPlan::Subquery(node) => self.above(&node.subquery, |subquery| {
                let (outer_ref_columns, spans) = (node.outer_ref_columns.clone(), node.spans.clone());
                Ok(LogicalPlan::Subquery(Subquery { subquery, outer_ref_columns, spans }))
            }),
            LogicalPlan::SubqueryAlias(node) => self.alias(node),
            LogicalPlan::Join(node) => self.join(node),
            LogicalPlan::Aggregate(node) => self.aggregate(node),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Distinct(Distinct::On(node)) => self.distinct_on(node),
            LogicalPlan::Union(node) => self.union(node),
            LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) | LogicalPlan::RecursiveQuery(_) => {
                Ok(untracked(plan))
            }
            other => internal_err!("{} in a query that only reads", other.display()),
        }
    }

    /// A node that hands all columns on.
    fn above(
        &mut self,
        input: &Arc<LogicalPlan>,
        make: impl FnOnce(Arc<LogicalPlan>) -> Result<LogicalPlan>,
    ) -> Result<Node> {
        let node = self.node(input)?;
        Ok(Node { plan: make(Arc::new(node.plan))?, ..node })
    }

    fn scan(&mut self, scan: &TableScan) -> Result<Node> {
        let Some(provider) = sheet_of(scan) else { return Ok(untracked(&LogicalPlan::TableScan(scan.clone()))) };
        let sheet = as_sheet(&provider).ok_or_else(|| DataFusionError::Internal("not a sheet".into()))?;
        let occurrence = self.scans.len();
        let name = format!("{ROW}_{occurrence}");
        let table = sheet.with_row(&name);
        let row = table.schema.fields().len() - 1;
        let projection = scan.projection.as_ref().map(|columns| columns.iter().copied().chain([row]).collect());
        self.scans.push(Scan {
            sheet: Arc::clone(&sheet.sheet),
            names: vec![scan.table_name.table().to_owned()],
            branches: Vec::new(),
        });
        let plan = TableScanBuilder::new(scan.table_name.clone(), provider_as_source(Arc::new(table)))
            .with_projection(projection)
            .with_filters(scan.filters.clone())
            .with_fetch(scan.fetch)
            .build()?;
        let column = Column::new(Some(scan.table_name.clone()), name);
        Ok(Node {
            plan: LogicalPlan::TableScan(plan),
            rows: vec![RowColumn { occurrence, column, many: false }],
            first: Some(occurrence),
        })
    }

    fn projection(&mut self, node: &Projection) -> Result<Node> {
        let expressions = node.expr.clone();
        let input = self.node(&node.input)?;
        let rows = input.rows.iter().map(|row| Expr::Column(row.column.clone()));
        let expressions = expressions.into_iter().chain(rows).collect();
        let plan = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input.plan))?);
        Ok(Node { plan, rows: input.rows, first: input.first })
    }

    fn alias(&mut self, node: &SubqueryAlias) -> Result<Node> {
        let mut input = self.node(&node.input)?;
        for row in &mut input.rows {
            row.column = Column::new(Some(node.alias.clone()), row.column.name.clone());
            self.scans[row.occurrence].names.push(node.alias.table().to_owned());
        }
        let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input.plan), node.alias.clone())?);
        Ok(Node { plan, ..input })
    }

    fn join(&mut self, node: &Join) -> Result<Node> {
        let (takes_left, takes_right) = match node.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (true, true),
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, false),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (false, true),
        };
        let mut side = |input: &Arc<LogicalPlan>, taken: bool| {
            if taken { self.node(input) } else { Ok(untracked(input)) }
        };
        let left = side(&node.left, takes_left)?;
        let right = side(&node.right, takes_right)?;
        let plan = LogicalPlan::Join(Join::try_new(
            Arc::new(left.plan),
            Arc::new(right.plan),
            node.on.clone(),
            node.filter.clone(),
            node.join_type,
            node.join_constraint,
            node.null_equality,
            node.null_aware,
        )?);
        let mut rows = left.rows;
        rows.extend(right.rows);
        Ok(Node { plan, rows, first: left.first.or(right.first) })
    }

    fn aggregate(&mut self, node: &Aggregate) -> Result<Node> {
        let input = self.node(&node.input)?;
        gathered(input, node.group_expr.clone(), node.aggr_expr.clone())
    }

    fn distinct(&mut self, plan: &Arc<LogicalPlan>) -> Result<Node> {
        let input = self.node(plan)?;
        if input.rows.is_empty() {
            return Ok(Node { plan: LogicalPlan::Distinct(Distinct::All(Arc::new(input.plan))), ..input });
        }
        gathered(input, columns_of(plan), Vec::new())
    }

    /// The row that DISTINCT ON chooses is the one whose values it gives.
    fn distinct_on(&mut self, node: &DistinctOn) -> Result<Node> {
        let input = self.node(&node.input)?;
        let row_columns = || input.rows.iter().map(|row| Expr::Column(row.column.clone()));
        let select = node.select_expr.iter().cloned().chain(row_columns()).collect();
        // Where the order leaves a choice, or there is none, it is the first row of the sheets.
        let mut order = match &node.sort_expr {
            Some(order) => order.clone(),
            None => node.on_expr.iter().map(|on| on.clone().sort(true, false)).collect(),
        };
        order.extend(
            input.rows.iter().filter(|row| !row.many).map(|row| Expr::Column(row.column.clone()).sort(true, false)),
        );
        let rows = input.rows.clone();
        let plan = DistinctOn::try_new(node.on_expr.clone(), select, Some(order), Arc::new(input.plan))?;
        Ok(Node { plan: LogicalPlan::Distinct(Distinct::On(plan)), rows, first: input.first })
    }

    /// Each branch has the rows of its own occurrences, and nulls for those of the others.
    fn union(&mut self, node: &Union) -> Result<Node> {
        // Unions of unions are one: each would have all columns of rows again.
        let mut plans = Vec::new();
        branches_of(node, &mut plans);
        let (number, mut inputs) = (self.unions, Vec::with_capacity(plans.len()));
        self.unions += 1;
        for (branch, plan) in plans.iter().enumerate() {
            let before = self.scans.len();
            inputs.push(self.node(plan)?);
            self.scans[before..].iter_mut().for_each(|scan| scan.branches.push((number, branch)));
        }
        let all: Vec<RowColumn> = inputs.iter().flat_map(|input| input.rows.iter().cloned()).collect();
        let mut branches = Vec::with_capacity(inputs.len());
        for (plan, input) in plans.into_iter().zip(inputs) {
            let mut columns = columns_of(plan);
            for row in &all {
                // Occurrences of a branch follow each other.
                let own = input.rows.binary_search_by_key(&row.occurrence, |own| own.occurrence).is_ok();
                let value = if own {
                    Expr::Column(row.column.clone())
                } else {
                    Expr::Literal(ScalarValue::try_from(&row_type(row.many))?, None)
                };
                columns.push(value.alias(&row.column.name));
            }
            branches.push(Arc::new(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(input.plan))?)));
        }
        let mut fields: Vec<_> = node.schema.iter().map(|(table, field)| (table.cloned(), Arc::clone(field))).collect();
        fields.extend(all.iter().map(|row| (None, Arc::new(Field::new(&row.column.name, row_type(row.many), true)))));
        let schema = DFSchema::new_with_metadata(fields, node.schema.metadata().clone())?;
        let rows = all.into_iter().map(|row| RowColumn { column: Column::new_unqualified(row.column.name), ..row });
        let rows: Vec<RowColumn> = rows.collect();
        let plan = LogicalPlan::Union(Union { inputs: branches, schema: Arc::new(schema) });
        Ok(Node { plan, rows, first: None })
    }
}

fn branches_of<'p>(node: &'p Union, branches: &mut Vec<&'p LogicalPlan>) {
    for input in &node.inputs {
        match input.as_ref() {
            LogicalPlan::Union(inner) => branches_of(inner, branches),
            other => branches.push(other),
        }
    }
}

fn row_type(many: bool) -> DataType {
    if many { set_type() } else { DataType::UInt64 }
}

fn untracked(plan: &LogicalPlan) -> Node {
    Node { plan: plan.clone(), rows: Vec::new(), first: None }
}

fn gathered(input: Node, groups: Vec<Expr>, mut aggregates: Vec<Expr>) -> Result<Node> {
    let mut rows = Vec::with_capacity(input.rows.len());
    for row in input.rows {
        let name = row.column.name.clone();
        aggregates.push(rows_of(Expr::Column(row.column)).alias(&name));
        rows.push(RowColumn { occurrence: row.occurrence, column: Column::new_unqualified(name), many: true });
    }
    let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), groups, aggregates)?);
    Ok(Node { plan, rows, first: input.first })
}
