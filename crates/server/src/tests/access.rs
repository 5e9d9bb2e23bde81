use std::sync::Arc;

use store::fs::RealFs;
use store::keys::Keys;
use web::{Access, NoKeys};

use crate::StoredKeys;
use crate::testing::*;

fn keys(dir: &std::path::Path) -> Arc<Keys> {
    Arc::new(Keys::new(Arc::new(RealFs), dir))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_route_knows_asks_for_a_key_as_well() {
    let access = Access::new(true, Arc::new(NoKeys));
    let server = TestServer::with(Wish { access, ..Wish::default() }).await;
    for (method, path) in
        [("GET", "/nothing"), ("GET", "/app.css"), ("DELETE", "/stream"), ("POST", "/"), ("GET", "/")]
    {
        let reply = server.ask(method, path, &[], "").await;
        assert_eq!(reply.status, 401, "{method} {path}");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic realm="), "{reply:?}");
        assert_eq!(reply.json()["code"], "key_missing");
    }
    for method in ["GET", "HEAD"] {
        assert_eq!(server.ask(method, "/healthz", &[], "").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_added_or_revoked_while_it_runs_counts_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let access = Access::new(false, Arc::new(StoredKeys::load(keys.clone()).unwrap()));
    let server = TestServer::with(Wish { access, ..Wish::default() }).await;
    assert_eq!(server.get("/status").await.status, 200);
    let key = add(&keys, "view", 1);
    soon("a key is asked for", async { while server.get("/status").await.status != 401 {} }).await;
    let with_key = [("Authorization", format!("Bearer {}", key.text))];
    let headers = with_key.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    assert_eq!(server.ask("GET", "/status", &headers, "").await.status, 200);
    add(&keys, "admin", 2);
    keys.revoke(&key.key.id).unwrap();
    soon("the revoked key is refused", async {
        while server.ask("GET", "/status", &headers, "").await.status != 401 {}
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_key_is_revoked() {
    use tokio::io::AsyncWriteExt;
    let house = Keyed::start().await;
    house.server.garden.push_bytes(1, 100);
    let key = house.add("view", 1).await;
    let mut stream = house.server.connect().await;
    let request = format!("GET /stream HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\r\n", key.text);
    stream.write_all(request.as_bytes()).await.unwrap();
    let channel = house.server.app.first().unwrap();
    until("it watches", || channel.viewers() == 1).await;
    house.keys.revoke(&key.key.id).unwrap();
    let began = std::time::Instant::now();
    until("it ends", || channel.viewers() == 0).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_events_is_no_longer_told_when_the_key_is_revoked() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let mut stream = house.server.connect().await;
    let head = "GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let request = format!("{head}X-API-Key: {}\r\n\r\n", key.text);
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(soon("a head", stream.read_u8()).await.unwrap(), b'H');
    house.keys.revoke(&key.key.id).unwrap();
    let mut rest = Vec::new();
    soon("it ends", stream.read_to_end(&mut rest)).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).contains("retry: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_revoking_the_only_key_nor_damaging_the_file_opens_the_door() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let key = add(&keys, "view", 1);
    let access = Access::new(false, Arc::new(StoredKeys::load(keys.clone()).unwrap()));
    let server = TestServer::with(Wish { access, ..Wish::default() }).await;
    keys.revoke(&key.key.id).unwrap();
    let headers = [("X-API-Key", key.text.as_str())];
    soon("the key is refused", async {
        while server.ask("GET", "/status", &headers, "").await.status == 200 {}
    })
    .await;
    assert_eq!(server.get("/status").await.status, 401);
    std::fs::write(dir.path().join("keys.json"), "damaged").unwrap();
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..15 {
        tick.tick().await;
        assert_eq!(server.get("/status").await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_never_there_and_then_cannot_be_read_close_the_door() {
    let dir = tempfile::tempdir().unwrap();
    let access = Access::new(false, Arc::new(StoredKeys::load(keys(dir.path())).unwrap()));
    let server = TestServer::with(Wish { access, ..Wish::default() }).await;
    assert_eq!(server.get("/status").await.status, 200);
    std::fs::write(dir.path().join("keys.json"), "damaged").unwrap();
    soon("a key is asked for", async { while server.get("/status").await.status != 401 {} }).await;
    std::fs::remove_file(dir.path().join("keys.json")).unwrap();
    soon("it is open again", async { while server.get("/status").await.status != 200 {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_what_its_key_may_and_changes_nothing_without_an_origin() {
    let house = Keyed::start().await;
    let (view, control) = (house.add("view", 1).await, house.add("control", 2).await);
    let own = format!("http://{}", house.server.address);
    let server = &house.server;
    let cookie = house.session(&view.text).await;
    assert_eq!(server.ask("GET", "/status", &[("Cookie", &cookie)], "").await.status, 200);
    let retry = "/api/v1/cameras/garden/retry";
    let reply = server.ask("POST", retry, &[("Cookie", &cookie), ("Origin", &own)], "").await;
    assert_eq!(reply.json()["code"], "scope_missing");
    // `/` needs view, so this one's session is opened by any request of its page.
    let header = [("X-API-Key", control.text.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let reply = server.ask("POST", retry, &header, "").await;
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let reply = server.ask("POST", retry, &[("Cookie", &cookie)], "").await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("foreign_origin")));
    for named in [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")] {
        assert_eq!(server.ask("POST", retry, &[("Cookie", &cookie), named], "").await.status, 204);
    }
    house.keys.revoke(&control.key.id).unwrap();
    soon("the session ends with its key", async {
        while server.ask("POST", retry, &[("Cookie", &cookie), ("Origin", &own)], "").await.status != 401 {}
    })
    .await;
    assert!(house.dir.path().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_send_their_key_get_no_session() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let reply = house.server.ask("GET", "/status", &[("X-API-Key", &key.text)], "").await;
    assert_eq!((reply.status, reply.header("set-cookie")), (200, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_one_after_another_are_slowed_down_and_a_right_one_is_not() {
    let house = Keyed::start().await;
    let key = house.add("view", 1).await;
    let before = house.server.metrics.counter("nightjar_keys_refused_total", "", &[]).get();
    let mut codes = Vec::new();
    for _ in 0..30 {
        let reply = house.server.ask("GET", "/status", &[("X-API-Key", "nj_k1_guess")], "").await;
        if reply.status == 429 {
            assert_eq!(reply.json()["code"], "too_many_wrong_keys");
            assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        }
        codes.push(reply.status);
    }
    assert!(codes.iter().filter(|&&code| code == 429).count() >= 15, "{codes:?}");
    assert_eq!(house.server.metrics.counter("nightjar_keys_refused_total", "", &[]).get() - before, 30);
    assert_eq!(house.server.ask("GET", "/status", &[("X-API-Key", &key.text)], "").await.status, 200);
}
