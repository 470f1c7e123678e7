//! Columns of a batch as text, lists and structs.
//!
//! Text stays where it is; other types (numbers, dates that SQL computed) are spelled once for a whole batch, in the spelling
//! that FHIR has for them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowTimestampType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};
use jiff::civil;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// A column of one batch.
#[derive(Clone, Debug)]
pub enum Column {
    /// Text.
    View(StringViewArray),
    /// Text.
    Utf8(StringArray),
    /// Text.
    Large(LargeStringArray),
    /// What was no text, spelled.
    Spelled(Vec<Option<Box<str>>>),
    /// Which arm of a CASE each row takes; [`NO_ARM`] for none.
    Arms(Box<[u16]>),
    /// NULL in every row.
    Null,
    /// Lists: where each begins and ends in the column of their entries.
    List {
        /// Begins and ends, one more than rows.
        offsets: Vec<usize>,
        /// For the nulls.
        array: ArrayRef,
        /// The entries.
        entries: Box<Column>,
    },
    /// Structs.
    Struct {
        /// For the nulls.
        array: ArrayRef,
        /// The fields, in the order of the type.
        fields: Vec<Column>,
    },
}

/// In the place of an arm: there is none.
const NO_ARM: u16 = u16::MAX;
/// How the first arms are spelled.
const ARMS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
/// Arms that have a spelling.
pub const ARMS_SPELLED: usize = ARMS.len();

/// True if values of a type can be written: text, numbers, dates, and lists and structs of these.
pub fn can_be_read(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            can_be_read(field.data_type())
        }
        DataType::Struct(fields) => fields.iter().all(|field| can_be_read(field.data_type())),
        DataType::Dictionary(_, values) => can_be_read(values),
        other => {
            other.is_primitive() && !matches!(other, DataType::Interval(_) | DataType::Duration(_))
                || matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
                || matches!(other, DataType::Boolean | DataType::Null)
        }
    }
}

impl Column {
    /// Of an array whose type [`can_be_read`]; what cannot is NULL.
    pub fn new(array: &ArrayRef) -> Column {
        match array.data_type() {
            DataType::Utf8View => Column::View(array.as_string_view().clone()),
            DataType::Utf8 => Column::Utf8(array.as_string::<i32>().clone()),
            DataType::LargeUtf8 => Column::Large(array.as_string::<i64>().clone()),
            DataType::Boolean => {
                let values = array.as_boolean();
                spelled(array, |row| if values.value(row) { "true".into() } else { "false".into() })
            }
            DataType::Int8 => numbers::<Int8Type>(array),
            DataType::Int16 => numbers::<Int16Type>(array),
            DataType::Int32 => numbers::<Int32Type>(array),
            DataType::Int64 => numbers::<Int64Type>(array),
            DataType::UInt8 => numbers::<UInt8Type>(array),
            DataType::UInt16 => numbers::<UInt16Type>(array),
            DataType::UInt32 => numbers::<UInt32Type>(array),
            DataType::UInt64 => numbers::<UInt64Type>(array),
            DataType::Float16 => {
                floats(array, |row| f64::from(f32::from(array.as_primitive::<Float16Type>().value(row))))
            }
            DataType::Float32 => {
                let values = array.as_primitive::<Float32Type>();
                spelled(array, |row| float(&format!("{:?}", values.value(row))))
            }
            DataType::Float64 => floats(array, |row| array.as_primitive::<Float64Type>().value(row)),
            DataType::Decimal32(..) => {
                let values = array.as_primitive::<arrow_array::types::Decimal32Type>();
                spelled(array, |row| values.value_as_string(row).into())
            }
            DataType::Decimal64(..) => {
                let values = array.as_primitive::<arrow_array::types::Decimal64Type>();
                spelled(array, |row| values.value_as_string(row).into())
            }
            DataType::Decimal128(..) => {
                let values = array.as_primitive::<arrow_array::types::Decimal128Type>();
                spelled(array, |row| values.value_as_string(row).into())
            }
            DataType::Decimal256(..) => {
                let values = array.as_primitive::<arrow_array::types::Decimal256Type>();
                spelled(array, |row| values.value_as_string(row).into())
            }
            DataType::Date32 => {
                let values = array.as_primitive::<Date32Type>();
                optional(array, |row| Some(day(i64::from(values.value(row)))?.to_string()))
            }
            DataType::Date64 => {
                let values = array.as_primitive::<Date64Type>();
                optional(array, |row| Some(day(values.value(row).div_euclid(86_400_000))?.to_string()))
            }
            DataType::Time32(TimeUnit::Second) => times::<Time32SecondType>(array, 1_000_000_000),
            DataType::Time32(_) => times::<Time32MillisecondType>(array, 1_000_000),
            DataType::Time64(TimeUnit::Microsecond) => times::<Time64MicrosecondType>(array, 1_000),
            DataType::Time64(_) => times::<Time64NanosecondType>(array, 1),
            DataType::Timestamp(unit, zone) => {
                let zone = zone.as_deref();
                match unit {
                    TimeUnit::Second => moments::<TimestampSecondType>(array, zone, 1_000_000_000),
                    TimeUnit::Millisecond => moments::<TimestampMillisecondType>(array, zone, 1_000_000),
                    TimeUnit::Microsecond => moments::<TimestampMicrosecondType>(array, zone, 1_000),
                    TimeUnit::Nanosecond => moments::<TimestampNanosecondType>(array, zone, 1),
                }
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let offsets: Vec<usize> = list.value_offsets().iter().map(|offset| *offset as usize).collect();
                list_of(array, list.values(), offsets)
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                let offsets: Vec<usize> = list.value_offsets().iter().map(|offset| *offset as usize).collect();
                list_of(array, list.values(), offsets)
            }
            DataType::FixedSizeList(..) => {
                let list = array.as_fixed_size_list();
                let length = list.value_length() as usize;
                let offsets = (0..=list.len()).map(|row| row * length).collect();
                Column::List { offsets, array: array.clone(), entries: Box::new(Column::new(list.values())) }
            }
            DataType::Struct(_) => {
                let fields = array.as_struct().columns().iter().map(Column::new).collect();
                Column::Struct { array: array.clone(), fields }
            }
            DataType::Dictionary(..) => {
                let Some(dictionary) = array.as_any_dictionary_opt() else { return Column::Null };
                let values = Column::new(dictionary.values());
                let keys = dictionary.normalized_keys();
                spelled(array, |row| values.text(keys[row]).unwrap_or_default().into())
            }
            _ => Column::Null,
        }
    }

