//! Has a track proved itself? It was seen often enough, is large enough for the weather, has travelled far enough for
//! the clutter it came from, and its pixels came along.

use super::gates::{Gates, Strictness};
use super::regions::Scale;
use super::track::Track;
use super::weather::Weather;
use crate::{Match, Settings};

/// Share of the pictures since its first in which it was seen.
const DENSE: f32 = 0.6;
/// Pixels to travel, and more for longer things, whose edges wander.
const TRAVEL: f32 = 4.5;
const TRAVEL_OF_LENGTH: f32 = 0.06;
/// Pixels to travel for full activity where it was born, beyond the activity of a quiet place.
const TRAVEL_OF_CLUTTER: f32 = 40.0;
const QUIET: f32 = 0.04;
/// Where its pixels came along clearly in so many votes with at most that misfit, in one direction, it need travel only
/// these shares of the way: its own and the clutter's. Not where more small things than this are about.
const CLEAR_VOTES: usize = 3;
const CLEAR_MISFIT: f32 = 0.12;
const CLEAR_STEADY: f32 = 0.93;
const CLEAR: f32 = 0.7;
const CLEAR_IN_CLUTTER: f32 = 0.25;
const CALM: f32 = 3.0;
/// Share of the flow's votes that must agree, and how many there must be.
const AGREE: f32 = 0.5;
const VOTES: f32 = 2.0;
/// Mean flow against mean speed of flow: does it keep its direction?
const STEADY: f32 = 0.65;
/// Mean misfit of the votes while it rains or snows: flakes look alike and fit each other half-way.
const MISFIT: f32 = 0.35;
/// Cosine between flow and track.
const ALONG: f32 = 0.7;

/// Small things (pixels) that cover more than so many of their own lengths a second fall or fly.
const DARTS: f32 = 120.0;
const LENGTHS: f32 = 4.5;
/// Sharpness from which what is fast need not wait.
const SWIFT_RIM: f32 = 0.25;
/// Pixels that an edge must have come in over the picture's.
const ENTERED: f32 = 5.0;

/// What a track is judged beside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) weather: &'a Weather,
    pub(super) scale: Scale,
    pub(super) now: f64,
}

/// Asks a track everything; it counts when all gates passed.
pub(super) fn ask(track: &Track, context: &Context<'_>) -> Gates {
    let strictness = Strictness::of(context.settings, track.sensitivity);
    let mut gates = Gates::default();
    let swift = is_swift(track, context);
    let enters = !swift && enters(track, context, strictness);
    let patience = if swift { 2.0 } else { strictness.sightings() };
    gates.at_least(
        "sightings",
        count(track.sightings),
        patience.max(count(context.settings.min_frames.max(1))),
    );
    gates.at_least("seen", count(track.sightings) / count(track.pictures.max(1)), DENSE);
    let least = context.scale.min_area(context.settings.min_area) * strictness.area();
    gates.at_least("area", context.scale.widened_area(track.extent), least);
    if context.weather.least_area() > 0.0 {
        gates.at_least("weather", track.area, context.weather.least_area() * strictness.weather());
    }
    // What these two asked instead of the way it came and of its pixels, for whoever wants to know why it counted.
    if swift {
        gates.at_least("sharp", track.latest.rim, SWIFT_RIM);
        return gates;
    }
    if enters {
        let come = track.entered(context.scale.analysed());
        gates.at_least("entered", come, ENTERED * strictness.travel());
        return gates;
    }
    if track.area < DARTS {
        let (moved, passed) = track.displacement(0.5);
        let pace = moved.0.hypot(moved.1) / passed.max(1e-3) / track.length().max(1.0);
        gates.at_most("darting", pace, LENGTHS);
    }
    let (travelled, straightness) = track.travelled();
    gates.at_least("travel", travelled, need(track, context.weather) * strictness.travel());
    let massive = track.area >= 350.0
        && travelled >= 12.0 + 0.1 * track.length()
        && straightness >= 0.8
        && context.weather.least_area() == 0.0;
    if !massive {
        flow(track, context.weather, &mut gates);
    }
    gates
}

/// How far it must travel before the strictness is asked.
fn need(track: &Track, weather: &Weather) -> f32 {
    let clutter = TRAVEL_OF_CLUTTER * (track.busy_at_birth.min(0.5) - QUIET).max(0.0);
    let own = TRAVEL + TRAVEL_OF_LENGTH * track.length();
    if weather.number() < CALM && is_clear(track) {
        return own * CLEAR + clutter * CLEAR_IN_CLUTTER;
    }
    (own + clutter) * weather.travel(track.area)
}

