//! A thousand times lost and found: nothing may pile up.

use std::io::Write;

use super::*;
use crate::SourceKind;
use crate::ffmpeg::Tools;
use crate::file::{File, Look};
use crate::testing::{FakeCamera, STREAM, Watched, eventually, http, part, quick};

/// What a process can leak.
#[derive(Debug, Clone, Copy)]
struct Held {
    descriptors: usize,
    threads: usize,
    kib: usize,
}

fn held() -> Held {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib = rss.trim().trim_end_matches(" kB").parse().unwrap();
    Held { descriptors: count("/proc/self/fd"), threads: count("/proc/self/task"), kib }
}

/// Descriptors and threads belong to the process, which other tests share: so this runs in a process of its own,
/// which is this very test program asked for this one test.
#[test]
fn a_thousand_losses_leave_nothing_behind() {
    const ALONE: &str = "CAPTURE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return flap();
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "supervisor::flapping::a_thousand_losses_leave_nothing_behind", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn flap() {
    let began = Instant::now();
    let bytes = [STREAM.as_bytes(), &part().repeat(3)].concat();
    let camera = FakeCamera::new(move |_, stream| {
        let _sent = stream.write_all(&bytes);
        false
    });
    let watched = Watched::start(http(camera.url()), quick());
    let lost = |times: u64| {
        eventually("losses", || (watched.supervisor.status().counters.lost >= times).then_some(()));
    };
    // The ring fills and the allocator finds its size first.
    lost(100);
    let before = held();
    for hundred in 2..=11 {
        lost(hundred * 100);
    }
    let after = held();
    // One opening may be under way at either moment: a socket and a runtime's few descriptors.
    assert!(after.descriptors.abs_diff(before.descriptors) <= 8, "{before:?} {after:?}");
    assert!(after.threads.abs_diff(before.threads) <= 1, "{before:?} {after:?}");
    let frames = watched.ring.stats().bytes / 1024;
    assert!(after.kib <= before.kib + 4096 + frames, "{before:?} {after:?}, ring {frames} KiB");
    assert!(began.elapsed() < Duration::from_secs(30));
    println!("{before:?} {after:?} ring {frames} KiB in {:?}", began.elapsed());
}

/// The same for a decoder that gives one frame and fails, every time.
#[test]
fn two_hundred_failed_decoders_leave_nothing_behind() {
    const ALONE: &str = "CAPTURE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return lose_decoders();
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "supervisor::flapping::two_hundred_failed_decoders_leave_nothing_behind"])
        .arg("--nocapture")
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Children of this process, dead or alive.
fn children() -> usize {
    let me = std::process::id().to_string();
    let is_ours = |entry: &std::fs::DirEntry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(1)) == Some(me.as_str())
    };
    std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter(is_ours).count()
}

fn lose_decoders() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (video, program) = (folder.path().join("any.mp4"), folder.path().join("ffmpeg"));
    std::fs::write(&video, "x").unwrap();
    let frame = "echo '0, 0, 0, 1, 24, 0x00000000' >&2; printf 'aaaabbbbccccddddeeeeffff'";
    let text = format!("#!/bin/sh\necho '#dimensions 0: 4x4' >&2; {frame}; kill -9 $$\n");
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (writer, ring) =
        frame::Ring::new(frame::RingLimits { bytes: 1 << 20, span: Duration::from_secs(60) });
    let halt = Arc::new(Halt::new().unwrap());
    let opener = Box::new(File {
        path: video,
        pace: crate::Pace::Fast,
        looped: false,
        tools: Tools { ffmpeg: program, ffprobe: "/nonexistent/ffprobe".into() },
        first: Duration::from_secs(10),
        look: Look::default(),
        halt: halt.clone(),
    });
    let tuning = Tuning { floor: Duration::from_secs(10), unmeasured: Duration::from_secs(10), ..quick() };
    let clock = Arc::new(frame::SystemClock::new());
    let want = crate::Want { size: frame::Size::new(64, 48), frame_rate: 50.0 };
    let orders = Orders::new(want, crate::Shaping::default(), ring.clone()).unwrap();
    let supervisor =
        Supervisor::start_with("test".into(), opener, orders, writer, clock, tuning, halt).unwrap();
    let lost =
        |times: u64| eventually("losses", || (supervisor.status().counters.lost >= times).then_some(()));
    lost(20);
    let before = held();
    lost(120);
    lost(220);
    let after = held();
    let counters = supervisor.status().counters;
    assert!(counters.frames >= 200, "each gave its frame: {counters:?}");
    // One opening may be under way at either moment: two pipes, and the thread that looks at the path.
    assert!(after.descriptors.abs_diff(before.descriptors) <= 8, "{before:?} {after:?}");
    assert!(after.threads.abs_diff(before.threads) <= 1, "{before:?} {after:?}");
    assert!(after.kib <= before.kib + 4096, "{before:?} {after:?}");
    supervisor.stop();
    assert_eq!(children(), 0, "all are dead and buried");
    println!("{before:?} {after:?}");
}

/// The same for a child process a round.
#[test]
fn children_that_fail_leave_no_zombie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-video.mp4");
    std::fs::write(&path, "no video").unwrap();
    let kind = SourceKind::File { path, pace: crate::Pace::Fast, looped: false };
    let watched = Watched::start(kind, quick());
    eventually("losses", || (watched.supervisor.status().counters.lost >= 20).then_some(()));
    watched.supervisor.stop();
    let me = std::process::id();
    let is_zombie = |entry: &std::fs::DirEntry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let mut fields = stat.rsplit(") ").next().unwrap_or("").split(' ');
        fields.next() == Some("Z") && fields.next() == Some(&me.to_string()) && stat.contains("(ff")
    };
    let zombies = || std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter(is_zombie).count();
    // Children of other tests may just be ending; one of ours that is never reaped stays.
    eventually("no zombies", || (zombies() == 0).then_some(()));
}
