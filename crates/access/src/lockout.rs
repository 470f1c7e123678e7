//! The lock after failed sign-ins. It counts by the name that was typed, whether or not there is such an account, so that
//! neither the lock nor its absence tells which accounts exist.

use crate::error::Error;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::net::IpAddr;

/// Failed tries within [`WINDOW_US`] that lock a name.
pub const MAX_TRIES: usize = 5;

/// Failed tries within [`WINDOW_US`] after which an address must wait, whatever names it tried; more than [`MAX_TRIES`],
/// because a whole hospital may come from one.
pub const MAX_TRIES_PER_ADDRESS: usize = 100;

/// How close together tries must be to count together.
pub const WINDOW_US: i64 = 15 * 60 * 1_000_000;

/// How long a lock lasts after the try that caused it.
pub const LOCK_US: i64 = 15 * 60 * 1_000_000;

/// How often tries on a locked name make an audit row; those between are counted in the next one.
const LOCKED_ROW_US: i64 = 60 * 1_000_000;

/// The most names or addresses remembered at a time.
const MAX_REMEMBERED: usize = 10_000;

/// A typed name as audit rows show it: it is no principal, and may hold anything.
pub(crate) fn quoted(name: &str) -> String {
    format!("'{}'", name.escape_debug())
}

/// Until when `name` is locked, if it is. Failures of the future, left by a clock that was set back, do not count.
pub(crate) fn locked_until(connection: &Connection, name: &str, now_us: i64) -> Result<Option<i64>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT at_us FROM failed_sign_in WHERE name = ? AND at_us <= ? ORDER BY at_us DESC LIMIT ?")?;
    let tries: Vec<i64> =
        statement.query_map(params![name, now_us, MAX_TRIES as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let locked = match (tries.first(), tries.get(MAX_TRIES - 1)) {
        (Some(&last), Some(&first)) if last - first < WINDOW_US => Some(last + LOCK_US),
        _ => None,
    };
    Ok(locked.filter(|&until_us| now_us < until_us))
}

/// Failures of `name` that count towards a lock at `now_us`.
pub(crate) fn recent_failures(connection: &Connection, name: &str, now_us: i64) -> Result<usize, Error> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM failed_sign_in WHERE name = ? AND at_us > ? AND at_us <= ?")?;
    let count: i64 = statement.query_row(params![name, now_us - WINDOW_US, now_us], |row| row.get(0))?;
    Ok(count as usize)
}

pub(crate) fn note_failure(connection: &Connection, name: &str, now_us: i64) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT INTO failed_sign_in(name, at_us) VALUES (?,?)")?
        .execute(params![name, now_us])?;
    Ok(())
}

pub(crate) fn forget(connection: &Connection, name: &str) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM failed_sign_in WHERE name = ?")?.execute([name])?;
    Ok(())
}

/// Drops failures that can no longer matter.
pub(crate) fn sweep(connection: &Connection, now_us: i64) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM failed_sign_in WHERE at_us < ?")?.execute([now_us - WINDOW_US - LOCK_US])?;
    Ok(())
}

/// The address that tries are counted for: of IPv6 the first 64 bits, since whoever has one address has all that begin alike.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// What of sign-ins is remembered in memory only.
#[derive(Default)]
pub(crate) struct Tries {
    /// Tries whose password is being hashed right now, by name: without them, many at once would all come before the lock.
    under_way: HashMap<String, usize>,
    /// Failures by address since the start of its window; see [`counted`].
    by_address: HashMap<IpAddr, (i64, usize)>,
    /// Tries on locked names since their last audit row.
    on_locked: HashMap<String, (i64, u64)>,
}

impl Tries {
    /// Begins a try unless so many are under way that they could pass the lock together.
    pub(crate) fn begin(&mut self, name: &str, failures: usize) -> bool {
        let under_way = self.under_way.get(name).copied().unwrap_or(0);
        if failures + under_way >= MAX_TRIES {
            return false;
        }
        self.under_way.insert(name.to_owned(), under_way + 1);
        true
    }

    pub(crate) fn end(&mut self, name: &str) {
        if let Some(count) = self.under_way.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(name);
            }
        }
    }

    /// Until when `address` must wait, if it must.
    pub(crate) fn address_waits_until(&self, address: IpAddr, now_us: i64) -> Option<i64> {
        let &(since_us, count) = self.by_address.get(&counted(address))?;
        let until_us = since_us + WINDOW_US;
        (count >= MAX_TRIES_PER_ADDRESS && (since_us..until_us).contains(&now_us)).then_some(until_us)
    }

    pub(crate) fn note_address(&mut self, address: IpAddr, now_us: i64) {
        let address = counted(address);
        if self.by_address.len() >= MAX_REMEMBERED && !self.by_address.contains_key(&address) {
            self.by_address.retain(|_, (since_us, _)| (*since_us..*since_us + WINDOW_US).contains(&now_us));
            if self.by_address.len() >= MAX_REMEMBERED {
                return;
            }
        }
        let (since_us, count) = self.by_address.entry(address).or_insert((now_us, 0));
        if !(*since_us..*since_us + WINDOW_US).contains(&now_us) {
            (*since_us, *count) = (now_us, 0);
        }
        *count += 1;
    }

    /// Notes a try on a locked name; how many tries the audit row due now stands for, if one is due.
    pub(crate) fn note_locked(&mut self, name: &str, now_us: i64) -> Option<u64> {
        if self.on_locked.len() >= MAX_REMEMBERED && !self.on_locked.contains_key(name) {
            return Some(1);
        }
        match self.on_locked.get_mut(name) {
            Some((since_us, count)) if (*since_us..*since_us + LOCKED_ROW_US).contains(&now_us) => {
                *count += 1;
                None
            }
            Some((since_us, count)) => {
                let tries = *count + 1;
                (*since_us, *count) = (now_us, 0);
                Some(tries)
            }
            None => {
                self.on_locked.insert(name.to_owned(), (now_us, 0));
                Some(1)
            }
        }
    }

    /// Names with tries that no row tells of yet, and their number; forgets names whose last row is old.
    pub(crate) fn take_locked(&mut self, now_us: i64) -> Vec<(String, u64)> {
        let mut due = Vec::new();
        self.on_locked.retain(|name, (since_us, count)| {
            let keep = (*since_us..*since_us + LOCKED_ROW_US).contains(&now_us);
            if !keep && *count > 0 {
                due.push((name.clone(), *count));
            }
            keep
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_of_ipv6_wait_together_and_others_do_not() {
        let mut tries = Tries::default();
        for host in 0..MAX_TRIES_PER_ADDRESS {
            tries.note_address(format!("2001:db8:1:2::{host:x}").parse().unwrap(), 1);
        }
        let waits = |address: &str| tries.address_waits_until(address.parse().unwrap(), 1).is_some();
        assert!(waits("2001:db8:1:2:ffff::1"));
        assert!(!waits("2001:db8:1:3::1") && !waits("192.0.2.1"));
    }
}
