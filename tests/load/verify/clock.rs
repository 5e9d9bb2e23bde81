//! A wall clock that jumps in mid-event, by years, hours and seconds, forwards and back: it is a label, and no jump of
//! it may lose, reorder or delete anything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Setup, TestApp, WallClock, pause, post, until};

use super::{Goal, verdict};

const SOON: Duration = Duration::from_secs(60);
const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;
/// Where the clock stands after each jump, against the machine's.
const JUMPS: [i64; 8] = [3 * YEAR, 3 * YEAR + HOUR, 3 * YEAR, 0, HOUR, 0, -10, 0];
/// How long each event is recorded.
const LENGTH: Duration = Duration::from_secs(2);

struct Figures {
    lost: usize,
    backwards: usize,
    negative: usize,
    length_off: f64,
}

pub(super) fn run(_: u64) -> bool {
    let (jumps, restamped) = (jumps(), restamped());
    verdict(
        &format!("{} jumps of the wall clock in mid-event", JUMPS.len()),
        &[
            Goal { what: "events lost or deleted", measured: jumps.lost as f64, most: 0.0, unit: "" },
            Goal { what: "out of order", measured: jumps.backwards as f64, most: 0.0, unit: "" },
            Goal { what: "negative durations", measured: jumps.negative as f64, most: 0.0, unit: "" },
            Goal { what: "a length off by", measured: jumps.length_off, most: 0.5, unit: "s" },
            Goal { what: "stamps off once the clock was set", measured: restamped, most: 1.0, unit: "s" },
        ],
    )
}

fn setup() -> Setup {
    Setup::config(
        "[[camera]]\nid = \"garden\"\nsource = \"demo\"\nwidth = 320\nheight = 180\n[camera.motion]\nenabled = false\n\
         [camera.recording]\npre_roll = \"0s\"\npost_roll = \"0s\"\nmin_duration = \"0s\"\n",
    )
}

/// An event around each jump; at the end, and once more after a restart three years ahead, all of them are there.
fn jumps() -> Figures {
    let clock = WallClock::ahead(0);
    let app = clock.given_to(setup()).start();
    let mut recorded = Vec::new();
    for jump in JUMPS {
        recorded.push(record(&app, || clock.set(jump)));
        cleaned_up(&app);
    }
    clock.set(3 * YEAR);
    cleaned_up(&app);
    let app = app.again();
    cleaned_up(&app);
    let there = events(&app);
    let ids: Vec<&str> = recorded.iter().map(|(id, _)| id.as_str()).collect();
    let seconds = |event: &Value| event["duration_s"].as_f64().unwrap();
    let negative = |event: &&Value| {
        let (start, end) = (event["start_time"].as_str().unwrap(), event["end_time"].as_str().unwrap());
        seconds(event) < 0.0 || instant(end) < instant(start)
    };
    let mut off = 0.0_f64;
    for (id, ran) in &recorded {
        if let Some(event) = there.iter().find(|event| event["id"] == *id) {
            off = off.max((seconds(event) - ran.as_secs_f64()).abs());
        }
    }
    Figures {
        lost: ids.iter().filter(|id| !there.iter().any(|event| event["id"] == **id)).count(),
        backwards: ids.windows(2).filter(|pair| pair[0] >= pair[1]).count(),
        negative: there.iter().filter(negative).count(),
        length_off: off,
    }
}

/// Recorded while the clock stood in 1970; then it is set. How far the event's stamp is from the truth.
fn restamped() -> f64 {
    let clock = WallClock::ahead(-(unix_now() as i64));
    let app = clock.given_to(setup()).start();
    let begun = unix_now();
    let (id, _) = record(&app, || ());
    let before = event(&app, &id);
    assert_eq!(before["clock_was_set"], false, "{before:#}");
    clock.set(0);
    let set = Instant::now();
    loop {
        let off = (instant(event(&app, &id)["start_time"].as_str().unwrap()) - begun).abs();
        // Before it is stamped anew it is off by half a century.
        if off < YEAR as f64 || set.elapsed() > SOON {
            return off;
        }
        pause(Duration::from_millis(100));
    }
}

/// Records for [`LENGTH`] with `meanwhile` in the middle; the event's id and how long it ran.
fn record(app: &TestApp, meanwhile: impl FnOnce()) -> (String, Duration) {
    let order =
        |action: &str| post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
    let id = until("it is recorded", SOON, || order("start").json()["event"].as_str().map(str::to_owned));
    let begun = Instant::now();
    pause(LENGTH / 2);
    meanwhile();
    pause(LENGTH / 2);
    let ran = begun.elapsed();
    assert_eq!(order("stop").status, 202);
    until("it is finished", SOON, || (event(app, &id)["state"] == "whole").then_some(()));
    (id, ran)
}

fn cleaned_up(app: &TestApp) {
    let done = post(app.addr, "/api/v1/storage/cleanup", &Value::Null);
    assert_eq!(done.status, 200, "{}", done.text());
}

fn event(app: &TestApp, id: &str) -> Value {
    app.json(&format!("/api/v1/events/{id}"))
}

fn events(app: &TestApp) -> Vec<Value> {
    app.json("/api/v1/events?limit=200")["events"].as_array().unwrap().clone()
}

fn instant(text: &str) -> f64 {
    text.parse::<jiff::Timestamp>().unwrap().as_duration().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "the machine's own clock, which the program's is set against")]
fn unix_now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
}
