//! The gates of one picture: is this candidate worth following?

use super::follow::Proof;
use super::gates::{Gates, Strictness, finite};
use super::regions::Scale;
use super::{CandidateReport, zones};
use crate::{Candidate, MotionField, Settings};

/// Most of the box must lie where it counts.
const MOSTLY: f32 = 0.5;
/// More of the picture changed than a thing covers: a lamp, a bump, a new place.
const TOO_MUCH: f32 = 0.7;
/// Seconds after which the background is one.
const SETTLED: f32 = 0.5;
/// Smaller candidates (pixels) show no texture, and no rim.
const SHOWS_TEXTURE: f32 = 12.0;
const SHOWS_RIM: f32 = 10.0;
/// A patch whose texture follows the background's this closely is light on it.
const SAME_TEXTURE: f32 = 0.75;
/// Less is asked where the light is uneven and the patch has no stronger texture than the ground: so look the edges
/// of a cloud's shadow, which are half shadow.
const SAME_TEXTURE_OF_SPREAD: f32 = 0.45;
const NO_TEXTURE_OF_ITS_OWN: f32 = 1.5;
/// Softer rims, as share of the contrast a pixel, are light's; more so where the light is uneven (log over the
/// picture): that is when shadows of clouds pass, and the sharpest of them reach 0.4.
const SOFT: f32 = 0.17;
const SOFT_OF_SPREAD: f32 = 0.45;
const UNEVEN: f32 = 0.55;
/// Variance of fine texture as a multiple of the background's that is texture of its own.
const NEW_TEXTURE: f32 = 2.0;

/// A candidate and what came of it.
#[derive(Debug)]
pub(super) struct Screened<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) gates: Gates,
    pub(super) sensitivity: f32,
    pub(super) track: Option<u32>,
}

/// Asks every candidate of the field that can be asked at all.
pub(super) fn screen<'a>(field: &'a MotionField, settings: &Settings, scale: Scale) -> Vec<Screened<'a>> {
    let sound =
        field.candidates.iter().take(MotionField::MAX_CANDIDATES).filter(|candidate| is_sound(candidate));
    sound.map(|candidate| one(candidate, field, settings, scale)).collect()
}

fn one<'a>(candidate: &'a Candidate, field: &MotionField, settings: &Settings, scale: Scale) -> Screened<'a> {
    let (from, to) = scale.shares(candidate.extent);
    let standing = zones::standing(settings, from, to);
    let strictness = Strictness::of(settings, standing.sensitivity);
    let mut gates = Gates::default();
    let mut open = gates.at_least("zone", standing.share, MOSTLY)
        && gates.at_least("settled", field.global.settled, SETTLED)
        && gates.at_most("coverage", field.global.coverage, TOO_MUCH)
        && gates.at_least("contrast", candidate.contrast, strictness.contrast());
    if open
        && candidate.area >= SHOWS_TEXTURE
        && candidate.texture_known > 2.0
        && candidate.texture_gain < 3.0
    {
        open = gates.at_most("texture", candidate.texture, same_texture(candidate, field.global.spread));
    }
    if open && candidate.area >= SHOWS_RIM {
        gates.at_least("rim", candidate.rim, SOFT + SOFT_OF_SPREAD * doubt(candidate, field.global.spread));
    }
    Screened { candidate, gates, sensitivity: standing.sensitivity, track: None }
}

/// The correlation with the ground from which a candidate is light.
fn same_texture(candidate: &Candidate, spread: f32) -> f32 {
    let plain = candidate.texture_gain < NO_TEXTURE_OF_ITS_OWN;
    SAME_TEXTURE - if plain { SAME_TEXTURE_OF_SPREAD * finite(spread).clamp(0.0, UNEVEN) } else { 0.0 }
}

/// How much the unevenness of the light speaks against a candidate: not at all when it hides the texture beneath
/// or brings one of its own, which light does not.
fn doubt(candidate: &Candidate, spread: f32) -> f32 {
    let brings_texture = candidate.area >= 40.0 && candidate.texture_gain >= NEW_TEXTURE;
    if candidate.texture_known > 2.0 || brings_texture { 0.0 } else { finite(spread).clamp(0.0, UNEVEN) }
}

/// Whether its place and extent are numbers that a picture can have.
fn is_sound(candidate: &Candidate) -> bool {
    let extent = candidate.extent;
    let place = [extent.x, extent.y, candidate.centre.0, candidate.centre.1];
    let span = [extent.w, extent.h, candidate.area];
    place.iter().all(|v| v.is_finite() && v.abs() < 1e5)
        && span.iter().all(|v| v.is_finite() && (0.0..1e8).contains(v))
        && extent.w < 1e5
        && extent.h < 1e5
}

impl Screened<'_> {
    /// Its row in the ledger.
    pub(super) fn report(self, proofs: &[Proof], scale: Scale) -> CandidateReport {
        let proof = proofs.iter().find(|proof| Some(proof.track) == self.track);
        let mut gates = self.gates.0;
        if let Some(proof) = proof {
            gates.extend_from_slice(&proof.gates.0);
        }
        CandidateReport {
            track: self.track,
            rect: scale.rect(self.candidate.extent),
            counts: proof.is_some_and(|proof| proof.counts),
            gates,
        }
    }
}
