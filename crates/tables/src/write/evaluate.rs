//! Elements of rows, written as JSON.
//!
//! Everything goes straight to the end of one buffer. What turns out to be nothing, or not to be, is cut off again: no tree is
//! built, and nothing that FHIR does not allow stays.

use super::check;
use super::column::Column;
use super::machine::{Check, MCall, MEntry, MGive, MItem, MKind, MMember, MObject, MOut, MWay, Shape, ShapeKind};
use super::memo::{Key, Memo};
use super::written::{Failure, Flag, RowRef};
use crate::compile::EntryFrom;
use crate::value::{Argument, Notes, Reason, Value, write_json};

/// Which resources there are, for references.
pub trait Known {
    /// True if a resource is stored, or made in this run. `target` is the name that `ref` has.
    fn is_made(&self, target: &str, id: &str) -> bool;
}

/// Everything is there: references are written as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl Known for Everything {
    fn is_made(&self, _target: &str, _id: &str) -> bool {
        true
    }
}

/// The columns of a batch, as the writer reads them.
#[derive(Clone, Debug)]
pub struct Columns {
    pub values: Vec<Column>,
    pub keys: Vec<Column>,
    pub groups: Vec<Column>,
}

/// The rows of one resource.
#[derive(Clone, Copy)]
pub struct Rows<'r> {
    /// All batches that rows are of.
    pub batches: &'r [Columns],
    /// The rows of the target's own query: one, or those of a group.
    pub own: &'r [RowRef],
    /// For each item of a group, its row; [`NO_ROW`] if no row has a value, or the rows differ.
    pub chosen: Option<&'r [RowRef]>,
    /// The rows of each child file.
    pub children: &'r [Vec<RowRef>],
    pub known: &'r dyn Known,
}

/// In the place of a row: there is none.
pub const NO_ROW: RowRef = RowRef { batch: u32::MAX, row: u32::MAX };
/// The row of constants, which need none.
const CONSTANT_ROW: RowRef = RowRef { batch: u32::MAX, row: 0 };

/// What is written to.
#[derive(Debug, Default)]
pub struct Pen {
    pub json: Vec<u8>,
    pub failures: Vec<Failure>,
    pub flags: Vec<Flag>,
    pub notes: Notes,
    /// True once the row is refused.
    pub refused: bool,
    pub memos: Vec<Memo>,
    /// True while values are only compared: what deserves a look is told when they are written.
    pub compares: bool,
    key: Key,
    scratch: Notes,
    side: Vec<Vec<u8>>,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Written,
    Absent,
    Failed,
}

impl Pen {
    /// A pen with a place for each remembered call.
    pub fn new(memos: Vec<Memo>) -> Pen {
        Pen { memos, ..Pen::default() }
    }

    fn fail(&mut self, element: u32, row: RowRef, text: Option<&str>, reason: Reason) {
        let Reason { code, message } = reason;
        self.failures.push(Failure { element: Some(element), code, message, text: text.map(shown), row });
    }

    fn missing(&mut self, member: &MMember, row: RowRef) {
        let message = format!("`{}` has no value, and without it this cannot stand", member.name);
        self.fail(member.info, row, None, Reason { code: "required-missing", message });
    }
}

/// Texts of failures are cut after so many characters.
const SHOWN_CHARACTERS: usize = 200;

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

impl<'r> Rows<'r> {
    /// The row that an element as a whole is of, for failures.
    fn first(&self) -> RowRef {
        self.own.first().copied().unwrap_or(NO_ROW)
    }

