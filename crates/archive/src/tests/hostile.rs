//! Ids, names, cursors and words as an attacker writes them: refused or not found, never a failure of the inside, and
//! nothing is changed by them.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;
use web::{Access, Front, Hosts, Life, Limits, Metrics};

use crate::testing::*;

/// Each in its own kind; with their variants below more than two hundred.
const PAYLOADS: [&str; 78] = [
    "'",
    "\"",
    "`",
    "\\",
    "''",
    "';",
    "\";",
    "')",
    "'))",
    "--",
    "/*",
    "*/",
    "#",
    ";",
    "' OR '1'='1",
    "' OR 1=1--",
    "\" OR \"\"=\"",
    "1 OR 1=1",
    "') OR ('1'='1",
    "'; DROP TABLE events;--",
    "1; DELETE FROM events",
    "' UNION SELECT 1,2,3--",
    "' UNION ALL SELECT sql FROM sqlite_master--",
    "' AND 1=(SELECT COUNT(*) FROM sqlite_master)--",
    "'||(SELECT 1)||'",
    "ATTACH DATABASE '/tmp/x' AS x",
    "randomblob(1000000000)",
    "' AND randomblob(900000000)--",
    "load_extension('x')",
    "PRAGMA writable_schema=1",
    "NEAR(a b, 1)",
    "a AND",
    "OR",
    "NOT",
    "AND AND AND",
    "a*",
    "*",
    "^a",
    "a:b",
    "label:x",
    "{a b}:c",
    "\"a",
    "a\" b",
    "(",
    ")",
    "((((((((((",
    "a NEAR/999999999 b",
    "-a",
    "+a",
    "%",
    "_",
    "%%%%",
    "?",
    "?1",
    ":x",
    "@x",
    "$x",
    "..",
    "../",
    "../../../../etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "..\\..\\windows",
    "....//....//etc",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "..;/",
    "file:///etc/passwd",
    "poster.jpg/../metadata.json",
    "thumb_-1.jpg",
    "\0",
    "a\0b",
    "\r\nX-Evil: 1",
    "\u{feff}",
    "\u{202e}gpj.retsop",
    "\u{1f98a}",
    "ÿÿÿÿ",
    "\u{fffd}",
];

fn all() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for payload in PAYLOADS {
        let id = "01KAGW3M6J9Z0T4V8Q2X5Y7B1C";
        all.push(payload.as_bytes().to_vec());
        all.push(format!("{id}{payload}").into_bytes());
        all.push(format!("{payload}{id}").into_bytes());
    }
    for odd in [
        "",
        " ",
        "0",
        "-1",
        "1e999",
        "NaN",
        "null",
        "undefined",
        "true",
        "[]",
        "{}",
        "01kagw3m6j9z0t4v8q2x5y7b1c",
        "81KAGW3M6J9Z0T4V8Q2X5Y7B1",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "ILOU0000000000000000000000",
        "9999999999999999999999",
        "-9223372036854775809",
        "18446744073709551616",
    ] {
        all.push(odd.as_bytes().to_vec());
    }
    all.extend(["A".repeat(27), "A".repeat(300), "7".repeat(5000), "'".repeat(3000)].map(String::into_bytes));
    all.extend([vec![0xff], vec![0xc0, 0xaf], vec![0xed, 0xa0, 0x80], vec![b'a', 0xfe, b'b']]);
    all
}

fn encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

struct Door {
    router: Router,
    store: store::Store,
    _dir: tempfile::TempDir,
}

