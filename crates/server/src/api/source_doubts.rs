//! What a source of tables lacks when it is added or changed: it may come later, so nothing is refused, but it is told now.

use super::mapping_files::{lent, of_source};
use crate::app::App;
use crate::call::Peer;
use access::Grant;
use serde_json::{Value, json};
use std::path::Path;
use tables::pull::SourceInfo;

/// Adds to an answer about a source what will keep it from being pulled, as far as the caller may know it.
pub(super) fn tell(told: &mut Value, app: &App, grant: &Grant, peer: Peer, source: &SourceInfo) {
    let mut warnings = Vec::new();
    // Which files this machine has is for its operator.
    if matches!(peer, Peer::Local { .. }) && Path::new(&source.path).is_absolute() && !Path::new(&source.path).exists()
    {
        warnings.push(format!("there is nothing at {}: it cannot be pulled before there is", source.path));
    }
    warnings.extend(of_mapping(app, grant, source));
    if !warnings.is_empty() {
        told["warnings"] = json!(warnings);
    }
}

fn of_mapping(app: &App, grant: &Grant, source: &SourceInfo) -> Option<String> {
    let mapping = &source.mapping;
    // Whoever may not read it is told when it is used.
    let files = of_source(app, grant, source).ok()?;
    if !files.iter().any(|(path, _)| path == "mapping.toml") {
        return Some(format!(
            "{mapping} has no mapping.toml, so it is no mapping: nothing can be pulled by it before it has one"
        ));
    }
    let problems = tables::compile::check(&lent(&files));
    let first = problems.first()?;
    let many = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
    Some(format!("mapping {mapping} has {many}, the first: {first}; medweave mapping check {mapping} lists all"))
}
