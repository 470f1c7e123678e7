//! A synthetic hospital from a seed: twelve patients, their stays, and what the hospital's systems send about them.
//!
//! [`Hospital`] is an iterator over [`Event`]s in the order of time, and has no end: what lies before its `now_us` is history,
//! what comes after happens at the pace of a ward. Patient administration, laboratory, vaccination and documents speak HL7 v2;
//! problems, allergies, medicines, vital signs and staff come as FHIR transactions. One patient has one identifier system in both.
//!
//! [`extract`] is what an outpatient clinic beside it gives each night: tables of text.
//!
//! The same seed, time and zone give the same bytes. No person, address or number here is of anyone.
//!
//! Pure: no I/O, no clock, no async, no randomness. Time and seed are passed in.
//!
//! ```
//! use synth::{Hospital, Via};
//! let now_us = 1_795_000_000_000_000;
//! let mut hospital = Hospital::new(7, now_us, 480);
//! let history = hospital.history();
//! assert!(history.iter().any(|event| matches!(event.via, Via::Mllp(_))));
//! assert!(hospital.next().is_some_and(|event| event.at_us > now_us));
//! ```

mod calendar;
mod code;
mod curve;
mod event;
mod extract;
mod hospital;
mod medicine;
mod message;
mod panel;
mod people;
mod person;
mod random;
mod registry;
mod resource;
mod staff;
mod stories;
mod story;
mod test;
#[cfg(test)]
mod tests;

pub use event::{Event, Method, Via};
pub use extract::{Extract, extract};
pub use hospital::Hospital;
pub use registry::{Registered, Slips, registry};
