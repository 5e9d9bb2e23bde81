//! A server on a real socket, around cameras whose frames the test pushes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use frame::{
    Clock, I420, JpegPicture, NewFrame, Picture, Ring, RingLimits, RingWriter, Sampling, SimClock, Size,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use web::{Access, Ended, Front, Hosts, Life, Limits, Metrics};

use crate::app::{App, Setup};
use crate::socket::Patience;
use crate::*;

mod keyed;

pub(crate) use keyed::{Keyed, add};

/// A hang is a failure, not a hung test run.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

/// Looks again every few milliseconds until it holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    soon(what, async {
        while !holds() {
            tick.tick().await;
        }
    })
    .await;
}

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
    fn new(id: &str, clock: Arc<SimClock>) -> Self {
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

fn settings() -> CameraConfig {
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

struct FakeCameras(Vec<Arc<FakeCamera>>);

impl Cameras for FakeCameras {
    fn all(&self) -> Vec<Arc<dyn Camera>> {
        self.0.iter().map(|camera| camera.clone() as Arc<dyn Camera>).collect()
    }
    fn get(&self, id: &str) -> Option<Arc<dyn Camera>> {
        self.0.iter().find(|camera| camera.id == id).map(|camera| camera.clone() as Arc<dyn Camera>)
    }
}

/// What a test may want different.
pub(crate) struct Wish {
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) patience: Patience,
    pub(crate) data_dir: Option<std::path::PathBuf>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            access: Access::open(),
            limits: Limits::default(),
            patience: Patience::default(),
            data_dir: None,
        }
    }
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) garden: Arc<FakeCamera>,
    pub(crate) shed: Arc<FakeCamera>,
    pub(crate) metrics: Metrics,
    pub(crate) app: App,
    life: Life,
    serving: tokio::task::JoinHandle<std::io::Result<Ended>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(Wish::default()).await
    }

    pub(crate) async fn with(wish: Wish) -> Self {
        let clock = Arc::new(SimClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        let garden = Arc::new(FakeCamera::new("garden", clock.clone()));
        let shed = Arc::new(FakeCamera::new("shed", clock.clone()));
        let (metrics, life) = (Metrics::default(), Life::default());
        let hosts = Hosts::new(["perch".to_owned()]);
        let front = Front { hosts, access: wish.access, limits: wish.limits, metrics: metrics.clone() };
        let setup = Setup {
            cameras: Arc::new(FakeCameras(vec![garden.clone(), shed.clone()])),
            clock,
            version: "0.0.0",
            data_dir: wish.data_dir,
            life: life.clone(),
            front,
        };
        let app = App::with(&setup, wish.patience);
        let router = routes::route(app.clone(), setup.front);
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (served_life, served_metrics) = (life.clone(), metrics.clone());
        let serving = TaskTracker::new().spawn(async move {
            web::serve(listener, router, wish.limits, &served_metrics, &served_life).await
        });
        Self { address, garden, shed, metrics, app, life, serving }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// One request on a connection of its own; the answer is read to its end.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("host")) {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        self.send(format!("{request}\r\n{body}").as_bytes()).await
    }

    pub(crate) async fn send(&self, request: &[u8]) -> Reply {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        soon("the end of the answer", stream.read_to_end(&mut bytes)).await.unwrap_or_default();
        Reply::parse(&bytes)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask(method, path, &[("Content-Type", "application/json")], body).await
    }

    /// A connection whose stream has begun: the head has been read.
    pub(crate) async fn stream(&self, path: &str) -> Stream {
        self.stream_on(self.connect().await, path).await
    }

    /// The same, on a connection whose own kernel buffers no more than 64 KiB.
    pub(crate) async fn narrow_stream(&self, path: &str) -> Stream {
        self.stream_on(self.narrow().await, path).await
    }

    /// A connection with a small window, as over a thin line.
    pub(crate) async fn narrow(&self) -> TcpStream {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 * 1024).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn stream_on(&self, mut socket: TcpStream, path: &str) -> Stream {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut stream = Stream { socket, buffer: Vec::new() };
        let head = stream.up_to(b"\r\n\r\n").await;
        Stream { buffer: stream.buffer, socket: stream.socket }.with_head(head)
    }

    pub(crate) fn encodes(&self, camera: &str) -> u64 {
        self.metrics.counter("nightjar_encodes_total", "", &[("camera", camera)]).get()
    }

    pub(crate) async fn stop(self) -> (Ended, Duration) {
        let began = std::time::Instant::now();
        self.life.token.cancel();
        let ended = soon("the end of the server", self.serving).await.unwrap().unwrap();
        (ended, began.elapsed())
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Self { status: 0, head: String::new(), body: bytes.to_vec() };
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(this, _)| this.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// A multipart stream as a strict client reads it.
pub(crate) struct Stream {
    pub(crate) socket: TcpStream,
    buffer: Vec<u8>,
}

/// One part, already closed by its boundary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Stream {
    fn with_head(self, head: Vec<u8>) -> Self {
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
        for line in [
            "content-type: multipart/x-mixed-replace; boundary=frame",
            "cache-control: no-store, no-cache, must-revalidate, max-age=0, private",
            "pragma: no-cache",
            "x-accel-buffering: no",
            "connection: close",
        ] {
            assert!(head.lines().any(|this| this.eq_ignore_ascii_case(line)), "{line} is not in {head}");
        }
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
        self
    }

    /// Everything up to the end of `mark`.
    async fn up_to(&mut self, mark: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return self.buffer.drain(..at + mark.len()).collect();
            }
            self.more().await;
        }
    }

    async fn more(&mut self) {
        let mut chunk = vec![0; 65536];
        let n = soon("more of the stream", self.socket.read(&mut chunk)).await.unwrap();
        assert!(n > 0, "the stream ended");
        self.buffer.extend_from_slice(&chunk[..n]);
    }

    /// The boundary that every stream begins with.
    pub(crate) async fn opening(&mut self) {
        assert_eq!(self.up_to(b"\r\n").await, b"--frame\r\n");
    }

    /// The next part, read without waiting for anything behind its closing boundary.
    pub(crate) async fn part(&mut self) -> Picked {
        let headers = String::from_utf8(self.up_to(b"\r\n\r\n").await).unwrap();
        let length = headers.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let length = length.parse::<usize>().unwrap();
        let closing = b"\r\n--frame\r\n";
        while self.buffer.len() < length + closing.len() {
            self.more().await;
        }
        let body = self.buffer.drain(..length).collect();
        let end = self.buffer.drain(..closing.len()).collect::<Vec<_>>();
        assert_eq!(end, closing, "the part is closed by its boundary");
        Picked { headers, body }
    }

    /// Until the server closes.
    pub(crate) async fn end(&mut self) {
        let mut rest = Vec::new();
        soon("the end of the stream", self.socket.read_to_end(&mut rest)).await.unwrap_or_default();
    }
}
