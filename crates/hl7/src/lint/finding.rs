//! What is told of a message.

use crate::message::{Message, Place, Value};
use std::ops::Range;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Odd: some receivers refuse it, or read it in another way than the sender means.
    Warning,
    /// Against the standard, so that a value is lost or the message is refused.
    Error,
}

impl Severity {
    /// Its name, as in `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The bytes are no message.
    Unreadable,
    /// How segments are set apart and what stands around them.
    Framing,
    /// MSH-1 and MSH-2.
    Separators,
    /// Which characters the bytes are.
    CharacterSet,
    /// Text between escape characters.
    Escape,
    /// What the message says it is.
    Header,
    /// An event that nothing is made of.
    Event,
    /// A segment that the structure requires.
    MissingSegment,
    /// A segment that stands where the structure has none.
    SegmentOrder,
    /// A segment that the structure or the standard does not have.
    UnknownSegment,
    /// A Z segment.
    LocalSegment,
    /// A field that must have a value.
    RequiredField,
    /// Repetitions of a field that has none.
    Repetition,
    /// A value that is not of its type.
    DataType,
    /// A code that is not of its table.
    Code,
    /// The numbers of segments of one kind.
    SetId,
    /// Numbers of people, stays and orders.
    Identifier,
    /// What the map says of how it read a value.
    Reading,
    /// Data that no rule of the map takes.
    Unmapped,
    /// Why the message would be refused.
    Refused,
    /// What stands between the messages of a file.
    Batch,
}

impl Rule {
    /// Its name, as in `data-type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Unreadable => "unreadable",
            Rule::Framing => "framing",
            Rule::Separators => "separators",
            Rule::CharacterSet => "character-set",
            Rule::Escape => "escape",
            Rule::Header => "header",
            Rule::Event => "event",
            Rule::MissingSegment => "missing-segment",
            Rule::SegmentOrder => "segment-order",
            Rule::UnknownSegment => "unknown-segment",
            Rule::LocalSegment => "local-segment",
            Rule::RequiredField => "required-field",
            Rule::Repetition => "repetition",
            Rule::DataType => "data-type",
            Rule::Code => "code",
            Rule::SetId => "set-id",
            Rule::Identifier => "identifier",
            Rule::Reading => "reading",
            Rule::Unmapped => "unmapped",
            Rule::Refused => "refused",
            Rule::Batch => "batch",
        }
    }
}

/// Something wrong or odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub rule: Rule,
    /// Where, by name; none if it is about the bytes as a whole.
    pub place: Option<Place>,
    /// Where, in bytes from the start of what was read: of the message, or of the file (see [`super::lint_file`]).
    pub span: Range<usize>,
    /// What was found.
    pub text: String,
    /// What to do; empty where the text says so.
    pub advice: String,
    /// The part of the standard, or empty where it is about medweave.
    pub source: &'static str,
}

impl Finding {
    /// About a value.
    pub(super) fn at(
        severity: Severity,
        rule: Rule,
        value: Value<'_>,
        text: String,
        advice: impl Into<String>,
    ) -> Finding {
        Finding {
            severity,
            rule,
            place: Some(value.place()),
            span: value.span(),
            text,
            advice: advice.into(),
            source: super::segment::chapter_of(value.place().segment.0),
        }
    }

    /// About a field of the header.
    pub(super) fn header(message: &Message<'_>, severity: Severity, field: u16, text: String, advice: &str) -> Finding {
        let value = *message.header().field(field);
        Finding::at(severity, Rule::Header, value, text, advice)
    }
}