    /// Of an array that says which arm of a CASE each row takes.
    pub fn arms(array: &ArrayRef) -> Column {
        let Some(numbers) = array.as_primitive_opt::<Int64Type>() else {
            let spelled = Column::new(array);
            let arm = |row| spelled.text(row).and_then(|text| text.parse().ok()).unwrap_or(NO_ARM);
            return Column::Arms((0..array.len()).map(arm).collect());
        };
        let arm = |number: Option<i64>| number.and_then(|number| u16::try_from(number).ok()).unwrap_or(NO_ARM);
        Column::Arms(numbers.iter().map(arm).collect())
    }

    /// The arm of a CASE that a row takes.
    pub fn arm(&self, row: usize) -> Option<usize> {
        match self {
            Column::Arms(arms) => Some(arms[row]).filter(|arm| *arm != NO_ARM).map(usize::from),
            _ => None,
        }
    }

    /// What tells rows apart: their text, and of one of the first [`ARMS_SPELLED`] arms its number.
    #[inline]
    pub fn told_by(&self, row: usize) -> Option<&str> {
        match self {
            Column::Arms(arms) => ARMS.get(usize::from(arms[row])).copied(),
            _ => self.text(row),
        }
    }

    /// The text of a row; none for NULL.
    #[inline]
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            Column::View(array) => array.is_valid(row).then(|| array.value(row)),
            Column::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Column::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Column::Spelled(texts) => texts[row].as_deref(),
            Column::Arms(_) | Column::Null | Column::List { .. } | Column::Struct { .. } => None,
        }
    }

    /// The entries of a row's list; none for NULL and for what is no list.
    pub fn list(&self, row: usize) -> Option<(std::ops::Range<usize>, &Column)> {
        match self {
            Column::List { offsets, array, entries } if array.is_valid(row) => {
                Some((offsets[row]..offsets[row + 1], entries))
            }
            _ => None,
        }
    }

    /// The fields of a row's struct; none for NULL and for what is no struct.
    pub fn fields(&self, row: usize) -> Option<&[Column]> {
        match self {
            Column::Struct { array, fields } if array.is_valid(row) => Some(fields),
            _ => None,
        }
    }

    /// True if two rows hold the same. Lists and structs are never said to.
    pub fn is_same(&self, row: usize, other: &Column, other_row: usize) -> bool {
        match self {
            Column::List { .. } | Column::Struct { .. } => false,
            Column::Arms(_) => self.arm(row) == other.arm(other_row),
            _ => self.text(row) == other.text(other_row),
        }
    }
}

/// Lists whose entries begin and end at `offsets` of `values`; of a piece of an array only its own are read.
fn list_of(array: &ArrayRef, values: &ArrayRef, mut offsets: Vec<usize>) -> Column {
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    for offset in &mut offsets {
        *offset -= first;
    }
    let entries = Box::new(Column::new(&values.slice(first, last - first)));
    Column::List { offsets, array: array.clone(), entries }
}

