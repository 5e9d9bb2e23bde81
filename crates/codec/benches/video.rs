//! What one 1280×720 frame of a clip costs, JPEG decoding included, what a second of it takes, and what an event's
//! stills cost. Counted in CPU time of the thread, so that it holds on a machine that has other work, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run may stop and say so"
)]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use codec::{Encoder, VideoEncoder, VideoSettings, Workspace};
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use frame::{I420, Picture, Rect, Size};

const SIZE: Size = Size::new(1280, 720);
const RATE: u32 = 15;

/// Nanoseconds that this thread has run, as the kernel counts them.
struct CpuTime;

impl CpuTime {
    fn now() -> u64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).expect("not negative")
    }
}

impl Measurement for CpuTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        Self::now()
    }
    fn end(&self, start: u64) -> u64 {
        Self::now() - start
    }
    fn add(&self, one: &u64, other: &u64) -> u64 {
        one + other
    }
    fn zero(&self) -> u64 {
        0
    }
    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Six seconds of a rendered scene from its first visitor on, raw and as a camera's JPEGs of quality 80.
fn footage(name: &str) -> (Vec<Picture>, Vec<Picture>, Rect) {
    let mut scene = scene::Scene::named(name, SIZE, 1).expect("the scene exists");
    let mut encoder = Encoder::new(80).expect("memory");
    let at = |i: u32| Duration::from_secs(i.into()) / RATE;
    let is_there = |i: &u32| scene.truth(at(*i)).iter().any(|actor| actor.moving && actor.rect.area() > 4000);
    let first = (0..RATE * 120).find(is_there).expect("somebody comes");
    let rect =
        scene.truth(at(first + RATE)).first().map_or(Rect::new(400, 300, 200, 120), |actor| actor.rect);
    let mut raws = Vec::new();
    for i in first..first + 6 * RATE {
        let mut planes = Vec::new();
        scene.render(at(i), &mut planes);
        raws.push(I420::new(SIZE, Bytes::from(planes)).expect("the length is right"));
    }
    let jpeg = |raw: &I420| codec::scan(encoder.i420(raw).expect("it encodes")).expect("it scans");
    let jpegs: Vec<_> = raws.iter().map(jpeg).map(Picture::Jpeg).collect();
    (raws.into_iter().map(Picture::Raw).collect(), jpegs, rect)
}

/// Bytes of the footage as a clip, and of its key frames alone.
fn sizes(pictures: &[Picture]) -> (usize, usize) {
    let mut encoder = VideoEncoder::new(SIZE, &VideoSettings::default()).expect("it starts");
    let encoded: Vec<_> = pictures.iter().map(|p| encoder.encode(p, false).expect("it encodes")).collect();
    let sum = |only_keys: bool| encoded.iter().filter(|e| e.key || !only_keys).map(|e| e.data.len()).sum();
    (sum(false), sum(true))
}

fn video(c: &mut Criterion<CpuTime>) {
    for name in ["fox", "walker", "night"] {
        let (raws, jpegs, _) = footage(name);
        let source: usize = jpegs.iter().map(Picture::byte_len).sum();
        let (bytes, keys) = sizes(&jpegs);
        println!("{name}: 6 s, JPEGs of {source} bytes, H.264 of {bytes}, {keys} of them key frames");
        let mut group = c.benchmark_group("clip 720p");
        for (kind, pictures) in [("jpeg", &jpegs), ("raw", &raws)] {
            let mut encoder = VideoEncoder::new(SIZE, &VideoSettings::default()).expect("it starts");
            let mut next = pictures.iter().cycle();
            group.bench_function(format!("{name} {kind}"), |b| {
                b.iter(|| {
                    encoder.encode(black_box(next.next().expect("for ever")), false).expect("it encodes")
                });
            });
        }
        group.finish();
    }
}

fn stills(c: &mut Criterion<CpuTime>) {
    let (_, jpegs, rect) = footage("fox");
    let mut work = Workspace::new().expect("memory");
    let picture = &jpegs[RATE as usize];
    c.bench_function("sharpness 720p", |b| b.iter(|| codec::sharpness(black_box(picture), rect, &mut work)));
    c.bench_function("crop 720p to 320", |b| {
        b.iter(|| codec::crop_jpeg(black_box(picture), rect, 320, 80, &mut work));
    });
    let pasted = [(&jpegs[15], rect), (&jpegs[45], Rect { x: rect.x + 300, ..rect })];
    c.bench_function("trail 720p of two", |b| {
        b.iter(|| codec::trail_jpeg(black_box(&jpegs[0]), &pasted, 1280, 80, &mut work));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime).sample_size(20).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = video, stills
}
criterion_main!(benches);
