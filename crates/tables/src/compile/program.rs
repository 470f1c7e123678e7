//! What a mapping compiles to.
//!
//! Each target has queries for the engine (its own and one for each child file) whose columns are `__c0 …` the leaves of its
//! items, `__k0 …` its keys, `__g0 …` what it is grouped by, `__o0 …` what its rows are ordered by and `__p` the patient; and a
//! tree of elements, in whose items [`Give`] says how a value is made of those columns.

use crate::mapping::{Gone, Place, Settings};
use crate::value::{Form, Function, Slot};
use fhir::schema::{Element, TypeId};
use sqlparser::ast::Query;

/// A compiled mapping.
#[derive(Clone, Debug)]
pub struct Program {
    /// What `mapping.toml` says.
    pub settings: Settings,
    /// Hash of the mapping's files.
    pub version: [u8; 32],
    /// Helper views, each after those it uses.
    pub views: Vec<View>,
    /// The targets, those that others refer to first where that is possible.
    pub targets: Vec<Target>,
}

/// A helper view.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name in SQL.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its query.
    pub query: Query,
    /// The base tables that it reads, also through other views.
    pub tables: Vec<String>,
}

/// One target: a kind of resource that the mapping makes.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in ids, references and reports.
    pub name: String,
    /// The type of its resources.
    pub resource_type: &'static str,
    /// What reads the rows of its resources.
    pub main: Part,
    /// What reads the rows of its `@element` files.
    pub children: Vec<Part>,
    /// Its elements.
    pub root: Object,
    /// What is known of each element that can fail or hold a value, by number.
    pub elements: Vec<ElementInfo>,
    /// True if rows of one group make one resource.
    pub grouped: bool,
    /// True if a record of another door with the same identifier is met.
    pub match_identifier: bool,
    /// What becomes of resources whose rows are gone, if the file says so.
    pub gone: Option<Gone>,
    /// The targets that it refers to.
    pub refers_to: Vec<String>,
}

impl Target {
    /// An element's path in JSON, by its number.
    pub fn path_of(&self, element: u32) -> String {
        self.elements.get(element as usize).map_or(String::new(), |info| info.path.clone())
    }
}

/// A query and what its columns are.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file.
    pub file: String,
    /// What the engine runs.
    pub query: Query,
    /// Columns `__c0 …`
    pub leaves: Vec<Leaf>,
    /// How many columns `__k0 …` there are.
    pub keys: usize,
    /// How many columns `__g0 …` there are.
    pub groups: usize,
    /// How many columns `__o0 …` there are.
    pub orders: usize,
    /// True if there is a column `__p`.
    pub patient: bool,
    /// The table whose every row is accounted for.
    pub each: Each,
    /// The base tables that are read, also through views.
    pub tables: Vec<String>,
    /// By which columns its rows must come: by key where children are merged, by group, and in these as `@order` says. Ties are
    /// in the order of the rows of `each`; NULLs come last.
    pub sort_by: Vec<SortColumn>,
}

/// A column that rows are sorted by, as text by bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// Its number among the query's columns.
    pub column: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Part {
    /// How many columns the query has.
    pub fn columns(&self) -> usize {
        (self.leaves.len() + self.keys + self.groups + self.orders + usize::from(self.patient)).max(1)
    }

    /// The columns of keys, groups and orders, in this order.
    pub fn key_columns(&self) -> [std::ops::Range<usize>; 3] {
        let (keys, groups) = (self.leaves.len() + self.keys, self.leaves.len() + self.keys + self.groups);
        [self.leaves.len()..keys, keys..groups, groups..groups + self.orders]
    }

    /// The column of the patient.
    pub fn patient_column(&self) -> Option<usize> {
        self.patient.then(|| self.key_columns()[2].end)
    }
}

/// The table whose every row becomes part of a resource, is filtered by the query, or is refused with a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    /// The base table.
    pub table: String,
    /// Its name in the query's FROM, or that of the view or subquery through which it is read, if `@each` says so.
    pub alias: Option<String>,
}

