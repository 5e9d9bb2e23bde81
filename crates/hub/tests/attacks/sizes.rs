//! More than may be: declared, and not.

use serde_json::json;

use crate::castle::{Castle, told};
use crate::common::{digest_of, form, part, said};
use crate::names::ULID;

#[test]
fn more_than_may_be_is_refused_before_it_is_taken() {
    let castle = Castle::new();
    let pond = &castle.pond;
    for length in [
        "5000000",
        "99999999999",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "1e9",
        "0x10",
        "",
        " 5 5",
    ] {
        for path in
            ["/storage", "/storage/chunked/init", "/storage/chunked/upload", "/storage/chunked/finalize"]
        {
            let (kind, body) = form(&[part("video", b"x")]);
            let reply =
                pond.ask("POST", path, &[("Content-Type", &kind), ("Content-Length", length)], &body[..0]);
            castle.refused(&format!("{path} {length}"), &reply);
        }
        for (method, path) in [
            ("PUT", format!("/api/v1/ingest/{ULID}")),
            ("PUT", format!("/api/v1/ingest/{ULID}/files/poster.jpg")),
            ("PATCH", format!("/api/v1/ingest/{ULID}/clip")),
        ] {
            let headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", length),
                ("Upload-Offset", "0"),
                ("Content-Digest", &*digest_of(b"")),
            ];
            castle.held(&format!("{path} {length}"), &pond.ask(method, &path, &headers, b""));
        }
    }
    // Undeclared, in chunks of HTTP.
    let chunked = |path: &str, kind: &str, bytes: &[u8]| {
        let mut body = Vec::new();
        for piece in bytes.chunks(60_000) {
            body.extend(format!("{:x}\r\n", piece.len()).bytes());
            body.extend_from_slice(piece);
            body.extend(b"\r\n");
        }
        body.extend(b"0\r\n\r\n");
        pond.ask("POST", path, &[("Content-Type", kind), ("Transfer-Encoding", "chunked")], &body)
    };
    let (big, text) = (vec![b'a'; 6 << 20], said("big").to_string());
    let (kind, body) = form(&[part("video", &big), part("metadata", text.as_bytes())]);
    castle.refused("a large clip, undeclared", &chunked("/storage", &kind, &body));
    let (kind, body) = form(&[part("metadata", &big)]);
    castle.refused("large metadata", &chunked("/storage", &kind, &body));
    let (kind, body) = form(&[part("unknown", &big)]);
    castle.refused("a large unknown part", &chunked("/storage", &kind, &body));
    castle.refused("large JSON", &chunked("/storage/chunked/finalize", "application/json", &big));
    let thumb = vec![0xff; 9 << 20];
    let (kind, body) = form(&[part("thumbnail_0", &thumb)]);
    castle.refused("a large thumbnail", &pond.ask("POST", "/storage", &[("Content-Type", &kind)], &body));
    for (size, chunk, total) in [
        (u64::MAX, 1u64, u64::MAX),
        (1 << 40, 1 << 20, 1 << 20),
        (5 << 20, 1 << 20, 5),
        (0, 0, 0),
        (1, 0, 0),
        (1, 1, 0),
        (10, 3, 40),
        (100, 1 << 60, 1),
        (1000, 10, u64::MAX),
        (u64::MAX, u64::MAX, 1),
        (4 << 20, 1, 4 << 20),
        (2 << 20, 17 << 20, 1),
    ] {
        let body = json!({ "metadata": text, "file_size": size, "chunk_size": chunk, "total_chunks": total });
        castle.refused(&format!("{size} {chunk} {total}"), &pond.post("/storage/chunked/init", &body));
    }
    castle.is_tidy();
    told();
}
