//! The timeline, the activity, the disk, the older paths; and that no answer costs more than three statements.

use std::time::Duration;

use serde_json::{Value, json};
use web::Life;

use crate::testing::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_has_motion_and_visits_where_they_were() {
    let server = TestServer::start().await;
    let (store, clock) = (&server.store, &server.clock);
    Wish { frames: 100, ..Wish::default() }.make(store, clock);
    clock.advance(Duration::from_secs(600));
    Wish { camera: "shed", frames: 20, ..Wish::default() }.make(store, clock);
    clock.advance(Duration::from_secs(600));
    let from = "2023-11-15T12:00:00%2B00:00";
    let path = format!("/api/v1/timeline?from={from}&bin_s=300");
    let told = server.get(&path).await.json();
    assert_eq!(told["bin_s"], 300);
    let cameras = told["cameras"].as_array().unwrap();
    let find = |id: &str| cameras.iter().find(|camera| camera["id"] == id).unwrap();
    assert_eq!((&find("garden")["visits"], &find("shed")["visits"]), (&json!(1), &json!(1)));
    let bin = |id: &str| find(id)["bins"][0].as_array().unwrap().clone();
    assert_eq!((&bin("garden")[0], &bin("garden")[2]), (&json!(0), &json!(1)));
    assert_eq!((&bin("shed")[0], &bin("shed")[2]), (&json!(2), &json!(1)));
    assert!((1.0..=10.0).contains(&bin("garden")[1].as_f64().unwrap()), "{told}");
    let shed = server.get(&format!("{path}&camera=shed")).await.json();
    assert_eq!(shed["cameras"], json!([find("shed")]));
    assert_eq!(server.get("/api/v1/timeline").await.status, 200);
    for bad in ["bin_s=0", "days=1", "from=2023-10-01T00:00:00Z", "camera=A"] {
        assert!(matches!(server.get(&format!("/api/v1/timeline?{bad}")).await.status, 400 | 422), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_activity_has_every_day_and_every_hour() {
    let server = TestServer::start().await;
    made::many(&server.store, &server.clock, 4);
    Wish { label: "person", ..Wish::default() }.make(&server.store, &server.clock);
    let told = server.get("/api/v1/events/activity?days=7").await.json();
    let days = told["days"].as_array().unwrap();
    assert_eq!((days.len(), told["hours"].as_array().unwrap().len()), (7, 24));
    assert_eq!((&told["total"], &told["unseen"]), (&json!(5), &json!(5)));
    let today = &days[6];
    assert_eq!((&today["date"], &today["visits"]), (&json!("2023-11-15"), &json!(5)));
    assert_eq!(today["by_label"], json!({ "animal": 4, "person": 1 }));
    for bad in ["days=0", "days=367", "days=x", "hours=1"] {
        assert!(
            matches!(server.get(&format!("/api/v1/events/activity?{bad}")).await.status, 400 | 422),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_storage_says_how_much_there_is_and_the_older_paths_say_the_same() {
    let server = TestServer::start().await;
    let event = Wish::default().make(&server.store, &server.clock);
    let path = format!("/api/v1/events/{}", event.id);
    server.json("PATCH", &path, &json!({ "favourite": true })).await;
    let told = server.get("/api/v1/storage").await.json();
    assert_eq!(
        (&told["state"], &told["problem"], &told["forecast"]),
        (&json!("ok"), &Value::Null, &Value::Null)
    );
    assert_eq!((&told["events"], &told["favourites"], &told["unseen"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(told["bytes"]["clips"], event.clip.as_ref().unwrap().bytes);
    assert_eq!(told["bytes"]["pictures"], 1500);
    assert!(told["disk"]["total"].as_u64() >= told["disk"]["free"].as_u64(), "{told}");
    assert_eq!(told["retention"]["max_size"], 10u64 << 30);
    assert_eq!(told["retention"]["max_age_s"], Value::Null);
    let status = server.get("/storage/status").await.json();
    assert_eq!(
        (&status["storage"]["event_count"], &status["storage"]["max_size_mb"]),
        (&json!(1), &json!(10240.0))
    );
    assert_eq!(status["transfer"]["pending_count"], 0);
    assert_eq!(status["pending_events"], json!([]));
    let events = server.get("/storage/events?_=123").await.json();
    assert_eq!((&events["count"], &events["events"][0]["id"]), (&json!(1), &json!(event.id.to_string())));
    assert_eq!(events["events"][0]["start_time"], "2023-11-15T13:00:00.000+01:00");
    let nothing = json!({ "degraded": 0, "deleted": 0, "freed_bytes": 0 });
    assert_eq!(server.ask("POST", "/api/v1/storage/cleanup", &[], "").await.json(), nothing);
    let older = server.ask("POST", "/storage/cleanup", &[], "").await;
    assert_eq!((older.status, &older.json()["deleted"]), (200, &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_store_says_so() {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;
    use web::{Access, Front, Hosts, Limits, Metrics};

    let clock = std::sync::Arc::new(frame::SimClock::at(std::time::UNIX_EPOCH));
    let (hosts, access, limits) = (Hosts::default(), Access::open(), Limits::default());
    let front = Front { hosts, access, limits, metrics: Metrics::default() };
    let rows = table().rows().to_vec();
    let router = table().into_router(archive(None, clock, &Life::default()), front);
    for row in rows {
        let path = row.path.replace("{event}", "01KAGW3M6J9Z0T4V8Q2X5Y7B1C");
        let path = path.replace("{picture}", "poster.jpg").replace("{frame}", "0.jpg");
        let body = if path.ends_with("delete") { r#"{"ids":["01KAGW3M6J9Z0T4V8Q2X5Y7B1C"]}"# } else { "{}" };
        let request = http::Request::builder().method(row.method).uri(&path).header("host", "localhost");
        let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 503, "{} {path}", row.method);
        assert!(response.headers().contains_key("retry-after"), "{path}");
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("nothing_kept"), "{path}");
    }
}
