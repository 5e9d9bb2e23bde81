//! Which frame belongs to which clip: pure, without a clock, a frame's pixels or a disk.
//!
//! [`Plan`] is told what happens ([`Plan::cue`]) and is shown the camera's frames in order ([`Plan::look`]); it answers what to do
//! with each. So the rules can be walked by tests with any cues at any times:
//!
//! - a frame is in one clip at the most, and within a clip none is missing that could be had;
//! - a clip begins [`Rules::pre_roll`] before what started it, but behind the clip before it;
//! - it ends [`Rules::post_roll`] after the last movement. Since that it was the last is known only a quiet gap later, frames
//!   behind the post-roll are held back meanwhile, [`HOLD`] at the most; with longer gaps they are taken as they come;
//! - what is longer than [`Rules::max_duration`] goes on in a next part with the very next frame, and so does an event whose
//!   pictures change their size;
//! - movement and a recording by hand that overlap are one event, which goes on until both are over.
//!
//! What does not belong here: how a clip is written, and what is in its pictures.

use std::time::Duration;

use frame::{FrameSeq, Size};
use store::event::Origin;

#[cfg(test)]
mod tests;

/// Frames are held back for so long at the most; the ring has to keep them meanwhile.
pub const HOLD: Duration = Duration::from_secs(4);

/// What a plan goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// See [`crate::Settings::pre_roll`].
    pub pre_roll: Duration,
    /// See [`crate::Settings::post_roll`].
    pub post_roll: Duration,
    /// See [`crate::Settings::max_duration`].
    pub max_duration: Duration,
    /// See [`crate::Settings::event_gap`].
    pub event_gap: Duration,
}

/// Something happened. Times are monotonic, of the frames they were seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Something moves at this time: the first time or again.
    Moves(Duration),
    /// Nothing has moved since that time, and that is an end.
    Rests {
        /// When it moved last.
        last: Duration,
        /// It was too short to be an event: shorter than the detector's `min_duration`.
        brief: bool,
    },
    /// Somebody starts a recording.
    Start(Duration),
    /// Somebody stops it.
    Stop(Duration),
}

impl Told {
    fn at(self) -> Duration {
        match self {
            Self::Moves(at) | Self::Start(at) | Self::Stop(at) | Self::Rests { last: at, .. } => at,
        }
    }
}

/// A frame, as far as a plan looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub seq: FrameSeq,
    /// When it was taken.
    pub mono: Duration,
    /// Its pixels.
    pub size: Size,
}

/// An event begins: these frames are shown to the plan next, in order, and then all that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    /// Taken at this time or later.
    pub since: Duration,
    /// With a number above this.
    pub after: FrameSeq,
}

/// What became of a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An event begins with it.
    Begin(Begin),
    /// It is of the open event, or of none.
    Taken,
    /// It is of an event after the open one, whose frames have not all been shown yet: tell it again, and all that come
    /// after it, once [`Take::Finish`] was said.
    Later,
}

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It may belong to the event or not; show it again after the next cue.
    Hold,
    /// Append it to the open part; if there is none, begin one with it.
    Append,
    /// Finish the open part; show it again.
    Cut,
    /// The event ended before it: finish or discard, then say [`Plan::finished`].
    Finish(End),
}

/// What becomes of an event that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is kept.
    Keep,
    /// It was too short, or nothing of it was taken.
    Discard,
}

/// The part of the event that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// Its first frame.
    pub first: Seen,
    /// Its last frame so far.
    pub last: Seen,
    /// Frames in it.
    pub frames: u64,
    /// Frames that are not in it: between its first and its last, and between the part before it and its first.
    pub missing: u64,
    /// From its first frame to what started the event; zero in later parts.
    pub lead: Duration,
}

