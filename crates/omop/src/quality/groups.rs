//! Counts by concept, and by sex or unit, for the checks of concepts: one query for all checks of a field.

use super::check::{Against, Check};
use super::kind::CheckType;
use super::shape::{field, table};
use crate::asking::{Cdm, rows};
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Concepts that a query names at most.
const CONCEPTS: usize = 2_000;

/// Rows by concept and a second value.
type Counts = HashMap<i64, Vec<(Option<i64>, u64)>>;

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<Key, Counts>);

/// Of which checks: table, field, and how they count.
type Key = (String, String, What);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// Rows with the concept.
    All,
    /// Rows with the concept, by the sex of persons that are there.
    Gender,
    /// Rows with the concept or one below it.
    AllBelow,
    /// The same, by sex.
    GenderBelow,
    /// Rows with the concept whose unit is not 0, by unit.
    Units,
}

impl What {
    fn of(check: &Check) -> &'static [What] {
        match check.kind {
            CheckType::PlausibleGender => &[What::All, What::Gender],
            CheckType::PlausibleGenderUseDescendants => &[What::AllBelow, What::GenderBelow],
            CheckType::PlausibleUnitConceptIds => &[What::Units],
            _ => &[],
        }
    }

    fn sql(self, of_table: &str, of_field: &str, ids: &str) -> String {
        let (t, f) = (table(of_table), field(of_field));
        let person = format!("JOIN {} p ON p.person_id = t.person_id", table("person"));
        let below = format!("JOIN {} a ON a.descendant_concept_id = {f}", table("concept_ancestor"));
        match self {
            What::All => format!("SELECT {f}, NULL, count(*) FROM {t} t WHERE {f} IN ({ids}) GROUP BY 1"),
            What::Gender => {
                format!(
                    "SELECT {f}, p.gender_concept_id, count(*) FROM {t} t {person} WHERE {f} IN ({ids}) GROUP BY 1, 2"
                )
            }
            What::AllBelow => format!(
                "SELECT a.ancestor_concept_id, NULL, count(*) FROM {t} t {below} WHERE a.ancestor_concept_id IN ({ids}) GROUP BY 1"
            ),
            What::GenderBelow => format!(
                "SELECT a.ancestor_concept_id, p.gender_concept_id, count(*) FROM {t} t {below} {person} \
                 WHERE a.ancestor_concept_id IN ({ids}) GROUP BY 1, 2"
            ),
            What::Units => format!(
                "SELECT {f}, t.unit_concept_id, count(*) FROM {t} t \
                 WHERE {f} IN ({ids}) AND (t.unit_concept_id IS NULL OR t.unit_concept_id <> 0) GROUP BY 1, 2"
            ),
        }
    }
}

fn concepts(check: &Check) -> &[i64] {
    match &check.against {
        Against::Gender { concepts, .. } => concepts,
        Against::Units { concept, .. } => std::slice::from_ref(concept),
        _ => &[],
    }
}

impl Groups {
    /// Counts all that the checks need; `told` hears of how many all is counted.
    pub(super) fn take<'c>(
        cdm: &dyn Cdm,
        checks: impl Iterator<Item = &'c Check>,
        told: &mut dyn FnMut(usize),
    ) -> Result<Groups, Error> {
        let mut wanted: BTreeMap<Key, BTreeSet<i64>> = BTreeMap::new();
        // Checks by the last count that they need.
        let mut last: BTreeMap<Key, usize> = BTreeMap::new();
        for check in checks {
            let keys = What::of(check).iter().map(|what| (check.table.clone(), check.field.clone(), *what));
            if let Some(key) = keys.clone().max() {
                *last.entry(key).or_default() += 1;
            }
            for key in keys {
                wanted.entry(key).or_default().extend(concepts(check));
            }
        }
        let mut done = 0;
        let mut groups = Groups::default();
        for (key, ids) in wanted {
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            let mut counts = Counts::new();
            for part in ids.chunks(CONCEPTS) {
                let answer = cdm.ask(&key.2.sql(&key.0, &key.1, &part.join(", ")))?;
                for row in rows(&answer) {
                    if let Some(concept) = row.int(0) {
                        counts.entry(concept).or_default().push((row.int(1), row.count(2)));
                    }
                }
            }
            done += last.get(&key).copied().unwrap_or(0);
            groups.0.insert(key, counts);
            told(done);
        }
        Ok(groups)
    }

    fn sum(&self, check: &Check, what: What, counts: impl Fn(Option<i64>) -> bool) -> u64 {
        let key = (check.table.clone(), check.field.clone(), what);
        let Some(found) = self.0.get(&key) else { return 0 };
        let groups = concepts(check).iter().filter_map(|concept| found.get(concept)).flatten();
        groups.filter(|(second, _)| counts(*second)).map(|(_, rows)| rows).sum()
    }

    /// Wrong rows and all rows of a check of concepts.
    pub(super) fn counts(&self, check: &Check) -> (u64, u64) {
        match &check.against {
            Against::Gender { gender, .. } => {
                let (all, by) = match check.kind {
                    CheckType::PlausibleGender => (What::All, What::Gender),
                    _ => (What::AllBelow, What::GenderBelow),
                };
                let is_other = |sex: Option<i64>| sex.is_some_and(|sex| sex != gender.concept());
                (self.sum(check, by, is_other), self.sum(check, all, |_| true))
            }
            Against::Units { units, .. } => {
                let is_strange = |unit: Option<i64>| !units.contains(&unit.unwrap_or(-1));
                (self.sum(check, What::Units, is_strange), self.sum(check, What::Units, |_| true))
            }
            _ => (0, 0),
        }
    }
}
