//! A local camera through Video4Linux: a webcam, a capture card, a loopback.
//!
//! JPEG is passed on as it comes; everything else becomes planes that are encoded once, if somebody asks. What the
//! driver answered is what counts, and where it differs from the wish the owner is told once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use codec::{Extent, MAX_BYTES, ScanError};

use crate::halt::{Halt, Waited};
use crate::source::{Next, Opener, Payload, Source, Want};
use crate::{Negotiated, Problem};

mod ask;
mod choose;
mod controls;
mod convert;
mod find;
mod format;
mod sys;
mod watch;
mod words;

pub use find::{FoundCamera, first_camera};
pub use format::format_words;

use ask::{Agreed, Capabilities, Identity};
use choose::{Choice, Offer};
use convert::Converter;
use format::{Format, Layout};
use sys::{Device, Label, Stream, Woken};

/// Buffers that the driver fills by turns: one is copied while another fills, two are slack.
const BUFFERS: u32 = 4;
/// Between two tries to open it again: opening a local node costs little, and a camera that is back is to be seen at
/// once.
const MOST_BACKOFF: Duration = Duration::from_millis(500);

/// A device and what is wished of it.
#[derive(Debug)]
pub(crate) struct V4l2 {
    device: PathBuf,
    format: Option<String>,
    controls: Vec<(String, i64)>,
    want: Want,
    halt: Arc<Halt>,
    /// Which device it was when it was open last.
    known: Option<Identity>,
}

impl V4l2 {
    pub(crate) fn new(
        device: PathBuf,
        format: Option<String>,
        controls: Vec<(String, i64)>,
        want: Want,
        halt: Arc<Halt>,
    ) -> Self {
        Self { device, format, controls, want, halt, known: None }
    }

    /// The open device, where its node is and what it is.
    fn locate(&self, warnings: &mut Vec<String>) -> Result<(Device, PathBuf, Capabilities), Problem> {
        let configured = self.try_node(&self.device);
        let Some(known) = &self.known else { return configured };
        let is_it = match &configured {
            Ok((.., is)) => is.identity == *known || find::is_link(&self.device),
            Err(problem) => !matches!(problem.code, "no_device" | "unplugged" | "no_capture" | "not_v4l2"),
        };
        if is_it {
            return configured;
        }
        let elsewhere = find::root_of(&self.device)
            .and_then(|root| find::again(root, known, find::identity))
            .filter(|node| *node != self.device)
            .and_then(|node| self.try_node(&node).ok());
        if let Some(found) = elsewhere {
            warnings.push(format!("{} is {} now", known.card, found.1.display()));
            return Ok(found);
        }
        if let Ok((_, path, is)) = &configured {
            warnings.push(format!("{} is another camera now: {}", path.display(), is.identity.card));
        }
        configured
    }

    fn try_node(&self, path: &Path) -> Result<(Device, PathBuf, Capabilities), Problem> {
        let device = Device::open(path).map_err(|error| words::not_opened(path, &error))?;
        let mut is = Capabilities::of(&device).map_err(|error| words::no_answer(path, &error))?;
        is.identity.index = ask::index(path);
        if !is.is_capture() {
            return Err(words::no_capture(path, &is));
        }
        Ok((device, path.to_owned(), is))
    }

    /// What to ask of the device.
    fn choose(&self, device: &Device, path: &Path) -> Result<Choice, Problem> {
        let offered = ask::formats(device);
        let wanted = self.format.as_deref();
        let is_wanted = |format: &&Format| wanted.is_none_or(|word| format.word.eq_ignore_ascii_case(word));
        let understood = offered.iter().filter_map(|code| Format::of_code(*code)).filter(is_wanted);
        let offers: Vec<Offer> =
            understood.map(|format| Offer { format, sizes: ask::sizes(device, format.code()) }).collect();
        let rates = |format: &Format, size| ask::intervals(device, format.code(), size);
        choose::choose(&offers, self.want, rates).ok_or_else(|| words::no_format(path, wanted, &offered))
    }
}

impl Opener for V4l2 {
    fn ask(&mut self, want: Want) -> bool {
        self.want = want;
        true
    }

    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let mut warnings = Vec::new();
        let (device, path, is) = self.locate(&mut warnings)?;
        let choice = self.choose(&device, &path)?;
        warnings.extend(controls::apply(&device, &self.controls));
        let (device, set) =
            set_up(device, choice, self.want).map_err(|(step, error)| words::refused(&path, step, &error))?;
        let format = Format::of_code(set.agreed.code);
        let format = format.ok_or_else(|| words::no_format(&path, None, &[set.agreed.code]))?;
        warnings.extend(difference(&choice, &set, format, self.want));
        let converter = match format.layout {
            Layout::Jpeg => None,
            _ => Some(
                Converter::new(format, &set.agreed)
                    .ok_or_else(|| words::too_large(&path, set.agreed.size))?,
            ),
        };
        let stream =
            Stream::start(device, BUFFERS).map_err(|(step, error)| words::refused(&path, step, &error))?;
        self.known = Some(is.identity);
        let negotiated = Negotiated { size: set.agreed.size, frame_rate: set.rate, format: format.word };
        let taker = Taker { converter, len: set.agreed.len, times: Times::default() };
        let halt = self.halt.clone();
        Ok(Box::new(Streaming { stream, path, halt, negotiated, taker, warnings }))
    }

    fn rest(&mut self, halt: &Halt, time: Duration, _code: &str) -> Waited {
        watch::rest(find::root_of(&self.device), halt, time)
    }

    fn most_backoff(&self, _code: &str) -> Duration {
        MOST_BACKOFF
    }
}

/// What was set, as the driver says.
struct Setting {
    agreed: Agreed,
    rate: Option<f32>,
}

