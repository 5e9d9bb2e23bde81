//! Requests of one address: so many at once, then so many a second.
//!
//! What it keeps small is what one client can take from the others; the bounds are far above what a page or a script
//! asks for. The table is bounded: addresses beyond it share one bucket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Addresses that are remembered, each about 64 bytes.
const ADDRESSES: usize = 4096;
/// Between two looks for those that may be forgotten.
const SWEEP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Rate {
    burst: Duration,
    each: Duration,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    /// When each will be full again; `None` is the bucket of those who found no place of their own.
    full_at: HashMap<Option<IpAddr>, Instant>,
    swept: Option<Instant>,
}

impl Rate {
    /// `burst` at once and `per_second` from then on; 0 a second is taken for 1.
    pub(crate) fn new(burst: u32, per_second: u32) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { burst: each * burst.max(1), each, buckets: Mutex::default() }
    }

    /// Takes one; if there is none, how long until there is.
    pub(crate) fn take(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.make_room(peer, now);
        let is_known = buckets.full_at.contains_key(&Some(peer));
        let place = (is_known || buckets.full_at.len() < ADDRESSES).then_some(peer);
        let full_at = buckets.full_at.entry(place).or_insert(now);
        let owed = (*full_at).max(now) + self.each - now;
        if owed > self.burst {
            return Some(owed - self.burst);
        }
        *full_at = now + owed;
        None
    }
}

impl Buckets {
    /// Whose bucket is full is as good as never seen.
    fn make_room(&mut self, peer: IpAddr, now: Instant) {
        let is_due = self.swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP);
        if self.full_at.len() >= ADDRESSES && is_due && !self.full_at.contains_key(&Some(peer)) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.swept = Some(now);
        }
    }
}
