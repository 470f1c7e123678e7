//! The tree of elements while items are put into it.

use super::item::Wanted;
use super::program::{Alternative, ElementInfo, Entry, EntryFrom, Give, Item, Member, Object};
use super::resolve::{EntryKey, Resolved};
use crate::mapping::{Otherwise, Place, Problem, Problems, did_you_mean};
use fhir::schema::{Element, TypeId, TypeKind, r4};
use std::collections::BTreeMap;

/// Where something of a target stands.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// 0 for the target's own file, n for its n-th child.
    pub part: usize,
    /// In that file.
    pub place: Place,
}

/// An object that is being put together.
#[derive(Debug)]
pub struct Draft {
    type_id: TypeId,
    /// Where its first item stands.
    origin: Origin,
    members: BTreeMap<usize, BTreeMap<EntryKey, EntryDraft>>,
}

#[derive(Debug, Default)]
struct EntryDraft {
    ways: Vec<Way>,
}

/// One type of an entry; none where items decide.
#[derive(Debug)]
struct Way {
    type_id: Option<TypeId>,
    items: Vec<ItemDraft>,
    object: Option<Draft>,
}

#[derive(Debug)]
struct ItemDraft {
    give: Give,
    origin: Origin,
    shown: String,
    sql: String,
    element: &'static Element,
    /// True for a CASE or the like, which has a value in some rows only.
    conditional: bool,
    names: String,
}

impl Draft {
    /// An object without elements.
    pub fn new(type_id: TypeId, origin: Origin) -> Draft {
        Draft { type_id, origin, members: BTreeMap::new() }
    }

    /// Puts an item at the end of a path.
    pub fn put(&mut self, path: &Resolved, give: Give, origin: Origin, sql: String, conditional: bool) {
        let shown = path.shown();
        let names = path.names();
        let mut draft = self;
        for (at, step) in path.steps.iter().enumerate() {
            let entry = draft.members.entry(step.at).or_default().entry(step.key.clone()).or_default();
            let way = match entry.ways.iter().position(|way| way.type_id == step.type_id) {
                Some(way) => &mut entry.ways[way],
                None => {
                    entry.ways.push(Way { type_id: step.type_id, items: Vec::new(), object: None });
                    let last = entry.ways.len() - 1;
                    &mut entry.ways[last]
                }
            };
            if at + 1 == path.steps.len() {
                let element = step.element;
                way.items.push(ItemDraft { give, origin, shown, sql, element, conditional, names });
                return;
            }
            // A step that others follow has a type: `resolve` saw to it.
            let Some(type_id) = step.type_id else { return };
            draft = way.object.get_or_insert_with(|| Draft::new(type_id, origin));
        }
    }
}

/// An element that a directive names.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its element names: `component.value`.
    pub names: String,
    /// What it asks.
    pub ask: Ask,
    /// Where it stands.
    pub origin: Origin,
    /// As it was written.
    pub text: String,
}

/// What a directive asks of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `@else`
    Otherwise(Otherwise),
    /// `@required`
    Required,
}

/// Turns drafts into objects, and finds what is missing or too much in them.
pub struct Finisher<'a> {
    /// The files by part, for problems.
    pub files: &'a [String],
    /// Directives about elements.
    pub rules: &'a [Rule],
    /// What is wrong.
    pub found: &'a mut Vec<Problem>,
    /// What is known of each element.
    pub elements: Vec<ElementInfo>,
    used_rules: Vec<bool>,
}

/// Where the finisher is.
#[derive(Clone, Copy)]
struct Here<'h> {
    /// The path so far, as in JSON, with a dot behind it.
    shown: &'h str,
    /// The element names so far, with a dot behind them.
    names: &'h str,
    /// Whether every object up to here must stand.
    required: bool,
}

impl<'a> Finisher<'a> {
    /// For one target.
    pub fn new(files: &'a [String], rules: &'a [Rule], found: &'a mut Vec<Problem>) -> Self {
        Finisher { files, rules, found, elements: Vec::new(), used_rules: vec![false; rules.len()] }
    }

    /// The target's resource.
    pub fn root(mut self, draft: Draft) -> (Object, Vec<ElementInfo>) {
        let here = Here { shown: "", names: "", required: true };
        let object = self.object(draft, here, true);
        for (at, rule) in self.rules.iter().enumerate() {
            if !self.used_rules[at] {
                let made: Vec<String> = self.elements.iter().map(|element| element.path.clone()).collect();
                let hint = did_you_mean(&rule.text, made.iter().map(String::as_str));
                self.problems(rule.origin).hint(rule.origin.place, format!("no item makes `{}`", rule.text), hint);
            }
        }
        (object, self.elements)
    }

