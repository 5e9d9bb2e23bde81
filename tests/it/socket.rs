//! The page's WebSocket.

use std::time::Duration;

use serde_json::json;
use tests::{FakeCamera, Live, Mode, Said, Setup, TestApp, number_of};

const SOON: Duration = Duration::from_secs(20);

fn opened() -> (FakeCamera, TestApp, Live) {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let live = Live::open(app.addr);
    (camera, app, live)
}

fn next_picture(live: &mut Live) -> (String, u64, bool, Vec<u8>) {
    loop {
        if let Said::Picture { camera, seq, no_signal, jpeg } = live.hear() {
            return (camera, seq, no_signal, jpeg);
        }
    }
}

#[test]
fn the_first_word_is_hello_with_all_cameras() {
    let (_camera, app, mut live) = opened();
    let Said::Json(hello) = live.hear() else { panic!("a picture came first") };
    assert_eq!((&hello["type"], &hello["v"]), (&json!("hello"), &json!(1)));
    assert!(hello["version"].is_string() && hello["now_ms"].is_number());
    let told = hello["cameras"][0].clone();
    assert_eq!(told["id"], "garden");
    let asked = app.json("/api/v1/cameras/garden");
    for part in ["name", "motion"] {
        assert_eq!(told[part], asked[part], "{part}");
    }
}

#[test]
fn pictures_come_only_for_what_is_watched_and_in_order() {
    let (_camera, _app, mut live) = opened();
    live.hear_of("hello", SOON);
    live.watch("garden", 3840, 60);
    let mut last = 0;
    for _ in 0..15 {
        let (camera, seq, no_signal, jpeg) = next_picture(&mut live);
        assert_eq!((camera.as_str(), no_signal), ("garden", false));
        assert!(seq > last, "{last} then {seq}");
        assert!(number_of(&jpeg).is_some(), "the camera's own bytes");
        last = seq;
    }
    live.tell(&json!({"type": "unwatch", "camera": "garden"}));
    // What was under way may still come; the answer to a question that was asked later ends it.
    live.tell(&json!({"type": "time", "t0": 7}));
    live.hear_of("time", SOON);
    live.tell(&json!({"type": "time", "t0": 8}));
    loop {
        match live.hear() {
            Said::Json(said) if said["type"] == "time" => break,
            Said::Json(_) => {}
            Said::Picture { seq, .. } => {
                assert!(seq <= last + 3, "picture {seq} came although nobody watches")
            }
        }
    }
}

#[test]
fn a_smaller_picture_is_made_for_who_asks_for_it() {
    let (_camera, _app, mut live) = opened();
    live.hear_of("hello", SOON);
    live.watch("garden", 160, 10);
    let (_, _, _, jpeg) = next_picture(&mut live);
    let size = codec::scan(jpeg.into()).unwrap().size;
    assert!(size.width <= 320 && size.width * 9 == size.height * 16, "{size:?}");
}

#[test]
fn the_clock_is_told_with_the_echo_that_was_asked_for() {
    let (_camera, _app, mut live) = opened();
    live.tell(&json!({"type": "time", "t0": 1234.5}));
    let told = live.hear_of("time", SOON);
    assert_eq!(told["t0"], json!(1234.5));
    assert!(told["now_ms"].as_f64().is_some_and(|ms| ms > 1.6e12));
}

#[test]
fn a_camera_that_is_lost_is_told_and_its_pictures_are_marked() {
    let (camera, _app, mut live) = opened();
    live.hear_of("hello", SOON);
    live.watch("garden", 640, 10);
    camera.set(Mode::Gone);
    let (mut told, mut marked) = (false, false);
    while !(told && marked) {
        match live.hear() {
            Said::Json(said) => {
                told |= said["type"] == "camera" && said["camera"]["source"]["state"] == "lost"
            }
            Said::Picture { no_signal, .. } => marked |= no_signal,
        }
    }
}

#[test]
fn nonsense_is_answered_with_an_error_and_ends_nothing() {
    let (_camera, _app, mut live) = opened();
    live.hear_of("hello", SOON);
    for wrong in [json!({"type": "dance"}), json!({"type": "watch", "camera": "nobody"}), json!([1, 2])] {
        live.tell(&wrong);
        let error = live.hear_of("error", SOON);
        assert!(error["code"].is_string() && error["detail"].is_string(), "{wrong}: {error}");
    }
    live.watch("garden", 640, 10);
    next_picture(&mut live);
}
