//! One column, cell by cell.

use super::moments::{Looked, Moments, look};
use super::sample::{Once, Sample, Sampling, hash_of};
use super::shape::shape_of;
use super::top::Top;
use crate::said::Doubt;
use std::collections::BTreeMap;

/// Values and shapes that are counted of a column, of all columns of a table, and of one at least.
const VALUES: usize = 512;
const SHAPES: usize = 128;
const OF_TABLE: usize = 1 << 18;
const AT_LEAST: usize = 16;
pub(super) const SHOWN: usize = 10;
/// Characters of a value that are shown.
const SHOWN_CHARS: usize = 60;
/// Values that a column can have for its values to be listed whole, as those of a code map are.
pub(super) const LISTED: usize = 300;

/// Spellings of no value that mean nothing else.
const NULLS: [&str; 12] = [
    "null",
    "\\n",
    "n/a",
    "#n/a",
    "nan",
    "<null>",
    "(null)",
    "[null]",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "1/1/0001",
    "nat",
];
/// Spellings of no value that may be values.
const PERHAPS: [&str; 16] = [
    "-",
    "--",
    "---",
    ".",
    "..",
    "...",
    "?",
    "??",
    "na",
    "n.a.",
    "/",
    "*",
    "1900-01-01",
    "1900-01-01 00:00:00",
    "none",
    "nil",
];
/// Words that say that a value is not known, which is a value where there are few others: as a code it stays.
const UNKNOWN: [&str; 36] = [
    "unknown",
    "not known",
    "missing",
    "n/d",
    "n.d.",
    "nd",
    "s/d",
    "k.a.",
    "k. a.",
    "b.d.",
    "b/d",
    "unbekannt",
    "keine angabe",
    "keine angaben",
    "inconnu",
    "nc",
    "n.c.",
    "non renseigné",
    "desconocido",
    "sin dato",
    "sin datos",
    "desconhecido",
    "sconosciuto",
    "onbekend",
    "okänd",
    "ukjent",
    "ukendt",
    "brak",
    "brak danych",
    "neznámé",
    "nincs adat",
    "yok",
    "无",
    "未知",
    "不详",
    "不明",
];
/// Values that a column has at least where such a word is none of them.
const MANY: usize = 20;

/// Of so many rows one may lack a number, and one repeat another's, in what is nearly a key.
const NEARLY: u64 = 100;
/// With fewer rows nothing is nearly a key.
const NEARLY_ROWS: u64 = 30;

/// What keeps a column from being a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacks {
    /// Rows whose value another row has before them.
    pub repeats: u64,
    /// Rows without a value.
    pub empty: u64,
}

/// A column that is being read.
pub(super) struct ColumnProfiler {
    rows: u64,
    nulls: BTreeMap<String, u64>,
    perhaps: BTreeMap<String, u64>,
    /// `31/12/9999` and the like.
    far: BTreeMap<String, u64>,
    sampling: Sampling,
    once: Once,
    values: Top,
    shapes: Top,
    lengths: (usize, usize, u64),
    long: u64,
    numbers: Numbers,
    moments: Moments,
    padded: u64,
    broken: u64,
    mangled: u64,
    full_width: u64,
    chinese: u64,
    kana: u64,
    is_ascii: bool,
}

/// What was seen of numbers in a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) count: u64,
    /// Numbers behind `<`, `>` and the like.
    pub(super) compared: u64,
    pub(super) low: f64,
    pub(super) high: f64,
    texts: (String, String),
    pub(super) decimals: usize,
    /// Numbers with zeros before them, which are no numbers then.
    pub(super) leading_zeros: u64,
    /// Numbers whose comma can be nothing but the decimal sign.
    pub(super) decimal_commas: u64,
}

