//! Dates and times as they are written: which forms there are, and from when to when.

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
    /// `2024年5月1日`
    Chinese,
    /// `01-MAY-2024`, `1 May 2024`
    MonthName,
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

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The date that a text is, if it is one that can be.
pub(super) fn date_of(text: &str) -> Option<Seen> {
    if text.len() < 6 || text.len() > 40 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text);
    }
    let (numbers, rest, form) = date_part(text)?;
    let [a, b, c] = numbers;
    let (year, first, second) = match form {
        Form::Dots | Form::TwoTwoFour | Form::TwoTwoFourHyphens | Form::MonthName => (c, a, b),
        _ => (a, b, c),
    };
    let (time, zoned) = time_part(rest)?;
    let year = i32::try_from(year).ok()?;
    let is_day = match form {
        Form::Dots | Form::MonthName => (1..=31).contains(&first) && (1..=12).contains(&second),
        Form::TwoTwoFour | Form::TwoTwoFourHyphens => {
            (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12)
        }
        _ => (1..=12).contains(&first) && (1..=31).contains(&second),
    };
    (is_day && (1800..=2300).contains(&year)).then_some(Seen { form, year, first, second, time, zoned })
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

/// Three numbers, what follows them, and in which form they stood.
fn date_part(text: &str) -> Option<([u32; 3], &str, Form)> {
    let (a, rest) = leading(text)?;
    let a_digits = text.len() - rest.len();
    let sign = rest.chars().next()?;
    if sign == '年' {
        let (month, rest) = leading(&rest[sign.len_utf8()..])?;
        let (day, rest) = leading(rest.strip_prefix('月')?)?;
        return Some(([a, month, day], rest.strip_prefix('日').unwrap_or(rest), Form::Chinese));
    }
    let after = &rest[sign.len_utf8()..];
    if matches!(sign, '-' | ' ') && after.len() >= 3 && after.is_char_boundary(3) {
        let name = after[..3].to_ascii_lowercase();
        if let Some(month) = MONTHS.iter().position(|known| *known == name) {
            let rest = after[3..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
            let (year, rest) = leading(rest.trim_start_matches(['-', ' ', ',']))?;
            let year = if year < 100 { year + if year < 30 { 2000 } else { 1900 } } else { year };
            return Some(([a, month as u32 + 1, year], rest, Form::MonthName));
        }
    }
    let (b, rest) = leading(after)?;
    let rest = rest.strip_prefix(sign)?;
    let (c, behind) = leading(rest)?;
    let c_digits = rest.len() - behind.len();
    let form = match (sign, a_digits, c_digits) {
        ('-', 4, 1..=2) => Form::Iso,
        ('/', 4, 1..=2) => Form::Slashes,
        ('.', 4, 1..=2) => Form::YearDots,
        ('.', 1..=2, 4) => Form::Dots,
        ('/', 1..=2, 4) => Form::TwoTwoFour,
        ('-', 1..=2, 4) => Form::TwoTwoFourHyphens,
        _ => return None,
    };
    Some(([a, b, c], behind, form))
}

/// The number that a text begins with, of at most four digits.
fn leading(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 || end > 4 { None } else { Some((text[..end].parse().ok()?, &text[end..])) }
}

type Time = (Option<(u32, u32)>, bool);

/// The time behind a date: nothing, or what is one.
fn time_part(rest: &str) -> Option<Time> {
    if rest.is_empty() {
        return Some((None, false));
    }
    let rest = rest.strip_prefix(['T', ' ', 't'])?.trim_start();
    let (hour, rest) = leading(rest)?;
    let rest = rest.strip_prefix([':', '时', '点'])?;
    let (minute, rest) = leading(rest)?;
    let zoned = rest.ends_with(['Z', 'z']) || rest.contains('+') || rest.rfind('-').is_some();
    let fits = hour < 25 && minute < 60 && rest.chars().all(|c| c.is_ascii_digit() || ":.+-Zz 分秒AaPpMm".contains(c));
    fits.then_some((Some((hour, minute)), zoned))
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
        let Some(seen) = date_of(text) else { return false };
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
            Form::Dots | Form::MonthName => (seen.second, seen.first),
            Form::TwoTwoFour | Form::TwoTwoFourHyphens if seen.first > 12 => (seen.second, seen.first),
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
            Form::Chinese => "%Y年%m月%d日",
            Form::MonthName => "%d-%b-%Y",
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
            ("1985年3月7日", Form::Chinese, (1985, 3, 7)),
            ("01-MAY-2024 10:00", Form::MonthName, (2024, 1, 5)),
        ] {
            let seen = date_of(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((seen.form, (seen.year, seen.first, seen.second)), (form, date), "{text}");
        }
        for text in
            ["", "12345678", "2024-13-01", "99/99/2024", "555 0101", "1-2-3", "2024-05-01x", "10.0.0.1", "３０日"]
        {
            assert_eq!(date_of(text), None, "{text}");
        }
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
