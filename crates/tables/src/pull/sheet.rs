//! Current rows of a pulled table, as batches for the SQL engine.

use crate::error::Error;
use crate::pull::catalogue::Pulled;
use crate::pull::compare::Segment;
use crate::pull::corrected::{Cells, CorrectedRows};
use crate::pull::segment::{FRACTIONS, FRACTIONS_END, SegmentReader, schema};
use crate::pull::{RowOrigin, take};
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use roaring::RoaringTreemap;
use std::sync::Arc;

/// Name of the hidden column of row numbers.
pub const ROW: &str = "__row";

/// Metadata of a column whose numbers have a point, whatever is declared of the source.
const POINTS: &str = "medweave.points";

/// Whether the numbers of a column have a point: those of types, and those of text that says so.
pub(crate) fn has_points(field: &Field) -> bool {
    field.data_type().is_numeric() || is_pointed(field)
}

/// The same column with numbers that have a point.
fn pointed(field: Field) -> Field {
    field.with_metadata([(POINTS.to_owned(), String::new())].into())
}

/// The columns of an answer, those marked whose text is of columns whose numbers have a point: `chosen` says of which columns that is.
pub(crate) fn with_points(
    schema: &Schema,
    chosen: &[Option<Vec<(&str, &str)>>],
    sheets: &[Arc<PulledSheet>],
) -> Schema {
    let has = |(sheet, column): &(&str, &str)| {
        let sheet = sheets.iter().find(|one| take::is_name(&one.name, sheet));
        sheet.is_some_and(|one| {
            one.schema.fields().iter().any(|field| is_pointed(field) && take::is_name(field.name(), column))
        })
    };
    let fields = schema.fields().iter().enumerate().map(|(at, field)| match chosen.get(at) {
        Some(Some(of)) if !of.is_empty() && of.iter().all(has) => pointed((**field).clone()),
        _ => (**field).clone().with_metadata(std::collections::HashMap::new()),
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn is_pointed(field: &Field) -> bool {
    field.metadata().contains_key(POINTS)
}

/// Where at most one row of so many is read, the others are passed over on disk.
const SPARSE: u64 = 8;

/// The current rows of a table: columns of text, and last [`ROW`].
#[derive(Clone, Debug)]
pub struct PulledSheet {
    name: String,
    schema: SchemaRef,
    segments: Vec<Segment>,
    alive: Arc<RoaringTreemap>,
    spelled: Arc<Spelled>,
    corrected: Arc<CorrectedRows>,
    /// Columns that its last delivery has not.
    lost: Arc<[String]>,
    /// Whether no delivery had it, not even without rows.
    never_came: bool,
}

/// How cells are read.
#[derive(Debug, Default)]
struct Spelled {
    /// Spellings of no value.
    nulls: Vec<String>,
    /// Whether cells are without the blanks around them.
    is_bare: bool,
    /// Whether numbers of text have a comma before the fraction, in columns of [`FRACTIONS`] too that hold text as well.
    has_commas: bool,
}

impl PulledSheet {
    pub(super) fn new(table: Pulled, nulls: impl Fn(&str) -> Vec<String>) -> Self {
        let cells = table.columns.iter().map(|name| {
            let field = Field::new(name, DataType::Utf8View, true);
            if table.points.contains(name) { pointed(field) } else { field }
        });
        let fields: Vec<Field> = cells.chain([Field::new(ROW, DataType::UInt64, false)]).collect();
        let spelled = Arc::new(Spelled { nulls: nulls(&table.name), ..Spelled::default() });
        let is_lost = |column: &&String| !table.columns_last.contains(column);
        let lost = table.columns.iter().filter(is_lost).cloned().collect();
        PulledSheet {
            name: table.name,
            schema: Arc::new(Schema::new(fields)),
            segments: table.segments,
            alive: Arc::new(table.alive),
            spelled,
            corrected: Arc::default(),
            lost,
            never_came: false,
        }
    }

    /// The same with cells without the blanks around them: databases fill columns of a fixed width up, of one table and not of another that is joined to it.
    #[must_use]
    pub(super) fn bare(self) -> Self {
        let nulls = self.spelled.nulls.clone();
        PulledSheet { spelled: Arc::new(Spelled { nulls, is_bare: true, ..*self.spelled }), ..self }
    }

    /// The same where numbers of text have a comma before the fraction. In a column that holds such text beside cells that the file has as numbers, those
    /// are written as the text is: their point would be taken for one between thousands.
    #[must_use]
    pub(crate) fn with_commas(self) -> Self {
        let nulls = self.spelled.nulls.clone();
        PulledSheet { spelled: Arc::new(Spelled { nulls, has_commas: true, ..*self.spelled }), ..self }
    }

    /// A table that was not delivered: it has no rows.
    pub fn absent(name: &str) -> Self {
        PulledSheet {
            name: name.to_owned(),
            schema: Arc::new(Schema::new(vec![Field::new(ROW, DataType::UInt64, false)])),
            segments: Vec::new(),
            alive: Arc::default(),
            spelled: Arc::default(),
            corrected: Arc::default(),
            lost: Arc::default(),
            never_came: true,
        }
    }

    /// The same with cells that a person corrected.
    #[must_use]
    pub(super) fn with_corrected(self, corrected: CorrectedRows) -> Self {
        PulledSheet { corrected: Arc::new(corrected), ..self }
    }

    /// Whether no delivery had it: its columns are not known then.
    pub(crate) fn never_came(&self) -> bool {
        self.never_came
    }

    /// Columns that it had and that its last delivery has not.
    pub(crate) fn lost(&self) -> &[String] {
        &self.lost
    }

    /// The same where some columns may be missing: nobody lost them.
    #[must_use]
    pub(crate) fn without_lost(mut self, optional: &[String]) -> Self {
        let is_lost = |column: &&String| !optional.iter().any(|name| take::is_name(column, name));
        self.lost = self.lost.iter().filter(is_lost).cloned().collect();
        self
    }

    /// The same with columns that are null where it does not have them, in whatever case.
    #[must_use]
    pub fn with_columns(mut self, columns: &[String]) -> Self {
        let mut fields: Vec<Arc<Field>> = self.schema.fields().iter().cloned().collect();
        for column in columns {
            let is_there = fields.iter().any(|field| take::is_name(field.name(), column));
            if !is_there {
                let at = fields.len() - 1;
                fields.insert(at, Arc::new(Field::new(column, DataType::Utf8View, true)));
            }
        }
        self.schema = Arc::new(Schema::new(fields));
        self
    }

    /// The same with one of its rows alone.
    #[must_use]
    pub fn only(self, row: u64) -> Self {
        let alive = Arc::new(self.alive.contains(row).then_some(row).into_iter().collect());
        PulledSheet { alive, ..self }
    }

    /// The same with some of its rows.
    #[must_use]
    pub fn with_rows(self, rows: RoaringTreemap) -> Self {
        PulledSheet { alive: Arc::new(rows), ..self }
    }

    /// Rows whose cells are corrected otherwise than in another.
    pub(crate) fn corrected_otherwise(&self, other: &PulledSheet) -> RoaringTreemap {
        let differs = |a: &CorrectedRows, b: &CorrectedRows| -> RoaringTreemap {
            a.iter().filter(|(row, cells)| b.get(row) != Some(*cells)).map(|(row, _)| *row).collect()
        };
        differs(&self.corrected, &other.corrected) | differs(&other.corrected, &self.corrected)
    }

    /// Which rows it has and how they are corrected, as bytes.
    pub(crate) fn remembered(&self) -> Vec<u8> {
        let mut bytes = (self.alive.serialized_size() as u64).to_le_bytes().to_vec();
        // Writing to memory does not fail.
        let _ = self.alive.serialize_into(&mut bytes);
        let _ = serde_json::to_writer(&mut bytes, &*self.corrected);
        bytes
    }

    /// The same table with the rows that were remembered; nothing if the bytes are none.
    pub(crate) fn recalled(&self, bytes: &[u8]) -> Option<PulledSheet> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (alive, corrected) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let alive = RoaringTreemap::deserialize_from(alive).ok()?;
        let corrected: CorrectedRows = serde_json::from_slice(corrected).ok()?;
        Some(PulledSheet { alive: Arc::new(alive), corrected: Arc::new(corrected), ..self.clone() })
    }

    /// Whether nothing of it was ever delivered.
    pub fn is_absent(&self) -> bool {
        self.segments.is_empty()
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns: text, and last [`ROW`].
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The names of its columns, without [`ROW`].
    pub fn columns(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name()).filter(|name| *name != ROW).cloned().collect()
    }

    /// How many rows are current.
    pub fn rows(&self) -> u64 {
        self.alive.len()
    }

    /// The numbers of the current rows.
    pub fn alive(&self) -> Arc<RoaringTreemap> {
        Arc::clone(&self.alive)
    }

    /// Which rows and columns it has: the same for two that hold the same.
    pub fn which(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for field in self.schema.fields() {
            hasher.update(field.name().as_bytes()).update(if is_pointed(field) { b".\n".as_slice() } else { b"\n" });
        }
        let mut bytes = Vec::with_capacity(self.alive.serialized_size());
        // Writing to memory does not fail.
        let _ = self.alive.serialize_into(&mut bytes);
        for (row, cells) in &*self.corrected {
            bytes.extend_from_slice(&row.to_le_bytes());
            bytes.extend_from_slice(serde_json::json!(cells).to_string().as_bytes());
        }
        hasher.update(&bytes).finalize().to_hex()[..32].to_owned()
    }

    /// How many parts it has: each is read from its beginning to its end.
    pub fn parts(&self) -> usize {
        self.segments.len()
    }

    /// Reads some columns of a part, by their positions in the schema and in the order asked for.
    ///
    /// # Errors
    /// [`Error::Segment`].
    pub fn scan(
        &self,
        part: usize,
        columns: &[usize],
    ) -> Result<Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>, Error> {
        let segment = self.segments[part].clone();
        let out = Arc::new(self.schema.project(columns).map_err(|error| Error::segment(&segment.path, error))?);
        let mut cells: Vec<Field> = out.fields().iter().filter(|f| f.name() != ROW).map(|f| (**f).clone()).collect();
        if self.spelled.has_commas && cells.iter().any(|field| !is_pointed(field)) {
            cells.push(Field::new(FRACTIONS, DataType::Utf8View, true));
        }
        let cells = Arc::new(Schema::new(cells));
        let (alive, spelled, corrected) =
            (Arc::clone(&self.alive), Arc::clone(&self.spelled), Arc::clone(&self.corrected));
        let range = segment.base..segment.base + segment.rows;
        let rows = alive.range_cardinality(range.clone());
        let batches: Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send> = if rows == 0 {
            Box::new(std::iter::empty())
        } else if rows <= segment.rows / SPARSE {
            // Only pages with such rows are unpacked.
            let mut from = alive.iter();
            from.advance_to(range.start);
            let numbers: Vec<u64> = from.take(rows as usize).collect();
            let ranges = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| {
                let begin = (run[0] - segment.base) as usize;
                begin..begin + run.len()
            });
            let reader = SegmentReader::some(&segment.path, cells, segment.rows, ranges)?;
            let mut done = 0;
            Box::new(reader.map(move |batch| {
                let batch = batch?;
                let of_batch = &numbers[done..done + batch.num_rows()];
                done += batch.num_rows();
                let cells = of_batch.iter().enumerate().filter_map(|(at, row)| Some((at, corrected.get(row)?)));
                let batch = with_cells(with_commas(batch), &cells.collect::<Vec<_>>());
                let numbers = Numbers::Of(of_batch);
                shown(&batch, &numbers, &out, &spelled).map_err(|error| Error::segment(&segment.path, error))
            }))
        } else {
            let reader = SegmentReader::open(&segment.path, cells)?;
            let all_alive = rows == segment.rows;
            let mut base = segment.base;
            Box::new(reader.map(move |batch| {
                let batch = batch?;
                let rows = base..base + batch.num_rows() as u64;
                base = rows.end;
                let cells = corrected.range(rows.clone()).map(|(row, cells)| ((row - rows.start) as usize, cells));
                let batch = with_cells(with_commas(batch), &cells.collect::<Vec<_>>());
                current(&batch, rows, &out, &alive, all_alive, &spelled)
                    .map_err(|error| Error::segment(&segment.path, error))
            }))
        };
        Ok(batches)
    }
}

/// A batch whose [`FRACTIONS`] have commas, without those; any other as it is.
fn with_commas(batch: RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let Some(last) = schema.fields().len().checked_sub(1).filter(|last| schema.field(*last).name() == FRACTIONS) else {
        return batch;
    };
    let fractions: StringViewArray = batch.column(last).as_string_view().clone();
    let kept: Vec<usize> = (0..last).collect();
    let Ok(batch) = batch.project(&kept) else { return batch };
    if fractions.null_count() == fractions.len() {
        return batch;
    }
    let mut columns = batch.columns().to_vec();
    for (column, field) in columns.iter_mut().zip(schema.fields()).filter(|(_, field)| !is_pointed(field)) {
        let is_one = |row: usize| {
            fractions.is_valid(row)
                && fractions.value(row).split_terminator(FRACTIONS_END).any(|name| name == field.name())
        };
        if !(0..fractions.len()).any(is_one) {
            continue;
        }
        let cells: &StringViewArray = column.as_string_view();
        let mut copy = StringViewBuilder::with_capacity(cells.len());
        for (row, cell) in cells.iter().enumerate() {
            match cell.filter(|_| is_one(row)) {
                Some(number) => copy.append_value(number.replace('.', ",")),
                None => copy.append_option(cell),
            }
        }
        *column = Arc::new(copy.finish());
    }
    // Of the same columns and length as before: this does not fail.
    RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch)
}

