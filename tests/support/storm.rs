//! Clients that mean no good: they begin and do not finish, and when they are cut they begin again.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

/// What a client is slow at: a byte a second is all it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// Sending a request's head.
    Head,
    /// Sending a request's body.
    Body,
    /// Reading the stream.
    Viewer,
    /// Reading one answer after the other.
    Reader,
}

/// Between two bytes.
const PACE: Duration = Duration::from_secs(1);

/// Many of them at once, until dropped.
#[derive(Debug)]
pub struct Storm {
    to: SocketAddr,
    since: Arc<Mutex<HashMap<u16, Instant>>>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Storm {
    /// So many of each.
    #[must_use]
    pub fn begin(to: SocketAddr, of_each: &[(Slow, usize)]) -> Self {
        let (since, stop) = (Arc::<Mutex<HashMap<u16, Instant>>>::default(), CancellationToken::new());
        let all: Vec<_> =
            of_each.iter().flat_map(|&(slow, count)| std::iter::repeat_n(slow, count)).collect();
        let (shared, until) = (Arc::clone(&since), stop.clone());
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let clients = all.into_iter().map(|slow| again_and_again(to, slow, Arc::clone(&shared)));
            let clients = futures_util::future::join_all(clients);
            runtime.block_on(async {
                tokio::select! { _ = clients => {}, () = until.cancelled() => {} }
            });
        };
        let thread = std::thread::Builder::new().name("storm".into()).spawn(run).unwrap();
        Self { to, since, stop, thread: Some(thread) }
    }

    /// How many of its connections the server holds right now, and for how long the oldest of them.
    #[must_use]
    pub fn held(&self) -> (usize, Duration) {
        let held = established(self.to.port());
        let since = self.since.lock().unwrap();
        let ages = since.iter().filter(|(port, _)| held.contains(port)).map(|(_, since)| since.elapsed());
        ages.fold((0, Duration::ZERO), |(count, oldest), age| (count + 1, oldest.max(age)))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The other ends' ports of the connections that the program at `port` of this machine has open. One that it has
/// closed is none of its own any more, even while the kernel still has bytes of it.
fn established(port: u16) -> HashSet<u16> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let own = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mine = rows.filter(|row| row.len() > 3 && row[1].ends_with(&own) && row[3] == "01");
    mine.filter_map(|row| u16::from_str_radix(row[2].rsplit(':').next()?, 16).ok()).collect()
}

async fn again_and_again(to: SocketAddr, slow: Slow, since: Arc<Mutex<HashMap<u16, Instant>>>) {
    let mut turns = tokio::time::interval(PACE);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let Ok(wire) = narrow(to).await else {
            turns.tick().await;
            continue;
        };
        let port = wire.local_addr().map_or(0, |own| own.port());
        since.lock().unwrap().insert(port, Instant::now());
        // However it ends, it begins anew.
        drop(once(wire, slow).await);
        since.lock().unwrap().remove(&port);
    }
}

/// A connection whose own kernel takes next to nothing that is not read.
///
/// # Errors
/// What the system says.
pub async fn narrow(to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.connect(to).await
}

async fn once(mut wire: TcpStream, slow: Slow) -> std::io::Result<()> {
    let begin = match slow {
        Slow::Head => "GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_owned(),
        Slow::Body => "POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: 9999\r\n\r\n{"
            .to_owned(),
        Slow::Viewer => "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        Slow::Reader => "GET /snapshot.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50),
    };
    wire.write_all(begin.as_bytes()).await?;
    let mut tick = tokio::time::interval(PACE);
    let mut byte = [0];
    loop {
        tick.tick().await;
        if matches!(slow, Slow::Head | Slow::Body) {
            // An answer, whichever, is the end of it.
            match wire.try_read(&mut byte) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => wire.write_all(b"a").await?,
                _ => return Ok(()),
            }
        } else if wire.read(&mut byte).await? == 0 {
            return Ok(());
        }
    }
}
