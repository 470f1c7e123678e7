//! The mapping compiler: SQL whose column names are element paths becomes queries for the engine and trees for the writer.
//!
//! Each target's items are resolved in the R4 schema (`resolve.rs`), taken apart into mapping functions and leaves of plain
//! SQL (`item.rs`, `leaves.rs`) and put together as a tree of elements (`draft.rs`). All that is wrong is told at once, before
//! a row is read. What only the sources can tell (unknown columns and tables, types of columns) is found when the engine plans
//! the queries and when the writer sees their columns.

mod bound;
mod complete;
mod draft;
mod item;
mod leaves;
mod path;
mod program;
mod relations;
mod resolve;
mod shape;
mod target;
#[cfg(test)]
pub(crate) mod tests;

pub use bound::MapUse;
pub use complete::{Completion, complete};
pub use item::literals;
pub use program::{
    Alternative, Call, Each, ElementInfo, Entry, EntryFrom, Give, Item, Leaf, LeafRole, Member, Object, Part, Program,
    SortColumn, Target, Typed, View,
};

use crate::codes::{LoadError, approved_for};
use crate::mapping::{MapFile, Mapping, Place, Problem, Problems, SqlFile, did_you_mean, in_order};
use crate::value::Context;
use crate::write::Writer;
use fhir::schema::r4;
use relations::{Views, makes_lists};
use std::collections::BTreeMap;
use target::TargetFiles;

/// Compiles a mapping.
///
/// # Errors
/// Everything that is wrong with it, in the order of its files.
pub fn compile(mapping: &Mapping) -> Result<Program, Vec<Problem>> {
    let (program, problems) = compile_all(mapping);
    if problems.is_empty() { Ok(program) } else { Err(in_order(problems)) }
}

/// All that is wrong with the files of a mapping: paths relative to its folder, and texts.
pub fn check(files: &[(&str, &str)]) -> Vec<Problem> {
    let (mapping, mut problems) = Mapping::read(files);
    problems.extend(compile_all(&mapping).1);
    in_order(problems)
}

impl Mapping {
    /// What holds for all rows that are mapped for a source: its maps, zone, spellings and targets. Without the day: whoever
    /// runs it sets [`Context::today`].
    ///
    /// # Errors
    /// What is wrong with the code and unit maps.
    pub fn context(&self, source: &str) -> Result<Context, Vec<Problem>> {
        let mut found = Vec::new();
        let context = context(self, source, &mut found);
        if found.is_empty() { Ok(context) } else { Err(in_order(found)) }
    }
}

fn context(mapping: &Mapping, source: &str, found: &mut Vec<Problem>) -> Context {
    let settings = &mapping.settings;
    let mut context = Context::new(source);
    if let Ok(zone) = jiff::tz::TimeZone::get(&settings.zone) {
        context.zone = zone;
    }
    context.numbers = settings.numbers;
    context.order = settings.order;
    context.calendar = settings.calendar;
    context.pivot = settings.pivot.unwrap_or(context.pivot);
    for file in &mapping.files {
        if let (Some(target), None) = (&file.header.target, &file.header.element) {
            context.targets.insert(target.name.clone(), target.resource_type.clone());
        }
    }
    let mut errors = Vec::new();
    let is_laid_over = |map: &&MapFile| approved_for(&map.name).is_some();
    for map in mapping.codes.iter().filter(|map| !is_laid_over(map)) {
        let added = if map.file.to_ascii_lowercase().ends_with(".json") {
            context.codes.add_concept_map(&map.name, &map.file, &map.text)
        } else {
            context.codes.add_csv(&map.name, &map.file, &map.text)
        };
        errors.extend(added.err().unwrap_or_default());
    }
    for map in mapping.units.iter().filter(|map| !is_laid_over(map)) {
        errors.extend(context.units.add_csv(&map.name, &map.file, &map.text).err().unwrap_or_default());
    }
    // What is approved here lies over what the mapping brings: the longer name last.
    let laid_over = |maps: &[MapFile]| -> Vec<MapFile> {
        let mut over: Vec<MapFile> = maps.iter().filter(is_laid_over).cloned().collect();
        over.sort_by(|a, b| a.name.cmp(&b.name));
        over
    };
    for map in laid_over(&mapping.codes) {
        let over = approved_for(&map.name).unwrap_or_default();
        errors.extend(context.codes.add_approved(over, &map.file, &map.text).err().unwrap_or_default());
    }
    for map in laid_over(&mapping.units) {
        let over = approved_for(&map.name).unwrap_or_default();
        errors.extend(context.units.add_approved(over, &map.file, &map.text).err().unwrap_or_default());
    }
    found.extend(errors.into_iter().map(|error| {
        let LoadError { file, line, column, message } = error;
        Problem { file, line, column, message, hint: None }
    }));
    context
}

