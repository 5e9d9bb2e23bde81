//! Who watches any camera right now: no more than are allowed, and of them no more than half from one address, so
//! that one client keeps nobody else out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// So many are allowed, and there.
    Full(usize),
    /// So many are allowed, half of them for one address, and this one has its half.
    Share(usize),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full(1) => f.write_str("1 viewer is watching, and no more are allowed."),
            Self::Full(n) => write!(f, "{n} viewers are watching, and no more are allowed."),
            Self::Share(max) => write!(
                f,
                "{} viewers are watching from this address, which is its share of the {max} that are allowed; \
                 max_clients in the section [server] of the configuration says how many.",
                share(*max)
            ),
        }
    }
}

fn share(max: usize) -> usize {
    max.div_ceil(2)
}

/// Viewers of all cameras together.
#[derive(Debug, Default)]
pub(crate) struct Crowd(Mutex<Seated>);

#[derive(Debug, Default)]
struct Seated {
    all: usize,
    /// `None`, this machine, has no share: proxies come from there.
    by_address: HashMap<Option<IpAddr>, usize>,
}

impl Crowd {
    pub(crate) fn len(&self) -> usize {
        self.seated().all
    }

    /// Takes a place among `max`.
    pub(crate) fn enter(&self, address: Option<IpAddr>, max: usize) -> Result<(), Refused> {
        let mut seated = self.seated();
        if seated.all >= max {
            return Err(Refused::Full(max));
        }
        let of_address = seated.by_address.get(&address).copied().unwrap_or(0);
        if address.is_some() && of_address >= share(max) {
            return Err(Refused::Share(max));
        }
        seated.enter(address);
        Ok(())
    }

    /// Takes a place although there may be none, for whoever is about to give one back.
    pub(crate) fn enter_again(&self, address: Option<IpAddr>) {
        self.seated().enter(address);
    }

    pub(crate) fn leave(&self, address: Option<IpAddr>) {
        let mut seated = self.seated();
        seated.all -= 1;
        let left = seated.by_address.get(&address).map_or(0, |count| count - 1);
        if left == 0 {
            seated.by_address.remove(&address);
        } else {
            seated.by_address.insert(address, left);
        }
    }

    fn seated(&self) -> MutexGuard<'_, Seated> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    fn enter(&mut self, address: Option<IpAddr>) {
        self.all += 1;
        *self.by_address.entry(address).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const OTHER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    #[test]
    fn one_address_has_half_of_the_places_and_this_machine_all() {
        let crowd = Crowd::default();
        assert_eq!((0..10).filter(|_| crowd.enter(ONE, 5).is_ok()).count(), 3);
        assert_eq!(crowd.enter(ONE, 5), Err(Refused::Share(5)));
        assert_eq!((0..10).filter(|_| crowd.enter(OTHER, 5).is_ok()).count(), 2);
        assert_eq!(crowd.enter(OTHER, 5), Err(Refused::Full(5)));
        crowd.leave(ONE);
        assert_eq!(crowd.enter(OTHER, 5), Ok(()));
        let own = Crowd::default();
        assert_eq!((0..10).filter(|_| own.enter(None, 5).is_ok()).count(), 5);
        assert_eq!(Crowd::default().enter(ONE, 1), Ok(()), "a single place is anybody's");
    }

    #[test]
    fn nothing_is_left_behind_by_those_who_left() {
        let crowd = Crowd::default();
        for address in [ONE, OTHER, None] {
            crowd.enter(address, 9).unwrap();
            crowd.enter_again(address);
        }
        assert_eq!(crowd.len(), 6);
        for address in [ONE, OTHER, None, ONE, OTHER, None] {
            crowd.leave(address);
        }
        assert!(crowd.len() == 0 && crowd.seated().by_address.is_empty());
    }
}
