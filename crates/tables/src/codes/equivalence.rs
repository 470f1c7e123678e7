//! How near a target is to its source.

/// Of ConceptMap, R4: what the target is, seen from the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Equivalence {
    /// Related in some way.
    RelatedTo,
    /// The same meaning.
    #[default]
    Equivalent,
    /// The same, down to the definition.
    Equal,
    /// The target means more.
    Wider,
    /// The target includes the source as its kind.
    Subsumes,
    /// The target means less.
    Narrower,
    /// The target is a kind of the source.
    Specializes,
    /// They overlap.
    Inexact,
    /// There is none.
    Unmatched,
    /// It is expressly not the same.
    Disjoint,
}

const ALL: [(&str, Equivalence); 10] = [
    ("relatedto", Equivalence::RelatedTo),
    ("equivalent", Equivalence::Equivalent),
    ("equal", Equivalence::Equal),
    ("wider", Equivalence::Wider),
    ("subsumes", Equivalence::Subsumes),
    ("narrower", Equivalence::Narrower),
    ("specializes", Equivalence::Specializes),
    ("inexact", Equivalence::Inexact),
    ("unmatched", Equivalence::Unmatched),
    ("disjoint", Equivalence::Disjoint),
];

impl Equivalence {
    /// By its code.
    pub fn named(code: &str) -> Option<Self> {
        ALL.iter().find(|(name, _)| *name == code).map(|(_, equivalence)| *equivalence)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        ALL.iter().find(|(_, equivalence)| *equivalence == self).map_or("equivalent", |(name, _)| name)
    }

    /// All codes.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|(name, _)| *name)
    }

    /// True if the target may stand for the source in a record.
    pub fn is_translation(self) -> bool {
        !matches!(self, Equivalence::Unmatched | Equivalence::Disjoint)
    }
}
