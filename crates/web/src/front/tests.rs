use http::header::CONTENT_TYPE;
use tower::ServiceExt;

use super::*;
use crate::{NoKeys, Table};

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
