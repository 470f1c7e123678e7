//! Functions whose result can be far larger than what they are given: `repeat('x', 1000000000)` is short to write. The engine's
//! memory limit knows sorts, groups and joins, and not what a function makes; so these say beforehand how much it would be.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::compute::kernels::concat_elements::concat_elements_utf8_many;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

/// What the errors of this file say.
pub(crate) const TOO_MUCH: &str = "would make too much";
/// What one call may make for a batch of rows, in bytes.
const CALL_BYTES: u128 = 256 << 20;
/// What one call may make as one text for all rows: each row may get a copy of it.
const SHARED_TEXT_BYTES: u128 = 1 << 20;
/// Constants that each row of a step of a query may get copies of, together,
const CONSTANT_BYTES: usize = 64 << 10;
/// and those that do not count.
const SMALL_BYTES: usize = 1 << 10;
/// Steps that one call may take where they grow as the product of its arguments.
const CALL_STEPS: u128 = 4_000_000_000;
const DAY_S: f64 = 86_400.0;
/// A month is no shorter.
const MONTH_DAYS: f64 = 28.0;

/// How much a call makes of row `row` of its arguments, and how much is too much.
type Estimate = fn(&[Argument], usize) -> u128;

const BOUNDED: [(&str, Estimate, u128); 14] = [
    ("repeat", |a, row| a[0].bytes(row) * a[1].times(row), CALL_BYTES),
    ("lpad", padded, CALL_BYTES),
    ("rpad", padded, CALL_BYTES),
    ("array_repeat", |a, row| a[0].bytes(row).max(8) * a[1].times(row), CALL_BYTES),
    ("array_resize", |a, row| a[1].times(row) * 8, CALL_BYTES),
    ("range", |a, row| steps(a, row) * 8, CALL_BYTES),
    ("generate_series", |a, row| steps(a, row) * 8, CALL_BYTES),
    ("replace", replaced, CALL_BYTES),
    ("regexp_replace", |a, row| a[0].bytes(row) + (a[0].bytes(row) + 1) * a[2].bytes(row), 16 * CALL_BYTES),
    ("concat", all, CALL_BYTES),
    ("concat_ws", |a, row| all(a, row) + a[0].bytes(row) * a.len() as u128, CALL_BYTES),
    ("array_concat", all, CALL_BYTES),
    ("array_to_string", |a, row| a[0].bytes(row) * (1 + a[1].bytes(row)), CALL_BYTES),
    ("levenshtein", |a, row| a[0].bytes(row) * a[1].bytes(row), CALL_STEPS),
];

/// Puts the bounded functions in place of those of the same names, and `||` among them.
pub(crate) fn bound(mut builder: SessionStateBuilder) -> SessionStateBuilder {
    for function in builder.scalar_functions().iter_mut().flatten() {
        if BOUNDED.iter().any(|(name, ..)| *name == function.name()) {
            let inner = Arc::clone(function);
            *function = Arc::new(ScalarUDF::from(Bounded { inner }));
        }
    }
    if let Some(planners) = builder.expr_planners() {
        // Last: what is said of lists stays with the one that knows them.
        planners.push(Arc::new(Joining));
    }
    builder
}

/// An argument: a column, or one value for all rows.
struct Argument {
    array: ArrayRef,
    numbers: Option<Int64Array>,
    single: bool,
}

