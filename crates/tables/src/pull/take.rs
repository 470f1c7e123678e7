//! One table of a delivery, read and compared; and then its new rows, kept.

use crate::error::Error;
use crate::pull::catalogue::{ContentBefore, Pulled, TableTaken};
use crate::pull::compare::{Segment, compare};
use crate::pull::corrected::{BadHash, CorrectedBad, CorrectedRows};
use crate::pull::hash::{RowHash, RowHasher};
use crate::pull::moved::Renumbered;
use crate::pull::order::{Reordered, Sides, reordered};
use crate::pull::points::Points;
use crate::pull::segment::{LENGTH, OFFSET, SegmentReader, SegmentWriter, schema};
use crate::pull::spelling::columns_as_known;
use crate::pull::unreadable::keys_in;
use crate::pull::{Origin, PullTable, TablePulled};
use crate::read::{BadRow, ReadError, RowBatch};
use crate::said::Doubt;
use access::Grant;
use arrow_array::builder::{BooleanBuilder, UInt32Builder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use records::{Arrived, Besides, Lookup, NewDeadLetter, Operation, Planner, Records, ReuseArrival, Trail};
use roaring::RoaringTreemap;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bad rows of a table that become dead letters; more of them are counted, and the arrival has them all.
const MOST_LETTERS: usize = 10_000;
/// Rows whose keys are compared to tell a changed row from one that is gone and another that is new.
const MOST_KEYS: u64 = 2 << 20;
/// Rows that are compared but for columns that came anew: 16 bytes each, of either side.
const MOST_WIDENED: u64 = 4 << 20;
/// The share of a table's rows that may be gone before somebody is asked, in percent.
const MOST_GONE_PERCENT: u64 = 5;
/// The share of a table's rows that may be changed before somebody is asked, in percent.
const MOST_CHANGED_PERCENT: u64 = 50;

/// A table that was read and compared; nothing of it is kept yet.
pub(super) struct TableRead {
    wanted: String,
    file: String,
    columns: Vec<String>,
    /// Those whose numbers have a point.
    points: Vec<String>,
    /// Whether its last row has no line end.
    is_open: bool,
    spool: PathBuf,
    rows: u64,
    new: RoaringTreemap,
    gone: RoaringTreemap,
    changed: Option<u64>,
    /// Rows that did not change and come anew, for the order of their key: their numbers in the table, and in the delivery.
    moved: Vec<(u64, u64)>,
    /// New rows that are to lie behind the others, in this order.
    last: Vec<u64>,
    /// Rows that changed, but for the cells that a person corrected: their numbers in the table, and in the delivery.
    carried: Vec<(u64, u64)>,
    /// Of the changed rows and those that are gone, how many say what they said but for columns that came anew.
    widened: u64,
    /// Rows that the table had, and that came so that they cannot be read.
    kept: u64,
    bad: Vec<BadRow>,
    bad_rows: u64,
    /// Rows that cannot be read and that were taken as a person corrected them.
    mended: HashSet<BadHash>,
    /// What is to be said about how it was read.
    notes: Vec<String>,
    content: ([u8; 32], u64),
    /// The same file as the last time, byte for byte.
    same: bool,
}

/// What there was of a table before.
pub(super) struct Before<'b> {
    pub(super) table: Option<&'b Pulled>,
    /// The file in which it came last.
    pub(super) content: Option<ContentBefore>,
    /// Cells of rows that cannot be read.
    pub(super) corrected: &'b CorrectedBad,
    /// Cells of its rows that a person corrected.
    pub(super) corrected_rows: &'b CorrectedRows,
}

/// Hash of a file's bytes and of how they are read.
fn content_of(origin: &dyn Origin, corrected: &CorrectedBad) -> Result<Option<([u8; 32], u64)>, Error> {
    let Some(content) = origin.content()? else { return Ok(None) };
    Ok(Some((with_reading(origin, corrected, &content.hash), content.bytes)))
}

