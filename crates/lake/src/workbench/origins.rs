//! Column lineage: of which columns of which sheets each column of a plan is computed. Values count, not filters: what decides
//! whether a row is there is no origin, what decides which value it has (the WHEN of a CASE) is.

use super::names::is_hidden;
use super::rows::{as_sheet, sheet_of};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, Result};
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison, WindowFunction};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, RecursiveQuery, Subquery, TableScan};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The sheet's name.
    pub sheet: String,
    /// The column's name there.
    pub column: String,
    /// Which of the occurrences whose rows are followed it is read at, if it is one.
    pub occurrence: Option<usize>,
}

type Origins = BTreeSet<Origin>;

/// The origins of each column that a plan gives.
pub(super) fn origins(plan: &LogicalPlan) -> Result<Vec<Origins>> {
    Walk { outer: Vec::new(), working: HashMap::new() }.node(plan)
}

/// Columns and where they come from.
type Scope = (Arc<DFSchema>, Vec<Origins>);

struct Walk {
    /// What subqueries see of the queries around them, the innermost last.
    outer: Vec<Scope>,
    /// What the recursive queries that are walked give so far.
    working: HashMap<String, Vec<Origins>>,
}

impl Walk {
    fn node(&mut self, plan: &LogicalPlan) -> Result<Vec<Origins>> {
        match plan {
            LogicalPlan::TableScan(scan) => Ok(self.scan(scan)),
            LogicalPlan::Projection(node) => {
                let scope = self.scope(&node.input)?;
                self.all(&node.expr, &scope)
            }
            LogicalPlan::Aggregate(node) => {
                let scope = self.scope(&node.input)?;
                let mut columns = Vec::new();
                for group in &node.group_expr {
                    match group {
                        Expr::GroupingSet(set) => {
                            for expr in set.distinct_expr() {
                                columns.push(self.value(expr, &scope)?);
                            }
                            // Says which of the sets a row is of.
                            columns.push(Origins::new());
                        }
                        expr => columns.push(self.value(expr, &scope)?),
                    }
                }
                columns.extend(self.all(&node.aggr_expr, &scope)?);
                Ok(columns)
            }
            LogicalPlan::Window(node) => {
                let scope = self.scope(&node.input)?;
                let windows = self.all(&node.window_expr, &scope)?;
                let mut columns = scope.1;
                columns.extend(windows);
                Ok(columns)
            }
            LogicalPlan::Join(node) => {
                let left = self.node(&node.left)?;
                // A lateral query sees the left side.
                self.outer.push((Arc::clone(node.left.schema()), left.clone()));
                let right = self.node(&node.right);
                self.outer.pop();
                let mut right = right?;
                Ok(match node.join_type {
                    JoinType::LeftSemi | JoinType::LeftAnti => left,
                    JoinType::RightSemi | JoinType::RightAnti => right,
                    JoinType::LeftMark => left.into_iter().chain([Origins::new()]).collect(),
                    JoinType::RightMark => right.into_iter().chain([Origins::new()]).collect(),
                    JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                        let mut both = left;
                        both.append(&mut right);
                        both
                    }
                })
            }
            LogicalPlan::Union(node) => {
                let mut columns = vec![Origins::new(); node.schema.fields().len()];
                for input in &node.inputs {
                    merge(&mut columns, self.node(input)?);
                }
                Ok(columns)
            }
            LogicalPlan::Unnest(node) => {
                let input = self.node(&node.input)?;
                Ok(node.dependency_indices.iter().map(|at| input[*at].clone()).collect())
            }
            LogicalPlan::Distinct(Distinct::On(node)) => {
                let scope = self.scope(&node.input)?;
                self.all(&node.select_expr, &scope)
            }
            LogicalPlan::Distinct(Distinct::All(input)) => self.node(input),
            LogicalPlan::Values(node) => Ok(vec![Origins::new(); node.schema.fields().len()]),
            LogicalPlan::RecursiveQuery(node) => self.recursive(node),
            LogicalPlan::Filter(node) => self.node(&node.input),
            LogicalPlan::Sort(node) => self.node(&node.input),
            LogicalPlan::Limit(node) => self.node(&node.input),
            LogicalPlan::Repartition(node) => self.node(&node.input),
            LogicalPlan::SubqueryAlias(node) => self.node(&node.input),
            LogicalPlan::Subquery(node) => self.node(&node.subquery),
            other => Ok(vec![Origins::new(); other.schema().fields().len()]),
        }
    }

    fn scope(&mut self, plan: &LogicalPlan) -> Result<Scope> {
        Ok((Arc::clone(plan.schema()), self.node(plan)?))
    }

    fn scan(&self, scan: &TableScan) -> Vec<Origins> {
        let fields = scan.projected_schema.fields();
        let Some(provider) = sheet_of(scan) else {
            let working = self.working.get(scan.table_name.table()).filter(|columns| columns.len() == fields.len());
            return working.cloned().unwrap_or_else(|| vec![Origins::new(); fields.len()]);
        };
        let Some(table) = as_sheet(&provider) else { return vec![Origins::new(); fields.len()] };
        let schema = table.sheet.schema();
        let columns: Vec<usize> = scan.projection.clone().unwrap_or_else(|| (0..fields.len()).collect());
        let occurrence = table.occurrence();
        let origin = |column: &usize| Origin {
            sheet: table.sheet.name().to_owned(),
            column: schema.field(*column).name().clone(),
            occurrence,
        };
        columns.iter().map(|column| Origins::from([origin(column)])).collect()
    }

    /// The recursive term is walked until nothing is added, which takes as many rounds as a value passes columns.
    fn recursive(&mut self, node: &RecursiveQuery) -> Result<Vec<Origins>> {
        let mut columns = self.node(&node.static_term)?;
        loop {
            let before = columns.clone();
            let hidden = self.working.insert(node.name.clone(), columns.clone());
            let more = self.node(&node.recursive_term);
            match hidden {
                Some(hidden) => self.working.insert(node.name.clone(), hidden),
                None => self.working.remove(&node.name),
            };
            merge(&mut columns, more?);
            if columns == before {
                return Ok(columns);
            }
        }
    }

    fn all(&mut self, exprs: &[Expr], scope: &Scope) -> Result<Vec<Origins>> {
        exprs.iter().map(|expr| self.value(expr, scope)).collect()
    }

    fn value(&mut self, expr: &Expr, scope: &Scope) -> Result<Origins> {
        let mut found = Origins::new();
        self.add(expr, scope, &mut found)?;
        Ok(found)
    }

    fn add(&mut self, expr: &Expr, scope: &Scope, found: &mut Origins) -> Result<()> {
        expr.apply(|expr| {
            match expr {
                Expr::Column(column) => found.extend(column_of(scope, column)),
                Expr::OuterReferenceColumn(_, column) => {
                    // The innermost query around that has it.
                    let outer = self.outer.iter().rev().find(|outer| outer.0.has_column(column));
                    found.extend(outer.map(|outer| column_of(outer, column)).unwrap_or_default());
                }
                Expr::ScalarSubquery(subquery) => found.extend(self.subquery(subquery, scope)?),
                Expr::InSubquery(InSubquery { expr, subquery, .. })
                | Expr::SetComparison(SetComparison { expr, subquery, .. }) => {
                    self.add(expr, scope, found)?;
                    found.extend(self.subquery(subquery, scope)?);
                    return Ok(TreeNodeRecursion::Jump);
                }
                Expr::Exists(Exists { .. }) => return Ok(TreeNodeRecursion::Jump),
                Expr::AggregateFunction(function) => {
                    for argument in &function.params.args {
                        self.add(argument, scope, found)?;
                    }
                    return Ok(TreeNodeRecursion::Jump);
                }
                Expr::WindowFunction(function) => {
                    self.window(function, scope, found)?;
                    return Ok(TreeNodeRecursion::Jump);
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }

    /// A rank is computed of what the window is ordered by, other functions of their arguments.
    fn window(&mut self, function: &WindowFunction, scope: &Scope, found: &mut Origins) -> Result<()> {
        let params = &function.params;
        for argument in &params.args {
            self.add(argument, scope, found)?;
        }
        if params.args.is_empty() {
            let is_row = |part: &&Expr| matches!(part, Expr::Column(column) if is_hidden(&column.name));
            let parts = params.partition_by.iter().chain(params.order_by.iter().map(|order| &order.expr));
            for part in parts.filter(|part| !is_row(part)) {
                self.add(part, scope, found)?;
            }
        }
        Ok(())
    }

    fn subquery(&mut self, subquery: &Subquery, scope: &Scope) -> Result<Origins> {
        self.outer.push(scope.clone());
        let columns = self.node(&subquery.subquery);
        self.outer.pop();
        Ok(columns?.into_iter().flatten().collect())
    }
}

fn column_of((schema, columns): &Scope, column: &Column) -> Origins {
    schema.maybe_index_of_column(column).and_then(|at| columns.get(at)).cloned().unwrap_or_default()
}

fn merge(columns: &mut [Origins], more: Vec<Origins>) {
    for (column, more) in columns.iter_mut().zip(more) {
        column.extend(more);
    }
}
