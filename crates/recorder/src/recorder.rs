//! The thread `record:<camera>`: takes cues and frames as they come, asks the plan, and writes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use frame::{Clock, Frame, FrameSeq, ReadError, Reader, Ring};
use store::event::{EventId, Origin, State};
use store::{Birth, Store};

use crate::counts::{Counts, Fault};
use crate::cue::{Cue, Rest, Sight};
use crate::encode::{Make, make};
use crate::novelty::Memory;
use crate::pace::{Level, Pace};
use crate::pictures::Darkroom;
use crate::plan::{Begin, End, Heard, Plan, Rules, Seen, Take, Told};
use crate::writing::{Ending, Writing};
use crate::{EncoderKind, Settings, Trouble};

#[cfg(test)]
mod tests;

/// A wait for a frame or a cue comes back after so long.
const PATIENCE: Duration = Duration::from_millis(100);
/// While nothing is recorded the thread comes round so often.
const IDLE: Duration = Duration::from_secs(1);
/// What could not be written is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// Sightings that wait for the part they are of.
const EARLY: usize = 64;
/// When the process is about to end pictures may take so long.
const HASTE: Duration = Duration::from_millis(400);
/// At the end so much is spent on frames that wait; what is left of them is not in the event.
const DRAIN: Duration = Duration::from_millis(600);
/// Pictures in a row that cannot be encoded, after which they are copied.
const DAMAGED: u32 = 15;
/// After the ring's end the detector may say so much later that its last event is over.
const LAST_WORDS: Duration = Duration::from_millis(700);

/// What a recorder needs.
pub struct Setup {
    /// The camera's id.
    pub camera: String,
    /// Its frames.
    pub ring: Ring,
    /// Where events go.
    pub store: Store,
    /// How they are recorded; a change holds at once.
    pub settings: Arc<ArcSwap<Settings>>,
    /// What happens.
    pub cues: Receiver<Cue>,
    /// The clock that frames are stamped with.
    pub clock: Arc<dyn Clock>,
    /// Whether the camera delivers nothing and is not expected to at once.
    pub is_lost: Box<dyn Fn() -> bool + Send>,
    /// Whether the process is about to end, and only moments are left; a file that has been played to its end is no such
    /// haste.
    pub is_ending: Box<dyn Fn() -> bool + Send>,
    /// Called each time the thread comes round.
    pub beat: Box<dyn Fn() + Send>,
    /// What it counts.
    pub counts: Arc<Counts>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// One camera's recorder.
pub struct Recorder {
    with: Setup,
    make: Make,
    plan: Plan,
    room: Darkroom,
    memory: Memory,
    pace: Pace,
    reader: Option<Reader>,
    /// Frames of before the event, out of the ring already.
    before: VecDeque<Arc<Frame>>,
    /// Shown to the plan, and held back.
    held: Option<Arc<Frame>>,
    writing: Option<Writing>,
    /// The first part of the open event.
    part_of: Option<EventId>,
    rest: Option<Rest>,
    early: VecDeque<Sight>,
    later: VecDeque<Cue>,
    waiting: Vec<SyncSender<Option<EventId>>>,
    /// When what failed is tried again.
    retry: Option<Duration>,
    damaged: u32,
    copies: bool,
    /// The encoder in a child process failed within this event.
    software: bool,
    over: Option<Duration>,
    /// When the ring was first found closed at the end of the process.
    closed: Option<Duration>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("with", &self.with).field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Ready to run.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub fn new(with: Setup) -> Result<Self, Trouble> {
        Self::with_encoders(with, Box::new(make))
    }

    pub(crate) fn with_encoders(with: Setup, make: Make) -> Result<Self, Trouble> {
        let plan = Plan::new(rules(&with.settings.load()));
        Ok(Self {
            with,
            make,
            plan,
            room: Darkroom::new()?,
            memory: Memory::default(),
            pace: Pace::default(),
            reader: None,
            before: VecDeque::new(),
            held: None,
            writing: None,
            part_of: None,
            rest: None,
            early: VecDeque::new(),
            later: VecDeque::new(),
            waiting: Vec::new(),
            retry: None,
            damaged: 0,
            copies: false,
            software: false,
            over: None,
            closed: None,
        })
    }

    /// Records until the ring is closed and what was open is finished.
    pub fn run(mut self) {
        self.memory.recall(&self.with.store, &self.with.camera);
        loop {
            (self.with.beat)();
            self.plan.set(rules(&self.with.settings.load()));
            while let Ok(cue) = self.with.cues.try_recv() {
                self.hear(cue);
            }
            let goes_on = if self.plan.is_open() { self.step() } else { self.rest() };
            if !goes_on {
                break;
            }
        }
        self.with.counts.opened(None);
    }

