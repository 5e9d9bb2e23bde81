//! Movement becomes events that can be found, watched, changed and deleted over HTTP.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Request, Setup, TestApp, delete, patch, post, until};

const SOON: Duration = Duration::from_secs(60);
/// A film of half a minute with its event, on a loaded machine.
const FILM: Duration = Duration::from_secs(180);

const SHORT: &str = "[camera.recording]\npre_roll = \"1s\"\npost_roll = \"500ms\"\n";

fn garden(scene: &str) -> TestApp {
    let app = Setup::scene(scene).more(SHORT).start();
    app.wait_for("garden", "live", SOON);
    app
}

/// Server-sent events, as a browser reads them.
struct Ear(BufReader<TcpStream>);

/// One of them.
#[derive(Debug)]
struct Heard {
    kind: String,
    id: String,
    data: Value,
}

impl Ear {
    fn open(app: &TestApp, last: Option<&str>) -> Self {
        let request = Request::new("GET", "/api/v1/events/stream");
        let request = last.iter().fold(request, |request, last| request.header("Last-Event-ID", last));
        let mut ear = Self(BufReader::new(request.open(app.addr)));
        let status = ear.line().expect("a status");
        assert!(status.contains(" 200 "), "{status}");
        ear
    }

    /// `None` at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let n = self.0.read_line(&mut line).expect("something every 15 s");
        (n > 0).then(|| line.trim_end().to_owned())
    }

    fn hear(&mut self) -> Option<Heard> {
        let (mut kind, mut id) = (String::new(), String::new());
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("event", value)) => value.clone_into(&mut kind),
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("data", value)) => {
                    return Some(Heard { kind, id, data: serde_json::from_str(value).expect("JSON") });
                }
                _ => {}
            }
        }
    }

    /// The next of that kind.
    fn of(&mut self, kind: &str, patience: Duration) -> Heard {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            let heard = self.hear().expect("the stream goes on");
            if heard.kind == kind {
                return heard;
            }
        }
        panic!("no {kind} within {patience:?}");
    }
}

fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.json(&format!("/api/v1/events?{query}"));
    let events = page["events"].as_array().unwrap();
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// An event by hand, of a second or so; its id, once it is in the list.
fn by_hand(app: &TestApp) -> String {
    let before = listed(app, "limit=200");
    let recording = "/api/v1/cameras/garden/recording";
    let begun = Instant::now();
    assert_eq!(post(app.addr, recording, &json!({ "action": "start" })).status, 202);
    until("a second of it", SOON, || (begun.elapsed() > Duration::from_millis(1500)).then_some(()));
    assert_eq!(post(app.addr, recording, &json!({ "action": "stop" })).status, 202);
    until("the event by hand", SOON, || {
        listed(app, "origin=manual&limit=200").into_iter().find(|id| !before.contains(id))
    })
}

/// What ffmpeg reads of a clip: frames that it decoded, without a word of complaint.
fn decoded(clip: &[u8]) -> u64 {
    let mut child = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0"])
        .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffprobe");
    let (mut stdin, clip) = (child.stdin.take().unwrap(), clip.to_vec());
    let feed = std::thread::Builder::new().name("feed".into());
    // It may close before the end; what it says then counts.
    let feed = feed.spawn(move || drop(stdin.write_all(&clip))).unwrap();
    let done = child.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().trim_end_matches(',').parse().expect("a number of frames")
}

