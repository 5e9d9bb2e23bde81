//! Holding a bit rate by giving up quality: decided at each key frame from what the pictures since the last one took.
//!
//! The library's own control would drop pictures, or print a warning if it may not.

/// How far quality may fall, in steps of the quantiser: each six halve the bits, about.
const MOST: u8 = 15;
/// Quality comes back only while what was taken would then still be below this share of the ceiling.
const ROOM: f32 = 0.8;

/// How many steps quality is lowered by.
#[derive(Debug)]
pub(super) struct Ceiling {
    /// Bits that one picture may take on average.
    bits_a_picture: f32,
    lowered: u8,
    bits: f32,
    pictures: f32,
}

impl Ceiling {
    pub(super) fn new(bits_a_picture: f32) -> Self {
        Self { bits_a_picture: bits_a_picture.max(1.0), lowered: 0, bits: 0.0, pictures: 0.0 }
    }

    /// One picture was encoded.
    #[expect(clippy::cast_precision_loss, reason = "a picture has far fewer than 2^24 KiB")]
    pub(super) fn took(&mut self, bytes: usize) {
        self.bits += bytes as f32 * 8.0;
        self.pictures += 1.0;
    }

    /// A key frame follows: the steps to lower quality by from it on.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 15 before")]
    pub(super) fn at_key(&mut self) -> u8 {
        if self.pictures > 0.0 && self.bits > 0.0 {
            let over = self.bits / self.pictures / self.bits_a_picture;
            let most = f32::from(MOST);
            let steps = if over > 1.0 {
                (6.0 * over.log2()).ceil()
            } else {
                // Steps up that keep it below; none if there is no room.
                -(6.0 * (ROOM / over).log2()).floor().max(0.0)
            };
            self.lowered = (f32::from(self.lowered) + steps).clamp(0.0, most) as u8;
        }
        (self.bits, self.pictures) = (0.0, 0.0);
        self.lowered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a scene takes at so many steps below: halved by six.
    fn bytes(full: f32, lowered: u8) -> usize {
        (full * 0.5f32.powf(f32::from(lowered) / 6.0)) as usize
    }

    fn run(ceiling: &mut Ceiling, full: f32, rounds: usize) -> Vec<u8> {
        let mut lowered = ceiling.lowered;
        (0..rounds)
            .map(|_| {
                (0..30).for_each(|_| ceiling.took(bytes(full, lowered)));
                lowered = ceiling.at_key();
                lowered
            })
            .collect()
    }

    #[test]
    fn a_scene_below_the_ceiling_keeps_its_quality() {
        assert_eq!(run(&mut Ceiling::new(80_000.0), 9_000.0, 3), [0, 0, 0]);
    }

    #[test]
    fn a_scene_of_thrice_the_ceiling_is_below_it_after_one_key_frame_and_stays_there() {
        let mut ceiling = Ceiling::new(80_000.0);
        let lowered = run(&mut ceiling, 30_000.0, 5);
        assert!(lowered.iter().all(|l| bytes(30_000.0, *l) <= 10_000), "{lowered:?}");
        assert!(lowered.windows(2).all(|pair| pair[0] == pair[1]), "{lowered:?}");
    }

    #[test]
    fn quality_comes_back_once_the_scene_is_calm_again() {
        let mut ceiling = Ceiling::new(80_000.0);
        run(&mut ceiling, 60_000.0, 2);
        assert_eq!(run(&mut ceiling, 2_000.0, 2).last(), Some(&0));
    }

    #[test]
    fn quality_falls_by_fifteen_steps_at_the_most() {
        assert_eq!(run(&mut Ceiling::new(8.0), 1e6, 3).last(), Some(&MOST));
    }
}