    fn problems(&mut self, origin: Origin) -> Problems<'_> {
        Problems::new(&self.files[origin.part], self.found)
    }

    /// `is_whole`: no item gives the object itself, so that its required elements must be there.
    fn object(&mut self, draft: Draft, here: Here<'_>, is_whole: bool) -> Object {
        let schema = r4();
        let Draft { type_id, origin, members } = draft;
        let info = schema.info(type_id);
        let is_primitive = info.kind == TypeKind::Primitive;
        let is_extension = info.name == "Extension";
        if is_whole && !is_primitive {
            self.missing(type_id, &members, origin, here, is_extension);
        }
        let mut object = Object { type_id, members: Vec::with_capacity(members.len()), from_rows: false };
        for (at, entries) in members {
            let element = &info.elements[at];
            let member = self.member(type_id, element, entries, here, is_whole);
            object.from_rows |= member.slots.iter().any(Entry::is_from_rows);
            object.members.push(member);
        }
        object
    }

    fn missing(
        &mut self,
        type_id: TypeId,
        members: &BTreeMap<usize, BTreeMap<EntryKey, EntryDraft>>,
        origin: Origin,
        here: Here<'_>,
        is_extension: bool,
    ) {
        let info = r4().info(type_id);
        for (at, element) in info.elements.iter().enumerate() {
            let own = is_extension && element.name == "url";
            if element.min == 0 || members.contains_key(&at) || own {
                continue;
            }
            let choice = if element.choice { "[x]" } else { "" };
            let whole = if here.shown.is_empty() {
                format!("{} needs `{}{choice}`, and no item makes it", info.name, element.name)
            } else {
                let path = here.shown.trim_end_matches('.');
                format!("`{path}` needs `{}{choice}`, and no item makes it", element.name)
            };
            let is: Vec<_> = element.types.iter().map(|id| r4().name(*id)).take(6).collect();
            let mut hint = format!("add … AS \"{}{}\" ({})", here.shown, element.name, is.join(" or "));
            if let Some(list) = element.binding.filter(|_| is == ["code"]) {
                let codes: Vec<_> = list.codings().map(|(_, code)| code).take(10).collect();
                hint = format!("add … AS \"{}{}\": one of {}", here.shown, element.name, codes.join(", "));
            }
            self.problems(origin).hint(origin.place, whole, hint);
        }
        if is_extension {
            let has =
                |name| info.elements.iter().position(|e| e.name == name).is_some_and(|at| members.contains_key(&at));
            match (has("value"), has("extension")) {
                (false, false) => {
                    let hint = "write extension('…').valueString or another of its types".to_owned();
                    self.problems(origin).hint(origin.place, "the extension has no value", hint);
                }
                (true, true) => {
                    self.problems(origin).add(origin.place, "an extension has either a value or extensions, not both");
                }
                _ => {}
            }
        }
    }

    fn member(
        &mut self,
        owner: TypeId,
        element: &'static Element,
        entries: BTreeMap<EntryKey, EntryDraft>,
        here: Here<'_>,
        is_whole: bool,
    ) -> Member {
        let names = format!("{}{}", here.names, element.name);
        let required = element.min > 0 && is_whole;
        let (mut demanded, mut asked_null) = (false, None);
        for (at, rule) in self.rules.iter().enumerate() {
            match rule.ask {
                Ask::Required if rule.names == names || rule.names.starts_with(&format!("{names}.")) => demanded = true,
                Ask::Otherwise(Otherwise::Null) if rule.names == names => asked_null = Some(rule),
                Ask::Otherwise(Otherwise::Reject) if rule.names == names => {}
                _ => continue,
            }
            if rule.names == names {
                self.used_rules[at] = true;
            }
        }
        if let Some(rule) = asked_null.filter(|_| required && here.required) {
            let (origin, message) =
                (rule.origin, format!("`{}` is required: without it there is no resource", rule.text));
            self.problems(origin).hint(
                origin.place,
                message,
                "write @else reject, or give another value by coalesce".to_owned(),
            );
        }
        let info = self.holder(owner, element, &entries, here);
        let mut slots = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let below = Here { required: here.required && required, ..here };
            slots.push(self.entry(owner, element, key, entry, below, &names));
        }
        Member { element, info, required, demanded, slots }
    }

    /// Numbers the element itself, for what can be wrong with it as a whole.
    fn holder(
        &mut self,
        owner: TypeId,
        element: &Element,
        entries: &BTreeMap<EntryKey, EntryDraft>,
        here: Here<'_>,
    ) -> u32 {
        let ways: Vec<_> = entries.values().flat_map(|entry| &entry.ways).collect();
        let type_id = match ways.as_slice() {
            [way] => way.type_id,
            _ => None,
        };
        let name = type_id.and_then(|type_id| r4().json_name(owner, element, type_id)).unwrap_or(element.name);
        let origin = ways.iter().find_map(|way| {
            way.items.first().map(|item| item.origin).or(way.object.as_ref().map(|object| object.origin))
        });
        let origin = origin.unwrap_or(Origin { part: 0, place: Place::START });
        self.number(ElementInfo {
            path: format!("{}{name}", here.shown),
            function: None,
            sql: String::new(),
            part: origin.part,
            place: origin.place,
            leaves: Vec::new(),
        })
    }

    fn number(&mut self, info: ElementInfo) -> u32 {
        self.elements.push(info);
        self.elements.len() as u32 - 1
    }

    fn entry(
        &mut self,
        owner: TypeId,
        element: &'static Element,
        key: EntryKey,
        entry: EntryDraft,
        here: Here<'_>,
        names: &str,
    ) -> Entry {
        let from = match key {
            EntryKey::At(_) | EntryKey::Url(..) => EntryFrom::Row,
            EntryKey::Each(_) => EntryFrom::Group,
            EntryKey::Child(part) => EntryFrom::Child(part),
        };
        let url = match &key {
            EntryKey::Url(url, _) => Some(url.as_str()),
            EntryKey::Each(url) if !url.is_empty() => Some(url.as_str()),
            _ => None,
        };
        self.twice(&entry);
        let shown_key = match &key {
            EntryKey::At(0) => String::new(),
            EntryKey::At(n) => format!("[{n}]"),
            EntryKey::Url(url, 0) => format!("('{url}')"),
            EntryKey::Url(url, n) => format!("('{url}')[{n}]"),
            EntryKey::Each(url) if url.is_empty() => "[]".to_owned(),
            EntryKey::Each(url) => format!("('{url}')[]"),
            EntryKey::Child(_) => "[]".to_owned(),
        };
        let mut alternatives = Vec::with_capacity(entry.ways.len());
        for way in entry.ways {
            let json_name = way.type_id.and_then(|type_id| r4().json_name(owner, element, type_id));
            let json_name = json_name.unwrap_or(element.name);
            let items: Vec<Item> = way.items.into_iter().map(|item| self.item(item)).collect();
            let is_primitive = way.type_id.is_some_and(|type_id| r4().info(type_id).kind == TypeKind::Primitive);
            let object = way.object.map(|draft| {
                let shown = format!("{}{json_name}{shown_key}.", here.shown);
                let names = format!("{names}.");
                let below = Here { shown: &shown, names: &names, required: here.required };
                self.object(draft, below, items.is_empty() || is_primitive)
            });
            alternatives.push(Alternative { type_id: way.type_id, json_name, items, object });
        }
        Entry { from, url: url.map(Box::from), alternatives }
    }

    /// Several items for one value: at most one may have it in a row, so all but one must be conditional.
    fn twice(&mut self, entry: &EntryDraft) {
        let always =
            |way: &Way| way.items.iter().any(|item| item.give.is_constant() && !matches!(item.give, Give::Absent));
        if entry.ways.len() > 1
            && entry.ways.iter().filter(|way| always(way)).count() > 1
            && let Some(item) = entry.ways.iter().rev().find_map(|way| way.items.first())
        {
            let message = format!("`{}` has another constant value already", item.shown);
            self.problems(item.origin).add(item.origin.place, message);
        }
        for way in &entry.ways {
            self.filled(way);
            let mut others = way.items.iter().filter(|item| !item.conditional);
            if let Some(first) = others.next()
                && let Some(second) = others.next()
            {
                let other = if first.origin.part == second.origin.part {
                    format!("line {}", first.origin.place.line)
                } else {
                    format!("{}:{}", self.files[first.origin.part], first.origin.place.line)
                };
                let message = format!("`{}` has a value already ({other})", second.shown);
                let hint = if second.element.repeats() {
                    format!("it repeats: name the next entry, {}[1]", second.element.name)
                } else {
                    "use coalesce(…) or CASE to choose one".to_owned()
                };
                let origin = second.origin;
                self.problems(origin).hint(origin.place, message, hint);
            }
        }
    }

    /// What an item's function gives whole cannot be given again, element by element.
    fn filled(&mut self, way: &Way) {
        let (Some(type_id), Some(object)) = (way.type_id, &way.object) else { return };
        let mut calls = Vec::new();
        way.items.iter().for_each(|item| item.give.calls(&mut calls));
        for (at, entries) in &object.members {
            let element = &r4().info(type_id).elements[*at];
            let Some(call) = calls.iter().find(|call| call.fills().contains(&element.name)) else { continue };
            let origin = entries.values().flat_map(|entry| &entry.ways).find_map(|way| match &way.object {
                Some(object) if way.items.is_empty() => Some(object.origin),
                _ => way.items.first().map(|item| item.origin),
            });
            let Some(origin) = origin else { continue };
            let message =
                format!("`{}` has a value already: {}(…) gives it", element.name, call.function.signature().name);
            self.problems(origin).hint(origin.place, message, "leave one of them out".to_owned());
        }
    }

    fn item(&mut self, draft: ItemDraft) -> Item {
        let mut leaves = Vec::new();
        draft.give.leaves(&mut leaves);
        leaves.sort_unstable();
        leaves.dedup();
        let rejects = |rule: &Rule| rule.ask == Ask::Otherwise(Otherwise::Reject) && rule.names == draft.names;
        let reject = self.rules.iter().any(rejects);
        let info = self.number(ElementInfo {
            path: draft.shown,
            function: draft.give.function().map(|function| function.signature().name),
            sql: draft.sql,
            part: draft.origin.part,
            place: draft.origin.place,
            leaves,
        });
        Item { info, give: draft.give, reject, element: draft.element }
    }
}

/// The element that an item at the end of a path is for.
pub fn wanted(path: &Resolved) -> Option<Wanted> {
    let last = path.steps.last()?;
    Some(Wanted { owner: last.owner, element: last.element, type_id: last.type_id })
}
