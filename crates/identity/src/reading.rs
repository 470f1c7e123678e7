//! How a name in Chinese characters is read.

use pinyin::ToPinyinMulti;

/// Readings of a name beyond this are left out: rare characters have several readings each.
const READINGS: usize = 16;

/// Whether a character is a Chinese one.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// The ways to read a name, as syllables without tones; `ü` is typed as `v`, `u` or `yu`.
pub fn readings(name: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for (c, pinyin) in name.chars().zip(name.to_pinyin_multi()) {
        let mut syllables: Vec<String> = Vec::new();
        for reading in pinyin.into_iter().flatten() {
            let plain = reading.plain();
            let forms = if plain.contains('ü') {
                ["v", "u", "yu"].map(|u| plain.replace('ü', u)).to_vec()
            } else {
                vec![plain.to_owned()]
            };
            syllables.extend(forms);
        }
        let mut seen = Vec::new();
        syllables.retain(|syllable| {
            !seen.contains(syllable) && {
                seen.push(syllable.clone());
                true
            }
        });
        if syllables.is_empty() {
            // A character that the table does not know stands for itself.
            syllables.push(c.to_string());
        }
        all = all
            .iter()
            .flat_map(|begun| {
                syllables.iter().map(|syllable| [begun.as_slice(), std::slice::from_ref(syllable)].concat())
            })
            .take(READINGS)
            .collect();
    }
    // Initials are cut by bytes: a syllable that is no pinyin has none.
    all.retain(|syllables| syllables.iter().all(|syllable| syllable.is_ascii()));
    all
}
