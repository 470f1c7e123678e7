//! SQL over the lake, and the lake itself.

use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use lake::output::{Encoder, Format};
use lake::{Lake, Limits, Stop};
use records::ReadRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Rows of an answer if the request does not say, in forms that tell when there are more.
const DEFAULT_ROWS: usize = 10_000;
/// Rows of an answer at most.
const MOST_ROWS: usize = 10_000_000;
/// Time that a query may take, at most.
const MOST_TIME: Duration = Duration::from_mins(10);

/// What `POST /api/sql` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    sql: String,
    /// Rows of the answer at most; if it is left out, an answer that cannot tell that there are more is never cut.
    limit: Option<usize>,
    /// `json`, `csv`, `arrow`, `parquet` or `table`.
    format: Option<String>,
    /// Seconds that it may take.
    timeout_s: Option<u64>,
}

/// `POST /api/sql`
pub(super) async fn ask(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let question: Question = call.json().await?;
    let format = question.format.as_deref().unwrap_or("json");
    let format = Format::from_name(format).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        Refusal::bad_request(format!("{format} is no format: {}", names.join(", ")))
    })?;
    let tells = matches!(format, Format::Json | Format::Table);
    let cut_is_told = tells || question.limit.is_some_and(|limit| limit <= MOST_ROWS);
    let limits = Limits {
        rows: question.limit.unwrap_or(if tells { DEFAULT_ROWS } else { MOST_ROWS }).min(MOST_ROWS),
        time: question.timeout_s.map_or(Limits::default().time, Duration::from_secs).min(MOST_TIME),
        ..Limits::default()
    };
    let app = Arc::clone(&call.app);
    // A query that has nobody to write its answer is not begun.
    let turn = stream::turn(&call)?;
    // Whoever goes away takes the query with him, at whatever it is.
    let stop = Stop::default();
    let asking = stop.on_drop();
    // What is wrong with a query comes to light before or with its first rows: only then is it said that there is an answer.
    let (auditor, holder, sql) = (Arc::clone(&app), grant.clone(), question.sql.clone());
    let (answer, encoder, (first, first_rows)) = app
        .reading(move |app| {
            let asked = |outcome: &str, count: u64| {
                let record = ReadRecord { action: "sql", query: &question.sql, outcome, count, given: &[] };
                app.records.audit_read(&grant, &record)
            };
            let begun = app.lake()?.query_until(&grant, &question.sql, &limits, &stop).and_then(|mut answer| {
                let mut encoder = Encoder::new(format, &answer)?;
                let first = match answer.next_batch()? {
                    Some(batch) => (Some(encoder.rows(&batch)?), batch.num_rows() as u64),
                    None => (None, 0),
                };
                Ok((answer, encoder, first))
            });
            match begun {
                Ok((answer, encoder, (first, rows))) => {
                    // The rows that follow are not known yet: their number is recorded when they have been given out.
                    asked("done", rows)?;
                    Ok((answer, encoder, (first, rows)))
                }
                Err(error) => {
                    asked(&error.to_string(), 0)?;
                    Err(error.into())
                }
            }
        })
        .await?;
    let position = answer.position().0.to_string();
    let made = stream::lines_while(&call, turn, format.media_type(), asking, move |lines: &Lines| {
        let (mut answer, mut encoder) = (answer, encoder);
        let mut given = Given { rows: first_rows, recorded: first_rows, auditor, holder, sql };
        let end = give(&mut answer, &mut encoder, first, &mut given.rows, lines);
        let outcome = match &end {
            Ok(End::All) if answer.is_cut() => "done, cut at the limit of rows".to_owned(),
            Ok(End::All) => "done, with all rows".to_owned(),
            Ok(End::Left) => "left before the end".to_owned(),
            Err(error) => format!("broke off: {error}"),
        };
        if let Err(error) = given.record(&outcome, matches!(end, Ok(End::All)) && !answer.is_cut()) {
            return lines.fail(&Refusal::from(error).issues[0].code);
        }
        if matches!(end, Ok(End::All)) && answer.is_cut() && !cut_is_told {
            return lines.fail("too-costly");
        }
        match end.and_then(|end| if matches!(end, End::All) { encoder.end(&answer).map(Some) } else { Ok(None) }) {
            Ok(Some(bytes)) => {
                let _ = lines.bytes(bytes.into());
            }
            Ok(None) => {}
            Err(error) => lines.fail(&Refusal::from(error).issues[0].code),
        }
    });
    Ok(made.with("x-medweave-seq", &position))
}

/// Rows of an answer that were given out, and who is told of them.
struct Given {
    rows: u64,
    recorded: u64,
    auditor: Arc<App>,
    holder: Grant,
    sql: String,
}

