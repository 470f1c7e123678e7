//! Birth dates as people type them: in any order, with any signs between, or as part of one.

use identity::Date;

/// Years that a person who is looked for may be born in.
const YEARS: std::ops::RangeInclusive<u16> = 1850..=2199;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The day, if somebody who is looked for may be born on it.
fn day_of(year: u16, month: u16, day: u16) -> Option<Date> {
    let date = Date::of(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    YEARS.contains(&year).then_some(date)
}

/// A run of digits, or of letters.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    text: &'a str,
    from: usize,
    to: usize,
}

/// The dates that `text` (folded) may mean, with the byte range each was read from. One range may mean several: 03.04.1958.
pub(crate) fn days(text: &str) -> Vec<(Date, std::ops::Range<usize>)> {
    let runs = runs(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < runs.len() {
        let taken = three(&runs[at..], text, &mut found)
            .or_else(|| packed(&runs[at..], &mut found))
            .or_else(|| partial(&runs[at..], text, &mut found));
        at += taken.unwrap_or(1);
    }
    found
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let class = |c: char| if c.is_ascii_digit() { 1 } else { u8::from(c.is_alphabetic()) * 2 };
    let mut out: Vec<Run<'_>> = Vec::new();
    let mut before = 0;
    for (at, c) in text.char_indices() {
        let (kind, to) = (class(c), at + c.len_utf8());
        if kind != 0 {
            match out.last_mut().filter(|run| kind == before && run.to == at) {
                Some(run) => {
                    run.to = to;
                    run.text = &text[run.from..to];
                }
                None => out.push(Run { text: &text[at..to], from: at, to }),
            }
        }
        before = kind;
    }
    out
}

fn number(run: &Run<'_>) -> Option<u16> {
    if run.text.len() <= 4 && run.text.bytes().all(|b| b.is_ascii_digit()) { run.text.parse().ok() } else { None }
}

fn month_named(run: &Run<'_>) -> Option<u16> {
    let name = run.text.get(..3).filter(|_| run.text.len() <= 9)?;
    MONTHS.iter().position(|month| *month == name).map(|n| n as u16 + 1)
}

/// Whether what stands between two parts of a date can: a few signs, the ending of a number, the words for year and month.
fn joined(text: &str, one: &Run<'_>, other: &Run<'_>) -> bool {
    let between = text.get(one.to..other.from).unwrap_or("");
    between.chars().count() <= 4 && between.chars().all(|c| " -/.,年月".contains(c) || "thstndr".contains(c))
}

/// Parts without the signs 年月日 that may stand as runs of their own.
fn parts<'a, 'b>(runs: &'b [Run<'a>]) -> impl Iterator<Item = (usize, &'b Run<'a>)> {
    runs.iter()
        .enumerate()
        .filter(|(_, run)| !matches!(run.text, "年" | "月" | "日" | "号" | "th" | "st" | "nd" | "rd"))
}

