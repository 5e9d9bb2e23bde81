//! What others make of our clips: ffprobe and ffmpeg, on rendered footage.

use std::path::Path;
use std::process::Command;

use codec::{VideoEncoder, VideoSettings};
use frame::{I420, Picture};

use super::*;

const SIZE: Size = Size::new(320, 181);

/// A jittering rate of about 15 a second, with one gap of a second and a half.
fn at(i: u32) -> Duration {
    let gap = if i > 70 { 1500 } else { 0 };
    Duration::from_millis(u64::from(i) * 66 + u64::from(i * 7 % 13) + gap)
}

fn pictures(count: u32) -> impl Iterator<Item = (Duration, I420)> {
    let mut scene = scene::Scene::named("walker", SIZE, 1).unwrap();
    (0..count).map(move |i| {
        let mut planes = Vec::new();
        scene.render(Duration::from_secs(20) + at(i), &mut planes);
        (at(i), I420::new(SIZE, planes.into()).unwrap())
    })
}

fn h264(path: &Path) -> ClipFacts {
    let mut encoder = VideoEncoder::new(SIZE, &VideoSettings::default()).unwrap();
    let (sps, pps) = encoder.parameter_sets();
    let track = TrackKind::Avc { size: encoder.size(), sps: sps.to_vec(), pps: pps.to_vec() };
    let mut clip = ClipWriter::new(RealFs.create_new(path).unwrap(), track).unwrap();
    for (at, raw) in pictures(150) {
        let encoded = encoder.encode(&Picture::Raw(raw), false).unwrap();
        clip.push(at, &encoded.data, encoded.key).unwrap();
    }
    clip.finish(Duration::from_millis(66)).unwrap()
}

fn mjpeg(path: &Path) -> ClipFacts {
    let mut encoder = codec::Encoder::new(80).unwrap();
    let track = TrackKind::Mjpeg { size: SIZE };
    let mut clip = ClipWriter::new(RealFs.create_new(path).unwrap(), track).unwrap();
    for (at, raw) in pictures(150) {
        clip.push(at, &encoder.i420(&raw).unwrap(), true).unwrap();
    }
    clip.finish(Duration::from_millis(66)).unwrap()
}

/// What the program says on its two outputs; it must not fail.
fn run(program: &str, arguments: &[&str], path: &Path) -> (String, String) {
    let mut command = Command::new(program);
    let position = arguments.iter().position(|a| *a == "CLIP").unwrap();
    command.args(&arguments[..position]).arg(path).args(&arguments[position + 1..]);
    let out = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert!(out.status.success(), "{program}: {}", text(out.stderr));
    (text(out.stdout), text(out.stderr))
}

/// Seconds at which ffprobe finds frames.
fn times(path: &Path) -> Vec<f64> {
    let arguments = ["-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", "CLIP"];
    let (out, complaints) = run("ffprobe", &arguments, path);
    assert_eq!(complaints, "");
    out.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect()
}

fn check(path: &Path, codec: &str, size: &str) {
    let wanted: Vec<f64> = (0..150).map(|i| at(i).as_secs_f64()).collect();
    let found = times(path);
    assert_eq!(found.len(), 150);
    assert!(found.iter().zip(&wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-5), "{found:?}");
    let arguments = [
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,width,height:format=duration",
        "-of",
        "csv=p=0",
        "CLIP",
    ];
    let (out, _) = run("ffprobe", &arguments, path);
    let length = (at(149) + Duration::from_millis(66)).as_secs_f64();
    assert_eq!(out, format!("{codec},{size}\n{length:.6}\n"));
    // Every frame is decoded, and nothing is said about it.
    let arguments =
        ["-v", "warning", "-i", "CLIP", "-fps_mode", "passthrough", "-f", "rawvideo", "-y", "/dev/null"];
    assert_eq!(run("ffmpeg", &arguments, path).1, "");
    let middle =
        ["-v", "error", "-ss", "6", "-i", "CLIP", "-frames:v", "1", "-f", "rawvideo", "-y", "/dev/null"];
    assert_eq!(run("ffmpeg", &middle, path).1, "");
}

#[test]
fn ffmpeg_reads_every_frame_of_both_kinds_at_its_time_and_has_nothing_to_say() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h264.mp4");
    h264(&path);
    check(&path, "h264", "320,180");
    let arguments =
        ["-v", "error", "-show_entries", "stream=profile,color_range,color_space", "-of", "csv=p=0", "CLIP"];
    // Without these words players would take white for 235 and more, and HD colours for those of JPEGs.
    assert_eq!(run("ffprobe", &arguments, &path).0, "Constrained Baseline,pc,smpte170m\n");
    let path = dir.path().join("mjpeg.mp4");
    mjpeg(&path);
    check(&path, "mjpeg", "320,181");
}

#[test]
fn ffmpeg_reads_what_is_left_of_a_torn_clip_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip.mp4");
    let whole = h264(&path);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(whole.bytes * 2 / 3).unwrap();
    let repaired = repair(&RealFs, &path).unwrap();
    assert!(repaired.cut > 0 && repaired.frames >= 60, "{repaired:?}");
    assert_eq!(times(&path).len() as u64, repaired.frames);
    assert_eq!(run("ffmpeg", &["-v", "warning", "-i", "CLIP", "-f", "null", "-"], &path).1, "");
}
