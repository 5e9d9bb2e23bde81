//! Who is sending what. In memory alone: one process has the index open, and what it holds is gone with it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::event::EventId;
use crate::outbox::Errand;

/// Never given twice in this process, so that one of an index that was closed fits no other.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
struct Lease {
    number: u64,
    /// By the monotonic clock.
    until: Duration,
}

/// All leases that are held, by event and name of the remote.
#[derive(Debug, Default)]
pub(in crate::index) struct Leases(HashMap<(EventId, String), Lease>);

impl Leases {
    /// Forgets those that are over.
    pub(super) fn lapse(&mut self, now: Duration) {
        self.0.retain(|_, lease| lease.until > now);
    }

    pub(super) fn take(&mut self, event: EventId, remote: &str, until: Duration) -> u64 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.insert((event, remote.to_owned()), Lease { number, until });
        number
    }

    fn get(&mut self, errand: &Errand, now: Duration) -> Option<&mut Lease> {
        let lease = self.0.get_mut(&(errand.event, errand.remote.clone()))?;
        (lease.number == errand.lease && lease.until > now).then_some(lease)
    }

    pub(super) fn is_held(&mut self, errand: &Errand, now: Duration) -> bool {
        self.get(errand, now).is_some()
    }

    pub(super) fn renew(&mut self, errand: &Errand, now: Duration, until: Duration) -> bool {
        self.get(errand, now).map(|lease| lease.until = until).is_some()
    }

    pub(super) fn give_back(&mut self, errand: &Errand) {
        self.0.remove(&(errand.event, errand.remote.clone()));
    }

    /// Events whose errand to that remote is being sent.
    pub(super) fn events_of<'a>(&'a self, remote: &'a str) -> impl Iterator<Item = EventId> + 'a {
        self.0.keys().filter(move |(_, to)| to == remote).map(|(event, _)| *event)
    }

    /// All that is being sent.
    pub(super) fn all(&self) -> Vec<(EventId, String)> {
        self.0.keys().cloned().collect()
    }

    /// When the first lease of that remote is over.
    pub(super) fn first_lapse(&self, remote: &str) -> Option<Duration> {
        self.0.iter().filter(|((_, to), _)| to == remote).map(|(_, lease)| lease.until).min()
    }
}
