//! Cohorts: who is in a group of persons, and from when to when, by definitions as ATLAS and Circe write them in JSON.
//!
//! [`Definition::read`] reads a definition. What is not among what is understood here is refused with its path in the JSON, and
//! nothing is run: a cohort is what the definition says, or it is not. [`run`] makes it: concept sets become concepts (`concepts`),
//! criteria become SQL over the instance (`domain`, `criterion`), and what happens around events, limits, ends and the joining of
//! times is computed over the events of some persons at a time (`events`, `group`, `build`). [`StoredCohorts`] keeps those that were made over the store.

mod build;
mod concepts;
mod criterion;
mod definition;
mod demographic;
mod domain;
mod events;
mod group;
mod json;
mod stored;
mod told;

pub use build::{Cohort, Member, Step, run};
pub use definition::Definition;
pub use stored::{StoredCohort, StoredCohorts};
