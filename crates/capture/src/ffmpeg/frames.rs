//! Frames as an `ffmpeg` child writes them: planes on stdout, and on stderr a line for each with its time stamp, so that
//! every source frame comes exactly once with its own.
//!
//! The child's `tee` output writes the same packets twice: as `framecrc` text (size, time base, then a line a frame)
//! and as raw video. What it has to complain about comes on stderr, too, and is kept for the message.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frame::{I420, Size};

use crate::child::{Child, Heard, hushed};
use crate::ffmpeg::{Failure, Input, Tools};
use crate::halt::Halt;

/// Lines of complaint that are kept, and letters of each.
const LOG_LINES: usize = 6;
const LOG_LETTERS: usize = 160;
/// A line longer than this is none of ours.
const MAX_LINE: usize = 4 << 10;
/// Bytes read at once; a pipe holds as many.
const CHUNK: usize = 64 << 10;

/// Something being decoded.
#[derive(Debug)]
pub(crate) struct Frames {
    child: Child,
    hidden: Vec<(String, String)>,
    scratch: Vec<u8>,
    line: Vec<u8>,
    log: VecDeque<String>,
    size: Option<Size>,
    /// Seconds that one tick of the time stamps takes, as a fraction.
    time_base: (i128, i128),
    stamps: VecDeque<Stamped>,
    planes: Vec<u8>,
    first: Option<i128>,
    /// Time and length of the newest frame.
    newest: (Duration, Duration),
    count: u64,
}

/// One line about one frame, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamped {
    pts: Option<i128>,
    duration: i128,
    bytes: usize,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// A frame and its time, counted from the file's first.
    Frame(Duration, I420),
    /// Nothing within the time given.
    Silent,
    /// Told to stop.
    Stopped,
    /// The child is done; `complaint` is what it said last, empty if nothing.
    Ended { complaint: String },
}

impl Frames {
    pub(crate) fn open(input: Input, tools: &Tools, halt: Arc<Halt>) -> Result<Self, Failure> {
        let start = ["-hide_banner", "-loglevel", "error"];
        let mut arguments: Vec<OsString> = start.iter().map(OsString::from).collect();
        arguments.extend(input.arguments);
        // No frame is doubled or dropped for the sake of a steady rate, and time stamps keep the input's own unit.
        let output = "-map 0:v:0 -fps_mode passthrough -copyts -enc_time_base -1 -pix_fmt yuvj420p -c:v rawvideo -f tee";
        arguments.extend(output.split(' ').map(OsString::from));
        arguments.extend(input.filter.iter().flat_map(|filter| ["-vf", filter]).map(OsString::from));
        arguments.push("[f=framecrc:flush_packets=1]pipe:2|[f=rawvideo:flush_packets=1]pipe:1".into());
        let child = Child::spawn_with(&tools.ffmpeg, &arguments, &input.stdin, halt)
            .map_err(|error| Failure::of_start(&tools.ffmpeg, error))?;
        Ok(Self {
            child,
            hidden: input.hidden,
            scratch: vec![0; CHUNK],
            line: Vec::new(),
            log: VecDeque::new(),
            size: None,
            time_base: (1, 90_000),
            stamps: VecDeque::new(),
            planes: Vec::new(),
            first: None,
            newest: (Duration::ZERO, Duration::ZERO),
            count: 0,
        })
    }

    /// Frames that came so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Where the frame after the newest one begins.
    pub(crate) fn end(&self) -> Duration {
        self.newest.0 + self.newest.1
    }

    /// The next frame; `patience` bounds the time in which the child writes nothing at all.
    pub(crate) fn next(&mut self, patience: Duration) -> Result<Decoded, Failure> {
        loop {
            let want = self.stamps.front().map(|stamp| stamp.bytes);
            if want.is_some_and(|want| self.planes.len() == want) {
                return self.frame();
            }
            let left = want.map_or(0, |want| want - self.planes.len());
            let deadline = Instant::now() + patience;
            match self.child.read(&mut self.scratch, left, deadline)? {
                Heard::Out(n) => self.planes.extend_from_slice(&self.scratch[..n]),
                Heard::Err(n) => self.lines(n)?,
                Heard::Silent => return Ok(Decoded::Silent),
                Heard::Stopped => return Ok(Decoded::Stopped),
                Heard::Closed => return self.ended(),
            }
        }
    }

    fn frame(&mut self) -> Result<Decoded, Failure> {
        let (Some(size), Some(stamp)) = (self.size, self.stamps.pop_front()) else {
            return Err(bad("a frame came before its size"));
        };
        let planes = std::mem::replace(&mut self.planes, Vec::with_capacity(stamp.bytes));
        let Some(picture) = I420::new(size, Bytes::from(planes)) else {
            return Err(bad("a frame has the wrong length"));
        };
        let length = self.ticks(stamp.duration);
        let time = match stamp.pts {
            Some(pts) => {
                let first = *self.first.get_or_insert(pts);
                self.ticks(pts - first)
            }
            None => self.end(),
        };
        // A frame lasts until the next one; what the file says of the last one serves for that.
        let step = time.saturating_sub(self.newest.0);
        let length = if length.is_zero() { step } else { length };
        self.newest = (time.max(self.newest.0), length);
        self.count += 1;
        Ok(Decoded::Frame(self.newest.0, picture))
    }

