//! Quality of data: runs of checks over the store, what they found, and thresholds.

use super::stream::{self, Lines};
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use access::{Grant, PrincipalKind};
use axum::http::StatusCode;
use lake::{Limits, Stop};
use omop::quality::{
    Against, Check, Chosen, Definitions, History, Kept, RunInfo, Status, day_of, fhir_checks, find, rows_sql, run,
};
use omop::views::resource_row;
use omop::vocabulary::Vocabulary;
use omop::{Cdm, ListedRows, Still, Store, cdm};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Runs that are listed.
const RUNS: usize = 100;
/// Rows of a check that are listed if nobody says how many, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1_000;
/// How a lead to the row of an OMOP table begins.
const OMOP: &str = "omop/";
/// Time that each query of a run may take.
const QUERY_TIME: Duration = Duration::from_mins(10);

/// All checks of the store, with the thresholds that were chosen; their names.
fn checks(history: &History) -> Result<(String, Vec<Check>, Vec<String>), Refusal> {
    let mut definitions = Definitions::carried()?;
    definitions.checks.extend(fhir_checks());
    let own = history.apply(&mut definitions.checks)?;
    Ok((definitions.source, definitions.checks, own))
}

fn store(app: &App, grant: &Grant, stop: &Stop) -> Result<Store, Refusal> {
    let limits = Limits { time: QUERY_TIME, ..Limits::default() };
    Ok(Store::new(app.lake()?, grant.clone(), limits, stop.clone()))
}

fn vocabulary(app: &App) -> Result<Option<String>, Refusal> {
    Ok(Vocabulary::open(&app.data)?.current().map(|loaded| loaded.version.clone()))
}

fn run_json(run: &RunInfo) -> Value {
    json!({
        "run": run.run, "at": instant(run.at_us), "who": run.who, "seq": run.seq, "seconds": run.seconds,
        "definitions": run.definitions, "vocabulary": run.vocabulary, "checks": run.checks, "passed": run.passed,
        "failed": run.failed, "not_applicable": run.not_applicable,
    })
}

