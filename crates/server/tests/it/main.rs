//! The routes, called in process.

#![allow(clippy::unwrap_used)]

mod door;
mod house;
mod page_api;
mod session;
