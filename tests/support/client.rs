//! A small HTTP/1.1 client of our own: a test must see the very bytes, and be able to send wrong ones.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::check;

const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked; `send` adds `Host`, `Connection: close` and `Content-Length`.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    host: Option<String>,
    body: Vec<u8>,
    declared: Option<usize>,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            host: None,
            body: Vec::new(),
            declared: None,
        }
    }

    /// A body of these bytes.
    #[must_use]
    pub fn bytes(self, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..self }
    }

    /// A body that is said to have `declared` bytes and has these.
    #[must_use]
    pub fn declared(self, declared: usize, body: &[u8]) -> Self {
        Self { body: body.to_vec(), declared: Some(declared), ..self }
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Another `Host` than the address that is called.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.into());
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("Content-Type", "application/json")
    }

    /// Sends it on a connection of its own and returns the connection, with nothing read yet.
    #[must_use]
    pub fn open(&self, to: SocketAddr) -> TcpStream {
        let mut wire = TcpStream::connect(to).expect("the server must accept");
        wire.set_read_timeout(Some(PATIENCE)).unwrap();
        wire.set_nodelay(true).unwrap();
        let host = self.host.clone().unwrap_or_else(|| to.to_string());
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() || self.method != "GET" {
            let declared = self.declared.unwrap_or(self.body.len());
            head.push_str(&format!("Content-Length: {declared}\r\n"));
        }
        head.push_str("\r\n");
        wire.write_all(head.as_bytes()).unwrap();
        // A server that refuses a body need not take all of it; what it answered is read all the same.
        drop(wire.write_all(&self.body));
        wire
    }

    /// Sends it, reads the whole answer and holds it to the program's own description.
    #[must_use]
    #[track_caller]
    pub fn send(&self, to: SocketAddr) -> Reply {
        let reply = self.send_unchecked(to);
        check::check(&self.method, &self.path, &reply);
        reply
    }

    /// Sends it and reads the whole answer, of whatever program it is.
    #[must_use]
    pub fn send_unchecked(&self, to: SocketAddr) -> Reply {
        let mut all = Vec::new();
        // A server may close hard after an answer it gave to half a request; what came before still counts.
        if let Err(failed) = self.open(to).read_to_end(&mut all) {
            assert!(!all.is_empty(), "{} {} got no answer: {failed}", self.method, self.path);
        }
        Reply::parse(&all)
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// In the order they came.
    pub headers: Vec<(String, String)>,
    /// With chunks put together.
    pub body: Vec<u8>,
}

impl Reply {
    fn parse(all: &[u8]) -> Self {
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer has a head");
        let (status, headers) = head(&all[..end]);
        let mut reply = Self { status, headers, body: all[end + 4..].to_vec() };
        if reply.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            reply.body = whole(&reply.body);
        }
        reply
    }

    /// A header's value, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON; panics with the body if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|no| panic!("{no} in {}: {}", self.status, self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Splits a head into status code and headers.
pub(crate) fn head(bytes: &[u8]) -> (u16, Vec<(String, String)>) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let status =
        lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).expect("a status line");
    let headers =
        lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect();
    (status, headers)
}

fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|w| w == b"\r\n") {
        let size = String::from_utf8_lossy(&chunks[..end]);
        let size =
            usize::from_str_radix(size.split(';').next().unwrap_or("").trim(), 16).expect("a chunk's size");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 2 + size + 2..];
    }
    body
}

/// `GET path`.
#[must_use]
#[track_caller]
pub fn get(to: SocketAddr, path: &str) -> Reply {
    Request::new("GET", path).send(to)
}

/// `POST path` with a JSON body.
#[must_use]
#[track_caller]
pub fn post(to: SocketAddr, path: &str, body: &Value) -> Reply {
    Request::new("POST", path).json(body).send(to)
}

/// `PATCH path` with a JSON body.
#[must_use]
#[track_caller]
pub fn patch(to: SocketAddr, path: &str, body: &Value) -> Reply {
    Request::new("PATCH", path).json(body).send(to)
}

/// `DELETE path`.
#[must_use]
#[track_caller]
pub fn delete(to: SocketAddr, path: &str) -> Reply {
    Request::new("DELETE", path).send(to)
}
