//! Where the text of a reference leads, for search.

use crate::primitive::is_id;
use crate::reference::{Reference, split_canonical};
use crate::schema::{self, TypeId};

/// A reference's text, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'t> {
    /// `Patient/1`, `Patient/1/_history/2`, or the same under the server's own base.
    Local { type_id: TypeId, id: &'t str },
    /// An absolute URL or a URN, without version and fragment.
    Url { url: &'t str },
    /// A canonical with a version: without it, and with it.
    Canonical { url: &'t str, whole: &'t str },
    /// An id without a type.
    Id(&'t str),
    /// A contained resource, a conditional reference, or nothing that can be understood.
    Nowhere,
}

/// `base_url` is the server's own, without a slash at its end.
pub(super) fn place<'t>(text: &'t str, base_url: Option<&str>) -> Place<'t> {
    let reference = Reference::parse(text);
    match base_url.map_or(reference, |base| reference.relative_to(base)) {
        Reference::Local { resource_type, id, .. } => match schema::r4().resource_type(resource_type) {
            Some(type_id) => Place::Local { type_id, id },
            None => Place::Nowhere,
        },
        Reference::Absolute { .. } => {
            Place::Url { url: text.rsplit_once("/_history/").map_or(text, |(unversioned, _)| unversioned) }
        }
        Reference::Urn(url) => Place::Url { url },
        Reference::Fragment(_) | Reference::Conditional { .. } => Place::Nowhere,
        Reference::Other(text) if is_id(text) => Place::Id(text),
        Reference::Other(text) if text.contains("://") || text.starts_with("urn:") => match split_canonical(text) {
            (url, Some(version), _) if !version.is_empty() => {
                Place::Canonical { url, whole: &text[..url.len() + 1 + version.len()] }
            }
            (url, ..) => Place::Url { url },
        },
        Reference::Other(_) => Place::Nowhere,
    }
}
