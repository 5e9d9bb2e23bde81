//! The stream, the snapshot and the answers that scripts poll.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{FakeCamera, Request, Setup, Stream, TestApp, get, number_of, post, until};

const SOON: Duration = Duration::from_secs(60);

fn camera(fps: u32) -> (FakeCamera, TestApp) {
    let camera = FakeCamera::scene("walker", fps);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    (camera, app)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|o| o.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn a_camera_of_jpegs_is_passed_through_byte_for_byte_and_in_order() {
    let (camera, app) = camera(15);
    let mut stream = Stream::open(app.addr, "/stream");
    assert_eq!(stream.status, 200);
    assert_eq!(stream.header("content-type"), Some("multipart/x-mixed-replace; boundary=frame"));
    assert!(stream.header("cache-control").is_some_and(|v| v.contains("no-store")), "{:?}", stream.headers);
    let mut last = None;
    for _ in 0..30 {
        let part = stream.next_part().unwrap();
        assert_eq!(part.header("content-type"), Some("image/jpeg"));
        assert!(part.header("x-timestamp").is_some(), "{:?}", part.headers);
        let number = number_of(&part.body).expect("the camera's own picture");
        assert_eq!(part.body, camera.frame(number), "frame {number}");
        assert!(last.is_none_or(|last| number > last), "{last:?} then {number}");
        last = Some(number);
    }
}

#[test]
fn a_frame_is_complete_before_the_next_one_is_there() {
    // One frame in four seconds: `next_part` needs the boundary that closes a part, so it would wait for the next.
    let camera = FakeCamera::scene("walker", 15);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let mut stream = Stream::open(app.addr, "/stream");
    let shown = number_of(&stream.next_part().unwrap().body).unwrap();
    camera.set(tests::Mode::Silent);
    stream.patience(Duration::from_millis(1200));
    // Everything that was sent arrives whole although nothing follows it.
    let mut newest = shown;
    while newest + 1 < camera.sent() {
        let part = stream.next_part().expect("the last frame is not held back");
        newest = number_of(&part.body).expect("the camera's own picture");
    }
}

#[test]
fn the_snapshot_is_the_newest_frame_under_each_of_its_names() {
    let (camera, app) = camera(10);
    for path in ["/snapshot.jpg", "/snapshot", "/?action=snapshot", "/api/v1/cameras/garden/snapshot.jpg"] {
        let sent = camera.sent();
        let reply = app.get(path);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")), "{path}");
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()), "{path}");
        let number = number_of(&reply.body).expect("the camera's own picture");
        assert!(number + 3 >= sent, "{path}: frame {number} when {sent} had been sent");
    }
}

#[test]
fn older_viewers_get_the_stream_as_they_ask_for_it() {
    let (_camera, app) = camera(10);
    let mut stream = Stream::open(app.addr, "/?action=stream");
    assert!(number_of(&stream.next_part().unwrap().body).is_some());
}

#[test]
fn status_has_exactly_the_keys_that_scripts_poll_and_what_is_new() {
    let (_camera, app) = camera(10);
    let _viewer = Stream::open(app.addr, "/stream");
    let status = until("the viewer counts", SOON, || {
        Some(app.json("/status")).filter(|s| s["active_connections"] == 1)
    });
    assert_eq!(status["camera_initialized"], json!(true));
    assert!(status["motion_detected"].is_boolean());
    let polled = [
        "width",
        "height",
        "frame_rate",
        "rotation",
        "max_clients",
        "client_timeout",
        "show_timestamp",
        "timestamp_position",
        "motion_detection",
        "motion_threshold",
        "motion_min_area",
        "highlight_motion",
    ];
    assert_eq!(keys(&status["camera_config"]), BTreeSet::from(polled));
    for key in [
        "active_connections",
        "camera_initialized",
        "motion_detected",
        "camera_config",
        "version",
        "uptime_s",
    ] {
        assert!(keys(&status).contains(key), "{key} is missing in {status:#}");
    }
}

#[test]
fn motion_status_has_exactly_the_keys_that_scripts_poll() {
    let app = Setup::scene("walker").start();
    let status = until("something moved", Duration::from_secs(120), || {
        let status = app.json("/motion_status");
        status["motion_history"].as_array().is_some_and(|h| !h.is_empty()).then_some(status)
    });
    let polled = ["motion_detected", "motion_history", "active_connections", "optical_flow_enabled"];
    assert_eq!(keys(&status), BTreeSet::from(polled));
    let entry = status["motion_history"].as_array().unwrap().last().unwrap();
    for key in ["timestamp", "time", "regions", "classification"] {
        assert!(keys(entry).contains(key), "{key} is missing in {entry:#}");
    }
    let stamp = entry["timestamp"].as_str().unwrap();
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_eq!(shape, "9999-99-99 99:99:99");
    assert!(
        entry["classification"]["label"].is_string() && entry["classification"]["alternatives"].is_array()
    );
    for region in entry["regions"].as_array().unwrap() {
        assert_eq!(region.as_array().map(Vec::len), Some(4), "[x, y, w, h]");
    }
}

