//! The parser: strict RFC 8259, bounded, one pass, no recursion.

use super::document::{Document, Kind, RawNode};

/// What a text may not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nesting of arrays and objects.
    pub depth: usize,
    /// Length in bytes. At most 4 GiB, because places are 32 bits wide.
    pub bytes: usize,
    /// Number of values and member names: bounds memory at 16 bytes each.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 64, bytes: 512 << 20, nodes: 64 << 20 }
    }
}

/// Why and where a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset} (line {line}, column {column})")]
pub struct SyntaxError {
    /// What was found or expected.
    pub what: String,
    /// Byte offset from the start of the text.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl SyntaxError {
    fn new(bytes: &[u8], offset: usize, what: impl Into<String>) -> Self {
        let before = &bytes[..offset.min(bytes.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = offset - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        SyntaxError { what: what.into(), offset, line, column }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    ValueOrEnd,
    NameOrEnd,
    Name,
    CommaOrEnd,
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<RawNode>,
    limits: Limits,
}

pub(super) fn parse(bytes: &[u8], limits: Limits) -> Result<Document<'_>, SyntaxError> {
    if bytes.len() > limits.bytes.min(u32::MAX as usize) {
        return Err(SyntaxError::new(
            &[],
            0,
            format!("text of {} bytes is longer than the {} allowed", bytes.len(), limits.bytes),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| SyntaxError::new(bytes, e.valid_up_to(), "text is not UTF-8"))?;
    // A byte order mark is not JSON, but exports from Windows carry one; places keep counting it.
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut parser = Parser { bytes, at, nodes: Vec::with_capacity(bytes.len() / 24 + 4), limits };
    parser.document()?;
    Ok(Document { text, nodes: parser.nodes })
}

impl Parser<'_> {
    fn fail<T>(&self, what: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.bytes, self.at, what))
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, escaped: bool) -> Result<(), SyntaxError> {
        if self.nodes.len() >= self.limits.nodes {
            return self.fail(format!("more than {} values", self.limits.nodes));
        }
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(RawNode { start: start as u32, end: self.at as u32, next, kind, escaped });
        Ok(())
    }

    fn document(&mut self) -> Result<(), SyntaxError> {
        let mut open: Vec<u32> = Vec::with_capacity(16);
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let Some(&byte) = self.bytes.get(self.at) else {
                return self.fail("text ends too early");
            };
            match (expect, byte) {
                (Expect::CommaOrEnd, b',') => {
                    self.at += 1;
                    let parent = open.last().copied().map(|i| self.nodes[i as usize].kind);
                    expect = if parent == Some(Kind::Object) { Expect::Name } else { Expect::Value };
                    continue;
                }
                (Expect::ValueOrEnd | Expect::NameOrEnd | Expect::CommaOrEnd, b']' | b'}') => {
                    let Some(index) = open.pop() else {
                        return self.fail("a closing bracket without an opening one");
                    };
                    let closes = if byte == b']' { Kind::Array } else { Kind::Object };
                    if self.nodes[index as usize].kind != closes {
                        return self.fail("the wrong closing bracket");
                    }
                    self.at += 1;
                    let next = self.nodes.len() as u32;
                    let node = &mut self.nodes[index as usize];
                    node.end = self.at as u32;
                    node.next = next;
                }
                (Expect::NameOrEnd | Expect::Name, b'"') => {
                    self.string()?;
                    self.skip_space();
                    if self.bytes.get(self.at) != Some(&b':') {
                        return self.fail("expected ':' after a member name");
                    }
                    self.at += 1;
                    expect = Expect::Value;
                    continue;
                }
                (Expect::NameOrEnd | Expect::Name, _) => return self.fail("expected a member name in quotes"),
                (Expect::CommaOrEnd, _) => return self.fail("expected ',' or a closing bracket"),
                (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                    if open.len() >= self.limits.depth {
                        return self.fail(format!("nested deeper than {} levels", self.limits.depth));
                    }
                    open.push(self.nodes.len() as u32);
                    let start = self.at;
                    self.at += 1;
                    let kind = if byte == b'{' { Kind::Object } else { Kind::Array };
                    self.push(kind, start, false)?;
                    expect = if kind == Kind::Object { Expect::NameOrEnd } else { Expect::ValueOrEnd };
                    continue;
                }
                (Expect::Value | Expect::ValueOrEnd, b'"') => self.string()?,
                (Expect::Value | Expect::ValueOrEnd, b'-' | b'0'..=b'9') => self.number()?,
                (Expect::Value | Expect::ValueOrEnd, b't') => self.word("true", Kind::Bool)?,
                (Expect::Value | Expect::ValueOrEnd, b'f') => self.word("false", Kind::Bool)?,
                (Expect::Value | Expect::ValueOrEnd, b'n') => self.word("null", Kind::Null)?,
                (Expect::Value | Expect::ValueOrEnd, _) => return self.fail("expected a value"),
            }
            if open.is_empty() {
                self.skip_space();
                return if self.at == self.bytes.len() { Ok(()) } else { self.fail("something follows the value") };
            }
            expect = Expect::CommaOrEnd;
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), SyntaxError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail("expected a value");
        }
        let start = self.at;
        self.at += word.len();
        self.push(kind, start, false)
    }

    fn string(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.bytes.get(self.at) {
                None => {
                    self.at = start;
                    return self.fail("a string without an end");
                }
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    match self.bytes.get(self.at) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                        Some(b'u') => self.unicode_escape()?,
                        _ => return self.fail("an unknown escape in a string"),
                    }
                }
                Some(0..=0x1f) => return self.fail("a control character in a string (write it as \\u00XX)"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.push(Kind::String, start, escaped)
    }

    /// At the `u` of `\uXXXX`; a high surrogate must be followed by a low one.
    fn unicode_escape(&mut self) -> Result<(), SyntaxError> {
        let unit = self.hex4(self.at + 1)?;
        self.at += 5;
        if (0xdc00..0xe000).contains(&unit) {
            return self.fail("a low surrogate without a high one");
        }
        if (0xd800..0xdc00).contains(&unit) {
            if self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
                return self.fail("a high surrogate without a low one");
            }
            if !(0xdc00..0xe000).contains(&self.hex4(self.at + 2)?) {
                return self.fail("a high surrogate without a low one");
            }
            self.at += 6;
        }
        Ok(())
    }

    fn hex4(&self, from: usize) -> Result<u32, SyntaxError> {
        hex4(self.bytes, from).map_or_else(|| self.fail("expected four hexadecimal digits"), Ok)
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
            if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return self.fail("a number with a leading zero");
            }
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(Kind::Number, start, false)
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let from = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == from { self.fail("expected a digit") } else { Ok(()) }
    }
}

fn hex4(bytes: &[u8], from: usize) -> Option<u32> {
    let digits = bytes.get(from..from + 4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)?))
}

/// Resolves the escapes of a string that the parser has accepted.
pub(super) fn unescape(inner: &str) -> String {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[from..]) {
        let at = from + found;
        out.push_str(&inner[from..at]);
        from = at + 2;
        match bytes[at + 1] {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let mut unit = hex4(bytes, at + 2).unwrap_or(0xfffd);
                from = at + 6;
                if (0xd800..0xdc00).contains(&unit) {
                    let low = hex4(bytes, at + 8).unwrap_or(0xdc00);
                    unit = 0x10000 + ((unit - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
                    from = at + 12;
                }
                out.push(char::from_u32(unit).unwrap_or('\u{fffd}'));
            }
            other => out.push(other as char),
        }
    }
    out.push_str(&inner[from..]);
    out
}
