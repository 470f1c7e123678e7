//! How much memory connections may hold together, and what one of them may take of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What every connection may hold without asking: most messages, so that small ones never wait for large ones.
pub(super) const FREE_BYTES: usize = 128 << 10;
/// What all connections may hold together beyond that.
const SHARED_BYTES: usize = 64 << 20;
/// What one address may take of it: whoever sends large messages and does not end them leaves room for others.
const SHARED_BYTES_OF_ONE: usize = 24 << 20;

/// The common budget.
#[derive(Default)]
pub(super) struct Budget {
    taken: Mutex<Taken>,
    freed: Condvar,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Budget {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of a connection from `address`, empty at first.
    pub(super) fn share(&self, address: IpAddr) -> Share<'_> {
        Share { budget: self, address, held: 0 }
    }
}

/// What one connection holds. Given back when dropped.
pub(super) struct Share<'b> {
    budget: &'b Budget,
    address: IpAddr,
    held: usize,
}

impl Share<'_> {
    /// Makes it at least `bytes`, waiting at most so long for others to give back. False: there was no room.
    pub(super) fn grow(&mut self, bytes: usize, patience: Duration) -> bool {
        let wanted = bytes.saturating_sub(FREE_BYTES);
        if wanted <= self.held {
            return true;
        }
        let more = wanted - self.held;
        let address = self.address;
        let has_no_room = |taken: &mut Taken| {
            let own = taken.by_address.get(&address).copied().unwrap_or(0);
            taken.all + more > SHARED_BYTES || own + more > SHARED_BYTES_OF_ONE
        };
        let taken = self.budget.taken();
        let (mut taken, waited) =
            self.budget.freed.wait_timeout_while(taken, patience, has_no_room).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() && has_no_room(&mut taken) {
            return false;
        }
        taken.all += more;
        *taken.by_address.entry(address).or_default() += more;
        self.held = wanted;
        true
    }

    /// Gives back what is more than `bytes`.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let wanted = bytes.saturating_sub(FREE_BYTES);
        if wanted >= self.held {
            return;
        }
        let less = self.held - wanted;
        let mut taken = self.budget.taken();
        taken.all -= less;
        if let Some(own) = taken.by_address.get_mut(&self.address) {
            *own -= less;
            if *own == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        self.held = wanted;
        drop(taken);
        self.budget.freed.notify_all();
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NOW: Duration = Duration::ZERO;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn small_messages_never_wait_and_large_ones_share_what_there_is() {
        let budget = Budget::default();
        let mut large: Vec<Share<'_>> = (0..4).map(|no| budget.share(address(no))).collect();
        let got = large.iter_mut().filter_map(|share| share.grow(16 << 20, NOW).then_some(())).count();
        assert_eq!(got, 4, "64 MiB are four messages of the longest kind");
        assert!(!budget.share(address(9)).grow(1 << 20, NOW));
        assert!(budget.share(address(9)).grow(FREE_BYTES, NOW));
        large.pop();
        assert!(budget.share(address(9)).grow(1 << 20, NOW));
    }

    #[test]
    fn one_address_cannot_take_all() {
        let budget = Budget::default();
        let mut own: Vec<Share<'_>> = (0..8).map(|_| budget.share(address(1))).collect();
        let got = own.iter_mut().filter_map(|share| share.grow(8 << 20, NOW).then_some(())).count();
        assert_eq!(got, 3);
        assert!(budget.share(address(2)).grow(16 << 20, NOW));
    }

    #[test]
    fn whoever_waits_goes_on_when_room_is_given_back() {
        let budget = Budget::default();
        let mut first = budget.share(address(1));
        assert!(first.grow(16 << 20, NOW));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| budget.share(address(1)).grow(16 << 20, Duration::from_mins(1)));
            first.shrink(0);
            assert!(waiting.join().unwrap());
        });
        assert_eq!(budget.taken().all, 0);
        assert!(budget.taken().by_address.is_empty());
    }
}
