//! MRG: what patients, accounts and stays were known by until now. Where two are one both records stay, linked; the one that goes
//! on is active, the other is not.

use super::MapError;
use super::coded::coding;
use super::context::{Context, Fill, resource};
use super::encounter::Stay;
use super::identifier::Identified;
use super::moving::Move;
use super::parts::repeats;
use super::patient::Subject;
use super::tables::TERMINOLOGY;
use super::transaction::{Key, Write};
use crate::message::{Place, Segment};
use fhir::json::Tree;

/// What becomes of the account in MRG-3 where patients are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountMerge {
    /// It goes on, as the survivor's.
    Keep,
    /// It is one with that of PID-18.
    Merge,
}

/// What an MRG gives the number of, as it is called in messages.
pub(super) struct Prior;

impl Prior {
    pub(super) const PATIENT: &str = "patient";
    const MERGED: &str = "patient to be merged";
    const RENUMBERED: &str = "patient whose number changes";
    const ACCOUNT: &str = "account until now";
    const STAY: &str = "stay until now";
}

impl<'m> Context<'m> {
    /// MRG-1, and MRG-2 and MRG-4, which are the identifiers of older versions.
    fn prior_patient(&self, mrg: Segment<'m>) -> Vec<Identified> {
        let mut identifiers: Vec<_> =
            repeats(self.take(mrg, 1)).filter_map(|parts| self.cx(parts, "patient")).collect();
        for number in [2, 4] {
            let older = self.cx(self.take(mrg, number).into(), "patient");
            if let Some(older) =
                older.filter(|o| identifiers.iter().all(|i| i.value != o.value || i.system != o.system))
            {
                identifiers.push(older);
            }
        }
        // Nobody else has what stands in the place of a number, and everybody may.
        identifiers.retain(|identified| !identified.is_placeholder());
        identifiers
    }

    /// MRG: `survivor` goes on, the patient of MRG-1 is replaced by it.
    pub(super) fn merge(&self, mrg: Segment<'m>, survivor: &Subject, accounts: AccountMerge) -> Result<(), MapError> {
        let mut identifiers = self.prior_patient(mrg);
        if identifiers.is_empty() {
            return Err(MapError::NoIdentity { place: mrg.field(1).place(), what: Prior::MERGED });
        }
        // Some repeat the survivor's number beside the one that goes.
        let is_survivors =
            |i: &Identified| i.system.as_ref() == Some(&survivor.key.system) && i.value == survivor.key.value;
        let repeats_survivor = identifiers.iter().any(is_survivors);
        identifiers.retain(|identified| !is_survivors(identified));
        // A number that both have (of a nation, of an insurer) does not tell them apart. Where there is no other, the survivor has
        // the one that goes among its own.
        let is_of_both = |i: &Identified| {
            survivor.numbers.iter().any(|(system, value)| i.system.as_ref() == Some(system) && i.value == *value)
        };
        if repeats_survivor || !identifiers.iter().all(is_of_both) {
            identifiers.retain(|identified| !is_of_both(identified));
        }
        let Some(key) = self.patient_key(&identifiers) else {
            self.warn(*mrg.field(1), "the patient would be merged with itself; nothing was merged");
            if accounts == AccountMerge::Merge && mrg.field(3).has_value() {
                return self.merge_accounts(mrg, survivor);
            }
            return Ok(());
        };
        // The patient may be stored by any of the identifiers given.
        let others: Vec<Key> = identifiers
            .iter()
            .filter_map(|other| {
                Some(Key { resource_type: "Patient", system: other.system.clone()?, value: other.value.clone() })
            })
            .filter(|other| *other != key)
            .collect();
        let mut replaced = resource("Patient");
        replaced.fill_all("identifier", identifiers.into_iter().map(|identified| identified.tree).collect());
        replaced.set("active", false);
        replaced.fill_all("name", self.xpns(self.take(mrg, 7)));
        replaced.push("link", link(survivor.reference.clone(), "replaced-by"));
        let reference = self.put(key.clone(), Write::Update, replaced, Vec::new());
        for other in others {
            self.known_too(&key, other);
        }
        self.change(&survivor.key, |patient| {
            patient.set("active", true);
            patient.push("link", link(reference, "replaces"));
        });
        match accounts {
            AccountMerge::Merge if mrg.field(3).has_value() => self.merge_accounts(mrg, survivor),
            _ => {
                self.merged_account(mrg, survivor);
                Ok(())
            }
        }
    }

