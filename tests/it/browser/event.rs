//! One event on the page: its clip with the boxes in step, what is said of it, deletion that can be undone, and looking
//! through many of them by key.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::*;

const PIC: &str = "document.querySelector('.player .pic')";
const QUIET: &str = "[camera.recording]\nenabled = false\n";

/// The files of a data folder with an event that was really recorded: somebody walks across the demo scene.
fn recorded() -> &'static [(PathBuf, Vec<u8>)] {
    static ONCE: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
    ONCE.get_or_init(|| {
        let app = Setup::scene("walker").more("[camera.recording]\npre_roll = \"2s\"\n").start();
        tests::until("somebody has walked by", Duration::from_secs(180), || {
            let told = app.json("/api/v1/events");
            told["events"].as_array().is_some_and(|events| !events.is_empty()).then_some(())
        });
        let setup = app.stopped();
        let data = setup.folder().join("data");
        let mut all = Vec::new();
        let mut waiting = vec![data.clone()];
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    all.push((path.strip_prefix(&data).unwrap().to_owned(), std::fs::read(&path).unwrap()));
                }
            }
        }
        all
    })
}

/// The server over what was recorded, with so many copies of the event beside it; it records nothing more.
fn kept(copies: usize) -> (TestApp, Vec<Value>) {
    let setup = Setup::scene("calm").more(QUIET);
    let data = setup.folder().join("data");
    let write = |path: PathBuf, bytes: &[u8]| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let files = recorded();
    let is_metadata = |path: &Path| path.starts_with("events") && path.ends_with("metadata.json");
    let folder = files.iter().find(|(path, _)| is_metadata(path)).unwrap().0.parent().unwrap();
    let id = folder.file_name().unwrap().to_str().unwrap();
    for (path, bytes) in files {
        write(data.join(path), bytes);
        let Ok(file) = path.strip_prefix(folder) else { continue };
        for number in 0..copies {
            // Another id of the same instant: its last letters are chance anyway.
            let other = format!("{}{number:04}", &id[..id.len() - 4]);
            let path = data.join(folder.with_file_name(&other)).join(file);
            if is_metadata(folder.join(file).as_path()) {
                write(path, String::from_utf8_lossy(bytes).replace(id, &other).as_bytes());
            } else {
                write(path, bytes);
            }
        }
    }
    let app = setup.start();
    let events = tests::until("the events are known", SOON, || {
        let events = app.json("/api/v1/events?limit=200")["events"].as_array().unwrap().clone();
        (events.len() > copies).then_some(events)
    });
    (app, events)
}

fn id(event: &Value) -> &str {
    event["id"].as_str().unwrap()
}

fn address(app: &TestApp, event: &Value, query: &str) -> String {
    format!("{}event/{}{query}", app.url(), id(event))
}

fn shown_at(page: &mut Page, event: &Value, app: &TestApp, query: &str) {
    page.go(&address(app, event, query));
    page.wait("the poster", SOON, "document.querySelector('.poster-shot')?.naturalWidth > 0");
}

/// Where the track has boxes at a time of the clip, shares of the picture.
fn boxes_of(track: &Value, event: &Value, at: f64) -> Vec<[f64; 4]> {
    let (w, h) = (event["size"]["width"].as_f64().unwrap(), event["size"]["height"].as_f64().unwrap());
    let moments = track["moments"].as_array().unwrap();
    let near = moments.iter().min_by(|a, b| {
        let away = |moment: &Value| (moment["at_s"].as_f64().unwrap() - at).abs();
        away(a).total_cmp(&away(b))
    });
    let boxes = near.unwrap()["boxes"].as_array().unwrap();
    let share = |one: &Value| {
        let [x, y, width, height] = four(&one["rect"]);
        [x / w, y / h, width / w, height / h]
    };
    boxes.iter().map(share).collect()
}

