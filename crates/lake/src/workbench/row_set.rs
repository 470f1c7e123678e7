//! Which rows went into a group: an aggregate that keeps the smallest row numbers, up to a bound, and counts.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StructArray, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, UInt64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};
use std::sync::{Arc, LazyLock};

/// Row numbers that are kept of a group, at most.
pub const KEPT_ROWS: usize = 64;

/// The rows of a sheet that went into the group; of numbers of rows, or of such sets.
pub(super) fn rows_of(rows: Expr) -> Expr {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> =
        LazyLock::new(|| Arc::new(AggregateUDF::from(RowsOf(Signature::any(1, Volatility::Immutable)))));
    FUNCTION.call(vec![rows])
}

/// What the aggregate gives: rows in ascending order, and how many there are.
pub(super) fn set_type() -> DataType {
    DataType::Struct(set_fields())
}

fn set_fields() -> Fields {
    Fields::from(vec![Field::new("rows", rows_type(), true), Field::new("count", DataType::UInt64, true)])
}

pub(super) fn rows_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)))
}

/// The rows of one group.
#[derive(Clone, Debug, Default)]
struct Set {
    /// The smallest, each once, in ascending order.
    rows: Vec<u64>,
    /// How often a row was added.
    seen: u64,
    /// Whether there were more different ones than are kept.
    more: bool,
}

impl Set {
    fn add(&mut self, row: u64) {
        self.seen += 1;
        self.keep(row);
    }

    fn keep(&mut self, row: u64) {
        // Most come in order.
        let at = match self.rows.last() {
            Some(last) if *last == row => return,
            Some(last) if *last < row => self.rows.len(),
            None => 0,
            _ => match self.rows.binary_search(&row) {
                Ok(_) => return,
                Err(at) => at,
            },
        };
        self.more |= self.rows.len() == KEPT_ROWS;
        if at < KEPT_ROWS {
            self.rows.truncate(KEPT_ROWS - 1);
            self.rows.insert(at, row);
        }
    }

    fn merge(&mut self, rows: &[u64], seen: u64, more: bool) {
        for row in rows {
            self.keep(*row);
        }
        self.seen += seen;
        self.more |= more;
    }

    /// Exact as long as all rows are kept; beyond it a row that came several times counts as often.
    fn count(&self) -> u64 {
        if self.more { self.seen } else { self.rows.len() as u64 }
    }

    fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<u64>()
    }
}

/// Values of what is aggregated, row by row.
enum Input<'a> {
    Rows(&'a UInt64Array),
    Sets { lists: &'a ListArray, counts: &'a UInt64Array, array: &'a StructArray },
}

impl<'a> Input<'a> {
    fn new(array: &'a ArrayRef) -> Input<'a> {
        match array.data_type() {
            DataType::UInt64 => Input::Rows(array.as_primitive::<UInt64Type>()),
            _ => {
                let array = array.as_struct();
                let counts = array.column(1).as_primitive::<UInt64Type>();
                Input::Sets { lists: array.column(0).as_list::<i32>(), counts, array }
            }
        }
    }

    fn add(&self, at: usize, set: &mut Set) {
        match self {
            Input::Rows(rows) => {
                if rows.is_valid(at) {
                    set.add(rows.value(at));
                }
            }
            Input::Sets { lists, counts, array } => {
                if array.is_valid(at) && lists.is_valid(at) {
                    let rows = slice(lists, at);
                    let count = counts.value(at);
                    set.merge(rows, count, count > rows.len() as u64);
                }
            }
        }
    }
}

fn slice(lists: &ListArray, at: usize) -> &[u64] {
    let offsets = lists.value_offsets();
    &lists.values().as_primitive::<UInt64Type>().values()[offsets[at] as usize..offsets[at + 1] as usize]
}

/// A set as it passes from one step of the aggregation to the next.
struct State<'a> {
    lists: &'a ListArray,
    seen: &'a UInt64Array,
    more: &'a BooleanArray,
}

impl<'a> State<'a> {
    fn new(arrays: &'a [ArrayRef]) -> State<'a> {
        State {
            lists: arrays[0].as_list::<i32>(),
            seen: arrays[1].as_primitive::<UInt64Type>(),
            more: arrays[2].as_boolean(),
        }
    }

    fn add(&self, at: usize, set: &mut Set) {
        if self.lists.is_valid(at) {
            set.merge(slice(self.lists, at), self.seen.value(at), self.more.value(at));
        }
    }
}

fn lists(sets: &[Set]) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(sets.iter().map(|set| set.rows.len()));
    let values: UInt64Array = sets.iter().flat_map(|set| set.rows.iter().copied()).collect::<Vec<_>>().into();
    Arc::new(ListArray::new(Arc::new(Field::new_list_field(DataType::UInt64, true)), offsets, Arc::new(values), None))
}

fn states(sets: &[Set]) -> Vec<ArrayRef> {
    let seen: UInt64Array = sets.iter().map(|set| set.seen).collect::<Vec<_>>().into();
    let more: BooleanArray = sets.iter().map(|set| set.more).collect::<Vec<_>>().into();
    vec![lists(sets), Arc::new(seen), Arc::new(more)]
}

fn values(sets: &[Set]) -> StructArray {
    let counts: UInt64Array = sets.iter().map(Set::count).collect::<Vec<_>>().into();
    StructArray::new(set_fields(), vec![lists(sets), Arc::new(counts)], None)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowsOf(Signature);

impl AggregateUDFImpl for RowsOf {
    fn name(&self) -> &'static str {
        "rows_of"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(set_type())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, kind| Arc::new(Field::new(format_state_name(args.name, name), kind, true));
        Ok(vec![field("rows", rows_type()), field("seen", DataType::UInt64), field("more", DataType::Boolean)])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One::default()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::default()))
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Struct(Arc::new(values(&[Set::default()]))))
    }
}

