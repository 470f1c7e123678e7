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

/// Types that a dump declares by names of its own; names are in small letters.
#[derive(Default)]
pub(super) struct Domains {
    /// By schema and name.
    placed: HashMap<(Option<String>, String), Type>,
    /// By name alone; none where schemas differ about it.
    named: HashMap<String, Option<Type>>,
}

impl Domains {
    pub(super) fn len(&self) -> usize {
        self.placed.len()
    }

    pub(super) fn insert(&mut self, schema: Option<&str>, name: &str, kind: Type) {
        let name = name.to_lowercase();
        let known = self.named.entry(name.clone()).or_insert(Some(kind));
        *known = known.filter(|known| *known == kind);
        self.placed.insert((schema.map(str::to_lowercase), name), kind);
    }

    /// What a type is that is called so, in the schema that it names or in the one of names that have none; else in any, if there is one.
    fn get(&self, written: &str, schema: Option<&str>) -> Option<Type> {
        let (within, name) = written.rsplit_once('.').map_or((None, written), |(within, name)| (Some(within), name));
        let in_schema = within.map(str::to_owned).or_else(|| schema.map(str::to_lowercase));
        let placed = self.placed.get(&(in_schema, name.to_owned())).copied();
        placed.or_else(|| self.named.get(name).copied().flatten())
    }
}

/// What `CREATE` makes that matters for rows.
pub(super) enum Created {
    Table(TableName, Vec<Column>),
    Domain(TableName, Type),
}

/// The type that a text begins with.
fn type_of(text: &str, dialect: Dialect, domains: &Domains, schema: Option<&str>) -> Type {
    let text = text.trim().to_lowercase();
    let name = text.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default().replace('"', "");
    domains.get(&name, schema).unwrap_or_else(|| Type::of(&text, dialect))
}

/// `DOMAIN name AS type …`, after its first word.
fn domain(lexer: &mut Lexer<'_>, domains: &Domains, schema: Option<&str>) -> Result<Option<Created>, Incomplete> {
    let first = lexer.next()?;
    let (Some(name), after) = table_name(lexer, first)? else { return Ok(None) };
    if !lexer.is(after, "AS") {
        return Ok(None);
    }
    let (from, mut to) = (lexer.at, lexer.at);
    while !matches!(lexer.next()?, Token::Sign(b';') | Token::End) {
        to = lexer.at;
    }
    let kind = type_of(&lexer.text[from..to], lexer.dialect, domains, schema);
    Ok(Some(Created::Domain(name, kind)))
}

/// Reads what comes after `CREATE`, up to the bracket that ends the columns; none if it is no table with columns, and no domain.
/// `schema` is that of names that have none.
pub(super) fn create(
    lexer: &mut Lexer<'_>,
    domains: &Domains,
    schema: Option<&str>,
) -> Result<Option<Created>, Incomplete> {
    let mut token = lexer.next()?;
    if lexer.is(token, "DOMAIN") {
        return domain(lexer, domains, schema);
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
            let kind = type_of(&lexer.text[from..to], lexer.dialect, domains, schema);
            columns.push(Column { name, kind, is_computed });
        }
        if end == Token::Sign(b')') {
            return Ok(Some(Created::Table(table, columns)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_those_of_their_schema() {
        let mut domains = Domains::default();
        domains.insert(Some("a"), "Flag", Type::Boolean);
        domains.insert(Some("b"), "flag", Type::Text);
        domains.insert(Some("b"), "price", Type::Money);
        let of = |text: &str, schema| type_of(text, Dialect::Standard, &domains, schema);
        assert_eq!((of("a.flag NOT NULL", None), of("b.flag", None)), (Type::Boolean, Type::Text));
        assert_eq!((of("\"a\".\"Flag\"", Some("b")), of("flag", Some("b"))), (Type::Boolean, Type::Text));
        assert_eq!((of("flag", Some("a")), of("flag", None)), (Type::Boolean, Type::Text));
        assert_eq!((of("price", Some("a")), of("price", None)), (Type::Money, Type::Money));
    }
}
