//! One SQL file of a skeleton.

use crate::edit::name_in_sql;
use crate::profile::column::ColumnProfile;
use crate::profile::table::TableProfile;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Characters of a line of comments, about.
const LINE: usize = 110;
/// Characters of an expression behind which `AS` stands in one column with the others.
const ALIGNED: usize = 72;

/// A statement that is being written.
pub(super) struct Statement<'p> {
    pub(super) table: &'p TableProfile,
    alias: &'static str,
    header: Vec<String>,
    items: Vec<(String, String)>,
    todos: Vec<String>,
    from: String,
    used: BTreeSet<String>,
}

impl<'p> Statement<'p> {
    pub(super) fn new(table: &'p TableProfile, alias: &'static str) -> Statement<'p> {
        Statement {
            table,
            alias,
            header: Vec::new(),
            items: Vec::new(),
            todos: Vec::new(),
            from: String::new(),
            used: BTreeSet::new(),
        }
    }

    /// A sentence at the top.
    pub(super) fn header(&mut self, text: &str) {
        self.header.extend(comment(text));
    }

    pub(super) fn directives(&mut self, text: &str) {
        self.header.push(format!("-- {text}"));
    }

    /// An element that is made of columns.
    pub(super) fn item(&mut self, expression: &str, path: &str, used: &[&String]) {
        self.used.extend(used.iter().map(|column| (*column).clone()));
        self.constant(expression, path);
    }

    /// An element that is made of no column.
    pub(super) fn constant(&mut self, expression: &str, path: &str) {
        let alias =
            if path.chars().all(|c| c.is_ascii_lowercase()) { name_in_sql(path) } else { format!("\"{path}\"") };
        self.items.push((expression.to_owned(), alias));
    }

    /// Something that a person must do.
    pub(super) fn todo(&mut self, text: &str) {
        self.todos.push(text.to_owned());
    }

    /// A column that is used elsewhere, in a view.
    pub(super) fn used(&mut self, column: &str) {
        self.used.insert(column.to_owned());
    }

    /// A cell of the row.
    pub(super) fn cell(&self, column: &str) -> String {
        format!("{}.{}", self.alias, name_in_sql(column))
    }

    /// The day that a column says.
    pub(super) fn date(&self, column: &str) -> String {
        self.read("date", column)
    }

    /// A call that reads the dates of a column, with the formats that they need.
    fn read(&self, function: &str, column: &str) -> String {
        let cell = self.cell(column);
        let formats = self.table.column(column).and_then(|column| column.dates.as_ref());
        let formats = formats.map_or(&[][..], |dates| dates.needed_formats.as_slice());
        let call = |format: &&str| match *format {
            "" => format!("{function}({cell})"),
            format => format!("{function}({cell}, '{format}')"),
        };
        match formats {
            [] => call(&""),
            [one] => call(one),
            all => format!("coalesce({})", all.iter().map(call).collect::<Vec<_>>().join(", ")),
        }
    }

    /// The moment that a column says. Where all times are midnight they say no more than the day.
    pub(super) fn instant(&self, column: &str) -> String {
        let dates = self.table.column(column).and_then(|column| column.dates.as_ref());
        let only_days = dates.is_some_and(|dates| dates.with_time == dates.midnights && dates.count > 0);
        if only_days { self.date(column) } else { self.read("instant", column) }
    }

    /// The same as an argument, where plain cells are moments already.
    pub(super) fn moment(&self, column: &str) -> String {
        let instant = self.instant(column);
        let plain = format!("instant({})", self.cell(column));
        if instant == plain { self.cell(column) } else { instant }
    }

    pub(super) fn from(&mut self, table: &str, joins: &[String]) {
        self.from = format!("FROM {table} {}", self.alias);
        for join in joins {
            self.from.push('\n');
            self.from.push_str(join);
        }
    }

    /// The columns of its table that it uses.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        self.used.iter()
    }

    /// Its text; `also` are columns that something around it uses.
    pub(super) fn text(&self, also: &BTreeSet<String>) -> String {
        let mut text = self.header.join("\n");
        let width = self
            .items
            .iter()
            .map(|(item, _)| item.chars().count())
            .filter(|width| *width <= ALIGNED)
            .max()
            .unwrap_or(0);
        for (at, (item, alias)) in self.items.iter().enumerate() {
            let lead = if at == 0 { "\nSELECT " } else { ",\n       " };
            // Writing to a `String` does not fail.
            let _ = write!(text, "{lead}{item:<width$} AS {alias}");
        }
        text.push('\n');
        text.push_str(&self.from);
        text.push('\n');
        for todo in &self.todos {
            for line in comment(&format!("To do: {todo}")) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        let unused = self
            .table
            .columns
            .iter()
            .filter(|column| !self.used.contains(&column.name) && !also.contains(&column.name));
        let unused: Vec<String> = unused.map(described).collect();
        if !unused.is_empty() {
            for line in comment(&format!("To do: not used: {}", unused.join(", "))) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }
}

/// A column in a few words, without any of its values.
fn described(column: &ColumnProfile) -> String {
    let kind = if column.values() == 0 {
        "empty".to_owned()
    } else if column.is_dates() {
        "dates".to_owned()
    } else if column.is_numeric() {
        "numbers".to_owned()
    } else if column.distinct_exact && column.distinct <= 20 {
        format!("{} values", column.distinct)
    } else {
        "text".to_owned()
    };
    format!("{} ({kind})", column.name.replace(['\n', '\r'], " "))
}

/// A text as comment lines.
fn comment(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::from("--");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > LINE && line.len() > 2 {
            lines.push(std::mem::replace(&mut line, String::from("--  ")));
        }
        line.push(' ');
        // A comment that begins with @ would be a directive.
        line.push_str(word.strip_prefix('@').unwrap_or(word));
    }
    lines.push(line);
    lines
}
