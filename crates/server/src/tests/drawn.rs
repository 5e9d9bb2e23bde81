//! The time and boxes on pictures: for whom, where, how often made.

use std::sync::Arc;
use std::time::Duration;

use frame::{Rect, Size};

use crate::testing::*;
use crate::{MotionView, Region, TimestampPosition};

fn luma(jpeg: &[u8]) -> (Size, Vec<u8>) {
    let planes = codec::Decoder::new().unwrap().i420(jpeg).unwrap();
    (planes.size(), planes.luma().to_vec())
}

/// The share of pixels in a part of the picture that are clearly not the flat gray of the camera's own.
fn drawn(jpeg: &[u8], gray: u8, x: std::ops::Range<f32>, y: std::ops::Range<f32>) -> f32 {
    let (size, pixels) = luma(jpeg);
    let at = |share: f32, whole: u32| (f64::from(share) * f64::from(whole)).round() as usize;
    let columns = at(x.start, size.width)..at(x.end, size.width);
    let rows = at(y.start, size.height)..at(y.end, size.height);
    let (mut found, mut all) = (0u16, 0u16);
    for y in rows {
        for x in columns.clone() {
            all += 1;
            found += u16::from(pixels[y * size.width as usize + x].abs_diff(gray) > 30);
        }
    }
    f32::from(found) / f32::from(all.max(1))
}

fn in_corner(jpeg: &[u8], gray: u8, corner: TimestampPosition) -> bool {
    let (left, top) = (0.0..0.36, 0.0..0.06);
    let (right, bottom) = (0.66..1.0, 0.95..1.0);
    let is_there = |x, y| drawn(jpeg, gray, x, y) > 0.4;
    let all = [
        (TimestampPosition::TopLeft, is_there(left.clone(), top.clone())),
        (TimestampPosition::TopRight, is_there(right.clone(), top)),
        (TimestampPosition::BottomLeft, is_there(left, bottom.clone())),
        (TimestampPosition::BottomRight, is_there(right, bottom)),
    ];
    all.iter().all(|(at, is_there)| *is_there == (*at == corner))
}

fn fox(seq: u64, at: std::time::SystemTime, rect: Rect) -> MotionView {
    let region = Region {
        track: 1,
        rect,
        label: "animal",
        confidence: 0.8,
        alternatives: Vec::new(),
        direction: "left",
        trail: Vec::new(),
    };
    MotionView { seq, at, size: SIZE, detected: true, regions: vec![region], ..MotionView::empty() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_is_written_once_a_frame_for_all_and_not_for_those_who_want_it_raw() {
    let server = TestServer::start().await;
    server.garden.configure(|it| {
        it.show_timestamp = true;
        it.timestamp_position = TimestampPosition::BottomRight;
    });
    server.garden.push_jpeg(128);
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = server.stream("/stream").await;
        stream.opening().await;
        let part = stream.part().await;
        assert!(in_corner(&part.body, 128, TimestampPosition::BottomRight));
        streams.push(stream);
    }
    assert_eq!(server.encodes("garden"), 1, "five viewers of one frame");
    let snapshot = server.get("/snapshot.jpg").await;
    assert!(in_corner(&snapshot.body, 128, TimestampPosition::BottomRight));
    assert_eq!(server.encodes("garden"), 1, "a snapshot takes what viewers have");
    server.garden.push_jpeg(90);
    for stream in &mut streams {
        assert!(in_corner(&stream.part().await.body, 90, TimestampPosition::BottomRight));
    }
    assert_eq!(server.encodes("garden"), 2);
    let own = codec::Decoder::new().unwrap().i420(&server.get("/snapshot.jpg?raw=1").await.body).unwrap();
    assert!(own.luma().iter().all(|value| value.abs_diff(90) <= 2));
    let mut raw = server.stream("/stream?raw=1").await;
    raw.opening().await;
    assert_eq!(raw.part().await.body, server.get("/snapshot.jpg?raw=1").await.body, "the camera's own bytes");
    assert_eq!(server.encodes("garden"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn drawing_is_switched_on_moved_and_off_under_a_viewer() {
    let server = TestServer::start().await;
    server.garden.push_bytes(7, 500);
    let mut stream = server.stream("/stream").await;
    stream.opening().await;
    assert_eq!(stream.part().await.body, vec![7; 500], "both off: the camera's own bytes");
    for corner in TimestampPosition::ALL {
        server.garden.configure(|it| (it.show_timestamp, it.timestamp_position) = (true, corner));
        server.garden.push_jpeg(128);
        let part = stream.part().await;
        assert!(in_corner(&part.body, 128, corner), "{corner:?}");
    }
    server.garden.configure(|it| it.show_timestamp = false);
    server.garden.push_bytes(9, 600);
    assert_eq!(stream.part().await.body, vec![9; 600], "the same connection");
    let channel = server.app.first().unwrap();
    until("the other feed ends", || channel.variants() == 1).await;
    assert_eq!(channel.viewers(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_are_drawn_where_the_decision_belongs_to_the_frame() {
    let server = TestServer::start().await;
    server.garden.configure(|it| it.highlight_motion = true);
    let edge = |body: &[u8], left: f32| drawn(body, 128, left..left + 0.015, 0.45..0.55) > 0.5;
    let first = server.garden.push_jpeg(128);
    let taken = server.garden_frame().stamp().wall;
    let idle = server.get("/snapshot.jpg").await.body;
    assert_eq!(idle, server.get("/snapshot.jpg?raw=1").await.body, "nothing moves: the camera's own bytes");
    let rect = Rect::new(160, 60, 64, 60);
    server.garden.set_motion(fox(first, taken, rect));
    let boxed = server.get("/snapshot.jpg").await.body;
    assert!(edge(&boxed, 0.5) && !edge(&boxed, 0.2));
    let small = server.get("/snapshot.jpg?width=160").await.body;
    assert_eq!(luma(&small).0, Size::new(160, 90));
    assert!(drawn(&small, 128, 0.5..0.52, 0.45..0.55) > 0.4, "in its place on a smaller picture too");
    let mut old = fox(first, taken - Duration::from_secs(2), rect);
    server.garden.set_motion(old.clone());
    assert!(!edge(&server.get("/snapshot.jpg").await.body, 0.5), "of two seconds ago");
    (old.at, old.size) = (taken, Size::new(180, 320));
    server.garden.set_motion(old);
    assert!(!edge(&server.get("/snapshot.jpg").await.body, 0.5), "of before the picture was turned");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_reaches_nobody_from_then_on() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 500);
    let mut early = server.stream("/stream").await;
    early.opening().await;
    assert_eq!(early.part().await.body, vec![1; 500]);
    crate::Camera::ring(server.garden.as_ref()).clear();
    assert_eq!(server.get("/snapshot.jpg").await.status, 503);
    // The feed still has the old picture in its slot; whoever comes now waits for the next one.
    let mut late = server.stream("/stream").await;
    late.opening().await;
    server.garden.push_bytes(2, 500);
    for stream in [&mut early, &mut late] {
        assert_eq!(stream.part().await.body, vec![2; 500]);
    }
    assert_eq!(server.get("/snapshot.jpg").await.body, vec![2; 500]);
}

impl TestServer {
    fn garden_frame(&self) -> Arc<frame::Frame> {
        crate::Camera::ring(self.garden.as_ref()).latest().unwrap()
    }
}
