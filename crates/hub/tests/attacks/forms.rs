//! Forms that are none.

use crate::castle::{Castle, told};
use crate::common::{clip, form, jpeg, part, said};

#[test]
fn forms_that_are_none_are_told_so() {
    let castle = Castle::new();
    let pond = &castle.pond;
    let (video, words) = (clip(1, 500), said("f").to_string());
    let (kind, good) = form(&[part("video", &video), part("metadata", words.as_bytes())]);
    let send = |kind: &str, body: &[u8]| pond.ask("POST", "/storage", &[("Content-Type", kind)], body);
    for kind in [
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=other",
        "multipart/mixed; boundary=edge",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=edge-",
        "multipart/form-data; charset=utf-7",
        "multipart/form-data; boundary==",
        "multipart/form-data;;;;",
    ] {
        castle.refused(&format!("kind {kind:?}"), &send(kind, &good));
    }
    castle.refused(
        "a very long boundary",
        &send(&format!("multipart/form-data; boundary={}", "b".repeat(3000)), &good),
    );
    let head = |text: &str| [b"--edge\r\n", text.as_bytes(), b"\r\n\r\nx\r\n--edge--\r\n"].concat();
    let long = "x".repeat(200_000);
    for (what, body) in [
        ("nothing", Vec::new()),
        ("the end alone", b"--edge--\r\n".to_vec()),
        ("no end", good[..good.len() - 10].to_vec()),
        ("half", good[..good.len() / 2].to_vec()),
        ("no line ends", good.iter().copied().filter(|b| *b != b'\r').collect()),
        ("a long head", head(&format!("Content-Disposition: form-data; name=\"video\"\r\nX-Long: {long}"))),
        ("a long name", head(&format!("Content-Disposition: form-data; name=\"{long}\""))),
        (
            "many heads",
            head(&format!("Content-Disposition: form-data; name=\"video\"{}", "\r\nX: y".repeat(500))),
        ),
        ("no disposition", head("Content-Type: text/plain")),
        ("an empty disposition", head("Content-Disposition:")),
        ("an open quote", head("Content-Disposition: form-data; name=\"video")),
        (
            "bytes of no kind",
            [&b"--edge\r\nContent-Disposition: form-data; name=\"\xff\xfe\"\r\n\r\nx\r\n--edge--\r\n"[..]]
                .concat(),
        ),
        ("something before", [&long.repeat(2).into_bytes()[..], &good].concat()),
        (
            "nested",
            head(
                "Content-Disposition: form-data; name=\"video\"\r\nContent-Type: multipart/mixed; boundary=edge",
            ),
        ),
    ] {
        castle.refused(what, &send(&kind, &body));
    }
    let video_part = || part("video", &video);
    let meta = || part("metadata", words.as_bytes());
    let picture = jpeg(1);
    for (what, parts) in [
        ("no clip", vec![meta()]),
        ("no words", vec![video_part()]),
        ("two clips", vec![video_part(), video_part(), meta()]),
        ("two words", vec![meta(), meta(), video_part()]),
        (
            "two of one picture",
            vec![meta(), video_part(), part("thumbnail_0", &picture), part("thumbnail_0", &picture)],
        ),
        ("too high a number", vec![meta(), video_part(), part("thumbnail_64", &picture)]),
        ("no number", vec![meta(), video_part(), part("thumbnail_x", &picture)]),
        ("a number below", vec![meta(), video_part(), part("thumbnail_-1", &picture)]),
        ("many parts", (0..300).map(|_| part("x", b"1")).collect()),
    ] {
        let (kind, body) = form(&parts);
        castle.refused(what, &send(&kind, &body));
    }
    // One byte after the other is another one, all over a good form.
    for n in 0..150 {
        let mut bent = good.clone();
        let at = n * bent.len() / 150;
        bent[at] ^= 1 << (n % 8);
        castle.held(&format!("a bent byte at {at}"), &send(&kind, &bent));
    }
    castle.is_tidy();
    told();
}
