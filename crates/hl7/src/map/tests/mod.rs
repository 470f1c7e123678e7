//! Maps of hand-made messages, as lines a person reads; every resource made is checked against R4.

mod admissions;
mod appointments;
mod bills;
mod codes;
mod documents;
mod drugs;
mod identity;
mod incidents;
mod lists;
mod merges;
mod mutations;
mod numbers;
mod orders;
mod pending;
mod problems;
mod results;
mod senders;
mod specimens;
mod vaccinations;

use super::{MapError, Mapped, Outcome, Settings, map};
use crate::message::{Message, ParseOptions};
use expect_test::Expect;
use fhir::json::{Document, Tree};
use std::collections::HashMap;
use std::fmt::Write as _;

fn settings() -> Settings {
    Settings { zone: jiff::tz::TimeZone::fixed(jiff::tz::offset(8)), ..Settings::new("his") }
}

fn parse(bytes: &[u8]) -> Message<'_> {
    Message::parse(bytes, &ParseOptions::default()).unwrap()
}

/// Segments on lines, indentation and blank lines aside.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\r")
}

fn mapped_bytes(bytes: &[u8]) -> Mapped {
    match map(&parse(bytes), &settings()).unwrap() {
        Outcome::Mapped(mapped) => {
            assert_valid(&mapped);
            mapped
        }
        Outcome::NoMap { event } => panic!("no map for {event}"),
    }
}

fn mapped(text: &str) -> Mapped {
    mapped_bytes(lines(text).as_bytes())
}

fn error(text: &str) -> MapError {
    map(&parse(lines(text).as_bytes()), &settings()).unwrap_err()
}

/// The resource of a type with this identity value.
fn resource<'m>(mapped: &'m Mapped, kind: &str, value: &str) -> &'m super::MappedResource {
    mapped
        .resources
        .iter()
        .find(|resource| resource.key.resource_type == kind && resource.key.value == value)
        .unwrap_or_else(|| {
            panic!("no {kind} {value} in {:?}", mapped.resources.iter().map(|r| &r.key).collect::<Vec<_>>())
        })
}

fn assert_valid(mapped: &Mapped) {
    for resource in &mapped.resources {
        let text = resource.resource.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let issues = fhir::validate::validate(document.root(), &fhir::validate::Options::default());
        let issues: Vec<String> = issues.iter().map(ToString::to_string).collect();
        assert!(issues.is_empty(), "{}: {}\n{text}", resource.key.resource_type, issues.join("; "));
    }
}

/// Compares the map of a message with lines such as `name[0].family = Doe`.
fn check(text: &str, types: &[&str], expected: Expect) {
    expected.assert_eq(&shown(&mapped(text), types));
}

fn shown(mapped: &Mapped, types: &[&str]) -> String {
    let names: HashMap<String, String> = mapped
        .resources
        .iter()
        .map(|r| (r.key.full_url("his"), format!("{} {}", r.key.resource_type, r.key.value)))
        .collect();
    let mut out = String::new();
    for resource in &mapped.resources {
        if !types.is_empty() && !types.contains(&resource.key.resource_type) {
            continue;
        }
        let _ = writeln!(
            out,
            "{:?} {} {} {}",
            resource.write, resource.key.resource_type, resource.key.system, resource.key.value
        );
        for (name, value) in resource.resource.members() {
            if name != "resourceType" {
                show(&mut out, &names, name, value);
            }
        }
        if !resource.cleared.is_empty() {
            let _ = writeln!(out, "  cleared {:?}", resource.cleared);
        }
        for former in &resource.formerly {
            let _ = writeln!(out, "  formerly {} {}", former.system, former.value);
        }
        for other in &resource.unlinked {
            show(&mut out, &names, "unlinked", other);
        }
        if resource.in_part {
            let _ = writeln!(out, "  in part, assumed {:?}", resource.assumed);
        }
    }
    for moved in &mapped.moves {
        let from: Vec<&str> = moved.from.iter().map(|key| key.value.as_str()).collect();
        let (kind, what) = (moved.what.resource_type, &moved.what.value);
        let _ = writeln!(out, "{kind} {what} goes from {} to {}", from.join(", "), moved.to.value);
    }
    for issue in &mapped.issues {
        let _ = writeln!(out, "{:?} {}: {}", issue.severity, issue.place, issue.text);
    }
    if !mapped.unmapped.is_empty() {
        let _ = writeln!(out, "not mapped {:?}", mapped.unmapped);
    }
    out
}

