//! Movement, and people who ask for it, become clips in which no frame is missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{FakeCamera, Mode, Setup, TestApp, get, number_of, post, until};

const SOON: Duration = Duration::from_secs(60);
/// A scene's event with its rolls, on a loaded machine.
const EVENT: Duration = Duration::from_secs(180);

/// Frames are copied, so that each can be asked for its number.
const COPIED: &str = "[camera.recording]\nencoder = \"mjpeg\"\npre_roll = \"2s\"\npost_roll = \"1s\"\n";

fn events(app: &TestApp) -> Vec<Value> {
    app.json("/api/v1/events")["events"].as_array().unwrap().clone()
}

fn first_event(app: &TestApp) -> Value {
    until("an event", EVENT, || events(app).pop())
}

/// The numbers that the camera gave the frames of a clip.
fn numbers(app: &TestApp, event: &Value) -> Vec<u64> {
    let id = event["id"].as_str().unwrap();
    let frames = event["frames"].as_u64().unwrap();
    let number = |n| {
        let reply = app.get(&format!("/api/v1/events/{id}/frames/{n}.jpg"));
        number_of(&reply.body).unwrap_or_else(|| panic!("frame {n} of {id}: {}", reply.status))
    };
    (0..frames).map(number).collect()
}

fn record(app: &TestApp, action: &str) -> Value {
    let reply = post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
    assert_eq!(reply.status, 202, "{}", reply.text());
    reply.json()["event"].clone()
}

fn is_row(numbers: &[u64]) -> bool {
    numbers.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

/// Clips below the data folder.
fn clips(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("clip.mp4") {
                found.push(path);
            }
        }
    }
    found
}

/// Frames that a decoder which knows nothing of us finds in the clip.
fn decoded(clip: &Path) -> u64 {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
        .arg(clip)
        .output()
        .expect("ffprobe must be installed: `.ci/setup test`");
    assert!(probe.stderr.is_empty(), "{}", String::from_utf8_lossy(&probe.stderr));
    String::from_utf8_lossy(&probe.stdout).trim().trim_end_matches(',').parse().unwrap()
}

#[test]
fn what_moves_is_recorded_with_the_seconds_before_and_no_frame_is_missing() {
    let camera = FakeCamera::film("walker", 10, Duration::ZERO, 300);
    let app = Setup::http(&camera.url()).more(COPIED).start();
    let event = first_event(&app);
    let numbers = numbers(&app, &event);
    assert!(is_row(&numbers), "{numbers:?}");
    assert_eq!((event["missing"].as_u64(), event["state"].as_str()), (Some(0), Some("whole")));
    assert_eq!((event["origin"].as_str(), event["camera"].as_str()), (Some("motion"), Some("garden")));
    let (lead, length) = (event["lead_s"].as_f64().unwrap(), event["duration_s"].as_f64().unwrap());
    assert!((0.5..=2.2).contains(&lead), "what was before it: {lead} s");
    assert!(length > lead + 2.0, "{length} s");
    let pictures = &event["pictures"];
    assert!(pictures["poster"].is_string() && pictures["thumb"].is_string(), "{pictures}");
    assert_eq!(pictures["thumbnails"].as_array().unwrap().len(), 3);
    let metrics = app.get("/metrics").text();
    assert!(metrics.contains("nightjar_events_total{camera=\"garden\",state=\"whole\"}"), "{metrics}");
}

#[test]
fn by_hand_there_is_an_id_at_once_and_a_clip_with_the_same_seconds_before_it() {
    let camera = FakeCamera::film("calm", 10, Duration::ZERO, 1);
    let app = Setup::http(&camera.url()).more(COPIED).start();
    app.wait_for("garden", "live", SOON);
    let begun = camera.sent();
    until("some seconds of pictures", SOON, || (camera.sent() > begun + 30).then_some(()));
    let id = record(&app, "start");
    let ready = app.json("/readyz");
    assert_eq!(ready["checks"]["cameras"][0]["recording"]["state"], "recording");
    assert_eq!(record(&app, "start"), id, "once more changes nothing");
    let begun = camera.sent();
    until("a second of pictures", SOON, || (camera.sent() > begun + 10).then_some(()));
    assert_eq!(record(&app, "stop"), id);
    let event = first_event(&app);
    assert_eq!((&event["id"], event["origin"].as_str()), (&id, Some("manual")));
    let lead = event["lead_s"].as_f64().unwrap();
    assert!((1.5..=2.1).contains(&lead), "{lead} s");
    assert!(is_row(&numbers(&app, &event)));
    assert_eq!(record(&app, "stop"), Value::Null, "nothing is being recorded");
}

#[test]
fn what_cannot_be_recorded_is_refused_with_a_reason() {
    let app = Setup::scene("calm").more("[camera.recording]\nenabled = false\n").start();
    app.wait_for("garden", "live", SOON);
    let ask = |camera: &str, body: &Value| {
        post(app.addr, &format!("/api/v1/cameras/{camera}/recording"), body).status
    };
    assert_eq!(ask("garden", &json!({ "action": "start" })), 409);
    assert_eq!(ask("shed", &json!({ "action": "start" })), 404);
    assert_eq!(ask("garden", &json!({ "action": "pause" })), 422);
    assert_eq!(app.json("/readyz")["checks"]["cameras"][0]["recording"]["state"], "off");
}

