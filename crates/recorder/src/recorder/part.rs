//! A part of an event from its first frame to its last: begun, appended to, kept or thrown away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::{Frame, Reader};
use store::Birth;
use store::event::{ClipCodec, Origin, State};

use super::Recorder;
use super::trouble::fault;
use crate::pace::Level;
use crate::plan::{End, Seen};
use crate::writing::{Ending, Writing};
use crate::{EncoderKind, Settings, Trouble};

/// When the process is about to end pictures may take so long.
const HASTE: Duration = Duration::from_millis(400);

impl Recorder {
    pub(super) fn append(&mut self, frame: &Arc<Frame>, seen: Seen) {
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
                if let Some(writing) = self.writing.as_mut().filter(|writing| writing.is_fresh()) {
                    writing.show(frame, self.with.ring.floor(), &mut self.room);
                    self.tell();
                }
            }
            Err(Trouble::Codec(error)) => self.is_damaged(&error),
            Err(Trouble::Child(error)) => self.has_no_child(&error),
            Err(error) => self.fail(&error),
        }
    }

    /// Begins a part with that frame.
    pub(super) fn open(&mut self, frame: &Arc<Frame>) -> Result<(), Trouble> {
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

    pub(super) fn tell(&mut self) {
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

    pub(super) fn finish_part(&mut self, state: State) {
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
                let seconds = (event.duration.as_secs_f64() * 10.0).round() / 10.0;
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

    pub(super) fn is_copied(&self) -> bool {
        self.writing.as_ref().is_some_and(|it| it.codec() == ClipCodec::Mjpeg)
    }

    /// The event ends as the plan says.
    pub(super) fn end(&mut self, end: End, state: State) {
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
    pub(super) fn close(&mut self, state: State) {
        self.end(self.plan.fate(), state);
        self.plan.close();
        self.go_on();
    }

    /// After an event: the cues that waited for its end.
    pub(super) fn go_on(&mut self) {
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
}

/// Seconds that local time is ahead of UTC at that time.
fn utc_offset(wall: std::time::SystemTime) -> i32 {
    let Ok(at) = jiff::Timestamp::try_from(wall) else { return 0 };
    jiff::tz::TimeZone::system().to_offset(at).seconds()
}
