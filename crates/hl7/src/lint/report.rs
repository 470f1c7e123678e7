//! What lint found, as text for people and as JSON.

use super::finding::{Finding, Rule, Severity};
use crate::ack::{Condition, Outcome};
use crate::message::Place;
use fhir::json::Tree;
use std::fmt::Write as _;
use std::ops::Range;

/// Whether medweave would take a message, and what it would answer. What is stored already is not asked: a number that is another
/// patient's here, or a message that was here before, shows when it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Taken, refused for what can be corrected, or no message.
    pub outcome: Outcome,
    /// The kind of the fault (ERR-3), if it is refused.
    pub condition: Option<Condition>,
    /// Where.
    pub place: Option<Place>,
    /// What would become of it, or why it is refused.
    pub text: String,
    /// The codes (MSA-1) that MSH-15 and MSH-16 ask for: with `serve --mllp-answers as-asked` these are sent. Without it, one application
    /// acknowledgement is.
    pub asked: Vec<&'static str>,
}

/// What was found in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Message type and trigger event, as in `ADT^A01`; empty if they cannot be read.
    pub event: String,
    /// MSH-10.
    pub control_id: String,
    /// MSH-12, as it stands.
    pub version: String,
    /// The message in what was read: the whole, or its part of a file.
    pub span: Range<usize>,
    /// In the order of the bytes.
    pub findings: Vec<Finding>,
    /// What would be answered.
    pub verdict: Verdict,
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// Each message.
    pub messages: Vec<Report>,
    /// What is about the file as a whole, or stands between messages.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings there are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Lines for people: what the message is, a finding each from `least` on, what the map takes no part of, what would be answered.
    pub fn text(&self, least: Severity) -> String {
        let mut out = if self.event.is_empty() { "no message that can be read".to_owned() } else { self.event.clone() };
        for (before, part) in [(" ", &self.control_id), (", version ", &self.version)] {
            if !part.is_empty() {
                let _ = write!(out, "{before}{part}");
            }
        }
        let _ = writeln!(out, ", bytes {}..{}", self.span.start, self.span.end);
        lines(&mut out, self.findings.iter().filter(|finding| finding.rule != Rule::Unmapped), least);
        let unmapped =
            self.findings.iter().filter(|finding| finding.rule == Rule::Unmapped && finding.severity >= least);
        let unmapped: Vec<String> = unmapped.filter_map(|finding| Some(finding.place?.to_string())).collect();
        if !unmapped.is_empty() {
            let _ = writeln!(
                out,
                "  note: kept in the message alone, as no rule of the map takes them: {}",
                unmapped.join(" ")
            );
        }
        let _ = writeln!(out, "  answer: {}", self.verdict.line());
        out
    }

    /// The same as JSON.
    pub fn json(&self, least: Severity) -> Tree {
        Tree::from([
            ("event", self.event.as_str().into()),
            ("control_id", self.control_id.as_str().into()),
            ("version", self.version.as_str().into()),
            ("offset", number(self.span.start)),
            ("length", number(self.span.len())),
            ("findings", array(&self.findings, least)),
            ("answer", self.verdict.json()),
        ])
    }
}

impl FileReport {
    /// How many findings of this severity there are in all.
    pub fn count(&self, severity: Severity) -> usize {
        let own = self.findings.iter().filter(|finding| finding.severity == severity).count();
        own + self.messages.iter().map(|message| message.count(severity)).sum::<usize>()
    }

    /// How many messages would be taken.
    pub fn taken(&self) -> usize {
        self.messages.iter().filter(|message| message.verdict.outcome == Outcome::Accepted).count()
    }

    /// Lines for people, each message under its number.
    pub fn text(&self, least: Severity) -> String {
        let mut out = String::new();
        lines(&mut out, self.findings.iter(), least);
        for (at, message) in self.messages.iter().enumerate() {
            let _ = write!(out, "message {}: {}", at + 1, message.text(least));
        }
        out
    }

    /// The same as JSON.
    pub fn json(&self, least: Severity) -> Tree {
        let messages: Vec<Tree> = self.messages.iter().map(|message| message.json(least)).collect();
        Tree::from([("findings", array(&self.findings, least)), ("messages", messages.into())])
    }
}

impl Verdict {
    /// In words: the code, what it means, and which codes are sent where the sender is answered as it asks.
    pub fn line(&self) -> String {
        let mut line = format!("{}, {}", self.outcome.application_code(), self.text);
        if let Some(condition) = self.condition {
            let (code, name) = condition.code();
            let _ = write!(line, " (ERR-3 {code} {name})");
        }
        if self.asked != [self.outcome.application_code()] {
            let asked = if self.asked.is_empty() { "nothing".to_owned() } else { self.asked.join(", ") };
            let _ = write!(line, "; asked for in MSH-15 and MSH-16: {asked}");
        }
        line
    }

    fn json(&self) -> Tree {
        let asked: Vec<Tree> = self.asked.iter().map(|code| (*code).into()).collect();
        let mut out = Tree::from([
            ("code", self.outcome.application_code().into()),
            ("asked", asked.into()),
            ("text", self.text.as_str().into()),
        ]);
        if let Some(condition) = self.condition {
            out.set("condition", condition.code().0);
        }
        if let Some(place) = self.place {
            out.set("place", place.to_string());
        }
        out
    }
}

impl Finding {
    /// In one line: severity, place, byte, what was found and what to do, and where the standard says so.
    pub fn line(&self) -> String {
        let place = self.place.map_or_else(String::new, |place| format!("{place}, "));
        let advice = if self.advice.is_empty() { String::new() } else { format!(": {}", self.advice) };
        let source = if self.source.is_empty() { String::new() } else { format!(", {}", self.source) };
        let (severity, rule) = (self.severity.as_str(), self.rule.as_str());
        format!("{severity}: {place}byte {}: {}{advice} [{rule}{source}]", self.span.start, self.text)
    }

    fn json(&self) -> Tree {
        let mut out = Tree::from([("severity", self.severity.as_str().into()), ("rule", self.rule.as_str().into())]);
        if let Some(place) = self.place {
            out.set("place", place.to_string());
        }
        out.set("offset", number(self.span.start)).set("length", number(self.span.len()));
        out.set("text", self.text.as_str());
        for (name, text) in [("advice", self.advice.as_str()), ("source", self.source)] {
            if !text.is_empty() {
                out.set(name, text);
            }
        }
        out
    }
}

fn lines<'f>(out: &mut String, findings: impl Iterator<Item = &'f Finding>, least: Severity) {
    for finding in findings.filter(|finding| finding.severity >= least) {
        let _ = writeln!(out, "  {}", finding.line());
    }
}

fn array(findings: &[Finding], least: Severity) -> Tree {
    let shown = findings.iter().filter(|finding| finding.severity >= least);
    shown.map(Finding::json).collect::<Vec<Tree>>().into()
}

fn number(value: usize) -> Tree {
    Tree::Number(value.to_string())
}
