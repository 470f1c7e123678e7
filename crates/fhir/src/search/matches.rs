//! Search by reading whole resources: slow and simple, for tests to compare an index with.
//!
//! It takes a parsed query and nothing else of search: expressions are followed as text, values are recognised by their
//! shape, comparisons are written out anew.

use super::{
    DateMatch, Filter, NearMatch, NumberMatch, Prefix, QuantityMatch, ReferenceMatch, SearchQuery, StringMatch,
    SystemMatch, Test, TokenMatch, TypedIdentifier, UnitMatch, UriMatch, Way, Words, composite, fold, matches_codes,
    part_of, words,
};
use crate::decimal::Decimal;
use crate::json::{Kind, Node};
use crate::magnitude::Magnitude;
use crate::parameters::Parameter;
use crate::schema::r4;
use crate::time::{Moment, ZoneOffset};
use crate::ucum::Unit;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The resources that chains lead to.
pub trait Corpus {
    /// The resource of this type and id.
    fn find(&self, type_name: &str, id: &str) -> Option<Node<'_>>;
    /// Every resource of this type.
    fn of_type<'c>(&'c self, type_name: &str) -> Box<dyn Iterator<Item = Node<'c>> + 'c>;
}

/// Whether `resource` is of the type searched for and every filter holds. Dates without a zone are UTC; ids and times of
/// writing are read from the resource.
pub fn matches(query: &SearchQuery, resource: Node<'_>, corpus: &dyn Corpus) -> bool {
    resource.get("resourceType").is_some_and(|name| name.is_str(r4().name(query.resource_type)))
        && query.filters.iter().all(|filter| filter_holds(filter, resource, corpus))
}

fn filter_holds(filter: &Filter, resource: Node<'_>, corpus: &dyn Corpus) -> bool {
    let values = filter.parameter().map(|parameter| evaluate(parameter.expression, resource)).unwrap_or_default();
    test_holds(&filter.test, &values, resource, corpus)
}

