//! Values as JSON.
//!
//! What is written here is FHIR: each text is held to the rules of its type, required codes to their list. A value that cannot
//! be written is a reason, and leaves nothing behind.

#[cfg(test)]
mod tests;

use super::slot::{Form, Slot, is_code, is_uri};
use super::{Coded, Coding, Postal, Quantity, Reason, Value};
use std::borrow::Cow;

const UCUM: &str = "http://unitsofmeasure.org";
const IDENTIFIER_TYPES: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// Writes a value for an element: its JSON value, without a name. False if there is nothing to write.
///
/// # Errors
/// If FHIR does not allow the value there; `out` is as it was.
pub fn write_json(value: &Value<'_>, slot: &Slot, out: &mut Vec<u8>) -> Result<bool, Reason> {
    let before = out.len();
    let written = write(value, slot, out);
    if !matches!(written, Ok(true)) {
        out.truncate(before);
    }
    written
}

fn write(value: &Value<'_>, slot: &Slot, out: &mut Vec<u8>) -> Result<bool, Reason> {
    match (value, slot.form()) {
        (Value::Absent, _) => Ok(false),
        (Value::Primitive { text, .. }, form) if form.is_primitive() => {
            slot.check(text)?;
            if form.is_bare() {
                out.extend_from_slice(text.as_bytes());
            } else if form == Form::Base64 {
                // It is as long as what it codes.
                push_escaped(text, out)?;
            } else {
                push_string(text, out)?;
            }
            Ok(true)
        }
        // A text alone says what is meant, if not in codes.
        (Value::Primitive { text, .. }, Form::CodeableConcept | Form::Annotation) => {
            let mut object = Object::new(out);
            object.string("text", text)?;
            Ok(object.end())
        }
        (Value::Coded(coded), Form::CodeableConcept) => concept(coded, slot, out),
        (Value::Coded(coded), Form::Coding) => match coded.codings.first() {
            Some(first) => {
                slot.check_coded(std::slice::from_ref(first))?;
                coding(first, out)?;
                Ok(true)
            }
            None => Ok(false),
        },
        (Value::Coded(coded), Form::Code) => match coded.codings.first() {
            Some(first) => {
                slot.check(&first.code)?;
                push_string(&first.code, out)?;
                Ok(true)
            }
            None => Ok(false),
        },
        (Value::Quantity(value), Form::Quantity) => quantity(value, out),
        (Value::Range(bounds), Form::Range) => {
            let mut object = Object::new(out);
            for (name, bound) in [("low", &bounds.low), ("high", &bounds.high)] {
                if let Some(bound) = bound {
                    object.name(name);
                    quantity(bound, object.out)?;
                }
            }
            Ok(object.end())
        }
        (Value::Period { start, end }, Form::Period) => {
            let mut object = Object::new(out);
            for (name, text) in [("start", start), ("end", end)] {
                if let Some(text) = text {
                    if !fhir::primitive::is_date_time(text) {
                        return Err(Reason::of("not-a-date", text, "is not a date and time as FHIR writes it"));
                    }
                    object.string(name, text)?;
                }
            }
            Ok(object.end())
        }
        (Value::Identifier { system, value, r#use, type_code }, Form::Identifier) => {
            let mut object = Object::new(out);
            object.optional("use", r#use.as_ref())?;
            if let Some(code) = type_code {
                let of_type =
                    Coding { system: Some(IDENTIFIER_TYPES.into()), code: Cow::Borrowed(code), display: None };
                object.name("type");
                object.out.extend_from_slice(b"{\"coding\":[");
                coding(&of_type, object.out)?;
                object.out.extend_from_slice(b"]}");
            }
            object.address("system", system)?;
            object.string("value", value)?;
            Ok(object.end())
        }
        (Value::Name { text, family, given }, Form::Name) => {
            let mut object = Object::new(out);
            object.optional("text", text.as_ref())?;
            object.optional("family", family.as_ref())?;
            object.strings("given", given)?;
            Ok(object.end())
        }
        (Value::Address(address), Form::Address) => {
            let Postal { line, city, district, state, postal_code, country } = &**address;
            let mut object = Object::new(out);
            object.strings("line", line)?;
            for (name, part) in [
                ("city", city),
                ("district", district),
                ("state", state),
                ("postalCode", postal_code),
                ("country", country),
            ] {
                object.optional(name, part.as_ref())?;
            }
            Ok(object.end())
        }
        (Value::Reference { resource_type, id }, Form::Reference) => {
            out.extend_from_slice(b"{\"reference\":\"");
            out.extend_from_slice(resource_type.as_bytes());
            out.push(b'/');
            out.extend_from_slice(id.as_bytes());
            out.extend_from_slice(b"\"}");
            Ok(true)
        }
        (value, _) => Err(Reason {
            code: "wrong-type",
            message: format!("{} is no value of type {}", kind_of(value), slot.fhir_type()),
        }),
    }
}

fn kind_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Absent => "nothing",
        Value::Primitive { fhir_type, .. } => fhir_type,
        Value::Coded(_) => "a coded value",
        Value::Quantity(_) => "a Quantity",
        Value::Range(_) => "a Range",
        Value::Period { .. } => "a Period",
        Value::Identifier { .. } => "an Identifier",
        Value::Name { .. } => "a HumanName",
        Value::Address(_) => "an Address",
        Value::Reference { .. } => "a Reference",
    }
}

