//! `_text` and `_content`: words of the narrative, or of all that a resource says.
//!
//! Words are runs of letters and digits, without case and accents; each Chinese, Japanese or Korean character is one. A
//! searched word or phrase matches words that follow each other, the last of them by its beginning.

use super::escape;
use super::fold::fold;
use crate::json::{Kind, Node};

/// Words and phrases that one value may have.
pub const WORDS_LIMIT: usize = 64;
/// How deep the brackets of one value may be nested.
const DEPTH_LIMIT: usize = 16;

/// What a value of `_text` or `_content` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// These words follow each other.
    Phrase(Vec<String>),
    /// All match.
    All(Vec<Words>),
    /// One matches.
    Any(Vec<Words>),
    /// It does not match.
    Not(Box<Words>),
}

impl Words {
    /// Whether texts, each as its words, say what is asked. A phrase stands within one text.
    pub fn matches(&self, texts: &[Vec<String>]) -> bool {
        match self {
            Words::Phrase(phrase) => texts.iter().any(|text| has(text, phrase)),
            Words::All(parts) => parts.iter().all(|part| part.matches(texts)),
            Words::Any(parts) => parts.iter().any(|part| part.matches(texts)),
            Words::Not(inner) => !inner.matches(texts),
        }
    }
}

fn has(text: &[String], phrase: &[String]) -> bool {
    let Some((last, before)) = phrase.split_last() else { return false };
    text.windows(phrase.len()).any(|words| {
        let (ends, begins) = (&words[before.len()], &words[..before.len()]);
        begins == before && ends.starts_with(last.as_str())
    })
}

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    for letter in fold(text).chars() {
        if !letter.is_alphanumeric() || is_word(letter) {
            if !word.is_empty() {
                all.push(std::mem::take(&mut word));
            }
            if is_word(letter) {
                all.push(letter.to_string());
            }
            continue;
        }
        word.push(letter);
    }
    if !word.is_empty() {
        all.push(word);
    }
    all
}

/// Letters of scripts that put no space between words.
fn is_word(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// The texts of a resource, each as its words: those of the narrative, or all strings and numbers but packed data.
pub(super) fn texts(resource: Node<'_>, narrative_only: bool) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    if narrative_only {
        all.extend(resource.path(&["text", "div"]).and_then(Node::as_str).map(|div| words(&shown(&div))));
    } else {
        gather(resource, &mut all);
    }
    all
}

fn gather(node: Node<'_>, out: &mut Vec<Vec<String>>) {
    for (name, value) in node.members() {
        // Of an attachment or a binary: nothing that anybody reads.
        if name == "data" {
            continue;
        }
        for one in value.each() {
            match (one.kind(), name) {
                (Kind::Object, _) => gather(one, out),
                (Kind::String, "div") => out.extend(one.as_str().map(|div| words(&shown(&div)))),
                _ => out.extend(one.scalar_text().map(|text| words(&text))),
            }
        }
    }
}

/// Elements within a word.
const INLINE: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "tt", "u"];

/// What a reader sees of XHTML. Accents of named entities are left out, as folding would.
fn shown(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if rest.starts_with('<') {
            let (tag, after) = rest.split_once('>').unwrap_or((rest, ""));
            let name = tag.trim_start_matches(['<', '/']);
            let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            if !INLINE.contains(&name) {
                out.push(' ');
            }
            rest = after;
        } else {
            let end = rest.find(';').filter(|end| *end <= 12);
            match end.map(|end| (&rest[1..end], &rest[end + 1..])) {
                Some((name, after)) => {
                    entity(name, &mut out);
                    rest = after;
                }
                None => {
                    out.push('&');
                    rest = &rest[1..];
                }
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str, out: &mut String) {
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    });
    if let Some(letter) = number.and_then(char::from_u32) {
        out.push(letter);
        return;
    }
    let accents = ["uml", "acute", "grave", "circ", "tilde", "cedil", "ring", "slash", "caron"];
    let first = name
        .chars()
        .next()
        .filter(|_| accents.iter().any(|accent| name.len() == accent.len() + 1 && name.ends_with(accent)));
    match (name, first) {
        ("szlig", _) => out.push_str("ss"),
        ("aelig" | "AElig", _) => out.push_str("ae"),
        ("apos" | "rsquo" | "lsquo", _) => out.push('\''),
        (_, Some(first)) => out.push(first),
        _ => out.push(' '),
    }
}