#[derive(Debug)]
struct Open {
    origin: Origin,
    begun: Duration,
    /// When it moved first and last, if it did.
    moved: Option<(Duration, Duration)>,
    /// It moves, as far as is known.
    moves: bool,
    brief: bool,
    by_hand: bool,
    /// It was, at some time.
    was_by_hand: bool,
    /// When a recording by hand was stopped last.
    stopped: Duration,
    /// The number of the next part.
    number: u32,
    part: Option<Part>,
    /// The last frame of the part before.
    before: Option<FrameSeq>,
    cut: bool,
}

/// Decides; see the module's documentation.
#[derive(Debug)]
pub struct Plan {
    rules: Rules,
    open: Option<Open>,
    /// The newest frame that is spoken for.
    done: Option<Seen>,
}

impl Plan {
    /// Nothing is open.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, open: None, done: None }
    }

    /// From now on other rules.
    pub fn set(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Whether an event is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether somebody records by hand.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.by_hand)
    }

    /// How the open event came to be.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.open.as_ref().map(|open| open.origin)
    }

    /// The part that is being written.
    #[must_use]
    pub fn part(&self) -> Option<&Part> {
        self.open.as_ref()?.part.as_ref()
    }

    /// Takes a cue in.
    pub fn cue(&mut self, told: Told) -> Heard {
        let Some(open) = &mut self.open else { return self.begin(told).map_or(Heard::Taken, Heard::Begin) };
        if open.end(self.rules).is_some_and(|end| told.at() > end) {
            return Heard::Later;
        }
        open.take(told);
        Heard::Taken
    }

    fn begin(&mut self, told: Told) -> Option<Begin> {
        let (origin, at) = match told {
            Told::Moves(at) => (Origin::Motion, at),
            Told::Start(at) => (Origin::Manual, at),
            Told::Rests { .. } | Told::Stop(_) => return None,
        };
        // A sighting in a frame that is spoken for is of the event before.
        if origin == Origin::Motion && self.done.is_some_and(|done| at <= done.mono) {
            return None;
        }
        let mut open = Open {
            origin,
            begun: at,
            moved: None,
            moves: false,
            brief: false,
            by_hand: false,
            was_by_hand: false,
            stopped: Duration::ZERO,
            number: 1,
            part: None,
            before: None,
            cut: false,
        };
        open.take(told);
        self.open = Some(open);
        let after = self.done.map_or(0, |done| done.seq);
        Some(Begin { since: at.saturating_sub(self.rules.pre_roll), after })
    }

    /// What to do with that frame. Nothing is noted yet: that is [`Self::appended`].
    #[must_use]
    pub fn look(&self, seen: Seen) -> Take {
        let Some(open) = &self.open else { return Take::Finish(End::Discard) };
        if let Some(end) = open.end(self.rules) {
            if seen.mono > end {
                return Take::Finish(open.fate());
            }
        } else if open.horizon(self.rules).is_some_and(|horizon| seen.mono > horizon) {
            return Take::Hold;
        }
        match &open.part {
            Some(part)
                if open.cut
                    || part.first.size != seen.size
                    || seen.mono.saturating_sub(part.first.mono) >= self.rules.max_duration =>
            {
                Take::Cut
            }
            _ => Take::Append,
        }
    }

    /// The frame is in the clip.
    pub fn appended(&mut self, seen: Seen) {
        let Some(open) = &mut self.open else { return };
        match &mut open.part {
            Some(part) => {
                part.missing += (seen.seq - part.last.seq).saturating_sub(1);
                part.frames += 1;
                part.last = seen;
            }
            None => {
                let before = open.before.map_or(0, |before| (seen.seq - before).saturating_sub(1));
                let number = open.number;
                let lead = open.lead(seen.mono);
                open.part = Some(Part { number, first: seen, last: seen, frames: 1, missing: before, lead });
            }
        }
    }

    /// Number and lead of the part that begins with a frame taken at that time.
    #[must_use]
    pub fn next_part(&self, mono: Duration) -> (u32, Duration) {
        self.open.as_ref().map_or((1, Duration::ZERO), |open| (open.number, open.lead(mono)))
    }

    /// What would become of the event if it were over now.
    #[must_use]
    pub fn fate(&self) -> End {
        self.open.as_ref().map_or(End::Discard, Open::fate)
    }

    /// The open part is finished and the event goes on in a next one.
    pub fn cut(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.cut = false;
        if let Some(part) = open.part.take() {
            open.number += 1;
            open.before = Some(part.last.seq);
            self.done = Some(part.last);
        }
    }

    /// The open part goes on in a next one with the next frame.
    pub fn ask_cut(&mut self) {
        if let Some(open) = &mut self.open {
            open.cut = open.part.is_some();
        }
    }

    /// What of the open part was taken must not be kept; the event goes on as if it began now.
    pub fn take_back(&mut self) {
        if let Some(open) = &mut self.open {
            open.cut = false;
            if let Some(part) = open.part.take() {
                open.before = None;
                self.done = Some(part.last);
            }
        }
    }

    /// The event is over, whatever is known of it: nothing more is coming.
    pub fn close(&mut self) -> End {
        let Some(open) = self.open.take() else { return End::Discard };
        // Of what was too short the frames may be the pre-roll of the next one.
        if let (Some(part), End::Keep) = (&open.part, open.fate()) {
            self.done = Some(part.last);
        }
        open.fate()
    }

    /// The open part could not be written; of it that much was `saved`. The event goes on with [`Self::retry`].
    pub fn fail(&mut self, saved: bool) {
        let Some(open) = &mut self.open else { return };
        if let Some(part) = open.part.take().filter(|_| saved) {
            self.done = Some(part.last);
        }
        (open.number, open.before, open.cut) = (1, None, false);
    }

    /// Tries the event again that failed, from what was not saved.
    #[must_use]
    pub fn retry(&self) -> Option<Begin> {
        let open = self.open.as_ref()?;
        let since = open.begun.saturating_sub(self.rules.pre_roll);
        Some(Begin { since, after: self.done.map_or(0, |done| done.seq) })
    }

    /// The event is over as [`Take::Finish`] said.
    pub fn finished(&mut self) {
        self.close();
    }
}

