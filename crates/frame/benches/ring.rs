//! What a push costs while readers look on: `cargo bench -p frame`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run may stop and say so"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use frame::{JpegPicture, NewFrame, Picture, Ring, RingLimits, Sampling, Size, Stamp};

/// A 720p JPEG of a busy scene.
const FRAME_BYTES: usize = 120_000;

fn new_frame(at: Duration) -> NewFrame {
    let bytes = Bytes::from(vec![0; FRAME_BYTES]);
    let jpeg = JpegPicture { bytes, size: Size::new(1280, 720), sampling: Sampling::Yuv422 };
    NewFrame {
        stamp: Stamp { mono: at, wall: SystemTime::UNIX_EPOCH },
        media_time: at,
        picture: Picture::Jpeg(jpeg),
    }
}

fn push_under_readers(c: &mut Criterion) {
    let mut group = c.benchmark_group("ring_push");
    for readers in [0usize, 1, 6] {
        group.bench_function(format!("{readers}_readers_take_the_pre_roll"), |b| {
            let (mut writer, ring) = Ring::new(RingLimits { bytes: 150 * FRAME_BYTES, span: Duration::MAX });
            let stop = Arc::new(AtomicBool::new(false));
            let looking: Vec<_> = (0..readers)
                .map(|_| {
                    let (ring, stop) = (ring.clone(), stop.clone());
                    let look = move || {
                        while !stop.load(Ordering::Relaxed) {
                            black_box(ring.last(Duration::MAX).len());
                            thread::yield_now();
                        }
                    };
                    thread::Builder::new().name("looker".into()).spawn(look).unwrap()
                })
                .collect();
            let mut at = Duration::ZERO;
            b.iter_batched(
                || {
                    at += Duration::from_millis(66);
                    new_frame(at)
                },
                |new| writer.push(new),
                criterion::BatchSize::PerIteration,
            );
            stop.store(true, Ordering::Relaxed);
            for thread in looking {
                thread.join().unwrap();
            }
        });
    }
    group.finish();
}

criterion_group!(benches, push_under_readers);
criterion_main!(benches);
