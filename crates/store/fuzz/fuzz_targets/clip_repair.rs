//! Whatever comes: reading does not panic; what is repaired is whole, and is not repaired again.
//!
//! The first byte chooses how a clip is broken: half of the inputs are files as they are, the others are written over
//! a good clip somewhere, since nothing but noise would never come past the first box.
#![no_main]

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frame::Size;
use libfuzzer_sys::fuzz_target;
use store::fs::FsFile;
use store::mp4::{ClipWriter, TrackKind, inspect, repair_file, sample};

/// A file in memory.
#[derive(Debug, Default, Clone)]
struct Memory(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Memory {
    fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Cursor::new(bytes))))
    }
    fn content(&self) -> Vec<u8> {
        self.0.lock().expect("no panic").get_ref().clone()
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").read(buffer)
    }
}

impl Write for Memory {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(data)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().expect("no panic").seek(to)
    }
}

impl FsFile for Memory {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.lock().expect("no panic").get_mut().resize(len as usize, 0);
        Ok(())
    }
}

/// Forty frames in four fragments.
fn clip() -> Vec<u8> {
    let file = Memory::default();
    let track =
        TrackKind::Avc { size: Size::new(64, 48), sps: vec![0x67, 66, 0xc0, 31, 1], pps: vec![0x68, 2] };
    let mut clip = ClipWriter::new(Box::new(file.clone()), track).expect("it begins");
    for i in 0..40u32 {
        clip.push(Duration::from_millis((i * 200).into()), &[i as u8; 9], i % 10 == 0)
            .expect("there is room");
    }
    clip.finish(Duration::from_millis(200)).expect("it ends");
    file.content()
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let bytes = if choice % 2 == 0 {
        data.to_vec()
    } else {
        let Some((at, data)) = data.split_first_chunk() else { return };
        let mut bytes = clip();
        let at = usize::from(u16::from_be_bytes(*at)) % bytes.len();
        let end = if choice & 2 == 0 { at } else { (at + data.len()).min(bytes.len()) };
        bytes.splice(at..end, data.iter().copied());
        bytes
    };
    let before = inspect(Cursor::new(&bytes)).ok();
    let _frame = sample(Cursor::new(&bytes), choice.into());
    let mut file = Memory::of(bytes);
    let Ok(repaired) = repair_file(&mut file) else { return };
    let content = file.content();
    assert_eq!(content.len() as u64, repaired.bytes);
    let facts = inspect(Cursor::new(&content)).expect("it is whole");
    assert_eq!((facts.frames.len() as u64, facts.duration), (repaired.frames, repaired.duration));
    let before = before.expect("what can be repaired can be read");
    assert_eq!(before.frames[..facts.frames.len()], facts.frames);
    let again = repair_file(&mut file).expect("it stays whole");
    assert_eq!((again.cut, again.sha256), (0, repaired.sha256));
});
