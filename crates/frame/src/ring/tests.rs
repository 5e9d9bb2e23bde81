use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{JpegPicture, Sampling, Size};

const LONG: Duration = Duration::from_secs(10);
const NOW: Duration = Duration::ZERO;

fn frame_of(len: usize, at: Duration) -> NewFrame {
    let stamp = Stamp { mono: at, wall: SystemTime::UNIX_EPOCH };
    let jpeg = JpegPicture { bytes: vec![0; len].into(), size: Size::new(1, 1), sampling: Sampling::Gray };
    NewFrame { stamp, media_time: at, picture: Picture::Jpeg(jpeg) }
}

fn ring_of(bytes: usize) -> (RingWriter, Ring) {
    Ring::new(RingLimits { bytes, span: LONG })
}

#[test]
fn frames_come_in_order_and_numbered_from_one() {
    let (mut writer, ring) = ring_of(1000);
    let mut reader = ring.reader();
    for _ in 0..3 {
        writer.push(frame_of(10, NOW));
    }
    let seqs: Vec<_> = (0..3).map(|_| reader.next(NOW).unwrap().seq()).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(reader.next(NOW).unwrap_err(), ReadError::TimedOut);
}

#[test]
fn a_lagged_reader_learns_how_many_it_missed_and_goes_on() {
    let (mut writer, ring) = ring_of(30);
    let mut reader = ring.reader();
    for _ in 0..10 {
        writer.push(frame_of(10, NOW));
    }
    assert_eq!(reader.next(NOW).unwrap_err(), ReadError::Lagged(Lagged { missed: 7 }));
    assert_eq!(reader.next(NOW).unwrap().seq(), 8);
}

#[test]
fn the_newest_frame_is_kept_even_if_it_alone_is_over_the_limit() {
    let (mut writer, ring) = ring_of(10);
    writer.push(frame_of(5, NOW));
    writer.push(frame_of(50, NOW));
    assert_eq!(ring.stats(), RingStats { frames: 1, bytes: 50, newest: 2 });
}

#[test]
fn newest_skips_and_counts() {
    let (mut writer, ring) = ring_of(1000);
    let mut reader = ring.reader();
    for _ in 0..5 {
        writer.push(frame_of(1, NOW));
    }
    let (frame, skipped) = reader.newest(NOW).unwrap();
    assert_eq!((frame.seq(), skipped), (5, 4));
    assert_eq!(reader.newest(NOW).unwrap_err(), ReadError::TimedOut);
}

#[test]
fn closing_lets_readers_finish_what_is_there() {
    let (mut writer, ring) = ring_of(1000);
    let mut reader = ring.reader();
    writer.push(frame_of(1, NOW));
    drop(writer);
    assert!(reader.next(LONG).is_ok());
    assert_eq!(reader.next(LONG).unwrap_err(), ReadError::Closed);
}

#[test]
fn a_waiting_reader_is_woken_by_a_push_and_by_the_end() {
    let (mut writer, ring) = ring_of(1000);
    let mut reader = ring.reader();
    let waiting = thread::Builder::new()
        .name("reader".into())
        .spawn(move || (reader.next(LONG).map(|f| f.seq()), reader.next(LONG).map(|f| f.seq())))
        .unwrap();
    writer.push(frame_of(1, NOW));
    drop(writer);
    assert_eq!(waiting.join().unwrap(), (Ok(1), Err(ReadError::Closed)));
}

#[test]
fn the_pre_roll_outlives_eviction() {
    let (mut writer, ring) = ring_of(30);
    for second in 0..3 {
        writer.push(frame_of(10, Duration::from_secs(second)));
    }
    let pre_roll = ring.last(Duration::from_secs(1));
    for second in 3..9 {
        writer.push(frame_of(10, Duration::from_secs(second)));
    }
    assert_eq!(pre_roll.iter().map(|f| f.seq()).collect::<Vec<_>>(), [2, 3]);
    assert!(pre_roll.iter().all(|f| Arc::strong_count(f) == 1));
}

#[test]
fn announcements_follow_and_close() {
    let (mut writer, ring) = ring_of(1000);
    let mut announced = ring.announcements();
    writer.push(frame_of(1, NOW));
    assert!(announced.has_changed().unwrap());
    assert_eq!(*announced.borrow_and_update(), 1);
    drop(writer);
    assert!(announced.has_changed().is_err());
}

