//! HTTP: the FHIR API, our own API, the pages, and who may pass which route.
//!
//! [`App`] holds the stores; [`router`] makes one `axum` router of it; [`listen`] puts that on a TCP port, under TLS or on the
//! control socket of the data directory. Commands dispatch on the same router in process, so there is one protocol.
//!
//! The way of a request: listener (says who is at the other end: [`Peer`]) → `gate` (token, session or operator → `Grant`, and
//! the route's [`Need`]) → handler with a [`Call`] → a store on a blocking thread → [`Answer`] or [`Refusal`]. A body is read only
//! behind the gate. All routes stand in one table, [`routes`]: one without a need cannot be written.
//!
//! It has no logic of its own about records: what a search means, what a write does and who may is decided below.

mod answer;
mod api;
mod app;
mod body;
mod call;
mod cookie;
mod counts;
mod fhir;
mod gate;
pub mod listen;
pub mod openapi;
mod pages;
mod refusal;
mod request_id;
mod routes;
mod running;
pub mod schedule;
mod time;
mod turns;

pub use answer::Answer;
pub use app::{App, Parts};
pub use body::BODY_BYTES;
pub use call::{Call, Peer};
pub use refusal::{Issue, Refusal};
pub use routes::{Need, Route, router, routes};