    /// MRG-3: the account of the patient replaced is the survivor's now.
    fn merged_account(&self, mrg: Segment<'m>, survivor: &Subject) {
        let Some(identified) = self.cx(self.take(mrg, 3).into(), "account") else { return };
        let Some(system) = identified.system else { return };
        let key = Key { resource_type: "Account", system, value: identified.value };
        let mut account = resource("Account");
        account.push("identifier", identified.tree);
        account.set("status", "active");
        account.push("subject", survivor.reference.clone());
        self.put(key, Write::Update, account, Vec::new());
    }

    /// MRG-3 gives way to the account of PID-18.
    pub(super) fn merge_accounts(&self, mrg: Segment<'m>, subject: &Subject) -> Result<(), MapError> {
        self.pass(mrg, [1, 2, 4, 7]);
        let prior = self.prior_account(mrg)?;
        let Some(survivor) = &subject.account else {
            return Err(MapError::NoIdentity { place: place_of_account(), what: "account" });
        };
        let Some(key) = account_key(&prior) else { return Ok(()) };
        if Some(&key) == subject.account_key().as_ref() {
            self.warn(*mrg.field(3), "the account would be merged with itself; nothing was merged");
            return Ok(());
        }
        let mut account = resource("Account");
        account.push("identifier", prior.tree);
        account.set("status", "inactive");
        account.push("subject", subject.reference.clone());
        account.set("partOf", survivor.clone());
        self.put(key, Write::Update, account, Vec::new());
        Ok(())
    }

    /// MRG-5 gives way to the stay of PV1.
    pub(super) fn merge_stays(&self, mrg: Segment<'m>, subject: &Subject, stay: &Stay) -> Result<(), MapError> {
        self.pass(mrg, [1, 2, 3, 4, 7]);
        let prior = self.prior_stay(mrg)?;
        let Some(system) = prior.system.clone() else { return Ok(()) };
        let key = Key { resource_type: "Encounter", system, value: prior.value.clone() };
        if key == stay.key {
            self.warn(*mrg.field(5), "the stay would be merged with itself; nothing was merged");
            return Ok(());
        }
        let mut encounter = resource("Encounter");
        encounter.push("identifier", prior.tree);
        encounter.set("status", "entered-in-error");
        encounter.set("class", coding(&format!("{TERMINOLOGY}v3-NullFlavor"), ("UNK", "unknown")));
        encounter.set("subject", subject.reference.clone());
        encounter.set("partOf", stay.reference.clone());
        self.put(key.clone(), Write::Update, encounter, Vec::new());
        self.assume(&key, "class");
        Ok(())
    }

    /// True if a number of MRG-1 is one of PID-3 too.
    pub(super) fn shares_number(&self, mrg: Segment<'m>, subject: &Subject) -> bool {
        self.prior_patient(mrg).iter().any(|prior| is_among(prior, &subject.numbers))
    }

    /// MRG-1 is what the patient of PID-3 was known by until now.
    pub(super) fn renumber_patient(&self, mrg: Segment<'m>, subject: &Subject) -> Result<(), MapError> {
        self.pass(mrg, [7]);
        let mut identifiers = self.prior_patient(mrg);
        if identifiers.is_empty() {
            return Err(MapError::NoIdentity { place: mrg.field(1).place(), what: Prior::RENUMBERED });
        }
        identifiers.retain(|prior| !is_among(prior, &subject.numbers));
        for mut prior in identifiers {
            prior.tree.set("use", "old");
            if let Some(system) = prior.system {
                let key = Key { resource_type: "Patient", system, value: prior.value };
                self.known_formerly(&subject.key, key);
            }
            self.change(&subject.key, |patient| {
                patient.push("identifier", prior.tree);
            });
        }
        if mrg.field(3).has_value() && subject.account.is_some() {
            return self.renumber_account(mrg, subject);
        }
        Ok(())
    }

    /// MRG-3 is what the account of PID-18 was known by until now.
    pub(super) fn renumber_account(&self, mrg: Segment<'m>, subject: &Subject) -> Result<(), MapError> {
        self.pass(mrg, [1, 2, 4, 7]);
        let mut prior = self.prior_account(mrg)?;
        let Some(key) = subject.account_key() else {
            return Err(MapError::NoIdentity { place: place_of_account(), what: "account" });
        };
        let Some(former) = account_key(&prior).filter(|former| *former != key) else { return Ok(()) };
        prior.tree.set("use", "old");
        self.change(&key, |account| {
            account.push("identifier", prior.tree);
        });
        self.known_formerly(&key, former);
        Ok(())
    }

