//! The words of our own cameras, bent.

use hub::Settings;
use serde_json::{Value, json};

use crate::castle::{Castle, told};
use crate::common::{Client, Server, clip, digest_of, jpeg, said};
use crate::names::{ULID, encoded, names};

#[test]
fn our_own_cameras_words_are_held_against_what_was_announced() {
    let castle = Castle::new();
    let (pond, garden) = (&castle.pond, &castle.garden);
    // One that is good, taken from a hub that has it.
    let metadata = own_metadata();
    let id = metadata["id"].as_str().unwrap().to_owned();
    let bytes = clip(5, 4000);
    let sha256 = |bytes: &[u8]| {
        use sha2::Digest as _;
        sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let picture = jpeg(3);
    let manifest = json!({
        "metadata": metadata, "files": [{"name": "poster.jpg", "bytes": picture.len(), "sha256": sha256(&picture)}],
        "clip": {"bytes": bytes.len(), "sha256": sha256(&bytes)},
    });
    let path = format!("/api/v1/ingest/{id}");
    let announce = |who: &Client, body: &Value| {
        who.ask("PUT", &path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    };
    let file = |who: &Client, name: &str, bytes: &[u8], digest: &str| {
        who.ask("PUT", &format!("{path}/files/{name}"), &[("Content-Digest", digest)], bytes)
    };
    let patch = |who: &Client, offset: &str, bytes: &[u8], digest: &str| {
        who.ask(
            "PATCH",
            &format!("{path}/clip"),
            &[("Upload-Offset", offset), ("Content-Digest", digest)],
            bytes,
        )
    };
    let finish = |who: &Client| who.ask("POST", &format!("{path}/finish"), &[], b"");
    castle.held("a file before it is announced", &file(pond, "poster.jpg", &picture, &digest_of(&picture)));
    castle.refused("a part before it is announced", &patch(pond, "0", &bytes, &digest_of(&bytes)));
    castle.refused("the end before it is announced", &finish(pond));
    // Words that cannot be.
    for (field, value) in [
        ("id", json!("../../x")),
        ("id", json!(ULID)),
        ("camera", json!("../x")),
        ("camera", json!("x".repeat(300))),
        ("state", json!("odd")),
        ("start_time", json!("x")),
        ("duration_ns", json!(-1)),
        ("clip", json!({"file": "../../etc/passwd"})),
        ("pictures", json!([])),
        ("format", json!(99)),
        ("origin", json!("x")),
        ("utc_offset_s", json!(9_999_999)),
        ("trail", json!([[1e30, 2]])),
        ("note", json!("n".repeat(100_000))),
        ("regions", json!([[1, 2, 3]])),
        ("frame_count", json!(1e30)),
        ("label_by", json!("nobody")),
    ] {
        let mut bent = manifest.clone();
        bent["metadata"][field] = value;
        castle.refused(&format!("metadata with another {field}"), &announce(pond, &bent));
    }
    for (what, entry) in [
        ("a way out", json!({"name": "../poster.jpg", "bytes": 1, "sha256": "0".repeat(64)})),
        ("a clip among pictures", json!({"name": "clip.mp4", "bytes": 1, "sha256": "0".repeat(64)})),
        ("no hash", json!({"name": "poster.jpg", "bytes": 1, "sha256": "zz"})),
        ("too large", json!({"name": "poster.jpg", "bytes": 99_999_999, "sha256": "0".repeat(64)})),
        ("empty", json!({"name": "poster.jpg", "bytes": 0, "sha256": "0".repeat(64)})),
    ] {
        let mut bent = manifest.clone();
        bent["files"] = json!([entry]);
        castle.refused(&format!("a file with {what}"), &announce(pond, &bent));
        bent["files"] = json!(vec![manifest["files"][0].clone(); 2]);
        castle.refused("a file twice", &announce(pond, &bent));
    }
    assert_eq!(announce(pond, &manifest).status, 200);
    castle.refused("another device's event", &announce(garden, &manifest));
    for name in names().iter().take(100) {
        castle.refused("a file of no such name", &file(pond, &encoded(name, 1), b"x", &digest_of(b"x")));
    }
    castle.refused("a file with a wrong hash", &file(pond, "poster.jpg", &picture, &digest_of(b"x")));
    castle.refused("a file of other bytes", &file(pond, "poster.jpg", &jpeg(9), &digest_of(&jpeg(9))));
    castle.refused("another's file", &file(garden, "poster.jpg", &picture, &digest_of(&picture)));
    castle.refused("a part too early", &patch(pond, "0", &bytes, &digest_of(&bytes)));
    assert_eq!(file(pond, "poster.jpg", &picture, &digest_of(&picture)).status, 200);
    for offset in
        ["1", "4000", "18446744073709551615", "99999999999999999999", "-1", "0x0", "", "zero", "+0", "0 0"]
    {
        castle.refused(&format!("offset {offset:?}"), &patch(pond, offset, &bytes, &digest_of(&bytes)));
    }
    for digest in ["", "sha-256=:AAAA:", "sha-256=::", "md5=:AAAA:", &digest_of(b"x")] {
        castle.refused(&format!("digest {digest:?}"), &patch(pond, "0", &bytes, digest));
    }
    castle.refused("another's part", &patch(garden, "0", &bytes, &digest_of(&bytes)));
    let more = [&bytes[..], b"more"].concat();
    castle.refused("more than was announced", &patch(pond, "0", &more, &digest_of(&more)));
    castle.refused("the end too early", &finish(pond));
    assert_eq!(patch(pond, "0", &bytes[..1000], &digest_of(&bytes[..1000])).status, 200);
    castle.refused("the same part again", &patch(pond, "0", &bytes[..1000], &digest_of(&bytes[..1000])));
    castle.refused("a gap", &patch(pond, "2000", &bytes[2000..], &digest_of(&bytes[2000..])));
    castle.refused("another's end", &finish(garden));
    castle.refused("given up by another", &garden.ask("DELETE", &path, &[], b""));
    let rest = vec![7; bytes.len() - 1000];
    assert_eq!(patch(pond, "1000", &rest, &digest_of(&rest)).status, 200);
    castle.refused("the wrong whole", &finish(pond));
    assert_eq!(patch(pond, "0", &bytes, &digest_of(&bytes)).status, 200, "it begins again");
    assert_eq!(finish(pond).status, 200);
    castle.held("finished again", &finish(pond));
    castle.refused("a part of what is whole", &patch(pond, "0", &bytes, &digest_of(&bytes)));
    castle.refused("given up when it is whole", &pond.ask("DELETE", &path, &[], b""));
    let got = castle.person.get(&format!("/api/v1/events/{id}/clip.mp4"));
    assert!(got.body == bytes);
    castle.is_tidy();
    told();
}

/// `metadata.json` of an event of our own, as the store writes it, of the clip that the test sends.
fn own_metadata() -> Value {
    let server = Server::start(Settings::default());
    let pond = server.key("pond", &["upload"]);
    assert_eq!(pond.chunked(&said("own"), &clip(5, 4000), 9000, &[jpeg(3)]).status, 200);
    let path = pond.get("/storage/events/own").ok()["path"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(server.data().join(path).join("metadata.json")).unwrap();
    let mut metadata: Value = serde_json::from_slice(&bytes).unwrap();
    let own = metadata.as_object_mut().unwrap();
    own.remove("legacy");
    own.remove("source_id");
    metadata
}
