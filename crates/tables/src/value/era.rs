//! Years that are not counted from the year 1 of the Gregorian calendar: eras that a date names, and calendars that a mapping declares.

use super::grammar::Scan;

/// How years are counted where a date names no era.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calendar {
    /// As they are written.
    #[default]
    Gregorian,
    /// From 1912, in two or three digits or four with a nought before them: `113/03/01`, `1130301`.
    Minguo,
    /// 543 years ahead: `01/03/2567`.
    Buddhist,
}

/// The year before the first of Minguo.
const MINGUO: i16 = 1911;
/// What a year of the Buddhist calendar is ahead.
const BUDDHIST: i16 = 543;
/// The years in which whoever lives was born or will be treated; others are written in the Gregorian calendar.
const BUDDHIST_YEARS: std::ops::RangeInclusive<i16> = 2380..=2700;
/// `999/12/31`: no date, as `9999-12-31` is none.
const MINGUO_NOTHING: i16 = 999;

/// Eras by their names, each with the year before its first; longer names first. Japanese eras begin in 1868, 1912, 1926, 1989, 2019.
const NAMES: [(&str, i16); 14] = [
    ("中華民國", MINGUO),
    ("中华民国", MINGUO),
    ("民國", MINGUO),
    ("民国", MINGUO),
    ("令和", 2018),
    ("平成", 1988),
    ("昭和", 1925),
    ("大正", 1911),
    ("明治", 1867),
    ("㋿", 2018),
    ("㍻", 1988),
    ("㍼", 1925),
    ("㍽", 1911),
    ("㍾", 1867),
];

/// Japanese eras by their letters.
const LETTERS: [(u8, i16); 5] = [(b'R', 2018), (b'H', 1988), (b'S', 1925), (b'T', 1911), (b'M', 1867)];

/// An era at the beginning of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era {
    /// The year before its first.
    pub before: i16,
    /// By its letter: `S45` alone is a code, `昭和45年` a year.
    pub is_letter: bool,
}

/// Takes the era that a date begins with.
pub(super) fn take_era(scan: &mut Scan<'_>) -> Option<Era> {
    if let Some((_, before)) = NAMES.iter().find(|(name, _)| scan.take(name)) {
        scan.blanks();
        return Some(Era { before: *before, is_letter: false });
    }
    let [letter, next, ..] = scan.rest().as_bytes() else { return None };
    let (_, before) = LETTERS.iter().find(|(of, _)| *of == letter.to_ascii_uppercase())?;
    // Behind a month's name come letters.
    if !(next.is_ascii_digit() || matches!(next, b'.' | b' ') || scan.rest()[1..].starts_with('元')) {
        return None;
    }
    scan.skip(1);
    let _ = scan.take(".");
    scan.blanks();
    Some(Era { before: *before, is_letter: true })
}

impl Calendar {
    /// `gregorian`, `minguo` or `buddhist`, as `mapping.toml` has it.
    pub fn named(name: &str) -> Option<Calendar> {
        match name {
            "gregorian" => Some(Calendar::Gregorian),
            "minguo" => Some(Calendar::Minguo),
            "buddhist" => Some(Calendar::Buddhist),
            _ => None,
        }
    }

