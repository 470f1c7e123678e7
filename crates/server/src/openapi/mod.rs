//! The OpenAPI document: the route table, and what `interface.txt` says of each of its rows.
//!
//! The table decides what exists; the text gives each row its words, parameters and shapes. Tests hold them together: a row
//! without a text, a text without a row, and an answer that is not of its shape each fail one. `docs/openapi.json` is the
//! document as checked in.

mod shape;

pub use shape::{Member, Shape, Shapes};

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::routes::{Need, Route, routes};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use shape::Side;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

const INTERFACE: &str = include_str!("interface.txt");

/// What is said of one route.
#[derive(Clone, Debug)]
pub struct Said {
    /// What it does.
    pub text: String,
    /// Parameters in the path.
    pub path: Vec<Member>,
    /// Parameters of the query.
    pub query: Vec<Member>,
    /// The body that it takes.
    pub takes: Option<Content>,
    /// The status when it is done.
    pub status: u16,
    /// The body that it gives then.
    pub gives: Option<Content>,
}

/// What a body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON of this shape.
    Json(Shape),
    /// Something else, by its media type.
    Media(String),
}

/// Everything that `interface.txt` says.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Shapes by name.
    pub shapes: Shapes,
    /// What is said of a route, by method and path as the table has them.
    pub routes: BTreeMap<(String, String), Said>,
}

impl Interface {
    /// What is said of a row of the table.
    pub fn of(&self, route: &Route) -> Option<&Said> {
        self.routes.get(&(route.method.to_string(), route.path.to_owned()))
    }
}

/// What is said of the routes.
///
/// # Panics
/// If the text, which is part of this crate, is not in its notation.
pub fn interface() -> &'static Interface {
    static READ: OnceLock<Interface> = OnceLock::new();
    READ.get_or_init(|| read(INTERFACE).unwrap_or_else(|error| panic!("interface.txt: {error}")))
}

/// Reads the text: `type NAME = SHAPE`, or a route's line and indented words below it.
fn read(text: &str) -> Result<Interface, String> {
    let mut interface = Interface { shapes: Shapes::new(), routes: BTreeMap::new() };
    let mut last = None;
    for (number, line) in text.lines().enumerate() {
        let at = |error: String| format!("line {}: {error}", number + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            let said: &mut Said = last
                .as_ref()
                .and_then(|key| interface.routes.get_mut(key))
                .ok_or_else(|| at("words without a route".into()))?;
            if !said.text.is_empty() {
                said.text.push(' ');
            }
            said.text.push_str(line.trim());
            continue;
        }
        if let Some(rest) = line.strip_prefix("type ") {
            let (name, shape) = rest.split_once('=').ok_or_else(|| at("a = is missing".into()))?;
            interface.shapes.insert(name.trim().to_owned(), Shape::parse(shape).map_err(at)?);
            continue;
        }
        let (key, said) = route(line).map_err(at)?;
        last = Some(key.clone());
        if interface.routes.insert(key, said).is_some() {
            return Err(at("the route stands there twice".into()));
        }
    }
    Ok(interface)
}

/// `GET /api/users/{id:int}/x ?limit:int <Body -> 201 Answer`
fn route(line: &str) -> Result<((String, String), Said), String> {
    let (left, right) = line.split_once(" -> ").ok_or("a -> is missing")?;
    let mut words = left.split_whitespace();
    let (method, typed) = (words.next().ok_or("no method")?, words.next().ok_or("no path")?);
    let (mut path, mut members) = (String::new(), Vec::new());
    let mut rest = typed;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}').ok_or("a } is missing")?;
        let member = parameter(inside, false)?;
        path.extend([before, "{", &member.name, "}"]);
        members.push(member);
        rest = after;
    }
    path.push_str(rest);
    let mut said =
        Said { text: String::new(), path: members, query: Vec::new(), takes: None, status: 200, gives: None };
    for word in words {
        if let Some(query) = word.strip_prefix('?') {
            said.query.push(parameter(query, true)?);
        } else if let Some(body) = word.strip_prefix('<') {
            said.takes = Some(content(body)?);
        } else {
            return Err(format!("\"{word}\" is neither ?query nor <body"));
        }
    }
    for word in right.split_whitespace() {
        match word.parse::<u16>() {
            Ok(status) => said.status = status,
            Err(_) => said.gives = Some(content(word)?),
        }
    }
    Ok(((method.to_owned(), path), said))
}

fn parameter(text: &str, is_optional: bool) -> Result<Member, String> {
    let (name, shape) = text.split_once(':').unwrap_or((text, "text"));
    Ok(Member { name: name.to_owned(), is_optional, shape: Shape::parse(shape)? })
}

fn content(text: &str) -> Result<Content, String> {
    if text.contains('/') { Ok(Content::Media(text.to_owned())) } else { Ok(Content::Json(Shape::parse(text)?)) }
}

/// What a route needs, in words of scopes.
fn needs(need: Need) -> String {
    let scope = |permission: access::Permission, on: &str| format!("system/{on}.{}", permission.letter());
    match need {
        Need::Nothing => "nothing".to_owned(),
        Need::Known => "a token or a session".to_owned(),
        Need::Session => "a token or a session, locked or not".to_owned(),
        Need::Person => "a session".to_owned(),
        Need::OnType(permission) => scope(permission, "{type}"),
        Need::OnAll(permission) => scope(permission, "*"),
        Need::On(permission, name) => scope(permission, name),
        Need::Duty(duty) => format!("the duty of {}", duty.as_str()),
        Need::Oversee => "some duty".to_owned(),
        Need::Metrics => format!("{}, or the duty of system", scope(access::Permission::Read, access::METRICS)),
    }
}

