//! The directives in the comment lines that begin a file.
//!
//! A directive line is a `--` comment whose text begins with `@`; it may hold several directives. A value reaches to the next
//! ` @word` outside of quotes, or to the end of the line. Other comment lines are for people.

use super::nearest::nearest;
use super::problem::{Place, Problems};
use super::settings::Gone;
use super::sql;
use sqlparser::ast::{Expr, OrderByExpr};

/// What the header of a target or child file says.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// `@target TYPE [as NAME]`
    pub target: Option<TargetName>,
    /// `@element PATH`
    pub element: Option<PathText>,
    /// `@key expr, …`
    pub key: Vec<Expr>,
    /// Where `@key` stands.
    pub key_place: Option<Place>,
    /// `@each TABLE [ALIAS]`
    pub each: Option<EachName>,
    /// `@patient expr`
    pub patient: Option<Expr>,
    /// `@match identifier`: where it stands.
    pub match_identifier: Option<Place>,
    /// `@group by expr, …`
    pub group: Vec<Expr>,
    /// Where `@group` stands.
    pub group_place: Option<Place>,
    /// `@order expr [DESC], …`
    pub order: Vec<OrderByExpr>,
    /// `@else null PATH, …` and `@else reject PATH, …`
    pub otherwise: Vec<(Otherwise, PathText)>,
    /// `@required PATH, …`
    pub required: Vec<PathText>,
    /// `@gone WORD`
    pub gone: Option<Gone>,
}

/// What a target is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetName {
    /// The resource type.
    pub resource_type: String,
    /// The name in ids and `ref`.
    pub name: String,
    /// Where the type stands.
    pub place: Place,
}

/// The base table whose every row is accounted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EachName {
    /// Its name.
    pub table: String,
    /// Its name in this SELECT, if that is another.
    pub alias: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// An element path as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathText {
    /// Its text.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

/// What the failure of an element does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Otherwise {
    /// The element is left out; the failure is counted and shown.
    Null,
    /// The row is refused.
    Reject,
}

/// The directives, with what their value looks like.
const DIRECTIVES: [(&str, &str); 10] = [
    ("target", "@target TYPE [as NAME]"),
    ("element", "@element PATH"),
    ("key", "@key expression, …"),
    ("each", "@each TABLE [ALIAS]"),
    ("patient", "@patient expression"),
    ("match", "@match identifier"),
    ("group", "@group by expression, …"),
    ("order", "@order expression [DESC], …"),
    ("else", "@else null|reject PATH, …"),
    ("required", "@required PATH, …"),
];
/// Like the others; stands apart since its words are data.
const GONE: (&str, &str) = ("gone", "@gone keep|entered-in-error|delete");

/// Directives of a file, at most.
const DIRECTIVES_MAX: usize = 100;

/// One directive as it was written.
struct Directive<'t> {
    name: &'t str,
    place: Place,
    value: &'t str,
    value_place: Place,
}

/// Reads the header of a file.
pub fn parse(text: &str, problems: &mut Problems<'_>) -> Header {
    let mut header = Header::default();
    let mut seen: Vec<&str> = Vec::new();
    let all = directives(text, problems);
    if let Some(first_too_many) = all.get(DIRECTIVES_MAX) {
        problems.add(first_too_many.place, format!("a file has at most {DIRECTIVES_MAX} directives"));
    }
    for directive in all.into_iter().take(DIRECTIVES_MAX) {
        let repeats = matches!(directive.name, "else" | "required");
        if !repeats && seen.contains(&directive.name) {
            problems.add(directive.place, format!("`@{}` stands twice", directive.name));
            continue;
        }
        seen.push(directive.name);
        header.take(&directive, problems);
    }
    header
}

/// The lines before the statement that are comments or blank, with the number of each.
fn comment_lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines()).take_while(|(_, line)| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with("--")
    })
}

fn directives<'t>(text: &'t str, problems: &mut Problems<'_>) -> Vec<Directive<'t>> {
    let mut all = Vec::new();
    for (number, line) in comment_lines(text) {
        let indent = line.len() - line.trim_start().len();
        let Some(comment) = line[indent..].strip_prefix("--") else { continue };
        let content = comment.trim_start();
        let begin = line.len() - content.len();
        let starts = directive_starts(content);
        let place = |at: usize| Place { line: number, column: line[..begin + at].chars().count() as u32 + 1 };
        if !content.starts_with('@') {
            if let Some(at) = starts.iter().find(|at| is_known(directive_name(&content[**at..]))) {
                let hint = "begin a line with it: -- @…".to_owned();
                problems.hint(place(*at), "a directive after other words is not read", hint);
            }
            continue;
        }
        for (which, at) in starts.iter().enumerate() {
            let end = starts.get(which + 1).copied().unwrap_or(content.len());
            let name = directive_name(&content[*at..]);
            let rest = at + 1 + name.len();
            let value = content[rest..end].trim();
            let blanks = content[rest..end].len() - content[rest..end].trim_start().len();
            all.push(Directive { name, place: place(*at), value, value_place: place(rest + blanks) });
        }
    }
    all
}

fn is_known(name: &str) -> bool {
    DIRECTIVES.iter().chain([&GONE]).any(|(known, _)| *known == name)
}

