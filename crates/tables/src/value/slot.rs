//! The element that a value is made for.

use super::{Coding, Reason, STRING_BYTES_MAX};
use fhir::primitive;
use fhir::schema::{CodeList, Element};
use std::borrow::Cow;

/// How a type is written in JSON, and what its text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// One from 0.
    UnsignedInt,
    /// One from 1.
    PositiveInt,
    /// A number.
    Decimal,
    /// `string` and `markdown`.
    Text,
    /// `code`
    Code,
    /// `id`
    Id,
    /// `uri`, `url` and `canonical`.
    Uri,
    /// `oid`
    Oid,
    /// `uuid`
    Uuid,
    /// `base64Binary`
    Base64,
    /// `date`
    Date,
    /// `dateTime`
    DateTime,
    /// `instant`
    Instant,
    /// `time`
    Time,
    /// `xhtml`
    Xhtml,
    /// `CodeableConcept`
    CodeableConcept,
    /// `Coding`
    Coding,
    /// `Quantity` and the types made of it.
    Quantity,
    /// `Range`, and a reference range, which has its ends.
    Range,
    /// `Period`
    Period,
    /// `Identifier`
    Identifier,
    /// `HumanName`
    Name,
    /// `Address`
    Address,
    /// `Reference`
    Reference,
    /// `Annotation`: its text.
    Annotation,
}

impl Form {
    fn named(fhir_type: &str) -> Option<(&'static str, Form)> {
        Some(match fhir_type {
            "boolean" => ("boolean", Form::Boolean),
            "integer" => ("integer", Form::Integer),
            "unsignedInt" => ("unsignedInt", Form::UnsignedInt),
            "positiveInt" => ("positiveInt", Form::PositiveInt),
            "decimal" => ("decimal", Form::Decimal),
            "string" => ("string", Form::Text),
            "markdown" => ("markdown", Form::Text),
            "code" => ("code", Form::Code),
            "id" => ("id", Form::Id),
            "uri" => ("uri", Form::Uri),
            "url" => ("url", Form::Uri),
            "canonical" => ("canonical", Form::Uri),
            "oid" => ("oid", Form::Oid),
            "uuid" => ("uuid", Form::Uuid),
            "base64Binary" => ("base64Binary", Form::Base64),
            "date" => ("date", Form::Date),
            "dateTime" => ("dateTime", Form::DateTime),
            "instant" => ("instant", Form::Instant),
            "time" => ("time", Form::Time),
            "xhtml" => ("xhtml", Form::Xhtml),
            "CodeableConcept" => ("CodeableConcept", Form::CodeableConcept),
            "Coding" => ("Coding", Form::Coding),
            "Quantity" => ("Quantity", Form::Quantity),
            "Age" => ("Age", Form::Quantity),
            "Duration" => ("Duration", Form::Quantity),
            "Distance" => ("Distance", Form::Quantity),
            "Count" => ("Count", Form::Quantity),
            "Range" => ("Range", Form::Range),
            "Observation.referenceRange" => ("Observation.referenceRange", Form::Range),
            "Period" => ("Period", Form::Period),
            "Identifier" => ("Identifier", Form::Identifier),
            "HumanName" => ("HumanName", Form::Name),
            "Address" => ("Address", Form::Address),
            "Reference" => ("Reference", Form::Reference),
            "Annotation" => ("Annotation", Form::Annotation),
            _ => return None,
        })
    }

    /// True if JSON has a bare number, `true` or `false` here.
    pub(super) fn is_bare(self) -> bool {
        matches!(self, Form::Boolean | Form::Integer | Form::UnsignedInt | Form::PositiveInt | Form::Decimal)
    }

    /// True for the primitive types.
    pub(super) fn is_primitive(self) -> bool {
        self as u8 <= Form::Xhtml as u8
    }
}

/// An element: its type, the codes it requires, and what else limits its values.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    fhir_type: &'static str,
    form: Form,
    binding: Option<&'static CodeList>,
    past: bool,
}

