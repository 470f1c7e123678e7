//! What mapping functions give: a FHIR value, or the reason why there is none.
//!
//! Pure: small grammars for dates, numbers, units, names and codes as hospitals spell them. A value keeps the digits and the
//! precision it had; what is not understood is a [`Reason`], never a guess.

use std::borrow::Cow;

/// Why a value could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable, for counting: `not-a-number`, `impossible-date` …
    pub code: &'static str,
    /// What is wrong, for a person; names the text.
    pub message: String,
}

/// A value that can be written as an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing: the element is left out.
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
    Address {
        /// Lines.
        line: Vec<Cow<'a, str>>,
        /// City.
        city: Option<Cow<'a, str>>,
        /// District.
        district: Option<Cow<'a, str>>,
        /// State.
        state: Option<Cow<'a, str>>,
        /// Postal code.
        postal_code: Option<Cow<'a, str>>,
        /// Country.
        country: Option<Cow<'a, str>>,
    },
    /// A Reference to a resource that some target makes.
    Reference {
        /// Resource type.
        resource_type: &'a str,
        /// Its id.
        id: String,
    },
}

/// A coded value with all its codings; the first is what the rest of the world understands best.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded<'a> {
    /// Codings: targets of the code map first, then the source's own.
    pub codings: Vec<Coding<'a>>,
    /// Text, if there is no more than that.
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
    /// Decimal digits as they came.
    pub value: Cow<'a, str>,
    /// `<`, `<=`, `>=`, `>`.
    pub comparator: Option<&'static str>,
    /// Unit for people.
    pub unit: Option<Cow<'a, str>>,
    /// UCUM code; none if the unit is not understood.
    pub ucum: Option<Cow<'a, str>>,
}
