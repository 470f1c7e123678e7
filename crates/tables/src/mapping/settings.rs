//! `mapping.toml`: what holds for the whole mapping, and the tables it reads.

use super::nearest::did_you_mean;
use super::problem::{Place, Problems};
use crate::live::{Hours, Limits};
use crate::read::Charset;
use crate::schedule::{Schedule, span};
use crate::value::{Calendar, NumberStyle, Order};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use toml_edit::{ImDocument, Item, Key, TableLike};

/// The file's name.
pub const FILE: &str = "mapping.toml";

/// What `mapping.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The mapping's name: small letters, digits, hyphens and dots.
    pub name: String,
    /// Shown in reports.
    pub version: String,
    /// IANA time zone of times that have none.
    pub zone: String,
    /// Spellings of "no value".
    pub nulls: Vec<String>,
    /// Encoding of text files; UTF-8 if none is said.
    pub encoding: Option<String>,
    /// What stands between cells of text files; by extension and first line if none is said.
    pub separator: Option<char>,
    /// How numbers are written.
    pub numbers: NumberStyle,
    /// In which order day and month stand in `03/04/2020`; none if it is not said.
    pub order: Option<Order>,
    /// How years are counted where a date names no era.
    pub calendar: Calendar,
    /// The last year that two digits can mean.
    pub pivot: Option<i16>,
    /// True if the source's years are shifted, as in data for research: births and deaths may lie in the future.
    pub shifted: bool,
    /// What it may overwrite of records that other doors brought too.
    pub rank: Ranks,
    /// When the source is pulled and its mapping run by itself, by the clock of the zone.
    pub schedule: Option<Schedule>,
    /// How long after a pull the source is late.
    pub late_after: Option<Duration>,
    /// How a live database may be asked, where its address does not say it.
    pub live: Limits,
    /// Encoding of the text of a live database that does not say it, or says another.
    pub live_encoding: Option<String>,
    /// The tables, by the name that SQL uses.
    pub tables: BTreeMap<String, TableSettings>,
}

/// How much a source's word counts beside that of others, by group of elements; whoever has no rank has 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranks {
    /// Of names, sex, birth, death and the like ([`Ranks::of`]).
    pub identity: i64,
    /// Of addresses, telephones, contacts.
    pub contact: i64,
    /// Of everything else.
    pub other: i64,
}

impl Ranks {
    /// The words of the groups.
    pub const WORDS: [&'static str; 3] = ["identity", "contact", "other"];

    /// The rank for an element of a resource, by its name without the type of a choice.
    pub fn of(&self, element: &str) -> i64 {
        match element {
            "name" | "gender" | "birthDate" | "deceased" | "multipleBirth" | "photo" | "alias" | "active" => {
                self.identity
            }
            "telecom" | "address" | "contact" | "communication" => self.contact,
            _ => self.other,
        }
    }
}

/// One table of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSettings {
    /// Where its file lies, relative to the delivery; `*` and `?` stand for any text and any character; `NAME.*` if none is said.
    pub file: Option<String>,
    /// What the table may be called too, in files and databases; looked for in this order where nothing else leads to it.
    pub names: Vec<String>,
    /// The table of a live database, with its schema or without; one of this name if none is said.
    pub table: Option<String>,
    /// What a live database is asked instead, in its own dialect: a single SELECT.
    pub query: Option<String>,
    /// Columns that together are unique.
    pub key: Vec<String>,
    /// Names of the columns where the file has no header line.
    pub columns: Option<Vec<String>>,
    /// The columns that the mapping needs: a delivery without one of them is not taken.
    pub uses: Option<Vec<String>>,
    /// Columns that read as NULL where the table does not have them.
    pub optional_columns: Vec<String>,
    /// True if the table may be absent; then it has no rows.
    pub optional: bool,
    /// What a row that is gone means.
    pub missing: Option<Gone>,
    /// As in [`Settings`], for this table.
    pub encoding: Option<String>,
    /// As in [`Settings`], for this table.
    pub separator: Option<char>,
    /// As in [`Settings`], for this table.
    pub nulls: Option<Vec<String>>,
    /// Where it stands in the file.
    pub place: Place,
}