fn concept(coded: &Coded<'_>, slot: &Slot, out: &mut Vec<u8>) -> Result<bool, Reason> {
    slot.check_coded(&coded.codings)?;
    let mut object = Object::new(out);
    if !coded.codings.is_empty() {
        object.name("coding");
        for (at, of_concept) in coded.codings.iter().enumerate() {
            object.out.push(if at == 0 { b'[' } else { b',' });
            coding(of_concept, object.out)?;
        }
        object.out.push(b']');
    }
    object.optional("text", coded.text.as_ref())?;
    Ok(object.end())
}

fn coding(coding: &Coding<'_>, out: &mut Vec<u8>) -> Result<(), Reason> {
    let mut object = Object::new(out);
    if let Some(system) = &coding.system {
        object.address("system", system)?;
    }
    object.code("code", &coding.code)?;
    object.optional("display", coding.display.as_ref())?;
    object.end();
    Ok(())
}

fn quantity(quantity: &Quantity<'_>, out: &mut Vec<u8>) -> Result<bool, Reason> {
    if !super::slot::is_json_number(&quantity.value) {
        return Err(Reason::of("not-a-number", &quantity.value, "is not a number"));
    }
    let mut object = Object::new(out);
    object.name("value");
    object.out.extend_from_slice(quantity.value.as_bytes());
    if let Some(comparator) = quantity.comparator {
        object.code("comparator", comparator)?;
    }
    object.optional("unit", quantity.unit.as_ref())?;
    if let Some(ucum) = &quantity.ucum {
        object.string("system", UCUM)?;
        object.code("code", ucum)?;
    }
    Ok(object.end())
}

/// An object that is being written.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn string(&mut self, name: &str, text: &str) -> Result<(), Reason> {
        if text.is_empty() {
            return Ok(());
        }
        self.name(name);
        push_string(text, self.out)
    }

    fn optional(&mut self, name: &str, text: Option<&Cow<'_, str>>) -> Result<(), Reason> {
        text.map_or(Ok(()), |text| self.string(name, text))
    }

    fn strings(&mut self, name: &str, texts: &[Cow<'_, str>]) -> Result<(), Reason> {
        let mut texts = texts.iter().filter(|text| !text.is_empty());
        let Some(first) = texts.next() else { return Ok(()) };
        self.name(name);
        self.out.push(b'[');
        push_string(first, self.out)?;
        for text in texts {
            self.out.push(b',');
            push_string(text, self.out)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn code(&mut self, name: &str, code: &str) -> Result<(), Reason> {
        if !is_code(code) {
            return Err(Reason::of("not-a-code", code, "is not a code: it has white space at its ends or in a run"));
        }
        self.string(name, code)
    }

    fn address(&mut self, name: &str, address: &str) -> Result<(), Reason> {
        if !is_uri(address) {
            return Err(Reason::of("bad-identifier", address, "is not an address: it has white space"));
        }
        self.string(name, address)
    }

    /// False if nothing was written.
    fn end(self) -> bool {
        self.out.push(b'}');
        !self.empty
    }
}

/// What becomes of each byte in a JSON string: 0 = itself, 1 = FHIR has no such character, else the letter behind a backslash.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut at = 0;
    while at < 0x20 {
        escapes[at] = 1;
        at += 1;
    }
    escapes[b'\t' as usize] = b't';
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

/// Writes a text as a JSON string, quotes included.
///
/// # Errors
/// `bad-text` for control characters other than tab and line ends, which FHIR's strings do not have, and `too-long`. What was
/// written of it until then stays in `out`.
pub fn push_string(text: &str, out: &mut Vec<u8>) -> Result<(), Reason> {
    if text.len() > super::STRING_BYTES_MAX {
        return Err(Reason::of("too-long", text, &format!("is {} bytes long, more than 1 MiB", text.len())));
    }
    push_escaped(text, out)
}

fn push_escaped(text: &str, out: &mut Vec<u8>) -> Result<(), Reason> {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    // Whole texts without anything to escape are nearly all; without a way out of the loop it takes many bytes at once.
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    if !bytes.iter().fold(false, |found, byte| found | special(byte)) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return Ok(());
    }
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[*byte as usize];
        if escape == 0 {
            continue;
        }
        if escape == 1 {
            return Err(Reason {
                code: "bad-text",
                message: format!("the text has the control character {byte:#04x}: write text(…)"),
            });
        }
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(&[b'\\', escape]);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
    Ok(())
}
