//! Acknowledgements: original mode (one answer, AA/AE/AR) and enhanced mode (MSH-15 and MSH-16 ask for an accept
//! acknowledgement CA/CE/CR and an application acknowledgement AA/AE/AR).
//!
//! ```
//! use hl7::{Message, ParseOptions, ack::{self, Answer, Stamp}};
//! let bytes = b"MSH|^~\\&|LAB|NORTH|WEAVE|HOSP|20240102||ORU^R01|17|P|2.3\rPID|1\r";
//! let message = Message::parse(bytes, &ParseOptions::default()).unwrap();
//! let stamp = Stamp { time: "20240102030405+0000", control_id: "A1" };
//! let answers = ack::answer(&message, &Answer::accepted(), stamp);
//! assert_eq!(answers.accept, None);
//! assert_eq!(
//!     String::from_utf8(answers.application.unwrap()).unwrap(),
//!     "MSH|^~\\&|WEAVE|HOSP|LAB|NORTH|20240102030405+0000||ACK^R01|A1|P|2.3\rMSA|AA|17\r"
//! );
//! ```

use crate::message::{Charset, Message, MessageWriter, Place, Segment};
use crate::{ParseError, ParseOptions};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is safe on disk.
    Accepted,
    /// It holds something that the sender can correct: AE.
    Error,
    /// It is not for us, or not now: AR. The sender may send it again unchanged, or elsewhere.
    Rejected,
}

/// The kind of an error, from table 0357.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// 100
    SegmentSequence,
    /// 101
    RequiredFieldMissing,
    /// 102
    DataType,
    /// 103
    TableValueNotFound,
    /// 104
    ValueTooLong,
    /// 200
    UnsupportedMessageType,
    /// 201
    UnsupportedEvent,
    /// 202
    UnsupportedProcessingId,
    /// 203
    UnsupportedVersion,
    /// 204
    UnknownKey,
    /// 205
    DuplicateKey,
    /// 206
    RecordLocked,
    /// 207
    ApplicationInternal,
}

impl Condition {
    /// Code and text of table 0357.
    pub fn code(self) -> (&'static str, &'static str) {
        match self {
            Condition::SegmentSequence => ("100", "Segment sequence error"),
            Condition::RequiredFieldMissing => ("101", "Required field missing"),
            Condition::DataType => ("102", "Data type error"),
            Condition::TableValueNotFound => ("103", "Table value not found"),
            Condition::ValueTooLong => ("104", "Value too long"),
            Condition::UnsupportedMessageType => ("200", "Unsupported message type"),
            Condition::UnsupportedEvent => ("201", "Unsupported event code"),
            Condition::UnsupportedProcessingId => ("202", "Unsupported processing id"),
            Condition::UnsupportedVersion => ("203", "Unsupported version id"),
            Condition::UnknownKey => ("204", "Unknown key identifier"),
            Condition::DuplicateKey => ("205", "Duplicate key identifier"),
            Condition::RecordLocked => ("206", "Application record locked"),
            Condition::ApplicationInternal => ("207", "Application internal error"),
        }
    }
}

/// One ERR segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub condition: Condition,
    /// Where in the message, if it is about a place.
    pub place: Option<Place>,
    /// True for a warning about a message that was accepted.
    pub is_warning: bool,
    /// What happened and what to do, without patient data.
    pub text: String,
}

impl ParseError {
    /// The kind of the fault, as answers tell it.
    pub fn condition(&self) -> Condition {
        match self {
            ParseError::TooLong { .. } | ParseError::TooMany { .. } => Condition::ValueTooLong,
            ParseError::Charset { .. } => Condition::TableValueNotFound,
            _ => Condition::SegmentSequence,
        }
    }
}

/// What to tell the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of the message.
    pub outcome: Outcome,
    /// MSA-3.
    pub text: String,
    /// ERR segments.
    pub faults: Vec<Fault>,
}

impl Answer {
    /// Accepted, with nothing to say.
    pub fn accepted() -> Self {
        Answer { outcome: Outcome::Accepted, text: String::new(), faults: Vec::new() }
    }

    /// Refused for one reason, which MSA-3 and ERR-8 tell.
    pub fn refused(outcome: Outcome, condition: Condition, place: Option<Place>, text: impl Into<String>) -> Self {
        let text = text.into();
        let fault = Fault { condition, place, is_warning: false, text: text.clone() };
        Answer { outcome, text, faults: vec![fault] }
    }
}

/// Time and control id of an answer: passed in, since this crate has no clock.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'s> {
    /// MSH-7, as `YYYYMMDDHHMMSS+ZZZZ`.
    pub time: &'s str,
    /// MSH-10, unique among the messages we send. A second answer (enhanced mode) gets `-2` behind it.
    pub control_id: &'s str,
}

