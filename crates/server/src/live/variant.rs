//! What a viewer asked for, brought to the few forms that are worth encoding.

/// Widths are rounded up to a multiple of this, so that windows of nearly the same size share one encoding.
const STEP: u32 = 16;

/// One form of a camera's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Variant {
    /// Pixels; `None`: as the source.
    pub(crate) width: Option<u32>,
    /// 1 to 100; `None`: as the source.
    pub(crate) quality: Option<u8>,
    /// With the time and boxes on it, as the settings say.
    pub(crate) drawn: bool,
}

impl Variant {
    /// The form for a wish, given the source's width if it is known. Never wider than the source.
    pub(crate) fn of(width: Option<u32>, quality: Option<u8>, source_width: Option<u32>) -> Self {
        let width = width.map(|width| width.div_ceil(STEP) * STEP);
        let width = width.filter(|&width| source_width.is_none_or(|source| width < source));
        Self { width, quality, drawn: false }
    }

    /// The same, with what the settings want drawn on it unless it is asked for raw.
    pub(crate) fn drawn_unless(self, raw: bool) -> Self {
        Self { drawn: !raw, ..self }
    }

    /// How far it is from what was asked for: first by width, then by quality.
    pub(crate) fn distance(self, wish: Self, source_width: Option<u32>) -> (u32, u8) {
        let width = |one: Self| one.width.or(source_width).unwrap_or(u32::MAX);
        let quality = |one: Self| one.quality.unwrap_or(super::JPEG_QUALITY);
        (width(self).abs_diff(width(wish)), quality(self).abs_diff(quality(wish)))
    }

    /// Whether it is the source's own picture.
    pub(crate) fn is_original(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_rounded_and_never_beyond_the_source() {
        let width = |asked, source| Variant::of(Some(asked), None, source).width;
        assert_eq!(width(630, Some(1280)), Some(640));
        assert_eq!(width(640, Some(1280)), Some(640));
        assert_eq!(width(1, Some(1280)), Some(16));
        assert_eq!(width(1280, Some(1280)), None);
        assert_eq!(width(1270, Some(1280)), None);
        assert_eq!(width(4000, Some(1280)), None);
        assert_eq!(width(640, None), Some(640));
        assert!(Variant::of(None, None, None).is_original());
        assert!(!Variant::of(Some(4000), Some(50), Some(1280)).is_original());
    }
}
