//! Decodes the checked-in table. Its format is described in `tools/definitions/schema.mjs`.

use super::codes::{CodeList, code_lists};
use super::types::{Element, Member, TypeId, TypeInfo, TypeKind};
use std::collections::HashMap;

const SCHEMA: &str = include_str!("../../data/schema.txt");

/// Types by id, and ids by name.
pub(super) struct Table {
    pub(super) types: Vec<TypeInfo>,
    pub(super) ids: HashMap<&'static str, TypeId>,
}

/// What stands in the types column: the types and the targets of their references.
#[derive(Clone, Copy)]
struct Types {
    types: &'static [TypeId],
    targets: &'static [TypeId],
}

struct Decoder {
    ids: HashMap<&'static str, TypeId>,
    code_lists: &'static HashMap<&'static str, &'static CodeList>,
    /// Many elements share one text in the types column.
    types: HashMap<&'static str, Types>,
}

/// Reads the table. It is made together with this code and checked by tests, so what cannot be read is a broken build.
pub(super) fn decode() -> Table {
    let mut names = HashMap::with_capacity(1024);
    for (id, (name, _, _)) in SCHEMA.lines().filter(|line| !line.starts_with(' ')).skip(1).map(type_line).enumerate() {
        names.insert(name, TypeId(id as u16));
    }
    let mut decoder = Decoder { ids: names, code_lists: code_lists(), types: HashMap::with_capacity(1024) };
    let mut lines = SCHEMA.lines().peekable();
    if let Some(open) = lines.next().and_then(|line| line.strip_prefix("open ")) {
        let types = decoder.read_types(open);
        decoder.types.insert("open", types);
    }
    let mut types: Vec<TypeInfo> = Vec::with_capacity(decoder.ids.len());
    while let Some(line) = lines.next() {
        let (name, kind, base) = type_line(line);
        let base = decoder.ids.get(base).copied();
        // A type follows its base in the table, so the base's elements are known.
        let mut elements = base.map_or_else(Vec::new, |base| types[base.0 as usize].elements.to_vec());
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            elements.push(decoder.element(&line[1..]));
        }
        let elements: &'static [Element] = elements.leak();
        types.push(TypeInfo {
            name,
            kind: match kind.to_ascii_lowercase() {
                b'r' => TypeKind::Resource,
                b'c' => TypeKind::Complex,
                b'p' => TypeKind::Primitive,
                _ => TypeKind::Backbone,
            },
            base,
            is_abstract: kind.is_ascii_uppercase(),
            elements,
            required: elements.iter().enumerate().map(|(at, element)| u64::from(element.min > 0) << at).sum(),
            members: &[],
        });
    }
    for at in 0..types.len() {
        types[at].members = members(types[at].elements, &types);
    }
    Table { types, ids: decoder.ids }
}

/// `NAME KIND BASE`
fn type_line(line: &'static str) -> (&'static str, u8, &'static str) {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (name, kind, base) = (word(), word(), word());
    (name, kind.bytes().next().unwrap_or_default(), base)
}

impl Decoder {
    /// `NAME CARDINALITY FLAGS TYPES [=CODE-LIST]`
    fn element(&mut self, line: &'static str) -> Element {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (name, cardinality, flags, types, binding) = (word(), word(), word(), word(), word());
        let (min, max) = match cardinality {
            "?" => (0, Some(1)),
            "!" => (1, Some(1)),
            "*" => (0, None),
            _ => (1, None),
        };
        let choice = name.ends_with("[x]");
        let Types { types, targets } = self.types(types);
        Element {
            name: name.strip_suffix("[x]").unwrap_or(name),
            min,
            max,
            types,
            choice,
            targets,
            summary: flags.contains('s'),
            is_modifier: flags.contains('m'),
            binding: binding.strip_prefix('=').map(|list| self.code_lists[list]),
        }
    }

    fn types(&mut self, text: &'static str) -> Types {
        if let Some(types) = self.types.get(text) {
            return *types;
        }
        let types = self.read_types(text);
        self.types.insert(text, types);
        types
    }

    fn read_types(&self, text: &'static str) -> Types {
        let mut types = Vec::new();
        let mut targets = Vec::new();
        for one in text.split(',') {
            let (name, list) = one.strip_suffix(')').and_then(|one| one.split_once('(')).unwrap_or((one, ""));
            types.push(self.ids[name]);
            // Where both may stand, it is the references whose targets can be checked.
            if name == "Reference" {
                targets.clear();
            }
            if name == "Reference" || !types.contains(&self.ids["Reference"]) {
                targets.extend(list.split('|').filter(|target| !target.is_empty()).map(|target| self.ids[target]));
            }
        }
        Types { types: types.leak(), targets: targets.leak() }
    }
}

/// The names that an object of the type may have in JSON.
fn members(elements: &[Element], types: &[TypeInfo]) -> &'static [Member] {
    let mut members = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        for &type_id in element.types {
            let name =
                if element.choice { choice_name(element.name, types[type_id.0 as usize].name) } else { element.name };
            members.push(Member { name, element: at as u16, type_id });
        }
    }
    members.sort_unstable_by(|a, b| Member::key(a.name).cmp(&Member::key(b.name)));
    members.leak()
}

/// `value` + `dateTime` = `valueDateTime`
fn choice_name(element: &str, type_name: &str) -> &'static str {
    let mut name = String::with_capacity(element.len() + type_name.len());
    name.push_str(element);
    name.push_str(type_name);
    name[element.len()..][..1].make_ascii_uppercase();
    name.leak()
}
