//! Code pages of DOS, which DBF files and old exports are in.

use oem_cp::code_table as table;

/// A code page of DOS: the upper half of its bytes, the lower is ASCII.
pub(super) struct DosPage {
    /// Its number.
    pub(super) number: u16,
    pub(super) name: &'static str,
    upper: Upper,
}

enum Upper {
    All(&'static [char; 128]),
    Some(&'static [Option<char>; 128]),
}

const fn all(number: u16, name: &'static str, upper: &'static [char; 128]) -> DosPage {
    DosPage { number, name, upper: Upper::All(upper) }
}

const fn some(number: u16, name: &'static str, upper: &'static [Option<char>; 128]) -> DosPage {
    DosPage { number, name, upper: Upper::Some(upper) }
}

/// Those that are read; code page 866 is among the encodings of the web.
static PAGES: [DosPage; 15] = [
    all(437, "CP437", &table::DECODING_TABLE_CP437),
    all(720, "CP720", &table::DECODING_TABLE_CP720),
    all(737, "CP737", &table::DECODING_TABLE_CP737),
    all(775, "CP775", &table::DECODING_TABLE_CP775),
    all(850, "CP850", &table::DECODING_TABLE_CP850),
    all(852, "CP852", &table::DECODING_TABLE_CP852),
    all(855, "CP855", &table::DECODING_TABLE_CP855),
    some(857, "CP857", &table::DECODING_TABLE_CP857),
    all(858, "CP858", &table::DECODING_TABLE_CP858),
    all(860, "CP860", &table::DECODING_TABLE_CP860),
    all(861, "CP861", &table::DECODING_TABLE_CP861),
    all(862, "CP862", &table::DECODING_TABLE_CP862),
    all(863, "CP863", &table::DECODING_TABLE_CP863),
    all(865, "CP865", &table::DECODING_TABLE_CP865),
    all(869, "CP869", &table::DECODING_TABLE_CP869),
];

impl DosPage {
    /// The page of a name: `cp850`, `ibm850`, `850`, `dos-850`.
    pub(super) fn of_name(lower: &str) -> Option<&'static DosPage> {
        let digits = ["cp", "ibm", "dos", "oem", "csibm", "csp"].iter().find_map(|before| lower.strip_prefix(before));
        let digits = digits.unwrap_or(lower).trim_start_matches(['-', '_', ' ']);
        DosPage::of_number(digits.parse().ok()?)
    }

    /// The page of a number.
    pub(super) fn of_number(number: u16) -> Option<&'static DosPage> {
        PAGES.iter().find(|page| page.number == number)
    }

    /// The character of a byte; none where the page has none.
    pub(super) fn char(&self, byte: u8) -> Option<char> {
        let Some(at) = byte.checked_sub(0x80) else { return Some(char::from(byte)) };
        match self.upper {
            Upper::All(upper) => Some(upper[usize::from(at)]),
            Upper::Some(upper) => upper[usize::from(at)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_page() {
        let read = |name: &str, bytes: &[u8]| -> String {
            let page = DosPage::of_name(name).unwrap();
            bytes.iter().map(|byte| page.char(*byte).unwrap_or('?')).collect()
        };
        assert_eq!(read("cp437", b"M\x81ller \xe1"), "Müller ß");
        assert_eq!(read("ibm850", b"Fran\x87ois \x9b"), "François ø");
        assert_eq!(read("852", b"\x9dukasz \xbd\xa2\xab\x86"), "Łukasz Żóźć");
        assert_eq!(read("DOS-737".to_ascii_lowercase().as_str(), b"\x80\x81"), "ΑΒ");
        assert!(DosPage::of_name("cp1252").is_none() && DosPage::of_name("cp").is_none());
        assert_eq!(DosPage::of_name("cp857").unwrap().char(0xd5), None);
    }
}
