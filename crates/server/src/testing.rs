//! A server on a real socket, around cameras whose frames the test pushes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use frame::SimClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use web::{Access, Ended, Front, Hosts, Life, Limits, Metrics};

use crate::app::{App, Setup};
use crate::socket::Patience;
use crate::*;

// The one that the black-box tests use.
#[path = "../../../tests/support/described.rs"]
#[allow(unreachable_pub, reason = "there it is a crate's surface")]
mod described;
mod fake;
mod keyed;
mod uploads;
// The one that `archive`'s tests use.
#[path = "../../archive/src/testing/made.rs"]
#[allow(dead_code, reason = "there all of it is used")]
pub(crate) mod made;

pub(crate) use described::{Answer, Described};
pub(crate) use fake::{FakeCamera, SIZE, settings};
pub(crate) use keyed::{Keyed, add};
pub(crate) use uploads::{FakeUploads, remote};

/// The API's own description, which every answer is held to.
pub(crate) fn described() -> &'static Described {
    static DESCRIBED: std::sync::LazyLock<Described> = std::sync::LazyLock::new(|| {
        Described::new(serde_json::to_value(openapi::document("0.0.0")).unwrap())
    });
    &DESCRIBED
}

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

struct FakeCameras(Vec<Arc<FakeCamera>>);

impl Cameras for FakeCameras {
    fn all(&self) -> Vec<Arc<dyn Camera>> {
        self.0.iter().map(|camera| camera.clone() as Arc<dyn Camera>).collect()
    }
    fn get(&self, id: &str) -> Option<Arc<dyn Camera>> {
        self.0.iter().find(|camera| camera.id() == id).map(|camera| camera.clone() as Arc<dyn Camera>)
    }
}

/// What a test may want different.
pub(crate) struct Wish {
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) patience: Patience,
    pub(crate) data_dir: Option<std::path::PathBuf>,
    pub(crate) store: Option<store::Store>,
    pub(crate) uploads: Arc<FakeUploads>,
    /// Cameras beside the garden and the shed.
    pub(crate) more: usize,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            access: Access::open(),
            limits: Limits::default(),
            patience: Patience::default(),
            data_dir: None,
            store: None,
            uploads: Arc::default(),
            more: 0,
        }
    }
}

/// Everything but the network: the handlers' state, the front, and the cameras, the garden and the shed first.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) cameras: Vec<Arc<FakeCamera>>,
    pub(crate) life: Life,
    front: Front,
}

impl House {
    pub(crate) fn of(wish: Wish) -> Self {
        let clock = Arc::new(SimClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        let more = (1..=wish.more).map(|n| format!("camera{n}"));
        let ids = ["garden".to_owned(), "shed".to_owned()].into_iter().chain(more);
        let cameras = ids.map(|id| Arc::new(FakeCamera::new(&id, clock.clone()))).collect::<Vec<_>>();
        let life = Life::default();
        let hosts = Hosts::new(["perch".to_owned()]);
        let front = Front { hosts, access: wish.access, limits: wish.limits, metrics: Metrics::default() };
        let wall = clock.clone();
        let wall = Arc::new(move || frame::Clock::wall(&*wall));
        let archive = archive::Setup { store: wish.store, life: life.clone(), wall };
        let setup = Setup {
            cameras: Arc::new(FakeCameras(cameras.clone())),
            clock,
            version: "0.0.0",
            data_dir: wish.data_dir,
            archive: archive::Archive::new(archive),
            uploads: wish.uploads,
            life: life.clone(),
            front,
        };
        Self { app: App::with(&setup, wish.patience), cameras, life, front: setup.front }
    }
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) garden: Arc<FakeCamera>,
    pub(crate) shed: Arc<FakeCamera>,
    pub(crate) cameras: Vec<Arc<FakeCamera>>,
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
        let limits = wish.limits;
        let House { app, cameras, life, front } = House::of(wish);
        let metrics = front.metrics.clone();
        let router = routes::route(app.clone(), front);
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (served_life, served_metrics, room) = (life.clone(), metrics.clone(), web::Room::default());
        let serving = TaskTracker::new().spawn(async move {
            web::serve(listener, router, limits, room, &served_metrics, &served_life).await
        });
        let (garden, shed) = (cameras[0].clone(), cameras[1].clone());
        Self { address, garden, shed, cameras, metrics, app, life, serving }
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
        let reply = self.send(format!("{request}\r\n{body}").as_bytes()).await;
        reply.check(method, path);
        reply
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

    /// Holds it to the description.
    #[track_caller]
    fn check(&self, method: &str, path: &str) {
        let (status, content_type) = (self.status, self.header("content-type"));
        let answer = Answer { method, path, status, content_type, body: Some(&self.body) };
        if let Err(no) = described().check(&answer) {
            panic!("{method} {path} is answered as nobody described: {no}\n{self:?}");
        }
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