/// Words, phrases in quotes, `AND` (or nothing) and `OR` between them, `NOT` before them, and brackets.
pub(super) fn read(raw: &str) -> Result<Words, String> {
    let text = escape::unescape(raw);
    let mut reader = Reader { rest: &text, left: WORDS_LIMIT };
    let found = reader.any(0)?;
    if reader.rest.trim_start().is_empty() { Ok(found) } else { Err("a ) has no ( before it".to_owned()) }
}

struct Reader<'t> {
    rest: &'t str,
    left: usize,
}

impl<'t> Reader<'t> {
    /// The next word that is not quoted, without taking it.
    fn next(&mut self) -> &'t str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
        &self.rest[..end.unwrap_or(self.rest.len())]
    }

    fn take(&mut self, keyword: &str) -> bool {
        let next = self.next();
        let taken = next.eq_ignore_ascii_case(keyword);
        if taken {
            self.rest = &self.rest[next.len()..];
        }
        taken
    }

    fn any(&mut self, depth: usize) -> Result<Words, String> {
        if depth > DEPTH_LIMIT {
            return Err(format!("brackets may be nested {DEPTH_LIMIT} deep at most"));
        }
        let mut parts = vec![self.all(depth)?];
        while self.take("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Words::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Words, String> {
        let mut parts = vec![self.one(depth)?];
        loop {
            let joined = self.take("and");
            let next = self.next();
            let ends = self.rest.is_empty() || self.rest.starts_with(')') || next.eq_ignore_ascii_case("or");
            if ends && !joined {
                break;
            }
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Words::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Words, String> {
        if self.take("not") {
            return Ok(Words::Not(Box::new(self.one(depth)?)));
        }
        let next = self.next();
        if let Some(inner) = self.rest.strip_prefix('(') {
            self.rest = inner;
            let found = self.any(depth + 1)?;
            self.rest = self.rest.trim_start().strip_prefix(')').ok_or("a ( is not closed")?;
            return Ok(found);
        }
        let phrase = match self.rest.strip_prefix('"') {
            Some(quoted) => {
                let (phrase, rest) = quoted.split_once('"').ok_or("a \" is not closed")?;
                self.rest = rest;
                phrase
            }
            None => {
                self.rest = &self.rest[next.len()..];
                next
            }
        };
        let phrase = words(phrase);
        if phrase.is_empty() {
            return Err("expected a word, or words in quotes".to_owned());
        }
        self.left = self.left.checked_sub(1).ok_or(format!("at most {WORDS_LIMIT} words"))?;
        Ok(Words::Phrase(phrase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_as_they_are_written() {
        let phrase = |text: &str| Words::Phrase(words(text));
        for (raw, expected) in [
            ("Bone", phrase("bone")),
            ("bone metastases", Words::All(vec![phrase("bone"), phrase("metastases")])),
            (r#""bone marrow" OR x"#, Words::Any(vec![phrase("bone marrow"), phrase("x")])),
            (
                "(bone or liver) and metastases",
                Words::All(vec![Words::Any(vec![phrase("bone"), phrase("liver")]), phrase("metastases")]),
            ),
            (
                "a not (b c)",
                Words::All(vec![phrase("a"), Words::Not(Box::new(Words::All(vec![phrase("b"), phrase("c")])))]),
            ),
            ("骨转移 x-y", Words::All(vec![phrase("骨 转 移"), phrase("x y")])),
        ] {
            assert_eq!(read(raw), Ok(expected), "{raw}");
        }
        for (raw, why) in [
            ("(a", "a ( is not closed"),
            ("a)", "a ) has no ( before it"),
            ("\"a", "a \" is not closed"),
            ("a and", "expected a word, or words in quotes"),
            ("...", "expected a word, or words in quotes"),
        ] {
            assert_eq!(read(raw), Err(why.to_owned()), "{raw}");
        }
        // Where a word should stand it is looked for as a word.
        assert_eq!(read("or a"), Ok(Words::All(vec![phrase("or"), phrase("a")])));
        assert_eq!(read(&"a ".repeat(65)), Err("at most 64 words".to_owned()));
        assert!(read(&"(".repeat(40)).is_err());
    }

    #[test]
    fn narratives_are_read_as_they_are_shown() {
        let html = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>M&uuml;ller &amp; S&#246;hne</p><!-- no -->B<b>o</b>ne<br/>1&lt;2 Stra&szlig;e &nbsp;R&D</div>";
        assert_eq!(words(&shown(html)), ["muller", "sohne", "bone", "1", "2", "strasse", "r", "d"]);
    }
}
