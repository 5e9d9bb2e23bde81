//! A network that fails, between a program and the server it calls: request by request, and as often as it is told.
//!
//! It reads as much of HTTP/1.1 as it takes to know where a request and its answer end, and passes their bytes on as
//! they are, but for the faults.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;

mod message;
mod pass;

use message::Wire;
use pass::{Exchange, Way};

/// How often each fault comes, of all requests: 0 to 1, together at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// Both ends are reset, at any byte of the request or of its answer.
    pub reset: f64,
    /// The server does what it was asked, and its answer is never seen.
    pub lost: f64,
    /// 500, 502, 503 or 504; half of them although the server did what it was asked.
    pub error: f64,
    /// 429 with `Retry-After: 1`.
    pub busy: f64,
    /// Nothing comes back and nothing is closed: for seconds, and now and then until the client gives up.
    pub hole: f64,
    /// One bit of what is carried, on its way there or back, is another one.
    pub flip: f64,
}

impl Faults {
    /// A network without any.
    pub const NONE: Self = Self { reset: 0.0, lost: 0.0, error: 0.0, busy: 0.0, hole: 0.0, flip: 0.0 };
    /// The worst that is claimed to be withstood.
    pub const STORM: Self = Self { reset: 0.20, lost: 0.10, error: 0.10, busy: 0.05, hole: 0.05, flip: 0.02 };
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Reset,
    Lost,
    Error,
    Busy,
    Hole,
    Flip,
}

impl Faults {
    fn draw(&self, chance: &mut Chance) -> Fault {
        let mut left = chance.share();
        for (share, fault) in [
            (self.reset, Fault::Reset),
            (self.lost, Fault::Lost),
            (self.error, Fault::Error),
            (self.busy, Fault::Busy),
            (self.hole, Fault::Hole),
            (self.flip, Fault::Flip),
        ] {
            if left < share {
                return fault;
            }
            left -= share;
        }
        Fault::None
    }
}

/// What came through, and what became of it.
#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
    resets: AtomicU64,
    lost: AtomicU64,
    errors: AtomicU64,
    busy: AtomicU64,
    holes: AtomicU64,
    flips: AtomicU64,
    unreachable: AtomicU64,
}

/// The same, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names of the faults")]
pub struct Tally {
    pub connections: u64,
    pub requests: u64,
    pub resets: u64,
    pub lost: u64,
    pub errors: u64,
    pub busy: u64,
    pub holes: u64,
    pub flips: u64,
    /// The server was not there.
    pub unreachable: u64,
}

impl Tally {
    /// Requests that met a fault of the proxy's own.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.resets + self.lost + self.errors + self.busy + self.holes + self.flips
    }
}

#[derive(Debug)]
struct Shared {
    to: Mutex<SocketAddr>,
    faults: Mutex<Faults>,
    chance: Mutex<Chance>,
    counts: Counts,
}

/// The proxy, on a port of its own, until dropped.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    addr: SocketAddr,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Proxy {
    /// Before the server at `to`.
    #[must_use]
    pub fn start(to: SocketAddr, faults: Faults, seed: u64) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (to, faults) = (Mutex::new(to), Mutex::new(faults));
        let chance = Mutex::new(Chance::new(seed));
        let shared = Arc::new(Shared { to, faults, chance, counts: Counts::default() });
        let stop = CancellationToken::new();
        let (own, until) = (Arc::clone(&shared), stop.clone());
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! { () = listen(listener, own) => {}, () = until.cancelled() => {} }
            });
        };
        let thread = Some(std::thread::Builder::new().name("proxy".into()).spawn(run).unwrap());
        Self { shared, addr, stop, thread }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on the server is there: it was started anew, on another port.
    pub fn aim(&self, to: SocketAddr) {
        *self.shared.to.lock().unwrap() = to;
    }

    /// From now on these.
    pub fn set(&self, faults: Faults) {
        *self.shared.faults.lock().unwrap() = faults;
    }

    /// So far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let counts = &self.shared.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            connections: of(&counts.connections),
            requests: of(&counts.requests),
            resets: of(&counts.resets),
            lost: of(&counts.lost),
            errors: of(&counts.errors),
            busy: of(&counts.busy),
            holes: of(&counts.holes),
            flips: of(&counts.flips),
            unreachable: of(&counts.unreachable),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn listen(listener: std::net::TcpListener, shared: Arc<Shared>) {
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    // Connections end with the runtime.
    let connections = TaskTracker::new();
    loop {
        if let Ok((client, _)) = listener.accept().await {
            shared.counts.connections.fetch_add(1, Ordering::Relaxed);
            let shared = Arc::clone(&shared);
            drop(connections.spawn(async move { connection(client, &shared).await }));
        }
    }
}

/// One client's requests, one after the other, until a fault or an end.
async fn connection(client: TcpStream, shared: &Shared) {
    drop(client.set_nodelay(true));
    let mut client = Wire::new(client);
    let mut server: Option<Wire> = None;
    while let Some(head) = client.head().await {
        shared.counts.requests.fetch_add(1, Ordering::Relaxed);
        let to = *shared.to.lock().unwrap();
        // One that the server has closed meanwhile would be taken for a fault.
        if !server.as_ref().is_some_and(|server| server.peer == to && server.is_open()) {
            server = Wire::connect(to).await;
        }
        let Some(there) = server.as_mut() else {
            shared.counts.unreachable.fetch_add(1, Ordering::Relaxed);
            return client.reset();
        };
        let exchange = shared.exchange(&head);
        let way = exchange.run(head, &mut client, there).await;
        shared.count(exchange.fault, way);
        match way {
            Way::On => {}
            Way::End => return,
            Way::Reset => {
                client.reset();
                return there.reset();
            }
        }
    }
}

impl Shared {
    fn exchange(&self, head: &message::Head) -> Exchange {
        let faults = *self.faults.lock().unwrap();
        let mut chance = self.chance.lock().unwrap();
        Exchange::new(faults.draw(&mut chance), head, &mut chance)
    }

    fn count(&self, fault: Fault, way: Way) {
        let counts = &self.counts;
        let count = match fault {
            Fault::None => return,
            Fault::Reset => &counts.resets,
            Fault::Lost => &counts.lost,
            Fault::Error => &counts.errors,
            Fault::Busy => &counts.busy,
            Fault::Hole => &counts.holes,
            Fault::Flip => &counts.flips,
        };
        // One that ended by itself before its fault met none.
        if way != Way::End || matches!(fault, Fault::Error | Fault::Busy | Fault::Hole) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How long most holes last; every tenth lasts until the client gives up.
pub(crate) const HOLE: Duration = Duration::from_secs(2);
