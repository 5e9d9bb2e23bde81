use std::sync::Arc;

use frame::SimClock;
use store::fs::RealFs;
use store::keys::{Keys, Secret};
use web::{Access, Need, NoKeys};

use crate::StoredKeys;
use crate::testing::*;

/// Paths with their `{names}` filled in.
fn concrete(path: &str) -> String {
    path.replace("{id}", "garden").replace("{visit}", "7")
}

fn keys(dir: &std::path::Path) -> Arc<Keys> {
    Arc::new(Keys::new(Arc::new(RealFs), dir))
}

fn add(keys: &Keys, scope: &str, seed: u8) -> store::keys::NewKey {
    let clock = SimClock::at(std::time::SystemTime::UNIX_EPOCH);
    keys.add(scope, &[scope.to_owned()], Secret([seed; 37]), &clock).unwrap()
}

/// The status alone: streams do not end.
async fn status(server: &TestServer, row: &web::Row, key: Option<&str>) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let key = key.map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
    let (method, path) = (row.method, concrete(row.path));
    let body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{key}{body}");
    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    soon("a status", stream.read_exact(&mut head)).await.unwrap();
    std::str::from_utf8(&head[9..]).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_scope_and_no_other_key_opens_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let texts = store::keys::SCOPES.map(|scope| (scope, add(&keys, scope, scope.len() as u8).text));
    let access = Access::new(false, Arc::new(StoredKeys::load(keys).unwrap()));
    let server = TestServer::with(Wish { access, ..Wish::default() }).await;
    server.garden.push_bytes(1, 100);
    let rows = crate::rows();
    assert!(rows.len() > 15);
    for row in rows {
        let Need::Key(scope) = row.need else {
            assert_eq!((row.path, status(&server, &row, None).await), ("/healthz", 200));
            continue;
        };
        let wrong = format!("{}x", texts[0].1);
        for key in [None, Some("nonsense"), Some(wrong.as_str()), Some("nj_nobody_secret")] {
            assert_eq!(status(&server, &row, key).await, 401, "{row:?} with {key:?}");
        }
        for (name, key) in &texts {
            let expected = *name == scope.as_str() || *name == "admin";
            let got = status(&server, &row, Some(key)).await;
            assert!(
                if expected { got != 401 && got != 403 } else { got == 403 },
                "{row:?} with {name}: {got}"
            );
        }
    }
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
