//! Conditions that the index does not answer: the bodies of the candidates are looked at.

use super::condition::Condition;
use super::evaluate::Index;
use crate::error::Error;
use crate::id::Row;
use crate::read;
use fhir::json::Document;
use fhir::schema::r4;
use fhir::search::{Check, Test};
use roaring::RoaringTreemap;

/// Bodies that one search looks at, at most: a few seconds' work.
pub(crate) const BODIES_LIMIT: u64 = 100_000;

/// Tests of bodies, all of which must hold.
pub(super) struct Bodies<'i, 'a> {
    index: &'i Index<'a>,
    checks: Vec<Check<'i>>,
    left: u64,
}

/// Takes the tests of bodies out of conditions that must all hold; their candidates stay.
pub(super) fn split(parts: impl IntoIterator<Item = Condition>) -> (Vec<Condition>, Vec<Test>) {
    let (mut plain, mut tests) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Condition::Checked { among, test } => {
                plain.push(*among);
                tests.push(*test);
            }
            other => plain.push(other),
        }
    }
    (plain, tests)
}

impl<'i, 'a> Bodies<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>, tests: &'i [Test]) -> Result<Self, Error> {
        let compiled = tests.iter().filter_map(|test| index.shared.extraction.check(test));
        let checks = compiled
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::Damaged(format!("the expression of a search parameter: {error}")))?;
        Ok(Bodies { index, checks, left: BODIES_LIMIT })
    }

    /// Whether the resource of a row has what is asked.
    pub(super) fn hold(&mut self, row: i64) -> Result<bool, Error> {
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        let Some(stored) = read::by_row(self.index.connection, self.index.shared, Row(row))? else { return Ok(false) };
        if stored.json.is_empty() {
            return Ok(false);
        }
        let document = Document::parse(stored.json.as_bytes())
            .map_err(|error| Error::Damaged(format!("version {} of row {row}: {error}", stored.version)))?;
        for check in &self.checks {
            if !check.holds(document.root()).map_err(|error| {
                let of = r4().name(stored.resource_type);
                Error::Search(format!("{of}/{} is too large to be searched: {error}", stored.id))
            })? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn too_many() -> Error {
    Error::Search(format!(
        "more than {BODIES_LIMIT} resources would have to be read for this search (_text, _content, :text, :of-type, near \
         and composites of one element are looked up in the resources themselves): add a condition, such as a patient or a date"
    ))
}

impl Index<'_> {
    /// Those of `rows` whose resources have what is asked.
    pub(super) fn checked(&self, rows: &RoaringTreemap, tests: &[Test]) -> Result<RoaringTreemap, Error> {
        if rows.len() > BODIES_LIMIT {
            return Err(too_many());
        }
        let mut bodies = Bodies::new(self, tests)?;
        let mut kept = RoaringTreemap::new();
        for row in rows {
            if bodies.hold(row as i64)? {
                kept.insert(row);
            }
        }
        Ok(kept)
    }
}
