//! What a text is allowed to ask.

use super::explain_error::{parse_error, place_at};
use crate::error::{Error, SqlError};
use crate::guest::{Wanted, named, parts};
use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    DescribeAlias, ObjectName, Query, Statement as Sql, Visit, Visitor, visit_relations,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

/// Bytes of a query's text, at most.
const TEXT_BYTES: usize = 256 << 10;
/// Levels of nesting that a query may have.
pub(crate) const NESTING: usize = 64;

/// Operators and keywords that a query may have. Each can be a level of the plan (`1+1+1…` is as deep as it is long), and the engine
/// goes through plans by recursion.
pub(crate) const PARTS: usize = 2_000;
/// Tables that a query may name.
pub(crate) const RELATIONS: usize = 100;

/// Tables that a query may read, where what WITH defines counts as often as it is named: it is put in there, so that a short
/// text can ask for a plan without end.
pub(crate) const SCANS: u64 = 800;

/// What is to be planned.
pub(super) enum Question {
    /// A statement that reads.
    Statement(Statement),
    /// Which tables there are.
    Tables,
    /// Which columns a table has: its schema, if one is named, and its name.
    Columns(Option<String>, String),
}

impl Question {
    /// The schemas of guests that it may mean.
    pub(super) fn wanted(&self) -> Wanted {
        let names = match self {
            Question::Tables => return Wanted::All,
            Question::Columns(schema, _) => schema.iter().cloned().collect(),
            Question::Statement(statement) => named_schemas(statement),
        };
        if names.contains(super::describe::CATALOGUE) { Wanted::All } else { Wanted::Named(names) }
    }
}

fn named_schemas(statement: &Statement) -> BTreeSet<String> {
    match statement {
        Statement::Statement(inner) => named(&**inner).into_iter().map(|(schema, _)| schema).collect(),
        Statement::Explain(explain) => named_schemas(&explain.statement),
        _ => BTreeSet::new(),
    }
}

/// The words of a text, which are no more than a query may have.
pub(crate) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, Error> {
    if sql.len() > TEXT_BYTES {
        return Err(Error::Limit(format!("a query has at most {TEXT_BYTES} bytes, this one has {}", sql.len())));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().map_err(|error| {
        parse_error(sql, &DataFusionError::SQL(Box::new(ParserError::TokenizerError(error.to_string())), None))
    })?;
    if tokens.iter().filter(|token| is_part(&token.token)).count() > PARTS {
        return Err(Error::Limit(format!(
            "a query has at most {PARTS} operators and keywords: use IN for long lists of values"
        )));
    }
    Ok(tokens)
}

/// Parses a text and says what it asks.
pub(super) fn check(sql: &str) -> Result<Question, Error> {
    let tokens = tokens(sql)?;
    let parsed = DFParserBuilder::new(tokens)
        .with_recursion_limit(NESTING)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| Error::Sql(parse_error(sql, &error)))?;
    let mut statements = parsed.into_iter();
    let statement = statements.next().ok_or_else(|| refuse(sql, "the query is empty"))?;
    if statements.next().is_some() {
        return Err(refuse(sql, "one statement at a time"));
    }
    let mut relations = 0;
    if let Statement::Statement(inner) = &statement {
        let _ = visit_relations(inner, |_| {
            relations += 1;
            ControlFlow::<()>::Continue(())
        });
    }
    if relations > RELATIONS {
        return Err(Error::Limit(format!("a query names at most {RELATIONS} tables, this one {relations}")));
    }
    if let Statement::Statement(inner) = &statement
        && let scans = scans(&**inner, &HashMap::new())
        && scans > SCANS
    {
        return Err(too_many_scans(scans));
    }
    question(sql, statement)
}

pub(crate) fn too_many_scans(scans: u64) -> Error {
    Error::Limit(format!(
        "a query reads tables at most {SCANS} times, this one {scans} times: views and WITH count as often as they are named"
    ))
}

/// How often a query reads tables; views as often as is told.
pub(crate) fn scans(query: &impl Visit, views: &HashMap<String, u64>) -> u64 {
    let mut count = Scans { views, open: vec![Open::default()] };
    // It never breaks off.
    let _ = query.visit(&mut count);
    count.open.first().map_or(0, |open| open.scans)
}

