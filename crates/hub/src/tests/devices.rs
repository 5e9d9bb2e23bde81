//! What is known of devices, and of the hub itself.

use serde_json::{Value, json};
use web::Scope;

use crate::testing::*;

fn beat() -> Value {
    json!({
        "version": "0.1.0", "now": "2023-11-15T12:00:30+00:00",
        "backlog": { "events": 41, "bytes": 312_000_000u64, "oldest": "2023-11-14T02:41:17+01:00" },
        "cameras": [{ "id": "garden", "name": "The garden", "state": "live" }],
        "live_url": "http://192.168.1.7:8000/",
        "health": { "problems": ["The disk is nearly full."], "disk_free": 5, "uptime_s": 60 },
    })
}

async fn tell(hub: &TestHub, beat: &Value) -> Reply {
    let headers = [("X-API-Key", hub.nest.as_str()), ("Content-Type", "application/json")];
    hub.ask("PUT", "/api/v1/ingest/device", &headers, beat.to_string().as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_known_from_its_first_word_on_and_with_how_it_is() {
    let hub = TestHub::start().await;
    assert_eq!(hub.get("/api/v1/devices").await.json()["devices"], json!([]));
    let answer = tell(&hub, &beat()).await;
    assert_eq!(answer.json()["now"], "2023-11-15T12:00:00+00:00", "{answer:?}");
    let device = hub.get("/api/v1/devices").await.json()["devices"][0].clone();
    assert_eq!(
        (&device["name"], &device["online"], &device["has_key"]),
        (&json!("Nest"), &json!(true), &json!(true))
    );
    assert_eq!(device["clock_offset_ms"], 30_000, "its clock is ahead");
    assert_eq!(device["backlog"]["events"], 41);
    assert_eq!(device["cameras"][0]["id"], "nest-garden", "as its events are called here");
    assert_eq!(device["live_url"], "http://192.168.1.7:8000/");
    assert_eq!(device["problems"][0], "The disk is nearly full.");
    let camera = Camera::new();
    let sent = camera.record(&made::Wish::default());
    sent.send(&hub, &hub.nest).await;
    let path = format!("/api/v1/devices/{}", device["id"].as_str().unwrap());
    let one = hub.get(&path).await.json();
    assert_eq!(one["kept"]["events"], 1);
    assert!(one["kept"]["bytes"].as_u64().unwrap() > sent.clip.len() as u64, "{one}");
    hub.clock.advance(std::time::Duration::from_secs(600));
    assert_eq!(hub.get(&path).await.json()["online"], false);
    let about = hub.get("/api/v1/hub").await.json();
    assert_eq!(
        (&about["devices"], &about["online"], &about["storage"]["events"]),
        (&json!(1), &json!(0), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_is_that_camera_s_whose_id_it_begins_with_and_else_the_device_s() {
    let hub = TestHub::start().await;
    let mut beat = beat();
    beat["cameras"] = json!([
        { "id": "garden", "name": "The garden", "state": "live" },
        { "id": "barn", "name": "Barn", "state": "lost" },
        { "id": "barn-2", "name": "Barn", "state": "live" },
    ]);
    beat["health"]["problems"] = json!([
        "barn: The camera was unplugged.",
        "The disk is full.",
        "barn: Nothing answers at 192.168.1.9:80.",
        "attic: It was taken out of the configuration meanwhile.",
    ]);
    assert_eq!(tell(&hub, &beat).await.status, 200);
    let device = hub.get("/api/v1/devices").await.json()["devices"][0].clone();
    let of = |nth: usize| device["cameras"][nth]["problems"].clone();
    assert_eq!(of(0), json!([]), "nothing is wrong with the garden");
    assert_eq!(of(1), json!(["The camera was unplugged.", "Nothing answers at 192.168.1.9:80."]));
    assert_eq!(of(2), json!([]), "another one whose name begins so");
    assert_eq!(
        device["problems"],
        json!(["The disk is full.", "attic: It was taken out of the configuration meanwhile."])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_forgotten_leaves_its_events() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    camera.record(&made::Wish::default()).send(&hub, &hub.nest).await;
    let id = hub.get("/api/v1/devices").await.json()["devices"][0]["id"].as_str().unwrap().to_owned();
    let forget = async |id: &str| {
        let key = [("X-API-Key", hub.key(Scope::Control))];
        hub.ask("DELETE", &format!("/api/v1/devices/{id}"), &key, b"").await.status
    };
    assert_eq!((forget(&id).await, forget(&id).await, forget("..%2f..").await), (204, 404, 404));
    assert_eq!(hub.get(&format!("/api/v1/devices/{id}")).await.status, 404);
    assert_eq!(hub.get("/api/v1/events").await.json()["events"].as_array().unwrap().len(), 1);
    tell(&hub, &beat()).await;
    assert_eq!(hub.get("/api/v1/devices").await.json()["devices"].as_array().unwrap().len(), 1, "it is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_says_of_itself_is_held_against_what_it_may_be() {
    let hub = TestHub::start().await;
    for (pointer, value) in [
        ("/now", json!("yesterday")),
        ("/live_url", json!("javascript:alert(1)")),
        ("/cameras/0/id", json!("../x")),
        ("/health/problems", json!(["x".repeat(5_000)])),
        ("/backlog/events", json!(-1)),
    ] {
        let mut bad = beat();
        *bad.pointer_mut(pointer).unwrap() = value;
        let reply = tell(&hub, &bad).await;
        assert_eq!(reply.status, 422, "{pointer}: {reply:?}");
    }
    assert_eq!(hub.get("/api/v1/devices").await.json()["devices"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_says_whether_it_is_well_and_gives_its_figures() {
    let hub = TestHub::start().await;
    tell(&hub, &beat()).await;
    assert_eq!(hub.ask("GET", "/healthz", &[], b"").await.status, 200);
    let ready = hub.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["checks"]["disk"]["ok"]), (200, &json!(true)), "{ready:?}");
    let metrics = hub.ask("GET", "/metrics", &[("X-API-Key", hub.key(Scope::Metrics))], b"").await;
    let text = String::from_utf8(metrics.body).unwrap();
    for line in
        ["nightjar_hub_events 0", "nightjar_hub_device_backlog{device=", "nightjar_http_requests_total"]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let page = hub.get("/").await;
    assert_eq!(page.status, 200, "the page");
}
