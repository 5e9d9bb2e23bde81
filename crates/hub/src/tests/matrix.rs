//! Every row of the route table, every method, every way to show a key: each expects its code, and all of it is taken
//! from the table, so that a new row is walked as well.

use std::collections::BTreeSet;

use web::{Need, Row, Scope};

use crate::testing::*;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Paths with their `{names}` filled in; a new name is to be added here.
fn concrete(path: &str) -> String {
    let path = path.replace("{event}", "01KAGW3M6J9Z0T4V8Q2X5Y7B1C").replace("{device}", "aaaaaaaa");
    let path = path.replace("{name}", "poster.jpg").replace("{picture}", "poster.jpg");
    let path = path.replace("{frame}", "0.jpg").replace("{file}", "thumb_0.jpg").replace("{id}", "x");
    assert!(!path.contains('{'), "{path}");
    path
}

fn row_of<'a>(rows: &'a [Row], method: &str, path: &str) -> Option<&'a Row> {
    let method = if method == "HEAD" { "GET" } else { method };
    rows.iter().find(|row| row.method == method && row.path == path)
}

/// What a request without a key, with a wrong one or with one of that scope is answered; `None`: the handler answers.
fn expected(row: Option<&Row>, key: Option<Scope>) -> Option<u16> {
    let Some(row) = row else { return Some(if key.is_some() { 405 } else { 401 }) };
    match (row.need, key) {
        (Need::Open, _) => None,
        (Need::Key(_), None) => Some(if row.forbids { 403 } else { 401 }),
        (Need::Key(needed), Some(has)) => {
            let may = has == needed || has == Scope::Admin || row.or == Some(has);
            (!may).then_some(403)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_under_every_method_answers_every_scope_with_its_code() {
    let rows = crate::rows();
    assert!(rows.len() > 35, "{}", rows.len());
    let hub = TestHub::start().await;
    let mut keys = vec![None];
    keys.extend(Scope::ALL.map(Some));
    for path in rows.iter().map(|row| row.path).collect::<BTreeSet<_>>() {
        // A stream goes on.
        if path == "/api/v1/events/stream" {
            continue;
        }
        for method in METHODS {
            for &key in &keys {
                let text = key.map(|scope| hub.key(scope).to_owned());
                let mut headers = vec![("Content-Type", "application/json")];
                headers.extend(text.as_deref().map(|text| ("X-API-Key", text)));
                let reply = hub.ask(method, &concrete(path), &headers, b"{}").await;
                let told = format!("{method} {path} by {key:?}: {reply:?}");
                assert!(reply.header("x-request-id").is_some(), "{told}");
                match expected(row_of(&rows, method, path), key) {
                    Some(status) => assert_eq!(reply.status, status, "{told}"),
                    None => assert!(!matches!(reply.status, 401 | 403 | 405 | 421 | 429 | 500..), "{told}"),
                }
            }
        }
    }
}

#[test]
fn only_health_is_open_and_what_changes_something_needs_more_than_view() {
    let rows = crate::rows();
    let open = rows.iter().filter(|row| row.need == Need::Open).map(|row| row.path).collect::<Vec<_>>();
    assert_eq!(open, ["/healthz"]);
    for row in &rows {
        assert_eq!(Row::of(&rows, row.method, &concrete(row.path)), Some(row), "another row takes its path");
        let is_changed = row.method != "GET" && row.path != "/api/v1/links";
        assert!(!is_changed || row.need != Need::Key(Scope::View) && row.or != Some(Scope::View), "{row:?}");
    }
    let all = rows.iter().map(|row| (row.method, row.path)).collect::<BTreeSet<_>>();
    assert_eq!(all.len(), rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_what_is_no_route_are_no_oracle() {
    let hub = TestHub::start().await;
    let wrong = format!("{}x", hub.key(Scope::Admin));
    for path in ["/", "/nothing", "/api/v1/events", "/api/v1/ingest/x", "/app.css"] {
        assert_eq!(hub.ask("GET", path, &[], b"").await.status, 401, "{path}");
    }
    assert_eq!(hub.ask("GET", "/api/v1/hub", &[("X-API-Key", &wrong)], b"").await.status, 401);
    assert_eq!(hub.get("/nothing").await.status, 404);
}

#[test]
fn every_row_is_described_with_its_scope() {
    let document = serde_json::to_value(crate::openapi::document("0.0.0")).unwrap();
    for row in crate::rows() {
        let operation = &document["paths"][row.path][row.method.to_ascii_lowercase()];
        assert!(operation["summary"].as_str().is_some_and(|words| words.len() > 8), "{row:?}");
        match row.need {
            Need::Open => assert!(operation["security"].is_null(), "{row:?}"),
            Need::Key(scope) => assert_eq!(operation["x-scope"], scope.as_str(), "{row:?}"),
        }
    }
}
