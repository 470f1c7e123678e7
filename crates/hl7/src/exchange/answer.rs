//! What an acknowledgement says (HL7 v2, chapter 2: MSA, ERR).

use crate::ParseError;
use crate::ack::Outcome;
use crate::message::{Message, ParseOptions, Segment};
use fhir::json::Tree;
use std::fmt;

/// An acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// MSA-1, as in `AA`.
    pub code: String,
    /// What it means.
    pub outcome: Outcome,
    /// True of CA, CE, CR.
    pub is_accept: bool,
    /// MSA-2: the control id of the message that it answers.
    pub control_id: String,
    /// MSA-3.
    pub text: String,
    /// The ERR segments.
    pub errors: Vec<ToldError>,
}

/// What one ERR segment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldError {
    /// Where, as in `PID-3.1`; empty if it names no place.
    pub place: String,
    /// ERR-4: `E`, `W`, `I`, `F`; empty before version 2.5.
    pub severity: String,
    /// The code of table 0357, and its text.
    pub code: String,
    /// ERR-8, else ERR-7, else what the code means.
    pub text: String,
}

/// Why bytes are no acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAcknowledgement {
    /// They are no message.
    #[error("the answer is no message: {0}")]
    NoMessage(#[from] ParseError),
    /// A message without MSA.
    #[error("the answer is {0}, a message without MSA")]
    NoMsa(String),
    /// A code that is not of table 0008.
    #[error("the answer has the code {0:?} (MSA-1), which is none of AA, AE, AR, CA, CE, CR")]
    Code(String),
}

impl Acknowledgement {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`NoAcknowledgement`] if it is none.
    pub fn read(bytes: &[u8]) -> Result<Acknowledgement, NoAcknowledgement> {
        let message = Message::parse(bytes, &ParseOptions::default())?;
        let Some(msa) = message.segments("MSA").next() else {
            let (kind, trigger) = message.event();
            return Err(NoAcknowledgement::NoMsa(format!("{kind}^{trigger}")));
        };
        let code = text(msa, 1, 1).to_ascii_uppercase();
        let (is_accept, outcome) = match code.as_str() {
            "AA" => (false, Outcome::Accepted),
            "AE" => (false, Outcome::Error),
            "AR" => (false, Outcome::Rejected),
            "CA" => (true, Outcome::Accepted),
            "CE" => (true, Outcome::Error),
            "CR" => (true, Outcome::Rejected),
            _ => return Err(NoAcknowledgement::Code(code)),
        };
        Ok(Acknowledgement {
            code,
            outcome,
            is_accept,
            control_id: text(msa, 2, 1),
            text: msa.field(3).text().trim().to_owned(),
            errors: message.segments("ERR").map(error).filter(|error| *error != ToldError::default()).collect(),
        })
    }

    /// As JSON.
    pub fn json(&self) -> Tree {
        let error = |error: &ToldError| {
            Tree::from([
                ("place", error.place.as_str().into()),
                ("severity", error.severity.as_str().into()),
                ("code", error.code.as_str().into()),
                ("text", error.text.as_str().into()),
            ])
        };
        Tree::from([
            ("code", self.code.as_str().into()),
            ("control_id", self.control_id.as_str().into()),
            ("text", self.text.as_str().into()),
            ("errors", self.errors.iter().map(error).collect::<Vec<Tree>>().into()),
        ])
    }
}

fn text(segment: Segment<'_>, field: u16, component: u16) -> String {
    segment.field(field).component(component).text().trim().to_owned()
}

fn error(err: Segment<'_>) -> ToldError {
    // From 2.5 on ERR-2 to ERR-8, before that ERR-1 alone.
    if err.field(3).has_value() || err.field(8).has_value() || err.field(7).has_value() {
        let meaning = [text(err, 3, 2), text(err, 3, 9)].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let whole = |number| err.field(number).text().trim().to_owned();
        let said = [whole(8), whole(7)].into_iter().find(|text| !text.is_empty());
        return ToldError {
            place: place([1, 2, 3, 4, 5, 6].map(|part| text(err, 2, part))),
            severity: text(err, 4, 1),
            code: [text(err, 3, 1), meaning].join(" ").trim().to_owned(),
            text: said.unwrap_or_default(),
        };
    }
    let fault = err.field(1).component(4);
    let part = |number| fault.sub(number).text().trim().to_owned();
    ToldError {
        place: place([text(err, 1, 1), text(err, 1, 2), text(err, 1, 3), String::new(), String::new(), String::new()]),
        severity: String::new(),
        code: part(1),
        text: part(2),
    }
}

/// Segment, its sequence, field, repetition, component, subcomponent, as places are written.
fn place(parts: [String; 6]) -> String {
    let [segment, sequence, field, repeat, component, sub] = parts;
    if segment.is_empty() {
        return String::new();
    }
    let counted = |number: String| {
        if number.is_empty() || number == "1" || number == "0" { String::new() } else { format!("[{number}]") }
    };
    let mut out = segment + &counted(sequence);
    if field.is_empty() || field == "0" {
        return out;
    }
    out = format!("{out}-{field}{}", counted(repeat));
    for part in [component, sub].into_iter().take_while(|part| !part.is_empty()) {
        out = format!("{out}.{part}");
    }
    out
}

impl fmt::Display for Acknowledgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

impl fmt::Display for ToldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity.to_ascii_uppercase().as_str() {
            "W" => "warning",
            "I" => "information",
            "F" => "fatal error",
            _ => "error",
        };
        f.write_str(severity)?;
        if !self.place.is_empty() {
            write!(f, " at {}", self.place)?;
        }
        for part in [&self.code, &self.text].into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {part}")?;
        }
        Ok(())
    }
}
