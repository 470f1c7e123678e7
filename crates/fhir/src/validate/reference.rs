//! References: their form, and whether what they name may stand there.

use super::ConditionalReferences;
use super::issue::{IssueCode, shown_value};
use super::walk::Walk;
use crate::json::Node;
use crate::reference::Reference;
use crate::schema::Element;
use std::borrow::Cow;

/// A contained resource.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Contained<'d> {
    id: Cow<'d, str>,
    resource_type: Cow<'d, str>,
}

/// Where the canonical addresses of R4's types begin: `Reference.type` may be one.
const TYPE_ADDRESS: &str = "http://hl7.org/fhir/StructureDefinition/";

impl<'d> Walk<'d, '_> {
    pub(super) fn reference(&mut self, value: Node<'d>, element: &'static Element) {
        let declared = value.get("type").and_then(Node::as_str);
        let declared = declared.as_deref().map(|name| name.strip_prefix(TYPE_ADDRESS).unwrap_or(name));
        let node = value.get("reference");
        let Some((node, text)) = node.and_then(|node| node.as_str().map(|text| (node, text))) else {
            return self.target_type(value, declared, element);
        };
        let reference = Reference::parse(&text);
        let named = reference.resource_type();
        self.at("reference", None, |walk| match reference {
            Reference::Fragment(id) => walk.fragment(node, id, element),
            Reference::Conditional { .. } if walk.options.conditional_references == ConditionalReferences::Refused => {
                let message = "is a search, which is allowed only in a transaction: name the resource as `Type/id`";
                walk.error(IssueCode::Value, node, message);
            }
            Reference::Other(text) if !text.is_empty() && !is_address(text) => {
                let message = format!(
                    "`{}` is no reference: write `Type/id` with a resource type of R4, an absolute address, `urn:uuid:…` or `#id`",
                    shown_value(text)
                );
                walk.error(IssueCode::Value, node, message);
            }
            _ => walk.target_type(node, named.or(declared), element),
        });
        if let (Some(named), Some(declared)) = (named, declared)
            && named != declared
            && self.schema.is_resource(declared)
        {
            let message = format!("names a {named}, but `type` says `{}`", shown_value(declared));
            self.at("reference", None, |walk| walk.error(IssueCode::Invariant, node, message));
        }
    }

    /// `#id`: there must be a contained resource of that id.
    fn fragment(&mut self, node: Node<'d>, id: &str, element: &'static Element) {
        if id.is_empty() {
            return;
        }
        if self.contained.is_none() {
            let text = |node: Node<'d>, name| node.get(name).and_then(Node::as_str).unwrap_or_default();
            let contained = self.container.get("contained").into_iter().flat_map(Node::items);
            let mut contained: Vec<_> = contained
                .map(|node| Contained { id: text(node, "id"), resource_type: text(node, "resourceType") })
                .collect();
            contained.sort_unstable();
            self.contained = Some(contained);
        }
        let contained = self.contained.as_deref().unwrap_or_default();
        match contained.binary_search_by(|c| (*c.id).cmp(id)) {
            Ok(at) => {
                let resource_type = contained[at].resource_type.clone();
                self.target_type(node, Some(&resource_type), element);
            }
            Err(_) => {
                let message = format!("there is no contained resource with the id `{}`", shown_value(id));
                self.error(IssueCode::Invariant, node, message);
            }
        }
    }

    /// A type that R4 knows must be one of those that the element may refer to.
    fn target_type(&mut self, node: Node<'d>, named: Option<&str>, element: &'static Element) {
        let Some(type_id) = named.and_then(|name| self.schema.resource_type(name)) else { return };
        if element.targets.is_empty() || element.targets.contains(&type_id) {
            return;
        }
        let allowed: Vec<_> = element.targets.iter().map(|id| self.schema.name(*id)).collect();
        let message = format!(
            "refers to a {}; `{}` may refer to {}",
            self.schema.name(type_id),
            element.name,
            allowed.join(", ")
        );
        self.issue(self.options.reference_targets, IssueCode::Value, node, message);
    }
}

/// Begins with a scheme and has no white space.
fn is_address(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && !text.contains(char::is_whitespace)
}
