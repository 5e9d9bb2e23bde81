//! What comes in as it should.

use serde_json::{Value, json};
use web::Scope;

use crate::testing::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_sent_is_kept_listed_and_played_under_its_devices_name() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    assert_eq!(sent.standing(&hub, &hub.nest).await["state"], "unknown");
    let begun = sent.announce(&hub, &hub.nest).await;
    let wants = sent.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    assert_eq!(begun.json()["wants"], json!(wants), "{begun:?}");
    assert_eq!(begun.json()["state"], "files");
    let receipt = sent.send(&hub, &hub.nest).await;
    let clip = sent.manifest.clip.as_ref().unwrap();
    assert_eq!((&receipt["sha256"], &receipt["bytes"]), (&json!(clip.sha256), &json!(clip.bytes)));
    assert!(receipt["path"].as_str().unwrap().starts_with("events/2023/11/15/"), "{receipt}");
    assert!(hub.dir.path().join(receipt["path"].as_str().unwrap()).join("clip.mp4").is_file());
    let list = hub.get("/api/v1/events").await.json();
    assert_eq!(list["events"][0]["id"], sent.id.to_string());
    assert_eq!(list["events"][0]["camera"], "nest-garden");
    let key = ("X-API-Key", hub.key(Scope::View));
    let path = format!("/api/v1/events/{}/clip.mp4", sent.id);
    let piece = hub.ask("GET", &path, &[key, ("Range", "bytes=100-199")], b"").await;
    assert_eq!((piece.status, &piece.body[..]), (206, &sent.clip[100..200]));
    let poster = hub.get(&format!("/api/v1/events/{}/pictures/poster.jpg", sent.id)).await;
    assert_eq!(poster.body, sent.files.iter().find(|(name, _)| name == "poster.jpg").unwrap().1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_that_is_sent_again_is_answered_as_it_was_the_first_time() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    let first = sent.announce(&hub, &hub.nest).await.json();
    assert_eq!(sent.announce(&hub, &hub.nest).await.json(), first);
    let (name, bytes) = &sent.files[0];
    let once = sent.file(&hub, &hub.nest, name, bytes).await.json();
    assert_eq!(sent.file(&hub, &hub.nest, name, bytes).await.json(), once);
    assert_eq!(sent.announce(&hub, &hub.nest).await.json(), once, "what is there is not wanted again");
    let receipt = sent.send(&hub, &hub.nest).await;
    for reply in [
        sent.announce(&hub, &hub.nest).await,
        sent.file(&hub, &hub.nest, name, bytes).await,
        sent.finish(&hub, &hub.nest).await,
    ] {
        assert_eq!((reply.status, &reply.json()["receipt"]), (200, &receipt), "{reply:?}");
    }
    let again = sent.part(&hub, &hub.nest, 0, &sent.clip).await;
    assert_eq!((again.status, &again.json()["state"]), (404, &json!("stored")), "no clip is waited for");
    assert_eq!(hub.get("/api/v1/events").await.json()["events"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_comes_in_parts_of_any_size() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish { frames: 300, ..made::Wish::default() });
    assert!(sent.clip.len() > 2 * crate::body::PIECE);
    sent.pictures(&hub, &hub.nest).await;
    let mut offset = 0_usize;
    for size in [1, 1000, crate::body::PIECE, 70_000, usize::MAX] {
        let end = sent.clip.len().min(size.saturating_add(offset));
        let reply = sent.part(&hub, &hub.nest, offset, &sent.clip[offset..end]).await;
        assert_eq!((reply.status, &reply.json()["offset"]), (200, &json!(end)), "{reply:?}");
        offset = end;
    }
    let done = sent.finish(&hub, &hub.nest).await.json();
    assert_eq!(done["receipt"]["bytes"], json!(sent.clip.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_clip_is_whole_with_its_last_picture() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let mut sent = camera.record(&made::Wish::default());
    sent.manifest.clip = None;
    sent.manifest.metadata["clip"] = Value::Null;
    sent.manifest.metadata["state"] = "pictures".into();
    let standing = sent.pictures(&hub, &hub.nest).await;
    assert_eq!(standing["state"], "stored", "{standing}");
    assert_eq!(standing["receipt"]["bytes"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_deleted_does_not_come_back_and_its_receipt_is_still_good() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let sent = camera.record(&made::Wish::default());
    let receipt = sent.send(&hub, &hub.nest).await;
    let path = format!("/api/v1/events/{}", sent.id);
    let gone = hub.ask("DELETE", &path, &[("X-API-Key", hub.key(Scope::Control))], b"").await;
    assert_eq!(gone.status, 204);
    let again = sent.announce(&hub, &hub.nest).await;
    assert_eq!((again.status, &again.json()["receipt"]), (200, &receipt), "{again:?}");
    assert_eq!(sent.finish(&hub, &hub.nest).await.json()["receipt"], receipt);
    assert_eq!(hub.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_send_the_same_camera_under_names_of_their_own() {
    let (hub, camera) = (TestHub::start().await, Camera::new());
    let [one, other] =
        [0; 2].map(|_| camera.record(&made::Wish { camera: "camera1", ..made::Wish::default() }));
    one.send(&hub, &hub.nest).await;
    other.send(&hub, &hub.pond).await;
    for name in ["nest", "pond"] {
        let list = hub.get(&format!("/api/v1/events?camera={name}")).await.json();
        assert_eq!(list["events"].as_array().unwrap().len(), 1, "{name}");
    }
}
