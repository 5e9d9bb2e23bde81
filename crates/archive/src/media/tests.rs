use store::event::ClipCodec;
use tokio::io::AsyncReadExt;

use super::*;
use crate::testing::*;

#[test]
fn a_picture_has_one_name() {
    for (file, name) in [
        ("poster.jpg", Some(PictureName::Poster)),
        ("thumb_0.jpg", Some(PictureName::Thumbnail(0))),
        ("thumb_12.jpg", Some(PictureName::Thumbnail(12))),
        ("thumb_012.jpg", None),
        ("thumb_+1.jpg", None),
        ("thumb_1000.jpg", None),
        ("thumb_99999999999.jpg", None),
        ("Poster.jpg", None),
        ("poster.jpg/", None),
        ("../poster.jpg", None),
        ("metadata.json", None),
        ("clip.mp4", None),
        ("", None),
    ] {
        assert_eq!(picture_name(file), name, "{file}");
    }
}

fn clip_of(event: &Event) -> String {
    format!("/api/v1/events/{}/clip.mp4", event.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_comes_whole_or_in_the_range_that_was_asked_for() {
    let server = TestServer::start().await;
    let event = Wish { frame: 60_000, ..Wish::default() }.make(&server.store, &server.clock);
    let clip = event.clip.as_ref().unwrap();
    let path = clip_of(&event);
    let whole = server.get(&path).await;
    assert_eq!((whole.status, whole.body.len() as u64), (200, clip.bytes));
    let etag = format!("\"{}\"", hex(&clip.sha256));
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", FOR_GOOD),
        ("etag", &etag),
        ("content-length", &clip.bytes.to_string()),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    assert_eq!(whole.header("content-disposition"), None);
    let last = clip.bytes - 1;
    for (range, first, end) in [
        ("bytes=0-", 0, last),
        ("bytes=0-0", 0, 0),
        ("bytes=100-300099", 100, 300_099),
        ("bytes=500000-99999999", 500_000, last),
        ("bytes=-1000", clip.bytes - 1000, last),
    ] {
        let part = server.ask("GET", &path, &[("Range", range)], "").await;
        assert_eq!(part.status, 206, "{range}");
        let told = format!("bytes {first}-{end}/{}", clip.bytes);
        assert_eq!(part.header("content-range"), Some(told.as_str()), "{range}");
        assert_eq!(part.header("content-length").unwrap(), (end - first + 1).to_string());
        assert!(part.body == whole.body[first as usize..=end as usize], "{range}");
    }
    for (headers, status) in [
        (vec![("Range", "bytes=0-1,5-6")], 200),
        (vec![("Range", "bytes=0-1"), ("If-Range", "\"other\"")], 200),
        (vec![("Range", "bytes=0-1"), ("If-Range", &etag)], 206),
        (vec![("If-None-Match", &etag)], 304),
    ] {
        let reply = server.ask("GET", &path, &headers, "").await;
        assert_eq!(reply.status, status, "{headers:?}");
        assert_eq!(reply.header("etag"), Some(etag.as_str()), "{headers:?}");
    }
    let beyond = server.ask("GET", &path, &[("Range", &format!("bytes={}-", clip.bytes))], "").await;
    assert_eq!((beyond.status, beyond.json()["code"].as_str()), (416, Some("range_not_satisfiable")));
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", clip.bytes).as_str()));
    for headers in [vec![], vec![("Range", "bytes=0-1")]] {
        let head = server.ask("HEAD", &path, &headers, "").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length").unwrap(), clip.bytes.to_string());
    }
    let kept = server.get(&format!("{path}?download=1")).await;
    let name = "attachment; filename=\"garden_2023-11-15_13-00-00.mp4\"";
    assert_eq!(kept.header("content-disposition"), Some(name));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_kept_for_good_and_known_again() {
    let server = TestServer::start().await;
    let event = Wish::default().make(&server.store, &server.clock);
    let wire = server.get(&format!("/api/v1/events/{}", event.id)).await.json();
    let pictures = &wire["pictures"];
    assert_eq!(pictures["trail"], serde_json::Value::Null);
    for url in [&pictures["poster"], &pictures["thumb"], &pictures["thumbnails"][0]] {
        let url = url.as_str().unwrap();
        let reply = server.get(url).await;
        assert_eq!(
            (reply.status, reply.body.len(), reply.header("content-type")),
            (200, 500, Some("image/jpeg"))
        );
        assert_eq!(reply.header("cache-control"), Some(FOR_GOOD));
        let again = server.ask("GET", url, &[("If-None-Match", reply.header("etag").unwrap())], "").await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    for missing in ["trail.jpg", "thumb_1.jpg", "metadata.json", "..%2fmetadata.json", "poster.png"] {
        let reply = server.get(&format!("/api/v1/events/{}/pictures/{missing}", event.id)).await;
        assert_eq!(reply.status, 404, "{missing}");
    }
    let thumb = server.get(&format!("/storage/events/{}/thumbnail", event.id)).await;
    assert_eq!((thumb.status, thumb.body.len()), (200, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_there_of_clips_of_jpegs_alone() {
    let server = TestServer::start().await;
    let event = Wish::default().make(&server.store, &server.clock);
    let frame = |n: &str| format!("/api/v1/events/{}/frames/{n}", event.id);
    for n in [0, 3, 9] {
        let reply = server.get(&frame(&format!("{n}.jpg"))).await;
        assert_eq!((reply.status, reply.body), (200, made::jpeg(n, 1000)), "{n}");
    }
    for none in ["10.jpg", "-1.jpg", "+1.jpg", "01.jpg", "x.jpg", "1", "1.png", "99999999999999999999.jpg"] {
        assert_eq!(server.get(&frame(none)).await.status, 404, "{none}");
    }
    let video = Wish { codec: ClipCodec::H264, ..Wish::default() }.make(&server.store, &server.clock);
    let reply = server.get(&format!("/api/v1/events/{}/frames/0.jpg", video.id)).await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["detail"].as_str().unwrap().contains("H.264"));
    assert_eq!(server.get(&clip_of(&video)).await.header("content-type"), Some("video/mp4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_is_deleted_while_it_is_sent_arrives_whole() {
    let server = TestServer::start().await;
    let event = Wish { frames: 40, frame: 200_000, ..Wish::default() }.make(&server.store, &server.clock);
    let length = event.clip.as_ref().unwrap().bytes;
    let mut socket = server.begin(&clip_of(&event), &[]).await;
    let first = soon("a byte", socket.read_u8()).await.unwrap();
    assert_eq!(first, b'H');
    assert_eq!(server.ask("DELETE", &format!("/api/v1/events/{}", event.id), &[], "").await.status, 204);
    assert_eq!(server.get(&clip_of(&event)).await.status, 404);
    let mut rest = Vec::new();
    soon("the clip", socket.read_to_end(&mut rest)).await.unwrap();
    let head = rest.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert_eq!((rest.len() - head - 4) as u64, length);
}
