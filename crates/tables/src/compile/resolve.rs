//! Element paths against the schema.

use super::path::{Index, Path, Step};
use crate::mapping::{Place, Problems, did_you_mean};
use fhir::schema::{Element, Schema, TypeId, TypeKind, r4};
use std::fmt::Write as _;

/// A path whose every step is known.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Its steps.
    pub steps: Vec<ResolvedStep>,
}

/// One element on the way.
#[derive(Clone, Debug)]
pub struct ResolvedStep {
    /// The type that has the element.
    pub owner: TypeId,
    /// Its position among the owner's elements.
    pub at: usize,
    /// The element.
    pub element: &'static Element,
    /// The type of its value; none for a choice whose type the item decides.
    pub type_id: Option<TypeId>,
    /// Which entry.
    pub key: EntryKey,
}

/// Which entry of an element, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKey {
    /// By number; 0 for a single element.
    At(u32),
    /// The n-th extension of an address.
    Url(String, u32),
    /// One for each row of the group; of an address.
    Each(String),
    /// One for each row of a child file.
    Child(usize),
}

impl ResolvedStep {
    /// The element's name in JSON; of a choice whose type is open, its name in FHIR.
    pub fn json_name(&self) -> &'static str {
        let name = self.type_id.and_then(|type_id| r4().json_name(self.owner, self.element, type_id));
        name.unwrap_or(self.element.name)
    }
}

impl Resolved {
    /// The path as in JSON, with the entries that are named.
    pub fn shown(&self) -> String {
        let mut shown = String::new();
        for step in &self.steps {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(step.json_name());
            // Writing to a `String` cannot fail.
            let _ = match &step.key {
                EntryKey::At(0) => Ok(()),
                EntryKey::At(n) => write!(shown, "[{n}]"),
                EntryKey::Url(url, 0) => write!(shown, "('{url}')"),
                EntryKey::Url(url, n) => write!(shown, "('{url}')[{n}]"),
                EntryKey::Each(url) if url.is_empty() => write!(shown, "[]"),
                EntryKey::Each(url) => write!(shown, "('{url}')[]"),
                EntryKey::Child(_) => write!(shown, "[]"),
            };
        }
        shown
    }

    /// The element names alone, by which directives name elements: `component.value`.
    pub fn names(&self) -> String {
        self.steps.iter().map(|step| step.element.name).collect::<Vec<_>>().join(".")
    }
}

/// Finds the elements of a path in a type. What is wrong is a problem, with the nearest right name.
pub fn resolve(path: &Path, from: TypeId, problems: &mut Problems<'_>) -> Option<Resolved> {
    let schema = r4();
    let mut resolved = Resolved::default();
    let mut owner = from;
    let mut steps = path.steps.iter().peekable();
    while let Some(step) = steps.next() {
        let (at, element, mut type_id) = find(schema, owner, step, problems)?;
        let (mut index, mut index_place) = (step.index, step.place);
        if type_id.is_none() {
            // `value.Quantity`
            if let Some(next) = steps.peek()
                && next.url.is_none()
                && let Some(named) = choice_type(schema, element, &next.name)
            {
                type_id = Some(named);
                if next.index != Index::None {
                    (index, index_place) = (next.index, next.place);
                }
                steps.next();
            } else if let Some(next) = steps.peek() {
                type_is_open(schema, element, next, problems);
                return None;
            }
        }
        let key = entry_key(element, index, index_place, step, problems)?;
        resolved.steps.push(ResolvedStep { owner, at, element, type_id, key });
        let Some(next) = steps.peek() else { break };
        let Some(type_id) = type_id else { break };
        if schema.info(type_id).kind == TypeKind::Resource {
            problems
                .add(next.place, format!("`{}` holds whole resources, which a mapping does not make", element.name));
            return None;
        }
        owner = type_id;
    }
    let rows = resolved.steps.iter().filter(|step| matches!(step.key, EntryKey::Each(_))).count();
    if rows > 1 {
        problems.add(path.steps[0].place, "only one element of a path can have an entry for each row of the group");
        return None;
    }
    Some(resolved)
}

