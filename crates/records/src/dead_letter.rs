//! Dead letters: what came in and could not be taken, kept until somebody replays or discards it.
//!
//! A letter is a range of an arrival, so that its bytes are kept as they came. A plan leaves letters in the commit of its
//! arrival ([`crate::Besides`]); a replay that succeeds closes the letter in the replay's own commit. Nothing is ever removed
//! from the list: a closed letter says by whom, when, and why or by which arrival.

use crate::error::Error;
use crate::id::ArrivalNo;
use crate::plan::Besides;
use crate::read::ArrivalInfo;
use crate::row_letter::{no_word, sees_rows};
use crate::store::Records;
use crate::writer::Writer;
use access::{Grant, Permission};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

/// Number of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeadLetterNo(pub i64);

impl std::fmt::Display for DeadLetterNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A dead letter that a plan leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// Byte offset in the arrival.
    pub at: u64,
    /// Length in bytes.
    pub length: u64,
    /// What is wrong.
    pub what: String,
    /// Where in it: a line, an entry, a FHIRPath, a segment and field.
    pub place: String,
    /// What to do about it.
    pub hint: String,
}

/// What became of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterState {
    /// Nobody has dealt with it yet.
    Open,
    /// It was taken after all, corrected or as it was.
    Replayed,
    /// Somebody said that it is not needed.
    Discarded,
}

impl DeadLetterState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            DeadLetterState::Open => "open",
            DeadLetterState::Replayed => "replayed",
            DeadLetterState::Discarded => "discarded",
        }
    }

    fn from_text(text: &str) -> Self {
        match text {
            "replayed" => DeadLetterState::Replayed,
            "discarded" => DeadLetterState::Discarded,
            _ => DeadLetterState::Open,
        }
    }
}

/// A dead letter, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number.
    pub no: DeadLetterNo,
    /// The arrival it is a part of.
    pub arrival: ArrivalInfo,
    /// When it was left, µs UTC.
    pub at_us: i64,
    /// Byte offset in the arrival.
    pub at: u64,
    /// Length in bytes.
    pub length: u64,
    /// What is wrong.
    pub what: String,
    /// Where in it.
    pub place: String,
    /// What to do about it.
    pub hint: String,
    /// What became of it.
    pub state: DeadLetterState,
    /// When it was closed, µs UTC.
    pub closed_us: Option<i64>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Why it was discarded.
    pub reason: Option<String>,
    /// The arrival that it was replayed as.
    pub replayed: Option<ArrivalNo>,
}

/// A letter `d` that somebody dealt with; what a pull or run closed because there was nothing left to take is none. One that was
/// replayed is news again when the replay was taken back.
const DEALT_WITH: &str = concat!(
    "(d.state = 'discarded' AND d.reason NOT IN ",
    no_word!(),
    " OR d.state = 'replayed' AND NOT EXISTS (SELECT 1 FROM arrival r WHERE r.no = d.replayed AND r.undone_us IS NOT NULL))"
);

/// A letter of another arrival, closed as the one it is like.
const CLOSED_ALIKE: &str = "INSERT INTO dead_letter(arrival, at_us, at, length, what, place, hint, state, closed_us, closed_by, reason, replayed)
    SELECT ?2, ?3, at, length, what, place, hint, state, closed_us, closed_by, reason, replayed FROM dead_letter WHERE no = ?1";

const LETTER: &str = "SELECT no, arrival, at_us, at, length, what, place, hint, state, closed_us, closed_by, reason, replayed FROM dead_letter";

/// Whether a letter is none of a row of a source.
const SEEN: &str =
    "EXISTS (SELECT 1 FROM arrival WHERE arrival.no = dead_letter.arrival AND door NOT IN ('pull', 'mapping'))";

/// Whether a letter is of the source and door that are meant.
const MEANT: &str = "(?2 IS NULL AND ?3 IS NULL OR EXISTS (SELECT 1 FROM arrival a WHERE a.no = dead_letter.arrival
    AND (?2 IS NULL OR a.source = ?2) AND (?3 IS NULL OR a.door = ?3)))";

