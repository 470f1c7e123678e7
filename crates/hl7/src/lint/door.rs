//! What medweave would answer: the message is mapped as it would be when it comes in, and what the map says is told.

use super::finding::{Finding, Rule, Severity};
use super::{Options, Verdict};
use crate::ParseError;
use crate::ack::{Condition, Mode, Outcome};
use crate::map::{self, MapError, Mapped};
use crate::message::{self, Issue, Message, Place, Segment, SegmentId};
use fhir::json::Document;
use fhir::validate;
use std::collections::{HashMap, HashSet};

/// Bytes that are no message: one finding, and what would be answered.
pub(super) fn unreadable(bytes: &[u8], error: &ParseError) -> (Finding, Verdict) {
    let offset = match error {
        ParseError::NoHeader { offset, .. }
        | ParseError::BatchHeader { offset, .. }
        | ParseError::Separators { offset, .. }
        | ParseError::SecondHeader { offset }
        | ParseError::TooMany { offset, .. }
        | ParseError::Charset { offset, .. } => *offset,
        ParseError::Empty | ParseError::TooLong { .. } | ParseError::Utf16 => 0,
    };
    let place = match error {
        ParseError::Separators { field, .. } => Some(Place::of_field(*b"MSH", *field)),
        ParseError::Charset { .. } => Some(Place::of_field(*b"MSH", 18)),
        _ => None,
    };
    let offset = offset.min(bytes.len());
    let finding = Finding {
        severity: Severity::Error,
        rule: Rule::Unreadable,
        place,
        span: offset..offset,
        text: error.to_string(),
        advice: String::new(),
        source: "HL7 v2, chapter 2",
    };
    // What cannot be read is refused whatever it asks for.
    let verdict = Verdict {
        outcome: Outcome::Rejected,
        condition: Some(error.condition()),
        place,
        text: error.to_string(),
        asked: vec![Outcome::Rejected.application_code()],
    };
    (finding, verdict)
}

