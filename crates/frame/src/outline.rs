//! Whether corners make an area: what a person draws on a picture, or writes by hand.

use crate::Point;

/// Corners at the most: every candidate is tested against each, and nobody draws more.
pub const MAX_CORNERS: usize = 64;
/// The smallest area, as a share of the picture: a square of one hundredth of each side.
const LEAST_AREA: f64 = 1e-4;

/// Why corners do not make an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutlineFault {
    /// Fewer than three.
    TooFew(usize),
    /// More than [`MAX_CORNERS`].
    TooMany(usize),
    /// The corner of this index, from 0, does not lie in the picture.
    Outside(usize),
    /// The sides that begin at these two corners, from 0, cross.
    Crosses(usize, usize),
    /// They lie on one line, or so close together that next to nothing is inside.
    Empty,
}

/// As what was found.
impl std::fmt::Display for OutlineFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFew(1) => f.write_str("1 corner"),
            Self::TooFew(count) | Self::TooMany(count) => write!(f, "{count} corners"),
            Self::Outside(at) => write!(f, "corner {} beyond the picture", at + 1),
            Self::Crosses(a, b) => {
                write!(f, "a line that crosses itself: the sides from corner {} and corner {}", a + 1, b + 1)
            }
            Self::Empty => f.write_str("corners that lie on one line, or next to it"),
        }
    }
}

/// Looks for the first reason why the corners, the last of which joins the first, do not make an area.
///
/// # Errors
/// That reason. An outline that touches itself is one still; one that crosses itself is not.
pub fn outline(corners: &[Point]) -> Result<(), OutlineFault> {
    let is_inside = |v: f32| (0.0..=1.0).contains(&v);
    match corners.len() {
        count @ 0..=2 => return Err(OutlineFault::TooFew(count)),
        count if count > MAX_CORNERS => return Err(OutlineFault::TooMany(count)),
        _ => {}
    }
    if let Some(at) = corners.iter().position(|p| !is_inside(p.x) || !is_inside(p.y)) {
        return Err(OutlineFault::Outside(at));
    }
    if let Some((a, b)) = crossing(corners) {
        return Err(OutlineFault::Crosses(a, b));
    }
    if area(corners) < LEAST_AREA { Err(OutlineFault::Empty) } else { Ok(()) }
}

/// Twice the area of the triangle, positive if it turns one way round and negative if the other.
fn turn(a: Point, b: Point, c: Point) -> f64 {
    let (ax, ay) = (f64::from(a.x), f64::from(a.y));
    (f64::from(b.x) - ax) * (f64::from(c.y) - ay) - (f64::from(b.y) - ay) * (f64::from(c.x) - ax)
}

fn area(corners: &[Point]) -> f64 {
    let origin = corners[0];
    corners.windows(2).map(|pair| turn(origin, pair[0], pair[1])).sum::<f64>().abs() / 2.0
}

/// The first two sides that cross, not merely touch.
fn crossing(corners: &[Point]) -> Option<(usize, usize)> {
    let count = corners.len();
    let side = |at: usize| (corners[at], corners[(at + 1) % count]);
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    pairs.into_iter().find(|(a, b)| {
        let ((p, q), (r, s)) = (side(*a), side(*b));
        let apart = |x: f64, y: f64| (x > 0.0 && y < 0.0) || (x < 0.0 && y > 0.0);
        apart(turn(p, q, r), turn(p, q, s)) && apart(turn(r, s, p), turn(r, s, q))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(corners: &[(f32, f32)]) -> Vec<Point> {
        corners.iter().map(|(x, y)| Point { x: *x, y: *y }).collect()
    }

    #[test]
    fn each_fault_is_found() {
        let check = |corners: &[(f32, f32)]| outline(&points(corners));
        assert_eq!(check(&[(0.1, 0.1), (0.9, 0.1), (0.9, 0.9)]), Ok(()));
        assert_eq!(check(&[(0.1, 0.1), (0.9, 0.1)]), Err(OutlineFault::TooFew(2)));
        assert_eq!(check(&[(0.5, 0.5); 65]), Err(OutlineFault::TooMany(65)));
        assert_eq!(check(&[(0.1, 0.1), (1.1, 0.1), (0.9, 0.9)]), Err(OutlineFault::Outside(1)));
        assert_eq!(check(&[(0.1, 0.1), (f32::NAN, 0.1), (0.9, 0.9)]), Err(OutlineFault::Outside(1)));
        assert_eq!(check(&[(0.1, 0.1), (0.5, 0.5), (0.9, 0.9)]), Err(OutlineFault::Empty));
        assert_eq!(check(&[(0.5, 0.5); 4]), Err(OutlineFault::Empty));
        let bow = [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)];
        assert_eq!(check(&bow), Err(OutlineFault::Crosses(0, 2)));
    }

    #[test]
    fn what_touches_itself_is_an_outline_still() {
        // A corner clicked twice, and a spike that goes back on its own line.
        let twice = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.1), (0.9, 0.9)];
        let spike = [(0.1, 0.1), (0.5, 0.1), (0.9, 0.1), (0.5, 0.1), (0.5, 0.9)];
        assert_eq!((outline(&points(&twice)), outline(&points(&spike))), (Ok(()), Ok(())));
    }

    proptest! {
        /// Corners in the order of their angle around a point never cross, whichever is the first; two of them changed
        /// over always do.
        #[test]
        fn a_ring_is_an_outline_and_a_twisted_one_is_not(
            radii in proptest::collection::vec(0.1f32..0.49, 4..=MAX_CORNERS),
            first in 0usize..64,
        ) {
            let count = radii.len();
            let mut corners: Vec<Point> = radii.iter().enumerate().map(|(at, radius)| {
                let angle = std::f32::consts::TAU * at as f32 / count as f32;
                Point { x: 0.5 + radius * angle.cos(), y: 0.5 + radius * angle.sin() }
            }).collect();
            corners.rotate_left(first % count);
            prop_assert_eq!(outline(&corners), Ok(()));
            let mut convex: Vec<Point> = (0..count).map(|at| {
                let angle = std::f32::consts::TAU * at as f32 / count as f32;
                Point { x: 0.5 + 0.4 * angle.cos(), y: 0.5 + 0.4 * angle.sin() }
            }).collect();
            convex.swap(first % count, (first + 1) % count);
            prop_assert!(matches!(outline(&convex), Err(OutlineFault::Crosses(..))));
        }
    }
}
