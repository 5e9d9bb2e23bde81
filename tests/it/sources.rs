//! Sources that are lost, misbehave and come back, while viewers stay.

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{FakeCamera, Mode, Setup, Stream, TestApp, Viewer, footage, number_of, until};

const SOON: Duration = Duration::from_secs(60);

fn problem(app: &TestApp) -> Value {
    app.json("/api/v1/cameras/garden")["source"]["problem"].clone()
}

#[test]
fn a_camera_that_goes_and_comes_back_keeps_its_viewers() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    assert!(number_of(&viewer.next_part().unwrap().body).is_some());

    camera.set(Mode::Gone);
    app.wait_for("garden", "lost", SOON);
    assert!(problem(&app)["mend"].as_str().is_some_and(|m| !m.is_empty()), "{}", problem(&app));
    let no_signal = until("the viewer sees that there is no signal", SOON, || {
        let part = viewer.next_part().expect("the connection is kept");
        number_of(&part.body).is_none().then_some(part)
    });
    assert!(codec::scan(no_signal.body.into()).is_ok(), "and it is a picture");

    camera.set(Mode::Play);
    until("the same viewer sees the camera again", SOON, || {
        let part = viewer.next_part().expect("the connection is kept");
        number_of(&part.body).map(|_| ())
    });
    assert_eq!(app.state("garden"), "live");
}

#[test]
fn a_camera_that_was_away_for_many_tries_is_seen_within_two_seconds_of_its_return() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let viewer = Viewer::open(app.addr, "/stream", |jpeg| number_of(jpeg).is_some());
    // Away itself, and behind a relay that is not.
    for away in [Mode::Gone, Mode::Busy] {
        let since = Instant::now();
        camera.set(away);
        app.wait_for("garden", "lost", SOON);
        // A second is promised, and half of one for a machine that does other things as well.
        assert!(since.elapsed() < Duration::from_millis(1500), "noticed after {:?}", since.elapsed());
        app.tries_in_vain("garden");
        let since = Instant::now();
        camera.set(Mode::Play);
        let back = viewer.sees_it_again(since, SOON);
        assert!(back < Duration::from_millis(2500), "back after {back:?}");
    }
    let log = app.log();
    let lives = log.matches("the source is live").count();
    assert!(lives >= 3, "whoever reads of a loss reads of its end: {log}");
}

#[test]
fn a_camera_that_falls_silent_is_found_out_without_a_closed_connection() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    camera.set(Mode::Silent);
    // max(3 frame intervals, 2 s), and some for a loaded machine.
    app.wait_for("garden", "lost", Duration::from_secs(8));
    camera.set(Mode::Play);
    app.wait_for("garden", "live", SOON);
}

#[test]
fn each_wrong_answer_is_a_state_with_what_to_do() {
    for (mode, code) in
        [(Mode::Html, "not_a_stream"), (Mode::Unauthorized, "unauthorized"), (Mode::Redirect, "redirect")]
    {
        let camera = FakeCamera::scene("walker", 10);
        camera.set(mode);
        let app = Setup::http(&camera.url()).start();
        app.wait_for("garden", "lost", SOON);
        let problem = problem(&app);
        assert_eq!(problem["code"], code, "{problem:#}");
        for key in ["what", "mend"] {
            assert!(problem[key].as_str().is_some_and(|t| !t.is_empty()), "{key}: {problem:#}");
        }
        assert_eq!(app.get("/healthz").status, 200, "{mode:?}");
    }
}

#[test]
fn cut_off_pictures_are_dropped_and_counted_and_the_whole_ones_shown() {
    let camera = FakeCamera::scene("walker", 10);
    camera.set(Mode::Truncated);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    for _ in 0..6 {
        let number = number_of(&viewer.next_part().unwrap().body).expect("a picture of the camera's");
        assert_eq!(number % 2, 0, "only whole pictures are shown, {number} was cut off");
    }
    let dropped = &app.json("/api/v1/cameras/garden")["source"]["dropped"];
    assert!(dropped.as_u64().is_some_and(|d| d > 0), "{dropped}");
}

