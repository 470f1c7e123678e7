//! Reading one condition of a search request: its name with modifier or chain, and its values.

use super::compare::{DateMatch, Way};
use super::expression::Operation;
use super::implied;
use super::literal::{self, StringMode, UriMode};

use super::query::{Filter, SearchError, Test};
use super::{code_set, composite, escape, near, part_of, support};
use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::primitive::is_id;
use crate::schema::{self, TypeId};
use crate::time::ZoneOffset;
use std::cell::Cell;

/// How many steps a chain may have, `_has` included.
pub const CHAIN_LIMIT: usize = 32;
/// How many ways the steps of one condition may lead: each type that a step may refer to is one, times those of the next.
pub const CHAIN_WAYS_LIMIT: usize = 1_000;
/// How many values one parameter may be given.
pub const VALUES_LIMIT: usize = 10_000;
/// How many values a parameter may be given that is looked up in the resources themselves.
pub const CHECKED_VALUES_LIMIT: usize = 256;
/// How many sets of codes (value sets, hierarchies) a request may name, those of each way of a chain counted.
pub const CODE_SETS_LIMIT: usize = 32;
/// Of how many types the end of a chain is looked up if it does not name one.
pub const CHAIN_TARGETS_LIMIT: usize = 24;

/// Parameters of a whole search, which no type has of its own.
const WHOLE: [&str; 7] = ["_content", "_contained", "_filter", "_list", "_query", "_text", "_type"];

/// What reading a condition needs to know beyond its text.
pub(super) struct Context<'o> {
    pub(super) now_us: i64,
    pub(super) zone: ZoneOffset,
    pub(super) base_url: Option<&'o str>,
    /// Steps that were read of the condition at hand.
    pub(super) ways: Cell<usize>,
    /// Sets of codes that the request named so far.
    pub(super) sets: Cell<usize>,
}

/// What stands behind the name of a condition.
#[derive(Clone, Copy)]
pub(super) struct Asked<'v> {
    pub(super) value: &'v str,
    /// The comparison of a `_filter`; `None` for `name=value`.
    pub(super) operation: Option<Operation>,
}

/// Where in a chain a step stands.
#[derive(Clone, Copy)]
struct At<'n> {
    /// The name as the request has it, for errors.
    whole: &'n str,
    /// Steps before this one.
    depth: usize,
}

impl<'n> At<'n> {
    /// One step on.
    fn next(self) -> Result<At<'n>, SearchError> {
        if self.depth + 1 < CHAIN_LIMIT {
            return Ok(At { depth: self.depth + 1, ..self });
        }
        Err(SearchError::unsupported(self.whole, format!("a chain may have {CHAIN_LIMIT} steps at most")))
    }
}