/// What becomes of a resource whose row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gone {
    /// It stays.
    Keep,
    /// Its status says that it should not have been there.
    EnteredInError,
    /// It is deleted; its history stays.
    Delete,
}

impl Gone {
    /// All, by their word.
    pub const WORDS: [(&'static str, Gone); 3] =
        [("keep", Gone::Keep), ("entered-in-error", Gone::EnteredInError), ("delete", Gone::Delete)];

    /// By its word.
    pub fn of(word: &str) -> Option<Gone> {
        Gone::WORDS.iter().find(|(known, _)| *known == word).map(|(_, gone)| *gone)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Gone::WORDS.iter().find(|(_, gone)| *gone == self).map_or("keep", |(word, _)| word)
    }
}

const KEYS: [&str; 17] = [
    "name",
    "version",
    "zone",
    "nulls",
    "encoding",
    "separator",
    "decimal",
    "thousands",
    "order",
    "calendar",
    "pivot",
    "shifted",
    "rank",
    "schedule",
    "late_after",
    "live",
    "tables",
];
const LIVE_KEYS: [&str; 3] = ["rows_per_second", "hours", "encoding"];
const TABLE_KEYS: [&str; 13] = [
    "file",
    "names",
    "table",
    "query",
    "key",
    "columns",
    "uses",
    "optional_columns",
    "optional",
    "missing",
    "encoding",
    "separator",
    "nulls",
];

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: String::new(),
            version: String::new(),
            zone: "UTC".to_owned(),
            nulls: vec![String::new()],
            encoding: None,
            separator: None,
            numbers: NumberStyle::default(),
            order: None,
            calendar: Calendar::default(),
            pivot: None,
            shifted: false,
            rank: Ranks::default(),
            schedule: None,
            late_after: None,
            live: Limits::default(),
            live_encoding: None,
            tables: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// What a live database is asked by it, and when: equal texts ask the same. Whoever may write a mapping may not for that let a hospital's
    /// database be asked something else.
    pub fn asks(&self) -> String {
        let tables: Vec<_> =
            self.tables.iter().map(|(name, table)| (name, &table.table, &table.query, &table.names)).collect();
        let timed = self.schedule.is_some() || self.live.hours.is_some();
        format!(
            "{:?} {:?} {:?} {:?} {tables:?}",
            timed.then_some(&self.zone),
            self.schedule,
            self.live,
            self.live_encoding
        )
    }

    /// The same for a person: nothing if a live database is asked as if there were no such settings.
    pub fn asked(&self) -> Vec<String> {
        if self.asks() == Settings::default().asks() {
            return Vec::new();
        }
        let table = |(name, table): (&String, &TableSettings)| match (&table.query, &table.table) {
            (Some(query), _) => format!("for {name} the query {query}"),
            (None, Some(at)) if at != name => format!("for {name} the table {at}"),
            (None, _) if !table.names.is_empty() => {
                format!("for the table {name}, or {} if there is none", table.names.join(", "))
            }
            (None, _) => format!("for the table {name}"),
        };
        let mut asked: Vec<String> = self.tables.iter().map(table).collect();
        if self.schedule.is_some() || self.live != Limits::default() || self.live_encoding.is_some() {
            asked.push("by its schedule and [live]".to_owned());
        }
        asked
    }

    /// The encoding that the mapping says the text of a table is in; none if it does not say.
    pub fn encoding_of(&self, table: &str) -> Option<Charset> {
        let of_table = self.tables.iter().find(|(name, _)| name.eq_ignore_ascii_case(table));
        let said = of_table.and_then(|(_, settings)| settings.encoding.as_ref()).or(self.encoding.as_ref());
        said.and_then(|name| Charset::for_name(name).ok())
    }

    /// What the file of a mapping says, as far as it can be used: what is wrong is told by whoever compiles the mapping.
    pub fn of_files(files: &[(String, String)]) -> Settings {
        let text = files.iter().find(|(path, _)| path == FILE).map_or("", |(_, text)| text);
        parse(text, &mut Problems::new(FILE, &mut Vec::new()))
    }
}

/// Reads the file. What cannot be used is a problem, and the rest is read on.
pub fn parse(text: &str, problems: &mut Problems<'_>) -> Settings {
    let mut settings = Settings::default();
    let document = match ImDocument::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            problems.add(Place::of_byte(text, at), error.message().trim().replace('\n', ", "));
            return settings;
        }
    };
    let mut reader = Reader { text, problems };
    let table: &dyn TableLike = document.as_table();
    reader.unknown_keys(table, &KEYS, "mapping.toml");
    match reader.string(table, "name") {
        Some(name) if is_name(&name) => settings.name = name,
        Some(name) => {
            let hint = "use small letters, digits, hyphens and dots".to_owned();
            reader.problem(table, "name", format!("`{name}` is no name of a mapping"), Some(hint));
        }
        None if table.get("name").is_none() => {
            let hint = "add a line `name = \"my-hospital\"`".to_owned();
            reader.problems.hint(Place::START, "the mapping has no `name`", Some(hint));
        }
        None => {}
    }
    settings.version = reader.string(table, "version").unwrap_or_default();
    if let Some(zone) = reader.string(table, "zone") {
        if jiff::tz::TimeZone::get(&zone).is_err() {
            let hint = "use a name of the IANA list, such as `Europe/Berlin` or `UTC`".to_owned();
            reader.problem(table, "zone", format!("`{zone}` is no time zone"), Some(hint));
        }
        settings.zone = zone;
    }
    if let Some(nulls) = reader.strings(table, "nulls") {
        settings.nulls = nulls;
    }
    settings.encoding = reader.encoding(table);
    settings.separator = reader.separator(table);
    reader.numbers_and_dates(table, &mut settings);
    settings.rank = reader.rank(table);
    reader.times(table, &mut settings);
    if let Some((key, item)) = table.get_key_value("tables") {
        match item.as_table_like() {
            Some(tables) => {
                for (name, item) in tables.iter() {
                    if let Some(table) = reader.table(tables, name, item) {
                        settings.tables.insert(name.to_owned(), table);
                    }
                }
            }
            None => {
                let place = reader.place_of(key);
                let hint = "write `[tables.NAME]` for each table".to_owned();
                reader.problems.hint(place, "`tables` must hold tables", Some(hint));
            }
        }
    }
    settings
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
}

