//! What is wrong or odd in messages, for whoever connects systems: where, how much it matters, and what to do.
//!
//! [`lint`] judges one message, [`lint_file`] a file. Rules are tables of the standard: structures (`structure`), fields
//! (`segment`), types (`datatype`), codes (`codes`); they are tolerant by the version in MSH-12. What the parser and the map say
//! of a message is told too (`door`), each fault once, and what medweave would answer.
//!
//! ```
//! use hl7::lint::{self, Severity};
//! let bytes = b"MSH|^~\\&|LAB||||20240102||ADT^A31|1|P|2.5\rEVN||20240102\rPID|1||12||Doe^Ann||19700231|F\rPV1||N\r";
//! let report = lint::lint(bytes, &lint::Options::new("lab"));
//! assert_eq!(report.count(Severity::Error), 1);
//! let error = report.findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
//! assert_eq!(error.place.unwrap().to_string(), "PID-7");
//! assert_eq!(report.verdict.outcome, hl7::ack::Outcome::Accepted);
//! ```

pub(crate) mod codes;
mod datatype;
mod door;
mod escape;
mod field;
mod file;
mod finding;
mod frame;
mod header;
mod identifier;
mod primitive;
mod report;
mod segment;
mod sets;
mod structure;

pub use file::lint_file;
pub use finding::{Finding, Rule, Severity};
pub use report::{FileReport, Report, Verdict};

use crate::map::Settings;
use crate::message::{Message, ParseOptions};

/// How a message is judged: as the source that sends it is set.
#[derive(Clone, Debug)]
pub struct Options {
    /// How bytes become text.
    pub parse: ParseOptions,
    /// What fields mean.
    pub settings: Settings,
}

impl Options {
    /// Those of a source in UTC with nothing special about it.
    pub fn new(source: &str) -> Options {
        Options { parse: ParseOptions::default(), settings: Settings::new(source) }
    }
}

/// Tells what is wrong or odd in one message.
pub fn lint(bytes: &[u8], options: &Options) -> Report {
    let message = match Message::parse(bytes, &options.parse) {
        Ok(message) => message,
        Err(error) => {
            let (finding, verdict) = door::unreadable(bytes, &error);
            return Report {
                event: String::new(),
                control_id: String::new(),
                version: String::new(),
                span: 0..bytes.len(),
                findings: vec![finding],
                verdict,
            };
        }
    };
    let version = header::version(&message);
    let mut findings = Vec::new();
    frame::check(&message, &mut findings);
    header::check(&message, version, &mut findings);
    structure::check(&message, &mut findings);
    field::check(&message, version, &mut findings);
    sets::check(&message, &mut findings);
    identifier::check(&message, &mut findings);
    escape::check(&message, &mut findings);
    let verdict = door::judge(&message, options, &mut findings);
    findings.sort_by_key(|finding| (finding.span.start, std::cmp::Reverse(finding.severity)));
    let (kind, trigger) = message.event();
    let text = |number: u16| message.header().field(number).component(1).text().trim().to_owned();
    Report {
        event: format!("{kind}^{trigger}"),
        control_id: text(10),
        version: text(12),
        span: 0..bytes.len(),
        findings,
        verdict,
    }
}

#[cfg(test)]
mod tests;
