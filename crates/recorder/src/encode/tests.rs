use std::time::{Instant, SystemTime};

use frame::{I420, NewFrame, Picture, Ring, RingLimits, Stamp};

use super::*;

const SIZE: Size = Size::new(320, 180);

/// Frames of a scene, a JPEG each.
fn frames(count: u64) -> Vec<Arc<Frame>> {
    let (mut writer, ring) = Ring::new(RingLimits { bytes: 64 << 20, span: Duration::from_secs(100) });
    let mut scene = scene::Scene::named("walker", SIZE, 1).unwrap();
    let mut encoder = Encoder::new(80).unwrap();
    for n in 0..count {
        let at = Duration::from_millis(66 * n);
        let mut planes = Vec::new();
        scene.render(at, &mut planes);
        let raw = I420::new(SIZE, planes.into()).unwrap();
        let bytes = encoder.i420(&raw).unwrap();
        let jpeg = frame::JpegPicture { bytes, size: SIZE, sampling: frame::Sampling::Yuv420 };
        let stamp = Stamp { mono: at, wall: SystemTime::UNIX_EPOCH + at };
        writer.push(NewFrame { stamp, media_time: at, picture: Picture::Jpeg(jpeg) });
    }
    ring.last(Duration::from_secs(100))
}

fn with(name: &str) -> Settings {
    Settings { encoder: EncoderKind::Ffmpeg { name: name.to_owned() }, ..Settings::default() }
}

fn encoded(settings: &Settings, frames: &[Arc<Frame>]) -> (Box<dyn Encode>, Vec<Sample>) {
    let mut encoder = make(settings, SIZE, 15.0).unwrap();
    let mut out = Vec::new();
    for frame in frames {
        encoder.push(frame.media_time(), frame, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    (encoder, out)
}

#[test]
fn a_child_gives_each_frame_its_own_time() {
    let frames = frames(45);
    let (encoder, samples) = encoded(&with("libx264"), &frames);
    let times: Vec<Duration> = samples.iter().map(|sample| sample.at).collect();
    assert_eq!(times, frames.iter().map(|frame| frame.media_time()).collect::<Vec<_>>());
    assert!(
        samples[0].key && samples.iter().filter(|sample| sample.key).count() >= 2,
        "a key frame each two seconds"
    );
    assert!(matches!(encoder.track(), Some(TrackKind::Avc { size, .. }) if size == SIZE));
}

#[test]
fn where_the_child_does_not_work_this_process_encodes_every_frame() {
    let frames = frames(10);
    for name in ["no_such_encoder", "h264_v4l2m2m"] {
        let begun = Instant::now();
        let (_, samples) = encoded(&with(name), &frames);
        assert_eq!(samples.len(), 10, "{name} after {:?}", begun.elapsed());
        assert!(samples[0].key);
    }
}

#[test]
fn a_child_is_gone_once_its_encoder_is() {
    let mut encoder = make(&with("libx264"), SIZE, 15.0).unwrap();
    let mut out = Vec::new();
    encoder.push(Duration::ZERO, &frames(1)[0], &mut out).unwrap();
    // Those that this thread has started: other tests start some, too.
    let children = || std::fs::read_to_string("/proc/thread-self/children").unwrap();
    let there = children();
    drop(encoder);
    let left = children();
    assert!(!there.trim().is_empty() && left.trim().is_empty(), "{there} {left}");
}

#[test]
fn a_camera_that_is_slower_than_expected_has_a_key_frame_each_two_seconds_still() {
    let mut encoder = make(&Settings::default(), SIZE, 60.0).unwrap();
    let mut out = Vec::new();
    for (n, frame) in (0..).zip(frames(41)) {
        encoder.push(Duration::from_millis(100 * n), &frame, &mut out).unwrap();
    }
    let keys: Vec<Duration> = out.iter().filter(|sample| sample.key).map(|sample| sample.at).collect();
    assert_eq!(keys, [0, 2, 4].map(Duration::from_secs));
}
