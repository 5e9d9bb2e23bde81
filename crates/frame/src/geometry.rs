//! Sizes, boxes and polygons. Pixels are whole numbers, shares of the picture are 0 to 1.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// `width` × `height` pixels.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// How many pixels.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The same shape at `width` pixels, at least 1×1.
    #[must_use]
    pub fn scaled_to_width(self, width: u32) -> Self {
        let height = (u64::from(self.height) * u64::from(width)).div_ceil(u64::from(self.width.max(1)));
        Self { width: width.max(1), height: u32::try_from(height).unwrap_or(u32::MAX).max(1) }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}", self.width, self.height)
    }
}

/// A box in pixels; `x`, `y` is its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

impl Rect {
    /// A box from its left upper corner and its extent.
    #[must_use]
    pub const fn new(x: u32, y: u32, w: u32, h: u32) -> Self {
        Self { x, y, w, h }
    }

    /// How many pixels.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.w as u64 * self.h as u64
    }

    /// Pixels that both boxes hold.
    #[must_use]
    pub fn overlap(self, other: Self) -> u64 {
        let span = |a: u32, aw: u32, b: u32, bw: u32| {
            (u64::from(a) + u64::from(aw))
                .min(u64::from(b) + u64::from(bw))
                .saturating_sub(u64::from(a.max(b)))
        };
        span(self.x, self.w, other.x, other.w) * span(self.y, self.h, other.y, other.h)
    }

    /// Intersection over union, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "areas of pictures are far below 2^52")]
    pub fn iou(self, other: Self) -> f64 {
        let both = self.overlap(other);
        let either = self.area() + other.area() - both;
        if either == 0 { 0.0 } else { both as f64 / either as f64 }
    }

    /// The part that lies inside a picture of `size`; empty boxes come out with zero extent.
    #[must_use]
    pub fn clipped(self, size: Size) -> Self {
        let x = self.x.min(size.width);
        let y = self.y.min(size.height);
        Self { x, y, w: self.w.min(size.width - x), h: self.h.min(size.height - y) }
    }
}

/// How far a picture is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rotation {
    /// As it came.
    #[default]
    None,
    /// 90°: the left edge comes to the top.
    Quarter,
    /// 180°: upside down.
    Half,
    /// 270°: the right edge comes to the top.
    ThreeQuarters,
}

impl Rotation {
    /// From 0, 90, 180 or 270 degrees; anything else is `None`.
    #[must_use]
    pub const fn from_degrees(degrees: u32) -> Option<Self> {
        match degrees {
            0 => Some(Self::None),
            90 => Some(Self::Quarter),
            180 => Some(Self::Half),
            270 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }

    /// 0, 90, 180 or 270.
    #[must_use]
    pub const fn degrees(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// The size of a picture of `size` once it is turned.
    #[must_use]
    pub const fn of(self, size: Size) -> Size {
        match self {
            Self::None | Self::Half => size,
            Self::Quarter | Self::ThreeQuarters => Size::new(size.height, size.width),
        }
    }
}

/// A place in the picture as shares of its width and height, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Share of the width, from the left.
    pub x: f32,
    /// Share of the height, from the top.
    pub y: f32,
}

/// An area drawn on the picture, its corners in order; the last joins the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    corners: Vec<Point>,
}

impl Polygon {
    /// From at least three corners that all lie in the picture; anything else is `None`.
    #[must_use]
    pub fn new(corners: Vec<Point>) -> Option<Self> {
        let inside = |v: f32| (0.0..=1.0).contains(&v);
        (corners.len() >= 3 && corners.iter().all(|p| inside(p.x) && inside(p.y))).then_some(Self { corners })
    }

    /// The corners in order.
    #[must_use]
    pub fn corners(&self) -> &[Point] {
        &self.corners
    }

    /// Whether the place lies inside (even-odd rule).
    #[must_use]
    pub fn contains(&self, p: Point) -> bool {
        let mut inside = false;
        let mut from = self.corners[self.corners.len() - 1];
        for &to in &self.corners {
            if (to.y > p.y) != (from.y > p.y) {
                let crossing = (from.x - to.x) * (p.y - to.y) / (from.y - to.y) + to.x;
                inside ^= p.x < crossing;
            }
            from = to;
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect() -> impl Strategy<Value = Rect> {
        (0u32..5000, 0u32..5000, 0u32..5000, 0u32..5000).prop_map(|(x, y, w, h)| Rect { x, y, w, h })
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_between_zero_and_one(a in rect(), b in rect()) {
            prop_assert!((a.iou(b) - b.iou(a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&a.iou(b)));
        }

        #[test]
        fn a_clipped_box_lies_in_the_picture(a in rect(), w in 1u32..4000, h in 1u32..4000) {
            let c = a.clipped(Size::new(w, h));
            prop_assert!(c.x + c.w <= w && c.y + c.h <= h);
        }
    }

    #[test]
    fn a_polygon_needs_three_corners_inside_the_picture() {
        let p = |x, y| Point { x, y };
        assert!(Polygon::new(vec![p(0.0, 0.0), p(1.0, 1.0)]).is_none());
        assert!(Polygon::new(vec![p(0.0, 0.0), p(1.0, 1.0), p(f32::NAN, 0.0)]).is_none());
        let half = Polygon::new(vec![p(0.0, 0.0), p(1.0, 0.0), p(0.0, 1.0)]).unwrap();
        assert!(half.contains(p(0.2, 0.2)) && !half.contains(p(0.9, 0.9)));
    }

    #[test]
    fn a_rotation_is_one_of_four_and_swaps_the_sides_of_a_quarter_turn() {
        let turned = [0, 90, 180, 270].map(|degrees| {
            let rotation = Rotation::from_degrees(degrees).unwrap();
            assert_eq!(rotation.degrees(), degrees);
            rotation.of(Size::new(4, 3)).width
        });
        assert_eq!(turned, [4, 3, 4, 3]);
        assert_eq!(Rotation::from_degrees(45), None);
    }

    #[test]
    fn scaling_to_a_width_keeps_the_shape() {
        assert_eq!(Size::new(1280, 720).scaled_to_width(320), Size::new(320, 180));
        assert_eq!(Size::new(3, 1).scaled_to_width(1), Size::new(1, 1));
    }
}
