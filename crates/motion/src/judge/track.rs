//! One thing, followed from picture to picture.

use std::collections::VecDeque;

use super::Gate;
use super::classify::Traits;
use crate::{Candidate, Extent, Match};

/// Seconds of sightings that are kept, and how many at most.
const MEMORY: f64 = 3.0;
const SIGHTINGS: usize = 96;
/// Votes of the flow that are kept.
const VOTES: usize = 12;
/// A displacement this long (pixels) is measured well.
const WELL_MEASURED: f32 = 3.0;
/// Shorter ones are not told from noise.
const MEASURED: f32 = 1.2;
/// The pixels must fit where they came from this much better than where they are.
const FITS: f32 = 0.75;
/// And better than this share of how badly they fit the ground that they cover, in levels of the matched pictures.
const UNLIKE_GROUND: f32 = 0.5;
const LEVELS: f32 = 75.0;
/// Seconds over which standing shows, and the pixels that are none.
const STANDS_FOR: f32 = 0.3;
const STANDS_WITHIN: f32 = 0.5;
/// A box this close to the picture's edge (pixels) may go on beyond it.
const NEAR_EDGE: f32 = 2.0;
/// Steps of the path are this far apart (seconds), so that jitter does not add to it.
const STEP: f64 = 0.19;
/// A path this straight is one.
const STRAIGHT: f32 = 0.6;

/// Where it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sighting {
    pub(super) at: f64,
    pub(super) x: f32,
    pub(super) y: f32,
    extent: Extent,
}

/// A side of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

/// Whether its pixels came along, and how fast (pixels a second).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vote {
    pub(super) came_along: bool,
    pub(super) velocity: (f32, f32),
    /// How badly they fit where they came from, as a share of how badly they fit where they are.
    pub(super) misfit: f32,
}

/// Something that is followed.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) velocity: (f32, f32),
    pub(super) extent: Extent,
    pub(super) area: f32,
    pub(super) born: f64,
    pub(super) seen: f64,
    pub(super) sightings: u32,
    pub(super) pictures: u32,
    pub(super) missed: u32,
    pub(super) past: VecDeque<Sighting>,
    pub(super) votes: VecDeque<Vote>,
    pub(super) busy_at_birth: f32,
    pub(super) counts: bool,
    pub(super) closest: Option<(usize, Gate)>,
    pub(super) traits: Traits,
    pub(super) sensitivity: f32,
    pub(super) latest: Candidate,
}

impl Track {
    pub(super) fn new(
        id: u32,
        candidate: &Candidate,
        at: f64,
        busy: f32,
        sensitivity: f32,
        picture: (f32, f32),
    ) -> Self {
        let (x, y) = candidate.centre;
        let mut traits = Traits::default();
        traits.take(candidate, at, side_touched(candidate.extent, picture).is_none());
        Self {
            id,
            x,
            y,
            velocity: first_guess(candidate),
            extent: candidate.extent,
            area: candidate.area,
            born: at,
            seen: at,
            sightings: 1,
            pictures: 1,
            missed: 0,
            past: VecDeque::from([Sighting { at, x, y, extent: candidate.extent }]),
            votes: VecDeque::new(),
            busy_at_birth: busy,
            counts: false,
            closest: None,
            traits,
            sensitivity,
            latest: candidate.clone(),
        }
    }

    /// Longer side of its box.
    pub(super) fn length(&self) -> f32 {
        self.extent.w.max(self.extent.h)
    }

    /// Where it should be `at` that time.
    pub(super) fn expected(&self, at: f64) -> (f32, f32) {
        let ahead = seconds(at - self.seen).min(1.0);
        (self.x + self.velocity.0 * ahead, self.y + self.velocity.1 * ahead)
    }

