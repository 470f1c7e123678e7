//! Texts that a dump puts together because a literal cannot hold them: line ends of `sqlite3 .dump` and of Oracle's scripts.
//!
//! Pieces joined by `||`, and `replace`, `char`, `chr`, `unistr`, `concat` of literals: nothing that depends on when or where
//! it is computed.

use super::Dialect;
use super::cell::{Type, write_text};
use super::lex::{Lexer, Token};

/// Texts put into one another.
const NESTING: u32 = 16;

/// The text that an expression is; none if it is anything but a text made of literals.
pub(super) fn evaluate(text: &str, dialect: Dialect) -> Option<String> {
    let mut lexer = Lexer::new(text, dialect, true);
    let mut out = String::new();
    let after = joined(&mut lexer, NESTING, &mut out)?;
    (after == Token::End).then_some(out)
}

/// Pieces joined by `||`; gives the token after them.
fn joined(lexer: &mut Lexer<'_>, nesting: u32, out: &mut String) -> Option<Token> {
    loop {
        piece(lexer, nesting.checked_sub(1)?, out)?;
        let token = lexer.next().ok()?;
        if token != Token::Sign(b'|') {
            return Some(token);
        }
        if lexer.next().ok()? != Token::Sign(b'|') {
            return None;
        }
    }
}

fn piece(lexer: &mut Lexer<'_>, nesting: u32, out: &mut String) -> Option<()> {
    let name = match lexer.next().ok()? {
        Token::Text(from, to, escapes) => {
            write_text(out, &lexer.text[from..to], escapes, Type::Text);
            return Some(());
        }
        Token::Number(from, to) => {
            out.push_str(&lexer.text[from..to]);
            return Some(());
        }
        Token::Word(from, to) => lexer.text[from..to].to_ascii_lowercase(),
        _ => return None,
    };
    if lexer.next().ok()? != Token::Sign(b'(') {
        return None;
    }
    let mut arguments = Vec::new();
    loop {
        let mut argument = String::new();
        let after = joined(lexer, nesting, &mut argument)?;
        arguments.push(argument);
        match after {
            Token::Sign(b',') => {}
            Token::Sign(b')') => break,
            _ => return None,
        }
    }
    match (name.as_str(), arguments.as_slice()) {
        ("replace", [text, from, to]) if !from.is_empty() => out.push_str(&text.replace(from, to)),
        ("char" | "chr", [code]) => out.push(char::from_u32(code.parse().ok()?)?),
        ("concat", parts) => parts.iter().for_each(|part| out.push_str(part)),
        ("to_clob" | "to_nclob", [text]) => out.push_str(text),
        ("unistr", [text]) => unistr(text, out)?,
        _ => return None,
    }
    Some(())
}

/// `\XXXX`, `\uXXXX`, `\+XXXXXX` and `\UXXXXXXXX` are characters, `\\` a backslash.
fn unistr(text: &str, out: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (skip, length) = match after.chars().next()? {
            'u' => (1, 4),
            '+' => (1, 6),
            'U' => (1, 8),
            _ => (0, 4),
        };
        let digits = after.get(skip..skip + length)?;
        out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
        rest = &after[skip + length..];
    }
    out.push_str(rest);
    Some(())
}
