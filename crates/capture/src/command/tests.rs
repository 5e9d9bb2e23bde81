use std::path::PathBuf;

use super::*;
use crate::testing::{Watched, eventually, jpeg, quick};
use crate::{SourceKind, State};

/// A script in a folder of its own, and the picture that it writes.
struct Script {
    dir: tempfile::TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("picture.jpg"), jpeg()).unwrap();
        let path = dir.path().join("camera");
        let body = body.replace("PICTURE", &format!("cat {}", dir.path().join("picture.jpg").display()));
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("camera")
    }

    fn watched(&self, restart: Restart) -> Watched {
        let run = vec![self.path().display().to_string(), "--password=hush".to_owned()];
        Watched::start(SourceKind::Command { run, restart }, quick())
    }
}

#[test]
fn jpeg_after_jpeg_becomes_frames_byte_for_byte() {
    let script = Script::new("PICTURE; PICTURE; PICTURE; exec sleep 1000");
    let watched = script.watched(Restart::Always);
    watched.frames(3);
    let frame = watched.ring.latest().unwrap();
    let frame::Picture::Jpeg(picture) = frame.picture() else { panic!("passed through") };
    assert_eq!(picture.bytes, jpeg());
}

#[test]
fn a_program_that_ends_is_told_with_its_last_words_and_started_again() {
    let script = Script::new("PICTURE; echo 'no camera at http://eve:hush@cam/x' >&2; exit 3");
    let watched = script.watched(Restart::Always);
    let problem = watched.problem();
    assert_eq!(problem.code, "ended");
    assert!(problem.what.contains("exit code 3 after one picture"), "{problem}");
    assert!(problem.what.contains("no camera at") && !problem.what.contains("hush"), "{problem}");
    watched.frames(3);
}

#[test]
fn the_policy_decides_whether_an_end_is_the_end() {
    for (restart, code, ends) in [
        (Restart::OnFailure, 0, true),
        (Restart::OnFailure, 1, false),
        (Restart::Never, 0, true),
        (Restart::Never, 1, true),
        (Restart::Always, 0, false),
    ] {
        let script = Script::new(&format!("PICTURE; exit {code}"));
        let watched = script.watched(restart);
        if ends {
            eventually("the end", || (watched.supervisor.status().state == State::Ended).then_some(()));
            assert_eq!(watched.supervisor.status().counters.frames, 1);
        } else {
            watched.frames(3);
        }
    }
}

#[test]
fn every_way_to_give_no_pictures_has_words_of_its_own() {
    for (body, code, word) in [
        ("exec sleep 1000", "stalled", "wrote nothing"),
        ("echo hello; exec sleep 1000", "not_pictures", "6 bytes"),
        ("exec yes", "not_pictures", "no JPEG"),
        ("exit 0", "ended", "before it wrote anything"),
        ("kill -9 $$", "ended", "signal 9"),
    ] {
        let problem = Script::new(body).watched(Restart::Always).problem();
        assert_eq!(problem.code, code, "{body}: {problem}");
        assert!(problem.what.contains(word) && !problem.to_string().contains("hush"), "{body}: {problem}");
    }
    let missing = SourceKind::Command { run: vec!["rpicam-vid-none".into()], restart: Restart::Never };
    assert_eq!(Watched::start(missing, quick()).problem().code, "no_program");
}

#[test]
fn a_program_that_goes_silent_is_killed_with_all_it_started() {
    let script = Script::new("echo $$ > $0.pid; PICTURE; PICTURE; sleep 1000; true");
    let watched = script.watched(Restart::Always);
    watched.frames(2);
    assert_eq!(watched.problem().code, "stalled");
    watched.frames(4);
    let pid = std::fs::read_to_string(script.dir.path().join("camera.pid")).unwrap();
    drop(watched);
    eventually("its end", || (!PathBuf::from(format!("/proc/{}", pid.trim())).exists()).then_some(()));
}
