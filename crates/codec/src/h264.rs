//! Pictures to H.264: constrained baseline, one slice a picture, what every browser and every player decodes.
//!
//! The colours stay as JPEGs hold them, BT.601 over the full range, and the parameter set says so: converting them
//! would cost a pass over each picture and a little of its depth.

use frame::{Picture, Size};
use openh264::OpenH264API;
use openh264::encoder::{
    ColorPrimaries, Complexity, EncodedBitStream, Encoder, EncoderConfig, MatrixCoefficients, Profile,
    QpRange, RateControlMode, TransferCharacteristics, UsageType, VuiConfig,
};
use openh264::formats::YUVSource;

use crate::decode::Planes;
use crate::{CodecError, Decoder};

mod ceiling;

use ceiling::Ceiling;

/// The longer and the shorter side that the library takes.
const LONGEST: (u32, u32) = (3840, 2160);
/// It cannot do with less than a block.
const SHORTEST: u32 = 16;
/// Bits a pixel of a picture that are the ceiling unless one is set; gardens by day take a quarter of it at quality 75.
const BITS_A_PIXEL: f32 = 0.25;

/// How a clip is encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoSettings {
    /// 1 to 100; 75 is a good picture (quantiser 28), and what is spent for it depends on what there is to see.
    pub quality: u8,
    /// Bits a second that are exceeded only for moments: quality gives way. `None` chooses by size and rate.
    pub bit_rate: Option<u32>,
    /// Pictures a second to expect; only the bit rate and the distance of key frames depend on it.
    pub frame_rate: f32,
    /// Pictures from one key frame to the next, unless one is asked for earlier. `None` is two seconds' worth.
    pub key_every: Option<u32>,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self { quality: 75, bit_rate: None, frame_rate: 15.0, key_every: None }
    }
}

/// One encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// NAL units, each behind its length in 4 bytes; without parameter sets.
    pub data: Vec<u8>,
    /// It needs no other picture to be shown.
    pub key: bool,
}

/// Encodes the pictures of one clip. One per thread; it starts none.
pub struct VideoEncoder {
    inner: Encoder,
    decoder: Decoder,
    source: Size,
    size: Size,
    sps: Vec<u8>,
    pps: Vec<u8>,
    /// The quantiser that the quality asks for, and the one in use.
    qp: (u8, u8),
    ceiling: Ceiling,
    key_every: u32,
    since_key: u32,
}

impl std::fmt::Debug for VideoEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VideoEncoder").field("size", &self.size).finish_non_exhaustive()
    }
}

impl VideoEncoder {
    /// An encoder for pictures of `source` pixels. An odd last column and row are left out: see [`Self::size`].
    ///
    /// # Errors
    /// [`CodecError::VideoSize`] beyond 16×16 to 3840×2160, [`CodecError::Library`] if the library refuses.
    pub fn new(source: Size, settings: &VideoSettings) -> Result<Self, CodecError> {
        let size = Size::new(source.width & !1, source.height & !1);
        let (longer, shorter) = (size.width.max(size.height), size.width.min(size.height));
        if shorter < SHORTEST || longer > LONGEST.0 || shorter > LONGEST.1 {
            return Err(CodecError::VideoSize(source));
        }
        let frame_rate =
            if settings.frame_rate.is_finite() { settings.frame_rate.clamp(1.0, 60.0) } else { 15.0 };
        let qp = quantiser(settings.quality);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1 to 60 a second, clamped"
        )]
        let two_seconds = (2.0 * frame_rate).round() as u32;
        let key_every = settings.key_every.unwrap_or(two_seconds).max(1);
        let mut encoder = Self {
            inner: encoder(qp)?,
            decoder: Decoder::new()?,
            source,
            size,
            sps: Vec::new(),
            pps: Vec::new(),
            qp: (qp, qp),
            ceiling: Ceiling::new(bits_a_picture(size, settings, frame_rate), key_every),
            key_every,
            since_key: 0,
        };
        encoder.learn_parameter_sets()?;
        Ok(encoder)
    }

    /// The file's head wants them before there is a picture, so that a gray one is encoded and thrown away.
    fn learn_parameter_sets(&mut self) -> Result<(), CodecError> {
        let (width, height) = sides(self.size);
        let gray = vec![128; width * height];
        let colour = &gray[..width / 2 * (height / 2)];
        let planes =
            Planes { luma: &gray, luma_stride: width, colour: [colour, colour], colour_stride: width / 2 };
        let stream = self.inner.encode(&Source { planes, size: self.size }).map_err(library)?;
        let (mut sps, mut pps) = (Vec::new(), Vec::new());
        each_nal(&stream, |nal| match kind(nal) {
            7 => sps = nal.to_vec(),
            8 => pps = nal.to_vec(),
            _ => {}
        });
        if sps.len() < 4 || pps.is_empty() {
            return Err(CodecError::Library("the encoder gave no parameter sets".to_owned()));
        }
        (self.sps, self.pps) = (sps, pps);
        // The first real picture must be a key frame.
        self.since_key = self.key_every;
        Ok(())
    }

    /// Pixels of the encoded pictures: even.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Sequence and picture parameter set, without start codes; the same for all pictures of this encoder.
    #[must_use]
    pub fn parameter_sets(&self) -> (&[u8], &[u8]) {
        (&self.sps, &self.pps)
    }

    /// The next picture, as a key frame if `force_key` or if one is due.
    ///
    /// # Errors
    /// [`CodecError::VideoSize`] if its size is not that of the encoder, [`CodecError`] of decoding: then the next
    /// picture may be encoded as if this one had not been.
    pub fn encode(&mut self, picture: &Picture, force_key: bool) -> Result<Encoded, CodecError> {
        if picture.size() != self.source {
            return Err(CodecError::VideoSize(picture.size()));
        }
        let planes = match picture {
            Picture::Jpeg(jpeg) => self.decoder.planes(&jpeg.bytes)?,
            Picture::Raw(raw) => Planes::of(raw),
        };
        if force_key || self.since_key >= self.key_every || self.ceiling.is_spent() {
            let qp = (self.qp.0 + self.ceiling.at_key()).min(51);
            if qp == self.qp.1 {
                self.inner.force_intra_frame();
            } else {
                // The library takes another quantiser only from the beginning; the parameter sets are the same.
                self.inner = encoder(qp)?;
                self.qp.1 = qp;
            }
        }
        let stream = self.inner.encode(&Source { planes, size: self.size }).map_err(library)?;
        let mut encoded = Encoded { data: Vec::new(), key: false };
        each_nal(&stream, |nal| {
            let kind = kind(nal);
            if kind == 7 || kind == 8 {
                return;
            }
            encoded.key |= kind == 5;
            encoded.data.extend_from_slice(&u32::try_from(nal.len()).unwrap_or(u32::MAX).to_be_bytes());
            encoded.data.extend_from_slice(nal);
        });
        if encoded.data.is_empty() {
            return Err(CodecError::Library("the encoder left a picture out".to_owned()));
        }
        self.ceiling.took(encoded.data.len());
        self.since_key = if encoded.key { 1 } else { self.since_key.saturating_add(1) };
        Ok(encoded)
    }
}

