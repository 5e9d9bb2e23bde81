//! What is said over the wire is understood, and what is hostile refused with what was found and what is allowed.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::EventId;
use crate::model::scene;
use crate::store::tests::Place;

fn metadata() -> Value {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let manifest = store.manifest(event.id).unwrap().unwrap();
    assert_eq!(event_of(&manifest.metadata).unwrap(), *event);
    manifest.metadata
}

#[test]
fn a_manifest_says_every_file_with_its_hash_and_goes_over_the_wire_unchanged() {
    let place = Place::new();
    let store = place.open();
    let event = place.record(&store);
    let manifest = store.manifest(event.id).unwrap().unwrap();
    let names: Vec<_> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["poster.jpg", "thumb.jpg", "thumb_0.jpg", "track.json"]);
    assert_eq!(manifest.files[0].sha256, hex(&Sha256::digest(scene::frame(100))));
    let again: Manifest = serde_json::from_slice(&serde_json::to_vec(&manifest).unwrap()).unwrap();
    assert_eq!((&again, again.sha256()), (&manifest, manifest.sha256()));
    for name in ["metadata.json", "../poster.jpg", "trail.jpg", "", "thumb_00.jpg", "clip.mp4/../poster.jpg"]
    {
        assert!(store.open_file(event.id, name).unwrap().is_none(), "{name}");
    }
    assert!(store.open_file(event.id, "clip.mp4").unwrap().is_some());
    store.delete(&[event.id]).unwrap();
    assert_eq!(store.manifest(event.id).unwrap(), None);
}

/// A word of the refusal, where in the metadata, and what is there in the place of something sound.
type Spoilt = (&'static str, &'static str, Value);

fn spoilt_names_and_times() -> Vec<Spoilt> {
    let long = "x".repeat(5_000);
    vec![
        ("id", "/id", json!("../../etc/passwd")),
        ("1970 to 2240", "/id", json!("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")),
        ("camera", "/camera", json!("../x")),
        ("camera", "/camera", json!("")),
        ("camera", "/camera", json!("a".repeat(65))),
        ("1970 to 2240", "/start_time", json!("1969-12-31T23:59:59Z")),
        ("1970 to 2240", "/start_time", json!("2300-01-01T00:00:00Z")),
        ("utc_offset_s", "/utc_offset_s", json!(70_000)),
        ("duration", "/duration_ns", json!(u64::MAX)),
        ("lead", "/lead_ns", json!(3_600_000_000_000_u64)),
        ("boot", "/mono_ns", json!(u64::MAX)),
        ("boot", "/boot", json!(long)),
        ("part", "/part", json!(0)),
        ("id", "/part_of", json!("x")),
        ("label", "/motion_analysis/classification/label", json!("<script>")),
        ("confidence", "/motion_analysis/classification/confidence", json!(1e30)),
        ("confidence", "/motion_analysis/classification/confidence", json!(-0.5)),
        (
            "alternatives",
            "/motion_analysis/classification/alternatives",
            json!(vec![json!({"label": "animal", "confidence": 0.1}); 17]),
        ),
        ("histogram", "/motion_analysis/histogram", json!(vec![0.0; 513])),
        ("finite", "/motion_analysis/histogram", json!([1e300])),
        ("finite", "/motion_analysis/motion_characteristics/mean_angle", json!(1e300)),
        ("signature_hash", "/motion_analysis/signature_hash", json!(long)),
        ("direction", "/direction", json!("sideways")),
        ("sentence", "/sentence", json!(long)),
        ("control", "/sentence", json!("\u{1b}[2J")),
    ]
}

fn spoilt_numbers_and_lists() -> Vec<Spoilt> {
    let long = "x".repeat(5_000);
    vec![
        ("width", "/resolution/width", json!(0)),
        ("height", "/resolution/height", json!(70_000)),
        ("frame_count", "/frame_count", json!(u64::MAX)),
        ("regions", "/regions", json!(vec![[1, 2, 3, 4]; 17])),
        ("region", "/regions", json!([[1, 2, 3, 4_000_000_000_u32]])),
        ("trail", "/trail", json!(vec![[0.5, 0.5]; 65])),
        ("trail", "/trail", json!([[1e30, 0.5]])),
        ("bytes", "/clip/bytes", json!(0)),
        ("bytes", "/clip/bytes", json!(u64::MAX)),
        ("SHA-256", "/clip/sha256", json!("zz")),
        ("SHA-256", "/clip/sha256", json!("é".repeat(32))),
        ("codec", "/clip/codec", json!("vp9")),
        ("thumbnails", "/pictures/thumbnails", json!(65)),
        ("novelty", "/novelty", json!(2.0)),
        ("note", "/note", json!(long)),
        ("format", "/format", json!(2)),
        ("source_id", "/source_id", json!(long)),
        ("source_id", "/source_id", json!("")),
    ]
}

