//! FHIRPath (N1) over JSON nodes, with the functions that FHIR R4 and SQL on FHIR add.
//!
//! Text goes through the lexer and parser to a syntax tree, and from there to a [`Program`]: names are resolved against the
//! schema where the context type is known, functions and types are chosen, patterns compiled. [`Program::evaluate`] walks a
//! document's nodes without copying them; computed values are [`Item`]s beside the nodes.
//!
//! Bounded: nesting of expressions (an error with its place, never a full stack), length of expressions, and the work of an
//! evaluation ([`Environment::work_limit`]). No I/O and no clock: time, variables and other resources come with the
//! [`Environment`]. Without a resolver, `resolve()` gives an item that knows the type its reference names, so that
//! `subject.where(resolve() is Patient)` needs no other resource.
//!
//! What depends on a terminology service or on profiles (`memberOf`, `slice`, ...) is refused by name when compiled.

mod compile;
mod environment;
mod error;
mod evaluate;
mod functions;
mod item;
mod lexer;
mod model;
mod parser;
mod program;
mod quantity;
mod shape;
mod syntax;
mod temporal;
#[cfg(test)]
mod tests;
mod text;

pub use environment::{Environment, Resolver, Tracer, WORK_LIMIT};
pub use error::{CompileError, CompileErrorKind, EvaluationError};
pub use item::{Item, SystemType, TypeInfoItem, TypedNode, Unresolved};
pub use program::{Compilation, Program, ResultType};
pub use quantity::Quantity;
pub use temporal::{Precision, Temporal, TemporalKind};
