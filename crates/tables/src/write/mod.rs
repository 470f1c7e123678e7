//! The compiled writer: batches in, FHIR JSON out.
//!
//! A [`Writer`] is made for a [`Target`] and the types of its queries' columns. Each step ([`Writer::next`]) reads a batch or so
//! of rows and appends to [`Written`] one resource a row, or one a group of rows with the rows of child files, or a refused row
//! with its reasons. What it writes is FHIR: elements that cannot be are left out or refuse their row, as the mapping says, and
//! are told either way.
//!
//! The way of a row: columns of a batch become text once (`column.rs`); the tree of the target, with calls prepared and
//! constants folded (`machine.rs`, `fold.rs`), is walked beside them and writes into one buffer (`evaluate.rs`, `give.rs`); what was made of the same
//! cells is copied (`memo.rs`).

mod check;
mod column;
mod evaluate;
mod fold;
mod give;
mod machine;
mod memo;
mod passed_over;
mod stream;
#[cfg(test)]
mod tests;
mod written;

pub use evaluate::{Everything, Known};
pub use written::{Failure, Flag, Made, RowRef, Written};

use crate::compile::Target;
use crate::mapping::Problem;
use crate::value::{Context, Notes, id, is_total};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use column::Column;
use evaluate::{NO_ROW, Outcome as ItemOutcome, Pen, Rows, write_item_of};
use machine::{Builder, MItem, MObject};
use std::cmp::Ordering;
use std::sync::Arc;
use stream::{Layout, Step, Stream, compare, texts};
use written::Outcome;

/// Rows of a step, at least, if there are as many.
const STEP_ROWS: usize = 4_096;
/// Rows of a step where each is a resource, at most: what is written of a few is still in the processor's cache when it is read.
const BY_ROW_ROWS: usize = 2_048;
/// Bytes of JSON after which a step ends.
const STEP_BYTES: usize = 8 << 20;
/// Rows that can make one resource, or be entries of it from one child file.
const GROUP_ROWS_MAX: usize = 10_000;

/// What a step can run into.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The rows could not be read.
    #[error(transparent)]
    Rows(E),
    /// Rows came in another order than the query of the part asks for.
    #[error("rows of part {0} do not come in the order of their keys")]
    Order(usize),
}

/// Batches of one part.
pub type Batches<'b, E> = &'b mut dyn Iterator<Item = Result<RecordBatch, E>>;

/// Writes the resources of one target. A clone begins anew and may work beside it on other rows.
#[derive(Debug)]
pub struct Writer {
    machine: Arc<Machine>,
    ids: id::TargetIds,
    pen: Pen,
    streams: Vec<Stream>,
    chosen: Vec<RowRef>,
    value: Vec<u8>,
    /// The group of which too many rows came.
    too_large: Option<Vec<Option<String>>>,
    /// What of a batch is still to be written.
    rest: Option<RecordBatch>,
}

#[derive(Debug)]
struct Machine {
    root: MObject,
    /// `{"resourceType":"…","id":"`
    prefix: Box<[u8]>,
    ids: id::TargetIds,
    layouts: Vec<Layout>,
    grouped: bool,
    /// The items that must be the same in all rows of a group.
    singles: Vec<MItem>,
    elements: usize,
    memos: Vec<memo::Memo>,
}

impl Clone for Writer {
    fn clone(&self) -> Self {
        Writer::of(Arc::clone(&self.machine))
    }
}

