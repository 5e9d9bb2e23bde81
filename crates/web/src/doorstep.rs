//! What happens before a connection is HTTP, and when it turns out to be none.
//!
//! The first head is collected here in a small buffer: a connection costs its 20 KiB of buffers only once it has asked
//! for something, so heads that never end are cheap. And what is answered without a request, because none could be
//! read, gets the shape of a problem with a request id like everything else.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::socket::Socket;
use crate::{Limits, Problem, RequestId};

#[cfg(test)]
mod tests;

/// Most heads fit into it.
const FIRST: usize = 1024;

/// What came of waiting for a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// It is complete, or can never be one: either way it is to be read as HTTP.
    Begun(Vec<u8>),
    /// It is longer than it may be.
    TooLong,
    /// It did not end in time, or the client left.
    Never,
}

/// Collects the first head of a connection.
pub(crate) async fn head(socket: &mut Socket, limits: &Limits) -> Head {
    timeout(limits.header, collect(socket, limits.header_bytes)).await.unwrap_or(Head::Never)
}

async fn collect(socket: &mut Socket, most: usize) -> Head {
    let mut head = Vec::with_capacity(FIRST.min(most));
    loop {
        let before = head.len();
        match socket.read_buf(&mut head).await {
            Ok(0) | Err(_) => return Head::Never,
            Ok(_) => {}
        }
        if !may_be_http(head[0]) || ends_within(&head[before.saturating_sub(3)..]) {
            return Head::Begun(head);
        }
        if head.len() >= most {
            return Head::TooLong;
        }
        if head.len() == head.capacity() {
            head.reserve_exact(head.len().min(most - head.len()));
        }
    }
}

/// Methods are letters, and empty lines before them are let pass. Whoever speaks TLS here, say, is told at once.
fn may_be_http(first: u8) -> bool {
    first.is_ascii_uppercase() || first == b'\r' || first == b'\n'
}

/// An empty line that is not the first one.
fn ends_within(bytes: &[u8]) -> bool {
    let after = |mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    after(b"\n\r\n") || after(b"\n\n")
}

/// The whole answer to a head that is too long.
pub(crate) fn too_long(limits: &Limits) -> Vec<u8> {
    let detail =
        format!("The request's head is longer than the {} bytes that are taken here.", limits.header_bytes);
    answer(&Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", detail))
}

/// The whole answer to a connection for which there is no place.
pub(crate) fn full() -> Vec<u8> {
    let detail = "Too many connections are open. Come again in a while.";
    answer(&Problem::unavailable("too_many_connections", detail, 5))
}

/// How long an answer on the doorstep may take to be sent.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

/// hyper's own answer to what it could not read has no body, which none of ours is without: what stands in its place.
pub(crate) fn dressed(written: &[u8]) -> Option<Vec<u8>> {
    if written.len() > 256 || !written.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(written).ok()?;
    let status = head.get(9..12)?.parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok())?;
    let is_bare = head.ends_with("\r\n\r\n") && head.contains("\r\ncontent-length: 0\r\n");
    let problem = match status.as_u16() {
        400 => Problem::bad_request("bad_request", "This is no HTTP/1.1 request that can be read."),
        414 => Problem::new(status, "target_too_long", "The request's first line is too long."),
        431 => {
            Problem::new(status, "head_too_large", "The request's head is too long, or has too many headers.")
        }
        _ => return None,
    };
    is_bare.then(|| answer(&problem))
}

fn answer(problem: &Problem) -> Vec<u8> {
    let id = RequestId::of(&HeaderMap::new());
    let (status, body) = (problem.status(), problem.text(Some(&id)));
    let title = status.canonical_reason().unwrap_or("Error");
    let (code, length, id) = (status.as_u16(), body.len(), id.as_str());
    let own = problem
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    let own = own.collect::<String>();
    format!(
        "HTTP/1.1 {code} {title}\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\n\
         x-request-id: {id}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\
         {own}connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
