//! Rows that add up others, which reports and spreadsheets put among them.

use super::width::plain_text;

/// Words that stand where a key should: alone, or before what is no letter (`合计：`, `合计(人)`).
const HEADS: [&str; 7] = ["合计", "总计", "小计", "共计", "累计", "总合计", "本页小计"];
/// Words that stand there alone.
const WORDS: [&str; 8] =
    ["total", "totals", "subtotal", "sub total", "grand total", "summe", "zwischensumme", "gesamtsumme"];
/// The longest of them, and what may stand behind it.
const BYTES_MAX: usize = 40;

/// True if a text says that its row is a sum: nobody's key is such a word.
pub(crate) fn is_total(key: &str) -> bool {
    // Nearly all keys begin with a digit, or are longer.
    if key.len() > BYTES_MAX || key.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let plain = plain_text(key);
    let word = plain.trim_end_matches([':', '：']).trim_end();
    if word.is_ascii() {
        return WORDS.iter().any(|total| total.eq_ignore_ascii_case(word));
    }
    let bare: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    HEADS.iter().filter_map(|head| bare.strip_prefix(head)).any(|rest| !rest.starts_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::is_total;

    #[test]
    fn sums_are_told_from_keys() {
        for sum in ["合计", " 合 计 ", "总计：", "小计(人)", "合计 23 人", "本页小计", "Total", "GRAND TOTAL:", "Summe"]
        {
            assert!(is_total(sum), "{sum}");
        }
        for key in ["", "17", "ZY3600000", "合计科", "Totally", "TOTAL CARE", "T", "累", "张三"] {
            assert!(!is_total(key), "{key}");
        }
    }
}
