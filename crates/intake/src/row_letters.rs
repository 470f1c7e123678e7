//! Dead letters of rows that a mapping refuses: of one row for one reason there is one letter, however often it is refused.
//!
//! A run looks a row's letters up when it refuses the row, and closes at its end those of rows that it did not refuse.

use crate::fhir_door::refusal::Refusal;
use access::Grant;
use records::{DeadLetterNo, Error, MAPPING_DOOR, NewDeadLetter, Records, RowClosed, RowLetter};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tables::pull::MovedRows;
use tables::run::{Link, RowNow};

/// What stands between a table and the number of a row in the place of a letter.
const ROW: &str = " row ";

/// Which row: the hash of table and number.
type RowKey = [u8; 16];
/// Why it is refused, hashed.
type Why = u64;

/// Where a row is, and which element of what is made of it.
pub(crate) fn place(table: &str, rows: &[u64], element: &str) -> String {
    let mut out = table.to_owned();
    for row in rows {
        out.push_str(ROW);
        out.push_str(&row.to_string());
    }
    if !element.is_empty() {
        out.push_str(", ");
        out.push_str(element);
    }
    out
}

/// The rows of the table whose rows are accounted for, as the line of a resource has them.
pub(crate) fn rows_of(line: &[u8], table: &str) -> String {
    let rows = Link::read(line).and_then(|mut link| link.rows.remove(table)).unwrap_or_default();
    place(table, &rows, "")
}

/// The rows that a place names, by the store's own numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct RowsOfPlace<'p> {
    /// Their table.
    pub table: &'p str,
    /// Their numbers: at least one.
    pub rows: Vec<u64>,
    /// How long the text is that names table and rows; an element may follow.
    end: usize,
    place: &'p str,
}

impl<'p> RowsOfPlace<'p> {
    /// Reads a place; nothing if it names no rows.
    pub fn read(place: &'p str) -> Option<Self> {
        for (at, _) in place.match_indices(ROW) {
            let (mut end, mut rows) = (at, Vec::new());
            while let Some(rest) = place[end..].strip_prefix(ROW) {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let Ok(number) = rest[..digits].parse() else { break };
                rows.push(number);
                end += ROW.len() + digits;
            }
            // A name of a table may hold anything.
            if !rows.is_empty() && (place[end..].is_empty() || place[end..].starts_with(", ")) {
                return Some(RowsOfPlace { table: &place[..at], rows, end, place });
            }
        }
        None
    }

    /// The place with other numbers of its rows; of rows without one the table alone is named.
    pub fn numbered(&self, number: impl Fn(u64) -> Option<u64>) -> String {
        let rows: Vec<u64> = self.rows.iter().filter_map(|row| number(*row)).collect();
        place(self.table, &rows, "") + &self.place[self.end..]
    }
}

fn key_of(place: &str) -> RowKey {
    let named = RowsOfPlace::read(place).map_or(place, |rows| &place[..rows.end]);
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(named.as_bytes()).as_bytes()[..16]);
    key
}

fn why_of(what: &str) -> Why {
    let mut why = [0; 8];
    why.copy_from_slice(&blake3::hash(what.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(why)
}

/// The letters of one target of a source.
#[derive(Default)]
pub(crate) struct RowLetters {
    /// Rows that have other numbers than when their letters were left.
    moved: Arc<MovedRows>,
    /// Letters that stand, open or set aside by a person.
    known: HashSet<(RowKey, Why)>,
    /// What this run refused: a row may be refused for several reasons, in what is made of it.
    refused: HashSet<(RowKey, Why)>,
    rows_refused: HashSet<RowKey>,
}

impl RowLetters {
    /// None, of which it is known which rows were moved.
    pub(crate) fn none(moved: Arc<MovedRows>) -> Self {
        RowLetters { moved, ..RowLetters::default() }
    }

    /// Those of a target.
    pub(crate) fn of(
        records: &Records,
        grant: &Grant,
        (source, target): (&str, &str),
        moved: Arc<MovedRows>,
    ) -> Result<Self, Error> {
        let mut letters = RowLetters::none(moved);
        let mut take = |letter: RowLetter| {
            let place = letters.place_now(&letter.place);
            letters.known.insert((key_of(&place), why_of(&letter.what)));
            Ok(())
        };
        records.row_letters(grant, MAPPING_DOOR, source, target, &mut take)?;
        Ok(letters)
    }

    /// The place of a letter by the numbers that its rows have now.
    fn place_now<'p>(&self, place: &'p str) -> Cow<'p, str> {
        if self.moved.is_empty() {
            return Cow::Borrowed(place);
        }
        match RowsOfPlace::read(place) {
            Some(of) => Cow::Owned(of.numbered(|row| Some(self.moved.now(of.table, row)))),
            None => Cow::Borrowed(place),
        }
    }

    /// Notes that a row is refused. Whether there is no letter that says so.
    pub(crate) fn refuse(&mut self, place: &str, what: &str) -> bool {
        let (key, why) = (key_of(place), why_of(what));
        self.rows_refused.insert(key);
        self.refused.insert((key, why));
        !self.known.contains(&(key, why))
    }

    /// The same of a row whose letter is left at once: refused again for the same reason it has it already.
    pub(crate) fn refuse_once(&mut self, place: &str, what: &str) -> bool {
        let is_news = self.refuse(place, what);
        self.known.insert((key_of(place), why_of(what)));
        is_news
    }

    /// Whether this run refused the row of a letter, and whether for what the letter says.
    fn refused(&self, place: &str, what: &str) -> Option<bool> {
        let key = key_of(place);
        self.rows_refused.contains(&key).then(|| self.refused.contains(&(key, why_of(what))))
    }

    /// The open letters that are not due any more, and why.
    pub(crate) fn closed(
        &self,
        records: &Records,
        grant: &Grant,
        (source, target): (&str, &str),
        now: &dyn Fn(&str, u64) -> RowNow,
        taken: RowClosed,
    ) -> Result<Vec<(DeadLetterNo, RowClosed)>, Error> {
        let mut closed = Vec::new();
        let mut look = |letter: RowLetter| {
            let place = self.place_now(&letter.place);
            let how = match self.refused(&place, &letter.what) {
                Some(true) => return Ok(()),
                Some(false) => RowClosed::Otherwise,
                None => match RowsOfPlace::read(&place).map(|of| now(of.table, of.rows[0])) {
                    Some(RowNow::Gone) => RowClosed::Gone,
                    Some(RowNow::LeftOut) => RowClosed::LeftOut,
                    Some(RowNow::NotSeen) => return Ok(()),
                    Some(RowNow::Taken) | None => taken,
                },
            };
            if letter.is_open {
                closed.push((letter.no, how));
            }
            Ok(())
        };
        records.row_letters(grant, MAPPING_DOOR, source, target, &mut look)?;
        Ok(closed)
    }
}

