use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use frame::Size;
use mp4_atom::{Any, DecodeMaybe};
use proptest::prelude::*;

use super::*;
use crate::event::ClipCodec;
use crate::fs::{Fs, FsFile, RealFs};

mod players;

const JPEG: TrackKind = TrackKind::Mjpeg { size: Size::new(64, 48) };

/// A file in memory whose writes of certain numbers stop half-way.
#[derive(Debug, Default, Clone)]
struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    at: u64,
    writes: u32,
    failing: Vec<u32>,
}

impl Memory {
    fn of(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), ..Self::default() }
    }

    fn content(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.lock().unwrap();
        let len = bytes.get(self.at as usize..).unwrap_or_default().read(buffer)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Write for Memory {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        let fails = self.failing.contains(&self.writes);
        let data = if fails { &data[..data.len() / 2] } else { data };
        let mut bytes = self.bytes.lock().unwrap();
        let (start, end) = (self.at as usize, self.at as usize + data.len());
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[start..end].copy_from_slice(data);
        self.at = end as u64;
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(data.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let len = self.bytes.lock().unwrap().len() as i64;
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => (len + by) as u64,
            SeekFrom::Current(by) => (self.at as i64 + by) as u64,
        };
        Ok(self.at)
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
        self.bytes.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }
}

/// A frame as it is pushed.
#[derive(Debug, Clone)]
struct Pushed {
    gap: Duration,
    data: Vec<u8>,
    key: bool,
    sync: bool,
}

fn pushed(i: usize, gap_ms: u64, key: bool, sync: bool) -> Pushed {
    let data = (0..20 + i % 50).map(|j| (i * 31 + j) as u8).collect();
    Pushed { gap: Duration::from_millis(gap_ms), data, key, sync }
}

/// 15 a second, a key frame each 2 s, synced with it.
fn usual(count: usize) -> Vec<Pushed> {
    (0..count).map(|i| pushed(i, if i % 15 == 0 { 66 } else { 67 }, i % 30 == 0, i % 30 == 0)).collect()
}

/// When each is shown: what a reader should find.
fn stamps(frames: &[Pushed]) -> Vec<Duration> {
    let mut at = Duration::ZERO;
    let mut last = None;
    let mut stamps = Vec::new();
    for (i, frame) in frames.iter().enumerate() {
        at += if i == 0 { Duration::ZERO } else { frame.gap };
        let tick = last.map_or(0, |last: u64| ticks(at).max(last + 1));
        last = Some(tick);
        stamps.push(time_of(tick));
    }
    stamps
}

fn write(file: &Memory, frames: &[Pushed], mut each: impl FnMut(io::Result<()>)) -> ClipWriter {
    let mut clip = ClipWriter::new(Box::new(file.clone()), JPEG).unwrap();
    let mut at = Duration::ZERO;
    for (i, frame) in frames.iter().enumerate() {
        at += if i == 0 { Duration::ZERO } else { frame.gap };
        each(clip.push(at, &frame.data, frame.key));
        if frame.sync {
            each(clip.sync());
        }
    }
    clip
}

fn finished(frames: &[Pushed]) -> (Vec<u8>, ClipFacts) {
    let file = Memory::default();
    let facts = write(&file, frames, |done| done.unwrap()).finish(Duration::from_millis(67)).unwrap();
    (file.content(), facts)
}

/// Where each fragment ends, and how many frames there are up to it; by hand, without the reader under test.
fn fragments(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut at = 0;
    let (mut ends, mut frames) = (Vec::new(), 0);
    while at < bytes.len() {
        let len = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        match &bytes[at + 4..at + 8] {
            b"moof" => {
                let trun = bytes[at..at + len].windows(4).position(|kind| kind == b"trun").unwrap();
                let count = &bytes[at + trun + 8..at + trun + 12];
                frames += u32::from_be_bytes(count.try_into().unwrap()) as usize;
            }
            b"mdat" => ends.push((at + len, frames)),
            _ => {}
        }
        at += len;
    }
    ends
}