impl Context<'_> {
    /// The condition `name=value` of resources of type `of`. Empty values are the caller's business.
    pub(super) fn filter(&self, of: TypeId, name: &str, value: &str) -> Result<Filter, SearchError> {
        self.ways.set(0);
        self.asked(of, name, Asked { value, operation: None })
    }

    /// The condition that `name` is what is asked; its ways count with those before it.
    pub(super) fn asked(&self, of: TypeId, name: &str, asked: Asked<'_>) -> Result<Filter, SearchError> {
        self.step(of, name, asked, At { whole: name, depth: 0 })
    }

    /// `name` is what is left of the whole at this step.
    fn step(&self, of: TypeId, name: &str, asked: Asked<'_>, at: At<'_>) -> Result<Filter, SearchError> {
        self.ways.set(self.ways.get() + 1);
        if self.ways.get() > CHAIN_WAYS_LIMIT {
            let why = format!(
                "its steps lead more than {CHAIN_WAYS_LIMIT} ways; name the type of each, as in subject:Patient.name"
            );
            return Err(SearchError::unsupported(at.whole, why));
        }
        let test = if let Some(rest) = name.strip_prefix("_has:") {
            self.has(of, rest, asked, at)?
        } else if let Some((head, rest)) = name.split_once('.') {
            self.chain(of, head, rest, asked, at)?
        } else {
            match asked.operation {
                Some(operation) => self.compared(of, name, operation, asked.value, at.whole)?,
                None => self.plain(of, name, asked.value, at.whole)?,
            }
        };
        Ok(Filter { name: name.to_owned(), test })
    }

    fn has(&self, of: TypeId, rest: &str, asked: Asked<'_>, at: At<'_>) -> Result<Test, SearchError> {
        let next = at.next()?;
        let invalid = |why: String| SearchError::invalid(at.whole, asked.value, why);
        let mut parts = rest.splitn(3, ':');
        let (Some(type_name), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(invalid("expected _has:Type:reference:parameter".to_owned()));
        };
        let source = resource_type(type_name).ok_or_else(|| invalid(format!("\"{type_name}\" is no resource type")))?;
        let parameter = find(source, code)?;
        reference_only(parameter, at.whole)?;
        if !parameter.targets.is_empty() && !parameter.targets.contains(&of) {
            return Err(invalid(format!("{type_name}.{code} never refers to a {}", type_name_of(of))));
        }
        let filter = Box::new(self.step(source, rest, asked, next)?);
        Ok(Test::Has { source, parameter, filter })
    }

    fn chain(&self, of: TypeId, head: &str, rest: &str, asked: Asked<'_>, at: At<'_>) -> Result<Test, SearchError> {
        let next = at.next()?;
        let (code, type_name) = head.split_once(':').map_or((head, None), |(code, name)| (code, Some(name)));
        let parameter = find(of, code)?;
        reference_only(parameter, at.whole)?;
        let candidates = target_types(parameter, type_name, at.whole, asked.value)?;
        if candidates.len() > CHAIN_TARGETS_LIMIT {
            let why = format!("it may refer to {} types; name one, as in {code}:Patient.{rest}", candidates.len());
            return Err(SearchError::unsupported(at.whole, why));
        }
        let mut targets = Vec::new();
        let mut unknown = None;
        for target in candidates {
            match self.step(target, rest, asked, next) {
                Ok(filter) => targets.push((target, filter)),
                // A type without the parameter cannot match; the others still can.
                Err(error @ SearchError::Unknown { .. }) => unknown = Some(error),
                Err(error) => return Err(error),
            }
        }
        match unknown {
            Some(error) if targets.is_empty() => Err(error),
            _ => Ok(Test::Chain { parameter, targets }),
        }
    }

    /// A parameter with or without modifier, and its values.
    pub(super) fn plain(&self, of: TypeId, name: &str, value: &str, whole: &str) -> Result<Test, SearchError> {
        let (code, modifier) = name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
        let parameter = find(of, code)?;
        support::check(parameter).map_err(|why| SearchError::unsupported(whole, why))?;
        let unsupported = |modifier: &str| {
            let kind = support::kind_name(parameter.kind);
            let why = format!("the modifier :{modifier} is not implemented for {kind} parameters");
            Err(SearchError::unsupported(whole, why))
        };
        match (parameter.kind, modifier) {
            (ParameterKind::Composite | ParameterKind::Special, Some(modifier)) => return unsupported(modifier),
            (ParameterKind::Composite, None) => return self.composite(of, parameter, value, whole),
            _ => {}
        }
        let values = values(whole, value)?;
        match (code, modifier) {
            ("_id", None | Some("not")) => {
                let any_of = read(whole, &values, |raw| {
                    let id = escape::unescape(raw).into_owned();
                    if is_id(&id) { Ok(id) } else { Err("expected a logical id".to_owned()) }
                })?;
                return Ok(Test::Id { any_of, negated: modifier.is_some() });
            }
            ("_lastUpdated", None) => return Ok(Test::LastUpdated { any_of: self.dates(whole, &values)? }),
            ("_id" | "_lastUpdated", Some(modifier)) => return unsupported(modifier),
            (_, Some("missing")) => {
                let missing = match values[..] {
                    ["true"] => true,
                    ["false"] => false,
                    _ => return Err(SearchError::invalid(whole, value, "expected true or false")),
                };
                return Ok(Test::Missing { parameter, missing });
            }
            _ => {}
        }
        Ok(match (parameter.kind, modifier) {
            (ParameterKind::Token, None | Some("not")) => {
                let systems = implied::systems(parameter);
                let any_of =
                    read(whole, &values, literal::token)?.into_iter().flat_map(|t| systems.rewrite(t)).collect();
                Test::Token { parameter, any_of, negated: modifier.is_some() }
            }
            (ParameterKind::Token, Some("text")) => {
                let any_of = read(whole, &values, |raw| literal::string(raw, StringMode::Prefix))?;
                Test::TokenText { parameter, any_of: few(whole, any_of)? }
            }
            (ParameterKind::Token, Some("of-type")) => {
                code_set::identifiers_only(parameter).map_err(|why| SearchError::unsupported(whole, why))?;
                Test::OfType { parameter, any_of: few(whole, read(whole, &values, literal::typed_identifier)?)? }
            }
            (ParameterKind::Token, Some(modifier @ ("in" | "not-in"))) => {
                let any_of = read(whole, &values, |raw| code_set::value_set(raw, self.base_url))?;
                Test::CodeSet { parameter, any_of: self.sets(whole, any_of)?, negated: modifier == "not-in" }
            }
            (ParameterKind::Token, Some(modifier @ ("below" | "above"))) => {
                let way = if modifier == "below" { Way::Below } else { Way::Above };
                let any_of = read(whole, &values, |raw| code_set::hierarchy(raw, way))?;
                Test::CodeSet { parameter, any_of: self.sets(whole, any_of)?, negated: false }
            }
            (ParameterKind::Reference, Some(modifier @ ("below" | "above"))) => {
                let way = if modifier == "below" { Way::Below } else { Way::Above };
                let any_of = read(whole, &values, |raw| part_of::read(raw, parameter, self.base_url))?;
                Test::PartOf { parameter, any_of, way }
            }
            (ParameterKind::Special, None) => {
                Test::Near { parameter, any_of: few(whole, read(whole, &values, near::read)?)? }
            }
            (ParameterKind::Reference, Some("identifier")) => {
                let logical = |raw: &str| literal::token(raw).map(super::ReferenceMatch::Logical);
                Test::Reference { parameter, any_of: read(whole, &values, logical)? }
            }
            (ParameterKind::Reference, modifier) => {
                if let Some(modifier) = modifier
                    && resource_type(modifier).is_none()
                {
                    return unsupported(modifier);
                }
                let targets = target_types(parameter, modifier, whole, value)?;
                let any_of = read(whole, &values, |raw| {
                    literal::reference(raw, &targets, self.base_url).and_then(|one| match (&one, modifier) {
                        (super::ReferenceMatch::Local { types, .. }, Some(name)) if *types != targets => {
                            Err(format!("it is of another type than :{name}"))
                        }
                        _ => Ok(one),
                    })
                })?;
                Test::Reference { parameter, any_of }
            }
            (ParameterKind::Date, None) => Test::Date { parameter, any_of: self.dates(whole, &values)? },
            (ParameterKind::String, None | Some("exact" | "contains")) => {
                let mode = match modifier {
                    Some("exact") => StringMode::Exact,
                    Some(_) => StringMode::Contains,
                    None => StringMode::Prefix,
                };
                Test::String { parameter, any_of: read(whole, &values, |raw| literal::string(raw, mode))? }
            }
            (ParameterKind::Number, None) => Test::Number { parameter, any_of: read(whole, &values, literal::number)? },
            (ParameterKind::Quantity, None) => {
                Test::Quantity { parameter, any_of: read(whole, &values, literal::quantity)? }
            }
            (ParameterKind::Uri, None | Some("below" | "above")) => {
                let mode = match modifier {
                    Some("below") => UriMode::Below,
                    Some(_) => UriMode::Above,
                    None => UriMode::Exact,
                };
                Test::Uri { parameter, any_of: read(whole, &values, |raw| literal::uri(raw, mode))? }
            }
            (_, Some(modifier)) => return unsupported(modifier),
            (kind, None) => {
                let why = format!("{} parameters are not implemented", support::kind_name(kind));
                return Err(SearchError::unsupported(whole, why));
            }
        })
    }

    /// A composite: alternatives of one value for each component, separated by `$`.
    fn composite(
        &self,
        of: TypeId,
        parameter: &'static Parameter,
        value: &str,
        whole: &str,
    ) -> Result<Test, SearchError> {
        let components = composite::components(parameter);
        let mut any_of = Vec::new();
        for raw in values(whole, value)? {
            let parts: Vec<&str> = escape::split(raw, '$').collect();
            if parts.len() != components.len() {
                let names: Vec<&str> = components.iter().map(|component| component.parameter.code).collect();
                return Err(SearchError::invalid(whole, raw, format!("expected {}", names.join("$"))));
            }
            let tests = parts.iter().zip(&components).map(|(part, component)| {
                self.plain(of, component.parameter.code, part, whole).map_err(|error| match error {
                    SearchError::Invalid { why, .. } => {
                        SearchError::invalid(whole, raw, format!("{}: {why}", component.parameter.code))
                    }
                    other => other,
                })
            });
            any_of.push(tests.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Test::Composite { parameter, any_of: few(whole, any_of)? })
    }

    /// Counts sets of codes, each of which may have to be read from large definitions.
    fn sets<T>(&self, whole: &str, sets: Vec<T>) -> Result<Vec<T>, SearchError> {
        self.sets.set(self.sets.get() + sets.len());
        if self.sets.get() > CODE_SETS_LIMIT {
            let why =
                format!("a request may name {CODE_SETS_LIMIT} sets of codes at most, each way of a chain counted");
            return Err(SearchError::unsupported(whole, why));
        }
        Ok(sets)
    }

    pub(super) fn dates(&self, whole: &str, values: &[&str]) -> Result<Vec<DateMatch>, SearchError> {
        read(whole, values, |raw| literal::date(raw, self.zone, self.now_us))
    }
}