#[test]
fn what_moves_is_an_event_whose_clip_plays_and_whose_start_and_end_are_told() {
    let app = garden("fox");
    let mut ear = Ear::open(&app, None);
    let start = ear.of("start", FILM);
    assert_eq!((&start.data["state"], &start.data["end_time"]), (&json!("recording"), &Value::Null));
    let id = start.data["id"].as_str().unwrap().to_owned();
    assert_eq!(app.json(&format!("/api/v1/events/{id}"))["camera"], "garden");
    let end = loop {
        let heard = ear.of("end", FILM);
        if heard.data["id"] == json!(id) {
            break heard.data;
        }
    };
    assert_eq!((&end["state"], &end["origin"]), (&json!("whole"), &json!("motion")));
    assert!(listed(&app, "limit=200").contains(&id));
    let clip = app.get(end["clip"]["url"].as_str().unwrap());
    let sha256 = Sha256::digest(&clip.body).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((clip.status, clip.header("content-type")), (200, Some("video/mp4")));
    assert_eq!(
        (clip.header("etag"), end["clip"]["sha256"].as_str()),
        (Some(format!("\"{sha256}\"").as_str()), Some(sha256.as_str()))
    );
    assert_eq!(decoded(&clip.body), end["frames"].as_u64().unwrap(), "every frame of the row is in the clip");
    let path = end["clip"]["url"].as_str().unwrap();
    let part = Request::new("GET", path).header("Range", "bytes=100-199").send(app.addr);
    assert_eq!((part.status, &part.body[..]), (206, &clip.body[100..200]));
    for picture in ["poster", "thumb"] {
        let jpeg = app.get(end["pictures"][picture].as_str().expect(picture));
        assert!(jpeg.status == 200 && jpeg.body.starts_with(&[0xff, 0xd8]), "{picture}");
    }
    let track = app.json(&format!("/api/v1/events/{id}/track"));
    assert!(track["moments"].as_array().unwrap().iter().any(|m| m["boxes"] != json!([])), "{track}");
    let day = app.json("/api/v1/timeline");
    assert!(day["cameras"][0]["visits"].as_u64() >= Some(1), "{day}");
}

#[test]
fn events_outlive_a_restart_with_what_was_said_of_them_and_the_stream_goes_on_where_it_ended() {
    let app = garden("calm");
    let (first, second) = (by_hand(&app), by_hand(&app));
    let words = json!({ "favourite": true, "label": "animal", "note": "the fox that was not there" });
    let changed = patch(app.addr, &format!("/api/v1/events/{first}"), &words);
    assert_eq!((changed.status, &changed.json()["label_by"]), (200, &json!("person")), "{}", changed.text());
    let before = app.json("/api/v1/events?order=oldest");
    let last = {
        let mut ear = Ear::open(&app, Some("0"));
        let heard = ear.of("update", SOON);
        assert_eq!(heard.data["id"], json!(first));
        heard.id
    };
    let app = app.again();
    app.wait_for("garden", "live", SOON);
    assert_eq!(app.json("/api/v1/events?order=oldest"), before);
    assert_eq!(listed(&app, "q=fox&favourite=1"), std::slice::from_ref(&first));
    let third = by_hand(&app);
    assert!(third > second && second > first, "later ids are larger");
    let mut ear = Ear::open(&app, Some(&last));
    let end = loop {
        let heard = ear.of("end", SOON);
        if heard.data["id"] == json!(third) {
            break heard;
        }
    };
    assert_eq!(delete(app.addr, &format!("/api/v1/events/{third}")).status, 204);
    let gone = ear.of("delete", SOON);
    assert_eq!(gone.data, json!({ "id": third }));
    assert!(gone.id.parse::<u64>().unwrap() > end.id.parse::<u64>().unwrap());
    assert_eq!(app.get(end.data["clip"]["url"].as_str().unwrap()).status, 404);
    let both = json!({ "ids": [first, second, third] });
    assert_eq!(post(app.addr, "/api/v1/events/delete", &both).status, 404);
    assert_eq!(listed(&app, "").len(), 2, "all or none");
    let app = app.again();
    assert_eq!(listed(&app, "order=oldest"), [first, second]);
}

#[test]
fn scripts_of_the_older_system_find_events_where_they_were() {
    let app = garden("calm");
    let id = by_hand(&app);
    let events = app.json("/storage/events");
    assert_eq!((&events["count"], &events["events"][0]["id"]), (&json!(1), &json!(id)));
    for key in
        ["start_time", "end_time", "duration", "regions", "frame_count", "resolution", "has_thumbnails"]
    {
        assert!(!events["events"][0][key].is_null(), "{key} in {events}");
    }
    let status = app.json("/storage/status");
    assert_eq!(
        (&status["storage"]["event_count"], &status["storage"]["max_size_mb"]),
        (&json!(1), &json!(10240.0))
    );
    let picture = app.get(&format!("/storage/events/{id}/thumbnail"));
    assert!(picture.status == 200 && picture.body.starts_with(&[0xff, 0xd8]), "{}", picture.status);
    let cleaned = post(app.addr, "/storage/cleanup", &json!({}));
    assert_eq!((cleaned.status, &cleaned.json()["deleted"]), (200, &json!(0)));
    let storage = app.json("/api/v1/storage");
    assert_eq!((&storage["state"], &storage["events"]), (&json!("ok"), &json!(1)));
    assert!(storage["bytes"]["clips"].as_u64() > Some(1000), "{storage}");
}
