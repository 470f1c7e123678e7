//! Search without a store: what a request asks, and what a resource answers with.
//!
//! [`SearchQuery::parse`] understands a request, [`Extractor`] gives the index values of a resource, and the types of
//! [`compare`] say when the two match. The store keeps the values and plans the query; a naive evaluator (feature `testing`)
//! walks whole resources instead, for tests to compare with. [`support`] tells which published parameters can be used.
//!
//! Source: FHIR R4, "Search".

#[cfg(any(test, feature = "testing"))]
pub mod asking;
mod check;
mod code_set;
pub mod compare;
pub mod composite;
mod convert;
mod escape;
mod expression;
mod extract;
mod filter;
mod fold;
mod implied;
mod index_value;
mod literal;
#[cfg(any(test, feature = "testing"))]
pub mod matches;
#[cfg(any(test, feature = "testing"))]
mod matches_codes;
mod near;
mod number;
pub mod part_of;
mod plan;
mod probe;
mod query;
mod reference;
mod request;
mod route;
mod rules;
pub mod support;
#[cfg(test)]
mod tests;
mod units;
mod words;

pub use check::Check;
pub use code_set::tokens;
pub use compare::{
    CodeSet, DateMatch, NumberMatch, Prefix, QuantityMatch, ReferenceMatch, StringMatch, SystemMatch, TokenMatch,
    TypedIdentifier, UnitMatch, UriMatch, Way,
};
pub use expression::{EXPRESSION_DEPTH_LIMIT, EXPRESSION_TESTS_LIMIT};
pub use extract::{ExtractIssue, Extractor};
pub use filter::{
    CHAIN_LIMIT, CHAIN_TARGETS_LIMIT, CHAIN_WAYS_LIMIT, CHECKED_VALUES_LIMIT, CODE_SETS_LIMIT, VALUES_LIMIT,
};
pub use fold::fold;
pub use index_value::{CanonicalRange, IndexValue, QuantityValue, ReferenceValue};
pub use near::NearMatch;
pub use number::SearchNumber;
pub use query::{Filter, Ignored, Include, SearchError, SearchQuery, SortBy, SortKey, Summary, Test, Total};
pub use request::{COUNT_LIMIT, FILTERS_LIMIT, Handling, INCLUDES_LIMIT, ParseOptions, SORT_LIMIT};
pub use rules::RULES;
pub use words::{WORDS_LIMIT, Words, words};
