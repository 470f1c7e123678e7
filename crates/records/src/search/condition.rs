//! What a search asks of the index, with names resolved to numbers.
//!
//! How values compare is not decided here: the `*Match` types of [`fhir::search`] say it, once for the index and for whoever
//! checks the index.

use crate::id::Row;
use fhir::search::{DateMatch, NumberMatch, StringMatch, Test};
use roaring::RoaringTreemap;

/// A condition on the resources of one type.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// No resource.
    Nothing,
    /// These rows.
    Rows(RoaringTreemap),
    /// A token of `param` is one of these, in order of their numbers.
    Tokens { param: u16, tokens: Vec<i64> },
    /// A token of `param` is of this system.
    TokenSystem { param: u16, system: i64 },
    /// A reference of `param` points to one of these.
    References { param: u16, targets: RoaringTreemap },
    /// A date of `param` matches.
    Date { param: u16, date: DateMatch },
    /// Both at once, from the composite table: a token of `code` is `token`, and a date of `param` matches.
    CodeDate { code: u16, token: i64, param: u16, date: DateMatch },
    /// A text of `param` matches.
    Text { param: u16, text: StringMatch },
    /// A number of `param` matches.
    Number { param: u16, number: NumberMatch },
    /// A quantity of `param` in `unit` (0: as given, in any unit) matches.
    Quantity { param: u16, unit: i64, number: NumberMatch },
    /// A quantity of `param` that is shown in this unit matches.
    Shown { param: u16, unit: i64, number: NumberMatch },
    /// The resource has `param`.
    Has { param: u16, table: Table },
    /// Some value of `param` is another than the one that the condition asks for; of dates, numbers and quantities it asks for
    /// another one itself.
    Unequal { param: u16, table: Table, to: Box<Condition> },
    /// Those of `among` for which the test holds in the resource itself.
    Checked { among: Box<Condition>, test: Box<Test> },
    /// `meta.lastUpdated` matches.
    Updated(DateMatch),
    /// One of them holds.
    Any(Vec<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// It does not hold, among all resources of the type.
    Not(Box<Condition>),
}

/// The table that holds a parameter's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Token,
    Reference,
    Date,
    Text,
    Number,
    Quantity,
}

impl Condition {
    /// Rows given by number.
    pub(crate) fn rows(rows: impl IntoIterator<Item = Row>) -> Self {
        Condition::Rows(rows.into_iter().map(|row| row.0 as u64).collect())
    }
}
