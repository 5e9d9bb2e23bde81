//! What lies on a card, and what the older system left, becomes events.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use codec::Encoder;
use frame::{I420, Size};
use scene::Scene;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Finished, Setup, run};

const SIZE: Size = Size { width: 320, height: 240 };
const FPS: u32 = 10;

/// The planes of a scene at some second.
fn planes(scene: &mut Scene, at: Duration) -> I420 {
    let mut planes = Vec::new();
    scene.render(at, &mut planes);
    I420::new(scene.size(), Bytes::from(planes)).unwrap()
}

/// A fox that comes and goes within 30 seconds, as a clip of whatever the name says.
pub(crate) fn clip(path: &Path, more: &[&str]) {
    let mut scene = Scene::named("fox", SIZE, 1).unwrap();
    let mut ffmpeg = Command::new("ffmpeg")
        .args([
            "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuvj420p", "-s", "320x240", "-r", "10", "-i",
            "-",
        ])
        .args(more)
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = ffmpeg.stdin.take().unwrap();
    for n in 0..30 * FPS {
        pipe.write_all(planes(&mut scene, Duration::from_secs(1) * n / FPS).bytes()).unwrap();
    }
    drop(pipe);
    assert!(ffmpeg.wait().unwrap().success());
}

/// A picture of the same fox.
fn still(at: Duration) -> Bytes {
    let mut scene = Scene::named("fox", SIZE, 1).unwrap();
    Encoder::new(90).unwrap().i420(&planes(&mut scene, at)).unwrap()
}

/// With what a camera writes into it of its time, such as `2026:11:20 06:00:00` and `+01:00`.
fn exif(jpeg: &[u8], time: &str, offset: &str) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    tiff.extend([&1_u16.to_le_bytes()[..], &entry(0x8769, 4, 1, 26), &[0; 4]].concat());
    let entries = [entry(0x9003, 2, 20, 56), entry(0x9011, 2, 7, 76)].concat();
    tiff.extend([&2_u16.to_le_bytes()[..], &entries, &[0; 4]].concat());
    tiff.extend([time.as_bytes(), &[0], offset.as_bytes(), &[0]].concat());
    let len = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &len, b"Exif\0\0", &tiff, &jpeg[2..]].concat()
}

/// Everything below a folder, with what is in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut tree = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                tree.insert(path, b"link".to_vec());
            } else if path.is_dir() {
                open.push(path);
            } else {
                tree.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    tree
}

/// A data folder of its own.
struct Kept(TempDir);

impl Kept {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn run(&self, args: &[&str]) -> Finished {
        let data = self.data();
        run(&[args, &["--data", data.to_str().unwrap()]].concat(), &[("TZ", "Europe/Amsterdam")])
    }

    #[track_caller]
    fn json(&self, args: &[&str], code: i32) -> Value {
        let done = self.run(&[args, &["--json"]].concat());
        assert_eq!(done.code, code, "{args:?}: {}{}", done.out, done.err);
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.out))
    }

    /// All events, the oldest first.
    #[track_caller]
    fn events(&self) -> Vec<Value> {
        let mut events = self.json(&["events", "list"], 0)["events"].as_array().unwrap().clone();
        events.sort_by_key(|event| event["start"].as_str().map(str::to_owned));
        events
    }
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A card as a trail camera leaves it, with some that do not belong there.
fn card(folder: &Path) -> PathBuf {
    let card = folder.join("Fox Cam");
    let at = |name: &str| card.join("DCIM").join(name);
    for n in 0..3_u32 {
        let picture =
            exif(&still(Duration::from_secs(9 + u64::from(n))), &format!("2026:11:20 06:00:0{n}"), "+02:00");
        write(&at(&format!("100MEDIA/IMG_000{n}.JPG")), picture);
    }
    write(&at("100MEDIA/IMG_20261120_071500.JPG"), still(Duration::from_secs(1)));
    write(&at("100MEDIA/IMG_0009.JPG"), b"\xff\xd8\xff no picture");
    write(&at("100MEDIA/notes.txt"), "left alone");
    std::fs::create_dir_all(at("101MEDIA")).unwrap();
    clip(&at("101MEDIA/MOV_20261120_083000.avi"), &["-c:v", "mjpeg", "-q:v", "3"]);
    write(&at("101MEDIA/broken.mp4"), "no clip");
    std::os::unix::fs::symlink("/etc", at("101MEDIA/link")).unwrap();
    card
}

