//! Pictures over HTTP: an MJPEG stream, or one JPEG asked for again and again; the answer's type tells which.
//!
//! Every opening has a runtime and a client of its own, on the capture thread: dropping them closes every socket,
//! whatever state it is in.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use codec::{MAX_BYTES, ScanError};
use reqwest::{Response, StatusCode, header};

use crate::backoff::most_after;
use crate::halt::Halt;
use crate::source::{Next, Opener, Payload, Source, Want};
use crate::supervisor::Tuning;
use crate::{Negotiated, Problem};

mod address;
mod auth;
mod client;
pub mod multipart;
mod words;

use address::Address;
use client::{Client, Cut};
use multipart::{Multipart, Part};

#[cfg(test)]
mod tests;

/// An address and how to talk to it.
pub(crate) struct Http {
    pub(crate) url: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) want: Want,
    pub(crate) tuning: Tuning,
    pub(crate) halt: Arc<Halt>,
}

impl Opener for Http {
    fn ask(&mut self, want: Want) -> bool {
        self.want = want;
        true
    }

    fn open(&mut self) -> Result<Box<dyn Source>, Problem> {
        let address = Address::parse(&self.url, self.user.as_deref(), self.password.as_deref())?;
        let mut client = Client::new(address, self.tuning, self.halt.clone())?;
        let response = match client.get(self.tuning.answer) {
            Ok(response) => response,
            Err(Cut::Problem(problem)) => return Err(problem),
            Err(Cut::Stopped) => return Ok(Box::new(Halted)),
            Err(Cut::Silent) => return Err(words::no_answer(client.host(), self.tuning.answer)),
        };
        match kind(&response).map_err(|found| words::not_a_stream(client.host(), &found))? {
            Kind::Stream(content_type) => Ok(Box::new(Streaming {
                parser: Multipart::new(&content_type),
                ready: VecDeque::new(),
                parts: Vec::new(),
                any_bytes: false,
                response,
                client,
            })),
            Kind::Picture => {
                let interval = Duration::from_secs_f32(1.0 / self.want.frame_rate.clamp(0.01, 120.0));
                Ok(Box::new(Polling {
                    first: Some(response),
                    client,
                    interval,
                    due: Instant::now(),
                    failures: 0,
                    halt: self.halt.clone(),
                }))
            }
        }
    }

    fn most_backoff(&self, code: &str) -> Duration {
        most_after(code)
    }
}

/// What an answer's type says.
enum Kind {
    Stream(String),
    Picture,
}

/// What kind of pictures come, or the type that is none.
fn kind(response: &Response) -> Result<Kind, String> {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = value.unwrap_or("").trim();
    let lower = content_type.to_ascii_lowercase();
    if lower.starts_with("image/jpeg") || lower.starts_with("image/jpg") || lower.starts_with("image/pjpeg") {
        Ok(Kind::Picture)
    } else if lower.starts_with("multipart/") || lower.is_empty() || lower.starts_with("application/octet") {
        Ok(Kind::Stream(content_type.to_owned()))
    } else {
        Err(lower.split(';').next().unwrap_or("").trim().chars().take(60).collect())
    }
}

/// Told to stop while it was being opened.
struct Halted;

impl Source for Halted {
    fn negotiated(&self) -> Negotiated {
        Negotiated { size: frame::Size::new(0, 0), frame_rate: None, format: "JPEG" }
    }

    fn next(&mut self, _patience: Duration) -> Result<Next, Problem> {
        Ok(Next::Stopped)
    }
}

fn picture(payload: Payload) -> Next {
    Next::Picture { payload, media_time: None, skipped: 0 }
}

/// An MJPEG stream under way.
struct Streaming {
    parser: Multipart,
    ready: VecDeque<Part>,
    parts: Vec<Part>,
    any_bytes: bool,
    // Dropped in this order: the body lets go of its connection before the client's runtime ends.
    response: Response,
    client: Client,
}