    /// The same for one row.
    fn one(&self, own: &'r [RowRef]) -> Rows<'r> {
        Rows { own, chosen: None, ..*self }
    }

    /// The row that an item takes its value from.
    fn row_of(&self, item: &MItem) -> Option<RowRef> {
        let row = match self.chosen {
            None => self.own[0],
            Some(chosen) => chosen[item.info as usize],
        };
        (row != NO_ROW).then_some(row)
    }
}

/// Writes the members of a resource behind what stands already. False if it cannot stand.
pub fn root(object: &MObject, rows: Rows<'_>, pen: &mut Pen) -> bool {
    let mut stands = true;
    for member in &object.members {
        let before = pen.failures.len();
        if !write_member(member, rows, pen, true) && (member.required || member.demanded) {
            if pen.failures.len() == before {
                pen.missing(member, rows.first());
            }
            stands = false;
        }
    }
    stands && !pen.refused
}

/// Writes an object; false, with nothing written, if it is empty or cannot stand.
fn write_object(object: &MObject, rows: Rows<'_>, pen: &mut Pen) -> bool {
    let start = pen.json.len();
    pen.json.push(b'{');
    let mut follows = false;
    if let Some(url) = &object.url {
        pen.json.extend_from_slice(url.as_bytes());
        follows = true;
    }
    let failures = pen.failures.len();
    let written = write_members(object, rows, pen, follows);
    if !written.stands(object) {
        if let Some(member) = written.missing.filter(|_| written.from_rows && pen.failures.len() == failures) {
            pen.missing(member, rows.first());
        }
        pen.json.truncate(start);
        return false;
    }
    pen.json.push(b'}');
    if let Some(reason) = check::object(object.check, &pen.json[start..]) {
        let info = object.members.first().map_or(0, |member| member.info);
        pen.fail(info, rows.first(), None, reason);
        pen.json.truncate(start);
        return false;
    }
    if let Some(member) = written.demanded {
        pen.missing(member, rows.first());
        pen.refused = true;
    }
    true
}

/// What became of an object's members.
struct Members<'o> {
    any: bool,
    from_rows: bool,
    core: bool,
    missing: Option<&'o MMember>,
    demanded: Option<&'o MMember>,
}

impl Members<'_> {
    /// True if there is something in it, nothing it needs is missing, and not just what qualifies a value that is not there.
    fn stands(&self, object: &MObject) -> bool {
        self.any && self.missing.is_none() && (self.core || self.from_rows || !object.from_rows)
    }
}

fn write_members<'o>(object: &'o MObject, rows: Rows<'_>, pen: &mut Pen, mut follows: bool) -> Members<'o> {
    let mut written = Members { any: false, from_rows: false, core: false, missing: None, demanded: None };
    for member in &object.members {
        if write_member(member, rows, pen, follows) {
            follows = true;
            written.any = true;
            written.from_rows |= member.from_rows;
            written.core |= member.is_core;
        } else if member.required {
            written.missing.get_or_insert(member);
        } else if member.demanded {
            written.demanded.get_or_insert(member);
        }
    }
    written
}

/// Writes an element with its name, and a comma before it if another precedes; false, with nothing written, if it is absent.
fn write_member(member: &MMember, rows: Rows<'_>, pen: &mut Pen, follows: bool) -> bool {
    let start = pen.json.len();
    if follows {
        pen.json.push(b',');
    }
    let written = match &member.kind {
        MKind::Constant(json) => {
            pen.json.extend_from_slice(json.as_bytes());
            true
        }
        MKind::Single(ways) => write_ways(ways, member.info, rows, pen) == Outcome::Written,
        MKind::Array { head, sibling_head, siblings, entries } => {
            pen.json.extend_from_slice(head.as_bytes());
            let first = pen.json.len();
            if *siblings {
                write_siblings(entries, sibling_head, member.info, rows, pen, start + usize::from(follows))
            } else {
                for entry in entries {
                    write_entry(entry, member.info, rows, pen, first);
                }
                let any = pen.json.len() > first;
                pen.json.push(b']');
                any
            }
        }
    };
    if !written {
        pen.json.truncate(start);
    }
    written
}

