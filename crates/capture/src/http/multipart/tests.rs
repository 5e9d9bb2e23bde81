use super::*;
use proptest::prelude::*;

/// A whole JPEG of `seed`'s own width, so that pictures can be told apart.
fn jpeg(seed: u8) -> Vec<u8> {
    let size = frame::Size::new(100 + u32::from(seed), 40);
    codec::no_signal(size, &["no signal"]).unwrap().to_vec()
}

fn fed(content_type: &str, stream: &[u8], step: usize) -> Vec<Part> {
    let mut parser = Multipart::new(content_type);
    let mut parts = Vec::new();
    for chunk in stream.chunks(step) {
        parser.feed(chunk, &mut parts);
    }
    parts
}

/// The pictures that come out are these, however the stream is cut into chunks.
fn gives(name: &str, content_type: &str, stream: &[u8], expected: &[Vec<u8>]) {
    for step in [1, 2, 7, 64, 1000, 1 << 20] {
        let pictures: Vec<Bytes> = fed(content_type, stream, step)
            .into_iter()
            .map(|part| match part {
                Part::Picture(bytes) => codec::scan(bytes).map(|picture| picture.bytes),
                Part::Refused(error) => Err(error),
            })
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{name} in steps of {step}: {error}"));
        assert_eq!(pictures, expected, "{name} in steps of {step}");
    }
}

/// A stream of these pictures: what stands before and after each, `{n}` being its length.
fn stream(pictures: &[Vec<u8>], before: &str, after: &str) -> Vec<u8> {
    let part = |picture: &Vec<u8>| {
        let before = before.replace("{n}", &picture.len().to_string());
        [before.as_bytes(), picture, after.as_bytes()].concat()
    };
    pictures.iter().flat_map(part).collect()
}

const PLAIN: &str = "multipart/x-mixed-replace;boundary=frame";

#[test]
fn every_cameras_idea_of_multipart_is_understood() {
    let three = [jpeg(1), jpeg(2), jpeg(3)];
    let typed = "--frame\r\nContent-Type: image/jpeg\r\n";
    let table: &[(&str, &str, String, &str)] = &[
        ("to the letter", PLAIN, format!("{typed}Content-Length: {{n}}\r\n\r\n"), "\r\n"),
        ("no length", PLAIN, format!("{typed}\r\n"), "\r\n"),
        ("quoted", "multipart/x-mixed-replace; boundary=\"frame\"", format!("{typed}\r\n"), "\r\n"),
        (
            "dashes in the header, too",
            "multipart/x-mixed-replace;boundary=--frame",
            format!("{typed}\r\n"),
            "\r\n",
        ),
        (
            "dashes only in the header",
            "multipart/x-mixed-replace;boundary=--framing",
            "framing\r\n\r\n".into(),
            "\r\n",
        ),
        ("four dashes", "multipart/x-mixed-replace;boundary=--frame", format!("--{typed}\r\n"), "\r\n"),
        ("no line end before the delimiter", PLAIN, format!("{typed}Content-Length: {{n}}\r\n\r\n"), ""),
        ("no line end and no length", PLAIN, format!("{typed}\r\n"), ""),
        ("line feeds only", PLAIN, "--frame\nContent-Type: image/jpeg\nContent-Length: {n}\n\n".into(), "\n"),
        ("no header at all", PLAIN, "--frame\r\n\r\n".into(), "\r\n"),
        ("no empty line", PLAIN, "--frame\r\nContent-Type: image/jpeg\r\n".into(), "\r\n"),
        ("length too short", PLAIN, format!("{typed}Content-Length: 20\r\n\r\n"), "\r\n"),
        ("length too long", PLAIN, format!("{typed}Content-Length: 99999\r\n\r\n"), "\r\n"),
        ("length is nonsense", PLAIN, format!("{typed}Content-Length: -7 apples\r\n\r\n"), "\r\n"),
        ("closing delimiter each time", PLAIN, format!("{typed}\r\n"), "\r\n--frame--\r\n"),
        (
            "headers in lower case",
            PLAIN,
            "--frame\r\ncontent-type:image/jpeg\r\ncontent-length:{n}\r\n\r\n".into(),
            "\r\n",
        ),
        ("no boundary named", "multipart/x-mixed-replace", format!("{typed}\r\n"), "\r\n"),
        ("no type", "", String::new(), ""),
        ("padding behind the picture", PLAIN, format!("{typed}\r\n"), "\0\0\0\0\0\0\r\n"),
    ];
    for (name, content_type, before, after) in table {
        let mut bytes = stream(&three, before, after);
        // The delimiter that ends the last part, where a length does not.
        bytes.extend(before.as_bytes());
        gives(name, content_type, &bytes, &three);
        let preamble = [b"ignore this\r\n".as_slice(), &bytes].concat();
        gives(name, content_type, &preamble, &three);
    }
}

#[test]
fn a_picture_with_its_length_does_not_wait_for_the_next_delimiter() {
    let one = jpeg(1);
    let bytes = stream(std::slice::from_ref(&one), "--frame\r\nContent-Length: {n}\r\n\r\n", "");
    gives("with length", PLAIN, &bytes, std::slice::from_ref(&one));
    let bytes = stream(std::slice::from_ref(&one), "--frame\r\n\r\n", "");
    gives("without", PLAIN, &bytes, &[one]);
}

#[test]
fn a_boundary_that_never_comes_gives_way_to_the_pictures_own_markers() {
    let many: Vec<Vec<u8>> = (0..200).map(jpeg).collect();
    let bytes = stream(&many, "--other\r\nContent-Type: image/jpeg\r\n\r\n", "\r\n");
    assert!(bytes.len() > MAX_PREAMBLE);
    gives("other boundary", PLAIN, &bytes, &many);
}