/// A batch with the cells that a person corrected, of rows of it in their order.
fn with_cells(batch: RecordBatch, corrected: &[(usize, &Cells)]) -> RecordBatch {
    if corrected.is_empty() {
        return batch;
    }
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    for (column, field) in columns.iter_mut().zip(schema.fields()) {
        let of_column: Vec<(usize, &Option<String>)> =
            corrected.iter().filter_map(|(at, cells)| Some((*at, cells.get(field.name())?))).collect();
        let Some(cells) = column.as_string_view_opt().filter(|_| !of_column.is_empty()) else { continue };
        let (mut copy, mut next) = (StringViewBuilder::with_capacity(cells.len()), of_column.into_iter().peekable());
        for (at, cell) in cells.iter().enumerate() {
            match next.next_if(|(row, _)| *row == at) {
                Some((_, corrected)) => copy.append_option(corrected.as_deref()),
                None => copy.append_option(cell),
            }
        }
        *column = Arc::new(copy.finish());
    }
    // Of the same columns and length as before: this does not fail.
    RecordBatch::try_new(schema, columns).unwrap_or(batch)
}

/// What of a batch is current.
fn current(
    batch: &RecordBatch,
    rows: std::ops::Range<u64>,
    out: &SchemaRef,
    alive: &RoaringTreemap,
    all_alive: bool,
    spelled: &Spelled,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    if all_alive {
        return shown(batch, &Numbers::From(rows.start), out, spelled);
    }
    let keep: arrow_array::BooleanArray = rows.clone().map(|row| Some(alive.contains(row))).collect();
    let kept = arrow_select::filter::filter_record_batch(batch, &keep)?;
    let numbers: Vec<u64> = rows.filter(|row| alive.contains(*row)).collect();
    shown(&kept, &Numbers::Of(&numbers), out, spelled)
}

