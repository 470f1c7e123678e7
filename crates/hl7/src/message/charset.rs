//! Character sets (HL7 table 0211): where characters begin, so that separators are never found inside one, and how they read.
//!
//! In GB 18030, Big5, Shift_JIS, KS X 1001 and ISO 2022 the second byte of a character may equal `|`, `^`, `~`, `\` or `&`.
//! Splitting therefore walks characters, not bytes, on the bytes as they came; so every span is a span of the raw message.

use encoding_rs::{self as enc, Encoding};
use std::borrow::Cow;

/// A character set in which a message is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Utf8,
    /// One byte a character, ASCII below 0x80.
    Single(&'static Encoding),
    /// Lead byte from 0x81 on, second byte from `0x40`; GB 18030 also four-byte characters.
    Double(&'static Encoding),
    /// ISO 2022 escape sequences: JIS X 0201, 0208, 0212.
    Iso2022Jp,
}

impl Charset {
    /// UTF-8.
    pub const UTF_8: Charset = Charset(Kind::Utf8);
    /// ISO 8859-1, read with the printable characters that Windows-1252 adds.
    pub const LATIN_1: Charset = Charset(Kind::Single(enc::WINDOWS_1252));
    /// GB 18030, which contains GBK and GB 2312.
    pub const GB18030: Charset = Charset(Kind::Double(enc::GB18030));
    /// Big5 with the Hong Kong supplement.
    pub const BIG5: Charset = Charset(Kind::Double(enc::BIG5));
    /// ISO 2022 for Japanese (ISO IR6, IR13, IR14, IR87, IR159).
    pub const ISO_2022_JP: Charset = Charset(Kind::Iso2022Jp);

    /// The sets in which a separator's byte may be part of a character.
    pub(crate) const MULTIBYTE: [Charset; 5] = [
        Charset::GB18030,
        Charset::BIG5,
        Charset::ISO_2022_JP,
        Charset(Kind::Double(enc::SHIFT_JIS)),
        Charset(Kind::Double(enc::EUC_KR)),
    ];

    /// The character set of a name as in table 0211, in the spellings that occur (`8859/1`, `ISO-8859-1`, `UNICODE UTF-8`,
    /// `utf8`, `GB 18030-2000`, `GBK`, `BIG-5`, ...). `None` if it is not known. `ASCII` gives UTF-8, which contains it.
    pub fn from_name(name: &str) -> Option<Charset> {
        let mut key: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        if let Some(rest) = key.strip_prefix("UNICODE").filter(|rest| !rest.is_empty()) {
            key = rest.to_owned();
        }
        let single = |encoding| Some(Charset(Kind::Single(encoding)));
        let double = |encoding| Some(Charset(Kind::Double(encoding)));
        match key.as_str() {
            "ASCII" | "USASCII" | "ISOIR6" | "UTF8" | "UNICODE" | "ISO646" | "ANSIX341968" => Some(Charset::UTF_8),
            "GB18030" | "GB180302000" | "GB180302005" | "GB180302022" | "GBK" | "CP936" | "MS936" | "WINDOWS936"
            | "GB2312" | "GB23121980" | "GB231280" | "EUCCN" | "ISOIR58" => Some(Charset::GB18030),
            "BIG5" | "BIG5HKSCS" | "CP950" | "WINDOWS950" => Some(Charset::BIG5),
            "KSX1001" | "KSC5601" | "KSC56011987" | "EUCKR" | "CP949" | "UHC" | "WINDOWS949" | "ISOIR149" => {
                double(enc::EUC_KR)
            }
            "SHIFTJIS" | "SJIS" | "CP932" | "WINDOWS31J" | "MSKANJI" => double(enc::SHIFT_JIS),
            "EUCJP" => double(enc::EUC_JP),
            "ISOIR13" | "ISOIR14" | "ISOIR87" | "ISOIR159" | "ISO2022JP" | "JISX0201" | "JISX0208" | "JISX0212"
            | "JIS" => Some(Charset::ISO_2022_JP),
            "KOI8R" => single(enc::KOI8_R),
            "ISOIR100" | "LATIN1" => Some(Charset::LATIN_1),
            _ => {
                let windows = key.strip_prefix("WINDOWS").or_else(|| key.strip_prefix("CP"));
                if let Some(page) = windows {
                    return match page {
                        "874" => single(enc::WINDOWS_874),
                        "1250" => single(enc::WINDOWS_1250),
                        "1251" => single(enc::WINDOWS_1251),
                        "1252" => Some(Charset::LATIN_1),
                        "1253" => single(enc::WINDOWS_1253),
                        "1254" => single(enc::WINDOWS_1254),
                        "1255" => single(enc::WINDOWS_1255),
                        "1256" => single(enc::WINDOWS_1256),
                        "1257" => single(enc::WINDOWS_1257),
                        "1258" => single(enc::WINDOWS_1258),
                        _ => None,
                    };
                }
                let part = key.strip_prefix("ISO8859").or_else(|| key.strip_prefix("8859"))?;
                match part {
                    "1" => Some(Charset::LATIN_1),
                    "2" => single(enc::ISO_8859_2),
                    "3" => single(enc::ISO_8859_3),
                    "4" => single(enc::ISO_8859_4),
                    "5" => single(enc::ISO_8859_5),
                    "6" => single(enc::ISO_8859_6),
                    "7" => single(enc::ISO_8859_7),
                    "8" => single(enc::ISO_8859_8),
                    "9" => single(enc::WINDOWS_1254),
                    "10" => single(enc::ISO_8859_10),
                    "11" => single(enc::WINDOWS_874),
                    "13" => single(enc::ISO_8859_13),
                    "14" => single(enc::ISO_8859_14),
                    "15" => single(enc::ISO_8859_15),
                    "16" => single(enc::ISO_8859_16),
                    _ => None,
                }
            }
        }
    }

    /// True if at most one in eight of the characters beyond ASCII is damaged.
    pub(crate) fn reads_mostly(self, bytes: &[u8]) -> bool {
        let (text, is_damaged) = self.decode(bytes);
        if !is_damaged {
            return true;
        }
        let damaged = text.matches('\u{fffd}').count();
        let beyond_ascii = text.chars().filter(|c| !c.is_ascii()).count();
        damaged * 8 <= beyond_ascii
    }

    /// What text of which nothing is known looks like: UTF-8 if it is that; GB 18030 if most of its bytes beyond ASCII are
    /// pairs of the common Chinese characters, which text in a set of one byte a character is not; else ISO 8859-1.
    pub fn guess(bytes: &[u8]) -> Charset {
        if Charset::UTF_8.reads_mostly(bytes) {
            return Charset::UTF_8;
        }
        let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
        let (mut in_pairs, mut at) = (0, 0);
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (0xb0..=0xf7, Some(0xa1..=0xfe)) => {
                    in_pairs += 2;
                    at += 2;
                }
                (0x00..=0x7f, _) => at += 1,
                _ => at += 2,
            }
        }
        // Characters that are rarer, and their punctuation, are pairs of other bytes.
        let is_chinese = in_pairs * 3 >= beyond_ascii * 2 && Charset::GB18030.reads_mostly(bytes);
        if is_chinese { Charset::GB18030 } else { Charset::LATIN_1 }
    }

    /// True if text that reads in this set is much more likely UTF-8: whole characters of it throughout; where this set has two
    /// bytes a character, several of three bytes, as Chinese, Japanese and Korean have, and no others.
    pub(crate) fn is_rather_utf8(self, bytes: &[u8]) -> bool {
        const SEVERAL: usize = 2;
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        match self.0 {
            Kind::Single(_) => true,
            Kind::Double(_) => {
                let mut beyond_ascii = text.chars().filter(|c| !c.is_ascii());
                let count = beyond_ascii.clone().count();
                count >= SEVERAL && beyond_ascii.all(|c| c.len_utf8() > 2)
            }
            Kind::Utf8 | Kind::Iso2022Jp => false,
        }
    }

    /// The usual name of the character set.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Utf8 => "UTF-8",
            Kind::Single(encoding) | Kind::Double(encoding) => encoding.name(),
            Kind::Iso2022Jp => "ISO-2022-JP",
        }
    }

    /// Decodes `bytes`; the flag says that some of them are not of this character set and read U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match self.0 {
            Kind::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (String::from_utf8_lossy(bytes), true),
            },
            Kind::Single(encoding) | Kind::Double(encoding) => encoding.decode_without_bom_handling(bytes),
            Kind::Iso2022Jp => {
                if bytes.is_ascii() && !bytes.contains(&ESC) {
                    return (String::from_utf8_lossy(bytes), false);
                }
                let euc = iso2022_to_euc(bytes);
                let (text, bad) = enc::EUC_JP.decode_without_bom_handling(&euc);
                (Cow::Owned(text.into_owned()), bad)
            }
        }
    }

    /// Encodes `text`; what the character set lacks becomes `?`.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let encoding = match self.0 {
            Kind::Utf8 => return text.as_bytes().to_vec(),
            Kind::Single(encoding) | Kind::Double(encoding) => encoding,
            Kind::Iso2022Jp => enc::ISO_2022_JP,
        };
        let mut out = Vec::with_capacity(text.len());
        if encoding == enc::ISO_2022_JP {
            let clean: String =
                text.chars().map(|c| if encoding.encode(c.encode_utf8(&mut [0; 4])).2 { '?' } else { c }).collect();
            return encoding.encode(&clean).0.into_owned();
        }
        for c in text.chars() {
            let mut buffer = [0; 4];
            let (bytes, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
            if unmappable {
                out.push(b'?');
            } else {
                out.extend_from_slice(&bytes);
            }
        }
        out
    }

    /// Calls `found` with the place of each byte in `bytes` that is `wanted`, as a character of its own.
    pub(crate) fn positions(self, bytes: &[u8], wanted: u8, mut found: impl FnMut(usize) -> bool) {
        match self.0 {
            Kind::Utf8 | Kind::Single(_) => {
                for at in memchr::memchr_iter(wanted, bytes) {
                    if !found(at) {
                        return;
                    }
                }
            }
            Kind::Double(encoding) => {
                let mut at = 0;
                while at < bytes.len() {
                    let byte = bytes[at];
                    if byte < 0x80 {
                        if byte == wanted && !found(at) {
                            return;
                        }
                        at += 1;
                    } else {
                        at += double_length(encoding, &bytes[at..]);
                    }
                }
            }
            Kind::Iso2022Jp => {
                let mut set = JisSet::Roman;
                let mut at = 0;
                while at < bytes.len() {
                    if let Some((next, length)) = jis_escape(&bytes[at..]) {
                        set = next;
                        at += length;
                    } else if set.is_double() && is_jis_pair(&bytes[at..]) {
                        at += 2;
                    } else {
                        if bytes[at] == wanted && !found(at) {
                            return;
                        }
                        at += 1;
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Charset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Bytes of the character that starts with a byte over 0x7F. A lead byte without a fitting second one counts alone, so that a
/// cut character cannot swallow the end of a field.
fn double_length(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let lead = bytes[0];
    let Some(&second) = bytes.get(1) else { return 1 };
    if encoding == enc::GB18030 {
        if !(0x81..=0xfe).contains(&lead) {
            return 1;
        }
        return match second {
            0x40..=0x7e | 0x80..=0xfe => 2,
            0x30..=0x39 if matches!(bytes.get(2), Some(0x81..=0xfe)) && matches!(bytes.get(3), Some(0x30..=0x39)) => 4,
            _ => 1,
        };
    }
    let two = if encoding == enc::SHIFT_JIS {
        matches!(lead, 0x81..=0x9f | 0xe0..=0xfc) && matches!(second, 0x40..=0x7e | 0x80..=0xfc)
    } else if encoding == enc::EUC_KR {
        matches!(lead, 0x81..=0xfe) && matches!(second, 0x41..=0x5a | 0x61..=0x7a | 0x81..=0xfe)
    } else if encoding == enc::EUC_JP {
        second >= 0xa1
    } else {
        matches!(lead, 0x81..=0xfe) && matches!(second, 0x40..=0x7e | 0xa1..=0xfe)
    };
    if two { 2 } else { 1 }
}

const ESC: u8 = 0x1b;

#[derive(Clone, Copy, PartialEq)]
enum JisSet {
    Roman,
    Katakana,
    Kanji,
    Supplement,
}

impl JisSet {
    fn is_double(self) -> bool {
        matches!(self, JisSet::Kanji | JisSet::Supplement)
    }
}

fn jis_escape(bytes: &[u8]) -> Option<(JisSet, usize)> {
    match bytes {
        [ESC, b'(', b'B' | b'J', ..] => Some((JisSet::Roman, 3)),
        [ESC, b'(' | b')', b'I', ..] => Some((JisSet::Katakana, 3)),
        [ESC, b'$', b'@' | b'B', ..] => Some((JisSet::Kanji, 3)),
        [ESC, b'$', b'(', b'D', ..] => Some((JisSet::Supplement, 4)),
        [ESC, b'$', b'(', b'@' | b'B', ..] => Some((JisSet::Kanji, 4)),
        _ => None,
    }
}

fn is_jis_pair(bytes: &[u8]) -> bool {
    matches!(bytes, [0x21..=0x7e, 0x21..=0x7e, ..])
}

/// EUC-JP carries the same sets without escape sequences, and its decoder knows JIS X 0212, which ISO-2022-JP decoders lack.
fn iso2022_to_euc(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut set = JisSet::Roman;
    let mut at = 0;
    while at < bytes.len() {
        if let Some((next, length)) = jis_escape(&bytes[at..]) {
            set = next;
            at += length;
            continue;
        }
        let byte = bytes[at];
        match set {
            _ if set.is_double() && is_jis_pair(&bytes[at..]) => {
                if set == JisSet::Supplement {
                    out.push(0x8f);
                }
                out.extend([byte | 0x80, bytes[at + 1] | 0x80]);
                at += 1;
            }
            JisSet::Katakana if (0x21..=0x5f).contains(&byte) => out.extend([0x8e, byte | 0x80]),
            // Eight-bit JIS X 0201 (ISO IR13) holds half-width katakana without an escape sequence.
            _ if (0xa1..=0xdf).contains(&byte) => out.extend([0x8e, byte]),
            _ => out.push(byte),
        }
        at += 1;
    }
    out
}
