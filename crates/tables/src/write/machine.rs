//! A target's tree made ready: names as they are written, calls prepared, columns known.

use super::column::{ARMS_SPELLED, can_be_read};
use super::memo::{CELLS, Memo};
use crate::compile::{self, Alternative, Call, ElementInfo, EntryFrom, Give, LeafRole, Object, Part, Target, Typed};
use crate::mapping::{Place, Problem, Problems, did_you_mean, in_order};
use crate::pull;
use crate::value::{self, Context, Form, Function, NumberStyle, Prepared, Slot};
use arrow_schema::{DataType, Field, Schema};
use fhir::schema::{CodeList, Element, TypeId, TypeInfo, TypeKind, r4};

/// An object that rows fill.
#[derive(Clone, Debug)]
pub struct MObject {
    pub members: Vec<MMember>,
    /// True if something in it comes from rows: then it stands only with something from a row.
    pub from_rows: bool,
    /// `"url":"…"` of an extension.
    pub url: Option<Box<str>>,
    /// What is looked at when it is whole.
    pub check: Check,
    /// True if it may stand without the item that it is added to.
    pub stands_alone: bool,
}

/// What is looked at when an object of path items is whole.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    Nothing,
    /// A CodeableConcept whose codings must agree with a required list.
    Concept(&'static CodeList),
    /// A Coding that must agree with a required list.
    Coding(&'static CodeList),
    /// A Reference whose text was given.
    Reference,
    /// A Period, whose end must not lie before its start.
    Period,
    /// What stands beside a primitive: an id alone needs the value.
    Sibling,
}

impl Check {
    /// True if something is looked at for which the object cannot stand.
    pub fn is_any(self) -> bool {
        !matches!(self, Check::Nothing | Check::Sibling | Check::Period)
    }
}

#[derive(Clone, Debug)]
pub struct MMember {
    pub info: u32,
    pub name: &'static str,
    pub required: bool,
    pub demanded: bool,
    pub from_rows: bool,
    /// True unless it only qualifies a value of its owner's type: the `system` of an identifier, the `unit` of a quantity.
    pub is_core: bool,
    pub kind: MKind,
    /// Where what is made of a row is remembered as a whole; none if it is not worth it.
    pub memory: Option<Memory>,
}

/// Which cells a value is made of, and where what was made of them is remembered.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The columns, [`CELLS`] at most.
    pub leaves: Box<[usize]>,
    /// The place among the memos.
    pub memo: usize,
}

#[derive(Clone, Debug)]
pub enum MKind {
    /// The same for all rows, with its name.
    Constant(Box<str>),
    /// One value.
    Single(Vec<MWay>),
    /// Entries of an array. With `siblings`, primitives whose ids and extensions stand in an array of their own.
    Array { head: Box<str>, sibling_head: Box<str>, siblings: bool, entries: Vec<MEntry> },
}

#[derive(Clone, Debug)]
pub struct MEntry {
    pub from: EntryFrom,
    pub ways: Vec<MWay>,
}

/// One way to make a value.
#[derive(Clone, Debug)]
pub struct MWay {
    pub items: Vec<MItem>,
    pub object: Option<MObject>,
    /// `"name":` of the object; empty in arrays.
    pub head: Box<str>,
    /// `"_name":` for what stands beside a primitive; none if this is no primitive.
    pub sibling_head: Option<Box<str>>,
    /// True if what an item gives may have elements that the object has too.
    pub may_clash: bool,
}

#[derive(Clone, Debug)]
pub struct MItem {
    pub info: u32,
    pub reject: bool,
    pub give: MGive,
    /// The columns, for remembering and for messages.
    pub leaves: Box<[usize]>,
    /// Where its value is remembered; none if it is not worth it.
    pub memory: Option<Memory>,
    /// True if its values are counted: how many could not be read, or be anything at all, is told beside how many could.
    pub is_counted: bool,
}

