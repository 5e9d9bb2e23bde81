//! How many connections there may be when that changes while it serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::files;

/// Connections that may be there beside [`crate::Limits::connections`], for those who are let in by other rules:
/// viewers. May change while it serves. Clone it freely.
#[derive(Debug, Clone, Default)]
pub struct Room(Arc<AtomicUsize>);

impl Room {
    /// From the next connection on there may be so many more; those that are there stay.
    pub fn set(&self, more: usize) {
        self.0.store(more, Ordering::Relaxed);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there may be in all, as far as the system gives files for them.
#[derive(Debug)]
pub(crate) struct Places {
    connections: usize,
    room: Room,
    /// What was wanted last, and what came of it: the system is asked only when that changes.
    had: Option<(usize, usize)>,
}

impl Places {
    pub(crate) fn new(connections: usize, room: Room) -> Self {
        Self { connections, room, had: None }
    }

    /// How many there may be now.
    pub(crate) fn now(&mut self) -> usize {
        let wanted = self.connections.saturating_add(self.room.get());
        match self.had {
            Some((before, places)) if before == wanted => places,
            _ => {
                let places = files::room_for(wanted);
                self.had = Some((wanted, places));
                places
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_viewers_are_more_places_at_once() {
        let room = Room::default();
        let mut places = Places::new(100, room.clone());
        assert_eq!(places.now(), 100);
        room.set(20);
        assert_eq!((places.now(), places.now()), (120, 120));
        room.set(5);
        assert_eq!(places.now(), 105);
    }
}
