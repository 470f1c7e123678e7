//! The tables of a dump, and their rows.

use super::cell::{Type, write_field};
use super::script::{Script, Statement, Until, is_end};
use super::values::{NoCell, Value, differing, row};
use super::{Column, Dialect, TableName};
use crate::read::batch::{BadRow, Place, RowBatch};
use crate::read::charset::Charset;
use crate::read::options::TableOptions;
use crate::read::text::Flaw;
use crate::read::{CELL_BYTES, Content, ROW_BYTES, ReadError, Table, header};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Tables that a dump may have.
const MOST_TABLES: usize = 20_000;

/// What a dump holds.
#[derive(Debug)]
pub(in crate::read) struct Tables {
    tables: Vec<Described>,
    content: Content,
}

/// A table of a dump.
#[derive(Debug)]
struct Described {
    name: TableName,
    /// How it is called: with its schema only where two have the same name.
    shown: String,
    /// Without those that the database computes.
    columns: Vec<Column>,
    computed: Vec<String>,
}

/// Reads a dump for the tables in it.
pub(in crate::read) fn tables(
    file: &str,
    reader: Box<dyn Read + Send>,
    encoding: Option<Charset>,
) -> Result<Tables, ReadError> {
    let mut script = Script::open(file, reader, (None, encoding), None)?;
    let mut places: HashMap<TableName, usize> = HashMap::new();
    let mut tables: Vec<Described> = Vec::new();
    while let Some(statement) = script.next()? {
        let (name, columns) = match statement {
            Statement::Create(name, columns) => (name, columns),
            Statement::Insert(name, columns) | Statement::Copy(name, columns) => {
                let is_known = places.get(&name).is_some_and(|place| !tables[*place].columns.is_empty());
                let columns = match columns {
                    _ if is_known => Vec::new(),
                    Some(columns) => columns,
                    // What has no names is named by its place.
                    None => vec![String::new(); script.count_values()?],
                };
                let column = |name| Column { name, kind: Type::Text, is_computed: false };
                (name, columns.into_iter().map(column).collect())
            }
        };
        let (computed, columns): (Vec<Column>, Vec<Column>) =
            columns.into_iter().partition(|column| column.is_computed);
        let computed = computed.into_iter().map(|column| column.name).collect();
        match places.get(&name) {
            Some(place) if tables[*place].columns.is_empty() => {
                (tables[*place].columns, tables[*place].computed) = (columns, computed);
            }
            Some(_) => {}
            None if tables.len() == MOST_TABLES => {
                return Err(ReadError::at(script.place(), format!("more than {MOST_TABLES} tables")));
            }
            None => {
                places.insert(name.clone(), tables.len());
                tables.push(Described { shown: name.name.clone(), name, columns, computed });
            }
        }
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for table in &tables {
        *counts.entry(table.shown.to_lowercase()).or_default() += 1;
    }
    for table in &mut tables {
        if counts[&table.shown.to_lowercase()] > 1
            && let Some(schema) = &table.name.schema
        {
            table.shown = format!("{schema}.{}", table.name.name);
        }
    }
    let content = script.text.content();
    let content =
        content.ok_or_else(|| ReadError::at(file, "was not read to its end: this is a defect of medweave"))?;
    Ok(Tables { tables, content })
}

impl Tables {
    /// What the dump's file holds.
    pub(in crate::read) fn content(&self) -> Content {
        self.content
    }

    /// The names of its tables.
    pub(in crate::read) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.shown.as_str())
    }
}

/// A table of a dump that is read row by row.
pub(in crate::read) struct Dump {
    shown: String,
    wanted: TableName,
    columns: Vec<String>,
    /// What the columns are declared to be, and with what the statement says that is read.
    declared: Vec<Type>,
    kinds: Vec<Type>,
    script: Script,
    within: Option<Rows>,
    /// For each column, which of the values it is; the place of the statement that is read.
    order: Vec<Option<usize>>,
    /// How many values a row of the statement has.
    expected: usize,
    values: Vec<Value>,
    rows: u64,
    ended: bool,
    notes: Vec<String>,
}

/// What rows are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    Insert,
    Copy,
}

impl Dump {
    /// Begins to read a table. `options` of text files but for the encoding and the tee mean nothing here.
    pub(in crate::read) fn open(
        tables: &Arc<Tables>,
        part: &str,
        file: &str,
        reader: Box<dyn Read + Send>,
        options: TableOptions,
        encoding: Option<Charset>,
    ) -> Result<Self, ReadError> {
        let mut script = Script::open(file, reader, (options.encoding, encoding), options.tee)?;
        let table = tables.tables.iter().find(|table| table.shown == part);
        let table = table.ok_or_else(|| ReadError::at(file, format!("holds no table {part}")))?;
        let described = table.columns.clone();
        if described.is_empty() {
            let what = format!("nothing in it names the columns of {part}: dump it with its structure");
            return Err(ReadError::at(file, what));
        }
        let mut notes: Vec<String> = script.text.note.take().into_iter().collect();
        notes.extend(table.computed.iter().map(|column| {
            format!("column {column} is computed by the database: a dump has no values of it, and it is left out")
        }));
        notes.extend(described.iter().filter(|column| column.kind == Type::Money).map(|column| {
            format!(
                "column {} is money: an amount with one sign and three digits behind it, as 1.234, stays as it is written, since a dump does not say its country",
                column.name
            )
        }));
        let columns = header::columns(described.iter().map(|column| &column.name), &mut notes);
        let mut dump = Dump::new(table, columns, script, notes);
        dump.declared = described.iter().map(|column| column.kind).collect();
        Ok(dump)
    }

