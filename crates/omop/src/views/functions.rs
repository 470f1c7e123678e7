//! What the views call beside the functions of SQL.

use crate::codes::{CodeBook, Place, choose};
use arrow_array::builder::{
    Date32Builder, Int64Builder, ListBuilder, StringBuilder, StructBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, ListArray, StringArray};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use jiff::tz::TimeZone;
use lake::guest::Function;
use std::sync::Arc;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Characters that a source value may have in the model.
const SOURCE_VALUE: usize = 50;

/// What functions need to know.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) book: Option<Arc<CodeBook>>,
    /// The one zone of all times.
    pub(super) zone: TimeZone,
    /// What person source values are hashed with.
    pub(super) key: [u8; 32],
    /// The day, counted from 1970.
    pub(super) today: i32,
}

fn texts() -> DataType {
    DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)))
}

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn target_fields() -> Fields {
    let id = |name: &str| Field::new(name, DataType::Int64, true);
    Fields::from(vec![
        id("concept_id"),
        id("source_concept_id"),
        id("value_as_concept_id"),
        id("ordinal"),
        Field::new("source_value", DataType::Utf8, true),
    ])
}

fn function(
    name: &str,
    arguments: Vec<DataType>,
    returns: DataType,
    run: impl Fn(&[ArrayRef]) -> Result<ArrayRef, String> + Send + Sync + 'static,
) -> Function {
    Function { name: name.to_owned(), arguments, returns, run: Arc::new(run) }
}

/// All of them.
pub(super) fn functions(known: &Known) -> Vec<Function> {
    let item = Arc::new(Field::new("item", DataType::Struct(target_fields()), true));
    let day = DataType::Date32;
    let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
    let of = || known.clone();
    let (targets_of, first_of, coding_of, unit_of) = (of(), of(), of(), of());
    let (day_of, moment_of, last_of, end_of, key_of) = (of(), of(), of(), of(), of());
    let (begin_of, until_of) = (of(), of());
    vec![
        // The rows of one table that codings become: codings, text, the place without concept, the place wanted.
        function(
            "omop_targets",
            vec![texts(), DataType::Utf8, DataType::Utf8, DataType::Utf8],
            DataType::List(item),
            move |arguments| targets(&targets_of, arguments),
        ),
        // The standard concept of a coded value; 0 if it has none, nothing if there is no code.
        function("omop_concept", vec![texts()], DataType::Int64, move |arguments| first(&first_of, &arguments[0])),
        // The standard concept of one coding, written as `system|code`; nothing if it has none.
        function("omop_concept_of", vec![DataType::Utf8], DataType::Int64, move |arguments| {
            of_coding(&coding_of, text(&arguments[0]))
        }),
        // The concept of a unit: its system (UCUM if there is none), its code, and how it is shown.
        function(
            "omop_unit",
            vec![DataType::Utf8, DataType::Utf8, DataType::Utf8],
            DataType::Int64,
            move |arguments| unit(&unit_of, [text(&arguments[0]), text(&arguments[1]), text(&arguments[2])]),
        ),
        // The day of a time in the instance's zone: the time, and the text as given.
        function("omop_date", vec![time(), DataType::Utf8], day.clone(), move |arguments| {
            Ok(days(&day_of, arguments, first_day))
        }),
        // The same of an end: the last day of a year or month.
        function("omop_last_date", vec![time(), DataType::Utf8], day, move |arguments| {
            Ok(days(&last_of, arguments, last_day))
        }),
        // The time of a time in the instance's zone, midnight where only a day was given.
        function("omop_datetime", vec![time(), DataType::Utf8], moment.clone(), move |arguments| {
            Ok(moments(&moment_of, arguments))
        }),
        // The time of an end, and of the begin after it: nothing where the end is no more than the day of the begin.
        function("omop_end_datetime", vec![time(), DataType::Utf8, time(), DataType::Utf8], moment, move |arguments| {
            Ok(ends(&end_of, arguments))
        }),
        // Why the day of a time is not the one that was given: of a month or year it is the first, of a time in another zone it
        // may be the one before or after. Nothing of a whole date, and of most times.
        function("omop_imputed", vec![time(), DataType::Utf8], DataType::Utf8, move |arguments| {
            Ok(imputed(&begin_of, arguments, "first"))
        }),
        function("omop_imputed_end", vec![time(), DataType::Utf8], DataType::Utf8, move |arguments| {
            Ok(imputed(&until_of, arguments, "last"))
        }),
        // The keyed hash of a text.
        function("omop_key", vec![DataType::Utf8], DataType::Utf8, move |arguments| {
            Ok(keyed(&key_of, text(&arguments[0])))
        }),
        // The text of an attachment of a DocumentReference: the resource, and the number of the content.
        function("omop_attachment", vec![DataType::Utf8, DataType::Int64], DataType::Utf8, |arguments| {
            Ok(super::note::texts(text(&arguments[0]), &arguments[1]))
        }),
    ]
}

