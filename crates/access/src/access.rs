use crate::database;
use crate::duty::{Appointed, Duties, Duty};
use crate::error::{Error, Refused};
use crate::grant::{Denied, Grant, Holder};
use crate::link;
use crate::lockout::{self, Tries};
use crate::password::Hashing;
use crate::principal::{Origin, Principal, PrincipalKind};
use crate::scope::{Scopes, Types};
use crate::secret::SecretHash;
use crate::session::{self, SessionEntry};
use crate::source::{self, SourceEntry};
use crate::token::{self, TokenEntry};
use crate::trail::{self, AccountAudit, Entry, Outcome, TrailHead};
use rusqlite::{Connection, Transaction};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The most audit rows one call returns.
pub const MAX_AUDIT_ROWS: usize = 10_000;

/// What an operator holds: who owns the files could read them without asking.
const OPERATOR_SCOPES: &str = "system/*.cruds";

/// Accounts, tokens, sessions and sources: the one place where grants are made.
///
/// Everything a request needs is held in memory and changed in the same step as the database, so that looking up a token
/// touches no file and a revocation holds from the moment its call returns. One process at a time may open a folder for
/// this; the lock of the data directory sees to it.
///
/// ```
/// use access::{Access, NewToken, Origin, Permission, Types, system_random};
/// # let folder = std::env::temp_dir().join(format!("medweave-access-doc-{}", std::process::id()));
/// # let (uid, now_us) = (0, 1_767_225_600_000_000);
/// # let address = std::net::Ipv4Addr::LOCALHOST.into();
/// let types = Types { is_resource: |name| matches!(name, "Patient" | "Observation"), check_filter: |_, _| Ok(()) };
/// let access = Access::open(&folder, types)?;
/// let operator = access.local_operator(uid, "root")?;
/// let new = NewToken { name: "lab".into(), scopes: "system/Patient.rs".parse()?, patient: None, expires_us: None };
/// let created = access.create_token(&operator, &new, now_us, &mut system_random)?;
///
/// let grant = access.authenticate_token(created.secret.reveal(), Origin::http(address), now_us)?;
/// assert!(grant.may(Permission::Read, "Patient").is_ok());
/// let denied = grant.may(Permission::Read, "Observation").unwrap_err();
/// assert_eq!(denied.to_string(), "needs system/Observation.r; this token holds system/Patient.rs");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Access {
    database: Mutex<Connection>,
    memory: RwLock<Memory>,
    tries: Mutex<Tries>,
    pub(crate) hashing: Hashing,
    owner_uid: u32,
    pub(crate) types: Types,
    pub(crate) appointed: Arc<Appointed>,
}

// Locks are taken in the order database, memory, tries; whoever holds one takes none before it.

/// What requests look up.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) tokens: HashMap<SecretHash, TokenEntry>,
    pub(crate) sessions: HashMap<SecretHash, SessionEntry>,
    pub(crate) sources: Vec<SourceEntry>,
}

/// A part of the program that works on its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Component {
    /// The feed of the lake: reads everything, writes nothing.
    Lake,
    /// What tells open pages that something changed: likewise. What each page may know is asked of its own grant.
    Live,
    /// What looks for records of one person: reads everything, writes links between them.
    Identity,
    /// What pulls sources and runs their mappings when their time has come: it reads and writes everything, and administers nothing.
    Schedule,
}

impl Access {
    /// Opens the accounts in `folder` (`DATA/access`), making them where there are none.
    ///
    /// `types` says which names are resource types and which filters can be honoured, so that a scope that nobody could honour is an
    /// error where it is written and not a token that mysteriously does nothing.
    pub fn open(folder: &Path, types: Types) -> Result<Access, Error> {
        let connection = database::open(folder)?;
        let owner_uid = std::fs::metadata(folder).map_err(|error| Error::file(folder, error))?.uid();
        let appointed = Arc::new(Appointed::default());
        appointed.refresh(&connection)?;
        let memory = Memory {
            tokens: token::load(&connection)?,
            sessions: session::load(&connection, &appointed)?,
            sources: source::load(&connection)?,
        };
        Ok(Access {
            database: Mutex::new(connection),
            memory: RwLock::new(memory),
            tries: Mutex::default(),
            hashing: Hashing::default(),
            owner_uid,
            types,
            appointed,
        })
    }

