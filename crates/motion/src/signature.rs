//! What an event's movement was like, in numbers that can be compared: where it went in which direction, how fast, how
//! evenly, and how that changed over time.
//!
//! Pure and of bounded size, whatever the event's length: everything is a sum that each field is added to.

use frame::{Rect, Size};

use crate::{Cell, Decision, MotionField};

#[cfg(test)]
mod tests;

/// Cells a side of the histogram.
const SIDE: usize = 8;
/// Directions of the histogram.
const DIRECTIONS: usize = 8;
/// Flow below this is noise, in pixels a second of the analysed picture.
const STILL: f32 = 1.0;
/// A turn by more is a change of direction, in degrees.
const TURN: f32 = 60.0;

/// Numbers that describe a movement. Flow is in pixels a second of the analysed picture; angles are in degrees from 0 to
/// 360, 0 to the right, counted to the lower edge. All of them are finite.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signature {
    /// 8 × 8 cells, row after row, × 8 directions of the flow, the first around 0 degrees; sums to 1. Empty if nothing flowed.
    pub histogram: Vec<f32>,
    /// Mean speed.
    pub mean_magnitude: f32,
    /// Standard deviation of the speed.
    pub std_magnitude: f32,
    /// Highest speed of a cell.
    pub max_magnitude: f32,
    /// Where it went on the whole.
    pub mean_angle: f32,
    /// 0 if all went one way, 1 if every way.
    pub angular_dispersion: f32,
    /// Entropy of the eight directions, 0 for one of them to 1 for all alike.
    pub flow_complexity: f32,
    /// The middle of the direction that most went.
    pub dominant_direction: f32,
    /// How the speed changed over the event, per second.
    pub magnitude_trend: f32,
    /// Standard deviation of the speed over time, as a share of its mean.
    pub magnitude_variability: f32,
    /// Mean change of the speed from picture to picture, per second, without its sign.
    pub acceleration_mean: f32,
    /// Its standard deviation.
    pub acceleration_std: f32,
    /// Turns by more than 60 degrees.
    pub direction_changes: u32,
    /// 1 if it went one way all the time, 0 if there was no telling.
    pub direction_stability: f32,
}

/// Mean and spread of what is added, without keeping it.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f64, weight: f64) {
        if weight <= 0.0 {
            return;
        }
        self.weight += weight;
        let off = value - self.mean;
        self.mean += off * weight / self.weight;
        self.squares += weight * off * (value - self.mean);
    }

    fn deviation(&self) -> f64 {
        if self.weight > 0.0 { (self.squares / self.weight).max(0.0).sqrt() } else { 0.0 }
    }
}

/// Adds the fields of an event up.
#[derive(Debug, Clone)]
pub struct Signing {
    bins: Box<[f64; SIDE * SIDE * DIRECTIONS]>,
    speed: Spread,
    fastest: f32,
    /// Sum of all flow, x then y, each of length one.
    ways: (f64, f64),
    /// The mean speed of each field, over time.
    pace: Spread,
    times: Spread,
    /// Covariance of time and pace, unscaled.
    drift: f64,
    acceleration: Spread,
    /// Time and pace of the field before.
    last: Option<(f64, f64)>,
    began: Option<f64>,
    /// Sum of the fields' directions, and the one that turns are counted from.
    headings: (f64, f64),
    headed: u32,
    heading: Option<f32>,
    turns: u32,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            bins: Box::new([0.0; SIDE * SIDE * DIRECTIONS]),
            speed: Spread::default(),
            fastest: 0.0,
            ways: (0.0, 0.0),
            pace: Spread::default(),
            times: Spread::default(),
            drift: 0.0,
            acceleration: Spread::default(),
            last: None,
            began: None,
            headings: (0.0, 0.0),
            headed: 0,
            heading: None,
            turns: 0,
        }
    }
}

