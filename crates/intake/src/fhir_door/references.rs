//! References among the entries of a bundle, and conditional references: found in one pass, written in place.

use fhir::json::{Kind, Node, Rewriter, escape_into};
use fhir::schema::{TypeId, TypeKind, r4};
use records::Error;
use std::collections::HashMap;

/// Who is called what: a full URL to the identity that its entry has here.
#[derive(Default)]
pub(crate) struct Names {
    known: HashMap<String, (TypeId, String)>,
    /// True if one of the names is `…/Type/id`, so that relative references may mean it.
    any_base: bool,
}

impl Names {
    /// Enters `full_url`; false if it was there already.
    pub(crate) fn enter(&mut self, full_url: &str, resource_type: TypeId, id: &str) -> bool {
        self.any_base |= base_of(full_url).is_some();
        self.known.insert(full_url.to_owned(), (resource_type, id.to_owned())).is_none()
    }

    /// The id that the entry called `full_url` has here.
    pub(crate) fn id(&self, full_url: &str) -> Option<&str> {
        self.known.get(full_url).map(|(_, id)| id.as_str())
    }

    fn find(&self, text: &str) -> Option<String> {
        self.known.get(text).map(|(resource_type, id)| format!("{}/{id}", r4().name(*resource_type)))
    }

    /// What the reference `text` in an entry with this base means here.
    fn reference(&self, text: &str, base: Option<&str>) -> Option<String> {
        if self.known.is_empty() || text.starts_with('#') {
            return None;
        }
        if let Some(found) = self.named(text, base) {
            return Some(found);
        }
        // A fragment of an entry stays one. A version does not: the numbers of the sender are not those given here.
        for mark in ["/_history/", "#"] {
            if let Some(at) = text.find(mark)
                && let Some(found) = self.named(&text[..at], base)
            {
                return Some(if mark == "#" { format!("{found}{}", &text[at..]) } else { found });
            }
        }
        None
    }

    /// The entry of this name, which may be relative to the base of the entry that says it.
    fn named(&self, text: &str, base: Option<&str>) -> Option<String> {
        let relative = || match base {
            Some(base) if self.any_base && !text.contains(':') => self.find(&format!("{base}/{text}")),
            _ => None,
        };
        self.find(text).or_else(relative)
    }
}

/// The FHIR base of a full URL `base/Type/id`.
pub(crate) fn base_of(full_url: &str) -> Option<&str> {
    if !full_url.starts_with("http://") && !full_url.starts_with("https://") {
        return None;
    }
    let (rest, _id) = full_url.rsplit_once('/')?;
    let (base, resource_type) = rest.rsplit_once('/')?;
    r4().is_resource(resource_type).then_some(base)
}

/// Answers a conditional reference (type and search) with an id.
pub(crate) type Condition<'a> = dyn FnMut(TypeId, &str) -> Result<String, Error> + 'a;

/// Finds the references of `resource` and enters their new texts into `rewriter`. Without `condition` conditional references
/// stay as they are. Gives the first value that is to be written anew.
pub(crate) fn rewrite<'d>(
    resource: Node<'d>,
    names: &Names,
    base: Option<&str>,
    condition: Option<&mut Condition<'_>>,
    rewriter: &mut Rewriter,
) -> Result<Option<Node<'d>>, Error> {
    let mut walk = Walk { root: resource, names, base, condition, rewriter, replaced: None };
    walk.members(resource)?;
    Ok(walk.replaced)
}

struct Walk<'d, 'a, 'c> {
    root: Node<'d>,
    names: &'a Names,
    base: Option<&'a str>,
    condition: Option<&'a mut Condition<'c>>,
    rewriter: &'a mut Rewriter,
    replaced: Option<Node<'d>>,
}

impl<'d> Walk<'d, '_, '_> {
    // Nesting is bounded by the parser.
    fn members(&mut self, object: Node<'d>) -> Result<(), Error> {
        for (name, value) in object.members() {
            self.value(name, value)?;
        }
        Ok(())
    }

