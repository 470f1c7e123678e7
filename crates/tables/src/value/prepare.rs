//! Calls: what is constant in them is resolved once, what is not comes row by row.

use super::era::Calendar;
use super::grammar::Order;
use super::notes::Notes;
use super::number::NumberStyle;
use super::slot::Slot;
use super::{Function, Reason, Value};
use super::{
    address, code, date, identifier, moment, name, number, offset, period, plain, quantity, range, reference, text,
    unit,
};
use crate::codes::{CodeMaps, UnitMaps, nearest, urn_part};
use jiff::civil;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a mapping says once for all its rows.
#[derive(Clone, Debug)]
pub struct Context {
    /// The source's name; ids are derived from it.
    pub source: String,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// `codes/`
    pub codes: CodeMaps,
    /// `units/`
    pub units: UnitMaps,
    /// How numbers are written.
    pub numbers: NumberStyle,
    /// In which order day and month stand in `03/04/2020`; none if it is not said.
    pub order: Option<Order>,
    /// How years are counted where a date names no era.
    pub calendar: Calendar,
    /// The last year that two digits (`%y`) can mean.
    pub pivot: i16,
    /// The day on which the mapping runs. None: births and deaths may lie in the future, as in shifted data.
    pub today: Option<civil::Date>,
    /// What the mapping's targets are called, and the resource type of each.
    pub targets: BTreeMap<String, String>,
}

impl Context {
    /// A context without maps and targets: UTC, decimal points, no day. Two-digit years go to 2068, as in POSIX.
    pub fn new(source: impl Into<String>) -> Self {
        Context {
            source: source.into(),
            zone: TimeZone::UTC,
            codes: CodeMaps::default(),
            units: UnitMaps::default(),
            numbers: NumberStyle::default(),
            order: None,
            calendar: Calendar::default(),
            pivot: 2068,
            today: None,
            targets: BTreeMap::new(),
        }
    }

    /// A system's address with the source's name in the place of `{source}`.
    pub(crate) fn address(&self, address: &str) -> String {
        if address.contains("{source}") {
            return address.replace("{source}", &urn_part(&self.source));
        }
        address.to_owned()
    }
}

/// An argument of one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument<'a> {
    /// What plain SQL gave: a text or NULL.
    Text(Option<&'a str>),
    /// What another function gave.
    Value(Value<'a>),
    /// Why another function gave nothing. Most calls fail with it; `period` keeps its other end.
    Failed(Reason),
}

impl Default for Argument<'_> {
    fn default() -> Self {
        Argument::Text(None)
    }
}

