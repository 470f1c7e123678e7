//! One target: its rows to resources, and every row counted.

use crate::error::Error;
use crate::run::counts;
use crate::run::door::{Bearer, Chunk, ChunkRefused, ChunkResource, Door, Others};
use crate::run::identities::{Id, MadeTargets, Seen, Uniqueness, content};
use crate::run::lineage::Link;
use crate::run::links::{Links, RowColumn};
use crate::run::made_before::{Before, MadeIds};
use crate::run::met::Met;
use crate::run::repeated::Repeated;
use crate::run::report::{Effect, Example, TargetReport};
use crate::run::runner::{PlannedPart, PlannedTarget};
use crate::run::tally::{Share, Tally};
use crate::value::Unmapped;
use crate::write::{Failure, Known, Made, RowRef, WriteError, Written};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch};
use lake::workbench::{Limits, Rows, Stop};
use roaring::RoaringTreemap;
use std::collections::HashSet;
use std::path::Path;

/// Resources after which a chunk is handed on: what one commit holds, and at most as many again as a step of the writer has.
pub(super) const CHUNK_RESOURCES: usize = 2_000;
/// Bytes of JSON after which a chunk is handed on; a step of the writer has as many.
const CHUNK_BYTES: usize = 8 << 20;

/// What is the same for all targets of a run.
pub(super) struct Running<'r> {
    pub(super) hash: &'r str,
    /// Where files may be while it runs.
    pub(super) folder: &'r Path,
    pub(super) told_apart: u64,
    pub(super) limits: &'r Limits,
    pub(super) stop: &'r Stop,
}

/// A target on its way.
pub(super) struct OneTarget<'r> {
    planned: &'r PlannedTarget,
    running: Running<'r>,
    report: TargetReport,
    tally: Tally,
    seen: RoaringTreemap,
    /// Rows that were gathered and not named.
    gathered: u64,
    unique: Uniqueness,
    chunk: Chunk,
    links: Links,
    ids: MadeIds,
    /// What the last run made, if the store is as that left it.
    before: Option<Before>,
    meeting: Option<Meeting>,
    /// Records that it met so far.
    met_now: HashSet<String>,
    /// Resources of a step that the door is asked about, by their number there.
    asked: Vec<usize>,
    /// Whether others refer to it.
    is_referred_to: bool,
    /// Whether each resource needs its line.
    names_rows: bool,
    /// Whether each row is a resource of its own.
    is_by_row: bool,
    done: Done,
}

/// What a target needs to know that meets records of other doors, or did.
pub(super) struct Meeting {
    /// Whether it still does.
    pub(super) others: Others,
    /// What the last run made: these are no others'.
    pub(super) own: Before,
    /// What the last run met.
    pub(super) before: Met,
}

/// What a target came to.
#[derive(Default)]
pub(super) struct Done {
    pub(super) report: TargetReport,
    /// Resources that are as the last run made them.
    pub(super) equal: u64,
    /// Sum over the ids.
    pub(super) ids: u128,
    pub(super) unmapped: Unmapped,
    /// Records that it met.
    pub(super) met: Met,
    /// Whether some of it is not one any more with the record that it was one with.
    pub(super) is_parted: bool,
    /// Rows of its table that its query gave, refused or not.
    pub(super) seen: RoaringTreemap,
    /// Rows that were gathered and not named.
    pub(super) gathered: u64,
}

/// What references may lead to: what was made, and what was made once and is kept.
struct KnownTargets<'m>(&'m MadeTargets, &'m dyn Door);

impl Known for KnownTargets<'_> {
    fn is_made(&self, target: &str, id: &str) -> bool {
        if packed(id).and_then(|id| self.0.is_made(target, id)).unwrap_or(true) {
            return true;
        }
        // Where the store cannot be read now, the reference stays: what is refused here would be taken back.
        self.0.kept_as(target).is_some_and(|resource_type| {
            self.met(target, id).is_some() || self.1.has(resource_type, id).unwrap_or(true)
        })
    }

    fn met(&self, target: &str, id: &str) -> Option<String> {
        packed(id).and_then(|id| self.0.met(target, id)).cloned()
    }
}