fn text(array: &ArrayRef) -> &StringArray {
    array.as_string::<i32>()
}

fn at(array: &StringArray, row: usize) -> Option<&str> {
    (!array.is_null(row)).then(|| array.value(row))
}

/// The texts of a row of a list column.
fn row_of(lists: &ListArray, row: usize) -> Vec<String> {
    if lists.is_null(row) {
        return Vec::new();
    }
    let items = lists.value(row);
    items.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

fn cut(value: &str) -> &str {
    value.char_indices().nth(SOURCE_VALUE).map_or(value, |(at, _)| &value[..at])
}

fn targets(known: &Known, arguments: &[ArrayRef]) -> Result<ArrayRef, String> {
    let codings = arguments[0].as_list::<i32>();
    let (texts, defaults, wanted) = (text(&arguments[1]), text(&arguments[2]), text(&arguments[3]));
    let mut out = ListBuilder::new(StructBuilder::from_fields(target_fields(), codings.len()));
    for row in 0..codings.len() {
        let default = at(defaults, row).and_then(Place::from_name).ok_or("an event without a place")?;
        let owned = row_of(codings, row);
        let given: Vec<&str> = owned.iter().map(String::as_str).collect();
        let choice = choose(known.book.as_deref(), &given, at(texts, row), default)
            .map_err(|error| format!("the book of codes cannot be read: {error}"))?;
        let wanted = at(wanted, row);
        for chosen in choice.rows.iter().filter(|chosen| Some(chosen.place.table()) == wanted) {
            let builder = out.values();
            let numbers = [
                Some(chosen.concept_id),
                Some(choice.source_concept_id),
                chosen.value_as_concept_id,
                Some(i64::from(chosen.ordinal)),
            ];
            for (at, number) in numbers.into_iter().enumerate() {
                if let Some(field) = builder.field_builder::<Int64Builder>(at) {
                    field.append_option(number);
                }
            }
            if let Some(field) = builder.field_builder::<StringBuilder>(numbers.len()) {
                field.append_option(choice.source_value.as_deref().map(cut));
            }
            builder.append(true);
        }
        out.append(true);
    }
    Ok(Arc::new(out.finish()))
}

fn first(known: &Known, codings: &ArrayRef) -> Result<ArrayRef, String> {
    let codings = codings.as_list::<i32>();
    let mut out = Int64Builder::with_capacity(codings.len());
    for row in 0..codings.len() {
        let owned = row_of(codings, row);
        let given: Vec<&str> = owned.iter().map(String::as_str).collect();
        let choice = choose(known.book.as_deref(), &given, None, Place::Observation)
            .map_err(|error| format!("the book of codes cannot be read: {error}"))?;
        let is_coded = given.iter().any(|coding| !matches!(*coding, "" | "|"));
        out.append_option(choice.rows.first().map(|row| row.concept_id).filter(|_| is_coded));
    }
    Ok(Arc::new(out.finish()))
}

fn of_coding(known: &Known, codings: &StringArray) -> Result<ArrayRef, String> {
    let mut out = Int64Builder::with_capacity(codings.len());
    for row in 0..codings.len() {
        let given: Vec<&str> = at(codings, row).into_iter().collect();
        let choice = choose(known.book.as_deref(), &given, None, Place::Observation)
            .map_err(|error| format!("the book of codes cannot be read: {error}"))?;
        out.append_option(choice.rows.first().map(|row| row.concept_id).filter(|id| *id != 0));
    }
    Ok(Arc::new(out.finish()))
}

/// The system that a unit's code is taken to be of where none is named.
const UCUM: &str = "http://unitsofmeasure.org";

fn unit(known: &Known, [systems, codes, shown]: [&StringArray; 3]) -> Result<ArrayRef, String> {
    let mut out = Int64Builder::with_capacity(codes.len());
    for row in 0..codes.len() {
        let own = at(codes, row).map(|code| (at(systems, row).unwrap_or(UCUM), code));
        let read = at(shown, row).map(|unit| (UCUM, unit));
        // A unit that is not known is concept 0, none is nothing.
        let mut found = (own.is_some() || read.is_some()).then_some(0);
        for (system, unit) in [own, read].into_iter().flatten() {
            let Some(book) = &known.book else { break };
            let targets = book
                .targets(&format!("{system}|{unit}"))
                .map_err(|error| format!("the book of codes cannot be read: {error}"))?;
            if let Some(standard) = targets.standard.first() {
                found = Some(standard.concept_id);
                break;
            }
        }
        out.append_option(found);
    }
    Ok(Arc::new(out.finish()))
}

/// Whether a text of FHIR gives no time of day.
fn is_day(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.len() <= 10)
}

