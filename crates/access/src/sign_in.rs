//! The proof of a password: counted, locked and audited.

use crate::access::Access;
use crate::account::{self, Account};
use crate::error::{Error, SignInRefused};
use crate::lockout;
use crate::name::MAX_NAME_CHARACTERS;
use crate::password::PasswordHash;
use crate::principal::Origin;
use crate::secret::Random;
use crate::trail::{self, Entry, Outcome};

impl Access {
    /// The account whose name and password these are. Failures are counted and audited as failures of `what`.
    pub(crate) fn prove_password(
        &self,
        typed: &str,
        password: &str,
        origin: Origin,
        what: &'static str,
        now_us: i64,
        random: Random<'_>,
    ) -> Result<Account, Error> {
        // One character more than a name can have is enough to be nobody's, and keeps the audit short.
        let short: String = typed.trim().chars().take(MAX_NAME_CHARACTERS + 1).collect();
        let name = account::fold(&short);
        let shown = lockout::quoted(&name);
        let found = {
            let mut database = self.database();
            let mut tries = self.tries();
            if let Some(until_us) = origin.address.and_then(|address| tries.address_waits_until(address, now_us)) {
                return Err(SignInRefused::Locked { until_us }.into());
            }
            if let Some(until_us) = lockout::locked_until(&database, &name, now_us)? {
                if let Some(count) = tries.note_locked(&name, now_us) {
                    let transaction = database.transaction()?;
                    let target = format!("locked, tries {count}");
                    let entry = Entry { at_us: now_us, who: shown, what, target, outcome: Outcome::Refused, origin };
                    trail::append(&transaction, entry)?;
                    transaction.commit()?;
                }
                return Err(SignInRefused::Locked { until_us }.into());
            }
            if !tries.begin(&name, lockout::recent_failures(&database, &name, now_us)?) {
                return Err(Error::Busy);
            }
            account::find_by_name(&database, &name)
        };
        let _try = UnderWay { access: self, name: &name };
        let (account, stored) = match found? {
            Some((account, stored)) => (Some(account), stored),
            None => (None, PasswordHash::of_nobody()),
        };
        let is_right = self.hashing.verify(password, &stored)?;
        let account = match account.filter(|_| is_right) {
            Some(account) if account.disabled_us.is_some() => {
                let entry = Entry::new(&account.principal(), origin, what, "disabled account".to_owned(), now_us);
                let mut database = self.database();
                let transaction = database.transaction()?;
                trail::append(&transaction, entry.outcome(Outcome::Refused))?;
                transaction.commit()?;
                return Err(SignInRefused::Disabled.into());
            }
            Some(account) => account,
            None => {
                self.note_failure(&name, shown, origin, what, now_us)?;
                return Err(SignInRefused::Wrong.into());
            }
        };
        let renewed = if stored.is_current() { None } else { Some(self.hashing.hash(password, random)?) };
        let mut database = self.database();
        let transaction = database.transaction()?;
        lockout::forget(&transaction, &name)?;
        if let Some(renewed) = renewed {
            account::store_password(&transaction, account.id, &renewed, account.password_us)?;
        }
        transaction.commit()?;
        Ok(account)
    }

    fn note_failure(
        &self,
        name: &str,
        shown: String,
        origin: Origin,
        what: &'static str,
        now_us: i64,
    ) -> Result<(), Error> {
        let mut database = self.database();
        if let Some(address) = origin.address {
            self.tries().note_address(address, now_us);
        }
        let transaction = database.transaction()?;
        lockout::note_failure(&transaction, name, now_us)?;
        let failed = |what, target: String| Entry {
            at_us: now_us,
            who: shown.clone(),
            what,
            target,
            outcome: Outcome::Refused,
            origin,
        };
        trail::append(&transaction, failed(what, "wrong name or password".to_owned()))?;
        if lockout::locked_until(&transaction, name, now_us)?.is_some() {
            let target = format!("for {} min after {} failed tries", lockout::LOCK_US / 60_000_000, lockout::MAX_TRIES);
            trail::append(&transaction, failed("lock out", target).outcome(Outcome::Done))?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// A try that counts against the lock until it is known how it ended.
struct UnderWay<'a> {
    access: &'a Access,
    name: &'a str,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.access.tries().end(self.name);
    }
}
