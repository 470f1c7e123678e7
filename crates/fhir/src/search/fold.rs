//! Folding of strings, so that `muller` finds `Müller`.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The form in which strings are compared: compatibility forms made plain (`Ｍ` is `M`), accents of alphabets gone,
/// lower case, apostrophes and hyphens of any shape as they are typed, what cannot be seen gone, runs of white space one
/// space, none at the ends.
///
/// Marks that make another letter rather than accent one stay: the voiced kana, the vowel signs of Indic scripts. Chinese
/// stays as it is. Folding twice is folding once.
///
/// ```
/// use fhir::search::fold;
/// assert_eq!(fold("  Jürgen   STRAUẞ "), "jurgen strauss");
/// assert_eq!(fold("王　小明"), "王 小明");
/// ```
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return fold_ascii(text);
    }
    let mut letters = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_accent(*letter)) {
        if is_invisible(letter) {
            continue;
        }
        for lower in letter.to_lowercase() {
            match plain(lower) {
                Some(plain) => letters.push_str(plain),
                None if is_accent(lower) => {}
                None => letters.push(lower),
            }
        }
    }
    let mut out = String::with_capacity(letters.len());
    // What was taken apart and kept (Hangul, kana) is put together again, so that a prefix is one of whole letters.
    push_collapsed(letters.nfc(), &mut out);
    Cow::Owned(out)
}

fn fold_ascii(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let tidy = !bytes.iter().any(|b| b.is_ascii_uppercase() || (b.is_ascii_whitespace() && *b != b' ') || *b == 0x0b)
        && !bytes.windows(2).any(|pair| pair == b"  ")
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ');
    if tidy {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    push_collapsed(text.chars().map(|letter| letter.to_ascii_lowercase()), &mut out);
    Cow::Owned(out)
}

fn push_collapsed(letters: impl Iterator<Item = char>, out: &mut String) {
    let mut gap = false;
    for letter in letters {
        if letter.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(letter);
    }
}

/// The combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic, which readers of these leave out when they type.
fn is_accent(letter: char) -> bool {
    matches!(letter,
        '\u{0300}'..='\u{036f}'
        | '\u{0483}'..='\u{0489}'
        | '\u{0591}'..='\u{05bd}' | '\u{05bf}' | '\u{05c1}' | '\u{05c2}' | '\u{05c4}' | '\u{05c5}' | '\u{05c7}'
        | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Soft hyphens, joiners, direction and byte order marks: pasted along with a text, and never typed.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Letters with a stroke or joined, which Unicode does not take apart but people type plain.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ŧ' => "t",
        'þ' => "th",
        'ς' => "σ",
        // What word processors make of an apostrophe and a hyphen.
        '‘' | '’' | 'ʼ' | '′' | '＇' => "'",
        '‐' | '‒' | '–' | '—' | '―' | '−' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_case_width_and_space_do_not_matter() {
        for (text, folded) in [
            ("Müller", "muller"),
            ("MU\u{308}LLER", "muller"),
            ("Ｍｕｌｌｅｒ", "muller"),
            ("İstanbul", "istanbul"),
            ("Łódź", "lodz"),
            ("Søren Ærø", "soren aero"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("Пётр", "петр"),
            ("Nguyễn Thị  Định", "nguyen thi dinh"),
            ("\tO'Brien\n Jr. ", "o'brien jr."),
            ("ﬁn", "fin"),
            ("O’Brien–Smith", "o'brien-smith"),
            ("\u{feff}Jo\u{ad}se\u{200b}f", "josef"),
            ("", ""),
            ("   ", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn letters_of_other_scripts_stay_what_they_are() {
        for text in ["王小明", "がき", "김철수", "किरण", "สมชาย"] {
            assert_eq!(fold(text), text.nfkc().collect::<String>());
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,12}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }

        #[test]
        fn ascii_goes_the_same_way_as_the_rest(text in "[ -~\t\n\u{b}]{0,16}") {
            let long = fold(&format!("{text}é")).into_owned();
            let mut short = fold(&format!("{text}e")).into_owned();
            prop_assert_eq!(&long, &short);
            short.pop();
            prop_assert_eq!(fold(&text), short.trim_end());
        }
    }
}