/// The document.
pub fn document() -> Value {
    let interface = interface();
    let mut asked = BTreeSet::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes() {
        let Some(said) = interface.of(&route) else { continue };
        if let Some(Content::Json(shape)) = &said.takes {
            let mut names = Vec::new();
            shape.names(&mut names);
            asked.extend(names);
        }
        paths.entry(route.path).or_default().insert(route.method.as_str().to_lowercase(), operation(&route, said));
    }
    let schemas: Map<String, Value> = interface
        .shapes
        .iter()
        .map(|(name, shape)| {
            let side = if asked.contains(name) { Side::Request } else { Side::Answer };
            (name.clone(), shape.schema(side))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "medweave",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "FHIR R4 under /fhir, the interface of medweave's own pages and commands under /api. docs/api.md says how they are used.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made by `medweave token create`."},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": crate::cookie::PLAIN,
                    "description": format!("What changes something needs the session's X-CSRF-Token too. Under TLS the cookie is called {}.", crate::cookie::ENCRYPTED),
                },
            },
        },
    })
}

fn operation(route: &Route, said: &Said) -> Value {
    let parameters = |members: &[Member], place: &str| -> Vec<Value> {
        members
            .iter()
            .map(|member| {
                json!({"name": member.name, "in": place, "required": !member.is_optional, "schema": member.shape.schema(Side::Request)})
            })
            .collect()
    };
    let body = |content: &Content| match content {
        Content::Json(shape) => json!({"application/json": {"schema": shape.schema(Side::Answer)}}),
        Content::Media(media) if media.ends_with("json") && !media.ends_with("ndjson") => {
            json!({media: {"schema": {"type": if media.contains("patch") { "array" } else { "object" }}}})
        }
        Content::Media(media) => json!({media: {"schema": {"type": "string"}}}),
    };
    let is_fhir = route.path.starts_with("/fhir");
    let (refused, media) =
        if is_fhir { ("OperationOutcome", "application/fhir+json") } else { ("Refusal", "application/json") };
    let mut done = json!({"description": status_words(said.status)});
    if let Some(gives) = &said.gives {
        done["content"] = body(gives);
    }
    let refusal = json!({
        "description": "Refused: what happened and what to do.",
        "content": {media: {"schema": {"$ref": format!("#/components/schemas/{refused}")}}},
    });
    let mut out = json!({
        "operationId": operation_id(route),
        "summary": said.text,
        "x-needs": needs(route.need),
        "parameters": Value::from_iter([parameters(&said.path, "path"), parameters(&said.query, "query")].concat()),
        "responses": {said.status.to_string(): done, "default": refusal},
    });
    if let Some(takes) = &said.takes {
        out["requestBody"] = json!({"required": true, "content": body(takes)});
    }
    out["security"] = if route.need == Need::Nothing { json!([]) } else { json!([{"token": []}, {"session": []}]) };
    out
}

fn status_words(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Done")
}

/// `get_api_users_id`
fn operation_id(route: &Route) -> String {
    let mut out = route.method.as_str().to_lowercase();
    for part in route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        out.push('_');
        out.push_str(part);
    }
    // `/fhir` and `/fhir/` are two rows.
    if route.path.len() > 1 && route.path.ends_with('/') { out + "_" } else { out }
}

/// The document as it is served and checked in.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| format!("{:#}\n", document()))
}

/// `GET /api/openapi.json`
pub(crate) async fn show(_: Call) -> Result<Answer, Refusal> {
    Ok(Answer::json(StatusCode::OK, text().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect_file;

    #[test]
    fn every_row_of_the_table_has_its_words_and_every_word_its_row() {
        let rows: BTreeSet<(String, String)> =
            routes().iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
        let said: BTreeSet<(String, String)> = interface().routes.keys().cloned().collect();
        let missing: Vec<_> = rows.difference(&said).collect();
        assert!(missing.is_empty(), "say in interface.txt what these take and give: {missing:?}");
        let strange: Vec<_> = said.difference(&rows).collect();
        assert!(strange.is_empty(), "the table has no such rows: {strange:?}");
        for (key, said) in &interface().routes {
            assert!(!said.text.is_empty(), "{key:?} has no words");
        }
    }

    #[test]
    fn every_shape_is_used_and_defined() {
        let interface = interface();
        let mut names = vec!["Refusal".to_owned(), "OperationOutcome".to_owned()];
        interface.shapes.values().for_each(|shape| shape.names(&mut names));
        for said in interface.routes.values() {
            for content in [&said.takes, &said.gives].into_iter().flatten() {
                if let Content::Json(shape) = content {
                    shape.names(&mut names);
                }
            }
        }
        let used: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let defined: BTreeSet<&str> = interface.shapes.keys().map(String::as_str).collect();
        assert_eq!(used, defined);
    }

    #[test]
    fn the_document_is_the_one_checked_in() {
        // UPDATE_EXPECT=1 writes it anew; `make api-types` makes the pages' types of it.
        expect_file!["../../../../docs/openapi.json"].assert_eq(text());
    }
}
