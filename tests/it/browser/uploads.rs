//! The Uploads place of a camera: what waits, why, and what somebody can do about it; and how it stands with one event.

use tests::post;

use super::hub::{Hub, record};
use super::*;

const SHIFTS: &str = "window.shifts = []; new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shifts.push(e.value); }).observe({type: 'layout-shift', buffered: true});";
const HEADING: &str = "document.querySelector('.uploads h1')?.textContent";
const NAMELESS: &str = "[...document.querySelectorAll('.uploads :is(button, a[href], section, [role=group])')].filter(e => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML)";
/// As the server tells it, with everything at once: a remote that sends, one that is held back and was refused things.
const BUSY: &str = "{paused: false, rate: 1e6, rate_limit: 5e5, window: '20:00-06:00', window_active: true, in_window: true, signal: {dbm: -71, quality: 'fair'}, keep_clips: true, remotes: [\
    {name: 'hub', kind: 'nightjar', url: 'https://hub.example/', state: 'sending', waiting: null, resumes_in_s: null, rate: 437000, eta_s: 3700, sending: [], under_way: [{event: '01JZ8KV3D4Y5W6X7A8B9C0D101', stage: 'clip', sent: 1050000, bytes: 4200000}], \
     backlog: {events: 44, pictures: 3, clips: 41, bytes: 1234000000, failed: 0, done: 1204, oldest: T(4e4)}, last_sent: T(60), last_error: null, problem: null}, \
    {name: 'attic-store-with-a-rather-long-name', kind: 's3', url: 'https://s3.example/', state: 'waiting', waiting: 'back-off', resumes_in_s: 71.5, rate: 0, eta_s: null, sending: [], under_way: [], \
     backlog: {events: 12, pictures: 0, clips: 12, bytes: 88000000, failed: 2, done: 88, oldest: T(9e5)}, last_sent: T(9e5), \
     last_error: {time: T(400), why: 'the bucket `field-2026` does not exist'}, problem: 'the bucket `field-2026` does not exist'}]}";
const ERRANDS: &str = "{errands: Array.from({length: 20}, (_, i) => ({remote: i % 3 ? 'hub' : 'attic-store-with-a-rather-long-name', event: '01JZ8KV3D4Y5W6X7A8B9C0D' + (100 + i), camera: 'garden', start_time: T(1000 * i), \
    state, stage: i % 4 ? 'clip' : 'pictures', attempts: i % 5 ? 0 : 3, due_in_s: state === 'owed' && i % 5 === 0 ? 72.4 : null, why: i % 5 ? null : 'the hub says that its disk is full; nothing is lost', bytes: 4200000, done_at: null})), next: 'x'}";

fn uploads(app: &TestApp, browser: &Browser, width: u32, height: u32) -> Page {
    let mut page = browser.page("about:blank#", width, height);
    page.before_all(SHIFTS);
    page.go(&format!("{}uploads", app.url()));
    page
}

fn fits(page: &mut Page, what: &str) {
    let wide = page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(wide, json!(0), "{what} is wider by that many pixels");
    let shift = page.eval("shifts.reduce((a, b) => a + b, 0)").as_f64().unwrap();
    assert!(shift < 0.01, "{what}: the layout shifted by {shift}");
    assert_eq!(page.eval(NAMELESS), json!([]), "{what}");
    assert_eq!(page.complaints(), Vec::<String>::new(), "{what}");
}

#[test]
fn without_a_remote_it_says_that_everything_stays_here() {
    let app = Setup::scene("calm").start();
    let browser = Browser::start();
    let mut page = uploads(&app, &browser, 390, 844);
    page.wait("it says so", SOON, &format!("{HEADING} === 'Everything stays here'"));
    assert!(page.eval("document.querySelector('.empty').innerText").as_str().unwrap().contains("[[remote]]"));
    assert_eq!(page.eval("document.querySelector('.places a[aria-current]').textContent"), json!("Uploads"));
    fits(&mut page, "nothing to send");
}

