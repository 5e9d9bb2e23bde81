//! What one 1280×720 picture costs: scan, luma for detection, encode, a scaled variant, a turn, a mask, a time stamp.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run may stop and say so"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use codec::{Boxed, Corner, Decoder, Encoder, Overlay, Shaper, Workspace};
use criterion::{Criterion, criterion_group, criterion_main};
use frame::{
    Clock, Frame, I420, NewFrame, Picture, Point, Polygon, Rect, Ring, RingLimits, Rotation, Size,
    SystemClock,
};

const SIZE: Size = Size::new(1280, 720);

/// Slopes and noise: about as hard to encode as a garden.
fn planes() -> I420 {
    let mut state = 1u32;
    let mut bytes = Vec::with_capacity(I420::len_of(SIZE));
    for i in 0..I420::len_of(SIZE) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (i % 1280, i / 1280);
        let noise = (state >> 28) as usize;
        bytes.push(((x / 5 + y / 3 + (x / 40 * 37 + y / 40 * 91) % 60 + noise) % 256) as u8);
    }
    I420::new(SIZE, Bytes::from(bytes)).expect("the length is right")
}

/// A garden at the quality that cameras come set to: 0.9 bits a pixel.
fn usual() -> Bytes {
    let mut planes = Vec::new();
    let mut scene = scene::Scene::named("calm", SIZE, 1).expect("the scene exists");
    scene.render(Duration::from_secs(6), &mut planes);
    let raw = I420::new(SIZE, Bytes::from(planes)).expect("the length is right");
    Encoder::new(55).expect("memory").i420(&raw).expect("it encodes")
}

fn codec(c: &mut Criterion) {
    let raw = planes();
    let mut encoder = Encoder::new(80).expect("memory");
    let jpeg = encoder.i420(&raw).expect("it encodes");
    let scanned = codec::scan(jpeg.clone()).expect("it scans");
    println!("a JPEG of {} bytes", jpeg.len());
    let mut decoder = Decoder::new().expect("memory");
    c.bench_function("scan 720p", |b| b.iter(|| codec::scan(black_box(jpeg.clone()))));
    c.bench_function("luma 720p jpeg to 320", |b| b.iter(|| decoder.luma(black_box(&jpeg), 320)));
    let usual = usual();
    println!("a camera's usual JPEG of {} bytes", usual.len());
    c.bench_function("luma 720p usual jpeg to 320", |b| b.iter(|| decoder.luma(black_box(&usual), 320)));
    let picture = Picture::Raw(raw.clone());
    c.bench_function("luma 720p raw to 320", |b| {
        b.iter(|| codec::luma_of(black_box(&picture), &mut decoder, 320));
    });
    c.bench_function("encode 720p", |b| b.iter(|| encoder.i420(black_box(&raw))));
    let mut work = Workspace::new().expect("memory");
    for (name, picture) in [("jpeg", Picture::Jpeg(scanned)), ("raw", picture)] {
        let (mut writer, ring) = Ring::new(RingLimits { bytes: 1 << 24, span: Duration::from_secs(1) });
        let stamp = SystemClock::new().stamp();
        writer.push(NewFrame { stamp, media_time: Duration::ZERO, picture });
        let frame = ring.latest().expect("one frame");
        c.bench_function(&format!("scaled 720p {name} to 640"), |b| {
            b.iter(|| codec::scaled_jpeg(black_box(&frame), 640, 75, &mut work));
        });
    }
}

fn masks() -> Vec<Polygon> {
    let corners = [(0.6, 0.1), (0.9, 0.1), (0.9, 0.5), (0.7, 0.6)];
    let corners = corners.map(|(x, y)| Point { x, y });
    vec![Polygon::new(corners.to_vec()).expect("an area")]
}

fn framed(picture: Picture) -> Arc<Frame> {
    let (mut writer, ring) = Ring::new(RingLimits { bytes: 1 << 24, span: Duration::from_secs(1) });
    writer.push(NewFrame { stamp: SystemClock::new().stamp(), media_time: Duration::ZERO, picture });
    ring.latest().expect("one frame")
}

/// Turned, masked, both, and written on.
fn shaping(c: &mut Criterion) {
    let raw = planes();
    let jpeg =
        codec::scan(Encoder::new(80).expect("memory").i420(&raw).expect("it encodes")).expect("it scans");
    let mut shaper = Shaper::new().expect("memory");
    let (none, masks) = (Vec::new(), masks());
    for (kind, picture) in [("jpeg", Picture::Jpeg(jpeg)), ("raw", Picture::Raw(raw))] {
        let ways = [
            ("rotate", Rotation::Quarter, &none),
            ("mask", Rotation::None, &masks),
            ("rotate and mask", Rotation::Quarter, &masks),
        ];
        for (name, rotation, masks) in ways {
            c.bench_function(&format!("{name} 720p {kind}"), |b| {
                b.iter(|| shaper.shape(black_box(picture.clone()), rotation, masks).expect("whole"));
            });
        }
        let frame = framed(picture);
        let boxes = vec![Boxed { rect: Rect::new(400, 300, 200, 120), label: "animal".to_owned() }];
        let caption = Some((Corner::TopLeft, "2026-11-20 13:53:05".to_owned()));
        let overlay = Overlay { caption, boxes };
        let mut work = Workspace::new().expect("memory");
        c.bench_function(&format!("annotate 720p {kind}"), |b| {
            b.iter(|| codec::annotated_jpeg(black_box(&frame), 1280, Some(80), &overlay, &mut work));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = codec, shaping
}
criterion_main!(benches);
