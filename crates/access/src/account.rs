use crate::access::{Access, Memory, fixed};
use crate::database;
use crate::duty::{Appointed, Duties, Duty};
use crate::error::Error;
use crate::grant::{Grant, Holder};
use crate::name;
use crate::password::{self, PasswordHash};
use crate::principal::{Principal, PrincipalKind};
use crate::scope::Scopes;
use crate::secret::Random;
use crate::{link, lockout, session};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// The most accounts.
pub const MAX_ACCOUNTS: usize = 100_000;

/// What a person is to the hospital, and so what an account allows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Keeps the program going, has the duties that nobody else is appointed for, and has no clinical data.
    Admin,
    /// Says who may do what: accounts, roles, tokens. Has no clinical data.
    SecurityOfficer,
    /// Reads the trails and nothing else.
    Auditor,
    /// Reads and writes clinical data, and asks it in SQL.
    Clinician,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Admin, Role::SecurityOfficer, Role::Auditor, Role::Clinician];

    /// The word for the role.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::SecurityOfficer => "security-officer",
            Role::Auditor => "auditor",
            Role::Clinician => "clinician",
        }
    }

    /// The role whose word is `word`.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What the role may do to clinical data.
    pub fn scopes(self) -> Scopes {
        match self {
            Role::Admin | Role::SecurityOfficer | Role::Auditor => Scopes::default(),
            Role::Clinician => fixed("user/*.cruds"),
        }
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// What is typed to sign in; case does not matter.
    pub name: String,
    /// The person's name as others see it.
    pub display: String,
    /// What the person is.
    pub role: Role,
    /// The first password.
    pub password: String,
}

/// What is to become of an account; what is left out stays.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// Another role.
    pub role: Option<Role>,
    /// A new password.
    pub password: Option<String>,
    /// Whether it is disabled.
    pub disabled: Option<bool>,
    /// Whether the lock that failed sign-ins left is lifted.
    pub unlock: bool,
}

impl AccountChange {
    /// What the audit says was done.
    fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.role.map(|role| format!("set role {}", role.as_str())));
        words.extend(self.password.as_ref().map(|_| "reset password".to_owned()));
        words.extend(self.disabled.map(|is| if is { "disable account" } else { "enable account" }.to_owned()));
        words.extend(self.unlock.then(|| "unlock account".to_owned()));
        if words.is_empty() { "change nothing of account".to_owned() } else { words.join(", ") }
    }
}

/// An account as listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its id, never given twice.
    pub id: i64,
    /// What is typed to sign in, folded.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// What the person is.
    pub role: Role,
    /// When it was made, µs since 1970 UTC.
    pub created_us: i64,
    /// Since when it is disabled, if it is.
    pub disabled_us: Option<i64>,
    /// When its password was set.
    pub password_us: i64,
}

impl Account {
    /// The principal a person signed in to this account is.
    pub(crate) fn principal(&self) -> Principal {
        Principal::new(PrincipalKind::Person, self.id, self.display.as_str())
    }

    pub(crate) fn holder(&self, expires_us: i64, appointed: &Arc<Appointed>) -> Arc<Holder> {
        Holder::new(self.principal(), self.role.scopes(), Duties::of(self.role, appointed), Some(expires_us))
    }

    pub(crate) fn label(&self) -> String {
        format!("person/{} {}", self.id, self.name)
    }
}