fn with_reading(origin: &dyn Origin, corrected: &CorrectedBad, hash: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(hash);
    hasher.update(origin.reading().as_bytes());
    if origin.spells_numbers() {
        hasher.update(b"points");
    }
    for (hash, cells) in corrected {
        hasher.update(hash).update(serde_json::json!(cells).to_string().as_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn hash_of(bad: &BadRow) -> BadHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(bad.text.as_bytes()).as_bytes()[..16]);
    hash
}

/// The rows of a batch with those that could not be read and that a person corrected, in the order in which they came. The others stay bad.
fn with_corrected(
    rows: &mut RowBatch,
    columns: &[String],
    corrected: &CorrectedBad,
    mended: &mut HashSet<BadHash>,
) -> Option<RowBatch> {
    let is_corrected = |bad: &BadRow| corrected.contains_key(&hash_of(bad));
    if corrected.is_empty() || !rows.bad.iter().any(is_corrected) {
        return None;
    }
    let (now_good, still_bad): (Vec<BadRow>, Vec<BadRow>) = rows.bad.drain(..).partition(is_corrected);
    rows.bad = still_bad;
    mended.extend(now_good.iter().map(hash_of));
    let (mut out, mut next) = (RowBatch::new(columns.len()), now_good.iter().peekable());
    let put = |out: &mut RowBatch, bad: &BadRow| {
        let cells = &corrected[&hash_of(bad)];
        for column in columns {
            out.push_cell(cells.get(column).and_then(|cell| cell.as_deref()));
        }
        out.end_row(bad.place);
    };
    for row in 0..rows.len() {
        let place = rows.place(row);
        while let Some(bad) = next.next_if(|bad| bad.place.number < place.number) {
            put(&mut out, bad);
        }
        let mut fractions = rows.fractions(row).peekable();
        for column in 0..columns.len() {
            out.push_cell(rows.cell(row, column));
            if fractions.next_if_eq(&column).is_some() {
                out.mark_number();
            }
        }
        out.end_row(place);
    }
    for bad in next {
        put(&mut out, bad);
    }
    out.bad.append(&mut rows.bad);
    Some(out)
}

/// What a table holds that is no file: its columns, and its rows in whatever order.
#[derive(Default)]
struct Gathered {
    sum: u128,
    bytes: u64,
    bad: u64,
}

impl Gathered {
    fn add(&mut self, rows: &RowBatch, hasher: &mut RowHasher) {
        for row in 0..rows.len() {
            self.sum = self.sum.wrapping_add(u128::from_be_bytes(hasher.hash(rows, row)));
        }
        self.bytes += rows.text_bytes() as u64;
        for bad in &rows.bad {
            let hash = blake3::hash(bad.text.as_bytes());
            self.bad = self.bad.wrapping_add(u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default()));
        }
    }

    fn content(&self, origin: &dyn Origin, corrected: &CorrectedBad, columns: &[String], rows: u64) -> ([u8; 32], u64) {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.sum.to_le_bytes()[..], &self.bad.to_le_bytes(), &rows.to_le_bytes()] {
            hasher.update(part);
        }
        for column in columns {
            hasher.update(&(column.len() as u64).to_le_bytes()).update(column.as_bytes());
        }
        (with_reading(origin, corrected, hasher.finalize().as_bytes()), self.bytes)
    }
}

