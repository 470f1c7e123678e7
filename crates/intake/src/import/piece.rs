//! Pieces of files, each an arrival, and how they are planned.

use super::resources::{Letter, Refused, Resources};
use crate::document_door::DocumentPlan;
use crate::fhir_door::bundle::{BundlePlanner, Imported, imported};
use crate::fhir_door::refusal::{is_fatal, refusal};
use crate::hl7_door::{MessagePlan, MessageSeen, Reading, trail};
use access::Grant;
use records::{Arrived, Besides, DeliveryNo, Lookup, NewDeadLetter, Operation, Planner, Trail};
use std::ops::Range;
use std::sync::Arc;

/// A piece of a file that becomes one arrival.
#[derive(Clone)]
pub(crate) struct Piece {
    pub(crate) about: Arrived,
    pub(crate) content: Arc<Vec<u8>>,
    pub(crate) what: What,
}

/// What a piece holds.
#[derive(Clone)]
pub(crate) enum What {
    /// Resources: byte range of each, and its line in the file.
    Resources(Vec<(Range<usize>, Option<u64>)>),
    /// A bundle; the line it stands on if it is one of several.
    Bundle { line: Option<u64> },
    /// One HL7 v2 message.
    Message,
    /// Text among messages that belongs to none.
    Stray,
    /// A clinical document.
    Document,
}

enum How {
    Resources(Resources),
    Bundle(BundlePlanner),
    Letter(Letter),
    Message(MessagePlan),
    Document(DocumentPlan),
}

/// What is a whole of its own, by whose repeat nothing changes: a message or a document. It can be asked what it was.
#[derive(Clone)]
pub(crate) enum Told {
    Message(MessagePlan),
    Document(DocumentPlan),
}

impl Told {
    /// What it was, after planning.
    pub(crate) fn seen(&self) -> MessageSeen {
        match self {
            Told::Message(plan) => plan.seen(),
            Told::Document(plan) => plan.seen(),
        }
    }

    /// What the audit says of it.
    pub(crate) fn trail(&self, name: &str, content: &[u8]) -> Trail {
        match self {
            Told::Message(plan) => trail("import", name, content, &plan.reading().options),
            Told::Document(_) => Trail { action: "import".into(), detail: name.into() },
        }
    }
}

/// The plan of a piece, as a part of its file's delivery.
pub(crate) struct Plan {
    how: How,
    delivery: Option<DeliveryNo>,
}

impl Plan {
    /// The plan of `piece`.
    pub(crate) fn of(
        piece: &Piece,
        grant: &Grant,
        messages: &dyn Fn(&str) -> Reading,
        delivery: Option<DeliveryNo>,
    ) -> Plan {
        let source = piece.about.source.clone();
        let content = Arc::clone(&piece.content);
        let how = match &piece.what {
            What::Resources(ranges) => How::Resources(Resources {
                content,
                ranges: ranges.clone(),
                source,
                refused: Refused::DeadLetter,
                closes: None,
                dead_letters: std::sync::Mutex::default(),
            }),
            What::Bundle { .. } => How::Bundle(imported(Imported {
                range: 0..content.len(),
                content,
                grant: grant.clone(),
                source,
                only: None,
                closes: None,
            })),
            What::Message => How::Message(MessagePlan::new(content, messages(&source))),
            What::Document => How::Document(DocumentPlan::new(content, messages(&source).settings)),
            What::Stray => How::Letter(Letter(NewDeadLetter {
                at: 0,
                length: content.len() as u64,
                what: "text that belongs to no message: messages begin with MSH".into(),
                place: String::new(),
                hint: "correct it to a message and replay it, or discard it".into(),
            })),
        };
        Plan { how, delivery }
    }

    /// A plan that keeps what was refused.
    pub(crate) fn keeping(letter: Letter, delivery: Option<DeliveryNo>) -> Plan {
        Plan { how: How::Letter(letter), delivery }
    }

    /// The plan of a message or document, to be asked later what it saw.
    pub(crate) fn told(&self) -> Option<Told> {
        match &self.how {
            How::Message(plan) => Some(Told::Message(plan.clone())),
            How::Document(plan) => Some(Told::Document(plan.clone())),
            _ => None,
        }
    }

    fn planner(&self) -> &dyn Planner {
        match &self.how {
            How::Resources(plan) => plan,
            How::Bundle(plan) => plan,
            How::Letter(plan) => plan,
            How::Message(plan) => plan,
            How::Document(plan) => plan,
        }
    }
}

impl Planner for Plan {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        self.planner().plan(lookup)
    }

    fn besides(&self) -> Besides {
        Besides { delivery: self.delivery, ..self.planner().besides() }
    }

    fn locate(&self, at: u64, error: records::Error) -> records::Error {
        self.planner().locate(at, error)
    }
}

/// The dead letter of a piece that was refused as a whole.
pub(crate) fn letter_of(piece: &Piece, error: &records::Error) -> NewDeadLetter {
    let refused = refusal(error);
    let mut place: Vec<String> = match piece.what {
        What::Bundle { line: Some(line) } => vec![format!("line {line}")],
        _ => Vec::new(),
    };
    place.extend(refused.issues.first().map(|issue| issue.place.clone()).filter(|place| !place.is_empty()));
    let hint = match piece.what {
        What::Bundle { .. } if waits_for_others(error) => {
            "store what it refers to and replay it; nothing of the bundle was taken"
        }
        What::Bundle { .. } => "correct the bundle and replay it; nothing of it was taken",
        What::Document => "correct the document and replay it; nothing of it was taken",
        _ => "correct it and replay it",
    };
    NewDeadLetter {
        at: 0,
        length: piece.content.len() as u64,
        what: refused.text_beside_place(),
        place: place.join(", "),
        hint: hint.into(),
    }
}

/// True if a condition matches nothing yet: a file that comes later may bring it.
pub(crate) fn waits_for_others(error: &records::Error) -> bool {
    match error {
        records::Error::At { error, .. } => waits_for_others(error),
        records::Error::NoMatch { .. } => true,
        _ => false,
    }
}

/// True if going on makes no sense: the store fails, or the grant does not reach.
pub(crate) fn ends_everything(error: &records::Error) -> bool {
    match error {
        records::Error::At { error, .. } => ends_everything(error),
        records::Error::Denied(_) => true,
        error => is_fatal(error),
    }
}
