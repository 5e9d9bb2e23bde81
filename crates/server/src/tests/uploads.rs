//! Uploads over HTTP: told, tried again, held up, and what older scripts change.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::outbox::{ErrandState, ErrandView, Stage};

use crate::testing::*;
use crate::{UploadPatch, UploadsView};

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];
const EVENT: &str = "01KAGW3M6J9Z0T4V8Q2X5Y7B1C";
/// The one that is not there.
const NONE: &str = "00000000000000000000000000";

async fn house() -> (TestServer, Arc<FakeUploads>) {
    let uploads = Arc::<FakeUploads>::default();
    let server = TestServer::with(Wish { uploads: uploads.clone(), ..Wish::default() }).await;
    (server, uploads)
}

fn errand(state: ErrandState) -> ErrandView {
    ErrandView {
        remote: "attic".to_owned(),
        event: EVENT.parse().unwrap(),
        camera: "garden".to_owned(),
        started: Timestamp::UNIX_EPOCH,
        stage: Stage::Clip,
        state,
        attempts: 3,
        due_in: None,
        why: Some("it said no".to_owned()),
        bytes: 12,
        done_at: None,
    }
}

#[tokio::test]
async fn what_is_owed_is_told_with_its_remote_and_its_errands() {
    let (server, uploads) = house().await;
    let told = server.get("/api/v1/uploads").await.json();
    assert_eq!((&told["paused"], &told["rate"]), (&json!(false), &Value::Null));
    assert_eq!(
        (&told["remotes"][0]["name"], &told["remotes"][0]["backlog"]["events"]),
        (&json!("attic"), &json!(0))
    );
    *uploads.errands.lock().unwrap() = vec![errand(ErrandState::Failed)];
    let path = "/api/v1/uploads/errands";
    let told = server.get(&format!("{path}?state=failed&remote=attic&limit=200")).await.json();
    assert_eq!(
        (&told["errands"][0]["event"], &told["errands"][0]["why"]),
        (&json!(EVENT), &json!("it said no"))
    );
    assert_eq!(told["next"], Value::Null);
    for (query, status, field) in [
        ("state=lost", 422, "state"),
        ("limit=0", 422, "limit"),
        ("limit=201", 422, "limit"),
        ("cursor=x", 400, "cursor"),
        ("sate=done", 400, "sate"),
        ("limit=1&limit=2", 400, "limit"),
    ] {
        let reply = server.get(&format!("{path}?{query}")).await;
        assert_eq!((reply.status, &reply.json()["field"]), (status, &json!(field)), "{query}");
    }
    assert_eq!(server.get(&format!("{path}?remote=cellar")).await.status, 404);
}

#[tokio::test]
async fn what_goes_now_is_told_with_how_far_it_is() {
    let (server, uploads) = house().await;
    let event = EVENT.parse().unwrap();
    let mut attic = remote("attic");
    attic.sending = vec![event];
    attic.under_way = vec![crate::UnderWay { event, stage: Stage::Clip, sent: 3_000, bytes: 12_000 }];
    let view = UploadsView { remotes: vec![attic], ..UploadsView::default() };
    *uploads.view.lock().unwrap() = Some(view);
    assert_eq!(
        server.get("/api/v1/uploads").await.json()["remotes"][0]["under_way"],
        json!([{ "event": EVENT, "stage": "clip", "sent": 3_000, "bytes": 12_000 }])
    );
}

#[tokio::test]
async fn what_waits_is_tried_again_all_of_it_or_one() {
    let (server, uploads) = house().await;
    let path = "/api/v1/uploads/retry";
    let retry = async |body: Value| server.ask("POST", path, &JSON, &body.to_string()).await;
    assert_eq!(retry(json!({})).await.json(), json!({ "due": 1 }));
    assert_eq!(retry(json!({ "event": EVENT, "remote": "attic" })).await.status, 200);
    assert_eq!(retry(json!({ "event": NONE })).await.status, 404);
    assert_eq!(retry(json!({ "event": "../../etc" })).await.status, 404);
    assert_eq!(retry(json!({ "remote": "cellar" })).await.status, 404);
    for nonsense in [json!({ "evnt": EVENT }), json!([]), json!(null), json!("all")] {
        assert_eq!(retry(nonsense.clone()).await.status, 422, "{nonsense}");
    }
    let seen = uploads.retried.lock().unwrap().clone();
    let event = Some(EVENT.parse().unwrap());
    assert_eq!(seen, [(None, None), (event, Some("attic".to_owned()))]);
}

#[tokio::test]
async fn a_pause_is_kept_or_refused_with_what_stands_above_it() {
    let (server, uploads) = house().await;
    let paused = server.ask("POST", "/api/v1/uploads/pause", &JSON, "{}").await;
    assert_eq!((paused.status, &paused.json()["paused"]), (200, &json!(true)));
    let resumed = server.ask("POST", "/api/v1/uploads/resume", &JSON, "{}").await;
    assert_eq!((resumed.status, &resumed.json()["paused"]), (200, &json!(false)));
    *uploads.shadow.lock().unwrap() = Some("paused");
    let refused = server.ask("POST", "/api/v1/uploads/pause", &JSON, "{}").await;
    assert_eq!((refused.status, &refused.json()["field"]), (409, &json!("paused")));
}