    /// A time in the file's unit; before zero is zero.
    fn ticks(&self, ticks: i128) -> Duration {
        let (num, den) = self.time_base;
        let nanos = ticks.saturating_mul(num).saturating_mul(1_000_000_000) / den;
        Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// Takes `n` bytes of stderr in, line by line.
    fn lines(&mut self, n: usize) -> Result<(), Failure> {
        for at in 0..n {
            match self.scratch[at] {
                b'\n' => {
                    let line = String::from_utf8_lossy(&self.line).into_owned();
                    self.line.clear();
                    self.understand(line.trim())?;
                }
                byte if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => {}
            }
        }
        Ok(())
    }

    fn understand(&mut self, line: &str) -> Result<(), Failure> {
        if let Some(stamp) = stamped(line) {
            let expected = self.size.map(I420::len_of);
            if expected != Some(stamp.bytes) {
                return Err(bad("a frame has the wrong length"));
            }
            self.stamps.push_back(stamp);
        } else if let Some(value) = line.strip_prefix("#tb 0: ") {
            let base =
                value.split_once('/').and_then(|(num, den)| Some((num.parse().ok()?, den.parse().ok()?)));
            let Some(base @ (1.., 1..)) = base else { return Err(bad("its time stamps have no unit")) };
            self.time_base = base;
        } else if let Some(value) = line.strip_prefix("#dimensions 0: ") {
            let side = |text: &str| text.parse().ok().filter(|side| (1..=codec::MAX_SIDE).contains(side));
            let size = value.split_once('x').and_then(|(w, h)| Some(Size::new(side(w)?, side(h)?)));
            let Some(size) = size else {
                return Err(bad(&format!(
                    "they have {} pixels; 8192 a side is the limit",
                    value.replace('x', "×")
                )));
            };
            self.size = Some(size);
        } else if !line.is_empty() && !line.starts_with('#') {
            if self.log.len() == LOG_LINES {
                self.log.pop_front();
            }
            let hide = |line: String, (secret, shown): &(String, String)| line.replace(secret, shown);
            self.log.push_back(plain(&hushed(&self.hidden.iter().fold(line.to_owned(), hide))));
        }
        Ok(())
    }

    /// Both pipes are closed: done, or dead?
    fn ended(&mut self) -> Result<Decoded, Failure> {
        let status = self.child.status()?;
        let complaint = self.log.iter().cloned().collect::<Vec<_>>().join("; ");
        if let Some(signal) = status.signal() {
            let frames = self.count;
            return Err(Failure::Died(format!("it was killed by signal {signal} after {frames} frames")));
        }
        if self.count == 0 {
            return Err(nothing(status, &complaint));
        }
        Ok(Decoded::Ended { complaint })
    }
}

fn bad(what: &str) -> Failure {
    Failure::BadFrames(what.to_owned())
}

fn nothing(status: ExitStatus, complaint: &str) -> Failure {
    let detail = if complaint.is_empty() { String::new() } else { format!(" ({complaint})") };
    if complaint.contains("matches no streams") || complaint.contains("does not contain any stream") {
        Failure::NoVideo
    } else if complaint.contains("Invalid data found") && !status.success() {
        Failure::NotAVideo(detail)
    } else {
        Failure::NoFrames(detail)
    }
}

/// Reads `0, dts, pts, duration, bytes, 0xchecksum`, even behind the beginning of a complaint.
fn stamped(line: &str) -> Option<Stamped> {
    let mut fields = line.rsplit(',').map(str::trim);
    let checksum = fields.next()?;
    checksum.strip_prefix("0x").filter(|hex| hex.len() == 8)?;
    let bytes = fields.next()?.parse().ok()?;
    let duration = fields.next()?.parse().ok()?;
    let pts = fields.next()?.parse::<i64>().ok()?;
    fields.next()?.parse::<i64>().ok()?;
    (fields.next()?.split(' ').next_back()? == "0").then_some(())?;
    // The smallest number stands for "none".
    Some(Stamped { pts: Some(i128::from(pts)).filter(|_| pts != i64::MIN), duration, bytes })
}

/// A complaint without addresses of memory, which tell nobody anything, and not too long.
fn plain(line: &str) -> String {
    let text = match (line.find(" @ 0x"), line.find(']')) {
        (Some(at), Some(end)) if line.starts_with('[') && at < end => {
            format!("{}{}", &line[1..at], line[end + 1..].replacen(' ', ": ", 1))
        }
        _ => line.to_owned(),
    };
    text.trim_end_matches('.').chars().filter(|letter| !letter.is_control()).take(LOG_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_a_frame_is_found_even_behind_a_complaint() {
        let expected = Some(Stamped { pts: Some(1024), duration: 512, bytes: 4278 });
        assert_eq!(stamped("0,       1020,       1024,      512,     4278, 0xebcb95d3"), expected);
        assert_eq!(stamped("[h264 @ 0x55] 0, 1020, 1024, 512, 4278, 0xebcb95d3"), expected);
        assert_eq!(stamped("0, 0, -9223372036854775808, 0, 6, 0x00000000").unwrap().pts, None);
        for line in
            ["", "0, 1, 2", "[h264 @ 0x55] error, while, decoding, MB, 3, 4", "1, 0, 0, 1, 6, 0x00000000"]
        {
            assert_eq!(stamped(line), None, "{line}");
        }
    }

    #[test]
    fn complaints_are_shown_without_addresses() {
        assert_eq!(plain("[mov,mp4 @ 0x561bad457980] moov atom not found."), "mov,mp4: moov atom not found");
        assert_eq!(plain("x.mp4: Invalid data"), "x.mp4: Invalid data");
    }
}
