//! JPEG in and out: scan, reduced luma, scale, encode, turn, mask, write on it, and the picture that stands in while
//! there is none. Of an event: its clip as H.264, its thumbnail, and the still that shows the mover's way.
//!
//! - **Reads** bytes and planes that it is handed; [`scan`] looks at markers only and decodes nothing.
//! - **Writes** nothing but what it returns; [`Decoder`], [`Encoder`], [`VideoEncoder`] and [`Workspace`] keep their
//!   buffers for the next picture and belong to one thread at a time.
//! - **Never** does I/O, spawns a thread, logs, reads a clock, or lets a type of libjpeg-turbo or OpenH264 out:
//!   nothing else in the house knows which library does the work.
//!
//! Whatever comes from outside passes [`scan`] first. It bounds everything that follows: at most [`MAX_BYTES`]
//! bytes, [`MAX_SIDE`] pixels a side and [`MAX_SCANS`] scans, checked before anything is allocated.

mod canvas;
mod cover;
mod decode;
mod encode;
mod font;
mod h264;
mod huffman;
mod luma;
mod markers;
mod mask;
mod no_signal;
mod overlay;
mod resample;
mod scan;
mod shape;
mod still;
mod trail;
mod turn;
mod variant;

pub use decode::Decoder;
pub use encode::Encoder;
pub use h264::{Encoded, VideoEncoder, VideoSettings};
pub use no_signal::no_signal;
pub use overlay::{Boxed, Corner, Overlay, annotated_jpeg};
pub use scan::{Extent, MAX_BYTES, MAX_SCANS, MAX_SIDE, ScanError, extent, scan};
pub use shape::{Shaped, Shaper};
pub use still::{crop_jpeg, sharpness};
pub use trail::trail_jpeg;
pub use variant::{Workspace, luma_of, scaled_jpeg};

#[cfg(test)]
mod tests;

use frame::Size;

/// Why a picture could not be decoded or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The entropy data is damaged; what there is of the picture is not worth showing.
    #[error("the JPEG is damaged: {0}")]
    Damaged(String),
    /// A side is zero or longer than [`MAX_SIDE`].
    #[error("a picture of {0} pixels cannot be handled; 1×1 to 8192×8192 can")]
    Size(Size),
    /// Not the size of the clip, or no clip can be encoded at it.
    #[error("a picture of {0} pixels does not fit into the clip; one size of 16×16 to 3840×2160 does")]
    VideoSize(Size),
    /// The planes are stored in a colour space other than gray or YCbCr.
    #[error("the JPEG's colours are {0}; gray and YCbCr can be handled")]
    Colours(&'static str),
    /// libjpeg-turbo could not be set up or refused to encode.
    #[error("the JPEG library failed: {0}")]
    Library(String),
}

/// Sizes that may be allocated for.
pub(crate) fn checked(size: Size) -> Result<Size, CodecError> {
    let fits = |side: u32| (1..=MAX_SIDE).contains(&side);
    if fits(size.width) && fits(size.height) { Ok(size) } else { Err(CodecError::Size(size)) }
}
