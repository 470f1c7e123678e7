//! From a parsed search to conditions on the index: names become numbers, chains become sets of rows.

use super::condition::{Condition, Table};
use super::evaluate::Index;
use crate::content::coded_unit;
use crate::error::Error;
use crate::id::{Row, StoredId};
use crate::name::{RESOURCE_BY_ID, id_hash};
use crate::posting::PRESENT;
use crate::store::Shared;
use crate::token::{self, UNIT_SYSTEM, URL_SYSTEM};
use fhir::parameters::{Parameter, ParameterKind};
use fhir::schema::TypeId;
use fhir::search::{
    Filter, NumberMatch, Prefix, QuantityMatch, ReferenceMatch, SearchQuery, SystemMatch, Test, TokenMatch, UnitMatch,
    UriMatch,
};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};

pub(crate) struct Compiler<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) shared: &'a Shared,
}

impl Compiler<'_> {
    /// The conditions of a search, all of which must hold.
    pub(crate) fn query(&self, query: &SearchQuery) -> Result<Vec<Condition>, Error> {
        let mut parts = Vec::with_capacity(query.filters.len());
        for filter in &query.filters {
            parts.push(self.filter(query.resource_type, filter)?);
        }
        self.join_code_and_date(query.resource_type, &mut parts);
        Ok(parts)
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

    fn filter(&self, resource_type: TypeId, filter: &Filter) -> Result<Condition, Error> {
        Ok(match &filter.test {
            Test::Id { any_of, negated } => {
                let mut rows = Vec::new();
                for id in any_of {
                    rows.extend(self.row(resource_type, id)?);
                }
                negate(Condition::rows(rows), *negated)
            }
            Test::LastUpdated { any_of } => any(any_of.iter().map(|date| Condition::Updated(*date)).collect()),
            Test::Missing { parameter, missing } => {
                let table = table_of(parameter);
                let has = self.numbers(parameter).into_iter().map(|param| Condition::Has { param, table }).collect();
                negate(any(has), *missing)
            }
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
                    let condition = self.filter(*target, inner)?;
                    let index = Index::new(self.connection, self.shared, *target);
                    // A negated inner filter is about resources that are there: stubs are none.
                    found |= index.evaluate(&condition)?;
                }
                Condition::References { param: parameter.number, targets: found }
            }
            Test::Has { source, parameter, filter } => {
                let condition = self.filter(*source, filter)?;
                let referring = Index::new(self.connection, self.shared, *source);
                let from = referring.evaluate(&condition)?;
                Condition::Rows(referring.targets(&from, parameter.number)?)
            }
        })
    }

    fn row(&self, resource_type: TypeId, id: &str) -> Result<Option<Row>, Error> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT r.row FROM {RESOURCE_BY_ID}"))?
            .query_row(params![resource_type.0, StoredId::new(id), id_hash(resource_type, id)], |r| r.get(0).map(Row))
            .optional()?)
    }

    fn tokens(&self, param: u16, any_of: &[TokenMatch]) -> Result<Condition, Error> {
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

    fn uris(&self, param: u16, any_of: &[UriMatch]) -> Result<Condition, Error> {
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
        Ok(if tokens.is_empty() { Condition::Nothing } else { Condition::Tokens { param, tokens } })
    }

    fn unit(&self, unit: &str) -> Result<Option<i64>, Error> {
        let Some(system) = token::find_system(self.connection, UNIT_SYSTEM)? else { return Ok(None) };
        Ok(token::find(self.connection, system, unit)?)
    }

    /// The parameters whose rows answer for this one.
    fn numbers(&self, parameter: &Parameter) -> Vec<u16> {
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

fn any(mut parts: Vec<Condition>) -> Condition {
    match parts.len() {
        0 => Condition::Nothing,
        1 => parts.remove(0),
        _ => Condition::Any(parts),
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
