//! Bringing a database of an earlier layout up to this one, after a copy of it was set aside.

use crate::apply::LIVE;
use crate::content::Extraction;
use crate::error::Error;
use crate::id::{Row, StoredId};
use crate::index::key::{self, Key};
use crate::index::{Merges, Pending, RunCache};
use crate::layout;
use crate::name::{code_hash, id_hash};
use crate::plan::KIND_BITS;
use crate::posting;
use fhir::schema::TypeId;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

/// Keys that are sorted at once: some hundred MB at most.
const KEYS_AT_ONCE: usize = 2_000_000;

/// Where the copy of a database of layout `version` is kept.
pub(crate) fn copy_path(database: &Path, version: i64) -> PathBuf {
    database.with_extension(format!("db.layout-{version}"))
}

/// Brings a database of layout `version` up to this program's, a step in a transaction each: a step is done, or nothing of it is.
///
/// # Errors
/// [`Error::Layout`] for a layout that is not known; [`Error::DiskFull`], [`Error::Damaged`], [`Error::Database`]: the database
/// is then of the layout that the steps before led to.
pub(crate) fn up(
    connection: &mut Connection,
    database: &Path,
    extraction: &Extraction,
    version: i64,
) -> Result<(), Error> {
    if version == layout::LAYOUT {
        return Ok(());
    }
    if !(1..layout::LAYOUT).contains(&version) {
        return Err(Error::Layout(format!(
            "{} has layout {version}, this program knows layouts 1 to {}: use the program that wrote it, or a newer one",
            database.display(),
            layout::LAYOUT
        )));
    }
    set_aside(connection, database, version)?;
    if version == 1 {
        from_layout_1(connection, extraction)?;
    }
    from_layout_2(connection)
}

fn set_aside(connection: &Connection, database: &Path, version: i64) -> Result<(), Error> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let copy = copy_path(database, version);
    std::fs::copy(database, &copy)
        .and_then(|_| std::fs::File::open(&copy)?.sync_all())
        .map_err(|error| Error::file(format!("copy {} to {}", database.display(), copy.display()), error))
}

/// Layout 2 did not say in the feed of which type a resource is, nor who named it.
fn from_layout_2(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    // Ids that this program gives are random UUIDs (version 4); all others came with the resource.
    transaction.execute(
        &format!(
            "UPDATE feed SET kind = (
               SELECT (r.type << {KIND_BITS}) + CASE
                 WHEN feed.kind = 1 AND NOT (feed.version = 1 AND typeof(r.id) = 'blob' AND substr(hex(r.id), 13, 1) = '4') THEN 4
                 ELSE feed.kind END
               FROM resource r WHERE r.row = feed.row)"
        ),
        [],
    )?;
    transaction.execute_batch("PRAGMA user_version=3")?;
    transaction.commit()?;
    Ok(())
}

/// In layout 1 postings and names were tables with a row each.
fn from_layout_1(connection: &mut Connection, extraction: &Extraction) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    for table in
        ["live", "updated", "token", "reference", "date", "date_long", "text", "number", "quantity", "code_date"]
    {
        transaction.execute_batch(&format!("DROP TABLE {table}"))?;
    }
    transaction
        .execute_batch("DROP INDEX resource_id; DROP INDEX token_hash; ALTER TABLE token_value DROP COLUMN hash")?;
    transaction.execute_batch(&layout::missing_tables())?;
    names(&transaction)?;
    postings(&transaction, extraction)?;
    transaction.execute_batch("PRAGMA user_version=2")?;
    transaction.commit()?;
    Ok(())
}

fn names(connection: &Connection) -> Result<(), Error> {
    let mut ids: Vec<(i64, i64)> = Vec::new();
    {
        let mut statement = connection.prepare("SELECT row, type, id FROM resource")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: StoredId = row.get(2)?;
            ids.push((id_hash(TypeId(row.get(1)?), &id.to_string()), row.get(0)?));
        }
    }
    let mut codes: Vec<(i64, i64)> = Vec::new();
    {
        let mut statement = connection.prepare("SELECT no, code FROM token_value")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            codes.push((code_hash(&row.get::<_, String>(1)?), row.get(0)?));
        }
    }
    for (table, entries) in [("id_old", &mut ids), ("code_old", &mut codes)] {
        entries.sort_unstable();
        let mut insert = connection.prepare(&format!("INSERT INTO {table}(hash, no) VALUES(?1, ?2)"))?;
        for (hash, no) in entries {
            insert.execute([*hash, *no])?;
        }
    }
    Ok(())
}

fn postings(connection: &Connection, extraction: &Extraction) -> Result<(), Error> {
    let (mut merges, cache, mut pending) = (Merges::open(connection)?, RunCache::default(), Pending::default());
    let mut statement = connection.prepare("SELECT row, type, updated_us, forward FROM resource WHERE state = ?1")?;
    let mut rows = statement.query([LIVE])?;
    while let Some(found) = rows.next()? {
        let (row, type_id, updated_us) = (Row(found.get(0)?), TypeId(found.get(1)?), found.get(2)?);
        let forward: Option<Vec<u8>> = found.get(3)?;
        let damaged = || Error::Damaged(format!("forward blob of row {}", row.0));
        let values = posting::decode(forward.as_deref().unwrap_or_default()).ok_or_else(damaged)?;
        pending.push(&Key::new(key::LIVE, type_id.0).number(row.0), false);
        pending.push(&Key::new(key::UPDATED, type_id.0).time(updated_us).number(row.0), false);
        posting::index_keys(&values, row, extraction.composite(type_id), |key| pending.push(&key, false));
        if pending.len() >= KEYS_AT_ONCE {
            merges.add(connection, &cache, &mut pending)?;
        }
    }
    merges.add(connection, &cache, &mut pending)?;
    connection.execute(
        "INSERT INTO type_count(type, live) SELECT type, count(*) FROM resource WHERE state = ?1 GROUP BY type",
        params![LIVE],
    )?;
    Ok(())
}
