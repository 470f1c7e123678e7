//! A dump, statement by statement.

use super::cell::Type;
use super::create::{Created, Domains};
use super::lex::{Incomplete, Lexer, Token};
use super::values::row;
use super::zone::Zone;
use super::{Column, Dialect, TableName, create};
use crate::read::charset::Charset;
use crate::read::raw::Raw;
use crate::read::text::{Flaw, Text};
use crate::read::{ROW_BYTES, ReadError};
use std::io::{Read, Write};

/// How long the beginning of a statement may be, up to its first row.
const HEAD_BYTES: usize = 4 << 20;
/// Types of their own that a dump may declare.
const MOST_DOMAINS: usize = 100_000;
/// How much of a dump is looked at to know whose it is.
const LOOK_BYTES: usize = 64 << 10;

/// What programs that dump write into the first lines, and what dumps consist of.
const MARKS: &[&str] = &[
    "PostgreSQL database dump",
    "MySQL dump",
    "MariaDB dump",
    "phpMyAdmin SQL Dump",
    "SQLite format dump",
    "Navicat ",
    "INSERT INTO ",
    "CREATE TABLE ",
];
const MYSQL_MARKS: &[&str] = &[
    "MySQL dump",
    "MariaDB dump",
    "phpMyAdmin SQL Dump",
    "Type : MySQL",
    "Type : MariaDB",
    "ENGINE=",
    "INSERT INTO `",
    "CREATE TABLE `",
    "LOCK TABLES `",
    "/*!40",
    "/*M!",
];

/// How dumps begin whose program says at the end that all of it is there, and how.
const ENDS: &[(&str, &str)] = &[
    ("-- PostgreSQL database dump\n", "PostgreSQL database dump complete"),
    ("-- PostgreSQL database dump\r\n", "PostgreSQL database dump complete"),
    ("-- MySQL dump ", "Dump completed"),
    ("-- MariaDB dump ", "Dump completed"),
];

/// True for the beginning of a text that is a dump.
pub(in crate::read) fn is_dump(head: &[u8]) -> bool {
    MARKS.iter().any(|mark| memchr::memmem::find(head, mark.as_bytes()).is_some())
}

/// A statement that concerns tables.
#[derive(Debug)]
pub(super) enum Statement {
    Create(TableName, Vec<Column>),
    /// Rows follow: see [`Script::row`].
    Insert(TableName, Option<Vec<String>>),
    /// Lines follow: see [`Script::line`].
    Copy(TableName, Option<Vec<String>>),
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    /// The rest of a statement.
    Statement,
    /// Lines of `COPY`.
    Lines,
}

/// A dump that is read.
pub(super) struct Script {
    pub(super) text: Text,
    pub(super) dialect: Dialect,
    delimiter: String,
    within: Within,
    /// The schema of names that have none.
    schema: Option<String>,
    /// In which zone moments are written.
    pub(super) zone: Zone,
    /// What the last comment of it says, which did not come yet.
    end: Option<&'static str>,
    domains: Domains,
}

impl Script {
    pub(super) fn open(
        file: &str,
        mut reader: Box<dyn Read + Send>,
        (encoding, of_all): (Option<Charset>, Option<Charset>),
        tee: Option<Box<dyn Write + Send>>,
    ) -> Result<Script, ReadError> {
        let mut head = Vec::new();
        let failed = |error| ReadError::at(file, format!("cannot be read: {error}"));
        reader.by_ref().take(LOOK_BYTES as u64).read_to_end(&mut head).map_err(failed)?;
        // What is said of all files gives way to a dump that says that it is in UTF-8.
        let itself = said_encoding(&head);
        let said = encoding.or_else(|| itself.filter(|said| *said == Charset::UTF_8)).or(of_all).or(itself);
        let reader = Box::new(std::io::Cursor::new(head).chain(reader));
        let text = Text::begin(Raw::new(file, reader, tee), said)?;
        let looked = &text.rest()[..text.rest().floor_char_boundary(LOOK_BYTES)];
        let dialect =
            if MYSQL_MARKS.iter().any(|mark| looked.contains(mark)) { Dialect::MySql } else { Dialect::Standard };
        let end = ENDS.iter().find(|(begin, _)| looked.contains(begin)).map(|(_, end)| *end);
        Ok(Script {
            text,
            dialect,
            delimiter: ";".to_owned(),
            within: Within::Nothing,
            schema: None,
            zone: Zone::default(),
            end,
            domains: Domains::default(),
        })
    }

    /// The error of a file that ends within a row.
    pub(super) fn cut_off(&self) -> ReadError {
        ReadError::at(self.place(), "the file is cut off in the row that begins here: bring all of it")
    }