    /// It was seen again.
    pub(super) fn see(&mut self, candidate: &Candidate, at: f64, picture: (f32, f32)) {
        let (x, y) = candidate.centre;
        let passed = seconds(at - self.seen);
        if passed > 1e-3 {
            let now = ((x - self.x) / passed, (y - self.y) / passed);
            let gain = if self.sightings < 4 { 0.5 } else { 0.3 };
            self.velocity.0 += gain * (now.0 - self.velocity.0);
            self.velocity.1 += gain * (now.1 - self.velocity.1);
        }
        self.area += 0.4 * (candidate.area - self.area);
        self.extent = self.blended(candidate);
        (self.x, self.y, self.seen) = (x, y, at);
        self.sightings += 1;
        self.missed = 0;
        self.past.push_back(Sighting { at, x, y, extent: candidate.extent });
        while self.past.len() > SIGHTINGS || self.past.front().is_some_and(|first| at - first.at > MEMORY) {
            self.past.pop_front();
        }
        // What comes in over an edge has pixels that were nowhere before: they would be found somewhere wrong.
        let asked = self.sightings >= 3 && side_touched(candidate.extent, picture).is_none();
        if let Some(vote) = asked.then(|| self.vote(candidate)).flatten() {
            self.votes.push_back(vote);
            if self.votes.len() > VOTES {
                self.votes.pop_front();
            }
        }
        self.traits.take(candidate, at, side_touched(candidate.extent, picture).is_none());
        self.latest = candidate.clone();
    }

    /// The box of a thing that hardly moves is steadied, that of a quick one must keep up.
    fn blended(&self, candidate: &Candidate) -> Extent {
        let new = candidate.extent;
        let slow = self.velocity.0.hypot(self.velocity.1) < 30.0;
        let alike = (candidate.area - self.area).abs() < 0.6 * self.area;
        if self.sightings <= 2 || !slow || !alike || self.missed > 0 {
            return new;
        }
        let mid = |a: f32, b: f32| 0.5 * a + 0.5 * b;
        let old = self.extent;
        Extent { x: mid(old.x, new.x), y: mid(old.y, new.y), w: mid(old.w, new.w), h: mid(old.h, new.h) }
    }

    /// Velocity by the straight line through the sightings of the last `span` seconds.
    pub(super) fn fitted_velocity(&self, span: f64) -> (f32, f32) {
        let recent = || self.past.iter().filter(|s| self.seen - s.at <= span);
        let (mut n, mut t, mut x, mut y) = (0.0f32, 0.0, 0.0, 0.0);
        for s in recent() {
            n += 1.0;
            t += seconds(s.at - self.seen);
            x += s.x;
            y += s.y;
        }
        let (t, x, y) = (t / n.max(1.0), x / n.max(1.0), y / n.max(1.0));
        let (mut tt, mut tx, mut ty) = (1e-4f32, 0.0, 0.0);
        for s in recent() {
            let dt = seconds(s.at - self.seen) - t;
            tt += dt * dt;
            tx += dt * (s.x - x);
            ty += dt * (s.y - y);
        }
        (tx / tt, ty / tt)
    }

    /// Velocity by its pixels if they say something, else by its places.
    pub(super) fn pace(&self) -> (f32, f32) {
        match self.votes.back() {
            Some(vote) if vote.came_along => vote.velocity,
            _ if self.sightings < 4 => first_guess(&self.latest),
            _ => self.fitted_velocity(0.5),
        }
    }

    /// Did these pixels travel as the track did? `None` when it is too slow to say.
    fn vote(&self, candidate: &Candidate) -> Option<Vote> {
        let (vx, vy) = self.fitted_velocity(0.95);
        let mut speed = vx.hypot(vy);
        let flows = self.votes.iter().rev().take(4).filter(|vote| vote.came_along);
        let (mut n, mut sum) = (0.0f32, (0.0f32, 0.0f32));
        for vote in flows {
            n += 1.0;
            sum = (sum.0 + vote.velocity.0, sum.1 + vote.velocity.1);
        }
        if n > 0.0 {
            let flow = (sum.0 / n).hypot(sum.1 / n);
            speed = if flow < 3.0 * speed + 15.0 { speed.max(flow) } else { speed };
        }
        let found = fitting_lag(&candidate.matches, speed)?;
        let velocity = (found.moved.0 / found.lag, found.moved.1 / found.lag);
        let came_along = found.score < FITS * found.still
            && found.score < UNLIKE_GROUND * (LEVELS * candidate.contrast).powi(2)
            && found.moved.0.hypot(found.moved.1) > 0.8;
        Some(Vote { came_along, velocity, misfit: found.score / found.still.max(1e-3) })
    }

