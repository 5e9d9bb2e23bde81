//! JSON that is none, or of another shape, and Base64 that is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::castle::{Castle, told};
use crate::common::{clip, form, init, jpeg, part, said};
use crate::names::ULID;

#[test]
fn what_is_no_json_or_no_base64_is_told_so() {
    let castle = Castle::new();
    let pond = &castle.pond;
    let send =
        |path: &str, body: &[u8]| pond.ask("POST", path, &[("Content-Type", "application/json")], body);
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let mut bombs = vec![
        String::new(),
        "{".into(),
        "[".into(),
        "nul".into(),
        "\u{feff}{}".into(),
        "{\"a\":}".into(),
        "{}{}".into(),
        "\"text\"".into(),
        "1".into(),
        "[]".into(),
        "{\"upload_id\":\"x\",\"upload_id\":\"y\"}".into(),
        "1e999999".into(),
        format!("{{\"upload_id\":{}}}", "9".repeat(100_000)),
        format!("{{\"upload_id\":\"{}\"}}", "x".repeat(1_000_000)),
        format!("{{\"upload_id\":\"{}\"}}", "\\u0000".repeat(1000)),
        "{\"upload_id\":\"\\ud800\"}".into(),
    ];
    for n in [100, 127, 128, 129, 1_000, 100_000] {
        bombs.extend([deep("[", "]", n), deep("{\"a\":", "}", n), "[".repeat(n), "{\"metadata\":".repeat(n)]);
    }
    for (n, bomb) in bombs.iter().enumerate() {
        for path in ["init", "upload", "finalize", "cancel"] {
            castle.refused(
                &format!("bomb {n} to {path}"),
                &send(&format!("/storage/chunked/{path}"), bomb.as_bytes()),
            );
        }
        let (kind, body) = form(&[part("metadata", bomb.as_bytes()), part("video", &clip(1, 100))]);
        castle.refused(
            &format!("bomb {n} as metadata"),
            &pond.ask("POST", "/storage", &[("Content-Type", &kind)], &body),
        );
        let begin = json!({ "metadata": bomb, "file_size": 10, "chunk_size": 10, "total_chunks": 1 });
        castle.refused(&format!("bomb {n} in init"), &pond.post("/storage/chunked/init", &begin));
        castle.refused(
            &format!("bomb {n} as manifest"),
            &pond.ask(
                "PUT",
                &format!("/api/v1/ingest/{ULID}"),
                &[("Content-Type", "application/json")],
                bomb.as_bytes(),
            ),
        );
    }
    for bytes in [
        &b"\xff\xfe{\0}\0"[..],
        b"\x00\x00\x00",
        b"{\"upload_id\":\"\xc3\x28\"}",
        b"{\"upload_id\":\"\xc0\xae\"}",
    ] {
        castle.refused("no UTF-8", &send("/storage/chunked/finalize", bytes));
    }
    // Of another kind than is wanted, value by value.
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("x"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!(""),
    ];
    let right = init(&said("types"), &clip(1, 100), 50, &[jpeg(1)]);
    for field in ["metadata", "file_size", "chunk_size", "total_chunks", "thumbnails"] {
        for value in &wrong {
            let mut body = right.clone();
            body[field] = value.clone();
            castle.held(&format!("{field} {value}"), &pond.post("/storage/chunked/init", &body));
        }
    }
    for field in [
        "id",
        "start_time",
        "end_time",
        "duration",
        "regions",
        "frame_count",
        "resolution",
        "motion_analysis",
        "camera",
        "has_thumbnails",
    ] {
        for value in wrong.iter().chain(&[
            json!("9".repeat(500)),
            json!("+999999-01-01T00:00:00Z"),
            json!(u64::MAX),
            json!("2026-11-20T10:00:00+99:99"),
        ]) {
            let mut words = said("types");
            words[field] = value.clone();
            let reply =
                pond.form(&[part("video", &clip(1, 100)), part("metadata", words.to_string().as_bytes())]);
            castle.held(&format!("{field} {value}"), &reply);
        }
    }
    let begun = pond.post("/storage/chunked/init", &init(&said("b"), &clip(1, 9000), 1000, &[])).ok();
    let upload = begun["upload_id"].as_str().unwrap();
    for (n, garbage) in [
        "",
        "=",
        "====",
        "A",
        "AA",
        "AAA",
        "AA=A",
        "AAAA=",
        "%%%%",
        "AAAA\n",
        " AAAA",
        "AAAA AAAA",
        "_-_-",
        "\u{0}",
        "ÄÖÜ=",
        "data:image/jpeg;base64,AAAA",
    ]
    .into_iter()
    .chain(["/", "+"])
    .map(str::to_owned)
    .chain((0..40).map(|n| STANDARD.encode(vec![n; usize::from(n) * 7 + 1])))
    .enumerate()
    {
        let body = json!({ "upload_id": upload, "chunk_index": 0, "chunk_data": garbage });
        castle.refused(&format!("Base64 {n}"), &pond.post("/storage/chunked/upload", &body));
        let mut begin = init(&said("c"), &clip(1, 100), 50, &[]);
        begin["thumbnails"] = json!([garbage]);
        castle.held(&format!("thumbnail {n}"), &pond.post("/storage/chunked/init", &begin));
    }
    castle.is_tidy();
    told();
}
