//! What `Reference.reference` points to.

use crate::primitive::is_id;
use crate::schema::r4;

/// A reference's text taken apart. Nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference<'t> {
    /// `Patient/1`, `Patient/1/_history/2`: in the server that holds the reference.
    Local {
        /// A concrete resource type.
        resource_type: &'t str,
        /// Its logical id.
        id: &'t str,
        /// The version, if one is named.
        version: Option<&'t str>,
    },
    /// `https://example.org/fhir/Patient/1`, with or without a version.
    Absolute {
        /// What stands before the type, without the slash: the server's base address.
        base: &'t str,
        /// A concrete resource type.
        resource_type: &'t str,
        /// Its logical id.
        id: &'t str,
        /// The version, if one is named.
        version: Option<&'t str>,
    },
    /// `urn:uuid:…` or `urn:oid:…`, whole: the `fullUrl` of an entry of the same bundle.
    Urn(&'t str),
    /// `#p1` → `p1`, a contained resource. Empty for `#`, the resource that contains this one.
    Fragment(&'t str),
    /// `Practitioner?identifier=…`: whatever the one match of a search is. Allowed in transactions.
    Conditional {
        /// A concrete resource type.
        resource_type: &'t str,
        /// The query, without the question mark.
        query: &'t str,
    },
    /// Anything else: another kind of address, or no reference at all.
    Other(&'t str),
}

impl<'t> Reference<'t> {
    /// Takes a reference apart. Never fails: what has no known form is [`Reference::Other`].
    ///
    /// ```
    /// use fhir::reference::Reference;
    /// let local = Reference::Local { resource_type: "Patient", id: "1", version: None };
    /// assert_eq!(Reference::parse("Patient/1"), local);
    /// ```
    pub fn parse(text: &'t str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Reference::Fragment(id);
        }
        if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
            return Reference::Urn(text);
        }
        if let Some((resource_type, query)) = text.split_once('?') {
            let conditional = r4().is_resource(resource_type) && !query.is_empty();
            return if conditional { Reference::Conditional { resource_type, query } } else { Reference::Other(text) };
        }
        Self::parse_path(text).unwrap_or(Reference::Other(text))
    }

    /// `[BASE/]TYPE/ID[/_history/VERSION]`, read from the end.
    fn parse_path(text: &'t str) -> Option<Self> {
        let (mut rest, mut id) = text.rsplit_once('/')?;
        let mut version = None;
        if let Some(path) = rest.strip_suffix("/_history") {
            version = Some(id);
            (rest, id) = path.rsplit_once('/')?;
        }
        if !is_id(id) || version.is_some_and(|version| !is_id(version)) {
            return None;
        }
        match rest.rsplit_once('/') {
            None if r4().is_resource(rest) => Some(Reference::Local { resource_type: rest, id, version }),
            Some((base, resource_type)) if r4().is_resource(resource_type) && is_base(base) => {
                Some(Reference::Absolute { base, resource_type, id, version })
            }
            _ => None,
        }
    }

    /// The type that the text names, if it names one.
    pub fn resource_type(&self) -> Option<&'t str> {
        match *self {
            Reference::Local { resource_type, .. }
            | Reference::Absolute { resource_type, .. }
            | Reference::Conditional { resource_type, .. } => Some(resource_type),
            Reference::Urn(_) | Reference::Fragment(_) | Reference::Other(_) => None,
        }
    }

    /// The id that the text names, with its type.
    pub fn id(&self) -> Option<&'t str> {
        match *self {
            Reference::Local { id, .. } | Reference::Absolute { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The same as a local reference if it is one, or if it is absolute with this server's base (with or without a slash).
    pub fn relative_to(self, server_base: &str) -> Self {
        match self {
            Reference::Absolute { base, resource_type, id, version } if base == server_base.trim_end_matches('/') => {
                Reference::Local { resource_type, id, version }
            }
            other => other,
        }
    }
}

/// `http://…` or `https://…` with something behind it.
fn is_base(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace))
}

