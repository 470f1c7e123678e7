//! Where the cursor is: which clause, which call, which tables are in reach.

use super::words::{Word, WordKind};

/// The part of a statement that a word stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// Before any.
    None,
    /// Items of a SELECT.
    Items,
    /// Tables.
    Tables,
    /// Conditions, groups, orders.
    Conditions,
}

/// What a query calls a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) table: String,
    pub(super) alias: String,
}

/// The clause before word number `at`, and how deep in brackets it is.
pub(super) fn clause(text: &str, words: &[Word], at: usize) -> (Clause, usize) {
    let mut open = vec![Clause::None];
    for word in &words[..at] {
        match word.kind {
            WordKind::Sign('(') => open.push(Clause::None),
            WordKind::Sign(')') if open.len() > 1 => {
                open.pop();
            }
            WordKind::Word => {
                let next = match text[word.range.clone()].to_ascii_uppercase().as_str() {
                    "SELECT" => Clause::Items,
                    "FROM" | "JOIN" => Clause::Tables,
                    "ON" | "WHERE" | "HAVING" | "BY" | "USING" | "QUALIFY" => Clause::Conditions,
                    _ => continue,
                };
                if let Some(last) = open.last_mut() {
                    // `EXTRACT(x FROM y)` has no items.
                    if next != Clause::Tables || *last != Clause::None || open.len() == 1 {
                        *open.last_mut().unwrap_or(&mut Clause::None) = next;
                    }
                }
            }
            _ => {}
        }
    }
    let depth = open.len() - 1;
    // Inside a call the clause is that of the call.
    let clause = open.iter().rev().find(|clause| **clause != Clause::None).copied();
    (clause.unwrap_or(Clause::None), depth)
}

/// The call around word number `at`: its function, and which argument the word is, from 0.
pub(super) fn call(text: &str, words: &[Word], at: usize) -> Option<(String, usize)> {
    let (mut depth, mut argument) = (0, 0);
    for (before, word) in words[..at].iter().enumerate().rev() {
        match word.kind {
            WordKind::Sign(')') => depth += 1,
            WordKind::Sign('(') if depth > 0 => depth -= 1,
            WordKind::Sign('(') => {
                let function = words[..before].last().filter(|word| word.kind == WordKind::Word)?;
                return Some((text[function.range.clone()].to_ascii_lowercase(), argument));
            }
            WordKind::Sign(',') if depth == 0 => argument += 1,
            _ => {}
        }
    }
    None
}

/// The tables that a statement names, with what it calls them.
pub(super) fn tables(text: &str, words: &[Word]) -> Vec<Called> {
    let words: Vec<&Word> = words.iter().filter(|word| word.kind != WordKind::Comment).collect();
    let mut all = Vec::new();
    let mut at = 0;
    let mut is_list = false;
    while at < words.len() {
        let word = words[at];
        let begins = word.is(text, "FROM") || word.is(text, "JOIN") || (is_list && word.is_sign(','));
        if word.kind == WordKind::Word && !word.is(text, "FROM") && !word.is(text, "JOIN") {
            is_list &= !is_keyword(&text[word.range.clone()]);
        }
        at += 1;
        if !begins {
            continue;
        }
        is_list = true;
        let Some(name) = words.get(at).filter(|word| word.is_name() && !is_keyword(&text[word.range.clone()])) else {
            continue;
        };
        let table = name.content(text).to_owned();
        at += 1;
        if words.get(at).is_some_and(|word| word.is(text, "AS")) {
            at += 1;
        }
        let alias = words.get(at).filter(|word| word.is_name() && !is_keyword(&text[word.range.clone()]));
        let alias = alias.map_or_else(|| table.clone(), |word| word.content(text).to_owned());
        all.push(Called { table, alias });
    }
    all
}

/// Words that may follow a table's name and are no alias.
fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 26] = [
        "SELECT",
        "FROM",
        "WHERE",
        "JOIN",
        "LEFT",
        "RIGHT",
        "FULL",
        "INNER",
        "OUTER",
        "CROSS",
        "NATURAL",
        "ON",
        "USING",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "WITH",
        "LATERAL",
        "QUALIFY",
        "WINDOW",
        "BY",
        "AS",
    ];
    WORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
