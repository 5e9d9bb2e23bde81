//! Where a message of HTTP/1.1 begins and ends.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A head that is larger is none.
const MOST_HEAD: usize = 256 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// How much comes behind a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Known(u64),
    Chunked,
    /// Until the connection ends.
    Close,
}

/// A head, byte for byte.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    is_head: bool,
    length: Option<u64>,
    is_chunked: bool,
    pub(super) closes: bool,
    status: u16,
}

impl Head {
    fn read(bytes: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let value = |name: &str| {
            let mut lines = text.lines().skip(1).filter_map(|line| line.split_once(':'));
            lines.find(|(this, _)| this.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        let first = text.lines().next().unwrap_or_default();
        let status = first.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let closes = value("connection").is_some_and(|value| value.contains("close"));
        Self {
            is_head: first.starts_with("head "),
            length: value("content-length").and_then(|length| length.parse().ok()),
            is_chunked: value("transfer-encoding").is_some_and(|value| value.contains("chunked")),
            closes,
            status: status.unwrap_or(0),
            bytes,
        }
    }

    /// Of a request.
    pub(super) fn of_request(&self) -> Length {
        if self.is_chunked { Length::Chunked } else { Length::Known(self.length.unwrap_or(0)) }
    }

    /// Of the answer to `request`.
    pub(super) fn of_answer(&self, request: &Self) -> Length {
        match self.status {
            _ if request.is_head => Length::Known(0),
            100..200 | 204 | 304 => Length::Known(0),
            _ if self.is_chunked => Length::Chunked,
            _ => self.length.map_or(Length::Close, Length::Known),
        }
    }

    /// Another one comes behind it.
    pub(super) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }
}

/// One end of a connection, with what was read of it and not passed on yet.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    waiting: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        let peer = stream.peer_addr().unwrap_or(([0, 0, 0, 0], 0).into());
        Self { stream, peer, waiting: Vec::new() }
    }

    pub(super) async fn connect(to: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(to).await.ok()?;
        drop(stream.set_nodelay(true));
        Some(Self { stream, peer: to, waiting: Vec::new() })
    }

    /// The next message's head; `None` at the end of the connection.
    pub(super) async fn head(&mut self) -> Option<Head> {
        loop {
            if let Some(end) = self.waiting.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.waiting.split_off(end + 4);
                return Some(Head::read(std::mem::replace(&mut self.waiting, rest)));
            }
            if self.waiting.len() > MOST_HEAD || !self.more().await {
                return None;
            }
        }
    }

    /// At most so many bytes, at least one; `None` at the end of the connection.
    pub(super) async fn some(&mut self, most: u64) -> Option<Vec<u8>> {
        if self.waiting.is_empty() && !self.more().await {
            return None;
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.waiting.len());
        let rest = self.waiting.split_off(most);
        Some(std::mem::replace(&mut self.waiting, rest))
    }

    /// Through the end of a line; `None` at the end of the connection.
    pub(super) async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let rest = self.waiting.split_off(end + 1);
                return Some(std::mem::replace(&mut self.waiting, rest));
            }
            if self.waiting.len() > MOST_HEAD || !self.more().await {
                return None;
            }
        }
    }

    /// Nothing came of its own accord, such as its end.
    pub(super) fn is_open(&self) -> bool {
        let silent = self.stream.try_read(&mut [0]);
        self.waiting.is_empty() && silent.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    async fn more(&mut self) -> bool {
        let had = self.waiting.len();
        self.waiting.resize(had + PIECE, 0);
        let read = self.stream.read(&mut self.waiting[had..]).await.unwrap_or(0);
        self.waiting.truncate(had + read);
        read > 0
    }

    /// Ends it so that the other end gets an error, and nothing that waits is sent.
    pub(super) fn reset(&self) {
        drop(self.stream.set_zero_linger());
    }
}
