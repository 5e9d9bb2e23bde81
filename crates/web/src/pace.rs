//! A body that a handler takes as it comes: it is held to its size, and it has to keep coming.
//!
//! Only time that the client lets pass counts, not what the handler takes with what is there already. Every KiB earns a
//! second, so a slow line is fine and one that stands still is not.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::{Buf as _, Bytes};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::socket::earned;
use crate::{Limits, Problem};

#[cfg(test)]
mod tests;

/// What an answer that came before the body's end waits for the rest of it, so that a client which is still sending
/// gets to read it.
const REST: Duration = Duration::from_secs(1);

/// What was wrong with a body that was taken as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    #[error("the body comes too slowly")]
    TooSlow,
}

impl Fault {
    fn problem(self) -> Problem {
        let close = HeaderValue::from_static("close");
        match self {
            Self::TooLarge(most) => {
                let detail =
                    format!("The request's body is larger than the {most} bytes that are taken here.");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
            }
            Self::TooSlow => {
                let detail = "The request's body came too slowly: at least a KiB a second is wanted.";
                Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
            }
        }
        .header(CONNECTION, close)
    }
}

impl Problem {
    /// What to answer when a body that is taken as it comes, see [`crate::Intake`], ends in an error.
    #[must_use]
    pub fn of_body(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<Fault>() {
                return fault.problem();
            }
            next = error.source();
        }
        Self::bad_request("bad_body", "The request's body broke off.")
    }
}

/// What the header says that the body will be long.
pub(crate) fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The request with its body held to `most` bytes and to the pace; and what is told when the body is done with.
///
/// # Errors
/// 413 if it says itself that it is too large; then nothing of it is read.
pub(crate) fn paced(request: Request, most: u64, limits: &Limits) -> Result<(Request, Arc<Notify>), Problem> {
    if declared(request.headers()).is_some_and(|bytes| bytes > most) {
        return Err(Fault::TooLarge(most).problem());
    }
    let over = Arc::new(Notify::new());
    let request = request.map(|body| {
        Body::new(Paced {
            body: Some(body),
            most,
            left: most,
            waiting: None,
            owed: Duration::ZERO,
            most_owed: limits.body,
            time_left: limits.stream,
            over: over.clone(),
        })
    });
    Ok((request, over))
}

struct Paced {
    /// `None` once it has ended.
    body: Option<Body>,
    most: u64,
    left: u64,
    /// Since when the client is waited for, and what ends that.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Time that was waited and not yet earned.
    owed: Duration,
    most_owed: Duration,
    /// What may be waited yet, earned or not.
    time_left: Duration,
    over: Arc<Notify>,
}

impl Paced {
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
                ready!(self.poll_patience(cx));
                return Poll::Ready(Some(Err(axum::Error::new(Fault::TooSlow))));
            };
            self.stop_waiting();
            let bytes = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // Trailers are nobody's here.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => bytes,
                    Err(_) => continue,
                },
            };
            let count = bytes.remaining() as u64;
            let Some(left) = self.left.checked_sub(count) else {
                return Poll::Ready(Some(Err(axum::Error::new(Fault::TooLarge(self.most)))));
            };
            self.left = left;
            self.owed = self.owed.saturating_sub(earned(bytes.remaining()));
            return Poll::Ready(Some(Ok(bytes)));
        }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.most_owed.saturating_sub(self.owed).min(self.time_left);
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(patience))));
        end.as_mut().poll(cx)
    }

    fn stop_waiting(&mut self) {
        if let Some((since, _)) = self.waiting.take() {
            self.owed += since.elapsed();
            self.time_left = self.time_left.saturating_sub(since.elapsed());
        }
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let bytes = ready!(this.poll_bytes(cx));
        if !matches!(bytes, Some(Ok(_))) {
            this.body = None;
            this.over.notify_one();
        }
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.over.notify_one();
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(mut rest), Ok(runtime)) = (rest, tokio::runtime::Handle::try_current()) {
            // Bounded by time, and dropped with the runtime.
            runtime.spawn(timeout(REST, async move { while let Some(Ok(_)) = rest.frame().await {} }));
        }
    }
}