/// Writes the entries of one source of entries, with commas between; the array's first entry begins at `first`.
fn write_entry(entry: &MEntry, info: u32, rows: Rows<'_>, pen: &mut Pen, first: usize) {
    let mut one = |rows: Rows<'_>| {
        let start = pen.json.len();
        if start > first {
            pen.json.push(b',');
        }
        let before = pen.json.len();
        if write_ways(&entry.ways, info, rows, pen) != Outcome::Written || pen.json.len() == before {
            pen.json.truncate(start);
        }
    };
    match entry.from {
        EntryFrom::Row => one(rows),
        EntryFrom::Group => rows.own.chunks(1).for_each(|row| one(rows.one(row))),
        EntryFrom::Child(child) => {
            let children = rows.children.get(child).map_or(&[][..], Vec::as_slice);
            children.chunks(1).for_each(|row| one(rows.one(row)));
        }
    }
}

/// Primitives whose ids and extensions stand in an array of their own beside them; null holds the place of what is absent.
fn write_siblings(
    entries: &[MEntry],
    sibling_head: &str,
    info: u32,
    rows: Rows<'_>,
    pen: &mut Pen,
    member_start: usize,
) -> bool {
    let mut side = pen.side.pop().unwrap_or_default();
    side.clear();
    let first = pen.json.len();
    let (mut values, mut beside) = (false, false);
    let mut one = |ways: &[MWay], rows: Rows<'_>, pen: &mut Pen| {
        let start = pen.json.len();
        if start > first {
            pen.json.push(b',');
        }
        let value_start = pen.json.len();
        let mut has_value = false;
        for way in ways {
            has_value |= write_items(&way.items, info, rows, pen) == Outcome::Written;
        }
        if !has_value {
            pen.json.truncate(value_start);
            pen.json.extend_from_slice(b"null");
        }
        // The object is written behind, then moved to the side.
        let object_start = pen.json.len();
        let mut has_object = false;
        for object in ways.iter().filter_map(|way| way.object.as_ref()) {
            has_object |= write_object(object, rows, pen);
        }
        let id_alone = !has_value && !check::has_member(&pen.json[object_start..], "extension");
        let has_object = has_object && !id_alone;
        if has_value || has_object {
            if !side.is_empty() {
                side.push(b',');
            }
            if has_object {
                side.extend_from_slice(&pen.json[object_start..]);
            } else {
                side.extend_from_slice(b"null");
            }
            pen.json.truncate(object_start);
            values |= has_value;
            beside |= has_object;
        } else {
            pen.json.truncate(start);
        }
    };
    for entry in entries {
        match entry.from {
            EntryFrom::Row => one(&entry.ways, rows, pen),
            EntryFrom::Group => rows.own.chunks(1).for_each(|row| one(&entry.ways, rows.one(row), pen)),
            EntryFrom::Child(child) => {
                let children = rows.children.get(child).map_or(&[][..], Vec::as_slice);
                children.chunks(1).for_each(|row| one(&entry.ways, rows.one(row), pen));
            }
        }
    }
    if values {
        pen.json.push(b']');
    } else {
        pen.json.truncate(member_start);
    }
    if beside {
        if values {
            pen.json.push(b',');
        }
        pen.json.extend_from_slice(sibling_head.as_bytes());
        pen.json.extend_from_slice(&side);
        pen.json.push(b']');
    }
    pen.side.push(side);
    values || beside
}

/// Writes a value in the way that has one. Two ways that have one are a failure, and nothing is written.
fn write_ways(ways: &[MWay], info: u32, rows: Rows<'_>, pen: &mut Pen) -> Outcome {
    let start = pen.json.len();
    let mut outcome = Outcome::Absent;
    for way in ways {
        let before = pen.json.len();
        match write_way(way, info, rows, pen) {
            Outcome::Written if outcome == Outcome::Written => {
                if pen.json[start..before] == pen.json[before..] {
                    pen.json.truncate(before);
                    continue;
                }
                second_value(ways.iter().flat_map(|way| &way.items), info, rows, pen);
                pen.json.truncate(start);
                return Outcome::Failed;
            }
            Outcome::Absent => {}
            other => outcome = if outcome == Outcome::Written { outcome } else { other },
        }
    }
    outcome
}

