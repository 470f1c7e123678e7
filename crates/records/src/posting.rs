//! Postings: what the index holds about a resource, and the forward blob that holds the same by resource.

use crate::id::Row;
use crate::index::key::{self, Key};
use std::collections::HashSet;

/// One key of a resource, without the row number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Posting {
    Token {
        param: u16,
        token: i64,
    },
    Reference {
        param: u16,
        target: i64,
    },
    /// Inclusive range in µs UTC; open ends are `i64::MIN` and `i64::MAX`.
    Date {
        param: u16,
        low: i64,
        high: i64,
    },
    /// The text as it stands in the resource; the index holds it folded.
    Text {
        param: u16,
        text: String,
    },
    Number {
        param: u16,
        low: f64,
        high: f64,
    },
    /// `unit` 0: the value as given, whatever its unit; else the canonical unit's token number.
    Quantity {
        param: u16,
        unit: i64,
        low: f64,
        high: f64,
    },
    /// A quantity by the unit it is shown in; in the forward blob alone.
    Shown {
        param: u16,
        unit: i64,
        low: f64,
        high: f64,
    },
}

/// The token of a parameter that has something which no search can name: it is not missing.
pub(crate) const PRESENT: i64 = 0;

/// Dates wider than this lie apart, so that a scan of the others has a bounded margin.
pub(crate) const DATE_SPAN_US: i64 = 400 * 86_400 * 1_000_000;

/// Longest folded text in the index; a longer one is found by its beginning.
pub(crate) const TEXT_CHARS: usize = 200;

/// The form of `text` that the index holds.
pub(crate) fn indexed_text(text: &str) -> String {
    let folded = fhir::search::fold(text);
    let end = folded.char_indices().nth(TEXT_CHARS).map_or(folded.len(), |(end, _)| end);
    folded[..end].to_owned()
}

impl Posting {
    pub(crate) fn param(&self) -> u16 {
        match self {
            Posting::Token { param, .. }
            | Posting::Reference { param, .. }
            | Posting::Date { param, .. }
            | Posting::Text { param, .. }
            | Posting::Number { param, .. }
            | Posting::Quantity { param, .. }
            | Posting::Shown { param, .. } => *param,
        }
    }
}

/// So many postings are compared one by one, which for most resources is faster than hashing them.
const FEW: usize = 48;

/// Collects postings, each once, in the order in which they first come. A posting is the same if the forward blob holds it alike.
#[derive(Default)]
pub(crate) struct Distinct {
    list: Vec<Posting>,
    seen: HashSet<Vec<u8>>,
}

impl Distinct {
    /// Adds a posting unless it is there.
    pub(crate) fn push(&mut self, posting: Posting) {
        if self.list.len() < FEW {
            if !self.list.contains(&posting) {
                self.list.push(posting);
            }
            return;
        }
        let form = |posting: &Posting| encode(std::slice::from_ref(posting));
        if self.seen.is_empty() {
            self.seen = self.list.iter().map(form).collect();
        }
        if self.seen.insert(form(&posting)) {
            self.list.push(posting);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Posting> {
        self.list
    }
}

/// How many of `postings` are not among `others`.
pub(crate) fn missing(postings: &[Posting], others: &[Posting]) -> usize {
    if postings.len() + others.len() < FEW {
        return postings.iter().filter(|posting| !others.contains(posting)).count();
    }
    let form = |posting: &Posting| encode(std::slice::from_ref(posting));
    let others: HashSet<Vec<u8>> = others.iter().map(form).collect();
    postings.iter().filter(|posting| !others.contains(&form(posting))).count()
}

/// Gives the index keys of `postings`. `composite` names the code and date parameters of the type, if it has both.
pub(crate) fn index_keys(postings: &[Posting], row: Row, composite: Option<(u16, u16)>, mut give: impl FnMut(Key)) {
    for posting in postings {
        let key = match posting {
            Posting::Token { param, token } => Key::new(key::TOKEN, *param).number(*token),
            Posting::Reference { param, target } => Key::new(key::REFERENCE, *param).number(*target),
            Posting::Date { param, low, high } => {
                let short = high.checked_sub(*low).is_some_and(|span| span <= DATE_SPAN_US);
                Key::new(if short { key::DATE } else { key::DATE_LONG }, *param).times(*low, *high)
            }
            Posting::Text { param, text } => Key::new(key::TEXT, *param).text(&indexed_text(text)),
            Posting::Number { param, low, high } => Key::new(key::NUMBER, *param).reals(*low, *high),
            Posting::Quantity { param, unit, low, high } => {
                Key::new(key::QUANTITY, *param).number(*unit).reals(*low, *high)
            }
            Posting::Shown { .. } => continue,
        };
        give(key.number(row.0));
    }
    let Some((code, date)) = composite else { return };
    for posting in postings {
        let Posting::Date { param, low, high } = posting else { continue };
        if *param != date {
            continue;
        }
        for other in postings {
            if let Posting::Token { param, token } = other
                && *param == code
                && *token != PRESENT
            {
                give(Key::new(key::CODE_DATE, code).number(*token).times(*low, *high).number(row.0));
            }
        }
    }
}

// The forward blob: per posting one kind byte, the parameter, the value. Integers are LEB128, signed ones zigzag.

const TOKEN: u8 = 0;
const REFERENCE: u8 = 1;
const DATE: u8 = 2;
const TEXT: u8 = 3;
const NUMBER: u8 = 4;
const QUANTITY: u8 = 5;
const INSTANT: u8 = 6;
const EXACT_QUANTITY: u8 = 7;
const SHOWN: u8 = 8;
const SECOND: u8 = 9;
const DAYS: u8 = 10;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, (value << 1 ^ value >> 63) as u64);
}

fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let value = take_varint(bytes)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

/// Decimals of up to four places, which most measurements are, take two to four bytes; others nine.
const PLACES: f64 = 1e4;
/// Marks a number in full; the short form is always even.
const FULL: u64 = 1;

fn put_real(out: &mut Vec<u8>, value: f64) {
    let scaled = (value * PLACES).round();
    if scaled.abs() < 1e15 && (scaled / PLACES).to_bits() == value.to_bits() {
        let whole = scaled as i64;
        put_varint(out, ((whole << 1 ^ whole >> 63) as u64) << 1);
    } else {
        put_varint(out, FULL);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn take_real(bytes: &mut &[u8]) -> Option<f64> {
    let head = take_varint(bytes)?;
    if head == FULL {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        *bytes = rest;
        return Some(f64::from_le_bytes(*number));
    }
    let zigzag = head >> 1;
    Some(((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)) as f64 / PLACES)
}

/// Encodes postings as a forward blob.
pub(crate) fn encode(postings: &[Posting]) -> Vec<u8> {
    let mut out = Vec::with_capacity(postings.len() * 6);
    let head = |out: &mut Vec<u8>, kind: u8, param: u16| put_varint(out, u64::from(param) << 4 | u64::from(kind));
    for posting in postings {
        match posting {
            Posting::Token { param, token } => {
                head(&mut out, TOKEN, *param);
                put_varint(&mut out, *token as u64);
            }
            Posting::Reference { param, target } => {
                head(&mut out, REFERENCE, *param);
                put_varint(&mut out, *target as u64);
            }
            Posting::Date { param, low, high } if low == high && low % SECOND_US == 0 => {
                head(&mut out, SECOND, *param);
                put_signed(&mut out, low / SECOND_US);
            }
            Posting::Date { param, low, high }
                if low % DAY_US == 0 && (high.wrapping_add(1)) % DAY_US == 0 && high > low =>
            {
                head(&mut out, DAYS, *param);
                put_signed(&mut out, low / DAY_US);
                put_signed(&mut out, high.wrapping_add(1) / DAY_US);
            }
            Posting::Date { param, low, high } if low == high => {
                head(&mut out, INSTANT, *param);
                put_signed(&mut out, *low);
            }
            Posting::Date { param, low, high } => {
                head(&mut out, DATE, *param);
                put_signed(&mut out, *low);
                put_signed(&mut out, high.wrapping_sub(*low));
            }
            Posting::Text { param, text } => {
                head(&mut out, TEXT, *param);
                put_varint(&mut out, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Posting::Number { param, low, high } => {
                head(&mut out, NUMBER, *param);
                put_real(&mut out, *low);
                put_real(&mut out, *high);
            }
            Posting::Quantity { param, unit, low, high } if low.to_bits() == high.to_bits() => {
                head(&mut out, EXACT_QUANTITY, *param);
                put_varint(&mut out, *unit as u64);
                put_real(&mut out, *low);
            }
            Posting::Quantity { param, unit, low, high } => {
                head(&mut out, QUANTITY, *param);
                put_varint(&mut out, *unit as u64);
                put_real(&mut out, *low);
                put_real(&mut out, *high);
            }
            Posting::Shown { param, unit, low, high } => {
                head(&mut out, SHOWN, *param);
                put_varint(&mut out, *unit as u64);
                put_real(&mut out, *low);
                put_real(&mut out, *high);
            }
        }
    }
    out
}

/// Decodes a forward blob; `None` if it is damaged.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Posting>> {
    let bytes = &mut bytes;
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let head = take_varint(bytes)?;
        let param = u16::try_from(head >> 4).ok()?;
        out.push(match (head & 15) as u8 {
            TOKEN => Posting::Token { param, token: take_varint(bytes)? as i64 },
            REFERENCE => Posting::Reference { param, target: take_varint(bytes)? as i64 },
            INSTANT => {
                let low = take_signed(bytes)?;
                Posting::Date { param, low, high: low }
            }
            DATE => {
                let low = take_signed(bytes)?;
                Posting::Date { param, low, high: low.wrapping_add(take_signed(bytes)?) }
            }
            SECOND => {
                let low = take_signed(bytes)?.checked_mul(SECOND_US)?;
                Posting::Date { param, low, high: low }
            }
            DAYS => {
                let low = take_signed(bytes)?.checked_mul(DAY_US)?;
                Posting::Date { param, low, high: take_signed(bytes)?.checked_mul(DAY_US)?.wrapping_sub(1) }
            }
            TEXT => {
                let length = take_varint(bytes)? as usize;
                let (text, rest) = bytes.split_at_checked(length)?;
                *bytes = rest;
                Posting::Text { param, text: std::str::from_utf8(text).ok()?.to_owned() }
            }
            NUMBER => Posting::Number { param, low: take_real(bytes)?, high: take_real(bytes)? },
            EXACT_QUANTITY => {
                let unit = take_varint(bytes)? as i64;
                let low = take_real(bytes)?;
                Posting::Quantity { param, unit, low, high: low }
            }
            QUANTITY => Posting::Quantity {
                param,
                unit: take_varint(bytes)? as i64,
                low: take_real(bytes)?,
                high: take_real(bytes)?,
            },
            SHOWN => Posting::Shown {
                param,
                unit: take_varint(bytes)? as i64,
                low: take_real(bytes)?,
                high: take_real(bytes)?,
            },
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_posting() -> impl Strategy<Value = Posting> {
        prop_oneof![
            (any::<u16>(), 0..i64::MAX).prop_map(|(param, token)| Posting::Token { param, token }),
            (any::<u16>(), 0..i64::MAX).prop_map(|(param, target)| Posting::Reference { param, target }),
            (any::<u16>(), any::<i64>(), any::<i64>()).prop_map(|(param, low, high)| Posting::Date {
                param,
                low,
                high
            }),
            (any::<u16>(), any::<i64>()).prop_map(|(param, low)| Posting::Date { param, low, high: low }),
            (any::<u16>(), -90_000_000_000..90_000_000_000i64).prop_map(|(param, at)| Posting::Date {
                param,
                low: at * SECOND_US,
                high: at * SECOND_US
            }),
            (any::<u16>(), -700_000..700_000i64, 1..400i64).prop_map(|(param, day, days)| Posting::Date {
                param,
                low: day * DAY_US,
                high: (day + days) * DAY_US - 1
            }),
            (any::<u16>(), 0..9i64, -99_999_999..99_999_999i64).prop_map(|(param, unit, n)| {
                let value = n as f64 / 1e4;
                Posting::Quantity { param, unit, low: value, high: value }
            }),
            (any::<u16>(), any::<f64>().prop_filter("a number", |v| !v.is_nan()))
                .prop_map(|(param, low)| Posting::Number { param, low, high: f64::INFINITY }),
            (any::<u16>(), any::<String>()).prop_map(|(param, text)| Posting::Text { param, text }),
            (any::<u16>(), -1e9..1e9, -1e9..1e9).prop_map(|(param, low, high)| Posting::Number { param, low, high }),
            (any::<u16>(), 0..i64::MAX, -1e9..1e9, -1e9..1e9).prop_map(|(param, unit, low, high)| Posting::Quantity {
                param,
                unit,
                low,
                high
            }),
            (any::<u16>(), 0..i64::MAX, -1e9..1e9, -1e9..1e9).prop_map(|(param, unit, low, high)| Posting::Shown {
                param,
                unit,
                low,
                high
            }),
        ]
    }

    #[test]
    fn each_posting_is_kept_once_however_many_there_are() {
        let mut distinct = Distinct::default();
        for no in 0..100_000i64 {
            distinct.push(Posting::Token { param: 1, token: no % 40_000 });
        }
        let list = distinct.into_list();
        let expected: Vec<_> = (0..40_000).map(|token| Posting::Token { param: 1, token }).collect();
        assert!(list == expected);
        assert_eq!(missing(&list[..30_000], &list[10_000..]), 10_000);
        assert_eq!(missing(&list[..3], &list[1..4]), 1);
    }

    proptest! {
        #[test]
        fn forward_blobs_come_back(postings in prop::collection::vec(any_posting(), 0..20)) {
            prop_assert_eq!(decode(&encode(&postings)), Some(postings));
        }

        #[test]
        fn damaged_blobs_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&bytes);
        }
    }
}
