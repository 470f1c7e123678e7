//! The files of mappings: of those that come with the program, of those that the site keeps here, and of folders.

use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tables::live::Address;
use tables::mapping::Settings;
use tables::pull::SourceInfo;
use tables::run::{MappingFiles, files_of, shipped};

/// Where a mapping is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// In the program.
    Shipped,
    /// In the data directory, at this version.
    Own(i64),
    /// In a folder.
    Folder,
}

/// A file as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    path: String,
    text: String,
}

/// Files as they are sent, in the order of their paths.
pub(super) fn taken(files: Vec<File>) -> MappingFiles {
    let mut files: MappingFiles = files.into_iter().map(|file| (file.path, file.text)).collect();
    files.sort();
    files
}

/// The same for the compiler.
pub(super) fn lent(files: &MappingFiles) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

pub(super) fn files_json(files: &MappingFiles) -> Vec<Value> {
    files.iter().map(|(path, text)| json!({"path": path, "text": text})).collect()
}

/// The files of a mapping by its name, or its folder.
pub(super) fn of_name(app: &App, grant: &Grant, mapping: &str) -> Result<(MappingFiles, Kept), Refusal> {
    if shipped().iter().any(|name| name == mapping) {
        return Ok((files_of(mapping)?, Kept::Shipped));
    }
    if !mapping.contains('/') && app.own()?.has(mapping)? {
        let (of, files) = app.own()?.get(grant, mapping, None)?;
        return Ok((files, Kept::Own(of.version)));
    }
    Ok((files_of(mapping)?, Kept::Folder))
}

/// The files of a source's mapping as it is now, with what was approved for that source laid over its maps.
pub(super) fn of_source(app: &App, grant: &Grant, source: &SourceInfo) -> Result<MappingFiles, Refusal> {
    let (mut files, _) = of_name(app, grant, &source.mapping)?;
    files.retain(|(path, _)| !tables::codes::is_approved_here(path));
    let approved = app.own()?.approved_files(grant, &source.name, &files)?;
    files.extend(approved);
    files.sort();
    Ok(files)
}

/// Whether somebody may let a source have these files: they may ask a database something else only if they may administer.
pub(super) fn may_ask(
    app: &App,
    grant: &Grant,
    source: &SourceInfo,
    files: &[(String, String)],
) -> Result<(), Refusal> {
    if !Address::is_meant(&source.path) || grant.may_administer().is_ok() {
        return Ok(());
    }
    // A mapping that is gone asks nothing.
    let before = of_source(app, grant, source).map(|files| Settings::of_files(&files)).unwrap_or_default();
    if before.asks() == Settings::of_files(files).asks() {
        return Ok(());
    }
    let text = format!(
        "this mapping asks the database of {} something else than before, or at other times: that is for the operator of the machine",
        source.name
    );
    Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// Whether a source that is to become a database may be asked as its mapping says, which nobody named for that: while there was no database to
/// ask, whoever may write could write that mapping.
pub(super) fn may_come_to_ask(app: &App, grant: &Grant, source: &SourceInfo) -> Result<(), Refusal> {
    // A mapping that is gone asks nothing, and folders are for the people of this machine.
    let Ok((_, Kept::Own(_))) = of_name(app, grant, &source.mapping) else { return Ok(()) };
    let settings = Settings::of_files(&of_source(app, grant, source)?);
    let asked = settings.asked();
    if asked.is_empty() {
        return Ok(());
    }
    let text = format!(
        "the mapping {mapping} of {name} may have been changed by people who may not say what a database is asked. It would ask {asked}. If that is meant, name it beside the address: --mapping {mapping}",
        mapping = source.mapping,
        name = source.name,
        asked = asked.join("; "),
    );
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "value", text))
}

/// `GET /api/mappings/files?source=` or `?mapping=`: what an editor opens.
pub(super) async fn show(call: Call) -> Result<Answer, Refusal> {
    let grant = call.grant()?;
    let source = call.query_value("source").filter(|value| !value.is_empty());
    let mapping = call.query_value("mapping").filter(|value| !value.is_empty());
    let told = call
        .app
        .reading(move |app| {
            // Mappings tell how a hospital's tables look: who may not see those sees none of them.
            let sources = app.sources()?;
            let (mapping, files, kept) = match (source, mapping) {
                (Some(source), None) => {
                    let source = sources.source(&grant, &source)?;
                    let (_, kept) = of_name(app, &grant, &source.mapping)?;
                    (source.mapping.clone(), of_source(app, &grant, &source)?, kept)
                }
                // Folders are read for sources alone: a path that is asked for could be any.
                (None, Some(mapping)) if !mapping.contains(['/', '\\']) && mapping != ".." && mapping != "." => {
                    grant.may_use_sql()?;
                    let is_known = shipped().contains(&mapping) || app.own()?.has(&mapping)?;
                    if !is_known {
                        return Err(Refusal::not_found(format!("there is no mapping \"{mapping}\"")));
                    }
                    let (files, kept) = of_name(app, &grant, &mapping)?;
                    (mapping, files, kept)
                }
                _ => {
                    return Err(Refusal::bad_request(
                        "name a source, or a mapping that is kept here or comes with the program",
                    ));
                }
            };
            let (kind, version) = match kept {
                Kept::Shipped => ("shipped", None),
                Kept::Own(version) => ("own", Some(version)),
                Kept::Folder => ("folder", None),
            };
            Ok(json!({
                "mapping": mapping, "kind": kind, "version": version, "hash": tables::own::hash_of(&files),
                "files": files_json(&files),
            }))
        })
        .await?;
    Ok(Answer::of(&told))
}