/// Reads a table of a delivery and compares it with what is current; `spool` is where its rows are written meanwhile. What comes back
/// in its place is which columns it lacks.
pub(super) fn read(
    wanted: &PullTable,
    Before { table: before, content: content_before, corrected, corrected_rows }: Before<'_>,
    spool: PathBuf,
    go_on: &mut dyn FnMut(u64) -> Result<(), Error>,
) -> Result<Result<TableRead, ReadError>, Error> {
    let origin = &*wanted.origin;
    let content = content_of(origin, corrected)?;
    let mut out = TableRead {
        wanted: before.map_or(&wanted.name, |before| &before.name).clone(),
        file: origin.file().to_owned(),
        columns: Vec::new(),
        points: Vec::new(),
        is_open: false,
        spool,
        rows: 0,
        new: RoaringTreemap::new(),
        gone: RoaringTreemap::new(),
        changed: Some(0),
        moved: Vec::new(),
        last: Vec::new(),
        carried: Vec::new(),
        widened: 0,
        kept: 0,
        bad: Vec::new(),
        bad_rows: 0,
        mended: HashSet::new(),
        notes: Vec::new(),
        content: content.unwrap_or_default(),
        same: false,
    };
    let is_same = |now: &([u8; 32], u64)| {
        content_before.as_ref().is_some_and(|was| (&now.0[..], now.1) == (&was.hash[..], was.bytes))
    };
    if let (Some(before), Some(_)) = (before, content.filter(is_same)) {
        (out.same, out.rows) = (true, before.alive.len());
        out.bad_rows = content_before.as_ref().map_or(0, |was| was.bad);
        out.columns.clone_from(&before.columns);
        out.mended = corrected.keys().copied().collect();
        return Ok(Ok(out));
    }
    let mut table = origin.open()?;
    out.notes = table.notes().to_vec();
    out.columns = before.map_or_else(|| table.columns().to_vec(), |before| columns_as_known(table.columns(), before));
    let has = |name: &String| out.columns.iter().any(|column| is_name(column, name));
    let missing: Vec<&str> = wanted.uses.iter().filter(|name| !has(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        let is_one = matches!(out.columns.as_slice(), [only] if only.contains([',', ';', '\t', '|']));
        let message = format!(
            "table {} has no column {}, which the mapping needs: it has {}{}",
            wanted.name,
            missing.join(", "),
            out.columns.join(", "),
            if is_one { "; is that several, and another `separator` than mapping.toml says?" } else { "" }
        );
        return Ok(Err(ReadError { place: out.file, message }));
    }
    let mut writer = SegmentWriter::create(&out.spool, &out.columns)?;
    let mut rows = RowBatch::new(out.columns.len());
    let mut hasher = RowHasher::new(&out.columns);
    let mut content_of_rows = content.is_none().then(Gathered::default);
    let mut points = origin.spells_numbers().then(|| Points::new(out.columns.len()));
    while table.next(&mut rows)? {
        if let Some(points) = &mut points {
            points.look(&rows);
        }
        if let Some(merged) = with_corrected(&mut rows, &out.columns, corrected, &mut out.mended) {
            rows = merged;
        }
        if let Some(all) = &mut content_of_rows {
            all.add(&rows, &mut hasher);
        }
        out.bad_rows += rows.bad.len() as u64;
        let room = MOST_LETTERS.saturating_sub(out.bad.len());
        out.bad.extend(rows.bad.drain(..).take(room));
        writer.append(&rows)?;
        go_on(writer.rows())?;
    }
    out.rows = writer.finish()?;
    out.is_open = table.is_open();
    out.points = points.map_or_else(Vec::new, |points| points.names(&out.columns));
    if let Some(all) = content_of_rows {
        out.content = all.content(origin, corrected, &out.columns, out.rows);
        out.same = before.is_some() && is_same(&out.content);
    }
    if let (Some(before), true) = (before, out.same) {
        // The same rows, which are current.
        out.rows = before.alive.len();
        return Ok(Ok(out));
    }
    let delivered = Segment { path: out.spool.clone(), base: 0, rows: out.rows };
    let nothing = RoaringTreemap::new();
    let (segments, alive) = before.map_or((&[][..], &nothing), |before| (&before.segments[..], &before.alive));
    let difference = compare(&delivered, segments, alive)?;
    (out.new, out.gone) = (difference.new, difference.gone);
    if let Some(before) = before {
        let of_file = |name: &String| out.columns.iter().find(|column| is_name(column, name)).unwrap_or(name).clone();
        let key: Vec<String> = wanted.key.iter().map(of_file).collect();
        out.keep_unreadable(before, &key)?;
        let changed = changed(&out, before, &key)?;
        out.changed = changed.as_ref().map(|(rows, _)| *rows);
        out.widened = widened(&out, before)?;
        out.keep_order(before, &key, changed.unwrap_or_default().1)?;
        out.carry_corrections(before, &key, corrected_rows)?;
    }
    Ok(Ok(out))
}

/// Whether a column is the one of this name: case does not matter.
pub(crate) fn is_name(column: &str, name: &str) -> bool {
    column == name || column.to_lowercase() == name.to_lowercase()
}

/// Rows of which the key was there before: they changed; and their keys. `None` if that cannot be told: there is no key, or they are too many.
fn changed(read: &TableRead, before: &Pulled, key: &[String]) -> Result<Option<(u64, HashSet<RowHash>)>, Error> {
    if read.new.is_empty() || read.gone.is_empty() {
        return Ok(Some((0, HashSet::new())));
    }
    if key.is_empty() || read.new.len() > MOST_KEYS || read.gone.len() > MOST_KEYS {
        return Ok(None);
    }
    let mut gone: HashMap<RowHash, u32> = HashMap::new();
    keys(&before.segments, &read.gone, key, &mut |_, hash| *gone.entry(hash).or_default() += 1)?;
    // Rows without a key are none of one key: which changed cannot be told.
    gone.remove(&no_key(key.len()));
    let (mut changed, mut both) = (0, HashSet::new());
    keys(&read.delivered(), &read.new, key, &mut |_, hash| {
        if let Some(left) = gone.get_mut(&hash) {
            both.insert(hash);
            if *left > 0 {
                (*left, changed) = (*left - 1, changed + 1);
            }
        }
    })?;
    Ok(Some((changed, both)))
}

/// How many rows say what they said, but for columns that the table did not have: whoever adds a column changes each row, and is not asked for that.
fn widened(read: &TableRead, before: &Pulled) -> Result<u64, Error> {
    let is_known = |name: &&String| before.columns.contains(name);
    let known: Vec<String> = read.columns.iter().filter(is_known).cloned().collect();
    let few = read.new.len().max(read.gone.len()) <= MOST_WIDENED;
    if known.len() == read.columns.len() || read.new.is_empty() || read.gone.is_empty() || !few {
        return Ok(0);
    }
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let mut hasher = RowHasher::new(&known);
    each(&before.segments, &read.gone, &known, &mut |_, row| gone.push(hasher.hash(row, 0)))?;
    each(&read.delivered(), &read.new, &known, &mut |_, row| new.push(hasher.hash(row, 0)))?;
    gone.sort_unstable();
    new.sort_unstable();
    let (mut same, mut at) = (0, 0);
    for hash in gone {
        at += new[at..].partition_point(|other| *other < hash);
        if new.get(at) == Some(&hash) {
            (same, at) = (same + 1, at + 1);
        }
    }
    Ok(same)
}

/// Hands on the hashes of the keys of some rows, with their numbers.
pub(super) fn keys(
    segments: &[Segment],
    wanted: &RoaringTreemap,
    key: &[String],
    take: &mut dyn FnMut(u64, RowHash),
) -> Result<(), Error> {
    let positions: Vec<usize> = (0..key.len()).collect();
    let mut hasher = RowHasher::new(&[]);
    each(segments, wanted, key, &mut |row, cells| take(row, hasher.hash_of(cells, 0, &positions)))
}

/// Hands on some rows one by one, with their numbers: the cells of `columns` alone.
pub(super) fn each(
    segments: &[Segment],
    wanted: &RoaringTreemap,
    columns: &[String],
    take: &mut dyn FnMut(u64, &RowBatch),
) -> Result<(), Error> {
    let fields: Vec<Field> = columns.iter().map(|name| Field::new(name, DataType::Utf8View, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut one = RowBatch::new(columns.len());
    for segment in segments {
        if wanted.range_cardinality(segment.base..segment.base + segment.rows) == 0 {
            continue;
        }
        let mut row = segment.base;
        for batch in SegmentReader::open(&segment.path, Arc::clone(&schema))? {
            let batch = batch?;
            for at in (0..batch.num_rows()).filter(|at| wanted.contains(row + *at as u64)) {
                one.clear();
                for column in batch.columns() {
                    let cells = column.as_string_view();
                    one.push_cell(cells.is_valid(at).then(|| cells.value(at)));
                }
                one.end_row(crate::read::Place::default());
                take(row + at as u64, &one);
            }
            row += batch.num_rows() as u64;
        }
    }
    Ok(())
}

impl TableRead {
    /// What was delivered, as it lies in the spool.
    fn delivered(&self) -> [Segment; 1] {
        [Segment { path: self.spool.clone(), base: 0, rows: self.rows }]
    }

    /// Leaves rows as they were whose keys stand in rows that cannot be read, and in no other new row.
    fn keep_unreadable(&mut self, before: &Pulled, key: &[String]) -> Result<(), Error> {
        let positions: Vec<usize> =
            key.iter().filter_map(|name| self.columns.iter().position(|column| column == name)).collect();
        if self.gone.is_empty() || positions.len() < key.len() {
            return Ok(());
        }
        let mut unread = keys_in(&self.bad, &positions, self.columns.len());
        if unread.is_empty() {
            return Ok(());
        }
        keys(&self.delivered(), &self.new, key, &mut |_, hash| _ = unread.remove(&hash))?;
        let mut kept = RoaringTreemap::new();
        keys(&before.segments, &self.gone, key, &mut |row, hash| _ = unread.contains(&hash).then(|| kept.insert(row)))?;
        self.gone -= &kept;
        self.kept = kept.len();
        Ok(())
    }

    /// Puts changed rows in the places of those that they replace, among rows of the same key.
    fn keep_order(&mut self, before: &Pulled, key: &[String], changed: HashSet<RowHash>) -> Result<(), Error> {
        let (delivered, new, gone) = (self.delivered(), &self.new, &self.gone);
        let sides = Sides { before, delivered: &delivered, columns: &self.columns, key, new, gone };
        let Reordered { moved, last } = reordered(&sides, &changed)?;
        self.gone.extend(moved.iter().map(|(was, _)| *was));
        self.new.extend(moved.iter().map(|(_, row)| *row));
        (self.moved, self.last) = (moved, last);
        Ok(())
    }

    /// Finds the rows in the place of such as a person corrected, where the cells came as they were that he corrected.
    fn carry_corrections(&mut self, before: &Pulled, key: &[String], corrected: &CorrectedRows) -> Result<(), Error> {
        let moved: HashSet<u64> = self.moved.iter().map(|(was, _)| *was).collect();
        let rows: RoaringTreemap =
            corrected.keys().filter(|row| self.gone.contains(**row) && !moved.contains(*row)).copied().collect();
        if rows.is_empty() || key.is_empty() {
            return Ok(());
        }
        let named = rows.iter().flat_map(|row| corrected[&row].keys());
        let others: BTreeSet<&String> = named.filter(|name| !key.contains(name)).collect();
        let columns: Vec<String> = key.iter().chain(others).cloned().collect();
        let mut hasher = RowHasher::new(&[]);
        let of_key: Vec<usize> = (0..key.len()).collect();
        let cell = |one: &RowBatch, column: usize| one.cell(0, column).unwrap_or_default().trim().to_owned();
        let mut was: HashMap<RowHash, Vec<(u64, Vec<String>)>> = HashMap::new();
        each(&before.segments, &rows, &columns, &mut |row, one| {
            let cells = (0..columns.len()).map(|column| cell(one, column)).collect();
            was.entry(hasher.hash_of(one, 0, &of_key)).or_default().push((row, cells));
        })?;
        was.remove(&no_key(key.len()));
        // What did not change is another row, which has its own.
        let new = &self.new - &self.moved.iter().map(|(_, now)| *now).collect::<RoaringTreemap>();
        let mut carried = Vec::new();
        each(&self.delivered(), &new, &columns, &mut |now, one| {
            let Some(rows) = was.get_mut(&hasher.hash_of(one, 0, &of_key)) else { return };
            let as_it_was = |(row, cells): &(u64, Vec<String>)| {
                let is_corrected = |column: &usize| corrected[row].contains_key(&columns[*column]);
                (0..columns.len()).filter(is_corrected).all(|column| cells[column] == cell(one, column))
            };
            if let Some(at) = rows.iter().position(as_it_was) {
                carried.push((rows.remove(at).0, now));
            }
        })?;
        let has = |name: &String| self.columns.contains(name);
        carried.retain(|(row, _)| corrected[row].keys().all(has));
        self.carried = carried;
        Ok(())
    }

    /// Rows that the table did not have, and rows of it that the delivery does not have.
    fn new_and_gone(&self) -> (u64, u64) {
        let moved = self.moved.len() as u64;
        (self.new.len() - moved, self.gone.len() - moved)
    }

    /// What a person is asked before a delivery that looks like a mistake is taken.
    pub(super) fn doubts(&self, before: &Pulled) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        let of = before.alive.len();
        let (new, gone) = self.new_and_gone();
        let changed = self.changed.unwrap_or(gone.min(new));
        let lost = gone.saturating_sub(changed.max(self.widened));
        let changed = changed.saturating_sub(self.widened);
        let table = || self.wanted.clone();
        if lost * 100 > of * MOST_GONE_PERCENT {
            let (percent, file) = (MOST_GONE_PERCENT, self.file.clone());
            doubts.push(Doubt::RowsLost { table: table(), lost, of, percent, file });
        }
        if changed * 100 > of * MOST_CHANGED_PERCENT {
            doubts.push(Doubt::RowsChanged { table: table(), changed, of });
        }
        if self.is_open && !before.is_open && of > 0 {
            doubts.push(Doubt::CutOff { table: table(), file: self.file.clone() });
        }
        let columns: Vec<String> =
            before.columns_last.iter().filter(|column| !self.columns.contains(column)).cloned().collect();
        if !columns.is_empty() && of > 0 {
            doubts.push(Doubt::ColumnsLost { table: table(), columns });
        }
        doubts
    }

    /// What is told of it.
    pub(super) fn told(&self) -> TablePulled {
        let changed = self.changed.unwrap_or(0).max(self.widened);
        let (new, gone) = self.new_and_gone();
        TablePulled {
            name: self.wanted.clone(),
            file: self.file.clone(),
            rows: self.rows,
            new: new.saturating_sub(changed),
            changed,
            gone: gone.saturating_sub(changed),
            equal: self.rows - new,
            bad: self.bad_rows,
            kept: self.kept,
            unchanged_file: self.same,
            notes: self.notes.clone(),
        }
    }

    /// Its name, and its rows that cannot be read and that were taken as a person corrected them.
    pub(super) fn mended(&self) -> (String, HashSet<BadHash>) {
        (self.wanted.clone(), self.mended.clone())
    }

    /// Keeps the new rows: their bytes become an arrival, then their segment is written. What is named by no commit is swept.
    pub(super) fn keep(
        self,
        wanted: &PullTable,
        bad_before: &HashSet<[u8; 16]>,
        keeping: &Keeping<'_>,
    ) -> Result<Option<TableTaken>, Error> {
        if self.same {
            return Ok(None);
        }
        let bad: Vec<&BadRow> = self.bad.iter().filter(|bad| !bad_before.contains(&hash_of(bad))).collect();
        let mut letters = Vec::new();
        let segment = if self.new.is_empty() && bad.is_empty() {
            None
        } else {
            let all = self.new.len() == self.rows;
            let (kept, path) = match wanted.origin.raw()? {
                Some(raw) if all && self.last.is_empty() => (self.keep_file(raw, &bad, keeping)?, self.spool.clone()),
                raw => self.keep_new(raw, &bad, keeping)?,
            };
            letters = kept.letters;
            Some((path, self.new.len(), kept.arrival))
        };
        Ok(Some(TableTaken {
            segment: segment.filter(|(_, rows, _)| *rows > 0),
            moved: self.moved_to(),
            bad: self.bad.iter().map(hash_of).collect(),
            letters,
            name: self.wanted,
            columns: self.columns,
            points: self.points,
            is_open: self.is_open,
            file: self.file,
            content: self.content.0,
            bytes: self.content.1,
            rows: self.rows,
            gone: self.gone,
            bad_rows: self.bad_rows,
        }))
    }

    /// Rows that go on under other numbers.
    fn moved_to(&self) -> Vec<Renumbered> {
        let tail: HashMap<u64, u64> = self.last.iter().copied().zip(0..).collect();
        let head = &self.new - &self.last.iter().copied().collect::<RoaringTreemap>();
        let place = |row: u64| tail.get(&row).map_or_else(|| head.rank(row) - 1, |at| head.len() + at);
        let same = self.moved.iter().map(|rows| (true, rows));
        let all = same.chain(self.carried.iter().map(|rows| (false, rows)));
        all.map(|(is_same, (was, row))| Renumbered { was: *was, place: place(*row), is_same }).collect()
    }

    /// The whole file becomes the arrival, byte for byte.
    fn keep_file(&self, raw: Box<dyn Read + Send>, bad: &[&BadRow], keeping: &Keeping<'_>) -> Result<Kept, Error> {
        let letters = bad.iter().filter_map(|bad| Some(letter(bad, bad.place.bytes?.0))).collect();
        keeping.arrival(self, &mut BufReader::with_capacity(1 << 20, raw), letters)
    }

    /// Only the new rows become the arrival, after the header line; their offsets are those in it.
    fn keep_new(
        &self,
        raw: Option<Box<dyn Read + Send>>,
        bad: &[&BadRow],
        keeping: &Keeping<'_>,
    ) -> Result<(Kept, PathBuf), Error> {
        let content_path = self.spool.with_extension("bytes");
        let segment_path = self.spool.with_extension("new");
        let failed = |error| Error::file("write", &content_path, error);
        let file =
            File::options().create(true).truncate(true).read(true).write(true).open(&content_path).map_err(failed)?;
        let mut content = Content { out: BufWriter::new(file), at: 0, path: &content_path };
        let mut rows = Ranges::new(raw, &self.file);
        match &mut rows {
            Some(_) => {}
            None => content.csv_row(self.columns.iter().map(|name| Some(name.as_str())))?,
        }
        let mut writer = SegmentWriter::create(&segment_path, &self.columns)?;
        let mut tail = Tail::new(&self.last);
        let mut letters = Vec::new();
        let mut bad = bad.iter().peekable();
        let mut row = 0;
        for batch in SegmentReader::open(&self.spool, schema(&self.columns))? {
            let batch = batch?;
            let mut keep = BooleanBuilder::with_capacity(batch.num_rows());
            let numbers = row..row + batch.num_rows() as u64;
            numbers.clone().for_each(|row| keep.append_value(self.new.contains(row)));
            row = numbers.end;
            let kept = arrow_select::filter::filter_record_batch(&batch, &keep.finish())
                .map_err(|error| Error::segment(&self.spool, error))?;
            if kept.num_rows() == 0 {
                continue;
            }
            let cells = self.columns.len();
            let (mut offsets, mut lengths) = (UInt64Builder::new(), UInt32Builder::new());
            let was: &arrow_array::UInt64Array = kept.column(cells + 2).as_primitive::<UInt64Type>();
            let long: &arrow_array::UInt32Array = kept.column(cells + 3).as_primitive::<UInt32Type>();
            for at in 0..kept.num_rows() {
                let begin = if let Some(ranges) = &mut rows {
                    let (offset, length) = (was.value(at), long.value(at));
                    while let Some(next) = bad.next_if(|bad| bad.place.bytes.is_some_and(|(at, _)| at < offset)) {
                        letters.extend(content.bad(ranges, next)?);
                    }
                    content.range(ranges, offset, length)?
                } else {
                    let begin = content.at;
                    content.csv_row((0..cells).map(|column| {
                        let cells = kept.column(column).as_string_view();
                        cells.is_valid(at).then(|| cells.value(at))
                    }))?;
                    begin
                };
                offsets.append_value(begin);
                lengths.append_value((content.at - begin) as u32);
            }
            let mut columns = kept.columns().to_vec();
            columns[cells + 2] = Arc::new(offsets.finish()) as ArrayRef;
            columns[cells + 3] = Arc::new(lengths.finish());
            let batch =
                RecordBatch::try_new(kept.schema(), columns).map_err(|error| Error::segment(&segment_path, error))?;
            let numbers = numbers.filter(|row| self.new.contains(*row));
            let batch = tail.take(batch, numbers).map_err(|error| Error::segment(&segment_path, error))?;
            writer.append_batch(&batch)?;
        }
        if let Some(batch) = tail.end().map_err(|error| Error::segment(&segment_path, error))? {
            writer.append_batch(&batch)?;
        }
        for bad in bad {
            letters.extend(match &mut rows {
                Some(ranges) => content.bad(ranges, bad)?,
                None => {
                    let begin = content.at;
                    content.write(bad.text.as_bytes())?;
                    content.write(b"\n")?;
                    Some(letter(bad, begin))
                }
            });
        }
        writer.finish()?;
        let mut file = content.out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        let kept = keeping.arrival(self, &mut BufReader::new(file), letters)?;
        Ok((kept, segment_path))
    }
}

/// The key of rows that have none.
fn no_key(columns: usize) -> RowHash {
    let mut row = RowBatch::new(columns);
    (0..columns).for_each(|_| row.push_cell(None));
    row.end_row(crate::read::Place::default());
    RowHasher::new(&[]).hash_of(&row, 0, &(0..columns).collect::<Vec<_>>())
}

/// Rows that are to lie behind the others.
struct Tail {
    /// The place of each among them.
    order: HashMap<u64, usize>,
    batches: Vec<RecordBatch>,
    /// Where each is in the batches: its place among them, the batch, and the row of it.
    rows: Vec<(usize, usize, usize)>,
}

impl Tail {
    fn new(last: &[u64]) -> Self {
        Tail { order: last.iter().copied().zip(0..).collect(), batches: Vec::new(), rows: Vec::new() }
    }

    /// Takes such rows out of a batch of these rows.
    fn take(&mut self, batch: RecordBatch, numbers: impl Iterator<Item = u64>) -> Result<RecordBatch, ArrowError> {
        if self.order.is_empty() {
            return Ok(batch);
        }
        let places: Vec<Option<usize>> = numbers.map(|row| self.order.get(&row).copied()).collect();
        if places.iter().all(Option::is_none) {
            return Ok(batch);
        }
        let is_last: BooleanArray = places.iter().map(|place| Some(place.is_some())).collect();
        let last = arrow_select::filter::filter_record_batch(&batch, &is_last)?;
        // Without what they lay among, which would be held as long as they are.
        let own = last.columns().iter().map(|column| match column.as_string_view_opt() {
            Some(cells) => Arc::new(cells.gc()) as ArrayRef,
            None => Arc::clone(column),
        });
        let at = self.batches.len();
        self.batches.push(RecordBatch::try_new(last.schema(), own.collect())?);
        self.rows.extend(places.iter().flatten().enumerate().map(|(row, place)| (*place, at, row)));
        let others: BooleanArray = places.iter().map(|place| Some(place.is_none())).collect();
        arrow_select::filter::filter_record_batch(&batch, &others)
    }

    /// All of them in their order.
    fn end(mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        self.rows.sort_unstable();
        let rows: Vec<(usize, usize)> = self.rows.iter().map(|(_, batch, row)| (*batch, *row)).collect();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        arrow_select::interleave::interleave_record_batch(&batches, &rows).map(Some)
    }
}

/// A letter that is to be left, and the hash of its row.
type Letter = (NewDeadLetter, BadHash);

/// The arrival that keeps rows, and the letters of those that could not be read.
struct Kept {
    arrival: i64,
    letters: Vec<(BadHash, i64)>,
}

fn letter(bad: &BadRow, at: u64) -> Letter {
    let letter = NewDeadLetter {
        at,
        length: bad.place.bytes.map_or(bad.text.len() as u64, |(_, length)| length as u64),
        what: format!("{}: {}", bad.reason, bad.message),
        place: format!("row {}", bad.place.number),
        hint: "correct it where it comes from, or say here what its cells are: the next pull takes it".into(),
    };
    (letter, hash_of(bad))
}

/// The bytes of an arrival as they are gathered.
struct Content<'a> {
    out: BufWriter<File>,
    at: u64,
    path: &'a Path,
}

impl Content<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|error| Error::file("write", self.path, error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Copies a row as it came; where it begins here.
    fn range(&mut self, ranges: &mut Ranges, offset: u64, length: u32) -> Result<u64, Error> {
        if self.at == 0 {
            let header = ranges.header(offset)?;
            self.write(&header)?;
        }
        let begin = self.at;
        let bytes = ranges.take(offset, length)?;
        self.write(&bytes)?;
        if !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r") {
            self.write(b"\n")?;
        }
        Ok(begin)
    }

    fn bad(&mut self, ranges: &mut Ranges, bad: &BadRow) -> Result<Option<Letter>, Error> {
        let Some((offset, length)) = bad.place.bytes else { return Ok(None) };
        let begin = self.range(ranges, offset, length)?;
        Ok(Some(letter(bad, begin)))
    }

    /// A row as CSV (RFC 4180); a null is an empty cell, an empty text is `""`.
    fn csv_row<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>) -> Result<(), Error> {
        for (no, cell) in cells.enumerate() {
            if no > 0 {
                self.write(b",")?;
            }
            match cell {
                None => {}
                Some(cell) if cell.is_empty() || cell.contains(['"', ',', '\n', '\r']) => {
                    self.write(b"\"")?;
                    self.write(cell.replace('"', "\"\"").as_bytes())?;
                    self.write(b"\"")?;
                }
                Some(cell) => self.write(cell.as_bytes())?,
            }
        }
        self.write(b"\n")
    }
}