fn three(runs: &[Run<'_>], text: &str, found: &mut Vec<(Date, std::ops::Range<usize>)>) -> Option<usize> {
    let mut parts = parts(runs);
    let ((start, a), (i, b), (j, c)) = (parts.next()?, parts.next()?, parts.next()?);
    if start != 0 || !joined(text, a, b) || !joined(text, b, c) {
        return None;
    }
    let range = a.from..c.to;
    let before = found.len();
    let mut add = |year: u16, month: u16, day: u16, digits: usize| {
        // Two digits mean this century and the one before.
        let years = if digits <= 2 { vec![1900 + year, 2000 + year] } else { vec![year] };
        for year in years {
            let day = day_of(year, month, day).map(|day| (day, range.clone()));
            found.extend(day.filter(|day| !found.contains(day)));
        }
    };
    let digits = |run: &Run<'_>| run.text.len();
    match (number(a), number(b), number(c)) {
        (Some(x), Some(y), Some(z)) => {
            if digits(a) == 4 {
                add(x, y, z, 4);
                add(x, z, y, 4);
            } else if digits(c) == 4 {
                add(z, y, x, 4);
                add(z, x, y, 4);
            } else if digits(b) == 4 {
                add(y, x, z, 4);
                add(y, z, x, 4);
            } else if digits(a) == 2 && digits(b) <= 2 && digits(c) == 2 {
                add(z, y, x, 2);
                add(z, x, y, 2);
                add(x, y, z, 2);
            }
        }
        (Some(x), None, Some(z)) => {
            let month = month_named(b)?;
            if digits(a) == 4 { add(x, month, z, 4) } else { add(z, month, x, digits(c)) }
        }
        (None, Some(y), Some(z)) => add(z, month_named(a)?, y, digits(c)),
        _ => {}
    }
    (found.len() > before).then_some(j.max(i) + 1)
}

/// Eight digits in a row.
fn packed(runs: &[Run<'_>], found: &mut Vec<(Date, std::ops::Range<usize>)>) -> Option<usize> {
    let run = runs.first().filter(|run| run.text.len() == 8)?;
    let part = |from: usize, to: usize| run.text.get(from..to)?.parse::<u16>().ok();
    let before = found.len();
    for (year, month, day) in [((0, 4), (4, 6), (6, 8)), ((4, 8), (2, 4), (0, 2)), ((4, 8), (0, 2), (2, 4))] {
        let day = day_of(part(year.0, year.1)?, part(month.0, month.1)?, part(day.0, day.1)?);
        let day = day.map(|day| (day, run.from..run.to));
        found.extend(day.filter(|day| !found.contains(day)));
    }
    (found.len() > before).then_some(1)
}

/// A year, or a year and a month.
fn partial(runs: &[Run<'_>], text: &str, found: &mut Vec<(Date, std::ops::Range<usize>)>) -> Option<usize> {
    let mut parts = parts(runs);
    let (start, a) = parts.next()?;
    if start != 0 {
        return None;
    }
    if let Some((i, b)) = parts.next().filter(|(_, b)| joined(text, a, b)) {
        let pair = match (number(a), number(b)) {
            (Some(x), Some(y)) if a.text.len() == 4 => Some((x, y)),
            (Some(x), Some(y)) if b.text.len() == 4 => Some((y, x)),
            (Some(x), None) if a.text.len() == 4 => month_named(b).map(|month| (x, month)),
            (None, Some(y)) if b.text.len() == 4 => month_named(a).map(|month| (y, month)),
            _ => None,
        };
        if let Some((year, month)) = pair.filter(|(year, month)| YEARS.contains(year) && (1..=12).contains(month)) {
            found.push((Date { year, month: month as u8, day: 0 }, a.from..b.to));
            return Some(i + 1);
        }
    }
    let year = number(a).filter(|year| a.text.len() == 4 && YEARS.contains(year))?;
    found.push((Date { year, month: 0, day: 0 }, a.from..a.to));
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        let mut all: Vec<String> = days(text).into_iter().map(|(day, _)| day.to_string()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_birth_date_is_read_in_any_order() {
        for text in [
            "1958-07-14",
            "14.07.1958",
            "7/14/1958",
            "14 jul 1958",
            "14-july-1958",
            "jul 14, 1958",
            "1958年7月14日",
            "14th july 1958",
            "19580714",
            "14071958",
            "1958 14 7",
        ] {
            assert_eq!(read(text), ["1958-07-14"], "{text}");
        }
    }

    #[test]
    fn what_can_mean_two_days_means_both() {
        assert_eq!(read("03.04.1958"), ["1958-03-04", "1958-04-03"]);
        assert_eq!(read("03041958"), ["1958-03-04", "1958-04-03"]);
        assert_eq!(read("14.07.58"), ["1958-07-14", "2058-07-14"]);
    }

    #[test]
    fn part_of_a_date_stays_part() {
        assert_eq!(read("1958"), ["1958"]);
        assert_eq!(read("1958-07"), ["1958-07"]);
        assert_eq!(read("07/1958"), ["1958-07"]);
        assert_eq!(read("chen jul 1958"), ["1958-07"]);
        assert!(read("chen wei 129 728 7652").is_empty());
        // No such day: what is left of it is a month.
        assert_eq!(read("31.02.1958"), ["1958-02"]);
    }

    #[test]
    fn open_parts_agree_with_anything() {
        let born = Date::parse("1958-07-14").unwrap();
        assert!(
            Date::parse("1958").unwrap().agrees(born)
                && Date::parse("1958-07").unwrap().agrees(born)
                && born.agrees(born)
        );
        assert!(!Date::parse("1958-08").unwrap().agrees(born));
        assert_eq!(Date::parse("1958-07-14T10:00:00Z"), Some(born));
        assert_eq!(Date::parse("soon"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,30}") {
            for (_, range) in days(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }

        #[test]
        fn a_written_day_is_always_among_those_read(year in 1900_u16..2030, month in 1_u16..=12, day in 1_u16..=28, form in 0_usize..5) {
            let text = match form {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{day}.{month}.{year}"),
                2 => format!("{month}/{day}/{year}"),
                3 => format!("{year:04}{month:02}{day:02}"),
                _ => format!("{year}年{month}月{day}日"),
            };
            let wanted = day_of(year, month, day).unwrap();
            prop_assert!(days(&text).iter().any(|(read, _)| *read == wanted), "{}", text);
        }
    }
}
