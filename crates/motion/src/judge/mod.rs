//! The sequence of fields and the settings → regions, event edges, and the reason for each.
//!
//! Candidates pass the gates of one picture ([`screen`]), are followed as tracks ([`follow`]), and count once their
//! track has proved itself ([`proof`]): it travelled, and its pixels came along. Flow confirms, it does not trigger.

mod classify;
mod decision;
mod events;
mod follow;
mod gates;
mod proof;
mod regions;
mod screen;
mod track;
mod weather;
mod zones;

use std::time::Duration;

use frame::Size;

pub use self::decision::{
    Best, CandidateReport, Decision, Direction, EventEdge, EventEnd, Gate, Label, NearMiss, Region, Sense,
};
use self::events::Events;
use self::follow::Tracks;
use self::regions::Scale;
use self::weather::Weather;
use crate::{MotionField, Settings};

/// Longest time (seconds) that one step of the statistics may stand for.
const LONGEST_STEP: f32 = 0.5;

/// Decides; see the crate's documentation.
#[derive(Debug)]
pub struct Judge {
    source: Size,
    settings: Settings,
    tracks: Tracks,
    weather: Weather,
    events: Events,
    last: Option<Duration>,
    /// Time that passed in the fields: media time without its steps back.
    clock: Duration,
}

impl Judge {
    /// For pictures of `source` pixels.
    #[must_use]
    pub fn new(source: Size, settings: Settings) -> Self {
        let source = Size::new(source.width.max(1), source.height.max(1));
        Self {
            source,
            settings,
            tracks: Tracks::default(),
            weather: Weather::new(),
            events: Events::default(),
            last: None,
            clock: Duration::ZERO,
        }
    }

    /// From the next field on, other settings; what is followed stays followed.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next field. Times may jitter, repeat or go back: what goes back counts as no time passed.
    #[must_use]
    pub fn step(&mut self, field: &MotionField) -> Decision {
        let passed = field.at.saturating_sub(self.last.unwrap_or(field.at));
        self.last = Some(field.at);
        self.clock = self.clock.saturating_add(passed);
        if !self.settings.enabled {
            self.tracks = Tracks::default();
            let edge = self.events.finish(&self.settings);
            return Decision { edge, ..Decision::quiet(field.at) };
        }
        let scale = Scale::new(self.source, field.size);
        let mut screened = screen::screen(field, &self.settings, scale);
        let passing = screened.iter().filter(|s| s.gates.all_passed()).map(|s| s.candidate);
        self.weather.follow(passing, passed.as_secs_f32().min(LONGEST_STEP));
        let now = self.clock.as_secs_f64();
        let lost = self.tracks.follow(&mut screened, field, now);
        let context = proof::Context { settings: &self.settings, weather: &self.weather, scale, now };
        let proofs = self.tracks.prove(&context);
        let regions = regions::regions(&self.tracks, &context);
        let edge = self.events.step(field.at, self.clock, &regions, &self.settings);
        Decision {
            at: field.at,
            motion: !regions.is_empty(),
            candidates: screened.into_iter().map(|s| s.report(&proofs, scale)).collect(),
            near_misses: follow::near_misses(&lost, scale, field.at, now),
            regions,
            edge,
        }
    }

    /// Nothing more is coming: the open event, if any, ends.
    #[must_use]
    pub fn finish(&mut self) -> Option<EventEdge> {
        self.tracks = Tracks::default();
        self.events.finish(&self.settings)
    }
}

impl Decision {
    fn quiet(at: Duration) -> Self {
        Self {
            at,
            motion: false,
            regions: Vec::new(),
            candidates: Vec::new(),
            edge: None,
            near_misses: Vec::new(),
        }
    }
}
