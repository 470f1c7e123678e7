//! Set ids: the segments of one kind are counted from 1, and anew where something else begins.

use super::finding::{Finding, Rule, Severity};
use super::segment;
use crate::message::{Message, SegmentId};
use std::collections::HashMap;

/// Checks the numbers of segments whose first field is a sequence number.
pub(super) fn check(message: &Message<'_>, found: &mut Vec<Finding>) {
    // The last number of each kind, and where that segment stands.
    let mut last: HashMap<SegmentId, (u32, usize)> = HashMap::new();
    for segment in message.all() {
        let is_counted =
            segment::fields(segment.id().0).first().is_some_and(|rule| rule.number == 1 && rule.kind == "SI");
        let field = segment.field(1);
        if !is_counted || !field.has_value() {
            continue;
        }
        // What is no number is told by its type.
        let Ok(number) = field.text().trim().parse::<u32>() else { continue };
        let before = last.insert(segment.id(), (number, segment.index()));
        let (severity, text) = match before {
            _ if number == 1 && before.is_none_or(|(_, at)| at + 1 < segment.index()) => continue,
            None => (Severity::Note, format!("the first {} has the number {number}, not 1", segment.id())),
            Some((known, _)) if number == known + 1 => continue,
            Some((known, _)) if number <= known => {
                (Severity::Warning, format!("number {number} stands behind number {known}"))
            }
            Some((known, _)) => {
                (Severity::Note, format!("number {number} stands behind number {known}: some are left out"))
            }
        };
        let advice = "have the sender count the segments of one kind from 1";
        found.push(Finding::at(severity, Rule::SetId, *field, text, advice));
    }
}
