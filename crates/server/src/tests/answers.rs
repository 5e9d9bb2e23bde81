use std::time::Duration;

use frame::Rect;
use serde_json::json;

use crate::testing::*;
use crate::{Camera, HistoryEntry, MotionView, SourceState};

#[tokio::test(flavor = "multi_thread")]
async fn the_status_has_exactly_the_keys_that_scripts_read() {
    let server = TestServer::start().await;
    let status = server.get("/status").await.json();
    assert_eq!(status["active_connections"], 0);
    assert_eq!(status["camera_initialized"], true);
    assert_eq!(status["motion_detected"], false);
    let config = json!({
        "width": 320, "height": 180, "frame_rate": 15, "rotation": 0, "max_clients": 20, "client_timeout": 30,
        "show_timestamp": false, "timestamp_position": "top-left", "motion_detection": true,
        "motion_threshold": 25, "motion_min_area": 500, "highlight_motion": false,
    });
    assert_eq!(status["camera_config"], config);
    assert_eq!((&status["version"], &status["source"]["state"]), (&json!("0.0.0"), &json!("live")));
    server.garden.lose();
    assert_eq!(server.get("/status").await.json()["camera_initialized"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_motion_status_has_exactly_the_keys_that_scripts_read() {
    let server = TestServer::start().await;
    let entry = HistoryEntry {
        at: std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        regions: vec![Rect::new(1, 2, 3, 4)],
        label: "animal",
        confidence: 0.75,
        alternatives: vec![("person", 0.2)],
    };
    server.garden.set_motion(MotionView {
        detected: true,
        history: vec![entry].into(),
        ..MotionView::empty()
    });
    let mut status = server.get("/motion_status").await.json();
    let stamp = status["motion_history"][0]["timestamp"].take();
    let time = status["motion_history"][0]["time"].take();
    assert_eq!(stamp.as_str().unwrap().replace(' ', "T"), time.as_str().unwrap()[..19]);
    let expected = json!({
        "motion_detected": true,
        "motion_history": [{
            "timestamp": null, "time": null, "regions": [[1, 2, 3, 4]],
            "classification": {
                "label": "animal", "confidence": 0.75, "alternatives": [{ "label": "person", "confidence": 0.2 }],
            },
        }],
        "active_connections": 0,
        "optical_flow_enabled": true,
    });
    assert_eq!(status, expected);
    assert_eq!(server.get("/api/v1/cameras/garden/motion").await.json()["regions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_applied_and_says_whether_a_restart_is_needed() {
    let server = TestServer::start().await;
    let reply = server.json("POST", "/config", r#"{"motion_threshold":40}"#).await;
    assert_eq!((reply.status, &reply.json()["restart_required"]), (200, &json!(false)));
    assert!(reply.json()["message"].is_string());
    assert_eq!(server.garden.settings().motion_threshold, 40);
    assert_eq!(server.json("POST", "/config", r#"{"width":640}"#).await.json()["restart_required"], true);
    let body = r#"{"motion":{"enabled":false,"threshold":50}}"#;
    let reply = server.json("PATCH", "/api/v1/cameras/shed", body).await.json();
    assert_eq!(reply["restart_required"], false);
    assert_eq!(reply["camera"]["motion"]["enabled"], false);
    assert_eq!(reply["camera"]["motion"]["sensitivity"], 55);
    assert_eq!(server.garden.settings().motion_threshold, 40, "the other camera is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_and_their_activity_are_told_by_id() {
    let server = TestServer::start().await;
    let cameras = server.get("/api/v1/cameras").await.json();
    assert_eq!(cameras["cameras"].as_array().unwrap().len(), 2);
    let shed = server.get("/api/v1/cameras/shed").await.json();
    assert_eq!(shed, cameras["cameras"][1]);
    let source = &shed["source"];
    assert_eq!(
        (&source["width"], &source["format"], &source["problem"]),
        (&json!(320), &json!("mjpeg"), &json!(null))
    );
    let activity = server.get("/api/v1/cameras/garden/activity").await.json();
    assert_eq!((&activity["bin_s"], &activity["near_misses"]), (&json!(15.0), &json!(2)));
    assert_eq!(activity["bins"][0]["motion_s"], 1.5);
    let picture = activity["visits"][0]["picture"].as_str().unwrap();
    assert_eq!(picture, "/api/v1/cameras/garden/visits/7/picture.jpg");
    let reply = server.get(picture).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(server.json("POST", "/api/v1/cameras/shed/retry", "").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_every_camera_delivers_and_the_disk_can_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().to_owned());
    let server = TestServer::with(Wish { data_dir, ..Wish::default() }).await;
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["checks"]["disk"]["state"]), (200, &json!("writable")));
    server.shed.lose();
    let lost = server.get("/readyz").await;
    assert_eq!(lost.status, 503);
    assert_eq!(lost.json()["checks"]["cameras"][1]["state"], "lost");
    assert_eq!(lost.json()["checks"]["cameras"][0]["ok"], true);
    server.shed.set_source(|source| source.state = SourceState::Live);
    drop(dir);
    let gone = server.get("/readyz").await;
    assert_eq!((gone.status, &gone.json()["checks"]["disk"]["ok"]), (503, &json!(false)));
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_text_with_the_cameras_figures() {
    let server = TestServer::start().await;
    server.garden.lose();
    let reply = server.get("/metrics").await;
    assert!(reply.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(reply.body).unwrap();
    for line in [
        "nightjar_camera_up{camera=\"garden\"} 0",
        "nightjar_camera_up{camera=\"shed\"} 1",
        "nightjar_camera_fps{camera=\"shed\"} 15",
        "nightjar_encodes_total{camera=\"garden\"} 0",
        "nightjar_build_info{version=\"0.0.0\"} 1",
    ] {
        assert!(text.lines().any(|this| this == line), "{line} is not in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_and_known_again() {
    let server = TestServer::start().await;
    let page = server.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let etag = page.header("etag").unwrap();
    let again = server.ask("GET", "/", &[("If-None-Match", etag)], "").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = server.ask("HEAD", "/", &[], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}
