//! A camera whose frames the test pushes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use frame::{
    Clock, I420, JpegPicture, NewFrame, Picture, Ring, RingLimits, RingWriter, Sampling, SimClock, Size,
};
use tokio::sync::watch;

use crate::*;

pub(crate) struct FakeCamera {
    id: String,
    ring: Ring,
    writer: Mutex<Option<RingWriter>>,
    clock: Arc<SimClock>,
    source: Mutex<SourceView>,
    motion: Mutex<Arc<MotionView>>,
    settings: Mutex<CameraConfig>,
    changes: watch::Sender<u64>,
    pub(crate) retries: std::sync::atomic::AtomicU32,
}

pub(crate) const SIZE: Size = Size::new(320, 180);

impl FakeCamera {
    pub(super) fn new(id: &str, clock: Arc<SimClock>) -> Self {
        let (writer, ring) = Ring::new(RingLimits { bytes: 8 << 20, span: Duration::from_secs(60) });
        let source = SourceView {
            kind: "demo",
            state: SourceState::Live,
            since: clock.stamp(),
            problem: None,
            next_try_in: None,
            size: Some(SIZE),
            format: Some("mjpeg"),
            frame_rate: Some(15.0),
            fps: 15.0,
            frames: 0,
            dropped: 0,
        };
        Self {
            id: id.to_owned(),
            ring,
            writer: Mutex::new(Some(writer)),
            clock,
            source: Mutex::new(source),
            motion: Mutex::new(Arc::new(MotionView::empty())),
            settings: Mutex::new(settings()),
            changes: watch::Sender::new(0),
            retries: Default::default(),
        }
    }

    pub(crate) fn push(&self, picture: Picture) -> u64 {
        self.clock.advance(Duration::from_millis(66));
        let stamp = self.clock.stamp();
        let mut writer = self.writer.lock().unwrap();
        writer.as_mut().unwrap().push(NewFrame { stamp, media_time: stamp.mono, picture })
    }

    /// A passed-through picture of `len` bytes that all are `byte`.
    pub(crate) fn push_bytes(&self, byte: u8, len: usize) -> u64 {
        let bytes = Bytes::from(vec![byte; len]);
        self.push(Picture::Jpeg(JpegPicture { bytes, size: SIZE, sampling: Sampling::Yuv420 }))
    }

    pub(crate) fn push_raw(&self, luma: u8) -> u64 {
        self.push(Picture::Raw(raw(luma)))
    }

    pub(crate) fn push_jpeg(&self, luma: u8) -> u64 {
        let bytes = codec::Encoder::new(90).unwrap().i420(&raw(luma)).unwrap();
        self.push(Picture::Jpeg(JpegPicture { bytes, size: SIZE, sampling: Sampling::Yuv420 }))
    }

    pub(crate) fn set_source(&self, change: impl FnOnce(&mut SourceView)) {
        change(&mut self.source.lock().unwrap());
        self.changes.send_modify(|n| *n += 1);
    }

    pub(crate) fn lose(&self) {
        self.set_source(|source| {
            source.state = SourceState::Lost;
            source.problem = Some(Problem {
                code: "refused",
                what: "The camera does not answer.".into(),
                mend: "Look at its plug.".into(),
            });
        });
    }

    pub(crate) fn set_motion(&self, motion: MotionView) {
        *self.motion.lock().unwrap() = Arc::new(motion);
        self.changes.send_modify(|n| *n += 1);
    }

    pub(crate) fn configure(&self, change: impl FnOnce(&mut CameraConfig)) {
        change(&mut self.settings.lock().unwrap());
        self.changes.send_modify(|n| *n += 1);
    }
}

fn raw(luma: u8) -> I420 {
    let mut planes = vec![128; I420::len_of(SIZE)];
    planes[..(SIZE.width * SIZE.height) as usize].fill(luma);
    I420::new(SIZE, planes.into()).unwrap()
}

/// What a camera is asked for unless a test says otherwise.
pub(crate) fn settings() -> CameraConfig {
    CameraConfig {
        width: 320,
        height: 180,
        frame_rate: 15,
        rotation: 0,
        max_clients: 20,
        client_timeout: 30,
        show_timestamp: false,
        timestamp_position: TimestampPosition::TopLeft,
        motion_detection: true,
        motion_threshold: 25,
        motion_min_area: 500,
        highlight_motion: false,
        analysis_fps: 10,
        min_frames: 2,
        event_gap: Duration::from_secs(3),
        zones: Vec::new(),
    }
}

impl Camera for FakeCamera {
    fn id(&self) -> &str {
        &self.id
    }
    fn ring(&self) -> &Ring {
        &self.ring
    }
    fn source(&self) -> SourceView {
        self.source.lock().unwrap().clone()
    }
    fn motion(&self) -> Arc<MotionView> {
        self.motion.lock().unwrap().clone()
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
    fn settings(&self) -> CameraConfig {
        self.settings.lock().unwrap().clone()
    }
    fn change(&self, patch: &ConfigPatch) -> Result<Applied, ChangeError> {
        if patch.rotation.is_some() {
            return Err(ChangeError::Shadowed { field: "rotation", by: "--rotation".into() });
        }
        if patch.highlight_motion.is_some() {
            return Err(ChangeError::NotKept("/secret/path: No space left on device".into()));
        }
        self.configure(|settings| {
            settings.motion_threshold = patch.motion_threshold.unwrap_or(settings.motion_threshold);
            settings.motion_detection = patch.motion_detection.unwrap_or(settings.motion_detection);
        });
        Ok(Applied { restart_required: patch.width.is_some() })
    }
    fn retry_now(&self) {
        self.retries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    fn activity(&self) -> Activity {
        let visit = Visit {
            id: 7,
            start: self.clock.wall(),
            end: None,
            duration: Duration::from_secs(2),
            label: "animal",
            confidence: 0.8,
            direction: "left",
            has_picture: true,
            why: Some("An animal moved.".into()),
        };
        let bin = Bin { start: self.clock.wall(), motion: Duration::from_millis(1500), near_misses: 2 };
        Activity {
            bin: Duration::from_secs(15),
            bins: vec![bin],
            visits: vec![visit],
            visits_total: 57,
            near_misses: 2,
        }
    }
    fn visit_picture(&self, id: u64) -> Option<Bytes> {
        (id == 7).then(|| Bytes::from_static(b"\xff\xd8visit\xff\xd9"))
    }
}