/// The raw alternatives of a value. Empty ones say nothing and are left out.
pub(super) fn values<'v>(name: &str, value: &'v str) -> Result<Vec<&'v str>, SearchError> {
    let values: Vec<&str> = escape::split(value, ',').filter(|part| !part.is_empty()).collect();
    match values.len() {
        0 => Err(SearchError::invalid(name, value, "there is no value")),
        count if count > VALUES_LIMIT => {
            let why = format!("{count} values are more than the {VALUES_LIMIT} one parameter may have");
            Err(SearchError::unsupported(name, why))
        }
        _ => Ok(values),
    }
}

/// The values unless they are too many to be looked up in the resources.
pub(super) fn few<T>(name: &str, values: Vec<T>) -> Result<Vec<T>, SearchError> {
    if values.len() > CHECKED_VALUES_LIMIT {
        let why = format!(
            "{} values are more than the {CHECKED_VALUES_LIMIT} of a parameter that is looked up in the resources",
            values.len()
        );
        return Err(SearchError::unsupported(name, why));
    }
    Ok(values)
}

pub(super) fn read<T>(
    name: &str,
    values: &[&str],
    one: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, SearchError> {
    values.iter().map(|raw| one(raw).map_err(|why| SearchError::invalid(name, raw, why))).collect()
}

/// The parameter `code` of a type, or [`SearchError::Unknown`].
pub(super) fn find(of: TypeId, code: &str) -> Result<&'static Parameter, SearchError> {
    let type_name = type_name_of(of);
    if WHOLE.contains(&code) {
        let why = "it is asked of the type that is searched, without a modifier and not in a chain";
        return Err(SearchError::unsupported(code, why));
    }
    parameters()
        .find(type_name, code)
        .ok_or_else(|| SearchError::Unknown { name: code.to_owned(), resource_type: type_name.to_owned() })
}

