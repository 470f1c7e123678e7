//! A small notation for the shapes of JSON, close to that of TypeScript, and what is made of it: JSON Schema, a strict check,
//! samples.
//!
//! ```text
//! { name: text, role: "admin" | "clinician", disabled: instant | null, note?: text, sessions: [Session], counts: {int} }
//! ```
//! `name?` may be missing; `[X]` is a list, `{X}` an object whose names are data; `text instant int number bool null any`
//! are built in, every other word is a type of its own.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The shape of a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A string that is a FHIR instant.
    Instant,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
    /// Anything.
    Any,
    /// This string.
    Literal(String),
    /// The shape of this name.
    Named(String),
    /// A list of such.
    List(Box<Shape>),
    /// An object with such values under any names.
    Map(Box<Shape>),
    /// An object with these members.
    Object(Vec<Member>),
    /// One of these.
    OneOf(Vec<Shape>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Whether it may be missing.
    pub is_optional: bool,
    /// What it is.
    pub shape: Shape,
}

/// Shapes by name.
pub type Shapes = BTreeMap<String, Shape>;

/// Whose objects a schema describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Senders': what is not known is refused.
    Request,
    /// Ours: more may come.
    Answer,
}

impl Shape {
    /// Reads the notation. The text is written in this crate: what is wrong with it is said and ends the program's tests.
    pub(super) fn parse(text: &str) -> Result<Shape, String> {
        let mut parser = Parser { rest: text.trim_start() };
        let shape = parser.one_of()?;
        if parser.rest.is_empty() { Ok(shape) } else { Err(format!("unexpected \"{}\"", parser.rest)) }
    }

    /// Names that it refers to.
    pub(super) fn names(&self, out: &mut Vec<String>) {
        match self {
            Shape::Named(name) => out.push(name.clone()),
            Shape::List(inner) | Shape::Map(inner) => inner.names(out),
            Shape::Object(members) => members.iter().for_each(|member| member.shape.names(out)),
            Shape::OneOf(all) => all.iter().for_each(|shape| shape.names(out)),
            _ => {}
        }
    }

