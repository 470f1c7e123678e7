//! The conditions that a value of the index answers, as a client would write them: what tests ask a store and a reader of
//! whole resources alike.

use super::composite::{Component, components};
use super::index_value::{IndexValue, QuantityValue, ReferenceValue};
use super::{Handling, ParseOptions, SearchQuery, escape, fold};
use crate::parameters::Parameter;
use crate::schema::r4;
use crate::time::format_us;

/// Names and values of conditions on one parameter that a resource with this value answers or nearly answers: every form
/// and modifier of the parameter's kind.
pub fn conditions(parameter: &Parameter, value: &IndexValue<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut ask = |modifier: &str, value: String| all.push((format!("{}{modifier}", parameter.code), value));
    match value {
        IndexValue::Token { system, code } => {
            let code = escaped(code);
            let whole = format!("{}|{code}", system.as_deref().map(escaped).unwrap_or_default());
            if !code.is_empty() {
                ask("", code.clone());
                ask("", format!("no-such-code,{code}"));
            }
            if whole != "|" {
                ask("", whole.clone());
                ask(":not", whole);
            }
            if let Some(system) = system {
                ask("", format!("{}|", escaped(system)));
            }
        }
        IndexValue::Reference(ReferenceValue::Local { type_id, id }) => {
            let name = r4().name(*type_id);
            ask("", format!("{name}/{id}"));
            if parameter.targets.is_empty() || parameter.targets.contains(type_id) {
                ask("", id.to_string());
                ask(&format!(":{name}"), id.to_string());
            }
        }
        IndexValue::Reference(ReferenceValue::Url(url)) => ask("", escaped(url)),
        IndexValue::Reference(ReferenceValue::Logical { system, value }) => {
            let system = system.as_deref().map(escaped);
            ask(":identifier", format!("{}|{}", system.clone().unwrap_or_default(), escaped(value)));
            ask(":identifier", escaped(value));
            if let Some(system) = system {
                ask(":identifier", format!("{system}|"));
            }
        }
        IndexValue::Date { low_us, high_us } => {
            for us in [*low_us, *high_us].into_iter().filter(|us| *us != i64::MIN && *us != i64::MAX) {
                let text = format_us(us);
                ask("", text[..4].to_owned());
                ask("", text[..10].to_owned());
                for prefix in ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
                    ask("", format!("{prefix}{text}"));
                }
            }
            ask("", "ge0001".to_owned());
            ask("", "lt9999-12-31T23:59:59.5-12:00".to_owned());
        }
        IndexValue::String { text } => {
            ask(":exact", escaped(text));
            let folded = fold(text).into_owned();
            if !folded.is_empty() {
                ask("", escaped(text));
                ask("", escaped(&folded.chars().take(2).collect::<String>().replace(' ', "")));
                ask(":contains", escaped(&folded.chars().skip(1).take(3).collect::<String>()));
            }
        }
        IndexValue::Number { low, high } => {
            for end in [low, high].into_iter().filter(|end| end.is_finite()) {
                for prefix in ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
                    ask("", format!("{prefix}{end}"));
                }
            }
        }
        IndexValue::Quantity(quantity) => {
            for (end, unit) in ends(quantity) {
                for prefix in ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
                    ask("", format!("{prefix}{end}{unit}"));
                }
            }
        }
        IndexValue::Uri { text } => {
            ask("", escaped(text));
            if !text.starts_with("urn:") {
                ask(":below", escaped(text));
                ask(":below", escaped(text.rsplit_once('/').map_or(text, |(above, _)| above)));
                ask(":above", format!("{}/below", escaped(text)));
            }
        }
        IndexValue::TokenText { .. } | IndexValue::Present => {}
    }
    ask(":missing", "true".to_owned());
    ask(":missing", "false".to_owned());
    // What is left of nothing, and numbers beyond what a request may write, are refused: no condition.
    let of = r4().name(parameter.resource_type);
    let options = ParseOptions { handling: Handling::Strict, ..ParseOptions::default() };
    let is_understood = |(name, value): &(String, String)| SearchQuery::parse(of, [(name, value)], &options).is_ok();
    all.retain(is_understood);
    all
}

/// Conditions on a composite parameter, made of values that a resource has of its components, on one element or on several.
pub fn composed(composite: &Parameter, values: &[(&'static Parameter, IndexValue<'_>)]) -> Vec<(String, String)> {
    let of_component = |component: &Component| {
        let own = values.iter().filter(|(parameter, _)| parameter.number == component.parameter.number);
        let asked = own.flat_map(|(parameter, value)| conditions(parameter, value));
        let plain =
            asked.filter(|(name, value)| name == component.parameter.code && escape::split(value, ',').count() == 1);
        plain.map(|(_, value)| value).collect::<Vec<_>>()
    };
    let mut all = vec![String::new()];
    for (at, component) in components(composite).iter().enumerate() {
        let parts = of_component(component);
        let dollar = if at == 0 { "" } else { "$" };
        all = all.iter().flat_map(|begun| parts.iter().map(move |part| format!("{begun}{dollar}{part}"))).collect();
    }
    all.into_iter().map(|value| (composite.code.to_owned(), value)).collect()
}

/// The finite ends of a quantity, each with every way to write its unit.
fn ends(quantity: &QuantityValue<'_>) -> Vec<(f64, String)> {
    let mut all = Vec::new();
    for end in [quantity.low, quantity.high].into_iter().filter(|end| end.is_finite()) {
        all.push((end, String::new()));
        all.extend(quantity.unit.iter().chain(&quantity.code).map(|unit| (end, format!("||{}", escaped(unit)))));
        if let (Some(system), Some(code)) = (&quantity.system, &quantity.code) {
            all.push((end, format!("|{}|{}", escaped(system), escaped(code))));
        }
    }
    if let Some(canonical) = &quantity.canonical {
        let ends = [canonical.low, canonical.high].into_iter().filter(|end| end.is_finite());
        all.extend(ends.map(|end| (end, format!("|http://unitsofmeasure.org|{}", canonical.unit))));
    }
    all
}

fn escaped(text: &str) -> String {
    escape::escape(text, false)
}

/// The element names of a parameter's expression: what a resource should have so that the parameter has a value.
pub fn elements(parameter: &Parameter) -> Vec<&'static str> {
    parameter.expression.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect()
}
