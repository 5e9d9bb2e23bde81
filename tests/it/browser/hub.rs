//! The page of a hub: its cameras, their timeline and events, its storage; a real hub that a real camera sends to.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tests::{Reply, Request, nightjar, post, run};

use super::*;

const SHIFTS: &str = "window.shifts = []; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shifts.push(e.value); }).observe({type: 'layout-shift', buffered: true});";
const WIDTHS: [(u32, u32); 6] = [(320, 640), (390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)];
/// A device with two cameras of which one is lost, one that is silent and one of the older system, as the hub tells of them.
const MANY: &str = "{devices: [\
    {id: 'a', name: 'barn', has_key: true, online: true, first_seen: T(9e5), last_seen: T(5), version: '1.0.0', clock_offset_ms: -185000, \
     backlog: {events: 58, bytes: 4.6e8, oldest: T(9000)}, cameras: [{id: 'barn-stable', name: 'Stable', state: 'lost', problems: ['The camera was unplugged.']}, {id: 'barn-yard', name: 'Yard', state: 'live', problems: []}], \
     live_url: 'https://barn.example/', problems: [], disk_free_bytes: 2e10, uptime_s: 9000, kept: {events: 80, bytes: 9.8e9, owed_bytes: 1e6, quota_bytes: 1e10}}, \
    {id: 'b', name: 'heath', has_key: false, online: false, first_seen: T(9e5), last_seen: T(4000), version: '1.0.0', clock_offset_ms: 3, \
     backlog: {events: 214, bytes: 3.2e9, oldest: T(90000)}, cameras: [{id: 'heath', name: 'Heath north', state: 'live', problems: []}], \
     live_url: 'javascript:alert(1)', problems: ['the battery is at 11.8 V and falling'], disk_free_bytes: null, uptime_s: 5, kept: {events: 0, bytes: 0, owed_bytes: 0, quota_bytes: null}}, \
    {id: 'c', name: 'Old Pond', has_key: true, online: true, first_seen: T(9e5), last_seen: T(200), version: null, clock_offset_ms: null, \
     backlog: null, cameras: [], live_url: null, problems: [], disk_free_bytes: null, uptime_s: null, kept: {events: 3, bytes: 3e7, owed_bytes: 0, quota_bytes: 1e9}}]}";

/// `nightjar hub`, with a key that may do everything.
pub(super) struct Hub {
    child: Child,
    pub(super) addr: SocketAddr,
    pub(super) key: String,
    folder: TempDir,
}

