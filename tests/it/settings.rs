//! Settings that change while it runs: over HTTP, and by SIGHUP.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::{FakeCamera, Setup, Stream, TestApp, patch, post, until};

const SOON: Duration = Duration::from_secs(60);
const GARDEN: &str = "/api/v1/cameras/garden";

fn garden(app: &TestApp) -> Value {
    app.json(GARDEN)
}

fn zones() -> Value {
    json!([
        { "name": "feeder", "kind": "include", "points": [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]], "sensitivity": 1.5 },
        { "name": "road", "kind": "exclude", "points": [[0.6, 0.0], [1.0, 0.0], [1.0, 0.3]], "sensitivity": 1.0 },
    ])
}

#[test]
fn every_setting_is_in_force_at_once_kept_across_a_restart_and_no_viewer_is_dropped() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    assert!(viewer.next_part().is_some());
    let body = json!({
        "name": "Feeder", "width": 320, "height": 240, "frame_rate": 10,
        "motion": { "threshold": 40, "min_area": 300, "analysis_fps": 5, "min_frames": 3, "event_gap_s": 1.5 },
        "zones": zones(),
    });
    let reply = patch(app.addr, GARDEN, &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["restart_required"], false, "{}", reply.text());
    let holds = |camera: &Value| {
        assert_eq!(camera["name"], "Feeder");
        assert_eq!(camera["zones"], zones());
        assert_eq!(camera["motion"]["threshold"], 40);
        assert_eq!(
            (&camera["settings"]["width"], &camera["settings"]["event_gap_s"]),
            (&json!(320), &json!(1.5))
        );
        assert_eq!(camera["restart_pending"], false);
    };
    holds(&garden(&app));
    let small = |app: &TestApp| garden(app)["source"]["width"] == 320;
    until("the new size", SOON, || small(&app).then_some(()));
    for _ in 0..20 {
        assert!(viewer.next_part().is_some(), "the viewer stays");
    }
    let kept = std::fs::read_to_string(app.folder().join("data/settings.toml")).unwrap();
    assert!(kept.contains("[[camera.garden.zone]]") && kept.contains("0.1, 0.2"), "{kept}");
    let app = app.again();
    app.wait_for("garden", "live", SOON);
    holds(&garden(&app));
    assert!(small(&app));
    // No zones is a setting too.
    assert_eq!(patch(app.addr, GARDEN, &json!({ "zones": [] })).status, 200);
    assert_eq!(garden(&app.again())["zones"], json!([]));
}

#[test]
fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let app = Setup::scene("calm")
        .more("[[camera.zone]]\npoints = [[0.1, 0.1], [0.9, 0.1], [0.7, 0.333]]\n")
        .start();
    let there = garden(&app);
    let mut body = there["settings"].clone();
    let keys = body.as_object_mut().unwrap();
    let mut motion = serde_json::Map::new();
    for key in ["analysis_fps", "min_frames", "event_gap_s"] {
        motion.insert(key.into(), keys.remove(key).unwrap());
    }
    for key in ["enabled", "threshold", "min_area"] {
        motion.insert(key.into(), there["motion"][key].clone());
    }
    keys.insert("motion".into(), motion.into());
    keys.insert("name".into(), there["name"].clone());
    keys.insert("zones".into(), there["zones"].clone());
    let reply = patch(app.addr, GARDEN, &body);
    assert_eq!((reply.status, &reply.json()["restart_required"]), (200, &json!(false)), "{}", reply.text());
    let flat = app.json("/status")["camera_config"].clone();
    let reply = post(app.addr, "/config", &flat);
    assert_eq!((reply.status, &reply.json()["restart_required"]), (200, &json!(false)), "{}", reply.text());
    assert!(!app.folder().join("data/settings.toml").exists(), "nothing was changed, so nothing is kept");
}

#[test]
fn a_patch_that_is_wrong_in_one_place_changes_nothing_and_names_the_place() {
    let app = Setup::scene("calm").start();
    let mut crossed = zones();
    crossed[1]["points"] = json!([[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]);
    let reply = patch(app.addr, GARDEN, &json!({ "name": "Other", "zones": crossed }));
    assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("zones[1].points")), "{}", reply.text());
    assert!(reply.text().contains("crosses itself"), "{}", reply.text());
    assert_eq!(garden(&app)["name"], "garden");
}

#[test]
fn what_the_environment_sets_is_told_beforehand_and_answered_409() {
    let app = Setup::scene("calm").env("NIGHTJAR_CAMERA__0__MOTION__THRESHOLD", "30").start();
    let by = "the environment variable NIGHTJAR_CAMERA__0__MOTION__THRESHOLD";
    assert_eq!(garden(&app)["locked"], json!({ "motion.threshold": by }));
    let reply = patch(app.addr, GARDEN, &json!({ "name": "Other", "motion": { "threshold": 31 } }));
    let problem = reply.json();
    assert_eq!(
        (reply.status, &problem["field"], &problem["by"]),
        (409, &json!("motion.threshold"), &json!(by))
    );
    assert_eq!(garden(&app)["name"], "garden");
    let problem = post(app.addr, "/config", &json!({ "motion_threshold": 31 })).json();
    assert_eq!((&problem["field"], &problem["by"]), (&json!("motion_threshold"), &json!(by)));
}

