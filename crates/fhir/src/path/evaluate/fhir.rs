//! What FHIR and SQL on FHIR add: extensions, references, keys, children.

use super::navigation::each_child;
use super::{Evaluator, Items, Outcome, Scope, fail, single};
use crate::json::{Kind, Node};
use crate::path::functions::Function;
use crate::path::item::{Item, TypedNode, Unresolved, resource_type};
use crate::path::model::model;
use crate::path::program::{CallStep, TypeTest};
use crate::path::text;
use crate::reference::Reference;
use crate::schema::{TypeId, TypeKind, r4};
use std::borrow::Cow;

/// The item, if it is a resource.
pub(super) fn as_resource<'d>(item: &Item<'d>) -> Option<Item<'d>> {
    let node = item.node()?;
    (r4().info(node.type_id).kind == TypeKind::Resource).then(|| item.clone())
}

impl<'d> Evaluator<'_, 'd> {
    pub(super) fn fhir_function(
        &self,
        call: &'d CallStep,
        items: Items<'d>,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        let at = call.at;
        match call.function {
            Function::Children => {
                let mut out = Vec::new();
                for node in items.iter().filter_map(Item::node) {
                    each_child(node, &mut |child| out.push(Item::Node(child)));
                }
                Ok(out)
            }
            Function::Descendants => self.descendants(at, &items),
            Function::Extension => self.extension(call, &items, scope),
            Function::HasValue => {
                let has = match items.as_slice() {
                    [Item::Node(node)] => model().primitive(node.type_id).is_some() && node.has_value(),
                    [item] => item.system_type().is_some(),
                    _ => false,
                };
                Ok(vec![Item::Boolean(has)])
            }
            Function::GetValue => Ok(match items.as_slice() {
                [item] if item.as_text().is_some() => item.value().into_iter().collect(),
                [item] if item.system_type().is_some() => items,
                _ => Vec::new(),
            }),
            Function::Resolve => Ok(items.iter().filter_map(|item| self.resolve(item)).collect()),
            Function::ConformsTo => self.conforms_to(call, &items, scope),
            Function::HtmlChecks => Ok(match single(at, "htmlChecks()", &items)?.and_then(Item::as_text) {
                Some(html) => vec![Item::Boolean(text::is_narrative(&html))],
                None => Vec::new(),
            }),
            Function::ResourceKey => Ok(items.iter().filter_map(resource_key).map(Item::String).collect()),
            Function::ReferenceKey => {
                Ok(items.iter().filter_map(|item| reference_key(item, call.test)).map(Item::String).collect())
            }
            other => fail(at, format!("{other:?} is not a function of FHIR")),
        }
    }

    fn descendants(&self, at: u32, items: &[Item<'d>]) -> Outcome<Items<'d>> {
        let mut out: Items<'d> = Vec::new();
        for node in items.iter().filter_map(Item::node) {
            each_child(node, &mut |child| out.push(Item::Node(child)));
        }
        // What is appended is looked at in its turn; documents are trees of bounded depth, so this ends.
        let mut next = 0;
        while next < out.len() {
            if let Item::Node(node) = out[next] {
                let before = out.len();
                each_child(node, &mut |child| out.push(Item::Node(child)));
                self.spend(at, out.len() - before + 1)?;
            }
            next += 1;
        }
        Ok(out)
    }

    fn extension(&self, call: &'d CallStep, items: &[Item<'d>], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let Some(url) = self.text_argument(call.at, "the url of extension()", &call.arguments[0], scope)? else {
            return Ok(Vec::new());
        };
        let mut out = Vec::new();
        for node in items.iter().filter_map(Item::node) {
            let holder = if model().primitive(node.type_id).is_some() { node.extension } else { Some(node.node) };
            let Some(extensions) = holder.and_then(|holder| holder.get("extension")) else {
                continue;
            };
            for extension in extensions.each() {
                if extension.get("url").is_some_and(|found| found.is_str(&url)) {
                    out.push(Item::element(extension, model().extension));
                }
            }
        }
        Ok(out)
    }

    fn root_resource(&self) -> Option<Node<'d>> {
        let root = self.env.root_resource.as_ref().or(self.env.resource.as_ref()).or(self.focus.as_ref());
        root?.node().map(|node| node.node)
    }

    /// The target of a Reference, or of a uri, url or canonical: a contained resource, an entry of the bundle that is being
    /// looked at, what the resolver finds, or else the type that the reference names.
    fn resolve(&self, item: &Item<'d>) -> Option<Item<'d>> {
        let (reference, named) = match item {
            Item::Node(node) if r4().is_a(node.type_id, model().reference) => {
                let named = node.node.get("type").and_then(Node::as_str);
                match node.node.get("reference").and_then(Node::as_str) {
                    Some(reference) => (reference, named),
                    // A logical reference may still name its type.
                    None => (Cow::Borrowed(""), Some(named?)),
                }
            }
            other => (other.as_text()?, None),
        };
        if let Some(id) = reference.strip_prefix('#') {
            let root = self.root_resource()?;
            if id.is_empty() {
                return Item::resource(root);
            }
            return root
                .get("contained")
                .into_iter()
                .flat_map(Node::each)
                .find(|contained| contained.get("id").is_some_and(|found| found.is_str(id)))
                .and_then(Item::resource);
        }
        if !reference.is_empty() {
            if let Some(found) = self.root_resource().and_then(|root| in_bundle(root, &reference)) {
                return Item::resource(found);
            }
            if let Some(found) = self.env.resolver.and_then(|resolver| resolver(&reference)) {
                return Item::resource(found);
            }
        }
        let type_id = named_type(&reference).or_else(|| r4().resource_type(named.as_deref()?))?;
        Some(Item::Unresolved(Box::new(Unresolved { type_id, reference })))
    }

    fn conforms_to(&self, call: &'d CallStep, items: &[Item<'d>], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let Some(item) = single(call.at, "conformsTo()", items)? else {
            return Ok(Vec::new());
        };
        let Some(url) = self.text_argument(call.at, "the profile of conformsTo()", &call.arguments[0], scope)? else {
            return Ok(Vec::new());
        };
        let base = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/").and_then(|name| r4().type_id(name));
        match base {
            Some(type_id) => Ok(vec![Item::Boolean(super::types::is_fhir(item, type_id))]),
            None => fail(call.at, format!("the profile {url} is not known: only the types of FHIR itself are")),
        }
    }
}

