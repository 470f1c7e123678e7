//! The cells of a dump as canonical text.

use super::Dialect;
use super::lex::Escapes;
use crate::read::canonical::{push_bool, push_bytes, push_f64, push_moment_text, push_timestamp_text};
use std::borrow::Cow;
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
    /// A moment: what it is in UTC follows from the offset behind it, or from this one, of the dump, in seconds.
    Moment(Option<i32>),
    /// Bits that are a number.
    Bits,
    /// Bytes, written as text of one byte each.
    Bytes,
    /// Bytes as PostgreSQL writes them.
    Bytea,
    /// An amount with the signs of its country.
    Money,
}

impl Type {
    /// Of a type's name and what follows it, in small letters.
    pub(super) fn of(name: &str, dialect: Dialect) -> Type {
        // Some dumps quote them: "pg_catalog"."money".
        let name = name.replace('"', "");
        let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
        let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
        let (word, mut rest) = (&name[..end], name[end..].trim_start());
        let mut length = None;
        if let Some((inside, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            (length, rest) = (inside.trim().parse::<u32>().ok(), after.trim_start());
        }
        let has_zone = rest.starts_with("with time zone");
        let rest = ["without time zone", "with time zone", "precision"]
            .iter()
            .fold(rest, |rest, words| rest.strip_prefix(words).unwrap_or(rest));
        if rest.trim_start().starts_with('[') || rest.trim_start().starts_with("array") {
            return Type::Text;
        }
        match (word, dialect) {
            ("boolean" | "bool", _) => Type::Boolean,
            // There is no boolean: it is declared as one of these.
            ("tinyint", Dialect::MySql) if length == Some(1) => Type::Boolean,
            ("bit", Dialect::MySql) if length.is_none_or(|length| length == 1) => Type::Boolean,
            ("bit", Dialect::MySql) => Type::Bits,
            ("real" | "double" | "float" | "float4" | "float8", _) => Type::Double,
            ("timestamptz", _) | ("timestamp", Dialect::MySql) => Type::Moment(None),
            ("timestamp", _) if has_zone => Type::Moment(None),
            ("timestamp" | "datetime" | "datetime2" | "time" | "timetz", _) => Type::Time,
            ("bytea", _) => Type::Bytea,
            ("money", Dialect::Standard) => Type::Money,
            (
                "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry" | "point"
                | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon" | "geometrycollection"
                | "geomcollection",
                Dialect::MySql,
            ) => Type::Bytes,
            _ => Type::Text,
        }
    }
}

/// Writes a text of a dump, without its escapes, as a cell of a column.
pub(super) fn write_text(out: &mut String, text: &str, escapes: Escapes, kind: Type) {
    let start = out.len();
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
        Type::Text | Type::Bits | Type::Bytes => {}
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
        Type::Moment(offset_s) => {
            let text = text.to_owned();
            out.truncate(start);
            push_moment_text(out, &text, offset_s);
        }
        Type::Bytea => {
            if text.starts_with("\\x") {
                return;
            }
            if let Some(bytes) = bytea(text.as_bytes()) {
                out.truncate(start);
                push_bytes(out, &bytes);
            }
        }
        Type::Money => {
            if let Some(amount) = amount(text) {
                out.truncate(start);
                out.push_str(&amount);
            }
        }
    }
}

/// Bytes in PostgreSQL's older spelling: those that are no letters as `\` and three octal digits.
fn bytea(text: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
        } else if let Some(after) = after.strip_prefix(b"\\") {
            out.push(b'\\');
            rest = after;
        } else {
            let digits = std::str::from_utf8(after.get(..3)?).ok()?;
            out.push(u8::from_str_radix(digits, 8).ok()?);
            rest = &after[3..];
        }
    }
    Some(out)
}

/// An amount with the signs of its country, as a decimal: `-$1,234.50`, `12,50 €`, `(¥1,200,000)`. None where it could be two: three digits
/// behind the only sign are thousands in one country and a fraction in another.
fn amount(text: &str) -> Option<String> {
    let is_negative = text.contains('-') || text.starts_with('(');
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let to = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let number = &text[from..to];
    let last = number.rfind(|c: char| !c.is_ascii_digit());
    let point = last.filter(|at| number[*at..].starts_with(['.', ',']));
    let point = match point.map(|at| (at, number.len() - at - 1)) {
        None => None,
        Some((at, 3)) => {
            let before: Vec<char> = number[..at].chars().filter(|c| !c.is_ascii_digit()).collect();
            let other = before.iter().any(|sign| !number[at..].starts_with(*sign));
            if before.is_empty() {
                return None;
            }
            other.then_some(at)
        }
        Some((at, _)) => Some(at),
    };
    let (whole, fraction) = point.map_or((number, ""), |at| (&number[..at], &number[at + 1..]));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let sign = if is_negative { "-" } else { "" };
    Some(if fraction.is_empty() { format!("{sign}{digits}") } else { format!("{sign}{digits}.{fraction}") })
}

