//! What comes of a document.

use crate::map::Key;
use crate::message::Severity;
use fhir::json::Tree;
use std::fmt;
use std::ops::Range;

/// How a resource is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It belongs to this document (or the set of versions that it is one of): its `id` is a hash of source, document and entry.
    Own,
    /// It is known by the identifier in its [`Key`], which other documents, messages and bundles may hold too.
    Identifier,
}

/// What happens where it is stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The document tells it whole: what is stored is replaced.
    Replace,
    /// The document tells of it: what is stored stays, and gets the elements and identifiers it lacks.
    Complete,
    /// The document mentions it: what is stored stays as it is.
    CreateIfAbsent,
}

/// Where an element of a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The element, as in `code` or `name[1]`; empty for the resource as a whole.
    pub element: String,
    /// The XPath of the XML element. Names without prefix are of `urn:hl7-org:v3`, those with `sdtc:` of `urn:hl7-org:sdtc`.
    pub xpath: String,
    /// Its bytes in the document.
    pub span: Range<usize>,
}

/// A resource with its identity and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Its identity.
    pub key: Key,
    /// Other identifiers it may be stored under.
    pub also: Vec<Key>,
    /// How it is found again.
    pub identity: Identity,
    /// What happens where it is stored already.
    pub write: Write,
    /// True of what goes with its version of the document: where the next version does not tell it, it goes. People, places and
    /// the document itself are no parts.
    pub is_part: bool,
    /// The `urn:uuid` by which the other resources of the document refer to it.
    pub full_url: String,
    /// Its content, references to other resources of the document as `urn:uuid`; with its `id` if that is the document's own.
    pub resource: Tree,
    /// The bytes that tell of it.
    pub span: Range<usize>,
    /// Where it and each of its elements come from.
    pub origins: Vec<Origin>,
}

impl Made {
    /// The id that goes with its own identity: the UUID of its `full_url`.
    pub fn own_id(&self) -> &str {
        self.full_url.strip_prefix("urn:uuid:").unwrap_or(&self.full_url)
    }

    /// Where an element comes from; the longest path that leads to it counts.
    pub fn origin(&self, element: &str) -> Option<&Origin> {
        let leads = |origin: &&Origin| match element.strip_prefix(origin.element.as_str()) {
            Some(rest) => origin.element.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']),
            None => false,
        };
        self.origins.iter().filter(leads).max_by_key(|origin| origin.element.len())
    }

    /// `stored` with what it lacks of `resource`, whatever the document would do with what is its own.
    pub fn complete(&self, stored: &Tree, resource: &Tree) -> Tree {
        completed(stored, resource)
    }

    /// What to store in the place of `stored`. References must be resolved on both sides.
    pub fn update(&self, stored: &Tree, resource: Tree) -> Tree {
        match self.write {
            Write::Replace => resource,
            Write::CreateIfAbsent => stored.clone(),
            Write::Complete => completed(stored, &resource),
        }
    }
}

/// `stored` with what it lacks of `told`.
pub(super) fn completed(stored: &Tree, told: &Tree) -> Tree {
    let mut all = stored.clone();
    for (name, value) in told.members() {
        let stem = CHOICES.iter().find(|stem| name.trim_start_matches('_').starts_with(**stem));
        let is_there = match stem {
            Some(stem) => all.members().iter().any(|(other, _)| other.trim_start_matches('_').starts_with(*stem)),
            None => all.get(name).is_some(),
        };
        match name.as_str() {
            "id" => {}
            "identifier" if is_there && !value.items().is_empty() => {
                let has = |identifier: &Tree| {
                    stored.get("identifier").map_or(&[][..], Tree::items).iter().any(|other| {
                        other.get("system") == identifier.get("system") && other.get("value") == identifier.get("value")
                    })
                };
                let new: Vec<Tree> = value.items().iter().filter(|identifier| !has(identifier)).cloned().collect();
                for identifier in new {
                    all.push("identifier", identifier);
                }
            }
            _ if is_there => {}
            _ => {
                all.set(name, value.clone());
            }
        }
    }
    all
}

/// Stems of choice elements of what documents complete.
const CHOICES: [&str; 2] = ["deceased", "multipleBirth"];

/// Something odd, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How grave it is.
    pub severity: Severity,
    /// The XPath of the element.
    pub xpath: String,
    /// Its bytes.
    pub span: Range<usize>,
    /// What, and what became of it.
    pub text: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {}): {}", self.xpath, self.span.start, self.text)
    }
}

/// A clinical statement of which resources were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it is, as in `problem`.
    pub kind: &'static str,
    /// The templates it says it follows.
    pub templates: Vec<String>,
    /// Its XPath.
    pub xpath: String,
    /// Its bytes.
    pub span: Range<usize>,
    /// The resource that stands for it, by [`Made::full_url`].
    pub full_url: String,
}

/// A clinical statement of which none was made. Its text stays in the section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// The element, as in `observation`.
    pub element: &'static str,
    /// The templates it says it follows.
    pub templates: Vec<String>,
    /// Its code and the code's text.
    pub code: String,
    /// Its XPath.
    pub xpath: String,
    /// Its bytes.
    pub span: Range<usize>,
    /// Why.
    pub why: String,
}

impl fmt::Display for Unmapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {}): {}", self.xpath, self.span.start, self.element)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        if !self.templates.is_empty() {
            write!(f, " of template {}", self.templates.join(", "))?;
        }
        write!(f, ": {}", self.why)
    }
}

/// A document of which this one is a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Its identifier: system and value.
    pub identifier: (String, String),
}

/// A document in FHIR.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// What the document is: the text or code of its type.
    pub kind: String,
    /// Its own identifier: system and value.
    pub identifier: Option<(String, String)>,
    /// That of the set of versions it is one of.
    pub set: Option<(String, String)>,
    /// When it was written, as dateTime.
    pub written: Option<String>,
    /// The documents that it replaces.
    pub replaces: Vec<Replaced>,
    /// The resources, each with its identity.
    pub resources: Vec<Made>,
    /// What was odd, with its place.
    pub issues: Vec<Issue>,
    /// The clinical statements that became resources.
    pub taken: Vec<Taken>,
    /// Those that did not.
    pub unmapped: Vec<Unmapped>,
}

impl Mapped {
    /// The same as a transaction Bundle: what is the document's own under its id, what others know too by its identifier.
    pub fn bundle(&self) -> Tree {
        let entries: Vec<Tree> = self
            .resources
            .iter()
            .map(|made| {
                let kind = made.key.resource_type;
                let request = match made.identity {
                    Identity::Own => {
                        Tree::from([("method", "PUT".into()), ("url", format!("{kind}/{}", made.own_id()).into())])
                    }
                    Identity::Identifier => Tree::from([
                        ("method", "POST".into()),
                        ("url", kind.into()),
                        ("ifNoneExist", made.key.condition().into()),
                    ]),
                };
                Tree::from([
                    ("fullUrl", made.full_url.as_str().into()),
                    ("resource", made.resource.clone()),
                    ("request", request),
                ])
            })
            .collect();
        Tree::from([("resourceType", "Bundle".into()), ("type", "transaction".into()), ("entry", entries.into())])
    }

    /// The resource that a `full_url` names.
    pub fn resource(&self, full_url: &str) -> Option<&Made> {
        self.resources.iter().find(|made| made.full_url == full_url)
    }
}
