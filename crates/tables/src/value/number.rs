//! Numbers as hospitals write them; digits are kept.

#[cfg(test)]
mod tests;

use super::prepare::Argument;
use super::slot::{Form, Slot, trim};
use super::width::plain_text;
use super::{Reason, Value};
use std::borrow::Cow;

/// A number with more characters is none.
const CHARACTERS_MAX: usize = 100;
/// A power of ten beyond this is a mistake, and no computer's number.
const EXPONENT_MAX: i32 = 308;

/// What stands behind a number and is longer is no unit but a remark.
const UNIT_CHARACTERS_MAX: usize = 12;

/// How a source writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberStyle {
    /// What stands before the fraction: `.` or `,`.
    pub decimal: char,
    /// What stands between groups of three digits, if it is declared; `,` and `.` are understood without where they can be
    /// nothing else.
    pub thousands: Option<char>,
}

impl Default for NumberStyle {
    fn default() -> Self {
        NumberStyle { decimal: '.', thousands: None }
    }
}

/// A number with what stands before it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parsed<'a> {
    /// `<`, `<=`, `>=`, `>`.
    pub comparator: Option<&'static str>,
    /// As JSON has it.
    pub digits: Cow<'a, str>,
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NotANumber,
    /// `1,234`
    Ambiguous,
    /// An exponent that no number has.
    OutOfRange,
}

impl Fault {
    pub fn reason(self, text: &str, style: NumberStyle) -> Reason {
        match self {
            Fault::NotANumber if has_one_comma(text, style) => {
                let what = "is not a number; if its comma is the decimal sign, say `decimal = \",\"` in mapping.toml";
                Reason::of("not-a-number", text, what)
            }
            Fault::NotANumber => Reason::of("not-a-number", text, "is not a number"),
            Fault::Ambiguous => {
                let (group, other) = if style.decimal == ',' { ('.', ',') } else { (',', '.') };
                let what = if style.decimal == ',' {
                    "may be thousands, or a fraction with a point: if thousands, say `thousands = \".\"` in mapping.toml".to_owned()
                } else {
                    format!(
                        "may be thousands or a fraction: say `thousands = \"{group}\"` or which of `{group}` and `{other}` is \
                         `decimal` in mapping.toml"
                    )
                };
                Reason::of("ambiguous-number", text, &what)
            }
            Fault::OutOfRange => Reason::of("not-a-number", text, "is larger or smaller than numbers can be"),
        }
    }
}

/// `12,5` where a comma is not the decimal sign.
fn has_one_comma(text: &str, style: NumberStyle) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    style.decimal != ','
        && trim(text).split_once(',').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// True if the text is a number in the plainest style, a comparator before it allowed: what profiles count.
pub fn is_number(text: &str) -> bool {
    parse(text, NumberStyle::default()).is_ok()
}

/// True if the text is a number once another sign stands before its fraction, or may be one.
pub fn has_another_sign(text: &str, keeps_comparators: bool) -> bool {
    let comma = NumberStyle { decimal: ',', thousands: None };
    let [point, comma] = [NumberStyle::default(), comma].map(|style| parse(text, style));
    let has_comparator = |read: &Result<Parsed<'_>, Fault>| matches!(read, Ok(Parsed { comparator: Some(_), .. }));
    if !keeps_comparators && (has_comparator(&point) || has_comparator(&comma)) {
        return false;
    }
    let is_number = |read: &Result<Parsed<'_>, Fault>| matches!(read, Ok(_) | Err(Fault::Ambiguous));
    (text.contains(['.', ',']) && (is_number(&point) || is_number(&comma))) || has_blanks_in(text)
}

/// `12 500`: a number once blanks stand between its groups of digits.
fn has_blanks_in(text: &str) -> bool {
    let is_one = |decimal| parse(text, NumberStyle { decimal, thousands: Some(' ') }).is_ok();
    trim(text).contains(char::is_whitespace) && (is_one('.') || is_one(','))
}

/// True if the text is a number as a source writes them.
pub(crate) fn is_read(text: &str, style: NumberStyle) -> bool {
    parse(text, style).is_ok()
}