#[test]
fn hostile_metadata_is_refused_in_words() {
    let sound = metadata();
    for (what, pointer, spoilt) in spoilt_names_and_times().into_iter().chain(spoilt_numbers_and_lists()) {
        let mut value = sound.clone();
        match value.pointer_mut(pointer) {
            Some(place) => *place = spoilt,
            None => {
                value[pointer.trim_start_matches('/')] = spoilt;
            }
        }
        let refused = event_of(&value).expect_err(pointer);
        assert!(refused.contains(what), "{pointer}: {refused}");
        assert!(refused.len() < 400 && !refused.chars().any(char::is_control), "{refused}");
    }
    for odd in [json!(null), json!([]), json!({}), json!("x"), json!({"id": 3})] {
        event_of(&odd).unwrap_err();
    }
}

#[test]
fn what_is_no_picture_and_no_track_is_refused() {
    assert_eq!(check_file("poster.jpg", &scene::frame(1)), Ok(()));
    assert_eq!(check_file("track.json", br#"{"format":1,"moments":[],"gates":[]}"#), Ok(()));
    let script = b"\xff\xd8<script>".as_slice();
    for (name, bytes) in [
        ("poster.jpg", b"".as_slice()),
        ("poster.jpg", script),
        ("thumb_3.jpg", b"\x89PNG\r\n"),
        ("track.json", b"{}"),
        ("track.json", b"[[[[[[["),
        ("track.json", br#"{"format":1,"moments":[{"at":1,"motion":1e300,"boxes":[]}],"gates":[]}"#),
    ] {
        check_file(name, bytes).expect_err(name);
    }
    for name in [
        "",
        ".",
        "..",
        "clip.mp4",
        "metadata.json",
        "draft.json",
        "thumb_64.jpg",
        "thumb_01.jpg",
        "thumb_-1.jpg",
        "thumb_.jpg",
        "poster.jpg\0",
        "Poster.jpg",
        "poster.jpg.part",
        "/etc/passwd",
        "a/poster.jpg",
        "poster.jpg/",
        "thumb_1.jpg/../x",
        "%2e%2e",
        "\u{202e}gpj.retsop",
    ] {
        check_file(name, &scene::frame(1)).expect_err(name);
    }
}

#[test]
fn a_foreign_clip_is_told_from_what_is_none() {
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = u32::try_from(content.len() + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    };
    let sniff = |bytes: &[u8]| sniff_clip(&mut std::io::Cursor::new(bytes)).unwrap();
    let ftyp = boxed(b"ftyp", b"isom\0\0\0\0");
    let moov = boxed(b"moov", b"....avc1....");
    let mdat = boxed(b"mdat", &[7; 100]);
    let clip = [&ftyp[..], &moov, &mdat].concat();
    assert_eq!(sniff(&clip).unwrap().codec, crate::event::ClipCodec::H264);
    // A large box, and one to the end.
    let large = [&1_u32.to_be_bytes()[..], b"mdat", &26_u64.to_be_bytes(), &[0; 10]].concat();
    let to_end = [&0_u32.to_be_bytes()[..], b"mdat", &[0; 9]].concat();
    assert!(sniff(&[&ftyp[..], &moov, &large].concat()).is_ok());
    assert!(sniff(&[&ftyp[..], &mdat, &moov, &to_end].concat()).is_ok());
    let zero = [&ftyp[..], &moov, &[0, 0, 0, 7], b"mdat"].concat();
    for bytes in [&b""[..], b"ftyp", &ftyp, &moov, &clip[..clip.len() - 1], &clip[1..], &zero] {
        sniff(bytes).unwrap_err();
    }
    assert!(sniff(&[&moov[..], &ftyp, &mdat].concat()).unwrap_err().contains("ftyp"));
}

#[test]
fn an_older_cameras_words_become_an_event() {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap();
    let id = EventId::from_parts(1_763_650_000_000, 7);
    let mut said = json!({
        "id": "motion-20261120-101010-a1b2c3", "start_time": "2026-07-20 10:10:10.5", "end_time": "2026-07-20T10:10:13",
        "motion_analysis": {"classification": {"label": "dog", "confidence": 75},
                            "motion_characteristics": {"dominant_direction": 180.0}},
    });
    let event = older_event_of(&said, &zone, id, "old-pi").unwrap();
    assert_eq!(event.started.to_string(), "2026-07-20T08:10:10.5Z");
    assert_eq!((event.utc_offset, event.duration.as_millis()), (7_200, 2_500));
    assert_eq!((event.verdict.label.as_str(), event.verdict.confidence), ("animal", 0.75));
    assert_eq!(event.source_id.as_deref(), Some("motion-20261120-101010-a1b2c3"));
    said["start_time"] = json!("2026-11-20T10:10:10-05:00");
    let event = older_event_of(&said, &zone, id, "old-pi").unwrap();
    assert_eq!((event.started.to_string().as_str(), event.utc_offset), ("2026-11-20T15:10:10Z", -18_000));
    // An hour that there is twice, and one that there is not.
    for (text, utc) in [("2026-10-25T02:30:00", "00:30:00"), ("2026-03-29T02:30:00", "01:30:00")] {
        said["start_time"] = json!(text);
        let event = older_event_of(&said, &zone, id, "old-pi").unwrap();
        assert!(event.started.to_string().contains(utc), "{text}: {}", event.started);
    }
    for (key, odd, what) in [
        ("id", json!(null), "id"),
        ("id", json!("x".repeat(201)), "id"),
        ("id", json!("a\u{0}b"), "id"),
        ("start_time", json!("soon"), "start_time"),
        ("start_time", json!("1950-01-01T00:00:00"), "1970 to 2240"),
    ] {
        let mut said = said.clone();
        said[key] = odd;
        let refused = older_event_of(&said, &zone, id, "old-pi").unwrap_err();
        assert!(refused.contains(what), "{refused}");
    }
    older_event_of(&json!([1]), &zone, id, "old-pi").unwrap_err();
}

#[test]
fn a_name_for_people_becomes_a_cameras() {
    for (name, expected) in [
        ("Front door", "front-door"),
        ("Büro 2 (oben)", "b-ro-2-oben"),
        ("--", "camera"),
        ("", "camera"),
        ("猫", "camera"),
        ("A".repeat(90).as_str(), "a".repeat(30).as_str()),
    ] {
        assert_eq!(slug(name), expected);
        assert!(is_camera(&slug(name)));
    }
}

/// JSON of any shape, with keys of ours among others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|x| json!(x)),
        ".{0,20}".prop_map(Value::from),
        Just(json!("2026-11-20T10:10:10")),
    ];
    let key = prop_oneof![
        Just("id"),
        Just("start_time"),
        Just("end_time"),
        Just("duration"),
        Just("regions"),
        Just("resolution"),
        Just("motion_analysis"),
        Just("classification"),
        Just("label"),
        Just("alternatives"),
        Just("confidence"),
        Just("width"),
        Just("height"),
        Just("x"),
        Just("frame_count"),
        Just("motion_characteristics"),
        Just("dominant_direction"),
        Just("temporal_features"),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_an_older_camera_says_what_comes_of_it_is_sound(said in any_json(), with_time: bool) {
        let mut said = said;
        if let (true, Value::Object(map)) = (with_time, &mut said) {
            map.insert("id".to_owned(), json!("motion-1"));
            map.insert("start_time".to_owned(), json!("2026-11-20T10:10:10"));
        }
        let id = EventId::from_parts(1_763_650_000_000, 7);
        if let Ok(event) = older_event_of(&said, &TimeZone::UTC, id, "old-pi") {
            prop_assert_eq!(check(&event), Ok(()));
        }
        drop(event_of(&said));
    }

    #[test]
    fn no_bytes_make_the_look_at_a_clip_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(sniff_clip(&mut std::io::Cursor::new(&bytes)).unwrap());
        let begun = [b"\0\0\0\x0cftypisom".as_slice(), &bytes].concat();
        drop(sniff_clip(&mut std::io::Cursor::new(&begun)).unwrap());
    }
}
