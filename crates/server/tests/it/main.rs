//! The routes, called in process.

#![allow(clippy::unwrap_used)]

mod changing;
mod databases;
#[allow(dead_code, reason = "some of it is for the tests of the program alone")]
mod disk;
mod door;
mod fault;
mod fhir;
mod giving;
mod hostile;
mod house;
mod identity;
mod lag;
mod leaving;
mod limited;
mod live;
mod meeting;
mod metrics;
mod omop;
mod openapi;
mod page_api;
mod roles;
mod schedule;
mod session;
mod spoken;
mod table_pages;
mod terms;
mod tls;
mod trail;
mod uploads;
mod wire;
