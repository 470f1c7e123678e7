//! The first account: made with a link that the program prints, so that there is never a default password.

use crate::access::Access;
use crate::account::{self, NewAccount, Role};
use crate::error::{Error, SetupRefused};
use crate::principal::{Origin, Principal, PrincipalKind};
use crate::secret::{Random, Secret, SecretHash, has_shape};
use crate::trail::{self, Entry};
use rusqlite::{Connection, OptionalExtension, params};

/// How long a set-up link is valid.
pub const SETUP_US: i64 = 3600 * 1_000_000;

const PURPOSE: &str = "setup";

/// The secret part of a set-up link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupCode {
    /// What the link ends in.
    pub code: Secret,
    /// When it stops working, µs since 1970 UTC.
    pub expires_us: i64,
}

/// The first administrator.
#[derive(Clone)]
pub struct FirstAdmin {
    /// What will be typed to sign in.
    pub name: String,
    /// The person's name as others see it.
    pub display: String,
    /// The password.
    pub password: String,
}

impl Access {
    /// A new set-up code, valid for [`SETUP_US`] and once; `None` when there is an administrator already. An earlier code
    /// stops working.
    pub fn setup_code(&self, now_us: i64, random: Random<'_>) -> Result<Option<SetupCode>, Error> {
        let mut database = self.database();
        let transaction = database.transaction()?;
        if account::has_admin(&transaction)? {
            return Ok(None);
        }
        let code = Secret::draw("", random);
        let expires_us = now_us + SETUP_US;
        transaction.execute(
            "INSERT OR REPLACE INTO setup(one, hash, expires_us) VALUES (1, ?, ?)",
            params![SecretHash::of(PURPOSE, code.reveal()).0, expires_us],
        )?;
        let program = Principal::new(PrincipalKind::Component, 0, "start");
        trail::append(
            &transaction,
            Entry::new(&program, Origin::INTERNAL, "make set-up link", "valid 1 h".to_owned(), now_us),
        )?;
        transaction.commit()?;
        Ok(Some(SetupCode { code, expires_us }))
    }

    /// Whether `code` would be accepted now: what the page of the link asks before it shows its form.
    pub fn check_setup_code(&self, code: &str, now_us: i64) -> Result<(), Error> {
        check(&self.database(), code, now_us)
    }

    /// Makes the first administrator and uses the code up. A value that is not acceptable leaves the code as it was. Gives
    /// the account's id; sign in with [`Access::sign_in`].
    pub fn complete_setup(
        &self,
        code: &str,
        admin: &FirstAdmin,
        origin: Origin,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<i64, Error> {
        // Before the hashing, so that a stranger cannot make this program work; after it again, since codes work once.
        check(&self.database(), code, now_us)?;
        let FirstAdmin { name, display, password } = admin.clone();
        let new = NewAccount { name, display, role: Role::Admin, password };
        let hash = self.prepare(&new, random)?;
        let mut database = self.database();
        let transaction = database.transaction()?;
        check(&transaction, code, now_us)?;
        let id = account::insert(&transaction, &new, &hash, now_us)?;
        transaction.execute("DELETE FROM setup", [])?;
        let admin = Principal::new(PrincipalKind::Person, id, new.display.trim());
        let target = format!("person/{id} {} [admin]", account::fold(&new.name));
        trail::append(&transaction, Entry::new(&admin, origin, "complete set-up", target, now_us))?;
        transaction.commit()?;
        Ok(id)
    }
}

// Wrong codes leave no audit row: anybody may try them without a limit, and 256 random bits are not guessed.
fn check(connection: &Connection, code: &str, now_us: i64) -> Result<(), Error> {
    if account::has_admin(connection)? {
        return Err(SetupRefused::Done.into());
    }
    let stored: Option<(SecretHash, i64)> = connection
        .query_row("SELECT hash, expires_us FROM setup", [], |row| Ok((SecretHash(row.get(0)?), row.get(1)?)))
        .optional()?;
    match stored {
        Some((hash, expires_us)) if has_shape(code, "") && hash.matches(&SecretHash::of(PURPOSE, code)) => {
            if now_us < expires_us { Ok(()) } else { Err(SetupRefused::Expired.into()) }
        }
        _ => Err(SetupRefused::Unknown.into()),
    }
}

#[cfg(test)]
mod tests;
