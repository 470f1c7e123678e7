//! Codes that no map knew: which there are, what they may mean, and what people approved.

use super::code_suggestions::{suggestions, unit_suggestions};
use super::mapping_files::{lent, of_name};
use crate::answer::Answer;
use crate::call::Call;
use crate::refusal::Refusal;
use crate::time::instant;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tables::codes::{ASKED, Asked, Equivalence, Suggestion};
use tables::compile::{MapUse, Program, compile};
use tables::mapping::Mapping;
use tables::own::{Approval, LastUnmapped, NewCode, UCUM};
use tables::pull::SourceInfo;
use tables::run::MappingFiles;
use tables::value::UnmappedKind;

/// Suggestions of a value, if it is not said how many, and at most.
const SUGGESTIONS: usize = 5;
const MOST_SUGGESTIONS: usize = 25;
/// Codes of a value set that a hint names.
const CODES: usize = 12;

fn kind_of(word: Option<&str>) -> Result<Option<UnmappedKind>, Refusal> {
    match word {
        None | Some("") => Ok(None),
        Some("code") => Ok(Some(UnmappedKind::Code)),
        Some("unit") => Ok(Some(UnmappedKind::Unit)),
        Some(other) => Err(Refusal::bad_request(format!("kind \"{other}\" is neither code nor unit"))),
    }
}

fn word(kind: UnmappedKind) -> &'static str {
    match kind {
        UnmappedKind::Code => "code",
        UnmappedKind::Unit => "unit",
    }
}

/// The maps of a mapping: kind and name.
fn maps_of(files: &MappingFiles) -> Vec<(UnmappedKind, String)> {
    let of = |(path, _): &(String, String)| {
        let (folder, name) = path.split_once('/')?;
        let kind = match folder {
            "codes" => UnmappedKind::Code,
            "units" => UnmappedKind::Unit,
            _ => return None,
        };
        let stem = name.rsplit_once('.')?.0;
        tables::codes::approved_for(stem).is_none().then(|| (kind, stem.to_owned()))
    };
    files.iter().filter_map(of).collect()
}

/// Where the maps of a mapping are used; nothing is known of one that does not compile.
fn compiled(files: &MappingFiles) -> Option<Program> {
    compile(&Mapping::parse(&lent(files)).ok()?).ok()
}

/// The system that most targets of a map are codes of.
fn system_of(files: &MappingFiles, map: &str) -> Option<String> {
    let context = Mapping::parse(&lent(files)).ok()?.context("source").ok()?;
    let map = context.codes.get(map)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for target in map.sources().iter().flat_map(|source| map.targets(source)) {
        *counts.entry(target.system.as_str()).or_default() += 1;
    }
    let most = counts.into_iter().filter(|(system, _)| !system.is_empty()).max_by_key(|(_, count)| *count);
    most.map(|(system, _)| system.to_owned())
}

/// A map, what it fills, and what its codes can be.
fn map_json(files: &MappingFiles, program: Option<&Program>, (kind, name): &(UnmappedKind, String)) -> Value {
    let used = match (program, kind) {
        (Some(program), UnmappedKind::Code) => program.use_of(name),
        _ => MapUse::default(),
    };
    let system = match kind {
        UnmappedKind::Code => system_of(files, name),
        UnmappedKind::Unit => None,
    };
    json!({
        "kind": word(*kind), "map": name, "elements": used.elements, "system": system,
        "value_sets": used.lists.iter().map(|list| list.url()).collect::<Vec<_>>(),
        "codes": used.codes().map(|(system, code)| json!({"system": system, "code": code})).collect::<Vec<_>>(),
    })
}

/// `GET /api/codes?source=`: what the last run of a source did not know, by frequency, and what was approved for it.
pub(super) async fn list(call: Call) -> Result<Answer, Refusal> {
    let (grant, source) = (call.grant()?, call.query_value("source").unwrap_or_default());
    let asked = call.asked();
    let told = call
        .app
        .reading(move |app| {
            let source = app.sources()?.source(&grant, &source)?;
            // Values of cells, without whose they are.
            app.audit(&grant, "unmapped codes", &asked, &[])?;
            let (files, _) = of_name(app, &grant, &source.mapping)?;
            let last = app.own()?.last_unmapped(&grant, &source.name)?;
            let approvals = app.own()?.approvals(&grant, &source.name)?;
            Ok(list_json(&source, &files, last.as_ref(), &approvals))
        })
        .await?;
    Ok(Answer::of(&told))
}

