//! What a query reads, and where mapping functions stand that may not.

use crate::mapping::{Place, Problem, Problems, ViewFile, did_you_mean};
use crate::value::Function;
use sqlparser::ast::{
    Expr, Function as SqlFunction, ObjectName, Query, Select, SetExpr, Spanned, TableFactor, TableWithJoins, Visit,
    Visitor,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::program::{Each, View};
use crate::mapping::EachName;

/// Tables that a statement may name.
const RELATIONS_MAX: usize = 100;

/// The mapping function that a call names.
pub fn mapping_function(function: &SqlFunction) -> Option<Function> {
    match function.name.0.as_slice() {
        [part] => Function::named(&part.as_ident()?.value),
        _ => None,
    }
}

/// Where an expression begins.
pub fn place_of(expr: &impl Spanned) -> Option<Place> {
    Place::of_span(expr.span())
}

/// Finds mapping functions where plain SQL is expected.
struct Misplaced<'p, 'f> {
    problems: &'p mut Problems<'f>,
    fallback: Place,
    found: bool,
}

impl Visitor for Misplaced<'_, '_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(call) = expr
            && let Some(function) = mapping_function(call)
        {
            let name = function.signature().name;
            let place = place_of(expr).unwrap_or(self.fallback);
            let instead = match function {
                Function::Date => "; in SQL write CAST(… AS DATE)",
                Function::Instant => "; in SQL write CAST(… AS TIMESTAMP)",
                Function::Number => "; in SQL write CAST(… AS DOUBLE)",
                _ => "",
            };
            let hint = format!(
                "it stands only as an item of a target, in CASE and coalesce there, and in other mapping functions{instead}"
            );
            self.problems.hint(place, format!("the mapping function `{name}` may not stand here"), hint);
            self.found = true;
        }
        ControlFlow::Continue(())
    }
}

/// Reports mapping functions in plain SQL; true if there are some.
pub fn has_misplaced(sql: &impl Visit, fallback: Place, problems: &mut Problems<'_>) -> bool {
    let mut misplaced = Misplaced { problems, fallback, found: false };
    let _ = sql.visit(&mut misplaced);
    misplaced.found
}

/// True if a mapping function stands somewhere in an expression.
pub fn has_mapping_function(expr: &Expr) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(call) if mapping_function(call).is_some() => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Finder).is_break()
}

/// Functions of the engine whose values are lists or structs.
const NESTED: [&str; 14] = [
    "array_agg",
    "make_array",
    "named_struct",
    "struct",
    "row",
    "array_append",
    "array_concat",
    "array_distinct",
    "array_prepend",
    "array_remove",
    "array_slice",
    "array_sort",
    "string_to_array",
    "regexp_match",
];

/// True if a statement makes lists or structs somewhere: then a column of it may be one.
pub fn makes_lists(sql: &impl Visit) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let nested = match expr {
                Expr::Array(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) | Expr::Tuple(_) => true,
                Expr::Function(call) => {
                    let name =
                        call.name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase());
                    name.is_some_and(|name| {
                        NESTED.contains(&name.as_str()) || name.starts_with("array_") || name.starts_with("list_")
                    })
                }
                _ => false,
            };
            if nested { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    sql.visit(&mut Finder).is_break()
}

/// Names of relations in a query, each with its place, but for those that its WITH gives.
fn relations(query: &Query) -> Vec<(String, Option<Place>)> {
    #[derive(Default)]
    struct Finder {
        all: Vec<(String, Option<Place>)>,
        own: BTreeSet<String>,
    }
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
                self.own.insert(cte.alias.name.value.to_lowercase());
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            self.all.push((name_of(relation), place_of(relation)));
            ControlFlow::Continue(())
        }
    }
    let mut finder = Finder::default();
    let _ = query.visit(&mut finder);
    let Finder { mut all, own } = finder;
    all.retain(|(name, _)| !own.contains(&name.to_lowercase()));
    all
}

fn name_of(name: &ObjectName) -> String {
    let words: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
    words.join(".")
}