/// All rows are one group.
#[derive(Debug, Default)]
struct One(Set);

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let input = Input::new(&values[0]);
        (0..values[0].len()).for_each(|at| input.add(at, &mut self.0));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Struct(Arc::new(values(std::slice::from_ref(&self.0)))))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.heap_bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let arrays = states(std::slice::from_ref(&self.0));
        arrays.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let state = State::new(states);
        (0..states[0].len()).for_each(|at| state.add(at, &mut self.0));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Groups {
    sets: Vec<Set>,
    heap_bytes: usize,
}

impl Groups {
    fn each(&mut self, groups: &[usize], total: usize, mut add: impl FnMut(usize, &mut Set)) {
        self.sets.resize_with(total, Set::default);
        for (at, group) in groups.iter().enumerate() {
            let set = &mut self.sets[*group];
            let before = set.heap_bytes();
            add(at, set);
            self.heap_bytes += set.heap_bytes() - before;
        }
    }

    fn take(&mut self, which: EmitTo) -> Vec<Set> {
        let taken = which.take_needed(&mut self.sets);
        self.heap_bytes -= taken.iter().map(Set::heap_bytes).sum::<usize>();
        taken
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let input = Input::new(&values[0]);
        self.each(groups, total, |at, set| {
            if filter.is_none_or(|filter| filter.is_valid(at) && filter.value(at)) {
                input.add(at, set);
            }
        });
        Ok(())
    }

    fn evaluate(&mut self, which: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(values(&self.take(which))))
    }

    fn state(&mut self, which: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(states(&self.take(which)))
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let state = State::new(states);
        self.each(groups, total, |at, set| state.add(at, set));
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let groups: Vec<usize> = (0..values[0].len()).collect();
        let mut each = Groups::default();
        each.update_batch(values, &groups, filter, groups.len())?;
        Ok(states(&each.sets))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sets.capacity() * size_of::<Set>() + self.heap_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(rows: &[u64]) -> Set {
        let mut set = Set::default();
        for row in rows {
            set.add(*row);
        }
        set
    }

    proptest! {
        #[test]
        fn a_set_keeps_the_smallest_rows_however_it_is_put_together(rows in prop::collection::vec(0_u64..200, 0..300), cut in 0_usize..300) {
            let (first, second) = rows.split_at(cut.min(rows.len()));
            let mut different = rows.clone();
            different.sort_unstable();
            different.dedup();
            let mut merged = set(first);
            let other = set(second);
            merged.merge(&other.rows, other.seen, other.more);
            for set in [merged, set(&rows)] {
                prop_assert_eq!(&set.rows[..], &different[..different.len().min(KEPT_ROWS)]);
                prop_assert_eq!(set.more, different.len() > KEPT_ROWS);
                let count = if set.more { rows.len() } else { different.len() };
                prop_assert_eq!(set.count(), count as u64);
            }
        }
    }
}
