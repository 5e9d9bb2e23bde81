//! What a file says about itself, before it is decoded: asked of `ffprobe`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::file::child::{Child, Heard};
use crate::file::{Tools, url_of};
use crate::halt::Halt;

/// The longest that it may take; without its answer the file is decoded all the same.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer answer is none.
const MAX_ANSWER: usize = 64 << 10;

/// What the container claims; may be wrong, may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Claims {
    /// Frames a second on average.
    pub(crate) frame_rate: Option<f32>,
    /// How long it plays.
    pub(crate) duration: Option<Duration>,
    /// How many frames.
    pub(crate) frames: Option<u64>,
}

/// Empty if the tool is missing, hangs or does not understand the file: decoding will say why.
pub(crate) fn probe(path: &Path, tools: &Tools, halt: &Arc<Halt>) -> Claims {
    let fixed = "-v error -protocol_whitelist file -select_streams v:0 \
                 -show_entries stream=avg_frame_rate,nb_frames,duration:format=duration -of default=nw=1";
    let mut arguments: Vec<OsString> = fixed.split_whitespace().map(OsString::from).collect();
    arguments.push(url_of(path));
    let Ok(mut child) = Child::spawn(&tools.ffprobe, &arguments, halt.clone()) else {
        return Claims::default();
    };
    let deadline = Instant::now() + PATIENCE;
    let (mut buffer, mut answer) = (vec![0; 4096], Vec::new());
    loop {
        match child.read(&mut buffer, 4096, deadline) {
            Ok(Heard::Out(n)) if answer.len() + n <= MAX_ANSWER => answer.extend_from_slice(&buffer[..n]),
            Ok(Heard::Err(_)) => {}
            Ok(Heard::Closed) => return claims(&String::from_utf8_lossy(&answer)),
            _ => return Claims::default(),
        }
    }
}

/// Reads `key=value` lines; the stream's come before the container's.
fn claims(answer: &str) -> Claims {
    let mut claims = Claims::default();
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
            _ => {}
        }
    }
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
        assert_eq!(claims("avg_frame_rate=0/0\nduration=N/A\nnb_frames=N/A\n"), Claims::default());
        assert_eq!(claims("avg_frame_rate=1/-1\nduration=-3\nduration=inf\nnonsense"), Claims::default());
    }
}
