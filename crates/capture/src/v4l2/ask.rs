//! What a device is, what it offers and what was agreed on, in plain types.
//!
//! A driver may answer anything: every list is bounded, every number is checked where it is used.

use std::io;
use std::path::Path;

use frame::Size;
use v4l::v4l_sys as kernel;

use super::sys::{
    CAPABILITIES, CAPTURE, Device, GET_FORMAT, GET_RATE, IntervalsAnswer, NEXT_FORMAT, NEXT_INTERVAL,
    NEXT_SIZE, PictureFormat, RateParameters, SET_FORMAT, SET_RATE, SizesAnswer, zeroed,
};

/// Entries of a list that are asked for at the most; real devices have a tenth of it.
const MOST: u32 = 256;

/// What tells one device from another, wherever its node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// The driver's name: `uvcvideo`.
    pub(super) driver: String,
    /// The product's name.
    pub(super) card: String,
    /// The port it is plugged into: `usb-0000:00:14.0-1`.
    pub(super) bus: String,
    /// Which of the device's nodes: a camera with a second lens for infrared has two that are alike but for this.
    pub(super) index: Option<u32>,
}

/// What `QUERYCAP` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) identity: Identity,
    bits: u32,
}

impl Capabilities {
    /// # Errors
    /// `ENOTTY` if it is no V4L2 device, or whatever else the system says.
    pub(super) fn of(device: &Device) -> io::Result<Self> {
        let mut answer: kernel::v4l2_capability = zeroed();
        device.call(CAPABILITIES, &mut answer)?;
        let is_for_the_node = answer.capabilities & kernel::V4L2_CAP_DEVICE_CAPS != 0;
        Ok(Self {
            identity: Identity {
                driver: text(&answer.driver),
                card: text(&answer.card),
                bus: text(&answer.bus_info),
                index: None,
            },
            bits: if is_for_the_node { answer.device_caps } else { answer.capabilities },
        })
    }

    /// Whether this node gives pictures into mapped buffers of one plane. The second node of a UVC camera, which
    /// gives only metadata, does not.
    pub(super) fn is_capture(&self) -> bool {
        let needed = kernel::V4L2_CAP_VIDEO_CAPTURE | kernel::V4L2_CAP_STREAMING;
        self.bits & needed == needed
    }

    /// Whether it gives pictures, but only in buffers of several planes.
    pub(super) fn is_multiplanar(&self) -> bool {
        !self.is_capture() && self.bits & kernel::V4L2_CAP_VIDEO_CAPTURE_MPLANE != 0
    }

    /// Whether it is one stage of several that a program like libcamera must set up first, as those of a camera on a
    /// ribbon cable are: by itself it offers formats and gives no picture.
    pub(super) fn is_stage(&self) -> bool {
        self.bits & kernel::V4L2_CAP_IO_MC != 0
    }

    /// Whether this node gives what belongs to the pictures of another node.
    pub(super) fn is_metadata(&self) -> bool {
        !self.is_capture() && self.bits & kernel::V4L2_CAP_META_CAPTURE != 0
    }
}

/// Which of its device's nodes this one is, as far as the kernel says.
pub(super) fn index(node: &Path) -> Option<u32> {
    let node = std::fs::canonicalize(node).ok()?;
    let told = Path::new("/sys/class/video4linux").join(node.file_name()?).join("index");
    std::fs::read_to_string(told).ok()?.trim().parse().ok()
}

/// Text of the kernel: up to the first zero, without control characters.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

/// The codes of all pixel formats that are offered.
pub(super) fn formats(device: &Device) -> Vec<u32> {
    let next = |index| {
        let mut answer: kernel::v4l2_fmtdesc = zeroed();
        (answer.index, answer.type_) = (index, CAPTURE);
        device.call(NEXT_FORMAT, &mut answer).ok().map(|()| answer.pixelformat)
    };
    (0..MOST).map_while(next).collect()
}

/// The sizes that a format comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sizes {
    /// These, or nobody knows if there are none.
    Listed(Vec<Size>),
    /// From `least` to `most` in steps.
    Range { least: Size, most: Size, step: Size },
}