/// `values` are those of the parameter that is asked.
fn test_holds(test: &Test, values: &[Value<'_>], resource: Node<'_>, corpus: &dyn Corpus) -> bool {
    match test {
        Test::Id { any_of, negated } => {
            any_of.iter().any(|id| resource.get("id").is_some_and(|node| node.is_str(id))) != *negated
        }
        Test::LastUpdated { any_of } => {
            let ranges =
                date_ranges(&resource.path(&["meta", "lastUpdated"]).map(Value::plain).into_iter().collect::<Vec<_>>());
            any_of.iter().any(|one| date_holds(one, &ranges))
        }
        Test::Missing { missing, .. } => values.iter().any(Value::has_content) != *missing,
        Test::Token { any_of, negated, .. } => {
            let tokens: Vec<_> = values.iter().flat_map(Value::tokens).collect();
            any_of.iter().any(|one| tokens.iter().any(|(system, code)| token_matches(one, system.as_deref(), code)))
                != *negated
        }
        Test::Reference { any_of, .. } => any_of.iter().any(|one| values.iter().any(|value| value.refers(one))),
        Test::Date { any_of, .. } => {
            let ranges = date_ranges(values);
            any_of.iter().any(|one| date_holds(one, &ranges))
        }
        Test::String { any_of, .. } => {
            let texts: Vec<String> = values.iter().flat_map(Value::texts).collect();
            any_of.iter().any(|one| texts.iter().any(|text| string_matches(one, text)))
        }
        Test::Number { any_of, .. } => {
            let ranges: Vec<_> = values.iter().filter_map(Value::numbers).collect();
            any_of.iter().any(|one| number_holds(one, &ranges))
        }
        Test::Quantity { any_of, .. } => {
            let quantities: Vec<_> = values.iter().filter_map(Value::quantity).collect();
            any_of.iter().any(|one| quantity_holds(one, &quantities))
        }
        Test::Uri { any_of, .. } => {
            // What a canonical says before its version stands for it as well.
            let is_canonical = test.parameter().is_some_and(|parameter| parameter.code == "_profile");
            let whole = values.iter().filter_map(|value| value.node.as_str()).map(String::from);
            let texts = whole.flat_map(|text| {
                let bare = text.split_once('|').filter(|_| is_canonical).map(|(bare, _)| bare.to_owned());
                bare.into_iter().chain([text])
            });
            texts.collect::<Vec<_>>().iter().any(|text| any_of.iter().any(|one| uri_matches(one, text)))
        }
        Test::Chain { targets, .. } => values.iter().filter_map(Value::target).any(|(type_name, id)| {
            targets.iter().any(|(target, filter)| {
                r4().name(*target) == type_name
                    && corpus.find(&type_name, &id).is_some_and(|found| filter_holds(filter, found, corpus))
            })
        }),
        Test::Has { source, parameter, filter } => {
            let own_id = resource.get("id").and_then(Node::as_str).unwrap_or_default();
            let own_type = resource.get("resourceType").and_then(Node::as_str).unwrap_or_default();
            corpus
                .of_type(r4().name(*source))
                .any(|other| refers_here(parameter, other, &own_type, &own_id) && filter_holds(filter, other, corpus))
        }
        Test::Composite { parameter, any_of } => values.iter().any(|element| {
            any_of.iter().any(|parts| {
                parts.iter().zip(composite::components(parameter)).all(|(part, component)| {
                    let own: Vec<_> =
                        component.path.split(" | ").flat_map(|path| element.relative(path, resource)).collect();
                    test_holds(part, &own, resource, corpus)
                })
            })
        }),
        Test::TokenText { any_of, .. } => {
            let texts: Vec<String> = values.iter().flat_map(Value::words).collect();
            any_of.iter().any(|one| texts.iter().any(|text| string_matches(one, text)))
        }
        Test::OfType { any_of, .. } => values.iter().any(|value| any_of.iter().any(|one| value.is_typed(one))),
        Test::CodeSet { parameter, any_of, negated } => {
            let tokens: Vec<_> = values.iter().flat_map(Value::tokens).collect();
            let is_in = |(system, code): &(Option<String>, String)| {
                any_of.iter().any(|set| matches_codes::has(set, parameter, system.as_deref(), code, corpus))
            };
            tokens.iter().any(is_in) != *negated
        }
        Test::PartOf { any_of, way, .. } => values.iter().filter_map(Value::target).any(|(type_name, id)| {
            any_of.iter().any(|(types, wanted)| {
                let is_of = types.iter().any(|of| r4().name(*of) == type_name);
                let (from, to) = if *way == Way::Below { (&id, wanted) } else { (wanted, &id) };
                is_of && wholes(&type_name, from, corpus).contains(to)
            })
        }),
        Test::Near { any_of, .. } => values.iter().any(|value| any_of.iter().any(|near| value.is_near(near))),
        Test::List { any_of } => {
            let own = |name: &str| resource.get(name).and_then(Node::as_str).unwrap_or_default().into_owned();
            let reference = format!("{}/{}", own("resourceType"), own("id"));
            any_of.iter().filter_map(|id| corpus.find("List", id)).any(|list| {
                evaluate("List.entry", list).iter().any(|entry| {
                    entry.node.get("deleted").and_then(Node::as_bool) != Some(true)
                        && entry.node.path(&["item", "reference"]).is_some_and(|text| text.is_str(&reference))
                })
            })
        }
        Test::Words { narrative_only, any_of } => {
            let texts = sayings(resource, *narrative_only);
            any_of.iter().any(|wanted| is_said(wanted, &texts))
        }
        Test::Unequal { test } => match &**test {
            Test::Token { any_of, .. } => values
                .iter()
                .flat_map(Value::tokens)
                .any(|(system, code)| !any_of.iter().any(|one| token_matches(one, system.as_deref(), &code))),
            Test::String { any_of, .. } => {
                values.iter().flat_map(Value::texts).any(|text| !any_of.iter().any(|one| string_matches(one, &text)))
            }
            // One value, with the prefix that says that it differs.
            Test::Date { .. } | Test::Number { .. } | Test::Quantity { .. } => {
                values.iter().any(|value| test_holds(test, &[*value], resource, corpus))
            }
            _ => {
                let is_other = |value: &&Value<'_>| !test_holds(test, &[**value], resource, corpus);
                values.iter().filter(|value| value.has_content()).any(|value| is_other(&value))
            }
        },
        Test::All(filters) => filters.iter().all(|filter| filter_holds(filter, resource, corpus)),
        Test::Any(filters) => filters.iter().any(|filter| filter_holds(filter, resource, corpus)),
        Test::Not(filter) => !filter_holds(filter, resource, corpus),
    }
}

fn refers_here(parameter: &Parameter, other: Node<'_>, type_name: &str, id: &str) -> bool {
    evaluate(parameter.expression, other).iter().filter_map(Value::target).any(|(t, i)| t == type_name && i == id)
}

/// Each text of a resource as words with a space before each; tags and entities of a narrative are left out.
fn sayings(resource: Node<'_>, narrative_only: bool) -> Vec<String> {
    let shown = |part: &str| part.split_once('>').map_or(part, |(_, text)| text).to_owned();
    // Entities stand for signs between words here.
    let between =
        |part: &str| part.split_once(';').filter(|(name, _)| name.len() < 9).map_or(part, |(_, text)| text).to_owned();
    let plain = |html: &str| {
        let untagged = html.split('<').map(shown).collect::<Vec<_>>().join(" ");
        untagged.split('&').map(between).collect::<Vec<_>>().join(" ")
    };
    let spaced = |text: &str| words(text).iter().flat_map(|word| [" ", word.as_str()]).collect::<String>();
    if narrative_only {
        let div = resource.path(&["text", "div"]).and_then(Node::as_str);
        return div.iter().map(|div| spaced(&plain(div))).collect();
    }
    let mut all = Vec::new();
    for (name, value) in resource.members().filter(|(name, _)| *name != "data") {
        for one in value.each() {
            if one.kind() == Kind::Object {
                all.extend(sayings(one, false));
            } else if let Some(text) = one.scalar_text() {
                all.push(spaced(&if name == "div" { plain(&text) } else { text.into() }));
            }
        }
    }
    all
}

fn is_said(wanted: &Words, texts: &[String]) -> bool {
    match wanted {
        Words::Phrase(phrase) => texts.iter().any(|text| text.contains(&format!(" {}", phrase.join(" ")))),
        Words::All(parts) => parts.iter().all(|part| is_said(part, texts)),
        Words::Any(parts) => parts.iter().any(|part| is_said(part, texts)),
        Words::Not(inner) => !is_said(inner, texts),
    }
}

/// The ids of a resource and of all that it is part of.
fn wholes(type_name: &str, id: &str, corpus: &dyn Corpus) -> Vec<String> {
    let parameter = r4().type_id(type_name).and_then(part_of::parameter);
    let mut all = vec![id.to_owned()];
    let mut at = 0;
    while let Some(id) = all.get(at).cloned() {
        at += 1;
        let Some((parameter, found)) = parameter.zip(corpus.find(type_name, &id)) else { continue };
        for (of, next) in evaluate(parameter.expression, found).iter().filter_map(Value::target) {
            if of == type_name && !all.contains(&next) {
                all.push(next);
            }
        }
    }
    all
}

/// A node, and the type that the name of a choice gave it (`Quantity` of `valueQuantity`).
#[derive(Clone, Copy)]
pub(super) struct Value<'d> {
    pub(super) node: Node<'d>,
    suffix: Option<&'d str>,
}

