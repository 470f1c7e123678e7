//! `CREATE TABLE`: columns and their types.

use super::cell::Type;
use super::lex::{Incomplete, Lexer, Token};
use super::{Column, Dialect, TableName};
use std::collections::HashMap;

/// What begins an item that is no column.
const NO_COLUMN: &[&str] = &[
    "PRIMARY",
    "KEY",
    "UNIQUE",
    "CONSTRAINT",
    "FOREIGN",
    "INDEX",
    "CHECK",
    "FULLTEXT",
    "SPATIAL",
    "EXCLUDE",
    "LIKE",
    "PERIOD",
];

/// Reads a name of a table, of which the first token is given; and the token after it.
pub(super) fn table_name(lexer: &mut Lexer<'_>, first: Token) -> Result<(Option<TableName>, Token), Incomplete> {
    let mut parts = Vec::new();
    let mut token = first;
    loop {
        let Some(name) = lexer.name(token) else { return Ok((None, token)) };
        parts.push(name);
        token = lexer.next()?;
        if token != Token::Sign(b'.') {
            break;
        }
        token = lexer.next()?;
    }
    let name = parts.pop().unwrap_or_default();
    Ok((Some(TableName { schema: parts.pop(), name }), token))
}

/// Reads names in brackets, of which the first was read.
pub(super) fn names(lexer: &mut Lexer<'_>) -> Result<Option<Vec<String>>, Incomplete> {
    let mut names = Vec::new();
    loop {
        let token = lexer.next()?;
        let Some(name) = lexer.name(token) else { return Ok(None) };
        names.push(name);
        match lexer.next()? {
            Token::Sign(b',') => {}
            Token::Sign(b')') => return Ok(Some(names)),
            _ => return Ok(None),
        }
    }
}

/// Types that a dump declares by names of its own, by these names in small letters.
pub(super) type Domains = HashMap<String, Type>;

/// What `CREATE` makes that matters for rows.
pub(super) enum Created {
    Table(TableName, Vec<Column>),
    Domain(String, Type),
}

/// The type that a text begins with.
fn type_of(text: &str, dialect: Dialect, domains: &Domains) -> Type {
    let text = text.trim().to_lowercase();
    let name = text.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().replace('"', "");
    let name = name.rsplit('.').next().unwrap_or_default();
    domains.get(name).copied().unwrap_or_else(|| Type::of(&text, dialect))
}

/// `DOMAIN name AS type …`, after its first word.
fn domain(lexer: &mut Lexer<'_>, domains: &Domains) -> Result<Option<Created>, Incomplete> {
    let first = lexer.next()?;
    let (Some(name), after) = table_name(lexer, first)? else { return Ok(None) };
    if !lexer.is(after, "AS") {
        return Ok(None);
    }
    let (from, mut to) = (lexer.at, lexer.at);
    while !matches!(lexer.next()?, Token::Sign(b';') | Token::End) {
        to = lexer.at;
    }
    let kind = type_of(&lexer.text[from..to], lexer.dialect, domains);
    Ok(Some(Created::Domain(name.name.to_lowercase(), kind)))
}

/// Reads what comes after `CREATE`, up to the bracket that ends the columns; none if it is no table with columns, and no domain.
pub(super) fn create(lexer: &mut Lexer<'_>, domains: &Domains) -> Result<Option<Created>, Incomplete> {
    let mut token = lexer.next()?;
    if lexer.is(token, "DOMAIN") {
        return domain(lexer, domains);
    }
    while ["GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "FOREIGN"].iter().any(|word| lexer.is(token, word)) {
        token = lexer.next()?;
    }
    if !lexer.is(token, "TABLE") {
        return Ok(None);
    }
    token = lexer.next()?;
    if lexer.is(token, "IF") {
        // IF NOT EXISTS
        lexer.next()?;
        lexer.next()?;
        token = lexer.next()?;
    }
    let (Some(table), after) = table_name(lexer, token)? else { return Ok(None) };
    if after != Token::Sign(b'(') {
        return Ok(None);
    }
    let mut columns = Vec::new();
    loop {
        let first = lexer.next()?;
        let is_column = !NO_COLUMN.iter().any(|word| lexer.is(first, word));
        let name = lexer.name(first).filter(|_| is_column);
        let from = lexer.at;
        let (mut depth, mut to) = (0, from);
        let (mut is_after_as, mut is_computed) = (false, false);
        let end = loop {
            let token = lexer.next()?;
            // GENERATED ALWAYS AS (…); an identity has no bracket there.
            is_computed |= is_after_as && depth == 0 && token == Token::Sign(b'(');
            is_after_as = lexer.is(token, "AS");
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') if depth > 0 => depth -= 1,
                Token::Sign(b',' | b')') if depth == 0 => break token,
                Token::End => return Ok(None),
                _ => {}
            }
            to = lexer.at;
        };
        if let Some(name) = name {
            let kind = type_of(&lexer.text[from..to], lexer.dialect, domains);
            columns.push(Column { name, kind, is_computed });
        }
        if end == Token::Sign(b')') {
            return Ok(Some(Created::Table(table, columns)));
        }
    }
}
