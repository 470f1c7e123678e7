//! The audit of accounts: one row per change, sign-in or refusal, written in the transaction of what it tells of.
//!
//! Each row's hash is SHA-256 over the hash before it and the row, so that rows cannot be changed, dropped or slipped in
//! unseen as long as a later head is known from elsewhere.

use crate::error::Error;
use crate::principal::{Origin, Principal};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest as _, Sha256};

/// How something that was tried ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed.
    Refused,
    /// It was allowed, and went wrong.
    Failed,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 3] = [Outcome::Done, Outcome::Refused, Outcome::Failed];

    /// The word in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }

    /// The outcome whose word is `word`.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What happened to accounts, tokens, sessions or sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountAudit {
    /// Place in the trail: 1, 2, 3 ... without a gap.
    pub seq: i64,
    /// When, µs since 1970 UTC.
    pub at_us: i64,
    /// Who: key and name of a principal, or the name typed at a sign-in that failed.
    pub who: String,
    /// What, as in `create token`, `sign in`.
    pub what: String,
    /// To what, with what was set.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Door and remote address.
    pub origin: String,
}

/// The end of the trail: what a seal over several trails hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrailHead {
    /// The last row's place; 0 when there is none.
    pub seq: i64,
    /// The last row's hash; zeros when there is none.
    pub hash: [u8; 32],
}

/// A row about to be written.
pub(crate) struct Entry<'a> {
    pub(crate) at_us: i64,
    pub(crate) who: String,
    pub(crate) what: &'a str,
    pub(crate) target: String,
    pub(crate) outcome: Outcome,
    pub(crate) origin: Origin,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(who: &Principal, origin: Origin, what: &'a str, target: String, at_us: i64) -> Entry<'a> {
        Entry { at_us, who: who.to_string(), what, target, outcome: Outcome::Done, origin }
    }

    pub(crate) fn outcome(self, outcome: Outcome) -> Entry<'a> {
        Entry { outcome, ..self }
    }
}

/// Appends a row; `connection` is the transaction of what the row tells of.
pub(crate) fn append(connection: &Connection, entry: Entry<'_>) -> Result<(), Error> {
    let before = head(connection)?;
    let row = AccountAudit {
        seq: before.seq + 1,
        at_us: entry.at_us,
        who: entry.who,
        what: entry.what.to_owned(),
        target: entry.target,
        outcome: entry.outcome,
        origin: entry.origin.to_string(),
    };
    connection
        .prepare_cached(
            "INSERT INTO account_audit(seq, at_us, who, what, target, outcome, origin, hash) VALUES (?,?,?,?,?,?,?,?)",
        )?
        .execute(params![
            row.seq,
            row.at_us,
            row.who,
            row.what,
            row.target,
            row.outcome.as_str(),
            row.origin,
            chain(&before.hash, &row)
        ])?;
    Ok(())
}

pub(crate) fn head(connection: &Connection) -> Result<TrailHead, Error> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM account_audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(TrailHead { seq: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(last.unwrap_or(TrailHead { seq: 0, hash: [0; 32] }))
}

/// Rows after `after_seq`, at most `limit`.
pub(crate) fn read(connection: &Connection, after_seq: i64, limit: usize) -> Result<Vec<AccountAudit>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at_us, who, what, target, outcome, origin FROM account_audit WHERE seq > ? ORDER BY seq LIMIT ?",
    )?;
    let mut rows = statement.query(params![after_seq, limit as i64])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(row_of(row)?);
    }
    Ok(read)
}

/// The newest rows that an account's events are looked for in.
const LOOKED_AT: i64 = 100_000;

/// What was done by or to an account or tried in its name, newest first, at most `limit` rows of the newest [`LOOKED_AT`].
pub(crate) fn of_account(
    connection: &Connection,
    key: &str,
    quoted_name: &str,
    limit: usize,
) -> Result<Vec<AccountAudit>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at_us, who, what, target, outcome, origin FROM account_audit
         WHERE seq > (SELECT coalesce(max(seq), 0) FROM account_audit) - ?4
           AND (target = ?1 OR target LIKE ?1 || ' %' OR who LIKE ?1 || ' (%' OR who = ?2)
         ORDER BY seq DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![key, quoted_name, limit as i64, LOOKED_AT])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(row_of(row)?);
    }
    Ok(read)
}

/// Hashes the whole trail anew; the head if every row follows from the one before it.
pub(crate) fn verify(connection: &Connection) -> Result<TrailHead, Error> {
    check(connection, &[])
}

/// As [`verify`]; the trail must also have stood at each of `sealed`, which are in order.
pub(crate) fn check(connection: &Connection, sealed: &[TrailHead]) -> Result<TrailHead, Error> {
    let mut statement = connection
        .prepare("SELECT seq, at_us, who, what, target, outcome, origin, hash FROM account_audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut head = TrailHead { seq: 0, hash: [0; 32] };
    let mut sealed = sealed.iter().filter(|seal| seal.seq > 0).peekable();
    while let Some(row) = rows.next()? {
        let read = row_of(row)?;
        let next = TrailHead { seq: read.seq, hash: row.get(7)? };
        if next.seq != head.seq + 1 || next.hash != chain(&head.hash, &read) {
            return Err(Error::Damaged {
                what: format!("row {} of the account audit was altered or is missing", head.seq + 1),
            });
        }
        head = next;
        while let Some(seal) = sealed.next_if(|seal| seal.seq <= head.seq) {
            if *seal != head {
                return Err(Error::Damaged {
                    what: format!("row {} of the account audit is not the sealed one", head.seq),
                });
            }
        }
    }
    match sealed.next() {
        None => Ok(head),
        Some(seal) => Err(Error::Damaged {
            what: format!("the account audit ends at row {}, and was sealed at row {}", head.seq, seal.seq),
        }),
    }
}

fn row_of(row: &Row<'_>) -> Result<AccountAudit, Error> {
    let seq = row.get(0)?;
    let word: String = row.get(5)?;
    let outcome = Outcome::from_word(&word)
        .ok_or_else(|| Error::Damaged { what: format!("outcome '{word}' in row {seq} of the account audit") })?;
    Ok(AccountAudit {
        seq,
        at_us: row.get(1)?,
        who: row.get(2)?,
        what: row.get(3)?,
        target: row.get(4)?,
        outcome,
        origin: row.get(6)?,
    })
}

/// Lengths go in before texts, so that no two rows hash the same bytes.
fn chain(before: &[u8; 32], row: &AccountAudit) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(row.seq.to_le_bytes());
    hasher.update(row.at_us.to_le_bytes());
    for text in [&row.who, &row.what, &row.target, row.outcome.as_str(), &row.origin] {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}