#[test]
fn what_waits_is_told_with_its_reason_and_goes_when_somebody_asks() {
    let mut hub = Hub::start();
    let app = hub.camera("pole").start();
    hub.stop();
    let id = record(&app);
    let browser = Browser::start();
    let mut page = uploads(&app, &browser, 1280, 800);
    page.wait("it waits", SOON, &format!("{HEADING} === '1 visit waits here'"));
    page.wait("why", SOON, "document.querySelector('.remote .trouble')?.checkVisibility()");
    let told = app.json("/api/v1/uploads")["remotes"][0].clone();
    assert_eq!(told["backlog"]["events"], json!(1));
    let row = "document.querySelector('.errand')";
    page.wait("the errand", SOON, &format!("{row}?.querySelector('a').href.endsWith('{id}')"));
    assert!(page.eval("document.querySelector('.remote .how').textContent").as_str().unwrap().len() > 5);

    hub.resume();
    let again = "document.activeElement.getAttribute('aria-label') === 'Try again: attic'";
    for _ in 0..30 {
        page.press("Tab", 9);
        if page.eval(again) == json!(true) {
            break;
        }
    }
    page.press("Enter", 13);
    page.wait("it is handed over", SOON, &format!("{HEADING} === 'Everything is handed over'"));
    assert_eq!(hub.json(&format!("/api/v1/events/{id}"))["id"], json!(id));
    page.click("document.querySelector('[data-kind=done]')");
    page.wait("it is among those that are there", SOON, &format!("{row}?.dataset.state === 'done'"));
    assert_eq!(page.eval(&format!("{row}.querySelectorAll('[data-there]').length")), json!(2));

    page.click(&format!("{row}.querySelector('a')"));
    page.wait(
        "the event says so, too",
        SOON,
        "/attic there since \\d\\d:\\d\\d/.test(document.querySelector('.ways-of')?.textContent)",
    );
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn uploads_are_paused_and_go_on_and_that_is_kept() {
    let mut hub = Hub::start();
    let app = hub.camera("pole").start();
    hub.stop();
    let browser = Browser::start();
    let mut page = uploads(&app, &browser, 1024, 768);
    let button = "document.querySelector('.uphead .btn')";
    page.wait("the button", SOON, &format!("{button}?.textContent === 'Pause'"));
    page.click(button);
    page.wait("it is paused", SOON, &format!("{button}.textContent === 'Go on'"));
    assert_eq!(app.json("/api/v1/uploads")["paused"], json!(true));
    page.wait("it says so", SOON, "/Paused/.test(document.querySelector('.uphead').innerText)");
    page.click(button);
    page.wait("it goes on", SOON, &format!("{button}.textContent === 'Pause'"));
    assert_eq!(app.json("/api/v1/uploads")["paused"], json!(false));
    // Somebody else may do the same.
    assert_eq!(post(app.addr, "/api/v1/uploads/pause", &json!({})).status, 200);
    page.wait("it is told of it", SOON, &format!("{button}.textContent === 'Go on'"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_long_backlog_fits_every_width_in_both_themes() {
    let app = Setup::scene("calm").start();
    let browser = Browser::start();
    let fake = format!(
        "{{ const T = s => new Date(Date.now() - 1000 * s).toISOString(); const real = fetch; \
         window.fetch = (url, ...more) => {{ const at = new URL(url, location); const state = at.searchParams.get('state'); \
         return at.pathname === '/api/v1/uploads' ? Promise.resolve(Response.json({BUSY})) : at.pathname === '/api/v1/uploads/errands' ? Promise.resolve(Response.json({ERRANDS})) : real(url, ...more); }}; }}"
    );
    for scheme in ["dark", "light"] {
        for (width, height) in [(320, 640), (390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)] {
            let mut page = browser.page("about:blank#", width, height);
            page.prefer(scheme);
            page.before_all(SHIFTS);
            page.before_all(&fake);
            page.go(&format!("{}uploads", app.url()));
            page.wait("the errands", SOON, "document.querySelectorAll('.errand').length >= 20");
            fits(&mut page, &format!("{scheme} at {width}"));
            let bars = "[...document.querySelectorAll('[role=progressbar]')].map(e => [e.ariaLabel, e.ariaValueNow, e.closest('.errand').querySelector('a').href.slice(-3)])";
            assert_eq!(
                page.eval(bars),
                json!([["Clip", "25", "101"]]),
                "one of those that go tells how far it is"
            );
            let small = page.eval("[...document.querySelectorAll('.uploads button')].filter(e => e.checkVisibility() && Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 24).length");
            assert_eq!(small, json!(0), "targets under 24 pixels at {width}");
            let said = page.eval("document.querySelector('.uploads').innerText");
            for words in [
                "44 visits wait here",
                "437 kB/s",
                "−71 dBm, fair: at most 500 kB/s",
                "Waiting for the next try",
                "2 visits refused",
                "Sending the clip, 1.1 MB of 4.2 MB",
            ] {
                assert!(said.as_str().unwrap().contains(words), "{words:?} is said: {said}");
            }
        }
    }
}
