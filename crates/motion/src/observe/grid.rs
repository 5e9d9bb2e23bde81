//! The coarse grid: change now, change of late, and which way.

use frame::Size;

use super::background::ratio;
use super::flow::Sampler;
use crate::{Cell, Grid};

/// Side of a cell in pixels.
const CELL: u32 = 16;
/// Seconds over which past changes are forgotten, and over which the first ones are taken in.
const FORGET: f32 = 5.5;
const FIRST: f32 = 2.2;
const YOUNG: f32 = 5.0;

/// Remembers how busy each cell is.
#[derive(Debug)]
pub(super) struct Activity {
    columns: u32,
    rows: u32,
    busy: Vec<f32>,
    age: f32,
}

impl Activity {
    pub(super) fn new(size: Size) -> Self {
        let (columns, rows) = (size.width.div_ceil(CELL), size.height.div_ceil(CELL));
        Self { columns, rows, busy: vec![0.0; (columns * rows) as usize], age: 0.0 }
    }

    /// The grid of a picture.
    pub(super) fn measure(
        &mut self,
        size: Size,
        foreground: &[u8],
        flow: Option<(Sampler<'_>, f32)>,
        seconds: f32,
    ) -> Grid {
        self.age += seconds;
        let span = if self.age < YOUNG { FIRST } else { FORGET };
        let rate = 1.0 - (-seconds / span).exp();
        let at = |x: u32, y: u32| (y * size.width + x) as usize;
        let mut cells = Vec::with_capacity(self.busy.len());
        for (index, busy) in (0u32..).zip(&mut self.busy) {
            let (left, top) = (index % self.columns * CELL, index / self.columns * CELL);
            let (right, bottom) = ((left + CELL).min(size.width), (top + CELL).min(size.height));
            let rows = (top..bottom).map(|y| (y, &foreground[at(left, y)..at(right, y)]));
            let changed = rows.clone().map(|(_, row)| u32::from(row.iter().sum::<u8>())).sum();
            let mut drift = (0.0, 0.0);
            if let (true, Some((flow, _))) = (changed > 0, flow) {
                for (y, row) in rows {
                    for (x, _) in (left..right).zip(row).filter(|(_, set)| **set != 0) {
                        let (dx, dy) = flow.at(x, y);
                        drift = (drift.0 + dx, drift.1 + dy);
                    }
                }
            }
            let change = ratio(changed, (right - left) * (bottom - top));
            *busy += rate * (f32::from(u8::from(changed > 0)) - *busy);
            let per = flow.map_or(0.0, |(_, lag)| 1.0 / (super::background::f32_of(changed.max(1)) * lag));
            cells.push(Cell { flow: (drift.0 * per, drift.1 * per), change, activity: *busy });
        }
        Grid { columns: self.columns, rows: self.rows, cells }
    }
}
