//! Tokens of SQL, as ranges of a text that may not be whole.

use super::Dialect;
use memchr::{memchr, memchr2};

/// A token; ranges are of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word without quotes: keyword or name.
    Word(usize, usize),
    /// What is between the quotes of a name.
    Name(usize, usize),
    /// What is between the quotes of a text.
    Text(usize, usize, Escapes),
    /// A number, with its sign.
    Number(usize, usize),
    /// Any other character.
    Sign(u8),
    /// The end of the file.
    End,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As it is.
    None,
    /// This quote is written twice.
    Doubled(u8),
    /// The same, and backslashes escape.
    Backslash(u8),
}

/// The text ends within a token.
pub(super) struct Incomplete;

/// Cuts a text into tokens.
pub(super) struct Lexer<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    /// Nothing comes after the text.
    pub(super) last: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, dialect: Dialect, last: bool) -> Self {
        Lexer { text, at: 0, dialect, last }
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// Where the text ends, if nothing comes after it.
    fn end(&self) -> Result<usize, Incomplete> {
        if self.last { Ok(self.text.len()) } else { Err(Incomplete) }
    }

    /// Passes blanks and comments.
    pub(super) fn blanks(&mut self) -> Result<(), Incomplete> {
        let bytes = self.bytes();
        loop {
            while bytes.get(self.at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == 0x0b) {
                self.at += 1;
            }
            let rest = &bytes[self.at..];
            let end = match (rest.first(), rest.get(1)) {
                (Some(b'-' | b'/'), None) if !self.last => return Err(Incomplete),
                (Some(b'-'), Some(b'-')) => line_end(rest),
                (Some(b'#'), _) if self.dialect == Dialect::MySql => line_end(rest),
                (Some(b'/'), Some(b'*')) => memchr::memmem::find(&rest[2..], b"*/").map(|end| end + 4),
                _ => return Ok(()),
            };
            self.at = match end {
                Some(end) => self.at + end,
                None => self.end()?,
            };
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, Incomplete> {
        self.blanks()?;
        let bytes = self.bytes();
        let start = self.at;
        let Some(first) = bytes.get(start).copied() else {
            self.end()?;
            return Ok(Token::End);
        };
        match first {
            b'\'' => self.quoted(
                start,
                if self.dialect == Dialect::MySql { Escapes::Backslash(b'\'') } else { Escapes::Doubled(b'\'') },
            ),
            b'"' if self.dialect == Dialect::MySql => self.quoted(start, Escapes::Backslash(b'"')),
            b'"' | b'`' => match self.quoted(start, Escapes::Doubled(first))? {
                Token::Text(from, to, _) => Ok(Token::Name(from, to)),
                other => Ok(other),
            },
            b'$' if self.dialect == Dialect::Standard => self.dollar(start),
            b'0'..=b'9' => self.number(start, start),
            b'-' | b'+' | b'.' if !self.last && bytes.len() == start + 1 => Err(Incomplete),
            b'-' | b'+' if bytes.get(start + 1).is_some_and(|next| next.is_ascii_digit() || *next == b'.') => {
                self.number(start, start + 1)
            }
            b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number(start, start),
            _ if is_word(first) => {
                let end = self.until(start, is_word)?;
                if self.dialect == Dialect::Standard
                    && end == start + 1
                    && first.eq_ignore_ascii_case(&b'e')
                    && bytes.get(end) == Some(&b'\'')
                {
                    return self.quoted(end, Escapes::Backslash(b'\''));
                }
                self.at = end;
                Ok(Token::Word(start, end))
            }
            _ => {
                self.at = start + 1;
                Ok(Token::Sign(first))
            }
        }
    }

    /// Where bytes end that are alike.
    fn until(&self, start: usize, is: fn(u8) -> bool) -> Result<usize, Incomplete> {
        let length = self.bytes()[start..].iter().position(|byte| !is(*byte));
        length.map_or_else(|| self.end(), |length| Ok(start + length))
    }

    fn number(&mut self, start: usize, digits: usize) -> Result<Token, Incomplete> {
        let bytes = self.bytes();
        let is_hex = bytes[digits..].starts_with(b"0x") || bytes[digits..].starts_with(b"0X");
        let mut end = self.until(digits, |byte| byte.is_ascii_alphanumeric() || byte == b'.')?;
        let is_exponent = !is_hex && matches!(bytes[end - 1], b'e' | b'E');
        if is_exponent && matches!(bytes.get(end), Some(b'-' | b'+')) {
            end = self.until(end + 1, |byte| byte.is_ascii_digit())?;
        }
        self.at = end;
        Ok(Token::Number(start, end))
    }

    /// What is between quotes, the first of which is at `start`.
    fn quoted(&mut self, start: usize, escapes: Escapes) -> Result<Token, Incomplete> {
        let bytes = self.bytes();
        let (quote, backslash) = match escapes {
            Escapes::Backslash(quote) => (quote, true),
            Escapes::Doubled(quote) => (quote, false),
            Escapes::None => (b'\'', false),
        };
        let (mut from, mut is_plain) = (start + 1, true);
        loop {
            let rest = &bytes[from.min(bytes.len())..];
            let found = if backslash { memchr2(quote, b'\\', rest) } else { memchr(quote, rest) };
            let Some(found) = found else {
                // A text that is not closed ends with the file.
                let end = self.end()?;
                self.at = end;
                return Ok(Token::Text(start + 1, end, escapes));
            };
            let found = from + found;
            if bytes[found] == b'\\' {
                (from, is_plain) = (found + 2, false);
                continue;
            }
            match bytes.get(found + 1) {
                None if !self.last => return Err(Incomplete),
                Some(next) if *next == quote => (from, is_plain) = (found + 2, false),
                _ => {
                    self.at = found + 1;
                    return Ok(Token::Text(start + 1, found, if is_plain { Escapes::None } else { escapes }));
                }
            }
        }
    }

    /// A text between `$tag$`, or the sign alone.
    fn dollar(&mut self, start: usize) -> Result<Token, Incomplete> {
        let bytes = self.bytes();
        let end = self.until(start + 1, |byte| is_word(byte) && byte != b'$')?;
        if bytes.get(end) != Some(&b'$') {
            self.at = start + 1;
            return Ok(Token::Sign(b'$'));
        }
        let tag = &bytes[start..=end];
        let from = end + 1;
        match memchr::memmem::find(&bytes[from..], tag) {
            Some(length) => {
                self.at = from + length + tag.len();
                Ok(Token::Text(from, from + length, Escapes::None))
            }
            None => {
                let end = self.end()?;
                self.at = end;
                Ok(Token::Text(from, end, Escapes::None))
            }
        }
    }

    /// True if a token is this word.
    pub(super) fn is(&self, token: Token, word: &str) -> bool {
        matches!(token, Token::Word(from, to) if self.text[from..to].eq_ignore_ascii_case(word))
    }

    /// A name: a word, or between quotes.
    pub(super) fn name(&self, token: Token) -> Option<String> {
        match token {
            Token::Word(from, to) => Some(self.text[from..to].to_owned()),
            Token::Name(from, to) => Some(self.text[from..to].replace("\"\"", "\"").replace("``", "`")),
            // MySQL in ANSI mode.
            Token::Text(from, to, _) if self.bytes()[from - 1] == b'"' => Some(self.text[from..to].to_owned()),
            _ => None,
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@') || byte >= 0x80
}

fn line_end(rest: &[u8]) -> Option<usize> {
    memchr(b'\n', rest).map(|end| end + 1)
}
