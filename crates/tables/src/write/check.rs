//! Rules between the elements of one object, looked at when it is whole.

use super::machine::Check;
use super::memo;
use crate::value::{Reason, is_before};
use fhir::json::{Document, Node};
use fhir::reference::Reference;
use fhir::schema::{CodeList, r4};
use std::borrow::Cow;
use std::ops::Range;

/// Places of [`Passed`]: a power of two.
const PLACES: usize = 256;
/// Longer objects are looked at each time.
const BYTES_MAX: usize = 512;

/// Objects that stood when they were looked at lately: the same text stands again.
#[derive(Debug, Default)]
pub struct Passed {
    places: Vec<(usize, Vec<u8>)>,
}

impl Passed {
    /// Why an object cannot stand, if that is so.
    pub fn object(&mut self, check: Check, json: &[u8]) -> Option<Reason> {
        // Lists live as long as the program, so that where one lies tells it from others.
        let kind = match check {
            Check::Nothing | Check::Sibling | Check::Period => return None,
            Check::Reference => 0,
            Check::Concept(list) => std::ptr::from_ref(list).addr(),
            Check::Coding(list) => std::ptr::from_ref(list).addr() | 1,
        };
        if json.len() > BYTES_MAX {
            return object(check, json);
        }
        if self.places.is_empty() {
            self.places = vec![(0, Vec::new()); PLACES];
        }
        let place = &mut self.places[memo::hash(json) as usize % PLACES];
        if place.0 == kind && place.1 == json {
            return None;
        }
        let reason = object(check, json);
        if reason.is_none() {
            place.0 = kind;
            place.1.clear();
            place.1.extend_from_slice(json);
        }
        reason
    }
}

/// Why an object cannot stand, if that is so.
pub fn object(check: Check, json: &[u8]) -> Option<Reason> {
    if !check.is_any() {
        return None;
    }
    let document = Document::parse(json).ok()?;
    let root = document.root();
    match check {
        Check::Concept(list) => codings(root.get("coding").into_iter().flat_map(Node::items), list),
        Check::Coding(list) => codings(std::iter::once(root), list),
        Check::Reference => reference(root),
        Check::Nothing | Check::Sibling | Check::Period => None,
    }
}

/// Where the end of a Period stands, with the comma before it, if all of it lies before the start.
pub fn early_end(period: &[u8]) -> Option<Range<usize>> {
    const NAME: &[u8] = b",\"end\":";
    let document = Document::parse(period).ok()?;
    let (start, end) = (document.root().get("start")?, document.root().get("end")?);
    if !is_before(&end.as_str()?, &start.as_str()?) {
        return None;
    }
    let span = end.span();
    let from = span.start.checked_sub(NAME.len()).filter(|from| period.get(*from..span.start) == Some(NAME))?;
    Some(from..span.end)
}

fn text<'d>(node: Node<'d>, name: &str) -> Cow<'d, str> {
    node.get(name).and_then(Node::as_str).unwrap_or_default()
}

/// Codes of a required list's system must be in it, unless another coding is.
fn codings<'d>(codings: impl Iterator<Item = Node<'d>>, list: &CodeList) -> Option<Reason> {
    let mut wrong = None;
    for coding in codings {
        let (system, code) = (text(coding, "system"), text(coding, "code"));
        if list.contains_coding(&system, &code) {
            return None;
        }
        if list.has_system(&system) && !code.is_empty() {
            wrong.get_or_insert(code);
        }
    }
    wrong.map(|code| Reason::of("not-a-code", &code, &format!("is not in {}", list.url())))
}

/// The text of a reference must be one, and agree with the type beside it.
fn reference(node: Node<'_>) -> Option<Reason> {
    let written = node.get("reference").and_then(Node::as_str)?;
    let parsed = Reference::parse(&written);
    let refused = |what| Some(Reason::of("bad-reference", &written, what));
    match parsed {
        Reference::Fragment(id) if !id.is_empty() => {
            return refused("leads into the resource, which contains no other");
        }
        Reference::Other(other) if !other.is_empty() && !is_address(other) => {
            return refused("is no reference: Type/id, an absolute address or urn:uuid:…");
        }
        _ => {}
    }
    let declared = text(node, "type");
    match parsed.resource_type() {
        Some(named) if r4().is_resource(&declared) && named != declared => {
            refused("is of another type than its `type` says")
        }
        _ => None,
    }
}

fn is_address(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && !text.contains(char::is_whitespace)
}

/// True if an object has a member of this name.
pub fn has_member(json: &[u8], name: &str) -> bool {
    Document::parse(json).is_ok_and(|document| document.root().get(name).is_some())
}