#[test]
fn a_card_becomes_events_once_and_is_left_as_it_was() {
    let folder = TempDir::new().unwrap();
    let card = card(folder.path());
    let before = tree(&card);
    let kept = Kept::new();
    let dir = card.to_str().unwrap();
    let dry = kept.json(&["import", dir, "--dry-run"], 0);
    assert_eq!((&dry["pictures"], &dry["clips"]), (&json!(5), &json!(2)), "{dry}");
    assert!(!kept.data().exists(), "only telling writes nothing");

    let told = kept.json(&["import", dir], 1);
    assert_eq!((&told["pictures"], &told["clips"]), (&json!(4), &json!(1)), "{told}");
    assert_eq!((&told["others"], &told["links"]), (&json!(1), &json!(1)), "{told}");
    let failures = told["failures"].to_string();
    assert!(failures.contains("IMG_0009.JPG") && failures.contains("broken.mp4"), "{failures}");
    assert_eq!(told["times_by"], json!({ "exif": 3, "name": 2, "change": 1 }), "{told}");

    let events = kept.events();
    assert_eq!(told["events_stored"], json!(events.len()));
    let [burst, alone, fox, ..] = &events[..] else { panic!("{events:#?}") };
    assert_eq!(
        (&burst["start"], &burst["frames"]),
        (&json!("2026-11-20T06:00:00+02:00"), &json!(3)),
        "its own offset"
    );
    assert_eq!((&burst["duration"], &burst["camera"]), (&json!(2.0), &json!("fox-cam")));
    assert_eq!(
        (&alone["start"], &alone["frames"]),
        (&json!("2026-11-20T07:15:00+01:00"), &json!(1)),
        "{alone}"
    );
    assert_eq!((&alone["label"], &alone["origin"]), (&json!("unknown"), &json!("import")));
    let started = fox["start"].as_str().unwrap();
    assert!(started.starts_with("2026-11-20T08:30:") && started.ends_with("+01:00"), "{fox}");
    assert!(fox["frames"].as_u64().unwrap() > 30 && fox["sentence"].is_string(), "{fox}");
    let shown = kept.json(&["events", "show", fox["id"].as_str().unwrap()], 0);
    assert_eq!(
        (&shown["clip"]["codec"], &shown["pictures"]["poster"]),
        (&json!("h264"), &json!(true)),
        "{shown}"
    );
    assert!(
        !shown["regions"].as_array().unwrap().is_empty() && shown["signature_hash"].is_string(),
        "{shown}"
    );

    let again = kept.json(&["import", dir], 1);
    assert_eq!(
        (&again["events_stored"], &again["kept_before"]["pictures"]),
        (&json!(0), &json!(4)),
        "{again}"
    );
    assert_eq!(again["kept_before"]["clips"], 1, "{again}");
    assert_eq!(kept.events(), events, "read twice, a card adds nothing");
    assert_eq!(kept.json(&["events", "check"], 0)["wrong"], json!([]));
    assert!(tree(&card) == before, "the card was written to");
}

#[test]
fn what_is_no_card_is_refused_before_anything_is_made() {
    let kept = Kept::new();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.jpg");
    write(&file, "x");
    for dir in [file.to_str().unwrap(), "/nowhere/at/all"] {
        let done = kept.run(&["import", dir]);
        assert_eq!(done.code, 2, "{}", done.err);
    }
    assert_eq!(kept.run(&["events", "list"]).code, 1, "nothing was ever kept there");
    assert!(!kept.data().exists());
    assert_eq!(kept.run(&["events", "check"]).code, 0);
    let done = kept.run(&["import", kept.data().to_str().unwrap()]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("kept already"), "{}", done.err);
    let done = kept.run(&["import", folder.path().to_str().unwrap(), "--camera", "No Id"]);
    assert_eq!(done.code, 2, "{}", done.err);
}

