//! Resources with their business identity, and the transaction they make.
//!
//! A resource is known by an identifier that its source gave it, or that is derived from what the source gave. The store finds
//! it by that: conditional update for what the message tells in full, conditional create for what it only mentions. The
//! `urn:uuid` of an entry is a hash of source and identity, so the same message gives the same Bundle.

use fhir::json::Tree;
use std::fmt::Write as _;
use std::ops::Range;

/// The identity of a resource: of all with this type, the one that has this identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// FHIR type.
    pub resource_type: &'static str,
    /// `identifier.system`
    pub system: String,
    /// `identifier.value`
    pub value: String,
}

impl Key {
    /// The `urn:uuid` under which the resource goes in a transaction from `source`.
    pub fn full_url(&self, source: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [source, self.resource_type, &self.system, &self.value] {
            // Lengths keep ("a", "bc") and ("ab", "c") apart.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let hash = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        // Version 8 (made from data of one's own) and the variant of RFC 9562.
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut hex = String::with_capacity(32);
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
        }
        format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// `identifier=SYSTEM|VALUE`, escaped for a search and for a URL.
    pub fn condition(&self) -> String {
        token_condition("identifier", &self.system, &self.value)
    }
}

/// How a resource is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The message tells about it: `PUT Type?identifier=...`. See [`MappedResource::update`] for what stays of a stored one.
    Update,
    /// The message mentions it: `POST` with `ifNoneExist`; a stored one stays as it is.
    CreateIfAbsent,
}

/// A resource with its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedResource {
    /// Its identity.
    pub key: Key,
    /// Other identities that the same thing may be stored under, by a message that had no better one: what is stored under one of
    /// them is this resource only if [`MappedResource::may_be`] says so.
    pub also: Vec<Key>,
    /// Identities that it had until this message (`ADT^A47`, `A49`, `A50`): what is stored under one of them is this resource,
    /// whatever other numbers it has. Its old numbers stay among its identifiers, as `old`.
    pub formerly: Vec<Key>,
    /// How it is meant.
    pub write: Write,
    /// Its content, references to other resources of the message as `urn:uuid`.
    pub resource: Tree,
    /// Elements that the message deletes (`""`) or takes back, as `birthDate` or `period.end`; of an extension `extension=URL`.
    pub cleared: Vec<String>,
    /// Elements that FHIR requires and the message does not tell: they hold only where nothing is stored.
    pub assumed: Vec<&'static str>,
    /// True if the message tells a part of what others tell in full (a change of a document's status): all else that is stored
    /// stays.
    pub in_part: bool,
    /// Patients, as references, of which this one is no link any more (`ADT^A37`). A patient that had given way to one of them is
    /// active again.
    pub unlinked: Vec<Tree>,
    /// The segments that tell of it, as bytes of the message.
    pub span: Range<usize>,
}

/// The transaction of `resources`.
pub(super) fn bundle(resources: &[MappedResource], source: &str) -> Tree {
    let entries: Vec<Tree> = resources
        .iter()
        .map(|mapped| {
            let key = &mapped.key;
            let request = match mapped.write {
                Write::Update => Tree::from([
                    ("method", "PUT".into()),
                    ("url", format!("{}?{}", key.resource_type, key.condition()).into()),
                ]),
                Write::CreateIfAbsent => Tree::from([
                    ("method", "POST".into()),
                    ("url", key.resource_type.into()),
                    ("ifNoneExist", key.condition().into()),
                ]),
            };
            Tree::from([
                ("fullUrl", key.full_url(source).into()),
                ("resource", mapped.resource.clone()),
                ("request", request),
            ])
        })
        .collect();
    Tree::from([("resourceType", "Bundle".into()), ("type", "transaction".into()), ("entry", entries.into())])
}

/// `PARAMETER=SYSTEM|VALUE`, escaped for a search and for a URL.
pub fn token_condition(parameter: &str, system: &str, value: &str) -> String {
    format!("{parameter}={}|{}", encode(system), encode(value))
}

/// Escapes what separates search values, then what a URL does not allow.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | ',' | '$') {
            out.push_str("%5C");
        }
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | ':' | '/') {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push('%');
                let _ = write!(out, "{byte:02X}");
            }
        }
    }
    out
}
