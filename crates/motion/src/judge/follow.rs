//! Candidates of successive pictures → tracks.

use std::time::Duration;

use super::NearMiss;
use super::gates::Gates;
use super::proof::{self, Context};
use super::regions::Scale;
use super::screen::Screened;
use super::track::{Track, seconds};
use crate::{Grid, MotionField};

/// Most tracks at once; in a blizzard the ones seen least go first.
const MOST: usize = 80;
/// Seconds that a track which counts, an old one and a young one may be out of sight; young ones one picture at least.
const PATIENCE_COUNTS: f64 = 0.56;
const PATIENCE_OLD: f64 = 0.28;
const PATIENCE_YOUNG: f64 = 0.15;
/// Sightings that make a track old.
const OLD: u32 = 6;
/// Change of area (log) from one sighting to the next that is another thing.
const OTHER_SIZE: f32 = 2.3;
/// Sightings after which a track that never counted is worth telling about.
const WORTH_TELLING: u32 = 6;

/// What is followed.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) all: Vec<Track>,
    next: u32,
}

/// The gates a track met with this picture.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) track: u32,
    pub(super) gates: Gates,
    pub(super) counts: bool,
}

impl Tracks {
    /// Takes the picture's candidates in and names each one's track; returns the tracks that are given up.
    pub(super) fn follow(
        &mut self,
        screened: &mut [Screened<'_>],
        field: &MotionField,
        now: f64,
    ) -> Vec<Track> {
        #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
        let picture = (field.size.width as f32, field.size.height as f32);
        let mut taken = vec![false; self.all.len()];
        for (_, track, candidate) in self.pairs(screened, now) {
            if taken[track] || screened[candidate].track.is_some() {
                continue;
            }
            taken[track] = true;
            let (track, found) = (&mut self.all[track], &mut screened[candidate]);
            track.see(found.candidate, now, picture);
            track.sensitivity = found.sensitivity;
            found.track = Some(track.id);
        }
        for (track, taken) in self.all.iter_mut().zip(taken) {
            track.pictures = track.pictures.saturating_add(1);
            if !taken {
                track.missed = track.missed.saturating_add(1);
            }
        }
        for found in screened.iter_mut().filter(|s| s.track.is_none() && s.gates.all_passed()) {
            self.next = self.next.wrapping_add(1);
            found.track = Some(self.next);
            let busy = activity_at(&field.grid, field, found.candidate.centre);
            self.all.push(Track::new(self.next, found.candidate, now, busy, found.sensitivity, picture));
        }
        self.give_up(now)
    }

    /// What may belong together, likeliest first.
    fn pairs(&self, screened: &[Screened<'_>], now: f64) -> Vec<(f32, usize, usize)> {
        let mut pairs = Vec::new();
        for (t, track) in self.all.iter().enumerate() {
            let (x, y) = track.expected(now);
            let away = seconds(now - track.seen).min(1.0);
            let speed = track.velocity.0.hypot(track.velocity.1);
            let reach = 5.0 + 0.45 * track.length() + 0.6 * speed * away + 20.0 * away;
            for (c, found) in screened.iter().enumerate().filter(|(_, s)| s.gates.all_passed()) {
                let candidate = found.candidate;
                let apart = (candidate.centre.0 - x).hypot(candidate.centre.1 - y);
                let growth = ((candidate.area + 4.0) / (track.area + 4.0)).ln().abs();
                let near = apart < reach || overlap(track, found) > 0.3;
                if near && growth < OTHER_SIZE {
                    let known = if track.counts { 0.4 } else { 0.0 };
                    pairs.push((apart / reach + 0.35 * growth - known, t, c));
                }
            }
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        pairs
    }

    fn give_up(&mut self, now: f64) -> Vec<Track> {
        let mut lost = Vec::new();
        let mut kept = Vec::with_capacity(self.all.len());
        for track in self.all.drain(..) {
            let away = now - track.seen;
            let keep = match (track.counts, track.sightings >= OLD) {
                (true, _) => away <= PATIENCE_COUNTS,
                (false, true) => away <= PATIENCE_OLD,
                (false, false) => away <= PATIENCE_YOUNG || track.missed <= 1 && away <= PATIENCE_COUNTS,
            };
            // Without the bound on pictures a source whose time stands still would keep what is long gone.
            if keep && track.missed < 30 { kept.push(track) } else { lost.push(track) }
        }
        if kept.len() > MOST {
            kept.sort_by_key(|track| (std::cmp::Reverse(track.sightings), track.id));
            lost.extend(kept.drain(MOST..));
        }
        self.all = kept;
        lost
    }

    /// Asks every track whether it counts by now.
    pub(super) fn prove(&mut self, context: &Context<'_>) -> Vec<Proof> {
        let mut proofs = Vec::with_capacity(self.all.len());
        for track in &mut self.all {
            let gates = proof::ask(track, context);
            if gates.all_passed() {
                track.counts = true;
            } else if let Some(held) = gates.held_by().filter(|_| !track.counts)
                && track.closest.is_none_or(|closest| held.0 >= closest.0)
            {
                track.closest = Some(held);
            }
            proofs.push(Proof { track: track.id, gates, counts: track.counts });
        }
        proofs
    }
}

/// Overlap of the two boxes as a share of the smaller.
fn overlap(track: &Track, found: &Screened<'_>) -> f32 {
    let (a, b) = (track.extent, found.candidate.extent);
    let span = |a: f32, aw: f32, b: f32, bw: f32| ((a + aw).min(b + bw) - a.max(b)).max(0.0);
    let both = span(a.x, a.w, b.x, b.w) * span(a.y, a.h, b.y, b.h);
    both / (a.w * a.h).min(b.w * b.h).max(1.0)
}

/// How busy the cell around a place was of late.
fn activity_at(grid: &Grid, field: &MotionField, (x, y): (f32, f32)) -> f32 {
    let cell = |v: f32, extent: u32, cells: u32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "clamped to the grid"
        )]
        let at = (v / extent.max(1) as f32 * cells as f32).max(0.0) as u32;
        at.min(cells.saturating_sub(1))
    };
    // A cell's side is whole, so the last column may reach over the edge.
    let side = field.size.width.div_ceil(grid.columns.max(1)).max(1);
    let column = cell(x, side.saturating_mul(grid.columns), grid.columns);
    let row = cell(y, side.saturating_mul(grid.rows), grid.rows);
    let index = u64::from(row) * u64::from(grid.columns) + u64::from(column);
    usize::try_from(index)
        .ok()
        .and_then(|i| grid.cells.get(i))
        .map_or(0.0, |cell| super::gates::finite(cell.activity))
}

/// What lived long enough to be asked about, and never counted.
pub(super) fn near_misses(lost: &[Track], scale: Scale, at: Duration, now: f64) -> Vec<NearMiss> {
    let worth = lost.iter().filter(|track| !track.counts && track.sightings >= WORTH_TELLING);
    let before =
        |time: f64| at.saturating_sub(Duration::try_from_secs_f64((now - time).max(0.0)).unwrap_or_default());
    worth
        .filter_map(|track| {
            let (_, gate) = track.closest?;
            let (from, to) = (before(track.born), before(track.seen));
            Some(NearMiss { track: track.id, from, to, rect: scale.rect(track.extent), gate })
        })
        .collect()
}