impl Slot {
    /// An element of this type without further rules. None for types that no value is written as (`Timing`, `Patient.contact`):
    /// a mapping names their elements.
    pub fn of_type(fhir_type: &str) -> Option<Slot> {
        let (fhir_type, form) = Form::named(fhir_type)?;
        Some(Slot { fhir_type, form, binding: None, past: false })
    }

    /// An element of the schema, holding a value of one of its types.
    pub fn of_element(element: &Element, fhir_type: &str) -> Option<Slot> {
        // A required list of a choice is for its coded type.
        let slot = Slot::of_type(fhir_type)?;
        let coded = !slot.form.is_primitive() || matches!(slot.form, Form::Code | Form::Text | Form::Uri);
        let past = matches!(element.name, "birthDate" | "deceased");
        Some(Slot { binding: element.binding.filter(|_| coded), past, ..slot })
    }

    /// The FHIR type.
    pub fn fhir_type(&self) -> &'static str {
        self.fhir_type
    }

    /// How it is written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The codes that are allowed, where FHIR requires some.
    pub fn binding(&self) -> Option<&'static CodeList> {
        self.binding
    }

    /// True for what cannot lie in the future: births and deaths.
    pub fn is_past(&self) -> bool {
        self.past
    }

    /// Checks a primitive's text against its type and required codes.
    pub(super) fn check(&self, text: &str) -> Result<(), Reason> {
        let allowed = match self.form {
            Form::Boolean => matches!(text, "true" | "false"),
            Form::Integer => primitive::is_integer(text),
            Form::UnsignedInt => primitive::is_integer(text) && !text.starts_with('-'),
            Form::PositiveInt => primitive::is_integer(text) && !text.starts_with(['-', '0']),
            Form::Decimal => is_json_number(text),
            // Control characters are found while it is written.
            Form::Text | Form::Annotation => !text.is_empty(),
            Form::Code => is_code(text),
            Form::Id => primitive::is_id(text),
            Form::Uri => is_uri(text),
            Form::Oid => primitive::is_oid(text),
            Form::Uuid => primitive::is_uuid(text),
            Form::Base64 => primitive::is_base64(text),
            Form::Date => primitive::is_date(text),
            Form::DateTime => primitive::is_date_time(text),
            Form::Instant => primitive::is_instant(text),
            Form::Time => primitive::is_time(text),
            Form::Xhtml => text.starts_with('<'),
            _ => false,
        };
        if !allowed {
            let (code, what) = self.refusal();
            return Err(Reason::of(code, text, what));
        }
        if text.len() > STRING_BYTES_MAX && !matches!(self.form, Form::Base64 | Form::Xhtml) {
            return Err(Reason::of("too-long", text, &format!("is {} bytes long, more than 1 MiB", text.len())));
        }
        match self.binding {
            Some(list) if !list.contains(text) => Err(not_in_list(text, list)),
            _ => Ok(()),
        }
    }

    /// Checks codings against the codes that are required: one of them must be, or none may be of their system.
    pub(super) fn check_coded(&self, codings: &[Coding<'_>]) -> Result<(), Reason> {
        let Some(list) = self.binding else { return Ok(()) };
        let mut wrong = None;
        for coding in codings {
            let system = coding.system.as_deref().unwrap_or_default();
            if list.contains_coding(system, &coding.code) {
                return Ok(());
            }
            if list.has_system(system) {
                wrong = wrong.or(Some(coding));
            }
        }
        wrong.map_or(Ok(()), |coding| Err(not_in_list(&coding.code, list)))
    }

    fn refusal(&self) -> (&'static str, &'static str) {
        match self.form {
            Form::Boolean => ("not-a-boolean", "is neither true nor false"),
            Form::Integer => ("not-an-integer", "is not a whole number of 32 bits"),
            Form::UnsignedInt => ("not-an-integer", "is not a whole number from 0 to 2147483647"),
            Form::PositiveInt => ("not-an-integer", "is not a whole number from 1 to 2147483647"),
            Form::Decimal => ("not-a-number", "is not a number"),
            Form::Code => ("not-a-code", "is not a code: it has white space at its ends or in a run"),
            Form::Id => ("bad-identifier", "is not an id: 1 to 64 letters, digits, hyphens and dots"),
            Form::Uri => ("bad-identifier", "is not an address: it has white space"),
            Form::Oid => ("bad-identifier", "is not an OID as `urn:oid:1.2.3`"),
            Form::Uuid => ("bad-identifier", "is not a UUID as `urn:uuid:c757873d-ec9a-4326-a141-556f43239520`"),
            Form::Base64 => ("bad-text", "is not base 64 in groups of four characters"),
            Form::Date => ("not-a-date", "is not a date as YYYY, YYYY-MM or YYYY-MM-DD: write date(…)"),
            Form::DateTime => ("not-a-date", "is not a date with time and zone as FHIR writes it: write instant(…)"),
            Form::Instant => ("not-a-time", "is not YYYY-MM-DDThh:mm:ss with a zone: write instant(…)"),
            Form::Time => ("not-a-time", "is not a time as hh:mm:ss"),
            Form::Xhtml => ("bad-text", "is not XHTML: it must start with a <div>"),
            _ => ("bad-text", "is not text that FHIR allows"),
        }
    }
}

