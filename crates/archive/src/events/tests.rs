use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::testing::*;

fn ids(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// Every page of a list, one after the other.
async fn all(server: &TestServer, query: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = server.get(&format!("/api/v1/events?{query}{cursor}")).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let page = reply.json();
        found.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_on_from_its_cursor_without_gap_or_repetition() {
    let server = TestServer::start().await;
    let made = made::many(&server.store, &server.clock, 25);
    let made = made.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(all(&server, "order=oldest&limit=7").await, made);
    let newest = all(&server, "limit=10").await;
    assert!(newest.iter().eq(made.iter().rev()));
    assert_eq!(all(&server, "").await, newest);
    // What comes meanwhile is not in the pages behind.
    let first = server.get("/api/v1/events?limit=5").await.json();
    made::many(&server.store, &server.clock, 3);
    let cursor = first["next"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/events?limit=5&cursor={cursor}")).await.json();
    assert_eq!(ids(&second), newest[5..10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_keeps_what_it_names() {
    let server = TestServer::start().await;
    let (store, clock) = (&server.store, &server.clock);
    let plain = Wish::default().make(store, clock).id;
    clock.advance(Duration::from_secs(3600));
    let person =
        Wish { label: "person", sentence: "Somebody came by.", ..Wish::default() }.make(store, clock).id;
    let shed = Wish { camera: "shed", frames: 50, ..Wish::default() }.make(store, clock).id;
    let by_hand = Wish { origin: store::event::Origin::Manual, ..Wish::default() }.make(store, clock).id;
    let starred = json!({ "favourite": true, "seen": true, "note": "the fox with the white tail" });
    let changed = server.json("PATCH", &format!("/api/v1/events/{by_hand}"), &starred).await;
    assert_eq!(changed.status, 200);
    for (query, expected) in [
        ("order=oldest", vec![plain, person, shed, by_hand]),
        ("camera=shed", vec![shed]),
        ("camera=nobody", vec![]),
        ("label=person", vec![person]),
        ("favourite=1", vec![by_hand]),
        ("favourite=false&order=oldest", vec![plain, person, shed]),
        ("seen=true", vec![by_hand]),
        ("origin=manual", vec![by_hand]),
        ("origin=import", vec![]),
        ("min_length_s=2.5", vec![shed]),
        ("q=somebody", vec![person]),
        ("q=white+tail", vec![by_hand]),
        ("to=2023-11-15T12:30:00%2B00:00", vec![plain]),
        ("from=2023-11-15T12:30:00+00:00&camera=shed", vec![shed]),
        ("camera=garden&label=animal&favourite=true&q=fox&min_length_s=0", vec![by_hand]),
    ] {
        let expected = expected.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(all(&server, query).await, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_cannot_read_is_refused_by_name_with_what_is_allowed() {
    let server = TestServer::start().await;
    for (query, status, field) in [
        ("limit=0", 422, "limit"),
        ("limit=201", 422, "limit"),
        ("limit=1&limit=2", 400, "limit"),
        ("page=2", 400, "page"),
        ("from=yesterday", 422, "from"),
        ("to=2023-11-15", 422, "to"),
        ("label=bird", 422, "label"),
        ("favourite=maybe", 422, "favourite"),
        ("seen=2", 422, "seen"),
        ("origin=motions", 422, "origin"),
        ("min_length_s=-1", 422, "min_length_s"),
        ("min_length_s=NaN", 422, "min_length_s"),
        ("order=random()", 422, "order"),
        ("camera=Garden", 422, "camera"),
        ("cursor=abc", 400, "cursor"),
    ] {
        let reply = server.get(&format!("/api/v1/events?{query}")).await;
        let problem = reply.json();
        assert_eq!((reply.status, problem["field"].as_str()), (status, Some(field)), "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
    }
    let long = server.get(&format!("/api/v1/events?q={}", "x".repeat(201))).await;
    assert_eq!((long.status, long.json()["field"].as_str()), (422, Some("q")));
    // A cursor of another question is none of this.
    made::many(&server.store, &server.clock, 3);
    let next = server.get("/api/v1/events?limit=1").await.json()["next"].as_str().unwrap().to_owned();
    let other = server.get(&format!("/api/v1/events?limit=1&order=oldest&cursor={next}")).await;
    assert_eq!(other.status, 400, "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_every_key_that_clients_read() {
    let server = TestServer::start().await;
    let event = Wish::default().make(&server.store, &server.clock);
    let wire = server.get(&format!("/api/v1/events/{}", event.id)).await.json();
    let clip = event.clip.as_ref().unwrap();
    let url = |rest: &str| format!("/api/v1/events/{}/{rest}", event.id);
    let expected = json!({
        "id": event.id.to_string(), "camera": "garden", "origin": "motion", "state": "whole",
        "start_time": "2023-11-15T13:00:00.000+01:00", "end_time": "2023-11-15T13:00:01.000+01:00",
        "duration_s": 1.0, "lead_s": 0.3, "part": 1, "part_of": null,
        "label": "animal", "confidence": 0.75, "alternatives": [{"label": "person", "confidence": 0.2}],
        "label_by": "detector", "direction": "left", "sentence": "It went left.",
        "size": {"width": 640, "height": 480}, "frames": 10, "missing": 0,
        "regions": [[10, 20, 30, 40]], "trail": [[0.25, 0.5]],
        "clip": {"bytes": clip.bytes, "sha256": crate::wire::hex(&clip.sha256), "codec": "mjpeg",
                 "degraded": false, "url": url("clip.mp4")},
        "pictures": {"poster": url("pictures/poster.jpg"), "thumb": url("pictures/thumb.jpg"), "trail": null,
                     "thumbnails": [url("pictures/thumb_0.jpg")]},
        "novelty": 0.5, "favourite": false, "note": "", "seen": false,
        "bytes": clip.bytes + 1500, "clock_was_set": true,
    });
    assert_eq!(wire, expected);
    assert_eq!(server.get("/api/v1/events").await.json()["events"][0], expected);
    let track = server.get(&url("track")).await.json();
    let moment = json!({"at_s": 0.3, "motion": 0.1,
        "boxes": [{"track": 1, "rect": [10, 20, 30, 40], "label": "animal"}]});
    let gate = json!({"name": "size", "value": 2.0, "limit": 1.0, "at_least": true, "passed": true});
    assert_eq!(track, json!({ "lead_s": 0.3, "moments": [moment], "gates": [gate] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_is_kept_and_what_is_left_out_stays() {
    let server = TestServer::start().await;
    let event = Wish::default().make(&server.store, &server.clock);
    let path = format!("/api/v1/events/{}", event.id);
    let reply = server.json("PATCH", &path, &json!({ "label": "person", "note": "Anna\nat the gate" })).await;
    let wire = reply.json();
    assert_eq!((wire["label"].as_str(), wire["label_by"].as_str()), (Some("person"), Some("person")));
    let wire = server.json("PATCH", &path, &json!({ "seen": true })).await.json();
    assert_eq!((wire["note"].as_str(), &wire["seen"]), (Some("Anna\nat the gate"), &json!(true)));
    assert_eq!(server.get(&path).await.json(), wire);
    assert_eq!(server.json("PATCH", &path, &json!({})).await.json(), wire, "nothing said, nothing changed");
    for (body, field) in [
        (json!({ "label": "bird" }), Some("label")),
        (json!({ "label": "" }), Some("label")),
        (json!({ "note": "x".repeat(2001) }), Some("note")),
        (json!({ "note": "a\u{0}b" }), Some("note")),
        (json!({ "favourite": "yes" }), None),
        (json!({ "label": null }), None),
        (json!({ "note": null, "seen": true }), None),
        (json!({ "stars": 5 }), None),
        (json!([]), None),
    ] {
        let reply = server.json("PATCH", &path, &body).await;
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, field), "{body}");
    }
    assert_eq!(server.ask("PATCH", &path, &[], "{}").await.status, 415);
    let ok = server.json("PATCH", &path, &json!({ "note": "ü".repeat(2000) })).await;
    assert_eq!(ok.status, 200, "characters count, not bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_deleted_all_or_none() {
    let server = TestServer::start().await;
    let made = made::many(&server.store, &server.clock, 6);
    let text =
        |range: std::ops::Range<usize>| made[range].iter().map(ToString::to_string).collect::<Vec<_>>();
    let stranger = EventId::from_parts(1, 1).to_string();
    let with_stranger = [text(0..3), vec![stranger.clone()]].concat();
    let reply = server.json("POST", "/api/v1/events/delete", &json!({ "ids": with_stranger })).await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["detail"].as_str().unwrap().contains(&stranger), "{reply:?}");
    assert_eq!(all(&server, "").await.len(), 6, "none is gone");
    let strangers = json!({ "ids": [stranger, EventId::from_parts(2, 2).to_string()] });
    let reply = server.json("POST", "/api/v1/events/delete", &strangers).await;
    assert_eq!((reply.status, reply.json()["ids"].as_array().map(Vec::len)), (404, Some(2)));
    let twice = [text(0..3), text(0..1)].concat();
    let reply = server.json("POST", "/api/v1/events/delete", &json!({ "ids": twice })).await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "deleted": 3 })));
    assert_eq!(all(&server, "order=oldest").await, text(3..6));
    let path = format!("/api/v1/events/{}", made[3]);
    assert_eq!(server.ask("DELETE", &path, &[], "").await.status, 204);
    for gone in [path.clone(), format!("{path}/track"), format!("{path}/clip.mp4")] {
        assert_eq!(server.get(&gone).await.status, 404, "{gone}");
    }
    assert_eq!(server.ask("DELETE", &path, &[], "").await.status, 404);
    assert_eq!(server.json("PATCH", &path, &json!({ "seen": true })).await.status, 404);
    let none = server.json("POST", "/api/v1/events/delete", &json!({ "ids": [] })).await;
    assert_eq!(none.json(), json!({ "deleted": 0 }));
    let many = vec![text(4..5).remove(0); 501];
    assert_eq!(server.json("POST", "/api/v1/events/delete", &json!({ "ids": many })).await.status, 422);
    assert_eq!(server.store.check(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_being_recorded_can_be_looked_at_and_not_found_in_the_list() {
    let server = TestServer::start().await;
    let wish = Wish::default();
    let draft = wish.begin(&server.store, &server.clock);
    let path = format!("/api/v1/events/{}", draft.id());
    let wire = server.get(&path).await.json();
    assert_eq!(
        (wire["state"].as_str(), &wire["end_time"], &wire["clip"]),
        (Some("recording"), &Value::Null, &Value::Null)
    );
    assert_eq!(all(&server, "").await, Vec::<String>::new());
    assert_eq!(server.get(&format!("{path}/clip.mp4")).await.status, 404);
    assert_eq!(server.ask("DELETE", &path, &[], "").await.status, 404);
    assert_eq!(server.json("PATCH", &path, &json!({ "seen": true })).await.status, 404);
    wish.end(draft);
    assert_eq!(server.get(&path).await.json()["state"], "whole");
    assert_eq!(all(&server, "").await.len(), 1);
}
