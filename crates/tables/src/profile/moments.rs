//! Dates and times as they are written: which forms there are, and from when to when.

use crate::value::{DateParts, DateSeen, date_seen, plain_text};

/// A form in which a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// `2024-05-01`
    Iso,
    /// `2024/5/1`
    Slashes,
    /// `2024.5.1`
    YearDots,
    /// `20240501`
    Digits,
    /// `20240501123000`
    DigitsWithTime,
    /// `1.5.2024`
    Dots,
    /// `05/01/2024`: which is the month is another question.
    TwoTwoFour,
    /// `05-01-2024`
    TwoTwoFourHyphens,
    /// `05/2024`: a month
    MonthYear,
    /// `2024年5月1日`
    Chinese,
    /// `01-MAY-2024`, `1 May 2024`
    MonthName,
    /// `May 1, 2024`
    MonthNameFirst,
    /// `令和6年5月1日`, `R6.5.1`, `民國113年5月1日`
    Era,
    /// `01-MAY-24`: read by this format, and by none that is not said.
    Short(&'static str),
}

impl Form {
    fn has_year_last(self) -> bool {
        use Form::{Dots, MonthName, Short, TwoTwoFour, TwoTwoFourHyphens};
        matches!(self, Dots | MonthName | Short(_) | TwoTwoFour | TwoTwoFourHyphens)
    }
}

/// A date that was read off a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) form: Form,
    /// Year, then the two others as they stand where that is open.
    pub(super) year: i32,
    pub(super) first: u32,
    pub(super) second: u32,
    /// Hour and minute.
    pub(super) time: Option<(u32, u32)>,
    /// Whether a zone is written.
    pub(super) zoned: bool,
}

/// What a text is to a profile of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// A date.
    Date(Seen),
    /// `31/12/9999` or `0001-01-01`, which stand for none.
    Nothing,
    /// No date.
    No,
}

/// The years that dates of patients lie in; others are numbers of something.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2300;
/// A text with more bytes is no date.
const BYTES_MAX: usize = 64;

/// What a text is: a date is what `date` and `instant` read, or would if there were such a day.
pub(super) fn look(text: &str) -> Looked {
    if text.len() < 6 || text.len() > BYTES_MAX || !text.contains(|c: char| c.is_numeric()) {
        return Looked::No;
    }
    let text = &*plain_text(text);
    let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits && text != "99991231" && !(text.len() > 8 && text.starts_with("99991231")) {
        return digits(text).map_or(Looked::No, Looked::Date);
    }
    let seen = match date_seen(text) {
        DateSeen::Nothing => return Looked::Nothing,
        DateSeen::No => return Looked::No,
        DateSeen::Date(parts) => of_parts(text, &parts),
        DateSeen::Impossible => {
            let ([a, b, c], form) = numbers(text);
            let (year, first, second) = if form.has_year_last() { (c, a, b) } else { (a, b, c) };
            let year = i32::try_from(year).unwrap_or_default();
            let (is_day, is_month) = (|day: u32| (1..=31).contains(&day), |month: u32| (1..=12).contains(&month));
            let has_month = match form {
                Form::TwoTwoFour | Form::TwoTwoFourHyphens => is_month(first) || is_month(second),
                form if form.has_year_last() => is_month(second),
                _ => is_month(first),
            };
            (is_day(first) && is_day(second) && has_month).then_some(Seen {
                form,
                year,
                first,
                second,
                time: None,
                zoned: false,
            })
        }
    };
    seen.filter(|seen| YEARS.contains(&seen.year)).map_or(Looked::No, Looked::Date)
}

