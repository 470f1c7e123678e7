//! From a message to a FHIR R4 transaction, after the HL7 v2-to-FHIR guide (its segment, data type and concept maps).
//!
//! [`map`] dispatches on the event. An event with a map gives a [`Mapped`]: resources with their business identity
//! ([`Key`]), issues with their places, and every field that held data no rule took. An event without one gives
//! [`Outcome::NoMap`]: never half a map.
//!
//! ```
//! use hl7::{Message, ParseOptions, map::{self, Outcome, Settings}};
//! let bytes = b"MSH|^~\\&|ADT||||20240102||ADT^A31|1|P|2.5\rPID|||12^^^HOSP^MR||Doe^Ann||19700102|F\r";
//! let message = Message::parse(bytes, &ParseOptions::default()).unwrap();
//! let Outcome::Mapped(mapped) = map::map(&message, &Settings::new("hosp"))? else { panic!() };
//! let patient = &mapped.resources[0];
//! assert_eq!(patient.key.system, "urn:medweave:authority:HOSP");
//! assert_eq!(patient.resource.get("birthDate").unwrap().as_str(), Some("1970-01-02"));
//! # Ok::<(), hl7::map::MapError>(())
//! ```

mod address;
mod allergy;
mod appointment;
mod charge;
mod coded;
mod condition;
pub(crate) mod context;
mod coverage;
mod diet;
mod dispense;
mod document;
mod drug;
mod encounter;
mod event;
mod identifier;
mod immunization;
mod incident;
mod medication;
mod merge;
mod moving;
mod name;
mod observation;
mod order;
mod participation;
mod parts;
mod patient;
mod place;
mod practitioner;
mod problem;
mod procedure;
pub(crate) mod quantity;
mod referral;
mod related;
mod settings;
mod specimen;
mod staff;
mod tables;
mod telecom;
pub(crate) mod time;
mod timing;
mod transaction;
mod update;
pub(crate) mod value;

pub use event::{MAPPED_EVENTS, has_map, map};
pub use moving::Move;
pub use settings::Settings;
pub use transaction::{Key, MappedResource, Write, token_condition};

use crate::ack::Condition;
use crate::message::{Issue, Place};
use fhir::json::Tree;

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The event has a map.
    Mapped(Mapped),
    /// It has none.
    NoMap {
        /// Message type and trigger event, as in `ORU^W01`.
        event: String,
    },
}

/// A message in FHIR.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Message type and trigger event, as in `ADT^A01`.
    pub event: String,
    /// The resources, each with its identity; what is referred to comes before what refers to it where possible.
    pub resources: Vec<MappedResource>,
    /// Stays and accounts that go from one patient's chart to another's.
    pub moves: Vec<Move>,
    /// The same as a transaction Bundle.
    pub bundle: Tree,
    /// True of an event that says who is who by numbers (merges, links, changes of numbers): what it tells is not held against what
    /// is known of whom.
    pub says_who_is_who: bool,
    /// What was odd, with its place.
    pub issues: Vec<Issue>,
    /// Segments and fields that hold data which no rule took.
    pub unmapped: Vec<Place>,
}

/// Why a message of a mapped event could not be mapped: for the sender to correct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A segment without which the event says nothing.
    #[error("{event} has no {segment} segment; have the sender add it")]
    MissingSegment {
        /// The event.
        event: String,
        /// The segment missing.
        segment: &'static str,
    },
    /// More repetitions of fields than one message may have: each becomes an element of a resource.
    #[error("more than the {limit} repetitions allowed in one message, at {place}; have the sender split it")]
    TooManyRepetitions {
        /// The field that went over the bound.
        place: Place,
        /// The bound.
        limit: usize,
    },
    /// More segments than a message to be mapped may have: each becomes a resource.
    #[error(
        "more than the {limit} segments that a message to be mapped may have, at {place}; have the sender split it"
    )]
    TooManySegments {
        /// The segment that went over the bound.
        place: Place,
        /// The bound.
        limit: usize,
    },
    /// A segment says nothing that identifies its subject.
    #[error("no identifier of the {what}; have the sender fill {place}")]
    NoIdentity {
        /// Where it should be.
        place: Place,
        /// Of what.
        what: &'static str,
    },
}

impl MapError {
    /// The kind of the fault, as answers tell it.
    pub fn condition(&self) -> Condition {
        match self {
            MapError::MissingSegment { .. } => Condition::SegmentSequence,
            MapError::NoIdentity { .. } => Condition::RequiredFieldMissing,
            MapError::TooManyRepetitions { .. } | MapError::TooManySegments { .. } => Condition::ValueTooLong,
        }
    }

    /// Where, if it is about a place.
    pub fn place(&self) -> Option<Place> {
        match self {
            // Where it should be begins with what it is.
            MapError::MissingSegment { segment, .. } => {
                let bytes = segment.as_bytes();
                Some(Place::of_field([bytes[0], bytes[1], bytes[2]], 0))
            }
            MapError::NoIdentity { place, .. }
            | MapError::TooManyRepetitions { place, .. }
            | MapError::TooManySegments { place, .. } => Some(*place),
        }
    }
}

#[cfg(test)]
mod tests;
