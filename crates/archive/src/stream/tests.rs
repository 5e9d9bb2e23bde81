use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::*;
use crate::testing::*;

const PATH: &str = "/api/v1/events/stream";

/// One that listens, as browsers read it.
struct Ear {
    socket: TcpStream,
    text: String,
}

/// What was told.
#[derive(Debug, PartialEq)]
struct Heard {
    kind: String,
    id: Option<u64>,
    data: Value,
}

impl Ear {
    async fn open(server: &TestServer, headers: &[(&str, &str)]) -> Self {
        let socket = server.begin(PATH, headers).await;
        let mut ear = Self { socket, text: String::new() };
        ear.up_to("\r\n\r\n").await.map_or_else(
            || panic!("no head"),
            |head| {
                assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                assert!(head.contains("content-type: text/event-stream"), "{head}");
                assert!(head.contains("cache-control: no-store"), "{head}");
            },
        );
        ear
    }

    /// `None` at the end.
    async fn up_to(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = self.text.find(mark) {
                let rest = self.text.split_off(at + mark.len());
                return Some(std::mem::replace(&mut self.text, rest));
            }
            let mut bytes = [0; 4096];
            match soon("something to hear", self.socket.read(&mut bytes)).await {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.text += std::str::from_utf8(&bytes[..n]).unwrap(),
            }
        }
    }

    /// The next thing that is told, chunks' sizes, comments and bare ids let pass.
    async fn hear(&mut self) -> Option<Heard> {
        loop {
            let block = self.up_to("\n\n").await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let Some(kind) = field("event:") else { continue };
            let data = serde_json::from_str(field("data:").unwrap()).unwrap();
            return Some(Heard {
                kind: kind.to_owned(),
                id: field("id:").map(|id| id.parse().unwrap()),
                data,
            });
        }
    }

    async fn heard(&mut self, kind: &str, id: &str) -> Heard {
        let heard = self.hear().await.expect("the stream goes on");
        assert_eq!((heard.kind.as_str(), heard.data["id"].as_str()), (kind, Some(id)), "{heard:?}");
        heard
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_an_event_is_told_as_it_happens() {
    let server = TestServer::start().await;
    let mut ear = Ear::open(&server, &[]).await;
    let wish = Wish::default();
    let draft = wish.begin(&server.store, &server.clock);
    let id = draft.id().to_string();
    let start = ear.heard("start", &id).await;
    assert_eq!((start.data["state"].as_str(), &start.data["end_time"]), (Some("recording"), &Value::Null));
    let event = wish.end(draft);
    let end = ear.heard("end", &id).await;
    let path = format!("/api/v1/events/{}", event.id);
    assert_eq!(end.data, server.get(&path).await.json());
    server.json("PATCH", &path, &json!({ "favourite": true })).await;
    let update = ear.heard("update", &id).await;
    assert_eq!(update.data["favourite"], true);
    assert!(update.id > end.id);
    server.ask("DELETE", &path, &[], "").await;
    assert_eq!(ear.heard("delete", &id).await.data, json!({ "id": id }));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_told_what_it_missed_and_who_comes_later_what_is_being_recorded() {
    let server = TestServer::start().await;
    let mut ear = Ear::open(&server, &[]).await;
    let mut last = 0;
    let made = made::many(&server.store, &server.clock, 10);
    for id in &made {
        ear.heard("start", &id.to_string()).await;
        last = ear.heard("end", &id.to_string()).await.id.unwrap();
    }
    drop(ear);
    let missed = made::many(&server.store, &server.clock, 3);
    server.ask("DELETE", &format!("/api/v1/events/{}", missed[0]), &[], "").await;
    let draft = Wish::default().begin(&server.store, &server.clock);
    let mut back = Ear::open(&server, &[("Last-Event-ID", &last.to_string())]).await;
    let mut told = Vec::new();
    loop {
        let heard = back.hear().await.unwrap();
        if heard.data["id"] == draft.id().to_string() {
            assert_eq!(heard.kind, "start");
            break;
        }
        assert!(heard.kind == "end" || heard.kind == "delete", "{heard:?}");
        assert!(heard.id.unwrap() > last || made.iter().any(|id| heard.data["id"] == id.to_string()));
        told.push((heard.kind, heard.data["id"].as_str().unwrap().to_owned()));
    }
    for (kind, id) in [("end", missed[1]), ("end", missed[2]), ("delete", missed[0])] {
        assert!(told.contains(&(kind.to_owned(), id.to_string())), "{kind} {id} is not in {told:?}");
    }
    let mut later = Ear::open(&server, &[]).await;
    later.heard("start", &draft.id().to_string()).await;
    draft.discard();
    let gone = later.hear().await.unwrap();
    assert_eq!(gone.kind, "delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_no_longer_be_told_is_a_reset() {
    let server = TestServer::start().await;
    made::many(&server.store, &server.clock, 3);
    // A number that another index gave.
    let mut ear = Ear::open(&server, &[("Last-Event-ID", "999999")]).await;
    let heard = ear.hear().await.unwrap();
    assert_eq!(heard.kind, "reset");
    // From there on it goes on as usual.
    let next = made::many(&server.store, &server.clock, 1)[0].to_string();
    ear.heard("start", &next).await;
    ear.heard("end", &next).await;
    for odd in ["-1", "x", "", "99999999999999999999999999"] {
        let mut ear = Ear::open(&server, &[("Last-Event-ID", odd)]).await;
        let draft = Wish::default().begin(&server.store, &server.clock);
        ear.heard("start", &draft.id().to_string()).await;
        draft.discard();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_fell_behind_is_told_to_begin_anew() {
    let bell = Bell::default();
    let receiver = bell.sender.subscribe();
    let listener = bell.listener();
    for n in 0..BEHIND as u64 + 10 {
        let (kind, id) = (NoticeKind::Deleted, EventId::from_parts(n, 0));
        listener(&Notice { change: n, kind, id, event: None });
    }
    let place = bell.places.clone().try_acquire_owned().unwrap();
    let mut slow = Listener {
        waiting: VecDeque::new(),
        receiver,
        known: 0,
        guard: None,
        token: CancellationToken::new(),
        ping: tokio::time::interval_at(Instant::now() + PING, PING),
        _place: place,
    };
    assert!(slow.next().await.unwrap().starts_with(b"event: reset\n"));
    assert!(slow.next().await.unwrap().starts_with(b"event: delete\n"), "what it still holds comes behind");
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_every_fifteen_seconds_and_the_end_comes_with_the_server() {
    let bell = Bell::default();
    let token = CancellationToken::new();
    let mut listener = Listener {
        waiting: VecDeque::new(),
        receiver: bell.sender.subscribe(),
        known: 0,
        guard: None,
        token: token.clone(),
        ping: tokio::time::interval_at(Instant::now() + PING, PING),
        _place: bell.places.clone().try_acquire_owned().unwrap(),
    };
    let began = Instant::now();
    assert_eq!(listener.next().await.unwrap(), Bytes::from_static(b":\n\n"));
    assert_eq!(began.elapsed().as_secs(), 15);
    assert_eq!(listener.next().await.unwrap(), Bytes::from_static(b":\n\n"));
    assert_eq!(began.elapsed().as_secs(), 30);
    token.cancel();
    assert!(listener.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_ends_with_the_server() {
    let server = TestServer::start().await;
    let mut ear = Ear::open(&server, &[]).await;
    let began = std::time::Instant::now();
    let ended = server.stop().await;
    assert_eq!(ended.abandoned, 0);
    assert_eq!(ear.hear().await, None);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_may_listen_and_no_more() {
    let server = TestServer::start().await;
    let mut ears = Vec::new();
    for _ in 0..LISTENERS {
        ears.push(Ear::open(&server, &[]).await);
    }
    let refused = server.get(PATH).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("too_many_listeners")));
    assert!(refused.header("retry-after").is_some());
    drop(ears);
    soon("a place", async {
        loop {
            let mut socket = server.begin(PATH, &[]).await;
            let mut head = [0; 12];
            socket.read_exact(&mut head).await.unwrap();
            if head.ends_with(b"200") {
                return;
            }
        }
    })
    .await;
}
