//! A refusal is believed once it came three times in a row: on a bad line it may be an answer to something that we never
//! said, and an errand that has failed waits for a person.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::event::EventId;

use super::Failure;

/// In a row, of the same event.
const BELIEVED: u32 = 3;
/// Events that are remembered; more than are ever under way.
const MOST: usize = 256;

/// How often each event was refused of late. Forgotten with the process, which costs two attempts more.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<HashMap<EventId, u32>>);

impl Doubts {
    /// What is to be made of how an attempt ended.
    pub(super) fn weigh<T>(&self, event: EventId, ended: Result<T, Failure>) -> Result<T, Failure> {
        // What it guards is whole at every step.
        let mut doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Err(Failure::Refused { why }) | Err(Failure::Denied { why })) = &ended else {
            doubts.remove(&event);
            return ended;
        };
        let times = doubts.get(&event).copied().unwrap_or(0) + 1;
        if times >= BELIEVED {
            doubts.remove(&event);
            return ended;
        }
        if doubts.len() >= MOST {
            doubts.clear();
        }
        let why = why.clone();
        doubts.insert(event, times);
        Err(Failure::again(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_three_times_in_a_row_is_believed() {
        let (doubts, event) = (Doubts::default(), EventId::from_parts(1, 1));
        let refused = || Err::<(), _>(Failure::refused("no"));
        let is_believed =
            |ended: Result<(), Failure>| matches!(doubts.weigh(event, ended), Err(Failure::Refused { .. }));
        assert!(!is_believed(refused()) && !is_believed(refused()));
        assert!(!is_believed(Err(Failure::again("the line broke"))));
        assert!(!is_believed(refused()) && !is_believed(refused()) && is_believed(refused()));
        assert!(!is_believed(refused()));
    }
}
