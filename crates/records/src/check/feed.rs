//! The feed has no gap, names every version once, and every version leads to a range of an arrival.

use super::Check;
use crate::error::Error;
use crate::id::StoredId;
use fhir::schema::{TypeId, r4};

const RESTORE: &str = "rows of the database were lost or changed from outside: restore the directory from a backup";

/// Type and id, from columns 0 and 1.
fn resource(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    let (number, id): (u16, StoredId) = (row.get(0)?, row.get(1)?);
    let schema = r4();
    let name = schema.resource_types().find(|id| id.0 == number).map_or("type ?", |id: TypeId| schema.info(id).name);
    Ok(format!("{name}/{id}"))
}

fn version(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    Ok(format!("{} version {}", resource(row)?, row.get::<_, i64>(2)?))
}

impl Check<'_> {
    pub(super) fn feed(&mut self) -> Result<(), Error> {
        (self.progress)("the feed");
        let (count, first): (i64, i64) =
            self.connection
                .query_row("SELECT count(*), coalesce(min(seq), 1) FROM feed", [], |r| Ok((r.get(0)?, r.get(1)?)))?;
        self.count("changes in the feed", count as u64);
        if first != 1 {
            self.fault("the feed does not begin at 1", format!("feed, position {first}"), RESTORE);
        }
        if count != self.out.head.0 - first + 1 {
            self.list(
                "SELECT seq + 1 FROM feed f WHERE seq < (SELECT max(seq) FROM feed)
                 AND NOT EXISTS (SELECT 1 FROM feed WHERE seq = f.seq + 1)",
                "the feed has a gap",
                RESTORE,
                |row| Ok(format!("feed, position {}", row.get::<_, i64>(0)?)),
            )?;
        }
        self.list(
            "SELECT f.seq FROM feed f LEFT JOIN resource r ON r.row = f.row LEFT JOIN version v ON v.row = f.row AND v.version = f.version
             WHERE (r.version IS NOT f.version OR r.seq IS NOT f.seq) AND v.seq IS NOT f.seq",
            "a change of the feed leads to no version",
            RESTORE,
            |row| Ok(format!("feed, position {}", row.get::<_, i64>(0)?)),
        )
    }

    pub(super) fn versions(&mut self) -> Result<(), Error> {
        (self.progress)("versions");
        let count: i64 = self.connection.query_row(
            "SELECT (SELECT count(*) FROM resource WHERE version > 0) + (SELECT count(*) FROM version)",
            [],
            |r| r.get(0),
        )?;
        self.count("versions", count as u64);
        self.list(
            "SELECT type, id, version FROM resource WHERE version > 0 AND NOT EXISTS (SELECT 1 FROM feed WHERE feed.seq = resource.seq)
             UNION ALL SELECT r.type, r.id, v.version FROM version v JOIN resource r USING (row)
             WHERE NOT EXISTS (SELECT 1 FROM feed WHERE feed.seq = v.seq)",
            "a version is not in the feed",
            RESTORE,
            version,
        )?;
        self.list(
            "SELECT r.type, r.id, r.version FROM resource r WHERE r.version > 1
             AND (SELECT count(*) FROM version v WHERE v.row = r.row) != r.version - 1",
            "versions before this one are missing",
            RESTORE,
            version,
        )?;
        self.list(
            "SELECT r.type, r.id, r.version FROM resource r LEFT JOIN arrival a ON a.no = r.arrival
             WHERE r.version > 0 AND (a.no IS NULL OR r.at < 0 OR r.length < 0 OR r.at + r.length > a.length)
             UNION ALL SELECT r.type, r.id, v.version FROM version v JOIN resource r USING (row) LEFT JOIN arrival a ON a.no = v.arrival
             WHERE a.no IS NULL OR v.at < 0 OR v.length < 0 OR v.at + v.length > a.length",
            "a version leads to bytes that its arrival does not have",
            RESTORE,
            version,
        )
    }
}
