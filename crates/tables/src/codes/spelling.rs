//! What spellings of codes and units differ in without meaning anything else.

use crate::value::plain_text;
use std::borrow::Cow;

/// A code for looking it up where it is not found as it is written: full-width characters plain, small letters, one blank for
/// a run of white space.
pub fn fold_code(text: &str) -> String {
    let plain = plain_text(text);
    let mut out = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// A unit for looking it up where it is not found as it is written. Case is kept: `mg` is not `Mg`.
///
/// - full-width characters plain, no blanks;
/// - both code points of micro, and `mc` in `mcg`, `mcL` and `mcmol`, as `u`;
/// - `℃` as `°C`, `·` and `⋅` as `.`;
/// - powers of ten as UCUM has them: `×10^9/L`, `x10⁹/L`, `10E9/L`, `10**9/L`, `10(9)/L`, `x10 9/L` are `10*9/L`;
/// - raised digits behind letters as plain ones: `m²` and `m^2` are `m2`;
/// - the litre with its capital: `mg/dl` is `mg/dL`, as both are one unit in UCUM.
pub fn fold_unit(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let mut characters = Vec::with_capacity(text.len());
    let plain = plain_text(text);
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // `x10 9/L`: what was raised, or was a sign that got lost.
            c if c.is_whitespace() => {
                let power = ends_in_ten(&characters) && rest.peek().is_some_and(char::is_ascii_digit);
                characters.extend(power.then_some('^'));
            }
            'µ' | 'μ' => characters.push('u'),
            '℃' => characters.extend(['°', 'C']),
            '℉' => characters.extend(['°', 'F']),
            '·' | '⋅' | '∙' => characters.push('.'),
            '×' | '✕' | '╳' => characters.push('*'),
            '⁻' => raised(&mut characters, '-'),
            c => match raised_digit(c) {
                Some(digit) => raised(&mut characters, digit),
                None => characters.push(c),
            },
        }
    }
    Cow::Owned(words(&powers(&characters)))
}

/// True if the characters end with the number ten and not with one that ends in its digits.
fn ends_in_ten(characters: &[char]) -> bool {
    match characters {
        [before @ .., '1', '0'] => before.last().is_none_or(|c| matches!(c, 'x' | 'X' | '*' | '/' | '.')),
        _ => false,
    }
}

/// Writes `l` with a capital where it is a litre, alone or behind a prefix, and micro as `u`.
fn words(unit: &str) -> String {
    let mut out = String::with_capacity(unit.len());
    for part in unit.split_inclusive(|c: char| !c.is_alphabetic()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphabetic());
        match word {
            "mcg" | "mcmol" => {
                out.push('u');
                out.push_str(&word[2..]);
            }
            "mcl" | "mcL" => out.push_str("uL"),
            "l" | "dl" | "cl" | "ml" | "ul" | "nl" | "pl" | "fl" => {
                out.push_str(&word[..word.len() - 1]);
                out.push('L');
            }
            _ => out.push_str(word),
        }
        out.push_str(&part[word.len()..]);
    }
    out
}

/// True for what folding cannot change: plain letters, digits and the signs of UCUM but those of powers.
fn is_folded(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'%' | b'[' | b']' | b'{' | b'}' | b'-' | b'_')
    };
    text.bytes().all(plain) && !text.contains("10") && !text.contains('l') && !text.contains("mc")
}

fn raised_digit(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from(b'4' + (c as u32 - '⁴' as u32) as u8),
        _ => return None,
    })
}

/// Adds a raised character: with `^` before the first of them.
fn raised(characters: &mut Vec<char>, c: char) {
    let inside = {
        let digits = characters.iter().rev().take_while(|c| c.is_ascii_digit() || **c == '-').count();
        digits > 0 && digits < characters.len() && characters[characters.len() - digits - 1] == '^'
    };
    if !inside {
        characters.push('^');
    }
    characters.push(c);
}

/// Powers as UCUM writes them.
fn powers(characters: &[char]) -> String {
    let mut out = String::with_capacity(characters.len());
    let mut at = 0;
    while at < characters.len() {
        let starts_component = at == 0 || matches!(characters[at - 1], '/' | '.' | '(');
        if starts_component && let Some((exponent, end)) = power_of_ten(characters, at) {
            out.push_str("10*");
            out.push_str(&exponent);
            at = end;
            continue;
        }
        let c = characters[at];
        // `m^2`, but not the power of a number.
        let after_letter = at > 0 && (characters[at - 1].is_alphabetic() || characters[at - 1] == ']');
        if c != '^' || !after_letter {
            out.push(c);
        }
        at += 1;
    }
    out
}

