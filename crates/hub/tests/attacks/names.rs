//! Names that lead elsewhere: in paths, and in what is said.

use serde_json::json;

use crate::castle::{Castle, told};
use crate::common::{Part, clip, digest_of, init, jpeg, part, said};

/// Names that mean something to somebody.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "..",
        ".",
        "../..",
        "../../etc/passwd",
        "../secret.txt",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "/",
        "\\",
        "..\\..\\secret.txt",
        "..\\",
        "C:\\Windows\\win.ini",
        "\\\\host\\share",
        "file:///etc/passwd",
        "./../secret.txt",
        "....//....//secret.txt",
        "..././..././secret.txt",
        ".../...",
        "..;/secret.txt",
        "..%00/",
        "a\0b",
        "\0",
        "../secret.txt\0.jpg",
        "thumb_0.jpg\0",
        "thumb_0.jpg/..",
        "thumb_-1.jpg",
        "thumb_00.jpg",
        "thumb_99999999999999999999.jpg",
        "thumb_0.JPG",
        "thumb_0.jpg.part",
        "poster.jpg",
        "metadata.json",
        "clip.mp4",
        "track.json",
        "nightjar.id",
        "index.sqlite",
        "keys.json",
        "store.lock",
        "draft.json",
        "reason.txt",
        "motion.mp4",
        ".htaccess",
        ".ssh/authorized_keys",
        "~",
        "~root",
        "~/.ssh/id_rsa",
        "$HOME",
        "${IFS}",
        "`id`",
        "$(id)",
        "; rm -rf /",
        "| cat /etc/passwd",
        "&& id",
        "-rf",
        "--help",
        "-",
        "*",
        "?",
        "CON",
        "NUL",
        "aux.txt",
        "COM1",
        "lpt1.jpg",
        "con.mp4",
        "a.zip",
        "evil.zip/../../x",
        "a.tar.gz",
        "x.php",
        "x.jsp%00.jpg",
        "\u{2024}\u{2024}/",
        "\u{ff0e}\u{ff0e}\u{ff0f}secret.txt",
        "\u{2215}etc\u{2215}passwd",
        "\u{202e}gpj.exe",
        "a\u{0301}",
        "\u{feff}x",
        "\u{1f4a9}",
        "\r\nX-Evil: 1",
        "a\nb",
        "a\tb",
        "\u{1b}[31mred",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "\"; DROP TABLE events; --",
        "%2e%2e%2f",
        "%252e%252e%252f",
        "..%2f..%2fsecret.txt",
        "..%5c..%5c",
        "%c0%ae%c0%ae/",
        "%00",
        "%",
        "%zz",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1C/..",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1C/../../secret.txt",
        "01kagw3m6j9z0t4v8q2x5y7b1c",
        "81KAGW3M6J9Z0T4V8Q2X5Y7B1C",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1",
        "01KAGW3M6J9Z0T4V8Q2X5Y7B1CC",
        "2026/11/20",
        "2026-11-20/../..",
        "undefined",
        "null",
        "NaN",
        "0",
        "-1",
        "true",
        "proc/self/environ",
        "/proc/self/environ",
        "/dev/null",
        "/dev/zero",
        "events/2026",
        "incoming/x.part",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend([
        "a".repeat(255),
        "a".repeat(256),
        "../".repeat(300),
        "A".repeat(5000),
        "é".repeat(1000),
        ".".repeat(4096),
    ]);
    names
}

/// Every byte as `%XX`, and that again.
pub(crate) fn encoded(name: &str, times: usize) -> String {
    let mut text = name.to_owned();
    for _ in 0..times {
        text = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    }
    text
}

