//! A strict reader of `multipart/x-mixed-replace`: it takes what the stream promises and nothing else.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::check;
use crate::client::{Request, head};

/// One part of the stream.
#[derive(Debug, Clone)]
pub struct Part {
    /// The part's own headers.
    pub headers: Vec<(String, String)>,
    /// Exactly `Content-Length` bytes.
    pub body: Vec<u8>,
}

impl Part {
    /// A header's value, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// A viewer of the stream.
#[derive(Debug)]
pub struct Stream {
    wire: TcpStream,
    seen: Vec<u8>,
    chunked: bool,
    undecoded: Vec<u8>,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers.
    pub headers: Vec<(String, String)>,
}

impl Stream {
    /// Opens `path` and reads the answer's head.
    #[must_use]
    pub fn open(to: SocketAddr, path: &str) -> Self {
        let mut wire = Request::new("GET", path).open(to);
        let mut seen = Vec::new();
        let end = loop {
            if let Some(end) = find(&seen, b"\r\n\r\n") {
                break end;
            }
            assert_ne!(
                more(&mut wire, &mut seen).expect("a head in time"),
                0,
                "closed before the head: {path}"
            );
        };
        let (status, headers) = head(&seen[..end]);
        seen.drain(..end + 4);
        let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        check::check_head(path, status, kind.map(|(_, kind)| kind.as_str()));
        let chunked =
            headers.iter().any(|(n, v)| n.eq_ignore_ascii_case("transfer-encoding") && v == "chunked");
        let mut stream = Self { wire, seen: Vec::new(), chunked, undecoded: seen, status, headers };
        stream.decode();
        stream
    }

    /// A header of the answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// How long `next` waits for bytes before it gives up.
    pub fn patience(&self, time: Duration) {
        self.wire.set_read_timeout(Some(time)).unwrap();
    }

    /// The next part, or `None` when the server closed the stream. It is complete only once the boundary that
    /// closes it has come, for a browser shows a part only then.
    pub fn next_part(&mut self) -> Option<Part> {
        self.take_line_break();
        let opening = self.upto(b"\r\n")?;
        assert_eq!(String::from_utf8_lossy(&opening), "--frame", "a part begins with the boundary");
        let fields = self.upto(b"\r\n\r\n")?;
        let mut all = b"x 0\r\n".to_vec();
        all.extend_from_slice(&fields);
        let (_, headers) = head(&all);
        let part = Part { headers, body: Vec::new() };
        let length: usize =
            part.header("content-length").and_then(|v| v.parse().ok()).expect("exact Content-Length");
        while self.seen.len() < length + b"\r\n--frame".len() {
            if self.fill()? == 0 {
                return None;
            }
        }
        let body: Vec<u8> = self.seen.drain(..length).collect();
        assert!(self.seen.starts_with(b"\r\n--frame"), "the boundary follows the {length} bytes at once");
        Some(Part { body, ..part })
    }

    /// Whether the server has closed the stream: reads and drops what is left.
    pub fn is_over(&mut self) -> bool {
        self.patience(Duration::from_millis(200));
        loop {
            self.seen.clear();
            match self.fill() {
                Some(0) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }

    fn take_line_break(&mut self) {
        if self.seen.starts_with(b"\r\n") {
            self.seen.drain(..2);
        }
    }

    fn upto(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(&self.seen, mark) {
                let taken = self.seen.drain(..at).collect();
                self.seen.drain(..mark.len());
                return Some(taken);
            }
            if self.fill()? == 0 {
                return None;
            }
        }
    }

    /// Bytes read; `Some(0)` when the other side closed, `None` when the patience was over.
    fn fill(&mut self) -> Option<usize> {
        let read = more(&mut self.wire, &mut self.undecoded)?;
        self.decode();
        Some(read)
    }

    fn decode(&mut self) {
        if !self.chunked {
            self.seen.append(&mut self.undecoded);
            return;
        }
        while let Some(end) = find(&self.undecoded, b"\r\n") {
            let size = String::from_utf8_lossy(&self.undecoded[..end]).into_owned();
            let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
            if self.undecoded.len() < end + 2 + size + 2 {
                break;
            }
            self.seen.extend_from_slice(&self.undecoded[end + 2..end + 2 + size]);
            self.undecoded.drain(..end + 2 + size + 2);
        }
    }
}

fn more(wire: &mut TcpStream, into: &mut Vec<u8>) -> Option<usize> {
    let mut buffer = [0; 64 * 1024];
    match wire.read(&mut buffer) {
        Ok(read) => {
            into.extend_from_slice(&buffer[..read]);
            Some(read)
        }
        Err(late) if matches!(late.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(_) => Some(0),
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|w| w == mark)
}
