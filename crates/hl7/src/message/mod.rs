//! A message as an index over the bytes that arrived.
//!
//! [`Message::parse`] finds segments and fields once; repetitions, components and subcomponents are found when asked for.
//! Cursors are `Copy` and never fail: what is not there reads as empty, at the place where it would be.
//!
//! ```
//! use hl7::{Message, ParseOptions};
//! let bytes = b"MSH|^~\\&|LAB||||20240102||ORU^R01|1|P|2.5\rPID|||12^^^HOSP&1.2.3&ISO~34||Doe^Ann\r";
//! let message = Message::parse(bytes, &ParseOptions::default()).unwrap();
//! let pid = message.segments("PID").next().unwrap();
//! assert_eq!(pid.field(3).repeat(0).component(4).sub(2).text(), "1.2.3");
//! assert_eq!(pid.field(5).component(2).text(), "Ann");
//! assert_eq!(pid.field(3).repeat(1).span(), 68..70);
//! assert!(pid.field(30).is_empty());
//! ```

mod batch;
mod charset;
mod cursor;
mod escape;
mod parse;
mod place;
mod separators;
mod write;

pub use batch::Batch;
pub use charset::Charset;
pub use cursor::{Component, Field, Repeat, Segment, Sub, Value};
pub(crate) use escape::not_escapes;
pub use parse::{Limits, Message, ParseOptions};
pub use place::{Issue, Place, SegmentId, Severity};
pub use separators::Separators;
pub use write::{MessageWriter, escape};

#[cfg(test)]
mod tests;
