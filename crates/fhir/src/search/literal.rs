//! Reading one value of a search request, by the kind of its parameter.

use super::compare::{
    DateMatch, NumberMatch, Prefix, QuantityMatch, ReferenceMatch, StringMatch, SystemMatch, TokenMatch,
    TypedIdentifier, UnitMatch, UriMatch, folded,
};
use super::escape;
use super::number::SearchNumber;
use super::reference::{self, Place};
use crate::magnitude::Magnitude;
use crate::schema::TypeId;
use crate::time::{Moment, ZoneOffset};
use crate::ucum;

/// The system of UCUM.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

/// Whether text comes with `:exact`, `:contains` or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StringMode {
    Prefix,
    Contains,
    Exact,
}

/// `:below`, `:above` or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UriMode {
    Exact,
    Below,
    Above,
}

type Read<T> = Result<T, String>;

pub(super) fn string(raw: &str, mode: StringMode) -> Read<StringMatch> {
    let text = escape::unescape(raw);
    if mode == StringMode::Exact {
        return Ok(StringMatch::Exact(text.into_owned()));
    }
    let text = folded(text);
    if text.is_empty() {
        return Err("nothing is left of it once white space and accents are gone".to_owned());
    }
    Ok(if mode == StringMode::Contains { StringMatch::Contains(text) } else { StringMatch::Prefix(text) })
}

pub(super) fn token(raw: &str) -> Read<TokenMatch> {
    let own = |raw: &str| escape::unescape(raw).into_owned();
    Ok(match escape::split_once(raw, '|') {
        None => TokenMatch { system: SystemMatch::Any, code: Some(own(raw)) },
        Some(("", "")) => return Err("there is neither a system nor a code".to_owned()),
        Some(("", code)) => TokenMatch { system: SystemMatch::Absent, code: Some(own(code)) },
        Some((system, code)) => {
            TokenMatch { system: SystemMatch::Is(own(system)), code: (!code.is_empty()).then(|| own(code)) }
        }
    })
}

/// `system|code|value`: the type of an identifier and its value.
pub(super) fn typed_identifier(raw: &str) -> Read<TypedIdentifier> {
    let parts: Vec<String> = escape::split(raw, '|').map(|part| escape::unescape(part).into_owned()).collect();
    match <[String; 3]>::try_from(parts) {
        Ok([system, code, value]) if ![&system, &code, &value].iter().any(|part| part.is_empty()) => {
            Ok(TypedIdentifier { system, code, value })
        }
        _ => {
            Err("expected system|code|value: the system and the code of the identifier's type, and its value"
                .to_owned())
        }
    }
}

pub(super) fn date(raw: &str, zone: ZoneOffset, now_us: i64) -> Read<DateMatch> {
    let (prefix, text) = Prefix::take(raw);
    // A plus sign that was not percent-encoded arrives as a space.
    let text = escape::unescape(text).replace(' ', "+");
    let moment = Moment::parse(&text, zone).map_err(|error| error.to_string())?;
    let wider_us = if prefix == Prefix::Ap {
        let centre = moment.low_us + (moment.high_us - moment.low_us) / 2;
        (now_us.saturating_sub(centre) / 10).saturating_abs()
    } else {
        0
    };
    Ok(DateMatch { prefix, low_us: moment.low_us - wider_us, high_us: moment.high_us.saturating_add(wider_us) })
}

fn search_number(text: &str) -> Read<SearchNumber> {
    SearchNumber::parse(text).ok_or_else(|| "expected a number such as 5.40 or 1e2".to_owned())
}

/// `read` turns a number into what values are compared in.
fn number_match(prefix: Prefix, number: &SearchNumber, read: impl Fn(Magnitude) -> Option<f64>) -> Option<NumberMatch> {
    let (low, high) = match prefix {
        Prefix::Ap => number.approximate(),
        _ => (number.low, number.high),
    };
    Some(NumberMatch { prefix, value: read(number.value)?, low: read(low)?, high: read(high)? })
}

fn as_given(prefix: Prefix, number: &SearchNumber) -> Read<NumberMatch> {
    let finite = |number: Magnitude| Some(number.to_f64()).filter(|number| number.is_finite());
    number_match(prefix, number, finite).ok_or_else(|| "the number is too large".to_owned())
}

pub(super) fn number(raw: &str) -> Read<NumberMatch> {
    let (prefix, text) = Prefix::take(raw);
    as_given(prefix, &search_number(text)?)
}

pub(super) fn quantity(raw: &str) -> Read<QuantityMatch> {
    let parts: Vec<&str> = escape::split(raw, '|').collect();
    let (prefix, text) = Prefix::take(parts[0]);
    let number = search_number(text)?;
    let own = |raw: &str| escape::unescape(raw).into_owned();
    let unit = match parts[1..] {
        [] | ["", ""] => UnitMatch::Any,
        ["", code] => UnitMatch::Shown(own(code)),
        [_, ""] => return Err("a system needs a code: number|system|code".to_owned()),
        [system, code] => {
            let (system, code) = (own(system), own(code));
            let canonical = if system == UCUM { canonical_match(prefix, &number, &code) } else { None };
            UnitMatch::Coded { system, code, canonical }
        }
        _ => return Err("expected number, number|system|code or number||code".to_owned()),
    };
    Ok(QuantityMatch { number: as_given(prefix, &number)?, unit })
}

fn canonical_match(prefix: Prefix, number: &SearchNumber, code: &str) -> Option<(String, NumberMatch)> {
    let unit = ucum::Unit::parse(code)?;
    let number = number_match(prefix, number, |value| unit.to_base_f64(value))?;
    Some((unit.dimension.to_string(), number))
}

pub(super) fn uri(raw: &str, mode: UriMode) -> Read<UriMatch> {
    let text = escape::unescape(raw).into_owned();
    Ok(match mode {
        UriMode::Exact => UriMatch::Exact(text),
        UriMode::Below | UriMode::Above if text.starts_with("urn:") => {
            return Err("a URN has nothing above or below it".to_owned());
        }
        UriMode::Below => UriMatch::Below(text),
        UriMode::Above => UriMatch::above(&text),
    })
}

/// `targets` are the types a bare id may have.
pub(super) fn reference(raw: &str, targets: &[TypeId], base_url: Option<&str>) -> Read<ReferenceMatch> {
    let text = escape::unescape(raw);
    match reference::place(&text, base_url) {
        Place::Local { type_id, id } => Ok(ReferenceMatch::Local { types: vec![type_id], id: id.to_owned() }),
        Place::Url { url, .. } => Ok(ReferenceMatch::Url(url.to_owned())),
        Place::Canonical { whole, .. } => Ok(ReferenceMatch::Url(whole.to_owned())),
        Place::Id(id) => Ok(ReferenceMatch::Local { types: targets.to_vec(), id: id.to_owned() }),
        Place::Nowhere => Err("expected an id, Type/id or an absolute URL".to_owned()),
    }
}
