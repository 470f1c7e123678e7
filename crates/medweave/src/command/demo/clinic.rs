//! An outpatient clinic beside the hospital, whose database comes as tables: a source with a mapping of its own. What its first
//! night gave is pulled and mapped, the second night is pulled alone, so that a visitor has a run to look at and to write.

use crate::client::Client;
use crate::command::lines;
use crate::directory::now_us;
use crate::failure::Failure;
use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;

/// The source, and the folder of its extracts.
const NAME: &str = "clinic";
/// Its mapping.
const MAPPING: &str = "clinic-tables";

/// The mapping's files.
const FILES: [(&str, &str); 7] = [
    ("patient.sql", include_str!("clinic/patient.sql")),
    ("encounter.sql", include_str!("clinic/encounter.sql")),
    ("observation.sql", include_str!("clinic/observation.sql")),
    ("codes/sex.csv", include_str!("clinic/codes/sex.csv")),
    ("codes/test.csv", include_str!("clinic/codes/test.csv")),
    ("units/lab.csv", include_str!("clinic/units/lab.csv")),
    ("mapping.toml", include_str!("clinic/mapping.toml")),
];

/// Adds the source, pulls and maps its first night, and pulls its second.
pub(super) async fn tables(client: &Client, folder: &Path, seed: u64, zone: &str) -> Result<(), Failure> {
    let extracts = folder.join(NAME);
    let file = |(path, text): &(&str, &str)| {
        // Times in the tables are those of the clock on the wall.
        let text = if *path == "mapping.toml" { format!("zone = {zone:?}\n{text}") } else { (*text).to_owned() };
        json!({"path": path, "text": text})
    };
    // Kept in the data directory, so that a visitor can write on it.
    let files = json!({"files": FILES.iter().map(file).collect::<Vec<_>>()});
    client.json(Method::PUT, &format!("/api/mappings/own/{MAPPING}"), Some(&files)).await?;
    std::fs::create_dir_all(&extracts)?;
    let begun_us = now_us();
    let night = |night| -> Result<(), Failure> {
        for file in synth::extract(seed, begun_us, super::hospital::ahead_min(zone, begun_us), night) {
            std::fs::write(extracts.join(file.file), file.text)?;
        }
        Ok(())
    };
    night(0)?;
    let source = json!({"name": NAME, "path": extracts, "mapping": MAPPING});
    client.json(Method::POST, "/api/sources", Some(&source)).await?;
    let pull = format!("/api/sources/{NAME}/pull");
    lines::report(client, &pull, &json!({}), |_| String::new()).await?;
    let run: Value =
        lines::report(client, &format!("/api/mappings/{NAME}/run"), &json!({"write": true}), |_| String::new()).await?;
    night(1)?;
    let pulled: Value = lines::report(client, &pull, &json!({}), |_| String::new()).await?;
    records::tell_operator!(
        "medweave demo: {} resources were made of a clinic's tables; its next delivery ({} new rows, {} changed) waits for a run",
        run["new"],
        pulled["new"],
        pulled["changed"]
    );
    Ok(())
}
