//! The call `unit`: UCUM codes of units as sources spell them.

use super::notes::{Notes, UcumSpelling, UnmappedKind};
use super::prepare::{Argument, Context, unknown};
use super::slot::trimmed;
use super::{Quantity, Reason, Value};
use crate::codes::{UnitMap, UnitTarget, fold_unit};
use std::borrow::Cow;
use std::sync::Arc;

/// `unit(map, value)`
#[derive(Clone, Debug)]
pub(super) struct Unit {
    map: Map,
    /// What a constant value gives.
    constant: Option<(String, Option<String>)>,
}

#[derive(Clone, Debug)]
enum Map {
    /// The text is UCUM.
    Ucum,
    Table(Arc<UnitMap>),
}

impl Unit {
    pub fn prepare(map: &str, value: Option<&str>, context: &Context) -> Result<Self, String> {
        let map = match context.units.get(map) {
            Some(table) => Map::Table(table.clone()),
            None if map == "ucum" => Map::Ucum,
            None => return Err(unknown("unit map", map, context.units.names().chain(["ucum"]))),
        };
        let constant = match trimmed(value) {
            Some(value) => Some(constant(&map, value)?),
            None => None,
        };
        Ok(Unit { map, constant })
    }

    pub fn make<'a>(&'a self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        if let Some((unit, ucum)) = &self.constant {
            return Ok(given(unit.as_str().into(), ucum.as_deref().map(Cow::Borrowed)));
        }
        let Some(text) = Argument::take_text_at(arguments, 1)? else { return Ok(Value::Absent) };
        match &self.map {
            Map::Table(table) => match table.lookup(&text) {
                Some(UnitTarget { ucum, display, .. }) => {
                    let unit = display.as_deref().map_or(text, Cow::Borrowed);
                    Ok(given(unit, ucum.as_deref().map(Cow::Borrowed)))
                }
                None => Ok(unknown_unit(table.name(), text, notes)),
            },
            Map::Ucum => match notes.ucum(&text) {
                UcumSpelling::AsItIs => Ok(given(text.clone(), Some(text))),
                UcumSpelling::As(code) => Ok(given(text, Some(Cow::Owned(code.into_string())))),
                UcumSpelling::Unknown => Ok(unknown_unit("ucum", text, notes)),
            },
        }
    }
}

fn given<'a>(unit: Cow<'a, str>, ucum: Option<Cow<'a, str>>) -> Value<'a> {
    Value::Quantity(Quantity { unit: Some(unit), ucum, ..Quantity::default() })
}

fn unknown_unit<'a>(map: &str, text: Cow<'a, str>, notes: &mut Notes) -> Value<'a> {
    notes.flag("unknown-unit");
    notes.unmapped.count(UnmappedKind::Unit, map, &text, None);
    given(text, None)
}

fn constant(map: &Map, value: &str) -> Result<(String, Option<String>), String> {
    match map {
        Map::Table(table) => match table.lookup(value) {
            Some(target) => Ok((target.display.clone().unwrap_or_else(|| value.to_owned()), target.ucum.clone())),
            None => Err(unknown(&format!("unit of {}", table.file()), value, table.sources())),
        },
        Map::Ucum => match spelling(value) {
            UcumSpelling::AsItIs => Ok((value.to_owned(), Some(value.to_owned()))),
            UcumSpelling::As(code) => Ok((value.to_owned(), Some(code.into_string()))),
            UcumSpelling::Unknown => Err(format!("`{value}` is not a UCUM code that is known")),
        },
    }
}

/// How a text is a UCUM code.
pub(super) fn spelling(text: &str) -> UcumSpelling {
    let is_ucum = |code: &str| fhir::ucum::Unit::parse(code).is_some();
    if is_ucum(text) {
        return UcumSpelling::AsItIs;
    }
    let folded = fold_unit(text);
    if is_ucum(&folded) { UcumSpelling::As(folded.into()) } else { UcumSpelling::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::UnitMaps;

    fn context() -> Context {
        let mut context = Context::new("s");
        let mut units = UnitMaps::default();
        let text = "source,ucum,display\n10^9/L,10*9/L,\numol/L,umol/L,\nng/ml,ng/mL,ng/mL\n次,,\n";
        units.add_csv("lab", "units/lab.csv", text).unwrap();
        context.units = units;
        context
    }

    fn make(map: &str, text: &'static str) -> String {
        let context = context();
        let unit = Unit::prepare(map, None, &context).unwrap();
        let mut notes = Notes::default();
        let Ok(Value::Quantity(made)) = unit.make(&mut [Argument::default(), Argument::Text(Some(text))], &mut notes)
        else {
            return "absent".into();
        };
        let flags = notes.flags.join(",");
        format!("{} {} {flags}", made.unit.unwrap_or_default(), made.ucum.unwrap_or_default()).trim_end().to_owned()
    }

    #[test]
    fn spellings_of_a_unit_that_differ_in_nothing_that_counts_are_one() {
        for text in ["10^9/L", "×10^9/L", "10*9/L", "10⁹/L", "x10E9/L", " 10^9 / L "] {
            assert_eq!(make("lab", text), format!("{} 10*9/L", text.trim()), "{text}");
        }
        for text in ["umol/L", "µmol/L", "μmol/L", "ｕｍｏｌ／Ｌ"] {
            assert_eq!(make("lab", text), format!("{text} umol/L"), "{text}");
        }
        assert_eq!(make("lab", "ng/ml"), "ng/mL ng/mL");
    }

    #[test]
    fn a_unit_that_is_not_understood_keeps_its_text_and_one_without_a_code_is_no_surprise() {
        assert_eq!(make("lab", "UMOL/L"), "UMOL/L  unknown-unit");
        assert_eq!(make("lab", "次"), "次");
        assert_eq!(make("ucum", "mm[Hg]"), "mm[Hg] mm[Hg]");
        assert_eq!(make("ucum", "µmol/L"), "µmol/L umol/L");
        assert_eq!(make("ucum", "bottles"), "bottles  unknown-unit");
        assert_eq!(make("ucum", "  "), "absent");
    }

    #[test]
    fn constants_are_held_to_their_map_when_they_are_compiled() {
        let context = context();
        assert!(Unit::prepare("ucum", Some("mm[Hg]"), &context).is_ok());
        let error = |map, value| Unit::prepare(map, value, &context).unwrap_err();
        assert_eq!(error("ucum", Some("mmHgg")), "`mmHgg` is not a UCUM code that is known");
        assert_eq!(error("lab", Some("ng/mll")), "unknown unit of units/lab.csv `ng/mll`; did you mean `ng/ml`?");
        assert_eq!(error("labs", None), "unknown unit map `labs`; did you mean `lab`?");
    }
}
