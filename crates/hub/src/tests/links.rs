//! Signed links, as `<img>` uses them on a hub.

use std::time::Duration;

use serde_json::json;
use web::Scope;

use crate::testing::*;

async fn link(hub: &TestHub, key: &str, path: &str, seconds: u64) -> Reply {
    let headers = [("X-API-Key", key), ("Content-Type", "application/json")];
    let body = json!({ "path": path, "expires_in_s": seconds }).to_string();
    hub.ask("POST", "/api/v1/links", &headers, body.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_a_clip_or_a_picture_without_a_key_until_its_time() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    sent.send(&hub, &hub.nest).await;
    let event = format!("/api/v1/events/{}", sent.id);
    for path in ["clip.mp4", "pictures/poster.jpg"] {
        let path = format!("{event}/{path}");
        assert_eq!(hub.ask("GET", &path, &[], b"").await.status, 401, "{path}");
        let told = link(&hub, hub.key(Scope::View), &path, 60).await.json();
        assert_eq!(told["expires"].as_str().map(str::len), Some(29), "{told}");
        let url = told["url"].as_str().unwrap();
        assert_eq!(hub.ask("GET", url, &[], b"").await.status, 200, "{url}");
        for other in [format!("{url}&t=1"), url.replace("poster", "thumb").replace("clip.mp4", "track")] {
            assert_eq!(hub.ask("GET", &other, &[], b"").await.status, 401, "{other}");
        }
        hub.clock.advance(Duration::from_secs(61));
        let late = hub.ask("GET", url, &[], b"").await;
        assert_eq!((late.status, &late.json()["code"]), (401, &json!("link_expired")), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_made_to_pictures_alone_and_by_who_may_see_them() {
    let hub = TestHub::start().await;
    for path in ["/", "/api/v1/devices", "/api/v1/events", "/api/v1/ingest/x", "http://evil.example/clip.mp4"]
    {
        let reply = link(&hub, hub.key(Scope::View), path, 60).await;
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("path")), "{path}");
    }
    let path = "/api/v1/events/01KAGW3M6J9Z0T4V8Q2X5Y7B1C/clip.mp4";
    assert_eq!(link(&hub, hub.key(Scope::View), path, 59).await.json()["field"], "expires_in_s");
    assert_eq!(link(&hub, &hub.nest, path, 60).await.status, 403, "a camera's key does not look");
}
