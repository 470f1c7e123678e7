//! Senders of HL7 v2 messages, known by the address they come from.

use crate::access::{Access, fixed};
use crate::database;
use crate::duty::{Duties, Duty};
use crate::error::{Error, Refused};
use crate::grant::{Grant, Holder};
use crate::name;
use crate::network::Network;
use crate::principal::{Origin, Principal, PrincipalKind};
use rusqlite::{Connection, OptionalExtension, params};
use std::net::IpAddr;
use std::sync::Arc;

/// The most sources.
pub const MAX_SOURCES: usize = 1_000;

/// What a source may do: its messages make and change records, and find the ones they are about. All it is told in return
/// is whether they arrived.
const SOURCE_SCOPES: &str = "system/*.cus";

/// The longest name of a character set.
const MAX_CHARACTER_SET_BYTES: usize = 40;

/// A source to be allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSource {
    /// What people call it, unique.
    pub name: String,
    /// The addresses it sends from.
    pub network: Network,
    /// The time zone of times without one, by its IANA name.
    pub time_zone: String,
    /// The character set of messages that name none, as MSH-18 would name it; whether it is known is the door's matter.
    pub character_set: String,
}

/// A source that is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its id, never given twice.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The addresses it sends from.
    pub network: Network,
    /// The time zone of times without one.
    pub time_zone: String,
    /// The character set of messages that name none.
    pub character_set: String,
    /// When it was allowed, µs since 1970 UTC.
    pub created_us: i64,
}

/// A source found by its address: what it may do, and how to read what it sends.
#[derive(Clone, Debug)]
pub struct AllowedSource {
    /// The proof that it may send.
    pub grant: Grant,
    /// Its settings.
    pub source: Arc<Source>,
}

/// A source as connections find it.
pub(crate) struct SourceEntry {
    source: Arc<Source>,
    holder: Arc<Holder>,
}

impl SourceEntry {
    fn new(source: Source) -> SourceEntry {
        let principal = Principal::new(PrincipalKind::Source, source.id, source.name.as_str());
        let holder = Holder::new(principal, fixed(SOURCE_SCOPES), Duties::None, None);
        SourceEntry { source: Arc::new(source), holder }
    }
}

impl Access {
    /// The source at `address`: the one with the narrowest network that holds it. Touches no file; ask for each message, so
    /// that changes hold for connections that are open.
    pub fn source_by_address(&self, address: IpAddr) -> Result<AllowedSource, Refused> {
        let memory = self.memory();
        let entry = memory
            .sources
            .iter()
            .filter(|entry| entry.source.network.contains(address))
            .max_by_key(|entry| entry.source.network.prefix_bits())
            .ok_or(Refused::UnknownAddress)?;
        Ok(AllowedSource {
            grant: Grant::new(Arc::clone(&entry.holder), Origin::mllp(address)),
            source: Arc::clone(&entry.source),
        })
    }

    /// The source of a name, if it is allowed: how to read what came from it earlier. Gives no right to anything.
    pub fn source_named(&self, name: &str) -> Option<Arc<Source>> {
        let memory = self.memory();
        memory.sources.iter().find(|entry| entry.source.name == name).map(|entry| Arc::clone(&entry.source))
    }

