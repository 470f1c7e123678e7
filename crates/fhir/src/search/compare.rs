//! One value of a search request and how it compares with one value of the index: the meaning of search, in one place.
//!
//! Source: FHIR R4, "Search", § number to § uri and § prefixes.

use super::fold::fold;
use super::index_value::{QuantityValue, ReferenceValue};
use crate::schema::TypeId;
use std::borrow::Cow;

/// The comparison asked for; without one it is `Eq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// The searched range holds the whole of the value's range.
    Eq,
    /// It does not. A resource with several values has none that it holds.
    Ne,
    /// The value's range reaches above the searched one.
    Gt,
    /// The value's range reaches below the searched one.
    Lt,
    /// `Gt` or `Eq`.
    Ge,
    /// `Lt` or `Eq`.
    Le,
    /// The value's range starts after the searched one.
    Sa,
    /// The value's range ends before the searched one.
    Eb,
    /// The ranges overlap, the searched one widened by a tenth.
    Ap,
}

impl Prefix {
    /// The prefix that a value begins with, and the rest of it.
    pub(super) fn take(text: &str) -> (Prefix, &str) {
        let prefix = match text.get(..2) {
            Some("eq") => Prefix::Eq,
            Some("ne") => Prefix::Ne,
            Some("gt") => Prefix::Gt,
            Some("lt") => Prefix::Lt,
            Some("ge") => Prefix::Ge,
            Some("le") => Prefix::Le,
            Some("sa") => Prefix::Sa,
            Some("eb") => Prefix::Eb,
            Some("ap") => Prefix::Ap,
            _ => return (Prefix::Eq, text),
        };
        (prefix, &text[2..])
    }
}

/// A date: the searched range in UTC microseconds, both ends inclusive. For [`Prefix::Ap`] it is already widened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateMatch {
    /// The comparison.
    pub prefix: Prefix,
    /// First microsecond searched for.
    pub low_us: i64,
    /// Last microsecond searched for.
    pub high_us: i64,
}

impl DateMatch {
    /// Whether a value of this range matches. For [`Prefix::Ne`] every value of a resource must, else one is enough.
    pub fn matches(&self, low_us: i64, high_us: i64) -> bool {
        let held = self.low_us <= low_us && high_us <= self.high_us;
        match self.prefix {
            Prefix::Eq => held,
            Prefix::Ne => !held,
            Prefix::Gt => high_us > self.high_us,
            Prefix::Lt => low_us < self.low_us,
            Prefix::Ge => held || high_us > self.high_us,
            Prefix::Le => held || low_us < self.low_us,
            Prefix::Sa => low_us > self.high_us,
            Prefix::Eb => high_us < self.low_us,
            Prefix::Ap => low_us <= self.high_us && self.low_us <= high_us,
        }
    }
}

/// A number: the value, and the half-open range that rounds to it (for [`Prefix::Ap`] the widened one).
///
/// `Eq`, `Ne` and `Ap` use the range, the other prefixes the value exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberMatch {
    /// The comparison.
    pub prefix: Prefix,
    /// The value as written.
    pub value: f64,
    /// The smallest number that matches `Eq`.
    pub low: f64,
    /// Above the largest number that matches `Eq`.
    pub high: f64,
}

impl NumberMatch {
    /// Whether a value of this range (both ends inclusive) matches. For [`Prefix::Ne`] every value of a resource must, else
    /// one is enough.
    pub fn matches(&self, low: f64, high: f64) -> bool {
        let held = self.low <= low && high < self.high;
        match self.prefix {
            Prefix::Eq => held,
            Prefix::Ne => !held,
            Prefix::Gt => high > self.value,
            Prefix::Lt => low < self.value,
            Prefix::Ge => high >= self.value,
            Prefix::Le => low <= self.value,
            Prefix::Sa => low > self.value,
            Prefix::Eb => high < self.value,
            Prefix::Ap => low < self.high && self.low <= high,
        }
    }
}

/// A quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantityMatch {
    /// The number in the unit given.
    pub number: NumberMatch,
    /// The unit.
    pub unit: UnitMatch,
}

/// The unit of a [`QuantityMatch`].
#[derive(Clone, Debug, PartialEq)]
pub enum UnitMatch {
    /// `5.4`: whatever the unit.
    Any,
    /// `5.4||mg`: the code or the shown unit reads so.
    Shown(String),
    /// `5.4|http://unitsofmeasure.org|mg`.
    Coded {
        /// The system.
        system: String,
        /// The code.
        code: String,
        /// For UCUM: the same in the canonical unit, which quantities in any unit of the same kind are compared with.
        canonical: Option<(String, NumberMatch)>,
    },
}

