//! Cameras behind a child process: RTSP through ffmpeg, and the output of any program.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use frame::Size;
use serde_json::Value;
use tests::{RtspCamera, Setup, Stream, TestApp, Viewer, post, still, until};

const SOON: Duration = Duration::from_secs(60);
/// What is promised: a camera that is gone is noticed, a silent one is, and a frame is seen when it is back.
const NOTICED: Duration = Duration::from_secs(1);
const SILENCE_NOTICED: Duration = Duration::from_secs(3);
const BACK: Duration = Duration::from_secs(2);
/// Beside those, what asking takes on a machine that builds and tests other things at the same time.
const SLACK: Duration = Duration::from_secs(1);
const SECRET: &str = "hush-2718";

fn rtsp(camera: &RtspCamera, password: &str, transport: &str) -> Setup {
    Setup::config(&format!(
        "[[camera]]\nid = \"garden\"\nsource = \"rtsp\"\nurl = \"{}\"\nuser = \"eve\"\npassword = \"{password}\"\n\
         transport = \"{transport}\"\n",
        camera.url()
    ))
}

/// The arguments of all processes that this user may see, but for those of this test.
fn process_list() -> String {
    let numbers = std::fs::read_dir("/proc").unwrap().flatten();
    let read = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).ok();
    numbers.filter_map(read).map(|line| String::from_utf8_lossy(&line).replace('\0', " ") + "\n").collect()
}

fn moves(app: &TestApp) {
    let mut viewer = Stream::open(app.addr, "/stream");
    let first = viewer.next_part().unwrap().body;
    until("a picture that differs", SOON, || (viewer.next_part().unwrap().body != first).then_some(()));
}

#[test]
fn an_rtsp_camera_is_live_over_tcp_and_udp_and_its_password_is_in_no_process_list_and_no_log() {
    let camera = RtspCamera::start("eve", SECRET);
    for transport in ["tcp", "udp"] {
        let app = rtsp(&camera, SECRET, transport).start();
        app.wait_for("garden", "live", SOON);
        let source = &app.json("/api/v1/cameras/garden")["source"];
        assert_eq!((&source["width"], &source["height"]), (&320.into(), &240.into()), "{transport}");
        let seen = process_list();
        assert!(seen.contains("ffmpeg"), "the child is there to be seen");
        assert!(!seen.contains(SECRET), "{transport}: the password can be read by everybody");
        moves(&app);
        assert!(!app.log().contains(SECRET), "{}", app.log());
    }
}

#[test]
fn an_rtsp_camera_that_refuses_goes_and_comes_back_says_so_and_keeps_its_viewers() {
    let camera = RtspCamera::start("eve", SECRET);
    let app = rtsp(&camera, "hush-wrong", "tcp").start();
    app.wait_for("garden", "lost", SOON);
    let problem = app.json("/api/v1/cameras/garden")["source"]["problem"].clone();
    assert_eq!(problem["code"], "unauthorized", "{problem:#}");
    assert!(!format!("{problem}{}", app.log()).contains("hush-wrong"), "{problem:#}");
    drop(app);

    let app = rtsp(&camera, SECRET, "tcp").start();
    app.wait_for("garden", "live", SOON);
    let mut viewer = Stream::open(app.addr, "/stream");
    viewer.next_part().unwrap();
    camera.power(false);
    app.wait_for("garden", "lost", SOON);
    camera.power(true);
    let again = post(app.addr, "/api/v1/cameras/garden/retry", &serde_json::Value::Null);
    assert_eq!(again.status, 204);
    app.wait_for("garden", "live", SOON);
    viewer.next_part().expect("the viewer's connection is kept");
}

fn source(app: &TestApp) -> Value {
    app.json("/api/v1/cameras/garden")["source"].clone()
}

/// The test picture is colourful; that there is no signal is said in gray.
fn is_colourful(jpeg: &[u8]) -> bool {
    let planes = codec::Decoder::new().unwrap().i420(jpeg).unwrap();
    planes.bytes()[planes.luma().len()..].iter().any(|value| value.abs_diff(128) > 60)
}