/// What the store refuses of one request of a run, noted as it is planned.
pub(crate) struct Refused {
    of_target: Arc<Mutex<RowLetters>>,
    of_plan: Mutex<(Vec<NewDeadLetter>, u64)>,
}

/// The same while it is planned: a plan may be made more than once.
pub(crate) struct Refusing<'r> {
    of: &'r Refused,
    letters: Vec<NewDeadLetter>,
    count: u64,
}

impl Refused {
    pub(crate) fn new(of_target: Arc<Mutex<RowLetters>>) -> Arc<Refused> {
        Arc::new(Refused { of_target, of_plan: Mutex::default() })
    }

    pub(crate) fn begin(&self) -> Refusing<'_> {
        Refusing { of: self, letters: Vec::new(), count: 0 }
    }

    /// The letters that are to be left.
    pub(crate) fn letters(&self) -> Vec<NewDeadLetter> {
        self.of_plan.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// How many resources were refused, with those of which there is a letter.
    pub(crate) fn count(&self) -> u64 {
        self.of_plan.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Refusing<'_> {
    /// A resource is refused whose line is at `link`, made of the rows that `rows` names.
    pub(crate) fn add(&mut self, link: &Range<usize>, rows: &str, why: &Refusal, hint: &str) {
        self.count += 1;
        let element = why.issues.first().map(|issue| issue.place.as_str()).filter(|place| !place.is_empty());
        let place = rows.to_owned() + &element.map(|element| format!(", {element}")).unwrap_or_default();
        let what = why.text_beside_place();
        if self.of.of_target.lock().unwrap_or_else(PoisonError::into_inner).refuse(&place, &what) {
            let (at, length) = (link.start as u64, link.len() as u64);
            self.letters.push(NewDeadLetter { at, length, what, place, hint: hint.to_owned() });
        }
    }

    pub(crate) fn end(self) {
        *self.of.of_plan.lock().unwrap_or_else(PoisonError::into_inner) = (self.letters, self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_leads_back_to_its_table_and_row() {
        for (table, rows, element) in [
            ("lab", &[17][..], "valueQuantity.value"),
            ("lab", &[17], ""),
            ("lab row b", &[4, 5], "code.coding[0]"),
            ("检验", &[0], "extension[https://x.org/a, b row 7].valueString"),
        ] {
            let text = place(table, rows, element);
            let named = place(table, rows, "");
            let read = RowsOfPlace::read(&text).unwrap();
            assert_eq!((read.table, &read.rows[..], read.end), (table, rows, named.len()), "{text}");
            assert_eq!(read.numbered(Some), text);
            let next: Vec<u64> = rows.iter().map(|row| row + 1).collect();
            assert_eq!(read.numbered(|row| Some(row + 1)), place(table, &next, element));
            assert_eq!(read.numbered(|_| None), place(table, &[], element));
            assert_eq!(key_of(&text), key_of(&named));
        }
        assert_eq!(RowsOfPlace::read("Observation.value"), None);
    }

    #[test]
    fn one_reason_is_one_letter_and_another_is_another() {
        let mut letters = RowLetters::default();
        letters.known.insert((key_of("lab row 1, value"), why_of("not-a-number")));
        assert!(!letters.refuse("lab row 1, value", "not-a-number"));
        assert!(letters.refuse("lab row 1, value", "no-such-target"));
        assert!(letters.refuse("lab row 11, value", "not-a-number"));
    }
    #[test]
    fn a_row_may_be_refused_for_two_reasons_and_twice_for_one() {
        let mut letters = RowLetters::default();
        assert!(letters.refuse_once("vitals row 1, value", "not-a-number: abc"));
        assert!(letters.refuse_once("vitals row 1, value", "not-a-number: xyz"));
        assert!(!letters.refuse_once("vitals row 1, value", "not-a-number: abc"));
        let refused = |place: &str, what: &str| letters.refused(place, what);
        assert_eq!(refused("vitals row 1, value", "not-a-number: abc"), Some(true));
        assert_eq!(refused("vitals row 1, value", "not-a-number: xyz"), Some(true));
        assert_eq!(refused("vitals row 1, value", "no-such-target"), Some(false));
        assert_eq!(refused("vitals row 2, value", "not-a-number: abc"), None);
    }
}
