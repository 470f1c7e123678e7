//! Dates as profiles look at them: by the same grammar as `date` and `instant` read them.

use super::calendar::Civil;
use super::date::is_nothing;
use super::format::Format;
use super::grammar::{DateFault, DateStyle, Order, parse};
use std::sync::LazyLock;

/// What two digits mean for a profile, which only tells from when to when dates are: the hundred years to this one.
const PIVOT: i16 = 2029;

/// What a text is to `date` and `instant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateSeen {
    /// They read it, or would once it is said which number is the day, or which format it has.
    Date(DateParts),
    /// It has the form of a date, and no calendar has it.
    Impossible,
    /// A day of the first or the last year there is, which stands for none.
    Nothing,
    /// They do not read it.
    No,
}

/// The parts of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateParts {
    pub year: i32,
    pub month: Option<u32>,
    pub day: Option<u32>,
    /// Hour and minute.
    pub time: Option<(u32, u32)>,
    /// Whether a zone is written.
    pub zoned: bool,
    /// The format without which it is not read.
    pub format: Option<&'static str>,
}

/// Formats of dates whose year has two digits; the first that reads a text is its own.
static SHORT: LazyLock<Vec<(String, Format)>> = LazyLock::new(|| {
    let days = ["%d-%b-%y", "%d %b %y", "%d/%b/%y", "%d-%b -%y", "%d.%m.%y"];
    let times = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I.%M.%S %p", " %I.%M.%S.%f %p"];
    let formats = days.iter().flat_map(|day| times.iter().map(move |time| format!("{day}{time}")));
    formats.filter_map(|text| Format::parse(&text, PIVOT).ok().map(|format| (text, format))).collect()
});

/// Looks at a text of plain characters.
pub(crate) fn date_seen(text: &str) -> DateSeen {
    let style = DateStyle::default();
    let read = match parse(text, style) {
        // Both numbers are months: that there is such a day is all that is asked.
        Err(DateFault::Ambiguous) => parse(text, DateStyle { order: Some(Order::DayFirst), ..style }),
        read => read,
    };
    match read {
        Ok(civil) if is_nothing(&civil) => match civil.day {
            Some(_) => DateSeen::Nothing,
            // `0001-12` is a number.
            None => DateSeen::No,
        },
        Ok(civil) => DateSeen::Date(parts(&civil, None)),
        Err(DateFault::NotADate) => short(text),
        Err(_) => DateSeen::Impossible,
    }
}

fn short(text: &str) -> DateSeen {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let separator = text.as_bytes().get(1 + usize::from(is_digit(1)));
    if !is_digit(0) || text.len() < 7 || !matches!(separator, Some(b'-' | b' ' | b'/' | b'.')) {
        return DateSeen::No;
    }
    // `1.2.10` is the number of a version: days and months of numbers have their two digits.
    if separator == Some(&b'.') && !(is_digit(1) && is_digit(3) && is_digit(4)) {
        return DateSeen::No;
    }
    let read = SHORT.iter().find_map(|(said, format)| Some((said, format.read(text).ok()?)));
    read.map_or(DateSeen::No, |(said, civil)| DateSeen::Date(parts(&civil, Some(said))))
}

fn parts(civil: &Civil<'_>, format: Option<&'static str>) -> DateParts {
    DateParts {
        year: i32::from(civil.year),
        month: civil.month.map(u32::from),
        day: civil.day.map(u32::from),
        time: civil.clock.map(|clock| (u32::from(clock.hour), u32::from(clock.minute.unwrap_or(0)))),
        zoned: civil.offset.is_some(),
        format,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_two_digits_has_the_format_that_reads_it() {
        for (text, format, year) in [
            ("01-MAR-24", "%d-%b-%y", 2024),
            ("1 mar 45", "%d %b %y", 1945),
            ("01/Mar/24 08:30", "%d/%b/%y %H:%M", 2024),
            ("01-MAR-24 10.30.00.000000 AM", "%d-%b-%y %I.%M.%S.%f %p", 2024),
            ("01-3月 -24", "%d-%b -%y", 2024),
            ("01-3月-24", "%d-%b-%y", 2024),
            ("31.12.50", "%d.%m.%y", 1950),
        ] {
            let DateSeen::Date(seen) = date_seen(text) else { panic!("{text}") };
            assert_eq!((seen.format, seen.year), (Some(format), year), "{text}");
            assert!(Format::parse(format, 2068).unwrap().read(text).is_ok(), "{text}");
        }
        for text in ["1.2.10", "10.0.0.1", "12-05-33", "3/10", "01-XYZ-24", "31.02.50", "5 am"] {
            assert_eq!(date_seen(text), DateSeen::No, "{text}");
        }
        assert_eq!(date_seen("31/12/9999"), DateSeen::Nothing);
        assert_eq!(date_seen("1990-02-30"), DateSeen::Impossible);
    }
}