/// Where `@word`s begin that follow white space or nothing, outside of quotes.
fn directive_starts(content: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in content.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == '@' && before.is_whitespace() && !directive_name(&content[at..]).is_empty() => starts.push(at),
            None => {}
        }
        before = c;
    }
    starts
}

/// The word after the `@`.
fn directive_name(text: &str) -> &str {
    let word = &text[1..];
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(word.len());
    &word[..end]
}

impl Header {
    fn take(&mut self, directive: &Directive<'_>, problems: &mut Problems<'_>) {
        let &Directive { name, place, value, value_place } = directive;
        let form = DIRECTIVES.iter().chain([&GONE]).find(|(known, _)| *known == name).map(|(_, form)| *form);
        let Some(form) = form else {
            let known = DIRECTIVES.iter().chain([&GONE]).map(|(known, _)| *known);
            let all = DIRECTIVES.iter().chain([&GONE]).map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            let hint = match nearest(name, known) {
                Some(near) => format!("did you mean `@{near}`?"),
                None => format!("there are {all}"),
            };
            problems.hint(place, format!("there is no directive `@{name}`"), hint);
            return;
        };
        if value.is_empty() {
            problems.hint(place, format!("`@{name}` needs a value"), format!("write {form}"));
            return;
        }
        let wrong = |problems: &mut Problems<'_>| {
            problems.hint(value_place, format!("`@{name} {value}` is not understood"), format!("write {form}"));
        };
        match name {
            "target" => {
                let words: Vec<&str> = value.split_whitespace().collect();
                match words[..] {
                    [resource_type] => self.target = Some(TargetName::new(resource_type, resource_type, value_place)),
                    [resource_type, word, name] if word.eq_ignore_ascii_case("as") => {
                        self.target = Some(TargetName::new(resource_type, name, value_place));
                    }
                    _ => wrong(problems),
                }
            }
            "element" => self.element = Some(PathText { text: unquoted(value).to_owned(), place: value_place }),
            "key" => {
                self.key_place = Some(place);
                self.key = sql::expressions(value, value_place, problems).unwrap_or_default();
            }
            "each" => match names(value)[..] {
                [table] => self.each = Some(EachName { table: table.to_owned(), alias: None, place: value_place }),
                [table, alias] => {
                    let alias = Some(alias.to_owned());
                    self.each = Some(EachName { table: table.to_owned(), alias, place: value_place });
                }
                _ => wrong(problems),
            },
            "patient" => match sql::expressions(value, value_place, problems) {
                Some(mut all) if all.len() == 1 => self.patient = all.pop(),
                Some(_) => wrong(problems),
                None => {}
            },
            "match" if value == "identifier" => self.match_identifier = Some(place),
            "group" => {
                self.group_place = Some(place);
                let list = value.split_once(char::is_whitespace).filter(|(by, _)| by.eq_ignore_ascii_case("by"));
                match list {
                    Some((by, list)) => {
                        let blanks = list.len() - list.trim_start().len();
                        let start = value_place.after(by.len() + 1 + blanks);
                        self.group = sql::expressions(list.trim_start(), start, problems).unwrap_or_default();
                    }
                    None => wrong(problems),
                }
            }
            "order" => self.order = sql::order(value, value_place, problems).unwrap_or_default(),
            "else" => {
                let (word, list) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
                let otherwise = match word {
                    "null" => Otherwise::Null,
                    "reject" => Otherwise::Reject,
                    _ => return wrong(problems),
                };
                let blanks = list.len() - list.trim_start().len();
                let paths = paths(list, value_place.after(word.chars().count() + 1), blanks);
                if paths.is_empty() {
                    return wrong(problems);
                }
                self.otherwise.extend(paths.into_iter().map(|path| (otherwise, path)));
            }
            "required" => self.required.extend(paths(value, value_place, 0)),
            "gone" => match Gone::of(value) {
                Some(gone) => self.gone = Some(gone),
                None => wrong(problems),
            },
            _ => wrong(problems),
        }
    }
}

impl TargetName {
    fn new(resource_type: &str, name: &str, place: Place) -> Self {
        TargetName { resource_type: resource_type.to_owned(), name: unquoted(name).to_owned(), place }
    }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Names divided by blanks; one in double quotes may hold blanks.
fn names(value: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some(quoted) => quoted,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        names.push(name);
        rest = after.trim_start();
    }
    names
}

/// Element paths divided by commas that stand outside of brackets and quotes.
fn paths(list: &str, start: Place, skip: usize) -> Vec<PathText> {
    let (mut depth, mut quoted, mut from) = (0i32, false, 0);
    let mut cuts = Vec::new();
    for (at, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth <= 0 => {
                cuts.push((from, at));
                from = at + 1;
            }
            _ => {}
        }
    }
    cuts.push((from.max(skip.min(list.len())), list.len()));
    let path = |(from, to): (usize, usize)| {
        let piece = &list[from..to];
        let blanks = piece.len() - piece.trim_start().len();
        let place = start.after(list[..from + blanks].chars().count());
        PathText { text: unquoted(piece.trim()).to_owned(), place }
    };
    cuts.into_iter().map(path).filter(|path| !path.text.is_empty()).collect()
}
