//! Finding patients by whatever is known of them: names in any script, pinyin, numbers, birth date; with letters wrong.
//!
//! An index in memory that follows the feed. It is built from the live patients at the first question (or by
//! [`Records::follow_people`], which the server calls in the background) and then reads only what the feed brings. A question
//! goes over all patients: at a hundred thousand that is some ten milliseconds, and no rule of ranking is bent to fit a tree.

mod ask;
mod born;
mod terms;

pub use ask::{Why, WhyKind};

use crate::error::Error;
use crate::id::{Row, Seq};
use crate::index::key::{self, Key};
use crate::posting::Posting;
use crate::read::{self, Stored};
use crate::search::Index as Postings;
use crate::store::{Records, Shared};
use access::{Grant, Permission};
use ask::{Answer, Ask, Care};
use fhir::json::Document;
use fhir::parameters::parameters;
use fhir::schema::r4;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use terms::Entry;

/// A patient that was found.
#[derive(Clone, Debug)]
pub struct FoundPerson {
    /// The `Patient`.
    pub stored: Stored,
    /// Why; empty if nothing was asked.
    pub why: Vec<Why>,
    /// When the last encounter up to now began, µs UTC; `None` without one, or if the grant may not search encounters.
    pub last_contact_us: Option<i64>,
}

/// The patients that answer best.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    /// Best first.
    pub found: Vec<FoundPerson>,
    /// How many answer at all.
    pub total: u64,
    /// How many there are.
    pub known: u64,
    /// Position of the feed that the answer reflects.
    pub seq: Seq,
}

/// The index. Its position and its content are behind two locks, so that questions go on while the feed is read.
#[derive(Default)]
pub(crate) struct People {
    /// Position up to which the feed was read; `None` before the first reading.
    position: Mutex<Option<Seq>>,
    content: RwLock<Content>,
}

#[derive(Default)]
struct Content {
    people: Vec<Person>,
    at: HashMap<Row, usize>,
    seq: i64,
}

struct Person {
    row: Row,
    updated_us: i64,
    entry: Entry,
}

impl Content {
    fn put(&mut self, person: Person) {
        match self.at.get(&person.row) {
            Some(&at) => self.people[at] = person,
            None => {
                self.at.insert(person.row, self.people.len());
                self.people.push(person);
            }
        }
    }

    fn remove(&mut self, row: Row) {
        if let Some(at) = self.at.remove(&row) {
            self.people.swap_remove(at);
            if let Some(moved) = self.people.get(at) {
                self.at.insert(moved.row, at);
            }
        }
    }

    /// The people who answer, best first; at equal cost the one changed last.
    fn answers(&self, ask: &Ask, limit: usize) -> (Vec<(Row, Answer)>, u64) {
        let pass = |care| -> Vec<(usize, Answer)> {
            let answer = |(at, person): (usize, &Person)| ask.answer(&person.entry, care).map(|answer| (at, answer));
            self.people.iter().enumerate().filter_map(answer).collect()
        };
        let mut found = pass(Care::Exact);
        if found.len() < limit {
            // Whoever answers exactly answers leniently too, and no worse.
            found = pass(Care::Lenient);
        }
        let total = found.len() as u64;
        found.sort_by_key(|(at, answer)| {
            (answer.cost, std::cmp::Reverse(self.people[*at].updated_us), self.people[*at].row)
        });
        found.truncate(limit);
        (found.into_iter().map(|(at, answer)| (self.people[at].row, answer)).collect(), total)
    }

    /// The people changed last.
    fn newest(&self, limit: usize) -> Vec<(Row, Answer)> {
        let mut order: Vec<&Person> = self.people.iter().collect();
        order.sort_by_key(|person| (person.entry.replaced, std::cmp::Reverse(person.updated_us), person.row));
        order.iter().take(limit).map(|person| (person.row, Answer { cost: 0, why: Vec::new() })).collect()
    }
}

