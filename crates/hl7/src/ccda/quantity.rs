//! Numbers with units: PQ, IVL_PQ, RTO, INT, REAL to Quantity, Range, Ratio. Digits stay as sent.

use super::context::Context;
use super::element::El;
use super::text::clean;
use super::unit::{Measured, meant};
use crate::map::context::{Fill, filled};
use crate::map::quantity::{comparator, digits};
use fhir::json::Tree;

/// `http://unitsofmeasure.org`
pub(super) const UCUM: &str = "http://unitsofmeasure.org";
/// ISO 4217.
const CURRENCIES: &str = "urn:iso:std:iso:4217";

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
        self.quantity_of(el, None)
    }

    /// The same; `of` is the statement whose value it is: what was measured tells its unit from others that are written alike.
    fn quantity_of(&self, el: El<'d>, of: Option<El<'d>>) -> Option<Tree> {
        if el.attr("value").is_none()
            && let Some(translation) = el.all("translation").find(|other| other.attr("value").is_some())
        {
            return self.translated(translation);
        }
        let mut quantity = Tree::object();
        quantity.set("value", Tree::Number(self.number(el)?));
        self.put_unit(&mut quantity, el, of);
        Some(quantity)
    }

    /// A PQR: a number with a unit of another system, which stands where UCUM has none.
    fn translated(&self, el: El<'d>) -> Option<Tree> {
        let mut quantity = Tree::object();
        quantity.set("value", Tree::Number(self.number(el)?));
        let coding = self.coding(el);
        let part = |name: &str| coding.as_ref().and_then(|coding| coding.get(name)).and_then(Tree::as_str);
        let words = el.get("originalText").and_then(|text| self.text(text));
        let unit = words.or_else(|| part("display").or(part("code")).map(str::to_owned));
        quantity.fill("unit", unit.or_else(|| el.attr("unit").and_then(clean)));
        if let (Some(system), Some(code)) = (part("system"), part("code")) {
            quantity.set("system", system);
            quantity.set("code", code);
        }
        self.note(el, "the number has no unit of UCUM; that of its translation was taken");
        Some(quantity)
    }

    /// The value of an observation that is a PQ: a Quantity, also of `<4`; what is no number, as text with its unit.
    pub(super) fn measured(&self, el: El<'d>, statement: El<'d>) -> Option<(&'static str, Tree)> {
        let Some(text) = el.attr("value").and_then(clean).filter(|text| digits(text).is_none()) else {
            return self.quantity_of(el, Some(statement)).map(|quantity| ("Quantity", quantity));
        };
        let rest = text.trim_start_matches(['<', '>', '=', '≤', '≥']);
        if let (Some(sign), Some(number)) = (comparator(&text[..text.len() - rest.len()]), digits(rest)) {
            self.note(el, format!("{text:?} is no number of a PQ; it was read as {sign} {number}"));
            let mut quantity = Tree::from([("value", Tree::Number(number)), ("comparator", sign.into())]);
            self.put_unit(&mut quantity, el, Some(statement));
            return Some(("Quantity", quantity));
        }
        self.warn(el, format!("{text:?} is no number; it was kept as text, with its unit"));
        let unit = el.attr("unit").or_else(|| el.attr("currency")).and_then(clean);
        let whole = unit.map_or_else(|| text.clone(), |unit| format!("{text} {unit}"));
        Some(("String", whole.into()))
    }

    /// A PQ as a SimpleQuantity or Duration: with no more than its value and unit.
    fn put_unit(&self, quantity: &mut Tree, el: El<'d>, of: Option<El<'d>>) {
        if let Some(currency) = el.attr("currency").and_then(clean) {
            quantity.set("unit", currency.as_str());
            quantity.set("system", CURRENCIES);
            quantity.set("code", currency);
            return;
        }
        let Some(unit) = el.attr("unit").and_then(clean) else { return };
        let measured = of.map_or(Measured::Anything, |of| Measured::by(of.get("code").map_or("", |c| loinc(c))));
        if let Some(meant) = meant(&unit, measured) {
            self.note(el, format!("{unit:?} is not the unit that UCUM calls so; it was read as {meant}"));
            quantity.set("unit", unit);
            quantity.set("system", UCUM);
            quantity.set("code", meant);
            return;
        }
        if let Some(what) = measured.contradicted_by(&unit) {
            self.warn(el, format!("{unit:?} is no unit of {what}; it was kept as text"));
            quantity.set("unit", unit);
            return;
        }
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
        let number = |end: &str| match range.get(end)?.get("value")? {
            Tree::Number(digits) => digits.parse::<f64>().ok(),
            _ => None,
        };
        let unit = |end: &str| range.get(end).and_then(|end| end.get("unit"));
        if let (Some(low), Some(high)) = (number("low"), number("high"))
            && low > high
            && unit("low") == unit("high")
        {
            self.warn(el, format!("the lower end {low} is above the upper end {high}; both were kept as sent"));
        }
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

/// The LOINC code of a code and its translations.
fn loinc(code: El<'_>) -> &str {
    let all = std::iter::once(code).chain(code.all("translation"));
    let mut of_loinc = all.filter(|code| code.attr("codeSystem") == Some("2.16.840.1.113883.6.1"));
    of_loinc.find_map(|code| code.attr("code")).unwrap_or_default()
}
