//! The page's WebSocket.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::{FakeCamera, Live, Mode, Said, Setup, TestApp, number_of, until};

const SOON: Duration = Duration::from_secs(60);

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

#[test]
fn the_end_of_the_program_is_told_with_a_code_and_in_words() {
    let (_camera, mut app, mut live) = opened();
    live.hear_of("hello", SOON);
    live.watch("garden", 320, 10);
    next_picture(&mut live);
    app.signal(Signal::TERM);
    let (code, reason) = live.closed();
    assert_eq!((code, reason.as_str()), (4000, "Nightjar stops or restarts. Come again in a moment."));
    assert_eq!(app.ended(SOON).code(), Some(0), "{}", app.log());
}

#[test]
fn a_revoked_key_ends_what_it_opened_and_says_so() {
    let setup = Setup::scene("calm");
    let added = setup.run(&["key", "add", "--name", "phone", "--scope", "view", "--json"]);
    let key: Value = serde_json::from_str(&added.out).unwrap_or_else(|no| panic!("{no}: {added:?}"));
    let folder = setup.clone();
    let app = setup.start();
    app.wait_for_open(SOON);
    let mut live = Live::with_key(app.addr, key["key"].as_str().unwrap());
    live.hear_of("hello", SOON);
    let revoked = folder.run(&["key", "revoke", key["id"].as_str().unwrap()]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    assert_eq!(live.closed(), (4001, "The key was revoked, or may no longer see this.".to_owned()));
}

#[test]
fn a_version_that_is_not_spoken_is_told_which_is() {
    let (_camera, _app, mut live) = opened();
    live.tell(&json!({"type": "hello", "v": 1}));
    live.tell(&json!({"type": "time", "t0": 1}));
    live.hear_of("time", SOON);
    live.tell(&json!({"type": "hello", "v": 99}));
    let (code, reason) = live.closed();
    assert!(code == 4010 && reason.contains("version 1"), "{code}: {reason}");
}

#[test]
fn sixteen_cameras_come_over_one_connection() {
    let cameras = (1..=16).map(|n| {
        format!(
            "[[camera]]\nid = \"c{n}\"\nsource = \"demo\"\nscene = \"calm\"\nwidth = 160\nheight = 120\nframe_rate = 2\n\
             [camera.motion]\nanalysis_fps = 1\n"
        )
    });
    let app = Setup::config(&cameras.collect::<String>()).start();
    let mut live = Live::open(app.addr);
    assert_eq!(live.hear_of("hello", SOON)["cameras"].as_array().map(Vec::len), Some(16));
    for n in 1..=16 {
        live.watch(&format!("c{n}"), 160, 2);
    }
    let mut seen = std::collections::BTreeSet::new();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while seen.len() < 16 {
        assert!(std::time::Instant::now() < deadline, "only {seen:?} came");
        let (camera, _, no_signal, _) = next_picture(&mut live);
        if !no_signal {
            seen.insert(camera);
        }
    }
}

#[test]
fn one_that_does_not_read_takes_nothing_from_one_that_does() {
    let (_camera, app, _live) = opened();
    let wire = std::net::TcpStream::connect(app.addr).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&wire, 16 * 1024).unwrap();
    let mut slow = Live::on(wire, app.addr, None);
    slow.hear_of("hello", SOON);
    slow.watch("garden", 3840, 60);
    let mut fast = Live::open(app.addr);
    fast.hear_of("hello", SOON);
    fast.watch("garden", 3840, 60);
    let (_, mut last, _, _) = next_picture(&mut fast);
    // Five seconds: one that takes nothing for eight is closed.
    for _ in 0..50 {
        let (_, seq, no_signal, _) = next_picture(&mut fast);
        assert!(!no_signal && seq > last && seq <= last + 2, "{last} then {seq}: the slow one holds it up");
        last = seq;
    }
    // What it finds when it reads again is what the kernel kept, and then the newest.
    let (mut behind, mut got) = (0, 0);
    while behind < last {
        let (_, seq, _, _) = next_picture(&mut slow);
        assert!(seq > behind, "{behind} then {seq}");
        (behind, got) = (seq, got + 1);
    }
    let metrics = app.get("/metrics").text();
    let skipped = metrics
        .lines()
        .find_map(|line| line.strip_prefix("nightjar_viewer_skipped_total{camera=\"garden\"} "));
    let skipped: u64 = skipped.and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(got < 45 && skipped > 5, "{got} of 50 came, {skipped} were counted as skipped");
}

#[test]
fn what_fires_is_told_with_its_reason_and_its_visit_has_it() {
    let app = Setup::scene("walker").start();
    let mut live = Live::open(app.addr);
    let why = until("a reason", Duration::from_secs(60), || {
        let said = live.hear_of("motion", Duration::from_secs(60));
        (said["why"]["fired"] == json!(true)).then(|| said["why"].clone())
    });
    let gates = why["gates"].as_array().unwrap();
    assert!(gates.len() >= 5 && gates.iter().any(|gate| gate["name"] == "sightings"), "{why:#}");
    let sentence = why["sentence"].as_str().unwrap();
    assert!(sentence.ends_with('.') && !sentence.starts_with("Not counted"), "{sentence}");
    let activity = app.json("/api/v1/cameras/garden/activity");
    assert_eq!(activity["visit_open"], activity["visits"][0]["id"], "{activity:#}");
    assert!(activity["visits_total"].as_u64() >= Some(1), "{activity:#}");
    assert!(activity["visits"][0]["why"].is_string(), "{activity:#}");
    assert!(app.json("/api/v1/cameras/garden")["why"]["sentence"].is_string());
}