/// Microseconds since 1970 on the clock of the zone; those of a day are the day's.
fn local_us(known: &Known, us: i64, text: Option<&str>) -> i64 {
    if is_day(text) {
        return us;
    }
    let Ok(instant) = jiff::Timestamp::from_microsecond(us) else { return us };
    us + i64::from(known.zone.to_offset(instant).seconds()) * 1_000_000
}

/// The days of times: `day_of` tells it of the first day of a date and how much of the date was given.
fn days(known: &Known, arguments: &[ArrayRef], day_of: fn(i32, Option<&str>, i32) -> i32) -> ArrayRef {
    let (times, texts) = (arguments[0].as_primitive::<TimestampMicrosecondType>(), text(&arguments[1]));
    let mut out = Date32Builder::with_capacity(times.len());
    for row in 0..times.len() {
        let us = (!times.is_null(row)).then(|| local_us(known, times.value(row), at(texts, row)));
        let day = us.and_then(|us| i32::try_from(us.div_euclid(DAY_US)).ok());
        out.append_option(day.map(|day| day_of(day, at(texts, row), known.today)));
    }
    Arc::new(out.finish())
}

fn first_day(day: i32, _: Option<&str>, _: i32) -> i32 {
    day
}

/// The last day of a year or month that begins with a day; of the one that it is now, today.
fn last_day(day: i32, text: Option<&str>, today: i32) -> i32 {
    let last = || {
        let first = jiff::civil::Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).ok()?).ok()?;
        let last = match text?.len() {
            4 => first.last_of_year(),
            7 => first.last_of_month(),
            _ => return None,
        };
        let days = i32::from(last.day_of_year() - first.day_of_year());
        Some((day + days).min(today.max(day)))
    };
    last().unwrap_or(day)
}

fn ends(known: &Known, arguments: &[ArrayRef]) -> ArrayRef {
    let times = |at: usize| arguments[at].as_primitive::<TimestampMicrosecondType>();
    let (ends, end_texts, begins, begin_texts) = (times(0), text(&arguments[1]), times(2), text(&arguments[3]));
    let mut out = TimestampMicrosecondBuilder::with_capacity(ends.len());
    for row in 0..ends.len() {
        let end = (!ends.is_null(row)).then(|| {
            let us = local_us(known, ends.value(row), at(end_texts, row));
            let day = i32::try_from(us.div_euclid(DAY_US)).unwrap_or_default();
            us + i64::from(last_day(day, at(end_texts, row), known.today) - day) * DAY_US
        });
        let begin = (!begins.is_null(row)).then(|| local_us(known, begins.value(row), at(begin_texts, row)));
        let is_within = |end: i64, begin: i64| (end..end + DAY_US).contains(&begin) && begin != end;
        out.append_option(
            end.filter(|end| !is_day(at(end_texts, row)) || !begin.is_some_and(|begin| is_within(*end, begin))),
        );
    }
    Arc::new(out.finish())
}

