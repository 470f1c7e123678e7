//! JSON Patch (RFC 6902) on trees that keep the digits of numbers.

use super::refusal::{syntax, unprocessable};
use fhir::json::{Document, Node, Tree};
use records::Error;

/// Operations in one patch, at most.
const OPERATIONS: usize = 10_000;
/// What all copies of one patch may add, in bytes: copying a value into itself would double it without end.
const COPIED_BYTES: usize = 16 << 20;
/// Nesting of the result, as of any JSON that is taken.
const DEPTH: usize = 64;

/// A parsed patch.
#[derive(Clone, Debug)]
pub struct Patch {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Add(Pointer, Tree),
    Remove(Pointer),
    Replace(Pointer, Tree),
    Move(Pointer, Pointer),
    Copy(Pointer, Pointer),
    Test(Pointer, Tree),
}

/// A JSON Pointer (RFC 6901), taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointer(Vec<String>);

/// Why a patch was not applied. Places are JSON Pointers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The text is not a patch.
    #[error("operation {operation}: {what}")]
    Malformed {
        /// Number of the operation, from 0.
        operation: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A place that is not there.
    #[error("operation {operation}: nothing is at {place:?}")]
    NoPlace {
        /// Number of the operation, from 0.
        operation: usize,
        /// The pointer.
        place: String,
    },
    /// A `test` that does not hold.
    #[error("operation {operation}: the test of {place:?} does not hold")]
    TestFailed {
        /// Number of the operation, from 0.
        operation: usize,
        /// The pointer.
        place: String,
    },
}

/// The store's error for a patch that was not applied.
pub(crate) fn refused(error: PatchError) -> Error {
    let (code, operation) = match &error {
        PatchError::Malformed { operation, .. } => ("invalid", operation),
        PatchError::NoPlace { operation, .. } => ("not-found", operation),
        PatchError::TestFailed { operation, .. } => ("business-rule", operation),
    };
    unprocessable(code, format!("/{operation}"), error.to_string())
}

impl Patch {
    /// Reads a patch document.
    ///
    /// # Errors
    /// [`Error::Invalid`]: not JSON, or not a patch.
    pub fn parse(bytes: &[u8]) -> Result<Patch, Error> {
        let document = Document::parse(bytes).map_err(|e| syntax(e, 0))?;
        Patch::read(document.root()).map_err(|error| super::refusal::bad_request(format!("not a JSON Patch: {error}")))
    }

    fn read(root: Node<'_>) -> Result<Patch, PatchError> {
        let malformed = |operation, what: String| PatchError::Malformed { operation, what };
        if root.kind() != fhir::json::Kind::Array {
            return Err(malformed(0, "a patch is an array of operations".into()));
        }
        let mut steps = Vec::new();
        for (no, item) in root.items().enumerate() {
            if no >= OPERATIONS {
                return Err(malformed(no, format!("more than {OPERATIONS} operations")));
            }
            let pointer = |name: &str| {
                let text =
                    item.get(name).and_then(Node::as_str).ok_or_else(|| malformed(no, format!("{name} is missing")))?;
                Pointer::parse(&text).ok_or_else(|| malformed(no, format!("{name} {text:?} is not a JSON Pointer")))
            };
            let value = || item.get("value").map(Tree::from).ok_or_else(|| malformed(no, "value is missing".into()));
            let op = item.get("op").and_then(Node::as_str).ok_or_else(|| malformed(no, "op is missing".into()))?;
            steps.push(match op.as_ref() {
                "add" => Step::Add(pointer("path")?, value()?),
                "remove" => Step::Remove(pointer("path")?),
                "replace" => Step::Replace(pointer("path")?, value()?),
                "move" => Step::Move(pointer("from")?, pointer("path")?),
                "copy" => Step::Copy(pointer("from")?, pointer("path")?),
                "test" => Step::Test(pointer("path")?, value()?),
                other => {
                    return Err(malformed(
                        no,
                        format!("op {other:?} is not one of add, remove, replace, move, copy, test"),
                    ));
                }
            });
        }
        Ok(Patch { steps })
    }

