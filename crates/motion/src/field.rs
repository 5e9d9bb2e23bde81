//! What was measured in one picture: plain numbers, small enough to be logged for every picture.
//!
//! All lengths are pixels of the analysed picture ([`MotionField::size`]); light is in natural-log units, so 0.1
//! is a tenth brighter, whatever the exposure.

use std::time::Duration;

use frame::Size;

/// One picture's measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionField {
    /// Media time of the picture.
    pub at: Duration,
    /// Pixels of the analysed picture.
    pub size: Size,
    /// What holds for the whole picture.
    pub global: GlobalTerms,
    /// The coarse grid.
    pub grid: Grid,
    /// Patches that differ from the background, largest first, at most [`MotionField::MAX_CANDIDATES`].
    pub candidates: Vec<Candidate>,
}

impl MotionField {
    /// Most candidates a field holds.
    pub const MAX_CANDIDATES: usize = 60;

    /// A field in which nothing was seen.
    #[must_use]
    pub fn empty(at: Duration, size: Size) -> Self {
        Self { at, size, global: GlobalTerms::default(), grid: Grid::default(), candidates: Vec::new() }
    }
}

/// What holds for the whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GlobalTerms {
    /// Median light against the background (log).
    pub offset: f32,
    /// How unevenly the light differs over the picture: largest minus smallest block (log).
    pub spread: f32,
    /// Pixels by which the picture is displaced against the background, x then y.
    pub shift: (f32, f32),
    /// Median over the picture of the usual deviation of a pixel (log).
    pub noise: f32,
    /// Share of the pixels that differ from the background, 0 to 1.
    pub coverage: f32,
    /// Seconds since the background was learned anew.
    pub settled: f32,
}

/// A coarse grid over the picture, row after row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    /// Cells from left to right.
    pub columns: u32,
    /// Cells from top to bottom.
    pub rows: u32,
    /// `columns` × `rows` cells.
    pub cells: Vec<Cell>,
}

/// One cell of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// Dense optical flow, pixels a second, x then y; zero where nothing changes.
    pub flow: (f32, f32),
    /// Share of its pixels that differ from the background, 0 to 1.
    pub change: f32,
    /// How often something differed here of late, 0 to 1, forgotten over about six seconds.
    pub activity: f32,
}

/// A box in pixels of the analysed picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Extent {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// A connected patch that differs from the background, and what was measured on it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Candidate {
    /// Its box.
    pub extent: Extent,
    /// Centre of its mass, x then y.
    pub centre: (f32, f32),
    /// Pixels that differ.
    pub area: f32,
    /// Mean difference to the background (log).
    pub contrast: f32,
    /// Correlation of its texture with the background beneath, -1 to 1: light leaves texture as it is.
    pub texture: f32,
    /// How much texture the background beneath has, as a multiple of the noise; below 2 `texture` says nothing.
    pub texture_known: f32,
    /// Variance of its texture as a multiple of that of the background beneath.
    pub texture_gain: f32,
    /// Steepness of its rim as a share of its contrast: light has soft edges, things have hard ones.
    pub rim: f32,
    /// Mean dense optical flow inside, pixels a second, x then y.
    pub flow: (f32, f32),
    /// How much the flow inside agrees in direction, 0 to 1.
    pub coherence: f32,
    /// Where its pixels were a little earlier, shortest time back first.
    pub matches: Vec<Match>,
}

/// Where a candidate's pixels were some time ago.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Match {
    /// Seconds back.
    pub lag: f32,
    /// Displacement since then, x then y.
    pub moved: (f32, f32),
    /// Mean squared difference at the best place (gray levels, 0 is the same).
    pub score: f32,
    /// Mean squared difference when it had not moved at all.
    pub still: f32,
}