    fn new(table: &Described, columns: Vec<String>, script: Script, notes: Vec<String>) -> Self {
        Dump {
            shown: table.shown.clone(),
            wanted: table.name.clone(),
            columns,
            declared: Vec::new(),
            kinds: Vec::new(),
            script,
            within: None,
            order: Vec::new(),
            expected: 0,
            values: Vec::new(),
            rows: 0,
            ended: false,
            notes,
        }
    }

    /// Goes on to the next statement with rows of the table; false at the end.
    fn statement(&mut self) -> Result<bool, ReadError> {
        while let Some(statement) = self.script.next()? {
            let (within, name, names) = match statement {
                Statement::Insert(name, names) => (Rows::Insert, name, names),
                Statement::Copy(name, names) => (Rows::Copy, name, names),
                Statement::Create(..) => continue,
            };
            if name != self.wanted {
                continue;
            }
            self.order.clear();
            match names {
                None => self.order.extend((0..self.columns.len()).map(Some)),
                Some(names) => {
                    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
                    if let Some(unknown) =
                        lower.iter().position(|name| !self.columns.iter().any(|c| c.to_lowercase() == *name))
                    {
                        let what = format!("{} has no column {}", self.shown, names[unknown]);
                        return Err(ReadError::at(self.script.place(), what));
                    }
                    let place = |column: &String| lower.iter().position(|name| *name == column.to_lowercase());
                    self.order.extend(self.columns.iter().map(place));
                }
            }
            self.expected = self.order.iter().flatten().count();
            let offset_s = self.script.zone.offset_s();
            let with_zone = |kind: &Type| if *kind == Type::Moment(None) { Type::Moment(offset_s) } else { *kind };
            self.kinds = self.declared.iter().map(with_zone).collect();
            self.within = Some(within);
            return Ok(true);
        }
        Ok(false)
    }

    /// Reads one row of `INSERT`; false when the statement has no more.
    fn insert_row(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        loop {
            self.script.blanks()?;
            let rest = self.script.text.rest();
            match rest.as_bytes().first() {
                Some(b',') => {
                    self.script.text.take(1);
                    continue;
                }
                Some(b'(') => {}
                _ => return Ok(false),
            }
            let mut lexer = self.script.lexer();
            let Ok(length) = row(&mut lexer, &mut self.values) else {
                if rest.len() <= ROW_BYTES {
                    self.script.text.fill()?;
                    continue;
                }
                let head = rest[..rest.floor_char_boundary(64 << 10)].to_owned();
                let start = self.script.text.offset_of_low();
                self.script.skip(Until::Bracket)?;
                let bytes = self.script.text.offset() - start;
                self.rows += 1;
                let place = Place { number: self.rows, bytes: Some((start, u32::try_from(bytes).unwrap_or(u32::MAX))) };
                let message = format!("a row of more than {} MiB", ROW_BYTES >> 20);
                rows.bad.push(BadRow::new(place, "row-too-large", message, &head));
                return Ok(true);
            };
            if !rest[..length].ends_with(')') {
                return Err(self.script.cut_off());
            }
            let bytes = self.script.text.rest_bytes();
            let bad = fill(
                &self.values,
                self.expected,
                ((rest, bytes), self.script.dialect),
                &self.columns,
                &self.order,
                &self.kinds,
                rows,
            );
            let mut no_text = 0;
            if self.script.text.flaw_within(length).is_some() {
                let values = self.order.iter().zip(&self.kinds);
                let values = values.filter_map(|(value, kind)| Some((self.values.get((*value)?)?, *kind)));
                no_text = values.map(|(value, kind)| value.no_text((rest, bytes), kind)).sum();
            }
            self.finish(rows, length, length, bad, no_text);
            return Ok(true);
        }
    }