    /// The longest straight way it has come, and how straight: from where it is back to any earlier place.
    pub(super) fn travelled(&self) -> (f32, f32) {
        let Some(&here) = self.past.back() else { return (0.0, 0.0) };
        let (mut path, mut best, mut straightness) = (0.0, 0.0, 0.0);
        let mut last = here;
        for &earlier in self.past.iter().rev().skip(1) {
            if last.at - earlier.at < STEP && earlier != self.past[0] {
                continue;
            }
            path += (earlier.x - last.x).hypot(earlier.y - last.y);
            last = earlier;
            let net = (earlier.x - here.x).hypot(earlier.y - here.y);
            let straight = net / (path + 1e-6);
            if net > best && straight >= STRAIGHT {
                (best, straightness) = (net, straight);
            }
        }
        (best, straightness)
    }

    /// How far its inner edge has come straight in over the side that it still touches, in pixels.
    pub(super) fn entered(&self, picture: (f32, f32)) -> f32 {
        let Some(side) = side_touched(self.latest.extent, picture) else { return 0.0 };
        let touching = self.past.iter().rev().take_while(|s| side_touched(s.extent, picture) == Some(side));
        let mut edges = touching.map(|s| inner_edge(s.extent, side, picture));
        let Some(now) = edges.next() else { return 0.0 };
        let (mut path, mut last, mut first) = (0.0, now, now);
        for edge in edges {
            path += (last - edge).abs();
            (last, first) = (edge, edge);
        }
        if now - first >= 0.8 * path { now - first } else { 0.0 }
    }

    /// Whether its pixels say that it stands: they fit best where they are, a third of a second back.
    pub(super) fn stands(&self) -> bool {
        let earlier = self.latest.matches.iter().find(|m| m.lag >= STANDS_FOR);
        earlier.is_some_and(|m| m.moved.0.hypot(m.moved.1) < STANDS_WITHIN)
    }

    /// Displacement over the last `span` seconds, and the seconds it really is.
    pub(super) fn displacement(&self, span: f64) -> ((f32, f32), f32) {
        let Some(&here) = self.past.back() else { return ((0.0, 0.0), 0.0) };
        let from = self.past.iter().find(|s| here.at - s.at <= span).copied().unwrap_or(here);
        ((here.x - from.x, here.y - from.y), seconds(here.at - from.at))
    }
}

/// The side of the picture that a box touches; the shorter way in when it is a corner.
fn side_touched(extent: Extent, (width, height): (f32, f32)) -> Option<Side> {
    let touched = [
        (Side::Left, extent.x <= NEAR_EDGE),
        (Side::Right, extent.x + extent.w >= width - NEAR_EDGE),
        (Side::Top, extent.y <= NEAR_EDGE),
        (Side::Bottom, extent.y + extent.h >= height - NEAR_EDGE),
    ];
    touched.into_iter().find(|(_, touches)| *touches).map(|(side, _)| side)
}

/// Distance from the side to the far end of the box.
fn inner_edge(extent: Extent, side: Side, (width, height): (f32, f32)) -> f32 {
    match side {
        Side::Left => extent.x + extent.w,
        Side::Right => width - extent.x,
        Side::Top => extent.y + extent.h,
        Side::Bottom => height - extent.y,
    }
}

/// The nearest earlier picture in which something of that speed had moved far enough to be measured well.
fn fitting_lag(matches: &[Match], speed: f32) -> Option<Match> {
    let usable = |m: &&Match| m.lag > 0.0 && m.score.is_finite() && m.still.is_finite();
    let enough = matches.iter().filter(usable).find(|m| m.lag * speed >= WELL_MEASURED);
    let found = enough.or_else(|| matches.iter().rfind(usable))?;
    (found.lag * speed >= MEASURED).then_some(*found)
}

/// A new track's velocity, if its pixels were clearly somewhere else before.
fn first_guess(candidate: &Candidate) -> (f32, f32) {
    match candidate.matches.first() {
        Some(m) if m.lag > 0.0 && m.score < 0.5 * m.still => (m.moved.0 / m.lag, m.moved.1 / m.lag),
        _ => (0.0, 0.0),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "differences of seconds")]
pub(super) fn seconds(span: f64) -> f32 {
    span as f32
}
