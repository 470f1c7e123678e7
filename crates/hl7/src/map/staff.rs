//! STF, PRA, LOC and NPU to Practitioner and Location: the house's own lists, and which bed is free.

use super::context::{Context, Fill, resource};
use super::parts::{Parts, repeats};
use super::tables::{TERMINOLOGY, gender};
use super::transaction::{Key, Write};
use crate::message::Segment;
use fhir::json::Tree;

/// True of an entry that is taken off a list (MFE-1, table 0180).
pub(super) fn is_taken_off(action: &str) -> bool {
    matches!(action, "MDL" | "MDC")
}

impl<'m> Context<'m> {
    /// STF with the PRA behind it. `action` is MFE-1. `None` if nothing says who it is.
    pub(super) fn staff(&self, stf: Segment<'m>, pra: Option<Segment<'m>>, action: &str) -> Option<Key> {
        let mut identifiers: Vec<_> =
            repeats(self.take(stf, 2)).filter_map(|parts| self.number_of(parts, "practitioner")).collect();
        let primary = self.text(Parts::from(self.take(stf, 1)).first(1));
        if let Some(value) = primary.filter(|value| identifiers.iter().all(|known| known.value != *value)) {
            let system = self.source_system("practitioner");
            let tree = Tree::from([("system", system.as_str().into()), ("value", value.as_str().into())]);
            identifiers.push(super::identifier::Identified { system: Some(system), value, kind: None, tree });
        }
        let keys: Vec<Key> = identifiers
            .iter()
            .filter_map(|id| {
                Some(Key { resource_type: "Practitioner", system: id.system.clone()?, value: id.value.clone() })
            })
            .collect();
        let Some((key, others)) = keys.split_first() else {
            self.warn(*stf.field(2), "a member of the staff without a number was left out");
            return None;
        };
        let mut practitioner = resource("Practitioner");
        practitioner.fill_all("identifier", identifiers.iter().map(|id| id.tree.clone()).collect());
        let flag = self.field_text(stf, 7);
        let is_active = !is_taken_off(action) && flag.as_deref() != Some("I");
        practitioner.set("active", is_active);
        practitioner.fill_all("name", self.xpns(self.take(stf, 3)));
        let mut telecom = self.xtns(self.take(stf, 10), Some("work"));
        for parts in repeats(self.take(stf, 15)) {
            let Some(address) = self.text(parts.first(1)) else { continue };
            telecom.push(Tree::from([("system", "email".into()), ("value", address.into())]));
        }
        practitioner.fill_all("telecom", telecom);
        practitioner.fill_all("address", self.xads(self.take(stf, 11)));
        practitioner.fill("gender", self.field_text(stf, 5).as_deref().and_then(gender));
        practitioner.fill("birthDate", self.date(self.take(stf, 6).into()));
        if let Some(pra) = pra {
            self.pass(pra, [1]);
            for parts in repeats(self.take(pra, 5)) {
                let Some(name) = self.text(parts.first(1)) else { continue };
                let mut qualification = Tree::from([("code", Tree::from([("text", name.into())]))]);
                if let Some(board) = self.text(parts.first(2)) {
                    qualification.set("issuer", Tree::from([("display", board.into())]));
                }
                practitioner.push("qualification", qualification);
            }
        }
        self.put(key.clone(), Write::Update, practitioner, Vec::new());
        if flag.is_none() && matches!(action, "MUP" | "") {
            self.assume(key, "active");
        }
        for other in others {
            self.known_too(key, other.clone());
        }
        Some(key.clone())
    }

    /// LOC: a place of the house. `action` is MFE-1.
    pub(super) fn place(&self, loc: Segment<'m>, action: &str) -> Option<Key> {
        let Some(key) = self.place_key(self.take(loc, 1).into()) else {
            self.warn(*loc.field(1), "a place without a name was left out");
            return None;
        };
        let description = self.text(Parts::from(self.take(loc, 2)).whole());
        let kinds = self.concepts(self.take(loc, 3), Some("0260"));
        let organization =
            repeats(self.take(loc, 4)).next().and_then(|parts| self.organization(parts, Vec::new(), Vec::new()));
        let address = self.xads(self.take(loc, 5)).into_iter().next();
        let telecom = self.xtns(self.take(loc, 6), Some("work"));
        self.change(&key, |location| {
            location.set("status", if is_taken_off(action) { "inactive" } else { "active" });
            location.fill("description", description);
            location.fill_all("type", kinds);
            location.fill_all("telecom", telecom);
            location.fill("address", address);
            location.fill("managingOrganization", organization);
        });
        self.tell(&key);
        Some(key)
    }

    /// NPU: whether a bed is free (table 0116).
    pub(super) fn bed_status(&self, npu: Segment<'m>) -> Option<Key> {
        let Some(key) = self.place_key(self.take(npu, 1).into()) else {
            self.warn(*npu.field(1), "a bed without a name was left out");
            return None;
        };
        let status = Parts::from(self.take(npu, 2));
        let code = self.code(status.first(1))?;
        let mut coding = Tree::from([("system", format!("{TERMINOLOGY}v2-0116").into()), ("code", code.into())]);
        coding.fill("display", self.text(status.part(2)));
        self.change(&key, |location| {
            location.set("operationalStatus", coding);
        });
        self.tell(&key);
        Some(key)
    }
}
