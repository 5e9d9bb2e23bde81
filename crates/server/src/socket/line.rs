//! What is told to a client: one message under way, and a few short ones that wait behind it.

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::time::Duration;

use axum::extract::ws::Message;
use futures_util::future::BoxFuture;
use futures_util::stream::SplitSink;
use futures_util::{Sink, SinkExt};
use tokio::time::{Instant, timeout};

use super::end::End;

/// Bytes that may wait behind the message under way. The greeting of a hundred cameras fits; a client that asks and does
/// not take the answers comes to its end here.
const WAITING: usize = 1 << 20;

/// A sink that comes back when its message is gone.
type Sending<S> = BoxFuture<'static, (SplitSink<S, Message>, Result<(), axum::Error>)>;

/// The sending half of a connection.
pub(super) struct Line<S> {
    /// Here while nothing is under way.
    sink: Option<SplitSink<S, Message>>,
    sending: Option<Sending<S>>,
    begun: Instant,
    is_picture: bool,
    waiting: VecDeque<Message>,
    bytes: usize,
}

/// A message that is gone: how long that took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) time: Duration,
    pub(super) is_picture: bool,
}

impl<S> Line<S>
where
    S: Sink<Message, Error = axum::Error> + Send + 'static,
{
    pub(super) fn new(sink: SplitSink<S, Message>) -> Self {
        Self {
            sink: Some(sink),
            sending: None,
            begun: Instant::now(),
            is_picture: false,
            waiting: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Whether the client has taken everything.
    pub(super) fn is_idle(&self) -> bool {
        self.sending.is_none() && self.waiting.is_empty()
    }

    /// When the message that is under way began.
    pub(super) fn busy_since(&self) -> Option<Instant> {
        self.sending.is_some().then_some(self.begun)
    }

    /// Behind what waits already.
    pub(super) fn push(&mut self, message: Message) -> Result<(), End> {
        // The first is taken whatever its size: it goes at once.
        let bytes = self.bytes + size(&message);
        if !self.waiting.is_empty() && bytes > WAITING {
            return Err(End::Slow);
        }
        self.bytes = bytes;
        self.waiting.push_back(message);
        Ok(())
    }

    /// A ping, unless something is under way: then that shows whether the client is there.
    pub(super) fn ping(&mut self) {
        if self.is_idle() {
            self.waiting.push_back(Message::Ping(bytes::Bytes::new()));
        }
    }

    /// Sends what is next to its end. Must not be called while idle; may be dropped and called again.
    pub(super) async fn progress(&mut self) -> Result<Took, End> {
        if self.sending.is_none() {
            let (Some(message), Some(mut sink)) = (self.waiting.pop_front(), self.sink.take()) else {
                return std::future::pending().await;
            };
            self.bytes = self.bytes.saturating_sub(size(&message));
            self.begun = Instant::now();
            self.is_picture = matches!(message, Message::Binary(_));
            self.sending = Some(Box::pin(async move {
                let sent = sink.send(message).await;
                (sink, sent)
            }));
        }
        let Some(sending) = &mut self.sending else { return std::future::pending().await };
        let (sink, sent) = sending.await;
        (self.sink, self.sending) = (Some(sink), None);
        sent.map_err(|error| if is_stalled(&error) { End::Slow } else { End::Gone })?;
        Ok(Took { time: self.begun.elapsed(), is_picture: self.is_picture })
    }

    /// Sends `message` as the last one, if what is under way is gone in time; what waits by then is dropped. Whether it
    /// was sent.
    pub(super) async fn last(&mut self, message: Message, patience: Duration) -> bool {
        let rest = async {
            while !self.is_idle() {
                self.progress().await?;
            }
            Ok::<(), End>(())
        };
        if matches!(timeout(patience, rest).await, Ok(Err(_))) || self.sending.is_some() {
            return false;
        }
        self.waiting.clear();
        self.waiting.push_back(message);
        self.progress().await.is_ok()
    }
}

/// Whether the connection was cut because the client took nothing of what was sent.
fn is_stalled(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}