    /// Whether its program says at the end that all of it is there, and that did not come.
    pub(super) fn lacks_end(&self) -> bool {
        self.end.is_some()
    }

    /// A lexer on what was not taken.
    pub(super) fn lexer(&self) -> Lexer<'_> {
        Lexer::new(self.text.rest(), self.dialect, self.text.ended())
    }

    /// Where in the file it is, for messages.
    pub(super) fn place(&self) -> String {
        format!("{}, byte {}", self.text.file(), self.text.offset())
    }

    /// The next statement that concerns tables; what is left of the one before is passed.
    pub(super) fn next(&mut self) -> Result<Option<Statement>, ReadError> {
        loop {
            match self.within {
                Within::Statement => self.skip(Until::Delimiter)?,
                Within::Lines => self.skip_lines()?,
                Within::Nothing => {}
            }
            self.within = Within::Nothing;
            self.blanks()?;
            let rest = self.text.rest();
            if rest.is_empty() {
                return Ok(None);
            }
            if rest.starts_with('\\') {
                // A command of psql.
                self.skip_line()?;
                continue;
            }
            match self.head() {
                Err(Incomplete) if self.text.rest().len() > HEAD_BYTES => self.within = Within::Statement,
                Err(Incomplete) => {
                    self.text.fill()?;
                }
                Ok((Head::Delimiter(delimiter), _)) => {
                    self.skip_line()?;
                    self.delimiter = if delimiter.is_empty() { ";".to_owned() } else { delimiter };
                }
                Ok((Head::Schema(schema), _)) => {
                    self.schema = Some(schema);
                    self.within = Within::Statement;
                }
                Ok((Head::Domain(name, kind), _)) => {
                    if self.domains.len() < MOST_DOMAINS {
                        let schema = name.schema.as_deref().or(self.schema.as_deref());
                        self.domains.insert(schema, &name.name, kind);
                    }
                    self.within = Within::Statement;
                }
                Ok((Head::Set(assignments), _)) => {
                    self.zone.hear(&assignments);
                    self.within = Within::Statement;
                }
                Ok((Head::Other, _)) => self.within = Within::Statement,
                Ok((Head::Unread(what), _)) => return Err(ReadError::at(self.place(), what)),
                Ok((Head::Statement(mut statement), length)) => {
                    if let Some(Flaw::NotText(offset)) = self.text.flaw_within(length) {
                        let place = format!("{}, byte {offset}", self.text.file());
                        let charset = self.text.charset();
                        return Err(ReadError::at(
                            place,
                            format!("a name that is no text in {charset}: declare another `encoding`"),
                        ));
                    }
                    self.text.take(length);
                    let (Statement::Create(name, _) | Statement::Insert(name, _) | Statement::Copy(name, _)) =
                        &mut statement;
                    if name.schema.is_none() {
                        name.schema.clone_from(&self.schema);
                    }
                    self.within = match statement {
                        Statement::Copy(..) => {
                            self.skip_line()?;
                            Within::Lines
                        }
                        _ => Within::Statement,
                    };
                    return Ok(Some(statement));
                }
            }
        }
    }

    /// Looks what a statement is, and how long its beginning is.
    fn head(&self) -> Result<(Head, usize), Incomplete> {
        let mut lexer = self.lexer();
        let first = lexer.next()?;
        let head = if lexer.is(first, "CREATE") {
            match create::create(&mut lexer, &self.domains, self.schema.as_deref())? {
                Some(Created::Table(table, columns)) => Some(Statement::Create(table, columns)),
                Some(Created::Domain(name, kind)) => return Ok((Head::Domain(name, kind), 0)),
                None => None,
            }
        } else if lexer.is(first, "INSERT") || lexer.is(first, "REPLACE") {
            insert(&mut lexer)?
        } else if lexer.is(first, "COPY") {
            match copy(&mut lexer)? {
                Ok(statement) => statement,
                Err(what) => return Ok((Head::Unread(what), 0)),
            }
        } else if lexer.is(first, "DELIMITER") {
            let rest = &lexer.text[lexer.at..];
            let line = rest.split_once('\n').map(|(line, _)| line);
            let line = if lexer.last { line.unwrap_or(rest) } else { line.ok_or(Incomplete)? };
            return Ok((Head::Delimiter(line.trim().to_owned()), 0));
        } else if lexer.is(first, "USE") {
            let token = lexer.next()?;
            return Ok((lexer.name(token).map_or(Head::Other, Head::Schema), 0));
        } else if lexer.is(first, "SET") {
            let after_set = lexer.at;
            let token = lexer.next()?;
            if self.dialect == Dialect::MySql {
                let from = lexer.at;
                let (mut token, mut to) = (token, from);
                while !matches!(token, Token::Sign(b';') | Token::End) {
                    to = lexer.at;
                    token = lexer.next()?;
                }
                return Ok((Head::Set(lexer.text[after_set..to.max(from)].to_owned()), 0));
            }
            let is_path = lexer.is(token, "search_path");
            lexer.next()?;
            let token = lexer.next()?;
            let schema = lexer.name(token).filter(|_| is_path);
            return Ok((schema.map_or(Head::Other, Head::Schema), 0));
        } else {
            None
        };
        Ok((head.map_or(Head::Other, Head::Statement), lexer.at))
    }

    /// Passes blanks and comments.
    pub(super) fn blanks(&mut self) -> Result<(), ReadError> {
        loop {
            let mut lexer = self.lexer();
            let is_whole = lexer.blanks().is_ok();
            let at = lexer.at;
            let is_more = at == lexer.text.len();
            if self.end.is_some_and(|end| self.text.rest()[..at].contains(end)) {
                self.end = None;
            }
            if self.dialect == Dialect::MySql && at > "/*! SET */".len() {
                self.zone.hear_comments(&self.text.rest()[..at]);
            }
            self.text.take(at);
            if is_whole && !is_more {
                return Ok(());
            }
            if !is_whole && self.text.rest().starts_with("/*") && self.text.rest().len() > HEAD_BYTES {
                // A comment that is long is passed piece by piece.
                self.skip_comment()?;
            } else if !self.text.fill()? {
                return Ok(());
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), ReadError> {
        self.text.take(2);
        loop {
            match self.text.rest().find("*/") {
                Some(end) => {
                    self.text.take(end + 2);
                    return Ok(());
                }
                None => {
                    let length = self.text.rest().len();
                    self.text.take(self.text.rest().floor_char_boundary(length.saturating_sub(1)));
                    if !self.text.fill()? {
                        self.text.take(self.text.rest().len());
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Passes the rest of a line, with its end.
    fn skip_line(&mut self) -> Result<(), ReadError> {
        loop {
            if let Some(end) = self.text.rest().find('\n') {
                self.text.take(end + 1);
                return Ok(());
            }
            self.text.take(self.text.rest().len());
            if !self.text.fill()? {
                return Ok(());
            }
        }
    }

    /// Passes lines of `COPY`, up to the one that ends them.
    fn skip_lines(&mut self) -> Result<(), ReadError> {
        loop {
            let rest = self.text.rest().as_bytes();
            let mut from = 0;
            // Every line that begins with the sign is looked at.
            while rest.len() > from && rest[from] != b'\\' {
                match memchr::memmem::find(&rest[from..], b"\n\\") {
                    Some(found) => from += found + 1,
                    None => break,
                }
            }
            if rest.get(from) == Some(&b'\\') {
                match rest[from..].iter().position(|byte| *byte == b'\n') {
                    Some(end) if is_end(&self.text.rest()[from..from + end]) => {
                        self.text.take(from + end + 1);
                        return Ok(());
                    }
                    Some(end) => {
                        self.text.take(from + end + 1);
                        continue;
                    }
                    None => {
                        self.text.take(from);
                    }
                }
            } else {
                // All whole lines.
                let whole = memchr::memrchr(b'\n', rest).map_or(0, |end| end + 1);
                self.text.take(whole);
            }
            if !self.text.fill()? {
                self.text.take(self.text.rest().len());
                return Ok(());
            }
            if self.text.rest().len() > 2 * ROW_BYTES {
                return Err(ReadError::at(self.place(), "a line of COPY that does not end"));
            }
        }
    }

    /// How many values the row has that comes next; nothing of it is taken.
    pub(super) fn count_values(&mut self) -> Result<usize, ReadError> {
        self.blanks()?;
        let mut values = Vec::new();
        loop {
            if !self.text.rest().starts_with('(') {
                return Ok(0);
            }
            if row(&mut self.lexer(), &mut values).is_ok() {
                return Ok(values.len());
            }
            if self.text.rest().len() > ROW_BYTES || !self.text.fill()? {
                return Ok(0);
            }
        }
    }

    /// The statement's rows are at their end.
    pub(super) fn end_rows(&mut self, lines: bool) {
        self.within = if lines { Within::Nothing } else { Within::Statement };
    }

    /// Passes text up to where something ends.
    pub(super) fn skip(&mut self, until: Until) -> Result<(), ReadError> {
        let mut depth = 0_u32;
        loop {
            let delimiter = self.delimiter.as_bytes();
            let mut lexer = self.lexer();
            let mut ended = false;
            let mut done = 0;
            // Tokens, or runs of what is none of their beginnings.
            loop {
                match until {
                    Until::Delimiter if delimiter != b";" => {
                        // Bodies of procedures: the delimiter ends them wherever it stands.
                        match memchr::memmem::find(lexer.text.as_bytes(), delimiter) {
                            Some(found) => (done, ended) = (found + delimiter.len(), true),
                            None => {
                                done = lexer.text.floor_char_boundary(lexer.text.len().saturating_sub(delimiter.len()));
                            }
                        }
                        break;
                    }
                    _ => {}
                }
                let Ok(token) = lexer.next() else { break };
                done = lexer.at;
                match (token, until) {
                    (Token::Sign(b';'), Until::Delimiter) | (Token::End, _) => ended = true,
                    (Token::Sign(b'('), Until::Bracket) => depth += 1,
                    (Token::Sign(b')'), Until::Bracket) => {
                        depth = depth.saturating_sub(1);
                        ended = depth == 0;
                    }
                    _ => {}
                }
                if ended {
                    break;
                }
            }
            self.text.take(done);
            if ended {
                return Ok(());
            }
            if done == 0 && self.text.rest().len() > 2 * ROW_BYTES {
                return Err(ReadError::at(
                    self.place(),
                    format!("a text of more than {} MiB in a statement", (2 * ROW_BYTES) >> 20),
                ));
            }
            if !self.text.fill()? {
                self.text.take(self.text.rest().len());
                return Ok(());
            }
        }
    }
}

/// What ends what is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The statement.
    Delimiter,
    /// The bracket that is opened next.
    Bracket,
}

enum Head {
    Statement(Statement),
    Delimiter(String),
    Schema(String),
    /// A type by a name of its own.
    Domain(TableName, Type),
    /// What a dump of MySQL sets.
    Set(String),
    /// Something with rows that is not read.
    Unread(&'static str),
    Other,
}

/// True for the line that ends the lines of `COPY`.
pub(super) fn is_end(line: &str) -> bool {
    line.trim_end_matches('\r') == "\\."
}

/// `INSERT [IGNORE …] [INTO] table [(columns)] … VALUES`
fn insert(lexer: &mut Lexer<'_>) -> Result<Option<Statement>, Incomplete> {
    let mut token = lexer.next()?;
    while ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO", "OR", "REPLACE"]
        .iter()
        .any(|word| lexer.is(token, word))
    {
        token = lexer.next()?;
    }
    let (Some(table), mut token) = create::table_name(lexer, token)? else { return Ok(None) };
    let mut columns = None;
    if token == Token::Sign(b'(') {
        columns = create::names(lexer)?;
        if columns.is_none() {
            return Ok(None);
        }
        token = lexer.next()?;
    }
    while ["OVERRIDING", "SYSTEM", "USER", "VALUE"].iter().any(|word| lexer.is(token, word)) {
        token = lexer.next()?;
    }
    Ok(lexer.is(token, "VALUES").then_some(Statement::Insert(table, columns)))
}

/// `COPY table [(columns)] FROM stdin … ;`
fn copy(lexer: &mut Lexer<'_>) -> Result<Result<Option<Statement>, &'static str>, Incomplete> {
    let token = lexer.next()?;
    let (Some(table), mut token) = create::table_name(lexer, token)? else { return Ok(Ok(None)) };
    let mut columns = None;
    if token == Token::Sign(b'(') {
        columns = create::names(lexer)?;
        token = lexer.next()?;
    }
    if !lexer.is(token, "FROM") {
        return Ok(Ok(None));
    }
    token = lexer.next()?;
    if !lexer.is(token, "STDIN") {
        return Ok(Ok(None));
    }
    loop {
        token = lexer.next()?;
        match token {
            Token::Sign(b';') | Token::End => return Ok(Ok(Some(Statement::Copy(table, columns)))),
            _ if ["CSV", "BINARY", "DELIMITER", "NULL", "ENCODING"].iter().any(|word| lexer.is(token, word)) => {
                return Ok(Err("COPY with options is not read: pg_dump writes it without any"));
            }
            _ => {}
        }
    }
}

/// The encoding that a dump says it is in.
fn said_encoding(head: &[u8]) -> Option<Charset> {
    for mark in ["client_encoding = '", "SET NAMES "] {
        if let Some(found) = memchr::memmem::find(head, mark.as_bytes()) {
            let rest = &head[found + mark.len()..];
            let name: String = rest
                .iter()
                .skip_while(|byte| **byte == b'\'')
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                .map(|byte| char::from(*byte))
                .collect();
            return Charset::for_name(&name).ok();
        }
    }
    None
}
