//! One part of an event while it is written: frames → samples → the draft's clip; at the end its pictures and numbers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frame::Frame;
use motion::EventEnd;
use store::event::{Analysis, Clip, ClipCodec, Event, EventId, State};
use store::fs::FsFile;
use store::mp4::ClipWriter;
use store::{Birth, Draft, Finished, Store, Track};

use crate::Trouble;
use crate::encode::{Encode, Sample};
use crate::pictures::Darkroom;
use crate::plan::Part;
use crate::shots::{Shot, Shots};
use crate::story::Story;

/// A frame is on the disk at the latest so much later. A crash may cost two seconds: the newest frame is held back until
/// it is known how long it lasts, and on a loaded machine frames come to be written late; the rest is left for these.
const SYNC: Duration = Duration::from_millis(1400);

/// An open part.
pub(crate) struct Writing {
    draft: Draft,
    file: Option<Box<dyn FsFile>>,
    writer: Option<ClipWriter>,
    encoder: Box<dyn Encode>,
    samples: Vec<Sample>,
    first: Duration,
    /// Times of the last two frames, since the first.
    last: Duration,
    before: Duration,
    synced: Duration,
    birth: Birth,
    pub(crate) degraded: bool,
    /// The last word on what is stored, of footage.
    pub(crate) amend: Option<crate::footage::Amend>,
    pub(crate) story: Story,
    pub(crate) shots: Shots,
    /// How much the mover shows in the pictures that are there already, if any are.
    shown: Option<f32>,
}

/// How a part ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) state: State,
    pub(crate) part: Part,
    /// The detector's last word, unless the event goes on.
    pub(crate) end: Option<&'a EventEnd>,
    pub(crate) sentence: Option<&'a str>,
    pub(crate) novelty: f32,
    pub(crate) thumbnails: u32,
    /// Frames below this must not be seen.
    pub(crate) floor: u64,
    /// No picture is begun after this.
    pub(crate) until: Option<Instant>,
}

impl Writing {
    /// Begins a part in the store.
    pub(crate) fn begin(
        store: &Store,
        birth: Birth,
        first: &Frame,
        encoder: Box<dyn Encode>,
    ) -> Result<Self, Trouble> {
        let mut draft = store.begin(&birth)?;
        let file = draft.create_clip()?;
        Ok(Self {
            draft,
            file: Some(file),
            writer: None,
            encoder,
            samples: Vec::new(),
            first: first.stamp().mono,
            last: Duration::ZERO,
            before: Duration::ZERO,
            synced: Duration::ZERO,
            birth,
            degraded: false,
            amend: None,
            story: Story::default(),
            shots: Shots::default(),
            shown: None,
        })
    }

    /// Its id.
    pub(crate) fn id(&self) -> EventId {
        self.draft.id()
    }

    /// When its first frame was taken.
    pub(crate) fn first(&self) -> Duration {
        self.first
    }

    /// The next frame.
    pub(crate) fn append(&mut self, frame: &Arc<Frame>) -> Result<(), Trouble> {
        let at = frame.stamp().mono.saturating_sub(self.first);
        // Stamps of one instant still are two frames.
        let at =
            if at <= self.last && !self.last.is_zero() { self.last + Duration::from_micros(100) } else { at };
        self.encoder.push(at, frame, &mut self.samples)?;
        (self.before, self.last) = (self.last, at);
        self.write_out()?;
        self.shots.frame(frame);
        if self.is_due() {
            self.synced = at;
            if let Some(writer) = &mut self.writer {
                writer.sync()?;
            }
        }
        Ok(())
    }

    /// Whether syncing with the next frame would be too late, should it come as this one did.
    fn is_due(&self) -> bool {
        let gap = self.last.saturating_sub(self.before);
        self.last + gap > self.synced + SYNC
    }

    /// Whether it was synced with the last frame: a good moment to tell how it stands.
    pub(crate) fn is_fresh(&self) -> bool {
        self.synced == self.last
    }

    /// Keeps pictures already, so that an event which a crash cuts off has some; others once the mover is seen twice as wide,
    /// which is a few times in all. What is wrong with them is told when those of the end are made.
    pub(crate) fn show(&mut self, frame: &Frame, floor: u64, room: &mut Darkroom) {
        let best = self.shots.best(floor);
        let worth = best.map_or(0.0, Shot::worth);
        // Of what is not on the disk yet nothing is left after a crash.
        if self.synced.is_zero() || self.shown.is_some_and(|shown| worth <= 4.0 * shown) {
            return;
        }
        self.shown = Some(worth);
        for (name, jpeg) in room.early(best, frame) {
            if let Err(error) = self.draft.write(name, &jpeg) {
                tracing::debug!(%error, event = %self.id(), "failed to keep an early picture");
                return;
            }
        }
    }

