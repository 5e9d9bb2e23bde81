//! The places among the connections: so many in all, so many of one address.
//!
//! When all are taken, the oldest connection that has not yet asked for anything makes room for a new one, so that
//! heads which never end, however many and from wherever, keep nobody out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::Limits;

#[cfg(test)]
mod tests;

#[derive(Debug, Default)]
pub(crate) struct Seats {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    /// Those who have not asked for anything yet, the oldest first.
    silent: BTreeMap<u64, CancellationToken>,
    next: u64,
}

/// A place among the connections; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    seats: Arc<Seats>,
    address: IpAddr,
    number: u64,
    evicted: CancellationToken,
}

impl Seats {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    pub(crate) fn take(seats: &Arc<Seats>, peer: IpAddr, limits: &Limits) -> Option<Self> {
        let address = neighbourhood(peer);
        let mut taken = seats.taken();
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        if !address.is_loopback() && of_address >= limits.connections_per_address {
            return None;
        }
        if taken.all >= limits.connections {
            // Its place is given back a moment later; until then there is one more than the limit.
            let (_, oldest) = taken.silent.pop_first()?;
            oldest.cancel();
        }
        taken.all += 1;
        taken.by_address.insert(address, of_address + 1);
        let (number, evicted) = (taken.next, CancellationToken::new());
        taken.next += 1;
        taken.silent.insert(number, evicted.clone());
        drop(taken);
        Some(Self { seats: seats.clone(), address, number, evicted })
    }

    /// It has asked for something, and keeps its place from now on.
    pub(crate) fn settle(&self) {
        self.seats.taken().silent.remove(&self.number);
    }

    /// Comes back when the place is needed for somebody else.
    pub(crate) fn evicted(&self) -> CancellationToken {
        self.evicted.clone()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all -= 1;
        taken.silent.remove(&self.number);
        let left = taken.by_address.get(&self.address).map_or(0, |count| count - 1);
        if left == 0 {
            taken.by_address.remove(&self.address);
        } else {
            taken.by_address.insert(self.address, left);
        }
    }
}

/// Whoever has one IPv6 address has 2^64 of them, so those count as one.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))
        }
        address => address,
    }
}
