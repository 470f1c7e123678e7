//! Bringing the tables that a query reaches before the engine: views are planned in the order in which they use each other.

use super::files::{FileTable, Stores};
use super::{Content, Function, KeptViews, Schema, SchemaTable};
use crate::snapshot::nothing;
use crate::sql::check::{NESTING, SCANS, scans};
use crate::workbench::SheetTable;
use datafusion::arrow::array::ArrayRef;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{CatalogProvider, MemTable, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::{Column, DataFusionError, Result, ScalarValue};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{ColumnarValue, LogicalPlanBuilder, ScalarUDF, Volatility, cast, create_udf};
use datafusion::prelude::{Expr, SQLOptions};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Visit, visit_relations};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Why a query's tables could not be brought.
pub(crate) enum Refused {
    /// There is no such table.
    Missing(String),
    /// A view is wrong: its name, and what is wrong with it.
    View(String, DataFusionError),
    /// Views use each other in a circle.
    Circle(String),
    /// With its views a query reads tables too often.
    Scans(u64),
}

/// A table of a guest: schema and name.
type Name = (String, String);

/// The tables of schemas that a statement names, as far as they have two parts: schema and table.
pub(crate) fn named(statement: &impl Visit) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let _ = visit_relations(statement, |relation| {
        names.extend(parts(relation));
        ControlFlow::<()>::Continue(())
    });
    names
}

/// Schema and table of a name that has both; names without quotes are in small letters.
pub(crate) fn parts(name: &ObjectName) -> Option<Name> {
    let words: Vec<String> = name.0.iter().filter_map(ObjectNamePart::as_ident).map(folded).collect();
    match &words[..] {
        [schema, table] => Some((schema.clone(), table.clone())),
        [catalog, schema, table] if catalog == "lake" => Some((schema.clone(), table.clone())),
        _ => None,
    }
}

fn folded(word: &Ident) -> String {
    if word.quote_style.is_some() { word.value.clone() } else { word.value.to_lowercase() }
}

fn named_in(statement: &Statement) -> BTreeSet<Name> {
    match statement {
        Statement::Statement(inner) => named(&**inner),
        Statement::Explain(explain) => named_in(&explain.statement),
        _ => BTreeSet::new(),
    }
}

fn parse(text: &str) -> Result<Statement> {
    let mut parser = DFParserBuilder::new(text).with_recursion_limit(NESTING).build()?;
    parser.parse_statement()
}

/// What queries know of the lake beside its tables.
pub(crate) struct LakeTables<'l> {
    /// The state of each of its tables, by name.
    pub(crate) states: &'l HashMap<String, String>,
    pub(crate) kept: &'l KeptViews,
}

/// Plans what a statement reaches of the guests' schemas, and puts it into the session's catalogue.
pub(crate) async fn bring(
    session: &SessionState,
    stores: &Stores,
    lake: &LakeTables<'_>,
    schemas: &[Arc<Schema>],
    statement: &Statement,
) -> std::result::Result<(), Refused> {
    let wanted: Vec<Name> = named_in(statement).into_iter().filter(|(schema, _)| !is_own(schema)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    for (schema, table) in &wanted {
        let is_there = find(schemas, schema, table).is_some_and(|table| !table.is_hidden);
        if !is_there {
            return Err(Refused::Missing(format!("{schema}.{table}")));
        }
    }
    let mut views = session.clone();
    for function in schemas.iter().flat_map(|schema| &schema.functions) {
        // A function of this name that was there before is hidden from views.
        let _ = views.register_udf(Arc::new(udf(function)));
    }
    let states = lake.states.clone();
    let (providers, sizes) = (HashMap::new(), HashMap::new());
    let mut desk = Desk { session: views, stores, schemas, providers, sizes, states, kept: lake.kept };
    for name in &wanted {
        desk.bring(name).await?;
    }
    if let Statement::Statement(inner) = statement {
        let scans = scans(&**inner, &desk.sizes);
        if scans > SCANS {
            return Err(Refused::Scans(scans));
        }
    }
    Ok(())
}

/// Whether a schema is the lake's own.
pub(crate) fn is_own(schema: &str) -> bool {
    schema == "public" || schema == crate::sql::CATALOGUE
}

fn find<'s>(schemas: &'s [Arc<Schema>], schema: &str, table: &str) -> Option<&'s SchemaTable> {
    let schema = schemas.iter().find(|known| known.name == schema)?;
    schema.tables.iter().find(|known| known.name == table)
}

struct Desk<'d> {
    session: SessionState,
    stores: &'d Stores,
    schemas: &'d [Arc<Schema>],
    providers: HashMap<String, Arc<MemorySchemaProvider>>,
    /// How often tables are read by each that is there, by `schema.table`.
    sizes: HashMap<String, u64>,
    /// The states of the lake's tables and of kept views, by their names in plans.
    states: HashMap<String, String>,
    kept: &'d KeptViews,
}

/// What is still to be done for a table.
enum Step {
    /// Look at what it needs.
    Open(Name),
    /// All that it needs is there.
    Close(Name),
}

