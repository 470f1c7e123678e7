//! What can be seen of plain SQL without its columns: constants, what may fail, what may be a list.

use super::relations::place_of;
use crate::mapping::Place;
use sqlparser::ast::{
    BinaryOperator, Expr, Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value,
};

/// True for a call of the function of this name.
pub fn is_named(call: &SqlFunction, name: &str) -> bool {
    match call.name.0.as_slice() {
        [part] => part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case(name)),
        _ => false,
    }
}

/// The text of a constant; an inner none is NULL.
#[expect(clippy::option_option, reason = "no constant, NULL and a text are three things")]
pub fn constant(expr: &Expr) -> Option<Option<String>> {
    match expr {
        Expr::Nested(inner) => constant(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => Some(Some(format!("-{digits}"))),
                _ => None,
            },
            _ => None,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(Some(digits.clone())),
            Value::Boolean(value) => Some(Some(value.to_string())),
            Value::Null => Some(None),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::NationalStringLiteral(text) => Some(Some(text.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The constants that an expression can give: its own, and those of CASE arms and coalesce.
pub fn results(expr: &Expr, place: Place) -> Vec<(String, Place)> {
    let place = place_of(expr).unwrap_or(place);
    if let Some(text) = constant(expr) {
        return text.map(|text| (text, place)).into_iter().collect();
    }
    match expr {
        Expr::Nested(inner) => results(inner, place),
        Expr::Case { conditions, else_result, .. } => {
            let all = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
            all.flat_map(|result| results(result, place)).collect()
        }
        Expr::Function(call) if is_named(call, "coalesce") => match &call.args {
            FunctionArguments::List(list) => {
                let expr = |argument| match argument {
                    &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Some(expr),
                    _ => None,
                };
                list.args.iter().filter_map(expr).flat_map(|argument| results(argument, place)).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// True if computing it cannot fail, so that it may be computed in rows that do not need it.
pub fn is_safe(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => true,
        Expr::Nested(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_safe(inner),
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => is_safe(left) && is_safe(right),
        Expr::Trim { expr, trim_what: None, trim_characters: None, .. } => is_safe(expr),
        _ => false,
    }
}

/// Texts and columns that an expression puts together and nothing else: its parts, at least one of them a column, and whether a
/// NULL among them is the end of all.
pub fn joined(expr: &Expr) -> Option<(Vec<&Expr>, bool)> {
    fn add<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
        match expr {
            Expr::Nested(inner) => add(inner, parts),
            Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
                add(left, parts);
                add(right, parts);
            }
            other => parts.push(other),
        }
    }
    let mut parts = Vec::new();
    let needs_all = match expr {
        Expr::Nested(inner) => return joined(inner),
        Expr::Function(call) if is_named(call, "concat") && call.over.is_none() && call.filter.is_none() => {
            let FunctionArguments::List(list) = &call.args else { return None };
            if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                return None;
            }
            for argument in &list.args {
                let FunctionArg::Unnamed(FunctionArgExpr::Expr(part)) = argument else { return None };
                parts.push(part);
            }
            false
        }
        Expr::BinaryOp { op: BinaryOperator::StringConcat, .. } => {
            add(expr, &mut parts);
            true
        }
        _ => return None,
    };
    let is_column = |part: &&Expr| matches!(part, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let is_text = |part: &&Expr| match part {
        Expr::Value(value) => matches!(value.value, Value::SingleQuotedString(_)),
        _ => false,
    };
    let is_plain = parts.iter().all(|part| is_column(part) || is_text(part)) && parts.iter().any(is_column);
    is_plain.then_some((parts, needs_all))
}

/// True if its value may be a list or struct where columns may be.
pub fn may_be_column(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => may_be_column(inner),
        Expr::Value(_) | Expr::BinaryOp { .. } | Expr::UnaryOp { .. } | Expr::Like { .. } | Expr::Trim { .. } => false,
        _ => true,
    }
}

/// True if one letter is missing, too much or another, or two neighbours are swapped.
pub fn differs_by_one(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    match (a, b) {
        ([], [_]) | ([_], []) => true,
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([_, x @ ..], y) if x == y => true,
        (x, [_, y @ ..]) if x == y => true,
        ([p, q, x @ ..], [r, s, y @ ..]) => p == s && q == r && x == y,
        _ => false,
    }
}
