//! Keys: bytes that order as what they say does.
//!
//! Kind, parameter, value, row. Whole numbers are big-endian with the sign turned, reals have their bits turned likewise, texts end
//! with a mark that sorts before any character. The end of a range is one byte where it is its beginning, as it mostly is.

/// Token of a parameter: parameter, token, row.
pub(crate) const TOKEN: u8 = 1;
/// Reference: parameter, target's row, row.
pub(crate) const REFERENCE: u8 = 2;
/// Date of bounded width: parameter, low, high, row.
pub(crate) const DATE: u8 = 3;
/// Wider or open date.
pub(crate) const DATE_LONG: u8 = 4;
/// Code and clinical date: parameter of the code, token, low, high, row.
pub(crate) const CODE_DATE: u8 = 5;
/// Number: parameter, low, high, row.
pub(crate) const NUMBER: u8 = 6;
/// Quantity: parameter, unit, low, high, row.
pub(crate) const QUANTITY: u8 = 7;
/// Folded text: parameter, text, row.
pub(crate) const TEXT: u8 = 8;
/// A live resource: type, row.
pub(crate) const LIVE: u8 = 9;
/// When a live resource was written: type, time, row.
pub(crate) const UPDATED: u8 = 10;

/// Bytes of a row, token or unit number in a key.
const NUMBER_BYTES: usize = 5;
/// Bytes of kind and parameter.
pub(crate) const HEAD_BYTES: usize = 3;

/// `no` as a number that a key can hold with room for the next.
pub(crate) fn as_number(no: u64) -> Option<i64> {
    i64::try_from(no).ok().filter(|&no| no < (1 << (8 * NUMBER_BYTES)) - 1)
}

/// A key, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// A key of this kind; `of` is the parameter, or the type.
    pub(crate) fn new(kind: u8, of: u16) -> Self {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(kind);
        bytes.extend_from_slice(&of.to_be_bytes());
        Key(bytes)
    }

    /// Appends a row, token or unit number: not negative, below 2^40.
    pub(crate) fn number(mut self, number: i64) -> Self {
        debug_assert!((0..1 << 40).contains(&number), "{number} is no number of a row or token");
        self.0.extend_from_slice(&number.to_be_bytes()[8 - NUMBER_BYTES..]);
        self
    }

    /// Appends a time.
    pub(crate) fn time(mut self, us: i64) -> Self {
        self.0.extend_from_slice(&whole(us));
        self
    }

    /// Appends the beginning and end of a range of time.
    pub(crate) fn times(mut self, low: i64, high: i64) -> Self {
        self.0.extend_from_slice(&whole(low));
        if low == high {
            self.0.push(0);
        } else {
            self.0.push(1);
            self.0.extend_from_slice(&whole(high));
        }
        self
    }

    /// Appends a real number.
    pub(crate) fn real(mut self, value: f64) -> Self {
        self.0.extend_from_slice(&real(value));
        self
    }

    /// Appends the beginning and end of a range of numbers.
    pub(crate) fn reals(mut self, low: f64, high: f64) -> Self {
        self.0.extend_from_slice(&real(low));
        if real(low) == real(high) {
            self.0.push(0);
        } else {
            self.0.push(1);
            self.0.extend_from_slice(&real(high));
        }
        self
    }

    /// Appends the beginning of a text.
    pub(crate) fn beginning(mut self, text: &str) -> Self {
        for &byte in text.as_bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xff);
            }
        }
        self
    }

    /// Appends a whole text.
    pub(crate) fn text(self, text: &str) -> Self {
        let mut key = self.beginning(text);
        key.0.extend_from_slice(&[0, 0]);
        key
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The least bytes beyond all keys that begin with this.
    pub(crate) fn end(&self) -> Vec<u8> {
        let mut bytes = self.0.clone();
        while let Some(last) = bytes.pop() {
            if last < 0xff {
                bytes.push(last + 1);
                break;
            }
        }
        bytes
    }
}

fn whole(value: i64) -> [u8; 8] {
    (value as u64 ^ 1 << 63).to_be_bytes()
}

