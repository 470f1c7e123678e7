//! HL7 v2: messages as they come, their acknowledgements, and what they mean in FHIR R4; and clinical documents ([`ccda`]).
//!
//! Bytes of a connection become frames ([`mllp::Framer`]), bytes of a file become messages ([`Batch`]). A [`Message`] is an
//! index over the bytes that arrived: nothing is copied, every value knows its place ([`Place`]) and its byte span, and text is
//! decoded and unescaped when it is asked for. [`ack`] writes the answer. [`map::map`] turns a message into a transaction Bundle
//! after the HL7 v2-to-FHIR guide, lists what it did not take, and refuses events it has no whole map for. [`ccda::convert`] does the same
//! for a C-CDA document.
//!
//! For whoever connects systems: [`lint`] tells what is wrong with a message, [`diff`] in what two differ, [`exchange`] is the side of
//! a sender.
//!
//! Bad input is data: the parser keeps what it can and lists [`Issue`]s; only bytes that cannot be a message are an error.
//!
//! Pure: no I/O, no clock, no async, no randomness. Time, control ids and settings are passed in.

#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so"))]

pub mod ack;
pub mod ccda;
pub mod diff;
mod error;
pub mod exchange;
pub mod lint;
pub mod map;
pub mod message;
pub mod mllp;

pub use error::ParseError;
pub use message::{Batch, Charset, Issue, Limits, Message, ParseOptions, Place, Severity};
