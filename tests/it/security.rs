//! Safe by default: who is let in, and what is turned away.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Request, Setup, TestApp, get, post};

const SOON: Duration = Duration::from_secs(10);

fn keyed(scopes: &[&str]) -> (TestApp, String) {
    let setup = Setup::scene("calm");
    let mut args = vec!["key", "add", "--name", "test", "--json"];
    for scope in scopes {
        args.extend(["--scope", scope]);
    }
    let done = setup.run(&args);
    assert_eq!(done.code, 0, "{}", done.err);
    let added: Value = serde_json::from_str(&done.out).unwrap();
    let given: BTreeSet<_> = added["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(given, scopes.iter().copied().collect());
    let app = setup.start();
    app.wait_for_open(SOON);
    (app, added["key"].as_str().unwrap().to_owned())
}

#[test]
fn a_network_address_without_a_key_is_refused_with_78_and_the_line_that_mends_it() {
    let done = Setup::scene("calm").env("NIGHTJAR_SERVER__BIND", "0.0.0.0:0").run(&["serve"]);
    assert_eq!(done.code, 78, "{}", done.err);
    assert!(done.err.contains("nightjar key add"), "{}", done.err);
}

#[test]
fn with_a_key_every_path_but_healthz_asks_for_it() {
    let (app, key) = keyed(&["view"]);
    assert_eq!(app.get("/healthz").status, 200);
    for path in [
        "/",
        "/stream",
        "/snapshot.jpg",
        "/status",
        "/motion_status",
        "/api/v1/cameras",
        "/api/v1/live",
        "/metrics",
        "/readyz",
    ] {
        assert_eq!(app.get(path).status, 401, "{path}");
    }
    let bearer = Request::new("GET", "/status").header("Authorization", &format!("Bearer {key}"));
    assert_eq!(bearer.send(app.addr).status, 200);
    let header = Request::new("GET", "/status").header("X-API-Key", &key);
    assert_eq!(header.send(app.addr).status, 200);
    let wrong = Request::new("GET", "/status").header("X-API-Key", &format!("{key}x"));
    assert_eq!(wrong.send(app.addr).status, 401);
}

#[test]
fn a_key_opens_only_what_its_scopes_say() {
    let (app, key) = keyed(&["view"]);
    let change =
        Request::new("POST", "/config").json(&json!({"motion_threshold": 30})).header("X-API-Key", &key);
    assert_eq!(change.send(app.addr).status, 403);
    let (app, key) = keyed(&["view", "control"]);
    let change =
        Request::new("POST", "/config").json(&json!({"motion_threshold": 30})).header("X-API-Key", &key);
    assert_eq!(change.send(app.addr).status, 200);
}

#[test]
fn a_key_is_not_kept_in_the_clear_and_never_logged() {
    let (app, key) = keyed(&["admin"]);
    let asked = Request::new("GET", "/status").header("X-API-Key", &key);
    assert_eq!(asked.send(app.addr).status, 200);
    assert!(!app.log().contains(&key));
    let mut files = vec![app.folder().to_path_buf()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else {
            seen += 1;
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(&key), "{} has the key", path.display());
        }
    }
    assert!(seen > 1, "there were files to look at");
}

#[test]
fn a_revoked_key_opens_nothing() {
    let setup = Setup::scene("calm");
    let added: Value =
        serde_json::from_str(&setup.run(&["key", "add", "--name", "a", "--scope", "view", "--json"]).out)
            .unwrap();
    let _other = setup.run(&["key", "add", "--name", "b", "--scope", "view", "--json"]);
    let id = added["id"].as_str().unwrap();
    assert!(setup.run(&["key", "list"]).out.contains(id));
    assert_eq!(setup.run(&["key", "revoke", id]).code, 0);
    let app = setup.start();
    let asked = Request::new("GET", "/status").header("X-API-Key", added["key"].as_str().unwrap());
    assert_eq!(asked.send(app.addr).status, 401);
}

#[test]
fn a_foreign_host_is_turned_away() {
    let app = Setup::scene("calm").start();
    assert_eq!(Request::new("GET", "/status").host("evil.example").send(app.addr).status, 421);
    assert_eq!(Request::new("GET", "/status").host("localhost").send(app.addr).status, 200);
}

#[test]
fn a_page_of_another_origin_can_neither_change_nor_listen() {
    let app = Setup::scene("calm").start();
    let change = Request::new("POST", "/config").json(&json!({"motion_threshold": 30}));
    assert_eq!(change.clone().header("Origin", "http://evil.example").send(app.addr).status, 403);
    assert_eq!(change.clone().header("Sec-Fetch-Site", "cross-site").send(app.addr).status, 403);
    assert_eq!(change.header("Origin", &format!("http://{}", app.addr)).send(app.addr).status, 200);
    let upgrade = Request::new("GET", "/api/v1/live")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .header("Origin", "http://evil.example");
    assert_eq!(upgrade.send(app.addr).status, 403);
    let reply = Request::new("GET", "/status").header("Origin", "http://evil.example").send(app.addr);
    assert!(reply.header("access-control-allow-origin").is_none(), "CORS is closed");
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let app = Setup::scene("calm").start();
    let mut wire = TcpStream::connect(app.addr).unwrap();
    wire.write_all(b"GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    wire.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    // Closing hard is as good as an answer; a read that times out is what must not happen.
    let cut = wire.read_to_end(&mut answer);
    assert!(
        cut.is_ok() || begun.elapsed() < Duration::from_secs(39),
        "still open after {:?}",
        begun.elapsed()
    );
    assert_eq!(get(app.addr, "/healthz").status, 200);
}

#[test]
fn a_body_larger_than_a_setting_can_be_is_refused() {
    let app = Setup::scene("calm").start();
    let reply = post(app.addr, "/config", &json!({"motion_threshold": "x".repeat(4 << 20)}));
    assert_eq!(reply.status, 413, "{}", reply.text());
}

#[test]
fn the_page_lets_no_foreign_script_in() {
    let app = Setup::scene("calm").start();
    let page = app.get("/");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn answers_to_nonsense_name_no_file_and_no_panic() {
    let app = Setup::scene("calm").start();
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/cameras/..%2f..",
        "/static/../Cargo.toml",
        "/%00",
        "/stream?fps=-1",
        "/stream?width=99999999",
    ] {
        let reply = get(app.addr, path);
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(!reply.text().contains("root:") && !reply.text().contains("panicked"), "{path}");
    }
    assert!(!app.log().contains("panicked"), "{}", app.log());
}
