use std::sync::mpsc::{Receiver as Way, SyncSender as End, sync_channel};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use frame::{JpegPicture, NewFrame, Picture, RingLimits, RingWriter, Sampling, Size, Stamp, SystemClock};
use motion::{Best, Decision, Direction, EventEnd, Label, MotionField, Region};
use store::event::{ClipCodec, Event, Origin};
use store::fs::DataFs;
use store::mp4::TrackKind;
use store::query::Query;
use store::{Opening, Retention};

use super::*;
use crate::EncoderKind;
use crate::cue::Cues;
use crate::encode::{Encode, Sample};

const SIZE: Size = Size::new(64, 48);
/// What a slow machine may take.
const LONG: Duration = Duration::from_secs(60);

/// A JPEG of one colour with a number in it, so that a clip can be asked which frames it holds.
fn numbered(n: u64) -> Bytes {
    let planes = frame::I420::new(SIZE, vec![100; frame::I420::len_of(SIZE)].into()).unwrap();
    let jpeg = codec::Encoder::new(50).unwrap().i420(&planes).unwrap();
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 10];
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes.extend_from_slice(&jpeg[2..]);
    bytes.into()
}

fn number(jpeg: &[u8]) -> u64 {
    u64::from_be_bytes(jpeg[6..14].try_into().unwrap())
}

/// A camera of ten frames a second whose time stands in its frames, a recorder behind it, and a store.
struct Rig {
    writer: Option<RingWriter>,
    ring: Ring,
    cues: Cues,
    counts: Arc<Counts>,
    settings: Arc<ArcSwap<Settings>>,
    store: Store,
    lost: Arc<std::sync::atomic::AtomicBool>,
    thread: Option<JoinHandle<()>>,
    next: u64,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        Self::with(settings, None, 64 << 20)
    }

    fn with(settings: Settings, make: Option<Make>, bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = Store::open(Opening {
            root: folder.path().join("data"),
            fs: Arc::new(DataFs),
            clock: clock.clone(),
            retention: Retention { max_age: None, max_size: None, min_free: None },
        })
        .unwrap();
        let (writer, ring) = Ring::new(RingLimits { bytes, span: Duration::from_secs(1000) });
        let (cues, way) = Cues::new();
        let counts = Arc::new(Counts::default());
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let lost = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_lost = lost.clone();
        let setup = Setup {
            camera: "garden".to_owned(),
            ring: ring.clone(),
            store: store.clone(),
            settings: settings.clone(),
            cues: way,
            clock,
            is_lost: Box::new(move || is_lost.load(std::sync::atomic::Ordering::Relaxed)),
            is_ending: Box::new(|| false),
            beat: Box::new(|| ()),
            counts: counts.clone(),
        };
        let recorder =
            Recorder::with_encoders(setup, make.unwrap_or_else(|| Box::new(crate::encode::make))).unwrap();
        let thread =
            std::thread::Builder::new().name("record:garden".to_owned()).spawn(|| recorder.run()).unwrap();
        Self {
            writer: Some(writer),
            ring,
            cues,
            counts,
            settings,
            store,
            lost,
            thread: Some(thread),
            next: 0,
            _folder: folder,
        }
    }

    /// So many frames.
    fn frames(&mut self, count: u64) {
        for _ in 0..count {
            let at = Duration::from_millis(100 * self.next);
            self.next += 1;
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + at;
            let jpeg = JpegPicture { bytes: numbered(self.next), size: SIZE, sampling: Sampling::Yuv420 };
            let new =
                NewFrame { stamp: Stamp { mono: at, wall }, media_time: at, picture: Picture::Jpeg(jpeg) };
            self.writer.as_mut().unwrap().push(new);
        }
    }

    fn moves(&self) {
        let frame = self.ring.latest().unwrap();
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
        let field = MotionField::empty(at, SIZE);
        assert!(self.cues.tell(Cue::Moves(Box::new(Sight { frame, field, decision, reason: None }))));
    }

    fn rests(&self, brief: bool) {
        let last = self.ring.latest().unwrap().stamp().mono;
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
        assert!(self.cues.tell(Cue::Rests(Rest { last, end, sentence: Some("It moved.".to_owned()) })));
    }

    fn start(&self) -> Option<EventId> {
        let (answer, told) = sync_channel(1);
        let at = self.ring.latest().unwrap().stamp().mono;
        assert!(self.cues.tell(Cue::Start { at, answer }));
        told.recv_timeout(LONG).unwrap()
    }

    fn events(&self) -> Vec<Event> {
        let query = Query { order: store::query::Order::Oldest, ..Query::default() };
        self.store.list(&query).unwrap().events
    }

    fn wait_for(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + LONG;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.counts.tally());
            std::thread::yield_now();
        }
    }

    /// The camera ends; what the recorder made of it.
    fn end(&mut self) -> Vec<Event> {
        self.writer = None;
        self.cues.tell(Cue::Over);
        self.thread.take().unwrap().join().unwrap();
        assert_eq!(self.store.check(), Vec::<String>::new());
        self.events()
    }

    /// The numbers of the frames in a clip of JPEGs.
    fn numbers(&self, event: &Event) -> Vec<u64> {
        (0..event.frames).map(|n| number(&self.store.mjpeg_frame(event.id, n).unwrap().unwrap())).collect()
    }
}