fn list_json(source: &SourceInfo, files: &MappingFiles, last: Option<&LastUnmapped>, approvals: &[Approval]) -> Value {
    let standing = |kind: UnmappedKind, map: &str, value: &str| {
        let is = |one: &&Approval| one.revoked.is_none() && one.kind == kind && one.map == map && one.value == value;
        approvals.iter().filter(is).map(approval_json).collect::<Vec<_>>()
    };
    let unmapped: Vec<Value> = last
        .map_or(&[][..], |last| &last.values)
        .iter()
        .map(|counted| {
            let mut told = tables::run::unmapped_json(counted);
            told["approved"] = json!(standing(counted.kind, &counted.map, &counted.text));
            told
        })
        .collect();
    let program = compiled(files);
    json!({
        "source": source.name,
        "mapping": source.mapping,
        "at": last.map(|last| instant(last.at_us)),
        "written": last.map(|last| last.written),
        "unmapped": unmapped,
        "approvals": approvals.iter().map(approval_json).collect::<Vec<_>>(),
        "maps": maps_of(files).iter().map(|map| map_json(files, program.as_ref(), map)).collect::<Vec<_>>(),
    })
}

fn approval_json(one: &Approval) -> Value {
    json!({
        "no": one.no, "kind": word(one.kind), "map": one.map, "value": one.value, "system": one.system, "code": one.code,
        "display": one.display, "equivalence": one.equivalence.code(), "by": one.by, "at": instant(one.at_us),
        "revoked_by": one.revoked.as_ref().map(|(by, _)| by), "revoked": one.revoked.as_ref().map(|(_, at)| instant(*at)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suggest {
    source: String,
    map: String,
    #[serde(default)]
    kind: Option<String>,
    /// The values; without any, all that the last run did not know.
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    limit: Option<usize>,
}

/// `POST /api/codes/suggest`: what values may mean, each with why.
pub(super) async fn suggest(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let Suggest { source, map, kind, values, limit } = call.json().await?;
    let (kind, limit) = (kind_of(kind.as_deref())?, limit.unwrap_or(SUGGESTIONS).min(MOST_SUGGESTIONS));
    let asked_path = format!("{} source={source} map={map}", call.asked());
    let told = call
        .app
        .reading(move |app| {
            let source = app.sources()?.source(&grant, &source)?;
            app.audit(&grant, "unmapped codes", &asked_path, &[])?;
            let last = app.own()?.last_unmapped(&grant, &source.name)?;
            let known = last.map_or_else(Vec::new, |last| last.values);
            let (files, _) = of_name(app, &grant, &source.mapping)?;
            let kind = map_kind(&files, kind, &map)?;
            let display = |value: &str| {
                known.iter().find(|one| one.map == map && one.text == value).and_then(|one| one.display.clone())
            };
            let values: Vec<String> = if values.is_empty() {
                let of_map = known.iter().filter(|one| one.map == map && one.kind == kind && !one.text.is_empty());
                of_map.map(|one| one.text.clone()).take(ASKED).collect()
            } else {
                values.into_iter().take(ASKED).collect()
            };
            let asked: Vec<Asked> = values.into_iter().map(|value| Asked { display: display(&value), value }).collect();
            let found = match kind {
                UnmappedKind::Code => {
                    let used = compiled(&files).map(|program| program.use_of(&map)).unwrap_or_default();
                    suggestions(app, &grant, &asked, limit, &used)?
                }
                UnmappedKind::Unit => unit_suggestions(app, &grant, &asked, limit)?,
            };
            let told: Vec<Value> = asked
                .iter()
                .zip(&found)
                .map(|(asked, found)| {
                    json!({
                        "value": asked.value, "display": asked.display,
                        "suggestions": found.iter().map(suggestion_json).collect::<Vec<_>>(),
                    })
                })
                .collect();
            Ok(json!({"source": source.name, "map": map, "kind": word(kind), "values": told}))
        })
        .await?;
    Ok(Answer::of(&told))
}

fn suggestion_json(one: &Suggestion) -> Value {
    json!({
        "system": one.system, "code": one.code, "display": one.display, "score": one.score,
        "why": one.why.to_string(), "because": {"code": one.why.code(), "values": one.why.values()}, "from": one.from,
    })
}

/// Which map is meant: of a code map and a unit map of one name the code map, unless the kind is said.
fn map_kind(files: &MappingFiles, kind: Option<UnmappedKind>, map: &str) -> Result<UnmappedKind, Refusal> {
    let maps = maps_of(files);
    let found: Vec<UnmappedKind> = maps
        .iter()
        .filter(|(of, name)| name == map && kind.is_none_or(|kind| kind == *of))
        .map(|(of, _)| *of)
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let names: Vec<&str> = maps.iter().map(|(_, name)| name.as_str()).collect();
            Err(Refusal::not_found(format!("the mapping has no map \"{map}\", but {}", names.join(", "))))
        }
        // Units are asked for by their kind.
        _ => Ok(UnmappedKind::Code),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approve {
    source: String,
    map: String,
    #[serde(default)]
    kind: Option<String>,
    value: String,
    codes: Vec<ApprovedCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovedCode {
    /// Without one: UCUM, for units.
    #[serde(default)]
    system: Option<String>,
    /// Empty: the value is known to have no code.
    code: String,
    #[serde(default)]
    display: Option<String>,
    #[serde(default)]
    equivalence: Option<String>,
}

/// `POST /api/codes/approve`: a person says what a value means; the next run maps by it.
pub(super) async fn approve(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let Approve { source, map, kind, value, codes } = call.json().await?;
    let kind = kind_of(kind.as_deref())?;
    let told = call
        .app
        .writing(move |app| {
            let source = app.sources()?.source(&grant, &source)?;
            let (files, _) = of_name(app, &grant, &source.mapping)?;
            let kind = map_kind(&files, kind, &map)?;
            let codes = codes.into_iter().map(|code| new_code(kind, code)).collect::<Result<Vec<_>, _>>()?;
            if kind == UnmappedKind::Code {
                taken(&files, &map, &codes)?;
            }
            let approved = app.own()?.approve(&grant, &source.name, (kind, &map), &value, &codes, app.now_us())?;
            // The value may be of a patient, and this trail is read by who may see none.
            let numbers: Vec<String> = approved.iter().map(|one| one.no.to_string()).collect();
            let of = format!("source {}, {} map {map}, approval {}", source.name, word(kind), numbers.join(", "));
            app.access.record(&grant, "approve code", of, app.now_us())?;
            // Laid over the map it must still be one.
            let mut files = files;
            files.extend(app.own()?.approved_files(&grant, &source.name, &files)?);
            let problems = tables::compile::check(&lent(&files)).len();
            Ok(json!({"approved": approved.iter().map(approval_json).collect::<Vec<_>>(), "problems": problems}))
        })
        .await?;
    Ok(Answer::of(&told))
}

/// Whether the elements that a map fills take one of the codes: with another, the mapping would run no more.
fn taken(files: &MappingFiles, map: &str, codes: &[NewCode]) -> Result<(), Refusal> {
    let used = compiled(files).map(|program| program.use_of(map)).unwrap_or_default();
    let mut given = codes.iter().filter(|one| !one.code.is_empty()).peekable();
    let Some(first) = given.peek().map(|one| one.code.clone()) else { return Ok(()) };
    if given.any(|one| used.takes(&one.code)) {
        return Ok(());
    }
    let sets: Vec<String> = used.lists.iter().map(|list| list.url()).collect();
    let text = format!("{first} is not in {}, and {} takes no other code", sets.join(", "), used.elements.join(", "));
    let codes: Vec<&str> = used.codes().map(|(_, code)| code).take(CODES).collect();
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "code-invalid", text)
        .hint(format!("it has {}", codes.join(", "))))
}

fn new_code(kind: UnmappedKind, code: ApprovedCode) -> Result<NewCode, Refusal> {
    let system = match (kind, code.system) {
        (UnmappedKind::Unit, None) => UCUM.to_owned(),
        (UnmappedKind::Unit, Some(system)) if system == UCUM => system,
        (UnmappedKind::Unit, Some(system)) => {
            return Err(Refusal::bad_request(format!("units are codes of {UCUM}, not of {system}")));
        }
        (UnmappedKind::Code, system) => system.unwrap_or_default(),
    };
    let equivalence = match code.equivalence.as_deref() {
        None | Some("") => Equivalence::default(),
        Some(word) => Equivalence::named(word).ok_or_else(|| {
            let all = Equivalence::codes().collect::<Vec<_>>().join(", ");
            Refusal::bad_request(format!("equivalence \"{word}\" is not one of {all}"))
        })?,
    };
    Ok(NewCode { system, code: code.code, display: code.display.filter(|text| !text.is_empty()), equivalence })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    source: String,
    map: String,
    #[serde(default)]
    kind: Option<String>,
    value: String,
}

/// `POST /api/codes/revoke`: takes back what was approved for a value.
pub(super) async fn revoke(mut call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let Revoke { source, map, kind, value } = call.json().await?;
    let kind = kind_of(kind.as_deref())?;
    let told = call
        .app
        .writing(move |app| {
            let source = app.sources()?.source(&grant, &source)?;
            // The map may be gone from the mapping; what was approved for it can be taken back all the same.
            let kind = match kind {
                Some(kind) => kind,
                None => {
                    let of_map = |one: &Approval| one.map == map && one.value == value && one.revoked.is_none();
                    let all = app.own()?.approvals(&grant, &source.name)?;
                    all.iter().find(|one| of_map(one)).map_or(UnmappedKind::Code, |one| one.kind)
                }
            };
            let revoked = app.own()?.revoke(&grant, &source.name, (kind, &map), &value, app.now_us())?;
            let of = format!("source {}, {} map {map}, {revoked} codes", source.name, word(kind));
            app.access.record(&grant, "revoke code", of, app.now_us())?;
            Ok(json!({"revoked": revoked}))
        })
        .await?;
    Ok(Answer::of(&told))
}
