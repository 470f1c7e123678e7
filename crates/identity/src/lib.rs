//! Whether two `Patient` records may be of one person.
//!
//! [`Facts::of`] reads what a record says of a person, [`compare`] says part by part how two of them agree and whether that is
//! enough to ask somebody, [`keys`] gives what two such records have in common, so that they are found among millions. Names are
//! compared in any order and script ([`name`]), by what they are called for short, and with one letter wrong.
//!
//! Nothing here decides: a candidate is a proposal with its reasons. Two that differ in birth date, sex or national number are
//! none, whatever else they share.
//!
//! Pure: no I/O, no clock, no async, no randomness.
//!
//! ```
//! use fhir::json::{Document, Tree};
//! use identity::{Facts, compare};
//! let of = |json: &str| Facts::of(&Tree::from(Document::parse(json.as_bytes()).unwrap().root()));
//! let one = of(r#"{"name":[{"text":"王小明"}],"birthDate":"1980-03-12","telecom":[{"system":"phone","value":"138 0013 8000"}]}"#);
//! let other = of(r#"{"name":[{"family":"Wang","given":["Xiaoming"]}],"birthDate":"1980-03-12","telecom":[{"system":"phone","value":"+86 13800138000"}]}"#);
//! let compared = compare(&one, &other);
//! assert!(compared.is_candidate && compared.score > 0.99);
//! ```

mod born;
mod compare;
mod distance;
mod facts;
mod keys;
pub mod name;
mod nickname;
mod number;
mod phone;
mod place;
mod reading;

pub use born::Date;
pub use compare::{Comparison, Outcome, Part, PartName, compare};
pub use distance::{distance, letters};
pub use facts::{Facts, Sex};
pub use keys::keys;
pub use reading::{is_han, readings};
