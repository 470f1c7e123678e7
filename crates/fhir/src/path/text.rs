//! Patterns and encodings of the text functions.

use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// Sizes that a compiled pattern may have, in bytes, and how many units of work a byte of text then is. Matching takes a step for each
/// state that is open at each byte, so a pattern that repeats itself a thousand times is slow without being wrong.
const PATTERN_SIZES: [(usize, usize); 3] = [(16 << 10, 1), (128 << 10, 8), (1 << 20, 64)];

/// A compiled pattern, and what it costs.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    per_byte: usize,
}

impl Pattern {
    /// Units of work of looking through so many bytes.
    pub(super) fn cost(&self, bytes: usize) -> usize {
        bytes.saturating_mul(self.per_byte)
    }
}

/// Compiles a pattern. As FHIRPath has it, `.` also takes line ends; flags are `i` and `m`.
pub(super) fn pattern(text: &str, flags: &str, whole: bool) -> Result<Pattern, String> {
    let text = if whole { Cow::Owned(format!("^(?:{text})$")) } else { Cow::Borrowed(text) };
    let multiline = flags.contains('m');
    let mut builder = RegexBuilder::new(&text);
    builder.dot_matches_new_line(!multiline).multi_line(multiline).case_insensitive(flags.contains('i'));
    let mut refused = String::new();
    for (size, per_byte) in PATTERN_SIZES {
        match builder.size_limit(size).build() {
            Ok(regex) => return Ok(Pattern { regex, per_byte }),
            Err(error @ regex::Error::CompiledTooBig(_)) => refused = error.to_string(),
            Err(error) => return Err(format!("not a pattern that is understood: {error}")),
        }
    }
    Err(format!("not a pattern that is understood: {refused}"))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `text` in one of the encodings `hex`, `base64`, `urlbase64`; `None` for other names.
pub(super) fn encode(text: &str, encoding: &str) -> Option<String> {
    let alphabet = match encoding {
        "hex" => {
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
            return Some(text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect());
        }
        "base64" => BASE64,
        "urlbase64" => BASE64_URL,
        _ => return None,
    };
    let mut out = String::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            if at <= chunk.len() {
                out.push(char::from(alphabet[(bits >> (18 - 6 * at)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    Some(out)
}

/// Undoes [`encode`]; `None` for other encodings, and for what is not encoded text.
pub(super) fn decode(text: &str, encoding: &str) -> Option<String> {
    let bytes = match encoding {
        "hex" => {
            let digits: Vec<u8> =
                text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
            if !digits.len().is_multiple_of(2) {
                return None;
            }
            digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
        }
        "base64" => decode_base64(text, BASE64)?,
        "urlbase64" => decode_base64(text, BASE64_URL)?,
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

fn decode_base64(text: &str, alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut bits = 0_u32;
        for (at, byte) in chunk.iter().enumerate() {
            let value = alphabet.iter().position(|letter| letter == byte)? as u32;
            bits |= value << (18 - 6 * at);
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

/// `text` safe within `html` or `json`; `None` for other targets.
pub(super) fn escape(text: &str, target: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    match target {
        "html" => {
            for c in text.chars() {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    c => out.push(c),
                }
            }
        }
        "json" => {
            crate::json::escape_into(&mut out, text);
            out.pop();
            out.remove(0);
        }
        _ => return None,
    }
    Some(out)
}

/// Undoes [`escape`]; `None` for other targets, and for what is not escaped text.
pub(super) fn unescape(text: &str, target: &str) -> Option<String> {
    match target {
        "json" => {
            // Quotes need no escape here: the text is the inside of a string, not the string.
            let mut quoted = String::with_capacity(text.len() + 2);
            quoted.push('"');
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                if c == '"' {
                    quoted.push('\\');
                }
                quoted.push(c);
                if c == '\\' {
                    quoted.extend(chars.next());
                }
            }
            quoted.push('"');
            let document = crate::json::Document::parse(quoted.as_bytes()).ok()?;
            Some(document.root().as_str()?.into_owned())
        }
        "html" => {
            let mut out = String::with_capacity(text.len());
            let mut rest = text;
            while let Some(at) = rest.find('&') {
                out.push_str(&rest[..at]);
                rest = &rest[at..];
                let known = rest.find(';').filter(|end| *end <= 10).and_then(|end| Some((entity(&rest[1..end])?, end)));
                match known {
                    Some((c, end)) => {
                        out.push(c);
                        rest = &rest[end + 1..];
                    }
                    None => {
                        out.push('&');
                        rest = &rest[1..];
                    }
                }
            }
            out.push_str(rest);
            Some(out)
        }
        _ => None,
    }
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Elements of XHTML that a narrative may hold (FHIR R4, Narrative § 2.4.0).
const NARRATIVE_ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// True if `html` is a `div` of balanced tags, of elements and attributes that a narrative may have, with some content.
pub(super) fn is_narrative(html: &str) -> bool {
    let html = html.trim();
    if !html.starts_with("<div") || !html.ends_with("</div>") {
        return false;
    }
    let mut open: Vec<&str> = Vec::new();
    let mut content = false;
    let mut closed = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        content |= !rest[..at].trim().is_empty();
        rest = &rest[at..];
        if closed {
            return false;
        }
        if rest.starts_with("<!--") {
            let Some(end) = rest.find("-->") else {
                return false;
            };
            rest = &rest[end + 3..];
            continue;
        }
        let Some(end) = rest.find('>') else {
            return false;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim()) {
                return false;
            }
            closed = open.is_empty();
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split_whitespace().next().unwrap_or_default();
        let attributes = tag[name.len()..].to_ascii_lowercase();
        // Scripts and handlers of events.
        let active =
            attributes.contains("javascript:") || attributes.split_whitespace().any(|word| word.starts_with("on"));
        if !NARRATIVE_ELEMENTS.contains(&name) || active {
            return false;
        }
        content |= name == "img";
        if !empty {
            open.push(name);
        }
    }
    closed && content && rest.is_empty()
}