/// Ranges of a file that is read once, from its beginning on.
struct Ranges {
    raw: BufReader<Box<dyn Read + Send>>,
    at: u64,
    file: String,
}

impl Ranges {
    fn new(raw: Option<Box<dyn Read + Send>>, file: &str) -> Option<Ranges> {
        Some(Ranges { raw: BufReader::with_capacity(1 << 20, raw?), at: 0, file: file.to_owned() })
    }

    /// What stands before the first row, up to a bound: the header line.
    fn header(&mut self, first: u64) -> Result<Vec<u8>, Error> {
        const HEADER_BYTES: u64 = 64 << 10;
        let mut bytes = Vec::new();
        if self.at == 0 {
            let read = (&mut self.raw).take(first.min(HEADER_BYTES)).read_to_end(&mut bytes);
            self.at += read.map_err(|error| Error::file("read", Path::new(&self.file), error))? as u64;
            let end = memchr::memchr2(b'\n', b'\r', &bytes).map_or(bytes.len(), |at| at + 1);
            let both = bytes.get(end - 1) == Some(&b'\r') && bytes.get(end) == Some(&b'\n');
            bytes.truncate(end + usize::from(both));
        }
        Ok(bytes)
    }

    fn take(&mut self, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::file("read", Path::new(&self.file), error);
        let skip = offset.checked_sub(self.at).ok_or_else(|| Error::Changed(self.file.clone()))?;
        let skipped = std::io::copy(&mut (&mut self.raw).take(skip), &mut std::io::sink()).map_err(failed)?;
        let mut bytes = Vec::with_capacity(length as usize);
        (&mut self.raw).take(u64::from(length)).read_to_end(&mut bytes).map_err(failed)?;
        if skipped < skip || bytes.len() < length as usize {
            return Err(Error::Changed(self.file.clone()));
        }
        self.at = offset + u64::from(length);
        Ok(bytes)
    }
}

