//! What is asked of the workbench.

use super::error::Error;
use super::sheet::Sheet;
use super::written::place;
use crate::sql::check::{NESTING, tokens};
use crate::sql::explain_error::{parse_error, place_at};
use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::ast::{self, Query};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use std::sync::Arc;

/// A query over sheets.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked; spans are those of the text it came from.
    pub query: Query,
    /// Queries with a name, which may name each other.
    pub views: Vec<(String, Query)>,
    /// The tables that there are.
    pub sheets: Vec<Arc<dyn Sheet>>,
    /// The table of the outermost FROM that the query goes through row by row, by its alias or name; else the first.
    pub driving: Option<String>,
    /// Puts rows that are equal in these columns of the answer next to each other.
    pub sort_by: Vec<SortBy>,
    /// In which order rows come.
    pub order: Order,
}

/// A column of the answer to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortBy {
    /// Its number, from 0.
    pub column: usize,
    /// Whether the largest comes first. Nulls come last either way.
    pub descending: bool,
}

/// In which order rows come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The same at each run over the same sheets: as the query says, and beyond that by the rows of the driving sheet. One
    /// thread computes.
    #[default]
    Kept,
    /// As it happens; several threads compute. Where a query leaves a choice (LIMIT without ORDER BY, `array_agg` without
    /// one), it may be made differently each time.
    Any,
}

impl Question {
    /// A query over sheets, in the order of the first.
    pub fn new(query: Query, sheets: Vec<Arc<dyn Sheet>>) -> Question {
        Question { query, views: Vec::new(), sheets, driving: None, sort_by: Vec::new(), order: Order::Kept }
    }
}

/// Parses the text of a query: one SELECT, WITH or VALUES, which may end with a semicolon.
///
/// # Errors
/// What is wrong, with the place in the text; too long, too deep.
pub fn parse(text: &str) -> Result<Query, Error> {
    let mut parser = parser(text)?;
    let query = parser.parse_query().map_err(|error| wrong(text, error))?;
    while parser.consume_token(&Token::SemiColon) {}
    end(text, &mut parser)?;
    Ok(*query)
}

/// Parses an expression, such as a key that stands beside a query.
///
/// # Errors
/// As [`parse`].
pub fn parse_expression(text: &str) -> Result<ast::Expr, Error> {
    let mut parser = parser(text)?;
    let expression = parser.parse_expr().map_err(|error| wrong(text, error))?;
    end(text, &mut parser)?;
    Ok(expression)
}

fn parser(text: &str) -> Result<Parser<'static>, Error> {
    static DIALECT: GenericDialect = GenericDialect {};
    let tokens = tokens(text)?;
    check_chains(&tokens)?;
    Ok(Parser::new(&DIALECT).with_recursion_limit(NESTING).with_tokens_with_locations(tokens))
}

/// Operators that follow each other on one level, at most. `a + b + c …` is a tree as deep as it is long, and whoever copies
/// or drops it does so by recursion, on whatever stack there is.
const CHAIN: usize = 200;
/// UNION, EXCEPT and INTERSECT that follow each other, at most.
const SET_OPERATIONS: usize = 64;

fn check_chains(tokens: &[TokenWithSpan]) -> Result<(), Error> {
    /// Operators and set operations of a level.
    #[derive(Default)]
    struct Level {
        operators: usize,
        sets: usize,
    }
    let mut levels = vec![Level::default()];
    for token in tokens {
        let keyword = match &token.token {
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        match (&token.token, keyword) {
            (Token::LParen, _) | (_, Keyword::CASE) => levels.push(Level::default()),
            (Token::RParen, _) | (_, Keyword::END) if levels.len() > 1 => drop(levels.pop()),
            _ => {}
        }
        let Some(level) = levels.last_mut() else { continue };
        match (&token.token, keyword) {
            (_, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT) => level.sets += 1,
            (Token::Comma, _)
            | (
                _,
                Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::HAVING
                | Keyword::ON
                | Keyword::BY
                | Keyword::WHEN
                | Keyword::THEN
                | Keyword::ELSE,
            ) => level.operators = 0,
            (_, Keyword::AND | Keyword::OR | Keyword::IS | Keyword::LIKE | Keyword::BETWEEN) => level.operators += 1,
            (
                Token::Word(_)
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Whitespace(_)
                | Token::LParen
                | Token::RParen
                | Token::Period
                | Token::SemiColon
                | Token::EOF,
                _,
            ) => {}
            _ => level.operators += 1,
        }
        if level.operators > CHAIN || level.sets > SET_OPERATIONS {
            let error = Error::limit(format!(
                "at most {CHAIN} operators and {SET_OPERATIONS} set operations may follow each other"
            ));
            return Err(error.at(place(token.span)).hint("Use IN for long lists of values, or views"));
        }
    }
    Ok(())
}

fn end(text: &str, parser: &mut Parser) -> Result<(), Error> {
    parser.expect_token(&Token::EOF).map(drop).map_err(|error| wrong(text, error))
}

fn wrong(text: &str, error: ParserError) -> Error {
    let mut error = parse_error(text, &DataFusionError::SQL(Box::new(error), None));
    if error.place.is_none() && error.message.ends_with("found: EOF") {
        error.place = Some(place_at(text, text.trim_end().len()));
    }
    crate::Error::Sql(error).into()
}
