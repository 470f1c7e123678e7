//! The grammar of dates and times as hospitals write them.

#[cfg(test)]
mod tests;

use super::Reason;
use super::calendar::{Civil, Clock, Offset};
use super::era::{Calendar, Era, take_era};

/// A date with more bytes is none.
const BYTES_MAX: usize = 100;

/// The order of day and month in `03/04/2020`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Always the year first: the other two orders are errors.
    YearFirst,
}

impl Order {
    /// `dmy`, `mdy` or `ymd`, as `mapping.toml` has it.
    pub fn named(name: &str) -> Option<Order> {
        match name {
            "dmy" => Some(Order::DayFirst),
            "mdy" => Some(Order::MonthFirst),
            "ymd" => Some(Order::YearFirst),
            _ => None,
        }
    }
}

/// How a source writes its dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DateStyle {
    /// In which order day and month stand in `03/04/2020`; none if it is not said.
    pub order: Option<Order>,
    pub calendar: Calendar,
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// It does not look like one.
    NotADate,
    /// Day and month cannot be told apart.
    Ambiguous,
    /// A day or time that does not exist.
    Impossible,
}

impl DateFault {
    pub(super) fn reason(self, text: &str) -> Reason {
        match self {
            DateFault::NotADate => {
                Reason::of("not-a-date", text, "is not a date in a form that is understood: give its format")
            }
            DateFault::Ambiguous => Reason::of(
                "ambiguous-date",
                text,
                "does not show which is the day and which the month: give its format, or `order` in mapping.toml",
            ),
            DateFault::Impossible => Reason::of("impossible-date", text, "is a day or time that does not exist"),
        }
    }
}

/// Reads a date, or a date and time, in any of the forms that can be told apart.
pub(super) fn parse(text: &str, style: DateStyle) -> Result<Civil<'_>, DateFault> {
    let text = super::slot::trim(text);
    let mut civil = match plainest(text) {
        Some(civil) => civil,
        None if text.len() > BYTES_MAX => return Err(DateFault::NotADate),
        None => Scan { text, at: 0, style }.civil()?,
    };
    civil.year = style.calendar.gregorian(civil.year);
    if civil.is_possible() { Ok(civil) } else { Err(DateFault::Impossible) }
}

