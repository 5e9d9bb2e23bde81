use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use tower::ServiceExt;

use super::*;
use crate::access::tests::{One, record};
use crate::{Connection, Intake, NoKeys, Scope, Table, table};

async fn panics() -> &'static str {
    panic!("a secret of the inside")
}

async fn hangs() -> &'static str {
    std::future::pending().await
}

/// Status, body and the metrics after one request.
async fn ask(path: &str) -> (Response, Metrics) {
    let metrics = Metrics::default();
    let limits = Limits { handler: Duration::from_millis(20), ..Limits::default() };
    let hosts = Hosts::default();
    let front =
        Front { hosts, access: Access::new(false, Arc::new(NoKeys)), limits, metrics: metrics.clone() };
    let table =
        Table::new(Need::Open, hangs).get("/panics", Need::Open, panics).get("/hangs", Need::Open, hangs);
    let request =
        Request::builder().uri(path).header("host", "localhost").header("x-request-id", "test-0001");
    let response = table.into_router((), front).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (response, metrics)
}

async fn json(response: Response) -> serde_json::Value {
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn a_handler_that_panics_is_a_counted_500_that_tells_nothing_of_the_inside() {
    let (response, metrics) = ask("/panics").await;
    assert_eq!(response.status(), 500);
    let json = json(response).await;
    assert_eq!((json["code"].as_str(), json["request_id"].as_str()), (Some("internal"), Some("test-0001")));
    assert!(!json.to_string().contains("secret"), "{json}");
    assert_eq!(metrics.counter("nightjar_http_panics_total", "", &[]).get(), 1);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_a_503() {
    let (response, metrics) = ask("/hangs").await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    assert_eq!(json(response).await["code"], "handler_timeout");
    assert_eq!(metrics.counter("nightjar_http_panics_total", "", &[]).get(), 0);
}

#[tokio::test]
async fn a_row_for_older_programs_answers_403_and_may_be_content_with_another_scope() {
    let front = Front {
        hosts: Hosts::default(),
        access: Access::new(true, Arc::new(One(record()))),
        limits: Limits::default(),
        metrics: Metrics::default(),
    };
    let fine = async || "fine";
    let table = Table::new(Need::Key(Scope::View), fine)
        .get("/older", Need::Key(Scope::Upload), fine)
        .or(Scope::View)
        .forbids()
        .get("/strict", Need::Key(Scope::Upload), fine)
        .forbids();
    let router = table.into_router((), front);
    for (path, key, status, code) in [
        ("/older", "nj_k1_s", 200, ""),
        ("/older", "nj_k1_x", 403, "key_wrong"),
        ("/older", "", 403, "key_missing"),
        ("/strict", "nj_k1_s", 403, "scope_missing"),
        ("/none", "", 401, "key_missing"),
    ] {
        let mut request = Request::builder().uri(path).header("host", "localhost");
        if !key.is_empty() {
            request = request.header("x-api-key", key);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path} {key}");
        assert_eq!(response.headers().contains_key("www-authenticate"), status == 401, "{path} {key}");
        if status != 200 {
            assert_eq!(json(response).await["code"], code, "{path} {key}");
        }
    }
}

/// What several faults at once are answered with, one mended after the other.
#[tokio::test]
async fn of_several_faults_the_first_in_the_order_is_answered_and_each_answer_has_its_id() {
    let limits = Limits { requests_at_once: 1, body_bytes: 10, in_flight: 1, ..Limits::default() };
    let metrics = Metrics::default();
    let access = Access::new(true, Arc::new(One(record())));
    let front = Front { hosts: Hosts::default(), access, limits, metrics: metrics.clone() };
    let table = Table::new(Need::Key(Scope::View), panics).post("/do", Need::Key(Scope::View), panics);
    let router = table.into_router((), front);
    let ask = async |peer: u8, headers: &[(&str, &str)], body: &'static [u8]| {
        let mut request = Request::builder().method("POST").uri("/do");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Connection::new([192, 0, 2, peer].into(), Duration::from_secs(1)));
        let response = router.clone().oneshot(request).await.unwrap();
        assert!(response.headers().contains_key("x-request-id"));
        let json = json(response).await;
        json["code"].as_str().unwrap().to_owned()
    };
    let (evil, own) = (("origin", "http://evil.example"), ("origin", "http://localhost"));
    let (host, wrong) = (("host", "localhost"), ("x-api-key", "nj_k1_x"));
    let key = ("x-api-key", "nj_k1_s");
    assert_eq!(ask(1, &[("host", "evil.example"), wrong, evil], &[b'x'; 11]).await, "unknown_host");
    assert_eq!(ask(1, &[host, wrong, evil], &[b'x'; 11]).await, "key_wrong", "the first of this address");
    assert_eq!(ask(1, &[host, wrong, evil], &[b'x'; 11]).await, "too_many_requests", "before the key");
    assert_eq!(ask(2, &[host, evil], &[b'x'; 11]).await, "key_missing", "before the origin");
    assert_eq!(ask(3, &[host, key, evil], &[b'x'; 11]).await, "foreign_origin", "before the body");
    assert_eq!(ask(4, &[host, key, own], &[b'x'; 11]).await, "body_too_large", "before the handler");
    assert_eq!(ask(5, &[host, key, own], &[b'x'; 10]).await, "internal", "the handler, which panics");
    assert_eq!(metrics.counter("nightjar_http_panics_total", "", &[]).get(), 1);
    assert_eq!(metrics.counter("nightjar_http_slowed_total", "", &[]).get(), 1);
    let answered = |class| metrics.counter("nightjar_http_requests_total", "", &[("status", class)]).get();
    assert_eq!((answered("4xx"), answered("5xx")), (6, 1), "whatever the answer, it is counted");
}

