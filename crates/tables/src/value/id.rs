//! Ids that are made of where a resource came from.
//!
//! The id of a resource is a function of its source, its target's name and its key, so that the same row gives the same
//! resource on every run and a reference can be written without looking anything up.

use records::DerivedIds;
use std::borrow::Cow;

/// True if a text can be part of a key: it is something other than white space.
pub fn is_key(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The id of the resource that `target` makes of `keys`.
///
/// The name that is hashed is the target and the keys with NUL between them, keys without white space at their ends (databases
/// pad them). So that two lists of keys never have one name, a NUL in a key is written as two other control characters.
pub fn derived(source: &str, target: &str, keys: &[&str]) -> String {
    records::uuid_text(&TargetIds::of(source, target).id(keys.iter().copied()))
}

/// The ids of one target's resources, one after the other, unpacked: as [`derived`] gives them.
#[derive(Clone, Debug)]
pub struct TargetIds {
    ids: DerivedIds,
    target: String,
}

impl TargetIds {
    /// Of the target of a source.
    pub fn of(source: &str, target: &str) -> TargetIds {
        TargetIds { ids: DerivedIds::of(source), target: target.to_owned() }
    }

    /// The id of what is made of a key.
    pub fn id<'k>(&mut self, keys: impl Iterator<Item = &'k str>) -> [u8; 16] {
        let target = self.target.as_bytes();
        self.ids.id(|name| {
            name.extend_from_slice(target);
            keys.for_each(|key| push_key(name, key));
        })
    }
}

/// Adds a key to the name of a resource.
pub(super) fn push_key(name: &mut Vec<u8>, key: &str) {
    name.push(0);
    name.extend_from_slice(escaped(super::slot::trim(key)).as_bytes());
}

fn escaped(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| byte <= 1) {
        return Cow::Owned(key.replace('\u{1}', "\u{1}\u{1}").replace('\0', "\u{1}\u{2}"));
    }
    Cow::Borrowed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_makes_no_difference_and_everything_else_does() {
        let id = derived("his", "Observation", &["ZY1", "3"]);
        assert!(fhir::primitive::is_uuid(&format!("urn:uuid:{id}")), "{id}");
        assert_eq!(id, derived("his", "Observation", &["ZY1  ", " 3"]));
        for other in [
            derived("his", "Observation", &["ZY13"]),
            derived("his", "Observation", &["ZY1", "3", ""]),
            derived("his", "Condition", &["ZY1", "3"]),
            derived("hi", "sObservation", &["ZY1", "3"]),
        ] {
            assert_ne!(id, other);
        }
        assert_eq!(id, records::derived_id("his", "Observation\u{0}ZY1\u{0}3"));
        assert_ne!(derived("s", "T", &["a\0", "b"]), derived("s", "T", &["a", "\0b"]));
        assert_ne!(derived("s", "T", &["a\0b"]), derived("s", "T", &["a", "b"]));
        assert_ne!(derived("s", "T", &["a\0b"]), derived("s", "T", &["a\u{1}\u{2}b"]));
    }
}
