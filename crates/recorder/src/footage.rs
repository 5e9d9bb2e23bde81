//! Events of recorded footage: the same plan, clips, pictures and numbers as of a camera, but nobody is waited for and
//! nothing is overwritten.
//!
//! [`Footage`] is shown every frame with what was decided about it, and keeps the events in it. [`Series`] makes one event of
//! all pictures that it is given, for stills and for clips that somebody has cut already.
//!
//! What does not belong here: where footage comes from, and how it is judged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use codec::{CodecError, Encoder};
use frame::{Frame, I420, NewFrame, Picture, Ring, RingLimits, RingWriter, Stamp};
use motion::EventEnd;
use store::event::{Event, EventId, Origin, State};
use store::{Birth, Draft, Finished, Store};

use crate::cue::{Rest, Sight};
use crate::encode::{Copied, Encode, make};
use crate::novelty::Memory;
use crate::pictures::Darkroom;
use crate::plan::{End, Heard, Part, Plan, Rules, Seen, Take, Told};
use crate::writing::{Ending, Writing};
use crate::{EncoderKind, Settings, Trouble};

mod series;
#[cfg(test)]
mod tests;

pub use series::Series;

/// Raw frames of the seconds before an event may take so much; of larger ones JPEGs are kept.
const RAW: usize = 64 << 20;
/// Quality of these.
const QUALITY: u8 = 92;

/// Changes what is stored of an event, and adds to it, just before it is published.
pub type Amend = Arc<dyn Fn(&mut Finished, &mut Draft) + Send + Sync>;

/// What is known of footage before its first frame.
pub struct Source {
    /// The camera that its events belong to.
    pub camera: String,
    /// Where they go.
    pub store: Store,
    /// How they are recorded.
    pub settings: Settings,
    /// When the first frame was taken.
    pub began: SystemTime,
    /// Seconds that local time was ahead of UTC then.
    pub utc_offset: i32,
    /// Whether that is to be believed.
    pub clock_was_set: bool,
    /// Frames a second, about.
    pub frame_rate: f32,
    /// The last word on each event.
    pub amend: Amend,
    /// Told of each event that is begun: until its footage is through it may be only a part of what there is.
    pub begun: Box<dyn FnMut(EventId) + Send>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("camera", &self.camera).finish_non_exhaustive()
    }
}

/// Numbers frames and stamps them.
struct Counter {
    writer: RingWriter,
    ring: Ring,
    began: SystemTime,
}

impl Counter {
    fn new(began: SystemTime) -> Self {
        // Only the newest is ever asked for.
        let (writer, ring) = Ring::new(RingLimits { bytes: 0, span: Duration::ZERO });
        Self { writer, ring, began }
    }

    fn frame(&mut self, at: Duration, picture: Picture) -> Option<Arc<Frame>> {
        let stamp = Stamp { mono: at, wall: self.began.checked_add(at).unwrap_or(self.began) };
        self.writer.push(NewFrame { stamp, media_time: at, picture });
        self.ring.latest()
    }
}

/// Keeps the events of footage.
pub struct Footage {
    source: Source,
    plan: Plan,
    counter: Counter,
    jpegs: Encoder,
    room: Darkroom,
    memory: Memory,
    /// Frames of late, those that may still be a pre-roll.
    recent: VecDeque<Arc<Frame>>,
    /// The first of them that the plan was not shown yet, while an event is open.
    next: usize,
    writing: Option<Writing>,
    part_of: Option<EventId>,
    rest: Option<Rest>,
    events: Vec<Arc<Event>>,
}