/// When a sender wants an acknowledgement (table 0155).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `AL`
    Always,
    /// `NE`
    Never,
    /// `ER`: on errors and rejections only.
    OnError,
    /// `SU`: on success only.
    OnSuccess,
}

impl Wanted {
    fn read(code: &str) -> Option<Wanted> {
        match code.trim().to_ascii_uppercase().as_str() {
            "AL" => Some(Wanted::Always),
            "NE" => Some(Wanted::Never),
            "ER" => Some(Wanted::OnError),
            "SU" => Some(Wanted::OnSuccess),
            _ => None,
        }
    }

    /// True if this outcome is to be told.
    pub fn covers(self, outcome: Outcome) -> bool {
        match self {
            Wanted::Always => true,
            Wanted::Never => false,
            Wanted::OnError => outcome != Outcome::Accepted,
            Wanted::OnSuccess => outcome == Outcome::Accepted,
        }
    }
}

impl Outcome {
    /// The code of an application acknowledgement: `AA`, `AE`, `AR`.
    pub fn application_code(self) -> &'static str {
        match self {
            Outcome::Accepted => "AA",
            Outcome::Error => "AE",
            Outcome::Rejected => "AR",
        }
    }

    /// The code of an accept acknowledgement: `CA`, `CE`, `CR`.
    pub fn accept_code(self) -> &'static str {
        match self {
            Outcome::Accepted => "CA",
            Outcome::Error => "CE",
            Outcome::Rejected => "CR",
        }
    }
}

/// The acknowledgement mode a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// MSH-15 and MSH-16 are both empty: one application acknowledgement, always.
    Original,
    /// Either is valued; an empty one means never.
    Enhanced {
        /// MSH-15.
        accept: Wanted,
        /// MSH-16.
        application: Wanted,
    },
}

impl Mode {
    /// Reads MSH-15 and MSH-16. A code that is not of table 0155 is read as `AL`: one answer too many does no harm.
    pub fn of(message: &Message<'_>) -> Mode {
        let header = message.header();
        let (accept, application) = (header.field(15), header.field(16));
        if !accept.has_value() && !application.has_value() {
            return Mode::Original;
        }
        let read = |text: &str| {
            if text.trim().is_empty() { Wanted::Never } else { Wanted::read(text).unwrap_or(Wanted::Always) }
        };
        Mode::Enhanced { accept: read(&accept.text()), application: read(&application.text()) }
    }
}

/// The answers to one message. In enhanced mode both may be there: the accept acknowledgement goes first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Answers {
    /// CA, CE or CR: the message is (or is not) safe with us.
    pub accept: Option<Vec<u8>>,
    /// AA, AE or AR: what the application says.
    pub application: Option<Vec<u8>>,
}

/// Writes what the sender asked to hear. Where we decide at once (a message is stored and mapped before it is answered), both
/// acknowledgements carry the same outcome.
pub fn answer(message: &Message<'_>, answer: &Answer, stamp: Stamp<'_>) -> Answers {
    match Mode::of(message) {
        Mode::Original => Answers {
            accept: None,
            application: Some(write(message, answer, Level::Application, stamp.time, stamp.control_id)),
        },
        Mode::Enhanced { accept, application } => {
            let second = format!("{}-2", stamp.control_id);
            let (wants_accept, wants_application) = (accept.covers(answer.outcome), application.covers(answer.outcome));
            let control_id = if wants_accept { second.as_str() } else { stamp.control_id };
            Answers {
                accept: wants_accept.then(|| write(message, answer, Level::Accept, stamp.time, stamp.control_id)),
                application: wants_application
                    .then(|| write(message, answer, Level::Application, stamp.time, control_id)),
            }
        }
    }
}

/// The one answer that every message gets: an application acknowledgement, whatever MSH-15 and MSH-16 ask for. A sender
/// thereby always learns what became of its message, and which answer belongs to it.
pub fn one(message: &Message<'_>, answer: &Answer, stamp: Stamp<'_>) -> Vec<u8> {
    write(message, answer, Level::Application, stamp.time, stamp.control_id)
}

