//! How fast things go, and how far each is: what the page shows and what a remote picks the size of its parts by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use store::event::EventId;
use tokio::time::Instant;

use crate::ledger::Stage;
use crate::view::UnderWay;

/// A rate is an average over about so long.
const SPAN: Duration = Duration::from_secs(10);

/// Counts bytes as they go out; the rate is an average that forgets.
#[derive(Debug)]
pub(crate) struct Meter {
    state: Mutex<State>,
    /// What goes out now; what was let go of is forgotten by the next one that begins.
    under_way: Mutex<Vec<Weak<Journey>>>,
}

#[derive(Debug)]
struct State {
    total: u64,
    /// Bytes within the span, the old ones counting less and less.
    recent: f64,
    since: Instant,
    at: Instant,
}

impl Meter {
    /// Counts from now on; must be made within a runtime, whose time it follows.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let state = State { total: 0, recent: 0.0, since: now, at: now };
        Self { state: Mutex::new(state), under_way: Mutex::default() }
    }

    /// So many bytes of an event are to go out from now on, for as long as the journey is held.
    pub(crate) fn begin(&self, event: EventId, stage: Stage, bytes: u64) -> Arc<Journey> {
        let journey = Arc::new(Journey { event, stage, bytes, place: Mutex::default() });
        let mut under_way = locked(&self.under_way);
        under_way.retain(|journey| journey.strong_count() > 0);
        under_way.push(Arc::downgrade(&journey));
        journey
    }

    /// What goes out now, and how far each is.
    pub(crate) fn under_way(&self) -> Vec<UnderWay> {
        locked(&self.under_way).iter().filter_map(Weak::upgrade).map(|journey| journey.view()).collect()
    }

    /// So many bytes went out.
    pub(crate) fn count(&self, bytes: u64) {
        let mut state = locked(&self.state);
        state.fade();
        state.total += bytes;
        #[expect(clippy::cast_precision_loss, reason = "a piece far below 2^53")]
        {
            state.recent += bytes as f64;
        }
    }

    /// Bytes a second of late.
    pub(crate) fn rate(&self) -> f64 {
        let mut state = locked(&self.state);
        state.fade();
        // A meter that is younger than the span has seen only so much of it.
        let age = state.at.saturating_duration_since(state.since).as_secs_f64();
        let seen = SPAN.as_secs_f64() * (1.0 - (-age / SPAN.as_secs_f64()).exp());
        state.recent / seen.max(1.0)
    }

    /// Bytes since the beginning.
    pub(crate) fn total(&self) -> u64 {
        locked(&self.state).total
    }
}

impl State {
    fn fade(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.recent *= (-passed / SPAN.as_secs_f64()).exp();
        self.at = now;
    }
}

/// What it guards is whole at every step.
fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far the bytes of one attempt are, in bytes of the files: what goes out may be dressed otherwise, as in base64.
#[derive(Debug)]
pub(crate) struct Journey {
    event: EventId,
    stage: Stage,
    /// Of all that is to go.
    bytes: u64,
    place: Mutex<Place>,
}

#[derive(Debug, Default)]
struct Place {
    sent: u64,
    /// What was read and not given a body yet, as where it begins and how long it is.
    in_hand: Option<(u64, u64)>,
    /// The same of what was given one last, and that body's length: a request may be made again.
    given: Option<(u64, u64, u64)>,
}

/// Bytes of files within the body of a request.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    journey: Arc<Journey>,
    from: u64,
    bytes: u64,
    /// Of the body.
    length: u64,
    out: u64,
}

impl Journey {
    /// The clip goes on from there.
    pub(crate) fn from(&self, offset: u64) {
        if self.stage == Stage::Clip {
            *locked(&self.place) = Place { sent: offset, ..Place::default() };
        }
    }

    /// A part of the clip was read, to be sent.
    pub(crate) fn took_part(&self, from: u64, bytes: u64) {
        if self.stage == Stage::Clip {
            locked(&self.place).in_hand = Some((from, bytes));
        }
    }

    /// A small file was read, to be sent. Where the clip goes, those beside it are not worth a word.
    pub(crate) fn took_file(&self, bytes: u64) {
        if self.stage == Stage::Pictures {
            let mut place = locked(&self.place);
            place.in_hand = Some((place.sent, bytes));
        }
    }

    /// What is in hand goes out as a body of that length, or what went as such a one last goes again; `None` for a body that
    /// holds nothing of the files.
    pub(crate) fn leg(self: &Arc<Self>, length: u64) -> Option<Leg> {
        let mut place = locked(&self.place);
        if let Some((from, bytes)) = place.in_hand.take() {
            place.given = Some((from, bytes, length));
        }
        let (from, bytes, _) = place.given.filter(|given| given.2 == length)?;
        Some(Leg { journey: Arc::clone(self), from, bytes, length, out: 0 })
    }

    fn view(&self) -> UnderWay {
        let sent = locked(&self.place).sent.min(self.bytes);
        UnderWay { event: self.event, stage: self.stage, sent, bytes: self.bytes }
    }
}

impl Leg {
    /// So many bytes more of the body went out.
    pub(crate) fn passed(&mut self, bytes: u64) {
        self.out = self.out.saturating_add(bytes).min(self.length);
        let share = u128::from(self.bytes) * u128::from(self.out) / u128::from(self.length.max(1));
        locked(&self.journey.place).sent =
            self.from.saturating_add(u64::try_from(share).unwrap_or(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter() -> (Meter, EventId) {
        (Meter::new(), EventId::from_parts(1, 1))
    }

    fn sent(meter: &Meter) -> Vec<(u64, u64)> {
        meter.under_way().iter().map(|it| (it.sent, it.bytes)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_clip_is_as_far_as_its_parts_are_out_whatever_they_are_dressed_in() {
        let (meter, event) = meter();
        let journey = meter.begin(event, Stage::Clip, 1000);
        journey.took_file(7);
        assert!(journey.leg(7).is_none(), "the pictures beside it are not counted");
        journey.from(400);
        assert_eq!(sent(&meter), [(400, 1000)], "the remote has so much of it");
        journey.took_part(400, 300);
        let mut leg = journey.leg(400).unwrap();
        assert!(journey.leg(50).is_none(), "a body that holds nothing of it");
        leg.passed(200);
        assert_eq!(sent(&meter), [(550, 1000)]);
        leg.passed(200);
        assert_eq!(sent(&meter), [(700, 1000)]);
        journey.from(400);
        assert_eq!(sent(&meter), [(400, 1000)], "the part was lost");
        drop((journey, leg));
        assert_eq!(sent(&meter), []);
    }

    #[tokio::test(start_paused = true)]
    async fn pictures_add_up_and_never_to_more_than_all() {
        let (meter, event) = meter();
        let journey = meter.begin(event, Stage::Pictures, 100);
        for (length, at) in [(60, 60), (30, 90), (60, 100)] {
            journey.took_file(length);
            // Its line breaks half-way, and it goes again.
            journey.leg(length).unwrap().passed(length / 2);
            journey.leg(length).unwrap().passed(length);
            assert_eq!(sent(&meter), [(at, 100)]);
        }
        let other = meter.begin(event, Stage::Pictures, 0);
        journey.from(0);
        assert_eq!(sent(&meter), [(100, 100), (0, 0)]);
        drop(other);
    }
}