/// As it may stand in a path: with what HTTP itself cannot carry encoded, and everything else as it is.
fn plain(name: &str) -> String {
    let bytes = name.bytes().map(|byte| match byte {
        b'!'
        | b'$'
        | b'&'..=b'/'
        | b'0'..=b';'
        | b'='
        | b'@'..=b'['
        | b']'
        | b'_'
        | b'a'..=b'z'
        | b'~'
        | b'%' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    bytes.collect()
}

pub(crate) const ULID: &str = "01KAGW3M6J9Z0T4V8Q2X5Y7B1C";

#[test]
fn names_in_paths_lead_nowhere() {
    let castle = Castle::new();
    let good = castle.pond.form(&[
        part("video", &clip(1, 2000)),
        part("metadata", said("good").to_string().as_bytes()),
        part("thumbnail_0", &jpeg(1)),
    ]);
    assert_eq!(good.status, 200, "{}", good.text());
    for name in names() {
        let mut ways = vec![plain(&name), encoded(&name, 1), encoded(&name, 2)];
        if name.len() > 1000 {
            ways.truncate(1);
        }
        for way in ways {
            for (n, (method, path)) in [
                ("GET", format!("/storage/events/{way}")),
                ("GET", format!("/storage/events/{way}/video")),
                ("GET", format!("/storage/events/good/thumbnails/{way}")),
                ("DELETE", format!("/storage/events/{way}")),
                ("GET", format!("/api/v1/events/{way}/clip.mp4")),
                ("GET", format!("/api/v1/events/{ULID}/pictures/{way}")),
                ("GET", format!("/api/v1/ingest/{way}")),
                ("DELETE", format!("/api/v1/ingest/{way}")),
                ("PUT", format!("/api/v1/ingest/{way}")),
                ("PUT", format!("/api/v1/ingest/{ULID}/files/{way}")),
                ("GET", format!("/{way}")),
            ]
            .into_iter()
            .enumerate()
            {
                let who = if (6..10).contains(&n) { &castle.pond } else { &castle.person };
                let headers = [("Content-Type", "application/json"), ("Content-Digest", &*digest_of(b"{}"))];
                let body: &[u8] = if method == "PUT" { b"{}" } else { b"" };
                let reply = who.ask(method, &path, &headers, body);
                castle.held(&format!("{method} {path}"), &reply);
            }
        }
    }
    assert_eq!(castle.pond.get("/storage/events/good/video").body, clip(1, 2000), "what was good stayed so");
    castle.is_tidy();
    told();
}

#[test]
fn names_in_bodies_are_words_and_nothing_else() {
    let castle = Castle::new();
    let bytes = clip(1, 1500);
    for name in names() {
        let mut words = said(&name);
        words["camera"] = json!(name);
        words["path"] = json!(name);
        words["thumbnails"] = json!([name]);
        let text = words.to_string();
        let file = name.replace(['"', '\r', '\n', '\0'], "_");
        let parts = [
            Part { name: "video", file: Some(&file), bytes: &bytes },
            Part { name: "metadata", file: Some(&file), bytes: text.as_bytes() },
            Part { name: &file, file: Some(&file), bytes: b"a secret of mine" },
        ];
        castle.held(&format!("form {name:?}"), &castle.pond.form(&parts));
        // The id of one is looked for by its name, too.
        let asked = castle.pond.get(&format!("/storage/events/{}/video", encoded(&name, 1)));
        castle.held(&format!("again {name:?}"), &asked);
        assert!(asked.status != 200 || asked.body == bytes, "{name:?}");
        for path in ["upload", "finalize", "cancel"] {
            let body = json!({ "upload_id": name, "chunk_index": 0, "chunk_data": "" });
            castle.refused(
                &format!("{path} {name:?}"),
                &castle.pond.post(&format!("/storage/chunked/{path}"), &body),
            );
        }
        let begun = castle.pond.post("/storage/chunked/init", &init(&words, &bytes, 1000, &[]));
        castle.held(&format!("init {name:?}"), &begun);
        let listed = castle.person.get(&format!("/storage/events?date={}", encoded(&name, 1)));
        castle.refused(&format!("date {name:?}"), &listed);
        let manifest = json!({ "metadata": words, "files": [{"name": name, "bytes": 1, "sha256": "0".repeat(64)}], "clip": null });
        let put = castle.pond.ask(
            "PUT",
            &format!("/api/v1/ingest/{ULID}"),
            &[("Content-Type", "application/json")],
            manifest.to_string().as_bytes(),
        );
        castle.refused(&format!("manifest {name:?}"), &put);
    }
    castle.is_tidy();
    told();
}
