use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use crate::SourceState;
use crate::testing::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_exact_and_comes_with_the_boundary_that_closes_it() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 1000);
    let mut stream = server.stream("/stream").await;
    stream.opening().await;
    // No second frame is pushed: the boundary behind the first part must have come with it.
    let part = stream.part().await;
    assert_eq!(part.body, vec![1; 1000]);
    assert_eq!(
        part.headers,
        "Content-Type: image/jpeg\r\nContent-Length: 1000\r\nX-Timestamp: 1700000000.066000\r\n\r\n"
    );
    server.garden.push_bytes(2, 50_000);
    assert_eq!(stream.part().await.body, vec![2; 50_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_frame_comes_at_once_and_old_ones_never() {
    let server = TestServer::start().await;
    for byte in 1..=9 {
        server.garden.push_bytes(byte, 100);
    }
    for path in ["/stream", "/?action=stream", "/api/v1/cameras/garden/stream"] {
        let mut stream = server.stream(path).await;
        stream.opening().await;
        assert_eq!(stream.part().await.body, vec![9; 100], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_source_is_lost_viewers_are_kept_and_told() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 100);
    let mut stream = server.stream("/stream").await;
    stream.opening().await;
    assert_eq!(stream.part().await.body, vec![1; 100]);
    server.garden.lose();
    let first = stream.part().await;
    let second = stream.part().await;
    assert!(first.body.starts_with(&[0xff, 0xd8]) && first.body.len() > 1000);
    assert_eq!(first.body, second.body, "drawn once");
    server.garden.set_source(|source| {
        source.state = SourceState::Live;
        source.problem = None;
    });
    server.garden.push_bytes(2, 100);
    let mut part = stream.part().await;
    while part.body.len() > 100 {
        part = stream.part().await;
    }
    assert_eq!(part.body, vec![2; 100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_frame_there_is_a_picture_too() {
    let server = TestServer::start().await;
    server.garden.set_source(|source| source.state = SourceState::Opening);
    let mut stream = server.stream("/stream").await;
    stream.opening().await;
    assert!(stream.part().await.body.starts_with(&[0xff, 0xd8]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_encoded_while_nobody_watches_and_once_while_many_do() {
    let server = TestServer::start().await;
    for luma in 0..20 {
        server.garden.push_raw(luma);
    }
    assert_eq!(server.encodes("garden"), 0);
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = server.stream("/stream").await;
        stream.opening().await;
        stream.part().await;
        streams.push(stream);
    }
    assert_eq!(server.encodes("garden"), 1, "five viewers of one frame");
    server.garden.push_raw(99);
    for stream in &mut streams {
        stream.part().await;
    }
    assert_eq!(server.encodes("garden"), 2);
    assert_eq!(server.get("/snapshot.jpg").await.status, 200);
    assert_eq!(server.encodes("garden"), 2, "a snapshot shares what viewers have");
    drop(streams);
    let channel = server.app.first().unwrap();
    until("the feed ends", || channel.variants() == 0 && channel.viewers() == 0).await;
    // The thread may be in its last wait; nothing it could still encode is counted beyond that.
    let before = server.encodes("garden");
    server.garden.push_raw(100);
    tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>()).await.unwrap_err();
    assert!(server.encodes("garden") <= before, "encoded for nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passed_through_picture_is_never_encoded() {
    let server = TestServer::start().await;
    server.garden.push_bytes(1, 100);
    let mut stream = server.stream("/stream").await;
    stream.opening().await;
    for byte in 2..10 {
        stream.part().await;
        server.garden.push_bytes(byte, 100);
    }
    assert_eq!(server.encodes("garden"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_width_is_made_once_for_all_who_ask_for_it_and_never_upscaled() {
    let server = TestServer::start().await;
    server.garden.push_jpeg(50);
    let mut streams = Vec::new();
    for path in ["/stream?width=150", "/stream?width=160", "/api/v1/cameras/garden/stream?width=158"] {
        let mut stream = server.stream(path).await;
        stream.opening().await;
        let picture = codec::scan(stream.part().await.body.into()).unwrap();
        assert_eq!((picture.size.width, picture.size.height), (160, 90), "{path}");
        streams.push(stream);
    }
    assert_eq!(server.app.first().unwrap().variants(), 1);
    assert_eq!(server.encodes("garden"), 1);
    let mut wide = server.stream("/stream?width=4000").await;
    wide.opening().await;
    assert_eq!(codec::scan(wide.part().await.body.into()).unwrap().size, SIZE);
    assert_eq!(server.encodes("garden"), 1, "the source's own picture");
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_widths_lock_nobody_out_and_one_more_is_the_nearest() {
    let server = TestServer::start().await;
    server.garden.push_jpeg(50);
    let mut streams = Vec::new();
    for width in (16..=128).step_by(16) {
        streams.push(server.stream(&format!("/stream?width={width}")).await);
    }
    let channel = server.app.first().unwrap();
    assert_eq!(channel.variants(), 8);
    let mut own = server.stream("/stream").await;
    own.opening().await;
    assert_eq!(codec::scan(own.part().await.body.into()).unwrap().size, SIZE);
    let mut ninth = server.stream("/stream?width=300").await;
    ninth.opening().await;
    assert_eq!(codec::scan(ninth.part().await.body.into()).unwrap().size.width, 128);
    assert_eq!(channel.variants(), 9, "eight and the camera's own");
    drop((streams, own, ninth));
    until("the variants end", || channel.variants() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_past_the_limit_are_told_when_to_come_again() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.max_clients = 2);
    server.garden.push_bytes(1, 100);
    server.shed.push_bytes(1, 100);
    let one = server.stream("/stream").await;
    let _two = server.stream("/api/v1/cameras/shed/stream").await;
    let refused = server.get("/stream").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.json()["code"], "too_many_viewers");
    assert_eq!(server.get("/status").await.json()["active_connections"], 2);
    drop(one);
    let channel = server.app.first().unwrap();
    until("a place is free", || channel.crowd() == 1).await;
    server.stream("/stream").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_frames_a_second_are_spaced_evenly() {
    let server = TestServer::start().await;
    server.garden.push_bytes(0, 100);
    let mut stream = server.stream("/stream?fps=5").await;
    stream.opening().await;
    stream.part().await;
    // 15 a second come in: every third goes out.
    let mut got = Vec::new();
    for byte in 1..=30u8 {
        server.garden.push_bytes(byte, 100);
        if byte % 3 == 0 {
            got.push(stream.part().await.body[0]);
        }
    }
    assert!(got.windows(2).all(|two| (2..=4).contains(&(two[1] - two[0]))), "{got:?}");
    assert_eq!(got.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_does_not_read_is_closed_and_costs_the_others_nothing() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.client_timeout = 1);
    server.garden.push_bytes(0, 200_000);
    let mut idle = server.narrow_stream("/stream").await;
    let mut reader = server.stream("/stream").await;
    reader.opening().await;
    let channel = server.app.first().unwrap();
    let began = Instant::now();
    let mut byte = 0u8;
    while channel.viewers() == 2 {
        assert!(began.elapsed() < DEADLINE, "the idle viewer was not closed");
        byte = byte.wrapping_add(1);
        server.garden.push_bytes(byte, 200_000);
        // The other one gets every single frame.
        let mut part = reader.part().await;
        while part.body[0] != byte {
            part = reader.part().await;
        }
    }
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    assert_eq!(server.metrics.counter("nightjar_connections_stalled_total", "", &[]).get(), 1);
    let mut rest = Vec::new();
    soon("the closed stream's end", idle.socket.read_to_end(&mut rest)).await.unwrap_or_default();
    assert!(rest.len() < 1_000_000, "{} bytes were kept for a viewer that did not read", rest.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_the_newest_frame_or_says_why_there_is_none() {
    let server = TestServer::start().await;
    let none = server.get("/snapshot.jpg").await;
    assert_eq!((none.status, none.json()["code"].as_str()), (503, Some("no_signal")));
    server.garden.push_bytes(3, 700);
    for path in ["/snapshot.jpg", "/snapshot", "/?action=snapshot", "/api/v1/cameras/garden/snapshot.jpg"] {
        let reply = server.get(path).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")), "{path}");
        assert_eq!(reply.header("content-length"), Some("700"));
        assert_eq!(reply.body, vec![3; 700]);
        assert!(reply.header("cache-control").unwrap().contains("no-store"));
    }
    server.garden.push_jpeg(9);
    let small = server.get("/snapshot.jpg?width=64&quality=30").await;
    assert_eq!(codec::scan(small.body.into()).unwrap().size.width, 64);
    server.garden.lose();
    let lost = server.get("/snapshot").await;
    assert_eq!(lost.status, 503);
    assert_eq!(lost.json()["detail"], "The camera does not answer. Look at its plug.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thin_line_shows_pictures_that_are_new() {
    let server = TestServer::start().await;
    server.garden.push_bytes(0, 4000);
    let mut stream = server.narrow_stream("/stream").await;
    stream.opening().await;
    // 40 kB/s of pictures of 4 kB, of which 40 a second come in: at most every fourth can be had.
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let (mut pushed, mut worst) = (0u64, 0);
    for round in 0..40 {
        tick.tick().await;
        for _ in 0..4 {
            pushed = server.garden.push_bytes(0, 4000);
        }
        let headers = stream.part().await.headers;
        let taken = headers.lines().find_map(|line| line.strip_prefix("X-Timestamp: ")).unwrap();
        let taken = taken.parse::<f64>().unwrap() - 1.7e9;
        // Pictures are 66 ms of the cameras' clock apart, and 25 ms of this test's.
        let age = pushed as f64 - taken / 0.066;
        if round > 20 {
            worst = worst.max(age.round() as i64);
        }
    }
    assert!(worst <= 80, "{worst} pictures late, each 25 ms");
}