/// A column that was read.
#[derive(Clone, Debug)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// Cells.
    pub rows: u64,
    /// Cells without a value, by their spelling; the empty text is the empty cell.
    pub nulls: Vec<(String, u64)>,
    /// Cells that may mean no value.
    pub perhaps_nulls: Vec<(String, u64)>,
    /// Different values.
    pub distinct: u64,
    /// Whether that is exact; otherwise it is an estimate, two in a hundred off.
    pub distinct_exact: bool,
    /// The most frequent values, in the order of their frequency. Patient data.
    pub top: Vec<(String, u64)>,
    /// By how much these counts may be too low.
    pub top_error: u64,
    /// All values with their counts, where they are few; otherwise none.
    pub(super) listed: Option<Vec<(String, u64)>>,
    /// What values look like, the most frequent first.
    pub shapes: Vec<(String, u64)>,
    /// Characters: the fewest, the most, and on average.
    pub lengths: (usize, usize, f64),
    /// What of it is numbers.
    pub numbers: Option<NumberRange>,
    /// What of it is dates.
    pub dates: Option<DateRange>,
    /// What is doubtful about it.
    pub doubts: Vec<Doubt>,
    /// Whether no value comes twice: none if that is not known.
    pub once: Option<bool>,
    /// Values that came before; about, where that could not be counted.
    pub(super) repeats: u64,
    /// Whether most values have Chinese characters.
    pub(super) is_chinese: bool,
    /// Whether many values have letters that only Japanese has.
    pub(super) is_kana: bool,
    /// Whether it is all ASCII, which is the same in most encodings.
    pub(super) is_ascii: bool,
    pub(super) sample: Sample,
    pub(super) sampled_once: bool,
}

/// Numbers of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberRange {
    /// How many.
    pub count: u64,
    /// The smallest and the largest, as they are written.
    pub range: (String, String),
    /// Digits after the point, at most.
    pub decimals: usize,
    /// Those behind `<`, `>` and the like, which are among them.
    pub compared: u64,
    /// Those with zeros before them.
    pub leading_zeros: u64,
    /// Those whose comma can be nothing but the decimal sign.
    pub decimal_commas: u64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Dates of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// How many.
    pub count: u64,
    /// Formats as mappings write them, with how many.
    pub formats: Vec<(&'static str, u64)>,
    /// The earliest and the latest, as they are written.
    pub range: (String, String),
    /// Those with a time.
    pub with_time: u64,
    /// Those whose time is 00:00.
    pub midnights: u64,
    /// Those with a zone.
    pub zoned: u64,
    /// Whether it is open which number is the month.
    pub ambiguous: bool,
    /// The formats that must be named, since such dates are not read without one, the most frequent first; an empty text stands for dates
    /// that are. Empty if all are.
    pub needed_formats: Vec<&'static str>,
    pub(super) years: (i32, i32),
}

impl ColumnProfiler {
    pub(super) fn new(columns: usize) -> ColumnProfiler {
        ColumnProfiler {
            rows: 0,
            nulls: BTreeMap::new(),
            perhaps: BTreeMap::new(),
            far: BTreeMap::new(),
            sampling: Sampling::new(columns),
            once: Once::new(),
            values: Top::new(VALUES.min(OF_TABLE / columns.max(1)).max(AT_LEAST)),
            shapes: Top::new(SHAPES.min(OF_TABLE / columns.max(1)).max(AT_LEAST)),
            lengths: (usize::MAX, 0, 0),
            long: 0,
            numbers: Numbers::default(),
            moments: Moments::default(),
            padded: 0,
            broken: 0,
            mangled: 0,
            full_width: 0,
            chinese: 0,
            kana: 0,
            is_ascii: true,
        }
    }

