//! Holding a bit rate by giving up quality: decided at key frames, from what the pictures since the last one took.
//!
//! The library's own control would drop pictures, or print a warning if it may not.

/// How far quality may fall, in steps of the quantiser: each six halve the bits of what is seen, and far more than
/// halve those of noise.
const MOST: u8 = 15;
/// Steps down at once. Since noise vanishes all of a sudden, going all the way at once would go too far.
const DOWN: u8 = 4;
/// Quality comes back by a step a time, and only from below this share of the ceiling: two steps' worth.
const ROOM: f32 = 0.7;
/// Pictures after which quality may be lowered though no key frame is due.
const SOON: u32 = 5;

/// How many steps quality is lowered by.
#[derive(Debug)]
pub(super) struct Ceiling {
    /// Bits that one picture may take on average.
    bits_a_picture: f32,
    /// Pictures from one key frame to the next, usually.
    run: f32,
    lowered: u8,
    bits: f32,
    pictures: u32,
}

impl Ceiling {
    pub(super) fn new(bits_a_picture: f32, run: u32) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rough number")]
        let run = run as f32;
        Self { bits_a_picture: bits_a_picture.max(1.0), run, lowered: 0, bits: 0.0, pictures: 0 }
    }

    /// One picture was encoded.
    #[expect(clippy::cast_precision_loss, reason = "a picture has far fewer than 2^24 KiB")]
    pub(super) fn took(&mut self, bytes: usize) {
        self.bits += bytes as f32 * 8.0;
        self.pictures += 1;
    }

    /// All that the pictures up to the next key frame may take has been taken: worth a key frame now.
    pub(super) fn is_spent(&self) -> bool {
        self.pictures >= SOON && self.lowered < MOST && self.bits > self.bits_a_picture * self.run
    }

    /// A key frame follows: the steps to lower quality by from it on.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to 1 to 4 before; pictures of one run"
    )]
    pub(super) fn at_key(&mut self) -> u8 {
        if self.pictures > 0 {
            let over = self.bits / self.pictures as f32 / self.bits_a_picture;
            if over > 1.0 {
                let steps = (6.0 * over.log2()).ceil().clamp(1.0, f32::from(DOWN)) as u8;
                self.lowered = (self.lowered + steps).min(MOST);
            } else if over < ROOM {
                self.lowered = self.lowered.saturating_sub(1);
            }
        }
        (self.bits, self.pictures) = (0.0, 0);
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

    /// Encodes that many pictures of a scene; the steps after each, and all bytes.
    fn run(ceiling: &mut Ceiling, full: f32, pictures: u32) -> (Vec<u8>, usize) {
        let (mut steps, mut sum, mut since_key) = (Vec::new(), 0, 0);
        for _ in 0..pictures {
            if since_key >= 30 || ceiling.is_spent() {
                ceiling.at_key();
                since_key = 0;
            }
            let bytes = bytes(full, ceiling.lowered);
            ceiling.took(bytes);
            (sum, since_key) = (sum + bytes, since_key + 1);
            steps.push(ceiling.lowered);
        }
        (steps, sum)
    }

    #[test]
    fn a_scene_below_the_ceiling_keeps_its_quality() {
        assert!(run(&mut Ceiling::new(80_000.0, 30), 9_000.0, 300).0.iter().all(|lowered| *lowered == 0));
    }

    #[test]
    fn a_scene_of_eight_times_the_ceiling_is_below_it_within_three_seconds_and_stays_there() {
        let mut ceiling = Ceiling::new(80_000.0, 30);
        run(&mut ceiling, 80_000.0, 45);
        let (steps, bytes) = run(&mut ceiling, 40_000.0, 300);
        assert!(bytes <= 300 * 11_000, "{bytes}: {steps:?}");
    }

    #[test]
    fn quality_comes_back_once_the_scene_is_calm_again() {
        let mut ceiling = Ceiling::new(80_000.0, 30);
        run(&mut ceiling, 60_000.0, 60);
        assert_eq!(run(&mut ceiling, 2_000.0, 16 * 30).0.last(), Some(&0));
    }

    #[test]
    fn quality_falls_by_fifteen_steps_at_the_most() {
        assert_eq!(run(&mut Ceiling::new(8.0, 30), 1e6, 300).0.last(), Some(&MOST));
    }
}