fn real(value: f64) -> [u8; 8] {
    // Minus zero is zero.
    let bits = (value + 0.0).to_bits();
    (if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }).to_be_bytes()
}

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn take_whole(bytes: &[u8], at: usize) -> Option<i64> {
    Some((eight(bytes, at)? ^ 1 << 63) as i64)
}

fn take_real(bytes: &[u8], at: usize) -> Option<f64> {
    let bits = eight(bytes, at)?;
    Some(f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits }))
}

/// The row that a whole key ends with.
pub(crate) fn row(key: &[u8]) -> i64 {
    let at = key.len().saturating_sub(NUMBER_BYTES);
    key[at..].iter().fold(0, |row, &byte| row << 8 | i64::from(byte))
}

/// The number that stands at `at`: a token or a target.
pub(crate) fn number(key: &[u8], at: usize) -> i64 {
    key.iter().skip(at).take(NUMBER_BYTES).fold(0, |row, &byte| row << 8 | i64::from(byte))
}

/// The time that stands at `at`.
pub(crate) fn time(key: &[u8], at: usize) -> Option<i64> {
    take_whole(key, at)
}

/// A value that a key holds a range of.
pub(crate) trait Ranged: Copy {
    /// The range that stands at `at`.
    fn range(key: &[u8], at: usize) -> Option<(Self, Self)>;
}

impl Ranged for i64 {
    fn range(key: &[u8], at: usize) -> Option<(Self, Self)> {
        let low = take_whole(key, at)?;
        Some((low, if *key.get(at + 8)? == 0 { low } else { take_whole(key, at + 9)? }))
    }
}

impl Ranged for f64 {
    fn range(key: &[u8], at: usize) -> Option<(Self, Self)> {
        let low = take_real(key, at)?;
        Some((low, if *key.get(at + 8)? == 0 { low } else { take_real(key, at + 9)? }))
    }
}

/// The text of a whole text key.
pub(crate) fn text(key: &[u8]) -> Option<String> {
    let bytes = key.get(HEAD_BYTES..key.len().checked_sub(NUMBER_BYTES + 2)?)?;
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_zero = false;
    for &byte in bytes {
        if after_zero && byte == 0xff {
            after_zero = false;
            continue;
        }
        after_zero = byte == 0;
        out.push(byte);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_order_as_their_keys(a in any::<(i64, i64)>(), b in any::<(i64, i64)>()) {
            let (a, b) = ((a.0.min(a.1), a.0.max(a.1)), (b.0.min(b.1), b.0.max(b.1)));
            let key = |(low, high)| Key::new(DATE, 7).times(low, high).number(1);
            prop_assert_eq!(a.cmp(&b), key(a).bytes().cmp(key(b).bytes()));
            prop_assert_eq!(i64::range(key(a).bytes(), HEAD_BYTES), Some(a));
        }

        #[test]
        fn reals_order_as_their_keys(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let key = |low: f64| Key::new(NUMBER, 7).reals(low, f64::INFINITY).number(1);
            prop_assert_eq!(a.partial_cmp(&b), Some(key(a).bytes().cmp(key(b).bytes())));
            prop_assert_eq!(f64::range(key(a).bytes(), HEAD_BYTES), Some((a, f64::INFINITY)));
        }

        #[test]
        fn texts_order_as_their_keys(a in "[a-c\0é\u{10ffff}]{0,4}", b in "[a-c\0é\u{10ffff}]{0,4}", row in 0..1i64 << 40) {
            let key = |text: &str| Key::new(TEXT, 7).text(text).number(row);
            prop_assert_eq!(a.as_bytes().cmp(b.as_bytes()), key(&a).bytes().cmp(key(&b).bytes()));
            prop_assert_eq!(text(key(&a).bytes()), Some(a.clone()));
            prop_assert_eq!(super::row(key(&a).bytes()), row);
            let begins = Key::new(TEXT, 7).beginning(&b);
            let within = key(&a).bytes() >= begins.bytes() && key(&a).bytes() < &begins.end()[..];
            prop_assert_eq!(within, a.as_bytes().starts_with(b.as_bytes()));
        }
    }
}
