//! The same detector over recorded footage.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{footage, run};

fn analyzed(file: &Path, folder: &Path) -> String {
    let out = folder.join("frames.jsonl");
    let done =
        run(&["analyze", file.to_str().unwrap(), "--frames", out.to_str().unwrap(), "--no-store"], &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    std::fs::read_to_string(&out).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_frame_of_real_footage_is_judged_once_and_the_same_way_each_time() {
    let folder = TempDir::new().unwrap();
    let first = analyzed(&footage(), folder.path());
    let frames = lines(&first);
    assert_eq!(frames.len(), 795);
    let mut time = -1.0;
    for (n, frame) in frames.iter().enumerate() {
        assert_eq!((frame["clip"].as_str(), frame["frame"].as_u64()), (Some("vtest"), Some(n as u64)));
        let at = frame["time"].as_f64().unwrap();
        assert!(at > time, "frame {n} at {at} s after {time} s");
        time = at;
        assert!(frame["motion"].is_boolean());
        for region in frame["regions"].as_array().unwrap() {
            let [x, y, w, h]: [u64; 4] = std::array::from_fn(|i| region[i].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 768 && y + h <= 576, "frame {n}: {region}");
        }
    }
    let moving = frames.iter().filter(|f| f["motion"] == true).count();
    assert!(moving * 2 > frames.len(), "people walk through nearly all of it, {moving} frames say so");
    assert_eq!(analyzed(&footage(), folder.path()), first, "two runs differ");
}

#[test]
fn frames_keep_the_times_that_the_file_gives_them() {
    // Every third frame of a test picture is left out, so that the times are uneven.
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("uneven.mkv");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=3", "-vf"])
        .args(["select=not(eq(mod(n\\,3)\\,1))", "-fps_mode", "passthrough", "-c:v", "mpeg4"])
        .arg(&clip)
        .status();
    assert!(made.unwrap().success());
    let times: Vec<f64> =
        lines(&analyzed(&clip, folder.path())).iter().map(|f| f["time"].as_f64().unwrap()).collect();
    let wanted: Vec<f64> = (0..30).filter(|n| n % 3 != 1).map(|n| f64::from(n) / 10.0).collect();
    assert_eq!(times.len(), wanted.len());
    for (found, wanted) in times.iter().zip(&wanted) {
        assert!((found - wanted).abs() < 0.002, "{times:?}");
    }
}

#[test]
fn a_video_that_is_cut_off_gives_the_frames_it_has() {
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("cut.avi");
    let whole = std::fs::read(footage()).unwrap();
    std::fs::write(&clip, &whole[..whole.len() / 8]).unwrap();
    let frames = lines(&analyzed(&clip, folder.path())).len();
    assert!((20..795).contains(&frames), "{frames}");
}

#[test]
fn a_recording_is_not_overwritten_by_what_is_told_of_it() {
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("clip.avi");
    std::fs::write(&clip, "precious").unwrap();
    let clip = clip.to_str().unwrap();
    let done = run(&["analyze", clip, "--frames", clip], &[]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert_eq!(std::fs::read_to_string(clip).unwrap(), "precious");
}

#[test]
fn standard_output_takes_the_lines_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("cut.avi");
    std::fs::write(&clip, &std::fs::read(footage()).unwrap()[..1 << 20]).unwrap();
    let data = folder.path().join("data");
    let done =
        run(&["analyze", clip.to_str().unwrap(), "--frames", "-", "--data", data.to_str().unwrap()], &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    let frames = lines(&done.out);
    assert!(frames.len() > 10 && frames.iter().all(|frame| frame["motion"].is_boolean()), "{}", done.out);
}

#[test]
fn a_signal_ends_it_as_a_shell_expects_and_leaves_nothing_behind() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let folder = TempDir::new().unwrap();
        let part = folder.path().join("frames.jsonl.part");
        // The footage ten times over, so that it cannot be through before the signal.
        let clip = footage();
        let mut child = Command::new(tests::nightjar())
            .args(["analyze", "--no-store"])
            .args(std::iter::repeat_n(&clip, 10))
            .arg("--frames")
            .arg(folder.path().join("frames.jsonl"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let long = |part: &Path| std::fs::metadata(part).is_ok_and(|it| it.len() > 0);
        tests::until("lines are written", Duration::from_secs(60), || long(&part).then_some(()));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = tests::until("it ends", Duration::from_secs(60), || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(code), "{signal:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{signal:?}");
    }
}

/// Runs `nightjar … --data <folder>/data --json`.
#[track_caller]
fn kept(folder: &Path, args: &[&str]) -> Value {
    let data = folder.join("data");
    let done =
        run(&[args, &["--json", "--data", data.to_str().unwrap()]].concat(), &[("TZ", "Europe/Amsterdam")]);
    assert_eq!(done.code, 0, "{args:?}: {}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn what_it_finds_is_kept_as_if_the_camera_had_been_watched_then() {
    let folder = TempDir::new().unwrap();
    let clip = folder.path().join("gate/fox.mp4");
    std::fs::create_dir_all(clip.parent().unwrap()).unwrap();
    let made = ["-c:v", "libx264", "-preset", "ultrafast", "-metadata", "creation_time=2026-11-20T05:30:00Z"];
    crate::import::clip(&clip, &made);
    let clip = clip.to_str().unwrap();
    let told = kept(folder.path(), &["analyze", clip]);
    let file = &told["files"][0];
    assert_eq!((&file["camera"], &file["started_by"]), (&json!("gate"), &json!("container")), "{told}");
    assert_eq!(file["started"], "2026-11-20T06:30:00+01:00");
    let stored = file["stored"].as_array().unwrap();
    assert!(!stored.is_empty() && stored.len() == file["events"].as_array().unwrap().len(), "{told}");

    let shown = kept(folder.path(), &["events", "show", stored[0].as_str().unwrap()]);
    let began = file["events"][0]["start"].as_f64().unwrap();
    let lead = shown["lead"].as_f64().unwrap();
    assert!(shown["start"].as_str().unwrap().starts_with("2026-11-20T06:30:"), "{shown}");
    assert!(lead > 0.0 && lead <= 5.1 && lead <= began + 0.1, "the pre-roll: {lead} s of {began} s: {shown}");
    assert_eq!((&shown["origin"], &shown["label"]), (&json!("import"), &file["events"][0]["label"]));
    assert!(shown["sentence"].is_string() && shown["source_sha256"].is_string(), "{shown}");
    for picture in ["poster", "thumb"] {
        assert_eq!(shown["pictures"][picture], true, "{shown}");
    }
    let again = kept(folder.path(), &["analyze", clip]);
    assert!(again["files"][0]["kept_before"].is_string(), "{again}");
    assert_eq!(kept(folder.path(), &["events", "list"])["events"].as_array().unwrap().len(), stored.len());
    assert_eq!(kept(folder.path(), &["events", "check"])["wrong"], json!([]));
}

#[test]
fn stopped_in_the_middle_it_leaves_no_half_of_a_recording() {
    for signal in [Signal::TERM, Signal::KILL] {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let clip = folder.path().join("long.avi");
        // People walk through it all the time, so that an event is open soon.
        std::fs::copy(footage(), &clip).unwrap();
        let mut child = Command::new(tests::nightjar())
            .args(["analyze", clip.to_str().unwrap(), "--data", data.to_str().unwrap()])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let noted = data.join("imported/unfinished");
        let begun = || std::fs::metadata(&noted).is_ok_and(|it| it.len() > 0).then_some(());
        tests::until("an event is begun", Duration::from_secs(120), begun);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = tests::until("it ends", Duration::from_secs(60), || child.try_wait().unwrap());
        assert_eq!(status.code(), if signal == Signal::TERM { Some(143) } else { None });
        let left = kept(folder.path(), &["events", "list"]);
        assert_eq!(left["events"], json!([]), "{signal:?}: it is read again as a whole");
        assert!(!noted.exists(), "{signal:?}");
        assert_eq!(kept(folder.path(), &["events", "check"])["wrong"], json!([]), "{signal:?}");
    }
}

#[test]
fn what_is_no_video_ends_with_1_and_says_so() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in [("text.mp4", b"no video".to_vec()), ("empty.avi", Vec::new())] {
        let clip = folder.path().join(name);
        std::fs::write(&clip, bytes).unwrap();
        let done = run(&["analyze", clip.to_str().unwrap(), "--no-store"], &[]);
        assert_eq!(done.code, 1, "{name}: {}", done.err);
        assert!(done.err.contains(name) && !done.err.contains("panicked"), "{}", done.err);
    }
    let done = run(&["analyze", "nowhere.mp4", "--no-store"], &[]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(done.err.contains("nowhere.mp4"), "{}", done.err);
}
