//! `_filter`: tests of parameters joined by `and`, `or`, `not` and brackets.
//!
//! `and` and `or` are of one rank and read from left to right. Source: FHIR R4, "Filter".

use super::compare::{Prefix, StringMatch, folded};
use super::filter::{self, Asked, Context};
use super::query::{Filter, SearchError, Test};
use super::{escape, support};
use crate::parameters::ParameterKind;
use crate::schema::TypeId;
use std::borrow::Cow;

/// How many tests an expression may have.
pub const EXPRESSION_TESTS_LIMIT: usize = 256;
/// How deep its brackets may be nested.
pub const EXPRESSION_DEPTH_LIMIT: usize = 32;

const NAME: &str = "_filter";

/// What a test of an expression compares by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Equal,
    Unequal,
    Contains,
    Starts,
    Ends,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    About,
    After,
    Before,
    Present,
    Overlaps,
    Subsumes,
    SubsumedBy,
    In,
    NotIn,
    Refers,
}

const OPERATIONS: [(&str, Operation); 19] = [
    ("eq", Operation::Equal),
    ("ne", Operation::Unequal),
    ("co", Operation::Contains),
    ("sw", Operation::Starts),
    ("ew", Operation::Ends),
    ("gt", Operation::Greater),
    ("lt", Operation::Less),
    ("ge", Operation::GreaterOrEqual),
    ("le", Operation::LessOrEqual),
    ("ap", Operation::About),
    ("sa", Operation::After),
    ("eb", Operation::Before),
    ("pr", Operation::Present),
    ("po", Operation::Overlaps),
    ("ss", Operation::Subsumes),
    ("sb", Operation::SubsumedBy),
    ("in", Operation::In),
    ("ni", Operation::NotIn),
    ("re", Operation::Refers),
];

impl Operation {
    fn name(self) -> &'static str {
        OPERATIONS.iter().find(|(_, operation)| *operation == self).map_or("", |(name, _)| name)
    }
}

impl Context<'_> {
    /// The condition that an expression says of resources of type `of`.
    pub(super) fn expression(&self, of: TypeId, text: &str) -> Result<Filter, SearchError> {
        self.ways.set(0);
        let mut reader = Reader { context: self, of, text, at: 0, tests: 0 };
        let filter = reader.expression(0).map_err(|error| match error {
            // Lenient handling leaves out unknown names, but not a part of an expression, nor all of it.
            SearchError::Unknown { .. } => SearchError::invalid(NAME, text, error.to_string()),
            other => other,
        })?;
        match reader.rest() {
            "" => Ok(filter),
            _ => Err(reader.expected("and, or, or the end")),
        }
    }

    /// One test: a parameter, what it is compared by, and the value as it stands.
    pub(super) fn compared(
        &self,
        of: TypeId,
        code: &str,
        operation: Operation,
        value: &str,
        whole: &str,
    ) -> Result<Test, SearchError> {
        let parameter = filter::find(of, code)?;
        support::check(parameter).map_err(|why| SearchError::unsupported(whole, why))?;
        let name = operation.name();
        let invalid = |why: &str| Err(SearchError::invalid(NAME, &format!("{whole} {name} {value}"), why));
        let refused = || {
            let why = format!("{name} is no comparison for the {} {whole}", support::kind_name(parameter.kind));
            Err(SearchError::unsupported(NAME, why))
        };
        // The bar stands between parts of tokens and quantities, and nowhere else.
        let bars = matches!(parameter.kind, ParameterKind::Token | ParameterKind::Quantity);
        let escaped = escape::escape(value, bars);
        let plain = |modifier: &str, prefix: &str| {
            self.plain(of, &format!("{code}{modifier}"), &format!("{prefix}{escaped}"), whole)
        };
        if operation == Operation::Present {
            return match value {
                "true" => self.plain(of, &format!("{code}:missing"), "false", whole),
                "false" => self.plain(of, &format!("{code}:missing"), "true", whole),
                _ => invalid("expected true or false"),
            };
        }
        let differs = |test: Test| Ok(Test::Unequal { test: Box::new(test) });
        match (parameter.kind, operation) {
            _ if code == "_id" => match operation {
                Operation::Equal => plain("", ""),
                Operation::Unequal => plain(":not", ""),
                _ => refused(),
            },
            (ParameterKind::Token, Operation::Equal) => plain("", ""),
            (ParameterKind::Token, Operation::Unequal) => {
                let test = plain("", "")?;
                let whole_code = |any_of: &[super::TokenMatch]| any_of.iter().all(|token| token.code.is_some());
                match &test {
                    Test::Token { any_of, .. } if whole_code(any_of) => differs(test),
                    _ => invalid("ne needs a code, as in system|code"),
                }
            }
            (ParameterKind::Token, Operation::In) => plain(":in", ""),
            (ParameterKind::Token, Operation::NotIn) => plain(":not-in", ""),
            (ParameterKind::Token, Operation::Subsumes) => plain(":below", ""),
            (ParameterKind::Token, Operation::SubsumedBy) => plain(":above", ""),
            (ParameterKind::String, Operation::Starts) => plain("", ""),
            (ParameterKind::String, Operation::Contains) => plain(":contains", ""),
            (ParameterKind::String, Operation::Equal | Operation::Unequal | Operation::Ends) => {
                let text = folded(Cow::Borrowed(value));
                if text.is_empty() {
                    return invalid("nothing is left of it once white space and accents are gone");
                }
                let wanted =
                    if operation == Operation::Ends { StringMatch::Suffix(text) } else { StringMatch::Equal(text) };
                let test = Test::String { parameter, any_of: vec![wanted] };
                if operation == Operation::Unequal { differs(test) } else { Ok(test) }
            }
            (ParameterKind::Date, Operation::Overlaps) => {
                let mut dates = self.dates(whole, &[&escaped])?;
                for date in &mut dates {
                    date.prefix = Prefix::Ap;
                }
                Ok(if code == "_lastUpdated" {
                    Test::LastUpdated { any_of: dates }
                } else {
                    Test::Date { parameter, any_of: dates }
                })
            }
            // A resource is written once at a time.
            (ParameterKind::Date, Operation::Unequal) if code == "_lastUpdated" => plain("", "ne"),
            (ParameterKind::Date | ParameterKind::Number | ParameterKind::Quantity, Operation::Unequal) => {
                differs(plain("", "ne")?)
            }
            (
                ParameterKind::Date | ParameterKind::Number | ParameterKind::Quantity,
                Operation::Equal
                | Operation::Greater
                | Operation::Less
                | Operation::GreaterOrEqual
                | Operation::LessOrEqual
                | Operation::About
                | Operation::After
                | Operation::Before,
            ) => plain("", name),
            (ParameterKind::Reference, Operation::Equal | Operation::Refers) => plain("", ""),
            (ParameterKind::Uri, Operation::Equal) => plain("", ""),
            (ParameterKind::Uri, Operation::Unequal) => differs(plain("", "")?),
            _ => refused(),
        }
    }
}

