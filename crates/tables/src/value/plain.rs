//! Elements without a function: the text of plain SQL, held to the rules of the element's type.

use super::date::{LONG_AGO, is_future, is_long_ago, is_nothing, stands_for_nothing};
use super::grammar::{self, DateFault, DateStyle};
use super::notes::Notes;
use super::number::{self, NumberStyle};
use super::prepare::{Argument, Context};
use super::slot::{Form, Slot, single_spaced};
use super::text::words;
use super::{Reason, Value};
use jiff::civil;
use std::borrow::Cow;

/// What plain text becomes.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    slot: Slot,
    latest: Option<civil::Date>,
    /// Whether dates are as they were: those of de-identified data may lie anywhere.
    is_true: bool,
}

impl Plain {
    pub fn new(slot: Slot, context: &Context) -> Self {
        Plain { slot, latest: context.today.filter(|_| slot.is_past()), is_true: context.today.is_some() }
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        let Some(text) = Argument::take_text_at(arguments, 0)? else { return Ok(Value::Absent) };
        let text = match self.slot.form() {
            Form::Boolean if text.eq_ignore_ascii_case("true") => Cow::Borrowed("true"),
            Form::Boolean if text.eq_ignore_ascii_case("false") => Cow::Borrowed("false"),
            Form::Integer | Form::UnsignedInt | Form::PositiveInt | Form::Decimal => {
                return self.number(text);
            }
            Form::Code => match text {
                Cow::Borrowed(text) => single_spaced(text),
                Cow::Owned(text) => Cow::Owned(single_spaced(&text).into_owned()),
            },
            Form::Text => match words(text, notes)? {
                Some(text) => text,
                None => return Ok(Value::Absent),
            },
            Form::Date | Form::DateTime | Form::Instant => {
                self.check_date(&text, notes)?;
                text
            }
            _ => text,
        };
        self.slot.check(&text)?;
        Ok(Value::Primitive { fhir_type: self.slot.fhir_type(), text })
    }

    /// Numbers of databases and of SQL are written with a point, whatever the source's files have.
    fn number<'a>(&self, text: Cow<'a, str>) -> Result<Value<'a>, Reason> {
        let style = NumberStyle::default();
        let refused = |text: &str| Reason::of("not-a-number", text, "is not a number: write number(…)");
        let digits = match text {
            Cow::Borrowed(text) => match number::parse(text, style) {
                Ok(number) if number.comparator.is_none() => number.digits,
                _ => return Err(refused(text)),
            },
            Cow::Owned(text) => match number::parse(&text, style) {
                Ok(number) if number.comparator.is_none() => Cow::Owned(number.digits.into_owned()),
                _ => return Err(refused(&text)),
            },
        };
        number::fit(digits, &self.slot)
    }

    /// A date of FHIR's form that is in no calendar or in the future is refused for that.
    fn check_date(&self, text: &str, notes: &mut Notes) -> Result<(), Reason> {
        match grammar::parse(text, DateStyle::default()) {
            Err(DateFault::Impossible) => Err(DateFault::Impossible.reason(text)),
            Ok(civil) if is_nothing(&civil) => Err(stands_for_nothing(text)),
            Ok(civil) => {
                if self.is_true && is_long_ago(&civil) {
                    notes.flag(LONG_AGO);
                }
                match self.latest {
                    Some(today) if is_future(&civil, today) => {
                        Err(Reason::of("future-date", text, &format!("lies after today, {today}")))
                    }
                    _ => Ok(()),
                }
            }
            Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(fhir_type: &str, text: &str) -> String {
        let plain = Plain::new(Slot::of_type(fhir_type).unwrap(), &Context::new("s"));
        match plain.make(&mut [Argument::Text(Some(text))], &mut Notes::default()) {
            Ok(Value::Primitive { text, .. }) => text.into_owned(),
            Ok(_) => "absent".into(),
            Err(reason) => reason.code.into(),
        }
    }

    #[test]
    fn text_is_held_to_the_type_of_its_element() {
        for (fhir_type, text, expected) in [
            ("boolean", "TRUE", "true"),
            ("boolean", "1", "not-a-boolean"),
            ("integer", " 5 ", "5"),
            ("integer", "5.0", "5"),
            ("integer", "5.5", "not-an-integer"),
            ("positiveInt", "0", "not-an-integer"),
            ("decimal", "4.20", "4.20"),
            ("decimal", "1e-5", "1e-5"),
            ("decimal", "<4", "not-a-number"),
            ("decimal", "阴性", "not-a-number"),
            ("code", " final ", "final"),
            ("date", "2024-02-29", "2024-02-29"),
            ("date", "2024/2/29", "not-a-date"),
            ("date", "2023-02-29", "impossible-date"),
            ("dateTime", "2024-02-29 12:00:00", "not-a-date"),
            ("dateTime", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
            ("instant", "2024-02-29", "not-a-time"),
            ("time", "12:00:00", "12:00:00"),
            ("id", "a_b", "bad-identifier"),
            ("string", "  ", "absent"),
            ("markdown", " a\u{0} ", "a"),
        ] {
            assert_eq!(make(fhir_type, text), expected, "{fhir_type} {text}");
        }
    }
}