impl Door {
    fn open() -> (Self, Vec<store::event::EventId>) {
        let dir = tempfile::tempdir().unwrap();
        let clock = std::sync::Arc::new(frame::SimClock::at(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOON),
        ));
        let store = open(dir.path(), clock.clone());
        let made = made::many(&store, &clock, 3);
        let archive = archive(Some(store.clone()), clock, &Life::default());
        let front = Front {
            hosts: Hosts::default(),
            access: Access::open(),
            limits: Limits::default(),
            metrics: Metrics::default(),
        };
        (Self { router: table().into_router(archive, front), store, _dir: dir }, made)
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request =
            request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        // A stream would not end, and is asked for nowhere here.
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_into_a_path_finds_anything() {
    let (door, made) = Door::open();
    let all = all();
    assert!(all.len() > 200, "{}", all.len());
    let good = made[0];
    for bytes in &all {
        let odd = encoded(bytes);
        for (method, path) in [
            ("GET", format!("/api/v1/events/{odd}")),
            ("PATCH", format!("/api/v1/events/{odd}")),
            ("DELETE", format!("/api/v1/events/{odd}")),
            ("GET", format!("/api/v1/events/{odd}/clip.mp4")),
            ("GET", format!("/api/v1/events/{odd}/track")),
            ("GET", format!("/api/v1/events/{odd}/pictures/poster.jpg")),
            ("GET", format!("/api/v1/events/{good}/pictures/{odd}")),
            ("GET", format!("/api/v1/events/{good}/frames/{odd}")),
            ("GET", format!("/api/v1/events/{good}/frames/{odd}.jpg")),
            ("GET", format!("/storage/events/{odd}/thumbnail")),
        ] {
            if bytes.is_empty() && path.ends_with("/events/") || path.ends_with("frames/%30.jpg") {
                continue;
            }
            let (status, body) = door.ask(method, &path, "{}").await;
            assert!(matches!(status.as_u16(), 400 | 404 | 405), "{method} {path}: {status} {body}");
            assert!(!body.contains("root:") && !body.contains("CREATE TABLE"), "{body}");
        }
    }
    assert_eq!(door.store.check(), Vec::<String>::new());
    assert_eq!(door.store.list(&store::query::Query::default()).unwrap().events.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_into_a_query_or_a_body_breaks_anything() {
    let (door, made) = Door::open();
    let good = made[0];
    for bytes in &all() {
        let odd = encoded(bytes);
        let names = [
            "camera",
            "from",
            "to",
            "label",
            "favourite",
            "seen",
            "origin",
            "min_length_s",
            "q",
            "order",
            "limit",
            "cursor",
        ];
        for name in names {
            let (status, body) = door.ask("GET", &format!("/api/v1/events?{name}={odd}"), "").await;
            let is_fine =
                bytes.is_empty() || matches!(name, "q" | "camera" | "min_length_s" | "favourite" | "seen");
            let allowed: &[u16] = if is_fine { &[200, 400, 422] } else { &[400, 422] };
            assert!(allowed.contains(&status.as_u16()), "{name}={}: {status} {body}", bytes.escape_ascii());
        }
        for path in ["/api/v1/timeline?from", "/api/v1/timeline?bin_s", "/api/v1/events/activity?days"] {
            let (status, body) = door.ask("GET", &format!("{path}={odd}"), "").await;
            let is_refused = matches!(status.as_u16(), 400 | 422) || bytes.is_empty();
            assert!(is_refused, "{path}={}: {status} {body}", bytes.escape_ascii());
        }
        let (status, body) = door.ask("GET", &format!("/api/v1/events?{odd}=1"), "").await;
        assert_eq!(status, 400, "{odd}: {body}");
        let text = String::from_utf8_lossy(bytes);
        let ids = json!({ "ids": [good.to_string(), text] }).to_string();
        let (status, body) = door.ask("POST", "/api/v1/events/delete", &ids).await;
        assert_eq!(status, 404, "{text}: {body}");
        let label = json!({ "label": text }).to_string();
        let (status, body) = door.ask("PATCH", &format!("/api/v1/events/{good}"), &label).await;
        assert_eq!(status, 422, "{text}: {body}");
        let note = json!({ "note": text }).to_string();
        let (status, body) = door.ask("PATCH", &format!("/api/v1/events/{good}"), &note).await;
        assert!(matches!(status.as_u16(), 200 | 422), "{text}: {status} {body}");
        if status == 200 {
            let changed = serde_json::from_str::<serde_json::Value>(&body).unwrap();
            assert_eq!(changed["note"], text.as_ref(), "words are kept as they are");
        }
    }
    assert_eq!(door.store.check(), Vec::<String>::new());
    assert_eq!(door.store.list(&store::query::Query::default()).unwrap().events.len(), 3);
}
