//! One event of all pictures that are given, whatever moves in them.

use std::sync::Arc;
use std::time::Duration;

use frame::{Frame, Picture};
use motion::EventEnd;
use store::event::Event;

use super::{Counter, Source, begin, close, no_frame};
use crate::cue::Sight;
use crate::novelty::Memory;
use crate::pictures::Darkroom;
use crate::plan::{Part, Seen};
use crate::writing::Writing;
use crate::{EncoderKind, Trouble};

/// Makes one event of all pictures that it is given.
pub struct Series {
    source: Source,
    counter: Counter,
    room: Darkroom,
    memory: Memory,
    /// H.264 or the JPEGs as they are.
    encoder: EncoderKind,
    writing: Option<Writing>,
    part: Option<Part>,
    lead: Option<Duration>,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series")
            .field("source", &self.source)
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

impl Series {
    /// Before the first picture; all are of one size.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub fn new(source: Source) -> Result<Self, Trouble> {
        let mut memory = Memory::default();
        memory.recall(&source.store, &source.camera);
        Ok(Self {
            counter: Counter::new(source.began),
            room: Darkroom::new()?,
            memory,
            encoder: source.settings.encoder.clone(),
            writing: None,
            part: None,
            lead: None,
            source,
        })
    }

    /// The next picture, taken so long after the first one.
    ///
    /// # Errors
    /// When it cannot be encoded or written.
    pub fn push(&mut self, at: Duration, picture: Picture) -> Result<Arc<Frame>, Trouble> {
        let frame = self.counter.frame(at, picture).ok_or_else(no_frame)?;
        if self.writing.is_none() {
            let encoder = Some(self.encoder.clone());
            self.writing = Some(begin(&mut self.source, &frame, (1, Duration::ZERO), None, encoder)?);
        }
        let seen = Seen { seq: frame.seq(), mono: frame.stamp().mono, size: frame.size() };
        if let Some(writing) = &mut self.writing {
            writing.append(&frame)?;
            let part = self.part.get_or_insert(Part {
                number: 1,
                first: seen,
                last: seen,
                frames: 0,
                missing: 0,
                lead: Duration::ZERO,
            });
            part.last = seen;
            part.frames += 1;
        }
        Ok(frame)
    }

    /// Something moves in the newest frame.
    pub fn moves(&mut self, sight: &Sight) {
        if let Some(writing) = &mut self.writing {
            self.lead.get_or_insert(sight.frame.stamp().mono);
            writing.shots.sighted(sight);
            writing.story.add(sight);
        }
    }

    /// Nothing more comes; → the event, if there was a picture.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(
        mut self,
        end: Option<&EventEnd>,
        sentence: Option<&str>,
    ) -> Result<Option<Arc<Event>>, Trouble> {
        let (Some(writing), Some(mut part)) = (self.writing.take(), self.part) else { return Ok(None) };
        part.lead = self.lead.unwrap_or_default();
        let thumbnails = self.source.settings.thumbnails;
        close(writing, part, end, sentence, &mut self.memory, &mut self.room, thumbnails).map(Some)
    }
}

impl Drop for Series {
    /// As of [`Footage`].
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            writing.discard();
        }
    }
}