/// Gaps of up to so many seconds among them.
fn any_frames(longest: u64) -> impl Strategy<Value = Vec<Pushed>> {
    let gap = prop_oneof![
        4 => 30_000u64..90_000,
        1 => Just(0u64),
        1 => 1u64..30,
        1 => 0u64..20_000_000,
        1 => Just(longest * 1_000_000),
    ];
    let frame = (
        gap,
        prop::collection::vec(any::<u8>(), 1..60),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(frame, 1..120).prop_map(|frames| {
        let frame = |(i, (gap, data, key, sync))| Pushed {
            gap: Duration::from_micros(gap),
            data,
            key: key || i == 0,
            sync,
        };
        frames.into_iter().enumerate().map(frame).collect()
    })
}

proptest! {
    #[test]
    fn every_frame_comes_back_once_with_its_bytes_and_its_time(frames in any_frames(60_000)) {
        let (bytes, facts) = finished(&frames);
        let read = inspect(Cursor::new(&bytes)).unwrap();
        let found: Vec<_> = read.frames.iter().map(|frame| (frame.at, frame.key, frame.bytes as usize)).collect();
        let wanted: Vec<_> =
            stamps(&frames).into_iter().zip(&frames).map(|(at, frame)| (at, frame.key, frame.data.len())).collect();
        prop_assert_eq!(found, wanted);
        prop_assert_eq!((read.codec, read.size), (ClipCodec::Mjpeg, Size::new(64, 48)));
        prop_assert_eq!((facts.frames, facts.bytes), (frames.len() as u64, bytes.len() as u64));
        prop_assert_eq!((read.bytes, read.duration), (facts.bytes, facts.duration));
        for (n, frame) in frames.iter().enumerate() {
            prop_assert_eq!(&sample(Cursor::new(&bytes), n as u64).unwrap(), &frame.data);
        }
        prop_assert!(sample(Cursor::new(&bytes), frames.len() as u64).is_err());
    }

    #[test]
    fn a_clip_torn_anywhere_is_cut_after_its_last_whole_fragment(frames in any_frames(1_000), share in 0.0..1.0f64) {
        let (whole, _) = finished(&frames);
        let cut = (whole.len() as f64 * share) as usize;
        let ends = fragments(&whole);
        let left = ends.iter().rev().find(|(end, _)| *end <= cut);
        let mut file = Memory::of(whole[..cut].to_vec());
        match (repair_file(&mut file), left) {
            (Err(NotAClip::Empty | NotAClip::Head), None) => {}
            (Ok(repaired), Some((end, count))) => {
                prop_assert_eq!((repaired.bytes, repaired.frames), (*end as u64, *count as u64));
                prop_assert_eq!(repaired.cut, (cut - end) as u64);
                let read = inspect(Cursor::new(file.content())).unwrap();
                let times: Vec<_> = read.frames.iter().map(|frame| frame.at).collect();
                prop_assert_eq!(&times[..], &stamps(&frames)[..*count]);
                prop_assert_eq!(read.duration, repaired.duration);
                check_index(&file.content());
                prop_assert_eq!(told(&file.content()), [ticks(repaired.duration); 4]);
                let again = repair_file(&mut file).unwrap();
                prop_assert_eq!((again.cut, again.sha256), (0, repaired.sha256));
            }
            (other, left) => prop_assert!(false, "{other:?} where {left:?} is left"),
        }
    }

    #[test]
    fn a_byte_that_is_wrong_in_a_fragment_ends_the_clip_before_it(
        at in any::<prop::sample::Index>(), by in 1u8..,
    ) {
        let (mut bytes, _) = finished(&usual(200));
        let ends = fragments(&bytes);
        let first = bytes.windows(4).position(|kind| kind == b"moof").unwrap() - 4;
        let at = first + at.index(bytes.len() - first);
        bytes[at] ^= by;
        let mut file = Memory::of(bytes);
        let before = ends.iter().rev().find(|(end, _)| *end <= at);
        match (repair_file(&mut file), before) {
            (Ok(repaired), Some((end, _))) => prop_assert_eq!(repaired.bytes, *end as u64),
            (Err(_), None) => {}
            (other, _) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn whatever_the_bytes_nothing_panics(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        at in any::<prop::sample::Index>(),
        is_inserted: bool,
    ) {
        let (mut bytes, _) = finished(&usual(70));
        let at = at.index(bytes.len());
        let end = if is_inserted { at } else { (at + noise.len()).min(bytes.len()) };
        bytes.splice(at..end, noise.iter().copied());
        for bytes in [bytes, noise] {
            let _facts = inspect(Cursor::new(&bytes));
            let _bytes = sample(Cursor::new(&bytes), 3);
            if let Ok(repaired) = repair_file(&mut Memory::of(bytes)) {
                prop_assert!(repaired.frames > 0 && repaired.frames <= 70);
            }
        }
    }

    #[test]
    fn writes_that_fail_and_succeed_later_leave_the_same_clip(failing in prop::collection::vec(2u32..12, 0..4)) {
        let frames = usual(300);
        let (whole, facts) = finished(&frames);
        let file = Memory { failing, ..Memory::default() };
        let mut clip = write(&file, &frames, drop);
        let mut tries = 0;
        while clip.sync().is_err() {
            tries += 1;
            prop_assert!(tries < 9);
        }
        let again = clip.finish(Duration::from_millis(67)).unwrap();
        let read = inspect(Cursor::new(file.content())).unwrap();
        let times: Vec<_> = read.frames.iter().map(|frame| frame.at).collect();
        prop_assert_eq!(times, stamps(&frames));
        prop_assert_eq!((again.frames, again.duration), (facts.frames, facts.duration));
        let sizes = |bytes: Vec<u8>| inspect(Cursor::new(bytes)).unwrap().frames;
        prop_assert_eq!(sizes(file.content()), sizes(whole));
    }
}

/// Reads the whole file by another's library, and holds each entry of the index against what lies there.
fn check_index(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let (mut index, mut from) = (None, 0);
    let mut moofs = std::collections::BTreeMap::new();
    let mut at = 0;
    while let Some(atom) = Any::decode_maybe(&mut cursor).unwrap() {
        match atom {
            Any::Sidx(sidx) => (index, from) = (Some(sidx), cursor.position()),
            Any::Moof(moof) => {
                let run = &moof.traf[0].trun[0];
                let ticks: u64 = run.samples.iter().map(|entry| u64::from(entry.duration.unwrap())).sum();
                let is_key = run.samples.iter().next().unwrap().flags.unwrap() & 0x1_0000 == 0;
                moofs.insert(at, (moof.traf[0].tfdt.as_ref().unwrap().base_media_decode_time, ticks, is_key));
            }
            _ => {}
        }
        at = cursor.position();
    }
    let index = index.unwrap();
    assert_eq!(index.timescale, 90_000);
    let mut at = from + index.first_offset;
    let mut time = index.earliest_presentation_time;
    assert_eq!(moofs.first_key_value().map(|(at, _)| *at), Some(at));
    for (i, entry) in index.references.iter().enumerate() {
        let (base, _, is_key) = moofs[&at];
        assert_eq!(base, time, "entry {i}");
        assert_eq!(is_key, entry.starts_with_sap, "entry {i}");
        at += u64::from(entry.referenced_size);
        time += u64::from(entry.subsegment_duration);
    }
    assert_eq!(at, bytes.len() as u64);
}

#[test]
fn each_entry_of_the_index_is_where_a_key_frame_begins_however_long_the_clip() {
    for count in [1, 30, 300, 337 * 30, 338 * 30, 700 * 30 + 7, 1400 * 30] {
        check_index(&finished(&usual(count)).0);
    }
}

#[test]
fn each_key_frame_can_be_played_from_though_syncs_are_out_of_step_with_them() {
    let frames: Vec<_> = (0..300).map(|i| pushed(i, 67, i % 30 == 0, i % 29 == 28)).collect();
    let (bytes, _) = finished(&frames);
    let mut cursor = Cursor::new(&bytes[..]);
    let index = loop {
        if let Any::Sidx(index) = Any::decode_maybe(&mut cursor).unwrap().unwrap() {
            break index;
        }
    };
    assert_eq!(index.references.len(), 10);
    assert!(index.references.iter().all(|entry| entry.starts_with_sap));
}

/// The lengths that a clip's head tells, by another's reader; ticks.
fn told(bytes: &[u8]) -> [u64; 4] {
    let mut cursor = Cursor::new(bytes);
    let moov = loop {
        if let Any::Moov(moov) = Any::decode_maybe(&mut cursor).unwrap().unwrap() {
            break moov;
        }
    };
    assert_eq!((moov.mvhd.timescale, moov.trak[0].mdia.mdhd.timescale), (90_000, 90_000));
    let track = &moov.trak[0];
    let fragments = moov.mvex.unwrap().mehd.unwrap().fragment_duration;
    [moov.mvhd.duration, track.tkhd.duration, track.mdia.mdhd.duration, fragments]
}

#[test]
fn players_are_told_the_length_in_all_four_places() {
    let (bytes, facts) = finished(&usual(90));
    assert_eq!(told(&bytes), [ticks(facts.duration); 4]);
}

#[test]
fn the_digest_is_that_of_the_file() {
    use sha2::Digest;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip.mp4");
    let mut clip = ClipWriter::new(RealFs.create_new(&path).unwrap(), JPEG).unwrap();
    clip.push(Duration::ZERO, b"one", true).unwrap();
    clip.push(Duration::from_secs(3), b"two", true).unwrap();
    let facts = clip.finish(Duration::from_millis(40)).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(facts.sha256, <[u8; 32]>::from(sha2::Sha256::digest(&bytes)));
    assert_eq!((facts.bytes, facts.duration), (bytes.len() as u64, Duration::from_millis(3040)));
    let repaired = repair(&RealFs, &path).unwrap();
    assert_eq!((repaired.sha256, repaired.cut), (facts.sha256, 0));
}

#[test]
fn a_sync_leaves_nothing_but_the_last_frame_to_be_lost() {
    let file = Memory::default();
    let mut clip = write(&file, &usual(100), |done| done.unwrap());
    clip.sync().unwrap();
    let repaired = repair_file(&mut Memory::of(file.content())).unwrap();
    assert_eq!(repaired.frames, 99);
}

#[test]
fn without_a_sync_a_fragment_is_written_with_the_key_frame_after_two_seconds() {
    let frames: Vec<_> = (0..100).map(|i| pushed(i, 67, i % 30 == 0, false)).collect();
    let file = Memory::default();
    let _clip = write(&file, &frames, |done| done.unwrap());
    let counts: Vec<_> = fragments(&file.content()).into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [30, 60, 90]);
}

#[test]
fn a_frame_that_cannot_be_told_is_refused_and_the_clip_goes_on() {
    let file = Memory::default();
    let mut clip = ClipWriter::new(Box::new(file.clone()), JPEG).unwrap();
    assert!(clip.push(Duration::ZERO, b"not a key frame", false).is_err());
    assert!(clip.push(Duration::ZERO, b"", true).is_err());
    assert!(clip.push(Duration::ZERO, &vec![0; MAX_SAMPLE + 1], true).is_err());
    clip.push(Duration::ZERO, b"one", true).unwrap();
    assert_eq!(clip.finish(Duration::ZERO).unwrap().frames, 1);
    assert!(ClipWriter::new(Box::new(file), TrackKind::Mjpeg { size: Size::new(0, 48) }).is_err());
}

#[test]
fn a_clip_without_frames_is_not_finished() {
    let clip = ClipWriter::new(Box::new(Memory::default()), JPEG).unwrap();
    assert!(clip.finish(Duration::from_secs(1)).is_err());
}
