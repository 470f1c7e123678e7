//! What the URL of a request or an entry addresses.

use fhir::schema::{TypeId, r4};

/// Longest id that FHIR allows.
const ID_CHARACTERS: usize = 64;

/// What a URL addresses, relative to the FHIR base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `Patient`
    Type(TypeId),
    /// `Patient/1`
    Instance(TypeId, String),
    /// `Patient?identifier=…`
    Where(TypeId, String),
}

impl Target {
    /// Reads `url`, relative or absolute.
    ///
    /// # Errors
    /// A text that says what about it is not understood.
    pub fn parse(url: &str) -> Result<Target, String> {
        let (path, query) = match url.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url, None),
        };
        let absolute = path.split_once("://").map(|(_, rest)| rest);
        let segments: Vec<&str> = absolute.unwrap_or(path).split('/').filter(|s| !s.is_empty()).collect();
        // An absolute URL begins with a host and a base of any length; a relative one with the type.
        let known = |segment: &&str| r4().resource_type(segment);
        let found = match segments.as_slice() {
            [.., last] if known(last).is_some() && (absolute.is_some() || segments.len() == 1) => {
                known(last).map(|t| (t, None))
            }
            [.., kind, id] if known(kind).is_some() && (absolute.is_some() || segments.len() == 2) => {
                known(kind).map(|t| (t, Some(*id)))
            }
            _ => None,
        };
        let found = found.filter(|(_, id)| !id.is_some_and(|id| id.starts_with('$')));
        let Some((resource_type, id)) = found else {
            return Err(match segments.as_slice() {
                [] => format!("the URL {url:?} names no resource type"),
                [.., operation] if operation.starts_with('$') => {
                    format!("the operation {operation} cannot be called in a bundle")
                }
                [first, ..] => format!("the URL {url:?} is not understood: {first:?} is no R4 resource type"),
            });
        };
        match (id, query) {
            (None, None | Some("")) => Ok(Target::Type(resource_type)),
            (None, Some(query)) => Ok(Target::Where(resource_type, query.to_owned())),
            (Some(id), None | Some("")) if is_id(id) => Ok(Target::Instance(resource_type, id.to_owned())),
            (Some(id), None | Some("")) => {
                Err(format!("{id:?} is not an id: 1 to {ID_CHARACTERS} of the characters A-Z a-z 0-9 - . are"))
            }
            (Some(_), Some(_)) => Err(format!("the URL {url:?} has an id and a condition: use one of them")),
        }
    }
}

/// True if `text` has the form of a logical id.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_CHARACTERS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_relative_and_absolute() {
        let patient = r4().resource_type("Patient").unwrap();
        for url in ["Patient/1", "/Patient/1", "https://h/fhir/Patient/1", "http://h/a/b/c/Patient/1", "Patient/1?"] {
            assert_eq!(Target::parse(url), Ok(Target::Instance(patient, "1".into())), "{url}");
        }
        assert_eq!(Target::parse("Patient"), Ok(Target::Type(patient)));
        assert_eq!(Target::parse("Patient?_id=1&x=a/b"), Ok(Target::Where(patient, "_id=1&x=a/b".into())));
        for bad in
            ["", "?x=1", "Patienten/1", "x/Patient/1", "Patient/1/2", "Patient/a b", "Patient/$match", "Patient/1?x=1"]
        {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }
}
