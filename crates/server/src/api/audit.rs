//! The trails, for administrators: who read what, and what was done to accounts. Reading them is recorded too. And of the trail
//! of accounts what concerns oneself.

use super::arrivals::number_in_query;
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::AccountAudit;
use serde_json::{Value, json};

/// Events in an answer when the request does not say, and at most.
const DEFAULT_LIMIT: usize = 200;
const MOST: usize = 5_000;

fn limit(call: &Call) -> Result<usize, Refusal> {
    Ok(number_in_query(call, "limit")?.map_or(DEFAULT_LIMIT, |limit| (limit as usize).min(MOST)))
}

/// `GET /api/audit/reads?patient=&limit=`, newest first.
pub(super) async fn reads(call: Call) -> Result<Answer, Refusal> {
    let (limit, patient) = (limit(&call)?, call.query_value("patient"));
    let (grant, asked) = (call.grant()?, call.asked());
    let events = call
        .app
        .reading(move |app| {
            app.audit(&grant, "audit", &asked, &[])?;
            Ok(app.records.read_events(&grant, patient.as_deref(), limit)?)
        })
        .await?;
    let events: Vec<Value> = events
        .iter()
        .map(|event| {
            json!({
                "at": instant(event.at_us),
                "who": event.principal,
                "from": event.origin,
                "action": event.action,
                "query": event.query,
                "outcome": event.outcome,
                "count": event.count,
            })
        })
        .collect();
    Ok(Answer::of(&json!({"events": events})))
}

/// `GET /api/audit/accounts?after=&limit=`, oldest first.
pub(super) async fn accounts(call: Call) -> Result<Answer, Refusal> {
    let limit = limit(&call)?;
    let after = number_in_query(&call, "after")?.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let grant = call.grant()?;
    let rows = call.app.writing(move |app| Ok(app.access.account_audit(&grant, after, limit, app.now_us())?)).await?;
    Ok(Answer::of(&events(&rows)))
}

/// `GET /api/me/events?limit=`, newest first: what was done by or to one's own account, or tried in its name.
pub(super) async fn own(call: Call) -> Result<Answer, Refusal> {
    let (limit, grant) = (limit(&call)?, call.grant()?);
    let rows = call.app.reading(move |app| Ok(app.access.own_events(&grant, limit)?)).await?;
    Ok(Answer::of(&events(&rows)))
}

fn events(rows: &[AccountAudit]) -> Value {
    let events: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "seq": row.seq,
                "at": instant(row.at_us),
                "who": row.who,
                "what": row.what,
                "target": row.target,
                "outcome": row.outcome.as_str(),
                "from": row.origin,
            })
        })
        .collect();
    json!({"events": events})
}
