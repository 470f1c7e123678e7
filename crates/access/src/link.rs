//! Signing in by a link that works once: what the demo prints, and what an administrator hands to somebody.

use crate::access::Access;
use crate::account;
use crate::duty::Duty;
use crate::error::{Error, LinkRefused, SignInRefused};
use crate::grant::Grant;
use crate::principal::Origin;
use crate::secret::{Random, Secret, SecretHash, has_shape};
use crate::session::SignedIn;
use crate::trail::{self, Entry, Outcome};
use rusqlite::{Connection, OptionalExtension, params};

/// How long a sign-in link is valid.
pub const LINK_US: i64 = 3600 * 1_000_000;

/// How long after its end a link is still told apart from one that never was.
const REMEMBERED_US: i64 = 24 * 3600 * 1_000_000;

/// The most links of one account that are remembered; a further one takes the place of the oldest.
const MAX_LINKS_PER_ACCOUNT: i64 = 20;

const PURPOSE: &str = "sign-in link";

/// The secret part of a sign-in link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignInLink {
    /// What the link ends in, behind `#code=`: browsers send nothing of that to any server.
    pub code: Secret,
    /// When it stops working, µs since 1970 UTC.
    pub expires_us: i64,
}

impl Access {
    /// A link by which the person of an account signs in once, within [`LINK_US`], without a password. Needs the right to
    /// administer.
    pub fn sign_in_link(
        &self,
        grant: &Grant,
        account_id: i64,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<SignInLink, Error> {
        let code = Secret::draw("", random);
        let hash = SecretHash::of(PURPOSE, code.reveal());
        let expires_us = now_us + LINK_US;
        self.administer(
            grant,
            (Duty::Security, "make sign-in link"),
            format!("person/{account_id}"),
            now_us,
            |transaction, target| {
                let not_found = Error::NotFound { kind: "account", id: account_id };
                let account = account::find(transaction, account_id)?.ok_or(not_found)?;
                *target = account.label();
                if account.disabled_us.is_some() {
                    return Err(SignInRefused::Disabled.into());
                }
                transaction.execute(
                    "INSERT INTO sign_in_link(hash, account_id, expires_us) VALUES (?, ?, ?)",
                    params![hash.0, account_id, expires_us],
                )?;
                transaction.execute(
                    "DELETE FROM sign_in_link WHERE id IN
                     (SELECT id FROM sign_in_link WHERE account_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
                    params![account_id, MAX_LINKS_PER_ACCOUNT],
                )?;
                Ok(SignInLink { code, expires_us })
            },
            |_, _| {},
        )
    }

    /// Signs in by the code of a link, and uses it up. A refusal of a link that was once given out is audited.
    pub fn sign_in_by_link(
        &self,
        code: &str,
        origin: Origin,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<SignedIn, Error> {
        // 256 random bits are not guessed: strangers' codes need no count, and leave no row.
        if !has_shape(code, "") {
            return Err(LinkRefused::Unknown.into());
        }
        let hash = SecretHash::of(PURPOSE, code);
        let mut database = self.database();
        let transaction = database.transaction()?;
        let (id, account_id, state) = find(&transaction, &hash, now_us)?.ok_or(LinkRefused::Unknown)?;
        let account = account::find(&transaction, account_id)?.ok_or(LinkRefused::Unknown)?;
        let refused: Option<Error> = match state {
            Err(refused) => Some(refused.into()),
            Ok(()) if account.disabled_us.is_some() => Some(SignInRefused::Disabled.into()),
            Ok(()) => None,
        };
        if let Some(refused) = refused {
            let entry = Entry::new(&account.principal(), origin, "sign in by link", refused.to_string(), now_us);
            trail::append(&transaction, entry.outcome(Outcome::Refused))?;
            transaction.commit()?;
            return Err(refused);
        }
        transaction.execute("UPDATE sign_in_link SET used_us = ? WHERE id = ?", [now_us, id])?;
        self.begin_session(transaction, account, "sign in by link", origin, now_us, random)
    }
}

/// A link by its hash: its id, its account, and whether it still works.
#[expect(clippy::type_complexity, reason = "one caller, which takes it apart at once")]
fn find(
    connection: &Connection,
    hash: &SecretHash,
    now_us: i64,
) -> Result<Option<(i64, i64, Result<(), LinkRefused>)>, Error> {
    let found: Option<(i64, i64, i64, Option<i64>)> = connection
        .prepare_cached("SELECT id, account_id, expires_us, used_us FROM sign_in_link WHERE hash = ?")?
        .query_row([hash.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    Ok(found.map(|(id, account_id, expires_us, used_us)| {
        let state = match used_us {
            Some(_) => Err(LinkRefused::Used),
            None if now_us >= expires_us => Err(LinkRefused::Expired),
            None => Ok(()),
        };
        (id, account_id, state)
    }))
}

/// Forgets links that ended long ago; part of [`Access::tend`].
pub(crate) fn sweep(connection: &Connection, now_us: i64) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM sign_in_link WHERE expires_us < ?")?.execute([now_us - REMEMBERED_US])?;
    Ok(())
}

/// Makes the links of an account useless: they were made for what it was.
pub(crate) fn delete_of(connection: &Connection, account_id: i64) -> Result<(), Error> {
    connection.execute("DELETE FROM sign_in_link WHERE account_id = ?", [account_id])?;
    Ok(())
}

#[cfg(test)]
mod tests;
