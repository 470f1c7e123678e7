//! Entries of a bundle: what each asks for.

use super::put::type_of;
use super::refusal::bad_request;
use super::target::Target;
use fhir::json::Node;
use fhir::schema::{TypeId, r4};
use records::Error;
use std::borrow::Cow;

/// An entry, read.
pub(crate) struct Entry<'d> {
    /// Its node.
    pub(crate) node: Node<'d>,
    /// How other entries call it.
    pub(crate) full_url: Option<Cow<'d, str>>,
    /// Its resource.
    pub(crate) resource: Option<Node<'d>>,
    /// What it asks for.
    pub(crate) asked: Result<Asked, Error>,
}

/// What an entry asks for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Create {
        resource_type: TypeId,
        if_none_exist: Option<String>,
    },
    Update {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    UpdateWhere {
        resource_type: TypeId,
        query: String,
        if_match: Option<i64>,
    },
    Delete {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    DeleteWhere {
        resource_type: TypeId,
        query: String,
    },
    Patch {
        resource_type: TypeId,
        id: String,
        if_match: Option<i64>,
    },
    PatchWhere {
        resource_type: TypeId,
        query: String,
        if_match: Option<i64>,
    },
    Read(ReadRequest),
    /// No request: the resource is to be stored as it is (import of collections and the like).
    Store {
        resource_type: TypeId,
    },
    /// Nothing to store: an outcome among search results.
    Skip,
}

/// A `GET` or `HEAD` of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadRequest {
    pub(crate) head: bool,
    pub(crate) url: String,
    pub(crate) if_none_match: Option<String>,
    pub(crate) if_modified_since: Option<String>,
}

/// Whether entries carry requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requests {
    /// `batch` and `transaction`: each must.
    Required,
    /// `history`: deletions do, and everything else is stored as it is.
    Deletions,
    /// Collections: none.
    None,
}

impl<'d> Entry<'d> {
    pub(crate) fn read(node: Node<'d>, requests: Requests) -> Entry<'d> {
        let text = |name: &str| node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty());
        let resource = node.get("resource");
        Entry { node, full_url: text("fullUrl"), resource, asked: asked(node, resource, requests) }
    }

    /// The step of a transaction in which the entry is carried out.
    pub(crate) fn step(&self) -> u8 {
        match &self.asked {
            Ok(Asked::Delete { .. } | Asked::DeleteWhere { .. }) => 0,
            Ok(Asked::Create { .. } | Asked::Store { .. } | Asked::Skip) | Err(_) => 1,
            Ok(Asked::Update { .. } | Asked::UpdateWhere { .. } | Asked::Patch { .. } | Asked::PatchWhere { .. }) => 2,
            Ok(Asked::Read(_)) => 3,
        }
    }
}

/// The version in an entity tag: `W/"3"`.
pub(crate) fn version_of_etag(text: &str) -> Result<i64, Error> {
    let text = text.trim();
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let version = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or(quoted);
    version
        .parse()
        .ok()
        .filter(|v| *v > 0)
        .ok_or_else(|| bad_request(format!("ifMatch {text:?} is not an entity tag like W/\"3\"")))
}

fn asked(entry: Node<'_>, resource: Option<Node<'_>>, requests: Requests) -> Result<Asked, Error> {
    let request = entry.get("request");
    match requests {
        Requests::Required => {
            let request = request.ok_or_else(|| bad_request("request is missing: it says what is to be done"))?;
            requested(request, resource)
        }
        Requests::Deletions if request.and_then(|r| r.get("method")).is_some_and(|m| m.is_str("DELETE")) => {
            requested(request.unwrap_or(entry), resource)
        }
        _ => match resource {
            _ if entry.path(&["search", "mode"]).is_some_and(|mode| mode.is_str("outcome")) => Ok(Asked::Skip),
            Some(resource) => Ok(Asked::Store { resource_type: type_of(resource)? }),
            None => Err(bad_request("the entry has no resource")),
        },
    }
}

fn requested(request: Node<'_>, resource: Option<Node<'_>>) -> Result<Asked, Error> {
    let text = |name: &str| request.get(name).and_then(Node::as_str).map(Cow::into_owned);
    let method = text("method").ok_or_else(|| bad_request("request.method is missing"))?;
    let url = text("url").ok_or_else(|| bad_request("request.url is missing"))?;
    if let "GET" | "HEAD" = method.as_str() {
        let head = method == "HEAD";
        let (if_none_match, if_modified_since) = (text("ifNoneMatch"), text("ifModifiedSince"));
        return Ok(Asked::Read(ReadRequest { head, url, if_none_match, if_modified_since }));
    }
    let mut if_match = text("ifMatch").map(|tag| version_of_etag(&tag)).transpose()?;
    match text("ifNoneMatch").as_deref().map(str::trim) {
        None => {}
        // As over HTTP: the update is to be made only if nothing is there.
        Some("*") if method == "PUT" && if_match.is_none() => if_match = Some(0),
        Some(other) => {
            return Err(Error::NotSupported(format!(
                "ifNoneMatch {other:?} of a {method}: it is understood on reads, and as * without ifMatch on a PUT"
            )));
        }
    }
    let target = Target::parse(&url).map_err(|what| bad_request(format!("request.url: {what}")))?;
    let wrong = |what: &str| bad_request(format!("{method} needs {what}, not {url:?}"));
    let agree = |resource_type: TypeId| -> Result<(), Error> {
        let resource = resource.ok_or_else(|| bad_request(format!("{method} {url} has no resource")))?;
        let found = type_of(resource)?;
        if found == resource_type {
            return Ok(());
        }
        let (found, asked) = (r4().name(found), r4().name(resource_type));
        Err(bad_request(format!("request.url names {asked}, the resource is a {found}: make them agree")))
    };
    Ok(match (method.as_str(), target) {
        ("POST", Target::Type(resource_type)) => {
            agree(resource_type)?;
            // Some writers put the URL's question mark before the search.
            let if_none_exist =
                text("ifNoneExist").map(|q| q.trim_start_matches('?').to_owned()).filter(|q| !q.is_empty());
            Asked::Create { resource_type, if_none_exist }
        }
        ("POST", _) => return Err(wrong("a type")),
        ("PUT", Target::Instance(resource_type, id)) => {
            agree(resource_type)?;
            Asked::Update { resource_type, id, if_match }
        }
        ("PUT", Target::Where(resource_type, query)) => {
            agree(resource_type)?;
            Asked::UpdateWhere { resource_type, query, if_match }
        }
        ("DELETE", Target::Instance(resource_type, id)) => Asked::Delete { resource_type, id, if_match },
        ("DELETE", Target::Where(resource_type, query)) => Asked::DeleteWhere { resource_type, query },
        ("PATCH", Target::Instance(resource_type, id)) => Asked::Patch { resource_type, id, if_match },
        ("PATCH", Target::Where(resource_type, query)) => Asked::PatchWhere { resource_type, query, if_match },
        ("PUT" | "DELETE" | "PATCH", Target::Type(_)) => return Err(wrong("an id or a condition")),
        _ => {
            return Err(bad_request(format!(
                "request.method {method:?} is not one of GET, HEAD, POST, PUT, PATCH, DELETE"
            )));
        }
    })
}
