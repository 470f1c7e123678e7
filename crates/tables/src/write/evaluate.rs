//! Elements of rows, written as JSON.
//!
//! Everything goes straight to the end of one buffer. What turns out to be nothing, or not to be, is cut off again: no tree is
//! built, and nothing that FHIR does not allow stays.

use super::check;
use super::column::Column;
use super::give::{text_of, write_give};
use super::machine::{Check, MEntry, MItem, MKind, MMember, MObject, MWay, Memory};
use super::memo::{CELLS, Look, Memo, Told};
use super::passed_over::is_passed_over;
use super::written::{Failure, Flag, RowRef};
use crate::compile::EntryFrom;
use crate::value::{Notes, Reason};

/// Which resources there are, for references.
pub trait Known {
    /// True if a resource is stored, or made in this run. `target` is the name that `ref` has.
    fn is_made(&self, target: &str, id: &str) -> bool;

    /// The record of another door that a resource is one with: references lead there.
    fn met(&self, target: &str, id: &str) -> Option<String> {
        let _ = (target, id);
        None
    }
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
pub const CONSTANT_ROW: RowRef = RowRef { batch: u32::MAX, row: 0 };

/// What is written to.
#[derive(Debug, Default)]
pub struct Pen {
    pub json: Vec<u8>,
    pub failures: Vec<Failure>,
    pub flags: Vec<Flag>,
    pub notes: Notes,
    /// True once the row is refused.
    pub refused: bool,
    /// Rows of child files whose entry could not be made.
    pub dropped: Vec<RowRef>,
    pub memos: Vec<Memo>,
    passed: check::Passed,
    /// How many values were made of each element whose values are counted.
    pub values: Vec<u64>,
    /// True while values are only compared: what deserves a look is told when they are written.
    pub compares: bool,
    /// True if something was told of a value that is counted each time: then it is not remembered.
    noted: bool,
    /// True while what an item gives is remembered with all of its element.
    remembers: bool,
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