fn second_value<'i>(items: impl Iterator<Item = &'i MItem>, info: u32, rows: Rows<'_>, pen: &mut Pen) {
    let reason = Reason {
        code: "second-value",
        message: "there are two different values for an element that has one".to_owned(),
    };
    pen.refused |= items.into_iter().any(|item| item.reject);
    pen.fail(info, rows.first(), None, reason);
}

fn write_way(way: &MWay, info: u32, rows: Rows<'_>, pen: &mut Pen) -> Outcome {
    let start = pen.json.len();
    let value = write_items(&way.items, info, rows, pen);
    let Some(object) = &way.object else { return value };
    if let Some(sibling_head) = &way.sibling_head {
        if value == Outcome::Written {
            pen.json.push(b',');
        }
        pen.json.extend_from_slice(sibling_head.as_bytes());
        let object_start = pen.json.len();
        let written = write_object(object, rows, pen);
        let keeps = written && (value == Outcome::Written || check::has_member(&pen.json[object_start..], "extension"));
        if !keeps {
            let back = object_start - sibling_head.len() - usize::from(value == Outcome::Written);
            pen.json.truncate(back);
            return value;
        }
        return Outcome::Written;
    }
    if value != Outcome::Written {
        if !way.items.is_empty() && !object.stands_alone {
            return value;
        }
        pen.json.extend_from_slice(way.head.as_bytes());
        if write_object(object, rows, pen) {
            return Outcome::Written;
        }
        pen.json.truncate(start);
        return value;
    }
    // What paths add to the object that the item made.
    let clashes: Vec<&str> = if way.may_clash {
        let names = object.members.iter().map(|member| member.name);
        names.filter(|name| check::has_member(&pen.json[start + way.head.len()..], name)).collect()
    } else {
        Vec::new()
    };
    pen.json.pop();
    for member in &object.members {
        if clashes.contains(&member.name) {
            second_value(way.items.iter(), member.info, rows, pen);
        } else if !write_member(member, rows, pen, true) && member.demanded {
            pen.missing(member, rows.first());
            pen.refused = true;
        }
    }
    pen.json.push(b'}');
    Outcome::Written
}

/// Writes the item that has a value.
fn write_items(items: &[MItem], info: u32, rows: Rows<'_>, pen: &mut Pen) -> Outcome {
    let start = pen.json.len();
    let mut outcome = Outcome::Absent;
    for item in items {
        let before = pen.json.len();
        match write_item(item, rows, pen) {
            Outcome::Written if outcome == Outcome::Written => {
                if pen.json[start..before] == pen.json[before..] {
                    pen.json.truncate(before);
                    continue;
                }
                second_value(items.iter(), info, rows, pen);
                pen.json.truncate(start);
                return Outcome::Failed;
            }
            Outcome::Absent => {}
            other => outcome = if outcome == Outcome::Written { outcome } else { other },
        }
    }
    outcome
}

fn write_item(item: &MItem, rows: Rows<'_>, pen: &mut Pen) -> Outcome {
    match rows.row_of(item) {
        Some(row) => write_item_of(item, row, rows.batches, rows.known, pen),
        None => Outcome::Absent,
    }
}