/// The data types whose names are looked for behind the name of a choice.
const SUFFIXES: [&str; 31] = [
    "Address",
    "Age",
    "Attachment",
    "Boolean",
    "Canonical",
    "Code",
    "CodeableConcept",
    "Coding",
    "ContactPoint",
    "Date",
    "DateTime",
    "Decimal",
    "Duration",
    "HumanName",
    "Identifier",
    "Instant",
    "Integer",
    "Money",
    "Period",
    "PositiveInt",
    "Quantity",
    "Range",
    "Ratio",
    "Reference",
    "SampledData",
    "String",
    "Time",
    "Timing",
    "UnsignedInt",
    "Uri",
    "Url",
];

/// Whether any type has a choice of this name.
fn is_choice(word: &str) -> bool {
    static CHOICES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let elements = r4().ids().flat_map(|id| r4().info(id).elements);
        elements.filter(|element| element.choice).map(|element| element.name).collect()
    });
    CHOICES.contains(word)
}

/// What an expression gives, by its text.
pub(super) fn evaluate<'d>(expression: &str, resource: Node<'d>) -> Vec<Value<'d>> {
    if let Some((path, _)) = expression.split_once(".exists() and ") {
        // `X.exists() and X != false` is a flag that is true or false for every resource; it is read where it is compared.
        return vec![Value { node: resource, suffix: Some(if flag(path, resource) { "true" } else { "false" }) }];
    }
    let mut all = Vec::new();
    for part in expression.split(" | ") {
        let mut here = vec![Value::plain(resource)];
        let part = part.strip_prefix('(').map_or(part.to_owned(), |part| part.replacen("))", ")", 1));
        let mut rest = part.split_once('.').map_or("", |(_, rest)| rest);
        while !rest.is_empty() {
            let (word, after) = match (rest.find('.'), rest.find('(')) {
                (dot, Some(open)) if dot.is_none_or(|dot| open < dot) => {
                    let close = rest[open..].replace("()", "__").find(')').map_or(rest.len(), |at| open + at + 1);
                    rest.split_at(close)
                }
                (Some(dot), _) => rest.split_at(dot),
                _ => (rest, ""),
            };
            here = here.into_iter().flat_map(|value| value.step(word)).collect();
            rest = after.trim_start_matches('.');
        }
        all.extend(here);
    }
    all
}