    /// Counts a value of an element.
    fn count(&mut self, element: u32) {
        let at = element as usize;
        if self.values.len() <= at {
            self.values.resize(at + 1, 0);
        }
        self.values[at] += 1;
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

    /// The columns of a row.
    fn columns(&self, row: RowRef) -> &'r [Column] {
        self.batches.get(row.batch as usize).map_or(&[][..], |batch| &batch.values)
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
pub fn root(object: &MObject, rows: &Rows<'_>, pen: &mut Pen) -> bool {
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
fn write_object(object: &MObject, rows: &Rows<'_>, pen: &mut Pen) -> bool {
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
    if let Some(reason) = pen.passed.object(object.check, &pen.json[start..]) {
        let info = object.members.first().map_or(0, |member| member.info);
        pen.fail(info, rows.first(), None, reason);
        pen.json.truncate(start);
        return false;
    }
    keep_in_order(object, start, rows, pen);
    if let Some(member) = written.demanded {
        pen.missing(member, rows.first());
        pen.refused = true;
    }
    true
}

/// Leaves out the end of a Period that lies before its start, and tells it: each came by a path of its own, which knows nothing of the other.
fn keep_in_order(object: &MObject, start: usize, rows: &Rows<'_>, pen: &mut Pen) {
    if !matches!(object.check, Check::Period) {
        return;
    }
    let Some(end) = check::early_end(&pen.json[start..]) else { return };
    pen.json.drain(start + end.start..start + end.end);
    let Some(member) = object.members.iter().find(|member| member.name == "end").or(object.members.first()) else {
        return;
    };
    if !pen.compares {
        let (message, text) = (String::new(), None);
        pen.flags.push(Flag { element: member.info, flag: "end-before-start", message, text, row: rows.first() });
    }
    if member.demanded {
        pen.missing(member, rows.first());
        pen.refused = true;
    }
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

fn write_members<'o>(object: &'o MObject, rows: &Rows<'_>, pen: &mut Pen, mut follows: bool) -> Members<'o> {
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
pub fn write_member(member: &MMember, rows: &Rows<'_>, pen: &mut Pen, follows: bool) -> bool {
    let start = pen.json.len();
    if follows {
        pen.json.push(b',');
    }
    // Of a group each element may be of another row.
    let worth = |memory: &&Memory| rows.chosen.is_none() && !pen.remembers && pen.memos[memory.memo].is_used();
    let memory = member.memory.as_ref().filter(worth);
    let written = match (&member.kind, memory) {
        (MKind::Constant(json), _) => {
            pen.json.extend_from_slice(json.as_bytes());
            true
        }
        (_, Some(memory)) => {
            let cells = Cells::of(memory, rows.columns(rows.own[0]), rows.own[0].row as usize);
            match pen.memos[memory.memo].look(cells.all()) {
                Look::Found(json, _) => {
                    pen.json.extend_from_slice(json);
                    !json.is_empty()
                }
                Look::Missed(hash) => {
                    let (from, failures, flags) = (pen.json.len(), pen.failures.len(), pen.flags.len());
                    let outer = (std::mem::take(&mut pen.noted), std::mem::replace(&mut pen.remembers, true));
                    let written = write_kind(member, rows, pen, from);
                    if !pen.noted && (pen.failures.len(), pen.flags.len()) == (failures, flags) {
                        let json = if written { &pen.json[from..] } else { &[] };
                        pen.memos[memory.memo].keep(hash, cells.all(), json, None);
                    }
                    pen.noted |= outer.0;
                    pen.remembers = outer.1;
                    written
                }
                Look::Passed => write_kind(member, rows, pen, start + usize::from(follows)),
            }
        }
        _ => write_kind(member, rows, pen, start + usize::from(follows)),
    };
    if !written {
        pen.json.truncate(start);
    }
    written
}

/// The cells of a row that a value is made of.
struct Cells<'c> {
    texts: [Option<&'c str>; CELLS],
    count: usize,
}

impl<'c> Cells<'c> {
    fn of(memory: &Memory, columns: &'c [Column], row: usize) -> Cells<'c> {
        let mut texts = [None; CELLS];
        for (text, leaf) in texts.iter_mut().zip(&memory.leaves) {
            *text = columns[*leaf].told_by(row);
        }
        Cells { texts, count: memory.leaves.len() }
    }

    fn all(&self) -> &[Option<&'c str>] {
        &self.texts[..self.count]
    }
}

/// Writes an element with its name at `start`, the end of what is written; false if it is absent, and what was written is to go.
fn write_kind(member: &MMember, rows: &Rows<'_>, pen: &mut Pen, start: usize) -> bool {
    match &member.kind {
        MKind::Constant(json) => {
            pen.json.extend_from_slice(json.as_bytes());
            true
        }
        MKind::Single(ways) => write_ways(ways, member.info, rows, pen) == Outcome::Written,
        MKind::Array { head, sibling_head, siblings, entries } => {
            pen.json.extend_from_slice(head.as_bytes());
            let first = pen.json.len();
            if *siblings {
                write_siblings(entries, sibling_head, member.info, rows, pen, start)
            } else {
                for entry in entries {
                    write_entry(entry, member.info, rows, pen, first);
                }
                let any = pen.json.len() > first;
                pen.json.push(b']');
                any
            }
        }
    }
}

/// Writes the entries of one source of entries, with commas between; the array's first entry begins at `first`.
fn write_entry(entry: &MEntry, info: u32, rows: &Rows<'_>, pen: &mut Pen, first: usize) {
    let one = |rows: &Rows<'_>, pen: &mut Pen| {
        let start = pen.json.len();
        if start > first {
            pen.json.push(b',');
        }
        let before = pen.json.len();
        let written = write_ways(&entry.ways, info, rows, pen) == Outcome::Written && pen.json.len() > before;
        if !written {
            pen.json.truncate(start);
        }
        written
    };
    match entry.from {
        EntryFrom::Row => _ = one(rows, pen),
        EntryFrom::Group => {
            for row in rows.own.chunks(1) {
                one(&rows.one(row), pen);
            }
        }
        EntryFrom::Child(child) => {
            // What refuses a row of a child file refuses its entry, not the resource.
            let refused = std::mem::take(&mut pen.refused);
            for row in rows.children.get(child).map_or(&[][..], Vec::as_slice).chunks(1) {
                let (start, failures) = (pen.json.len(), pen.failures.len());
                let written = one(&rows.one(row), pen);
                if std::mem::take(&mut pen.refused) {
                    pen.json.truncate(start);
                } else if written || pen.failures.len() == failures {
                    continue;
                }
                pen.dropped.extend(row);
            }
            pen.refused = refused;
        }
    }
}

/// Primitives whose ids and extensions stand in an array of their own beside them; null holds the place of what is absent.
fn write_siblings(
    entries: &[MEntry],
    sibling_head: &str,
    info: u32,
    rows: &Rows<'_>,
    pen: &mut Pen,
    member_start: usize,
) -> bool {
    let mut side = pen.side.pop().unwrap_or_default();
    side.clear();
    let first = pen.json.len();
    let (mut values, mut beside) = (false, false);
    let mut one = |ways: &[MWay], rows: &Rows<'_>, pen: &mut Pen| {
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
            EntryFrom::Group => rows.own.chunks(1).for_each(|row| one(&entry.ways, &rows.one(row), pen)),
            EntryFrom::Child(child) => {
                let children = rows.children.get(child).map_or(&[][..], Vec::as_slice);
                children.chunks(1).for_each(|row| one(&entry.ways, &rows.one(row), pen));
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
fn write_ways(ways: &[MWay], info: u32, rows: &Rows<'_>, pen: &mut Pen) -> Outcome {
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

fn second_value<'i>(items: impl Iterator<Item = &'i MItem>, info: u32, rows: &Rows<'_>, pen: &mut Pen) {
    let reason = Reason {
        code: "second-value",
        message: "there are two different values for an element that has one".to_owned(),
    };
    pen.refused |= items.into_iter().any(|item| item.reject);
    pen.fail(info, rows.first(), None, reason);
}

fn write_way(way: &MWay, info: u32, rows: &Rows<'_>, pen: &mut Pen) -> Outcome {
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
    keep_in_order(object, start + way.head.len(), rows, pen);
    Outcome::Written
}

/// Writes the item that has a value.
fn write_items(items: &[MItem], info: u32, rows: &Rows<'_>, pen: &mut Pen) -> Outcome {
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

fn write_item(item: &MItem, rows: &Rows<'_>, pen: &mut Pen) -> Outcome {
    match rows.row_of(item) {
        Some(row) => write_item_of(item, row, rows.batches, rows.known, pen),
        None => Outcome::Absent,
    }
}

/// Writes the value that an item has in a row. A failure is noted, and refuses the row if the item says so.
pub fn write_item_of(item: &MItem, row: RowRef, batches: &[Columns], known: &dyn Known, pen: &mut Pen) -> Outcome {
    let columns = batches.get(row.batch as usize).map_or(&[][..], |batch| &batch.values);
    let at = row.row as usize;
    let memory = item.memory.as_ref().filter(|memory| !pen.remembers && pen.memos[memory.memo].is_used());
    let mut keeps = None;
    if let Some(memory) = memory {
        let cells = Cells::of(memory, columns, at);
        match pen.memos[memory.memo].look(cells.all()) {
            Look::Found(json, told) => {
                pen.json.extend_from_slice(json);
                if let Some(Told { flag, message, text }) = told.filter(|_| !pen.compares) {
                    let (message, text) = (message.clone(), text.clone());
                    pen.flags.push(Flag { element: item.info, flag, message, text, row });
                }
                let outcome = if json.is_empty() { Outcome::Absent } else { Outcome::Written };
                if item.is_counted && !pen.compares && outcome == Outcome::Written {
                    pen.count(item.info);
                }
                return outcome;
            }
            Look::Missed(hash) => keeps = Some((memory.memo, hash, cells)),
            Look::Passed => {}
        }
    }
    let start = pen.json.len();
    let given = write_give(&item.give, columns, at, known, &mut pen.json, &mut pen.scratch);
    let written = matches!(given, Ok(true));
    // What is told of a value goes with it; what no map knows is told also where a map was all there is.
    let unmapped = std::mem::take(&mut pen.scratch.unmapped);
    let told = pen.scratch.passed_over.take().filter(|_| written).map(|Reason { code: flag, message }| {
        // Of a value that stands in part the message names what could not be read.
        let text = is_passed_over(flag).then(|| text_of(&item.give, &item.leaves, columns, at)).flatten();
        Told { flag, message, text: text.as_deref().map(shown) }
    });
    let noted = written && !pen.scratch.flags.is_empty() || !matches!(given, Ok(false)) && !unmapped.is_empty();
    if let Some(Told { flag, message, text }) = told.as_ref().filter(|_| !pen.compares) {
        let (message, text) = (message.clone(), text.clone());
        pen.flags.push(Flag { element: item.info, flag, message, text, row });
    }
    if item.is_counted && written && !pen.compares {
        pen.count(item.info);
    }
    // A value that is only compared is made again when it is written; what failed is not.
    if noted && (!pen.compares || given.is_err()) {
        if written {
            let element = item.info;
            let flags = pen.scratch.flags.iter();
            let unit = || unmapped.unit().map(shown);
            let text = |flag: &str| (flag == "unknown-unit").then(unit).flatten();
            pen.flags.extend(flags.map(|flag| Flag { element, flag, message: String::new(), text: text(flag), row }));
        }
        pen.notes.unmapped.merge(unmapped);
    }
    pen.scratch.flags.clear();
    pen.noted |= noted;
    match given {
        Ok(written) => {
            // What is counted each time is not remembered.
            if let Some((memo, hash, cells)) = keeps.filter(|_| !noted) {
                pen.memos[memo].keep(hash, cells.all(), &pen.json[start..], told.as_ref());
            }
            if written { Outcome::Written } else { Outcome::Absent }
        }
        Err(reason) => {
            pen.json.truncate(start);
            let text = text_of(&item.give, &item.leaves, columns, at);
            pen.fail(item.info, row, text.as_deref(), reason);
            pen.refused |= item.reject;
            Outcome::Failed
        }
    }
}