/// Writes the value that an item has in a row. A failure is noted, and refuses the row if the item says so.
pub fn write_item_of(item: &MItem, row: RowRef, batches: &[Columns], known: &dyn Known, pen: &mut Pen) -> Outcome {
    let columns = batches.get(row.batch as usize).map_or(&[][..], |batch| &batch.values);
    let at = row.row as usize;
    let memo = item.memo.filter(|memo| pen.memos[*memo].is_used());
    let memo = memo.filter(|_| pen.key.pack(item.leaves.iter().map(|leaf| columns[*leaf].text(at))));
    if let Some(memo) = memo
        && let Some(json) = pen.memos[memo].get(&pen.key)
    {
        pen.json.extend_from_slice(json);
        return if json.is_empty() { Outcome::Absent } else { Outcome::Written };
    }
    let start = pen.json.len();
    let given = write_give(&item.give, columns, at, known, &mut pen.json, &mut pen.scratch);
    let noted = !pen.scratch.flags.is_empty() || !pen.scratch.unmapped.is_empty();
    if noted {
        let flags = pen.scratch.flags.drain(..);
        let unmapped = std::mem::take(&mut pen.scratch.unmapped);
        if !pen.compares {
            pen.flags.extend(flags.map(|flag| Flag { element: item.info, flag, row }));
            pen.notes.unmapped.merge(unmapped);
        }
    }
    match given {
        Ok(written) => {
            // What is counted each time is not remembered.
            if let Some(memo) = memo.filter(|_| !noted) {
                pen.memos[memo].keep(&pen.key, &pen.json[start..]);
            }
            if written { Outcome::Written } else { Outcome::Absent }
        }
        Err(reason) => {
            pen.json.truncate(start);
            let text = item.leaves.iter().find_map(|leaf| columns[*leaf].text(at));
            pen.fail(item.info, row, text, reason);
            pen.refused |= item.reject;
            Outcome::Failed
        }
    }
}

/// Writes a value with its name; false, with nothing written, if there is none.
fn write_give(
    give: &MGive,
    columns: &[Column],
    row: usize,
    known: &dyn Known,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    let start = out.len();
    let written = match give {
        MGive::Absent | MGive::Text(_) | MGive::Argument(_) => Ok(false),
        MGive::Constant(text, plain) => write_text(plain, Some(text), out, notes),
        MGive::Column(column, plain) => write_text(plain, columns[*column].text(row), out, notes),
        MGive::Shaped(column, shape) => write_shape(shape, &columns[*column], row, out, notes),
        MGive::Call(call) => with_value(call, columns, row, notes, &mut |value| {
            if let (Value::Reference { id, .. }, Some(MGive::Text(target))) = (&value, call.arguments.first())
                && !known.is_made(target, id)
            {
                return Err(Reason {
                    code: "no-such-target",
                    message: format!("no resource is made for this reference to `{target}`"),
                });
            }
            out.extend_from_slice(call.head.as_bytes());
            write_json(&value, &call.slot, out)
        }),
        MGive::Case(selector, arms) => {
            let arm = columns[*selector].text(row).and_then(|arm| arm.parse::<usize>().ok());
            match arm.and_then(|arm| arms.get(arm)) {
                Some(arm) => write_give(arm, columns, row, known, out, notes),
                None => Ok(false),
            }
        }
        MGive::Coalesce(all) => {
            let mut first = None;
            let mut written = false;
            for give in all {
                match write_give(give, columns, row, known, out, notes) {
                    Ok(false) => {}
                    Ok(true) => {
                        written = true;
                        break;
                    }
                    // A later one may have a value: what failed before it is no failure.
                    Err(reason) => {
                        out.truncate(start);
                        first.get_or_insert(reason);
                    }
                }
            }
            match first {
                Some(reason) if !written => Err(reason),
                _ => Ok(written),
            }
        }
    };
    if !matches!(written, Ok(true)) {
        out.truncate(start);
    }
    written
}

fn write_text(plain: &MOut, text: Option<&str>, out: &mut Vec<u8>, notes: &mut Notes) -> Result<bool, Reason> {
    let Some(text) = text else { return Ok(false) };
    let value = plain.prepared.make(&mut [Argument::Text(Some(text))], notes)?;
    if value.is_absent() {
        return Ok(false);
    }
    out.extend_from_slice(plain.head.as_bytes());
    write_json(&value, &plain.slot, out)
}

