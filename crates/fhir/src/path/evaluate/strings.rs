//! Functions of text. Places are counted in characters.

use super::{Evaluator, Items, Outcome, Scope, fail, single};
use crate::path::functions::Function;
use crate::path::item::Item;
use crate::path::program::{CallStep, Expression};
use crate::path::text::{self, Pattern};
use std::borrow::Cow;

fn string<'d>(text: impl Into<Cow<'d, str>>) -> Items<'d> {
    vec![Item::String(text.into())]
}

fn yes<'d>(value: bool) -> Items<'d> {
    vec![Item::Boolean(value)]
}

impl<'d> Evaluator<'_, 'd> {
    /// An argument that is one string.
    pub(super) fn text_argument(
        &self,
        at: u32,
        what: &str,
        expression: &'d Expression,
        scope: Scope<'_, 'd>,
    ) -> Outcome<Option<Cow<'d, str>>> {
        if let Expression::Constant(Item::String(text)) = expression {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let items = self.items(expression, scope)?;
        match single(at, what, &items)? {
            None => Ok(None),
            Some(item) => match item.as_text() {
                Some(text) => Ok(Some(text)),
                None => fail(at, format!("{what} must be a string, not {}", item.type_name())),
            },
        }
    }

    pub(super) fn string_function(
        &self,
        call: &'d CallStep,
        items: &[Item<'d>],
        scope: Scope<'_, 'd>,
    ) -> Outcome<Items<'d>> {
        let at = call.at;
        if call.function == Function::Join {
            return self.join(call, items, scope);
        }
        let text = match single(at, "a text function", items)? {
            None => return Ok(Vec::new()),
            Some(item) => match item.as_text() {
                Some(text) => text,
                // A primitive that has extensions and no value.
                None if item.is_without_value() => return Ok(Vec::new()),
                None => return fail(at, format!("a text function needs a string, not {}", item.type_name())),
            },
        };
        self.spend(at, text.len() / 64)?;
        let argument = |position: usize| match call.arguments.get(position) {
            Some(expression) => self.text_argument(at, "an argument of a text function", expression, scope),
            None => Ok(None),
        };
        Ok(match call.function {
            Function::Length => vec![Item::Integer(text.chars().count() as i64)],
            Function::Upper => string(text.to_uppercase()),
            Function::Lower => string(text.to_lowercase()),
            Function::Trim => string(text.trim().to_owned()),
            Function::ToChars => text.chars().map(|c| Item::String(Cow::Owned(c.to_string()))).collect(),
            Function::Substring => {
                let Some(start) = self.integer(at, "the start of substring()", &call.arguments[0], scope)? else {
                    return Ok(Vec::new());
                };
                let length = match call.arguments.get(1) {
                    Some(length) => self.integer(at, "the length of substring()", length, scope)?,
                    None => None,
                };
                substring(&text, start, length).map(string).unwrap_or_default()
            }
            Function::Matches | Function::MatchesFull => {
                let Some(pattern) = self.pattern(call, 1, scope)? else {
                    return Ok(Vec::new());
                };
                self.spend(at, pattern.cost(text.len()))?;
                yes(pattern.regex.is_match(&text))
            }
            Function::ReplaceMatches => {
                let (Some(pattern), Some(with)) = (self.pattern(call, 2, scope)?, argument(1)?) else {
                    return Ok(Vec::new());
                };
                self.replace_matches(at, &pattern, &text, &with).map(string)?
            }
            Function::Replace => {
                let (Some(what), Some(with)) = (argument(0)?, argument(1)?) else {
                    return Ok(Vec::new());
                };
                self.spend_text(at, text.matches(what.as_ref()).count().saturating_mul(with.len()))?;
                string(text.replace(what.as_ref(), &with))
            }
            function => {
                let Some(other) = argument(0)? else {
                    return Ok(Vec::new());
                };
                match function {
                    Function::IndexOf => vec![Item::Integer(place(&text, text.find(other.as_ref())))],
                    Function::LastIndexOf => vec![Item::Integer(place(&text, text.rfind(other.as_ref())))],
                    Function::StartsWith => yes(text.starts_with(other.as_ref())),
                    Function::EndsWith => yes(text.ends_with(other.as_ref())),
                    Function::Contains => yes(text.contains(other.as_ref())),
                    Function::Encode => optional(text::encode(&text, &other)),
                    Function::Decode => optional(text::decode(&text, &other)),
                    Function::Escape => optional(text::escape(&text, &other)),
                    Function::Unescape => optional(text::unescape(&text, &other)),
                    Function::Split if other.is_empty() => {
                        text.chars().map(|c| Item::String(Cow::Owned(c.to_string()))).collect()
                    }
                    Function::Split => {
                        text.split(other.as_ref()).map(|part| Item::String(Cow::Owned(part.to_owned()))).collect()
                    }
                    other => return fail(at, format!("{other:?} is not a function of text")),
                }
            }
        })
    }

    /// Replaces each match of a pattern; `$1` and its like in `with` are groups of it.
    fn replace_matches(&self, at: u32, pattern: &Pattern, text: &str, with: &str) -> Outcome<String> {
        // An empty pattern matches nothing that could be replaced.
        if pattern.regex.as_str().is_empty() {
            return Ok(text.to_owned());
        }
        let groups = with.matches('$').count();
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for found in pattern.regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            // Every search may look at all that is left before it settles for little of it.
            self.spend(at, 1 + pattern.cost(text.len() - whole.start()) / 128)?;
            self.spend_text(at, with.len().saturating_add(groups.saturating_mul(whole.len())))?;
            out.push_str(&text[from..whole.start()]);
            found.expand(with, &mut out);
            from = whole.end();
        }
        out.push_str(&text[from..]);
        Ok(out)
    }

    /// The pattern of a match: compiled with the expression, or now if it is computed.
    fn pattern(&self, call: &'d CallStep, flags_at: usize, scope: Scope<'_, 'd>) -> Outcome<Option<Cow<'d, Pattern>>> {
        if let Some(pattern) = &call.pattern {
            return Ok(Some(Cow::Borrowed(pattern)));
        }
        let Some(source) = self.text_argument(call.at, "a pattern", &call.arguments[0], scope)? else {
            return Ok(None);
        };
        let flags = match call.arguments.get(flags_at) {
            Some(flags) => self.text_argument(call.at, "the flags of a pattern", flags, scope)?.unwrap_or_default(),
            None => Cow::Borrowed(""),
        };
        // Compiling costs as much as a long text.
        self.spend(call.at, 1000)?;
        match text::pattern(&source, &flags, call.function == Function::MatchesFull) {
            Ok(pattern) => Ok(Some(Cow::Owned(pattern))),
            Err(what) => fail(call.at, what),
        }
    }

    /// Of nothing the result is the empty string: so the SQL on FHIR suite has it, and the engines that came before it.
    fn join(&self, call: &'d CallStep, items: &[Item<'d>], scope: Scope<'_, 'd>) -> Outcome<Items<'d>> {
        let separator = match call.arguments.first() {
            Some(separator) => {
                self.text_argument(call.at, "the separator of join()", separator, scope)?.unwrap_or_default()
            }
            None => Cow::Borrowed(""),
        };
        let mut out = String::new();
        let mut first = true;
        for item in items {
            let Some(text) = item.as_text() else {
                if item.is_without_value() {
                    continue;
                }
                return fail(call.at, format!("join() needs strings, not {}", item.type_name()));
            };
            if !first {
                out.push_str(&separator);
            }
            first = false;
            self.spend_text(call.at, separator.len() + text.len())?;
            out.push_str(&text);
        }
        Ok(string(out))
    }
}

fn optional<'d>(text: Option<String>) -> Items<'d> {
    text.map(|text| Item::String(Cow::Owned(text))).into_iter().collect()
}

/// A byte offset as a count of characters; -1 for none.
fn place(text: &str, at: Option<usize>) -> i64 {
    at.map_or(-1, |at| text[..at].chars().count() as i64)
}

fn substring(text: &str, start: i64, length: Option<i64>) -> Option<String> {
    let start = usize::try_from(start).ok()?;
    let mut rest = text.chars().skip(start).peekable();
    rest.peek()?;
    Some(match length {
        Some(length) => rest.take(usize::try_from(length).unwrap_or(0)).collect(),
        None => rest.collect(),
    })
}