#[test]
fn a_picture_cut_off_costs_itself_and_not_the_next() {
    let (first, second) = (jpeg(1), jpeg(2));
    for (content_type, before) in [("", ""), (PLAIN, "--frame\r\nContent-Length: {n}\r\n\r\n")] {
        let mut bytes = stream(std::slice::from_ref(&first), before, "");
        bytes.truncate(bytes.len() - 30);
        bytes.extend(stream(std::slice::from_ref(&second), before, ""));
        let parts = fed(content_type, &bytes, 11);
        let scans: Vec<_> = parts
            .into_iter()
            .map(|part| match part {
                Part::Picture(bytes) => codec::scan(bytes).map(|picture| picture.bytes.to_vec()),
                Part::Refused(error) => Err(error),
            })
            .collect();
        assert_eq!(scans.len(), 2, "{content_type}");
        assert_eq!(scans[0].clone().unwrap_err(), ScanError::Truncated);
        assert_eq!(scans[1].clone().unwrap(), second);
    }
}

#[test]
fn a_thumbnail_does_not_end_the_picture() {
    let (thumb, whole) = (jpeg(1), jpeg(9));
    let len = u16::try_from(thumb.len() + 2).unwrap().to_be_bytes();
    let picture = [&whole[..2], &[0xff, 0xe1], &len, &thumb, &whole[2..]].concat();
    gives("markers", "", &[picture.clone(), picture.clone()].concat(), &[picture.clone(), picture]);
}

#[test]
fn parts_that_are_no_pictures_are_passed_over() {
    let one = jpeg(1);
    let text = "--frame\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello\r\n";
    let empty = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n\r\n";
    let part = stream(std::slice::from_ref(&one), "--frame\r\nContent-Length: {n}\r\n\r\n", "\r\n");
    let bytes = [text.as_bytes(), &part, empty.as_bytes(), text.as_bytes(), &part].concat();
    gives("mixed", PLAIN, &bytes, &[one.clone(), one]);
}

#[test]
fn a_type_in_letters_of_many_bytes_harms_nobody() {
    let one = jpeg(1);
    for (kind, wanted) in [
        ("image\u{e9}/jpeg", false),
        ("imag\u{1f98a}", false),
        ("\u{e9}\u{e9}", true),
        ("IMAGE/\u{e9}", true),
    ] {
        let before = format!("--frame\r\nContent-Type: {kind}\r\nContent-Length: {{n}}\r\n\r\n");
        let bytes = stream(std::slice::from_ref(&one), &before, "\r\n");
        let expected = if wanted { vec![one.clone()] } else { Vec::new() };
        gives(kind, PLAIN, &bytes, &expected);
    }
}

#[test]
fn giants_are_refused_and_the_stream_goes_on() {
    let one = jpeg(1);
    let part = stream(std::slice::from_ref(&one), "--frame\r\nContent-Length: {n}\r\n\r\n", "\r\n");
    let announced = b"--frame\r\nContent-Length: 99999999\r\n\r\n\xff\xd8\xff\xe0....\r\n";
    let parts = fed(PLAIN, &[announced, &part[..]].concat(), 100);
    assert_eq!(parts, [Part::Refused(ScanError::TooLarge(99_999_999)), Part::Picture(one.clone().into())]);

    for content_type in [PLAIN, ""] {
        let endless =
            [&b"--frame\r\n\r\n\xff\xd8\xff\xe0"[..], &vec![b'x'; MAX_BYTES + 100], b"\r\n", &part].concat();
        let parts = fed(content_type, &endless, 4096);
        assert!(matches!(parts[0], Part::Refused(ScanError::TooLarge(_))), "{content_type}");
        assert_eq!(parts[1..], [Part::Picture(one.clone().into())], "{content_type}");
    }
}

#[test]
fn a_header_without_end_is_given_up() {
    let one = jpeg(1);
    let part = stream(std::slice::from_ref(&one), "--frame\r\nContent-Length: {n}\r\n\r\n", "\r\n");
    let bytes = [b"--frame\r\n", &vec![b'a'; 3 * MAX_HEADER][..], b"\r\n", &part].concat();
    gives("one line", PLAIN, &bytes, std::slice::from_ref(&one));
    let bytes = [b"--frame\r\n", &b"a: b\r\n".repeat(MAX_HEADER)[..], b"\r\n", &part].concat();
    gives("many lines", PLAIN, &bytes, &[one]);
}

proptest! {
    #[test]
    fn whatever_comes_the_buffer_stays_bounded(
        boundary in proptest::option::of("[-a-z]{0,8}"),
        chunks in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..300),
                Just(b"--frame\r\nContent-Length: 40\r\n\r\n".to_vec()),
                Just(b"\r\n--frame--\r\n".to_vec()),
                Just(jpeg(3)),
                Just(vec![0xff, 0xd8, 0xff]),
                "--frame\r\nContent-(Type|Length|\u{e9}): ?\\PC{0,9}\r\n\r\n".prop_map(String::into_bytes),
            ],
            0..40,
        ),
    ) {
        let content_type = boundary.map_or(PLAIN.to_owned(), |b| format!("multipart/x-mixed-replace; boundary={b}"));
        let mut parser = Multipart::new(&content_type);
        let mut parts = Vec::new();
        for chunk in &chunks {
            parser.feed(chunk, &mut parts);
            prop_assert!(parser.buffered() <= MAX_BYTES + CHUNK);
        }
    }
}
