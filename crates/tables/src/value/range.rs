//! The call `range`: from a low to a high value, as laboratories write what is usual.

#[cfg(test)]
mod tests;

use super::notes::Notes;
use super::number::{self, NumberStyle};
use super::prepare::Argument;
use super::slot::trimmed;
use super::width::plain_text;
use super::{Bounds, Quantity, Reason, Value};
use crate::codes::fold_unit;
use std::borrow::Cow;

/// A range with more bytes is none.
const BYTES_MAX: usize = 200;

/// What may stand between the two numbers, once the text is plain; the longer first.
const BETWEEN: [&str; 17] =
    ["--", "~~", "——", "-", "~", "–", "—", "―", "‐", "‑", "〜", "…", "..", "至", "到", "to ", "bis "];
/// What a text in brackets stands between.
const BRACKETS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('【', '】'), ('〔', '〕')];

/// `range(value[, unit])`
#[derive(Clone, Debug)]
pub(super) struct Ranging {
    style: NumberStyle,
}

/// One or both ends of a range, as numbers in JSON, and the unit that was written behind them.
#[derive(Debug, Default, PartialEq)]
struct Read<'t> {
    low: Option<String>,
    high: Option<String>,
    unit: Option<&'t str>,
}

/// Why a text with digits is no range.
enum Fault {
    NotARange,
    /// Its first number is the greater.
    LowAboveHigh,
    /// One of its numbers is none.
    Number(number::Fault),
}

impl Ranging {
    pub fn new(style: NumberStyle) -> Self {
        Ranging { style }
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], _: &mut Notes) -> Result<Value<'a>, Reason> {
        let mut arguments = arguments.iter_mut().map(std::mem::take);
        let text = match arguments.next() {
            Some(Argument::Text(text)) => trimmed(text),
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => None,
        };
        let unit = match arguments.next() {
            Some(Argument::Value(Value::Quantity(unit))) => unit,
            Some(Argument::Text(unit)) => Quantity { unit: trimmed(unit).map(Cow::Borrowed), ..Quantity::default() },
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => Quantity::default(),
        };
        let Some(text) = text else { return Ok(Value::Absent) };
        let plain = plain_text(text);
        // `阴性`: what is usual is a word, and its text says it.
        if !plain.contains(|c: char| c.is_ascii_digit()) {
            return Ok(Value::Absent);
        }
        let read = self.read(&plain).map_err(|fault| match fault {
            Fault::NotARange => Reason::of("not-a-range", text, "is not a range of two numbers, nor one end of it"),
            Fault::LowAboveHigh => Reason::of("not-a-range", text, "begins above its end"),
            Fault::Number(fault) => fault.reason(text, self.style),
        })?;
        if let Some(written) = read.unit
            && let Some(known) = unit.unit.as_deref()
        {
            let is_it = |spelling: &str| fold_unit(spelling) == fold_unit(written);
            if !is_it(known) && !unit.ucum.as_deref().is_some_and(is_it) {
                let what = format!("is in another unit than the value, which has `{known}`");
                return Err(Reason::of("not-a-range", text, &what));
            }
        }
        let unit = match (unit.unit, read.unit) {
            (None, Some(written)) => Quantity { unit: Some(Cow::Owned(written.to_owned())), ..Quantity::default() },
            (of_call, _) => Quantity { unit: of_call, ..unit },
        };
        let end = |digits: String| Quantity { value: Cow::Owned(digits), ..unit.clone() };
        Ok(Value::Range(Box::new(Bounds { low: read.low.map(end), high: read.high.map(end) })))
    }

    fn read<'t>(&self, text: &'t str) -> Result<Read<'t>, Fault> {
        if text.len() > BYTES_MAX {
            return Err(Fault::NotARange);
        }
        let text = without_brackets(text);
        for sign in ["±", "+/-", "+-"] {
            if let Some(rest) = text.strip_prefix(sign) {
                let (digits, rest) = self.number(rest)?;
                let low = if is_nought(&digits) { digits.clone() } else { format!("-{digits}") };
                return Ok(Read { low: Some(low), high: Some(digits), unit: unit(rest)? });
            }
        }
        let (comparator, bare) = number::comparator(text);
        if let Some(comparator) = comparator {
            let (digits, rest) = self.signed(bare)?;
            let unit = unit(rest)?;
            return Ok(match comparator {
                "<" | "<=" => Read { low: None, high: Some(digits), unit },
                _ => Read { low: Some(digits), high: None, unit },
            });
        }
        // `—5`. Before a number a hyphen is a sign: `-5` alone may be either, and is no range; `~7` is about seven.
        if let Some(rest) = between(text, false).filter(|_| !text.starts_with(['-', '…', '.', '~', '〜'])) {
            let (digits, rest) = self.signed(rest)?;
            return Ok(Read { low: None, high: Some(digits), unit: unit(rest)? });
        }
        let (low, rest) = self.signed(text)?;
        let (of_low, rest) = up_to_sign(rest, low.starts_with('-')).ok_or(Fault::NotARange)?;
        if rest.is_empty() {
            return Ok(Read { low: Some(low), high: None, unit: of_low });
        }
        let (mut high, rest) = self.signed(rest)?;
        let of_high = unit(rest)?;
        if let (Some(first), Some(second)) = (of_low, of_high)
            && fold_unit(first) != fold_unit(second)
        {
            return Err(Fault::NotARange);
        }
        if value(&low) > value(&high) {
            return Err(Fault::LowAboveHigh);
        }
        if is_nought(&high) && high.starts_with('-') {
            high.remove(0);
        }
        Ok(Read { low: Some(low), high: Some(high), unit: of_high.or(of_low) })
    }

    /// A number with its sign, and what follows.
    fn signed<'t>(&self, text: &'t str) -> Result<(String, &'t str), Fault> {
        let text = text.trim_start();
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        self.number(rest).map(|(digits, rest)| (format!("{sign}{digits}"), rest))
    }

    fn number<'t>(&self, text: &'t str) -> Result<(String, &'t str), Fault> {
        let text = text.trim_start();
        let bytes = text.as_bytes();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = 0;
        // A blank between groups of three digits, where the source has it: `4 000 - 10 000`.
        let has_blanks = self.style.thousands.is_some_and(|sign| super::width::plain(sign) == ' ');
        let is_group = |end: usize| {
            has_blanks && bytes.get(end) == Some(&b' ') && (1..=3).all(|at| is_digit(end + at)) && !is_digit(end + 4)
        };
        while is_digit(end)
            || (matches!(bytes.get(end), Some(b'.' | b',' | b'\'')) && is_digit(end + 1))
            || (end > 0 && is_group(end))
        {
            end += 1;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if is_digit(end + 1 + sign) {
                end += 1 + sign;
                while is_digit(end) {
                    end += 1;
                }
            }
        }
        let (written, rest) = text.split_at(end);
        // `2026-04-01` is a day, `02` a month: no number of a range begins like that.
        if written.is_empty() || (written.starts_with('0') && is_digit(1)) {
            return Err(Fault::NotARange);
        }
        let parsed = number::parse(written, self.style).map_err(|fault| match fault {
            number::Fault::NotANumber => Fault::NotARange,
            fault => Fault::Number(fault),
        })?;
        Ok((parsed.digits.into_owned(), rest))
    }
}