/// Which dead letters are meant; nothing said: all.
#[derive(Clone, Copy, Debug, Default)]
pub struct LettersOf<'a> {
    /// Of one state.
    pub state: Option<DeadLetterState>,
    /// Of one source.
    pub source: Option<&'a str>,
    /// That came by one door.
    pub door: Option<&'a str>,
}

fn letter(r: &rusqlite::Row<'_>) -> rusqlite::Result<(ArrivalNo, DeadLetter)> {
    let arrival = ArrivalNo(r.get(1)?);
    let letter = DeadLetter {
        no: DeadLetterNo(r.get(0)?),
        arrival: ArrivalInfo::unknown(arrival),
        at_us: r.get(2)?,
        at: r.get::<_, i64>(3)? as u64,
        length: r.get::<_, i64>(4)? as u64,
        what: r.get(5)?,
        place: r.get(6)?,
        hint: r.get(7)?,
        state: DeadLetterState::from_text(&r.get::<_, String>(8)?),
        closed_us: r.get(9)?,
        closed_by: r.get(10)?,
        reason: r.get(11)?,
        replayed: r.get::<_, Option<i64>>(12)?.map(ArrivalNo),
    };
    Ok((arrival, letter))
}

fn not_found(no: DeadLetterNo, what: &str) -> Error {
    Error::NotFound { resource_type: what.into(), id: no.to_string() }
}

