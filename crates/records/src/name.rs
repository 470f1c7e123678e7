//! From names to numbers: hash indexes of resource ids and of codes.
//!
//! Hashes come in no order, so each new one dirties another page of a large table. Three tables share the load: new entries go to
//! a small one; when it is over its bound, a slice of its hashes moves to the next, and from there to the last. A slice of the
//! small table is a slice of the large one, so a page of the large one takes many entries at once. Who looks up asks all three; an
//! entry says only which rows to look at.

use crate::error::Error;
use fhir::schema::TypeId;
use rusqlite::{Connection, params};

/// Entries in the first and the second table, at most.
const BOUNDS: [i64; 2] = [32_000, 512_000];

/// The tables of an index, smallest first.
#[derive(Clone, Copy)]
pub(crate) struct Tables([&'static str; 3]);

/// Index of resource ids: rows.
pub(crate) const IDS: Tables = Tables(["id_new", "id_mid", "id_old"]);
/// Index of codes: token numbers.
pub(crate) const CODES: Tables = Tables(["code_new", "code_mid", "code_old"]);

/// Finds a resource by type `?1`, id `?2` and [`id_hash`] `?3`; `resource` is joined to it as `r`.
pub(crate) const RESOURCE_BY_ID: &str =
    "id_hash h CROSS JOIN resource r ON r.row = h.no WHERE h.hash = ?3 AND r.type = ?1 AND r.id = ?2";

/// What ids are indexed by: 31 bits, of which SQLite keeps four bytes.
pub(crate) fn id_hash(resource_type: TypeId, id: &str) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&resource_type.0.to_le_bytes());
    hasher.update(id.as_bytes());
    first_bits(&hasher.finalize())
}

/// What codes are indexed by.
pub(crate) fn code_hash(code: &str) -> i64 {
    first_bits(&blake3::hash(code.as_bytes()))
}

fn first_bits(hash: &blake3::Hash) -> i64 {
    let bytes = hash.as_bytes();
    i64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) >> 1)
}

/// The writing end of an index.
pub(crate) struct Names {
    tables: Tables,
    counts: [i64; 2],
    /// Where the slice begins that moves next.
    cursors: [i64; 2],
}

impl Names {
    pub(crate) fn open(connection: &Connection, tables: Tables) -> Result<Self, Error> {
        let mut names = Names { tables, counts: [0; 2], cursors: [0; 2] };
        names.count(connection)?;
        Ok(names)
    }

    /// Counts anew, after something was rolled back.
    pub(crate) fn count(&mut self, connection: &Connection) -> Result<(), Error> {
        for (count, table) in self.counts.iter_mut().zip(self.tables.0) {
            *count =
                connection.prepare_cached(&format!("SELECT count(*) FROM {table}"))?.query_row([], |r| r.get(0))?;
        }
        Ok(())
    }

    /// The counts before a savepoint.
    pub(crate) fn mark(&self) -> [i64; 2] {
        self.counts
    }

    /// The counts again as they were at `mark`, after the savepoint was rolled back. Nothing moves within one.
    pub(crate) fn back_to(&mut self, mark: [i64; 2]) {
        self.counts = mark;
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, connection: &Connection, hash: i64, no: i64) -> rusqlite::Result<()> {
        connection
            .prepare_cached(&format!("INSERT OR IGNORE INTO {}(hash, no) VALUES(?1, ?2)", self.tables.0[0]))?
            .execute([hash, no])?;
        self.counts[0] += 1;
        Ok(())
    }

    /// Moves what is over the bounds.
    pub(crate) fn settle(&mut self, connection: &Connection) -> Result<(), Error> {
        for (level, bound) in BOUNDS.into_iter().enumerate() {
            // The first slice may end where the hashes do; the second then begins with them.
            for _ in 0..2 {
                let over = self.counts[level] - bound;
                if over > 0 {
                    self.move_slice(connection, level, over)?;
                }
            }
        }
        Ok(())
    }

    fn move_slice(&mut self, connection: &Connection, level: usize, entries: i64) -> Result<(), Error> {
        let (from_table, to_table) = (self.tables.0[level], self.tables.0[level + 1]);
        let from = self.cursors[level];
        let to: i64 = connection
            .prepare_cached(&format!(
                "SELECT coalesce((SELECT hash FROM {from_table} WHERE hash >= ?1 ORDER BY hash LIMIT 1 OFFSET ?2), 1 << 31)"
            ))?
            .query_row(params![from, entries], |r| r.get(0))?;
        connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {to_table}(hash, no)
                 SELECT hash, no FROM {from_table} WHERE hash >= ?1 AND hash < ?2 ORDER BY hash, no"
            ))?
            .execute([from, to])?;
        let moved = connection
            .prepare_cached(&format!("DELETE FROM {from_table} WHERE hash >= ?1 AND hash < ?2"))?
            .execute([from, to])? as i64;
        self.counts[level] -= moved;
        if let Some(count) = self.counts.get_mut(level + 1) {
            *count += moved;
        }
        self.cursors[level] = if to == 1 << 31 { 0 } else { to };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_wherever_it_has_moved() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(crate::layout::TABLES).unwrap();
        let mut names = Names::open(&connection, CODES).unwrap();
        let count = BOUNDS[0] + BOUNDS[1] + 50_000;
        connection.execute_batch("BEGIN").unwrap();
        for no in 0..count {
            names.add(&connection, code_hash(&no.to_string()), no).unwrap();
            if no % 7_919 == 0 {
                names.settle(&connection).unwrap();
            }
        }
        names.settle(&connection).unwrap();
        let counts: Vec<i64> = CODES
            .0
            .iter()
            .map(|t| connection.query_row(&format!("SELECT count(*) FROM {t}"), [], |r| r.get(0)).unwrap())
            .collect();
        assert_eq!(counts.iter().sum::<i64>(), count);
        assert!(counts[0] <= BOUNDS[0] && counts[1] <= BOUNDS[1] && counts[2] >= 50_000, "{counts:?}");
        for no in (0..count).step_by(997) {
            let found: bool = connection
                .prepare_cached("SELECT EXISTS(SELECT 1 FROM code_hash WHERE hash = ?1 AND no = ?2)")
                .unwrap()
                .query_row([code_hash(&no.to_string()), no], |r| r.get(0))
                .unwrap();
            assert!(found, "{no}");
        }
    }
}