/// Extensions alone make an element exist, and are not `false`.
fn flag(path: &str, resource: Node<'_>) -> bool {
    let values = evaluate(path, resource);
    let word = path.rsplit('.').next().unwrap_or_default();
    let mut siblings = resource.members().filter_map(|(name, _)| name.strip_prefix('_'));
    values.iter().any(|value| value.node.as_bool() != Some(false))
        || (values.is_empty() && siblings.any(|name| name.starts_with(word)))
}

impl<'d> Value<'d> {
    fn plain(node: Node<'d>) -> Self {
        Value { node, suffix: None }
    }

    fn step(self, word: &str) -> Vec<Value<'d>> {
        if let Some(name) = word.strip_prefix("ofType(").and_then(|rest| rest.strip_suffix(')')) {
            // A canonical is a uri.
            let named = |name: &str| self.suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(name));
            let is_it = named(name) || (name == "uri" && named("canonical"));
            return if is_it { vec![self] } else { vec![] };
        }
        if let Some(name) = word.strip_prefix("where(resolve() is ").and_then(|rest| rest.strip_suffix(')')) {
            let named = self.node.get("type").is_some_and(|t| t.is_str(name));
            let said = self.target().is_some_and(|(type_name, _)| type_name == name);
            let far = self.reference_text().is_some_and(|text| {
                let text = text.split("/_history/").next().unwrap_or_default();
                text.contains("://") && text.rsplit('/').nth(1) == Some(name)
            });
            let other = self.target().is_some_and(|(type_name, _)| type_name != name);
            return if said || far || (named && !other) { vec![self] } else { vec![] };
        }
        if let Some(condition) = word.strip_prefix("where(").and_then(|rest| rest.strip_suffix(')')) {
            let (name, text) = condition.split_once('=').unwrap_or_default();
            let holds = self.node.get(name).is_some_and(|node| node.is_str(text.trim_matches('\'')));
            return if holds { vec![self] } else { vec![] };
        }
        let mut found = Vec::new();
        for (name, node) in self.node.members() {
            // `statusDate` is no choice of `status`.
            let suffix = name.strip_prefix(word).filter(|rest| rest.is_empty() || is_choice(word)).unwrap_or("?");
            if suffix.is_empty() {
                found.extend(node.each().map(Value::plain));
            } else if SUFFIXES.contains(&suffix) {
                found.extend(node.each().map(|node| Value { node, suffix: Some(suffix) }));
            }
        }
        found.retain(|value| value.node.kind() != Kind::Null);
        found
    }

    /// What a path gives that begins here, or at the resource.
    fn relative(&self, path: &str, resource: Node<'d>) -> Vec<Value<'d>> {
        match path.strip_prefix("%resource.") {
            Some(path) => evaluate(&format!("Any.{path}"), resource),
            None if path.trim_start_matches('(').starts_with(char::is_uppercase) => evaluate(path, self.node),
            None => evaluate(&format!("Any.{path}"), self.node),
        }
    }

    /// The words of a concept, of a coding, of an identifier's type.
    fn words(&self) -> Vec<String> {
        let mut all: Vec<Node<'d>> = Vec::new();
        all.extend(["text", "display"].iter().filter_map(|name| self.node.get(name)));
        all.extend(self.node.path(&["type", "text"]));
        for coding in self.node.get("coding").into_iter().flat_map(Node::each) {
            all.extend(coding.get("display"));
        }
        all.into_iter().filter_map(Node::as_str).map(Into::into).collect()
    }

    fn is_typed(&self, wanted: &TypedIdentifier) -> bool {
        let codings = self.node.path(&["type", "coding"]).into_iter().flat_map(Node::each).map(Value::plain);
        self.text_of("value").as_ref() == Some(&wanted.value)
            && codings
                .flat_map(|coding| coding.tokens())
                .any(|t| t == (Some(wanted.system.clone()), wanted.code.clone()))
    }

    /// By the angle between two directions in space.
    fn is_near(&self, near: &NearMatch) -> bool {
        let degrees = |name: &str| self.node.get(name).and_then(Node::number_text)?.parse::<f64>().ok();
        let direction = |latitude: f64, longitude: f64| {
            let (up, along) = (latitude.to_radians(), longitude.to_radians());
            [up.cos() * along.cos(), up.cos() * along.sin(), up.sin()]
        };
        let Some((latitude, longitude)) = degrees("latitude").zip(degrees("longitude")) else { return false };
        let (a, b) = (direction(latitude, longitude), direction(near.latitude, near.longitude));
        let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
        let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
        let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        length.atan2(dot) * 6_371_008.8 <= near.radius_m
    }

    fn has_content(&self) -> bool {
        match self.node.kind() {
            Kind::Object => {
                self.node.members().any(|(name, _)| !matches!(name, "id" | "extension") && !name.starts_with('_'))
            }
            _ => self.node.raw() != "\"\"",
        }
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.node.get(name).and_then(Node::as_str).map(Into::into).filter(|text: &String| !text.is_empty())
    }

    fn tokens(&self) -> Vec<(Option<String>, String)> {
        if let Some(flag @ ("true" | "false")) = self.suffix {
            return vec![(None, flag.to_owned())];
        }
        if self.node.kind() != Kind::Object {
            return self
                .node
                .scalar_text()
                .filter(|text| !text.is_empty())
                .map(|code| (None, code.into()))
                .into_iter()
                .collect();
        }
        if let Some(codings) = self.node.get("coding") {
            return codings.each().flat_map(|coding| Value::plain(coding).tokens()).collect();
        }
        // The system of a contact is how it reaches someone, not who gave the code.
        let contact = ["phone", "fax", "email", "pager", "url", "sms", "other"];
        let system = self.text_of("system").filter(|system| !contact.contains(&system.as_str()));
        match (self.text_of("value").or_else(|| self.text_of("code")), system) {
            (Some(code), system) => vec![(system, code)],
            (None, Some(system)) => vec![(Some(system), String::new())],
            (None, None) => vec![],
        }
    }

    fn reference_text(&self) -> Option<String> {
        match self.node.kind() {
            Kind::String => self.node.as_str().map(Into::into),
            _ => self.text_of("reference"),
        }
    }

    /// Type and id of a local reference.
    fn target(&self) -> Option<(String, String)> {
        let text = self.reference_text()?;
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [type_name, id] | [type_name, id, "_history", _] if r4().is_resource(type_name) => {
                let fine = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
                (fine && id.len() <= 64).then(|| (type_name.to_owned(), id.to_owned()))
            }
            _ => None,
        }
    }

    fn refers(&self, wanted: &ReferenceMatch) -> bool {
        match wanted {
            ReferenceMatch::Local { types, id } => self
                .target()
                .is_some_and(|(type_name, theirs)| theirs == *id && types.iter().any(|t| r4().name(*t) == type_name)),
            ReferenceMatch::Url(url) => self.reference_text().is_some_and(|text| {
                if text.starts_with("urn:") {
                    return text == *url;
                }
                if !text.contains("://") {
                    return false;
                }
                let text = text.split('#').next().unwrap_or_default();
                let text = text.rsplit_once("/_history/").map_or(text, |(text, _)| text).trim_end_matches('|');
                text == url || text.split_once('|').is_some_and(|(bare, _)| bare == url)
            }),
            ReferenceMatch::Logical(token) => {
                let Some(identifier) = self.node.get("identifier").map(Value::plain) else { return false };
                let system = identifier.text_of("system");
                identifier.text_of("value").is_some_and(|value| token_matches(token, system.as_deref(), &value))
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        if self.node.kind() == Kind::Object {
            let parts = [
                "text",
                "family",
                "given",
                "prefix",
                "suffix",
                "line",
                "city",
                "district",
                "state",
                "postalCode",
                "country",
            ];
            let parts = parts.iter().filter_map(|part| self.node.get(part)).flat_map(Node::each);
            return parts.filter_map(Node::as_str).filter(|text| !text.is_empty()).map(Into::into).collect();
        }
        self.node.scalar_text().filter(|text| !text.is_empty()).map(Into::into).into_iter().collect()
    }

    fn end(&self, name: &str) -> Option<f64> {
        self.node.path(&[name, "value"])?.number_text()?.parse().ok()
    }

    fn numbers(&self) -> Option<(f64, f64)> {
        if let Some(digits) = self.node.number_text() {
            let value = digits.parse().ok()?;
            return Some((value, value));
        }
        match (self.end("low"), self.end("high")) {
            (None, None) => None,
            (low, high) => Some((low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))),
        }
    }

    fn quantity(&self) -> Option<Amount> {
        if let Some(origin) = self.node.get("origin") {
            return Value::plain(origin).samples(self.node);
        }
        if self.suffix == Some("Range") || self.node.get("low").is_some() || self.node.get("high").is_some() {
            let (low, high) = self.numbers()?;
            let end = |name| self.node.get(name).filter(|end| end.get("value").is_some()).map(Value::plain);
            let in_base = |end: Value<'d>| end.in_base(end.node.get("value")?.number_text()?);
            let canonical = match (end("low"), end("high")) {
                (Some(low), Some(high)) => in_base(low)
                    .zip(in_base(high))
                    .and_then(|((unit, low), (other, high))| (unit == other).then_some((unit, (low, high)))),
                (Some(low), None) => in_base(low).map(|(unit, low)| (unit, (low, f64::INFINITY))),
                (None, high) => in_base(high?).map(|(unit, high)| (unit, (f64::NEG_INFINITY, high))),
            };
            return Some(end("low").or(end("high"))?.amount(low, high, canonical));
        }
        let digits = self.node.get("value")?.number_text()?;
        let value: f64 = digits.parse().ok()?;
        if let Some(code) = self.text_of("currency") {
            let system = Some("urn:iso:std:iso:4217".to_owned());
            return Some(Amount { low: value, high: value, system, code: Some(code), unit: None, canonical: None });
        }
        let comparator = self.text_of("comparator");
        let around = |value: f64| match comparator.as_deref() {
            Some("<") => (f64::NEG_INFINITY, value.next_down()),
            Some("<=") => (f64::NEG_INFINITY, value),
            Some(">") => (value.next_up(), f64::INFINITY),
            Some(">=") => (value, f64::INFINITY),
            _ => (value, value),
        };
        let (low, high) = around(value);
        Some(self.amount(low, high, self.in_base(digits).map(|(unit, value)| (unit, around(value)))))
    }

    /// Of a `SampledData` with this origin: from the least to the greatest sample.
    fn samples(&self, data: Node<'_>) -> Option<Amount> {
        let number = |name: &str| data.get(name).and_then(Node::number_text).and_then(Decimal::parse);
        let offset = Decimal::parse(self.node.get("value")?.number_text()?)?;
        let factor = number("factor").unwrap_or(Decimal::new(1, 0));
        let text = data.get("data")?.as_str()?;
        let mut samples: Vec<Decimal> = text
            .split_whitespace()
            .filter_map(|word| match word {
                "L" => number("lowerLimit"),
                "U" => number("upperLimit"),
                _ => Decimal::parse(word),
            })
            .filter_map(|sample| sample.checked_mul(factor)?.checked_add(offset))
            .collect();
        samples.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        let (low, high) = (*samples.first()?, *samples.last()?);
        let canonical = self.unit().and_then(|unit| {
            let (low, high) = (unit.to_base_f64(low.into())?, unit.to_base_f64(high.into())?);
            Some((unit.dimension.to_string(), (low, high)))
        });
        Some(self.amount(low.to_f64(), high.to_f64(), canonical))
    }

    fn amount(&self, low: f64, high: f64, canonical: Option<(String, (f64, f64))>) -> Amount {
        let (system, code, unit) = (self.text_of("system"), self.text_of("code"), self.text_of("unit"));
        Amount { low, high, system, code, unit, canonical }
    }

    fn unit(&self) -> Option<Unit> {
        self.text_of("system").filter(|system| system == "http://unitsofmeasure.org")?;
        Unit::parse(&self.text_of("code")?)
    }

    /// Digits in the canonical unit.
    fn in_base(&self, digits: &str) -> Option<(String, f64)> {
        let unit = self.unit()?;
        Some((unit.dimension.to_string(), unit.to_base_f64(Magnitude::parse(digits)?)?))
    }
}