impl Desk<'_> {
    /// Puts a table into the catalogue, after those that it needs.
    async fn bring(&mut self, name: &Name) -> std::result::Result<(), Refused> {
        let mut open: Vec<Name> = Vec::new();
        let mut steps = vec![Step::Open(name.clone())];
        while let Some(step) = steps.pop() {
            match step {
                Step::Open(name) => {
                    let full = format!("{}.{}", name.0, name.1);
                    if self.sizes.contains_key(&full) {
                        continue;
                    }
                    if let Some(start) = open.iter().position(|other| *other == name) {
                        let circle = open[start..].iter().chain([&name]);
                        let circle: Vec<String> = circle.map(|(schema, table)| format!("{schema}.{table}")).collect();
                        return Err(Refused::Circle(circle.join(" → ")));
                    }
                    let table = find(self.schemas, &name.0, &name.1).ok_or_else(|| Refused::Missing(full.clone()))?;
                    steps.push(Step::Close(name.clone()));
                    if let Content::View(text) | Content::Kept(text) = &table.content {
                        let statement = parse(text).map_err(|error| Refused::View(full, error))?;
                        let needs = named_in(&statement).into_iter().filter(|(schema, _)| !is_own(schema));
                        steps.extend(needs.map(Step::Open));
                    }
                    open.push(name);
                }
                Step::Close(name) => {
                    open.pop();
                    self.put(&name).await?;
                }
            }
        }
        Ok(())
    }

    async fn put(&mut self, name: &Name) -> std::result::Result<(), Refused> {
        let full = format!("{}.{}", name.0, name.1);
        let Some(table) = find(self.schemas, &name.0, &name.1) else { return Err(Refused::Missing(full)) };
        let failed = |error| Refused::View(full.clone(), error);
        let mut size = 1;
        let provider: Arc<dyn TableProvider> = match &table.content {
            Content::View(text) => {
                let statement = parse(text).map_err(failed)?;
                if let Statement::Statement(inner) = &statement {
                    size = scans(&**inner, &self.sizes);
                }
                Arc::new(self.view(table, text, statement).await.map_err(failed)?)
            }
            Content::Kept(text) => {
                let statement = parse(text).map_err(failed)?;
                let scans = match &statement {
                    Statement::Statement(inner) => scans(&**inner, &self.sizes),
                    _ => 1,
                };
                let view = self.view(table, text, statement).await.map_err(failed)?;
                match self.kept.rows(&self.session, &full, view.logical_plan(), &self.states).await {
                    // Of no rows the engine makes no joins.
                    Some((rows, _)) if rows.num_rows() == 0 => {
                        Arc::new(ViewTable::new(nothing(&rows.schema()).map_err(failed)?, None))
                    }
                    Some((rows, of)) => {
                        self.states.insert(full.clone(), of);
                        Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(failed)?)
                    }
                    None => {
                        size = scans;
                        Arc::new(view)
                    }
                }
            }
            Content::Sheet(sheet) => {
                let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
                Arc::new(SheetTable::new(Arc::clone(sheet), &columns))
            }
            Content::Parquet { folder, files, rows } => {
                Arc::new(FileTable::new(self.stores, table, folder, files, *rows).map_err(failed)?)
            }
            Content::Batches(batches) => {
                Arc::new(MemTable::try_new(table.arrow_schema(), vec![batches.clone()]).map_err(failed)?)
            }
        };
        self.provider(&name.0).map_err(failed)?.register_table(name.1.clone(), provider).map_err(failed)?;
        self.sizes.insert(full, size.max(1));
        Ok(())
    }

    fn provider(&mut self, schema: &str) -> Result<Arc<MemorySchemaProvider>> {
        if let Some(provider) = self.providers.get(schema) {
            return Ok(Arc::clone(provider));
        }
        let catalog = self.session.catalog_list().catalog("lake");
        let catalog: Arc<dyn CatalogProvider> =
            catalog.ok_or_else(|| DataFusionError::Internal("the catalogue is not there".into()))?;
        let provider = Arc::new(MemorySchemaProvider::new());
        catalog.register_schema(schema, Arc::clone(&provider) as Arc<dyn SchemaProvider>)?;
        self.providers.insert(schema.to_owned(), Arc::clone(&provider));
        Ok(provider)
    }

    /// A view with its columns in the types that it declares.
    async fn view(&self, table: &SchemaTable, text: &str, statement: Statement) -> Result<ViewTable> {
        let plan = self.session.statement_to_plan(statement).await?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)?;
        if table.columns.is_empty() {
            return Ok(ViewTable::new(plan, Some(text.to_owned())));
        }
        let mut columns: Vec<Expr> = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            let (qualifier, field) = plan
                .schema()
                .iter()
                .find(|(_, field)| *field.name() == column.name)
                .ok_or_else(|| DataFusionError::Plan(format!("it does not give the column {}", column.name)))?;
            let given = Expr::Column(Column::new(qualifier.cloned(), field.name()));
            // Also where the types agree: what a function gives is settled only when the plan is analyzed, and may be another.
            columns.push(cast(given, column.data_type.clone()).alias(&column.name));
        }
        let plan = LogicalPlanBuilder::from(plan).project(columns)?.build()?;
        Ok(ViewTable::new(plan, Some(text.to_owned())))
    }
}

fn udf(function: &Function) -> ScalarUDF {
    let run = Arc::clone(&function.run);
    let name = function.name.clone();
    let call = move |arguments: &[ColumnarValue]| {
        let arrays: Vec<ArrayRef> = ColumnarValue::values_to_arrays(arguments)?;
        let made = run(&arrays).map_err(|text| DataFusionError::Execution(format!("{name}: {text}")))?;
        let is_one = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        Ok(if is_one {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
        } else {
            ColumnarValue::Array(made)
        })
    };
    let (arguments, returns) = (function.arguments.clone(), function.returns.clone());
    create_udf(&function.name, arguments, returns, Volatility::Immutable, Arc::new(call))
}
