//! SQL cut into words, also where it is not finished.

use std::ops::Range;

/// A word, sign, quoted name, text or comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: WordKind,
    /// Its bytes, quotes included.
    pub(super) range: Range<usize>,
    /// Whether the closing quote is there.
    pub(super) closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Word,
    /// `"name"`
    Quoted,
    /// `'text'`
    Text,
    Sign(char),
    Comment,
}

impl Word {
    /// What it says, without quotes.
    pub(super) fn content<'t>(&self, text: &'t str) -> &'t str {
        &text[self.inner()]
    }

    /// Its bytes without quotes.
    pub(super) fn inner(&self) -> Range<usize> {
        match self.kind {
            WordKind::Quoted | WordKind::Text => self.range.start + 1..self.range.end - usize::from(self.closed),
            _ => self.range.clone(),
        }
    }

    pub(super) fn is(&self, text: &str, keyword: &str) -> bool {
        self.kind == WordKind::Word && text[self.range.clone()].eq_ignore_ascii_case(keyword)
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.kind == WordKind::Sign(sign)
    }

    /// Whether it names something.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, WordKind::Word | WordKind::Quoted)
    }
}

/// All words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let begin = at;
        let (kind, closed) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '-' if text[at..].starts_with("--") => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                (WordKind::Comment, true)
            }
            '/' if text[at..].starts_with("/*") => {
                let end = text[at..].find("*/");
                at += end.map_or(text.len() - at, |end| end + 2);
                (WordKind::Comment, end.is_some())
            }
            '"' | '\'' => {
                let (end, closed) = quoted(text, at, c);
                at = end;
                (if c == '"' { WordKind::Quoted } else { WordKind::Text }, closed)
            }
            c if is_word(c) => {
                at += text[at..].find(|c: char| !is_word(c)).unwrap_or(text.len() - at);
                (WordKind::Word, true)
            }
            c => {
                at += c.len_utf8();
                (WordKind::Sign(c), true)
            }
        };
        all.push(Word { kind, range: begin..at, closed });
    }
    all
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a quoted text ends: behind its quote, or at the end of its line.
fn quoted(text: &str, begin: usize, quote: char) -> (usize, bool) {
    let mut at = begin + 1;
    while let Some(c) = text[at..].chars().next() {
        if c == '\n' {
            return (at, false);
        }
        at += c.len_utf8();
        if c == quote {
            if text[at..].starts_with(quote) {
                at += 1;
            } else {
                return (at, true);
            }
        }
    }
    (at, false)
}

/// A name as SQL has it: in quotes unless it is a plain word that is none of its own.
pub fn name_in_sql(name: &str) -> String {
    use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS};
    let plain = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') && name.chars().all(is_word);
    let word = name.to_ascii_uppercase();
    let reserved = ALL_KEYWORDS.binary_search(&word.as_str()).is_ok_and(|at| {
        let keyword = &ALL_KEYWORDS_INDEX[at];
        RESERVED_FOR_COLUMN_ALIAS.contains(keyword) || RESERVED_FOR_TABLE_ALIAS.contains(keyword)
    }) || matches!(
        word.as_str(),
        "SELECT" | "CASE" | "CAST" | "NULL" | "NOT" | "TRUE" | "FALSE" | "TABLE" | "INTERVAL"
    );
    if plain && !reserved { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