proptest! {
    /// Whatever is pushed, the ring stays within its bytes and its span, and holds a contiguous run of numbers.
    #[test]
    fn limits_hold(limit in 1usize..5000, span in 0u64..50, pushes in prop::collection::vec((1usize..1000, 0u64..10), 1..200)) {
        let (mut writer, ring) = Ring::new(RingLimits { bytes: limit, span: Duration::from_millis(span) });
        let mut at = Duration::ZERO;
        for (count, (len, step)) in pushes.into_iter().enumerate() {
            at += Duration::from_millis(step);
            writer.push(frame_of(len, at));
            let held = ring.last(Duration::MAX);
            let stats = ring.stats();
            prop_assert_eq!(stats.bytes, held.iter().map(|f| f.picture().byte_len()).sum::<usize>());
            prop_assert!(stats.bytes <= limit || stats.frames == 1);
            prop_assert!(at - held[0].stamp().mono <= Duration::from_millis(span));
            prop_assert_eq!(held.last().unwrap().seq(), count as u64 + 1);
            prop_assert!(held.windows(2).all(|w| w[1].seq() == w[0].seq() + 1));
        }
    }
}

#[test]
fn bytes_are_shared_not_copied() {
    let bytes = Bytes::from(vec![1, 2, 3]);
    let jpeg = JpegPicture { bytes: bytes.clone(), size: Size::new(1, 1), sampling: Sampling::Gray };
    let (mut writer, ring) = ring_of(1000);
    writer.push(NewFrame { picture: Picture::Jpeg(jpeg), ..frame_of(0, NOW) });
    let held = ring.latest().unwrap().jpeg_or_encode(|_| Err(())).unwrap();
    assert_eq!(held.as_ptr(), bytes.as_ptr());
}

#[test]
fn a_cleared_ring_shows_nothing_of_before_and_its_numbers_go_on() {
    let (mut writer, ring) = ring_of(1000);
    let (mut every, mut mailbox) = (ring.reader(), ring.reader());
    for _ in 0..3 {
        writer.push(frame_of(10, NOW));
    }
    assert_eq!(ring.floor(), 1);
    writer.ring().clear();
    assert!(ring.latest().is_none() && ring.last(LONG).is_empty());
    assert_eq!((ring.stats(), ring.floor()), (RingStats { frames: 0, bytes: 0, newest: 3 }, 4));
    assert_eq!(mailbox.newest(NOW).unwrap_err(), ReadError::TimedOut, "nothing is left to wake up for");
    assert_eq!(every.next(NOW).unwrap_err(), ReadError::Lagged(Lagged { missed: 3 }));
    assert_eq!(every.next(NOW).unwrap_err(), ReadError::TimedOut);
    assert_eq!(writer.push(frame_of(10, NOW)), 4);
    assert_eq!(every.next(NOW).unwrap().seq(), 4);
    assert_eq!(mailbox.newest(NOW).map(|(frame, skipped)| (frame.seq(), skipped)).unwrap(), (4, 3));
    assert_eq!(ring.stats().bytes, 10);
}

#[test]
fn a_ring_that_was_cleared_and_closed_has_nothing_more_to_come() {
    let (mut writer, ring) = ring_of(1000);
    let mut mailbox = ring.reader();
    writer.push(frame_of(10, NOW));
    ring.clear();
    drop(writer);
    assert_eq!(mailbox.newest(LONG).unwrap_err(), ReadError::Closed);
}

#[test]
fn what_came_since_begins_behind_what_was_had_and_a_reader_goes_on_there() {
    let (mut writer, ring) = ring_of(1000);
    for ms in 0..10 {
        writer.push(frame_of(10, Duration::from_millis(ms)));
    }
    let seqs = |since, after| -> Vec<FrameSeq> {
        ring.since(Duration::from_millis(since), after).iter().map(|frame| frame.seq()).collect()
    };
    assert_eq!(seqs(7, 0), [8, 9, 10]);
    assert_eq!(seqs(7, 9), [10]);
    assert_eq!(seqs(20, 0), []);
    let mut reader = ring.reader_from(9);
    assert_eq!(reader.backlog(), Backlog { unread: 2, held: 10 });
    assert_eq!(reader.next(NOW).unwrap().seq(), 9);
    assert_eq!(ring.reader_from(12).backlog().unread, 0);
    assert_eq!(ring.reader_from(12).next(NOW).unwrap_err(), ReadError::TimedOut);
}
