//! Live databases as sources: added after they were reached once, their passwords sealed and never told.

use super::tables::source_json;
use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, Peer};
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tables::live::{Address, Limits, Secret, Session, Vault, connect};
use tables::mapping::Settings;
use tables::pull::SourceInfo;
use tables::run::{Found, find_tables};

impl From<tables::live::AddressError> for Refusal {
    fn from(error: tables::live::AddressError) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", error.to_string())
    }
}

/// The tables of a source's mapping: in a delivery, which may be at a path in place of the source's own, or in a session with a database that lasts as long as they do.
pub(super) fn tables_of(
    app: &App,
    source: &SourceInfo,
    from: Option<&Path>,
    settings: &Settings,
) -> Result<Found, Refusal> {
    if from.is_some() || !Address::is_meant(&source.path) {
        return Ok(find_tables(settings, from.unwrap_or(Path::new(&source.path)), &app.data)?);
    }
    let secret = Vault::of(&app.data).secret(source.no, &source.name)?;
    let session = session(app, &Address::parse(&source.path)?, secret.as_ref(), settings)?;
    Ok(session.find_tables(settings)?)
}

fn session(app: &App, address: &Address, secret: Option<&Secret>, settings: &Settings) -> Result<Session, Refusal> {
    let records = Arc::clone(&app.records);
    Ok(connect(address, secret, settings, Arc::new(move || records.now_us()))?)
}

/// A session at whatever hour: hours are for pulls, and this asks no table.
pub(super) fn reached(app: &App, address: &Address, secret: Option<&Secret>) -> Result<Session, Refusal> {
    let mut at_any_hour = address.clone();
    at_any_hour.limits = Limits::default();
    session(app, &at_any_hour, secret, &Settings::default())
}

/// A database that is to be added.
pub(super) struct NewDatabase {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) mapping: String,
    pub(super) password: Option<String>,
    pub(super) unreached: bool,
}

/// Adds a database. It is reached once, so that what is wrong with address or password is told now.
pub(super) async fn add(call: Call, new: NewDatabase) -> Result<Answer, Refusal> {
    for_the_operator(&call)?;
    let (grant, peer) = (call.grant()?, call.peer);
    let answer = call
        .app
        .writing(move |app| {
            let NewDatabase { name, address, mapping, password, unreached } = new;
            super::sources::is_there(app, peer, &mapping)?;
            let secret = password.map(Secret::new).filter(|secret| !secret.is_empty());
            let reached = if unreached { None } else { Some(reached(app, &address, secret.as_ref())?) };
            let sources = app.sources()?;
            let source = sources.add(&grant, &name, &address.to_string(), &mapping)?;
            if let Some(secret) = secret
                && let Err(error) = Vault::of(&app.data).keep(source.no, &source.name, &secret)
            {
                sources.remove(&grant, &name)?;
                return Err(error.into());
            }
            super::sources::note_added(app, &grant, &source)?;
            let mut told = source_json(&source);
            super::source_doubts::tell(&mut told, app, &grant, peer, &source);
            if let Some(session) = reached {
                told["server"] = json!(session.server());
                told["tables"] = json!(session.tables());
            }
            Ok(told)
        })
        .await?;
    Ok(Answer::json(StatusCode::CREATED, answer.to_string()))
}

/// Whoever names a database lets the program ask it from this machine: that is for the operator of the machine.
pub(super) fn for_the_operator(call: &Call) -> Result<(), Refusal> {
    if matches!(call.peer, Peer::Local { .. }) {
        return Ok(());
    }
    let text = "sources of tables are added and changed by the operator of this machine: medweave source";
    Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// How a change of where a source is, or of its password, is named while it runs: one at a time.
pub(super) fn change_of(source: &str) -> String {
    format!("a change of {source}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
}

/// `PUT /api/sources/{id}/password`: the password of a database, in place of the one that is kept.
pub(super) async fn password(mut call: Call) -> Result<Answer, Refusal> {
    for_the_operator(&call)?;
    let (grant, name) = (call.grant()?, call.part("id"));
    let Password { password } = call.json().await?;
    call.app
        .writing(move |app| {
            named(app, &grant, &name)?;
            let _changes = app.running.begin(&change_of(&name))?;
            let source = named(app, &grant, &name)?;
            if !Address::is_meant(&source.path) {
                let text = format!("source {name} is no database: it reads {}", source.path);
                return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text));
            }
            let (vault, secret) = (Vault::of(&app.data), Secret::new(password));
            if secret.is_empty() {
                vault.forget(source.no)?;
            } else {
                vault.keep(source.no, &source.name, &secret)?;
            }
            let target = format!("source {name}{}", if secret.is_empty() { ", none is kept" } else { "" });
            Ok(app.access.record(&grant, "change source password", target, app.now_us())?)
        })
        .await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// A source by its name, for whoever administers.
fn named(app: &App, grant: &Grant, name: &str) -> Result<SourceInfo, Refusal> {
    grant.may_administer()?;
    let all = app.sources()?.list(grant)?;
    let found = all.into_iter().find(|source| source.name == name);
    found.ok_or_else(|| Refusal::not_found(format!("there is no source of tables \"{name}\"")))
}

/// Forgets the password of a source that was removed.
pub(super) fn forget(app: &App, source: &SourceInfo) -> Result<(), Refusal> {
    Ok(Vault::of(&app.data).forget(source.no)?)
}
