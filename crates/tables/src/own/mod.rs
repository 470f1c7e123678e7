//! Mappings that are kept in the data directory, version by version: what a page edits and saves.
//!
//! A mapping that comes with the program is read-only, and a folder is its owner's; these here are changed through the program.
//! Codes that people approved for a source's values are kept here too, and laid over the maps of whatever mapping the source has.
//!
//! Every version stays, with who saved it and when, so that it can be looked at and taken up again.

mod approvals;

pub use approvals::{Approval, LastUnmapped, NewCode, UCUM};

use crate::error::Error;
use crate::pull::may_see;
use crate::run::MappingFiles;
use access::{Grant, Permission};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The layout of the store.
const LAYOUT: i64 = 2;
/// How long a command waits for another process to end its commit.
const BUSY: Duration = Duration::from_secs(10);
/// Files of a mapping, at most.
const FILES: usize = 1_000;
/// Bytes of all files of a mapping, at most.
const BYTES: usize = 16 << 20;
/// The longest name of a mapping, and of a file.
const NAME_BYTES: usize = 64;
/// Mappings that can be kept.
const MAPPINGS: i64 = 1_000;
/// The longest note.
const NOTE_BYTES: usize = 1_000;

const TABLES: &str = "
CREATE TABLE version (
    name TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL, files BLOB NOT NULL, at_us INTEGER NOT NULL, by TEXT NOT NULL,
    note TEXT, PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
";

/// A version of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnVersion {
    /// The mapping's name.
    pub name: String,
    /// Its number: 1, 2, 3 …
    pub version: i64,
    /// Hash of its files, in hex.
    pub hash: String,
    /// When it was saved, µs UTC.
    pub at_us: i64,
    /// Who saved it.
    pub by: String,
    /// What they said about it.
    pub note: Option<String>,
}

/// The store of a site's own mappings.
pub struct OwnMappings {
    db: Mutex<Connection>,
    path: PathBuf,
}

