//! Text between escape characters that is no escape sequence (HL7 v2, chapter 2, use of escape sequences in text fields).

use super::finding::{Finding, Rule, Severity};
use crate::message::{Message, not_escapes};

/// Finds them field by field: one finding a field.
pub(super) fn check(message: &Message<'_>, found: &mut Vec<Finding>) {
    let header = message.header();
    for segment in message.all() {
        for field in segment.fields() {
            if segment.index() == header.index() && field.place().field <= 2 {
                continue;
            }
            let odd = not_escapes(message, field.span());
            let Some(first) = odd.first() else { continue };
            let shown = String::from_utf8_lossy(&message.raw()[first.clone()]);
            let more = odd.len() - 1;
            let more = if more > 0 { format!(", and {more} more such") } else { String::new() };
            let text = format!("{shown:?} is no escape sequence{more}; it is read as it stands");
            let escape = message.separators().escape.map_or('\\', char::from);
            let advice = format!("have the sender write a {escape} that is text as {escape}E{escape}");
            found.push(Finding {
                span: first.clone(),
                source: "HL7 v2, chapter 2",
                ..Finding::at(Severity::Warning, Rule::Escape, *field, text, advice)
            });
        }
    }
}