fn spelled(array: &ArrayRef, spell: impl Fn(usize) -> Box<str>) -> Column {
    optional(array, |row| Some(spell(row)))
}

fn optional<T: Into<Box<str>>>(array: &ArrayRef, spell: impl Fn(usize) -> Option<T>) -> Column {
    let text = |row| if array.is_valid(row) { spell(row).map(Into::into) } else { None };
    Column::Spelled((0..array.len()).map(text).collect())
}

fn numbers<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &ArrayRef) -> Column {
    let values: &PrimitiveArray<T> = array.as_primitive();
    spelled(array, |row| values.value(row).to_string().into())
}

fn floats(array: &ArrayRef, value: impl Fn(usize) -> f64) -> Column {
    spelled(array, |row| float(&format!("{:?}", value(row))))
}

/// The shortest digits that give the same number again; whole numbers without a point. `NaN` and `inf` stay what they are: no
/// element takes them.
fn float(text: &str) -> Box<str> {
    text.strip_suffix(".0").unwrap_or(text).into()
}

fn day(days: i64) -> Option<civil::Date> {
    let days = i32::try_from(days).ok()?;
    civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn times<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef, nanos_each: i64) -> Column {
    let values: &PrimitiveArray<T> = array.as_primitive();
    optional(array, |row| {
        let value: i64 = values.value(row).into();
        let nanos = value.checked_mul(nanos_each)?;
        Some(clock(nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000)))
    })
}

fn clock(seconds: i64, nanos: i64) -> String {
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    push_fraction(&mut text, nanos);
    text
}

fn push_fraction(text: &mut String, nanos: i64) {
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        // Writing to a `String` cannot fail.
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
}

/// With a zone: the local time there and its offset. Without: a local time of nowhere, which functions read in the mapping's zone.
fn moments<T: ArrowTimestampType>(array: &ArrayRef, zone: Option<&str>, nanos_each: i128) -> Column {
    let values: &PrimitiveArray<T> = array.as_primitive();
    let zone = zone.map(zone_of);
    optional(array, |row| {
        let nanos = i128::from(values.value(row)) * nanos_each;
        let timestamp = jiff::Timestamp::from_nanosecond(nanos).ok()?;
        let local = timestamp.to_zoned_datetime(zone.clone().unwrap_or(TimeZone::UTC));
        let time = local.datetime();
        let mut text = time.date().to_string();
        let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        text.push('T');
        text.push_str(&clock(seconds, i64::from(time.subsec_nanosecond())));
        if zone.is_some() {
            let minutes = local.offset().seconds() / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            let _ = write!(text, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        }
        Some(text)
    })
}

/// A name of the IANA list, or an offset as `+08:00`.
fn zone_of(name: &str) -> TimeZone {
    let offset = || {
        let (sign, rest) = match name.as_bytes().first()? {
            b'+' => (1, &name[1..]),
            b'-' => (-1, &name[1..]),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest.get(..2)?, rest.get(2..)?));
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
        jiff::tz::Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
    };
    offset().or_else(|| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, Time32SecondArray,
        TimestampMillisecondArray,
    };
    use std::sync::Arc;

    fn texts(array: ArrayRef) -> Vec<String> {
        assert!(can_be_read(array.data_type()));
        let column = Column::new(&array);
        (0..array.len()).map(|row| column.text(row).unwrap_or("-").to_owned()).collect()
    }

    #[test]
    fn what_sql_computed_is_spelled_as_fhir_has_it() {
        assert_eq!(texts(Arc::new(Int64Array::from(vec![Some(-5), None]))), ["-5", "-"]);
        assert_eq!(
            texts(Arc::new(Float64Array::from(vec![1.0, 0.1, 1e300, 5e-7, f64::NAN]))),
            ["1", "0.1", "1e300", "5e-7", "NaN"]
        );
        assert_eq!(texts(Arc::new(BooleanArray::from(vec![Some(true), None]))), ["true", "-"]);
        let decimals = Decimal128Array::from(vec![1250, -5]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(texts(Arc::new(decimals)), ["12.50", "-0.05"]);
        assert_eq!(texts(Arc::new(Date32Array::from(vec![0, -1, 19_782]))), ["1970-01-01", "1969-12-31", "2024-02-29"]);
        assert_eq!(texts(Arc::new(Time32SecondArray::from(vec![45_296]))), ["12:34:56"]);
        let moments = TimestampMillisecondArray::from(vec![1_709_210_096_500, 0]);
        assert_eq!(texts(Arc::new(moments.clone())), ["2024-02-29T12:34:56.5", "1970-01-01T00:00:00"]);
        assert_eq!(texts(Arc::new(moments.with_timezone("+08:00")))[0], "2024-02-29T20:34:56.5+08:00");
    }
}