impl OwnMappings {
    /// Opens the store at `path`, making it if it is new.
    ///
    /// # Errors
    /// [`Error::Catalogue`], [`Error::File`], [`Error::Name`] if a newer program made it.
    pub fn open(path: &Path) -> Result<OwnMappings, Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::file("make", folder, error))?;
        }
        let mut db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        let making = db.transaction()?;
        match making.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
            before @ 0..LAYOUT => {
                if before == 0 {
                    making.execute_batch(TABLES)?;
                }
                making.execute_batch(approvals::TABLES)?;
                making.pragma_update(None, "user_version", LAYOUT)?;
                making.commit()?;
            }
            LAYOUT => drop(making),
            newer => {
                return Err(Error::Name(format!(
                    "{} was made by a newer program (layout {newer}, this one knows {LAYOUT}): use that program",
                    path.display()
                )));
            }
        }
        Ok(OwnMappings { db: Mutex::new(db), path: path.to_owned() })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest version of each mapping, by name.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub fn list(&self, grant: &Grant) -> Result<Vec<OwnVersion>, Error> {
        may_see(grant)?;
        let db = self.db();
        let mut query = db.prepare(
            "SELECT v.name, v.version, v.hash, v.at_us, v.by, v.note FROM version v
             WHERE v.version = (SELECT max(w.version) FROM version w WHERE w.name = v.name) ORDER BY v.name",
        )?;
        Ok(query.query_map([], version_of)?.collect::<Result<_, _>>()?)
    }

    /// The versions of a mapping, newest first.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn versions(&self, grant: &Grant, name: &str) -> Result<Vec<OwnVersion>, Error> {
        may_see(grant)?;
        let db = self.db();
        let sql = "SELECT name, version, hash, at_us, by, note FROM version WHERE name = ?1 ORDER BY version DESC";
        let all: Vec<OwnVersion> = db.prepare(sql)?.query_map([name], version_of)?.collect::<Result<_, _>>()?;
        if all.is_empty() { Err(unknown(name)) } else { Ok(all) }
    }

    /// A version of a mapping with its files; the newest if none is named.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn get(&self, grant: &Grant, name: &str, version: Option<i64>) -> Result<(OwnVersion, MappingFiles), Error> {
        may_see(grant)?;
        self.find(name, version)?.ok_or_else(|| unknown(name))
    }

    /// Whether there is a mapping of this name: names of mappings are no secret to whoever may add a source.
    ///
    /// # Errors
    /// [`Error::Catalogue`].
    pub fn has(&self, name: &str) -> Result<bool, Error> {
        Ok(self.db().query_row("SELECT count(*) FROM version WHERE name = ?1", [name], |row| row.get::<_, i64>(0))? > 0)
    }

    fn find(&self, name: &str, version: Option<i64>) -> Result<Option<(OwnVersion, MappingFiles)>, Error> {
        let sql = "SELECT name, version, hash, at_us, by, note, files FROM version
                   WHERE name = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1";
        let found: Option<(OwnVersion, Vec<u8>)> =
            self.db().query_row(sql, params![name, version], |row| Ok((version_of(row)?, row.get(6)?))).optional()?;
        let Some((of, packed)) = found else { return Ok(None) };
        let damaged = |error| Error::file("unpack a mapping in", &self.path, error);
        let text = zstd::stream::decode_all(packed.as_slice()).map_err(damaged)?;
        let files = serde_json::from_slice(&text).map_err(|error| damaged(error.into()))?;
        Ok(Some((of, files)))
    }

    /// Saves a mapping. `base` is the version that whoever saves began from; none for a mapping that is new. Files that are as they
    /// were make no new version.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Conflict`] if another version was saved meanwhile; [`Error::Name`] for names that are none and
    /// for too much.
    pub fn save(
        &self,
        grant: &Grant,
        name: &str,
        files: &MappingFiles,
        base: Option<i64>,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<OwnVersion, Error> {
        may_save(grant)?;
        check_name(name)?;
        // What is approved is kept by itself; an editor may have been given it with the rest.
        let files: &MappingFiles =
            &files.iter().filter(|(path, _)| !crate::codes::is_approved_here(path)).cloned().collect();
        check_files(files)?;
        if note.is_some_and(|note| note.len() > NOTE_BYTES) {
            return Err(Error::Name(format!("a note has at most {NOTE_BYTES} bytes")));
        }
        let hash = hash_of(files);
        let text = serde_json::json!(files).to_string();
        let packed = zstd::bulk::compress(text.as_bytes(), 3)
            .map_err(|error| Error::file("pack a mapping in", &self.path, error))?;
        let mut db = self.db();
        let saving = db.transaction()?;
        let newest: Option<(i64, String)> = saving
            .query_row(
                "SELECT version, hash FROM version WHERE name = ?1 ORDER BY version DESC LIMIT 1",
                [name],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let newest_version = newest.as_ref().map(|(version, _)| *version);
        if newest_version != base {
            return Err(Error::Conflict(match newest_version {
                None => format!("there is no mapping \"{name}\" yet: save it without a base"),
                Some(version) => format!(
                    "mapping \"{name}\" is at version {version} by now: look at that one, then save with it as base"
                ),
            }));
        }
        if newest.as_ref().is_none_or(|(_, before)| *before != hash) {
            let kept: i64 = saving.query_row("SELECT count(DISTINCT name) FROM version", [], |row| row.get(0))?;
            if newest.is_none() && kept >= MAPPINGS {
                return Err(Error::Name(format!("there are {MAPPINGS} mappings already")));
            }
            saving.execute(
                "INSERT INTO version (name, version, hash, files, at_us, by, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    name,
                    newest_version.unwrap_or(0) + 1,
                    hash,
                    packed,
                    now_us,
                    grant.principal().to_string(),
                    note.filter(|note| !note.trim().is_empty())
                ],
            )?;
        }
        let sql =
            "SELECT name, version, hash, at_us, by, note FROM version WHERE name = ?1 ORDER BY version DESC LIMIT 1";
        let saved = saving.query_row(sql, [name], version_of)?;
        saving.commit()?;
        Ok(saved)
    }

    /// Forgets a mapping with all its versions. What runs made of it keeps the version that made it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unknown`].
    pub fn remove(&self, grant: &Grant, name: &str) -> Result<(), Error> {
        may_save(grant)?;
        match self.db().execute("DELETE FROM version WHERE name = ?1", [name])? {
            0 => Err(unknown(name)),
            _ => Ok(()),
        }
    }
}

/// Mappings decide what is stored.
fn may_save(grant: &Grant) -> Result<(), access::Denied> {
    may_see(grant)?;
    grant.may_all(Permission::Update)
}

fn unknown(name: &str) -> Error {
    Error::Unknown { what: "mapping", name: name.to_owned(), hint: None }
}

fn version_of(row: &Row<'_>) -> rusqlite::Result<OwnVersion> {
    Ok(OwnVersion {
        name: row.get(0)?,
        version: row.get(1)?,
        hash: row.get(2)?,
        at_us: row.get(3)?,
        by: row.get(4)?,
        note: row.get(5)?,
    })
}

