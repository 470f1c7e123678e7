//! Escape sequences (chapter 2.7): `\F\ \S\ \T\ \R\ \E\ \P\`, `\X..\`, `\C..\ \M..\` and the formatting commands.

use super::charset::Charset;
use super::parse::Message;
use super::separators::Separators;
use std::borrow::Cow;
use std::ops::Range;

/// Resolves escape sequences in decoded text. What is no sequence of the standard stays as it is, so that a path with
/// backslashes survives.
pub(super) fn unescape<'a>(text: Cow<'a, str>, separators: &Separators, charset: Charset) -> Cow<'a, str> {
    let Some(escape) = separators.escape.map(char::from) else { return text };
    if !text.contains(escape) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(open) = rest.find(escape) {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let sequence = after.find(escape).map(|close| &after[..close]);
        match sequence.and_then(|sequence| Some((sequence.len(), resolve(sequence, separators, charset)?))) {
            Some((length, resolved)) => {
                out.push_str(&resolved);
                rest = &after[length + 1..];
            }
            None => {
                out.push(escape);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Spaces or lines one formatting command may ask for.
const REPEAT_LIMIT: usize = 999;

fn resolve(sequence: &str, separators: &Separators, charset: Charset) -> Option<String> {
    let one = |byte: Option<u8>| byte.map(|b| char::from(b).to_string());
    match sequence {
        "F" => return one(Some(separators.field)),
        "S" => return one(Some(separators.component)),
        "T" => return one(separators.subcomponent.or(Some(b'&'))),
        "R" => return one(separators.repetition.or(Some(b'~'))),
        "E" => return one(separators.escape),
        "P" => return one(separators.truncation.or(Some(b'#'))),
        // Highlighting: FHIR strings have none.
        "H" | "N" => return Some(String::new()),
        _ => {}
    }
    if let Some(hex) = sequence.strip_prefix(['X', 'x']) {
        let bytes = hex_bytes(hex)?;
        return Some(charset.decode(&bytes).0.into_owned());
    }
    // A change of character set inside the text. The sets of one message are handled as a whole, so the change itself has
    // nothing to say.
    if let Some(hex) = sequence.strip_prefix('C').filter(|hex| hex.len() == 4) {
        return hex_bytes(hex).map(|_| String::new());
    }
    if let Some(hex) = sequence.strip_prefix('M').filter(|hex| matches!(hex.len(), 4 | 6)) {
        return hex_bytes(hex).map(|_| String::new());
    }
    let command = sequence.strip_prefix('.')?;
    let (name, argument) = command.split_at_checked(2)?;
    let argument = argument.trim();
    let number = argument.trim_start_matches(['+', '-']);
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count = if number.is_empty() { 1 } else { number.parse().unwrap_or(REPEAT_LIMIT).min(REPEAT_LIMIT) };
    match name.to_ascii_lowercase().as_str() {
        "br" | "ce" => Some("\n".to_owned()),
        "sp" => Some("\n".repeat(count.max(1))),
        "sk" => Some(" ".repeat(count)),
        "fi" | "nf" | "in" | "ti" => Some(String::new()),
        _ => None,
    }
}

fn hex_bytes(hex: &str) -> Option<Vec<u8>> {
    let hex = hex.as_bytes();
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    Some(hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect())
}

/// Where text between escape characters, or from one that has no second, is no sequence of the standard; by bytes of the message.
pub(crate) fn not_escapes(message: &Message<'_>, span: Range<usize>) -> Vec<Range<usize>> {
    /// What is shown of one that does not end.
    const SHOWN_BYTES: usize = 8;
    let separators = message.separators();
    let Some(escape) = separators.escape else { return Vec::new() };
    let bytes = &message.raw()[span.clone()];
    let mut places = Vec::new();
    message.charset().positions(bytes, escape, |at| {
        places.push(at);
        true
    });
    let (mut found, mut next) = (Vec::new(), 0);
    while let Some(&open) = places.get(next) {
        let close = places.get(next + 1).copied();
        let sequence = close.and_then(|close| std::str::from_utf8(&bytes[open + 1..close]).ok());
        if sequence.is_some_and(|sequence| resolve(sequence, separators, message.charset()).is_some()) {
            next += 2;
            continue;
        }
        let end = close.map_or(bytes.len(), |close| close + 1).min(open + SHOWN_BYTES).min(bytes.len());
        found.push(span.start + open..span.start + end);
        next += 1;
    }
    found
}