impl Argument {
    fn new(value: &ColumnarValue) -> Result<Argument> {
        let (array, single) = match value {
            ColumnarValue::Array(array) => (Arc::clone(array), false),
            ColumnarValue::Scalar(scalar) => (scalar.to_array()?, true),
        };
        let numbers = match array.data_type() {
            kind if kind.is_integer() => Some(DataType::Int64),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
                Some(DataType::Timestamp(TimeUnit::Second, None))
            }
            _ => None,
        };
        let numbers = match numbers {
            None => None,
            Some(kind) => {
                let safe = CastOptions { safe: true, ..CastOptions::default() };
                let cast = cast_with_options(&array, &kind, &safe)?;
                let cast = cast_with_options(&cast, &DataType::Int64, &safe)?;
                Some(cast.as_primitive::<Int64Type>().clone())
            }
        };
        Ok(Argument { array, numbers, single })
    }

    fn at(&self, row: usize) -> usize {
        if self.single { 0 } else { row }
    }

    fn bytes(&self, row: usize) -> u128 {
        let at = self.at(row);
        if self.array.is_null(at) {
            return 0;
        }
        let bytes = match self.array.data_type() {
            DataType::Utf8 => self.array.as_string::<i32>().value_length(at) as usize,
            DataType::LargeUtf8 => self.array.as_string::<i64>().value_length(at) as usize,
            DataType::Utf8View => self.array.as_string_view().value(at).len(),
            DataType::List(_) => self.array.as_list::<i32>().value(at).get_array_memory_size(),
            _ => self.array.get_array_memory_size() / self.array.len().max(1),
        };
        bytes as u128
    }

    fn number(&self, row: usize) -> Option<i64> {
        let numbers = self.numbers.as_ref()?;
        let at = self.at(row);
        numbers.is_valid(at).then(|| numbers.value(at))
    }

    fn times(&self, row: usize) -> u128 {
        self.number(row).unwrap_or_default().max(0) as u128
    }

    /// A step, in the unit of `number`.
    fn step(&self, row: usize) -> Option<f64> {
        if let DataType::Interval(IntervalUnit::MonthDayNano) = self.array.data_type() {
            let value = self.array.as_primitive::<IntervalMonthDayNanoType>().value(self.at(row));
            let days = f64::from(value.months) * MONTH_DAYS + f64::from(value.days);
            return Some(days * DAY_S + value.nanoseconds as f64 / 1e9);
        }
        self.number(row).map(|step| step as f64)
    }
}

fn padded(a: &[Argument], row: usize) -> u128 {
    a[1].times(row) * 4
}

fn replaced(a: &[Argument], row: usize) -> u128 {
    let [text, from, to] = [0, 1, 2].map(|at| a[at].bytes(row));
    text + (text / from.max(1) + 1) * to
}

fn all(a: &[Argument], row: usize) -> u128 {
    a.iter().map(|argument| argument.bytes(row)).sum()
}

/// How many values `range(from, to, step)` has.
fn steps(a: &[Argument], row: usize) -> u128 {
    let (from, to) = match a {
        [to] => (Some(0), to.number(row)),
        _ => (a[0].number(row), a[1].number(row)),
    };
    let (Some(from), Some(to)) = (from, to) else { return 0 };
    let step = a.get(2).and_then(|step| step.step(row)).unwrap_or(1.0).abs();
    // Saturates; a step of nothing is refused by the function itself.
    if step == 0.0 { 0 } else { ((to as f64 - from as f64).abs() / step) as u128 + 1 }
}

/// A function that says how much it would make before it does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
}

impl Bounded {
    fn check(&self, args: &ScalarFunctionArgs) -> Result<()> {
        let Some((_, estimate, most)) = BOUNDED.iter().find(|(name, ..)| *name == self.inner.name()) else {
            return Ok(());
        };
        let arguments = args.args.iter().map(Argument::new).collect::<Result<Vec<_>>>()?;
        let is_shared = arguments.iter().all(|argument| argument.single);
        let rows = if is_shared { 1 } else { args.number_rows };
        let made = (0..rows).fold(0_u128, |sum, row| sum.saturating_add(estimate(&arguments, row)));
        let returns = args.return_field.data_type();
        let is_text = matches!(returns, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        if made > if is_shared && is_text { SHARED_TEXT_BYTES } else { *most } {
            return Err(too_much(self.inner.name()));
        }
        Ok(())
    }
}

/// How a plan is carried out, once it is seen that no rows get copies of too much.
///
/// # Errors
/// As the engine's; [`DataFusionError::ResourcesExhausted`] where constants, written or computed, are too large for what reads tables.
pub(crate) async fn physical(session: &SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = session.optimize(plan)?;
    check_constants(&plan)?;
    session.query_planner().create_physical_plan(&plan, session).await
}

/// Refuses a plan, optimised, in which rows get copies of large constants, written or computed: thousands of rows are one batch.
pub(crate) fn check_constants(plan: &LogicalPlan) -> Result<()> {
    if is_one_row(plan) {
        return Ok(());
    }
    plan.apply_with_subqueries(|node| {
        // A list that is laid out as rows is not copied.
        if let LogicalPlan::Unnest(unnest) = node
            && unnest.input.inputs().iter().all(|input| matches!(input, LogicalPlan::EmptyRelation(_)))
        {
            return Ok(TreeNodeRecursion::Jump);
        }
        let makes_columns = matches!(
            node,
            LogicalPlan::Projection(_) | LogicalPlan::Window(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Sort(_)
        );
        let mut bytes = 0;
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                // What is compared stays one, but for what branches choose from, and texts that a function is given.
                let counts = match expr {
                    _ if makes_columns => Some(constants(expr, false)?),
                    Expr::Case(_) => Some(constants(expr, false)?),
                    Expr::ScalarFunction(_) => Some(constants(expr, true)?),
                    _ => None,
                };
                bytes += counts.unwrap_or_default();
                Ok(if counts.is_some() { TreeNodeRecursion::Jump } else { TreeNodeRecursion::Continue })
            })
        })?;
        if bytes > CONSTANT_BYTES {
            return Err(too_much(&format!("constants of {bytes} bytes, copied for each row,")));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Whether a plan makes one row and reads nothing.
fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::EmptyRelation(_) => true,
        LogicalPlan::Projection(_) | LogicalPlan::Limit(_) | LogicalPlan::SubqueryAlias(_) => {
            plan.inputs().iter().all(|input| is_one_row(input))
        }
        _ => false,
    }
}

