//! A40: two patients are one. Both records stay, linked; the one that goes on is active, the other is not.

use super::MapError;
use super::context::{Context, Fill, resource};
use super::identifier::Identified;
use super::parts::repeats;
use super::patient::Subject;
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// MRG: `survivor` goes on, the patient of MRG-1 is replaced by it.
    pub(super) fn merge(&self, mrg: Segment<'m>, survivor: &Subject) -> Result<(), MapError> {
        let mut identifiers: Vec<_> =
            repeats(self.take(mrg, 1)).filter_map(|parts| self.cx(parts, "patient")).collect();
        // MRG-2 and MRG-4 are the identifiers of older versions.
        for number in [2, 4] {
            let older = self.cx(self.take(mrg, number).into(), "patient");
            if let Some(older) =
                older.filter(|o| identifiers.iter().all(|i| i.value != o.value || i.system != o.system))
            {
                identifiers.push(older);
            }
        }
        if identifiers.is_empty() {
            return Err(MapError::NoIdentity { place: mrg.field(1).place(), what: "patient to be merged" });
        }
        if identifiers.iter().all(Identified::is_placeholder) {
            return Err(MapError::NoIdentity { place: mrg.field(1).place(), what: "patient to be merged" });
        }
        // Nobody else has what stands in the place of a number, and everybody may.
        identifiers.retain(|identified| !identified.is_placeholder());
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
        self.merged_account(mrg, survivor);
        Ok(())
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
}

fn link(other: Tree, kind: &str) -> Tree {
    Tree::from([("other", other), ("type", kind.into())])
}