    /// Nothing is open: waits for something to happen. `false` at the end.
    fn rest(&mut self) -> bool {
        let is_over = self.over.is_some() || self.with.ring.is_closed();
        match self.with.cues.recv_timeout(if is_over { PATIENCE } else { IDLE }) {
            Ok(cue) => self.hear(cue),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) if is_over => return false,
            Err(RecvTimeoutError::Timeout) => {}
        }
        // Whoever came after the end waits for nothing.
        self.over.is_none() || self.plan.is_open()
    }

    fn hear(&mut self, cue: Cue) {
        let Some(told) = told(&cue) else {
            self.over = Some(self.with.clock.monotonic());
            return;
        };
        let is_on = self.with.settings.load().enabled;
        if !is_on && matches!(told, Told::Moves(_) | Told::Start(_)) {
            if let Cue::Start { answer, .. } = cue {
                answer.try_send(None).unwrap_or_default();
            }
            return;
        }
        if !self.later.is_empty() {
            return self.keep_for_later(cue);
        }
        match self.plan.cue(told) {
            Heard::Later => self.keep_for_later(cue),
            Heard::Taken => self.take(cue),
            Heard::Begin(begin) => {
                (self.part_of, self.rest) = (None, None);
                (self.copies, self.software) = (false, false);
                self.pace = Pace::default();
                self.begin(begin);
                self.take(cue);
            }
        }
    }

    fn keep_for_later(&mut self, cue: Cue) {
        let is_sight = matches!(cue, Cue::Moves(_));
        if self.later.len() >= EARLY && is_sight && matches!(self.later.back(), Some(Cue::Moves(_))) {
            self.later.pop_back();
        }
        self.later.push_back(cue);
    }

    /// A cue of the open event, or of none.
    fn take(&mut self, cue: Cue) {
        match cue {
            Cue::Moves(sight) if self.plan.is_open() => self.sighted(*sight),
            Cue::Rests(rest) if self.plan.is_open() => self.rest = Some(rest),
            Cue::Start { answer, .. } => match &self.writing {
                Some(writing) => answer.try_send(Some(writing.id())).unwrap_or_default(),
                None if self.retry.is_some() => answer.try_send(None).unwrap_or_default(),
                None => self.waiting.push(answer),
            },
            Cue::Stop { answer, .. } => {
                answer.try_send(self.writing.as_ref().map(Writing::id)).unwrap_or_default();
            }
            _ => {}
        }
    }

    fn sighted(&mut self, sight: Sight) {
        match &mut self.writing {
            Some(writing) => {
                if sight.frame.stamp().mono >= writing.first() {
                    writing.shots.sighted(&sight);
                    writing.story.add(&sight);
                }
            }
            None => {
                if self.early.len() == EARLY {
                    self.early.pop_front();
                }
                self.early.push_back(sight);
            }
        }
    }

    /// The frames of the event come next.
    fn begin(&mut self, begin: Begin) {
        let frames = self.with.ring.since(begin.since, begin.after);
        let next = frames.last().map_or_else(|| self.with.ring.stats().newest, |last| last.seq()) + 1;
        self.before = frames.into();
        self.held = None;
        self.reader = Some(self.with.ring.reader_from(next));
    }

    /// An event is open: the next frame, or what there is to wait for. `false` at the end.
    fn step(&mut self) -> bool {
        if let Some(at) = self.retry {
            return self.wait_to_retry(at);
        }
        if !self.with.settings.load().enabled {
            self.close(State::Whole);
            return true;
        }
        let Some(frame) = self.next_frame() else { return true };
        let seen = Seen { seq: frame.seq(), mono: frame.stamp().mono, size: frame.size() };
        match self.plan.look(seen) {
            Take::Hold => {
                self.held = Some(frame);
                self.wait_for_cue();
            }
            Take::Append => self.append(&frame, seen),
            Take::Cut => {
                self.held = Some(frame);
                self.finish_part(State::Whole);
                self.plan.cut();
            }
            Take::Finish(end) => {
                self.end(end, State::Whole);
                self.plan.finished();
                self.go_on();
            }
        }
        true
    }