/// A UUID's bytes.
pub(super) fn packed(id: &str) -> Option<Id> {
    let mut digits = id.bytes().filter(|byte| *byte != b'-').map(|byte| char::from(byte).to_digit(16));
    let mut out = [0; 16];
    for byte in &mut out {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = (high * 16 + low) as u8;
    }
    digits.next().is_none().then_some(out)
}

/// A chunk of a target, without anything.
fn new_chunk(planned: &PlannedTarget, meeting: Option<&Meeting>) -> Chunk {
    let target = &planned.target;
    let others = meeting.map_or(Others::Ignored, |meeting| meeting.others);
    Chunk { target: target.name.clone(), table: target.main.each.table.clone(), others, ..Chunk::default() }
}

/// The lines of a target.
fn links_of(planned: &PlannedTarget, hash: &str) -> Links {
    let parts: Vec<&[RowColumn]> = planned.parts.iter().map(|part| part.rows.as_slice()).collect();
    Links::new(&planned.target.name, &hash[..16], &parts)
}

impl<'r> OneTarget<'r> {
    pub(super) fn new(
        planned: &'r PlannedTarget,
        running: Running<'r>,
        ids: MadeIds,
        before: Option<Before>,
        meeting: Option<Meeting>,
    ) -> Self {
        let links = links_of(planned, running.hash);
        let target = &planned.target;
        OneTarget {
            planned,
            running,
            report: TargetReport {
                name: target.name.clone(),
                resource_type: target.resource_type.to_owned(),
                table: target.main.each.table.clone(),
                table_rows: planned.table_rows,
                ..TargetReport::default()
            },
            tally: Tally::default(),
            seen: RoaringTreemap::new(),
            gathered: 0,
            unique: Uniqueness::of(planned.table_rows),
            chunk: new_chunk(planned, meeting.as_ref()),
            met_now: HashSet::new(),
            links,
            ids,
            before,
            meeting,
            asked: Vec::new(),
            is_referred_to: false,
            names_rows: true,
            is_by_row: planned.writer.is_by_row(),
            done: Done::default(),
        }
    }

    /// Runs it to its end.
    pub(super) fn run(
        mut self,
        made: &mut MadeTargets,
        door: &mut dyn Door,
        go_on: &mut dyn FnMut(&str, u64) -> Result<(), Error>,
    ) -> Result<(Done, MadeIds), Error> {
        let planned = self.planned;
        let mut writer = planned.writer.clone();
        let mut running = Vec::new();
        for part in &planned.parts {
            let rows = part.planned.run(self.running.limits, self.running.stop);
            let rows = rows.map_err(|error| self.query_failed(&error))?;
            running.push(Batches { rows, only: part.only.as_deref() });
        }
        let mut parts: Vec<&mut dyn Iterator<Item = _>> = Vec::new();
        for batches in &mut running {
            parts.push(batches);
        }
        self.is_referred_to = made.is_referred_to(&planned.target.name);
        self.names_rows = door.writes() || self.meeting.is_some();
        // What meets records of others asks of each record whether it is its own.
        let may_be_alone = planned.table_rows > self.running.told_apart && self.meeting.is_none();
        if let Some(keys) = planned.keys.as_ref().filter(|_| may_be_alone) {
            let Running { folder, limits, stop, .. } = self.running;
            let mut ids = |batch: &RecordBatch| writer.ids(&batch.columns()[..planned.target.main.keys]);
            let mut go_on = || go_on(&planned.target.name, 0);
            let name = &planned.target.name;
            let repeated = Repeated::find(name, keys, folder, (limits, stop), &mut ids, &mut go_on)?;
            self.unique = Uniqueness::of_repeated(repeated);
        }
        let mut written = Written::default();
        while writer
            .next(&mut parts, &KnownTargets(made, door), &mut written)
            .map_err(|error| self.write_failed(error))?
        {
            self.take(&mut written, made, door)?;
            go_on(&planned.target.name, self.report.rows)?;
        }
        self.hand_on(door)?;
        self.done.unmapped = writer.take_notes().unmapped;
        self.report.filtered = self.report.table_rows.saturating_sub(self.seen.len() + self.gathered);
        self.report.rows += self.report.filtered;
        let path = |element: u32| planned.target.path_of(element);
        (self.report.reasons, self.report.remarks) = self.tally.end(path);
        self.report.values = counts::values_of(writer.take_values(), path);
        self.done.report = self.report;
        (self.done.seen, self.done.gathered) = (self.seen, self.gathered);
        Ok((self.done, self.ids))
    }

