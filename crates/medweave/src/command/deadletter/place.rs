//! A dead letter's text with the place of the fault marked under its line.

use super::super::table::columns;
use fhir::json::{Document, Node};
use hl7::{Charset, Message, ParseOptions, Place};
use std::ops::Range;

/// Lines around the fault that are shown of a long letter, and characters around it of a long line.
const LINES_BEFORE: usize = 12;
const LINES: usize = 40;
const CHARACTERS_AROUND: usize = 70;

/// The letter as lines, the marked one with `^` below the fault.
pub(super) fn marked(bytes: &[u8], place: &str) -> String {
    let (charset, at) = located(bytes, place);
    let mut lines: Vec<(Range<usize>, bool)> = Vec::new();
    let mut start = 0;
    for end in (0..=bytes.len()).filter(|end| bytes.get(*end).is_none_or(|byte| matches!(byte, b'\r' | b'\n'))) {
        let is_second_of_two = start == end && end > 0 && bytes[end - 1] == b'\r' && bytes.get(end) == Some(&b'\n');
        let has_mark = at.as_ref().is_some_and(|at| start <= at.start && at.start <= end);
        if !is_second_of_two && (start < end || has_mark) {
            lines.push((start..end, has_mark));
        }
        start = end + 1;
    }
    let first = lines.iter().position(|(_, has_mark)| *has_mark).unwrap_or(0).saturating_sub(LINES_BEFORE);
    let mut out = Vec::new();
    if first > 0 {
        out.push(format!("… {first} lines before"));
    }
    for (range, has_mark) in lines.iter().skip(first).take(LINES) {
        let at = at.as_ref().filter(|_| *has_mark);
        let span = at.map_or(range.start..range.start, |at| at.start..at.end.clamp(at.start, range.end));
        out.extend(line(bytes, charset, range.clone(), span, *has_mark));
    }
    let after = lines.len().saturating_sub(first + LINES);
    if after > 0 {
        out.push(format!("… {after} lines after"));
    }
    if first > 0 || after > 0 {
        out.push("--raw gives all of it".to_owned());
    }
    out.join("\n")
}

/// The character set of the bytes, and where in them `place` is.
fn located(bytes: &[u8], place: &str) -> (Charset, Option<Range<usize>>) {
    if let Ok(message) = Message::parse(bytes, &ParseOptions::default()) {
        let at = place.parse::<Place>().ok().and_then(|place| message.find(place));
        return (message.charset(), at);
    }
    let at = Document::parse(bytes).ok().and_then(|document| element(document.root(), place));
    (Charset::guess(bytes), at)
}

/// The bytes of the deepest element of a path such as `Bundle.entry[3].resource.birthDate` that is there.
fn element(root: Node<'_>, path: &str) -> Option<Range<usize>> {
    let mut steps: Vec<&str> = path.split('.').collect();
    let kind = root.get("resourceType").and_then(Node::as_str).unwrap_or_default();
    // The letter may be one entry of the bundle that the path begins with, or the resource in it.
    if let Some(at) = steps.iter().position(|step| *step == "resource").filter(|_| kind != "Bundle") {
        steps.drain(..at + usize::from(root.get("resource").is_none()));
    } else if steps.first().is_some_and(|first| *first == kind) {
        steps.remove(0);
    }
    let (mut node, mut depth) = (root, 0);
    for step in steps {
        let (name, number) = match step.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        // FHIRPath speaks of `value` where JSON has `valueQuantity`.
        let member = node.get(name).or_else(|| {
            let is_choice = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with(char::is_uppercase));
            node.members().find(|(key, _)| is_choice(key)).map(|(_, value)| value)
        });
        let Some(member) = member else { break };
        node = match number {
            Some(number) => member.items().nth(number).unwrap_or(member),
            None => member,
        };
        depth += 1;
    }
    (depth > 0).then(|| node.span())
}

/// One line, and the mark below it; of a long one what is around the mark.
fn line(bytes: &[u8], charset: Charset, range: Range<usize>, span: Range<usize>, has_mark: bool) -> Vec<String> {
    let text = |range: Range<usize>| -> Vec<char> {
        // Control characters of what came from elsewhere must not steer the terminal.
        charset.decode(&bytes[range]).0.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    };
    let mut before = text(range.start..span.start);
    let mut inside = text(span.clone());
    let mut after = text(span.end..range.end);
    if before.len() > CHARACTERS_AROUND && has_mark {
        before.drain(..before.len() - CHARACTERS_AROUND);
        before.insert(0, '…');
    }
    for part in [&mut inside, &mut after] {
        if part.len() > 2 * CHARACTERS_AROUND {
            part.truncate(2 * CHARACTERS_AROUND);
            part.push('…');
        }
    }
    let mut out = vec![before.iter().chain(&inside).chain(&after).collect::<String>()];
    if has_mark {
        let width = |part: &[char]| part.iter().map(|c| columns(*c)).sum::<usize>();
        out.push(format!("{}{}", " ".repeat(width(&before)), "^".repeat(width(&inside).max(1))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn a_field_of_a_message_is_marked_where_it_is_or_should_be() {
        let message = "MSH|^~\\&|HIS|||||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rPID|1||^^^HOSP||李^娜\rPV1|1|I\r";
        assert_eq!(
            marked(message.as_bytes(), "PID-3"),
            "MSH|^~\\&|HIS|||||ADT^A08|1|P|2.5||||||UNICODE UTF-8\nPID|1||^^^HOSP||李^娜\n       ^^^^^^^\nPV1|1|I"
        );
        assert_eq!(marked(message.as_bytes(), "PID-5.2").lines().nth(2), Some("                   ^^"));
        assert_eq!(marked(message.as_bytes(), "PV1-19").lines().last(), Some("       ^"));
        assert!(!marked(message.as_bytes(), "MRG").contains("  ^"));
    }

    #[test]
    fn an_element_of_json_is_marked_and_a_long_line_is_cut_around_it() {
        let patient = r#"{"resourceType":"Patient","id":"2","birthDate":"x"}"#;
        let at = patient.find("\"x\"").unwrap();
        let mark = format!("{}^^^", " ".repeat(at));
        assert_eq!(marked(patient.as_bytes(), "Patient.birthDate").lines().nth(1), Some(mark.as_str()));
        let entry = format!(r#"{{"fullUrl":"{}","resource":{patient}}}"#, "u".repeat(500));
        let shown = marked(entry.as_bytes(), "Bundle.entry[3].resource.birthDate");
        let (line, mark) = shown.split_once('\n').unwrap();
        assert!(line.starts_with('…') && line.chars().count() < 200, "{shown}");
        assert_eq!(line.chars().skip(mark.find('^').unwrap()).take(3).collect::<String>(), "\"x\"");
    }

    #[test]
    fn what_is_neither_is_shown_as_far_as_it_can_be() {
        assert_eq!(marked(b"\x1b[31mred\n\nx", ""), "\u{fffd}[31mred\nx");
        assert_eq!(marked(b"", ""), "");
        let long = "line\n".repeat(100);
        assert!(marked(long.as_bytes(), "").ends_with("… 60 lines after\n--raw gives all of it"));
    }
}
