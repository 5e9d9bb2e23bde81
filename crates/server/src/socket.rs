//! `GET /api/v1/live`: one WebSocket for everything that a page shows.
//!
//! One task a socket. Pictures are the newest of each camera that it watches, so a client that is slow gets fewer.
//! One that takes nothing at all is noticed beneath, by the connection's write deadline; one that is not heard of is
//! dropped; one whose key was revoked is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseCode, CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, sleep_until, timeout};
use web::{Admission, Connection, Guard, Problem};

use crate::app::App;
use crate::live::Part;
use crate::mjpeg::{Came, lapsed};
use crate::socket::news::News;
use crate::socket::protocol::Request;
use crate::socket::watches::Watches;
use crate::wire::camera::CameraWire;
use crate::wire::time;

mod news;
mod protocol;
#[cfg(test)]
mod tests;
mod watches;

/// What a client says is short.
const MAX_MESSAGE: usize = 4096;
/// Messages that make no sense before the client is taken for something else.
const STRIKES: u32 = 3;
/// A message that took longer to send has shown that the client is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// A client that could not take a picture for a while is not left without one for as long again.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How patient a socket is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Between two pings.
    pub(crate) ping: Duration,
    /// Without a sign of life.
    pub(crate) silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { ping: Duration::from_secs(20), silence: Duration::from_secs(45) }
    }
}

/// `GET /api/v1/live`
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
        let _seat = Seat::take(app.clone());
        let end = Conversation::new(app, came, socket).run().await;
        tracing::debug!(?end, "a WebSocket ended");
    }))
}

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closed it, or the connection broke.
    Gone,
    /// Its key was revoked, or may no longer see this.
    Revoked,
    /// It was not heard of.
    Silent,
    /// It sent what makes no sense, again and again.
    Nonsense,
    /// What it sent was too long, or no WebSocket.
    Unreadable,
    /// The server stops.
    Shutdown,
}

impl End {
    fn close(self) -> Option<(CloseCode, &'static str)> {
        match self {
            Self::Gone | Self::Silent => None,
            Self::Revoked => Some((close_code::POLICY, "the key was revoked")),
            Self::Nonsense => Some((close_code::POLICY, "too many messages that are not understood")),
            Self::Unreadable => Some((close_code::SIZE, "a message was too long or damaged")),
            Self::Shutdown => Some((close_code::AWAY, "the server stops")),
        }
    }
}

struct Conversation {
    app: App,
    socket: WebSocket,
    watches: Watches,
    news: News,
    patience: Patience,
    connection: Option<Connection>,
    admission: Option<Guard>,
    heard: Instant,
    strikes: u32,
    /// Until when a client that took long over a picture is left alone.
    rest: Instant,
}

impl Conversation {
    fn new(app: App, came: Came, socket: WebSocket) -> Self {
        let news = News::of(&app.channels());
        let patience = app.patience;
        let now = Instant::now();
        Self {
            app,
            socket,
            watches: Watches::default(),
            news,
            patience,
            connection: came.connection,
            admission: came.admission.map(Admission::guard),
            heard: now,
            strikes: 0,
            rest: now,
        }
    }