/// Sets format, size and rate and reads back what came of it. The device is closed if that fails, so that whoever asks
/// for its holders does not find this process.
fn set_up(
    device: Device,
    choice: Choice,
    want: Want,
) -> Result<(Device, Setting), (&'static str, std::io::Error)> {
    ask::set_format(&device, choice.format.code(), choice.size).map_err(|error| ("S_FMT", error))?;
    let interval = choice.interval.unwrap_or(ask::Interval::of_rate(want.frame_rate));
    // Some drivers have one rate and do not know the request; what holds is asked for below.
    if let Err(error) = ask::set_rate(&device, interval)
        && error.raw_os_error() == Some(libc::ENODEV)
    {
        return Err(("S_PARM", error));
    }
    let agreed = ask::agreed(&device).map_err(|error| ("G_FMT", error))?;
    let rate = ask::rate(&device);
    Ok((device, Setting { agreed, rate }))
}

/// What the owner gets instead of what was wished.
fn difference(choice: &Choice, set: &Setting, format: &Format, want: Want) -> Option<String> {
    let is_size = set.agreed.size == want.size;
    let is_rate = set.rate.is_none_or(|rate| (rate / want.frame_rate - 1.0).abs() < 0.03);
    if is_size && is_rate && format == choice.format {
        return None;
    }
    let at = |rate: Option<f32>| rate.map_or(String::new(), |rate| format!(" at {} fps", rounded(rate)));
    Some(format!(
        "the camera gives {}{} in {}; asked for were {}{}",
        set.agreed.size,
        at(set.rate),
        format.word,
        want.size,
        at(Some(want.frame_rate)),
    ))
}

fn rounded(rate: f32) -> String {
    let text = format!("{rate:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A device that streams.
struct Streaming {
    stream: Stream,
    path: PathBuf,
    halt: Arc<Halt>,
    negotiated: Negotiated,
    taker: Taker,
    warnings: Vec<String>,
}

impl Source for Streaming {
    fn negotiated(&self) -> Negotiated {
        self.negotiated
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        use std::os::fd::AsFd;
        let deadline = Instant::now() + patience;
        loop {
            let woken = self.stream.wait(self.halt.as_fd(), deadline);
            let woken = woken.map_err(|error| words::refused(&self.path, "poll", &error))?;
            match woken {
                Woken::Other => return Ok(Next::Stopped),
                Woken::Elapsed => return Ok(Next::Silent),
                Woken::Device | Woken::Trouble => {}
            }
            let taker = &mut self.taker;
            let taken = self.stream.take(|label, bytes| taker.take(label, bytes));
            match taken.map_err(|error| words::refused(&self.path, "DQBUF", &error))? {
                Some(next) => return Ok(next),
                // It would say so for ever.
                None if woken == Woken::Trouble => return Err(words::trouble(&self.path)),
                None => {}
            }
        }
    }

    fn warning(&mut self) -> Option<String> {
        let told = std::mem::take(&mut self.warnings).join("; ");
        (!told.is_empty()).then_some(told)
    }
}

/// Turns what is in a buffer into a picture.
struct Taker {
    /// `None` for JPEG.
    converter: Option<Converter>,
    /// Bytes of a buffer's picture at the most, as the driver says.
    len: usize,
    times: Times,
}

impl Taker {
    fn take(&mut self, label: Label, bytes: &[u8]) -> Next {
        let (media_time, skipped) = self.times.place(label);
        let payload = match &self.converter {
            _ if label.is_damaged => Payload::Refused(ScanError::Malformed("its driver marks it so")),
            None => jpeg(bytes, self.len),
            Some(converter) => {
                converter.convert(bytes).map_or(Payload::Refused(ScanError::Truncated), Payload::Raw)
            }
        };
        Next::Picture { payload, media_time, skipped }
    }
}

/// A copy of the JPEG in a buffer. Some drivers say that the whole buffer is used, and behind the picture stands what
/// was there before: that is not copied, and would count against the ring's memory.
fn jpeg(bytes: &[u8], len: usize) -> Payload {
    let is_exact = bytes.len() < len && bytes.ends_with(&[0xff, 0xd9]);
    let extent = if is_exact { Extent::Whole(bytes.len()) } else { codec::extent(bytes) };
    let end = match extent {
        Extent::Whole(end) => end,
        // What is wrong with it is for the scan to say.
        _ => bytes.len(),
    };
    if end > MAX_BYTES {
        return Payload::Refused(ScanError::TooLarge(end));
    }
    Payload::Jpeg(Bytes::copy_from_slice(&bytes[..end]))
}

/// The driver's time stamps and numbers.
#[derive(Debug, Default)]
struct Times {
    /// Number and time of the last picture.
    last: Option<(u32, Duration)>,
    /// Time of the first one, if it had one.
    first: Option<Duration>,
}

impl Times {
    /// The picture's time counted from the first one, and how many the driver dropped before it.
    fn place(&mut self, label: Label) -> (Option<Duration>, u64) {
        let skipped = match self.last {
            // A number that goes back is a new count, not four billion lost pictures.
            Some((last, _)) => match label.sequence.wrapping_sub(last) {
                gap @ 1..0x8000_0000 => u64::from(gap - 1),
                _ => 0,
            },
            None => {
                self.first = label.time;
                0
            }
        };
        let previous = self.last.map_or(Duration::ZERO, |(_, time)| time);
        // Once stamped, always stamped: a stamp that is missing or goes back counts as the one before.
        let media_time = self
            .first
            .map(|first| label.time.map_or(previous, |time| time.saturating_sub(first)).max(previous));
        self.last = Some((label.sequence, media_time.unwrap_or_default()));
        (media_time, skipped)
    }
}

#[cfg(test)]
mod tests;
