//! The body of a request, whose way out is watched: whether the remote still takes something, or has all of it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use tokio::time::Instant;

/// Bytes that the system may hold on their way when all were handed over, at most.
const IN_THE_SYSTEM: u64 = 4 << 20;
/// A way that is slower than this, in bytes a second, is given up on unless it is known; half that after every time-out.
const SLOWEST: u64 = 32 * 1024;

/// A body of known length.
pub struct Outgoing {
    length: u64,
    pieces: BoxStream<'static, io::Result<Bytes>>,
}

impl Outgoing {
    pub(crate) fn new(length: u64, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self { length, pieces: pieces.boxed() }
    }

    /// Nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Bytes::new())
    }

    /// Few bytes, which are neither held back nor counted.
    #[must_use]
    pub fn of(bytes: impl Into<Bytes>) -> Self {
        let bytes: Bytes = bytes.into();
        Self::new(bytes.len() as u64, stream::iter([Ok(bytes)]))
    }

    /// This one and then the other.
    #[must_use]
    pub fn chain(self, other: Self) -> Self {
        Self::new(self.length + other.length, self.pieces.chain(other.pieces))
    }

    /// Bytes of all of it.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn watched(self) -> (reqwest::Body, Watch) {
        let is_out = self.length == 0;
        let progress = Progress { bytes: 0, at: Instant::now(), held_back: false, is_out };
        let progress = Arc::new(Mutex::new(progress));
        let watched = Watched { pieces: self.pieces, progress: Arc::clone(&progress) };
        (reqwest::Body::wrap_stream(watched), Watch(progress))
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Pieces that tell how they go.
struct Watched {
    pieces: BoxStream<'static, io::Result<Bytes>>,
    progress: Arc<Mutex<Progress>>,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    bytes: u64,
    at: Instant,
    /// The remote would take more and we do not give it: that is no fault of the remote.
    held_back: bool,
    /// Nothing is left to be handed over.
    is_out: bool,
}

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let polled = self.pieces.as_mut().poll_next(cx);
        let mut progress = locked(&self.progress);
        progress.at = Instant::now();
        progress.held_back = polled.is_pending();
        match &polled {
            Poll::Ready(Some(Ok(piece))) => progress.bytes += piece.len() as u64,
            Poll::Ready(_) => progress.is_out = true,
            Poll::Pending => {}
        }
        drop(progress);
        polled
    }
}

/// Watches a body go out.
pub(super) struct Watch(Arc<Mutex<Progress>>);

impl Watch {
    /// Comes back when the remote let nothing move for `silence` and for the time that the system may need for what was
    /// handed to it, at `speed` bytes a second; `slowness` stretches both.
    pub(super) async fn stalled(&self, silence: Duration, speed: u64, slowness: u32) {
        loop {
            let Progress { bytes, at, held_back, .. } = *locked(&self.0);
            if held_back {
                tokio::time::sleep(silence.min(Duration::from_secs(1))).await;
                continue;
            }
            let in_the_system = Duration::from_millis(bytes.min(IN_THE_SYSTEM) * 1000 / speed.max(SLOWEST));
            let deadline = at + (silence + in_the_system).saturating_mul(slowness);
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }

    /// Whether all of it was handed to the system.
    pub(super) fn is_out(&self) -> bool {
        locked(&self.0).is_out
    }
}

/// What it guards is whole at every step.
fn locked(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
