use crate::access::Access;
use crate::database;
use crate::duty::{Duties, Duty};
use crate::error::{Error, Refused};
use crate::grant::{Denied, Grant, Holder};
use crate::name;
use crate::principal::{Origin, Principal, PrincipalKind};
use crate::scope::{ScopeTypes, Scopes, Types};
use crate::secret::{Random, Secret, SecretHash, has_shape};
use crate::trail::{self, Entry, Outcome};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What every token begins with, so that people and secret scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "mw_";

/// The most tokens that exist at a time, revoked ones not counted.
pub const MAX_TOKENS: usize = 10_000;

/// The most revoked tokens whose holders are still told so; those of older revocations are unknown after a restart.
const MAX_REVOKED: usize = 10_000;

/// The purpose token hashes are made for.
const PURPOSE: &str = "token";

/// A token to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// What people call it, unique among the tokens that have not been revoked.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
    /// The id of the patient whom its `patient/` scopes are about; `None` if it has none.
    pub patient: Option<String>,
    /// When it ends, µs since 1970 UTC; never if `None`.
    pub expires_us: Option<i64>,
}

/// A token as listed: all but its secret, which nobody keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Its id, never given twice.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
    /// The patient whom its `patient/` scopes are about.
    pub patient: Option<String>,
    /// When it was made, µs since 1970 UTC.
    pub created_us: i64,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires_us: Option<i64>,
    /// When it was last used, as of the last [`Access::tend`].
    pub used_us: Option<i64>,
    /// When it was revoked.
    pub revoked_us: Option<i64>,
}

/// A token just made, with the secret that is shown this once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreatedToken {
    /// Its id.
    pub id: i64,
    /// What its holder presents.
    pub secret: Secret,
}

/// A token as requests find it. Revoked ones stay, so that their holders learn why they are refused.
pub(crate) struct TokenEntry {
    id: i64,
    hash: SecretHash,
    holder: Arc<Holder>,
    /// µs since 1970 UTC, 0 for never.
    used_us: AtomicI64,
    /// Tries with it since it was revoked or expired that no audit row tells of yet, and where the last came from.
    tries: Mutex<Option<(u64, Origin)>>,
}

impl TokenEntry {
    fn new(id: i64, hash: SecretHash, new: &NewToken) -> TokenEntry {
        let principal = Principal::new(PrincipalKind::Token, id, &new.name);
        let (scopes, patient) = (new.scopes.clone(), new.patient.as_deref());
        let holder = Holder::of_patient(principal, scopes, patient, Duties::None, new.expires_us);
        TokenEntry { id, hash, holder, used_us: AtomicI64::new(0), tries: Mutex::default() }
    }
}

impl TokenEntry {
    fn note_try(&self, origin: Origin) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tries.map_or(0, |(count, _)| count) + 1;
        *tries = Some((count, origin));
    }
}

impl Access {
    /// The grant of whoever presents `token`. Touches no file: the time of use is kept in memory until [`Access::tend`].
    pub fn authenticate_token(&self, token: &str, origin: Origin, now_us: i64) -> Result<Grant, Refused> {
        if !has_shape(token, TOKEN_PREFIX) {
            return Err(Refused::UnknownToken);
        }
        let hash = SecretHash::of(PURPOSE, token);
        let memory = self.memory();
        let entry = memory.tokens.get(&hash).filter(|entry| entry.hash.matches(&hash)).ok_or(Refused::UnknownToken)?;
        let refused = if entry.holder.is_revoked() {
            Some(Refused::RevokedToken)
        } else if entry.holder.is_expired(now_us) {
            Some(Refused::ExpiredToken)
        } else {
            None
        };
        if let Some(refused) = refused {
            entry.note_try(origin);
            return Err(refused);
        }
        entry.used_us.fetch_max(now_us, Ordering::Relaxed);
        Ok(Grant::new(Arc::clone(&entry.holder), origin))
    }

