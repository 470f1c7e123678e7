//! The characters that separate, from MSH-1 and MSH-2.

use crate::ParseError;

/// The separators of one message. A message may do without all but the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separators {
    /// Between fields (`|`).
    pub field: u8,
    /// Between components (`^`).
    pub component: u8,
    /// Between repetitions (`~`).
    pub repetition: Option<u8>,
    /// Around escape sequences (`\`).
    pub escape: Option<u8>,
    /// Between subcomponents (`&`).
    pub subcomponent: Option<u8>,
    /// Marks cut text, from version 2.7 on (`#`).
    pub truncation: Option<u8>,
}

impl Default for Separators {
    fn default() -> Self {
        Separators {
            field: b'|',
            component: b'^',
            repetition: Some(b'~'),
            escape: Some(b'\\'),
            subcomponent: Some(b'&'),
            truncation: None,
        }
    }
}

impl Separators {
    /// Reads them from a header segment (MSH, FHS, BHS) that starts at `start`. An empty MSH-2 means the usual ones.
    pub(crate) fn read(bytes: &[u8], start: usize) -> Result<Self, ParseError> {
        let fail = |field, offset, what| Err(ParseError::Separators { field, offset, what });
        let usable = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && byte != b'"';
        let Some(&field) = bytes.get(start + 3) else {
            return fail(1, start + 3, "the header ends before it");
        };
        // Tab and the control characters 0x1C-0x1F are used as field separators by some devices.
        if !usable(field) && !matches!(field, b'\t' | 0x1d..=0x1f) {
            return fail(1, start + 3, "this character cannot separate fields");
        }
        let rest = &bytes[start + 4..];
        let end = rest.iter().position(|&b| b == field || b == b'\r' || b == b'\n').unwrap_or(rest.len());
        let given = &rest[..end];
        // Programs that build messages from text in quotes double the backslash.
        let given: &[u8] = if given.is_empty() || given == b"^~\\\\&" { b"^~\\&" } else { given };
        for (at, &byte) in given.iter().enumerate().take(5) {
            // A space stands for a kind that is not used, as where programs took the backslash for their own escape.
            if at > 0 && byte == b' ' {
                continue;
            }
            if !usable(byte) && !matches!(byte, 0x1d..=0x1f) {
                return fail(2, start + 4 + at, "this character cannot separate");
            }
            if given[..at].contains(&byte) {
                return fail(2, start + 4 + at, "the same character separates two kinds");
            }
        }
        let at = |n: usize| given.get(n).copied().filter(|byte| *byte != b' ');
        Ok(Separators {
            field,
            component: given[0],
            repetition: at(1),
            escape: at(2),
            subcomponent: at(3),
            truncation: at(4),
        })
    }

    /// MSH-2 as these separators write it.
    pub fn encoding_characters(&self) -> Vec<u8> {
        let mut out = vec![self.component];
        let others = [self.repetition, self.escape, self.subcomponent, self.truncation];
        let last = others.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        out.extend(others[..last].iter().map(|c| c.unwrap_or(b' ')));
        out
    }
}