/// Two events of the older system, one below its day and one beside, and its patterns.
fn older(folder: &Path) -> PathBuf {
    let root = folder.join("storage");
    let first = root.join("2026/11/20/motion-20261120-101010-a1b2c3");
    std::fs::create_dir_all(&first).unwrap();
    clip(&first.join("motion.mp4"), &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]);
    write(&first.join("thumbnails/thumb_0.jpg"), still(Duration::from_secs(9)));
    write(&first.join("thumbnails/thumb_1.jpg"), still(Duration::from_secs(10)));
    let said = json!({
        "id": "motion-20261120-101010-a1b2c3", "start_time": "2026-11-20T10:10:10", "end_time": "2026-11-20T10:10:40",
        "duration": 30.0, "regions": [[10, 20, 30, 40]], "frame_count": 300, "weather": { "rain": true },
        "resolution": { "width": 320, "height": 240 }, "has_thumbnails": true, "processed": true,
        "motion_analysis": {
            "classification": { "label": "person", "confidence": 0.5, "alternatives": [] },
            "motion_characteristics": { "mean_magnitude": 2.5, "dominant_direction": 0.0 },
            "temporal_features": { "direction_changes": 2 }, "signature_hash": "f00d",
        },
    });
    write(&first.join("metadata.json"), said.to_string());
    let second = root.join("motion-20260701-120000-ffffff");
    write(&second.join("thumbnails/thumb_0.jpg"), still(Duration::from_secs(2)));
    write(
        &second.join("metadata.json"),
        json!({ "id": "motion-20260701-120000-ffffff", "start_time": "2026-07-01T12:00:00", "duration": 4.0 }).to_string(),
    );
    let patterns = json!([
        { "id": 1, "signature_hash": "f00d", "label": "fox" },
        { "id": "motion-20260701-120000-ffffff", "classification": { "label": "vehicle" } },
        { "id": "motion-of-long-ago", "label": "cat" },
    ]);
    write(&root.join("patterns/all.json"), patterns.to_string());
    root
}

#[test]
fn the_older_systems_events_are_taken_over_with_all_that_it_said() {
    let folder = TempDir::new().unwrap();
    let root = older(folder.path());
    let before = tree(&root);
    let kept = Kept::new();
    let import = ["import", "--legacy", root.to_str().unwrap(), "--camera", "garden"];
    let told = kept.json(&import, 0);
    assert_eq!((&told["legacy_events"], &told["clips_encoded_anew"]), (&json!(2), &json!(1)), "{told}");
    assert_eq!(told["patterns"], json!({ "found": 3, "applied": 2, "put_by": 1 }), "{told}");

    let events = kept.events();
    let [second, first] = &events[..] else { panic!("{events:#?}") };
    assert_eq!(
        (&first["start"], &first["frames"]),
        (&json!("2026-11-20T10:10:10+01:00"), &json!(300)),
        "local winter"
    );
    assert_eq!(
        (&second["start"], &second["state"]),
        (&json!("2026-07-01T12:00:00+02:00"), &json!("pictures")),
        "summer"
    );
    assert_eq!((&first["label"], &first["by_person"]), (&json!("animal"), &json!(true)), "{first}");
    assert!(first["note"].as_str().unwrap().contains("fox"), "{first}");
    assert_eq!((&second["label"], &second["by_person"]), (&json!("vehicle"), &json!(true)), "{second}");
    let shown = kept.json(&["events", "show", first["id"].as_str().unwrap()], 0);
    assert_eq!(shown["source_id"], "motion-20261120-101010-a1b2c3");
    assert_eq!(
        (&shown["clip"]["codec"], &shown["pictures"]["thumbnails"]),
        (&json!("h264"), &json!(2)),
        "{shown}"
    );
    assert_eq!(
        (&shown["regions"], &shown["signature_hash"]),
        (&json!([[10, 20, 30, 40]]), &json!("f00d")),
        "{shown}"
    );

    let metadata =
        kept.data().join("events/2026/11/20").join(first["id"].as_str().unwrap()).join("metadata.json");
    let metadata: Value = serde_json::from_slice(&std::fs::read(metadata).unwrap()).unwrap();
    assert_eq!(metadata["legacy"]["weather"], json!({ "rain": true }), "what is not known is kept");
    let put_by: Vec<Vec<u8>> = std::fs::read_dir(kept.data().join("imported"))
        .unwrap()
        .map(|it| std::fs::read(it.unwrap().path()).unwrap())
        .collect();
    assert_eq!(put_by.len(), 1);
    assert!(String::from_utf8_lossy(&put_by[0]).contains("motion-of-long-ago"));

    let again = kept.json(&import, 0);
    assert_eq!(
        (&again["legacy_events"], &again["kept_before"]["legacy_events"]),
        (&json!(0), &json!(2)),
        "{again}"
    );
    assert_eq!(kept.events(), events);
    assert_eq!(kept.json(&["events", "reindex"], 0)["events"], 2);
    assert_eq!(kept.events(), events, "the files say all that the index does");
    assert_eq!(kept.json(&["events", "check"], 0)["wrong"], json!([]));
    assert!(tree(&root) == before, "what was there was written to");
}

