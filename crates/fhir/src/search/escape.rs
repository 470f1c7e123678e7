//! The escapes of search values: `\,` `\|` `\$` and `\\`.

use std::borrow::Cow;

/// Splits at each `separator` that has no backslash before it. The parts keep their escapes.
pub(super) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match find(text, separator) {
            Some(at) => {
                rest = Some(&text[at + separator.len_utf8()..]);
                Some(&text[..at])
            }
            None => rest.take(),
        }
    })
}

/// The parts before and after the first `separator` that has no backslash before it.
pub(super) fn split_once(text: &str, separator: char) -> Option<(&str, &str)> {
    find(text, separator).map(|at| (&text[..at], &text[at + separator.len_utf8()..]))
}

fn find(text: &str, separator: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if letter == separator {
            return Some(at);
        }
    }
    None
}

/// The text without escapes. A backslash before any other character stands for itself.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if matches!(letters.peek(), Some(',' | '|' | '$' | '\\')) => out.extend(letters.next()),
            _ => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// The text as one value of a request. With `bars` the bar keeps its meaning.
pub(super) fn escape(text: &str, bars: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | ',' | '$') || (letter == '|' && !bars) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_with_a_backslash_do_not_separate() {
        assert_eq!(split(r"a\,b,c\\,d", ',').collect::<Vec<_>>(), [r"a\,b", r"c\\", "d"]);
        assert_eq!(split("", ',').collect::<Vec<_>>(), [""]);
        assert_eq!(split_once(r"s\|t|c|d", '|'), Some((r"s\|t", "c|d")));
        assert_eq!(split_once(r"s\|t", '|'), None);
    }

    #[test]
    fn escapes_are_resolved_and_other_backslashes_stay() {
        assert_eq!(unescape(r"a\,b\|c\$d\\e\nf\"), r"a,b|c$d\e\nf\");
    }
}
