//! What moves is found where it is; what only changes is not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{FakeCamera, Live, Said, Setup, TestApp, patch, truth, until};

const FPS: u32 = 10;
const SOON: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(120);

/// The film of a scene from its start on, long enough for its actor to come and go.
fn film(scene: &str) -> (FakeCamera, TestApp) {
    let camera = FakeCamera::film(scene, FPS, Duration::ZERO, 30 * FPS);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    (camera, app)
}

fn boxes(said: &Value) -> Vec<[f64; 4]> {
    let regions = said["regions"].as_array().cloned().unwrap_or_default();
    regions
        .iter()
        .map(|r| std::array::from_fn(|i| r["box"][i].as_f64().expect("a box is four shares")))
        .collect()
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> f64 {
    let side = |i: usize| (a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i]);
    let shared = side(0).max(0.0) * side(1).max(0.0);
    shared / (a[2] * a[3] + b[2] * b[3] - shared)
}

/// Decisions that say "motion", each with the number of the film's frame it was made on.
fn flagged(app: &TestApp, wanted: usize) -> Vec<(u64, Value)> {
    let mut live = Live::open(app.addr);
    live.hear_of("hello", PATIENCE);
    let (ahead, mut found) = (live.ahead("garden"), Vec::new());
    let deadline = Instant::now() + PATIENCE;
    while found.len() < wanted && Instant::now() < deadline {
        if let Said::Json(said) = live.hear()
            && said["type"] == "motion"
            && said["detected"] == true
        {
            found.push((said["seq"].as_u64().unwrap().saturating_sub(ahead), said));
        }
    }
    found
}

#[test]
fn boxes_are_where_the_scenes_truth_has_them() {
    let (_camera, app) = film("fox");
    let found = flagged(&app, 20);
    assert!(found.len() >= 20, "only {} decisions said motion", found.len());
    let hits = found.iter().filter(|(number, said)| {
        let true_boxes =
            truth("fox", Duration::from_secs(1) * u32::try_from(number % u64::from(30 * FPS)).unwrap() / FPS);
        boxes(said).iter().any(|&b| true_boxes.iter().any(|&t| overlap(b, t) > 0.2))
    });
    let hits = hits.count();
    assert!(hits * 10 >= found.len() * 8, "{hits} of {} decisions have a box on the fox", found.len());
}

#[test]
fn someone_who_walks_by_is_reported_on_every_path_that_is_polled() {
    let app = Setup::scene("walker").start();
    until("motion is detected", PATIENCE, || {
        (app.json("/motion_status")["motion_detected"] == true).then_some(())
    });
    until("history has it", PATIENCE, || {
        app.json("/motion_status")["motion_history"].as_array().is_some_and(|h| !h.is_empty()).then_some(())
    });
    let activity = until("the visit is listed", PATIENCE, || {
        let activity = app.json("/api/v1/cameras/garden/activity");
        activity["visits"].as_array().is_some_and(|v| !v.is_empty()).then_some(activity)
    });
    let visit = &activity["visits"][0];
    assert!(visit["id"].is_u64() && visit["start"].is_string() && visit["label"].is_string(), "{visit:#}");
}

#[test]
fn a_scene_in_which_nothing_moves_is_never_flagged() {
    for scene in ["static", "noise"] {
        let app = Setup::scene(scene).start();
        app.wait_for("garden", "live", SOON);
        let mut live = Live::open(app.addr);
        live.hear_of("hello", PATIENCE);
        live.watch("garden", 160, 5);
        let mut pictures = 0;
        // Six seconds of pictures, long past the time that the detector takes to settle.
        while pictures < 30 {
            match live.hear() {
                Said::Picture { .. } => pictures += 1,
                Said::Json(said) => assert!(said["detected"] != true, "{scene}: {said:#}"),
            }
        }
        let status = app.json("/motion_status");
        assert_eq!(status["motion_history"], json!([]), "{scene}");
    }
}

#[test]
fn switched_off_it_sees_nothing_and_switched_on_again_it_does() {
    let app = Setup::scene("walker").start();
    let set = |enabled: bool| {
        let reply = patch(app.addr, "/api/v1/cameras/garden", &json!({"motion": {"enabled": enabled}}));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["camera"]["motion"]["enabled"], json!(enabled));
        assert_eq!(reply.json()["restart_required"], json!(false));
    };
    set(false);
    until("no motion", PATIENCE, || (app.json("/motion_status")["motion_detected"] == false).then_some(()));
    set(true);
    until("motion again", PATIENCE, || (app.json("/motion_status")["motion_detected"] == true).then_some(()));
}

#[test]
fn sensitivity_is_the_other_side_of_threshold() {
    let app = Setup::scene("calm").start();
    let reply = patch(app.addr, "/api/v1/cameras/garden", &json!({"motion": {"threshold": 40}}));
    assert_eq!(reply.json()["camera"]["motion"]["sensitivity"], json!(65), "{}", reply.text());
    let wrong = patch(app.addr, "/api/v1/cameras/garden", &json!({"motion": {"threshold": 101}}));
    assert_eq!(wrong.status, 422, "{}", wrong.text());
}
