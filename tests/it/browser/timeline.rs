//! The timeline of a day: what was recorded stands on it, is found by time, class and words, and comes while one looks.

use tests::{delete, patch, post};

use super::*;

const SHIFTS: &str = "window.shifts = []; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shifts.push(e.value); }).observe({type: 'layout-shift', buffered: true});";
const SHIFT: &str = "shifts.reduce((a, b) => a + b, 0)";
/// Posters whose picture has come.
const LOADED: &str = "[...document.querySelectorAll('.posters .poster img')].filter(i => i.complete && i.naturalWidth > 0).length";
const CARDS: &str = "document.querySelectorAll('.posters .poster').length";
const HEAD: &str = "document.querySelector('.playhead')";
/// Only what is recorded by hand: even a calm scene has its fox.
const QUICK: &str = "[camera.motion]\nenabled = false\n[camera.recording]\npre_roll = \"1s\"\npost_roll = \"0s\"\nmin_duration = \"0s\"\n";

fn quick() -> Setup {
    Setup::scene("calm").more(QUICK)
}

fn two_cameras() -> TestApp {
    quick()
        .more("[[camera]]\nid = \"yard\"\nscene = \"calm\"\nwidth = 320\nheight = 180\n")
        .more(QUICK)
        .start()
}

fn tell(app: &TestApp, camera: &str, action: &str) {
    let reply = post(app.addr, &format!("/api/v1/cameras/{camera}/recording"), &json!({ "action": action }));
    assert_eq!(reply.status, 202, "{action}: {}", reply.text());
}

fn kept(app: &TestApp) -> Vec<Value> {
    app.json("/api/v1/events?limit=200")["events"].as_array().unwrap().clone()
}

/// Records a second of `camera` by hand; its id.
fn record(app: &TestApp, camera: &str) -> String {
    let before = kept(app).len();
    app.wait_for(camera, "live", SOON);
    tell(app, camera, "start");
    let frames = || app.json(&format!("/api/v1/cameras/{camera}"))["source"]["frames"].as_u64().unwrap();
    let first = frames();
    tests::until("a second of frames", SOON, || (frames() > first + 15).then_some(()));
    tell(app, camera, "stop");
    let all = tests::until("it is kept", SOON, || Some(kept(app)).filter(|all| all.len() > before));
    all[0]["id"].as_str().unwrap().to_owned()
}

fn timeline(app: &TestApp, width: u32, height: u32) -> (Browser, Page) {
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", width, height);
    page.before_all(SHIFTS);
    page.go(&format!("{}timeline", app.url()));
    (browser, page)
}

#[test]
fn what_was_recorded_stands_on_the_day_of_its_camera_with_its_picture_at_every_width() {
    let app = two_cameras();
    let ids = [record(&app, "garden"), record(&app, "garden"), record(&app, "yard")];
    let browser = Browser::start();
    for (width, height) in [(320, 640), (390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)] {
        let mut page = browser.page("about:blank#", width, height);
        page.before_all(SHIFTS);
        page.go(&format!("{}timeline", app.url()));
        page.wait("three posters", SOON, &format!("{CARDS} === 3 && {LOADED} === 3"));
        let linked = page.eval("[...document.querySelectorAll('.posters .poster')].map(a => a.pathname)");
        let wanted: Vec<_> = ids.iter().rev().map(|id| format!("/event/{id}")).collect();
        assert_eq!(linked, json!(wanted), "the newest first");
        page.wait(
            "the lines of both cameras",
            SOON,
            "JSON.stringify([...document.querySelectorAll('.lane')].map(l => [l.querySelector('.lab').textContent, l.querySelector('path').getAttribute('d').length + l.querySelector('.hot').getAttribute('d').length > 5])) \
             === '[[\"garden2 visits\",true],[\"yard1 visit\",true]]'",
        );
        page.wait("the disk", SOON, "/ free\\. \\S/.test(document.querySelector('.disk').textContent)");
        page.wait(
            "the day's sum",
            SOON,
            "document.querySelector('.dayhead').textContent.includes('3 visits on 2 cameras.')",
        );
        page.wait("the clock's sum", SOON, "document.querySelector('.plot .big').textContent === '3'");
        page.wait(
            "new ones to look at",
            SOON,
            "document.querySelector('.filters').textContent.includes('Review 3 new')",
        );
        let wide = page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wide, json!(0), "at {width} it is wider by that many pixels");
        let shift = page.eval(SHIFT).as_f64().unwrap();
        assert!(shift < 0.01, "at {width} the layout shifted by {shift}");
        assert_eq!(page.complaints(), Vec::<String>::new(), "at {width}");
    }
}

