//! What mapping functions give: a FHIR value, or the reason why there is none.
//!
//! Pure: small grammars for dates, numbers, units, names and codes as hospitals spell them. A value keeps the digits and the
//! precision it had; what is not understood is a [`Reason`], never a guess. What was understood but deserves a look (a time
//! that the clock change skipped, a wrong check digit, a unit without a code) is a value with a flag in [`Notes`].
//!
//! The way of a call: [`Function::named`] and its [`Signature`] when a mapping is compiled; [`prepare()`] resolves what is
//! constant (code map, unit map, format, zone) once; [`Prepared::make`] is called for each row and borrows from its arguments;
//! [`write_json`] writes what came out for its [`Slot`], the element, and never writes what FHIR does not allow there.
//!
//! ```
//! use tables::value::{Argument, Context, Function, Notes, Slot, prepare, write_json};
//! let context = Context::new("his");
//! let birth_date = Slot::of_type("date").unwrap();
//! let date = prepare(Function::Date, &birth_date, &[None], &context)?;
//!
//! let (mut notes, mut json) = (Notes::default(), Vec::new());
//! let value = date.make(&mut [Argument::Text(Some("1936年04月08日"))], &mut notes).unwrap();
//! write_json(&value, &birth_date, &mut json).unwrap();
//! assert_eq!(json, br#""1936-04-08""#);
//!
//! let reason = date.make(&mut [Argument::Text(Some("1965-02-30"))], &mut notes).unwrap_err();
//! assert_eq!(reason.code, "impossible-date");
//! # Ok::<(), String>(())
//! ```

mod address;
mod calendar;
mod code;
mod date;
mod era;
mod format;
mod function;
mod grammar;
pub mod id;
mod identifier;
pub mod identity;
mod json;
mod moment;
mod name;
mod notes;
mod number;
mod offset;
mod period;
mod plain;
mod prepare;
mod quantity;
mod range;
mod reference;
mod seen;
mod slot;
mod text;
mod totals;
mod unit;
mod width;
mod zone;

#[cfg(test)]
mod his_zh;
#[cfg(test)]
mod tests;

pub use era::Calendar;
pub use function::{Function, Parameter, Signature};
pub use grammar::Order;
pub use json::{push_string, write_json};
pub use notes::{Counted, Notes, Unmapped, UnmappedKind};
pub use number::{NumberStyle, is_number};
pub(crate) use number::{has_another_sign, has_unit_behind, is_read};
pub(crate) use period::is_before;
pub use prepare::{Argument, Context, Prepared, prepare, prepare_plain};
pub(crate) use seen::{DateParts, DateSeen, date_seen};
pub(crate) use slot::trim;
pub use slot::{Form, Slot};
pub(crate) use totals::is_total;

pub(crate) use width::plain_text;

use std::borrow::Cow;

/// Longest text of a `string`, in bytes (R4, "Data Types", § string).
pub const STRING_BYTES_MAX: usize = 1024 * 1024;

/// Characters of a text that a message shows.
const SHOWN_CHARACTERS: usize = 80;

/// Why a value could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable, for counting: `not-a-number`, `impossible-date` …
    pub code: &'static str,
    /// What is wrong, for a person; names the text.
    pub message: String,
}

impl Reason {
    /// A reason whose message begins with the text that is wrong, cut if it is long.
    pub fn of(code: &'static str, text: &str, what: &str) -> Reason {
        let mut message = String::with_capacity(text.len().min(SHOWN_CHARACTERS * 4) + what.len() + 4);
        message.push('`');
        match text.char_indices().nth(SHOWN_CHARACTERS) {
            None => message.push_str(text),
            Some((cut, _)) => {
                message.push_str(&text[..cut]);
                message.push('…');
            }
        }
        message.push_str("` ");
        message.push_str(what);
        Reason { code, message }
    }
}

/// A value that can be written as an element.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// Nothing: the element is left out.
    #[default]
    Absent,
    /// The text of a primitive, of which FHIR type the element or the function says.
    Primitive {
        /// `string`, `code`, `date`, `dateTime`, `instant`, `decimal`, `integer`, `boolean` …
        fhir_type: &'static str,
        /// As it is written in JSON, without quotes; escaped by the writer.
        text: Cow<'a, str>,
    },
    /// A coded value: CodeableConcept, Coding or code, as the element asks.
    Coded(Coded<'a>),
    /// A Quantity.
    Quantity(Quantity<'a>),
    /// A Range, or what has its ends.
    Range(Box<Bounds<'a>>),
    /// A Period: dateTimes.
    Period {
        /// Start.
        start: Option<Cow<'a, str>>,
        /// End.
        end: Option<Cow<'a, str>>,
    },
    /// An Identifier.
    Identifier {
        /// System URI.
        system: Cow<'a, str>,
        /// Value.
        value: Cow<'a, str>,
        /// `usual`, `official` …
        r#use: Option<Cow<'a, str>>,
        /// Code of `http://terminology.hl7.org/CodeSystem/v2-0203`.
        type_code: Option<Cow<'a, str>>,
    },
    /// A HumanName.
    Name {
        /// As written, if it came as one text.
        text: Option<Cow<'a, str>>,
        /// Family name.
        family: Option<Cow<'a, str>>,
        /// Given names.
        given: Vec<Cow<'a, str>>,
    },
    /// An Address.
    Address(Box<Postal<'a>>),
    /// A Reference to a resource that some target makes.
    Reference {
        /// Resource type.
        resource_type: &'a str,
        /// Its id.
        id: String,
    },
}

impl<'a> Value<'a> {
    /// True for [`Value::Absent`].
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// A primitive's text.
    pub fn primitive(fhir_type: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        Value::Primitive { fhir_type, text: text.into() }
    }
}

/// An address; boxed in [`Value`], which is moved for every cell, for its size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Postal<'a> {
    /// Lines.
    pub line: Vec<Cow<'a, str>>,
    /// City.
    pub city: Option<Cow<'a, str>>,
    /// District.
    pub district: Option<Cow<'a, str>>,
    /// State.
    pub state: Option<Cow<'a, str>>,
    /// Postal code.
    pub postal_code: Option<Cow<'a, str>>,
    /// Country.
    pub country: Option<Cow<'a, str>>,
}

/// The ends of a range; boxed in [`Value`] for its size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds<'a> {
    /// From where on.
    pub low: Option<Quantity<'a>>,
    /// Up to where.
    pub high: Option<Quantity<'a>>,
}

/// A coded value with all its codings; the first is what the rest of the world understands best.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded<'a> {
    /// Codings: targets of the code map first, then the source's own.
    pub codings: Vec<Coding<'a>>,
    /// Text: what the source shows for it, or all there is if there is no coding.
    pub text: Option<Cow<'a, str>>,
}

/// One coding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coding<'a> {
    /// System URI.
    pub system: Option<Cow<'a, str>>,
    /// Code.
    pub code: Cow<'a, str>,
    /// Display.
    pub display: Option<Cow<'a, str>>,
}

/// A measured value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantity<'a> {
    /// Decimal digits as they came; empty only in what `unit` gives to `quantity`.
    pub value: Cow<'a, str>,
    /// `<`, `<=`, `>=`, `>`.
    pub comparator: Option<&'static str>,
    /// Unit for people.
    pub unit: Option<Cow<'a, str>>,
    /// UCUM code; none if the unit is not understood.
    pub ucum: Option<Cow<'a, str>>,
}
