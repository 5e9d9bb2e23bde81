//! Many viewers on one thread: each takes every part and notes how old its picture is when the last byte is there.

use std::net::SocketAddr;
use std::time::Duration;

use tests::number_of;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// Viewers that read as fast as they can.
pub(crate) struct Crowd {
    runtime: Runtime,
    viewers: Vec<Viewer>,
}

impl Crowd {
    pub(crate) fn gather(addr: SocketAddr, count: usize) -> Self {
        Self::asking(addr, "GET /stream HTTP/1.1", count)
    }

    /// Viewers that begin with another line.
    pub(crate) fn asking(addr: SocketAddr, line: &str, count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let viewers = runtime.block_on(async {
            let mut viewers = Vec::new();
            for _ in 0..count {
                viewers.push(Viewer::connect(addr, line).await);
            }
            viewers
        });
        Self { runtime, viewers }
    }

    /// Watches for `time`; the age in milliseconds of every frame that came.
    pub(crate) fn watch(&mut self, time: Duration) -> Vec<f32> {
        let watching = self.viewers.iter_mut().map(|viewer| viewer.watch(time));
        self.runtime.block_on(futures_util::future::join_all(watching)).concat()
    }

    /// Watches for `time`; how many frames came, whatever is in them.
    pub(crate) fn count(&mut self, time: Duration) -> usize {
        for viewer in &mut self.viewers {
            viewer.frames = 0;
        }
        self.watch(time);
        self.viewers.iter().map(|viewer| viewer.frames).sum()
    }
}

struct Viewer {
    wire: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// Whole parts so far.
    frames: usize,
}

impl Viewer {
    async fn connect(addr: SocketAddr, line: &str) -> Self {
        let mut wire = TcpStream::connect(addr).await.unwrap();
        let ask = format!("{line}\r\nHost: 127.0.0.1\r\n\r\n");
        wire.write_all(ask.as_bytes()).await.unwrap();
        Self { wire, buffer: vec![0; 512 * 1024], filled: 0, frames: 0 }
    }

    async fn watch(&mut self, time: Duration) -> Vec<f32> {
        let mut ages = Vec::new();
        let end = tokio::time::Instant::now() + time;
        while let Ok(read) =
            tokio::time::timeout_at(end, self.wire.read(&mut self.buffer[self.filled..])).await
        {
            let read = read.expect("the stream goes on");
            assert_ne!(read, 0, "the server closed a viewer that reads");
            self.filled += read;
            while let Some(stamp) = self.take_part() {
                self.frames += 1;
                // A picture without a stamp is none of the feed's ("no signal"): it has no age.
                let age = |sent| super::feed::origin().elapsed().as_secs_f64() * 1e3 - sent as f64 / 1e6;
                ages.extend(stamp.map(|sent: u64| age(sent) as f32));
            }
        }
        ages
    }

    /// Takes one whole part out of the buffer; the stamp in its picture, if it has one.
    fn take_part(&mut self) -> Option<Option<u64>> {
        let seen = &self.buffer[..self.filled];
        let (start, length) = picture(seen)?;
        if seen.len() < start + length {
            return None;
        }
        let sent = number_of(&seen[start..start + length]);
        self.buffer.copy_within(start + length..self.filled, 0);
        self.filled -= start + length;
        Some(sent.filter(|&stamp| stamp > 0))
    }
}

/// Where the next picture starts and how long it is. Only the head of the buffer is looked at, as parts are large.
fn picture(seen: &[u8]) -> Option<(usize, usize)> {
    let head = String::from_utf8_lossy(&seen[..seen.len().min(2048)]).to_ascii_lowercase();
    let at = head.find("content-type: image/jpeg").or_else(|| head.find("content-length: "))?;
    let from = head[..at].rfind("\r\n--").unwrap_or(0);
    let end = from + head[from..].find("\r\n\r\n").map(|e| e + 4)?;
    if end < at {
        return None;
    }
    let length =
        head[from..end].split("content-length: ").nth(1)?.split("\r\n").next()?.trim().parse().ok()?;
    Some((end, length))
}

/// Viewers that ask and then never read: their kernel buffers fill and stay full.
pub(crate) fn stopped(addr: SocketAddr, count: usize) -> Vec<std::net::TcpStream> {
    let ask = tests::Request::new("GET", "/stream");
    (0..count).map(|_| ask.open(addr)).collect()
}
