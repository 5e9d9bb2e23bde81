//! One request and its answer on their way, with what they meet.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::message::{Head, Length, Wire};
use super::{Fault, HOLE};
use crate::chance::Chance;

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The next request may come.
    On,
    /// It is over, by itself or after an answer of the proxy's own.
    End,
    /// Both ends are to be reset.
    Reset,
}

/// What was drawn for a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    pub(super) fault: Fault,
    /// On the way there, or else back.
    is_there: bool,
    /// Which byte, of 2^20 equal parts of what is carried.
    part: u64,
    bit: u8,
    /// Half the errors come after the server did what it was asked.
    is_done: bool,
    status: &'static str,
    /// Until the client gives up.
    is_endless: bool,
}

/// What a message carries is cut or changed there.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    cut: Option<u64>,
    flip: Option<(u64, u8)>,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Whole,
    /// The other side takes no more; it may have answered.
    Refused,
    /// It broke off by itself.
    Broken,
    /// Where it was to be cut.
    Cut,
}

const PARTS: u64 = 1 << 20;

impl Exchange {
    pub(super) fn new(fault: Fault, head: &Head, chance: &mut Chance) -> Self {
        let errors = [
            "500 Internal Server Error",
            "502 Bad Gateway",
            "503 Service Unavailable",
            "504 Gateway Timeout",
        ];
        let has_body = head.of_request() != Length::Known(0);
        Self {
            fault,
            // What carries nothing there can be harmed on its way back alone.
            is_there: chance.below(4) > 0 && (has_body || fault != Fault::Flip),
            part: chance.below(PARTS),
            bit: chance.below(8) as u8,
            is_done: chance.below(2) == 0,
            status: errors[chance.below(4) as usize],
            is_endless: chance.below(10) == 0,
        }
    }

    pub(super) async fn run(&self, head: Head, client: &mut Wire, server: &mut Wire) -> Way {
        match self.fault {
            Fault::Busy => {
                let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n";
                return self.answered(answer, &head, client).await;
            }
            Fault::Error if !self.is_done => {
                let answer = format!("HTTP/1.1 {}\r\n", self.status);
                return self.answered(&answer, &head, client).await;
            }
            Fault::Hole => return self.swallowed(client).await,
            _ => {}
        }
        let there =
            if self.is_there { self.spot(head.bytes.len(), head.of_request()) } else { Spot::default() };
        let came = carried(&head, head.of_request(), client, server, there).await;
        match came {
            Came::Whole | Came::Refused => {}
            Came::Broken | Came::Cut => return Way::Reset,
        }
        let Some(answer) = answer_of(client, server).await else { return Way::Reset };
        let length = answer.of_answer(&head);
        match self.fault {
            Fault::Lost => {
                let mut nowhere = Nowhere;
                carry(length, server, &mut nowhere, Spot::default(), 0).await;
                return Way::Reset;
            }
            Fault::Error => {
                let answer =
                    format!("HTTP/1.1 {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", self.status);
                drop(client.stream.write_all(answer.as_bytes()).await);
                return Way::End;
            }
            _ => {}
        }
        let back = if self.is_there { Spot::default() } else { self.spot(answer.bytes.len(), length) };
        match carried(&answer, length, server, client, back).await {
            Came::Whole
                if came == Came::Refused || length == Length::Close || answer.closes || head.closes =>
            {
                Way::End
            }
            Came::Whole => Way::On,
            Came::Cut | Came::Broken => Way::Reset,
            Came::Refused => Way::End,
        }
    }

    /// Where a message of that head and length is harmed.
    fn spot(&self, head: usize, length: Length) -> Spot {
        let body = match length {
            Length::Known(body) => body,
            // Somewhere near its beginning.
            Length::Chunked | Length::Close => 4096,
        };
        let at = |len: u64| {
            u64::try_from(u128::from(len) * u128::from(self.part) / u128::from(PARTS)).unwrap_or(0)
        };
        match self.fault {
            Fault::Reset => Spot { cut: Some(at(head as u64 + body)), flip: None },
            // What stands in a head is not what is carried.
            Fault::Flip => Spot { cut: None, flip: Some((at(body), self.bit)) },
            _ => Spot::default(),
        }
    }

    /// Takes the request, as a gateway does, and answers in the server's place.
    async fn answered(&self, head: &str, request: &Head, client: &mut Wire) -> Way {
        let mut nowhere = Nowhere;
        carry(request.of_request(), client, &mut nowhere, Spot::default(), 0).await;
        let answer = format!("{head}Content-Length: 5\r\nConnection: close\r\n\r\nsorry");
        drop(client.stream.write_all(answer.as_bytes()).await);
        Way::End
    }

