//! What is not taken, each with its code.

use serde_json::json;

use crate::app::Settings;
use crate::testing::*;

fn say(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_an_event_must_be_an_event() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let good = camera.record(&made::Wish::default());
    let headers = [("X-API-Key", hub.nest.as_str()), ("Content-Type", "application/json")];
    let put = async |manifest: serde_json::Value| {
        hub.ask("PUT", &good.path(""), &headers, manifest.to_string().as_bytes()).await
    };
    let manifest = serde_json::to_value(&good.manifest).unwrap();
    let with = |pointer: &str, value: serde_json::Value| {
        let mut other = manifest.clone();
        *other.pointer_mut(pointer).expect(pointer) = value;
        other
    };
    for (bad, code) in [
        (json!({}), "invalid_value"),
        (json!({ "metadata": 7 }), "invalid_value"),
        (with("/metadata", json!({})), "invalid_value"),
        (with("/metadata/id", json!("01KAGW3M6J9Z0T4V8Q2X5Y7B1C")), "invalid_value"),
        (with("/metadata/camera", json!("../../etc")), "invalid_value"),
        (with("/files/0/name", json!("../../../etc/passwd")), "invalid_value"),
        (with("/files/0/name", json!("clip.mp4")), "invalid_value"),
        (with("/files/0/name", json!("poster.jpg\0")), "invalid_value"),
        (with("/files/1", manifest["files"][0].clone()), "invalid_value"),
        (with("/files/0/bytes", json!(0)), "invalid_value"),
        (with("/files/0/bytes", json!(-1)), "invalid_value"),
        (with("/files/0/sha256", json!("xyz")), "invalid_value"),
        (with("/clip/sha256", json!("0".repeat(64))), "invalid_value"),
        (with("/clip/bytes", json!(5)), "invalid_value"),
    ] {
        let reply = put(bad.clone()).await;
        assert_eq!(reply.problem(), say(422, code), "{bad}");
    }
    assert_eq!(hub.ask("PUT", &good.path(""), &headers, b"{").await.problem(), say(400, "bad_json"));
    let plain = [headers[0], ("Content-Type", "text/plain")];
    let reply = hub.ask("PUT", &good.path(""), &plain, b"{}").await;
    assert_eq!(reply.problem(), say(415, "unsupported_media_type"));
    for id in ["x", "01kagw3m6j9z0t4v8q2x5y7b1c", "..%2f..%2fetc", "01KAGW3M6J9Z0T4V8Q2X5Y7B1C%00"] {
        let reply = hub.ask("PUT", &format!("/api/v1/ingest/{id}"), &headers, b"{}").await;
        assert_eq!(reply.problem(), say(422, "invalid_value"), "{id}");
    }
    assert_eq!(good.standing(&hub, &hub.nest).await["state"], "unknown", "nothing of all that is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_any_of_it_is_read() {
    let settings = Settings { max_event: 20_000, ..Settings::default() };
    let (hub, camera) = (TestHub::with(settings, web::Limits::of_hub()).await, Camera::new());
    let large = camera.record(&made::Wish { frames: 30, ..made::Wish::default() });
    assert_eq!(large.announce(&hub, &hub.nest).await.problem(), say(413, "too_large"));
    let key = ("X-API-Key", hub.nest.as_str());
    for (method, path, most) in [
        ("PUT", large.path(""), 1u64 << 20),
        ("PUT", large.path("/files/poster.jpg"), 16 << 20),
        ("PATCH", large.path("/clip"), 8 << 20),
    ] {
        // Said to come and never sent: who waits for it would never answer.
        let length = (most + 1).to_string();
        let reply = hub.ask(method, &path, &[key, ("Content-Length", &length)], b"").await;
        assert_eq!(reply.problem(), say(413, "body_too_large"), "{method} {path}");
    }
    hub.hub.settings.set(Settings { max_event: 8 << 20, ..Settings::default() });
    assert_eq!(large.announce(&hub, &hub.nest).await.status, 200, "what may be larger from now on is taken");
    assert_eq!(hub.get("/api/v1/hub").await.json()["max_event_bytes"], 8 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_must_be_the_one_that_was_announced() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let mut sent = camera.record(&made::Wish::default());
    let (name, bytes) = sent.files[0].clone();
    let file = async |sent: &Sent, name: &str, bytes: &[u8]| sent.file(&hub, &hub.nest, name, bytes).await;
    let unknown = file(&sent, &name, &bytes).await;
    assert_eq!(unknown.json()["state"], "unknown", "say first what belongs to it");
    sent.announce(&hub, &hub.nest).await;
    assert_eq!(file(&sent, "thumb_63.jpg", &bytes).await.problem(), say(404, "not_found"));
    assert_eq!(file(&sent, "..%2fpasswd", &bytes).await.problem(), say(404, "not_found"));
    let mut other = bytes.clone();
    other[7] ^= 1;
    assert_eq!(file(&sent, &name, &other).await.problem(), say(422, "digest"));
    assert_eq!(file(&sent, &name, &bytes[1..]).await.problem(), say(422, "digest"));
    other.push(0);
    assert_eq!(file(&sent, &name, &other).await.problem(), say(413, "too_large"));
    let path = sent.path(&format!("/files/{name}"));
    let key = ("X-API-Key", hub.nest.as_str());
    let damaged = hub.ask("PUT", &path, &[key, ("Content-Digest", &digest(b"x"))], &bytes).await;
    assert_eq!(damaged.problem(), say(422, "digest"));
    let nonsense = hub.ask("PUT", &path, &[key, ("Content-Digest", "sha-256=%")], &bytes).await;
    assert_eq!(nonsense.problem(), say(400, "bad_digest"));
    let stranger = sent.file(&hub, &hub.pond, &name, &bytes).await;
    assert_eq!(stranger.problem(), say(409, "other_event"));
    // Right by its hash, and no picture.
    let text = b"<script>alert(1)</script>".to_vec();
    let place = sent.manifest.files.iter_mut().find(|file| file.name == "poster.jpg").unwrap();
    (place.bytes, place.sha256) = (text.len() as u64, store::parcel::hex(&sha(&text)));
    sent.announce(&hub, &hub.nest).await;
    let reply = sent.file(&hub, &hub.nest, "poster.jpg", &text).await;
    assert_eq!(reply.problem(), say(422, "invalid_value"), "{reply:?}");
}

fn sha(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_must_go_on_where_the_last_one_ended_and_be_what_its_digest_says() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 50, ..made::Wish::default() });
    let (half, whole) = (sent.clip.len() / 2, sent.clip.len());
    let part = async |offset: usize, bytes: &[u8]| sent.part(&hub, &hub.nest, offset, bytes).await;
    assert_eq!(part(0, &sent.clip).await.problem(), say(404, "not_found"), "nothing is known of it");
    sent.announce(&hub, &hub.nest).await;
    assert_eq!(part(0, &sent.clip).await.problem(), say(404, "not_found"), "the pictures come first");
    sent.pictures(&hub, &hub.nest).await;
    let late = part(10, &sent.clip[10..]).await;
    assert_eq!((late.problem(), &late.json()["offset"]), (say(409, "offset"), &json!(0)));
    assert_eq!(part(0, &sent.clip[..half]).await.status, 200);
    let again = part(0, &sent.clip[..half]).await;
    assert_eq!((again.problem(), &again.json()["offset"]), (say(409, "offset"), &json!(half)));
    let early = sent.finish(&hub, &hub.nest).await;
    assert_eq!((early.problem(), &early.json()["offset"]), (say(409, "offset"), &json!(half)));
    let mut damaged = sent.clip[half..].to_vec();
    damaged[3] ^= 0x10;
    let said = digest(&sent.clip[half..]);
    let (key, offset) = (("X-API-Key", hub.nest.as_str()), half.to_string());
    let headers = [key, ("Upload-Offset", &*offset), ("Content-Digest", &*said)];
    let flipped = hub.ask("PATCH", &sent.path("/clip"), &headers, &damaged).await;
    assert_eq!(flipped.problem(), say(422, "digest"));
    assert_eq!(sent.standing(&hub, &hub.nest).await["offset"], json!(half), "it was taken back");
    let mut long = sent.clip[half..].to_vec();
    long.push(0);
    assert_eq!(part(half, &long).await.problem(), say(422, "invalid_value"));
    assert_eq!(sent.standing(&hub, &hub.nest).await["offset"], json!(half));
    for headers in [
        vec![key, ("Content-Digest", &*said)],
        vec![key, ("Content-Digest", &*said), ("Upload-Offset", "-1")],
        vec![key, ("Content-Digest", &*said), ("Upload-Offset", "0x10")],
        vec![key, ("Upload-Offset", &*offset)],
    ] {
        let reply = hub.ask("PATCH", &sent.path("/clip"), &headers, &sent.clip[half..]).await;
        assert_eq!(reply.status, 400, "{headers:?}");
    }
    assert_eq!(sent.part(&hub, &hub.pond, half, &sent.clip[half..]).await.problem(), say(409, "other_event"));
    assert_eq!(part(half, &sent.clip[half..]).await.json()["offset"], json!(whole));
    assert_eq!(sent.finish(&hub, &hub.nest).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_that_is_not_what_was_announced_is_wanted_again_from_the_start() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    sent.pictures(&hub, &hub.nest).await;
    let mut other = sent.clip.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(sent.part(&hub, &hub.nest, 0, &other).await.status, 200, "its digest is right");
    assert_eq!(sent.finish(&hub, &hub.nest).await.problem(), say(422, "digest"));
    let standing = sent.standing(&hub, &hub.nest).await;
    assert_eq!((&standing["state"], &standing["offset"]), (&json!("clip"), &json!(0)));
    sent.send(&hub, &hub.nest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_belongs_to_one_device_and_one_clip() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    sent.announce(&hub, &hub.nest).await;
    assert_eq!(sent.announce(&hub, &hub.pond).await.problem(), say(409, "other_event"), "begun");
    sent.send(&hub, &hub.nest).await;
    assert_eq!(sent.announce(&hub, &hub.pond).await.problem(), say(409, "other_event"), "whole");
    let key = [("X-API-Key", hub.pond.as_str())];
    assert_eq!(hub.ask("GET", &sent.path(""), &key, b"").await.problem(), say(409, "other_event"));
    assert_eq!(hub.ask("DELETE", &sent.path(""), &key, b"").await.problem(), say(409, "other_event"));
    let mut other = sent.clone();
    let sha256 = "0".repeat(64);
    other.manifest.clip.as_mut().unwrap().sha256 = sha256.clone();
    other.manifest.metadata["clip"]["sha256"] = sha256.into();
    assert_eq!(other.announce(&hub, &hub.nest).await.problem(), say(409, "other_event"), "another clip");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_keeps_no_more_than_its_quota() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let half = made::Wish { frames: 60, frame: 10_000, ..made::Wish::default() };
    let [first, second] = [0; 2].map(|_| camera.record(&half));
    first.send(&hub, &hub.pond).await;
    let full = second.announce(&hub, &hub.pond).await;
    assert_eq!(full.problem(), say(507, "quota"));
    assert!(full.json()["detail"].as_str().unwrap().contains("Nothing is lost"), "{full:?}");
    assert_eq!(second.announce(&hub, &hub.nest).await.status, 200, "others are not held back");
    let small = camera.record(&made::Wish::default());
    assert_eq!(small.announce(&hub, &hub.pond).await.status, 200, "what fits in is taken");
}