fn compile_all(mapping: &Mapping) -> (Program, Vec<Problem>) {
    let mut found = Vec::new();
    let context = context(mapping, "source", &mut found);
    let views = Views::new(&mapping.views, &mut found);
    let lists = mapping.views.iter().filter_map(|view| view.query.as_ref()).any(makes_lists);
    let files = target_files(mapping, &mut found);
    let keys: BTreeMap<String, usize> = files.iter().map(|files| (files.name.to_owned(), files.keys())).collect();
    let mut targets = Vec::new();
    for files in &files {
        targets.extend(files.compile(&context, &keys, &views, lists, &mut found));
    }
    for target in &targets {
        let parts: Vec<&Part> = std::iter::once(&target.main).chain(&target.children).collect();
        for failure in Writer::constant_failures(target, &context) {
            let Some(element) = failure.element.and_then(|element| target.elements.get(element as usize)) else {
                continue;
            };
            Problems::new(&parts[element.part].file, &mut found).add(element.place, failure.message);
        }
    }
    let program = Program {
        settings: mapping.settings.clone(),
        version: mapping.version,
        views: views.ordered,
        targets: referred_first(targets),
    };
    (program, found)
}

/// The files of each target: its own, then its children.
fn target_files<'m>(mapping: &'m Mapping, found: &mut Vec<Problem>) -> Vec<TargetFiles<'m>> {
    let mut all: Vec<TargetFiles<'m>> = Vec::new();
    let mut children: Vec<&SqlFile> = Vec::new();
    for file in &mapping.files {
        let mut problems = Problems::new(&file.file, found);
        let Some(target) = &file.header.target else {
            let hint = "begin it with a line such as: -- @target Patient @key p.id".to_owned();
            problems.hint(Place::START, "the file has no `@target`", hint);
            continue;
        };
        let Some(type_id) = r4().resource_type(&target.resource_type) else {
            let names = r4().resource_types().map(|id| r4().name(id));
            let hint = did_you_mean(&target.resource_type, names);
            problems.hint(target.place, format!("R4 has no resource type `{}`", target.resource_type), hint);
            continue;
        };
        if matches!(target.resource_type.as_str(), "Bundle" | "Parameters" | "Binary") {
            problems.add(target.place, format!("{} is not made by mappings", target.resource_type));
            continue;
        }
        if file.header.element.is_some() {
            children.push(file);
        } else if let Some(other) = all.iter().find(|other| other.name == target.name) {
            let hint = "tell them apart: @target TYPE as NAME".to_owned();
            problems.hint(target.place, format!("{} makes `{}` already", other.main.file, target.name), hint);
        } else {
            all.push(TargetFiles { name: &target.name, type_id, main: file, children: Vec::new() });
        }
    }
    for file in children {
        let Some(target) = &file.header.target else { continue };
        match all.iter_mut().find(|parent| parent.name == target.name) {
            Some(parent) if r4().name(parent.type_id) == target.resource_type => parent.children.push(file),
            Some(parent) => {
                let message =
                    format!("`{}` is a {}, not a {}", target.name, r4().name(parent.type_id), target.resource_type);
                Problems::new(&file.file, found).add(target.place, message);
            }
            None => {
                let hint = did_you_mean(&target.name, all.iter().map(|parent| parent.name))
                    .or_else(|| Some("a file with this @target and without @element makes its resources".to_owned()));
                let message = format!("no file makes the target `{}`", target.name);
                Problems::new(&file.file, found).hint(target.place, message, hint);
            }
        }
    }
    all
}

/// Targets after those that they refer to; where they refer to each other, in the order of their files.
fn referred_first(mut targets: Vec<Target>) -> Vec<Target> {
    let mut ordered: Vec<Target> = Vec::with_capacity(targets.len());
    while !targets.is_empty() {
        let waits = |target: &Target| {
            let others = |name: &String| *name != target.name && targets.iter().any(|other| other.name == *name);
            target.refers_to.iter().any(others)
        };
        let next = targets.iter().position(|target| !waits(target)).unwrap_or(0);
        ordered.push(targets.remove(next));
    }
    ordered
}
