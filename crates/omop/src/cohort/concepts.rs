//! The concepts of concept sets.

use super::definition::{ConceptItem, ConceptSet};
use crate::asking::{Cdm, rows};
use crate::error::Error;
use std::collections::HashMap;
use std::fmt::Write;

/// Concepts up to which a set is written as a list; above, it stands in SQL as a query of its own.
const LISTED: usize = 5_000;

/// The concept sets of a definition.
#[derive(Debug, Default)]
pub(super) struct Sets(HashMap<i64, Set>);

#[derive(Debug)]
struct Set {
    /// What stands in `IN (…)`; none if no concept is in it.
    list: Option<String>,
    concepts: u64,
}

impl Sets {
    /// Finds the concepts of each set.
    pub(super) fn find(cdm: &dyn Cdm, sets: &[ConceptSet]) -> Result<Sets, Error> {
        let mut found = HashMap::new();
        for set in sets {
            let query = query(set);
            let Some(query) = query else {
                found.insert(set.id, Set { list: None, concepts: 0 });
                continue;
            };
            let answer = cdm.ask(&format!("SELECT DISTINCT concept_id FROM ({query}) q"))?;
            let mut ids: Vec<i64> = rows(&answer).filter_map(|row| row.int(0)).collect();
            ids.sort_unstable();
            let list = match ids.len() {
                0 => None,
                few if few <= LISTED => Some(ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
                _ => Some(format!("SELECT concept_id FROM ({query}) q")),
            };
            found.insert(set.id, Set { list, concepts: ids.len() as u64 });
        }
        Ok(Sets(found))
    }

    /// SQL that says whether a column's concept is in a set, or is not.
    pub(super) fn contain(&self, set: i64, column: &str, is_not: bool) -> String {
        match self.0.get(&set).and_then(|set| set.list.as_deref()) {
            Some(list) => format!("{column} {}IN ({list})", if is_not { "NOT " } else { "" }),
            None if is_not => format!("{column} IS NOT NULL"),
            None => "false".to_owned(),
        }
    }

    /// How many concepts each set has.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().map(|(id, set)| (*id, set.concepts))
    }
}

/// SQL that gives the concepts of a set; none if it names none.
fn query(set: &ConceptSet) -> Option<String> {
    let (excluded, included): (Vec<ConceptItem>, Vec<ConceptItem>) =
        set.items.iter().partition(|item| item.is_excluded);
    let included = part(&included)?;
    Some(match part(&excluded) {
        None => included,
        Some(excluded) => format!(
            "SELECT i.concept_id FROM ({included}) i LEFT JOIN ({excluded}) e ON e.concept_id = i.concept_id WHERE e.concept_id IS NULL"
        ),
    })
}

/// The concepts of items: themselves, those below them, and those that map to any of these.
fn part(items: &[ConceptItem]) -> Option<String> {
    let own = concepts(items)?;
    let mapped: Vec<ConceptItem> = items.iter().filter(|item| item.mapped).copied().collect();
    Some(match concepts(&mapped) {
        None => own,
        Some(mapped) => format!(
            "{own} UNION SELECT r.concept_id_1 AS concept_id FROM ({mapped}) m JOIN omop.concept_relationship r \
             ON r.concept_id_2 = m.concept_id AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL"
        ),
    })
}

fn concepts(items: &[ConceptItem]) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let ids = |items: &mut dyn Iterator<Item = &ConceptItem>| {
        items.map(|item| item.concept.to_string()).collect::<Vec<_>>().join(", ")
    };
    let mut sql = format!("SELECT concept_id FROM omop.concept WHERE concept_id IN ({})", ids(&mut items.iter()));
    let above = ids(&mut items.iter().filter(|item| item.descendants));
    if !above.is_empty() {
        let _ = write!(
            sql,
            " UNION SELECT c.concept_id FROM omop.concept c JOIN omop.concept_ancestor a \
             ON a.descendant_concept_id = c.concept_id WHERE c.invalid_reason IS NULL AND a.ancestor_concept_id IN ({above})"
        );
    }
    Some(sql)
}
