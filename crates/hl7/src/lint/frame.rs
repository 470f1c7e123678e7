//! How segments are set apart, what separates in them, and which characters the bytes are (HL7 v2, chapter 2).

use super::finding::{Finding, Rule, Severity};
use crate::message::{Message, Place, Separators};
use crate::mllp;
use std::ops::Range;

const SOURCE: &str = "HL7 v2, chapter 2";

/// All of it.
pub(super) fn check(message: &Message<'_>, found: &mut Vec<Finding>) {
    check_bytes(message, found);
    check_lines(message, found);
    check_separators(message, found);
    check_characters(message, found);
}

fn finding(severity: Severity, rule: Rule, span: Range<usize>, text: impl Into<String>, advice: &str) -> Finding {
    Finding { severity, rule, place: None, span, text: text.into(), advice: advice.to_owned(), source: SOURCE }
}

fn check_bytes(message: &Message<'_>, found: &mut Vec<Finding>) {
    let raw = message.raw();
    if raw.starts_with(&[0xef, 0xbb, 0xbf]) {
        let text = "a byte order mark stands before the message";
        found.push(finding(
            Severity::Note,
            Rule::Framing,
            0..3,
            text,
            "have the program that writes the file leave it out",
        ));
    }
    if let Some(at) = raw.iter().position(|byte| matches!(*byte, mllp::START | mllp::END)) {
        let text = "bytes of an MLLP frame are part of the text";
        let advice =
            "a file holds messages without their frames; over MLLP one message stands between 0x0B and 0x1C 0x0D";
        found.push(finding(Severity::Note, Rule::Framing, at..at + 1, text, advice));
    }
}

fn check_lines(message: &Message<'_>, found: &mut Vec<Finding>) {
    let raw = message.raw();
    let mut has_told_of_line_feed = false;
    let mut has_told_of_indent = false;
    for (segment, next) in message.all().zip(message.all().skip(1)) {
        let between = segment.span().end..next.span().start;
        let bytes = &raw[between.clone()];
        if bytes.contains(&b'\n') && !has_told_of_line_feed {
            has_told_of_line_feed = true;
            let text = "segments end with a line feed, where the standard has a carriage return alone";
            let advice = "over MLLP some receivers refuse it; medweave hl7 send writes carriage returns";
            found.push(finding(Severity::Note, Rule::Framing, between.clone(), text, advice));
        }
        if bytes.last().is_some_and(|byte| matches!(*byte, b' ' | b'\t')) && !has_told_of_indent {
            has_told_of_indent = true;
            let advice = "have the sender begin each segment at the start of its line";
            let told = finding(Severity::Warning, Rule::Framing, between, "the segment is indented", advice);
            found.push(Finding { place: Some(next.place()), ..told });
        }
    }
    for segment in message.all() {
        let span = segment.span();
        if raw[span.start..span.start + 3].iter().any(u8::is_ascii_lowercase) {
            let span = span.start..span.start + 3;
            let told = finding(
                Severity::Warning,
                Rule::Framing,
                span,
                "the name of the segment is in lower case",
                "have the sender write it in capitals",
            );
            found.push(Finding { place: Some(segment.place()), ..told });
        }
    }
}

fn check_separators(message: &Message<'_>, found: &mut Vec<Finding>) {
    let header = message.header();
    let usual = Separators::default();
    let mut tell = |severity, field: u16, text: String, advice: &str| {
        let value = *header.field(field);
        found.push(Finding { source: SOURCE, ..Finding::at(severity, Rule::Separators, value, text, advice) });
    };
    let separators = message.separators();
    if separators.field != usual.field {
        let text = format!("fields are separated by {:?}, not by the usual |", char::from(separators.field));
        tell(Severity::Note, 1, text, "some receivers know the usual one alone");
    }
    let given = header.field(2).raw();
    if given.is_empty() {
        let text = "the encoding characters are not given; they are read as the usual ^~\\&";
        tell(Severity::Error, 2, text.to_owned(), "have the sender write ^~\\&");
    } else if given == b"^~\\\\&" {
        let text = "the escape character is doubled; it is read as one";
        tell(
            Severity::Warning,
            2,
            text.to_owned(),
            "have the sender write ^~\\&: a program took the backslash for its own escape",
        );
    } else if given.len() < 4 || given.contains(&b' ') {
        let text = "one of the encoding characters is left out: the message can have none of that kind";
        tell(Severity::Warning, 2, text.to_owned(), "have the sender write ^~\\&");
    } else if !given.starts_with(b"^~\\&") {
        let text = format!("the encoding characters are {:?}, not the usual ^~\\&", String::from_utf8_lossy(given));
        tell(Severity::Note, 2, text, "some receivers know the usual ones alone");
    }
}

fn check_characters(message: &Message<'_>, found: &mut Vec<Finding>) {
    let field = message.header().field(18);
    let place = Place { field: 18, ..message.header().place() };
    let is_told = message.issues().iter().any(|issue| issue.place == place);
    if let Some(at) = message.raw().iter().skip(3).position(|byte| !byte.is_ascii()).filter(|_| !is_told) {
        let names: Vec<String> =
            field.repeats().map(|name| name.component(1).text().trim().to_ascii_uppercase()).collect();
        let is_ascii = |name: &String| matches!(name.as_str(), "" | "ASCII" | "US-ASCII" | "ISO IR6");
        if names.iter().all(is_ascii) {
            let read_as = message.charset().name();
            let said =
                if field.has_value() { "MSH-18 names ASCII" } else { "no character set is named, which means ASCII" };
            let text = format!("{said}, and byte {} is not of it; read as {read_as}", at + 3);
            let advice = "have the sender name the set in MSH-18, as in UNICODE UTF-8";
            found.push(Finding {
                source: SOURCE,
                ..Finding::at(Severity::Warning, Rule::CharacterSet, *field, text, advice)
            });
        }
    }
    for segment in message.all() {
        for field in segment.fields().filter(|field| !field.raw().is_ascii() && field.is_garbled()) {
            let text = format!("some bytes are not {} and were replaced", message.charset().name());
            let advice = "have the sender name the right set in MSH-18, or set the source's character set";
            found.push(Finding {
                source: SOURCE,
                ..Finding::at(Severity::Warning, Rule::CharacterSet, *field, text, advice)
            });
        }
    }
}
