//! The pixel formats that are understood: their four letters, their word in the configuration, how their bytes lie.

/// How the bytes of a picture lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A whole JPEG a buffer.
    Jpeg,
    /// Two pixels in four bytes; where in them stand Y, U, the second Y, V.
    Packed422([usize; 4]),
    /// Y, then U and V by turns at half width and half height (`tall`: at full height); `swapped`: V first.
    Pairs { tall: bool, swapped: bool },
    /// Y, U and V one after the other, as above.
    Planes { tall: bool, swapped: bool },
    /// Y alone.
    Gray,
    /// Y alone, so many bits in the lower end of two bytes, the lower byte first.
    DeepGray(u32),
    /// Where in so many bytes a pixel stand red, green, blue.
    Rgb { places: [usize; 3], step: usize },
    /// Red, green and blue in 5, 6 and 5 bits of two bytes, the lower byte first.
    Rgb565,
}

/// A pixel format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    /// Its four letters, as in `V4L2_PIX_FMT_…`.
    pub(super) letters: [u8; 4],
    /// For people: the letters without trailing blanks.
    pub(super) word: &'static str,
    /// How it is read.
    pub(super) layout: Layout,
}

const fn row(word: &'static str, layout: Layout) -> Format {
    let (mut letters, mut at) = ([b' '; 4], 0);
    while at < word.len() {
        letters[at] = word.as_bytes()[at];
        at += 1;
    }
    Format { letters, word, layout }
}

const fn rgb(word: &'static str, places: [usize; 3], step: usize) -> Format {
    row(word, Layout::Rgb { places, step })
}

/// All of them. Within the same number of bytes a pixel, what costs less work stands first.
pub(super) static ALL: &[Format] = &[
    row("MJPG", Layout::Jpeg),
    row("JPEG", Layout::Jpeg),
    row("YU12", Layout::Planes { tall: false, swapped: false }),
    row("YV12", Layout::Planes { tall: false, swapped: true }),
    row("NV12", Layout::Pairs { tall: false, swapped: false }),
    row("NV21", Layout::Pairs { tall: false, swapped: true }),
    row("YUYV", Layout::Packed422([0, 1, 2, 3])),
    row("UYVY", Layout::Packed422([1, 0, 3, 2])),
    row("YVYU", Layout::Packed422([0, 3, 2, 1])),
    row("VYUY", Layout::Packed422([1, 2, 3, 0])),
    row("422P", Layout::Planes { tall: true, swapped: false }),
    row("NV16", Layout::Pairs { tall: true, swapped: false }),
    row("NV61", Layout::Pairs { tall: true, swapped: true }),
    row("RGBP", Layout::Rgb565),
    rgb("RGB3", [0, 1, 2], 3),
    rgb("BGR3", [2, 1, 0], 3),
    rgb("XR24", [2, 1, 0], 4),
    rgb("AR24", [2, 1, 0], 4),
    rgb("BGR4", [2, 1, 0], 4),
    rgb("XB24", [0, 1, 2], 4),
    rgb("AB24", [0, 1, 2], 4),
    rgb("BX24", [1, 2, 3], 4),
    rgb("BA24", [1, 2, 3], 4),
    rgb("RGB4", [1, 2, 3], 4),
    row("GREY", Layout::Gray),
    row("Y10", Layout::DeepGray(10)),
    row("Y12", Layout::DeepGray(12)),
    row("Y16", Layout::DeepGray(16)),
];

impl Format {
    /// The one with this code.
    pub(super) fn of_code(code: u32) -> Option<&'static Self> {
        ALL.iter().find(|format| format.code() == code)
    }

    /// The kernel's number for it.
    pub(super) fn code(&self) -> u32 {
        u32::from_le_bytes(self.letters)
    }

    /// Bits that a pixel takes on the wire; of a JPEG nobody knows.
    pub(super) fn bits(&self) -> u32 {
        match self.layout {
            Layout::Jpeg => 0,
            Layout::Gray => 8,
            Layout::Pairs { tall: false, .. } | Layout::Planes { tall: false, .. } => 12,
            Layout::Packed422(_)
            | Layout::Pairs { .. }
            | Layout::Planes { .. }
            | Layout::DeepGray(_)
            | Layout::Rgb565 => 16,
            Layout::Rgb { step, .. } => 8 * u32::try_from(step).unwrap_or(4),
        }
    }

    /// Whether it has no colour.
    pub(super) fn is_gray(&self) -> bool {
        matches!(self.layout, Layout::Gray | Layout::DeepGray(_))
    }

    /// Whether its numbers are red, green and blue.
    pub(super) fn is_rgb(&self) -> bool {
        matches!(self.layout, Layout::Rgb { .. } | Layout::Rgb565)
    }
}

/// The four letters of a code, for a message; what is no letter becomes a dot.
pub(super) fn letters(code: u32) -> String {
    let letter = |byte: u8| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' };
    let text: String = code.to_le_bytes().map(|byte| letter(byte & 0x7f)).iter().collect();
    text.trim_end().to_owned()
}

/// The words that the configuration may use for a format.
#[must_use]
pub fn format_words() -> Vec<&'static str> {
    vec![
        "mjpg", "jpeg", "yu12", "yv12", "nv12", "nv21", "yuyv", "uyvy", "yvyu", "vyuy", "422p", "nv16",
        "nv61", "rgbp", "rgb3", "bgr3", "xr24", "ar24", "bgr4", "xb24", "ab24", "bx24", "ba24", "rgb4",
        "grey", "y10", "y12", "y16",
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_one_word_and_each_word_a_format() {
        let words = format_words();
        assert_eq!(words.len(), ALL.len());
        for (format, word) in ALL.iter().zip(words) {
            assert_eq!(word, format.word.to_ascii_lowercase());
            assert_eq!(Format::of_code(format.code()), Some(format));
        }
    }

    #[test]
    fn letters_are_those_of_the_code() {
        assert_eq!(letters(u32::from_le_bytes(*b"YUYV")), "YUYV");
        assert_eq!(letters(u32::from_le_bytes(*b"Y10 ")), "Y10");
        assert_eq!(letters(u32::from_le_bytes([b'a', 0, 7, b'b'])), "a..b");
    }
}
