//! What each field must be: there, once, of its type.

use super::datatype;
use super::finding::{Finding, Rule, Severity};
use super::segment::{self, FieldRule, Version};
use crate::message::{Message, Segment};

/// Checks every field that our tables have.
pub(super) fn check(message: &Message<'_>, version: Option<Version>, found: &mut Vec<Finding>) {
    for segment in message.all() {
        for rule in segment::fields(segment.id().0) {
            check_field(segment, rule, version, found);
        }
        if segment.is("OBX") {
            check_value_type(segment, found);
        }
    }
}

fn check_field(segment: Segment<'_>, rule: &FieldRule, version: Option<Version>, found: &mut Vec<Finding>) {
    let field = segment.field(rule.number);
    if !field.has_value() {
        // One that is deleted was given.
        if !field.is_null() && rule.required.is_some_and(|versions| versions.hold(version)) {
            // Many receivers count by themselves.
            let severity = if rule.kind == "SI" { Severity::Note } else { Severity::Error };
            let text = "a required field is empty".to_owned();
            found.push(Finding::at(severity, Rule::RequiredField, *field, text, "have the sender fill it"));
        }
        return;
    }
    let count = field.repeat_count();
    if count > 1 && !rule.repeats.is_some_and(|versions| versions.may_hold(version)) {
        let separator = segment_separator(segment);
        let text = format!("{count} repetitions of a field that has none");
        let advice =
            format!("have the sender give one; a {separator} that is text is written as an escape sequence (\\R\\)");
        found.push(Finding::at(Severity::Warning, Rule::Repetition, *field, text, advice));
    }
    let kind = if rule.kind == "VARIES" { segment.field(2).text().trim().to_ascii_uppercase() } else { String::new() };
    let kind = if rule.kind == "VARIES" { kind.as_str() } else { rule.kind };
    for repeat in field.repeats().filter(|repeat| repeat.has_value()) {
        datatype::check(kind, rule.table, repeat, found);
    }
}

fn segment_separator(segment: Segment<'_>) -> char {
    segment.separators().repetition.map_or('~', char::from)
}

/// OBX-2 says what OBX-5 is; it may be empty where that is.
fn check_value_type(obx: Segment<'_>, found: &mut Vec<Finding>) {
    if obx.field(5).has_value() && !obx.field(2).has_value() {
        let text = "the type of the value is not given".to_owned();
        found.push(Finding::at(
            Severity::Error,
            Rule::RequiredField,
            *obx.field(2),
            text,
            "have the sender fill OBX-2",
        ));
    }
}