/// What nearly all dates of databases are: `2024-02-29` or `2024-02-29 12:30:05`, with hyphens or slashes, a blank or `T`.
fn plainest(text: &str) -> Option<Civil<'_>> {
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
    };
    let bytes = text.as_bytes();
    let (date, time) = bytes.get(..bytes.len().min(19))?.split_first_chunk::<10>()?;
    let [c1, c2, y1, y2, s1, m1, m2, s2, d1, d2] = *date;
    if s1 != s2 || !matches!(s1, b'-' | b'/') {
        return None;
    }
    let year = i16::from(two(c1, c2)?) * 100 + i16::from(two(y1, y2)?);
    let mut civil = Civil { year, month: Some(two(m1, m2)?), day: Some(two(d1, d2)?), ..Civil::default() };
    match *time {
        [] => {}
        [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] => {
            civil.clock = Some(Clock {
                hour: two(h1, h2)?,
                minute: Some(two(m1, m2)?),
                second: Some(two(s1, s2)?),
                fraction: "",
            });
        }
        _ => return None,
    }
    if text.len() > 19 {
        // What follows the seconds: a fraction and a zone, or neither.
        let mut scan = Scan { text, at: 19, style: DateStyle::default() };
        if scan.take(".") {
            let fraction = scan.digits();
            civil.clock = civil.clock.filter(|_| !fraction.is_empty()).map(|clock| Clock { fraction, ..clock });
            civil.clock?;
        }
        civil.offset = scan.offset().ok()?;
        scan.end(civil).ok()?;
    }
    Some(civil)
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    style: DateStyle,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Scan { text, at: 0, style: DateStyle::default() }
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    pub fn has_digit(&self) -> bool {
        self.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    pub fn take(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    /// Goes on by `bytes`, which end at a character.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn take_any(&mut self, of: &[char]) -> Option<char> {
        let c = self.rest().chars().next().filter(|c| of.contains(c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub fn blanks(&mut self) -> usize {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start().len();
        self.at += blanks;
        blanks
    }

    /// As many digits as stand here.
    pub fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += length;
        &rest[..length]
    }

    /// A number of at least `min` and at most `max` digits; nothing is taken if it is none.
    pub fn number(&mut self, min: usize, max: usize) -> Option<u16> {
        let from = self.at;
        let length = self.rest().bytes().take(max).take_while(u8::is_ascii_digit).count();
        self.at += length;
        let value = self.text[from..self.at].parse().ok().filter(|_| length >= min);
        if value.is_none() {
            self.at = from;
        }
        value
    }

    fn part(&mut self) -> Result<u8, DateFault> {
        self.number(1, 2).map(|part| part as u8).ok_or(DateFault::NotADate)
    }

    fn civil(&mut self) -> Result<Civil<'a>, DateFault> {
        if let Some(era) = take_era(self) {
            return self.of_era(era);
        }
        let first = self.digits();
        let year = || first.parse().map_err(|_| DateFault::NotADate);
        match first.len() {
            0 => self.month_name_first(),
            4 => self.after_year(year()?),
            1..=3 | 6 | 7 | 11 | 13 if self.style.calendar == Calendar::Minguo => self.minguo(first),
            1 | 2 if self.month_is_named() => self.day_then_month_name(first),
            1 | 2 => self.day_or_month_first(first),
            8 | 10 | 12 | 14 => {
                let mut compact = Scan::new(first);
                let two = |compact: &mut Scan<'_>| compact.number(2, 2).map(|part| part as u8);
                let year = compact.number(4, 4).ok_or(DateFault::NotADate)? as i16;
                let (month, day) = (two(&mut compact), two(&mut compact));
                let mut civil = Civil { year, month, day, ..Civil::default() };
                if let Some(hour) = two(&mut compact) {
                    let (minute, second) = (two(&mut compact), two(&mut compact));
                    let fraction = if second.is_some() && self.take(".") { self.digits() } else { "" };
                    civil.clock = Some(Clock { hour, minute, second, fraction });
                    civil.offset = self.offset()?;
                    return self.end(civil);
                }
                self.clock_after(civil)
            }
            _ => Err(DateFault::NotADate),
        }
    }

    /// What follows an era: `元年5月1日`, `45.3.1`, `060301`.
    fn of_era(&mut self, era: Era) -> Result<Civil<'a>, DateFault> {
        let first = if self.take("元") { "1" } else { self.digits() };
        let (year, month_and_day) = match first.len() {
            1..=3 => (first, None),
            6 | 7 => (&first[..first.len() - 4], Some(&first[first.len() - 4..])),
            _ => return Err(DateFault::NotADate),
        };
        let number = |digits: &str| digits.parse::<i16>().map_err(|_| DateFault::NotADate);
        let year = match number(year)? {
            0 => return Err(DateFault::Impossible),
            year => era.before + year,
        };
        let civil = match month_and_day {
            Some(digits) => self.packed(year, digits)?,
            None => self.after_year(year)?,
        };
        if era.is_letter && civil.day.is_none() { Err(DateFault::NotADate) } else { Ok(civil) }
    }

    /// `113/03/01`, `1130301`, `11303010830`; a date whose year of four digits comes last is one of the Gregorian calendar.
    fn minguo(&mut self, first: &'a str) -> Result<Civil<'a>, DateFault> {
        if first.len() > 3 {
            let (year, rest) = first.split_at(if first.len() == 6 { 2 } else { 3 });
            let year = year.parse().map_err(|_| DateFault::NotADate)?;
            return self.packed(year, rest);
        }
        let at = self.at;
        let read = match first.parse() {
            Ok(year) => self.after_year(year),
            Err(_) => Err(DateFault::NotADate),
        };
        match read {
            Ok(civil) if civil.month.is_some() => Ok(civil),
            _ if first.len() < 3 => {
                self.at = at;
                if self.month_is_named() { self.day_then_month_name(first) } else { self.day_or_month_first(first) }
            }
            _ => Err(DateFault::NotADate),
        }
    }

    /// A year and the month, day and perhaps time that follow it without a sign between them.
    fn packed(&mut self, year: i16, digits: &str) -> Result<Civil<'a>, DateFault> {
        let two = |at: usize| digits.get(at..at + 2).and_then(|two| two.parse::<u8>().ok());
        let civil = Civil { year, month: two(0), day: two(2), ..Civil::default() };
        match two(4) {
            None => self.clock_after(civil),
            Some(hour) => {
                let clock = Clock { hour, minute: two(6), second: two(8), fraction: "" };
                let civil = Civil { clock: Some(clock), offset: self.offset()?, ..civil };
                self.end(civil)
            }
        }
    }

    fn month_is_named(&self) -> bool {
        let rest = self.rest().trim_start_matches(['-', '/', ' ']);
        rest.starts_with(|c: char| c.is_ascii_alphabetic())
    }

    /// `29-FEB-2024`, `29 February 2024`, `29FEB2024:12:30:00`, with English names.
    fn day_then_month_name(&mut self, day: &str) -> Result<Civil<'a>, DateFault> {
        let day = day.parse().map_err(|_| DateFault::NotADate)?;
        self.take_any(&['-', '/', ' ']);
        let month = self.month_name().ok_or(DateFault::NotADate)?;
        self.take_any(&['-', '/', ' ', ',']);
        self.blanks();
        self.year_then_clock(month, day)
    }

    /// `Feb 29 2024 12:30PM`, `February 29, 2024`
    fn month_name_first(&mut self) -> Result<Civil<'a>, DateFault> {
        let month = self.month_name().ok_or(DateFault::NotADate)?;
        if self.blanks() == 0 {
            return Err(DateFault::NotADate);
        }
        let day = self.part()?;
        let comma = self.take(",");
        if self.blanks() == 0 && !comma {
            return Err(DateFault::NotADate);
        }
        self.year_then_clock(month, day)
    }

    fn year_then_clock(&mut self, month: u8, day: u8) -> Result<Civil<'a>, DateFault> {
        let year = self.number(4, 4).ok_or(DateFault::NotADate)? as i16;
        if self.has_digit() {
            return Err(DateFault::NotADate);
        }
        self.clock_after(Civil { year, month: Some(month), day: Some(day), ..Civil::default() })
    }

    /// An English month, whole or by its first three letters.
    pub fn month_name(&mut self) -> Option<u8> {
        let month = self.name_of(&MONTHS).or_else(|| self.name_of(&MONTHS.map(|name| &name[..3])))?;
        self.take(".");
        Some(month as u8)
    }

    /// `2024`, `2024-02`, `2024-02-29`, with `/`, `.` or 年月日 in the place of hyphens.
    fn after_year(&mut self, year: i16) -> Result<Civil<'a>, DateFault> {
        let mut civil = Civil { year, ..Civil::default() };
        if self.is_done() {
            return Ok(civil);
        }
        self.blanks();
        if self.take("年") {
            self.blanks();
            if self.is_done() {
                return Ok(civil);
            }
            civil.month = Some(self.part()?);
            self.blanks();
            if !self.take("月") {
                return Err(DateFault::NotADate);
            }
            self.blanks();
            if self.is_done() {
                return Ok(civil);
            }
            civil.day = Some(self.part()?);
            self.blanks();
            if self.take_any(&['日', '号']).is_none() {
                return Err(DateFault::NotADate);
            }
            return self.clock_after(civil);
        }
        let separator = self.take_any(&['-', '/', '.']).ok_or(DateFault::NotADate)?;
        civil.month = Some(self.part()?);
        if self.is_done() {
            // `2024.5` may be a number.
            return if separator == '.' { Err(DateFault::NotADate) } else { Ok(civil) };
        }
        if self.take_any(&[separator]).is_none() {
            return Err(DateFault::NotADate);
        }
        civil.day = Some(self.part()?);
        self.clock_after(civil)
    }

    /// `29.2.2024`, `29/2/2024`, `2/29/2024`, `29-2-2024`.
    fn day_or_month_first(&mut self, first: &str) -> Result<Civil<'a>, DateFault> {
        let separator = self.take_any(&['/', '.', '-']).ok_or(DateFault::NotADate)?;
        let is_month = first.len() == 2 && separator != '.' && self.rest().len() == 4;
        let first: u8 = first.parse().map_err(|_| DateFault::NotADate)?;
        // `05/2024`. With one digit it may be a titre, and with a point a number.
        if is_month
            && self.style.order != Some(Order::YearFirst)
            && let Some(year) = self.number(4, 4)
        {
            return Ok(Civil { year: year as i16, month: Some(first), ..Civil::default() });
        }
        let second = self.part()?;
        if self.take_any(&[separator]).is_none() {
            return Err(DateFault::NotADate);
        }
        let year = self.number(4, 4).ok_or(DateFault::NotADate)? as i16;
        if self.has_digit() {
            return Err(DateFault::NotADate);
        }
        let (day, month) = match (separator, self.style.order) {
            // The year is last, whatever was said.
            (_, Some(Order::YearFirst)) => return Err(DateFault::NotADate),
            (_, Some(Order::DayFirst)) => (first, second),
            (_, Some(Order::MonthFirst)) => (second, first),
            // Points are written with the day first wherever they are written.
            ('.', None) => (first, second),
            (_, None) if first == second => (first, second),
            (_, None) if first > 12 => (first, second),
            (_, None) if second > 12 => (second, first),
            (_, None) => return Err(DateFault::Ambiguous),
        };
        self.clock_after(Civil { year, month: Some(month), day: Some(day), ..Civil::default() })
    }

    /// A time behind a date, if there is one.
    fn clock_after(&mut self, civil: Civil<'a>) -> Result<Civil<'a>, DateFault> {
        if self.is_done() {
            return Ok(civil);
        }
        let apart = self.blanks() > 0 || self.take("T") || self.take("t") || self.take(":");
        // Behind 年月日 no blank is needed.
        if !apart && !self.text.contains('年') {
            return Err(DateFault::NotADate);
        }
        if self.is_done() {
            return Err(DateFault::NotADate);
        }
        self.blanks();
        let half = self.half_of_day();
        self.blanks();
        if half.is_none()
            && let Some(clock) = self.compact_clock()
        {
            let civil = Civil { clock: Some(clock), offset: self.offset()?, ..civil };
            return self.end(civil);
        }
        let hour = self.part()?;
        let mut clock = Clock { hour, minute: None, second: None, fraction: "" };
        self.blanks();
        if self.take(":") {
            clock.minute = Some(self.number(2, 2).ok_or(DateFault::NotADate)? as u8);
            if self.take(":") {
                clock.second = Some(self.number(2, 2).ok_or(DateFault::NotADate)? as u8);
                if self.take_any(&['.', ',']).is_some() {
                    clock.fraction = self.digits();
                    if clock.fraction.is_empty() {
                        return Err(DateFault::NotADate);
                    }
                }
            }
        } else if self.take_any(&['时', '時', '点']).is_some() {
            self.blanks();
            if let Some(minute) = self.number(1, 2) {
                clock.minute = Some(minute as u8);
                self.blanks();
                if self.take("分") {
                    self.blanks();
                    if let Some(second) = self.number(1, 2) {
                        clock.second = Some(second as u8);
                        self.blanks();
                        if !self.take("秒") {
                            return Err(DateFault::NotADate);
                        }
                    }
                }
            }
        } else if !self.is_done() {
            // `10 PM`; the hour alone may be all there is.
            let at = self.at;
            self.half_of_day().ok_or(DateFault::NotADate)?;
            self.at = at;
        }
        let half = match half {
            Some(half) => Some(half),
            None => {
                self.blanks();
                self.half_of_day()
            }
        };
        if let Some(half) = half {
            clock.hour = half.of(clock.hour).ok_or(DateFault::Impossible)?;
        }
        let civil = Civil { clock: Some(clock), offset: self.offset()?, ..civil };
        self.end(civil)
    }

    /// `1230` or `123005` behind a date.
    fn compact_clock(&mut self) -> Option<Clock<'a>> {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if !matches!(length, 4 | 6) {
            return None;
        }
        let mut two = || self.number(2, 2).map(|part| part as u8);
        let (hour, minute, second) = (two()?, two(), if length == 6 { two() } else { None });
        let fraction = if second.is_some() && self.take(".") { self.digits() } else { "" };
        Some(Clock { hour, minute, second, fraction })
    }

    fn end(&mut self, civil: Civil<'a>) -> Result<Civil<'a>, DateFault> {
        self.blanks();
        if self.is_done() { Ok(civil) } else { Err(DateFault::NotADate) }
    }

    pub fn half_of_day(&mut self) -> Option<Half> {
        for (spelling, half) in [("上午", Half::Morning), ("下午", Half::Afternoon)] {
            if self.take(spelling) {
                return Some(half);
            }
        }
        for (spelling, half) in
            [("a.m.", Half::Morning), ("p.m.", Half::Afternoon), ("am", Half::Morning), ("pm", Half::Afternoon)]
        {
            if self.rest().get(..spelling.len()).is_some_and(|head| head.eq_ignore_ascii_case(spelling)) {
                self.at += spelling.len();
                return Some(half);
            }
        }
        None
    }

    /// `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `+08`, a blank before it or not.
    pub fn offset(&mut self) -> Result<Option<Offset>, DateFault> {
        self.blanks();
        if self.is_done() {
            return Ok(None);
        }
        for utc in ["Z", "z", "UTC", "GMT"] {
            if self.take(utc) {
                return Ok(Some(Offset { minutes: 0, utc: true }));
            }
        }
        let sign: i16 = match self.take_any(&['+', '-']) {
            Some('+') => 1,
            Some(_) => -1,
            None => return Err(DateFault::NotADate),
        };
        let hours = self.number(2, 2).ok_or(DateFault::NotADate)?;
        let colon = self.take(":");
        let minutes = self.number(2, 2);
        if colon && minutes.is_none() {
            return Err(DateFault::NotADate);
        }
        let minutes = minutes.unwrap_or(0);
        if minutes > 59 {
            return Err(DateFault::Impossible);
        }
        Ok(Some(Offset { minutes: sign * (hours * 60 + minutes) as i16, utc: false }))
    }

    pub fn name_of(&mut self, names: &[&str]) -> Option<u16> {
        let is_here = |name: &str| self.rest().get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        let at = names.iter().position(|name| is_here(name))?;
        self.at += names[at].len();
        Some(at as u16 + 1)
    }
}

/// Morning or afternoon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
}

impl Half {
    /// The hour of a day of 24; none for an hour that its clock has not.
    pub fn of(self, hour: u8) -> Option<u8> {
        match (self, hour) {
            (Half::Morning, 12) => Some(0),
            (Half::Afternoon, 12) => Some(12),
            (Half::Morning, 0..=11) => Some(hour),
            (Half::Afternoon, 1..=11) => Some(hour + 12),
            // `下午 14:30`
            (Half::Afternoon, 13..=23) => Some(hour),
            _ => None,
        }
    }
}