impl Signing {
    /// The next field of the event and what was decided on it; the decision's boxes are in pixels of a picture of
    /// `source`. What flows outside of the boxes is not of the event.
    pub fn add(&mut self, field: &MotionField, decision: &Decision, source: Size) {
        if decision.regions.is_empty() || field.grid.columns == 0 || field.grid.rows == 0 {
            return;
        }
        let (mut speeds, mut along, mut weight) = (0.0_f64, (0.0_f64, 0.0_f64), 0.0_f64);
        for (at, cell) in field.grid.cells.iter().enumerate() {
            let Some((speed, share)) = moving(cell) else { continue };
            let (x, y) = centre(at, field);
            if !decision.regions.iter().any(|region| holds(region.rect, x, y, source)) {
                continue;
            }
            let way = (f64::from(cell.flow.0 / speed), f64::from(cell.flow.1 / speed));
            self.bins[bin(x, y, cell.flow)] += f64::from(speed) * share;
            self.speed.add(speed.into(), share);
            self.fastest = self.fastest.max(speed);
            self.ways = (self.ways.0 + way.0 * share, self.ways.1 + way.1 * share);
            speeds += f64::from(speed) * share;
            along = (along.0 + f64::from(cell.flow.0) * share, along.1 + f64::from(cell.flow.1) * share);
            weight += share;
        }
        if weight > 0.0 {
            self.over_time(field.at.as_secs_f64(), speeds / weight, (along.0 / weight, along.1 / weight));
        }
    }

    /// One field's mean speed and mean flow.
    fn over_time(&mut self, at: f64, pace: f64, flow: (f64, f64)) {
        let at = at - *self.began.get_or_insert(at);
        let before = self.times.mean;
        self.times.add(at, 1.0);
        self.pace.add(pace, 1.0);
        self.drift += (at - before) * (pace - self.pace.mean);
        if let Some((last, slower)) = self.last
            && at > last
        {
            self.acceleration.add((pace - slower).abs() / (at - last).max(0.01), 1.0);
        }
        self.last = Some((at, pace));
        let length = flow.0.hypot(flow.1);
        // A crowd that goes every way goes nowhere.
        if length < f64::from(STILL) || length < pace / 4.0 {
            return;
        }
        self.headings = (self.headings.0 + flow.0 / length, self.headings.1 + flow.1 / length);
        self.headed += 1;
        let heading = degrees(flow.0, flow.1);
        match self.heading {
            Some(before) if turn(before, heading) <= TURN => {}
            Some(_) => (self.heading, self.turns) = (Some(heading), self.turns.saturating_add(1)),
            None => self.heading = Some(heading),
        }
    }

    /// What it comes to so far.
    #[must_use]
    pub fn signature(&self) -> Signature {
        let total: f64 = self.bins.iter().sum();
        if total <= 0.0 {
            return Signature::default();
        }
        let mut ways = [0.0_f64; DIRECTIONS];
        for (at, bin) in self.bins.iter().enumerate() {
            ways[at % DIRECTIONS] += bin / total;
        }
        let entropy: f64 = ways.iter().filter(|share| **share > 0.0).map(|share| -share * share.log2()).sum();
        let most = (0..DIRECTIONS).max_by(|a, b| ways[*a].total_cmp(&ways[*b])).unwrap_or(0);
        let agreed = self.ways.0.hypot(self.ways.1) / self.speed.weight;
        let spread = self.times.squares;
        Signature {
            histogram: self.bins.iter().map(|bin| single(bin / total)).collect(),
            mean_magnitude: single(self.speed.mean),
            std_magnitude: single(self.speed.deviation()),
            max_magnitude: self.fastest,
            mean_angle: degrees(self.ways.0, self.ways.1),
            angular_dispersion: single((1.0 - agreed).clamp(0.0, 1.0)),
            flow_complexity: single((entropy / 3.0).clamp(0.0, 1.0)),
            dominant_direction: [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0][most],
            magnitude_trend: if spread > 1e-6 { single(self.drift / spread) } else { 0.0 },
            magnitude_variability: single(self.pace.deviation() / self.pace.mean.max(1e-6)),
            acceleration_mean: single(self.acceleration.mean),
            acceleration_std: single(self.acceleration.deviation()),
            direction_changes: self.turns,
            direction_stability: match self.headed {
                0 => 0.0,
                n => single((self.headings.0.hypot(self.headings.1) / f64::from(n)).clamp(0.0, 1.0)),
            },
        }
    }
}

