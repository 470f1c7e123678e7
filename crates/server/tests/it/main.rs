//! The routes, called in process.

#![allow(clippy::unwrap_used)]

mod door;
mod house;
mod live;
mod openapi;
mod page_api;
mod session;
