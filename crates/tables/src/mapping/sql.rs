//! Reads SQL within bounds, every part with its place in its file.

use super::problem::{Place, Problems};
use sqlparser::ast::{Expr, OrderByExpr, Query, SetExpr, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};
use std::ops::ControlFlow;

/// Bytes of a file, at most.
const TEXT_BYTES: usize = 256 << 10;
/// Levels of nesting that a statement may have.
const NESTING: usize = 64;
/// Operators and keywords that a statement may have: each can be a level, and expressions are walked by recursion.
const PARTS: usize = 2_000;
/// Levels of the parsed statement. `a || b || c …` is as deep as it is long, and what is parsed is walked, copied and dropped by
/// recursion on stacks of usual size.
const LEVELS: usize = 300;
/// Stack on which long statements are parsed, in bytes: more than [`PARTS`] levels need.
const PARSING_STACK_BYTES: usize = 64 << 20;

static DIALECT: GenericDialect = GenericDialect {};

impl Place {
    /// Where a span begins; none for what carries no place.
    pub fn of_span(span: Span) -> Option<Place> {
        let Location { line, column } = span.start;
        (line > 0).then_some(Place { line: line as u32, column: column.max(1) as u32 })
    }
}

/// The tokens of a text that begins at `start` in its file.
fn tokens(text: &str, start: Place, problems: &mut Problems<'_>) -> Option<Vec<TokenWithSpan>> {
    if text.len() > TEXT_BYTES {
        problems.add(start, format!("the file has {} bytes; at most {TEXT_BYTES} are read", text.len()));
        return None;
    }
    let moved = |location: &mut Location| {
        if location.line == 1 {
            location.column += u64::from(start.column) - 1;
        }
        if location.line > 0 {
            location.line += u64::from(start.line) - 1;
        }
    };
    let mut tokens = match Tokenizer::new(&DIALECT, text).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => {
            let mut location = error.location;
            moved(&mut location);
            let place = Place { line: location.line.max(1) as u32, column: location.column.max(1) as u32 };
            problems.add(place, format!("this is no SQL: {}", error.message));
            return None;
        }
    };
    for token in &mut tokens {
        moved(&mut token.span.start);
        moved(&mut token.span.end);
    }
    if parts(&tokens) > PARTS {
        let hint = "use IN or a code map for long lists of values".to_owned();
        problems.hint(start, format!("a statement has at most {PARTS} operators and keywords"), hint);
        return None;
    }
    Some(tokens)
}

fn parts(tokens: &[TokenWithSpan]) -> usize {
    tokens.iter().filter(|token| is_part(&token.token)).count()
}

/// Parses, on a large stack if need be; what is nested too deeply is an error like any other.
fn parsed<T: Visit + Send>(
    tokens: Vec<TokenWithSpan>,
    parse: impl FnOnce(&mut Parser<'static>) -> Result<T, Refused> + Send,
) -> Result<T, Refused> {
    // Brackets add their own levels, which the parser bounds.
    let may_be_deep = parts(&tokens) + NESTING > LEVELS;
    let work = move || {
        let mut parser = Parser::new(&DIALECT).with_recursion_limit(NESTING).with_tokens_with_locations(tokens);
        let value = parse(&mut parser)?;
        if may_be_deep && is_too_deep(&value) { Err(Refused::Deep) } else { Ok(value) }
    };
    if !may_be_deep {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(PARSING_STACK_BYTES);
        match thread.spawn_scoped(scope, work).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(parsed)) => parsed,
            _ => Err(Refused::Deep),
        }
    })
}

/// Why a text was not parsed.
enum Refused {
    /// It is nested too deeply.
    Deep,
    /// Something follows it.
    Follows(TokenWithSpan),
    /// It is no SQL; the parser stands at this token.
    Syntax(ParserError, TokenWithSpan),
}

/// True if a statement has more levels than [`LEVELS`].
fn is_too_deep(sql: &impl Visit) -> bool {
    struct Levels(usize);
    impl Visitor for Levels {
        type Break = ();
        fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.0 += 1;
            if self.0 > LEVELS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            let mut body = &*query.body;
            let mut levels = 0;
            while let SetExpr::SetOperation { left, .. } = body {
                levels += 1;
                body = left;
            }
            if levels > LEVELS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    sql.visit(&mut Levels(0)).is_break()
}

/// Whether a token is an operator or a keyword: what can make an expression deeper. Lists of names and values do not.
fn is_part(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            !matches!(word.keyword, Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::AS)
        }
        Token::Comma | Token::Period | Token::LParen | Token::RParen | Token::Number(..) | Token::Whitespace(_) => {
            false
        }
        Token::SingleQuotedString(_) | Token::EOF | Token::SemiColon => false,
        _ => true,
    }
}

