//! A40: two patients are one. Both records stay, linked; the one that goes on is active, the other is not.

use super::MapError;
use super::context::{Context, Fill, resource};
use super::parts::repeats;
use super::patient::Subject;
use super::transaction::Write;
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
        let key = self
            .patient_key(&identifiers)
            .ok_or(MapError::NoIdentity { place: mrg.field(1).place(), what: "patient to be merged" })?;
        if key == survivor.key {
            self.warn(*mrg.field(1), "the patient would be merged with itself; nothing was merged");
            return Ok(());
        }
        let mut replaced = resource("Patient");
        replaced.fill_all("identifier", identifiers.into_iter().map(|identified| identified.tree).collect());
        replaced.set("active", false);
        replaced.fill_all("name", self.xpns(self.take(mrg, 7)));
        replaced.push("link", link(survivor.reference.clone(), "replaced-by"));
        let reference = self.put(key, Write::Update, replaced, Vec::new());
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
        let key = super::transaction::Key { resource_type: "Account", system, value: identified.value };
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
