//! What the recorder is told: movement, rest, a person who starts and stops, the end of everything.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use store::event::State;

use super::{PATIENCE, Recorder};
use crate::cue::{Cue, Sight};
use crate::pace::Pace;
use crate::plan::{Heard, Told};
use crate::writing::Writing;

/// Sightings that wait for the part they are of.
const EARLY: usize = 64;
/// After the ring's end the detector may say so much later that its last event is over.
const LAST_WORDS: Duration = Duration::from_millis(700);

impl Recorder {
    pub(super) fn hear(&mut self, cue: Cue) {
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
        let was_by_hand = self.plan.is_by_hand();
        match self.plan.cue(told) {
            Heard::Later => self.keep_for_later(cue),
            Heard::Taken => self.take(cue, was_by_hand),
            Heard::Begin(begin) => {
                (self.part_of, self.rest) = (None, None);
                (self.copies, self.software) = (false, false);
                self.pace = Pace::default();
                self.begin(begin);
                self.take(cue, was_by_hand);
            }
        }
    }

    pub(super) fn keep_for_later(&mut self, cue: Cue) {
        let is_sight = matches!(cue, Cue::Moves(_));
        if self.later.len() >= EARLY && is_sight && matches!(self.later.back(), Some(Cue::Moves(_))) {
            self.later.pop_back();
        }
        self.later.push_back(cue);
    }

    /// A cue of the open event, or of none.
    pub(super) fn take(&mut self, cue: Cue, was_by_hand: bool) {
        match cue {
            Cue::Moves(sight) if self.plan.is_open() => self.sighted(*sight),
            Cue::Rests(rest) if self.plan.is_open() => self.rest = Some(rest),
            Cue::Start { answer, .. } => match &self.writing {
                Some(writing) => answer.try_send(Some(writing.id())).unwrap_or_default(),
                None if self.retry.is_some() => answer.try_send(None).unwrap_or_default(),
                None => self.waiting.push(answer),
            },
            Cue::Stop { answer, .. } => {
                // What merely moves was started by nobody, and goes on.
                let stopped = self.writing.as_ref().filter(|_| was_by_hand).map(Writing::id);
                answer.try_send(stopped).unwrap_or_default();
            }
            _ => {}
        }
    }

    pub(super) fn sighted(&mut self, sight: Sight) {
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

    pub(super) fn wait_for_cue(&mut self) {
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

    /// No frames come any more: the detector's last word, then the end of what is open.
    pub(super) fn last_words(&mut self) {
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
