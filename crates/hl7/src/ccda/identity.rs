//! Identifiers: II.

use super::context::Context;
use super::element::El;
use super::oid;
use super::text::clean;
use crate::map::Key;
use crate::map::context::{uri, urn_part};
use fhir::json::Tree;

/// The system of social security numbers.
pub(super) const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";
/// Identifiers of one thing that are read.
pub(super) const IDS_MAX: usize = 100;

/// An identifier with what identity is made of.
#[derive(Clone, Debug)]
pub(super) struct Identified {
    pub(super) system: String,
    pub(super) value: String,
    pub(super) tree: Tree,
}

impl Identified {
    pub(super) fn key(&self, kind: &'static str) -> Key {
        Key { resource_type: kind, system: self.system.clone(), value: self.value.clone() }
    }

    /// True if it tells nothing from another of its kind.
    pub(super) fn is_placeholder(&self) -> bool {
        fhir::placeholder::is_placeholder(Some(&self.system), &self.value)
    }
}

impl<'d> Context<'d> {
    /// An II; `None` if it has no value, or is an authority without a number.
    pub(super) fn identifier(&self, el: El<'d>) -> Option<Identified> {
        if el.null().is_some() && el.attr("extension").is_none() {
            return None;
        }
        let root = el.attr("root");
        let name = el.attr("assigningAuthorityName").and_then(clean);
        let extension = el.attr("extension").and_then(clean);
        let (system, value) = match (root, extension) {
            (Some(root), Some(value)) => (self.authority(root, name.as_deref()), value),
            (Some(root), None) if oid::is_uuid(root) => {
                ("urn:ietf:rfc:3986".to_owned(), format!("urn:uuid:{}", root.to_ascii_lowercase()))
            }
            (Some(root), None) if oid::is_authority(root) => return None,
            (Some(root), None) if oid::is_oid(root) => ("urn:ietf:rfc:3986".to_owned(), format!("urn:oid:{root}")),
            (Some(root), None) => (self.source_system("id"), clean(root)?),
            (None, Some(value)) => match &name {
                Some(name) => (self.authority("", Some(name)), value),
                None => (self.source_system("id"), value),
            },
            (None, None) => return None,
        };
        let mut tree = Tree::from([("system", system.as_str().into()), ("value", value.as_str().into())]);
        if system == SSN {
            tree.set("type", super::codes::concept_of("http://terminology.hl7.org/CodeSystem/v2-0203", "SS", ""));
        }
        if let Some(name) = name {
            tree.set("assigner", Tree::from([("display", name.into())]));
        }
        Some(Identified { system, value, tree })
    }

    fn authority(&self, root: &str, name: Option<&str>) -> String {
        if let Some(uri) = name.and_then(|name| self.settings.authorities.get(name)) {
            return uri.clone();
        }
        if let Some(uri) = self.settings.authorities.get(root).map(String::as_str).or_else(|| oid::authority(root)) {
            return uri.to_owned();
        }
        if oid::is_oid(root) {
            return format!("urn:oid:{root}");
        }
        if oid::is_uuid(root) {
            return format!("urn:uuid:{}", root.to_ascii_lowercase());
        }
        if root.contains(':') {
            return uri(root);
        }
        let name = if root.is_empty() { name.unwrap_or_default() } else { root };
        format!("urn:medweave:authority:{}", urn_part(name))
    }

    /// All identifiers of an element, each once.
    pub(super) fn identifiers(&self, el: El<'d>) -> Vec<(Identified, El<'d>)> {
        let mut all: Vec<(Identified, El<'d>)> = Vec::new();
        for id in el.all("id").take(IDS_MAX) {
            if let Some(identified) = self.identifier(id)
                && !all.iter().any(|(other, _)| other.system == identified.system && other.value == identified.value)
            {
                all.push((identified, id));
            }
        }
        all
    }
}