impl Records {
    /// The patients that answer `text` best, at most `limit`; without text those changed last.
    ///
    /// # Errors
    /// [`Error::Denied`] unless all patients may be searched and read.
    pub fn people(&self, grant: &Grant, text: &str, limit: usize) -> Result<PeoplePage, Error> {
        grant.may(Permission::Search, "Patient")?;
        grant.may(Permission::Read, "Patient")?;
        self.follow_people()?;
        let reader = self.shared.reader()?;
        let ask = Ask::new(text);
        let content = self.shared.people.content.read().unwrap_or_else(PoisonError::into_inner);
        let known = content.people.len() as u64;
        let seq = Seq(content.seq);
        let (rows, total) = if ask.is_empty() { (content.newest(limit), known) } else { content.answers(&ask, limit) };
        drop(content);
        let may_see_contacts = grant.may(Permission::Search, "Encounter").is_ok();
        let mut found = Vec::with_capacity(rows.len());
        for (row, answer) in rows {
            // Whoever was deleted in between is left out.
            let Some(stored) = read::by_row(&reader, &self.shared, row)?.filter(|stored| !stored.json.is_empty())
            else {
                continue;
            };
            let last_contact_us =
                if may_see_contacts { last_contact(&reader, &self.shared, row, self.now_us())? } else { None };
            found.push(FoundPerson { stored, why: answer.why, last_contact_us });
        }
        Ok(PeoplePage { found, total, known, seq })
    }

    /// Reads what the feed has brought into the index of people. Questions do this too; called in the background it keeps
    /// the first of them from waiting. It gives nothing of what it read, so it takes no grant.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn follow_people(&self) -> Result<Seq, Error> {
        let people = &self.shared.people;
        let mut position = people.position.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = *position
            && at >= self.head()
        {
            return Ok(at);
        }
        let reader = self.shared.reader()?;
        let head = Seq(reader.query_row("SELECT coalesce(max(seq), 0) FROM feed", [], |r| r.get(0))?);
        let Some(patient) = r4().type_id("Patient") else { return Ok(head) };
        let rows = match *position {
            None => Postings::new(&reader, &self.shared, patient).all()?.iter().map(|row| Row(row as i64)).collect(),
            Some(at) => rows(
                &reader,
                "SELECT DISTINCT f.row FROM feed f JOIN resource r ON r.row = f.row WHERE r.type = ?1 AND f.seq > ?2",
                [i64::from(patient.0), at.0],
            )?,
        };
        let mut news = Vec::with_capacity(rows.len());
        for row in rows {
            news.push((row, person(&reader, &self.shared, row)?));
        }
        let mut content = people.content.write().unwrap_or_else(PoisonError::into_inner);
        for (row, person) in news {
            match person {
                Some(person) => content.put(person),
                None => content.remove(row),
            }
        }
        content.seq = head.0;
        *position = Some(head);
        Ok(head)
    }
}

fn rows(connection: &Connection, sql: &str, [of, after]: [i64; 2]) -> Result<Vec<Row>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let count = statement.parameter_count();
    let rows =
        statement.query_map(rusqlite::params_from_iter([of, after].into_iter().take(count)), |r| r.get(0).map(Row))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn person(connection: &Connection, shared: &Shared, row: Row) -> Result<Option<Person>, Error> {
    let Some(stored) = read::by_row(connection, shared, row)?.filter(|stored| !stored.json.is_empty()) else {
        return Ok(None);
    };
    let document =
        Document::parse(stored.json.as_bytes()).map_err(|error| Error::Damaged(format!("row {}: {error}", row.0)))?;
    Ok(Some(Person { row, updated_us: stored.updated_us, entry: terms::terms(document.root()) }))
}

/// When the patient's last encounter up to now began.
fn last_contact(connection: &Connection, shared: &Shared, patient: Row, now_us: i64) -> Result<Option<i64>, Error> {
    let number = |code| parameters().find("Encounter", code).map(|parameter| parameter.number);
    let (Some(of), Some(when), Some(encounter)) = (number("patient"), number("date"), r4().type_id("Encounter")) else {
        return Ok(None);
    };
    let index = Postings::new(connection, shared, encounter);
    let mut last = None;
    for row in &index.collect(&Key::new(key::REFERENCE, of).number(patient.0))? {
        for posting in index.forward(row as i64)? {
            if let Posting::Date { param, low, high } = posting
                && param == when
            {
                let at_us = if low == i64::MIN { high } else { low };
                if at_us <= now_us {
                    last = last.max(Some(at_us));
                }
            }
        }
    }
    Ok(last)
}