    /// Counts what became of rows, and gathers it for the door.
    fn take(&mut self, written: &mut Written, made: &mut MadeTargets, door: &mut dyn Door) -> Result<(), Error> {
        self.asked.clear();
        if self.is_by_row {
            self.note_all(written);
        }
        self.unique.expect(written.iter().filter(|one| one.json().is_some()).filter_map(|one| one.id()));
        for (at, one) in written.iter().enumerate() {
            let own = self.count_rows(written, &one);
            for flag in one.flags() {
                let told = (flag.message.as_str(), flag.text.as_deref());
                let of = (Effect::Remark, Share::Value);
                self.count(written, of, (flag.flag, Some(flag.element)), flag.row, told);
            }
            let Some((json, id)) = one.json().zip(one.id()) else {
                if own == 0 {
                    self.report.child_rejected += 1;
                }
                self.report.rejected += own;
                self.failures(written, &one, Some(own));
                if let Some(failure) = one.failures().first() {
                    self.refused(written, &one, failure);
                }
                continue;
            };
            let content = content(json);
            match self.unique.see(id, content, &mut self.ids)? {
                seen @ (Seen::First | Seen::Only) => {
                    self.report.resources += 1;
                    self.report.merged += own.saturating_sub(1);
                    if self.is_referred_to {
                        made.insert(&self.planned.target.name, id);
                    }
                    if seen == Seen::Only {
                        self.ids.note_only(id, content)?;
                    } else {
                        self.ids.note(id, content)?;
                    }
                    self.done.ids = self.done.ids.wrapping_add(u128::from_be_bytes(id));
                    self.failures(written, &one, None);
                    let before = self.before.as_ref().map(|before| before.content(id)).transpose()?;
                    if before.flatten() == Some(content) {
                        self.done.equal += 1;
                    } else {
                        self.asked.push(at);
                    }
                }
                Seen::Equal => self.report.merged += own,
                Seen::Other => {
                    self.report.rejected += own;
                    let row = one.rows()[0];
                    let (of, id) = (self.planned.target.resource_type, records::uuid_text(&id));
                    let message = format!("another row has the same key and gives another resource, {of}/{id}");
                    let failure = Failure { element: None, code: "duplicate-key", message, text: None, row };
                    let of = (Effect::Rejected, Share::Rows(own));
                    let told = (failure.message.as_str(), None);
                    self.count(written, of, (failure.code, None), row, told);
                    self.refused(written, &one, &failure);
                }
            }
        }
        self.ask(written, door)
    }