fn not_in_list(text: &str, list: &CodeList) -> Reason {
    let codes: Vec<_> = list.codings().map(|(_, code)| code).take(12).collect();
    let more = if list.codings().count() > codes.len() { ", …" } else { "" };
    Reason::of("not-a-code", text, &format!("is not in {}, which has {}{more}", list.url(), codes.join(", ")))
}

/// A number as JSON has it (RFC 8259, section 6).
pub(super) fn is_json_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(start);
    if whole == 0 || (whole > 1 && bytes[start] == b'0') {
        return false;
    }
    let mut at = start + whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at.min(bytes.len()));
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

/// Without white space at its ends; nothing if nothing is left.
pub(super) fn trimmed(text: Option<&str>) -> Option<&str> {
    text.map(trim).filter(|text| !text.is_empty())
}

/// As [`str::trim`], at once for what nearly all cells are: text that begins and ends with a plain character.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// As [`primitive::is_code`], at once for plain characters without blanks.
pub(super) fn is_code(text: &str) -> bool {
    is_plain_word(text) || primitive::is_code(text)
}

/// As [`primitive::is_uri`], at once for plain characters.
pub(super) fn is_uri(text: &str) -> bool {
    is_plain_word(text) || primitive::is_uri(text)
}

fn is_plain_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
}

/// A code's text: no white space at its ends, and one blank for a run of it inside.
pub(super) fn single_spaced(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    if is_plain_word(text) {
        return Cow::Borrowed(text);
    }
    if primitive::is_code(text) && !text.contains(|c: char| c.is_whitespace() && c != ' ') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_numbers() {
        for good in ["0", "-0", "1", "10.50", "-1.5e3", "1E+05", "0.1e-2"] {
            assert!(is_json_number(good), "{good}");
        }
        for bad in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "1.2.3", "NaN", "1 ", "٣"] {
            assert!(!is_json_number(bad), "{bad}");
        }
    }

    #[test]
    fn runs_of_white_space_are_one_blank_in_a_code() {
        assert!(matches!(single_spaced(" a b "), Cow::Borrowed("a b")));
        assert_eq!(single_spaced("a \t b\u{3000}c"), "a b c");
    }

    #[test]
    fn an_element_brings_its_required_codes_and_whether_it_lies_in_the_past() {
        let schema = fhir::schema::r4();
        let patient = schema.type_id("Patient").unwrap();
        let slot =
            |name, fhir_type| Slot::of_element(schema.element_by_name(patient, name).unwrap(), fhir_type).unwrap();
        assert!(slot("gender", "code").check("male").is_ok());
        assert_eq!(slot("gender", "code").check("M").unwrap_err().code, "not-a-code");
        assert!(slot("birthDate", "date").is_past() && slot("deceased", "dateTime").is_past());
        assert!(!slot("active", "boolean").is_past());
    }
}
