//! Text to tokens (FHIRPath N1, appendix B).

use super::error::CompileError;
use super::temporal::Temporal;

/// A token with the offset of its first byte.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: u32,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name or keyword as written.
    Word(String),
    /// A name in backticks.
    Delimited(String),
    String(String),
    /// Digits, with a fraction or without.
    Number(String),
    Temporal(Temporal),
    /// `$this`, `$index`, `$total`: the name without the dollar.
    Special(String),
    /// Operators and brackets.
    Sign(&'static str),
    End,
}

/// Expressions longer than this are refused.
pub(super) const LENGTH_LIMIT: usize = 64 << 10;

const SIGNS: [&str; 25] = [
    "!=", "!~", "<=", ">=", ".", "[", "]", "(", ")", "{", "}", "+", "-", "*", "/", "&", "|", "<", ">", "=", "~", ",",
    "%", ":", ";",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, CompileError> {
    if text.len() > LENGTH_LIMIT {
        return Err(CompileError::syntax(LENGTH_LIMIT, format!("longer than {LENGTH_LIMIT} bytes")));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip()?;
        let at = lexer.at as u32;
        let kind = lexer.next()?;
        let end = kind == TokenKind::End;
        tokens.push(Token { at, kind });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::syntax(self.at, what))
    }

    /// Passes over white space and comments.
    fn skip(&mut self) -> Result<(), CompileError> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            } else if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return self.fail("a comment without an end"),
                }
            } else {
                let space = rest.len() - rest.trim_start().len();
                if space == 0 {
                    return Ok(());
                }
                self.at += space;
            }
        }
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !accept(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn next(&mut self) -> Result<TokenKind, CompileError> {
        let Some(&first) = self.rest().as_bytes().first() else {
            return Ok(TokenKind::End);
        };
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Ok(TokenKind::Word(self.word().to_owned())),
            b'0'..=b'9' => Ok(self.number()),
            b'\'' => Ok(TokenKind::String(self.quoted('\'')?)),
            b'`' => Ok(TokenKind::Delimited(self.quoted('`')?)),
            b'@' => self.temporal(),
            b'$' => {
                self.at += 1;
                match self.word() {
                    "" => self.fail("expected this, index or total after '$'"),
                    name => Ok(TokenKind::Special(name.to_owned())),
                }
            }
            _ => match SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Ok(TokenKind::Sign(sign))
                }
                None => {
                    let found = self.rest().chars().next().unwrap_or_default();
                    self.fail(format!("unexpected character {found:?}"))
                }
            },
        }
    }

    fn word(&mut self) -> &'a str {
        self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    fn number(&mut self) -> TokenKind {
        let from = self.at;
        self.take_while(|byte| byte.is_ascii_digit());
        // `1.toString()` is a call on 1; `1.5` is a number.
        let rest = self.rest().as_bytes();
        if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
        }
        TokenKind::Number(self.text[from..self.at].to_owned())
    }

    fn temporal(&mut self) -> Result<TokenKind, CompileError> {
        let rest = &self.rest()[1..];
        let (value, length) = Temporal::parse_prefix(rest)
            .ok_or_else(|| CompileError::syntax(self.at, "expected a date, time or dateTime after '@'"))?;
        self.at += 1 + length;
        Ok(TokenKind::Temporal(value))
    }

    /// A string or name in quotes, with its escapes resolved.
    fn quoted(&mut self, quote: char) -> Result<String, CompileError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(found) = self.rest().chars().next() else {
                self.at = start;
                return self.fail(format!("no closing {quote}"));
            };
            self.at += found.len_utf8();
            if found == quote {
                return Ok(out);
            }
            if found != '\\' {
                out.push(found);
                continue;
            }
            let Some(escape) = self.rest().chars().next() else {
                return self.fail("an escape without a character");
            };
            let resolved = match escape {
                '\'' | '"' | '`' | '\\' | '/' => escape,
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                'f' => '\u{c}',
                'u' => self.unicode()?,
                _ => return self.fail(format!("unknown escape \\{escape}")),
            };
            self.at += escape.len_utf8();
            out.push(resolved);
        }
    }

    /// The character of `uXXXX`, surrogate pairs included; leaves the place before the last four digits' own escape letter.
    fn unicode(&mut self) -> Result<char, CompileError> {
        let unit = |text: &str| text.get(1..5).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(high) = unit(self.rest()) else {
            return self.fail("expected four hexadecimal digits after \\u");
        };
        let mut code = high;
        let mut length = 4;
        if (0xd800..0xdc00).contains(&high) {
            let low = self.rest().get(5..).filter(|rest| rest.starts_with("\\u")).and_then(|rest| unit(&rest[1..]));
            match low.filter(|low| (0xdc00..0xe000).contains(low)) {
                Some(low) => {
                    code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    length = 10;
                }
                None => return self.fail("a high surrogate without a low one"),
            }
        }
        match char::from_u32(code) {
            Some(found) => {
                self.at += length;
                Ok(found)
            }
            None => self.fail("not a character"),
        }
    }
}