struct Amount {
    low: f64,
    high: f64,
    system: Option<String>,
    code: Option<String>,
    unit: Option<String>,
    /// The canonical unit, and the range in it.
    canonical: Option<(String, (f64, f64))>,
}

fn token_matches(wanted: &TokenMatch, system: Option<&str>, code: &str) -> bool {
    let system_fits = match (&wanted.system, system) {
        (SystemMatch::Any, _) | (SystemMatch::Absent, None) => true,
        (SystemMatch::Is(wanted), Some(system)) => wanted == system,
        _ => false,
    };
    system_fits && (wanted.code.is_none() || wanted.code.as_deref() == Some(code))
}

fn string_matches(wanted: &StringMatch, text: &str) -> bool {
    match wanted {
        StringMatch::Exact(wanted) => wanted == text,
        StringMatch::Equal(wanted) => fold(text) == *wanted,
        StringMatch::Suffix(wanted) => {
            fold(text).rfind(wanted.as_str()).is_some_and(|at| at + wanted.len() == fold(text).len())
        }
        StringMatch::Prefix(wanted) => fold(text).find(wanted.as_str()) == Some(0),
        StringMatch::Contains(wanted) => fold(text).find(wanted.as_str()).is_some(),
    }
}

fn uri_matches(wanted: &UriMatch, text: &str) -> bool {
    let is_below = |low: &str, high: &str| low == high || low.starts_with(&format!("{}/", high.trim_end_matches('/')));
    match wanted {
        UriMatch::Exact(wanted) => wanted == text,
        UriMatch::Below(wanted) => is_below(text, wanted),
        UriMatch::Above(all) => is_below(&all[0], text),
    }
}