    /// JSON Schema, as OpenAPI 3.1 takes it.
    pub(super) fn schema(&self, side: Side) -> Value {
        match self {
            Shape::Text => json!({"type": "string"}),
            Shape::Instant => json!({"type": "string", "format": "date-time"}),
            // Numbers that are sent are counts, limits, places and numbers of things: none is below 0.
            Shape::Int if side == Side::Request => json!({"type": "integer", "minimum": 0}),
            Shape::Int => json!({"type": "integer"}),
            Shape::Number => json!({"type": "number"}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Null => json!({"type": "null"}),
            Shape::Any => json!({}),
            Shape::Literal(text) => json!({"type": "string", "const": text}),
            Shape::Named(name) => json!({"$ref": format!("#/components/schemas/{name}")}),
            Shape::List(inner) => json!({"type": "array", "items": inner.schema(side)}),
            Shape::Map(inner) => json!({"type": "object", "additionalProperties": inner.schema(side)}),
            Shape::Object(members) => {
                let properties: Map<String, Value> =
                    members.iter().map(|member| (member.name.clone(), member.shape.schema(side))).collect();
                let required: Vec<&str> =
                    members.iter().filter(|member| !member.is_optional).map(|member| member.name.as_str()).collect();
                let mut out = json!({"type": "object", "properties": properties});
                if !required.is_empty() {
                    out["required"] = json!(required);
                }
                if side == Side::Request {
                    out["additionalProperties"] = json!(false);
                }
                out
            }
            Shape::OneOf(all) => {
                let words: Option<Vec<&str>> = all
                    .iter()
                    .map(|shape| if let Shape::Literal(text) = shape { Some(text.as_str()) } else { None })
                    .collect();
                match words {
                    Some(words) => json!({"type": "string", "enum": words}),
                    None => json!({"anyOf": all.iter().map(|shape| shape.schema(side)).collect::<Vec<_>>()}),
                }
            }
        }
    }

    /// Where a value is not of this shape; members that the shape does not name count as well.
    ///
    /// # Errors
    /// The place and what is wrong there.
    pub fn fits(&self, value: &Value, shapes: &Shapes) -> Result<(), String> {
        let is = |fits: bool, what: &str| if fits { Ok(()) } else { Err(format!(": expected {what}, found {value}")) };
        let inside = |name: &str, found: Result<(), String>| found.map_err(|error| format!(".{name}{error}"));
        match self {
            Shape::Text => is(value.is_string(), "text"),
            Shape::Instant => {
                is(value.as_str().is_some_and(|text| text.len() >= 20 && text.contains('T')), "an instant")
            }
            Shape::Int => is(value.is_i64() || value.is_u64(), "a whole number"),
            Shape::Number => is(value.is_number(), "a number"),
            Shape::Bool => is(value.is_boolean(), "true or false"),
            Shape::Null => is(value.is_null(), "null"),
            Shape::Any => Ok(()),
            Shape::Literal(text) => is(value == text.as_str(), text),
            Shape::Named(name) => match shapes.get(name) {
                Some(shape) => shape.fits(value, shapes),
                None => Err(format!(": {name} is not defined")),
            },
            Shape::List(inner) => {
                let Some(items) = value.as_array() else { return is(false, "a list") };
                items.iter().enumerate().try_for_each(|(at, item)| inside(&at.to_string(), inner.fits(item, shapes)))
            }
            Shape::Map(inner) => {
                let Some(members) = value.as_object() else { return is(false, "an object") };
                members.iter().try_for_each(|(name, value)| inside(name, inner.fits(value, shapes)))
            }
            Shape::Object(members) => {
                let Some(given) = value.as_object() else { return is(false, "an object") };
                for member in members {
                    match given.get(&member.name) {
                        Some(value) => inside(&member.name, member.shape.fits(value, shapes))?,
                        None if member.is_optional => {}
                        None => return Err(format!(".{}: missing", member.name)),
                    }
                }
                let strange = given.keys().find(|name| members.iter().all(|member| member.name != **name));
                strange.map_or(Ok(()), |name| Err(format!(".{name}: not described")))
            }
            Shape::OneOf(all) => {
                let mut errors = Vec::new();
                for shape in all {
                    match shape.fits(value, shapes) {
                        Ok(()) => return Ok(()),
                        Err(error) => errors.push(error),
                    }
                }
                Err(errors.join(" or "))
            }
        }
    }

    /// A value of this shape: with every member, or with those alone that must be there.
    pub fn sample(&self, shapes: &Shapes, with_optional: bool) -> Value {
        let of = |shape: &Shape| shape.sample(shapes, with_optional);
        match self {
            Shape::Text => json!("text"),
            Shape::Instant => json!("2026-11-24T08:30:00Z"),
            Shape::Int | Shape::Number => json!(1),
            Shape::Bool => json!(true),
            Shape::Null | Shape::Any => Value::Null,
            Shape::Literal(text) => json!(text),
            Shape::Named(name) => shapes.get(name).map_or(Value::Null, of),
            Shape::List(inner) => json!([of(inner)]),
            Shape::Map(inner) => json!({"name": of(inner)}),
            Shape::Object(members) => {
                let members = members.iter().filter(|member| with_optional || !member.is_optional);
                Value::Object(members.map(|member| (member.name.clone(), of(&member.shape))).collect())
            }
            Shape::OneOf(all) => all.first().map_or(Value::Null, of),
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn takes(&mut self, mark: &str) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Result<String, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        if end == 0 {
            return Err(format!("a name is missing before \"{}\"", self.rest));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        Ok(word.to_owned())
    }

    fn one_of(&mut self) -> Result<Shape, String> {
        let first = self.one()?;
        if !self.rest.starts_with('|') {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes("|") {
            all.push(self.one()?);
        }
        Ok(Shape::OneOf(all))
    }

    fn one(&mut self) -> Result<Shape, String> {
        if self.takes("[") {
            let inner = self.one_of()?;
            return if self.takes("]") { Ok(Shape::List(Box::new(inner))) } else { Err("a ] is missing".into()) };
        }
        if self.takes("{") {
            return self.object();
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            let (text, rest) = rest.split_once('"').ok_or("a \" is missing")?;
            self.rest = rest.trim_start();
            return Ok(Shape::Literal(text.to_owned()));
        }
        let word = self.word()?;
        Ok(match word.as_str() {
            "text" => Shape::Text,
            "instant" => Shape::Instant,
            "int" => Shape::Int,
            "number" => Shape::Number,
            "bool" => Shape::Bool,
            "null" => Shape::Null,
            "any" => Shape::Any,
            _ => Shape::Named(word),
        })
    }

    fn object(&mut self) -> Result<Shape, String> {
        let mut members = Vec::new();
        loop {
            if self.takes("}") {
                return Ok(Shape::Object(members));
            }
            let before = self.rest;
            let name = self.word().unwrap_or_default();
            let is_optional = self.takes("?");
            if name.is_empty() || !self.takes(":") {
                // No member, so it is what all members are.
                self.rest = before;
                let inner = self.one_of()?;
                return if members.is_empty() && self.takes("}") {
                    Ok(Shape::Map(Box::new(inner)))
                } else {
                    Err(format!("a : or }} is missing before \"{}\"", self.rest))
                };
            }
            members.push(Member { name, is_optional, shape: self.one_of()? });
            if !self.takes(",") && !self.rest.starts_with('}') {
                return Err(format!("a , or }} is missing before \"{}\"", self.rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{ name: text, role: "a" | "b", at: instant | null, note?: text, all: [Other], counts: {int} }"#;

    fn shapes() -> Shapes {
        Shapes::from([("Other".to_owned(), Shape::parse("{ id: int }").unwrap())])
    }

    #[test]
    fn the_check_is_strict_both_ways() {
        let shape = Shape::parse(TEXT).unwrap();
        let good = json!({"name": "n", "role": "b", "at": null, "all": [{"id": 1}], "counts": {"x": 3}});
        shape.fits(&good, &shapes()).unwrap();
        let with = |name: &str, value: Value| {
            let mut value_of = good.clone();
            value_of[name] = value;
            shape.fits(&value_of, &shapes()).unwrap_err()
        };
        assert_eq!(with("all", json!([{"id": "1"}])), ".all.0.id: expected a whole number, found \"1\"");
        assert_eq!(with("role", json!("c")), ".role: expected a, found \"c\" or : expected b, found \"c\"");
        assert_eq!(with("counts", json!({"x": 0.5})), ".counts.x: expected a whole number, found 0.5");
        assert_eq!(with("more", json!(1)), ".more: not described");
        assert_eq!(shape.fits(&json!({}), &shapes()).unwrap_err(), ".name: missing");
    }

    #[test]
    fn samples_fit() {
        let shape = Shape::parse(TEXT).unwrap();
        for with_optional in [true, false] {
            let sample = shape.sample(&shapes(), with_optional);
            shape.fits(&sample, &shapes()).unwrap();
            assert_eq!(sample.get("note").is_some(), with_optional);
        }
    }

    #[test]
    fn what_is_no_notation_is_refused() {
        for text in ["", "{", "{a:}", "[text", "text text", "{a text}", "\"x", "{a: text b: text}"] {
            assert!(Shape::parse(text).is_err(), "{text}");
        }
    }
}
