//! What an evaluation may know beside its input.

use super::item::Item;
use crate::json::Node;

/// Finds the resource that a reference (relative, absolute or `urn:`) points to.
pub type Resolver<'d> = dyn Fn(&str) -> Option<Node<'d>> + 'd;
/// Is shown what `trace()` passes on.
pub type Tracer<'d> = dyn Fn(&str, &[Item<'_>]) + 'd;

/// What an evaluation may know beside its input: time, variables, other resources, and how much work it may do.
#[derive(Clone)]
pub struct Environment<'d> {
    /// Microseconds since 1970 for `now()` and `today()`; without it they fail.
    pub now_us: Option<i64>,
    /// Minutes east of UTC in which `now()` is given.
    pub offset_minutes: i16,
    /// `%resource`; by default the focus, if it is one.
    pub resource: Option<Item<'d>>,
    /// `%rootResource`; by default `%resource`.
    pub root_resource: Option<Item<'d>>,
    /// `%rowIndex` of SQL on FHIR, where rows are made.
    pub row_index: Option<i64>,
    /// Further variables, by name without `%`.
    pub variables: Vec<(String, Vec<Item<'d>>)>,
    /// Finds referenced resources that are not contained.
    pub resolver: Option<&'d Resolver<'d>>,
    /// Listens to `trace()`.
    pub tracer: Option<&'d Tracer<'d>>,
    /// How many items and comparisons an evaluation may come to; 8 bytes of text that is made count as one.
    pub work_limit: u64,
}

/// Enough for any resource, and over in seconds for an expression made to be slow.
pub const WORK_LIMIT: u64 = 5_000_000;

impl Default for Environment<'_> {
    fn default() -> Self {
        Environment {
            now_us: None,
            offset_minutes: 0,
            resource: None,
            root_resource: None,
            row_index: None,
            variables: Vec::new(),
            resolver: None,
            tracer: None,
            work_limit: WORK_LIMIT,
        }
    }
}

impl<'d> Environment<'d> {
    /// An environment that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time.
    #[must_use]
    pub fn at(mut self, now_us: i64) -> Self {
        self.now_us = Some(now_us);
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: &str, items: Vec<Item<'d>>) -> Self {
        self.variables.push((name.to_owned(), items));
        self
    }

    /// Sets what finds referenced resources.
    #[must_use]
    pub fn resolving(mut self, resolver: &'d Resolver<'d>) -> Self {
        self.resolver = Some(resolver);
        self
    }
}