impl Writer {
    /// A writer for queries whose columns have these types: the target's own, then its children's. Columns behind those that
    /// the queries ask for are the caller's.
    ///
    /// # Errors
    /// Columns that cannot be what their elements are, each with its place in the mapping.
    pub fn new(target: &Target, context: &Context, schemas: &[&Schema]) -> Result<Writer, Vec<Problem>> {
        let (mut root, memos) = Builder::build(target, context, schemas)?;
        root.fold(&Everything, &mut Pen::new(memos.clone()), &mut Vec::new());
        let mut singles = Vec::new();
        root.single_items(&mut singles);
        let singles = singles.into_iter().cloned().collect();
        let parts = std::iter::once(&target.main).chain(&target.children);
        Ok(Writer::of(Arc::new(Machine {
            root,
            prefix: format!("{{\"resourceType\":\"{}\",\"id\":\"", target.resource_type).into_bytes().into(),
            ids: id::TargetIds::of(&context.source, &target.name),
            layouts: parts.map(Layout::new).collect(),
            grouped: target.grouped,
            singles,
            elements: target.elements.len(),
            memos,
        })))
    }

    /// What of a target's constants cannot be made: elements by number, and why. None where the types of columns must be known.
    pub(crate) fn constant_failures(target: &Target, context: &Context) -> Vec<Failure> {
        let parts = std::iter::once(&target.main).chain(&target.children);
        let text = |at: usize| Field::new(format!("c{at}"), DataType::Utf8View, true);
        let schemas: Vec<Schema> =
            parts.map(|part| Schema::new((0..part.columns()).map(text).collect::<Vec<_>>())).collect();
        let schemas: Vec<&Schema> = schemas.iter().collect();
        let mut failures = Vec::new();
        if let Ok((mut root, memos)) = Builder::build(target, context, &schemas) {
            root.fold(&Everything, &mut Pen::new(memos), &mut failures);
        }
        failures
    }

    fn of(machine: Arc<Machine>) -> Writer {
        let pen = Pen::new(machine.memos.clone());
        let streams = machine.layouts.iter().map(|_| Stream::default()).collect();
        let ids = machine.ids.clone();
        Writer { machine, ids, pen, streams, chosen: Vec::new(), value: Vec::new(), too_large: None, rest: None }
    }

    /// What no code or unit map knew, counted since the writer was made or this was called.
    pub fn take_notes(&mut self) -> Notes {
        std::mem::take(&mut self.pen.notes)
    }

    /// How many values were made of elements for which another value may stand in, each by its number, since the writer was made
    /// or this was called.
    pub fn take_values(&mut self) -> Vec<(u32, u64)> {
        let counts = std::mem::take(&mut self.pen.values).into_iter().enumerate();
        counts.filter(|(_, count)| *count > 0).map(|(element, count)| (element as u32, count)).collect()
    }

    /// True if there are such elements.
    pub fn counts_values(&self) -> bool {
        self.machine.root.counts_values()
    }

    /// True if each row is a resource of its own, so that [`Writer::write`] can be used.
    pub fn is_by_row(&self) -> bool {
        !self.machine.grouped && self.machine.layouts.len() == 1
    }

    /// Writes the rows of a batch of a target whose rows are resources ([`Writer::is_by_row`]); adds to `out`.
    pub fn write(&mut self, batch: RecordBatch, known: &dyn Known, out: &mut Written) {
        self.write_some(batch, usize::MAX, usize::MAX, known, out);
    }

    /// The same of so many rows, or until so many bytes of JSON are written; what is left of the batch, if something is.
    fn write_some(
        &mut self,
        batch: RecordBatch,
        rows: usize,
        bytes: usize,
        known: &dyn Known,
        out: &mut Written,
    ) -> Option<RecordBatch> {
        let machine = Arc::clone(&self.machine);
        let first = batch.slice(0, rows.min(batch.num_rows()));
        let columns = machine.layouts[0].columns(&first);
        let number = out.batches.len() as u32;
        self.lend(out);
        let mut batches =
            vec![evaluate::Columns { values: Vec::new(), keys: Vec::new(), groups: Vec::new() }; number as usize];
        batches.push(columns);
        let mut done = 0;
        while done < first.num_rows() && self.pen.json.len() < bytes {
            let row = RowRef { batch: number, row: done as u32 };
            self.resource(&machine, &[row], &[], &batches, known, out);
            done += 1;
        }
        self.give_back(out);
        out.batches.push((0, first.slice(0, done)));
        (done < batch.num_rows()).then(|| batch.slice(done, batch.num_rows() - done))
    }

