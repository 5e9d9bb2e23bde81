//! What a picture costs: measured with its decoding, measured alone, judged.

#![expect(clippy::expect_used, reason = "a benchmark that cannot start says so")]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use codec::{Decoder, Encoder};
use criterion::{Criterion, criterion_group, criterion_main};
use frame::{I420, Luma, Size};
use motion::{ANALYSIS_WIDTH, Judge, MotionField, Observer, Settings};
use scene::Scene;

const SIZE: Size = Size::new(1280, 720);
const PICTURES: u32 = 40;

/// A fox crosses the lawn, as the camera would send it.
fn jpegs() -> Vec<Bytes> {
    let mut scene = Scene::named("fox", SIZE, 1).expect("the scene exists");
    let mut encoder = Encoder::new(80).expect("an encoder");
    let mut planes = Vec::new();
    let picture = |n: u32| {
        scene.render(Duration::from_secs(6) + Duration::from_millis(100) * n, &mut planes);
        let raw = I420::new(SIZE, Bytes::from(planes.clone())).expect("planes of that size");
        encoder.i420(&raw).expect("a picture to encode")
    };
    (0..PICTURES).map(picture).collect()
}

fn decoded(jpegs: &[Bytes]) -> Vec<Luma> {
    let mut decoder = Decoder::new().expect("a decoder");
    jpegs.iter().map(|jpeg| decoder.luma(jpeg, ANALYSIS_WIDTH).expect("a picture to decode")).collect()
}

fn stages(c: &mut Criterion) {
    let jpegs = jpegs();
    let lumas = decoded(&jpegs);
    let at = |n: u64| Duration::from_millis(100 * n);
    let mut group = c.benchmark_group("1280x720");
    group.bench_function("decode and observe", |b| {
        let mut decoder = Decoder::new().expect("a decoder");
        let mut observer = Observer::new(SIZE).expect("an observer");
        let mut n = 0;
        b.iter(|| {
            let jpeg = &jpegs[n as usize % jpegs.len()];
            let luma = decoder.luma(jpeg, ANALYSIS_WIDTH).expect("a picture to decode");
            n += 1;
            black_box(observer.observe(&luma, at(n)).expect("a field"))
        });
    });
    group.bench_function("observe", |b| {
        let mut observer = Observer::new(SIZE).expect("an observer");
        let mut n = 0;
        b.iter(|| {
            n += 1;
            black_box(observer.observe(&lumas[n as usize % lumas.len()], at(n)).expect("a field"))
        });
    });
    group.bench_function("judge", |b| {
        let mut observer = Observer::new(SIZE).expect("an observer");
        let mut fields: Vec<MotionField> =
            (0u64..).zip(&lumas).map(|(n, luma)| observer.observe(luma, at(n)).expect("a field")).collect();
        let mut judge = Judge::new(SIZE, Settings::default());
        let mut n = 0;
        b.iter(|| {
            let field = &mut fields[n as usize % PICTURES as usize];
            field.at = at(n);
            n += 1;
            black_box(judge.step(field))
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
