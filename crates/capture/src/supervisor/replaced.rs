//! Another source in the place of the one there is: the ring and its readers stay, whatever the old one was at.

use super::tests::{demo, ring};
use super::*;
use crate::testing::eventually;
use frame::{Reader, Size, SystemClock};

/// The size of the frames that come, as soon as it is that one; numbers go on without a gap in the ring.
fn comes_to(reader: &mut Reader, size: Size) {
    let mut last = None;
    for _ in 0..500 {
        let frame = reader.next(Duration::from_secs(5)).unwrap();
        assert!(last.is_none_or(|last| frame.seq() == last + 1), "{last:?}, {}", frame.seq());
        last = Some(frame.seq());
        if frame.size() == size {
            return;
        }
    }
    panic!("no frame of {size}");
}

fn start(scene: &str) -> (Supervisor, Reader) {
    let (writer, ring) = ring();
    let reader = ring.reader();
    let source = demo(scene, 64, 48, 50.0);
    (Supervisor::start(source, writer, Arc::new(SystemClock::new())).unwrap(), reader)
}

#[test]
fn a_live_source_gives_way_and_its_readers_stay() {
    let (supervisor, mut reader) = start("calm");
    comes_to(&mut reader, Size::new(64, 48));
    assert!(supervisor.replace(demo("walker", 96, 64, 50.0)));
    comes_to(&mut reader, Size::new(96, 64));
    let counters = supervisor.status().counters;
    assert_eq!((counters.opened, counters.lost), (2, 0), "it was not lost");
    // What is asked of it later is asked of the new one.
    supervisor.set(Want { size: Size::new(48, 32), frame_rate: 50.0 }, Shaping::default());
    comes_to(&mut reader, Size::new(48, 32));
}

#[test]
fn a_back_off_is_cut_short() {
    let (writer, ring) = ring();
    let tuning = Tuning {
        first_backoff: Duration::from_secs(3600),
        most_backoff: Duration::from_secs(3600),
        ..Tuning::default()
    };
    let clock = Arc::new(SystemClock::new());
    let supervisor = Supervisor::start_tuned(demo("foxy", 64, 48, 50.0), writer, clock, tuning).unwrap();
    eventually("its loss", || matches!(supervisor.status().state, State::Lost { .. }).then_some(()));
    assert!(supervisor.replace(demo("fox", 64, 48, 50.0)));
    comes_to(&mut ring.reader(), Size::new(64, 48));
}

#[test]
fn whoever_was_stopped_takes_nothing_more() {
    let (supervisor, _reader) = start("calm");
    supervisor.halt.stop();
    eventually("its end", || (supervisor.status().state == State::Stopped).then_some(()));
    assert!(!supervisor.replace(demo("fox", 64, 48, 50.0)));
}