/// Bytes of the large constants in an expression, or of the texts among them.
fn constants(expr: &Expr, only_texts: bool) -> Result<usize> {
    let mut bytes = 0;
    expr.apply(|expr| {
        if let Expr::Literal(value, _) = expr {
            let size = match value {
                ScalarValue::Utf8(Some(text))
                | ScalarValue::LargeUtf8(Some(text))
                | ScalarValue::Utf8View(Some(text)) => text.len(),
                _ if only_texts => 0,
                value => value.size(),
            };
            bytes += if size > SMALL_BYTES { size } else { 0 };
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(bytes)
}

fn too_much(name: &str) -> DataFusionError {
    DataFusionError::ResourcesExhausted(format!("{name} {TOO_MUCH}"))
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn simplify(&self, arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(arguments, info)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.check(&args)?;
        self.inner.invoke_with_args(args)
    }
}

/// Plans `||` of texts as a function, which is bounded as others are.
#[derive(Debug)]
struct Joining;

impl ExprPlanner for Joining {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(expr));
        }
        let is_text = |side: &Expr| side.get_type(schema).is_ok_and(|kind| kind.is_string());
        // Where neither is a text, the engine decides.
        if !is_text(&expr.left) && !is_text(&expr.right) {
            return Ok(PlannerResult::Original(expr));
        }
        // A chain of them is one call: as a tree it would be as deep as it is long, and its names longer still.
        let mut parts = match expr.left {
            Expr::ScalarFunction(call) if call.func.name() == JOIN => call.args,
            left => vec![left],
        };
        parts.push(expr.right);
        let join = Arc::new(ScalarUDF::from(Join(Signature::variadic_any(Volatility::Immutable))));
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(join, parts))))
    }
}

const JOIN: &str = "||";

/// `||` of texts: null if any is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Join(Signature);

impl ScalarUDFImpl for Join {
    fn name(&self) -> &'static str {
        JOIN
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let names: Vec<String> = arguments.iter().map(|argument| argument.schema_name().to_string()).collect();
        Ok(names.join(" || "))
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let single = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if single { 1 } else { args.number_rows };
        let mut bytes = 0_u128;
        for value in &args.args {
            let argument = Argument::new(value)?;
            bytes += (0..rows).map(|row| argument.bytes(row)).sum::<u128>();
        }
        if bytes > CALL_BYTES {
            return Err(too_much(self.name()));
        }
        let text = |value: &ColumnarValue| -> Result<ArrayRef> {
            let array = value.to_array(rows)?;
            Ok(cast_with_options(&array, &DataType::Utf8, &CastOptions::default())?)
        };
        let texts = args.args.iter().map(text).collect::<Result<Vec<_>>>()?;
        let texts: Vec<&StringArray> = texts.iter().map(AsArray::as_string::<i32>).collect();
        let joined = concat_elements_utf8_many(&texts)?;
        if single {
            return Ok(ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(&joined, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(joined)))
    }
}