/// The numbers of the rows of a batch.
enum Numbers<'n> {
    From(u64),
    Of(&'n [u64]),
}

/// Rows with null spellings as nulls, and with their numbers.
fn shown(
    batch: &RecordBatch,
    numbers: &Numbers<'_>,
    out: &SchemaRef,
    spelled: &Spelled,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut cells = batch.columns().iter();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(out.fields().len());
    for field in out.fields() {
        if field.name() == ROW {
            columns.push(Arc::new(match numbers {
                Numbers::From(base) => UInt64Array::from_iter_values(*base..*base + batch.num_rows() as u64),
                Numbers::Of(numbers) => UInt64Array::from_iter_values(numbers.iter().copied()),
            }));
        } else if let Some(column) = cells.next() {
            let column = without_nulls(column, &spelled.nulls);
            columns.push(if spelled.is_bare { bare(&column) } else { column });
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(out), columns, &options)
}

/// Cells without the blanks around them.
fn bare(column: &ArrayRef) -> ArrayRef {
    let cells: &StringViewArray = column.as_string_view();
    let has_blanks = |cell: &str| crate::value::trim(cell).len() < cell.len();
    if !cells.iter().flatten().any(has_blanks) {
        return Arc::clone(column);
    }
    let mut copy = StringViewBuilder::with_capacity(cells.len());
    cells.iter().for_each(|cell| copy.append_option(cell.map(crate::value::trim)));
    Arc::new(copy.finish())
}

/// Cells that are spelled as no value become null.
fn without_nulls(column: &ArrayRef, nulls: &[String]) -> ArrayRef {
    let cells: &StringViewArray = column.as_string_view();
    let longest = nulls.iter().map(String::len).max().unwrap_or(0);
    let mut begins = [false; 256];
    nulls.iter().filter_map(|null| null.bytes().next()).for_each(|byte| begins[usize::from(byte)] = true);
    let is_null = |cell: &str| {
        let bare = crate::value::trim(cell);
        let may_be = bare.len() <= longest && bare.bytes().next().is_none_or(|byte| begins[usize::from(byte)]);
        may_be && nulls.iter().any(|null| null == bare)
    };
    if !cells.iter().flatten().any(is_null) {
        return Arc::clone(column);
    }
    let kept: arrow_array::BooleanArray = cells.iter().map(|cell| Some(cell.is_some_and(is_null))).collect();
    match arrow_select::nullif::nullif(cells, &kept) {
        Ok(column) => column,
        // The two have one length: this does not happen, and a copy is right all the same.
        Err(_) => {
            let mut copy = StringViewBuilder::with_capacity(cells.len());
            cells.iter().for_each(|cell| copy.append_option(cell.filter(|cell| !is_null(cell))));
            Arc::new(copy.finish())
        }
    }
}

/// One row, read from its segment.
pub(super) fn row_of(table: Pulled, row: u64, origin: (i64, i64, String)) -> Result<RowOrigin, Error> {
    let unknown = || Error::Unknown { what: "row", name: row.to_string(), hint: None };
    let segment = table.segments.iter().find(|s| (s.base..s.base + s.rows).contains(&row)).ok_or_else(unknown)?;
    let place = one(segment, row, take::place_schema())?.ok_or_else(unknown)?;
    let full = schema(&table.columns);
    let cells = one(
        segment,
        row,
        Arc::new(
            full.project(&(0..table.columns.len()).collect::<Vec<_>>())
                .map_err(|error| Error::segment(&segment.path, error))?,
        ),
    )?
    .ok_or_else(unknown)?;
    let (arrival, delivery, file) = origin;
    let offset = place.column(1).as_primitive::<UInt64Type>();
    let length = place.column(2).as_primitive::<UInt32Type>();
    let value = |column: &ArrayRef| {
        let cells = column.as_string_view();
        cells.is_valid(0).then(|| cells.value(0).to_owned())
    };
    Ok(RowOrigin {
        file,
        delivery,
        number: place.column(0).as_primitive::<UInt64Type>().value(0),
        arrival: offset.is_valid(0).then(|| (arrival, offset.value(0), length.value(0))),
        cells: table.columns.iter().cloned().zip(cells.columns().iter().map(value)).collect(),
        is_current: table.alive.contains(row),
        table: table.name,
    })
}

fn one(segment: &Segment, row: u64, schema: SchemaRef) -> Result<Option<RecordBatch>, Error> {
    SegmentReader::row(&segment.path, schema, row - segment.base)?.next().transpose()
}
