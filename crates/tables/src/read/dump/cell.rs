//! The cells of a dump as canonical text.

use super::lex::Escapes;
use crate::read::canonical::{push_bool, push_bytes, push_f64, push_timestamp_text};
use std::fmt::Write;

/// What a column's type means for the text of its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Type {
    /// As it is written.
    #[default]
    Text,
    Boolean,
    /// Floating point; of single precision too, since the digits of either give it back.
    Double,
    /// Date and time, or time of day.
    Time,
    Bits,
}

impl Type {
    /// Of a type's name, in small letters.
    pub(super) fn of(name: &str) -> Type {
        let word = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        match word {
            "boolean" | "bool" => Type::Boolean,
            "real" | "double" | "float" | "float4" | "float8" => Type::Double,
            "timestamp" | "timestamptz" | "datetime" | "datetime2" | "time" | "timetz" => Type::Time,
            "bit" => Type::Bits,
            _ => Type::Text,
        }
    }
}

/// Writes a text of a dump, without its escapes, as a cell of a column.
pub(super) fn write_text(out: &mut String, text: &str, escapes: Escapes, kind: Type) {
    let start = out.len();
    if kind == Type::Bits && matches!(escapes, Escapes::Backslash(_)) {
        // Old versions of mysqldump write bits as the bytes they are.
        return write_binary(out, text, escapes, kind);
    }
    match escapes {
        Escapes::None => out.push_str(text),
        Escapes::Doubled(quote) => undouble(out, text, quote),
        Escapes::Backslash(quote) => unescape(out, text, quote),
    }
    typed(out, start, kind);
}

/// Spells what was written since `start` as its type is spelled here.
pub(super) fn typed(out: &mut String, start: usize, kind: Type) {
    let text = &out[start..];
    match kind {
        Type::Text | Type::Bits => {}
        Type::Boolean => {
            let value = match text {
                "t" | "true" | "TRUE" | "1" => true,
                "f" | "false" | "FALSE" | "0" => false,
                _ => return,
            };
            out.truncate(start);
            push_bool(out, value);
        }
        Type::Double => {
            if let Ok(value) = text.parse::<f64>() {
                out.truncate(start);
                push_f64(out, value);
            }
        }
        Type::Time => {
            let text = text.to_owned();
            out.truncate(start);
            push_timestamp_text(out, &text);
        }
    }
}

/// Writes a text of hexadecimal digits as bytes.
pub(super) fn write_hex(out: &mut String, digits: &str, kind: Type) {
    if kind == Type::Bits
        && let Ok(value) = u64::from_str_radix(digits, 16)
    {
        let _ = write!(out, "{value}");
        return;
    }
    out.push_str("\\x");
    out.extend(digits.chars().map(|c| c.to_ascii_lowercase()));
}

/// Writes a text of bits as a number.
pub(super) fn write_bits(out: &mut String, digits: &str) {
    match u64::from_str_radix(digits, 2) {
        Ok(value) => {
            let _ = write!(out, "{value}");
        }
        Err(_) => out.push_str(digits),
    }
}

/// Writes a text that is declared to be bytes.
pub(super) fn write_binary(out: &mut String, text: &str, escapes: Escapes, kind: Type) {
    let mut bytes = String::new();
    write_text(&mut bytes, text, escapes, Type::Text);
    if kind == Type::Bits && bytes.len() <= 8 {
        let value = bytes.bytes().fold(0_u64, |value, byte| value << 8 | u64::from(byte));
        let _ = write!(out, "{value}");
    } else {
        push_bytes(out, bytes.as_bytes());
    }
}

fn undouble(out: &mut String, text: &str, quote: u8) {
    let mut from = 0;
    while let Some(found) = memchr::memchr(quote, &text.as_bytes()[from..]) {
        out.push_str(&text[from..=from + found]);
        from = (from + found + 2).min(text.len());
    }
    out.push_str(&text[from..]);
}

/// Escapes of MySQL, and of PostgreSQL's `E'…'`.
fn unescape(out: &mut String, text: &str, quote: u8) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memchr2(quote, b'\\', &bytes[from..]) {
        let found = from + found;
        out.push_str(&text[from..found]);
        if bytes[found] == quote {
            out.push(char::from(quote));
            from = (found + 2).min(bytes.len());
            continue;
        }
        let Some(c) = text[found + 1..].chars().next() else {
            from = bytes.len();
            break;
        };
        let written = match c {
            '0' => '\0',
            'b' => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'Z' => '\u{1a}',
            // A wildcard keeps its backslash.
            '%' | '_' => {
                out.push('\\');
                c
            }
            _ => c,
        };
        out.push(written);
        from = found + 1 + c.len_utf8();
    }
    out.push_str(&text[from..]);
}

/// Writes a field of `COPY`, without its escapes.
pub(super) fn write_field(out: &mut String, text: &str, kind: Type) {
    let start = out.len();
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[from..]) {
        let found = from + found;
        out.push_str(&text[from..found]);
        let Some(c) = text[found + 1..].chars().next() else {
            from = bytes.len();
            break;
        };
        from = found + 1 + c.len_utf8();
        let digits = |from: usize, most: usize, radix: u32| {
            let length = bytes[from..].iter().take(most).take_while(|byte| char::from(**byte).is_digit(radix)).count();
            (length, u32::from_str_radix(&text[from..from + length], radix).ok())
        };
        match c {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            '0'..='7' => {
                let (length, value) = digits(found + 1, 3, 8);
                out.extend(value.and_then(char::from_u32).filter(char::is_ascii));
                from = found + 1 + length;
            }
            'x' if bytes.get(from).is_some_and(u8::is_ascii_hexdigit) => {
                let (length, value) = digits(from, 2, 16);
                out.extend(value.and_then(char::from_u32).filter(char::is_ascii));
                from += length;
            }
            _ => out.push(c),
        }
    }
    out.push_str(&text[from..]);
    typed(out, start, kind);
}
