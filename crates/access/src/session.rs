//! What a sign-in opens and for how long.

use crate::access::{Access, Memory};
use crate::account::{self, Account};
use crate::duty::{Appointed, Duty};
use crate::error::{Error, Refused, SignInRefused};
use crate::grant::{Denied, Grant, Holder, Need};
use crate::link;
use crate::password;
use crate::principal::{Origin, PrincipalKind};
use crate::secret::{Random, Secret, SecretHash, has_shape};
use crate::trail::{self, Entry};
use rusqlite::{Connection, Transaction, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A session ends when it was not used for so long.
pub const IDLE_US: i64 = 30 * 60 * 1_000_000;

/// A session ends so long after its sign-in, however much it is used.
pub const SESSION_US: i64 = 12 * 3600 * 1_000_000;

/// The most sessions of one account; the next sign-in ends the oldest.
pub const MAX_SESSIONS_PER_ACCOUNT: usize = 20;

/// The purposes that hashes of a session's cookie are made for.
const PURPOSE: &str = "session";
const CSRF_PURPOSE: &str = "csrf";

/// A sign-in that succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The session's id, by which it is listed and ended.
    pub session_id: i64,
    /// The cookie's value, kept nowhere but with the person.
    pub cookie: Secret,
    /// When the session ends at the latest, µs since 1970 UTC.
    pub expires_us: i64,
    /// Who signed in.
    pub account: Account,
}

/// A session as listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// When it began, µs since 1970 UTC.
    pub created_us: i64,
    /// When it was last used.
    pub seen_us: i64,
    /// When it ends if it is not used.
    pub expires_us: i64,
    /// Since when it is locked, if it is.
    pub locked_us: Option<i64>,
    /// Door and address of the sign-in.
    pub origin: String,
}

/// Whose session a cookie opens, locked or not. It allows nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionHolder {
    /// The session's id.
    pub session_id: i64,
    /// Whose it is.
    pub account_id: i64,
    /// Whether it is locked.
    pub is_locked: bool,
}

/// Whether a request shows that somebody is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// A person's act: the session's time of idling begins anew.
    Act,
    /// What a page does by itself, as following changes: the session idles on.
    Background,
}

/// A session as requests find it.
pub(crate) struct SessionEntry {
    id: i64,
    hash: SecretHash,
    pub(crate) account_id: i64,
    created_us: i64,
    seen_us: AtomicI64,
    /// µs since 1970 UTC, 0 while it is not locked.
    locked_us: AtomicI64,
    origin: String,
    holder: Arc<Holder>,
}

impl SessionEntry {
    /// A locked session does not idle out: nothing can be had with it but by the password, which also opens a new one.
    fn is_over(&self, now_us: i64) -> bool {
        let idle_us = now_us - self.seen_us.load(Ordering::Relaxed);
        let is_idle = idle_us >= IDLE_US && !self.is_locked();
        self.holder.is_revoked() || self.holder.is_expired(now_us) || is_idle
    }

    fn is_locked(&self) -> bool {
        self.locked_us.load(Ordering::Acquire) != 0
    }
}

impl Memory {
    /// Ends sessions, and every grant made from them.
    pub(crate) fn end_sessions(&mut self, is_ended: impl Fn(&SessionEntry) -> bool) {
        self.sessions.retain(|_, session| {
            let ended = is_ended(session);
            if ended {
                session.holder.revoke();
            }
            !ended
        });
    }
}