#[test]
fn a_clip_plays_with_the_boxes_where_the_track_has_them() {
    let (app, events) = kept(0);
    let event = &events[0];
    let track = app.json(&format!("/api/v1/events/{}/track", id(event)));
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 900);
    shown_at(&mut page, event, &app, "");
    page.wait(
        "the clip is on screen",
        SOON,
        &format!("{PIC}.dataset.shows === 'clip' && {PIC}.dataset.at > 0"),
    );
    let first = page.eval("document.querySelector('.player video').currentTime").as_f64().unwrap();
    page.wait(
        "it goes on",
        SOON,
        &format!("document.querySelector('.player video').currentTime > {first} + 0.3"),
    );
    let colours = "(v => { const c = document.createElement('canvas'); c.width = 32; c.height = 18; const x = c.getContext('2d'); \
        x.drawImage(v, 0, 0, 32, 18); return new Set(x.getImageData(0, 0, 32, 18).data).size; })(document.querySelector('.player video'))";
    assert!(page.eval(colours).as_u64() > Some(10), "the video has a picture");
    // Looks at the clip wherever somebody is in it, as it plays.
    page.eval(&format!(
        "window.looks = []; new MutationObserver(() => {{ const d = {PIC}.dataset; if (d.shows === 'clip' && JSON.parse(d.boxes).length > 0) looks.push([+d.at, JSON.parse(d.boxes)]); }}).observe({PIC}, {{attributes: true}})"
    ));
    page.wait("boxes", SOON, "looks.length > 30");
    let looks = page.eval("looks");
    let mut overlaps: Vec<f64> = looks
        .as_array()
        .unwrap()
        .iter()
        .map(|look| {
            let wanted = boxes_of(&track, event, look[0].as_f64().unwrap());
            let drawn = look[1].as_array().unwrap().iter().map(four);
            drawn.flat_map(|b| wanted.iter().map(move |t| iou(b, *t))).fold(0.0, f64::max)
        })
        .collect();
    overlaps.sort_by(f64::total_cmp);
    // Between two moments a box is where it must have been, so it lies a little off both.
    assert!(
        overlaps[overlaps.len() / 10] > 0.5,
        "the worst overlaps: {:.2?}",
        &overlaps[..overlaps.len() / 10]
    );
    let inked = "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))(document.querySelector('.player .over'))";
    page.press(" ", 32);
    page.wait("it stands still", SOON, "document.querySelector('.player video').paused");
    assert_eq!(page.eval(inked), json!(true), "the overlay has ink");
    // One frame on, one frame back.
    let at = page.eval(&format!("+{PIC}.dataset.at")).as_f64().unwrap();
    page.press(",", 188);
    page.wait("the frame before", SOON, &format!("+{PIC}.dataset.at < {at}"));
    page.press(".", 190);
    page.wait("the same frame again", SOON, &format!("Math.abs(+{PIC}.dataset.at - {at}) < 0.002"));
    // The strip leads anywhere.
    page.eval("document.querySelector('.rail').focus()");
    page.press("End", 35);
    let end = event["duration_s"].as_f64().unwrap() - 1.0;
    page.wait("the end", SOON, &format!("+{PIC}.dataset.at > {end}"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_said_by_key_and_in_the_note_reaches_the_server() {
    let (app, events) = kept(0);
    let event = &events[0];
    let one = || app.json(&format!("/api/v1/events/{}", id(event)));
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 900);
    shown_at(&mut page, event, &app, "");
    page.press("3", 51);
    tests::until("the label", SOON, || {
        (one()["label"] == "vehicle" && one()["label_by"] == "person").then_some(())
    });
    let checked = "document.querySelector('[role=radio][aria-checked=true]').textContent";
    assert!(page.eval(checked).as_str().unwrap().starts_with("Vehicle"));
    page.press("f", 70);
    tests::until("the favourite", SOON, || (one()["favourite"] == true).then_some(()));
    page.wait("the star", SOON, "document.querySelector('.star').ariaPressed === 'true'");
    tests::until("that it was looked at", SOON, || (one()["seen"] == true).then_some(()));
    // Keys are letters in the note.
    page.eval("document.getElementById('event-note').focus()");
    page.write("fox with a torn ear");
    page.press("x", 88);
    page.eval("document.getElementById('event-note').blur()");
    tests::until("the note", SOON, || (one()["note"] == "fox with a torn earx").then_some(()));
    page.wait("it says so", SOON, "document.getElementById('event-note-said').textContent === 'Kept.'");
    // What cannot be kept stays where it was typed.
    page.eval("window.fetch = () => Promise.reject(new TypeError('gone')); document.getElementById('event-note').focus()");
    page.write("!");
    page.eval("document.getElementById('event-note').blur()");
    page.wait("why", SOON, "/Not kept yet/.test(document.getElementById('event-note-said').textContent)");
    let typed = page.eval("document.getElementById('event-note').value");
    assert!(typed.as_str().unwrap().contains('!'), "{typed}");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_deletion_can_be_undone_and_reaches_the_disk_only_after_that() {
    let (app, events) = kept(2);
    let here = events.iter().map(id).collect::<Vec<_>>();
    let there = |which: &str| app.get(&format!("/api/v1/events/{which}")).status == 200;
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 900);
    shown_at(&mut page, &events[0], &app, "");
    page.wait("the others", SOON, "/^1 of 3$/.test(document.querySelector('.crumb .faint').textContent)");
    let path = "location.pathname.split('/').pop()";
    page.press("x", 88);
    page.wait("the next one", SOON, &format!("{path} === '{}'", here[1]));
    page.wait("a way back", SOON, "/Undo/.test(document.querySelector('[data-toast]')?.textContent)");
    assert!(there(here[0]), "nothing leaves the disk before");
    page.press("z", 90);
    page.wait("it is there again", SOON, &format!("{path} === '{}'", here[0]));
    page.wait("all of them", SOON, "/^1 of 3$/.test(document.querySelector('.crumb .faint').textContent)");
    page.press("x", 88);
    let pressed = std::time::Instant::now();
    tests::until("it is gone", SOON, || (!there(here[0])).then_some(()));
    assert!(pressed.elapsed() > Duration::from_secs(7), "it left after {:?}", pressed.elapsed());
    assert!(there(here[1]) && there(here[2]));
    let left = app.json("/api/v1/events")["events"].as_array().unwrap().len();
    assert_eq!(left, 2);
    // Its address says that it is not there.
    page.go(&address(&app, &events[0], ""));
    page.wait(
        "it says so",
        SOON,
        "/no such visit/.test(document.querySelector('.event .empty')?.textContent)",
    );
}

#[test]
fn fifty_events_are_looked_through_by_key_and_each_has_its_picture_at_once() {
    const MANY: usize = 50;
    let (app, events) = kept(MANY);
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 900);
    page.before_all(
        "window.shifted = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) shifted += e.value; }).observe({type: 'layout-shift', buffered: true}); \
         performance.setResourceTimingBufferSize(5000); window.looks = []; \
         addEventListener('keydown', ({ key }) => { if (key !== 'k') return; requestAnimationFrame(() => requestAnimationFrame(() => { \
           const poster = document.querySelector('.poster-shot'); const { shows } = document.querySelector('.player .pic').dataset; \
           looks.push([location.pathname.split('/').pop(), shows === 'clip' || (poster.complete && poster.naturalWidth > 0 && getComputedStyle(poster).visibility === 'visible')]); })); });",
    );
    shown_at(&mut page, &events[0], &app, "?review=1");
    page.wait(
        "all are known",
        SOON,
        &format!("/ of {}$/.test(document.querySelector('.crumb .faint').textContent)", MANY + 1),
    );
    for (number, event) in events.iter().enumerate().skip(1) {
        // The picture of the next one has come while this one is looked at.
        let loaded = format!(
            "performance.getEntriesByType('resource').some(e => e.name.includes('{}/pictures/poster.jpg'))",
            id(event)
        );
        page.wait("the next one is made ready", SOON, &loaded);
        page.press("k", 75);
        page.wait("the next one", SOON, &format!("looks.length === {number}"));
    }
    let looks = page.eval("looks");
    let wanted: Vec<Value> = events[1..].iter().map(|event| json!([id(event), true])).collect();
    assert_eq!(looks, json!(wanted), "each has a picture two frames after its key");
    assert!(page.eval("shifted").as_f64() < Some(0.01), "the page moved by {}", page.eval("shifted"));
    let status = "document.querySelector('.crumb .faint').textContent";
    assert_eq!(page.eval(status), json!(format!("{0} of {0}", MANY + 1)));
    tests::until("all were looked at", SOON, || {
        (app.json("/api/v1/events?seen=false")["events"] == json!([])).then_some(())
    });
    page.press("j", 74);
    page.wait("the one before", SOON, &format!("{status} === '{} of {}'", MANY, MANY + 1));
    // Single keys can be turned off.
    page.eval("localStorage.setItem('nightjar.prefs', '{\"keys\": false}')");
    shown_at(&mut page, &events[3], &app, "");
    page.press("k", 75);
    page.press("x", 88);
    assert!(page.eval("location.pathname").as_str().unwrap().ends_with(id(&events[3])));
    assert_eq!(page.eval("document.querySelector('[data-toast]')"), Value::Null);
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn the_page_of_an_event_fits_every_screen_and_everything_on_it_has_a_name() {
    let (app, events) = kept(1);
    let browser = Browser::start();
    // One page for all: each that is open holds connections to the server, and a browser has few.
    let mut page = browser.page("about:blank#", 320, 800);
    page.before_all(
        "window.shifted = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) shifted += e.value; }).observe({type: 'layout-shift', buffered: true})",
    );
    for width in [320, 390, 768, 1024, 1440, 1920] {
        page.resize(width, 800);
        shown_at(&mut page, &events[0], &app, "");
        page.wait(
            "the clip",
            SOON,
            &format!(
                "{PIC}.dataset.shows === 'clip' && document.querySelectorAll('.reason tbody tr').length > 2"
            ),
        );
        let beyond = page.eval("document.documentElement.scrollWidth - innerWidth");
        assert!(beyond.as_i64() <= Some(0), "at {width} it scrolls sideways by {beyond}");
        assert!(
            page.eval("shifted").as_f64() < Some(0.01),
            "at {width} the page moved by {}",
            page.eval("shifted")
        );
        let nameless = page.eval(
            "[...document.querySelectorAll('button, a[href], input, textarea, img, [role=slider], [role=radio], [role=radiogroup], [role=group], nav, aside')].filter(e => e.checkVisibility() && !e.closest('[aria-label] > img') && !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() || e.hasAttribute('alt'))).map(e => e.outerHTML)",
        );
        assert_eq!(nameless, json!([]), "at {width}");
        let headings =
            page.eval("[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length");
        assert_eq!(headings, json!(1), "at {width}");
        let least = if width < 500 { 44 } else { 30 };
        let small = page.eval(&format!("[...document.querySelectorAll('.event button, .event textarea, .event a')].filter(e => e.checkVisibility() && Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < {least}).map(e => e.outerHTML)"));
        assert_eq!(small, json!([]), "at {width}");
        for (view, shows) in [("Trail", "still"), ("Pictures", "still"), ("Clip", "clip")] {
            page.eval(&format!("[...document.querySelectorAll('.pbar .seg button')].find(b => b.textContent === '{view}').click(); document.querySelector('.rail').focus()"));
            page.press("ArrowRight", 39);
            page.wait(view, SOON, &format!("{PIC}.dataset.shows === '{shows}'"));
        }
        assert_eq!(page.complaints(), Vec::<String>::new(), "at {width}");
    }
}
