//! The expressions of search parameters, as routes through the schema.
//!
//! All but one of the published expressions are member names with little around them: `ofType(T)`, `as T`,
//! `where(name='text')`, `where(resolve() is T)`. A route is that, read once; what is more than that stays FHIRPath.

use crate::schema::{Element, Schema, TypeId};

/// One step of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'e> {
    /// `.name`
    Member(&'e str),
    /// `.ofType(T)`, `.as(T)`, `as T`
    OfType(&'e str),
    /// `.where(name='text')`
    Equals(&'e str, &'e str),
    /// `.where(resolve() is T)`
    RefersTo(&'e str),
}

/// The alternatives of a union.
pub(super) fn alternatives(expression: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut from) = (Vec::new(), 0, false, 0);
    for (at, letter) in expression.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(expression[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(expression[from..].trim());
    parts
}

/// The steps after the type name that an alternative begins with; `None` if it is more than a route.
pub(super) fn steps(alternative: &str) -> Option<Vec<Step<'_>>> {
    let mut text = alternative.trim();
    let mut steps = Vec::new();
    if text.starts_with('(') {
        // `(A.b as T).c`, `(A.b.ofType(T)).c`
        let end = closing(text)?;
        steps = self::steps(&text[1..end])?;
        text = &text[end + 1..];
    } else if let Some((inner, type_name)) = text.split_once(" as ") {
        steps = self::steps(inner)?;
        steps.push(Step::OfType(name(type_name.trim())?));
        return Some(steps);
    } else {
        text = &text[text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())..];
    }
    while !text.is_empty() {
        text = text.strip_prefix('.')?;
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let word = name(&text[..end])?;
        text = &text[end..];
        let Some(inner) = text.strip_prefix('(') else {
            steps.push(Step::Member(word));
            continue;
        };
        // resolve() is the only call with brackets inside.
        let skip = if inner.starts_with("resolve()") { "resolve()".len() } else { 0 };
        let end = skip + inner[skip..].find(')')?;
        let argument = inner[..end].trim();
        text = &inner[end + 1..];
        steps.push(match word {
            "ofType" | "as" => Step::OfType(name(argument)?),
            "where" => match argument.strip_prefix("resolve() is ") {
                Some(type_name) => Step::RefersTo(name(type_name.trim())?),
                None => {
                    let (member, literal) = argument.split_once('=')?;
                    let literal = literal.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                    if literal.contains(['\'', '\\']) {
                        return None;
                    }
                    Step::Equals(name(member.trim())?, literal)
                }
            },
            _ => return None,
        });
    }
    Some(steps)
}

/// The steps of a path that begins at an element instead of with a type name.
pub(super) fn relative(path: &str) -> Option<Vec<Step<'_>>> {
    let first = path.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(path.len());
    let mut steps = vec![Step::Member(name(&path[..first])?)];
    steps.extend(self::steps(path)?);
    Some(steps)
}

/// Where the bracket that the text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, letter)| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        (depth == 0).then_some(at)
    })
}

fn name(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(text)
}

/// One place where a route can go on: under this name of JSON, with a value of this type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'s> {
    pub(super) json_name: &'static str,
    pub(super) type_id: TypeId,
    pub(super) element: &'s Element,
}

/// The ways that member `name` of a type leads, and how many of `steps` they use up: a choice goes every way that the next
/// step lets it. Empty if the type has no such member.
pub(super) fn ways<'s>(schema: &'s Schema, of: TypeId, name: &str, after: &[Step<'_>]) -> (Vec<Way<'s>>, usize) {
    let Some(element) = schema.element_by_name(of, name) else { return (Vec::new(), 0) };
    let wanted = match after.first() {
        Some(Step::OfType(type_name)) => Some(schema.type_id(type_name)),
        _ => None,
    };
    let ways = element
        .types
        .iter()
        .filter(|type_id| wanted.is_none_or(|wanted| wanted.is_some_and(|wanted| schema.is_a(**type_id, wanted))))
        .filter_map(|type_id| {
            let json_name = schema.json_name(of, element, *type_id)?;
            Some(Way { json_name, type_id: *type_id, element })
        })
        .collect();
    (ways, 1 + usize::from(wanted.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_and_the_rest_is_left_to_fhirpath() {
        use Step::{Equals, Member, OfType, RefersTo};
        for (text, expected) in [
            ("Patient", Some(vec![])),
            ("Patient.name.family", Some(vec![Member("name"), Member("family")])),
            ("Account.subject.where(resolve() is Patient)", Some(vec![Member("subject"), RefersTo("Patient")])),
            ("Observation.value.ofType(Quantity)", Some(vec![Member("value"), OfType("Quantity")])),
            ("Observation.value as Quantity", Some(vec![Member("value"), OfType("Quantity")])),
            (
                "(Observation.value as CodeableConcept).text",
                Some(vec![Member("value"), OfType("CodeableConcept"), Member("text")]),
            ),
            (
                "Library.relatedArtifact.where(type = 'composed-of').resource",
                Some(vec![Member("relatedArtifact"), Equals("type", "composed-of"), Member("resource")]),
            ),
            (
                "(Observation.value.ofType(CodeableConcept)).text",
                Some(vec![Member("value"), OfType("CodeableConcept"), Member("text")]),
            ),
            ("(Observation.value | Observation.code).text", None),
            ("(Observation.value", None),
            ("Bundle.entry[0].resource", None),
            ("Patient.deceased.exists() and Patient.deceased != false", None),
            ("Patient.name.where(use='it''s')", None),
            ("Patient.name.first()", None),
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
    }

    #[test]
    fn unions_are_split_outside_of_brackets_and_strings() {
        assert_eq!(alternatives("A.b | (A.c | A.d).e | A.where(x='|')"), ["A.b", "(A.c | A.d).e", "A.where(x='|')"]);
    }
}
