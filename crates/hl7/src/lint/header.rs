//! What a message says it is: MSH-9 to MSH-12, and EVN-1 beside them (HL7 v2, chapter 2).

use super::codes;
use super::finding::{Finding, Severity};
use super::segment::{self, Version};
use super::structure;
use crate::message::Message;

/// The version by which the message is judged; `None` if it names none that there is.
pub(super) fn version(message: &Message<'_>) -> Option<Version> {
    let text = message.header().field(12).component(1).text().trim().to_owned();
    if codes::stranger(104, &text).is_some() { None } else { segment::read_version(&text) }
}

/// Checks the header.
pub(super) fn check(message: &Message<'_>, version: Option<Version>, found: &mut Vec<Finding>) {
    check_event(message, version, found);
    let header = message.header();
    if !header.field(10).has_value() {
        let text = "there is no control id: an answer cannot say which message it belongs to";
        found.push(Finding::header(
            message,
            Severity::Error,
            10,
            text.to_owned(),
            "have the sender number its messages",
        ));
    }
    for (number, table, missing, advice) in [
        (
            11,
            103,
            "it is not said whether this is production (P), training (T) or debugging (D)",
            "have the sender write P, T or D",
        ),
        (12, 104, "the version is not given", "have the sender write the version, as in 2.5.1"),
    ] {
        let field = header.field(number);
        if !field.has_value() {
            found.push(Finding::header(message, Severity::Error, number, missing.to_owned(), advice));
            continue;
        }
        let text = field.component(1).text();
        let code = text.split('&').next().unwrap_or_default().trim();
        if codes::stranger(table, code).is_some() {
            let text = format!("{code:?} is not of HL7's table {table:04}");
            found.push(Finding::header(message, Severity::Warning, number, text, advice));
        }
    }
}

fn check_event(message: &Message<'_>, version: Option<Version>, found: &mut Vec<Finding>) {
    let field = message.header().field(9);
    let mut tell =
        |severity, text: String, advice: &str| found.push(Finding::header(message, severity, 9, text, advice));
    if !field.has_value() {
        tell(
            Severity::Error,
            "the kind of the message is not given".to_owned(),
            "have the sender write it, as in ADT^A01^ADT_A01",
        );
        return;
    }
    let (kind, trigger) = message.event();
    let given = |component: u16| field.component(component).text().trim().to_ascii_uppercase();
    if given(1).contains('_') && !field.component(2).has_value() {
        let text = format!("the event stands in the first component; it is read as {kind}^{trigger}");
        tell(Severity::Warning, text, "have the sender write the type and the event as two components");
    } else if codes::stranger(76, &kind).is_some() && !kind.starts_with('Z') {
        tell(Severity::Warning, format!("{kind:?} is no message type (table 0076)"), "correct the type");
    } else if !field.component(2).has_value() && kind != "ACK" {
        let read = if trigger.is_empty() {
            "nothing tells which it is".to_owned()
        } else {
            format!("it is read as {trigger}")
        };
        tell(
            Severity::Warning,
            format!("the trigger event is not given; {read}"),
            "have the sender write it as the second component",
        );
    }
    let expected = structure::name(&kind, &trigger);
    let structure = given(3);
    match expected {
        Some(expected) if !structure.is_empty() && structure != expected => {
            // Structures that differ by version, and their first names.
            let is_of_event = structure == format!("{kind}_{trigger}");
            let severity = if is_of_event { Severity::Note } else { Severity::Warning };
            let text = format!("the structure is called {structure}; messages of {kind}^{trigger} have {expected}");
            tell(severity, text, "some receivers choose what they expect by it");
        }
        Some(expected) if structure.is_empty() && version.is_some_and(|version| version >= (2, 5, 0)) => {
            let text = "the structure is not given, which 2.5 and later require".to_owned();
            tell(Severity::Note, text, &format!("have the sender write {expected} as the third component"));
        }
        _ => {}
    }
    if let Some(evn) = message.segments("EVN").next() {
        let told = evn.field(1).component(1);
        let event = told.text().trim().to_ascii_uppercase();
        if told.has_value() && event != trigger {
            let text = format!("EVN-1 says {event}, MSH-9 says {trigger}: the header counts");
            let advice = "have the sender write the same, or leave EVN-1 empty";
            found.push(Finding::at(Severity::Warning, super::Rule::Header, *evn.field(1), text, advice));
        }
    }
}
