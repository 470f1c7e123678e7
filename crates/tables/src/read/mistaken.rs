//! UTF-8 that was declared to be something else.
//!
//! Bytes of UTF-8 are text in most other encodings too, of other letters: nothing fails, and every name is wrong. The other way round it
//! does not happen: text of another encoding is no UTF-8, but for a few characters in a row by chance.

use super::charset::Charset;

/// What must be gathered before a file is taken for UTF-8.
const ENOUGH: u32 = 8;
/// What a character of three bytes weighs where characters have two: two of them are as many bytes as three of those.
const OF_THREE: u32 = 4;
/// What one of two bytes weighs: there by chance, every fifth character or so is one.
const OF_TWO: u32 = 1;

/// Looks through the bytes of a file.
pub(super) struct Mistaken {
    declared: Charset,
    /// The beginning of a character at the end of what was seen.
    begun: Vec<u8>,
    /// The last byte that was weighed.
    before: u8,
    /// What characters of several bytes weigh together; none once something is no UTF-8.
    weight: Option<u32>,
}

impl Mistaken {
    pub(super) fn new(declared: Charset) -> Mistaken {
        Mistaken { declared, begun: Vec::new(), before: 0, weight: Some(0) }
    }

    /// The next bytes of the file.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let Some(weight) = self.weight else { return };
        let joined;
        let bytes = if self.begun.is_empty() {
            bytes
        } else {
            joined = [self.begun.as_slice(), bytes].concat();
            joined.as_slice()
        };
        let whole = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => {
                self.weight = None;
                return;
            }
        };
        if weight < ENOUGH && !whole.is_ascii() {
            let of = |(at, c): (usize, char)| self.weight_of(bytes, at, c);
            self.weight = Some(whole.char_indices().fold(weight, |sum, one| sum.saturating_add(of(one))));
        }
        self.before = whole.as_bytes().last().copied().unwrap_or(self.before);
        self.begun = bytes[whole.len()..].to_vec();
    }

    /// What a character of UTF-8 says against the declared encoding.
    fn weight_of(&self, bytes: &[u8], at: usize, c: char) -> u32 {
        let length = c.len_utf8();
        match (length, self.declared.is_of_one_byte()) {
            (1, _) => 0,
            (2, false) => OF_TWO,
            (_, false) => OF_THREE,
            (_, true) => {
                let before = at.checked_sub(1).map_or(self.before, |at| bytes[at]);
                let after = bytes.get(at + length).copied().unwrap_or_default();
                let read = self.declared.decode(&bytes[at..at + length]).unwrap_or_default();
                if is_in_a_word(&read, before, after) { OF_TWO } else { ENOUGH }
            }
        }
    }

    /// True if all that was seen is UTF-8, and enough of it is not ASCII.
    pub(super) fn is_utf_8(&self) -> bool {
        self.begun.is_empty() && self.weight.is_some_and(|weight| weight >= ENOUGH)
    }
}

/// Whether letters of an encoding of one byte a character may stand so in a word: `RÓŻA`, but neither `Ã¼` nor `kuĹĽ`.
fn is_in_a_word(read: &str, before: u8, after: u8) -> bool {
    let mut letters = read.chars();
    let (Some(first), Some(second), None) = (letters.next(), letters.next(), letters.next()) else { return false };
    let all_of = |is: fn(char) -> bool| first.is_alphabetic() && second.is_alphabetic() && is(first) && is(second);
    if all_of(char::is_uppercase) {
        return !before.is_ascii_lowercase() && !after.is_ascii_lowercase();
    }
    let begins_a_word = first.is_uppercase() && second.is_lowercase() && !before.is_ascii_alphabetic();
    all_of(char::is_lowercase) || begins_a_word
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
        // One name, one letter.
        for (declared, text) in [
            ("windows-1250", "1,róża"),
            ("windows-1252", "1,Zürich"),
            ("windows-1251", "1,Ж"),
            ("gb18030", "1,李雷"),
            ("iso-8859-2", "Łódź"),
        ] {
            assert!(is_utf_8(declared, &[text.as_bytes()]), "{declared} {text}");
        }
        for (declared, bytes) in [
            ("gb18030", encoding_rs::GB18030.encode(text).0),
            // Two characters whose four bytes are two of UTF-8.
            ("gb18030", encoding_rs::GB18030.encode("id,name\n1,联通\n").0),
            ("windows-1252", encoding_rs::WINDOWS_1252.encode("Müller\nJäger\n").0),
            ("windows-1250", encoding_rs::WINDOWS_1250.encode("RÓŻA\nPÓŁNOC\n").0),
            ("windows-1250", encoding_rs::WINDOWS_1250.encode("Wrocław, Łódź").0),
            ("gb18030", b"id,name\n1,Li Ming\n".as_slice().into()),
        ] {
            assert!(!is_utf_8(declared, &[&bytes]), "{declared} {bytes:?}");
        }
    }
}