    /// MRG-5, else MRG-6, is what the stay of PV1 was known by until now.
    pub(super) fn renumber_stay(&self, mrg: Segment<'m>, stay: &Stay) -> Result<(), MapError> {
        self.pass(mrg, [1, 2, 3, 4, 7]);
        let mut prior = self.prior_stay(mrg)?;
        let Some(system) = prior.system.clone() else { return Ok(()) };
        let former = Key { resource_type: "Encounter", system, value: prior.value.clone() };
        if former == stay.key {
            return Ok(());
        }
        prior.tree.set("use", "old");
        self.change(&stay.key, |encounter| {
            encounter.push("identifier", prior.tree);
        });
        self.known_formerly(&stay.key, former);
        Ok(())
    }

    /// The account of PID-18, else MRG-3, was that of the patient in MRG-1.
    pub(super) fn move_account(&self, mrg: Segment<'m>, subject: &Subject) -> Result<(), MapError> {
        self.pass(mrg, [7]);
        let from = self.prior_keys(mrg)?;
        let prior = self.prior_account(mrg).ok();
        let Some(what) = subject.account_key().or_else(|| prior.as_ref().and_then(account_key)) else {
            return Err(MapError::NoIdentity { place: mrg.field(3).place(), what: Prior::ACCOUNT });
        };
        let is_new = prior.as_ref().and_then(account_key).is_some_and(|former| former != what);
        if subject.account.is_none() {
            self.merged_account(mrg, subject);
        } else if is_new {
            self.renumber_account(mrg, subject)?;
        }
        self.move_to(what, from, subject);
        Ok(())
    }

    /// The stay of PV1 was of the account in MRG-3, and of the patient in MRG-1 if that is given.
    pub(super) fn move_stay(&self, mrg: Segment<'m>, subject: &Subject, stay: &Stay) -> Result<(), MapError> {
        self.pass(mrg, [3, 7]);
        if mrg.field(5).has_value() || mrg.field(6).has_value() {
            self.renumber_stay(mrg, stay)?;
        }
        if let Ok(from) = self.prior_keys(mrg) {
            self.move_to(stay.key.clone(), from, subject);
        }
        Ok(())
    }

    /// Nothing moves to who has it already.
    fn move_to(&self, what: Key, mut from: Vec<Key>, subject: &Subject) {
        from.retain(|patient| {
            !subject.numbers.iter().any(|(system, value)| *system == patient.system && *value == patient.value)
        });
        if !from.is_empty() {
            self.moves(Move { what, from, to: subject.key.clone() });
        }
    }

    /// The patient of MRG-1 by all numbers given.
    fn prior_keys(&self, mrg: Segment<'m>) -> Result<Vec<Key>, MapError> {
        let keys: Vec<Key> = self
            .prior_patient(mrg)
            .into_iter()
            .filter_map(|prior| Some(Key { resource_type: "Patient", system: prior.system?, value: prior.value }))
            .collect();
        if keys.is_empty() {
            return Err(MapError::NoIdentity { place: mrg.field(1).place(), what: Prior::PATIENT });
        }
        Ok(keys)
    }

    fn prior_account(&self, mrg: Segment<'m>) -> Result<Identified, MapError> {
        self.number_of(self.take(mrg, 3).into(), "account")
            .ok_or(MapError::NoIdentity { place: mrg.field(3).place(), what: Prior::ACCOUNT })
    }

    /// MRG-5, else MRG-6.
    fn prior_stay(&self, mrg: Segment<'m>) -> Result<Identified, MapError> {
        let found = [5, 6].into_iter().find_map(|number| self.number_of(self.take(mrg, number).into(), "visit"));
        found.ok_or(MapError::NoIdentity { place: mrg.field(5).place(), what: Prior::STAY })
    }

    /// A24: both are active, and each names the other.
    pub(super) fn link(&self, one: &Subject, other: &Subject) {
        for (patient, linked) in [(one, other), (other, one)] {
            let reference = linked.reference.clone();
            self.change(&patient.key, |patient| {
                patient.push("link", link(reference, "seealso"));
            });
        }
    }
}

fn account_key(number: &Identified) -> Option<Key> {
    Some(Key { resource_type: "Account", system: number.system.clone()?, value: number.value.clone() })
}

fn is_among(number: &Identified, numbers: &[(String, String)]) -> bool {
    numbers.iter().any(|(system, value)| number.system.as_ref() == Some(system) && number.value == *value)
}

fn link(other: Tree, kind: &str) -> Tree {
    Tree::from([("other", other), ("type", kind.into())])
}

/// PID-18.
fn place_of_account() -> Place {
    Place::of_field(*b"PID", 18)
}