/// True for a number with a unit written behind it: `15 mmHg`.
pub fn has_unit_behind(text: &str) -> bool {
    let text = trim(text);
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '<' | '>' | '=' | ' ' | '-' | '+');
    let Some(at) = text.find(|c| !is_of_number(c)) else { return false };
    let (number, unit) = (trim(&text[..at]), &text[at..]);
    number.ends_with(|c: char| c.is_ascii_digit())
        && unit.starts_with(|c: char| c.is_alphabetic() || matches!(c, '%' | '‰' | '°' | 'µ' | '/'))
        && unit.chars().count() <= UNIT_CHARACTERS_MAX
        && is_unit(unit)
        && (is_number(number) || has_another_sign(number, true))
}

/// Units that people write and UCUM does not know, in small letters.
const UNITS: [&str; 24] = [
    "mmhg", "cmh2o", "bpm", "/min", "rpm", "°c", "℃", "°", "iu/l", "iu/ml", "u/l", "u/ml", "miu/l", "miu/ml", "sec",
    "min", "mcg", "次/分", "毫克", "毫升", "克", "kg/m²", "g/dl", "µmol/l",
];

/// True for what a unit is written as: letters that UCUM or hospitals have for one. `3/10`, `8T`, `5.0 H` and `1000以上` have none behind
/// their number: a capital alone is as often a flag.
fn is_unit(text: &str) -> bool {
    let is_flag = text.len() == 1 && text.starts_with(|c: char| c.is_ascii_uppercase());
    let says = text.contains(|c: char| c.is_alphabetic() || matches!(c, '%' | '‰' | '°'));
    let is_known = || {
        UNITS.contains(&text.to_lowercase().as_str())
            || super::unit::spelling(text) != super::notes::UcumSpelling::Unknown
    };
    !text.contains(char::is_whitespace) && !is_flag && says && is_known()
}

/// Reads a number.
pub(super) fn parse(text: &str, style: NumberStyle) -> Result<Parsed<'_>, Fault> {
    let text = trim(text);
    if style.decimal == '.' && is_simple(text) {
        return Ok(Parsed { comparator: None, digits: Cow::Borrowed(text) });
    }
    if text.len() > CHARACTERS_MAX * 4 {
        return Err(Fault::NotANumber);
    }
    match plain_text(text) {
        Cow::Borrowed(text) => {
            let (comparator, number) = comparator(text);
            Ok(Parsed { comparator, digits: digits(number, style)? })
        }
        Cow::Owned(text) => {
            let (comparator, number) = comparator(&text);
            Ok(Parsed { comparator, digits: Cow::Owned(digits(number, style)?.into_owned()) })
        }
    }
}

/// What nearly all numbers are: `-12.50`, already as JSON has it.
fn is_simple(text: &str) -> bool {
    let bytes = text.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if unsigned.is_empty() || unsigned.len() > CHARACTERS_MAX {
        return false;
    }
    let whole = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if whole == 0 || (whole > 1 && unsigned[0] == b'0') {
        return false;
    }
    match &unsigned[whole..] {
        [] => true,
        [b'.', fraction @ ..] => !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

const COMPARATORS: [(&str, &str); 22] = [
    ("<=", "<="),
    (">=", ">="),
    ("≤", "<="),
    ("≦", "<="),
    ("⩽", "<="),
    ("≥", ">="),
    ("≧", ">="),
    ("⩾", ">="),
    ("<", "<"),
    (">", ">"),
    ("小于等于", "<="),
    ("小于或等于", "<="),
    ("不大于", "<="),
    ("不高于", "<="),
    ("大于等于", ">="),
    ("大于或等于", ">="),
    ("不小于", ">="),
    ("不低于", ">="),
    ("小于", "<"),
    ("低于", "<"),
    ("大于", ">"),
    ("高于", ">"),
];

const WORDS: [(&str, &str); 3] = [("less than", "<"), ("greater than", ">"), ("more than", ">")];

/// A comparator before a number, and the number.
pub(super) fn comparator(text: &str) -> (Option<&'static str>, &str) {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return (None, text);
    }
    for (spelling, comparator) in COMPARATORS {
        if let Some(number) = text.strip_prefix(spelling) {
            return (Some(comparator), number.trim_start());
        }
    }
    for (words, comparator) in WORDS {
        let head = text.get(..words.len()).filter(|head| head.eq_ignore_ascii_case(words));
        if head.is_some() && text[words.len()..].starts_with(' ') {
            return (Some(comparator), text[words.len()..].trim_start());
        }
    }
    (None, text)
}

/// The number's text as JSON has it.
fn digits(text: &str, style: NumberStyle) -> Result<Cow<'_, str>, Fault> {
    if style.decimal == '.' && is_simple(text) {
        return Ok(Cow::Borrowed(text));
    }
    if text.is_empty() || text.len() > CHARACTERS_MAX || !text.is_char_boundary(1) {
        return Err(Fault::NotANumber);
    }
    let (sign, unsigned) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = split(mantissa, style)?;
    if whole.is_empty() && fraction.is_none_or(str::is_empty) {
        return Err(Fault::NotANumber);
    }
    let mut out = String::with_capacity(text.len() + 1);
    out.push_str(sign);
    let start = out.len();
    out.extend(whole.chars().filter(char::is_ascii_digit));
    // JSON has no noughts before the number.
    let noughts = out[start..].bytes().take_while(|byte| *byte == b'0').count();
    let surplus = noughts.min((out.len() - start).saturating_sub(1));
    out.replace_range(start..start + surplus, "");
    if out.len() == start {
        out.push('0');
    }
    if let Some(fraction) = fraction.filter(|fraction| !fraction.is_empty()) {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::NotANumber);
        }
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::NotANumber);
        }
        if unsigned.parse::<i32>().map_or(true, |power| power > EXPONENT_MAX) {
            return Err(Fault::OutOfRange);
        }
        out.push('e');
        out.push_str(exponent.strip_prefix('+').unwrap_or(exponent));
    }
    Ok(Cow::Owned(out))
}

