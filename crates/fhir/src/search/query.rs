//! A search request, understood.

use super::compare::{
    CodeSet, DateMatch, NumberMatch, QuantityMatch, ReferenceMatch, StringMatch, TokenMatch, TypedIdentifier, UriMatch,
    Way,
};
use super::near::NearMatch;
use super::words::Words;
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
    /// A composite: one element has a value for each of its components ([`super::composite::components`]).
    Composite {
        /// The parameter.
        parameter: &'static Parameter,
        /// Each: a test for each component, in order.
        any_of: Vec<Vec<Test>>,
    },
    /// `:text` of a token: the words of a concept, a coding or an identifier's type.
    TokenText {
        /// The parameter.
        parameter: &'static Parameter,
        /// Texts.
        any_of: Vec<StringMatch>,
    },
    /// `:of-type`: an identifier with a type.
    OfType {
        /// The parameter.
        parameter: &'static Parameter,
        /// Identifiers.
        any_of: Vec<TypedIdentifier>,
    },
    /// `:in`, `:not-in`, `:below`, `:above` of a token: it is of a set that stored value sets and code systems say.
    CodeSet {
        /// The parameter.
        parameter: &'static Parameter,
        /// Sets.
        any_of: Vec<CodeSet>,
        /// `:not-in`: none of its values is in any of them.
        negated: bool,
    },
    /// `:below`, `:above` of a reference: it leads to the resource, to its parts or to what it is part of
    /// ([`super::part_of::parameter`]).
    PartOf {
        /// The parameter.
        parameter: &'static Parameter,
        /// Types and an id: which resource.
        any_of: Vec<(Vec<TypeId>, String)>,
        /// Down or up.
        way: Way,
    },
    /// `near`: where a place lies.
    Near {
        /// The parameter.
        parameter: &'static Parameter,
        /// Circles.
        any_of: Vec<NearMatch>,
    },
    /// `_list`: an entry of one of these lists, by id, leads to the resource.
    List {
        /// Logical ids of `List` resources.
        any_of: Vec<String>,
    },
    /// `_text`, `_content`: words of the narrative, or of all that the resource says.
    Words {
        /// `_text`.
        narrative_only: bool,
        /// Words.
        any_of: Vec<Words>,
    },
    /// `ne` of `_filter`: some value of the parameter is another one.
    Unequal {
        /// A token, reference, date, string, number, quantity or URI test with one value: what it is not.
        test: Box<Test>,
    },
    /// All hold.
    All(Vec<Filter>),
    /// One holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
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
    /// `:iterate`: also from what is included, again and again.
    pub iterate: bool,
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
    /// The parameter that is asked; `None` for `_id`, `_lastUpdated`, `_list`, `_text`, `_content` and what joins others.
    pub fn parameter(&self) -> Option<&'static Parameter> {
        self.test.parameter()
    }
}

impl Test {
    /// As [`Filter::parameter`].
    pub fn parameter(&self) -> Option<&'static Parameter> {
        match self {
            Test::Unequal { test } => test.parameter(),
            Test::Id { .. }
            | Test::LastUpdated { .. }
            | Test::List { .. }
            | Test::Words { .. }
            | Test::All(_)
            | Test::Any(_)
            | Test::Not(_) => None,
            Test::Missing { parameter, .. }
            | Test::Token { parameter, .. }
            | Test::Reference { parameter, .. }
            | Test::Date { parameter, .. }
            | Test::String { parameter, .. }
            | Test::Number { parameter, .. }
            | Test::Quantity { parameter, .. }
            | Test::Uri { parameter, .. }
            | Test::Chain { parameter, .. }
            | Test::Has { parameter, .. }
            | Test::Composite { parameter, .. }
            | Test::TokenText { parameter, .. }
            | Test::OfType { parameter, .. }
            | Test::CodeSet { parameter, .. }
            | Test::PartOf { parameter, .. }
            | Test::Near { parameter, .. } => Some(parameter),
        }
    }
}