    /// The next frame that may be shown, or nothing just now.
    fn next_frame(&mut self) -> Option<Arc<Frame>> {
        let floor = self.with.ring.floor();
        self.take_back(floor);
        if (self.with.is_ending)() && self.with.ring.is_closed() {
            let now = self.with.clock.monotonic();
            if now.saturating_sub(*self.closed.get_or_insert(now)) > DRAIN {
                tracing::warn!("the end came before all frames of an event were written");
                self.last_words();
                return None;
            }
        }
        while let Some(frame) = self.held.take().or_else(|| self.before.pop_front()) {
            if frame.seq() >= floor {
                return Some(frame);
            }
        }
        match self.reader.as_mut()?.next(PATIENCE) {
            Ok(frame) if frame.seq() >= floor => Some(frame),
            Ok(_) => None,
            Err(ReadError::Lagged(lagged)) => {
                tracing::warn!(
                    frames = lagged.missed,
                    "frames were overwritten before they could be recorded"
                );
                None
            }
            Err(ReadError::TimedOut) => {
                if (self.with.is_lost)() {
                    tracing::info!("the camera is lost in the middle of an event");
                    self.close(State::Partial);
                }
                None
            }
            Err(ReadError::Closed) => {
                self.last_words();
                None
            }
        }
    }

    /// What nobody is to see any more is no part of an event either.
    fn take_back(&mut self, floor: FrameSeq) {
        if self.plan.part().is_some_and(|part| part.first.seq < floor)
            && let Some(writing) = self.writing.take()
        {
            tracing::info!(event = %writing.id(), "a mask was set: what was recorded before it is thrown away");
            writing.discard();
            self.plan.take_back();
            self.early.clear();
        }
    }