fn show(out: &mut String, names: &HashMap<String, String>, path: &str, value: &Tree) {
    match value {
        Tree::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let path = if items.len() == 1 { path.to_owned() } else { format!("{path}[{at}]") };
                show(out, names, &path, item);
            }
        }
        Tree::Object(members) => {
            // A coding is one line.
            if let (Some(system), Some(code)) = (value.get("system"), value.get("code")) {
                let display = value.get("display").and_then(Tree::as_str).unwrap_or("");
                let system = system.as_str().unwrap_or("").replace("http://terminology.hl7.org/CodeSystem/", "");
                let _ = writeln!(out, "  {path} = {}#{} {display}", system, code.as_str().unwrap_or(""));
                if value.get("value").is_none() {
                    return;
                }
            }
            for (name, value) in members {
                if value.as_str().is_some_and(|_| matches!(name.as_str(), "system" | "code")) && members.len() > 2 {
                    let has_code = value.as_str().is_some() && members.iter().any(|(n, _)| n == "code");
                    if has_code {
                        continue;
                    }
                }
                show(out, names, &format!("{path}.{name}"), value);
            }
        }
        Tree::String(text) => {
            let text = names.get(text).map_or_else(|| text.clone(), |name| format!("-> {name}"));
            let _ = writeln!(out, "  {path} = {text}");
        }
        other => {
            let _ = writeln!(out, "  {path} = {other}");
        }
    }
}

#[test]
fn an_event_without_a_map_is_named_and_not_half_mapped() {
    let text = lines("MSH|^~\\&|HIS||||20240102||ORU^W01|1|P|2.5\nPID|1||7^^^HOSP^MR");
    let outcome = map(&parse(text.as_bytes()), &settings()).unwrap();
    assert_eq!(outcome, Outcome::NoMap { event: "ORU^W01".to_owned() });
}

#[test]
fn what_identifies_nobody_is_an_error_with_its_place() {
    assert!(matches!(
        error("MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5"),
        MapError::MissingSegment { segment: "PID", .. }
    ));
    let nobody = error("MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5\nPID|1||^^^HOSP||Doe^Ann");
    assert_eq!(nobody.place().unwrap().to_string(), "PID-3");
    assert!(matches!(
        error("MSH|^~\\&|HIS||||20240102||ADT^A40|1|P|2.5\nPID|1||7"),
        MapError::MissingSegment { segment: "MRG", .. }
    ));
}

#[test]
fn the_same_message_gives_the_same_bundle_and_another_source_other_entries() {
    let text = lines(
        "MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5\nPID|1||7^^^HOSP^MR||Doe^Ann\nPV1|1|I|W^1^2||||9^Lee||||||||||||V1",
    );
    let (first, again) = (mapped_bytes(text.as_bytes()), mapped_bytes(text.as_bytes()));
    assert_eq!(first.bundle, again.bundle);
    let message = parse(text.as_bytes());
    let Ok(Outcome::Mapped(other)) = map(&message, &Settings::new("lab")) else { panic!() };
    let urls = |mapped: &Mapped| -> Vec<Tree> {
        mapped.bundle.get("entry").unwrap().items().iter().map(|entry| entry.get("fullUrl").unwrap().clone()).collect()
    };
    assert!(urls(&first).iter().all(|url| !urls(&other).contains(url)));
}

#[test]
fn conditions_are_escaped_for_search_and_url() {
    let mapped = mapped("MSH|^~\\&|HIS||||20240102||ADT^A08|1|P|2.5\nPID|1||7,8\\F\\9 &^^^A B/C^MR");
    let request = mapped.bundle.get("entry").unwrap().items()[0].get("request").unwrap().get("url").unwrap();
    assert_eq!(request.as_str(), Some("Patient?identifier=urn:medweave:authority:A%2520B%252FC|7%5C%2C8%5C%7C9"));
}