/// How many processes the program has started that are still there.
fn children(app: &TestApp) -> usize {
    let parent = app.pid().as_raw_nonzero().to_string();
    let numbers = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = numbers.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let is_child = |stat: &String| {
        stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(1)) == Some(parent.as_str())
    };
    stats.filter(is_child).count()
}

#[test]
fn an_rtsp_camera_that_falls_silent_or_was_away_for_long_is_seen_again_at_once() {
    let camera = RtspCamera::start("eve", SECRET);
    let app = rtsp(&camera, SECRET, "tcp").start();
    app.wait_for("garden", "live", SOON);
    let viewer = Viewer::open(app.addr, "/stream", is_colourful);
    // Its rate is known by then: how long a silence has to be depends on it.
    until("a second of pictures", SOON, || (source(&app)["frames"].as_u64()? > 15).then_some(()));
    until("the viewer sees the camera", SOON, || viewer.signal());

    let since = Instant::now();
    camera.stall(true);
    app.wait_for("garden", "lost", SOON);
    assert!(since.elapsed() < SILENCE_NOTICED + SLACK, "noticed after {:?}", since.elapsed());
    assert_eq!(source(&app)["problem"]["code"], "stalled", "{:#}", source(&app));
    camera.stall(false);
    viewer.sees_it_again(Instant::now(), SOON);

    let since = Instant::now();
    camera.power(false);
    app.wait_for("garden", "lost", SOON);
    assert!(since.elapsed() < NOTICED + SLACK, "noticed after {:?}", since.elapsed());
    // Long enough away for the next try to be far off.
    until("a long wait", SOON, || {
        let source = source(&app);
        (source["problem"]["code"] == "refused" && source["next_try_in_ms"].as_u64()? > 4000).then_some(())
    });
    let since = Instant::now();
    camera.power(true);
    let back = viewer.sees_it_again(since, SOON);
    assert!(back < BACK + SLACK, "back after {back:?}");
}

#[test]
fn a_stream_that_an_rtsp_camera_does_not_have_is_told_from_a_camera_that_is_away() {
    let camera = RtspCamera::start("eve", SECRET);
    let url = camera.url().replace("/stream1", "/nothing");
    let login = format!("user = \"eve\"\npassword = \"{SECRET}\"\n");
    let app =
        Setup::config(&format!("[[camera]]\nid = \"garden\"\nsource = \"rtsp\"\nurl = \"{url}\"\n{login}"))
            .start();
    app.wait_for("garden", "lost", SOON);
    let problem = source(&app)["problem"].clone();
    assert_eq!(problem["code"], "not_found", "{problem:#}");
    assert!(!format!("{problem}{}", app.log()).contains(SECRET), "{problem:#}");
}

#[test]
fn twenty_losses_of_an_rtsp_camera_leave_no_process_no_descriptor_and_no_thread() {
    let camera = RtspCamera::start("eve", SECRET);
    let app = rtsp(&camera, SECRET, "tcp").start();
    app.wait_for("garden", "live", SOON);
    let viewer = Viewer::open(app.addr, "/stream", is_colourful);
    let cycle = || {
        camera.power(false);
        app.wait_for("garden", "lost", SOON);
        camera.power(true);
        let since = Instant::now();
        // Between short spells the back-off grows; whoever looks at the page can ask for the next try at once.
        until("the viewer sees it again", SOON, || {
            let asked = post(app.addr, "/api/v1/cameras/garden/retry", &Value::Null);
            assert_eq!(asked.status, 204, "{}", asked.text());
            viewer.signal().filter(|(came, _)| *came > since)
        });
    };
    cycle();
    let (fds, threads, _) = app.holds();
    assert_eq!(children(&app), 1, "the decoder");
    for _ in 0..20 {
        cycle();
    }
    until("all is where it was", SOON, || {
        let (fds_now, threads_now, _) = app.holds();
        (children(&app) == 1 && fds_now <= fds && threads_now <= threads).then_some(())
    });
    assert!(viewer.is_there());
}

