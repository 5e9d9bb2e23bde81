//! Pictures as they may be seen: turned, masked, dated. Over a camera whose very bytes are known.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use codec::{Decoder, Encoder, Shaper};
use frame::{I420, Picture, Rotation, Size};
use serde_json::json;
use tests::{FakeCamera, Live, Said, Setup, Stream, TestApp, get, number_of, patch};

const SOON: Duration = Duration::from_secs(60);
/// Whole blocks either way.
const SIZE: Size = Size::new(640, 352);

/// Gray, with a white square in the upper left corner.
fn card() -> Vec<u8> {
    let mut planes = vec![128; I420::len_of(SIZE)];
    for row in planes.chunks_exact_mut(640).take(64) {
        row[..64].fill(255);
    }
    let planes = I420::new(SIZE, planes.into()).unwrap();
    Encoder::new(95).unwrap().i420(&planes).unwrap().to_vec()
}

fn camera(more: &str) -> (FakeCamera, TestApp) {
    let camera = FakeCamera::playing(vec![card()], 15);
    let app = Setup::http(&camera.url()).more(more).start();
    app.wait_for("garden", "live", SOON);
    (camera, app)
}

fn decoded(jpeg: &[u8]) -> I420 {
    Decoder::new().unwrap().i420(jpeg).unwrap()
}

/// The mean of a part of the picture, in shares of it.
fn mean(planes: &I420, x: (u32, u32), y: (u32, u32)) -> u64 {
    let size = planes.size();
    let at = |percent: u32, whole: u32| (percent * whole / 100) as usize;
    let rows = planes.luma().chunks_exact(size.width as usize);
    let rows = rows.take(at(y.1, size.height)).skip(at(y.0, size.height));
    let (sum, count) = rows
        .flat_map(|row| &row[at(x.0, size.width)..at(x.1, size.width)])
        .fold((0, 0), |(sum, count), &value| (sum + u64::from(value), count + 1));
    sum / count
}

/// Whether the right half is black, and the left one is not.
fn is_masked(jpeg: &[u8]) -> bool {
    let planes = decoded(jpeg);
    let width = planes.size().width as usize;
    let black =
        planes.luma().chunks_exact(width).all(|row| row[width / 2..].iter().all(|&value| value <= 16));
    let half = width.div_ceil(2);
    let mut colour = planes.bytes()[planes.luma().len()..].chunks_exact(half);
    let gray = colour.all(|row| row[half.div_ceil(2)..].iter().all(|v| v.abs_diff(128) <= 4));
    black && gray && mean(&planes, (5, 40), (40, 90)) > 100
}

#[test]
fn a_turned_camera_is_the_right_way_round_and_has_lost_nothing() {
    let (_camera, app) = camera("rotation = 90\n");
    let jpeg = app.get("/snapshot.jpg").body;
    let planes = decoded(&jpeg);
    assert_eq!(planes.size(), Size::new(352, 640));
    assert!(mean(&planes, (84, 100), (0, 9)) > 240, "the white square has come to the upper right");
    assert!(mean(&planes, (0, 16), (0, 9)) < 140);
    let mut shaper = Shaper::new().unwrap();
    let three_more = codec::scan(jpeg.into()).unwrap();
    let shaped = shaper.shape(Picture::Jpeg(three_more), Rotation::ThreeQuarters, &[]).unwrap();
    let Picture::Jpeg(around) = shaped.picture else { panic!("a JPEG stays one") };
    assert_eq!(decoded(&around.bytes).bytes(), decoded(&card()).bytes(), "turned on to where it was");
    let source = app.json("/api/v1/cameras/garden")["source"].clone();
    assert_eq!((&source["width"], &source["height"]), (&json!(352), &json!(640)), "as it is seen");
    let asked = app.json("/status")["camera_config"].clone();
    assert_eq!((&asked["width"], &asked["rotation"]), (&json!(1280), &json!(90)), "as it was asked for");
}

const MASK: &str = "[[camera.zone]]\nname = \"street\"\nkind = \"mask\"\n\
                    points = [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]\n";

#[test]
fn what_is_masked_is_black_in_snapshot_stream_and_web_socket_at_any_size() {
    let (_camera, app) = camera(MASK);
    for path in ["/snapshot.jpg", "/snapshot.jpg?raw=1", "/snapshot.jpg?width=320", "/?action=snapshot"] {
        assert!(is_masked(&app.get(path).body), "{path}");
    }
    for path in ["/stream", "/stream?raw=1", "/stream?width=160"] {
        let mut stream = Stream::open(app.addr, path);
        for _ in 0..3 {
            assert!(is_masked(&stream.next_part().unwrap().body), "{path}");
        }
    }
    let mut live = Live::open(app.addr);
    live.watch("garden", 320, 15);
    for _ in 0..3 {
        assert!(is_masked(&next_picture(&mut live)));
    }
}

