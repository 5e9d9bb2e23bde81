//! What was acknowledged, and so must be there after any power cut; and what was under way, and so may be.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, EventId, State};
use crate::query::Query;
use crate::store::Store;

/// An event that was acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) frames: u64,
    pub(super) favourite: bool,
    pub(super) note: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    pub(super) kept: BTreeMap<EventId, Kept>,
    /// Being recorded or committed; how many frames were synced.
    pub(super) begun: BTreeMap<EventId, u64>,
    /// Being deleted: all of them, or none.
    pub(super) going: BTreeSet<EventId>,
    /// Deleted.
    pub(super) gone: BTreeSet<EventId>,
    /// Retention is at work: what is no favourite may have lost its clip or be gone.
    pub(super) is_retaining: bool,
    /// Clips that are coming in: their events may have them already.
    pub(super) coming: BTreeMap<EventId, [u8; 32]>,
    /// Words that are being written.
    pub(super) said: Option<(EventId, bool, String)>,
}

impl Ledger {
    pub(super) fn keep(&mut self, event: &Event) {
        self.begun.remove(&event.id);
        let kept = Kept {
            sha256: event.clip.as_ref().map(|clip| clip.sha256),
            frames: event.frames,
            favourite: event.favourite,
            note: event.note.clone(),
        };
        self.kept.insert(event.id, kept);
    }

    /// So many frames of an event that is being recorded are on the disk.
    pub(super) fn synced(&mut self, id: EventId, frames: u64) {
        self.begun.insert(id, frames);
    }

    /// What of this does not hold.
    pub(super) fn check(&self, store: &Store) -> Vec<String> {
        let mut wrong = store.check();
        let there = match all(store) {
            Ok(there) => there,
            Err(error) => return vec![error.to_string()],
        };
        for (id, kept) in &self.kept {
            self.check_kept(*id, kept, there.get(id), &mut wrong);
        }
        let left = self.going.iter().filter(|id| there.contains_key(id)).count();
        if left != 0 && left != self.going.len() {
            wrong.push(format!(
                "{left} of {} events are left that were to be deleted together",
                self.going.len()
            ));
        }
        for (id, synced) in &self.begun {
            match there.get(id) {
                Some(event) if event.frames < *synced => {
                    wrong.push(format!("{id}: {} of {synced} synced frames are left", event.frames));
                }
                None if *synced > 0 && !self.is_retaining => {
                    wrong.push(format!("{id}: recording it is lost, {synced} synced frames"))
                }
                _ => {}
            }
        }
        for id in there.keys() {
            if self.gone.contains(id) {
                wrong.push(format!("{id}: is back though it was deleted"));
            } else if !self.kept.contains_key(id) && !self.begun.contains_key(id) {
                wrong.push(format!("{id}: nobody recorded it"));
            }
        }
        let aside = store.ids_in(&store.inner().layout.quarantine()).unwrap_or_default();
        for id in aside {
            if self.begun.get(&id).is_none_or(|synced| *synced > 0) {
                let dir = store.inner().layout.quarantine().join(id.to_string());
                let why = store.fs_of().read(&dir.join("reason.txt"), 4096).unwrap_or_default();
                wrong.push(format!("{id}: was put aside: {}", String::from_utf8_lossy(&why)));
            }
        }
        wrong
    }

    fn check_kept(&self, id: EventId, kept: &Kept, event: Option<&Event>, wrong: &mut Vec<String>) {
        let may_lose = self.is_retaining && !kept.favourite;
        let Some(event) = event else {
            if !may_lose && !self.going.contains(&id) {
                wrong.push(format!("{id}: lost though it was acknowledged"));
            }
            return;
        };
        let sha256 = event.clip.as_ref().map(|clip| clip.sha256);
        let is_coming = sha256.is_some() && sha256.as_ref() == self.coming.get(&id);
        if sha256 != kept.sha256 && !is_coming && !(may_lose && sha256.is_none()) {
            wrong.push(format!("{id}: its clip is another one"));
        }
        if event.frames != kept.frames {
            wrong.push(format!("{id}: has {} frames in place of {}", event.frames, kept.frames));
        }
        if sha256.is_some() && event.state == State::Pictures {
            wrong.push(format!("{id}: is said to have pictures alone and has a clip"));
        }
        let is_as_kept = event.favourite == kept.favourite && event.note == kept.note;
        let is_as_said = self.said.as_ref().is_some_and(|(of, favourite, note)| {
            *of == id && event.favourite == *favourite && event.note == *note
        });
        if !is_as_kept && !is_as_said {
            wrong.push(format!("{id}: a person's words are lost"));
        }
    }

    /// Somebody was deleting it, or retention was at work.
    pub(super) fn may_be_gone(&self, id: EventId) -> bool {
        self.going.contains(&id) || self.is_retaining
    }

    /// The largest id that was ever given out and acknowledged.
    pub(super) fn newest(&self) -> Option<EventId> {
        self.kept.keys().chain(&self.gone).chain(&self.going).max().copied()
    }
}

/// All events that the store finds.
pub(super) fn all(store: &Store) -> Result<BTreeMap<EventId, Event>, crate::StoreError> {
    let mut events = BTreeMap::new();
    let mut query = Query { limit: 200, ..Query::default() };
    loop {
        let page = store.list(&query)?;
        events.extend(page.events.into_iter().map(|event| (event.id, event)));
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(events);
        }
    }
}