#[test]
fn what_delivers_no_pictures_is_not_recorded_and_what_only_moves_is_stopped_by_nobody() {
    let app = Setup::scene("walker").start();
    app.wait_for("garden", "live", SOON);
    until("something moves", EVENT, || {
        (app.json("/readyz")["checks"]["cameras"][0]["recording"]["state"] == "recording").then_some(())
    });
    assert_eq!(record(&app, "stop"), Value::Null, "nobody had started it");
    let camera = FakeCamera::scene("calm", 20);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    camera.set(Mode::Gone);
    app.wait_for("garden", "lost", SOON);
    let refused = post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": "start" }));
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("no_pictures")));
}

#[test]
fn an_end_in_mid_event_leaves_a_whole_clip() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    let id = record(&app, "start");
    let data = app.folder().to_path_buf();
    let sizes =
        || clips(&data).iter().filter_map(|clip| clip.metadata().ok()).map(|it| it.len()).sum::<u64>();
    until("something of the clip", SOON, || (sizes() > 20_000).then_some(()));
    // SIGTERM, and the code must be 0.
    let app = app.again();
    let event = first_event(&app);
    assert_eq!((&event["id"], event["state"].as_str()), (&id, Some("whole")));
    let found = clips(&data);
    assert_eq!((found.len(), decoded(&found[0])), (1, event["frames"].as_u64().unwrap()));
}

#[test]
fn a_crash_in_mid_event_leaves_one_that_plays_and_has_a_picture() {
    let camera = FakeCamera::film("walker", 10, Duration::ZERO, 1);
    let app = Setup::http(&camera.url()).more(COPIED).start();
    app.wait_for("garden", "live", SOON);
    let id = record(&app, "start");
    let drafts = app.folder().join("data/drafts").join(id.as_str().unwrap());
    until("a picture", SOON, || drafts.join("thumb.jpg").exists().then_some(()));
    let path = format!("/api/v1/events/{}", id.as_str().unwrap());
    // More than a crash may cost.
    until("three seconds", SOON, || (app.json(&path)["duration_s"].as_f64()? > 3.0).then_some(()));
    let app = app.killed().start();
    let event = app.json(&path);
    assert_eq!(event["state"], "partial");
    assert!(is_row(&numbers(&app, &event)));
    for name in ["poster", "thumb"] {
        let picture = get(app.addr, event["pictures"][name].as_str().unwrap());
        assert_eq!((picture.status, picture.body.get(..2)), (200, Some(&[0xFF, 0xD8][..])), "{name}");
    }
}

#[test]
fn a_camera_that_goes_in_mid_event_leaves_an_event_that_plays() {
    let camera = FakeCamera::film("calm", 10, Duration::ZERO, 1);
    let app = Setup::http(&camera.url()).more(COPIED).start();
    app.wait_for("garden", "live", SOON);
    let id = record(&app, "start");
    camera.set(Mode::Gone);
    let event = first_event(&app);
    assert_eq!((&event["id"], event["state"].as_str()), (&id, Some("partial")));
    assert!(is_row(&numbers(&app, &event)));
    camera.set(Mode::Play);
    app.wait_for("garden", "live", SOON);
    assert!(record(&app, "start").is_string(), "and the next one is as any");
}

#[test]
fn a_sick_disk_is_said_in_time_and_recording_goes_on_by_itself() {
    let camera = FakeCamera::film("calm", 10, Duration::ZERO, 1);
    let app = Setup::http(&camera.url()).more(COPIED).start();
    app.wait_for("garden", "live", SOON);
    let found = std::fs::read_dir(app.folder()).unwrap().flatten().map(|entry| entry.path());
    let data =
        found.into_iter().find(|path| path.join("drafts").is_dir()).unwrap_or(app.folder().to_path_buf());
    std::fs::rename(data.join("drafts"), data.join("away")).unwrap();
    std::fs::write(data.join("drafts"), "no folder").unwrap();
    assert_eq!(record(&app, "start"), Value::Null);
    let ready = app.get("/readyz");
    assert_eq!(
        (ready.status, &ready.json()["checks"]["cameras"][0]["recording"]["ok"]),
        (503, &json!(false))
    );
    let begun = camera.sent();
    until("pictures go on", SOON, || (camera.sent() > begun + 10).then_some(()));
    assert_eq!(app.get("/snapshot.jpg").status, 200);
    std::fs::remove_file(data.join("drafts")).unwrap();
    std::fs::rename(data.join("away"), data.join("drafts")).unwrap();
    until("it records again", SOON, || (app.get("/readyz").status == 200).then_some(()));
    let id = app.json("/readyz")["checks"]["cameras"][0]["recording"]["state"].clone();
    assert_eq!(id, "recording", "what was asked for before still holds");
    record(&app, "stop");
    let event = first_event(&app);
    assert!(is_row(&numbers(&app, &event)));
}
