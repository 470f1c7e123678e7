//! `medweave omop cohort` and `medweave omop cohorts`

use super::super::{say, table};
use super::{failed, in_folder};
use crate::cli::OmopCohort;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use omop::cohort::{Definition, run as run_cohort};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const PATH: &str = "/api/cohorts";

pub(super) async fn run(settings: &Settings, cohort: OmopCohort) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&cohort.file)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", cohort.file.display())))?;
    // What is not understood is said before anything is read.
    let definition = Definition::read(&text).map_err(failed)?;
    let told = match cohort.cdm {
        Some(cdm) => {
            let id = cohort.id;
            in_folder(cdm, move |cdm| Ok(run_cohort(cdm, &definition).map_err(failed)?.json(id, usize::MAX))).await?
        }
        None => {
            let syntax: Value = serde_json::from_str(&text).map_err(|error| Failure::usage(error.to_string()))?;
            let asked = match &cohort.keep {
                Some(name) => json!({"definition": syntax, "keep": name}),
                None => json!({"definition": syntax, "id": cohort.id}),
            };
            let client = Client::open_to_read(settings).await?;
            let told = client.json(Method::POST, PATH, Some(&asked)).await;
            client.close().await;
            told?
        }
    };
    if cohort.json {
        return say(&told.to_string());
    }
    tell(&told)
}

fn tell(told: &Value) -> Result<(), Failure> {
    let list = |name: &str| told[name].as_array().map_or(&[][..], Vec::as_slice).to_vec();
    let columns = ["cohort_definition_id", "subject_id", "cohort_start_date", "cohort_end_date"];
    say(&table::of(&told["rows"], &columns))?;
    for set in list("concept_sets").iter().filter(|set| set["concepts"] == 0) {
        records::tell_operator!("concept set {} has no concepts here: are its vocabularies loaded?", set["id"]);
    }
    for step in list("steps") {
        records::tell_operator!(
            "{}: {} events of {} persons",
            table::cell(&step["name"]),
            step["events"],
            step["persons"]
        );
    }
    records::tell_operator!("{} rows, {} persons", told["count"], told["persons"]);
    let kept = &told["kept"];
    if kept.is_object() {
        records::tell_operator!(
            "kept as {}, cohort_definition_id {} in omop.cohort, at position {}",
            table::cell(&kept["name"]),
            kept["id"],
            kept["seq"]
        );
    }
    if told["more"] == true {
        let text = "not all rows are listed: --keep NAME keeps the cohort, and omop.cohort has them all";
        return Err(Failure::failed(text));
    }
    Ok(())
}

/// Lists the cohorts that are kept, or removes one.
pub(super) async fn kept(settings: &Settings, remove: Option<String>, json: bool) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let told = match &remove {
        Some(name) => {
            let path = format!("{PATH}/{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
            client.json(Method::DELETE, &path, None).await
        }
        None => client.json(Method::GET, PATH, None).await,
    };
    client.close().await;
    let told = told?;
    if let Some(name) = remove {
        records::tell_operator!("The cohort {name} is removed.");
        return Ok(());
    }
    if json {
        return say(&told.to_string());
    }
    say(&table::of(&told["cohorts"], &["id", "name", "persons", "rows", "at", "who", "seq"]))
}
