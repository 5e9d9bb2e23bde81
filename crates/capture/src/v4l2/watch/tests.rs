use super::*;

/// What ends a rest of a minute below `root` while `act` is done over and over: the first times may come before the
/// folder is watched.
fn rested(root: &Path, mut act: impl FnMut(&Halt)) -> Waited {
    let halt = Halt::new().unwrap();
    std::thread::scope(|scope| {
        let resting = scope.spawn(|| rest(Some(root), &halt, Duration::from_secs(60)));
        crate::testing::eventually("the end of the rest", || {
            act(&halt);
            resting.is_finished().then_some(())
        });
        resting.join().unwrap()
    })
}

#[test]
fn a_node_or_a_link_that_appears_ends_the_rest() {
    for name in ["video3", "v4l"] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(name);
        let appears = |_: &Halt| {
            let _not_there = std::fs::remove_file(&path);
            std::fs::write(&path, "").unwrap();
        };
        assert_eq!(rested(root.path(), appears), Waited::Elapsed, "{name}");
    }
}

#[test]
fn other_files_do_not_end_the_rest_but_a_nudge_and_a_stop_do() {
    let root = tempfile::tempdir().unwrap();
    let mut count = 0;
    let appears_then_nudges = |halt: &Halt| {
        count += 1;
        std::fs::write(root.path().join(format!("ttyUSB{count}")), "").unwrap();
        if count == 50 {
            halt.nudge();
        }
    };
    assert_eq!(rested(root.path(), appears_then_nudges), Waited::Nudged);
    assert_eq!(rested(root.path(), Halt::stop), Waited::Stopped);
}

#[test]
fn a_rest_ends_by_itself_and_needs_no_folder() {
    let halt = Halt::new().unwrap();
    let brief = Duration::from_millis(20);
    for root in [None, Some(Path::new("/nonexistent")), Some(Path::new("/proc/self"))] {
        let begun = Instant::now();
        assert_eq!(rest(root, &halt, brief), Waited::Elapsed);
        assert!(begun.elapsed() >= brief);
    }
}