/// A query that is being walked.
#[derive(Default)]
struct Open {
    /// The names of its WITH whose queries were not walked yet, the first one last. They are walked before all others.
    waiting: Vec<String>,
    defined: HashMap<String, u64>,
    scans: u64,
}

struct Scans<'v> {
    views: &'v HashMap<String, u64>,
    open: Vec<Open>,
}

impl Visitor for Scans<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        let mut waiting: Vec<String> = tables.map(|cte| cte.alias.name.value.to_lowercase()).collect();
        waiting.reverse();
        self.open.push(Open { waiting, ..Open::default() });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        if let Some(done) = self.open.pop()
            && let Some(around) = self.open.last_mut()
        {
            match around.waiting.pop() {
                Some(name) => drop(around.defined.insert(name, done.scans.max(1))),
                None => around.scans = around.scans.saturating_add(done.scans),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = relation.0.last().map(|part| part.to_string().trim_matches('"').to_lowercase()).unwrap_or_default();
        let scans = match parts(relation) {
            // A table of a schema is none of WITH.
            Some((schema, table)) => self.views.get(&format!("{schema}.{table}")),
            None => self.open.iter().rev().find_map(|open| open.defined.get(&name)).or_else(|| self.views.get(&name)),
        };
        let scans = scans.copied().unwrap_or(1);
        if let Some(open) = self.open.last_mut() {
            open.scans = open.scans.saturating_add(scans);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a token is an operator or a keyword: what can make a plan deeper. Lists of names and values do not.
fn is_part(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            !matches!(word.keyword, Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::AS)
        }
        Token::Comma | Token::Period | Token::LParen | Token::RParen | Token::Number(..) | Token::Whitespace(_) => {
            false
        }
        Token::SingleQuotedString(_) | Token::EOF | Token::SemiColon => false,
        _ => true,
    }
}

fn question(sql: &str, statement: Statement) -> Result<Question, Error> {
    match statement {
        Statement::Statement(inner) => match *inner {
            Sql::Query(_) => Ok(Question::Statement(Statement::Statement(inner))),
            Sql::ExplainTable { table_name, .. } => Ok(columns_of(&table_name)),
            Sql::Explain { describe_alias: DescribeAlias::Explain, ref statement, .. }
                if matches!(**statement, Sql::Query(_)) =>
            {
                Ok(Question::Statement(Statement::Statement(inner)))
            }
            Sql::ShowTables { .. } => Ok(Question::Tables),
            Sql::ShowColumns { show_options, .. } => {
                let table = show_options.show_in.and_then(|show| show.parent_name);
                let table = table.ok_or_else(|| refuse(sql, "SHOW COLUMNS FROM which table?"))?;
                Ok(columns_of(&table))
            }
            other => Err(refuse(sql, &not_allowed(&other.to_string()))),
        },
        Statement::Explain(explain) => match &*explain.statement {
            Statement::Statement(inner) if matches!(**inner, Sql::Query(_)) => {
                Ok(Question::Statement(Statement::Explain(explain)))
            }
            other => Err(refuse(sql, &not_allowed(&other.to_string()))),
        },
        other => Err(refuse(sql, &not_allowed(&other.to_string()))),
    }
}

fn columns_of(table: &ObjectName) -> Question {
    match parts(table) {
        Some((schema, name)) if schema == "public" => Question::Columns(None, name),
        Some((schema, name)) => Question::Columns(Some(schema), name),
        None => Question::Columns(None, table.to_string().trim_matches('"').to_lowercase()),
    }
}

fn not_allowed(statement: &str) -> String {
    let verb = statement.split_whitespace().next().unwrap_or_default().to_uppercase();
    format!("{verb} is not allowed here: SQL only reads (SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES, SHOW COLUMNS)")
}

fn refuse(sql: &str, message: &str) -> Error {
    let start = sql.len() - sql.trim_start().len();
    Error::Sql(SqlError { message: message.to_owned(), place: Some(place_at(sql, start)), hint: None })
}
