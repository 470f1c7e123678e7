//! Persons and organizations that the message mentions: XCN, CNN, XON, HD, CWE to Practitioner and Organization.

use super::context::{Context, Fill, resource};
use super::identifier::{DEVICE, identifier_type};
use super::parts::{Parts, repeats};
use super::transaction::{Key, Write};
use crate::message::Field;
use fhir::json::Tree;

impl<'m> Context<'m> {
    /// XCN, and CNN within an NDL, as a reference. With an id there is a Practitioner; a name alone identifies nobody and
    /// becomes the reference's text.
    pub(super) fn practitioner(&self, parts: Parts<'m>) -> Option<Tree> {
        let name = self.xcn_name(parts);
        let display = name.as_ref().and_then(Self::name_text);
        let Some(id) = self.text(parts.first(1)) else {
            return display.map(|display| Tree::from([("display", display.into())]));
        };
        let system = self.authority(parts.nested(9), 1).unwrap_or_else(|| self.source_system("practitioner"));
        let mut identifier = Tree::object();
        identifier.fill("type", self.code(parts.first(13)).map(|code| identifier_type(&code)));
        identifier.set("system", system.as_str());
        identifier.set("value", id.as_str());
        let mut practitioner = resource("Practitioner");
        practitioner.push("identifier", identifier);
        practitioner.fill_all("name", name.into_iter().collect());
        if let Some(degree) = self.code(parts.first(7)) {
            let code = Tree::from([(
                "coding",
                vec![Tree::from([
                    ("system", "http://terminology.hl7.org/CodeSystem/v2-0360".into()),
                    ("code", degree.into()),
                ])]
                .into(),
            )]);
            practitioner.push("qualification", Tree::from([("code", code)]));
        }
        let key = Key { resource_type: "Practitioner", system, value: id };
        let mut reference = self.put(key, Write::CreateIfAbsent, practitioner, Vec::new());
        reference.fill("display", display);
        Some(reference)
    }

    /// XCN in every repetition.
    pub(super) fn practitioners(&self, field: Field<'m>) -> Vec<Tree> {
        repeats(field).filter_map(|parts| self.practitioner(parts)).collect()
    }

    /// XON as a reference to an Organization; `address` and `telecom` as far as the message has them.
    pub(super) fn organization(&self, parts: Parts<'m>, address: Vec<Tree>, telecom: Vec<Tree>) -> Option<Tree> {
        let name = self.text(parts.part(1));
        let id = self.text(parts.first(10)).or_else(|| self.text(parts.first(3)));
        let (key, identifier) = match (&id, &name) {
            (Some(id), _) => {
                let system = self.authority(parts.nested(6), 1).unwrap_or_else(|| self.source_system("organization"));
                let mut identifier = Tree::object();
                identifier.fill("type", self.code(parts.first(7)).map(|code| identifier_type(&code)));
                identifier.set("system", system.as_str());
                identifier.set("value", id.as_str());
                (Key { resource_type: "Organization", system, value: id.clone() }, Some(identifier))
            }
            (None, Some(name)) => (self.shared_key("Organization", "organization-name", &[name]), None),
            (None, None) => return None,
        };
        Some(self.put_organization(key, identifier, name, address, telecom))
    }

    /// CWE that names an organization: code, name, system.
    pub(super) fn coded_organization(&self, parts: Parts<'m>) -> Option<Tree> {
        self.coded_organization_at(parts, Vec::new(), Vec::new())
    }

    /// The same with its address and telecommunication.
    pub(super) fn coded_organization_at(
        &self,
        parts: Parts<'m>,
        address: Vec<Tree>,
        telecom: Vec<Tree>,
    ) -> Option<Tree> {
        let name = self.text(parts.part(2));
        let code = self.text(parts.first(1));
        let coding = self.coding(parts, None);
        let system = coding.as_ref().and_then(|c| c.get("system")).and_then(Tree::as_str).map(str::to_owned);
        let (key, identifier) = match (code, &name) {
            (Some(code), _) => {
                let system = system.unwrap_or_else(|| self.source_system("organization"));
                let identifier = Tree::from([("system", system.as_str().into()), ("value", code.as_str().into())]);
                (Key { resource_type: "Organization", system, value: code }, Some(identifier))
            }
            (None, Some(name)) => (self.shared_key("Organization", "organization-name", &[name]), None),
            (None, None) => return None,
        };
        Some(self.put_organization(key, identifier, name, address, telecom))
    }

    fn put_organization(
        &self,
        key: Key,
        identifier: Option<Tree>,
        name: Option<String>,
        address: Vec<Tree>,
        telecom: Vec<Tree>,
    ) -> Tree {
        let mut organization = resource("Organization");
        organization.fill_all("identifier", identifier.into_iter().collect());
        organization.fill("name", name.clone());
        organization.fill_all("telecom", telecom);
        organization.fill_all("address", address);
        let mut reference = self.put(key, Write::CreateIfAbsent, organization, Vec::new());
        reference.fill("display", name);
        reference
    }

    /// EI as a reference to a Device.
    pub(super) fn device(&self, parts: Parts<'m>) -> Option<Tree> {
        let identified = self.ei(parts, DEVICE, None)?;
        let key = Key { resource_type: "Device", system: identified.system?, value: identified.value };
        let mut device = resource("Device");
        device.push("identifier", identified.tree);
        Some(self.put(key, Write::CreateIfAbsent, device, Vec::new()))
    }
}
