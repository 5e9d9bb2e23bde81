//! What a file says about itself, before it is decoded: asked of `ffprobe`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::child::{Child, Heard};
use crate::ffmpeg::Tools;
use crate::file::error::FileError;
use crate::file::{shown, url_of};
use crate::halt::Halt;

/// The longest that it may take: it reads the head of a file, at most some megabytes.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer answer is none.
const MAX_ANSWER: usize = 64 << 10;
/// A time that is written longer is none.
const MAX_TIME: usize = 40;

/// What the container claims; may be wrong, may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Claims {
    /// Frames a second on average.
    pub(crate) frame_rate: Option<f32>,
    /// How long it plays.
    pub(crate) duration: Option<Duration>,
    /// How many frames.
    pub(crate) frames: Option<u64>,
    /// The same where the container's own count can be held against the frames that come: AVI writes it into its
    /// head, while its duration is a guess by what is left of the file. (MP4 counts frames that an edit list hides.)
    pub(crate) counted: Option<u64>,
    /// How its colours are to be brought to those of JPEG.
    pub(crate) colours: Colours,
    /// When it was recorded, in the container's words.
    pub(crate) created: Option<String>,
}

/// Colour matrix and range, as far as they matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Colours {
    /// BT.601 or unknown: JPEG's own.
    #[default]
    Plain,
    /// BT.709 in the range of television.
    Hd,
    /// BT.709 in full range.
    FullHd,
}

impl Claims {
    /// How many frames there are by time and rate.
    pub(crate) fn estimate(&self) -> Option<u64> {
        let (time, rate) = self.duration.zip(self.frame_rate)?;
        Some((time.as_secs_f32() * rate).round() as u64)
    }

    /// How long the counted frames play.
    pub(crate) fn counted_time(&self) -> Option<Duration> {
        let (count, rate) = self.counted.zip(self.frame_rate)?;
        Duration::try_from_secs_f64(count as f64 / f64::from(rate)).ok()
    }
}

/// Empty if the tool is missing or does not understand the file: decoding will say why.
///
/// # Errors
/// [`FileError::Stalled`] if it hangs, since the decoder would, too.
pub(crate) fn probe(
    path: &Path,
    tools: &Tools,
    halt: &Arc<Halt>,
    patience: Duration,
) -> Result<Claims, FileError> {
    let fixed = "-v error -protocol_whitelist file -select_streams v:0 -of default=nw=1 -show_entries \
                 stream=avg_frame_rate,nb_frames,duration,color_space,color_range:format=duration,format_name:\
                 format_tags=creation_time";
    let mut arguments: Vec<OsString> = fixed.split_whitespace().map(OsString::from).collect();
    arguments.push(url_of(path));
    let Ok(mut child) = Child::spawn(&tools.ffprobe, &arguments, halt.clone()) else {
        return Ok(Claims::default());
    };
    let deadline = Instant::now() + patience.min(PATIENCE);
    let (mut buffer, mut answer) = (vec![0; 4096], Vec::new());
    loop {
        match child.read(&mut buffer, 4096, deadline) {
            Ok(Heard::Out(n)) if answer.len() + n <= MAX_ANSWER => answer.extend_from_slice(&buffer[..n]),
            Ok(Heard::Err(_)) => {}
            Ok(Heard::Closed) => return Ok(claims(&String::from_utf8_lossy(&answer))),
            Ok(Heard::Silent) => return Err(FileError::Stalled(shown(path))),
            _ => return Ok(Claims::default()),
        }
    }
}

/// Reads `key=value` lines; the stream's come before the container's.
fn claims(answer: &str) -> Claims {
    let mut claims = Claims::default();
    let (mut is_hd, mut is_full) = (false, false);
    for (key, value) in answer.lines().filter_map(|line| line.split_once('=')) {
        match key {
            "avg_frame_rate" => {
                claims.frame_rate = rate(value).filter(|rate| (0.001..=1000.0).contains(rate))
            }
            "nb_frames" => claims.frames = value.parse().ok().filter(|frames| *frames > 0),
            "duration" if claims.duration.is_none() => {
                let seconds = value.parse::<f64>().ok().filter(|seconds| (0.0..1e9).contains(seconds));
                claims.duration = seconds.map(Duration::from_secs_f64).filter(|time| !time.is_zero());
            }
            "format_name" if value == "avi" => claims.counted = claims.frames,
            "TAG:creation_time" if value.len() <= MAX_TIME => claims.created = Some(value.to_owned()),
            "color_space" => is_hd = value == "bt709",
            "color_range" => is_full = value == "pc",
            _ => {}
        }
    }
    claims.colours = match (is_hd, is_full) {
        (false, _) => Colours::Plain,
        (true, false) => Colours::Hd,
        (true, true) => Colours::FullHd,
    };
    claims
}

fn rate(text: &str) -> Option<f32> {
    let (num, den) = text.split_once('/')?;
    let (num, den): (f32, f32) = (num.parse().ok()?, den.parse().ok()?);
    (den > 0.0).then(|| num / den)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_taken_as_far_as_they_make_sense() {
        let good = claims("avg_frame_rate=30000/1001\nduration=12.500000\nnb_frames=375\nduration=13.0\n");
        assert_eq!(good.frames, Some(375));
        assert_eq!(good.duration, Some(Duration::from_millis(12_500)));
        assert!((good.frame_rate.unwrap() - 29.97).abs() < 0.01);
        assert_eq!((good.counted, good.colours), (None, Colours::Plain));
        let made = claims("TAG:creation_time=2026-11-20T10:00:00.000000Z\n").created;
        assert_eq!(made.as_deref(), Some("2026-11-20T10:00:00.000000Z"));
        let avi = claims("color_range=tv\ncolor_space=bt709\nnb_frames=200\nformat_name=avi\n");
        assert_eq!((avi.counted, avi.colours), (Some(200), Colours::Hd));
        assert_eq!(claims("avg_frame_rate=0/0\nduration=N/A\nnb_frames=N/A\n"), Claims::default());
        assert_eq!(claims("avg_frame_rate=1/-1\nduration=-3\nduration=inf\nnonsense"), Claims::default());
    }
}