/// The helper views of a mapping, in order, with the base tables that each reads.
pub struct Views {
    /// Those that can be used, each after those that it uses.
    pub ordered: Vec<View>,
    tables: BTreeMap<String, Vec<String>>,
    /// True if some could not be ordered or read: then it is not known which tables are read through them.
    broken: bool,
}

impl Views {
    /// Orders views; one that uses itself is a problem.
    pub fn new(files: &[ViewFile], found: &mut Vec<Problem>) -> Views {
        let mut views = Views { ordered: Vec::new(), tables: BTreeMap::new(), broken: false };
        let mut open: Vec<&ViewFile> = Vec::new();
        for file in files {
            if let Some(query) = &file.query {
                let mut problems = Problems::new(&file.file, found);
                has_misplaced(query, Place::START, &mut problems);
                check_size(query, &mut problems);
                open.push(file);
            } else {
                views.broken = true;
                views.tables.insert(file.name.to_lowercase(), Vec::new());
            }
        }
        // Each round places those whose views are placed; what is left goes in circles.
        loop {
            let waiting: BTreeSet<String> = open.iter().map(|file| file.name.to_lowercase()).collect();
            let (ready, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|file| {
                let query = file.query.as_ref();
                query.is_some_and(|query| {
                    relations(query).iter().all(|(name, _)| !waiting.contains(&name.to_lowercase()))
                })
            });
            let stuck = ready.is_empty();
            for file in ready {
                let Some(query) = file.query.clone() else { continue };
                let tables = views.base_tables(&query);
                views.tables.insert(file.name.to_lowercase(), tables.clone());
                views.ordered.push(View { name: file.name.clone(), file: file.file.clone(), query, tables });
            }
            if stuck {
                views.broken |= !rest.is_empty();
                for file in rest {
                    let hint = "views may use each other, but not in a circle".to_owned();
                    Problems::new(&file.file, found).hint(
                        Place::START,
                        format!("the view `{}` uses itself", file.name),
                        hint,
                    );
                    views.tables.insert(file.name.to_lowercase(), Vec::new());
                }
                return views;
            }
            open = rest;
        }
    }

    /// The base tables that a query reads, also through views, in the order in which they stand.
    pub fn base_tables(&self, query: &Query) -> Vec<String> {
        let mut tables: Vec<String> = Vec::new();
        for (name, _) in relations(query) {
            let through = self.tables.get(&name.to_lowercase());
            for table in through.map_or(std::slice::from_ref(&name), Vec::as_slice) {
                if !tables.iter().any(|known| known.eq_ignore_ascii_case(table)) {
                    tables.push(table.clone());
                }
            }
        }
        tables
    }

    /// The table whose every row is accounted for: the one that `@each` names, else the first base table in FROM.
    pub fn each(
        &self,
        named: Option<&EachName>,
        query: &Query,
        select: &Select,
        place: Place,
        problems: &mut Problems<'_>,
    ) -> Option<Each> {
        let in_from: Vec<(String, String)> = select.from.iter().flat_map(factors).filter_map(named_factor).collect();
        let own = own_names(query);
        let is_base = |table: &str| {
            let folded = table.to_lowercase();
            !table.is_empty() && !own.contains(&folded) && !self.tables.contains_key(&folded)
        };
        let all = self.base_tables(query);
        let Some(named) = named else {
            let Some(first) = all.first() else {
                if self.broken {
                    return None;
                }
                let hint = "a target reads a table, directly or through views".to_owned();
                problems.hint(place, "no table is read here", hint);
                return None;
            };
            let direct = in_from.iter().find(|(table, _)| is_base(table) && table.eq_ignore_ascii_case(first));
            return Some(Each { table: first.clone(), alias: direct.map(|(_, alias)| alias.clone()) });
        };
        let wanted = named.alias.as_deref().unwrap_or(&named.table);
        let direct = in_from.iter().find(|(table, alias)| {
            is_base(table) && table.eq_ignore_ascii_case(&named.table) && alias.eq_ignore_ascii_case(wanted)
        });
        if let Some((table, alias)) = direct {
            return Some(Each { table: table.clone(), alias: Some(alias.clone()) });
        }
        // A view or subquery of that name, through which the table is read.
        let through = named.alias.as_deref().and_then(|alias| {
            in_from.iter().find(|(table, known)| !is_base(table) && known.eq_ignore_ascii_case(alias))
        });
        let known = all.iter().find(|table| table.eq_ignore_ascii_case(&named.table));
        match (known, &named.alias) {
            (Some(table), None) => Some(Each { table: table.clone(), alias: None }),
            (Some(table), Some(_)) if through.is_some() => {
                Some(Each { table: table.clone(), alias: through.map(|(_, alias)| alias.clone()) })
            }
            (Some(table), Some(alias)) => {
                let aliases =
                    in_from.iter().filter(|(other, _)| other.eq_ignore_ascii_case(table)).map(|(_, a)| a.as_str());
                let hint = did_you_mean(alias, aliases.clone()).or_else(|| {
                    let aliases: Vec<_> = aliases.collect();
                    (!aliases.is_empty()).then(|| format!("it is called {} there", aliases.join(", ")))
                });
                problems.hint(named.place, format!("FROM has no `{}` called `{alias}`", named.table), hint);
                None
            }
            (None, _) if self.broken => None,
            (None, _) => {
                let hint = did_you_mean(&named.table, all.iter().map(String::as_str))
                    .or_else(|| (!all.is_empty()).then(|| format!("it reads {}", all.join(", "))));
                problems.hint(named.place, format!("the query does not read a table `{}`", named.table), hint);
                None
            }
        }
    }
}

