//! Reading one condition of a search request: its name with modifier or chain, and its values.

use super::compare::DateMatch;
use super::implied;
use super::literal::{self, StringMode, UriMode};
use super::query::{Filter, SearchError, Test};
use super::{escape, support};
use crate::parameters::{Parameter, ParameterKind, parameters};
use crate::primitive::is_id;
use crate::schema::{self, TypeId};
use crate::time::ZoneOffset;

/// How many steps a chain may have, `_has` included.
pub const CHAIN_LIMIT: usize = 4;
/// How many values one parameter may be given.
pub const VALUES_LIMIT: usize = 10_000;
/// Of how many types the end of a chain is looked up if it does not name one.
pub const CHAIN_TARGETS_LIMIT: usize = 24;

/// What reading a condition needs to know beyond its text.
pub(super) struct Context<'o> {
    pub(super) now_us: i64,
    pub(super) zone: ZoneOffset,
    pub(super) base_url: Option<&'o str>,
}

impl Context<'_> {
    /// The condition `name=value` of resources of type `of`. Empty values are the caller's business.
    pub(super) fn filter(&self, of: TypeId, name: &str, value: &str) -> Result<Filter, SearchError> {
        self.step(of, name, value, name, 0)
    }

    /// `whole` is the name as the request has it, for errors; `name` what is left of it at this step.
    fn step(&self, of: TypeId, name: &str, value: &str, whole: &str, depth: usize) -> Result<Filter, SearchError> {
        let test = if let Some(rest) = name.strip_prefix("_has:") {
            self.has(of, rest, value, whole, depth)?
        } else if let Some((head, rest)) = name.split_once('.') {
            self.chain(of, head, rest, value, whole, depth)?
        } else {
            self.plain(of, name, value, whole)?
        };
        Ok(Filter { name: name.to_owned(), test })
    }

    fn bound(whole: &str, depth: usize) -> Result<(), SearchError> {
        if depth + 1 < CHAIN_LIMIT {
            return Ok(());
        }
        Err(SearchError::unsupported(whole, format!("a chain may have {CHAIN_LIMIT} steps at most")))
    }

    fn has(&self, of: TypeId, rest: &str, value: &str, whole: &str, depth: usize) -> Result<Test, SearchError> {
        Self::bound(whole, depth)?;
        let mut parts = rest.splitn(3, ':');
        let (Some(type_name), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SearchError::invalid(whole, value, "expected _has:Type:reference:parameter"));
        };
        let source = resource_type(type_name)
            .ok_or_else(|| SearchError::invalid(whole, value, format!("\"{type_name}\" is no resource type")))?;
        let parameter = find(source, code)?;
        reference_only(parameter, whole)?;
        if !parameter.targets.is_empty() && !parameter.targets.contains(&of) {
            let target = type_name_of(of);
            return Err(SearchError::invalid(whole, value, format!("{type_name}.{code} never refers to a {target}")));
        }
        let filter = Box::new(self.step(source, rest, value, whole, depth + 1)?);
        Ok(Test::Has { source, parameter, filter })
    }

    fn chain(
        &self,
        of: TypeId,
        head: &str,
        rest: &str,
        value: &str,
        whole: &str,
        depth: usize,
    ) -> Result<Test, SearchError> {
        Self::bound(whole, depth)?;
        let (code, type_name) = head.split_once(':').map_or((head, None), |(code, name)| (code, Some(name)));
        let parameter = find(of, code)?;
        reference_only(parameter, whole)?;
        let candidates = target_types(parameter, type_name, whole, value)?;
        if candidates.len() > CHAIN_TARGETS_LIMIT {
            let why = format!("it may refer to {} types; name one, as in {code}:Patient.{rest}", candidates.len());
            return Err(SearchError::unsupported(whole, why));
        }
        let mut targets = Vec::new();
        let mut unknown = None;
        for target in candidates {
            match self.step(target, rest, value, whole, depth + 1) {
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

    fn plain(&self, of: TypeId, name: &str, value: &str, whole: &str) -> Result<Test, SearchError> {
        let (code, modifier) = name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
        let parameter = find(of, code)?;
        support::check(parameter).map_err(|why| SearchError::unsupported(whole, why))?;
        let values = values(whole, value)?;
        let unsupported = |modifier: &str| {
            let kind = support::kind_name(parameter.kind);
            let why = format!("the modifier :{modifier} is not implemented for {kind} parameters");
            Err(SearchError::unsupported(whole, why))
        };
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

    fn dates(&self, whole: &str, values: &[&str]) -> Result<Vec<DateMatch>, SearchError> {
        read(whole, values, |raw| literal::date(raw, self.zone, self.now_us))
    }
}

/// The raw alternatives of a value. Empty ones say nothing and are left out.
fn values<'v>(name: &str, value: &'v str) -> Result<Vec<&'v str>, SearchError> {
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

fn read<T>(name: &str, values: &[&str], one: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, SearchError> {
    values.iter().map(|raw| one(raw).map_err(|why| SearchError::invalid(name, raw, why))).collect()
}

/// The parameter `code` of a type, or [`SearchError::Unknown`].
pub(super) fn find(of: TypeId, code: &str) -> Result<&'static Parameter, SearchError> {
    let type_name = type_name_of(of);
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
fn target_types(
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