    /// Applies the patch, all of it or nothing.
    ///
    /// # Errors
    /// [`PatchError`] with the number of the operation; `tree` is then as it was.
    pub fn apply(&self, tree: &mut Tree) -> Result<(), PatchError> {
        let mut work = tree.clone();
        let mut copied = 0;
        for (no, step) in self.steps.iter().enumerate() {
            let missing = |pointer: &Pointer| PatchError::NoPlace { operation: no, place: pointer.to_string() };
            match step {
                Step::Add(path, value) => {
                    check_depth(no, path, value)?;
                    add(&mut work, path, value.clone()).ok_or_else(|| missing(path))?;
                }
                Step::Remove(path) => drop(remove(&mut work, path).ok_or_else(|| missing(path))?),
                Step::Replace(path, value) => {
                    check_depth(no, path, value)?;
                    *find_mut(&mut work, &path.0).ok_or_else(|| missing(path))? = value.clone();
                }
                Step::Move(from, path) => {
                    if path.0.len() > from.0.len() && path.0.starts_with(&from.0) {
                        let what = format!("{from} cannot be moved into itself");
                        return Err(PatchError::Malformed { operation: no, what });
                    }
                    let value = remove(&mut work, from).ok_or_else(|| missing(from))?;
                    check_depth(no, path, &value)?;
                    add(&mut work, path, value).ok_or_else(|| missing(path))?;
                }
                Step::Copy(from, path) => {
                    let value = find_mut(&mut work, &from.0).ok_or_else(|| missing(from))?;
                    check_depth(no, path, value)?;
                    copied += size(value);
                    if copied > COPIED_BYTES {
                        let what = format!("the patch copies more than {COPIED_BYTES} bytes");
                        return Err(PatchError::Malformed { operation: no, what });
                    }
                    let value = value.clone();
                    add(&mut work, path, value).ok_or_else(|| missing(path))?;
                }
                Step::Test(path, value) => {
                    let found = find_mut(&mut work, &path.0).ok_or_else(|| missing(path))?;
                    if !equal(found, value) {
                        return Err(PatchError::TestFailed { operation: no, place: path.to_string() });
                    }
                }
            }
        }
        *tree = work;
        Ok(())
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Pointer> {
        if text.is_empty() {
            return Some(Pointer(Vec::new()));
        }
        text.strip_prefix('/')?.split('/').map(unescape).collect::<Option<_>>().map(Pointer)
    }
}

/// `~1` is `/`, `~0` is `~`; a `~` before anything else is an error.
fn unescape(part: &str) -> Option<String> {
    let mut out = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "/{}", part.replace('~', "~0").replace('/', "~1")))
    }
}

/// A position in an array: digits without a leading zero.
fn position(part: &str) -> Option<usize> {
    if part.len() > 1 && part.starts_with('0') || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    part.parse().ok()
}

fn find_mut<'t>(tree: &'t mut Tree, parts: &[String]) -> Option<&'t mut Tree> {
    parts.iter().try_fold(tree, |tree, part| match tree {
        Tree::Array(items) => items.get_mut(position(part)?),
        other => other.get_mut(part),
    })
}

