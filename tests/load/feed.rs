//! The camera of the load client: one 720p picture again and again, each copy stamped with when it was sent.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use frame::Size;
use tests::{numbered, pause, still};

/// The moment that all stamps count from.
pub(crate) fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

static SENT: AtomicU64 = AtomicU64::new(0);

/// Pictures sent so far, to whoever takes them.
pub(crate) fn sent() -> u64 {
    SENT.load(Ordering::Relaxed)
}

pub(crate) struct Feed {
    addr: SocketAddr,
    picture: Arc<Vec<u8>>,
}

impl Feed {
    pub(crate) fn start(fps: u32) -> Self {
        origin();
        let picture = Arc::new(still("calm", Size::new(1280, 720)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let shown = Arc::clone(&picture);
        let accept = move || {
            for wire in listener.incoming().map_while(Result::ok) {
                let shown = Arc::clone(&shown);
                // Whoever took the stream closes it: that ends the thread, and is no error.
                let play = move || drop(play(wire, &shown, Duration::from_secs(1) / fps));
                std::thread::Builder::new().name("feed".into()).spawn(play).unwrap();
            }
        };
        std::thread::Builder::new().name("feed-accept".into()).spawn(accept).unwrap();
        Self { addr, picture }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    pub(crate) fn picture_bytes(&self) -> usize {
        self.picture.len()
    }
}

fn play(mut wire: TcpStream, picture: &[u8], interval: Duration) -> std::io::Result<()> {
    wire.set_nodelay(true)?;
    wire.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=feed\r\n\r\n--feed\r\n",
    )?;
    let mut due = Instant::now();
    loop {
        let stamped = numbered(picture, u64::try_from(origin().elapsed().as_nanos()).unwrap_or(u64::MAX));
        let mut part =
            format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", stamped.len()).into_bytes();
        part.extend_from_slice(&stamped);
        part.extend_from_slice(b"\r\n--feed\r\n");
        wire.write_all(&part)?;
        SENT.fetch_add(1, Ordering::Relaxed);
        due += interval;
        pause(due.saturating_duration_since(Instant::now()));
    }
}