    /// Takes a cell; `room` is how many hashes may still be remembered. Gives the value's hash; none if there is no value.
    pub(super) fn add(&mut self, cell: Option<&str>, room: &mut usize) -> Option<u64> {
        self.rows += 1;
        let bare = cell.unwrap_or_default().trim();
        if bare.is_empty() {
            let spelling = if cell.is_none() { "NULL of the database" } else { "" };
            count(&mut self.nulls, spelling);
            return None;
        }
        if bare.len() <= 24 {
            let lower = bare.to_ascii_lowercase();
            if NULLS.contains(&lower.as_str()) {
                count(&mut self.nulls, bare);
                return None;
            }
            // `date` and `instant` take it for none, and so must SQL.
            if (bare.contains("9999") || bare.contains("0001")) && look(bare) == Looked::Nothing {
                count(&mut self.nulls, bare);
                count(&mut self.far, bare);
                return None;
            }
            if PERHAPS.contains(&lower.as_str()) || UNKNOWN.contains(&lower.as_str()) {
                count(&mut self.perhaps, bare);
            }
        }
        let hash = hash_of(bare);
        self.sampling.add(hash);
        self.once.add(hash, room);
        let chars = bare.chars().count();
        let (least, most, all) = &mut self.lengths;
        (*least, *most, *all) = ((*least).min(chars), (*most).max(chars), *all + chars as u64);
        self.padded += u64::from(cell.is_some_and(|cell| cell.len() != bare.len()));
        let shown: &str = bare.char_indices().nth(SHOWN_CHARS).map_or(bare, |(at, _)| &bare[..at]);
        self.values.add(shown);
        let shape = shape_of(bare);
        if shape.is_empty() {
            self.long += 1;
        } else {
            self.shapes.add(&shape);
        }
        if !bare.is_ascii() {
            self.is_ascii = false;
            self.broken += u64::from(bare.contains('\u{fffd}'));
            self.mangled += u64::from(is_mangled(bare));
            self.full_width += u64::from(bare.chars().any(|c| ('\u{ff01}'..='\u{ff5e}').contains(&c)));
            self.chinese += u64::from(bare.chars().any(is_chinese));
            self.kana += u64::from(bare.chars().any(is_kana));
        }
        if !self.numbers.add(bare) || bare.len() >= 8 {
            self.moments.add(bare);
        }
        Some(hash)
    }

