//! Cameras of the older system send their events, unchanged, and read the answers that they know.
#![allow(clippy::unwrap_used, reason = "in a test a wrong guess must end the test, loudly")]

mod common;

use common::{Client, Part, Server, chunk_of, clip, digest_of, form, init, jpeg, part, said};
use hub::Settings;
use serde_json::{Value, json};

const ID: &str = "motion-20261120-101010-a1b2c3";

fn berlin() -> Settings {
    Settings { time_zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), ..Settings::default() }
}

fn server() -> (Server, Client) {
    let server = Server::start(berlin());
    let pond = server.key("pond", &["upload"]);
    (server, pond)
}

fn single(client: &Client, said: &Value, clip: &[u8]) -> common::Reply {
    let (text, one, two) = (said.to_string(), jpeg(1), jpeg(2));
    client.form(&[
        part("video", clip),
        Part { name: "metadata", file: None, bytes: text.as_bytes() },
        part("thumbnail_0", &one),
        part("thumbnail_1", &two),
    ])
}

#[test]
fn an_event_in_one_form_is_kept_and_found_by_the_id_that_the_camera_gave() {
    let (server, pond) = server();
    let clip = clip(1, 300_000);
    let stored = single(&pond, &said(ID), &clip).ok();
    assert_eq!(stored, json!({ "success": true, "event_id": ID, "file_size": clip.len() }));
    let one = pond.get(&format!("/storage/events/{ID}")).ok();
    assert_eq!((one["id"].as_str(), one["file_size"].as_u64()), (Some(ID), Some(clip.len() as u64)));
    // What has no offset is a time of the hub's zone.
    assert_eq!(one["start_time"], "2026-11-20T09:10:10.500000+00:00");
    assert_eq!(one["end_time"], "2026-11-20T09:10:15.500000+00:00");
    assert_eq!(one["regions"], json!([[10, 20, 30, 40]]));
    assert_eq!(one["resolution"], json!({ "width": 1280, "height": 720 }));
    assert_eq!(
        (&one["frame_count"], &one["has_thumbnails"], &one["camera"]),
        (&json!(75), &json!(true), &json!("pond"))
    );
    let analysis = &one["motion_analysis"];
    assert_eq!(analysis["classification"]["label"], "animal");
    assert_eq!(analysis["motion_characteristics"]["mean_magnitude"], 1.5);
    assert_eq!(
        (&analysis["temporal_features"]["direction_changes"], &analysis["signature_hash"]),
        (&json!(3), &json!("0123456789abcdef"))
    );
    assert!(one["path"].as_str().unwrap().starts_with("events/2026/11/20/"), "{one}");
    let video = pond.get(&format!("/storage/events/{ID}/video"));
    assert_eq!(
        (video.status, video.header("content-type"), video.body == clip),
        (200, Some("video/mp4"), true)
    );
    let part = pond.ask("GET", &format!("/storage/events/{ID}/video"), &[("Range", "bytes=100-199")], b"");
    assert_eq!((part.status, part.body == clip[100..200]), (206, true));
    let behind =
        pond.ask("GET", &format!("/storage/events/{ID}/video"), &[("Range", "bytes=99999999-")], b"");
    assert_eq!(behind.status, 416);
    for (n, expected) in [(0, jpeg(1)), (1, jpeg(2))] {
        let picture = pond.get(&format!("/storage/events/{ID}/thumbnails/thumb_{n}.jpg"));
        assert_eq!((picture.status, picture.body == expected), (200, true));
    }
    assert_eq!(pond.get(&format!("/storage/events/{ID}/thumbnails/thumb_2.jpg")).status, 404);
    // As the camera said it, beside our own words.
    let folder = server.data().join(one["path"].as_str().unwrap());
    let kept: Value = serde_json::from_slice(&std::fs::read(folder.join("metadata.json")).unwrap()).unwrap();
    assert_eq!(kept["legacy"], said(ID));
}

#[test]
fn an_event_in_chunks_is_kept_in_whatever_order_they_come() {
    let (_server, pond) = server();
    let clip = clip(2, 1_000_000);
    let begun = pond.post("/storage/chunked/init", &init(&said(ID), &clip, 100_000, &[jpeg(1)])).ok();
    let upload = begun["upload_id"].as_str().unwrap();
    let chunks: Vec<_> = clip.chunks(100_000).enumerate().collect();
    for (index, bytes) in chunks.iter().rev().chain(&chunks[3..5]) {
        assert_eq!(
            pond.get(&format!("/storage/events/{ID}")).status,
            404,
            "nothing is there before all of it is"
        );
        let taken = pond.post("/storage/chunked/upload", &chunk_of(upload, *index, bytes)).ok();
        assert_eq!(taken, json!({ "success": true, "chunk_index": index }));
    }
    let finalize = || pond.post("/storage/chunked/finalize", &json!({ "upload_id": upload })).ok();
    let done = finalize();
    assert_eq!(
        (&done["success"], &done["event_id"], done["file_size"].as_u64()),
        (&json!(true), &json!(ID), Some(clip.len() as u64))
    );
    let path = done["path"].as_str().unwrap();
    assert!(path.starts_with("events/2026/11/20/") && !path.contains(".."), "{done}");
    assert_eq!(finalize(), done, "an answer that was lost is given again");
    assert!(pond.get(&format!("/storage/events/{ID}/video")).body == clip);
    assert_eq!(pond.get(&format!("/storage/events/{ID}/thumbnails/thumb_0.jpg")).body, jpeg(1));
}

