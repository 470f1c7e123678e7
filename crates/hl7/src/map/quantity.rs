//! Numbers with units: NM, SN, CQ, NR to Quantity, Range, Ratio. Digits stay as sent.

use super::context::{Context, Fill};
use super::parts::Parts;
use crate::message::Value;
use fhir::json::Tree;
use std::fmt::Write as _;

/// A number's digits as JSON allows them: no plus sign, no leading zeros, digits on both sides of the point. Everything that
/// carries precision stays.
pub(crate) fn digits(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, body) = match text.as_bytes().first()? {
        b'+' => ("", &text[1..]),
        b'-' => ("-", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole)
        || !fraction.is_none_or(all_digits)
        || (whole.is_empty() && fraction.is_none_or(str::is_empty))
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut out = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction.filter(|fraction| !fraction.is_empty()) {
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let body = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if body.is_empty() || !all_digits(body) || body.len() > 3 {
            return None;
        }
        let _ = write!(out, "e{exponent}");
    }
    Some(out)
}

/// A FHIR comparator at the start of a text.
pub(crate) fn comparator(text: &str) -> Option<&'static str> {
    match text.trim() {
        "<" => Some("<"),
        "<=" | "=<" | "≤" => Some("<="),
        ">" => Some(">"),
        ">=" | "=>" | "≥" => Some(">="),
        _ => None,
    }
}

impl<'m> Context<'m> {
    /// Adds the unit of a CWE to a quantity.
    pub(super) fn set_unit(&self, quantity: &mut Tree, unit: Parts<'m>) {
        let Some(coding) = self.coding(unit, None) else {
            quantity.fill("unit", self.concept_text(unit));
            return;
        };
        let code = coding.get("code").and_then(Tree::as_str);
        let display = coding.get("display").and_then(Tree::as_str);
        quantity.fill("unit", display.or(code));
        if let (Some(system), Some(code)) = (coding.get("system").and_then(Tree::as_str), code) {
            quantity.set("system", system);
            quantity.set("code", code);
        }
    }

    /// A number in a value; one that is none is told.
    pub(super) fn number(&self, value: Value<'m>) -> Option<Tree> {
        let text = self.text(value)?;
        let number = digits(&text);
        if number.is_none() {
            self.warn(value, format!("{text:?} is no number and was left out"));
        }
        number.map(Tree::Number)
    }

    /// CQ: a quantity with its unit as the second component, or as the components of a CWE there.
    pub(super) fn cq(&self, parts: Parts<'m>) -> Option<Tree> {
        let mut quantity = Tree::object();
        quantity.set("value", self.number(parts.first(1))?);
        self.set_unit(&mut quantity, parts.nested(2));
        Some(quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn digits_keep_their_precision_and_become_json() {
        for (text, expected) in [
            ("4.06", Some("4.06")),
            ("4.060", Some("4.060")),
            ("+5", Some("5")),
            ("-0.50", Some("-0.50")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("007", Some("7")),
            ("0", Some("0")),
            ("1E3", Some("1e3")),
            ("1e-3", Some("1e-3")),
            ("", None),
            (".", None),
            ("-", None),
            ("1,5", None),
            ("1e", None),
            ("NEG", None),
            ("٣", None),
        ] {
            assert_eq!(digits(text).as_deref(), expected, "{text}");
        }
    }
}
