//! What a text is allowed to ask.

use super::describe;
use super::explain_error::{parse_error, place_at};
use crate::error::{Error, SqlError};
use crate::table::Table;
use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{DescribeAlias, Statement as Sql, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes of a query's text, at most.
const TEXT_BYTES: usize = 256 << 10;
/// Levels of nesting that a query may have.
pub(crate) const NESTING: usize = 64;

/// Operators and keywords that a query may have. Each can be a level of the plan (`1+1+1…` is as deep as it is long), and the engine
/// goes through plans by recursion.
pub(crate) const PARTS: usize = 2_000;
/// Tables that a query may name.
pub(crate) const RELATIONS: usize = 100;

/// What is to be planned.
pub(super) enum Question {
    /// A statement that reads.
    Statement(Statement),
    /// What is asked about tables, put as a query of the catalogue.
    Catalogue(String),
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
pub(super) fn check(sql: &str, tables: &[Arc<Table>]) -> Result<Question, Error> {
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
    question(sql, statement, tables)
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

fn question(sql: &str, statement: Statement, tables: &[Arc<Table>]) -> Result<Question, Error> {
    match statement {
        Statement::Statement(inner) => match *inner {
            Sql::Query(_) => Ok(Question::Statement(Statement::Statement(inner))),
            Sql::ExplainTable { table_name, .. } => {
                Ok(Question::Catalogue(describe::columns(sql, &table_name.to_string(), tables)?))
            }
            Sql::Explain { describe_alias: DescribeAlias::Explain, ref statement, .. }
                if matches!(**statement, Sql::Query(_)) =>
            {
                Ok(Question::Statement(Statement::Statement(inner)))
            }
            Sql::ShowTables { .. } => Ok(Question::Catalogue(describe::tables())),
            Sql::ShowColumns { show_options, .. } => {
                let table = show_options.show_in.and_then(|show| show.parent_name);
                let table = table.ok_or_else(|| refuse(sql, "SHOW COLUMNS FROM which table?"))?;
                Ok(Question::Catalogue(describe::columns(sql, &table.to_string(), tables)?))
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

fn not_allowed(statement: &str) -> String {
    let verb = statement.split_whitespace().next().unwrap_or_default().to_uppercase();
    format!("{verb} is not allowed here: SQL only reads (SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES, SHOW COLUMNS)")
}

fn refuse(sql: &str, message: &str) -> Error {
    let start = sql.len() - sql.trim_start().len();
    Error::Sql(SqlError { message: message.to_owned(), place: Some(place_at(sql, start)), hint: None })
}