fn of_parts(text: &str, parts: &DateParts) -> Option<Seen> {
    let ([a, b, _], form) = numbers(text);
    let form = parts.format.map_or(form, Form::Short);
    let (month, day) = match (parts.month, parts.day) {
        (Some(month), Some(day)) => (month, day),
        (Some(month), None) if matches!(form, Form::TwoTwoFour | Form::TwoTwoFourHyphens) => {
            let (time, zoned) = (parts.time, parts.zoned);
            return Some(Seen { form: Form::MonthYear, year: parts.year, first: month, second: 1, time, zoned });
        }
        // `2160-0` and `1975-2` are codes: a month alone has two digits, or says that it is one.
        (Some(month), None) if matches!(form, Form::Chinese | Form::Era) || text.len() == 7 => (month, 1),
        _ => return None,
    };
    let (first, second) = match form {
        Form::TwoTwoFour | Form::TwoTwoFourHyphens => (a, b),
        form if form.has_year_last() => (day, month),
        _ => (month, day),
    };
    Some(Seen { form, year: parts.year, first, second, time: parts.time, zoned: parts.zoned })
}

fn digits(text: &str) -> Option<Seen> {
    let form = match text.len() {
        8 => Form::Digits,
        12 | 14 => Form::DigitsWithTime,
        _ => return None,
    };
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().ok();
    let (year, first, second) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let time = if form == Form::Digits { None } else { Some((number(8..10)?, number(10..12)?)) };
    let fits = (1850..=2250).contains(&year)
        && (1..=12).contains(&first)
        && (1..=31).contains(&second)
        && time.is_none_or(|(hour, minute)| hour < 24 && minute < 60);
    fits.then_some(Seen { form, year: year as i32, first, second, time, zoned: false })
}

/// The first three numbers of a date, and the form in which they stand.
fn numbers(text: &str) -> ([u32; 3], Form) {
    let mut runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    let mut number = || runs.next().and_then(|run| run.parse().ok()).unwrap_or(0);
    let numbers = [number(), number(), number()];
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let form = match (text.len() - rest.len(), rest.chars().next()) {
        (0, _) if !text.bytes().take(2).all(|byte| byte.is_ascii_alphabetic()) => Form::Era,
        (0, _) => Form::MonthNameFirst,
        (4, Some('-')) => Form::Iso,
        (4, Some('/')) => Form::Slashes,
        (4, Some('.')) => Form::YearDots,
        (1 | 2, _) if rest.trim_start_matches(['-', '/', ' ']).starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Form::MonthName
        }
        (1 | 2, Some('.')) => Form::Dots,
        (1 | 2, Some('/')) => Form::TwoTwoFour,
        (1 | 2, Some('-')) => Form::TwoTwoFourHyphens,
        (8, _) => Form::Digits,
        (12 | 14, _) => Form::DigitsWithTime,
        _ => Form::Chinese,
    };
    (numbers, form)
}

/// Year, month, day.
type Day = (i32, u32, u32);

/// What was seen of dates in a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// Values that are dates, by form.
    pub(super) forms: std::collections::BTreeMap<Form, u64>,
    pub(super) with_time: u64,
    /// Times of 00:00: they may say no more than the day.
    pub(super) midnights: u64,
    pub(super) zoned: u64,
    /// Of `05/01/2024`: where the first, and where the second, can only be the day.
    pub(super) day_first: u64,
    pub(super) month_first: u64,
    pub(super) range: Option<(Day, Day)>,
    texts: Option<(String, String)>,
}

impl Moments {
    pub(super) fn add(&mut self, text: &str) -> bool {
        let Looked::Date(seen) = look(text) else { return false };
        *self.forms.entry(seen.form).or_default() += 1;
        self.zoned += u64::from(seen.zoned);
        if let Some((hour, minute)) = seen.time {
            self.with_time += 1;
            self.midnights += u64::from((hour, minute) == (0, 0));
        }
        if matches!(seen.form, Form::TwoTwoFour | Form::TwoTwoFourHyphens) {
            self.day_first += u64::from(seen.first > 12);
            self.month_first += u64::from(seen.second > 12);
        }
        let (month, day) = match seen.form {
            Form::TwoTwoFour | Form::TwoTwoFourHyphens if seen.first <= 12 => (seen.first, seen.second),
            form if form.has_year_last() => (seen.second, seen.first),
            _ => (seen.first, seen.second),
        };
        let at = (seen.year, month, day);
        match (&mut self.range, &mut self.texts) {
            (Some((low, high)), Some((first, last))) => {
                if at < *low {
                    *low = at;
                    text.clone_into(first);
                }
                if at > *high {
                    *high = at;
                    text.clone_into(last);
                }
            }
            _ => {
                self.range = Some((at, at));
                self.texts = Some((text.to_owned(), text.to_owned()));
            }
        }
        true
    }

