//! From a parsed search to conditions on the index: names become numbers, chains become sets of rows.

use super::condition::{Condition, Table};
use super::evaluate::Index;
use super::limit_place::LimitPlace;
use super::sight::Sights;
use crate::content::coded_unit;
use crate::error::Error;
use crate::id::{Row, StoredId};
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::posting::PRESENT;
use crate::store::Shared;
use crate::token::{self, UNIT_SYSTEM, URL_SYSTEM};
use access::Permission;
use fhir::parameters::{Parameter, ParameterKind};
use fhir::schema::TypeId;
use fhir::search::{
    Filter, NumberMatch, Prefix, QuantityMatch, ReferenceMatch, SearchQuery, SystemMatch, Test, TokenMatch,
    TypedIdentifier, UnitMatch, UriMatch, composite,
};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};
use std::rc::Rc;

pub(crate) struct Compiler<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) shared: &'a Shared,
    /// What whoever asks sees; everything where the program asks.
    pub(crate) sights: Option<&'a Sights<'a>>,
}

impl Compiler<'_> {
    /// The conditions of a search, all of which must hold.
    pub(crate) fn query(&self, query: &SearchQuery) -> Result<Vec<Condition>, Error> {
        let mut parts = Vec::with_capacity(query.filters.len());
        for filter in &query.filters {
            parts.push(self.filter(query.resource_type, filter)?);
        }
        self.join_code_and_date(query.resource_type, &mut parts);
        let limit = self.limit(LimitPlace::Search, Permission::Search, query.resource_type)?;
        parts.extend(limit.map(|limit| limit.as_ref().clone()));
        Ok(parts)
    }

    /// What limits the resources of a type for whoever asks.
    fn limit(
        &self,
        place: LimitPlace,
        permission: Permission,
        resource_type: TypeId,
    ) -> Result<Option<Rc<Condition>>, Error> {
        self.sights.map_or(Ok(None), |sights| sights.limit(place, permission, resource_type))
    }

    /// A code and a date of a type that keeps both in one table are answered by one scan of it.
    fn join_code_and_date(&self, resource_type: TypeId, parts: &mut Vec<Condition>) {
        let Some((code, date)) = self.shared.composite(resource_type) else { return };
        let token_at = parts
            .iter()
            .position(|p| matches!(p, Condition::Tokens { param, tokens } if *param == code && tokens.len() == 1));
        let date_at = parts
            .iter()
            .position(|p| matches!(p, Condition::Date { param, date: d } if *param == date && d.prefix != Prefix::Ne));
        let (Some(token_at), Some(date_at)) = (token_at, date_at) else { return };
        let (Condition::Tokens { tokens, .. }, Condition::Date { date: wanted, .. }) =
            (&parts[token_at], &parts[date_at])
        else {
            return;
        };
        let joined = Condition::CodeDate { code, token: tokens[0], param: date, date: *wanted };
        parts[token_at] = joined;
        parts.remove(date_at);
    }

    pub(super) fn filter(&self, resource_type: TypeId, filter: &Filter) -> Result<Condition, Error> {
        let condition = self.test(resource_type, &filter.test)?;
        let Condition::Checked { among, test } = condition else { return Ok(condition) };
        // No body is looked at that is not seen: that one of them is too large, or how many there are, tells of them.
        let among = match self.limit(LimitPlace::Search, Permission::Search, resource_type)? {
            Some(limit) => Box::new(Condition::All(vec![*among, limit.as_ref().clone()])),
            None => among,
        };
        Ok(Condition::Checked { among, test })
    }

    fn filters(&self, resource_type: TypeId, filters: &[Filter]) -> Result<Vec<Condition>, Error> {
        filters.iter().map(|filter| self.filter(resource_type, filter)).collect()
    }

    /// The live resources of a type for which a condition holds, of those that are seen.
    pub(super) fn rows(&self, place: LimitPlace, of: TypeId, condition: Condition) -> Result<RoaringTreemap, Error> {
        self.rows_for(place, Permission::Search, of, condition)
    }

    /// As [`Compiler::rows`], of those on which another permission is held.
    pub(super) fn rows_for(
        &self,
        place: LimitPlace,
        permission: Permission,
        of: TypeId,
        condition: Condition,
    ) -> Result<RoaringTreemap, Error> {
        let condition = match self.limit(place, permission, of)? {
            Some(limit) => Condition::All(vec![condition, limit.as_ref().clone()]),
            None => condition,
        };
        Index::new(self.connection, self.shared, of).evaluate(&condition)
    }

    fn test(&self, resource_type: TypeId, test: &Test) -> Result<Condition, Error> {
        Ok(match test {
            Test::Id { any_of, negated } => {
                let mut rows = Vec::new();
                for id in any_of {
                    rows.extend(self.row(resource_type, id)?);
                }
                negate(Condition::rows(rows), *negated)
            }
            Test::LastUpdated { any_of } => any(any_of.iter().map(|date| Condition::Updated(*date)).collect()),
            Test::Missing { parameter, missing } => negate(self.has(parameter), *missing),
            Test::Token { parameter, any_of, negated } => {
                let mut parts = Vec::new();
                for param in self.numbers(parameter) {
                    parts.push(self.tokens(param, any_of)?);
                }
                negate(any(parts), *negated)
            }
            Test::Reference { parameter, any_of } => self.references(parameter.number, any_of)?,
            Test::Date { parameter, any_of } => {
                any(any_of.iter().map(|date| Condition::Date { param: parameter.number, date: *date }).collect())
            }
            Test::String { parameter, any_of } => {
                any(any_of.iter().map(|text| Condition::Text { param: parameter.number, text: text.clone() }).collect())
            }
            Test::Number { parameter, any_of } => any(any_of
                .iter()
                .map(|number| Condition::Number { param: parameter.number, number: *number })
                .collect()),
            Test::Quantity { parameter, any_of } => {
                let mut parts = Vec::with_capacity(any_of.len());
                for wanted in any_of {
                    parts.push(self.quantities(&self.numbers(parameter), wanted)?);
                }
                any(parts)
            }
            Test::Uri { parameter, any_of } => self.uris(parameter.number, any_of)?,
            Test::Chain { parameter, targets } => {
                let mut found = RoaringTreemap::new();
                for (target, inner) in targets {
                    // A negated inner filter is about resources that are there: stubs are none.
                    found |= self.rows(LimitPlace::Chain, *target, self.filter(*target, inner)?)?;
                }
                Condition::References { param: parameter.number, targets: found }
            }
            Test::Has { source, parameter, filter } => {
                let from = self.rows(LimitPlace::Has, *source, self.filter(*source, filter)?)?;
                let referring = Index::new(self.connection, self.shared, *source);
                Condition::Rows(referring.targets(&from, parameter.number)?)
            }
            Test::Composite { parameter, any_of } => self.composite(resource_type, parameter, any_of, test)?,
            Test::TokenText { parameter, .. } => checked(self.has(parameter), test),
            Test::OfType { parameter, any_of } => {
                let code =
                    |one: &TypedIdentifier| TokenMatch { system: SystemMatch::Any, code: Some(one.value.clone()) };
                let codes: Vec<TokenMatch> = any_of.iter().map(code).collect();
                let parts = self.numbers(parameter).into_iter().map(|param| self.tokens(param, &codes));
                checked(any(parts.collect::<Result<_, _>>()?), test)
            }
            Test::CodeSet { parameter, any_of, negated } => negate(self.code_sets(parameter, any_of)?, *negated),
            Test::PartOf { parameter, any_of, way } => {
                Condition::References { param: parameter.number, targets: self.hierarchy(any_of, *way)? }
            }
            // Neither where a place lies nor what a resource says is indexed: the other conditions narrow it down.
            Test::Near { .. } | Test::Words { .. } => checked(Condition::All(Vec::new()), test),
            Test::List { any_of } => self.listed(resource_type, any_of)?,
            Test::Unequal { test } => {
                let Some(parameter) = test.parameter() else { return Ok(Condition::Nothing) };
                let table = table_of(parameter);
                let mut parts = Vec::new();
                for param in self.numbers(parameter) {
                    let to = Box::new(self.one(param, test)?);
                    parts.push(Condition::Unequal { param, table, to });
                }
                any(parts)
            }
            Test::All(filters) => Condition::All(self.filters(resource_type, filters)?),
            Test::Any(filters) => any(self.filters(resource_type, filters)?),
            Test::Not(filter) => negate(self.filter(resource_type, filter)?, true),
        })
    }

    fn has(&self, parameter: &Parameter) -> Condition {
        let table = table_of(parameter);
        any(self.numbers(parameter).into_iter().map(|param| Condition::Has { param, table }).collect())
    }

    /// Candidates by the components' own indexes, of which one element must have all. What a component is not (`ne`) says
    /// nothing of other elements.
    fn composite(
        &self,
        resource_type: TypeId,
        parameter: &Parameter,
        any_of: &[Vec<Test>],
        test: &Test,
    ) -> Result<Condition, Error> {
        let exact = composite::is_exact(parameter);
        let mut alternatives = Vec::with_capacity(any_of.len());
        for parts in any_of {
            let mut all = Vec::with_capacity(parts.len());
            for part in parts {
                all.push(match part.parameter() {
                    Some(component) if !exact && asks_for_others(part) => self.has(component),
                    _ => self.test(resource_type, part)?,
                });
            }
            alternatives.push(Condition::All(all));
        }
        let among = any(alternatives);
        Ok(if exact { among } else { checked(among, test) })
    }

    /// What a test with one value asks of the rows of one parameter.
    fn one(&self, param: u16, test: &Test) -> Result<Condition, Error> {
        Ok(match test {
            Test::Token { any_of, .. } => self.tokens(param, any_of)?,
            Test::Date { any_of, .. } => {
                any(any_of.iter().map(|date| Condition::Date { param, date: *date }).collect())
            }
            Test::String { any_of, .. } => {
                any(any_of.iter().map(|text| Condition::Text { param, text: text.clone() }).collect())
            }
            Test::Number { any_of, .. } => {
                any(any_of.iter().map(|number| Condition::Number { param, number: *number }).collect())
            }
            Test::Quantity { any_of, .. } => {
                any(any_of.iter().map(|wanted| self.quantity(param, wanted)).collect::<Result<_, _>>()?)
            }
            Test::Uri { any_of, .. } => self.uris(param, any_of)?,
            other => return Err(Error::NotSupported(format!("ne of {other:?}"))),
        })
    }

    pub(super) fn row(&self, resource_type: TypeId, id: &str) -> Result<Option<Row>, Error> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID}"))?
            .query_row(params![resource_type.0, StoredId::new(id), id_hash(resource_type, id)], |r| r.get(0).map(Row))
            .optional()?)
    }

    pub(super) fn tokens(&self, param: u16, any_of: &[TokenMatch]) -> Result<Condition, Error> {
        let mut tokens = Vec::new();
        let mut parts = Vec::new();
        for wanted in any_of {
            match (&wanted.system, &wanted.code) {
                (SystemMatch::Any, Some(code)) => tokens.extend(token::find_code(self.connection, code)?),
                (SystemMatch::Any, None) => parts.push(Condition::Has { param, table: Table::Token }),
                (SystemMatch::Absent, code) => {
                    self.pair_or_system(param, Some(0), code.as_deref(), &mut tokens, &mut parts)?;
                }
                (SystemMatch::Is(system), code) => {
                    let system = token::find_system(self.connection, system)?;
                    self.pair_or_system(param, system, code.as_deref(), &mut tokens, &mut parts)?;
                }
            }
        }
        tokens.retain(|&token| token != PRESENT);
        tokens.sort_unstable();
        tokens.dedup();
        if !tokens.is_empty() {
            parts.push(Condition::Tokens { param, tokens });
        }
        Ok(any(parts))
    }

    fn pair_or_system(
        &self,
        param: u16,
        system: Option<i64>,
        code: Option<&str>,
        tokens: &mut Vec<i64>,
        parts: &mut Vec<Condition>,
    ) -> Result<(), Error> {
        match (system, code) {
            (None, _) => {}
            (Some(system), Some(code)) => tokens.extend(token::find(self.connection, system, code)?),
            (Some(system), None) => parts.push(Condition::TokenSystem { param, system }),
        }
        Ok(())
    }

    fn references(&self, param: u16, any_of: &[ReferenceMatch]) -> Result<Condition, Error> {
        let mut targets = RoaringTreemap::new();
        let mut parts = Vec::new();
        for wanted in any_of {
            match wanted {
                ReferenceMatch::Local { types, id } => {
                    for &target in types {
                        targets.extend(self.row(target, id)?.map(|row| row.0 as u64));
                    }
                }
                ReferenceMatch::Url(url) => parts.push(self.uris(param, &[UriMatch::Exact(url.clone())])?),
                ReferenceMatch::Logical(wanted) => parts.push(self.tokens(param, std::slice::from_ref(wanted))?),
            }
        }
        if !targets.is_empty() {
            parts.push(Condition::References { param, targets });
        }
        Ok(any(parts))
    }

    pub(super) fn uris(&self, param: u16, any_of: &[UriMatch]) -> Result<Condition, Error> {
        let mut tokens = Vec::new();
        let one = |uri: &str| -> Result<Option<i64>, Error> {
            let Some(system) = token::find_system(self.connection, URL_SYSTEM)? else { return Ok(None) };
            Ok(token::find(self.connection, system, uri)?)
        };
        for wanted in any_of {
            match wanted {
                UriMatch::Exact(uri) => tokens.extend(one(uri)?),
                UriMatch::Above(all) => {
                    for uri in all {
                        tokens.extend(one(uri)?);
                    }
                }
                UriMatch::Below(prefix) => {
                    let found = token::find_urls_below(self.connection, prefix)?;
                    tokens.extend(found.into_iter().filter(|(_, uri)| wanted.matches(uri)).map(|(no, _)| no));
                }
            }
        }
        tokens.sort_unstable();
        tokens.dedup();
        Ok(if tokens.is_empty() { Condition::Nothing } else { Condition::Tokens { param, tokens } })
    }

    fn unit(&self, unit: &str) -> Result<Option<i64>, Error> {
        let Some(system) = token::find_system(self.connection, UNIT_SYSTEM)? else { return Ok(None) };
        Ok(token::find(self.connection, system, unit)?)
    }

    /// The parameters whose rows answer for this one.
    pub(super) fn numbers(&self, parameter: &Parameter) -> Vec<u16> {
        match self.shared.extraction.rows_of(parameter.number) {
            [] => vec![parameter.number],
            joined => joined.to_vec(),
        }
    }

    /// A quantity among the values of several parameters taken together.
    fn quantities(&self, params: &[u16], wanted: &QuantityMatch) -> Result<Condition, Error> {
        let each = |wanted: &QuantityMatch| -> Result<Condition, Error> {
            Ok(any(params.iter().map(|&param| self.quantity(param, wanted)).collect::<Result<_, _>>()?))
        };
        if params.len() == 1 || wanted.number.prefix != Prefix::Ne {
            return each(wanted);
        }
        // `ne` asks that no value of any of them is held, and that there is one that can be compared.
        let with = |prefix: Prefix, value: f64| {
            let mut changed = wanted.clone();
            changed.number = NumberMatch { prefix, value, ..changed.number };
            if let UnitMatch::Coded { canonical: Some((_, number)), .. } = &mut changed.unit {
                *number =
                    NumberMatch { prefix, value: if prefix == Prefix::Le { value } else { number.value }, ..*number };
            }
            changed
        };
        let held = each(&with(Prefix::Eq, wanted.number.value))?;
        let comparable = each(&with(Prefix::Le, f64::INFINITY))?;
        Ok(Condition::All(vec![comparable, Condition::Not(Box::new(held))]))
    }

    fn quantity(&self, param: u16, wanted: &QuantityMatch) -> Result<Condition, Error> {
        let number = wanted.number;
        Ok(match &wanted.unit {
            UnitMatch::Any => Condition::Quantity { param, unit: 0, number },
            UnitMatch::Shown(shown) => match self.unit(shown)? {
                Some(unit) => Condition::Shown { param, unit, number },
                None => Condition::Nothing,
            },
            UnitMatch::Coded { system, code, canonical } => {
                let (name, number) = match canonical {
                    Some((unit, number)) => (unit.clone(), *number),
                    None => (coded_unit(system, code), number),
                };
                match self.unit(&name)? {
                    Some(unit) => Condition::Quantity { param, unit, number },
                    None => Condition::Nothing,
                }
            }
        })
    }
}

pub(super) fn any(mut parts: Vec<Condition>) -> Condition {
    match parts.len() {
        0 => Condition::Nothing,
        1 => parts.remove(0),
        _ => Condition::Any(parts),
    }
}

fn checked(among: Condition, test: &Test) -> Condition {
    Condition::Checked { among: Box::new(among), test: Box::new(test.clone()) }
}

/// Whether a component is asked to be another than the value.
fn asks_for_others(part: &Test) -> bool {
    match part {
        Test::Date { any_of, .. } => any_of.iter().any(|date| date.prefix == Prefix::Ne),
        Test::Number { any_of, .. } => any_of.iter().any(|number| number.prefix == Prefix::Ne),
        Test::Quantity { any_of, .. } => any_of.iter().any(|wanted| wanted.number.prefix == Prefix::Ne),
        _ => false,
    }
}

fn negate(condition: Condition, negated: bool) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

fn table_of(parameter: &Parameter) -> Table {
    match parameter.kind {
        ParameterKind::Reference => Table::Reference,
        ParameterKind::Date => Table::Date,
        ParameterKind::String => Table::Text,
        ParameterKind::Number => Table::Number,
        ParameterKind::Quantity => Table::Quantity,
        _ => Table::Token,
    }
}