impl Records {
    /// Dead letters before `before`, newest first; those of one state, or all.
    ///
    /// A letter may hold anything, so the grant must allow reading every type. Who may not see rows of sources finds none of
    /// theirs, here and below.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn dead_letters(
        &self,
        grant: &Grant,
        state: Option<DeadLetterState>,
        before: Option<DeadLetterNo>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        self.dead_letters_of(grant, LettersOf { state, ..LettersOf::default() }, before, limit)
    }

    /// The same of those that are meant.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn dead_letters_of(
        &self,
        grant: &Grant,
        of: LettersOf<'_>,
        before: Option<DeadLetterNo>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "{LETTER} WHERE no < ?4 AND (?5 IS NULL OR state = ?5) AND (?1 OR {SEEN}) AND {MEANT} ORDER BY no DESC LIMIT ?6"
        ))?;
        let before = before.map_or(i64::MAX, |no| no.0);
        let state = of.state.map(DeadLetterState::as_str);
        let values = params![sees_rows(grant), of.source, of.door, before, state, limit as i64];
        let rows = statement.query_map(values, letter)?;
        rows.map(|row| {
            let (no, letter) = row?;
            with_arrival(&reader, no, letter)
        })
        .collect()
    }

    /// Whether somebody dealt with the letter that was left for `length` bytes at `at` of this content from this source, by whatever
    /// name it came.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn is_dealt_with(
        &self,
        grant: &Grant,
        source: &str,
        (hash, bytes): (&[u8; 32], u64),
        (at, length): (u64, u64),
    ) -> Result<bool, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "SELECT 1 FROM arrival s JOIN dead_letter d ON d.arrival = s.no
             WHERE s.hash = ?1 AND s.length = ?2 AND s.source = ?3 AND d.at = ?4 AND d.length = ?5 AND {DEALT_WITH}"
        ))?;
        Ok(statement.exists(params![hash.as_slice(), bytes as i64, source, at as i64, length as i64])?)
    }

    /// How many dead letters nobody has dealt with yet.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn open_dead_letters(&self, grant: &Grant) -> Result<u64, Error> {
        self.open_dead_letters_of(grant, LettersOf::default())
    }

    /// How many of those that are meant nobody has dealt with yet, whichever state is meant.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn open_dead_letters_of(&self, grant: &Grant, of: LettersOf<'_>) -> Result<u64, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let sql = format!("SELECT count(*) FROM dead_letter WHERE state = 'open' AND (?1 OR {SEEN}) AND {MEANT}");
        let values = params![sees_rows(grant), of.source, of.door];
        let count: i64 = reader.query_row(&sql, values, |r| r.get(0))?;
        Ok(count as u64)
    }

    /// One dead letter.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`].
    pub fn dead_letter(&self, grant: &Grant, no: DeadLetterNo) -> Result<DeadLetter, Error> {
        grant.may_all(Permission::Read)?;
        let reader = self.shared.reader()?;
        let (arrival, letter) = reader
            .prepare_cached(&format!("{LETTER} WHERE no = ?1 AND (?2 OR {SEEN})"))?
            .query_row(params![no.0, sees_rows(grant)], letter)
            .optional()?
            .ok_or_else(|| not_found(no, "dead letter"))?;
        with_arrival(&reader, arrival, letter)
    }

    /// The bytes of a dead letter, exactly as they came.
    ///
    /// # Errors
    /// As [`Records::dead_letter`].
    pub fn dead_letter_bytes(&self, grant: &Grant, no: DeadLetterNo) -> Result<Vec<u8>, Error> {
        let letter = self.dead_letter(grant, no)?;
        self.arrival_bytes(grant, letter.arrival.no, letter.at, letter.length)
    }

    /// Closes an open dead letter without taking it.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::NotFound`] if there is no such letter, or it is closed already; [`Error::Invalid`] without a
    /// reason.
    pub fn discard(&self, grant: &Grant, no: DeadLetterNo, reason: &str) -> Result<(), Error> {
        grant.may_all(Permission::Update)?;
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Error::Invalid(vec![crate::error::Issue {
                code: "required".into(),
                place: "reason".into(),
                message: "say why the dead letter is discarded".into(),
                offset: 0,
            }]));
        }
        let (principal, origin) = (grant.principal().to_string(), grant.origin().to_string());
        let sees = sees_rows(grant);
        self.on_writer(move |writer| {
            let now_us = writer.now_us.max((writer.shared.clock)());
            let transaction = writer.connection.transaction()?;
            let discard = format!(
                "UPDATE dead_letter SET state = 'discarded', closed_us = ?2, closed_by = ?3, reason = ?4
                 WHERE no = ?1 AND state = 'open' AND (?5 OR {SEEN})"
            );
            let changed = transaction.execute(&discard, params![no.0, now_us, principal, reason, sees])?;
            if changed == 0 {
                return Err(not_found(no, "open dead letter"));
            }
            transaction.execute(
                "INSERT INTO audit(at_us, principal, origin, action, arrival, detail)
                 SELECT ?2, ?3, ?4, 'discard', arrival, 'dead letter ' || no || ': ' || ?5 FROM dead_letter WHERE no = ?1",
                params![no.0, now_us, principal, origin, reason],
            )?;
            transaction.commit()?;
            Ok(())
        })
    }
}