/// `GET /api/quality`
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let told = call.app.reading(move |app| {
        let history = History::open(&app.data)?;
        let (source, checks, _) = checks(&history)?;
        let runs: Vec<Value> = history.runs(RUNS)?.iter().map(run_json).collect();
        Ok(json!({"definitions": source, "checks": checks.len(), "vocabulary": vocabulary(app)?, "runs": runs}))
    });
    Ok(Answer::of(&told.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Which checks are meant; none: all.
    #[serde(default)]
    only: Vec<String>,
}

/// `POST /api/quality/runs`: lines of JSON, `{"progress": {"done", "of", "table"}}` now and then (`table` is the one that is being made to be
/// asked), `{"report": …}` or `{"error": …}` at the end.
pub(super) async fn begin(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let Asked { only } = call.json().await?;
    grant.may_use_sql()?;
    let app = Arc::clone(&call.app);
    let chosen = only.clone();
    let (source, meant) = call
        .app
        .reading(move |app| {
            let (source, checks, _) = checks(&History::open(&app.data)?)?;
            let meant: Vec<Check> = checks.into_iter().filter(|check| check.is_meant(&only)).collect();
            if meant.is_empty() {
                return Err(Refusal::bad_request(format!("no check is meant by {}", only.join(", "))));
            }
            Ok((source, meant))
        })
        .await?;
    let turn = stream::turn(&call)?;
    // Whoever goes away takes the run with him.
    let stop = Stop::default();
    let asking = stop.on_drop();
    Ok(stream::lines_while(&call, turn, "application/x-ndjson", asking, move |lines: &Lines| {
        let (so_far, of) = (Arc::new(AtomicUsize::new(0)), meant.len());
        let (copy, at) = (lines.clone(), Arc::clone(&so_far));
        let making = move |table: &str| {
            let done = at.load(Ordering::Relaxed);
            let _ = copy.send(&json!({"progress": {"done": done, "of": of, "table": table}}));
        };
        let told = |done: usize| {
            so_far.store(done, Ordering::Relaxed);
            let line = json!({"progress": {"done": done, "of": of, "table": null}});
            if app.is_stopping() || lines.send(&line).is_break() {
                stop.stop();
            }
        };
        let done = run_now(&app, &grant, &chosen, (source, &meant), &stop, (told, making));
        let _ = match done {
            Ok(run) => lines.send(&json!({"report": run_json(&run)})),
            Err(refusal) => lines.send(&json!({"error": refusal.own_json()["error"]})),
        };
    }))
}

/// Runs checks and keeps what they find.
fn run_now(
    app: &App,
    grant: &Grant,
    only: &[String],
    (definitions, meant): (String, &[Check]),
    stop: &Stop,
    (mut told, making): (impl FnMut(usize), impl Fn(&str) + Send + Sync + 'static),
) -> Result<RunInfo, Refusal> {
    app.audit(grant, "quality", &only.join(" "), &[])?;
    let (at_us, begun) = (app.now_us(), Instant::now());
    let loaded = Vocabulary::open(&app.data)?.current();
    let vocabulary = loaded.as_ref().map(|loaded| loaded.version.clone());
    let limits = Limits { time: QUERY_TIME, ..Limits::default() };
    let scratch = app.omop_scratch();
    let still = Still::new(app.lake()?, grant.clone(), limits, stop.clone(), loaded, &scratch)?.telling(making);
    let mut last = None;
    let mut told = |done| {
        if last.replace(done) != Some(done) {
            told(done);
        }
    };
    let outcomes = run(&still, meant, day_of(at_us, &app.zone), &mut told)?;
    let info = RunInfo {
        run: 0,
        at_us,
        who: grant.principal().to_string(),
        seq: still.position(),
        seconds: (begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0,
        definitions,
        vocabulary,
        checks: 0,
        passed: 0,
        failed: 0,
        not_applicable: 0,
    };
    Ok(History::open(&app.data)?.keep(info, &outcomes)?)
}

fn kept_json(kept: &Kept) -> Value {
    let percent = if kept.rows == 0 { 0.0 } else { kept.violated as f64 * 100.0 / kept.rows as f64 };
    let reason = match &kept.status {
        Status::NotApplicable(why) => Some(why),
        _ => None,
    };
    json!({
        "violated": kept.violated, "rows": kept.rows, "percent": (percent * 10_000.0).round() / 10_000.0,
        "status": kept.status.name(), "reason": reason.map(ToString::to_string),
        "because": reason.map(|why| json!({"code": why.code(), "values": why.values()})),
    })
}

fn with(mut whole: Value, part: Value) -> Value {
    if let (Value::Object(whole), Value::Object(part)) = (&mut whole, part) {
        whole.extend(part);
    }
    whole
}

/// `GET /api/quality/runs/{run}`
pub(super) async fn one(call: Call) -> Result<Answer, Refusal> {
    let number = call.number("run")?;
    let told = call.app.reading(move |app| {
        let history = History::open(&app.data)?;
        let found = history.run(number)?;
        let (info, kept) = found.ok_or_else(|| Refusal::not_found(format!("run {number} is not kept")))?;
        let (_, checks, own) = checks(&history)?;
        let known: BTreeMap<String, &Check> = checks.iter().map(|check| (check.id(), check)).collect();
        let before = history.before(number)?;
        let outcomes: Vec<Value> = kept
            .iter()
            .filter_map(|kept| {
                let mut outcome = with(known.get(&kept.check)?.json(), kept_json(kept));
                outcome["threshold"] = json!(kept.threshold);
                outcome["own_threshold"] = json!(own.contains(&kept.check));
                outcome["before"] = before.get(&kept.check).map_or(Value::Null, |before| {
                    json!({"run": before.run, "violated": before.violated, "rows": before.rows, "status": before.status.name()})
                });
                Some(outcome)
            })
            .collect();
        Ok(json!({"run": run_json(&info), "outcomes": outcomes}))
    });
    Ok(Answer::of(&told.await?))
}

fn check_json(history: &History, name: &str) -> Result<Value, Refusal> {
    let (_, checks, own) = checks(history)?;
    let check = find(&checks, name)?;
    let mut json = check.json();
    json["own_threshold"] = json!(own.contains(&check.id()));
    let found = history.of_check(&check.id())?;
    json["history"] = found
        .iter()
        .map(|kept| with(json!({"run": kept.run, "at": instant(kept.at_us)}), kept_json(kept)))
        .collect::<Vec<_>>()
        .into();
    let chosen = history.chosen(&check.id())?;
    json["thresholds"] = chosen
        .iter()
        .map(|chosen| {
            json!({"threshold": chosen.threshold, "reason": chosen.reason, "who": chosen.who, "at": instant(chosen.at_us)})
        })
        .collect::<Vec<_>>()
        .into();
    Ok(json)
}

/// `GET /api/quality/checks/{check}`
pub(super) async fn check(call: Call) -> Result<Answer, Refusal> {
    let name = call.part("check");
    let told = call.app.reading(move |app| check_json(&History::open(&app.data)?, &name));
    Ok(Answer::of(&told.await?))
}

/// `GET /api/quality/thresholds`: those that somebody chose and that are in force, beside what the definition says.
pub(super) async fn thresholds(call: Call) -> Result<Answer, Refusal> {
    let told = call.app.reading(move |app| {
        let history = History::open(&app.data)?;
        let mut defined = Definitions::carried()?.checks;
        defined.extend(fhir_checks());
        let defined: BTreeMap<String, Option<f64>> =
            defined.iter().map(|check| (check.id(), check.threshold)).collect();
        let all = history.in_force()?.into_iter().map(|(check, chosen)| {
            json!({
                "check": check, "threshold": chosen.threshold, "of_definition": defined.get(&check).copied().flatten(),
                "reason": chosen.reason, "who": chosen.who, "at": instant(chosen.at_us),
            })
        });
        Ok(json!({"thresholds": all.collect::<Vec<_>>()}))
    });
    Ok(Answer::of(&told.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Threshold {
    /// Percent; null: that of the definition again.
    threshold: Option<f64>,
    /// Why.
    reason: String,
}

/// `PUT /api/quality/checks/{check}/threshold`: by a person, or the operator at the command line.
pub(super) async fn choose(mut call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("check"));
    if !matches!(grant.principal().kind, PrincipalKind::Person | PrincipalKind::Operator) {
        let text = "a person chooses how much may be wrong, and says why: a token does not";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let Threshold { threshold, reason } = call.json().await?;
    let told = call.app.writing(move |app| {
        let history = History::open(&app.data)?;
        let (_, checks, _) = checks(&history)?;
        let check = find(&checks, &name)?;
        let chosen = Chosen { threshold, reason, who: grant.principal().to_string(), at_us: app.now_us() };
        history.choose(check, &chosen)?;
        check_json(&history, &name)
    });
    Ok(Answer::of(&told.await?))
}

/// `GET /api/quality/checks/{check}/rows?limit=`: the rows that a check finds wrong now.
pub(super) async fn rows(call: Call) -> Result<Answer, Refusal> {
    let (grant, name) = (call.grant()?, call.part("check"));
    let limit = match call.query_value("limit") {
        Some(text) => text.parse().map_err(|_| Refusal::bad_request(format!("limit {text} is no number")))?,
        None => ROWS,
    };
    let limit = limit.clamp(1, MOST_ROWS);
    let stop = Stop::default();
    let _asking = stop.on_drop();
    let told = call.app.reading(move |app| {
        let (_, checks, _) = checks(&History::open(&app.data)?)?;
        let check = find(&checks, &name)?;
        let sql = rows_sql(check, day_of(app.now_us(), &app.zone), limit + 1)?;
        let sql = sql.ok_or_else(|| Refusal::bad_request(format!("{name} is about no rows")))?;
        app.audit(&grant, "quality rows", &name, &[])?;
        let mut listed = ListedRows::of(&store(app, &grant, &stop)?.ask(&sql)?);
        let more = listed.rows.len() > limit;
        listed.rows.truncate(limit);
        let refs: Vec<Option<String>> = (0..listed.rows.len()).map(|row| reference(check, &listed, row)).collect();
        let refs = followed(app, &grant, &stop, refs)?;
        Ok(json!({"sql": sql, "columns": listed.columns, "rows": listed.rows, "refs": refs, "more": more}))
    });
    Ok(Answer::of(&told.await?))
}

/// What a row is, as lineage is asked for it.
fn reference(check: &Check, listed: &ListedRows, row: usize) -> Option<String> {
    if let Against::Sql(_) = &check.against {
        let resource = match check.table.as_str() {
            "patient" => "Patient",
            "encounter" => "Encounter",
            "observation" => "Observation",
            "condition" => "Condition",
            "medication_request" => "MedicationRequest",
            _ => return None,
        };
        return Some(format!("{resource}/{}", listed.get(row, "_id")?.as_str()?));
    }
    let table = cdm::table(&check.table)?;
    // A check of persons lists rows of persons.
    let key = |table: &'static cdm::Table| Some((table.name, listed.get(row, table.key()?.name)?.as_i64()?));
    let (table, id) = key(table).or_else(|| key(cdm::table("person")?))?;
    Some(format!("{OMOP}{table}/{id}"))
}

/// The leads that whoever asks can follow: rows of OMOP tables that are made of resources, and of patients (also where they live) only for
/// those who may know which person is who.
fn followed(app: &App, grant: &Grant, stop: &Stop, leads: Vec<Option<String>>) -> Result<Vec<Option<String>>, Refusal> {
    let made_of = |lead: &String| {
        let (table, key) = lead.strip_prefix(OMOP)?.split_once('/')?;
        resource_row(table, key.parse().ok()?)
    };
    let numbers: BTreeSet<i64> = leads.iter().flatten().filter_map(made_of).collect();
    let mut hidden = BTreeSet::new();
    if grant.may_link_persons().is_err() && !numbers.is_empty() {
        let list: Vec<String> = numbers.iter().map(i64::to_string).collect();
        let sql = format!("SELECT _row FROM resource WHERE type = 'Patient' AND _row IN ({})", list.join(", "));
        let patients = ListedRows::of(&store(app, grant, stop)?.ask(&sql)?);
        hidden.extend((0..patients.rows.len()).filter_map(|row| patients.get(row, "_row")?.as_i64()));
    }
    let can_follow =
        |lead: &String| !lead.starts_with(OMOP) || made_of(lead).is_some_and(|number| !hidden.contains(&number));
    Ok(leads.into_iter().map(|lead| lead.filter(can_follow)).collect())
}
