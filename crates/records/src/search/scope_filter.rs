//! What may stand after `?` in a scope.

use super::query_pairs;
use crate::error::Error;
use access::Types;
use fhir::schema::{TypeId, r4};
use fhir::search::{Filter, Handling, ParseOptions, Prefix, ReferenceMatch, SearchQuery, Summary, SystemMatch, Test};

/// What scopes are checked against when they are written.
pub const SCOPE_TYPES: Types = Types { is_resource: |name| r4().is_resource(name), check_filter };

/// The conditions of a scope's filter on a type. They are such as can be told from one resource alone: no chains, nothing of order and
/// pages.
pub(super) fn filters(resource_type: TypeId, text: &str) -> Result<Vec<Filter>, Error> {
    let name = r4().name(resource_type);
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let pairs = query_pairs(text);
    let count = pairs.len();
    let query = SearchQuery::parse(name, pairs, &options)?;
    let is_plain = query.filters.len() == count
        && query.sort.is_empty()
        && query.includes.is_empty()
        && query.revincludes.is_empty()
        && query.elements.is_empty()
        && query.summary == Summary::Whole
        && query.count.is_none()
        && query.total.is_none()
        && query.page.is_none()
        && query.format.is_none();
    if !is_plain {
        return Err(Error::Search(format!("{text}: only search parameters of {name}, each with a value")));
    }
    for filter in &query.filters {
        let is_told = match &filter.test {
            // All codes of a system are found by going through the index, which a write cannot.
            Test::Token { any_of, .. } => {
                any_of.iter().all(|one| one.code.is_some() || matches!(one.system, SystemMatch::Any))
            }
            Test::Reference { any_of, .. } => any_of.iter().all(|one| match one {
                ReferenceMatch::Logical(one) => one.code.is_some() || matches!(one.system, SystemMatch::Any),
                _ => true,
            }),
            // What `ap` is about depends on the day.
            Test::Date { any_of, .. } => any_of.iter().all(|one| one.prefix != Prefix::Ap),
            Test::Id { .. }
            | Test::Missing { .. }
            | Test::String { .. }
            | Test::Number { .. }
            | Test::Quantity { .. }
            | Test::Uri { .. } => true,
            _ => false,
        };
        if !is_told {
            let why = "is not told by the resource alone: use a parameter of the resource itself, without a chain, and codes rather than whole systems";
            return Err(Error::Search(format!("{} {why}", filter.name)));
        }
    }
    Ok(query.filters)
}

fn check_filter(resource_type: &str, filter: &str) -> Result<(), String> {
    let check = |type_id: TypeId| filters(type_id, filter).map(drop).map_err(|error| error.to_string());
    if resource_type == "*" {
        return r4().resource_types().try_for_each(check);
    }
    let type_id = r4().resource_type(resource_type);
    check(type_id.ok_or_else(|| format!("{resource_type} has no search parameters"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_that_a_resource_alone_can_be_held_against() {
        let category = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
        for (of, filter) in [
            ("Observation", category),
            ("Observation", "status=final,amended&date=ge2020"),
            ("Observation", "subject=Patient/a"),
            ("Patient", "organization=Organization/x"),
            ("*", "_security:not=R"),
        ] {
            assert_eq!(check_filter(of, filter), Ok(()), "{of}?{filter}");
        }
        for (of, filter) in [
            ("Observation", "patient.gender=male"),
            ("Patient", "_has:Observation:patient:code=x"),
            ("Observation", "category=http://loinc.org|"),
            ("Observation", "subject:identifier=http://a|"),
            ("Observation", "date=ap2020"),
            ("Observation", "nonsense=1"),
            ("Observation", "_count=1"),
            ("Observation", "_sort=date"),
            ("Observation", "status=final&_summary=true"),
            ("Observation", "_lastUpdated=ge2020"),
            ("*", "status=final"),
            ("OmopPersonLink", "_id=1"),
        ] {
            assert!(check_filter(of, filter).is_err(), "{of}?{filter}");
        }
    }
}
