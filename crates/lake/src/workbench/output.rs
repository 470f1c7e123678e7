//! Batches of the engine as whoever asked gets them: texts as `Utf8View`, sets of rows as a list and a count.

use super::error::{Error, Kind};
use super::row_set::rows_type;
use super::rows::RowColumn;
use super::sheet::ROW;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StructArray, make_array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::common::DFSchema;
use std::sync::Arc;

/// How batches are given.
pub(super) struct Output {
    schema: SchemaRef,
    steps: Vec<Step>,
    places: Vec<(usize, Option<usize>)>,
}

/// What becomes of a column.
enum Step {
    Same,
    Cast(DataType),
    Split,
}

impl Output {
    pub(super) fn new<'n>(plan: &DFSchema, names: impl Iterator<Item = &'n str>, rows: &[RowColumn]) -> Output {
        let mut fields = Vec::new();
        let mut steps = Vec::new();
        let mut names = names.peekable();
        for field in plan.fields() {
            let Some(name) = names.next() else { break };
            let kind = given_as(field.data_type());
            steps.push(if kind == *field.data_type() { Step::Same } else { Step::Cast(kind.clone()) });
            fields.push(Field::new(name, kind, true));
        }
        let mut places = Vec::new();
        for row in rows {
            let at = fields.len();
            if row.many {
                fields.push(Field::new(format!("{ROW}s_{}", row.occurrence), rows_type(), true));
                fields.push(Field::new(format!("{ROW}s_{}_count", row.occurrence), DataType::UInt64, true));
                steps.push(Step::Split);
                places.push((at, Some(at + 1)));
            } else {
                fields.push(Field::new(&row.column.name, DataType::UInt64, true));
                steps.push(Step::Same);
                places.push((at, None));
            }
        }
        Output { schema: Arc::new(Schema::new(fields)), steps, places }
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Of each occurrence: its column of rows, and that of their count where they are gathered.
    pub(super) fn places(&self) -> &[(usize, Option<usize>)] {
        &self.places
    }

    pub(super) fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let failed = |error| Error::new(Kind::Engine, format!("an answer is not as it was planned: {error}"));
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for (step, array) in self.steps.iter().zip(batch.columns()) {
            match step {
                Step::Same => columns.push(Arc::clone(array)),
                Step::Cast(kind) => columns.push(cast(array, kind).map_err(failed)?),
                Step::Split => {
                    let sets = array.as_struct();
                    columns.extend(sets.columns().iter().map(|part| with_nulls_of(part, sets)));
                }
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(failed)
    }
}

/// A part of a struct is null where the struct is.
fn with_nulls_of(part: &ArrayRef, whole: &StructArray) -> ArrayRef {
    if whole.null_count() == 0 {
        return Arc::clone(part);
    }
    let nulls = NullBuffer::union(whole.nulls(), part.nulls());
    match part.to_data().into_builder().nulls(nulls).build() {
        Ok(data) => make_array(data),
        Err(_) => Arc::clone(part),
    }
}

/// The type as which a column is given.
fn given_as(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Dictionary(_, values) => given_as(values),
        DataType::LargeList(item) | DataType::List(item) => DataType::List(field_as(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field_as).collect::<Fields>()),
        other => other.clone(),
    }
}

fn field_as(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(given_as(field.data_type())))
}
