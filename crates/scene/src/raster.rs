//! Shapes to coverage: smooth outlines, tapered limbs, and polygons filled with soft edges.

/// A place, in whatever unit the caller draws in.
pub(crate) type Place = [f32; 2];

/// Lines that a row of pixels is cut into; their span ends are exact, so this sets the grades of near-level edges alone.
const CUTS: usize = 6;

/// A closed curve through all of `places` (Catmull-Rom), with `steps` corners from each to the next.
pub(crate) fn smooth(places: &[Place], steps: usize) -> Vec<Place> {
    let n = places.len();
    let mut out = Vec::with_capacity(n * steps);
    for i in 0..n {
        let (a, b) = (places[(i + n - 1) % n], places[i]);
        let (c, d) = (places[(i + 1) % n], places[(i + 2) % n]);
        for step in 0..steps {
            let t = step as f32 / steps as f32;
            out.push([0, 1].map(|k| {
                let (slope, bend) = (c[k] - a[k], 2.0 * a[k] - 5.0 * b[k] + 4.0 * c[k] - d[k]);
                0.5 * (2.0 * b[k]
                    + slope * t
                    + bend * t * t
                    + (3.0 * b[k] - a[k] - 3.0 * c[k] + d[k]) * t * t * t)
            }));
        }
    }
    out
}

/// The outline of an ellipse.
pub(crate) fn ellipse(centre: Place, rx: f32, ry: f32) -> Vec<Place> {
    const CORNERS: usize = 28;
    (0..CORNERS)
        .map(|i| {
            let (sin, cos) = (i as f32 / CORNERS as f32 * std::f32::consts::TAU).sin_cos();
            [centre[0] + rx * cos, centre[1] + ry * sin]
        })
        .collect()
}

/// The outline of a rod whose ends are round and differ in radius.
pub(crate) fn rod(from: Place, to: Place, from_radius: f32, to_radius: f32) -> Vec<Place> {
    const ARC: usize = 7;
    let along = (to[1] - from[1]).atan2(to[0] - from[0]);
    let mut out = Vec::with_capacity(2 * ARC + 2);
    for (end, radius, turn) in [(to, to_radius, -0.5), (from, from_radius, 0.5)] {
        for i in 0..=ARC {
            let (sin, cos) = (along + (turn + i as f32 / ARC as f32) * std::f32::consts::PI).sin_cos();
            out.push([end[0] + radius * cos, end[1] + radius * sin]);
        }
    }
    out
}

/// Fills outlines, row by row; keeps its memory from one shape to the next.
#[derive(Debug, Default)]
pub(crate) struct Filler {
    crossings: Vec<(f32, i32)>,
    cover: Vec<f32>,
}

impl Filler {
    /// Calls `paint(x, y, share)` for each pixel of a `width` × `height` picture that `outline` (in pixels) covers in part or whole.
    pub(crate) fn fill(
        &mut self,
        outline: &[Place],
        width: usize,
        height: usize,
        mut paint: impl FnMut(usize, usize, f32),
    ) {
        let (low, high) = outline.iter().fold((f32::MAX, f32::MIN), |(l, h), p| (l.min(p[1]), h.max(p[1])));
        if outline.len() < 3 || high <= 0.0 || low >= height as f32 {
            return;
        }
        self.cover.clear();
        self.cover.resize(width + 2, 0.0);
        for y in low.max(0.0) as usize..(high.ceil() as usize).min(height) {
            let (mut first, mut last) = (width, 0);
            for cut in 0..CUTS {
                self.cross(outline, y as f32 + (cut as f32 + 0.5) / CUTS as f32);
                self.add_spans(width, &mut first, &mut last);
            }
            let mut sum = 0.0;
            for x in first..(last + 2).min(width + 2) {
                sum += std::mem::take(&mut self.cover[x]);
                if x < width && sum > 0.002 {
                    paint(x, y, sum.min(1.0));
                }
            }
        }
    }

    fn cross(&mut self, outline: &[Place], y: f32) {
        self.crossings.clear();
        let mut from = outline[outline.len() - 1];
        for &to in outline {
            if (from[1] <= y) != (to[1] <= y) {
                let x = from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
                self.crossings.push((x, if to[1] > from[1] { 1 } else { -1 }));
            }
            from = to;
        }
        self.crossings.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Adds the inside of the outline on one cut, as differences along the row.
    fn add_spans(&mut self, width: usize, first: &mut usize, last: &mut usize) {
        let mut winding = 0;
        for i in 0..self.crossings.len() {
            let (x, turn) = self.crossings[i];
            let x = x.clamp(0.0, width as f32);
            let before = winding;
            winding += turn;
            let step = match (before == 0, winding == 0) {
                (true, false) => 1.0 / CUTS as f32,
                (false, true) => -1.0 / CUTS as f32,
                _ => continue,
            };
            let (cell, share) = (x as usize, x.fract());
            self.cover[cell] += step * (1.0 - share);
            self.cover[cell + 1] += step * share;
            *first = (*first).min(cell);
            *last = (*last).max(cell);
        }
    }
}
