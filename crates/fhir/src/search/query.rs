//! A search request, understood.

use super::compare::{DateMatch, NumberMatch, QuantityMatch, ReferenceMatch, StringMatch, TokenMatch, UriMatch};
use crate::parameters::Parameter;
use crate::schema::TypeId;

/// A search of one resource type: every [`Filter`] must hold.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// What is searched.
    pub resource_type: TypeId,
    /// All must hold; empty finds every resource of the type.
    pub filters: Vec<Filter>,
    /// The order asked for, first key first; empty leaves it to the store.
    pub sort: Vec<SortKey>,
    /// `_count`: how many matches a page may have; `None` if not given.
    pub count: Option<u32>,
    /// `_total`; `None` if not given.
    pub total: Option<Total>,
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`: names of root elements to return; empty for all.
    pub elements: Vec<String>,
    /// `_include`.
    pub includes: Vec<Include>,
    /// `_revinclude`.
    pub revincludes: Vec<Include>,
    /// `_page`: the token of a page of an earlier search, as the store made it.
    pub page: Option<String>,
    /// `_format`, for whoever writes the answer.
    pub format: Option<String>,
    /// The request's parameters that took part, in order and as given: what a self link says.
    pub used: Vec<(String, String)>,
    /// Parameters that lenient handling left out, with the reason.
    pub ignored: Vec<Ignored>,
}

/// A parameter that took no part in the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The name as given.
    pub name: String,
    /// Why it was left out, for people.
    pub why: String,
}

/// One condition.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The parameter's name with its modifier or chain, as given.
    pub name: String,
    /// What must hold.
    pub test: Test,
}

/// What a [`Filter`] asks. Of several values (`any_of`) one is enough.
#[derive(Clone, Debug)]
pub enum Test {
    /// `_id`: the logical id is one of these; with `negated` (`_id:not`) none of them.
    Id {
        /// Logical ids.
        any_of: Vec<String>,
        /// `:not`.
        negated: bool,
    },
    /// `_lastUpdated`: when the store wrote the version.
    LastUpdated {
        /// Dates.
        any_of: Vec<DateMatch>,
    },
    /// `:missing`: whether the resource has any value for the parameter ([`super::IndexValue::Present`] counts as one).
    Missing {
        /// The parameter.
        parameter: &'static Parameter,
        /// True: it has none.
        missing: bool,
    },
    /// A token; with `negated` (`:not`) resources that have none of them, those without any value included.
    Token {
        /// The parameter.
        parameter: &'static Parameter,
        /// Tokens.
        any_of: Vec<TokenMatch>,
        /// `:not`.
        negated: bool,
    },
    /// A reference.
    Reference {
        /// The parameter.
        parameter: &'static Parameter,
        /// References.
        any_of: Vec<ReferenceMatch>,
    },
    /// A date.
    Date {
        /// The parameter.
        parameter: &'static Parameter,
        /// Dates.
        any_of: Vec<DateMatch>,
    },
    /// A string.
    String {
        /// The parameter.
        parameter: &'static Parameter,
        /// Strings.
        any_of: Vec<StringMatch>,
    },
    /// A number.
    Number {
        /// The parameter.
        parameter: &'static Parameter,
        /// Numbers.
        any_of: Vec<NumberMatch>,
    },
    /// A quantity.
    Quantity {
        /// The parameter.
        parameter: &'static Parameter,
        /// Quantities.
        any_of: Vec<QuantityMatch>,
    },
    /// A URI.
    Uri {
        /// The parameter.
        parameter: &'static Parameter,
        /// URIs.
        any_of: Vec<UriMatch>,
    },
    /// A chain, `subject:Patient.family=x`: a reference leads to a resource for which the filter of its type holds.
    Chain {
        /// The reference parameter.
        parameter: &'static Parameter,
        /// The types that the rest of the chain can be asked of. Never empty.
        targets: Vec<(TypeId, Filter)>,
    },
    /// `_has:Observation:patient:code=x`: some resource of type `source` refers here by `parameter`, and the filter holds for
    /// it.
    Has {
        /// The type that refers.
        source: TypeId,
        /// Its reference parameter.
        parameter: &'static Parameter,
        /// What must hold for the referring resource.
        filter: Box<Filter>,
    },
}

/// One key of `_sort`.
#[derive(Clone, Copy, Debug)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// `-`: last first.
    pub descending: bool,
}

/// What a search can be sorted by.
#[derive(Clone, Copy, Debug)]
pub enum SortBy {
    /// `_id`.
    Id,
    /// `_lastUpdated`.
    LastUpdated,
    /// A date, string, token, number, quantity or URI parameter: by its least value, by its greatest if descending.
    Parameter(&'static Parameter),
}

/// `_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// None is needed.
    None,
    /// A rough one will do.
    Estimate,
    /// It must be exact.
    Accurate,
}

/// `_summary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Summary {
    /// `false`: whole resources.
    #[default]
    Whole,
    /// `true`: the elements marked as summary.
    Summary,
    /// `text`: narrative, id, meta and mandatory elements.
    Text,
    /// `data`: all but the narrative.
    Data,
    /// `count`: only how many.
    Count,
}

/// One `_include` or `_revinclude`: resources of type `source` and what their `parameter` refers to.
#[derive(Clone, Copy, Debug)]
pub struct Include {
    /// The type that refers.
    pub source: TypeId,
    /// Its reference parameter.
    pub parameter: &'static Parameter,
    /// Only targets of this type.
    pub target: Option<TypeId>,
}

/// Why a search request cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The name is no parameter of the type (strict handling), or of no type of a chain.
    #[error("{resource_type} has no search parameter \"{name}\"")]
    Unknown {
        /// The name as given.
        name: String,
        /// Where it was looked up.
        resource_type: String,
    },
    /// FHIR has it, this server does not.
    #[error("\"{name}\" is not supported: {why}")]
    Unsupported {
        /// The name as given.
        name: String,
        /// What is not supported, and what to use instead where there is something.
        why: String,
    },
    /// A value that cannot be read.
    #[error("\"{name}={value}\": {why}")]
    Invalid {
        /// The name as given.
        name: String,
        /// The value as given.
        value: String,
        /// What is wrong with it.
        why: String,
    },
}

impl SearchError {
    pub(super) fn unsupported(name: &str, why: impl Into<String>) -> Self {
        SearchError::Unsupported { name: name.to_owned(), why: why.into() }
    }

    pub(super) fn invalid(name: &str, value: &str, why: impl Into<String>) -> Self {
        SearchError::Invalid { name: name.to_owned(), value: value.to_owned(), why: why.into() }
    }
}

impl Filter {
    /// The parameter that is asked; `None` for `_id` and `_lastUpdated`.
    pub fn parameter(&self) -> Option<&'static Parameter> {
        match &self.test {
            Test::Id { .. } | Test::LastUpdated { .. } => None,
            Test::Missing { parameter, .. }
            | Test::Token { parameter, .. }
            | Test::Reference { parameter, .. }
            | Test::Date { parameter, .. }
            | Test::String { parameter, .. }
            | Test::Number { parameter, .. }
            | Test::Quantity { parameter, .. }
            | Test::Uri { parameter, .. }
            | Test::Chain { parameter, .. }
            | Test::Has { parameter, .. } => Some(parameter),
        }
    }
}
