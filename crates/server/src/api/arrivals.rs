//! What came in: list, one, its bytes.

use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use records::{ArrivalInfo, ArrivalNo};
use serde_json::{Value, json};

/// Arrivals on a page when the request does not say, and at most.
const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 1_000;
/// Bytes of an arrival in one answer.
pub(super) const RANGE_BYTES: u64 = 64 << 20;

/// An arrival as our API shows it.
pub(crate) fn arrival_json(arrival: &ArrivalInfo) -> Value {
    json!({
        "no": arrival.no.0,
        "at": instant(arrival.at_us),
        "door": arrival.door,
        "source": arrival.source,
        "name": arrival.name,
        "media": arrival.media,
        "wrapper": arrival.wrapper,
        "base": arrival.base,
        "length": arrival.length,
        "hash": arrival.hash,
        "principal": arrival.principal,
        "undone": arrival.undone_us.map(instant),
    })
}

pub(super) fn number_in_query(call: &Call, name: &str) -> Result<Option<u64>, Refusal> {
    call.query_value(name)
        .map(|text| text.parse().map_err(|_| Refusal::bad_request(format!("{name}={text}: expected a whole number"))))
        .transpose()
}

/// `GET /api/arrivals?before=&limit=`, newest first.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let before = number_in_query(&call, "before")?.map(|no| ArrivalNo(i64::try_from(no).unwrap_or(i64::MAX)));
    let limit = number_in_query(&call, "limit")?.map_or(DEFAULT_LIMIT, |limit| (limit as usize).min(MOST));
    let (grant, asked) = (call.grant()?, call.asked());
    let arrivals = call
        .app
        .reading(move |app| {
            app.audit(&grant, "arrivals", &asked, &[])?;
            Ok(app.records.arrivals(&grant, before, limit)?)
        })
        .await?;
    let next = arrivals.last().filter(|_| arrivals.len() == limit).map(|last| last.no.0);
    Ok(Answer::of(&json!({"arrivals": arrivals.iter().map(arrival_json).collect::<Vec<_>>(), "next_before": next})))
}

/// `GET /api/arrivals/sources`: who sends, and when each did last.
pub(super) async fn sources(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let newest = call.app.reading(move |app| Ok(app.records.newest_of_sources(&grant, MOST)?)).await?;
    let one = |arrival: &ArrivalInfo| json!({"name": arrival.source, "door": arrival.door, "last": instant(arrival.at_us), "no": arrival.no.0});
    Ok(Answer::of(&json!({"sources": newest.iter().map(one).collect::<Vec<_>>()})))
}

/// `GET /api/arrivals/{no}`
pub(super) async fn one(call: Call) -> Result<Answer, Refusal> {
    let (grant, no, asked) = (call.grant()?, ArrivalNo(call.number("no")?), call.asked());
    let arrival = call
        .app
        .reading(move |app| {
            app.audit(&grant, "arrivals", &asked, &[])?;
            Ok(app.records.arrival(&grant, no)?)
        })
        .await?;
    Ok(Answer::of(&arrival_json(&arrival)))
}

/// `GET /api/arrivals/{no}/bytes?from=&length=`: as they came; with neither, the whole of it.
pub(super) async fn bytes(call: Call) -> Result<Answer, Refusal> {
    let (grant, no) = (call.grant()?, ArrivalNo(call.number("no")?));
    let from = number_in_query(&call, "from")?.unwrap_or(0);
    let length = number_in_query(&call, "length")?;
    let query = call.asked();
    let bytes = call
        .app
        .reading(move |app| {
            let whole = app.records.arrival(&grant, no)?.length;
            let length = length.unwrap_or(u64::MAX).min(whole.saturating_sub(from));
            if length > RANGE_BYTES {
                let text = format!("an answer holds at most {RANGE_BYTES} bytes, this arrival has {whole}: ask for parts with from= and length=");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "too-long", text));
            }
            app.audit(&grant, "arrival", &query, &[])?;
            Ok(app.records.arrival_bytes(&grant, no, from.min(whole), length)?)
        })
        .await?;
    let answer = Answer::new(StatusCode::OK, "application/octet-stream", bytes);
    Ok(answer.with("x-content-type-options", "nosniff").with("content-disposition", "attachment"))
}