struct Reader<'c, 'o, 't> {
    context: &'c Context<'o>,
    of: TypeId,
    text: &'t str,
    /// Byte offset of what is read next.
    at: usize,
    tests: usize,
}

impl<'t> Reader<'_, '_, 't> {
    fn expected(&mut self, what: &str) -> SearchError {
        let found: String = self.rest().chars().take(20).collect();
        let found = if found.is_empty() { "its end".to_owned() } else { format!("\"{found}\"") };
        let place = self.text[..self.at].chars().count();
        SearchError::invalid(NAME, self.text, format!("expected {what} at character {place}, found {found}"))
    }

    /// What is not read yet, without the white space before it.
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    /// Takes a word if it is next, with nothing of a word behind it.
    fn take(&mut self, word: &str) -> bool {
        let taken = self.rest().strip_prefix(word).is_some_and(|rest| {
            word == ")" || word == "(" || rest.starts_with(|c: char| c.is_whitespace() || c == '(')
        });
        if taken {
            self.at += word.len();
        }
        taken
    }

    fn expression(&mut self, depth: usize) -> Result<Filter, SearchError> {
        let mut left = self.term(depth)?;
        loop {
            let joined: fn(Vec<Filter>) -> Test = if self.take("and") {
                Test::All
            } else if self.take("or") {
                Test::Any
            } else {
                return Ok(left);
            };
            let right = self.term(depth)?;
            left = Filter { name: NAME.to_owned(), test: joined(vec![left, right]) };
        }
    }

    fn term(&mut self, depth: usize) -> Result<Filter, SearchError> {
        if depth > EXPRESSION_DEPTH_LIMIT {
            let why = format!("brackets may be nested {EXPRESSION_DEPTH_LIMIT} deep at most");
            return Err(SearchError::unsupported(NAME, why));
        }
        let start = self.at;
        let negated = self.take("not");
        if self.take("(") {
            let inner = self.expression(depth + 1)?;
            if !self.take(")") {
                return Err(self.expected(")"));
            }
            return Ok(if negated {
                Filter { name: NAME.to_owned(), test: Test::Not(Box::new(inner)) }
            } else {
                inner
            });
        }
        if negated {
            return Err(self.expected("( after not"));
        }
        self.at = start;
        self.test()
    }

    fn test(&mut self) -> Result<Filter, SearchError> {
        self.tests += 1;
        if self.tests > EXPRESSION_TESTS_LIMIT {
            let why = format!("an expression may have {EXPRESSION_TESTS_LIMIT} tests at most");
            return Err(SearchError::unsupported(NAME, why));
        }
        let path = self.word(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
        if path.is_empty() {
            return Err(self.expected("the name of a parameter"));
        }
        if path.contains('[') {
            let why =
                format!("filters in brackets ({path}) are not implemented; ask by a chain or a composite parameter");
            return Err(SearchError::unsupported(NAME, why));
        }
        self.rest();
        let before = self.at;
        let word = self.word(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
        let Some((_, operation)) = OPERATIONS.iter().find(|(name, _)| *name == word) else {
            self.at = before;
            return Err(self.expected(
                "a comparison (eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, ni, re)",
            ));
        };
        let value = self.value()?;
        if value.is_empty() {
            return Err(self.expected("a value"));
        }
        self.context.asked(self.of, path, Asked { value: &value, operation: Some(*operation) })
    }

    /// What comes before the first character that ends it.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// A JSON string, or what comes before white space or a closing bracket.
    fn value(&mut self) -> Result<Cow<'t, str>, SearchError> {
        let rest = self.rest();
        if !rest.starts_with('"') {
            return Ok(Cow::Borrowed(self.word(|c| c.is_whitespace() || matches!(c, ')' | ']'))));
        }
        let mut escaped = false;
        let end = rest[1..].find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end.map(|end| end + 2) else { return Err(self.expected("a string that ends with \"")) };
        let text = crate::json::Document::parse(&rest.as_bytes()[..end])
            .ok()
            .and_then(|document| document.root().as_str().map(Cow::into_owned));
        let Some(text) = text else { return Err(self.expected("a JSON string")) };
        self.at += end;
        Ok(Cow::Owned(text))
    }
}