#[test]
fn chunks_that_cannot_be_are_refused_and_the_upload_goes_on() {
    let (_server, pond) = server();
    let clip = clip(3, 10_000);
    let begun = pond.post("/storage/chunked/init", &init(&said(ID), &clip, 4_000, &[])).ok();
    let upload = begun["upload_id"].as_str().unwrap();
    let send = |body: &Value| pond.post("/storage/chunked/upload", body);
    let first = &clip[..4_000];
    assert_eq!(send(&chunk_of(upload, 0, first)).status, 200);
    for (body, status) in [
        (chunk_of(upload, 3, first), 422),
        (chunk_of(upload, 0, &first[1..]), 422),
        (chunk_of(upload, 0, &clip[1..4_001]), 409),
        (chunk_of("01KAGW3M6J9Z0T4V8Q2X5Y7B1C", 0, first), 404),
        (json!({ "upload_id": upload, "chunk_index": 1, "chunk_data": "%%%" }), 422),
        (json!({ "upload_id": upload, "chunk_index": -1, "chunk_data": "" }), 422),
        (json!({ "upload_id": upload, "chunk_index": 1 }), 422),
    ] {
        let reply = send(&body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{}", reply.text());
    }
    let early = pond.post("/storage/chunked/finalize", &json!({ "upload_id": upload }));
    assert_eq!((early.status, early.json()["code"].as_str()), (422, Some("chunks_missing")));
    for (index, bytes) in clip.chunks(4_000).enumerate() {
        assert_eq!(send(&chunk_of(upload, index, bytes)).status, 200);
    }
    assert_eq!(pond.post("/storage/chunked/finalize", &json!({ "upload_id": upload })).status, 200);
}

#[test]
fn what_is_given_up_leaves_nothing() {
    let (server, pond) = server();
    let before = common::listing(&server.data().join("events"), &server.data().join("none"));
    let clip = clip(3, 10_000);
    let begun = pond.post("/storage/chunked/init", &init(&said(ID), &clip, 4_000, &[jpeg(1)])).ok();
    let upload = json!({ "upload_id": begun["upload_id"] });
    assert_eq!(pond.post("/storage/chunked/cancel", &upload).ok(), json!({ "success": true }));
    assert_eq!(pond.post("/storage/chunked/cancel", &upload).status, 404);
    assert_eq!(pond.post("/storage/chunked/finalize", &upload).status, 404);
    assert_eq!(common::listing(&server.data().join("events"), &server.data().join("none")), before);
    let incoming = std::fs::read_dir(server.data().join("incoming")).map_or(0, Iterator::count);
    assert_eq!(incoming, 0);
    assert_eq!(pond.chunked(&said(ID), &clip, 4_000, &[]).status, 200, "and may be sent after all");
}

#[test]
fn the_same_event_again_is_a_success_and_another_one_under_its_id_is_none() {
    let (server, pond) = server();
    let (one, other) = (clip(1, 50_000), clip(9, 50_000));
    assert_eq!(single(&pond, &said(ID), &one).status, 200);
    assert_eq!(single(&pond, &said(ID), &one).status, 200);
    assert_eq!(pond.chunked(&said(ID), &one, 20_000, &[]).status, 200);
    let mut words = said(ID);
    words["motion_analysis"]["classification"]["label"] = json!("person");
    assert_eq!(single(&pond, &words, &one).status, 200, "words about it may change");
    for reply in [single(&pond, &said(ID), &other), pond.chunked(&said(ID), &other, 20_000, &[])] {
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (409, Some("other_event")),
            "{}",
            reply.text()
        );
    }
    let mut later = said(ID);
    later["start_time"] = json!("2026-11-20T11:10:10.5");
    assert_eq!(single(&pond, &later, &one).status, 409);
    assert!(pond.get(&format!("/storage/events/{ID}/video")).body == one);
    let garden = server.key("garden", &["upload"]);
    assert_eq!(single(&garden, &said(ID), &other).status, 200, "another camera's ids are its own");
    assert!(garden.get(&format!("/storage/events/{ID}/video")).body == other);
    assert!(pond.get(&format!("/storage/events/{ID}/video")).body == one);
    assert_eq!(server.store.check(), Vec::<String>::new());
}

