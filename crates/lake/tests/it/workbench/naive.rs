//! Random joins, filters and groups against an evaluator that tries every pair.

use super::{Memory, all, bench};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, UInt64Type};
use lake::workbench::{Limits, Order, Planned, Question, Sheet, Stop, parse};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Cell = Option<&'static str>;

/// A row of two cells.
type Row = (Cell, Cell);

/// A row of an input, or what DISTINCT made of several.
#[derive(Clone, Debug)]
struct Item {
    cells: Row,
    rows: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

impl Kind {
    fn sql(self) -> &'static str {
        match self {
            Kind::Inner => "a JOIN {b} ON a.k = b.k",
            Kind::Left => "a LEFT JOIN {b} ON a.k = b.k",
            Kind::Right => "a RIGHT JOIN {b} ON a.k = b.k",
            Kind::Full => "a FULL JOIN {b} ON a.k = b.k",
            Kind::Cross => "a CROSS JOIN {b}",
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Filter {
    None,
    OfA,
    OfB,
    NoneOfB,
    Either,
}

impl Filter {
    fn sql(self) -> &'static str {
        match self {
            Filter::None => "",
            Filter::OfA => "WHERE a.v = 'x'",
            Filter::OfB => "WHERE b.v = 'y'",
            Filter::NoneOfB => "WHERE b.k IS NULL",
            Filter::Either => "WHERE a.v = 'x' OR b.v = 'y'",
        }
    }

    fn keeps(self, a: Row, b: Row) -> bool {
        match self {
            Filter::None => true,
            Filter::OfA => a.1 == Some("x"),
            Filter::OfB => b.1 == Some("y"),
            Filter::NoneOfB => b.0.is_none(),
            Filter::Either => a.1 == Some("x") || b.1 == Some("y"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Top {
    Plain,
    Group,
    Distinct,
    Global,
}

/// Values, and the rows of both inputs.
type Line = (Vec<Cell>, Vec<u64>, Vec<u64>);

fn pairs(kind: Kind, a: &[Item], b: &[Item]) -> Vec<(Option<Item>, Option<Item>)> {
    let meets = |left: &Item, right: &Item| match kind {
        Kind::Cross => true,
        _ => left.cells.0.is_some() && left.cells.0 == right.cells.0,
    };
    let mut found = Vec::new();
    for left in a {
        let met: Vec<&Item> = b.iter().filter(|right| meets(left, right)).collect();
        if met.is_empty() && matches!(kind, Kind::Left | Kind::Full) {
            found.push((Some(left.clone()), None));
        }
        found.extend(met.into_iter().map(|right| (Some(left.clone()), Some(right.clone()))));
    }
    if matches!(kind, Kind::Right | Kind::Full) {
        let alone = b.iter().filter(|right| !a.iter().any(|left| meets(left, right)));
        found.extend(alone.map(|right| (None, Some(right.clone()))));
    }
    found
}

fn naive(kind: Kind, filter: Filter, top: Top, a: &[Item], b: &[Item]) -> Vec<Line> {
    let none = (None, None);
    let mut lines: Vec<Line> = Vec::new();
    for (left, right) in pairs(kind, a, b) {
        let cells = |item: &Option<Item>| item.as_ref().map_or(none, |item| item.cells);
        let rows = |item: &Option<Item>| item.as_ref().map(|item| item.rows.clone()).unwrap_or_default();
        if filter.keeps(cells(&left), cells(&right)) {
            lines.push((vec![cells(&left).1, cells(&right).1], rows(&left), rows(&right)));
        }
    }
    let key = |values: &[Cell]| match top {
        Top::Plain => None,
        Top::Group => Some(vec![values[0]]),
        Top::Distinct => Some(values.to_vec()),
        Top::Global => Some(Vec::new()),
    };
    if matches!(top, Top::Plain) {
        return lines;
    }
    let mut groups: BTreeMap<Vec<Cell>, (BTreeSet<u64>, BTreeSet<u64>)> = BTreeMap::new();
    if matches!(top, Top::Global) {
        groups.entry(Vec::new()).or_default();
    }
    for (values, left, right) in lines {
        let group = groups.entry(key(&values).unwrap()).or_default();
        group.0.extend(left);
        group.1.extend(right);
    }
    groups.into_iter().map(|(key, (a, b))| (key, a.into_iter().collect(), b.into_iter().collect())).collect()
}

/// The rows in a cell: one number, or a list; none where it is null.
fn rows_in(array: &ArrayRef, row: usize) -> Vec<u64> {
    if array.is_null(row) {
        return Vec::new();
    }
    match array.data_type() {
        DataType::UInt64 => vec![array.as_primitive::<UInt64Type>().value(row)],
        _ => array.as_list::<i32>().value(row).as_primitive::<UInt64Type>().values().to_vec(),
    }
}

fn lines(planned: &Planned, batches: &[RecordBatch], values: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cell = |at: usize| {
                let texts = batch.column(at).as_string_view();
                texts.is_valid(row).then(|| CELLS.into_iter().flatten().find(|cell| *cell == texts.value(row)).unwrap())
            };
            let occurrences = planned.occurrences();
            let rows = |sheet: &str| {
                let occurrence = occurrences.iter().find(|occurrence| occurrence.sheet == sheet).unwrap();
                let rows = rows_in(batch.column(occurrence.rows), row);
                if let Some(count) = occurrence.count {
                    let count = batch.column(count).as_primitive::<UInt64Type>();
                    assert_eq!(if count.is_null(row) { 0 } else { count.value(row) }, rows.len() as u64);
                }
                rows
            };
            lines.push(((0..values).map(cell).collect(), rows("a"), rows("b")));
        }
    }
    lines
}

const CELLS: [Cell; 5] = [None, Some("x"), Some("y"), Some("1"), Some("2")];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = prop::sample::select(vec![None, Some("1"), Some("2")]);
    let value = prop::sample::select(vec![None, Some("x"), Some("y")]);
    prop::collection::vec((key, value), 0..7)
}

fn sheet(name: &str, rows: &[Row], parts: usize) -> Arc<dyn Sheet> {
    let rows: Vec<Vec<Option<String>>> =
        rows.iter().map(|row| vec![row.0.map(str::to_owned), row.1.map(str::to_owned)]).collect();
    Arc::new(Memory::of_rows(name, &["k", "v"], &rows, parts))
}

fn items(rows: &[Row]) -> Vec<Item> {
    rows.iter().zip(1..).map(|(cells, row)| Item { cells: *cells, rows: vec![row] }).collect()
}

/// Equal items become one.
fn distinct(items: &[Item]) -> Vec<Item> {
    let mut merged: BTreeMap<Row, Vec<u64>> = BTreeMap::new();
    for item in items {
        merged.entry(item.cells).or_default().extend(&item.rows);
    }
    merged.into_iter().map(|(cells, rows)| Item { cells, rows }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_those_that_an_evaluator_of_every_pair_finds(
        a in rows(),
        b in rows(),
        kind in prop::sample::select(vec![Kind::Inner, Kind::Left, Kind::Right, Kind::Full, Kind::Cross]),
        filter in prop::sample::select(vec![Filter::None, Filter::OfA, Filter::OfB, Filter::NoneOfB, Filter::Either]),
        top in prop::sample::select(vec![Top::Plain, Top::Group, Top::Distinct, Top::Global]),
        (b_distinct, order, parts) in (any::<bool>(), prop::sample::select(vec![Order::Kept, Order::Any]), 1_usize..4),
    ) {
        let table = if b_distinct { "(SELECT DISTINCT k, v FROM b) b" } else { "b" };
        let from = kind.sql().replace("{b}", table);
        let (select, group) = match top {
            Top::Plain => ("a.v AS av, b.v AS bv", ""),
            Top::Group => ("a.v AS av", "GROUP BY a.v"),
            Top::Distinct => ("DISTINCT a.v AS av, b.v AS bv", ""),
            Top::Global => ("count(*) AS n", ""),
        };
        let sql = format!("SELECT {select} FROM {from} {} {group}", filter.sql());
        let sheets = vec![sheet("a", &a, parts), sheet("b", &b, parts)];
        let planned = bench().plan(Question { order, ..Question::new(parse(&sql).unwrap(), sheets) }).unwrap();
        let batches = all(planned.run(&Limits::default(), &Stop::default()).unwrap()).unwrap();
        let values = if matches!(top, Top::Global) { 0 } else { planned.columns().len() };
        let found = lines(&planned, &batches, values);
        if matches!(top, Top::Plain) && order == Order::Kept {
            // In the order of the driving sheet; what has no row of it comes last.
            let first: Vec<u64> = found.iter().map(|line| line.1.first().copied().unwrap_or(u64::MAX)).collect();
            prop_assert!(first.is_sorted(), "{sql}: {first:?}");
        }
        let (a, b) = (items(&a), items(&b));
        let b = if b_distinct { distinct(&b) } else { b };
        let mut expected = naive(kind, filter, top, &a, &b);
        let mut found = found;
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected, "{}", sql);
    }
}
