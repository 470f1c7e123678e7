//! Encodings of text: named by whoever knows them, proposed by bytes for people to confirm.

use super::dos::DosPage;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding};
use std::borrow::Cow;
use std::fmt;

/// An encoding of text.
#[derive(Clone, Copy)]
pub struct Charset(Letters);

/// Where its letters stand.
#[derive(Clone, Copy)]
enum Letters {
    /// An encoding of the WHATWG's list.
    Web(&'static Encoding),
    /// A code page of DOS.
    Dos(&'static DosPage),
}

/// A text that is decoded block by block.
pub(super) enum Decoding {
    Web(Decoder),
    Dos(&'static DosPage),
}

/// A name that is none of an encoding that is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an encoding that is read; name one of utf-8, gb18030 (also gbk, gb2312, cp936), big5, shift_jis, euc-jp, euc-kr, \
     iso-8859-1 to -16, windows-1250 to -1258, koi8-r, utf-16le, utf-16be, of DOS cp437, cp850, cp852, cp866 and others"
)]
pub struct UnknownCharset(pub String);

/// Names that databases and systems use beside those of the WHATWG's list.
const MORE_NAMES: &[(&str, &str)] = &[
    ("cp936", "gbk"),
    ("ms936", "gbk"),
    ("zhs16gbk", "gbk"),
    ("zhs16cgb231280", "gbk"),
    ("zhs32gb18030", "gb18030"),
    ("cp54936", "gb18030"),
    ("gb18030-2022", "gb18030"),
    ("cp950", "big5"),
    ("ms950", "big5"),
    ("zht16big5", "big5"),
    ("zht16mswin950", "big5"),
    ("cp932", "shift_jis"),
    ("ja16sjis", "shift_jis"),
    ("ja16sjistilde", "shift_jis"),
    ("cp51932", "euc-jp"),
    ("ja16euc", "euc-jp"),
    ("ujis", "euc-jp"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("uhc", "euc-kr"),
    ("ko16mswin949", "euc-kr"),
    ("ko16ksc5601", "euc-kr"),
    ("cp65001", "utf-8"),
    ("al32utf8", "utf-8"),
    ("utf8mb3", "utf-8"),
    ("utf8mb4", "utf-8"),
    ("cp1200", "utf-16le"),
    ("al16utf16le", "utf-16le"),
    ("cp1201", "utf-16be"),
    ("al16utf16", "utf-16be"),
    ("we8iso8859p1", "iso-8859-1"),
    ("we8iso8859p15", "iso-8859-15"),
    ("we8mswin1252", "windows-1252"),
    ("ee8mswin1250", "windows-1250"),
    ("cl8mswin1251", "windows-1251"),
];

impl Charset {
    /// UTF-8.
    pub const UTF_8: Charset = Charset::web(encoding_rs::UTF_8);
    /// GB18030; what is called GBK or GB2312 is read as this, which holds it.
    pub const GB18030: Charset = Charset::web(encoding_rs::GB18030);

    /// An encoding of the WHATWG's list.
    pub(super) const fn web(encoding: &'static Encoding) -> Charset {
        Charset(Letters::Web(encoding))
    }

    /// The encoding of a name, as the WHATWG's list, code pages and databases spell it.
    ///
    /// # Errors
    /// When it is none, or one whose rows cannot be read each by itself (ISO-2022-JP).
    pub fn for_name(name: &str) -> Result<Charset, UnknownCharset> {
        let lower = name.trim().to_ascii_lowercase();
        let label = MORE_NAMES.iter().find(|(more, _)| *more == lower).map_or(lower.as_str(), |(_, label)| label);
        let found =
            Encoding::for_label(label.as_bytes()).or_else(|| Encoding::for_label(label.replace('_', "-").as_bytes()));
        match found {
            Some(encoding) if encoding == encoding_rs::GBK => Ok(Charset::GB18030),
            Some(encoding)
                if encoding != encoding_rs::REPLACEMENT
                    && encoding != encoding_rs::ISO_2022_JP
                    && encoding != encoding_rs::X_USER_DEFINED =>
            {
                Ok(Charset::web(encoding))
            }
            Some(_) => Err(UnknownCharset(name.to_owned())),
            None => match DosPage::of_name(&lower) {
                Some(page) => Ok(Charset(Letters::Dos(page))),
                None => Err(UnknownCharset(name.to_owned())),
            },
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self.0 {
            Letters::Web(encoding) => encoding.name(),
            Letters::Dos(page) => page.name,
        }
    }

    /// The encoding that a byte-order mark names, and how long the mark is.
    pub(super) fn of_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
        Encoding::for_bom(bytes).map(|(encoding, length)| (Charset::web(encoding), length))
    }

    /// Bytes as text; `None` if they are none in it.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self.0 {
            Letters::Web(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
            Letters::Dos(page) => bytes.iter().map(|byte| page.char(*byte)).collect::<Option<String>>().map(Cow::Owned),
        }
    }

    /// Bytes as text with a mark in the place of what is none in it, and whether there is such.
    pub(super) fn decode_all(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self.0 {
            Letters::Web(encoding) => encoding.decode_without_bom_handling(bytes),
            Letters::Dos(page) => {
                let char = |byte: &u8| page.char(*byte).unwrap_or(char::REPLACEMENT_CHARACTER);
                let text: String = bytes.iter().map(char).collect();
                let malformed = bytes.iter().any(|byte| page.char(*byte).is_none());
                (Cow::Owned(text), malformed)
            }
        }
    }

    /// Begins to decode a text.
    pub(super) fn decoding(self) -> Decoding {
        match self.0 {
            Letters::Web(encoding) => Decoding::Web(encoding.new_decoder_without_bom_handling()),
            Letters::Dos(page) => Decoding::Dos(page),
        }
    }

    /// An encoding of the WHATWG's list, for tests that write in it.
    #[cfg(test)]
    pub(super) fn encoding(self) -> &'static Encoding {
        match self.0 {
            Letters::Web(encoding) => encoding,
            Letters::Dos(page) => unreachable!("{} is none of the WHATWG's", page.name),
        }
    }

