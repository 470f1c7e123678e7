//! Interactions whose outcome depends on what is stored, shared by single requests and bundle entries.

use super::patch::{self, Patch};
use super::put::{Put, bare, expect_id, expect_type, id_of};
use super::refusal::{bad_request, unprocessable};
use fhir::json::{Document, Node, Tree};
use fhir::schema::{TypeId, r4};
use records::{Error, Found, IfEqual, Lookup, Operation, Write};

/// Where a conditional update goes.
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) must_be_new: bool,
}

/// The one resource that a condition matches, if any.
pub(crate) fn one(lookup: &dyn Lookup, resource_type: TypeId, query: &str) -> Result<Option<String>, Error> {
    let name = r4().name(resource_type);
    match lookup.find(name, query)? {
        Found::None => Ok(None),
        Found::One(id) => Ok(Some(id)),
        Found::Many => Err(Error::MultipleMatches { resource_type: name.into(), query: query.into() }),
    }
}

/// Where an update under a condition that matches `found` goes: a new resource, or the one that matches.
pub(crate) fn place_of_update(
    resource: Node<'_>,
    found: Option<String>,
    new_id: impl FnOnce() -> String,
) -> Result<Place, Error> {
    match (found, id_of(resource)?) {
        (None, Some(id)) => Ok(Place { id, must_be_new: false }),
        (None, None) => Ok(Place { id: new_id(), must_be_new: true }),
        (Some(found), None) => Ok(Place { id: found, must_be_new: false }),
        (Some(found), Some(id)) if id == found => Ok(Place { id, must_be_new: false }),
        (Some(found), Some(id)) => Err(bad_request(format!(
            "the condition matches {found:?}, the resource has the id {id:?}: leave the id out or make them agree"
        ))),
    }
}

/// Deletes a resource; `None` if there never was one, which is no error unless a version was expected.
pub(crate) fn delete(
    lookup: &dyn Lookup,
    resource_type: TypeId,
    id: String,
    if_match: Option<i64>,
    at: u64,
    length: u64,
) -> Result<Option<Operation>, Error> {
    match lookup.current(r4().name(resource_type), &id)? {
        None => match if_match {
            Some(asked) => {
                Err(Error::VersionConflict { resource_type: r4().name(resource_type).into(), id, current: 0, asked })
            }
            None => Ok(None),
        },
        Some(_) => Ok(Some(bare(resource_type, id, Write::Delete, if_match, at, length))),
    }
}

/// Patches a resource as it is now.
pub(crate) fn patched(
    lookup: &dyn Lookup,
    resource_type: TypeId,
    id: String,
    patch: &Patch,
    if_match: Option<i64>,
    at: u64,
    length: u64,
) -> Result<Operation, Error> {
    let name = r4().name(resource_type);
    let current =
        lookup.current(name, &id)?.ok_or_else(|| Error::NotFound { resource_type: name.into(), id: id.clone() })?;
    let version = current.version;
    let json = current.json.ok_or_else(|| Error::Gone { resource_type: name.into(), id: id.clone(), version })?;
    let document = Document::parse(json.as_bytes()).map_err(|e| Error::Damaged(format!("{name}/{id}: {e}")))?;
    let mut tree = Tree::from(document.root());
    patch.apply(&mut tree).map_err(patch::refused)?;
    for (member, value) in [("resourceType", name), ("id", id.as_str())] {
        if tree.get(member).and_then(Tree::as_str) != Some(value) {
            return Err(unprocessable(
                "business-rule",
                format!("{name}.{member}"),
                format!("a patch must not change {member}"),
            ));
        }
    }
    let text = tree.to_string();
    // Another update in between would be lost: the version that was patched must still be there.
    if let Some(asked) = if_match
        && asked != version
    {
        return Err(Error::VersionConflict { resource_type: name.into(), id, current: version, asked });
    }
    Put {
        resource_type,
        id,
        text: &text,
        if_match: Some(version),
        if_equal: IfEqual::NewVersion,
        must_be_new: false,
        at,
        length,
    }
    .operation(lookup)
}

/// Checks what an update of a named resource carries.
pub(crate) fn check_update(resource: Node<'_>, resource_type: TypeId, id: &str) -> Result<(), Error> {
    expect_type(resource, resource_type)?;
    expect_id(resource, id)
}
