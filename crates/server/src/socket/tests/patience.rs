//! Clients that are not there, do not take, or talk too much, on a clock that waits for nobody.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};
use proptest::prelude::*;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::super::*;
use crate::testing::{House, Wish};

/// A connection in memory.
struct Wire {
    says: mpsc::Receiver<Message>,
    told: Arc<Mutex<Vec<Message>>>,
    takes: Arc<AtomicBool>,
    pinged: Arc<Notify>,
}

/// The client's end of it.
struct Client {
    says: mpsc::Sender<Message>,
    told: Arc<Mutex<Vec<Message>>>,
    takes: Arc<AtomicBool>,
    pinged: Arc<Notify>,
}

impl Stream for Wire {
    type Item = Result<Message, axum::Error>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.says.poll_recv(cx).map(|said| said.map(Ok))
    }
}

impl Sink<Message> for Wire {
    type Error = axum::Error;
    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        if matches!(message, Message::Ping(_)) {
            self.pinged.notify_one();
        }
        self.told.lock().unwrap().push(message);
        Ok(())
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        if self.takes.load(Ordering::Relaxed) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

fn wire() -> (Wire, Client) {
    let (says, heard) = mpsc::channel(1000);
    let (told, takes) = (Arc::<Mutex<Vec<Message>>>::default(), Arc::new(AtomicBool::new(true)));
    let pinged = Arc::new(Notify::new());
    let wire = Wire { says: heard, told: told.clone(), takes: takes.clone(), pinged: pinged.clone() };
    (wire, Client { says, told, takes, pinged })
}

impl Client {
    fn pings(&self) -> usize {
        self.told.lock().unwrap().iter().filter(|message| matches!(message, Message::Ping(_))).count()
    }

    /// The code of the close that it was told, if it was.
    fn closed(&self) -> Option<u16> {
        let told = self.told.lock().unwrap();
        match told.last() {
            Some(Message::Close(Some(close))) => Some(close.code),
            _ => None,
        }
    }
}

fn conversation(socket: Wire) -> Conversation<Wire> {
    Conversation::new(House::of(Wish::default()).app, Came::default(), socket)
}

#[tokio::test(start_paused = true)]
async fn a_client_of_whom_nothing_is_heard_is_closed_after_half_a_minute() {
    let (wire, client) = wire();
    let began = Instant::now();
    assert_eq!(conversation(wire).run().await, End::Silent);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(30) && took < Duration::from_millis(30_500), "{took:?}");
    assert!(client.pings() >= 2, "it was asked");
    assert_eq!(client.closed(), Some(4002));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_closed_after_half_a_minute_though_it_talks() {
    let (wire, client) = wire();
    client.takes.store(false, Ordering::Relaxed);
    let began = Instant::now();
    let talk = async {
        let mut every_second = tokio::time::interval(Duration::from_secs(1));
        loop {
            every_second.tick().await;
            client.says.send(Message::text(r#"{"type":"time","t0":1}"#)).await.unwrap();
        }
    };
    let end = tokio::select! {
        end = conversation(wire).run() => end,
        () = talk => unreachable!(),
    };
    assert_eq!(end, End::Slow);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(30) && took < Duration::from_secs(32), "{took:?}");
    assert_eq!(client.told.lock().unwrap().len(), 1, "the greeting is under way, nothing was put behind it");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays_for_as_long_as_it_likes() {
    let (wire, client) = wire();
    let answers = async {
        loop {
            client.pinged.notified().await;
            client.says.send(Message::Pong(bytes::Bytes::new())).await.unwrap();
        }
    };
    let hour = tokio::time::timeout(Duration::from_secs(3600), conversation(wire).run());
    tokio::select! {
        end = hour => assert!(end.is_err(), "{end:?} within the hour"),
        () = answers => unreachable!(),
    }
    assert!(client.pings() >= 350, "one every ten seconds: {}", client.pings());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_talks_too_much_is_closed_with_the_reason() {
    let (wire, client) = wire();
    for _ in 0..101 {
        client.says.send(Message::text(r#"{"type":"time","t0":1}"#)).await.unwrap();
    }
    assert_eq!(conversation(wire).run().await, End::Flood);
    assert_eq!(client.closed(), Some(4008));
}

#[tokio::test(start_paused = true)]
async fn the_version_that_is_spoken_is_taken_and_another_is_told_which_is() {
    let (wire, client) = wire();
    client.says.send(Message::text(r#"{"type":"hello","v":1}"#)).await.unwrap();
    client.says.send(Message::text(r#"{"type":"hello","v":2}"#)).await.unwrap();
    assert_eq!(conversation(wire).run().await, End::OtherVersion);
    assert_eq!(client.closed(), Some(4010));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_client_is_bounded() {
    let (wire, client) = wire();
    client.takes.store(false, Ordering::Relaxed);
    let mut line = Line::new(wire.split().0);
    let text = "x".repeat(1000);
    let taken = (0..5_000).take_while(|_| line.push(Message::text(text.clone())).is_ok()).count();
    assert_eq!(taken, (1 << 20) / 1000);
}

/// What a client may come up with.
fn messages() -> impl Strategy<Value = Vec<Message>> {
    let watch = ("garden|shed|nobody|", any::<f64>(), any::<f64>()).prop_map(|(camera, width, fps)| {
        serde_json::json!({ "type": "watch", "camera": camera, "width": width, "fps": fps }).to_string()
    });
    let fair = ("garden|shed", 1u32..9000, 1u32..130).prop_map(|(camera, width, fps)| {
        serde_json::json!({ "type": "watch", "camera": camera, "width": width, "fps": fps }).to_string()
    });
    let text = prop_oneof![
        watch,
        fair,
        "\\PC{0,300}",
        r#"\{"type":"(hello|watch|unwatch|time)","(v|camera|t0)":[0-9e"\-\[\]a-z]{0,20}\}"#
    ];
    let message = prop_oneof![
        8 => text.prop_map(Message::text),
        1 => proptest::collection::vec(any::<u8>(), 0..125).prop_map(Message::binary),
        1 => proptest::collection::vec(any::<u8>(), 0..125).prop_map(|it| Message::Ping(it.into())),
        1 => Just(Message::Close(None)),
    ];
    proptest::collection::vec(message, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_client_says_the_conversation_comes_to_an_end_that_is_known(said in messages()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let end = runtime.block_on(async {
            let (wire, client) = wire();
            let house = House::of(Wish::default());
            house.cameras[0].push_jpeg(1);
            for message in said {
                client.says.send(message).await.unwrap();
            }
            // Both halves of what it holds on the server's side end with it.
            let Client { says, .. } = client;
            drop(says);
            let end = Conversation::new(house.app.clone(), Came::default(), wire).run().await;
            house.life.token.cancel();
            house.life.tracker.close();
            house.life.tracker.wait().await;
            end
        });
        prop_assert!(matches!(end, End::Gone | End::Nonsense | End::OtherVersion), "{end:?}");
    }
}
