//! From a question to a plan: names are folded, views planned in the order in which they use each other, text is given its
//! meaning, rows and origins are found; then the engine optimises.

use super::bench::Bench;
use super::error::{Error, Kind, explain};
use super::locate::locate;
use super::names::Names;
use super::origins::{Origin, origins};
use super::question::{Order, Question, SortBy};
use super::rows::{RowColumn, Scan, Tracked, track};
use super::values::{name_casts, read_text};
use super::written::{Written, place};
use crate::sql::check::{SCANS, scans, too_many_scans};
use crate::sql::growth::check_constants;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider,
};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError, Result as EngineResult};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Sort};
use datafusion::prelude::SQLOptions;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, Query, Select, SelectItem, SetExpr, Spanned};
use futures::FutureExt;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A planned query.
pub(super) struct Draft {
    /// Optimised.
    pub(super) plan: LogicalPlan,
    pub(super) columns: Vec<Drafted>,
    pub(super) rows: Vec<RowColumn>,
    pub(super) scans: Vec<Scan>,
    pub(super) driving: Option<usize>,
    pub(super) order: Order,
    pub(super) names: Names,
    pub(super) written: Written,
    /// Whether it asks when it runs.
    pub(super) asks_for_time: bool,
    /// Whether its rows come in the order of the driving sheet's, and of nothing else.
    pub(super) is_by_rows: bool,
}

/// A column of the answer.
pub(super) struct Drafted {
    pub(super) name: String,
    pub(super) place: Option<(u64, u64)>,
    pub(super) origins: BTreeSet<Origin>,
}

/// What planning needs besides the text.
struct Desk {
    session: SessionState,
    tables: Arc<MemorySchemaProvider>,
    names: Names,
}

pub(super) fn draft(bench: &Bench, question: Question) -> Result<Draft, Error> {
    let Question { mut query, views, sheets, driving, sort_by, order } = question;
    let names = Names::new(&sheets, views.iter().map(|(name, _)| name.as_str()))?;
    let items = items(&query);
    let written = Written::read(&mut query, &names, None)?;
    let desk = Desk::new(bench, names).map_err(|error| explain(&error, &Names::default(), &written))?;
    let sizes = desk.plan_views(views, &written)?;
    check_size(&query, &sizes)?;
    let plan = desk.plan_text(&query, &written)?;

    let visible = plan.schema().fields().len();
    let (sorted, asks_for_time) = (is_sorted(&plan), asks_for_time(&plan));
    let fail = |error: DataFusionError| explain(&error, &desk.names, &written);
    let Tracked { plan, rows, scans, first } = track(&plan).map_err(fail)?;
    let driving = match driving {
        Some(name) => Some(find(&scans, &desk.names, &name)?),
        None => first,
    };
    let by_rows = if order == Order::Kept { rows_in_order(&rows, &scans, driving) } else { Vec::new() };
    let plan = in_order(plan, &sort_by, visible, by_rows, sorted)?;
    let plan = desk.analyze(plan).and_then(name_casts).map_err(fail)?;
    let mut found = origins(&plan).map_err(fail)?;
    found.truncate(visible);
    let columns = name_columns(&plan, items, found, &desk.names, &written);
    let plan = desk.finish(plan).map_err(|error| {
        let runs = |part: Query| {
            let plan = desk.try_plan(&part, &written).and_then(|plan| desk.analyze(plan));
            plan.and_then(|plan| desk.finish(plan)).is_ok()
        };
        placed(fail(error), &query, &runs)
    })?;
    let Desk { names, .. } = desk;
    let is_by_rows = order == Order::Kept && sort_by.is_empty() && !sorted;
    Ok(Draft { plan, columns, rows, scans, driving, order, names, written, asks_for_time, is_by_rows })
}

