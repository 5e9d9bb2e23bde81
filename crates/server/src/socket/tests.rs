use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Patience;
use crate::testing::*;
use crate::*;

mod patience;

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn of(server: &TestServer) -> Self {
        Self::with(server, &[]).await
    }

    async fn with(server: &TestServer, headers: &[(&'static str, &str)]) -> Self {
        Self::on(server.connect().await, server, headers).await
    }

    async fn on(stream: TcpStream, server: &TestServer, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{}/api/v1/live", server.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Self(client_async(request, stream).await.unwrap().0)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Message {
        loop {
            let message = soon("a message", self.0.next()).await.unwrap().unwrap();
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return message;
            }
        }
    }

    /// The next text of that type; others are let pass.
    async fn text(&mut self, kind: &str) -> Value {
        loop {
            if let Message::Text(text) = self.next().await {
                let value = serde_json::from_str::<Value>(&text).unwrap();
                described().is("LiveMessage", &value).unwrap_or_else(|no| panic!("{no}: {value:#}"));
                if value["type"] == kind {
                    return value;
                }
            }
        }
    }

    /// The next picture: camera, flags, seq, JPEG.
    async fn picture(&mut self) -> (String, u16, u64, Vec<u8>) {
        loop {
            if let Message::Binary(bytes) = self.next().await {
                assert_eq!(bytes[0], 1);
                let id = 24 + usize::from(bytes[1]);
                let seq = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
                let name = String::from_utf8(bytes[24..id].to_vec()).unwrap();
                return (name, u16::from_le_bytes([bytes[2], bytes[3]]), seq, bytes[id..].to_vec());
            }
        }
    }

    /// The code the server closes with, 0 if the connection just ends.
    async fn closed(&mut self) -> u16 {
        loop {
            match soon("the close", self.0.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return 0,
            }
        }
    }
}

