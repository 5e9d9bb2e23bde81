//! The detect thread: takes the newest frame, never more often than it should, and publishes what it came to.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use codec::{Workspace, scaled_jpeg};
use frame::{Frame, ReadError, Reader};
use motion::{EventEdge, EventEnd, Settings};
use web::{Counter, Metrics};

use super::board::{Publisher, main_region};
use super::edges::Edges;
use super::vitals::Beat;
use crate::config::{Camera, Source};
use crate::detect::{Detector, Looked};

#[cfg(test)]
mod tests;

/// Width of a visit's picture, in pixels.
const POSTER_WIDTH: u32 = 640;
const POSTER_QUALITY: u8 = 80;
/// A read comes back after so long without a frame; only so that the thread is never blind to settings.
const PATIENCE: Duration = Duration::from_secs(1);

/// What may change while the thread runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    /// What counts as movement.
    pub(crate) motion: Settings,
    /// Frames a second at the most.
    pub(crate) analysis_fps: u32,
    /// Counted by the source's own clock: for files that are played faster than they were filmed.
    pub(crate) by_media: bool,
}

impl Rules {
    /// As the configuration says.
    pub(crate) fn of(camera: &Camera) -> Self {
        let by_media = matches!(camera.source, Source::File { fast: true, .. });
        Self { motion: camera.motion.clone(), analysis_fps: camera.analysis_fps, by_media }
    }
}

/// What is counted of one camera.
pub(crate) struct Tallies {
    judged: Counter,
    skipped: Counter,
    damaged: Counter,
}

impl Tallies {
    /// Counted in `metrics`.
    pub(crate) fn new(metrics: &Metrics, camera: &str) -> Self {
        let counter = |name, help| metrics.counter(name, help, &[("camera", camera)]);
        Self {
            judged: counter("nightjar_detect_frames_total", "Frames that were judged."),
            skipped: counter("nightjar_detect_skipped_total", "Frames between those that were looked at."),
            damaged: counter("nightjar_detect_failed_total", "Frames that could not be looked at."),
        }
    }
}

/// Looks at frames until the ring is closed.
pub(crate) struct Watch {
    reader: Reader,
    rules: Arc<ArcSwap<Rules>>,
    in_force: Arc<Rules>,
    detector: Detector,
    publisher: Publisher,
    edges: Option<Edges>,
    posters: Workspace,
    best: Option<(u64, Arc<Frame>)>,
    rhythm: Rhythm,
    rests: bool,
    tallies: Tallies,
    beat: Arc<Beat>,
}

impl Watch {
    /// Ready to look at what `reader` gives, and to tell a recorder, if there is one.
    ///
    /// # Errors
    /// When the JPEG library has no memory.
    pub(crate) fn new(
        reader: Reader,
        rules: Arc<ArcSwap<Rules>>,
        publisher: Publisher,
        edges: Option<Edges>,
        tallies: Tallies,
        beat: Arc<Beat>,
    ) -> anyhow::Result<Self> {
        let in_force = rules.load_full();
        Ok(Self {
            reader,
            detector: Detector::new(in_force.motion.clone())?,
            rules,
            in_force,
            publisher,
            edges,
            posters: Workspace::new()?,
            best: None,
            rhythm: Rhythm::default(),
            rests: false,
            tallies,
            beat,
        })
    }

    /// Until the ring is closed and what was in it has been judged.
    pub(crate) fn run(mut self) {
        loop {
            self.beat.strike();
            match self.reader.newest(PATIENCE) {
                Ok((frame, skipped)) => {
                    self.tallies.skipped.add(skipped);
                    self.take(&frame);
                }
                Err(ReadError::TimedOut | ReadError::Lagged(_)) => self.follow_rules(),
                Err(ReadError::Closed) => break,
            }
        }
        self.beat.over();
        if let Some(edge) = self.detector.finish() {
            self.edge(&edge, None);
        }
    }