impl Signature {
    /// How unlike another one, from 0 to 1: half by where went what (the histograms' common share), the rest by speed,
    /// direction and evenness.
    #[must_use]
    pub fn distance(&self, other: &Self) -> f32 {
        if self.histogram.is_empty() || other.histogram.is_empty() {
            return if self.histogram.is_empty() == other.histogram.is_empty() { 0.0 } else { 1.0 };
        }
        let common: f32 = self.histogram.iter().zip(&other.histogram).map(|(a, b)| a.min(*b)).sum();
        let ratio = |a: f32, b: f32| 1.0 - (a.min(b) + 1.0) / (a.max(b) + 1.0);
        let speed = ratio(self.mean_magnitude, other.mean_magnitude);
        let way = turn(self.mean_angle, other.mean_angle) / 180.0;
        let evenness = (self.flow_complexity - other.flow_complexity).abs();
        (0.5 * (1.0 - common) + 0.2 * speed + 0.2 * way + 0.1 * evenness).clamp(0.0, 1.0)
    }
}

/// Speed and weight of a cell in which something flows.
fn moving(cell: &Cell) -> Option<(f32, f64)> {
    let speed = cell.flow.0.hypot(cell.flow.1);
    // Comparisons with what is not a number fail.
    (speed >= STILL && speed.is_finite() && cell.change > 0.0)
        .then(|| (speed, f64::from(cell.change.min(1.0))))
}

/// A cell's centre as shares of the picture.
#[expect(clippy::cast_precision_loss, reason = "a grid has some hundred cells")]
fn centre(at: usize, field: &MotionField) -> (f32, f32) {
    let columns = field.grid.columns as usize;
    let (column, row) = (at % columns, at / columns);
    ((column as f32 + 0.5) / columns as f32, (row as f32 + 0.5) / field.grid.rows as f32)
}

/// Whether the box holds the point, or the half of a cell around it.
#[expect(clippy::cast_precision_loss, reason = "sides of a picture")]
fn holds(rect: Rect, x: f32, y: f32, source: Size) -> bool {
    let (x, y) = (x * source.width as f32, y * source.height as f32);
    let (left, top) = (rect.x as f32, rect.y as f32);
    // Small movers lie between the centres of cells.
    let (wide, high) = (source.width as f32 / 40.0, source.height as f32 / 30.0);
    (left - wide..=left + rect.w as f32 + wide).contains(&x)
        && (top - high..=top + rect.h as f32 + high).contains(&y)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares and directions, bounded")]
fn bin(x: f32, y: f32, flow: (f32, f32)) -> usize {
    let cell = |share: f32| ((share * 8.0) as usize).min(SIDE - 1);
    let way = ((degrees(flow.0.into(), flow.1.into()) / 45.0).round() as usize) % DIRECTIONS;
    (cell(y) * SIDE + cell(x)) * DIRECTIONS + way
}

/// 0 to below 360.
fn degrees(x: f64, y: f64) -> f32 {
    let angle = single(y.atan2(x).to_degrees().rem_euclid(360.0));
    if angle >= 360.0 { 0.0 } else { angle }
}

/// The smaller angle between two directions.
fn turn(a: f32, b: f32) -> f32 {
    let apart = (a - b).abs() % 360.0;
    apart.min(360.0 - apart)
}

#[expect(clippy::cast_possible_truncation, reason = "what is told needs no more")]
fn single(value: f64) -> f32 {
    let value = value as f32;
    if value.is_finite() { value } else { 0.0 }
}
