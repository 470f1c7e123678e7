//! From a resource to its index values.

use super::convert::{Converter, Reader, refers_to};
use super::index_value::{IndexValue, ReferenceValue};
use super::plan::{Leaf, Plan, Spot};
use super::units::Units;
use crate::json::{Kind, Node};
use crate::parameters::Parameter;
use crate::path::{Environment, Item};
use crate::schema::{self, TypeKind};
use crate::time::ZoneOffset;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Reads the values of all search parameters from resources. Made once, shared by threads.
///
/// ```
/// use fhir::{json::Document, search::{Extractor, IndexValue}};
/// let document = Document::parse(br#"{"resourceType":"Observation","status":"final"}"#).unwrap();
/// let extractor = Extractor::new();
/// let mut found = Vec::new();
/// let issues = extractor.extract(document.root(), &mut |parameter, value| found.push((parameter.code, value)));
/// assert!(issues.is_empty());
/// assert_eq!(found, [("status", IndexValue::Token { system: None, code: "final".into() })]);
/// ```
#[derive(Debug)]
pub struct Extractor {
    converter: Converter,
    /// By type id, made when a type is first met.
    plans: Vec<OnceLock<Result<Plan, ExtractIssue>>>,
}

/// Why some values of a resource are not in the index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractIssue {
    /// It names no resource type, or one that R4 does not have. Nothing was extracted.
    #[error("not a resource of a known type: resourceType is {0:?}")]
    NoType(Option<String>),
    /// The expression of a parameter cannot be evaluated here; the other parameters were extracted.
    #[error("search parameter {url}: {why}")]
    Expression {
        /// The parameter's canonical address.
        url: &'static str,
        /// What went wrong.
        why: String,
    },
}

impl Default for Extractor {
    fn default() -> Self {
        Self::new()
    }
}

impl Extractor {
    /// An extractor that takes dates without a zone as UTC and knows no base URL.
    pub fn new() -> Self {
        let types = schema::r4().ids().count();
        Extractor {
            converter: Converter { zone: ZoneOffset::UTC, base_url: None, units: Units::default() },
            plans: (0..types).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Takes dates without a zone as of this one.
    #[must_use]
    pub fn with_zone(mut self, zone: ZoneOffset) -> Self {
        self.converter.zone = zone;
        self
    }

    /// Takes absolute references below this URL (without a slash at its end) as local.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.converter.base_url = Some(base_url.into());
        self
    }

    /// Gives `sink` every value of every parameter that is indexed ([`super::support::is_indexed`]), but not `_id` and
    /// `_lastUpdated`, which whoever stores the resource knows. A value may come more than once.
    ///
    /// Values that cannot be read (a date that is none) count as [`IndexValue::Present`]; only what leaves a parameter
    /// without its values is an issue.
    pub fn extract<'d>(
        &'d self,
        resource: Node<'d>,
        sink: &mut impl FnMut(&'static Parameter, IndexValue<'d>),
    ) -> Vec<ExtractIssue> {
        let schema = schema::r4();
        let name = resource.get("resourceType").and_then(Node::as_str);
        let Some(type_id) = name.as_deref().and_then(|name| schema.resource_type(name)) else {
            return vec![ExtractIssue::NoType(name.map(Cow::into_owned))];
        };
        let plan = self.plans[usize::from(type_id.0)].get_or_init(|| {
            Plan::of(type_id)
                .map_err(|(parameter, why)| ExtractIssue::Expression { url: parameter.url, why: why.to_string() })
        });
        let plan = match plan {
            Ok(plan) => plan,
            Err(issue) => return vec![issue.clone()],
        };
        self.visit(&plan.root, resource, sink);
        let mut issues = Vec::new();
        for computed in &plan.computed {
            let Some(focus) = Item::resource(resource) else { continue };
            match computed.program.evaluate(focus, &Environment::default()) {
                Ok(items) => {
                    for item in items {
                        for parameter in &computed.uses {
                            self.item(parameter, &item, sink);
                        }
                    }
                }
                Err(error) => issues.extend(
                    computed.uses.iter().map(|p| ExtractIssue::Expression { url: p.url, why: error.to_string() }),
                ),
            }
        }
        issues
    }

    fn visit<'d>(&self, spot: &Spot, node: Node<'d>, sink: &mut impl FnMut(&'static Parameter, IndexValue<'d>)) {
        for leaf in &spot.leaves {
            self.leaf(leaf, node, sink);
        }
        for (member, text, spot) in &spot.guards {
            if node.get(member).is_some_and(|value| value.is_str(text)) {
                self.visit(spot, node, sink);
            }
        }
        if spot.members.is_empty() {
            return;
        }
        for (name, value) in node.members() {
            let Some(spot) = spot.member(name) else { continue };
            for item in value.each().filter(|item| item.kind() != Kind::Null) {
                self.visit(spot, item, sink);
            }
        }
    }

    fn leaf<'d>(&self, leaf: &Leaf, node: Node<'d>, sink: &mut impl FnMut(&'static Parameter, IndexValue<'d>)) {
        self.converter.read(leaf.reader, node, &mut |value| {
            for used in &leaf.uses {
                let wanted = match (used.refers_to, &value) {
                    (None, _) => true,
                    (Some(wanted), IndexValue::Reference(ReferenceValue::Local { type_id, .. })) => *type_id == wanted,
                    (Some(wanted), _) => refers_to(node, schema::r4().name(wanted)),
                };
                if wanted {
                    sink(used.parameter, value.clone());
                }
            }
        });
    }

    /// A result of FHIRPath as index values.
    pub(super) fn item<'d>(
        &self,
        parameter: &'static Parameter,
        item: &Item<'d>,
        sink: &mut impl FnMut(&'static Parameter, IndexValue<'d>),
    ) {
        match item {
            Item::Node(typed) => {
                let info = schema::r4().info(typed.type_id);
                let reader = Reader::of(parameter.kind, info.name, info.kind == TypeKind::Primitive);
                self.converter.read(reader, typed.node, &mut |value| sink(parameter, value));
            }
            Item::Boolean(flag) => {
                let code = Cow::Borrowed(if *flag { "true" } else { "false" });
                sink(parameter, IndexValue::Token { system: None, code });
            }
            _ => sink(parameter, IndexValue::Present),
        }
    }
}
