//! `GET /api/live`: the one stream that a page holds open, as server-sent events.
//!
//! It says where the feed is, which of the types and patients that the page shows have changed, which build serves it, and how
//! far the lake is behind. It carries no content: a page asks again for what it shows, and the gate decides again.

mod hub;

pub(crate) use hub::Hub;

use crate::answer::Answer;
use crate::app::App;
use crate::call::{Call, pairs};
use crate::gate::unknown_type;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Grant, Permission};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use fhir::schema::{TypeId, r4};
use hub::{Changed, Event, Subscription};
use records::Row;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

/// Types and patients that one stream follows.
const MOST_TYPES: usize = 40;
const MOST_PATIENTS: usize = 20;
/// How often a position is told when nothing happens; a page that hears nothing for thrice as long is cut off.
const BEAT: Duration = Duration::from_secs(5);
/// Events that may wait for a slow reader, and for how long; then the stream ends, and the page begins another.
const WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(20);
/// After how many ms a browser tries again when the stream broke.
const RETRY_MS: u32 = 2_000;

/// What a page follows.
struct Wanted {
    types: Vec<TypeId>,
    /// By id, with the row as soon as anything names the patient: a page may wait for one who is still to come.
    patients: Vec<(String, Option<Row>)>,
}

/// `GET /api/live?type=Patient,Observation&patient=…`
pub(super) async fn follow(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let (types, ids) = asked(&call, &grant)?;
    let subscription = call.app.live.subscribe(grant.principal().key())?;
    let (holder, query) = (grant.clone(), call.asked());
    let patients = call
        .app
        .reading(move |app| {
            let mut patients = Vec::with_capacity(ids.len());
            let mut given = Vec::with_capacity(ids.len());
            for id in ids {
                let row = match app.records.read(&holder, "Patient", &id) {
                    Ok(stored) => {
                        let row = stored.row;
                        given.push(stored);
                        Some(row)
                    }
                    Err(records::Error::NotFound { .. } | records::Error::Gone { .. }) => {
                        app.records.row(&holder, "Patient", &id)?
                    }
                    Err(error) => return Err(error.into()),
                };
                patients.push((id, row));
            }
            if !patients.is_empty() {
                app.audit(&holder, "live", &query, &given)?;
            }
            Ok(patients)
        })
        .await?;
    let (send, receive) = mpsc::channel(WAITING);
    let stream =
        Stream { app: Arc::clone(&call.app), grant, session: call.session, wanted: Wanted { types, patients }, send };
    tokio::spawn(stream.run(subscription));
    let body = Body::new(http_body_util::StreamBody::new(super::stream::Receiving(receive)));
    // Proxies that collect an answer before they pass it on are told not to.
    Ok(Answer::new(StatusCode::OK, "text/event-stream", body).with("x-accel-buffering", "no"))
}

/// Types and patients of the query, each allowed.
fn asked(call: &Call, grant: &Grant) -> Result<(Vec<TypeId>, Vec<String>), Refusal> {
    let (mut types, mut patients) = (BTreeSet::new(), BTreeSet::new());
    for (name, value) in pairs(call.query()) {
        for value in value.split(',').map(str::trim).filter(|value| !value.is_empty()) {
            match name.as_str() {
                "type" => {
                    let known = r4().type_id(value).filter(|_| r4().is_resource(value));
                    let type_id = known.ok_or_else(|| unknown_type(value))?;
                    grant.may(Permission::Read, value)?;
                    types.insert(type_id);
                }
                "patient" => {
                    // Whether it may be read is asked where it is read.
                    patients.insert(value.strip_prefix("Patient/").unwrap_or(value).to_owned());
                }
                _ => return Err(Refusal::bad_request(format!("{name} is not known here: use type and patient"))),
            }
        }
    }
    if types.len() > MOST_TYPES || patients.len() > MOST_PATIENTS {
        let text = format!("a stream follows at most {MOST_TYPES} types and {MOST_PATIENTS} patients");
        return Err(Refusal::bad_request(text));
    }
    Ok((types.into_iter().collect(), patients.into_iter().collect()))
}

/// Nobody reads any more, or the stream is over.
struct Over;

/// The writing end of a stream.
struct Stream {
    app: Arc<App>,
    grant: Grant,
    session: Option<String>,
    wanted: Wanted,
    send: mpsc::Sender<io::Result<Bytes>>,
}