/// The resource of a bundle's entry whose full URL, or its end, is the reference.
fn in_bundle<'d>(root: Node<'d>, reference: &str) -> Option<Node<'d>> {
    if !root.get("resourceType")?.is_str("Bundle") {
        return None;
    }
    let matches = |url: &str| {
        url == reference
            || (!reference.contains(':') && url.strip_suffix(reference).is_some_and(|before| before.ends_with('/')))
    };
    root.get("entry")?
        .each()
        .find(|entry| entry.get("fullUrl").and_then(Node::as_str).is_some_and(|url| matches(&url)))?
        .get("resource")
}

/// The resource type that a literal reference names: `Patient/1`, `http://server/fhir/Patient/1/_history/2`.
fn named_type(reference: &str) -> Option<TypeId> {
    Reference::parse(reference).resource_type().and_then(|name| r4().resource_type(name))
}

/// The key that rows of other views refer to: the id.
fn resource_key<'d>(item: &Item<'d>) -> Option<Cow<'d, str>> {
    let node = item.node()?;
    resource_type(node.node)?;
    let id = node.node.get("id")?.as_str()?;
    Some(id)
}

/// The key of what a reference points to, if it is of the type asked for.
fn reference_key<'d>(item: &Item<'d>, test: Option<TypeTest>) -> Option<Cow<'d, str>> {
    let Item::Node(TypedNode { node, type_id, .. }) = item else {
        return None;
    };
    if !r4().is_a(*type_id, model().reference) || node.kind() != Kind::Object {
        return None;
    }
    let reference = node.get("reference")?.as_str()?;
    let parsed = Reference::parse(&reference);
    let (found, id) = (r4().resource_type(parsed.resource_type()?)?, parsed.id()?);
    match test {
        Some(TypeTest::Fhir(wanted)) if !r4().is_a(found, wanted) => None,
        Some(TypeTest::System(_) | TypeTest::Never | TypeTest::Quantity(_)) => None,
        _ => Some(Cow::Owned(id.to_owned())),
    }
}
