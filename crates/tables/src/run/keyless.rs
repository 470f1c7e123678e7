//! Tables whose key a mapping does not say, though its targets do.

use super::runner::{PlannedTarget, Runner, is_same};
use crate::compile::Part;
use crate::said::Said;
use crate::said::warning::keyless_table;
use sqlparser::ast::{Expr, SelectItem, SetExpr};

impl Runner {
    /// Tables without a `key` whose columns are a target's key: its rows could be told apart, and are not.
    pub fn keyless(&self) -> Vec<Said> {
        let without = self.settings.tables.iter().filter(|(_, table)| table.key.is_empty());
        without.filter_map(|(table, _)| self.targets.iter().find_map(|target| of_target(target, table))).collect()
    }
}

/// Whether the key of a part is columns as they are.
fn is_plain(part: &Part) -> bool {
    let SetExpr::Select(select) = &*part.query.body else { return false };
    let is_column = |item: &SelectItem, name: &str| match item {
        // Keys are compared as text.
        SelectItem::ExprWithAlias { expr: Expr::Cast { expr, .. }, alias } => {
            alias.value == name && matches!(**expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        }
        _ => false,
    };
    (0..part.keys).all(|at| select.projection.iter().any(|item| is_column(item, &format!("__k{at}"))))
}

fn of_target(planned: &PlannedTarget, table: &str) -> Option<Said> {
    let main = &planned.target.main;
    if planned.target.grouped || !is_same(&main.each.table, table) || !is_plain(main) {
        return None;
    }
    let [key, ..] = main.key_columns();
    let columns = planned.parts.first()?.planned.columns().get(key)?;
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let [origin] = column.origins.as_slice() else { return None };
        if !is_same(&origin.sheet, table) {
            return None;
        }
        if !names.contains(&origin.column) {
            names.push(origin.column.clone());
        }
    }
    (!names.is_empty()).then(|| keyless_table(table, &planned.target.name, &names))
}