impl std::fmt::Debug for Footage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Footage")
            .field("source", &self.source)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Footage {
    /// Before the first frame.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub fn new(source: Source) -> Result<Self, Trouble> {
        let settings = &source.settings;
        let plan = Plan::new(Rules {
            pre_roll: settings.pre_roll,
            post_roll: settings.post_roll,
            max_duration: settings.max_duration,
            event_gap: settings.event_gap,
        });
        let mut memory = Memory::default();
        memory.recall(&source.store, &source.camera);
        Ok(Self {
            counter: Counter::new(source.began),
            plan,
            jpegs: Encoder::new(QUALITY)?,
            room: Darkroom::new()?,
            memory,
            recent: VecDeque::new(),
            next: 0,
            writing: None,
            part_of: None,
            rest: None,
            events: Vec::new(),
            source,
        })
    }

    /// The next picture, taken so long after the first one. What is decided about it is told next.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn frame(&mut self, at: Duration, picture: Picture) -> Result<Arc<Frame>, Trouble> {
        let picture = match picture {
            Picture::Raw(raw) if self.is_too_much(&raw) => self.compact(&raw)?,
            other => other,
        };
        let frame = self.counter.frame(at, picture).ok_or_else(no_frame)?;
        self.recent.push_back(frame.clone());
        Ok(frame)
    }

    fn is_too_much(&self, raw: &I420) -> bool {
        let seconds = (self.source.settings.pre_roll + crate::plan::HOLD).as_secs_f32();
        #[expect(clippy::cast_precision_loss, reason = "some hundred megabytes")]
        let bytes = raw.bytes().len() as f32 * seconds * self.source.frame_rate.clamp(1.0, 240.0);
        #[expect(clippy::cast_precision_loss, reason = "a round number")]
        let most = RAW as f32;
        bytes > most
    }

    fn compact(&mut self, raw: &I420) -> Result<Picture, Trouble> {
        let jpeg = self.jpegs.i420(raw)?;
        let scanned = codec::scan(jpeg).map_err(|error| CodecError::Damaged(error.to_string()))?;
        Ok(Picture::Jpeg(scanned))
    }

    /// Something moves in the newest frame.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub fn moves(&mut self, sight: Sight) -> Result<(), Trouble> {
        self.hear(Told::Moves(sight.frame.stamp().mono))?;
        self.write_out(Some(&sight))
    }

    /// It is over.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub fn rests(&mut self, rest: Rest) -> Result<(), Trouble> {
        let told = Told::Rests { last: rest.last, brief: rest.end.brief };
        self.hear(told)?;
        self.rest = Some(rest);
        self.write_out(None)
    }

    /// Nothing moves in the newest frame.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub fn still(&mut self) -> Result<(), Trouble> {
        self.write_out(None)
    }

    /// Nothing more comes; → all events, in order.
    ///
    /// # Errors
    /// When what belongs to an event cannot be written.
    pub fn finish(mut self) -> Result<Vec<Arc<Event>>, Trouble> {
        self.write_out(None)?;
        if self.plan.is_open() {
            self.end(self.plan.fate())?;
            self.plan.close();
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// What was kept so far.
    #[must_use]
    pub fn events(&self) -> &[Arc<Event>] {
        &self.events
    }

    fn hear(&mut self, told: Told) -> Result<(), Trouble> {
        loop {
            match self.plan.cue(told) {
                Heard::Taken => return Ok(()),
                Heard::Begin(begin) => {
                    let of_it =
                        |frame: &Arc<Frame>| frame.stamp().mono >= begin.since && frame.seq() > begin.after;
                    self.next = self.recent.iter().position(of_it).unwrap_or(self.recent.len());
                    (self.part_of, self.rest) = (None, None);
                    return Ok(());
                }
                // All frames are here: showing them finishes the event before.
                Heard::Later => {
                    self.write_out(None)?;
                    if self.plan.is_open() {
                        self.end(self.plan.fate())?;
                        self.plan.close();
                    }
                }
            }
        }
    }

    /// Writes what is known to belong to an event, and lets go of what is too old.
    fn write_out(&mut self, mut sight: Option<&Sight>) -> Result<(), Trouble> {
        while self.plan.is_open() {
            let Some(frame) = self.recent.get(self.next).cloned() else { break };
            let seen = Seen { seq: frame.seq(), mono: frame.stamp().mono, size: frame.size() };
            match self.plan.look(seen) {
                Take::Hold => break,
                Take::Append => {
                    self.append(&frame, seen)?;
                    self.next += 1;
                }
                Take::Cut => {
                    self.finish_part()?;
                    self.plan.cut();
                    self.rest = None;
                }
                Take::Finish(end) => {
                    self.end(end)?;
                    self.plan.finished();
                }
            }
        }
        if let (Some(sight), Some(writing)) = (sight.take(), &mut self.writing) {
            writing.shots.sighted(sight);
            writing.story.add(sight);
        }
        self.forget();
        Ok(())
    }

    fn forget(&mut self) {
        let Some(newest) = self.recent.back().map(|frame| frame.stamp().mono) else { return };
        while let Some(oldest) = self.recent.front() {
            let is_needed = self.plan.is_open() && self.next == 0;
            if is_needed || oldest.stamp().mono + self.source.settings.pre_roll >= newest {
                break;
            }
            self.recent.pop_front();
            self.next = self.next.saturating_sub(1);
        }
    }

    fn append(&mut self, frame: &Arc<Frame>, seen: Seen) -> Result<(), Trouble> {
        if self.writing.is_none() {
            let (part, lead) = self.plan.next_part(frame.stamp().mono);
            let writing = begin(&mut self.source, frame, (part, lead), self.part_of, None)?;
            self.part_of = self.part_of.or(Some(writing.id()));
            self.writing = Some(writing);
        }
        if let Some(writing) = &mut self.writing {
            writing.append(frame)?;
            self.plan.appended(seen);
        }
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), Trouble> {
        match (end, self.writing.is_some()) {
            (End::Keep, true) => self.finish_part()?,
            _ => {
                if let Some(writing) = self.writing.take() {
                    writing.discard();
                }
            }
        }
        self.rest = None;
        Ok(())
    }

    fn finish_part(&mut self) -> Result<(), Trouble> {
        let (Some(writing), Some(part)) = (self.writing.take(), self.plan.part().copied()) else {
            return Ok(());
        };
        let end = self.rest.as_ref().map(|rest| &rest.end);
        let sentence = self.rest.as_ref().and_then(|rest| rest.sentence.as_deref());
        let event = close(
            writing,
            part,
            end,
            sentence,
            &mut self.memory,
            &mut self.room,
            self.source.settings.thumbnails,
        )?;
        self.events.push(event);
        Ok(())
    }
}

impl Drop for Footage {
    /// What was not finished is thrown away: a file that could not be read to its end is tried again as a whole.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            writing.discard();
        }
    }
}

