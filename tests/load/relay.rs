//! The reference: an axum handler that hands a camera's parts on, with nothing else in it.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The relay as a process of its own, ended when dropped.
pub(crate) struct Relay {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl Relay {
    pub(crate) fn start(url: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(["relay", url]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, addr: line.trim().parse().expect("the relay says where it listens") }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs until it is killed.
pub(crate) fn run(url: &str) {
    let upstream = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (newest, seen) = watch::channel(Bytes::new());
        let stream = move || {
            let seen = seen.clone();
            async move { relayed(seen) }
        };
        let app = axum::Router::new().route("/stream", get(stream));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr().unwrap()).unwrap();
        let serve = async { axum::serve(listener, app).await.unwrap() };
        tokio::join!(serve, pull(upstream, newest));
    });
}

fn relayed(mut seen: watch::Receiver<Bytes>) -> Response {
    seen.mark_unchanged();
    let parts = futures_util::stream::unfold(seen, |mut seen| async {
        seen.changed().await.ok()?;
        let part = seen.borrow_and_update().clone();
        Some((Ok::<_, std::convert::Infallible>(part), seen))
    });
    let response = Response::builder().header(CONTENT_TYPE, "multipart/x-mixed-replace; boundary=feed");
    response.body(Body::from_stream(parts)).unwrap()
}

/// Takes the camera's parts apart, and publishes each with its head in one piece.
async fn pull(upstream: String, newest: watch::Sender<Bytes>) {
    let mut wire = TcpStream::connect(&upstream).await.unwrap();
    wire.write_all(b"GET / HTTP/1.1\r\nHost: camera\r\n\r\n").await.unwrap();
    let mut seen: Vec<u8> = Vec::new();
    loop {
        let mut buffer = [0; 64 * 1024];
        let read = wire.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        seen.extend_from_slice(&buffer[..read]);
        while let Some((start, end)) = part(&seen) {
            newest.send_replace(Bytes::copy_from_slice(&seen[start..end]));
            seen.drain(..end);
        }
    }
}

fn part(seen: &[u8]) -> Option<(usize, usize)> {
    let head = &seen[..seen.len().min(512)];
    let head = String::from_utf8_lossy(head);
    let start = head.find("--feed\r\n")?;
    let body = start + head[start..].find("\r\n\r\n")? + 4;
    let length: usize = head[..body].rsplit("Content-Length: ").next()?.trim().parse().ok()?;
    (seen.len() >= body + length + 2).then_some((start, body + length + 2))
}
