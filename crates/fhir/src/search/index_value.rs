//! What a resource puts into the index for a parameter.

use crate::schema::TypeId;
use std::borrow::Cow;
use std::sync::Arc;

/// One value of one parameter of one resource.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexValue<'d> {
    /// A code, identifier, contact or flag. A `code` element has no system here; a query that names the one its value set
    /// implies is rewritten when it is parsed. A `Coding` with a system alone has an empty code.
    Token {
        /// The system; `None` if it has none.
        system: Option<Cow<'d, str>>,
        /// The code or value.
        code: Cow<'d, str>,
    },
    /// A concept in words only. No code search finds it, but its parameter is not missing.
    TokenText {
        /// The words.
        text: Cow<'d, str>,
    },
    /// A reference.
    Reference(ReferenceValue<'d>),
    /// A date, time or period: UTC microseconds, both ends inclusive, open ends as in [`crate::time`].
    Date {
        /// First microsecond.
        low_us: i64,
        /// Last microsecond.
        high_us: i64,
    },
    /// A text as it stands in the resource; compare with [`super::fold()`].
    String {
        /// The text.
        text: Cow<'d, str>,
    },
    /// A number or range of numbers, both ends inclusive, infinite where open.
    Number {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// A quantity.
    Quantity(QuantityValue<'d>),
    /// A URI as it stands.
    Uri {
        /// The text.
        text: Cow<'d, str>,
    },
    /// Something is there that cannot be searched for (a reference with only a display, a period in words): the parameter is
    /// not missing.
    Present,
}

/// Where a reference leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceValue<'d> {
    /// To a resource of this server. A version in the reference is left out.
    Local {
        /// Its type.
        type_id: TypeId,
        /// Its logical id.
        id: Cow<'d, str>,
    },
    /// To an absolute URL, a URN or a canonical. A canonical with a version gives two values, with and without it.
    Url(Cow<'d, str>),
    /// To whatever has this identifier.
    Logical {
        /// The identifier's system.
        system: Option<Cow<'d, str>>,
        /// Its value.
        value: Cow<'d, str>,
    },
}

/// A quantity, or a range of them, both ends inclusive, infinite where open.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantityValue<'d> {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// System of the unit's code.
    pub system: Option<Cow<'d, str>>,
    /// The unit's code.
    pub code: Option<Cow<'d, str>>,
    /// The unit as shown to people.
    pub unit: Option<Cow<'d, str>>,
    /// The same in canonical UCUM, if the unit is UCUM and known.
    pub canonical: Option<CanonicalRange>,
}

/// A quantity in its canonical unit.
#[derive(Clone, Debug, PartialEq)]
pub struct CanonicalRange {
    /// The unit in base units, as [`crate::ucum::canonical`] spells it.
    pub unit: Arc<str>,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}