#[derive(Clone, Debug)]
pub enum MGive {
    Absent,
    /// A constant as an argument.
    Text(Box<str>),
    /// A column as an argument.
    Argument(usize),
    /// A constant as an element.
    Constant(Box<str>, Box<MOut>),
    /// A column as an element.
    Column(usize, Box<MOut>),
    /// Texts and columns that are put together.
    Joined(Box<MJoined>),
    /// A list or struct column.
    Shaped(usize, Box<Shape>),
    Call(Box<MCall>),
    Case(usize, Vec<MGive>),
    Coalesce(Vec<MGive>),
}

impl MGive {
    /// Arms of the CASE in it that has most.
    fn arms(&self) -> usize {
        let most = |all: &[MGive]| all.iter().map(MGive::arms).max().unwrap_or(0);
        match self {
            MGive::Case(_, arms) => arms.len().max(most(arms)),
            MGive::Coalesce(all) => most(all),
            MGive::Call(call) => most(&call.arguments),
            _ => 0,
        }
    }

    /// True if something that cannot be read as a number or a moment may be passed over for another value.
    fn may_fall_back(&self) -> bool {
        match self {
            MGive::Coalesce(all) => {
                let before_last = &all[..all.len().saturating_sub(1)];
                before_last.iter().any(MGive::reads) || all.iter().any(MGive::may_fall_back)
            }
            MGive::Call(call) => call.arguments.iter().any(MGive::may_fall_back),
            MGive::Case(_, all) => all.iter().any(MGive::may_fall_back),
            _ => false,
        }
    }

    /// True if a text of a row may be none of what the element is.
    fn may_fail(&self) -> bool {
        match self {
            MGive::Call(_) => true,
            MGive::Column(_, out) => out.slot.form() != Form::Text,
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(MGive::may_fail),
            _ => false,
        }
    }

    /// True if there is a function in it that reads numbers or moments.
    fn reads(&self) -> bool {
        match self {
            MGive::Call(call) => {
                use Function::{AtOffset, Date, Instant, Number, Period, Quantity};
                matches!(call.function, Quantity | Number | Date | Instant | Period | AtOffset)
                    || call.arguments.iter().any(MGive::reads)
            }
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(MGive::reads),
            _ => false,
        }
    }

    /// True if there is a `ref` to a target in it.
    fn refers_to(&self, target: &str) -> bool {
        match self {
            MGive::Call(call) => {
                let is_named = matches!(call.arguments.first(), Some(MGive::Text(name)) if **name == *target);
                call.is_reference() && is_named || call.arguments.iter().any(|give| give.refers_to(target))
            }
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(|give| give.refers_to(target)),
            _ => false,
        }
    }

    /// True if a function has a part in it.
    fn is_call(&self) -> bool {
        match self {
            MGive::Call(_) => true,
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(MGive::is_call),
            _ => false,
        }
    }
}

impl MObject {
    /// True if values of something in it are counted.
    pub fn counts_values(&self) -> bool {
        let mut counts = false;
        for member in &self.members {
            member.each_way(&mut |_, way| counts |= way.items.iter().any(|item| item.is_counted));
        }
        counts
    }
}