/// 75 is 28, 81 is 26: a third of a step of the quantiser for each.
fn quantiser(quality: u8) -> u8 {
    51 - u8::try_from(u32::from(quality.clamp(1, 100)) * 31 / 100).unwrap_or(23)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "neither 8 million pixels nor a bit rate need more than 24 bits"
)]
fn bits_a_picture(size: Size, settings: &VideoSettings, frame_rate: f32) -> f32 {
    let by_size = size.area() as f32 * BITS_A_PIXEL;
    settings.bit_rate.map_or(by_size, |rate| rate as f32 / frame_rate)
}

/// With that quantiser for every block of every picture.
fn encoder(qp: u8) -> Result<Encoder, CodecError> {
    let colours = VuiConfig::new()
        .color_primaries(ColorPrimaries::Bt709)
        .transfer_characteristics(TransferCharacteristics::Srgb)
        .matrix_coefficients(MatrixCoefficients::Smpte170M)
        .full_range(true);
    let config = EncoderConfig::new()
        .profile(Profile::Baseline)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .num_threads(1)
        .skip_frames(false)
        .scene_change_detect(false)
        .adaptive_quantization(false)
        // Nobody tells this control that a network was too slow, so that it stays at its lowest.
        .rate_control_mode(RateControlMode::Bufferbased)
        .qp(QpRange::new(qp, qp))
        .vui(colours);
    Encoder::with_api_config(OpenH264API::from_source(), config).map_err(library)
}

/// Planes as the library asks for them; what lies beyond the even size is not looked at.
struct Source<'a> {
    planes: Planes<'a>,
    size: Size,
}

impl YUVSource for Source<'_> {
    fn dimensions(&self) -> (usize, usize) {
        sides(self.size)
    }
    fn strides(&self) -> (usize, usize, usize) {
        (self.planes.luma_stride, self.planes.colour_stride, self.planes.colour_stride)
    }
    fn y(&self) -> &[u8] {
        self.planes.luma
    }
    fn u(&self) -> &[u8] {
        self.planes.colour[0]
    }
    fn v(&self) -> &[u8] {
        self.planes.colour[1]
    }
}

/// NAL units without their start codes.
fn each_nal(stream: &EncodedBitStream<'_>, mut take: impl FnMut(&[u8])) {
    for layer in (0..stream.num_layers()).filter_map(|l| stream.layer(l)) {
        for nal in (0..layer.nal_count()).filter_map(|n| layer.nal_unit(n)) {
            let bare = nal.strip_prefix(&[0, 0, 0, 1]).or_else(|| nal.strip_prefix(&[0, 0, 1]));
            if let Some(bare) = bare.filter(|nal| !nal.is_empty()) {
                take(bare);
            }
        }
    }
}

/// 1 a picture, 5 a key frame, 7 and 8 parameter sets.
fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |first| first & 31)
}

fn sides(size: Size) -> (usize, usize) {
    (size.width as usize, size.height as usize)
}

fn library(error: openh264::Error) -> CodecError {
    CodecError::Library(error.to_string())
}

#[cfg(test)]
mod tests;
