//! The place of an error whose place the engine does not tell: parts of the query are planned alone until the one is found that
//! cannot be.

use super::error::Place;
use super::written::place;
use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, Spanned, Value};

/// Where a query cannot be planned; `plans` tells whether one can.
pub(super) fn locate(query: &Query, plans: &dyn Fn(Query) -> bool) -> Option<Place> {
    let SetExpr::Select(select) = &*query.body else { return place(query.span()) };
    let with = |change: &dyn Fn(&mut Select)| {
        let mut part = query.clone();
        (part.order_by, part.limit_clause, part.fetch) = (None, None, None);
        if let SetExpr::Select(select) = &mut *part.body {
            change(select);
        }
        part
    };
    // Without its select list.
    let bare = |select: &mut Select| {
        let one = Expr::Value(Value::Number("1".into(), false).with_empty_span());
        select.projection = vec![SelectItem::UnnamedExpr(one)];
        select.distinct = None;
        select.qualify = None;
    };
    let no_groups = |select: &mut Select| {
        bare(select);
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
        select.having = None;
    };
    let from = |select: &mut Select| {
        no_groups(select);
        select.selection = None;
    };
    if !plans(with(&from)) {
        return place_of_from(select, &|tables, joins| {
            let part = with(&|select| {
                from(select);
                select.from.truncate(tables + 1);
                if let Some(last) = select.from.last_mut() {
                    last.joins.truncate(joins);
                }
            });
            plans(part)
        });
    }
    if let Some(selection) = &select.selection
        && !plans(with(&no_groups))
    {
        return place(selection.span());
    }
    let no_having = |select: &mut Select| {
        bare(select);
        select.having = None;
    };
    if !plans(with(&no_having)) {
        return place(select.group_by.span());
    }
    if let Some(having) = &select.having
        && !plans(with(&bare))
    {
        return place(having.span());
    }
    // The first item with which the list cannot be planned.
    let (mut good, mut bad) = (0, select.projection.len());
    let first = |count: usize| with(&|select| select.projection.truncate(count));
    if bad == 0 || plans(first(bad)) {
        return query.order_by.as_ref().and_then(|order| place(order.span())).or_else(|| place(select.span()));
    }
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if plans(first(middle)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    place(select.projection[good].span())
}

/// The first table or join with which FROM cannot be planned.
fn place_of_from(select: &Select, plans: &dyn Fn(usize, usize) -> bool) -> Option<Place> {
    for (at, table) in select.from.iter().enumerate() {
        if !plans(at, 0) {
            return place(table.relation.span());
        }
        for (joined, join) in table.joins.iter().enumerate() {
            if !plans(at, joined + 1) {
                return place(join.join_operator.span()).or_else(|| place(join.relation.span()));
            }
        }
    }
    place(select.span())
}
