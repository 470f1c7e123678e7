//! Data types to index values: which parts of a value a parameter of each kind reads.
//!
//! Source: FHIR R4, "Search", the tables of data types under § number to § uri.

use super::index_value::{CanonicalRange, IndexValue, QuantityValue, ReferenceValue};
use super::literal::UCUM;
use super::reference::{self, Place};
use super::units::Units;
use crate::decimal::Decimal;
use crate::json::{Kind, Node};
use crate::magnitude::Magnitude;
use crate::parameters::ParameterKind;
use crate::reference::Reference;
use crate::time::{self, Moment, ZoneOffset};
use std::borrow::Cow;

/// The system that stands for currencies (ISO 4217).
const CURRENCIES: &str = "urn:iso:std:iso:4217";

/// How values of one data type are read for one kind of parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reader {
    CodingToken,
    ConceptToken,
    IdentifierToken,
    ContactToken,
    PrimitiveToken,
    Reference,
    UriReference,
    Moment,
    Period,
    Timing,
    Text,
    Name,
    Address,
    Number,
    NumberRange,
    Quantity,
    Money,
    QuantityRange,
    SampledData,
    Uri,
    /// A URI that may carry a version.
    Canonical,
    /// The parameter's kind has no reading of the type; the value only counts as there.
    Presence,
}

impl Reader {
    pub(super) fn of(kind: ParameterKind, type_name: &str, primitive: bool) -> Reader {
        match (kind, type_name) {
            (ParameterKind::Token, "Coding") => Reader::CodingToken,
            (ParameterKind::Token, "CodeableConcept") => Reader::ConceptToken,
            (ParameterKind::Token, "Identifier") => Reader::IdentifierToken,
            (ParameterKind::Token, "ContactPoint") => Reader::ContactToken,
            (ParameterKind::Token, _) if primitive => Reader::PrimitiveToken,
            (ParameterKind::Reference, "Reference") => Reader::Reference,
            (ParameterKind::Reference, "canonical" | "uri" | "url" | "oid" | "uuid") => Reader::UriReference,
            (ParameterKind::Date, "date" | "dateTime" | "instant") => Reader::Moment,
            (ParameterKind::Date, "Period") => Reader::Period,
            (ParameterKind::Date, "Timing") => Reader::Timing,
            (ParameterKind::String, "HumanName") => Reader::Name,
            (ParameterKind::String, "Address") => Reader::Address,
            (ParameterKind::String, _) if primitive => Reader::Text,
            (ParameterKind::Number, "decimal" | "integer" | "positiveInt" | "unsignedInt") => Reader::Number,
            (ParameterKind::Number, "Range") => Reader::NumberRange,
            (ParameterKind::Quantity, "Money") => Reader::Money,
            (ParameterKind::Quantity, "Range") => Reader::QuantityRange,
            (ParameterKind::Quantity, "SampledData") => Reader::SampledData,
            (
                ParameterKind::Quantity,
                "Quantity" | "SimpleQuantity" | "MoneyQuantity" | "Age" | "Count" | "Distance" | "Duration",
            ) => Reader::Quantity,
            (ParameterKind::Uri, "canonical") => Reader::Canonical,
            (ParameterKind::Uri, _) if primitive => Reader::Uri,
            _ => Reader::Presence,
        }
    }
}

/// What reading values needs beside them.
#[derive(Debug)]
pub(super) struct Converter {
    pub(super) zone: ZoneOffset,
    pub(super) base_url: Option<String>,
    pub(super) units: Units,
}

