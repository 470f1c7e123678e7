//! Plans for resources that stand alone: the lines of an NDJSON part, or one document.

use crate::fhir_door::bundle::content_hash;
use crate::fhir_door::put::{Put, id_of, type_of};
use crate::fhir_door::refusal::{is_fatal, refusal, syntax, syntax_in_line};
use fhir::json::Document;
use records::{Besides, DeadLetterNo, Error, IfEqual, Lookup, NewDeadLetter, Operation, Planner, derived_id};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a resource that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It becomes a dead letter, the others are stored.
    DeadLetter,
    /// Nothing is stored.
    Ends,
}

/// Stores the resources that stand at `ranges` of the content.
///
/// A resource without an id gets one from the source and its content: a line's number changes when another line is put before
/// it, its content does not. Equal ones without an id are therefore one resource.
pub(crate) struct Resources {
    pub(crate) content: Arc<Vec<u8>>,
    /// Byte range of each, and its line in the file if it is one of several.
    pub(crate) ranges: Vec<(Range<usize>, Option<u64>)>,
    pub(crate) source: String,
    pub(crate) refused: Refused,
    pub(crate) closes: Option<DeadLetterNo>,
    pub(crate) dead_letters: Mutex<Vec<NewDeadLetter>>,
}

impl Resources {
    fn operation(&self, lookup: &dyn Lookup, range: &Range<usize>, line: Option<u64>) -> Result<Operation, Error> {
        let text = &self.content[range.clone()];
        let document = Document::parse(text).map_err(|e| match line {
            // The line is told beside it.
            Some(_) => syntax_in_line(e, range.start),
            None => syntax(e, range.start),
        })?;
        let resource = document.root();
        let resource_type = type_of(resource)?;
        let id = match id_of(resource)? {
            Some(id) => id,
            None => derived_id(&self.source, &content_hash(resource)),
        };
        let span = resource.span();
        let put = Put {
            resource_type,
            id,
            text: resource.raw(),
            if_match: None,
            if_equal: IfEqual::Keep,
            must_be_new: false,
            at: (range.start + span.start) as u64,
            length: span.len() as u64,
        };
        put.operation(lookup)
    }
}

impl Planner for Resources {
    fn plan(&self, lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        let mut operations = Vec::with_capacity(self.ranges.len());
        let mut letters = Vec::new();
        for (range, line) in &self.ranges {
            match self.operation(lookup, range, *line) {
                Ok(operation) => operations.push(operation),
                Err(error) if self.refused == Refused::Ends || is_fatal(&error) => return Err(error),
                Err(error) => {
                    let refused = refusal(&error);
                    let mut place: Vec<String> = line.iter().map(|line| format!("line {line}")).collect();
                    place.extend(
                        refused.issues.first().map(|issue| issue.place.clone()).filter(|place| !place.is_empty()),
                    );
                    letters.push(NewDeadLetter {
                        at: range.start as u64,
                        length: range.len() as u64,
                        what: refused.text_beside_place(),
                        place: place.join(", "),
                        hint: "correct the resource and replay it; the others were taken".into(),
                    });
                }
            }
        }
        *self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner) = letters;
        Ok(operations)
    }

    fn besides(&self) -> Besides {
        let dead_letters = self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Besides { dead_letters, closes: self.closes, ..Besides::default() }
    }
}

/// Keeps a content that could not be taken, as one dead letter.
pub(crate) struct Letter(pub(crate) NewDeadLetter);

impl Planner for Letter {
    fn plan(&self, _lookup: &dyn Lookup) -> Result<Vec<Operation>, Error> {
        Ok(Vec::new())
    }

    fn besides(&self) -> Besides {
        Besides { dead_letters: vec![self.0.clone()], ..Besides::default() }
    }
}
