//! Links that somebody has planted in the data directory.

use serde_json::json;

use crate::castle::{Castle, told};
use crate::common::{chunk_of, clip, init, jpeg, part, said};

#[test]
fn links_in_the_data_directory_are_not_followed() {
    use std::os::unix::fs::symlink;
    // Where a link may be planted by whoever else can write there, a backup or a share.
    for planted in ["events/2026", "events/2026/11", "events/2026/11/20", "incoming", "drafts"] {
        let castle = Castle::new();
        let (place, outside) = (castle.server.data().join(planted), castle.server.around.path().join("etc"));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        if place.exists() {
            std::fs::remove_dir_all(&place).unwrap();
        }
        symlink(&outside, &place).unwrap();
        for n in 0..8 {
            let words = said(&format!("e{n}"));
            let reply = if n % 2 == 0 {
                castle.pond.form(&[
                    part("video", &clip(n, 2000)),
                    part("metadata", words.to_string().as_bytes()),
                    part("thumbnail_0", &jpeg(1)),
                ])
            } else {
                let begun = castle
                    .pond
                    .post("/storage/chunked/init", &init(&words, &clip(n, 2000), 9000, &[jpeg(1)]));
                castle.held(&format!("{planted} init"), &begun);
                if begun.status == 200 {
                    let id = begun.json()["upload_id"].as_str().unwrap().to_owned();
                    castle.held(
                        planted,
                        &castle.pond.post("/storage/chunked/upload", &chunk_of(&id, 0, &clip(n, 2000))),
                    );
                    castle.pond.post("/storage/chunked/finalize", &json!({ "upload_id": id }))
                } else {
                    begun
                }
            };
            castle.refused(&format!("a link at {planted}, {n}"), &reply);
        }
        assert_eq!(castle.person.get("/healthz").status, 200);
    }
    // A link in the place of a clip and of a picture of an event that is there.
    let castle = Castle::new();
    assert_eq!(castle.pond.chunked(&said("a"), &clip(1, 3000), 9000, &[jpeg(1)]).status, 200);
    let path = castle.pond.get("/storage/events/a").ok()["path"].as_str().unwrap().to_owned();
    let folder = castle.server.data().join(path);
    for (file, asked) in [
        ("clip.mp4", "/storage/events/a/video"),
        ("thumb_0.jpg", "/storage/events/a/thumbnails/thumb_0.jpg"),
        ("metadata.json", "/storage/events/a"),
    ] {
        std::fs::remove_file(folder.join(file)).unwrap();
        symlink(castle.server.around.path().join("secret.txt"), folder.join(file)).unwrap();
        castle.held(&format!("a link at {file}"), &castle.person.get(asked));
    }
    // Deleting takes the links, and not what they name.
    castle.held("delete", &castle.person.ask("DELETE", "/storage/events/a", &[], b""));
    told();
}