/// Writes a text of hexadecimal digits as bytes.
pub(super) fn write_hex(out: &mut String, digits: &str, kind: Type) {
    if matches!(kind, Type::Bits | Type::Boolean)
        && let Ok(value) = u64::from_str_radix(digits, 16)
    {
        return write_number(out, value, kind);
    }
    out.push_str("\\x");
    out.extend(digits.chars().map(|c| c.to_ascii_lowercase()));
}

/// Writes a text of bits: of MySQL as a number, of PostgreSQL as it is.
pub(super) fn write_bits(out: &mut String, digits: &str, kind: Type) {
    match u64::from_str_radix(digits, 2) {
        Ok(value) if matches!(kind, Type::Bits | Type::Boolean) => write_number(out, value, kind),
        _ => out.push_str(digits),
    }
}

fn write_number(out: &mut String, value: u64, kind: Type) {
    let start = out.len();
    let _ = write!(out, "{value}");
    typed(out, start, kind);
}

/// Writes a text that is bytes.
pub(super) fn write_binary(out: &mut String, text: &[u8], escapes: Escapes, kind: Type) {
    let bytes = match escapes {
        Escapes::None => Cow::Borrowed(text),
        Escapes::Doubled(quote) | Escapes::Backslash(quote) => {
            Cow::Owned(bytes_of(text, quote, matches!(escapes, Escapes::Backslash(_))))
        }
    };
    if matches!(kind, Type::Bits | Type::Boolean) && bytes.len() <= 8 {
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        write_number(out, value, kind);
    } else {
        push_bytes(out, &bytes);
    }
}

/// Bytes between quotes, which need be no text.
fn bytes_of(text: &[u8], quote: u8, has_backslashes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match after.split_first() {
            Some((next, after)) if *byte == quote && *next == quote => {
                out.push(quote);
                rest = after;
            }
            Some((next, after)) if *byte == b'\\' && has_backslashes => {
                out.push(meant(*next).unwrap_or(*next));
                rest = after;
            }
            _ => out.push(*byte),
        }
    }
    out
}

/// What a byte after a backslash stands for, if it is not itself.
fn meant(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 0x1a,
        _ => return None,
    })
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
        // A wildcard keeps its backslash.
        if matches!(c, '%' | '_') {
            out.push('\\');
        }
        out.push(u8::try_from(c).ok().and_then(meant).map_or(c, char::from));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_their_dialect() {
        for (name, mysql, standard) in [
            ("tinyint(1) unsigned not null", Type::Boolean, Type::Text),
            ("bit(1) default b'0'", Type::Boolean, Type::Text),
            ("bit(7)", Type::Bits, Type::Text),
            ("timestamp null default null", Type::Moment(None), Type::Time),
            ("timestamp(3) with time zone default now()", Type::Moment(None), Type::Moment(None)),
            ("timestamp without time zone default 'with time zone'", Type::Moment(None), Type::Time),
            ("double precision[]", Type::Text, Type::Text),
            ("varbinary(10) default null", Type::Bytes, Type::Text),
            ("bytea", Type::Bytea, Type::Bytea),
            ("bytea[]", Type::Text, Type::Text),
            ("money", Type::Text, Type::Money),
            ("\"pg_catalog\".\"money\" not null", Type::Text, Type::Money),
        ] {
            assert_eq!(
                (Type::of(name, Dialect::MySql), Type::of(name, Dialect::Standard)),
                (mysql, standard),
                "{name}"
            );
        }
    }

    #[test]
    fn amounts_and_bytes_are_read_whatever_the_country_and_the_version() {
        for (written, read) in [
            ("$12.50", "12.50"),
            ("-$1,234.50", "-1234.50"),
            ("12,50 €", "12.50"),
            ("-1.234.567,89 €", "-1234567.89"),
            ("¥1,200,000", "1200000"),
            ("¥200", "200"),
            ("KD 1,234.567", "1234.567"),
            ("1 234,567 DT", "1234.567"),
            ("12 345 Ft", "12345"),
            ("($0.05)", "-0.05"),
        ] {
            assert_eq!(amount(written).as_deref(), Some(read));
        }
        // In one country this is more than a thousand, in another little more than one.
        assert_eq!((amount("KD 1.234"), amount("¥1,200")), (None, None));
        assert_eq!(bytea(br"a\\b\000\377").as_deref(), Some(&b"a\\b\0\xff"[..]));
        assert_eq!(bytea(br"a\9"), None);
    }
}