impl Converter {
    /// Gives `out` what `node`, one value of an element, puts into the index.
    pub(super) fn read<'d>(&self, reader: Reader, node: Node<'d>, out: &mut impl FnMut(IndexValue<'d>)) {
        let mut found = false;
        let mut give = |value: IndexValue<'d>| {
            found = true;
            out(value);
        };
        match reader {
            Reader::CodingToken => coding(node, &mut give),
            Reader::ConceptToken => concept(node, &mut give),
            Reader::IdentifierToken => identifier(node, &mut give),
            Reader::ContactToken => {
                if let Some(code) = text(node, "value") {
                    give(IndexValue::Token { system: None, code });
                }
            }
            Reader::PrimitiveToken => {
                if let Some(code) = scalar(node) {
                    give(IndexValue::Token { system: None, code });
                }
            }
            Reader::Reference => self.reference(node, &mut give),
            Reader::UriReference => {
                if let Some(text) = scalar(node) {
                    self.place(text, &mut give);
                }
            }
            Reader::Moment => {
                if let Some(moment) = self.moment(Some(node)) {
                    give(IndexValue::Date { low_us: moment.low_us, high_us: moment.high_us });
                }
            }
            Reader::Period => {
                if let Some((low_us, high_us)) = self.period(node) {
                    give(IndexValue::Date { low_us, high_us });
                }
            }
            Reader::Timing => {
                if let Some((low_us, high_us)) = self.timing(node) {
                    give(IndexValue::Date { low_us, high_us });
                }
            }
            Reader::Text => string(Some(node), &mut give),
            Reader::Name => {
                for part in ["text", "family", "given", "prefix", "suffix"] {
                    string(node.get(part), &mut give);
                }
            }
            Reader::Address => {
                for part in ["text", "line", "city", "district", "state", "postalCode", "country"] {
                    string(node.get(part), &mut give);
                }
            }
            Reader::Number => {
                if let Some(value) = float(Some(node)) {
                    give(IndexValue::Number { low: value, high: value });
                }
            }
            Reader::NumberRange => {
                let end = |name| float(node.path(&[name, "value"]));
                let (low, high) = (end("low"), end("high"));
                if low.is_some() || high.is_some() {
                    give(IndexValue::Number {
                        low: low.unwrap_or(f64::NEG_INFINITY),
                        high: high.unwrap_or(f64::INFINITY),
                    });
                }
            }
            Reader::Quantity => {
                if let Some(value) = float(node.get("value")) {
                    give(IndexValue::Quantity(self.quantity(node, value, magnitude(node.get("value")))));
                }
            }
            Reader::Money => {
                if let Some(value) = float(node.get("value")) {
                    give(IndexValue::Quantity(QuantityValue {
                        low: value,
                        high: value,
                        system: Some(Cow::Borrowed(CURRENCIES)),
                        code: text(node, "currency"),
                        unit: None,
                        canonical: None,
                    }));
                }
            }
            Reader::QuantityRange => {
                if let Some(range) = self.quantity_range(node) {
                    give(IndexValue::Quantity(range));
                }
            }
            Reader::SampledData => {
                if let Some(range) = self.sampled(node) {
                    give(IndexValue::Quantity(range));
                }
            }
            Reader::Uri => {
                if let Some(text) = scalar(node) {
                    give(IndexValue::Uri { text });
                }
            }
            Reader::Canonical => {
                if let Some(text) = scalar(node) {
                    // A profile that names its version is also found without.
                    if let Some(at) = text.find('|').filter(|at| *at > 0) {
                        give(IndexValue::Uri { text: beginning(&text, at) });
                    }
                    give(IndexValue::Uri { text });
                }
            }
            Reader::Presence => {}
        }
        if !found && has_content(node) {
            out(IndexValue::Present);
        }
    }

    fn moment(&self, node: Option<Node<'_>>) -> Option<Moment> {
        Moment::parse(&node?.as_str()?, self.zone).ok()
    }

    fn period(&self, node: Node<'_>) -> Option<(i64, i64)> {
        let (start, end) = (self.moment(node.get("start")), self.moment(node.get("end")));
        (start.is_some() || end.is_some()).then(|| time::period(start, end))
    }

    /// From the first to the last moment of its events and bounds: what happens between them does not count.
    fn timing(&self, node: Node<'_>) -> Option<(i64, i64)> {
        let events = node.get("event").into_iter().flat_map(Node::each);
        let events = events.filter_map(|event| self.moment(Some(event))).map(|moment| (moment.low_us, moment.high_us));
        let bounds = node.path(&["repeat", "boundsPeriod"]).and_then(|bounds| self.period(bounds));
        events.chain(bounds).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }

    fn reference<'d>(&self, node: Node<'d>, give: &mut impl FnMut(IndexValue<'d>)) {
        if let Some(text) = text(node, "reference") {
            self.place(text, give);
        }
        if let Some(logical) = node.get("identifier")
            && let Some(value) = text(logical, "value")
        {
            give(IndexValue::Reference(ReferenceValue::Logical { system: text(logical, "system"), value }));
        }
    }

    fn place<'d>(&self, text: Cow<'d, str>, give: &mut impl FnMut(IndexValue<'d>)) {
        let base_url = self.base_url.as_deref();
        match text {
            Cow::Borrowed(text) => give_place(reference::place(text, base_url), Cow::Borrowed, give),
            Cow::Owned(text) => give_place(reference::place(&text, base_url), |part| Cow::Owned(part.to_owned()), give),
        }
    }

    /// `exact` is the value with all its digits, which is what is converted.
    fn quantity<'d>(&self, node: Node<'d>, value: f64, exact: Option<Magnitude>) -> QuantityValue<'d> {
        let (system, code) = (text(node, "system"), text(node, "code"));
        let around = |value: f64| match text(node, "comparator").as_deref() {
            Some("<") => (f64::NEG_INFINITY, value.next_down()),
            Some("<=") => (f64::NEG_INFINITY, value),
            Some(">") => (value.next_up(), f64::INFINITY),
            Some(">=") => (value, f64::INFINITY),
            _ => (value, value),
        };
        let canonical = match (system.as_deref(), code.as_deref(), exact) {
            (Some(UCUM), Some(code), Some(exact)) => self.units.base(code, exact).map(|(unit, value)| {
                let (low, high) = around(value);
                CanonicalRange { unit, low, high }
            }),
            _ => None,
        };
        let (low, high) = around(value);
        QuantityValue { low, high, system, code, unit: text(node, "unit"), canonical }
    }

    fn quantity_range<'d>(&self, node: Node<'d>) -> Option<QuantityValue<'d>> {
        let end = |name| {
            let node = node.get(name)?;
            Some(self.quantity(node, float(node.get("value"))?, magnitude(node.get("value"))))
        };
        match (end("low"), end("high")) {
            (Some(low), Some(high)) => {
                let canonical = match (low.canonical, high.canonical) {
                    (Some(low), Some(high)) if low.unit == high.unit => Some(CanonicalRange { high: high.high, ..low }),
                    _ => None,
                };
                Some(QuantityValue { high: high.high, canonical, ..low })
            }
            (Some(low), None) => Some(QuantityValue {
                high: f64::INFINITY,
                canonical: low.canonical.map(|range| CanonicalRange { high: f64::INFINITY, ..range }),
                ..low
            }),
            (None, Some(high)) => Some(QuantityValue {
                low: f64::NEG_INFINITY,
                canonical: high.canonical.map(|range| CanonicalRange { low: f64::NEG_INFINITY, ..range }),
                ..high
            }),
            (None, None) => None,
        }
    }

    /// From the least to the greatest sample; samples beyond a limit count as the limit.
    fn sampled<'d>(&self, node: Node<'d>) -> Option<QuantityValue<'d>> {
        let origin = node.get("origin")?;
        let number = |name: &str| decimal(node.get(name));
        let (offset, factor) = (decimal(origin.get("value"))?, number("factor").unwrap_or(Decimal::new(1, 0)));
        let (lower, upper) = (number("lowerLimit"), number("upperLimit"));
        let data = text(node, "data")?;
        let samples = data.split_ascii_whitespace().filter_map(|sample| match sample {
            "L" => lower,
            "U" => upper,
            _ => Decimal::parse(sample),
        });
        let (least, greatest) = samples.filter_map(|sample| sample.checked_mul(factor)?.checked_add(offset)).fold(
            None,
            |range: Option<(Decimal, Decimal)>, sample| match range {
                None => Some((sample, sample)),
                Some((least, _)) if sample < least => Some((sample, range?.1)),
                Some((least, greatest)) => Some((least, if sample > greatest { sample } else { greatest })),
            },
        )?;
        let end = |value: Decimal| self.quantity(origin, value.to_f64(), Some(Magnitude::from(value)));
        let (low, high) = (end(least), end(greatest));
        let canonical = low.canonical.zip(high.canonical).map(|(low, high)| CanonicalRange { high: high.high, ..low });
        Some(QuantityValue { high: high.high, canonical, ..low })
    }
}

