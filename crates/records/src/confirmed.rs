//! Which versions an arrival brought that were there already, equal: nothing is written of them, yet who takes back the file that
//! wrote them must leave what another file brought as well.
//!
//! One row an arrival: its versions in order, as differences of variable length, mostly two bytes a version.

use crate::error::Error;
use crate::id::ArrivalNo;
use crate::posting::{put_varint, take_varint};
use crate::writer::Writer;
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The table, which stores of earlier programs get when they are opened; an earlier program does not miss it.
pub(crate) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS confirmed(arrival INTEGER PRIMARY KEY, versions BLOB NOT NULL);";

/// Row and version.
pub(crate) type Version = (i64, i64);

fn encode(versions: &BTreeSet<Version>) -> Vec<u8> {
    let mut out = Vec::with_capacity(versions.len() * 2);
    let mut last = 0;
    for &(row, version) in versions {
        put_varint(&mut out, (row - last) as u64);
        put_varint(&mut out, version as u64);
        last = row;
    }
    out
}

/// Gives each version to `take`; `None` if the bytes are no such list.
fn decode(mut bytes: &[u8], mut take: impl FnMut(Version)) -> Option<()> {
    let mut row = 0;
    while !bytes.is_empty() {
        row += take_varint(&mut bytes)? as i64;
        take((row, take_varint(&mut bytes)? as i64));
    }
    Some(())
}

fn damaged(arrival: i64) -> Error {
    Error::Damaged(format!("the list of what arrival {arrival} found unchanged"))
}

impl Writer {
    /// Notes what `arrival` brought that was there already; with what it brought when it came before.
    pub(crate) fn confirm(
        &self,
        arrival: ArrivalNo,
        is_new: bool,
        mut versions: BTreeSet<Version>,
    ) -> Result<(), Error> {
        if versions.is_empty() {
            return Ok(());
        }
        if !is_new {
            let known: Option<Vec<u8>> = self
                .connection
                .prepare_cached("SELECT versions FROM confirmed WHERE arrival = ?1")?
                .query_row([arrival.0], |r| r.get(0))
                .optional()?;
            let (mut is_news, known) = (known.is_none(), known.unwrap_or_default());
            let new = versions.clone();
            let mut found = 0;
            decode(&known, |version| {
                found += usize::from(new.contains(&version));
                versions.insert(version);
            })
            .ok_or_else(|| damaged(arrival.0))?;
            is_news |= found < new.len();
            if !is_news {
                return Ok(());
            }
        }
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO confirmed(arrival, versions) VALUES(?1, ?2)")?
            .execute(params![arrival.0, encode(&versions)])?;
        Ok(())
    }
}

/// The versions that arrivals confirm, as it matters when some of them are taken back.
pub(crate) struct Confirmed {
    /// By those that are taken back.
    pub(crate) own: BTreeSet<Version>,
    /// By others, which stay, the newest of them: of the rows written, and of those in `own`.
    pub(crate) others: HashMap<Version, ArrivalNo>,
}

/// What the arrivals in `own` confirm, and what others do of that and of `rows`. Those taken back before do not count.
pub(crate) fn confirmed(
    connection: &Connection,
    mut rows: RoaringTreemap,
    own: &[ArrivalNo],
) -> Result<Confirmed, Error> {
    let mut out = Confirmed { own: BTreeSet::new(), others: HashMap::new() };
    let mut of_one = connection.prepare_cached("SELECT versions FROM confirmed WHERE arrival = ?1")?;
    for arrival in own {
        let bytes: Option<Vec<u8>> = of_one.query_row([arrival.0], |r| r.get(0)).optional()?;
        decode(&bytes.unwrap_or_default(), |version| {
            rows.insert(version.0 as u64);
            out.own.insert(version);
        })
        .ok_or_else(|| damaged(arrival.0))?;
    }
    let own: HashSet<i64> = own.iter().map(|arrival| arrival.0).collect();
    let mut statement = connection.prepare_cached(
        "SELECT c.arrival, c.versions FROM confirmed c JOIN arrival a ON a.no = c.arrival WHERE a.undone_us IS NULL ORDER BY c.arrival",
    )?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let arrival: i64 = row.get(0)?;
        if own.contains(&arrival) {
            continue;
        }
        let bytes = row.get_ref(1)?.as_blob().map_err(|_| damaged(arrival))?;
        decode(bytes, |version| {
            if rows.contains(version.0 as u64) {
                out.others.insert(version, ArrivalNo(arrival));
            }
        })
        .ok_or_else(|| damaged(arrival))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_were_noted() {
        let versions = BTreeSet::from([(1, 1), (1, 7), (2, 300), (1 << 35, 1)]);
        let mut read = BTreeSet::new();
        decode(&encode(&versions), |version| {
            read.insert(version);
        })
        .unwrap();
        assert_eq!(read, versions);
        assert_eq!(decode(&[0x80], |_| ()), None);
    }
}