#[test]
fn events_are_found_shown_and_deleted_from_a_shell() {
    let folder = TempDir::new().unwrap();
    let kept = Kept::new();
    for (n, name) in ["2026-11-18", "2026-11-19", "2026-11-20"].iter().enumerate() {
        let at = Duration::from_secs(u64::try_from(n).unwrap());
        write(&folder.path().join(format!("IMG {name} 12.00.00.jpg")), still(at));
    }
    let dir = folder.path().to_str().unwrap();
    assert_eq!(kept.json(&["import", dir, "--camera", "gate"], 0)["events_stored"], 3);
    let days = |more: &[&str]| -> Vec<String> {
        let shown = kept.json(&[&["events", "list"], more].concat(), 0);
        let days = shown["events"].as_array().unwrap().iter();
        days.map(|event| event["start"].as_str().unwrap()[..10].to_owned()).collect()
    };
    assert_eq!(days(&[]), ["2026-11-20", "2026-11-19", "2026-11-18"], "the newest first");
    assert_eq!(days(&["--from", "2026-11-19", "--to", "2026-11-19"]), ["2026-11-19"]);
    assert_eq!(days(&["--limit", "1"]), ["2026-11-20"]);
    assert_eq!(days(&["--label", "unknown", "--camera", "gate"]).len(), 3);
    assert_eq!(days(&["--camera", "garden"]).len(), 0);
    assert_eq!(kept.run(&["events", "list", "--label", "fox"]).code, 2);

    let id = kept.events()[0]["id"].as_str().unwrap().to_owned();
    let text = kept.run(&["events", "show", &id]);
    assert!(text.code == 0 && text.out.contains("gate"), "{}{}", text.out, text.err);
    assert_eq!(kept.json(&["events", "delete", &id], 0)["deleted"], json!([id]));
    assert_eq!(kept.run(&["events", "show", &id]).code, 1);
    assert_eq!(kept.run(&["events", "delete", &id]).code, 1);
    assert_eq!(days(&[]).len(), 2);

    let left = kept.events()[0]["id"].as_str().unwrap().to_owned();
    let clip = kept.data().join("events/2026/11/19").join(&left).join("clip.mp4");
    let mut bytes = std::fs::read(&clip).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&clip, bytes).unwrap();
    let wrong = kept.json(&["events", "check"], 1)["wrong"].to_string();
    assert!(wrong.contains(&left), "{wrong}");
}

#[test]
fn a_running_server_keeps_others_out_and_they_say_so() {
    let app = Setup::scene("static").start();
    let data = app.folder().join("data");
    let data = data.to_str().unwrap();
    let folder = TempDir::new().unwrap();
    write(&folder.path().join("a.jpg"), still(Duration::ZERO));
    for args in [&["import", folder.path().to_str().unwrap()][..], &["events", "reindex"]] {
        let done = run(&[args, &["--data", data]].concat(), &[]);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains("another nightjar") && done.err.contains("stop it"), "{}", done.err);
    }
    let looked = run(&["events", "list", "--json", "--data", data], &[]);
    assert_eq!(
        (looked.code, looked.out.contains("\"events\": []")),
        (0, true),
        "{}{}",
        looked.out,
        looked.err
    );
    let nowhere = folder.path().join("nowhere");
    let lost = run(&["events", "list", "--data", nowhere.to_str().unwrap()], &[]);
    assert_eq!((lost.code, nowhere.exists()), (1, false), "looking makes nothing");
    assert!(lost.err.contains("there is no data directory"), "{}", lost.err);
}
