//! Signed links, as `<img>` uses them.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::testing::*;

const STREAM: &str = "/api/v1/cameras/garden/stream?width=160";
const SNAPSHOT: &str = "/api/v1/cameras/garden/snapshot.jpg";

async fn code(house: &Keyed, path: &str) -> (u16, String) {
    let reply = house.server.get(path).await;
    let code =
        if reply.status == 200 { String::new() } else { reply.json()["code"].as_str().unwrap().to_owned() };
    (reply.status, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_its_picture_without_a_key_and_nothing_else() {
    let house = Keyed::start().await;
    house.server.garden.push_bytes(1, 100);
    let key = house.add("view", 1).await;
    let link = house.link(&key.text, SNAPSHOT).await;
    let reply = house.server.ask("GET", &link, &[("Sec-Fetch-Site", "cross-site")], "").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(reply.header("set-cookie"), None, "it must not grow into a session");
    assert_eq!(house.server.ask("HEAD", &link, &[], "").await.status, 200);
    let query = link.split_once('?').unwrap().1;
    for other in [format!("{link}&t=1"), link.replace("garden", "shed"), format!("/snapshot.jpg?{query}")] {
        assert_eq!(code(&house, &other).await, (401, "link_wrong".to_owned()), "{other}");
    }
    for other in
        [format!("/status?{query}"), format!("/?action=snapshot&{query}"), format!("/nothing?{query}")]
    {
        assert_eq!(code(&house, &other).await, (401, "key_missing".to_owned()), "{other}");
    }
    // Whoever has a key as well is let in by that.
    let with_key = [("X-API-Key", key.text.as_str())];
    assert_eq!(house.server.ask("GET", &format!("{link}&t=1"), &with_key, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_a_clip_and_its_pictures_but_nothing_that_is_said_of_them() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let event = format!("/api/v1/events/{}", house.event());
    for path in ["clip.mp4", "clip.mp4?download=1", "pictures/poster.jpg", "frames/0.jpg"] {
        let link = house.link(&key.text, &format!("{event}/{path}")).await;
        assert_eq!(code(&house, &link).await.0, 200, "{path}");
        assert_eq!(code(&house, &format!("{link}&t=1")).await, (401, "link_wrong".to_owned()), "{path}");
    }
    let headers = [("X-API-Key", key.text.as_str()), ("Content-Type", "application/json")];
    for path in [event.clone(), format!("{event}/track"), "/api/v1/events/stream".to_owned()] {
        let body = json!({ "path": path, "expires_in_s": 60 }).to_string();
        let reply = house.server.ask("POST", "/api/v1/links", &headers, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, Some("path")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_time_is_over_says_so_however_often_and_is_no_wrong_key() {
    let house = Keyed::start().await;
    house.server.garden.push_bytes(1, 100);
    let key = house.add("view", 1).await;
    let link = house.link(&key.text, SNAPSHOT).await;
    let refused = house.server.metrics.counter("nightjar_keys_refused_total", "", &[]);
    let before = refused.get();
    house.clock.advance(Duration::from_secs(61));
    for _ in 0..30 {
        assert_eq!(code(&house, &link).await, (401, "link_expired".to_owned()));
    }
    assert_eq!(refused.get(), before);
    // One that was made up is one, and slowed down.
    let forged = link.replace("signature=", "signature=x");
    let mut slowed = 0;
    for _ in 0..15 {
        slowed += usize::from(code(&house, &forged).await.1 == "too_many_wrong_keys");
    }
    assert!(slowed >= 4 && refused.get() == before + 15, "{slowed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_die_with_their_key_and_with_the_secret() {
    let house = Keyed::start().await;
    house.server.garden.push_bytes(1, 100);
    let (first, second) = (house.add("view", 1).await, house.add("view", 2).await);
    let of_first = house.link(&first.text, SNAPSHOT).await;
    let of_second = house.link(&second.text, SNAPSHOT).await;
    house.keys.revoke(&first.key.id).unwrap();
    soon("the first dies", async { while code(&house, &of_first).await.0 == 200 {} }).await;
    assert_eq!(code(&house, &of_second).await.0, 200);
    std::fs::remove_file(house.dir.path().join("links.key")).unwrap();
    soon("the second dies", async { while code(&house, &of_second).await.0 == 200 {} }).await;
    let again = house.link(&second.text, SNAPSHOT).await;
    assert_eq!(code(&house, &again).await.0, 200, "and a new one is good");
    let text = std::fs::read_to_string(house.dir.path().join("links.key")).unwrap();
    assert!(!again.contains(text.trim()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_a_link_opened_ends_with_it() {
    let house = Keyed::start().await;
    house.server.garden.push_jpeg(50);
    let key = house.add("view", 1).await;
    let link = house.link(&key.text, STREAM).await;
    let channel = house.server.app.first().unwrap();
    let mut stream = house.server.connect().await;
    stream.write_all(format!("GET {link} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    until("it watches", || channel.viewers() == 1).await;
    house.clock.advance(Duration::from_secs(61));
    until("it ends", || channel.viewers() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_link_is_made_to_is_refused_by_field() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    for (path, seconds, field) in [
        ("/status", 60, "path"),
        ("/", 60, "path"),
        ("/api/v1/live", 60, "path"),
        ("/api/v1/cameras/garden/nothing", 60, "path"),
        ("api/v1/cameras/garden/stream", 60, "path"),
        ("http://evil.example/stream", 60, "path"),
        ("/stream#x", 60, "path"),
        ("/stream?expires=1", 60, "path"),
        ("/stream?signature=1", 60, "path"),
        ("/stream", 59, "expires_in_s"),
        ("/stream", 604_801, "expires_in_s"),
    ] {
        let body = json!({ "path": path, "expires_in_s": seconds }).to_string();
        let headers = [("X-API-Key", key.text.as_str()), ("Content-Type", "application/json")];
        let reply = house.server.ask("POST", "/api/v1/links", &headers, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, Some(field)), "{path} {seconds}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_makes_links_by_its_session_and_they_are_its_keys() {
    let house = Keyed::start().await;
    house.server.garden.push_bytes(1, 100);
    let key = house.add("view", 1).await;
    let cookie = house.session(&key.text).await;
    let own = format!("http://{}", house.server.address);
    let body = json!({ "path": SNAPSHOT, "expires_in_s": 3600 }).to_string();
    let ask = async |headers: &[(&str, &str)]| {
        let mut all = vec![("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
        all.extend(headers.iter().copied());
        house.server.ask("POST", "/api/v1/links", &all, &body).await
    };
    assert_eq!(ask(&[]).await.json()["code"], "foreign_origin");
    assert_eq!(ask(&[("Origin", "http://evil.example")]).await.json()["code"], "foreign_origin");
    let reply = ask(&[("Origin", &own)]).await.json();
    assert!(reply["expires"].as_str().unwrap().contains('T'), "{reply}");
    let link = reply["url"].as_str().unwrap();
    assert!(link.contains(&format!("signature={}.", key.key.id)), "{link}");
    assert_eq!(code(&house, link).await.0, 200);
}
