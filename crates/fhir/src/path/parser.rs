//! Tokens to syntax: precedence climbing, bounded in depth.

use super::error::CompileError;
use super::lexer::{self, Token, TokenKind};
use super::quantity::calendar_unit;
use super::syntax::{
    Call, Link, LinkKind, Operator, SIGN_PRECEDENCE, Syntax, SyntaxKind, SyntaxStep, SyntaxStepKind, TYPE_PRECEDENCE,
    TypeName,
};
use crate::decimal::Decimal;

/// Expressions inside expressions: parentheses, arguments, right sides of operators. Long chains do not count.
pub(super) const DEPTH_LIMIT: usize = 100;

pub(super) fn parse(text: &str) -> Result<Syntax, CompileError> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, at: 0, depth: 0 };
    let expression = parser.expression(0)?;
    match parser.peek() {
        TokenKind::End => Ok(expression),
        other => parser.fail(format!("expected an operator or the end, found {}", describe(other))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

fn describe(token: &TokenKind) -> String {
    match token {
        TokenKind::Word(text) => format!("'{text}'"),
        TokenKind::Delimited(text) => format!("`{text}`"),
        TokenKind::String(_) => "a string".to_owned(),
        TokenKind::Number(text) => text.clone(),
        TokenKind::Temporal(value) => format!("@{value}"),
        TokenKind::Special(name) => format!("${name}"),
        TokenKind::Sign(sign) => format!("'{sign}'"),
        TokenKind::End => "the end".to_owned(),
    }
}

enum Infix {
    Operator(Operator),
    Is,
    As,
}

impl Infix {
    fn of(token: &TokenKind) -> Option<Infix> {
        let operator = match token {
            TokenKind::Sign(sign) => match *sign {
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "&" => Operator::Concatenate,
                "|" => Operator::Union,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                "=" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "~" => Operator::Equivalent,
                "!~" => Operator::NotEquivalent,
                _ => return None,
            },
            TokenKind::Word(word) => match word.as_str() {
                "is" => return Some(Infix::Is),
                "as" => return Some(Infix::As),
                "div" => Operator::Div,
                "mod" => Operator::Mod,
                "in" => Operator::In,
                "contains" => Operator::Contains,
                "and" => Operator::And,
                "or" => Operator::Or,
                "xor" => Operator::Xor,
                "implies" => Operator::Implies,
                _ => return None,
            },
            _ => return None,
        };
        Some(Infix::Operator(operator))
    }

    fn precedence(&self) -> u8 {
        match self {
            Infix::Operator(operator) => operator.precedence(),
            Infix::Is | Infix::As => TYPE_PRECEDENCE,
        }
    }
}

impl Parser {
    fn token(&self) -> &Token {
        // The last token is the end, and nothing steps over it.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &TokenKind {
        &self.token().kind
    }

    fn offset(&self) -> u32 {
        self.token().at
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::syntax(self.offset() as usize, what))
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Sign(s) if *s == sign);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), CompileError> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            self.fail(format!("expected '{sign}', found {}", describe(self.peek())))
        }
    }

    /// An expression of operators that bind at least as strongly as `floor`.
    fn expression(&mut self, floor: u8) -> Result<Syntax, CompileError> {
        if self.depth >= DEPTH_LIMIT {
            return self.fail(format!("nested deeper than {DEPTH_LIMIT} levels"));
        }
        self.depth += 1;
        let result = self.operators(floor);
        self.depth -= 1;
        result
    }

    fn operators(&mut self, floor: u8) -> Result<Syntax, CompileError> {
        let mut left = self.operand()?;
        while let Some(infix) = Infix::of(self.peek()).filter(|infix| infix.precedence() >= floor) {
            let precedence = infix.precedence();
            let at = left.at;
            let mut links = Vec::new();
            while let Some(infix) = Infix::of(self.peek()).filter(|infix| infix.precedence() == precedence) {
                let at = self.offset();
                self.at += 1;
                let kind = match infix {
                    Infix::Operator(operator) => LinkKind::Operator(operator, self.expression(precedence + 1)?),
                    Infix::Is => LinkKind::Is(self.type_name()?),
                    Infix::As => LinkKind::As(self.type_name()?),
                };
                links.push(Link { at, kind });
            }
            left = Syntax { at, kind: SyntaxKind::Chain(Box::new(left), links) };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Syntax, CompileError> {
        let at = self.offset();
        if self.take_sign("-") {
            return Ok(Syntax { at, kind: SyntaxKind::Minus(Box::new(self.expression(SIGN_PRECEDENCE)?)) });
        }
        if self.take_sign("+") {
            return Ok(Syntax { at, kind: SyntaxKind::Plus(Box::new(self.expression(SIGN_PRECEDENCE)?)) });
        }
        let term = self.term()?;
        self.steps(term)
    }

    fn steps(&mut self, base: Syntax) -> Result<Syntax, CompileError> {
        let mut steps = Vec::new();
        loop {
            let at = self.offset();
            if self.take_sign(".") {
                let at = self.offset();
                let kind = match self.peek() {
                    TokenKind::Special(name) => return self.fail(format!("${name} cannot follow a dot")),
                    _ => match self.invocation()? {
                        SyntaxKind::Call(call) => SyntaxStepKind::Call(call),
                        SyntaxKind::Name(name) => SyntaxStepKind::Member(name),
                        _ => return self.fail("expected a name after '.'"),
                    },
                };
                steps.push(SyntaxStep { at, kind });
            } else if self.take_sign("[") {
                let index = self.expression(0)?;
                self.expect_sign("]")?;
                steps.push(SyntaxStep { at, kind: SyntaxStepKind::Index(index) });
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(match base.kind {
            // `(a.b).c` is `a.b.c`: parentheses leave no trace, so the path may simply grow.
            SyntaxKind::Path(inner, mut before) => {
                before.extend(steps);
                Syntax { at: base.at, kind: SyntaxKind::Path(inner, before) }
            }
            _ => Syntax { at: base.at, kind: SyntaxKind::Path(Box::new(base), steps) },
        })
    }

    fn term(&mut self) -> Result<Syntax, CompileError> {
        let at = self.offset();
        let kind = match self.peek().clone() {
            TokenKind::Sign("(") => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect_sign(")")?;
                return Ok(inner);
            }
            TokenKind::Sign("{") => {
                self.at += 1;
                self.expect_sign("}")?;
                SyntaxKind::Empty
            }
            TokenKind::Sign("%") => {
                self.at += 1;
                let name = match self.peek().clone() {
                    TokenKind::Word(name) | TokenKind::Delimited(name) | TokenKind::String(name) => name,
                    other => {
                        return self.fail(format!("expected a variable's name after '%', found {}", describe(&other)));
                    }
                };
                self.at += 1;
                // `%vs-name` and `%ext-name` may come without backticks in old expressions.
                SyntaxKind::Variable(name)
            }
            TokenKind::Special(name) => {
                let kind = match name.as_str() {
                    "this" => SyntaxKind::This,
                    "index" => SyntaxKind::Index,
                    "total" => SyntaxKind::Total,
                    _ => return self.fail(format!("there is no ${name}")),
                };
                self.at += 1;
                kind
            }
            TokenKind::String(text) => {
                self.at += 1;
                SyntaxKind::String(text)
            }
            TokenKind::Temporal(value) => {
                self.at += 1;
                SyntaxKind::Temporal(value)
            }
            TokenKind::Number(digits) => {
                self.at += 1;
                self.number(&digits, at)?
            }
            TokenKind::Word(word) if word == "true" || word == "false" => {
                self.at += 1;
                SyntaxKind::Boolean(word == "true")
            }
            TokenKind::Word(word)
                if matches!(word.as_str(), "and" | "or" | "xor" | "implies" | "div" | "mod")
                    && !self.call_follows() =>
            {
                return self.fail(format!("expected a value before '{word}'"));
            }
            TokenKind::Word(_) | TokenKind::Delimited(_) => self.invocation()?,
            other => return self.fail(format!("expected a value, found {}", describe(&other))),
        };
        Ok(Syntax { at, kind })
    }

    fn call_follows(&self) -> bool {
        matches!(self.tokens.get(self.at + 1).map(|t| &t.kind), Some(TokenKind::Sign("(")))
    }

    /// A number, or a quantity if a unit follows.
    fn number(&mut self, digits: &str, at: u32) -> Result<SyntaxKind, CompileError> {
        let value = Decimal::parse(digits)
            .ok_or_else(|| CompileError::syntax(at as usize, "a number of more digits than are kept"))?;
        match self.peek() {
            TokenKind::String(unit) => {
                let (unit, calendar) = match calendar_unit(unit) {
                    Some(word) => (word.to_owned(), true),
                    None => (unit.clone(), false),
                };
                self.at += 1;
                return Ok(SyntaxKind::Quantity { value, unit, calendar });
            }
            TokenKind::Word(word) => {
                if let Some(unit) = calendar_unit(word) {
                    self.at += 1;
                    return Ok(SyntaxKind::Quantity { value, unit: unit.to_owned(), calendar: true });
                }
            }
            _ => {}
        }
        if digits.contains('.') {
            return Ok(SyntaxKind::Decimal(value));
        }
        digits
            .parse()
            .map(SyntaxKind::Integer)
            .map_err(|_| CompileError::syntax(at as usize, "an integer larger than 64 bits hold"))
    }

    /// A name or a call.
    fn invocation(&mut self) -> Result<SyntaxKind, CompileError> {
        let name = match self.peek() {
            TokenKind::Word(name) | TokenKind::Delimited(name) => name.clone(),
            other => return self.fail(format!("expected a name, found {}", describe(other))),
        };
        self.at += 1;
        if !self.take_sign("(") {
            return Ok(SyntaxKind::Name(name));
        }
        let mut arguments = Vec::new();
        if !self.take_sign(")") {
            loop {
                arguments.push(self.expression(0)?);
                if self.take_sign(")") {
                    break;
                }
                self.expect_sign(",")?;
            }
        }
        Ok(SyntaxKind::Call(Call { name, arguments }))
    }

    /// A type's name after `is` or `as`; parentheses around it are tolerated.
    fn type_name(&mut self) -> Result<TypeName, CompileError> {
        let at = self.offset();
        let parentheses = self.take_sign("(");
        let part = |parser: &mut Parser| match parser.peek().clone() {
            TokenKind::Word(name) | TokenKind::Delimited(name) => {
                parser.at += 1;
                Ok(name)
            }
            other => parser.fail(format!("expected a type's name, found {}", describe(&other))),
        };
        let first = part(self)?;
        let dotted = matches!(self.peek(), TokenKind::Sign("."))
            && matches!(first.as_str(), "FHIR" | "System")
            && !matches!(self.tokens.get(self.at + 2).map(|t| &t.kind), Some(TokenKind::Sign("(")));
        let name = if dotted {
            self.at += 1;
            TypeName { at, namespace: Some(first), name: part(self)? }
        } else {
            TypeName { at, namespace: None, name: first }
        };
        if parentheses {
            self.expect_sign(")")?;
        }
        Ok(name)
    }
}
