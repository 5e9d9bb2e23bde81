//! What a scene costs: building it, its first frame, and a frame in its stride, at 1280×720.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use frame::Size;
use scene::Scene;

const SIZE: Size = Size::new(1280, 720);

fn build(c: &mut Criterion) {
    c.benchmark_group("build").sample_size(20).bench_function("calm to its first frame", |b| {
        b.iter(|| {
            let mut out = Vec::new();
            if let Ok(mut scene) = Scene::named("calm", SIZE, 1) {
                scene.render(Duration::ZERO, &mut out);
            }
            black_box(out)
        });
    });
}

fn render(c: &mut Criterion) {
    let mut group = c.benchmark_group("render");
    group.sample_size(30);
    for (name, from) in [
        ("static", 1.0),
        ("calm", 20.0),
        ("fox", 6.0),
        ("two", 8.0),
        ("wind", 5.0),
        ("rain", 5.0),
        ("clouds", 5.0),
    ] {
        let Ok(mut scene) = Scene::named(name, SIZE, 1) else { continue };
        let mut out = Vec::new();
        let mut frame = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                frame = (frame + 1) % 30;
                scene.render(Duration::from_secs_f64(from) + Duration::from_millis(frame * 33), &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

fn truth(c: &mut Criterion) {
    if let Ok(scene) = Scene::named("two", SIZE, 1) {
        c.bench_function("truth/two", |b| b.iter(|| black_box(scene.truth(Duration::from_secs(8)))));
    }
}

criterion_group!(benches, build, render, truth);
criterion_main!(benches);