    /// Reads one line of `COPY`; false when there are no more.
    fn copy_row(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        let (line, length, is_cut) = loop {
            let rest = self.script.text.rest();
            if let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) {
                break (&rest[..end], end + 1, false);
            }
            if self.script.text.ended() {
                break (rest, rest.len(), true);
            }
            if rest.len() > 2 * ROW_BYTES {
                return Err(ReadError::at(self.script.place(), "a line of COPY that does not end"));
            }
            self.script.text.fill()?;
        };
        if is_end(line) || length == 0 {
            self.script.text.take(length);
            return Ok(false);
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let content = line.len();
        let mut bad = None;
        // Fields in their order; columns that the statement does not name are null.
        let count = 1 + memchr::memchr_iter(b'\t', line.as_bytes()).count();
        if is_cut {
            return Err(self.script.cut_off());
        }
        if count != self.expected {
            bad = Some(("ragged-row", format!("{count} values where {} are expected", self.expected)));
        } else if self.order.iter().enumerate().all(|(column, value)| *value == Some(column)) {
            for (column, field) in line.split('\t').enumerate() {
                bad = bad.or(write(field, self.kinds[column], &self.columns[column], rows));
            }
        } else {
            let fields: Vec<&str> = line.split('\t').collect();
            for (column, value) in self.order.iter().enumerate() {
                let field = value.map_or("\\N", |value| fields[value]);
                bad = bad.or(write(field, self.kinds[column], &self.columns[column], rows));
            }
        }
        self.finish(rows, length, content, bad, 0);
        Ok(true)
    }

    /// Ends the row that was made, or takes it back; `no_text` bytes of it need be no text.
    fn finish(
        &mut self,
        rows: &mut RowBatch,
        length: usize,
        content: usize,
        bad: Option<(&'static str, String)>,
        no_text: usize,
    ) {
        let text = &self.script.text;
        let bad = match text.flaw_within(length) {
            Some(Flaw::NotText(_))
                if no_text > 0 && no_text == differing(&text.rest()[..length], text.rest_bytes()) =>
            {
                bad
            }
            Some(Flaw::NotText(offset)) => {
                let charset = self.script.text.charset();
                Some(("bad-encoding", format!("bytes at {offset} that are no text in {charset}")))
            }
            Some(Flaw::Nul) => Some(("nul-byte", "a zero byte".to_owned())),
            None => bad,
        };
        let rest = self.script.text.rest();
        let text = bad.is_some().then(|| rest[..rest.floor_char_boundary(content.min(64 << 10))].to_owned());
        let start = if self.within == Some(Rows::Insert) {
            self.script.text.offset_of_low()
        } else {
            self.script.text.offset()
        };
        self.script.text.take(length);
        let bytes = self.script.text.offset() - start;
        self.rows += 1;
        let place = Place { number: self.rows, bytes: Some((start, u32::try_from(bytes).unwrap_or(u32::MAX))) };
        match bad {
            None => rows.end_row(place),
            Some((reason, message)) => {
                rows.drop_row();
                rows.bad.push(BadRow::new(place, reason, message, &text.unwrap_or_default()));
            }
        }
    }
}

/// Adds the cells of a row; says why it is none.
fn fill(
    values: &[Value],
    expected: usize,
    (text, dialect): ((&str, &[u8]), Dialect),
    columns: &[String],
    order: &[Option<usize>],
    kinds: &[Type],
    rows: &mut RowBatch,
) -> Option<(&'static str, String)> {
    if values.len() != expected {
        return Some(("ragged-row", format!("{} values where {expected} are expected", values.len())));
    }
    for (column, value) in order.iter().enumerate() {
        let Some(value) = value.map(|value| values[value]) else {
            rows.push_cell(None);
            continue;
        };
        match value.push(text, dialect, kinds[column], rows) {
            Ok(()) => {}
            Err(NoCell::TooLarge) => return Some(too_large(&columns[column])),
            Err(NoCell::Nul) => return Some(("nul-byte", format!("column {}: a zero byte", columns[column]))),
            Err(NoCell::Computed) => {
                let written: String = value.written(text.0).chars().take(80).collect();
                let what = format!("column {}: `{written}` is no value, but something to be computed", columns[column]);
                return Some(("not-a-literal", what));
            }
        }
    }
    None
}

/// Adds a field of `COPY` as a cell; says why the row is none.
fn write(field: &str, kind: Type, column: &str, rows: &mut RowBatch) -> Option<(&'static str, String)> {
    if field == "\\N" {
        rows.push_cell(None);
        return None;
    }
    let length = rows.write_cell(|out| write_field(out, field, kind));
    (length > CELL_BYTES).then(|| too_large(column))
}

fn too_large(column: &str) -> (&'static str, String) {
    ("cell-too-large", format!("column {column}: a cell of more than {} MiB", CELL_BYTES >> 20))
}

impl Table for Dump {
    fn name(&self) -> &str {
        &self.shown
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next(&mut self, rows: &mut RowBatch) -> Result<bool, ReadError> {
        rows.clear();
        while !rows.is_full() && !self.ended {
            let is_more = match self.within {
                None => {
                    self.ended = !self.statement()?;
                    continue;
                }
                Some(Rows::Insert) => self.insert_row(rows)?,
                Some(Rows::Copy) => self.copy_row(rows)?,
            };
            if !is_more {
                self.script.end_rows(self.within == Some(Rows::Copy));
                self.within = None;
            }
        }
        Ok(!rows.is_empty() || !rows.bad.is_empty())
    }

    fn content(&self) -> Option<Content> {
        self.script.text.content().filter(|_| self.ended)
    }

    fn is_open(&self) -> bool {
        self.ended && self.script.lacks_end()
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