    /// No frames come any more: the detector's last word, then the end of what is open.
    fn last_words(&mut self) {
        let since = *self.over.get_or_insert(self.with.clock.monotonic());
        let deadline = since + LAST_WORDS;
        while self.rest.is_none() && self.with.clock.monotonic() < deadline {
            match self.with.cues.recv_timeout(PATIENCE) {
                Ok(Cue::Over) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(cue) => self.hear(cue),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.close(State::Whole);
    }

    fn wait_for_cue(&mut self) {
        match self.with.cues.recv_timeout(PATIENCE) {
            Ok(cue) => self.hear(cue),
            Err(_) => {
                // A file at its end, or a camera that is gone: nobody will say that it rests.
                let ended = self.with.ring.is_closed()
                    && self.reader.as_ref().is_none_or(|it| it.backlog().unread == 0);
                if ended {
                    self.last_words();
                } else if (self.with.is_lost)()
                    && self.reader.as_ref().is_none_or(|it| it.backlog().unread == 0)
                {
                    self.close(State::Partial);
                }
            }
        }
    }

    fn append(&mut self, frame: &Arc<Frame>, seen: Seen) {
        if self.plan.part().is_some() && self.writing.is_some() {
            let backlog = self.reader.as_ref().map(Reader::backlog);
            let before = self.pace.level();
            match self.pace.look(backlog, seen.mono) {
                Level::Half if seen.seq % 2 == 1 => return self.give_way(before),
                Level::Copy if !self.copies => {
                    self.copies = true;
                    self.give_way(before);
                    if !self.is_copied() {
                        self.plan.ask_cut();
                        self.held = Some(frame.clone());
                        return;
                    }
                }
                _ => {}
            }
        }
        if self.writing.is_none()
            && let Err(error) = self.open(frame)
        {
            return self.fail(&error);
        }
        let begun = self.with.clock.monotonic();
        let Some(writing) = &mut self.writing else { return };
        match writing.append(frame) {
            Ok(()) => {
                self.damaged = 0;
                self.plan.appended(seen);
                let took = self.with.clock.monotonic().saturating_sub(begun);
                self.pace.took(took);
                self.with.counts.encoded(took);
                if self.writing.as_ref().is_some_and(Writing::is_fresh) {
                    self.tell();
                }
            }
            Err(Trouble::Codec(error)) => self.is_damaged(&error),
            Err(Trouble::Child(error)) => self.has_no_child(&error),
            Err(error) => self.fail(&error),
        }
    }

    fn is_copied(&self) -> bool {
        self.writing.as_ref().is_some_and(|it| it.codec() == store::event::ClipCodec::Mjpeg)
    }

    /// Something is given up to keep up; told once a step.
    fn give_way(&mut self, before: Level) {
        if let Some(writing) = &mut self.writing {
            writing.degraded = true;
        }
        if before != self.pace.level() {
            let what = if self.pace.level() == Level::Half {
                "every second frame is left out"
            } else {
                "pictures are copied"
            };
            tracing::warn!(what, "the encoder cannot keep up with the camera");
        }
    }

    /// The encoder in a child process failed in mid-clip: what it was given and did not give back is missing, and the event
    /// goes on in a next part, encoded here.
    fn has_no_child(&mut self, error: &str) {
        tracing::warn!(
            error,
            "the encoder in a child process failed; this process encodes the rest of the event"
        );
        self.software = true;
        if let Some(writing) = &mut self.writing {
            writing.degraded = true;
        }
        self.finish_part(State::Whole);
        self.plan.cut();
    }

    /// One picture that does not decode is left out; many in a row are copied as they are.
    fn is_damaged(&mut self, error: &codec::CodecError) {
        self.damaged += 1;
        if self.damaged == 1 {
            tracing::warn!(%error, "failed to encode a picture; it is left out");
        }
        if self.damaged >= DAMAGED && !self.copies {
            self.copies = true;
            self.plan.ask_cut();
        }
        // Nothing was written yet: the part has no first frame, and begins anew with the next one.
        if self.plan.part().is_none()
            && let Some(writing) = self.writing.take()
        {
            writing.discard();
            self.with.counts.opened(None);
        }
    }

    /// Begins a part with that frame.
    fn open(&mut self, frame: &Arc<Frame>) -> Result<(), Trouble> {
        let mut settings = Settings::clone(&self.with.settings.load());
        if self.copies {
            settings.encoder = EncoderKind::Mjpeg;
        }
        // No process is started because of anything that came over HTTP.
        let by_hand = self.plan.origin() == Some(Origin::Manual);
        if (self.software || by_hand) && matches!(settings.encoder, EncoderKind::Ffmpeg { .. }) {
            settings.encoder = EncoderKind::H264;
        }
        let (number, lead) = self.plan.next_part(frame.stamp().mono);
        let wall = frame.stamp().wall;
        let birth = Birth {
            camera: self.with.camera.clone(),
            origin: self.plan.origin().unwrap_or(Origin::Motion),
            started: frame.stamp(),
            utc_offset: utc_offset(wall),
            lead,
            clock_was_set: store::clock_is_set(&*self.with.clock),
            size: frame.size(),
            part: number,
            part_of: self.part_of.filter(|_| number > 1),
        };
        let rate = self.rate();
        let encoder = (self.make)(&settings, frame.size(), rate)?;
        let mut writing = Writing::begin(&self.with.store, birth, frame, encoder)?;
        writing.degraded = self.copies;
        let id = writing.id();
        if number == 1 {
            self.part_of = Some(id);
        }
        tracing::info!(event = %id, part = number, "recording");
        self.with.counts.opened(Some(id));
        self.with.counts.faulty(None);
        for waiting in self.waiting.drain(..) {
            waiting.try_send(Some(id)).unwrap_or_default();
        }
        self.writing = Some(writing);
        for sight in std::mem::take(&mut self.early) {
            self.sighted(sight);
        }
        Ok(())
    }

    /// Frames a second, as the ring has them.
    fn rate(&self) -> f32 {
        let frames = self.with.ring.last(Duration::from_secs(3));
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return 15.0 };
        let span = last.stamp().mono.saturating_sub(first.stamp().mono).as_secs_f32();
        #[expect(clippy::cast_precision_loss, reason = "some hundred frames")]
        let gaps = (frames.len() - 1) as f32;
        if span > 0.0 && gaps > 0.0 { (gaps / span).clamp(1.0, 60.0) } else { 15.0 }
    }

    fn tell(&mut self) {
        let (Some(part), Some(writing)) = (self.plan.part().copied(), &self.writing) else { return };
        writing.tell(&Ending {
            state: State::Partial,
            part,
            end: None,
            sentence: None,
            novelty: 0.0,
            thumbnails: 0,
            floor: 0,
            until: None,
        });
    }

    /// The event ends as the plan says.
    fn end(&mut self, end: End, state: State) {
        match end {
            End::Keep => self.finish_part(state),
            End::Discard => {
                if let Some(writing) = self.writing.take() {
                    tracing::info!(event = %writing.id(), "it was too short to be kept");
                    writing.discard();
                    self.with.counts.discarded();
                }
                self.with.counts.opened(None);
            }
        }
    }

    /// Whatever is known of it, the event is over.
    fn close(&mut self, state: State) {
        self.end(self.plan.fate(), state);
        self.plan.close();
        self.go_on();
    }

    /// After an event: the cues that waited for its end.
    fn go_on(&mut self) {
        (self.reader, self.held, self.rest) = (None, None, None);
        self.before.clear();
        self.early.clear();
        for answer in self.waiting.drain(..) {
            answer.try_send(None).unwrap_or_default();
        }
        for cue in std::mem::take(&mut self.later) {
            self.hear(cue);
        }
    }

    fn finish_part(&mut self, state: State) {
        let (Some(writing), Some(part)) = (self.writing.take(), self.plan.part().copied()) else { return };
        let id = writing.id();
        let signature = writing.story.signature();
        // A cut part is not the end of the event: its label is as far as it is known.
        let rest = self.rest.as_ref();
        let ending = Ending {
            state,
            part,
            end: rest.map(|rest| &rest.end),
            sentence: rest.and_then(|rest| rest.sentence.as_deref()),
            novelty: self.memory.novelty(&signature),
            thumbnails: self.with.settings.load().thumbnails,
            floor: self.with.ring.floor(),
            until: (self.with.is_ending)().then(|| Instant::now() + HASTE),
        };
        let degraded = writing.degraded;
        let finished = writing.finish(ending, &mut self.room);
        self.with.counts.opened(None);
        self.with.counts.missed(part.missing);
        match finished {
            Ok(event) => {
                let bytes = event.clip.as_ref().map_or(0, |clip| clip.bytes);
                self.memory.remember(signature);
                self.with.counts.kept(event.state == State::Whole, bytes, degraded);
                let seconds = event.duration.as_secs_f32();
                let (frames, missing) = (event.frames, event.missing);
                tracing::info!(event = %id, seconds, frames, missing, bytes, degraded, "recorded");
            }
            Err(error) => {
                tracing::error!(%error, event = %id, "failed to finish an event; the store tries again");
                self.with.counts.failed();
                self.with.counts.faulty(Some(fault(&error)));
            }
        }
    }

    /// The open part cannot be written: what is there of it is kept, and the event is tried again soon.
    fn fail(&mut self, error: &Trouble) {
        let now = self.with.clock.monotonic();
        self.retry = Some(now + AGAIN);
        if self.with.counts.fault().is_none() {
            tracing::error!(%error, "nothing can be recorded just now; it is tried again each second");
        }
        self.with.counts.faulty(Some(fault(error)));
        let part = self.plan.part().copied();
        let saved = part.is_some() && self.writing.is_some();
        if saved {
            self.finish_part(State::Partial);
            self.with.counts.faulty(Some(fault(error)));
        } else if let Some(writing) = self.writing.take() {
            writing.discard();
        }
        self.plan.fail(saved);
        self.with.counts.opened(None);
        for waiting in self.waiting.drain(..) {
            waiting.try_send(None).unwrap_or_default();
        }
    }

    /// Between two tries of what could not be written. `false` at the end.
    fn wait_to_retry(&mut self, at: Duration) -> bool {
        let now = self.with.clock.monotonic();
        if now < at {
            if let Ok(cue) = self.with.cues.recv_timeout((at - now).min(PATIENCE)) {
                self.hear(cue);
            }
            if self.over.is_some() || self.with.ring.is_closed() {
                self.with.counts.failed();
                self.retry = None;
                self.close(State::Partial);
            }
            return true;
        }
        self.retry = None;
        if let Some(begin) = self.plan.retry() {
            self.begin(begin);
        }
        true
    }
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        pre_roll: settings.pre_roll,
        post_roll: settings.post_roll,
        max_duration: settings.max_duration,
        event_gap: settings.event_gap,
    }
}