/// Whether its pixels came along without a doubt, every time that was asked, and in one direction.
fn is_clear(track: &Track) -> bool {
    let votes = &track.votes;
    let sum =
        votes.iter().fold((0.0, 0.0), |sum: (f32, f32), v| (sum.0 + v.velocity.0, sum.1 + v.velocity.1));
    let speed: f32 = votes.iter().map(|v| v.velocity.0.hypot(v.velocity.1)).sum();
    votes.len() >= CLEAR_VOTES
        && votes.iter().all(|vote| vote.came_along && vote.misfit < CLEAR_MISFIT)
        && sum.0.hypot(sum.1) > CLEAR_STEADY * speed
}

/// Did its pixels really travel along it?
fn flow(track: &Track, weather: &Weather, gates: &mut Gates) {
    let n = track.votes.len();
    let along: Vec<(f32, f32)> = track.votes.iter().filter(|v| v.came_along).map(|v| v.velocity).collect();
    let came = count(u32::try_from(along.len()).unwrap_or(0));
    let all = count(u32::try_from(n).unwrap_or(0));
    gates.at_least("flow", came / all.max(1.0), AGREE);
    if !gates.at_least("flow votes", came, VOTES) {
        return;
    }
    if weather.falls() {
        let misfit = track.votes.iter().filter(|v| v.came_along).map(|v| v.misfit).sum::<f32>() / came;
        gates.at_most("flow misfit", misfit, MISFIT);
    }
    let sum = along.iter().fold((0.0, 0.0), |sum: (f32, f32), v| (sum.0 + v.0, sum.1 + v.1));
    let speed = along.iter().map(|v| v.0.hypot(v.1)).sum::<f32>() / came;
    let mean = (sum.0 / came, sum.1 / came);
    let flow = mean.0.hypot(mean.1);
    gates.at_least("flow steady", flow / (speed + 1e-6), STEADY);
    let (moved, passed) = track.displacement(0.8);
    let (ux, uy) = (moved.0 / passed.max(1e-3), moved.1 / passed.max(1e-3));
    let pace = ux.hypot(uy);
    gates.at_least("flow along", (ux * mean.0 + uy * mean.1) / (pace * flow + 1e-6), ALONG);
    gates.at_least("flow pace least", pace / (flow + 1e-6), 0.25);
    gates.at_most("flow pace most", pace / (flow + 1e-6), 2.5);
}

/// Large, sharp, fast, in a calm place, and its pixels clearly came along: no need to wait.
fn is_swift(track: &Track, context: &Context<'_>) -> bool {
    let candidate = &track.latest;
    let calm = track.busy_at_birth < 0.15 && context.weather.number() < 3.0;
    calm && track.missed == 0
        && track.area >= 60.0
        && candidate.contrast >= 0.14
        && candidate.rim >= SWIFT_RIM
        && clearly_moved(&candidate.matches, track)
}

/// Sharp, in a calm place, and its inner edge comes straight in over the picture's: what it shows was nowhere before,
/// so its pixels cannot say that they came along.
fn enters(track: &Track, context: &Context<'_>, strictness: Strictness) -> bool {
    let candidate = &track.latest;
    let calm = track.busy_at_birth < 0.2 && !context.weather.falls();
    calm && track.missed == 0
        && track.area >= 40.0
        && candidate.contrast >= 0.12
        && candidate.rim >= 0.4
        && track.entered(context.scale.analysed()) >= ENTERED * strictness.travel()
}

/// The two nearest earlier pictures agree with each other and with the track.
fn clearly_moved(matches: &[Match], track: &Track) -> bool {
    let clear = |m: &&Match| m.lag > 0.0 && m.score < 0.4 * m.still && m.moved.0.hypot(m.moved.1) >= 2.0;
    let mut velocities = matches.iter().take(3).filter(clear).map(|m| (m.moved.0 / m.lag, m.moved.1 / m.lag));
    let (Some(a), Some(b)) = (velocities.next(), velocities.next()) else { return false };
    let speed = a.0.hypot(a.1);
    let agrees = |v: (f32, f32), tolerance: f32| (v.0 - a.0).hypot(v.1 - a.1) <= tolerance * speed;
    let (moved, passed) = track.displacement(0.8);
    let pace = (moved.0 / passed.max(1e-3), moved.1 / passed.max(1e-3));
    agrees(b, 0.35) && agrees(pace, 0.7)
}

#[expect(clippy::cast_precision_loss, reason = "counts of pictures")]
fn count(n: u32) -> f32 {
    n as f32
}