/// Begins a part with that frame.
fn begin(
    source: &mut Source,
    frame: &Arc<Frame>,
    (part, lead): (u32, Duration),
    part_of: Option<EventId>,
    encoder: Option<EncoderKind>,
) -> Result<Writing, Trouble> {
    let birth = Birth {
        camera: source.camera.clone(),
        origin: Origin::Import,
        started: frame.stamp(),
        utc_offset: source.utc_offset,
        lead,
        clock_was_set: source.clock_was_set,
        size: frame.size(),
        part,
        part_of: part_of.filter(|_| part > 1),
    };
    let settings =
        Settings { encoder: encoder.unwrap_or(source.settings.encoder.clone()), ..source.settings.clone() };
    let encoder: Box<dyn Encode> = match make(&settings, frame.size(), source.frame_rate) {
        // Larger than any H.264 of ours: each picture for itself.
        Err(Trouble::Codec(CodecError::VideoSize(_))) => Box::new(Copied::new(&settings, frame.size())?),
        other => other?,
    };
    let mut writing = Writing::begin(&source.store, birth, frame, encoder)?;
    writing.amend = Some(source.amend.clone());
    (source.begun)(writing.id());
    Ok(writing)
}

fn close(
    writing: Writing,
    part: Part,
    end: Option<&EventEnd>,
    sentence: Option<&str>,
    memory: &mut Memory,
    room: &mut Darkroom,
    thumbnails: u32,
) -> Result<Arc<Event>, Trouble> {
    let signature = writing.story.signature();
    let novelty = memory.novelty(&signature);
    let ending =
        Ending { state: State::Whole, part, end, sentence, novelty, thumbnails, floor: 0, until: None };
    let event = writing.finish(ending, room)?;
    memory.remember(signature);
    Ok(event)
}

fn no_frame() -> Trouble {
    Trouble::Clip(std::io::Error::other("a frame was lost"))
}