impl Given {
    /// Records how it ended; `is_known` if all of it stands there already, should no row have come since.
    fn record(&self, outcome: &str, is_known: bool) -> Result<(), records::Error> {
        if self.rows == self.recorded && is_known {
            return Ok(());
        }
        let record = ReadRecord { action: "sql", query: &self.sql, outcome, count: self.rows, given: &[] };
        self.auditor.records.audit_read(&self.holder, &record)
    }
}

/// How the giving out of rows ended.
enum End {
    All,
    Left,
}

/// Gives out `first` and what follows it, counting rows as they are made.
fn give(
    answer: &mut lake::Answer,
    encoder: &mut Encoder,
    first: Option<Vec<u8>>,
    rows: &mut u64,
    lines: &Lines,
) -> Result<End, lake::Error> {
    let mut next = first;
    while let Some(bytes) = next {
        if lines.bytes(bytes.into()).is_break() {
            return Ok(End::Left);
        }
        next = match answer.next_batch()? {
            Some(batch) => {
                *rows += batch.num_rows() as u64;
                Some(encoder.rows(&batch)?)
            }
            None => None,
        };
    }
    Ok(End::All)
}

/// `GET /api/sql/tables`: what there is, for editors.
pub(super) async fn tables(call: Call) -> Result<Answer, Refusal> {
    call.grant()?.may_use_sql()?;
    let lake = call.app.reading(App::lake).await?;
    let tables: Vec<Value> = lake
        .tables()
        .iter()
        .map(|table| {
            let columns: Vec<Value> = table
                .columns
                .iter()
                .map(|column| json!({"name": column.name, "type": column.data_type(), "comment": column.comment}))
                .collect();
            json!({"name": table.name, "comment": table.comment, "columns": columns})
        })
        .collect();
    Ok(Answer::of(&json!({"tables": tables})))
}

/// `GET /api/lake`: how far it is, and its files.
pub(super) async fn status(call: Call) -> Result<Answer, Refusal> {
    call.grant()?.may_use_sql()?;
    let lake = call.app.reading(App::lake).await?;
    Ok(Answer::of(&status_json(&lake)))
}

/// `POST /api/lake/flush`: what is committed now is in the files when it answers.
pub(super) async fn flush(call: Call) -> Result<Answer, Refusal> {
    let lake = call
        .app
        .writing(|app| {
            let lake = app.lake()?;
            lake.flush()?;
            Ok(lake)
        })
        .await?;
    Ok(Answer::of(&status_json(&lake)))
}

/// `POST /api/lake/rebuild`: deleted and made again from the records.
pub(super) async fn rebuild(call: Call) -> Result<Answer, Refusal> {
    let lake = call
        .app
        .writing(|app| {
            let lake = app.lake()?;
            lake.rebuild()?;
            Ok(lake)
        })
        .await?;
    Ok(Answer::of(&status_json(&lake)))
}

/// The lake's state as our API shows it.
pub(super) fn status_json(lake: &Lake) -> Value {
    let status = lake.status();
    let tables: Vec<Value> = status
        .tables
        .iter()
        .map(|table| json!({"name": table.name, "files": table.files, "bytes": table.bytes, "rows": table.rows}))
        .collect();
    json!({
        "seq": status.position.0,
        "head": status.head.0,
        "flushed": status.flushed.0,
        "lag_s": status.behind.as_secs_f64(),
        "tail_rows": status.tail_rows,
        "tail_bytes": status.tail_bytes,
        "failed": status.failed,
        "failure": status.failure,
        "problem": status.problem,
        "tables": tables,
    })
}

impl From<lake::Error> for Refusal {
    fn from(error: lake::Error) -> Refusal {
        use lake::Error as E;
        if error.is_disk_full() {
            return records::Error::DiskFull.into();
        }
        let text = error.to_string();
        match error {
            E::Denied(denied) => denied.into(),
            E::Records(error) => error.into(),
            E::Sql(error) => {
                let mut refusal = Refusal::bad_request(error.message);
                if let Some(place) = error.place {
                    refusal = refusal.at(place.offset, place.line, place.column);
                }
                match error.hint {
                    Some(hint) => refusal.hint(hint),
                    None => refusal,
                }
            }
            E::Limit(_) => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "too-costly", text),
            E::Busy { .. } => {
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", text).with_header("retry-after", "2")
            }
            E::Closed => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "transient", text),
            E::Cancelled | E::View { .. } | E::Map(_) | E::Engine(_) | E::File { .. } => Refusal::internal(text),
        }
    }
}
