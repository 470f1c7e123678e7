//! Full-width and small forms as plain characters.
//!
//! What NFKC does to `<wide>` and `<small>` characters and to blanks, and no more of it: whole NFKC would make `105` of `10⁵` and
//! `13` of `1⅓`. Never for names.

use std::borrow::Cow;

/// The plain form of a character.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' => ' ',
        // Marks without width that office programs leave at the ends of cells.
        '\u{200B}' | '\u{2060}' | '\u{FEFF}' => ' ',
        '\u{FE50}' => ',',
        '\u{FE52}' => '.',
        '\u{FE55}' => ':',
        '\u{FE59}' => '(',
        '\u{FE5A}' => ')',
        '\u{FE62}' => '+',
        '\u{FE63}' | '\u{2212}' => '-',
        '\u{FE64}' => '<',
        '\u{FE65}' => '>',
        '\u{FE66}' => '=',
        '\u{FE6A}' => '%',
        _ => c,
    }
}

/// A text in plain characters, without white space at its ends; the text itself if it has none but them.
pub(crate) fn plain_text(text: &str) -> Cow<'_, str> {
    let text = super::slot::trim(text);
    if text.is_ascii() || text.chars().all(|c| plain(c) == c) {
        return Cow::Borrowed(text);
    }
    let folded: String = text.chars().map(plain).collect();
    match folded.trim() {
        trimmed if trimmed.len() == folded.len() => Cow::Owned(folded),
        trimmed => Cow::Owned(trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_and_small_forms_become_plain_and_raised_digits_stay() {
        assert_eq!(plain_text("　４．２ "), "4.2");
        assert_eq!(plain_text("﹤１：３２０"), "<1:320");
        assert_eq!(plain_text("\u{feff}4.2\u{200b}"), "4.2");
        assert_eq!(plain_text("10⁹/L"), "10⁹/L");
        assert!(matches!(plain_text(" 阴性 "), Cow::Borrowed("阴性")));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,20}") {
            let once = plain_text(&text).into_owned();
            prop_assert_eq!(plain_text(&once), once.as_str());
        }
    }
}