    /// Gathers the resources that the door is asked about.
    fn ask(&mut self, written: &mut Written, door: &mut dyn Door) -> Result<(), Error> {
        let asked = std::mem::take(&mut self.asked);
        // Many go as they lie; few are gathered with those of other steps.
        let as_they_lie = asked.len() >= CHUNK_RESOURCES / 2;
        if as_they_lie && !self.chunk.resources.is_empty() {
            self.hand_on(door)?;
        }
        for at in &asked {
            let Some(one) = written.get(*at) else { continue };
            let Some((range, id)) = one.json_range().zip(one.id()) else { continue };
            let json = if as_they_lie {
                range
            } else {
                let begin = self.chunk.json.len();
                self.chunk.json.push_str(&String::from_utf8_lossy(&written.json[range]));
                begin..self.chunk.json.len()
            };
            let link = if self.names_rows { self.link(written, &one, None) } else { 0..0 };
            let resource_type = self.planned.target.resource_type;
            self.chunk.resources.push(ChunkResource { resource_type, id, met: None, met_before: None, json, link });
        }
        if as_they_lie {
            let empty = std::mem::take(&mut self.chunk.json).into_bytes();
            let json = String::from_utf8(std::mem::replace(&mut written.json, empty));
            // What the writer gives is UTF-8, since columns are.
            self.chunk.json = json.map_err(|error| Error::query(&self.planned.target.name, error))?;
        }
        self.asked = asked;
        let is_full = self.chunk.resources.len() >= CHUNK_RESOURCES || self.chunk.json.len() >= CHUNK_BYTES;
        if as_they_lie || is_full || self.chunk.refused.len() >= CHUNK_RESOURCES { self.hand_on(door) } else { Ok(()) }
    }

    /// Counts the rows of a resource or refusal; how many of them are of the target's own query.
    fn count_rows(&mut self, written: &Written, one: &Made<'_>) -> u64 {
        let rows = one.rows();
        if self.is_by_row {
            self.report.rows += rows.len() as u64;
            return rows.len() as u64;
        }
        let mut own = 0;
        for row in rows.iter().filter(|row| written.part(**row) == 0) {
            own += 1;
            self.note(written, *row);
        }
        self.report.rows += own;
        self.report.child_rows += rows.len() as u64 - own;
        own
    }