fn moments(known: &Known, arguments: &[ArrayRef]) -> ArrayRef {
    let (times, texts) = (arguments[0].as_primitive::<TimestampMicrosecondType>(), text(&arguments[1]));
    let mut out = TimestampMicrosecondBuilder::with_capacity(times.len());
    for row in 0..times.len() {
        out.append_option((!times.is_null(row)).then(|| local_us(known, times.value(row), at(texts, row))));
    }
    Arc::new(out.finish())
}

/// What is told of a time whose day by the clock of the zone is not the day that its source says.
pub(crate) const OTHER_DAY: &str = "day in the zone of the settings";

fn imputed(known: &Known, arguments: &[ArrayRef], which: &str) -> ArrayRef {
    let (times, texts) = (arguments[0].as_primitive::<TimestampMicrosecondType>(), text(&arguments[1]));
    let word = |row: usize| -> Option<String> {
        let text = at(texts, row)?;
        match text.len() {
            4 => Some(format!("{which} day of the year")),
            7 => Some(format!("{which} day of the month")),
            _ => (!times.is_null(row) && is_on_other_day(known, times.value(row), text)).then(|| OTHER_DAY.to_owned()),
        }
    };
    Arc::new((0..texts.len()).map(word).collect::<StringArray>())
}

/// Whether a time that came with the offset of its place is on another day by the clock of the zone. One in UTC tells no place.
fn is_on_other_day(known: &Known, us: i64, text: &str) -> bool {
    if is_day(Some(text)) || text.ends_with(['Z', 'z']) || text.ends_with("00:00") {
        return false;
    }
    let Some(given) = text.get(..10).and_then(|day| day.parse::<jiff::civil::Date>().ok()) else { return false };
    let given = given.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24;
    local_us(known, us, Some(text)).div_euclid(DAY_US) != given
}

fn keyed(known: &Known, texts: &StringArray) -> ArrayRef {
    let hash = |text: &str| blake3::keyed_hash(&known.key, text.as_bytes()).to_hex()[..32].to_owned();
    Arc::new(texts.iter().map(|text| text.map(hash)).collect::<StringArray>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_stays_a_day_and_a_time_is_told_in_the_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
        let known = Known { book: None, zone, key: [0; 32], today: 0 };
        // 2024-03-01T20:00:00Z is the second of March in Shanghai.
        let us = 1_709_323_200_000_000;
        assert_eq!(local_us(&known, us, Some("2024-03-01T20:00:00Z")).div_euclid(DAY_US), us.div_euclid(DAY_US) + 1);
        assert_eq!(local_us(&known, us, Some("2024-03-01")), us);
    }

    #[test]
    fn a_day_of_another_zone_is_told() {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let known = Known { book: None, zone, key: [0; 32], today: 0 };
        let told = |text: &str| {
            let instant: jiff::Timestamp = text.parse().expect("a time");
            is_on_other_day(&known, instant.as_microsecond(), text)
        };
        assert!(told("2024-03-01T23:30:00-05:00"));
        assert!(told("1960-03-01T23:30:00-05:00"));
        assert!(!told("2024-03-01T12:30:00-05:00"));
        assert!(!told("2024-03-01T23:30:00+01:00"));
        assert!(!told("2024-03-01T23:30:00Z"));
        assert!(!told("2024-03-01T23:30:00+00:00"));
    }

    #[test]
    fn an_end_of_which_only_the_year_is_known_is_its_last_day_or_today() {
        let day = |year, month, day| {
            let since = jiff::civil::Date::constant(year, month, day) - jiff::civil::Date::constant(1970, 1, 1);
            since.get_days()
        };
        let today = day(2026, 6, 15);
        for (first, text, last) in [
            (day(2024, 1, 1), "2024", day(2024, 12, 31)),
            (day(2024, 2, 1), "2024-02", day(2024, 2, 29)),
            (day(2024, 2, 3), "2024-02-03", day(2024, 2, 3)),
            (day(2026, 1, 1), "2026", today),
            (day(2030, 1, 1), "2030", day(2030, 1, 1)),
        ] {
            assert_eq!(last_day(first, Some(text), today), last, "{text}");
        }
        assert_eq!(last_day(5, None, today), 5);
    }
}