impl Hub {
    pub(super) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let key = key(folder.path(), &["--name", "me", "--scope", "admin"]);
        let (child, addr) = serve(folder.path(), "127.0.0.1:0");
        Self { child, addr, key, folder }
    }

    pub(super) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// At the same address as before.
    pub(super) fn resume(&mut self) {
        (self.child, self.addr) = serve(self.folder.path(), &self.addr.to_string());
    }

    /// A camera with a key of that name, which sends here.
    pub(super) fn camera(&self, name: &str) -> Setup {
        let file = self.folder.path().join(format!("{name}.key"));
        let more = ["--name", name, "--scope", "upload", "--quota", "1GiB"];
        std::fs::write(&file, key(self.folder.path(), &more) + "\n").unwrap();
        let remote = format!(
            "[[remote]]\nname = \"attic\"\nurl = \"http://{}\"\napi_key_file = \"{}\"\nlive_url = \"http://127.0.0.1:8000/\"\n",
            self.addr,
            file.display()
        );
        let quick = "[camera.motion]\nenabled = false\n[camera.recording]\npre_roll = \"1s\"\npost_roll = \"0s\"\nmin_duration = \"0s\"\n";
        Setup::scene("calm").with(&remote).more(quick)
    }

    fn ask(&self, path: &str) -> Reply {
        Request::new("GET", path).header("X-API-Key", &self.key).send_unchecked(self.addr)
    }

    /// Waits until an event has come here with its clip.
    fn wait_for(&self, id: &str) {
        let has_clip = || {
            let reply = self.ask(&format!("/api/v1/events/{id}"));
            reply.status == 200 && reply.json()["clip"].is_object()
        };
        tests::until("the hub has it with its clip", SOON, || has_clip().then_some(()));
    }

    pub(super) fn json(&self, path: &str) -> Value {
        let reply = self.ask(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// A page whose requests all show `key`.
    fn page(&self, browser: &Browser, key: &str, width: u32, height: u32) -> Page {
        let mut page = browser.page("about:blank#", width, height);
        page.call("Network.setExtraHTTPHeaders", json!({"headers": {"X-API-Key": key}}));
        page.before_all(SHIFTS);
        page
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn key(folder: &Path, more: &[&str]) -> String {
    let args = [&["key", "add", "--hub"], more].concat();
    let done = run(&args, &[("NIGHTJAR_HUB__PATH", folder.join("hub").to_str().unwrap())]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.out.trim().to_owned()
}

fn serve(folder: &Path, bind: &str) -> (Child, SocketAddr) {
    let mut command = Command::new(nightjar());
    command.current_dir(folder).arg("hub").stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("NIGHTJAR_HUB__BIND", bind).env("NIGHTJAR_HUB__PATH", folder.join("hub"));
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let found = out.lines().map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("http://")?.1.to_owned();
        rest.split(['/', ' ']).next()?.parse().ok()
    });
    let Some(addr) = found else { panic!("the hub ended with {:?} instead of serving", child.wait()) };
    (child, addr)
}

/// Records a second by hand; the event's id.
pub(super) fn record(app: &TestApp) -> String {
    app.wait_for("garden", "live", SOON);
    let ask = |action: &str| {
        let reply = post(app.addr, "/api/v1/cameras/garden/recording", &json!({ "action": action }));
        assert_eq!(reply.status, 202, "{}", reply.text());
        reply.json()["event"].as_str().unwrap().to_owned()
    };
    let id = ask("start");
    let frames = || app.json("/api/v1/cameras/garden")["source"]["frames"].as_u64().unwrap();
    let first = frames();
    tests::until("a second of frames", SOON, || (frames() > first + 15).then_some(()));
    ask("stop");
    let state = || app.json(&format!("/api/v1/events/{id}"))["state"].clone();
    tests::until("it is kept", SOON, || (state() == "whole").then_some(()));
    id
}

fn shift(page: &mut Page) -> f64 {
    page.eval("shifts.reduce((a, b) => a + b, 0)").as_f64().unwrap()
}

fn sideways(page: &mut Page) -> Value {
    page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

const NAMELESS: &str = "[...document.querySelectorAll('button, a[href], input, select, summary, [role=img], [role=group], article, section, nav, aside')].filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length || e.textContent.trim() || e.title)).map(e => e.outerHTML)";
const HEADINGS: &str =
    "[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).map(e => e.textContent)";

#[test]
fn what_a_camera_hands_over_is_seen_on_the_hub_and_no_live_socket_is_asked_for() {
    let hub = Hub::start();
    let app = hub.camera("pole").start();
    let id = record(&app);
    hub.wait_for(&id);
    let beat = || hub.json("/api/v1/devices")["devices"][0]["cameras"].as_array().map(Vec::len);
    tests::until("its camera is told of", SOON, || (beat() == Some(1)).then_some(()));
    let camera = hub.json("/api/v1/devices")["devices"][0]["cameras"][0]["id"].as_str().unwrap().to_owned();

    let browser = Browser::start();
    let mut page = hub.page(&browser, &hub.key, 1280, 800);
    page.go(&hub.url("/"));
    let card = format!("document.querySelector('.cam[data-camera=\"{camera}\"]')");
    page.wait("its picture", SOON, &format!("{card}?.querySelector('img')?.naturalWidth > 0"));
    page.wait(
        "its visit is counted",
        SOON,
        &format!("{card}.querySelector('.m .push').textContent === '1 today'"),
    );
    assert_eq!(page.eval(HEADINGS), json!(["One camera is watching"]));
    assert_eq!(
        page.eval("[...document.querySelectorAll('.places a')].map(a => a.textContent)"),
        json!(["Cameras", "Timeline", "Storage"])
    );
    let live = page.eval(&format!("{card}.querySelector('a[target]').href"));
    assert_eq!(live, json!("http://127.0.0.1:8000/"), "its own page is linked");

    page.click("document.querySelector('.places a[data-place=timeline]')");
    page.wait("its poster", SOON, "document.querySelector('.posters img')?.naturalWidth > 0");
    page.click("document.querySelector('.posters .poster')");
    page.wait(
        "its clip can play",
        SOON,
        "document.querySelector('.player .pic')?.dataset.ready !== undefined",
    );
    assert_eq!(page.eval("location.pathname"), json!(format!("/event/{id}")));
    page.press("f", 70);
    let favourite = || hub.json(&format!("/api/v1/events/{id}"))["favourite"] == json!(true);
    tests::until("it is a favourite on the hub", SOON, || favourite().then_some(()));

    page.click("document.querySelector('.places a[data-place=disk]')");
    page.wait(
        "the device's share",
        SOON,
        "/pole.*1 visit/s.test(document.querySelector('.uses')?.textContent)",
    );
    assert!(
        page.eval("document.querySelector('.uses .much').textContent")
            .as_str()
            .unwrap()
            .ends_with("of 1.1 GB"),
        "its quota stands beside it"
    );
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(page.sockets(), 0);
    let live = page.requests().into_iter().filter(|url| url.contains("/api/v1/live")).count();
    assert_eq!(live, 0, "a hub has no live pictures");
}

#[test]
fn a_camera_that_is_lost_does_not_make_the_other_one_of_its_device_need_anybody() {
    let hub = Hub::start();
    let lost = "[[camera]]\nid = \"barn\"\nsource = \"http\"\nurl = \"http://127.0.0.1:9/\"\n";
    let app = hub.camera("pole").more(lost).start();
    app.wait_for("garden", "live", SOON);
    app.wait_for("barn", "lost", SOON);
    record(&app); // having handed over all that it had, it says anew how it is
    let problems =
        || hub.json("/api/v1/devices")["devices"][0]["cameras"][1]["problems"][0].as_str().map(str::to_owned);
    let problem = tests::until("its problem is told of", SOON, problems);
    let browser = Browser::start();
    let mut page = hub.page(&browser, &hub.key, 1280, 800);
    page.go(&hub.url("/"));
    page.wait(
        "only the one is named",
        SOON,
        "document.querySelector('.uphead p').textContent === 'Barn needs you. Everything else is well.'",
    );
    let card = |camera: &str| format!("document.querySelector('.cam[data-camera=\"pole-{camera}\"]')");
    let said = page.eval(&format!("{}.querySelector('.state .x').textContent", card("barn")));
    assert!(said.as_str().unwrap().starts_with(problem.trim_end_matches('.')), "{said} is {problem}");
    assert_eq!(
        page.eval(&format!("(c => [c.dataset.state, c.querySelector('.needs').hidden, c.querySelector('.dot').className])({})", card("garden"))),
        json!(["well", true, "dot"])
    );
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// Each place of the hub as wide as the page is now.
fn fits(page: &mut Page, hub: &Hub, width: u32) {
    let places =
        [("/", ".cam:nth-child(4)"), ("/disk", ".uses li:nth-child(3)"), ("/timeline", ".lane:nth-child(4)")];
    for (view, there) in places {
        page.go(&hub.url(view));
        page.wait("it is shown", SOON, &format!("document.querySelector('{there}') !== null"));
        assert_eq!(sideways(page), json!(0), "{view} at {width} is wider by that many pixels");
        let shift = shift(page);
        assert!(shift < 0.01, "{view} at {width}: the layout shifted by {shift}");
        assert_eq!(page.eval(NAMELESS), json!([]), "{view}");
        assert_eq!(page.eval(HEADINGS).as_array().unwrap().len(), 1, "{view}");
        assert_eq!(page.complaints(), Vec::<String>::new(), "{view} at {width}");
    }
}

#[test]
fn the_cameras_of_a_hub_fit_every_width_say_what_is_wrong_and_can_be_reached_by_keyboard() {
    let hub = Hub::start();
    let browser = Browser::start();
    let fake = format!(
        "{{ const T = s => new Date(Date.now() - 1000 * s).toISOString(); const real = fetch; \
         window.fetch = (url, ...more) => String(url).endsWith('/api/v1/devices') ? Promise.resolve(Response.json({MANY})) : real(url, ...more); }}"
    );
    // One page for all widths: each holds a connection for the news, and a browser opens only six to one server.
    let mut page = hub.page(&browser, &hub.key, 1280, 800);
    page.before_all(&fake);
    for scheme in ["dark", "light"] {
        page.prefer(scheme);
        for (width, height) in WIDTHS {
            page.resize(width, height);
            fits(&mut page, &hub, width);
        }
    }
    page.resize(1280, 800);
    page.go(&hub.url("/"));
    page.wait("the cards", SOON, "document.querySelector('.cam:nth-child(4)') !== null");
    assert_eq!(page.eval(HEADINGS), json!(["Two of four are watching"]));
    let said = page.eval("[...document.querySelectorAll('.cam')].map(c => c.textContent)").to_string();
    for words in [
        "Not heard of since",
        "The battery is at 11.8 V and falling.",
        "The camera gives no picture",
        "The camera was unplugged.",
        "barn: Its clock is 3 min behind.",
        "58 waiting",
        "Old Pond",
    ] {
        assert!(said.contains(words), "{words:?} is said: {said}");
    }
    let links =
        page.eval("[...document.querySelectorAll('.cam a[target]')].filter(a => !a.hidden).map(a => a.href)");
    assert_eq!(
        links,
        json!(["https://barn.example/", "https://barn.example/"]),
        "no other address is linked"
    );
    let details = "document.activeElement.getAttribute('aria-label') === 'Details of Heath north'";
    for _ in 0..30 {
        page.press("Tab", 9);
        if page.eval(details) == json!(true) {
            break;
        }
    }
    page.press("Enter", 13);
    page.wait(
        "its details",
        SOON,
        "/Its key is no longer good/.test(document.querySelector('dialog[open]')?.textContent)",
    );
    page.press("Escape", 27);
    page.wait("the focus is back", SOON, details);
}

#[test]
fn a_key_that_may_only_look_changes_nothing_and_makes_no_noise() {
    let hub = Hub::start();
    let looks = key(hub.folder.path(), &["--name", "guest", "--scope", "view"]);
    let app = hub.camera("pole").start();
    let id = record(&app);
    hub.wait_for(&id);
    let browser = Browser::start();
    let mut page = hub.page(&browser, &looks, 1280, 800);
    page.go(&hub.url(&format!("/event/{id}")));
    page.wait("it plays", SOON, "+document.querySelector('.player .pic')?.dataset.at > 0.5");
    page.wait("long enough to have been seen", SOON, "performance.now() > 2500");
    assert_eq!(page.complaints(), Vec::<String>::new());
    assert_eq!(hub.json(&format!("/api/v1/events/{id}"))["seen"], json!(false));
}

#[test]
fn a_hub_that_is_gone_is_missed_and_comes_back_without_a_reload() {
    let mut hub = Hub::start();
    let browser = Browser::start();
    let mut page = hub.page(&browser, &hub.key, 1024, 768);
    page.go(&hub.url("/"));
    page.wait(
        "an empty hub says what to do",
        SOON,
        "/nightjar key add --hub/.test(document.querySelector('.empty')?.innerText)",
    );
    page.eval("window.sameDocument = true");
    hub.stop();
    page.wait(
        "it is missed",
        SOON,
        "/No word from Nightjar for \\d+ s/.test(document.getElementById('word').textContent)",
    );
    hub.resume();
    page.wait("it is back", SOON, "document.getElementById('word').hidden");
    assert_eq!(page.eval("window.sameDocument"), json!(true));
}