#[test]
fn parts_that_are_no_pictures_never_reach_a_viewer() {
    let camera = FakeCamera::scene("walker", 20);
    camera.set(Mode::Garbage);
    let app = Setup::http(&camera.url()).start();
    until("garbage has been sent", SOON, || (camera.sent() > 40).then_some(()));
    let mut viewer = Stream::open(app.addr, "/stream");
    let part = viewer.next_part().expect("a picture that says so");
    assert!(codec::scan(part.body.into()).is_ok());
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn losing_and_finding_a_camera_again_leaks_nothing() {
    let camera = FakeCamera::scene("walker", 20);
    let app = Setup::http(&camera.url()).start();
    let cycle = || {
        camera.set(Mode::Gone);
        app.wait_for("garden", "lost", SOON);
        camera.set(Mode::Play);
        // The back-off grows; whoever looks at the page can ask for the next try at once.
        until("it is live again", SOON, || {
            let asked = tests::post(app.addr, "/api/v1/cameras/garden/retry", &serde_json::json!({}));
            assert_eq!(asked.status, 204, "{}", asked.text());
            (app.state("garden") == "live").then_some(())
        });
    };
    app.wait_for("garden", "live", SOON);
    cycle();
    let (fds, threads, _) = app.holds();
    for _ in 0..5 {
        cycle();
    }
    until("descriptors and threads are where they were", SOON, || {
        let (fds_now, threads_now, _) = app.holds();
        (fds_now <= fds + 2 && threads_now <= threads + 1).then_some(())
    });
}

#[test]
fn real_footage_plays_once_and_ends() {
    let path = footage();
    let config = |pace: &str, again: bool| {
        Setup::config(&format!(
            "[[camera]]\nid = \"garden\"\nsource = \"file\"\npath = \"{}\"\npace = \"{pace}\"\nloop = {again}\n",
            path.display()
        ))
    };
    let app = config("real-time", true).start();
    app.wait_for("garden", "live", SOON);
    let camera = app.json("/api/v1/cameras/garden");
    assert_eq!(
        (&camera["source"]["width"], &camera["source"]["height"]),
        (&768.into(), &576.into()),
        "{camera:#}"
    );
    let snapshot = codec::scan(app.get("/snapshot.jpg").body.into()).unwrap();
    assert_eq!((snapshot.size.width, snapshot.size.height), (768, 576));
    drop(app);
    let app = config("fast", false).start();
    app.wait_for("garden", "ended", Duration::from_secs(60));
    let frames = &app.json("/api/v1/cameras/garden")["source"]["frames"];
    assert_eq!(frames.as_u64(), Some(795), "every frame of the file came once");
}

#[test]
fn real_footage_over_http_is_shown_frame_by_frame_and_its_walkers_are_seen() {
    let folder = tempfile::TempDir::new().unwrap();
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(footage())
        .args(["-frames:v", "300", "-q:v", "4"])
        .arg(folder.path().join("%03d.jpg"))
        .status();
    assert!(made.unwrap().success());
    let picture = |n: u32| std::fs::read(folder.path().join(format!("{n:03}.jpg"))).unwrap();
    let camera = FakeCamera::playing((1..=300).map(picture).collect(), 10);
    let app = Setup::http(&camera.url()).start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    let mut numbers = Vec::new();
    while numbers.len() < 30 {
        let part = viewer.next_part().unwrap();
        let size = codec::scan(part.body.clone().into()).unwrap().size;
        // A picture of before the first one of the camera says that none is there yet.
        if let Some(number) = number_of(&part.body) {
            assert_eq!((size.width, size.height), (768, 576));
            numbers.push(number);
        }
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "newer and newer: {numbers:?}");
    let seen = until("people are seen", SOON, || {
        let history = app.json("/motion_status")["motion_history"].clone();
        let mut seen = history.as_array()?.clone().into_iter();
        seen.find(|entry| entry["classification"]["label"] == "person")
    });
    let regions = seen["regions"].as_array().unwrap();
    assert!((1..12).contains(&regions.len()), "{seen:#}");
    assert_eq!(app.json("/api/v1/cameras/garden")["source"]["dropped"], 0);
}

#[test]
fn a_file_that_is_no_video_says_so() {
    let setup = Setup::config("[[camera]]\nid = \"garden\"\nsource = \"file\"\npath = \"clip.mp4\"\n");
    std::fs::write(setup.folder().join("clip.mp4"), "this is no video").unwrap();
    let app = setup.start();
    app.wait_for("garden", "lost", SOON);
    let problem = problem(&app);
    assert!(problem["what"].as_str().is_some_and(|w| w.contains("clip.mp4")), "{problem:#}");
}

#[test]
fn several_cameras_stand_side_by_side() {
    let camera = FakeCamera::scene("walker", 10);
    let app = Setup::http(&camera.url())
        .more("[[camera]]\nid = \"yard\"\nsource = \"demo\"\nscene = \"car\"\nwidth = 320\nheight = 180\n")
        .start();
    app.wait_for("garden", "live", SOON);
    app.wait_for("yard", "live", SOON);
    let cameras = app.json("/api/v1/cameras")["cameras"].clone();
    let ids: Vec<_> = cameras.as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["garden", "yard"]);
    camera.set(Mode::Gone);
    app.wait_for("garden", "lost", SOON);
    assert_eq!(app.state("yard"), "live", "one camera's loss is no other's");
}