/// Makes the value of a call and hands it on.
fn with_value(
    call: &MCall,
    columns: &[Column],
    row: usize,
    notes: &mut Notes,
    then: &mut dyn FnMut(Value<'_>) -> Result<bool, Reason>,
) -> Result<bool, Reason> {
    // Few arguments are the rule: they need no memory of their own.
    let value = match call.arguments.as_slice() {
        [a] => call.prepared.make(&mut [argument(a, columns, row, notes)], notes)?,
        [a, b] => {
            let mut both = [argument(a, columns, row, notes), argument(b, columns, row, notes)];
            call.prepared.make(&mut both, notes)?
        }
        [a, b, c] => {
            let mut all =
                [argument(a, columns, row, notes), argument(b, columns, row, notes), argument(c, columns, row, notes)];
            call.prepared.make(&mut all, notes)?
        }
        all => {
            let mut all: Vec<_> = all.iter().map(|give| argument(give, columns, row, notes)).collect();
            call.prepared.make(&mut all, notes)?
        }
    };
    if value.is_absent() { Ok(false) } else { then(value) }
}

fn argument<'a>(give: &'a MGive, columns: &'a [Column], row: usize, notes: &mut Notes) -> Argument<'a> {
    match give {
        MGive::Text(text) | MGive::Constant(text, _) => Argument::Text(Some(text)),
        MGive::Argument(column) | MGive::Column(column, _) => Argument::Text(columns[*column].text(row)),
        MGive::Absent | MGive::Shaped(..) => Argument::Text(None),
        MGive::Call(call) => {
            let mut arguments: Vec<_> = call.arguments.iter().map(|give| argument(give, columns, row, notes)).collect();
            match call.prepared.make(&mut arguments, notes) {
                Ok(value) => Argument::Value(value),
                Err(reason) => Argument::Failed(reason),
            }
        }
        MGive::Case(selector, arms) => {
            let arm = columns[*selector].text(row).and_then(|arm| arm.parse::<usize>().ok());
            arm.and_then(|arm| arms.get(arm)).map_or(Argument::Text(None), |arm| argument(arm, columns, row, notes))
        }
        MGive::Coalesce(all) => {
            let mut failed = None;
            for give in all {
                match argument(give, columns, row, notes) {
                    Argument::Text(None) | Argument::Value(Value::Absent) => {}
                    Argument::Failed(reason) => {
                        failed.get_or_insert(reason);
                    }
                    there => return there,
                }
            }
            failed.map_or(Argument::Text(None), Argument::Failed)
        }
    }
}

/// Writes a list's entries with commas between, a struct as an object, or a text.
fn write_shape(
    shape: &Shape,
    column: &Column,
    row: usize,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    let start = out.len();
    out.extend_from_slice(shape.head.as_bytes());
    let written = match &shape.kind {
        ShapeKind::Text(plain) => match column.text(row) {
            None => Ok(false),
            Some(text) => {
                let (prepared, slot) = &**plain;
                let value = prepared.make(&mut [Argument::Text(Some(text))], notes)?;
                write_json(&value, slot, out)
            }
        },
        ShapeKind::List(entry) => write_list(entry, !shape.head.is_empty(), column, row, out, notes),
        ShapeKind::Object { fields, required, check } => match column.fields(row) {
            None => Ok(false),
            Some(columns) => {
                out.push(b'{');
                let first = out.len();
                let mut absent = None;
                for (order, (at, field)) in fields.iter().enumerate() {
                    let before = out.len();
                    if before > first {
                        out.push(b',');
                    }
                    if !write_shape(field, &columns[*at], row, out, notes)? {
                        out.truncate(before);
                        absent = absent.or_else(|| required.iter().find(|(needed, _)| *needed == order));
                    }
                }
                let any = out.len() > first;
                out.push(b'}');
                match (any, absent) {
                    (true, Some((_, name))) => Err(Reason {
                        code: "required-missing",
                        message: format!(
                            "`{name}` has no value in an entry of the list, and without it the entry cannot stand"
                        ),
                    }),
                    (true, None) => match check::object(*check, &out[first - 1..]) {
                        Some(reason) => Err(reason),
                        None => Ok(true),
                    },
                    (false, _) => Ok(false),
                }
            }
        },
    };
    if !matches!(written, Ok(true)) {
        out.truncate(start);
    }
    written
}

/// A list in brackets of its own, or for the array that is being written.
fn write_list(
    entry: &Shape,
    brackets: bool,
    column: &Column,
    row: usize,
    out: &mut Vec<u8>,
    notes: &mut Notes,
) -> Result<bool, Reason> {
    if brackets {
        out.push(b'[');
    }
    let first = out.len();
    let (range, entries) = match column {
        Column::List { .. } => match column.list(row) {
            Some(list) => list,
            None => return Ok(false),
        },
        single => (row..row + 1, single),
    };
    for at in range {
        let before = out.len();
        if before > first {
            out.push(b',');
        }
        if !write_shape(entry, entries, at, out, notes)? {
            out.truncate(before);
        }
    }
    let any = out.len() > first;
    if brackets {
        out.push(b']');
    }
    Ok(any)
}

impl MObject {
    /// The items of an object that are not for each row of a group or child file.
    pub fn single_items<'o>(&'o self, into: &mut Vec<&'o MItem>) {
        for member in &self.members {
            let ways: Vec<&MWay> = match &member.kind {
                MKind::Constant(_) => continue,
                MKind::Single(ways) => ways.iter().collect(),
                MKind::Array { entries, .. } => {
                    entries.iter().filter(|entry| entry.from == EntryFrom::Row).flat_map(|entry| &entry.ways).collect()
                }
            };
            for way in ways {
                into.extend(&way.items);
                if let Some(object) = &way.object {
                    object.single_items(into);
                }
            }
        }
    }

    /// Makes members that are the same for all rows constants.
    pub fn fold(&mut self, known: &dyn Known, pen: &mut Pen) {
        for member in &mut self.members {
            if !member.from_rows && !has_reference(&member.kind) {
                pen.json.clear();
                let nothing = Rows { batches: &[], own: &[CONSTANT_ROW], chosen: None, children: &[], known };
                let written = write_member(member, nothing, pen, false);
                let clean = pen.failures.is_empty() && pen.flags.is_empty() && pen.notes.unmapped.is_empty();
                if written
                    && clean
                    && let Ok(json) = std::str::from_utf8(&pen.json)
                {
                    member.kind = MKind::Constant(json.into());
                }
                pen.failures.clear();
                pen.flags.clear();
                pen.notes = Notes::default();
                pen.refused = false;
                continue;
            }
            let ways: Vec<&mut MWay> = match &mut member.kind {
                MKind::Constant(_) => continue,
                MKind::Single(ways) => ways.iter_mut().collect(),
                MKind::Array { entries, .. } => entries.iter_mut().flat_map(|entry| &mut entry.ways).collect(),
            };
            for object in ways.into_iter().filter_map(|way| way.object.as_mut()) {
                object.fold(known, pen);
            }
        }
        pen.json.clear();
    }
}

/// True if there is a `ref` in it: whether that is written is decided in each run.
fn has_reference(kind: &MKind) -> bool {
    fn in_give(give: &MGive) -> bool {
        match give {
            MGive::Call(call) => call.is_reference,
            MGive::Case(_, all) | MGive::Coalesce(all) => all.iter().any(in_give),
            _ => false,
        }
    }
    fn in_ways(ways: &[MWay]) -> bool {
        ways.iter().any(|way| {
            way.items.iter().any(|item| in_give(&item.give))
                || way
                    .object
                    .as_ref()
                    .is_some_and(|object| object.members.iter().any(|member| has_reference(&member.kind)))
        })
    }
    match kind {
        MKind::Constant(_) => false,
        MKind::Single(ways) => in_ways(ways),
        MKind::Array { entries, .. } => entries.iter().any(|entry| in_ways(&entry.ways)),
    }
}

impl Check {
    /// True if something is looked at.
    pub fn is_any(self) -> bool {
        !matches!(self, Check::Nothing | Check::Sibling)
    }
}