/// The digits before the fraction, with their separators checked, and the fraction.
fn split(text: &str, style: NumberStyle) -> Result<(&str, Option<&str>), Fault> {
    let (whole, fraction) = match text.rfind(style.decimal) {
        Some(at) => (&text[..at], Some(&text[at + style.decimal.len_utf8()..])),
        None => (text, None),
    };
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((whole, fraction));
    }
    let implied = if style.decimal == ',' { '.' } else { ',' };
    // A blank of any width was made plain before.
    let separator = style.thousands.map_or(implied, super::width::plain);
    let groups: Vec<&str> = whole.split(separator).collect();
    let grouped = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[1..].iter().all(|group| group.len() == 3)
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    if !grouped {
        return Err(Fault::NotANumber);
    }
    // `0.350` is no thousands, whatever was said of points.
    if groups[0].starts_with('0') && (style.thousands.is_some() || groups.len() > 2 || fraction.is_some()) {
        return Err(Fault::NotANumber);
    }
    // One separator and no fraction: `1,234` may be a fraction as others write it. `0,234` is one.
    if style.thousands.is_none() && groups.len() == 2 && fraction.is_none() {
        return Err(Fault::Ambiguous);
    }
    Ok((whole, fraction))
}

/// A whole number's digits: without a fraction of noughts, which databases put behind them.
fn whole(digits: Cow<'_, str>) -> Cow<'_, str> {
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => {
            let length = whole.len();
            match digits {
                Cow::Borrowed(digits) => Cow::Borrowed(&digits[..length]),
                Cow::Owned(mut digits) => {
                    digits.truncate(length);
                    Cow::Owned(digits)
                }
            }
        }
        _ => digits,
    }
}

/// A number in the form that an element takes.
pub(super) fn fit<'a>(digits: Cow<'a, str>, slot: &Slot) -> Result<Value<'a>, Reason> {
    let digits = if slot.form() == Form::Decimal { digits } else { whole(digits) };
    slot.check(&digits)?;
    Ok(Value::Primitive { fhir_type: slot.fhir_type(), text: digits })
}

/// The call `number(value)`.
#[derive(Clone, Debug)]
pub(super) struct Number {
    slot: Slot,
    style: NumberStyle,
}

impl Number {
    pub fn new(slot: Slot, style: NumberStyle) -> Self {
        Number { slot, style }
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>]) -> Result<Value<'a>, Reason> {
        match arguments.first_mut().map(std::mem::take) {
            Some(Argument::Text(Some(text))) if !trim(text).is_empty() => {
                let number = parse(text, self.style).map_err(|fault| fault.reason(text, self.style))?;
                if number.comparator.is_some() {
                    return Err(Reason::of("not-a-number", text, "has a comparator, which only quantity(…) keeps"));
                }
                fit(number.digits, &self.slot)
            }
            Some(Argument::Value(value)) => Ok(value),
            Some(Argument::Failed(reason)) => Err(reason),
            _ => Ok(Value::Absent),
        }
    }
}