fn add(tree: &mut Tree, path: &Pointer, value: Tree) -> Option<()> {
    let Some((last, parents)) = path.0.split_last() else {
        *tree = value;
        return Some(());
    };
    match find_mut(tree, parents)? {
        Tree::Array(items) if last == "-" => items.push(value),
        Tree::Array(items) => {
            let at = position(last).filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        parent @ Tree::Object(_) => drop(parent.set(last, value)),
        _ => return None,
    }
    Some(())
}

/// Takes a value out.
fn remove(tree: &mut Tree, path: &Pointer) -> Option<Tree> {
    let (last, parents) = path.0.split_last()?;
    match find_mut(tree, parents)? {
        Tree::Array(items) => {
            let at = position(last).filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        parent => parent.remove(last),
    }
}

/// Roughly the bytes that a value takes.
fn size(tree: &Tree) -> usize {
    32 + match tree {
        Tree::Number(text) | Tree::String(text) => text.len(),
        Tree::Array(items) => items.iter().map(size).sum(),
        Tree::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
        Tree::Null | Tree::Bool(_) => 0,
    }
}

fn depth(tree: &Tree) -> usize {
    match tree {
        Tree::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Tree::Object(members) => 1 + members.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

fn check_depth(operation: usize, path: &Pointer, value: &Tree) -> Result<(), PatchError> {
    if path.0.len() + depth(value) > DEPTH {
        return Err(PatchError::Malformed {
            operation,
            what: format!("the result would be nested deeper than {DEPTH}"),
        });
    }
    Ok(())
}

/// Equality as RFC 6902 section 4.6 has it: numbers by value, members in any order.
fn equal(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Number(a), Tree::Number(b)) => a == b || canonical(a) == canonical(b),
        (Tree::Array(a), Tree::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Tree::Object(a), Tree::Object(members)) => {
            a.len() == members.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => a == b,
    }
}

/// A number as sign, significant digits and power of ten, exactly.
fn canonical(text: &str) -> (bool, String, i64) {
    let (text, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0').to_owned();
    if significant.is_empty() {
        return (false, significant, 0);
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX / 4);
    (negative, significant, exponent - fraction.len() as i64 + trailing as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(json: &str, patch: &str) -> Result<String, PatchError> {
        let mut tree = Tree::from(Document::parse(json.as_bytes()).unwrap().root());
        let document = Document::parse(patch.as_bytes()).unwrap();
        Patch::read(document.root())?.apply(&mut tree)?;
        Ok(tree.to_string())
    }

    #[test]
    fn decimals_keep_their_digits() {
        let json = r#"{"value":1.10,"list":[1,2.00]}"#;
        let patch = r#"[{"op":"add","path":"/list/1","value":0.50},{"op":"copy","from":"/value","path":"/other"}]"#;
        assert_eq!(apply(json, patch).unwrap(), r#"{"value":1.10,"list":[1,0.50,2.00],"other":1.10}"#);
    }

    #[test]
    fn the_examples_of_rfc_6902_hold() {
        for (json, patch, expected) in [
            (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux"}]"#, r#"{"foo":"bar","baz":"qux"}"#),
            (
                r#"{"foo":["bar","baz"]}"#,
                r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                r#"{"foo":["bar","qux","baz"]}"#,
            ),
            (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
            (r#"{"foo":["bar","qux","baz"]}"#, r#"[{"op":"remove","path":"/foo/1"}]"#, r#"{"foo":["bar","baz"]}"#),
            (
                r#"{"baz":"qux","foo":"bar"}"#,
                r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                r#"{"baz":"boo","foo":"bar"}"#,
            ),
            (
                r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
            ),
            (
                r#"{"foo":["a","b","c"]}"#,
                r#"[{"op":"move","from":"/foo/0","path":"/foo/2"}]"#,
                r#"{"foo":["b","c","a"]}"#,
            ),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/child","value":{"g":{}}}]"#,
                r#"{"foo":"bar","child":{"g":{}}}"#,
            ),
            (r#"{"foo":["bar"]}"#, r#"[{"op":"add","path":"/foo/-","value":["abc"]}]"#, r#"{"foo":["bar",["abc"]]}"#),
            (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
            (
                r#"{"a":{"x":1.0,"y":2}}"#,
                r#"[{"op":"test","path":"/a","value":{"y":2,"x":10e-1}}]"#,
                r#"{"a":{"x":1.0,"y":2}}"#,
            ),
        ] {
            assert_eq!(apply(json, patch).as_deref(), Ok(expected), "{patch}");
        }
    }

    #[test]
    fn what_cannot_be_done_changes_nothing_and_says_which_operation() {
        for (patch, operation) in [
            (r#"[{"op":"add","path":"/a/b","value":1}]"#, 0),
            (r#"[{"op":"remove","path":"/list/2"}]"#, 0),
            (r#"[{"op":"add","path":"/x","value":1},{"op":"replace","path":"/y","value":1}]"#, 1),
            (r#"[{"op":"add","path":"/list/01","value":1}]"#, 0),
            (r#"[{"op":"add","path":"/list/3","value":1}]"#, 0),
            (r#"[{"op":"test","path":"/v","value":"1"}]"#, 0),
            (r#"[{"op":"move","from":"/list","path":"/list/0"}]"#, 0),
            (r#"[{"op":"remove","path":""}]"#, 0),
        ] {
            let error = apply(r#"{"list":[1,2],"v":1}"#, patch).unwrap_err();
            let (PatchError::Malformed { operation: no, .. }
            | PatchError::NoPlace { operation: no, .. }
            | PatchError::TestFailed { operation: no, .. }) = error;
            assert_eq!(no, operation, "{patch}");
        }
        for bad in [
            "{}",
            r#"[{"op":"add","path":"a","value":1}]"#,
            r#"[{"op":"jump","path":"/a"}]"#,
            r#"[{"op":"add","path":"/a"}]"#,
            r#"[{"op":"test","path":"/a~2","value":1}]"#,
        ] {
            assert!(matches!(Patch::parse(bad.as_bytes()), Err(Error::Invalid(_))), "{bad}");
        }
    }

    #[test]
    fn copies_into_itself_are_bounded() {
        let wide = format!("[{}]", vec![r#"{"op":"copy","from":"/a","path":"/a/-"}"#; 60].join(","));
        assert!(matches!(apply(r#"{"a":[1]}"#, &wide), Err(PatchError::Malformed { .. })));
        let flat = r#"[{"op":"copy","from":"/a","path":"/b"},{"op":"copy","from":"/b","path":"/a/-"}]"#;
        assert!(apply(r#"{"a":[1]}"#, flat).is_ok());
    }

    #[test]
    fn numbers_are_compared_exactly() {
        for (a, b, same) in [
            ("1.10", "1.1", true),
            ("100", "1e2", true),
            ("0.0", "-0", true),
            ("1", "-1", false),
            ("0.1", "0.10000000000000000001", false),
        ] {
            assert_eq!(canonical(a) == canonical(b), same, "{a} {b}");
        }
    }
}
