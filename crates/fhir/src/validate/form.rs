//! How the value of each primitive type is written in JSON.

use crate::json::Kind;
use crate::primitive;

/// The primitive types, by the rules for their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Boolean,
    Integer,
    UnsignedInt,
    PositiveInt,
    Decimal,
    Text,
    Code,
    Id,
    Uri,
    Oid,
    Uuid,
    Base64,
    Date,
    DateTime,
    Instant,
    Time,
    /// The narrative; what is in it is not looked at.
    Xhtml,
}

impl Form {
    /// The form of a primitive type.
    pub(super) fn of(type_name: &str) -> Form {
        match type_name {
            "boolean" => Form::Boolean,
            "integer" => Form::Integer,
            "unsignedInt" => Form::UnsignedInt,
            "positiveInt" => Form::PositiveInt,
            "decimal" => Form::Decimal,
            "code" => Form::Code,
            "id" => Form::Id,
            "uri" | "url" | "canonical" => Form::Uri,
            "oid" => Form::Oid,
            "uuid" => Form::Uuid,
            "base64Binary" => Form::Base64,
            "date" => Form::Date,
            "dateTime" => Form::DateTime,
            "instant" => Form::Instant,
            "time" => Form::Time,
            "xhtml" => Form::Xhtml,
            _ => Form::Text,
        }
    }

    /// The kind of JSON value.
    pub(super) fn json(self) -> Kind {
        match self {
            Form::Boolean => Kind::Bool,
            Form::Integer | Form::UnsignedInt | Form::PositiveInt | Form::Decimal => Kind::Number,
            _ => Kind::String,
        }
    }

    /// True if `text` is a value; for numbers their digits, for strings what is between the quotes.
    pub(super) fn allows(self, text: &str) -> bool {
        match self {
            Form::Boolean | Form::Decimal => true,
            Form::Integer => primitive::is_integer(text),
            Form::UnsignedInt => primitive::is_integer(text) && !text.starts_with('-'),
            Form::PositiveInt => primitive::is_integer(text) && !text.starts_with(['-', '0']),
            Form::Text => primitive::is_text(text),
            Form::Code => primitive::is_code(text),
            Form::Id => primitive::is_id(text),
            Form::Uri => primitive::is_uri(text),
            Form::Oid => primitive::is_oid(text),
            Form::Uuid => primitive::is_uuid(text),
            Form::Base64 => primitive::is_base64(text),
            Form::Date => primitive::is_date(text),
            Form::DateTime => primitive::is_date_time(text),
            Form::Instant => primitive::is_instant(text),
            Form::Time => primitive::is_time(text),
            Form::Xhtml => text.trim_start().starts_with('<'),
        }
    }

    /// What a value must be, for messages.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Form::Boolean => "true or false",
            Form::Integer => "a whole number of 32 bits",
            Form::UnsignedInt => "a whole number from 0 to 2147483647",
            Form::PositiveInt => "a whole number from 1 to 2147483647",
            Form::Decimal => "a number",
            Form::Text => "text without control characters other than tab and line ends",
            Form::Code => "a code: no white space at its ends, and only single spaces inside",
            Form::Id => "an id: 1 to 64 letters, digits, hyphens and dots",
            Form::Uri => "an address: it has white space",
            Form::Oid => "an OID as `urn:oid:1.2.3`",
            Form::Uuid => "a UUID as `urn:uuid:c757873d-ec9a-4326-a141-556f43239520`",
            Form::Base64 => "base 64 in groups of four characters",
            Form::Date => "a date as YYYY, YYYY-MM or YYYY-MM-DD",
            Form::DateTime => "a date as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
            Form::Instant => "an instant as YYYY-MM-DDThh:mm:ss+zz:zz",
            Form::Time => "a time as hh:mm:ss",
            Form::Xhtml => "XHTML: it must start with a <div>",
        }
    }
}

/// A JSON kind for messages.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "true or false",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}
