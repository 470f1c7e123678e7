//! Which version of a clinical document is current.
//!
//! Of the versions of a set one is: what replaces another by name before what it replaces, then the greater version number where both
//! have one, then the later time as far as both say, then the greater identifier. No order of arrival is part of it, so that the same
//! versions end alike in whatever order they come.

use fhir::json::Tree;

/// Versions of one set that are looked at. Of more, those that are current.
pub(crate) const VERSIONS_MAX: usize = 64;

/// Where a Composition has the number of its version.
const VERSION_URL: &str = "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber";

/// System and value of an identifier.
type Number = (String, String);

/// A version of a document, as far as that tells which one is newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// The id of its Composition.
    pub(crate) composition: String,
    /// The id of its DocumentReference.
    pub(crate) reference: String,
    /// The set of versions that it says it is one of.
    pub(crate) set: Option<Number>,
    /// Its own identifier.
    pub(crate) number: Option<Number>,
    /// What type it is: system and code.
    pub(crate) kind: Option<(String, String)>,
    /// The documents that it replaces by name.
    pub(crate) replaces: Vec<Number>,
    /// The documents that it is added to: it is a version of what is added to the same, whatever set it is of.
    pub(crate) appends: Vec<Number>,
    /// False if it is superseded.
    pub(crate) is_current: bool,
    /// Its number among the versions.
    pub(crate) no: Option<i64>,
    /// A dateTime of FHIR.
    pub(crate) written: Option<String>,
}

impl Version {
    /// A version by its Composition and DocumentReference.
    pub(crate) fn of(composition: &Tree, reference: &Tree) -> Version {
        let text = |tree: &Tree, name: &str| tree.get(name).and_then(Tree::as_str).unwrap_or_default().to_owned();
        let number = |tree: &Tree| Some((text(tree, "system"), tree.get("value")?.as_str()?.to_owned()));
        let all = |name: &str| composition.get(name).map_or(&[][..], Tree::items).iter();
        let kind = composition.get("type").and_then(|kind| kind.get("coding")?.items().first());
        let version = all("extension").find(|extension| text(extension, "url") == VERSION_URL);
        let related = |code: &str| -> Vec<Number> {
            let relations = all("relatesTo").filter(|relation| text(relation, "code") == code);
            relations.filter_map(|relation| number(relation.get("targetIdentifier")?)).collect()
        };
        let mut appends = related("appends");
        appends.sort();
        Version {
            composition: text(composition, "id"),
            reference: text(reference, "id"),
            set: composition.get("identifier").and_then(number),
            number: reference.get("masterIdentifier").and_then(number),
            kind: kind.map(|coding| (text(coding, "system"), text(coding, "code"))),
            replaces: related("replaces"),
            appends,
            is_current: text(reference, "status") == "current",
            no: version.and_then(|version| text(version, "valueString").trim().parse().ok()),
            written: composition.get("date").and_then(Tree::as_str).map(str::to_owned),
        }
    }

    /// True if it replaces `other` by name. What says so of itself does not.
    pub(crate) fn names(&self, other: &Version) -> bool {
        self.number != other.number && other.number.as_ref().is_some_and(|number| self.replaces.contains(number))
    }

    /// True if it replaces `other` by name, and is not replaced by it for better reasons.
    pub(crate) fn replaces(&self, other: &Version) -> bool {
        self.names(other) && (!other.names(self) || picked(&[self, other]) == Some(self))
    }

    /// True if what both say of version and time makes it newer than `other`.
    pub(crate) fn is_after(&self, other: &Version) -> bool {
        match (self.no, other.no) {
            // Numbers of two sets say nothing of each other.
            (Some(one), Some(no)) if one != no && self.set == other.set => one > no,
            _ => self.is_later(other),
        }
    }

    fn is_later(&self, other: &Version) -> bool {
        matches!((&self.written, &other.written), (Some(one), Some(other)) if is_later(one, other))
    }

    /// What decides where nothing else does: numbers by their size, then other texts.
    fn tie_break(&self) -> (bool, &str, bool, usize, &str, &str) {
        let Some((system, value)) = &self.number else { return (false, "", false, 0, "", self.composition.as_str()) };
        let is_number = value.bytes().all(|b| b.is_ascii_digit());
        let significant = if is_number { value.trim_start_matches('0') } else { value.as_str() };
        let length = if is_number { significant.len() } else { 0 };
        (true, system.as_str(), !is_number, length, significant, self.composition.as_str())
    }
}

/// True if one dateTime is later than another. Two that have a time are compared as instants; where one is a date (a month, a year), their
/// days (months, years) count, as each was written.
fn is_later(one: &str, other: &str) -> bool {
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
    match (at(one), at(other)) {
        (Some(one), Some(other)) => one > other,
        _ => {
            let length = one.len().min(other.len()).min(10);
            one.get(..length) > other.get(..length)
        }
    }
}

/// The newest of them, but for what they replace by name.
fn picked<'v>(all: &[&'v Version]) -> Option<&'v Version> {
    let most = all.iter().filter_map(|one| one.no).max();
    let left: Vec<&Version> = all.iter().copied().filter(|one| one.no.is_none() || one.no == most).collect();
    let latest: Vec<&Version> =
        left.iter().copied().filter(|one| !left.iter().any(|other| other.is_later(one))).collect();
    // With days and instants in different zones each may be earlier than another.
    let latest = if latest.is_empty() { left } else { latest };
    latest.into_iter().max_by(|one, other| one.tie_break().cmp(&other.tie_break()))
}