    /// The grant of whoever owns the data directory, or of root, at the command line. `uid` is what the operating system
    /// says of the peer of the control socket, or of this very process.
    pub fn local_operator(&self, uid: u32, user_name: &str) -> Result<Grant, Refused> {
        operator(self.owner_uid, uid, user_name)
    }

    /// As [`Access::local_operator`], without opening the accounts in `folder`: for looking at a directory that cannot be
    /// opened, or that another program has open. A folder that is not there belongs to root.
    pub fn operator_of(folder: &Path, uid: u32, user_name: &str) -> Result<Grant, Refused> {
        operator(std::fs::metadata(folder).map_or(0, |about| about.uid()), uid, user_name)
    }

    /// Recomputes the hash chain of the accounts' audit in `folder` beside whoever has it open, and compares it with where
    /// seals say that it stood. Gives the head.
    pub fn check(folder: &Path, sealed: &[TrailHead]) -> Result<TrailHead, Error> {
        trail::check(&database::look(folder)?, sealed)
    }

    /// The grant of a part of the program that acts for nobody.
    pub fn component(&self, component: Component) -> Grant {
        let (id, name, scopes) = match component {
            Component::Lake => (1, "lake", "system/*.rs"),
            Component::Live => (2, "live", "system/*.rs"),
            Component::Schedule => (3, "schedule", "system/*.cruds"),
            Component::Identity => (4, "identity", "system/*.rs system/Linkage.cud"),
        };
        let principal = Principal::new(PrincipalKind::Component, id, name);
        Grant::new(Holder::new(principal, fixed(scopes), Duties::None, None), Origin::INTERNAL)
    }

