//! Wrong keys of one address: so many at once, then one now and then.
//!
//! A secret of 256 bits is not guessed at any rate; what this keeps small is the work and the log. A right key is
//! let through all the same, so that nobody behind a shared address or a proxy is locked out by a neighbour.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Wrong keys in a row that are answered as such.
const BURST: u32 = 10;
/// One more is allowed after so long.
const REFILL: Duration = Duration::from_secs(2);
/// Addresses that are remembered; those beyond share one bucket.
const ADDRESSES: usize = 1024;
/// Between two lines in the log about one address.
const QUIET: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Option<IpAddr>, Bucket>>);

#[derive(Debug)]
struct Bucket {
    /// When it will be full again; as far in the future as it is empty.
    full_at: Instant,
    told: Option<Instant>,
    untold: u64,
}

impl Throttle {
    /// Counts a wrong key; after too many, how long to wait.
    pub(crate) fn refuse(&self, peer: Option<IpAddr>, now: Instant) -> Option<Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES && !buckets.contains_key(&peer) {
            // Whoever has been quiet starts afresh anyway.
            buckets.retain(|_, bucket| bucket.full_at > now || !bucket.is_old(now));
        }
        let place = if buckets.len() < ADDRESSES || buckets.contains_key(&peer) { peer } else { None };
        let bucket = buckets.entry(place).or_insert(Bucket { full_at: now, told: None, untold: 0 });
        bucket.tell(place, now);
        let full_at = bucket.full_at.max(now);
        let owed = (full_at + REFILL).duration_since(now);
        if owed > REFILL * BURST {
            return Some(owed - REFILL * BURST);
        }
        bucket.full_at = full_at + REFILL;
        None
    }
}

impl Bucket {
    fn is_old(&self, now: Instant) -> bool {
        self.told.is_none_or(|told| now.duration_since(told) > QUIET)
    }

    fn tell(&mut self, peer: Option<IpAddr>, now: Instant) {
        self.untold += 1;
        if self.is_old(now) {
            let peer = peer.map_or_else(|| "many addresses".to_owned(), |peer| peer.to_string());
            tracing::warn!(peer, times = self.untold, "refused wrong keys");
            self.told = Some(now);
            self.untold = 0;
        }
    }
}
