//! In what two messages differ: by segment, field, repetition, component and subcomponent, with both values.
//!
//! [`messages`] compares two messages, [`files`] two files of them, paired by their control ids. Values are compared as they are meant: escape
//! sequences, separators and character sets may differ, and separators at an end mean nothing. A field that is empty and one that is
//! `""` differ: the one says nothing, the other deletes.
//!
//! ```
//! use hl7::{Message, ParseOptions, diff};
//! let options = ParseOptions::default();
//! let before = Message::parse(b"MSH|^~\\&|A|||||| ADT^A31|1|P|2.5\rPID|1||12||Doe^Ann||1970|F\r", &options).unwrap();
//! let after = Message::parse(b"MSH|^~\\&|A|||||| ADT^A31|2|P|2.5\rPID|1||12||Roe^Ann||1970|\"\"\r", &options).unwrap();
//! let ignored = ["MSH-10".parse().unwrap()];
//! let told: Vec<String> = diff::messages(&before, &after, &ignored).iter().map(ToString::to_string).collect();
//! assert_eq!(told, ["PID-5.1: \"Doe\" became \"Roe\"", "PID-8: \"F\" became \"\", to be deleted"]);
//! ```

mod align;
mod file;
mod ignore;
mod values;

pub use file::{FileDiff, Pair, Told, files};
pub use ignore::{Ignored, NotIgnored};

use crate::message::{Message, Place, Segment};
use align::{Likeness, align};
use fhir::json::Tree;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// What one of two messages has at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing: it says nothing about it.
    Empty,
    /// `""`: it is to be deleted.
    Null,
    /// A text, decoded; of a part with parts, and of a segment, separators included.
    Text(String),
}

/// One side of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Where, by name.
    pub place: Place,
    /// Where, in bytes of the message, or of the file (see [`files`]).
    pub span: Range<usize>,
    /// What stands there.
    pub content: Content,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A segment or a repetition that only the second message has.
    Added,
    /// One that only the first message has.
    Removed,
    /// A segment that stands elsewhere, unchanged.
    Moved,
    /// A value that differs.
    Changed,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What became of it.
    pub kind: Kind,
    /// In the first message; none if it was added.
    pub before: Option<Side>,
    /// In the second; none if it was removed.
    pub after: Option<Side>,
}

/// The differences of two messages, in their order. What is `ignored` is not compared.
pub fn messages(before: &Message<'_>, after: &Message<'_>, ignored: &[Ignored]) -> Vec<Change> {
    fn compared<'m>(message: &'m Message<'_>, ignored: &[Ignored]) -> Vec<Segment<'m>> {
        message.all().filter(|segment| !ignored.iter().any(|one| one.covers(segment.place()))).collect()
    }
    let (first, second) = (compared(before, ignored), compared(after, ignored));
    let counts = |segments: &[Segment<'_>]| {
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        for segment in segments {
            *counts.entry(segment.id().0).or_default() += 1;
        }
        counts
    };
    let (of_first, of_second) = (counts(&first), counts(&second));
    let is_only = |id: [u8; 3]| of_first.get(&id) == Some(&1) && of_second.get(&id) == Some(&1);
    let described =
        |segments: &[Segment<'_>]| segments.iter().map(|segment| Likeness::of(*segment)).collect::<Vec<_>>();
    let (likes, others) = (described(&first), described(&second));
    let pairs = align(first.len(), second.len(), |a, b| likes[a].to(&others[b], is_only(likes[a].id)));
    let mut changes = Vec::new();
    for pair in pairs {
        let (kind, before, after) = match pair {
            (Some(a), Some(b)) => {
                values::segments(first[a], second[b], ignored, &mut changes);
                continue;
            }
            (Some(a), None) => (Kind::Removed, Some(Side::segment(first[a])), None),
            (None, Some(b)) => (Kind::Added, None, Some(Side::segment(second[b]))),
            (None, None) => continue,
        };
        changes.push(Change { kind, before, after });
    }
    moved(changes)
}

/// A segment that was removed here and added there, unchanged, was moved.
fn moved(changes: Vec<Change>) -> Vec<Change> {
    let content = |side: &Option<Side>| side.as_ref().map(|side| side.content.clone());
    let mut told: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
    for at in 0..told.len() {
        let Some(removed) =
            told[at].as_ref().filter(|one| one.kind == Kind::Removed && is_segment(one.before.as_ref()))
        else {
            continue;
        };
        let wanted = content(&removed.before);
        let elsewhere = told.iter().position(|one| {
            one.as_ref().is_some_and(|one| {
                one.kind == Kind::Added && is_segment(one.after.as_ref()) && content(&one.after) == wanted
            })
        });
        if let Some(added) = elsewhere.and_then(|elsewhere| told[elsewhere].take())
            && let Some(change) = told[at].as_mut()
        {
            change.kind = Kind::Moved;
            change.after = added.after;
        }
    }
    told.into_iter().flatten().collect()
}

fn is_segment(side: Option<&Side>) -> bool {
    side.is_some_and(|side| side.place.field == 0)
}

impl Side {
    fn segment(segment: Segment<'_>) -> Side {
        let content = Content::Text(segment.text().into_owned());
        Side { place: segment.place(), span: segment.span(), content }
    }
}

impl Change {
    /// Where, in the message that has it; the second's name where both have.
    pub fn place(&self) -> Option<Place> {
        self.after.as_ref().or(self.before.as_ref()).map(|side| side.place)
    }

    /// As JSON: what became of it, and each side with place, byte, length and value.
    pub fn json(&self) -> Tree {
        let kind = match self.kind {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Moved => "moved",
            Kind::Changed => "changed",
        };
        let mut out = Tree::from([("kind", kind.into())]);
        for (name, side) in [("before", &self.before), ("after", &self.after)] {
            if let Some(side) = side {
                out.set(name, side.json());
            }
        }
        out
    }
}

impl Side {
    fn json(&self) -> Tree {
        let number = |value: usize| Tree::Number(value.to_string());
        let value = match &self.content {
            Content::Empty => Tree::Null,
            Content::Null => "\"\"".into(),
            Content::Text(text) => text.as_str().into(),
        };
        Tree::from([
            ("place", self.place.to_string().into()),
            ("offset", number(self.span.start)),
            ("length", number(self.span.len())),
            ("value", value),
        ])
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Empty => f.write_str("empty"),
            Content::Null => f.write_str("\"\", to be deleted"),
            Content::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl fmt::Display for Change {
    /// One line for people, as in `PID-5.1: "Doe" became "Roe"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.before, &self.after) {
            (Kind::Moved, Some(before), Some(after)) => {
                write!(f, "{} stands elsewhere, where it is {}: {}", before.place, after.place, plain(&before.content))
            }
            (_, Some(before), Some(after)) => {
                // Both names where segments or repetitions were counted otherwise.
                let now = if before.place == after.place { String::new() } else { format!(" (now {})", after.place) };
                write!(f, "{}{now}: {} became {}", before.place, before.content, after.content)
            }
            (_, Some(before), None) => write!(f, "{} removed: {}", before.place, plain(&before.content)),
            (_, None, Some(after)) => write!(f, "{} added: {}", after.place, plain(&after.content)),
            (_, None, None) => Ok(()),
        }
    }
}

/// A whole segment or repetition, without quotes and on one line.
fn plain(content: &Content) -> String {
    match content {
        Content::Text(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
