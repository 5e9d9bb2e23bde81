//! The accept loop: one task a connection, none more than the limits, all ended when the token fires.
//!
//! Our own instead of `axum::serve`, which has no timeout for a request's head, no cap on connections, and neither
//! ends streams nor waits for WebSockets at shutdown.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::doorstep::{self, FAREWELL, Head};
use crate::room::Places;
use crate::seats::{Permit, Seats};
use crate::socket::{Connection, Socket};
use crate::{Counter, Limits, Metrics, Room};

/// How everything that serves is told to stop, and how it is waited for. Clone it freely.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// Fires when it is time to stop.
    pub token: CancellationToken,
    /// Holds every task that serves someone, WebSockets included.
    pub tracker: TaskTracker,
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Tasks that did not end by themselves within [`Limits::grace`] and were left behind.
    pub abandoned: usize,
}

/// Listens at `address`; port 0 asks for any. The address may be taken again at once after a restart.
///
/// # Errors
/// What the system says: the port is taken, or the address is not of this machine.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    // The standard library sets SO_REUSEADDR.
    std::net::TcpListener::bind(address)
}

/// Serves `router` until the life's token fires and every connection has ended or had its grace. There may be as many
/// connections more than [`Limits::connections`] as there is room for at the time.
///
/// # Errors
/// If the listener cannot be used at all. What goes wrong on one connection ends only that one.
pub async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    limits: Limits,
    room: Room,
    metrics: &Metrics,
    life: &Life,
) -> io::Result<Ended> {
    listener.set_nonblocking(true)?;
    let places = Places::new(limits.connections, room);
    let listener = TcpListener::from_std(listener)?;
    let mut acceptor = Acceptor::new(listener, router, limits, places, metrics, life.clone());
    acceptor.run().await;
    life.tracker.close();
    // Connections end within the grace by themselves; WebSockets get as much again to hand over to.
    let ended = tokio::time::timeout(limits.grace + Duration::from_millis(200), life.tracker.wait()).await;
    Ok(Ended { abandoned: if ended.is_ok() { 0 } else { life.tracker.len() } })
}

struct Acceptor {
    listener: TcpListener,
    router: Router,
    limits: Limits,
    places: Places,
    life: Life,
    seats: Arc<Seats>,
    accepted: Counter,
    refused: Counter,
    failed: Counter,
    stalled: Counter,
}

impl Acceptor {
    fn new(
        listener: TcpListener,
        router: Router,
        limits: Limits,
        places: Places,
        metrics: &Metrics,
        life: Life,
    ) -> Self {
        let counter = |name, help| metrics.counter(name, help, &[]);
        Self {
            listener,
            router,
            limits,
            places,
            life,
            seats: Arc::default(),
            accepted: counter("nightjar_connections_accepted_total", "Connections that were let in."),
            refused: counter("nightjar_connections_refused_total", "Connections over the limits."),
            failed: counter(
                "nightjar_accept_errors_total",
                "Times the system could not hand over a connection.",
            ),
            stalled: counter(
                "nightjar_connections_stalled_total",
                "Connections closed because they did not read.",
            ),
        }
    }

    async fn run(&mut self) {
        loop {
            let accepted = tokio::select! {
                () = self.life.token.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer.ip()),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => self.wait_out(&error).await,
            }
        }
    }

    /// Out of descriptors or memory: a moment's pause, so that the loop does not spin until some are free.
    async fn wait_out(&self, error: &io::Error) {
        self.failed.inc();
        tracing::warn!(%error, "failed to accept a connection; trying again in 100 ms");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    fn admit(&mut self, stream: TcpStream, peer: IpAddr) {
        self.limits.connections = self.places.now();
        let Some(permit) = Permit::take(&self.seats, peer, &self.limits).map(Arc::new) else {
            self.refused.inc();
            // Best effort: the socket's buffer is empty, and if the client does not read it, that is its loss.
            stream.try_write(&doorstep::full()).unwrap_or_default();
            return;
        };
        self.accepted.inc();
        // Per socket, since one that was in the backlog already would not inherit it from the listener.
        let buffer = rustix::net::sockopt::set_socket_send_buffer_size(&stream, self.limits.send_buffer);
        // The kernel takes more only when less than this is unsent, so that what a slow viewer gets next is chosen
        // late and is the newest; the buffer above bounds what is on its way as well.
        let unsent = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(self.limits.unsent);
        if let Err(error) = stream.set_nodelay(true).and(buffer.map_err(io::Error::from)).and(unsent) {
            tracing::debug!(%error, "failed to set a connection's options");
        }
        let connection = Connection::new(peer, self.limits.write_stall);
        let socket = Socket::new(stream, connection.clone(), self.stalled.clone(), permit.clone());
        let talk = Talk { info: connection, permit, router: self.router.clone(), limits: self.limits };
        self.life.tracker.spawn(talk.run(socket, self.life.token.clone()));
    }
}

/// One connection, from its first byte to its last.
struct Talk {
    info: Connection,
    permit: Arc<Permit>,
    router: Router,
    limits: Limits,
}

impl Talk {
    async fn run(self, mut socket: Socket, token: CancellationToken) {
        let (limits, evicted) = (self.limits, self.permit.evicted());
        let head = tokio::select! {
            head = doorstep::head(&mut socket, &limits) => head,
            () = evicted.cancelled() => {
                return tracing::debug!("cutting a connection that asked for nothing, to make room");
            }
            () = token.cancelled() => return,
        };
        match head {
            Head::Begun(head) => {
                self.permit.settle();
                // In a place of its own, so that those who never get here do not pay for it.
                Box::pin(self.converse(socket.begun(head), token)).await;
            }
            Head::TooLong => {
                let sent = timeout(FAREWELL, socket.write_all(&doorstep::too_long(&limits))).await;
                tracing::debug!(told = sent.is_ok(), "a request's head was too long");
            }
            Head::Never => tracing::debug!("a connection asked for nothing"),
        }
    }

    async fn converse(self, socket: Socket, token: CancellationToken) {
        let limits = self.limits;
        let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(self.info.clone());
            self.router.clone().oneshot(request.map(Body::new))
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(limits.header_bytes);
        let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = token.cancelled() => {
                connection.as_mut().graceful_shutdown();
                match timeout(limits.grace, connection).await {
                    Ok(ended) => ended,
                    Err(_) => return tracing::debug!("cutting a connection that outlived its grace"),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// The client was gone before it was accepted; the next one is not affected.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn out_of_descriptors_is_waited_out_and_counted() {
        let error = io::Error::from_raw_os_error(24);
        assert!(!is_of_one_connection(&error), "EMFILE is the whole process's");
        let metrics = Metrics::default();
        let listener = TcpListener::from_std({
            let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        });
        let life = Life::default();
        let (limits, places) = (Limits::default(), Places::new(9, Room::default()));
        let acceptor = Acceptor::new(listener.unwrap(), Router::new(), limits, places, &metrics, life);
        let began = std::time::Instant::now();
        acceptor.wait_out(&error).await;
        assert!(began.elapsed() >= Duration::from_millis(95));
        assert_eq!(metrics.counter("nightjar_accept_errors_total", "", &[]).get(), 1);
    }
}