    pub(super) fn end(self, name: &str) -> ColumnProfile {
        let empty: u64 = self.nulls.values().sum();
        let values = self.rows - empty;
        let (numbers, moments) = (self.numbers, self.moments);
        // Digits that could be dates are, where all of them could.
        let only_digits = moments
            .forms
            .keys()
            .all(|form| matches!(form, super::moments::Form::Digits | super::moments::Form::DigitsWithTime));
        let is_dates = moments.count() > 0 && (!only_digits || moments.count() * 100 >= values * 98);
        let dates = is_dates.then(|| date_range(&moments)).flatten();
        let is_numbers = numbers.count > 0 && dates.as_ref().is_none_or(|dates| dates.count < numbers.count);
        let mut doubts = Vec::new();
        let of = values;
        if self.broken > 0 {
            doubts.push(Doubt::Broken { count: self.broken, of });
        }
        if self.mangled > 0 {
            doubts.push(Doubt::DecodedTwice { count: self.mangled, of });
        }
        if self.full_width > 0 && self.full_width < values {
            doubts.push(Doubt::FullWidth { count: self.full_width, of });
        }
        if self.padded > 0 {
            doubts.push(Doubt::Blanks { count: self.padded, of });
        }
        if is_numbers && numbers.leading_zeros > 0 {
            doubts.push(Doubt::LeadingZeros { count: numbers.leading_zeros, of });
        }
        if is_numbers && numbers.count < values && numbers.count * 100 >= values * 80 {
            doubts.push(Doubt::NoNumbers { count: values - numbers.count, of });
        }
        if let Some(dates) = &dates {
            if dates.count < values && dates.count * 100 >= values * 80 {
                doubts.push(Doubt::NoDates { count: values - dates.count, of });
            }
            if dates.ambiguous {
                doubts.push(Doubt::DayOrMonth);
            }
            if dates.formats.len() > 1 {
                let formats = dates.formats.iter().map(|(format, _)| (*format).to_owned()).collect();
                doubts.push(Doubt::DateForms { formats });
            }
        }
        for (spelling, count) in &self.far {
            doubts.push(Doubt::PerhapsNothing { spelling: spelling.clone(), count: *count });
        }
        let listed = (self.values.error() == 0 && self.lengths.1 <= SHOWN_CHARS)
            .then(|| self.values.most_frequent(LISTED + 1))
            .filter(|all| all.len() <= LISTED);
        let is_code = listed.as_ref().is_some_and(|all| all.len() < MANY);
        let mut perhaps = self.perhaps;
        perhaps.retain(|spelling, _| !(is_code && UNKNOWN.contains(&spelling.to_ascii_lowercase().as_str())));
        for (spelling, count) in perhaps.iter().filter(|(_, count)| **count < values) {
            doubts.push(Doubt::PerhapsNothing { spelling: spelling.clone(), count: *count });
        }
        let (least, most, all) = self.lengths;
        let error = self.values.error();
        let mut shapes = self.shapes.most_frequent(SHOWN);
        if self.long > 0 {
            shapes.push(("text".to_owned(), self.long));
            shapes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            shapes.truncate(SHOWN);
        }
        ColumnProfile {
            name: name.to_owned(),
            rows: self.rows,
            nulls: by_frequency(self.nulls),
            perhaps_nulls: by_frequency(perhaps),
            distinct: if self.once.is_once() == Some(true) { values } else { self.sampling.distinct().min(values) },
            distinct_exact: self.sampling.is_exact() || self.once.is_once() == Some(true),
            // A count that is less than what it may be off by says nothing.
            top: self.values.most_frequent(SHOWN).into_iter().filter(|(_, count)| *count > error).collect(),
            top_error: self.values.error(),
            listed,
            shapes,
            lengths: (
                if values == 0 { 0 } else { least },
                most,
                if values == 0 { 0.0 } else { all as f64 / values as f64 },
            ),
            numbers: is_numbers.then(|| NumberRange {
                count: numbers.count,
                range: numbers.texts.clone(),
                decimals: numbers.decimals,
                compared: numbers.compared,
                leading_zeros: numbers.leading_zeros,
                decimal_commas: numbers.decimal_commas,
                low: numbers.low,
                high: numbers.high,
            }),
            dates,
            doubts,
            once: self.once.is_once(),
            repeats: self
                .once
                .repeats()
                .unwrap_or_else(|| (self.sampling.share_of_repeats() * values as f64).round() as u64),
            is_ascii: name.is_ascii() && self.is_ascii,
            is_chinese: self.chinese * 2 > values,
            is_kana: self.kana * 4 > values,
            sampled_once: self.sampling.all_once(),
            sample: self.sampling.end(),
        }
    }
}