/// What the map says of a message, and what would be answered.
pub(super) fn judge(message: &Message<'_>, options: &Options, found: &mut Vec<Finding>) -> Verdict {
    let refused = |condition, place, text: String| (Outcome::Error, Some(condition), place, text);
    let (outcome, condition, place, text) = match map::map(message, &options.settings) {
        Ok(map::Outcome::NoMap { event }) => {
            tell_issues(message.issues(), found);
            let text = format!("{event} has no map: it is kept as it came, and nothing is made of it");
            let value = *message.header().field(9);
            let advice = "docs/hl7.md names the events with a map";
            found.push(Finding { source: "", ..Finding::at(Severity::Note, Rule::Event, value, text.clone(), advice) });
            (Outcome::Accepted, None, None, text)
        }
        Ok(map::Outcome::Mapped(mapped)) => {
            tell_issues(&mapped.issues, found);
            tell_unmapped(message, &mapped, found);
            match invalid(message, &mapped) {
                None => (Outcome::Accepted, None, None, "stored".to_owned()),
                Some((place, text)) => {
                    let span = place.and_then(|place| message.find(place)).unwrap_or(0..0);
                    found.push(refusal(place, span, text.clone()));
                    refused(Condition::DataType, place, text)
                }
            }
        }
        Err(error) => {
            tell_issues(message.issues(), found);
            tell_error(message, &error, found);
            refused(error.condition(), error.place(), error.to_string())
        }
    };
    let asked = match Mode::of(message) {
        Mode::Original => vec![outcome.application_code()],
        Mode::Enhanced { accept, application } => [
            accept.covers(outcome).then(|| outcome.accept_code()),
            application.covers(outcome).then(|| outcome.application_code()),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    Verdict { outcome, condition, place, text, asked }
}

fn refusal(place: Option<Place>, span: std::ops::Range<usize>, text: String) -> Finding {
    let advice = "as it is, the message becomes a dead letter".to_owned();
    Finding { severity: Severity::Error, rule: Rule::Refused, place, span, text, advice, source: "" }
}

/// Why the map refused it. What the structure or a required field says of the same place is said by this.
fn tell_error(message: &Message<'_>, error: &MapError, found: &mut Vec<Finding>) {
    let place = error.place();
    let span = place.and_then(|place| message.find(place));
    let mut at = None;
    if let Some(place) = place {
        found.retain(|finding| {
            let is_same = match finding.rule {
                Rule::MissingSegment => place.field == 0,
                Rule::RequiredField => place.field > 0,
                _ => false,
            };
            let told = finding.place.is_some_and(|other| (other.segment, other.field) == (place.segment, place.field));
            if is_same && told {
                at = at.clone().or(Some(finding.span.clone()));
            }
            !(is_same && told)
        });
    }
    let end = message.all().next_back().map_or(0, |segment| segment.span().end);
    found.push(refusal(place, span.or(at).unwrap_or(end..end), error.to_string()));
}

/// The first resource that the store would refuse, as FHIR cannot hold it: where it comes from, and why.
fn invalid(message: &Message<'_>, mapped: &Mapped) -> Option<(Option<Place>, String)> {
    mapped.resources.iter().find_map(|one| {
        let text = one.resource.to_string();
        let document = Document::parse(text.as_bytes()).ok()?;
        let issues = validate::validate(document.root(), &validate::Options::default());
        let issue = issues.into_iter().find(|issue| issue.severity == validate::Severity::Error)?;
        let segment = message.all().find(|segment| segment.span().contains(&one.span.start));
        Some((segment.map(Segment::place), format!("{}: {}", issue.fhirpath, issue.message)))
    })
}

fn tell_issues(issues: &[Issue], found: &mut Vec<Finding>) {
    // Fields with findings of values, by which the same fault is found.
    let mut of_field: HashMap<(SegmentId, u32, u16), Vec<usize>> = HashMap::new();
    for (at, finding) in found.iter().enumerate() {
        if let Some(place) = finding.place {
            of_field.entry((place.segment, place.occurrence, place.field)).or_default().push(at);
        }
    }
    for issue in issues {
        // Which bytes are not of the set was told field by field.
        if issue.text.starts_with("some bytes are not") {
            continue;
        }
        let severity = match issue.severity {
            message::Severity::Note => Severity::Note,
            message::Severity::Warning => Severity::Warning,
        };
        let field = (issue.place.segment, issue.place.occurrence, issue.place.field);
        let same = of_field.get(&field).and_then(|all| all.iter().find(|at| says_the_same(&found[**at], issue)));
        if let Some(at) = same {
            let finding = &mut found[*at];
            finding.severity = finding.severity.max(severity);
            finding.text.clone_from(&issue.text);
            continue;
        }
        let (rule, advice) = if issue.place.segment.as_str() == "MSH" && issue.place.field == 18 {
            (Rule::CharacterSet, "")
        } else if issue.text.starts_with("a line break") {
            (Rule::Framing, "have the sender write a line break that is text as \\.br\\")
        } else if severity == Severity::Note {
            (Rule::Reading, "")
        } else {
            (Rule::Reading, "have the sender correct it, or see that it was read as meant")
        };
        found.push(Finding {
            severity,
            rule,
            place: Some(issue.place),
            span: issue.span.clone(),
            text: issue.text.clone(),
            advice: advice.to_owned(),
            source: "",
        });
    }
}

/// True if a rule and the map, which speak of one field, mean the same fault: that it is empty, or the same bytes.
fn says_the_same(finding: &Finding, issue: &Issue) -> bool {
    match finding.rule {
        Rule::RequiredField => true,
        // The map speaks of the value as a whole.
        Rule::DataType if issue.place.segment.as_str() == "OBX" && issue.place.field == 5 => {
            issue.span.start <= finding.span.start && finding.span.end <= issue.span.end
        }
        Rule::DataType | Rule::Code => finding.span == issue.span,
        _ => false,
    }
}

fn tell_unmapped(message: &Message<'_>, mapped: &Mapped, found: &mut Vec<Finding>) {
    let is_stranger = |finding: &&Finding| matches!(finding.rule, Rule::LocalSegment | Rule::UnknownSegment);
    let strangers: HashSet<SegmentId> =
        found.iter().filter(is_stranger).filter_map(|finding| Some(finding.place?.segment)).collect();
    let segments: HashMap<(SegmentId, u32), Segment<'_>> =
        message.all().map(|segment| ((segment.id(), segment.place().occurrence), segment)).collect();
    for place in &mapped.unmapped {
        let Some(segment) = segments.get(&(place.segment, place.occurrence)) else { continue };
        // That the segment is a stranger says it.
        if place.field == 0 && strangers.contains(&place.segment) {
            continue;
        }
        let (what, span) =
            if place.field == 0 { ("segment", segment.span()) } else { ("field", segment.field(place.field).span()) };
        found.push(Finding {
            severity: Severity::Note,
            rule: Rule::Unmapped,
            place: Some(*place),
            span,
            text: format!("no rule of the map takes this {what}: it is kept in the message alone"),
            advice: String::new(),
            source: "",
        });
    }
}
