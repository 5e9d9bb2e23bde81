//! The unions of the kernel's structs: which of their readings counts is said by a field beside them.

use frame::Size;
use v4l::v4l_sys as kernel;

use crate::v4l2::ask::{Agreed, Colors, Interval, Intervals, Sizes};

/// What is asked of an answer about sizes.
pub(in crate::v4l2) trait SizesAnswer {
    /// The one size of this entry, or the whole range.
    fn sizes(&self) -> Sizes;
}

impl SizesAnswer for kernel::v4l2_frmsizeenum {
    fn sizes(&self) -> Sizes {
        if self.type_ == kernel::v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE {
            // SAFETY: both readings are numbers; the type says that this one was written.
            let one = unsafe { self.__bindgen_anon_1.discrete };
            return Sizes::Listed(vec![Size::new(one.width, one.height)]);
        }
        // SAFETY: as above; a continuous range is a stepwise one with steps of 1.
        let range = unsafe { self.__bindgen_anon_1.stepwise };
        Sizes::Range {
            least: Size::new(range.min_width, range.min_height),
            most: Size::new(range.max_width, range.max_height),
            step: Size::new(range.step_width.max(1), range.step_height.max(1)),
        }
    }
}

/// What is asked of an answer about rates.
pub(in crate::v4l2) trait IntervalsAnswer {
    /// The one interval of this entry, or the whole range.
    fn intervals(&self) -> Intervals;
}

impl IntervalsAnswer for kernel::v4l2_frmivalenum {
    fn intervals(&self) -> Intervals {
        if self.type_ == kernel::v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE {
            // SAFETY: both readings are numbers; the type says that this one was written.
            return Intervals::Listed(vec![interval(unsafe { self.__bindgen_anon_1.discrete })]);
        }
        // SAFETY: as above; a continuous range is a stepwise one with the finest steps.
        let range = unsafe { self.__bindgen_anon_1.stepwise };
        Intervals::Range { shortest: interval(range.min), longest: interval(range.max) }
    }
}

fn interval(fraction: kernel::v4l2_fract) -> Interval {
    Interval { numerator: fraction.numerator, denominator: fraction.denominator }
}

/// What is asked of, and said in, a format for pictures of one plane.
pub(in crate::v4l2) trait PictureFormat {
    /// A wish for these, everything else left to the driver.
    fn wish(&mut self, code: u32, size: Size);
    /// What the driver says.
    fn agreed(&self) -> Agreed;
}

impl PictureFormat for kernel::v4l2_format {
    fn wish(&mut self, code: u32, size: Size) {
        let mut picture: kernel::v4l2_pix_format = super::zeroed();
        (picture.width, picture.height, picture.pixelformat) = (size.width, size.height, code);
        picture.field = kernel::v4l2_field_V4L2_FIELD_NONE;
        self.fmt.pix = picture;
    }

    fn agreed(&self) -> Agreed {
        // SAFETY: numbers in every reading; this is the one of `V4L2_BUF_TYPE_VIDEO_CAPTURE`, the only type here.
        let picture = unsafe { self.fmt.pix };
        Agreed {
            code: picture.pixelformat,
            size: Size::new(picture.width, picture.height),
            stride: picture.bytesperline as usize,
            len: picture.sizeimage as usize,
            colors: Colors {
                is_limited: match picture.quantization {
                    kernel::v4l2_quantization_V4L2_QUANTIZATION_FULL_RANGE => Some(false),
                    kernel::v4l2_quantization_V4L2_QUANTIZATION_LIM_RANGE => Some(true),
                    _ => None,
                },
                is_jpeg: picture.colorspace == kernel::v4l2_colorspace_V4L2_COLORSPACE_JPEG,
            },
        }
    }
}

/// A rate within the parameters of a stream out of the device.
pub(in crate::v4l2) trait RateParameters {
    /// A wish for it.
    fn wish(&mut self, interval: Interval);
    /// What the driver says.
    fn interval(&self) -> Interval;
}

impl RateParameters for kernel::v4l2_streamparm {
    fn wish(&mut self, wanted: Interval) {
        let mut capture: kernel::v4l2_captureparm = super::zeroed();
        capture.timeperframe.numerator = wanted.numerator;
        capture.timeperframe.denominator = wanted.denominator;
        self.parm.capture = capture;
    }

    fn interval(&self) -> Interval {
        // SAFETY: numbers in every reading; this is the one of `V4L2_BUF_TYPE_VIDEO_CAPTURE`, the only type here.
        interval(unsafe { self.parm.capture }.timeperframe)
    }
}

/// The name of a menu's entry.
pub(in crate::v4l2) fn menu_name(entry: &kernel::v4l2_querymenu) -> [u8; 32] {
    // SAFETY: bytes in either reading.
    unsafe { entry.__bindgen_anon_1.name }
}

/// The number of a menu's entry, in menus of numbers.
pub(in crate::v4l2) fn menu_value(entry: &kernel::v4l2_querymenu) -> i64 {
    // SAFETY: bytes in either reading.
    unsafe { entry.__bindgen_anon_1.value }
}