    fn write_out(&mut self) -> Result<(), Trouble> {
        if self.writer.is_none()
            && let Some(track) = self.encoder.track()
            && let Some(file) = self.file.take()
        {
            self.writer = Some(ClipWriter::new(file, track)?);
        }
        if let Some(writer) = &mut self.writer {
            for sample in self.samples.drain(..) {
                writer.push(sample.at, &sample.data, sample.key)?;
            }
        }
        Ok(())
    }

    /// Tells those who listen how it stands.
    pub(crate) fn tell(&self, ending: &Ending<'_>) {
        self.draft.tell(&self.finished(ending, None));
    }

    /// Takes it back.
    pub(crate) fn discard(self) {
        drop(self.writer);
        self.draft.discard();
    }

    /// Closes the clip, makes the pictures, publishes it.
    pub(crate) fn finish(
        mut self,
        mut ending: Ending<'_>,
        room: &mut Darkroom,
    ) -> Result<Arc<Event>, Trouble> {
        let mut closed = self.encoder.finish(&mut self.samples).and_then(|()| self.write_out());
        let usual =
            self.last.saturating_sub(self.before).clamp(Duration::from_millis(1), Duration::from_secs(1));
        let facts = match (self.writer.take(), &closed) {
            (Some(writer), Ok(())) => writer.finish(usual).map_err(|error| closed = Err(error.into())).ok(),
            (writer, _) => {
                drop(writer);
                None
            }
        };
        if let Err(error) = &closed {
            tracing::warn!(%error, event = %self.id(), "failed to close a clip; what is whole of it is kept");
            ending.state = State::Partial;
        }
        if let Some(facts) = &facts {
            // An encoder in a child may have taken more than it gave.
            let lost = ending.part.frames.saturating_sub(facts.frames);
            ending.part.frames -= lost;
            ending.part.missing += lost;
        }
        let clip = Clip {
            bytes: facts.as_ref().map_or(0, |facts| facts.bytes),
            sha256: facts.as_ref().map_or([0; 32], |facts| facts.sha256),
            codec: self.encoder.codec(),
            degraded: self.degraded,
        };
        self.pictures(&ending, room);
        let track = Track {
            moments: self.story.moments(ending.part.first.mono, ending.part.last.mono),
            gates: self.story.reason().map(|reason| reason.gates.clone()).unwrap_or_default(),
        };
        if let Err(error) = self.draft.track(&track) {
            tracing::warn!(%error, event = %self.id(), "failed to keep what moved");
        }
        let mut finished = self.finished(&ending, Some(clip));
        if let Some(amend) = self.amend.take() {
            amend(&mut finished, &mut self.draft);
        }
        Ok(self.draft.commit(finished)?)
    }

    /// An event without a picture is one still, so that what fails here is only told.
    fn pictures(&mut self, ending: &Ending<'_>, room: &mut Darkroom) {
        let first = ending.part.first.seq.max(ending.floor);
        let last = ending.part.last.seq;
        let main = self.story.main_track();
        for (name, jpeg) in room.pictures(&self.shots, main, (first, last), ending.thumbnails, ending.until) {
            if let Err(error) = self.draft.write(name, &jpeg) {
                tracing::warn!(%error, event = %self.id(), picture = name.file_name(), "failed to keep a picture");
                return;
            }
        }
    }

    fn finished(&self, ending: &Ending<'_>, clip: Option<Clip>) -> Finished {
        let said = ending.sentence.or(self.story.reason().map(|reason| reason.sentence.as_str()));
        let signature = self.story.signature();
        Finished {
            state: ending.state,
            duration: ending.part.last.mono.saturating_sub(ending.part.first.mono),
            lead: ending.part.lead,
            clock_was_set: self.birth.clock_was_set,
            verdict: self.story.verdict(ending.end),
            sentence: said.map(str::to_owned),
            frames: ending.part.frames,
            missing: ending.part.missing,
            regions: self.story.regions(),
            trail: self.story.trail(),
            clip,
            analysis: clip_is_of_motion(&signature).then(|| analysis(&signature)),
            novelty: ending.novelty,
            source_sha256: None,
            source_id: None,
        }
    }

    /// What its clip is called.
    pub(crate) fn codec(&self) -> ClipCodec {
        self.encoder.codec()
    }
}

fn clip_is_of_motion(signature: &motion::Signature) -> bool {
    !signature.histogram.is_empty()
}

fn analysis(signature: &motion::Signature) -> Analysis {
    crate::novelty::analysis(signature)
}