/// A column that the engine computes for items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its SQL.
    pub sql: String,
    /// Where it stands.
    pub place: Place,
    /// The elements that it is used for, by number.
    pub elements: Vec<u32>,
    /// How it is used.
    pub role: LeafRole,
    /// Whether its text is that of one of its columns, and not computed.
    pub is_chosen: bool,
}

/// How a leaf is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafRole {
    /// For a value: any type that an element can be made of.
    Value,
    /// The number of the arm of a CASE, from 0.
    Selector,
}

/// What is known of an element, for people, reports and lineage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementInfo {
    /// Its path as in JSON, `[]` where it repeats by rows: `component[].valueQuantity`.
    pub path: String,
    /// The outermost function, if it is made by one.
    pub function: Option<&'static str>,
    /// The item's SQL; empty for elements that hold others.
    pub sql: String,
    /// 0 for the target's own file, n for its n-th child.
    pub part: usize,
    /// Where the item stands in its file.
    pub place: Place,
    /// The leaves that it is made of.
    pub leaves: Vec<usize>,
}

/// An object of the schema.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its type; of the `id` and extensions beside a primitive, the primitive's.
    pub type_id: TypeId,
    /// Its elements in the schema's order.
    pub members: Vec<Member>,
    /// True if something in it comes from rows.
    pub from_rows: bool,
}

/// An element of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// The element.
    pub element: &'static Element,
    /// Its number in [`Target::elements`].
    pub info: u32,
    /// True if without it the object cannot stand.
    pub required: bool,
    /// True if without it, where the object stands, the row is refused.
    pub demanded: bool,
    /// One for a single element; the entries in their order for a repeating one.
    pub slots: Vec<Entry>,
}

/// One entry of a repeating element, or what a single element is made of.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where entries come from.
    pub from: EntryFrom,
    /// For extensions.
    pub url: Option<Box<str>>,
    /// Where it can be made in several ways (types of a choice, items of one path), each; one may give a value.
    pub alternatives: Vec<Alternative>,
}

/// What rows an entry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFrom {
    /// The resource's row.
    Row,
    /// Each row of the group.
    Group,
    /// Each row of a child file, by number from 0.
    Child(usize),
}

/// One way to make an entry.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its type, if the path says it; else each item does.
    pub type_id: Option<TypeId>,
    /// Its name in JSON, if the type is known.
    pub json_name: &'static str,
    /// Items that give it whole. Several only where at most one has a value in a row.
    pub items: Vec<Item>,
    /// Elements of it (of a primitive: its `id` and extensions). Beside an item: what is added to the item's value.
    pub object: Option<Object>,
}

/// An item of a SELECT.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number in [`Target::elements`].
    pub info: u32,
    /// How its value is made.
    pub give: Give,
    /// True if its failure refuses the row, whatever the schema says.
    pub reject: bool,
    /// The element.
    pub element: &'static Element,
}

/// How a value is made.
#[derive(Clone, Debug)]
pub enum Give {
    /// Always nothing.
    Absent,
    /// A constant.
    Literal(Box<str>, Option<Typed>),
    /// A column.
    Leaf(usize, Option<Typed>),
    /// Texts and columns that are put together.
    Joined(Box<Joined>),
    /// A function.
    Call(Box<Call>),
    /// By the number in a column: the arms of a CASE, of which the last is its ELSE.
    Case(usize, Vec<Give>),
    /// The first that gives a value. What fails before one that gives a value is no failure.
    Coalesce(Vec<Give>),
}

/// Texts and columns that are put together: what SQL's `concat` and `||` do, done where the same columns are met again.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Constants and columns, without types of their own.
    pub parts: Vec<Give>,
    /// True if nothing comes of it where a column is NULL, as of `||`; `concat` passes it over.
    pub needs_all: bool,
    /// As what it is written.
    pub typed: Typed,
}

/// As what a value is written.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    /// Its type.
    pub type_id: TypeId,
    /// The element's name in JSON with a value of this type.
    pub json_name: &'static str,
    /// How it is checked and written; none for a type that only a list or struct column can give.
    pub slot: Option<Slot>,
}

