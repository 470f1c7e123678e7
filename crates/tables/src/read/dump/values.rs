//! Rows of `INSERT … VALUES`: values in brackets, cut without copying them.

use super::Dialect;
use super::cell::{Type, write_binary, write_bits, write_hex, write_text};
use super::evaluate::evaluate;
use super::lex::{Escapes, Incomplete, Lexer, Token};
use crate::read::{CELL_BYTES, RowBatch};

/// A value of a row, as a range of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: ValueKind,
    from: usize,
    to: usize,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Null,
    True,
    False,
    Number,
    Text(Escapes),
    /// Hexadecimal digits of bytes.
    Hex,
    Bits,
    /// A text that is bytes.
    Binary(Escapes),
    /// Something to be computed.
    Computed,
}

/// Functions that only say of which type a text is.
const CASTS: &[&str] = &[
    "to_date",
    "to_timestamp",
    "to_timestamp_tz",
    "str_to_date",
    "timestamp",
    "date",
    "time",
    "datetime",
    "hextoraw",
    "to_clob",
    "to_nclob",
    "json",
];

/// Cuts the row in brackets that the lexer is at; how long it is with them.
pub(super) fn row(lexer: &mut Lexer<'_>, values: &mut Vec<Value>) -> Result<usize, Incomplete> {
    values.clear();
    lexer.next()?;
    loop {
        let from = lexer.at;
        let mut value = value(lexer)?;
        let mut token = lexer.next()?;
        if value.is_none() && token == Token::Sign(b')') && values.is_empty() {
            return Ok(lexer.at);
        }
        // What comes after it: nothing, or a cast that only says its type.
        let (mut depth, mut to) = (0_u32, from);
        if !matches!(token, Token::Sign(b':' | b',' | b')')) {
            value = None;
        }
        while depth > 0 || !matches!(token, Token::Sign(b',' | b')')) {
            match token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                Token::Sign(b':' | b'[' | b']' | b',' | b'.')
                | Token::Word(..)
                | Token::Name(..)
                | Token::Number(..) => {}
                Token::End => return Ok(lexer.at),
                _ => value = None,
            }
            to = lexer.at;
            token = lexer.next()?;
        }
        let computed = Value { kind: ValueKind::Computed, from, to: to.max(from) };
        values.push(value.unwrap_or(computed));
        if token == Token::Sign(b')') {
            return Ok(lexer.at);
        }
    }
}

