//! UTF-8 that was declared to be something else.
//!
//! Bytes of UTF-8 are text in most other encodings too, of other letters: nothing fails, and every name is wrong. The other way round it
//! does not happen: text of another encoding is no UTF-8, but for a few characters in a row by chance.

use super::charset::Charset;

/// What must be gathered before a file is taken for UTF-8.
const ENOUGH: u32 = 8;

/// Looks through the bytes of a file.
pub(super) struct Mistaken {
    /// The beginning of a character at the end of what was seen.
    begun: Vec<u8>,
    /// What characters of several bytes weigh together; none once something is no UTF-8.
    weight: Option<u32>,
    /// What one of two bytes weighs: in an encoding of one byte a character, such pairs hardly ever stand in words.
    of_two: u32,
}

impl Mistaken {
    pub(super) fn new(declared: Charset) -> Mistaken {
        Mistaken { begun: Vec::new(), weight: Some(0), of_two: if declared.is_of_one_byte() { 4 } else { 1 } }
    }

    /// The next bytes of the file.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let Some(weight) = &mut self.weight else { return };
        let joined;
        let bytes = if self.begun.is_empty() {
            bytes
        } else {
            joined = [self.begun.as_slice(), bytes].concat();
            joined.as_slice()
        };
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => {
                self.weight = None;
                return;
            }
        };
        if *weight < ENOUGH {
            let of = |byte: &u8| match byte {
                0xC0..=0xDF => self.of_two,
                0xE0..=0xFF => self.of_two.max(2),
                _ => 0,
            };
            *weight = bytes[..whole].iter().fold(*weight, |sum, byte| sum.saturating_add(of(byte)));
        }
        self.begun = bytes[whole..].to_vec();
    }

    /// True if all that was seen is UTF-8, and enough of it is not ASCII.
    pub(super) fn is_utf_8(&self) -> bool {
        self.begun.is_empty() && self.weight.is_some_and(|weight| weight >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_utf_8(declared: &str, pieces: &[&[u8]]) -> bool {
        let mut mistaken = Mistaken::new(Charset::for_name(declared).unwrap());
        for piece in pieces {
            mistaken.look(piece);
        }
        mistaken.is_utf_8()
    }

    #[test]
    fn utf_8_is_known_under_any_other_name_and_others_are_not_taken_for_it() {
        let text = "id,name\n1,张三\n2,李雷\n";
        assert!(is_utf_8("gb18030", &[text.as_bytes()]));
        // Cut within a character.
        assert!(is_utf_8("big5", &[&text.as_bytes()[..11], &text.as_bytes()[11..]]));
        assert!(is_utf_8("windows-1252", &["Müller\nJäger\n".as_bytes()]));
        for (declared, bytes) in [
            ("gb18030", encoding_rs::GB18030.encode(text).0),
            // Two characters whose four bytes are two of UTF-8.
            ("gb18030", encoding_rs::GB18030.encode("id,name\n1,联通\n").0),
            ("windows-1252", encoding_rs::WINDOWS_1252.encode("Müller\nJäger\n").0),
            ("gb18030", b"id,name\n1,Li Ming\n".as_slice().into()),
        ] {
            assert!(!is_utf_8(declared, &[&bytes]), "{declared} {bytes:?}");
        }
    }
}
