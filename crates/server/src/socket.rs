//! `GET /api/v1/live`: one WebSocket for everything that a page shows.
//!
//! One task a socket. It hears and tells at the same time, but only one message is under way: what changed and the newest
//! picture of each camera are asked for when the client has taken what came before, so one that is slow gets fewer
//! pictures and costs no more memory than one. Every end has a code and a reason, told if the client still takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use futures_util::stream::SplitStream;
use futures_util::{Sink, Stream, StreamExt};
use http::{HeaderValue, StatusCode, header};
use tokio::time::{Instant, MissedTickBehavior, sleep_until, timeout};
use web::{Admission, Connection, Guard, Problem};

use crate::app::App;
use crate::live::Part;
use crate::mjpeg::{Came, lapsed};
use crate::socket::end::End;
use crate::socket::line::Line;
use crate::socket::news::News;
use crate::socket::protocol::{Mistake, Request};
use crate::socket::rate::Rate;
use crate::socket::watches::Watches;
use crate::wire::camera::CameraWire;
use crate::wire::live::Told;
use crate::wire::time;

mod end;
mod line;
mod news;
mod protocol;
mod rate;
#[cfg(test)]
mod tests;
mod watches;

/// Of the messages; a change that an older client would misread makes it one more.
pub(crate) const VERSION: u32 = 1;
/// What a client says is short.
const MAX_MESSAGE: usize = 4096;
/// Messages that make no sense before the client is taken for something else.
const STRIKES: u32 = 3;
/// A message that took longer to send has shown that the client is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// A client that could not take a picture for a while is not left without one for as long again.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// For the last words: until what is under way is gone, until they are gone, and until the client has heard them.
const LAST_WORDS: Duration = Duration::from_millis(150);
/// WebSockets at the same time, of all clients together; each page has one.
const MOST: u32 = 128;

/// What is said over it.
const SPOKEN: &str = include_str!("socket/spoken.md");

/// How patient a socket is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Between two pings.
    pub(crate) ping: Duration,
    /// Without a sign of life, or over one message.
    pub(crate) silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { ping: Duration::from_secs(10), silence: Duration::from_secs(30) }
    }
}

/// A WebSocket: state and motion of all cameras, and pictures of those that are asked for.
#[utoipa::path(get, path = "/api/v1/live", tag = "cameras", description = SPOKEN,
    responses(
        (status = 101, description = "The connection speaks WebSocket from here on."),
        (status = 426, description = "The request does not ask for a WebSocket."),
    ))]
pub(crate) async fn live(
    State(app): State<App>,
    came: Came,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        let detail = "This path speaks WebSocket only; ask with Upgrade: websocket.";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
            .header(header::UPGRADE, HeaderValue::from_static("websocket"))
    })?;
    // Taken before the upgrade, so that a shutdown in between waits for the socket as well.
    let alive = app.life.tracker.token();
    let upgrade = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let _alive = alive;
        let seat = Seat::take(app.clone());
        let conversation = Conversation::new(app.clone(), came, socket);
        let end = if seat.is_one_too_many { conversation.refuse().await } else { conversation.run().await };
        app.metrics
            .counter("nightjar_websocket_ends_total", "WebSockets by how they ended.", &[("end", end.name())])
            .inc();
        tracing::debug!(?end, "a WebSocket ended");
    }))
}

/// One client, over whatever carries messages.
struct Conversation<S> {
    app: App,
    ear: SplitStream<S>,
    line: Line<S>,
    watches: Watches,
    news: News,
    patience: Patience,
    connection: Option<Connection>,
    admission: Option<Guard>,
    heard: Instant,
    strikes: u32,
    rate: Rate,
    /// Until when a client that took long over a picture is left alone.
    rest: Instant,
}