impl Desk {
    fn new(bench: &Bench, names: Names) -> EngineResult<Desk> {
        let tables = Arc::new(MemorySchemaProvider::new());
        for (name, table) in names.tables() {
            tables.register_table(name.to_owned(), Arc::new(table))?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("public", Arc::clone(&tables) as Arc<dyn SchemaProvider>)?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog("lake".into(), Arc::new(catalog));
        let session =
            SessionStateBuilder::new_from_existing(bench.base.clone()).with_catalog_list(Arc::new(catalogs)).build();
        Ok(Desk { session, tables, names })
    }

    /// Plans the views that a text needs, each after those that it needs itself. Tells how often each reads tables.
    fn plan_views(&self, views: Vec<(String, Query)>, written: &Written) -> Result<HashMap<String, u64>, Error> {
        let mut sizes = HashMap::new();
        let mut waiting = HashMap::new();
        for (name, mut query) in views {
            let text = Written::read(&mut query, &self.names, Some(&name))?;
            waiting.insert(self.names.fold(&name), (query, text));
        }
        for name in in_turn(&waiting, written)? {
            let Some((query, text)) = waiting.get(&name) else { continue };
            let size = check_size(query, &sizes).map_err(|error| error.in_view(text.view()))?;
            sizes.insert(name.to_lowercase(), size);
            let plan = self.plan_text(query, text)?;
            let view = Arc::new(ViewTable::new(plan, None));
            self.tables.register_table(name, view).map_err(|error| explain(&error, &self.names, text))?;
        }
        Ok(sizes)
    }

    fn plan_text(&self, query: &Query, written: &Written) -> Result<LogicalPlan, Error> {
        let plans = |part: Query| self.try_plan(&part, written).is_ok();
        let explained = |error: DataFusionError| explain(&error, &self.names, written);
        self.try_plan(query, written).map_err(|error| placed(explained(error), query, &plans))
    }

    fn try_plan(&self, query: &Query, written: &Written) -> EngineResult<LogicalPlan> {
        let statement = Statement::Statement(Box::new(ast::Statement::Query(Box::new(query.clone()))));
        let plan = self.session.statement_to_plan(statement).now_or_never();
        // Tables are looked up in memory.
        let plan = plan.ok_or_else(|| DataFusionError::Internal("planning waits".into()))??;
        let reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reads.verify_plan(&plan)?;
        let plan = read_text(plan, written)?;
        // Types are checked here, where it is known whose text it is.
        self.analyze(plan.clone())?;
        Ok(plan)
    }

    /// Optimises, and sees whether the result can run.
    fn finish(&self, plan: LogicalPlan) -> EngineResult<LogicalPlan> {
        let plan = self.session.optimizer().optimize(plan, &self.session, |_, _| {})?;
        check_constants(&plan)?;
        // Scans are made in memory, so that nothing waits.
        self.session.query_planner().create_physical_plan(&plan, &self.session).now_or_never().transpose()?;
        Ok(plan)
    }

    fn analyze(&self, plan: LogicalPlan) -> EngineResult<LogicalPlan> {
        self.session.analyzer().execute_and_check(plan, &self.session.config_options().clone(), |_, _| {})
    }
}

/// How often a query reads tables, if that is not too often.
fn check_size(query: &Query, views: &HashMap<String, u64>) -> Result<u64, Error> {
    let scans = scans(query, views);
    if scans > SCANS { Err(too_many_scans(scans).into()) } else { Ok(scans) }
}

/// An error with its place: where the engine does not tell it, that of the part of the query that cannot be planned alone.
fn placed(error: Error, query: &Query, plans: &dyn Fn(Query) -> bool) -> Error {
    if error.line.is_some() || error.kind != Kind::Sql {
        return error;
    }
    let place = locate(query, plans);
    error.at(place)
}

/// The views that a text needs, those first that others need.
fn in_turn(views: &HashMap<String, (Query, Written)>, written: &Written) -> Result<Vec<String>, Error> {
    let mut turns = Turns { views, open: Vec::new(), order: Vec::new() };
    turns.needed_by(written)?;
    Ok(turns.order)
}

struct Turns<'v> {
    views: &'v HashMap<String, (Query, Written)>,
    /// Those whose own needs are being looked at, each needed by the one before.
    open: Vec<String>,
    order: Vec<String>,
}

impl Turns<'_> {
    fn needed_by(&mut self, text: &Written) -> Result<(), Error> {
        for (name, place) in text.relations() {
            let Some((_, view)) = self.views.get(name) else { continue };
            if self.order.iter().any(|done| done == name) {
                continue;
            }
            if let Some(start) = self.open.iter().position(|open| open == name) {
                let circle =
                    self.open[start..].iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(" → ");
                let error = Error::sql(format!("views use each other in a circle: {circle}"));
                return Err(error.at(Some(place)).in_view(text.view()));
            }
            self.open.push(name.to_owned());
            self.needed_by(view)?;
            self.open.pop();
            self.order.push(name.to_owned());
        }
        Ok(())
    }
}

/// Functions that say when a query runs.
const TIME: [&str; 3] = ["now", "current_date", "current_time"];

/// Whether a plan asks when it runs: it gives something else tomorrow.
fn asks_for_time(plan: &LogicalPlan) -> bool {
    let is_time = |expr: &Expr| matches!(expr, Expr::ScalarFunction(function) if TIME.contains(&function.func.name()));
    let mut asks = false;
    // Looking fails where the closure does.
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            asks |= expr.exists(|expr| Ok(is_time(expr)))?;
            Ok(TreeNodeRecursion::Continue)
        })
    });
    asks
}

/// Whether the query itself says in which order its rows come.
fn is_sorted(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(node) => is_sorted(&node.input),
        LogicalPlan::Limit(node) => is_sorted(&node.input),
        LogicalPlan::Distinct(Distinct::On(node)) => node.sort_expr.is_some(),
        _ => false,
    }
}

