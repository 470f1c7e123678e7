//! A cohort as JSON, the same from a folder and from the store.

use super::build::Cohort;
use serde_json::{Value, json};

impl Cohort {
    /// How many persons are in it.
    pub fn persons(&self) -> usize {
        // Members are in the order of persons.
        self.members.chunk_by(|one, next| one.person == next.person).count()
    }

    /// Its rows, at most so many, under the number of its definition; how many persons and rows there are; what each step left;
    /// how many concepts each concept set has.
    pub fn json(&self, id: i64, most_rows: usize) -> Value {
        let steps =
            self.steps.iter().map(|step| json!({"name": step.name, "events": step.events, "persons": step.persons}));
        let sets = self.concept_sets.iter().map(|(id, concepts)| json!({"id": id, "concepts": concepts}));
        let rows = self.members.iter().take(most_rows).map(|member| {
            json!({
                "cohort_definition_id": id, "subject_id": member.person,
                "cohort_start_date": member.start.to_string(), "cohort_end_date": member.end.to_string(),
            })
        });
        json!({
            "persons": self.persons(), "count": self.members.len(), "more": self.members.len() > most_rows,
            "rows": rows.collect::<Vec<_>>(), "steps": steps.collect::<Vec<_>>(), "concept_sets": sets.collect::<Vec<_>>(),
        })
    }
}
