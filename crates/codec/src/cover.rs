//! Which cells of a grid polygons touch: pixels of planes, or whole blocks of a JPEG.

use std::ops::Range;

use frame::{Point, Polygon, Size};

/// A cell that is touched by less than this much of a pixel is not: corners are shares in `f32`, and an edge that
/// was drawn on a cell's border lies a little beside it.
const SLACK: f64 = 0.01;

/// For each row of cells the runs of cells that polygons touch, in order, apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cover {
    rows: Vec<Vec<Range<usize>>>,
}

impl Cover {
    /// Over a picture of `size` in cells of `cell` pixels; those at the right and lower edge may be smaller. What
    /// lies within a polygon in any sense is covered, also where it overlaps itself.
    pub(crate) fn new(polygons: &[Polygon], size: Size, cell: (usize, usize)) -> Self {
        let columns = (size.width as usize).div_ceil(cell.0);
        let count = (size.height as usize).div_ceil(cell.1);
        let rows = (0..count).map(|row| {
            let mut runs: Vec<Range<usize>> = Vec::new();
            for polygon in polygons {
                let corners = scaled(polygon, size);
                let band = (
                    whole(row * cell.1) + SLACK,
                    whole(((row + 1) * cell.1).min(size.height as usize)) - SLACK,
                );
                runs.extend(touched(&corners, band).into_iter().map(|(left, right)| {
                    let first = index(left + SLACK) / cell.0;
                    let last = index((right - SLACK).ceil()).div_ceil(cell.0);
                    first..last.min(columns)
                }));
            }
            merged(runs)
        });
        Self { rows: rows.collect() }
    }

    /// The runs of one row of cells.
    pub(crate) fn row(&self, row: usize) -> &[Range<usize>] {
        self.rows.get(row).map_or(&[], Vec::as_slice)
    }

    /// Whether anything is covered.
    #[cfg(test)]
    pub(crate) fn holds(&self, column: usize, row: usize) -> bool {
        self.row(row).iter().any(|run| run.contains(&column))
    }
}

fn scaled(polygon: &Polygon, size: Size) -> Vec<(f64, f64)> {
    let place = |p: &Point| (f64::from(p.x) * f64::from(size.width), f64::from(p.y) * f64::from(size.height));
    polygon.corners().iter().map(place).collect()
}

/// The stretches of x that the polygon has anywhere in a band of y. Between two neighbouring heights at which a
/// corner lies it is made of trapezoids: their two sides as far as they lie there, and what is between them at one
/// height in the middle, are all of it.
fn touched(corners: &[(f64, f64)], (top, bottom): (f64, f64)) -> Vec<(f64, f64)> {
    let mut heights: Vec<f64> = corners.iter().map(|c| c.1).filter(|y| *y > top && *y < bottom).collect();
    heights.extend([top, bottom]);
    heights.sort_by(f64::total_cmp);
    let mut stretches = Vec::new();
    for pair in heights.windows(2) {
        within(corners, f64::midpoint(pair[0], pair[1]), &mut stretches);
    }
    for (a, b) in edges(corners) {
        let (upper, lower) = if a.1 <= b.1 { (a, b) } else { (b, a) };
        if lower.1 < top || upper.1 > bottom {
            continue;
        }
        let at = |y: f64| match lower.1 - upper.1 {
            0.0 => upper.0,
            rise => upper.0 + (lower.0 - upper.0) * (y - upper.1) / rise,
        };
        let (from, to) = match lower.1 > upper.1 {
            true => (at(top.max(upper.1)), at(bottom.min(lower.1))),
            false => (upper.0, lower.0),
        };
        stretches.push((from.min(to), from.max(to)));
    }
    stretches
}

/// What lies inside at one height, by winding: where a polygon overlaps itself it is inside too.
fn within(corners: &[(f64, f64)], y: f64, stretches: &mut Vec<(f64, f64)>) {
    let mut crossings: Vec<(f64, i32)> = edges(corners)
        .filter(|(a, b)| (a.1 <= y) != (b.1 <= y))
        .map(|(a, b)| (a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1), if a.1 <= y { 1 } else { -1 }))
        .collect();
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut winding = 0;
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        if winding != 0 {
            stretches.push((pair[0].0, pair[1].0));
        }
    }
}

fn edges(corners: &[(f64, f64)]) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

fn merged(mut runs: Vec<Range<usize>>) -> Vec<Range<usize>> {
    runs.retain(|run| !run.is_empty());
    runs.sort_by_key(|run| run.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for run in runs {
        match out.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => out.push(run),
        }
    }
    out
}

#[expect(clippy::cast_precision_loss, reason = "pixels, at most 8,192")]
fn whole(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels, cut to 0 and up")]
fn index(value: f64) -> usize {
    value.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn polygon(corners: &[(f32, f32)]) -> Polygon {
        Polygon::new(corners.iter().map(|&(x, y)| Point { x, y }).collect()).unwrap()
    }

    fn drawn(polygon: &Polygon, size: Size, cell: (usize, usize)) -> Vec<String> {
        let cover = Cover::new(std::slice::from_ref(polygon), size, cell);
        let columns = (size.width as usize).div_ceil(cell.0);
        let row = |y| (0..columns).map(|x| if cover.holds(x, y) { '#' } else { '.' }).collect();
        (0..cover.rows.len()).map(row).collect()
    }

    #[test]
    fn a_box_on_the_borders_of_cells_covers_just_those() {
        let quarter = polygon(&[(0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)]);
        assert_eq!(drawn(&quarter, Size::new(4, 4), (1, 1)), ["....", "....", "..##", "..##"]);
        let thirds = polygon(&[(0.3, 0.0), (0.6, 0.0), (0.6, 1.0), (0.3, 1.0)]);
        assert_eq!(drawn(&thirds, Size::new(160, 16), (16, 16)), ["...###...."]);
    }

    #[test]
    fn every_cell_that_an_edge_runs_through_is_covered() {
        let slope = polygon(&[(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)]);
        assert_eq!(drawn(&slope, Size::new(4, 4), (1, 1)), ["#...", "##..", "###.", "####"]);
        let sliver = polygon(&[(0.1, 0.05), (0.9, 0.95), (0.9, 0.96)]);
        let rows = drawn(&sliver, Size::new(40, 40), (10, 10));
        assert_eq!(rows, ["##..", ".#..", ".##.", "..##"]);
    }

    #[test]
    fn where_an_outline_overlaps_itself_is_inside_too() {
        let twice = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        let twice = polygon(&[&twice[..], &twice[..]].concat());
        assert_eq!(drawn(&twice, Size::new(2, 2), (1, 1)), ["##", "##"]);
    }

    proptest! {
        #[test]
        fn whatever_lies_in_the_polygon_is_covered(
            corners in proptest::collection::vec((0.0f32..=1.0, 0.0f32..=1.0), 3..9),
            w in 1u32..70, h in 1u32..70, cell in (1usize..20, 1usize..20),
        ) {
            let polygon = polygon(&corners);
            let size = Size::new(w, h);
            let cover = Cover::new(std::slice::from_ref(&polygon), size, cell);
            for y in 0..h {
                for x in 0..w {
                    // The middle of the pixel, by the rule that detection goes by.
                    #[expect(clippy::cast_precision_loss, reason = "small")]
                    let middle = Point { x: (x as f32 + 0.5) / w as f32, y: (y as f32 + 0.5) / h as f32 };
                    if polygon.contains(middle) {
                        prop_assert!(cover.holds(x as usize / cell.0, y as usize / cell.1), "{} {}", x, y);
                    }
                }
            }
        }
    }
}
