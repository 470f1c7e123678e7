//! The routes, called in process.

#![allow(clippy::unwrap_used)]

mod door;
mod fhir;
mod hostile;
mod house;
mod live;
mod openapi;
mod page_api;
mod session;
mod tls;
mod wire;