/// Whether what a `Reference` or a canonical names is of type `wanted`, as far as its text or `type` tells.
pub(super) fn refers_to(node: Node<'_>, wanted: &str) -> bool {
    let text = match node.kind() {
        Kind::String => node.as_str(),
        _ => text(node, "reference"),
    };
    match text.as_deref().map(Reference::parse) {
        Some(Reference::Local { resource_type, .. }) => resource_type == wanted,
        Some(Reference::Absolute { resource_type, .. }) if resource_type == wanted => true,
        _ => node.get("type").is_some_and(|name| name.is_str(wanted)),
    }
}

fn give_place<'t, 'd>(place: Place<'t>, own: impl Fn(&'t str) -> Cow<'d, str>, give: &mut impl FnMut(IndexValue<'d>)) {
    let mut reference = |value| give(IndexValue::Reference(value));
    match place {
        Place::Local { type_id, id } => reference(ReferenceValue::Local { type_id, id: own(id) }),
        Place::Url { url } => reference(ReferenceValue::Url(own(url))),
        Place::Canonical { url, whole } => {
            reference(ReferenceValue::Url(own(url)));
            reference(ReferenceValue::Url(own(whole)));
        }
        Place::Id(_) | Place::Nowhere => {}
    }
}

fn coding<'d>(node: Node<'d>, give: &mut impl FnMut(IndexValue<'d>)) {
    let (mut system, mut code, mut display) = (None, None, None);
    for (name, value) in node.members() {
        match name {
            "system" => system = scalar(value),
            "code" => code = scalar(value),
            "display" => display = scalar(value),
            _ => {}
        }
    }
    match (system, code, display) {
        (system, Some(code), _) => give(IndexValue::Token { system, code }),
        (system @ Some(_), None, _) => give(IndexValue::Token { system, code: Cow::Borrowed("") }),
        (None, None, Some(text)) => give(IndexValue::TokenText { text }),
        (None, None, None) => {}
    }
}