#[test]
fn the_playhead_goes_by_keys_and_pointer_and_opens_what_is_there() {
    let app = quick().start();
    let id = record(&app, "garden");
    let (_browser, mut page) = timeline(&app, 1280, 900);
    page.wait("its poster", SOON, &format!("{LOADED} === 1"));
    page.eval(&format!("{HEAD}.focus()"));
    let at = |page: &mut Page, key: &str, code: u32, modifiers: u32, wanted: &str| {
        page.press_with(key, code, modifiers);
        page.wait(
            &format!("{key}: {wanted}"),
            SOON,
            &format!("{HEAD}.getAttribute('aria-valuetext').startsWith('{wanted}')"),
        );
    };
    at(&mut page, "Home", 36, 0, "00:00");
    at(&mut page, "ArrowRight", 39, 0, "00:05");
    at(&mut page, "ArrowRight", 39, 8, "01:05");
    at(&mut page, "ArrowLeft", 37, 0, "01:00");
    assert_eq!(page.eval(&format!("{HEAD}.getAttribute('aria-valuenow')")), json!("60"));
    page.press("PageDown", 34);
    page.wait("the next visit", SOON, &format!("/, garden: /.test({HEAD}.getAttribute('aria-valuetext'))"));
    page.wait("a peek at it", SOON, "!document.querySelector('.plane .peek').hidden && document.querySelector('.plane .peek img')?.naturalWidth > 0");
    page.wait(
        "its card is marked",
        SOON,
        &format!("document.querySelector('.poster[aria-current]')?.dataset.event === '{id}'"),
    );
    page.wait("the address tells the time", SOON, "/t=\\d\\d%3A\\d\\d/.test(location.search)");
    for _ in 0..9 {
        page.press("+", 187);
    }
    page.wait("ten minutes are shown", SOON, "document.querySelector('.scrub .axis span').textContent.includes(':') && !document.querySelector('.scrub > .lab button').hidden");
    page.press("0", 48);
    page.wait("the whole day is", SOON, "document.querySelector('.scrub .axis span').textContent === '00'");
    let [x, y, w, h]: [f64; 4] = {
        let r = page.eval(
            "(r => [r.x, r.y, r.width, r.height])(document.querySelector('.plane').getBoundingClientRect())",
        );
        std::array::from_fn(|i| r[i].as_f64().unwrap())
    };
    page.drag([x + w * 0.1, y + h / 2.0], [x + w * 0.5, y + h / 2.0]);
    page.wait("noon", SOON, &format!("/^(11:5|12:0)/.test({HEAD}.getAttribute('aria-valuetext'))"));
    let wheel =
        json!({"type": "mouseWheel", "x": x + w * 0.5, "y": y + h / 2.0, "deltaX": 0, "deltaY": -600});
    page.call("Input.dispatchMouseEvent", wheel);
    page.wait("the wheel zooms", SOON, "!document.querySelector('.scrub > .lab button').hidden");
    page.eval(&format!("{HEAD}.focus()"));
    page.press("End", 35);
    page.press("PageUp", 33);
    page.wait("the visit again", SOON, &format!("/, garden: /.test({HEAD}.getAttribute('aria-valuetext'))"));
    page.press("Enter", 13);
    page.wait("the event", SOON, &format!("location.pathname === '/event/{id}'"));
    page.eval("history.back()");
    page.wait("the timeline again", SOON, &format!("location.pathname === '/timeline' && {LOADED} === 1"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn visits_are_found_by_class_camera_favourites_and_words_and_the_address_keeps_it() {
    let app = two_cameras();
    let (fox, car) = (record(&app, "garden"), record(&app, "yard"));
    for (id, change) in [
        (&fox, json!({"label": "animal", "note": "the vixen", "favourite": true})),
        (&car, json!({"label": "vehicle"})),
    ] {
        let reply = patch(app.addr, &format!("/api/v1/events/{id}"), &change);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let (_browser, mut page) = timeline(&app, 1280, 900);
    page.wait("both", SOON, &format!("{CARDS} === 2"));
    let pill = |word: &str| {
        format!("[...document.querySelectorAll('.pill')].find(p => p.textContent.startsWith('{word}'))")
    };
    let only = |page: &mut Page, what: &str, id: &str, at: &str| {
        page.wait(what, SOON, &format!("{CARDS} === 1 && !!document.querySelector('.posters [data-event=\"{id}\"]') && location.search.includes('{at}')"));
    };
    assert_eq!(
        page.eval("[...document.querySelectorAll('.pill')].map(p => p.textContent)"),
        json!(["All2", "Animal1", "Person0", "Vehicle1", "Weather0", "Something0", "Favourites1"])
    );
    page.eval(&format!("{}.click()", pill("Vehicle")));
    only(&mut page, "vehicles only", &car, "label=vehicle");
    page.eval("history.back()");
    page.wait("both again", SOON, &format!("{CARDS} === 2 && location.search === ''"));
    page.eval(&format!("{}.click()", pill("Favourites")));
    only(&mut page, "favourites only", &fox, "favourite=1");
    let here = page.eval("location.href");
    page.go(here.as_str().unwrap());
    only(&mut page, "loaded anew", &fox, "favourite=1");
    page.eval(&format!("{}.click()", pill("All")));
    page.wait("all", SOON, &format!("{CARDS} === 2"));
    page.eval(
        "[...document.querySelectorAll('.lane .lab')].find(a => a.textContent.startsWith('yard')).click()",
    );
    only(&mut page, "one camera only", &car, "camera=yard");
    page.eval(
        "[...document.querySelectorAll('.lane .lab')].find(a => a.textContent.startsWith('yard')).click()",
    );
    page.wait("all", SOON, &format!("{CARDS} === 2"));
    page.eval("document.querySelector('.filters input').focus()");
    page.write("vixen");
    only(&mut page, "what was noted", &fox, "q=vixen");
    page.write("less");
    page.wait(
        "nothing",
        SOON,
        "document.querySelector('.timeline .empty')?.hidden === false && location.search.includes('q=vixenless')",
    );
    page.eval("document.querySelector('.timeline .empty a').click()");
    page.wait("all", SOON, &format!("{CARDS} === 2 && location.search === ''"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_visit_stands_there_while_it_is_recorded_and_with_its_picture_once_it_is_kept() {
    let app = quick().start();
    app.wait_for("garden", "live", SOON);
    let (_browser, mut page) = timeline(&app, 1280, 900);
    page.wait("nothing yet", SOON, "document.querySelector('.timeline .empty')?.hidden === false && /Nothing has been recorded yet/.test(document.querySelector('.timeline .empty').textContent)");
    page.eval("window.sameDocument = true");
    tell(&app, "garden", "start");
    page.wait("it is recorded now", SOON, "document.querySelector('.poster[data-open] .dur')?.textContent === 'now' && document.querySelector('.timeline .empty').hidden");
    page.wait("on the line, too", SOON, "document.querySelector('.lane .hot').getAttribute('d')?.length > 5");
    tell(&app, "garden", "stop");
    page.wait(
        "its picture",
        SOON,
        &format!("{CARDS} === 1 && {LOADED} === 1 && !document.querySelector('.poster[data-open]')"),
    );
    page.wait(
        "it counts",
        SOON,
        "document.querySelector('.dayhead').textContent.includes('1 visit on 1 camera.')",
    );
    let id = kept(&app)[0]["id"].as_str().unwrap().to_owned();
    let starred = patch(app.addr, &format!("/api/v1/events/{id}"), &json!({"favourite": true}));
    assert_eq!(starred.status, 200, "{}", starred.text());
    page.wait("another's star", SOON, "document.querySelector('.poster .star')?.checkVisibility()");
    assert_eq!(delete(app.addr, &format!("/api/v1/events/{id}")).status, 204);
    page.wait(
        "it is gone",
        SOON,
        &format!("{CARDS} === 0 && !document.querySelector('.timeline .empty').hidden"),
    );
    assert_eq!(page.eval("window.sameDocument"), json!(true));
    let shift = page.eval(SHIFT).as_f64().unwrap();
    assert!(shift < 0.01, "the layout shifted by {shift}");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_camera_is_recorded_by_hand_from_its_own_view() {
    let app = quick().start();
    let browser = Browser::start();
    let mut page = browser.page(&format!("{}camera/garden", app.url()), 1280, 900);
    page.wait("a live picture", SOON, &format!("+{TILE}?.dataset.seq > 0"));
    let button = "document.querySelector('button.rec')";
    page.eval(&format!("{button}.click()"));
    page.wait(
        "it says so",
        SOON,
        &format!(
            "{button}.getAttribute('aria-pressed') === 'true' && /^Stop, \\d/.test({button}.textContent)"
        ),
    );
    page.eval(&format!("{button}.click()"));
    page.wait("it has stopped", SOON, &format!("{button}.getAttribute('aria-pressed') === 'false'"));
    let all = tests::until("it is kept", SOON, || Some(kept(&app)).filter(|all| all.len() == 1));
    assert_eq!((&all[0]["origin"], &all[0]["camera"]), (&json!("manual"), &json!("garden")));
}

#[test]
fn the_timeline_has_one_heading_names_tables_and_room_for_a_finger() {
    let app = quick().start();
    record(&app, "garden");
    let (_browser, mut page) = timeline(&app, 390, 844);
    page.wait("its poster", SOON, &format!("{LOADED} === 1"));
    let nameless = page.eval("[...document.querySelectorAll('button, a[href], input, [role=slider], [role=img], [role=group], nav, aside')].filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim())).map(e => e.outerHTML)");
    assert_eq!(nameless, json!([]));
    let headings = page.eval("[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length");
    assert_eq!(headings, json!(1));
    let small = page.eval("[...document.querySelectorAll('.timeline button, .timeline a[href], .timeline input')].filter(e => e.checkVisibility() && Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 24).map(e => e.outerHTML)");
    assert_eq!(small, json!([]), "targets under 24 pixels");
    page.eval("document.querySelector('.dayhead .link').click()");
    let rows = page.wait("a table", SOON, "document.querySelector('dialog[open] tbody')?.rows.length");
    assert_eq!(rows, json!(1));
    page.press("Escape", 27);
    page.wait("it is closed", SOON, "!document.querySelector('dialog[open]')");
    page.prefer("light");
    page.wait("light, too", SOON, "document.documentElement.dataset.theme === 'light'");
}

#[test]
fn a_day_has_as_many_hours_as_the_clocks_give_it() {
    let app = quick().start();
    let browser = Browser::start();
    let mut page = browser.page("about:blank#", 1280, 800);
    page.call("Emulation.setTimezoneOverride", json!({"timezoneId": "Europe/Berlin"}));
    for (day, minutes, noon) in
        [("2026-03-29", "1380", 47.8), ("2026-06-19", "1440", 50.0), ("2026-10-25", "1500", 52.0)]
    {
        page.go(&format!("{}timeline/{day}?t=12:00", app.url()));
        page.wait("noon", SOON, &format!("{HEAD}?.getAttribute('aria-valuetext') === '12:00'"));
        assert_eq!(page.eval(&format!("{HEAD}.getAttribute('aria-valuemax')")), json!(minutes), "{day}");
        let at = page.eval("parseFloat([...document.querySelectorAll('.scrub .axis span')].find(s => s.textContent === '12').style.left)");
        assert!((at.as_f64().unwrap() - noon).abs() < 0.1, "{day}: noon is drawn at {at} %");
    }
}