    async fn run(mut self) -> End {
        let Err(end) = self.talk().await;
        if let Some((code, reason)) = end.close() {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // A client that is slow will most likely not take this either; a moment is enough for one that does.
            let sent = timeout(Duration::from_millis(200), self.socket.send(close)).await;
            tracing::trace!(sent = sent.is_ok(), "said good-bye");
        }
        end
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        let token = self.app.life.token.clone();
        let mut ping = tokio::time::interval(self.patience.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        self.say(&self.hello()).await?;
        loop {
            tokio::select! {
                () = token.cancelled() => return Err(End::Shutdown),
                () = lapsed(self.admission.as_mut()) => return Err(End::Revoked),
                message = self.socket.recv() => self.hear(message).await?,
                news = self.news.next() => {
                    for message in news {
                        self.say(&message).await?;
                    }
                }
                (camera, part) = next_after(self.rest, &mut self.watches) => {
                    self.show(Message::Binary(part.message(&camera))).await?;
                }
                _ = ping.tick() => self.ping().await?,
            }
        }
    }

    fn hello(&self) -> Value {
        let channels = self.app.channels();
        let cameras = channels.iter().map(|channel| CameraWire::of(channel)).collect::<Vec<_>>();
        json!({
            "type": "hello",
            "v": 1,
            "version": self.app.version,
            "now_ms": time::unix_ms(self.app.clock.wall()),
            "cameras": cameras,
        })
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > self.patience.silence {
            return Err(End::Silent);
        }
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn say(&mut self, message: &Value) -> Result<(), End> {
        self.send(Message::Text(message.to_string().into())).await
    }

    /// Sends a picture. One that took long is followed by a pause as long, so that a slow line carries half of what it
    /// could and what is said in between gets through.
    async fn show(&mut self, picture: Message) -> Result<(), End> {
        let begun = Instant::now();
        self.send(picture).await?;
        self.rest = Instant::now() + begun.elapsed().min(LONGEST_REST);
        Ok(())
    }

    /// However long it takes, as long as something of it is taken: the connection's write deadline sees to the rest.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let begun = Instant::now();
        let sent = tokio::select! {
            sent = self.socket.send(message) => sent.map_err(|_| End::Gone),
            () = self.app.life.token.cancelled() => Err(End::Shutdown),
            () = lapsed(self.admission.as_mut()) => Err(End::Revoked),
        };
        // Nothing is heard meanwhile, but who takes what is sent is there.
        if begun.elapsed() > SIGN_OF_LIFE {
            self.heard = Instant::now();
        }
        sent
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            None | Some(Ok(Message::Close(_))) => Err(End::Gone),
            Some(Err(error)) => Err(if is_of_the_client(&error) { End::Unreadable } else { End::Gone }),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Text(text))) => match protocol::parse(&text) {
                Ok(request) => self.answer(request).await,
                Err(mistake) => self.complain(mistake).await,
            },
            Some(Ok(Message::Binary(_))) => self.complain(protocol::Mistake::binary()).await,
        }
    }

    async fn complain(&mut self, mistake: protocol::Mistake) -> Result<(), End> {
        let mut error = json!({ "type": "error", "code": mistake.code, "detail": mistake.detail });
        if let Some(camera) = mistake.camera {
            error["camera"] = camera.into();
        }
        self.say(&error).await?;
        self.strikes += u32::from(mistake.is_nonsense);
        if self.strikes >= STRIKES { Err(End::Nonsense) } else { Ok(()) }
    }

    async fn answer(&mut self, request: Request) -> Result<(), End> {
        match request {
            Request::Time { t0 } => {
                let now = time::unix_ms(self.app.clock.wall());
                self.say(&json!({ "type": "time", "t0": t0, "now_ms": now })).await
            }
            Request::Unwatch { camera } => {
                self.watches.end(&camera);
                Ok(())
            }
            Request::Watch { camera, width, fps } => {
                let Ok(channel) = self.app.channel(&camera) else {
                    return self.complain(protocol::Mistake::no_camera().of(camera)).await;
                };
                if let Some(connection) = &self.connection {
                    let timeout = channel.camera.settings().client_timeout;
                    connection.set_write_stall(Duration::from_secs(timeout.into()));
                }
                match self.watches.begin(&channel, width, fps) {
                    Ok(()) => Ok(()),
                    Err(refused) => self.complain(protocol::Mistake::refused(refused).of(camera)).await,
                }
            }
        }
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
struct Seat(App, web::Gauge);

impl Seat {
    fn take(app: App) -> Self {
        let gauge = app.metrics.gauge("nightjar_websockets", "WebSockets right now.", &[]);
        gauge.set((app.sockets.0.fetch_add(1, Ordering::Relaxed) + 1).into());
        Self(app, gauge)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.1.set((self.0.sockets.0.fetch_sub(1, Ordering::Relaxed) - 1).into());
    }
}
