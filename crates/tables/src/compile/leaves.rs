//! The columns that the engine computes, and the query that gives them.

use super::program::{Leaf, LeafRole};
use crate::mapping::Place;
use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CharacterLength, DataType, Expr, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, OrderByExpr, Query, SelectItem, SetExpr, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Span;
use std::collections::HashMap;

/// Columns of values, each once.
#[derive(Debug, Default)]
pub struct Leaves {
    all: Vec<(Expr, Leaf)>,
    /// By text and role: a number that is a value is read otherwise than one that chooses.
    by_text: HashMap<(String, LeafRole), usize>,
}

impl Leaves {
    /// The number of the column for an expression.
    pub fn add(&mut self, expr: Expr, shown: String, place: Place, role: LeafRole) -> usize {
        let key = (expr.to_string(), role);
        if let Some(known) = self.by_text.get(&key) {
            return *known;
        }
        let at = self.all.len();
        self.by_text.insert(key, at);
        let is_chosen = is_chosen(&expr);
        self.all.push((expr, Leaf { sql: shown, place, elements: Vec::new(), role, is_chosen }));
        at
    }

    /// Notes that an element is made of a column.
    pub fn used_by(&mut self, leaf: usize, element: u32) {
        let elements = &mut self.all[leaf].1.elements;
        if !elements.contains(&element) {
            elements.push(element);
        }
    }
}

/// What the query gives beside values.
#[derive(Debug, Default)]
pub struct Columns<'a> {
    /// `@key`
    pub keys: &'a [Expr],
    /// `@group by`
    pub groups: &'a [Expr],
    /// `@order`
    pub order: &'a [OrderByExpr],
    /// `@patient`
    pub patient: Option<&'a Expr>,
}

/// The query whose columns are those of the leaves and the others.
pub fn query(original: &Query, leaves: Leaves, columns: &Columns<'_>) -> (Query, Vec<Leaf>) {
    let mut query = original.clone();
    let mut projection = Vec::new();
    let mut leaf_infos = Vec::new();
    for (at, (expr, leaf)) in leaves.all.into_iter().enumerate() {
        projection.push(named(expr, format!("__c{at}")));
        leaf_infos.push(leaf);
    }
    for (letter, list) in [('k', columns.keys), ('g', columns.groups)] {
        for (at, expr) in list.iter().enumerate() {
            projection.push(named(as_text(expr.clone()), format!("__{letter}{at}")));
        }
    }
    for (at, order) in columns.order.iter().enumerate() {
        projection.push(named(order.expr.clone(), format!("__o{at}")));
    }
    if let Some(patient) = columns.patient {
        projection.push(named(as_text(patient.clone()), "__p".to_owned()));
    }
    if projection.is_empty() {
        // A target of constants alone still has its rows.
        projection.push(named(literal(Value::Null), "__n".to_owned()));
    }
    if let SetExpr::Select(select) = &mut *query.body {
        select.projection = projection;
    }
    (query, leaf_infos)
}

fn named(expr: Expr, name: String) -> SelectItem {
    SelectItem::ExprWithAlias { expr, alias: Ident::new(name) }
}

/// Functions whose text is that of an argument.
const CHOOSING: [&str; 8] = ["coalesce", "ifnull", "nvl", "nullif", "trim", "btrim", "first_value", "last_value"];

/// Whether an expression gives the text of one of its columns as it is.
fn is_chosen(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::Nested(expr) | Expr::Trim { expr, .. } => is_chosen(expr),
        Expr::Cast { expr, data_type: DataType::Varchar(_) | DataType::Text, .. } => is_chosen(expr),
        Expr::Value(value) => matches!(value.value, Value::Null),
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter().all(|when| is_chosen(&when.result)) && else_result.as_deref().is_none_or(is_chosen)
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_lowercase();
            let FunctionArguments::List(list) = &function.args else { return false };
            let arguments = if name == "nullif" { &list.args[..list.args.len().min(1)] } else { &list.args };
            CHOOSING.contains(&name.as_str())
                && arguments.iter().all(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => is_chosen(expr),
                    _ => false,
                })
        }
        _ => false,
    }
}

/// As text: keys are equal where their texts are, whatever the types of their columns.
pub fn as_text(expr: Expr) -> Expr {
    let data_type = DataType::Varchar(None::<CharacterLength>);
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

/// A constant.
pub fn literal(value: Value) -> Expr {
    Expr::Value(ValueWithSpan { value, span: Span::empty() })
}

/// One arm of a CASE: its condition holds, and those before it do not.
#[derive(Clone, Debug)]
pub struct Arms {
    /// The conditions, in order.
    pub conditions: Vec<Expr>,
}

impl Arms {
    /// Of `CASE WHEN …` and `CASE operand WHEN …`.
    pub fn new(operand: Option<&Expr>, conditions: &[CaseWhen]) -> Arms {
        let condition = |when: &CaseWhen| match operand {
            None => when.condition.clone(),
            Some(operand) => Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(operand.clone()))),
                op: BinaryOperator::Eq,
                right: Box::new(Expr::Nested(Box::new(when.condition.clone()))),
            },
        };
        Arms { conditions: conditions.iter().map(condition).collect() }
    }

    /// The number of the arm that is taken, from 0; the last is ELSE.
    pub fn selector(&self) -> Expr {
        let number = |at: usize| literal(Value::Number(at.to_string(), false));
        let results = (0..self.conditions.len()).map(number).collect();
        self.case(results, number(self.conditions.len()))
    }

    /// `expr` where arm `at` is taken, else NULL: an expression that would fail in rows of another arm is not computed there.
    pub fn guard(&self, at: usize, expr: Expr) -> Expr {
        let null = || literal(Value::Null);
        if at < self.conditions.len() {
            let conditions = Arms { conditions: self.conditions[..=at].to_vec() };
            let mut results: Vec<Expr> = (0..at).map(|_| null()).collect();
            results.push(expr);
            conditions.case(results, null())
        } else {
            self.case(self.conditions.iter().map(|_| null()).collect(), expr)
        }
    }

    fn case(&self, results: Vec<Expr>, otherwise: Expr) -> Expr {
        let conditions = self.conditions.iter().cloned().zip(results);
        Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: conditions.map(|(condition, result)| CaseWhen { condition, result }).collect(),
            else_result: Some(Box::new(otherwise)),
        }
    }
}