fn moving(seq: u64) -> MotionView {
    let region = Region {
        track: 3,
        rect: frame::Rect::new(32, 18, 160, 90),
        label: "animal",
        confidence: 0.857,
        alternatives: vec![],
        direction: "right",
        trail: vec![frame::Point { x: 0.25, y: 0.5 }],
    };
    MotionView { seq, size: SIZE, detected: true, regions: vec![region], ..MotionView::empty() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_says_everything_a_page_needs() {
    let server = TestServer::start().await;
    let hello = Client::of(&server).await.text("hello").await;
    assert_eq!((&hello["v"], &hello["version"]), (&json!(1), &json!("0.0.0")));
    assert!((hello["now_ms"].as_f64().unwrap() - 1.7e12).abs() < 1.0);
    let garden = &hello["cameras"][0];
    assert_eq!(garden["id"], "garden");
    assert_eq!(garden["source"]["state"], "live");
    assert_eq!(garden["motion"]["sensitivity"], 80);
    assert_eq!(hello["cameras"][1]["id"], "shed");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_watched_cameras_send_pictures_and_only_the_newest() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    client.text("hello").await;
    server.garden.push_bytes(1, 100);
    server.shed.push_bytes(9, 100);
    client.say(json!({ "type": "watch", "camera": "garden", "fps": 15 })).await;
    assert_eq!(client.picture().await, ("garden".into(), 0, 1, vec![1; 100]));
    client.say(json!({ "type": "watch", "camera": "shed" })).await;
    assert_eq!(client.picture().await, ("shed".into(), 0, 1, vec![9; 100]));
    client.say(json!({ "type": "unwatch", "camera": "garden" })).await;
    let garden = server.app.channel("garden").unwrap();
    until("the watch ends", || garden.viewers() == 0 && garden.variants() == 0).await;
    server.garden.push_bytes(2, 100);
    server.shed.push_bytes(8, 100);
    assert_eq!(client.picture().await, ("shed".into(), 0, 2, vec![8; 100]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_can_be_changed_and_a_lost_camera_is_flagged() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.max_clients = 1);
    server.garden.push_jpeg(40);
    let mut client = Client::of(&server).await;
    client.say(json!({ "type": "watch", "camera": "garden" })).await;
    let (_, _, _, jpeg) = client.picture().await;
    assert_eq!(codec::scan(jpeg.into()).unwrap().size, SIZE);
    client.say(json!({ "type": "watch", "camera": "garden", "width": 150 })).await;
    let (_, _, _, jpeg) = client.picture().await;
    assert_eq!(codec::scan(jpeg.into()).unwrap().size.width, 160);
    let garden = server.app.channel("garden").unwrap();
    until("the first watch is gone", || garden.viewers() == 1 && garden.variants() == 1).await;
    server.garden.lose();
    let (_, flags, _, _) = client.picture().await;
    assert_eq!(flags, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_at_once_and_motion_with_every_decision() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    client.text("hello").await;
    server.garden.lose();
    let camera = client.text("camera").await;
    assert_eq!(camera["camera"]["source"]["state"], "lost");
    assert_eq!(camera["camera"]["source"]["problem"]["mend"], "Look at its plug.");
    server.garden.configure(|settings| settings.motion_threshold = 35);
    assert_eq!(client.text("camera").await["camera"]["motion"]["sensitivity"], 70);
    server.garden.set_motion(moving(5));
    let motion = client.text("motion").await;
    assert_eq!(
        (&motion["camera"], &motion["seq"], &motion["detected"]),
        (&json!("garden"), &json!(5), &json!(true))
    );
    let expected = json!([{
        "track": 3, "box": [0.1, 0.1, 0.5, 0.5], "label": "animal", "confidence": 0.86, "direction": "right",
        "trail": [[0.25, 0.5]],
    }]);
    assert_eq!(motion["regions"], expected);
    server.garden.set_motion(MotionView { seq: 6, activity_version: 1, ..MotionView::empty() });
    assert_eq!(client.text("motion").await["detected"], false);
    assert_eq!(client.text("activity").await["camera"], "garden");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_echoed_so_that_a_page_can_tell_the_age_of_a_frame() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    client.say(json!({ "type": "time", "t0": 1234.5 })).await;
    let time = client.text("time").await;
    assert_eq!(time["t0"], 1234.5);
    assert!(time["now_ms"].as_f64().unwrap() >= 1.7e12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_message_that_makes_no_sense_ends_it() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    client.say(json!({ "type": "watch", "camera": "nobody" })).await;
    assert_eq!(client.text("error").await["code"], "not_found");
    for code in ["unknown_type", "bad_json", "binary"] {
        match code {
            "unknown_type" => client.say(json!({ "type": "dance" })).await,
            "bad_json" => client.0.send(Message::text("{")).await.unwrap(),
            _ => client.0.send(Message::binary(vec![1, 2])).await.unwrap(),
        }
        assert_eq!(client.text("error").await["code"], code);
    }
    assert_eq!(client.closed().await, 4003);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_ends_it() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    client.text("hello").await;
    client.0.send(Message::text("x".repeat(5000))).await.unwrap();
    assert_eq!(client.closed().await, 4003);
    until("the socket is gone", || server.metrics.gauge("nightjar_websockets", "", &[]).get() < 0.5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_heard_of_is_dropped_and_one_that_answers_is_kept() {
    let patience = Patience { ping: Duration::from_millis(50), silence: Duration::from_millis(200) };
    let server = TestServer::with(Wish { patience, ..Wish::default() }).await;
    let silent = Client::of(&server).await;
    let mut answering = Client::of(&server).await;
    let gauge = server.metrics.gauge("nightjar_websockets", "", &[]);
    until("both are there", || gauge.get() > 1.5).await;
    soon("the silent one is dropped", async {
        while gauge.get() > 1.5 {
            // Reading answers pings.
            tokio::time::timeout(Duration::from_millis(10), answering.0.next()).await.ok();
        }
    })
    .await;
    answering.say(json!({ "type": "time", "t0": 1 })).await;
    answering.text("time").await;
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_take_its_pictures_is_closed_and_others_get_every_one() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.client_timeout = 1);
    let mut slow = Client::of(&server).await;
    slow.say(json!({ "type": "watch", "camera": "garden" })).await;
    let mut quick = Client::of(&server).await;
    quick.say(json!({ "type": "watch", "camera": "garden" })).await;
    let garden = server.app.channel("garden").unwrap();
    until("both watch", || garden.viewers() == 2).await;
    let mut byte = 0u8;
    soon("the slow one is closed", async {
        while garden.viewers() == 2 {
            byte = byte.wrapping_add(1);
            let seq = server.garden.push_bytes(byte, 400_000);
            while quick.picture().await.2 != seq {}
        }
    })
    .await;
    let slow = server.metrics.counter("nightjar_websocket_ends_total", "", &[("end", "slow")]);
    until("it is told from those that went", || slow.get() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_too_many_is_told_which_camera_it_may_not_watch() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.max_clients = 1);
    server.shed.configure(|settings| settings.max_clients = 1);
    server.garden.push_bytes(1, 100);
    let _viewer = server.stream("/stream").await;
    let mut client = Client::of(&server).await;
    client.say(json!({ "type": "watch", "camera": "shed" })).await;
    let error = client.text("error").await;
    assert_eq!((&error["code"], &error["camera"]), (&json!("too_many_viewers"), &json!("shed")));
    assert_eq!(error["detail"], "1 viewer is watching, and no more are allowed.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_is_told_what_this_path_speaks() {
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/live").await;
    assert_eq!((reply.status, reply.header("upgrade")), (426, Some("websocket")));
    assert_eq!(reply.json()["code"], "upgrade_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_key_is_revoked_is_closed_and_told_so() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let mut client = Client::with(&house.server, &[("x-api-key", &key.text)]).await;
    client.text("hello").await;
    house.keys.revoke(&key.key.id).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(client.closed().await, 4001);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_sends_no_password_with_websockets_gets_in_by_its_session() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let cookie = house.session(&key.text).await;
    let own = format!("http://{}", house.server.address);
    let headers = [("cookie", cookie.as_str()), ("origin", own.as_str())];
    let mut client = Client::with(&house.server, &headers).await;
    client.text("hello").await;
    house.keys.revoke(&key.key.id).unwrap();
    assert_eq!(client.closed().await, 4001, "the session ends with its key");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_reads_slowly_but_steadily_is_kept_and_gets_fewer_pictures() {
    let server = TestServer::start().await;
    server.garden.configure(|settings| settings.client_timeout = 1);
    server.garden.push_bytes(0, 300_000);
    let mut client = Client::on(server.narrow().await, &server, &[]).await;
    client.say(json!({ "type": "watch", "camera": "garden" })).await;
    let garden = server.app.channel("garden").unwrap();
    until("it watches", || garden.viewers() == 1).await;
    // 16 KiB every 50 ms: a picture of 300 kB takes about as long as the stall limit.
    let began = std::time::Instant::now();
    let socket = client.0.get_mut();
    let (mut tick, mut read) = (tokio::time::interval(Duration::from_millis(50)), 0);
    let mut chunk = vec![0; 16 * 1024];
    while began.elapsed() < Duration::from_secs(4) {
        tick.tick().await;
        server.garden.push_bytes(1, 300_000);
        read += soon("more", tokio::io::AsyncReadExt::read(socket, &mut chunk)).await.unwrap();
        assert_eq!(garden.viewers(), 1, "cut after {:?} and {read} bytes", began.elapsed());
    }
    assert!(read > 300_000, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_cameras_come_over_one_connection_and_the_seventeenth_is_told_why_not() {
    let server = TestServer::with(Wish { more: 15, ..Wish::default() }).await;
    let mut client = Client::of(&server).await;
    let hello = client.text("hello").await;
    let ids =
        hello["cameras"].as_array().unwrap().iter().map(|camera| camera["id"].as_str().unwrap().to_owned());
    let ids = ids.collect::<Vec<_>>();
    assert_eq!(ids.len(), 17);
    for (byte, camera) in (0u8..).zip(&server.cameras) {
        camera.push_bytes(byte, 1000);
    }
    for id in &ids {
        client.say(json!({ "type": "watch", "camera": id })).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut refused = None;
    while seen.len() < 16 || refused.is_none() {
        match client.next().await {
            Message::Binary(bytes) => {
                let id = 24 + usize::from(bytes[1]);
                let name = String::from_utf8(bytes[24..id].to_vec()).unwrap();
                let place = ids.iter().position(|id| *id == name).unwrap();
                assert_eq!(usize::from(bytes[id]), place, "the picture is {name}'s own");
                seen.insert(name);
            }
            Message::Text(text) => {
                let said = serde_json::from_str::<Value>(&text).unwrap();
                refused = refused.or((said["type"] == "error").then_some(said));
            }
            other => panic!("{other:?}"),
        }
    }
    let refused = refused.unwrap();
    assert_eq!((&refused["code"], &refused["camera"]), (&json!("too_many_cameras"), &json!("camera15")));
    client.say(json!({ "type": "unwatch", "camera": "garden" })).await;
    client.say(json!({ "type": "watch", "camera": "camera15" })).await;
    soon("its place is another's", async { while client.picture().await.0 != "camera15" {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_gets_the_newest_pictures_only_and_a_fast_one_every_one_of_them() {
    let server = TestServer::start().await;
    let skipped = server.metrics.counter("nightjar_viewer_skipped_total", "", &[("camera", "garden")]);
    server.garden.push_bytes(0, 300_000);
    let mut slow = Client::on(server.narrow().await, &server, &[]).await;
    slow.say(json!({ "type": "watch", "camera": "garden" })).await;
    let mut fast = Client::of(&server).await;
    fast.say(json!({ "type": "watch", "camera": "garden" })).await;
    fast.picture().await;
    let garden = server.app.channel("garden").unwrap();
    until("both watch", || garden.viewers() == 2).await;
    let mut last = 0;
    for byte in 1..=40u8 {
        last = server.garden.push_bytes(byte, 300_000);
        assert_eq!(fast.picture().await.2, last, "the fast one gets each as it comes");
    }
    // It reads again: what was under way, and then the newest, whatever came between.
    let mut got = vec![slow.picture().await.2];
    while *got.last().unwrap() < last {
        got.push(slow.picture().await.2);
    }
    assert!(got.windows(2).all(|pair| pair[0] < pair[1]), "{got:?}");
    assert!(got.len() < 10, "kernel buffers hold a few, nothing else does: {got:?}");
    assert!(skipped.get() >= 30, "and what it skipped is counted: {}", skipped.get());
}

#[tokio::test(flavor = "multi_thread")]
async fn why_it_fired_is_told_with_the_motion_and_when_the_reason_is_another() {
    let server = TestServer::start().await;
    let mut client = Client::of(&server).await;
    assert_eq!(client.text("hello").await["cameras"][0]["why"], json!(null));
    let gate = GateView { name: "travel", value: 12.3456, limit: 9.0, at_least: true, passed: true };
    let why = std::sync::Arc::new(Why {
        at: std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        track: 3,
        label: "animal",
        fired: true,
        gates: vec![gate],
        sentence: "An animal moved.".into(),
    });
    server.garden.set_motion(MotionView { why: Some(why.clone()), ..moving(5) });
    let motion = client.text("motion").await;
    let gate = json!({ "name": "travel", "value": 12.346, "limit": 9.0, "at_least": true, "passed": true });
    assert_eq!(motion["why"]["gates"], json!([gate]));
    assert_eq!(
        (&motion["why"]["sentence"], &motion["why"]["fired"]),
        (&json!("An animal moved."), &json!(true))
    );
    // Nothing moves any more, and then something is held back.
    server.garden.set_motion(MotionView { seq: 6, why: Some(why.clone()), ..MotionView::empty() });
    assert_eq!(client.text("motion").await["seq"], 6);
    let held = std::sync::Arc::new(Why { fired: false, sentence: "Not counted.".into(), ..(*why).clone() });
    server.garden.set_motion(MotionView { seq: 9, why: Some(held), ..MotionView::empty() });
    let motion = client.text("motion").await;
    assert_eq!((&motion["seq"], &motion["why"]["fired"]), (&json!(9), &json!(false)));
    let camera = server.get("/api/v1/cameras/garden").await.json();
    assert_eq!(camera["why"], motion["why"]);
    assert_eq!(server.get("/api/v1/cameras/garden/motion").await.json()["why"], motion["why"]);
    let visit = server.get("/api/v1/cameras/garden/activity").await.json();
    assert_eq!((&visit["visits_total"], &visit["visit_open"]), (&json!(57), &json!(7)));
    assert_eq!(visit["visits"][0]["why"], "An animal moved.");
}
