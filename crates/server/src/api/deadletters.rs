//! Dead letters: what came in and could not be taken, until somebody replays or discards it.

use super::arrivals::{RANGE_BYTES, arrival_json, number_in_query};
use super::mapping_files::of_source;
use super::row_letters::{self, OfRow};
use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::Grant;
use axum::http::StatusCode;
use intake::import::Importer;
use records::{ArrivalInfo, Change, DeadLetter, DeadLetterNo, DeadLetterState, LettersOf};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tables::mapping::Settings;
use tables::read::Charset;
use tables::said::{Said, hint};

/// What tells of progress.
const LINES: &str = "application/x-ndjson";

/// Letters on a page when the request does not say, and at most.
const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Discard {
    reason: String,
}

fn letter_json(letter: &DeadLetter, place: &str) -> Value {
    json!({
        "no": letter.no.0,
        "state": letter.state.as_str(),
        "at": instant(letter.at_us),
        "what": letter.what,
        "place": place,
        "hint": letter.hint,
        "hint_said": hint::of(&letter.hint).as_ref().map(Said::json),
        "arrival": arrival_json(&letter.arrival),
        "offset": letter.at,
        "length": letter.length,
        "closed": letter.closed_us.map(instant),
        "closed_by": letter.closed_by,
        "reason": letter.reason,
        "reason_said": letter.reason.as_deref().and_then(hint::closed).as_ref().map(Said::json),
        "replayed_as": letter.replayed.map(|no| no.0),
    })
}

/// A letter with the arrival of its last correction.
fn with_correction(letter: &DeadLetter, place: &str, correction: Option<&ArrivalInfo>) -> Value {
    let mut told = letter_json(letter, place);
    told["correction"] = correction.map_or(Value::Null, arrival_json);
    told
}

fn state(word: &str) -> Result<Option<DeadLetterState>, Refusal> {
    let known = [DeadLetterState::Open, DeadLetterState::Replayed, DeadLetterState::Discarded];
    match known.into_iter().find(|state| state.as_str() == word) {
        Some(state) => Ok(Some(state)),
        None if word == "all" => Ok(None),
        None => Err(Refusal::bad_request(format!("state={word}: expected open, replayed, discarded or all"))),
    }
}

/// `GET /api/deadletters?state=open&source=&door=&before=&limit=`, newest first; the open ones if nothing is said.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let state = state(call.query_value("state").as_deref().filter(|word| !word.is_empty()).unwrap_or("open"))?;
    let before = number_in_query(&call, "before")?.map(|no| DeadLetterNo(i64::try_from(no).unwrap_or(i64::MAX)));
    let limit = number_in_query(&call, "limit")?.map_or(DEFAULT_LIMIT, |limit| (limit as usize).min(MOST));
    let source = call.query_value("source").filter(|value| !value.is_empty());
    let door = call.query_value("door").filter(|value| !value.is_empty());
    let (grant, asked) = (call.grant()?, call.asked());
    let (letters, places, open) = call
        .app
        .reading(move |app| {
            app.audit(&grant, "dead letters", &asked, &[])?;
            let of = LettersOf { state, source: source.as_deref(), door: door.as_deref() };
            let letters = app.records.dead_letters_of(&grant, of, before, limit)?;
            let places = row_letters::places(app, &grant, &letters)?;
            Ok((letters, places, app.records.open_dead_letters_of(&grant, of)?))
        })
        .await?;
    let next = letters.last().filter(|_| letters.len() == limit).map(|last| last.no.0);
    let letters: Vec<Value> = letters.iter().zip(&places).map(|(letter, place)| letter_json(letter, place)).collect();
    Ok(Answer::of(&json!({"dead_letters": letters, "open": open, "next_before": next})))
}

/// `GET /api/deadletters/{no}`
pub(super) async fn one(call: Call) -> Result<Answer, Refusal> {
    let (grant, no, asked) = (call.grant()?, DeadLetterNo(call.number("no")?), call.asked());
    let letter = call
        .app
        .reading(move |app| {
            app.audit(&grant, "dead letter", &asked, &[])?;
            let letter = app.records.dead_letter(&grant, no)?;
            let place = row_letters::place_of(app, &grant, &letter)?;
            let mut told = with_correction(&letter, &place, app.records.correction(&grant, no)?.as_ref());
            told["row"] = row_letters::told(app, &grant, &letter)?;
            if let Some(table) = told["row"]["table"].as_str() {
                let source = app.sources()?.source(&grant, &letter.arrival.source)?;
                let settings = Settings::of_files(&of_source(app, &grant, &source).unwrap_or_default());
                told["row"]["encoding"] = json!(settings.encoding_of(table).map(Charset::name));
            }
            Ok(told)
        })
        .await?;
    Ok(Answer::of(&letter))
}