impl MMember {
    /// Goes through all its ways, and those of the objects in it, each with what its entry is made of.
    fn each_way(&self, with: &mut dyn FnMut(EntryFrom, &MWay)) {
        let mut one = |from, way: &MWay| {
            with(from, way);
            for member in way.object.iter().flat_map(|object| &object.members) {
                member.each_way(with);
            }
        };
        match &self.kind {
            MKind::Constant(_) => {}
            MKind::Single(ways) => {
                for way in ways {
                    one(EntryFrom::Row, way);
                }
            }
            MKind::Array { entries, .. } => {
                for entry in entries {
                    for way in &entry.ways {
                        one(entry.from, way);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
pub struct MJoined {
    pub parts: Vec<MGive>,
    /// True if nothing comes of it where a column is NULL.
    pub needs_all: bool,
    pub out: MOut,
}

/// How plain text is written as an element.
#[derive(Clone, Debug)]
pub struct MOut {
    pub head: Box<str>,
    pub prepared: Prepared,
    pub slot: Slot,
}

#[derive(Clone, Debug)]
pub struct MCall {
    pub head: Box<str>,
    pub prepared: Prepared,
    pub slot: Slot,
    pub arguments: Vec<MGive>,
    pub function: Function,
}

impl MCall {
    /// True for `ref`.
    pub fn is_reference(&self) -> bool {
        self.function == Function::Ref
    }
}

/// How a list or struct is written.
#[derive(Clone, Debug)]
pub struct Shape {
    /// `"name":`; empty in arrays.
    pub head: Box<str>,
    pub kind: ShapeKind,
}

#[derive(Clone, Debug)]
pub enum ShapeKind {
    Text(Box<(Prepared, Slot)>),
    List(Box<Shape>),
    Object { fields: Vec<(usize, Shape)>, required: Vec<(usize, &'static str)>, check: Check },
}

/// What is made while a machine is built.
pub struct Builder<'a> {
    target: &'a Target,
    context: &'a Context,
    /// The types of the parts' columns.
    schemas: &'a [&'a Schema],
    files: Vec<&'a str>,
    found: Vec<Problem>,
    memos: Vec<Memo>,
    /// Items that must be the same in all rows of a group.
    in_array: bool,
}

impl<'a> Builder<'a> {
    /// The machine of a target, for columns of these types.
    ///
    /// # Errors
    /// Columns that cannot be what their elements are.
    pub fn build(
        target: &'a Target,
        context: &'a Context,
        schemas: &'a [&'a Schema],
    ) -> Result<(MObject, Vec<Memo>), Vec<Problem>> {
        let parts: Vec<&Part> = std::iter::once(&target.main).chain(&target.children).collect();
        let files = parts.iter().map(|part| part.file.as_str()).collect();
        let mut builder =
            Builder { target, context, schemas, files, found: Vec::new(), memos: Vec::new(), in_array: false };
        if schemas.len() != parts.len() {
            let message = format!("`{}` has {} queries, not {}", target.name, parts.len(), schemas.len());
            Problems::new(&target.main.file, &mut builder.found).add(Place::START, message);
            return Err(builder.found);
        }
        for (at, part) in parts.iter().enumerate() {
            builder.check_columns(part, schemas[at]);
        }
        if !builder.found.is_empty() {
            return Err(in_order(builder.found));
        }
        let root = builder.object(&target.root, None, Check::Nothing, false);
        if builder.found.is_empty() { Ok((root, builder.memos)) } else { Err(in_order(builder.found)) }
    }

    fn check_columns(&mut self, part: &Part, schema: &Schema) {
        let mut problems = Problems::new(&part.file, &mut self.found);
        let expected = part.columns();
        if schema.fields().len() < expected {
            let message = format!("the query must give {expected} columns, it gives {}", schema.fields().len());
            problems.add(Place::START, message);
            return;
        }
        for (leaf, field) in part.leaves.iter().zip(schema.fields()) {
            if !can_be_read(field.data_type()) {
                let hint = "CAST it to VARCHAR or another simple type".to_owned();
                let message = format!("a column of type {} cannot be written", field.data_type());
                problems.hint(leaf.place, message, hint);
            } else if leaf.role == LeafRole::Value && is_nested(field.data_type()) && leaf.elements.is_empty() {
                problems.add(leaf.place, "a list or struct cannot be an argument of a function");
            }
        }
    }

    fn info(&self, number: u32) -> &'a ElementInfo {
        &self.target.elements[number as usize]
    }

    fn problem(&mut self, info: u32, message: String, hint: Option<String>) {
        let info = self.info(info);
        Problems::new(self.files[info.part], &mut self.found).hint(info.place, message, hint);
    }

    fn object(&mut self, object: &'a Object, url: Option<&str>, check: Check, in_sibling: bool) -> MObject {
        let info = r4().info(object.type_id);
        let members = object.members.iter().map(|member| self.member(member, info)).collect();
        let stands_alone = !info.elements.iter().any(|element| element.min > 0) || in_sibling;
        let url = url.map(|url| {
            let mut text = "\"url\":".to_owned();
            fhir::json::escape_into(&mut text, url);
            text.into()
        });
        MObject { members, from_rows: object.from_rows, url, check, stands_alone }
    }

    fn member(&mut self, member: &'a compile::Member, owner: &TypeInfo) -> MMember {
        let element = member.element;
        let from_rows = member.slots.iter().any(compile::Entry::is_from_rows);
        let kind = if element.repeats() {
            let outer = std::mem::replace(&mut self.in_array, true);
            let entry = |builder: &mut Self, entry: &'a compile::Entry| MEntry {
                from: entry.from,
                ways: entry.alternatives.iter().map(|way| builder.way(way, element, entry.url.as_deref())).collect(),
            };
            let entries: Vec<MEntry> = member.slots.iter().map(|slot| entry(self, slot)).collect();
            self.in_array = outer;
            let siblings = entries
                .iter()
                .flat_map(|entry| &entry.ways)
                .any(|way| way.sibling_head.is_some() && way.object.is_some());
            MKind::Array {
                head: format!("\"{}\":[", element.name).into(),
                sibling_head: format!("\"_{}\":[", element.name).into(),
                siblings,
                entries,
            }
        } else {
            let outer = std::mem::replace(&mut self.in_array, false);
            let ways = member
                .slots
                .iter()
                .flat_map(|slot| slot.alternatives.iter().map(move |way| (way, slot.url.as_deref())));
            let ways = ways.map(|(way, url)| self.way(way, element, url)).collect();
            self.in_array = outer;
            MKind::Single(ways)
        };
        let mut made = MMember {
            info: member.info,
            name: element.name,
            required: member.required,
            demanded: member.demanded,
            from_rows,
            is_core: !qualifies(owner.name, element.name),
            kind,
            memory: None,
        };
        made.memory = self.memory_of(&made);
        made
    }

    /// Where a member is remembered as a whole: if it is made of few cells of one row, and not of plain text alone, which is
    /// written faster than it is found again. An item whose values are counted
    /// is remembered by itself.
    fn memory_of(&mut self, member: &MMember) -> Option<Memory> {
        let mut items = Vec::new();
        let mut by_row = member.from_rows;
        let (mut is_worth, mut counts) = (false, false);
        member.each_way(&mut |from, way| {
            by_row &= from == EntryFrom::Row;
            is_worth |= way.object.is_some();
            is_worth |= way.items.iter().any(|item| item.give.is_call());
            counts |= way.items.iter().any(|item| item.is_counted);
            items.extend(way.items.iter().map(|item| (item.info, self.can_be_remembered(item.info, &item.give))));
        });
        if !by_row || !is_worth || counts || items.iter().any(|(_, can_be)| !can_be) {
            return None;
        }
        let leaves = items.iter().flat_map(|(info, _)| &self.info(*info).leaves).copied().collect();
        self.remember(leaves)
    }

    /// True if nothing that an element is made of is a list or struct, or one of more arms than are told apart, or refers to
    /// the target's own resources, of which there are more with each row.
    fn can_be_remembered(&self, info: u32, give: &MGive) -> bool {
        let info = self.info(info);
        let is_nested = |leaf: &usize| is_nested(self.schemas[info.part].field(*leaf).data_type());
        give.arms() <= ARMS_SPELLED && !give.refers_to(&self.target.name) && !info.leaves.iter().any(is_nested)
    }

    fn remember(&mut self, mut leaves: Vec<usize>) -> Option<Memory> {
        leaves.sort_unstable();
        leaves.dedup();
        if leaves.is_empty() || leaves.len() > CELLS {
            return None;
        }
        self.memos.push(Memo::default());
        Some(Memory { leaves: leaves.into(), memo: self.memos.len() - 1 })
    }

    fn way(&mut self, way: &'a Alternative, element: &'static Element, url: Option<&str>) -> MWay {
        let in_array = self.in_array;
        let type_id = way.type_id;
        let is_primitive = type_id.is_some_and(|type_id| r4().info(type_id).kind == TypeKind::Primitive);
        let check = match type_id.map(|type_id| r4().name(type_id)) {
            _ if is_primitive => Check::Sibling,
            Some("CodeableConcept") => element.binding.map_or(Check::Nothing, Check::Concept),
            Some("Coding") => element.binding.map_or(Check::Nothing, Check::Coding),
            Some("Reference") => Check::Reference,
            Some("Period") => Check::Period,
            _ => Check::Nothing,
        };
        let items = way.items.iter().map(|item| self.item(item)).collect();
        let object = way.object.as_ref().map(|object| self.object(object, url, check, is_primitive));
        let head = |prefix: &str| if in_array { "".into() } else { format!("\"{prefix}{}\":", way.json_name).into() };
        MWay {
            items,
            object,
            head: head(""),
            sibling_head: is_primitive.then(|| head("_")),
            may_clash: way.items.iter().any(|item| item.give.function() == Some(Function::Code)),
        }
    }

    fn item(&mut self, item: &'a compile::Item) -> MItem {
        let info = self.info(item.info);
        let part = info.part;
        let give = self.give(&item.give, part, item.info, item.element);
        // Plain text is written faster than it is found again.
        let worth = (item.give.function().is_some() || give.is_call()) && self.can_be_remembered(item.info, &give);
        let memory = if worth { self.remember(info.leaves.clone()) } else { None };
        let is_counted = give.may_fall_back() || (!info.leaves.is_empty() && give.may_fail());
        MItem { info: item.info, reject: item.reject, give, leaves: info.leaves.clone().into(), memory, is_counted }
    }

    fn head(&self, typed: &Typed) -> Box<str> {
        if self.in_array || typed.json_name.is_empty() { "".into() } else { format!("\"{}\":", typed.json_name).into() }
    }

    fn give(&mut self, give: &'a Give, part: usize, info: u32, element: &'static Element) -> MGive {
        match give {
            Give::Absent => MGive::Absent,
            Give::Literal(text, None) => MGive::Text(text.clone()),
            Give::Leaf(leaf, None) => {
                if is_nested(self.schemas[part].field(*leaf).data_type()) {
                    self.problem(info, "a list or struct cannot be an argument of a function".to_owned(), None);
                }
                MGive::Argument(*leaf)
            }
            Give::Literal(text, Some(typed)) => match self.out(typed, &DataType::Utf8, info) {
                Some(out) if out.slot.form() == Form::Uri => {
                    MGive::Constant(self.context.address(text).into(), Box::new(out))
                }
                Some(out) => MGive::Constant(text.clone(), Box::new(out)),
                None => MGive::Absent,
            },
            Give::Leaf(leaf, Some(typed)) => {
                let field = self.schemas[part].field(*leaf);
                if is_nested(field.data_type()) {
                    return match self.shape(field.data_type(), typed, element, info, self.in_array) {
                        Some(shape) => MGive::Shaped(*leaf, Box::new(shape)),
                        None => MGive::Absent,
                    };
                }
                match self.out(typed, field.data_type(), info) {
                    Some(out) => MGive::Column(*leaf, Box::new(out)),
                    None => MGive::Absent,
                }
            }
            Give::Joined(joined) => match self.out(&joined.typed, &DataType::Utf8View, info) {
                Some(out) => {
                    let parts = joined.parts.iter().map(|give| self.give(give, part, info, element)).collect();
                    MGive::Joined(Box::new(MJoined { parts, needs_all: joined.needs_all, out }))
                }
                None => MGive::Absent,
            },
            Give::Call(call) => self.call(call, part, info, element),
            Give::Case(selector, arms) => {
                MGive::Case(*selector, arms.iter().map(|arm| self.give(arm, part, info, element)).collect())
            }
            Give::Coalesce(all) => {
                MGive::Coalesce(all.iter().map(|give| self.give(give, part, info, element)).collect())
            }
        }
    }

    fn call(&mut self, call: &'a Call, part: usize, info: u32, element: &'static Element) -> MGive {
        let literals = compile::literals(&call.arguments);
        let Some(slot) = call.typed.slot else { return MGive::Absent };
        let spelled;
        let context = match call.arguments.first() {
            Some(number) if self.has_points(number, part) => {
                spelled = Context { numbers: NumberStyle::default(), ..self.context.clone() };
                &spelled
            }
            _ => self.context,
        };
        match value::prepare(call.function, &slot, &literals, context) {
            Ok(prepared) => {
                let arguments = call.arguments.iter().map(|give| self.give(give, part, info, element)).collect();
                MGive::Call(Box::new(MCall {
                    head: self.head(&call.typed),
                    prepared,
                    slot,
                    arguments,
                    function: call.function,
                }))
            }
            Err(message) => {
                self.problem(info, message, None);
                MGive::Absent
            }
        }
    }

    /// Whether numbers that are declared to have commas have points here: computed by SQL, or spelled by a database.
    fn has_points(&self, give: &Give, part: usize) -> bool {
        if self.context.numbers == NumberStyle::default() {
            return false;
        }
        match give {
            Give::Leaf(leaf, None) => pull::has_points(self.schemas[part].field(*leaf)),
            Give::Case(_, arms) | Give::Coalesce(arms) => {
                let mut arms = arms.iter().filter(|arm| !matches!(arm, Give::Absent)).peekable();
                arms.peek().is_some() && arms.all(|arm| self.has_points(arm, part))
            }
            _ => false,
        }
    }

    /// Plain text of a column. A moment without a zone, which FHIR does not have, is read in the mapping's zone.
    fn out(&mut self, typed: &Typed, data_type: &DataType, info: u32) -> Option<MOut> {
        let prepared = match (typed.slot, data_type) {
            (Some(slot), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) => {
                let function = match slot.form() {
                    Form::Date => Some(Function::Date),
                    Form::DateTime | Form::Instant => Some(Function::Instant),
                    _ => None,
                };
                match function {
                    Some(function) => value::prepare(function, &slot, &[None], self.context),
                    None => value::prepare_plain(&slot, self.context),
                }
            }
            (Some(slot), _) => value::prepare_plain(&slot, self.context),
            (None, _) => Err(format!("plain SQL is no {}: name its elements", r4().name(typed.type_id))),
        };
        match (prepared, typed.slot) {
            (Ok(prepared), Some(slot)) => Some(MOut { head: self.head(typed), prepared, slot }),
            (Err(message), _) => {
                self.problem(info, message, None);
                None
            }
            (Ok(_), None) => None,
        }
    }

    /// A list or struct column as an element.
    fn shape(
        &mut self,
        data_type: &DataType,
        typed: &Typed,
        element: &'static Element,
        info: u32,
        is_entry: bool,
    ) -> Option<Shape> {
        let head = self.head(typed);
        match list_entry(data_type) {
            Some(entry) => {
                if !is_entry {
                    let message = format!("`{}` occurs once, and this column is a list", element.name);
                    self.problem(info, message, Some("take one of its entries".to_owned()));
                    return None;
                }
                let kind = self.shape_of(entry.data_type(), typed.type_id, element, info)?;
                Some(Shape { head: "".into(), kind: ShapeKind::List(Box::new(Shape { head: "".into(), kind })) })
            }
            None => Some(Shape { head, kind: self.shape_of(data_type, typed.type_id, element, info)? }),
        }
    }

    fn shape_of(
        &mut self,
        data_type: &DataType,
        type_id: TypeId,
        element: &'static Element,
        info: u32,
    ) -> Option<ShapeKind> {
        let schema = r4();
        let type_info = schema.info(type_id);
        let DataType::Struct(fields) = data_type else {
            if is_nested(data_type) {
                self.problem(info, format!("`{}` cannot be a list of lists", element.name), None);
                return None;
            }
            let Some(slot) =
                Slot::of_element(element, type_info.name).filter(|_| type_info.kind == TypeKind::Primitive)
            else {
                let hint = "make its entries with named_struct('element', value, …)".to_owned();
                self.problem(info, format!("`{}` is a {}, no text", element.name, type_info.name), Some(hint));
                return None;
            };
            let prepared = value::prepare_plain(&slot, self.context).ok()?;
            return Some(ShapeKind::Text(Box::new((prepared, slot))));
        };
        if type_info.kind == TypeKind::Primitive || type_info.kind == TypeKind::Resource {
            self.problem(info, format!("`{}` is a {}, no struct", element.name, type_info.name), None);
            return None;
        }
        let mut shapes = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            if let Some((order, shape)) = self.field(field, type_id, info) {
                shapes.push((order, at, shape));
            }
        }
        shapes.sort_by_key(|(order, ..)| *order);
        let orders: Vec<usize> = shapes.iter().map(|(order, ..)| *order).collect();
        if let Some(twice) = orders.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = type_info.elements[twice[0]].name;
            self.problem(info, format!("the struct has `{name}` twice"), None);
        }
        let mut required = Vec::new();
        for (order, needed) in type_info.elements.iter().enumerate().filter(|(_, element)| element.min > 0) {
            match orders.iter().position(|there| *there == order) {
                Some(at) => required.push((at, needed.name)),
                None => {
                    let message = format!("a {} needs `{}`, and the struct has none", type_info.name, needed.name);
                    self.problem(info, message, None);
                }
            }
        }
        let check = match type_info.name {
            "CodeableConcept" => element.binding.map_or(Check::Nothing, Check::Concept),
            "Coding" => element.binding.map_or(Check::Nothing, Check::Coding),
            "Reference" => Check::Reference,
            "Period" => Check::Period,
            _ => Check::Nothing,
        };
        let fields = shapes.into_iter().map(|(_, at, shape)| (at, shape)).collect();
        Some(ShapeKind::Object { fields, required, check })
    }

    /// A field of a struct: an element of one level, by its name in JSON.
    fn field(&mut self, field: &Field, owner: TypeId, info: u32) -> Option<(usize, Shape)> {
        let schema = r4();
        let owner_info = schema.info(owner);
        let found = schema.element_index(owner, field.name()).or_else(|| {
            // Names of struct fields may come in lower case.
            let same = |element: &Element, type_id: TypeId| {
                let json_name = schema.json_name(owner, element, type_id);
                json_name.is_some_and(|name| name.eq_ignore_ascii_case(field.name()))
            };
            owner_info.elements.iter().enumerate().find_map(|(at, element)| {
                element.types.iter().find(|type_id| same(element, **type_id)).map(|type_id| (at, *type_id))
            })
        });
        let Some((at, type_id)) = found else {
            let names = owner_info.elements.iter().map(|element| element.name);
            let hint = did_you_mean(field.name(), names);
            self.problem(
                info,
                format!("{} has no element `{}`, as the struct has", owner_info.name, field.name()),
                hint,
            );
            return None;
        };
        let element = &owner_info.elements[at];
        let json_name = schema.json_name(owner, element, type_id)?;
        let typed = Typed { type_id, json_name, slot: Slot::of_element(element, owner_info_name(type_id)) };
        let head: Box<str> = format!("\"{json_name}\":").into();
        let outer = std::mem::replace(&mut self.in_array, element.repeats());
        let shape = match list_entry(field.data_type()) {
            Some(_) => self.shape(field.data_type(), &typed, element, info, element.repeats()),
            None => {
                self.shape_of(field.data_type(), type_id, element, info).map(|kind| Shape { head: "".into(), kind })
            }
        };
        self.in_array = outer;
        let mut shape = shape?;
        if element.repeats() && !matches!(shape.kind, ShapeKind::List(_)) {
            // One value where JSON has an array: a list of one.
            shape = Shape { head: "".into(), kind: ShapeKind::List(Box::new(shape)) };
        }
        shape.head = head;
        Some((at, shape))
    }
}

/// True for an element that says something about a value and is none: alone, as a constant, it stands for nothing.
fn qualifies(owner: &str, element: &str) -> bool {
    match owner {
        "Identifier" => matches!(element, "use" | "type" | "system"),
        "ContactPoint" => matches!(element, "use" | "system" | "rank"),
        "Quantity" | "Age" | "Duration" | "Distance" | "Count" | "Money" => {
            matches!(element, "comparator" | "unit" | "system" | "code" | "currency")
        }
        "Coding" => matches!(element, "system" | "version" | "userSelected"),
        "HumanName" => element == "use",
        "Address" => matches!(element, "use" | "type" | "country"),
        "Reference" => element == "type",
        "Attachment" => matches!(element, "contentType" | "language"),
        _ => false,
    }
}

fn owner_info_name(type_id: TypeId) -> &'static str {
    r4().name(type_id)
}

fn is_nested(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Struct(_)) || list_entry(data_type).is_some()
}

fn list_entry(data_type: &DataType) -> Option<&Field> {
    match data_type {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => Some(field),
        _ => None,
    }
}
