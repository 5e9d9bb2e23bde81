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

use crate::seats::{Permit, neighbourhood};
use crate::{Counter, doorstep};

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

    /// The address that shares are counted by: an IPv6 /64 is one. `None` for this machine, which has no share, since
    /// proxies come from there.
    #[must_use]
    pub fn counted_as(&self) -> Option<IpAddr> {
        Some(neighbourhood(self.peer)).filter(|address| !address.is_loopback())
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
    /// What was read of it before it was HTTP, and how much of that has been taken.
    begun: (Vec<u8>, usize),
    /// What is written instead of a bare refusal, how much of it is, and how long the refusal was.
    instead: Option<(Vec<u8>, usize, usize)>,
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
        Self {
            stream,
            connection,
            begun: (Vec::new(), 0),
            instead: None,
            waiting: None,
            owed: Duration::ZERO,
            stalled,
            _permit: permit,
        }
    }

    /// The same with what was read of it already.
    pub(crate) fn begun(self, bytes: Vec<u8>) -> Self {
        Self { begun: (bytes, 0), ..self }
    }

    /// Writes what stands in a refusal's place; the refusal's length once it is all written.
    fn write_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((answer, done, length)) = &mut self.instead {
            if *done == answer.len() {
                let length = *length;
                self.instead = None;
                return Poll::Ready(Ok(length));
            }
            let written = Pin::new(&mut self.stream).poll_write(cx, &answer[*done..]);
            *done += ready!(written)?;
        }
        Poll::Ready(Ok(0))
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
        // What it did not take is thrown away at once; else the kernel would hold it for minutes.
        if let Err(error) = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "failed to have a connection's rest thrown away");
        }
        tracing::debug!(peer = %self.connection.peer, waited_s = limit.as_secs_f32(), "closing a connection that does not read");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// What so many bytes earn a client.
pub(crate) fn earned(bytes: usize) -> Duration {
    Duration::from_secs_f64(u32::try_from(bytes / SLOWEST).unwrap_or(u32::MAX).into())
        + Duration::from_micros(u64::try_from(bytes % SLOWEST).unwrap_or(0) * 1_000_000 / SLOWEST as u64)
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let (bytes, taken) = &mut this.begun;
        if bytes.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let n = buf.remaining().min(bytes.len() - *taken);
        buf.put_slice(&bytes[*taken..*taken + n]);
        *taken += n;
        if *taken == bytes.len() {
            this.begun = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_none() {
            this.instead = doorstep::dressed(buf).map(|answer| (answer, 0, buf.len()));
        }
        let written = match this.instead {
            Some(_) => this.write_instead(cx),
            None => Pin::new(&mut this.stream).poll_write(cx, buf),
        };
        this.watch(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal is the only thing that is written in one piece without a body.
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
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