    async fn swallowed(&self, client: &mut Wire) -> Way {
        let mut sink = vec![0; 64 * 1024];
        let swallow = async { while client.stream.read(&mut sink).await.is_ok_and(|read| read > 0) {} };
        if self.is_endless {
            swallow.await;
        } else {
            drop(tokio::time::timeout(HOLE, swallow).await);
        }
        Way::Reset
    }
}

/// The head of the server's answer; what comes before it, such as `100 Continue`, is passed on.
async fn answer_of(client: &mut Wire, server: &mut Wire) -> Option<Head> {
    loop {
        let head = server.head().await?;
        if !head.is_interim() {
            return Some(head);
        }
        client.stream.write_all(&head.bytes).await.ok()?;
    }
}

/// A head and what comes behind it, from one end to the other.
async fn carried(head: &Head, length: Length, from: &mut Wire, to: &mut Wire, spot: Spot) -> Came {
    let own = head.bytes.len() as u64;
    let until = usize::try_from(spot.cut.unwrap_or(own).min(own)).unwrap_or(usize::MAX);
    if to.stream.write_all(&head.bytes[..until]).await.is_err() {
        return Came::Refused;
    }
    if spot.cut.is_some_and(|cut| cut <= own) {
        return Came::Cut;
    }
    carry(length, from, &mut to.stream, spot, own).await
}

/// What comes behind a head of `own` bytes.
async fn carry(length: Length, from: &mut Wire, to: &mut impl Sink, spot: Spot, own: u64) -> Came {
    let mut carrier = Carrier { to, spot, all: own, data: 0 };
    match length {
        Length::Known(len) => carrier.data(from, len).await,
        Length::Close => loop {
            let Some(mut bytes) = from.some(u64::MAX).await else { return Came::Whole };
            let came = carrier.put(&mut bytes, true).await;
            if came != Came::Whole {
                return came;
            }
        },
        Length::Chunked => loop {
            let Some(mut line) = from.line().await else { return Came::Broken };
            let size = String::from_utf8_lossy(&line);
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).unwrap_or(0);
            let mut came = carrier.put(&mut line, false).await;
            if came == Came::Whole && size > 0 {
                came = carrier.data(from, size).await;
            }
            if came != Came::Whole {
                return came;
            }
            // The end of the chunk's data, or of the trailer.
            let Some(mut end) = from.line().await else { return Came::Broken };
            let came = carrier.put(&mut end, false).await;
            if came != Came::Whole || size == 0 {
                return came;
            }
        },
    }
}

struct Carrier<'a, S> {
    to: &'a mut S,
    spot: Spot,
    /// Bytes of the message so far.
    all: u64,
    /// Of them, what is carried.
    data: u64,
}

impl<S: Sink> Carrier<'_, S> {
    async fn data(&mut self, from: &mut Wire, len: u64) -> Came {
        let mut left = len;
        while left > 0 {
            let Some(mut bytes) = from.some(left).await else { return Came::Broken };
            left -= bytes.len() as u64;
            let came = self.put(&mut bytes, true).await;
            if came != Came::Whole {
                return came;
            }
        }
        Came::Whole
    }

    async fn put(&mut self, bytes: &mut Vec<u8>, is_data: bool) -> Came {
        let len = bytes.len() as u64;
        if let Some((at, bit)) = self.spot.flip.filter(|_| is_data)
            && let Some(byte) =
                at.checked_sub(self.data).and_then(|at| bytes.get_mut(usize::try_from(at).ok()?))
        {
            *byte ^= 1 << bit;
        }
        let cut = self.spot.cut.and_then(|cut| cut.checked_sub(self.all)).filter(|left| *left <= len);
        if let Some(left) = cut {
            bytes.truncate(usize::try_from(left).unwrap_or(0));
        }
        if !self.to.take(bytes).await {
            return Came::Refused;
        }
        (self.all, self.data) = (self.all + len, self.data + if is_data { len } else { 0 });
        if cut.is_some() { Came::Cut } else { Came::Whole }
    }
}

/// What takes bytes.
trait Sink {
    async fn take(&mut self, bytes: &[u8]) -> bool;
}

impl Sink for tokio::net::TcpStream {
    async fn take(&mut self, bytes: &[u8]) -> bool {
        self.write_all(bytes).await.is_ok()
    }
}

/// Takes everything, and keeps nothing.
struct Nowhere;

impl Sink for Nowhere {
    async fn take(&mut self, _bytes: &[u8]) -> bool {
        true
    }
}