/// A body that must not be asked for.
struct Untouched;

impl http_body::Body for Untouched {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;
    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        panic!("the body was read")
    }
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_the_request_has_passed() {
    let access = Access::new(true, Arc::new(One(record())));
    let front =
        Front { hosts: Hosts::default(), access, limits: Limits::default(), metrics: Metrics::default() };
    let table = Table::new(Need::Key(Scope::View), panics).post("/do", Need::Key(Scope::View), panics).post(
        "/admin",
        Need::Key(Scope::Admin),
        panics,
    );
    let router = table.into_router((), front);
    let key = ("x-api-key", "nj_k1_s");
    let site = ("sec-fetch-site", "cross-site");
    for (path, headers, status) in [
        ("/do", vec![("host", "evil.example"), key], 421),
        ("/do", vec![("host", "localhost")], 401),
        ("/admin", vec![("host", "localhost"), key], 403),
        ("/do", vec![("host", "localhost"), key, site], 403),
        ("/do", vec![("host", "localhost"), key, ("content-length", "104857600")], 413),
    ] {
        let mut request = Request::builder().method("POST").uri(path);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let response = router.clone().oneshot(request.body(Body::new(Untouched)).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path} {headers:?}");
    }
}

#[tokio::test]
async fn a_route_that_is_no_row_is_served_to_nobody() {
    let router = Router::new().route("/row", get(async || "")).route("/beside", get(async || "a secret"));
    let row = Row {
        method: "GET",
        path: "/row",
        need: Need::Open,
        linkable: false,
        intake: Intake::Whole,
        or: None,
        forbids: false,
    };
    let front = Front {
        hosts: Hosts::default(),
        access: Access::open(),
        limits: Limits::default(),
        metrics: Metrics::default(),
    };
    let router = table::guarded(router, &[row], Need::Open, front);
    for (path, status) in [("/row", 200), ("/beside", 500)] {
        let request = Request::builder().uri(path).header("host", "localhost").body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{path}");
    }
}