fn concept<'d>(node: Node<'d>, give: &mut impl FnMut(IndexValue<'d>)) {
    let mut coded = false;
    for one in node.get("coding").into_iter().flat_map(Node::each) {
        coding(one, &mut |value| {
            coded |= matches!(value, IndexValue::Token { .. });
            give(value);
        });
    }
    if !coded && let Some(text) = text(node, "text") {
        give(IndexValue::TokenText { text });
    }
}

fn identifier<'d>(node: Node<'d>, give: &mut impl FnMut(IndexValue<'d>)) {
    match (text(node, "system"), text(node, "value")) {
        (system, Some(code)) => give(IndexValue::Token { system, code }),
        (system @ Some(_), None) => give(IndexValue::Token { system, code: Cow::Borrowed("") }),
        (None, None) => {}
    }
}

fn string<'d>(node: Option<Node<'d>>, give: &mut impl FnMut(IndexValue<'d>)) {
    for text in node.into_iter().flat_map(Node::each).filter_map(scalar) {
        give(IndexValue::String { text });
    }
}

fn beginning<'d>(text: &Cow<'d, str>, length: usize) -> Cow<'d, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(text) => Cow::Owned(text[..length].to_owned()),
    }
}

/// A primitive's text, if there is any.
fn scalar(node: Node<'_>) -> Option<Cow<'_, str>> {
    node.scalar_text().filter(|text| !text.is_empty())
}

fn text<'d>(node: Node<'d>, name: &str) -> Option<Cow<'d, str>> {
    node.get(name).and_then(scalar)
}

fn float(node: Option<Node<'_>>) -> Option<f64> {
    node?.number_text()?.parse().ok().filter(|value: &f64| value.is_finite())
}

fn decimal(node: Option<Node<'_>>) -> Option<Decimal> {
    Decimal::parse(node?.number_text()?)
}

fn magnitude(node: Option<Node<'_>>) -> Option<Magnitude> {
    Magnitude::parse(node?.number_text()?)
}

/// Whether there is anything beside an id and extensions.
fn has_content(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Null => false,
        Kind::Object => node.members().any(|(name, _)| name != "id" && name != "extension" && !name.starts_with('_')),
        Kind::Array => !node.is_empty(),
        _ => node.scalar_text().is_some_and(|text| !text.is_empty()),
    }
}
