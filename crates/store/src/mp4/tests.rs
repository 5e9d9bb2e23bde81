use super::*;
use crate::fs::{Fs, RealFs};
use frame::Size;
use std::io::Cursor;

fn jpegs(path: &std::path::Path) -> ClipWriter {
    let track = TrackKind::Mjpeg { size: Size::new(64, 48) };
    ClipWriter::new(RealFs.create_new(path).unwrap(), track).unwrap()
}

#[test]
fn what_was_written_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip.mp4");
    let mut clip = jpegs(&path);
    for i in 0..100u32 {
        clip.push(Duration::from_millis(u64::from(i) * 67), &vec![i as u8; 10 + i as usize], true).unwrap();
        if i % 30 == 0 {
            clip.sync().unwrap();
        }
    }
    let facts = clip.finish(Duration::from_millis(67)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let read = inspect(Cursor::new(&bytes)).unwrap();
    assert_eq!(read.frames.len(), 100);
    assert_eq!((read.bytes, read.duration), (facts.bytes, facts.duration));
    assert_eq!(sample(Cursor::new(&bytes), 99).unwrap(), vec![99; 109]);
    let repaired = repair(&RealFs, &path).unwrap();
    assert_eq!((repaired.sha256, repaired.cut), (facts.sha256, 0));
}