/// The exponent of a power of ten that begins here, in whatever spelling, and where it ends.
fn power_of_ten(characters: &[char], from: usize) -> Option<(String, usize)> {
    let mut at = from + usize::from(matches!(characters[from], 'x' | 'X' | '*'));
    if characters.get(at..at + 2) != Some(&['1', '0']) {
        return None;
    }
    at += 2;
    let open = match characters.get(at..) {
        Some(['*', '*', ..]) => {
            at += 2;
            false
        }
        Some(['^', '(', ..]) => {
            at += 2;
            true
        }
        Some(['^' | '*' | 'E' | 'e', ..]) => {
            at += 1;
            false
        }
        Some(['(', ..]) => {
            at += 1;
            true
        }
        _ => return None,
    };
    let mut exponent = String::new();
    match characters.get(at) {
        Some('-') => {
            exponent.push('-');
            at += 1;
        }
        Some('+') => at += 1,
        _ => {}
    }
    let digits = characters[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    exponent.extend(&characters[at..at + digits]);
    at += digits;
    if open {
        if characters.get(at) != Some(&')') {
            return None;
        }
        at += 1;
    }
    (1..=2).contains(&digits).then_some((exponent, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn powers_of_ten_have_one_spelling() {
        for text in [
            "10*9/L",
            "10^9/L",
            "×10^9/L",
            "10⁹/L",
            "×10⁹/L",
            "x10E9/L",
            "X10^9/L",
            "10e9/L",
            "10**9/L",
            "*10^9/L",
            "10(9)/L",
            "10^(9)/L",
            "10^+9/L",
            "x10 9/L",
            "１０＾９／Ｌ",
            " x 10^9 / L ",
        ] {
            assert_eq!(fold_unit(text), "10*9/L", "{text}");
        }
        assert_eq!(fold_unit("10⁻³.mol"), "10*-3.mol");
        assert_eq!(fold_unit("10¹²/L"), "10*12/L");
        assert_eq!(fold_unit("/10^3"), "/10*3");
    }

    #[test]
    fn other_spellings_that_mean_the_same() {
        for (text, folded) in [
            ("µmol/L", "umol/L"),
            ("μmol/L", "umol/L"),
            ("umol/L", "umol/L"),
            ("mg / dL", "mg/dL"),
            ("kg/m²", "kg/m2"),
            ("kg/m^2", "kg/m2"),
            ("mL/min/1.73m²", "mL/min/1.73m2"),
            ("℃", "°C"),
            ("％", "%"),
            ("10/uL", "10/uL"),
            ("100/uL", "100/uL"),
            ("109/L", "109/L"),
            ("Mg", "Mg"),
            ("mg/dl", "mg/dL"),
            ("mmol/l", "mmol/L"),
            ("×10^9/l", "10*9/L"),
            ("10^3/µl", "10*3/uL"),
            ("ml/min", "mL/min"),
            ("kcal/d", "kcal/d"),
            ("l", "L"),
            ("mol", "mol"),
            ("mcg/mL", "ug/mL"),
            ("mcL", "uL"),
            ("10 3/mcL", "10*3/uL"),
            ("110 3", "1103"),
            ("cm H2O", "cmH2O"),
        ] {
            assert_eq!(fold_unit(text), folded, "{text}");
        }
    }

    #[test]
    fn codes_fold_width_case_and_blanks() {
        assert_eq!(fold_code(" ＨＢｓＡｇ  Test "), "hbsag test");
        assert_eq!(fold_code("男性"), "男性");
    }

    proptest! {
        #[test]
        fn every_power_has_one_spelling(power in 1_u8..30, unit in "(/[muµ]?[gLl])?") {
            let raised: String = power.to_string().chars().map(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - 48).unwrap()).collect();
            let expected = fold_unit(&format!("10*{power}{unit}")).into_owned();
            for spelling in [format!("×10^{power}{unit}"), format!("10{raised}{unit}"), format!("X10E{power} {unit}"), format!("１０＾{power}{unit}")] {
                prop_assert_eq!(fold_unit(&spelling), expected.as_str());
            }
        }

        #[test]
        fn any_text_can_be_folded(unit in "[x×*1091^⁹²⁻(Ee+µμ℃ /m.)L-]{0,10}", code in "\\PC{0,16}") {
            prop_assert!(!fold_unit(&unit).contains(' '));
            let once = fold_code(&code);
            prop_assert_eq!(fold_code(&once), once.as_str());
        }
    }
}
