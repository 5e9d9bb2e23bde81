//! From a frame to the JPEG of one variant, for feeds and snapshots alike.

use bytes::Bytes;
use codec::{CodecError, Encoder, Overlay, Workspace};
use frame::Frame;

use crate::live::channel::Channel;
use crate::live::{JPEG_QUALITY, Variant};

/// Keeps its buffers; one per thread.
pub(crate) struct Maker {
    variant: Variant,
    encoder: Encoder,
    work: Workspace,
}

impl Maker {
    pub(crate) fn new(variant: Variant) -> Result<Self, CodecError> {
        Ok(Self { variant, encoder: Encoder::new(JPEG_QUALITY)?, work: Workspace::new()? })
    }

    /// What has to be encoded is counted; the camera's own picture in its own size is handed on as it is.
    pub(crate) fn jpeg(&mut self, frame: &Frame, channel: &Channel) -> Result<Bytes, CodecError> {
        let Variant { width, quality, drawn } = self.variant;
        let overlay = if drawn { channel.overlay(frame) } else { Overlay::default() };
        let is_own_size = width.is_none() && quality.is_none();
        let pixels = width.unwrap_or(frame.size().width);
        if overlay.is_empty() && is_own_size {
            return frame.jpeg_or_encode(|raw| {
                channel.tally.encodes.inc();
                self.encoder.i420(raw)
            });
        }
        channel.tally.encodes.inc();
        let quality = quality.or((!is_own_size).then_some(JPEG_QUALITY));
        if overlay.is_empty() {
            return codec::scaled_jpeg(frame, pixels, quality.unwrap_or(JPEG_QUALITY), &mut self.work);
        }
        codec::annotated_jpeg(frame, pixels, quality, &overlay, &mut self.work)
    }
}
