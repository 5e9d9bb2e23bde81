//! Where the world's places fall in the picture. The world is 1600 wide and 900 high at 16:9; taller pictures see more sky and lawn.

use frame::Size;

/// World units from left to right.
pub(crate) const WIDTH: f32 = 1600.0;
/// The eye's level: things on level ground shrink towards it.
pub(crate) const HORIZON: f32 = 330.0;
/// The tallest picture, 4:3; narrower ones lose their sides instead.
const TALLEST: f32 = 1200.0;

/// World to pixels and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage {
    /// Pixels of the canvas, its margin included.
    pub(crate) size: Size,
    /// Pixels a world unit takes.
    pub(crate) scale: f32,
    /// World place of the canvas' left upper corner.
    left: f32,
    top: f32,
}

impl Stage {
    /// For pictures of `size`, on a canvas with `margin` pixels more on each side.
    pub(crate) fn new(size: Size, margin: u32) -> Self {
        let (w, h) = (size.width as f32, size.height as f32);
        let scale = (w / WIDTH).max(h / TALLEST);
        let (seen_w, seen_h) = (w / scale, h / scale);
        let extra = seen_h - 900.0;
        let top = -extra * if extra > 0.0 { 0.3 } else { 0.6 };
        let m = margin as f32 / scale;
        let canvas = Size::new(size.width + 2 * margin, size.height + 2 * margin);
        Self { size: canvas, scale, left: (WIDTH - seen_w) / 2.0 - m, top: top - m }
    }

    pub(crate) fn x(&self, world: f32) -> f32 {
        (world - self.left) * self.scale
    }

    pub(crate) fn y(&self, world: f32) -> f32 {
        (world - self.top) * self.scale
    }

    pub(crate) fn world_x(&self, pixel: f32) -> f32 {
        pixel / self.scale + self.left
    }

    pub(crate) fn world_y(&self, pixel: f32) -> f32 {
        pixel / self.scale + self.top
    }

    /// The world's height at the upper edge of the picture.
    pub(crate) fn top(&self) -> f32 {
        self.top
    }

    /// The world's height at the lower edge of the picture.
    pub(crate) fn bottom(&self) -> f32 {
        self.world_y(self.size.height as f32)
    }
}