/// Hash of the files of a mapping, in hex: paths and texts as they are.
pub fn hash_of(files: &MappingFiles) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in files {
        for part in [path.as_bytes(), text.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().to_string()
}

fn check_name(name: &str) -> Result<(), Error> {
    let first = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if !first || name.len() > NAME_BYTES || !name.chars().all(fits) {
        return Err(Error::Name(format!(
            "\"{name}\" is no name of a mapping: a small letter, then small letters, digits, - _ and ., {NAME_BYTES} at most"
        )));
    }
    if crate::run::shipped().iter().any(|shipped| shipped == name) {
        return Err(Error::Name(format!(
            "\"{name}\" comes with the program and is read-only: save it under another name"
        )));
    }
    Ok(())
}

/// Only files that a mapping's folder would hold.
fn check_files(files: &MappingFiles) -> Result<(), Error> {
    let bytes: usize = files.iter().map(|(path, text)| path.len() + text.len()).sum();
    if files.len() > FILES || bytes > BYTES {
        return Err(Error::Name(format!(
            "too large for a mapping: {FILES} files of {} MiB together at most",
            BYTES >> 20
        )));
    }
    let mut seen = std::collections::HashSet::new();
    for (path, _) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_known = matches!(folder, "" | "views" | "codes" | "units" | "tests")
            && matches!(extension, "toml" | "sql" | "csv" | "json" | "md");
        let is_plain = !path.starts_with('/')
            && !name.starts_with('.')
            && name.len() <= NAME_BYTES * 2
            && !name.contains(|c: char| c.is_control() || "\\:*?\"<>|".contains(c));
        if !is_known || !is_plain {
            return Err(Error::Name(format!(
                "\"{path}\" is no file of a mapping: mapping.toml, README.md, *.sql, views/*.sql, codes/*.csv or .json, units/*.csv, tests/*.toml or .json"
            )));
        }
        if !seen.insert(path) {
            return Err(Error::Name(format!("\"{path}\" is there twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::{Principal, PrincipalKind};

    fn grant(scopes: &str) -> Grant {
        Grant::for_test(Principal::new(PrincipalKind::Person, 1, "ada"), scopes)
    }

    fn files(text: &str) -> MappingFiles {
        vec![("mapping.toml".into(), "name = \"a\"\n".into()), ("patient.sql".into(), text.into())]
    }

    #[test]
    fn each_save_is_a_version_and_nobody_overwrites_what_he_has_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let ada = grant("user/*.cruds");
        let first = own.save(&ada, "ward", &files("a"), None, None, 10).unwrap();
        assert_eq!((first.version, first.by.as_str()), (1, "person/1 (ada)"));
        assert_eq!(
            own.save(&ada, "ward", &files("a"), Some(1), Some("same"), 11).unwrap(),
            first,
            "nothing is different"
        );
        assert_eq!(own.save(&ada, "ward", &files("b"), Some(1), Some("b"), 12).unwrap().version, 2);
        for base in [None, Some(1), Some(3)] {
            assert!(matches!(own.save(&ada, "ward", &files("c"), base, None, 13), Err(Error::Conflict(_))), "{base:?}");
        }
        assert!(matches!(own.save(&ada, "other", &files("c"), Some(1), None, 13), Err(Error::Conflict(_))));
        drop(own);
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        assert_eq!(own.get(&ada, "ward", Some(1)).unwrap(), (first, files("a")));
        assert_eq!(own.get(&ada, "ward", None).unwrap().1, files("b"));
        assert_eq!(own.versions(&ada, "ward").unwrap().iter().map(|v| v.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(own.list(&ada).unwrap().len(), 1);
        own.remove(&ada, "ward").unwrap();
        assert!(matches!(own.get(&ada, "ward", None), Err(Error::Unknown { .. })));
    }

    #[test]
    fn who_may_not_see_rows_sees_no_mapping_and_who_may_not_update_saves_none() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let reader = grant("user/*.rs");
        assert!(own.list(&reader).unwrap().is_empty());
        assert!(matches!(own.save(&reader, "ward", &files("a"), None, None, 10), Err(Error::Denied(_))));
        for scopes in ["", "user/Patient.cruds", "user/*.cud"] {
            assert!(matches!(own.list(&grant(scopes)), Err(Error::Denied(_))), "{scopes}");
            assert!(matches!(own.get(&grant(scopes), "ward", None), Err(Error::Denied(_))), "{scopes}");
            assert!(matches!(own.remove(&grant(scopes), "ward"), Err(Error::Denied(_))), "{scopes}");
        }
    }

    #[test]
    fn names_that_are_none_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnMappings::open(&folder.path().join("own.db")).unwrap();
        let ada = grant("user/*.cruds");
        for name in ["", "Ward", "../x", "his-zh", "a/b"] {
            assert!(matches!(own.save(&ada, name, &files("a"), None, None, 1), Err(Error::Name(_))), "{name}");
        }
        for path in ["../a.sql", "/a.sql", "x/a.sql", "a.exe", "codes/a.sql.", ".a.sql", "a:b.sql", "mapping.toml"] {
            let mut files = files("a");
            files.push((path.into(), String::new()));
            assert!(matches!(own.save(&ada, "ward", &files, None, None, 1), Err(Error::Name(_))), "{path}");
        }
    }
}
