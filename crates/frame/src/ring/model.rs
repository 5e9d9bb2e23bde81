//! Every interleaving of one writer with its readers, walked by loom.

use std::time::{Duration, SystemTime};

use loom::thread;

use super::*;
use crate::{JpegPicture, Sampling, Size};

const PATIENT: Duration = Duration::from_secs(1);

fn frame_of(len: usize) -> NewFrame {
    let stamp = Stamp { mono: Duration::ZERO, wall: SystemTime::UNIX_EPOCH };
    let jpeg = JpegPicture { bytes: vec![0; len].into(), size: Size::new(1, 1), sampling: Sampling::Gray };
    NewFrame { stamp, media_time: Duration::ZERO, picture: Picture::Jpeg(jpeg) }
}

fn small_ring() -> (RingWriter, Ring) {
    Ring::new(RingLimits { bytes: 2, span: Duration::from_secs(9) })
}

#[test]
fn a_reader_accounts_for_every_frame_and_is_never_left_asleep() {
    loom::model(|| {
        let (mut writer, ring) = small_ring();
        let mut reader = ring.reader();
        let reading = thread::spawn(move || {
            let (mut had, mut missed, mut last) = (0, 0, 0);
            loop {
                match reader.next(PATIENT) {
                    Ok(frame) => {
                        assert!(frame.seq() > last);
                        last = frame.seq();
                        had += 1;
                    }
                    Err(ReadError::Lagged(lagged)) => missed += lagged.missed,
                    Err(_) => return had + missed,
                }
            }
        });
        for _ in 0..3 {
            writer.push(frame_of(1));
        }
        drop(writer);
        assert_eq!(reading.join().unwrap(), 3);
    });
}

#[test]
fn newest_never_goes_back_and_its_skips_add_up() {
    loom::model(|| {
        let (mut writer, ring) = small_ring();
        let mut reader = ring.reader();
        let reading = thread::spawn(move || {
            let mut seen = 0;
            while let Ok((frame, skipped)) = reader.newest(PATIENT) {
                assert_eq!(frame.seq(), seen + skipped + 1);
                seen = frame.seq();
            }
            seen
        });
        for _ in 0..2 {
            writer.push(frame_of(1));
        }
        drop(writer);
        assert_eq!(reading.join().unwrap(), 2);
    });
}

#[test]
fn two_readers_and_a_pre_roll_see_whole_frames_only() {
    loom::model(|| {
        let (mut writer, ring) = small_ring();
        let other = ring.clone();
        let looking = thread::spawn(move || {
            let held = other.last(Duration::MAX);
            assert!(held.windows(2).all(|w| w[1].seq() == w[0].seq() + 1));
            let stats = other.stats();
            assert!(stats.bytes <= 2 && stats.frames as u64 <= stats.newest);
        });
        let mut reader = ring.reader();
        writer.push(frame_of(1));
        writer.push(frame_of(1));
        assert_eq!(reader.newest(Duration::ZERO).unwrap().0.seq(), 2);
        looking.join().unwrap();
    });
}

#[test]
fn a_push_alone_wakes_a_waiting_reader() {
    loom::model(|| {
        let (mut writer, ring) = small_ring();
        let mut reader = ring.reader();
        let reading = thread::spawn(move || reader.next(PATIENT).map(|frame| frame.seq()));
        writer.push(frame_of(1));
        // The writer is still there: only the push can have woken the reader.
        assert_eq!(reading.join().unwrap(), Ok(1));
        drop(writer);
    });
}