    fn value(&mut self, name: &str, value: Node<'d>) -> Result<(), Error> {
        match value.kind() {
            Kind::String if name == "reference" => self.reference(value),
            Kind::String => {
                self.uri(value);
                Ok(())
            }
            // A bundle within a bundle has names of its own.
            Kind::Object if value.get("resourceType").is_some_and(|t| t.is_str("Bundle")) => Ok(()),
            Kind::Object => self.members(value),
            Kind::Array => value.items().try_for_each(|item| self.value(name, item)),
            Kind::Null | Kind::Bool | Kind::Number => Ok(()),
        }
    }

    fn reference(&mut self, value: Node<'d>) -> Result<(), Error> {
        let text = value.as_str().unwrap_or_default();
        if let Some(found) = self.names.reference(&text, self.base) {
            if found != text {
                self.replace(value, &found);
            }
            return Ok(());
        }
        if let Some(condition) = &mut self.condition
            && let Some((resource_type, query)) = text.split_once('?')
            && let Some(resource_type) = r4().resource_type(resource_type)
        {
            let id = condition(resource_type, query)
                .map_err(|error| Error::At { place: place_of(self.root, value), error: Box::new(error) })?;
            self.replace(value, &format!("{}/{id}", r4().name(resource_type)));
        }
        Ok(())
    }

    /// A `uri`, `url` or `canonical` whose whole value is the name of an entry. Looking the name up is cheap and seldom finds
    /// one, so the element's type is asked for only then.
    fn uri(&mut self, value: Node<'d>) {
        if self.names.known.is_empty() || !matches!(value.raw().as_bytes(), [b'"', b'u' | b'h', ..]) {
            return;
        }
        let text = value.as_str().unwrap_or_default();
        if let Some(found) = self.names.find(&text)
            && found != text
            && is_uri(self.root, value)
        {
            self.replace(value, &found);
        }
    }

    fn replace(&mut self, value: Node<'d>, text: &str) {
        let mut json = String::with_capacity(text.len() + 2);
        escape_into(&mut json, text);
        self.rewriter.replace(value, json);
        self.replaced.get_or_insert(value);
    }
}

/// True if `value`, somewhere in the resource `root`, is a `uri`, `url` or `canonical` that may name another resource.
fn is_uri(root: Node<'_>, value: Node<'_>) -> bool {
    let schema = r4();
    let Some(mut type_id) = root.get("resourceType").and_then(Node::as_str).and_then(|t| schema.type_id(&t)) else {
        return false;
    };
    let (target, mut node) = (value.span(), root);
    let holds = |node: Node<'_>| node.span().start <= target.start && target.end <= node.span().end;
    while let Some((name, child)) = node.members().find(|(_, child)| holds(*child)) {
        let Some(element) = schema.element(type_id, name) else { return false };
        if schema.name(type_id) == "Extension" && name == "url" {
            return false;
        }
        let Some(child) = child.each().find(|item| holds(*item)) else { return false };
        type_id = element.type_id;
        // `ExampleScenario.instance` has an element of that name, and is no resource.
        let named = child.get("resourceType").filter(|_| schema.info(type_id).kind == TypeKind::Resource);
        if let Some(contained) = named.and_then(Node::as_str).and_then(|t| schema.type_id(&t)) {
            type_id = contained;
        }
        if child == value {
            return matches!(schema.name(type_id), "uri" | "url" | "canonical");
        }
        node = child;
    }
    false
}