    /// The Gregorian year of a year as it is written, where that is one of this calendar.
    pub(super) fn gregorian(self, year: i16) -> i16 {
        match self {
            Calendar::Minguo if year == MINGUO_NOTHING => super::date::LAST_YEAR,
            Calendar::Minguo if (1..MINGUO_NOTHING).contains(&year) => year + MINGUO,
            Calendar::Buddhist if BUDDHIST_YEARS.contains(&year) => year - BUDDHIST,
            _ => year,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::{DateFault, DateStyle, Order, parse};
    use super::*;

    fn read(calendar: Calendar, order: Option<Order>, text: &str) -> String {
        match parse(text, DateStyle { order, calendar }) {
            Err(DateFault::NotADate) => "not".to_owned(),
            Err(DateFault::Impossible) => "impossible".to_owned(),
            Err(DateFault::Ambiguous) => "ambiguous".to_owned(),
            Ok(civil) => {
                let clock = civil.clock.map(|clock| format!(" {}:{}", clock.hour, clock.minute.unwrap_or(99)));
                format!("{}{}", civil.date_text(), clock.unwrap_or_default())
            }
        }
    }

    #[test]
    fn eras_that_are_named_are_read_in_every_calendar() {
        for (text, expected) in [
            ("令和6年3月1日", "2024-03-01"),
            ("令和元年5月1日", "2019-05-01"),
            ("平成31年4月30日 10時30分", "2019-04-30 10:30"),
            ("昭和45年", "1970"),
            ("昭和45年3月", "1970-03"),
            ("大正 15年12月24日", "1926-12-24"),
            ("㍼45年3月1日", "1970-03-01"),
            ("S45.03.01", "1970-03-01"),
            ("s45/3/1", "1970-03-01"),
            ("R6-3-1 08:15", "2024-03-01 8:15"),
            ("R060301", "2024-03-01"),
            ("H 12.3.1", "2000-03-01"),
            ("R元.5.1", "2019-05-01"),
            ("民國113年3月1日", "2024-03-01"),
            ("民國 113/03/01", "2024-03-01"),
            ("中華民國113年2月29日", "2024-02-29"),
            ("民國1130301", "2024-03-01"),
            ("令和5年2月29日", "impossible"),
            ("令和0年2月1日", "impossible"),
            ("S45", "not"),
            ("S45.03", "not"),
            ("R0603", "not"),
            ("令和", "not"),
            ("March 1, 2024", "2024-03-01"),
            ("Sep 1 2024", "2024-09-01"),
        ] {
            for calendar in [Calendar::Gregorian, Calendar::Minguo, Calendar::Buddhist] {
                assert_eq!(read(calendar, None, text), expected, "{text} {calendar:?}");
            }
        }
    }

    #[test]
    fn years_of_a_declared_calendar_are_those_of_the_gregorian() {
        use Calendar::{Buddhist, Gregorian, Minguo};
        for (calendar, text, expected) in [
            (Minguo, "113/03/01", "2024-03-01"),
            (Minguo, "113.3.1 08:30", "2024-03-01 8:30"),
            (Minguo, "45-12-31", "1956-12-31"),
            (Minguo, "113年3月1日", "2024-03-01"),
            (Minguo, "1130301", "2024-03-01"),
            (Minguo, "1130301 0830", "2024-03-01 8:30"),
            (Minguo, "11303010830", "2024-03-01 8:30"),
            (Minguo, "1130301083059", "2024-03-01 8:30"),
            (Minguo, "451231", "1956-12-31"),
            (Minguo, "01130301", "2024-03-01"),
            (Minguo, "0113/03/01", "2024-03-01"),
            (Minguo, "113/02/29", "2024-02-29"),
            (Minguo, "112/02/29", "impossible"),
            (Minguo, "1131301", "impossible"),
            (Minguo, "9991231", "9999-12-31"),
            (Minguo, "2024-03-01", "2024-03-01"),
            (Minguo, "20240301", "2024-03-01"),
            (Minguo, "25/03/2024", "2024-03-25"),
            (Minguo, "113", "not"),
            (Buddhist, "01/03/2567", "ambiguous"),
            (Buddhist, "29/02/2567", "2024-02-29"),
            (Buddhist, "2567-02-29", "2024-02-29"),
            (Buddhist, "25670229", "2024-02-29"),
            (Buddhist, "2567-02-29 10:00:00", "2024-02-29 10:0"),
            (Buddhist, "1 March 2567", "2024-03-01"),
            (Buddhist, "2024-03-01", "2024-03-01"),
            (Gregorian, "113/03/01", "not"),
            (Gregorian, "1130301", "not"),
            (Gregorian, "2567-03-01", "2567-03-01"),
        ] {
            assert_eq!(read(calendar, None, text), expected, "{text} {calendar:?}");
        }
        assert_eq!(read(Buddhist, Some(Order::DayFirst), "01/03/2567"), "2024-03-01");
    }
}