/// The columns of rows that the answer is ordered by, where nothing else orders it: the driving sheet's. Of a UNION they are those of all sheets, since
/// its branches have rows of different ones, and rows without any would come as the engine happens to join them.
fn rows_in_order(rows: &[RowColumn], scans: &[Scan], driving: Option<usize>) -> Vec<Column> {
    let is_union = scans.iter().any(|scan| !scan.branches.is_empty());
    let drives = |row: &&RowColumn| Some(row.occurrence) == driving;
    let others = rows.iter().filter(|row| is_union && !drives(row));
    rows.iter().filter(drives).chain(others).filter(|row| !row.many).map(|row| row.column.clone()).collect()
}

/// Sorts by columns of the answer, then by rows of sheets.
fn in_order(
    plan: LogicalPlan,
    sort_by: &[SortBy],
    visible: usize,
    by_rows: Vec<Column>,
    sorted: bool,
) -> Result<LogicalPlan, Error> {
    let mut order = Vec::new();
    for by in sort_by {
        if by.column >= visible {
            return Err(Error::sql(format!("there is no column {} to sort by: there are {visible}", by.column)));
        }
        let column = Column::from(plan.schema().qualified_field(by.column));
        order.push(Expr::Column(column).sort(!by.descending, false));
    }
    if !order.is_empty() || !sorted {
        order.extend(by_rows.into_iter().map(|column| Expr::Column(column).sort(true, false)));
    }
    if order.is_empty() {
        return Ok(plan);
    }
    Ok(LogicalPlan::Sort(Sort { expr: order, input: Arc::new(plan), fetch: None }))
}

/// The occurrence of a table in the outermost FROM.
pub(super) fn find(scans: &[Scan], names: &Names, asked: &str) -> Result<usize, Error> {
    let name = names.fold(asked);
    let by = |fits: &dyn Fn(&Scan) -> bool| -> Vec<usize> { (0..scans.len()).filter(|at| fits(&scans[*at])).collect() };
    let outermost = by(&|scan| scan.names.last() == Some(&name));
    let any = by(&|scan| scan.names.contains(&name));
    let found = if outermost.is_empty() { any } else { outermost };
    if let [only] = found[..] {
        return Ok(only);
    }
    let list: Vec<String> = scans.iter().map(|scan| called(scan, names)).collect();
    let hint = format!("FROM has {}", if list.is_empty() { "no table".to_owned() } else { list.join(", ") });
    let message = if found.is_empty() {
        format!("{asked} is not a table of FROM")
    } else {
        format!("{asked} stands for several tables")
    };
    Err(Error::sql(message).hint(hint))
}

/// A table with the names it goes by: `lab (as l)`.
fn called(scan: &Scan, names: &Names) -> String {
    let sheet = scan.sheet.name();
    let folded = names.fold(sheet);
    let others: Vec<&str> = scan.names.iter().filter(|name| **name != folded).map(|name| names.spelled(name)).collect();
    if others.is_empty() { sheet.to_owned() } else { format!("{sheet} (in {})", others.join(", ")) }
}

/// An item of the select list: its name where it has one, and its place.
struct Item {
    name: Option<String>,
    place: Option<(u64, u64)>,
}

/// The items of the outermost select list, where each is one column.
fn items(query: &Query) -> Option<Vec<Item>> {
    fn first(body: &SetExpr) -> Option<&Select> {
        match body {
            SetExpr::Select(select) => Some(select),
            SetExpr::Query(query) => first(&query.body),
            SetExpr::SetOperation { left, .. } => first(left),
            _ => None,
        }
    }
    let select = first(&query.body)?;
    let item = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { expr, alias } => {
            Some(Item { name: Some(alias.value.clone()), place: place(expr.span()) })
        }
        SelectItem::UnnamedExpr(expr) => {
            let name = match expr {
                ast::Expr::Identifier(word) => Some(word.value.clone()),
                ast::Expr::CompoundIdentifier(words) => words.last().map(|word| word.value.clone()),
                _ => None,
            };
            Some(Item { name, place: place(expr.span()) })
        }
        _ => None,
    };
    select.projection.iter().map(item).collect()
}

fn name_columns(
    plan: &LogicalPlan,
    items: Option<Vec<Item>>,
    found: Vec<BTreeSet<Origin>>,
    names: &Names,
    written: &Written,
) -> Vec<Drafted> {
    let mut items = items.filter(|items| items.len() == found.len()).map(Vec::into_iter);
    let fields = plan.schema().fields().iter();
    let columns = found.into_iter().zip(fields).map(|(origins, field)| {
        let item = items.as_mut().and_then(Iterator::next);
        let place = item.as_ref().and_then(|item| item.place);
        let name = item.and_then(|item| item.name).unwrap_or_else(|| {
            // A column of `*` is called as it is in its sheet.
            let same = origins.iter().find(|origin| names.fold(&origin.column) == *field.name());
            match same {
                Some(origin) if origins.len() == 1 => origin.column.clone(),
                _ => written.spelled(field.name()).to_owned(),
            }
        });
        Drafted { name, place, origins }
    });
    columns.collect()
}