/// A call of a mapping function.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub function: Function,
    /// Its arguments.
    pub arguments: Vec<Give>,
    /// As what its value is written.
    pub typed: Typed,
}

impl Entry {
    /// True if something of it hangs on rows.
    pub fn is_from_rows(&self) -> bool {
        self.from != EntryFrom::Row || self.alternatives.iter().any(Alternative::is_from_rows)
    }
}

impl Alternative {
    /// True if something of it hangs on rows.
    pub fn is_from_rows(&self) -> bool {
        self.items.iter().any(|item| !item.give.is_constant())
            || self.object.as_ref().is_some_and(|object| object.from_rows)
    }
}

impl Call {
    /// The elements that its value always has, where it has one: paths cannot add them.
    pub fn fills(&self) -> &'static [&'static str] {
        match (self.function, self.arguments.len()) {
            (Function::Code, count) => match self.typed.slot.map(|slot| slot.form()) {
                Some(Form::CodeableConcept) if count > 2 => &["coding", "text"],
                Some(Form::CodeableConcept) => &["coding"],
                Some(Form::Coding) if count > 2 => &["system", "code", "display"],
                _ => &["system", "code"],
            },
            (Function::Quantity | Function::Unit, 1) => &["value", "comparator"],
            (Function::Quantity | Function::Unit, _) => &["value", "comparator", "unit", "system", "code"],
            (Function::Range, _) => &["low", "high"],
            (Function::Period, _) => &["start", "end"],
            (Function::Identifier, 2) => &["system", "value"],
            (Function::Identifier, 3) => &["use", "system", "value"],
            (Function::Identifier, _) => &["use", "type", "system", "value"],
            (Function::Name, 1) => &["text"],
            (Function::Name, _) => &["family", "given"],
            (Function::Address, count) => {
                &["line", "city", "district", "state", "postalCode", "country"][..count.min(6)]
            }
            (Function::Ref, _) => &["reference"],
            (Function::Text, _) => &["text"],
            (Function::Number | Function::Date | Function::Instant | Function::AtOffset, _) => &[],
        }
    }
}

impl Give {
    /// The text of a constant.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Give::Literal(text, _) => Some(text),
            _ => None,
        }
    }

    /// True if no row is needed for it.
    pub fn is_constant(&self) -> bool {
        match self {
            Give::Absent | Give::Literal(..) => true,
            Give::Leaf(..) | Give::Joined(_) | Give::Case(..) => false,
            // What a function gives may hang on the source and the day.
            Give::Call(call) => call.arguments.iter().all(Give::is_constant),
            Give::Coalesce(all) => all.iter().all(Give::is_constant),
        }
    }

    /// The columns that it is made of.
    pub fn leaves(&self, into: &mut Vec<usize>) {
        match self {
            Give::Absent | Give::Literal(..) => {}
            Give::Leaf(leaf, _) => into.push(*leaf),
            Give::Joined(joined) => joined.parts.iter().for_each(|give| give.leaves(into)),
            Give::Call(call) => call.arguments.iter().for_each(|give| give.leaves(into)),
            Give::Case(selector, arms) => {
                into.push(*selector);
                for give in arms {
                    give.leaves(into);
                }
            }
            Give::Coalesce(all) => all.iter().for_each(|give| give.leaves(into)),
        }
    }

    /// The calls that give its value.
    pub fn calls<'g>(&'g self, into: &mut Vec<&'g Call>) {
        match self {
            Give::Absent | Give::Literal(..) | Give::Leaf(..) | Give::Joined(_) => {}
            Give::Call(call) => into.push(call),
            Give::Case(_, all) | Give::Coalesce(all) => all.iter().for_each(|give| give.calls(into)),
        }
    }

    /// The function that it is a call of; of a CASE or coalesce, the first one in it.
    pub fn function(&self) -> Option<Function> {
        match self {
            Give::Absent | Give::Literal(..) | Give::Leaf(..) | Give::Joined(_) => None,
            Give::Call(call) => Some(call.function),
            Give::Case(_, all) | Give::Coalesce(all) => all.iter().find_map(Give::function),
        }
    }
}
