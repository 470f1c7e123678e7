//! What the tables of a source hold, and the mapping that follows from it.

use super::mapping_files::files_json;
use super::stream;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Grant;
use lake::workbench::Stop;
use serde::Deserialize;
use serde_json::json;
use tables::profile::{Profile, skeleton};

/// Reads all current rows of a source once. Who goes away meanwhile ends it.
fn profile_now(app: &App, grant: &Grant, name: &str, stop: &Stop) -> Result<Profile, Refusal> {
    let sheets = app.sources()?.sheets(grant, name, &|_| Vec::new())?;
    let mut go_on = |_: &str, _: u64| {
        if stop.is_stopped() || app.is_stopping() { Err(tables::Error::Stopped) } else { Ok(()) }
    };
    Ok(Profile::of_sheets(&sheets, &mut go_on)?)
}

/// `GET /api/sources/{id}/profile`: shows values, so it stands in the trail as rows do.
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("id"));
    grant.may_use_sql()?;
    let turn = stream::turn(&call)?;
    let asked = call.asked();
    let stop = Stop::default();
    let stops = stop.on_drop();
    let told = call
        .app
        .reading(move |app| {
            let _turn = turn;
            app.audit(&grant, "source profile", &asked, &[])?;
            Ok(profile_now(app, &grant, &name, &stop)?.to_json())
        })
        .await?;
    drop(stops);
    Ok(Answer::of(&told))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    source: String,
    #[serde(default)]
    name: Option<String>,
}

/// `POST /api/mappings/new`: a mapping for a source, as far as its rows tell; nothing is kept. It holds names of columns and values of
/// code lists, so it is told to whom rows are.
pub(super) async fn new_mapping(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    grant.may_use_sql()?;
    let New { source, name } = call.json().await?;
    let turn = stream::turn(&call)?;
    let asked = format!("{} source={source}", call.asked());
    let stop = Stop::default();
    let stops = stop.on_drop();
    let files = call
        .app
        .reading(move |app| {
            let _turn = turn;
            app.audit(&grant, "source profile", &asked, &[])?;
            let profile = profile_now(app, &grant, &source, &stop)?;
            Ok(skeleton(&profile, name.as_deref().unwrap_or(&source)))
        })
        .await?;
    drop(stops);
    Ok(Answer::of(&json!({"files": files_json(&files)})))
}