struct Reader<'t, 'p, 'f> {
    text: &'t str,
    problems: &'p mut Problems<'f>,
}

impl Reader<'_, '_, '_> {
    fn place_of(&self, key: &Key) -> Place {
        key.span().map_or(Place::START, |span| Place::of_byte(self.text, span.start))
    }

    fn place_of_item(&self, table: &dyn TableLike, name: &str) -> Place {
        let item = table.get(name).and_then(Item::span);
        match item.or_else(|| table.key(name).and_then(Key::span)) {
            Some(span) => Place::of_byte(self.text, span.start),
            None => Place::START,
        }
    }

    fn problem(&mut self, table: &dyn TableLike, name: &str, message: String, hint: Option<String>) {
        let place = self.place_of_item(table, name);
        self.problems.hint(place, message, hint);
    }

    fn unknown_keys(&mut self, table: &dyn TableLike, known: &[&'static str], whole: &str) {
        for (name, _) in table.iter() {
            if !known.contains(&name) {
                let place = table.key(name).map_or(Place::START, |key| self.place_of(key));
                let hint =
                    did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("it has {}", known.join(", ")));
                self.problems.hint(place, format!("{whole} has no key `{name}`"), hint);
            }
        }
    }

    fn string(&mut self, table: &dyn TableLike, name: &str) -> Option<String> {
        let item = table.get(name)?;
        let text = item.as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(table, name, format!("`{name}` must be a text in quotes"), None);
        }
        text
    }

    /// `rank = 10`, or `[rank]` with a number for each group.
    fn rank(&mut self, table: &dyn TableLike) -> Ranks {
        let mut ranks = Ranks::default();
        let Some(item) = table.get("rank") else { return ranks };
        if let Some(rank) = item.as_integer() {
            return Ranks { identity: rank, contact: rank, other: rank };
        }
        let Some(groups) = item.as_table_like() else {
            let hint = "write `rank = 10`, or `[rank]` and a line such as `contact = 5`".to_owned();
            self.problem(table, "rank", "`rank` must be a number, or a table of them".to_owned(), Some(hint));
            return ranks;
        };
        self.unknown_keys(groups, &Ranks::WORDS, "[rank]");
        for (word, to) in Ranks::WORDS.into_iter().zip([&mut ranks.identity, &mut ranks.contact, &mut ranks.other]) {
            match groups.get(word).map(Item::as_integer) {
                Some(Some(rank)) => *to = rank,
                Some(None) => self.problem(groups, word, format!("`{word}` must be a whole number"), None),
                None => {}
            }
        }
        ranks
    }

    fn strings(&mut self, table: &dyn TableLike, name: &str) -> Option<Vec<String>> {
        let item = table.get(name)?;
        let texts: Option<Vec<String>> =
            item.as_array().and_then(|array| array.iter().map(|value| value.as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.problem(table, name, format!("`{name}` must be a list of texts: [\"…\", \"…\"]"), None);
        }
        texts
    }

    fn encoding(&mut self, table: &dyn TableLike) -> Option<String> {
        let label = self.string(table, "encoding")?;
        if Charset::for_name(&label).is_err() {
            let known =
                ["utf-8", "gb18030", "gbk", "big5", "shift_jis", "iso-8859-1", "windows-1252", "cp850", "utf-16le"];
            let hint = did_you_mean(&label, known).unwrap_or_else(|| format!("such as {}", known.join(", ")));
            self.problem(table, "encoding", format!("`{label}` is no encoding"), Some(hint));
            return None;
        }
        Some(label)
    }

    fn separator(&mut self, table: &dyn TableLike) -> Option<char> {
        let text = self.string(table, "separator")?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if one != '"' && one != '\n' && one != '\r' => Some(one),
            _ => {
                let hint = "such as \",\", \";\", \"|\" or \"\\t\"".to_owned();
                self.problem(table, "separator", "a separator is one character".to_owned(), Some(hint));
                None
            }
        }
    }

    fn numbers_and_dates(&mut self, table: &dyn TableLike, settings: &mut Settings) {
        if let Some(decimal) = self.one_of(table, "decimal", &[".", ","]) {
            settings.numbers.decimal = if decimal == "," { ',' } else { '.' };
        }
        if let Some(thousands) = self.one_of(table, "thousands", &[",", ".", " ", "'", "’", "\u{a0}", "\u{202f}"]) {
            settings.numbers.thousands = thousands.chars().next();
            if settings.numbers.thousands == Some(settings.numbers.decimal) {
                let message = "`thousands` and `decimal` are the same".to_owned();
                self.problem(table, "thousands", message, None);
            }
        }
        if let Some(order) = self.one_of(table, "order", &["dmy", "mdy", "ymd"]) {
            settings.order = Order::named(&order);
        }
        if let Some(calendar) = self.one_of(table, "calendar", &["gregorian", "minguo", "buddhist"]) {
            settings.calendar = Calendar::named(&calendar).unwrap_or_default();
        }
        if let Some(item) = table.get("pivot") {
            settings.pivot = item.as_integer().and_then(|year| i16::try_from(year).ok());
            if !settings.pivot.is_some_and(|year| (1900..=2200).contains(&year)) {
                let hint = "the last year that two digits can mean, such as 2030".to_owned();
                self.problem(table, "pivot", "`pivot` must be a year from 1900 to 2200".to_owned(), Some(hint));
                settings.pivot = None;
            }
        }
        settings.shifted = self.boolean(table, "shifted");
    }

    fn times(&mut self, table: &dyn TableLike, settings: &mut Settings) {
        if let Some(text) = self.string(table, "schedule") {
            match text.parse() {
                Ok(schedule) => settings.schedule = Some(schedule),
                Err(error) => {
                    let error: crate::schedule::ScheduleError = error;
                    self.problem(table, "schedule", error.to_string(), None);
                }
            }
        }
        if let Some(text) = self.string(table, "late_after") {
            settings.late_after = span(&text);
            if settings.late_after.is_none() {
                let hint = "such as \"90m\", \"26h\" or \"2d\"".to_owned();
                self.problem(table, "late_after", format!("`{text}` is no span of time"), Some(hint));
            }
        }
        let Some(item) = table.get("live") else { return };
        let Some(live) = item.as_table_like() else {
            self.problem(table, "live", "`live` must be a table of settings".to_owned(), None);
            return;
        };
        self.unknown_keys(live, &LIVE_KEYS, "live");
        if let Some(item) = live.get("rows_per_second") {
            let rate = item.as_integer().and_then(|rate| u32::try_from(rate).ok()).and_then(NonZeroU32::new);
            settings.live.rows_per_second = rate;
            if rate.is_none() {
                self.problem(live, "rows_per_second", "`rows_per_second` must be a number from 1 on".to_owned(), None);
            }
        }
        settings.live_encoding = self.encoding(live);
        if let Some(text) = self.string(live, "hours") {
            match text.parse::<Hours>() {
                Ok(hours) => settings.live.hours = Some(hours),
                Err(error) => self.problem(live, "hours", error.to_string(), None),
            }
        }
    }

    fn one_of(&mut self, table: &dyn TableLike, name: &str, allowed: &[&str]) -> Option<String> {
        let text = self.string(table, name)?;
        if allowed.contains(&text.as_str()) {
            return Some(text);
        }
        let allowed: Vec<_> = allowed.iter().map(|word| format!("\"{}\"", word.escape_debug())).collect();
        let hint = format!("one of {}", allowed.join(", "));
        self.problem(table, name, format!("`{name}` cannot be `{text}`"), Some(hint));
        None
    }

    fn boolean(&mut self, table: &dyn TableLike, name: &str) -> bool {
        let Some(item) = table.get(name) else { return false };
        item.as_bool().unwrap_or_else(|| {
            self.problem(table, name, format!("`{name}` must be true or false"), None);
            false
        })
    }

    fn table(&mut self, tables: &dyn TableLike, name: &str, item: &Item) -> Option<TableSettings> {
        let place = tables.key(name).map_or(Place::START, |key| self.place_of(key));
        let Some(table) = item.as_table_like() else {
            self.problems.add(place, format!("`tables.{name}` must be a table of settings"));
            return None;
        };
        self.unknown_keys(table, &TABLE_KEYS, &format!("tables.{name}"));
        let columns = self.strings(table, "columns");
        if let Some(columns) = &columns {
            let twice = columns.iter().enumerate().find(|(at, column)| columns[..*at].contains(column));
            if let Some((_, column)) = twice {
                self.problem(table, "columns", format!("the column `{column}` is named twice"), None);
            }
        }
        if table.contains_key("table") && table.contains_key("query") {
            self.problem(table, "query", "a table is named, or asked for by a query, not both".to_owned(), None);
        }
        let missing = match self.string(table, "missing") {
            None => None,
            Some(word) => {
                let known = Gone::of(&word);
                if known.is_none() {
                    let hint = "keep, entered-in-error or delete".to_owned();
                    self.problem(table, "missing", format!("`{word}` is nothing that can be done"), Some(hint));
                }
                known
            }
        };
        Some(TableSettings {
            file: self.string(table, "file"),
            names: self.strings(table, "names").unwrap_or_default(),
            table: self.string(table, "table"),
            query: self.string(table, "query"),
            key: self.strings(table, "key").unwrap_or_default(),
            columns,
            uses: self.strings(table, "uses"),
            optional_columns: self.strings(table, "optional_columns").unwrap_or_default(),
            optional: self.boolean(table, "optional"),
            missing,
            encoding: self.encoding(table),
            separator: self.separator(table),
            nulls: self.strings(table, "nulls"),
            place,
        })
    }
}
