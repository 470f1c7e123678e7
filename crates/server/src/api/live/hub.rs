//! The one follower of the feed behind all live streams: it reads each change once, however many pages are open.

use crate::refusal::Refusal;
use access::Grant;
use axum::http::StatusCode;
use fhir::schema::TypeId;
use records::{Records, Row, Seq};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

/// Streams at a time, of all who are signed in.
const STREAMS: usize = 1_000;
/// Streams of one principal.
const STREAMS_EACH: usize = 30;
/// Changes that are told one by one; when more come at a time, pages are told to ask again for everything.
const CHANGES: usize = 1_000;
/// Pause between two looks, so that a busy feed makes few events of many commits.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a quiet feed is waited for before the follower looks whether it is still needed.
const QUIET: Duration = Duration::from_secs(1);
/// Events that a stream may be behind before it has missed some.
const BEHIND: usize = 64;

/// What happened since the last event.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// These changes, up to a position.
    Changed(Seq, Arc<[Changed]>),
    /// So many changes, up to a position, that they are not told one by one.
    Many(Seq),
    /// The feed is no longer followed for this stream.
    Broken,
    /// The program stops.
    Stopping,
}

/// A change, as far as streams need it.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) resource_type: TypeId,
    /// Whose record changed: those it belongs to now, and those it belonged to before.
    pub(super) patients: Vec<Row>,
}

/// Streams and the follower that feeds them.
pub(crate) struct Hub {
    records: Arc<Records>,
    grant: Grant,
    events: broadcast::Sender<Event>,
    state: Mutex<State>,
    stopping: AtomicBool,
}

#[derive(Default)]
struct State {
    is_followed: bool,
    streams: usize,
    by_principal: HashMap<String, usize>,
}

impl Hub {
    pub(crate) fn new(records: Arc<Records>, grant: Grant) -> Hub {
        let (events, _) = broadcast::channel(BEHIND);
        Hub { records, grant, events, state: Mutex::default(), stopping: AtomicBool::new(false) }
    }

    /// Ends all streams, and lets none begin.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // Without streams nobody hears it, and nobody needs to.
        let _ = self.events.send(Event::Stopping);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream for whom `key` names; from now on it gets every event. Starts the follower if there is none.
    pub(super) fn subscribe(self: &Arc<Self>, key: String) -> Result<Subscription, Refusal> {
        let mut state = self.state();
        if self.stopping.load(Ordering::Acquire) {
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "transient", "the program is stopping"));
        }
        let own = state.by_principal.get(&key).copied().unwrap_or(0);
        if state.streams >= STREAMS || own >= STREAMS_EACH {
            let text = format!("too many live streams are open ({own} of {STREAMS_EACH} your own): close some pages");
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", text).with_header("retry-after", "15"));
        }
        let events = self.events.subscribe();
        if !state.is_followed {
            let (hub, seen) = (Arc::clone(self), self.records.head());
            std::thread::Builder::new()
                .name("live".into())
                .spawn(move || hub.follow(seen))
                .map_err(|error| Refusal::internal(format!("live streams cannot be begun: {error}")))?;
            state.is_followed = true;
        }
        state.streams += 1;
        *state.by_principal.entry(key.clone()).or_default() += 1;
        Ok(Subscription { events, _held: Held { hub: Arc::clone(self), key } })
    }

    /// Reads the feed as long as somebody listens.
    fn follow(&self, mut seen: Seq) {
        let _restarted = OnPanic(self);
        loop {
            let head = self.records.wait_for(seen, QUIET);
            {
                let mut state = self.state();
                if state.streams == 0 || self.stopping.load(Ordering::Acquire) {
                    state.is_followed = false;
                    return;
                }
            }
            if head <= seen {
                continue;
            }
            let event = match self.since(seen, head) {
                Ok(event) => event,
                Err(error) => {
                    records::tell_operator!("medweave: live streams cannot read the feed: {error}");
                    Event::Many(head)
                }
            };
            seen = head;
            // That the last stream ended meanwhile is seen in the next round.
            let _ = self.events.send(event);
            std::thread::sleep(PAUSE);
        }
    }

    fn since(&self, seen: Seq, head: Seq) -> Result<Event, records::Error> {
        if head.0 - seen.0 > CHANGES as i64 {
            return Ok(Event::Many(head));
        }
        let entries = self.records.feed(&self.grant, seen, (head.0 - seen.0) as usize)?;
        // A resource that is given to another patient, or is deleted, is gone from the chart of whose it was.
        let before = entries.iter().filter(|entry| entry.version > 1).map(|entry| (entry.row, entry.version - 1));
        let versions: Vec<(Row, i64)> = entries.iter().map(|entry| (entry.row, entry.version)).chain(before).collect();
        let mut patients: HashMap<Row, Vec<Row>> = HashMap::new();
        for (row, patient) in self.records.patients_of(&self.grant, &versions)? {
            patients.entry(row).or_default().push(patient);
        }
        let changed = entries.iter().map(|entry| Changed {
            resource_type: entry.resource_type,
            patients: patients.get(&entry.row).cloned().unwrap_or_default(),
        });
        Ok(Event::Changed(head, changed.collect()))
    }
}

/// A follower that panics leaves its place to another, which the next stream begins; streams that are open end, and come again.
struct OnPanic<'h>(&'h Hub);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().is_followed = false;
            let _ = self.0.events.send(Event::Broken);
        }
    }
}

/// A stream's place; given back when it is dropped.
pub(super) struct Subscription {
    pub(super) events: broadcast::Receiver<Event>,
    _held: Held,
}

struct Held {
    hub: Arc<Hub>,
    key: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.streams -= 1;
        if let Some(count) = state.by_principal.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                state.by_principal.remove(&self.key);
            }
        }
    }
}
