//! Whether a condition holds for the index values of one resource.

use super::index_value::IndexValue;
use super::query::Test;
use super::{DateMatch, NumberMatch, Prefix, QuantityMatch};

impl Test {
    /// Whether the condition holds for a resource whose values for [`super::Filter::parameter`] are `values` (all of them:
    /// `:not`, `:missing` and `ne` ask about what is not there).
    ///
    /// `None` for what index values of one resource cannot tell: ids, times of writing, chains and `_has`, what other resources
    /// say (value sets, lists, wholes and parts), and what an [`super::Check`] looks up.
    pub fn holds(&self, values: &[IndexValue<'_>]) -> Option<bool> {
        Some(match self {
            Test::Id { .. }
            | Test::LastUpdated { .. }
            | Test::Chain { .. }
            | Test::Has { .. }
            | Test::Composite { .. }
            | Test::TokenText { .. }
            | Test::OfType { .. }
            | Test::CodeSet { .. }
            | Test::PartOf { .. }
            | Test::Near { .. }
            | Test::List { .. }
            | Test::Words { .. }
            | Test::All(_)
            | Test::Any(_)
            | Test::Not(_) => return None,
            Test::Unequal { test } => values.iter().any(|value| test.differs(value)),
            Test::Missing { missing, .. } => values.is_empty() == *missing,
            Test::Token { any_of, negated, .. } => {
                let found = values.iter().any(|value| match value {
                    IndexValue::Token { system, code } => any_of.iter().any(|one| one.matches(system.as_deref(), code)),
                    _ => false,
                });
                found != *negated
            }
            Test::Reference { any_of, .. } => values.iter().any(|value| match value {
                IndexValue::Reference(reference) => any_of.iter().any(|one| one.matches(reference)),
                _ => false,
            }),
            Test::Date { any_of, .. } => {
                let ranges = values.iter().filter_map(|value| match value {
                    IndexValue::Date { low_us, high_us } => Some((*low_us, *high_us)),
                    _ => None,
                });
                any_of.iter().any(|one| one.holds(ranges.clone()))
            }
            Test::Number { any_of, .. } => {
                let ranges = values.iter().filter_map(|value| match value {
                    IndexValue::Number { low, high } => Some((*low, *high)),
                    _ => None,
                });
                any_of.iter().any(|one| one.holds(ranges.clone()))
            }
            Test::Quantity { any_of, .. } => any_of.iter().any(|one| one.holds(values)),
            Test::String { any_of, .. } => values.iter().any(|value| match value {
                IndexValue::String { text } => any_of.iter().any(|one| one.matches(text)),
                _ => false,
            }),
            Test::Uri { any_of, .. } => values.iter().any(|value| match value {
                IndexValue::Uri { text } => any_of.iter().any(|one| one.matches(text)),
                _ => false,
            }),
        })
    }
}

impl Test {
    /// Whether a value is another than the one asked for. Dates, numbers and quantities ask with [`Prefix::Ne`], which says
    /// what can be compared; of the others any value that can be searched for can.
    fn differs(&self, value: &IndexValue<'_>) -> bool {
        let holds = self.holds(std::slice::from_ref(value)) == Some(true);
        match self {
            Test::Date { .. } | Test::Number { .. } | Test::Quantity { .. } => holds,
            _ => !holds && !matches!(value, IndexValue::Present | IndexValue::TokenText { .. }),
        }
    }
}

/// `Ne` is the complement of `Eq` among resources that have a value; everything else asks for one value that matches.
fn hold(prefix: Prefix, matched: impl Iterator<Item = bool>) -> bool {
    if prefix != Prefix::Ne {
        return matched.into_iter().any(|matched| matched);
    }
    let mut any = false;
    for matched in matched {
        if !matched {
            return false;
        }
        any = true;
    }
    any
}

impl DateMatch {
    /// Whether a resource with these ranges matches.
    pub fn holds(&self, ranges: impl Iterator<Item = (i64, i64)>) -> bool {
        hold(self.prefix, ranges.map(|(low_us, high_us)| self.matches(low_us, high_us)))
    }
}

impl NumberMatch {
    /// Whether a resource with these ranges matches.
    pub fn holds(&self, ranges: impl Iterator<Item = (f64, f64)>) -> bool {
        hold(self.prefix, ranges.map(|(low, high)| self.matches(low, high)))
    }
}

impl QuantityMatch {
    /// Whether a resource with these values matches. Quantities in units that cannot be compared take no part.
    pub fn holds(&self, values: &[IndexValue<'_>]) -> bool {
        let compared = values.iter().filter_map(|value| match value {
            IndexValue::Quantity(quantity) => self.compare(quantity),
            _ => None,
        });
        hold(self.number.prefix, compared)
    }
}
