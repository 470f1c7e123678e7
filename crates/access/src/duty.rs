//! Duties: what keeps the program going, who may do what, and who looks what was done. MLPS 2.0 (GB/T 22239-2019), level 3, asks that
//! they are with different people.
//!
//! A small clinic has one administrator, who has them all. As soon as somebody is appointed for one of the other two, the administrator
//! has it no longer.

use crate::account::Role;
use crate::error::Error;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// One duty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Duty {
    /// What keeps the program going: senders, sources, storage.
    System,
    /// Who may do what: accounts with their roles and passwords, tokens, sessions of others.
    Security,
    /// Who did what: the trails.
    Audit,
}

impl Duty {
    /// All of them.
    pub const ALL: [Duty; 3] = [Duty::System, Duty::Security, Duty::Audit];

    /// Its word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Duty::System => "system",
            Duty::Security => "security",
            Duty::Audit => "audit",
        }
    }

    /// Who has it, for people.
    pub(crate) fn holder(self) -> &'static str {
        match self {
            Duty::System => "the right to administer",
            Duty::Security => "the duty of a security officer",
            Duty::Audit => "the duty of an auditor",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Which duties somebody has.
#[derive(Clone)]
pub(crate) enum Duties {
    None,
    /// Of the operator, who owns the files.
    All,
    /// Of whoever was appointed for it.
    One(Duty),
    /// Of an administrator: the system, and what nobody else was appointed for.
    Vacant(Arc<Appointed>),
}

impl Duties {
    pub(crate) fn of(role: Role, appointed: &Arc<Appointed>) -> Duties {
        match role {
            Role::Admin => Duties::Vacant(Arc::clone(appointed)),
            Role::SecurityOfficer => Duties::One(Duty::Security),
            Role::Auditor => Duties::One(Duty::Audit),
            Role::Clinician => Duties::None,
        }
    }

    pub(crate) fn hold(&self, duty: Duty) -> bool {
        match self {
            Duties::None => false,
            Duties::All => true,
            Duties::One(held) => *held == duty,
            Duties::Vacant(appointed) => !appointed.is_held(duty),
        }
    }
}

/// For which duties somebody is appointed who can sign in.
#[derive(Default)]
pub(crate) struct Appointed(AtomicU8);

impl Appointed {
    fn is_held(&self, duty: Duty) -> bool {
        self.0.load(Ordering::Acquire) & duty.bit() != 0
    }

    /// Brings it in step with the accounts.
    pub(crate) fn refresh(&self, connection: &Connection) -> Result<(), Error> {
        let mut bits = 0;
        for (role, duty) in [(Role::SecurityOfficer, Duty::Security), (Role::Auditor, Duty::Audit)] {
            let is_held: bool = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM account WHERE role = ? AND disabled_us IS NULL)")?
                .query_row([role.as_str()], |row| row.get(0))?;
            bits |= if is_held { duty.bit() } else { 0 };
        }
        self.0.store(bits, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{FROM, Opened, START_US, random};
    use crate::{AccountChange, Grant, NewToken};
    use std::sync::atomic::AtomicI64;

    fn grant(opened: &Opened, name: &str) -> Grant {
        // A moment of its own for each, since the cookie is drawn from it.
        static SIGNED_IN: AtomicI64 = AtomicI64::new(0);
        let signed_in = opened.signs_in(name, START_US + SIGNED_IN.fetch_add(1, Ordering::Relaxed));
        opened.session(signed_in.cookie.reveal(), FROM, START_US).unwrap()
    }

    fn held(grant: &Grant) -> Vec<&'static str> {
        grant.duties().into_iter().map(Duty::as_str).collect()
    }

    #[test]
    fn an_administrator_has_the_duties_that_nobody_else_is_appointed_for() {
        let mut opened = Opened::new();
        opened.account("ada", Role::Admin);
        let ada = grant(&opened, "ada");
        assert_eq!(held(&ada), ["system", "security", "audit"]);
        let otto = opened.account("otto", Role::SecurityOfficer);
        // Also what the administrator holds already.
        assert_eq!(held(&ada), ["system", "audit"]);
        opened.account("aude", Role::Auditor);
        assert_eq!(held(&ada), ["system"]);
        assert_eq!(held(&grant(&opened, "otto")), ["security"]);
        assert_eq!(held(&grant(&opened, "aude")), ["audit"]);
        opened.reopen();
        let ada = grant(&opened, "ada");
        assert_eq!(held(&ada), ["system"]);
        opened.disable_account(&opened.operator(), otto, START_US).unwrap();
        assert_eq!(held(&ada), ["system", "security"]);
        assert_eq!(held(&opened.operator()), ["system", "security", "audit"]);
    }

    #[test]
    fn each_duty_does_its_own_and_nothing_else_and_every_try_is_seen() {
        let opened = Opened::new();
        let people = [("ada", Role::Admin), ("otto", Role::SecurityOfficer), ("aude", Role::Auditor)];
        let ids = people.map(|(name, role)| opened.account(name, role));
        let grants = people.map(|(name, _)| grant(&opened, name));
        let token = NewToken {
            name: "t".to_owned(),
            scopes: "system/Patient.r".parse().unwrap(),
            patient: None,
            expires_us: None,
        };
        let unlock = AccountChange { unlock: true, ..AccountChange::default() };
        for (no, grant) in grants.iter().enumerate() {
            let acts = [
                opened.list_sources(grant).map(drop),
                opened.change_account(grant, ids[no], &unlock, START_US, &mut random(1)).map(drop),
                opened.account_audit(grant, 0, 1, START_US).map(drop),
            ];
            for (act, result) in acts.iter().enumerate() {
                assert_eq!(result.is_ok(), act == no, "{:?} did {act}: {result:?}", people[no]);
            }
            assert!(opened.list_accounts(grant).is_ok(), "whoever has a duty may know who there is");
            // Nobody hands on what he does not hold.
            assert!(opened.create_token(grant, &token, START_US, &mut random(2)).is_err());
            assert!(grant.may_all(crate::Permission::Read).is_err() && grant.may_use_sql().is_err());
        }
        let trail = opened.trail();
        for refused in ["Dr ada) | unlock account", "Dr aude) | unlock account", "Dr otto) | read account audit"] {
            let line = trail.lines().find(|line| line.contains(refused) && line.ends_with("refused"));
            assert!(line.is_some(), "{refused} is not in\n{trail}");
        }
    }
}