    /// True if each of its characters is one byte.
    pub(super) fn is_of_one_byte(self) -> bool {
        match self.0 {
            Letters::Web(encoding) => encoding.is_single_byte(),
            Letters::Dos(_) => true,
        }
    }

    /// True if a unit of it is two bytes.
    pub(super) fn is_wide(self) -> bool {
        self == Charset::web(encoding_rs::UTF_16LE) || self == Charset::web(encoding_rs::UTF_16BE)
    }
}

impl PartialEq for Charset {
    fn eq(&self, other: &Charset) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Charset {}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the encoding of some bytes may be. A person confirms it: nothing is read by a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The encoding.
    pub encoding: Charset,
    /// Why.
    pub why: String,
}

/// Different characters beyond ASCII that say too little about an encoding.
const FEW_LETTERS: usize = 4;

impl Proposal {
    /// True if so few different characters of the bytes tell that they could as well be others, in another encoding.
    pub(crate) fn is_of_few_letters(&self, bytes: &[u8]) -> bool {
        let (text, _) = self.encoding.decode_all(bytes);
        let mut seen: Vec<char> = Vec::new();
        for c in text.chars().filter(|c| !c.is_ascii()) {
            if !seen.contains(&c) {
                seen.push(c);
            }
            if seen.len() > FEW_LETTERS {
                return false;
            }
        }
        true
    }
}

/// True if bytes in which ISO 8859-15 is other than windows-1252 are what they are there: signs of windows-1252 (`¼`, `½`) do not stand in
/// words, and the euro sign stands beside a number. Where a byte from 80 to 9F occurs, which is a control character, it is windows-1252.
fn is_latin_9(bytes: &[u8]) -> bool {
    if bytes.iter().any(|byte| (0x80..=0x9f).contains(byte)) {
        return false;
    }
    let is_upper = |byte: u8| byte.is_ascii_uppercase() || (0xc0..=0xde).contains(&byte);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0xc0;
    let is_one = |(at, byte): (usize, &u8)| {
        let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
        let after = bytes.get(at + 1).copied().unwrap_or(b' ');
        match byte {
            // Ž begins words: `l´eau` and `O´Brien` have a sign there.
            0xb4 => is_letter(after) && !is_letter(before) && !before.is_ascii_digit(),
            // Š, Œ, Ÿ begin words, or stand among capitals.
            0xa6 | 0xbc | 0xbe => {
                is_letter(after) && !is_letter(before) && !before.is_ascii_digit() || is_upper(before)
            }
            // š, ž, œ
            0xa8 | 0xb8 | 0xbd => is_letter(after) && !before.is_ascii_digit() || is_letter(before),
            // €
            0xa4 => {
                let number = if before == b' ' { at.checked_sub(2).map_or(b' ', |at| bytes[at]) } else { before };
                number.is_ascii_digit()
            }
            _ => false,
        }
    };
    bytes.iter().enumerate().any(is_one)
}

/// Proposes the encoding of bytes, the more of them the better.
pub fn propose_encoding(bytes: &[u8]) -> Proposal {
    let proposal = |encoding, why: &str| Proposal { encoding, why: why.to_owned() };
    if let Some((charset, _)) = Charset::of_mark(bytes) {
        return proposal(charset, "it begins with its byte-order mark");
    }
    let nuls = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    if odd > 4 * even && odd > bytes.len() / 16 {
        return proposal(Charset::web(encoding_rs::UTF_16LE), "every second byte of many is zero");
    }
    if even > 4 * odd && even > bytes.len() / 16 {
        return proposal(Charset::web(encoding_rs::UTF_16BE), "every first byte of many is zero");
    }
    if bytes.is_ascii() {
        return proposal(Charset::UTF_8, "all of it is ASCII");
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => return proposal(Charset::UTF_8, "all of it is valid UTF-8"),
        // The sample may end within a character.
        Err(error) if error.error_len().is_none() => return proposal(Charset::UTF_8, "all of it is valid UTF-8"),
        Err(_) => {}
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let encoding = if guess == encoding_rs::GBK { Charset::GB18030 } else { Charset::web(guess) };
    if guess == encoding_rs::WINDOWS_1252 && is_latin_9(bytes) {
        let why = "bytes that are letters in it alone (Š, Ž, Œ, Ÿ) stand in words, and none is a character of windows-1252 alone";
        return proposal(Charset::web(encoding_rs::ISO_8859_15), why);
    }
    let (_, malformed) = encoding.decode_all(bytes);
    let why = if malformed {
        "its letters are most often together in it, but some bytes are no text in it either"
    } else {
        "all bytes are text in it, and its letters are most often together"
    };
    proposal(encoding, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_windows_1252_are_no_letters_of_iso_8859_15() {
        let is_one = |text: &str, encoding: &'static Encoding| is_latin_9(&encoding.encode(text).0);
        for text in ["CŒUR", "Legœuf", "Œuvrard", "30 €", "Žižka", "œdème"] {
            assert!(is_one(text, encoding_rs::ISO_8859_15), "{text}");
        }
        for text in ["L’Hôte", "Œuvrard", "1¼ Löffel", "½ comprimé", "l´eau", "O´Brien", "¤", "Müller"] {
            assert!(!is_one(text, encoding_rs::WINDOWS_1252), "{text}");
        }
    }
}