/// As the plan is told; nothing for the end of everything.
fn told(cue: &Cue) -> Option<Told> {
    Some(match cue {
        Cue::Moves(sight) => Told::Moves(sight.frame.stamp().mono),
        Cue::Rests(rest) => Told::Rests { last: rest.last, brief: rest.end.brief },
        Cue::Start { at, .. } => Told::Start(*at),
        Cue::Stop { at, .. } => Told::Stop(*at),
        Cue::Over => return None,
    })
}

/// Seconds that local time is ahead of UTC at that time.
fn utc_offset(wall: std::time::SystemTime) -> i32 {
    let Ok(at) = jiff::Timestamp::try_from(wall) else { return 0 };
    jiff::tz::TimeZone::system().to_offset(at).seconds()
}

fn fault(error: &Trouble) -> Fault {
    use store::StoreError;
    let (what, mend) = match error {
        Trouble::Store(StoreError::Full) => {
            ("The disk is full.", "Make room, or lower [retention] max_size or raise min_free.")
        }
        Trouble::Store(StoreError::ReadOnly) => {
            ("The disk lets nothing be written.", "Look at it with dmesg; a worn out card becomes read-only.")
        }
        Trouble::Store(StoreError::Missing(_)) => {
            ("The disk that holds the events is not there.", "Mount it; recording goes on by itself.")
        }
        _ => ("An event could not be written.", "The log says why; it is tried again each second."),
    };
    Fault { what: what.to_owned(), mend: mend.to_owned() }
}