/// The element that a step names, and its type if it is known.
fn find(
    schema: &'static Schema,
    owner: TypeId,
    step: &Step,
    problems: &mut Problems<'_>,
) -> Option<(usize, &'static Element, Option<TypeId>)> {
    let info = schema.info(owner);
    let is_resource = info.kind == TypeKind::Resource;
    let name = step.name.as_str();
    let refuse = |problems: &mut Problems<'_>, message: String, hint: Option<String>| {
        problems.hint(step.place, message, hint);
    };
    match name {
        "id" if is_resource => {
            let hint = "the id is made of the target's name and @key".to_owned();
            refuse(problems, "`id` is no item".to_owned(), Some(hint));
            return None;
        }
        "resourceType" if is_resource => {
            let hint = "it is the type that @target names".to_owned();
            refuse(problems, "`resourceType` is no item".to_owned(), Some(hint));
            return None;
        }
        "contained" if is_resource => {
            let hint = "make a target of its own and refer to it with ref('TARGET', key)".to_owned();
            refuse(problems, "`contained` is not made by mappings".to_owned(), Some(hint));
            return None;
        }
        "extension" | "modifierExtension" if step.url.is_none() => {
            let message = format!("`{name}` needs an address");
            refuse(problems, message, Some(format!("write {name}('http://…').valueString")));
            return None;
        }
        "url" if info.name == "Extension" => {
            let hint = "write extension('http://…')".to_owned();
            refuse(problems, "the address of an extension stands in its brackets".to_owned(), Some(hint));
            return None;
        }
        _ => {}
    }
    if step.url.is_some() && !matches!(name, "extension" | "modifierExtension") {
        let message = format!("`{name}` takes no address: only extension and modifierExtension do");
        refuse(problems, message, None);
        return None;
    }
    if let Some((at, type_id)) = schema.element_index(owner, name) {
        return Some((at, &info.elements[at], Some(type_id)));
    }
    if let Some(at) = info.elements.iter().position(|element| element.name == name && element.choice) {
        let element = &info.elements[at];
        let only = if element.types.len() == 1 { Some(element.types[0]) } else { None };
        return Some((at, element, only));
    }
    if info.kind == TypeKind::Primitive {
        let hint = "only extension('http://…') and id can follow".to_owned();
        refuse(problems, format!("{} is a primitive type: it has no element `{name}`", info.name), Some(hint));
        return None;
    }
    let json_names = info.elements.iter().flat_map(|element| {
        let json_name = move |type_id: &TypeId| schema.json_name(owner, element, *type_id);
        element.types.iter().filter_map(json_name).chain([element.name])
    });
    let hint = did_you_mean(name, json_names).or_else(|| {
        let names: Vec<_> = info.elements.iter().map(|element| element.name).take(40).collect();
        Some(format!("it has {}", names.join(", ")))
    });
    refuse(problems, format!("{} has no element `{name}`", info.name), hint);
    None
}

/// The type of a choice that a step names; the case of the first letter does not count, as in JSON names.
fn choice_type(schema: &Schema, element: &Element, name: &str) -> Option<TypeId> {
    let tail = |text: &str| text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
    element.types.iter().copied().find(|type_id| {
        let known = schema.name(*type_id);
        let (a, b) = (tail(known), tail(name));
        known[..a].eq_ignore_ascii_case(&name[..b]) && known[a..] == name[b..]
    })
}

/// A step into a choice whose type was not named.
fn type_is_open(schema: &Schema, element: &Element, next: &Step, problems: &mut Problems<'_>) {
    let has_it = |type_id: &&TypeId| {
        schema.element(**type_id, &next.name).is_some() || schema.element_by_name(**type_id, &next.name).is_some()
    };
    let types: Vec<_> = element.types.iter().filter(has_it).map(|type_id| schema.name(*type_id)).collect();
    let name = element.name;
    let hint = match types.first() {
        Some(first) => Some(format!("write {name}.{first}.{}, or another type that has it", next.name)),
        None => did_you_mean(&next.name, element.types.iter().map(|type_id| schema.name(*type_id))),
    };
    problems.hint(next.place, format!("the type of the choice `{name}` is missing before `{}`", next.name), hint);
}

fn entry_key(
    element: &Element,
    index: Index,
    place: Place,
    step: &Step,
    problems: &mut Problems<'_>,
) -> Option<EntryKey> {
    if index != Index::None && !element.repeats() {
        problems.add(place, format!("`{}` occurs once: it takes no index", element.name));
        return None;
    }
    Some(match (&step.url, index) {
        (None, Index::None) => EntryKey::At(0),
        (None, Index::At(n)) => EntryKey::At(n),
        (None, Index::Each) => EntryKey::Each(String::new()),
        (Some(url), Index::None) => EntryKey::Url(url.clone(), 0),
        (Some(url), Index::At(n)) => EntryKey::Url(url.clone(), n),
        (Some(url), Index::Each) => EntryKey::Each(url.clone()),
    })
}