impl ColumnProfile {
    /// Cells with a value.
    pub fn values(&self) -> u64 {
        self.rows - self.nulls.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Whether every row has a value, and no two the same, as far as is known.
    pub(super) fn is_key(&self) -> bool {
        self.rows > 0 && self.values() == self.rows && self.once.unwrap_or(self.sampled_once)
    }

    /// What keeps it from being a key, if that is little: rows that were mistyped must not hide what a column is.
    pub(super) fn nearly(&self) -> Option<Lacks> {
        let few = (self.rows / NEARLY).max(1);
        let lacks = Lacks { repeats: self.repeats, empty: self.rows - self.values() };
        let is_one = self.rows >= NEARLY_ROWS && !self.is_key() && lacks.repeats <= few && lacks.empty <= few;
        is_one.then_some(lacks)
    }

    /// Whether it looks like telephone numbers: digits with blanks, slashes, a plus.
    pub(super) fn looks_like_telephones(&self) -> bool {
        let is_one = |shape: &str| {
            shape.chars().all(|c| matches!(c, '9' | '+' | '/' | ' ' | '(' | ')' | '-' | '.'))
                && shape.contains(['+', '/', ' ', '('])
                && shape.chars().filter(|c| *c == '9').count() >= 6
        };
        let count: u64 = self.shapes.iter().filter(|(shape, _)| is_one(shape)).map(|(_, count)| count).sum();
        self.dates.is_none() && count > 0 && count * 100 >= self.values() * 60
    }

    /// Whether nearly all of it is numbers.
    pub(super) fn is_numeric(&self) -> bool {
        self.numbers.as_ref().is_some_and(|numbers| numbers.count * 100 >= self.values() * 80)
    }

    /// Whether nearly all of it is dates.
    pub(super) fn is_dates(&self) -> bool {
        self.dates.as_ref().is_some_and(|dates| dates.count * 100 >= self.values() * 70)
    }
}

fn date_range(moments: &Moments) -> Option<DateRange> {
    let (first, last) = moments.texts()?;
    let ((from, ..), (to, ..)) = moments.range?;
    let mut formats: Vec<(&'static str, u64)> =
        moments.forms.iter().map(|(form, count)| (moments.format(*form), *count)).collect();
    formats.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Some(DateRange {
        count: moments.count(),
        formats,
        range: (first.to_owned(), last.to_owned()),
        with_time: moments.with_time,
        midnights: moments.midnights,
        zoned: moments.zoned,
        ambiguous: moments.is_ambiguous(),
        needed_formats: moments.needed(),
        years: (from, to),
    })
}

/// Spellings of nothing that are told apart.
const SPELLINGS: usize = 32;

fn count(counts: &mut BTreeMap<String, u64>, spelling: &str) {
    if let Some(count) = counts.get_mut(spelling) {
        *count += 1;
    } else if counts.len() < SPELLINGS {
        counts.insert(spelling.to_owned(), 1);
    } else {
        *counts.entry("others".to_owned()).or_default() += 1;
    }
}

fn by_frequency(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

/// A letter that only Japanese has, also in half width.
pub(super) fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{ff66}'..='\u{ff9d}')
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// UTF-8 that was read as another encoding: `Ã©`, `Â°`, `锟斤拷`.
fn is_mangled(text: &str) -> bool {
    let mut before = '\0';
    for c in text.chars() {
        let lead = matches!(before, '\u{c2}'..='\u{f4}');
        // Latin-1 and windows-1252 show continuation bytes as these.
        if lead && (matches!(c, '\u{80}'..='\u{bf}') || "€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œ".contains(c))
        {
            return true;
        }
        before = c;
    }
    text.contains("锟斤拷") || text.contains("烫烫")
}

/// Whether the comma of a number can be nothing but its decimal sign: `3,6`, `0,125`, `1.250,5`, and not `1,250`.
fn has_decimal_comma(number: &str) -> bool {
    let Some((head, tail)) = number.split_once(',') else { return false };
    let head = head.strip_prefix(['-', '+']).unwrap_or(head);
    let mut groups = head.split('.');
    let first = groups.next().unwrap_or_default();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let grouped = head.contains('.');
    is_digits(tail)
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && (grouped || tail.len() != 3 || first == "0")
}

impl Numbers {
    fn add(&mut self, text: &str) -> bool {
        let bare = text.trim_start_matches(['<', '>', '=', '≤', '≥', '＜', '＞', '~']).trim_start();
        let decimal_comma = has_decimal_comma(bare);
        let plain;
        let digits = if decimal_comma {
            plain = bare.replace('.', "").replace(',', ".");
            plain.as_str()
        } else if bare.contains(',') {
            plain = bare.replace(',', "");
            plain.as_str()
        } else {
            bare
        };
        let body = digits.strip_prefix(['-', '+']).unwrap_or(digits);
        if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            || !body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'))
        {
            return false;
        }
        let Some(value) = digits.parse::<f64>().ok().filter(|value| value.is_finite()) else { return false };
        if self.count == 0 || value < self.low {
            self.low = value;
            text.clone_into(&mut self.texts.0);
        }
        if self.count == 0 || value > self.high {
            self.high = value;
            text.clone_into(&mut self.texts.1);
        }
        self.count += 1;
        self.compared += u64::from(bare.len() != text.len());
        self.decimal_commas += u64::from(decimal_comma);
        let decimals = body.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
        self.decimals = self.decimals.max(decimals);
        let zero = body.len() > 1 && body.starts_with('0') && body.as_bytes()[1].is_ascii_digit();
        self.leading_zeros += u64::from(zero);
        true
    }
}