/// Where `value` stands in the resource `root`, as FHIRPath.
pub(crate) fn place_of(root: Node<'_>, value: Node<'_>) -> String {
    let mut out = root.get("resourceType").and_then(Node::as_str).unwrap_or_default().into_owned();
    let (target, mut node) = (value.span(), root);
    let holds = |node: Node<'_>| node.span().start <= target.start && target.end <= node.span().end;
    while node != value {
        match node.kind() {
            Kind::Object => {
                let Some((name, child)) = node.members().find(|(_, child)| holds(*child)) else { break };
                out.push('.');
                out.push_str(name);
                node = child;
            }
            Kind::Array => {
                let Some((at, child)) = node.items().enumerate().find(|(_, child)| holds(*child)) else { break };
                out.push('[');
                out.push_str(&at.to_string());
                out.push(']');
                node = child;
            }
            _ => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Document;

    fn rewritten(json: &str, base: Option<&str>, names: &[(&str, &str, &str)]) -> String {
        let mut known = Names::default();
        for (url, resource_type, id) in names {
            known.enter(url, r4().resource_type(resource_type).unwrap(), id);
        }
        let document = Document::parse(json.as_bytes()).unwrap();
        let mut rewriter = Rewriter::new();
        let mut condition = |t: TypeId, query: &str| match query {
            "identifier=a|1" => Ok("found".to_owned()),
            _ => Err(Error::NoMatch { resource_type: r4().name(t).into(), query: query.into() }),
        };
        if let Err(error) = rewrite(document.root(), &known, base, Some(&mut condition), &mut rewriter) {
            return error.to_string();
        }
        let mut out = String::new();
        rewriter.write(document.root(), &mut out);
        out
    }

    const NAMES: &[(&str, &str, &str)] = &[
        ("urn:uuid:p", "Patient", "1"),
        ("urn:oid:1.2", "Organization", "2"),
        ("http://x/fhir/Encounter/e", "Encounter", "3"),
        ("urn:uuid:v", "ValueSet", "4"),
    ];

    #[test]
    fn references_are_rewritten_everywhere() {
        let json = r#"{"resourceType":"Observation","contained":[{"resourceType":"Device","patient":{"reference":"urn:uuid:p"}}],"extension":[{"url":"urn:uuid:p","valueReference":{"reference":"urn:uuid:p"}},{"url":"a","valueUri":"urn:uuid:v"},{"url":"b","valueString":"urn:uuid:v"}],"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:p"}],"subject":{"reference":"urn:uuid:p"},"performer":[{"reference":"urn:oid:1.2"},{"reference":"Practitioner?identifier=a|1"}],"encounter":{"reference":"http://x/fhir/Encounter/e"},"hasMember":[{"reference":"Encounter/e"},{"reference":"Encounter/other"},{"reference":"urn:uuid:unknown"},{"reference":"urn:uuid:p/_history/7"},{"reference":"Encounter/e/_history/2"},{"reference":"Encounter/other/_history/2"}]}"#;
        let expected = r#"{"resourceType":"Observation","contained":[{"resourceType":"Device","patient":{"reference":"Patient/1"}}],"extension":[{"url":"urn:uuid:p","valueReference":{"reference":"Patient/1"}},{"url":"a","valueUri":"ValueSet/4"},{"url":"b","valueString":"urn:uuid:v"}],"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:p"}],"subject":{"reference":"Patient/1"},"performer":[{"reference":"Organization/2"},{"reference":"Practitioner/found"}],"encounter":{"reference":"Encounter/3"},"hasMember":[{"reference":"Encounter/3"},{"reference":"Encounter/other"},{"reference":"urn:uuid:unknown"},{"reference":"Patient/1"},{"reference":"Encounter/3"},{"reference":"Encounter/other/_history/2"}]}"#;
        assert_eq!(rewritten(json, Some("http://x/fhir"), NAMES), expected);
    }

    #[test]
    fn canonicals_and_narratives() {
        let json = r#"{"resourceType":"Questionnaire","text":{"status":"generated","div":"urn:uuid:v"},"derivedFrom":["urn:uuid:v","http://other"],"item":[{"linkId":"1","answerValueSet":"urn:uuid:v","text":"urn:uuid:v"}]}"#;
        let expected = r#"{"resourceType":"Questionnaire","text":{"status":"generated","div":"urn:uuid:v"},"derivedFrom":["ValueSet/4","http://other"],"item":[{"linkId":"1","answerValueSet":"ValueSet/4","text":"urn:uuid:v"}]}"#;
        assert_eq!(rewritten(json, None, NAMES), expected);
    }

    #[test]
    fn a_condition_that_fails_names_its_place() {
        let json = r#"{"resourceType":"Encounter","participant":[{},{"individual":{"reference":"Practitioner?identifier=b|2"}}]}"#;
        assert_eq!(
            rewritten(json, None, &[]),
            "Encounter.participant[1].individual.reference: Practitioner?identifier=b|2 matches no resource: load it first"
        );
    }

    #[test]
    fn a_bundle_within_is_left_alone() {
        let json = r#"{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:p"}}]}}]}}]}"#;
        assert_eq!(rewritten(json, None, NAMES), json);
    }
}