    /// Allows a source. Needs the right to administer.
    pub fn allow_source(&self, grant: &Grant, new: &NewSource, now_us: i64) -> Result<i64, Error> {
        let name = name::check("source name", &new.name)?;
        let time_zone = check_time_zone(&new.time_zone)?;
        let character_set = check_character_set(&new.character_set)?;
        let network = new.network.to_string();
        let described = format!("{name} {network} {time_zone} {character_set}");
        let source = Source {
            id: 0,
            name: name.to_owned(),
            network: new.network,
            time_zone: time_zone.clone(),
            character_set: character_set.to_owned(),
            created_us: now_us,
        };
        self.administer(
            grant,
            (Duty::System, "allow source"),
            described.clone(),
            now_us,
            |transaction, target| {
                let count: i64 = transaction.query_row("SELECT count(*) FROM source", [], |row| row.get(0))?;
                if count >= MAX_SOURCES as i64 {
                    return Err(Error::Invalid {
                        field: "sources",
                        problem: format!("there are {MAX_SOURCES} already"),
                    });
                }
                let same: Option<String> = transaction
                    .query_row("SELECT name FROM source WHERE network = ?", [&network], |row| row.get(0))
                    .optional()?;
                if same.is_some() {
                    return Err(Error::Taken { kind: "source", field: "network", value: network.clone() });
                }
                let inserted = transaction.execute(
                    "INSERT INTO source(name, network, time_zone, character_set, created_us) VALUES (?,?,?,?,?)",
                    params![name, network, time_zone, character_set, now_us],
                );
                match inserted {
                    Err(error) if database::is_taken(&error) => {
                        return Err(Error::Taken { kind: "source", field: "name", value: name.to_owned() });
                    }
                    other => other?,
                };
                let id = transaction.last_insert_rowid();
                *target = format!("source/{id} {described}");
                Ok(id)
            },
            |memory, &id| memory.sources.push(SourceEntry::new(Source { id, ..source })),
        )
    }

    /// Takes a source away: when this returns, its address opens nothing any more, and every grant made from it denies.
    /// Needs the right to administer.
    pub fn remove_source(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        self.administer(
            grant,
            (Duty::System, "remove source"),
            format!("source/{id}"),
            now_us,
            |transaction, target| {
                let name: Option<String> =
                    transaction.query_row("SELECT name FROM source WHERE id = ?", [id], |row| row.get(0)).optional()?;
                *target = format!("source/{id} {}", name.ok_or(Error::NotFound { kind: "source", id })?);
                transaction.execute("DELETE FROM source WHERE id = ?", [id])?;
                Ok(())
            },
            |memory, ()| {
                memory.sources.retain(|entry| {
                    if entry.source.id == id {
                        entry.holder.revoke();
                    }
                    entry.source.id != id
                });
            },
        )
    }

    /// All sources in the order in which they were allowed. Needs the right to administer.
    pub fn list_sources(&self, grant: &Grant) -> Result<Vec<Source>, Error> {
        grant.may_administer()?;
        Ok(self.memory().sources.iter().map(|entry| Source::clone(&entry.source)).collect())
    }
}

/// The zone's name as the time zone database spells it.
fn check_time_zone(time_zone: &str) -> Result<String, Error> {
    let time_zone = time_zone.trim();
    let known = jiff::tz::TimeZone::get(time_zone).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    known.ok_or_else(|| Error::Invalid {
        field: "time zone",
        problem: format!("'{time_zone}' is not known; write an IANA name, as in Europe/Berlin or UTC"),
    })
}

fn check_character_set(character_set: &str) -> Result<&str, Error> {
    let character_set = character_set.trim();
    let is_word = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if character_set.is_empty() || character_set.len() > MAX_CHARACTER_SET_BYTES || !character_set.bytes().all(is_word)
    {
        let problem = "must be a name as in MSH-18, as in 'UNICODE UTF-8' or '8859/1'".to_owned();
        return Err(Error::Invalid { field: "character set", problem });
    }
    Ok(character_set)
}

/// The sources of the database, as connections look them up.
pub(crate) fn load(connection: &Connection) -> Result<Vec<SourceEntry>, Error> {
    let mut statement =
        connection.prepare("SELECT id, name, network, time_zone, character_set, created_us FROM source ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut sources = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let network: String = row.get(2)?;
        let network = network.parse().map_err(|error| Error::Damaged { what: format!("source {id}: {error}") })?;
        sources.push(SourceEntry::new(Source {
            id,
            name: row.get(1)?,
            network,
            time_zone: row.get(3)?,
            character_set: row.get(4)?,
            created_us: row.get(5)?,
        }));
    }
    Ok(sources)
}

#[cfg(test)]
mod tests;