fn without_brackets(text: &str) -> &str {
    for (open, close) in BRACKETS {
        if let Some(inside) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)) {
            return inside.trim();
        }
    }
    text
}

/// What follows a sign between two numbers; none if there is no such sign. Two hyphens are one sign, but for behind a negative
/// number, where the second is that of the other: `3.9--6.1`, `-5--2`.
fn between(text: &str, is_negative: bool) -> Option<&str> {
    let text = text.trim_start();
    if is_negative
        && let Some(rest) = text.strip_prefix('-')
        && rest.starts_with('-')
    {
        return Some(rest);
    }
    let sign = BETWEEN.iter().find(|sign| text.starts_with(**sign));
    match sign {
        Some(sign) => Some(text[sign.len()..].trim_start()),
        None if matches!(text, "to" | "bis") => Some(""),
        None => None,
    }
}

/// The unit behind the first number, if it has one, and what follows the sign behind it.
fn up_to_sign(text: &str, is_negative: bool) -> Option<(Option<&str>, &str)> {
    text.char_indices().find_map(|(at, _)| {
        let after = between(&text[at..], is_negative)?;
        let begins = after.trim_start_matches(['+', '-']);
        let is_number = after.is_empty() || begins.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let unit = unit(&text[..at]).ok()?;
        is_number.then_some((unit, after))
    })
}

/// What stands behind a number, which can only be a unit.
fn unit(text: &str) -> Result<Option<&str>, Fault> {
    let text = text.trim();
    let Some(first) = text.chars().next() else { return Ok(None) };
    let begins = first.is_alphabetic() || matches!(first, '%' | '‰' | '×' | '*' | '/' | '℃' | '°' | '[' | '{' | '\'');
    if begins && !text.contains([';', ':', ',', '，', '；', '：', '(', ')', '<', '>', '=']) {
        return Ok(Some(text));
    }
    Err(Fault::NotARange)
}

/// To compare by; what `number` has read is one.
fn value(digits: &str) -> f64 {
    digits.parse().unwrap_or(f64::NAN)
}

fn is_nought(digits: &str) -> bool {
    value(digits) == 0.0
}
