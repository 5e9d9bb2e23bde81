//! What the camera is: `$TEST_DEVICE/device`, a line each.
//!
//! ```text
//! card Garden camera
//! bus usb-0000:00:14.0-1
//! format MJPG 640x360 30,15,10 mjpg.frames
//! format YUYV 320x180 15 yuyv.frames stride=704
//! control 0x00980900 int 0 255 1 128 Brightness
//! ```
//!
//! The first format is the one that is set when the camera is opened. A file of frames holds, for each, its length as
//! four bytes little endian and the bytes as the camera is to hand them over; they are played again and again.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::controls::Control;

/// One line `format`: one size of one pixel format.
#[derive(Debug, Clone)]
pub(crate) struct Mode {
    pub(crate) fourcc: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Frames a second, the ordinary one first.
    pub(crate) rates: Vec<u32>,
    pub(crate) frames: PathBuf,
    /// Bytes a line; 0 for a compressed format.
    pub(crate) stride: u32,
}

impl Mode {
    /// Bytes that a buffer must hold.
    pub(crate) fn size(&self) -> u32 {
        match &self.fourcc.to_le_bytes() {
            // As UVC cameras do: room for the worst picture.
            b"MJPG" | b"JPEG" => self.width * self.height * 2,
            b"NV12" | b"NV21" | b"YU12" | b"YV12" => self.stride * self.height * 3 / 2,
            _ => self.stride * self.height,
        }
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.stride == 0
    }
}

/// The whole camera.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) card: String,
    pub(crate) bus: String,
    pub(crate) modes: Vec<Mode>,
    /// With the values that they have now; those outlive every opening.
    pub(crate) controls: Mutex<Vec<Control>>,
}

impl Description {
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("device")).ok()?;
        let mut controls = Vec::new();
        let mut all = Self { card: "Test camera".into(), bus: "usb-test-1".into(), ..Self::default() };
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "card" => all.card = rest.to_owned(),
                "bus" => all.bus = rest.to_owned(),
                "format" => all.modes.push(mode(rest, folder)?),
                "control" => controls.push(Control::parse(rest)?),
                _ => {}
            }
        }
        all.controls = Mutex::new(controls);
        (!all.modes.is_empty()).then_some(all)
    }

    /// The pixel formats, each once, in the order in which they are described.
    pub(crate) fn fourccs(&self) -> Vec<u32> {
        let mut seen = Vec::new();
        for mode in &self.modes {
            if !seen.contains(&mode.fourcc) {
                seen.push(mode.fourcc);
            }
        }
        seen
    }

    pub(crate) fn sizes(&self, fourcc: u32) -> impl Iterator<Item = &Mode> {
        self.modes.iter().filter(move |m| m.fourcc == fourcc)
    }

    /// What a driver makes of a wish: the format asked for, or else its first; of that the nearest size.
    pub(crate) fn nearest(&self, fourcc: u32, width: u32, height: u32) -> &Mode {
        let known = self.modes.iter().any(|m| m.fourcc == fourcc);
        let fourcc = if known { fourcc } else { self.modes[0].fourcc };
        let far = |m: &&Mode| m.width.abs_diff(width) + m.height.abs_diff(height);
        self.sizes(fourcc).min_by_key(far).unwrap_or(&self.modes[0])
    }
}

fn mode(line: &str, folder: &Path) -> Option<Mode> {
    let mut words = line.split(' ');
    let fourcc: [u8; 4] = words.next()?.as_bytes().try_into().ok()?;
    let (width, height) = words.next()?.split_once('x')?;
    let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
    let rates = words.next()?.split(',').map(|r| r.parse().ok()).collect::<Option<Vec<_>>>()?;
    let frames = folder.join(words.next()?);
    let packed = match &fourcc {
        b"MJPG" | b"JPEG" => 0,
        b"YUYV" | b"UYVY" | b"YVYU" | b"VYUY" | b"RGBP" => width * 2,
        b"RGB3" | b"BGR3" => width * 3,
        _ => width,
    };
    let stride = words.next().and_then(|w| w.strip_prefix("stride=")?.parse().ok()).unwrap_or(packed);
    Some(Mode { fourcc: u32::from_le_bytes(fourcc), width, height, rates, frames, stride })
}
