use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use web::Limits;

use crate::testing::*;

/// Every error has the one shape, its id, and nothing that is nobody's business.
fn assert_problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{reply:?}");
    let json = reply.json();
    assert_eq!(json["code"], code);
    assert_eq!(json["status"], status);
    for key in ["type", "title", "detail"] {
        assert!(json[key].is_string(), "{key} in {json}");
    }
    assert_eq!(json["request_id"].as_str(), reply.header("x-request-id"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'self'"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    for leak in ["/work", "/secret", "panicked", "os error", "No space"] {
        assert!(!json.to_string().contains(leak), "{json}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_has_one_shape() {
    let server = TestServer::start().await;
    let cases: &[(&str, &str, &str, u16, &str)] = &[
        ("GET", "/nothing", "", 404, "not_found"),
        ("GET", "/api/v1/nothing", "", 404, "not_found"),
        ("POST", "/nothing", "{}", 404, "not_found"),
        ("GET", "/../../etc/passwd", "", 404, "not_found"),
        ("GET", "/%2e%2e/Cargo.toml", "", 404, "not_found"),
        ("GET", "/api/v1/cameras/nobody", "", 404, "not_found"),
        ("GET", "/api/v1/cameras/nobody/stream", "", 404, "not_found"),
        ("GET", "/api/v1/cameras/%ff/stream", "", 400, "bad_request"),
        ("GET", "/api/v1/cameras/garden/visits/8/picture.jpg", "", 404, "not_found"),
        ("GET", "/api/v1/cameras/garden/visits/x/picture.jpg", "", 404, "not_found"),
        ("POST", "/stream", "{}", 405, "method_not_allowed"),
        ("GET", "/config", "", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/cameras/garden", "", 405, "method_not_allowed"),
        ("DELETE", "/app.css", "", 405, "method_not_allowed"),
        ("DELETE", "/nothing.css", "", 404, "not_found"),
        ("GET", "/?action=stream_7", "", 404, "not_found"),
        ("GET", "/stream?fps=0", "", 422, "invalid_value"),
        ("GET", "/snapshot.jpg?quality=101", "", 422, "invalid_value"),
        ("GET", "/?action=dance", "", 400, "unknown_action"),
        ("POST", "/config", "{", 400, "bad_json"),
        ("POST", "/config", "[]", 422, "invalid_body"),
        ("POST", "/config", r#"{"width":0}"#, 422, "invalid_value"),
        ("POST", "/config", r#"{"widht":640}"#, 422, "unknown_key"),
        ("POST", "/config", r#"{"rotation":90}"#, 409, "shadowed"),
        ("POST", "/config", r#"{"highlight_motion":true}"#, 507, "not_kept"),
        ("PATCH", "/api/v1/cameras/garden", r#"{"motion":{"threshold":1}}"#, 422, "invalid_value"),
        ("GET", "/snapshot", "", 503, "no_signal"),
    ];
    for (method, path, body, status, code) in cases {
        let reply = server.json(method, path, body).await;
        assert_problem(&reply, *status, code);
        assert_eq!(reply.header("allow").is_some(), *status == 405, "{path}");
    }
    let reply = server.json("POST", "/config", r#"{"motion_threshold":240}"#).await.json();
    assert_eq!(reply["field"], "motion_threshold");
    assert_eq!(reply["found"], "240");
    assert_eq!(reply["allowed"], "a whole number from 5 to 100");
    assert_eq!(server.json("POST", "/config", r#"{"widht":1}"#).await.json()["nearest"], "width");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_kind_or_size_is_refused() {
    let server = TestServer::start().await;
    let reply = server.ask("POST", "/config", &[("Content-Type", "text/plain")], "{}").await;
    assert_problem(&reply, 415, "unsupported_media_type");
    let reply = server.json("POST", "/config", &" ".repeat(70_000)).await;
    assert_problem(&reply, 413, "body_too_large");
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096)).repeat(20);
    let head = "POST /config HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_problem(&server.send(format!("{head}{chunk}").as_bytes()).await, 413, "body_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_size_is_refused_before_the_body_is_sent() {
    let server = TestServer::start().await;
    let head = "POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n";
    assert_problem(&server.send(head.as_bytes()).await, 413, "body_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_in_is_not_waited_for() {
    let limits = Limits { body: Duration::from_millis(200), ..Limits::default() };
    let server = TestServer::with(Wish { limits, ..Wish::default() }).await;
    let head = "POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
    assert_problem(&server.send(head.as_bytes()).await, 408, "body_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_that_are_never_finished_are_all_cut() {
    let limits = Limits { header: Duration::from_millis(300), ..Limits::default() };
    let server = TestServer::with(Wish { limits, ..Wish::default() }).await;
    let mut half = Vec::new();
    for i in 0..50 {
        let mut stream = server.connect().await;
        // Half of them say nothing at all.
        if i % 2 == 0 {
            stream.write_all(b"GET /status HTTP/1.1\r\nHost: loc").await.unwrap();
        }
        half.push(stream);
    }
    for stream in &mut half {
        let mut rest = Vec::new();
        soon("the cut", stream.read_to_end(&mut rest)).await.unwrap_or_default();
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_past_the_limit_are_told_so_and_freed_places_are_used_again() {
    let limits = Limits { connections: 3, ..Limits::default() };
    let server = TestServer::with(Wish { limits, ..Wish::default() }).await;
    let refused = server.metrics.counter("nightjar_connections_refused_total", "", &[]);
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        soon("an answer", stream.read_u8()).await.unwrap();
        held.push(stream);
    }
    let mut fourth = server.connect().await;
    let mut answer = Vec::new();
    soon("the refusal", fourth.read_to_end(&mut answer)).await.unwrap();
    let reply = Reply::parse(&answer);
    assert_eq!((reply.status, refused.get()), (503, 1));
    assert_eq!(reply.header("content-length").unwrap(), reply.body.len().to_string());
    assert_eq!(reply.json()["code"], "too_many_connections");
    drop(held);
    soon("a place", async { while server.get("/healthz").await.status != 200 {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_ask_for_nothing_make_room_for_those_that_do() {
    let limits = Limits { connections: 5, ..Limits::default() };
    let server = TestServer::with(Wish { limits, ..Wish::default() }).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /status HTTP/1.1\r\nHost: loc").await.unwrap();
        silent.push(stream);
        assert_eq!(server.get("/healthz").await.status, 200);
    }
    let mut rest = Vec::new();
    soon("the oldest is cut", silent[0].read_to_end(&mut rest)).await.unwrap_or_default();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_harmless_id_and_gets_another_for_a_harmful_one() {
    let server = TestServer::start().await;
    let reply = server.ask("GET", "/nothing", &[("X-Request-Id", "garden-0001")], "").await;
    assert_eq!(reply.header("x-request-id"), Some("garden-0001"));
    assert_problem(&reply, 404, "not_found");
    for id in ["short", "has space here", "under_score_x", "semi;colon;x"] {
        let reply = server.ask("GET", "/nothing", &[("X-Request-Id", id)], "").await;
        assert_ne!(reply.header("x-request-id"), Some(id));
        assert!(reply.header("x-request-id").unwrap().len() >= 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_ours_is_not_answered() {
    let server = TestServer::start().await;
    for host in ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"] {
        let reply = server.ask("GET", "/healthz", &[("Host", host)], "").await;
        assert_problem(&reply, 421, "unknown_host");
    }
    for host in ["localhost", "127.0.0.1:9", "[::1]:9", "perch", "perch.local"] {
        assert_eq!(server.ask("GET", "/healthz", &[("Host", host)], "").await.status, 200, "{host}");
    }
    assert_eq!(server.send(b"GET /healthz HTTP/1.0\r\n\r\n").await.status, 200);
    let of_a_page = b"GET /healthz HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n";
    assert_problem(&server.send(of_a_page).await, 400, "host_missing");
    let nameless = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert_problem(&server.send(nameless).await, 400, "host_missing");
    let absolute =
        b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_problem(&server.send(absolute).await, 421, "unknown_host");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_can_neither_change_anything_nor_open_a_websocket() {
    let server = TestServer::start().await;
    let own = format!("http://{}", server.address);
    let retry = "/api/v1/cameras/garden/retry";
    for (name, value) in
        [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        assert_problem(&server.ask("POST", retry, &[(name, value)], "").await, 403, "foreign_origin");
        let upgrade = [
            (name, value),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert_problem(&server.ask("GET", "/api/v1/live", &upgrade, "").await, 403, "foreign_origin");
    }
    assert_eq!(server.garden.retries.load(Ordering::Relaxed), 0);
    assert_eq!(server.ask("POST", retry, &[("Origin", &own)], "").await.status, 204);
    assert_eq!(server.garden.retries.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_on_a_page_and_a_program_as_json() {
    let server = TestServer::start().await;
    let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let reply = server.ask("GET", "/?action=dance", &browser, "").await;
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("text/html; charset=utf-8")));
    let page = String::from_utf8(reply.body.clone()).unwrap();
    assert!(
        page.contains("action is not known here") && page.contains(reply.header("x-request-id").unwrap())
    );
    assert!(!page.contains("<script") && !page.contains("style"), "{page}");
    assert!(reply.header("content-security-policy").is_some());
    for accept in ["*/*", "application/json", "application/json, text/html"] {
        let reply = server.ask("GET", "/?action=dance", &[("Accept", accept)], "").await;
        assert_problem(&reply, 400, "unknown_action");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_at_once_than_are_allowed_are_told_to_come_again() {
    let server =
        TestServer::with(Wish { limits: Limits { in_flight: 0, ..Limits::default() }, ..Wish::default() });
    let server = server.await;
    let reply = server.get("/status").await;
    assert_problem(&reply, 503, "overloaded");
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("content-length").unwrap(), reply.body.len().to_string());
    assert_eq!(server.get("/healthz").await.status, 200, "health can be asked all the same");
}
