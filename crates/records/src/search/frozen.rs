//! Frozen orders: the row numbers of a sorted result, kept while somebody pages through it.

use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Rows of one order, at most.
const ORDER_ROWS: u64 = 4_000_000;
/// Bytes of all orders together, at most; the longest unused go first.
const ALL_BYTES: usize = 256 << 20;
/// An order that nobody asked for this long is gone.
const IDLE_US: i64 = 15 * 60 * 1_000_000;

struct Order {
    /// Little-endian 32-bit deltas would save little over this: rows of a sorted order jump about.
    rows: Vec<u32>,
    used_us: i64,
}

/// All frozen orders of a store.
#[derive(Default)]
pub(crate) struct Frozen {
    orders: Mutex<(u64, HashMap<u64, Order>)>,
}

impl Frozen {
    /// Refuses what is too long to be put into an order, before it takes time and memory.
    pub(crate) fn check(matches: u64) -> Result<(), Error> {
        if matches > ORDER_ROWS {
            return Err(Error::Search(format!(
                "{matches} matches cannot be sorted at once (at most {ORDER_ROWS}): narrow the search, or leave _sort out"
            )));
        }
        Ok(())
    }

    /// Keeps an order and gives its number.
    pub(crate) fn keep(&self, rows: Vec<i64>, now_us: i64) -> Result<u64, Error> {
        Frozen::check(rows.len() as u64)?;
        let rows = rows
            .into_iter()
            .map(|row| u32::try_from(row).map_err(|_| Error::Damaged(format!("row {row} is beyond 32 bits"))))
            .collect::<Result<Vec<_>, _>>()?;
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, all) = &mut *orders;
        all.retain(|_, order| now_us - order.used_us < IDLE_US);
        let mut bytes = rows.len() * 4 + all.values().map(|o| o.rows.len() * 4).sum::<usize>();
        while bytes > ALL_BYTES {
            let Some(oldest) = all.iter().min_by_key(|(_, o)| o.used_us).map(|(number, _)| *number) else { break };
            bytes -= all.remove(&oldest).map_or(0, |o| o.rows.len() * 4);
        }
        *next += 1;
        // Numbers of an earlier run of the program must not meet these.
        let number = (now_us as u64) << 12 | (*next & 0xfff);
        all.insert(number, Order { rows, used_us: now_us });
        Ok(number)
    }

    /// Rows from position `at`, and the length of the whole.
    pub(crate) fn slice(&self, number: u64, at: usize, limit: usize, now_us: i64) -> Result<(Vec<i64>, usize), Error> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = orders.1.get_mut(&number).filter(|o| now_us - o.used_us < IDLE_US).ok_or_else(|| {
            Error::PageGone(
                "the pages of this sorted search are no longer kept (15 minutes unused): start from the first page"
                    .into(),
            )
        })?;
        order.used_us = now_us;
        let rows = order.rows.iter().skip(at).take(limit).map(|&row| i64::from(row)).collect();
        Ok((rows, order.rows.len()))
    }
}
