//! How one remote stands, as its courier notes it and others read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::event::EventId;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::gate::{Gate, Shut};
use crate::ledger::Backlog;
use crate::rates::Meter;
use crate::view::{Counts, RemoteState, RemoteView, Waiting};

/// One remote's.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Something may be owed now.
    pub(crate) nudge: Notify,
    /// The backlog was drained.
    pub(crate) all_sent: Notify,
    pub(crate) meter: Arc<Meter>,
    note: Mutex<Note>,
}

/// What changes. Nothing is done under its lock but to read and write it.
#[derive(Debug, Default)]
struct Note {
    counts: Counts,
    sending: Vec<EventId>,
    /// The remote is left alone until then.
    held: Option<(Waiting, Instant)>,
    trouble: Option<String>,
    /// Something was sent since the backlog was last drained.
    has_sent: bool,
}

impl Desk {
    pub(crate) fn new(name: String, kind: &'static str) -> Self {
        let meter = Arc::new(Meter::new());
        Self { name, kind, nudge: Notify::new(), all_sent: Notify::new(), meter, note: Mutex::default() }
    }

    /// An attempt began.
    pub(crate) fn began(&self, event: EventId) {
        let mut note = self.note();
        note.counts.attempts += 1;
        note.sending.push(event);
    }

    /// It ended, one way or another.
    pub(crate) fn ended(&self, event: EventId) {
        let mut note = self.note();
        if let Some(place) = note.sending.iter().position(|id| *id == event) {
            note.sending.remove(place);
        }
    }

    /// It went well, and so all is well.
    pub(crate) fn sent(&self) {
        let mut note = self.note();
        note.counts.sent += 1;
        note.has_sent = true;
        (note.trouble, note.held) = (None, None);
    }

    /// It did not go well.
    pub(crate) fn failed(&self, why: String, which: impl Fn(&mut Counts) -> &mut u64) {
        let mut note = self.note();
        *which(&mut note.counts) += 1;
        note.trouble = Some(why);
    }

    pub(crate) fn count(&self, which: impl Fn(&mut Counts) -> &mut u64) {
        *which(&mut self.note().counts) += 1;
    }

    /// The remote is left alone for so long.
    pub(crate) fn hold(&self, why: Waiting, wait: Duration) {
        self.note().held = Some((why, Instant::now() + wait));
    }

    /// Until when it is left alone.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.note().held.map(|(_, until)| until).filter(|until| *until > now)
    }

    /// The remote was heard of: if it could not be reached before, it is tried again now.
    pub(crate) fn heard(&self) {
        let mut note = self.note();
        if note.held.is_some_and(|(why, _)| why == Waiting::Offline) {
            note.held = None;
            drop(note);
            self.nudge.notify_one();
        }
    }

    /// Nothing is owed any more: to be told, if anything was sent since the last time.
    pub(crate) fn drained(&self) {
        if std::mem::take(&mut self.note().has_sent) {
            self.all_sent.notify_one();
        }
    }

    fn note(&self) -> MutexGuard<'_, Note> {
        self.note.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view(&self, gate: &Gate, backlog: Backlog) -> RemoteView {
        let now = Instant::now();
        let (counts, sending, held, trouble) = {
            let note = self.note();
            (
                note.counts,
                note.sending.clone(),
                note.held.filter(|(_, until)| *until > now),
                note.trouble.clone(),
            )
        };
        let shut = gate.shut.map(|shut| match shut {
            Shut::Paused => (Waiting::Paused, None),
            Shut::Hours => (Waiting::Window, gate.opens),
            Shut::Wifi => (Waiting::Wifi, None),
        });
        let waits = shut.or(held.map(|(why, until)| (why, Some(until))));
        let is_owed = backlog.pictures + backlog.clips > 0;
        let state = match waits {
            _ if !sending.is_empty() => RemoteState::Sending,
            Some(_) if is_owed => RemoteState::Waiting,
            _ => RemoteState::Idle,
        };
        let waits = waits.filter(|_| state == RemoteState::Waiting);
        let rate = self.meter.rate();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let seconds = backlog.bytes as f64 / rate;
        let eta = (is_owed && rate >= 1.0 && seconds < 1e9).then(|| Duration::from_secs_f64(seconds));
        RemoteView {
            name: self.name.clone(),
            kind: self.kind,
            state,
            waiting: waits.map(|(why, _)| why),
            resumes_in: waits.and_then(|(_, until)| until).map(|until| until.saturating_duration_since(now)),
            rate,
            eta,
            sending,
            under_way: self.meter.under_way(),
            backlog,
            counts: Counts { bytes: self.meter.total(), ..counts },
            trouble,
        }
    }
}