/// An answer to bytes that are no message: AR, addressed as far as the header can be read.
pub fn reject_unreadable(bytes: &[u8], error: &ParseError, stamp: Stamp<'_>) -> Vec<u8> {
    let answer = Answer::refused(Outcome::Rejected, error.condition(), None, error.to_string());
    let start = memchr::memmem::find(&bytes[..bytes.len().min(1024)], b"MSH").unwrap_or(bytes.len());
    let line = &bytes[start..];
    let line = &line[..memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len()).min(64 << 10)];
    // The header alone, with the character set given so that MSH-18 cannot make it fail again.
    let options = ParseOptions { charset: Some(Charset::UTF_8), ..ParseOptions::default() };
    match Message::parse(line, &options) {
        Ok(header) => write(&header, &answer, Level::Application, stamp.time, stamp.control_id),
        Err(_) => {
            let mut writer = MessageWriter::default();
            writer
                .header()
                .field(7, stamp.time)
                .field(9, "ACK")
                .field(10, stamp.control_id)
                .field(11, "P")
                .field(12, "2.5");
            writer.segment("MSA").field(1, "AR").field(2, "").field(3, &short(&answer.text, 80));
            write_errors(&mut writer, &answer, (2, 5));
            writer.finish()
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Accept,
    Application,
}

fn write(message: &Message<'_>, answer: &Answer, level: Level, time: &str, control_id: &str) -> Vec<u8> {
    let header = message.header();
    let separators = *message.separators();
    let mut writer = MessageWriter::new(separators, message.charset());
    writer.header();
    // What the sender wrote goes back as bytes: their separators, escapes and character set are ours too.
    copy(&mut writer, 3, header, 5);
    copy(&mut writer, 4, header, 6);
    copy(&mut writer, 5, header, 3);
    copy(&mut writer, 6, header, 4);
    let (_, trigger) = message.event();
    let version = header.field(12).component(1).text().trim().to_owned();
    let number = version_number(&version);
    writer.field(7, time).field(9, "");
    if trigger.is_empty() {
        writer.value("ACK");
    } else if number >= (2, 4) {
        writer.components(&["ACK", &trigger, "ACK"]);
    } else {
        writer.components(&["ACK", &trigger]);
    }
    writer.field(10, control_id);
    copy(&mut writer, 11, header, 11);
    if version.is_empty() {
        writer.field(12, "2.5");
    } else {
        copy(&mut writer, 12, header, 12);
    }
    if header.field(18).has_value() {
        copy(&mut writer, 18, header, 18);
    }
    let code = match level {
        Level::Accept => answer.outcome.accept_code(),
        Level::Application => answer.outcome.application_code(),
    };
    writer.segment("MSA").field(1, code).raw_field(2, header.field(10).raw());
    if !answer.text.is_empty() {
        writer.field(3, &short(&answer.text, 80));
    }
    write_errors(&mut writer, answer, number);
    writer.finish()
}

fn copy(writer: &mut MessageWriter, to: u16, header: Segment<'_>, from: u16) {
    let field = header.field(from);
    if !field.is_empty() {
        writer.raw_field(to, field.raw());
    }
}

fn write_errors(writer: &mut MessageWriter, answer: &Answer, version: (u32, u32)) {
    // Before 2.5 an ERR cannot say that it only warns.
    for fault in answer.faults.iter().filter(|fault| !fault.is_warning || version >= (2, 5)) {
        let (code, name) = fault.condition.code();
        let text = short(&fault.text, 250);
        if version >= (2, 5) {
            writer.segment("ERR");
            if let Some(place) = fault.place {
                writer.field(2, "").components(&location(place).iter().map(String::as_str).collect::<Vec<_>>());
            }
            writer.field(3, "").components(&[code, name, "HL70357"]);
            writer.field(4, if fault.is_warning { "W" } else { "E" });
            writer.field(8, &text);
        } else {
            // Before 2.5 there is only ERR-1: segment, sequence, field, and the code as subcomponents.
            writer.segment("ERR").field(1, "");
            if let Some(place) = fault.place {
                let mut parts = location(place);
                parts.truncate(3);
                parts.resize(3, String::new());
                writer.components(&parts.iter().map(String::as_str).collect::<Vec<_>>());
                writer.next_component();
            } else {
                writer.components(&["", "", "", ""]);
            }
            if writer.separators().subcomponent.is_some() {
                writer.subcomponents(&[code, &text, "HL70357"]);
            } else {
                writer.value(code);
            }
        }
    }
}

/// ERL: segment, its sequence, field, repetition, component, subcomponent; as far as they are given.
fn location(place: Place) -> Vec<String> {
    let mut parts = vec![place.segment.to_string(), place.occurrence.to_string()];
    let numbers = [place.field, if place.field > 0 { place.repeat.max(1) } else { 0 }, place.component, place.sub];
    parts.extend(numbers.iter().take_while(|n| **n > 0).map(u16::to_string));
    parts
}

fn version_number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.trim().parse().unwrap_or(0));
    (parts.next().unwrap_or(2), parts.next().unwrap_or(5))
}

fn short(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests;