#[test]
fn a_setting_of_post_config_holds_at_once_and_across_a_restart() {
    let camera = FakeCamera::scene("walker", 5);
    let app = Setup::http(&camera.url()).start();
    let done = post(app.addr, "/config", &json!({"motion_threshold": 40, "motion_min_area": 800}));
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(
        done.json()["message"].is_string() && done.json()["restart_required"] == json!(false),
        "{}",
        done.text()
    );
    let config = app.json("/status")["camera_config"].clone();
    assert_eq!((&config["motion_threshold"], &config["motion_min_area"]), (&json!(40), &json!(800)));
    let settings = std::fs::read_to_string(app.folder().join("data/settings.toml")).unwrap();
    assert!(settings.contains("40") && settings.contains("800"), "{settings}");
    let app = app.again();
    assert_eq!(app.json("/status")["camera_config"]["motion_threshold"], json!(40));
}

#[test]
fn a_wrong_setting_is_422_and_names_its_field() {
    let (_camera, app) = camera(5);
    let wrong = [
        ("motion_threshold", json!(4)),
        ("width", json!(0)),
        ("rotation", json!(45)),
        ("timestamp_position", json!("middle")),
    ];
    for (field, value) in wrong {
        let reply = post(app.addr, "/config", &json!({ field: value }));
        assert_eq!(reply.status, 422, "{field}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        let problem = reply.json();
        assert!(problem.to_string().contains(field), "{problem:#}");
        assert!(problem["request_id"].is_string(), "{problem:#}");
    }
}

#[test]
fn the_whole_of_camera_config_can_be_handed_back_and_changes_nothing() {
    let (_camera, app) = camera(5);
    let config = app.json("/status")["camera_config"].clone();
    let done = post(app.addr, "/config", &config);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["restart_required"], json!(false));
    assert_eq!(app.json("/status")["camera_config"], config);
    assert!(!app.folder().join("data/settings.toml").exists());
}

#[test]
fn a_change_that_the_environment_would_shadow_is_409_and_says_so() {
    let camera = FakeCamera::scene("walker", 5);
    let app = Setup::http(&camera.url()).env("NIGHTJAR_SERVER__MAX_CLIENTS", "3").start();
    let reply = post(app.addr, "/config", &json!({"max_clients": 5}));
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert!(reply.text().contains("NIGHTJAR_SERVER__MAX_CLIENTS"), "{}", reply.text());
    assert_eq!(app.json("/status")["camera_config"]["max_clients"], json!(3));
}

#[test]
fn nobody_past_max_clients_gets_a_stream_but_is_told_when_to_come_back() {
    let camera = FakeCamera::scene("walker", 5);
    let app = Setup::http(&camera.url()).with("[server]\nmax_clients = 2\n").start();
    app.wait_for("garden", "live", SOON);
    let _first = Stream::open(app.addr, "/stream");
    let _second = Stream::open(app.addr, "/stream");
    let third = get(app.addr, "/stream");
    assert_eq!(third.status, 503, "{}", third.text());
    assert!(third.header("retry-after").is_some(), "{:?}", third.headers);
}

#[test]
fn a_stream_can_be_smaller_and_slower_than_the_camera() {
    let (_camera, app) = camera(15);
    let mut stream = Stream::open(app.addr, "/api/v1/cameras/garden/stream?width=320&fps=5&quality=60");
    let begun = std::time::Instant::now();
    for _ in 0..6 {
        let part = stream.next_part().unwrap();
        let size = codec::scan(part.body.into()).unwrap().size;
        assert_eq!((size.width, size.height), (320, 180));
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(700), "six frames at 5 a second came within {took:?}");
}

#[test]
fn a_viewer_that_does_not_read_is_closed_and_the_others_see_no_difference() {
    let camera = FakeCamera::scene("walker", 15);
    let app = Setup::http(&camera.url()).with("[server]\nclient_timeout = \"2s\"\n").start();
    app.wait_for("garden", "live", SOON);
    let sleeper = Request::new("GET", "/stream").open(app.addr);
    let mut reader = Stream::open(app.addr, "/stream");
    let mut gone = false;
    for _ in 0..(60 * 15) {
        assert!(reader.next_part().is_some(), "the reader goes on");
        if app.json("/status")["active_connections"] == 1 {
            gone = true;
            break;
        }
    }
    assert!(gone, "the one that never reads was kept for a minute");
    drop(sleeper);
}

#[test]
fn what_a_monitor_asks_is_answered() {
    let (_camera, app) = camera(5);
    assert_eq!(app.get("/healthz").status, 200);
    let ready = app.get("/readyz");
    assert!(ready.status == 200 && ready.text().contains("garden"), "{}", ready.text());
    let metrics = app.get("/metrics");
    assert!(metrics.header("content-type").is_some_and(|v| v.starts_with("text/plain")));
    assert!(
        metrics.text().lines().any(|l| l.starts_with("nightjar_") && l.contains("garden")),
        "{}",
        metrics.text()
    );
}

#[test]
fn an_unknown_path_or_camera_is_a_problem_document_with_the_request_id() {
    let (_camera, app) = camera(5);
    for path in ["/nowhere", "/api/v1/cameras/nobody", "/api/v1/cameras/nobody/stream"] {
        let reply = app.get(path);
        assert_eq!(reply.status, 404, "{path}");
        let problem = reply.json();
        assert_eq!(problem["status"], json!(404), "{path}");
        assert_eq!(problem["request_id"].as_str(), reply.header("x-request-id"), "{path}");
    }
}
