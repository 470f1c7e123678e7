//! Text for people, and the call `text`.

use super::notes::Notes;
use super::prepare::Argument;
use super::slot::{Form, Slot, single_spaced, trim};
use super::{Coded, Reason, STRING_BYTES_MAX, Value};
use std::borrow::Cow;

/// True for characters that are no text: what FHIR's strings do not have, and U+007F to U+009F, which letters of windows-1252 become where
/// they are read as ISO 8859.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// True for the first byte of what may be one.
fn may_be_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f || byte == 0xc2
}

/// A text as FHIR wants it: without white space at its ends and without control characters; none if nothing is left.
///
/// # Errors
/// `too-long`
pub(super) fn words<'a>(text: Cow<'a, str>, notes: &mut Notes) -> Result<Option<Cow<'a, str>>, Reason> {
    let text = if text.bytes().any(may_be_control) && text.contains(is_control) {
        notes.flag("control-characters");
        Cow::Owned(text.replace(is_control, ""))
    } else {
        text
    };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    if text.len() > STRING_BYTES_MAX {
        return Err(Reason::of("too-long", &text, &format!("is {} bytes long, more than 1 MiB", text.len())));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The words of an argument.
pub(super) fn words_at<'a>(
    arguments: &mut [Argument<'a>],
    at: usize,
    notes: &mut Notes,
) -> Result<Option<Cow<'a, str>>, Reason> {
    match Argument::take_text_at(arguments, at)? {
        Some(text) => words(text, notes),
        None => Ok(None),
    }
}

/// The call `text(value)`.
#[derive(Clone, Debug)]
pub(super) struct Words {
    slot: Slot,
}

impl Words {
    pub fn new(slot: Slot) -> Self {
        Words { slot }
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        // A document is as long as it is, and what is coded may hold any character.
        if self.slot.form() == Form::Base64 {
            let text = Argument::take_text_at(arguments, 0)?.map(|text| Cow::Owned(base64(text.as_bytes())));
            return Ok(text.map_or(Value::Absent, |text| Value::Primitive { fhir_type: self.slot.fhir_type(), text }));
        }
        let Some(text) = words_at(arguments, 0, notes)? else { return Ok(Value::Absent) };
        let text = match self.slot.form() {
            Form::CodeableConcept => return Ok(Value::Coded(Coded { codings: Vec::new(), text: Some(text) })),
            Form::Code => match text {
                Cow::Borrowed(text) => single_spaced(text),
                Cow::Owned(text) => Cow::Owned(single_spaced(&text).into_owned()),
            },
            _ => text,
        };
        self.slot.check(&text)?;
        Ok(Value::Primitive { fhir_type: self.slot.fhir_type(), text })
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= three.len() { digit as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(fhir_type: &str, text: &str) -> String {
        let mut notes = Notes::default();
        let words = Words::new(Slot::of_type(fhir_type).unwrap());
        match words.make(&mut [Argument::Text(Some(text))], &mut notes) {
            Ok(Value::Primitive { text, .. }) => format!("{text:?} {}", notes.flags.join(",")).trim_end().to_owned(),
            Ok(Value::Coded(coded)) => format!("{:?}", coded.text.unwrap_or_default()),
            Ok(_) => "absent".into(),
            Err(reason) => reason.code.into(),
        }
    }

    #[test]
    fn white_space_at_the_ends_and_control_characters_go() {
        assert_eq!(make("string", "  阳性(+)\t"), "\"阳性(+)\"");
        assert_eq!(make("string", "a\r\n b"), r#""a\r\n b""#);
        assert_eq!(make("string", "a\u{0}b\u{1b} "), "\"ab\" control-characters");
        assert_eq!(make("string", " \u{1} \u{3000}"), "absent");
        assert_eq!(make("string", "L\u{92}Hôte\u{7f}"), "\"LHôte\" control-characters");
        assert_eq!(make("string", "12 µg\u{a0}"), "\"12 µg\"");
        assert_eq!(make("CodeableConcept", " x "), "\"x\"");
        assert_eq!(make("code", "a  b"), "\"a b\"");
        // The examples of RFC 4648, and two bytes of one letter.
        for (text, coded) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("é", "w6k=")] {
            assert_eq!(make("base64Binary", text), format!("{coded:?}"));
        }
        assert_eq!(make("uri", "http://a b"), "bad-identifier");
    }

    #[test]
    fn too_long_is_too_long() {
        assert_eq!(make("string", &"x".repeat(STRING_BYTES_MAX + 1)), "too-long");
        assert_eq!(make("string", &"x".repeat(STRING_BYTES_MAX)).len(), STRING_BYTES_MAX + 2);
        assert_eq!(make("base64Binary", &"x".repeat(3 * STRING_BYTES_MAX)).len(), 4 * STRING_BYTES_MAX + 2);
    }
}