#[test]
fn a_password_among_a_programs_arguments_is_shown_nowhere_by_us() {
    let folder = tempfile::TempDir::new().unwrap();
    let run = script(folder.path(), "PICTURE; echo \"cannot log in\" >&2; exit 4");
    let setup = Setup::config(&format!(
        "[[camera]]\nid = \"garden\"\nsource = \"command\"\nrun = [\"{run}\", \"--user\", \"eve:{SECRET}\"]\n"
    ));
    for form in [&["config", "show"][..], &["config", "show", "--json"], &["config", "check"]] {
        let shown = setup.run(form);
        assert!(!format!("{}{}", shown.out, shown.err).contains(SECRET), "{form:?}");
    }
    let app = setup.start();
    app.wait_for("garden", "lost", SOON);
    for path in ["/api/v1/cameras", "/status", "/metrics", "/readyz"] {
        assert!(!app.get(path).text().contains(SECRET), "{path}");
    }
    assert!(!app.log().contains(SECRET), "{}", app.log());
}

fn script(folder: &Path, body: &str) -> String {
    let picture = folder.join("picture.jpg");
    std::fs::write(&picture, still("calm", Size::new(320, 240))).unwrap();
    let path = folder.join("camera");
    let body = body.replace("PICTURE", &format!("cat {}", picture.display()));
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn a_program_that_writes_pictures_is_a_camera_and_is_started_again_when_it_ends() {
    let folder = tempfile::TempDir::new().unwrap();
    // The first run ends after three pictures; the second goes on until all was seen of it; whatever comes then gives none,
    // so that the reason of the end stays to be read.
    let (begun, enough) = (folder.path().join("begun"), folder.path().join("enough"));
    let run = script(
        folder.path(),
        &format!(
            "[ -e {begun} ] || {{ touch {begun}; PICTURE; PICTURE; PICTURE; exit 4; }}\n\
             while ! [ -e {enough} ]; do PICTURE; sleep 0.05; done; exit 4",
            begun = begun.display(),
            enough = enough.display()
        ),
    );
    let app =
        Setup::config(&format!("[[camera]]\nid = \"garden\"\nsource = \"command\"\nrun = [\"{run}\"]\n"))
            .start();
    until("a fourth frame, from a second run", SOON, || (source(&app)["frames"].as_u64()? > 3).then_some(()));
    let snapshot =
        until("a snapshot", SOON, || Some(app.get("/snapshot.jpg")).filter(|reply| reply.status == 200));
    assert!(snapshot.body == still("calm", Size::new(320, 240)), "byte for byte");
    std::fs::write(&enough, "").unwrap();
    let problem = until("the reason of its end", SOON, || {
        Some(source(&app)["problem"].clone()).filter(|problem| problem["code"] == "ended")
    });
    assert!(problem["what"].as_str().unwrap().contains("exit code 4"), "{problem:#}");
}

#[test]
fn a_program_that_finds_no_camera_for_long_is_seen_soon_after_it_does() {
    let folder = tempfile::TempDir::new().unwrap();
    let there = folder.path().join("there");
    let run = script(
        folder.path(),
        &format!("while [ -e {} ]; do PICTURE; sleep 0.05; done; exit 1", there.display()),
    );
    let app =
        Setup::config(&format!("[[camera]]\nid = \"garden\"\nsource = \"command\"\nrun = [\"{run}\"]\n"))
            .start();
    app.tries_in_vain("garden");
    let since = Instant::now();
    std::fs::write(&there, "").unwrap();
    until("a frame", SOON, || (source(&app)["frames"].as_u64()? > 0).then_some(()));
    assert!(since.elapsed() < BACK + SLACK, "seen after {:?}", since.elapsed());
}

#[test]
fn a_preset_names_what_to_install() {
    let app = Setup::config("[[camera]]\nid = \"garden\"\nsource = \"command\"\npreset = \"rpicam-vid\"\n")
        .env("PATH", "/usr/sbin:/sbin")
        .start();
    app.wait_for("garden", "lost", SOON);
    let problem = app.json("/api/v1/cameras/garden")["source"]["problem"].clone();
    assert_eq!(problem["code"], "no_program");
    assert!(problem["mend"].as_str().unwrap().contains("rpicam-apps"), "{problem:#}");
}
