//! `medweave lake`

use super::say;
use crate::cli::Lake;
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;

pub(crate) async fn run(settings: &Settings, lake: &Lake) -> Result<(), Failure> {
    let (method, path) = match lake {
        Lake::Flush => (Method::POST, "/api/lake/flush"),
        Lake::Rebuild => (Method::POST, "/api/lake/rebuild"),
        Lake::Status => (Method::GET, "/api/lake"),
    };
    let client = Client::open_to_read(settings).await?;
    let told = client.json(method, path, None).await;
    client.close().await;
    let told = told?;
    let mut lines = vec![format!("changes {} of {}, in files {}", told["seq"], told["head"], told["flushed"])];
    for table in told["tables"].as_array().into_iter().flatten().filter(|table| table["rows"] != 0) {
        let name = table["name"].as_str().unwrap_or_default();
        let mebibytes = table["bytes"].as_f64().unwrap_or_default() / f64::from(1 << 20);
        lines.push(format!("{name:<26}{:>10} rows {:>4} files {mebibytes:>9.1} MiB", table["rows"], table["files"]));
    }
    if let Some(failure) = told["failure"].as_str() {
        lines.push(format!("{} resources could not be put into their table, the first: {failure}", told["failed"]));
    }
    say(&lines.join("\n"))?;
    Ok(())
}