/// Asks for the sizes of a format.
pub(super) fn sizes(device: &Device, code: u32) -> Sizes {
    let mut listed = Vec::new();
    for index in 0..MOST {
        let mut answer: kernel::v4l2_frmsizeenum = zeroed();
        (answer.index, answer.pixel_format) = (index, code);
        if device.call(NEXT_SIZE, &mut answer).is_err() {
            break;
        }
        let found = answer.sizes();
        match found {
            Sizes::Listed(sizes) => listed.extend(sizes),
            range @ Sizes::Range { .. } => return range,
        }
    }
    Sizes::Listed(listed)
}

/// The rates that a format and size come in, as intervals.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Intervals {
    /// These, or nobody knows if there are none.
    Listed(Vec<Interval>),
    /// Anything from `shortest` to `longest`.
    Range { shortest: Interval, longest: Interval },
}

/// Time from one picture to the next, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl Interval {
    /// Pictures a second; `None` for what is no interval.
    pub(super) fn rate(self) -> Option<f32> {
        let rate = f64::from(self.denominator) / f64::from(self.numerator);
        #[expect(clippy::cast_possible_truncation, reason = "a rate needs no more than f32")]
        (rate.is_finite() && rate > 0.0).then_some(rate as f32)
    }

    /// The interval of that rate, to a thousandth.
    pub(super) fn of_rate(rate: f32) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
        let denominator = (f64::from(rate.clamp(0.01, 1000.0)) * 1000.0).round() as u32;
        match denominator % 1000 {
            0 => Self { numerator: 1, denominator: denominator / 1000 },
            _ => Self { numerator: 1000, denominator },
        }
    }
}

/// Asks for the rates of a format and size.
pub(super) fn intervals(device: &Device, code: u32, size: Size) -> Intervals {
    let mut listed = Vec::new();
    for index in 0..MOST {
        let mut answer: kernel::v4l2_frmivalenum = zeroed();
        (answer.index, answer.pixel_format) = (index, code);
        (answer.width, answer.height) = (size.width, size.height);
        if device.call(NEXT_INTERVAL, &mut answer).is_err() {
            break;
        }
        match answer.intervals() {
            Intervals::Listed(intervals) => listed.extend(intervals),
            range @ Intervals::Range { .. } => return range,
        }
    }
    Intervals::Listed(listed)
}

/// What the driver agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) code: u32,
    pub(super) size: Size,
    /// Bytes from one row to the next of the first plane; 0 if the driver does not say.
    pub(super) stride: usize,
    /// Bytes of a whole picture at the most.
    pub(super) len: usize,
    pub(super) colors: Colors,
}

/// What the driver says about its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Colors {
    /// Black is 16 and white 235, as against 0 and 255; `None` if the driver leaves it to the kind of format.
    pub(super) is_limited: Option<bool>,
    /// They are those of a JPEG (full range unless said otherwise).
    pub(super) is_jpeg: bool,
}

/// Asks for a format and size. Strides and lengths are left to the driver: those of another format that was set
/// before would come back otherwise.
///
/// # Errors
/// What the system says; `EBUSY` while another program streams.
pub(super) fn set_format(device: &Device, code: u32, size: Size) -> io::Result<()> {
    let mut wish: kernel::v4l2_format = zeroed();
    wish.type_ = CAPTURE;
    wish.wish(code, size);
    device.call(SET_FORMAT, &mut wish)
}

/// What the driver is set to.
///
/// # Errors
/// What the system says.
pub(super) fn agreed(device: &Device) -> io::Result<Agreed> {
    let mut answer: kernel::v4l2_format = zeroed();
    answer.type_ = CAPTURE;
    device.call(GET_FORMAT, &mut answer)?;
    Ok(answer.agreed())
}

/// Asks for a rate.
///
/// # Errors
/// What the system says; some drivers have only one rate and know no such request.
pub(super) fn set_rate(device: &Device, interval: Interval) -> io::Result<()> {
    let mut wish: kernel::v4l2_streamparm = zeroed();
    wish.type_ = CAPTURE;
    wish.wish(interval);
    device.call(SET_RATE, &mut wish)
}

/// The rate that the driver is set to, if it says one.
pub(super) fn rate(device: &Device) -> Option<f32> {
    let mut answer: kernel::v4l2_streamparm = zeroed();
    answer.type_ = CAPTURE;
    device.call(GET_RATE, &mut answer).ok()?;
    answer.interval().rate()
}
