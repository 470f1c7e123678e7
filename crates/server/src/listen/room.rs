//! Who holds a connection, and who must make room: when all places are taken, the connection that has been idle for longest is
//! closed for a new one. So holding connections open keeps nobody out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The places of one listener.
#[derive(Clone)]
pub(super) struct Room {
    most: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: u64,
    places: HashMap<u64, Arc<Place>>,
}

/// What is known of a connection.
#[derive(Default)]
struct Place {
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// When something last began or ended on it, by a count of such moments over all connections.
    moved: AtomicU64,
    leave: Notify,
}

/// A connection's place; given back when it is dropped.
pub(super) struct Held {
    room: Room,
    id: u64,
    place: Arc<Place>,
}

/// A request that is being answered.
pub(super) struct Busy {
    held: Arc<Held>,
}

impl Room {
    pub(super) fn new(most: usize) -> Room {
        Room { most, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place. Where all are taken, the one that has been idle for longest is told to leave; `None` if none is idle.
    pub(super) fn take(&self) -> Option<Arc<Held>> {
        let mut state = self.state();
        if state.places.len() >= self.most {
            let idle = state.places.iter().filter(|(_, place)| place.busy.load(Ordering::Acquire) == 0);
            let oldest = idle.min_by_key(|(_, place)| place.moved.load(Ordering::Relaxed)).map(|(&id, _)| id)?;
            if let Some(place) = state.places.remove(&oldest) {
                place.leave.notify_one();
            }
        }
        state.next += 1;
        let (id, place) = (state.next, Arc::new(Place::default()));
        place.moved.store(id, Ordering::Relaxed);
        state.places.insert(id, Arc::clone(&place));
        Some(Arc::new(Held { room: self.clone(), id, place }))
    }
}

impl Held {
    /// Is over when the connection must make room.
    pub(super) async fn told_to_leave(&self) {
        self.place.leave.notified().await;
    }

    /// Marks that a request is being answered, until what is given is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.place.busy.fetch_add(1, Ordering::AcqRel);
        Busy { held: Arc::clone(self) }
    }

    fn moved(&self) {
        let mut state = self.room.state();
        state.next += 1;
        self.place.moved.store(state.next, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.state().places.remove(&self.id);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.held.moved();
        self.held.place.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn must_leave(held: &Held) -> bool {
        tokio::select! {
            biased;
            () = held.told_to_leave() => true,
            () = tokio::task::yield_now() => false,
        }
    }

    #[tokio::test]
    async fn the_longest_idle_makes_room_and_the_busy_stay() {
        let room = Room::new(3);
        let [first, second, third] = [(); 3].map(|()| room.take().unwrap());
        let busy = first.busy();
        drop(second.busy());
        let fourth = room.take().unwrap();
        assert!(must_leave(&third).await, "the second was used after the third came");
        assert!(!must_leave(&first).await && !must_leave(&second).await);
        let working = [second.busy(), fourth.busy()];
        assert!(room.take().is_none(), "all are busy");
        drop(busy);
        let fifth = room.take().unwrap();
        assert!(must_leave(&first).await);
        drop((fifth, working, third));
        assert!(room.take().is_some());
    }
}