    /// Makes a token. Needs the duty of security, and everything that the token will allow: nobody hands on what he does not
    /// hold, so that an administrator without clinical data has none by a detour either.
    pub fn create_token(
        &self,
        grant: &Grant,
        new: &NewToken,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<CreatedToken, Error> {
        let name = name::check("token name", &new.name)?;
        check_scopes(new, self.types)?;
        if new.expires_us.is_some_and(|expires_us| expires_us <= now_us) {
            return Err(Error::Invalid { field: "token expiry", problem: "must lie in the future".to_owned() });
        }
        let patient = new.patient.as_deref().map_or_else(String::new, |patient| format!(" of Patient/{patient}"));
        let described = format!("{name} [{}]{patient}", new.scopes);
        let named = NewToken { name: name.to_owned(), ..new.clone() };
        self.demand_duty(Duty::Security, grant, "create token", &described, now_us)?;
        if let Err(denied) = holds_all(grant, &new.scopes) {
            return Err(self.refused(grant, "create token", &described, now_us, denied));
        }
        let secret = Secret::draw(TOKEN_PREFIX, random);
        let hash = SecretHash::of(PURPOSE, secret.reveal());
        let id = self.administer(grant, (Duty::Security, "create token"),
            described.clone(),
            now_us,
            |transaction, target| {
                let live: i64 =
                    transaction
                        .query_row("SELECT count(*) FROM token WHERE revoked_us IS NULL", [], |row| row.get(0))?;
                if live >= MAX_TOKENS as i64 {
                    let problem = format!("there are {MAX_TOKENS} already: revoke some first");
                    return Err(Error::Invalid { field: "tokens", problem });
                }
                let inserted = transaction.execute(
                    "INSERT INTO token(hash, name, scopes, created_us, created_by, expires_us, patient) VALUES (?,?,?,?,?,?,?)",
                    params![
                        hash.0,
                        name,
                        new.scopes.to_string(),
                        now_us,
                        grant.principal().to_string(),
                        new.expires_us,
                        new.patient
                    ],
                );
                match inserted {
                    Err(error) if database::is_taken(&error) => {
                        return Err(Error::Taken { kind: "token", field: "name", value: name.to_owned() });
                    }
                    other => other?,
                };
                let id = transaction.last_insert_rowid();
                *target = format!("token/{id} {described}");
                Ok(id)
            },
            |memory, &id| {
                memory.tokens.insert(hash, TokenEntry::new(id, hash, &named));
            },
        )?;
        Ok(CreatedToken { id, secret })
    }

    /// All tokens, newest last, revoked ones included. Needs the duty of security.
    pub fn list_tokens(&self, grant: &Grant) -> Result<Vec<Token>, Error> {
        grant.may_do(Duty::Security)?;
        let database = self.database();
        let mut statement = database.prepare_cached(
            "SELECT id, name, scopes, created_us, created_by, expires_us, used_us, revoked_us, patient FROM token
             ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            tokens.push(Token {
                id,
                name: row.get(1)?,
                scopes: stored_scopes(id, &row.get::<_, String>(2)?)?,
                created_us: row.get(3)?,
                created_by: row.get(4)?,
                expires_us: row.get(5)?,
                used_us: row.get(6)?,
                revoked_us: row.get(7)?,
                patient: row.get(8)?,
            });
        }
        let memory = self.memory();
        let used: HashMap<i64, i64> =
            memory.tokens.values().map(|entry| (entry.id, entry.used_us.load(Ordering::Relaxed))).collect();
        for token in &mut tokens {
            token.used_us = token.used_us.max(used.get(&token.id).copied().filter(|&used_us| used_us > 0));
        }
        Ok(tokens)
    }

    /// Revokes a token: when this returns, it opens nothing any more, and every grant made from it denies. Revoking it again
    /// changes nothing. Needs the duty of security.
    pub fn revoke_token(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        self.administer(
            grant,
            (Duty::Security, "revoke token"),
            format!("token/{id}"),
            now_us,
            |transaction, target| {
                let name: Option<String> =
                    transaction.query_row("SELECT name FROM token WHERE id = ?", [id], |row| row.get(0)).optional()?;
                let name = name.ok_or(Error::NotFound { kind: "token", id })?;
                *target = format!("token/{id} {name}");
                transaction
                    .execute("UPDATE token SET revoked_us = ? WHERE id = ? AND revoked_us IS NULL", [now_us, id])?;
                Ok(())
            },
            |memory, ()| {
                if let Some(entry) = memory.tokens.values().find(|entry| entry.id == id) {
                    entry.holder.revoke();
                }
            },
        )
    }
}

/// Writes times of use to the database; part of [`Access::tend`].
pub(crate) fn save_uses(connection: &Connection, tokens: &HashMap<SecretHash, TokenEntry>) -> Result<(), Error> {
    let mut statement =
        connection.prepare_cached("UPDATE token SET used_us = ?1 WHERE id = ?2 AND used_us IS NOT ?1")?;
    for entry in tokens.values() {
        let used_us = entry.used_us.load(Ordering::Relaxed);
        if used_us > 0 {
            statement.execute([used_us, entry.id])?;
        }
    }
    Ok(())
}

/// Writes down that tokens were tried that are revoked or over, a row a token; part of [`Access::tend`].
pub(crate) fn save_tries(
    connection: &Connection,
    tokens: &HashMap<SecretHash, TokenEntry>,
    now_us: i64,
) -> Result<(), Error> {
    for entry in tokens.values() {
        let tries = entry.tries.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((count, origin)) = tries else { continue };
        let why = if entry.holder.is_revoked() { "revoked" } else { "expired" };
        let target = format!("{why}, tries {count}");
        let row = Entry::new(&entry.holder.principal, origin, "use token", target, now_us);
        trail::append(connection, row.outcome(Outcome::Refused))?;
    }
    Ok(())
}

/// All tokens of the database, as requests look them up.
pub(crate) fn load(connection: &Connection) -> Result<HashMap<SecretHash, TokenEntry>, Error> {
    let mut statement = connection.prepare(
        "SELECT id, hash, name, scopes, expires_us, used_us, revoked_us, patient FROM token WHERE revoked_us IS NULL OR id IN
         (SELECT id FROM token WHERE revoked_us IS NOT NULL ORDER BY revoked_us DESC, id DESC LIMIT ?)",
    )?;
    let mut rows = statement.query([MAX_REVOKED as i64])?;
    let mut tokens = HashMap::new();
    while let Some(row) = rows.next()? {
        let (id, hash) = (row.get(0)?, SecretHash(row.get(1)?));
        let scopes = stored_scopes(id, &row.get::<_, String>(3)?)?;
        let token = NewToken { name: row.get(2)?, scopes, patient: row.get(7)?, expires_us: row.get(4)? };
        let entry = TokenEntry::new(id, hash, &token);
        entry.used_us.store(row.get::<_, Option<i64>>(5)?.unwrap_or(0), Ordering::Relaxed);
        if row.get::<_, Option<i64>>(6)?.is_some() {
            entry.holder.revoke();
        }
        tokens.insert(hash, entry);
    }
    Ok(tokens)
}

/// Whether whoever holds `grant` holds all that `scopes` allow.
fn holds_all(grant: &Grant, scopes: &Scopes) -> Result<(), Denied> {
    for scope in scopes.iter() {
        for permission in scope.permissions.iter() {
            match &scope.types {
                ScopeTypes::All => grant.may_all(permission)?,
                ScopeTypes::One(name) => grant.may(permission, name)?,
            }
        }
    }
    Ok(())
}

/// The longest id that FHIR allows.
const MAX_ID_CHARACTERS: usize = 64;

fn check_scopes(new: &NewToken, types: Types) -> Result<(), Error> {
    // Scopes may also have been built from parts; only what reads back may be stored.
    new.scopes.to_string().parse::<Scopes>()?;
    let refused = |problem: &str| Err(Error::Invalid { field: "patient", problem: problem.to_owned() });
    if let Some(patient) = &new.patient {
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if patient.is_empty() || patient.len() > MAX_ID_CHARACTERS || !patient.chars().all(is_id) {
            return refused("must be the id of a Patient, without 'Patient/': at most 64 letters, digits, '-' and '.'");
        }
        if !new.scopes.are_of_patient() {
            return refused("limits 'patient/' scopes only, and there is none: write patient/ instead of system/");
        }
    }
    // `user/` reaches what `system/` does: every person who may hold a token sees all patients so far.
    Ok(new.scopes.check(types, new.patient.as_deref())?)
}

fn stored_scopes(id: i64, text: &str) -> Result<Scopes, Error> {
    text.parse().map_err(|error| Error::Damaged { what: format!("token {id}: {error}") })
}

#[cfg(test)]
mod tests;
