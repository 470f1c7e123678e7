//! The order that `_sort` asks for.

use super::evaluate::Index;
use crate::error::Error;
use crate::id::StoredId;
use crate::posting::{PRESENT, Posting};
use crate::store::Shared;
use fhir::search::{SortBy, SortKey, fold};
use roaring::RoaringTreemap;
use rusqlite::params;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A value to sort by. Resources without one come last in either direction.
#[derive(Clone, Debug)]
enum Key {
    Missing,
    Whole(i64),
    Real(f64),
    Text(String),
}

impl Key {
    fn order(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Whole(a), Key::Whole(b)) => a.cmp(b),
            (Key::Real(a), Key::Real(b)) => a.total_cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self, Key::Missing)
    }
}

/// The rows of `set` in the order of `keys`; rows that tie come in row order.
pub(crate) fn order(
    index: &Index<'_>,
    shared: &Shared,
    set: &RoaringTreemap,
    keys: &[SortKey],
) -> Result<Vec<i64>, Error> {
    let mut names = HashMap::new();
    let mut rows: Vec<(i64, Vec<Key>)> = Vec::with_capacity(set.len() as usize);
    for row in set {
        let row = row as i64;
        let forward =
            if keys.iter().any(|k| matches!(k.by, SortBy::Parameter(_))) { index.forward(row)? } else { Vec::new() };
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            values.push(match key.by {
                SortBy::Id => Key::Text(id_of(index, row)?),
                SortBy::LastUpdated => Key::Whole(updated(index, row)?),
                SortBy::Parameter(parameter) => {
                    let joined = shared.extraction.rows_of(parameter.number);
                    let own = [parameter.number];
                    let params = if joined.is_empty() { &own[..] } else { joined };
                    extreme(index, &forward, params, key.descending, &mut names)?
                }
            });
        }
        rows.push((row, values));
    }
    rows.sort_by(|(row_a, a), (row_b, b)| {
        for (at, key) in keys.iter().enumerate() {
            let order = match (a[at].is_missing(), b[at].is_missing()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if key.descending => b[at].order(&a[at]),
                (false, false) => a[at].order(&b[at]),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        row_a.cmp(row_b)
    });
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}

fn id_of(index: &Index<'_>, row: i64) -> Result<String, Error> {
    let id: StoredId =
        index.connection.prepare_cached("SELECT id FROM resource WHERE row = ?1")?.query_row([row], |r| r.get(0))?;
    Ok(id.to_string())
}

fn updated(index: &Index<'_>, row: i64) -> Result<i64, Error> {
    Ok(index
        .connection
        .prepare_cached("SELECT updated_us FROM resource WHERE row = ?1")?
        .query_row([row], |r| r.get(0))?)
}

/// The least value of a parameter, or the greatest when descending.
fn extreme(
    index: &Index<'_>,
    forward: &[Posting],
    params: &[u16],
    descending: bool,
    names: &mut HashMap<i64, String>,
) -> Result<Key, Error> {
    let mut best = Key::Missing;
    for posting in forward.iter().filter(|p| params.contains(&p.param())) {
        let key = match posting {
            Posting::Date { low, high, .. } => Key::Whole(if descending { *high } else { *low }),
            Posting::Text { text, .. } => Key::Text(fold(text).into_owned()),
            Posting::Number { low, high, .. } | Posting::Quantity { low, high, unit: 0, .. } => {
                Key::Real(if descending { *high } else { *low })
            }
            Posting::Token { token, .. } if *token != PRESENT => Key::Text(code_of(index, *token, names)?),
            _ => continue,
        };
        let better = match key.order(&best) {
            Ordering::Less => !descending,
            Ordering::Greater => descending,
            Ordering::Equal => false,
        };
        if best.is_missing() || better {
            best = key;
        }
    }
    Ok(best)
}

fn code_of(index: &Index<'_>, token: i64, names: &mut HashMap<i64, String>) -> Result<String, Error> {
    if let Some(name) = names.get(&token) {
        return Ok(name.clone());
    }
    let name: String = index
        .connection
        .prepare_cached("SELECT code FROM token_value WHERE no = ?1")?
        .query_row(params![token], |r| r.get(0))?;
    names.insert(token, name.clone());
    Ok(name)
}