impl Records {
    /// Closes an open dead letter that was taken after all, in requests of their own; `arrival` is one of them. A replay in a
    /// single request closes its letter in its own commit ([`Besides::closes`]).
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::NotFound`] if there is no such letter, or it is closed already.
    pub fn close_replayed(&self, grant: &Grant, no: DeadLetterNo, arrival: ArrivalNo) -> Result<(), Error> {
        grant.may_all(Permission::Update)?;
        let (principal, origin) = (grant.principal().to_string(), grant.origin().to_string());
        self.on_writer(move |writer| {
            let now_us = writer.now_us.max((writer.shared.clock)());
            let transaction = writer.connection.transaction()?;
            let changed = transaction.execute(
                "UPDATE dead_letter SET state = 'replayed', closed_us = ?2, closed_by = ?3, replayed = ?4 WHERE no = ?1 AND state = 'open'",
                params![no.0, now_us, principal, arrival.0],
            )?;
            if changed == 0 {
                return Err(not_found(no, "open dead letter"));
            }
            transaction.execute(
                "INSERT INTO audit(at_us, principal, origin, action, arrival, detail) VALUES(?2, ?3, ?4, 'replay', ?5, 'dead letter ' || ?1)",
                params![no.0, now_us, principal, origin, arrival.0],
            )?;
            transaction.commit()?;
            Ok(())
        })
    }
}

fn with_arrival(
    connection: &rusqlite::Connection,
    arrival: ArrivalNo,
    letter: DeadLetter,
) -> Result<DeadLetter, Error> {
    let arrival = crate::read::arrival_info(connection, arrival)?
        .ok_or_else(|| Error::Damaged(format!("arrival {arrival} of dead letter {} is missing", letter.no)))?;
    Ok(DeadLetter { arrival, ..letter })
}

impl Writer {
    /// Writes what a plan leaves besides resources. A delivery that was here before leaves no second letter for one place, and
    /// content that came under another name none for what was dealt with.
    pub(crate) fn leave(
        &mut self,
        besides: &Besides,
        arrival: ArrivalNo,
        grant: &Grant,
    ) -> Result<Vec<DeadLetterNo>, Error> {
        // Whether it is a letter of this arrival stands beside its number.
        let mut known: HashMap<(i64, i64), (DeadLetterNo, bool)> = HashMap::new();
        if !besides.dead_letters.is_empty() {
            // Of two letters for one place the closed one counts, and of two closed ones that of this arrival. Of content that is
            // kept in part the wrapper tells what the whole was.
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT d.at, d.length, d.no, s.no = a.no FROM arrival a
                 JOIN arrival s ON s.hash = a.hash AND s.length = a.length AND s.source = a.source AND s.wrapper = a.wrapper
                 JOIN dead_letter d ON d.arrival = s.no
                 WHERE a.no = ?1 AND (d.state = 'open' AND s.no = a.no OR {DEALT_WITH})
                 ORDER BY d.state = 'open' DESC, s.no = a.no, d.no"
            ))?;
            let mut rows = statement.query([arrival.0])?;
            while let Some(row) = rows.next()? {
                known.insert((row.get(0)?, row.get(1)?), (DeadLetterNo(row.get(2)?), row.get(3)?));
            }
        }
        let mut numbers = Vec::with_capacity(besides.dead_letters.len());
        for letter in &besides.dead_letters {
            if let Some(&(no, is_own)) = known.get(&(letter.at as i64, letter.length as i64)) {
                if !is_own {
                    // This arrival was not taken either: without a letter it would count as one that was.
                    self.connection.prepare_cached(CLOSED_ALIKE)?.execute(params![no.0, arrival.0, self.now_us])?;
                }
                numbers.push(no);
                continue;
            }
            self.connection
                .prepare_cached(
                    "INSERT INTO dead_letter(arrival, at_us, at, length, what, place, hint, state) VALUES(?1,?2,?3,?4,?5,?6,?7,'open')",
                )?
                .execute(params![
                    arrival.0,
                    self.now_us,
                    letter.at as i64,
                    letter.length as i64,
                    letter.what,
                    letter.place,
                    letter.hint
                ])?;
            numbers.push(DeadLetterNo(self.connection.last_insert_rowid()));
        }
        if let Some(no) = besides.closes {
            let changed = self.connection.execute(
                "UPDATE dead_letter SET state = 'replayed', closed_us = ?2, closed_by = ?3, replayed = ?4 WHERE no = ?1 AND state = 'open'",
                params![no.0, self.now_us, grant.principal().to_string(), arrival.0],
            )?;
            if changed == 0 {
                return Err(not_found(no, "open dead letter"));
            }
        }
        for no in &besides.undoes {
            let changed = self
                .connection
                .prepare_cached("UPDATE arrival SET undone_us = ?2 WHERE no = ?1 AND undone_us IS NULL")?
                .execute(params![no.0, self.now_us])?;
            if changed == 0 {
                return Err(Error::NotFound { resource_type: "arrival not yet undone".into(), id: no.to_string() });
            }
        }
        Ok(numbers)
    }
}
