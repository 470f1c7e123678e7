//! Formats of dates that a mapping gives: a small set of `strftime`'s signs.

use super::calendar::{Civil, Clock, Offset};
use super::era::Calendar;
use super::grammar::{DateFault, Scan};

/// A format, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    text: String,
    parts: Vec<Part>,
    /// The last year that two digits can mean.
    pivot: i16,
    calendar: Calendar,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `%Y`
    Year,
    /// `%y`
    ShortYear,
    /// `%m`
    Month,
    /// `%b` and `%B`
    MonthName,
    /// `%d`
    Day,
    /// `%H`
    Hour,
    /// `%I`
    HourOfHalf,
    /// `%p`
    Half,
    /// `%M`
    Minute,
    /// `%S`
    Second,
    /// `%f`
    Fraction,
    /// `%z`
    Zone,
    /// Any white space, or none.
    Blanks,
    Literal(char),
}

const SIGNS: &str = "%Y %y %m %b %B %d %H %I %p %M %S %f %z %%";

impl Format {
    /// Takes a format apart.
    ///
    /// # Errors
    /// If it has a sign that is not known, or no year, or parts in a way that makes no date.
    pub fn parse(text: &str, pivot: i16) -> Result<Format, String> {
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            let part = match c {
                '%' => match characters.next() {
                    Some('Y') => Part::Year,
                    Some('y') => Part::ShortYear,
                    Some('m') => Part::Month,
                    Some('b' | 'B') => Part::MonthName,
                    Some('d') => Part::Day,
                    Some('H') => Part::Hour,
                    Some('I') => Part::HourOfHalf,
                    Some('p') => Part::Half,
                    Some('M') => Part::Minute,
                    Some('S') => Part::Second,
                    Some('f') => Part::Fraction,
                    Some('z') => Part::Zone,
                    Some('%') => Part::Literal('%'),
                    Some(sign) => return Err(format!("`%{sign}` is not a sign of date formats, which are {SIGNS}")),
                    None => return Err(format!("the format `{text}` ends in a lone `%`")),
                },
                c if c.is_whitespace() => Part::Blanks,
                // The text is read in plain characters, too.
                c => Part::Literal(super::width::plain(c)),
            };
            if !(part == Part::Blanks && parts.last() == Some(&Part::Blanks)) {
                parts.push(part);
            }
        }
        let format = Format { text: text.to_owned(), parts, pivot, calendar: Calendar::default() };
        format.check()?;
        Ok(format)
    }

    fn check(&self) -> Result<(), String> {
        let has = |wanted: &[Part]| self.parts.iter().filter(|part| wanted.contains(part)).count();
        let wrong = |what: &str| Err(format!("the format `{}` {what}", self.text));
        for (signs, parts) in [
            ("%Y or %y", &[Part::Year, Part::ShortYear][..]),
            ("%m or %b", &[Part::Month, Part::MonthName]),
            ("%d", &[Part::Day]),
            ("%H or %I", &[Part::Hour, Part::HourOfHalf]),
            ("%M", &[Part::Minute]),
            ("%S", &[Part::Second]),
        ] {
            if has(parts) > 1 {
                return wrong(&format!("has more than one of {signs}"));
            }
        }
        if has(&[Part::Year, Part::ShortYear]) == 0 {
            return wrong("has no year (%Y or %y)");
        }
        let month = has(&[Part::Month, Part::MonthName]) > 0;
        let hour = has(&[Part::Hour, Part::HourOfHalf]) > 0;
        if has(&[Part::Day]) > 0 && !month {
            return wrong("has a day without a month");
        }
        if hour && has(&[Part::Day]) == 0 {
            return wrong("has a time without a day");
        }
        if (has(&[Part::Minute]) > 0 && !hour) || (has(&[Part::Second]) > 0 && has(&[Part::Minute]) == 0) {
            return wrong("has minutes without hours, or seconds without minutes");
        }
        if has(&[Part::HourOfHalf]) != has(&[Part::Half]) {
            return wrong("must have %I and %p together");
        }
        Ok(())
    }

    /// The format with years of another calendar.
    pub fn with(self, calendar: Calendar) -> Format {
        Format { calendar, ..self }
    }

    /// As the mapping gives it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a text.
    pub fn read<'a>(&self, text: &'a str) -> Result<Civil<'a>, DateFault> {
        let mut scan = Scan::new(text.trim());
        let mut civil = Civil::default();
        let mut clock = Clock { hour: 0, minute: None, second: None, fraction: "" };
        let (mut has_clock, mut half) = (false, None);
        for (at, part) in self.parts.iter().enumerate() {
            // Digits that follow one another have all their places: `%Y%m%d`.
            let packed = self.parts.get(at + 1).is_some_and(Part::is_digits)
                || at.checked_sub(1).is_some_and(|before| self.parts[before].is_digits());
            let mut number =
                || scan.number(if packed { 2 } else { 1 }, 2).map(|part| part as u8).ok_or(DateFault::NotADate);
            match part {
                Part::Year => civil.year = self.whole_year(&mut scan, packed)?,
                Part::ShortYear => civil.year = self.year_of(scan.number(2, 2).ok_or(DateFault::NotADate)? as i16),
                Part::Month => civil.month = Some(number()?),
                Part::Day => civil.day = Some(number()?),
                Part::Hour | Part::HourOfHalf => {
                    clock.hour = number()?;
                    has_clock = true;
                }
                Part::Minute => clock.minute = Some(number()?),
                Part::Second => clock.second = Some(number()?),
                Part::MonthName => {
                    let month = if scan.has_digit() { chinese_month(&mut scan) } else { scan.month_name() };
                    civil.month = Some(month.ok_or(DateFault::NotADate)?);
                }
                Part::Half => half = Some(scan.half_of_day().ok_or(DateFault::NotADate)?),
                Part::Fraction => {
                    clock.fraction = scan.digits();
                    if clock.fraction.is_empty() {
                        return Err(DateFault::NotADate);
                    }
                }
                Part::Zone => civil.offset = Some(zone(&mut scan)?),
                Part::Blanks => {
                    scan.blanks();
                }
                Part::Literal(c) => {
                    if !scan.take(c.encode_utf8(&mut [0; 4])) {
                        return Err(DateFault::NotADate);
                    }
                }
            }
        }
        if !scan.is_done() {
            return Err(DateFault::NotADate);
        }
        if let Some(half) = half {
            clock.hour = half.of(clock.hour).ok_or(DateFault::Impossible)?;
        }
        civil.clock = has_clock.then_some(clock);
        if civil.is_possible() { Ok(civil) } else { Err(DateFault::Impossible) }
    }

    /// `%Y`: four digits, and in a calendar whose years are shorter as many as are there, of packed ones three.
    fn whole_year(&self, scan: &mut Scan<'_>, packed: bool) -> Result<i16, DateFault> {
        let is_short = self.calendar == Calendar::Minguo;
        let digits = scan.rest().bytes().take_while(u8::is_ascii_digit).count();
        let (min, max) = match (is_short, packed) {
            (true, true) if digits % 2 == 1 => (3, 3),
            (true, false) => (2, 4),
            _ => (4, 4),
        };
        let year = scan.number(min, max).ok_or(DateFault::NotADate)?;
        Ok(self.calendar.gregorian(year as i16))
    }

    /// The year of two digits among the hundred that end with the pivot.
    fn year_of(&self, short: i16) -> i16 {
        let year = self.pivot - self.pivot.rem_euclid(100) + short;
        if year > self.pivot { year - 100 } else { year }
    }
}