fn copied() -> Settings {
    Settings { encoder: EncoderKind::Mjpeg, ..Settings::default() }
}

fn row(from: u64, to: u64) -> Vec<u64> {
    (from..=to).collect()
}

#[test]
fn an_event_is_stored_with_the_seconds_before_it_and_every_frame() {
    let mut rig = Rig::new(copied());
    rig.frames(101);
    rig.moves();
    for _ in 0..30 {
        rig.frames(1);
        rig.moves();
    }
    rig.rests(false);
    rig.frames(50);
    rig.wait_for("the event", |rig| rig.events().len() == 1);
    let event = &rig.end()[0];
    // 10 s is frame 101; five seconds before it to two seconds behind frame 131.
    assert_eq!(rig.numbers(event), row(51, 151));
    assert_eq!((event.state, event.origin, event.missing), (State::Whole, Origin::Motion, 0));
    assert_eq!((event.lead, event.duration), (Duration::from_secs(5), Duration::from_secs(10)));
    assert_eq!((event.verdict.label.as_str(), event.sentence.as_deref()), ("animal", Some("It moved.")));
    assert!(event.pictures.poster && event.pictures.thumb, "{:?}", event.pictures);
    assert_eq!(event.pictures.thumbnails, 3);
    let track = rig.store.track(event.id).unwrap().unwrap();
    assert_eq!((track.moments.len(), track.moments[0].at), (31, Duration::from_secs(5)));
}

