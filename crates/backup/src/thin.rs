//! Which copies are kept: all of the last hour, then the last of each hour for two days, of each day for a month, of each month for two
//! years; the newest always.

use crate::error::Error;
use crate::repository::Repository;
use crate::snapshot::About;
use std::collections::BTreeSet;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// What went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Thinned {
    /// Copies.
    pub copies: u64,
    /// Packs that no other copy needs.
    pub packs: u64,
    /// Bytes of those packs.
    pub bytes: u64,
}

/// Removes the copies that are not kept, and what only they need.
///
/// # Errors
/// [`Error::Busy`], [`Error::File`].
pub fn thin(repository: &Repository, now_us: i64) -> Result<Thinned, Error> {
    let _held = repository.lock()?;
    repository.sweep()?;
    let copies = repository.copies()?;
    let kept = kept(&copies, now_us);
    let mut thinned = Thinned::default();
    for about in copies.iter().filter(|about| !kept.contains(about.name.as_str())) {
        repository.remove_copy(&about.name)?;
        thinned.copies += 1;
    }
    let needed: BTreeSet<&String> =
        copies.iter().filter(|about| kept.contains(about.name.as_str())).flat_map(|about| &about.packs).collect();
    for pack in repository.packs()?.keys().filter(|pack| !needed.contains(pack)) {
        thinned.bytes += repository.remove_pack(pack)?;
        thinned.packs += 1;
    }
    Ok(thinned)
}

/// The names of the copies that are kept, of all, oldest first.
fn kept(copies: &[About], now_us: i64) -> BTreeSet<&str> {
    let mut kept = BTreeSet::new();
    let mut slots = BTreeSet::new();
    for about in copies.iter().rev() {
        let age_us = now_us.saturating_sub(about.taken_us);
        let slot = match age_us {
            ..=HOUR_US => None,
            _ if age_us <= 2 * DAY_US => Some(("hour", about.name.get(..13))),
            _ if age_us <= 31 * DAY_US => Some(("day", about.name.get(..10))),
            _ if age_us <= 731 * DAY_US => Some(("month", about.name.get(..7))),
            _ => continue,
        };
        if slot.is_none_or(|slot| slots.insert(slot)) {
            kept.insert(about.name.as_str());
        }
    }
    kept.extend(copies.last().map(|about| about.name.as_str()));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::name_of;

    #[test]
    fn copies_grow_sparse_with_age_and_the_newest_stays() {
        let now_us = 1_767_225_600_000_000;
        let at = |taken_us: i64| About {
            no: taken_us as u64,
            name: name_of(taken_us),
            taken_us,
            files: 0,
            bytes: 0,
            added_bytes: 0,
            packs: Vec::new(),
        };
        // A copy each ten minutes for three years.
        let copies: Vec<About> = (0..3 * 365 * 144).rev().map(|no| at(now_us - no * HOUR_US / 6)).collect();
        let left = kept(&copies, now_us).len();
        // 7 of the last hour, some 47 hours, 29 or 30 days, 23 or 24 months.
        assert!((100..=112).contains(&left), "{left}");
        let old = [at(0), at(1_000_000)];
        assert_eq!(kept(&old, now_us).into_iter().collect::<Vec<_>>(), [old[1].name.as_str()]);
    }
}