impl Part {
    fn is_digits(&self) -> bool {
        matches!(
            self,
            Part::Year
                | Part::ShortYear
                | Part::Month
                | Part::Day
                | Part::Hour
                | Part::HourOfHalf
                | Part::Minute
                | Part::Second
                | Part::Fraction
        )
    }
}

/// `2月`, which databases with a Chinese language setting write for a month's name.
fn chinese_month(scan: &mut Scan<'_>) -> Option<u8> {
    let month = scan.number(1, 2)?;
    scan.take("月").then_some(month as u8)
}

fn zone(scan: &mut Scan<'_>) -> Result<Offset, DateFault> {
    scan.offset()?.ok_or(DateFault::NotADate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(format: &str, text: &str) -> String {
        match Format::parse(format, 2068).unwrap().read(text) {
            Err(fault) => format!("{fault:?}"),
            Ok(civil) => {
                let clock = civil.clock.map(|clock| {
                    format!(
                        "T{}:{:?}:{:?}.{}",
                        clock.hour,
                        clock.minute.unwrap_or(99),
                        clock.second.unwrap_or(99),
                        clock.fraction
                    )
                });
                let offset = civil.offset.map(|offset| offset.minutes.to_string());
                format!("{}{}{}", civil.date_text(), clock.unwrap_or_default(), offset.unwrap_or_default())
            }
        }
    }

    #[test]
    fn formats_read_what_they_say() {
        for (format, text, expected) in [
            ("%d/%m/%Y", "03/04/2020", "2020-04-03"),
            ("%m/%d/%Y", "3/4/2020", "2020-03-04"),
            ("%m/%Y", "04/2020", "2020-04"),
            ("%d-%b-%y", "29-FEB-24", "2024-02-29"),
            ("%d-%b-%y", "01-jan-69", "1969-01-01"),
            ("%d-%b-%y", "01-2月 -24", "NotADate"),
            ("%d-%b -%y", "01-2月 -24", "2024-02-01"),
            ("%B %d, %Y", "September 3, 2024", "2024-09-03"),
            ("%Y%m%d%H%M%S", "20240229123005", "2024-02-29T12:30:5."),
            ("%Y%m%d", "2024229", "NotADate"),
            ("%y%m%d", "240229", "2024-02-29"),
            ("%Y-%m-%d %I:%M %p", "2024-02-29  3:05 PM", "2024-02-29T15:5:99."),
            ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-02-29T12:30:05.250+08:00", "2024-02-29T12:30:5.250480"),
            ("%Y年%m月%d日", "2024年2月29日", "2024-02-29"),
            ("%d%%%m%%%Y", "1%2%2024", "2024-02-01"),
            ("%d/%m/%Y", "31/02/2020", "Impossible"),
            ("%d/%m/%Y", "2020-04-03", "NotADate"),
            ("%d/%m/%Y", "03/04/2020 12:00", "NotADate"),
        ] {
            assert_eq!(read(format, text), expected, "{format} {text}");
        }
    }

    #[test]
    fn years_of_another_calendar_are_read_by_a_format() {
        for (calendar, format, text, expected) in [
            (Calendar::Minguo, "%Y/%m/%d", "113/02/29", "2024-02-29"),
            (Calendar::Minguo, "%Y/%m/%d", "45/3/1", "1956-03-01"),
            (Calendar::Minguo, "%Y%m%d", "1130229", "2024-02-29"),
            (Calendar::Minguo, "%Y%m%d", "01130229", "2024-02-29"),
            (Calendar::Minguo, "%d/%m/%Y", "29/02/2024", "2024-02-29"),
            (Calendar::Buddhist, "%d/%m/%Y", "29/02/2567", "2024-02-29"),
            (Calendar::Gregorian, "%Y/%m/%d", "113/02/29", "NotADate"),
        ] {
            let read = Format::parse(format, 2068).unwrap().with(calendar).read(text);
            let read = read.map_or_else(|fault| format!("{fault:?}"), |civil| civil.date_text());
            assert_eq!(read, expected, "{format} {text}");
        }
    }

    #[test]
    fn two_digits_are_a_year_of_the_hundred_before_the_pivot() {
        let year = |pivot, short| Format::parse("%y", pivot).unwrap().year_of(short);
        assert_eq!((year(2068, 68), year(2068, 69)), (2068, 1969));
        assert_eq!((year(2026, 26), year(2026, 27), year(2026, 0)), (2026, 1927, 2000));
    }

    #[test]
    fn formats_that_make_no_date_are_refused() {
        for format in ["%m", "%Y %d", "%Y-%m %H", "%Y-%m-%d %M", "%Y %y", "%Q", "%Y%", "%Y-%m-%d %I", ""] {
            assert!(Format::parse(format, 2068).is_err(), "{format}");
        }
    }

    proptest! {
        #[test]
        fn what_a_format_writes_it_reads(year in 1_i16..10_000, month in 1_u8..13, day in 1_u8..29, hour in 0_u8..24, minute in 0_u8..60) {
            let expected = format!("{year:04}-{month:02}-{day:02}T{hour}:{minute}:99.");
            for (format, text) in [
                ("%Y%m%d%H%M", format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}")),
                ("%d.%m.%Y %H:%M", format!("{day}.{month}.{year:04} {hour}:{minute:02}")),
                ("%m/%d/%Y, %H%M", format!("{month:02}/{day:02}/{year:04}, {hour:02}{minute:02}")),
            ] {
                prop_assert_eq!(read(format, &text), expected.as_str());
            }
        }

        #[test]
        fn any_format_and_any_text(format in "(%[YymbBdHIpMSfz%]|[-/: 年.T]){0,8}", text in "[0-9年月/:. TZ+Jan-]{0,24}") {
            if let Ok(format) = Format::parse(&format, 2068)
                && let Ok(civil) = format.read(&text)
            {
                prop_assert!(fhir::primitive::is_date(&civil.date_text()));
            }
        }
    }
}