#[test]
fn parts_of_a_long_event_join_without_loss() {
    let mut rig = Rig::new(Settings { max_duration: Duration::from_secs(10), ..copied() });
    rig.frames(10);
    rig.moves();
    for _ in 0..250 {
        rig.frames(1);
        rig.moves();
    }
    rig.rests(false);
    let events = rig.end();
    let all: Vec<u64> = events.iter().flat_map(|event| rig.numbers(event)).collect();
    assert_eq!(all, row(1, 260));
    assert_eq!(events.iter().map(|event| event.part).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(events[1..].iter().all(|event| event.part_of == Some(events[0].id)));
    assert_eq!(events[0].part_of, None);
}

#[test]
fn a_recording_by_hand_has_an_id_at_once_and_joins_what_moves() {
    let mut rig = Rig::new(copied());
    rig.frames(100);
    let id = rig.start().unwrap();
    assert_eq!(rig.counts.open(), Some(id));
    rig.moves();
    rig.frames(20);
    assert_eq!(rig.start(), Some(id), "once more changes nothing");
    let (answer, told) = sync_channel(1);
    let at = rig.ring.latest().unwrap().stamp().mono;
    assert!(rig.cues.tell(Cue::Stop { at, answer }));
    assert_eq!(told.recv_timeout(LONG).unwrap(), Some(id));
    rig.frames(10);
    rig.moves();
    rig.rests(false);
    rig.frames(30);
    rig.wait_for("the event", |rig| rig.events().len() == 1);
    let event = &rig.end()[0];
    assert_eq!((event.id, event.origin), (id, Origin::Manual));
    assert_eq!(rig.numbers(event), row(50, 150));
}

#[test]
fn what_is_too_short_leaves_nothing_and_what_is_off_records_nothing() {
    let mut rig = Rig::new(copied());
    rig.frames(100);
    rig.moves();
    rig.rests(true);
    rig.frames(50);
    rig.wait_for("it is thrown away", |rig| rig.counts.tally().discarded == 1);
    rig.settings.store(Arc::new(Settings { enabled: false, ..copied() }));
    rig.moves();
    assert_eq!(rig.start(), None);
    assert_eq!(rig.end(), []);
}

#[test]
fn a_camera_that_is_lost_leaves_a_partial_event_that_plays() {
    let mut rig = Rig::new(copied());
    rig.frames(60);
    rig.moves();
    rig.wait_for("it records", |rig| rig.counts.open().is_some());
    rig.lost.store(true, std::sync::atomic::Ordering::Relaxed);
    rig.wait_for("it is closed", |rig| rig.events().len() == 1);
    rig.lost.store(false, std::sync::atomic::Ordering::Relaxed);
    rig.frames(10);
    rig.moves();
    let events = rig.end();
    assert_eq!((events[0].state, rig.numbers(&events[0])), (State::Partial, row(10, 60)));
    assert_eq!(
        (events[1].state, rig.numbers(&events[1])),
        (State::Whole, row(61, 70)),
        "it goes on without overlap"
    );
}

#[test]
fn what_moves_is_shown_before_the_event_is_over() {
    let mut rig = Rig::new(copied());
    rig.frames(60);
    rig.moves();
    rig.wait_for("it records", |rig| rig.counts.open().is_some());
    let folder = rig.store.root().join("drafts").join(rig.counts.open().unwrap().to_string());
    let shown = |_: &Rig| ["poster.jpg", "thumb.jpg"].iter().all(|name| folder.join(name).exists());
    rig.wait_for("it is shown", shown);
    rig.rests(false);
    rig.frames(100);
    let event = &rig.end()[0];
    assert!(event.pictures.poster && event.pictures.thumb);
}

#[test]
fn what_a_new_mask_takes_back_is_in_no_event() {
    let mut rig = Rig::new(copied());
    rig.frames(60);
    rig.moves();
    rig.wait_for("it records", |rig| rig.counts.open().is_some());
    rig.ring.clear();
    rig.frames(10);
    rig.moves();
    rig.rests(false);
    rig.frames(40);
    rig.wait_for("the event", |rig| rig.events().len() == 1);
    let event = &rig.end()[0];
    assert_eq!(rig.numbers(event), row(61, 90));
}

/// Encodes when it is let.
struct Gated(Way<()>);

impl Encode for Gated {
    fn track(&self) -> Option<TrackKind> {
        Some(TrackKind::Mjpeg { size: SIZE })
    }
    fn push(&mut self, at: Duration, frame: &Arc<Frame>, out: &mut Vec<Sample>) -> Result<(), Trouble> {
        self.0.recv().unwrap_or_default();
        let Picture::Jpeg(jpeg) = frame.picture() else { return Ok(()) };
        out.push(Sample { at, data: jpeg.bytes.clone(), key: true });
        Ok(())
    }
    fn finish(&mut self, _: &mut Vec<Sample>) -> Result<(), Trouble> {
        Ok(())
    }
    fn codec(&self) -> ClipCodec {
        ClipCodec::Mjpeg
    }
}

fn gated(room: usize) -> (Make, End<()>) {
    let (open, gate) = sync_channel(room);
    let gate = std::sync::Mutex::new(Some(gate));
    let make: Make = Box::new(move |settings, size, rate| match gate.lock().unwrap().take() {
        Some(gate) => Ok(Box::new(Gated(gate)) as Box<dyn Encode>),
        None => crate::encode::make(settings, size, rate),
    });
    (make, open)
}

#[test]
fn an_encoder_that_hangs_holds_neither_capture_nor_the_detector_up_and_what_was_lost_is_counted() {
    let one = numbered(0).len();
    let (make, open) = gated(1);
    // A ring of a hundred frames.
    let mut rig = Rig::with(copied(), Some(make), 100 * one);
    rig.frames(20);
    rig.moves();
    rig.wait_for("it records", |rig| rig.counts.open().is_some());
    for _ in 0..50 {
        rig.frames(10);
        // Whatever the recorder does, sightings never wait.
        let frame = rig.ring.latest().unwrap();
        let (field, at) = (MotionField::empty(frame.media_time(), SIZE), frame.media_time());
        let decision = Decision {
            at,
            motion: true,
            regions: Vec::new(),
            candidates: Vec::new(),
            edge: None,
            near_misses: Vec::new(),
        };
        rig.cues.sighted(Sight { frame, field, decision, reason: None });
    }
    assert_eq!(rig.ring.stats().newest, 520, "every frame went into the ring");
    drop(open);
    rig.wait_for("it catches up", |rig| rig.counts.tally().frames >= 100);
    let events = rig.end();
    let first: u64 = rig.numbers(&events[0])[0];
    let last = *rig.numbers(events.last().unwrap()).last().unwrap();
    let (kept, missing) = events.iter().fold((0, 0), |(k, m), it| (k + it.frames, m + it.missing));
    assert_eq!((first, last), (1, 520));
    assert_eq!(kept + missing, 520, "each frame is in a clip or counted as missing");
    assert!(missing >= 300, "{missing}");
}

#[test]
fn frames_carry_their_own_times_into_h264_that_plays() {
    let mut rig = Rig::new(Settings::default());
    rig.frames(60);
    let id = rig.start().unwrap();
    rig.frames(25);
    let events = rig.end();
    assert_eq!((events[0].id, events[0].frames, events[0].missing), (id, 76, 0));
    let clip = events[0].clip.as_ref().unwrap();
    assert_eq!(clip.codec, ClipCodec::H264);
    assert_eq!(events[0].duration, Duration::from_millis(7_500));
}

#[test]
fn what_cannot_be_written_is_said_and_tried_again_until_it_can() {
    let mut rig = Rig::new(copied());
    rig.frames(60);
    let drafts = rig.store.root().join("drafts");
    let away = rig.store.root().join("away");
    std::fs::rename(&drafts, &away).unwrap();
    std::fs::write(&drafts, "no folder").unwrap();
    rig.moves();
    rig.wait_for("it says so", |rig| rig.counts.fault().is_some());
    rig.frames(20);
    rig.moves();
    std::fs::remove_file(&drafts).unwrap();
    std::fs::rename(&away, &drafts).unwrap();
    rig.wait_for("it records again", |rig| rig.counts.fault().is_none());
    rig.rests(false);
    rig.frames(40);
    rig.wait_for("the event", |rig| rig.events().len() == 1);
    let event = &rig.end()[0];
    assert_eq!(
        (rig.numbers(event), event.missing),
        (row(10, 100), 0),
        "nothing is missing that the ring had"
    );
}