    /// The ids of rows of which only the columns of the key are there; rows without a key have none.
    pub fn ids(&mut self, keys: &[ArrayRef]) -> Vec<[u8; 16]> {
        let columns: Vec<Column> = keys.iter().map(Column::new).collect();
        let rows = keys.first().map_or(0, Array::len);
        (0..rows).filter_map(|row| key(&mut self.ids, &columns, row)).collect()
    }

    /// Reads on, and writes the resources of some rows; `out` is cleared before. False when there are no more rows. `parts` are
    /// the rows of the target's own query and of its children's, the same ones at each call.
    ///
    /// # Errors
    /// If rows cannot be read, or come in another order than [`Part::sort_by`](crate::compile::Part::sort_by) says.
    pub fn next<E>(
        &mut self,
        parts: &mut [Batches<'_, E>],
        known: &dyn Known,
        out: &mut Written,
    ) -> Result<bool, WriteError<E>> {
        out.clear();
        if self.is_by_row() {
            let batch = match self.rest.take() {
                Some(rest) => rest,
                None => match parts.first_mut().and_then(Iterator::next) {
                    None => return Ok(false),
                    Some(batch) => batch.map_err(WriteError::Rows)?,
                },
            };
            self.rest = self.write_some(batch, BY_ROW_ROWS, STEP_BYTES, known, out);
            return Ok(true);
        }
        let mut step = Step::default();
        self.streams.iter_mut().for_each(Stream::begin);
        self.lend(out);
        let merged = self.merge(parts, &mut step, known, out);
        self.give_back(out);
        out.batches = step.batches;
        merged
    }

    /// Groups and children: reads until the step is full.
    fn merge<E>(
        &mut self,
        parts: &mut [Batches<'_, E>],
        step: &mut Step,
        known: &dyn Known,
        out: &mut Written,
    ) -> Result<bool, WriteError<E>> {
        let machine = Arc::clone(&self.machine);
        let mut any = false;
        while out.rows.len() < STEP_ROWS && self.pen.json.len() < STEP_BYTES {
            let Some(own) = self.own_rows(parts, step)? else {
                // What is left of the children has no parent.
                any |= self.orphans(None, parts, step, out)?;
                break;
            };
            any = true;
            // Only rows of child files are looked for by it.
            let key: Vec<Option<String>> = if self.streams.len() == 1 {
                Vec::new()
            } else {
                let columns = &step.columns[own.rows[0].batch as usize].keys;
                texts(columns, own.rows[0].row as usize).into_iter().map(|text| text.map(str::to_owned)).collect()
            };
            self.orphans(Some(&key), parts, step, out)?;
            let (children, too_many) = self.children(&key, parts, step, out)?;
            if own.too_many || too_many {
                let message = format!("there are more than {GROUP_ROWS_MAX} rows for one resource");
                let all: Vec<RowRef> = own.rows.iter().copied().chain(children.into_iter().flatten()).collect();
                self.refuse_rows(&all, "too-many-rows", &message, out);
                continue;
            }
            let before = out.outcomes.len();
            self.resource(&machine, &own.rows, &children, &step.columns, known, out);
            let refused = out.outcomes[before].json.is_none();
            if refused {
                let all: Vec<RowRef> = children.into_iter().flatten().collect();
                self.refuse_rows(&all, "no-parent", "the resource that this row belongs to was refused", out);
            }
        }
        Ok(any)
    }

    /// The next row of the target's own query, with those of its group.
    fn own_rows<E>(&mut self, parts: &mut [Batches<'_, E>], step: &mut Step) -> Result<Option<OwnRows>, WriteError<E>> {
        let layout = &self.machine.layouts[0];
        let stream = &mut self.streams[0];
        if !stream.fill(layout, &mut *parts[0]).map_err(WriteError::Rows)? {
            return Ok(None);
        }
        let grouped = self.machine.grouped;
        let by_group = grouped && self.machine.layouts.len() == 1;
        let in_order = stream.is_in_order(|columns| if by_group { &columns.groups } else { &columns.keys });
        if !in_order {
            return Err(WriteError::Order(0));
        }
        let group: Vec<Option<String>> = match stream.next() {
            Some((columns, row)) if grouped => {
                texts(&columns.groups, row).into_iter().map(|text| text.map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        let goes_on = grouped && self.too_large.as_ref() == Some(&group);
        let mut own = OwnRows { rows: Vec::new(), too_many: goes_on };
        own.rows.extend(stream.take(0, step));
        if grouped {
            while stream.fill(layout, &mut *parts[0]).map_err(WriteError::Rows)? {
                let same = stream.next().is_some_and(|(columns, row)| {
                    columns.groups.iter().zip(&group).all(|(column, text)| column.text(row) == text.as_deref())
                });
                if !same {
                    break;
                }
                if own.rows.len() == GROUP_ROWS_MAX {
                    // The rest of it is refused when it is read.
                    own.too_many = true;
                    self.too_large = Some(group);
                    break;
                }
                own.rows.extend(stream.take(0, step));
            }
        }
        Ok(Some(own))
    }

    /// Refuses rows of children that come before `key` and so belong to nothing; without a key all. True if there were some.
    fn orphans<E>(
        &mut self,
        key: Option<&[Option<String>]>,
        parts: &mut [Batches<'_, E>],
        step: &mut Step,
        out: &mut Written,
    ) -> Result<bool, WriteError<E>> {
        let mut any = false;
        for part in 1..self.streams.len() {
            while self.next_child(part, parts)? {
                let Some((columns, row)) = self.streams[part].next() else { break };
                let child = texts(&columns.keys, row);
                let is_before = key.is_none_or(|key| {
                    compare(child.iter().copied(), key.iter().map(Option::as_deref)) == Ordering::Less
                });
                if !is_before || out.rows.len() >= STEP_ROWS * 2 {
                    break;
                }
                let has_key = child.iter().all(|text| text.is_some_and(id::is_key));
                any = true;
                let taken = self.streams[part].take(part, step);
                let (code, message) = if has_key {
                    ("no-parent", "there is no resource that this row belongs to")
                } else {
                    ("no-key", "a part of the key has no value")
                };
                self.refuse_rows(taken.as_slice(), code, message, out);
            }
        }
        Ok(any)
    }

    fn next_child<E>(&mut self, part: usize, parts: &mut [Batches<'_, E>]) -> Result<bool, WriteError<E>> {
        let stream = &mut self.streams[part];
        if !stream.fill(&self.machine.layouts[part], &mut *parts[part]).map_err(WriteError::Rows)? {
            return Ok(false);
        }
        if stream.is_in_order(|columns| &columns.keys) { Ok(true) } else { Err(WriteError::Order(part)) }
    }

    /// The rows of children that have this key, and whether there are too many.
    fn children<E>(
        &mut self,
        key: &[Option<String>],
        parts: &mut [Batches<'_, E>],
        step: &mut Step,
        out: &mut Written,
    ) -> Result<(Vec<Vec<RowRef>>, bool), WriteError<E>> {
        let mut all = Vec::with_capacity(self.streams.len() - 1);
        let mut too_many = false;
        let has_key = key.iter().all(Option::is_some);
        for part in 1..self.streams.len() {
            let mut rows = Vec::new();
            while has_key && self.next_child(part, parts)? {
                let same = self.streams[part].next().is_some_and(|(columns, row)| {
                    columns.keys.iter().zip(key).all(|(column, text)| column.text(row) == text.as_deref())
                });
                if !same {
                    break;
                }
                rows.extend(self.streams[part].take(part, step));
                if rows.len() > GROUP_ROWS_MAX {
                    // Refused as they come, so that they take no room.
                    too_many = true;
                    let message = format!("there are more than {GROUP_ROWS_MAX} rows for one resource");
                    self.refuse_rows(&std::mem::take(&mut rows), "too-many-rows", &message, out);
                }
            }
            all.push(rows);
        }
        Ok((all, too_many))
    }

    /// The lists of a step are written to in turn by many; meanwhile they are the pen's.
    fn lend(&mut self, out: &mut Written) {
        std::mem::swap(&mut self.pen.json, &mut out.json);
        std::mem::swap(&mut self.pen.failures, &mut out.failures);
        std::mem::swap(&mut self.pen.flags, &mut out.flags);
    }

    fn give_back(&mut self, out: &mut Written) {
        self.lend(out);
    }

    /// Refuses each of some rows.
    fn refuse_rows(&mut self, rows: &[RowRef], code: &'static str, message: &str, out: &mut Written) {
        for row in rows {
            let (failures, flags) = (self.pen.failures.len(), self.pen.flags.len());
            self.pen.failures.push(Failure { element: None, code, message: message.to_owned(), text: None, row: *row });
            out.rows.push(*row);
            out.outcomes.push(Outcome {
                id: None,
                json: None,
                rows: out.rows.len() - 1..out.rows.len(),
                failures: failures..self.pen.failures.len(),
                flags: flags..flags,
            });
        }
    }

    /// Writes one resource, or refuses its rows.
    fn resource(
        &mut self,
        machine: &Machine,
        own: &[RowRef],
        children: &[Vec<RowRef>],
        batches: &[evaluate::Columns],
        known: &dyn Known,
        out: &mut Written,
    ) {
        let (start, failures, flags) = (self.pen.json.len(), self.pen.failures.len(), self.pen.flags.len());
        let first_row = out.rows.len();
        out.rows.extend_from_slice(own);
        self.pen.refused = false;
        self.pen.dropped.clear();
        let first = own[0];
        let columns = &batches[first.batch as usize];
        let sum =
            columns.keys.first().and_then(|key| Column::text(key, first.row as usize)).filter(|key| is_total(key));
        let made = match sum {
            None => key(&mut self.ids, &columns.keys, first.row as usize),
            Some(_) => None,
        };
        let Some(made) = made else {
            let (code, message) = match sum {
                None => ("no-key", "a part of the key has no value".to_owned()),
                Some(sum) => {
                    ("totals-row", format!("`{}` stands where the key should: a row that adds up others", sum.trim()))
                }
            };
            self.pen.failures.push(Failure { element: None, code, message, text: None, row: first });
            out.outcomes.push(Outcome {
                id: None,
                json: None,
                rows: first_row..out.rows.len(),
                failures: failures..self.pen.failures.len(),
                flags: flags..flags,
            });
            return;
        };
        let chosen = if own.len() > 1 {
            self.choose(machine, own, batches, known);
            Some(self.chosen.as_slice())
        } else {
            None
        };
        self.pen.json.extend_from_slice(&machine.prefix);
        self.pen.json.extend_from_slice(&records::uuid_digits(&made));
        self.pen.json.push(b'"');
        let rows = Rows { batches, own, chosen, children, known };
        let stands = evaluate::root(&machine.root, &rows, &mut self.pen);
        self.pen.json.push(b'}');
        // Why a row of a child file is refused is told with that row.
        let mut told_there = Vec::new();
        if !stands {
            self.pen.json.truncate(start);
        } else if !children.is_empty() {
            let is_dropped = |row: &RowRef| self.pen.dropped.contains(row);
            out.rows.extend(children.iter().flatten().filter(|row| !is_dropped(row)));
            told_there = self.pen.failures.extract_if(failures.., |failure| is_dropped(&failure.row)).collect();
        }
        out.outcomes.push(Outcome {
            id: Some(made),
            json: stands.then_some(start..self.pen.json.len()),
            rows: first_row..out.rows.len(),
            failures: failures..self.pen.failures.len(),
            flags: flags..self.pen.flags.len(),
        });
        let flags = self.pen.flags.len();
        for row in std::mem::take(&mut self.pen.dropped).into_iter().filter(|_| stands) {
            let first = self.pen.failures.len();
            self.pen.failures.extend(told_there.extract_if(.., |failure| failure.row == row));
            out.rows.push(row);
            out.outcomes.push(Outcome {
                id: None,
                json: None,
                rows: out.rows.len() - 1..out.rows.len(),
                failures: first..self.pen.failures.len(),
                flags: flags..flags,
            });
        }
    }

    /// For each item that is the same in all rows of a group, a row that has its value. Rows with different values are a failure.
    fn choose(&mut self, machine: &Machine, own: &[RowRef], batches: &[evaluate::Columns], known: &dyn Known) {
        self.chosen.clear();
        self.chosen.resize(machine.elements, NO_ROW);
        self.pen.compares = true;
        self.one_key(own, batches);
        for item in &machine.singles {
            let mut chosen: Option<RowRef> = None;
            let mut failed = false;
            self.value.clear();
            for row in own {
                if let Some(chosen) = chosen
                    && is_same(item, chosen, *row, batches)
                {
                    continue;
                }
                let (start, failures) = (self.pen.json.len(), self.pen.failures.len());
                let outcome = write_item_of(item, *row, batches, known, &mut self.pen);
                if outcome == ItemOutcome::Failed && std::mem::replace(&mut failed, true) {
                    // One failure of an element is enough.
                    self.pen.failures.truncate(failures);
                }
                let json = &self.pen.json[start..];
                match chosen {
                    None if outcome == ItemOutcome::Written => {
                        self.value.extend_from_slice(json);
                        chosen = Some(*row);
                    }
                    Some(_) if outcome == ItemOutcome::Written && *json != *self.value => {
                        let message = "the rows of the group have different values".to_owned();
                        let columns = &batches[row.batch as usize].values;
                        let text = give::text_of(&item.give, &item.leaves, columns, row.row as usize);
                        self.pen.failures.push(Failure {
                            element: Some(item.info),
                            code: "second-value",
                            message,
                            text,
                            row: *row,
                        });
                        self.pen.refused |= item.reject;
                        self.pen.json.truncate(start);
                        chosen = None;
                        break;
                    }
                    _ => {}
                }
                self.pen.json.truncate(start);
            }
            self.chosen[item.info as usize] = chosen.unwrap_or(NO_ROW);
        }
        self.pen.compares = false;
    }

    /// The rows of a group must have one key.
    fn one_key(&mut self, own: &[RowRef], batches: &[evaluate::Columns]) {
        let keys = |row: RowRef| texts(&batches[row.batch as usize].keys, row.row as usize);
        let first = keys(own[0]);
        if let Some(other) = own.iter().find(|row| keys(**row) != first) {
            let message = "the rows of the group have different keys".to_owned();
            self.pen.failures.push(Failure { element: None, code: "second-value", message, text: None, row: *other });
            self.pen.refused = true;
        }
    }
}

/// The id of a row's key; none if a part of it has no value.
fn key(ids: &mut id::TargetIds, keys: &[Column], row: usize) -> Option<[u8; 16]> {
    let part = |column| Column::text(column, row).filter(|text| id::is_key(text));
    // One key is the rule.
    if let [key] = keys {
        return Some(ids.id(std::iter::once(part(key)?)));
    }
    let parts = keys.iter().map(part).collect::<Option<Vec<_>>>()?;
    Some(ids.id(parts.into_iter()))
}

/// Rows that make one resource.
struct OwnRows {
    rows: Vec<RowRef>,
    too_many: bool,
}

/// True if all columns of an item are the same in two rows.
fn is_same(item: &MItem, a: RowRef, b: RowRef, batches: &[evaluate::Columns]) -> bool {
    item.leaves.iter().all(|leaf| {
        let (x, y) = (&batches[a.batch as usize].values[*leaf], &batches[b.batch as usize].values[*leaf]);
        x.is_same(a.row as usize, y, b.row as usize)
    })
}
