//! OBX-5 after its type in OBX-2: the value[x] of an Observation or of one of its components.

use super::context::{Context, Fill, extension};
use super::parts::Parts;
use super::quantity::{comparator, digits};
use crate::message::{Segment, Value};
use fhir::json::Tree;

/// R5's attachment value, which R4 lacks.
const ATTACHMENT: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value";

/// The types whose repetitions are lines of one text.
pub(super) fn is_text(value_type: &str) -> bool {
    matches!(value_type, "TX" | "FT" | "ST" | "GTS" | "")
}

impl<'m> Context<'m> {
    /// Sets the value of one repetition of OBX-5 on `target`.
    pub(super) fn set_value(&self, target: &mut Tree, obx: Segment<'m>, value_type: &str, value: Parts<'m>) {
        // Only a number takes the unit; beside other values it is left, and told as not mapped.
        let unit = || Parts::from(self.take(obx, 6));
        match value_type {
            "NM" => self.set_number(target, value, unit()),
            "SN" => self.set_structured_number(target, value, unit()),
            "CE" | "CWE" | "CNE" | "CF" | "IS" | "ID" => {
                target.fill("valueCodeableConcept", self.concept(value, None));
            }
            "DT" | "DTM" | "TS" => match self.date_time(value) {
                Some(at) => {
                    target.set("valueDateTime", at);
                }
                None => self.set_text(target, value.whole()),
            },
            "TM" => match self.time(value.first(1)) {
                Some(time) => {
                    target.set("valueTime", time);
                }
                None => self.set_text(target, value.whole()),
            },
            "DR" => {
                target.fill("valuePeriod", self.range_period(value));
            }
            "NR" => self.set_range(target, value.first(1), value.first(2), unit()),
            "CQ" => {
                target.fill("valueQuantity", self.cq(value));
            }
            "VR" => {
                let ends: Vec<String> = [1, 2].iter().filter_map(|n| self.text(value.part(*n))).collect();
                target.fill("valueString", (!ends.is_empty()).then(|| ends.join("-")));
            }
            "ED" | "RP" => {
                if let Some(attachment) = self.attachment(value_type, value) {
                    target.push("extension", extension(ATTACHMENT, "valueAttachment", attachment));
                }
            }
            "XPN" => self.set_display(target, value, self.xpn(value).as_ref().and_then(Self::name_text)),
            "XCN" | "CNN" => self.set_display(target, value, self.xcn_name(value).as_ref().and_then(Self::name_text)),
            // A number with a unit is a quantity, although it was sent as text.
            "ST" | "" if obx.field(6).has_value() && self.holds_number(value) => {
                let sent = if value_type.is_empty() { "without a type" } else { "as text (ST)" };
                self.note(value.whole(), format!("a number with a unit was sent {sent}; it was read as a quantity"));
                self.set_number(target, value, unit());
            }
            "TX" | "FT" | "ST" | "GTS" => self.set_text(target, value.whole()),
            other => {
                if other.is_empty() {
                    self.note(*obx.field(2), "no value type is given; the value was read as text");
                } else {
                    self.note(*obx.field(2), format!("values of type {other} were read as text"));
                }
                self.set_text(target, value.whole());
            }
        }
    }

    fn set_text(&self, target: &mut Tree, value: Value<'m>) {
        target.fill("valueString", self.text(value));
    }

    fn set_display(&self, target: &mut Tree, value: Parts<'m>, text: Option<String>) {
        target.fill("valueString", text.or_else(|| self.text(value.whole())));
    }

    /// A number, with or without a comparator before it.
    fn holds_number(&self, value: Parts<'m>) -> bool {
        let Some(text) = self.text(value.whole()) else { return false };
        let number = text.trim_start_matches(['<', '>', '=', '≤', '≥', ' ']);
        let sign = &text[..text.len() - number.len()];
        digits(number).is_some() && (sign.trim().is_empty() || comparator(sign).is_some())
    }

