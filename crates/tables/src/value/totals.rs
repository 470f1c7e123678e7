//! Rows that add up others, which reports and spreadsheets put among them.

use super::slot::trim;
use super::width::plain_text;
use std::sync::LazyLock;

/// Words that stand where a key should, blanks left out: alone, or before what is no letter (`合计：`, `合计(人)`).
const HEADS: [&str; 21] = [
    "合计",
    "总计",
    "小计",
    "共计",
    "累计",
    "总合计",
    "本页小计",
    "合計",
    "総計",
    "總計",
    "小計",
    "累計",
    "総合計",
    "共計",
    "합계",
    "총계",
    "소계",
    "총합계",
    "итого",
    "всего",
    "промежуточныйитог",
];
/// Words that stand there alone, or before a number or what stands in brackets: `Total 2024`, `Total (12)`.
const WORDS: [&str; 53] = [
    "total",
    "totals",
    "subtotal",
    "subtotals",
    "sub total",
    "sub-total",
    "sous total",
    "sous-total",
    "grand total",
    "total general",
    "total général",
    "totaux",
    "totales",
    "totais",
    "total geral",
    "subtotales",
    "totale",
    "totali",
    "totale generale",
    "subtotale",
    "totaal",
    "summe",
    "zwischensumme",
    "gesamtsumme",
    "gesamt",
    "insgesamt",
    "endsumme",
    "суммарно",
    "разом",
    "усього",
    "всього",
    "razem",
    "suma",
    "ogółem",
    "łącznie",
    "celkem",
    "součet",
    "spolu",
    "összesen",
    "végösszeg",
    "ukupno",
    "skupaj",
    "summa",
    "totalt",
    "yhteensä",
    "i alt",
    "toplam",
    "genel toplam",
    "σύνολο",
    "tổng cộng",
    "計",
    "计",
    "总",
];
/// The longest of them, and what may stand behind it.
const BYTES_MAX: usize = 60;

/// By the first letter of a text that begins with two ASCII characters, which second ones a word of totals has: a bit for each letter, and one
/// for a blank.
static BEGINNINGS: LazyLock<[u32; 26]> = LazyLock::new(|| {
    let mut beginnings = [0; 26];
    for [first, second] in WORDS.iter().filter_map(|word| word.as_bytes().first_chunk()) {
        if let (Some(first), Some(second)) = (letter(*first), second_bit(*second)) {
            beginnings[first] |= second;
        } else if let (Some(first), false) = (letter(*first), second.is_ascii()) {
            beginnings[first] = u32::MAX;
        }
    }
    beginnings
});

fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'))
}

fn second_bit(byte: u8) -> Option<u32> {
    match letter(byte) {
        Some(letter) => Some(1 << letter),
        None => byte.is_ascii_whitespace().then_some(1 << 26),
    }
}

/// Whether a text may begin with a word of totals, by its first two characters: nearly no key does.
fn may_be_total(key: &str) -> bool {
    match trim(key).as_bytes() {
        [] => false,
        [first, ..] if !first.is_ascii() => true,
        [_] => false,
        [first, second, ..] => letter(*first).is_some_and(|first| {
            !second.is_ascii() || second_bit(*second).is_some_and(|second| BEGINNINGS[first] & second != 0)
        }),
    }
}

/// True if a text says that its row is a sum: nobody's key is such a word.
pub(crate) fn is_total(key: &str) -> bool {
    if key.len() > BYTES_MAX || !may_be_total(key) {
        return false;
    }
    let lower = plain_text(key).to_lowercase();
    let bare: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let of_heads = |head: &&str| bare.strip_prefix(*head);
    if HEADS.iter().filter_map(of_heads).any(|rest| !rest.starts_with(char::is_alphabetic)) {
        return true;
    }
    let words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    WORDS.iter().filter_map(|word| words.strip_prefix(word)).any(is_no_name)
}

/// True for what may stand behind a word of totals: nothing, a colon, a number or brackets. `TOTAL-1` and `Total care` are keys.
fn is_no_name(rest: &str) -> bool {
    let begins = rest.trim_end_matches(':').trim_end().is_empty() || rest.starts_with([' ', ':', '(']);
    begins && !rest.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::{HEADS, WORDS, is_total};

    #[test]
    fn each_word_is_known_in_any_case_and_with_blanks_before_it() {
        for word in HEADS.iter().chain(&WORDS) {
            for sum in [
                (*word).to_owned(),
                word.to_uppercase(),
                format!(" \t{word} 12"),
                format!("\u{3000}{word}："),
                format!("\u{b}{word}"),
            ] {
                assert!(is_total(&sum), "{sum}");
            }
        }
    }

    #[test]
    fn sums_are_told_from_keys() {
        for sum in [
            "合计",
            " 合 计 ",
            "总计：",
            "小计(人)",
            "合计 23 人",
            "本页小计",
            "Total",
            "GRAND TOTAL:",
            "Summe",
            "合計",
            "小計",
            "総計",
            "計",
            "总",
            "Total général",
            "Totaux",
            "Razem:",
            "SUMA",
            "Összesen 12",
            "Total general",
            "Totales",
            "TOTALE",
            "Totali",
            "Итого",
            "ИТОГО:",
            "Всего 12",
            "Sous-total",
            "Subtotal",
            "Zwischensumme",
            "Gesamt",
            "Total:",
            "TOTAL 2024",
            "Total (12)",
            "Total : 5",
        ] {
            assert!(is_total(sum), "{sum}");
        }
        for key in [
            "",
            "17",
            "ZY3600000",
            "合计科",
            "Totally",
            "TOTAL CARE",
            "TOTAL-1",
            "TOTAL1",
            "T",
            "累",
            "张三",
            "計算",
            "总务科",
            "Gesamtschule",
            "Итоговый",
            "Total protein",
            "Sum",
            "totalis",
        ] {
            assert!(!is_total(key), "{key}");
        }
    }
}
