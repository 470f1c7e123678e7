//! `medweave omop thresholds`

use super::super::{say, table};
use super::check::path_of;
use crate::cli::{OmopThresholds, ThresholdAct};
use crate::client::Client;
use crate::failure::Failure;
use crate::settings::Settings;
use axum::http::Method;
use serde_json::{Value, json};

pub(super) async fn run(settings: &Settings, asked: OmopThresholds) -> Result<(), Failure> {
    let client = Client::open_to_read(settings).await?;
    let done = with(&client, asked).await;
    client.close().await;
    done
}

async fn with(client: &Client, asked: OmopThresholds) -> Result<(), Failure> {
    let (check, threshold, reason) = match asked.act {
        None => {
            let told = client.json(Method::GET, "/api/quality/thresholds", None).await?;
            if asked.json {
                return say(&told.to_string());
            }
            if told["thresholds"].as_array().is_none_or(Vec::is_empty) {
                return say("no threshold was chosen: all are those of the definitions");
            }
            return say(&table::of(
                &told["thresholds"],
                &["check", "threshold", "of_definition", "at", "who", "reason"],
            ));
        }
        Some(ThresholdAct::Show { check, json }) => {
            let told = client.json(Method::GET, &path_of(&check), None).await?;
            return if json { say(&told.to_string()) } else { show(&told) };
        }
        Some(ThresholdAct::Set { check, threshold, reason }) => (check, Some(threshold), reason),
        Some(ThresholdAct::Reset { check, reason }) => (check, None, reason),
    };
    let body = json!({"threshold": threshold, "reason": reason});
    let told = client.json(Method::PUT, &format!("{}/threshold", path_of(&check)), Some(&body)).await?;
    say(&in_force(&told))
}

fn in_force(told: &Value) -> String {
    let whose = if told["own_threshold"] == true { "chosen" } else { "of the definition" };
    let percent = told["threshold"].as_f64().unwrap_or_default();
    format!("{}: {percent} percent may be wrong ({whose})", table::cell(&told["check"]))
}

fn show(told: &Value) -> Result<(), Failure> {
    say(&table::cell(&told["sentence"]))?;
    say(&in_force(told))?;
    for (name, columns) in [
        ("thresholds", &["at", "threshold", "who", "reason"][..]),
        ("history", &["run", "at", "violated", "rows", "percent", "status"]),
    ] {
        if told[name].as_array().is_some_and(|list| !list.is_empty()) {
            say("")?;
            say(&table::of(&told[name], columns))?;
        }
    }
    Ok(())
}
