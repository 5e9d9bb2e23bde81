//! Cameras behind a child process: RTSP through ffmpeg, and the output of any program.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use frame::Size;
use tests::{RtspCamera, Setup, Stream, TestApp, post, still, until};

const SOON: Duration = Duration::from_secs(30);
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
    let run = script(folder.path(), "PICTURE; PICTURE; PICTURE; exit 4");
    let app =
        Setup::config(&format!("[[camera]]\nid = \"garden\"\nsource = \"command\"\nrun = [\"{run}\"]\n"))
            .start();
    let source = || app.json("/api/v1/cameras/garden")["source"].clone();
    until("a fourth frame, from a second run", SOON, || (source()["frames"].as_u64()? > 3).then_some(()));
    let snapshot = app.get("/snapshot.jpg");
    assert_eq!((snapshot.status, snapshot.body), (200, still("calm", Size::new(320, 240))), "byte for byte");
    let problem =
        until("the reason of its end", SOON, || Some(source()["problem"].clone()).filter(|p| !p.is_null()));
    assert!(problem["what"].as_str().unwrap().contains("exit code 4"), "{problem:#}");
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
