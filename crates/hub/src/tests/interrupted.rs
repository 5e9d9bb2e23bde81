//! What is cut off, and gone on with.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::body::LARGE_PIECE;
use crate::testing::*;

/// So that some of it is written.
const MORE_THAN_A_PIECE: usize = LARGE_PIECE + 1000;

/// A part whose sender stops after so many bytes, and keeps its line.
async fn begun(hub: &TestHub, sent: &Sent, key: &str, bytes: usize) -> TcpStream {
    let digest = digest(&sent.clip);
    let length = sent.clip.len().to_string();
    let headers = [
        ("X-API-Key", key),
        ("Upload-Offset", "0"),
        ("Content-Digest", &*digest),
        ("Content-Length", &*length),
    ];
    let head = hub.head("PATCH", &sent.path("/clip"), &headers);
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    stream.write_all(&sent.clip[..bytes]).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_cut_off_leaves_nothing_and_the_clip_goes_on() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 1600, ..made::Wish::default() });
    sent.pictures(&hub, &hub.nest).await;
    let line = begun(&hub, &sent, &hub.nest, MORE_THAN_A_PIECE).await;
    let (store, id) = (hub.store.clone(), sent.id);
    let offset = move || store.standing(id).unwrap().unwrap().standing.offset;
    until("some of it is there", || offset() > 0).await;
    drop(line);
    until("it is taken back", || offset() == 0).await;
    sent.send(&hub, &hub.nest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_again_takes_over_from_a_line_that_is_dead() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 1600, ..made::Wish::default() });
    sent.pictures(&hub, &hub.nest).await;
    let _dead = begun(&hub, &sent, &hub.nest, MORE_THAN_A_PIECE).await;
    let id = sent.id;
    until("some of it is there", || hub.store.standing(id).unwrap().unwrap().standing.offset > 0).await;
    let reply = sent.part(&hub, &hub.nest, 0, &sent.clip).await;
    assert_eq!((reply.status, &reply.json()["offset"]), (200, &json!(sent.clip.len())), "{reply:?}");
    assert_eq!(sent.finish(&hub, &hub.nest).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_how_far_it_is_is_told_what_stays() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 1600, ..made::Wish::default() });
    sent.pictures(&hub, &hub.nest).await;
    let _dead = begun(&hub, &sent, &hub.nest, MORE_THAN_A_PIECE).await;
    let id = sent.id;
    until("some of it is there", || hub.store.standing(id).unwrap().unwrap().standing.offset > 0).await;
    assert_eq!(sent.standing(&hub, &hub.nest).await["offset"], 0);
    let _dead = begun(&hub, &sent, &hub.nest, MORE_THAN_A_PIECE).await;
    until("some of it is there again", || hub.store.standing(id).unwrap().unwrap().standing.offset > 0).await;
    assert_eq!(sent.announce(&hub, &hub.nest).await.json()["offset"], 0);
    sent.send(&hub, &hub.nest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_may_be_sent_again_and_what_is_whole_is_not_given_up() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    let give_up = async || {
        let key = [("X-API-Key", hub.nest.as_str())];
        hub.ask("DELETE", &sent.path(""), &key, b"").await.status
    };
    assert_eq!(give_up().await, 204, "nothing is there");
    sent.announce(&hub, &hub.nest).await;
    assert_eq!(give_up().await, 204);
    assert_eq!(sent.standing(&hub, &hub.nest).await["state"], "unknown");
    sent.pictures(&hub, &hub.nest).await;
    sent.part(&hub, &hub.nest, 0, &sent.clip[..100]).await;
    assert_eq!(give_up().await, 204);
    let standing = sent.standing(&hub, &hub.nest).await;
    assert!(standing["offset"] == 0 && standing["state"] != "stored", "{standing}");
    sent.send(&hub, &hub.nest).await;
    assert_eq!(give_up().await, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_begins_much_loses_what_it_began_first_and_what_nobody_goes_on_with_is_forgotten() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let all = [0; 5].map(|_| camera.record(&made::Wish::default()));
    for sent in &all {
        assert_eq!(sent.announce(&hub, &hub.nest).await.json()["state"], "files");
    }
    assert_eq!(hub.hub.pending.count(), 4);
    assert_eq!(all[0].standing(&hub, &hub.nest).await["state"], "unknown");
    assert_eq!(hub.hub.pending.expire(Duration::from_secs(60)), 0);
    assert_eq!(hub.hub.pending.expire(Duration::ZERO), 4);
    all[0].send(&hub, &hub.nest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_told_to_stop_takes_back_what_is_half_there() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 1600, ..made::Wish::default() });
    sent.pictures(&hub, &hub.nest).await;
    let _line = begun(&hub, &sent, &hub.nest, MORE_THAN_A_PIECE).await;
    let id = sent.id;
    until("some of it is there", || hub.store.standing(id).unwrap().unwrap().standing.offset > 0).await;
    hub.life.token.cancel();
    until("nothing serves any more", || hub.life.tracker.is_empty()).await;
    assert_eq!(hub.store.standing(id).unwrap().unwrap().standing.offset, 0);
}