/// Takes a canonical address apart: `http://a/ValueSet/b|1.0#c` → (`http://a/ValueSet/b`, version `1.0`, fragment `c`).
pub fn split_canonical(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (text, fragment) = text.split_once('#').map_or((text, None), |(text, fragment)| (text, Some(fragment)));
    let (url, version) = text.split_once('|').map_or((text, None), |(url, version)| (url, Some(version)));
    (url, version, fragment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn relative_references_name_a_type_and_an_id() {
        let local = |resource_type, id, version| Reference::Local { resource_type, id, version };
        assert_eq!(Reference::parse("Patient/1"), local("Patient", "1", None));
        assert_eq!(Reference::parse("Patient/a-b.c/_history/2"), local("Patient", "a-b.c", Some("2")));
        for text in [
            "",
            "Patient",
            "Patient/",
            "/Patient/1",
            "patient/1",
            "Foo/1",
            "Patient/1/2",
            "Patient/a b",
            "Patient/1/_history/",
            "_history/1",
            "Resource/1",
            "Patient/1#x",
        ] {
            assert_eq!(Reference::parse(text), Reference::Other(text), "{text}");
        }
    }

    #[test]
    fn absolute_references_have_a_base() {
        let text = "https://example.org:8443/a/fhir/Patient/1/_history/2";
        let reference = Reference::parse(text);
        assert_eq!(
            reference,
            Reference::Absolute {
                base: "https://example.org:8443/a/fhir",
                resource_type: "Patient",
                id: "1",
                version: Some("2")
            }
        );
        let local = Reference::Local { resource_type: "Patient", id: "1", version: Some("2") };
        assert_eq!(reference.relative_to("https://example.org:8443/a/fhir/"), local);
        assert_eq!(reference.relative_to("https://example.org/fhir"), reference);
        for text in
            ["http:///Patient/1", "ftp://a/Patient/1", "http://a/1", "http://a/Patient?x=1", "mailto:a@b", "urn:iso:x"]
        {
            assert_eq!(Reference::parse(text), Reference::Other(text), "{text}");
        }
    }

    #[test]
    fn other_forms() {
        let urn = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        assert_eq!(Reference::parse(urn), Reference::Urn(urn));
        assert_eq!(Reference::parse("#p1"), Reference::Fragment("p1"));
        assert_eq!(Reference::parse("#"), Reference::Fragment(""));
        let conditional = Reference::parse("Practitioner?identifier=http://a/b|c");
        assert_eq!(
            conditional,
            Reference::Conditional { resource_type: "Practitioner", query: "identifier=http://a/b|c" }
        );
        assert_eq!(Reference::parse("Practitioner?"), Reference::Other("Practitioner?"));
    }

    #[test]
    fn canonical_addresses_may_have_a_version_and_a_fragment() {
        assert_eq!(split_canonical("http://a/b|1.0#c"), ("http://a/b", Some("1.0"), Some("c")));
        assert_eq!(split_canonical("#c"), ("", None, Some("c")));
        assert_eq!(split_canonical("http://a/b"), ("http://a/b", None, None));
    }

    proptest! {
        #[test]
        fn any_text_is_some_reference(text in "\\PC*") {
            let _ = Reference::parse(&text);
        }

        #[test]
        fn well_formed_references_read_back(
            base in proptest::option::of("https?://[a-z]{1,9}(:[0-9]{2,4})?(/[a-z]{1,5}){0,3}"),
            id in "[A-Za-z0-9.-]{1,64}",
            version in proptest::option::of("[0-9]{1,5}"),
        ) {
            let mut text = base.as_ref().map(|base| format!("{base}/")).unwrap_or_default() + "Encounter/" + &id;
            if let Some(version) = &version {
                text = text + "/_history/" + version;
            }
            let version = version.as_deref();
            let resource_type = "Encounter";
            let id = id.as_str();
            let expected = match base.as_deref() {
                Some(base) => Reference::Absolute { base, resource_type, id, version },
                None => Reference::Local { resource_type, id, version },
            };
            prop_assert_eq!(Reference::parse(&text), expected);
        }
    }
}