impl QuantityMatch {
    /// How this value compares; `None` if its unit cannot be compared with the one searched for. For [`Prefix::Ne`] every
    /// comparable value of a resource must match, else one is enough.
    pub fn compare(&self, value: &QuantityValue<'_>) -> Option<bool> {
        let as_given = |comparable: bool| comparable.then(|| self.number.matches(value.low, value.high));
        match &self.unit {
            UnitMatch::Any => as_given(true),
            UnitMatch::Shown(unit) => {
                as_given(value.code.as_deref() == Some(unit) || value.unit.as_deref() == Some(unit))
            }
            UnitMatch::Coded { system, code, canonical } => match (canonical, &value.canonical) {
                (Some((unit, number)), Some(theirs)) => {
                    (*unit == *theirs.unit).then(|| number.matches(theirs.low, theirs.high))
                }
                _ => as_given(value.system.as_deref() == Some(system) && value.code.as_deref() == Some(code)),
            },
        }
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMatch {
    /// Which system.
    pub system: SystemMatch,
    /// Which code; `None` for any.
    pub code: Option<String>,
}

/// The system of a [`TokenMatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemMatch {
    /// `code`: any or none.
    Any,
    /// `|code`: none.
    Absent,
    /// `system|code`, `system|`.
    Is(String),
}

impl TokenMatch {
    /// Whether a token matches. Systems and codes are compared as they stand.
    pub fn matches(&self, system: Option<&str>, code: &str) -> bool {
        let system_matches = match &self.system {
            SystemMatch::Any => true,
            SystemMatch::Absent => system.is_none(),
            SystemMatch::Is(wanted) => system == Some(wanted),
        };
        system_matches && self.code.as_ref().is_none_or(|wanted| wanted == code)
    }
}

/// `:of-type`: an identifier's value, with the system and code of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedIdentifier {
    /// System of a coding of the type.
    pub system: String,
    /// Its code.
    pub code: String,
    /// The identifier's value.
    pub value: String,
}

/// A set of codes that stored definitions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeSet {
    /// `:in`: those of a value set, by `ValueSet/id` or its canonical URL, with or without `|version`.
    ValueSet(String),
    /// `:below`, `:above`: a code and those that it subsumes, or those that subsume it.
    Hierarchy {
        /// URL of the code system.
        system: String,
        /// The code.
        code: String,
        /// Down or up.
        way: Way,
    },
}

/// Which way a hierarchy is followed. The start is always among what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `:below`: to the parts, to what is more special.
    Below,
    /// `:above`: to the wholes, to what is more general.
    Above,
}

/// A reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceMatch {
    /// A resource of this server, by id.
    Local {
        /// The types it may have. Never empty.
        types: Vec<TypeId>,
        /// The logical id.
        id: String,
    },
    /// An absolute URL, a canonical (with or without `|version`) or a URN.
    Url(String),
    /// `:identifier`: a logical reference.
    Logical(TokenMatch),
}

impl ReferenceMatch {
    /// Whether a reference matches.
    pub fn matches(&self, value: &ReferenceValue<'_>) -> bool {
        match (self, value) {
            (ReferenceMatch::Local { types, id }, ReferenceValue::Local { type_id, id: theirs }) => {
                types.contains(type_id) && id == theirs
            }
            (ReferenceMatch::Url(url), ReferenceValue::Url(theirs)) => url == theirs,
            (ReferenceMatch::Logical(token), ReferenceValue::Logical { system, value }) => {
                token.matches(system.as_deref(), value)
            }
            _ => false,
        }
    }
}

/// A string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringMatch {
    /// The folded value begins with this folded text.
    Prefix(String),
    /// `:contains`: the folded value has this folded text somewhere.
    Contains(String),
    /// `:exact`: the value is this text.
    Exact(String),
    /// `ew` of `_filter`: the folded value ends with this folded text.
    Suffix(String),
    /// `eq` of `_filter`: the folded value is this folded text.
    Equal(String),
}

impl StringMatch {
    /// Whether a value (as it stands in the resource) matches.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            StringMatch::Prefix(text) => fold(value).starts_with(text.as_str()),
            StringMatch::Contains(text) => fold(value).contains(text.as_str()),
            StringMatch::Exact(text) => value == text,
            StringMatch::Suffix(text) => fold(value).ends_with(text.as_str()),
            StringMatch::Equal(text) => fold(value) == text.as_str(),
        }
    }
}

/// A URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UriMatch {
    /// The value is this text.
    Exact(String),
    /// `:below`: the value is this text or lies below it in the path.
    Below(String),
    /// `:above`: the value is one of these, the text and what lies above it in the path.
    Above(Vec<String>),
}

impl UriMatch {
    /// Everything at or above `uri` in the path.
    pub(super) fn above(uri: &str) -> UriMatch {
        // The authority of a URL is the top; what has no path has nothing above it.
        let top = uri.find("://").map_or(0, |at| at + 3);
        let mut all = vec![uri.to_owned()];
        for (at, _) in uri[top..].match_indices('/') {
            for end in [top + at, top + at + 1] {
                if end > top && end < uri.len() {
                    all.push(uri[..end].to_owned());
                }
            }
        }
        UriMatch::Above(all)
    }

    /// Whether a value matches.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            UriMatch::Exact(text) => value == text,
            UriMatch::Below(text) => value
                .strip_prefix(text.as_str())
                .is_some_and(|rest| rest.is_empty() || text.ends_with('/') || rest.starts_with('/')),
            UriMatch::Above(all) => all.iter().any(|one| one == value),
        }
    }
}

/// The folded text of a search value.
pub(super) fn folded(text: Cow<'_, str>) -> String {
    fold(&text).into_owned()
}
