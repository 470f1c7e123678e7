//! The call `quantity`.

use super::notes::Notes;
use super::number::{self, NumberStyle};
use super::prepare::Argument;
use super::slot::trimmed;
use super::{Quantity, Reason, Value};
use std::borrow::Cow;

/// `quantity(value[, unit])`
#[derive(Clone, Debug)]
pub(super) struct Quantify {
    style: NumberStyle,
}

impl Quantify {
    pub fn new(style: NumberStyle) -> Self {
        Quantify { style }
    }

    pub fn make<'a>(&self, arguments: &mut [Argument<'a>], _: &mut Notes) -> Result<Value<'a>, Reason> {
        let mut arguments = arguments.iter_mut().map(std::mem::take);
        let mut quantity = match arguments.next() {
            Some(Argument::Text(text)) => {
                let Some(text) = trimmed(text) else { return Ok(Value::Absent) };
                let number = number::parse(text, self.style).map_err(|fault| fault.reason(text, self.style))?;
                Quantity { value: number.digits, comparator: number.comparator, unit: None, ucum: None }
            }
            Some(Argument::Value(Value::Primitive { text, .. })) => Quantity { value: text, ..Quantity::default() },
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => return Ok(Value::Absent),
        };
        match arguments.next() {
            Some(Argument::Value(Value::Quantity(unit))) => {
                quantity.unit = unit.unit;
                quantity.ucum = unit.ucum;
            }
            Some(Argument::Text(unit)) => quantity.unit = trimmed(unit).map(Cow::Borrowed),
            Some(Argument::Failed(reason)) => return Err(reason),
            _ => {}
        }
        Ok(Value::Quantity(quantity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(mut arguments: Vec<Argument<'static>>) -> Result<Value<'static>, Reason> {
        Quantify::new(NumberStyle::default()).make(&mut arguments, &mut Notes::default())
    }

    #[test]
    fn a_quantity_has_a_number_a_comparator_and_a_unit() {
        let unit = Quantity { unit: Some("×10^9/L".into()), ucum: Some("10*9/L".into()), ..Quantity::default() };
        let expected = Quantity { value: "4.20".into(), comparator: Some("<"), ..unit.clone() };
        let made = make(vec![Argument::Text(Some(" ＜4.20")), Argument::Value(Value::Quantity(unit))]);
        assert_eq!(made, Ok(Value::Quantity(expected)));
    }

    #[test]
    fn no_number_is_no_quantity_and_text_is_no_number() {
        assert_eq!(make(vec![Argument::Text(None), Argument::Text(Some("mg"))]), Ok(Value::Absent));
        assert_eq!(make(vec![Argument::Text(Some("  "))]), Ok(Value::Absent));
        for text in ["阴性", "1:320", "<1:100", "见备注"] {
            let reason = make(vec![Argument::Text(Some(text))]).unwrap_err();
            assert_eq!((reason.code, reason.message), ("not-a-number", format!("`{text}` is not a number")));
        }
    }
}
