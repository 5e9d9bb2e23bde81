//! Safe by default: who is let in, and what is turned away.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Request, Setup, Slow, Storm, TestApp, get, pause, post};

const SOON: Duration = Duration::from_secs(60);

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

/// A key a scope, in the order that they are given in.
fn keys(setup: &Setup, scopes: &[&'static str]) -> Vec<(&'static str, String)> {
    let add = |scope: &&'static str| {
        let done = setup.run(&["key", "add", "--name", scope, "--scope", scope, "--json"]);
        let added: Value = serde_json::from_str(&done.out).unwrap();
        (*scope, added["key"].as_str().unwrap().to_owned())
    };
    scopes.iter().map(add).collect()
}

/// The status alone: streams do not end.
fn status(app: &TestApp, method: &str, path: &str, key: Option<&str>) -> u16 {
    let request = Request::new(method, path).json(&json!({}));
    let request = key.iter().fold(request, |request, key| request.header("X-API-Key", key));
    let mut head = [0; 12];
    request.open(app.addr).read_exact(&mut head).unwrap();
    std::str::from_utf8(&head[9..]).unwrap().parse().unwrap()
}

#[test]
fn every_operation_that_is_described_asks_for_the_scope_that_it_says() {
    let setup = Setup::scene("calm");
    let keys = keys(&setup, &["view", "control", "upload", "metrics", "admin"]);
    let app = setup.start();
    app.wait_for_open(SOON);
    let view = Request::new("GET", "/api/v1/openapi.json").header("X-API-Key", &keys[0].1);
    let api = view.send(app.addr).json();
    let mut walked = 0;
    for (path, operations) in api["paths"].as_object().unwrap() {
        let concrete = path.replace("{id}", "garden").replace("{visit}", "1");
        for (method, operation) in operations.as_object().unwrap() {
            let method = method.to_uppercase();
            let Some(needed) = operation["x-scope"].as_str() else {
                assert_eq!((path.as_str(), status(&app, &method, &concrete, None)), ("/healthz", 200));
                continue;
            };
            assert_eq!(status(&app, &method, &concrete, None), 401, "{method} {path}");
            for (scope, key) in &keys {
                let got = status(&app, &method, &concrete, Some(key));
                let may = *scope == needed || *scope == "admin";
                assert_eq!(may, !matches!(got, 401 | 403 | 405 | 429), "{method} {path} with {scope}: {got}");
                assert!(may || got == 403, "{method} {path} with {scope}: {got}");
            }
            walked += 1;
        }
    }
    assert!(walked > 20, "{walked}");
    // At the end, for ten of these slow their address down.
    let wrong = format!("{}x", keys[4].1);
    let codes: Vec<_> = (0..15).map(|_| status(&app, "GET", "/status", Some(&wrong))).collect();
    assert!(codes[..10].iter().all(|&code| code == 401) && codes[14] == 429, "{codes:?}");
    assert_eq!(status(&app, "GET", "/status", Some(&keys[0].1)), 200, "a right one is let through");
}

#[test]
fn a_link_opens_one_picture_without_a_key_through_a_restart_and_until_its_secret_is_thrown_away() {
    let setup = Setup::scene("calm");
    let keys = keys(&setup, &["view"]);
    let app = setup.start();
    app.wait_for_open(SOON);
    let ask = |app: &TestApp, path: &str| {
        let wish = json!({"path": path, "expires_in_s": 3600});
        let reply = Request::new("POST", "/api/v1/links").json(&wish).header("X-API-Key", &keys[0].1);
        reply.send(app.addr)
    };
    let made = ask(&app, "/snapshot.jpg?width=320");
    assert_eq!(made.status, 200, "{}", made.text());
    let link = made.json()["url"].as_str().unwrap().to_owned();
    assert_eq!(ask(&app, "/metrics").status, 422);
    let key = &keys[0].1;
    tests::until("a first picture", SOON, || {
        let picture = Request::new("GET", "/snapshot.jpg").header("X-API-Key", key);
        (picture.send(app.addr).status == 200).then_some(())
    });
    assert_eq!(app.get(&link).header("content-type"), Some("image/jpeg"));
    assert_eq!(app.get(&link.replace("320", "321")).json()["code"], "link_wrong");
    assert!(!app.log().contains("signature"), "a link is a credential");
    let app = app.again();
    app.wait_for_open(SOON);
    tests::until("the link opens again", SOON, || (app.get(&link).status == 200).then_some(()));
    std::fs::remove_file(app.folder().join("data/links.key")).unwrap();
    tests::until("the link is dead", SOON, || (app.get(&link).status == 401).then_some(()));
}

#[test]
fn what_is_no_request_is_answered_as_a_problem_with_an_id() {
    let app = Setup::scene("calm").start();
    let long = format!("GET /status HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    let many = format!("GET /status HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(500));
    for (sent, code) in [
        ("GET nonsense\r\n\r\n", "400"),
        ("GET /status HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n", "400"),
        ("GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\u{2}", "400"),
        (&long, "431"),
        (&many, "431"),
    ] {
        let mut wire = TcpStream::connect(app.addr).unwrap();
        wire.set_read_timeout(Some(SOON)).unwrap();
        // The server may answer before all of it is taken.
        drop(wire.write_all(sent.as_bytes()));
        drop(wire.shutdown(std::net::Shutdown::Write));
        let mut answer = Vec::new();
        drop(wire.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let sent = sent.chars().take(60).collect::<String>();
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{sent:?}: {answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let json: Value = serde_json::from_str(body).unwrap_or_else(|no| panic!("{no}: {sent:?}: {answer}"));
        let id = json["request_id"].as_str().unwrap();
        assert!(answer.to_lowercase().contains(&format!("x-request-id: {}", id.to_lowercase())), "{answer}");
    }
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn clients_that_begin_and_do_not_finish_are_cut_and_keep_nobody_else_waiting() {
    let app = Setup::scene("calm").start();
    app.wait_for("garden", "live", SOON);
    let storm =
        Storm::begin(app.addr, &[(Slow::Head, 60), (Slow::Body, 10), (Slow::Viewer, 5), (Slow::Reader, 5)]);
    let begun = Instant::now();
    let (mut most, mut took) = (0, Vec::new());
    while begun.elapsed() < Duration::from_secs(13) {
        let asked = Instant::now();
        assert_eq!(app.get("/status").status, 200);
        took.push(asked.elapsed());
        let (held, oldest) = storm.held();
        most = most.max(held);
        assert!(oldest < Duration::from_secs(15), "one is held for {oldest:?}");
        pause(Duration::from_millis(50));
    }
    assert!(most >= 70, "{most} of 80 were there at once");
    assert!(storm.held().1 < Duration::from_secs(12), "those of the beginning were cut");
    took.sort();
    // The goal is 250 ms at p99, which `make verify` measures by itself; here other tests run beside.
    assert!(took[took.len() / 2] < Duration::from_millis(250), "{:?}", took[took.len() / 2]);
}