    /// Rows of the accounts' own audit after `after_seq`, oldest first, at most `limit` and [`MAX_AUDIT_ROWS`]. Reading it is
    /// itself audited.
    pub fn account_audit(
        &self,
        grant: &Grant,
        after_seq: i64,
        limit: usize,
        now_us: i64,
    ) -> Result<Vec<AccountAudit>, Error> {
        let target = format!("rows after {after_seq}");
        let read = |transaction: &Transaction<'_>, _: &mut String| {
            trail::read(transaction, after_seq, limit.min(MAX_AUDIT_ROWS))
        };
        self.administer(grant, (Duty::Audit, "read account audit"), target, now_us, read, |_, _| {})
    }

    /// What was done by or to the account of the person that holds `grant`, or tried in its name, newest first: so that whose
    /// password was reset, or in whose name somebody signed in, can see it. Nothing for other principals.
    pub fn own_events(&self, grant: &Grant, limit: usize) -> Result<Vec<AccountAudit>, Error> {
        let Some(account) = self.own_account(grant)? else { return Ok(Vec::new()) };
        let (key, name) = (grant.principal().key(), lockout::quoted(&account.name));
        trail::of_account(&self.database(), &key, &name, limit.min(MAX_AUDIT_ROWS))
    }

    /// Records what somebody did elsewhere in the program that is no one's account but everybody's business, such as approving a code.
    /// Auditors read it: nothing of a patient may stand in `target`.
    pub fn record(&self, grant: &Grant, what: &str, target: String, now_us: i64) -> Result<(), Error> {
        let mut database = self.database();
        let transaction = database.transaction()?;
        trail::append(&transaction, Entry::new(grant.principal(), grant.origin(), what, target, now_us))?;
        Ok(transaction.commit()?)
    }

    /// Where the accounts' audit ends, for the seal over all trails.
    pub fn audit_head(&self) -> Result<TrailHead, Error> {
        trail::head(&self.database())
    }

    /// Recomputes the hash chain of the accounts' audit, and says where it was broken if it was.
    pub fn verify_audit(&self) -> Result<TrailHead, Error> {
        trail::verify(&self.database())
    }

    /// Writes down what requests only noted in memory (when tokens and sessions were last used, tries on locked names and with
    /// tokens that are over) and
    /// drops sessions and failures that are over. Call it each minute and before the program ends; a crash loses no more
    /// than what was noted since.
    pub fn tend(&self, now_us: i64) -> Result<(), Error> {
        let mut database = self.database();
        let transaction = database.transaction()?;
        let over = {
            let memory = self.memory();
            token::save_uses(&transaction, &memory.tokens)?;
            token::save_tries(&transaction, &memory.tokens, now_us)?;
            session::tend(&transaction, &memory, now_us)?
        };
        lockout::sweep(&transaction, now_us)?;
        link::sweep(&transaction, now_us)?;
        for (name, count) in self.tries().take_locked(now_us) {
            trail::append(
                &transaction,
                Entry {
                    at_us: now_us,
                    who: lockout::quoted(&name),
                    what: "sign in",
                    target: format!("locked, tries {count}"),
                    outcome: Outcome::Refused,
                    origin: Origin::INTERNAL,
                },
            )?;
        }
        transaction.commit()?;
        session::drop_over(&mut self.memory_mut(), &over);
        Ok(())
    }

    /// Runs a change by whoever has a duty and its audit row as one transaction; a refusal is audited too. `change` may fill in
    /// the audit's target, once an id is known. `apply` brings memory in step after the commit, before another change can
    /// begin: else a session made meanwhile could outlive its account.
    pub(crate) fn administer<T>(
        &self,
        grant: &Grant,
        (duty, what): (Duty, &str),
        target: String,
        now_us: i64,
        change: impl FnOnce(&Transaction<'_>, &mut String) -> Result<T, Error>,
        apply: impl FnOnce(&mut Memory, &T),
    ) -> Result<T, Error> {
        self.demand_duty(duty, grant, what, &target, now_us)?;
        let mut target = target;
        let mut database = self.database();
        // Somebody else may have been appointed for it while this waited.
        grant.may_do(duty)?;
        let transaction = database.transaction()?;
        let changed = change(&transaction, &mut target)?;
        trail::append(&transaction, Entry::new(grant.principal(), grant.origin(), what, target, now_us))?;
        transaction.commit()?;
        let refreshed = self.appointed.refresh(&database);
        apply(&mut self.memory_mut(), &changed);
        refreshed?;
        Ok(changed)
    }

    /// Refuses, with an audit row, who does not have a duty.
    pub(crate) fn demand_duty(
        &self,
        duty: Duty,
        grant: &Grant,
        what: &str,
        target: &str,
        now_us: i64,
    ) -> Result<(), Error> {
        match grant.may_do(duty).and_then(|()| grant.check_current(now_us)) {
            Ok(()) => Ok(()),
            Err(denied) => Err(self.refused(grant, what, target, now_us, denied)),
        }
    }

    /// The error of something that is denied, once it stands in the audit.
    pub(crate) fn refused(&self, grant: &Grant, what: &str, target: &str, now_us: i64, denied: Denied) -> Error {
        let write = || -> Result<(), Error> {
            let entry = Entry::new(grant.principal(), grant.origin(), what, target.to_owned(), now_us);
            let mut database = self.database();
            let transaction = database.transaction()?;
            trail::append(&transaction, entry.outcome(Outcome::Refused))?;
            Ok(transaction.commit()?)
        };
        write().err().unwrap_or(denied.into())
    }

    // A panic in a holder of these locks leaves no half-made change: transactions roll back when dropped, and memory is
    // changed by single inserts and removals.

    pub(crate) fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn memory_mut(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn operator(owner_uid: u32, uid: u32, user_name: &str) -> Result<Grant, Refused> {
    if uid != owner_uid && uid != 0 {
        return Err(Refused::NotOwner { uid, owner_uid });
    }
    let principal = Principal::new(PrincipalKind::Operator, i64::from(uid), user_name);
    Ok(Grant::new(Holder::new(principal, fixed(OPERATOR_SCOPES), Duties::All, None), Origin::COMMAND))
}

/// Scopes that are written in this crate.
pub(crate) fn fixed(scopes: &'static str) -> Scopes {
    scopes.parse().expect("scopes written in this crate are valid")
}

#[cfg(test)]
mod tests;