/// Where arrivals of a pull go.
pub(super) struct Keeping<'a> {
    pub(super) records: &'a Records,
    pub(super) grant: &'a Grant,
    pub(super) source: &'a str,
    pub(super) now_us: i64,
}

/// An arrival of which nothing is made yet.
struct Rows(Vec<NewDeadLetter>);

impl Planner for Rows {
    fn plan(&self, _: &dyn Lookup) -> Result<Vec<Operation>, records::Error> {
        Ok(Vec::new())
    }

    fn besides(&self) -> Besides {
        Besides { dead_letters: self.0.clone(), ..Besides::default() }
    }
}

impl Keeping<'_> {
    fn arrival(&self, read: &TableRead, content: &mut dyn Read, letters: Vec<Letter>) -> Result<Kept, Error> {
        let about = Arrived {
            door: crate::pull::DOOR.into(),
            source: self.source.to_owned(),
            name: read.file.clone(),
            media: "text/csv".into(),
            ..Arrived::default()
        };
        let packed = self.records.pack(about, content)?;
        let packed = packed.map_err(|error| Error::file("read", Path::new(&read.file), error))?;
        let trail = Trail { action: "pull".into(), detail: format!("{} table {}", self.source, read.wanted) };
        let (letters, hashes): (Vec<NewDeadLetter>, Vec<BadHash>) = letters.into_iter().unzip();
        let pending = self.records.submit_packed(self.grant, trail, packed, ReuseArrival::IfSame, Rows(letters))?;
        let receipt = pending.wait()?;
        let numbers = receipt.dead_letters.iter().map(|no| no.0);
        Ok(Kept { arrival: receipt.arrival.0, letters: hashes.into_iter().zip(numbers).collect() })
    }
}

/// The columns of a segment that say where rows are in their arrival.
pub(super) fn place_schema() -> arrow_schema::SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(crate::pull::segment::NUMBER, DataType::UInt64, false),
        Field::new(OFFSET, DataType::UInt64, true),
        Field::new(LENGTH, DataType::UInt32, true),
    ]))
}