/// The newest of the versions of one set: of what replaces the newest by name, or replaces what does, the last; else the newest itself.
pub(crate) fn newest<'v>(all: &[&'v Version]) -> Option<&'v Version> {
    let best = picked(all)?;
    let mut above = vec![best];
    let mut at = 0;
    while at < above.len() {
        for one in all {
            if one.replaces(above[at]) && !above.contains(one) {
                above.push(one);
            }
        }
        at += 1;
    }
    let tops: Vec<&Version> =
        above.iter().copied().filter(|one| !all.iter().any(|other| other.replaces(one))).collect();
    // In a circle nobody is on top.
    picked(&tops).or(Some(best))
}

#[cfg(test)]
mod tests {
    use super::{Version, newest};
    use proptest::prelude::*;

    fn version(id: &str, version: Option<i64>, written: &str, replaces: &[&str]) -> Version {
        let number = |id: &str| ("urn:oid:1.2.3".to_owned(), id.to_owned());
        Version {
            composition: format!("c{id}"),
            number: Some(number(id)),
            no: version,
            written: (!written.is_empty()).then(|| written.to_owned()),
            replaces: replaces.iter().map(|id| number(id)).collect(),
            ..Version::default()
        }
    }

    fn first(all: &[Version]) -> &str {
        let all: Vec<&Version> = all.iter().collect();
        &newest(&all).unwrap().number.as_ref().unwrap().1
    }

    #[test]
    fn versions_are_ordered_by_number_then_time_then_identifier() {
        for (one, other, expected) in [
            (version("a", Some(2), "2024-01-01", &[]), version("b", Some(10), "2023-01-01", &[]), "b"),
            (version("a", Some(2), "2024-01-02", &[]), version("b", Some(2), "2024-01-01", &[]), "a"),
            (version("a", Some(2), "2024-01-01", &[]), version("b", None, "2024-01-02", &[]), "b"),
            // The same instant in two zones, and one that is later in its zone but not at all.
            (
                version("a", None, "2024-01-01T23:00:00-05:00", &[]),
                version("b", None, "2024-01-02T04:00:00Z", &[]),
                "b",
            ),
            (
                version("a", None, "2024-01-01T23:30:00-05:00", &[]),
                version("b", None, "2024-01-02T04:00:00Z", &[]),
                "a",
            ),
            // A day holds all its times.
            (version("b", None, "2024-01-01", &[]), version("a", None, "2024-01-01T12:00:00Z", &[]), "b"),
            (version("b", None, "2024-01-01", &[]), version("a", None, "2024-01-02T00:30:00+08:00", &[]), "a"),
            (version("b", None, "2024-01", &[]), version("a", None, "2024-01-02", &[]), "b"),
            // Numbers by their size.
            (version("9", None, "2024-01-01", &[]), version("10", None, "2024-01-01", &[]), "10"),
            (version("a", None, "", &[]), version("b", None, "2024-01-01", &[]), "b"),
            // What replaces another by name is newer whatever else they say.
            (version("a", Some(1), "2023-01-01", &["b"]), version("b", Some(2), "2024-01-01", &[]), "a"),
            // Two that replace each other, and one that replaces itself.
            (version("a", None, "2023-01-01", &["b"]), version("b", None, "2024-01-01", &["a"]), "b"),
            (version("a", None, "2024-01-01", &["a"]), version("b", None, "2023-01-01", &[]), "a"),
        ] {
            assert_eq!(first(&[one.clone(), other.clone()]), expected, "{one:?} {other:?}");
            assert_eq!(first(&[other, one]), expected);
        }
    }

    #[test]
    fn what_replaces_the_newest_is_newer_than_all_that_it_was_newer_than() {
        let all = [
            version("a", Some(1), "2024-01-01", &[]),
            version("b", Some(2), "2024-01-02", &[]),
            version("c", Some(0), "2023-01-01", &["b"]),
        ];
        assert_eq!(first(&all), "c");
        // In a circle the newest is.
        let all =
            [version("a", Some(1), "", &["c"]), version("b", Some(3), "", &["a"]), version("c", Some(2), "", &["b"])];
        assert_eq!(first(&all), "b");
    }

    prop_compose! {
        fn any_version()(
            id in "[ab1-3]{1,2}",
            number in prop::option::of(0..3i64),
            written in prop::sample::select(vec!["", "2024", "2024-01-01", "2024-01-02", "2024-01-01T12:00:00Z", "2024-01-01T20:00:00-12:00", "2024-01-02T00:30:00+14:00"]),
            replaces in prop::collection::vec("[ab1-3]{1,2}", 0..2),
        ) -> Version {
            version(&id, number, written, &replaces.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }

    proptest! {
        #[test]
        fn the_newest_does_not_depend_on_the_order(mut all in prop::collection::vec(any_version(), 1..6), by in any::<prop::sample::Index>()) {
            all.sort_by(|one, other| one.composition.cmp(&other.composition));
            all.dedup_by(|one, other| one.composition == other.composition);
            let expected = newest(&all.iter().collect::<Vec<_>>()).unwrap().clone();
            let at = by.index(all.len());
            all.rotate_left(at);
            prop_assert_eq!(newest(&all.iter().collect::<Vec<_>>()), Some(&expected));
            all.reverse();
            prop_assert_eq!(newest(&all.iter().collect::<Vec<_>>()), Some(&expected));
        }
    }
}
