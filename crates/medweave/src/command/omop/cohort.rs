//! `medweave omop cohort`

use super::super::{say, table};
use super::{failed, folder};
use crate::cli::OmopCohort;
use crate::failure::Failure;
use omop::cohort::{Definition, run as run_cohort};
use serde_json::json;

pub(super) fn run(cohort: &OmopCohort) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&cohort.file)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", cohort.file.display())))?;
    // What is not understood is said before anything is read.
    let definition = Definition::read(&text).map_err(failed)?;
    let cdm = folder(&cohort.cdm)?;
    let found = run_cohort(&cdm, &definition).map_err(failed)?;
    let mut persons: Vec<i64> = found.members.iter().map(|member| member.person).collect();
    persons.dedup();
    if cohort.json {
        let steps =
            found.steps.iter().map(|step| json!({"name": step.name, "events": step.events, "persons": step.persons}));
        let sets = found.concept_sets.iter().map(|(id, concepts)| json!({"id": id, "concepts": concepts}));
        let rows = found.members.iter().map(|member| {
            json!({
                "cohort_definition_id": cohort.id, "subject_id": member.person,
                "cohort_start_date": member.start.to_string(), "cohort_end_date": member.end.to_string(),
            })
        });
        return say(&json!({
            "persons": persons.len(), "rows": rows.collect::<Vec<_>>(), "steps": steps.collect::<Vec<_>>(),
            "concept_sets": sets.collect::<Vec<_>>(),
        })
        .to_string());
    }
    let rows: Vec<Vec<String>> = found
        .members
        .iter()
        .map(|member| {
            vec![cohort.id.to_string(), member.person.to_string(), member.start.to_string(), member.end.to_string()]
        })
        .collect();
    say(&table::lines(&["cohort_definition_id", "subject_id", "cohort_start_date", "cohort_end_date"], &rows))?;
    for (set, concepts) in &found.concept_sets {
        if *concepts == 0 {
            records::tell_operator!(
                "concept set {set} has no concepts here: are the vocabulary's tables in the folder?"
            );
        }
    }
    for step in &found.steps {
        records::tell_operator!("{}: {} events of {} persons", step.name, step.events, step.persons);
    }
    records::tell_operator!("{} rows, {} persons", rows.len(), persons.len());
    Ok(())
}