/// Refuses a statement that reads too many tables.
pub fn check_size(query: &Query, problems: &mut Problems<'_>) {
    let count = relations(query).len();
    if count > RELATIONS_MAX {
        problems.add(Place::START, format!("a statement reads at most {RELATIONS_MAX} tables, this one {count}"));
    }
}

/// Lower-case names that a query's own WITH gives.
fn own_names(query: &Query) -> BTreeSet<String> {
    query.with.iter().flat_map(|with| &with.cte_tables).map(|cte| cte.alias.name.value.to_lowercase()).collect()
}

fn factors(table: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
}

/// A table or view of FROM and what it is called there; a subquery has the empty name, which is no base table's.
fn named_factor(factor: &TableFactor) -> Option<(String, String)> {
    match factor {
        TableFactor::Table { name, alias, args: None, .. } => {
            let table = name_of(name);
            let alias = alias.as_ref().map_or_else(|| table.clone(), |alias| alias.name.value.clone());
            Some((table, alias))
        }
        TableFactor::Derived { alias: Some(alias), .. } => Some((String::new(), alias.name.value.clone())),
        _ => None,
    }
}

/// The outermost SELECT of a target. What it may not have is a problem.
pub fn outermost<'q>(query: &'q Query, place: Place, problems: &mut Problems<'_>) -> Option<&'q Select> {
    let mut refuse = |what: &str, hint: &str| problems.hint(place, what, hint.to_owned());
    if query.order_by.is_some() {
        refuse("ORDER BY has no meaning here", "rows of a group are ordered by @order");
    }
    if query.limit_clause.is_some() || query.fetch.is_some() {
        refuse("LIMIT would leave rows out silently", "say in WHERE which rows are meant, or put LIMIT into WITH");
    }
    match &*query.body {
        SetExpr::Select(select) => {
            if select.distinct.is_some() {
                let hint = "put DISTINCT into WITH, or use GROUP BY";
                problems.hint(place, "DISTINCT would merge rows silently", hint.to_owned());
            }
            if select.into.is_some() || select.top.is_some() || !select.lateral_views.is_empty() {
                problems.add(place, "INTO, TOP and LATERAL VIEW cannot stand here");
            }
            Some(select)
        }
        SetExpr::SetOperation { op, .. } => {
            let hint = format!("put the {op} into WITH: WITH rows AS (SELECT … {op} ALL SELECT …) SELECT … FROM rows");
            problems.hint(place, format!("{op} cannot be the outermost: its items would have no names"), hint);
            None
        }
        SetExpr::Query(inner) => {
            problems.hint(place, "the outermost SELECT cannot stand in brackets", "leave the brackets out".to_owned());
            let _ = inner;
            None
        }
        _ => {
            problems.add(place, "the outermost must be a SELECT");
            None
        }
    }
}