#[tokio::test]
async fn older_scripts_change_what_they_know_and_remotes_are_not_among_it() {
    let (server, uploads) = house().await;
    let change = async |body: Value| server.ask("POST", "/storage/config", &JSON, &body.to_string()).await;
    let body = json!({
        "throttle_kbps": 800, "schedule_active": true, "schedule_window": "22:00-06:00", "wifi_monitoring": true,
        "max_size_mb": 2048,
    });
    let answer = change(body.clone()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut told = body.clone();
    told["max_size_mb"] = json!(2048.0);
    assert_eq!(answer.json()["config"], told);
    let patch = UploadPatch {
        paused: None,
        rate: Some(100_000),
        window: Some("22:00-06:00".to_owned()),
        window_active: Some(true),
        wifi: Some(true),
        max_size: Some(2 << 30),
    };
    assert_eq!(uploads.patches(), [patch]);
    for (body, field) in [
        (json!({ "throttle_kbps": 1_000_001 }), "throttle_kbps"),
        (json!({ "throttle_kbps": -1 }), "throttle_kbps"),
        (json!({ "throttle_kbps": "fast" }), "throttle_kbps"),
        (json!({ "schedule_active": 1 }), "schedule_active"),
        (json!({ "schedule_window": null }), "schedule_window"),
        (json!({ "schedule_window": "nonsense" }), "schedule_window"),
        (json!({ "wifi_monitoring": "on" }), "wifi_monitoring"),
        (json!({ "max_size_mb": 1 }), "max_size_mb"),
        (json!({ "remote_storage_url": "http://elsewhere/" }), "remote_storage_url"),
        (json!({ "remote_api_key": "k" }), "remote_api_key"),
        (json!({ "speed": 1 }), "speed"),
    ] {
        let reply = change(body.clone()).await;
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!(field)), "{body}");
    }
    assert_eq!(change(json!([])).await.status, 422);
    assert_eq!(uploads.patches().len(), 1, "nothing of what was refused was changed");
    *uploads.shadow.lock().unwrap() = Some("rate");
    let refused = change(json!({ "throttle_kbps": 0 })).await;
    assert_eq!((refused.status, &refused.json()["field"]), (409, &json!("throttle_kbps")));
}

#[tokio::test]
async fn a_window_that_there_is_none_of_cannot_be_switched_on() {
    let (server, _) = house().await;
    let reply = server.ask("POST", "/storage/config", &JSON, r#"{"schedule_active": true}"#).await;
    assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("schedule_active")));
}

#[tokio::test]
async fn one_event_can_be_sent_before_all_others() {
    let (server, uploads) = house().await;
    let reply = server.ask("POST", &format!("/storage/transfer/{EVENT}"), &JSON, "").await;
    assert_eq!((reply.status, &reply.json()["success"]), (200, &json!(true)));
    assert_eq!(*uploads.retried.lock().unwrap(), [(Some(EVENT.parse().unwrap()), None)]);
    assert_eq!(server.ask("POST", &format!("/storage/transfer/{NONE}"), &JSON, "").await.status, 404);
    assert_eq!(server.ask("POST", "/storage/transfer/..%2f..", &JSON, "").await.status, 404);
    *uploads.view.lock().unwrap() = Some(crate::UploadsView::default());
    let reply = server.ask("POST", &format!("/storage/transfer/{EVENT}"), &JSON, "").await;
    assert_eq!(reply.json()["success"], json!(false), "nothing is configured");
}

#[tokio::test]
async fn a_remote_that_waits_is_told_in_readyz_and_metrics_and_the_camera_is_ready_all_the_same() {
    let (server, uploads) = house().await;
    let mut view = crate::UploadsView { remotes: vec![remote("attic")], ..crate::UploadsView::default() };
    view.remotes[0].waiting = Some("offline");
    view.remotes[0].backlog.clips = 7;
    *uploads.view.lock().unwrap() = Some(view);
    let ready = server.get("/readyz").await.json();
    let check = &ready["checks"]["remotes"][0];
    assert_eq!(
        (&check["ok"], &check["state"], &check["owed"]),
        (&json!(false), &json!("offline"), &json!(7))
    );
    let metrics = server.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    for line in [
        "nightjar_upload_owed{remote=\"attic\",stage=\"clip\"} 7",
        "nightjar_upload_up{remote=\"attic\"} 0",
        "nightjar_upload_bytes_total{remote=\"attic\"} 12",
        "nightjar_upload_attempts_total{remote=\"attic\",outcome=\"sent\"} 3",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in {text}");
    }
}
