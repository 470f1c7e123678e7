//! A file of messages: each message, and what stands between them (HL7 v2, chapter 2, the batch protocol).

use super::finding::{Finding, Rule, Severity};
use super::report::FileReport;
use super::{Options, lint};
use crate::message::Batch;
use std::collections::HashMap;
use std::ops::Range;

/// Tells what is wrong or odd in a file of messages. All places in bytes are those of the file.
pub fn lint_file(bytes: &[u8], options: &Options) -> FileReport {
    let batch = Batch::split(bytes);
    let mut report = FileReport::default();
    if batch.messages.is_empty() {
        let text = "no HL7 v2 message is in it: messages begin with MSH";
        report.findings.push(about(Severity::Error, 0..0, text, "look whether it is the right file"));
    }
    for stray in &batch.stray {
        let text = "text that belongs to no message";
        report.findings.push(about(
            Severity::Error,
            stray.clone(),
            text,
            "every message begins with MSH; take it out, or put its header before it",
        ));
    }
    check_envelope(bytes, &batch, &mut report.findings);
    for range in &batch.messages {
        let mut one = lint(&bytes[range.clone()], options);
        for finding in &mut one.findings {
            finding.span = finding.span.start + range.start..finding.span.end + range.start;
        }
        one.span = range.clone();
        report.messages.push(one);
    }
    check_control_ids(bytes, &mut report);
    report
}

fn about(severity: Severity, span: Range<usize>, text: impl Into<String>, advice: &str) -> Finding {
    Finding {
        severity,
        rule: Rule::Batch,
        place: None,
        span,
        text: text.into(),
        advice: advice.to_owned(),
        source: "HL7 v2, chapter 2",
    }
}

/// The counts of trailers, and headers without trailers.
fn check_envelope(bytes: &[u8], batch: &Batch, found: &mut Vec<Finding>) {
    // The batch that is open: where it began.
    let mut open: Option<usize> = None;
    let mut batches = 0;
    for span in &batch.envelope {
        let line = &bytes[span.clone()];
        let separator = line.get(3).copied().unwrap_or(b'|');
        let count =
            line.split(|byte| *byte == separator).nth(1).map(|count| String::from_utf8_lossy(count).trim().to_owned());
        let count = count.filter(|count| !count.is_empty());
        match &line[..3] {
            b"BHS" => {
                open = Some(span.start);
                batches += 1;
            }
            b"BTS" => {
                let from = open.take().unwrap_or_default();
                let messages =
                    batch.messages.iter().filter(|message| (from..span.start).contains(&message.start)).count();
                if let Some(count) = count.filter(|count| *count != messages.to_string()) {
                    let text = format!("BTS-1 says {count} messages, and there are {messages}");
                    found.push(about(Severity::Warning, span.clone(), text, "look whether some were lost on the way"));
                }
            }
            b"FTS" => {
                if let Some(count) = count.filter(|count| *count != batches.to_string()) {
                    let text = format!("FTS-1 says {count} batches, and there are {batches}");
                    found.push(about(Severity::Warning, span.clone(), text, "look whether some were lost on the way"));
                }
            }
            _ => {}
        }
    }
    let has = |id: &[u8]| batch.envelope.iter().any(|span| bytes[span.clone()].starts_with(id));
    for (header, trailer) in [(&b"FHS"[..], &b"FTS"[..]), (b"BHS", b"BTS")] {
        if has(header) && !has(trailer) {
            let (header, trailer) = (String::from_utf8_lossy(header), String::from_utf8_lossy(trailer));
            let end = bytes.len();
            let text = format!("{header} is there, and {trailer} is not");
            found.push(about(Severity::Warning, end..end, text, "look whether the file was cut off"));
        }
    }
}

/// Control ids that two messages of the file share.
fn check_control_ids(bytes: &[u8], report: &mut FileReport) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for at in 0..report.messages.len() {
        let control_id = report.messages[at].control_id.clone();
        if control_id.is_empty() {
            continue;
        }
        let Some(&first) = seen.get(&control_id) else {
            seen.insert(control_id, at);
            continue;
        };
        let content = |at: usize| bytes[report.messages[at].span.clone()].trim_ascii();
        let number = first + 1;
        let (text, advice) = if content(first) == content(at) {
            let text = format!("the same as message {number} of the file");
            (text, "a repeat is answered and changes nothing")
        } else {
            let text = format!("message {number} of the file has the same control id and says something else");
            (text, "have the sender give each message an id of its own: receivers may take it for a repeat")
        };
        let header = crate::Place::of_field(*b"MSH", 10);
        let start = report.messages[at].span.start;
        let finding = Finding { place: Some(header), ..about(Severity::Warning, start..start, text, advice) };
        report.messages[at].findings.push(finding);
    }
}