    fn take(&mut self, frame: &Arc<Frame>) {
        self.follow_rules();
        let now = if self.in_force.by_media { frame.media_time() } else { frame.stamp().mono };
        if !self.rhythm.is_due(now, self.in_force.analysis_fps) {
            return self.tallies.skipped.inc();
        }
        let is_off = !self.in_force.motion.enabled;
        if is_off && self.rests {
            return;
        }
        self.tallies.judged.inc();
        match self.detector.look(frame.picture(), frame.media_time()) {
            Ok(looked) => {
                if let Some(cut) = &looked.cut {
                    self.edge(cut, None);
                }
                self.decided(frame, looked);
                // Switched off: that one decision has ended what was open. From here on nothing is decoded, and
                // what was learnt is forgotten, since the picture will have changed by the time it is asked again.
                self.rests = is_off;
                if is_off {
                    self.detector.forget();
                }
            }
            Err(error) => {
                // A camera with a bad cable damages every tenth picture for weeks: tell the first and every 1,000th.
                let before = self.tallies.damaged.get();
                if before.is_multiple_of(1000) {
                    tracing::warn!(%error, so_far = before + 1, "failed to look at a picture");
                }
                self.tallies.damaged.inc();
            }
        }
    }

    fn follow_rules(&mut self) {
        let rules = self.rules.load_full();
        if !Arc::ptr_eq(&rules, &self.in_force) {
            self.detector.set(rules.motion.clone());
            self.in_force = rules;
        }
    }

    fn decided(&mut self, frame: &Arc<Frame>, looked: Looked) {
        let decision = &looked.decision;
        let began = matches!(decision.edge, Some(EventEdge::Began { .. }));
        if let Some(main) = main_region(decision) {
            let area = main.rect.area();
            // A tenth larger, so that a poster is not taken anew with every frame.
            if began || self.best.as_ref().is_none_or(|(best, _)| area > best + best / 10) {
                self.best = Some((area, frame.clone()));
            }
        }
        if let Some(edge) = &decision.edge {
            self.edge(edge, Some(frame));
        }
        let why = self.publisher.decided(frame, decision);
        if let Some(edges) = &mut self.edges {
            edges.decided(frame, looked.field, looked.decision, why.as_ref());
        }
    }

    fn edge(&mut self, edge: &EventEdge, frame: Option<&Arc<Frame>>) {
        match (edge, frame) {
            (EventEdge::Began { .. }, Some(frame)) => {
                let picture = self.poster(frame);
                self.publisher.began(frame.stamp(), picture);
            }
            (EventEdge::Ended(end), frame) => self.ended(end, frame),
            _ => {}
        }
    }

    fn ended(&mut self, end: &EventEnd, frame: Option<&Arc<Frame>>) {
        let best = self.best.take().map(|(_, frame)| frame);
        let picture = best.as_ref().filter(|_| !end.brief).and_then(|frame| self.poster(frame));
        // The last motion was before this frame: as long before it as the source's own clock says.
        let near = frame.or(best.as_ref());
        let at = near.map(|near| {
            let before = near.media_time().saturating_sub(end.at);
            near.stamp().wall.checked_sub(before).unwrap_or(near.stamp().wall)
        });
        let why = self.publisher.ended(end, at.unwrap_or(std::time::SystemTime::UNIX_EPOCH), picture);
        if let Some(edges) = &mut self.edges {
            edges.ended(end, why);
        }
    }

    fn poster(&mut self, frame: &Frame) -> Option<Bytes> {
        match scaled_jpeg(frame, POSTER_WIDTH, POSTER_QUALITY, &mut self.posters) {
            // Of before a mask was set, it would show what nobody is to see.
            Ok(jpeg) => (frame.seq() >= self.reader.floor()).then_some(jpeg),
            Err(error) => {
                tracing::warn!(%error, "failed to make a visit's picture");
                None
            }
        }
    }
}

/// Which frames are looked at when there are more than need be.
#[derive(Debug, Default)]
struct Rhythm {
    /// When the last one was due.
    last: Option<Duration>,
}

impl Rhythm {
    /// A frame that comes a tenth of the interval early is taken too, since cameras jitter.
    fn is_due(&mut self, now: Duration, fps: u32) -> bool {
        let interval = Duration::from_secs(1) / fps.max(1);
        let Some(last) = self.last else {
            self.last = Some(now);
            return true;
        };
        // A file that begins again may step back.
        let is_due = now >= last + interval.mul_f32(0.9) || now + interval < last;
        if is_due {
            // Counting from when it was due and not from when it came keeps the mean rate.
            let due = last + interval;
            self.last = Some(if now > due + interval || now < last { now } else { due.min(now) });
        }
        is_due
    }
}