/// An error unless the parameter is a reference that can be followed.
pub(super) fn reference_only(parameter: &'static Parameter, whole: &str) -> Result<(), SearchError> {
    support::check(parameter).map_err(|why| SearchError::unsupported(whole, why))?;
    if parameter.kind == ParameterKind::Reference {
        return Ok(());
    }
    let kind = support::kind_name(parameter.kind);
    Err(SearchError::unsupported(whole, format!("{} is a {kind} parameter; only references lead on", parameter.code)))
}

/// The types that a reference parameter may lead to, or the one that is named.
pub(super) fn target_types(
    parameter: &'static Parameter,
    type_name: Option<&str>,
    whole: &str,
    value: &str,
) -> Result<Vec<TypeId>, SearchError> {
    match type_name {
        Some(name) => match resource_type(name) {
            Some(target) if parameter.targets.is_empty() || parameter.targets.contains(&target) => Ok(vec![target]),
            Some(_) => Err(SearchError::invalid(whole, value, format!("{} never refers to a {name}", parameter.code))),
            None => Err(SearchError::invalid(whole, value, format!("\"{name}\" is no resource type"))),
        },
        None if parameter.targets.is_empty() => Ok(schema::r4().resource_types().collect()),
        None => Ok(parameter.targets.clone()),
    }
}

/// A concrete resource type by name.
pub(super) fn resource_type(name: &str) -> Option<TypeId> {
    schema::r4().resource_type(name)
}

pub(super) fn type_name_of(id: TypeId) -> &'static str {
    schema::r4().name(id)
}
