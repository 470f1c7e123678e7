//! Filters of `ValueSet.compose`: which concepts of a code system they let pass.

use super::{CodeSystem, TerminologyError};
use crate::json::Node;
use crate::search::Way;
use regex::RegexBuilder;
use std::collections::HashSet;

/// Bytes that a compiled regular expression may take.
const REGEX_BYTES: usize = 1 << 20;

/// A filter, read against one code system.
pub(super) struct Filter {
    property: String,
    test: Test,
}

enum Test {
    /// The concept is within a part of the hierarchy, or is not.
    Within { marked: Vec<bool>, wanted: bool },
    /// Some value is one of these, or none is.
    Among { values: HashSet<String>, wanted: bool, ignores_case: bool },
    /// Some value is of this form, as a whole.
    Form(regex::Regex),
    /// There is a value, or there is none.
    Exists(bool),
}

impl Filter {
    /// Reads `filter` of the value set `name`.
    ///
    /// # Errors
    /// If it is not of R4, names a property that the code system does not have, or a code.
    pub(super) fn read(name: &str, system: &CodeSystem, filter: Node<'_>) -> Result<Filter, TerminologyError> {
        let part = |name: &str| filter.get(name).and_then(Node::scalar_text).unwrap_or_default();
        let (property, operation, value) = (part("property"), part("op"), part("value"));
        let unclear = |why: String| TerminologyError::Unclear { name: name.to_owned(), why };
        let on_code = matches!(&*property, "concept" | "code");
        let whole = || format!("the filter {property} {operation} {value} of the value set");
        let marked = |way: Way, with_itself: bool, wanted: bool| {
            let start = system.must_find(&value)?;
            let mut marked = vec![false; system.len()];
            for at in system.reached(start, way)? {
                marked[at] = true;
            }
            marked[start] = with_itself;
            Ok(Test::Within { marked, wanted })
        };
        let among = |values: HashSet<String>, wanted: bool| {
            let ignores_case = on_code && system.ignores_case();
            let values = if ignores_case { values.iter().map(|v| v.to_lowercase()).collect() } else { values };
            Test::Among { values, wanted, ignores_case }
        };
        let listed = || value.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
        let test = match &*operation {
            "is-a" if on_code => marked(Way::Below, true, true)?,
            "descendent-of" if on_code => marked(Way::Below, false, true)?,
            "is-not-a" if on_code => marked(Way::Below, true, false)?,
            "generalizes" if on_code => marked(Way::Above, true, true)?,
            "=" => among(HashSet::from([value.clone().into_owned()]), true),
            "in" => among(listed(), true),
            "not-in" => among(listed(), false),
            "regex" => {
                let form = RegexBuilder::new(&format!(r"\A(?:{value})\z")).size_limit(REGEX_BYTES).build();
                Test::Form(form.map_err(|error| unclear(format!("{} is no regular expression: {error}", whole())))?)
            }
            "exists" => match &*value {
                "true" => Test::Exists(true),
                "false" => Test::Exists(false),
                _ => return Err(unclear(format!("{} asks for neither true nor false", whole()))),
            },
            _ => return Err(unclear(format!("{} is not understood here", whole()))),
        };
        if !system.knows_property(&property) {
            let why = format!("{} asks for a property that the stored {} does not have", whole(), system.url);
            return Err(unclear(why));
        }
        Ok(Filter { property: property.into_owned(), test })
    }

    /// Whether it lets the concept at this place pass.
    pub(super) fn passes(&self, system: &CodeSystem, at: usize) -> bool {
        match &self.test {
            Test::Within { marked, wanted } => marked[at] == *wanted,
            Test::Among { values, wanted, ignores_case } => {
                let own = system.values(at, &self.property);
                let has = |value: &str| {
                    if *ignores_case { values.contains(&value.to_lowercase()) } else { values.contains(value) }
                };
                own.iter().any(|value| has(value)) == *wanted
            }
            Test::Form(form) => system.values(at, &self.property).iter().any(|value| form.is_match(value)),
            Test::Exists(wanted) => system.values(at, &self.property).is_empty() != *wanted,
        }
    }
}
