//! Fake cameras and patience for tests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use frame::{Ring, RingLimits, Size, SystemClock};

use crate::supervisor::Tuning;
use crate::{CameraSource, Problem, Shaping, SourceKind, State, Supervisor, Want};

/// Times that make a test short without changing what is tested.
pub(crate) fn quick() -> Tuning {
    let ms = Duration::from_millis;
    Tuning {
        first_backoff: ms(1),
        most_backoff: ms(2),
        floor: ms(300),
        unmeasured: ms(300),
        connect: ms(1000),
        answer: ms(300),
        ..Tuning::default()
    }
}

/// Waits until `found` finds something.
pub(crate) fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A whole JPEG.
pub(crate) fn jpeg() -> Vec<u8> {
    codec::no_signal(Size::new(64, 48), &["x"]).unwrap().to_vec()
}

pub(crate) fn part() -> Vec<u8> {
    let jpeg = jpeg();
    let head = format!("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
    [head.as_bytes(), &jpeg, b"\r\n"].concat()
}

pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";

/// An answer with its length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A camera on the loopback: each connection is handled by `talk` until it returns `false`.
pub(crate) struct FakeCamera {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// One request's head and the socket to answer on; `false` closes the connection.
pub(crate) type Talk = dyn Fn(&str, &mut TcpStream) -> bool + Send + Sync;

impl FakeCamera {
    pub(crate) fn new(talk: impl Fn(&str, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let (stopped, count, talk) = (stop.clone(), connections.clone(), Arc::new(talk) as Arc<Talk>);
        let serve = move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                count.fetch_add(1, Ordering::SeqCst);
                converse(&mut stream.unwrap(), talk.as_ref());
            }
        };
        let thread = std::thread::Builder::new().name("fake camera".into()).spawn(serve).unwrap();
        Self { address, connections, stop, thread: Some(thread) }
    }

    /// Always the same answer.
    pub(crate) fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |_, stream| {
            let _sent = stream.write_all(&bytes);
            false
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/video?token=hush", self.address)
    }
}

impl Drop for FakeCamera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Reads request heads and answers them until the other side or `talk` ends it.
fn converse(stream: &mut TcpStream, talk: &Talk) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while let Ok(1) = stream.read(&mut byte) {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            if !talk(&String::from_utf8_lossy(&head), stream) {
                return;
            }
            head.clear();
        }
    }
}

/// Blocks until the other side closes the connection.
pub(crate) fn until_closed(stream: &mut TcpStream) {
    let _ended = stream.read(&mut [0; 64]);
}

pub(crate) fn http(url: String) -> SourceKind {
    SourceKind::Http { url, user: None, password: None }
}

/// A camera under supervision and its ring.
pub(crate) struct Watched {
    pub(crate) supervisor: Supervisor,
    pub(crate) ring: Ring,
}

impl Watched {
    pub(crate) fn start(kind: SourceKind, tuning: Tuning) -> Self {
        let (writer, ring) = Ring::new(RingLimits { bytes: 64 << 20, span: Duration::from_secs(600) });
        let want = Want { size: Size::new(64, 48), frame_rate: 50.0 };
        let source = CameraSource { id: "test".into(), kind, want, shaping: Shaping::default() };
        let clock = Arc::new(SystemClock::new());
        Self { supervisor: Supervisor::start_tuned(source, writer, clock, tuning).unwrap(), ring }
    }

    pub(crate) fn problem(&self) -> Problem {
        eventually("a problem", || match &self.supervisor.status().state {
            State::Lost { problem } => Some(problem.clone()),
            _ => None,
        })
    }

    pub(crate) fn frames(&self, count: u64) {
        eventually("frames", || (self.supervisor.status().counters.frames >= count).then_some(()));
    }
}
