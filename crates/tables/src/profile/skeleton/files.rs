//! The files of a skeleton: `mapping.toml`, code and unit maps, views.

use super::ACT;
use super::statement::Statement;
use crate::profile::column::{ColumnProfile, LISTED};
use crate::profile::meaning::{certainty_of, class_of, flag_of, sex_of, state_of};
use crate::profile::table::TableProfile;
use crate::profile::{Join, Likely, Profile, names};
use crate::run::{MappingFiles, files_of, shipped};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What begins a line of `mapping.toml` about what was likely, and was not written.
pub const NOT_WRITTEN: &str = "# To do: not written: ";

/// The year from which dates are those of a later age, or not true.
const FUTURE: i32 = 2_035;

pub(super) struct Files<'p> {
    profile: &'p Profile,
    name: String,
    texts: BTreeMap<String, String>,
    statements: Vec<(String, Statement<'p>)>,
    uses: BTreeMap<String, BTreeSet<String>>,
    /// What is likely and was not written, with why.
    not_written: Vec<String>,
}

impl<'p> Files<'p> {
    pub(super) fn new(profile: &'p Profile, name: &str) -> Files<'p> {
        Files {
            profile,
            name: plain(name),
            texts: BTreeMap::new(),
            statements: Vec::new(),
            uses: BTreeMap::new(),
            not_written: Vec::new(),
        }
    }

    /// Says that a column of a table is used.
    pub(super) fn uses(&mut self, table: &str, column: &str) {
        self.uses.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    /// Says that something likely was not written, and why.
    pub(super) fn not_written(&mut self, likely: &Likely, why: &str) {
        let table = likely.table.replace(['\n', '\r'], " ");
        self.not_written.push(format!("{} ({} %) of table {table}: {why}", likely.target, likely.sure));
    }

    pub(super) fn statement(&mut self, stem: &str, statement: Statement<'p>) {
        let table = statement.table.name.clone();
        let columns: Vec<String> = statement.columns().cloned().collect();
        for column in &columns {
            self.uses(&table, column);
        }
        self.uses.entry(table).or_default();
        let mut file = format!("{stem}.sql");
        let mut nth = 2;
        while self.statements.iter().any(|(taken, _)| *taken == file) {
            file = format!("{stem}_{nth}.sql");
            nth += 1;
        }
        self.statements.push((file, statement));
    }

    pub(super) fn view(&mut self, name: &str, text: String) {
        self.texts.insert(format!("views/{name}.sql"), text);
    }

    /// The name of a view of a table, which no table has.
    pub(super) fn view_name(&self, table: &str, suffix: &str) -> String {
        let words: String = table.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut name = format!("{}_{suffix}", words.to_lowercase());
        while self.profile.tables.iter().any(|other| other.name.to_lowercase() == name) {
            name.push('_');
        }
        name
    }

    /// A code map without a line yet.
    pub(super) fn map(&mut self, name: &str, _column: Option<&ColumnProfile>) {
        self.codes(name, &[]);
    }

    fn codes(&mut self, name: &str, lines: &[(String, &str, &str)]) {
        let file = format!("codes/{name}.csv");
        let text = self.texts.entry(file).or_insert_with(|| "source,system,code\n".to_owned());
        for (source, system, code) in lines {
            let line = format!("{},{system},{code}\n", csv(source));
            let begins = format!("{},", csv(source));
            // The same value of another table.
            if !text.lines().any(|other| other.to_lowercase().starts_with(&begins.to_lowercase())) {
                text.push_str(&line);
            }
        }
    }

    /// The values of a column whose meaning they say themselves.
    fn meant(column: Option<&ColumnProfile>, of: impl Fn(&str) -> Option<&'static str>) -> Vec<(&str, &'static str)> {
        let listed = column.and_then(|column| column.listed.as_ref()).map_or(&[][..], Vec::as_slice);
        listed.iter().take(LISTED).filter_map(|(value, _)| Some((value.as_str(), of(value)?))).collect()
    }

    pub(super) fn sexes(&mut self, column: Option<&ColumnProfile>) {
        let listed = column.and_then(|column| column.listed.as_ref()).map_or(&[][..], Vec::as_slice);
        let has = |letter: &str| listed.iter().any(|(value, _)| value.trim().eq_ignore_ascii_case(letter));
        let is_called = |part: &str| column.is_some_and(|column| column.name.to_lowercase().contains(part));
        // `H` beside `M` is hombre beside mujer, beside `F` homme beside femme; `K` is kvinna, kobieta or kadın, beside erkek's `E`.
        let of = |value: &str| match value.trim() {
            "H" | "h" if has("m") || has("f") => Some("male"),
            "M" | "m" if has("h") && !has("f") => Some("female"),
            "K" | "k" if (has("m") || has("e")) && !["f", "v", "w"].iter().any(|other| has(other)) => Some("female"),
            "E" | "e" if has("k") && !has("f") && !has("m") => Some("male"),
            // Man beside vrouw, or mujer beside varón: the column's name says in which language.
            "V" | "v" if is_called("gesl") => Some("female"),
            "V" | "v" if is_called("sexo") => Some("male"),
            "M" | "m" if has("v") && !has("f") && is_called("sexo") => Some("female"),
            "M" | "m" if has("v") && !has("f") && !is_called("gesl") => None,
            value => sex_of(value),
        };
        let lines: Vec<_> = Self::meant(column, of)
            .into_iter()
            .map(|(value, code)| (value.to_owned(), "http://hl7.org/fhir/administrative-gender", code))
            .collect();
        self.codes("sex", &lines);
    }

    pub(super) fn classes(&mut self, map: &str, column: Option<&ColumnProfile>) {
        let lines: Vec<_> =
            Self::meant(column, class_of).into_iter().map(|(value, code)| (value.to_owned(), ACT, code)).collect();
        self.codes(map, &lines);
    }

    pub(super) fn certainties(&mut self, column: Option<&ColumnProfile>) {
        let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        let lines: Vec<_> = Self::meant(column, certainty_of)
            .into_iter()
            .map(|(value, code)| (value.to_owned(), system, code))
            .collect();
        self.codes("certainty", &lines);
    }

    pub(super) fn flags(&mut self, column: Option<&ColumnProfile>) {
        let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
        let lines: Vec<_> =
            Self::meant(column, flag_of).into_iter().map(|(value, code)| (value.to_owned(), system, code)).collect();
        self.codes("flag", &lines);
    }

    /// A map of states: words whose meaning is known, and the others as what is to do. Gives how many these are.
    pub(super) fn states(&mut self, map: &str, target: &str, column: &ColumnProfile) -> usize {
        let listed = column.listed.as_ref().map_or(&[][..], Vec::as_slice);
        let code_of = |value: &str| super::status::code_of(target, state_of(value)?);
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for (value, count) in listed.iter().take(LISTED) {
            match code_of(value) {
                Some((system, code)) => known.push((value.clone(), system, code)),
                None => unknown.push((value.replace(['\n', '\r'], " "), *count)),
            }
        }
        self.codes(map, &known);
        let Some(text) = self.texts.get_mut(&format!("codes/{map}.csv")) else { return 0 };
        for (value, count) in &unknown {
            let _ = writeln!(text, "# To do: {value}  ({count} rows): source,system,code");
        }
        unknown.len()
    }

    pub(super) fn vitals(&mut self, known: &[(String, &'static str)]) {
        let lines: Vec<_> = known.iter().map(|(name, code)| (name.clone(), "http://loinc.org", *code)).collect();
        self.codes("vital", &lines);
    }

    /// A unit map: what is UCUM already, and spellings that mappings of the program know.
    pub(super) fn units(&mut self, name: &str, column: Option<&ColumnProfile>) {
        let file = format!("units/{name}.csv");
        let known = known_units();
        let mut text = self.texts.remove(&file).unwrap_or_else(|| "source,ucum\n".to_owned());
        let listed = column.and_then(|column| column.listed.as_ref()).map_or(&[][..], Vec::as_slice);
        let mut folded: BTreeSet<String> = BTreeSet::new();
        for (value, _) in listed.iter().take(LISTED) {
            let ucum = if fhir::ucum::Unit::parse(value).is_some() {
                Some(value.clone())
            } else {
                known.get(&fold(value)).cloned()
            };
            let Some(ucum) = ucum else { continue };
            if folded.insert(fold(value)) && !text.lines().any(|line| line.starts_with(&format!("{},", csv(value)))) {
                let _ = writeln!(text, "{},{}", csv(value), csv(&ucum));
            }
        }
        self.texts.insert(file, text);
    }

    pub(super) fn end(mut self) -> MappingFiles {
        let toml = self.toml();
        let none = BTreeSet::new();
        for (file, statement) in &self.statements {
            let also = self.uses.get(&statement.table.name).unwrap_or(&none);
            self.texts.insert(file.clone(), statement.text(also));
        }
        self.texts.insert("mapping.toml".to_owned(), toml);
        self.texts.into_iter().collect()
    }

    fn toml(&self) -> String {
        let profile = self.profile;
        let mut text = String::from(
            "# A beginning, written from what the tables hold; what could not be known is marked To do.\n",
        );
        let _ = writeln!(text, "name = {}", quoted(&self.name));
        text.push_str("version = \"1\"\n");
        let chinese = profile.tables.iter().any(|table| {
            names::words_of(&table.name).concat().chars().any(is_chinese) || table.columns.iter().any(|c| c.is_chinese)
        });
        let zone = match (self.is_japanese(), chinese) {
            (true, _) => "Asia/Tokyo",
            (false, true) => "Asia/Shanghai",
            _ => "UTC",
        };
        let _ = writeln!(text, "zone = \"{zone}\"    # To do: the zone of times that have none");
        let nulls = self.nulls();
        if nulls.len() > 1 {
            let nulls: Vec<String> = nulls.iter().map(|null| quoted(null)).collect();
            let _ = writeln!(text, "nulls = [{}]", nulls.join(", "));
        }
        let perhaps: BTreeSet<&String> = profile
            .tables
            .iter()
            .flat_map(|table| &table.columns)
            .flat_map(|c| &c.perhaps_nulls)
            .map(|(null, _)| null)
            .collect();
        if !perhaps.is_empty() {
            let shown: Vec<String> = perhaps.iter().map(|null| quoted(null)).collect();
            let _ =
                writeln!(text, "# To do: {} stand in some cells: add to `nulls` what means no value", shown.join(", "));
        }
        // One encoding for all, where what needs none would be the same in it.
        let is_proposed = |table: &TableProfile| profile.encodings.iter().any(|one| one.table == table.name);
        let is_same_in_it = |table: &TableProfile| {
            is_proposed(table) || !table.is_text || table.columns.iter().all(|column| column.is_ascii)
        };
        let all_proposed = profile.encodings.first().filter(|first| {
            profile.encodings.iter().all(|one| one.encoding == first.encoding)
                && profile.tables.iter().all(is_same_in_it)
        });
        if let Some(proposed) = all_proposed {
            let _ = writeln!(
                text,
                "encoding = {}    # To do: confirm; {}",
                quoted(&proposed.encoding.to_lowercase()),
                proposed.why
            );
        }
        // A comma that is a decimal sign somewhere, against points that are one.
        // Numbers with types have a point, whatever is said of text.
        let any_text = profile.tables.iter().any(|table| table.is_text);
        let texts = || profile.tables.iter().filter(|table| table.is_text || !any_text);
        let ranges = || texts().flat_map(|table| &table.columns).filter_map(|column| column.numbers.as_ref());
        let commas = ranges().filter(|range| range.decimal_commas > 0).count();
        let points = ranges().filter(|range| range.decimal_commas == 0 && range.decimals > 0).count();
        if commas > points {
            text.push_str("decimal = \",\"    # 3,6 is three and six tenths\n");
        } else if commas > 0 {
            text.push_str(
                "# To do: decimal = \",\": some numbers have a comma before their fraction, and some a point\n",
            );
        }
        let dates =
            || profile.tables.iter().flat_map(|table| &table.columns).filter_map(|column| column.dates.as_ref());
        let order = |month_first: bool| {
            let starts = if month_first { "%m" } else { "%d" };
            dates()
                .filter(|dates| !dates.ambiguous)
                .flat_map(|dates| &dates.formats)
                .any(|(format, _)| format.starts_with(starts) && !format.contains('.') && !format.contains("%b"))
        };
        let (day, month) = (order(false), order(true));
        if day != month {
            let _ = writeln!(text, "order = \"{}\"    # how 03/04/2020 is read", if day { "dmy" } else { "mdy" });
        } else if dates().any(|dates| dates.ambiguous) {
            text.push_str("# To do: order = \"dmy\" or \"mdy\": how 03/04/2020 is read\n");
        }
        self.pivot(&mut text);
        // Only what is a date of something.
        if dates().any(|dates| dates.years.1 >= FUTURE && dates.years.0 >= 1_900 && dates.years.0 < 2_300)
            && dates().any(|dates| dates.years.0 >= FUTURE)
        {
            text.push_str("shifted = true    # dates lie in the future: the years are not the true ones\n");
        }
        for what in &self.not_written {
            let _ = writeln!(text, "{NOT_WRITTEN}{what}");
        }
        if self.uses.is_empty() && self.not_written.is_empty() {
            let _ = writeln!(text, "{NOT_WRITTEN}any target: no table was recognised by the names of its columns");
        }
        for table in &profile.tables {
            match self.uses.get(&table.name) {
                Some(uses) => self.table(&mut text, table, uses, all_proposed.is_some()),
                // It can be pulled at least, and looked at.
                None if self.uses.is_empty() => {
                    let all = table.columns.iter().map(|column| column.name.clone()).collect();
                    self.table(&mut text, table, &all, all_proposed.is_some());
                }
                None => {
                    let name = table.name.replace(['\n', '\r'], " ");
                    let _ = writeln!(
                        text,
                        "\n# To do: not used: table {name}, {} rows, {} columns",
                        table.rows,
                        table.columns.len()
                    );
                    let proposed = profile.encodings.iter().find(|one| one.table == table.name);
                    if let Some(proposed) = proposed.filter(|_| all_proposed.is_none()) {
                        let _ = writeln!(
                            text,
                            "# its encoding, once it is: encoding = {}    # {}",
                            quoted(&proposed.encoding.to_lowercase()),
                            proposed.why
                        );
                    }
                }
            }
        }
        text
    }

    /// The table whose key the only column of a key is: one row of each may be there by chance, as yet.
    fn key_of_another(&self, table: &TableProfile, key: &[String]) -> Option<&str> {
        let [column] = key else { return None };
        let refers = |join: &&Join| join.by_name && join.from.0 == table.name && join.from.1 == *column;
        let of_name = |name: &str| self.profile.tables.iter().find(|other| other.name == name);
        let is_less = |join: &&Join| of_name(&join.to.0).is_some_and(|other| table.rows < other.rows);
        self.profile.joins.iter().filter(refers).find(is_less).map(|join| join.to.0.as_str())
    }

    fn table(&self, text: &mut String, table: &TableProfile, uses: &BTreeSet<String>, has_encoding: bool) {
        let bare =
            !table.name.is_empty() && table.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let name = if bare { table.name.clone() } else { quoted(&table.name) };
        let _ = writeln!(text, "\n[tables.{name}]");
        if table.needs_file {
            let _ = writeln!(text, "file = {}", quoted(&table.file));
        }
        let list = |columns: &mut dyn Iterator<Item = &String>| {
            columns.map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
        };
        match table.keys.first() {
            Some(key) => {
                let lacks = key.lacks_in_words().map_or(String::new(), |lacks| {
                    format!("    # nearly: {lacks}; rows that say it again otherwise are refused, and told in each run")
                });
                let _ = writeln!(text, "key = [{}]{lacks}", list(&mut key.columns.iter()));
                if let ([column], Some(other)) = (key.columns.as_slice(), self.key_of_another(table, &key.columns)) {
                    let _ = writeln!(
                        text,
                        "# To do: confirm: {column} is a key of {other} too. If there may be a second row of one {column}, name more columns: \
                         it would be refused"
                    );
                }
            }
            None => text.push_str("# no column, and no two or three of them, tell its rows apart\n"),
        }
        // In the order of the table.
        let mut used = table.columns.iter().map(|column| &column.name).filter(|name| uses.contains(*name));
        let _ = writeln!(text, "uses = [{}]", list(&mut used));
        if let Some(proposed) =
            self.profile.encodings.iter().find(|proposed| proposed.table == table.name && !has_encoding)
        {
            let _ = writeln!(
                text,
                "encoding = {}    # To do: confirm; {}",
                quoted(&proposed.encoding.to_lowercase()),
                proposed.why
            );
        }
        if table.bad > 0 {
            let _ = writeln!(
                text,
                "# {} rows are none: {}",
                table.bad,
                table.bad_example.as_deref().unwrap_or_default().replace(['\n', '\r'], " ")
            );
        }
    }

    /// Whether the source is Japanese: it has kana, which Chinese has not, or an encoding of Japan.
    fn is_japanese(&self) -> bool {
        let has_kana = |name: &str| name.chars().any(is_kana);
        self.profile.encodings.iter().any(|one| {
            let name = one.encoding.to_lowercase();
            name == "shift_jis" || name == "euc-jp"
        }) || self.profile.tables.iter().any(|table| {
            has_kana(&table.name) || table.columns.iter().any(|column| has_kana(&column.name) || column.is_kana)
        })
    }

    /// What years of two digits are: nobody is born in the future, and the rest is for a person to say.
    fn pivot(&self, text: &mut String) {
        let is_short = |column: &ColumnProfile| {
            column.dates.as_ref().is_some_and(|dates| dates.needed_formats.iter().any(|format| format.contains("%y")))
        };
        let tables = self.profile.tables.iter();
        let columns: Vec<(&TableProfile, &ColumnProfile)> = tables
            .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
            .filter(|(_, column)| is_short(column))
            .collect();
        if columns.is_empty() {
            return;
        }
        let named = columns.iter().map(|(table, column)| format!("{}.{}", table.name, column.name));
        let named = named.collect::<Vec<_>>().join(", ").replace(['\n', '\r'], " ");
        let is_birth = |(table, column): &(&TableProfile, &ColumnProfile)| {
            let is_of = |likely: &Likely| {
                likely.table == table.name && likely.columns.get(&names::Role::Birth) == Some(&column.name)
            };
            self.profile.likely.iter().any(is_of)
        };
        let year = this_year();
        if columns.iter().any(is_birth) {
            let _ = writeln!(
                text,
                "pivot = {year}    # To do: confirm: years of two digits ({named}) are {} to {year}. Who is older than that is read a hundred\n\
                 #   years too young, and what lies after {year} in other columns a hundred years too early",
                year - 99
            );
        } else {
            let _ = writeln!(
                text,
                "# To do: pivot = {year} reads years of two digits ({named}) as {} to {year}; without it they are 1969 to 2068",
                year - 99
            );
        }
    }

    /// Spellings of no value, the empty cell first.
    fn nulls(&self) -> Vec<String> {
        let mut nulls = vec![String::new()];
        let found = self.profile.tables.iter().flat_map(|table| &table.columns).flat_map(|column| &column.nulls);
        for (null, _) in found {
            if !nulls.contains(null) && null != "NULL of the database" && null != "others" {
                nulls.push(null.clone());
            }
        }
        nulls
    }
}

/// The name of the code map of a table.
pub(super) fn map_name(table: &str) -> String {
    names::words_of(table).join("-")
}

/// Units as the mappings that come with the program read them, by folded spelling.
fn known_units() -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut torn: BTreeSet<String> = BTreeSet::new();
    for mapping in shipped() {
        for (path, text) in files_of(&mapping).unwrap_or_default() {
            if !path.starts_with("units/") {
                continue;
            }
            let mut maps = crate::codes::UnitMaps::default();
            if maps.add_csv("units", &path, &text).is_err() {
                continue;
            }
            let Some(map) = maps.get("units") else { continue };
            for source in map.sources() {
                let Some(ucum) = map.lookup(source).and_then(|target| target.ucum.clone()) else { continue };
                match known.get(&fold(source)) {
                    Some(other) if *other != ucum => {
                        torn.insert(fold(source));
                    }
                    _ => {
                        known.insert(fold(source), ucum);
                    }
                }
            }
        }
    }
    // A spelling that means two things in two hospitals is nobody's guess.
    known.retain(|spelling, _| !torn.contains(spelling));
    known
}

fn fold(unit: &str) -> String {
    crate::codes::fold_unit(unit).into_owned()
}

/// By this machine's clock.
pub(in crate::profile) fn this_year() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    fhir::time::civil_of_day(now.map_or(0, |since| since.as_secs() / 86_400) as i64).0
}

/// Also in half width.
fn is_kana(c: char) -> bool {
    crate::profile::column::is_kana(c)
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// A mapping's name: small letters, digits, hyphens and dots.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let plain: String =
        lower.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.starts_with(|c: char| c.is_ascii_lowercase()) {
        plain.chars().take(60).collect()
    } else {
        format!("source-{plain}").trim_end_matches('-').to_owned()
    }
}

/// A TOML text.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn csv(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