    /// Notes that all rows of a step were seen.
    fn note_all(&mut self, written: &Written) {
        for (batch, (_, rows)) in written.batches.iter().enumerate() {
            let part = &self.planned.parts[0];
            let only = if let [each] = part.each[..] { Some(&part.rows[each]) } else { None };
            let numbers = only.and_then(|only| rows.column(only.column).as_primitive_opt::<UInt64Type>());
            let numbers = numbers.filter(|numbers| numbers.null_count() == 0);
            let Some(numbers) = numbers.map(arrow_array::PrimitiveArray::values) else {
                for row in 0..rows.num_rows() {
                    self.note(written, RowRef { batch: batch as u32, row: row as u32 });
                }
                continue;
            };
            // Mostly they are neighbours.
            match (numbers.first(), numbers.last()) {
                (Some(first), Some(last)) if numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1])) => {
                    self.seen.insert_range(*first..=*last);
                }
                _ => self.seen.extend(numbers.iter().copied()),
            }
        }
    }

    /// Notes that a row of the table was seen.
    fn note(&mut self, written: &Written, row: RowRef) {
        let (part, batch) = &written.batches[row.batch as usize];
        let part = &self.planned.parts[*part];
        for from in part.each.iter().map(|at| &part.rows[*at]) {
            let mut named = 0;
            each_row(batch.column(from.column), row.row as usize, &mut |number| {
                self.seen.insert(number);
                named += 1;
            });
            // Of rows that a query gathered only some are named.
            let Some(count) = from.count else { continue };
            let all = batch.column(count).as_primitive::<UInt64Type>();
            if all.is_valid(row.row as usize) {
                self.gathered += all.value(row.row as usize).saturating_sub(named);
            }
        }
    }

    fn query_failed(&self, error: &lake::workbench::Error) -> Error {
        Error::query(&self.planned.target.name, error)
    }

    fn write_failed(&self, error: WriteError<lake::workbench::Error>) -> Error {
        match error {
            WriteError::Rows(error) => self.query_failed(&error),
            WriteError::Order(_) => Error::query(&self.planned.target.name, error),
        }
    }

    /// Counts what is wrong with a resource, or why so many rows make none.
    fn failures(&mut self, written: &Written, one: &Made<'_>, refused: Option<u64>) {
        for (no, failure) in one.failures().iter().enumerate() {
            let of = match refused {
                None => (Effect::LeftOut, Share::Value),
                Some(rows) if no == 0 => (Effect::Rejected, Share::Rows(rows)),
                Some(_) => (Effect::Rejected, Share::Further),
            };
            let told = (failure.message.as_str(), failure.text.as_deref());
            self.count(written, of, (failure.code, failure.element), failure.row, told);
        }
    }

    fn count(
        &mut self,
        written: &Written,
        (effect, share): (Effect, Share),
        (code, element): (&'static str, Option<u32>),
        row: RowRef,
        (message, text): (&str, Option<&str>),
    ) {
        let planned = self.planned;
        self.tally.add(effect, code, element, share, || {
            let (part, batch) = &written.batches[row.batch as usize];
            let part = &planned.parts[*part];
            let mut number = 0;
            part.each_row(batch, row.row as usize, &mut |row| number = row);
            Example {
                table: part.table().to_owned(),
                row: number,
                in_file: None,
                message: message.to_owned(),
                text: text.map(str::to_owned),
            }
        });
    }

    fn refused(&mut self, written: &Written, one: &Made<'_>, failure: &Failure) {
        let element = failure.element.and_then(|element| self.planned.target.elements.get(element as usize));
        let (part, batch) = &written.batches[failure.row.batch as usize];
        let part = &self.planned.parts[*part];
        let mut place = vec![part.table().to_owned()];
        part.each_row(batch, failure.row.row as usize, &mut |row| place.push(format!("row {row}")));
        let element = element.map(|info| format!(", {}", info.path)).unwrap_or_default();
        let place = place.join(" ") + &element;
        let why = format!("{}: {}", failure.code, failure.message);
        let link = self.link(written, one, Some(&why));
        self.chunk.refused.push(ChunkRefused { link, what: why, place });
    }

    fn link(&mut self, written: &Written, one: &Made<'_>, why: Option<&str>) -> std::ops::Range<usize> {
        for row in one.rows() {
            let (part, batch) = &written.batches[row.batch as usize];
            self.links.add(*part, &self.planned.parts[*part].rows, batch, row.row as usize);
        }
        let begin = self.chunk.links.len();
        self.links.write(why, &mut self.chunk.links);
        let end = self.chunk.links.len();
        self.chunk.links.push(b'\n');
        begin..end
    }

    /// Finds which resources of the chunk are records of other doors.
    fn meet(&mut self, door: &mut dyn Door) -> Result<(), Error> {
        let Some(meeting) = &self.meeting else { return Ok(()) };
        for made in &mut self.chunk.resources {
            made.met_before = meeting.before.get(&made.id).cloned();
        }
        if meeting.others != Others::Met {
            return Ok(());
        }
        let found = door.bearing(&self.chunk)?;
        let (mut unsure, mut other_person, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        for (made, bearing) in self.chunk.resources.iter_mut().zip(found) {
            let id = made.id;
            let (mut others, mut contradicts) = (Vec::new(), Vec::new());
            for Bearer { id: other, contradicts: of_other } in bearing {
                // What this source made itself is no other's.
                let own = match packed(&other) {
                    Some(other) => self.unique.has(other, &mut self.ids)? || meeting.own.content(other)?.is_some(),
                    None => false,
                };
                if own || others.contains(&other) {
                    continue;
                }
                if of_other.is_empty() || made.met_before.as_ref() == Some(&other) {
                    others.push(other);
                } else {
                    contradicts = of_other;
                }
            }
            // What was met stays met, whoever else bears the identifier since.
            let as_before = made.met_before.clone().filter(|met| others.contains(met));
            if others.len() > 1 {
                unsure.push(made.link.clone());
            }
            if others.is_empty() && !contradicts.is_empty() {
                other_person.push((made.link.clone(), contradicts));
            }
            made.met = as_before.or_else(|| if others.len() == 1 { others.pop() } else { None });
            if let Some(met) = &made.met {
                self.done.met.insert(id, met.clone());
                if !self.met_now.insert(met.clone()) {
                    shared.push((made.link.clone(), format!("{}/{met}", made.resource_type)));
                }
            }
            self.done.is_parted |= made.met_before.is_some() && made.met != made.met_before;
        }
        for link in unsure {
            self.remark(link, "ambiguous-match", "several records bear an identifier of it".to_owned());
        }
        for (link, contradicts) in other_person {
            let what = contradicts.join(" and ");
            let message =
                format!("the record that bears an identifier of it has another {what}: they were not put together");
            self.remark(link, "contradicted-match", message);
        }
        for (link, record) in shared {
            let message = format!(
                "an earlier row is one with the same record, {record}: of what both give, what that row gave stays"
            );
            self.remark(link, "shared-match", message);
        }
        Ok(())
    }

    /// Counts a remark on the resource whose line in the chunk is given.
    fn remark(&mut self, link: std::ops::Range<usize>, code: &'static str, message: String) {
        let line = self.chunk.links.get(link).unwrap_or_default();
        let example = || {
            let link: Option<Link> = serde_json::from_slice(line).ok();
            let row = link.and_then(|link| {
                let (table, rows) = link.rows.into_iter().find(|(_, rows)| !rows.is_empty())?;
                Some((table, rows[0]))
            });
            let (table, row) = row.unwrap_or_default();
            Example { table, row, in_file: None, message, text: None }
        };
        self.tally.add(Effect::Remark, code, None, Share::Value, example);
    }

    fn hand_on(&mut self, door: &mut dyn Door) -> Result<(), Error> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        self.ids.flush()?;
        self.meet(door)?;
        door.take(&mut self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

/// The rows of a query, one batch after the other; of some rows of its tables alone.
struct Batches<'r> {
    rows: Rows,
    only: Option<&'r [(usize, RoaringTreemap)]>,
}

impl Iterator for Batches<'_> {
    type Item = Result<RecordBatch, lake::workbench::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.rows.next_batch().transpose()?;
        Some(batch.map(|batch| match self.only {
            None => batch,
            Some(only) => of_these(batch, only),
        }))
    }
}

