//! Events that tests make, with a clip of their own. `server`'s tests read this very file, too.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frame::{Clock, Point, Rect, SimClock, Size};
use store::event::{Clip, ClipCodec, Event, EventId, Moment, Origin, PictureName, State, Verdict};
use store::fs::DataFs;
use store::mp4::{ClipWriter, TrackKind};
use store::{Birth, Draft, Finished, GateRecord, Opening, Retention, Store, Track};

pub(crate) const SIZE: Size = Size::new(640, 480);

/// A store in that folder.
pub(crate) fn open(root: &Path, clock: Arc<SimClock>) -> Store {
    let retention = Retention { min_free: None, max_age: None, ..Retention::default() };
    Store::open(Opening { root: root.to_owned(), fs: Arc::new(DataFs), clock, retention }).unwrap()
}

/// What is wanted of an event.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) camera: &'static str,
    pub(crate) origin: Origin,
    pub(crate) label: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) frames: u64,
    /// Bytes of a frame.
    pub(crate) frame: usize,
    pub(crate) codec: ClipCodec,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            camera: "garden",
            origin: Origin::Motion,
            label: "animal",
            sentence: "It went left.",
            frames: 10,
            frame: 1000,
            codec: ClipCodec::Mjpeg,
        }
    }
}

/// Bytes that pass for a JPEG where nobody decodes them.
pub(crate) fn jpeg(number: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    bytes.extend((2..len as u64 - 2).map(|n| ((n * 31 + number) % 251) as u8));
    bytes.extend([0xff, 0xd9]);
    bytes
}

impl Wish {
    fn duration(&self) -> Duration {
        Duration::from_millis(self.frames * 100)
    }

    fn lead(&self) -> Duration {
        self.duration().min(Duration::from_millis(300))
    }

    fn finished(&self, clip: Option<Clip>) -> Finished {
        Finished {
            state: State::Whole,
            duration: self.duration(),
            lead: self.lead(),
            clock_was_set: true,
            verdict: Verdict {
                label: self.label.to_owned(),
                confidence: 0.75,
                alternatives: vec![("person".to_owned(), 0.2)],
                direction: "left".to_owned(),
                by_person: false,
            },
            sentence: Some(self.sentence.to_owned()),
            frames: self.frames,
            missing: 0,
            regions: vec![Rect::new(10, 20, 30, 40)],
            trail: vec![Point { x: 0.25, y: 0.5 }],
            clip,
            analysis: None,
            novelty: 0.5,
            source_sha256: None,
            source_id: None,
        }
    }

    /// An event that has begun, and that listeners were told of.
    pub(crate) fn begin(&self, store: &Store, clock: &SimClock) -> Draft {
        let birth = Birth {
            camera: self.camera.to_owned(),
            origin: self.origin,
            started: clock.stamp(),
            utc_offset: 3600,
            lead: self.lead(),
            clock_was_set: true,
            size: SIZE,
            part: 1,
            part_of: None,
        };
        let draft = store.begin(&birth).unwrap();
        draft.tell(&self.finished(None));
        draft
    }

    /// The whole of it.
    pub(crate) fn make(&self, store: &Store, clock: &SimClock) -> Arc<Event> {
        self.end(self.begin(store, clock))
    }

    /// Its end, with clip, pictures and track.
    pub(crate) fn end(&self, mut draft: Draft) -> Arc<Event> {
        let kind = match self.codec {
            ClipCodec::Mjpeg => TrackKind::Mjpeg { size: SIZE },
            ClipCodec::H264 => TrackKind::Avc {
                size: SIZE,
                sps: vec![0x67, 66, 0, 30, 1],
                pps: vec![0x68, 0xce, 0x3c, 0x80],
            },
        };
        let mut writer = ClipWriter::new(draft.create_clip().unwrap(), kind).unwrap();
        for number in 0..self.frames {
            let at = Duration::from_millis(number * 100);
            writer.push(at, &jpeg(number, self.frame), true).unwrap();
        }
        let facts = writer.finish(Duration::from_millis(100)).unwrap();
        for (n, name) in
            [PictureName::Poster, PictureName::Thumb, PictureName::Thumbnail(0)].into_iter().enumerate()
        {
            draft.write(name, &jpeg(100 + n as u64, 500)).unwrap();
        }
        let moment = Moment {
            at: Duration::from_millis(300),
            boxes: vec![(1, Rect::new(10, 20, 30, 40), self.label.to_owned())],
            motion: 0.1,
        };
        let gate =
            GateRecord { name: "size".to_owned(), value: 2.0, limit: 1.0, at_least: true, passed: true };
        draft.track(&Track { moments: vec![moment], gates: vec![gate] }).unwrap();
        let clip = Clip { bytes: facts.bytes, sha256: facts.sha256, codec: self.codec, degraded: false };
        draft.commit(self.finished(Some(clip))).unwrap()
    }
}

/// So many events, a minute apart, the oldest first.
pub(crate) fn many(store: &Store, clock: &SimClock, count: usize) -> Vec<EventId> {
    let small = Wish { frames: 1, frame: 100, ..Wish::default() };
    let ids = (0..count).map(|_| {
        clock.advance(Duration::from_secs(60));
        small.make(store, clock).id
    });
    ids.collect()
}
