//! What is another device's, and what comes twice, late or crosswise.

use serde_json::json;

use crate::castle::{Castle, told};
use crate::common::{Client, chunk_of, clip, digest_of, init, said};

#[test]
fn others_uploads_are_others_and_nothing_is_taken_twice_or_for_something_else() {
    let castle = Castle::new();
    let (pond, garden) = (&castle.pond, &castle.garden);
    for n in 0..25u64 {
        let (mine, other) = (clip(n, 4000), clip(n + 100, 4000));
        let id = format!("e{n}");
        let begin = |who: &Client, clip: &[u8]| {
            who.post("/storage/chunked/init", &init(&said(&id), clip, 1000, &[])).ok()["upload_id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let (one, two) = (begin(pond, &mine), begin(pond, &other));
        let of_garden = begin(garden, &other);
        let ask = |who: &Client, path: &str, id: &str| {
            who.post(&format!("/storage/chunked/{path}"), &json!({ "upload_id": id }))
        };
        castle.refused(
            "another's chunk",
            &garden.post("/storage/chunked/upload", &chunk_of(&one, 0, &mine[..1000])),
        );
        castle.refused("another's end", &ask(garden, "finalize", &one));
        castle.refused("another's cancel", &ask(garden, "cancel", &one));
        castle.refused("too early", &ask(pond, "finalize", &one));
        let put = |upload: &str, index: usize, clip: &[u8]| {
            let chunk: Vec<_> = clip.chunks(1000).collect();
            pond.post("/storage/chunked/upload", &chunk_of(upload, index, chunk[index]))
        };
        for index in [3, 0, 2, 1, 4] {
            castle.held("interleaved", &put(&one, index, &mine));
            castle.held("interleaved", &put(&two, index, &other));
            castle.held("replayed", &put(&one, index, &mine));
            // The last chunk is the end that both have.
            if index < 4 {
                castle.refused("replayed with other bytes", &put(&one, index, &other));
            }
        }
        castle.refused("behind the end", &pond.post("/storage/chunked/upload", &chunk_of(&one, 5, b"")));
        let first = if n % 2 == 0 { (&one, &mine, &two) } else { (&two, &other, &one) };
        assert_eq!(ask(pond, "finalize", first.0).status, 200);
        castle.refused("another clip under the same id", &ask(pond, "finalize", first.2));
        castle.refused("cancelled when it is whole", &ask(pond, "cancel", first.0));
        castle.held("once more", &ask(pond, "finalize", first.0));
        assert!(
            pond.get(&format!("/storage/events/{id}/video")).body == *first.1,
            "bytes of two uploads are never mixed"
        );
        castle.refused("another's event", &garden.get(&format!("/storage/events/{id}/video")));
        castle.held("given up", &ask(garden, "cancel", &of_garden));
        for hash in ["sha-256=:AAAA:", "sha-256=::", "sha-256", "sha-256=:%%%:", &digest_of(b"another body")]
        {
            let body = json!({ "upload_id": two }).to_string();
            let headers = [("Content-Type", "application/json"), ("Content-Digest", hash)];
            castle.refused(
                "a wrong hash",
                &pond.ask("POST", "/storage/chunked/cancel", &headers, body.as_bytes()),
            );
        }
    }
    castle.is_tidy();
    told();
}