fn date_ranges(values: &[Value<'_>]) -> Vec<(i64, i64)> {
    values.iter().filter_map(date_range).collect()
}

fn date_range(value: &Value<'_>) -> Option<(i64, i64)> {
    if !matches!(value.suffix, None | Some("Date" | "DateTime" | "Instant" | "Period" | "Timing")) {
        return None;
    }
    let read = |node: Node<'_>| Moment::parse(&node.as_str()?, ZoneOffset::UTC).ok();
    if value.node.kind() == Kind::String {
        return read(value.node).map(|moment| (moment.low_us, moment.high_us));
    }
    let mut ends: Vec<(i64, i64)> = Vec::new();
    for period in [Some(value.node), value.node.path(&["repeat", "boundsPeriod"])].into_iter().flatten() {
        let (start, end) = (period.get("start").and_then(read), period.get("end").and_then(read));
        ends.extend(start.map(|start| (start.low_us, if end.is_some() { start.high_us } else { i64::MAX })));
        ends.extend(end.map(|end| (if start.is_some() { end.low_us } else { i64::MIN }, end.high_us)));
    }
    for event in value.node.get("event").into_iter().flat_map(Node::each) {
        ends.extend(read(event).map(|moment| (moment.low_us, moment.high_us)));
    }
    let low = ends.iter().map(|end| end.0).min()?;
    let high = ends.iter().map(|end| end.1).max()?;
    Some((low, high))
}

fn date_holds(wanted: &DateMatch, ranges: &[(i64, i64)]) -> bool {
    let (from, to) = (wanted.low_us, wanted.high_us);
    let inside = |(low, high): (i64, i64)| low >= from && high <= to;
    let any = |test: &dyn Fn((i64, i64)) -> bool| ranges.iter().any(|range| test(*range));
    match wanted.prefix {
        Prefix::Eq => any(&inside),
        Prefix::Ne => !ranges.is_empty() && !any(&inside),
        Prefix::Gt => any(&|(_, high)| high > to),
        Prefix::Lt => any(&|(low, _)| low < from),
        Prefix::Ge => any(&|range| inside(range) || range.1 > to),
        Prefix::Le => any(&|range| inside(range) || range.0 < from),
        Prefix::Sa => any(&|(low, _)| low > to),
        Prefix::Eb => any(&|(_, high)| high < from),
        Prefix::Ap => any(&|(low, high)| low <= to && high >= from),
    }
}

fn number_holds(wanted: &NumberMatch, ranges: &[(f64, f64)]) -> bool {
    let inside = |(low, high): (f64, f64)| low >= wanted.low && high < wanted.high;
    let any = |test: &dyn Fn((f64, f64)) -> bool| ranges.iter().any(|range| test(*range));
    match wanted.prefix {
        Prefix::Eq => any(&inside),
        Prefix::Ne => !ranges.is_empty() && !any(&inside),
        Prefix::Gt => any(&|(_, high)| high > wanted.value),
        Prefix::Ge => any(&|(_, high)| high >= wanted.value),
        Prefix::Lt => any(&|(low, _)| low < wanted.value),
        Prefix::Le => any(&|(low, _)| low <= wanted.value),
        Prefix::Sa => any(&|(low, _)| low > wanted.value),
        Prefix::Eb => any(&|(_, high)| high < wanted.value),
        Prefix::Ap => any(&|(low, high)| low < wanted.high && high >= wanted.low),
    }
}

fn quantity_holds(wanted: &QuantityMatch, amounts: &[Amount]) -> bool {
    let mut as_given = Vec::new();
    let mut converted = Vec::new();
    for amount in amounts {
        let range = (amount.low, amount.high);
        match &wanted.unit {
            UnitMatch::Any => as_given.push(range),
            UnitMatch::Shown(unit) if [&amount.code, &amount.unit].contains(&&Some(unit.clone())) => {
                as_given.push(range);
            }
            UnitMatch::Shown(_) => {}
            UnitMatch::Coded { system, code, canonical } => match (canonical, amount.canonical.clone()) {
                (Some((unit, _)), Some((theirs, range))) if *unit == theirs => converted.push(range),
                (Some(_), Some(_)) => {}
                _ if amount.system.as_ref() == Some(system) && amount.code.as_ref() == Some(code) => {
                    as_given.push(range);
                }
                _ => {}
            },
        }
    }
    let in_base = match &wanted.unit {
        UnitMatch::Coded { canonical: Some((_, number)), .. } => *number,
        _ => wanted.number,
    };
    if wanted.number.prefix == Prefix::Ne {
        let all = as_given.len() + converted.len();
        let eq = |number: &NumberMatch| NumberMatch { prefix: Prefix::Eq, ..*number };
        return all > 0 && !number_holds(&eq(&wanted.number), &as_given) && !number_holds(&eq(&in_base), &converted);
    }
    number_holds(&wanted.number, &as_given) || number_holds(&in_base, &converted)
}