/// The token that forms and scripts of a session send along to show that they are the session's own. It follows from the
/// cookie and is not secret from its holder; the cookie cannot be had from it.
pub fn csrf_token(cookie: &str) -> String {
    SecretHash::of(CSRF_PURPOSE, cookie).0.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether `presented` is the token of the session with this cookie.
pub fn csrf_matches(cookie: &str, presented: &str) -> bool {
    // Hashed once more so that the comparison tells nothing through its time.
    SecretHash::of(CSRF_PURPOSE, &csrf_token(cookie)).matches(&SecretHash::of(CSRF_PURPOSE, presented))
}

impl Access {
    /// Signs a person in. Each failure is audited; [`MAX_TRIES`](crate::MAX_TRIES) of them lock the name. Blocks for as long as a
    /// password takes to hash.
    pub fn sign_in(
        &self,
        name: &str,
        password: &str,
        origin: Origin,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<SignedIn, Error> {
        let account = self.prove_password(name, password, origin, "sign in", now_us, random)?;
        let mut database = self.database();
        let transaction = database.transaction()?;
        // While the password was hashed, the account may have changed.
        let now_is = account::find(&transaction, account.id)?.filter(|found| *found == account);
        let account = now_is.ok_or(SignInRefused::Wrong)?;
        self.begin_session(transaction, account, "sign in", origin, now_us, random)
    }

    /// Begins a session of an account whose person was proven, and commits `transaction`. The database stays locked by the
    /// caller until it is in memory too.
    pub(crate) fn begin_session(
        &self,
        transaction: Transaction<'_>,
        account: Account,
        what: &str,
        origin: Origin,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<SignedIn, Error> {
        let cookie = Secret::draw("", random);
        let hash = SecretHash::of(PURPOSE, cookie.reveal());
        let expires_us = now_us + SESSION_US;
        transaction.execute(
            "INSERT INTO session(hash, account_id, created_us, seen_us, origin) VALUES (?1, ?2, ?3, ?3, ?4)",
            params![hash.0, account.id, now_us, origin.to_string()],
        )?;
        let session_id = transaction.last_insert_rowid();
        let crowded: Vec<i64> = transaction
            .prepare_cached("SELECT id FROM session WHERE account_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?")?
            .query_map(params![account.id, MAX_SESSIONS_PER_ACCOUNT as i64], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in &crowded {
            transaction.execute("DELETE FROM session WHERE id = ?", [id])?;
        }
        let target = format!("session/{session_id}");
        trail::append(&transaction, Entry::new(&account.principal(), origin, what, target, now_us))?;
        transaction.commit()?;
        let mut memory = self.memory_mut();
        memory.end_sessions(|session| crowded.contains(&session.id));
        let entry = SessionEntry {
            id: session_id,
            hash,
            account_id: account.id,
            created_us: now_us,
            seen_us: AtomicI64::new(now_us),
            locked_us: AtomicI64::new(0),
            origin: origin.to_string(),
            holder: account.holder(expires_us, &self.appointed),
        };
        memory.sessions.insert(hash, entry);
        Ok(SignedIn { session_id, cookie, expires_us, account })
    }

    /// The grant of the session with this cookie. Touches no file: the time of use is kept in memory until
    /// [`Access::tend`].
    pub fn session(&self, cookie: &str, origin: Origin, now_us: i64) -> Result<Grant, Refused> {
        self.session_for(cookie, Use::Act, origin, now_us)
    }

    /// The same, where it matters whether the request shows that somebody is there.
    pub fn session_for(&self, cookie: &str, used: Use, origin: Origin, now_us: i64) -> Result<Grant, Refused> {
        self.with_session(cookie, now_us, |entry| {
            if entry.is_locked() {
                return Err(Refused::Locked);
            }
            if used == Use::Act {
                entry.seen_us.fetch_max(now_us, Ordering::Relaxed);
            }
            Ok(Grant::new(Arc::clone(&entry.holder), origin))
        })
    }

    /// Whose session this cookie opens, also while it is locked. It is not a use of it.
    pub fn session_holder(&self, cookie: &str, now_us: i64) -> Result<SessionHolder, Refused> {
        self.with_session(cookie, now_us, |entry| {
            Ok(SessionHolder { session_id: entry.id, account_id: entry.account_id, is_locked: entry.is_locked() })
        })
    }

    fn with_session<T>(
        &self,
        cookie: &str,
        now_us: i64,
        look: impl FnOnce(&SessionEntry) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        if !has_shape(cookie, "") {
            return Err(Refused::NoSession);
        }
        let hash = SecretHash::of(PURPOSE, cookie);
        let memory = self.memory();
        let entry = memory.sessions.get(&hash).filter(|entry| entry.hash.matches(&hash)).ok_or(Refused::NoSession)?;
        if entry.is_over(now_us) {
            // For good: a clock set back must not bring it to life again.
            entry.holder.revoke();
            return Err(Refused::NoSession);
        }
        look(entry)
    }

    /// The account behind a session, for the page that asks its person to unlock it.
    pub fn account_of_session(&self, holder: &SessionHolder) -> Result<Option<Account>, Error> {
        account::find(&self.database(), holder.account_id)
    }

    /// Locks the session with this cookie: until [`Access::unlock_session`] it opens nothing. That it is locked already is
    /// fine.
    pub fn lock_session(&self, cookie: &str, origin: Origin, now_us: i64) -> Result<(), Error> {
        let holder = self.session_holder(cookie, now_us).map_err(|_| Error::NoSession)?;
        if holder.is_locked {
            return Ok(());
        }
        self.set_lock(&holder, Some(now_us), "lock session", origin, now_us)
    }

    /// Unlocks the session with this cookie by its person's password. Wrong ones count as failed sign-ins do. Blocks for as
    /// long as a password takes to hash.
    pub fn unlock_session(
        &self,
        cookie: &str,
        password: &str,
        origin: Origin,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<(), Error> {
        let holder = self.session_holder(cookie, now_us).map_err(|_| Error::NoSession)?;
        let account = self.account_of_session(&holder)?.ok_or(Error::NoSession)?;
        let proven = self.prove_password(&account.name, password, origin, "unlock session", now_us, random)?;
        // What changes an account ends its sessions, and that is seen here again.
        let holder = self.session_holder(cookie, now_us).map_err(|_| Error::NoSession)?;
        if holder.account_id != proven.id {
            return Err(Error::NoSession);
        }
        self.set_lock(&holder, None, "unlock session", origin, now_us)
    }

    fn set_lock(
        &self,
        holder: &SessionHolder,
        locked_us: Option<i64>,
        what: &str,
        origin: Origin,
        now_us: i64,
    ) -> Result<(), Error> {
        let mut database = self.database();
        let transaction = database.transaction()?;
        let account = account::find(&transaction, holder.account_id)?.ok_or(Error::NoSession)?;
        let changed = transaction.execute(
            "UPDATE session SET locked_us = ?, seen_us = max(seen_us, ?) WHERE id = ?",
            params![locked_us, now_us, holder.session_id],
        )?;
        if changed == 0 {
            return Err(Error::NoSession);
        }
        let target = format!("session/{}", holder.session_id);
        trail::append(&transaction, Entry::new(&account.principal(), origin, what, target, now_us))?;
        transaction.commit()?;
        let memory = self.memory();
        if let Some(entry) = memory.sessions.values().find(|entry| entry.id == holder.session_id) {
            // First the time, then the lock: a session that is unlocked must not be found idle in between.
            entry.seen_us.fetch_max(now_us, Ordering::Relaxed);
            entry.locked_us.store(locked_us.unwrap_or(0), Ordering::Release);
        }
        Ok(())
    }

    /// Ends the session with this cookie. That there is none is fine.
    pub fn sign_out(&self, cookie: &str, origin: Origin, now_us: i64) -> Result<(), Error> {
        let hash = SecretHash::of(PURPOSE, cookie);
        let mut database = self.database();
        let Some((id, holder)) = self.memory().sessions.get(&hash).map(|entry| (entry.id, Arc::clone(&entry.holder)))
        else {
            return Ok(());
        };
        let transaction = database.transaction()?;
        transaction.execute("DELETE FROM session WHERE id = ?", [id])?;
        let target = format!("session/{id}");
        trail::append(&transaction, Entry::new(&holder.principal, origin, "sign out", target, now_us))?;
        transaction.commit()?;
        self.memory_mut().end_sessions(|session| session.id == id);
        Ok(())
    }

    /// The sessions that are open: everybody's for an administrator, one's own for a person.
    pub fn list_sessions(&self, grant: &Grant, now_us: i64) -> Result<Vec<Session>, Error> {
        let only = own_or_all(grant)?;
        let memory = self.memory();
        let mut sessions: Vec<Session> = memory
            .sessions
            .values()
            .filter(|entry| only.is_none_or(|id| entry.account_id == id) && !entry.is_over(now_us))
            .map(|entry| {
                let seen_us = entry.seen_us.load(Ordering::Relaxed);
                Session {
                    id: entry.id,
                    account_id: entry.account_id,
                    created_us: entry.created_us,
                    seen_us,
                    expires_us: if entry.is_locked() {
                        entry.created_us + SESSION_US
                    } else {
                        (seen_us + IDLE_US).min(entry.created_us + SESSION_US)
                    },
                    locked_us: Some(entry.locked_us.load(Ordering::Relaxed)).filter(|&locked_us| locked_us != 0),
                    origin: entry.origin.clone(),
                }
            })
            .collect();
        sessions.sort_by_key(|session| session.id);
        Ok(sessions)
    }

    /// Ends a session by its id: any for an administrator, one's own for a person.
    pub fn end_session(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        let only = own_or_all(grant)?;
        grant.check_current(now_us)?;
        let mut database = self.database();
        let known = self
            .memory()
            .sessions
            .values()
            .any(|entry| entry.id == id && only.is_none_or(|account_id| entry.account_id == account_id));
        if !known {
            return Err(Error::NotFound { kind: "session", id });
        }
        let transaction = database.transaction()?;
        transaction.execute("DELETE FROM session WHERE id = ?", [id])?;
        let target = format!("session/{id}");
        trail::append(&transaction, Entry::new(grant.principal(), grant.origin(), "end session", target, now_us))?;
        transaction.commit()?;
        self.memory_mut().end_sessions(|session| session.id == id);
        Ok(())
    }

    /// Changes the password of the person that holds `grant`, who must know the old one; ends the person's other sessions, and
    /// sign-in links that were not used.
    pub fn change_password(
        &self,
        grant: &Grant,
        old: &str,
        new: &str,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<(), Error> {
        grant.check_current(now_us)?;
        let own = self.own_account(grant)?;
        let own = own.ok_or(Error::Invalid { field: "password", problem: "only persons have one".to_owned() })?;
        password::check(new, &[&own.name, &own.display])?;
        let account = self.prove_password(&own.name, old, grant.origin(), "change password", now_us, random)?;
        let hash = self.hashing.hash(new, random)?;
        let mut database = self.database();
        let transaction = database.transaction()?;
        if account::find(&transaction, account.id)?.as_ref() != Some(&account) {
            return Err(SignInRefused::Wrong.into());
        }
        account::store_password(&transaction, account.id, &hash, now_us)?;
        let kept: Vec<i64> = {
            let memory = self.memory();
            memory.sessions.values().filter(|entry| grant.stands_on(&entry.holder)).map(|entry| entry.id).collect()
        };
        let kept = kept.first().copied().unwrap_or(0);
        transaction.execute("DELETE FROM session WHERE account_id = ? AND id <> ?", [account.id, kept])?;
        // A link that somebody else may hold is no way in either.
        link::delete_of(&transaction, account.id)?;
        let target = format!("person/{} {}", account.id, account.name);
        trail::append(&transaction, Entry::new(grant.principal(), grant.origin(), "change password", target, now_us))?;
        transaction.commit()?;
        self.memory_mut().end_sessions(|session| session.account_id == account.id && session.id != kept);
        Ok(())
    }
}

/// `None` for who may deal with everybody's sessions, else whose they must be.
fn own_or_all(grant: &Grant) -> Result<Option<i64>, Denied> {
    match (grant.may_do(Duty::Security), grant.principal().kind) {
        (Ok(()), _) => Ok(None),
        (Err(denied), PrincipalKind::Person) if denied.need == Need::Duty(Duty::Security) => {
            Ok(Some(grant.principal().id))
        }
        (Err(denied), _) => Err(denied),
    }
}

/// Writes times of use to the database and drops sessions that are over; part of [`Access::tend`].
pub(crate) fn tend(connection: &Connection, memory: &Memory, now_us: i64) -> Result<Vec<i64>, Error> {
    let mut seen = connection.prepare_cached("UPDATE session SET seen_us = ?1 WHERE id = ?2 AND seen_us < ?1")?;
    let mut delete = connection.prepare_cached("DELETE FROM session WHERE id = ?")?;
    let mut over = Vec::new();
    for entry in memory.sessions.values() {
        if entry.is_over(now_us) {
            delete.execute([entry.id])?;
            over.push(entry.id);
        } else {
            seen.execute([entry.seen_us.load(Ordering::Relaxed), entry.id])?;
        }
    }
    Ok(over)
}

pub(crate) fn drop_over(memory: &mut Memory, over: &[i64]) {
    memory.end_sessions(|session| over.contains(&session.id));
}

pub(crate) fn delete_of(connection: &Connection, account_id: i64) -> Result<(), Error> {
    connection.execute("DELETE FROM session WHERE account_id = ?", [account_id])?;
    Ok(())
}

/// The sessions of the database, as requests look them up.
pub(crate) fn load(
    connection: &Connection,
    appointed: &Arc<Appointed>,
) -> Result<HashMap<SecretHash, SessionEntry>, Error> {
    let mut statement =
        connection.prepare("SELECT id, hash, account_id, created_us, seen_us, origin, locked_us FROM session")?;
    let mut rows = statement.query([])?;
    let mut sessions = HashMap::new();
    while let Some(row) = rows.next()? {
        let (id, account_id, created_us): (i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let account = account::find(connection, account_id)?.ok_or_else(|| Error::Damaged {
            what: format!("session {id} of account {account_id}, which is missing"),
        })?;
        let entry = SessionEntry {
            id,
            hash: SecretHash(row.get(1)?),
            account_id,
            created_us,
            seen_us: AtomicI64::new(row.get(4)?),
            origin: row.get(5)?,
            locked_us: AtomicI64::new(row.get::<_, Option<i64>>(6)?.unwrap_or(0)),
            holder: account.holder(created_us + SESSION_US, appointed),
        };
        sessions.insert(entry.hash, entry);
    }
    Ok(sessions)
}

#[cfg(test)]
mod tests;
