//! Who comes when, and along which way.

use crate::actors::Kind;
use crate::canvas::Plane;
use crate::raster::Place;
use crate::stage::HORIZON;

/// Seconds over which starts, stops and turns are drawn out.
const EASE: f32 = 0.7;

/// Where a visitor is to be: seconds into the loop, world x and y of its feet.
pub(crate) type Stop = [f32; 3];

/// One visitor of a scenario.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) kind: Kind,
    /// From where it enters to where it leaves; it is nowhere before the first and after the last.
    pub(crate) way: Vec<Stop>,
    /// The nearest plane that hides it.
    pub(crate) behind: Plane,
    /// Size against its kind's usual one at that distance.
    pub(crate) scale: f32,
}

/// A visitor at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pose {
    /// World place of its feet.
    pub(crate) foot: Place,
    /// World units of its local unit.
    pub(crate) unit: f32,
    pub(crate) facing: f32,
    pub(crate) strides: f32,
    pub(crate) vigour: f32,
    pub(crate) moving: bool,
}

impl Visit {
    pub(crate) fn new(kind: Kind, way: &[Stop]) -> Self {
        Self { kind, way: way.to_vec(), behind: Plane::Near, scale: 1.0 }
    }

    /// Beyond the fence, that many world units high.
    pub(crate) fn far_off(mut self, unit: f32) -> Self {
        self.behind = Plane::Middle;
        let usual = self.kind.unit() * (self.way[0][2] - HORIZON).max(1.0);
        self.scale = unit / usual;
        self
    }

    fn unit_at(&self, y: f32) -> f32 {
        self.kind.unit() * (y - HORIZON).max(1.0) * self.scale
    }

    /// `None` before it comes and after it went.
    pub(crate) fn pose(&self, seconds: f32) -> Option<Pose> {
        let (first, last) = (self.way.first()?, self.way.last()?);
        if !(first[0]..last[0]).contains(&seconds) {
            return None;
        }
        let (foot, strides) = self.eased(seconds);
        let (before, _) = self.eased(seconds - 0.05);
        let unit = self.unit_at(foot[1]);
        let speed = (foot[0] - before[0]).hypot(foot[1] - before[1]) / 0.05 / unit;
        // A tenth of its length a second counts as under way; a hedgehog's creep is three times that.
        let vigour = (speed / (self.kind.stride() * 0.5)).clamp(0.0, 1.0);
        Some(Pose { foot, unit, facing: self.facing(seconds), strides, vigour, moving: speed > 0.1 })
    }

    /// Place and strides, averaged over a moment so that nothing starts or stops at once.
    fn eased(&self, seconds: f32) -> (Place, f32) {
        const SAMPLES: usize = 9;
        let mut sum = [0.0; 3];
        for i in 0..SAMPLES {
            let (place, strides) = self.straight(seconds + EASE * ((i as f32 + 0.5) / SAMPLES as f32 - 0.5));
            for (sum, value) in sum.iter_mut().zip([place[0], place[1], strides]) {
                *sum += value / SAMPLES as f32;
            }
        }
        ([sum[0], sum[1]], sum[2])
    }

    fn straight(&self, seconds: f32) -> (Place, f32) {
        let mut strides = 0.0;
        let mut place = [self.way[0][1], self.way[0][2]];
        for pair in self.way.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let share = ((seconds - from[0]) / (to[0] - from[0]).max(1e-3)).clamp(0.0, 1.0);
            if share <= 0.0 {
                break;
            }
            place = [from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share];
            let stride = self.kind.stride() * self.unit_at((from[2] + to[2]) / 2.0);
            strides += (to[1] - from[1]).hypot(to[2] - from[2]) * share / stride;
        }
        (place, strides)
    }

    /// Where it looks: along the leg of its way, or as before while it stands.
    fn facing(&self, seconds: f32) -> f32 {
        let mut facing = 1.0;
        for (i, pair) in self.way.windows(2).enumerate() {
            let ahead = pair[1][1] - pair[0][1];
            if (i == 0 || seconds >= pair[0][0]) && ahead.abs() > 0.5 {
                facing = ahead.signum();
            }
        }
        facing
    }
}