impl<'a> Argument<'a> {
    /// The text of plain SQL or of a primitive without white space at its ends; none for NULL, nothing but white space, and
    /// absent values.
    pub(super) fn take_text(&mut self) -> Result<Option<Cow<'a, str>>, Reason> {
        match std::mem::take(self) {
            Argument::Text(text) => Ok(super::slot::trimmed(text).map(Cow::Borrowed)),
            Argument::Value(Value::Primitive { text, .. }) => Ok(Some(text)),
            Argument::Value(_) => Ok(None),
            Argument::Failed(reason) => Err(reason),
        }
    }

    /// As [`Argument::take_text`] of an argument that may be left out.
    pub(super) fn take_text_at(arguments: &mut [Argument<'a>], at: usize) -> Result<Option<Cow<'a, str>>, Reason> {
        arguments.get_mut(at).map_or(Ok(None), Argument::take_text)
    }
}

/// A call whose constants are resolved. It is shared by the workers of a run; a value borrows from it and its arguments.
#[derive(Clone, Debug)]
pub struct Prepared {
    call: Call,
}

#[derive(Clone, Debug)]
enum Call {
    Plain(plain::Plain),
    Code(code::Code),
    Unit(unit::Unit),
    Quantity(quantity::Quantify),
    Range(range::Ranging),
    Number(number::Number),
    Date(date::Day),
    Instant(moment::Instant),
    Period(period::Span),
    Identifier(identifier::Identify),
    Name(name::Name),
    Address,
    Ref(reference::Refer),
    AtOffset(offset::AtOffset),
    Text(text::Words),
}

/// Resolves what is constant in a call that makes a value for `slot`. `literals` has an entry for each argument: the text of
/// a constant, or none for what comes row by row.
///
/// # Errors
/// What the mapping's author must mend: an unknown map, format, zone or target with the nearest name that there is, a code
/// that the element does not allow, too few or too many arguments.
pub fn prepare(
    function: Function,
    slot: &Slot,
    literals: &[Option<&str>],
    context: &Context,
) -> Result<Prepared, String> {
    let signature = function.signature();
    let name = signature.name;
    if literals.len() < signature.arguments_min() || literals.len() > signature.arguments_max() {
        return Err(format!("`{name}` is called as {}", signature.usage()));
    }
    for (at, literal) in literals.iter().enumerate() {
        let parameter = signature.parameter(at).filter(|parameter| parameter.literal && literal.is_none());
        if let Some(parameter) = parameter.filter(|parameter| parameter.required) {
            return Err(format!("{} of `{name}` must be a constant", parameter.name.to_uppercase()));
        }
    }
    if !signature.gives.contains(&slot.fhir_type()) {
        return Err(format!("`{name}` does not give {}; it gives {}", slot.fhir_type(), signature.gives.join(", ")));
    }
    let literal = |at: usize| literals.get(at).copied().flatten();
    let call = match function {
        Function::Code => {
            let code = code::Code::prepare(literal(0).unwrap_or_default(), slot, context)?;
            Call::Code(if literals.get(2) == Some(&None) { code.with_name_of_row() } else { code })
        }
        Function::Unit => Call::Unit(unit::Unit::prepare(literal(0).unwrap_or_default(), literal(1), context)?),
        Function::Quantity => Call::Quantity(quantity::Quantify::new(context.numbers)),
        Function::Range => Call::Range(range::Ranging::new(context.numbers)),
        Function::Number => Call::Number(number::Number::new(*slot, context.numbers)),
        Function::Date => Call::Date(date::Day::prepare(slot, literal(1), context)?),
        Function::Instant => Call::Instant(moment::Instant::prepare(slot, literal(1), literal(2), context)?),
        Function::Period => Call::Period(period::Span::prepare(context)?),
        Function::Identifier => {
            Call::Identifier(identifier::Identify::prepare([literal(0), literal(1), literal(2), literal(3)], context)?)
        }
        Function::Name => Call::Name(name::Name { parts: literals.len() > 1 }),
        Function::Address => Call::Address,
        Function::Ref => Call::Ref(reference::Refer::prepare(literal(0).unwrap_or_default(), context)?),
        Function::AtOffset => Call::AtOffset(offset::AtOffset::prepare(slot, context)?),
        Function::Text => Call::Text(text::Words::new(*slot)),
    };
    Ok(Prepared { call })
}

/// What an element without a function does: the text of plain SQL, held to the rules of its type.
///
/// # Errors
/// If the type is not a primitive: names the functions that give it.
pub fn prepare_plain(slot: &Slot, context: &Context) -> Result<Prepared, String> {
    if slot.form().is_primitive() {
        return Ok(Prepared { call: Call::Plain(plain::Plain::new(*slot, context)) });
    }
    let gives = |function: &Function| {
        let signature = function.signature();
        signature.gives.contains(&slot.fhir_type()) && !signature.argument_only
    };
    let functions: Vec<_> =
        Function::ALL.into_iter().filter(gives).map(|function| format!("`{}(…)`", function.signature().name)).collect();
    Err(format!("plain text is no {}: use {}, or name its elements", slot.fhir_type(), functions.join(" or ")))
}

impl Prepared {
    /// Makes the value of one row. `arguments` are taken; those that were constants when the call was prepared may be anything.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn make<'a>(&'a self, arguments: &mut [Argument<'a>], notes: &mut Notes) -> Result<Value<'a>, Reason> {
        match &self.call {
            Call::Plain(call) => call.make(arguments, notes),
            Call::Code(call) => call.make(arguments, notes),
            Call::Unit(call) => call.make(arguments, notes),
            Call::Quantity(call) => call.make(arguments, notes),
            Call::Range(call) => call.make(arguments, notes),
            Call::Number(call) => call.make(arguments),
            Call::Date(call) => call.make(arguments, notes),
            Call::Instant(call) => call.make(arguments, notes),
            Call::Period(call) => call.make(arguments, notes),
            Call::Identifier(call) => call.make(arguments, notes),
            Call::Name(call) => call.make(arguments, notes),
            Call::Address => address::Post::make(arguments, notes),
            Call::Ref(call) => call.make(arguments),
            Call::AtOffset(call) => call.make(arguments, notes),
            Call::Text(call) => call.make(arguments, notes),
        }
    }
}

/// A sentence about a name that is unknown: the nearest one that there is, or all of a few.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<_> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None if known.is_empty() => format!("unknown {what} `{name}`: there is none"),
        None => {
            let shown: Vec<_> = known.iter().take(8).map(|name| format!("`{name}`")).collect();
            let more = if known.len() > shown.len() { ", …" } else { "" };
            format!("unknown {what} `{name}`; there is {}{more}", shown.join(", "))
        }
    }
}
