//! A connection's socket, with what hyper does not watch: a write that makes no progress.
//!
//! While a client does not read, hyper does not poll the body, so a body cannot notice. Every pending write
//! therefore runs against a deadline here, beneath hyper, upgraded WebSockets included. What the client takes earns it
//! time, so that one which takes a byte now and then is found out as well.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::Counter;
use crate::seats::Permit;

/// Bytes that earn a client a second: who takes less of what waits for it shows nobody a picture.
const SLOWEST: usize = 1024;

/// What a handler may know and say about the connection its request came on; in the request's extensions.
#[derive(Debug, Clone)]
pub struct Connection {
    peer: IpAddr,
    most: Duration,
    stall_ms: Arc<AtomicU64>,
}

impl Connection {
    pub(crate) fn new(peer: IpAddr, stall: Duration) -> Self {
        let connection = Self { peer, most: stall, stall_ms: Arc::default() };
        connection.set_write_stall(stall);
        connection
    }

    /// Who is on the other end.
    #[must_use]
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// From the next pending write on, a write without progress for this long ends the connection, or for
    /// [`crate::Limits::write_stall`] if that is shorter.
    pub fn set_write_stall(&self, stall: Duration) {
        let stall = stall.min(self.most);
        self.stall_ms.store(u64::try_from(stall.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn write_stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms.load(Ordering::Relaxed))
    }
}

/// The socket under a connection; holds its place among the connections until it is closed.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    connection: Connection,
    /// Since when a write waits, and what ends that.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Time that was waited and not yet earned.
    owed: Duration,
    stalled: Counter,
    _permit: Arc<Permit>,
}

impl Socket {
    pub(crate) fn new(
        stream: TcpStream,
        connection: Connection,
        stalled: Counter,
        permit: Arc<Permit>,
    ) -> Self {
        Self { stream, connection, waiting: None, owed: Duration::ZERO, stalled, _permit: permit }
    }

    /// Lets progress through and holds what is pending against the deadline.
    fn watch(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            let waited = self.waiting.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.owed = (self.owed + waited).saturating_sub(earned(written.as_ref().map_or(0, |n| *n)));
            return Poll::Ready(written);
        }
        let limit = self.connection.write_stall().saturating_sub(self.owed);
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(limit))));
        ready!(end.as_mut().poll(cx));
        self.stalled.inc();
        tracing::debug!(peer = %self.connection.peer, waited_s = limit.as_secs_f32(), "closing a connection that does not read");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn earned(bytes: usize) -> Duration {
    Duration::from_secs_f64(u32::try_from(bytes / SLOWEST).unwrap_or(u32::MAX).into())
        + Duration::from_micros(u64::try_from(bytes % SLOWEST).unwrap_or(0) * 1_000_000 / SLOWEST as u64)
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.watch(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