    pub(super) fn count(&self) -> u64 {
        self.forms.values().sum()
    }

    /// The earliest and the latest, as they are written.
    pub(super) fn texts(&self) -> Option<(&str, &str)> {
        self.texts.as_ref().map(|(first, last)| (first.as_str(), last.as_str()))
    }

    /// Whether it is open which of two numbers is the month.
    pub(super) fn is_ambiguous(&self) -> bool {
        let open = self.forms.keys().any(|form| matches!(form, Form::TwoTwoFour | Form::TwoTwoFourHyphens));
        open && (self.day_first == 0) == (self.month_first == 0)
    }

    /// The formats that must be said, the most frequent first: dates whose year has two digits are not read without one, and those whose day
    /// and month stand in one order only where no time is behind them. Empty texts stand for what needs none; nothing if nothing does.
    pub(super) fn needed(&self) -> Vec<&'static str> {
        let asks = |form: &Form| matches!(form, Form::TwoTwoFour | Form::TwoTwoFourHyphens);
        let of = |form: &Form| match form {
            Form::Short(format) => *format,
            form if self.forms.len() == 1 && asks(form) && !self.is_ambiguous() && self.with_time == 0 => {
                self.format(*form)
            }
            _ => "",
        };
        let mut forms: Vec<(&Form, &u64)> = self.forms.iter().collect();
        forms.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut needed: Vec<&'static str> = Vec::new();
        for format in forms.into_iter().map(|(form, _)| of(form)) {
            if !needed.contains(&format) {
                needed.push(format);
            }
        }
        if needed.iter().all(|format| format.is_empty()) { Vec::new() } else { needed }
    }

    /// A form as mappings write it.
    pub(super) fn format(&self, form: Form) -> &'static str {
        let month_first = self.month_first > self.day_first;
        match form {
            Form::Iso => "%Y-%m-%d",
            Form::Slashes => "%Y/%m/%d",
            Form::YearDots => "%Y.%m.%d",
            Form::Digits => "%Y%m%d",
            Form::DigitsWithTime => "%Y%m%d%H%M%S",
            Form::Dots => "%d.%m.%Y",
            Form::TwoTwoFour if month_first => "%m/%d/%Y",
            Form::TwoTwoFour => "%d/%m/%Y",
            Form::TwoTwoFourHyphens if month_first => "%m-%d-%Y",
            Form::TwoTwoFourHyphens => "%d-%m-%Y",
            Form::MonthYear => "%m/%Y",
            Form::Chinese => "%Y年%m月%d日",
            Form::MonthName => "%d-%b-%Y",
            Form::MonthNameFirst => "%b %d %Y",
            Form::Era => "%EC%Ey-%m-%d",
            Form::Short(format) => format,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_known_by_their_form() {
        for (text, form, date) in [
            ("2024-05-01", Form::Iso, (2024, 5, 1)),
            ("2024-05-01T12:30:00Z", Form::Iso, (2024, 5, 1)),
            ("2024/5/1 8:00", Form::Slashes, (2024, 5, 1)),
            ("20240501", Form::Digits, (2024, 5, 1)),
            ("20240501123000", Form::DigitsWithTime, (2024, 5, 1)),
            ("31.12.1950", Form::Dots, (1950, 31, 12)),
            ("12/31/1950", Form::TwoTwoFour, (1950, 12, 31)),
            ("05/2026", Form::MonthYear, (2026, 5, 1)),
            ("11-1980", Form::MonthYear, (1980, 11, 1)),
            ("1985年3月7日", Form::Chinese, (1985, 3, 7)),
            ("01-MAY-2024 10:00", Form::MonthName, (2024, 1, 5)),
            ("01-MAY-24", Form::Short("%d-%b-%y"), (2024, 1, 5)),
            ("01-MAY-45 10.30.00.000000 AM", Form::Short("%d-%b-%y %I.%M.%S.%f %p"), (1945, 1, 5)),
            ("31.12.50", Form::Short("%d.%m.%y"), (1950, 31, 12)),
            ("May 1, 2024 3:05PM", Form::MonthNameFirst, (2024, 5, 1)),
            ("令和6年5月1日", Form::Era, (2024, 5, 1)),
            ("S45.05.01", Form::Era, (1970, 5, 1)),
            ("民國113/05/01", Form::Era, (2024, 5, 1)),
            ("2024年5月1日 上午8:30", Form::Chinese, (2024, 5, 1)),
            ("2024年5月1日下午3点", Form::Chinese, (2024, 5, 1)),
            ("2024-05-01 上午8:55", Form::Iso, (2024, 5, 1)),
            ("２０２４／５／１", Form::Slashes, (2024, 5, 1)),
            ("20240501 0830", Form::Digits, (2024, 5, 1)),
            ("1990-02-30", Form::Iso, (1990, 2, 30)),
        ] {
            let Looked::Date(seen) = look(text) else { panic!("{text}") };
            assert_eq!((seen.form, (seen.year, seen.first, seen.second)), (form, date), "{text}");
        }
        for text in [
            "",
            "12345678",
            "2024-13-01",
            "99/99/2024",
            "555 0101",
            "1-2-3",
            "2024-05-01x",
            "10.0.0.1",
            "３０日",
            "1975-2",
            "0001-12",
            "2160-0",
            "1.2.10",
            "13.5 mg",
            "上午8:55",
        ] {
            assert_eq!(look(text), Looked::No, "{text}");
        }
        for text in [
            "31/12/9999",
            "9999-12-31 00:00:00",
            "99991231",
            "99991231235959",
            "31-DEC-9999",
            "9999年12月31日",
            "0001-01-01",
            "01/01/0001",
        ] {
            assert_eq!(look(text), Looked::Nothing, "{text}");
        }
    }

    #[test]
    fn what_is_called_a_date_is_read_by_the_formats_that_are_said() {
        let needed = |texts: &[&str]| {
            let mut moments = Moments::default();
            for text in texts {
                assert!(moments.add(text), "{text}");
            }
            moments.needed()
        };
        assert_eq!(needed(&["01-MAR-24", "02-APR-45"]), ["%d-%b-%y"]);
        assert_eq!(needed(&["01-MAR-24", "02-APR-45", "01-MAR-24 08:30"]), ["%d-%b-%y", "%d-%b-%y %H:%M"]);
        assert_eq!(needed(&["01-MAR-24", "02-APR-45", "2024-03-01"]), ["%d-%b-%y", ""]);
        assert_eq!(needed(&["01-MAR-2024", "1 May 2024"]), [""; 0]);
        assert_eq!(needed(&["25/03/2020"]), ["%d/%m/%Y"]);
        assert_eq!(needed(&["05/2026", "11/2026"]), [""; 0]);
        assert_eq!(needed(&["25/03/2020 10:00"]), [""; 0]);
    }

    #[test]
    fn days_above_twelve_say_which_number_is_the_month() {
        let mut moments = Moments::default();
        assert!(moments.add("03/04/2020") && moments.is_ambiguous());
        assert!(moments.add("03/25/2020") && !moments.is_ambiguous());
        assert_eq!(moments.format(Form::TwoTwoFour), "%m/%d/%Y");
        moments.add("25/03/2020");
        assert!(moments.is_ambiguous(), "both orders");
        assert_eq!(moments.texts(), Some(("03/04/2020", "03/25/2020")));
    }
}
