//! Numbers with units: PQ, IVL_PQ, RTO, INT, REAL to Quantity, Range, Ratio. Digits stay as sent.

use super::context::Context;
use super::element::El;
use super::text::clean;
use crate::map::context::{Fill, filled};
use crate::map::quantity::digits;
use fhir::json::Tree;

/// `http://unitsofmeasure.org`
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

impl<'d> Context<'d> {
    /// A number's digits; what is none is told.
    pub(super) fn number(&self, el: El<'d>) -> Option<String> {
        let text = el.attr("value")?;
        let number = digits(text);
        if number.is_none() {
            self.warn(el, format!("{text:?} is no number and was left out"));
        }
        number
    }

    /// A PQ. `None` if it has no number.
    pub(super) fn quantity(&self, el: El<'d>) -> Option<Tree> {
        let mut quantity = Tree::object();
        quantity.set("value", Tree::Number(self.number(el)?));
        self.put_unit(&mut quantity, el);
        Some(quantity)
    }

    /// A PQ as a SimpleQuantity or Duration: with no more than its value and unit.
    fn put_unit(&self, quantity: &mut Tree, el: El<'d>) {
        let Some(unit) = el.attr("unit").and_then(clean) else { return };
        if unit.contains(char::is_whitespace) || fhir::ucum::Unit::parse(&unit).is_none() {
            self.note(el, format!("{unit:?} is no UCUM unit; it was kept as text"));
            quantity.set("unit", unit);
            return;
        }
        quantity.set("unit", unit.as_str());
        quantity.set("system", UCUM);
        quantity.set("code", unit);
    }

    /// An IVL_PQ with two ends, or one. A single value is both.
    pub(super) fn range(&self, el: El<'d>) -> Option<Tree> {
        let mut range = Tree::object();
        if el.attr("value").is_some() {
            let value = self.quantity(el)?;
            range.set("low", value.clone());
            range.set("high", value);
            return Some(range);
        }
        range.fill("low", el.get("low").and_then(|low| self.quantity(low)));
        range.fill("high", el.get("high").and_then(|high| self.quantity(high)));
        filled(range)
    }

    /// An IVL_PQ with one end as a Quantity with a comparator.
    pub(super) fn compared(&self, el: El<'d>) -> Option<Tree> {
        let end = |name: &'static str| {
            let end = el.get(name)?;
            Some((end, self.quantity(end)?))
        };
        let is_closed = |end: El<'d>| end.attr("inclusive") != Some("false");
        let (mut quantity, comparator) = match (end("low"), end("high")) {
            (Some((low, quantity)), None) => (quantity, if is_closed(low) { ">=" } else { ">" }),
            (None, Some((high, quantity))) => (quantity, if is_closed(high) { "<=" } else { "<" }),
            _ => return None,
        };
        // FHIR's order of members is free; the comparator reads best beside the number.
        if let Tree::Object(members) = &mut quantity {
            members.insert(1, ("comparator".to_owned(), comparator.into()));
        }
        Some(quantity)
    }

    /// An RTO. `None` unless it has both parts.
    pub(super) fn ratio(&self, el: El<'d>) -> Option<Tree> {
        let numerator = self.quantity(el.get("numerator")?)?;
        let denominator = self.quantity(el.get("denominator")?)?;
        Some(Tree::from([("numerator", numerator), ("denominator", denominator)]))
    }

    /// An INT within 32 bits.
    pub(super) fn integer(&self, el: El<'d>) -> Option<i32> {
        let text = el.attr("value")?;
        let number = text.trim_start_matches('+').parse::<i32>().ok();
        if number.is_none() {
            self.warn(el, format!("{text:?} is no whole number and was left out"));
        }
        number
    }
}
