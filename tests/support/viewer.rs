//! Somebody who watches a stream all the time, so that what comes is seen when it comes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::multipart::Stream;

/// What a viewer has seen so far.
#[derive(Debug, Default)]
struct Seen {
    parts: usize,
    /// When the newest picture of the camera's own came, and its bytes.
    signal: Option<(Instant, Vec<u8>)>,
    closed: bool,
}

/// A viewer with a thread of its own; it leaves when the server closes, and so at the latest with it.
#[derive(Debug)]
pub struct Viewer {
    seen: Arc<Mutex<Seen>>,
}

impl Viewer {
    /// Watches `path`; `is_signal` tells the camera's own pictures from those that say it is away.
    #[must_use]
    pub fn open(to: SocketAddr, path: &str, is_signal: fn(&[u8]) -> bool) -> Self {
        let mut stream = Stream::open(to, path);
        assert_eq!(stream.status, 200, "{path}");
        // A camera may be away for longer than a client's ordinary patience.
        stream.patience(Duration::from_secs(120));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let into = Arc::clone(&seen);
        let watch = move || {
            while let Some(part) = stream.next_part() {
                let signal = is_signal(&part.body).then(|| (Instant::now(), part.body));
                let mut seen = into.lock().unwrap();
                seen.parts += 1;
                seen.signal = signal.or(seen.signal.take());
            }
            into.lock().unwrap().closed = true;
        };
        std::thread::Builder::new().name("viewer".into()).spawn(watch).unwrap();
        Self { seen }
    }

    /// The newest picture of the camera's own, and when it came.
    #[must_use]
    pub fn signal(&self) -> Option<(Instant, Vec<u8>)> {
        self.seen.lock().unwrap().signal.clone()
    }

    /// Waits until a picture of the camera's own comes later than `since`; how much later it was.
    #[track_caller]
    pub fn sees_it_again(&self, since: Instant, patience: Duration) -> Duration {
        crate::until("the viewer sees the camera again", patience, || {
            assert!(self.is_there(), "the connection is kept");
            let (came, _) = self.signal()?;
            came.checked_duration_since(since).filter(|after| !after.is_zero())
        })
    }

    /// Whether the server still keeps the connection.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.seen.lock().unwrap().closed
    }

    /// How many pictures came so far, of either kind.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.seen.lock().unwrap().parts
    }
}