impl Access {
    /// Makes an account. Needs the duty of security.
    pub fn create_account(
        &self,
        grant: &Grant,
        new: &NewAccount,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<i64, Error> {
        let described = format!("{} ({}) [{}]", fold(&new.name), new.display.trim(), new.role.as_str());
        // Before the hashing, so that who may not cannot make this program work.
        self.demand_duty(Duty::Security, grant, "create account", &described, now_us)?;
        let hash = self.prepare(new, random)?;
        self.administer(
            grant,
            (Duty::Security, "create account"),
            described.clone(),
            now_us,
            |transaction, target| {
                let id = insert(transaction, new, &hash, now_us)?;
                *target = format!("person/{id} {described}");
                Ok(id)
            },
            |_, _| {},
        )
    }

    /// Checks a new account's values and hashes its password.
    pub(crate) fn prepare(&self, new: &NewAccount, random: Random<'_>) -> Result<PasswordHash, Error> {
        name::check("account name", &fold(&new.name))?;
        name::check("display name", &new.display)?;
        password::check(&new.password, &[&new.name, &new.display])?;
        self.hashing.hash(&new.password, random)
    }

    /// All accounts in the order in which they were made. Needs some duty.
    pub fn list_accounts(&self, grant: &Grant) -> Result<Vec<Account>, Error> {
        grant.may_oversee()?;
        let database = self.database();
        let mut statement = database.prepare_cached(
            "SELECT id, name, display, role, created_us, disabled_us, password_us FROM account ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut accounts = Vec::new();
        while let Some(row) = rows.next()? {
            accounts.push(account_of(row)?);
        }
        Ok(accounts)
    }

    /// The account of the person that holds `grant`; `None` for other principals.
    pub fn own_account(&self, grant: &Grant) -> Result<Option<Account>, Error> {
        match grant.principal().kind {
            PrincipalKind::Person => find(&self.database(), grant.principal().id),
            _ => Ok(None),
        }
    }

    /// Gives an account another role, and ends its sessions. Needs the duty of security.
    pub fn set_role(&self, grant: &Grant, id: i64, role: Role, now_us: i64) -> Result<(), Error> {
        let change = AccountChange { role: Some(role), ..AccountChange::default() };
        self.change_account(grant, id, &change, now_us, &mut no_randomness).map(|_| ())
    }

    /// Disables an account and ends its sessions. Needs the duty of security.
    pub fn disable_account(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
        self.change_account(grant, id, &change, now_us, &mut no_randomness).map(|_| ())
    }

    /// Lets a disabled account sign in again. Needs the duty of security.
    pub fn enable_account(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        let change = AccountChange { disabled: Some(false), ..AccountChange::default() };
        self.change_account(grant, id, &change, now_us, &mut no_randomness).map(|_| ())
    }

    /// Lifts the lock that failed sign-ins left. Needs the duty of security.
    pub fn unlock_account(&self, grant: &Grant, id: i64, now_us: i64) -> Result<(), Error> {
        let change = AccountChange { unlock: true, ..AccountChange::default() };
        self.change_account(grant, id, &change, now_us, &mut no_randomness).map(|_| ())
    }

    /// Sets a person's password without the old one, and ends the person's sessions. Needs the duty of security.
    pub fn reset_password(
        &self,
        grant: &Grant,
        id: i64,
        new: &str,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<(), Error> {
        let change = AccountChange { password: Some(new.to_owned()), ..AccountChange::default() };
        self.change_account(grant, id, &change, now_us, random).map(|_| ())
    }

    /// Changes an account: all that is asked for, or nothing. Its sessions and links end with it, since they no longer say what
    /// the account is; lifting a lock alone ends none. Needs the duty of security.
    pub fn change_account(
        &self,
        grant: &Grant,
        id: i64,
        change: &AccountChange,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<Account, Error> {
        let what = change.words();
        let target = format!("person/{id}");
        let not_found = || Error::NotFound { kind: "account", id };
        // Before the hashing, so that who may not cannot make this program work.
        self.demand_duty(Duty::Security, grant, &what, &target, now_us)?;
        let hash = match &change.password {
            Some(new) => {
                let account = find(&self.database(), id)?.ok_or_else(not_found)?;
                password::check(new, &[&account.name, &account.display])?;
                Some(self.hashing.hash(new, random)?)
            }
            None => None,
        };
        let ends_sessions = change.role.is_some() || change.disabled.is_some() || hash.is_some();
        self.administer(
            grant,
            (Duty::Security, &what),
            target,
            now_us,
            |transaction, target| {
                let account = find(transaction, id)?.ok_or_else(not_found)?;
                *target = account.label();
                if change.role.is_some_and(|role| role != Role::Admin) || change.disabled == Some(true) {
                    keep_an_admin(transaction, &account)?;
                }
                if let Some(role) = change.role {
                    transaction.execute("UPDATE account SET role = ? WHERE id = ?", params![role.as_str(), id])?;
                }
                if let Some(hash) = &hash {
                    store_password(transaction, id, hash, now_us)?;
                }
                if let Some(disabled) = change.disabled {
                    let since_us = disabled.then(|| account.disabled_us.unwrap_or(now_us));
                    transaction.execute("UPDATE account SET disabled_us = ? WHERE id = ?", params![since_us, id])?;
                }
                if change.unlock || hash.is_some() {
                    lockout::forget(transaction, &account.name)?;
                }
                if ends_sessions {
                    session::delete_of(transaction, id)?;
                    link::delete_of(transaction, id)?;
                }
                find(transaction, id)?.ok_or_else(not_found)
            },
            |memory, _| {
                if ends_sessions {
                    memory.end_sessions_of(id);
                }
            },
        )
    }
}

/// For changes that draw no secret.
fn no_randomness(_: &mut [u8]) {
    unreachable!("nothing is drawn where no password is set");
}

impl Memory {
    /// Ends the sessions of an account, and every grant made from them.
    pub(crate) fn end_sessions_of(&mut self, account_id: i64) {
        self.end_sessions(|session| session.account_id == account_id);
    }
}

/// The form in which names of accounts are compared.
pub(crate) fn fold(name: &str) -> String {
    name.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// Adds an account whose values have been checked.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    new: &NewAccount,
    hash: &PasswordHash,
    now_us: i64,
) -> Result<i64, Error> {
    let count: i64 = transaction.query_row("SELECT count(*) FROM account", [], |row| row.get(0))?;
    if count >= MAX_ACCOUNTS as i64 {
        return Err(Error::Invalid { field: "accounts", problem: format!("there are {MAX_ACCOUNTS} already") });
    }
    let name = fold(&new.name);
    let inserted = transaction.execute(
        "INSERT INTO account(name, display, role, created_us, salt, memory_kib, passes, lanes, hash, password_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?4)",
        params![
            name,
            new.display.trim(),
            new.role.as_str(),
            now_us,
            hash.salt,
            hash.memory_kib,
            hash.passes,
            hash.lanes,
            hash.hash
        ],
    );
    match inserted {
        Err(error) if database::is_taken(&error) => Err(Error::Taken { kind: "account", field: "name", value: name }),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(transaction.last_insert_rowid()),
    }
}

pub(crate) fn store_password(connection: &Connection, id: i64, hash: &PasswordHash, now_us: i64) -> Result<(), Error> {
    connection.execute(
        "UPDATE account SET salt = ?, memory_kib = ?, passes = ?, lanes = ?, hash = ?, password_us = ? WHERE id = ?",
        params![hash.salt, hash.memory_kib, hash.passes, hash.lanes, hash.hash, now_us, id],
    )?;
    Ok(())
}

pub(crate) fn find(connection: &Connection, id: i64) -> Result<Option<Account>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, display, role, created_us, disabled_us, password_us FROM account WHERE id = ?",
    )?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(account_of).transpose()
}

/// The account that signs in as `name` (folded), with its password's hash.
pub(crate) fn find_by_name(connection: &Connection, name: &str) -> Result<Option<(Account, PasswordHash)>, Error> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM account WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    let hash = connection
        .prepare_cached("SELECT salt, memory_kib, passes, lanes, hash FROM account WHERE id = ?")?
        .query_row([id], |row| {
            Ok(PasswordHash {
                salt: row.get(0)?,
                memory_kib: row.get(1)?,
                passes: row.get(2)?,
                lanes: row.get(3)?,
                hash: row.get(4)?,
            })
        })?;
    Ok(find(connection, id)?.map(|account| (account, hash)))
}

/// Whether anybody was ever made an administrator, disabled ones included.
pub(crate) fn has_admin(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM account WHERE role = 'admin')", [], |row| row.get(0))?)
}

/// Refuses what would take the last administrator who can sign in.
fn keep_an_admin(transaction: &Transaction<'_>, account: &Account) -> Result<(), Error> {
    let others: i64 = transaction.query_row(
        "SELECT count(*) FROM account WHERE role = 'admin' AND disabled_us IS NULL AND id <> ?",
        [account.id],
        |row| row.get(0),
    )?;
    if others == 0 && account.role == Role::Admin && account.disabled_us.is_none() {
        return Err(Error::LastAdministrator);
    }
    Ok(())
}

fn account_of(row: &Row<'_>) -> Result<Account, Error> {
    let id = row.get(0)?;
    let word: String = row.get(3)?;
    let role = Role::from_word(&word)
        .ok_or_else(|| Error::Damaged { what: format!("account {id} has the unknown role '{word}'") })?;
    Ok(Account {
        id,
        name: row.get(1)?,
        display: row.get(2)?,
        role,
        created_us: row.get(4)?,
        disabled_us: row.get(5)?,
        password_us: row.get(6)?,
    })
}

#[cfg(test)]
mod tests;