#[test]
fn a_source_in_a_child_process_takes_a_new_size_only_after_a_hangup() {
    let clip = tests::footage();
    let text = format!("[[camera]]\nid = \"garden\"\nsource = \"file\"\npath = \"{}\"\n", clip.display());
    let app = Setup::config(&text).start();
    app.wait_for("garden", "live", SOON);
    let reply = post(app.addr, "/config", &json!({ "frame_rate": 7, "motion_threshold": 33 }));
    assert_eq!((reply.status, &reply.json()["restart_required"]), (200, &json!(true)), "{}", reply.text());
    assert_eq!(garden(&app)["restart_pending"], true);
    assert_eq!(
        post(app.addr, "/config", &json!({ "motion_threshold": 34 })).json()["restart_required"],
        false
    );
    let mut viewer = Stream::open(app.addr, "/stream");
    assert!(viewer.next_part().is_some());
    app.signal(Signal::HUP);
    until("nothing is pending", SOON, || (garden(&app)["restart_pending"] == false).then_some(()));
    assert!((0..20).all(|_| viewer.next_part().is_some()), "the viewer stays");
}

#[test]
fn a_settings_file_that_is_broken_is_refused_with_its_line() {
    let setup = Setup::scene("calm");
    let data = setup.folder().join("data");
    std::fs::create_dir(&data).unwrap();
    let cross = "[[camera.garden.zone]]\npoints = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]\n";
    for (text, line, words) in [
        ("[camera.garden.motion]\nthreshold = 300\n", 2, "from 5 to 100"),
        ("[camera.garden\n", 1, "not valid TOML"),
        (cross, 2, "crosses itself"),
    ] {
        std::fs::write(data.join("settings.toml"), text).unwrap();
        let done = setup.run(&["serve"]);
        assert_eq!(done.code, 78, "{}", done.err);
        assert!(
            done.err.contains(&format!("settings.toml:{line}:")) && done.err.contains(words),
            "{}",
            done.err
        );
    }
}

#[test]
fn a_hangup_takes_a_changed_file_over_while_a_viewer_watches() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    assert!(viewer.next_part().is_some());
    let text = "[log]\nlevel = \"debug\"\n[server]\nmax_clients = 7\n[[camera]]\nid = \"garden\"\nname = \"Meadow\"\n\
                source = \"demo\"\nscene = \"calm\"\nwidth = 352\nheight = 288\n[camera.motion]\nthreshold = 41\n\
                [[camera.zone]]\nname = \"z\"\npoints = [[0, 0], [1, 0], [1, 1]]\n";
    std::fs::write(app.folder().join("nightjar.toml"), text).unwrap();
    app.signal(Signal::HUP);
    until("another source", SOON, || (garden(&app)["source"]["width"] == 352).then_some(()));
    let now = garden(&app);
    assert_eq!(
        (&now["source"]["kind"], &now["name"], &now["motion"]["threshold"]),
        (&json!("demo"), &json!("Meadow"), &json!(41))
    );
    assert_eq!(now["zones"][0]["name"], "z");
    assert_eq!(app.json("/status")["camera_config"]["max_clients"], 7);
    for _ in 0..20 {
        assert!(viewer.next_part().is_some(), "the viewer stays");
    }
}

#[test]
fn a_hangup_with_a_bad_file_changes_nothing_and_says_where_it_is_bad() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    let text = "[[camera]]\nid = \"garden\"\nname = \"Other\"\n[camera.motion]\ntreshold = 300\n";
    std::fs::write(app.folder().join("nightjar.toml"), text).unwrap();
    app.signal(Signal::HUP);
    until("a word on it", SOON, || app.log().contains("was not taken over").then_some(()));
    until("where it is", SOON, || app.log().contains("nightjar.toml:5:1").then_some(()));
    until("what was meant", SOON, || app.log().contains("did you mean `threshold`").then_some(()));
    assert_eq!(garden(&app)["name"], "garden");
    assert_eq!(app.state("garden"), "live");
}

#[test]
fn what_waits_for_a_restart_is_said_and_listed() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    assert_eq!(app.json("/readyz")["checks"]["restart_pending"], json!([]));
    let text = "[server]\nhosts = [\"cam.example\"]\n[[camera]]\nid = \"garden\"\nring_size = \"8MiB\"\n[[camera]]\nid = \"barn\"\n";
    std::fs::write(app.folder().join("nightjar.toml"), text).unwrap();
    app.signal(Signal::HUP);
    let waits = json!(["server.hosts", "camera garden: ring_size", "camera barn (added)"]);
    until("the list", SOON, || (app.json("/readyz")["checks"]["restart_pending"] == waits).then_some(()));
    until("a word on it", SOON, || app.log().contains("waits for a restart").then_some(()));
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_a_killed_one_blocks_nobody() {
    let mut app = Setup::scene("calm").start();
    let data = app.folder().join("data");
    let second = Setup::scene("calm").env("NIGHTJAR_DATA__PATH", data.to_str().unwrap());
    let done = second.run(&["serve"]);
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{}", done.err);
    assert!(done.err.contains("another nightjar uses the data directory"), "{}", done.err);
    app.signal(Signal::KILL);
    app.ended(SOON);
    let second = second.start();
    second.wait_for("garden", "live", SOON);
}