fn next_picture(live: &mut Live) -> Vec<u8> {
    loop {
        if let Said::Picture { no_signal: false, jpeg, .. } = live.hear() {
            return jpeg;
        }
    }
}

#[test]
fn a_mask_that_is_drawn_now_holds_from_the_answer_on() {
    let (_camera, app) = camera("");
    let mut stream = Stream::open(app.addr, "/stream");
    assert!(!is_masked(&stream.next_part().unwrap().body));
    let zone =
        json!({"name": "street", "kind": "mask", "points": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]});
    let reply = patch(app.addr, "/api/v1/cameras/garden", &json!({ "zones": [zone] }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    // Nothing that is asked for after the answer shows what was before, not even the ring's newest.
    let snapshot =
        tests::until("a snapshot", SOON, || Some(app.get("/snapshot.jpg")).filter(|it| it.status == 200));
    assert!(is_masked(&snapshot.body));
    let mut late = Stream::open(app.addr, "/stream");
    assert!(is_masked(&late.next_part().unwrap().body));
    // Parts that were on their way are the last ones; the connection stays.
    let until = Instant::now() + SOON;
    while !is_masked(&stream.next_part().unwrap().body) {
        assert!(Instant::now() < until, "the mask holds on an open stream too");
    }
    for _ in 0..5 {
        assert!(is_masked(&stream.next_part().unwrap().body));
    }
}

/// Whether the lower right corner, and not the one beside it, is mostly darker than anything on the card.
fn is_dated(planes: &I420) -> bool {
    let width = planes.size().width as usize;
    let rows = planes.luma().chunks_exact(width).rev().take(16);
    let dark = |from: usize, to: usize| {
        let all = rows.clone().flat_map(|row| &row[from..to]).filter(|&&value| value < 60).count();
        all * 100 / (16 * (to - from))
    };
    dark(width * 2 / 3, width) > 45 && dark(0, width / 2) == 0
}

#[test]
fn the_time_stands_in_its_corner_and_raw_is_the_cameras_own_byte_for_byte() {
    let (camera, app) = camera("show_timestamp = true\ntimestamp_position = \"bottom-right\"\n");
    let mut raw = Stream::open(app.addr, "/stream?raw=1");
    for _ in 0..5 {
        let body = raw.next_part().unwrap().body;
        assert_eq!(body, camera.frame(number_of(&body).expect("the camera's own picture")));
    }
    for path in ["/stream", "/?action=stream", "/api/v1/cameras/garden/stream"] {
        let body = Stream::open(app.addr, path).next_part().unwrap().body;
        let planes = decoded(&body);
        let corner = |x, y| mean(&planes, x, y);
        assert!(is_dated(&planes), "{path}: darkened for the letters");
        let ink = planes.luma().iter().rev().take(640 * 18).filter(|&&value| value > 200).count();
        assert!(ink > 500, "{path}: {ink} pixels of light letters");
        assert!((120..137).contains(&corner((20, 100), (30, 90))), "{path}: the rest is left alone");
        assert!(corner((0, 9), (2, 16)) > 240, "{path}");
    }
    let snapshot = decoded(&app.get("/snapshot.jpg").body);
    assert!(is_dated(&snapshot));
    assert!(number_of(&app.get("/snapshot.jpg?raw=1").body).is_some());
}

/// A counter of the garden's from `/metrics`.
fn counted(app: &TestApp, name: &str) -> u64 {
    let text = get(app.addr, "/metrics").text();
    let line = text.lines().find(|line| line.starts_with(name) && line.contains("garden"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{name}: {text}"))
}

#[test]
fn all_who_watch_the_dated_stream_share_one_encoding_a_frame() {
    let (camera, app) = camera("show_timestamp = true\n");
    let mut streams: Vec<Stream> = (0..4).map(|_| Stream::open(app.addr, "/stream")).collect();
    let (before, sent_before) = (counted(&app, "nightjar_encodes_total"), camera.sent());
    let mut seen: HashMap<String, Vec<u8>> = HashMap::new();
    let mut shared = 0;
    for _ in 0..15 {
        for stream in &mut streams {
            let part = stream.next_part().unwrap();
            let at = part.header("x-timestamp").unwrap().to_owned();
            match seen.get(&at) {
                Some(body) => {
                    shared += 1;
                    assert_eq!(*body, part.body, "the same frame, the same bytes");
                }
                None => drop(seen.insert(at, part.body)),
            }
        }
    }
    let encoded = counted(&app, "nightjar_encodes_total") - before;
    let sent = camera.sent() - sent_before;
    assert!(encoded <= sent + 3, "{encoded} encodings for {sent} frames");
    assert!(shared >= 30, "four viewers of 15 frames: {shared} shared of 60");
}

/// The share, in percent, of black pixels in a part of the picture.
fn black(planes: &I420, x: (u32, u32), y: (u32, u32)) -> usize {
    let size = planes.size();
    let at = |percent: u32, whole: u32| (percent * whole / 100) as usize;
    let rows = planes.luma().chunks_exact(size.width as usize);
    let rows = rows.take(at(y.1, size.height)).skip(at(y.0, size.height));
    let (dark, count) = rows
        .flat_map(|row| &row[at(x.0, size.width)..at(x.1, size.width)])
        .fold((0, 0), |(dark, count), &value| (dark + usize::from(value <= 18), count + 1));
    dark * 100 / count
}

#[test]
fn a_mask_hides_the_same_part_of_the_scene_before_and_after_the_restart_that_a_turn_waits_for() {
    let clip = tests::footage();
    let text = format!(
        "[[camera]]\nid = \"garden\"\nsource = \"file\"\npath = \"{}\"\nloop = true\n\
         [[camera.zone]]\nname = \"house\"\nkind = \"mask\"\npoints = [[0, 0], [0.5, 0], [0.5, 0.25], [0, 0.25]]\n",
        clip.display()
    );
    let picture = |app: &TestApp| {
        app.wait_for("garden", "live", SOON);
        let shot =
            tests::until("a snapshot", SOON, || Some(app.get("/snapshot.jpg")).filter(|it| it.status == 200));
        decoded(&shot.body)
    };
    let upright = |planes: &I420| {
        assert!(black(planes, (1, 49), (1, 24)) > 98, "masked");
        assert!(black(planes, (52, 99), (1, 99)) < 40 && black(planes, (1, 49), (28, 99)) < 40, "seen");
    };
    let app = Setup::config(&text).start();
    let before = picture(&app);
    upright(&before);
    let reply = patch(app.addr, "/api/v1/cameras/garden", &json!({ "rotation": 90 }));
    assert_eq!((reply.status, &reply.json()["restart_required"]), (200, &json!(true)), "{}", reply.text());
    upright(&picture(&app));
    // Another that is drawn meanwhile is drawn on what is seen: along the lower edge.
    let mut zones = app.json("/api/v1/cameras/garden")["zones"].clone();
    let low = json!([[0.0, 0.9], [1.0, 0.9], [1.0, 1.0], [0.0, 1.0]]);
    zones.as_array_mut().unwrap().push(json!({ "name": "low", "kind": "mask", "points": low }));
    let reply = patch(app.addr, "/api/v1/cameras/garden", &json!({ "zones": zones }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let low_is_black = || {
        let it = picture(&app);
        (black(&it, (1, 99), (91, 99)) > 98).then_some(it)
    };
    upright(&tests::until("the second mask", SOON, low_is_black));
    let app = app.again();
    let after = picture(&app);
    assert_eq!((after.size().width, after.size().height), (before.size().height, before.size().width));
    assert!(black(&after, (76, 99), (1, 49)) > 98, "what was upper left is upper right");
    assert!(black(&after, (1, 9), (1, 99)) > 98, "what was low is on the left");
    assert!(
        black(&after, (12, 72), (1, 99)) < 40 && black(&after, (76, 99), (52, 99)) < 40,
        "the rest is seen"
    );
    // Nobody walks in the sky of the scene all the time: turned back, the picture is the one from before.
    let height = after.size().height as usize;
    let width = after.size().width as usize;
    let apart: u64 = (0..height * 85 / 100 * width)
        .map(|at| (at / width, at % width))
        .filter(|(_, x)| *x > width / 9)
        .map(|(row, x)| {
            // The pixel at (x, row) was at (row, last row - x).
            let was = before.luma()[(width - 1 - x) * height + row];
            u64::from(was.abs_diff(after.luma()[row * width + x]))
        })
        .sum();
    let mean = apart / (height * 85 / 100 * width) as u64;
    assert!(mean < 15, "{mean} apart on average");
}