impl Stream {
    async fn run(mut self, mut subscription: Subscription) {
        let hello = json!({
            "build": self.app.build,
            "zone": self.app.zone,
            "seq": self.app.records.head().0,
            "now": instant(self.app.now_us()),
        });
        let begin = format!("retry: {RETRY_MS}\n\n");
        if self.write(begin).await.is_err() || self.event("hello", &hello).await.is_err() {
            return;
        }
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let told = tokio::select! {
                // A page that was closed makes room at once.
                () = self.send.closed() => return,
                event = subscription.events.recv() => self.tell(event).await,
                _ = beat.tick() => self.position().await,
            };
            if told.is_err() {
                return;
            }
        }
    }

    async fn tell(&mut self, event: Result<Event, RecvError>) -> Result<(), Over> {
        self.check().await?;
        self.find_awaited().await?;
        match event {
            Ok(Event::Changed(seq, changes)) => match self.seen(&changes) {
                Some(mut body) => {
                    body["seq"] = json!(seq.0);
                    self.event("changed", &body).await
                }
                None => Ok(()),
            },
            Ok(Event::Many(seq)) => self.event("changed", &json!({"seq": seq.0, "missed": true})).await,
            Err(RecvError::Lagged(_)) => {
                let seq = self.app.records.head().0;
                self.event("changed", &json!({"seq": seq, "missed": true})).await
            }
            Ok(Event::Broken) => self.end("failed", "changes are not followed any more: ask again").await,
            Ok(Event::Stopping) | Err(RecvError::Closed) => self.end("stopping", "the program stops").await,
        }
    }

    /// Looks whether patients that nothing named before are named now.
    async fn find_awaited(&mut self) -> Result<(), Over> {
        for at in 0..self.wanted.patients.len() {
            let (id, None) = self.wanted.patients[at].clone() else { continue };
            let grant = self.grant.clone();
            let found = self.app.reading(move |app| Ok(app.records.row(&grant, "Patient", &id)?)).await;
            match found {
                Ok(row) => self.wanted.patients[at].1 = row,
                Err(refusal) => return self.end("failed", &refusal.issues[0].text).await,
            }
        }
        Ok(())
    }

    /// What of some changes this page follows.
    fn seen(&self, changes: &[Changed]) -> Option<Value> {
        let mut types: BTreeMap<&str, u64> = BTreeMap::new();
        let mut patients: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for change in changes {
            let name = r4().name(change.resource_type);
            if self.wanted.types.contains(&change.resource_type) {
                *types.entry(name).or_default() += 1;
            }
            for (id, row) in &self.wanted.patients {
                if row.is_some_and(|row| change.patients.contains(&row))
                    && (self.grant.may(Permission::Read, name).is_ok()
                        || (!records::is_of_several(change.resource_type)
                            && self.grant.may_of_patient(Permission::Read, name, id).is_ok()))
                {
                    patients.entry(id).or_default().insert(name);
                }
            }
        }
        let is_quiet = types.is_empty() && patients.is_empty();
        (!is_quiet).then(|| json!({"missed": false, "types": types, "patients": patients}))
    }

    async fn position(&self) -> Result<(), Over> {
        self.check().await?;
        let mut body = json!({"seq": self.app.records.head().0, "now": instant(self.app.now_us())});
        if self.grant.may_use_sql().is_ok()
            && let Some(lake) = self.app.lake_if_open()
        {
            let status = lake.status();
            body["lake"] = json!({"seq": status.position.0, "lag_s": status.behind.as_secs_f64()});
        }
        self.event("position", &body).await
    }

    /// Ends the stream once its session or token no longer stands.
    async fn check(&self) -> Result<(), Over> {
        let now_us = self.app.now_us();
        let refused: Option<Refusal> = match &self.session {
            Some(cookie) => match self.app.access.session_holder(cookie, now_us) {
                Ok(holder) if holder.is_locked => Some(access::Refused::Locked.into()),
                Ok(_) => None,
                Err(refused) => Some(refused.into()),
            },
            None => self.grant.check_current(now_us).err().map(Refusal::from),
        };
        match refused {
            Some(refusal) => {
                let code = if self.session.is_some() { refusal.issues[0].code.as_str() } else { "login" };
                self.end(code, &refusal.issues[0].text).await
            }
            None => Ok(()),
        }
    }

    async fn end(&self, code: &str, message: &str) -> Result<(), Over> {
        let _ = self.event("ended", &json!({"code": code, "message": message})).await;
        Err(Over)
    }

    async fn event(&self, name: &str, body: &Value) -> Result<(), Over> {
        self.write(format!("event: {name}\ndata: {body}\n\n")).await
    }

    async fn write(&self, text: String) -> Result<(), Over> {
        self.send.send_timeout(Ok(text.into()), PATIENCE).await.map_err(|_| Over)
    }
}
