use std::sync::Mutex;

use bytes::Bytes;
use frame::{JpegPicture, Sampling, Size, SystemClock};
use motion::{Best, Decision, Direction, Label, MotionField, Region};
use store::fs::DataFs;
use store::{Opening, Retention};

use super::*;

const SIZE: Size = Size::new(64, 48);

/// A JPEG with a number in it, so that a clip can be asked which frames it holds.
fn numbered(n: u64) -> Picture {
    let planes = I420::new(SIZE, vec![100; I420::len_of(SIZE)].into()).unwrap();
    let jpeg = Encoder::new(50).unwrap().i420(&planes).unwrap();
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 10];
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes.extend_from_slice(&jpeg[2..]);
    Picture::Jpeg(JpegPicture { bytes: Bytes::from(bytes), size: SIZE, sampling: Sampling::Yuv420 })
}

/// Ten frames a second, and which events were begun.
struct Rig {
    store: Store,
    begun: Arc<Mutex<Vec<EventId>>>,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Opening {
            root: folder.path().join("data"),
            fs: Arc::new(DataFs),
            clock: Arc::new(SystemClock::new()),
            retention: Retention { max_age: None, max_size: None, min_free: None },
        });
        Self { store: store.unwrap(), begun: Arc::default(), _folder: folder }
    }

    fn source(&self) -> Source {
        let begun = self.begun.clone();
        Source {
            camera: "garden".to_owned(),
            store: self.store.clone(),
            settings: Settings { encoder: EncoderKind::Mjpeg, ..Settings::default() },
            began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000),
            utc_offset: 3600,
            clock_was_set: true,
            frame_rate: 10.0,
            amend: Arc::new(|finished, _| finished.source_id = Some("footage".to_owned())),
            begun: Box::new(move |id| begun.lock().unwrap().push(id)),
        }
    }

    /// The numbers of a clip's frames.
    fn numbers(&self, event: &Event) -> Vec<u64> {
        let number = |n| {
            let jpeg = self.store.mjpeg_frame(event.id, n).unwrap().unwrap();
            u64::from_be_bytes(jpeg[6..14].try_into().unwrap())
        };
        (0..event.frames).map(number).collect()
    }
}

fn at(n: u64) -> Duration {
    Duration::from_millis(100 * n)
}

fn sight(frame: Arc<Frame>) -> Sight {
    let at = frame.media_time();
    let region = Region {
        track: 1,
        rect: frame::Rect::new(8, 8, 16, 16),
        label: Label::Animal,
        confidence: 0.8,
        alternatives: Vec::new(),
        direction: Direction::Right,
        trail: Vec::new(),
    };
    let decision = Decision {
        at,
        motion: true,
        regions: vec![region],
        candidates: Vec::new(),
        edge: None,
        near_misses: Vec::new(),
    };
    Sight { frame, field: MotionField::empty(at, SIZE), decision, reason: None }
}

fn rest(last: Duration, brief: bool) -> Rest {
    let end = EventEnd {
        began: last,
        at: last,
        brief,
        label: Label::Animal,
        confidence: 0.8,
        alternatives: Vec::new(),
        direction: Direction::Right,
        best: Best { at: last, rect: frame::Rect::new(8, 8, 16, 16) },
    };
    Rest { last, end, sentence: Some("It moved.".to_owned()) }
}

/// Shows `frames`, in which something moves in the given stretches; it rests three seconds after each.
fn shown(footage: &mut Footage, frames: u64, moves: &[std::ops::RangeInclusive<u64>], brief: bool) {
    for n in 0..frames {
        let frame = footage.frame(at(n), numbered(n)).unwrap();
        if moves.iter().any(|moves| moves.contains(&n)) {
            footage.moves(sight(frame)).unwrap();
        } else if let Some(moves) = moves.iter().find(|moves| moves.end() + 30 == n) {
            footage.rests(rest(at(*moves.end()), brief)).unwrap();
        } else {
            footage.still().unwrap();
        }
    }
}

#[test]
fn each_event_of_footage_has_every_frame_around_it_and_no_other() {
    let rig = Rig::new();
    let mut footage = Footage::new(rig.source()).unwrap();
    shown(&mut footage, 400, &[60..=90, 200..=210, 250..=380], false);
    assert!(footage.recent.len() < 130, "{} frames are held", footage.recent.len());
    let events = footage.finish().unwrap();
    let wanted = [10..=110, 150..=230, 231..=399].map(Iterator::collect::<Vec<u64>>);
    let found: Vec<Vec<u64>> = events.iter().map(|event| rig.numbers(event)).collect();
    assert_eq!(found, wanted, "five seconds before, two behind, and none twice");
    let first = &events[0];
    assert_eq!((first.lead, first.started.as_second()), (Duration::from_secs(5), 1_500_000_001));
    assert_eq!((first.origin, first.utc_offset, first.missing), (Origin::Import, 3600, 0));
    assert_eq!((first.source_id.as_deref(), first.sentence.as_deref()), (Some("footage"), Some("It moved.")));
    assert!(first.pictures.poster && first.pictures.thumbnails == 3, "{:?}", first.pictures);
    assert_eq!(*rig.begun.lock().unwrap(), events.iter().map(|event| event.id).collect::<Vec<_>>());
}

#[test]
fn what_is_too_short_or_not_finished_leaves_nothing() {
    let rig = Rig::new();
    let mut footage = Footage::new(rig.source()).unwrap();
    shown(&mut footage, 200, &[60..=62], true);
    assert!(footage.finish().unwrap().is_empty());
    let mut footage = Footage::new(rig.source()).unwrap();
    shown(&mut footage, 100, &[60..=200], false);
    drop(footage);
    assert!(rig.store.list(&store::query::Query::default()).unwrap().events.is_empty());
    assert_eq!(rig.store.check(), Vec::<String>::new());
}

#[test]
fn a_series_keeps_its_pictures_as_they_are_with_their_times() {
    let rig = Rig::new();
    let mut series = Series::new(rig.source()).unwrap();
    for n in [0, 7, 20] {
        series.push(at(n), numbered(n)).unwrap();
    }
    let event = series.finish(None, None).unwrap().unwrap();
    assert_eq!((rig.numbers(&event), event.duration), (vec![0, 7, 20], Duration::from_secs(2)));
    assert_eq!((event.verdict.label.as_str(), event.analysis.is_none()), ("unknown", true));
    assert!(Series::new(rig.source()).unwrap().finish(None, None).unwrap().is_none());
}
