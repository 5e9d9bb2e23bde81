use super::*;
use crate::Want;
use crate::testing::eventually;
use frame::{Ring, RingLimits, Size, SystemClock};

fn ring() -> (RingWriter, Ring) {
    Ring::new(RingLimits { bytes: 64 << 20, span: Duration::from_secs(60) })
}

fn demo(scene: &str, width: u32, height: u32, frame_rate: f32) -> CameraSource {
    CameraSource {
        id: "garden".into(),
        kind: SourceKind::Demo { scene: scene.into(), seed: 1 },
        want: Want { size: Size::new(width, height), frame_rate },
    }
}

#[test]
fn the_demo_gives_numbered_frames_on_schedule() {
    let (writer, ring) = ring();
    let mut reader = ring.reader();
    let supervisor =
        Supervisor::start(demo("calm", 64, 48, 50.0), writer, Arc::new(SystemClock::new())).unwrap();
    for i in 0..25u32 {
        let frame = reader.next(Duration::from_secs(5)).unwrap();
        assert_eq!(frame.seq(), u64::from(i) + 1);
        assert_eq!(frame.size(), Size::new(64, 48));
        let interval = Duration::from_millis(20);
        assert!(frame.media_time().abs_diff(interval * i) <= interval * 20, "{i}: {:?}", frame.media_time());
    }
    eventually("the status", || {
        let status = supervisor.status();
        (status.state == State::Live && status.counters.frames >= 25).then_some(())
    });
    supervisor.stop();
    assert!(matches!(
        std::iter::repeat_with(|| reader.next(Duration::ZERO)).find(|r| r.is_err()),
        Some(Err(frame::ReadError::Closed | frame::ReadError::Lagged(_)))
    ));
}

#[test]
fn an_unknown_scene_is_a_problem_that_names_the_nearest() {
    let (writer, _ring) = ring();
    let supervisor =
        Supervisor::start(demo("foxy", 64, 48, 50.0), writer, Arc::new(SystemClock::new())).unwrap();
    let problem = eventually("a problem", || match &supervisor.status().state {
        State::Lost { problem } => Some(problem.clone()),
        _ => None,
    });
    assert_eq!(problem.code, "no_scene");
    assert!(problem.what.contains("\"fox\""), "{problem}");
}