    /// NM. Analysers also send `>100` or words in it: a comparator is kept as one, words as text.
    fn set_number(&self, target: &mut Tree, value: Parts<'m>, unit: Parts<'m>) {
        let Some(text) = self.text(value.first(1)) else { return };
        let split = text.find(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-')).unwrap_or(0);
        let (sign, number) = text.split_at(split);
        let mut quantity = Tree::object();
        if !sign.trim().is_empty() {
            let Some(comparator) = comparator(sign) else {
                self.warn(value.whole(), "a numeric value (NM) is no number; it was kept as text");
                return self.set_text(target, value.whole());
            };
            quantity.set("comparator", comparator);
        }
        let Some(number) = digits(number) else {
            self.warn(value.whole(), "a numeric value (NM) is no number; it was kept as text");
            return self.set_text(target, value.whole());
        };
        let mut with_value = Tree::from([("value", Tree::Number(number))]);
        with_value.fill("comparator", quantity.remove("comparator"));
        self.set_unit(&mut with_value, unit);
        target.set("valueQuantity", with_value);
    }

    /// SN: comparator, number, separator or suffix, number.
    fn set_structured_number(&self, target: &mut Tree, value: Parts<'m>, unit: Parts<'m>) {
        let sign = self.text(value.first(1)).unwrap_or_default();
        let separator = self.text(value.first(3)).unwrap_or_default();
        let has_second = value.first(4).has_value();
        let is_plain = (2..=4).all(|number| !value.part(number).has_value());
        if is_plain && self.holds_number(value) {
            // A number alone, where the comparator should stand.
            return self.set_number(target, value, unit);
        }
        match separator.as_str() {
            "-" if has_second => self.set_range(target, value.first(2), value.first(4), unit),
            ":" | "/" if has_second => {
                let mut ratio = Tree::object();
                for (name, number) in [("numerator", 2), ("denominator", 4)] {
                    if let Some(number) = self.number(value.first(number)) {
                        let mut quantity = Tree::from([("value", number)]);
                        if name == "numerator" {
                            quantity.fill("comparator", comparator(&sign));
                        }
                        self.set_unit(&mut quantity, unit);
                        ratio.set(name, quantity);
                    }
                }
                // A ratio needs both.
                if ratio.members().len() == 2 {
                    target.set("valueRatio", ratio);
                } else {
                    self.set_text(target, value.whole());
                }
            }
            "+" => {
                // 2+ is a grade, not a number.
                let parts: Vec<String> = (1..=4).filter_map(|n| self.text(value.first(n))).collect();
                target.set("valueString", parts.join(" "));
            }
            _ => {
                let Some(number) = self.text(value.first(2)).as_deref().and_then(digits) else {
                    self.warn(value.whole(), "a structured number (SN) holds no number; it was kept as text");
                    return self.set_text(target, value.whole());
                };
                let mut quantity = Tree::from([("value", Tree::Number(number))]);
                match (sign.as_str(), comparator(&sign)) {
                    ("" | "=", _) => {}
                    (_, Some(comparator)) => {
                        quantity.set("comparator", comparator);
                    }
                    // `<>` and whatever else cannot be said by a quantity.
                    _ => return self.set_text(target, value.whole()),
                }
                self.set_unit(&mut quantity, unit);
                target.set("valueQuantity", quantity);
            }
        }
    }

    fn set_range(&self, target: &mut Tree, low: Value<'m>, high: Value<'m>, unit: Parts<'m>) {
        let mut range = Tree::object();
        for (name, value) in [("low", low), ("high", high)] {
            if let Some(number) = self.number(value) {
                let mut quantity = Tree::from([("value", number)]);
                self.set_unit(&mut quantity, unit);
                range.set(name, quantity);
            }
        }
        target.fill("valueRange", super::context::filled(range));
    }

    /// ED (data in the message) and RP (a pointer to it) as Attachment.
    pub(super) fn attachment(&self, value_type: &str, value: Parts<'m>) -> Option<Tree> {
        let mut attachment = Tree::object();
        if value_type == "RP" {
            let url = self.text(value.first(1))?;
            attachment.fill("contentType", self.media_type(value, 3, 4));
            attachment.set("url", super::context::uri(&url));
            return Some(attachment);
        }
        let data = self.text(value.part(5))?;
        let encoding = self.code(value.first(4)).unwrap_or_default().to_ascii_lowercase();
        attachment.fill("contentType", self.media_type(value, 2, 3));
        let encoded = match encoding.as_str() {
            "base64" => {
                let clean: String = data.chars().filter(|c| !c.is_whitespace()).collect();
                let body = clean.trim_end_matches('=');
                let is_base64 = body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
                if !is_base64 || body.len() % 4 == 1 {
                    self.warn(value.part(5), "the data is not Base64 as OBX-5.4 says; it was left out");
                    return None;
                }
                // Senders drop or double the padding.
                format!("{body}{}", &"==="[..(4 - body.len() % 4) % 4])
            }
            "hex" => {
                let digits: Vec<u8> = data.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
                if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
                    self.warn(value.part(5), "the data is not hexadecimal as OBX-5.4 says; it was left out");
                    return None;
                }
                let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
                base64(&digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect::<Vec<u8>>())
            }
            _ => base64(data.as_bytes()),
        };
        attachment.set("data", encoded);
        Some(attachment)
    }

    /// Type (table 0834, older 0191) and subtype (0291) as a media type.
    fn media_type(&self, value: Parts<'m>, kind: u16, subtype: u16) -> Option<String> {
        let kind = self.code(value.first(kind)).unwrap_or_default();
        let subtype = self.code(value.first(subtype)).unwrap_or_default().to_ascii_lowercase();
        if kind.contains('/') {
            return Some(kind.to_ascii_lowercase());
        }
        let subtype = match subtype.as_str() {
            "" | "octet-stream" => None,
            "rtf" | "pdf" | "msword" | "zip" | "dicom" | "xml" | "json" => Some(subtype),
            "htm" => Some("html".to_owned()),
            "jpg" => Some("jpeg".to_owned()),
            "tif" => Some("tiff".to_owned()),
            "txt" => Some("plain".to_owned()),
            "x-hl7-cda-level-one" | "x-hl7-cda-level-1" => Some("hl7-sda+xml".to_owned()),
            other => Some(other.to_owned()),
        };
        let kind = match kind.to_ascii_lowercase().as_str() {
            "ap" | "application" | "multipart" => "application",
            "au" | "audio" => "audio",
            "im" | "image" => "image",
            "tx" | "ft" | "text" => "text",
            "video" | "vi" => "video",
            "si" => "image",
            _ => match subtype.as_deref() {
                Some("pdf" | "rtf" | "msword" | "zip" | "dicom") => "application",
                Some("jpeg" | "png" | "tiff" | "gif") => "image",
                Some("plain" | "html") => "text",
                _ => return None,
            },
        };
        // PDF and the like are applications whatever the sender calls them.
        let kind = if matches!(subtype.as_deref(), Some("pdf" | "rtf" | "msword")) { "application" } else { kind };
        match (kind, subtype) {
            (kind, Some(subtype)) => Some(format!("{kind}/{subtype}")),
            ("text", None) => Some("text/plain".to_owned()),
            ("application", None) => Some("application/octet-stream".to_owned()),
            _ => None,
        }
    }
}

/// RFC 4648 Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            if at <= chunk.len() {
                out.push(ALPHABET[(group >> (18 - 6 * at) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(super::base64(bytes.as_bytes()), expected);
        }
    }
}
