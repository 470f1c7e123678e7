//! Rows that add up others, which reports and spreadsheets put among them.

use super::width::plain_text;

/// Words that stand where a key should: alone, or before what is no letter (`合计：`, `合计(人)`).
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
    "промежуточный итог",
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

/// True if a text says that its row is a sum: nobody's key is such a word.
pub(crate) fn is_total(key: &str) -> bool {
    // Nearly all keys begin with a digit, or are longer.
    if key.len() > BYTES_MAX || key.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let plain = plain_text(key);
    let lower = plain.to_lowercase();
    let bare: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let of_heads = |head: &&str| bare.strip_prefix(&head.replace(' ', ""));
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
    use super::is_total;

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