impl Source for Streaming {
    fn negotiated(&self) -> Negotiated {
        Negotiated { size: frame::Size::new(0, 0), frame_rate: None, format: "MJPEG" }
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        let deadline = Instant::now() + patience;
        loop {
            match self.ready.pop_front() {
                Some(Part::Picture(bytes)) => return Ok(picture(Payload::Jpeg(bytes))),
                Some(Part::Refused(error)) => return Ok(picture(Payload::Refused(error))),
                None => {}
            }
            match self.client.run(deadline, self.response.chunk()) {
                Ok(Ok(Some(chunk))) => {
                    self.any_bytes |= !chunk.is_empty();
                    self.parser.feed(&chunk, &mut self.parts);
                    self.ready.extend(self.parts.drain(..));
                }
                Ok(Ok(None)) if self.any_bytes => return Err(words::ended(self.client.host())),
                Ok(Ok(None)) => return Err(words::empty(self.client.host())),
                Ok(Err(error)) => return Err(words::broken(self.client.host(), &error)),
                Err(Cut::Silent) => return Ok(Next::Silent),
                Err(Cut::Stopped) => return Ok(Next::Stopped),
                Err(Cut::Problem(problem)) => return Err(problem),
            }
        }
    }
}

/// A JPEG that is asked for again at every interval. The schedule is absolute; what is late is skipped.
struct Polling {
    /// The answer that told the kind.
    first: Option<Response>,
    client: Client,
    interval: Duration,
    due: Instant,
    /// Tries in a row that failed.
    failures: u32,
    halt: Arc<Halt>,
}

/// A picture that was asked for in vain is asked for again so often before the source counts as lost.
const RETRIES: u32 = 2;
/// A camera that just failed is left alone for so long.
const BREATH: Duration = Duration::from_millis(200);

impl Source for Polling {
    fn negotiated(&self) -> Negotiated {
        let frame_rate = Some(1.0 / self.interval.as_secs_f32());
        Negotiated { size: frame::Size::new(0, 0), frame_rate, format: "JPEG" }
    }

    fn next(&mut self, patience: Duration) -> Result<Next, Problem> {
        let patience_ends = Instant::now() + patience;
        loop {
            if self.halt.wait_until(self.due) {
                return Ok(Next::Stopped);
            }
            let first = self.first.is_some();
            match self.once(patience_ends) {
                Ok(payload) => {
                    self.failures = 0;
                    return Ok(picture(payload));
                }
                Err(Cut::Silent) => return Ok(Next::Silent),
                Err(Cut::Stopped) => return Ok(Next::Stopped),
                Err(Cut::Problem(problem)) => {
                    self.failures += 1;
                    let now = Instant::now();
                    self.due = self.due.max(now + BREATH);
                    if first || self.failures > RETRIES || !passes(&problem) || self.due >= patience_ends {
                        return Err(problem);
                    }
                }
            }
        }
    }
}

/// Whether it may be gone at the next try, and trying does no harm.
fn passes(problem: &Problem) -> bool {
    matches!(problem.code, "refused" | "timeout" | "empty" | "broken" | "busy" | "server_error")
}

impl Polling {
    /// One try.
    fn once(&mut self, patience_ends: Instant) -> Result<Payload, Cut> {
        let now = Instant::now();
        while self.due <= now {
            self.due += self.interval;
        }
        let response = match self.first.take() {
            Some(response) => response,
            None => self.client.get(patience_ends.saturating_duration_since(now))?,
        };
        Ok(self.body(response, patience_ends)?.map_or_else(Payload::Refused, Payload::Jpeg))
    }

    /// The whole body, up to the limit.
    fn body(&self, mut response: Response, deadline: Instant) -> Result<Result<Bytes, ScanError>, Cut> {
        match kind(&response) {
            Ok(Kind::Picture) => {}
            Ok(Kind::Stream(found)) | Err(found) => {
                return Err(Cut::Problem(words::not_a_stream(self.client.host(), &found)));
            }
        }
        let host = self.client.host();
        let mut body = BytesMut::new();
        loop {
            match self.client.run(deadline, response.chunk())? {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BYTES => {
                    return Ok(Err(ScanError::TooLarge(body.len() + chunk.len())));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) if body.is_empty() => return Err(Cut::Problem(words::empty(host))),
                Ok(None) => return Ok(Ok(body.freeze())),
                // What came of it goes on, to be counted as cut off.
                Err(_) if !body.is_empty() => return Ok(Ok(body.freeze())),
                Err(error) => return Err(Cut::Problem(words::broken(host, &error))),
            }
        }
    }
}

/// Whether it is the answer that was hoped for; otherwise what to tell the owner.
fn checked(host: &str, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    if status.is_success() && status != StatusCode::NO_CONTENT {
        return Ok(response);
    }
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    Err(words::status(host, status, location))
}