impl Open {
    fn take(&mut self, told: Told) {
        match told {
            Told::Moves(at) => {
                self.moved = Some(self.moved.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
                self.moves = true;
                self.brief = false;
            }
            Told::Rests { last, brief } if self.moves => {
                self.moved = self.moved.map(|(first, known)| (first, known.max(last)));
                self.moves = false;
                self.brief = brief;
            }
            Told::Rests { .. } => {}
            Told::Start(_) => (self.by_hand, self.was_by_hand) = (true, true),
            Told::Stop(at) => {
                self.stopped = if self.by_hand { at } else { self.stopped };
                self.by_hand = false;
            }
        }
    }

    /// From a part's first frame to what started the event.
    fn lead(&self, first: Duration) -> Duration {
        let began = self.moved.map_or(self.begun, |(moved, _)| moved.min(self.begun));
        if self.number == 1 { began.saturating_sub(first) } else { Duration::ZERO }
    }

    /// When its last frame is, once that is known.
    fn end(&self, rules: Rules) -> Option<Duration> {
        if self.moves || self.by_hand {
            return None;
        }
        let rolled = self.moved.map(|(_, last)| last + rules.post_roll);
        Some(rolled.unwrap_or_default().max(self.stopped))
    }

    /// Frames up to here belong to it whatever comes; `None`: any.
    fn horizon(&self, rules: Rules) -> Option<Duration> {
        if self.by_hand || rules.event_gap.saturating_sub(rules.post_roll) > HOLD {
            return None;
        }
        self.moved.map(|(_, last)| (last + rules.post_roll).max(self.stopped))
    }

    fn fate(&self) -> End {
        let is_brief = self.brief && !self.moves && !self.was_by_hand;
        // The parts before a later one are kept already.
        if self.part.is_none() || (is_brief && self.number == 1) { End::Discard } else { End::Keep }
    }
}