/// The rows of a batch that name one of these rows; all that one names are among them, or none.
fn of_these(batch: RecordBatch, only: &[(usize, RoaringTreemap)]) -> RecordBatch {
    let is_one = |at: usize| {
        only.iter().any(|(column, rows)| {
            let mut is_one = false;
            each_row(batch.column(*column), at, &mut |row| is_one |= rows.contains(row));
            is_one
        })
    };
    let keep: Vec<bool> = (0..batch.num_rows()).map(is_one).collect();
    if keep.iter().all(|keep| *keep) {
        return batch;
    }
    // Of the same length: this does not fail.
    arrow_select::filter::filter_record_batch(&batch, &keep.into()).unwrap_or(batch)
}

/// The rows that a column names in one row: one, or those that were gathered.
fn each_row(column: &dyn Array, row: usize, with: &mut dyn FnMut(u64)) {
    if column.is_null(row) {
        return;
    }
    match column.as_primitive_opt::<UInt64Type>() {
        Some(numbers) => with(numbers.value(row)),
        None => column.as_list::<i32>().value(row).as_primitive::<UInt64Type>().iter().flatten().for_each(with),
    }
}

impl PlannedPart {
    /// The table whose rows it goes through.
    pub(super) fn table(&self) -> &str {
        self.each.first().map_or("", |at| &self.rows[*at].table)
    }

    /// The rows of that table that took part in a row of a batch.
    fn each_row(&self, batch: &RecordBatch, row: usize, with: &mut dyn FnMut(u64)) {
        self.each.iter().for_each(|at| each_row(batch.column(self.rows[*at].column), row, with));
    }
}