/// One `SELECT` statement; what is before and after it may be comments alone.
pub fn query(text: &str, start: Place, problems: &mut Problems<'_>) -> Option<Query> {
    let tokens = tokens(text, start, problems)?;
    let is_something = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
    let Some(first) = tokens.iter().find(is_something) else {
        problems.add(start, "there is no SELECT");
        return None;
    };
    let first_place = Place::of_span(first.span).unwrap_or(start);
    if !is_reading(&first.token) {
        let hint = "a file of a mapping holds one SELECT (or WITH … SELECT)".to_owned();
        problems.hint(first_place, format!("`{}` cannot stand here", first.token), hint);
        return None;
    }
    let query = parsed(tokens, |parser| {
        let query = parser.parse_query().map_err(|error| Refused::Syntax(error, parser.peek_token()))?;
        while parser.consume_token(&Token::SemiColon) {}
        end(parser)?;
        Ok(*query)
    });
    query.map_err(|refused| refuse(&refused, first_place, problems)).ok()
}

/// A list of expressions, as directives have them.
pub fn expressions(text: &str, start: Place, problems: &mut Problems<'_>) -> Option<Vec<Expr>> {
    whole(text, start, problems, |parser| parser.parse_comma_separated(Parser::parse_expr))
}

/// A list of expressions to order by.
pub fn order(text: &str, start: Place, problems: &mut Problems<'_>) -> Option<Vec<OrderByExpr>> {
    whole(text, start, problems, |parser| parser.parse_comma_separated(Parser::parse_order_by_expr))
}

fn whole<T: Visit + Send>(
    text: &str,
    start: Place,
    problems: &mut Problems<'_>,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError> + Send,
) -> Option<T> {
    let tokens = tokens(text, start, problems)?;
    let value = parsed(tokens, |parser| {
        let value = read(parser).map_err(|error| Refused::Syntax(error, parser.peek_token()))?;
        end(parser)?;
        Ok(value)
    });
    value.map_err(|refused| refuse(&refused, start, problems)).ok()
}

fn end(parser: &Parser<'_>) -> Result<(), Refused> {
    let next = parser.peek_token();
    if next.token == Token::EOF { Ok(()) } else { Err(Refused::Follows(next)) }
}

fn is_reading(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(word.keyword, Keyword::SELECT | Keyword::WITH),
        Token::LParen => true,
        _ => false,
    }
}

fn refuse(refused: &Refused, start: Place, problems: &mut Problems<'_>) {
    match refused {
        Refused::Deep | Refused::Syntax(ParserError::RecursionLimitExceeded, _) => {
            let hint = "take it apart with WITH or views".to_owned();
            problems.hint(start, "the statement is nested too deeply", hint);
        }
        Refused::Follows(next) => {
            let place = Place::of_span(next.span).unwrap_or(start);
            problems.hint(place, format!("`{}` follows where the statement ends", next.token), path_hint(&next.token));
        }
        Refused::Syntax(ParserError::TokenizerError(message) | ParserError::ParserError(message), next) => {
            // The message ends in its place: "Expected: …, found: . at Line: 3, Column: 14".
            let (message, place) = match message.rsplit_once(" at Line: ") {
                Some((message, place)) => (message, place_in_words(place)),
                None => (message.as_str(), None),
            };
            let place = place.or_else(|| Place::of_span(next.span)).unwrap_or(start);
            let message = message.trim_start_matches("sql parser error: ").trim_start_matches("Expected: ");
            let found = message.rsplit_once("found: ").map_or("", |(_, found)| found.trim());
            let hint = if found.starts_with('.') { path_hint(&Token::Period) } else { None };
            problems.hint(place, format!("this is no SQL: expected {message}"), hint);
        }
    }
}

/// `3, Column: 14`
fn place_in_words(text: &str) -> Option<Place> {
    let (line, column) = text.split_once(", Column: ")?;
    let place = Place { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? };
    (place.line > 0).then_some(place)
}

/// An element path that should have had quotes.
fn path_hint(token: &Token) -> Option<String> {
    matches!(token, Token::Period | Token::LBracket)
        .then(|| "an element path with dots or brackets needs double quotes: AS \"value.Quantity\"".to_owned())
}