/// `GET /api/deadletters/{no}/bytes?from=&length=`: as they came; with neither, the whole of it.
pub(super) async fn bytes(call: Call) -> Result<Answer, Refusal> {
    let (grant, no, asked) = (call.grant()?, DeadLetterNo(call.number("no")?), call.asked());
    let from = number_in_query(&call, "from")?.unwrap_or(0);
    let length = number_in_query(&call, "length")?;
    let bytes = call
        .app
        .reading(move |app| {
            let letter = app.records.dead_letter(&grant, no)?;
            let from = from.min(letter.length);
            let length = length.unwrap_or(u64::MAX).min(letter.length - from);
            if length > RANGE_BYTES {
                let text = format!(
                    "an answer holds at most {RANGE_BYTES} bytes, this letter has {}: ask for parts with from= and length=",
                    letter.length
                );
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "too-long", text));
            }
            app.audit(&grant, "dead letter", &asked, &[])?;
            Ok(app.records.arrival_bytes(&grant, letter.arrival.no, letter.at + from, length)?)
        })
        .await?;
    let answer = Answer::new(StatusCode::OK, "application/octet-stream", bytes);
    Ok(answer.with("x-content-type-options", "nosniff").with("content-disposition", "attachment"))
}

/// `POST /api/deadletters/{no}/correct`: keeps the body beside the letter as its correction, and says whether it would be taken.
pub(super) async fn correct(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, no) = (call.grant()?, DeadLetterNo(call.number("no")?));
    let content = call.content().await?;
    let corrected = call
        .app
        .writing(move |app| {
            let importer = Importer::new(Arc::clone(&app.records)).with_sources(Arc::clone(&app.access));
            // Of a row also when it was taken: what was corrected wrongly is corrected again.
            if let Some((letter, row)) = row_letter(app, &grant, no)? {
                return row_letters::correct(app, &grant, &letter, &row, content.bytes);
            }
            let corrected = importer.correct(&grant, no, content.bytes)?;
            let refused = corrected.refused.map(|refusal| {
                let place = refusal.issues.first().map(|issue| issue.place.clone()).unwrap_or_default();
                json!({"what": refusal.text(), "place": place})
            });
            Ok(json!({"arrival": corrected.arrival.0, "refused": refused}))
        })
        .await?;
    Ok(Answer::of(&corrected))
}

/// `POST /api/deadletters/{no}/replay`: as it is, as corrected before, or as corrected by the body. Of a row, whoever accepts lines of JSON is told
/// how far the run is that takes it: `{"progress": …}` now and then, `{"report": …}` or `{"error": …}` at the end.
pub(super) async fn replay(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, no) = (call.grant()?, DeadLetterNo(call.number("no")?));
    let content = call.content().await?;
    let shared = Arc::clone(&call.app);
    if call.header("accept").is_some_and(|media| media.contains(LINES)) {
        let holder = grant.clone();
        let of_row = call.app.reading(move |app| row_letter(app, &holder, no)).await?;
        if let Some((letter, row)) = of_row.filter(|(letter, _)| letter.state == DeadLetterState::Open) {
            return stream::lines(&call, LINES, move |lines| {
                let told = row_letters::replay(&shared, &grant, &letter, &row, content.bytes, lines);
                let _ = lines.send(&told.map_or_else(|refusal| refusal.own_json(), |told| json!({"report": told})));
            });
        }
    }
    let told = call
        .app
        .writing(move |app| {
            let of_row = row_letter(app, &grant, no)?.filter(|(letter, _)| letter.state == DeadLetterState::Open);
            if let Some((letter, row)) = of_row {
                return row_letters::replay(&shared, &grant, &letter, &row, content.bytes, &Lines::unread());
            }
            let corrected = (!content.bytes.is_empty()).then_some(content.bytes);
            let receipts = Importer::new(Arc::clone(&app.records))
                .with_sources(Arc::clone(&app.access))
                .replay(&grant, no, corrected)?;
            let outcomes = || receipts.iter().flat_map(|receipt| &receipt.outcomes);
            let stored = outcomes().filter(|outcome| outcome.change != Change::Unchanged).count();
            let arrivals: Vec<i64> = receipts.iter().map(|receipt| receipt.arrival.0).collect();
            Ok(json!({"stored": stored, "unchanged": outcomes().count() - stored, "arrivals": arrivals}))
        })
        .await?;
    Ok(Answer::of(&told))
}

/// A letter of a row, with the row; nothing if it is of something else.
fn row_letter(app: &App, grant: &Grant, no: DeadLetterNo) -> Result<Option<(DeadLetter, OfRow)>, Refusal> {
    let letter = app.records.dead_letter(grant, no)?;
    Ok(row_letters::row_of(app, grant, &letter)?.map(|row| (letter, row)))
}

/// `POST /api/deadletters/{no}/discard` with a reason.
pub(super) async fn discard(mut call: Call) -> Result<Answer, Refusal> {
    let Discard { reason } = call.json().await?;
    let (grant, no) = (call.grant()?, DeadLetterNo(call.number("no")?));
    call.app.writing(move |app| Ok(app.records.discard(&grant, no, &reason)?)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
