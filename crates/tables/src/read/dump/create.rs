//! `CREATE TABLE`: columns and their types.

use super::cell::Type;
use super::lex::{Incomplete, Lexer, Token};
use super::{Column, TableName};

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

/// Reads what comes after `CREATE`, up to the bracket that ends the columns; none if it is no table with columns.
pub(super) fn create(lexer: &mut Lexer<'_>) -> Result<Option<(TableName, Vec<Column>)>, Incomplete> {
    let mut token = lexer.next()?;
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
        let end = loop {
            let token = lexer.next()?;
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
            let kind = Type::of(lexer.text[from..to].trim().to_lowercase().as_str(), lexer.dialect);
            columns.push(Column { name, kind });
        }
        if end == Token::Sign(b')') {
            return Ok(Some((table, columns)));
        }
    }
}
