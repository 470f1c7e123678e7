//! What SQL means by comparing and computing with columns of text, and what is refused.
//!
//! - Text compared with a number, a date or a time is read as one; a text that is none is NULL there, so neither equal nor
//!   less. (The engine alone would fail at the first `n/a`, or read `5.5` as the integer that it is compared with.)
//! - CAST of a text that is not as it should be is an error that names the expression, place and value.
//! - Computing with text is an error: it takes a `try_cast`.
//! - Functions that give something else each time are refused: a run must give the same again.

use super::error::{Error, Place, cannot_compute};
use super::reading::{Unreadable, read, sql_name};
use super::written::Written;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Between, Case, InList};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan, Operator, TryCast, Volatility};

/// Gives comparisons, casts and computations of one text their meaning.
pub(super) fn read_text(plan: LogicalPlan, written: &Written) -> Result<LogicalPlan> {
    let rewriter = Rewriter { written: Some(written) };
    each_expression(plan, |expr, schema| rewriter.expression(expr, schema))
}

/// What the engine itself made of a plan may have casts of text: they get the same errors.
pub(super) fn name_casts(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewriter = Rewriter { written: None };
    each_expression(plan, |expr, schema| match expr {
        Expr::Cast(cast) => Ok(rewriter.cast(cast, schema)),
        other => Ok(Transformed::no(other)),
    })
}

/// The place of the first column in an expression.
pub(super) fn place_of(expr: &Expr) -> Option<Place> {
    let mut found = None;
    // Nothing in it fails.
    let _ = expr.apply(|expr| {
        if let Expr::Column(column) = expr
            && let Some(span) = column.spans.first()
        {
            found = Some((span.start.line, span.start.column));
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

fn each_expression(
    plan: LogicalPlan,
    mut rewrite: impl FnMut(Expr, &DFSchema) -> Result<Transformed<Expr>>,
) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|plan| {
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
        }
        let names = NamePreserver::new(&plan);
        let plan = plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let expr = expr.transform_up(|expr| rewrite(expr, &schema))?;
            Ok(expr.update_data(|expr| name.restore(expr)))
        })?;
        if plan.transformed { plan.map_data(LogicalPlan::recompute_schema) } else { Ok(plan) }
    })
    .data()
}

struct Rewriter<'w> {
    written: Option<&'w Written>,
}

impl Rewriter<'_> {
    fn expression(&self, expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        match expr {
            Expr::BinaryExpr(binary) if compares(binary.op) => Ok(compared(binary, schema)),
            Expr::BinaryExpr(binary) if computes(binary.op) => {
                self.check_computed(&binary, schema)?;
                Ok(Transformed::no(Expr::BinaryExpr(binary)))
            }
            Expr::InList(list) => Ok(in_list(list, schema)),
            Expr::Between(between) => Ok(in_between(between, schema)),
            Expr::Case(case) => Ok(chosen(case, schema)),
            Expr::Cast(cast) => Ok(self.cast(cast, schema)),
            Expr::TryCast(TryCast { expr, field }) if is_text(&expr, schema) && is_read(field.data_type()) => {
                Ok(Transformed::yes(read(*expr, field.data_type().clone(), Unreadable::Null)))
            }
            Expr::ScalarFunction(function) if function.func.signature().volatility == Volatility::Volatile => {
                let name = function.func.name().to_owned();
                let error = Error::sql(format!("{name} gives something else each time"));
                let place = self.written.and_then(|written| written.place_of(&name));
                Err(error.at(place).in_view(self.view()).hint("A run must give the same again").pass())
            }
            other => Ok(Transformed::no(other)),
        }
    }

    fn view(&self) -> Option<&str> {
        self.written.and_then(Written::view)
    }

    fn cast(&self, cast: Cast, schema: &DFSchema) -> Transformed<Expr> {
        if !is_text(&cast.expr, schema) || !is_read(cast.field.data_type()) {
            return Transformed::no(Expr::Cast(cast));
        }
        let kind = cast.field.data_type().clone();
        let place = self.written.and_then(|_| place_of(&cast.expr));
        let expression = format!("CAST({} AS {})", self.text_of(&cast.expr), sql_name(&kind));
        let unreadable = Unreadable::Error { expression, view: self.view().map(str::to_owned), place };
        Transformed::yes(read(*cast.expr, kind, unreadable))
    }

    /// An expression as a person would write it.
    fn text_of(&self, expr: &Expr) -> String {
        match expr {
            Expr::Column(column) => {
                let spelled = |word: &str| match self.written {
                    Some(written) => written.spelled(word).to_owned(),
                    None => word.to_owned(),
                };
                match &column.relation {
                    Some(table) => format!("{}.{}", spelled(table.table()), spelled(&column.name)),
                    None => spelled(&column.name),
                }
            }
            other => other.human_display().to_string(),
        }
    }

    fn check_computed(&self, binary: &BinaryExpr, schema: &DFSchema) -> Result<()> {
        for side in [&binary.left, &binary.right] {
            if is_text(side, schema) {
                let text = self.text_of(side);
                let place = place_of(side).or_else(|| place_of(&binary.left)).or_else(|| place_of(&binary.right));
                let error = cannot_compute(Some(&text), &binary.op.to_string());
                return Err(error.at(place).in_view(self.view()).pass());
            }
        }
        Ok(())
    }
}

fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn computes(op: Operator) -> bool {
    matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo)
}

fn is_text(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|kind| kind.is_string())
}

/// Whether text is read as such a type; other casts are the engine's.
fn is_read(kind: &DataType) -> bool {
    kind.is_numeric() || kind.is_temporal() || matches!(kind, DataType::Boolean)
}

/// As what a text is read that is compared with such a type.
fn read_as(other: &DataType) -> Option<DataType> {
    /// Exact for all digits of an identifier and of a measured value.
    const NUMBER: DataType = DataType::Decimal128(38, 15);
    match other {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(DataType::Float64),
        kind if kind.is_numeric() => Some(NUMBER),
        // A date may be compared with a text that has a time as well.
        DataType::Date32 | DataType::Date64 => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Timestamp(..) | DataType::Time32(_) | DataType::Time64(_) => Some(other.clone()),
        _ => None,
    }
}

/// The expression, read as what it is compared with where it is text and the other is none. Literals are left to the engine.
fn for_comparison(expr: Expr, other: &Expr, schema: &DFSchema) -> Transformed<Expr> {
    if matches!(expr, Expr::Literal(..)) || !is_text(&expr, schema) {
        return Transformed::no(expr);
    }
    match other.get_type(schema).ok().as_ref().and_then(read_as) {
        Some(kind) => Transformed::yes(read(expr, kind, Unreadable::Null)),
        None => Transformed::no(expr),
    }
}

fn compared(binary: BinaryExpr, schema: &DFSchema) -> Transformed<Expr> {
    let BinaryExpr { left, op, right } = binary;
    let first = for_comparison((*left).clone(), &right, schema);
    let second = for_comparison(*right, &left, schema);
    let changed = first.transformed || second.transformed;
    let expr = Expr::BinaryExpr(BinaryExpr::new(Box::new(first.data), op, Box::new(second.data)));
    Transformed::new_transformed(expr, changed)
}

fn in_list(list: InList, schema: &DFSchema) -> Transformed<Expr> {
    let InList { expr, list, negated } = list;
    let other = list.iter().find(|item| !is_text(item, schema)).cloned();
    let changed = match other {
        Some(other) => for_comparison(*expr, &other, schema),
        None => Transformed::no(*expr),
    };
    changed.update_data(|expr| Expr::InList(InList { expr: Box::new(expr), list, negated }))
}

fn in_between(between: Between, schema: &DFSchema) -> Transformed<Expr> {
    let Between { expr, negated, low, high } = between;
    let other = if is_text(&low, schema) { &high } else { &low };
    let changed = for_comparison(*expr, other, schema);
    changed.update_data(|expr| Expr::Between(Between { expr: Box::new(expr), negated, low, high }))
}

fn chosen(case: Case, schema: &DFSchema) -> Transformed<Expr> {
    let Case { expr, when_then_expr, else_expr } = case;
    let other = when_then_expr.iter().map(|(when, _)| when).find(|when| !is_text(when, schema)).cloned();
    let (expr, changed) = match (expr, other) {
        (Some(expr), Some(other)) => {
            let read = for_comparison(*expr, &other, schema);
            (Some(Box::new(read.data)), read.transformed)
        }
        (expr, _) => (expr, false),
    };
    Transformed::new_transformed(Expr::Case(Case { expr, when_then_expr, else_expr }), changed)
}
