//! From the final text of a resource to the operation that stores it.

use super::refusal::{bad_request, unprocessable};
use super::target::is_id;
use fhir::json::Node;
use fhir::schema::{TypeId, r4};
use records::{Error, IfEqual, Lookup, Operation, Write};

/// What is stored under an identity, and where it stands in the arrival.
pub(crate) struct Put<'a> {
    pub(crate) resource_type: TypeId,
    pub(crate) id: String,
    pub(crate) text: &'a str,
    pub(crate) if_match: Option<i64>,
    pub(crate) if_equal: IfEqual,
    pub(crate) must_be_new: bool,
    pub(crate) at: u64,
    pub(crate) length: u64,
}

impl Put<'_> {
    pub(crate) fn operation(self, lookup: &dyn Lookup) -> Result<Operation, Error> {
        let content = Box::new(lookup.prepare(self.text)?);
        Ok(Operation {
            resource_type: self.resource_type,
            id: self.id,
            write: Write::Put { content, if_equal: self.if_equal, must_be_new: self.must_be_new },
            if_match: self.if_match,
            at: self.at,
            length: self.length,
        })
    }
}

/// An operation without content.
pub(crate) fn bare(
    resource_type: TypeId,
    id: String,
    write: Write,
    if_match: Option<i64>,
    at: u64,
    length: u64,
) -> Operation {
    Operation { resource_type, id, write, if_match, at, length }
}

/// The type that `resource` says it is.
pub(crate) fn type_of(resource: Node<'_>) -> Result<TypeId, Error> {
    if resource.kind() != fhir::json::Kind::Object {
        return Err(bad_request("a resource is a JSON object"));
    }
    let Some(name) = resource.get("resourceType").and_then(Node::as_str) else {
        return Err(bad_request("resourceType is missing: every resource begins with it"));
    };
    r4().resource_type(&name).ok_or_else(|| bad_request(format!("resourceType {name:?} is no R4 resource type")))
}

/// Its id, if it has one that is an id.
pub(crate) fn id_of(resource: Node<'_>) -> Result<Option<String>, Error> {
    match resource.get("id").and_then(Node::as_str) {
        None => Ok(None),
        Some(id) if is_id(&id) => Ok(Some(id.into_owned())),
        Some(id) => {
            let name = resource.get("resourceType").and_then(Node::as_str).unwrap_or_default();
            let message = format!("{id:?} is not an id: 1 to 64 of the characters A-Z a-z 0-9 - . are");
            Err(unprocessable("value", format!("{name}.id"), message))
        }
    }
}

/// Checks that `resource` is of the type that the URL names.
pub(crate) fn expect_type(resource: Node<'_>, resource_type: TypeId) -> Result<(), Error> {
    let found = type_of(resource)?;
    if found != resource_type {
        let (found, asked) = (r4().name(found), r4().name(resource_type));
        return Err(bad_request(format!("the URL names {asked}, the resource is a {found}: make them agree")));
    }
    Ok(())
}

/// Checks that the id of `resource` is the one that the URL names.
pub(crate) fn expect_id(resource: Node<'_>, id: &str) -> Result<(), Error> {
    match resource.get("id").and_then(Node::as_str) {
        Some(found) if found == id => Ok(()),
        Some(found) => {
            Err(bad_request(format!("the URL names the id {id:?}, the resource has {found:?}: make them agree")))
        }
        None => Err(bad_request(format!("the resource has no id: an update to {id:?} must carry it"))),
    }
}