/// Reads a literal; none if it is something else, of which nothing or its first token was read.
fn value(lexer: &mut Lexer<'_>) -> Result<Option<Value>, Incomplete> {
    let before = lexer.at;
    let token = lexer.next()?;
    let value = |kind, from, to| Ok(Some(Value { kind, from, to }));
    match token {
        Token::Text(from, to, escapes) => value(ValueKind::Text(escapes), from, to),
        Token::Number(from, to) if lexer.text[from..].starts_with("0x") || lexer.text[from..].starts_with("0X") => {
            value(ValueKind::Hex, from + 2, to)
        }
        Token::Number(from, to) => value(ValueKind::Number, from, to),
        Token::Word(from, to) => {
            let word = &lexer.text[from..to];
            match word.to_ascii_lowercase().as_str() {
                "null" => return value(ValueKind::Null, from, to),
                "true" => return value(ValueKind::True, from, to),
                "false" => return value(ValueKind::False, from, to),
                _ => {}
            }
            let next = lexer.text.as_bytes().get(to).copied();
            if next.is_none() && !lexer.last {
                return Err(Incomplete);
            }
            let is_introducer = word.starts_with('_');
            let is_typed = ["n", "x", "b", "date", "time", "timestamp"].iter().any(|w| word.eq_ignore_ascii_case(w));
            if is_introducer || is_typed && next != Some(b'(') {
                let after = lexer.at;
                if let Token::Text(from, to, escapes) = lexer.next()? {
                    let kind = match word.to_ascii_lowercase().as_str() {
                        "x" => ValueKind::Hex,
                        "b" => ValueKind::Bits,
                        "_binary" => ValueKind::Binary(escapes),
                        _ => ValueKind::Text(escapes),
                    };
                    return value(kind, from, to);
                }
                lexer.at = after;
                return Ok(None);
            }
            if word.eq_ignore_ascii_case("cast") || CASTS.iter().any(|cast| word.eq_ignore_ascii_case(cast)) {
                return cast(lexer);
            }
            Ok(None)
        }
        // What closes the row belongs to it.
        Token::Sign(b')' | b'(' | b',') => {
            lexer.at = before;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// `(literal …)` after the name of a function that does not change it.
fn cast(lexer: &mut Lexer<'_>) -> Result<Option<Value>, Incomplete> {
    let after = lexer.at;
    if lexer.next()? != Token::Sign(b'(') {
        lexer.at = after;
        return Ok(None);
    }
    let inner = value(lexer)?;
    let mut depth = 0_u32;
    loop {
        match lexer.next()? {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') if depth == 0 => return Ok(inner),
            Token::Sign(b')') => depth -= 1,
            Token::End => return Ok(None),
            _ => {}
        }
    }
}

/// How many bytes are not those of the text that stands for them.
pub(super) fn differing(text: &str, bytes: &[u8]) -> usize {
    text.bytes().zip(bytes).filter(|(text, byte)| text != *byte).count()
}

/// Why a value is no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoCell {
    Computed,
    Nul,
    TooLarge,
}

impl Value {
    /// Adds it as a cell; says why the row is none.
    pub(super) fn push(
        self,
        (text, bytes): (&str, &[u8]),
        dialect: Dialect,
        column: Type,
        rows: &mut RowBatch,
    ) -> Result<(), NoCell> {
        let written = &text[self.from..self.to];
        let mut has_nul = false;
        let length = match self.kind {
            ValueKind::Null => {
                rows.push_cell(None);
                0
            }
            ValueKind::Text(escapes) | ValueKind::Binary(escapes) if self.is_bytes(text, column) => {
                rows.write_cell(|out| write_binary(out, &bytes[self.from..self.to], escapes, column))
            }
            ValueKind::True => rows.write_cell(|out| out.push_str("true")),
            ValueKind::False => rows.write_cell(|out| out.push_str("false")),
            ValueKind::Number if written.starts_with('+') => {
                rows.write_cell(|out| write_text(out, &written[1..], Escapes::None, column))
            }
            ValueKind::Number => rows.write_cell(|out| write_text(out, written, Escapes::None, column)),
            ValueKind::Text(escapes) | ValueKind::Binary(escapes) => rows.write_cell(|out| {
                let start = out.len();
                write_text(out, written, escapes, column);
                // Only an escape can bring one: one that stands in the file is found where that is read.
                has_nul = matches!(escapes, Escapes::Backslash(_)) && out[start..].contains('\0');
            }),
            ValueKind::Hex => rows.write_cell(|out| write_hex(out, written, column)),
            ValueKind::Bits => rows.write_cell(|out| write_bits(out, written, column)),
            ValueKind::Computed => match evaluate(written.trim(), dialect) {
                Some(text) => {
                    has_nul = text.contains('\0');
                    rows.write_cell(|out| write_text(out, &text, Escapes::None, column))
                }
                None => return Err(NoCell::Computed),
            },
        };
        match length {
            _ if has_nul => Err(NoCell::Nul),
            length if length > CELL_BYTES => Err(NoCell::TooLarge),
            _ => Ok(()),
        }
    }

    /// Whether it is a text that stands for bytes.
    fn is_bytes(self, text: &str, column: Type) -> bool {
        let written = &text[self.from..self.to];
        match (self.kind, column) {
            (ValueKind::Binary(_), _) | (ValueKind::Text(_), Type::Bytes) => true,
            // Old versions of mysqldump write bits as the bytes they are.
            (ValueKind::Text(_), Type::Bits) => !written.bytes().all(|byte| byte.is_ascii_digit()),
            (ValueKind::Text(_), Type::Boolean) => matches!(written, "\\0" | "\0" | "\u{1}"),
            _ => false,
        }
    }

    /// How many bytes it has that are no text, if it need be none: where its text differs from its bytes.
    pub(super) fn no_text(self, (text, bytes): (&str, &[u8]), column: Type) -> usize {
        if self.is_bytes(text, column) { differing(&text[self.from..self.to], &bytes[self.from..self.to]) } else { 0 }
    }

    /// As it is written.
    pub(super) fn written(self, text: &str) -> &str {
        text[self.from..self.to].trim()
    }
}