impl<S> Conversation<S>
where
    S: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Send + 'static,
{
    fn new(app: App, came: Came, socket: S) -> Self {
        let news = News::of(&app.channels());
        let patience = app.patience;
        let now = Instant::now();
        let (mouth, ear) = socket.split();
        Self {
            app,
            ear,
            line: Line::new(mouth),
            watches: Watches::of(came.connection.as_ref().and_then(Connection::counted_as)),
            news,
            patience,
            connection: came.connection,
            admission: came.admission.map(Admission::guard),
            heard: now,
            strikes: 0,
            rate: Rate::new(now),
            rest: now,
        }
    }

    async fn run(mut self) -> End {
        let Err(end) = self.talk().await;
        self.part(end).await;
        end
    }

    /// Closes at once, for want of a place.
    async fn refuse(mut self) -> End {
        self.part(End::Crowded).await;
        End::Crowded
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        let token = self.app.life.token.clone();
        let mut ping = tokio::time::interval(self.patience.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        self.tell(&self.hello())?;
        loop {
            let (idle, deadline) = (self.line.is_idle(), self.deadline());
            tokio::select! {
                () = token.cancelled() => return Err(End::Shutdown),
                () = lapsed(self.admission.as_mut()) => return Err(End::Revoked),
                () = sleep_until(deadline) => return Err(self.out_of_patience()),
                message = self.ear.next() => self.hear(message)?,
                took = self.line.progress(), if !idle => self.sent(took?)?,
                _ = ping.tick() => self.line.ping(),
                news = self.news.next(), if idle => {
                    for message in news {
                        self.tell(&message)?;
                    }
                }
                (camera, part) = next_after(self.rest, &mut self.watches), if idle => {
                    self.line.push(Message::Binary(part.message(&camera)))?;
                }
            }
        }
    }

    /// When patience ends: counted from the beginning of the message that is under way, whatever else the client says,
    /// or from the last sign of life. That counts for a message, too, if the client was silent for long before it; one
    /// that was not may be silent behind it, since no ping gets through.
    fn deadline(&self) -> Instant {
        let recent = self.heard + self.patience.ping * 3 / 2;
        let since = self.line.busy_since().filter(|since| *since < recent);
        since.unwrap_or(self.heard) + self.patience.silence
    }

    /// Nothing was heard, or something is under way for too long. What was begun only now, as the last ping, is no reason.
    fn out_of_patience(&self) -> End {
        let is_stuck = self.line.busy_since().is_some_and(|since| since.elapsed() >= self.patience.ping);
        if is_stuck { End::Slow } else { End::Silent }
    }

    fn hello(&self) -> Told {
        let channels = self.app.channels();
        Told::Hello {
            v: VERSION,
            version: self.app.version,
            now_ms: time::unix_ms(self.app.clock.wall()),
            cameras: channels.iter().map(|channel| CameraWire::of(channel)).collect(),
        }
    }

    fn tell(&mut self, message: &Told) -> Result<(), End> {
        let text = serde_json::to_string(message).unwrap_or_default();
        self.line.push(Message::Text(text.into()))
    }

    /// A message is gone. A picture that took long is followed by a pause as long, so that a slow line carries half of
    /// what it could and what is said in between gets through.
    fn sent(&mut self, took: line::Took) -> Result<(), End> {
        let now = Instant::now();
        if took.time > SIGN_OF_LIFE {
            self.heard = now;
        }
        if took.is_picture {
            self.rest = now + took.time.min(LONGEST_REST);
        }
        Ok(())
    }

    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            None | Some(Ok(Message::Close(_))) => Err(End::Gone),
            Some(Err(error)) => Err(if is_of_the_client(&error) { End::Unreadable } else { End::Gone }),
            Some(Ok(_)) if !self.rate.allows(self.heard) => Err(End::Flood),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Text(text))) => match protocol::parse(&text) {
                Ok(request) => self.answer(request),
                Err(mistake) => self.complain(mistake),
            },
            Some(Ok(Message::Binary(_))) => self.complain(Mistake::binary()),
        }
    }

    fn complain(&mut self, mistake: Mistake) -> Result<(), End> {
        self.strikes += u32::from(mistake.is_nonsense);
        self.tell(&Told::Error { code: mistake.code, detail: mistake.detail, camera: mistake.camera })?;
        if self.strikes >= STRIKES { Err(End::Nonsense) } else { Ok(()) }
    }

    fn answer(&mut self, request: Request) -> Result<(), End> {
        match request {
            Request::Hello { v } if v == u64::from(VERSION) => Ok(()),
            Request::Hello { .. } => Err(End::OtherVersion),
            Request::Time { t0 } => {
                let now_ms = time::unix_ms(self.app.clock.wall());
                self.tell(&Told::Time { t0, now_ms })
            }
            Request::Unwatch { camera } => {
                self.watches.end(&camera);
                Ok(())
            }
            Request::Watch { camera, width, fps } => {
                let Ok(channel) = self.app.channel(&camera) else {
                    return self.complain(Mistake::no_camera().of(camera));
                };
                if let Some(connection) = &self.connection {
                    let timeout = channel.camera.settings().client_timeout;
                    connection.set_write_stall(Duration::from_secs(timeout.into()));
                }
                match self.watches.begin(&channel, width, fps) {
                    Ok(()) => Ok(()),
                    Err(refused) => self.complain(Mistake::refused(&refused).of(camera)),
                }
            }
        }
    }

    /// Says why, if the client still takes that, and waits a moment for it to be heard: closing a connection with
    /// something unread would take the words back.
    async fn part(&mut self, end: End) {
        let Some(close) = end.close() else { return };
        let told = timeout(LAST_WORDS * 2, self.line.last(close, LAST_WORDS)).await;
        if !matches!(told, Ok(true)) {
            return;
        }
        let heard = async { while let Some(Ok(_)) = self.ear.next().await {} };
        let heard = timeout(LAST_WORDS, heard).await.is_ok();
        tracing::trace!(heard, "said good-bye");
    }
}

/// The next picture, but not before `rest` is over. May be dropped.
async fn next_after(rest: Instant, watches: &mut Watches) -> (String, Arc<Part>) {
    sleep_until(rest).await;
    watches.next().await
}

/// Whether it is what was sent that is wrong, and not the connection.
fn is_of_the_client(error: &axum::Error) -> bool {
    let text = error.to_string();
    // axum hides the kind of the error; these are tungstenite's words for a message that is too long or damaged.
    !(text.contains("Connection") || text.contains("connection") || text.contains("IO error"))
}

/// How many sockets there are.
#[derive(Debug, Default)]
pub(crate) struct Sockets(AtomicU32);

/// One of them; counted until dropped.
struct Seat {
    app: App,
    gauge: web::Gauge,
    is_one_too_many: bool,
}

impl Seat {
    fn take(app: App) -> Self {
        let gauge = app.metrics.gauge("nightjar_websockets", "WebSockets right now.", &[]);
        let count = app.sockets.0.fetch_add(1, Ordering::Relaxed) + 1;
        gauge.set(count.into());
        Self { app, gauge, is_one_too_many: count > MOST }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gauge.set((self.app.sockets.0.fetch_sub(1, Ordering::Relaxed) - 1).into());
    }
}
