//! Dates read by the grammar or by a format, and the call `date`.

use super::calendar::Civil;
use super::era::Calendar;
use super::format::Format;
use super::grammar::{DateFault, DateStyle, parse};
use super::prepare::{Argument, Context};
use super::slot::{Slot, trim};
use super::width::plain_text;
use super::{Reason, Value};
use jiff::civil;
use std::borrow::Cow;

/// True if all of the date lies behind `today`.
pub(super) fn is_future(civil: &Civil<'_>, today: civil::Date) -> bool {
    let first = (civil.year, civil.month.unwrap_or(1) as i8, civil.day.unwrap_or(1) as i8);
    first > (today.year(), today.month(), today.day())
}

/// The last year that can be written: `31/12/9999` says that there is no date, in whatever form.
pub(super) const LAST_YEAR: i16 = 9999;

/// True for a date that stands for none.
pub(super) fn is_nothing(civil: &Civil<'_>) -> bool {
    civil.year == LAST_YEAR
}

/// Why such a date is none.
pub(super) fn stands_for_nothing(text: &str) -> Reason {
    let what = "lies in the last year there is and stands for none: name it in `nulls` of mapping.toml";
    Reason::of("stands-for-nothing", text, what)
}

/// What dates need to be read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub format: Option<Format>,
    pub style: DateStyle,
    /// The day after which no date may lie.
    pub latest: Option<civil::Date>,
}

impl Reading {
    pub fn prepare(slot: &Slot, format: Option<&str>, context: &Context) -> Result<Self, String> {
        let format = match super::slot::trimmed(format) {
            Some(format) => Some(Format::parse(format, context.pivot)?.with(context.calendar)),
            None => None,
        };
        let style = DateStyle { order: context.order, calendar: context.calendar };
        Ok(Reading { format, style, latest: context.today.filter(|_| slot.is_past()) })
    }

    /// True if a date in FHIR's form is the date that is meant.
    pub fn is_plain(&self) -> bool {
        self.format.is_none() && self.style.calendar == Calendar::Gregorian
    }

    /// Reads a text of plain characters.
    pub fn read<'a>(&self, text: &'a str) -> Result<Civil<'a>, Reason> {
        let read = match &self.format {
            Some(format) => format.read(text),
            None => parse(text, self.style),
        };
        let civil = match (read, &self.format) {
            (Ok(civil), _) => civil,
            (Err(DateFault::NotADate), Some(format)) => {
                return Err(Reason::of("not-a-date", text, &format!("is not as the format `{}` says", format.text())));
            }
            (Err(fault), _) => return Err(fault.reason(text)),
        };
        if is_nothing(&civil) {
            return Err(stands_for_nothing(text));
        }
        match self.latest {
            Some(today) if is_future(&civil, today) => {
                Err(Reason::of("future-date", text, &format!("lies after today, {today}")))
            }
            _ => Ok(civil),
        }
    }
}

/// The call `date(value[, format])`.
#[derive(Clone, Debug)]
pub(super) struct Day {
    fhir_type: &'static str,
    reading: Reading,
}

impl Day {
    pub fn prepare(slot: &Slot, format: Option<&str>, context: &Context) -> Result<Self, String> {
        Ok(Day { fhir_type: slot.fhir_type(), reading: Reading::prepare(slot, format, context)? })
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>]) -> Result<Value<'a>, Reason> {
        let text = match arguments.first_mut().map(std::mem::take) {
            Some(Argument::Text(Some(text))) => trim(text),
            Some(Argument::Value(value)) => return Ok(value),
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => return Ok(Value::Absent),
        };
        if text.is_empty() {
            return Ok(Value::Absent);
        }
        let folded = plain_text(text);
        let civil = self.reading.read(&folded)?;
        // As FHIR writes it already, perhaps with a time behind it.
        let length = [4, 7, 10][usize::from(civil.month.is_some()) + usize::from(civil.day.is_some())];
        let head = text.get(..length).filter(|head| self.reading.is_plain() && fhir::primitive::is_date(head));
        let date = match head {
            Some(head) => Cow::Borrowed(head),
            None => Cow::Owned(civil.date_text()),
        };
        Ok(Value::Primitive { fhir_type: self.fhir_type, text: date })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lies_in_the_future_only_if_all_of_it_does() {
        let today = civil::date(2026, 11, 26);
        let future = |text| is_future(&parse(text, DateStyle::default()).unwrap(), today);
        assert!(future("2065-01-01") && future("2026-11-27") && future("2026-12") && future("2027"));
        assert!(!future("2026-11-26") && !future("2026-11") && !future("2026"));
    }
}