#[test]
fn a_device_sees_its_own_events_and_a_person_all_of_them() {
    let (server, pond) = server();
    let (garden, person) = (server.key("garden", &["upload"]), server.key("me", &["view"]));
    assert_eq!(single(&pond, &said("a"), &clip(1, 1000)).status, 200);
    assert_eq!(single(&pond, &said("b"), &clip(2, 1000)).status, 200);
    assert_eq!(single(&garden, &said("c"), &clip(3, 1000)).status, 200);
    let listed = |client: &Client, query: &str| {
        let list = client.get(&format!("/storage/events{query}")).ok();
        let ids: Vec<_> = list["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, list["total"].as_u64().unwrap())
    };
    assert_eq!(listed(&pond, ""), (vec!["b".into(), "a".into()], 2));
    assert_eq!(listed(&garden, "?limit=1"), (vec!["c".into()], 1));
    assert_eq!(listed(&person, "?limit=2&offset=1&_=123"), (vec!["b".into(), "a".into()], 3));
    assert_eq!(person.get("/storage/events?limit=2&offset=1").ok()["limit"], 2);
    assert_eq!(
        (garden.get("/storage/events/a").status, garden.get("/storage/events/a/video").status),
        (404, 404)
    );
    assert_eq!(person.get("/storage/events/a").status, 200);
    assert_eq!(pond.get("/storage/stats").ok()["total_events"], 2);
    assert_eq!(person.get("/storage/stats").ok()["total_events"], 3);
    for query in
        ["limit=0", "limit=x", "offset=-1", "date=2026-13-01", "date=../..", "date=yesterday", "limit=1001"]
    {
        let reply = person.get(&format!("/storage/events?{query}"));
        assert_eq!((reply.status, reply.json()["field"].as_str()), (422, query.split('=').next()), "{query}");
    }
}

#[test]
fn a_day_is_the_one_where_the_event_was_recorded() {
    let (_server, pond) = server();
    for (id, start) in [
        ("naive", "2026-11-20T23:59:59"),
        ("pacific", "2026-11-20T23:59:59-08:00"),
        ("zulu", "2026-11-20T23:59:59+00:00"),
        ("next", "2026-11-21T00:00:00+13:00"),
    ] {
        let mut said = said(id);
        said["start_time"] = json!(start);
        assert_eq!(single(&pond, &said, &clip(1, 1000)).status, 200, "{id}");
    }
    let of = |date: &str| {
        let list = pond.get(&format!("/storage/events?date={date}")).ok();
        let mut ids: Vec<_> = list["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        assert_eq!(list["total"].as_u64().unwrap(), ids.len() as u64);
        ids
    };
    assert_eq!(of("2026-11-20"), ["naive", "pacific", "zulu"]);
    assert_eq!(of("2026-11-21"), ["next"]);
    assert_eq!(of("2026-11-22"), Vec::<String>::new());
    let start =
        |id: &str| pond.get(&format!("/storage/events/{id}")).ok()["start_time"].as_str().unwrap().to_owned();
    assert_eq!(start("naive"), "2026-11-20T22:59:59+00:00");
    assert_eq!(start("pacific"), "2026-11-21T07:59:59+00:00");
}

#[test]
fn a_key_that_is_missing_or_wrong_is_403_there_and_401_elsewhere() {
    let (server, pond) = server();
    let nobody = Client { key: "nj_aaaaaaaa_wrong".into(), ..pond.clone() };
    let view = server.key("me", &["view"]);
    for (method, path) in [
        ("POST", "/storage"),
        ("POST", "/storage/chunked/init"),
        ("POST", "/storage/chunked/upload"),
        ("POST", "/storage/chunked/finalize"),
        ("POST", "/storage/chunked/cancel"),
        ("GET", "/storage/stats"),
        ("GET", "/storage/events"),
        ("GET", "/storage/events/x"),
        ("DELETE", "/storage/events/x"),
        ("GET", "/storage/events/x/video"),
        ("GET", "/storage/events/x/thumbnails/thumb_0.jpg"),
    ] {
        // Wrong keys are counted, and too many of them told so.
        if method == "POST" {
            let reply = nobody.ask(method, path, &[], b"");
            assert_eq!(
                (reply.status, reply.json()["code"].as_str()),
                (403, Some("key_wrong")),
                "{method} {path}"
            );
        }
        let reply = nobody.raw(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").as_bytes());
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (403, Some("key_missing")),
            "{method} {path}"
        );
        if method == "POST" {
            assert_eq!(view.ask(method, path, &[], b"").status, 403, "{path} is for those who send");
        }
    }
    assert_eq!(nobody.get("/api/v1/events").status, 401);
    assert_eq!(pond.ask("DELETE", "/storage/events/x", &[], b"").status, 403, "who sends does not delete");
}

#[test]
fn what_was_deleted_does_not_come_back() {
    let (server, pond) = server();
    let person = server.key("me", &["view", "control"]);
    let clip = clip(1, 5_000);
    assert_eq!(single(&pond, &said(ID), &clip).status, 200);
    assert_eq!(
        person.ask("DELETE", &format!("/storage/events/{ID}"), &[], b"").ok(),
        json!({ "success": true, "event_id": ID })
    );
    assert_eq!(person.ask("DELETE", &format!("/storage/events/{ID}"), &[], b"").status, 404);
    assert_eq!(single(&pond, &said(ID), &clip).status, 200, "the camera has done what it should");
    assert_eq!(person.get("/storage/events").ok()["total"], 0);
    assert_eq!(pond.get(&format!("/storage/events/{ID}")).status, 404);
}

#[test]
fn a_digest_is_held_against_what_came_where_there_is_one() {
    let (_server, pond) = server();
    let (kind, body) =
        form(&[part("video", &clip(1, 70_000)), part("metadata", said(ID).to_string().as_bytes())]);
    let send = |body: &[u8], digest: &str| {
        pond.ask("POST", "/storage", &[("Content-Type", &kind), ("Content-Digest", digest)], body)
    };
    let mut flipped = body.clone();
    flipped[30_000] ^= 4;
    let reply = send(&flipped, &digest_of(&body));
    assert_eq!((reply.status, reply.json()["code"].as_str()), (422, Some("digest")));
    assert_eq!(pond.get(&format!("/storage/events/{ID}")).status, 404);
    assert_eq!(send(&body, &digest_of(&body)).status, 200);
    let begin = init(&said("other"), &clip(2, 1000), 1000, &[]).to_string();
    let headers = [("Content-Type", "application/json"), ("Content-Digest", &*digest_of(b"else"))];
    assert_eq!(pond.ask("POST", "/storage/chunked/init", &headers, begin.as_bytes()).status, 422);
    let headers = [("Content-Type", "application/json"), ("Content-Digest", &*digest_of(begin.as_bytes()))];
    assert_eq!(pond.ask("POST", "/storage/chunked/init", &headers, begin.as_bytes()).status, 200);
}

#[test]
fn what_is_no_clip_is_refused_and_a_picture_that_is_none_is_left_out() {
    let (server, pond) = server();
    for (clip, bytes) in
        [("empty", Vec::new()), ("html", b"<html><script>".to_vec()), ("cut", clip(1, 1000)[..900].to_vec())]
    {
        let reply = single(&pond, &said(ID), &bytes);
        assert_eq!(
            (reply.status, reply.json()["field"].as_str()),
            (422, Some("video")),
            "{clip}: {}",
            reply.text()
        );
    }
    assert_eq!(pond.get("/storage/events").ok()["total"], 0, "nothing is left of them");
    let reply = pond.chunked(&said(ID), &[7; 5000], 1000, &[]);
    assert_eq!(reply.status, 422);
    let words = said(ID).to_string();
    let reply = pond.form(&[
        part("metadata", words.as_bytes()),
        part("thumbnail_0", b"<svg/>"),
        part("thumbnail_1", &jpeg(5)),
        part("extra", b"1"),
        part("video", &clip(1, 1000)),
    ]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(pond.get(&format!("/storage/events/{ID}")).ok()["thumbnails"], json!(["thumb_0.jpg"]));
    assert_eq!(pond.get(&format!("/storage/events/{ID}/thumbnails/thumb_0.jpg")).body, jpeg(5));
    assert_eq!(server.store.check(), Vec::<String>::new());
}

#[test]
fn limits_hold_before_anything_is_kept() {
    let server = Server::start(Settings { max_event: 100_000, ..berlin() });
    let pond = server.key("pond", &["upload"]);
    let small = server.key_with("small", &["upload"], Some(60_000));
    let large = single(&pond, &said(ID), &clip(1, 200_000));
    assert_eq!(large.status, 413, "{}", large.text());
    assert_eq!(
        pond.post("/storage/chunked/init", &init(&said(ID), &clip(1, 200_000), 50_000, &[])).status,
        413
    );
    assert_eq!(single(&small, &said("a"), &clip(1, 50_000)).status, 200);
    let full = single(&small, &said("b"), &clip(2, 50_000));
    assert_eq!((full.status, full.json()["code"].as_str()), (507, Some("quota")), "{}", full.text());
    assert_eq!(
        small.post("/storage/chunked/init", &init(&said("b"), &clip(2, 50_000), 50_000, &[])).status,
        507
    );
    assert_eq!(small.get("/storage/events").ok()["total"], 1);
}
