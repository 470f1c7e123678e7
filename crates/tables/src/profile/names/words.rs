//! The words of a name, however it is written: `GebDatum`, `GEB_DATUM`, `geb-datum` and `gebdatum` have the same.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words of a name that is written together, at most.
const PIECES: usize = 4;

/// The words of a name, in small letters: cut at separators, between letters and digits kept together, and where capitals begin.
pub fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || (before.is_some_and(char::is_uppercase) && after.is_some_and(|c| c.is_lowercase())));
        let script = before.is_some_and(|before| before.is_alphanumeric() && is_latin(before) != is_latin(*c));
        if begins || script {
            end(&mut word);
        }
        // A small İ is an i: its dot is no letter of its own.
        word.extend(c.to_lowercase().filter(|letter| *letter != '\u{307}'));
    }
    end(&mut word);
    words
}

/// Letters as Europe writes them, and digits.
fn is_latin(c: char) -> bool {
    c < '\u{250}'
}

/// The words of a name, those that are written together cut where both parts are known: databases keep names in small letters, so that
/// `PatNr` comes back as `patnr`.
pub fn parts_of(name: &str) -> Vec<String> {
    words_of(name).into_iter().flat_map(|word| pieces_of(&word).unwrap_or_else(|| vec![word])).collect()
}

/// All words of the phrases by which roles are known.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    super::ROLES.iter().flat_map(|(_, phrases)| *phrases).flat_map(|phrase| phrase.split(' ')).collect()
});

/// What a word is made of; none if it is a word of its own, or not known.
fn pieces_of(word: &str) -> Option<Vec<String>> {
    if KNOWN.contains(word) || is_ending(word) || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    if let Some(pieces) = cut(word, PIECES) {
        return Some(pieces.into_iter().map(str::to_owned).collect());
    }
    // What only the end is known of: `messdatum`.
    let ends = |ending: &str| word.strip_suffix(ending).is_some_and(|rest| rest.chars().count() >= 3);
    let ending = LONG_ENDINGS.iter().find(|ending| ends(ending))?;
    Some(vec![word[..word.len() - ending.len()].to_owned(), (*ending).to_owned()])
}

/// A longer word is none that is cut: a header may have millions of letters.
const WORD_BYTES: usize = 64;

/// The fewest known words that a word is made of, the longest first.
fn cut(word: &str, pieces: usize) -> Option<Vec<&str>> {
    if pieces == 0 || word.len() > WORD_BYTES {
        return None;
    }
    let mut best: Option<Vec<&str>> = None;
    for (at, _) in word.char_indices().skip(3).collect::<Vec<_>>().into_iter().rev() {
        let (first, rest) = word.split_at(at);
        if !KNOWN.contains(first) {
            continue;
        }
        // Short words mean too much inside of others, but for those that names end in.
        let is_known = is_ending(rest) || (rest.chars().count() >= 3 && KNOWN.contains(rest));
        let of_rest = if is_known { Some(vec![rest]) } else { cut(rest, pieces - 1) };
        if let Some(of_rest) = of_rest.filter(|of_rest| best.as_ref().is_none_or(|best| of_rest.len() + 1 < best.len()))
        {
            best = Some(std::iter::once(first).chain(of_rest).collect());
        }
    }
    best.filter(|best| best.len() <= pieces)
}

/// Endings that are known behind any word.
const LONG_ENDINGS: [&str; 10] = ["nr", "nummer", "number", "datum", "date", "time", "zeit", "name", "code", "text"];

/// Words that say that a name is that of a number, and not of what.
pub fn is_ending(word: &str) -> bool {
    matches!(
        word,
        "id" | "no"
            | "nr"
            | "num"
            | "number"
            | "nummer"
            | "key"
            | "code"
            | "date"
            | "datum"
            | "time"
            | "zeit"
            | "name"
            | "value"
            | "datetime"
            | "dt"
    )
}
